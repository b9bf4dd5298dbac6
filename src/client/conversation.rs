//! A conversation with one model: it keeps the history, prepares each request, and folds each answer back in.
//!
//! The history holds whole turns and nothing else: a message of the caller and its answer are added together,
//! when the answer is complete. So a turn that failed or was dropped has not happened, and the next one works.
//! What is sent is prepared anew each time and never stored: the history stays the caller's, with the names of
//! its own tools and with signatures as they came. Nothing is written to disk, and nothing is left out of a
//! history that has grown too long for the model.

pub(crate) mod replay;
mod turn;

pub use turn::Turn;

use super::Client;
use crate::catalog::{self, ModelFacts, ModelId};
use crate::converse::prepare::learn::{Refusal, apply, learn};
use crate::converse::prepare::{Adjustment, AnswerLane, PrepareOptions, Prepared, StructuredAnswer, prepare};
use crate::converse::{
    ContentBlock, ConverseRequest, Message, Role, ToolResultBlock, ToolUseBlock, ToolUseType,
};
use crate::error::{Error, Result};
use std::fmt;
use std::sync::PoisonError;
use turn::Begun;

/// How many refusals in one turn lead to another try. Each teaches something new.
const LESSONS: usize = 3;

/// A conversation with one model. See [`Client::conversation`].
///
/// A clone goes its own way from here on.
#[derive(Clone)]
pub struct Conversation {
    client: Client,
    /// Everything but the message that waits for its answer.
    request: ConverseRequest,
    /// `None` when the model's id is none.
    facts: Option<ModelFacts>,
    options: PrepareOptions,
    unanswered: Option<Message>,
    adjustments: Vec<Adjustment>,
    structured: Option<StructuredAnswer>,
}

impl Client {
    /// A conversation that goes on from `request`: its model, system prompt, tools and limits hold for every
    /// turn, and its messages are the history so far.
    ///
    /// Each request is put the way the model takes it, by [`prepare`] with the facts of the catalogue. What the
    /// model refuses all the same is learned from, and the request is sent again without it; other conversations
    /// of this client with the model know it too. A model that does not stream is asked for its answer as a whole.
    ///
    /// ```
    /// # #[cfg(not(feature = "emulator"))]
    /// # fn main() {}
    /// # #[cfg(feature = "emulator")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use outcrop::auth::Credentials;
    /// # use outcrop::emulator::{DEMO_ACCESS_KEY_ID, DEMO_MODEL_ID, DEMO_SECRET_ACCESS_KEY};
    /// # use outcrop::emulator::{Emulator, EmulatorOptions};
    /// use outcrop::Client;
    /// use outcrop::converse::{ConverseRequest, Message};
    /// use outcrop::stream::{BlockDelta, StreamEvent};
    ///
    /// # let emulator = Emulator::start(EmulatorOptions::default()).await?;
    /// # let keys = Credentials::new(DEMO_ACCESS_KEY_ID, DEMO_SECRET_ACCESS_KEY);
    /// # let client =
    /// #     Client::builder().region("us-east-1").endpoint(emulator.url()).credentials(keys).build()?;
    /// let request = ConverseRequest::new(DEMO_MODEL_ID).system("Answer in one sentence.");
    /// let mut conversation = client.conversation(request);
    ///
    /// // As it comes:
    /// let mut turn = conversation.say("What is granite?").await?;
    /// while let Some(event) = turn.next().await? {
    ///     if let StreamEvent::ContentBlockDelta { delta: BlockDelta::Text(text), .. } = event {
    ///         print!("{text}");
    ///     }
    /// }
    /// // Or whole:
    /// let answer = conversation.say("And basalt?").await?.collect().await?;
    /// println!("{}", answer.text());
    ///
    /// // The history goes to storage and comes back.
    /// let stored = serde_json::to_string(conversation.messages())?;
    /// let messages: Vec<Message> = serde_json::from_str(&stored)?;
    /// let request = ConverseRequest { messages, ..conversation.into_request() };
    /// let answer = client.conversation(request).say("Which is older?").await?.collect().await?;
    /// # assert!(!answer.text().is_empty());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// A refusal is learned from when it comes in place of an answer; inside a stream it is the turn's error.
    pub fn conversation(&self, mut request: ConverseRequest) -> Conversation {
        for block in request.messages.last_mut().into_iter().flat_map(|message| &mut message.content) {
            if let ContentBlock::ToolUse(call) = block {
                call.find_problem();
            }
        }
        let facts = ModelId::parse(&request.model_id).map(|id| catalog::facts(&id, None).facts);
        Conversation {
            client: self.clone(),
            request,
            facts,
            options: PrepareOptions::default(),
            unanswered: None,
            adjustments: Vec::new(),
            structured: None,
        }
    }
}

impl Conversation {
    /// Wishes beside the request: thinking, caching, a schema.
    ///
    /// ```
    /// # #[cfg(not(feature = "emulator"))]
    /// # fn main() {}
    /// # #[cfg(feature = "emulator")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use outcrop::Client;
    /// # use outcrop::auth::Credentials;
    /// # use outcrop::emulator::{DEMO_ACCESS_KEY_ID, DEMO_SECRET_ACCESS_KEY, Emulator, EmulatorOptions};
    /// use outcrop::converse::ConverseRequest;
    /// use outcrop::converse::prepare::{AnswerSchema, PrepareOptions};
    /// use serde_json::{Value, json};
    ///
    /// # let emulator = Emulator::start(EmulatorOptions::default()).await?;
    /// # let keys = Credentials::new(DEMO_ACCESS_KEY_ID, DEMO_SECRET_ACCESS_KEY);
    /// # let client =
    /// #     Client::builder().region("us-east-1").endpoint(emulator.url()).credentials(keys).build()?;
    /// let schema = json!({"type": "object", "properties": {"age": {"type": "integer"}}, "required": ["age"]});
    /// let schema = Some(AnswerSchema { schema: schema.into(), ..AnswerSchema::default() });
    /// let request = ConverseRequest::new("amazon.nova-lite-v1:0");
    /// let mut conversation =
    ///     client.conversation(request).options(PrepareOptions { schema, ..PrepareOptions::default() });
    /// let answer = conversation.say("How old is granite, in million years?").await?.collect().await?;
    /// let json: Value = serde_json::from_str(&answer.text())?;
    /// assert!(json["age"].is_i64());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn options(mut self, options: PrepareOptions) -> Self {
        self.options = options;
        self
    }

    /// Facts of the model in place of the catalogue's: for an ARN, which may not tell its model, or a model that
    /// the caller knows better.
    #[must_use]
    pub fn facts(mut self, facts: ModelFacts) -> Self {
        self.facts = Some(facts);
        self
    }

    /// Says something to the model.
    ///
    /// # Errors
    /// As [`Conversation::send`].
    pub async fn say(&mut self, text: impl Into<String>) -> Result<Turn<'_>> {
        self.send([ContentBlock::text(text)]).await
    }

    /// Gives the model what its calls resulted in. Give the results of all calls at once; a call without one is
    /// told to have none.
    ///
    /// ```
    /// # #[cfg(feature = "client")]
    /// # async fn answered(conversation: &mut outcrop::Conversation) -> outcrop::Result<()> {
    /// use outcrop::converse::{ToolResultBlock, ToolResultContentBlock};
    ///
    /// loop {
    ///     let results: Vec<_> = conversation
    ///         .tool_calls()
    ///         .map(|call| {
    ///             let text = format!("no tool is called `{}`", call.name);
    ///             ToolResultBlock::new(&call.tool_use_id, [ToolResultContentBlock::Text(text)])
    ///         })
    ///         .collect();
    ///     if results.is_empty() {
    ///         break Ok(());
    ///     }
    ///     conversation.tool_results(results).await?.collect().await?;
    /// }
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`Conversation::send`].
    pub async fn tool_results(
        &mut self,
        results: impl IntoIterator<Item = ToolResultBlock>,
    ) -> Result<Turn<'_>> {
        self.send(results.into_iter().map(ContentBlock::ToolResult)).await
    }

    /// Sends a message of any content, and gives the answer once it begins.
    ///
    /// # Cancellation
    /// Dropping the future, or the [`Turn`] before its end, takes the message back: see [`Conversation::again`].
    ///
    /// # Errors
    /// As [`Client::converse_stream`]. The message is taken back.
    pub async fn send(&mut self, content: impl IntoIterator<Item = ContentBlock>) -> Result<Turn<'_>> {
        self.ask(Message::new(Role::User, content)).await
    }

    /// Sends the message once more that was taken back last, since its turn failed or was dropped: so that
    /// results of tools need not be found again. Any other message takes its place.
    ///
    /// # Errors
    /// [`Error::InvalidRequest`] when no message waits; else as [`Conversation::send`].
    pub async fn again(&mut self) -> Result<Turn<'_>> {
        match self.unanswered.take() {
            Some(message) => self.ask(message).await,
            None => Err(Error::InvalidRequest("no message waits for an answer".into())),
        }
    }

    /// The message that was taken back last.
    pub fn unanswered(&self) -> Option<&Message> {
        self.unanswered.as_ref()
    }

    /// The calls in the last answer that wait for results from the caller. Do not carry out one with an
    /// `input_problem`: tell the model instead.
    pub fn tool_calls(&self) -> impl Iterator<Item = &ToolUseBlock> {
        let last = self.request.messages.last().filter(|message| message.role == Role::Assistant);
        // A call that only carries a structured answer has no result.
        let answering = match &self.structured {
            Some(StructuredAnswer { lane: AnswerLane::Tool(name), .. }) => Some(name.as_str()),
            Some(StructuredAnswer { lane: AnswerLane::Text | AnswerLane::Prompt, .. }) | None => None,
        };
        let calls = last
            .into_iter()
            .flat_map(|message| &message.content)
            .filter_map(|block| if let ContentBlock::ToolUse(call) = block { Some(call) } else { None });
        calls.filter(move |call| {
            call.kind != Some(ToolUseType::SERVER_TOOL_USE) && answering != Some(call.name.as_str())
        })
    }

    /// The history: whole turns.
    pub fn messages(&self) -> &[Message] {
        &self.request.messages
    }

    /// The history, to be changed: to leave out old turns, or to take back the last. It need not be one that the
    /// model takes as it stands, as it is prepared before it is sent.
    pub fn messages_mut(&mut self) -> &mut Vec<Message> {
        &mut self.request.messages
    }

    /// Model, system prompt, tools and history, as [`Client::conversation`] takes them: to go on with another
    /// model or other tools. Options, facts and the message that was taken back are not in it.
    pub fn into_request(self) -> ConverseRequest {
        self.request
    }

    /// What was changed in the last request to make it one that the model takes.
    pub fn adjustments(&self) -> &[Adjustment] {
        &self.adjustments
    }

    /// How the model was made to answer in the options' schema. The text of a whole answer, and of the history, is
    /// the JSON in any case; events come as the model gave them.
    pub fn structured_answer(&self) -> Option<&StructuredAnswer> {
        self.structured.as_ref()
    }

    /// Sends history and message until an answer begins, or a refusal teaches nothing.
    async fn ask(&mut self, message: Message) -> Result<Turn<'_>> {
        self.unanswered = Some(message);
        let region = &self.client.settings().await?.region.value;
        self.options.region.get_or_insert_with(|| region.clone());
        self.recall();
        let mut outgoing = self.prepared()?;
        let mut lessons = Vec::new();
        let begun = loop {
            match self.begin(&outgoing).await {
                Ok(begun) => break begun,
                Err(error) if lessons.len() == LESSONS => return Err(error),
                Err(error) => {
                    let (refusal, other) = self.learn(error, &outgoing)?;
                    lessons.push(refusal);
                    outgoing = other;
                }
            }
        };
        self.remember(lessons);
        let Prepared { adjustments, tool_names, answer, .. } = outgoing.prepared;
        self.adjustments = adjustments;
        self.structured = answer;
        Ok(Turn::new(self, begun, tool_names))
    }

    /// Takes over what this model has refused in other conversations of the client.
    fn recall(&mut self) {
        let Some(facts) = &mut self.facts else { return };
        let lessons = self.client.0.lessons.lock().unwrap_or_else(PoisonError::into_inner);
        for refusal in lessons.get(&self.request.model_id).into_iter().flatten() {
            apply(refusal, facts, &mut self.options);
        }
    }

    /// Keeps what the model refused in a request that it took without that, for this client's life.
    fn remember(&self, learned: Vec<Refusal>) {
        if learned.is_empty() {
            return;
        }
        let mut lessons = self.client.0.lessons.lock().unwrap_or_else(PoisonError::into_inner);
        let known = lessons.entry(self.request.model_id.clone()).or_default();
        known.retain(|refusal| !learned.contains(refusal));
        known.extend(learned);
    }

    /// History and message as the model takes them.
    fn prepared(&self) -> Result<Outgoing> {
        let facts = self.facts.as_ref().ok_or_else(|| {
            Error::InvalidRequest(format!("`{}` is no model id", self.request.model_id).into())
        })?;
        let mut request = self.request.clone();
        request.messages.extend(self.unanswered.clone());
        let prepared = prepare(request, facts, &self.options);
        let streams = facts.streams && (prepared.request.tool_config.is_none() || facts.tools.streaming);
        Ok(Outgoing { prepared, streams })
    }

    async fn begin(&self, outgoing: &Outgoing) -> Result<Begun> {
        let request = &outgoing.prepared.request;
        if outgoing.streams {
            self.client.converse_stream(request).await.map(Box::new).map(Begun::Stream)
        } else {
            self.client.converse(request).await.map(Box::new).map(Begun::Whole)
        }
    }

    /// Another request, by what the refusal of `refused` says of the model; the error when it says nothing new.
    fn learn(&mut self, error: Error, refused: &Outgoing) -> Result<(Refusal, Outgoing)> {
        let Some(refusal) = error.service_failure().and_then(learn) else { return Err(error) };
        let Some(facts) = &mut self.facts else { return Err(error) };
        if !apply(&refusal, facts, &mut self.options) {
            return Err(error);
        }
        let other = self.prepared()?;
        let is_same = other.streams == refused.streams && other.prepared.request == refused.prepared.request;
        if is_same { Err(error) } else { Ok((refusal, other)) }
    }
}

/// A request on its way.
struct Outgoing {
    prepared: Prepared,
    streams: bool,
}

impl fmt::Debug for Conversation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // How much was said, and not what.
        f.debug_struct("Conversation")
            .field("model_id", &self.request.model_id)
            .field("messages", &self.request.messages.len())
            .field("is_unanswered", &self.unanswered.is_some())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
#[cfg(feature = "emulator")]
mod tests;
