//! The JSON types of a request's members, as a table.
//!
//! It knows the members that the emulator looks at; others may hold anything, as with a newer service model.

use crate::emulator::refusal::Refusal;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

/// What a member must be. A member that is absent or null is always right.
enum Shape {
    Any,
    Text,
    Integer,
    Number,
    /// Base64.
    Blob,
    List(&'static Shape),
    Object(&'static [(&'static str, &'static Shape)]),
}

use Shape::{Any, Blob, Integer, List, Number, Object, Text};

const SOURCE: Shape =
    Object(&[("bytes", &Blob), ("s3Location", &Object(&[("uri", &Text)])), ("text", &Text)]);
const MEDIA: Shape = Object(&[("format", &Text), ("name", &Text), ("source", &SOURCE)]);
const CACHE_POINT: Shape = Object(&[("type", &Text), ("ttl", &Text)]);
const RESULT_CONTENT: Shape =
    Object(&[("text", &Text), ("json", &Any), ("image", &MEDIA), ("document", &MEDIA), ("video", &MEDIA)]);
const REASONING: Shape = Object(&[
    ("reasoningText", &Object(&[("text", &Text), ("signature", &Text)])),
    ("redactedContent", &Blob),
]);
const CONTENT: Shape = Object(&[
    ("text", &Text),
    ("image", &MEDIA),
    ("document", &MEDIA),
    ("video", &MEDIA),
    ("audio", &MEDIA),
    ("toolUse", &Object(&[("toolUseId", &Text), ("name", &Text), ("input", &Any)])),
    ("toolResult", &Object(&[("toolUseId", &Text), ("status", &Text), ("content", &List(&RESULT_CONTENT))])),
    ("cachePoint", &CACHE_POINT),
    ("reasoningContent", &REASONING),
]);
const MESSAGE: Shape = Object(&[("role", &Text), ("content", &List(&CONTENT))]);
const SYSTEM: Shape = Object(&[("text", &Text), ("cachePoint", &CACHE_POINT)]);
const TOOL: Shape = Object(&[
    (
        "toolSpec",
        &Object(&[("name", &Text), ("description", &Text), ("inputSchema", &Object(&[("json", &Any)]))]),
    ),
    ("cachePoint", &CACHE_POINT),
]);
const TOOL_CHOICE: Shape =
    Object(&[("auto", &Object(&[])), ("any", &Object(&[])), ("tool", &Object(&[("name", &Text)]))]);
const REQUEST: Shape = Object(&[
    ("messages", &List(&MESSAGE)),
    ("system", &List(&SYSTEM)),
    (
        "inferenceConfig",
        &Object(&[
            ("maxTokens", &Integer),
            ("temperature", &Number),
            ("topP", &Number),
            ("stopSequences", &List(&Text)),
        ]),
    ),
    ("toolConfig", &Object(&[("tools", &List(&TOOL)), ("toolChoice", &TOOL_CHOICE)])),
    (
        "guardrailConfig",
        &Object(&[("guardrailIdentifier", &Text), ("guardrailVersion", &Text), ("trace", &Text)]),
    ),
    ("additionalModelRequestFields", &Any),
    ("additionalModelResponseFieldPaths", &List(&Text)),
    ("requestMetadata", &Object(&[])),
    ("performanceConfig", &Object(&[("latency", &Text)])),
    ("serviceTier", &Object(&[("type", &Text)])),
    ("outputConfig", &Object(&[("textFormat", &Any), ("effort", &Text)])),
]);

/// Checks the types of a request's members.
pub(super) fn check(body: &Value) -> Result<(), Refusal> {
    fits(body, &REQUEST).map_err(Refusal::serialization)
}

fn fits(value: &Value, shape: &Shape) -> Result<(), String> {
    if value.is_null() {
        return Ok(());
    }
    match (shape, value) {
        (Shape::Any, _) | (Shape::Text, Value::String(_)) => Ok(()),
        (Shape::Integer, Value::Number(number)) if number.is_i64() || number.is_u64() => Ok(()),
        (Shape::Number, Value::Number(_)) => Ok(()),
        (Shape::Blob, Value::String(text)) => STANDARD
            .decode(text)
            .map(|_| ())
            .map_err(|_| "The value of a blob is not base64-encoded".to_owned()),
        (Shape::List(item), Value::Array(items)) => items.iter().try_for_each(|value| fits(value, item)),
        (Shape::Object(members), Value::Object(object)) => members
            .iter()
            .filter_map(|(name, shape)| Some((object.get(*name)?, shape)))
            .try_for_each(|(value, shape)| fits(value, shape)),
        (Shape::Text, found) => Err(mismatch(found, "a String")),
        (Shape::Integer, found) => Err(mismatch(found, "an Integer")),
        (Shape::Number, found) => Err(mismatch(found, "a Float")),
        (Shape::Blob, found) => Err(mismatch(found, "a Blob")),
        (Shape::List(_), found) => Err(mismatch(found, "a List")),
        (Shape::Object(_), found) => Err(mismatch(found, "a Structure")),
    }
}

fn mismatch(found: &Value, wanted: &str) -> String {
    let found = match found {
        Value::Null => "NULL_VALUE",
        Value::Bool(true) => "TRUE_VALUE",
        Value::Bool(false) => "FALSE_VALUE",
        Value::Number(number) if number.is_f64() => "DECIMAL_VALUE",
        Value::Number(_) => "NUMBER_VALUE",
        Value::String(_) => "STRING_VALUE",
        Value::Array(_) => "START_ARRAY",
        Value::Object(_) => "START_OBJECT",
    };
    format!("{found} can not be converted to {wanted}")
}
