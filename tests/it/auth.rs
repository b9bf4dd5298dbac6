//! `outcrop auth`: what it says of each source, and the keys that it makes.

use crate::support::{Ran, Server, program, run};
use outcrop::emulator::{
    DEMO_ACCESS_KEY_ID, DEMO_ROLE_NAME, DEMO_SECRET_ACCESS_KEY, EmulatorOptions, IdentityOptions,
};
use serde_json::Value;
use std::path::Path;
use std::process::Command;

/// The program in a home folder with these AWS files.
fn at_home(home: &Path, config: &str, credentials: &str) -> Command {
    std::fs::create_dir_all(home.join(".aws")).unwrap();
    std::fs::write(home.join(".aws/config"), config).unwrap();
    std::fs::write(home.join(".aws/credentials"), credentials).unwrap();
    let mut command = program();
    command.env("HOME", home);
    command
}

fn with_keys(mut command: Command) -> Command {
    command.env("AWS_ACCESS_KEY_ID", DEMO_ACCESS_KEY_ID).env("AWS_SECRET_ACCESS_KEY", DEMO_SECRET_ACCESS_KEY);
    command
}

/// Outcome and detail of a source, as a line of the text says them.
fn line<'a>(ran: &'a Ran, name: &str) -> &'a str {
    let line = ran.stdout.lines().find(|line| line.starts_with(name));
    line.unwrap_or_else(|| panic!("no {name} in {ran:?}"))[name.len()..].trim_start()
}

fn status(command: &mut Command, arguments: &[&str]) -> Ran {
    run(command, &[&["auth", "status"], arguments].concat())
}

#[test]
fn nothing_is_set_up() {
    let home = tempfile::tempdir().unwrap();
    let ran = status(program().env("HOME", home.path()), &[]);
    assert_eq!(ran.code, 3);
    assert_eq!(line(&ran, "bearer token"), "not here: `AWS_BEARER_TOKEN_BEDROCK` is not set");
    assert_eq!(line(&ran, "environment"), "not here: `AWS_ACCESS_KEY_ID` is not set");
    assert!(line(&ran, "profile").starts_with("not here: there is no profile `default` in "));
    assert_eq!(line(&ran, "web identity"), "not here: `AWS_WEB_IDENTITY_TOKEN_FILE` is not set");
    assert!(line(&ran, "container").starts_with("not here: neither "));
    assert_eq!(line(&ran, "instance metadata"), "not here: `AWS_EC2_METADATA_DISABLED` is `true`");
    assert_eq!(line(&ran, "region"), "us-east-1 (from the built-in default)");
    assert!(ran.stderr.starts_with("error: "), "{ran:?}");
}

#[test]
fn the_first_source_is_used_and_the_others_say_what_they_hold() {
    let home = tempfile::tempdir().unwrap();
    let config = "[default]\nregion = eu-west-3\nrole_arn = arn:aws:iam::123456789012:role/r\nsource_profile = base\n\
                  [profile base]\ncredential_process = false --secret hidden\n";
    let mut command = with_keys(at_home(home.path(), config, ""));
    command.env("AWS_WEB_IDENTITY_TOKEN_FILE", "/t").env("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/w");
    command.env("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1:1/creds?token=hidden");
    let ran = status(&mut command, &[]);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    assert_eq!(line(&ran, "environment"), "used: key `...0001`");
    assert_eq!(
        line(&ran, "profile"),
        "not asked: set up: `credential_process` of profile `base`, then role \
         `arn:aws:iam::123456789012:role/r` of profile `default`"
    );
    assert_eq!(line(&ran, "web identity"), "not asked: set up: role `arn:aws:iam::123456789012:role/w`");
    assert_eq!(line(&ran, "container"), "not asked: set up: `AWS_CONTAINER_CREDENTIALS_FULL_URI`");
    assert_eq!(line(&ran, "expires"), "never");
    assert_eq!(
        line(&ran, "region"),
        format!("eu-west-3 (from `{}:2`)", home.path().join(".aws/config").display())
    );
    assert!(!ran.stdout.contains("hidden") && !ran.stdout.contains(DEMO_ACCESS_KEY_ID), "{ran:?}");
}

#[test]
fn a_bearer_token_ends_the_walk() {
    let home = tempfile::tempdir().unwrap();
    let mut command =
        with_keys(at_home(home.path(), "[default]\ncredential_process = touch $HOME/ran; false\n", ""));
    let ran = status(command.env("AWS_BEARER_TOKEN_BEDROCK", "ABSKhidden"), &["--verify"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(line(&ran, "bearer token"), "used: `AWS_BEARER_TOKEN_BEDROCK`");
    assert_eq!(line(&ran, "environment"), "not asked: set up: key `...0001`");
    assert_eq!(line(&ran, "scheme"), "bearer token; it goes before all other credentials");
    assert_eq!(line(&ran, "caller"), "unknown: STS takes no API key");
    assert!(!home.path().join("ran").exists());
    assert!(!ran.stdout.contains("hidden"), "{ran:?}");
}

#[test]
fn a_broken_source_stops_the_walk_and_is_the_error() {
    let home = tempfile::tempdir().unwrap();
    let mut command = at_home(home.path(), "[default]\ncredential_process = exit 7\n", "");
    let ran = status(&mut command, &["--json"]);
    assert_eq!(ran.code, 3);
    let shown: Value = serde_json::from_str(&ran.stdout).unwrap();
    let outcomes: Vec<(&str, &str)> = shown["sources"]
        .as_array()
        .unwrap()
        .iter()
        .map(|source| (source["source"].as_str().unwrap(), source["outcome"].as_str().unwrap()))
        .collect();
    let expected = [
        ("bearer_token", "not_here"),
        ("environment", "not_here"),
        ("profile", "broken"),
        ("web_identity", "not_here"),
        ("container", "not_here"),
        ("instance_metadata", "not_here"),
    ];
    assert_eq!(outcomes, expected);
    assert_eq!(shown["credentials"], Value::Null);
    let error: Value = serde_json::from_str(&ran.stderr).unwrap();
    assert_eq!(error["exit_code"], 3);
}

#[test]
fn a_broken_file_is_a_line_of_its_own() {
    let home = tempfile::tempdir().unwrap();
    let ran = status(&mut at_home(home.path(), "[default\n", ""), &[]);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(line(&ran, "profile").starts_with("broken: "), "{ran:?}");
    assert!(line(&ran, "container").starts_with("not here: "), "{ran:?}");
}

#[test]
fn an_instance_is_seen_without_any_marker() {
    let server = Server::start();
    let home = tempfile::tempdir().unwrap();
    let instance = || {
        let mut command = program();
        command
            .env_remove("AWS_EC2_METADATA_DISABLED")
            .env("AWS_EC2_METADATA_SERVICE_ENDPOINT", server.url());
        command
    };
    let ran = status(&mut instance(), &[]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(
        line(&ran, "instance metadata")
            .starts_with(&format!("used: role `{DEMO_ROLE_NAME}` of the instance, key "))
    );
    assert_eq!(line(&ran, "region"), "us-east-1 (from instance metadata)");
    assert!(line(&ran, "expires").starts_with("in "), "{ran:?}");
    // The workaround of other tools does no harm.
    let ran = status(instance().env("HOME", home.path()).env("AWS_PROFILE", "default"), &[]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(line(&ran, "instance metadata").starts_with("used: "));
    assert!(
        ran.stderr.contains("warning: `AWS_PROFILE` names profile `default`, which no file has"),
        "{ran:?}"
    );
}

#[test]
fn sts_says_whose_keys_they_are() {
    let server = Server::start();
    let against = |secret: &str| {
        let mut command = program();
        command.env("AWS_ENDPOINT_URL", server.url());
        command.env("AWS_ACCESS_KEY_ID", DEMO_ACCESS_KEY_ID).env("AWS_SECRET_ACCESS_KEY", secret);
        status(&mut command, &["--verify", "--json"])
    };
    let known = against(DEMO_SECRET_ACCESS_KEY);
    assert_eq!(known.code, 0, "{known:?}");
    let shown: Value = serde_json::from_str(&known.stdout).unwrap();
    assert_eq!(shown["caller"]["arn"], "arn:aws:iam::123456789012:user/demo");
    assert_eq!(shown["credentials"]["key_id"], "...0001");
    let refused = against("wrong");
    assert_eq!(refused.code, 3);
    assert!(refused.stderr.contains("SignatureDoesNotMatch"), "{refused:?}");
}

#[test]
fn a_key_made_here_works_as_bearer_token_in_its_region() {
    let server = Server::with(EmulatorOptions {
        region: Some("eu-west-1".to_owned()),
        tokens_per_second: 0.0,
        ..EmulatorOptions::default()
    });
    let made = run(with_keys(program()).env("AWS_REGION", "eu-west-1"), &["auth", "token", "--ttl", "30m"]);
    assert_eq!(made.code, 0, "{made:?}");
    assert_eq!(made.stderr, "note: it works in region `eu-west-1` only (from `AWS_REGION`)\n");
    let key = made.stdout.trim_end();
    let chat = |key: &str| {
        let mut command = program();
        command
            .env("AWS_BEARER_TOKEN_BEDROCK", key)
            .env("AWS_REGION", "eu-west-1")
            .env("AWS_ENDPOINT_URL", server.url());
        run(&mut command, &["chat", "-m", "amazon.nova-micro-v1:0", "--max-tokens", "3", "hi"])
    };
    let answered = chat(key);
    assert_eq!(answered.code, 0, "{answered:?}");
    assert_eq!(chat(&key[..key.len() - 8]).code, 3);
    // A key that is set is no obstacle to the next one.
    let again = run(
        with_keys(program()).env("AWS_REGION", "eu-west-1").env("AWS_BEARER_TOKEN_BEDROCK", key),
        &["auth", "token", "--quiet"],
    );
    assert!(again.stdout.starts_with("bedrock-api-key-"), "{again:?}");
    let ran = status(program().env("AWS_BEARER_TOKEN_BEDROCK", key), &[]);
    assert!(
        line(&ran, "expires").ends_with("or with the credentials it was made from; for region eu-west-1"),
        "{ran:?}"
    );
}

#[test]
fn a_key_that_ends_early_says_so() {
    let identity = IdentityOptions { credential_lifetime_seconds: 900, ..IdentityOptions::default() };
    let server = Server::with(EmulatorOptions { identity, ..EmulatorOptions::default() });
    let mut command = program();
    command.env_remove("AWS_EC2_METADATA_DISABLED").env("AWS_EC2_METADATA_SERVICE_ENDPOINT", server.url());
    let made = run(&mut command, &["auth", "token"]);
    assert_eq!(made.code, 0, "{made:?}");
    let warning = made.stderr.lines().next().unwrap();
    assert!(warning.starts_with("warning: the key ends in "), "{made:?}");
    assert!(
        warning.contains("before its time, with the credentials it is made from (role `OutcropDemo`"),
        "{made:?}"
    );
    let short = run(&mut command, &["auth", "token", "--ttl", "1m"]);
    assert!(!short.stderr.contains("warning"), "{short:?}");
}

#[test]
fn without_keys_there_is_no_token() {
    let home = tempfile::tempdir().unwrap();
    let ran = run(program().env("HOME", home.path()), &["auth", "token"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (3, ""));
}

#[test]
fn an_api_key_is_told_to_programs_with_its_end() {
    let made = run(with_keys(program()).env("AWS_REGION", "eu-west-1"), &["auth", "token", "--json"]);
    let told: Value = serde_json::from_str(&made.stdout).unwrap();
    assert!(told["token"].as_str().unwrap().starts_with("bedrock-api-key-"), "{told}");
    assert_eq!(told["region"], "eu-west-1");
    assert!(outcrop::time::parse_rfc3339(told["expires_at"].as_str().unwrap()).is_some(), "{told}");
}

#[test]
fn that_sts_is_not_reached_says_nothing_of_the_keys() {
    // Bound and not listening: nobody answers there, and nobody else can take the port.
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let url = format!("http://127.0.0.1:{}", socket.local_addr().unwrap().port());
    let mut command = with_keys(program());
    command.env("AWS_REGION", "eu-west-1").env("AWS_ENDPOINT_URL_STS", url);
    crate::errors::snapshot("verify-not-reached", &status(&mut command, &["--verify"]));
}
