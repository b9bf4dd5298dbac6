//! Who is calling: credentials, the sources they come from, and what is made of them: a signature or a token.
//!
//! Each source has a file of its own and gives one of three answers ([`Answer`]): found, not here, broken.
//! Only "not here" moves the chain on; a broken source stops it, and the error says which one and why.

mod api_key;
pub mod bearer;
#[cfg(feature = "client")]
pub(crate) mod cache;
#[cfg(feature = "client")]
mod call;
#[cfg(feature = "client")]
pub(crate) mod chain;
#[cfg(feature = "client")]
mod container;
pub mod container_uri;
pub mod environment;
#[cfg(feature = "client")]
mod fields;
#[cfg(feature = "client")]
mod imds;
pub mod imds_endpoint;
#[cfg(feature = "client")]
mod local;
#[cfg(feature = "client")]
mod login;
#[cfg(feature = "client")]
mod process;
pub mod profile;
#[cfg(feature = "client")]
mod profile_source;
#[cfg(feature = "client")]
pub(crate) mod scheme;
pub mod sign;
#[cfg(feature = "client")]
mod sso;
#[cfg(feature = "client")]
pub(crate) mod sts;
#[cfg(feature = "client")]
mod survey;
#[cfg(feature = "client")]
mod web_identity;
#[cfg(feature = "client")]
pub mod world;

pub use api_key::{LONGEST_API_KEY_LIFE, ShortTermKey, bedrock_api_key, short_term_key};
#[cfg(feature = "client")]
pub use sts::CallerIdentity;
#[cfg(feature = "client")]
pub use survey::Survey;
#[cfg(feature = "client")]
pub use world::World;

use crate::endpoint::Endpoint;
use crate::error::Result;
use crate::secret::Secret;
use crate::trail::Source;
use std::fmt;
use std::time::SystemTime;

/// How a request is authorised.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Auth {
    /// Signed with these keys.
    SigV4(Credentials),
    /// With a Bedrock API key.
    Bearer(Secret),
    /// Not at all: for proxies that sign.
    None,
}

/// Keys to sign with.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// `AKIA...` for long-term keys, `ASIA...` for temporary ones.
    pub access_key_id: String,
    /// The key that signs.
    pub secret_access_key: Secret,
    /// Present for temporary keys.
    pub session_token: Option<Secret>,
    /// When they end; `None` for keys that do not say.
    pub expires_at: Option<SystemTime>,
    /// The account, where the source tells it.
    pub account_id: Option<String>,
    /// Where they came from.
    pub source: Source,
    /// How the source got them, for people: the role, the profile. No secret.
    pub via: Option<String>,
}

impl Credentials {
    /// Long-term keys, handed over by the calling program.
    pub fn new(access_key_id: impl Into<String>, secret_access_key: impl Into<Secret>) -> Self {
        Self {
            access_key_id: access_key_id.into(),
            secret_access_key: secret_access_key.into(),
            session_token: None,
            expires_at: None,
            account_id: None,
            source: Source::Code,
            via: None,
        }
    }

    /// The same keys with a session token.
    #[must_use]
    pub fn with_session_token(mut self, token: impl Into<Secret>) -> Self {
        self.session_token = Some(token.into());
        self
    }

    /// The headers that sign `request` for `endpoint` at the time `now`, as [`sign::sign`] makes them.
    ///
    /// # Errors
    /// [`Error::InvalidRequest`](crate::Error::InvalidRequest) for a URL that is not absolute, or text that no header
    /// can carry.
    pub fn sign(
        &self,
        request: sign::ToSign<'_>,
        endpoint: &Endpoint,
        now: SystemTime,
    ) -> Result<Vec<(String, String)>> {
        let keys = sign::SigningKeys {
            access_key_id: &self.access_key_id,
            secret_access_key: &self.secret_access_key,
            session_token: self.session_token.as_ref(),
        };
        let scope = sign::Scope { region: endpoint.signing_region.as_str(), service: endpoint.signing_name };
        let signed = sign::sign(request, keys, scope, now)?;
        Ok(signed.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }

    /// One clause for people: how the source got them, and the masked key id.
    pub fn summary(&self) -> String {
        let key = format!("key `{}`", self.masked_key_id());
        self.via.as_ref().map_or_else(|| key.clone(), |via| format!("{via}, {key}"))
    }

    /// The key id as it may be shown: its last four characters.
    pub fn masked_key_id(&self) -> String {
        let kept: Vec<char> = self.access_key_id.chars().rev().take(4).collect();
        format!("...{}", kept.into_iter().rev().collect::<String>())
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("access_key_id", &self.masked_key_id())
            .field("temporary", &self.session_token.is_some())
            .field("expires_at", &self.expires_at)
            .field("source", &self.source)
            .finish_non_exhaustive()
    }
}

/// What one source says.
#[derive(Debug)]
pub enum Answer<T> {
    /// It has something.
    Found(T),
    /// It is not set up here, and why that is known.
    NotHere(String),
    /// It is set up, and it failed.
    Broken(Failure),
}

/// Why a source failed: lower case, no full stop, no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What is wrong.
    pub problem: String,
    /// Whether the setup is at fault, as against a failure at run time.
    pub is_config: bool,
    /// Things to do, one a line.
    pub hints: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_show_four_characters_at_most() {
        let keys = Credentials::new("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI").with_session_token("token");
        let shown = format!("{keys:?}");
        assert!(shown.contains("...MPLE"), "{shown}");
        for secret in ["AKIAIOSFODNN7", "wJalr", "\"token\""] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }
}
