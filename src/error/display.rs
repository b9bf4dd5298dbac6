//! What an error says of itself: one line, what failed, no advice.

use super::{Error, ServiceClass, Timeout, TransportKind, Waiting};
use crate::trail::Source;
use std::fmt;

impl fmt::Display for ServiceClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ServiceClass::AccessDenied => "access was denied",
            ServiceClass::ModelNotGranted => "this account has no access to the model",
            ServiceClass::CredentialsExpired => "the credentials have expired",
            ServiceClass::CredentialsRejected => "the credentials were refused",
            ServiceClass::ClockSkew => "the signature was refused because the clock is off",
            ServiceClass::NeedsProfile => {
                "the model cannot be called on demand; it needs an inference profile"
            }
            ServiceClass::ModelNotFound => "the model is not known in this region",
            ServiceClass::ContextOverflow => "the conversation does not fit the model's context window",
            ServiceClass::Validation => "the request was refused as invalid",
            ServiceClass::Throttled => "the request was throttled",
            ServiceClass::QuotaExceeded => "a quota is used up",
            ServiceClass::ModelNotReady => "the model is not ready",
            ServiceClass::ModelTimeout => "the model took too long",
            ServiceClass::ModelError => "the model failed",
            ServiceClass::Internal => "the service failed",
            ServiceClass::Unavailable => "the service is unavailable",
            ServiceClass::Other => "the service refused the request",
        })
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Config(problem) => match &problem.key {
                Some(key) => write!(f, "`{key}` in {} cannot be used: {}", problem.origin, problem.problem),
                None => write!(f, "{} cannot be used: {}", problem.origin, problem.problem),
            },
            Error::ConfigSyntax(syntax) => {
                let (path, line, column) = (syntax.path.display(), syntax.line, syntax.column);
                write!(f, "`{path}:{line}:{column}` cannot be read: {}", syntax.problem)
            }
            Error::InvalidRequest(what) => f.write_str(what),
            Error::NoCredentials(_) => f.write_str("no AWS credentials were found"),
            Error::BrokenSource(broken) => match broken.source {
                Source::BearerToken => write!(f, "the bearer token cannot be used: {}", broken.problem),
                source => {
                    write!(
                        f,
                        "the credentials of the {} cannot be used: {}",
                        bearer_of(source),
                        broken.problem
                    )
                }
            },
            Error::Service(failure) => fmt::Display::fmt(&failure.class, f),
            Error::Transport(failure) => {
                let what = match failure.kind {
                    TransportKind::Dns => "cannot find the address of",
                    TransportKind::Connect => "cannot connect to",
                    TransportKind::ConnectTimeout => "no connection in time to",
                    TransportKind::Tls => "cannot set up TLS with",
                    TransportKind::Closed => "the connection ended early with",
                    TransportKind::Other => "the exchange failed with",
                };
                write!(f, "{what} `{}`", failure.host)?;
                failure.position.map_or(Ok(()), |position| write!(f, " {position}"))
            }
            Error::Timeout(timeout) => fmt::Display::fmt(timeout, f),
            Error::StreamEnded(position) => {
                write!(f, "the stream ended {position} without `messageStop`")
            }
            Error::StreamCut(position) => write!(f, "the stream was cut inside a frame {position}"),
            Error::StreamCorrupt(position, fault) => {
                write!(f, "the stream is corrupt {position}: {fault}")
            }
            Error::StreamException(position, failure) => {
                write!(f, "the service ended the stream {position}: {}", failure.class)
            }
            Error::StreamPayload(position, problem) => {
                write!(f, "the stream cannot be read {position}: `{}` has another shape", problem.event)
            }
            Error::UnexpectedAnswer(answer) => {
                write!(f, "status {} with an unexpected answer: {}", answer.status, answer.problem)
            }
            Error::Io(failure) => match &failure.path {
                Some(path) => write!(f, "cannot {} `{}`", failure.action, path.display()),
                None => write!(f, "cannot {}", failure.action),
            },
        }
    }
}

/// Whose credentials a source has.
fn bearer_of(source: Source) -> &'static str {
    match source {
        Source::BearerToken => "bearer token",
        Source::Code => "calling program",
        Source::Environment => "environment",
        Source::Profile => "profile",
        Source::WebIdentity => "web identity",
        Source::Container => "container",
        Source::InstanceMetadata => "instance",
    }
}

impl fmt::Display for Timeout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = Seconds(self.limit_ms);
        match self.waiting {
            Waiting::Response => write!(f, "no answer within {seconds}"),
            Waiting::FirstEvent => write!(f, "no event within {seconds}"),
            Waiting::NextEvent => write!(f, "no further event within {seconds}, {}", self.position),
            Waiting::Whole => write!(f, "the call took longer than {seconds}"),
        }
    }
}

/// Milliseconds shown as seconds: `300 s`, `0.25 s`.
struct Seconds(u64);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_multiple_of(1_000) {
            write!(f, "{} s", self.0 / 1_000)
        } else {
            let text = format!("{}.{:03}", self.0 / 1_000, self.0 % 1_000);
            write!(f, "{} s", text.trim_end_matches('0'))
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        if let Error::Io(failure) = self { Some(&failure.source) } else { None }
    }
}
