//! Tools: which the model may call, how it calls them, and what they answered.
//!
//! Schemas, inputs and JSON results are documents: nothing here validates one against the other.

use super::open::kind;
use super::union::{Found, Union, UnknownMember, member, null_as_default, read, unknown};
use super::{
    CachePointBlock, Document, DocumentBlock, ImageBlock, OpenString, SearchResultBlock, VideoBlock,
};
use serde::de::MapAccess;
use serde::{Deserialize, Deserializer, Serialize};

/// The tools that the model may call.
///
/// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ToolConfiguration.html>
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ToolConfiguration {
    /// The tools.
    #[serde(deserialize_with = "null_as_default")]
    pub tools: Vec<Tool>,
    /// Whether the model must call one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tool_choice: Option<ToolChoice>,
}

/// A tool, or a cache point among tools.
///
/// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Tool.html>
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum Tool {
    /// A tool of the caller's.
    ToolSpec(ToolSpecification),
    /// A tool that the service runs.
    SystemTool(SystemTool),
    /// Everything up to here may be cached.
    CachePoint(CachePointBlock),
    /// A member that this version does not know.
    #[serde(untagged)]
    Unknown(UnknownMember),
}

impl Union for Tool {
    const UNKNOWN: fn(UnknownMember) -> Self = Self::Unknown;

    fn read<'de, A: MapAccess<'de>>(name: &str, values: &mut A) -> Result<Found<Self>, A::Error> {
        match name {
            "toolSpec" => member(values, Self::ToolSpec),
            "systemTool" => member(values, Self::SystemTool),
            "cachePoint" => member(values, Self::CachePoint),
            _ => unknown(name, values),
        }
    }
}

impl<'de> Deserialize<'de> for Tool {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        read(from)
    }
}

/// A tool of the caller's.
///
/// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ToolSpecification.html>
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ToolSpecification {
    /// Its name.
    #[serde(deserialize_with = "null_as_default")]
    pub name: String,
    /// What it does, for the model to read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// What it takes.
    #[serde(deserialize_with = "null_as_default")]
    pub input_schema: ToolInputSchema,
    /// Whether the model must keep to the schema.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strict: Option<bool>,
}

impl ToolSpecification {
    /// A tool with the JSON schema of its input.
    pub fn new(name: impl Into<String>, input_schema: impl Into<Document>) -> Self {
        Self {
            name: name.into(),
            input_schema: ToolInputSchema::Json(input_schema.into()),
            ..Self::default()
        }
    }

    /// Says what the tool does.
    #[must_use]
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }
}

/// What a tool takes.
///
/// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ToolInputSchema.html>
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum ToolInputSchema {
    /// A JSON schema.
    Json(Document),
    /// A member that this version does not know.
    #[serde(untagged)]
    Unknown(UnknownMember),
}

impl Default for ToolInputSchema {
    fn default() -> Self {
        Self::Json(Document::default())
    }
}

impl Union for ToolInputSchema {
    const UNKNOWN: fn(UnknownMember) -> Self = Self::Unknown;

    fn read<'de, A: MapAccess<'de>>(name: &str, values: &mut A) -> Result<Found<Self>, A::Error> {
        match name {
            "json" => member(values, Self::Json),
            _ => unknown(name, values),
        }
    }
}

impl<'de> Deserialize<'de> for ToolInputSchema {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        read(from)
    }
}

/// A tool that the service runs.
///
/// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_SystemTool.html>
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct SystemTool {
    /// Its name.
    #[serde(deserialize_with = "null_as_default")]
    pub name: String,
}

/// Whether the model must call a tool.
///
/// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ToolChoice.html>
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum ToolChoice {
    /// The model decides.
    Auto {},
    /// It must call one, whichever.
    Any {},
    /// It must call this one.
    Tool(SpecificToolChoice),
    /// A member that this version does not know.
    #[serde(untagged)]
    Unknown(UnknownMember),
}

/// A shape without members of its own; what a later version adds to it is skipped.
#[derive(Deserialize)]
struct Empty {}

impl Union for ToolChoice {
    const UNKNOWN: fn(UnknownMember) -> Self = Self::Unknown;

    fn read<'de, A: MapAccess<'de>>(name: &str, values: &mut A) -> Result<Found<Self>, A::Error> {
        match name {
            "auto" => member(values, |_: Empty| Self::Auto {}),
            "any" => member(values, |_: Empty| Self::Any {}),
            "tool" => member(values, Self::Tool),
            _ => unknown(name, values),
        }
    }
}

impl<'de> Deserialize<'de> for ToolChoice {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        read(from)
    }
}

/// The tool that the model must call.
///
/// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_SpecificToolChoice.html>
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct SpecificToolChoice {
    /// Its name.
    #[serde(deserialize_with = "null_as_default")]
    pub name: String,
}

/// A call of a tool.
///
/// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ToolUseBlock.html>
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ToolUseBlock {
    /// Id to answer with.
    #[serde(deserialize_with = "null_as_default")]
    pub tool_use_id: String,
    /// The tool's name.
    #[serde(deserialize_with = "null_as_default")]
    pub name: String,
    /// What the tool is called with. When `input_problem` says so, a JSON string with the text that came
    /// instead.
    pub input: Document,
    /// Member `type`.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<ToolUseType>,
    /// Why the call must not be carried out. It is set by [`Fold`](super::Fold), and for histories that come from
    /// storage by `Client::conversation`: it is neither on the wire nor in JSON.
    #[serde(skip)]
    pub input_problem: Option<ToolInputProblem>,
}

impl ToolUseBlock {
    /// Sets `input_problem` where it was lost on the way through JSON: an input on the wire is an object, so that a
    /// string that begins like one is what came in its place.
    #[cfg(feature = "client")]
    pub(crate) fn find_problem(&mut self) {
        let text = serde_json::from_str::<std::borrow::Cow<'_, str>>(self.input.as_json());
        if self.input_problem.is_none() && text.is_ok_and(|text| text.trim_start().starts_with('{')) {
            self.input_problem = Some(ToolInputProblem::NotJson);
        }
    }
}

/// Why a tool's input is not what the model meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ToolInputProblem {
    /// The block is complete, and its text is no JSON: the model made a mistake, or ran into its token limit.
    NotJson,
    /// The stream ended inside the block: there may have been more to come.
    Unfinished,
}

/// Kinds of tool calls.
pub type ToolUseType = OpenString<kind::ToolUseType>;

impl ToolUseType {
    /// `server_tool_use`: the service runs the tool.
    pub const SERVER_TOOL_USE: Self = Self::known("server_tool_use");
}

/// What a tool answered.
///
/// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ToolResultBlock.html>
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ToolResultBlock {
    /// Id of the call.
    #[serde(deserialize_with = "null_as_default")]
    pub tool_use_id: String,
    /// The answer.
    #[serde(deserialize_with = "null_as_default")]
    pub content: Vec<ToolResultContentBlock>,
    /// Whether it worked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<ToolResultStatus>,
    /// Member `type`.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
}

impl ToolResultBlock {
    /// An answer to the call `tool_use_id`, without a status.
    pub fn new(
        tool_use_id: impl Into<String>,
        content: impl IntoIterator<Item = ToolResultContentBlock>,
    ) -> Self {
        Self {
            tool_use_id: tool_use_id.into(),
            content: content.into_iter().collect(),
            ..ToolResultBlock::default()
        }
    }
}

/// Whether a tool call worked.
pub type ToolResultStatus = OpenString<kind::ToolResultStatus>;

impl ToolResultStatus {
    /// `success`.
    pub const SUCCESS: Self = Self::known("success");
    /// `error`.
    pub const ERROR: Self = Self::known("error");
}

/// A piece of a tool's answer.
///
/// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ToolResultContentBlock.html>
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum ToolResultContentBlock {
    /// Any JSON value, null included.
    Json(Document),
    /// Text.
    Text(String),
    /// A picture.
    Image(ImageBlock),
    /// A document, such as a PDF.
    Document(DocumentBlock),
    /// A video.
    Video(VideoBlock),
    /// A search result.
    SearchResult(SearchResultBlock),
    /// A member that this version does not know.
    #[serde(untagged)]
    Unknown(UnknownMember),
}

impl Union for ToolResultContentBlock {
    const UNKNOWN: fn(UnknownMember) -> Self = Self::Unknown;

    fn read<'de, A: MapAccess<'de>>(name: &str, values: &mut A) -> Result<Found<Self>, A::Error> {
        match name {
            // A tool may well answer null; as the only member it is a value and not absence.
            "json" => Ok(Found::Known(Self::Json(values.next_value()?))),
            "text" => member(values, Self::Text),
            "image" => member(values, Self::Image),
            "document" => member(values, Self::Document),
            "video" => member(values, Self::Video),
            "searchResult" => member(values, Self::SearchResult),
            _ => unknown(name, values),
        }
    }
}

impl<'de> Deserialize<'de> for ToolResultContentBlock {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        read(from)
    }
}

/// Makes a tool available from here on.
///
/// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ToolAdditionBlock.html>
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ToolAdditionBlock {
    /// Which tool.
    #[serde(deserialize_with = "null_as_default")]
    pub tool: ToolReference,
}

/// Takes a tool away from here on.
///
/// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ToolRemovalBlock.html>
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ToolRemovalBlock {
    /// Which tool.
    #[serde(deserialize_with = "null_as_default")]
    pub tool: ToolReference,
}

/// Names a tool.
///
/// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ToolReference.html>
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ToolReference {
    /// Member `type`: the kind of tool.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// The tool's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The server that has the tool.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_name: Option<String>,
}
