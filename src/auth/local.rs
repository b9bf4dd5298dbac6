//! Calls to services of the machine itself: the instance metadata service and the container agent.
//!
//! They speak plain HTTP on link-local addresses, answer at once or not at all, and hand out secrets: no proxy, no
//! redirect, short limits, and no body in any message. It does not know what is asked.

use super::call::Context;
use crate::error::Error;
use crate::transport::HttpRequest;
use bytes::Bytes;
use std::time::Duration;

/// No answer is near this long.
const ANSWER_LIMIT: usize = 64 * 1024;

/// The head and the whole body of an answer.
pub(super) struct LocalAnswer {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Bytes,
}

impl LocalAnswer {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// One exchange, within `limit` for the head.
pub(super) async fn exchange(
    context: Context<'_>,
    method: &'static str,
    url: &str,
    headers: &[(&str, &str)],
    limit: Duration,
) -> Result<LocalAnswer, Error> {
    let mut headers: Vec<_> =
        headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    headers.push(("user-agent".to_owned(), crate::client::USER_AGENT.to_owned()));
    let request = HttpRequest { method, url: url.to_owned(), headers, body: Bytes::new() };
    let mut response = context.connections.local.send(request, Some(limit)).await?;
    let body = tokio::time::timeout(limit, response.read_all(ANSWER_LIMIT)).await;
    let body = body.map_err(|_| stalled(limit))?.map_err(Error::Transport)?;
    Ok(LocalAnswer { status: response.status, headers: response.headers, body })
}

fn stalled(limit: Duration) -> Error {
    Error::Timeout(Box::new(crate::Timeout::new(crate::Waiting::Response, limit)))
}

/// Whether a status may be another one at the next try.
pub(super) fn is_passing(status: u16) -> bool {
    matches!(status, 500 | 502 | 503 | 504)
}

/// Waits before attempt `attempt + 1`, where `attempt` counts from 1.
pub(super) async fn pause(context: Context<'_>, attempt: u32) {
    let longest = Duration::from_millis(100).saturating_mul(2_u32.saturating_pow(attempt));
    (context.world.sleep)(longest.mul_f64((context.world.random)().clamp(0.0, 1.0))).await;
}
