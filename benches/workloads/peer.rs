//! The same work with the SDK's frame reader and serde_json into owned values.

use aws_smithy_eventstream::frame::{DecodedFrame, MessageFrameDecoder};
use bytes::{Bytes, BytesMut};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Delta {
    content_block_index: u32,
    delta: Piece,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
enum Piece {
    Text(String),
    ToolUse(ToolUse),
    ReasoningContent(Reasoning),
}

#[derive(Deserialize)]
struct ToolUse {
    input: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
enum Reasoning {
    Text(String),
    Signature(String),
}

/// Decodes a stream; the sum of all text lengths, so that nothing is optimised away.
pub(crate) fn decode(chunks: &[Bytes]) -> usize {
    let (mut decoder, mut buffer, mut sum) = (MessageFrameDecoder::new(), BytesMut::new(), 0);
    for chunk in chunks {
        buffer.extend_from_slice(chunk);
        while let Ok(DecodedFrame::Complete(message)) = decoder.decode_frame(&mut buffer) {
            let is_delta = message.headers().iter().any(|header| {
                header.name().as_str() == ":event-type"
                    && header.value().as_string().is_ok_and(|value| value.as_str() == "contentBlockDelta")
            });
            if !is_delta {
                continue;
            }
            if let Ok(Delta { content_block_index, delta }) = serde_json::from_slice(message.payload()) {
                sum += content_block_index as usize;
                sum += match delta {
                    Piece::Text(text) => text.len(),
                    Piece::ToolUse(tool) => tool.input.len(),
                    Piece::ReasoningContent(Reasoning::Text(text) | Reasoning::Signature(text)) => text.len(),
                };
            }
        }
    }
    sum
}
