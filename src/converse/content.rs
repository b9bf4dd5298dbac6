//! Content blocks: what a message, and the system prompt, is made of.
//!
//! Here stand the unions and the small blocks; media, tools, guardrails and citations have files of their
//! own. Variants have the names of the members on the wire. Which model takes which block is not decided
//! here.

use super::open::kind;
use super::union::{Found, Union, UnknownMember, member, null_as_default, read, unknown};
use super::{
    AudioBlock, Blob, CitationsContentBlock, DocumentBlock, GuardrailConverseContentBlock, ImageBlock,
    ImageFormat, ImageSource, OpenString, SearchResultBlock, ToolAdditionBlock, ToolRemovalBlock,
    ToolResultBlock, ToolUseBlock, VideoBlock,
};
use serde::de::MapAccess;
use serde::{Deserialize, Deserializer, Serialize};
use std::fmt;

/// One block of a message.
///
/// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ContentBlock.html>
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum ContentBlock {
    /// Text.
    Text(String),
    /// A picture.
    Image(ImageBlock),
    /// A document, such as a PDF.
    Document(DocumentBlock),
    /// A video.
    Video(VideoBlock),
    /// A sound.
    Audio(AudioBlock),
    /// The model calls a tool.
    ToolUse(ToolUseBlock),
    /// What a tool answered.
    ToolResult(ToolResultBlock),
    /// Content for the guardrail to look at.
    GuardContent(GuardrailConverseContentBlock),
    /// Everything up to here may be cached.
    CachePoint(CachePointBlock),
    /// What the model thought before it answered.
    ReasoningContent(ReasoningContentBlock),
    /// Text with its sources.
    CitationsContent(CitationsContentBlock),
    /// A search result to answer from and to cite.
    SearchResult(SearchResultBlock),
    /// From here on a tool is available.
    ToolAddition(ToolAdditionBlock),
    /// From here on a tool is no longer available.
    ToolRemoval(ToolRemovalBlock),
    /// A block that this version does not know.
    #[serde(untagged)]
    Unknown(UnknownMember),
}

impl ContentBlock {
    /// A text block.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// A picture from memory.
    pub fn image(format: ImageFormat, bytes: impl Into<Blob>) -> Self {
        Self::Image(ImageBlock { format, source: ImageSource::Bytes(bytes.into()), ..ImageBlock::default() })
    }

    /// A cache point of the default kind.
    pub fn cache_point() -> Self {
        Self::CachePoint(CachePointBlock::default())
    }
}

impl Union for ContentBlock {
    const UNKNOWN: fn(UnknownMember) -> Self = Self::Unknown;

    fn read<'de, A: MapAccess<'de>>(name: &str, values: &mut A) -> Result<Found<Self>, A::Error> {
        match name {
            "text" => member(values, Self::Text),
            "image" => member(values, Self::Image),
            "document" => member(values, Self::Document),
            "video" => member(values, Self::Video),
            "audio" => member(values, Self::Audio),
            "toolUse" => member(values, Self::ToolUse),
            "toolResult" => member(values, Self::ToolResult),
            "guardContent" => member(values, Self::GuardContent),
            "cachePoint" => member(values, Self::CachePoint),
            "reasoningContent" => member(values, Self::ReasoningContent),
            "citationsContent" => member(values, Self::CitationsContent),
            "searchResult" => member(values, Self::SearchResult),
            "toolAddition" => member(values, Self::ToolAddition),
            "toolRemoval" => member(values, Self::ToolRemoval),
            _ => unknown(name, values),
        }
    }
}

impl<'de> Deserialize<'de> for ContentBlock {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        read(from)
    }
}

/// One block of the system prompt.
///
/// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_SystemContentBlock.html>
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum SystemContentBlock {
    /// Text.
    Text(String),
    /// Content for the guardrail to look at.
    GuardContent(GuardrailConverseContentBlock),
    /// Everything up to here may be cached.
    CachePoint(CachePointBlock),
    /// A block that this version does not know.
    #[serde(untagged)]
    Unknown(UnknownMember),
}

impl SystemContentBlock {
    /// A text block.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// A cache point of the default kind.
    pub fn cache_point() -> Self {
        Self::CachePoint(CachePointBlock::default())
    }
}

impl Union for SystemContentBlock {
    const UNKNOWN: fn(UnknownMember) -> Self = Self::Unknown;

    fn read<'de, A: MapAccess<'de>>(name: &str, values: &mut A) -> Result<Found<Self>, A::Error> {
        match name {
            "text" => member(values, Self::Text),
            "guardContent" => member(values, Self::GuardContent),
            "cachePoint" => member(values, Self::CachePoint),
            _ => unknown(name, values),
        }
    }
}

impl<'de> Deserialize<'de> for SystemContentBlock {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        read(from)
    }
}

/// The union that holds text and, so far, nothing else. The model has it under several names, which stand for
/// this type here.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum TextContent {
    /// Text.
    Text(String),
    /// A member that this version does not know.
    #[serde(untagged)]
    Unknown(UnknownMember),
}

impl TextContent {
    /// The text, when it is text.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Unknown(_) => None,
        }
    }
}

impl<T: Into<String>> From<T> for TextContent {
    fn from(text: T) -> Self {
        Self::Text(text.into())
    }
}

impl Union for TextContent {
    const UNKNOWN: fn(UnknownMember) -> Self = Self::Unknown;

    fn read<'de, A: MapAccess<'de>>(name: &str, values: &mut A) -> Result<Found<Self>, A::Error> {
        match name {
            "text" => member(values, Self::Text),
            _ => unknown(name, values),
        }
    }
}

impl<'de> Deserialize<'de> for TextContent {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        read(from)
    }
}

/// The mark up to which a prompt may be cached. The default is of type `default`, with the model's lifetime.
///
/// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_CachePointBlock.html>
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct CachePointBlock {
    /// Member `type`.
    #[serde(rename = "type", deserialize_with = "null_as_default")]
    pub kind: CachePointType,
    /// How long the cache lives.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ttl: Option<CacheTtl>,
}

impl Default for CachePointBlock {
    fn default() -> Self {
        Self { kind: CachePointType::DEFAULT, ttl: None }
    }
}

/// Kinds of cache points.
pub type CachePointType = OpenString<kind::CachePointType>;

impl CachePointType {
    /// `default`, the only kind.
    pub const DEFAULT: Self = Self::known("default");
}

/// How long a cached prompt lives. AWS calls it `CacheTTL`.
pub type CacheTtl = OpenString<kind::CacheTtl>;

impl CacheTtl {
    /// `5m`.
    pub const FIVE_MINUTES: Self = Self::known("5m");
    /// `1h`.
    pub const ONE_HOUR: Self = Self::known("1h");
}

/// What the model thought. To go on with the conversation, send it back as it came.
///
/// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ReasoningContentBlock.html>
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum ReasoningContentBlock {
    /// Reasoning in the clear.
    ReasoningText(ReasoningTextBlock),
    /// Reasoning that the provider encrypted.
    RedactedContent(Blob),
    /// A member that this version does not know.
    #[serde(untagged)]
    Unknown(UnknownMember),
}

impl Union for ReasoningContentBlock {
    const UNKNOWN: fn(UnknownMember) -> Self = Self::Unknown;

    fn read<'de, A: MapAccess<'de>>(name: &str, values: &mut A) -> Result<Found<Self>, A::Error> {
        match name {
            "reasoningText" => member(values, Self::ReasoningText),
            "redactedContent" => member(values, Self::RedactedContent),
            _ => unknown(name, values),
        }
    }
}

impl<'de> Deserialize<'de> for ReasoningContentBlock {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        read(from)
    }
}

/// Reasoning in the clear. The signature covers the text: change neither.
///
/// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ReasoningTextBlock.html>
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ReasoningTextBlock {
    /// The reasoning.
    #[serde(deserialize_with = "null_as_default")]
    pub text: String,
    /// The provider's proof that the text is the model's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signature: Option<String>,
}

impl fmt::Debug for ReasoningTextBlock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ReasoningTextBlock([redacted])")
    }
}
