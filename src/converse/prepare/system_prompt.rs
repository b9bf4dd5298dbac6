//! Rule `system-prompt`: the system prompt stands where the model reads it.
//!
//! Some models have no system prompt; theirs stands before the user's first words. Blank blocks are refused.

use super::draft::{Draft, is_blank};
use super::report::Rule;
use super::{blank, media_support};
use crate::catalog::facts::Medium;
use crate::converse::{
    ContentBlock, GuardrailConverseContentBlock, GuardrailConverseImageBlock, Message, Role,
    SystemContentBlock, UnknownMember,
};

pub(super) fn apply(draft: &mut Draft<'_>) {
    let before = draft.request.system.len();
    draft.request.system.retain(|block| !is_empty(block));
    if draft.request.system.len() < before {
        draft.note(Rule::SystemPrompt, "system", "a blank block of the system prompt is refused", None);
    }
    if media_support::unread(draft, Medium::Image).is_some() {
        let before = draft.request.system.len();
        draft.request.system.retain(|block| image(block).is_none());
        if draft.request.system.len() < before {
            draft.note(Rule::MediaSupport, "system", "this model does not read images", Some("input"));
        }
    }
    if draft.facts.system_prompt || draft.request.system.is_empty() {
        return;
    }
    let why = "this model has no system prompt, so it stands before the first message of the user";
    draft.note(Rule::SystemPrompt, "system", why, Some("systemPrompt"));
    let system = std::mem::take(&mut draft.request.system);
    let moved = system.into_iter().filter_map(|block| match block {
        SystemContentBlock::Text(text) => Some(ContentBlock::Text(text)),
        SystemContentBlock::GuardContent(content) => Some(ContentBlock::GuardContent(content)),
        SystemContentBlock::Unknown(member) => Some(ContentBlock::Unknown(member)),
        SystemContentBlock::CachePoint(_) => None,
    });
    let moved: Vec<ContentBlock> = moved.collect();
    match draft.request.messages.first_mut() {
        Some(first) => drop(first.content.splice(0..0, moved)),
        None if moved.is_empty() => {}
        None => draft.request.messages.push(Message::new(Role::User, moved)),
    }
}

fn is_empty(block: &SystemContentBlock) -> bool {
    match block {
        SystemContentBlock::Text(text) => is_blank(text),
        SystemContentBlock::GuardContent(GuardrailConverseContentBlock::Text(text)) => is_blank(&text.text),
        SystemContentBlock::GuardContent(GuardrailConverseContentBlock::Unknown(member))
        | SystemContentBlock::Unknown(member) => *member == UnknownMember::default(),
        SystemContentBlock::GuardContent(GuardrailConverseContentBlock::Image(_)) => {
            image(block).is_some_and(|image| blank::is_empty(&image.source))
        }
        SystemContentBlock::CachePoint(_) => false,
    }
}

fn image(block: &SystemContentBlock) -> Option<&GuardrailConverseImageBlock> {
    if let SystemContentBlock::GuardContent(GuardrailConverseContentBlock::Image(image)) = block {
        Some(image)
    } else {
        None
    }
}
