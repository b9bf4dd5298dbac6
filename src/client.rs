//! The client: one request from typed value to typed answer.
//!
//! The walk of a call: the body is serialised once; for each attempt credentials are taken from the cache over the
//! chain and the request is signed (`call`); [`crate::transport::retry`] sends it; the answer is decoded as it
//! comes. The lists of the control plane go the same way (`control`). No file is opened and nothing is asked
//! before the first call.

mod builder;
mod call;
mod control;
mod conversation;
mod count_tokens;
mod embed;
mod event_stream;
mod invoke;
mod settings;

pub use builder::{ClientBuilder, Timeouts};
#[cfg(feature = "cli")]
pub(crate) use conversation::replay;
pub use conversation::{Conversation, Turn};
pub use event_stream::EventStream;
pub use invoke::InvokedModel;
pub use settings::Settings;

use crate::auth::cache::Authorisation;
use crate::auth::{Auth, CallerIdentity, Credentials, Survey};
use crate::converse::prepare::learn::Refusal;
use crate::converse::{ConverseRequest, ConverseResponse};
use crate::endpoint::Endpoint;
use crate::error::{Error, Result, Timeout, UnexpectedAnswer, Waiting};
use crate::origin::Sourced;
use crate::stream::surrogate;
use crate::trail::Trail;
use crate::transport::HttpResponse;
use crate::transport::retry::RetryBucket;
use crate::uri::encode_segment;
use crate::{Env, Region};
use bytes::Bytes;
use call::{Call, Sent};
use settings::{AuthSource, Given};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::OnceCell;
use tokio::time::Instant;

/// A client for one region and one set of credentials. Cheap to clone; clones share connections.
///
/// Dropping the future of a call, or the [`EventStream`] it gave, aborts the request.
#[derive(Clone)]
pub struct Client(Arc<Inner>);

struct Inner {
    given: Given,
    settings: OnceCell<Settings>,
    control: OnceCell<Sourced<Endpoint>>,
    bucket: RetryBucket,
    timeouts: Timeouts,
    /// What the last request was authorised with.
    last: Mutex<Option<Arc<Authorisation>>>,
    /// What models have refused in conversations, by the id that was called.
    lessons: Mutex<BTreeMap<String, Vec<Refusal>>>,
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

    /// Region, endpoint and the like, found at the first call and kept: from the calling program, the environment,
    /// the AWS files, the instance.
    ///
    /// # Errors
    /// [`Error::Config`] for a value that cannot be used, with where it came from.
    pub async fn settings(&self) -> Result<&Settings> {
        self.0.settings.get_or_try_init(|| Settings::find(&self.0.given)).await
    }

    /// The region that requests are signed for; `None` as long as it is not known, since no call was made and
    /// neither program nor environment name it.
    pub fn region(&self) -> Option<&Sourced<Region>> {
        self.0.settings.get().map(|settings| &settings.region).or(self.0.given.region.as_ref())
    }

    /// The URL that requests go to, without a slash at its end; `None` before the first call.
    pub fn endpoint(&self) -> Option<&Sourced<Endpoint>> {
        self.0.settings.get().map(|settings| &settings.endpoint)
    }

    /// The URL that requests for lists of models go to, without a slash at its end.
    ///
    /// # Errors
    /// As [`Client::settings`].
    pub async fn control_endpoint(&self) -> Result<&Sourced<Endpoint>> {
        let region = &self.settings().await?.region.value;
        self.0.control.get_or_try_init(|| async { self.0.given.control_endpoint(region) }).await
    }

    /// How far this machine's clock is behind the service's, in seconds, as measured at the last answer.
    pub fn clock_skew_seconds(&self) -> i64 {
        self.0.settings.get().map_or(0, |settings| settings.skew.seconds())
    }

    /// What requests are authorised with at this moment, and what each source of credentials said.
    ///
    /// # Errors
    /// [`Error::NoCredentials`], [`Error::BrokenSource`], and those of [`Client::settings`].
    pub async fn auth(&self) -> Result<(Auth, Trail)> {
        let settings = self.settings().await?;
        match &settings.auth {
            AuthSource::Fixed(auth, _) => Ok((auth.clone(), Trail::new())),
            AuthSource::Chain(cache) => {
                let found = cache.get(self.0.now(), self.0.random()).await?;
                Ok((found.auth.clone(), found.trail.clone()))
            }
        }
    }

    /// What the last request was authorised with, so that a refusal can be explained; `None` before the first. Asks
    /// nobody.
    pub fn last_auth(&self) -> Option<Auth> {
        match &self.0.settings.get()?.auth {
            AuthSource::Fixed(auth, _) => Some(auth.clone()),
            AuthSource::Chain(_) => {
                let last = self.0.last.lock().unwrap_or_else(PoisonError::into_inner);
                last.as_ref().map(|found| found.auth.clone())
            }
        }
    }

    /// What each source of credentials says, in order, and which one a call would use. Asks as a call does.
    ///
    /// # Errors
    /// Those of [`Client::settings`]. That there are no credentials, or a broken source, is part of the answer.
    pub async fn survey(&self) -> Result<Survey> {
        let settings = self.settings().await?;
        Ok(match &settings.auth {
            AuthSource::Fixed(auth, _) => Survey::fixed(auth, self.0.given.auth_origin.as_ref()),
            AuthSource::Chain(cache) => Survey::of(cache.chain(), &settings.region.value).await,
        })
    }

    /// Asks STS who has these keys.
    ///
    /// <https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html>
    ///
    /// # Errors
    /// [`Error::BrokenSource`] with what STS said; [`Error::Transport`] and [`Error::Timeout`] when it said nothing; those of [`Client::settings`].
    pub async fn caller_identity(&self, keys: &Credentials) -> Result<CallerIdentity> {
        let settings = self.settings().await?;
        let chain = match &settings.auth {
            AuthSource::Fixed(_, chain) => chain,
            AuthSource::Chain(cache) => cache.chain(),
        };
        chain.caller_identity(&settings.region.value, keys).await
    }

    /// Sends a conversation and waits for the whole answer.
    ///
    /// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html>
    ///
    /// # Errors
    /// Any of [`Error`] but the stream errors. Throttling, server errors and failed connections are retried
    /// first.
    pub async fn converse(&self, request: &ConverseRequest) -> Result<ConverseResponse> {
        let body = serialise(&request.for_whole_answer())?;
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
            let (response, _) = self.post(model_id, "converse", body).await?;
            self.whole_answer(response).await
        };
        self.0.timeouts.bound(call).await
    }

    /// The body of a JSON answer, and the request id.
    async fn whole_answer(&self, mut response: HttpResponse) -> Result<(Bytes, Option<String>)> {
        let request_id = response.header("x-amzn-requestid").map(str::to_owned);
        let content_type = response.header("content-type").map(str::to_owned);
        if content_type.as_deref().is_some_and(|kind| !kind.starts_with("application/json")) {
            let problem = "expected JSON";
            return Err(unexpected(response.status, content_type.as_deref(), problem, request_id));
        }
        let body = self.read_body(&mut response).await?;
        if body.len() > ANSWER_LIMIT {
            return Err(unexpected(response.status, None, "the answer is longer than 24 MiB", request_id));
        }
        Ok((body, request_id))
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

    /// Sends until an answer begins. Gives its head, and the attempt that got it.
    async fn post(&self, model_id: &str, operation: &str, body: Bytes) -> Result<(HttpResponse, Sent)> {
        // Dots alone would be taken for steps in the path, whatever their escaping.
        if matches!(model_id.trim(), "" | "." | "..") {
            return Err(Error::InvalidRequest(format!("`{model_id}` is no model id").into()));
        }
        let settings = self.settings().await?;
        let target = format!("/model/{}/{operation}", encode_segment(model_id));
        let limit = non_zero(self.0.timeouts.first_event);
        let endpoint = &settings.endpoint.value;
        Call { inner: &self.0, settings, endpoint, method: "POST", target: &target, body, limit }.send().await
    }
}

impl Inner {
    fn now(&self) -> std::time::SystemTime {
        (self.given.world.clock)()
    }

    fn random(&self) -> f64 {
        (self.given.world.random)()
    }
}

pub(crate) const USER_AGENT: &str = concat!("outcrop/", env!("CARGO_PKG_VERSION"));

fn serialise(request: &ConverseRequest) -> Result<Bytes> {
    let body = serde_json::to_vec(request);
    body.map(Bytes::from)
        .map_err(|problem| Error::InvalidRequest(format!("the request cannot be written ({problem})").into()))
}

/// The typed answer of Converse. An object without a stop reason is some other JSON, not an empty answer.
pub(crate) fn read_answer(answer: &[u8], request_id: Option<String>) -> Result<ConverseResponse> {
    let kind = Some("application/json");
    let read = |text: &[u8]| serde_json::from_slice::<ConverseResponse>(text);
    match read(answer).or_else(|error| surrogate::mended(answer).map_or(Err(error), |mended| read(&mended))) {
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
    Error::Timeout(Box::new(Timeout::new(waiting, limit)))
}

/// A limit of zero means none.
fn non_zero(limit: Duration) -> Option<Duration> {
    (!limit.is_zero()).then_some(limit)
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("endpoint", &self.endpoint().map(|endpoint| &endpoint.value.url))
            .field("region", &self.region().map(|region| region.value.as_str()))
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
