//! The shapes of answers, and what depends on the setting rather than on the script.

use super::{Setting, converse, converse_stream, count_tokens};
use crate::emulator::answer::{Reply, Step};
use crate::emulator::catalog::Catalog;
use crate::emulator::faults::Fault;
use crate::emulator::prompt::PromptCache;
use crate::emulator::refusal::Refusal;
use aws_smithy_eventstream::frame::{DecodedFrame, MessageFrameDecoder};
use bytes::BytesMut;
use serde_json::{Value, json};
use std::sync::Mutex;
use std::time::Duration;

const BASALT: &str = "emulator.basalt-v1:0";

fn with_setting<T>(fault: Option<Fault>, token_time: Duration, run: impl FnOnce(&Setting<'_>) -> T) -> T {
    let (catalog, cache) = (Catalog::built_in().unwrap(), Mutex::new(PromptCache::default()));
    let model = catalog.model(BASALT).unwrap();
    run(&Setting { model, token_time, fault: fault.as_ref(), cache: &cache })
}

fn whole(body: &Value, fault: Option<Fault>) -> Result<Value, Refusal> {
    let body = body.to_string();
    with_setting(fault, Duration::ZERO, |setting| converse(body.as_bytes(), setting))
        .map(|reply| serde_json::from_slice(&reply.bytes()).unwrap())
}

fn streamed(body: &Value, token_time: Duration) -> Reply {
    let body = body.to_string();
    with_setting(None, token_time, |setting| converse_stream(body.as_bytes(), setting)).unwrap()
}

fn ask(question: &str, more: Value) -> Value {
    let mut body = json!({"messages": [{"role": "user", "content": [{"text": question}]}]});
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

/// Event names and payloads of a stream.
fn decoded(reply: &Reply) -> Vec<(String, Value)> {
    let mut bytes = BytesMut::from(reply.bytes().as_ref());
    let mut decoder = MessageFrameDecoder::new();
    let mut events = Vec::new();
    while let DecodedFrame::Complete(message) = decoder.decode_frame(&mut bytes).unwrap() {
        let name = message.headers()[0].value().as_string().unwrap().as_str().to_owned();
        events.push((name, serde_json::from_slice(message.payload()).unwrap()));
    }
    assert!(bytes.is_empty());
    events
}

#[test]
fn whole_and_streamed_answers_say_the_same() {
    let body = ask("Why?", json!({"inferenceConfig": {"maxTokens": 30}}));
    let answer = whole(&body, None).unwrap();
    let events = decoded(&streamed(&body, Duration::ZERO));
    let text: String =
        events.iter().filter_map(|(_, payload)| payload.pointer("/delta/text")?.as_str()).collect();
    assert_eq!(answer["output"]["message"]["content"], json!([{"text": text}]));
    assert_eq!(answer["output"]["message"]["role"], "assistant");
    let (name, last) = events.last().unwrap();
    assert_eq!(name, "metadata");
    assert_eq!((&last["usage"], &last["metrics"]), (&answer["usage"], &answer["metrics"]));
    let stop = &events[events.len() - 2].1;
    assert_eq!((&stop["stopReason"], &answer["stopReason"]), (&json!("max_tokens"), &json!("max_tokens")));
    assert_eq!(answer["usage"]["outputTokens"], 30);
    assert_eq!(answer["usage"]["inputTokens"], 2);
    assert!(answer["metrics"]["latencyMs"].as_u64().unwrap() > 0);
}

#[test]
fn stop_sequences_and_settings_come_back() {
    let body = ask(
        "Why?",
        json!({
            "inferenceConfig": {"stopSequences": ["rocks"]},
            "additionalModelResponseFieldPaths": ["/stop_sequence", "/delta/stop_sequence", "/other"],
            "serviceTier": {"type": "flex"},
            "performanceConfig": {"latency": "standard"},
        }),
    );
    let answer = whole(&body, None).unwrap();
    let fields = json!({"stop_sequence": "rocks", "delta": {"stop_sequence": "rocks"}});
    assert_eq!(answer["additionalModelResponseFields"], fields);
    assert_eq!(
        (&answer["serviceTier"], &answer["performanceConfig"]),
        (&body["serviceTier"], &body["performanceConfig"])
    );
    let events = decoded(&streamed(&body, Duration::ZERO));
    assert_eq!(events[events.len() - 2].1["additionalModelResponseFields"], fields);
    assert_eq!(events[events.len() - 1].1["serviceTier"], body["serviceTier"]);
}

#[test]
fn thinking_and_tool_calls_are_blocks() {
    let body = ask(
        "Please look_up this redacted thing",
        json!({
            "toolConfig": {"tools": [{"toolSpec": {"name": "look_up", "inputSchema": {"json": {
                "type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"],
            }}}}]},
            "additionalModelRequestFields": {"reasoning_effort": "low"},
        }),
    );
    let answer = whole(&body, None).unwrap();
    let content = answer["output"]["message"]["content"].as_array().unwrap();
    assert_eq!(content.len(), 4);
    assert!(content[0]["reasoningContent"]["reasoningText"]["signature"].is_string());
    assert!(content[1]["reasoningContent"]["redactedContent"].is_string());
    assert!(content[2]["text"].is_string());
    assert_eq!(content[3]["toolUse"]["input"], json!({"n": 2}));
    assert!(content[3]["toolUse"]["toolUseId"].as_str().unwrap().starts_with("tooluse_"));
    assert_eq!(answer["stopReason"], "tool_use");
}

#[test]
fn any_stop_reason_can_be_had() {
    let guardrail = json!({"guardrailConfig": {
        "guardrailIdentifier": "abc", "guardrailVersion": "1", "trace": "enabled",
    }});
    let stop = |reason: &str| Some(Fault::Stop { reason: reason.to_owned() });
    let answer = whole(&ask("Why?", guardrail), stop("guardrail_intervened")).unwrap();
    assert_eq!(answer["stopReason"], "guardrail_intervened");
    assert!(answer.pointer("/trace/guardrail/inputAssessment/abc").is_some());
    let answer = whole(&ask("Why?", json!({})), stop("eroded")).unwrap();
    assert_eq!((&answer["stopReason"], answer.get("trace")), (&json!("eroded"), None));
}

#[test]
fn bodies_that_are_no_objects_are_serialization_errors() {
    for body in ["{", "[]", "null", "\"x\"", "\u{0}"] {
        let refused =
            with_setting(None, Duration::ZERO, |setting| converse(body.as_bytes(), setting)).unwrap_err();
        assert_eq!((refused.status, refused.code.as_ref()), (400, "SerializationException"), "{body}");
    }
    let empty = with_setting(None, Duration::ZERO, |setting| converse(b"", setting)).unwrap_err();
    assert_eq!(empty.code, "ValidationException");
}

#[test]
fn a_conversation_larger_than_the_window_is_refused() {
    let refused = whole(&ask(&"rock ".repeat(200_001), json!({})), None).unwrap_err();
    assert_eq!((refused.status, refused.message.as_str()), (400, "Input is too long for requested model."));
}

#[test]
fn a_pace_puts_one_pause_before_each_piece_and_none_before_other_events() {
    let body = ask("Reply with one two three", json!({}));
    let token_time = Duration::from_millis(40);
    let steps = streamed(&body, token_time).steps;
    let pauses = steps.iter().filter(|step| **step == Step::Wait(token_time)).count();
    assert_eq!((pauses, steps.len()), (3, 3 + 7));
    let fast = streamed(&body, Duration::ZERO).steps;
    assert_eq!(fast.len(), 1, "without a pace frames share a write");
    let body = body.to_string();
    let reply = with_setting(None, token_time, |setting| converse(body.as_bytes(), setting)).unwrap();
    assert_eq!(reply.delay, token_time * 3);
}

#[test]
fn tokens_are_counted_for_both_kinds_of_request() {
    let catalog = Catalog::built_in().unwrap();
    let request = ask("one two three", json!({}));
    let count = |id: &str, input: Value| {
        let body = json!({ "input": input }).to_string();
        count_tokens(body.as_bytes(), catalog.model(id).unwrap())
            .map(|reply| serde_json::from_slice::<Value>(&reply.bytes()).unwrap()["inputTokens"].clone())
            .map_err(|refusal| refusal.message)
    };
    let haiku = "anthropic.claude-3-haiku-20240307-v1:0";
    assert_eq!(count(haiku, json!({ "converse": request })).unwrap(), 3);
    // base64 of {"messages":[{"role":"user","content":[{"type":"text"}]}]}
    let body = "eyJtZXNzYWdlcyI6W3sicm9sZSI6InVzZXIiLCJjb250ZW50IjpbeyJ0eXBlIjoidGV4dCJ9XX1dfQ==";
    assert_eq!(count(haiku, json!({"invokeModel": {"body": body}})).unwrap(), 1);
    for (id, input, fragment) in [
        ("amazon.nova-lite-v1:0", json!({ "converse": request }), "doesn't support counting tokens"),
        (haiku, json!({}), "must set one of"),
        (haiku, json!({"converse": {}}), "must start with a user message"),
        (haiku, json!({"invokeModel": {"body": "%"}}), "not base64"),
    ] {
        let message = count(id, input).unwrap_err();
        assert!(message.contains(fragment), "{message}");
    }
}
