//! The contenders, and the bytes that each of them is fed.
//!
//! What is compared is the work between a chunk of the body and an event in the caller's hands. Connections and
//! requests are not part of it; the programs in `oneshot` are measured for these.

mod error;
#[allow(dead_code, reason = "the whole reader is compiled, and a part is measured")]
#[path = "../../../src/stream/frame.rs"]
mod frame;
mod frames;
#[path = "../../workloads/ours.rs"]
mod ours;
mod sdk;
#[path = "../../workloads/peer.rs"]
mod smithy;
#[path = "../../workloads/mod.rs"]
mod workloads;

use bytes::Bytes;

/// Who decodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contender {
    /// `outcrop::stream::StreamDecoder`.
    Ours,
    /// The SDK's frame reader with serde_json into owned values.
    Smithy,
    /// `aws-sdk-bedrockruntime` behind a connector that replays the chunks.
    Sdk,
    /// Our frame reader alone.
    Frames,
    /// The checksum of each frame, and nothing else: the limit for a reader of frames that checks them.
    Checksums,
}

impl Contender {
    /// The contender of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "ours" => Self::Ours,
            "smithy" => Self::Smithy,
            "sdk" => Self::Sdk,
            "frames" => Self::Frames,
            "checksums" => Self::Checksums,
            _ => return None,
        })
    }

    /// The name that [`Contender::from_name`] takes.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ours => "ours",
            Self::Smithy => "smithy",
            Self::Sdk => "sdk",
            Self::Frames => "frames",
            Self::Checksums => "checksums",
        }
    }

    /// Decodes the chunks. `watch` is handed the work that counts, and calls it once. Gives a sum over what was
    /// decoded, the same for each of the first three.
    pub fn decode(self, chunks: &[Bytes], watch: impl FnOnce(&mut dyn FnMut())) -> usize {
        let mut sum = 0;
        match self {
            Self::Ours => watch(&mut || sum = ours::decode(chunks)),
            Self::Smithy => watch(&mut || sum = smithy::decode(chunks)),
            Self::Sdk => {
                let mut answer = sdk::Answer::begin(chunks);
                watch(&mut || sum = answer.drain());
            }
            Self::Frames => watch(&mut || sum = frames::read(chunks)),
            Self::Checksums => {
                watch(&mut || sum = chunks.iter().map(|frame| crc32fast::hash(frame) as usize & 1).sum())
            }
        }
        sum
    }
}

/// How a stream is cut.
#[derive(Clone, Copy, Debug)]
pub enum Cut {
    /// Into chunks of this many bytes.
    Every(usize),
    /// Into its frames.
    Frames,
}

/// A stream of one of the workloads.
pub struct Stream {
    /// All of its bytes.
    pub bytes: Bytes,
    /// How many events they hold.
    pub events: usize,
}

impl Stream {
    /// The workload of this name: `short`, `chat`, `tool`, `reasoning`, `long`, or `one-N`, whose only delta has N
    /// bytes of text.
    pub fn of(name: &str) -> Option<Self> {
        let workload = match name {
            "short" => workloads::short(),
            "chat" => workloads::chat(),
            "tool" => workloads::tool(),
            "reasoning" => workloads::reasoning(),
            "long" => workloads::long(),
            name => workloads::one(name.strip_prefix("one-")?.parse().ok()?),
        };
        Some(Self { bytes: forever(workload.bytes.into()), events: workload.events })
    }

    /// The same stream `times` over in one body. None of the contenders minds events after the last.
    pub fn repeat(self, times: usize) -> Self {
        Self { bytes: forever(self.bytes.repeat(times)), events: self.events * times }
    }

    /// The bytes in pieces.
    pub fn cut(&self, cut: Cut) -> Vec<Bytes> {
        match cut {
            Cut::Every(size) => workloads::chunks(&self.bytes, size),
            Cut::Frames => workloads::frames(&self.bytes),
        }
    }
}

/// Bytes that are never freed: to hand out a piece of them costs nobody an atomic count.
fn forever(bytes: Vec<u8>) -> Bytes {
    Bytes::from_static(bytes.leak())
}
