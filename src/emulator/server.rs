//! Sockets: accepts connections, reads requests, delivers answers, and breaks connections when an answer says
//! so.
//!
//! HTTP/1.1 by hyper's server half; what is malformed at that level hyper refuses. What a request means is
//! `respond`'s affair.

use super::answer::{Answer, Break, Broken, Delivery, Reply};
use super::dice::Dice;
use super::received::Received;
use super::refusal::Refusal;
use super::respond::Account;
use crate::time;
use bytes::BytesMut;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::header::{DATE, HeaderName, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use std::collections::VecDeque;
use std::error::Error;
use std::future::poll_fn;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// The largest body that Bedrock takes.
const LARGEST_BODY: usize = 25_000_000;

/// What is read, and dropped, of a body that is too large, so that the client gets to see the refusal.
const LARGEST_DROPPED: usize = 4 * LARGEST_BODY;

/// What all connections share.
pub(super) struct Server {
    account: Account,
    received: Mutex<VecDeque<Received>>,
    answered: AtomicU64,
    clock_offset_seconds: AtomicI64,
}

impl Server {
    /// A server that has not answered yet.
    pub(super) fn new(account: Account) -> Self {
        let clock_offset_seconds = AtomicI64::new(account.options.clock_offset_seconds);
        Self { account, received: Mutex::default(), answered: AtomicU64::new(0), clock_offset_seconds }
    }

    /// Sets the clock, in seconds ahead of the real one.
    pub(super) fn set_clock_offset(&self, seconds: i64) {
        self.clock_offset_seconds.store(seconds, Ordering::Relaxed);
    }

    /// The newest requests, oldest first.
    pub(super) fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    fn remember(&self, request: &Received) {
        let kept = self.account.options.kept_requests;
        if kept == 0 {
            return;
        }
        let mut received = self.received.lock().unwrap_or_else(PoisonError::into_inner);
        received.push_back(request.clone());
        while received.len() > kept {
            received.pop_front();
        }
    }

    /// The emulator's clock.
    fn now(&self) -> SystemTime {
        let seconds = self.clock_offset_seconds.load(Ordering::Relaxed);
        let offset = Duration::from_secs(seconds.unsigned_abs());
        let now = time::now();
        let shifted = if seconds < 0 { now.checked_sub(offset) } else { now.checked_add(offset) };
        shifted.unwrap_or(now)
    }

    async fn handle(&self, request: Request<Incoming>) -> Result<Response<Delivery>, Broken> {
        let (now, request_id) = (self.now(), self.next_request_id());
        let answer = match receive(request).await {
            Ok(received) => {
                self.remember(&received);
                self.account.respond(&received, now, &request_id)
            }
            Err(Unreceived::TooLarge) => Answer::Reply(Reply::refused(&Refusal::too_large(LARGEST_BODY))),
            Err(Unreceived::Unreadable) => Answer::Nothing(Break::Close),
        };
        let reply = match answer {
            Answer::Reply(reply) => reply,
            Answer::Nothing(how) => return Err(Broken(how)),
        };
        if !reply.delay.is_zero() {
            tokio::time::sleep(reply.delay).await;
        }
        Ok(response(reply, &request_id, now))
    }

    /// A UUID in form; the same for the same number of answers, so that runs can be compared.
    fn next_request_id(&self) -> String {
        let number = self.answered.fetch_add(1, Ordering::Relaxed);
        let mut dice = Dice::new(&number.to_string());
        let (high, low) = (dice.roll(), dice.roll());
        format!(
            "{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}",
            high >> 32,
            high >> 16 & 0xffff,
            high & 0xfff,
            low >> 48 & 0xfff,
            low & 0xffff_ffff_ffff
        )
    }
}

/// Accepts connections for ever. Dropping the future drops every connection with it.
pub(super) async fn accept(listener: TcpListener, server: Arc<Server>) {
    let mut connections = JoinSet::new();
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                connections.spawn(serve(stream, Arc::clone(&server)));
            }
            // Out of file descriptors, say: give the connections at hand time to end.
            Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
        while connections.try_join_next().is_some() {}
    }
}

async fn serve(stream: TcpStream, server: Arc<Server>) {
    // Without it a delta would wait for the client's acknowledgement of the one before.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| {
        let server = Arc::clone(&server);
        Box::pin(async move { server.handle(request).await })
    });
    let mut connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    let outcome = poll_fn(|cx| connection.poll_without_shutdown(cx)).await;
    let stream = connection.into_parts().io.into_inner();
    let broken = outcome.err().and_then(|error| {
        error.source().and_then(|source| source.downcast_ref::<Broken>()).map(|broken| broken.0)
    });
    if broken == Some(Break::Reset) {
        // With no time to linger, closing sends RST in place of FIN.
        let _ = stream.set_zero_linger();
    }
}

/// Why there is no request to answer.
enum Unreceived {
    TooLarge,
    Unreadable,
}

async fn receive(request: Request<Incoming>) -> Result<Received, Unreceived> {
    let (head, mut incoming) = request.into_parts();
    let mut body = BytesMut::new();
    let mut length = 0_usize;
    while let Some(frame) = incoming.frame().await {
        let frame = frame.map_err(|_| Unreceived::Unreadable)?;
        let Some(data) = frame.data_ref() else { continue };
        length = length.saturating_add(data.len());
        if length > LARGEST_DROPPED {
            break;
        }
        if length <= LARGEST_BODY {
            body.extend_from_slice(data);
        }
    }
    if length > LARGEST_BODY {
        return Err(Unreceived::TooLarge);
    }
    let headers = head
        .headers
        .iter()
        .map(|(name, value)| {
            (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
        })
        .collect();
    let target = head.uri.path_and_query().map_or_else(String::new, ToString::to_string);
    Ok(Received { method: head.method.as_str().to_owned(), target, headers, body: body.freeze() })
}

fn response(reply: Reply, request_id: &str, now: SystemTime) -> Response<Delivery> {
    let mut response = Response::new(Delivery::new(reply.steps, reply.length));
    *response.status_mut() = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let common = [("x-amzn-requestid", request_id.to_owned()), (DATE.as_str(), time::http_date(now))];
    for (name, value) in common.into_iter().chain(reply.headers) {
        // Both come from this program; a scenario's error code may hold what no header can.
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().append(name, value);
        }
    }
    response
}
