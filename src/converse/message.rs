//! Messages and who speaks them.
//!
//! What a message holds is in [`ContentBlock`]. That user and assistant take turns, and which model takes
//! which role, is not checked here.

use super::union::null_as_default;
use super::{ContentBlock, TextContent};
use serde::{Deserialize, Serialize};
use std::fmt;

/// One turn of a conversation.
///
/// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Message.html>
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Message {
    /// Who speaks.
    #[serde(deserialize_with = "null_as_default")]
    pub role: Role,
    /// What is said, in order.
    #[serde(deserialize_with = "null_as_default")]
    pub content: Vec<ContentBlock>,
}

impl Message {
    /// A message with any content.
    ///
    /// ```
    /// use outcrop::converse::{ContentBlock, Message, Role};
    ///
    /// let content = [ContentBlock::text("Name a rock."), ContentBlock::cache_point()];
    /// let message = Message::new(Role::User, content);
    /// assert_eq!(message.text(), "Name a rock.");
    /// ```
    pub fn new(role: Role, content: impl IntoIterator<Item = ContentBlock>) -> Self {
        Self { role, content: content.into_iter().collect() }
    }

    /// A text of the caller.
    pub fn user(text: impl Into<String>) -> Self {
        Self::new(Role::User, [ContentBlock::text(text)])
    }

    /// A text of the model.
    pub fn assistant(text: impl Into<String>) -> Self {
        Self::new(Role::Assistant, [ContentBlock::text(text)])
    }

    /// All text of the message joined, cited text included; reasoning, tools and media are not.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for block in &self.content {
            match block {
                ContentBlock::Text(piece) => text.push_str(piece),
                ContentBlock::CitationsContent(cited) => {
                    text.extend(cited.content.iter().filter_map(TextContent::as_text));
                }
                ContentBlock::Image(_)
                | ContentBlock::Document(_)
                | ContentBlock::Video(_)
                | ContentBlock::Audio(_)
                | ContentBlock::ToolUse(_)
                | ContentBlock::ToolResult(_)
                | ContentBlock::GuardContent(_)
                | ContentBlock::CachePoint(_)
                | ContentBlock::ReasoningContent(_)
                | ContentBlock::SearchResult(_)
                | ContentBlock::ToolAddition(_)
                | ContentBlock::ToolRemoval(_)
                | ContentBlock::Unknown(_) => {}
            }
        }
        text
    }
}

/// Who speaks. Open: unknown roles are kept.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
#[non_exhaustive]
pub enum Role {
    /// The caller.
    User,
    /// The model.
    Assistant,
    /// Instructions inside the conversation; few models take it.
    System,
    /// A role that this version does not know; empty when none was given.
    Unknown(String),
}

impl Role {
    /// The role as it stands on the wire.
    pub fn as_str(&self) -> &str {
        match self {
            Role::User => "user",
            Role::Assistant => "assistant",
            Role::System => "system",
            Role::Unknown(text) => text,
        }
    }
}

impl Default for Role {
    fn default() -> Self {
        Role::Unknown(String::new())
    }
}

impl From<String> for Role {
    fn from(text: String) -> Self {
        match text.as_str() {
            "user" => Role::User,
            "assistant" => Role::Assistant,
            "system" => Role::System,
            _ => Role::Unknown(text),
        }
    }
}

impl From<&str> for Role {
    fn from(text: &str) -> Self {
        Self::from(text.to_owned())
    }
}

impl From<Role> for String {
    fn from(role: Role) -> Self {
        match role {
            Role::Unknown(text) => text,
            Role::User | Role::Assistant | Role::System => role.as_str().to_owned(),
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
