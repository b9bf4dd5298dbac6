//! Rule `results-alone`: tool results stand alone in their message where nothing may stand beside them.
//!
//! What the user says beside results then follows in a message of its own, and since roles take turns the
//! assistant says a few words in between.

use super::draft::{Draft, as_result, is_cache_point};
use super::report::Rule;
use crate::converse::{ContentBlock, Message, Role};

/// What the assistant says between results and what came beside them. A blank would be refused.
const BETWEEN: &str = "I have the results.";

pub(super) fn apply(draft: &mut Draft<'_>) {
    if draft.facts.tools.text_beside_results {
        return;
    }
    let messages = std::mem::take(&mut draft.request.messages);
    for (at, mut message) in messages.into_iter().enumerate() {
        let Some(beside) = beside(&mut message) else {
            draft.request.messages.push(message);
            continue;
        };
        let why = "this model takes nothing beside tool results, so the rest follows in a message of its own";
        let place = format_args!("messages[{at}].content");
        draft.note(Rule::ResultsAlone, place, why, Some("tools.textBesideResults"));
        let between = Message::new(Role::Assistant, [ContentBlock::text(BETWEEN)]);
        draft.request.messages.extend([message, between, Message::new(Role::User, beside)]);
    }
}

/// Takes away what stands behind the results of a message.
fn beside(message: &mut Message) -> Option<Vec<ContentBlock>> {
    let last = message.content.iter().rposition(|block| as_result(block).is_some())?;
    let is_all = message.content.iter().skip(last + 1).all(is_cache_point);
    (message.role == Role::User && !is_all).then(|| message.content.split_off(last + 1))
}
