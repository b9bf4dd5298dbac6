//! Nothing secret is told at any verbosity: the whole conformance set runs with a mark on every secret, and the mark
//! must not be in what the program logs at `-vv` or says of a failure, nor in what a library's user can print.
//!
//! Secrets are keys, tokens, arguments of processes, and the bodies of answers with credentials. A key id counts as
//! one here: four characters of it may be shown, and the mark is longer.

use super::{behaviour, login, recorded};
use super::{cases, json_files, name_of, roots};
use outcrop::transport::retry::Notice;
use outcrop::{Client, Error, cli};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

/// Ends every secret. Of characters that any of them may have, so that it passes wherever a secret does.
pub(super) const MARK: &str = "MarkedSecretZq9";

const VARIABLES: [&str; 7] = [
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_SECURITY_TOKEN",
    "AWS_BEARER_TOKEN_BEDROCK",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
];

/// The names of secrets in files and answers, in any case.
const FIELDS: [&str; 12] = [
    "aws_access_key_id",
    "aws_secret_access_key",
    "aws_session_token",
    "accesskeyid",
    "secretaccesskey",
    "sessiontoken",
    "token",
    "accesstoken",
    "refreshtoken",
    "idtoken",
    "clientsecret",
    "dpopkey",
];

/// What was logged, at the highest verbosity.
#[derive(Clone, Default)]
pub(super) struct Log(Arc<Mutex<String>>);

impl Log {
    pub(super) fn watch(&self) -> impl Fn(&Notice<'_>) + Send + Sync + 'static {
        let log = self.clone();
        move |notice| {
            let lines = cli::log_lines(2, notice).join("\n") + &format!("\n{notice:?}\n");
            log.0.lock().unwrap().push_str(&lines);
        }
    }

    fn add(&self, text: &str) {
        let mut log = self.0.lock().unwrap();
        log.push_str(text);
        log.push('\n');
    }
}

/// Puts the mark before white space at the end.
fn marked(secret: &str) -> String {
    let text = secret.trim_end();
    let end = &secret[text.len()..];
    if text.trim().is_empty() { secret.to_owned() } else { format!("{text}{MARK}{end}") }
}

/// Marks the values of [`FIELDS`] in ini, JSON, XML and scripts.
fn mark_fields(text: &str) -> String {
    let (lower, mut marks) = (text.to_ascii_lowercase(), Vec::new());
    for field in FIELDS {
        for (at, _) in lower.match_indices(field) {
            let before = lower[..at].chars().next_back();
            if before.is_some_and(|c| c.is_ascii_alphanumeric() || c == '_') {
                continue;
            }
            let is_quote = |c: char| matches!(c, '"' | '\'' | '\\' | ' ' | '\t');
            let rest = lower[at + field.len()..].trim_start_matches(is_quote);
            let Some(rest) = rest.strip_prefix(['=', ':', '>']) else { continue };
            let rest = rest.trim_start_matches(is_quote);
            let is_end = |c: char| matches!(c, '"' | '\'' | '\\' | '<' | '\n' | '\r' | '{' | '}' | ',');
            let value = rest.split(is_end).next().unwrap().trim_end();
            if !value.is_empty() && value != "null" {
                marks.push(text.len() - rest.len() + value.len());
            }
        }
    }
    marks.sort_unstable();
    let mut out = text.to_owned();
    marks.iter().rev().for_each(|at| out.insert_str(*at, MARK));
    out
}

/// A file: ini, JSON or a script with fields in it, or nothing but a token.
fn mark_file(text: &str) -> String {
    if let Some((first, rest)) = text.split_once('\n').filter(|(first, _)| first.starts_with("#!")) {
        // What a program prints is secret whatever it is.
        let print = if rest.contains('{') { String::new() } else { format!("printf '%s' {MARK}\n") };
        return format!("{first}\n{print}{}", mark_fields(rest));
    }
    if !text.contains(['[', '{', '=']) {
        return marked(text);
    }
    let line = |line: &str| {
        let is_process = line.trim_start().starts_with("credential_process");
        // Another argument, which changes nothing.
        if is_process { format!("{} && : {MARK}", line.trim_end()) } else { line.to_owned() }
    };
    let marked: Vec<String> = mark_fields(text).split('\n').map(line).collect();
    // The private key is read up to its last line.
    marked.join("\n").replace("-----BEGIN PRIVATE KEY-----MarkedSecretZq9", "-----BEGIN PRIVATE KEY-----")
}

/// The body of an answer: its fields, and a member that nobody knows, so that the whole of it is seen when it is told.
fn mark_body(method: &Value, body: &str) -> String {
    let body = mark_fields(body);
    match body.trim_start().chars().next() {
        Some('{') if body.trim() != "{}" => body.replacen('{', &format!("{{\"unknown\":\"{MARK}\","), 1),
        Some('<') => body + &format!("<!--{MARK}-->"),
        // The session token of an instance; other plain answers are names of roles and regions.
        Some(_) if method == "PUT" => marked(&body),
        Some(_) | None => body,
    }
}

/// A case with the mark on everything secret in it.
pub(super) fn mark(case: &Value) -> Value {
    let mut case = case.clone();
    let edit = |value: &mut Value, change: &dyn Fn(&str) -> String| {
        let changed = value.as_str().map(change);
        changed.into_iter().for_each(|text| *value = json!(text));
    };
    for (name, value) in case["env"].as_object_mut().into_iter().flatten() {
        if VARIABLES.contains(&name.as_str()) {
            edit(value, &marked);
        }
    }
    for folder in ["files", "fs", "cacheContents"] {
        for (_, value) in case[folder].as_object_mut().into_iter().flatten() {
            match value {
                Value::Object(_) => *value = serde_json::from_str(&mark_file(&value.to_string())).unwrap(),
                _ => edit(value, &mark_file),
            }
        }
    }
    for entry in case["http"].as_array_mut().into_iter().flatten() {
        let method = entry["request"]["method"].clone();
        edit(&mut entry["response"]["body"], &|body| mark_body(&method, body));
    }
    for call in case["mockApiCalls"].as_array_mut().into_iter().flatten() {
        let body = mark_body(&Value::Null, &call["response"].to_string());
        call["response"] = serde_json::from_str(&body).unwrap();
    }
    case
}

/// Asks for credentials and calls a model, and adds all that can be said of the outcome.
async fn exercise(client: Result<Client, Error>, log: &Log) {
    let failed = |error: &Error, client: Option<&Client>| {
        let [text, json] = cli::error_texts(error, client);
        log.add(&format!("{text}\n{json}\n{error}\n{error:?}"));
    };
    let client = match client {
        Ok(client) => client,
        Err(error) => return failed(&error, None),
    };
    match client.auth().await {
        Ok((auth, trail)) => log.add(&format!("{auth:?}\n{trail}\n{trail:?}")),
        Err(error) => failed(&error, Some(&client)),
    }
    match client.converse_raw("m", "{}".into()).await {
        Ok(_) => {}
        Err(error) => failed(&error, Some(&client)),
    }
    log.add(&format!("{client:?}"));
}

#[tokio::test]
async fn no_secret_is_told_at_any_verbosity() {
    let (mut told, mut sent_marks) = (0, 0);
    for root in roots() {
        for folder in ["sdk-behaviour", "client-behaviour", "smithy-rs", "login"] {
            let path = root.join(folder);
            let files = if path.is_dir() { json_files(&path) } else { Vec::new() };
            for (file, case) in
                files.iter().flat_map(|(name, file)| cases(file).iter().map(move |c| (name, c)))
            {
                let (case, log) = (mark(case), Log::default());
                let sent = match (folder, file.as_str()) {
                    ("smithy-rs", "assume-role-tests" | "ecs-tests" | "imds-endpoint-tests") => continue,
                    ("smithy-rs", _) => {
                        let (client, sent) = recorded::client(&case, &log);
                        exercise(client, &log).await;
                        sent
                    }
                    ("login", _) => {
                        let situation = login::Situation::new(&case, &log);
                        exercise(Ok(situation.client), &log).await;
                        situation.sent
                    }
                    _ => {
                        let situation = behaviour::Situation::new(&case, &log);
                        exercise(situation.client, &log).await;
                        situation.sent
                    }
                };
                let text = log.0.lock().unwrap();
                assert!(!text.contains(MARK), "{folder}/{}: {text}", name_of(&case));
                told += text.lines().count();
                let request = |request: &outcrop::transport::HttpRequest| {
                    let values = request.headers.iter().map(|(_, value)| value.as_str());
                    values.chain(std::str::from_utf8(&request.body)).any(|text| text.contains(MARK))
                };
                sent_marks += sent.lock().unwrap().iter().filter(|sent| request(sent)).count();
            }
        }
    }
    // There was something to tell, and the marks were on what was really used.
    assert!(told > 0 && sent_marks > 0, "{told} lines, {sent_marks} requests");
}

#[test]
fn marks_are_on_every_kind_of_secret() {
    for (text, expected) in [
        ("aws_secret_access_key = s\nregion = x", "aws_secret_access_key = s!\nregion = x"),
        (r#"{"SecretAccessKey": "s", "Token":null}"#, r#"{"SecretAccessKey": "s!", "Token":null}"#),
        (r#"echo "{\"AccessKeyId\": \"a\"}""#, r#"echo "{\"AccessKeyId\": \"a!\"}""#),
        ("<SessionToken>t</SessionToken>\n <a>", "<SessionToken>t!</SessionToken>\n <a>"),
        (r#"{"accessToken": {"secretAccessKey": "s"}}"#, r#"{"accessToken": {"secretAccessKey": "s!"}}"#),
    ] {
        assert_eq!(mark_fields(text), expected.replace('!', MARK));
    }
    assert_eq!(mark_file("#!/bin/sh\ntrue"), format!("#!/bin/sh\nprintf '%s' {MARK}\ntrue"));
    assert_eq!(mark_file("token\n"), format!("token{MARK}\n"));
    assert_eq!(mark_file("credential_process = a b"), format!("credential_process = a b && : {MARK}"));
}
