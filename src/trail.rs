//! What each credential source answered, in the order in which they were asked.
//!
//! The trail is what an error shows instead of a bare "no credentials". It never holds a secret.

use std::fmt;

/// A source of credentials, in the order of the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Source {
    /// `AWS_BEARER_TOKEN_BEDROCK`: a Bedrock API key.
    BearerToken,
    /// Keys handed over by the calling program.
    Code,
    /// `AWS_ACCESS_KEY_ID` and its kin.
    Environment,
    /// The AWS files: static keys, roles, SSO, login sessions, processes.
    Profile,
    /// `AWS_WEB_IDENTITY_TOKEN_FILE` with `AWS_ROLE_ARN`.
    WebIdentity,
    /// The container's credential endpoint (ECS, EKS Pod Identity, Greengrass).
    Container,
    /// The metadata service of an EC2 instance (IMDSv2).
    InstanceMetadata,
}

impl Source {
    /// A stable name for machines: `environment`, `instance_metadata`.
    pub fn as_str(self) -> &'static str {
        match self {
            Source::BearerToken => "bearer_token",
            Source::Code => "code",
            Source::Environment => "environment",
            Source::Profile => "profile",
            Source::WebIdentity => "web_identity",
            Source::Container => "container",
            Source::InstanceMetadata => "instance_metadata",
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Source::BearerToken => "bearer token",
            Source::Code => "the calling program",
            Source::Environment => "environment",
            Source::Profile => "profile",
            Source::WebIdentity => "web identity",
            Source::Container => "container",
            Source::InstanceMetadata => "instance metadata",
        })
    }
}

/// What a source answered.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// It gave the credentials that are used.
    Used(String),
    /// It is not set up here, and why that is known. The chain goes on.
    NotHere(String),
    /// It is set up, and it failed. The chain stops.
    Broken(String),
    /// It was not asked, since the chain ended before it; and what can be told of it without asking.
    NotAsked(String),
}

impl Outcome {
    /// A stable name for machines: `not_here`.
    pub fn as_str(&self) -> &'static str {
        match self {
            Outcome::Used(_) => "used",
            Outcome::NotHere(_) => "not_here",
            Outcome::Broken(_) => "broken",
            Outcome::NotAsked(_) => "not_asked",
        }
    }
}

/// One step of the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Who was asked.
    pub source: Source,
    /// What it said.
    pub outcome: Outcome,
}

/// The steps of one walk along the chain, in order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Trail {
    /// The steps.
    pub steps: Vec<Step>,
    /// What the user should hear of whether the call succeeds or not, one sentence each.
    pub warnings: Vec<String>,
}

impl Trail {
    /// A trail without steps.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a step.
    pub fn push(&mut self, source: Source, outcome: Outcome) {
        self.steps.push(Step { source, outcome });
    }
}

/// One clause a step, joined by semicolons.
impl fmt::Display for Trail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, step) in self.steps.iter().enumerate() {
            if at > 0 {
                f.write_str("; ")?;
            }
            match &step.outcome {
                Outcome::Used(how) => write!(f, "{}: {how}", step.source)?,
                Outcome::NotHere(why) | Outcome::Broken(why) => write!(f, "{}: {why}", step.source)?,
                Outcome::NotAsked(why) => write!(f, "{}: not asked, {why}", step.source)?,
            }
        }
        Ok(())
    }
}
