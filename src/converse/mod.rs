//! The Converse model: requests, content and responses as plain data.
//!
//! One type for each shape of the service's model, under the name that AWS gives it, so that the AWS pages
//! are the reference of this module too. The members are public fields; new ones appear as AWS adds them, so
//! close a literal with `..Default::default()`. What holds for all of them:
//!
//! - **Nothing newer fails.** Unknown members are skipped, an unknown value of an enum and an unknown member
//!   of a union are kept and written back as they came ([`OpenString`], [`UnknownMember`]).
//! - **Absent is absent.** What is not set is not written, never as `null`. A `null` reads like an absent
//!   member; an absent member that AWS calls required reads as empty, since an answer that was paid for must
//!   not be lost over it.
//! - **Documents keep their bytes** ([`Document`]): number forms, nulls, member order. Reasoning and its
//!   signature are never trimmed or joined differently than they came.
//! - **`Debug` is for logs.** It shows the length of a [`Blob`], and `[redacted]` for what AWS marks as
//!   sensitive.
//!
//! The types read JSON through `serde_json`. They do not check lengths, patterns or what a model accepts:
//! [`prepare`] makes a request one that a certain model takes. [`Fold`] puts the events of a stream together to
//! a whole [`ConverseResponse`].

mod blob;
mod citation;
mod content;
pub mod cost;
mod count;
mod document;
mod fold;
mod guard;
mod media;
mod message;
mod open;
pub mod prepare;
mod request;
mod response;
mod tool;
mod union;

#[cfg(test)]
mod tests;

pub use blob::Blob;
pub use citation::{
    Citation, CitationGeneratedContent, CitationLocation, CitationSourceContent, CitationsConfig,
    CitationsContentBlock, DocumentLocation, SearchResultBlock, SearchResultContentBlock,
    SearchResultLocation, WebLocation,
};
pub use content::{
    CachePointBlock, CachePointType, CacheTtl, ContentBlock, ReasoningContentBlock, ReasoningTextBlock,
    SystemContentBlock, TextContent,
};
pub use count::{
    ConverseTokensRequest, CountTokensInput, CountTokensRequest, CountTokensResponse,
    InvokeModelTokensRequest,
};
pub use document::Document;
pub use fold::Fold;
pub use guard::{
    GuardrailConfiguration, GuardrailConverseContentBlock, GuardrailConverseContentQualifier,
    GuardrailConverseImageBlock, GuardrailConverseTextBlock, GuardrailStreamProcessingMode, GuardrailTrace,
    GuardrailTraceAssessment,
};
pub use media::{
    AudioBlock, AudioFormat, AudioSource, DocumentBlock, DocumentContentBlock, DocumentFormat,
    DocumentSource, ErrorBlock, ImageBlock, ImageFormat, ImageSource, MediaSource, S3Location, VideoBlock,
    VideoFormat, VideoSource,
};
pub use message::{Message, Role};
pub use open::OpenString;
pub use request::{
    ConverseRequest, InferenceConfiguration, JsonSchemaDefinition, OutputConfig, OutputFormat,
    OutputFormatStructure, OutputFormatType, PerformanceConfigLatency, PerformanceConfiguration,
    PromptVariableValues, ServiceTier, ServiceTierType,
};
pub use response::{
    CacheDetail, ConverseMetrics, ConverseOutput, ConverseResponse, ConverseTrace, PromptRouterTrace,
    StopReason, StreamMetadata, TokenUsage,
};
pub use tool::{
    SpecificToolChoice, SystemTool, Tool, ToolAdditionBlock, ToolChoice, ToolConfiguration, ToolInputProblem,
    ToolInputSchema, ToolReference, ToolRemovalBlock, ToolResultBlock, ToolResultContentBlock,
    ToolResultStatus, ToolSpecification, ToolUseBlock, ToolUseType,
};
pub use union::UnknownMember;
pub(crate) use union::null_as_default;
