//! From flags and environment to a client and a model: what was typed, and what it means.
//!
//! Each value keeps its origin, so that an error can say which one was used and where it came from.

use super::args::{Call, Global};
use super::out::Out;
use super::report::{Facts, Report};
use crate::Env;
use crate::auth::Credentials;
use crate::client::{Client, ClientBuilder, Timeouts};
use crate::emulator::{DEMO_MODEL_ID, Emulator, EmulatorOptions};
use crate::error::{Error, IoFailure, Result};
use crate::origin::{Origin, Sourced};

/// A client, and the demo server that it talks to, if any.
pub(super) struct Connection {
    pub client: Client,
    /// Serves `--demo`; ends when the connection ends.
    _demo: Option<Emulator>,
}

/// What a call of a model needs.
pub(super) struct Session {
    pub client: Client,
    pub model: Sourced<String>,
    _demo: Option<Emulator>,
}

/// Pace of the demo: that of a quick model.
const DEMO_TOKENS_PER_SECOND: f64 = 80.0;

impl Connection {
    /// Makes a client for commands that call no model, and the demo server if it is asked for.
    pub(super) async fn open(env: &Env, global: &Global, out: &Out) -> Result<Self, Report> {
        let demo = start_demo(global).await.map_err(|error| Report::plain(&error))?;
        let builder = base(env, global, demo.as_ref(), out);
        let client = with_region(builder, global, None).build().map_err(|error| Report::plain(&error))?;
        Ok(Self { client, _demo: demo })
    }

    /// An error of this connection, with what it knows.
    pub(super) fn report(&self, error: &Error) -> Report {
        Report::new(error, &Facts { model: None, client: Some(&self.client) })
    }
}

impl Session {
    /// Makes the client, and the demo server if it is asked for. `inside` is a model named by the request
    /// itself.
    pub(super) async fn open(
        env: &Env,
        global: &Global,
        call: &Call,
        inside: Option<String>,
        out: &Out,
    ) -> Result<Self, Report> {
        let demo = start_demo(global).await.map_err(|error| Report::plain(&error))?;
        let model = model(env, global, call, inside).ok_or_else(Report::no_model)?;
        let mut builder = base(env, global, demo.as_ref(), out).timeouts(timeouts(call));
        if let Some(attempts) = call.max_attempts {
            builder = builder.max_attempts_from(Sourced::new(attempts, Origin::Flag("--max-attempts")));
        }
        let client = with_region(builder, global, Some(&model)).build();
        let client =
            client.map_err(|error| Report::new(&error, &Facts { model: Some(&model), client: None }))?;
        Ok(Self { client, model, _demo: demo })
    }

    /// An error of this session, with what the session knows.
    pub(super) fn report(&self, error: &Error) -> Report {
        Report::new(error, &Facts { model: Some(&self.model), client: Some(&self.client) })
    }
}

async fn start_demo(global: &Global) -> Result<Option<Emulator>> {
    if !global.demo {
        return Ok(None);
    }
    let options = EmulatorOptions { tokens_per_second: DEMO_TOKENS_PER_SECOND, ..EmulatorOptions::default() };
    let started = Emulator::start(options).await;
    started.map(Some).map_err(|source| {
        Error::Io(Box::new(IoFailure { action: "start the demo server on loopback", path: None, source }))
    })
}

fn model(env: &Env, global: &Global, call: &Call, inside: Option<String>) -> Option<Sourced<String>> {
    let prefixed = |id: &str| id.strip_prefix("amazon-bedrock/").unwrap_or(id).to_owned();
    if let Some(id) = &call.model {
        return Some(Sourced::new(prefixed(id), Origin::Flag("--model")));
    }
    if let Some(id) = inside {
        return Some(Sourced::new(id, Origin::Code));
    }
    if let Some(id) = env.get_non_blank("OUTCROP_MODEL").filter(|_| !global.demo) {
        return Some(Sourced::new(prefixed(id.trim()), Origin::Variable("OUTCROP_MODEL".into())));
    }
    if global.demo {
        return Some(Sourced::new(DEMO_MODEL_ID.to_owned(), Origin::Demo));
    }
    None
}

/// The region that an ARN names in its fourth field.
fn arn_region(model: &str) -> Option<&str> {
    let region = model.strip_prefix("arn:")?.split(':').nth(2)?;
    (!region.is_empty()).then_some(region)
}

/// What every client takes from the flags, but for its region.
fn base(env: &Env, global: &Global, demo: Option<&Emulator>, out: &Out) -> ClientBuilder {
    let verbose = out.verbose();
    let mut builder = Client::builder().watch(move |notice| Out::log(verbose, notice));
    if let Some(demo) = demo {
        // The demo needs nothing of the user's: neither keys nor proxies nor endpoints.
        let keys =
            Credentials::new(crate::emulator::DEMO_ACCESS_KEY_ID, crate::emulator::DEMO_SECRET_ACCESS_KEY);
        let nothing =
            Env::empty().with("AWS_EC2_METADATA_DISABLED", "true").with("AWS_ENDPOINT_URL", demo.url());
        builder = builder
            .env(&nothing)
            .credentials(keys)
            .endpoint_from(Sourced::new(demo.url().to_owned(), Origin::Demo))
            .region_from(Sourced::new("us-east-1".to_owned(), Origin::Demo));
    } else {
        builder = builder.env(env);
    }
    if let Some(name) = &global.profile {
        builder = builder.profile_from(Sourced::new(name.clone(), Origin::Flag("--profile")));
    }
    if let Some(url) = &global.endpoint {
        builder = builder.endpoint_from(Sourced::new(url.clone(), Origin::Flag("--endpoint")));
    }
    if let Some(path) = &global.ca_bundle {
        builder = builder.ca_bundle_from(Sourced::new(path.clone(), Origin::Flag("--ca-bundle")));
    }
    builder
}

/// The region of the flag, else the one that the model's ARN names.
fn with_region(builder: ClientBuilder, global: &Global, model: Option<&Sourced<String>>) -> ClientBuilder {
    if let Some(region) = &global.region {
        return builder.region_from(Sourced::new(region.clone(), Origin::Flag("--region")));
    }
    match model.and_then(|model| arn_region(&model.value)) {
        Some(region) => builder.region_from(Sourced::new(region.to_owned(), Origin::ModelArn)),
        None => builder,
    }
}

fn timeouts(call: &Call) -> Timeouts {
    let mut timeouts = Timeouts::default();
    if let Some(idle) = call.idle_timeout {
        (timeouts.first_event, timeouts.next_event) = (idle, idle);
    }
    if let Some(whole) = call.timeout {
        timeouts.whole = whole;
    }
    timeouts
}
