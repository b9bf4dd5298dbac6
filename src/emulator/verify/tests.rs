//! Every way in which credentials can be wrong, and the answer to it.

use super::{Caller, Gate};
use crate::auth::sign::{Scope, SigningKeys, ToSign, sign};
use crate::emulator::identity::Issued;
use crate::emulator::options::{
    AccessKey, DEMO_ACCESS_KEY_ID, DEMO_BEARER_TOKEN, DEMO_SECRET_ACCESS_KEY, EmulatorOptions,
};
use crate::emulator::received::Received;
use crate::emulator::refusal::Refusal;
use crate::secret::Secret;
use crate::time::{amz_date, from_unix_seconds};
use bytes::Bytes;
use std::time::{Duration, SystemTime};

const URL: &str = "http://127.0.0.1:9999/model/a.b-v1%3A0/converse";
const BODY: &str = "{\"messages\":[]}";
const SCOPE: Scope<'static> = Scope { region: "eu-west-1", service: "bedrock" };

fn verify(received: &Received, options: &EmulatorOptions, now: SystemTime) -> Result<Caller, Refusal> {
    super::verify(received, &Gate { options, issued: &Issued::default(), now }, "bedrock")
}

fn now() -> SystemTime {
    from_unix_seconds(1_735_787_045).unwrap()
}

/// A request that the crate's own signer signed.
fn signed(keys: SigningKeys<'_>, scope: Scope<'_>, at: SystemTime) -> Received {
    let headers = [("content-type", "application/json")];
    let request = ToSign { method: "POST", url: URL, headers: &headers, body: BODY.as_bytes() };
    let added = sign(request, keys, scope, at).unwrap();
    let mut headers = vec![
        ("host".to_owned(), "127.0.0.1:9999".to_owned()),
        ("content-type".to_owned(), "application/json".to_owned()),
        ("user-agent".to_owned(), "test".to_owned()),
    ];
    headers.extend(added.into_iter().map(|(name, value)| (name.to_owned(), value)));
    Received {
        method: "POST".to_owned(),
        target: "/model/a.b-v1%3A0/converse".to_owned(),
        headers,
        body: Bytes::from_static(BODY.as_bytes()),
    }
}

fn demo_signed() -> Received {
    let secret = Secret::from(DEMO_SECRET_ACCESS_KEY);
    let keys =
        SigningKeys { access_key_id: DEMO_ACCESS_KEY_ID, secret_access_key: &secret, session_token: None };
    signed(keys, SCOPE, now())
}

fn set(received: &mut Received, name: &str, change: impl FnOnce(&str) -> String) {
    let header = received.headers.iter_mut().find(|(known, _)| known == name).unwrap();
    header.1 = change(&header.1);
}

/// Status is 403 for all of them; returns type and message.
fn refusal(received: &Received, options: &EmulatorOptions) -> (String, String) {
    let refusal = verify(received, options, now()).unwrap_err();
    assert_eq!(refusal.status, 403);
    (refusal.code.into_owned(), refusal.message)
}

#[test]
fn the_crates_own_signatures_are_accepted_and_name_the_region() {
    let caller = verify(&demo_signed(), &EmulatorOptions::default(), now()).unwrap();
    assert_eq!(caller.region, "eu-west-1");
}

#[test]
fn any_change_on_the_way_is_a_mismatch_and_the_answer_shows_what_was_expected() {
    type Change = fn(&mut Received);
    let changes: [(&str, Change); 6] = [
        ("method", |received| received.method = "PUT".to_owned()),
        ("path", |received| received.target = "/model/a.b-v1%3A0/converse-stream".to_owned()),
        ("decoded path", |received| received.target = "/model/a.b-v1:0/converse".to_owned()),
        ("query", |received| received.target.push_str("?x=1")),
        ("body", |received| received.body = Bytes::from_static(b"{}")),
        ("header", |received| set(received, "content-type", |_| "text/plain".to_owned())),
    ];
    for (name, change) in changes {
        let mut received = demo_signed();
        change(&mut received);
        let (code, message) = refusal(&received, &EmulatorOptions::default());
        assert_eq!(code, "InvalidSignatureException", "{name}");
        assert!(message.starts_with("The request signature we calculated does not match"), "{name}");
        let canonical = format!("request should have been\n'{}\n/model/", received.method);
        let to_sign = "String-to-Sign should have been\n'AWS4-HMAC-SHA256\n20250102T030405Z\n";
        assert!(message.contains(&canonical) && message.contains(to_sign), "{name}: {message}");
    }
    let mut unsigned = demo_signed();
    set(&mut unsigned, "user-agent", |_| "changed by a proxy".to_owned());
    assert!(verify(&unsigned, &EmulatorOptions::default(), now()).is_ok());
}

#[test]
fn headers_that_are_missing_or_unsigned_are_named() {
    let options = EmulatorOptions::default();
    let mut received = demo_signed();
    received.headers.retain(|(name, _)| name != "authorization");
    let (code, message) = refusal(&received, &options);
    assert_eq!(
        (code.as_str(), message.as_str()),
        ("MissingAuthenticationTokenException", "Missing Authentication Token")
    );
    let change = |from: &'static str, to: &'static str| {
        let mut received = demo_signed();
        set(&mut received, "authorization", |value| value.replace(from, to));
        received
    };
    for (received, code, fragment) in [
        (change("Signature=", "Sig="), "IncompleteSignatureException", "requires 'Signature' parameter"),
        (change("AWS4-HMAC-SHA256", "Basic"), "IncompleteSignatureException", "requires 'Credential'"),
        (change("host;", ""), "InvalidSignatureException", "'Host' or ':authority' must be a 'SignedHeader'"),
        (change(";x-amz-date", ""), "InvalidSignatureException", "'X-Amz-Date' must be a 'SignedHeader'"),
    ] {
        let (found, message) = refusal(&received, &options);
        assert_eq!(found, code, "{message}");
        assert!(message.contains(fragment), "{message}");
    }
    let mut received = demo_signed();
    received.headers.retain(|(name, _)| name != "x-amz-date");
    assert_eq!(refusal(&received, &options).0, "IncompleteSignatureException");
}

#[test]
fn the_scope_must_fit() {
    let options = EmulatorOptions { region: Some("us-east-1".to_owned()), ..Default::default() };
    assert!(refusal(&demo_signed(), &options).1.contains("valid region, not 'eu-west-1'"));
    for (from, to, fragment) in [
        ("/bedrock/", "/sts/", "correct service: 'bedrock'"),
        ("/aws4_request", "/aws3_request", "valid terminator"),
        ("20250102/", "20250101/", "'20250101' != '20250102'"),
        ("/eu-west-1/", "//", "valid region"),
    ] {
        let mut received = demo_signed();
        set(&mut received, "authorization", |value| value.replace(from, to));
        let (code, message) = refusal(&received, &EmulatorOptions::default());
        assert_eq!(code, "InvalidSignatureException");
        assert!(message.contains(fragment), "{message}");
    }
}

#[test]
fn clocks_may_differ_by_five_minutes() {
    let secret = Secret::from(DEMO_SECRET_ACCESS_KEY);
    let keys =
        SigningKeys { access_key_id: DEMO_ACCESS_KEY_ID, secret_access_key: &secret, session_token: None };
    for (offset_seconds, fragment) in [
        (-301_i64, Some("Signature expired: ")),
        (-299, None),
        (299, None),
        (301, Some("Signature not yet current: ")),
    ] {
        let seconds = 1_735_787_045 + offset_seconds;
        let at = from_unix_seconds(seconds).unwrap();
        let outcome = verify(&signed(keys, SCOPE, at), &EmulatorOptions::default(), now());
        match fragment {
            None => assert!(outcome.is_ok(), "{offset_seconds}"),
            Some(fragment) => {
                let refusal = outcome.unwrap_err();
                assert_eq!(refusal.code, "InvalidSignatureException");
                assert!(
                    refusal.message.starts_with(&format!("{fragment}{}", amz_date(at))),
                    "{}",
                    refusal.message
                );
            }
        }
    }
}

#[test]
fn session_tokens_are_checked() {
    let key = |session_token: Option<&str>, expires| AccessKey {
        access_key_id: "ASIAEXAMPLE".to_owned(),
        secret_access_key: Secret::from("secret"),
        session_token: session_token.map(Secret::from),
        expires,
    };
    let later = now() + Duration::from_secs(60);
    let invalid = Some("UnrecognizedClientException");
    for (sent, known, expires, code) in [
        (Some("token"), Some("token"), Some(later), None),
        (Some("token"), Some("token"), None, None),
        (Some("other"), Some("token"), None, invalid),
        (None, Some("token"), None, invalid),
        (Some("token"), None, None, invalid),
        (Some("token"), Some("token"), Some(now()), Some("ExpiredTokenException")),
        (None, None, Some(now()), Some("ExpiredTokenException")),
    ] {
        let (secret, sent) = (Secret::from("secret"), sent.map(Secret::from));
        let keys = SigningKeys {
            access_key_id: "ASIAEXAMPLE",
            secret_access_key: &secret,
            session_token: sent.as_ref(),
        };
        let options = EmulatorOptions { access_keys: vec![key(known, expires)], ..Default::default() };
        let outcome = verify(&signed(keys, SCOPE, now()), &options, now());
        assert_eq!(outcome.err().map(|refusal| refusal.code.into_owned()).as_deref(), code);
    }
}

#[test]
fn unknown_keys_and_wrong_secrets_differ() {
    let wrong = Secret::from("wrong");
    for (access_key_id, code) in
        [("AKIDUNKNOWN", "UnrecognizedClientException"), (DEMO_ACCESS_KEY_ID, "InvalidSignatureException")]
    {
        let keys = SigningKeys { access_key_id, secret_access_key: &wrong, session_token: None };
        let received = signed(keys, SCOPE, now());
        assert_eq!(refusal(&received, &EmulatorOptions::default()).0, code);
    }
}

#[test]
fn bearer_tokens_are_compared() {
    let options = EmulatorOptions { region: Some("us-west-2".to_owned()), ..Default::default() };
    let with = |token: &str| {
        let mut received = demo_signed();
        set(&mut received, "authorization", |_| format!("Bearer {token}"));
        received
    };
    assert_eq!(verify(&with(DEMO_BEARER_TOKEN), &options, now()).unwrap().region, "us-west-2");
    for (token, fragment) in [
        ("ABSKwrong", "make sure your API Key is valid"),
        ("bedrock-api-key-AAAA", "Invalid API Key format: Must be a presigned URL"),
        ("eyJhbGciOi", "Must start with pre-defined prefix"),
        ("", "Must start with pre-defined prefix"),
    ] {
        let (code, message) = refusal(&with(token), &options);
        assert_eq!(code, "AccessDeniedException");
        assert!(message.contains(fragment), "{token}: {message}");
    }
}

#[test]
fn without_the_check_anything_goes() {
    let options = EmulatorOptions { require_auth: false, ..Default::default() };
    let mut received = demo_signed();
    received.body = Bytes::from_static(b"changed");
    assert_eq!(verify(&received, &options, now()).unwrap().region, "eu-west-1");
    for value in ["Bearer nonsense", "Basic x", "nonsense", "AWS4-HMAC-SHA256 x"] {
        set(&mut received, "authorization", |_| value.to_owned());
        assert_eq!(verify(&received, &options, now()).unwrap().region, "us-east-1", "{value}");
    }
    received.headers.clear();
    assert!(verify(&received, &options, now()).is_ok());
}

proptest::proptest! {
    #[test]
    fn no_header_makes_it_panic(
        authorization in "(AWS4-HMAC-SHA256 |Bearer )?\\PC{0,60}",
        date in "\\PC{0,16}",
    ) {
        let mut received = demo_signed();
        set(&mut received, "authorization", |_| authorization.clone());
        set(&mut received, "x-amz-date", |_| date.clone());
        proptest::prop_assert!(verify(&received, &EmulatorOptions::default(), now()).is_err());
    }
}
