//! Events for tests: read from the form of the API's pages, and made from an answer.
//!
//! The reader is this file's own, so that the fold is tested apart from the decoder.

use super::super::super::tests::strategies;
use crate::converse::{
    CitationsContentBlock, ContentBlock, ConverseOutput, ConverseResponse, ReasoningContentBlock,
    StreamMetadata, ToolResultContentBlock,
};
use crate::stream::{BlockDelta, BlockStart, StreamEvent};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use proptest::collection::vec;
use proptest::prelude::*;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use std::borrow::Cow;
use std::collections::BTreeMap;

pub(super) type Members<'a> = BTreeMap<&'a str, &'a RawValue>;

pub(super) fn members(json: &str) -> Members<'_> {
    serde_json::from_str(json).unwrap()
}

fn only_member(json: &str) -> (&str, &RawValue) {
    members(json).pop_first().unwrap()
}

fn read<T: DeserializeOwned>(raw: &RawValue) -> T {
    serde_json::from_str(raw.get()).unwrap()
}

fn optional<'a>(members: &Members<'a>, name: &str) -> Option<Cow<'a, str>> {
    members.get(name).and_then(|raw| read::<Option<String>>(raw)).map(Into::into)
}

/// An event in the form `{"contentBlockDelta": {...}}`.
pub(super) fn event(json: &str) -> StreamEvent<'_> {
    let (name, body) = only_member(json);
    let body = members(body.get());
    let index = || read(body["contentBlockIndex"]);
    match name {
        "messageStart" => StreamEvent::MessageStart { role: read(body["role"]) },
        "contentBlockStart" => {
            StreamEvent::ContentBlockStart { index: index(), start: start(body["start"].get()) }
        }
        "contentBlockDelta" => {
            StreamEvent::ContentBlockDelta { index: index(), delta: delta(body["delta"].get()) }
        }
        "contentBlockStop" => StreamEvent::ContentBlockStop { index: index() },
        "messageStop" => StreamEvent::MessageStop {
            stop_reason: read(body["stopReason"]),
            additional: body.get("additionalModelResponseFields").copied(),
        },
        "metadata" => {
            let metadata: StreamMetadata = read(only_member(json).1);
            StreamEvent::Metadata(Box::new(metadata))
        }
        _ => StreamEvent::Unknown { event_type: name, payload: json.as_bytes() },
    }
}

fn start(json: &str) -> BlockStart<'_> {
    let (member, value) = only_member(json);
    let inner = members(value.get());
    let text = |name| optional(&inner, name).unwrap_or_default();
    match member {
        "toolUse" => BlockStart::ToolUse {
            tool_use_id: text("toolUseId"),
            name: text("name"),
            kind: optional(&inner, "type"),
        },
        "toolResult" => BlockStart::ToolResult {
            tool_use_id: text("toolUseId"),
            kind: optional(&inner, "type"),
            status: optional(&inner, "status"),
        },
        "image" => BlockStart::Image { format: text("format") },
        _ => BlockStart::Unknown { member: member.into(), value },
    }
}

fn delta(json: &str) -> BlockDelta<'_> {
    let (member, value) = only_member(json);
    match member {
        "text" => BlockDelta::Text(read::<String>(value).into()),
        "toolUse" => BlockDelta::ToolUse { input: optional(&members(value.get()), "input").unwrap() },
        "toolResult" => BlockDelta::ToolResult(value),
        "citation" => BlockDelta::Citation(value),
        "image" => BlockDelta::Image(value),
        "reasoningContent" => {
            let (member, value) = only_member(value.get());
            match member {
                "text" => BlockDelta::ReasoningText(read::<String>(value).into()),
                "signature" => BlockDelta::ReasoningSignature(read::<String>(value).into()),
                "redactedContent" => {
                    BlockDelta::ReasoningRedacted(STANDARD.decode(read::<String>(value)).unwrap())
                }
                _ => BlockDelta::Unknown { member: format!("reasoningContent.{member}").into(), value },
            }
        }
        _ => BlockDelta::Unknown { member: member.into(), value },
    }
}

pub(super) fn content(response: ConverseResponse) -> Vec<ContentBlock> {
    match response.output {
        ConverseOutput::Message(message) => message.content,
        ConverseOutput::Unknown(unknown) => panic!("{unknown:?}"),
    }
}

/// `text` in up to three pieces.
fn pieces<'a>(text: &'a str, cuts: &[usize]) -> Vec<&'a str> {
    let mut ends: Vec<usize> =
        cuts.iter().map(|cut| text.floor_char_boundary(cut % (text.len() + 1))).collect();
    ends.sort_unstable();
    ends.push(text.len());
    let mut from = 0;
    ends.into_iter().map(|end| &text[std::mem::replace(&mut from, end)..end]).collect()
}

/// The events that stream `block`, its texts cut at `cuts`.
fn events_of(index: usize, block: &ContentBlock, cuts: &[usize]) -> Vec<String> {
    let start =
        |start: Value| json!({"contentBlockStart": {"contentBlockIndex": index, "start": start}}).to_string();
    // Not through a tree, which would write documents its own way.
    let raw =
        |delta: String| format!(r#"{{"contentBlockDelta":{{"contentBlockIndex":{index},"delta":{delta}}}}}"#);
    let json = |value: &str| serde_json::to_string(value).unwrap();
    let each = |text: &str, delta: &dyn Fn(&str) -> String| -> Vec<String> {
        pieces(text, cuts).into_iter().map(|piece| raw(delta(piece))).collect()
    };
    let mut events = match block {
        ContentBlock::Text(text) => each(text, &|piece| format!(r#"{{"text":{}}}"#, json(piece))),
        ContentBlock::CitationsContent(block) => {
            let texts = block.content.iter().map(|text| raw(serde_json::to_string(text).unwrap()));
            let citations = block.citations.iter().map(|one| serde_json::to_string(one).unwrap());
            texts.chain(citations.map(|one| raw(format!(r#"{{"citation":{one}}}"#)))).collect()
        }
        ContentBlock::ReasoningContent(ReasoningContentBlock::ReasoningText(block)) => {
            let delta = |name: &'static str| {
                move |piece: &str| format!(r#"{{"reasoningContent":{{"{name}":{}}}}}"#, json(piece))
            };
            let mut events = each(&block.text, &delta("text"));
            events.extend(block.signature.iter().flat_map(|signature| each(signature, &delta("signature"))));
            events
        }
        ContentBlock::ReasoningContent(ReasoningContentBlock::RedactedContent(blob)) => blob
            .chunks(3)
            .map(|bytes| {
                raw(json!({"reasoningContent": {"redactedContent": STANDARD.encode(bytes)}}).to_string())
            })
            .collect(),
        ContentBlock::ToolUse(tool) => {
            let (id, name) = (&tool.tool_use_id, &tool.name);
            let mut events =
                vec![start(json!({"toolUse": {"toolUseId": id, "name": name, "type": tool.kind}}))];
            let delta = |piece: &str| format!(r#"{{"toolUse":{{"input":{}}}}}"#, json(piece));
            events.extend(each(tool.input.as_json(), &delta));
            events
        }
        ContentBlock::ToolResult(result) => {
            let (id, status) = (&result.tool_use_id, &result.status);
            let begin = json!({"toolResult": {"toolUseId": id, "type": result.kind, "status": status}});
            let list = serde_json::to_string(&result.content).unwrap();
            vec![start(begin), raw(format!(r#"{{"toolResult":{list}}}"#))]
        }
        other => panic!("not streamed: {other:?}"),
    };
    events.push(json!({"contentBlockStop": {"contentBlockIndex": index}}).to_string());
    events
}

/// Blocks that a stream can carry in one way only.
pub(super) fn streamed_block() -> impl Strategy<Value = ContentBlock> {
    prop_oneof![
        any::<String>().prop_map(ContentBlock::Text),
        (any::<String>(), vec(strategies::citation(), 1..3)).prop_map(|(text, citations)| {
            let content = if text.is_empty() { vec![] } else { vec![text.into()] };
            ContentBlock::CitationsContent(CitationsContentBlock { content, citations })
        }),
        strategies::reasoning()
            .prop_filter("a kind that streams", |reasoning| match reasoning {
                ReasoningContentBlock::ReasoningText(_) => true,
                ReasoningContentBlock::RedactedContent(blob) => !blob.is_empty(),
                ReasoningContentBlock::Unknown(_) => false,
            })
            .prop_map(ContentBlock::ReasoningContent),
        strategies::tool_use().prop_map(ContentBlock::ToolUse),
        strategies::tool_result().prop_map(|mut result| {
            result.content.retain(|piece| {
                matches!(piece, ToolResultContentBlock::Text(_) | ToolResultContentBlock::Json(_))
            });
            ContentBlock::ToolResult(result)
        }),
    ]
}

/// The events that stream `response`.
pub(super) fn stream_of(response: &ConverseResponse, cuts: &[usize]) -> Vec<String> {
    let mut events = vec![json!({"messageStart": {"role": "assistant"}}).to_string()];
    for (index, block) in content(response.clone()).iter().enumerate() {
        events.extend(events_of(index * 3, block, cuts));
    }
    let reason = serde_json::to_string(&response.stop_reason).unwrap();
    let additional = response.additional_model_response_fields.iter();
    let additional: String = additional
        .map(|fields| format!(r#","additionalModelResponseFields":{}"#, fields.as_json()))
        .collect();
    events.push(format!(r#"{{"messageStop":{{"stopReason":{reason}{additional}}}}}"#));
    let metadata = StreamMetadata {
        usage: response.usage.clone(),
        metrics: response.metrics,
        trace: response.trace.clone(),
        performance_config: response.performance_config.clone(),
        service_tier: response.service_tier.clone(),
    };
    events.push(format!(r#"{{"metadata":{}}}"#, serde_json::to_string(&metadata).unwrap()));
    events
}
