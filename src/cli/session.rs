//! From flags and environment to a client and a model: what was typed, and what it means.
//!
//! Each value keeps its origin, so that an error can say which one was used and where it came from.

use super::args::{Call, Global};
use super::out::Out;
use super::report::{Facts, Report};
use crate::Env;
use crate::auth::Credentials;
use crate::client::{Client, Timeouts};
use crate::emulator::{DEMO_MODEL_ID, Emulator, EmulatorOptions};
use crate::error::{Error, IoFailure, Result};
use crate::origin::{Origin, Sourced};

/// What a call needs.
pub(super) struct Session {
    pub client: Client,
    pub model: Sourced<String>,
    /// Serves `--demo`; ends when the session ends.
    _demo: Option<Emulator>,
}

/// Pace of the demo: that of a quick model.
const DEMO_TOKENS_PER_SECOND: f64 = 80.0;

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
        let demo = if global.demo { Some(start_demo().await.map_err(|e| Report::plain(&e))?) } else { None };
        let model = model(env, global, call, inside).ok_or_else(Report::no_model)?;
        let client = client(env, global, call, &model, demo.as_ref(), out);
        let client =
            client.map_err(|error| Report::new(&error, &Facts { model: Some(&model), client: None }))?;
        Ok(Self { client, model, _demo: demo })
    }

    /// An error of this session, with what the session knows.
    pub(super) fn report(&self, error: &Error) -> Report {
        Report::new(error, &Facts { model: Some(&self.model), client: Some(&self.client) })
    }
}

async fn start_demo() -> Result<Emulator> {
    let options = EmulatorOptions { tokens_per_second: DEMO_TOKENS_PER_SECOND, ..EmulatorOptions::default() };
    Emulator::start(options).await.map_err(|source| {
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

fn client(
    env: &Env,
    global: &Global,
    call: &Call,
    model: &Sourced<String>,
    demo: Option<&Emulator>,
    out: &Out,
) -> Result<Client> {
    let verbose = out.verbose();
    let mut builder =
        Client::builder().timeouts(timeouts(call)).watch(move |notice| Out::log(verbose, notice));
    if let Some(demo) = demo {
        // The demo needs nothing of the user's: neither keys nor proxies nor endpoints.
        let keys =
            Credentials::new(crate::emulator::DEMO_ACCESS_KEY_ID, crate::emulator::DEMO_SECRET_ACCESS_KEY);
        builder = builder
            .credentials(keys)
            .endpoint_from(Sourced::new(demo.url().to_owned(), Origin::Demo))
            .region_from(Sourced::new("us-east-1".to_owned(), Origin::Demo));
    } else {
        builder = builder.env(env);
    }
    if let Some(region) = &global.region {
        builder = builder.region_from(Sourced::new(region.clone(), Origin::Flag("--region")));
    } else if let Some(region) = arn_region(&model.value) {
        builder = builder.region_from(Sourced::new(region.to_owned(), Origin::ModelArn));
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
    if let Some(attempts) = call.max_attempts {
        builder = builder.max_attempts_from(Sourced::new(attempts, Origin::Flag("--max-attempts")));
    }
    builder.build()
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
