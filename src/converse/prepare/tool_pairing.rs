//! Rules `tool-pairing` and `tool-ids`: every call has its result in the next message, every result its call,
//! and every call an id of its own.
//!
//! A call and its result are always neighbours, so an id means something only between the two; it is claimed
//! anew for each call, and what other programs use twice (`call_0` in every turn) becomes unique. Results come
//! first in their message, in the order in which they came. A call without a result gets one that says so, and
//! a result without a call becomes text. Runs on messages that take turns already.

use super::draft::Draft;
use super::identifier::{Identifiers, Shape};
use super::placement::is_service_call;
use super::report::Rule;
use super::tool_text;
use crate::catalog::facts::Family;
use crate::converse::{
    ContentBlock, Message, Role, ToolResultBlock, ToolResultContentBlock, ToolResultStatus,
};
use std::collections::HashMap;

/// What stands in for a result that never came.
const NO_RESULT: &str = "No result provided";

/// A call that waits for its result.
struct Open {
    /// The id that it had.
    original: String,
    /// The id that it has now.
    id: String,
}

pub(super) fn apply(draft: &mut Draft<'_>) {
    if draft.request.tool_config.is_none() {
        // Calls and results are text by now.
        return;
    }
    let shape = if draft.facts.family == Family::Mistral { Shape::Nine } else { Shape::Plain };
    let mut ids = Identifiers::new(shape, []);
    let mut names = HashMap::new();
    let mut open = Vec::new();
    let mut messages = std::mem::take(&mut draft.request.messages);
    for (at, message) in messages.iter_mut().enumerate() {
        if message.role == Role::Assistant {
            open = calls(draft, at, message, &mut ids, &mut names);
        } else {
            results(draft, at, message, std::mem::take(&mut open), &names);
        }
    }
    if !open.is_empty() {
        let mut message = Message::new(Role::User, []);
        results(draft, messages.len(), &mut message, open, &names);
        messages.push(message);
    }
    draft.request.messages = messages;
}

/// Gives the calls of a message their ids. What the service ran itself has its results here too.
fn calls(
    draft: &mut Draft<'_>,
    at: usize,
    message: &mut Message,
    ids: &mut Identifiers,
    names: &mut HashMap<String, String>,
) -> Vec<Open> {
    let mut open = Vec::new();
    let mut served: Vec<Open> = Vec::new();
    for (number, block) in message.content.iter_mut().enumerate() {
        if let ContentBlock::ToolUse(call) = block {
            let id = ids.claim(&call.tool_use_id);
            let original = std::mem::replace(&mut call.tool_use_id, id.clone());
            if id != original {
                let (why, fact) = if draft.facts.family == Family::Mistral {
                    ("ids of tool calls must be nine letters and digits, each used once", Some("family"))
                } else {
                    ("ids of tool calls must be plain, at most 64 characters, each used once", None)
                };
                let place = format_args!("messages[{at}].content[{number}].toolUse.toolUseId");
                draft.note(Rule::ToolIds, place, why, fact);
            }
            names.insert(original.clone(), call.name.clone());
            let list = if is_service_call(call) { &mut served } else { &mut open };
            list.push(Open { original, id });
        } else if let ContentBlock::ToolResult(result) = block
            && let Some(call) = take(&mut served, &result.tool_use_id)
        {
            result.tool_use_id = call.id;
        }
    }
    open
}

/// Joins the results of a message with the calls that wait for them.
fn results(
    draft: &mut Draft<'_>,
    at: usize,
    message: &mut Message,
    mut open: Vec<Open>,
    names: &HashMap<String, String>,
) {
    let blocks = std::mem::take(&mut message.content);
    let (mut first, mut rest) = (Vec::new(), Vec::new());
    let mut is_moved = false;
    for (number, block) in blocks.into_iter().enumerate() {
        let place = format_args!("messages[{at}].content[{number}]").to_string();
        let ContentBlock::ToolResult(mut result) = block else {
            rest.push(block);
            continue;
        };
        match take(&mut open, &result.tool_use_id) {
            Some(call) => {
                is_moved |= !rest.is_empty();
                result.tool_use_id = call.id;
                first.push(ContentBlock::ToolResult(result));
            }
            None => {
                let why = "a tool result without a call in the message before is told as text";
                draft.note(Rule::ToolPairing, place, why, None);
                let name = names.get(&result.tool_use_id).map(String::as_str);
                tool_text::result(name, result, &message.role, &mut rest);
            }
        }
    }
    if is_moved {
        let why = "tool results stand before everything else in their message";
        draft.note(Rule::ToolPairing, format_args!("messages[{at}].content"), why, None);
    }
    for call in open {
        let why = "a tool call needs a result, so one is put in that says there was none";
        draft.note(Rule::ToolPairing, format_args!("messages[{at}].content"), why, None);
        first.push(ContentBlock::ToolResult(missing(call.id)));
    }
    first.append(&mut rest);
    message.content = first;
}

/// Takes the first call with that original id out of those that wait.
fn take(open: &mut Vec<Open>, original: &str) -> Option<Open> {
    let at = open.iter().position(|call| call.original == original)?;
    Some(open.remove(at))
}

fn missing(id: String) -> ToolResultBlock {
    ToolResultBlock {
        status: Some(ToolResultStatus::ERROR),
        ..ToolResultBlock::new(id, [ToolResultContentBlock::Text(NO_RESULT.to_owned())])
    }
}
