//! The events of ConverseStream, borrowed from the frame that carried them.
//!
//! Text is lent from the frame unless JSON escapes force a copy; padding and members that nobody asked for are
//! skipped without being decoded. What AWS may add (events, members, enum values) is kept as it came, and
//! never an error.
//!
//! Shapes: <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStreamOutput.html>.

use crate::converse::{Role, StopReason, StreamMetadata};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// One event of a ConverseStream answer.
///
/// Match members with `..`: AWS adds some to its shapes, and a release that knows them adds them here.
#[derive(Debug)]
#[non_exhaustive]
pub enum StreamEvent<'a> {
    /// The answer begins.
    MessageStart {
        /// Whose turn it is: the assistant's.
        role: Role,
    },
    /// A block begins that needs an announcement. Text and reasoning usually begin with their first delta.
    ContentBlockStart {
        /// Which block, from 0.
        index: u32,
        /// What begins.
        start: BlockStart<'a>,
    },
    /// A piece of a block.
    ContentBlockDelta {
        /// Which block, from 0.
        index: u32,
        /// The piece.
        delta: BlockDelta<'a>,
    },
    /// A block is complete.
    ContentBlockStop {
        /// Which block, from 0.
        index: u32,
    },
    /// The answer is complete. Read on: `Metadata` follows.
    MessageStop {
        /// Why the model stopped.
        stop_reason: StopReason,
        /// `additionalModelResponseFields` as raw JSON.
        additional: Option<&'a RawValue>,
    },
    /// Tokens and latency.
    Metadata(Box<StreamMetadata>),
    /// An event that this version does not know.
    Unknown {
        /// `:event-type`.
        event_type: &'a str,
        /// The payload as it came.
        payload: &'a [u8],
    },
}

/// What a `contentBlockStart` announces.
#[derive(Debug)]
#[non_exhaustive]
pub enum BlockStart<'a> {
    /// A tool call.
    ToolUse {
        /// Id to answer with.
        tool_use_id: Cow<'a, str>,
        /// The tool's name.
        name: Cow<'a, str>,
        /// `server_tool_use` for tools that run on the server.
        kind: Option<Cow<'a, str>>,
    },
    /// A result of a server-side tool.
    ToolResult {
        /// Id of the call.
        tool_use_id: Cow<'a, str>,
        /// Kind of the result.
        kind: Option<Cow<'a, str>>,
        /// `success` or `error`.
        status: Option<Cow<'a, str>>,
    },
    /// A generated image.
    Image {
        /// `png`, `jpeg`...
        format: Cow<'a, str>,
    },
    /// A member that this version does not know.
    Unknown {
        /// Its name; empty, with the value `null`, when no member came at all.
        member: Cow<'a, str>,
        /// Its value.
        value: &'a RawValue,
    },
}

/// What a `contentBlockDelta` adds.
#[derive(Debug)]
#[non_exhaustive]
pub enum BlockDelta<'a> {
    /// Text of the answer.
    Text(Cow<'a, str>),
    /// A piece of a tool's input: part of a JSON text, to be joined.
    ToolUse {
        /// The piece.
        input: Cow<'a, str>,
    },
    /// Pieces of a server-side tool's result: a JSON list.
    ToolResult(&'a RawValue),
    /// Text of the reasoning.
    ReasoningText(Cow<'a, str>),
    /// Signature over the reasoning, or a piece of it.
    ReasoningSignature(Cow<'a, str>),
    /// Redacted reasoning, decoded, or a piece of it.
    ReasoningRedacted(Vec<u8>),
    /// A citation, as raw JSON (`CitationsDelta`).
    Citation(&'a RawValue),
    /// A piece of a generated image, as raw JSON (`ImageBlockDelta`).
    Image(&'a RawValue),
    /// A member that this version does not know; inside `reasoningContent` as `reasoningContent.NAME`.
    Unknown {
        /// Its name; empty, with the value `null`, when no member came at all.
        member: Cow<'a, str>,
        /// Its value.
        value: &'a RawValue,
    },
}
