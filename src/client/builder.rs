//! Puts a client together: what is not said is taken from the environment that was given, or from defaults.
//!
//! It decides which value wins (explicit, then environment, then default) and records where each came from.

use super::{AuthSource, Client, Inner, Seams, non_zero, timed_out};
use crate::Env;
use crate::auth::profile::Profiles;
use crate::auth::{Auth, Chain, Credentials};
use crate::endpoint::{self, Service};
use crate::error::{Result, Waiting};
use crate::origin::{Origin, Sourced};
use crate::region::{self, Region};
use crate::secret::Secret;
use crate::transport::retry::{Notice, RetryBucket, RetryPolicy};
use crate::transport::{Transport, TransportOptions};
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
    env: Env,
    region: Option<Sourced<String>>,
    endpoint: Option<Sourced<String>>,
    auth: Option<Auth>,
    timeouts: Timeouts,
    max_attempts: Option<Sourced<u32>>,
    ca_bundle: Option<Sourced<PathBuf>>,
    transport: Option<Transport>,
    seams: Seams,
}

impl ClientBuilder {
    pub(super) fn new() -> Self {
        Self::default()
    }

    /// Takes what is not set here from `env`. Without it, nothing is read from anywhere.
    #[must_use]
    pub fn env(mut self, env: &Env) -> Self {
        self.env = env.clone();
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

    /// Signs with these keys; the chain is not asked.
    #[must_use]
    pub fn credentials(mut self, credentials: Credentials) -> Self {
        self.auth = Some(Auth::SigV4(credentials));
        self
    }

    /// Sends this Bedrock API key; the chain is not asked.
    #[must_use]
    pub fn bearer_token(mut self, token: impl Into<Secret>) -> Self {
        self.auth = Some(Auth::Bearer(token.into()));
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

    /// Another clock for signatures.
    #[must_use]
    pub fn clock(mut self, clock: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        self.seams.clock = Box::new(clock);
        self
    }

    /// Told of each attempt, answer and retry: for logs.
    #[must_use]
    pub fn watch(mut self, watch: impl Fn(&Notice<'_>) + Send + Sync + 'static) -> Self {
        self.seams.watch = Box::new(watch);
        self
    }

    /// Checks what was said and makes the client. Opens no file and no connection.
    ///
    /// # Errors
    /// [`Error::Config`](crate::Error::Config) for a value that cannot be used, with where it came from.
    pub fn build(self) -> Result<Client> {
        let no_files = |_: &Path| Err(io::ErrorKind::NotFound.into());
        let profiles = Profiles::new(&self.env, None, &no_files);
        let region = region::resolve(self.region, &self.env, None, || profiles.region())?;
        let region = region.unwrap_or_else(Region::fallback);
        let endpoint = endpoint::resolve(
            Service::BedrockRuntime,
            &region.value,
            self.endpoint.as_ref(),
            None,
            &self.env,
            &profiles,
        )?;
        let policy = RetryPolicy::resolve(self.max_attempts, &self.env)?;
        let transport = self.transport.unwrap_or_else(|| {
            let mut options = TransportOptions::from_env(&self.env);
            options.connect_timeout = self.timeouts.connect;
            options.ca_bundle = self.ca_bundle.or(options.ca_bundle);
            Transport::new(options)
        });
        Ok(Client(Arc::new(Inner {
            endpoint,
            region,
            auth: self.auth.map_or_else(|| AuthSource::Chain(Chain::new(self.env)), AuthSource::Fixed),
            transport,
            policy,
            bucket: RetryBucket::default(),
            timeouts: self.timeouts,
            seams: self.seams,
        })))
    }
}
