//! `smithy-rs`: a part of the own tests of the AWS SDK for Rust, with recorded HTTP.

use super::behaviour::told;
use super::profiles::load_texts;
use super::{Verdict, Verdicts, cases, json_files, name_of, script};
use outcrop::auth::profile::Profiles;
use outcrop::auth::profile::plan::{Base, Plan, plan};
use outcrop::auth::{Auth, World, container_uri, imds_endpoint};
use outcrop::transport::HttpRequest;
use outcrop::{Client, Env, Error, Secret, time};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::UNIX_EPOCH;

pub(super) async fn run(folder: &Path) -> Verdicts {
    let mut verdicts = Verdicts::default();
    for (name, file) in json_files(folder) {
        for case in cases(&file) {
            let verdict = match name.as_str() {
                "default-credential-provider-chain" | "profile-provider" => whole_chain(case).await.into(),
                "assume-role-tests" => walk(case).into(),
                "ecs-tests" => container(case),
                "imds-endpoint-tests" => instance(case),
                // SSO tokens for other services: never sent to Bedrock.
                _ => Verdict::Skipped,
            };
            verdicts.add(format!("{name}: {}", name_of(case)), verdict);
        }
    }
    verdicts
}

fn env(case: &Value) -> Env {
    let variables = case["env"].as_object().into_iter().flatten();
    variables.map(|(name, value)| (name.clone(), value.as_str().unwrap().into())).collect()
}

async fn whole_chain(case: &Value) -> Result<(), String> {
    let files = case["fs"].as_object().into_iter().flatten();
    let files: BTreeMap<PathBuf, String> =
        files.map(|(path, text)| (path.into(), text.as_str().unwrap().to_owned())).collect();
    let world = World {
        // The recordings are old, and what they hold is still to be used.
        clock: Arc::new(|| UNIX_EPOCH),
        sleep: Arc::new(|_| Box::pin(std::future::ready(()))),
        read_file: Arc::new(move |path| {
            files.get(path).map(|text| text.clone().into_bytes()).ok_or(io::ErrorKind::NotFound.into())
        }),
        write_file: Arc::new(|_, _| Ok(())),
        ..World::default()
    };
    let (transport, sent) = script::transport(&case["http"], UNIX_EPOCH);
    let client = Client::builder().env(&env(case)).transport(transport).world(world).build();
    let outcome = match client {
        Ok(client) => client.auth().await,
        Err(error) => Err(error),
    };
    match (&outcome, case["result"].get("Ok"), case["result"]["ErrorContains"].as_str()) {
        (Ok((Auth::SigV4(keys), _)), Some(expected), _) => {
            compare_keys(&told(keys), expected)?;
            compare_requests(&sent.lock().unwrap(), case)
        }
        (Err(error), None, Some(text)) => compare_error(error, text),
        _ => Err(format!("{outcome:?}, expected {}", case["result"])),
    }
}

fn compare_keys(found: &Value, expected: &Value) -> Result<(), String> {
    for (name, value) in expected.as_object().unwrap() {
        let value = match value.as_i64() {
            Some(seconds) => json!(time::from_unix_seconds(seconds).map(time::rfc3339)),
            None => value.clone(),
        };
        if found[name] != value {
            return Err(format!("{name} is {}, expected {value}", found[name]));
        }
    }
    Ok(())
}

/// The words are the SDK's. "Not enabled" may be said of the whole chain, or of the source that a profile names.
fn compare_error(error: &Error, text: &str) -> Result<(), String> {
    let is_not_enabled = text.contains("not enabled");
    let is_no_keys = text.contains("access token instead of credentials");
    let is_same = match error {
        Error::NoCredentials(_) => is_not_enabled || is_no_keys,
        Error::BrokenSource(broken) if is_not_enabled => !broken.is_config,
        _ => !is_not_enabled && !is_no_keys,
    };
    if is_same { Ok(()) } else { Err(format!("{error}, expected {text}")) }
}

/// The recorded requests, in order. The question for the instance's region is not in the recordings.
fn compare_requests(sent: &[HttpRequest], case: &Value) -> Result<(), String> {
    let recorded: Vec<(&Value, &str)> = case["http"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| (&entry["request"]["method"], entry["request"]["uri"].as_str().unwrap()))
        .collect();
    let asks_instance = recorded.iter().any(|(_, url)| url.contains("169.254.169.254"));
    let sent: Vec<&HttpRequest> = sent
        .iter()
        .filter(|request| asks_instance || !request.url.contains("169.254.169.254"))
        .filter(|request| !request.url.ends_with("/placement/region"))
        .collect();
    let same = |(request, (method, url)): (&&HttpRequest, &(&Value, &str))| {
        **method == request.method && script::same_url(&request.url, url)
    };
    if sent.len() == recorded.len() && sent.iter().zip(&recorded).all(same) {
        return Ok(());
    }
    Err(format!("sent {sent:?}, expected {recorded:?}"))
}

fn walk(case: &Value) -> Result<(), String> {
    let set = load_texts(&render(&case["input"]), "")?;
    let found = plan(&set, case["input"]["selected_profile"].as_str().unwrap());
    match (found, case["output"].get("ProfileChain")) {
        (Ok(found), Some(expected)) if steps(&found) == *expected => Ok(()),
        (Err(_), None) => Ok(()),
        (found, _) => Err(format!("{found:?}, expected {}", case["output"])),
    }
}

/// A config file with the profiles and sessions of a case.
fn render(input: &Value) -> String {
    let mut text = String::new();
    for (group, prefix) in [("profiles", "profile"), ("sso_sessions", "sso-session")] {
        for (name, properties) in input[group].as_object().into_iter().flatten() {
            text.push_str(&format!("[{prefix} {name}]\n"));
            for (key, value) in properties.as_object().unwrap() {
                text.push_str(&format!("{key} = {}\n", value.as_str().unwrap()));
            }
        }
    }
    text
}

fn object(pairs: &[(&str, Option<&str>)]) -> Value {
    let set = pairs.iter().filter_map(|(name, value)| Some(((*name).to_owned(), Value::from((*value)?))));
    Value::Object(set.collect())
}

/// A plan in the words of the cases.
fn steps(plan: &Plan) -> Value {
    let base = match &plan.base {
        Base::Static(keys) => json!({ "AccessKey": object(&[
            ("access_key_id", Some(&keys.access_key_id)),
            ("secret_access_key", Some(keys.secret_access_key.expose())),
            ("session_token", keys.session_token.as_ref().map(Secret::expose)),
            ("account_id", keys.account_id.as_deref()),
        ]) }),
        Base::WebIdentity(role) => json!({ "WebIdentityToken": object(&[
            ("role_arn", Some(&role.role_arn)),
            ("web_identity_token_file", role.token_file.to_str()),
            ("role_session_name", role.session_name.as_deref()),
        ]) }),
        Base::Source(source) => json!({ "NamedSource": source.as_str() }),
        Base::Sso(sso) => json!({ "Sso": object(&[
            ("sso_account_id", Some(&sso.account_id)),
            ("sso_region", Some(sso.region.as_str())),
            ("sso_role_name", Some(&sso.role_name)),
            ("sso_start_url", Some(&sso.start_url)),
            ("sso_session_name", sso.session.as_deref()),
        ]) }),
        Base::Process { command, account_id } => json!({ "CredentialProcess": object(&[
            ("command", Some(command.expose())),
            ("account_id", account_id.as_deref()),
        ]) }),
        Base::LoginSession { session } => json!({ "LoginSession": session }),
    };
    let roles = plan.roles.iter().map(|role| {
        json!({ "AssumeRole": object(&[
            ("role_arn", Some(&role.role_arn)),
            ("external_id", role.external_id.as_deref()),
            ("role_session_name", role.session_name.as_deref()),
        ]) })
    });
    std::iter::once(base).chain(roles).collect()
}

fn container(case: &Value) -> Verdict {
    let found = container_uri::resolve(&env(case)).ok().flatten().map(|uri| uri.value.url);
    match (&found, case["result"].get("Ok")) {
        (Some(url), Some(expected)) if expected == url => Verdict::Passed,
        // Whether a name is allowed depends on its addresses; the address rule has its own tests.
        (Some(_), None) if !case["resolver"].is_null() => Verdict::Skipped,
        (None, None) => Verdict::Passed,
        (found, _) => Verdict::Failed(format!("{found:?}, expected {}", case["result"])),
    }
}

fn instance(case: &Value) -> Verdict {
    // A mode that is set in code has no counterpart here.
    if case.get("mode_override").is_some() {
        return Verdict::Skipped;
    }
    let config = case["fs"]["config"].as_str().unwrap_or_default().to_owned();
    let read = |path: &Path| -> io::Result<Vec<u8>> {
        Ok(if path.ends_with("config") { config.clone().into_bytes() } else { Vec::new() })
    };
    let env = env(case);
    let found = imds_endpoint::resolve(&env, &Profiles::new(&env, None, &read));
    match (found, case["result"].get("Ok").and_then(Value::as_str)) {
        (Ok(found), Some(expected)) if format!("{}/latest/api/token", found.value) == expected => {
            Verdict::Passed
        }
        (Err(_), None) => Verdict::Passed,
        (found, _) => Verdict::Failed(format!("{found:?}, expected {}", case["result"])),
    }
}
