//! Rule `tool-result-images`: images stand beside tool results where they may not stand inside.
//!
//! Each group is led by a line with the id of its result, and the result says where to look.

use super::draft::{Draft, as_result};
use super::report::Rule;
use crate::converse::{ContentBlock, Role, ToolResultContentBlock};

pub(super) fn apply(draft: &mut Draft<'_>) {
    if draft.facts.tools.images_in_results {
        return;
    }
    let mut messages = std::mem::take(&mut draft.request.messages);
    for (at, message) in messages.iter_mut().enumerate().filter(|(_, message)| message.role == Role::User) {
        let mut moved = Vec::new();
        for block in &mut message.content {
            let ContentBlock::ToolResult(result) = block else { continue };
            let is_media = |piece: &mut ToolResultContentBlock| {
                matches!(piece, ToolResultContentBlock::Image(_) | ToolResultContentBlock::Video(_))
            };
            let media: Vec<_> = result.content.extract_if(.., is_media).collect();
            if media.is_empty() {
                continue;
            }
            let label = format!("Images from tool result {}", result.tool_use_id);
            result.content.push(ToolResultContentBlock::Text(format!("(see attached: \"{label}\")")));
            moved.push(ContentBlock::text(format!("{label}:")));
            moved.extend(media.into_iter().filter_map(beside));
        }
        if moved.is_empty() {
            continue;
        }
        let why = "this model takes no images inside tool results, so they stand beside them";
        let place = format_args!("messages[{at}].content");
        draft.note(Rule::ToolResultImages, place, why, Some("tools.imagesInResults"));
        let behind = message.content.iter().rposition(|block| as_result(block).is_some());
        let behind = behind.map_or(0, |last| last + 1);
        message.content.splice(behind..behind, moved);
    }
    draft.request.messages = messages;
}

fn beside(piece: ToolResultContentBlock) -> Option<ContentBlock> {
    match piece {
        ToolResultContentBlock::Image(image) => Some(ContentBlock::Image(image)),
        ToolResultContentBlock::Video(video) => Some(ContentBlock::Video(video)),
        ToolResultContentBlock::Json(_)
        | ToolResultContentBlock::Text(_)
        | ToolResultContentBlock::Document(_)
        | ToolResultContentBlock::SearchResult(_)
        | ToolResultContentBlock::Unknown(_) => None,
    }
}
