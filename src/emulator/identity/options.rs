//! What the services behind credentials can be told: whom they know, and how long what they give out lives.
//!
//! Every setting has a default with which each way to credentials works. The words of errors are not
//! settings; errors that no setting brings about are asked for by a scenario, see
//! [`Scenario`](crate::emulator::Scenario).

use crate::secret::Secret;
use std::time::SystemTime;

/// Web identity token that every emulator accepts by default. Public, and of no use anywhere else.
pub const DEMO_WEB_IDENTITY_TOKEN: &str = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJvdXRjcm9wIn0.ZGVtbw";
/// The role of the instance whose metadata the emulator serves, and of the container.
pub const DEMO_ROLE_NAME: &str = "OutcropDemo";
/// The account in which the emulator's callers and resources are, where a request names no other.
pub const DEMO_ACCOUNT_ID: &str = "123456789012";

/// A token from outside that is accepted until its time is over.
#[derive(Debug, Clone)]
pub struct ExpiringToken {
    /// The token.
    pub token: Secret,
    /// When it ends; `None`: never.
    pub expires: Option<SystemTime>,
}

impl ExpiringToken {
    /// A token that never ends.
    pub fn lasting(token: impl Into<Secret>) -> Self {
        Self { token: token.into(), expires: None }
    }
}

/// What the instance metadata service (IMDSv2, under `/latest/`) has to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InstanceMetadata {
    /// Nothing: connections are closed without an answer.
    Disabled,
    /// The instance has no role: 404 on the list of roles.
    NoRole,
    /// The instance has a role.
    Role {
        /// Its name.
        name: String,
        /// Whether the credentials claim to have ended an hour ago. They work all the same, as they do while
        /// the service behind the metadata is down ("static stability").
        is_stale: bool,
    },
}

/// How the services behind credentials behave.
#[derive(Debug, Clone)]
pub struct IdentityOptions {
    /// How long credentials and access tokens live that are given out, in seconds. A request for less (STS:
    /// `DurationSeconds`) gets less.
    pub credential_lifetime_seconds: u64,
    /// ARNs of the roles that can be assumed. `None`: every role.
    pub roles: Option<Vec<String>>,
    /// Tokens that AssumeRoleWithWebIdentity accepts.
    pub web_identity_tokens: Vec<ExpiringToken>,
    /// The instance whose metadata is served.
    pub instance_metadata: InstanceMetadata,
    /// What the `Authorization` header of requests for a container's credentials must hold. `None`: anything
    /// or nothing.
    pub container_token: Option<Secret>,
}

impl Default for IdentityOptions {
    fn default() -> Self {
        Self {
            credential_lifetime_seconds: 3_600,
            roles: None,
            web_identity_tokens: vec![ExpiringToken::lasting(DEMO_WEB_IDENTITY_TOKEN)],
            instance_metadata: InstanceMetadata::Role { name: DEMO_ROLE_NAME.to_owned(), is_stale: false },
            container_token: None,
        }
    }
}
