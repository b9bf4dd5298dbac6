//! Members of a schema in the order in which its author wrote them.
//!
//! Trees of JSON sort their members. Models answer in the order of a schema, so that an answer asked for behind its
//! reasoning must not come before it. What a rule added stands behind what was there; what the joined forms of a
//! union bring is sorted.

use super::super::WRAPPED;
use super::super::fields::Fields;
use crate::converse::Document;
use serde_json::Value;
use serde_json::value::RawValue;

/// How many references are followed from one place.
const MOST_STEPS: u8 = 8;

/// `schema` as text, in the order of `original`, of which it was made.
pub(in super::super) fn in_order(schema: Value, original: &Document, is_wrapped: bool) -> String {
    let written = original.as_json();
    let around = is_wrapped.then(|| format!(r#"{{"properties":{{"{WRAPPED}":{written}}}}}"#));
    let mut text = String::new();
    put(schema, Some(around.as_deref().unwrap_or(written)), written, &mut text);
    text
}

fn put(value: Value, original: Option<&str>, root: &str, text: &mut String) {
    match value {
        Value::Object(mut members) => {
            let was_put_in = !members.contains_key("$ref");
            let known = original.map(|original| known(original, root, was_put_in)).unwrap_or_default();
            let first = known.into_iter().filter_map(|(name, original)| {
                members.remove_entry(&name).map(|(name, value)| (name, value, Some(original)))
            });
            let first: Vec<_> = first.collect();
            let rest = members.into_iter().map(|(name, value)| (name, value, None));
            between(text, ["{", "}"], first.into_iter().chain(rest), |text, (name, value, original)| {
                text.push_str(&Value::String(name).to_string());
                text.push(':');
                put(value, original.as_deref().map(RawValue::get), root, text);
            });
        }
        Value::Array(items) => {
            let known =
                original.and_then(|json| serde_json::from_slice::<Vec<&RawValue>>(json.as_bytes()).ok());
            let known = known.into_iter().flatten().map(Some).chain(std::iter::repeat(None));
            between(text, ["[", "]"], items.into_iter().zip(known), |text, (item, original)| {
                put(item, original.map(RawValue::get), root, text);
            });
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            text.push_str(&value.to_string());
        }
    }
}

/// Writes what stands between brackets, with commas.
fn between<T>(
    text: &mut String,
    [open, close]: [&str; 2],
    items: impl Iterator<Item = T>,
    mut put: impl FnMut(&mut String, T),
) {
    text.push_str(open);
    for (at, item) in items.enumerate() {
        if at > 0 {
            text.push(',');
        }
        put(text, item);
    }
    text.push_str(close);
}

/// The members that an object had. Where references were put in, those of the last one come first.
fn known(original: &str, root: &str, was_put_in: bool) -> Vec<(String, Box<RawValue>)> {
    let mut known = Vec::new();
    let mut object = Fields::read(original);
    for _ in 0..MOST_STEPS {
        let Some(members) = object else { break };
        let pointer = members.value("$ref").filter(|_| was_put_in);
        object = pointer.and_then(|pointer| target_of(pointer.as_str()?, root));
        known.splice(..0, members.into_members());
    }
    known
}

/// What a reference inside the schema points at.
fn target_of(pointer: &str, root: &str) -> Option<Fields> {
    pointer.strip_prefix("#/")?.split('/').try_fold(Fields::read(root)?, |place, step| {
        Fields::read(place.raw(&step.replace("~1", "/").replace("~0", "~"))?)
    })
}

#[cfg(test)]
mod tests {
    use super::in_order;
    use crate::converse::Document;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    #[test]
    fn members_stand_where_their_author_put_them() {
        for (original, schema, is_wrapped, expected) in [
            (
                r#"{"type":"object","properties":{"why":{"type":"string"},"answer":{"minimum":1,"enum":[{"b":1,"a":2}]}}}"#,
                json!({"additionalProperties": false, "type": "object", "properties": {
                    "answer": {"enum": [{"a": 2, "b": 1}], "minimum": 1}, "why": {"type": "string"}}}),
                false,
                r#"{"type":"object","properties":{"why":{"type":"string"},"answer":{"minimum":1,"enum":[{"b":1,"a":2}]}},"additionalProperties":false}"#,
            ),
            // A reference that was put in brings the order of its definition.
            (
                r##"{"properties":{"x":{"$ref":"#/$defs/a~1b"}},"$defs":{"a/b":{"$ref":"#/$defs/c"},"c":{"z":1,"y":2}}}"##,
                json!({"properties": {"x": {"y": 2, "z": 1}}}),
                false,
                r#"{"properties":{"x":{"z":1,"y":2}}}"#,
            ),
            (
                r##"{"$ref":"#/$defs/a","$defs":{"a":{"$ref":"#/$defs/a","d":1,"c":2}}}"##,
                json!({"c": 2, "d": 1}),
                false,
                r#"{"d":1,"c":2}"#,
            ),
            (
                r#"{"items":{"b":1,"a":2},"type":"array"}"#,
                json!({"type": "object", "properties": {"value": {"type": "array", "items": {"a": 2, "b": 1}}}}),
                true,
                r#"{"properties":{"value":{"items":{"b":1,"a":2},"type":"array"}},"type":"object"}"#,
            ),
            (r#"{"a":1,"a":{"c":1,"b":1}}"#, json!({"a": {"b": 1, "c": 1}}), false, r#"{"a":{"b":1,"c":1}}"#),
            ("7", json!({"b": "\"", "a": null}), false, r#"{"a":null,"b":"\""}"#),
        ] {
            let original = Document::try_from(original).unwrap();
            assert_eq!(in_order(schema, &original, is_wrapped), expected, "{original:?}");
        }
    }

    fn json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            any::<u8>().prop_map(Value::from),
            r#"[a-c"\\]{0,3}"#.prop_map(Value::from),
            Just(Value::from("#/a/b")),
            Just(Value::Null),
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map(r#"[a-c]|\$ref|""#, inner, 0..4)
                    .prop_map(|members| members.into_iter().collect()),
            ]
        })
    }

    proptest! {
        #[test]
        fn nothing_is_lost_or_added_whatever_the_original(schema in json(), original in json(), is_wrapped: bool) {
            let text = in_order(schema.clone(), &Document::from(original), is_wrapped);
            prop_assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), schema);
        }

        #[test]
        fn an_untouched_schema_keeps_its_text(schema in json()) {
            let original = Document::from(schema.clone());
            prop_assert_eq!(in_order(schema, &original, false), original.as_json());
        }
    }
}
