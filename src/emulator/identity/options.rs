//! What the services behind credentials can be told: whom they know, and how long what they give out lives.
//!
//! Every setting has a default with which each way to credentials works. The words of errors are not
//! settings; errors that no setting brings about are asked for by a scenario, see
//! [`Scenario`](crate::emulator::Scenario).

use crate::secret::Secret;
use std::time::SystemTime;

/// Web identity token that every emulator accepts by default. Public, and of no use anywhere else.
pub const DEMO_WEB_IDENTITY_TOKEN: &str = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJvdXRjcm9wIn0.ZGVtbw";
/// SSO access token that every emulator accepts by default. Public, and of no use anywhere else.
pub const DEMO_SSO_ACCESS_TOKEN: &str = "aoaDemoAccessTokenOfTheOutcropEmulator";
/// Refresh token that every emulator accepts once by default. Public, and of no use anywhere else.
pub const DEMO_REFRESH_TOKEN: &str = "aorDemoRefreshTokenOfTheOutcropEmulator";
/// The registered client that may renew SSO access tokens.
pub const DEMO_SSO_CLIENT_ID: &str = "demoClientOfTheOutcropEmulator";
/// The secret of [`DEMO_SSO_CLIENT_ID`]. Public, and of no use anywhere else.
pub const DEMO_SSO_CLIENT_SECRET: &str = "demoClientSecretOfTheOutcropEmulator";
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

/// A role in an account that the SSO portal gives credentials for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SsoRole {
    /// Twelve digits.
    pub account_id: String,
    /// The name of the permission set.
    pub role_name: String,
}

/// A client that is registered with the OIDC service of SSO.
#[derive(Debug, Clone)]
pub struct SsoClient {
    /// Its id.
    pub client_id: String,
    /// The secret that it got with its id.
    pub client_secret: Secret,
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
    /// Tokens that the SSO portal accepts, beside those that its OIDC service gives out.
    pub sso_access_tokens: Vec<ExpiringToken>,
    /// What the SSO portal gives credentials for. `None`: every role in every account.
    pub sso_roles: Option<Vec<SsoRole>>,
    /// The clients that may renew SSO access tokens.
    pub sso_clients: Vec<SsoClient>,
    /// Tokens for which OIDC gives an access token, and AWS Sign-In credentials. Each is good for one use;
    /// the answer holds the next one.
    pub refresh_tokens: Vec<ExpiringToken>,
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
            sso_access_tokens: vec![ExpiringToken::lasting(DEMO_SSO_ACCESS_TOKEN)],
            sso_roles: None,
            sso_clients: vec![SsoClient {
                client_id: DEMO_SSO_CLIENT_ID.to_owned(),
                client_secret: Secret::from(DEMO_SSO_CLIENT_SECRET),
            }],
            refresh_tokens: vec![ExpiringToken::lasting(DEMO_REFRESH_TOKEN)],
            instance_metadata: InstanceMetadata::Role { name: DEMO_ROLE_NAME.to_owned(), is_stale: false },
            container_token: None,
        }
    }
}
