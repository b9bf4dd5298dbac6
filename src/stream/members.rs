//! The members of one JSON object, in order and as raw text.
//!
//! For payloads and requests that are passed on: nothing is reordered, no number changes its form. It looks
//! at the outermost object only.

use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;

/// A name and its value.
pub type Member<'a> = (Cow<'a, str>, &'a RawValue);

/// Reads an object.
///
/// # Errors
/// When `json` is anything but one object.
pub fn read(json: &[u8]) -> serde_json::Result<Vec<Member<'_>>> {
    let mut reader = serde_json::Deserializer::from_slice(json);
    let members = reader.deserialize_map(Members)?;
    reader.end()?;
    Ok(members)
}

/// Writes members as one object without white space between them.
pub fn write<'a>(members: impl IntoIterator<Item = &'a Member<'a>>) -> Vec<u8> {
    let mut out = vec![b'{'];
    for (name, value) in members {
        if out.len() > 1 {
            out.push(b',');
        }
        out.extend_from_slice(serde_json::Value::from(name.as_ref()).to_string().as_bytes());
        out.push(b':');
        out.extend_from_slice(value.get().as_bytes());
    }
    out.push(b'}');
    out
}

struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Vec<Member<'de>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some(name) = map.next_key::<Name<'de>>()? {
            members.push((name.0, map.next_value()?));
        }
        Ok(members)
    }
}

/// A name that is borrowed where it has no escapes.
#[derive(serde::Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_and_number_forms_stay() {
        let json = br#" {"z":1.0, "a\n":{ "x":1e400 } ,"z":null} "#;
        let members = read(json).unwrap();
        assert_eq!(members.len(), 3);
        assert_eq!(write(&members), br#"{"z":1.0,"a\n":{ "x":1e400 },"z":null}"#);
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes: Vec<u8>) {
            if let Ok(members) = read(&bytes) {
                let again = write(&members);
                proptest::prop_assert_eq!(write(&read(&again).unwrap()), again);
            }
        }
    }
}
