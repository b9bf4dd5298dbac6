//! Forty turns with one model of each family: text, tools, media, thinking, interruptions, failures, a history that
//! goes to storage and comes back. None of the requests is refused.

use crate::support::Server;
use outcrop::auth::Credentials;
use outcrop::catalog::facts::{Family, Medium, Thinking, ToolChoices};
use outcrop::catalog::{ModelFacts, ModelId, facts};
use outcrop::converse::prepare::{AnswerSchema, PrepareOptions, Rule, ThinkingLevel, ToolWish};
use outcrop::converse::{
    Blob, ContentBlock, ConverseRequest, ConverseResponse, DocumentBlock, DocumentSource, ImageBlock,
    MediaSource, Message, Role, StopReason, ToolChoice, ToolResultBlock, ToolResultContentBlock,
    ToolResultStatus, ToolSpecification, ToolUseBlock,
};
use outcrop::emulator::{DEMO_ACCESS_KEY_ID, DEMO_SECRET_ACCESS_KEY, EmulatorOptions, Scenario};
use outcrop::stream::{BlockDelta, StreamEvent};
use outcrop::{Client, Conversation, Error};
use serde_json::{Value, json};

/// A model for each set of rules of the catalogue.
const MODELS: [(&str, &str); 37] = [
    ("claude-3", "anthropic.claude-3-haiku-20240307-v1:0"),
    ("claude-3-5-haiku", "us.anthropic.claude-3-5-haiku-20241022-v1:0"),
    ("claude-3-7", "us.anthropic.claude-3-7-sonnet-20250219-v1:0"),
    ("claude-4", "us.anthropic.claude-sonnet-4-20250514-v1:0"),
    ("claude-4-1", "us.anthropic.claude-opus-4-1-20250805-v1:0"),
    ("claude-4-5", "us.anthropic.claude-sonnet-4-5-20250929-v1:0"),
    ("claude-4-6", "us.anthropic.claude-sonnet-4-6"),
    ("claude-4-7", "us.anthropic.claude-opus-4-7"),
    ("claude-fable", "us.anthropic.claude-fable-5"),
    ("claude-haiku-5", "us.anthropic.claude-haiku-5-5"),
    ("claude-mythos", "us.anthropic.claude-mythos-5"),
    ("claude-mythos-preview", "us.anthropic.claude-mythos-preview"),
    ("claude-opus-4-6", "us.anthropic.claude-opus-4-6-v1"),
    ("claude-opus-5", "us.anthropic.claude-opus-5"),
    ("claude-opus-5-5", "us.anthropic.claude-opus-5-5"),
    ("claude-sonnet-5", "us.anthropic.claude-sonnet-5"),
    ("claude-sonnet-5-5", "us.anthropic.claude-sonnet-5-5"),
    ("command-r", "cohere.command-r-plus-v1:0"),
    ("deepseek", "deepseek.v3-v1:0"),
    ("deepseek-r1", "us.deepseek.r1-v1:0"),
    ("gpt", "us.openai.gpt-5.5"),
    ("gpt-oss", "openai.gpt-oss-120b-1:0"),
    ("grok", "us.xai.grok-4.6"),
    ("jamba", "ai21.jamba-1-5-large-v1:0"),
    ("kimi", "moonshotai.kimi-k2.5"),
    ("llama-3", "meta.llama3-70b-instruct-v1:0"),
    ("llama-3-1", "us.meta.llama3-3-70b-instruct-v1:0"),
    ("llama-4", "us.meta.llama4-maverick-17b-instruct-v1:0"),
    ("mistral", "mistral.mistral-large-3-675b-instruct"),
    ("mistral-24", "mistral.mistral-large-2407-v1:0"),
    ("mistral-instruct", "mistral.mistral-7b-instruct-v0:2"),
    ("nova", "us.amazon.nova-lite-v1:0"),
    ("nova-2", "us.amazon.nova-2-lite-v1:0"),
    ("open-weights", "zai.glm-5"),
    ("palmyra", "us.writer.palmyra-x5-v1:0"),
    ("qwen", "qwen.qwen3-32b-v1:0"),
    ("titan", "amazon.titan-text-premier-v1:0"),
];

/// Rules for models that the service does not offer any more, or not yet.
const WITHOUT_MODEL: [&str; 4] = ["claude", "claude-2", "cohere", "llama"];

/// The emulated model calls the tools whose names, as they are sent, stand in the question.
const USE_BOTH: &str = "Use rock_find_7fe1ce76 and weather for Oslo.";

/// How many requests are answered before one fails before its head, and then before one fails inside its stream.
const BEFORE_FAILURES: (u32, u32) = (9, 11);

fn scenario() -> Scenario {
    let answers = |times| json!({"times": times, "fault": {"kind": "slow", "ms": 0}});
    let scenario = json!([
        answers(BEFORE_FAILURES.0),
        {"times": 1, "fault": {"kind": "http", "status": 503}},
        answers(BEFORE_FAILURES.1),
        {"times": 1, "fault": {"kind": "exception", "after_events": 2, "name": "model-stream-error"}},
    ]);
    Scenario::from_json(&scenario.to_string()).unwrap()
}

fn known(model: &str) -> ModelFacts {
    facts(&ModelId::parse(model).unwrap(), None).facts
}

/// A request with two tools, one of them with a name that the service does not take.
fn request(model: &str) -> ConverseRequest {
    let tool = |name: &str| {
        let place = json!({"type": "string", "pattern": "^(?!x)"});
        let schema = json!({"type": "object", "properties": {"place": place}, "required": ["place"]});
        ToolSpecification::new(name, schema).description("Looks something up.")
    };
    ConverseRequest::new(model)
        .system("Be brief.")
        .temperature(0.5)
        .tool(tool("rock.find"))
        .tool(tool("weather"))
}

fn image() -> ImageBlock {
    let source = MediaSource::Bytes(Blob::from(b"\x89PNG\r\n\x1a\nrock".as_slice()));
    ImageBlock { format: "image/jpg".into(), source, ..ImageBlock::default() }
}

fn document() -> ContentBlock {
    ContentBlock::Document(DocumentBlock {
        name: "field.notes.txt".to_owned(),
        source: DocumentSource::Bytes(Blob::from(b"Granite, mostly.".as_slice())),
        ..DocumentBlock::default()
    })
}

fn thinking(level: ThinkingLevel) -> PrepareOptions {
    PrepareOptions { thinking: Some(level), ..PrepareOptions::default() }
}

/// One conversation, and what it should have come to.
struct Talk {
    client: Client,
    model: &'static str,
    facts: ModelFacts,
    conversation: Conversation,
    /// Requests that were sent.
    sent: usize,
    /// Tokens of all answers: plain input, cache reads, cache writes, output.
    tokens: [u64; 4],
}

impl Talk {
    fn new(client: Client, model: &'static str) -> Self {
        let conversation = client.conversation(request(model));
        Self { client, model, facts: known(model), conversation, sent: 0, tokens: [0; 4] }
    }

    fn has(&self, rule: Rule) -> bool {
        self.conversation.adjustments().iter().any(|adjustment| adjustment.rule == rule)
    }

    fn options(&mut self, options: PrepareOptions) {
        self.conversation = self.conversation.clone().options(options);
    }

    /// Puts the history into storage and goes on with another request.
    fn restore(&mut self, request: ConverseRequest) {
        let stored = serde_json::to_string(self.conversation.messages()).unwrap();
        let messages: Vec<Message> = serde_json::from_str(&stored).unwrap();
        assert_eq!(messages, self.conversation.messages(), "{}", self.model);
        self.conversation = self.client.conversation(ConverseRequest { messages, ..request });
    }

    /// Adds up what an answer took.
    fn count(&mut self, answer: &ConverseResponse) {
        self.sent += 1;
        let usage = answer.usage.as_ref().unwrap();
        let cached =
            [usage.cache_read_input_tokens, usage.cache_write_input_tokens].map(Option::unwrap_or_default);
        let parts = [usage.input_tokens, cached[0], cached[1], usage.output_tokens];
        assert_eq!(usage.total_tokens, parts.iter().sum::<u64>(), "{}", self.model);
        for (sum, part) in self.tokens.iter_mut().zip(parts) {
            *sum += part;
        }
    }

    async fn send(&mut self, content: impl IntoIterator<Item = ContentBlock>) -> ConverseResponse {
        let turn = self.conversation.send(content).await;
        let answer =
            turn.unwrap_or_else(|error| panic!("{}: {error:?}", self.model)).collect().await.unwrap();
        self.count(&answer);
        answer
    }

    async fn say(&mut self, text: &str) -> ConverseResponse {
        self.send([ContentBlock::text(text)]).await
    }

    /// Sends what was taken back.
    async fn again(&mut self) -> ConverseResponse {
        let answer = self.conversation.again().await.unwrap().collect().await.unwrap();
        self.count(&answer);
        answer
    }

    /// Answers the calls of the last turn, the second with an error and a picture; and says something with the
    /// results if told so. A model without tools is told something else.
    async fn answer_calls(&mut self, beside: Option<&str>) {
        let calls: Vec<ToolUseBlock> = self.conversation.tool_calls().cloned().collect();
        if calls.is_empty() {
            self.say("Reply with fine").await;
            return;
        }
        let result = |(at, call): (usize, &ToolUseBlock)| {
            let mut result =
                ToolResultBlock::new(&call.tool_use_id, [ToolResultContentBlock::Text("found".into())]);
            if at == 1 {
                result.content.push(ToolResultContentBlock::Image(image()));
                result.status = Some(ToolResultStatus::ERROR);
            }
            ContentBlock::ToolResult(result)
        };
        let results = calls.iter().enumerate().map(result);
        let content: Vec<ContentBlock> = results.chain(beside.map(ContentBlock::text)).collect();
        self.send(content).await;
    }

    /// A turn that is dropped when `is_there` sees what it waits for, or at the fourth event; and then once more.
    async fn interrupted(&mut self, text: &str, is_there: fn(&StreamEvent<'_>) -> bool) {
        let before = self.conversation.messages().to_vec();
        let mut turn = self.conversation.say(text).await.unwrap();
        for _ in 0..4 {
            let event = turn.next().await.unwrap().unwrap();
            if is_there(&event) {
                break;
            }
        }
        drop(turn);
        self.sent += 1;
        assert_eq!(self.conversation.messages(), before, "a dropped turn has not happened");
        self.again().await;
    }

    /// A turn that meets a failure before its answer, or inside where the model streams; and then once more.
    async fn failing(&mut self, text: &str) {
        let before = self.conversation.messages().to_vec();
        let failed = match self.conversation.say(text).await {
            Ok(turn) => turn.collect().await,
            Err(error) => Err(error),
        };
        match failed {
            // Whole answers have no inside.
            Ok(answer) => self.count(&answer),
            Err(error) => {
                let is_planned = error.status() == Some(503) || matches!(error, Error::StreamException(..));
                assert!(is_planned, "{}: {error:?}", self.model);
                self.sent += 1;
                assert_eq!(self.conversation.messages(), before, "a failed turn has not happened");
                self.again().await;
            }
        }
    }
}

fn is_text(event: &StreamEvent<'_>) -> bool {
    matches!(event, StreamEvent::ContentBlockDelta { delta: BlockDelta::Text(_), .. })
}

fn is_thought_or_call(event: &StreamEvent<'_>) -> bool {
    let inside = matches!(
        event,
        StreamEvent::ContentBlockDelta {
            delta: BlockDelta::ReasoningText(_) | BlockDelta::ToolUse { .. },
            ..
        }
    );
    inside || matches!(event, StreamEvent::ContentBlockStart { .. })
}

/// Turns 1 to 14: text, media, tools.
async fn media_and_tools(talk: &mut Talk) {
    talk.say("Hello.").await;
    talk.send([ContentBlock::text("What is this?"), ContentBlock::Image(image())]).await;
    assert_eq!(talk.has(Rule::MediaSupport), !talk.facts.input.contains(&Medium::Image), "{}", talk.model);
    talk.send([document()]).await;
    let reads_it_all =
        [Medium::Image, Medium::Document].iter().all(|medium| talk.facts.input.contains(medium));
    assert_eq!(talk.has(Rule::MediaSupport), !reads_it_all, "{}", talk.model);
    talk.say(USE_BOTH).await;
    let calls = talk.conversation.tool_calls().count();
    assert_eq!(calls, if talk.facts.tools.supported { 2 } else { 0 }, "{}", talk.model);
    talk.answer_calls(None).await;
    talk.say(USE_BOTH).await;
    talk.answer_calls(Some("Reply with thanks")).await;
    talk.interrupted("Tell me about basalt.", is_text).await;
    talk.failing("Reply with so").await;
    // The calls of one turn are left without results.
    talk.say(USE_BOTH).await;
    talk.say("Reply with never mind").await;

    let choice = Some(ToolWish::Choice(ToolChoice::Any {}));
    talk.options(PrepareOptions {
        tool_choice: choice,
        no_parallel_tools: true,
        ..PrepareOptions::default()
    });
    let forced = talk.say("Reply with forced").await;
    let thinks = match talk.facts.thinking {
        Thinking::Adaptive { mandatory, default_effort, .. } => mandatory || default_effort.is_some(),
        _ => false,
    };
    let can_be_forced = talk.facts.tools.choice >= ToolChoices::Any && !thinks;
    assert_eq!(forced.stop_reason == Some(StopReason::ToolUse), can_be_forced, "{}", talk.model);
    assert!(can_be_forced || talk.has(Rule::ToolChoice), "{}", talk.model);
    talk.options(PrepareOptions::default());
    talk.answer_calls(None).await;
    talk.say("  ").await;
}

/// Turns 15 to 27: thinking that goes on and off, with tools, an interruption and a failure in it.
async fn thoughts(talk: &mut Talk) {
    talk.options(thinking(ThinkingLevel::Medium));
    talk.say("Reply with thought, redacted").await;
    talk.say(USE_BOTH).await;
    talk.answer_calls(None).await;
    talk.options(thinking(ThinkingLevel::Max));
    talk.interrupted(USE_BOTH, is_thought_or_call).await;
    talk.failing("Reply with more").await;
    talk.options(thinking(ThinkingLevel::Off));
    talk.say("Reply with less").await;
    talk.say(USE_BOTH).await;
    // The turn with the calls was not thought about, the one with their results is to be.
    talk.options(thinking(ThinkingLevel::High));
    talk.answer_calls(None).await;
    let budget = PrepareOptions { thinking_budget: Some(2_000), ..PrepareOptions::default() };
    talk.options(budget);
    talk.say("Reply with budget").await;
    talk.options(PrepareOptions { top_k: Some(5), ..PrepareOptions::default() });
    talk.say("Reply with top").await;
    for reply in ["Reply with one", "Reply with two", "Reply with three"] {
        talk.say(reply).await;
    }
}

/// Turns 28 to 36: answers that are cut, a history from storage, no tools any more, an answer to a schema.
async fn cut_and_stored(talk: &mut Talk) {
    talk.restore(request(talk.model).max_tokens(20));
    let cut = talk.say("Tell me about granite.").await;
    assert_eq!(cut.stop_reason, Some(StopReason::MaxTokens), "{}", talk.model);
    let cut = talk.say(USE_BOTH).await;
    assert_eq!(cut.stop_reason, Some(StopReason::MaxTokens), "{}", talk.model);
    talk.restore(ConverseRequest { tool_config: None, ..request(talk.model) });
    talk.say("Reply with no tools").await;
    assert_eq!(talk.has(Rule::ToolHistory), talk.facts.tools.supported, "{}", talk.model);
    let schema = json!({"type": "object", "properties": {"age": {"type": "integer"}}, "required": ["age"]});
    let schema = AnswerSchema { schema: schema.into(), ..AnswerSchema::default() };
    talk.options(PrepareOptions { schema: Some(schema), ..PrepareOptions::default() });
    let answer = talk.say(r#"Reply with {"age": 4}"#).await;
    let age: Value = serde_json::from_str(&answer.text()).unwrap();
    assert!(age["age"].is_i64(), "{}: {age}", talk.model);
    assert_eq!(answer.stop_reason, Some(StopReason::EndTurn), "{}", talk.model);
    talk.restore(request(talk.model));
    for reply in ["Reply with a", "Reply with b", "Reply with c", "Reply with d", "Reply with e"] {
        talk.say(reply).await;
    }
}

/// Turns 37 to 40, with thinking; what is sent is what was given out.
async fn goodbye(talk: &mut Talk, server: &Server) {
    talk.options(thinking(ThinkingLevel::Low));
    talk.say(USE_BOTH).await;
    talk.answer_calls(None).await;
    talk.say("Reply with almost").await;
    let last = talk.say("Reply with goodbye").await;
    assert_eq!(last.stop_reason, Some(StopReason::EndTurn), "{}", talk.model);

    let messages = talk.conversation.messages();
    assert_eq!(messages.len(), 80, "{}", talk.model);
    for (at, message) in messages.iter().enumerate() {
        let role = if at % 2 == 0 { Role::User } else { Role::Assistant };
        assert_eq!(message.role, role, "{} {at}", talk.model);
    }
    let kept: Vec<Value> = reasoning(&serde_json::to_value(&messages[..79]).unwrap());
    let received = server.requests();
    let body: Value = serde_json::from_slice(&received.last().unwrap().body).unwrap();
    let sent = reasoning(&body["messages"]);
    let thinks = talk.facts.thinking != Thinking::None;
    assert_eq!(kept.is_empty(), !thinks, "{}", talk.model);
    if talk.facts.family == Family::Claude {
        assert_eq!(sent, kept, "{}", talk.model);
    } else {
        assert_eq!(sent, Vec::<Value>::new(), "{}: unsigned thinking goes back to nobody", talk.model);
    }
}

/// The reasoning of messages, in order.
fn reasoning(messages: &Value) -> Vec<Value> {
    let blocks =
        messages.as_array().unwrap().iter().flat_map(|message| message["content"].as_array().unwrap());
    blocks.filter_map(|block| block.get("reasoningContent")).cloned().collect()
}

async fn forty_turns(rules: &'static str, model: &'static str) {
    assert_eq!(facts(&ModelId::parse(model).unwrap(), None).rules, rules);
    let server = Server::with(EmulatorOptions {
        tokens_per_second: 0.0,
        scenario: scenario(),
        kept_requests: 1_000,
        ..EmulatorOptions::default()
    });
    let client = Client::builder()
        .region("us-east-1")
        .endpoint(server.url())
        .credentials(Credentials::new(DEMO_ACCESS_KEY_ID, DEMO_SECRET_ACCESS_KEY))
        .max_attempts(1)
        .build()
        .unwrap();
    let mut talk = Talk::new(client, model);
    media_and_tools(&mut talk).await;
    thoughts(&mut talk).await;
    cut_and_stored(&mut talk).await;
    goodbye(&mut talk, &server).await;
    // A refusal would have been learned from, and the request sent again.
    assert_eq!(server.requests().len(), talk.sent, "{model}: every request was taken at once");
    let [plain, read, written, output] = talk.tokens;
    assert!(plain + read + written > 0 && output > 0, "{model}");
    assert_eq!(read > 0 && written > 0, talk.facts.cache.by_default, "{model}: {:?}", talk.tokens);

    // The history goes on with models of other families.
    for other in
        ["us.anthropic.claude-opus-4-7", "us.amazon.nova-lite-v1:0", "us.meta.llama3-3-70b-instruct-v1:0"]
    {
        talk.restore(request(other));
        talk.say("Reply with hello").await;
    }
    assert_eq!(server.requests().len(), talk.sent, "{model}: its history was taken by others");
}

fn every_fourth(first: usize) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    for (rules, model) in MODELS.into_iter().skip(first).step_by(4) {
        runtime.block_on(forty_turns(rules, model));
    }
}

#[test]
fn forty_turns_with_a_model_of_each_family_one() {
    every_fourth(0);
}

#[test]
fn forty_turns_with_a_model_of_each_family_two() {
    every_fourth(1);
}

#[test]
fn forty_turns_with_a_model_of_each_family_three() {
    every_fourth(2);
}

#[test]
fn forty_turns_with_a_model_of_each_family_four() {
    every_fourth(3);
}

#[test]
fn no_family_is_left_out() {
    let families: Vec<Value> = serde_json::from_str(include_str!("../../src/catalog/families.json")).unwrap();
    let mut expected: Vec<&str> = families.iter().map(|rules| rules["id"].as_str().unwrap()).collect();
    expected.retain(|rules| !WITHOUT_MODEL.contains(rules));
    let mut talked: Vec<&str> = MODELS.iter().map(|(rules, _)| *rules).collect();
    expected.sort_unstable();
    talked.sort_unstable();
    assert_eq!(talked, expected);
}
