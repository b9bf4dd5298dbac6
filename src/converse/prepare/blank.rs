//! Rule `blank-content`: no block is blank.
//!
//! The service refuses a blank text anywhere, and one that got into a conversation would be sent again with
//! every turn. Tool results that hold nothing say so, since they must not be empty.

use super::draft::{Draft, Spot, is_blank};
use super::report::Rule;
use crate::converse::{
    CitationsContentBlock, ContentBlock, DocumentBlock, DocumentSource, GuardrailConverseContentBlock,
    MediaSource, TextContent, ToolResultContentBlock, UnknownMember,
};

/// What stands in a tool result without content.
const NO_OUTPUT: &str = "(no output)";

pub(super) fn apply(draft: &mut Draft<'_>) {
    draft.each_block(|draft, spot, mut block, out| {
        if let ContentBlock::ToolResult(result) = &mut block {
            let before = result.content.len();
            result.content.retain(|piece| !is_blank_piece(piece));
            if result.content.is_empty() {
                result.content.push(ToolResultContentBlock::Text(NO_OUTPUT.to_owned()));
                draft.note(Rule::BlankContent, spot, "a tool result must not be empty", None);
            } else if result.content.len() < before {
                draft.note(Rule::BlankContent, spot, "a blank piece of a tool result is refused", None);
            }
        }
        match why_blank(&block) {
            Some(why) => drop_block(draft, spot, why),
            None => out.push(block),
        }
    });
}

fn drop_block(draft: &mut Draft<'_>, spot: Spot<'_>, why: &'static str) {
    draft.note(Rule::BlankContent, spot, why, None);
}

/// Why a block is refused for being blank.
fn why_blank(block: &ContentBlock) -> Option<&'static str> {
    match block {
        ContentBlock::Text(text) => is_blank(text).then_some("a blank text is refused"),
        ContentBlock::Image(image) => is_empty(&image.source).then_some("an image without bytes is refused"),
        ContentBlock::Document(document) => {
            is_empty_document(document).then_some("a document without content is refused")
        }
        ContentBlock::Video(video) => is_empty(&video.source).then_some("a video without bytes is refused"),
        ContentBlock::Audio(audio) => is_empty(&audio.source).then_some("a sound without bytes is refused"),
        ContentBlock::GuardContent(content) => match content {
            GuardrailConverseContentBlock::Text(text) => {
                is_blank(&text.text).then_some("a blank text is refused")
            }
            GuardrailConverseContentBlock::Image(image) => {
                is_empty(&image.source).then_some("an image without bytes is refused")
            }
            GuardrailConverseContentBlock::Unknown(member) => nothing(member),
        },
        ContentBlock::CitationsContent(cited) => {
            is_blank_citation(cited).then_some("cited text that is blank is refused")
        }
        ContentBlock::SearchResult(found) => {
            let says_nothing = found.content.iter().all(|piece| is_blank(&piece.text));
            says_nothing.then_some("a search result without text is refused")
        }
        ContentBlock::Unknown(member) => nothing(member),
        ContentBlock::ToolUse(_)
        | ContentBlock::ToolResult(_)
        | ContentBlock::CachePoint(_)
        | ContentBlock::ReasoningContent(_)
        | ContentBlock::ToolAddition(_)
        | ContentBlock::ToolRemoval(_) => None,
    }
}

fn is_blank_piece(piece: &ToolResultContentBlock) -> bool {
    match piece {
        ToolResultContentBlock::Text(text) => is_blank(text),
        ToolResultContentBlock::Image(image) => is_empty(&image.source),
        ToolResultContentBlock::Document(document) => is_empty_document(document),
        ToolResultContentBlock::Video(video) => is_empty(&video.source),
        ToolResultContentBlock::SearchResult(found) => {
            found.content.iter().all(|piece| is_blank(&piece.text))
        }
        ToolResultContentBlock::Unknown(member) => nothing(member).is_some(),
        ToolResultContentBlock::Json(_) => false,
    }
}

fn nothing(member: &UnknownMember) -> Option<&'static str> {
    (*member == UnknownMember::default()).then_some("a block without a member is refused")
}

/// Whether there is nothing where a medium should be.
pub(super) fn is_empty(source: &MediaSource) -> bool {
    match source {
        MediaSource::Bytes(bytes) => bytes.is_empty(),
        MediaSource::S3Location(_) | MediaSource::Unknown(_) => false,
    }
}

fn is_empty_document(document: &DocumentBlock) -> bool {
    match &document.source {
        DocumentSource::Bytes(bytes) => bytes.is_empty(),
        DocumentSource::Text(text) => is_blank(text),
        DocumentSource::Content(pieces) => says_nothing(pieces),
        DocumentSource::S3Location(_) | DocumentSource::Unknown(_) => false,
    }
}

fn is_blank_citation(cited: &CitationsContentBlock) -> bool {
    says_nothing(&cited.content)
}

fn says_nothing(pieces: &[TextContent]) -> bool {
    pieces.iter().all(|piece| piece.as_text().is_some_and(is_blank))
}
