//! What preparing changed, and why: the entries that every rule writes.
//!
//! A rule must not drop or change what a caller said without an entry here. The sentences are for people; the
//! names of the rules are stable.

use std::borrow::Cow;
use std::fmt;

/// One change to a request.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Adjustment {
    /// Which rule made it.
    pub rule: Rule,
    /// The place: a path such as `messages[2].content[0]` or `inferenceConfig.topP`, as the request stood when
    /// the rule ran; `options.` and a name for an option that found no place.
    pub what: String,
    /// Why: a sentence in lower case without a full stop.
    pub why: Cow<'static, str>,
    /// The member of [`ModelFacts`](crate::catalog::ModelFacts) that decided, in the spelling of its data;
    /// `None` when the service wants it of every model.
    pub fact: Option<&'static str>,
}

impl fmt::Display for Adjustment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} ({})", self.what, self.why, self.rule)
    }
}

/// The rules that prepare requests, by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Rule {
    /// Labels for the invocation logs fit the service's bounds.
    RequestMetadata,
    /// The service tier is one that the model is offered in.
    ServiceTier,
    /// The answer keeps to a schema by the means that the model has.
    StructuredOutput,
    /// Tools are sent only where they are taken.
    Tools,
    /// Names of tools fit the service's pattern and are unique.
    ToolNames,
    /// A tool's description is not blank.
    ToolDescriptions,
    /// A tool's schema is an object that the model reads.
    ToolSchemas,
    /// The choice of a tool is one that the model takes.
    ToolChoice,
    /// One tool is called at a time where the model has a word for it.
    ParallelTools,
    /// Messages are the user's or the assistant's.
    Roles,
    /// Blocks stand in messages of the role that may hold them.
    Placement,
    /// Labels of media say what the bytes are.
    MediaFormat,
    /// Media go only to models that read them.
    MediaSupport,
    /// A request holds one video.
    OneVideo,
    /// Reasoning goes back only with its signature, to those who can check it.
    Reasoning,
    /// A call's input is an object.
    ToolInput,
    /// Without tools in the request, calls and results are told as text.
    ToolHistory,
    /// No block is blank.
    BlankContent,
    /// User and assistant take turns, and each says something.
    Turns,
    /// Every call has its result in the next message, and every result its call.
    ToolPairing,
    /// Ids of calls fit the pattern and are unique.
    ToolIds,
    /// The JSON of a tool result is an object.
    ToolResultJson,
    /// A tool result says whether it failed where the model takes the status.
    ToolResultStatus,
    /// Images stand beside tool results where they may not stand inside.
    ToolResultImages,
    /// Tool results stand alone in their message where nothing may stand beside them.
    ResultsAlone,
    /// The first message is the user's.
    FirstTurn,
    /// Names of documents are plain and unique.
    DocumentNames,
    /// Text goes with a document.
    DocumentText,
    /// The system prompt stands where the model reads it.
    SystemPrompt,
    /// The model is asked to think in its own way.
    Thinking,
    /// Flags for features in preview go to models that have such flags.
    BetaFlags,
    /// The last message is the user's, or one that the model continues.
    Prefill,
    /// Only sampling parameters that the model takes.
    Sampling,
    /// Only stop sequences that the model takes.
    StopSequences,
    /// The limit on the answer is one that the model takes and that leaves it room.
    OutputLimit,
    /// Cache points stand where the model takes them.
    CachePoints,
    /// What a model has refused before is left out.
    Refused,
    /// The answer is waited for as a whole where the model does not stream. No rule of
    /// [`prepare`](super::prepare), which does not choose the operation: who sends the request does.
    Streaming,
}

impl Rule {
    /// The name: `tool-names`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RequestMetadata => "request-metadata",
            Self::ServiceTier => "service-tier",
            Self::StructuredOutput => "structured-output",
            Self::Tools => "tools",
            Self::ToolNames => "tool-names",
            Self::ToolDescriptions => "tool-descriptions",
            Self::ToolSchemas => "tool-schemas",
            Self::ToolChoice => "tool-choice",
            Self::ParallelTools => "parallel-tools",
            Self::Roles => "roles",
            Self::Placement => "placement",
            Self::MediaFormat => "media-format",
            Self::MediaSupport => "media-support",
            Self::OneVideo => "one-video",
            Self::Reasoning => "reasoning",
            Self::ToolInput => "tool-input",
            Self::ToolHistory => "tool-history",
            Self::BlankContent => "blank-content",
            Self::Turns => "turns",
            Self::ToolPairing => "tool-pairing",
            Self::ToolIds => "tool-ids",
            Self::ToolResultJson => "tool-result-json",
            Self::ToolResultStatus => "tool-result-status",
            Self::ToolResultImages => "tool-result-images",
            Self::ResultsAlone => "results-alone",
            Self::FirstTurn => "first-turn",
            Self::DocumentNames => "document-names",
            Self::DocumentText => "document-text",
            Self::SystemPrompt => "system-prompt",
            Self::Thinking => "thinking",
            Self::BetaFlags => "beta-flags",
            Self::Prefill => "prefill",
            Self::Sampling => "sampling",
            Self::StopSequences => "stop-sequences",
            Self::OutputLimit => "output-limit",
            Self::CachePoints => "cache-points",
            Self::Refused => "refused",
            Self::Streaming => "streaming",
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
