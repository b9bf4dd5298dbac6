//! Decoding of ConverseStream answers: bytes in, events out, without IO.
//!
//! [`StreamDecoder`] takes any chunking of bytes and lends typed events. It needs no cargo feature.

mod decoder;
#[cfg(any(feature = "emulator", test))]
pub mod encode;
pub mod event;
mod exception;
mod frame;
mod headers;
pub mod members;
mod payload;
#[cfg(test)]
mod samples;
mod scan;
pub(crate) mod surrogate;
#[cfg(test)]
mod tests;

pub use decoder::StreamDecoder;
pub use event::{BlockDelta, BlockStart, StreamEvent};
