//! A call on its way: prepared and signed anew for each attempt, and once more when the service refuses the keys.
//!
//! One machinery for the runtime and the control plane. What is asked, and how the answer is read, is the affair
//! of the calls themselves; whether an attempt is worth repeating is decided in [`crate::transport::retry`].

use super::settings::AuthSource;
use super::{Inner, Settings, USER_AGENT};
use crate::auth::cache::Authorisation;
use crate::auth::{Auth, bearer, sign};
use crate::endpoint::Endpoint;
use crate::error::{Error, Result};
use crate::transport::retry::{Notice, Retry};
use crate::transport::{HttpRequest, HttpResponse, wire_url};
use bytes::Bytes;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// What is asked of which service.
pub(super) struct Call<'a> {
    pub(super) inner: &'a Inner,
    pub(super) settings: &'a Settings,
    pub(super) endpoint: &'a Endpoint,
    pub(super) method: &'static str,
    /// Path and query, escaped, with the slash that they begin with.
    pub(super) target: &'a str,
    pub(super) body: Bytes,
    /// Limit for the head of each answer.
    pub(super) limit: Option<Duration>,
}

impl Call<'_> {
    /// Sends until an answer begins. Gives its head, and the attempt that got it.
    pub(super) async fn send(self) -> Result<(HttpResponse, Sent)> {
        let url = wire_url(&format!("{}{}", self.endpoint.url, self.target))?;
        let outgoing = Outgoing { call: &self, url: &url };
        let last = LastAttempt::default();
        let answer = outgoing.send(&last).await;
        let Err(first) = answer else { return answer };
        // The service refused the keys themselves: once, others are looked for.
        let class = first.service_failure().map(|failure| failure.class);
        let used = last.used.into_inner().unwrap_or_else(PoisonError::into_inner);
        if let (AuthSource::Chain(cache), Some(used), Some(class)) = (&self.settings.auth, used, class)
            && cache.refused(&used, class)
        {
            let earlier = first.attempts().unwrap_or(0);
            return match outgoing.send(&LastAttempt::default()).await {
                Ok((response, sent)) => {
                    Ok((response, Sent { attempts: sent.attempts.saturating_add(earlier), ..sent }))
                }
                Err(second) => Err(with_attempts_of(second, earlier)),
            };
        }
        Err(first)
    }
}

/// Counts the attempts that were made before the last round.
fn with_attempts_of(mut error: Error, earlier: u32) -> Error {
    if let Some((attempts, _)) = error.effort_mut() {
        *attempts += earlier;
    }
    error
}

/// The attempt that got an answer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sent {
    /// When it was sent.
    pub(super) at: Instant,
    /// How many there were, this one included.
    pub(super) attempts: u32,
}

/// The last attempt of a call: what it was authorised with, and when it was sent.
#[derive(Default)]
struct LastAttempt {
    used: Mutex<Option<Arc<Authorisation>>>,
    sent: Mutex<Option<Sent>>,
}

/// A call with the URL that it goes to.
struct Outgoing<'a> {
    call: &'a Call<'a>,
    url: &'a str,
}

impl Outgoing<'_> {
    /// Sends it until it is answered or retries end. `last` gets what the last attempt was authorised with. Gives
    /// the answer's head, and the attempt that got it.
    async fn send(&self, last: &LastAttempt) -> Result<(HttpResponse, Sent)> {
        let Call { inner, settings, .. } = self.call;
        let world = &inner.given.world;
        let retry = Retry {
            transport: &settings.transport,
            policy: &settings.policy,
            bucket: &inner.bucket,
            limiter: settings.limiter.as_ref(),
            skew: &settings.skew,
            clock: &*world.clock,
            sleep: &*world.sleep,
            random: &*world.random,
            watch: &*inner.given.watch,
            response_limit: self.call.limit,
        };
        let began = Instant::now();
        let response = retry.send(|attempt| self.prepare(attempt, last)).await?;
        let sent = last.sent.lock().unwrap_or_else(PoisonError::into_inner);
        Ok((response, sent.unwrap_or(Sent { at: began, attempts: 1 })))
    }

    async fn prepare(&self, attempt: u32, last: &LastAttempt) -> Result<HttpRequest> {
        let Call { inner, settings, .. } = self.call;
        let request = match &settings.auth {
            AuthSource::Fixed(auth, _) => self.authorise(auth),
            AuthSource::Chain(cache) => {
                let found = cache.get(inner.now(), inner.random()).await?;
                if attempt == 1 {
                    (inner.given.watch)(&Notice::Authorised { trail: &found.trail });
                }
                let request = self.authorise(&found.auth);
                *inner.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&found));
                *last.used.lock().unwrap_or_else(PoisonError::into_inner) = Some(found);
                request
            }
        };
        *last.sent.lock().unwrap_or_else(PoisonError::into_inner) =
            Some(Sent { at: Instant::now(), attempts: attempt });
        request
    }

    /// The request with everything on it, signed at this moment.
    fn authorise(&self, auth: &Auth) -> Result<HttpRequest> {
        let Call { inner, settings, endpoint, method, body, .. } = self.call;
        let mut headers = Vec::new();
        if !body.is_empty() || *method != "GET" {
            headers.push(("content-type".to_owned(), "application/json".to_owned()));
        }
        let given = inner.given.headers.iter().filter(|(name, _)| !is_made_here(name, auth));
        headers.extend(given.map(|(name, value)| (name.clone(), value.expose().to_owned())));
        match auth {
            Auth::Bearer(token) => headers.push(bearer::header(token, self.url)?),
            Auth::SigV4(keys) => {
                let known: Vec<(&str, &str)> =
                    headers.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
                let request = sign::ToSign { method, url: self.url, headers: &known, body };
                let now = settings.skew.correct(inner.now());
                let signed = keys.sign(request, endpoint, now)?;
                headers.extend(signed);
            }
            Auth::None => {}
        }
        if !headers.iter().any(|(name, _)| name == "user-agent") {
            headers.push(("user-agent".to_owned(), USER_AGENT.to_owned()));
        }
        Ok(HttpRequest { method, url: self.url.to_owned(), headers, body: body.clone() })
    }
}

/// Headers that the caller cannot set, since they belong to the request or to its signature. A request that is
/// not signed may carry an `authorization` of its own, for a proxy.
fn is_made_here(name: &str, auth: &Auth) -> bool {
    match name {
        "host"
        | "content-type"
        | "content-length"
        | "transfer-encoding"
        | "x-amz-date"
        | "x-amz-security-token" => true,
        "authorization" => !matches!(auth, Auth::None),
        _ => false,
    }
}
