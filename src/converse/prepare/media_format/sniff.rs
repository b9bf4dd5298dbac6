//! What bytes are, by how they begin.
//!
//! Only formats that the service takes are told; nothing is decoded.

use crate::converse::{DocumentFormat, ImageFormat, VideoFormat};

/// The format of a picture.
pub(crate) fn image(bytes: &[u8]) -> Option<ImageFormat> {
    if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        Some(ImageFormat::PNG)
    } else if bytes.starts_with(b"\xff\xd8\xff") {
        Some(ImageFormat::JPEG)
    } else if bytes.starts_with(b"GIF8") {
        Some(ImageFormat::GIF)
    } else if bytes.starts_with(b"RIFF") && at(bytes, 8, b"WEBP") {
        Some(ImageFormat::WEBP)
    } else {
        None
    }
}

/// The format of a video. The two names of MPEG are left to the label.
pub(super) fn video(bytes: &[u8]) -> Option<VideoFormat> {
    if at(bytes, 4, b"ftyp") {
        let format = match bytes.get(8..11) {
            Some(b"qt ") => VideoFormat::MOV,
            Some(b"3gp") => VideoFormat::THREE_GP,
            _ => VideoFormat::MP4,
        };
        Some(format)
    } else if bytes.starts_with(b"\x1a\x45\xdf\xa3") {
        let head = bytes.get(..64).unwrap_or(bytes);
        Some(if holds(head, b"webm") { VideoFormat::WEBM } else { VideoFormat::MKV })
    } else if bytes.starts_with(b"FLV") {
        Some(VideoFormat::FLV)
    } else if bytes.starts_with(b"\x30\x26\xb2\x75") {
        Some(VideoFormat::WMV)
    } else {
        None
    }
}

/// The format of a document, where it cannot be what it is `believed` to be.
pub(crate) fn document(bytes: &[u8], believed: Option<&DocumentFormat>) -> Option<DocumentFormat> {
    let is = |formats: &[DocumentFormat]| believed.is_some_and(|believed| formats.contains(believed));
    if holds(bytes.get(..1_024).unwrap_or(bytes), b"%PDF-") {
        return Some(DocumentFormat::PDF);
    }
    if bytes.starts_with(b"PK\x03\x04") {
        let found = || match (holds(bytes, b"word/"), holds(bytes, b"xl/")) {
            (true, _) => Some(DocumentFormat::DOCX),
            (_, true) => Some(DocumentFormat::XLSX),
            (false, false) => None,
        };
        return if is(&[DocumentFormat::DOCX, DocumentFormat::XLSX]) { None } else { found() };
    }
    if bytes.starts_with(b"\xd0\xcf\x11\xe0") {
        let is_old = is(&[DocumentFormat::DOC, DocumentFormat::XLS]);
        return (!is_old).then_some(DocumentFormat::DOC);
    }
    let is_binary = is(&[
        DocumentFormat::PDF,
        DocumentFormat::DOC,
        DocumentFormat::DOCX,
        DocumentFormat::XLS,
        DocumentFormat::XLSX,
    ]);
    ((believed.is_none() || is_binary) && is_text(bytes)).then_some(DocumentFormat::TXT)
}

fn is_text(bytes: &[u8]) -> bool {
    let is_plain = |text: &str| !text.chars().any(|c| c.is_control() && !c.is_whitespace());
    !bytes.is_empty() && std::str::from_utf8(bytes).is_ok_and(is_plain)
}

fn at(bytes: &[u8], start: usize, mark: &[u8]) -> bool {
    bytes.get(start..).is_some_and(|rest| rest.starts_with(mark))
}

fn holds(bytes: &[u8], mark: &[u8]) -> bool {
    bytes.windows(mark.len()).any(|window| window == mark)
}
