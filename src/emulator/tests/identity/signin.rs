//! AWS Sign-In: credentials for a refresh token and a proof of the key.

use super::{
    ACCEPTED, Emulator, Got, IdentityOptions, Keys, call_bedrock, send, short_lived, start, start_with,
};
use crate::emulator::DEMO_REFRESH_TOKEN;
use crate::emulator::identity::dpop_proof;
use crate::time::{self, unix_seconds};
use serde_json::{Value, json};

const NAMES: [&str; 3] = ["accessKeyId", "secretAccessKey", "sessionToken"];

fn refresh(token: &str) -> Value {
    json!({"clientId": "arn:aws:signin:::devtools/same-device", "grantType": "refresh_token",
           "refreshToken": token})
}

fn proof(emulator: &Emulator) -> String {
    dpop_proof(&format!("{}/v1/token", emulator.url()), unix_seconds(time::now()), |_| {})
}

async fn signin(emulator: &Emulator, proof: Option<&str>, body: &Value) -> Got {
    let mut headers = vec![("content-type", "application/json")];
    headers.extend(proof.map(|proof| ("dpop", proof)));
    send(emulator, "POST", "/v1/token", &headers, &body.to_string()).await
}

#[tokio::test]
async fn a_refresh_token_with_a_proof_is_worth_credentials() {
    let emulator = start(IdentityOptions::default()).await;
    let mut token = DEMO_REFRESH_TOKEN.to_owned();
    for _ in 0..2 {
        let body = signin(&emulator, Some(&proof(&emulator)), &refresh(&token)).await.json();
        assert_eq!((body["tokenType"].as_str(), body["expiresIn"].as_i64()), (Some("aws_sigv4"), Some(900)));
        let keys = Keys::from_json(&body["accessToken"], NAMES);
        assert_eq!(call_bedrock(&emulator, &keys).await, ACCEPTED);
        token = body["refreshToken"].as_str().unwrap().to_owned();
    }
    let emulator = start(short_lived()).await;
    let got = signin(&emulator, Some(&proof(&emulator)), &refresh(DEMO_REFRESH_TOKEN)).await;
    assert_eq!(got.json()["expiresIn"], 0);
}

#[tokio::test]
async fn what_does_not_fit_is_refused_with_a_code() {
    let emulator = start(IdentityOptions::default()).await;
    let good = proof(&emulator);
    let elsewhere = dpop_proof("http://127.0.0.1:1/v1/token", unix_seconds(time::now()), |_| {});
    let old = dpop_proof(&format!("{}/v1/token", emulator.url()), 0, |_| {});
    let with = |name: &str, value: Value| {
        let mut body = refresh(DEMO_REFRESH_TOKEN);
        body[name] = value;
        body
    };
    let (invalid, denied) =
        (("ValidationException", "INVALID_REQUEST"), ("AccessDeniedException", "TOKEN_EXPIRED"));
    for (proof, body, (code, error), fragment) in [
        (None, refresh(DEMO_REFRESH_TOKEN), invalid, "DPoP proof is missing"),
        (Some("x"), refresh(DEMO_REFRESH_TOKEN), invalid, "not three parts"),
        (Some(elsewhere.as_str()), refresh(DEMO_REFRESH_TOKEN), invalid, "another URL"),
        (Some(old.as_str()), refresh(DEMO_REFRESH_TOKEN), invalid, "another time"),
        (Some(good.as_str()), json!({}), invalid, "body"),
        (Some(good.as_str()), with("clientId", json!("x")), invalid, "client id"),
        (Some(good.as_str()), with("grantType", json!("authorization_code")), invalid, "grant type"),
        (Some(good.as_str()), refresh("wrong"), denied, "refresh token"),
        (Some(good.as_str()), with("refreshToken", Value::Null), denied, "refresh token"),
    ] {
        let got = signin(&emulator, proof, &body).await;
        assert_eq!((got.status, got.header("x-amzn-errortype")), (400, Some(code)), "{body}");
        assert_eq!(got.json()["error"], error, "{body}");
        assert!(got.json()["message"].as_str().unwrap().contains(fragment), "{}", got.json());
    }
    let got = signin(&emulator, Some(&good), &refresh(DEMO_REFRESH_TOKEN)).await;
    assert_eq!(got.status, 200, "nothing of this used the refresh token up");
}

#[tokio::test]
async fn faults_have_the_codes_of_sign_in() {
    for (kind, status, code, error) in [
        (r#""denied""#, 403, "AccessDeniedException", "INSUFFICIENT_PERMISSIONS"),
        (r#""expired""#, 403, "AccessDeniedException", "TOKEN_EXPIRED"),
        (r#""throttle""#, 429, "TooManyRequestsError", "rate_exceeded"),
        (r#""http", "status": 500"#, 500, "InternalServerException", "server_error"),
    ] {
        let rule =
            format!(r#"{{"match": {{"operation": "CreateOAuth2Token"}}, "fault": {{"kind": {kind}}}}}"#);
        let emulator = start_with(&format!("[{rule}]")).await;
        let got = signin(&emulator, None, &refresh(DEMO_REFRESH_TOKEN)).await;
        assert_eq!((got.status, got.header("x-amzn-errortype")), (status, Some(code)), "{kind}");
        assert_eq!(got.json()["error"], error, "{kind}");
    }
}
