//! What a user reads when something fails: what could not be done, why, what to do, and the exit code.
//!
//! At most eight lines, the same without colour. Hints come from facts at hand, never from another call.

mod hints;
mod signer;

use crate::client::Client;
use crate::error::{Error, ErrorKind, ServiceClass, ServiceFailure, TransportKind};
use crate::origin::{Origin, Sourced};
use crate::trail::Source;
use serde_json::{Value, json};
use std::io;

/// Exit codes: the contract of the program.
pub(super) mod exit {
    /// Done; also when a reader closed the pipe.
    pub(in crate::cli) const DONE: u8 = 0;
    /// The request failed.
    pub(in crate::cli) const FAILED: u8 = 1;
    /// Wrong usage or configuration.
    pub(in crate::cli) const USAGE: u8 = 2;
    /// No usable credentials.
    pub(in crate::cli) const CREDENTIALS: u8 = 3;
    /// The model cannot be used: denied, profile needed, not in this region.
    pub(in crate::cli) const MODEL: u8 = 4;
    /// Gave up after retries.
    pub(in crate::cli) const GAVE_UP: u8 = 5;
    /// The stream is incomplete.
    pub(in crate::cli) const INCOMPLETE: u8 = 6;
    /// Interrupted by Ctrl-C.
    pub(in crate::cli) const INTERRUPTED: u8 = 130;
}

/// What the session knows, so that a report can say which value was used and where it came from.
#[derive(Default)]
pub(super) struct Facts<'a> {
    pub model: Option<&'a Sourced<String>>,
    pub client: Option<&'a Client>,
}

/// An error, ready to be printed.
#[derive(Debug)]
pub(super) struct Report {
    kind: &'static str,
    message: String,
    causes: Vec<String>,
    hints: Vec<String>,
    status: Option<u16>,
    code: Option<String>,
    request_id: Option<String>,
    attempts: Option<u32>,
    pub(super) exit: u8,
    pub(super) is_closed_pipe: bool,
}

/// AWS's own sentence is cut here: some repeat the whole request.
const SENTENCE_LIMIT: usize = 300;
/// With the first line and the blank one, eight in all.
const CAUSE_LINES: usize = 3;
const HINT_LINES: usize = 3;

impl Report {
    /// An error before anything is known of model and client.
    pub(super) fn plain(error: &Error) -> Self {
        Self::new(error, &Facts::default())
    }

    /// Wrong usage that the argument parser cannot see, or its own text for `--json`.
    pub(super) fn usage(text: &str) -> Self {
        // The parser's own text goes on with usage lines, which are no part of what is wrong.
        let said = text.split("\n\nUsage:").next().unwrap_or(text);
        let said = said.split("\n\nFor more").next().unwrap_or(said);
        let text = said.split_whitespace().collect::<Vec<_>>().join(" ");
        let text = text.strip_prefix("error: ").unwrap_or(&text);
        Self {
            kind: "usage",
            message: text.to_owned(),
            causes: vec![],
            hints: vec!["see `outcrop --help`".into()],
            status: None,
            code: None,
            request_id: None,
            attempts: None,
            exit: exit::USAGE,
            is_closed_pipe: false,
        }
    }

    /// No model is named anywhere. There is no built-in default: a model costs money.
    pub(super) fn no_model() -> Self {
        let mut report = Self::usage("no model is named");
        report.kind = "no_model";
        report.hints = vec![
            "name one: `outcrop chat --model us.amazon.nova-lite-v1:0 \"hello\"`".into(),
            "or set `OUTCROP_MODEL`".into(),
            "or try it without an account: `outcrop chat --demo \"hello\"`".into(),
        ];
        report
    }

    /// Ctrl-C, of which there is nothing to say.
    pub(super) fn interrupted() -> Self {
        Self { kind: "interrupted", exit: exit::INTERRUPTED, ..Self::usage("interrupted") }
    }

    /// A schema was given, and the model did not keep to it.
    pub(super) fn no_json() -> Self {
        let mut report =
            Self::usage("the answer is no JSON, though a schema was given").with_exit(exit::FAILED);
        report.kind = "no_json";
        report.hints = vec![
            "run it again, or use a model with structured output: `outcrop models show ID` tells".into(),
        ];
        report
    }

    /// A name that no model has, or more than one.
    pub(super) fn unknown_model(message: String, origin: &Origin, hints: Vec<String>) -> Self {
        let mut report = Self::usage(&message);
        report.kind = "unknown_model";
        report.causes = vec![format!("model named by {origin}")];
        report.hints = hints;
        report
    }

    /// An error with all that is known.
    pub(super) fn new(error: &Error, facts: &Facts<'_>) -> Self {
        let failure = error.service_failure();
        Self {
            kind: error.kind().as_str(),
            message: message(error, facts),
            causes: causes(error, facts),
            hints: hints::hints(error, facts),
            status: error.status(),
            code: failure.map(|failure| failure.code.clone()).filter(|code| !code.is_empty()),
            request_id: error.request_id().map(str::to_owned),
            attempts: error.attempts(),
            exit: exit_code(error),
            is_closed_pipe: is_closed_pipe(error),
        }
    }

    /// The same report with other things to do.
    pub(super) fn with_hints(mut self, hints: Vec<String>) -> Self {
        self.hints = hints;
        self
    }

    /// The same report with another first line, for who knows better what could not be done.
    pub(super) fn with_message(mut self, message: String) -> Self {
        self.message = message;
        self
    }

    /// What failed, in one line.
    pub(super) fn message(&self) -> &str {
        &self.message
    }

    /// The same report with another exit code.
    pub(super) fn with_exit(mut self, code: u8) -> Self {
        self.exit = code;
        self
    }

    /// Says that what came is on stdout, if anything did.
    pub(super) fn with_partial_answer(mut self, printed: bool) -> Self {
        if printed && self.exit == exit::INCOMPLETE {
            self.hints
                .push("what came is on standard output; run the command again for a whole answer".into());
        }
        self
    }

    /// The lines for a person. `paint` gets a style and a text.
    pub(super) fn render(&self, paint: impl Fn(&str, &str) -> String) -> String {
        let mut lines = vec![format!("{}: {}", paint("1;31", "error"), self.message)];
        let (kept, rest) = self.causes.split_at(self.causes.len().min(CAUSE_LINES - 1));
        lines.extend(kept.iter().map(|cause| format!("  caused by: {cause}")));
        if !rest.is_empty() {
            lines.push(format!("  caused by: {}", rest.join("; ")));
        }
        if !self.hints.is_empty() {
            lines.push(String::new());
            lines.extend(
                self.hints.iter().take(HINT_LINES).map(|hint| format!("{}: {hint}", paint("36", "hint"))),
            );
        }
        lines.join("\n")
    }

    /// One object for a program.
    pub(super) fn to_json(&self) -> String {
        let Self { kind, message, causes, hints, status, code, request_id, attempts, exit, .. } = self;
        let mut object =
            json!({ "kind": kind, "message": message, "causes": causes, "hints": hints, "exit_code": exit });
        let optional = [
            ("status", status.map(Value::from)),
            ("code", code.clone().map(Value::from)),
            ("request_id", request_id.clone().map(Value::from)),
            ("attempts", attempts.map(Value::from)),
        ];
        if let Some(members) = object.as_object_mut() {
            for (name, value) in optional {
                members.insert(name.into(), value.unwrap_or(Value::Null));
            }
        }
        object.to_string()
    }
}

fn message(error: &Error, facts: &Facts<'_>) -> String {
    let model = facts.model.map(|model| model.value.as_str());
    match (error.kind(), model) {
        (ErrorKind::Service(ServiceClass::NeedsProfile), Some(id)) => {
            format!("`{id}` cannot be called on demand; it needs an inference profile")
        }
        (ErrorKind::Service(ServiceClass::ModelNotFound), Some(id)) => {
            match facts.client.and_then(Client::region) {
                Some(region) => format!("`{id}` is not known in region `{}`", region.value.as_str()),
                None => format!("`{id}` is not known in this region"),
            }
        }
        (ErrorKind::Service(ServiceClass::ModelNotGranted), Some(id)) => {
            format!("this account has no access to `{id}`")
        }
        (ErrorKind::Service(ServiceClass::AccessDenied), Some(id)) => format!("access to `{id}` was denied"),
        (ErrorKind::BrokenSource, _) => broken_source(error),
        _ => error.to_string(),
    }
}

/// The first half of what the error says; the problem is the cause below it.
fn broken_source(error: &Error) -> String {
    let text = error.to_string();
    let problem = if let Error::BrokenSource(broken) = error { broken.problem.as_str() } else { "" };
    text.strip_suffix(problem).and_then(|text| text.strip_suffix(": ")).unwrap_or(&text).to_owned()
}

fn causes(error: &Error, facts: &Facts<'_>) -> Vec<String> {
    let mut causes = Vec::new();
    match error {
        Error::Service(failure) | Error::StreamException(_, failure) => {
            causes.push(sentence(failure));
            causes.extend(signer::cause(failure, facts));
            causes.extend(origins(facts));
            causes.extend(effort(failure.attempts, failure.waited_ms));
        }
        Error::Transport(failure) => {
            causes.push(failure.detail.clone());
            causes.extend(endpoint(facts));
            causes.extend(effort(failure.attempts, failure.waited_ms));
        }
        Error::NoCredentials(trail) => {
            // What is most likely the reason is not to be looked for at the end.
            causes.extend(trail.warnings.first().cloned());
            // Several sources a line, since the whole message has to stay short; the profile has one of its own,
            // as there is most to say about it.
            let lines = trail
                .steps
                .chunk_by(|one, next| one.source != Source::Profile && next.source != Source::Profile);
            causes.extend(
                lines.map(|steps| crate::Trail { steps: steps.to_vec(), ..Default::default() }.to_string()),
            );
        }
        Error::BrokenSource(broken) => causes.push(broken.problem.clone()),
        Error::StreamPayload(_, problem) => causes.push(problem.problem.clone()),
        Error::UnexpectedAnswer(_) => causes.extend(endpoint(facts)),
        Error::Io(failure) => causes.push(failure.source.to_string()),
        Error::ConfigSyntax(syntax) => {
            let excerpt = syntax.excerpt.replace('\n', "\n    ");
            causes.push(format!("line {}, column {}\n    {excerpt}", syntax.line, syntax.column));
        }
        Error::Timeout(timeout) => {
            causes.extend(origins(facts));
            causes.extend(effort(timeout.attempts, timeout.waited_ms));
        }
        Error::Config(_)
        | Error::InvalidRequest(_)
        | Error::StreamEnded(_)
        | Error::StreamCut(_)
        | Error::StreamCorrupt(..) => {}
    }
    causes.retain(|cause| !cause.is_empty());
    causes
}

/// AWS's own words, once, with what a support case needs.
fn sentence(failure: &ServiceFailure) -> String {
    let words: Vec<&str> = failure.message.split_whitespace().collect();
    let mut text = words.join(" ");
    if text.chars().count() > SENTENCE_LIMIT {
        text = text.chars().take(SENTENCE_LIMIT).collect::<String>() + "...";
    }
    let mut facts = Vec::new();
    if !failure.code.is_empty() {
        facts.push(failure.code.clone());
    }
    if failure.status != 0 {
        facts.push(format!("status {}", failure.status));
    }
    if let Some(status) = failure.original_status {
        facts.push(format!("the model's status {status}"));
    }
    if let Some(id) = &failure.request_id {
        facts.push(format!("request id {id}"));
    }
    let facts = facts.join(", ");
    if text.is_empty() { format!("Bedrock answered {facts}") } else { format!("{text} ({facts})") }
}

fn origins(facts: &Facts<'_>) -> Option<String> {
    let model = facts.model.map(|model| match model.origin {
        Origin::Code => format!("model `{}` named by the request", model.value),
        _ => format!("model id given by {}", model.origin),
    });
    let region = facts.client.and_then(Client::region);
    let region = region.map(|region| format!("region `{}` from {}", region.value.as_str(), region.origin));
    let known: Vec<String> = model.into_iter().chain(region).collect();
    (!known.is_empty()).then(|| known.join(", "))
}

fn endpoint(facts: &Facts<'_>) -> Option<String> {
    let endpoint = facts.client?.endpoint()?;
    Some(format!("endpoint `{}` from {}", endpoint.value.url, endpoint.origin))
}

fn effort(attempts: u32, waited_ms: u64) -> Option<String> {
    let waited = f64::from(u32::try_from(waited_ms).unwrap_or(u32::MAX)) / 1_000.0;
    (attempts > 1).then(|| format!("sent {attempts} times, {waited:.1} s waited in between"))
}

fn exit_code(error: &Error) -> u8 {
    if error.stream_position().is_some() {
        return exit::INCOMPLETE;
    }
    match error {
        Error::Config(_) | Error::ConfigSyntax(_) | Error::InvalidRequest(_) => exit::USAGE,
        Error::NoCredentials(_) | Error::BrokenSource(_) => exit::CREDENTIALS,
        Error::Io(failure) if failure.path.is_some() => exit::USAGE,
        Error::Service(failure) => match failure.class {
            ServiceClass::CredentialsExpired
            | ServiceClass::CredentialsRejected
            | ServiceClass::ClockSkew => exit::CREDENTIALS,
            ServiceClass::AccessDenied
            | ServiceClass::ModelNotGranted
            | ServiceClass::NeedsProfile
            | ServiceClass::ModelNotFound => exit::MODEL,
            ServiceClass::Throttled
            | ServiceClass::ModelNotReady
            | ServiceClass::Internal
            | ServiceClass::Unavailable => exit::GAVE_UP,
            ServiceClass::ContextOverflow
            | ServiceClass::Validation
            | ServiceClass::QuotaExceeded
            | ServiceClass::ModelTimeout
            | ServiceClass::ModelError
            | ServiceClass::Other => exit::FAILED,
        },
        Error::Transport(failure) => match failure.kind {
            TransportKind::Tls | TransportKind::Other => exit::FAILED,
            TransportKind::Dns
            | TransportKind::Connect
            | TransportKind::ConnectTimeout
            | TransportKind::Closed => exit::GAVE_UP,
        },
        // Nothing answered, as often as it was tried.
        Error::Timeout(timeout) if timeout.attempts > 0 => exit::GAVE_UP,
        Error::Timeout(_)
        | Error::UnexpectedAnswer(_)
        | Error::Io(_)
        | Error::StreamEnded(_)
        | Error::StreamCut(_)
        | Error::StreamCorrupt(..)
        | Error::StreamException(..)
        | Error::StreamPayload(..) => exit::FAILED,
    }
}

/// Whether nobody reads standard output any more.
pub(super) fn is_closed_pipe(error: &Error) -> bool {
    matches!(error, Error::Io(failure) if failure.path.is_none() && failure.source.kind() == io::ErrorKind::BrokenPipe)
}

#[cfg(test)]
mod tests;
