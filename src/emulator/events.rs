//! A script as the events of ConverseStream, and an event as a frame.
//!
//! The frames are what Bedrock sends: text and reasoning blocks begin with their first delta, tool blocks
//! with an announcement, every payload is padded to a varying length with a member `p`, usage follows the
//! end. Frames are encoded by AWS's own crate, so that the client's decoder is checked against somebody
//! else's bytes.
//!
//! <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStreamOutput.html>

use super::dice::Dice;
use super::faults::StreamException;
use super::script::{Block, Script};
use super::tokens::pieces;
use aws_smithy_eventstream::frame::write_message_to;
use aws_smithy_types::event_stream::{Header, HeaderValue, Message};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::{Map, Value, json};

/// What the padding is cut from.
const PADDING: &str = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

/// An event before it is a frame.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Event {
    /// `:event-type`.
    pub(super) name: &'static str,
    /// The payload without padding.
    pub(super) payload: Value,
    /// Whether it carries a piece of the answer, and takes the time of a token.
    pub(super) is_token: bool,
}

impl Event {
    fn new(name: &'static str, payload: Value) -> Self {
        Self { name, payload, is_token: false }
    }

    fn delta(index: usize, delta: Value) -> Self {
        let payload = json!({ "contentBlockIndex": index, "delta": delta });
        Self { name: "contentBlockDelta", payload, is_token: true }
    }
}

/// All the events of a script but the last one, `metadata`.
pub(super) fn events(script: &Script, additional_fields: Option<&Value>) -> Vec<Event> {
    let mut events = vec![Event::new("messageStart", json!({ "role": "assistant" }))];
    for (index, block) in script.blocks.iter().enumerate() {
        block_events(index, block, &mut events);
        events.push(Event::new("contentBlockStop", json!({ "contentBlockIndex": index })));
    }
    let mut stop = Map::new();
    stop.insert("stopReason".to_owned(), json!(script.stop_reason));
    if let Some(fields) = additional_fields {
        stop.insert("additionalModelResponseFields".to_owned(), fields.clone());
    }
    events.push(Event::new("messageStop", Value::Object(stop)));
    events
}

fn block_events(index: usize, block: &Block, events: &mut Vec<Event>) {
    match block {
        Block::Text(text) => {
            events.extend(pieces(text).map(|piece| Event::delta(index, json!({ "text": piece }))));
        }
        Block::Reasoning { text, signature } => {
            let reasoning = |delta: Value| Event::delta(index, json!({ "reasoningContent": delta }));
            events.extend(pieces(text).map(|piece| reasoning(json!({ "text": piece }))));
            if !signature.is_empty() {
                events.push(reasoning(json!({ "signature": signature })));
            }
        }
        Block::Redacted(data) => {
            // In two pieces, each encoded by itself: clients must join bytes, not base64.
            events.extend(data.chunks(data.len().div_ceil(2).max(1)).map(|piece| {
                Event::delta(
                    index,
                    json!({ "reasoningContent": { "redactedContent": STANDARD.encode(piece) } }),
                )
            }));
        }
        Block::ToolUse { id, name, input } => {
            let start = json!({ "toolUse": { "toolUseId": id, "name": name } });
            let start = json!({ "contentBlockIndex": index, "start": start });
            events.push(Event::new("contentBlockStart", start));
            let input = if input == "{}" { "" } else { input };
            for piece in std::iter::once("").chain(pieces(input)) {
                events.push(Event::delta(index, json!({ "toolUse": { "input": piece } })));
            }
        }
    }
}

/// The `metadata` event.
pub(super) fn metadata(mut members: Map<String, Value>, usage: Value, latency_ms: u64) -> Event {
    members.insert("usage".to_owned(), usage);
    members.insert("metrics".to_owned(), json!({ "latencyMs": latency_ms }));
    Event::new("metadata", Value::Object(members))
}

/// Encodes events of a client's answer, with padding.
///
/// # Errors
///
/// When a frame would be larger than its length field can say.
pub(super) fn frames(events: &[Event]) -> Result<Vec<Bytes>, FrameError> {
    let mut dice = Dice::new("padding");
    events
        .iter()
        .map(|event| {
            let mut payload = event.payload.clone();
            if let (Some(payload), Some(padding)) =
                (payload.as_object_mut(), PADDING.get(..1 + dice.below(PADDING.len())))
            {
                payload.insert("p".to_owned(), json!(padding));
            }
            event_frame(event.name, &payload)
        })
        .collect()
}

/// A frame could not be encoded.
pub(super) type FrameError = aws_smithy_eventstream::error::Error;

/// A frame of type `event`.
pub(super) fn event_frame(name: &'static str, payload: &Value) -> Result<Bytes, FrameError> {
    frame(
        [(":event-type", name), (":content-type", "application/json"), (":message-type", "event")],
        payload.to_string(),
    )
}

/// A frame of type `exception`.
pub(super) fn exception_frame(exception: StreamException) -> Result<Bytes, FrameError> {
    let (name, payload) = match exception {
        StreamException::Internal => (
            "internalServerException",
            json!({ "message": "The system encountered an unexpected error. Try your request again." }),
        ),
        StreamException::ModelStreamError => (
            "modelStreamErrorException",
            json!({
                "message": "The model produced an error while streaming.",
                "originalStatusCode": 500,
                "originalMessage": "the emulated model fell silent",
            }),
        ),
        StreamException::Validation => {
            ("validationException", json!({ "message": "The output cannot be produced from this input." }))
        }
        StreamException::Throttling => {
            ("throttlingException", json!({ "message": "Too many tokens, please wait before trying again." }))
        }
        StreamException::Unavailable => (
            "serviceUnavailableException",
            json!({ "message": "Bedrock is unable to process your request." }),
        ),
    };
    frame(
        [(":exception-type", name), (":content-type", "application/json"), (":message-type", "exception")],
        payload.to_string(),
    )
}

/// A frame of type `error`, which has no payload.
pub(super) fn error_frame() -> Result<Bytes, FrameError> {
    frame(
        [
            (":error-code", "InternalFailure"),
            (":error-message", "An internal server error occurred"),
            (":message-type", "error"),
        ],
        String::new(),
    )
}

fn frame(headers: [(&'static str, &'static str); 3], payload: String) -> Result<Bytes, FrameError> {
    let headers = headers
        .into_iter()
        .map(|(name, value)| Header::new(name, HeaderValue::String(value.into())))
        .collect();
    let mut buffer = Vec::new();
    write_message_to(&Message::new_from_parts(headers, payload), &mut buffer)?;
    Ok(buffer.into())
}

#[cfg(test)]
mod tests;
