//! What an emulator can be told: where to listen, whom to let in, how fast to answer, what to get wrong.
//!
//! Every setting has a default that suits a demonstration on one machine. Nothing is read from the
//! environment.

use super::faults::Scenario;
use super::identity::IdentityOptions;
use crate::secret::Secret;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::SystemTime;

/// Access key id that every emulator accepts by default. Public, and of no use anywhere else.
pub const DEMO_ACCESS_KEY_ID: &str = "AKIDEMO0OUTCROP00001";
/// The secret of [`DEMO_ACCESS_KEY_ID`]. Public, and of no use anywhere else.
pub const DEMO_SECRET_ACCESS_KEY: &str = "demoSecretOfTheOutcropEmulator/IsPublic+";
/// Bearer token that every emulator accepts by default. Public, and of no use anywhere else.
pub const DEMO_BEARER_TOKEN: &str = "ABSKZGVtby10b2tlbi1vZi10aGUtb3V0Y3JvcC1lbXVsYXRvcg==";
/// A model that is always there, can be called on demand, and can do everything that the emulator knows.
pub const DEMO_MODEL_ID: &str = "emulator.basalt-v1:0";

/// An access key that the emulator accepts.
#[derive(Debug, Clone)]
pub struct AccessKey {
    /// The key's id.
    pub access_key_id: String,
    /// The secret that requests are signed with.
    pub secret_access_key: Secret,
    /// The token that must come with the key, for temporary ones.
    pub session_token: Option<Secret>,
    /// When the key ends. From then on the answer is `ExpiredTokenException`.
    pub expires: Option<SystemTime>,
}

impl AccessKey {
    /// The long-term key that the demonstration uses.
    pub fn demo() -> Self {
        Self {
            access_key_id: DEMO_ACCESS_KEY_ID.to_owned(),
            secret_access_key: Secret::from(DEMO_SECRET_ACCESS_KEY),
            session_token: None,
            expires: None,
        }
    }
}

/// How an emulator behaves. `EmulatorOptions::default()` accepts the demonstration's credentials on a free
/// port of the loopback address and answers as fast as it can.
#[derive(Debug, Clone)]
pub struct EmulatorOptions {
    /// Where to listen; port 0 takes a free one.
    pub addr: SocketAddr,
    /// The one region that signatures must be scoped to, and the region of its ARNs. `None` takes any region
    /// from the signature, and `us-east-1` where there is none.
    pub region: Option<String>,
    /// Whether credentials are checked. When not, any credentials will do, or none.
    pub require_auth: bool,
    /// Keys whose signatures are accepted.
    pub access_keys: Vec<AccessKey>,
    /// Tokens that are accepted as `Authorization: Bearer`.
    pub bearer_tokens: Vec<Secret>,
    /// Whom the services behind credentials know, and how long what they give out lives.
    pub identity: IdentityOptions,
    /// How far the emulator's clock is ahead of the real one, in seconds: the `Date` header and the check of
    /// signatures follow it.
    pub clock_offset_seconds: i64,
    /// Pace of the answers in tokens per second. 0, or what is no positive number, is as fast as possible.
    pub tokens_per_second: f64,
    /// Most profiles on one page of ListInferenceProfiles, whatever `maxResults` says.
    pub page_size: usize,
    /// The models and application profiles of the account, as JSON in the form of the built-in list
    /// (`src/emulator/models.json`). `None` takes that list.
    pub models: Option<String>,
    /// What to get wrong, and when.
    pub scenario: Scenario,
    /// How many requests [`Emulator::requests`](super::Emulator::requests) remembers: the newest ones.
    pub kept_requests: usize,
}

impl Default for EmulatorOptions {
    fn default() -> Self {
        Self {
            addr: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            region: None,
            require_auth: true,
            access_keys: vec![AccessKey::demo()],
            bearer_tokens: vec![Secret::from(DEMO_BEARER_TOKEN)],
            identity: IdentityOptions::default(),
            clock_offset_seconds: 0,
            tokens_per_second: 0.0,
            page_size: 100,
            models: None,
            scenario: Scenario::default(),
            kept_requests: 64,
        }
    }
}
