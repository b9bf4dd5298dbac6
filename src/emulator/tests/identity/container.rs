//! The container's endpoint, with and without a token.

use super::{ACCEPTED, IdentityOptions, Keys, call_bedrock, expired, send, short_lived, start};
use crate::secret::Secret;
use crate::time::{self, parse_rfc3339};

const TARGET: &str = "/container/credentials";
const NAMES: [&str; 3] = ["AccessKeyId", "SecretAccessKey", "Token"];

#[tokio::test]
async fn credentials_have_the_shape_of_ecs_and_are_accepted() {
    let emulator = start(IdentityOptions::default()).await;
    let document = send(&emulator, "GET", TARGET, &[], "").await.json();
    assert_eq!(document["RoleArn"], "arn:aws:iam::123456789012:role/OutcropDemo");
    assert!(parse_rfc3339(document["Expiration"].as_str().unwrap()).unwrap() > time::now());
    assert_eq!(call_bedrock(&emulator, &Keys::from_json(&document, NAMES)).await, ACCEPTED);
    let emulator = start(short_lived()).await;
    let document = send(&emulator, "GET", TARGET, &[], "").await.json();
    assert_eq!(call_bedrock(&emulator, &Keys::from_json(&document, NAMES)).await, expired());
}

#[tokio::test]
async fn the_token_must_be_the_one_that_was_given() {
    let options =
        IdentityOptions { container_token: Some(Secret::from("Basic pod-token==")), ..Default::default() };
    let emulator = start(options).await;
    for (headers, status) in [
        (&[("authorization", "Basic pod-token==")][..], 200),
        (&[("authorization", "Bearer Basic pod-token==")], 401),
        (&[("authorization", "pod-token==")], 401),
        (&[("authorization", "")], 401),
        (&[], 401),
    ] {
        let got = send(&emulator, "GET", TARGET, headers, "").await;
        assert_eq!(got.status, status, "{headers:?}");
        let has_error = got.json()["message"].as_str().is_some_and(|text| text.contains("Authorization"));
        assert_eq!(has_error, status != 200, "{headers:?}");
    }
}
