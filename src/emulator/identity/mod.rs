//! The services behind credentials, on the same port as Bedrock: STS, the SSO portal and its OIDC
//! service, AWS Sign-In, instance metadata, and the endpoint of containers.
//!
//! What they give out Bedrock's operations accept until it ends. This file finds out which service a request
//! is for; each service has a file of its own, with its answers and its form of errors. Identities have no
//! policies: whoever is known may call everything.

mod container;
mod dpop;
mod issued;
mod metadata;
mod options;
mod signin;
mod sso;
mod sts;

pub use options::{
    DEMO_ACCOUNT_ID, DEMO_REFRESH_TOKEN, DEMO_ROLE_NAME, DEMO_SSO_ACCESS_TOKEN, DEMO_SSO_CLIENT_ID,
    DEMO_SSO_CLIENT_SECRET, DEMO_WEB_IDENTITY_TOKEN, ExpiringToken, IdentityOptions, InstanceMetadata,
    SsoClient, SsoRole,
};

pub(super) use issued::{HeldKey, Issued};

#[cfg(test)]
pub(super) use dpop::tests::proof as dpop_proof;

use super::answer::{Answer, Break, Reply};
use super::received::Received;
use super::refusal::Refusal;
use super::verify::Gate;
use issued::{Issue, Purpose, Standing};
use std::time::Duration;

/// A service that is not Bedrock itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Service {
    Sts,
    Metadata,
    Container,
    Portal,
    Oidc,
    Signin,
}

/// A request to one of the services.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Call {
    AssumeRole,
    AssumeRoleWithWebIdentity,
    GetCallerIdentity,
    /// A form for STS with an action that is not there.
    UnknownAction,
    MetadataToken,
    MetadataRole,
    MetadataCredentials,
    MetadataRegion,
    /// Anything else under `/latest/`.
    UnknownMetadata,
    ContainerCredentials,
    GetRoleCredentials,
    CreateToken,
    CreateOAuth2Token,
}

impl Call {
    /// The name by which a scenario's rules know it: AWS's, where AWS has one.
    pub(super) fn name(self) -> &'static str {
        match self {
            Call::AssumeRole => "AssumeRole",
            Call::AssumeRoleWithWebIdentity => "AssumeRoleWithWebIdentity",
            Call::GetCallerIdentity => "GetCallerIdentity",
            Call::MetadataToken => "GetMetadataToken",
            Call::MetadataRole => "GetMetadataRole",
            Call::MetadataCredentials => "GetMetadataCredentials",
            Call::MetadataRegion => "GetMetadataRegion",
            Call::ContainerCredentials => "GetContainerCredentials",
            Call::GetRoleCredentials => "GetRoleCredentials",
            Call::CreateToken => "CreateToken",
            Call::CreateOAuth2Token => "CreateOAuth2Token",
            Call::UnknownAction | Call::UnknownMetadata => "Unknown",
        }
    }

    fn service(self) -> Service {
        match self {
            Call::AssumeRole
            | Call::AssumeRoleWithWebIdentity
            | Call::GetCallerIdentity
            | Call::UnknownAction => Service::Sts,
            Call::MetadataToken
            | Call::MetadataRole
            | Call::MetadataCredentials
            | Call::MetadataRegion
            | Call::UnknownMetadata => Service::Metadata,
            Call::ContainerCredentials => Service::Container,
            Call::GetRoleCredentials => Service::Portal,
            Call::CreateToken => Service::Oidc,
            Call::CreateOAuth2Token => Service::Signin,
        }
    }
}

/// The service and operation that a request is for. `None`: Bedrock's.
pub(super) fn route(received: &Received) -> Option<Call> {
    match (received.method.as_str(), received.path()) {
        ("POST", "/") if has_form(received) => Some(sts::route(&received.body)),
        (method, path) if path.starts_with("/latest/") => Some(metadata::route(method, path)),
        ("GET", "/federation/credentials") => Some(Call::GetRoleCredentials),
        ("POST", "/token") => Some(Call::CreateToken),
        ("POST", "/v1/token") => Some(Call::CreateOAuth2Token),
        (method, path) => container::route(method, path),
    }
}

fn has_form(received: &Received) -> bool {
    let content_type = received.header("content-type").unwrap_or_default();
    content_type.starts_with("application/x-www-form-urlencoded")
}

/// How long a refresh token lasts: the longest session of SSO.
const REFRESH_TOKEN_LIFETIME: Duration = Duration::from_secs(90 * 24 * 60 * 60);

/// One request, with what is needed to answer it.
pub(super) struct Visit<'a> {
    pub(super) received: &'a Received,
    pub(super) gate: &'a Gate<'a>,
    pub(super) request_id: &'a str,
}

impl<'a> Visit<'a> {
    fn options(&self) -> &'a IdentityOptions {
        &self.gate.options.identity
    }

    /// How long everything lives that is given out.
    fn lifetime(&self) -> Duration {
        Duration::from_secs(self.options().credential_lifetime_seconds)
    }

    /// Credentials of `arn` for as long as they are given out.
    fn issue(&self, arn: String) -> Issue {
        self.gate.issued.issue(arn, self.lifetime(), self.gate.now)
    }

    /// What a refresh token is worth; it is used up.
    fn redeem(&self, refresh_token: &str) -> Standing {
        self.gate.issued.redeem(refresh_token, &self.options().refresh_tokens, self.gate.now)
    }

    /// The refresh token to use after this one.
    fn next_refresh_token(&self) -> String {
        self.gate.issued.issue_token(Purpose::Refresh, REFRESH_TOKEN_LIFETIME, self.gate.now)
    }

    /// Credentials of `arn` for the time asked for, or for as long as they are given out.
    fn issue_for(&self, arn: String, asked: Duration) -> Issue {
        self.gate.issued.issue(arn, asked.min(self.lifetime()), self.gate.now)
    }
}

/// The answer to a call.
///
/// # Errors
///
/// What is wrong with it, for [`refused`] to put into the service's words.
pub(super) fn answer(call: Call, visit: &Visit<'_>) -> Result<Answer, Refusal> {
    if call.service() == Service::Metadata && metadata::is_disabled(visit) {
        return Ok(Answer::Nothing(Break::Close));
    }
    let reply = match call {
        Call::AssumeRole => sts::assume_role(visit),
        Call::AssumeRoleWithWebIdentity => sts::assume_role_with_web_identity(visit),
        Call::GetCallerIdentity => sts::get_caller_identity(visit),
        Call::UnknownAction => Err(sts::unknown_action(visit)),
        Call::MetadataToken => metadata::token(visit),
        Call::MetadataRole => metadata::role(visit),
        Call::MetadataCredentials => metadata::credentials(visit),
        Call::MetadataRegion => metadata::region(visit),
        Call::UnknownMetadata => Err(metadata::unknown(visit)),
        Call::ContainerCredentials => container::credentials(visit),
        Call::GetRoleCredentials => sso::role_credentials(visit),
        Call::CreateToken => sso::create_token(visit),
        Call::CreateOAuth2Token => signin::create_token(visit),
    };
    reply.map(Answer::Reply)
}

/// A denial of callers that have no name.
pub(super) fn denied(call: Call) -> Refusal {
    let prefix = match call.service() {
        Service::Portal => return Refusal::new(403, "ForbiddenException", "No access"),
        Service::Sts => "sts:",
        Service::Metadata | Service::Container | Service::Oidc | Service::Signin => "",
    };
    let message = format!("Not authorized to perform {prefix}{}", call.name());
    Refusal::new(403, "AccessDeniedException", message)
}

/// An error in the form of the service that was called.
pub(super) fn refused(call: Call, refusal: &Refusal, request_id: &str) -> Reply {
    match call.service() {
        Service::Sts => sts::refused(call, refusal, request_id),
        Service::Metadata => metadata::refused(refusal),
        Service::Container => container::refused(refusal),
        Service::Portal => sso::portal_refused(refusal),
        Service::Oidc => sso::oidc_refused(refusal),
        Service::Signin => signin::refused(refusal),
    }
}
