//! What a client finds out at its first call: region, endpoint, retries, connections, credentials to come.
//!
//! Only here are the AWS files opened for settings, and only for what nothing stronger has said; the instance is
//! asked for its region when all else is silent. What is found is kept for the life of the client; a failure is not.

use crate::Env;
use crate::auth::cache::CredentialCache;
use crate::auth::chain::Chain;
use crate::auth::profile::Profiles;
use crate::auth::{Auth, Credentials, World, bearer, scheme};
use crate::endpoint::{self, Endpoint, Service, Switch};
use crate::error::Result;
use crate::origin::{Origin, Sourced};
use crate::region::{self, Region};
use crate::secret::Secret;
use crate::transport::rate::RateLimiter;
use crate::transport::retry::{RetryPolicy, Watch};
use crate::transport::skew::ClockSkew;
use crate::transport::{Transport, TransportOptions};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Limit for connections to the metadata service and to the container agent.
const LOCAL_CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// Variables that say where credentials are, and hold none.
const CREDENTIAL_PLACES: [&str; 6] = [
    "AWS_PROFILE",
    "AWS_ROLE_ARN",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONFIG_FILE",
    "AWS_SHARED_CREDENTIALS_FILE",
];

/// What the calling program and the environment say, before any file is opened.
pub(super) struct Given {
    pub(super) env: Env,
    pub(super) profile: Option<Sourced<String>>,
    /// From the program or a variable.
    pub(super) region: Option<Sourced<Region>>,
    pub(super) endpoint: Option<Sourced<String>>,
    pub(super) control_endpoint: Option<Sourced<String>>,
    /// Weaker than the variables, stronger than the AWS profile.
    pub(super) configured_endpoint: Option<Sourced<String>>,
    /// Of every request to Bedrock.
    pub(super) headers: Vec<(String, Secret)>,
    pub(super) auth: Option<Auth>,
    /// Where a token was said.
    pub(super) auth_origin: Option<Origin>,
    pub(super) max_attempts: Option<Sourced<u32>>,
    pub(super) ca_bundle: Option<Sourced<PathBuf>>,
    pub(super) connect_timeout: Duration,
    pub(super) transport: Option<Transport>,
    pub(super) world: World,
    /// Told of every attempt.
    pub(super) watch: Arc<Watch>,
}

/// What a client uses for its calls. See [`Client::settings`](super::Client::settings).
pub struct Settings {
    /// The region that requests are signed for.
    pub region: Sourced<Region>,
    /// Where requests go.
    pub endpoint: Sourced<Endpoint>,
    pub(super) policy: RetryPolicy,
    pub(super) limiter: Option<RateLimiter>,
    pub(super) skew: ClockSkew,
    pub(super) transport: Transport,
    pub(super) auth: AuthSource,
}

/// Where authorisation comes from.
pub(super) enum AuthSource {
    /// Said by the calling program. The chain finds nothing here; it reaches STS.
    Fixed(Auth, Box<Chain>),
    /// Found by the chain.
    Chain(Box<CredentialCache>),
}

impl Settings {
    pub(super) async fn find(given: &Given) -> Result<Self> {
        let Given { env, world, .. } = given;
        let profiles = Profiles::new(env, given.profile.clone(), &*world.read_file);
        let (transport, local) = given.transports(&profiles);
        let chain = Chain::new(env.clone(), given.profile.clone(), world.clone(), transport.clone(), local)
            .watched(Arc::clone(&given.watch));
        let region = match &given.region {
            Some(region) => region.clone(),
            None => find_region(env, &profiles, &chain).await?,
        };
        let endpoint = endpoint::resolve(
            Service::BedrockRuntime,
            &region.value,
            given.endpoint.as_ref(),
            given.configured_endpoint.as_ref(),
            env,
            &profiles,
        )?;
        let setting = |name: &str| profiles.setting(name).map(|found| found.map(str::to_owned));
        let policy = RetryPolicy::resolve(given.max_attempts.as_ref(), env, setting)?;
        let auth = match &given.auth {
            Some(auth) => AuthSource::Fixed(auth.clone(), Box::new(chain)),
            None => {
                scheme::check(env, &profiles)?;
                AuthSource::Chain(Box::new(CredentialCache::new(chain, region.value.clone())))
            }
        };
        let correction = Switch::read(
            "AWS_DISABLE_CLOCK_SKEW_CORRECTION",
            "disable_clock_skew_correction",
            env,
            &profiles,
        );
        Ok(Self {
            region,
            endpoint,
            limiter: policy.is_adaptive.then(RateLimiter::default),
            policy,
            skew: if correction.is_on { ClockSkew::off() } else { ClockSkew::default() },
            transport,
            auth,
        })
    }
}

/// The region of the profile, of the instance, or the one that is used when nothing names one.
async fn find_region(env: &Env, profiles: &Profiles<'_>, chain: &Chain) -> Result<Sourced<Region>> {
    if let Some(region) = region::resolve(None, env, None, || profiles.region())? {
        return Ok(region);
    }
    let found = chain.instance_region(profiles).await;
    Ok(found.map_or_else(Region::fallback, |region| Sourced::new(region, Origin::InstanceMetadata)))
}

impl Given {
    /// Where the control plane is called. It is looked up apart from the rest: a setting for it that cannot be
    /// used must not stop a chat.
    pub(super) fn control_endpoint(&self, region: &Region) -> Result<Sourced<Endpoint>> {
        let profiles = Profiles::new(&self.env, self.profile.clone(), &*self.world.read_file);
        let explicit = self.control_endpoint.as_ref();
        endpoint::resolve(Service::Bedrock, region, explicit, None, &self.env, &profiles)
    }

    /// What tells these credentials from others, as far as that can be told without asking anyone: kinds and names,
    /// and of a key's id its end. No secret.
    pub(super) fn credential_marks(&self) -> String {
        match &self.auth {
            Some(Auth::SigV4(keys)) => return format!("keys {}", keys.masked_key_id()),
            Some(Auth::Bearer(_)) => return "token".to_owned(),
            Some(Auth::None) => return "nothing".to_owned(),
            None => {}
        }
        let mut marks = vec![format!("token {}", self.env.get_non_blank(bearer::VARIABLE).is_some())];
        if let Some(id) = self.env.get_non_blank("AWS_ACCESS_KEY_ID") {
            marks.push(Credentials::new(id, "").masked_key_id());
        }
        marks.extend(self.profile.as_ref().map(|profile| format!("profile {}", profile.value)));
        marks.extend(
            CREDENTIAL_PLACES.iter().filter_map(|name| Some(format!("{name} {}", self.env.get(name)?))),
        );
        marks.join("\n")
    }

    /// The connections to AWS, and those to the services of this machine.
    fn transports(&self, profiles: &Profiles<'_>) -> (Transport, Transport) {
        if let Some(transport) = &self.transport {
            return (transport.clone(), transport.clone());
        }
        let mut options = TransportOptions::from_env(&self.env);
        options.connect_timeout = self.connect_timeout;
        options.ca_bundle = self.ca_bundle.clone().or(options.ca_bundle).or_else(|| {
            let path = profiles.setting("ca_bundle").filter(|path| !path.value.is_empty())?;
            Some(path.map(|path| self.env.expand_home(path)))
        });
        let local = Transport::new(options.without_proxies(LOCAL_CONNECT_TIMEOUT));
        (Transport::new(options), local)
    }
}
