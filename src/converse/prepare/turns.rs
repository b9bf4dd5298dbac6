//! Rule `turns`: user and assistant take turns, and each says something.
//!
//! Messages of one role in a row become one; messages that the rules before have emptied go. Reasoning at the
//! end of a message goes too: a turn that was cut while the model thought is refused.

use super::draft::{Draft, is_cache_point};
use super::report::Rule;
use crate::converse::{ContentBlock, Message, Role};

/// What the user says when nothing is left of a conversation.
const NOTHING: &str = "(empty message)";

pub(super) fn apply(draft: &mut Draft<'_>) {
    if draft.request.messages.is_empty() {
        // The ARN of a prompt brings its own messages.
        return;
    }
    merge(draft);
    if drop_open_reasoning(draft) {
        merge(draft);
    }
    if draft.request.messages.is_empty() {
        draft.note(Rule::Turns, "messages", "a conversation must not be empty", None);
        draft.request.messages.push(Message::user(NOTHING));
    }
}

/// Drops empty messages and joins neighbours of one role.
pub(super) fn merge(draft: &mut Draft<'_>) {
    let messages = std::mem::take(&mut draft.request.messages);
    let mut merged: Vec<Message> = Vec::with_capacity(messages.len());
    for (at, message) in messages.into_iter().enumerate() {
        if message.content.iter().all(is_cache_point) {
            draft.note(Rule::Turns, format_args!("messages[{at}]"), "a message must not be empty", None);
            continue;
        }
        match merged.last_mut().filter(|last| last.role == message.role) {
            Some(last) => {
                let why = "two messages of one role in a row are refused, and sent as one";
                draft.note(Rule::Turns, format_args!("messages[{at}]"), why, None);
                last.content.extend(message.content);
            }
            None => merged.push(message),
        }
    }
    draft.request.messages = merged;
}

/// Drops reasoning, and cache points behind it, from the ends of the assistant's messages.
fn drop_open_reasoning(draft: &mut Draft<'_>) -> bool {
    let mut messages = std::mem::take(&mut draft.request.messages);
    let mut any = false;
    for (at, message) in messages.iter_mut().enumerate().filter(|(_, m)| m.role == Role::Assistant) {
        let is_closing = |block: &ContentBlock| {
            !is_cache_point(block) && !matches!(block, ContentBlock::ReasoningContent(_))
        };
        let kept = message.content.iter().rposition(is_closing).map_or(0, |last| last + 1);
        if message.content.iter().skip(kept).any(|block| !is_cache_point(block)) {
            let why = "a message of the assistant must not end in reasoning";
            draft.note(Rule::Turns, format_args!("messages[{at}].content[{kept}]"), why, None);
            message.content.truncate(kept);
            any = true;
        }
    }
    draft.request.messages = messages;
    any
}
