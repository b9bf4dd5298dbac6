//! Members of a schema in the order in which its author wrote them.
//!
//! Trees of JSON sort their members. Models answer in the order of a schema, so that an answer asked for behind its
//! reasoning must not come before it. What a rule added stands behind what was there; what the joined forms of a
//! union bring is sorted.

use super::super::WRAPPED;
use crate::converse::Document;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;
use std::fmt;

/// How many references are followed from one place.
const MOST_STEPS: u8 = 8;

/// `schema` as text, in the order of `original`, of which it was made.
pub(in super::super) fn in_order(schema: Value, original: &Document, is_wrapped: bool) -> String {
    let written = original.as_json();
    let around = is_wrapped.then(|| format!(r#"{{"properties":{{"{WRAPPED}":{written}}}}}"#));
    let [written, around] = [written, around.as_deref().unwrap_or(written)].map(read);
    let mut text = String::new();
    put(schema, around, written, &mut text);
    text
}

fn put(value: Value, original: Option<&RawValue>, root: Option<&RawValue>, text: &mut String) {
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
                put(value, original, root, text);
            });
        }
        Value::Array(items) => {
            let known: Option<Vec<&RawValue>> = original.and_then(|original| read(original.get()));
            let known = known.into_iter().flatten().map(Some).chain(std::iter::repeat(None));
            between(text, ["[", "]"], items.into_iter().zip(known), |text, (item, original)| {
                put(item, original, root, text);
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
fn known<'a>(
    original: &'a RawValue,
    root: Option<&'a RawValue>,
    was_put_in: bool,
) -> Vec<(String, &'a RawValue)> {
    let mut known: Vec<(String, &RawValue)> = Vec::new();
    let mut object = Some(original);
    for _ in 0..MOST_STEPS {
        let Some(Members(members)) = object.and_then(|object| read(object.get())) else { break };
        let target = members.iter().find(|(name, _)| name == "$ref").filter(|_| was_put_in);
        object = target.and_then(|(_, pointer)| target_of(&read::<String>(pointer.get())?, root?));
        known.splice(..0, members);
    }
    known
}

/// What a reference inside the schema points at.
fn target_of<'a>(pointer: &str, root: &'a RawValue) -> Option<&'a RawValue> {
    pointer.strip_prefix("#/")?.split('/').try_fold(root, |place, step| {
        let step = step.replace("~1", "/").replace("~0", "~");
        let Members(members) = read(place.get())?;
        members.into_iter().find(|(name, _)| *name == step).map(|(_, value)| value)
    })
}

fn read<'a, T: Deserialize<'a>>(json: &'a str) -> Option<T> {
    serde_json::from_slice(json.as_bytes()).ok()
}

/// The members of an object, in their order.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Seen;
        impl<'de> Visitor<'de> for Seen {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Seen)
    }
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
