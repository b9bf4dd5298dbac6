//! The client: one request from typed value to typed answer.
//!
//! The walk of a call: the body is serialised once; for each attempt credentials are taken from the chain and
//! the request is signed; [`crate::transport::retry`] sends it; the answer is decoded as it comes. Nothing is
//! read, resolved or opened before the first call.

mod builder;
mod event_stream;

pub use builder::{ClientBuilder, Timeouts};
pub use event_stream::EventStream;

use crate::auth::{Auth, Chain, bearer, sign};
use crate::converse::{ConverseRequest, ConverseResponse};
use crate::endpoint::Endpoint;
use crate::error::{Error, Result, StreamPosition, Timeout, UnexpectedAnswer, Waiting};
use crate::origin::Sourced;
use crate::transport::retry::{Notice, Retry, RetryBucket, RetryPolicy};
use crate::transport::{HttpRequest, HttpResponse, Transport, wire_url};
use crate::uri::encode_segment;
use crate::{Env, Region, time};
use bytes::Bytes;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::time::Instant;

/// A client for one region and one set of credentials. Cheap to clone; clones share connections.
///
/// Dropping the future of a call, or the [`EventStream`] it gave, aborts the request.
#[derive(Clone)]
pub struct Client(Arc<Inner>);

struct Inner {
    endpoint: Sourced<Endpoint>,
    region: Sourced<Region>,
    auth: AuthSource,
    transport: Transport,
    policy: RetryPolicy,
    bucket: RetryBucket,
    timeouts: Timeouts,
    seams: Seams,
}

enum AuthSource {
    Chain(Chain),
    Fixed(Auth),
}

type Clock = dyn Fn() -> SystemTime + Send + Sync;
type Random = dyn Fn() -> f64 + Send + Sync;
type Watch = dyn Fn(&Notice<'_>) + Send + Sync;

/// What a test replaces: clock, randomness, and who watches.
struct Seams {
    clock: Box<Clock>,
    random: Box<Random>,
    watch: Box<Watch>,
}

/// How much of an answer to Converse is read: as much as one frame may hold.
const ANSWER_LIMIT: usize = 24 * 1024 * 1024;

impl Client {
    /// A client that takes everything from `env`: credentials, region, endpoint, proxies, retries.
    ///
    /// # Errors
    /// [`Error::Config`] for a variable that cannot be used.
    pub fn from_env(env: &Env) -> Result<Self> {
        Self::builder().env(env).build()
    }

    /// A client put together by hand.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::new()
    }

    /// The region that requests are signed for.
    pub fn region(&self) -> &Sourced<Region> {
        &self.0.region
    }

    /// The URL that requests go to, without a slash at its end.
    pub fn endpoint(&self) -> &Sourced<Endpoint> {
        &self.0.endpoint
    }

    /// Sends a conversation and waits for the whole answer.
    ///
    /// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html>
    ///
    /// # Errors
    /// Any of [`Error`] but the stream errors. Throttling, server errors and failed connections are retried
    /// first.
    pub async fn converse(&self, request: &ConverseRequest) -> Result<ConverseResponse> {
        let body = serialise(request)?;
        let (answer, request_id) = self.converse_raw(&request.model_id, body).await?;
        read_answer(&answer, request_id)
    }

    /// Sends a conversation and streams the answer.
    ///
    /// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html>
    ///
    /// # Errors
    /// Any of [`Error`] but the stream errors, which [`EventStream::next`] gives. Nothing is retried once the
    /// stream has begun.
    pub async fn converse_stream(&self, request: &ConverseRequest) -> Result<EventStream> {
        self.converse_stream_raw(&request.model_id, serialise(request)?).await
    }

    /// [`Client::converse`] with a body that is sent as it is. Gives the answer's body and the request id.
    ///
    /// # Errors
    /// As [`Client::converse`].
    pub async fn converse_raw(&self, model_id: &str, body: Bytes) -> Result<(Bytes, Option<String>)> {
        let call = async {
            let (mut response, _) = self.post(model_id, "converse", body).await?;
            let request_id = response.header("x-amzn-requestid").map(str::to_owned);
            let content_type = response.header("content-type").map(str::to_owned);
            if content_type.as_deref().is_some_and(|kind| !kind.starts_with("application/json")) {
                let problem = "expected JSON";
                return Err(unexpected(response.status, content_type.as_deref(), problem, request_id));
            }
            let body = self.read_body(&mut response).await?;
            if body.len() > ANSWER_LIMIT {
                return Err(unexpected(
                    response.status,
                    None,
                    "the answer is longer than 24 MiB",
                    request_id,
                ));
            }
            Ok((body, request_id))
        };
        self.0.timeouts.bound(call).await
    }

    /// The whole body, as long as some of it comes within the limit for silence.
    async fn read_body(&self, response: &mut HttpResponse) -> Result<Bytes> {
        let limit = self.0.timeouts.next_event;
        let mut body = Vec::new();
        while body.len() <= ANSWER_LIMIT {
            let chunk = match non_zero(limit) {
                Some(limit) => tokio::time::timeout(limit, response.chunk()).await,
                None => Ok(response.chunk().await),
            };
            match chunk {
                Ok(Ok(Some(chunk))) => body.extend_from_slice(&chunk),
                Ok(Ok(None)) => break,
                Ok(Err(failure)) => return Err(Error::Transport(failure)),
                Err(_elapsed) => return Err(timed_out(Waiting::Response, limit)),
            }
        }
        Ok(body.into())
    }

    /// [`Client::converse_stream`] with a body that is sent as it is.
    ///
    /// # Errors
    /// As [`Client::converse_stream`].
    pub async fn converse_stream_raw(&self, model_id: &str, body: Bytes) -> Result<EventStream> {
        let began = Instant::now();
        let (response, sent) = self.0.timeouts.bound(self.post(model_id, "converse-stream", body)).await?;
        EventStream::new(response, self.0.timeouts, began, sent)
    }

    /// Sends until an answer begins. Gives its head, and when the attempt that got it was sent.
    async fn post(&self, model_id: &str, operation: &str, body: Bytes) -> Result<(HttpResponse, Instant)> {
        // Dots alone would be taken for steps in the path, whatever their escaping.
        if matches!(model_id.trim(), "" | "." | "..") {
            return Err(Error::InvalidRequest(format!("`{model_id}` is no model id").into()));
        }
        let path = format!("{}/model/{}/{operation}", self.0.endpoint.value.url, encode_segment(model_id));
        let url = wire_url(&path)?;
        let inner = &*self.0;
        let retry = Retry {
            transport: &inner.transport,
            policy: &inner.policy,
            bucket: &inner.bucket,
            random: &*inner.seams.random,
            watch: &*inner.seams.watch,
            response_limit: non_zero(inner.timeouts.first_event),
        };
        let mut sent = Instant::now();
        let prepare = async |attempt| {
            sent = Instant::now();
            inner.authorise("POST", &url, body.clone(), attempt)
        };
        let response = retry.send(prepare).await?;
        Ok((response, sent))
    }
}

impl Inner {
    /// A request with everything on it, signed at this moment.
    fn authorise(&self, method: &'static str, url: &str, body: Bytes, attempt: u32) -> Result<HttpRequest> {
        let resolved;
        let auth = match &self.auth {
            AuthSource::Fixed(auth) => auth,
            AuthSource::Chain(chain) => {
                let trail;
                (resolved, trail) = chain.resolve()?;
                if attempt == 1 {
                    (self.seams.watch)(&Notice::Authorised { trail: &trail });
                }
                &resolved
            }
        };
        let mut headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        match auth {
            Auth::Bearer(token) => headers.push(bearer::header(token, url)?),
            Auth::SigV4(keys) => {
                let known: Vec<(&str, &str)> =
                    headers.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
                let request = sign::ToSign { method, url, headers: &known, body: &body };
                let signer = sign::SigningKeys {
                    access_key_id: &keys.access_key_id,
                    secret_access_key: &keys.secret_access_key,
                    session_token: keys.session_token.as_ref(),
                };
                let Endpoint { signing_region, signing_name, .. } = &self.endpoint.value;
                let scope = sign::Scope { region: signing_region.as_str(), service: signing_name };
                let signed = sign::sign(request, signer, scope, (self.seams.clock)())?;
                headers.extend(signed.into_iter().map(|(name, value)| (name.to_owned(), value)));
            }
            Auth::None => {}
        }
        headers.push(("user-agent".to_owned(), USER_AGENT.to_owned()));
        Ok(HttpRequest { method, url: url.to_owned(), headers, body })
    }
}

const USER_AGENT: &str = concat!("outcrop/", env!("CARGO_PKG_VERSION"));

fn serialise(request: &ConverseRequest) -> Result<Bytes> {
    let body = serde_json::to_vec(request);
    body.map(Bytes::from)
        .map_err(|problem| Error::InvalidRequest(format!("the request cannot be written ({problem})").into()))
}

/// The typed answer of Converse. An object without a stop reason is some other JSON, not an empty answer.
pub(crate) fn read_answer(answer: &[u8], request_id: Option<String>) -> Result<ConverseResponse> {
    let kind = Some("application/json");
    match serde_json::from_slice::<ConverseResponse>(answer) {
        Ok(response) if response.stop_reason.is_some() => Ok(response),
        Ok(_) => Err(unexpected(200, kind, "expected a Converse answer with `stopReason`", request_id)),
        Err(problem) => Err(unexpected(200, kind, &format!("no Converse answer ({problem})"), request_id)),
    }
}

pub(crate) fn unexpected(
    status: u16,
    content_type: Option<&str>,
    problem: &str,
    request_id: Option<String>,
) -> Error {
    let found = content_type.map_or_else(String::new, |kind| format!(", got `{kind}`"));
    Error::UnexpectedAnswer(Box::new(UnexpectedAnswer {
        status,
        content_type: content_type.map(str::to_owned),
        problem: format!("{problem}{found}"),
        request_id,
    }))
}

/// One of our limits, reached before any event.
fn timed_out(waiting: Waiting, limit: Duration) -> Error {
    let limit_ms = u64::try_from(limit.as_millis()).unwrap_or(u64::MAX);
    Error::Timeout(Box::new(Timeout { waiting, limit_ms, position: StreamPosition::default() }))
}

/// A limit of zero means none.
fn non_zero(limit: Duration) -> Option<Duration> {
    (!limit.is_zero()).then_some(limit)
}

/// A number from 0 to 1, different at each call; good enough to spread retries, not for secrets.
fn spread() -> f64 {
    use std::hash::{BuildHasher, Hasher};
    let seed = std::hash::RandomState::new().build_hasher().finish();
    f64::from(u32::try_from(seed >> 32).unwrap_or(0)) / f64::from(u32::MAX)
}

impl Default for Seams {
    fn default() -> Self {
        Self { clock: Box::new(time::now), random: Box::new(spread), watch: Box::new(|_| {}) }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("endpoint", &self.0.endpoint.value.url)
            .field("region", &self.0.region.value.as_str())
            .finish_non_exhaustive()
    }
}
