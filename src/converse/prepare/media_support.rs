//! Rules `media-support` and `one-video`: media go only to models that read them, and one video at most.
//!
//! What a model does not read is replaced by a word for it, so that the conversation still makes sense when it
//! moves to such a model, and so is a file of no format that the service takes. Of several videos the newest stays. Of a model of which nothing is known the service
//! is the judge.

use super::draft::Draft;
use super::media_format::{is_document, is_image, is_video};
use super::report::Rule;
use crate::catalog::facts::Medium;
use crate::converse::{ContentBlock, GuardrailConverseContentBlock, ToolResultContentBlock};

pub(super) fn apply(draft: &mut Draft<'_>) {
    blocks(draft);
    pieces(draft);
    one_video(draft);
}

fn blocks(draft: &mut Draft<'_>) {
    draft.each_block(|draft, spot, block, out| match unread_block(draft, &block) {
        None => out.push(block),
        Some((placeholder, why)) => {
            draft.note(Rule::MediaSupport, spot, why, Some("input"));
            let omitted = ContentBlock::text(placeholder);
            // A row of them is said once.
            if out.last() != Some(&omitted) {
                out.push(omitted);
            }
        }
    });
}

fn pieces(draft: &mut Draft<'_>) {
    draft.each_result_piece(|draft, spot, piece, out| match unread_piece(draft, &piece) {
        None => out.push(piece),
        Some((placeholder, why)) => {
            draft.note(Rule::MediaSupport, spot, why, Some("input"));
            let omitted = ToolResultContentBlock::Text(placeholder.to_owned());
            if out.last() != Some(&omitted) {
                out.push(omitted);
            }
        }
    });
}

/// What is said in place of something, and why.
type Unread = Option<(&'static str, &'static str)>;

fn unread_block(draft: &Draft<'_>, block: &ContentBlock) -> Unread {
    let is_taken = match block {
        ContentBlock::Image(image) => is_image(&image.format),
        ContentBlock::Document(document) => document.format.as_ref().is_none_or(is_document),
        ContentBlock::Video(video) => is_video(&video.format),
        ContentBlock::Audio(_)
        | ContentBlock::Text(_)
        | ContentBlock::ToolUse(_)
        | ContentBlock::ToolResult(_)
        | ContentBlock::GuardContent(_)
        | ContentBlock::CachePoint(_)
        | ContentBlock::ReasoningContent(_)
        | ContentBlock::CitationsContent(_)
        | ContentBlock::SearchResult(_)
        | ContentBlock::ToolAddition(_)
        | ContentBlock::ToolRemoval(_)
        | ContentBlock::Unknown(_) => true,
    };
    unread(draft, medium(block)).or_else(|| unreadable(draft, is_taken))
}

fn unread_piece(draft: &Draft<'_>, piece: &ToolResultContentBlock) -> Unread {
    let is_taken = match piece {
        ToolResultContentBlock::Image(image) => is_image(&image.format),
        ToolResultContentBlock::Document(document) => document.format.as_ref().is_none_or(is_document),
        ToolResultContentBlock::Video(video) => is_video(&video.format),
        ToolResultContentBlock::Json(_)
        | ToolResultContentBlock::Text(_)
        | ToolResultContentBlock::SearchResult(_)
        | ToolResultContentBlock::Unknown(_) => true,
    };
    unread(draft, piece_medium(piece)).or_else(|| unreadable(draft, is_taken))
}

/// What is said in place of a file whose format no known model takes.
fn unreadable(draft: &Draft<'_>, is_taken: bool) -> Unread {
    let said = (
        "(attachment omitted: it has no format that models read)",
        "its format is none that the service takes",
    );
    (!is_taken && !draft.is_unknown()).then_some(said)
}

/// What is said in place of a medium that the model does not read, and why.
pub(super) fn unread(draft: &Draft<'_>, medium: Medium) -> Unread {
    let is_read = draft.facts.input.contains(&medium) || draft.is_unknown();
    if is_read && !draft.is_refused(name(medium)) {
        return None;
    }
    match medium {
        Medium::Text => None,
        Medium::Image => {
            Some(("(image omitted: this model does not read images)", "this model does not read images"))
        }
        Medium::Document => Some((
            "(document omitted: this model does not read documents)",
            "this model does not read documents",
        )),
        Medium::Video => {
            Some(("(video omitted: this model does not read videos)", "this model does not read videos"))
        }
        Medium::Audio => {
            Some(("(sound omitted: this model does not hear)", "this model does not take sounds"))
        }
    }
}

/// The name of a medium among what a model has refused.
pub(super) fn name(medium: Medium) -> &'static str {
    match medium {
        Medium::Text => "text",
        Medium::Image => "image",
        Medium::Document => "document",
        Medium::Video => "video",
        Medium::Audio => "audio",
    }
}

fn medium(block: &ContentBlock) -> Medium {
    match block {
        ContentBlock::Image(_) | ContentBlock::GuardContent(GuardrailConverseContentBlock::Image(_)) => {
            Medium::Image
        }
        ContentBlock::Document(_) => Medium::Document,
        ContentBlock::Video(_) => Medium::Video,
        ContentBlock::Audio(_) => Medium::Audio,
        ContentBlock::Text(_)
        | ContentBlock::ToolUse(_)
        | ContentBlock::ToolResult(_)
        | ContentBlock::GuardContent(_)
        | ContentBlock::CachePoint(_)
        | ContentBlock::ReasoningContent(_)
        | ContentBlock::CitationsContent(_)
        | ContentBlock::SearchResult(_)
        | ContentBlock::ToolAddition(_)
        | ContentBlock::ToolRemoval(_)
        | ContentBlock::Unknown(_) => Medium::Text,
    }
}

fn piece_medium(piece: &ToolResultContentBlock) -> Medium {
    match piece {
        ToolResultContentBlock::Image(_) => Medium::Image,
        ToolResultContentBlock::Document(_) => Medium::Document,
        ToolResultContentBlock::Video(_) => Medium::Video,
        ToolResultContentBlock::Json(_)
        | ToolResultContentBlock::Text(_)
        | ToolResultContentBlock::SearchResult(_)
        | ToolResultContentBlock::Unknown(_) => Medium::Text,
    }
}

/// Replaces all videos but the last.
fn one_video(draft: &mut Draft<'_>) {
    const OMITTED: &str = "(video omitted: a request holds one video)";
    const WHY: &str = "a request holds one video, of which the newest is sent";
    let blocks = draft.request.messages.iter().flat_map(|message| &message.content);
    let videos: usize = blocks.map(videos_in).sum();
    let Some(mut older) = videos.checked_sub(1).filter(|older| *older > 0) else { return };
    draft.each_block(|draft, spot, mut block, out| {
        if let ContentBlock::ToolResult(result) = &mut block {
            for piece in &mut result.content {
                if older > 0 && piece_medium(piece) == Medium::Video {
                    older -= 1;
                    draft.note(Rule::OneVideo, spot, WHY, None);
                    *piece = ToolResultContentBlock::Text(OMITTED.to_owned());
                }
            }
        } else if older > 0 && medium(&block) == Medium::Video {
            older -= 1;
            draft.note(Rule::OneVideo, spot, WHY, None);
            block = ContentBlock::text(OMITTED);
        }
        out.push(block);
    });
}

fn videos_in(block: &ContentBlock) -> usize {
    if let ContentBlock::ToolResult(result) = block {
        result.content.iter().filter(|piece| piece_medium(piece) == Medium::Video).count()
    } else {
        usize::from(medium(block) == Medium::Video)
    }
}
