//! The Converse model: requests, content, responses.

use serde::{Deserialize, Serialize};

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
    /// A role that this version does not know.
    Unknown(String),
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

impl From<Role> for String {
    fn from(role: Role) -> Self {
        match role {
            Role::User => "user".into(),
            Role::Assistant => "assistant".into(),
            Role::System => "system".into(),
            Role::Unknown(text) => text,
        }
    }
}

/// Why the model stopped. Stub.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StopReason(String);

/// The payload of the `metadata` event. Stub.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StreamMetadata {}
