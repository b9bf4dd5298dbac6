//! Our frame reader alone: compiled from its own file, since it is no part of the crate's surface.

use crate::frame::FrameReader;
use bytes::Bytes;

/// Reads and checks all frames; the sum of the lengths of their payloads.
pub(crate) fn read(chunks: &[Bytes]) -> usize {
    let (mut reader, mut sum) = (FrameReader::default(), 0);
    for chunk in chunks {
        reader.push(chunk.clone());
        while let Ok(Some(place)) = reader.advance() {
            sum += reader.frame(place).payload.len();
        }
    }
    sum
}
