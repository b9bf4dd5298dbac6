//! API keys that botocore signed, and every way in which one can be wrong.

use super::{STANDARD, verify};
use crate::auth::sign::{Scope, SigningKeys, presign};
use crate::emulator::identity::Issued;
use crate::emulator::options::{AccessKey, EmulatorOptions};
use crate::emulator::verify::{Caller, Gate};
use crate::secret::Secret;
use crate::time::{from_unix_seconds, parse_amz_date};
use base64::Engine;
use serde_json::Value;
use std::time::{Duration, SystemTime};

const SIGNED: &str = "https://bedrock.amazonaws.com/?Action=CallWithBearerToken";
const TOKEN: &str = "session/token+==";
const INVALID: &str = "Authentication failed: Please make sure your API Key is valid.";
const NO_URL: &str = "Invalid API Key format: Must be a presigned URL";
const EXPIRED: &str = "Bearer Token has expired";

fn now() -> SystemTime {
    from_unix_seconds(1_735_787_045).unwrap()
}

fn key(session_token: Option<&str>, expires: Option<SystemTime>) -> AccessKey {
    AccessKey {
        access_key_id: "AKIDEXAMPLE".to_owned(),
        secret_access_key: Secret::from("secret"),
        session_token: session_token.map(Secret::from),
        expires,
    }
}

/// The text behind the prefix, for a URL with or without its scheme.
fn encode(url: &str) -> String {
    STANDARD.encode(format!("{}&Version=1", url.trim_start_matches("https://")))
}

/// A URL signed as the crate signs.
fn url(of: &str, service: &str, life: u64, session_token: Option<&str>) -> String {
    let (secret, token) = (Secret::from("secret"), session_token.map(Secret::from));
    let keys = SigningKeys {
        access_key_id: "AKIDEXAMPLE",
        secret_access_key: &secret,
        session_token: token.as_ref(),
    };
    let scope = Scope { region: "eu-west-1", service };
    presign("POST", of, Duration::from_secs(life), keys, scope, now()).unwrap()
}

fn good() -> String {
    url(SIGNED, "bedrock", 900, None)
}

fn options(access_key: AccessKey) -> EmulatorOptions {
    EmulatorOptions { access_keys: vec![access_key], ..Default::default() }
}

fn check(encoded: &str, options: &EmulatorOptions, now: SystemTime) -> Result<Caller, String> {
    verify(encoded, &Gate { options, issued: &Issued::default(), now }).map_err(|refusal| {
        assert_eq!((refusal.status, refusal.code.as_ref()), (403, "AccessDeniedException"));
        refusal.message
    })
}

#[test]
fn keys_that_botocore_signed_are_accepted_until_they_end() {
    let text = include_str!("../../../fixtures/sigv4/presigned.json");
    let vectors: Vec<Value> = serde_json::from_str(text).unwrap();
    assert_eq!(vectors.len(), 2);
    for vector in vectors {
        let text = |name: &str| vector[name].as_str().unwrap();
        let options = options(AccessKey {
            access_key_id: text("access_key").to_owned(),
            secret_access_key: Secret::from(text("secret_key")),
            session_token: vector["session_token"].as_str().map(Secret::from),
            expires: None,
        });
        let encoded = encode(text("presigned"));
        let life = Duration::from_secs(vector["expires_seconds"].as_u64().unwrap());
        let signed = parse_amz_date(text("time")).unwrap();
        let second = Duration::from_secs(1);
        let caller = check(&encoded, &options, signed + life - second).unwrap();
        assert_eq!(caller.region, text("region"));
        assert_eq!(check(&encoded, &options, signed + life), Err(EXPIRED.to_owned()));
    }
}

#[test]
fn any_change_makes_a_key_invalid() {
    let options = options(key(None, None));
    assert!(check(&encode(&good()), &options, now()).is_ok());
    let change = |from: &str, to: &str| {
        let changed = good().replace(from, to);
        assert_ne!(changed, good(), "{from}");
        encode(&changed)
    };
    for (encoded, problem) in [
        (change("AKIDEXAMPLE", "AKIDUNKNOWN"), INVALID),
        (change("Expires=900", "Expires=901"), INVALID),
        (change("eu-west-1", "us-east-1"), INVALID),
        (change("SignedHeaders=host", "SignedHeaders=host%3Brange"), INVALID),
        (change("X-Amz-Signature=", "X-Amz-Signature=0"), INVALID),
        (change("X-Amz-Signature=", "x="), INVALID),
        (change("X-Amz-Date=20250102", "X-Amz-Date=20250103"), INVALID),
        (change("Algorithm=AWS4-HMAC-SHA256", "Algorithm=none"), INVALID),
        (change("/?", "/%3F"), NO_URL),
        (change("bedrock.amazonaws.com", "bedrock.eu-west-1.amazonaws.com"), NO_URL),
        (STANDARD.encode(good()), NO_URL),
        (STANDARD.encode(good().trim_start_matches("https://")), NO_URL),
        (STANDARD.encode([0xff, 0xfe]), NO_URL),
        ("not base64!".to_owned(), NO_URL),
        (String::new(), NO_URL),
    ] {
        assert_eq!(check(&encoded, &options, now()), Err(problem.to_owned()), "{encoded}");
    }
}

#[test]
fn a_good_signature_of_something_else_is_invalid() {
    let options = options(key(None, None));
    for url in [
        url("https://bedrock.amazonaws.com/?Action=InvokeModel", "bedrock", 900, None),
        url("https://bedrock.amazonaws.com/?x=1", "bedrock", 900, None),
        url(SIGNED, "sts", 900, None),
        url(SIGNED, "bedrock", 43_201, None),
        url(SIGNED, "bedrock", 900, Some(TOKEN)),
    ] {
        assert_eq!(check(&encode(&url), &options, now()), Err(INVALID.to_owned()), "{url}");
    }
    let early = now() - Duration::from_secs(301);
    assert_eq!(check(&encode(&good()), &options, early), Err(INVALID.to_owned()));
    assert!(check(&encode(&good()), &options, early + Duration::from_secs(1)).is_ok());
    let elsewhere = EmulatorOptions { region: Some("us-east-1".to_owned()), ..options };
    assert_eq!(check(&encode(&good()), &elsewhere, now()), Err(INVALID.to_owned()));
}

#[test]
fn temporary_keys_put_their_token_and_their_end_into_it() {
    let soon = now() + Duration::from_secs(60);
    let encoded = encode(&url(SIGNED, "bedrock", 900, Some(TOKEN)));
    for (token, at, problem) in [
        (Some(TOKEN), now(), None),
        (Some(TOKEN), soon, Some(EXPIRED)),
        (Some("other"), now(), Some(INVALID)),
        (None, now(), Some(INVALID)),
    ] {
        let outcome = check(&encoded, &options(key(token, Some(soon))), at);
        assert_eq!(outcome.err().as_deref(), problem, "{token:?}");
    }
}

proptest::proptest! {
    #[test]
    fn no_text_makes_it_panic(bytes: Vec<u8>, query in "\\PC{0,60}", cut in 0_usize..400) {
        let options = options(key(None, None));
        let whole = encode(&good());
        let url = format!("bedrock.amazonaws.com/?{query}");
        for encoded in [
            String::from_utf8_lossy(&bytes).into_owned(),
            STANDARD.encode(&bytes),
            encode(&url),
            whole.chars().take(cut.min(whole.len() - 1)).collect(),
        ] {
            proptest::prop_assert!(check(&encoded, &options, now()).is_err());
        }
    }
}
