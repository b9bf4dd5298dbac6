//! From flags, environment and configuration to a client and a model: what was typed, and what it means.
//!
//! Each value keeps its origin, so that an error can say which one was used and where it came from.

use super::args::{Call, Global};
use super::model::Choice;
use super::out::Out;
use super::report::{Facts, Report};
use crate::Env;
use crate::auth::{Credentials, bearer};
use crate::catalog::ModelId;
use crate::catalog::discover::{DiscoveryOptions, ProviderFilter};
use crate::catalog::store::Store;
use crate::client::{Client, ClientBuilder, Timeouts};
use crate::config::{BaseUrl, Config, ConfigChoice, ConfiguredModel};
use crate::emulator::{DEMO_MODEL_ID, Emulator, EmulatorOptions};
use crate::error::{Error, IoFailure, Result};
use crate::origin::{Origin, Sourced};
use crate::region::Region;
use crate::transport::retry::Notice;
use std::sync::Arc;

/// A client with what it was made from, and the demo server that it talks to, if any.
pub(super) struct Connection {
    pub client: Client,
    /// Lists models, in another region than that of calls if the configuration says so.
    pub lister: Client,
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
    /// As it stands, where the request itself names the model.
    AsTyped,
}

/// Told of each attempt of a client, beside the log.
pub(super) type Watcher = Arc<dyn Fn(&Notice<'_>) + Send + Sync>;

/// Pace of the demo: that of a quick model.
const DEMO_TOKENS_PER_SECOND: f64 = 80.0;

impl Connection {
    /// Makes a client for commands that send no request of the user's, and the demo server if it is asked for.
    /// `model` is one that the command is about: an ARN names the region of its calls.
    pub(super) async fn open(
        env: &Env,
        global: &Global,
        model: Option<&str>,
        out: &Out,
    ) -> Result<Self, Report> {
        let config = config(env, global).map_err(|error| Report::plain(&error))?;
        let region = model.or(config.model.as_ref().map(|model| model.value.as_str()));
        let region = region.and_then(|model| arn_region(model, &config));
        let opened =
            Self::build(env, global, config, out, |builder| with_region(builder, global, region.clone()));
        opened.await.map_err(|error| Report::plain(&error))
    }

    async fn build(
        env: &Env,
        global: &Global,
        config: Config,
        out: &Out,
        adjust: impl Fn(ClientBuilder) -> ClientBuilder,
    ) -> Result<Self> {
        config.warnings.iter().for_each(|warning| out.warn(warning));
        let demo = start_demo(global).await?;
        let client = adjust(base(env, global, &config, demo.as_ref(), out)).build()?;
        let lister = match &config.discovery.region {
            Some(region) if base_region(&config).is_none() => {
                let builder = base(env, global, &config, demo.as_ref(), out);
                with_region(builder.configured_region_from(name_of(region.clone())), global, None).build()?
            }
            Some(_) | None => client.clone(),
        };
        // What the demo lists is not kept among what Bedrock lists.
        let store = if global.demo { Store::with_folder(None) } else { Store::open(env) };
        Ok(Self { client, lister, config, store, _demo: demo })
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
        Self::open_watched(env, global, call, inside, naming, out, None).await
    }

    /// The same with somebody else who is told of the attempts.
    pub(super) async fn open_watched(
        env: &Env,
        global: &Global,
        call: &Call,
        inside: Option<String>,
        naming: Naming,
        out: &Out,
        watcher: Option<Watcher>,
    ) -> Result<Self, Report> {
        let config = config(env, global).map_err(|error| Report::plain(&error))?;
        // A request that names its own model is sent as it is; what a person names may be a name.
        let naming = if inside.is_some() && call.model.is_none() { naming } else { Naming::Resolved };
        let typed = typed(env, global, call, inside, &config).ok_or_else(Report::no_model)?;
        let region = match naming {
            Naming::Resolved => arn_region(&typed.value, &config),
            Naming::AsTyped => ModelId::parse(&typed.value).and_then(|id| id.region().map(str::to_owned)),
        };
        let limits = timeouts(call, &config);
        let attempts = config.chat.max_attempts.clone().filter(|_| !env.is_set("AWS_MAX_ATTEMPTS"));
        let attempts = call
            .max_attempts
            .map(|attempts| Sourced::new(attempts, Origin::Flag("--max-attempts")))
            .or(attempts);
        let opened = Connection::build(env, global, config, out, |builder| {
            let mut builder = builder.timeouts(limits);
            if let Some(attempts) = &attempts {
                builder = builder.max_attempts_from(attempts.clone());
            }
            if let Some(watcher) = watcher.clone() {
                let log = out.log();
                builder = builder.watch(move |notice| {
                    log(notice);
                    watcher(notice);
                });
            }
            with_region(builder, global, region.clone())
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

/// The region of the ARN that a name stands for: itself, an alias, or the name of a configured model.
fn arn_region(typed: &str, config: &Config) -> Option<String> {
    let mut text = typed.trim();
    // Aliases of aliases; one that comes back to itself names no ARN.
    for _ in 0..config.aliases.len() + 3 {
        let id = ModelId::parse(text)?;
        if let Some(region) = id.region() {
            return Some(region.to_owned());
        }
        let same = |name: &str| name.eq_ignore_ascii_case(text) || name.eq_ignore_ascii_case(id.as_str());
        let alias = config.aliases.iter().find(|(alias, _)| same(alias)).map(|(_, target)| &target.value);
        let has_name = |model: &&ConfiguredModel| model.name.as_ref().is_some_and(|name| same(&name.value));
        let named = config.provider.models.iter().find(has_name).map(|model| &model.id.value);
        text = alias.or(named)?;
    }
    None
}

/// What every client takes from flags and configuration, but for its region.
fn base(env: &Env, global: &Global, config: &Config, demo: Option<&Emulator>, out: &Out) -> ClientBuilder {
    let mut builder = Client::builder().watch(out.log());
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
        let ask = out.asker();
        builder = builder.mfa_code(move |serial| ask(&format!("code of the MFA device {serial}")));
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
        Some(key) if env.get_non_blank(bearer::VARIABLE).is_none() => builder.bearer_token_from(key.clone()),
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
