//! A ConverseStream answer, read from the network as it is asked for.
//!
//! Pull, not push: there is no task and no channel between the socket and the caller. Dropping the stream
//! closes the connection, which ends the model's work.

use super::call::Sent;
use super::{Timeouts, non_zero, unexpected};
use crate::converse::{ConverseResponse, Fold};
use crate::error::{Error, Result, StreamPosition, Timeout, TransportFailure, Waiting};
use crate::stream::{StreamDecoder, StreamEvent};
use crate::transport::HttpResponse;
use bytes::Bytes;
use std::time::Duration;
use tokio::time::Instant;

/// The events of one answer. See [`EventStream::next`].
pub struct EventStream {
    response: HttpResponse,
    decoder: StreamDecoder,
    timeouts: Timeouts,
    /// When the call began, and the attempt that got this answer.
    began: Instant,
    sent: Sent,
    request_id: Option<String>,
    ended: bool,
    /// Why nothing more can be read. Kept, so that asking again gives the same answer.
    broken: Option<Box<TransportFailure>>,
}

const CONTENT_TYPE: &str = "application/vnd.amazon.eventstream";

impl EventStream {
    pub(super) fn new(
        response: HttpResponse,
        timeouts: Timeouts,
        began: Instant,
        sent: Sent,
    ) -> Result<Self> {
        let request_id = response.header("x-amzn-requestid").map(str::to_owned);
        let kind = response.header("content-type");
        if kind.is_some_and(|kind| !kind.starts_with(CONTENT_TYPE)) {
            return Err(unexpected(response.status, kind, "expected an event stream", request_id));
        }
        let decoder = StreamDecoder::new();
        Ok(Self { response, decoder, timeouts, began, sent, request_id, ended: false, broken: None })
    }

    /// The next event, lent until the next call. `Ok(None)` is the legal end: `messageStop` was seen, and the
    /// stream ended between two frames. Events after `messageStop`, such as `metadata`, are given too.
    ///
    /// # Cancellation
    /// Dropping the future loses no event: the next call goes on.
    ///
    /// # Errors
    /// The stream errors of [`Error`], [`Error::Timeout`] when nothing came in time, [`Error::Transport`] when
    /// the connection broke. All of them hold how far the stream had come.
    pub async fn next(&mut self) -> Result<Option<StreamEvent<'_>>> {
        while !self.decoder.is_ready() {
            if self.ended || self.read().await?.is_none() {
                self.ended = true;
                self.decoder.finish().map_err(|error| self.with_request_id(error))?;
                return Ok(None);
            }
        }
        let request_id = &self.request_id;
        self.decoder.next().map_err(|error| with_request_id(error, request_id))
    }

    /// Whether [`EventStream::next`] will answer at once, without the network. Output that is gathered while
    /// this is true is written once for each network chunk.
    pub fn is_ready(&self) -> bool {
        self.decoder.is_ready()
    }

    /// Name and payload of the event last given, as they came.
    pub fn last_payload(&self) -> Option<(&str, &[u8])> {
        self.decoder.last_payload()
    }

    /// How far the stream has come.
    pub fn position(&self) -> StreamPosition {
        self.decoder.position()
    }

    /// The AWS request id, for support cases.
    pub fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref()
    }

    /// Reads the stream to its end and puts the whole answer together.
    ///
    /// # Errors
    /// As [`EventStream::next`]; what came before is lost. To keep it, fold the events yourself.
    pub async fn collect(mut self) -> Result<ConverseResponse> {
        let mut fold = Fold::new();
        while let Some(event) = self.next().await? {
            fold.push(&event);
        }
        Ok(fold.finish())
    }

    /// How many times the request was sent until this answer came.
    pub fn attempts(&self) -> u32 {
        self.sent.attempts
    }

    /// Waits for the next bytes of the answer and gives them as they came, beside decoding them: for recordings.
    /// `None` at the end of the body. Their events are taken with [`EventStream::next`] while
    /// [`EventStream::is_ready`] is true, and `next` says at the end whether the answer is whole.
    ///
    /// # Cancellation
    /// Dropping the future loses no bytes.
    ///
    /// # Errors
    /// As those of [`EventStream::next`] that come from the network.
    pub async fn next_chunk(&mut self) -> Result<Option<Bytes>> {
        let chunk = if self.ended { None } else { self.read().await? };
        self.ended = chunk.is_none();
        Ok(chunk)
    }

    /// Takes one chunk from the network. `None` at its end.
    async fn read(&mut self) -> Result<Option<Bytes>> {
        if let Some(broken) = &self.broken {
            return Err(Error::Transport(broken.clone()));
        }
        let (waiting, limit) = self.limit();
        let chunk = match limit {
            Some(limit) => tokio::time::timeout(limit, self.response.chunk()).await,
            None => Ok(self.response.chunk().await),
        };
        let position = self.decoder.position();
        match chunk {
            Ok(Ok(Some(chunk))) => {
                self.decoder.push(chunk.clone());
                Ok(Some(chunk))
            }
            Ok(Ok(None)) => Ok(None),
            Ok(Err(mut failure)) => {
                failure.position = Some(position);
                self.broken = Some(failure.clone());
                Err(Error::Transport(failure))
            }
            Err(_elapsed) => {
                let limit = match waiting {
                    Waiting::FirstEvent => self.timeouts.first_event,
                    Waiting::NextEvent => self.timeouts.next_event,
                    Waiting::Whole | Waiting::Response => self.timeouts.whole,
                };
                Err(Error::Timeout(Box::new(Timeout { position, ..Timeout::new(waiting, limit) })))
            }
        }
    }

    /// How long to wait for the next chunk, and which limit that is.
    fn limit(&self) -> (Waiting, Option<Duration>) {
        // The wait for the first event counts from sending, the answer's head included.
        let (waiting, idle) = if self.decoder.position().events == 0 {
            (
                Waiting::FirstEvent,
                non_zero(self.timeouts.first_event).map(|limit| limit.saturating_sub(self.sent.at.elapsed())),
            )
        } else {
            (Waiting::NextEvent, non_zero(self.timeouts.next_event))
        };
        let whole = non_zero(self.timeouts.whole).map(|limit| limit.saturating_sub(self.began.elapsed()));
        match (idle, whole) {
            (Some(idle), Some(whole)) if whole < idle => (Waiting::Whole, Some(whole)),
            (Some(idle), _) => (waiting, Some(idle)),
            (None, whole) => (Waiting::Whole, whole),
        }
    }

    fn with_request_id(&self, error: Error) -> Error {
        with_request_id(error, &self.request_id)
    }
}

/// An exception inside the stream names no request; the head of the answer did.
fn with_request_id(mut error: Error, request_id: &Option<String>) -> Error {
    if let Error::StreamException(_, failure) = &mut error {
        failure.request_id.clone_from(request_id);
    }
    error
}

impl std::fmt::Debug for EventStream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EventStream").field("position", &self.position()).finish_non_exhaustive()
    }
}
