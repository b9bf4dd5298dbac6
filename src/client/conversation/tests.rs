//! Conversations with the emulator, which checks every request as the service does.

use super::*;
use crate::ServiceClass;
use crate::auth::Credentials;
use crate::converse::prepare::{AnswerSchema, Rule, ThinkingLevel};
use crate::converse::{
    ConverseResponse, Document, GuardrailConfiguration, GuardrailStreamProcessingMode, ReasoningContentBlock,
    StopReason, ToolResultContentBlock, ToolSpecification,
};
use crate::emulator::{
    DEMO_ACCESS_KEY_ID, DEMO_MODEL_ID, DEMO_SECRET_ACCESS_KEY, Emulator, EmulatorOptions, Scenario,
};
use crate::stream::{BlockDelta, BlockStart, StreamEvent};
use serde_json::{Value, json};

const SONNET: &str = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";
const OPUS: &str = "us.anthropic.claude-opus-4-7";
const NOVA: &str = "amazon.nova-lite-v1:0";
const LLAMA: &str = "us.meta.llama3-3-70b-instruct-v1:0";

async fn emulator(scenario: Value) -> (Emulator, Client) {
    let scenario = Scenario::from_json(&scenario.to_string()).unwrap();
    let options = EmulatorOptions { scenario, ..EmulatorOptions::default() };
    let emulator = Emulator::start(options).await.unwrap();
    let client = Client::builder()
        .region("us-east-1")
        .endpoint(emulator.url())
        .credentials(Credentials::new(DEMO_ACCESS_KEY_ID, DEMO_SECRET_ACCESS_KEY))
        .max_attempts(1);
    (emulator, client.build().unwrap())
}

fn tool(name: &str) -> ToolSpecification {
    let schema = json!({
        "type": "object", "properties": {"place": {"type": "string"}}, "required": ["place"],
    });
    ToolSpecification::new(name, schema).description("Looks something up.")
}

/// Two tools, one of them with a name that the service does not take.
fn request(model: &str) -> ConverseRequest {
    ConverseRequest::new(model).system("Be brief.").tool(tool("rock.find")).tool(tool("weather"))
}

fn thinking(level: ThinkingLevel) -> PrepareOptions {
    PrepareOptions { thinking: Some(level), ..PrepareOptions::default() }
}

/// The emulated model calls the tools whose names, as they are sent, stand in the question.
const USE_BOTH: &str = "Use rock_find_7fe1ce76 and weather for Oslo.";

fn results(conversation: &Conversation) -> Vec<ToolResultBlock> {
    let found = |call: &ToolUseBlock| {
        let text = format!("{} found it", call.name);
        ToolResultBlock::new(&call.tool_use_id, [ToolResultContentBlock::Text(text)])
    };
    conversation.tool_calls().map(found).collect()
}

async fn say(conversation: &mut Conversation, text: &str) -> ConverseResponse {
    conversation.say(text).await.unwrap().collect().await.unwrap()
}

/// Role, and kinds of blocks, of each message.
fn outline(messages: &[Message]) -> Vec<String> {
    let kind = |block: &ContentBlock| {
        let json = serde_json::to_value(block).unwrap();
        json.as_object().unwrap().keys().next().unwrap().clone()
    };
    let one = |message: &Message| {
        let kinds: Vec<String> = message.content.iter().map(kind).collect();
        format!("{}: {}", message.role, kinds.join(" "))
    };
    messages.iter().map(one).collect()
}

/// How many requests arrived.
fn count(emulator: &Emulator) -> usize {
    emulator.requests().len()
}

#[tokio::test]
async fn twelve_turns_with_tools_an_interruption_and_failures_end_with_a_valid_history() {
    for model in [SONNET, OPUS, NOVA, LLAMA, DEMO_MODEL_ID] {
        // The fourth and the tenth request fail.
        let answers = |times| json!({"times": times, "fault": {"kind": "slow", "ms": 0}});
        let (emulator, client) = emulator(json!([
            answers(3), {"times": 1, "fault": {"kind": "http", "status": 503}},
            answers(5), {"times": 1, "fault": {"kind": "http", "status": 500}},
        ]))
        .await;
        let mut conversation = client.conversation(request(model)).options(thinking(ThinkingLevel::Low));
        say(&mut conversation, "Hello.").await;
        say(&mut conversation, USE_BOTH).await;
        let found = results(&conversation);
        assert_eq!(found.len(), 2, "{model}");
        conversation.tool_results(found).await.unwrap().collect().await.unwrap();
        assert_eq!(conversation.messages().len(), 6, "{model}");

        let before = conversation.messages().to_vec();
        let failed = conversation.say("Fail.").await.unwrap_err();
        assert_eq!(failed.status(), Some(503), "{model}");
        assert_eq!(conversation.messages(), before, "a failed turn has not happened");

        say(&mut conversation, "Go on.").await;
        let before = conversation.messages().to_vec();
        let mut turn = conversation.say("Tell me more, redacted.").await.unwrap();
        for _ in 0..3 {
            assert!(turn.next().await.unwrap().is_some());
        }
        drop(turn);
        assert_eq!(conversation.messages(), before, "a dropped turn has not happened");
        assert_eq!(conversation.unanswered().map(Message::text).unwrap(), "Tell me more, redacted.");
        conversation.again().await.unwrap().collect().await.unwrap();
        assert_eq!(conversation.messages().len(), 10, "{model}");

        say(&mut conversation, USE_BOTH).await;
        // One result is missing: the model is told so.
        let one: Vec<_> = results(&conversation).into_iter().take(1).collect();
        conversation.tool_results(one).await.unwrap().collect().await.unwrap();
        let failed = conversation.say(USE_BOTH).await.unwrap_err();
        assert_eq!(failed.status(), Some(500), "{model}");
        conversation.again().await.unwrap().collect().await.unwrap();
        assert_eq!(conversation.tool_calls().count(), 2, "{model}");
        // The calls are left without results.
        say(&mut conversation, "Never mind.").await;
        say(&mut conversation, "Use weather for Rome.").await;
        let found = results(&conversation);
        conversation.tool_results(found).await.unwrap().collect().await.unwrap();
        let last = say(&mut conversation, "Goodbye.").await;
        assert_eq!(last.stop_reason, Some(StopReason::EndTurn), "{model}");

        let stored = serde_json::to_string(conversation.messages()).unwrap();
        let messages: Vec<Message> = serde_json::from_str(&stored).unwrap();
        assert_eq!(messages, conversation.messages());
        assert_eq!(messages.len(), 24, "{:?}", outline(&messages));
        for (at, message) in messages.iter().enumerate() {
            let role = if at % 2 == 0 { Role::User } else { Role::Assistant };
            assert_eq!(message.role, role, "{model} {at}");
        }
        assert_eq!(count(&emulator), 15, "{model}: nothing was refused and asked again");
        let mut again = client.conversation(ConverseRequest { messages, ..request(model) });
        say(&mut again, "Still there?").await;
    }
}

#[tokio::test]
async fn a_cut_stream_gives_its_error_and_the_next_turn_works() {
    let (_emulator, client) =
        emulator(json!([{"times": 1, "fault": {"kind": "cut", "after_events": 4}}])).await;
    let mut conversation = client.conversation(ConverseRequest::new(NOVA));
    let mut turn = conversation.say("What is granite?").await.unwrap();
    let error = loop {
        match turn.next().await {
            Ok(event) => assert!(event.is_some()),
            Err(error) => break error,
        }
    };
    assert!(matches!(error, Error::StreamCut(_)), "{error:?}");
    assert!(turn.next().await.is_err(), "a cut turn stays cut");
    drop(turn);
    assert!(conversation.messages().is_empty());
    say(&mut conversation, "What is basalt?").await;
    assert_eq!(outline(conversation.messages()), ["user: text", "assistant: text"]);
    assert_eq!(conversation.messages()[0].text(), "What is basalt?");
    assert!(matches!(conversation.again().await, Err(Error::InvalidRequest(_))));
}

#[tokio::test]
async fn tools_have_the_callers_names_in_events_history_and_requests_to_come() {
    // Nova streams with tools, Llama does not.
    for model in [NOVA, LLAMA] {
        let (emulator, client) = emulator(json!([])).await;
        let mut conversation = client.conversation(request(model));
        let mut turn = conversation.say(USE_BOTH).await.unwrap();
        let (mut names, mut text) = (Vec::new(), String::new());
        while let Some(event) = turn.next().await.unwrap() {
            match event {
                StreamEvent::ContentBlockStart { start: BlockStart::ToolUse { name, .. }, .. } => {
                    names.push(name.into_owned());
                }
                StreamEvent::ContentBlockDelta { delta: BlockDelta::Text(piece), .. } => text += &piece,
                _ => {}
            }
        }
        assert!(turn.next().await.unwrap().is_none(), "the end stays the end");
        let answer = turn.collect().await.unwrap();
        assert_eq!(names, ["rock.find", "weather"], "{model}");
        assert_eq!(answer.text(), text, "{model}");
        assert_eq!(conversation.messages().len(), 2, "an answer is kept once");
        assert_eq!(conversation.messages().last(), answer.message());
        let called: Vec<&str> = conversation.tool_calls().map(|call| call.name.as_str()).collect();
        assert_eq!(called, names, "{model}");
        assert!(conversation.adjustments().iter().any(|one| one.rule == Rule::ToolNames), "{model}");

        let found = results(&conversation);
        conversation.tool_results(found).await.unwrap().collect().await.unwrap();
        assert_eq!(conversation.tool_calls().count(), 0, "{model}");
        let bodies: Vec<Value> =
            emulator.requests().iter().map(|sent| serde_json::from_slice(&sent.body).unwrap()).collect();
        let sent = bodies[1].pointer("/messages/1/content/1/toolUse/name");
        assert_eq!(sent, Some(&json!("rock_find_7fe1ce76")), "{model}: {}", bodies[1]);
        assert_eq!(outline(conversation.messages())[2], "user: toolResult toolResult", "{model}");
    }
}

#[tokio::test]
async fn an_input_that_was_put_into_an_object_comes_out_of_it() {
    let (_emulator, client) = emulator(json!([])).await;
    let bare = ToolSpecification::new("spell", json!({"type": "string"})).description("Spells a word.");
    let mut conversation = client.conversation(ConverseRequest::new(NOVA).tool(bare));
    let answer = say(&mut conversation, "spell granite").await;
    let input = conversation.tool_calls().next().unwrap().input.clone();
    assert!(input.as_json().starts_with('"'), "{input:?}");
    assert_eq!(conversation.messages().last(), answer.message());
    let found = results(&conversation);
    conversation.tool_results(found).await.unwrap().collect().await.unwrap();
}

#[tokio::test]
async fn thinking_goes_back_byte_for_byte() {
    let (emulator, client) = emulator(json!([])).await;
    let mut conversation = client.conversation(request(SONNET)).options(thinking(ThinkingLevel::Medium));
    say(&mut conversation, "Use weather for Oslo, redacted.").await;
    let found = results(&conversation);
    conversation.tool_results(found).await.unwrap().collect().await.unwrap();
    let thought: Vec<&ReasoningContentBlock> = conversation.messages()[1]
        .content
        .iter()
        .filter_map(|block| if let ContentBlock::ReasoningContent(it) = block { Some(it) } else { None })
        .collect();
    assert_eq!(thought.len(), 2);
    let body: Value = serde_json::from_slice(&emulator.requests()[1].body).unwrap();
    for (at, thought) in thought.into_iter().enumerate() {
        let sent = &body["messages"][1]["content"][at]["reasoningContent"];
        assert_eq!(*sent, serde_json::to_value(thought).unwrap());
    }
}

#[tokio::test]
async fn what_a_model_refuses_is_learned_from_and_remembered() {
    let (emulator, client) = emulator(json!([])).await;
    let known = |model| catalog::facts(&ModelId::parse(model).unwrap(), None).facts;
    // Facts that are out of date.
    let mut conversation = client.conversation(request(OPUS).temperature(0.5)).facts(known(SONNET));
    say(&mut conversation, "Hello.").await;
    assert_eq!(count(&emulator), 2);
    assert!(conversation.adjustments().iter().any(|one| one.rule == Rule::Sampling));
    say(&mut conversation, "And again.").await;
    assert_eq!(count(&emulator), 3);
    let mut other = client.conversation(request(OPUS).temperature(0.5)).facts(known(SONNET));
    say(&mut other, "Hello.").await;
    assert_eq!(count(&emulator), 4, "another conversation of the client knows it too");
    assert_eq!(conversation.into_request().inference_config.unwrap().temperature, Some(0.5));

    let mut facts = known(LLAMA);
    facts.tools.streaming = true;
    let mut conversation = client.conversation(request(LLAMA)).facts(facts);
    say(&mut conversation, "Hello.").await;
    let sent: Vec<bool> =
        emulator.requests()[4..].iter().map(|sent| sent.path().ends_with("-stream")).collect();
    assert_eq!(sent, [true, false], "a model that does not stream with tools is asked for the whole");
}

#[tokio::test]
async fn what_teaches_nothing_is_not_asked_again() {
    let (emulator, client) = emulator(json!([])).await;
    for (model, class) in [
        ("emulator.context-overflow", ServiceClass::ContextOverflow),
        ("emulator.denied", ServiceClass::AccessDenied),
        ("meta.llama3-3-70b-instruct-v1:0", ServiceClass::NeedsProfile),
    ] {
        let before = count(&emulator);
        let mut conversation = client.conversation(ConverseRequest::new(model));
        let error = conversation.say("Hello.").await.unwrap_err();
        assert_eq!(error.service_failure().map(|failure| failure.class), Some(class), "{model}");
        assert_eq!(count(&emulator) - before, 1, "{model}");
    }
    for model in ["", " ", ".."] {
        let error = client.conversation(ConverseRequest::new(model)).say("Hello.").await.unwrap_err();
        assert!(matches!(error, Error::InvalidRequest(_)), "{model}");
    }
}

#[tokio::test]
async fn a_call_that_carries_a_structured_answer_waits_for_no_result() {
    let (_emulator, client) = emulator(json!([])).await;
    let schema: Document = json!({"type": "object", "properties": {"age": {"type": "integer"}}}).into();
    let schema = Some(AnswerSchema { schema, ..AnswerSchema::default() });
    let options = PrepareOptions { schema, ..PrepareOptions::default() };
    let mut conversation = client.conversation(ConverseRequest::new(NOVA)).options(options);
    let answer = say(&mut conversation, "How old is granite?").await;
    assert_eq!(answer.stop_reason, Some(StopReason::EndTurn));
    let json: Value = serde_json::from_str(&answer.text()).unwrap();
    assert!(json["age"].is_i64(), "{json}");
    assert_eq!(outline(conversation.messages()), ["user: text", "assistant: text"]);
    assert!(matches!(conversation.structured_answer().map(|it| &it.lane), Some(AnswerLane::Tool(_))));
    assert_eq!(conversation.tool_calls().count(), 0);
    say(&mut conversation, "And basalt?").await;
}

/// Edits of a history, and another model for it.
#[tokio::test]
async fn any_history_can_be_put_in() {
    let (_emulator, client) = emulator(json!([])).await;
    let mut conversation = client.conversation(request(SONNET)).options(thinking(ThinkingLevel::Low));
    say(&mut conversation, USE_BOTH).await;
    let request = ConverseRequest { model_id: NOVA.to_owned(), ..conversation.into_request() };
    let mut conversation = client.conversation(request);
    let found = results(&conversation);
    assert_eq!(found.len(), 2, "calls wait after a restart too");
    conversation.tool_results(found).await.unwrap().collect().await.unwrap();
    conversation.messages_mut().drain(..1);
    say(&mut conversation, "Hello.").await;
    conversation.messages_mut().truncate(2);
    say(&mut conversation, "Hello.").await;
    conversation.messages_mut().clear();
    say(&mut conversation, "Hello.").await;
    assert_eq!(conversation.messages().len(), 2);
}

#[test]
fn a_call_that_cannot_be_carried_out_is_still_one_after_storage() {
    for (input, is_broken) in
        [(r#""{\"city\": \"Rey""#, true), (r#"{"city":"Reykjavik"}"#, false), (r#""Reykjavik""#, false)]
    {
        let call = format!(r#"{{"toolUse":{{"toolUseId":"t","name":"weather","input":{input}}}}}"#);
        let history = format!(r#"[{{"role":"assistant","content":[{call}]}}]"#);
        let client = Client::builder().region("us-east-1").build().unwrap();
        let messages = serde_json::from_str(&history).unwrap();
        let conversation = client.conversation(ConverseRequest { messages, ..ConverseRequest::new(NOVA) });
        let found: Vec<bool> = conversation.tool_calls().map(|call| call.input_problem.is_some()).collect();
        assert_eq!(found, [is_broken], "{input}");
    }
}

#[test]
fn conversations_and_turns_go_to_other_threads_and_logs_do_not_show_them() {
    fn is_send<T: Send>(_: &T) {}
    let client = Client::builder().region("us-east-1").build().unwrap();
    let history = ConverseRequest::new(NOVA).message(Message::user("a secret"));
    let mut conversation = client.conversation(history);
    let shown = format!("{conversation:?}");
    assert!(shown.contains(NOVA) && !shown.contains("secret"), "{shown}");
    is_send(&conversation);
    is_send(&async { conversation.say("x").await?.collect().await });
}

#[tokio::test]
async fn how_a_stream_waits_for_a_guardrail_is_told_to_streams_only() {
    let (emulator, client) = emulator(json!([])).await;
    let guardrail = GuardrailConfiguration {
        guardrail_identifier: Some("g".to_owned()),
        guardrail_version: Some("1".to_owned()),
        stream_processing_mode: Some(GuardrailStreamProcessingMode::SYNC),
        ..GuardrailConfiguration::default()
    };
    let options = PrepareOptions { guardrail: Some(guardrail), ..PrepareOptions::default() };
    // Llama does not stream when it has tools.
    for (model, expected) in [(NOVA, json!("sync")), (LLAMA, Value::Null)] {
        say(&mut client.conversation(request(model)).options(options.clone()), "Hello.").await;
        let body: Value = serde_json::from_slice(&emulator.requests().last().unwrap().body).unwrap();
        assert_eq!(body["guardrailConfig"]["streamProcessingMode"], expected, "{model}");
        assert_eq!(body["guardrailConfig"]["guardrailIdentifier"], "g", "{model}");
    }
}
