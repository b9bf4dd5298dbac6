//! Texts that look like AWS secrets, which have no place in a configuration file or a history of lines.
//!
//! A guess by form: it can take a text for a secret that is none, and it does not know other vendors' secrets.

/// What a text looks like, if one of its words looks like a secret of AWS.
pub(crate) fn secret_in(text: &str) -> Option<&'static str> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=' | '-' | '_');
    text.split(|c: char| !is_word(c)).find_map(secret)
}

/// See [IAM identifiers](https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids)
/// and [Bedrock API keys](https://docs.aws.amazon.com/bedrock/latest/userguide/api-keys-how.html).
fn secret(word: &str) -> Option<&'static str> {
    let is_id = |rest: &str| {
        rest.len() >= 12 && rest.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
    };
    if ["AKIA", "ASIA"].iter().any(|prefix| word.strip_prefix(prefix).is_some_and(is_id)) {
        return Some("an AWS access key id");
    }
    let is_api_key =
        |prefix: &str, length: usize| word.strip_prefix(prefix).is_some_and(|rest| rest.len() >= length);
    if is_api_key("bedrock-api-key-", 8) || is_api_key("ABSK", 16) {
        return Some("a Bedrock API key");
    }
    let has = |test: fn(&u8) -> bool| word.as_bytes().iter().any(test);
    let is_secret_key = word.len() == 40
        && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/'))
        && has(u8::is_ascii_uppercase)
        && has(u8::is_ascii_lowercase)
        && has(u8::is_ascii_digit);
    is_secret_key.then_some("an AWS secret access key")
}

#[cfg(test)]
mod tests {
    use super::secret_in;

    #[test]
    fn by_form() {
        for (text, expected) in [
            ("AKIAIOSFODNN7EXAMPLE", Some("an AWS access key id")),
            ("id ASIAIOSFODNN7EXAMPLE.", Some("an AWS access key id")),
            ("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", Some("an AWS secret access key")),
            ("Bearer bedrock-api-key-YmVkcm9jaw==", Some("a Bedrock API key")),
            ("ABSKQmVkcm9ja0FQSUtleS1leGFtcGxl", Some("a Bedrock API key")),
            ("${AWS_BEARER_TOKEN_BEDROCK}", None),
            ("AKIA", None),
            ("ABSK", None),
            ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", None),
            ("arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.amazon.nova-lite-v1:0", None),
            ("da39a3ee5e6b4b0d3255bfef95601890afd80709", None),
            ("https://bedrock-runtime.us-east-1.amazonaws.com", None),
            ("", None),
        ] {
            assert_eq!(secret_in(text), expected, "{text}");
        }
    }
}
