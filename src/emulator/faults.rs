//! What the emulator gets wrong on purpose: faults, and the two ways to choose them.
//!
//! A scenario is a list of rules, first match first:
//!
//! ```json
//! [
//!   {"match": {"operation": "ConverseStream", "model": "amazon.nova-lite-v1:0"},
//!    "times": 2,
//!    "fault": {"kind": "throttle", "retry_after_ms": 50}},
//!   {"fault": {"kind": "stall", "after_events": 3, "ms": 200}}
//! ]
//! ```
//!
//! `match` and its members may be left out, as may `times` (always). The operations of the services behind
//! credentials are `AssumeRole`, `AssumeRoleWithWebIdentity`, `GetCallerIdentity`, `GetMetadataToken`,
//! `GetMetadataRole`, `GetMetadataCredentials`, `GetMetadataRegion`, `GetContainerCredentials`,
//! `GetRoleCredentials`, `CreateToken` and `CreateOAuth2Token`; rules must name them to hit them.
//!
//! Once a rule's `times` are used up the rules after it are looked at, so that a list is also a sequence.
//!
//! Without a scenario a fault is chosen by calling the model `emulator.NAME`: see [`Fault::from_model_id`].
//! This file only chooses; `refusal`, `spoil` and `runtime` carry out.

use serde::Deserialize;
use std::collections::HashMap;

/// Something that goes wrong. Faults of streams leave answers without a stream alone.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(try_from = "WrittenFault")]
#[non_exhaustive]
pub enum Fault {
    /// 429 `ThrottlingException`.
    Throttle {
        /// The header `x-amz-retry-after`, in milliseconds.
        retry_after_ms: Option<u64>,
    },
    /// An error answer in AWS's form.
    Http {
        /// HTTP status.
        status: u16,
        /// Error type; by default the one that the status stands for.
        code: Option<String>,
        /// Message; by default one that fits the status.
        message: Option<String>,
    },
    /// 403 `AccessDeniedException`, as IAM words it.
    Denied,
    /// 403 `AccessDeniedException`, as Bedrock words it when the account has not been granted the model.
    NotGranted,
    /// 403 `ExpiredTokenException`.
    Expired,
    /// 400 `ServiceQuotaExceededException`.
    Quota,
    /// 429 `ModelNotReadyException`.
    NotReady,
    /// 400 `ValidationException`: the input is too long.
    ContextOverflow,
    /// A page of a proxy: HTML, with this status.
    Html {
        /// HTTP status, also a successful one.
        status: u16,
    },
    /// This status with an empty body and no error type.
    Empty {
        /// HTTP status.
        status: u16,
    },
    /// Nothing is sent for a while, not even the head.
    Slow {
        /// Milliseconds before the head.
        ms: u64,
    },
    /// The stream falls silent.
    Stall {
        /// Events before the silence.
        after_events: usize,
        /// Milliseconds of silence; by default until the client gives up.
        ms: Option<u64>,
    },
    /// The stream ends inside a frame, with a proper end of the HTTP body.
    Cut {
        /// Whole events before the cut.
        after_events: usize,
    },
    /// The stream ends between frames, with a proper end of the HTTP body.
    End {
        /// Events before the end; by default all but `messageStop` and `metadata`.
        after_events: Option<usize>,
    },
    /// The checksum of a frame's prelude is wrong.
    CorruptPrelude {
        /// Events before the frame.
        after_events: usize,
    },
    /// The checksum of a frame is wrong.
    CorruptMessage {
        /// Events before the frame.
        after_events: usize,
    },
    /// A frame states a length of nearly 2 GiB; its prelude's checksum is right.
    Oversized {
        /// Events before the frame.
        after_events: usize,
    },
    /// An exception inside the stream, which ends it.
    Exception {
        /// Events before the exception.
        after_events: usize,
        /// Which one.
        name: StreamException,
    },
    /// An `error` frame inside the stream, which ends it.
    ErrorFrame {
        /// Events before the frame.
        after_events: usize,
    },
    /// An event of a type that no client knows; the stream goes on.
    UnknownEvent {
        /// Events before it.
        after_events: usize,
    },
    /// The connection is reset (RST).
    Reset {
        /// Events before the reset; absent: before the head.
        after_events: Option<usize>,
    },
    /// The connection is closed (FIN), whatever the HTTP body still owes.
    Close {
        /// Events before the close; absent: before the head.
        after_events: Option<usize>,
    },
    /// The body is written one byte at a time.
    Trickle,
    /// The answer is whole and ends for this reason.
    Stop {
        /// `guardrail_intervened`, `content_filtered`, or one that no client knows.
        reason: String,
    },
}

/// The exceptions that a ConverseStream answer can hold.
///
/// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStreamOutput.html>
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum StreamException {
    /// `internalServerException`.
    Internal,
    /// `modelStreamErrorException`, with the model's own status and message.
    ModelStreamError,
    /// `validationException`.
    Validation,
    /// `throttlingException`.
    Throttling,
    /// `serviceUnavailableException`.
    Unavailable,
}

/// Events that are delivered before a stream breaks when nothing says how many.
const DEFAULT_AFTER_EVENTS: usize = 3;

impl Fault {
    /// The fault that a model id asks for, and how often in a row: `emulator.throttle-2` is throttled twice,
    /// then answered, then throttled again. Without a number before-the-head faults never end.
    ///
    /// | Model id | Fault |
    /// |---|---|
    /// | `emulator.throttle[-TIMES]`, `emulator.http-STATUS[-TIMES]` | 429, or any status, in AWS's form |
    /// | `emulator.not-ready[-TIMES]` | 429 `ModelNotReadyException`, by default once |
    /// | `emulator.denied`, `.not-granted`, `.expired`, `.quota`, `.context-overflow` | refused for good |
    /// | `emulator.html-STATUS`, `emulator.empty-STATUS` | a proxy's page, no body at all |
    /// | `emulator.slow-MS` | the head comes late |
    /// | `emulator.reset`, `emulator.close` | the connection ends before the head |
    /// | `emulator.stall-N`, `.cut-N`, `.end[-N]`, `.reset-N`, `.close-N` | the stream breaks |
    /// | `emulator.corrupt-prelude-N`, `.corrupt-message-N`, `.oversized-N` | a bad frame |
    /// | `emulator.exception-NAME[-N]` | an exception: a NAME of [`StreamException`] in kebab case |
    /// | `emulator.error-frame[-N]`, `emulator.unknown-event[-N]` | frames of other kinds |
    /// | `emulator.trickle` | one byte a write |
    /// | `emulator.stop-REASON` | any `stopReason` |
    ///
    /// N is the number of events before it happens: 3 where it is left out.
    pub fn from_model_id(model_id: &str) -> Option<(Self, Option<u32>)> {
        let name = model_id.strip_prefix("emulator.")?;
        if let Some(reason) = name.strip_prefix("stop-") {
            return Some((Self::Stop { reason: reason.to_owned() }, None));
        }
        let (name, number) = match name.rsplit_once('-') {
            Some((rest, digits)) => match digits.parse::<u32>() {
                Ok(number) => (rest, Some(number)),
                Err(_) => (name, None),
            },
            None => (name, None),
        };
        Self::before_the_head(name, number).or_else(|| {
            let fault = Self::inside_the_stream(name, number)?;
            Some((fault, None))
        })
    }

    fn before_the_head(name: &str, number: Option<u32>) -> Option<(Self, Option<u32>)> {
        // `http-503-2`: the number split off is how often, unless it is the status itself.
        if let Some(status) = name.strip_prefix("http-").and_then(|status| status.parse().ok()) {
            return Some((Self::Http { status, code: None, message: None }, number));
        }
        let status = || number.and_then(|number| u16::try_from(number).ok());
        let always = |fault| Some((fault, None));
        match (name, number) {
            ("throttle", _) => Some((Self::Throttle { retry_after_ms: None }, number)),
            ("not-ready", _) => Some((Self::NotReady, Some(number.unwrap_or(1)))),
            ("http", _) => always(Self::Http { status: status()?, code: None, message: None }),
            ("html", _) => always(Self::Html { status: status()? }),
            ("empty", _) => always(Self::Empty { status: status()? }),
            ("slow", Some(ms)) => always(Self::Slow { ms: u64::from(ms) }),
            ("denied", None) => always(Self::Denied),
            ("not-granted", None) => always(Self::NotGranted),
            ("expired", None) => always(Self::Expired),
            ("quota", None) => always(Self::Quota),
            ("context-overflow", None) => always(Self::ContextOverflow),
            ("trickle", None) => always(Self::Trickle),
            ("reset", None) => always(Self::Reset { after_events: None }),
            ("close", None) => always(Self::Close { after_events: None }),
            _ => None,
        }
    }

    fn inside_the_stream(name: &str, number: Option<u32>) -> Option<Self> {
        let given = number.and_then(|number| usize::try_from(number).ok());
        let after_events = given.unwrap_or(DEFAULT_AFTER_EVENTS);
        Some(match name {
            "stall" => Self::Stall { after_events, ms: None },
            "cut" => Self::Cut { after_events },
            "end" => Self::End { after_events: given },
            "corrupt-prelude" => Self::CorruptPrelude { after_events },
            "corrupt-message" => Self::CorruptMessage { after_events },
            "oversized" => Self::Oversized { after_events },
            "error-frame" => Self::ErrorFrame { after_events },
            "unknown-event" => Self::UnknownEvent { after_events },
            "reset" => Self::Reset { after_events: given },
            "close" => Self::Close { after_events: given },
            _ => {
                let name = match name.strip_prefix("exception-")? {
                    "internal" => StreamException::Internal,
                    "model-stream-error" => StreamException::ModelStreamError,
                    "validation" => StreamException::Validation,
                    "throttling" => StreamException::Throttling,
                    "unavailable" => StreamException::Unavailable,
                    _ => return None,
                };
                Self::Exception { after_events, name }
            }
        })
    }
}

/// A fault as a scenario writes it: a kind, in kebab case, and the members that this kind has. One flat shape for all
/// kinds, since a reader for each of them takes 26 KB of the program.
#[derive(Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct WrittenFault {
    kind: String,
    retry_after_ms: Option<u64>,
    status: Option<u16>,
    code: Option<String>,
    message: Option<String>,
    ms: Option<u64>,
    after_events: Option<usize>,
    name: Option<StreamException>,
    reason: Option<String>,
}

impl TryFrom<WrittenFault> for Fault {
    type Error = String;

    fn try_from(mut written: WrittenFault) -> Result<Self, String> {
        let kind = std::mem::take(&mut written.kind);
        let lacks = |member: &str| format!("a fault of the kind `{kind}` needs `{member}`");
        let after = written.after_events.take();
        let after_events = || after.ok_or_else(|| lacks("after_events"));
        let fault = match kind.as_str() {
            "throttle" => Self::Throttle { retry_after_ms: written.retry_after_ms.take() },
            "http" => Self::Http {
                status: written.status.take().ok_or_else(|| lacks("status"))?,
                code: written.code.take(),
                message: written.message.take(),
            },
            "html" => Self::Html { status: written.status.take().ok_or_else(|| lacks("status"))? },
            "empty" => Self::Empty { status: written.status.take().ok_or_else(|| lacks("status"))? },
            "slow" => Self::Slow { ms: written.ms.take().ok_or_else(|| lacks("ms"))? },
            "stall" => Self::Stall { after_events: after_events()?, ms: written.ms.take() },
            "exception" => Self::Exception {
                after_events: after_events()?,
                name: written.name.take().ok_or_else(|| lacks("name"))?,
            },
            "stop" => Self::Stop { reason: written.reason.take().ok_or_else(|| lacks("reason"))? },
            "cut" => Self::Cut { after_events: after_events()? },
            "corrupt-prelude" => Self::CorruptPrelude { after_events: after_events()? },
            "corrupt-message" => Self::CorruptMessage { after_events: after_events()? },
            "oversized" => Self::Oversized { after_events: after_events()? },
            "error-frame" => Self::ErrorFrame { after_events: after_events()? },
            "unknown-event" => Self::UnknownEvent { after_events: after_events()? },
            "end" => Self::End { after_events: after },
            "reset" => Self::Reset { after_events: after },
            "close" => Self::Close { after_events: after },
            _ => Self::without_members(&kind).ok_or_else(|| format!("unknown kind of fault `{kind}`"))?,
        };
        if after.is_some() && !fault.has_events() || written != WrittenFault::default() {
            return Err(format!("a fault of the kind `{kind}` has no such member"));
        }
        Ok(fault)
    }
}

impl Fault {
    /// The fault of a kind that is all there is to say.
    fn without_members(kind: &str) -> Option<Self> {
        Some(match kind {
            "denied" => Self::Denied,
            "not-granted" => Self::NotGranted,
            "expired" => Self::Expired,
            "quota" => Self::Quota,
            "not-ready" => Self::NotReady,
            "context-overflow" => Self::ContextOverflow,
            "trickle" => Self::Trickle,
            _ => return None,
        })
    }

    /// Whether the fault counts the events before it.
    fn has_events(&self) -> bool {
        match self {
            Self::Stall { .. }
            | Self::Cut { .. }
            | Self::End { .. }
            | Self::CorruptPrelude { .. }
            | Self::CorruptMessage { .. }
            | Self::Oversized { .. }
            | Self::Exception { .. }
            | Self::ErrorFrame { .. }
            | Self::UnknownEvent { .. }
            | Self::Reset { .. }
            | Self::Close { .. } => true,
            Self::Throttle { .. }
            | Self::Http { .. }
            | Self::Denied
            | Self::NotGranted
            | Self::Expired
            | Self::Quota
            | Self::NotReady
            | Self::ContextOverflow
            | Self::Html { .. }
            | Self::Empty { .. }
            | Self::Slow { .. }
            | Self::Trickle
            | Self::Stop { .. } => false,
        }
    }
}

/// A list of rules; see the module's page.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(transparent)]
pub struct Scenario {
    /// The rules, first match first.
    pub rules: Vec<Rule>,
}

impl Scenario {
    /// Reads a scenario file.
    ///
    /// # Errors
    ///
    /// What does not read as a scenario, with line and column.
    pub fn from_json(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(text.as_bytes())
    }
}

/// One rule of a scenario.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Which requests it is for.
    #[serde(rename = "match", default)]
    pub filter: Filter,
    /// How many requests it hits; absent: all.
    pub times: Option<u32>,
    /// What goes wrong.
    pub fault: Fault,
}

/// Which requests a rule is for: those that agree with every member that is set.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Filter {
    /// The operation as AWS names it: `ConverseStream`, `ListInferenceProfiles`. Operations behind
    /// credentials (`AssumeRole`, `GetMetadataToken`) are hit only by rules that name them.
    pub operation: Option<String>,
    /// The model, profile or ARN in the path, decoded.
    pub model: Option<String>,
}

impl Filter {
    fn matches(&self, operation: &str, model: Option<&str>) -> bool {
        self.operation.as_deref().is_none_or(|wanted| wanted == operation)
            && self.model.as_deref().is_none_or(|wanted| Some(wanted) == model)
    }
}

/// Chooses the fault of each request, and counts.
#[derive(Debug)]
pub(super) struct Chooser {
    rules: Vec<Rule>,
    /// Failures in a row by model id, for ids that fail a number of times.
    failed: HashMap<String, u32>,
}

impl Chooser {
    /// Starts counting.
    pub(super) fn new(scenario: Scenario) -> Self {
        Self { rules: scenario.rules, failed: HashMap::new() }
    }

    /// The fault of a request for credentials, if any. A rule for all of Bedrock is none for what it takes
    /// to get there.
    pub(super) fn choose_named(&mut self, operation: &str) -> Option<Fault> {
        let rule = self.rules.iter_mut().find(|rule| {
            let is_named = rule.filter.operation.as_deref() == Some(operation);
            is_named && rule.filter.model.is_none() && rule.times != Some(0)
        })?;
        rule.times = rule.times.map(|times| times - 1);
        Some(rule.fault.clone())
    }

    /// The fault of this request, if any.
    pub(super) fn choose(&mut self, operation: &str, model: Option<&str>) -> Option<Fault> {
        let rule =
            self.rules.iter_mut().find(|rule| rule.times != Some(0) && rule.filter.matches(operation, model));
        if let Some(rule) = rule {
            rule.times = rule.times.map(|times| times - 1);
            return Some(rule.fault.clone());
        }
        let model = model?;
        let (fault, times) = Fault::from_model_id(model)?;
        let Some(times) = times else { return Some(fault) };
        let failed = self.failed.entry(model.to_owned()).or_default();
        if *failed < times {
            *failed += 1;
            return Some(fault);
        }
        *failed = 0;
        None
    }
}

#[cfg(test)]
mod tests {
    use super::{Chooser, Fault, Filter, Rule, Scenario, StreamException};

    #[test]
    fn model_ids_name_faults() {
        let throttle = Fault::Throttle { retry_after_ms: None };
        let http = |status| Fault::Http { status, code: None, message: None };
        for (id, expected) in [
            ("emulator.throttle", Some((throttle.clone(), None))),
            ("emulator.throttle-2", Some((throttle, Some(2)))),
            ("emulator.http-500", Some((http(500), None))),
            ("emulator.http-503-2", Some((http(503), Some(2)))),
            ("emulator.http", None),
            ("emulator.http-99999", None),
            ("emulator.not-ready", Some((Fault::NotReady, Some(1)))),
            ("emulator.denied", Some((Fault::Denied, None))),
            ("emulator.html-200", Some((Fault::Html { status: 200 }, None))),
            ("emulator.slow-50", Some((Fault::Slow { ms: 50 }, None))),
            ("emulator.slow", None),
            ("emulator.cut", Some((Fault::Cut { after_events: 3 }, None))),
            ("emulator.cut-0", Some((Fault::Cut { after_events: 0 }, None))),
            ("emulator.end", Some((Fault::End { after_events: None }, None))),
            ("emulator.reset", Some((Fault::Reset { after_events: None }, None))),
            ("emulator.reset-2", Some((Fault::Reset { after_events: Some(2) }, None))),
            ("emulator.corrupt-prelude-1", Some((Fault::CorruptPrelude { after_events: 1 }, None))),
            (
                "emulator.exception-model-stream-error-4",
                Some((Fault::Exception { after_events: 4, name: StreamException::ModelStreamError }, None)),
            ),
            ("emulator.exception-other", None),
            (
                "emulator.stop-content_filtered",
                Some((Fault::Stop { reason: "content_filtered".to_owned() }, None)),
            ),
            ("emulator.basalt-v1:0", None),
            ("amazon.nova-lite-v1:0", None),
        ] {
            assert_eq!(Fault::from_model_id(id), expected, "{id}");
        }
    }

    #[test]
    fn scenarios_are_read_strictly() {
        let text = r#"[
            {"match": {"operation": "Converse", "model": "m"}, "times": 2,
             "fault": {"kind": "throttle", "retry_after_ms": 50}},
            {"fault": {"kind": "exception", "after_events": 1, "name": "throttling"}},
            {"fault": {"kind": "trickle"}}
        ]"#;
        let scenario = Scenario::from_json(text).unwrap();
        let first = Rule {
            filter: Filter { operation: Some("Converse".to_owned()), model: Some("m".to_owned()) },
            times: Some(2),
            fault: Fault::Throttle { retry_after_ms: Some(50) },
        };
        assert_eq!(scenario.rules.len(), 3);
        assert_eq!(scenario.rules[0], first);
        for bad in [
            r#"{"fault": {"kind": "trickle"}}"#,
            r#"[{"fault": {"kind": "unheard-of"}}]"#,
            r#"[{"fault": {"kind": "cut", "after": 1}}]"#,
            r#"[{"fault": {"kind": "cut"}}]"#,
            r#"[{"fault": {"kind": "denied", "after_events": 1}}]"#,
            r#"[{"fault": {"kind": "slow", "ms": 5, "status": 500}}]"#,
            r#"[{"fault": {}}]"#,
            r#"[{"matches": {}, "fault": {"kind": "trickle"}}]"#,
        ] {
            assert!(Scenario::from_json(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn rules_hit_in_order_and_as_often_as_they_say() {
        let text = r#"[
            {"match": {"operation": "Converse"}, "times": 1, "fault": {"kind": "throttle"}},
            {"match": {"model": "m"}, "times": 1, "fault": {"kind": "denied"}}
        ]"#;
        let mut chooser = Chooser::new(Scenario::from_json(text).unwrap());
        let throttle = Some(Fault::Throttle { retry_after_ms: None });
        assert_eq!(chooser.choose("ListFoundationModels", None), None);
        assert_eq!(chooser.choose("Converse", Some("m")), throttle);
        assert_eq!(chooser.choose("Converse", Some("m")), Some(Fault::Denied));
        assert_eq!(chooser.choose("Converse", Some("m")), None);
    }

    #[test]
    fn a_model_id_fails_so_often_then_works_once_and_over_again() {
        let mut chooser = Chooser::new(Scenario::default());
        let outcomes: Vec<bool> =
            (0..6).map(|_| chooser.choose("Converse", Some("emulator.throttle-2")).is_some()).collect();
        assert_eq!(outcomes, [true, true, false, true, true, false]);
        assert!((0..5).all(|_| chooser.choose("Converse", Some("emulator.denied")).is_some()));
    }

    proptest::proptest! {
        #[test]
        fn any_id_and_any_scenario_is_read_or_refused(id in "\\PC{0,20}", text in "\\PC{0,40}") {
            let _ = Fault::from_model_id(&format!("emulator.{id}"));
            let _ = Scenario::from_json(&text);
        }
    }
}
