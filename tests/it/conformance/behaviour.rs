//! `sdk-behaviour` and `client-behaviour`: whole situations, from environment and files to requests on the wire.

use super::secrets::Log;
use super::{Verdict, Verdicts, cases, json_files, name_of, only, script};
use outcrop::auth::{Auth, Credentials, World};
use outcrop::{Client, Env, Error, Origin, Region, Secret, time};
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

/// A situation: the client in it, and what it sends.
pub(super) struct Situation {
    home: tempfile::TempDir,
    pub(super) client: Result<Client, Error>,
    pub(super) sent: script::Sent,
    now: SystemTime,
}

impl Situation {
    pub(super) fn new(case: &Value, log: &Log) -> Self {
        let home = tempfile::tempdir().unwrap();
        let place = home.path().to_str().unwrap();
        for (file, text) in case["files"].as_object().into_iter().flatten() {
            write(&home.path().join(file), &text.as_str().unwrap().replace("{HOME}", place));
        }
        let variables = case["env"].as_object().into_iter().flatten();
        let env = variables.fold(Env::empty().with("HOME", place), |env, (name, value)| {
            env.with(name.as_str(), value.as_str().unwrap().replace("{HOME}", place))
        });
        let now = time::parse_rfc3339("2026-03-01T12:00:00Z").unwrap();
        let (transport, sent) = script::transport(&case["http"], now);
        let world = World {
            clock: Arc::new(move || now),
            sleep: Arc::new(|_| Box::pin(std::future::ready(()))),
            ..World::default()
        };
        let mut builder = Client::builder().env(&env).transport(transport).world(world).watch(log.watch());
        if let Some(profile) = case["explicit_profile"].as_str() {
            builder = builder.profile(profile);
        }
        Self { home, client: builder.build(), sent, now }
    }

    /// Compares requests and files with what is expected after the call.
    fn compare(&self, case: &Value) -> Result<(), String> {
        let sent = self.sent.lock().unwrap();
        script::compare(&sent, &case["expect"]["requests"], self.now)?;
        let after = &case["expect"]["file_after"];
        if after.is_null() { Ok(()) } else { self.compare_file(case, after) }
    }

    /// The one JSON file of the case, or the file that `file_after` names.
    fn compare_file(&self, case: &Value, after: &Value) -> Result<(), String> {
        let files = case["files"].as_object().unwrap().keys().filter(|file| file.ends_with(".json"));
        for file in files {
            let expected = after.get(file).unwrap_or(after);
            let text = std::fs::read_to_string(self.home.path().join(file)).unwrap_or_default();
            let found: Value = serde_json::from_str(&text).unwrap_or_default();
            if !script::is_expected(&found, expected, self.now) {
                return Err(format!("{file} is {found} afterwards, expected {expected}"));
            }
        }
        Ok(())
    }
}

fn write(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
    #[cfg(unix)]
    if path.extension().is_some_and(|extension| extension == "sh") {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
}

/// The kind of a failure in the words of the cases.
fn kind(error: &Error) -> &'static str {
    match error {
        Error::Config(_) | Error::InvalidRequest(_) => "config",
        Error::NoCredentials(_) => "none",
        Error::BrokenSource(broken) if broken.is_config => "config",
        Error::BrokenSource(_) => "provider",
        // The cases have no word for an answer that never came: what no service said is called wrong setup.
        Error::Transport(_) => "config",
        _ => "service",
    }
}

/// Credentials in the form of the cases.
pub(crate) fn told(keys: &Credentials) -> Value {
    json!({
        "access_key_id": keys.access_key_id,
        "secret_access_key": keys.secret_access_key.expose(),
        "session_token": keys.session_token.as_ref().map(Secret::expose),
        "account_id": keys.account_id,
        "expiry": keys.expires_at.map(time::rfc3339),
    })
}

/// What both kinds of cases may say.
const MEMBERS: [&str; 9] = [
    "env",
    "files",
    "http",
    "expect",
    // What the libraries do, and which of them is right: for people.
    "differs",
    "authority",
    "botocore",
    "rust_sdk",
    "decision",
];

pub(super) async fn sources(folder: &Path) -> Verdicts {
    let mut verdicts = Verdicts::default();
    for (_, file) in json_files(folder) {
        for case in cases(&file) {
            verdicts.run(name_of(case), source(case)).await;
        }
    }
    verdicts
}

async fn source(case: &Value) -> Result<Verdict, String> {
    only(case, &[&MEMBERS[..], &["explicit_profile"]].concat())?;
    let expect = &case["expect"];
    only(expect, &["outcome", "credentials", "region", "requests", "kind", "message", "file_after"])?;
    let situation = Situation::new(case, &Log::default());
    let outcome = match &situation.client {
        Ok(client) => resolve(client, expect).await?,
        Err(error) => Err(error.to_string()).map_err(|text| (text, kind(error))),
    };
    match (&outcome, expect["outcome"].as_str()) {
        (Ok(None), Some("region")) => {}
        // The libraries carry such a region on, and fail with it at the first call.
        (Err((_, "config")), Some("region")) if Region::new(expect["region"].as_str().unwrap()).is_err() => {
            situation.compare(case)?;
            return Ok(Verdict::Differs("a region that is no host label"));
        }
        (Ok(Some(keys)), Some("credentials")) => {
            if !script::is_expected(keys, &expect["credentials"], situation.now) {
                return Err(format!("gave {keys}, expected {}", expect["credentials"]));
            }
        }
        (Err((text, kind)), Some("none" | "error")) => {
            if expect["kind"] != *kind {
                return Err(format!("{kind} ({text}), expected {} ({})", expect["kind"], expect["message"]));
            }
        }
        _ => return Err(format!("{outcome:?}, expected {expect}")),
    }
    situation.compare(case).map(|()| Verdict::Passed)
}

/// Credentials, or `None` where only the region is asked; a failure with its kind.
type Outcome = Result<Option<Value>, (String, &'static str)>;

async fn resolve(client: &Client, expect: &Value) -> Result<Outcome, String> {
    let failed = |error: Error| Err((error.to_string(), kind(&error)));
    let settings = match client.settings().await {
        Ok(settings) => settings,
        Err(error) => return Ok(failed(error)),
    };
    let region = Some(&settings.region).filter(|region| region.origin != Origin::Default);
    let region = region.map(|region| region.value.as_str());
    if region != expect["region"].as_str() {
        return Err(format!("region {region:?}, expected {}", expect["region"]));
    }
    if expect["outcome"] == "region" {
        return Ok(Ok(None));
    }
    Ok(match client.auth().await {
        Ok((Auth::SigV4(keys), _)) => Ok(Some(told(&keys))),
        Ok((auth, _)) => Ok(Some(json!(format!("{auth:?}")))),
        Err(error) => failed(error),
    })
}

pub(super) async fn calls(folder: &Path) -> Verdicts {
    let mut verdicts = Verdicts::default();
    for (_, file) in json_files(folder) {
        for case in cases(&file) {
            verdicts.run(name_of(case), call(case)).await;
        }
    }
    verdicts
}

async fn call(case: &Value) -> Result<(), String> {
    only(case, &[&MEMBERS[..], &["call"]].concat())?;
    only(&case["call"], &["service", "operation", "model_id", "body"])?;
    if case["call"]["service"] != "bedrock-runtime" || case["call"]["operation"] != "Converse" {
        return Err(format!("the call is not known here: {}", case["call"]));
    }
    let expect = &case["expect"];
    only(expect, &["outcome", "requests", "kind", "message"])?;
    let situation = Situation::new(case, &Log::default());
    let model = case["call"]["model_id"].as_str().unwrap();
    let body = case["call"]["body"].to_string();
    let outcome = match &situation.client {
        Ok(client) => {
            client.converse_raw(model, body.into()).await.map_err(|error| (error.to_string(), kind(&error)))
        }
        Err(error) => Err((error.to_string(), kind(error))),
    };
    match (&outcome, expect["outcome"].as_str()) {
        (Ok(_), Some("ok")) => {}
        // Some cases give no kind: any failure will do.
        (Err((_, kind)), Some("error"))
            if expect["kind"].as_str().is_none_or(|expected| expected == *kind) => {}
        _ => return Err(format!("{outcome:?}, expected {expect}")),
    }
    situation.compare(case)
}
