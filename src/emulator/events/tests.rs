//! The order of events, and frames read back by AWS's own decoder.

use super::{Event, error_frame, events, exception_frame, frames, metadata};
use crate::emulator::faults::StreamException;
use crate::emulator::script::{Block, Script};
use aws_smithy_eventstream::frame::read_message_from;
use aws_smithy_types::event_stream::Message;
use bytes::Bytes;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

fn script(blocks: Vec<Block>) -> Script {
    Script { blocks, stop_reason: "end_turn".to_owned(), stop_sequence: None, output_tokens: 0 }
}

fn names(events: &[Event]) -> Vec<&'static str> {
    events.iter().map(|event| event.name).collect()
}

fn header<'a>(message: &'a Message, name: &str) -> &'a str {
    let header = message.headers().iter().find(|header| header.name().as_str() == name).unwrap();
    header.value().as_string().unwrap().as_str()
}

fn decode(frame: &Bytes) -> Message {
    read_message_from(&mut frame.clone()).unwrap()
}

#[test]
fn text_begins_with_its_first_delta() {
    let events = events(&script(vec![Block::Text("Basalt. 玄".to_owned())]), None);
    assert_eq!(
        names(&events),
        [
            "messageStart",
            "contentBlockDelta",
            "contentBlockDelta",
            "contentBlockDelta",
            "contentBlockStop",
            "messageStop"
        ]
    );
    assert_eq!(events[1].payload, json!({"contentBlockIndex": 0, "delta": {"text": "Basalt"}}));
    assert_eq!(events[3].payload["delta"]["text"], " 玄");
}

#[test]
fn blocks_of_every_kind_are_numbered_and_complete() {
    let input = r#"{"city":"Zürich \\ \"北\" 🪨"}"#;
    let blocks = vec![
        Block::Reasoning { text: "I think.".to_owned(), signature: "c2ln".to_owned() },
        Block::Redacted(vec![1, 2, 3]),
        Block::Text("So".to_owned()),
        Block::ToolUse { id: "tooluse_1".to_owned(), name: "t".to_owned(), input: input.to_owned() },
        Block::ToolUse { id: "tooluse_2".to_owned(), name: "u".to_owned(), input: "{}".to_owned() },
    ];
    let events = events(&script(blocks), Some(&json!({"stop_sequence": null})));
    let deltas = |index: u64| -> Vec<&Value> {
        let of_block =
            |event: &&Event| event.name == "contentBlockDelta" && event.payload["contentBlockIndex"] == index;
        events.iter().filter(of_block).map(|event| &event.payload["delta"]).collect()
    };
    assert_eq!(deltas(0).last().unwrap()["reasoningContent"], json!({"signature": "c2ln"}));
    assert_eq!(deltas(1).len(), 2);
    let joined: String = deltas(3).iter().map(|delta| delta["toolUse"]["input"].as_str().unwrap()).collect();
    assert_eq!(joined, input);
    assert_eq!(deltas(4), [&json!({"toolUse": {"input": ""}})], "no arguments, no pieces");
    let starts: Vec<&Value> = events
        .iter()
        .filter(|event| event.name == "contentBlockStart")
        .map(|event| &event.payload["start"]["toolUse"]["name"])
        .collect();
    assert_eq!(starts, ["t", "u"]);
    let stop = events.last().unwrap();
    assert_eq!(stop.payload["additionalModelResponseFields"], json!({"stop_sequence": null}));
}

#[test]
fn frames_are_read_by_the_decoder_of_aws() {
    let mut events = events(&script(vec![Block::Text("one two three four five".to_owned())]), None);
    events.push(metadata(Map::new(), json!({"inputTokens": 1}), 7));
    let frames = frames(&events).unwrap();
    assert_eq!(frames.len(), events.len());
    let mut lengths = BTreeSet::new();
    for (frame, event) in frames.iter().zip(&events) {
        let message = decode(frame);
        assert_eq!(header(&message, ":event-type"), event.name);
        assert_eq!(header(&message, ":content-type"), "application/json");
        assert_eq!(header(&message, ":message-type"), "event");
        let mut payload: Value = serde_json::from_slice(message.payload()).unwrap();
        let padding = payload.as_object_mut().unwrap().remove("p").unwrap();
        assert!(padding.as_str().unwrap().starts_with('a'));
        lengths.insert(padding.as_str().unwrap().len());
        assert_eq!(payload, event.payload);
    }
    assert!(lengths.len() > 3, "padding varies: {lengths:?}");
}

#[test]
fn exceptions_and_errors_have_their_own_headers() {
    for (exception, name) in [
        (StreamException::Internal, "internalServerException"),
        (StreamException::ModelStreamError, "modelStreamErrorException"),
        (StreamException::Validation, "validationException"),
        (StreamException::Throttling, "throttlingException"),
        (StreamException::Unavailable, "serviceUnavailableException"),
    ] {
        let message = decode(&exception_frame(exception).unwrap());
        assert_eq!(header(&message, ":exception-type"), name);
        assert_eq!(header(&message, ":message-type"), "exception");
        let payload: Value = serde_json::from_slice(message.payload()).unwrap();
        assert!(payload["message"].is_string());
    }
    let message = decode(&error_frame().unwrap());
    assert_eq!(header(&message, ":error-code"), "InternalFailure");
    assert!(message.payload().is_empty());
}
