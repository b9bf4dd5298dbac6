//! What one model accepts, costs and can hold: the facts that requests are prepared with.
//!
//! Data only. Where the facts of a model come from, and how families fill the gaps of a row, is decided in the
//! catalogue; what follows from a fact is decided by the rules that prepare requests. A fact that is not known is
//! `None`, and never a guess.

use serde::{Deserialize, Serialize};

/// The facts of one base model.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ModelFacts {
    /// Who makes it, which decides the habits below where no row names the model.
    pub family: Family,
    /// Tokens of input and output together.
    pub context_window: Option<u32>,
    /// Most tokens of output that a request may ask for.
    pub max_output_tokens: Option<u32>,
    /// What it reads. Text is always there.
    pub input: Vec<Medium>,
    /// US dollars per million tokens.
    pub price: Option<Price>,
    /// How it is asked to think.
    pub thinking: Thinking,
    /// Which sampling parameters it takes.
    pub sampling: Sampling,
    /// Where cache points may stand.
    pub cache: CacheSupport,
    /// What it does with tools.
    pub tools: ToolSupport,
    /// How it is made to answer in a JSON schema.
    pub structured_output: StructuredOutput,
    /// Whether it streams.
    pub streams: bool,
    /// Whether it takes a system prompt.
    pub system_prompt: bool,
    /// Whether the last message may be the assistant's, to be continued.
    pub prefill: bool,
    /// Whether it is offered in the service tier `default` alone.
    pub only_default_tier: bool,
}

/// Families by what they accept, not by marketing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Family {
    /// Anthropic Claude.
    Claude,
    /// Amazon Nova, the first and the second generation.
    Nova,
    /// Amazon Titan text.
    Titan,
    /// Meta Llama.
    Llama,
    /// Mistral AI.
    Mistral,
    /// DeepSeek.
    DeepSeek,
    /// OpenAI's open-weight models.
    GptOss,
    /// OpenAI's GPT-5 and later.
    Gpt,
    /// xAI Grok.
    Grok,
    /// Moonshot Kimi.
    Kimi,
    /// Alibaba Qwen.
    Qwen,
    /// Cohere Command.
    Cohere,
    /// AI21 Jamba.
    Jamba,
    /// One of the others of which something is known.
    Other,
    /// Nothing is known: the caller and the service know better.
    Unknown,
}

/// What a model can be given to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Medium {
    /// Text.
    Text,
    /// Images.
    Image,
    /// Documents: PDF, Word, spreadsheets, plain text.
    Document,
    /// Video.
    Video,
    /// Sound.
    Audio,
}

/// US dollars per million tokens.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Price {
    /// Of input that is not cached.
    pub input: f64,
    /// Of output.
    pub output: f64,
    /// Of input read from the cache; `None` when it is not known.
    #[serde(default)]
    pub cache_read: Option<f64>,
    /// Of input written to the cache for five minutes; `None` when it is not known.
    #[serde(default)]
    pub cache_write: Option<f64>,
}

/// How a model is asked to think.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(tag = "style", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Thinking {
    /// It refuses or ignores every field for it; some think all the same.
    None,
    /// Claude up to 4.5: `thinking {type: enabled, budget_tokens}`.
    Budget,
    /// Claude from 4.6: `thinking {type: adaptive}` and `output_config {effort}`.
    Adaptive {
        /// Whether effort `xhigh` exists; else `high` stands for it.
        #[serde(default)]
        xhigh: bool,
        /// Whether effort `max` exists; else the next lower one stands for it.
        #[serde(default)]
        max: bool,
        /// Whether it cannot be switched off.
        #[serde(default)]
        mandatory: bool,
        /// Whether thinking is on when nothing asks for it, and the effort is then the one of `default_effort`.
        #[serde(default)]
        default_effort: Option<Effort>,
    },
    /// Nova 2: `reasoningConfig {type: enabled, maxReasoningEffort}`.
    NovaEffort,
    /// gpt-oss, DeepSeek V3: a flat `reasoning_effort`.
    FlatEffort,
    /// GPT-5 and later: `reasoning {effort}`.
    NestedEffort,
}

/// How hard a model thinks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Effort {
    /// Least.
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

/// Which sampling parameters a model takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Sampling {
    /// `inferenceConfig.temperature`.
    pub temperature: bool,
    /// `inferenceConfig.topP`.
    pub top_p: bool,
    /// Both of them in one request.
    pub temperature_with_top_p: bool,
    /// Where `top_k` stands, if it is taken.
    pub top_k: TopK,
    /// `inferenceConfig.stopSequences`.
    pub stop_sequences: bool,
}

/// Where `top_k` stands in `additionalModelRequestFields`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum TopK {
    /// It is not taken.
    Refused,
    /// Claude, Mistral: `top_k`.
    Flat,
    /// Nova: `inferenceConfig.topK`.
    InferenceConfig,
    /// Cohere: `k`.
    K,
}

/// Where cache points may stand, and how long they may live.
///
/// <https://docs.aws.amazon.com/bedrock/latest/userguide/prompt-caching.html>
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CacheSupport {
    /// After the system prompt.
    pub system: bool,
    /// After the tools.
    pub tools: bool,
    /// Inside messages.
    pub messages: bool,
    /// Whether `ttl: 1h` is taken.
    pub one_hour: bool,
    /// Whether points are set when the caller says nothing.
    pub by_default: bool,
}

/// What a model does with tools.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ToolSupport {
    /// Whether it takes `toolConfig` at all.
    pub supported: bool,
    /// Whether it takes it in ConverseStream.
    pub streaming: bool,
    /// Which choices it takes.
    pub choice: ToolChoices,
    /// Whether a choice may force a tool while it thinks.
    pub forced_while_thinking: bool,
    /// Whether images may stand in tool results.
    pub images_in_results: bool,
    /// Whether anything else may stand in a message that holds tool results.
    pub text_beside_results: bool,
    /// Whether input schemas may hold `$ref`.
    pub schema_refs: bool,
    /// Whether a tool result may say by `status` that it failed.
    #[serde(default)]
    pub result_status: bool,
}

/// Which of `toolChoice`'s members a model takes: each includes those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum ToolChoices {
    /// Not even `auto`: the member must be absent.
    Absent,
    /// `auto`.
    Auto,
    /// `any`.
    Any,
    /// `tool {name}`.
    Named,
}

/// How a model is made to answer in a JSON schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum StructuredOutput {
    /// `outputConfig.textFormat`.
    Native,
    /// A tool with the schema, forced.
    Tool,
    /// Words in the system prompt.
    Prompt,
}
