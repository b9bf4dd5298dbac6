//! The JSON objects that credential sources answer with, read without regard to the case of their names.
//!
//! Processes, containers, metadata services and cache files spell the same few fields in several ways. Messages
//! name fields, never values.

use crate::time;
use serde_json::{Map, Value};
use std::time::SystemTime;

/// A JSON object.
pub(super) struct Fields<'a>(std::borrow::Cow<'a, Map<String, Value>>);

impl<'a> Fields<'a> {
    /// Reads an object; `Err` says why it is none.
    pub(super) fn parse(text: &[u8]) -> Result<Fields<'static>, String> {
        match serde_json::from_slice(text) {
            Ok(Value::Object(map)) => Ok(Fields(std::borrow::Cow::Owned(map))),
            Ok(_) => Err("it is no JSON object".to_owned()),
            Err(_) if text.is_empty() => Err("it is empty".to_owned()),
            Err(error) => Err(format!("it is no JSON ({error})")),
        }
    }

    /// A field by its name in any case. `null` counts as absent.
    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        let exact = self.0.get(name);
        let found = exact
            .or_else(|| self.0.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, v)| v));
        found.filter(|value| !value.is_null())
    }

    /// A field of text.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.get(name)?.as_str()
    }

    /// A field of text that must be there.
    pub(super) fn needed(&self, name: &str) -> Result<&str, String> {
        self.text(name).ok_or_else(|| format!("`{name}` is missing"))
    }

    /// A date, if there is one.
    pub(super) fn date(&self, name: &str) -> Result<Option<SystemTime>, String> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let date = value.as_str().and_then(time::parse_rfc3339);
        date.map(Some).ok_or_else(|| format!("`{name}` is no date"))
    }

    /// A date that must be there.
    pub(super) fn needed_date(&self, name: &str) -> Result<SystemTime, String> {
        self.date(name)?.ok_or_else(|| format!("`{name}` is missing"))
    }

    /// An object inside this one that must be there.
    pub(super) fn needed_object(&'a self, name: &str) -> Result<Fields<'a>, String> {
        match self.get(name) {
            Some(Value::Object(map)) => Ok(Fields(std::borrow::Cow::Borrowed(map))),
            Some(_) | None => Err(format!("`{name}` is missing")),
        }
    }

    /// Sets a field, in the spelling that it has already.
    pub(super) fn set(&mut self, name: &str, value: impl Into<Value>) {
        let known = self.0.keys().find(|known| known.eq_ignore_ascii_case(name)).cloned();
        self.0.to_mut().insert(known.unwrap_or_else(|| name.to_owned()), value.into());
    }

    /// The object as JSON.
    pub(super) fn into_json(self) -> Value {
        Value::Object(self.0.into_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_no_case_and_messages_no_values() {
        let mut fields =
            Fields::parse(br#"{"accesskeyid": "A", "Token": null, "Expiration": "soon", "n": {"x": "y"}}"#)
                .unwrap();
        assert_eq!(fields.needed("AccessKeyId").unwrap(), "A");
        assert_eq!(fields.needed("Token").unwrap_err(), "`Token` is missing");
        assert_eq!(fields.needed_date("expiration").unwrap_err(), "`expiration` is no date");
        assert_eq!(fields.needed_object("N").unwrap().text("X"), Some("y"));
        fields.set("AccessKeyId", "B");
        assert_eq!(fields.into_json()["accesskeyid"], "B");
        for (text, why) in [("", "it is empty"), ("[1]", "it is no JSON object")] {
            assert_eq!(Fields::parse(text.as_bytes()).err().unwrap(), why);
        }
        assert!(!Fields::parse(b"secret{").err().unwrap().contains("secret"));
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_read_without_panic(text: Vec<u8>) {
            let _ = Fields::parse(&text).map(|fields| fields.needed_date("a"));
        }
    }
}
