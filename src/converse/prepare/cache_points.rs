//! Rule `cache-points`: cache points stand where the model takes them.
//!
//! The caller's own points stay where they can, and move or go where they cannot; then points are added for the
//! wish, in the places that save most: after the tools, after the system prompt, and after the last two turns
//! of the user. A prompt is cached in the order tools, system, messages, and along it the lifetimes must not
//! grow.
//!
//! <https://docs.aws.amazon.com/bedrock/latest/userguide/prompt-caching.html>

mod added;
mod own;

pub(super) use own::drop_inside_results;

use super::draft::Draft;
use crate::catalog::facts::Family;
use crate::converse::{CachePointBlock, ConverseRequest, SystemContentBlock, Tool};
use crate::converse::{ContentBlock, DocumentBlock, DocumentFormat, DocumentSource};

/// As many points as a request may have.
const MOST: usize = 4;

pub(super) fn apply(draft: &mut Draft<'_>) {
    own::apply(draft);
    added::apply(draft);
    own::order_lifetimes(draft);
}

/// Where points may stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Tools,
    System,
    Messages,
}

/// Whether points may stand in a place. Where nothing is known of a model, those of the caller may.
fn is_taken(draft: &Draft<'_>, place: Place) -> bool {
    let cache = draft.facts.cache;
    match place {
        Place::Tools => cache.tools,
        Place::System => cache.system,
        Place::Messages => cache.messages,
    }
}

/// Visits all points in the order of the prompt.
fn each_point(request: &mut ConverseRequest, mut visit: impl FnMut(Place, &mut CachePointBlock)) {
    for tool in request.tool_config.iter_mut().flat_map(|config| &mut config.tools) {
        if let Tool::CachePoint(point) = tool {
            visit(Place::Tools, point);
        }
    }
    for block in &mut request.system {
        if let SystemContentBlock::CachePoint(point) = block {
            visit(Place::System, point);
        }
    }
    for block in request.messages.iter_mut().flat_map(|message| &mut message.content) {
        if let ContentBlock::CachePoint(point) = block {
            visit(Place::Messages, point);
        }
    }
}

/// Whether a point may stand right behind a block.
fn may_follow(block: &ContentBlock, family: Family) -> bool {
    match block {
        ContentBlock::Document(document) => !is_text(document),
        // Nova refuses it there, now and then.
        ContentBlock::ToolResult(_) => family != Family::Nova,
        ContentBlock::ReasoningContent(_) | ContentBlock::CachePoint(_) => false,
        ContentBlock::Text(_)
        | ContentBlock::Image(_)
        | ContentBlock::Video(_)
        | ContentBlock::Audio(_)
        | ContentBlock::ToolUse(_)
        | ContentBlock::GuardContent(_)
        | ContentBlock::CitationsContent(_)
        | ContentBlock::SearchResult(_)
        | ContentBlock::ToolAddition(_)
        | ContentBlock::ToolRemoval(_)
        | ContentBlock::Unknown(_) => true,
    }
}

/// Whether the service reads a document as text.
fn is_text(document: &DocumentBlock) -> bool {
    let texts = [DocumentFormat::TXT, DocumentFormat::MD, DocumentFormat::CSV, DocumentFormat::HTML];
    let by_source = matches!(document.source, DocumentSource::Text(_) | DocumentSource::Content(_));
    by_source || document.format.as_ref().is_some_and(|format| texts.contains(format))
}
