//! What a refusal teaches: from an error of the service to facts that are different from those known.
//!
//! Models change without notice, and no table keeps up. So a request that is refused for one of these reasons
//! is prepared once more with what was learned, and sent again if that made another request of it. The caller
//! keeps what was learned for the model and the region; nothing is kept here. Texts are matched by fragments
//! that have been stable; names of fields are taken from them.

use super::{PrepareOptions, media_support};
use crate::catalog::ModelFacts;
use crate::catalog::facts::{Medium, StructuredOutput, Thinking, ToolChoices, TopK};
use crate::error::{ServiceClass, ServiceFailure};
use serde::{Deserialize, Serialize};

/// What a model has refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum Refusal {
    /// A member of `additionalModelRequestFields`; a dot leads to a member of it.
    Field(String),
    /// `temperature`.
    Temperature,
    /// `topP`.
    TopP,
    /// `top_k`.
    TopK,
    /// `temperature` beside `topP`.
    TemperatureWithTopP,
    /// `stopSequences`.
    StopSequences,
    /// To be called by its own id: it needs an inference profile, which the caller has to find.
    OnDemand,
    /// ConverseStream.
    Streaming,
    /// Tools in ConverseStream.
    StreamingTools,
    /// Tools.
    Tools,
    /// A choice of tools; this one is the most that it takes.
    ToolChoice(ToolChoices),
    /// To be made to call a tool while it thinks.
    ForcedWhileThinking,
    /// Anything else in a message that holds tool results.
    TextBesideResults,
    /// `status` of a tool result.
    ResultStatus,
    /// `strict` in a tool.
    StrictTools,
    /// Cache points.
    CachePoints,
    /// The lifetime of a cache point.
    CacheLifetime,
    /// The service's own structured output.
    NativeSchema,
    /// Thinking with a budget.
    BudgetThinking,
    /// Adaptive thinking.
    AdaptiveThinking,
    /// Flags in `anthropic_beta`.
    BetaFlags,
    /// A last message of the assistant.
    Prefill,
    /// A system prompt.
    SystemPrompt,
    /// A medium.
    Medium(Medium),
    /// A limit on the answer above this one.
    OutputLimit(u32),
}

/// Fragments of sentences, in lower case, and what they say. The first that is found counts.
const SENTENCES: [(&str, Refusal); 21] = [
    ("on-demand throughput", Refusal::OnDemand),
    ("unsupported for streaming", Refusal::Streaming),
    ("tool use in streaming mode", Refusal::StreamingTools),
    ("support tool use", Refusal::Tools),
    ("tool_choice forces tool use", Refusal::ForcedWhileThinking),
    ("did not allow prompt caching", Refusal::CachePoints),
    ("cannot both be specified", Refusal::TemperatureWithTopP),
    ("\"thinking.type.enabled\" is not supported", Refusal::BudgetThinking),
    ("adaptive thinking is not supported", Refusal::AdaptiveThinking),
    ("\"thinking.type.adaptive\" is not supported", Refusal::AdaptiveThinking),
    ("input tag 'enabled' found", Refusal::BudgetThinking),
    ("input tag 'adaptive' found", Refusal::AdaptiveThinking),
    ("invalid beta flag", Refusal::BetaFlags),
    ("assistant message prefill", Refusal::Prefill),
    ("conversation must end with a user message", Refusal::Prefill),
    ("cannot be provided in the same turn", Refusal::TextBesideResults),
    ("support system messages", Refusal::SystemPrompt),
    ("support the image content block", Refusal::Medium(Medium::Image)),
    ("support the document content block", Refusal::Medium(Medium::Document)),
    ("support the video content block", Refusal::Medium(Medium::Video)),
    ("support the audio content block", Refusal::Medium(Medium::Audio)),
];

/// Values of `type`. Where the members of an object depend on it, the path in a refusal leads through the value:
/// `thinking.adaptive.display`.
const TYPES: [&str; 4] = ["ephemeral", "adaptive", "enabled", "disabled"];

/// Reads an error answer; `None` when it teaches nothing about the model.
pub fn learn(failure: &ServiceFailure) -> Option<Refusal> {
    match failure.class {
        ServiceClass::NeedsProfile => return Some(Refusal::OnDemand),
        ServiceClass::Validation
        | ServiceClass::AccessDenied
        | ServiceClass::ModelError
        | ServiceClass::Other => {}
        ServiceClass::ModelNotGranted
        | ServiceClass::CredentialsExpired
        | ServiceClass::CredentialsRejected
        | ServiceClass::ClockSkew
        | ServiceClass::ModelNotFound
        | ServiceClass::ContextOverflow
        | ServiceClass::Throttled
        | ServiceClass::QuotaExceeded
        | ServiceClass::ModelNotReady
        | ServiceClass::ModelTimeout
        | ServiceClass::Internal
        | ServiceClass::Unavailable => return None,
    }
    let message = failure.message.as_str();
    let lower = message.to_ascii_lowercase();
    let sentence = SENTENCES.into_iter().find(|(fragment, _)| lower.contains(fragment));
    sentence
        .map(|(_, refusal)| refusal)
        .or_else(|| limit(message).map(Refusal::OutputLimit))
        .or_else(|| by_name(named(message)?))
}

/// The most tokens of output that a message says the model gives.
fn limit(message: &str) -> Option<u32> {
    let by_bedrock = message.split_once("exceeds the model limit of ").map(|(_, rest)| rest);
    let by_claude = || {
        let (before, _) = message.split_once(", which is the maximum allowed number of output tokens")?;
        before.rsplit_once("> ").map(|(_, limit)| limit)
    };
    let digits = by_bedrock.or_else(by_claude)?.split(|c: char| !c.is_ascii_digit()).next()?;
    digits.parse().ok().filter(|limit| *limit > 0)
}

/// The name of the field that a message refuses.
fn named(message: &str) -> Option<&str> {
    if let Some((before, _)) = message.split_once(": Extra inputs are not permitted") {
        return before.rsplit([' ', ',', '\n', '"']).next();
    }
    if let Some((before, _)) = message.split_once(" is deprecated for this model") {
        return before.trim_end_matches('`').rsplit('`').next();
    }
    let between = |start: &str, end: &str| message.split_once(start)?.1.split_once(end).map(|found| found.0);
    between("extraneous key [", "]").or_else(|| between("support the ", " field"))
}

/// What it means that a field is refused.
fn by_name(name: &str) -> Option<Refusal> {
    let parts = name.trim_start_matches("#/").split(['.', '/']);
    let parts: Vec<&str> = parts.filter(|part| !TYPES.contains(part)).collect();
    let refusal = match parts.as_slice() {
        [.., "status"] => Refusal::ResultStatus,
        [.., "strict"] => Refusal::StrictTools,
        [.., "cache_control" | "cachePoint", "ttl"] => Refusal::CacheLifetime,
        [.., "cache_control" | "cachePoint"] => Refusal::CachePoints,
        ["output_config" | "outputConfig", "format" | "textFormat", ..] => Refusal::NativeSchema,
        ["outputConfig"] => Refusal::NativeSchema,
        [.., "temperature"] => Refusal::Temperature,
        [.., "top_p" | "topP"] => Refusal::TopP,
        [.., "top_k" | "topK"] => Refusal::TopK,
        [.., "stop_sequences" | "stopSequences"] => Refusal::StopSequences,
        [.., "toolChoice", "tool"] => Refusal::ToolChoice(ToolChoices::Any),
        [.., "toolChoice", "any"] => Refusal::ToolChoice(ToolChoices::Auto),
        [.., "toolChoice", "auto"] | [.., "toolChoice"] => Refusal::ToolChoice(ToolChoices::Absent),
        ["anthropic_beta", ..] => Refusal::BetaFlags,
        // Parts of the conversation are not to be left out.
        ["messages" | "system" | "tools" | "toolConfig", ..] | [] | [""] => return None,
        [field] => Refusal::Field((*field).to_owned()),
        [field, inner, ..] => Refusal::Field(format!("{field}.{inner}")),
    };
    Some(refusal)
}

/// Puts what was learned into the facts and the options for the next [`prepare`](super::prepare). Says whether
/// that changed anything; prepare the original request again, and send it if it is another now.
pub fn apply(refusal: &Refusal, facts: &mut ModelFacts, options: &mut PrepareOptions) -> bool {
    let before = (facts.clone(), options.clone());
    let mut refuse = |name: &str| options.refused.insert(name.to_owned());
    match refusal {
        Refusal::Field(name) => drop(refuse(name)),
        Refusal::Temperature => facts.sampling.temperature = false,
        Refusal::TopP => facts.sampling.top_p = false,
        Refusal::TopK => {
            facts.sampling.top_k = TopK::Refused;
            refuse("top_k");
        }
        Refusal::TemperatureWithTopP => facts.sampling.temperature_with_top_p = false,
        Refusal::StopSequences => facts.sampling.stop_sequences = false,
        Refusal::OnDemand => {}
        Refusal::Streaming => facts.streams = false,
        Refusal::StreamingTools => facts.tools.streaming = false,
        Refusal::Tools => facts.tools.supported = false,
        Refusal::ToolChoice(most) => facts.tools.choice = facts.tools.choice.min(*most),
        Refusal::ForcedWhileThinking => facts.tools.forced_while_thinking = false,
        Refusal::TextBesideResults => facts.tools.text_beside_results = false,
        Refusal::ResultStatus => facts.tools.result_status = false,
        Refusal::StrictTools => drop(refuse("strict")),
        Refusal::CachePoints => drop(refuse("cachePoint")),
        Refusal::CacheLifetime => drop(refuse("cachePoint.ttl")),
        Refusal::NativeSchema => {
            if facts.structured_output == StructuredOutput::Native {
                facts.structured_output = StructuredOutput::Tool;
            }
        }
        Refusal::BudgetThinking => {
            facts.thinking =
                Thinking::Adaptive { xhigh: false, max: false, mandatory: false, default_effort: None };
        }
        Refusal::AdaptiveThinking => facts.thinking = Thinking::Budget,
        Refusal::BetaFlags => drop(refuse("anthropic_beta")),
        Refusal::Prefill => facts.prefill = false,
        Refusal::SystemPrompt => facts.system_prompt = false,
        Refusal::Medium(medium) => {
            facts.input.retain(|known| known != medium);
            refuse(media_support::name(*medium));
        }
        Refusal::OutputLimit(most) => facts.max_output_tokens = Some(*most),
    }
    before != (facts.clone(), options.clone())
}
