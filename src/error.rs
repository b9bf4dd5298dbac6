//! Every way in which a call can fail, as data.
//!
//! `Display` is one line that says what failed. Advice is not given here: the command line adds causes, hints
//! and an exit code, the retry loop asks [`Error::is_retryable`]. No variant holds a secret.

mod display;

use crate::origin::Origin;
use crate::trail::{Source, Trail};
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// The result of this crate's fallible functions.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A failed call, configuration or stream.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// A setting holds no usable value: a variable, a file, an option.
    Config(Box<ConfigProblem>),
    /// A configuration file is no JSON5.
    ConfigSyntax(Box<ConfigSyntax>),
    /// The request cannot be made as asked: an empty model id, a body that is no JSON object.
    InvalidRequest(Box<str>),
    /// No source of credentials had anything. Holds what each of them said.
    NoCredentials(Box<Trail>),
    /// A source of credentials is set up and failed.
    BrokenSource(Box<BrokenSource>),
    /// The service answered with an error status.
    Service(Box<ServiceFailure>),
    /// No answer came: name resolution, connection, TLS, a reset.
    Transport(Box<TransportFailure>),
    /// One of our own limits ran out while waiting.
    Timeout(Box<Timeout>),
    /// The stream ended between frames before `messageStop`.
    StreamEnded(StreamPosition),
    /// The stream ended inside a frame.
    StreamCut(StreamPosition),
    /// A frame does not hold together: lengths, checksums, headers.
    StreamCorrupt(StreamPosition, FrameFault),
    /// The service reported a failure inside the stream, after status 200.
    StreamException(StreamPosition, Box<ServiceFailure>),
    /// A frame is whole, but the payload of a known event has not the shape of that event.
    StreamPayload(StreamPosition, Box<PayloadProblem>),
    /// Status 200 with a body that is not what was asked for (a proxy's page, a changed service).
    UnexpectedAnswer(Box<UnexpectedAnswer>),
    /// Reading or writing a local file or stream failed.
    Io(Box<IoFailure>),
}

/// How far a stream had come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StreamPosition {
    /// Events handed out so far.
    pub events: u64,
    /// Bytes received so far.
    pub bytes: u64,
}

impl fmt::Display for StreamPosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { events, bytes } = self;
        let plural = if *events == 1 { "" } else { "s" };
        write!(f, "after {events} event{plural} and {bytes} bytes")
    }
}

/// What is wrong with a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FrameFault {
    /// The checksum over the two length fields differs.
    PreludeChecksum,
    /// The checksum over the whole frame differs.
    MessageChecksum,
    /// The lengths contradict each other, or exceed 128 KiB of headers or 24 MiB of payload.
    Length {
        /// Total length as the frame states it, in bytes.
        total: u32,
        /// Length of the headers as the frame states it, in bytes.
        headers: u32,
    },
    /// The header block cannot be read: an unknown value type, a length that leaves the block, a name twice.
    Headers,
    /// The headers say no known kind of message.
    MessageType,
}

impl fmt::Display for FrameFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FrameFault::PreludeChecksum => f.write_str("the checksum of a frame's prelude is wrong"),
            FrameFault::MessageChecksum => f.write_str("the checksum of a frame is wrong"),
            FrameFault::Length { total, headers } => {
                write!(f, "a frame states impossible lengths ({total} bytes in all, {headers} of headers)")
            }
            FrameFault::Headers => f.write_str("the headers of a frame cannot be read"),
            FrameFault::MessageType => f.write_str("the headers of a frame name no known message type"),
        }
    }
}

/// A payload that has not the shape of its event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PayloadProblem {
    /// The event's name: `contentBlockDelta`.
    pub event: String,
    /// What the JSON reader said, without the payload's text.
    pub problem: String,
}

/// A setting without a usable value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigProblem {
    /// Where the value stands.
    pub origin: Origin,
    /// The key, section or option, when there is one.
    pub key: Option<String>,
    /// What is wrong with it: lower case, no full stop, never the value of a secret.
    pub problem: String,
    /// Things to do, facts at hand only: one hint each.
    pub hints: Vec<String>,
}

/// A configuration file that cannot be parsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigSyntax {
    /// The file.
    pub path: PathBuf,
    /// Line from 1.
    pub line: usize,
    /// Column from 1, in characters.
    pub column: usize,
    /// What is wrong: lower case, no full stop.
    pub problem: String,
    /// Two lines that show the place: the line with its number, values blotted out, and a caret below it.
    pub excerpt: String,
}

/// A credential source that is set up and failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrokenSource {
    /// Which one.
    pub source: Source,
    /// What is wrong: lower case, no full stop, no secret.
    pub problem: String,
    /// Whether the setup is at fault (as against a failure at run time).
    pub is_config: bool,
    /// Things to do, facts at hand only: one hint each.
    pub hints: Vec<String>,
    /// What the sources before it said.
    pub trail: Trail,
}

/// What an error answer means, whatever its spelling.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ServiceClass {
    /// The caller may not do this.
    AccessDenied,
    /// The account has not been granted this model.
    ModelNotGranted,
    /// The credentials are past their end.
    CredentialsExpired,
    /// The credentials, the bearer token or the signature are refused.
    CredentialsRejected,
    /// The signature is refused since the clocks differ.
    ClockSkew,
    /// The model can be called only through an inference profile.
    NeedsProfile,
    /// The model is unknown in this region, or the id is malformed.
    ModelNotFound,
    /// The conversation does not fit the model's context window.
    ContextOverflow,
    /// The request is refused for another reason.
    Validation,
    /// Too many requests or tokens; waiting helps.
    Throttled,
    /// A quota is used up; waiting a few seconds does not help.
    QuotaExceeded,
    /// The model is being loaded.
    ModelNotReady,
    /// The model took too long.
    ModelTimeout,
    /// The model failed.
    ModelError,
    /// The service failed.
    Internal,
    /// The service or something before it is overloaded or down.
    Unavailable,
    /// Anything else.
    Other,
}

/// An error answer of the service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceFailure {
    /// What it means.
    pub class: ServiceClass,
    /// The HTTP status; for an exception inside a stream the status it stands for, 0 when unknown.
    pub status: u16,
    /// The error type as AWS names it (`ThrottlingException`), or empty when the answer names none.
    pub code: String,
    /// AWS's own sentence, or what could be read of the body.
    pub message: String,
    /// The request id, for support cases.
    pub request_id: Option<String>,
    /// `originalStatusCode` of a model error.
    pub original_status: Option<u16>,
    /// `originalMessage` of a model error.
    pub original_message: Option<String>,
    /// How many times the request was sent.
    pub attempts: u32,
    /// Time spent waiting between attempts, in milliseconds.
    pub waited_ms: u64,
}

/// Why no answer came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TransportKind {
    /// The host name does not resolve.
    Dns,
    /// Nothing listens there, or the network is unreachable.
    Connect,
    /// No connection within the connect timeout.
    ConnectTimeout,
    /// The TLS handshake failed: an untrusted certificate, a wrong name.
    Tls,
    /// The connection ended before the answer was complete.
    Closed,
    /// Anything else.
    Other,
}

/// A request that got no complete answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransportFailure {
    /// Why.
    pub kind: TransportKind,
    /// Host and port that were called.
    pub host: String,
    /// The innermost cause, as the operating system or the TLS library words it.
    pub detail: String,
    /// How many times the request was sent.
    pub attempts: u32,
    /// Time spent waiting between attempts, in milliseconds.
    pub waited_ms: u64,
    /// How far the stream had come, once the answer had begun.
    pub position: Option<StreamPosition>,
}

/// What a limit was set on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Waiting {
    /// For the answer's head.
    Response,
    /// For the first event of a stream.
    FirstEvent,
    /// For the next event of a stream.
    NextEvent,
    /// For the end of the whole call.
    Whole,
}

/// One of our limits ran out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timeout {
    /// What was waited for.
    pub waiting: Waiting,
    /// The limit in milliseconds.
    pub limit_ms: u64,
    /// How far the stream had come.
    pub position: StreamPosition,
    /// How many times the request was sent; 0 where the limit is not that of a request.
    pub attempts: u32,
    /// Time spent waiting between attempts, in milliseconds.
    pub waited_ms: u64,
}

impl Timeout {
    /// A limit that ran out before anything came.
    pub fn new(waiting: Waiting, limit: Duration) -> Self {
        let limit_ms = u64::try_from(limit.as_millis()).unwrap_or(u64::MAX);
        Self { waiting, limit_ms, position: StreamPosition::default(), attempts: 0, waited_ms: 0 }
    }
}

/// A success status with a body of another kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnexpectedAnswer {
    /// HTTP status.
    pub status: u16,
    /// The `content-type` of the answer, if any.
    pub content_type: Option<String>,
    /// What was expected and what came, without the body.
    pub problem: String,
    /// The request id, if any.
    pub request_id: Option<String>,
}

/// A local file or stream that cannot be read or written.
#[derive(Debug)]
pub struct IoFailure {
    /// What was being done: `read`, `write`.
    pub action: &'static str,
    /// The file, or `None` for standard input and output.
    pub path: Option<PathBuf>,
    /// The operating system's answer.
    pub source: std::io::Error,
}

/// The kind of an error, for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// [`Error::Config`] and [`Error::ConfigSyntax`].
    Config,
    /// [`Error::InvalidRequest`].
    InvalidRequest,
    /// [`Error::NoCredentials`].
    NoCredentials,
    /// [`Error::BrokenSource`].
    BrokenSource,
    /// [`Error::Service`], with what it means.
    Service(ServiceClass),
    /// [`Error::Transport`].
    Transport(TransportKind),
    /// [`Error::Timeout`].
    Timeout(Waiting),
    /// [`Error::StreamEnded`].
    StreamEnded,
    /// [`Error::StreamCut`].
    StreamCut,
    /// [`Error::StreamCorrupt`].
    StreamCorrupt,
    /// [`Error::StreamException`], with what it means.
    StreamException(ServiceClass),
    /// [`Error::StreamPayload`].
    StreamPayload,
    /// [`Error::UnexpectedAnswer`].
    UnexpectedAnswer,
    /// [`Error::Io`].
    Io,
}

impl ServiceClass {
    /// A stable name for machines.
    pub fn as_str(self) -> &'static str {
        match self {
            ServiceClass::AccessDenied => "access_denied",
            ServiceClass::ModelNotGranted => "model_not_granted",
            ServiceClass::CredentialsExpired => "credentials_expired",
            ServiceClass::CredentialsRejected => "credentials_rejected",
            ServiceClass::ClockSkew => "clock_skew",
            ServiceClass::NeedsProfile => "needs_profile",
            ServiceClass::ModelNotFound => "model_not_found",
            ServiceClass::ContextOverflow => "context_overflow",
            ServiceClass::Validation => "validation",
            ServiceClass::Throttled => "throttled",
            ServiceClass::QuotaExceeded => "quota_exceeded",
            ServiceClass::ModelNotReady => "model_not_ready",
            ServiceClass::ModelTimeout => "model_timeout",
            ServiceClass::ModelError => "model_error",
            ServiceClass::Internal => "internal",
            ServiceClass::Unavailable => "unavailable",
            ServiceClass::Other => "service",
        }
    }

    /// Whether sending the same request again can help.
    pub fn is_retryable(self) -> bool {
        matches!(
            self,
            ServiceClass::Throttled
                | ServiceClass::ModelNotReady
                | ServiceClass::Internal
                | ServiceClass::Unavailable
        )
    }
}

impl ErrorKind {
    /// A stable name for machines: `throttled`, `stream_cut`.
    pub fn as_str(self) -> &'static str {
        match self {
            ErrorKind::Config => "config",
            ErrorKind::InvalidRequest => "invalid_request",
            ErrorKind::NoCredentials => "no_credentials",
            ErrorKind::BrokenSource => "broken_credential_source",
            ErrorKind::Service(class) => class.as_str(),
            ErrorKind::Transport(TransportKind::Dns) => "dns",
            ErrorKind::Transport(TransportKind::Connect) => "connect",
            ErrorKind::Transport(TransportKind::ConnectTimeout) => "connect_timeout",
            ErrorKind::Transport(TransportKind::Tls) => "tls",
            ErrorKind::Transport(TransportKind::Closed) => "connection_closed",
            ErrorKind::Transport(TransportKind::Other) => "transport",
            ErrorKind::Timeout(Waiting::Response) => "response_timeout",
            ErrorKind::Timeout(Waiting::FirstEvent) => "first_event_timeout",
            ErrorKind::Timeout(Waiting::NextEvent) => "idle_timeout",
            ErrorKind::Timeout(Waiting::Whole) => "timeout",
            ErrorKind::StreamEnded => "stream_ended",
            ErrorKind::StreamCut => "stream_cut",
            ErrorKind::StreamCorrupt => "stream_corrupt",
            ErrorKind::StreamException(_) => "stream_exception",
            ErrorKind::StreamPayload => "stream_payload",
            ErrorKind::UnexpectedAnswer => "unexpected_answer",
            ErrorKind::Io => "io",
        }
    }
}

impl Error {
    /// The kind, for programs that branch on it.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Error::Config(_) | Error::ConfigSyntax(_) => ErrorKind::Config,
            Error::InvalidRequest(_) => ErrorKind::InvalidRequest,
            Error::NoCredentials(_) => ErrorKind::NoCredentials,
            Error::BrokenSource(_) => ErrorKind::BrokenSource,
            Error::Service(failure) => ErrorKind::Service(failure.class),
            Error::Transport(failure) => ErrorKind::Transport(failure.kind),
            Error::Timeout(timeout) => ErrorKind::Timeout(timeout.waiting),
            Error::StreamEnded(_) => ErrorKind::StreamEnded,
            Error::StreamCut(_) => ErrorKind::StreamCut,
            Error::StreamCorrupt(..) => ErrorKind::StreamCorrupt,
            Error::StreamException(_, failure) => ErrorKind::StreamException(failure.class),
            Error::StreamPayload(..) => ErrorKind::StreamPayload,
            Error::UnexpectedAnswer(_) => ErrorKind::UnexpectedAnswer,
            Error::Io(_) => ErrorKind::Io,
        }
    }

    /// Whether the same call, sent again, can succeed: throttling, a model that loads, a server error, a
    /// connection that failed. Never true once a stream has begun.
    pub fn is_retryable(&self) -> bool {
        match self {
            Error::Service(failure) => failure.class.is_retryable(),
            Error::Transport(failure) => {
                failure.position.is_none()
                    && !matches!(failure.kind, TransportKind::Tls | TransportKind::Other)
            }
            Error::Timeout(timeout) => timeout.waiting == Waiting::Response,
            Error::Config(_)
            | Error::ConfigSyntax(_)
            | Error::InvalidRequest(_)
            | Error::NoCredentials(_)
            | Error::BrokenSource(_)
            | Error::StreamEnded(_)
            | Error::StreamCut(_)
            | Error::StreamCorrupt(..)
            | Error::StreamException(..)
            | Error::StreamPayload(..)
            | Error::UnexpectedAnswer(_)
            | Error::Io(_) => false,
        }
    }

    /// The error answer of the service, whether it came as a status or inside a stream.
    pub fn service_failure(&self) -> Option<&ServiceFailure> {
        if let Error::Service(failure) | Error::StreamException(_, failure) = self {
            Some(failure)
        } else {
            None
        }
    }

    /// The HTTP status of the answer, if there was an answer.
    pub fn status(&self) -> Option<u16> {
        if let Error::Service(failure) = self {
            return Some(failure.status);
        }
        if let Error::UnexpectedAnswer(answer) = self {
            return Some(answer.status);
        }
        self.stream_position().map(|_| 200)
    }

    /// The AWS request id of the answer, if there was one.
    pub fn request_id(&self) -> Option<&str> {
        if let Error::UnexpectedAnswer(answer) = self {
            return answer.request_id.as_deref();
        }
        self.service_failure()?.request_id.as_deref()
    }

    /// How many times the request was sent, where that is known.
    pub fn attempts(&self) -> Option<u32> {
        if let Error::Transport(failure) = self {
            return Some(failure.attempts);
        }
        if let Error::Timeout(timeout) = self {
            return (timeout.attempts > 0).then_some(timeout.attempts);
        }
        self.service_failure().map(|failure| failure.attempts)
    }

    /// The attempts, and the milliseconds between them, of a failure that the retry loop ends with.
    #[cfg(feature = "client")]
    pub(crate) fn effort_mut(&mut self) -> Option<(&mut u32, &mut u64)> {
        if let Error::Service(failure) = self {
            Some((&mut failure.attempts, &mut failure.waited_ms))
        } else if let Error::Transport(failure) = self {
            Some((&mut failure.attempts, &mut failure.waited_ms))
        } else if let Error::Timeout(timeout) = self {
            Some((&mut timeout.attempts, &mut timeout.waited_ms))
        } else {
            None
        }
    }

    /// How far the stream had come, for failures after the answer began.
    pub fn stream_position(&self) -> Option<StreamPosition> {
        match self {
            Error::StreamEnded(position)
            | Error::StreamCut(position)
            | Error::StreamCorrupt(position, _)
            | Error::StreamException(position, _)
            | Error::StreamPayload(position, _) => Some(*position),
            Error::Timeout(timeout) => match timeout.waiting {
                Waiting::FirstEvent | Waiting::NextEvent => Some(timeout.position),
                Waiting::Response | Waiting::Whole => {
                    (timeout.position.bytes > 0).then_some(timeout.position)
                }
            },
            Error::Transport(failure) => failure.position,
            Error::Config(_)
            | Error::ConfigSyntax(_)
            | Error::InvalidRequest(_)
            | Error::NoCredentials(_)
            | Error::BrokenSource(_)
            | Error::Service(_)
            | Error::UnexpectedAnswer(_)
            | Error::Io(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_stay_small() {
        assert!(size_of::<Error>() <= 32, "{}", size_of::<Error>());
    }

    #[test]
    fn display_is_one_line_that_says_what_failed() {
        let position = StreamPosition { events: 1, bytes: 118 };
        for (error, text) in [
            (
                Error::StreamEnded(position),
                "the stream ended after 1 event and 118 bytes without `messageStop`",
            ),
            (
                Error::StreamCorrupt(position, FrameFault::Length { total: 7, headers: 9 }),
                "the stream is corrupt after 1 event and 118 bytes: a frame states impossible lengths (7 bytes in all, 9 of headers)",
            ),
            (
                Error::Timeout(Box::new(Timeout {
                    position,
                    ..Timeout::new(Waiting::NextEvent, Duration::from_millis(1_250))
                })),
                "no further event within 1.25 s, after 1 event and 118 bytes",
            ),
            (
                Error::Config(Box::new(ConfigProblem {
                    origin: Origin::Variable("AWS_MAX_ATTEMPTS".into()),
                    key: None,
                    problem: "it must be a whole number from 1".into(),
                    hints: vec![],
                })),
                "`AWS_MAX_ATTEMPTS` cannot be used: it must be a whole number from 1",
            ),
        ] {
            assert_eq!(error.to_string(), text);
        }
    }

    #[test]
    fn nothing_is_retried_once_a_stream_has_begun() {
        let failure = |position| {
            Error::Transport(Box::new(TransportFailure {
                kind: TransportKind::Closed,
                host: "h".into(),
                detail: String::new(),
                attempts: 1,
                waited_ms: 0,
                position,
            }))
        };
        assert!(failure(None).is_retryable());
        assert!(!failure(Some(StreamPosition::default())).is_retryable());
    }
}
