//! Rule `first-turn`: the first message is the user's.
//!
//! A conversation that a program has shortened may begin with an answer.

use super::draft::Draft;
use super::report::Rule;
use crate::converse::{Message, Role};

/// What the user says before an answer that stands first. A blank would be refused.
const OPENING: &str = "(conversation so far)";

pub(super) fn apply(draft: &mut Draft<'_>) {
    if draft.request.messages.first().is_some_and(|first| first.role == Role::Assistant) {
        let why = "a conversation must begin with a message of the user";
        draft.note(Rule::FirstTurn, "messages[0]", why, None);
        draft.request.messages.insert(0, Message::user(OPENING));
    }
}
