//! An answer ready to be delivered: status, headers, and the steps by which its body goes out.
//!
//! Operations make answers without waiting for anything; `server` carries the steps out. So every pause, cut
//! and broken connection is data that tests can look at.

use super::refusal::Refusal;
use bytes::{Bytes, BytesMut};
use hyper::body::{Body, Frame, SizeHint};
use serde_json::Value;
use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::time::{Instant, Sleep, sleep_until};

/// Frames that go out at full speed are joined up to this many bytes a write.
const WRITE_SIZE: usize = 16 * 1024;

/// How a connection ends before its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Break {
    /// In good order as far as TCP goes (FIN).
    Close,
    /// By force (RST).
    Reset,
}

/// Carries a [`Break`] through hyper, which ends a connection whose body or service fails.
#[derive(Debug)]
pub(super) struct Broken(pub(super) Break);

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the connection is broken on purpose")
    }
}

impl std::error::Error for Broken {}

/// One step of sending a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// Hand over bytes.
    Send(Bytes),
    /// Let everything handed over so far reach the wire.
    Flush,
    /// Pause. Pauses add up from the first one, so that a pace is kept however slow the sending is.
    Wait(Duration),
    /// End the connection.
    Break(Break),
}

/// An answer, or a connection that ends without one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Answer {
    /// Head and body.
    Reply(Reply),
    /// No head at all.
    Nothing(Break),
}

/// Head and body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reply {
    /// HTTP status.
    pub(super) status: u16,
    /// Headers, without those that every answer has.
    pub(super) headers: Vec<(&'static str, String)>,
    /// Pause before the head.
    pub(super) delay: Duration,
    /// `content-length`; absent: the body is chunked.
    pub(super) length: Option<u64>,
    /// The body.
    pub(super) steps: Vec<Step>,
}

impl Reply {
    /// A body that is all there.
    pub(super) fn whole(status: u16, content_type: &str, body: impl Into<Bytes>) -> Self {
        let body = body.into();
        Self {
            status,
            headers: vec![("content-type", content_type.to_owned())],
            delay: Duration::ZERO,
            length: u64::try_from(body.len()).ok(),
            steps: vec![Step::Send(body)],
        }
    }

    /// A JSON body.
    pub(super) fn json(status: u16, body: &Value) -> Self {
        Self::whole(status, "application/json", body.to_string())
    }

    /// An error answer.
    pub(super) fn refused(refusal: &Refusal) -> Self {
        let mut reply = Self::json(refusal.status, &refusal.body());
        reply.headers.extend(refusal.error_type().map(|code| ("x-amzn-errortype", code)));
        let wait = refusal.retry_after_ms.map(|ms| ("x-amz-retry-after", ms.to_string()));
        reply.headers.extend(wait);
        reply
    }

    /// An event stream.
    pub(super) fn stream(steps: Vec<Step>) -> Self {
        let content_type = "application/vnd.amazon.eventstream".to_owned();
        Self {
            status: 200,
            headers: vec![("content-type", content_type)],
            delay: Duration::ZERO,
            length: None,
            steps,
        }
    }

    /// The bytes of the body, for tests and for faults that need them all.
    pub(super) fn bytes(&self) -> Bytes {
        let sent = self.steps.iter().filter_map(|step| match step {
            Step::Send(bytes) => Some(bytes.as_ref()),
            Step::Flush | Step::Wait(_) | Step::Break(_) => None,
        });
        Bytes::from(sent.collect::<Vec<_>>().concat())
    }
}

/// Joins what is sent in a row into larger writes.
pub(super) fn join_sends(steps: Vec<Step>) -> Vec<Step> {
    let mut joined = Vec::new();
    let mut buffer = BytesMut::new();
    for step in steps {
        match step {
            Step::Send(bytes) if buffer.len() < WRITE_SIZE => buffer.extend_from_slice(&bytes),
            other => {
                if !buffer.is_empty() {
                    joined.push(Step::Send(buffer.split().freeze()));
                }
                match other {
                    Step::Send(bytes) => buffer.extend_from_slice(&bytes),
                    Step::Flush | Step::Wait(_) | Step::Break(_) => joined.push(other),
                }
            }
        }
    }
    if !buffer.is_empty() {
        joined.push(Step::Send(buffer.freeze()));
    }
    joined
}

/// A body that carries out its steps.
pub(super) struct Delivery {
    steps: VecDeque<Step>,
    length: Option<u64>,
    /// When the last pause ends, or ended.
    due: Option<Instant>,
    sleep: Option<Pin<Box<Sleep>>>,
}

impl Delivery {
    /// The body of a reply.
    pub(super) fn new(steps: Vec<Step>, length: Option<u64>) -> Self {
        Self { steps: steps.into(), length, due: None, sleep: None }
    }
}

impl Body for Delivery {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        loop {
            if let Some(sleep) = &mut self.sleep {
                ready!(sleep.as_mut().poll(cx));
                self.sleep = None;
            }
            match self.steps.pop_front() {
                Some(Step::Send(bytes)) => return Poll::Ready(Some(Ok(Frame::data(bytes)))),
                Some(Step::Flush) => {
                    // hyper flushes when a body has nothing more for the moment.
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                }
                Some(Step::Wait(pause)) => {
                    let due = self.due.unwrap_or_else(Instant::now) + pause;
                    self.due = Some(due);
                    self.sleep = Some(Box::pin(sleep_until(due)));
                }
                Some(Step::Break(how)) => return Poll::Ready(Some(Err(Broken(how)))),
                None => return Poll::Ready(None),
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.steps.is_empty() && self.sleep.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        self.length.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}

#[cfg(test)]
mod tests {
    use super::{Break, Reply, Step, WRITE_SIZE, join_sends};
    use crate::emulator::refusal::Refusal;
    use std::time::Duration;

    #[test]
    fn sends_in_a_row_become_one_write() {
        let send = |text: &'static str| Step::Send(text.into());
        let wait = Step::Wait(Duration::from_millis(1));
        let steps = vec![send("a"), send("b"), wait.clone(), send("c"), Step::Break(Break::Reset)];
        assert_eq!(join_sends(steps), [send("ab"), wait, send("c"), Step::Break(Break::Reset)]);
        let large = vec![Step::Send(vec![0; WRITE_SIZE].into()); 3];
        assert_eq!(join_sends(large.clone()), large);
    }

    #[test]
    fn refusals_carry_their_headers() {
        let mut refusal = Refusal::new(429, "ThrottlingException", "slow down");
        refusal.retry_after_ms = Some(50);
        let reply = Reply::refused(&refusal);
        assert_eq!((reply.status, reply.bytes().as_ref()), (429, br#"{"message":"slow down"}"#.as_slice()));
        assert!(reply.headers.contains(&("x-amz-retry-after", "50".to_owned())));
        assert!(reply.headers.iter().any(|(name, _)| *name == "x-amzn-errortype"));
    }
}
