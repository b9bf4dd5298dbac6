//! What the tests of this folder share: recorded frames, frames made to order, and a run of the decoder.

use super::{BlockDelta, BlockStart, StreamDecoder, StreamEvent, encode};
use crate::error::Error;
use serde_json::{Value, json};

/// A recorded stream: its frames, and what is known of them, one line each.
pub(super) struct Recording {
    pub(super) frames: Vec<Vec<u8>>,
    pub(super) lines: Vec<Value>,
}

impl Recording {
    fn new(hex: &str, lines: &str) -> Self {
        let frames: Vec<_> = hex.lines().map(bytes_from_hex).collect();
        let lines: Vec<_> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(frames.len(), lines.len());
        Self { frames, lines }
    }

    pub(super) fn text() -> Self {
        Self::new(
            include_str!("../../fixtures/frames/07-stream-text.frames.hex"),
            include_str!("../../fixtures/frames/07-stream-text.jsonl"),
        )
    }

    pub(super) fn tool() -> Self {
        Self::new(
            include_str!("../../fixtures/frames/08-stream-tool.frames.hex"),
            include_str!("../../fixtures/frames/08-stream-tool.jsonl"),
        )
    }

    pub(super) fn exception() -> Self {
        Self::new(
            include_str!("../../fixtures/frames/09-stream-exception.frames.hex"),
            include_str!("../../fixtures/frames/09-stream-exception.jsonl"),
        )
    }

    pub(super) fn error() -> Self {
        Self::new(
            include_str!("../../fixtures/frames/10-stream-error.frames.hex"),
            include_str!("../../fixtures/frames/10-stream-error.jsonl"),
        )
    }

    pub(super) fn invoke_stream() -> Self {
        Self::new(
            include_str!("../../fixtures/frames/11-invoke-stream.frames.hex"),
            include_str!("../../fixtures/frames/11-invoke-stream.jsonl"),
        )
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        self.frames.concat()
    }
}

pub(super) fn bytes_from_hex(text: &str) -> Vec<u8> {
    let digits: Vec<_> = text.trim().chars().map(|digit| digit.to_digit(16).unwrap() as u8).collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

/// A frame with right checksums whose lengths are what the caller says, right or not.
pub(super) fn frame_with_lengths(total: u32, headers: u32, content: &[u8]) -> Vec<u8> {
    let mut frame = [total.to_be_bytes(), headers.to_be_bytes()].concat();
    frame.extend(crc32fast::hash(&frame).to_be_bytes());
    frame.extend(content);
    frame.extend(crc32fast::hash(&frame).to_be_bytes());
    frame
}

/// A frame around a header block and a payload.
pub(super) fn frame(headers: &[u8], payload: &[u8]) -> Vec<u8> {
    let content = [headers, payload].concat();
    frame_with_lengths(16 + content.len() as u32, headers.len() as u32, &content)
}

/// An event as Bedrock sends it.
pub(super) fn event(event_type: &str, payload: &str) -> Vec<u8> {
    encode::event(event_type, payload.to_owned())
}

/// What came of a stream: the events as text, and how it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Outcome {
    pub(super) events: Vec<String>,
    pub(super) end: Result<(), String>,
}

/// Runs the decoder over chunks as a transport would.
pub(super) fn run<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> Outcome {
    let mut decoder = StreamDecoder::new();
    let mut events = Vec::new();
    for chunk in chunks {
        decoder.push(chunk.to_vec());
        loop {
            match decoder.next() {
                Ok(Some(event)) => events.push(format!("{event:?}")),
                Ok(None) => break,
                Err(error) => return Outcome { events, end: Err(describe(&error)) },
            }
        }
    }
    Outcome { events, end: decoder.finish().map_err(|error| describe(&error)) }
}

/// An error without the number of bytes, which depends on the chunks.
fn describe(error: &Error) -> String {
    let events = error.stream_position().map(|position| position.events);
    let detail = match error {
        Error::StreamCorrupt(_, fault) => format!("{fault:?}"),
        Error::StreamException(_, failure) => format!("{failure:?}"),
        Error::StreamPayload(_, problem) => format!("{problem:?}"),
        _ => String::new(),
    };
    format!("{} after {events:?} {detail}", error.kind().as_str())
}

/// An event in the form in which botocore hands it out.
pub(super) fn as_parsed(event: &StreamEvent<'_>) -> Value {
    match event {
        StreamEvent::MessageStart { role } => json!({"messageStart": {"role": role}}),
        StreamEvent::ContentBlockStart { index, start } => {
            json!({"contentBlockStart": {"contentBlockIndex": index, "start": start_as_parsed(start)}})
        }
        StreamEvent::ContentBlockDelta { index, delta } => {
            json!({"contentBlockDelta": {"contentBlockIndex": index, "delta": delta_as_parsed(delta)}})
        }
        StreamEvent::ContentBlockStop { index } => {
            json!({"contentBlockStop": {"contentBlockIndex": index}})
        }
        StreamEvent::MessageStop { stop_reason, additional: None } => {
            json!({"messageStop": {"stopReason": stop_reason}})
        }
        StreamEvent::MessageStop { stop_reason, additional } => {
            json!({"messageStop": {"stopReason": stop_reason, "additionalModelResponseFields": additional}})
        }
        StreamEvent::Metadata(metadata) => json!({"metadata": metadata}),
        StreamEvent::Unknown { event_type, payload } => {
            json!({*event_type: serde_json::from_slice::<Value>(payload).unwrap()})
        }
    }
}

fn start_as_parsed(start: &BlockStart<'_>) -> Value {
    match start {
        BlockStart::ToolUse { tool_use_id, name, kind: None } => {
            json!({"toolUse": {"toolUseId": tool_use_id, "name": name}})
        }
        BlockStart::ToolUse { tool_use_id, name, kind } => {
            json!({"toolUse": {"toolUseId": tool_use_id, "name": name, "type": kind}})
        }
        BlockStart::ToolResult { tool_use_id, kind, status } => {
            json!({"toolResult": {"toolUseId": tool_use_id, "type": kind, "status": status}})
        }
        BlockStart::Image { format } => json!({"image": {"format": format}}),
        BlockStart::Unknown { member, value } => json!({member.as_ref(): value}),
    }
}

fn delta_as_parsed(delta: &BlockDelta<'_>) -> Value {
    match delta {
        BlockDelta::Text(text) => json!({"text": text}),
        BlockDelta::ToolUse { input } => json!({"toolUse": {"input": input}}),
        BlockDelta::ToolResult(raw) => json!({"toolResult": raw}),
        BlockDelta::ReasoningText(text) => json!({"reasoningContent": {"text": text}}),
        BlockDelta::ReasoningSignature(text) => json!({"reasoningContent": {"signature": text}}),
        BlockDelta::ReasoningRedacted(bytes) => json!({"reasoningContent": {"redactedContent": bytes}}),
        BlockDelta::Citation(raw) => json!({"citation": raw}),
        BlockDelta::Image(raw) => json!({"image": raw}),
        BlockDelta::Unknown { member, value } => json!({member.as_ref(): value}),
    }
}
