//! The services behind credentials over a socket, and what their credentials are worth at Bedrock.

use super::{Emulator, EmulatorOptions, End, Got, exchange};
use crate::auth::sign::{Scope, SigningKeys, ToSign, presign, sign};
use crate::emulator::answer::Answer;
use crate::emulator::received::Received;
use crate::emulator::respond::Account;
use crate::emulator::{DEMO_ACCESS_KEY_ID, DEMO_SECRET_ACCESS_KEY, IdentityOptions, Scenario};
use crate::secret::Secret;
use crate::time;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use std::time::Duration;

mod container;
mod metadata;
mod signin;
mod sso;
mod sts;

/// Keys as a client holds them.
#[derive(Debug, Clone)]
struct Keys {
    access_key_id: String,
    secret_access_key: Secret,
    session_token: Option<Secret>,
}

impl Keys {
    fn demo() -> Self {
        Self {
            access_key_id: DEMO_ACCESS_KEY_ID.to_owned(),
            secret_access_key: Secret::from(DEMO_SECRET_ACCESS_KEY),
            session_token: None,
        }
    }

    fn signing(&self) -> SigningKeys<'_> {
        SigningKeys {
            access_key_id: &self.access_key_id,
            secret_access_key: &self.secret_access_key,
            session_token: self.session_token.as_ref(),
        }
    }

    /// Keys in JSON, under these names.
    fn from_json(body: &Value, names: [&str; 3]) -> Self {
        let [id, secret, token] = names.map(|name| body[name].as_str().unwrap());
        Self {
            access_key_id: id.to_owned(),
            secret_access_key: Secret::from(secret),
            session_token: Some(Secret::from(token)),
        }
    }
}

async fn start(identity: IdentityOptions) -> Emulator {
    Emulator::start(EmulatorOptions { identity, ..Default::default() }).await.unwrap()
}

async fn start_with(scenario: &str) -> Emulator {
    let scenario = Scenario::from_json(scenario).unwrap();
    Emulator::start(EmulatorOptions { scenario, ..Default::default() }).await.unwrap()
}

/// One request with these headers.
async fn send(emulator: &Emulator, method: &str, target: &str, headers: &[(&str, &str)], body: &str) -> Got {
    let lines: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let (host, length) = (emulator.addr(), body.len());
    let head = format!("{method} {target} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n{lines}");
    exchange(emulator, format!("{head}content-length: {length}\r\n\r\n{body}").as_bytes()).await
}

/// One request, signed for `service`.
async fn send_signed(
    emulator: &Emulator,
    keys: &Keys,
    service: &str,
    (method, target, content_type, body): (&str, &str, &str, &str),
) -> Got {
    let url = format!("{}{target}", emulator.url());
    let headers = [("content-type", content_type)];
    let request = ToSign { method, url: &url, headers: &headers, body: body.as_bytes() };
    let added = sign(request, keys.signing(), Scope { region: "eu-west-1", service }, time::now()).unwrap();
    let mut headers = headers.to_vec();
    headers.extend(added.iter().map(|(name, value)| (*name, value.as_str())));
    send(emulator, method, target, &headers, body).await
}

/// Status and error type of a call of Bedrock with these keys.
async fn call_bedrock(emulator: &Emulator, keys: &Keys) -> (u16, Option<String>) {
    let request = ("GET", "/foundation-models", "application/json", "");
    let got = send_signed(emulator, keys, "bedrock", request).await;
    let code = got.header("x-amzn-errortype").and_then(|code| code.split(':').next());
    (got.status, code.map(str::to_owned))
}

const ACCEPTED: (u16, Option<String>) = (200, None);

fn expired() -> (u16, Option<String>) {
    (403, Some("ExpiredTokenException".to_owned()))
}

/// Options under which everything that is given out has ended at once.
fn short_lived() -> IdentityOptions {
    IdentityOptions { credential_lifetime_seconds: 0, ..Default::default() }
}

/// Rules without an operation are for Bedrock; those with one of these hit, and in the service's own form.
#[tokio::test]
async fn scenarios_hit_the_operations_that_they_name() {
    let emulator = start_with(
        r#"[{"match": {"operation": "GetMetadataToken"}, "times": 2,
             "fault": {"kind": "http", "status": 500}},
            {"match": {"operation": "GetCallerIdentity"}, "times": 1, "fault": {"kind": "throttle"}},
            {"match": {"operation": "GetCallerIdentity"}, "times": 1, "fault": {"kind": "denied"}},
            {"match": {"operation": "AssumeRoleWithWebIdentity"}, "fault": {"kind": "close"}},
            {"fault": {"kind": "quota"}}]"#,
    )
    .await;
    let ttl = [("x-aws-ec2-metadata-token-ttl-seconds", "60")];
    for status in [500, 500, 200] {
        assert_eq!(send(&emulator, "PUT", "/latest/api/token", &ttl, "").await.status, status);
    }
    for (status, code) in [(400, "Throttling"), (403, "AccessDenied")] {
        let got = sts::call(&emulator, &Keys::demo(), &[("Action", "GetCallerIdentity")]).await;
        assert_eq!((got.status, sts::text(&got, "Code").as_str()), (status, code));
    }
    let got = sts::call(&emulator, &Keys::demo(), &[("Action", "GetCallerIdentity")]).await;
    assert_eq!(got.status, 200);
    let got = sts::call_unsigned(&emulator, &[("Action", "AssumeRoleWithWebIdentity")]).await;
    assert_eq!((got.status, got.end), (0, End::Early));
    let quota = (400, Some("ServiceQuotaExceededException".to_owned()));
    assert_eq!(call_bedrock(&emulator, &Keys::demo()).await, quota);
}

#[tokio::test]
async fn an_api_key_is_worth_as_much_as_the_credentials_that_it_was_made_from() {
    for (options, status) in [(IdentityOptions::default(), 200), (short_lived(), 403)] {
        let emulator = start(options).await;
        let document = send(&emulator, "GET", "/container/credentials", &[], "").await.json();
        let keys = Keys::from_json(&document, ["AccessKeyId", "SecretAccessKey", "Token"]);
        let scope = Scope { region: "eu-west-1", service: "bedrock" };
        let url = "https://bedrock.amazonaws.com/?Action=CallWithBearerToken";
        let life = Duration::from_secs(43_200);
        let url = presign("POST", url, life, keys.signing(), scope, time::now()).unwrap();
        let encoded = STANDARD.encode(format!("{}&Version=1", url.trim_start_matches("https://")));
        let header = format!("Bearer bedrock-api-key-{encoded}");
        let headers = [("authorization", header.as_str())];
        let got = send(&emulator, "GET", "/foundation-models", &headers, "").await;
        assert_eq!(got.status, status);
        if status == 403 {
            assert_eq!(got.json()["Message"], "Bearer Token has expired");
        }
        let identity = "Action=GetCallerIdentity&Version=2011-06-15";
        let headers = [headers[0], ("content-type", "application/x-www-form-urlencoded")];
        let got = send(&emulator, "POST", "/", &headers, identity).await;
        assert_eq!((got.status, sts::text(&got, "Code").as_str()), (403, "IncompleteSignature"));
    }
}

proptest::proptest! {
    /// Readers of forms, JSON, proofs and headers, behind every route.
    #[test]
    fn no_request_makes_a_service_panic(
        route in 0_usize..6,
        header in "\\PC{0,40}",
        query in "\\PC{0,40}",
        action in "(AssumeRole|AssumeRoleWithWebIdentity|GetCallerIdentity|\\PC{0,9})",
        bytes: Vec<u8>,
    ) {
        let (method, path) = [
            ("POST", "/"),
            ("PUT", "/latest/api/token"),
            ("GET", "/latest/meta-data/iam/security-credentials/x"),
            ("GET", "/federation/credentials"),
            ("POST", "/token"),
            ("POST", "/v1/token"),
        ][route];
        let names = ["authorization", "dpop", "x-aws-ec2-metadata-token", "x-amz-sso_bearer_token", "host"];
        let mut headers: Vec<_> = names.iter().map(|name| ((*name).to_owned(), header.clone())).collect();
        headers.push(("content-type".to_owned(), "application/x-www-form-urlencoded".to_owned()));
        headers.push(("x-aws-ec2-metadata-token-ttl-seconds".to_owned(), header.clone()));
        let form = format!("Action={action}&Version=2011-06-15&RoleArn={query}&");
        let body = if route == 0 { [form.as_bytes(), &bytes].concat() } else { bytes };
        let target = format!("{path}?{query}");
        let received = Received { method: method.to_owned(), target, headers, body: body.into() };
        let account = Account::new(EmulatorOptions::default()).unwrap();
        let Answer::Reply(reply) = account.respond(&received, time::now(), "id") else { panic!() };
        let is_lucky_ttl = route == 1 && header.parse::<u64>().is_ok();
        proptest::prop_assert!(is_lucky_ttl || (400..500).contains(&reply.status));
    }
}
