//! What Converse answers, and what a stream tells at its end.
//!
//! A whole answer comes from Converse, or from a stream through [`Fold`](super::Fold). Usage is given as the
//! service counts it: nothing is added up or priced here.

use super::union::{Found, Union, UnknownMember, member, null_as_default, read, unknown};
use super::{CacheTtl, Document, GuardrailTraceAssessment, Message, PerformanceConfiguration, ServiceTier};
use serde::de::MapAccess;
use serde::{Deserialize, Deserializer, Serialize};
use std::fmt;

/// The answer of Converse.
///
/// AWS always sends `stop_reason`, `usage` and `metrics`. They are optional here since a stream can be cut
/// off before they come, and a count that nobody sent is not zero.
///
/// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html>
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ConverseResponse {
    /// What the model said.
    #[serde(deserialize_with = "null_as_default")]
    pub output: ConverseOutput,
    /// Why it stopped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop_reason: Option<StopReason>,
    /// Tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usage: Option<TokenUsage>,
    /// Time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metrics: Option<ConverseMetrics>,
    /// What `additional_model_response_field_paths` asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub additional_model_response_fields: Option<Document>,
    /// What guardrails and routers did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trace: Option<ConverseTrace>,
    /// The speed that was used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub performance_config: Option<PerformanceConfiguration>,
    /// The tier that was used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_tier: Option<ServiceTier>,
}

impl ConverseResponse {
    /// The message, when the output is one.
    pub fn message(&self) -> Option<&Message> {
        match &self.output {
            ConverseOutput::Message(message) => Some(message),
            ConverseOutput::Unknown(_) => None,
        }
    }

    /// All text of the answer joined: see [`Message::text`].
    pub fn text(&self) -> String {
        self.message().map(Message::text).unwrap_or_default()
    }
}

/// What the model said.
///
/// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseOutput.html>
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum ConverseOutput {
    /// A message of the assistant.
    Message(Message),
    /// A member that this version does not know.
    #[serde(untagged)]
    Unknown(UnknownMember),
}

impl Default for ConverseOutput {
    fn default() -> Self {
        Self::Message(Message::default())
    }
}

impl Union for ConverseOutput {
    const UNKNOWN: fn(UnknownMember) -> Self = Self::Unknown;

    fn read<'de, A: MapAccess<'de>>(name: &str, values: &mut A) -> Result<Found<Self>, A::Error> {
        match name {
            "message" => member(values, Self::Message),
            _ => unknown(name, values),
        }
    }
}

impl<'de> Deserialize<'de> for ConverseOutput {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        read(from)
    }
}

/// Why the model stopped. Open: unknown reasons are kept.
///
/// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html>
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
#[non_exhaustive]
pub enum StopReason {
    /// It had said all.
    EndTurn,
    /// It calls a tool.
    ToolUse,
    /// The answer reached its limit of tokens.
    MaxTokens,
    /// It came to a stop sequence.
    StopSequence,
    /// A guardrail stepped in.
    GuardrailIntervened,
    /// A filter of the provider stepped in.
    ContentFiltered,
    /// The model's output could not be read.
    MalformedModelOutput,
    /// The model's tool call could not be read.
    MalformedToolUse,
    /// The conversation fills the model's context window.
    ModelContextWindowExceeded,
    /// The model refused. Not in AWS's list; some models answer with it.
    Refusal,
    /// A reason that this version does not know.
    Unknown(String),
}

impl StopReason {
    /// The reason as it stands on the wire.
    pub fn as_str(&self) -> &str {
        match self {
            StopReason::EndTurn => "end_turn",
            StopReason::ToolUse => "tool_use",
            StopReason::MaxTokens => "max_tokens",
            StopReason::StopSequence => "stop_sequence",
            StopReason::GuardrailIntervened => "guardrail_intervened",
            StopReason::ContentFiltered => "content_filtered",
            StopReason::MalformedModelOutput => "malformed_model_output",
            StopReason::MalformedToolUse => "malformed_tool_use",
            StopReason::ModelContextWindowExceeded => "model_context_window_exceeded",
            StopReason::Refusal => "refusal",
            StopReason::Unknown(text) => text,
        }
    }
}

impl From<String> for StopReason {
    fn from(text: String) -> Self {
        match text.as_str() {
            "end_turn" => StopReason::EndTurn,
            "tool_use" => StopReason::ToolUse,
            "max_tokens" => StopReason::MaxTokens,
            "stop_sequence" => StopReason::StopSequence,
            "guardrail_intervened" => StopReason::GuardrailIntervened,
            "content_filtered" => StopReason::ContentFiltered,
            "malformed_model_output" => StopReason::MalformedModelOutput,
            "malformed_tool_use" => StopReason::MalformedToolUse,
            "model_context_window_exceeded" => StopReason::ModelContextWindowExceeded,
            "refusal" => StopReason::Refusal,
            _ => StopReason::Unknown(text),
        }
    }
}

impl From<&str> for StopReason {
    fn from(text: &str) -> Self {
        Self::from(text.to_owned())
    }
}

impl From<StopReason> for String {
    fn from(reason: StopReason) -> Self {
        reason.as_str().to_owned()
    }
}

impl fmt::Display for StopReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Tokens, as the service counts them.
///
/// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_TokenUsage.html>
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct TokenUsage {
    /// Tokens of the request, without those read from or written to the cache.
    #[serde(deserialize_with = "null_as_default")]
    pub input_tokens: u64,
    /// Tokens of the answer.
    #[serde(deserialize_with = "null_as_default")]
    pub output_tokens: u64,
    /// The sum that the service gives; models differ in what they add up.
    #[serde(deserialize_with = "null_as_default")]
    pub total_tokens: u64,
    /// Tokens read from the cache.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_read_input_tokens: Option<u64>,
    /// Tokens written to the cache.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_write_input_tokens: Option<u64>,
    /// The tokens written, by lifetime.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "null_as_default")]
    pub cache_details: Vec<CacheDetail>,
}

/// Tokens written to the cache with one lifetime.
///
/// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_CacheDetail.html>
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct CacheDetail {
    /// The lifetime.
    #[serde(deserialize_with = "null_as_default")]
    pub ttl: CacheTtl,
    /// The tokens.
    #[serde(deserialize_with = "null_as_default")]
    pub input_tokens: u64,
}

/// Time. A stream's `ConverseStreamMetrics` has the same member.
///
/// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseMetrics.html>
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ConverseMetrics {
    /// From request to answer, in milliseconds.
    #[serde(deserialize_with = "null_as_default")]
    pub latency_ms: u64,
}

/// What guardrails and routers did. A stream's `ConverseStreamTrace` has the same members.
///
/// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseTrace.html>
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ConverseTrace {
    /// What a guardrail found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub guardrail: Option<GuardrailTraceAssessment>,
    /// Which model a prompt router chose.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prompt_router: Option<PromptRouterTrace>,
}

/// Which model a prompt router chose.
///
/// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_PromptRouterTrace.html>
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct PromptRouterTrace {
    /// Id or ARN of the model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub invoked_model_id: Option<String>,
}

/// The last event of a stream: what [`ConverseResponse`] has beside the message.
///
/// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStreamMetadataEvent.html>
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct StreamMetadata {
    /// Tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usage: Option<TokenUsage>,
    /// Time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metrics: Option<ConverseMetrics>,
    /// What guardrails and routers did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trace: Option<ConverseTrace>,
    /// The speed that was used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub performance_config: Option<PerformanceConfiguration>,
    /// The tier that was used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_tier: Option<ServiceTier>,
}
