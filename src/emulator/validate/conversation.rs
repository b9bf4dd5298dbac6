//! The order of a conversation: roles that alternate, blocks that hold something, tool calls with their
//! results.
//!
//! Paths in these texts count from 0, unlike those of the service model's own violations.

use crate::emulator::prompt::{list, text, tool_specs};
use crate::emulator::refusal::Refusal;
use serde_json::Value;
use std::collections::HashSet;

/// The members of the content union that the service names in its refusals.
const CONTENT_KEYS: [&str; 12] = [
    "text",
    "image",
    "document",
    "video",
    "audio",
    "toolUse",
    "toolResult",
    "guardContent",
    "cachePoint",
    "reasoningContent",
    "citationsContent",
    "searchResult",
];

/// Checks the order of the messages.
pub(super) fn check(body: &Value) -> Result<(), Refusal> {
    let messages = list(body, "messages");
    if messages.first().is_none_or(|first| text(first, "role") != "user") {
        return Err(Refusal::validation(
            "A conversation must start with a user message. Try again with a conversation that starts with a \
             user message.",
        ));
    }
    let roles = || messages.iter().map(|message| text(message, "role"));
    if roles().zip(roles().skip(1)).any(|(one, next)| one == next) {
        return Err(Refusal::validation(
            "A conversation must alternate between user and assistant roles. Make sure the conversation \
             alternates between user and assistant roles and try again.",
        ));
    }
    for (at, message) in messages.iter().enumerate() {
        let blocks = list(message, "content");
        if blocks.is_empty() {
            return Err(Refusal::validation(format!(
                "The content field in the Message object at messages.{at} is empty. Add a ContentBlock object \
                 to the content field and try again."
            )));
        }
        for (number, block) in blocks.iter().enumerate() {
            content(block, &format!("messages.{at}.content.{number}"))?;
        }
    }
    documents(messages)?;
    tool_turns(messages)?;
    tool_names(body, messages)
}

fn content(block: &Value, path: &str) -> Result<(), Refusal> {
    let is_set = |key: &&str| block.get(*key).is_some_and(|value| !value.is_null());
    let members = block.as_object().map_or(0, |members| members.values().filter(|v| !v.is_null()).count());
    if members != 1 || !CONTENT_KEYS.iter().any(is_set) {
        return Err(Refusal::validation(format!(
            "The ContentBlock object at {path} must set one of the following keys: {}.",
            CONTENT_KEYS.join(", ")
        )));
    }
    if block.get("text").and_then(Value::as_str).is_some_and(|text| text.trim().is_empty()) {
        return Err(Refusal::validation(format!(
            "The text field in the ContentBlock object at {path} is blank. Add text to the text field, and try \
             again."
        )));
    }
    if let Some(call) = block.get("toolUse") {
        json_object(call.get("input"), || format!("{path}.toolUse.input"))?;
    }
    let Some(result) = block.get("toolResult") else { return Ok(()) };
    for (number, piece) in list(result, "content").iter().enumerate() {
        json_object(piece.get("json"), || format!("{path}.toolResult.content.{number}.json"))?;
    }
    if text(result, "status") == "error" && list(result, "content").is_empty() {
        return Err(Refusal::validation(format!(
            "The content field at {path}.toolResult cannot be empty when status value is error."
        )));
    }
    Ok(())
}

/// The service model allows any JSON here; the service does not.
fn json_object(value: Option<&Value>, path: impl Fn() -> String) -> Result<(), Refusal> {
    if value.is_none_or(|value| value.is_null() || value.is_object()) {
        return Ok(());
    }
    Err(Refusal::validation(format!(
        "The format of the value at {} is invalid. Provide a json object for the field and try again.",
        path()
    )))
}

/// Names of documents are unique in the whole conversation, and plain.
fn documents(messages: &[Value]) -> Result<(), Refusal> {
    let mut names = HashSet::new();
    for message in messages {
        let blocks = list(message, "content");
        let documents: Vec<&Value> = blocks.iter().filter_map(|block| block.get("document")).collect();
        if documents.len() > 5 {
            return Err(Refusal::validation("You can't include more than 5 documents in a request."));
        }
        if !documents.is_empty() && blocks.iter().all(|block| block.get("text").is_none()) {
            return Err(Refusal::validation(
                "A text block must be included in a message that contains a document block. Add a text block \
                 and try again.",
            ));
        }
        for document in documents {
            let name = text(document, "name");
            let is_plain = |c: char| c.is_alphanumeric() || "-()[]_".contains(c) || c.is_whitespace();
            if !name.chars().all(is_plain) || name.contains("  ") {
                return Err(Refusal::validation(
                    "The document file name can only contain alphanumeric characters, whitespace characters, \
                     hyphens, parentheses, and square brackets. The name can't contain more than one \
                     consecutive whitespace character.",
                ));
            }
            if !names.insert(name) {
                return Err(Refusal::validation(
                    "Messages can't contain duplicate document names. Rename the document and retry your \
                     request.",
                ));
            }
        }
    }
    Ok(())
}

/// Ids of the blocks of a kind in a message.
fn ids<'a>(message: Option<&'a Value>, kind: &str) -> Vec<&'a str> {
    let blocks = message.map(|message| list(message, "content")).unwrap_or_default();
    blocks.iter().filter_map(|block| block.get(kind)).map(|block| text(block, "toolUseId")).collect()
}

/// Every call is answered in the next message, all of them there, and nothing else is answered.
fn tool_turns(messages: &[Value]) -> Result<(), Refusal> {
    let mut seen = HashSet::new();
    for (at, message) in messages.iter().enumerate() {
        let calls = ids(at.checked_sub(1).and_then(|before| messages.get(before)), "toolUse");
        let results = ids(Some(message), "toolResult");
        if results.len() > calls.len() {
            return Err(Refusal::validation(format!(
                "The number of toolResult blocks at messages.{at}.content exceeds the number of toolUse blocks \
                 of previous turn."
            )));
        }
        let missing: Vec<&str> = calls.iter().filter(|call| !results.contains(call)).copied().collect();
        if !missing.is_empty() {
            return Err(Refusal::validation(format!(
                "Expected toolResult blocks at messages.{at}.content for the following Ids: {}",
                missing.join(", ")
            )));
        }
        if ids(Some(message), "toolUse").into_iter().any(|id| !seen.insert(id)) {
            return Err(Refusal::by_model(format!("messages.{at}.content: `tool_use` ids must be unique")));
        }
    }
    let open = ids(messages.last(), "toolUse");
    if !open.is_empty() {
        return Err(Refusal::validation(format!(
            "Expected toolResult blocks at messages.{}.content for the following Ids: {}",
            messages.len(),
            open.join(", ")
        )));
    }
    Ok(())
}

/// Tools are defined when the conversation has calls, once each, and the one to be called is among them.
fn tool_names(body: &Value, messages: &[Value]) -> Result<(), Refusal> {
    let has_calls = messages.iter().any(|message| {
        !ids(Some(message), "toolUse").is_empty() || !ids(Some(message), "toolResult").is_empty()
    });
    if has_calls && body.get("toolConfig").is_none_or(Value::is_null) {
        return Err(Refusal::validation(
            "The toolConfig field must be defined when using toolUse and toolResult content blocks.",
        ));
    }
    let mut names = HashSet::new();
    for spec in tool_specs(body) {
        if !names.insert(text(spec, "name")) {
            return Err(Refusal::by_model("tools: Tool names must be unique."));
        }
    }
    match body.pointer("/toolConfig/toolChoice/tool/name").and_then(Value::as_str) {
        Some(name) if !names.contains(name) => Err(Refusal::validation(format!(
            "The tool {name} in toolConfig.toolChoice is not defined in toolConfig.tools."
        ))),
        _ => Ok(()),
    }
}
