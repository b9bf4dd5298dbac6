//! `smithy-rs`: a part of the own tests of the AWS SDK for Rust, with recorded HTTP.

use super::behaviour::told;
use super::profiles::load_texts;
use super::secrets::Log;
use super::{Verdict, Verdicts, cases, json_files, name_of, only, script};
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
    for (file_name, file) in json_files(folder) {
        for case in cases(&file) {
            let name = format!("{file_name}: {}", name_of(case));
            match file_name.as_str() {
                "default-credential-provider-chain" | "profile-provider" => {
                    verdicts.run(name, whole_chain(case)).await;
                }
                "default-token-provider-chain" => verdicts.run(name, token_chain(case)).await,
                "assume-role-tests" => verdicts.check(name, || walk(case)),
                "ecs-tests" => verdicts.check(name, || container(case)),
                "imds-endpoint-tests" => verdicts.check(name, || instance(case)),
                _ => verdicts.fail(name, "this kind of file is not known"),
            }
        }
    }
    verdicts
}

fn env(case: &Value) -> Env {
    let variables = case["env"].as_object().into_iter().flatten();
    variables.map(|(name, value)| (name.clone(), value.as_str().unwrap().into())).collect()
}

/// A client in the situation of a case, and what it sends.
pub(super) fn client(case: &Value, log: &Log) -> (Result<Client, Error>, script::Sent) {
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
    let builder = Client::builder().env(&env(case)).transport(transport).world(world);
    (builder.watch(log.watch()).build(), sent)
}

const CHAIN_MEMBERS: [&str; 4] = ["env", "fs", "http", "result"];

async fn whole_chain(case: &Value) -> Result<(), String> {
    only(case, &CHAIN_MEMBERS)?;
    only(&case["result"], &["Ok", "ErrorContains"])?;
    let (client, sent) = client(case, &Log::default());
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

/// SSO tokens are for other services: whatever a case says, a call of Bedrock carries none.
async fn token_chain(case: &Value) -> Result<Verdict, String> {
    only(case, &CHAIN_MEMBERS)?;
    let token = case["result"]["Ok"]["token"].as_str();
    let (client, sent) = client(case, &Log::default());
    let outcome = match client {
        Ok(client) => client.converse_raw("m", "{}".into()).await,
        Err(error) => Err(error),
    };
    let sent = sent.lock().unwrap();
    let is_in = |request: &HttpRequest, token: &str| {
        request.headers.iter().any(|(_, value)| value.contains(token)) && request.url.contains("bedrock")
    };
    match (outcome, token) {
        (Err(Error::NoCredentials(_)), Some(token)) if !sent.iter().any(|request| is_in(request, token)) => {
            Ok(Verdict::Differs("an SSO token for other services"))
        }
        // No token is to be had either.
        (Err(_), None) => Ok(Verdict::Passed),
        (outcome, _) => Err(format!("{outcome:?}, with {sent:?}")),
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
    let entries = case["http"].as_array().unwrap();
    let recorded: Vec<&Value> = entries.iter().map(|entry| &entry["request"]).collect();
    let uri = |request: &Value| request["uri"].as_str().unwrap_or_default().to_owned();
    let asks_instance = recorded.iter().any(|request| uri(request).contains("169.254.169.254"));
    let sent: Vec<&HttpRequest> = sent
        .iter()
        .filter(|request| asks_instance || !request.url.contains("169.254.169.254"))
        .filter(|request| !request.url.ends_with("/placement/region"))
        .collect();
    let same = |(request, recorded): (&&HttpRequest, &&Value)| {
        recorded["method"] == request.method && script::same_url(&request.url, &uri(recorded))
    };
    if sent.len() != recorded.len() || !sent.iter().zip(&recorded).all(same) {
        return Err(format!("sent {sent:?}, expected {recorded:?}"));
    }
    sent.iter().zip(recorded).try_for_each(|(request, recorded)| compare_request(request, recorded))
}

/// The names of what carries secrets and of the form's fields; the values in recordings are replaced ones.
fn compare_request(request: &HttpRequest, recorded: &Value) -> Result<(), String> {
    for name in ["x-amz-sso_bearer_token", "x-amz-security-token", "x-aws-ec2-metadata-token"] {
        let is_sent = request.headers.iter().any(|(known, _)| known.eq_ignore_ascii_case(name));
        if is_sent != recorded["headers"].get(name).is_some() {
            return Err(format!("{}: header {name} is there: {is_sent}", request.url));
        }
    }
    let names = |body: &str| -> Vec<String> {
        let form = script::read_form(body);
        form.as_object().into_iter().flatten().map(|(name, _)| name.clone()).collect()
    };
    let found = names(&String::from_utf8_lossy(&request.body));
    let expected = names(recorded["body"].as_str().unwrap_or_default());
    if found == expected {
        return Ok(());
    }
    Err(format!("{}: fields {found:?}, expected {expected:?}", request.url))
}

fn walk(case: &Value) -> Result<(), String> {
    only(case, &["input", "output"])?;
    only(&case["input"], &["profiles", "sso_sessions", "selected_profile"])?;
    only(&case["output"], &["ProfileChain", "Error"])?;
    let set = load_texts(&render(&case["input"]), "")?;
    let found = plan(&set, case["input"]["selected_profile"].as_str().unwrap());
    match (found, case["output"].get("ProfileChain"), case["output"].get("Error")) {
        (Ok(found), Some(expected), None) if steps(&found) == *expected => Ok(()),
        (Err(_), None, Some(_)) => Ok(()),
        (found, ..) => Err(format!("{found:?}, expected {}", case["output"])),
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

/// The endpoint, and for a name that needs a look-up whether its addresses are allowed.
fn container(case: &Value) -> Result<(), String> {
    only(case, &["env", "resolver", "result"])?;
    only(&case["result"], &["Ok", "ErrorContains"])?;
    let found = container_uri::resolve(&env(case)).ok().flatten().map(|uri| uri.value);
    let is_allowed = |host: &String| {
        // Without a resolver of its own a case has the SDK's: `localhost`, and everything else somewhere outside.
        let somewhere = json!([if host == "localhost" { "127.0.0.1" } else { "72.21.210.29" }]);
        let addresses = if case["resolver"].is_null() { &somewhere } else { &case["resolver"][host] };
        let address = |text: &Value| text.as_str().unwrap().parse().unwrap();
        addresses.as_array().unwrap().iter().all(|text| container_uri::is_allowed_address(address(text)))
    };
    let found = found.filter(|uri| uri.host_to_check.as_ref().is_none_or(is_allowed)).map(|uri| uri.url);
    match (found, case["result"]["Ok"].as_str(), case["result"].get("ErrorContains")) {
        (Some(url), Some(expected), None) if expected == url => Ok(()),
        (None, None, Some(_)) => Ok(()),
        (found, ..) => Err(format!("{found:?}, expected {}", case["result"])),
    }
}

fn instance(case: &Value) -> Result<(), String> {
    only(case, &["env", "fs", "mode_override", "result"])?;
    only(&case["result"], &["Ok", "Err"])?;
    let config = case["fs"]["config"].as_str().unwrap_or_default().to_owned();
    let read = |path: &Path| -> io::Result<Vec<u8>> {
        Ok(if path.ends_with("config") { config.clone().into_bytes() } else { Vec::new() })
    };
    let mut env = env(case);
    // The strongest place for a mode is the program in the SDK, and the variable here.
    if let Some(mode) = case["mode_override"].as_str() {
        env = env.with("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", mode);
    }
    let found = imds_endpoint::resolve(&env, &Profiles::new(&env, None, &read));
    match (found, case["result"]["Ok"].as_str(), case["result"].get("Err")) {
        (Ok(found), Some(expected), None) if format!("{}/latest/api/token", found.value) == expected => {
            Ok(())
        }
        (Err(_), None, Some(_)) => Ok(()),
        (found, ..) => Err(format!("{found:?}, expected {}", case["result"])),
    }
}
