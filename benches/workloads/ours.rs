//! The work that is measured: every event of a stream is looked at.

use bytes::Bytes;
use outcrop::stream::{BlockDelta, StreamDecoder, StreamEvent};

/// Decodes a stream; the sum of all text lengths, so that nothing is optimised away.
pub(crate) fn decode(chunks: &[Bytes]) -> usize {
    let (mut decoder, mut sum) = (StreamDecoder::new(), 0);
    for chunk in chunks {
        decoder.push(chunk.clone());
        while let Ok(Some(event)) = decoder.next() {
            if let StreamEvent::ContentBlockDelta { index, delta } = &event {
                sum += *index as usize;
                sum += match delta {
                    BlockDelta::Text(text)
                    | BlockDelta::ReasoningText(text)
                    | BlockDelta::ReasoningSignature(text)
                    | BlockDelta::ToolUse { input: text } => text.len(),
                    _ => 0,
                };
            }
        }
    }
    sum
}
