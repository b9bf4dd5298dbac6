//! SSO: credentials for an access token, a new access token for a refresh token, and every refusal.

use super::{
    ACCEPTED, Emulator, Got, IdentityOptions, Keys, call_bedrock, expired, send, short_lived, start,
};
use crate::emulator::{
    DEMO_REFRESH_TOKEN, DEMO_SSO_ACCESS_TOKEN, DEMO_SSO_CLIENT_ID, DEMO_SSO_CLIENT_SECRET, ExpiringToken,
    SsoRole,
};
use crate::secret::Secret;
use crate::time::{self, unix_seconds};
use serde_json::{Value, json};
use std::time::UNIX_EPOCH;

const QUERY: &str = "role_name=Bedrock%2BUser&account_id=210987654321";
const NAMES: [&str; 3] = ["accessKeyId", "secretAccessKey", "sessionToken"];

async fn portal(emulator: &Emulator, token: &str, query: &str) -> Got {
    let target = format!("/federation/credentials?{query}");
    send(emulator, "GET", &target, &[("x-amz-sso_bearer_token", token)], "").await
}

fn refresh(token: &str) -> Value {
    json!({"clientId": DEMO_SSO_CLIENT_ID, "clientSecret": DEMO_SSO_CLIENT_SECRET,
           "grantType": "refresh_token", "refreshToken": token})
}

async fn oidc(emulator: &Emulator, body: &Value) -> Got {
    send(emulator, "POST", "/token", &[("content-type", "application/json")], &body.to_string()).await
}

#[tokio::test]
async fn an_access_token_is_worth_credentials() {
    let emulator = start(IdentityOptions::default()).await;
    let got = portal(&emulator, DEMO_SSO_ACCESS_TOKEN, QUERY).await;
    let credentials = &got.json()["roleCredentials"];
    let ends = credentials["expiration"].as_i64().unwrap();
    let left = ends / 1_000 - unix_seconds(time::now());
    assert!((3_500..=3_600).contains(&left), "milliseconds: {ends}");
    let keys = Keys::from_json(credentials, NAMES);
    assert_eq!(call_bedrock(&emulator, &keys).await, ACCEPTED);
    let identity = super::sts::call(&emulator, &keys, &[("Action", "GetCallerIdentity")]).await;
    let arn = super::sts::text(&identity, "Arn");
    assert!(arn.starts_with("arn:aws:sts::210987654321:assumed-role/AWSReservedSSO_Bedrock+User_"), "{arn}");
    let emulator = start(short_lived()).await;
    let got = portal(&emulator, DEMO_SSO_ACCESS_TOKEN, QUERY).await;
    let keys = Keys::from_json(&got.json()["roleCredentials"], NAMES);
    assert_eq!(call_bedrock(&emulator, &keys).await, expired());
}

#[tokio::test]
async fn the_portal_refuses_in_its_own_form() {
    let options = IdentityOptions {
        sso_access_tokens: vec![
            ExpiringToken::lasting("current"),
            ExpiringToken { token: Secret::from("ended"), expires: Some(UNIX_EPOCH) },
        ],
        sso_roles: Some(vec![SsoRole {
            account_id: "210987654321".to_owned(),
            role_name: "Bedrock+User".to_owned(),
        }]),
        ..Default::default()
    };
    let emulator = start(options).await;
    for (token, query, status, code) in [
        ("current", QUERY, 200, None),
        ("ended", QUERY, 401, Some("UnauthorizedException")),
        ("wrong", QUERY, 401, Some("UnauthorizedException")),
        ("", QUERY, 401, Some("UnauthorizedException")),
        ("current", "role_name=Other&account_id=210987654321", 403, Some("ForbiddenException")),
        ("current", "role_name=Bedrock%2BUser&account_id=123456789012", 403, Some("ForbiddenException")),
        ("current", "role_name=Bedrock+User&account_id=210987654321", 403, Some("ForbiddenException")),
        ("current", "role_name=Bedrock%2BUser", 400, Some("InvalidRequestException")),
        ("current", "role_name=&account_id=210987654321", 400, Some("InvalidRequestException")),
    ] {
        let got = portal(&emulator, token, query).await;
        assert_eq!((got.status, got.header("x-amzn-errortype")), (status, code), "{token} {query}");
        assert_eq!(got.json()["message"].is_string(), code.is_some(), "{token} {query}");
    }
    let unnamed = send(&emulator, "GET", &format!("/federation/credentials?{QUERY}"), &[], "").await;
    assert_eq!(unnamed.status, 401);
}

#[tokio::test]
async fn each_refresh_token_gives_an_access_token_and_the_next_refresh_token() {
    let emulator = start(IdentityOptions::default()).await;
    let mut token = DEMO_REFRESH_TOKEN.to_owned();
    for _ in 0..3 {
        let body = oidc(&emulator, &refresh(&token)).await.json();
        assert_eq!((body["tokenType"].as_str(), body["expiresIn"].as_i64()), (Some("Bearer"), Some(3_600)));
        let access_token = body["accessToken"].as_str().unwrap();
        assert_eq!(portal(&emulator, access_token, QUERY).await.status, 200);
        let used = oidc(&emulator, &refresh(&token)).await;
        assert_eq!((used.status, used.json()["error"].as_str()), (400, Some("invalid_grant")));
        token = body["refreshToken"].as_str().unwrap().to_owned();
        assert_eq!(portal(&emulator, &token, QUERY).await.status, 401, "a refresh token opens nothing");
    }
    let emulator = start(short_lived()).await;
    let body = oidc(&emulator, &refresh(DEMO_REFRESH_TOKEN)).await.json();
    assert_eq!(portal(&emulator, body["accessToken"].as_str().unwrap(), QUERY).await.status, 401);
}

#[tokio::test]
async fn oidc_refuses_in_the_words_of_oauth() {
    let ended = ExpiringToken { token: Secret::from("ended"), expires: Some(UNIX_EPOCH) };
    let emulator = start(IdentityOptions { refresh_tokens: vec![ended], ..Default::default() }).await;
    let with = |name: &str, value: Value| {
        let mut body = refresh("wrong");
        body[name] = value;
        body
    };
    for (body, status, code, error) in [
        (refresh("wrong"), 400, "InvalidGrantException", "invalid_grant"),
        (refresh("ended"), 400, "ExpiredTokenException", "expired_token"),
        (with("refreshToken", Value::Null), 400, "InvalidGrantException", "invalid_grant"),
        (with("clientId", json!("x")), 401, "InvalidClientException", "invalid_client"),
        (with("clientSecret", json!("x")), 401, "InvalidClientException", "invalid_client"),
        (with("grantType", json!("x")), 400, "UnsupportedGrantTypeException", "unsupported_grant_type"),
        (with("clientId", json!(1)), 400, "InvalidRequestException", "invalid_request"),
        (json!([]), 400, "InvalidRequestException", "invalid_request"),
    ] {
        let got = oidc(&emulator, &body).await;
        assert_eq!((got.status, got.header("x-amzn-errortype")), (status, Some(code)), "{body}");
        assert_eq!(got.json()["error"], error, "{body}");
        assert!(got.json()["error_description"].is_string(), "{body}");
    }
}
