//! What a caller asks for beside the request itself.
//!
//! These are wishes in words that hold for every model; the rules turn them into the fields of one model. A
//! field that the request sets itself wins over the wish.

use crate::converse::{
    Document, GuardrailConfiguration, PerformanceConfigLatency, ServiceTierType, ToolChoice,
};
use crate::region::Region;
use std::collections::{BTreeMap, BTreeSet};

/// What is asked for beside the request. The default asks for nothing: then only what would be refused is
/// changed, the limit on a Claude model's answer is set, and cache points appear where the model's facts say
/// `byDefault`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PrepareOptions {
    /// How hard to think; `None` leaves it to the model.
    pub thinking: Option<ThinkingLevel>,
    /// Tokens to think with, in place of the level's own number.
    pub thinking_budget: Option<u32>,
    /// Whether the answer shows the thinking; `None` is a summary.
    pub thinking_display: Option<ThinkingDisplay>,
    /// Whether the model must not think between tool calls, where that is a choice.
    pub no_interleaved_thinking: bool,
    /// Flags for features in preview, which stand in `anthropic_beta` beside those of the request and of the rules.
    /// Only Claude has such flags.
    pub beta_flags: Vec<String>,
    /// The number of likely tokens to choose from.
    pub top_k: Option<u32>,
    /// Where the prompt is cached, and for how long; `None` leaves it to the model's facts.
    pub cache: Option<CacheRetention>,
    /// Which tool to call, if the request does not say so.
    pub tool_choice: Option<ToolWish>,
    /// Whether the model must not call several tools in one answer. Only Claude has a word for it.
    pub no_parallel_tools: bool,
    /// The schema of the answer.
    pub schema: Option<AnswerSchema>,
    /// The guardrail to apply.
    pub guardrail: Option<GuardrailConfiguration>,
    /// Priority and price.
    pub service_tier: Option<ServiceTierType>,
    /// Speed.
    pub latency: Option<PerformanceConfigLatency>,
    /// Labels for the invocation logs, added to those of the request.
    pub metadata: BTreeMap<String, String>,
    /// Where the request goes: GovCloud refuses some fields.
    pub region: Option<Region>,
    /// What this model refused before and must not get again: members of `additionalModelRequestFields` (a dot
    /// leads to a member of one), `strict` of tools, `cachePoint`, `cachePoint.ttl`, and media by their names.
    /// [`learn::apply`](super::learn::apply) fills it.
    pub refused: BTreeSet<String>,
}

/// How hard to think.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ThinkingLevel {
    /// Not at all; as little as it can where it cannot be switched off.
    Off,
    /// As little as it can.
    Minimal,
    /// A little.
    Low,
    /// Some.
    Medium,
    /// Much.
    High,
    /// More.
    Xhigh,
    /// As much as it can.
    Max,
}

impl ThinkingLevel {
    /// The levels, from none to most.
    pub const ALL: [Self; 7] =
        [Self::Off, Self::Minimal, Self::Low, Self::Medium, Self::High, Self::Xhigh, Self::Max];

    /// The level's name: `xhigh`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Minimal => "minimal",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Xhigh => "xhigh",
            Self::Max => "max",
        }
    }

    /// The level of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.as_str() == name)
    }
}

/// Whether an answer shows what was thought.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ThinkingDisplay {
    /// A summary of it.
    Summarized,
    /// Only its signature.
    Omitted,
}

impl ThinkingDisplay {
    /// The value on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Summarized => "summarized",
            Self::Omitted => "omitted",
        }
    }
}

/// Where a prompt is cached, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CacheRetention {
    /// No cache points but those of the request.
    None,
    /// Five minutes.
    Short,
    /// One hour where the model takes that, else five minutes.
    Long,
}

/// Which tool to call.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ToolWish {
    /// One of the choices that Converse knows.
    Choice(ToolChoice),
    /// No tool. Converse has no word for it: the tools are left out.
    Never,
}

/// The schema of an answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AnswerSchema {
    /// Its name.
    pub name: Option<String>,
    /// What the answer is for.
    pub description: Option<String>,
    /// The JSON schema.
    pub schema: Document,
}
