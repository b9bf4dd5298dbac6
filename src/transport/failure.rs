//! What the HTTP client's errors mean: name resolution, connection, TLS, an early end.
//!
//! The client reports one opaque error; the meaning is in the chain of its causes.

use crate::error::{TransportFailure, TransportKind};
use std::error::Error as StdError;
use std::io;

/// Reads the chain of causes.
pub(super) fn describe(error: &reqwest::Error, host: &str) -> Box<TransportFailure> {
    Box::new(TransportFailure {
        kind: kind(error),
        host: host.to_owned(),
        detail: innermost(error),
        attempts: 1,
        waited_ms: 0,
        position: None,
    })
}

fn kind(error: &reqwest::Error) -> TransportKind {
    if error.is_timeout() && error.is_connect() {
        return TransportKind::ConnectTimeout;
    }
    for cause in causes(error) {
        if is_tls(cause) {
            return TransportKind::Tls;
        }
        let text = cause.to_string();
        if text.starts_with("dns error") {
            return TransportKind::Dns;
        }
        // What answers there speaks no HTTP, or not all of it: asking again does not help.
        if text.starts_with("invalid HTTP") || text.starts_with("unsupported scheme") {
            return TransportKind::Other;
        }
    }
    match (error.is_connect(), error.is_request() || error.is_body() || error.is_decode()) {
        (true, _) => TransportKind::Connect,
        (false, true) => TransportKind::Closed,
        (false, false) => TransportKind::Other,
    }
}

/// TLS errors are wrapped in IO errors, more than once, and an IO error does not count what it wraps as its
/// source.
fn is_tls(error: &(dyn StdError + 'static)) -> bool {
    error.is::<rustls::Error>()
        || error.downcast_ref::<io::Error>().and_then(io::Error::get_ref).is_some_and(|inner| is_tls(inner))
}

fn causes<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}

/// The text of the last cause, which says most: `Connection refused (os error 111)`.
pub(super) fn innermost(error: &reqwest::Error) -> String {
    causes(error).last().map_or_else(String::new, |cause| cause.to_string())
}
