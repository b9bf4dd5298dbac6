//! The events that a whole answer would have come in, for models that do not stream.
//!
//! Readers of events need not know which models stream. Text, reasoning, calls, the stop reason and usage have
//! events here; citations and media are in the answer only.

use crate::converse::{
    CitationsContentBlock, ContentBlock, ConverseResponse, ReasoningContentBlock, Role, StopReason,
    StreamMetadata, TextContent,
};
use crate::stream::{BlockDelta, BlockStart, StreamEvent};
use std::collections::VecDeque;

pub(crate) fn events(response: &ConverseResponse) -> VecDeque<StreamEvent<'static>> {
    let mut events = VecDeque::new();
    let (role, content) = match response.message() {
        Some(message) => (message.role.clone(), message.content.as_slice()),
        None => (Role::Assistant, [].as_slice()),
    };
    events.push_back(StreamEvent::MessageStart { role });
    for (index, block) in (0..).zip(content) {
        if let ContentBlock::ToolUse(call) = block {
            let start = BlockStart::ToolUse {
                tool_use_id: call.tool_use_id.clone().into(),
                name: call.name.clone().into(),
                kind: call.kind.as_ref().map(|kind| kind.as_str().to_owned().into()),
            };
            events.push_back(StreamEvent::ContentBlockStart { index, start });
        }
        let deltas = deltas(block);
        events.extend(deltas.into_iter().map(|delta| StreamEvent::ContentBlockDelta { index, delta }));
        events.push_back(StreamEvent::ContentBlockStop { index });
    }
    let stop_reason = response.stop_reason.clone().unwrap_or(StopReason::EndTurn);
    events.push_back(StreamEvent::MessageStop { stop_reason, additional: None });
    events.push_back(StreamEvent::Metadata(Box::new(StreamMetadata {
        usage: response.usage.clone(),
        metrics: response.metrics,
        trace: response.trace.clone(),
        performance_config: response.performance_config.clone(),
        service_tier: response.service_tier.clone(),
    })));
    events
}

fn deltas(block: &ContentBlock) -> Vec<BlockDelta<'static>> {
    match block {
        ContentBlock::Text(text) => vec![BlockDelta::Text(text.clone().into())],
        ContentBlock::CitationsContent(cited) => vec![BlockDelta::Text(text_of(cited).into())],
        ContentBlock::ToolUse(call) => {
            vec![BlockDelta::ToolUse { input: call.input.as_json().to_owned().into() }]
        }
        ContentBlock::ReasoningContent(ReasoningContentBlock::ReasoningText(block)) => {
            let signature = block.signature.clone();
            let signature = signature.map(|signature| BlockDelta::ReasoningSignature(signature.into()));
            [BlockDelta::ReasoningText(block.text.clone().into())].into_iter().chain(signature).collect()
        }
        ContentBlock::ReasoningContent(ReasoningContentBlock::RedactedContent(bytes)) => {
            vec![BlockDelta::ReasoningRedacted(bytes.to_vec())]
        }
        ContentBlock::ReasoningContent(ReasoningContentBlock::Unknown(_))
        | ContentBlock::Image(_)
        | ContentBlock::Document(_)
        | ContentBlock::Video(_)
        | ContentBlock::Audio(_)
        | ContentBlock::ToolResult(_)
        | ContentBlock::GuardContent(_)
        | ContentBlock::CachePoint(_)
        | ContentBlock::SearchResult(_)
        | ContentBlock::ToolAddition(_)
        | ContentBlock::ToolRemoval(_)
        | ContentBlock::Unknown(_) => Vec::new(),
    }
}

fn text_of(cited: &CitationsContentBlock) -> String {
    cited.content.iter().filter_map(TextContent::as_text).collect()
}
