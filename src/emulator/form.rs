//! Names and values of a form body or of a query.
//!
//! A name that comes twice counts with its first value; bytes that are no UTF-8 are replaced. Nothing in
//! here is an error: what a service misses in a form, it says itself.

use super::signature::unescape;

/// The members of a form, decoded, in the order in which they came.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Form(Vec<(String, String)>);

impl Form {
    /// Reads `application/x-www-form-urlencoded`.
    pub(super) fn parse(text: &[u8]) -> Self {
        let decoded = |part: &str| String::from_utf8_lossy(&unescape(part)).into_owned();
        let text = String::from_utf8_lossy(text);
        let pairs = text.split('&').filter(|pair| !pair.is_empty());
        Self(
            pairs
                .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
                .map(|(name, value)| (decoded(name), decoded(value)))
                .collect(),
        )
    }

    /// The value of a member.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::Form;
    use crate::uri::encode_query;

    #[test]
    fn members_are_decoded() {
        let form =
            Form::parse(b"Action=AssumeRole&&ExternalId=a%2Bb%2Fc+d&Empty=&Flag&Action=Other&Bad=%ff%");
        for (name, value) in [
            ("Action", Some("AssumeRole")),
            ("ExternalId", Some("a+b/c d")),
            ("Empty", Some("")),
            ("Flag", Some("")),
            ("Bad", Some("\u{fffd}%")),
            ("action", None),
        ] {
            assert_eq!(form.get(name), value, "{name}");
        }
    }

    proptest::proptest! {
        #[test]
        fn what_was_encoded_is_read_back(name in "\\PC{1,20}", value in "\\PC{0,20}") {
            let form = Form::parse(encode_query([(name.as_str(), value.as_str())]).as_bytes());
            proptest::prop_assert_eq!(form.get(&name), Some(value.as_str()));
        }

        #[test]
        fn any_bytes_are_a_form(bytes: Vec<u8>) {
            let pairs = bytes.split(|&byte| byte == b'&').filter(|pair| !pair.is_empty()).count();
            proptest::prop_assert_eq!(Form::parse(&bytes).0.len(), pairs);
        }
    }
}
