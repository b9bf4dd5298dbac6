//! One request for whatever model is called in the end: prepared for each, and anew when one teaches something.
//!
//! The rules are those of the crate, pure; here stand the facts that they get, from the catalogue, the
//! configuration and what was learned, and what becomes of an answer before it is shown.

use super::request::fill_in;
use crate::catalog::store::Learned;
use crate::catalog::{ModelFacts, ModelId};
use crate::cli::models;
use crate::cli::out::Out;
use crate::cli::session::Session;
use crate::converse::cost::{Cost, TokenCounts};
use crate::converse::prepare::learn::{self, Refusal};
use crate::converse::prepare::{
    Adjustment, AnswerLane, CacheRetention, PrepareOptions, Prepared, Rule, StructuredAnswer, prepare,
};
use crate::converse::{ConverseRequest, ConverseResponse, Document, StopReason};
use crate::error::{Error, Result};
use crate::time;
use bytes::Bytes;
use serde_json::{Value, json};

/// How many refusals in one call lead to another try with the same model. Each teaches something new.
const LESSONS: usize = 3;

/// How many losses are told one by one.
const MOST_NOTES: usize = 4;

/// What is asked for, and how it is put to a model.
pub(in crate::cli) struct Plan {
    wish: ConverseRequest,
    options: PrepareOptions,
    /// Whether a stream is wanted.
    streams: bool,
    /// Whether the configuration says what is not said here, for each model its own.
    has_defaults: bool,
    /// What becomes of the cache where neither flag nor configuration says it.
    default_cache: Option<CacheRetention>,
    /// Whether what the model does not get is told to who asked for it.
    tells_losses: bool,
    fitted: Option<Fitted>,
}

/// The request for one model.
struct Fitted {
    /// What is wished of this model.
    wish: ConverseRequest,
    facts: ModelFacts,
    options: PrepareOptions,
    prepared: Prepared,
    streams: bool,
    /// What the model refused in this call.
    lessons: Vec<Refusal>,
}

impl Plan {
    /// A plan for no model yet.
    pub(in crate::cli) fn new(wish: ConverseRequest, options: PrepareOptions, streams: bool) -> Self {
        Self {
            wish,
            options,
            streams,
            has_defaults: false,
            default_cache: None,
            tells_losses: true,
            fitted: None,
        }
    }

    /// Who reads the adjustments needs no notes of them.
    pub(super) fn without_notes(&mut self) {
        self.tells_losses = false;
    }

    /// What the configuration says of calls of a model counts where nothing else is said, and then what suits a
    /// conversation that `goes_on`, or a single question: a prompt that is not sent again is not worth its writing
    /// into the cache, which costs more than reading it does.
    pub(super) fn with_defaults(mut self, goes_on: bool) -> Self {
        self.has_defaults = true;
        self.default_cache = (!goes_on).then_some(CacheRetention::None);
        self
    }

    /// Prepares the request for the model of the session, unless it is.
    pub(in crate::cli) async fn fit(&mut self, session: &Session, out: &Out) -> Result<()> {
        let model = &session.choice.model.value;
        if self.fitted.as_ref().is_some_and(|fitted| fitted.wish.model_id == *model) {
            return Ok(());
        }
        let mut facts = facts(session).await?;
        let (mut wish, mut options) = (self.wish.clone(), self.options.clone());
        wish.model_id.clone_from(model);
        if self.has_defaults {
            let id = ModelId::parse(model);
            let base = id.as_ref().and_then(ModelId::base).unwrap_or(model);
            fill_in(&mut wish, &mut options, session.connection.config.chat_with(&[model, base]));
            options.cache = options.cache.or(self.default_cache);
        }
        let client = &session.connection.client;
        options.region = client.region().map(|region| region.value.clone());
        if let Some(region) = &options.region {
            let learned = Learned::load(&session.connection.store, region, time::now());
            if let Some(note) = learned.note() {
                out.detail(note);
            }
            for refusal in learned.refusals_of(model) {
                learn::apply(refusal, &mut facts, &mut options);
            }
        }
        self.put(wish, facts, options, Vec::new());
        self.tell(out);
        Ok(())
    }

    fn put(
        &mut self,
        wish: ConverseRequest,
        facts: ModelFacts,
        options: PrepareOptions,
        lessons: Vec<Refusal>,
    ) {
        let mut prepared = prepare(wish.clone(), &facts, &options);
        let calls_tools = prepared.request.tool_config.is_some();
        let mut streams = self.streams;
        if streams && !facts.streams {
            streams = false;
            prepared
                .adjustments
                .push(whole("this model does not stream, so the answer comes at once", "streams"));
        } else if streams && calls_tools && !facts.tools.streaming {
            streams = false;
            let why = "this model does not stream when it has tools, so the answer comes at once";
            prepared.adjustments.push(whole(why, "tools.streaming"));
        }
        if !streams {
            prepared.request = prepared.request.for_whole_answer().into_owned();
        }
        self.fitted = Some(Fitted { wish, facts, options, prepared, streams, lessons });
    }

    /// After a refusal before any output: whether it taught something that makes another request of this one.
    pub(in crate::cli) fn learn(&mut self, error: &Error, out: &Out) -> bool {
        let Some(refusal) = error.service_failure().and_then(learn::learn) else { return false };
        let Some(Fitted { wish, mut facts, mut options, prepared, streams, mut lessons }) =
            self.fitted.take()
        else {
            return false;
        };
        if lessons.len() >= LESSONS || !learn::apply(&refusal, &mut facts, &mut options) {
            self.fitted = Some(Fitted { wish, facts, options, prepared, streams, lessons });
            return false;
        }
        lessons.push(refusal);
        self.put(wish, facts, options, lessons);
        let is_another = self
            .fitted
            .as_ref()
            .is_some_and(|now| now.prepared.request != prepared.request || now.streams != streams);
        if is_another {
            out.note(
                "the model refused a part of the request; it is asked again without it (see it with `-v`)",
            );
            self.tell(out);
        }
        is_another
    }

    /// After an answer: what was learned is kept for the next time.
    pub(in crate::cli) fn remember(&self, session: &Session, out: &Out) {
        let Some(fitted) = self.fitted.as_ref().filter(|fitted| !fitted.lessons.is_empty()) else { return };
        let Some(region) = session.connection.client.region() else { return };
        let now = time::now();
        let mut learned = Learned::load(&session.connection.store, &region.value, now);
        if let Err(error) = learned.remember_refusals(&fitted.wish.model_id, &fitted.lessons, now) {
            out.detail(&format!("what the model refused cannot be remembered: {error}"));
        }
    }

    fn tell(&self, out: &Out) {
        for adjustment in self.adjustments() {
            out.detail(&format!("adjusted {}", sentence(adjustment)));
        }
        if out.verbose() > 0 || !self.tells_losses {
            return;
        }
        let mut losses = self.adjustments().iter().filter(|adjustment| is_loss(adjustment));
        for loss in losses.by_ref().take(MOST_NOTES) {
            out.note_once(loss.to_string());
        }
        let more = losses.count();
        if more > 0 {
            out.note_once(format!("{more} more of what was asked for cannot be sent: see it with `-v`"));
        }
    }

    /// The request as it is sent.
    pub(super) fn request(&self) -> Option<&ConverseRequest> {
        self.fitted.as_ref().map(|fitted| &fitted.prepared.request)
    }

    /// What was changed.
    pub(super) fn adjustments(&self) -> &[Adjustment] {
        self.fitted.as_ref().map_or(&[], |fitted| &fitted.prepared.adjustments)
    }

    /// The body to send.
    pub(in crate::cli) fn body(&self) -> Result<Bytes> {
        let body = self.request().map(serde_json::to_vec).transpose();
        let body = body.map_err(|problem| {
            Error::InvalidRequest(format!("the request cannot be written ({problem})").into())
        })?;
        Ok(body.unwrap_or_default().into())
    }

    /// Whether it goes to ConverseStream.
    pub(in crate::cli) fn streams(&self) -> bool {
        self.fitted.as_ref().map_or(self.streams, |fitted| fitted.streams)
    }

    /// Whether the text of an answer can be shown as it comes.
    pub(in crate::cli) fn shows_text_at_once(&self) -> bool {
        match self.answer() {
            None => true,
            Some(StructuredAnswer { lane: AnswerLane::Text, is_wrapped, .. }) => !is_wrapped,
            Some(StructuredAnswer { lane: AnswerLane::Tool(_) | AnswerLane::Prompt, .. }) => false,
        }
    }

    fn answer(&self) -> Option<&StructuredAnswer> {
        self.fitted.as_ref()?.prepared.answer.as_ref()
    }

    /// Whether an answer is shown as it came.
    pub(in crate::cli) fn leaves_answers(&self) -> bool {
        self.fitted
            .as_ref()
            .is_none_or(|fitted| fitted.prepared.answer.is_none() && fitted.prepared.tool_names.is_empty())
    }

    /// Gives an answer back in the caller's terms: names of tools, and what a schema asked for as text.
    pub(in crate::cli) fn restore(&self, response: &mut ConverseResponse) {
        if let Some(fitted) = &self.fitted {
            fitted.prepared.restore(response);
        }
    }

    /// Whether a schema was given, and an answer that was given back is no JSON.
    pub(super) fn is_failed_by(&self, response: &ConverseResponse) -> bool {
        self.answer().is_some()
            && response.stop_reason != Some(StopReason::ToolUse)
            && Document::try_from(response.text().trim()).is_err()
    }

    /// Tokens of the answer.
    pub(super) fn counts(&self, response: &ConverseResponse) -> Option<TokenCounts> {
        let family = self.fitted.as_ref()?.facts.family;
        Some(TokenCounts::new(response.usage.as_ref()?, family))
    }

    /// What the answer cost.
    pub(in crate::cli) fn cost(&self, response: &ConverseResponse) -> Option<Cost> {
        let facts = &self.fitted.as_ref()?.facts;
        Cost::of(response, facts.family, facts.price.as_ref())
    }

    /// What is known of the model that the request is prepared for.
    pub(in crate::cli) fn facts(&self) -> Option<&ModelFacts> {
        self.fitted.as_ref().map(|fitted| &fitted.facts)
    }

    /// What was changed, for programs.
    pub(in crate::cli) fn adjustments_json(&self) -> Value {
        let one = |adjustment: &Adjustment| {
            json!({
                "rule": adjustment.rule.as_str(),
                "what": adjustment.what,
                "why": adjustment.why,
                "fact": adjustment.fact,
            })
        };
        self.adjustments().iter().map(one).collect()
    }
}

/// An adjustment with the fact that it rests on.
pub(super) fn sentence(adjustment: &Adjustment) -> String {
    match adjustment.fact {
        Some(fact) => format!("{adjustment}, by the model's `{fact}`"),
        None => adjustment.to_string(),
    }
}

/// Whether something that was asked for does not reach the model, or not as it was said. What is put in another form,
/// mended or added costs the caller nothing.
fn is_loss(adjustment: &Adjustment) -> bool {
    match adjustment.rule {
        Rule::MediaSupport
        | Rule::OneVideo
        | Rule::ToolChoice
        | Rule::Sampling
        | Rule::StopSequences
        | Rule::Thinking
        | Rule::ServiceTier
        | Rule::BetaFlags => true,
        // Without a fact the caller wants no tool to be called, or named none.
        Rule::Tools => adjustment.fact.is_some(),
        Rule::RequestMetadata
        | Rule::StructuredOutput
        | Rule::ToolNames
        | Rule::ToolDescriptions
        | Rule::ToolSchemas
        | Rule::ParallelTools
        | Rule::Roles
        | Rule::Placement
        | Rule::MediaFormat
        | Rule::Reasoning
        | Rule::ToolInput
        | Rule::ToolHistory
        | Rule::BlankContent
        | Rule::Turns
        | Rule::ToolPairing
        | Rule::ToolIds
        | Rule::ToolResultJson
        | Rule::ToolResultStatus
        | Rule::ToolResultImages
        | Rule::ResultsAlone
        | Rule::FirstTurn
        | Rule::DocumentNames
        | Rule::DocumentText
        | Rule::SystemPrompt
        | Rule::Prefill
        | Rule::OutputLimit
        | Rule::CachePoints
        | Rule::Refused
        | Rule::Streaming => false,
    }
}

fn whole(why: &'static str, fact: &'static str) -> Adjustment {
    Adjustment { rule: Rule::Streaming, what: "ConverseStream".to_owned(), why: why.into(), fact: Some(fact) }
}

/// What is known of the session's model.
async fn facts(session: &Session) -> Result<ModelFacts> {
    let connection = &session.connection;
    let id = &session.choice.model.value;
    let written = connection.config.provider.models.iter().find(|model| model.id.value == *id);
    // Only the id of an application profile tells nothing of its model; the listing does.
    let is_plain = ModelId::parse(id).is_some_and(|id| id.base().is_some());
    let found = if is_plain {
        None
    } else {
        let options = connection.discovery();
        connection.store.cached(&connection.client, &options, time::now()).await.ok().flatten()
    };
    let is_this = |entry: &&crate::catalog::ModelEntry| entry.id == *id || entry.arn.as_ref() == Some(id);
    let entry = found.as_ref().and_then(|found| found.listing.entries.iter().find(is_this));
    let known = models::known(id, entry, written);
    known
        .map(|known| known.facts)
        .ok_or_else(|| Error::InvalidRequest(format!("`{id}` is no model id").into()))
}
