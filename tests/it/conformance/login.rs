//! `login`: sessions of `aws login` in their cache, and their renewal.

use super::behaviour::told;
use super::secrets::Log;
use super::{Verdicts, cases, json_files, name_of, only, script};
use outcrop::auth::{Auth, World};
use outcrop::transport::{HttpResponse, Transport};
use outcrop::{Client, Env};
use serde_json::{Value, json};
use std::path::Path;
use std::sync::{Arc, Mutex};

pub(super) async fn run(folder: &Path) -> Verdicts {
    let mut verdicts = Verdicts::default();
    for (_, file) in json_files(folder) {
        for case in cases(&file) {
            verdicts.run(name_of(case), check(case)).await;
        }
    }
    verdicts
}

/// A login session in a home of its own.
pub(super) struct Situation {
    home: tempfile::TempDir,
    pub(super) client: Client,
    pub(super) sent: script::Sent,
    seen: Arc<Mutex<Seen>>,
}

impl Situation {
    pub(super) fn new(case: &Value, log: &Log) -> Self {
        let calls = case["mockApiCalls"].as_array().cloned().unwrap_or_default();
        let home = tempfile::tempdir().unwrap();
        let cache = home.path().join("cache");
        std::fs::create_dir_all(&cache).unwrap();
        let config = case["configContents"].as_str().unwrap();
        std::fs::write(home.path().join("config"), config).unwrap();
        for (name, content) in case["cacheContents"].as_object().into_iter().flatten() {
            std::fs::write(cache.join(name), content.to_string()).unwrap();
        }
        let env = Env::empty()
            .with("HOME", home.path())
            .with("AWS_CONFIG_FILE", home.path().join("config"))
            .with("AWS_LOGIN_CACHE_DIRECTORY", &cache)
            .with("AWS_EC2_METADATA_DISABLED", "true")
            .with("AWS_REGION", "us-east-1");
        let seen = Arc::new(Mutex::new(Seen::default()));
        let (transport, sent) = service(calls, Arc::clone(&seen));
        let world = World { sleep: Arc::new(|_| Box::pin(std::future::ready(()))), ..World::default() };
        let profile =
            config.split("[profile ").nth(1).and_then(|rest| rest.split(']').next()).unwrap_or("default");
        let client = Client::builder()
            .env(&env)
            .profile(profile)
            .transport(transport)
            .world(world)
            .watch(log.watch())
            .build()
            .unwrap();
        Self { home, client, sent, seen }
    }
}

async fn check(case: &Value) -> Result<(), String> {
    only(case, &["configContents", "cacheContents", "mockApiCalls", "outcomes"])?;
    let calls = case["mockApiCalls"].as_array().cloned().unwrap_or_default();
    for call in &calls {
        only(call, &["request", "response", "responseCode"])?;
        only(&call["request"], &["tokenInput"])?;
    }
    let situation = Situation::new(case, &Log::default());
    let outcome = situation.client.auth().await;
    let Seen { calls: made, wrong } = std::mem::take(&mut *situation.seen.lock().unwrap());
    if let Some(wrong) = wrong {
        return Err(wrong);
    }
    if made < calls.len() {
        return Err(format!("made {made} calls, expected {}", calls.len()));
    }
    for expected in case["outcomes"].as_array().unwrap() {
        match (expected["result"].as_str(), &outcome) {
            (Some("error"), Err(_)) => {}
            (Some("credentials"), Ok((Auth::SigV4(keys), _))) => {
                compare_keys(&told(keys), expected)?;
                // The clock of the data is not fixed: a renewed session ends at some time from now.
                if calls.is_empty() && told(keys)["expiry"] != expected["expiresAt"] {
                    return Err(format!("{}, expected {expected}", told(keys)));
                }
            }
            (Some("cacheContents"), _) => compare_cache(&situation.home.path().join("cache"), expected)?,
            (_, outcome) => return Err(format!("{outcome:?}, expected {expected}")),
        }
    }
    Ok(())
}

/// What the sign-in service saw.
#[derive(Default)]
struct Seen {
    calls: usize,
    /// A request that is another one than expected.
    wrong: Option<String>,
}

/// The sign-in service: answers the calls in order.
fn service(calls: Vec<Value>, seen: Arc<Mutex<Seen>>) -> (Transport, script::Sent) {
    let sent = script::Sent::default();
    let log = Arc::clone(&sent);
    let transport = Transport::scripted(move |request| {
        log.lock().unwrap().push(request.clone());
        let mut seen = seen.lock().unwrap();
        // A server error is tried again: the last call answers all that follow.
        let call = calls.get(seen.calls).or(calls.last()).cloned().unwrap_or_default();
        seen.calls += 1;
        let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        let has_proof = request.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("dpop"));
        if body != call["request"]["tokenInput"] || !has_proof || !request.url.ends_with("/v1/token") {
            seen.wrong = Some(format!("sent {request:?}, expected {}", call["request"]));
        }
        let status =
            call["responseCode"].as_u64().and_then(|status| u16::try_from(status).ok()).unwrap_or(200);
        let answer = call["response"].get("tokenOutput").unwrap_or(&call["response"]).to_string();
        async move { Ok(HttpResponse::whole(status, vec![], answer)) }
    });
    (transport, sent)
}

fn compare_keys(found: &Value, expected: &Value) -> Result<(), String> {
    for (name, theirs) in [
        ("access_key_id", "accessKeyId"),
        ("secret_access_key", "secretAccessKey"),
        ("session_token", "sessionToken"),
        ("account_id", "accountId"),
    ] {
        if found[name] != expected[theirs] {
            return Err(format!("{name} is {}, expected {}", found[name], expected[theirs]));
        }
    }
    Ok(())
}

/// Compares the files without their dates.
fn compare_cache(cache: &Path, expected: &Value) -> Result<(), String> {
    let undated = |mut content: Value| {
        if let Some(token) = content["accessToken"].as_object_mut() {
            token.insert("expiresAt".to_owned(), json!(null));
        }
        content
    };
    let files = expected.as_object().unwrap().iter().filter(|(name, _)| name.ends_with(".json"));
    for (name, content) in files {
        let found: Value =
            serde_json::from_slice(&std::fs::read(cache.join(name)).unwrap_or_default()).unwrap_or_default();
        if undated(found.clone()) != undated(content.clone()) {
            return Err(format!("{name} is {found} afterwards, expected {content}"));
        }
    }
    Ok(())
}
