//! The members of an object in their order: those of `additionalModelRequestFields`, of which a few are set and the
//! others keep their text, and those of schemas.
//!
//! What the caller wrote in the fields is for the model alone, down to the form of its numbers, so it is taken apart
//! into members and not into a tree.

use crate::converse::Document;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};
use std::fmt;

/// An object, member by member.
#[derive(Default)]
pub(super) struct Fields(Vec<(String, Box<RawValue>)>);

impl Fields {
    /// The members of a document; `None` when it is no object.
    pub(super) fn read(json: &str) -> Option<Self> {
        serde_json::from_slice(json.as_bytes()).ok()
    }

    /// Whether there is such a member. A null counts as none.
    pub(super) fn has(&self, name: &str) -> bool {
        self.raw(name).is_some_and(|value| value != "null")
    }

    /// The value of a member.
    pub(super) fn value(&self, name: &str) -> Option<Value> {
        serde_json::from_slice(self.raw(name)?.as_bytes()).ok()
    }

    /// The members of a member; none if it is absent, `None` if it is something else than an object.
    pub(super) fn object(&self, name: &str) -> Option<Self> {
        match self.raw(name) {
            None | Some("null") => Some(Self::default()),
            Some(json) => Self::read(json),
        }
    }

    /// Sets a member in its place, or at the end.
    pub(super) fn set(&mut self, name: &str, value: &impl serde::Serialize) {
        let Ok(value) = to_raw_value(value) else { return };
        match self.0.iter_mut().rfind(|(known, _)| known == name) {
            Some(member) => member.1 = value,
            None => self.0.push((name.to_owned(), value)),
        }
    }

    /// Removes a member. Says whether it was there.
    pub(super) fn remove(&mut self, name: &str) -> bool {
        let before = self.0.len();
        self.0.retain(|(known, _)| known != name);
        self.0.len() < before
    }

    /// The object as a document; `None` when nothing is left.
    pub(super) fn into_document(self) -> Option<Document> {
        let json = if self.0.is_empty() { None } else { to_raw_value(&self).ok() };
        json.map(|json| Document::from(&*json))
    }

    /// The members in their order.
    pub(super) fn into_members(self) -> Vec<(String, Box<RawValue>)> {
        self.0
    }

    /// The text of a member's value.
    pub(super) fn raw(&self, name: &str) -> Option<&str> {
        self.0.iter().rfind(|(known, _)| known == name).map(|(_, value)| value.get())
    }
}

impl serde::Serialize for Fields {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Members;

        impl<'de> Visitor<'de> for Members {
            type Value = Fields;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Fields, A::Error> {
                let mut fields = Vec::new();
                while let Some(member) = members.next_entry()? {
                    fields.push(member);
                }
                Ok(Fields(fields))
            }
        }

        from.deserialize_map(Members)
    }
}

#[cfg(test)]
mod tests {
    use super::Fields;
    use proptest::prelude::*;

    #[test]
    fn members_that_are_not_set_keep_their_text_and_order() {
        let mut fields = Fields::read(r#" { "b": 1.0, "a": {"n" : null}, "a": 1e3 } "#).unwrap();
        fields.set("c", &[1]);
        fields.set("a", &true);
        assert!(fields.has("b") && !fields.has("d"));
        let document = fields.into_document().unwrap();
        assert_eq!(document.as_json(), r#"{"b":1.0,"a":{"n" : null},"a":true,"c":[1]}"#);
    }

    #[test]
    fn what_is_no_object_has_no_members() {
        for json in ["[1]", "7", "null", r#""a""#] {
            assert!(Fields::read(json).is_none(), "{json}");
        }
        assert!(Fields::read("{}").unwrap().into_document().is_none());
        assert!(Fields::read(r#"{"a": 7}"#).unwrap().object("a").is_none());
    }

    proptest! {
        #[test]
        fn any_object_comes_back_as_it_was(text in r#"\{("[a-c]":(1|1\.0|null|\[\]|"x"),){0,3}"z":0\}"#) {
            let document = Fields::read(&text).unwrap().into_document().unwrap();
            prop_assert_eq!(document.as_json(), text);
        }
    }
}
