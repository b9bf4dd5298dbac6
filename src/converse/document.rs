//! A JSON value that is passed on and not interpreted.
//!
//! Tool inputs, schemas and model-specific fields are the model's language, not ours, and a signature may
//! cover them: so they are kept as the text in which they came. This is no JSON tree; to look inside, parse
//! the text.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use std::fmt;
use std::str::FromStr;

/// Any JSON value, as text: number forms (`1.0`, `1e3`, `9007199254740993`), nulls, member order and white
/// space stay as they were.
///
/// Two documents are equal when their texts are, apart from white space between tokens: `1.0` is not `1`,
/// since a signature over it would tell them apart. The default is `{}`.
///
/// ```
/// use outcrop::converse::Document;
///
/// let document: Document = r#"{"top_k": 5, "top_p": 1.0}"#.parse()?;
/// assert_eq!(document.as_json(), r#"{"top_k": 5, "top_p": 1.0}"#);
/// assert_eq!(Document::from(serde_json::json!({"top_k": 5})).as_json(), r#"{"top_k":5}"#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Document(Box<RawValue>);

impl Document {
    /// The text, valid JSON.
    pub fn as_json(&self) -> &str {
        self.0.get()
    }

    /// The document as a tree.
    ///
    /// # Errors
    /// When the text has what a tree cannot hold: a number beyond `f64`, half of a surrogate pair, more than
    /// 127 levels. All of these are kept and sent faithfully.
    pub fn to_value(&self) -> serde_json::Result<Value> {
        serde_json::from_slice(self.as_json().as_bytes())
    }
}

impl Default for Document {
    fn default() -> Self {
        Self::from(Value::Object(serde_json::Map::new()))
    }
}

impl From<Value> for Document {
    fn from(value: Value) -> Self {
        // A tree of JSON values has only text for keys, so writing it cannot fail.
        Self(serde_json::value::to_raw_value(&value).unwrap_or_default())
    }
}

impl From<&RawValue> for Document {
    fn from(raw: &RawValue) -> Self {
        Self(raw.to_owned())
    }
}

impl TryFrom<&str> for Document {
    type Error = serde_json::Error;

    fn try_from(json: &str) -> serde_json::Result<Self> {
        serde_json::from_slice(json.as_bytes()).map(Self)
    }
}

impl FromStr for Document {
    type Err = serde_json::Error;

    fn from_str(json: &str) -> serde_json::Result<Self> {
        Self::try_from(json)
    }
}

impl PartialEq for Document {
    fn eq(&self, other: &Self) -> bool {
        significant_bytes(self.as_json()).eq(significant_bytes(other.as_json()))
    }
}

impl Eq for Document {}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Document({})", self.as_json())
    }
}

/// The bytes of a JSON text without the white space between its tokens.
fn significant_bytes(json: &str) -> impl Iterator<Item = u8> {
    let mut in_string = false;
    let mut escaped = false;
    json.bytes().filter(move |&byte| {
        if !in_string {
            in_string = byte == b'"';
            return !matches!(byte, b' ' | b'\t' | b'\n' | b'\r');
        }
        if escaped {
            escaped = false;
        } else {
            escaped = byte == b'\\';
            in_string = byte != b'"';
        }
        true
    })
}

#[cfg(test)]
mod tests {
    use super::Document;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    #[test]
    fn text_stays_as_it_came() {
        for json in [
            r#"{"z":1,"a":{"n":null,"f":1.0,"e":1e3,"big":9007199254740993,"neg":-0}}"#,
            r#"{ "spaced" : [ 1 , 2 ] }"#,
            r#"{"same":1,"same":2}"#,
            r#""\u00fc \ud800 \/""#,
            "1e999",
            "null",
        ] {
            let read: Document = serde_json::from_str(&format!(" {json} ")).unwrap();
            assert_eq!(read.as_json(), json);
            assert_eq!(serde_json::to_string(&read).unwrap(), json);
            assert_eq!(json.parse::<Document>().unwrap(), read);
        }
    }

    #[test]
    fn depth_is_no_limit() {
        let deep = format!("{}{}", "[".repeat(5_000), "]".repeat(5_000));
        assert_eq!(Document::try_from(deep.as_str()).unwrap().as_json(), deep);
    }

    #[test]
    fn what_is_no_json_is_refused() {
        for text in ["", "{", "{'a':1}", "01", "[1,]", "{} {}", "nul"] {
            assert!(Document::try_from(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn equality_ignores_white_space_between_tokens_alone() {
        for (left, right, equal) in [
            (r#"{"a":[1,2]}"#, "{ \"a\"\t:\n[1,\r2] }", true),
            (r#""a b""#, r#""ab""#, false),
            (r#""\" a""#, r#""\"a""#, false),
            (r#"["\\", 1]"#, r#"["\\",1]"#, true),
            ("1", "1.0", false),
            (r#"{"a":1,"b":2}"#, r#"{"b":2,"a":1}"#, false),
        ] {
            let [left, right] = [left, right].map(|json| Document::try_from(json).unwrap());
            assert_eq!(left == right, equal, "{left:?} {right:?}");
        }
    }

    #[test]
    fn converts_to_and_from_a_tree() {
        assert_eq!(Document::default().as_json(), "{}");
        assert_eq!(Document::from(Value::Null).as_json(), "null");
        assert_eq!(Document::from(json!("é")).to_value().unwrap(), json!("é"));
        assert!(Document::try_from("1e999").unwrap().to_value().is_err());
    }

    proptest! {
        #[test]
        fn any_text_is_kept_or_refused(text in r#"[\[\]{}",:a0 \\]{0,12}"#) {
            let tree = serde_json::from_str::<Value>(&text);
            match Document::try_from(text.as_str()) {
                Ok(document) => prop_assert_eq!(document.as_json(), text.trim()),
                Err(_) => prop_assert!(tree.is_err()),
            }
        }
    }
}
