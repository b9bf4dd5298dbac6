//! Puts a client together: what is not said is taken from the environment that was given, or from defaults.
//!
//! It decides which value wins (explicit, then environment, then default) and records where each came from.

use super::settings::Given;
use super::{Client, Inner, non_zero, timed_out};
use crate::Env;
use crate::auth::profile::Profiles;
use crate::auth::{Auth, Credentials, World};
use crate::endpoint::{self, Service};
use crate::error::{Result, Waiting};
use crate::origin::{Origin, Sourced};
use crate::region::{self, Region};
use crate::secret::Secret;
use crate::transport::Transport;
use crate::transport::retry::{Notice, RetryBucket, RetryPolicy, Watch};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// Limits on waiting. Zero means none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// For TCP and TLS handshakes.
    pub connect: Duration,
    /// For the answer's head, and for the first event of a stream, counted from the start of the call.
    /// Models that think are silent for minutes.
    pub first_event: Duration,
    /// Between two arrivals of data in a stream.
    pub next_event: Duration,
    /// For the whole call.
    pub whole: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: crate::transport::CONNECT_TIMEOUT,
            first_event: Duration::from_secs(300),
            next_event: Duration::from_secs(120),
            whole: Duration::ZERO,
        }
    }
}

impl Timeouts {
    /// Runs `call` within the limit for the whole.
    pub(super) async fn bound<T>(&self, call: impl Future<Output = Result<T>>) -> Result<T> {
        let Some(limit) = non_zero(self.whole) else { return call.await };
        tokio::time::timeout(limit, call).await.unwrap_or_else(|_| Err(timed_out(Waiting::Whole, limit)))
    }
}

/// See [`Client::builder`].
#[derive(Default)]
pub struct ClientBuilder {
    env: Option<Env>,
    profile: Option<Sourced<String>>,
    region: Option<Sourced<String>>,
    endpoint: Option<Sourced<String>>,
    control_endpoint: Option<Sourced<String>>,
    configured_region: Option<Sourced<String>>,
    configured_endpoint: Option<Sourced<String>>,
    headers: Vec<(String, Secret)>,
    auth: Option<Auth>,
    auth_origin: Option<Origin>,
    timeouts: Timeouts,
    max_attempts: Option<Sourced<u32>>,
    ca_bundle: Option<Sourced<PathBuf>>,
    transport: Option<Transport>,
    world: World,
    watch: Option<Arc<Watch>>,
}

impl ClientBuilder {
    pub(super) fn new() -> Self {
        Self::default()
    }

    /// Takes what is not set here from `env`. Without it, nothing is read from anywhere.
    #[must_use]
    pub fn env(mut self, env: &Env) -> Self {
        self.env = Some(env.clone());
        self
    }

    /// The profile of the AWS files, in place of `AWS_PROFILE`.
    #[must_use]
    pub fn profile(self, name: impl Into<String>) -> Self {
        self.profile_from(Sourced::new(name.into(), Origin::Code))
    }

    /// The profile, with where it was named.
    #[must_use]
    pub fn profile_from(mut self, name: Sourced<String>) -> Self {
        self.profile = Some(name);
        self
    }

    /// The region: part of the default endpoint, and of each signature.
    #[must_use]
    pub fn region(self, region: impl Into<String>) -> Self {
        self.region_from(Sourced::new(region.into(), Origin::Code))
    }

    /// The region, with where it came from.
    #[must_use]
    pub fn region_from(mut self, region: Sourced<String>) -> Self {
        self.region = Some(region);
        self
    }

    /// The URL of the runtime, in place of the region's own.
    #[must_use]
    pub fn endpoint(self, url: impl Into<String>) -> Self {
        self.endpoint_from(Sourced::new(url.into(), Origin::Code))
    }

    /// The URL of the runtime, with where it came from.
    #[must_use]
    pub fn endpoint_from(mut self, url: Sourced<String>) -> Self {
        self.endpoint = Some(url);
        self
    }

    /// The URL of the control plane, which lists models, in place of the region's own.
    #[must_use]
    pub fn control_endpoint(self, url: impl Into<String>) -> Self {
        self.control_endpoint_from(Sourced::new(url.into(), Origin::Code))
    }

    /// The URL of the control plane, with where it was named.
    #[must_use]
    pub fn control_endpoint_from(mut self, url: Sourced<String>) -> Self {
        self.control_endpoint = Some(url);
        self
    }

    /// A region to use when no variable names one, before the AWS profile is asked: that of a configuration file.
    #[must_use]
    pub fn configured_region_from(mut self, region: Sourced<String>) -> Self {
        self.configured_region = Some(region);
        self
    }

    /// The URL of the runtime to use when no variable names one, before the AWS profile is asked: that of a
    /// configuration file.
    #[must_use]
    pub fn configured_endpoint_from(mut self, url: Sourced<String>) -> Self {
        self.configured_endpoint = Some(url);
        self
    }

    /// A header of every request to Bedrock, signed with it. It does not reach the services that credentials come
    /// from, and takes the place of none that belongs to the request or to its signature.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<Secret>) -> Self {
        self.headers.push((name.into().to_ascii_lowercase(), value.into()));
        self
    }

    /// Signs with these keys; the chain is not asked.
    #[must_use]
    pub fn credentials(mut self, credentials: Credentials) -> Self {
        self.auth = Some(Auth::SigV4(credentials));
        self
    }

    /// Sends this Bedrock API key; the chain is not asked.
    #[must_use]
    pub fn bearer_token(self, token: impl Into<Secret>) -> Self {
        self.bearer_token_from(Sourced::new(token.into(), Origin::Code))
    }

    /// Sends this Bedrock API key, with where it stands.
    #[must_use]
    pub fn bearer_token_from(mut self, token: Sourced<Secret>) -> Self {
        self.auth = Some(Auth::Bearer(token.value));
        self.auth_origin = Some(token.origin);
        self
    }

    /// Limits on waiting.
    #[must_use]
    pub fn timeouts(mut self, timeouts: Timeouts) -> Self {
        self.timeouts = timeouts;
        self
    }

    /// How many times a request is sent at most, from 1.
    #[must_use]
    pub fn max_attempts(self, attempts: u32) -> Self {
        self.max_attempts_from(Sourced::new(attempts, Origin::Code))
    }

    /// How many times a request is sent at most, with where that was said.
    #[must_use]
    pub fn max_attempts_from(mut self, attempts: Sourced<u32>) -> Self {
        self.max_attempts = Some(attempts);
        self
    }

    /// A PEM file whose certificates are trusted beside the bundled ones.
    #[must_use]
    pub fn ca_bundle(self, path: impl Into<PathBuf>) -> Self {
        self.ca_bundle_from(Sourced::new(path.into(), Origin::Code))
    }

    /// The same, with where it was said.
    #[must_use]
    pub fn ca_bundle_from(mut self, path: Sourced<PathBuf>) -> Self {
        self.ca_bundle = Some(path);
        self
    }

    /// Other connections than the network's: for tests, or to share them between clients.
    #[must_use]
    pub fn transport(mut self, transport: Transport) -> Self {
        self.transport = Some(transport);
        self
    }

    /// Other files, processes, name look-ups and so on than the machine's: for tests.
    #[must_use]
    pub fn world(mut self, world: World) -> Self {
        self.world = world;
        self
    }

    /// Another clock for signatures and expiry times.
    #[must_use]
    pub fn clock(mut self, clock: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        self.world.clock = Arc::new(clock);
        self
    }

    /// Asks a person for the code of the MFA device with this serial number, when a role needs one. Without it,
    /// such a role is an error. It is called on a thread of its own, and may block.
    #[must_use]
    pub fn mfa_code(mut self, ask: impl Fn(&str) -> io::Result<String> + Send + Sync + 'static) -> Self {
        self.world.mfa_code = Some(Arc::new(ask));
        self
    }

    /// Told of each attempt, answer and retry: for logs.
    #[must_use]
    pub fn watch(mut self, watch: impl Fn(&Notice<'_>) + Send + Sync + 'static) -> Self {
        self.watch = Some(Arc::new(watch));
        self
    }

    /// Checks what was said and what the variables say, and makes the client. Opens no file and no connection:
    /// the AWS files are read at the first call.
    ///
    /// # Errors
    /// [`Error::Config`](crate::Error::Config) for a value that cannot be used, with where it came from.
    pub fn build(self) -> Result<Client> {
        // Without an environment nothing is looked for anywhere, so not at the metadata service either.
        let env = self.env.unwrap_or_else(|| Env::empty().with("AWS_EC2_METADATA_DISABLED", "true"));
        let region = region::resolve(self.region, &env, self.configured_region, || Ok(None))?;
        RetryPolicy::resolve(self.max_attempts.as_ref(), &env, |_| None)?;
        for (service, url) in [
            (Service::BedrockRuntime, &self.endpoint),
            (Service::BedrockRuntime, &self.configured_endpoint),
            (Service::Bedrock, &self.control_endpoint),
        ] {
            if let Some(url) = url {
                check_url(service, url)?;
            }
        }
        let given = Given {
            env,
            profile: self.profile,
            region,
            endpoint: self.endpoint,
            control_endpoint: self.control_endpoint,
            configured_endpoint: self.configured_endpoint,
            headers: self.headers,
            auth: self.auth,
            auth_origin: self.auth_origin,
            max_attempts: self.max_attempts,
            ca_bundle: self.ca_bundle,
            connect_timeout: self.timeouts.connect,
            transport: self.transport,
            world: self.world,
            watch: self.watch.unwrap_or_else(|| Arc::new(|_| {})),
        };
        Ok(Client(Arc::new(Inner {
            given,
            settings: tokio::sync::OnceCell::new(),
            control: tokio::sync::OnceCell::new(),
            bucket: RetryBucket::default(),
            timeouts: self.timeouts,
            last: std::sync::Mutex::default(),
            lessons: std::sync::Mutex::default(),
        })))
    }
}

/// Checks the URL of a service without looking at anything else.
fn check_url(service: Service, url: &Sourced<String>) -> Result<()> {
    let no_files = |_: &Path| Err(io::ErrorKind::NotFound.into());
    let nothing = Env::empty();
    let profiles = Profiles::new(&nothing, None, &no_files);
    let region = Region::fallback().value;
    endpoint::resolve(service, &region, Some(url), None, &nothing, &profiles).map(drop)
}
