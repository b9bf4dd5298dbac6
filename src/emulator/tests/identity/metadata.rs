//! Instance metadata: the walk from token to credentials, and every state of an instance.

use super::{
    ACCEPTED, Emulator, EmulatorOptions, End, Got, IdentityOptions, Keys, call_bedrock, send, short_lived,
    start,
};
use crate::emulator::{DEMO_ROLE_NAME, InstanceMetadata};
use crate::time::{self, parse_rfc3339};

const TOKEN: &str = "/latest/api/token";
const ROLES: &str = "/latest/meta-data/iam/security-credentials/";
const REGION: &str = "/latest/meta-data/placement/region";
const TTL_HEADER: &str = "x-aws-ec2-metadata-token-ttl-seconds";
const NAMES: [&str; 3] = ["AccessKeyId", "SecretAccessKey", "Token"];

fn body(got: &Got) -> &str {
    std::str::from_utf8(&got.body).unwrap()
}

async fn token(emulator: &Emulator) -> String {
    let got = send(emulator, "PUT", TOKEN, &[(TTL_HEADER, "21600")], "").await;
    assert_eq!((got.status, got.header(TTL_HEADER)), (200, Some("21600")));
    body(&got).to_owned()
}

async fn get(emulator: &Emulator, token: &str, target: &str) -> Got {
    send(emulator, "GET", target, &[("x-aws-ec2-metadata-token", token)], "").await
}

fn role(name: &str, is_stale: bool) -> IdentityOptions {
    let instance_metadata = InstanceMetadata::Role { name: name.to_owned(), is_stale };
    IdentityOptions { instance_metadata, ..Default::default() }
}

#[tokio::test]
async fn from_token_to_role_to_credentials_to_bedrock() {
    let emulator = start(IdentityOptions::default()).await;
    let token = token(&emulator).await;
    let name = get(&emulator, &token, ROLES).await;
    assert_eq!((name.header("content-type"), body(&name)), (Some("text/plain"), DEMO_ROLE_NAME));
    let got = get(&emulator, &token, &format!("{ROLES}{DEMO_ROLE_NAME}")).await;
    let document = got.json();
    assert_eq!((document["Code"].as_str(), document["Type"].as_str()), (Some("Success"), Some("AWS-HMAC")));
    assert!(parse_rfc3339(document["Expiration"].as_str().unwrap()).unwrap() > time::now());
    assert!(parse_rfc3339(document["LastUpdated"].as_str().unwrap()).unwrap() <= time::now());
    assert_eq!(call_bedrock(&emulator, &Keys::from_json(&document, NAMES)).await, ACCEPTED);
}

#[tokio::test]
async fn the_region_is_that_of_the_emulator() {
    for (own, served) in [(None, "us-east-1"), (Some("ap-southeast-2"), "ap-southeast-2")] {
        let options = EmulatorOptions { region: own.map(str::to_owned), ..Default::default() };
        let emulator = Emulator::start(options).await.unwrap();
        let got = get(&emulator, &token(&emulator).await, REGION).await;
        assert_eq!((got.status, body(&got)), (200, served));
    }
}

#[tokio::test]
async fn a_token_is_given_for_a_life_of_up_to_six_hours() {
    let emulator = start(IdentityOptions::default()).await;
    for (ttl, status) in
        [("1", 200), ("21600", 200), ("21601", 400), ("0", 400), ("-1", 400), ("six", 400), ("", 400)]
    {
        let got = send(&emulator, "PUT", TOKEN, &[(TTL_HEADER, ttl)], "").await;
        assert_eq!(got.status, status, "{ttl}");
    }
    assert_eq!(send(&emulator, "PUT", TOKEN, &[], "").await.status, 400);
    assert_eq!(send(&emulator, "GET", TOKEN, &[], "").await.status, 405);
}

#[tokio::test]
async fn nothing_is_told_without_a_good_token() {
    let emulator = start(IdentityOptions::default()).await;
    let role = format!("{ROLES}{DEMO_ROLE_NAME}");
    for target in [ROLES, role.as_str(), REGION, "/latest/meta-data/"] {
        assert_eq!(send(&emulator, "GET", target, &[], "").await.status, 401, "{target}");
        let got = get(&emulator, "wrong", target).await;
        assert_eq!((got.status, got.header("content-type")), (401, Some("text/html")), "{target}");
    }
    let token = token(&emulator).await;
    for target in ["/latest/meta-data/", "/latest/meta-data/iam/security-credentials"] {
        assert_eq!(get(&emulator, &token, target).await.status, 404, "{target}");
    }
}

#[tokio::test]
async fn each_state_of_an_instance_has_its_answer() {
    let no_role = IdentityOptions { instance_metadata: InstanceMetadata::NoRole, ..Default::default() };
    for (options, target, status) in [
        (no_role.clone(), ROLES, 404),
        (no_role.clone(), "/latest/meta-data/iam/security-credentials/Any", 404),
        (no_role, REGION, 200),
        (role("Basalt", false), "/latest/meta-data/iam/security-credentials/Basalt", 200),
        (role("Basalt", false), "/latest/meta-data/iam/security-credentials/Gneiss", 404),
    ] {
        let emulator = start(options).await;
        assert_eq!(get(&emulator, &token(&emulator).await, target).await.status, status, "{target}");
    }
    let disabled = IdentityOptions { instance_metadata: InstanceMetadata::Disabled, ..Default::default() };
    let emulator = start(disabled).await;
    for (method, target) in [("PUT", TOKEN), ("GET", ROLES), ("GET", "/latest/")] {
        let got = send(&emulator, method, target, &[(TTL_HEADER, "60")], "").await;
        assert_eq!((got.status, got.end), (0, End::Early), "{target}");
    }
    assert_eq!(call_bedrock(&emulator, &Keys::demo()).await, ACCEPTED);
}

#[tokio::test]
async fn stale_credentials_say_that_they_have_ended_and_work_all_the_same() {
    for (options, works) in [(role("Basalt", true), true), (short_lived(), false)] {
        let emulator = start(options).await;
        let token = token(&emulator).await;
        let name = get(&emulator, &token, ROLES).await;
        let document = get(&emulator, &token, &format!("{ROLES}{}", body(&name))).await.json();
        assert!(parse_rfc3339(document["Expiration"].as_str().unwrap()).unwrap() <= time::now());
        let keys = Keys::from_json(&document, NAMES);
        assert_eq!(call_bedrock(&emulator, &keys).await == ACCEPTED, works);
    }
}
