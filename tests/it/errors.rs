//! What a user reads for every failure: one snapshot each, with exit code and what was on stdout before.
//!
//! `OUTCROP_UPDATE_SNAPSHOTS=1 cargo test` writes the files anew.

use crate::support::{Ran, Server, no_host, program, program_against, run, run_with_input};
use std::fmt::Write;
use std::path::PathBuf;

/// A model of which nothing need be looked up.
const MODEL: &str = "amazon.nova-micro-v1:0";

/// Compares with `tests/it/snapshots/NAME.txt`.
pub(crate) fn snapshot(name: &str, ran: &Ran) {
    let mut text = String::new();
    writeln!(text, "exit {}\n--- stdout\n{}\n--- stderr\n{}", ran.code, ran.stdout, ran.stderr).unwrap();
    let text = steady(&text);
    let path =
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/it/snapshots").join(format!("{name}.txt"));
    #[allow(clippy::disallowed_methods, reason = "a switch for developers, not read by any test's logic")]
    if std::env::var_os("OUTCROP_UPDATE_SNAPSHOTS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &text).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(text, expected, "{name} differs from {}", path.display());
}

/// Takes out what differs from run to run: ids, ports, byte counts, times waited.
fn steady(text: &str) -> String {
    let id = |c: char| c.is_ascii_hexdigit() || c == '-';
    let number = |c: char| c.is_ascii_digit() || c == '.';
    let text = blank(text, "request id ", id, "");
    let text = blank(&text, "127.0.0.1:", number, "");
    let text = blank(&text, " and ", number, " bytes");
    let text = blank(&text, "/outcrop-", number, "");
    blank(&text, " times, ", number, " s waited")
}

/// Replaces what stands between `before` and `after`, where it is made of `part` only.
fn blank(text: &str, before: &str, part: impl Fn(char) -> bool, after: &str) -> String {
    let mut pieces = text.split(before);
    let mut out = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        out.push_str(before);
        let length = piece.find(|c: char| !part(c)).unwrap_or(piece.len());
        let (value, rest) = piece.split_at(length);
        let variable = !value.is_empty() && rest.starts_with(after);
        out.push_str(if variable { "[...]" } else { value });
        out.push_str(rest);
    }
    out
}

/// A model id of the emulator that goes wrong, against what the user sees.
fn faulty(server: &Server, model: &str, extra: &[&str]) {
    let mut arguments = vec!["chat", "-m", model, "--max-tokens", "12", "hi"];
    arguments.extend(extra);
    let ran = run(&mut program_against(server.url()), &arguments);
    snapshot(&format!("fault-{}", model.trim_start_matches("emulator.")), &ran);
}

#[test]
fn every_fault_of_the_service_before_the_answer() {
    let server = Server::start();
    let once = ["--max-attempts", "1"];
    for model in [
        "emulator.throttle",
        "emulator.http-500",
        "emulator.http-503",
        "emulator.html-502",
        "emulator.html-200",
        "emulator.empty-503",
        "emulator.denied",
        "emulator.not-granted",
        "emulator.expired",
        "emulator.quota",
        "emulator.context-overflow",
        "emulator.reset",
        "emulator.close",
    ] {
        faulty(&server, model, &once);
    }
}

#[test]
fn every_fault_of_the_stream() {
    let server = Server::start();
    for model in [
        "emulator.cut-3",
        "emulator.end-3",
        "emulator.corrupt-prelude-3",
        "emulator.corrupt-message-3",
        "emulator.oversized-3",
        "emulator.error-frame-3",
        "emulator.exception-internal-3",
        "emulator.exception-model-stream-error-3",
        "emulator.exception-validation-3",
        "emulator.exception-throttling-3",
        "emulator.exception-unavailable-3",
        "emulator.close-3",
    ] {
        faulty(&server, model, &[]);
    }
    faulty(&server, "emulator.stall-3", &["--idle-timeout", "2"]);
    faulty(&server, "emulator.slow-60000", &["--idle-timeout", "0.2", "--max-attempts", "1"]);
}

/// What the reset does to bytes still on their way differs from run to run; the failure does not.
#[test]
fn a_connection_reset_in_the_middle_is_an_incomplete_stream() {
    let server = Server::start();
    let ran = run(&mut program_against(server.url()), &["chat", "-m", "emulator.reset-3", "hi"]);
    assert_eq!(ran.code, 6, "{}", ran.stderr);
    assert!(ran.stderr.starts_with("error: the connection ended early with `127.0.0.1:"), "{}", ran.stderr);
}

#[test]
fn faults_that_a_good_client_does_not_notice() {
    let server = Server::start();
    let good = run(&mut program_against(server.url()), &["chat", "-m", "emulator.basalt-v1:0", "hi"]);
    assert_eq!(good.code, 0, "{}", good.stderr);
    for model in [
        "emulator.throttle-1",
        "emulator.http-503-1",
        "emulator.not-ready-1",
        "emulator.unknown-event-3",
        "emulator.trickle",
        "emulator.slow-20",
    ] {
        let ran = run(&mut program_against(server.url()), &["chat", "-m", model, "hi"]);
        assert_eq!((ran.code, ran.stdout, ran.stderr), (0, good.stdout.clone(), String::new()), "{model}");
    }
}

#[test]
fn models_that_cannot_be_used_as_asked() {
    let server = Server::start();
    for (name, model) in
        [("needs-profile", "meta.llama3-2-90b-instruct-v1:0"), ("unknown-model", "no.such-model-v1:0")]
    {
        // As it stands: one that is named by a flag would be called through its profile.
        let request = format!(
            r#"{{"modelId": "{model}", "messages": [{{"role": "user", "content": [{{"text": "hi"}}]}}]}}"#
        );
        let ran = run_with_input(&mut program_against(server.url()), &["converse"], request.as_bytes());
        snapshot(name, &ran);
    }
    for (name, model) in [
        ("ambiguous-model", "sonnet"),
        ("no-such-name", "nova-lihgt"),
        ("no-such-form", "a.b"),
        ("no-arn", "arn:foo"),
        ("blank-model", ""),
    ] {
        snapshot(name, &run(&mut program_against(server.url()), &["chat", "-m", model, "hi"]));
    }
}

#[test]
fn wrong_usage_and_configuration() {
    let keys = |name: &str, value: &str| {
        let mut program = program_against("http://127.0.0.1:9");
        program.env(name, value);
        program
    };
    for (name, mut program, arguments) in [
        ("no-model", program(), &["chat", "hi"][..]),
        ("no-prompt", program(), &["chat", "--demo"]),
        ("no-credentials", program(), &["chat", "-m", MODEL, "hi"]),
        ("unknown-flag", program(), &["chat", "--modle", "m", "hi"]),
        ("bad-temperature", program(), &["chat", "--temperature", "2", "hi"]),
        (
            "bad-region",
            program_against("http://127.0.0.1:9"),
            &["chat", "-m", MODEL, "--region", "us east", "hi"],
        ),
        ("empty-region", keys("AWS_REGION", ""), &["chat", "-m", MODEL, "hi"]),
        (
            "bad-endpoint",
            program_against("http://127.0.0.1:9"),
            &["chat", "-m", MODEL, "--endpoint", "localhost:80", "hi"],
        ),
        ("bad-attempts", keys("AWS_MAX_ATTEMPTS", "none"), &["chat", "-m", MODEL, "hi"]),
        ("bad-bearer", keys("AWS_BEARER_TOKEN_BEDROCK", "two\nlines"), &["chat", "-m", MODEL, "hi"]),
        (
            "bad-ca-bundle",
            program_against("https://127.0.0.1:9"),
            &["chat", "-m", MODEL, "--ca-bundle", "/nowhere.pem", "hi"],
        ),
        ("bad-proxy", keys("HTTPS_PROXY", "http://user:hunter2@[bad"), &["chat", "-m", MODEL, "hi"]),
        ("no-system-file", program(), &["chat", "--demo", "-s", "@/nowhere.txt", "hi"]),
        ("no-request-file", program(), &["converse", "--demo", "/nowhere.json"]),
        ("no-scenario", program(), &["emulate", "--scenario", "/nowhere.json"]),
        ("probe-profile", program(), &["models", "status", "--probe", "--probe-profile", "work"]),
        ("endless-session", program(), &["chat", "--demo", "--dry-run", "--session", "/dev/zero", "hi"]),
    ] {
        snapshot(name, &run(&mut program, arguments));
    }
}

#[test]
fn bearer_tokens_stay_off_plain_http() {
    let mut program = program();
    program.env("AWS_BEARER_TOKEN_BEDROCK", "ABSKsecret").env("AWS_REGION", "eu-west-1");
    let ran = run(&mut program, &["chat", "-m", MODEL, "--endpoint", "http://bedrock.example", "hi"]);
    assert!(!ran.stderr.contains("ABSKsecret"));
    snapshot("bearer-over-http", &ran);
}

#[test]
fn nobody_listens_and_nobody_is_found() {
    // Bound and not listening: nobody answers there, and nobody else can take the port.
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let port = socket.local_addr().unwrap().port();
    let once =
        |url: &str| run(&mut program_against(url), &["chat", "-m", MODEL, "--max-attempts", "1", "hi"]);
    snapshot("connection-refused", &once(&format!("http://127.0.0.1:{port}")));
    let ran = once(&format!("http://{}", no_host()));
    assert_eq!(ran.code, 5, "{}", ran.stderr);
    assert!(ran.stderr.starts_with("error: cannot find the address of `xxx"), "{}", ran.stderr);
}

#[test]
fn wrong_keys_are_refused() {
    let server = Server::start();
    let mut wrong_secret = program_against(server.url());
    wrong_secret.env("AWS_SECRET_ACCESS_KEY", "not-the-secret");
    let ran = run(&mut wrong_secret, &["chat", "-m", "amazon.nova-lite-v1:0", "hi"]);
    assert_eq!(ran.code, 3, "{}", ran.stderr);
    assert!(ran.stderr.starts_with("error: the credentials were refused\n"), "{}", ran.stderr);
    assert!(!ran.stderr.contains("not-the-secret"), "{}", ran.stderr);
    assert!(ran.stderr.lines().count() <= 8, "{}", ran.stderr);
    let mut unknown_key = program_against(server.url());
    unknown_key.env("AWS_ACCESS_KEY_ID", "AKIAUNKNOWN");
    snapshot("unknown-key", &run(&mut unknown_key, &["chat", "-m", "amazon.nova-lite-v1:0", "hi"]));
}

#[test]
fn errors_for_programs_are_one_object() {
    let server = Server::start();
    let arguments = ["chat", "-m", "emulator.throttle", "--max-attempts", "2", "--json", "hi"];
    let ran = run(&mut program_against(server.url()), &arguments);
    let object: serde_json::Value = serde_json::from_str(ran.stderr.trim()).unwrap();
    assert_eq!(ran.stderr.lines().count(), 1);
    assert_eq!(object["kind"], "throttled");
    assert_eq!(object["status"], 429);
    assert_eq!(object["attempts"], 2);
    assert_eq!(object["exit_code"], 5);
    assert!(object["hints"][0].as_str().unwrap().contains("--max-attempts"));
    assert_eq!(object["request_id"].as_str().unwrap().len(), 36);
    let usage = run(&mut program(), &["chat", "--json", "--modle", "x"]);
    let object: serde_json::Value = serde_json::from_str(usage.stderr.trim()).unwrap();
    assert_eq!((usage.code, &object["kind"]), (2, &serde_json::json!("usage")));
}

#[test]
fn every_error_fits_eight_lines() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/it/snapshots");
    for entry in std::fs::read_dir(folder).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        let talk = text.split_once("--- stderr\n").unwrap().1.trim_end();
        let ours = talk.starts_with("error:") && !talk.contains("Usage:");
        assert!(!ours || talk.lines().count() <= 8, "{talk}");
    }
}
