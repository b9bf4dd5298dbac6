//! Guardrails: how a request asks for one, what it is shown, and what it found.
//!
//! The assessments inside a trace are kept as documents. They are some eighty shapes deep, differ from policy
//! to policy, and are read by people: types for them would cost more than they tell.

use super::open::kind;
use super::union::{Found, Union, UnknownMember, member, null_as_default, read, unknown};
use super::{Document, ImageFormat, ImageSource, OpenString};
use serde::de::MapAccess;
use serde::{Deserialize, Deserializer, Serialize};

/// The guardrail to apply.
///
/// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_GuardrailStreamConfiguration.html>
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct GuardrailConfiguration {
    /// Its id or ARN.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub guardrail_identifier: Option<String>,
    /// Its version: a number, or `DRAFT`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub guardrail_version: Option<String>,
    /// Whether the answer tells what the guardrail found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trace: Option<GuardrailTrace>,
    /// Whether the stream waits for the guardrail. Only ConverseStream has it; it is left out for Converse.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stream_processing_mode: Option<GuardrailStreamProcessingMode>,
}

/// Whether the answer tells what the guardrail found.
pub type GuardrailTrace = OpenString<kind::GuardrailTrace>;

impl GuardrailTrace {
    /// `enabled`.
    pub const ENABLED: Self = Self::known("enabled");
    /// `disabled`.
    pub const DISABLED: Self = Self::known("disabled");
    /// `enabled_full`: also what was looked at and let through.
    pub const ENABLED_FULL: Self = Self::known("enabled_full");
}

/// Whether the stream waits for the guardrail.
pub type GuardrailStreamProcessingMode = OpenString<kind::GuardrailStreamProcessingMode>;

impl GuardrailStreamProcessingMode {
    /// `sync`: text is sent after it was looked at.
    pub const SYNC: Self = Self::known("sync");
    /// `async`: text is sent at once.
    pub const ASYNC: Self = Self::known("async");
}

/// Content for a guardrail to look at.
///
/// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_GuardrailConverseContentBlock.html>
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum GuardrailConverseContentBlock {
    /// Text.
    Text(GuardrailConverseTextBlock),
    /// A picture.
    Image(GuardrailConverseImageBlock),
    /// A member that this version does not know.
    #[serde(untagged)]
    Unknown(UnknownMember),
}

impl Union for GuardrailConverseContentBlock {
    const UNKNOWN: fn(UnknownMember) -> Self = Self::Unknown;

    fn read<'de, A: MapAccess<'de>>(name: &str, values: &mut A) -> Result<Found<Self>, A::Error> {
        match name {
            "text" => member(values, Self::Text),
            "image" => member(values, Self::Image),
            _ => unknown(name, values),
        }
    }
}

impl<'de> Deserialize<'de> for GuardrailConverseContentBlock {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        read(from)
    }
}

/// Text for a guardrail.
///
/// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_GuardrailConverseTextBlock.html>
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct GuardrailConverseTextBlock {
    /// The text.
    #[serde(deserialize_with = "null_as_default")]
    pub text: String,
    /// What the text is to the guardrail.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "null_as_default")]
    pub qualifiers: Vec<GuardrailConverseContentQualifier>,
}

/// A picture for a guardrail: PNG or JPEG, as bytes.
///
/// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_GuardrailConverseImageBlock.html>
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct GuardrailConverseImageBlock {
    /// `png` or `jpeg`.
    #[serde(deserialize_with = "null_as_default")]
    pub format: ImageFormat,
    /// Where the picture is.
    #[serde(deserialize_with = "null_as_default")]
    pub source: ImageSource,
}

/// What a text is to a guardrail.
pub type GuardrailConverseContentQualifier = OpenString<kind::GuardrailConverseContentQualifier>;

impl GuardrailConverseContentQualifier {
    /// `grounding_source`.
    pub const GROUNDING_SOURCE: Self = Self::known("grounding_source");
    /// `query`.
    pub const QUERY: Self = Self::known("query");
    /// `guard_content`.
    pub const GUARD_CONTENT: Self = Self::known("guard_content");
}

/// What a guardrail found.
///
/// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_GuardrailTraceAssessment.html>
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct GuardrailTraceAssessment {
    /// The model's text before the guardrail changed it.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "null_as_default")]
    pub model_output: Vec<String>,
    /// `GuardrailAssessment` of the input by guardrail id, an object as it came.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input_assessment: Option<Document>,
    /// Lists of `GuardrailAssessment` of the output by guardrail id, an object as it came.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_assessments: Option<Document>,
    /// Why the guardrail did what it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action_reason: Option<String>,
}
