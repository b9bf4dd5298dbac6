//! Embeddings of many texts: calls that run at the same time, results in the order of the texts.
//!
//! A text that is refused does not take others with it: a refused call of several texts is sent again in halves
//! until the one at fault is alone. An error that concerns all texts (credentials, access, the model itself) ends
//! the sending instead. How a family is asked is the affair of [`crate::embed`].

use super::Client;
use crate::embed::{EmbedRequest, Embedding, EmbeddingAnswer, EmbeddingFamily, EmbeddingResult, Embeddings};
use crate::error::{Error, Result, ServiceClass};
use bytes::Bytes;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use tokio::task::JoinSet;

/// Bytes of text in one call at most: the service takes bodies of 25,000,000 bytes, and JSON escapes make some
/// texts longer.
const CALL_BYTES: usize = 10_000_000;

/// Results that wait for an earlier one at most, so that a slow call does not fill the memory.
const WAITING_RESULTS: usize = 2_048;

impl Client {
    /// Embeds texts. Fails as a whole only before anything is sent.
    ///
    /// Needs the permission `bedrock:InvokeModel`; `bedrock:GetInferenceProfile` too when the model is named by
    /// the ARN of an application inference profile and the request does not say the family. Limits on time hold
    /// for each call. Dropping the future ends all calls.
    ///
    /// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InvokeModel.html>
    ///
    /// # Errors
    /// [`Error::InvalidRequest`] for a model of no known family and for dimensions that it does not make; those of
    /// [`Client::get_inference_profile`].
    pub async fn embed(&self, request: &EmbedRequest) -> Result<Embeddings> {
        let mut results = Vec::with_capacity(request.texts.len());
        let take = |_, result| {
            results.push(result);
            Ok(())
        };
        let input_tokens = self.embed_each(request, take).await?;
        Ok(Embeddings { results, input_tokens })
    }

    /// [`Client::embed`] that hands out each result as soon as it and all before it are there, with the index of
    /// its text. Gives the tokens of all texts, as far as the model told them. An error of `each` ends it.
    ///
    /// # Errors
    /// As [`Client::embed`]; those of `each`.
    pub async fn embed_each(
        &self,
        request: &EmbedRequest,
        mut each: impl FnMut(usize, EmbeddingResult) -> Result<()>,
    ) -> Result<Option<u64>> {
        let family = match request.family {
            Some(family) => family,
            None => self.embedding_family(&request.model_id).await?,
        };
        family.check(&request.options)?;
        let mut work = Work::new(self, request, family);
        let mut next = 0;
        loop {
            while let Some(result) = work.done.remove(&next) {
                each(next, result)?;
                next += 1;
            }
            if !work.advance().await {
                return Ok(work.input_tokens);
            }
        }
    }

    async fn embedding_family(&self, model_id: &str) -> Result<EmbeddingFamily> {
        let base = self.foundation_model(model_id).await?;
        EmbeddingFamily::of(&base).ok_or_else(|| {
            let problem = format!(
                "`{model_id}` is no embedding model that is known here (Titan, Cohere, Nova, Marengo)"
            );
            Error::InvalidRequest(problem.into())
        })
    }
}

/// A request on its way.
struct Work<'a> {
    client: &'a Client,
    request: &'a EmbedRequest,
    family: EmbeddingFamily,
    /// Calls to send, each with the indices of its texts.
    queue: VecDeque<Vec<usize>>,
    running: JoinSet<(Vec<usize>, Result<EmbeddingAnswer>)>,
    /// Results that were not handed out yet.
    done: BTreeMap<usize, EmbeddingResult>,
    /// The error that concerns all texts.
    ended: Option<Arc<Error>>,
    input_tokens: Option<u64>,
}

impl<'a> Work<'a> {
    fn new(client: &'a Client, request: &'a EmbedRequest, family: EmbeddingFamily) -> Self {
        let mut work = Self {
            client,
            request,
            family,
            queue: VecDeque::new(),
            running: JoinSet::new(),
            done: BTreeMap::new(),
            ended: None,
            input_tokens: None,
        };
        let (mut call, mut bytes) = (Vec::new(), 0);
        for (at, text) in request.texts.iter().enumerate() {
            if text.trim().is_empty() {
                let problem = "a blank text has no embedding";
                work.done.insert(at, Err(Arc::new(Error::InvalidRequest(problem.into()))));
                continue;
            }
            if !call.is_empty() && (call.len() >= family.texts_per_call() || bytes + text.len() > CALL_BYTES)
            {
                work.queue.push_back(std::mem::take(&mut call));
                bytes = 0;
            }
            call.push(at);
            bytes += text.len();
        }
        if !call.is_empty() {
            work.queue.push_back(call);
        }
        work
    }

    /// Starts what may start, and waits for one call. False: nothing is left to do.
    async fn advance(&mut self) -> bool {
        let most = self.request.concurrency.max(1);
        while self.running.len() < most
            && (self.done.len() < WAITING_RESULTS || self.running.is_empty())
            && let Some(call) = self.queue.pop_front()
        {
            match self.ended.clone() {
                Some(error) => self.fail(&call, &error),
                None => self.start(call),
            }
        }
        match self.running.join_next().await {
            Some(Ok((call, Ok(answer)))) => self.keep(&call, answer),
            Some(Ok((call, Err(error)))) => self.refused(call, error),
            Some(Err(ended)) => match ended.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                // Calls are aborted when this value is dropped, and only then.
                Err(_aborted) => return false,
            },
            None => return !self.done.is_empty() || !self.queue.is_empty(),
        }
        true
    }

    fn start(&mut self, call: Vec<usize>) {
        let texts: Vec<&str> =
            call.iter().filter_map(|at| self.request.texts.get(*at)).map(String::as_str).collect();
        let (family, count) = (self.family, texts.len());
        let body = match family.body(&texts, &self.request.options) {
            Ok(body) => Bytes::from(body),
            Err(error) => return self.fail(&call, &Arc::new(error)),
        };
        let (client, model_id) = (self.client.clone(), self.request.model_id.clone());
        self.running.spawn(async move {
            let answer = async {
                let answer = client.invoke_model_raw(&model_id, body).await?;
                let mut read = family
                    .read(&answer.body, count)
                    .map_err(|error| with_request_id(error, answer.request_id))?;
                read.input_tokens = read.input_tokens.or(answer.input_tokens);
                Ok(read)
            };
            (call, answer.await)
        });
    }

    fn keep(&mut self, call: &[usize], answer: EmbeddingAnswer) {
        if let Some(tokens) = answer.input_tokens {
            self.input_tokens = Some(self.input_tokens.unwrap_or(0).saturating_add(tokens));
        }
        let is_asked_here = self.request.options.normalize == Some(true) && !self.family.normalizes();
        let input_tokens = answer.input_tokens.filter(|_| call.len() == 1);
        for (at, vector) in call.iter().zip(answer.vectors) {
            let mut embedding = Embedding { vector, input_tokens };
            if is_asked_here {
                embedding.normalize();
            }
            self.done.insert(*at, Ok(embedding));
        }
    }

    /// After a failed call: halves of it are tried, or all of its texts have failed.
    fn refused(&mut self, mut call: Vec<usize>, error: Error) {
        if call.len() > 1 && may_be_one_text(&error) {
            let second = call.split_off(call.len() / 2);
            self.queue.push_front(second);
            self.queue.push_front(call);
            return;
        }
        let error = Arc::new(error);
        self.fail(&call, &error);
        if concerns_all(&error) {
            self.ended.get_or_insert(error);
        }
    }

    fn fail(&mut self, call: &[usize], error: &Arc<Error>) {
        self.done.extend(call.iter().map(|at| (*at, Err(Arc::clone(error)))));
    }
}

/// The readers of bodies do not see the headers.
fn with_request_id(mut error: Error, request_id: Option<String>) -> Error {
    if let Error::UnexpectedAnswer(answer) = &mut error {
        answer.request_id = request_id;
    }
    error
}

/// Whether one text of several may be the reason.
fn may_be_one_text(error: &Error) -> bool {
    let class = error.service_failure().map(|failure| failure.class);
    matches!(class, Some(ServiceClass::Validation | ServiceClass::ContextOverflow))
}

/// Whether every other call would fail in the same way.
fn concerns_all(error: &Error) -> bool {
    match error {
        Error::Config(_)
        | Error::ConfigSyntax(_)
        | Error::InvalidRequest(_)
        | Error::NoCredentials(_)
        | Error::BrokenSource(_) => true,
        Error::Service(failure) => match failure.class {
            ServiceClass::AccessDenied
            | ServiceClass::ModelNotGranted
            | ServiceClass::CredentialsExpired
            | ServiceClass::CredentialsRejected
            | ServiceClass::ClockSkew
            | ServiceClass::NeedsProfile
            | ServiceClass::ModelNotFound
            | ServiceClass::QuotaExceeded => true,
            ServiceClass::ContextOverflow
            | ServiceClass::Validation
            | ServiceClass::Throttled
            | ServiceClass::ModelNotReady
            | ServiceClass::ModelTimeout
            | ServiceClass::ModelError
            | ServiceClass::Internal
            | ServiceClass::Unavailable
            | ServiceClass::Other => false,
        },
        Error::Transport(_)
        | Error::Timeout(_)
        | Error::StreamEnded(_)
        | Error::StreamCut(_)
        | Error::StreamCorrupt(..)
        | Error::StreamException(..)
        | Error::StreamPayload(..)
        | Error::UnexpectedAnswer(_)
        | Error::Io(_) => false,
    }
}

#[cfg(test)]
mod tests;
