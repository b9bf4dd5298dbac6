//! The streams that are measured: made once, the same at every run.
//!
//! Frames as Bedrock sends them: three headers, JSON, and padding of varying length in the member `p`.

#![allow(dead_code, reason = "each bench uses a part")]

use aws_smithy_eventstream::frame::write_message_to;
use aws_smithy_types::event_stream::{Header, HeaderValue, Message};
use bytes::Bytes;
use serde_json::json;

/// A stream, and how many events it has.
pub(crate) struct Workload {
    pub(crate) name: &'static str,
    pub(crate) bytes: Bytes,
    pub(crate) events: usize,
}

/// 20 text deltas: a short answer.
pub(crate) fn short() -> Workload {
    text_deltas("short", 20)
}

/// One text delta of `length` bytes.
pub(crate) fn one(length: usize) -> Workload {
    let mut stream = Stream::new();
    let text = stream.text(length, length);
    stream.event("contentBlockDelta", &json!({"contentBlockIndex": 0, "delta": {"text": text}}));
    stream.end("one")
}

/// 2,000 text deltas of 4 to 20 characters.
pub(crate) fn chat() -> Workload {
    text_deltas("chat", 2_000)
}

/// 100,000 text deltas, 20 MB.
pub(crate) fn long() -> Workload {
    text_deltas("long", 100_000)
}

/// 500 pieces of a tool's input, most of them with escapes.
pub(crate) fn tool() -> Workload {
    let mut stream = Stream::new();
    let start =
        json!({"contentBlockIndex": 0, "start": {"toolUse": {"toolUseId": "tooluse_1", "name": "f"}}});
    stream.event("contentBlockStart", &start);
    for _ in 0..500 {
        let text = stream.text(6, 18);
        let input = format!("\"{text}\": \"a\n\\b\", ");
        stream.event(
            "contentBlockDelta",
            &json!({"contentBlockIndex": 0, "delta": {"toolUse": {"input": input}}}),
        );
    }
    stream.end("tool")
}

/// 3,000 pieces of reasoning and a signature.
pub(crate) fn reasoning() -> Workload {
    let mut stream = Stream::new();
    for _ in 0..3_000 {
        let text = stream.text(4, 20);
        let delta = json!({"contentBlockIndex": 0, "delta": {"reasoningContent": {"text": text}}});
        stream.event("contentBlockDelta", &delta);
    }
    let delta =
        json!({"contentBlockIndex": 0, "delta": {"reasoningContent": {"signature": "c2ln".repeat(100)}}});
    stream.event("contentBlockDelta", &delta);
    stream.end("reasoning")
}

fn text_deltas(name: &'static str, count: usize) -> Workload {
    let mut stream = Stream::new();
    for _ in 0..count {
        let text = stream.text(4, 20);
        stream.event("contentBlockDelta", &json!({"contentBlockIndex": 0, "delta": {"text": text}}));
    }
    stream.end(name)
}

/// The same bytes in pieces of `size`.
pub(crate) fn chunks(bytes: &Bytes, size: usize) -> Vec<Bytes> {
    (0..bytes.len()).step_by(size).map(|at| bytes.slice(at..bytes.len().min(at + size))).collect()
}

/// The same bytes, one frame a piece.
pub(crate) fn frames(bytes: &Bytes) -> Vec<Bytes> {
    let mut rest = bytes.clone();
    let mut out = Vec::new();
    while let Some(length) = rest.get(..4) {
        let length = length.iter().fold(0, |sum, &byte| sum << 8 | usize::from(byte));
        out.push(rest.split_to(length));
    }
    out
}

struct Stream {
    bytes: Vec<u8>,
    events: usize,
    seed: u64,
}

impl Stream {
    fn new() -> Self {
        let mut stream = Self { bytes: Vec::new(), events: 0, seed: 42 };
        stream.event("messageStart", &json!({"role": "assistant"}));
        stream
    }

    /// A number below `limit`, by a small linear congruence.
    fn number(&mut self, limit: usize) -> usize {
        self.seed = self.seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.seed >> 33).unwrap_or(0) % limit
    }

    fn text(&mut self, from: usize, to: usize) -> String {
        const LETTERS: &[u8] = b" etaoinshrdlu etaoinshrdlu";
        let length = from + self.number(to - from + 1);
        (0..length).filter_map(|_| LETTERS.get(self.number(LETTERS.len()))).map(|&b| char::from(b)).collect()
    }

    fn event(&mut self, name: &str, payload: &serde_json::Value) {
        const PADDING: &str = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
        let length = self.number(PADDING.len());
        let mut payload = payload.to_string();
        payload.pop();
        payload.push_str(&format!(",\"p\":\"{}\"}}", PADDING.get(..length).unwrap_or_default()));
        let headers =
            [(":event-type", name), (":content-type", "application/json"), (":message-type", "event")];
        let message = headers.iter().fold(Message::new(payload), |message, (name, value)| {
            message
                .add_header(Header::new((*name).to_owned(), HeaderValue::String((*value).to_owned().into())))
        });
        if write_message_to(&message, &mut self.bytes).is_ok() {
            self.events += 1;
        }
    }

    fn end(mut self, name: &'static str) -> Workload {
        self.event("contentBlockStop", &json!({"contentBlockIndex": 0}));
        self.event("messageStop", &json!({"stopReason": "end_turn"}));
        let usage = json!({"inputTokens": 10, "outputTokens": 2_000, "totalTokens": 2_010});
        self.event("metadata", &json!({"usage": usage, "metrics": {"latencyMs": 900}}));
        Workload { name, bytes: self.bytes.into(), events: self.events }
    }
}
