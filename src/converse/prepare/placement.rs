//! Rule `placement`: blocks stand in messages of the role that may hold them.
//!
//! Calls and reasoning are the assistant's; results and media are the user's. The one exception are tools that
//! the service runs itself: their results stand beside the calls, in the assistant's message. What is kept of an
//! answer that is no block, a piece of a stream that this version does not know, stands in none.
//!
//! <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Message.html>

use super::super::fold::is_piece;
use super::draft::{Draft, Spot, as_call, as_result};
use super::report::Rule;
use super::tool_text;
use crate::converse::{ContentBlock, Message, Role, ToolUseBlock, ToolUseType};
use std::collections::HashSet;

pub(super) fn apply(draft: &mut Draft<'_>) {
    let served: Vec<HashSet<usize>> = draft.request.messages.iter().map(served_in).collect();
    draft.each_block(|draft, spot, block, out| {
        if matches!(&block, ContentBlock::Unknown(member) if is_piece(&member.name)) {
            let why = "a piece of a stream that is not known is no block, and is refused";
            draft.note(Rule::Placement, spot, why, None);
            return;
        }
        match spot.role {
            Role::Assistant => {
                let is_served = served.get(spot.message).is_some_and(|blocks| blocks.contains(&spot.block));
                assistant(draft, spot, block, is_served, out);
            }
            Role::User | Role::System | Role::Unknown(_) => user(draft, spot, block, out),
        }
    });
}

/// Whether the service runs the tool of a call.
pub(super) fn is_service_call(call: &ToolUseBlock) -> bool {
    call.kind.as_ref() == Some(&ToolUseType::SERVER_TOOL_USE)
}

/// The blocks of a message that are calls which the service answered later in it, and those answers.
fn served_in(message: &Message) -> HashSet<usize> {
    let mut open: Vec<(usize, &str)> = Vec::new();
    let mut served = HashSet::new();
    for (at, block) in message.content.iter().enumerate() {
        if let Some(call) = as_call(block).filter(|call| is_service_call(call)) {
            open.push((at, &call.tool_use_id));
        } else if let Some(result) = as_result(block)
            && let Some(found) = open.iter().position(|(_, id)| *id == result.tool_use_id)
        {
            served.extend([open.remove(found).0, at]);
        }
    }
    served
}

fn assistant(
    draft: &mut Draft<'_>,
    spot: Spot<'_>,
    block: ContentBlock,
    is_served: bool,
    out: &mut Vec<ContentBlock>,
) {
    let (placeholder, why) = match block {
        ContentBlock::ToolResult(result) if !is_served => {
            draft.note(Rule::Placement, spot, "a tool result in a message of the assistant is text", None);
            tool_text::result(None, result, spot.role, out);
            return;
        }
        ContentBlock::ToolUse(call) if is_service_call(&call) && !is_served => {
            draft.note(Rule::Placement, spot, "a call that the service did not answer is text", None);
            out.push(tool_text::call(&call));
            return;
        }
        ContentBlock::Image(_) => ("(image)", "images stand in messages of the user"),
        ContentBlock::Document(_) => ("(document)", "documents stand in messages of the user"),
        ContentBlock::Video(_) => ("(video)", "videos stand in messages of the user"),
        ContentBlock::Audio(_) => ("(audio)", "sounds stand in messages of the user"),
        ContentBlock::Text(_)
        | ContentBlock::ToolUse(_)
        | ContentBlock::ToolResult(_)
        | ContentBlock::GuardContent(_)
        | ContentBlock::CachePoint(_)
        | ContentBlock::ReasoningContent(_)
        | ContentBlock::CitationsContent(_)
        | ContentBlock::SearchResult(_)
        | ContentBlock::ToolAddition(_)
        | ContentBlock::ToolRemoval(_)
        | ContentBlock::Unknown(_) => {
            out.push(block);
            return;
        }
    };
    draft.note(Rule::Placement, spot, why, None);
    out.push(ContentBlock::text(placeholder));
}

fn user(draft: &mut Draft<'_>, spot: Spot<'_>, block: ContentBlock, out: &mut Vec<ContentBlock>) {
    if let Some(call) = as_call(&block) {
        draft.note(Rule::Placement, spot, "a tool call in a message of the user is text", None);
        out.push(tool_text::call(call));
    } else if matches!(block, ContentBlock::ReasoningContent(_)) {
        draft.note(Rule::Placement, spot, "reasoning stands in messages of the assistant", None);
    } else {
        out.push(block);
    }
}
