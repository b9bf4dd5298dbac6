//! What Converse and ConverseStream are asked.
//!
//! One type serves both, as their bodies differ in one member of the guardrail's configuration. The model's
//! id goes into the URL and not into the body. What a model accepts is not checked here.

use super::open::kind;
use super::union::{Found, Union, UnknownMember, member, null_as_default, read, unknown};
use super::{
    Document, GuardrailConfiguration, Message, OpenString, SystemContentBlock, TextContent, Tool, ToolChoice,
    ToolConfiguration, ToolSpecification,
};
use serde::de::MapAccess;
use serde::{Deserialize, Deserializer, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

/// A request of Converse or ConverseStream.
///
/// Serialising it gives the body; `model_id` is not part of that, and is empty after reading a body.
///
/// ```
/// use outcrop::converse::{ConverseRequest, Message};
///
/// let request = ConverseRequest::new("amazon.nova-lite-v1:0")
///     .system("Answer in one line.")
///     .message(Message::user("Name three igneous rocks."))
///     .max_tokens(200);
/// assert_eq!(
///     serde_json::to_string(&request)?,
///     concat!(
///         r#"{"messages":[{"role":"user","content":[{"text":"Name three igneous rocks."}]}],"#,
///         r#""system":[{"text":"Answer in one line."}],"inferenceConfig":{"maxTokens":200}}"#,
///     ),
/// );
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html>
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ConverseRequest {
    /// Id or ARN of a model, an inference profile, a prompt...; sent in the URL.
    #[serde(skip)]
    pub model_id: String,
    /// The conversation. With the ARN of a prompt it may be empty.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "null_as_default")]
    pub messages: Vec<Message>,
    /// The system prompt.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "null_as_default")]
    pub system: Vec<SystemContentBlock>,
    /// Limits and sampling.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inference_config: Option<InferenceConfiguration>,
    /// The tools that the model may call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tool_config: Option<ToolConfiguration>,
    /// The guardrail to apply.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub guardrail_config: Option<GuardrailConfiguration>,
    /// What only this model understands, an object.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub additional_model_request_fields: Option<Document>,
    /// Values for the variables of a prompt.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "null_as_default")]
    pub prompt_variables: BTreeMap<String, PromptVariableValues>,
    /// JSON pointers to what is wanted of the model's own answer.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "null_as_default")]
    pub additional_model_response_field_paths: Vec<String>,
    /// Labels for the invocation logs.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "null_as_default")]
    pub request_metadata: BTreeMap<String, String>,
    /// Speed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub performance_config: Option<PerformanceConfiguration>,
    /// Priority and price.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_tier: Option<ServiceTier>,
    /// The form of the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_config: Option<OutputConfig>,
}

impl ConverseRequest {
    /// The request as Converse takes it: without what only a stream has.
    pub fn for_whole_answer(&self) -> Cow<'_, Self> {
        let mode = self.guardrail_config.as_ref().and_then(|config| config.stream_processing_mode.as_ref());
        if mode.is_none() {
            return Cow::Borrowed(self);
        }
        let mut request = self.clone();
        if let Some(config) = &mut request.guardrail_config {
            config.stream_processing_mode = None;
        }
        Cow::Owned(request)
    }

    /// A request that says nothing yet.
    pub fn new(model_id: impl Into<String>) -> Self {
        Self { model_id: model_id.into(), ..Self::default() }
    }

    /// Adds a message.
    #[must_use]
    pub fn message(mut self, message: Message) -> Self {
        self.messages.push(message);
        self
    }

    /// Adds text to the system prompt, as a block of its own.
    #[must_use]
    pub fn system(mut self, text: impl Into<String>) -> Self {
        self.system.push(SystemContentBlock::text(text));
        self
    }

    /// Limits the answer, in tokens.
    #[must_use]
    pub fn max_tokens(mut self, tokens: u32) -> Self {
        self.inference_config.get_or_insert_default().max_tokens = Some(tokens);
        self
    }

    /// Sets the temperature, from 0 to 1.
    #[must_use]
    pub fn temperature(mut self, temperature: f64) -> Self {
        self.inference_config.get_or_insert_default().temperature = Some(temperature);
        self
    }

    /// Sets the share of likely tokens to choose from, from 0 to 1.
    #[must_use]
    pub fn top_p(mut self, top_p: f64) -> Self {
        self.inference_config.get_or_insert_default().top_p = Some(top_p);
        self
    }

    /// Adds a text at which the model stops.
    #[must_use]
    pub fn stop_sequence(mut self, text: impl Into<String>) -> Self {
        self.inference_config.get_or_insert_default().stop_sequences.push(text.into());
        self
    }

    /// Adds a tool.
    #[must_use]
    pub fn tool(mut self, tool: ToolSpecification) -> Self {
        self.tool_config.get_or_insert_default().tools.push(Tool::ToolSpec(tool));
        self
    }

    /// Says whether the model must call a tool.
    #[must_use]
    pub fn tool_choice(mut self, choice: ToolChoice) -> Self {
        self.tool_config.get_or_insert_default().tool_choice = Some(choice);
        self
    }

    /// Sets what only this model understands, in place of what was set before.
    #[must_use]
    pub fn additional_model_request_fields(mut self, fields: impl Into<Document>) -> Self {
        self.additional_model_request_fields = Some(fields.into());
        self
    }
}

impl fmt::Debug for ConverseRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Taken apart, so that a new member cannot be forgotten.
        let Self {
            model_id,
            messages,
            system,
            inference_config,
            tool_config,
            guardrail_config,
            additional_model_request_fields,
            prompt_variables,
            additional_model_response_field_paths,
            request_metadata,
            performance_config,
            service_tier,
            output_config,
        } = self;
        f.debug_struct("ConverseRequest")
            .field("model_id", model_id)
            .field("messages", messages)
            .field("system", system)
            .field("inference_config", inference_config)
            .field("tool_config", tool_config)
            .field("guardrail_config", guardrail_config)
            .field("additional_model_request_fields", additional_model_request_fields)
            .field("prompt_variables", &format_args!("[{} redacted]", prompt_variables.len()))
            .field("additional_model_response_field_paths", additional_model_response_field_paths)
            .field("request_metadata", &format_args!("[{} redacted]", request_metadata.len()))
            .field("performance_config", performance_config)
            .field("service_tier", service_tier)
            .field("output_config", output_config)
            .finish()
    }
}

/// Limits and sampling.
///
/// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InferenceConfiguration.html>
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct InferenceConfiguration {
    /// At most so many tokens in the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_tokens: Option<u32>,
    /// From 0 to 1. Not a number or infinite: JSON has no word for it, and the service refuses the null.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f64>,
    /// The share of likely tokens to choose from, from 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub top_p: Option<f64>,
    /// Texts at which the model stops.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "null_as_default")]
    pub stop_sequences: Vec<String>,
}

/// The value of a prompt's variable.
///
/// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_PromptVariableValues.html>
pub type PromptVariableValues = TextContent;

/// Speed.
///
/// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_PerformanceConfiguration.html>
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct PerformanceConfiguration {
    /// `standard` or `optimized`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latency: Option<PerformanceConfigLatency>,
}

/// Whether to use the version of a model that is tuned for speed.
pub type PerformanceConfigLatency = OpenString<kind::PerformanceConfigLatency>;

impl PerformanceConfigLatency {
    /// `standard`.
    pub const STANDARD: Self = Self::known("standard");
    /// `optimized`.
    pub const OPTIMIZED: Self = Self::known("optimized");
}

/// Priority and price.
///
/// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ServiceTier.html>
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ServiceTier {
    /// Member `type`.
    #[serde(rename = "type", deserialize_with = "null_as_default")]
    pub kind: ServiceTierType,
}

/// Tiers of service.
pub type ServiceTierType = OpenString<kind::ServiceTierType>;

impl ServiceTierType {
    /// `priority`.
    pub const PRIORITY: Self = Self::known("priority");
    /// `default`.
    pub const DEFAULT: Self = Self::known("default");
    /// `flex`.
    pub const FLEX: Self = Self::known("flex");
    /// `reserved`.
    pub const RESERVED: Self = Self::known("reserved");
}

/// The form of the answer.
///
/// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_OutputConfig.html>
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct OutputConfig {
    /// The format of the text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text_format: Option<OutputFormat>,
    /// How much effort the model takes: `low`, `medium`, `high`...
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effort: Option<String>,
}

/// The format of the text. The default is of type `json_schema`.
///
/// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_OutputFormat.html>
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct OutputFormat {
    /// Member `type`.
    #[serde(rename = "type", deserialize_with = "null_as_default")]
    pub kind: OutputFormatType,
    /// The format's own settings.
    #[serde(deserialize_with = "null_as_default")]
    pub structure: OutputFormatStructure,
}

impl Default for OutputFormat {
    fn default() -> Self {
        Self { kind: OutputFormatType::JSON_SCHEMA, structure: OutputFormatStructure::default() }
    }
}

/// Formats of text.
pub type OutputFormatType = OpenString<kind::OutputFormatType>;

impl OutputFormatType {
    /// `json_schema`.
    pub const JSON_SCHEMA: Self = Self::known("json_schema");
}

/// A format's own settings.
///
/// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_OutputFormatStructure.html>
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum OutputFormatStructure {
    /// For `json_schema`.
    JsonSchema(JsonSchemaDefinition),
    /// A member that this version does not know.
    #[serde(untagged)]
    Unknown(UnknownMember),
}

impl Default for OutputFormatStructure {
    fn default() -> Self {
        Self::JsonSchema(JsonSchemaDefinition::default())
    }
}

impl fmt::Debug for OutputFormatStructure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OutputFormatStructure([redacted])")
    }
}

impl Union for OutputFormatStructure {
    const UNKNOWN: fn(UnknownMember) -> Self = Self::Unknown;

    fn read<'de, A: MapAccess<'de>>(name: &str, values: &mut A) -> Result<Found<Self>, A::Error> {
        match name {
            "jsonSchema" => member(values, Self::JsonSchema),
            _ => unknown(name, values),
        }
    }
}

impl<'de> Deserialize<'de> for OutputFormatStructure {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        read(from)
    }
}

/// The JSON schema of an answer.
///
/// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_JsonSchemaDefinition.html>
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct JsonSchemaDefinition {
    /// The schema as a **string** of JSON, unlike a tool's schema, which is JSON itself.
    #[serde(deserialize_with = "null_as_default")]
    pub schema: String,
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What the answer is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}
