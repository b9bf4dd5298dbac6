//! The services behind credentials, on the same port as Bedrock: STS, instance metadata, and the
//! endpoint of containers.
//!
//! What they give out Bedrock's operations accept until it ends. This file finds out which service a request
//! is for; each service has a file of its own, with its answers and its form of errors. Identities have no
//! policies: whoever is known may call everything.

mod container;
mod issued;
mod metadata;
mod options;
mod sts;

pub use options::{
    DEMO_ACCOUNT_ID, DEMO_ROLE_NAME, DEMO_WEB_IDENTITY_TOKEN, ExpiringToken, IdentityOptions,
    InstanceMetadata,
};

pub(super) use issued::{HeldKey, Issued};

use super::answer::{Answer, Break, Reply};
use super::received::Received;
use super::refusal::Refusal;
use super::verify::Gate;
use issued::Issue;
use std::time::Duration;

/// A service that is not Bedrock itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Service {
    Sts,
    Metadata,
    Container,
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
        }
    }
}

/// The service and operation that a request is for. `None`: Bedrock's.
pub(super) fn route(received: &Received) -> Option<Call> {
    match (received.method.as_str(), received.path()) {
        ("POST", "/") if has_form(received) => Some(sts::route(&received.body)),
        (method, path) if path.starts_with("/latest/") => Some(metadata::route(method, path)),
        (method, path) => container::route(method, path),
    }
}

fn has_form(received: &Received) -> bool {
    let content_type = received.header("content-type").unwrap_or_default();
    content_type.starts_with("application/x-www-form-urlencoded")
}

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
    };
    reply.map(Answer::Reply)
}

/// A denial of callers that have no name.
pub(super) fn denied(call: Call) -> Refusal {
    let prefix = match call.service() {
        Service::Sts => "sts:",
        Service::Metadata | Service::Container => "",
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
    }
}
