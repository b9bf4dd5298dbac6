//! Bytes in, events out, without IO: push what came from the network, pull events until it needs more.
//!
//! A chunk that holds whole frames is decoded where it lies; only a frame that is split over chunks is copied,
//! once. What makes an answer complete is decided here: `messageStop` was seen, and the stream ended between
//! two frames.

use super::event::StreamEvent;
use super::frame::{self, Frame, Message, PRELUDE};
use super::payload;
use crate::classify::classify_code;
use crate::error::{Error, FrameFault, PayloadProblem, Result, ServiceFailure, StreamPosition};
use bytes::Bytes;
use serde::Deserialize;

/// Decodes one ConverseStream answer.
///
/// ```
/// use outcrop::stream::StreamDecoder;
///
/// let mut decoder = StreamDecoder::new();
/// # let chunks: Vec<Vec<u8>> = vec![];
/// for chunk in chunks {
///     decoder.push(chunk);
///     while let Some(event) = decoder.next()? {
///         println!("{event:?}");
///     }
/// }
/// assert!(decoder.finish().is_err(), "an empty answer is not complete");
/// # Ok::<(), outcrop::Error>(())
/// ```
#[derive(Debug, Default)]
pub struct StreamDecoder {
    /// The chunk pushed last, and how much of it has been read.
    chunk: Bytes,
    at: usize,
    /// Bytes of earlier chunks that were not read when the next one came, and how much has been read since.
    split: Vec<u8>,
    split_at: usize,
    /// Length of the frame at `split_at`, once its prelude was found right; 0 before.
    split_total: usize,
    current: Option<Current>,
    position: StreamPosition,
    stopped: bool,
    failed: Option<Failed>,
}

/// Where the frame last handed out lies.
#[derive(Debug, Clone, Copy)]
struct Current {
    in_split: bool,
    from: usize,
    to: usize,
}

/// Why nothing more comes. Kept, so that asking again gives the same answer.
#[derive(Debug, Clone)]
enum Failed {
    Corrupt(FrameFault),
    Exception(Box<ServiceFailure>),
    Payload(Box<PayloadProblem>),
}

impl Failed {
    fn into_error(self, position: StreamPosition) -> Error {
        match self {
            Failed::Corrupt(fault) => Error::StreamCorrupt(position, fault),
            Failed::Exception(failure) => Error::StreamException(position, failure),
            Failed::Payload(problem) => Error::StreamPayload(position, problem),
        }
    }
}

impl StreamDecoder {
    /// A decoder at the beginning of a stream.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next bytes of the stream, any number of them. They are not copied, unless a frame that began
    /// before is completed by them, or unless events of the chunk before have not been pulled.
    pub fn push(&mut self, chunk: impl Into<Bytes>) {
        let chunk = chunk.into();
        self.current = None;
        if self.split_at == self.split.len() {
            self.split.clear();
            self.split_at = 0;
        }
        if let Some(unread) = self.chunk.get(self.at..) {
            self.split.extend_from_slice(unread);
        }
        self.position.bytes += chunk.len() as u64;
        self.chunk = chunk;
        self.at = 0;
    }

    /// The next event, lent until the decoder is used again. `Ok(None)`: push more bytes, or, at the end of the
    /// stream, ask [`StreamDecoder::finish`].
    ///
    /// # Errors
    /// [`Error::StreamCorrupt`], [`Error::StreamException`] or [`Error::StreamPayload`]. Nothing comes after
    /// an error: asking again gives the same one.
    #[allow(clippy::should_implement_trait, reason = "the event borrows from the decoder")]
    pub fn next(&mut self) -> Result<Option<StreamEvent<'_>>> {
        if let Some(failed) = &self.failed {
            return Err(failed.clone().into_error(self.position));
        }
        match self.advance() {
            Ok(None) => return Ok(None),
            Ok(Some(current)) => self.current = Some(current),
            Err(fault) => {
                self.current = None;
                self.failed = Some(Failed::Corrupt(fault));
                return Err(Error::StreamCorrupt(self.position, fault));
            }
        }
        let Self { chunk, split, current, position, stopped, failed, .. } = self;
        let decoded =
            frame_bytes(chunk, split, *current).map_or(Err(Failed::Corrupt(FrameFault::Headers)), decode);
        match decoded {
            Ok(event) => {
                position.events += 1;
                *stopped |= matches!(event, StreamEvent::MessageStop { .. });
                Ok(Some(event))
            }
            Err(reason) => {
                *current = None;
                *failed = Some(reason.clone());
                Err(reason.into_error(*position))
            }
        }
    }

    /// Whether [`StreamDecoder::next`] has an event or an error at hand, without more bytes.
    pub fn is_ready(&self) -> bool {
        if self.failed.is_some() {
            return true;
        }
        let there = self.split.len() - self.split_at + self.chunk.len() - self.at;
        if self.split_total > 0 {
            return self.split_total <= there;
        }
        let mut head = [0; PRELUDE];
        let unread = [
            self.split.get(self.split_at..).unwrap_or_default(),
            self.chunk.get(self.at..).unwrap_or_default(),
        ];
        let filled = head.iter_mut().zip(unread.into_iter().flatten()).map(|(to, from)| *to = *from).count();
        if filled < PRELUDE {
            return false;
        }
        frame::stated_total(&head).is_some_and(|total| total <= there) || frame::prelude(&head).is_err()
    }

    /// Whether the stream may end here: `messageStop` was seen, and no byte is left over.
    ///
    /// # Errors
    /// [`Error::StreamEnded`] before `messageStop`, [`Error::StreamCut`] inside a frame, or the error that
    /// [`StreamDecoder::next`] gave.
    pub fn finish(&self) -> Result<()> {
        if let Some(failed) = &self.failed {
            return Err(failed.clone().into_error(self.position));
        }
        if self.split_at < self.split.len() || self.at < self.chunk.len() {
            return Err(Error::StreamCut(self.position));
        }
        if self.stopped { Ok(()) } else { Err(Error::StreamEnded(self.position)) }
    }

    /// Name and payload of the event last given, as they came, padding included. `None` before the first
    /// event, after an error, and once more bytes were pushed.
    pub fn last_payload(&self) -> Option<(&str, &[u8])> {
        let frame = frame::read(frame_bytes(&self.chunk, &self.split, self.current)?).ok()?;
        match frame.message {
            Message::Event(name) => Some((name, frame.payload)),
            Message::Exception(_) | Message::Error(..) => None,
        }
    }

    /// Events given and bytes taken so far.
    pub fn position(&self) -> StreamPosition {
        self.position
    }

    /// Whether `messageStop` was seen. Usage and latency follow it.
    pub fn has_message_stop(&self) -> bool {
        self.stopped
    }

    /// Finds the next whole frame and steps over it.
    fn advance(&mut self) -> Result<Option<Current>, FrameFault> {
        if self.split_at < self.split.len() {
            return self.advance_split();
        }
        let unread = self.chunk.get(self.at..).unwrap_or_default();
        let Some(total) = whole_frame(unread)? else { return Ok(None) };
        let from = self.at;
        self.at += total;
        Ok(Some(Current { in_split: false, from, to: self.at }))
    }

    /// The same for a frame that began in an earlier chunk: takes from the chunk what it lacks.
    fn advance_split(&mut self) -> Result<Option<Current>, FrameFault> {
        loop {
            let unread = self.split.get(self.split_at..).unwrap_or_default();
            if self.split_total == 0 {
                // Only a length that its checksum confirms is waited for.
                self.split_total = frame::prelude(unread)?.map_or(0, |lengths| lengths.total);
            }
            let needed = if self.split_total == 0 { PRELUDE } else { self.split_total };
            let Some(missing) = needed.checked_sub(unread.len()).filter(|&missing| missing > 0) else {
                let from = self.split_at;
                self.split_at += needed;
                self.split_total = 0;
                return Ok(Some(Current { in_split: true, from, to: self.split_at }));
            };
            let ready = self.chunk.get(self.at..).unwrap_or_default();
            let taken = ready.get(..missing.min(ready.len())).unwrap_or_default();
            if taken.is_empty() {
                return Ok(None);
            }
            self.split.extend_from_slice(taken);
            self.at += taken.len();
        }
    }
}

/// The length of the frame that `bytes` begins with, when all of it is there. Its prelude is checked by
/// [`frame::read`] then; it is checked here only when the frame is still to be waited for.
fn whole_frame(bytes: &[u8]) -> Result<Option<usize>, FrameFault> {
    match frame::stated_total(bytes) {
        Some(total) if (PRELUDE + 4..=bytes.len()).contains(&total) => Ok(Some(total)),
        _ => match frame::prelude(bytes)? {
            Some(lengths) if lengths.total <= bytes.len() => Ok(Some(lengths.total)),
            _ => Ok(None),
        },
    }
}

fn frame_bytes<'a>(chunk: &'a Bytes, split: &'a [u8], current: Option<Current>) -> Option<&'a [u8]> {
    let Current { in_split, from, to } = current?;
    if in_split { split.get(from..to) } else { chunk.get(from..to) }
}

fn decode(bytes: &[u8]) -> Result<StreamEvent<'_>, Failed> {
    let Frame { message, payload: body } = frame::read(bytes).map_err(Failed::Corrupt)?;
    match message {
        Message::Event(name) => payload::read(name, body).map_err(|problem| {
            Failed::Payload(Box::new(PayloadProblem { event: name.to_owned(), problem: problem.to_string() }))
        }),
        Message::Exception(name) => Err(Failed::Exception(Box::new(exception(name, body)))),
        Message::Error(code, text) => Err(Failed::Exception(Box::new(failure(code, text)))),
    }
}

/// What the payload of an exception tells. All of it is optional: an exception without words is one too.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct ExceptionPayload {
    #[serde(alias = "Message")]
    message: Option<String>,
    original_status_code: Option<u16>,
    original_message: Option<String>,
}

fn exception(name: &str, payload: &[u8]) -> ServiceFailure {
    let told: ExceptionPayload = serde_json::from_slice(payload).unwrap_or_default();
    // In a stream the name begins with a small letter, in a header of an error answer with a capital one.
    let mut code = name.to_owned();
    if let Some(first) = code.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    let mut failure = failure(&code, &told.message.unwrap_or_default());
    failure.original_status = told.original_status_code;
    failure.original_message = told.original_message;
    failure
}

/// Statuses: <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStreamOutput.html>.
fn failure(code: &str, message: &str) -> ServiceFailure {
    let status = match code {
        "InternalServerException" => 500,
        "ModelStreamErrorException" => 424,
        "ValidationException" => 400,
        "ThrottlingException" => 429,
        "ServiceUnavailableException" => 503,
        "ModelTimeoutException" => 408,
        _ => 0,
    };
    ServiceFailure {
        class: classify_code(code, message, status),
        status,
        code: code.to_owned(),
        message: message.to_owned(),
        request_id: None,
        original_status: None,
        original_message: None,
        attempts: 1,
        waited_ms: 0,
    }
}
