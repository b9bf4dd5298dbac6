//! The events of an answer that came whole, in Bedrock's own shapes.
//!
//! `--output jsonl` is events, whether the model streams or not. What a whole answer has no events of is not written:
//! see [`crate::client::replay`].

use crate::converse::{ConverseResponse, Document, StopReason};
use crate::stream::{BlockDelta, BlockStart, StreamEvent};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use serde_json::{Value, json, to_vec};

/// The name of one of the events of `response`, and its payload.
pub(super) fn write(
    event: &StreamEvent<'_>,
    response: &ConverseResponse,
) -> serde_json::Result<Option<(&'static str, Vec<u8>)>> {
    let (name, payload) = match event {
        StreamEvent::MessageStart { role } => ("messageStart", to_vec(&json!({ "role": role.as_str() }))?),
        StreamEvent::ContentBlockStart { index, start } => {
            let Some(start) = announced(start) else { return Ok(None) };
            ("contentBlockStart", to_vec(&json!({ "contentBlockIndex": index, "start": start }))?)
        }
        StreamEvent::ContentBlockDelta { index, delta } => {
            let Some(delta) = piece(delta) else { return Ok(None) };
            ("contentBlockDelta", to_vec(&json!({ "contentBlockIndex": index, "delta": delta }))?)
        }
        StreamEvent::ContentBlockStop { index } => {
            ("contentBlockStop", to_vec(&json!({ "contentBlockIndex": index }))?)
        }
        StreamEvent::MessageStop { stop_reason, .. } => {
            let additional_model_response_fields = response.additional_model_response_fields.as_ref();
            ("messageStop", to_vec(&MessageStop { stop_reason, additional_model_response_fields })?)
        }
        StreamEvent::Metadata(metadata) => ("metadata", to_vec(metadata)?),
        StreamEvent::Unknown { .. } => return Ok(None),
    };
    Ok(Some((name, payload)))
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct MessageStop<'a> {
    stop_reason: &'a StopReason,
    #[serde(skip_serializing_if = "Option::is_none")]
    additional_model_response_fields: Option<&'a Document>,
}

fn announced(start: &BlockStart<'_>) -> Option<Value> {
    match start {
        BlockStart::ToolUse { tool_use_id, name, kind } => {
            let mut call = json!({ "toolUseId": tool_use_id, "name": name });
            if let (Some(kind), Some(members)) = (kind, call.as_object_mut()) {
                members.insert("type".to_owned(), json!(kind));
            }
            Some(json!({ "toolUse": call }))
        }
        BlockStart::ToolResult { .. } | BlockStart::Image { .. } | BlockStart::Unknown { .. } => None,
    }
}

fn piece(delta: &BlockDelta<'_>) -> Option<Value> {
    match delta {
        BlockDelta::Text(text) => Some(json!({ "text": text })),
        BlockDelta::ToolUse { input } => Some(json!({ "toolUse": { "input": input } })),
        BlockDelta::ReasoningText(text) => Some(json!({ "reasoningContent": { "text": text } })),
        BlockDelta::ReasoningSignature(signature) => {
            Some(json!({ "reasoningContent": { "signature": signature } }))
        }
        BlockDelta::ReasoningRedacted(bytes) => {
            Some(json!({ "reasoningContent": { "redactedContent": STANDARD.encode(bytes) } }))
        }
        BlockDelta::ToolResult(_)
        | BlockDelta::Citation(_)
        | BlockDelta::Image(_)
        | BlockDelta::Unknown { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::replay;
    use crate::converse::Fold;
    use crate::stream::{StreamDecoder, encode};

    #[test]
    fn the_lines_of_a_whole_answer_put_together_are_the_answer() {
        let response: ConverseResponse = serde_json::from_value(json!({
            "output": { "message": { "role": "assistant", "content": [
                { "reasoningContent": { "reasoningText": { "text": "well", "signature": "c2ln" } } },
                { "reasoningContent": { "redactedContent": "AAECAw==" } },
                { "text": "look" },
                { "toolUse": { "toolUseId": "t1", "name": "look", "input": { "a": 1 } } },
                { "toolUse": { "toolUseId": "t2", "name": "web", "input": {}, "type": "server_tool_use" } },
            ] } },
            "stopReason": "tool_use",
            "additionalModelResponseFields": { "stop_sequence": "x" },
            "usage": { "inputTokens": 1, "outputTokens": 2, "totalTokens": 3 },
            "metrics": { "latencyMs": 4 },
        }))
        .unwrap();
        let (mut decoder, mut fold) = (StreamDecoder::new(), Fold::new());
        for event in replay::events(&response) {
            let (name, payload) = write(&event, &response).unwrap().unwrap();
            decoder.push(encode::event(name, payload));
            fold.push(&decoder.next().unwrap().unwrap());
        }
        assert_eq!(fold.finish(), response);
    }
}
