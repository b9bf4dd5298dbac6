//! Decoding of ConverseStream answers: bytes in, events out, without IO.

pub mod event;

pub use event::{BlockDelta, BlockStart, StreamEvent};
