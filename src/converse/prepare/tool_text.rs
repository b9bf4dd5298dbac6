//! Tool calls and results told as text, for requests in which they may not stand as such.
//!
//! The label says what it was, so that the model neither takes it for its own words nor for the user's.

use super::draft::is_blank;
use crate::converse::{
    ContentBlock, DocumentSource, Role, ToolResultBlock, ToolResultContentBlock, ToolResultStatus,
    ToolUseBlock,
};

/// A call as text.
pub(super) fn call(call: &ToolUseBlock) -> ContentBlock {
    ContentBlock::text(format!("[Assistant tool call]: {}({})", call.name, call.input.as_json()))
}

/// A result as text, with its media beside it. `name` is that of the tool, if its call was found; in a message
/// of the assistant there can be no media, so they are named.
pub(super) fn result(name: Option<&str>, result: ToolResultBlock, role: &Role, out: &mut Vec<ContentBlock>) {
    let mut text = String::from("[Tool result");
    if let Some(name) = name {
        text.push_str(": ");
        text.push_str(name);
    }
    if result.status.as_ref() == Some(&ToolResultStatus::ERROR) {
        text.push_str(" (error)");
    }
    text.push_str("]:");
    let mut media = Vec::new();
    for piece in result.content {
        match piece {
            ToolResultContentBlock::Json(json) => push_line(&mut text, json.as_json()),
            ToolResultContentBlock::Text(piece) => push_line(&mut text, &piece),
            ToolResultContentBlock::Image(image) => media.push(ContentBlock::Image(image)),
            ToolResultContentBlock::Document(document) => match document.source {
                DocumentSource::Text(piece) => push_line(&mut text, &piece),
                DocumentSource::Bytes(_)
                | DocumentSource::S3Location(_)
                | DocumentSource::Content(_)
                | DocumentSource::Unknown(_) => media.push(ContentBlock::Document(document)),
            },
            ToolResultContentBlock::Video(video) => media.push(ContentBlock::Video(video)),
            ToolResultContentBlock::SearchResult(found) => media.push(ContentBlock::SearchResult(found)),
            ToolResultContentBlock::Unknown(member) => push_line(&mut text, member.value.as_json()),
        }
    }
    if text.ends_with(':') && media.is_empty() {
        text.push_str(" (no output)");
    }
    if *role == Role::Assistant && !media.is_empty() {
        push_line(&mut text, "(media omitted)");
        media.clear();
    }
    out.push(ContentBlock::Text(text));
    out.append(&mut media);
}

fn push_line(text: &mut String, line: &str) {
    if !is_blank(line) {
        text.push('\n');
        text.push_str(line);
    }
}
