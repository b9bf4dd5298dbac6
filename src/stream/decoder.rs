//! The sans-IO decoder: bytes in, events out.
//!
//! It knows neither sockets nor tasks. Whoever has bytes pushes them and pulls events until there are none; at the
//! end of the bytes, [`StreamDecoder::finish`] says whether the answer is whole. That is a question of its own: an
//! answer that just stops looks like a short one, and only `messageStop` and the end of a frame tell them apart.

use super::event::StreamEvent;
use super::frame::{Frame, FrameReader, Place};
use super::headers::{self, Message};
use super::{exception, payload};
use crate::error::{Error, FrameFault, PayloadProblem, Result, ServiceFailure, StreamPosition};
use bytes::Bytes;
use std::fmt;

/// Decodes the body of a ConverseStream answer.
///
/// The body is `application/vnd.amazon.eventstream`, in pieces of any size.
///
/// ```
/// use bytes::Bytes;
/// use outcrop::stream::{BlockDelta, StreamDecoder, StreamEvent};
///
/// fn show(body: impl Iterator<Item = Bytes>) -> outcrop::Result<()> {
///     let mut decoder = StreamDecoder::new();
///     for chunk in body {
///         decoder.push(chunk);
///         while let Some(event) = decoder.next()? {
///             if let StreamEvent::ContentBlockDelta { delta: BlockDelta::Text(text), .. } = event {
///                 print!("{text}");
///             }
///         }
///     }
///     decoder.finish()
/// }
/// # assert!(show(std::iter::empty()).is_err());
/// ```
///
/// Frames that lie whole in a chunk are decoded in that chunk, and events borrow from it. Ordinary deltas cost no
/// allocation: where escapes force a copy of the text, it goes to a buffer that is used again. Memory is bounded by the
/// chunks that were pushed and not yet read, by one frame, which may have 24 MiB of payload, and by its text.
#[derive(Default)]
pub struct StreamDecoder {
    frames: FrameReader,
    position: StreamPosition,
    has_message_stop: bool,
    /// The frame of the event handed out last.
    last: Option<Place>,
    /// The text of that event, if it had escapes.
    unescaped: Vec<u8>,
    failure: Option<Failure>,
}

/// Why a decoder has failed. Unlike [`Error`] it can be reported twice.
#[derive(Clone)]
enum Failure {
    Frame(FrameFault),
    Service(Box<ServiceFailure>),
    Payload(Box<PayloadProblem>),
}

impl Failure {
    fn into_error(self, position: StreamPosition) -> Error {
        match self {
            Failure::Frame(fault) => Error::StreamCorrupt(position, fault),
            Failure::Service(failure) => Error::StreamException(position, failure),
            Failure::Payload(problem) => Error::StreamPayload(position, problem),
        }
    }
}

impl StreamDecoder {
    /// A decoder at the beginning of a body.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next bytes of the body. Nothing is decoded here.
    ///
    /// Bytes that are pushed before [`next`](Self::next) has returned `None` wait their turn. After an error, bytes
    /// are dropped and not counted.
    #[inline]
    pub fn push(&mut self, chunk: impl AsRef<[u8]> + Into<Bytes>) {
        // Small chunks are taken in the caller's code and where they are: to move a `Bytes` costs more than its byte.
        if self.frames.continues_split(chunk.as_ref()) {
            self.position.bytes += chunk.as_ref().len() as u64;
        } else {
            self.push_chunk(chunk.into());
        }
    }

    #[inline(never)]
    fn push_chunk(&mut self, chunk: Bytes) {
        if self.failure.is_none() {
            self.position.bytes += chunk.len() as u64;
            self.frames.push(chunk);
        }
    }

    /// Decodes the next event; `None` when more bytes are needed for it.
    ///
    /// The event borrows from the decoder, and ends with the next call. Events come after `messageStop`, too: the
    /// metadata does.
    ///
    /// # Errors
    ///
    /// [`Error::StreamCorrupt`], [`Error::StreamException`] or [`Error::StreamPayload`]. After the first error the
    /// decoder stays failed, since what follows can no longer be trusted to be complete: the same error comes again
    /// on every call, with the position of the first.
    #[allow(clippy::should_implement_trait, reason = "an iterator's items cannot borrow from it")]
    #[inline]
    pub fn next(&mut self) -> Result<Option<StreamEvent<'_>>> {
        self.last = None;
        if self.frames.is_waiting() {
            // Said without a call, too.
            return Ok(None);
        }
        self.next_event()
    }

    fn next_event(&mut self) -> Result<Option<StreamEvent<'_>>> {
        if let Some(failure) = &self.failure {
            return Err(failure.clone().into_error(self.position));
        }
        let decoded = match self.frames.advance() {
            Ok(None) => return Ok(None),
            Ok(Some(place)) => {
                self.last = Some(place);
                decode(self.frames.frame(place), &mut self.unescaped)
            }
            Err(fault) => Err(Failure::Frame(fault)),
        };
        match decoded {
            Ok(event) => {
                self.position.events += 1;
                self.has_message_stop |= matches!(event, StreamEvent::MessageStop { .. });
                Ok(Some(event))
            }
            Err(failure) => {
                self.last = None;
                self.failure = Some(failure.clone());
                Err(failure.into_error(self.position))
            }
        }
    }

    /// Whether [`next`](Self::next) has an event or an error at hand, without more bytes.
    pub fn is_ready(&self) -> bool {
        self.failure.is_some() || self.frames.is_ready()
    }

    /// Says whether the answer is whole. To be asked when the body has ended and [`next`](Self::next) has returned
    /// `None`.
    ///
    /// # Errors
    ///
    /// [`Error::StreamCut`] when bytes are left over, so the body ended inside a frame; [`Error::StreamEnded`] when
    /// it ended between frames and `messageStop` has not come; the error itself when the decoder has failed.
    pub fn finish(&self) -> Result<()> {
        match &self.failure {
            Some(failure) => Err(failure.clone().into_error(self.position)),
            None if self.frames.has_rest() => Err(Error::StreamCut(self.position)),
            None if !self.has_message_stop => Err(Error::StreamEnded(self.position)),
            None => Ok(()),
        }
    }

    /// Events handed out and bytes pushed.
    pub fn position(&self) -> StreamPosition {
        self.position
    }

    /// Whether `messageStop` was handed out: the model has said all, though metadata may follow.
    pub fn has_message_stop(&self) -> bool {
        self.has_message_stop
    }

    /// The event handed out last as it came: its type and its payload.
    ///
    /// `None` before the first event, and after [`next`](Self::next) has returned `None` or an error.
    pub fn last_payload(&self) -> Option<(&str, &[u8])> {
        let Frame { headers, payload } = self.frames.frame(self.last?);
        match headers::read(headers) {
            Ok(Message::Event(event_type)) => Some((event_type.as_str(), payload)),
            Ok(Message::Exception(_) | Message::Error { .. }) | Err(_) => None,
        }
    }
}

impl fmt::Debug for StreamDecoder {
    /// Shows how far the stream has come, and nothing of what was said in it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamDecoder")
            .field("position", &self.position)
            .field("has_message_stop", &self.has_message_stop)
            .field("has_failed", &self.failure.is_some())
            .finish_non_exhaustive()
    }
}

fn decode<'a>(frame: Frame<'a>, unescaped: &'a mut Vec<u8>) -> Result<StreamEvent<'a>, Failure> {
    match headers::read(frame.headers).map_err(Failure::Frame)? {
        Message::Event(event_type) => payload::read(event_type, frame.payload, unescaped).map_err(|error| {
            let event = event_type.as_str().to_owned();
            Failure::Payload(Box::new(PayloadProblem { event, problem: payload::problem(&error) }))
        }),
        Message::Exception(name) => Err(Failure::Service(Box::new(exception::modelled(name, frame.payload)))),
        Message::Error { code, message } => {
            Err(Failure::Service(Box::new(exception::unmodelled(code, message))))
        }
    }
}

#[cfg(test)]
mod tests;
