//! The life of a request: who is calling, which operation, what shall go wrong, and the answer.
//!
//! It is one function from a request and the clock to an answer; sockets are `server`'s affair.

use super::answer::{Answer, Break, Reply};
use super::catalog::Catalog;
use super::control;
use super::embed;
use super::faults::{Chooser, Fault};
use super::identity::{self, Call, Issued, Visit};
use super::options::EmulatorOptions;
use super::prompt::PromptCache;
use super::received::Received;
use super::refusal::Refusal;
use super::routes::{Operation, Route, route};
use super::runtime::{self, Setting};
use super::verify::{Caller, Gate, expired_token, verify};
use std::borrow::Cow;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

/// An emulated account: what it was told, and what it remembers from request to request.
pub(super) struct Account {
    pub(super) options: EmulatorOptions,
    catalog: Catalog,
    chooser: Mutex<Chooser>,
    cache: Mutex<PromptCache>,
    issued: Issued,
}

impl Account {
    /// An account that remembers nothing yet.
    ///
    /// # Errors
    ///
    /// When the list of models cannot be read.
    pub(super) fn new(options: EmulatorOptions) -> Result<Self, serde_json::Error> {
        let catalog = options.models.as_deref().map_or_else(Catalog::built_in, Catalog::from_json)?;
        let chooser = Mutex::new(Chooser::new(options.scenario.clone()));
        Ok(Self { options, catalog, chooser, cache: Mutex::default(), issued: Issued::default() })
    }

    /// The answer to a request that arrives at `now`. Some answers hold their `request_id` in the body.
    pub(super) fn respond(&self, received: &Received, now: SystemTime, request_id: &str) -> Answer {
        let gate = Gate { options: &self.options, issued: &self.issued, now };
        let outcome = match identity::route(received) {
            Some(call) => {
                let visit = Visit { received, gate: &gate, request_id };
                self.identify(call, &visit).map_err(|refusal| identity::refused(call, &refusal, request_id))
            }
            None => self.attempt(received, &gate).map_err(|refusal| Reply::refused(&refusal)),
        };
        outcome.unwrap_or_else(Answer::Reply)
    }

    /// A request to one of the services behind credentials, which check for themselves who is calling.
    fn identify(&self, call: Call, visit: &Visit<'_>) -> Result<Answer, Refusal> {
        let fault = self.chooser().choose_named(call.name());
        let early = fault.as_ref().and_then(|fault| before_the_head(fault, || identity::denied(call)));
        let answer = early.unwrap_or_else(|| identity::answer(call, visit))?;
        Ok(delayed(answer, fault.as_ref()))
    }

    fn attempt(&self, received: &Received, gate: &Gate<'_>) -> Result<Answer, Refusal> {
        let caller = verify(received, gate, "bedrock")?;
        let route = route(received)?;
        let model_id = Some(route.id.as_str()).filter(|id| !id.is_empty());
        let fault = self.chooser().choose(route.operation.name(), model_id);
        let early = fault.as_ref().and_then(|fault| before_the_head(fault, || denied(&route, &caller)));
        if let Some(answer) = early {
            return answer;
        }
        let reply = self.operate(&route, received, &caller, fault.as_ref())?;
        Ok(delayed(Answer::Reply(reply), fault.as_ref()))
    }

    fn chooser(&self) -> MutexGuard<'_, Chooser> {
        // A poisoned lock only means that another request died while it was counted.
        self.chooser.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn operate(
        &self,
        route: &Route,
        received: &Received,
        caller: &Caller,
        fault: Option<&Fault>,
    ) -> Result<Reply, Refusal> {
        let (catalog, region, query) = (&self.catalog, caller.region.as_str(), received.query());
        let body = match route.operation {
            Operation::Converse => {
                return runtime::converse(&received.body, &self.setting(route, region, fault)?);
            }
            Operation::ConverseStream => {
                return runtime::converse_stream(&received.body, &self.setting(route, region, fault)?);
            }
            Operation::InvokeModel => {
                return embed::invoke_model(&received.body, catalog.resolve(&route.id, region)?);
            }
            Operation::CountTokens => {
                // The operation takes ids of foundation models, also of those that need a profile to be
                // called.
                let known = catalog.model(&route.id);
                let model = known.map_or_else(|| catalog.resolve(&route.id, region), Ok)?;
                return runtime::count_tokens(&received.body, model);
            }
            Operation::ListFoundationModels => control::list_models(catalog, region, query)?,
            Operation::GetFoundationModel => control::get_model(catalog, region, &route.id)?,
            Operation::ListInferenceProfiles => {
                control::list_profiles(catalog, region, query, self.options.page_size)?
            }
            Operation::GetInferenceProfile => control::get_profile(catalog, region, &route.id)?,
        };
        Ok(Reply::json(200, &body))
    }

    fn setting<'a>(
        &'a self,
        route: &'a Route,
        region: &str,
        fault: Option<&'a Fault>,
    ) -> Result<Setting<'a>, Refusal> {
        Ok(Setting {
            model: self.catalog.resolve(&route.id, region)?,
            token_time: token_time(self.options.tokens_per_second),
            fault,
            cache: &self.cache,
        })
    }
}

/// The time of one token; zero for what is no pace.
fn token_time(tokens_per_second: f64) -> Duration {
    if tokens_per_second > 0.0 {
        Duration::try_from_secs_f64(1.0 / tokens_per_second).unwrap_or_default()
    } else {
        Duration::ZERO
    }
}

fn delayed(answer: Answer, fault: Option<&Fault>) -> Answer {
    match (answer, fault) {
        (Answer::Reply(mut reply), Some(Fault::Slow { ms })) => {
            reply.delay += Duration::from_millis(*ms);
            Answer::Reply(reply)
        }
        (answer, _) => answer,
    }
}

/// The answer of faults that replace the operation's own. `None`: the fault is for later.
fn before_the_head(fault: &Fault, denied: impl FnOnce() -> Refusal) -> Option<Result<Answer, Refusal>> {
    let refusal = match fault {
        Fault::Throttle { retry_after_ms } => Refusal {
            retry_after_ms: *retry_after_ms,
            ..Refusal::new(429, "ThrottlingException", "Too many requests, please wait before trying again.")
        },
        Fault::Http { status, code, message } => http_error(*status, code.as_deref(), message.as_deref()),
        Fault::Denied => denied(),
        Fault::NotGranted => Refusal::new(
            403,
            "AccessDeniedException",
            "You don't have access to the model with the specified model ID.",
        ),
        Fault::Expired => expired_token(),
        Fault::Quota => Refusal::new(
            400,
            "ServiceQuotaExceededException",
            "Your request exceeds the service quota for your account.",
        ),
        Fault::NotReady => Refusal::new(
            429,
            "ModelNotReadyException",
            "The model is not ready for inference. Wait and try your request again.",
        ),
        Fault::ContextOverflow => runtime::too_long(),
        Fault::Html { status } => {
            let page = "<html><body><h1>The proxy answers</h1></body></html>\n";
            let reply = Reply::whole(*status, "text/html; charset=utf-8", page);
            return Some(Ok(Answer::Reply(reply)));
        }
        Fault::Empty { status } => {
            let reply = Reply { headers: Vec::new(), ..Reply::whole(*status, "", "") };
            return Some(Ok(Answer::Reply(reply)));
        }
        Fault::Reset { after_events: None } => return Some(Ok(Answer::Nothing(Break::Reset))),
        Fault::Close { after_events: None } => return Some(Ok(Answer::Nothing(Break::Close))),
        Fault::Slow { .. }
        | Fault::Stall { .. }
        | Fault::Cut { .. }
        | Fault::End { .. }
        | Fault::CorruptPrelude { .. }
        | Fault::CorruptMessage { .. }
        | Fault::Oversized { .. }
        | Fault::Exception { .. }
        | Fault::ErrorFrame { .. }
        | Fault::UnknownEvent { .. }
        | Fault::Reset { after_events: Some(_) }
        | Fault::Close { after_events: Some(_) }
        | Fault::Trickle
        | Fault::Stop { .. } => return None,
    };
    Some(Err(refusal))
}

/// An error of any status, with the type and the words that Bedrock uses for it.
fn http_error(status: u16, code: Option<&str>, message: Option<&str>) -> Refusal {
    let (usual_code, usual_message) = match status {
        400 => ("ValidationException", "The input fails to satisfy the constraints of the service."),
        403 => ("AccessDeniedException", "The request is denied because of missing access permissions."),
        404 => {
            ("ResourceNotFoundException", "Could not resolve the foundation model from the model identifier.")
        }
        408 => (
            "ModelTimeoutException",
            "Model has timed out in processing the request. Try your request again.",
        ),
        424 => (
            "ModelErrorException",
            "The system encountered an unexpected error during processing. Try again.",
        ),
        429 => ("ThrottlingException", "Too many tokens, please wait before trying again."),
        500 => {
            ("InternalServerException", "The system encountered an unexpected error. Try your request again.")
        }
        503 => ("ServiceUnavailableException", "Bedrock is unable to process your request."),
        // A front end's answer, which names no type.
        _ => ("", "The request could not be answered."),
    };
    Refusal {
        code: code.map_or(Cow::Borrowed(usual_code), |code| Cow::Owned(code.to_owned())),
        ..Refusal::new(status, "", message.unwrap_or(usual_message))
    }
}

/// IAM's denial of the action behind the operation.
fn denied(route: &Route, caller: &Caller) -> Refusal {
    let action = match route.operation {
        Operation::Converse => "InvokeModel",
        Operation::ConverseStream => "InvokeModelWithResponseStream",
        Operation::InvokeModel
        | Operation::CountTokens
        | Operation::ListFoundationModels
        | Operation::GetFoundationModel
        | Operation::ListInferenceProfiles
        | Operation::GetInferenceProfile => route.operation.name(),
    };
    let resource = if route.id.is_empty() {
        "*".to_owned()
    } else {
        format!("arn:aws:bedrock:{}::foundation-model/{}", caller.region, route.id)
    };
    Refusal::new(
        403,
        "AccessDeniedException",
        format!(
            "User: {} is not authorized to perform: bedrock:{action} on resource: {resource} because no \
             identity-based policy allows the bedrock:{action} action",
            caller.arn
        ),
    )
}
