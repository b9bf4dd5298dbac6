//! Rule `roles`: messages are the user's or the assistant's.
//!
//! A system message inside a conversation stays where it is, as marked text of the user: moved to the system
//! prompt it would change the cached prefix of every later request, and most models refuse the role.

use super::draft::Draft;
use super::report::Rule;
use crate::converse::{ContentBlock, Message, Role};

/// What stands before a system message's text.
const MARK: &str = "[System message] ";

pub(super) fn apply(draft: &mut Draft<'_>) {
    let mut messages = std::mem::take(&mut draft.request.messages);
    for (at, message) in messages.iter_mut().enumerate() {
        let why = match &message.role {
            Role::User | Role::Assistant => continue,
            Role::System => {
                mark(message);
                "instructions inside a conversation are sent as marked text of the user"
            }
            Role::Unknown(_) => "a message is the user's or the assistant's",
        };
        draft.note(Rule::Roles, format_args!("messages[{at}].role"), why, None);
        message.role = Role::User;
    }
    draft.request.messages = messages;
}

fn mark(message: &mut Message) {
    for block in &mut message.content {
        if let ContentBlock::Text(text) = block {
            text.insert_str(0, MARK);
            return;
        }
    }
}
