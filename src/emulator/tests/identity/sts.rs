//! STS: what it gives out, and every refusal in its XML form.

use super::{
    ACCEPTED, Emulator, EmulatorOptions, Got, IdentityOptions, Keys, call_bedrock, expired, send,
    send_signed, short_lived, start,
};
use crate::emulator::{DEMO_WEB_IDENTITY_TOKEN, ExpiringToken};
use crate::secret::Secret;
use crate::time::{self, parse_rfc3339, unix_seconds};
use crate::uri::encode_query;
use std::time::UNIX_EPOCH;

const ROLE: &str = "arn:aws:iam::210987654321:role/team/Bedrock";
const FORM: &str = "application/x-www-form-urlencoded; charset=utf-8";

type Members<'a> = [(&'a str, &'a str)];

/// The form with the version; a member that comes twice counts with its first value.
fn form(members: &Members<'_>) -> String {
    encode_query(members.iter().copied().chain([("Version", "2011-06-15")]))
}

/// A signed call with these members.
pub(super) async fn call(emulator: &Emulator, keys: &Keys, members: &Members<'_>) -> Got {
    send_signed(emulator, keys, "sts", ("POST", "/", FORM, &form(members))).await
}

/// The same without a signature.
pub(super) async fn call_unsigned(emulator: &Emulator, members: &Members<'_>) -> Got {
    send(emulator, "POST", "/", &[("content-type", FORM)], &form(members)).await
}

/// The text of an element, unescaped.
pub(super) fn text(got: &Got, name: &str) -> String {
    let body = std::str::from_utf8(&got.body).unwrap();
    let (_, rest) = body.split_once(&format!("<{name}>")).unwrap_or_else(|| panic!("no {name} in {body}"));
    let (text, _) = rest.split_once(&format!("</{name}>")).unwrap();
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

fn keys(got: &Got) -> Keys {
    assert_eq!(got.status, 200, "{}", String::from_utf8_lossy(&got.body));
    Keys {
        access_key_id: text(got, "AccessKeyId"),
        secret_access_key: Secret::from(text(got, "SecretAccessKey")),
        session_token: Some(Secret::from(text(got, "SessionToken"))),
    }
}

fn assume<'a>(role_arn: &'a str, session_name: &'a str) -> [(&'a str, &'a str); 3] {
    [("Action", "AssumeRole"), ("RoleArn", role_arn), ("RoleSessionName", session_name)]
}

fn assume_with(token: &str) -> [(&str, &str); 4] {
    [
        ("Action", "AssumeRoleWithWebIdentity"),
        ("RoleArn", ROLE),
        ("RoleSessionName", "pod"),
        ("WebIdentityToken", token),
    ]
}

#[tokio::test]
async fn an_assumed_role_calls_bedrock_and_assumes_the_next_one() {
    let emulator = start(IdentityOptions::default()).await;
    let got = call(&emulator, &Keys::demo(), &assume(ROLE, "outcrop-1")).await;
    assert_eq!(got.header("content-type"), Some("text/xml"));
    assert_eq!(Some(text(&got, "RequestId").as_str()), got.header("x-amzn-requestid"));
    assert_eq!(text(&got, "Arn"), "arn:aws:sts::210987654321:assumed-role/Bedrock/outcrop-1");
    assert!(text(&got, "AssumedRoleId").ends_with(":outcrop-1"));
    let first = keys(&got);
    assert!(first.access_key_id.starts_with("ASIA"));
    assert_eq!(call_bedrock(&emulator, &first).await, ACCEPTED);
    let second = keys(&call(&emulator, &first, &assume("arn:aws:iam::123456789012:role/Next", "s2")).await);
    assert_ne!(first.access_key_id, second.access_key_id);
    assert_eq!(call_bedrock(&emulator, &second).await, ACCEPTED);
    for (keys, account, arn) in [
        (&Keys::demo(), "123456789012", "arn:aws:iam::123456789012:user/demo"),
        (&first, "210987654321", "arn:aws:sts::210987654321:assumed-role/Bedrock/outcrop-1"),
        (&second, "123456789012", "arn:aws:sts::123456789012:assumed-role/Next/s2"),
    ] {
        let got = call(&emulator, keys, &[("Action", "GetCallerIdentity")]).await;
        assert_eq!((text(&got, "Account").as_str(), text(&got, "Arn").as_str()), (account, arn));
    }
}

#[tokio::test]
async fn a_session_lasts_as_long_as_asked_for_and_no_longer_than_everything_lasts() {
    let lifetime = 1_800;
    let options = IdentityOptions { credential_lifetime_seconds: lifetime, ..Default::default() };
    let emulator = start(options).await;
    for (duration, lasts) in [(None, 1_800), (Some("900"), 900), (Some("43200"), 1_800)] {
        let mut members = assume(ROLE, "outcrop").to_vec();
        members.extend(duration.map(|duration| ("DurationSeconds", duration)));
        let before = unix_seconds(time::now());
        let got = call(&emulator, &Keys::demo(), &members).await;
        let after = unix_seconds(time::now());
        let ends = unix_seconds(parse_rfc3339(&text(&got, "Expiration")).unwrap());
        assert!((before + lasts..=after + lasts).contains(&ends), "{duration:?}");
    }
}

#[tokio::test]
async fn a_web_identity_token_is_worth_a_role_without_a_signature() {
    let emulator = start(IdentityOptions::default()).await;
    let got = call_unsigned(&emulator, &assume_with(DEMO_WEB_IDENTITY_TOKEN)).await;
    assert_eq!(text(&got, "Arn"), "arn:aws:sts::210987654321:assumed-role/Bedrock/pod");
    assert_eq!(call_bedrock(&emulator, &keys(&got)).await, ACCEPTED);
}

#[tokio::test]
async fn credentials_that_have_ended_are_refused_by_both_services() {
    let emulator = start(short_lived()).await;
    let ended = keys(&call(&emulator, &Keys::demo(), &assume(ROLE, "outcrop")).await);
    assert_eq!(call_bedrock(&emulator, &ended).await, expired());
    let got = call(&emulator, &ended, &assume(ROLE, "outcrop")).await;
    assert_eq!((got.status, text(&got, "Code").as_str()), (403, "ExpiredToken"));
    assert_eq!(text(&got, "Message"), "The security token included in the request is expired");
}

/// Status, code, and a fragment of the message.
fn assert_refused(got: &Got, (status, code, fragment): (u16, &str, &str)) {
    assert_eq!((got.status, text(got, "Code").as_str()), (status, code));
    assert_eq!((text(got, "Type").as_str(), got.header("content-type")), ("Sender", Some("text/xml")));
    assert!(text(got, "Message").contains(fragment), "{}", text(got, "Message"));
    assert_eq!(Some(text(got, "RequestId").as_str()), got.header("x-amzn-requestid"));
}

#[tokio::test]
async fn keys_that_are_wrong_are_refused_in_the_words_of_the_query_protocol() {
    let emulator = start(IdentityOptions::default()).await;
    let with = |change: fn(&mut Keys)| {
        let mut keys = Keys::demo();
        change(&mut keys);
        keys
    };
    let identity = [("Action", "GetCallerIdentity")];
    for (keys, refusal) in [
        (
            with(|keys| keys.secret_access_key = Secret::from("wrong")),
            (403, "SignatureDoesNotMatch", "signature we calculated does not match"),
        ),
        (
            with(|keys| keys.access_key_id = "AKIDUNKNOWN".to_owned()),
            (403, "InvalidClientTokenId", "security token included in the request is invalid"),
        ),
        (
            with(|keys| keys.session_token = Some(Secret::from("token"))),
            (403, "InvalidClientTokenId", "security token included in the request is invalid"),
        ),
    ] {
        assert_refused(&call(&emulator, &keys, &identity).await, refusal);
    }
    let got = call_unsigned(&emulator, &identity).await;
    assert_refused(&got, (403, "MissingAuthenticationToken", "Request is missing Authentication Token"));
    let body = form(&identity);
    let got = send_signed(&emulator, &Keys::demo(), "bedrock", ("POST", "/", FORM, &body)).await;
    assert_refused(&got, (403, "SignatureDoesNotMatch", "correct service: 'sts'"));
    let headers = [("content-type", FORM), ("authorization", "AWS4-HMAC-SHA256 Signature=0")];
    let got = send(&emulator, "POST", "/", &headers, &form(&identity)).await;
    assert_refused(&got, (403, "IncompleteSignature", "requires 'Credential' parameter"));
}

#[tokio::test]
async fn forms_that_do_not_fit_are_refused() {
    let emulator = start(IdentityOptions::default()).await;
    let chained = keys(&call(&emulator, &Keys::demo(), &assume(ROLE, "outcrop")).await);
    let demo = Keys::demo();
    let action = ("Action", "AssumeRole");
    let long = [&assume(ROLE, "outcrop")[..], &[("DurationSeconds", "3601")]].concat();
    let endless = [&assume(ROLE, "outcrop")[..], &[("DurationSeconds", "43201")]].concat();
    let no_number = [&assume(ROLE, "outcrop")[..], &[("DurationSeconds", "1h")]].concat();
    for (keys, members, refusal) in [
        (&demo, &[action][..], (400, "ValidationError", "Value null at 'roleArn'")),
        (&demo, &[action, ("RoleArn", ROLE)], (400, "ValidationError", "Value null at 'roleSessionName'")),
        (&demo, &assume(ROLE, "<x>"), (400, "ValidationError", "'<x>' at 'roleSessionName' failed")),
        (&demo, &assume("role/Bedrock", "ab"), (400, "ValidationError", "Request ARN is invalid")),
        (&demo, &endless, (400, "ValidationError", "less than or equal to 43200")),
        (&demo, &no_number, (400, "MalformedInput", "")),
        (&chained, &long, (400, "ValidationError", "role chaining")),
        (&demo, &[("Action", "GetSessionToken")], (400, "InvalidAction", "GetSessionToken for version")),
        (&demo, &[("Version", "1")], (400, "MissingAction", "Action")),
        (&demo, &[action, ("Version", "1")], (400, "InvalidAction", "AssumeRole for version 1")),
    ] {
        assert_refused(&call(&emulator, keys, members).await, refusal);
    }
    assert_eq!(call(&emulator, &demo, &long).await.status, 200);
}

#[tokio::test]
async fn roles_and_tokens_that_are_not_known_are_refused() {
    let options = IdentityOptions {
        roles: Some(vec!["arn:aws:iam::210987654321:role/Other".to_owned()]),
        web_identity_tokens: vec![
            ExpiringToken::lasting("current-token"),
            ExpiringToken { token: Secret::from("ended-token"), expires: Some(UNIX_EPOCH) },
        ],
        ..Default::default()
    };
    let emulator = start(options).await;
    let got = call(&emulator, &Keys::demo(), &assume(ROLE, "outcrop")).await;
    let sentence = format!(
        "User: arn:aws:iam::123456789012:user/demo is not authorized to perform: sts:AssumeRole on \
         resource: {ROLE}"
    );
    assert_refused(&got, (403, "AccessDenied", &sentence));
    for (token, refusal) in [
        ("current-token", (403, "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity")),
        ("ended-token", (400, "ExpiredTokenException", "before the expiration date/time 19700101T000000Z")),
        ("current-token\n", (400, "InvalidIdentityToken", "No OpenIDConnect provider found")),
        (DEMO_WEB_IDENTITY_TOKEN, (400, "InvalidIdentityToken", "No OpenIDConnect provider found")),
    ] {
        assert_refused(&call_unsigned(&emulator, &assume_with(token)).await, refusal);
    }
    let got = call_unsigned(&emulator, &assume_with("current-token")[..3]).await;
    assert_refused(&got, (400, "ValidationError", "Value null at 'webIdentityToken'"));
}

#[tokio::test]
async fn without_the_check_anyone_may_assume_a_role() {
    let options = EmulatorOptions { require_auth: false, ..Default::default() };
    let emulator = Emulator::start(options).await.unwrap();
    let temporary = keys(&call_unsigned(&emulator, &assume(ROLE, "outcrop")).await);
    let got = call(&emulator, &temporary, &[("Action", "GetCallerIdentity")]).await;
    assert_eq!(text(&got, "Arn"), "arn:aws:sts::210987654321:assumed-role/Bedrock/outcrop");
    let got = call_unsigned(&emulator, &[("Action", "GetCallerIdentity")]).await;
    assert_eq!(text(&got, "Arn"), "arn:aws:iam::123456789012:user/demo");
}
