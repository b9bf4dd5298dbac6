//! Rule `media-format`: labels of media say what the bytes are.
//!
//! Labels come from file names and from other programs; the service believes the bytes and refuses a request in
//! which the two differ. MIME types and common other names become the service's own.

pub(crate) mod sniff;

use super::draft::Draft;
use super::report::Rule;
use crate::converse::{
    ContentBlock, DocumentBlock, DocumentFormat, DocumentSource, ImageBlock, ImageFormat, MediaSource,
    ToolResultContentBlock, VideoBlock, VideoFormat,
};

pub(super) fn apply(draft: &mut Draft<'_>) {
    let mut messages = std::mem::take(&mut draft.request.messages);
    for (at, message) in messages.iter_mut().enumerate() {
        for (number, block) in message.content.iter_mut().enumerate() {
            for why in relabel(block) {
                draft.note(Rule::MediaFormat, format_args!("messages[{at}].content[{number}]"), why, None);
            }
        }
    }
    draft.request.messages = messages;
}

/// Corrects the labels in a block, and says what they are now.
fn relabel(block: &mut ContentBlock) -> Vec<String> {
    let label = match block {
        ContentBlock::Image(block) => image(block),
        ContentBlock::Document(block) => document(block),
        ContentBlock::Video(block) => video(block),
        ContentBlock::Audio(block) => {
            let known = block.format.as_str();
            known.to_ascii_lowercase().strip_prefix("audio/").map(|label| {
                block.format = label.into();
                label.to_owned()
            })
        }
        ContentBlock::ToolResult(result) => {
            return result.content.iter_mut().filter_map(relabel_piece).collect();
        }
        ContentBlock::Text(_)
        | ContentBlock::ToolUse(_)
        | ContentBlock::GuardContent(_)
        | ContentBlock::CachePoint(_)
        | ContentBlock::ReasoningContent(_)
        | ContentBlock::CitationsContent(_)
        | ContentBlock::SearchResult(_)
        | ContentBlock::ToolAddition(_)
        | ContentBlock::ToolRemoval(_)
        | ContentBlock::Unknown(_) => None,
    };
    label.map(why).into_iter().collect()
}

fn relabel_piece(piece: &mut ToolResultContentBlock) -> Option<String> {
    let label = match piece {
        ToolResultContentBlock::Image(block) => image(block),
        ToolResultContentBlock::Document(block) => document(block),
        ToolResultContentBlock::Video(block) => video(block),
        ToolResultContentBlock::Json(_)
        | ToolResultContentBlock::Text(_)
        | ToolResultContentBlock::SearchResult(_)
        | ToolResultContentBlock::Unknown(_) => None,
    };
    label.map(why)
}

fn why(label: String) -> String {
    format!("the format is `{label}` by its content or by its proper name")
}

fn bytes_of(source: &MediaSource) -> &[u8] {
    if let MediaSource::Bytes(bytes) = source { bytes } else { &[] }
}

fn image(block: &mut ImageBlock) -> Option<String> {
    let named = match plain(block.format.as_str(), "image/").as_str() {
        "jpg" | "pjpeg" => ImageFormat::JPEG,
        "x-png" => ImageFormat::PNG,
        other => ImageFormat::from(other),
    };
    let format = sniff::image(bytes_of(&block.source)).unwrap_or(named);
    (format != block.format).then(|| {
        block.format = format;
        block.format.to_string()
    })
}

fn video(block: &mut VideoBlock) -> Option<String> {
    let named = match plain(block.format.as_str(), "video/").as_str() {
        "quicktime" => VideoFormat::MOV,
        "x-matroska" | "matroska" => VideoFormat::MKV,
        "x-flv" => VideoFormat::FLV,
        "x-ms-wmv" => VideoFormat::WMV,
        "3gpp" | "3gp" => VideoFormat::THREE_GP,
        other => VideoFormat::from(other),
    };
    let format = sniff::video(bytes_of(&block.source)).unwrap_or(named);
    (format != block.format).then(|| {
        block.format = format;
        block.format.to_string()
    })
}

fn document(block: &mut DocumentBlock) -> Option<String> {
    let bytes: &[u8] = if let DocumentSource::Bytes(bytes) = &block.source { bytes } else { &[] };
    let named = block.format.as_ref().map(|format| named_document(format.as_str()));
    let extension = || block.name.rsplit_once('.').map(|(_, extension)| named_document(extension));
    let believed = named.clone().or_else(|| extension().filter(is_document)).filter(|_| !bytes.is_empty());
    let format = sniff::document(bytes, believed.as_ref()).or(believed).or(named);
    (format != block.format).then(|| {
        block.format = format;
        block.format.as_ref().map(ToString::to_string).unwrap_or_default()
    })
}

fn named_document(label: &str) -> DocumentFormat {
    match plain(&plain(label, "application/"), "text/").as_str() {
        "plain" | "text" => DocumentFormat::TXT,
        "markdown" | "x-markdown" => DocumentFormat::MD,
        "htm" => DocumentFormat::HTML,
        "msword" => DocumentFormat::DOC,
        "vnd.ms-excel" => DocumentFormat::XLS,
        "vnd.openxmlformats-officedocument.wordprocessingml.document" => DocumentFormat::DOCX,
        "vnd.openxmlformats-officedocument.spreadsheetml.sheet" => DocumentFormat::XLSX,
        other => DocumentFormat::from(other),
    }
}

/// Whether the service takes images of this format.
pub(super) fn is_image(format: &ImageFormat) -> bool {
    [ImageFormat::PNG, ImageFormat::JPEG, ImageFormat::GIF, ImageFormat::WEBP].contains(format)
}

/// Whether the service takes videos of this format.
pub(super) fn is_video(format: &VideoFormat) -> bool {
    [
        VideoFormat::MKV,
        VideoFormat::MOV,
        VideoFormat::MP4,
        VideoFormat::WEBM,
        VideoFormat::FLV,
        VideoFormat::MPEG,
        VideoFormat::MPG,
        VideoFormat::WMV,
        VideoFormat::THREE_GP,
    ]
    .contains(format)
}

/// Whether the service takes documents of this format.
pub(super) fn is_document(format: &DocumentFormat) -> bool {
    [
        DocumentFormat::PDF,
        DocumentFormat::CSV,
        DocumentFormat::DOC,
        DocumentFormat::DOCX,
        DocumentFormat::XLS,
        DocumentFormat::XLSX,
        DocumentFormat::HTML,
        DocumentFormat::TXT,
        DocumentFormat::MD,
    ]
    .contains(format)
}

/// A label in lower case without the MIME type's `prefix` and parameters.
fn plain(label: &str, prefix: &str) -> String {
    let label = label.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    label.strip_prefix(prefix).map(str::to_owned).unwrap_or(label)
}
