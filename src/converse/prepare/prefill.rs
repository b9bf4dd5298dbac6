//! Rule `prefill`: the last message is the user's, or one that the model continues.
//!
//! Newer models refuse to go on with words put into their mouth, and so does any Claude that thinks. Those
//! are asked to continue instead.

use super::draft::{Draft, is_cache_point};
use super::mind;
use super::report::Rule;
use crate::converse::{ContentBlock, Message, Role};

/// What the user says to have an answer continued.
const CONTINUE: &str = "Continue.";

pub(super) fn apply(draft: &mut Draft<'_>) {
    let thinks = mind::read(draft).as_claude;
    let is_taken = draft.facts.prefill && !thinks;
    let Some(last) = draft.request.messages.last_mut() else { return };
    if last.role != Role::Assistant {
        return;
    }
    let end = last.content.iter_mut().rfind(|block| !is_cache_point(block));
    if let Some(ContentBlock::Text(text)) = end
        && is_taken
    {
        let kept = text.trim_end().len();
        if kept < text.len() {
            text.truncate(kept);
            let why = "an answer to be continued must not end in white space";
            draft.note(Rule::Prefill, "messages", why, None);
        }
        return;
    }
    let (why, fact) = if is_taken {
        ("only text can be continued", "prefill")
    } else if draft.facts.prefill {
        ("a model that thinks does not continue an answer, so it is asked to", "thinking")
    } else {
        ("this model does not continue an answer, so it is asked to", "prefill")
    };
    draft.note(Rule::Prefill, "messages", why, Some(fact));
    draft.request.messages.push(Message::user(CONTINUE));
}
