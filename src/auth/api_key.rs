//! Short-term Bedrock API keys: made from AWS credentials on this machine, without a call.
//!
//! Such a key is a presigned URL in disguise. Whoever has it can use Bedrock in one region, as the one whose
//! credentials signed it, until its time or that of the credentials is over. Long-term keys come from IAM alone.
//!
//! <https://docs.aws.amazon.com/bedrock/latest/userguide/api-keys-how.html>

use super::Credentials;
use super::sign::{self, Scope, SigningKeys};
use crate::error::{Error, Result};
use crate::region::Region;
use crate::secret::Secret;
use crate::{time, uri};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::time::{Duration, SystemTime};

/// The longest life of a short-term key.
pub const LONGEST_API_KEY_LIFE: Duration = Duration::from_secs(12 * 60 * 60);

/// The call that the key stands for; nobody makes it.
const CALL: &str = "https://bedrock.amazonaws.com/?Action=CallWithBearerToken";
/// Added after signing.
const VERSION: &str = "&Version=1";
const PREFIX: &str = "bedrock-api-key-";

/// Makes a key for `region` that lives for `lifetime` from `now`, and no longer than `keys`.
///
/// It serves as the value of `AWS_BEARER_TOKEN_BEDROCK`.
///
/// # Errors
/// [`Error::InvalidRequest`] for a lifetime of less than a second or more than [`LONGEST_API_KEY_LIFE`].
pub fn bedrock_api_key(
    keys: &Credentials,
    region: &Region,
    lifetime: Duration,
    now: SystemTime,
) -> Result<Secret> {
    if lifetime < Duration::from_secs(1) || lifetime > LONGEST_API_KEY_LIFE {
        return Err(Error::InvalidRequest("an API key lives from 1 second to 12 hours".into()));
    }
    let signing = SigningKeys {
        access_key_id: &keys.access_key_id,
        secret_access_key: &keys.secret_access_key,
        session_token: keys.session_token.as_ref(),
    };
    let scope = Scope { region: region.as_str(), service: "bedrock" };
    let url = Secret::new(sign::presign("POST", CALL, lifetime, signing, scope, now)?);
    let bare = url.expose().strip_prefix("https://").unwrap_or(url.expose());
    let text = Secret::new(format!("{bare}{VERSION}"));
    Ok(Secret::new(format!("{PREFIX}{}", STANDARD.encode(text.expose()))))
}

/// What a short-term key says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ShortTermKey {
    /// The region that it was made for.
    pub region: String,
    /// When its own time is over; the credentials behind it may end sooner.
    pub expires_at: SystemTime,
}

/// Reads a short-term key. `None` for a long-term key, which says nothing, and for anything else.
pub fn short_term_key(token: &Secret) -> Option<ShortTermKey> {
    let text = STANDARD.decode(token.expose().strip_prefix(PREFIX)?).ok()?;
    let text = Secret::new(String::from_utf8(text).ok()?);
    let parameter = |name: &str| {
        let query = text.expose().split_once('?')?.1;
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        let value = pairs.into_iter().find(|(known, _)| *known == name)?.1;
        uri::decode_segment(value)
    };
    // KEY/DATE/REGION/SERVICE/aws4_request
    let region = parameter("X-Amz-Credential")?.split('/').nth(2)?.to_owned();
    let made = time::parse_amz_date(&parameter("X-Amz-Date")?)?;
    let lifetime = Duration::from_secs(parameter("X-Amz-Expires")?.parse().ok()?);
    Some(ShortTermKey { region, expires_at: made.checked_add(lifetime)? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::parse_amz_date;

    fn made(token: Option<&str>, region: &str, seconds: u64) -> String {
        let mut keys = Credentials::new("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY");
        keys.session_token = token.map(Into::into);
        let region = Region::new(region).unwrap();
        let now = parse_amz_date("20260102T030405Z").unwrap();
        bedrock_api_key(&keys, &region, Duration::from_secs(seconds), now).unwrap().expose().to_owned()
    }

    #[test]
    fn keys_are_those_of_awss_own_generator() {
        // Made with the PyPI package aws-bedrock-token-generator 1.1.0 at this time.
        let plain = "YmVkcm9jay5hbWF6b25hd3MuY29tLz9BY3Rpb249Q2FsbFdpdGhCZWFyZXJUb2tlbiZYLUFtei1BbGdvcml0aG09QVdTNC1ITUFDLVNIQTI1NiZYLUFtei1DcmVkZW50aWFsPUFLSUFJT1NGT0ROTjdFWEFNUExFJTJGMjAyNjAxMDIlMkZ1cy1lYXN0LTElMkZiZWRyb2NrJTJGYXdzNF9yZXF1ZXN0JlgtQW16LURhdGU9MjAyNjAxMDJUMDMwNDA1WiZYLUFtei1FeHBpcmVzPTQzMjAwJlgtQW16LVNpZ25lZEhlYWRlcnM9aG9zdCZYLUFtei1TaWduYXR1cmU9YzEyNGI4YWNmNWFmODA1YWQyZGY1YzNmZmVjZWY4YTk1YjIxZmFiNjYyOGRiODdhZTFkZjZkZTM4MTU3NDhlNyZWZXJzaW9uPTE=";
        let temporary = "YmVkcm9jay5hbWF6b25hd3MuY29tLz9BY3Rpb249Q2FsbFdpdGhCZWFyZXJUb2tlbiZYLUFtei1BbGdvcml0aG09QVdTNC1ITUFDLVNIQTI1NiZYLUFtei1DcmVkZW50aWFsPUFLSUFJT1NGT0ROTjdFWEFNUExFJTJGMjAyNjAxMDIlMkZldS13ZXN0LTElMkZiZWRyb2NrJTJGYXdzNF9yZXF1ZXN0JlgtQW16LURhdGU9MjAyNjAxMDJUMDMwNDA1WiZYLUFtei1FeHBpcmVzPTkwMCZYLUFtei1TaWduZWRIZWFkZXJzPWhvc3QmWC1BbXotU2VjdXJpdHktVG9rZW49YSUyRmIlMkJjJTNEJTNEJlgtQW16LVNpZ25hdHVyZT04Zjg4ZjlmZTI4ZTQ2ODg0NDgwNmMxYjdhZGFiOWVjMWNlNDFkODMyZDI3MjE1MGU0Y2Y4ODUwOTE4ZjQ5NzYxJlZlcnNpb249MQ==";
        assert_eq!(made(None, "us-east-1", 43_200), format!("{PREFIX}{plain}"));
        assert_eq!(made(Some("a/b+c=="), "eu-west-1", 900), format!("{PREFIX}{temporary}"));
    }

    #[test]
    fn a_key_tells_its_region_and_its_end() {
        let key = short_term_key(&made(Some("a/b+c=="), "eu-west-1", 900).into()).unwrap();
        assert_eq!(
            (key.region.as_str(), time::rfc3339(key.expires_at)),
            ("eu-west-1", "2026-01-02T03:19:05Z".into())
        );
        for other in ["", "ABSKlong-term", "bedrock-api-key-", "bedrock-api-key-!!", "bedrock-api-key-YQ=="] {
            assert_eq!(short_term_key(&other.into()), None, "{other}");
        }
    }

    #[test]
    fn lifetimes_have_limits() {
        let keys = Credentials::new("AKID", "s");
        let region = Region::fallback().value;
        for (seconds, fits) in [(0, false), (1, true), (43_200, true), (43_201, false)] {
            let made = bedrock_api_key(&keys, &region, Duration::from_secs(seconds), SystemTime::UNIX_EPOCH);
            assert_eq!(made.is_ok(), fits, "{seconds}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_token_is_read_without_panic(text: String, bytes: Vec<u8>) {
            let _ = short_term_key(&text.as_str().into());
            let _ = short_term_key(&format!("{PREFIX}{}", STANDARD.encode(bytes)).into());
        }
    }
}
