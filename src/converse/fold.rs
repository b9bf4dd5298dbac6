//! From the events of a stream to the whole answer, as Converse would have given it.
//!
//! Text, reasoning and tool input are appended to one buffer for each block and parsed once, at the end. It
//! does not judge the stream: that it is complete and uncorrupted is the decoder's to say, and events that
//! [`StreamEvent`] does not know have no place in an answer and are passed over.

use super::{
    Blob, Citation, CitationsContentBlock, ContentBlock, ConverseOutput, ConverseResponse, Document,
    ErrorBlock, ImageBlock, ImageSource, Message, ReasoningContentBlock, ReasoningTextBlock, Role,
    StopReason, StreamMetadata, TextContent, ToolInputProblem, ToolResultBlock, ToolResultContentBlock,
    ToolUseBlock, UnknownMember,
};
use crate::stream::{BlockDelta, BlockStart, StreamEvent};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::fmt;

/// Puts the events of one stream together.
///
/// ```
/// use outcrop::converse::{Fold, StopReason};
/// use outcrop::stream::{BlockDelta, StreamEvent};
///
/// let mut fold = Fold::new();
/// for piece in ["Basalt, ", "granite."] {
///     fold.push(&StreamEvent::ContentBlockDelta { index: 0, delta: BlockDelta::Text(piece.into()) });
/// }
/// fold.push(&StreamEvent::MessageStop { stop_reason: StopReason::EndTurn, additional: None });
/// assert_eq!(fold.finish().text(), "Basalt, granite.");
/// ```
///
/// Blocks stand in the order of their `contentBlockIndex`, whatever gaps it has. Deltas of different kinds
/// under one index become blocks of their own, in the order in which they began; text and its citations are
/// one kind. Pieces of a kind that this version does not know, or cannot read, are kept as
/// [`ContentBlock::Unknown`] under the name `start.NAME` or `delta.NAME`: they are pieces and not blocks, and
/// no block has such a name.
#[derive(Default)]
pub struct Fold {
    role: Option<Role>,
    blocks: BTreeMap<u32, Vec<Part>>,
    stop_reason: Option<StopReason>,
    additional: Option<Document>,
    metadata: StreamMetadata,
}

impl Fold {
    /// A fold that has seen nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes in one event; nothing of it is borrowed afterwards.
    pub fn push(&mut self, event: &StreamEvent<'_>) {
        match event {
            StreamEvent::MessageStart { role } => self.role = Some(role.clone()),
            StreamEvent::ContentBlockStart { index, start } => {
                self.blocks.entry(*index).or_default().push(Part::open(Block::start(start)));
            }
            StreamEvent::ContentBlockDelta { index, delta } => {
                append(self.blocks.entry(*index).or_default(), delta);
            }
            StreamEvent::ContentBlockStop { index } => {
                for part in self.blocks.get_mut(index).into_iter().flatten() {
                    part.is_open = false;
                }
            }
            StreamEvent::MessageStop { stop_reason, additional } => {
                self.stop_reason = Some(stop_reason.clone());
                self.additional = additional.map(Document::from);
            }
            StreamEvent::Metadata(metadata) => self.metadata = StreamMetadata::clone(metadata),
            StreamEvent::Unknown { .. } => {}
        }
    }

    /// The answer: the same as Converse's if the stream was complete.
    ///
    /// If the stream was cut off, it is what came so far: without `stop_reason` or `usage` when their events
    /// did not come, and with [`ToolInputProblem::Unfinished`] on a tool call whose block did not end. The
    /// text of such an input, or of one that is no JSON, is kept as a JSON string. An input without any text
    /// is `{}`.
    pub fn finish(self) -> ConverseResponse {
        let content = self.blocks.into_values().flatten().map(Part::finish).collect();
        let role = self.role.unwrap_or(Role::Assistant);
        let StreamMetadata { usage, metrics, trace, performance_config, service_tier } = self.metadata;
        ConverseResponse {
            output: ConverseOutput::Message(Message { role, content }),
            stop_reason: self.stop_reason,
            usage,
            metrics,
            additional_model_response_fields: self.additional,
            trace,
            performance_config,
            service_tier,
        }
    }
}

impl fmt::Debug for Fold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // How much came and not what: the text is long, and reasoning does not belong into logs.
        f.debug_struct("Fold")
            .field("blocks", &self.blocks.values().map(Vec::len).sum::<usize>())
            .field("stop_reason", &self.stop_reason)
            .finish_non_exhaustive()
    }
}

/// Whether this is the name of a piece that is kept though no block could take it.
pub(super) fn is_piece(name: &str) -> bool {
    name.starts_with("delta.") || name.starts_with("start.")
}

/// Adds `delta` to the latest open part that takes it, or begins a part with it.
fn append(parts: &mut Vec<Part>, delta: &BlockDelta<'_>) {
    // What is unknown joins nothing; looking for its like among many of its kind would only take time.
    let joins = !matches!(delta, BlockDelta::Unknown { .. });
    if joins && parts.iter_mut().rev().any(|part| part.is_open && part.block.take(delta)) {
        return;
    }
    parts.push(Part::open(Block::begin(delta)));
}

/// A block as far as it came.
struct Part {
    block: Block,
    is_open: bool,
}

enum Block {
    Text { text: String, citations: Vec<Citation> },
    Reasoning(ReasoningTextBlock),
    Redacted(Vec<u8>),
    ToolUse { block: ToolUseBlock, input: String },
    ToolResult(ToolResultBlock),
    Image { block: ImageBlock, bytes: Vec<u8> },
    Unknown(UnknownMember),
}

/// `ImageBlockDelta` on the wire.
#[derive(Deserialize)]
struct ImageBlockDelta {
    source: Option<ImageSource>,
    error: Option<ErrorBlock>,
}

impl Block {
    /// The block that `start` announces.
    fn start(start: &BlockStart<'_>) -> Self {
        match start {
            BlockStart::ToolUse { tool_use_id, name, kind } => Self::ToolUse {
                block: ToolUseBlock {
                    tool_use_id: tool_use_id.as_ref().to_owned(),
                    name: name.as_ref().to_owned(),
                    kind: kind.as_deref().map(Into::into),
                    ..ToolUseBlock::default()
                },
                input: String::new(),
            },
            BlockStart::ToolResult { tool_use_id, kind, status } => Self::ToolResult(ToolResultBlock {
                tool_use_id: tool_use_id.as_ref().to_owned(),
                content: Vec::new(),
                status: status.as_deref().map(Into::into),
                kind: kind.as_deref().map(Into::into),
            }),
            BlockStart::Image { format } => Self::Image {
                block: ImageBlock { format: format.as_ref().into(), ..ImageBlock::default() },
                bytes: Vec::new(),
            },
            BlockStart::Unknown { member, value } => Self::piece("start", member, value),
        }
    }

    /// The block that begins with `delta`.
    fn begin(delta: &BlockDelta<'_>) -> Self {
        let (mut block, raw) = match delta {
            BlockDelta::Text(_) => (Self::text(), None),
            BlockDelta::Citation(raw) => (Self::text(), Some(("citation", raw))),
            BlockDelta::ReasoningText(_) | BlockDelta::ReasoningSignature(_) => {
                (Self::Reasoning(ReasoningTextBlock::default()), None)
            }
            BlockDelta::ReasoningRedacted(_) => (Self::Redacted(Vec::new()), None),
            BlockDelta::ToolUse { .. } => {
                (Self::ToolUse { block: ToolUseBlock::default(), input: String::new() }, None)
            }
            BlockDelta::ToolResult(raw) => {
                (Self::ToolResult(ToolResultBlock::default()), Some(("toolResult", raw)))
            }
            BlockDelta::Image(raw) => {
                (Self::Image { block: ImageBlock::default(), bytes: Vec::new() }, Some(("image", raw)))
            }
            BlockDelta::Unknown { member, value } => return Self::piece("delta", member, value),
        };
        if !block.take(delta)
            && let Some((member, raw)) = raw
        {
            // Even an empty block of its kind cannot take it: the piece cannot be read.
            return Self::piece("delta", member, raw);
        }
        block
    }

    fn text() -> Self {
        Self::Text { text: String::new(), citations: Vec::new() }
    }

    /// See [`is_piece`] for its name.
    fn piece(event: &str, member: &str, value: &RawValue) -> Self {
        Self::Unknown(UnknownMember { name: format!("{event}.{member}"), value: value.into() })
    }

    /// Takes `delta` in, if it is of this block's kind and can be read. False: nothing has changed.
    fn take(&mut self, delta: &BlockDelta<'_>) -> bool {
        match (delta, self) {
            (BlockDelta::Text(piece), Self::Text { text, .. }) => text.push_str(piece),
            (BlockDelta::Citation(raw), Self::Text { citations, .. }) => {
                let Ok(citation) = serde_json::from_slice(raw.get().as_bytes()) else { return false };
                citations.push(citation);
            }
            (BlockDelta::ReasoningText(piece), Self::Reasoning(block)) => block.text.push_str(piece),
            (BlockDelta::ReasoningSignature(piece), Self::Reasoning(block)) => {
                block.signature.get_or_insert_default().push_str(piece);
            }
            (BlockDelta::ReasoningRedacted(piece), Self::Redacted(bytes)) => bytes.extend_from_slice(piece),
            (BlockDelta::ToolUse { input: piece }, Self::ToolUse { input, .. }) => input.push_str(piece),
            (BlockDelta::ToolResult(raw), Self::ToolResult(block)) => {
                let Ok(pieces) = serde_json::from_slice::<Vec<ToolResultContentBlock>>(raw.get().as_bytes())
                else {
                    return false;
                };
                block.content.extend(pieces);
            }
            (BlockDelta::Image(raw), Self::Image { block, bytes }) => {
                let Ok(piece) = serde_json::from_slice(raw.get().as_bytes()) else { return false };
                take_image(block, bytes, piece);
            }
            (
                BlockDelta::Text(_)
                | BlockDelta::Citation(_)
                | BlockDelta::ReasoningText(_)
                | BlockDelta::ReasoningSignature(_)
                | BlockDelta::ReasoningRedacted(_)
                | BlockDelta::ToolUse { .. }
                | BlockDelta::ToolResult(_)
                | BlockDelta::Image(_)
                | BlockDelta::Unknown { .. },
                _,
            ) => return false,
        }
        true
    }
}

fn take_image(block: &mut ImageBlock, bytes: &mut Vec<u8>, piece: ImageBlockDelta) {
    match piece.source {
        Some(ImageSource::Bytes(more)) => bytes.extend_from_slice(&more),
        Some(source @ (ImageSource::S3Location(_) | ImageSource::Unknown(_))) => block.source = source,
        None => {}
    }
    if piece.error.is_some() {
        block.error = piece.error;
    }
}

impl Part {
    fn open(block: Block) -> Self {
        Self { block, is_open: true }
    }

    fn finish(self) -> ContentBlock {
        match self.block {
            Block::Text { text, citations } if citations.is_empty() => ContentBlock::Text(text),
            Block::Text { text, citations } => {
                let content = if text.is_empty() { Vec::new() } else { vec![TextContent::Text(text)] };
                ContentBlock::CitationsContent(CitationsContentBlock { content, citations })
            }
            Block::Reasoning(block) => {
                ContentBlock::ReasoningContent(ReasoningContentBlock::ReasoningText(block))
            }
            Block::Redacted(bytes) => {
                ContentBlock::ReasoningContent(ReasoningContentBlock::RedactedContent(Blob::from(bytes)))
            }
            Block::ToolUse { mut block, input } => {
                (block.input, block.input_problem) = tool_input(input, self.is_open);
                ContentBlock::ToolUse(block)
            }
            Block::ToolResult(block) => ContentBlock::ToolResult(block),
            Block::Image { mut block, bytes } => {
                if !bytes.is_empty() {
                    block.source = ImageSource::Bytes(bytes.into());
                }
                ContentBlock::Image(block)
            }
            Block::Unknown(piece) => ContentBlock::Unknown(piece),
        }
    }
}

/// The input of a tool call, and what is wrong with it.
fn tool_input(text: String, is_open: bool) -> (Document, Option<ToolInputProblem>) {
    let problem = if is_open {
        ToolInputProblem::Unfinished
    } else if text.trim().is_empty() {
        return (Document::default(), None);
    } else {
        match Document::try_from(text.as_str()) {
            Ok(input) => return (input, None),
            Err(_) => ToolInputProblem::NotJson,
        }
    };
    (Value::String(text).into(), Some(problem))
}

#[cfg(test)]
mod tests;
