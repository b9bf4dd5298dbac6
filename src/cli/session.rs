//! From flags, environment and configuration to a client and a model: what was typed, and what it means.
//!
//! Each value keeps its origin, so that an error can say which one was used and where it came from.

use super::args::{Call, Global};
use super::model::Choice;
use super::out::Out;
use super::report::{Facts, Report};
use crate::Env;
use crate::auth::{Credentials, bearer};
use crate::catalog::discover::{DiscoveryOptions, ProviderFilter};
use crate::catalog::store::Store;
use crate::client::{Client, ClientBuilder, Timeouts};
use crate::config::{BaseUrl, Config, ConfigChoice};
use crate::emulator::{DEMO_MODEL_ID, Emulator, EmulatorOptions};
use crate::error::{Error, IoFailure, Result};
use crate::origin::{Origin, Sourced};
use crate::region::Region;

/// A client with what it was made from, and the demo server that it talks to, if any.
pub(super) struct Connection {
    pub client: Client,
    pub config: Config,
    pub store: Store,
    /// Serves `--demo`; ends when the connection ends.
    _demo: Option<Emulator>,
}

/// What a call of a model needs.
pub(super) struct Session {
    pub connection: Connection,
    pub choice: Choice,
}

/// Whether the name of a model is looked up.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Naming {
    /// Aliases, parts of names, and profiles in place of models.
    Resolved,
    /// As it stands: for requests that are sent as they are. `inside` the request a model may be named.
    AsTyped,
}

/// Pace of the demo: that of a quick model.
const DEMO_TOKENS_PER_SECOND: f64 = 80.0;

impl Connection {
    /// Makes a client for commands that call no model, and the demo server if it is asked for.
    pub(super) async fn open(env: &Env, global: &Global, out: &Out) -> Result<Self, Report> {
        let config = config(env, global).map_err(|error| Report::plain(&error))?;
        let region = config.discovery.region.clone();
        Self::build(env, global, config, out, |builder, config| {
            let builder = with_region(builder, global, None);
            match (base_region(config), region) {
                (None, Some(region)) => builder.configured_region_from(name_of(region)),
                (Some(_), _) | (None, None) => builder,
            }
        })
        .await
        .map_err(|error| Report::plain(&error))
    }

    async fn build(
        env: &Env,
        global: &Global,
        config: Config,
        out: &Out,
        adjust: impl FnOnce(ClientBuilder, &Config) -> ClientBuilder,
    ) -> Result<Self> {
        config.warnings.iter().for_each(|warning| out.warn(warning));
        let demo = start_demo(global).await?;
        let builder = base(env, global, &config, demo.as_ref(), out);
        let client = adjust(builder, &config).build()?;
        // What the demo lists is not kept among what Bedrock lists.
        let store = if global.demo { Store::with_folder(None) } else { Store::open(env) };
        Ok(Self { client, config, store, _demo: demo })
    }

    /// An error of this connection, with what it knows.
    pub(super) fn report(&self, error: &Error) -> Report {
        Report::new(error, &Facts { model: None, client: Some(&self.client) })
    }

    /// What is looked for in a region, as the configuration says it.
    pub(super) fn discovery(&self) -> DiscoveryOptions {
        let said = &self.config.discovery;
        let mut options = DiscoveryOptions::default();
        if let Some(filter) = &said.provider_filter {
            options.provider_filter = ProviderFilter::new(&filter.value);
        }
        if let Some(include) = &said.include_inference_profiles {
            options.include_inference_profiles = include.value;
        }
        if let Some(interval) = &said.refresh_interval {
            options.refresh_interval = interval.value;
        }
        options
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
        naming: Naming,
        out: &Out,
    ) -> Result<Self, Report> {
        let config = config(env, global).map_err(|error| Report::plain(&error))?;
        let typed = typed(env, global, call, inside, &config).ok_or_else(Report::no_model)?;
        let target = config.aliases.get(&typed.value).filter(|_| naming == Naming::Resolved);
        let region = arn_region(target.map_or(&typed.value, |target| &target.value)).map(str::to_owned);
        let opened = Connection::build(env, global, config, out, |builder, config| {
            let mut builder = builder.timeouts(timeouts(call, config));
            let configured = config.chat.max_attempts.as_ref().filter(|_| !env.is_set("AWS_MAX_ATTEMPTS"));
            if let Some(attempts) = call.max_attempts {
                builder = builder.max_attempts_from(Sourced::new(attempts, Origin::Flag("--max-attempts")));
            } else if let Some(attempts) = configured {
                builder = builder.max_attempts_from(attempts.clone());
            }
            with_region(builder, global, region)
        });
        let facts = Facts { model: Some(&typed), client: None };
        let connection = opened.await.map_err(|error| Report::new(&error, &facts))?;
        let choice = Choice::make(&connection, typed, naming, out).await?;
        Ok(Self { connection, choice })
    }

    /// An error of this session, with what the session knows.
    pub(super) fn report(&self, error: &Error) -> Report {
        Report::new(error, &Facts { model: Some(&self.choice.model), client: Some(&self.connection.client) })
    }
}

/// The configuration file. The demo needs nothing of the user's.
pub(super) fn config(env: &Env, global: &Global) -> Result<Config> {
    let choice = match &global.config {
        Some(path) => ConfigChoice::File(path.clone()),
        None if global.no_config || global.demo => ConfigChoice::None,
        None => ConfigChoice::Search,
    };
    Config::load(env, &choice)
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

/// The model that was named, and where.
fn typed(
    env: &Env,
    global: &Global,
    call: &Call,
    inside: Option<String>,
    config: &Config,
) -> Option<Sourced<String>> {
    let bare = |id: &str| id.strip_prefix("amazon-bedrock/").unwrap_or(id).to_owned();
    if let Some(id) = &call.model {
        return Some(Sourced::new(bare(id), Origin::Flag("--model")));
    }
    if let Some(id) = inside {
        return Some(Sourced::new(id, Origin::Code));
    }
    if global.demo {
        return Some(Sourced::new(DEMO_MODEL_ID.to_owned(), Origin::Demo));
    }
    if let Some(id) = env.get_non_blank("OUTCROP_MODEL") {
        return Some(Sourced::new(bare(id.trim()), Origin::Variable("OUTCROP_MODEL".into())));
    }
    config.model.clone()
}

/// The region that an ARN names in its fourth field.
fn arn_region(model: &str) -> Option<&str> {
    let region = model.strip_prefix("arn:")?.split(':').nth(2)?;
    (!region.is_empty()).then_some(region)
}

/// What every client takes from flags and configuration, but for its region.
fn base(env: &Env, global: &Global, config: &Config, demo: Option<&Emulator>, out: &Out) -> ClientBuilder {
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
        builder = configured(builder.env(env), env, config);
    }
    if Out::can_ask() {
        builder = builder.mfa_code(|serial| Out::ask(&format!("code of the MFA device {serial}")));
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

/// What the configuration says of the provider.
fn configured(mut builder: ClientBuilder, env: &Env, config: &Config) -> ClientBuilder {
    if let Some(region) = base_region(config) {
        builder = builder.configured_region_from(name_of(region));
    }
    if let Some(Sourced { value: BaseUrl::Endpoint(url), origin }) = &config.provider.base_url {
        builder = builder.configured_endpoint_from(Sourced::new(url.clone(), origin.clone()));
    }
    for (name, value) in &config.provider.headers {
        builder = builder.header(name, value.value.clone());
    }
    // A key of the environment wins over one of the file.
    match &config.provider.api_key {
        Some(key) if env.get_non_blank(bearer::VARIABLE).is_none() => builder.bearer_token(key.value.clone()),
        Some(_) | None => builder,
    }
}

/// The region in the host of a standard `baseUrl`.
fn base_region(config: &Config) -> Option<Sourced<Region>> {
    match config.provider.base_url.as_ref()? {
        Sourced { value: BaseUrl::Region(region), origin } => {
            Some(Sourced::new(region.clone(), origin.clone()))
        }
        Sourced { value: BaseUrl::Endpoint(_), .. } => None,
    }
}

fn name_of(region: Sourced<Region>) -> Sourced<String> {
    region.map(|region| region.as_str().to_owned())
}

/// The region of the flag, else the one that the model's ARN names.
fn with_region(builder: ClientBuilder, global: &Global, arn: Option<String>) -> ClientBuilder {
    if let Some(region) = &global.region {
        return builder.region_from(Sourced::new(region.clone(), Origin::Flag("--region")));
    }
    match arn {
        Some(region) => builder.region_from(Sourced::new(region, Origin::ModelArn)),
        None => builder,
    }
}

fn timeouts(call: &Call, config: &Config) -> Timeouts {
    let mut timeouts = Timeouts::default();
    let said = |limit: &Option<Sourced<std::time::Duration>>| limit.as_ref().map(|limit| limit.value);
    if let Some(idle) = call.idle_timeout.or(said(&config.chat.idle_timeout)) {
        (timeouts.first_event, timeouts.next_event) = (idle, idle);
    }
    if let Some(whole) = call.timeout.or(said(&config.chat.timeout)) {
        timeouts.whole = whole;
    }
    timeouts
}
