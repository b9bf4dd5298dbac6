//! Pictures and documents beside the prompt: from files, or by their place in S3.
//!
//! What a file is, its first bytes say, and not its name; the name decides among kinds of text. Nothing is
//! converted or made smaller.

use crate::cli::input;
use crate::converse::prepare::sniff;
use crate::converse::{
    ContentBlock, DocumentBlock, DocumentFormat, DocumentSource, ImageBlock, ImageFormat, ImageSource,
    S3Location,
};
use crate::error::{ConfigProblem, Error, Result};
use crate::origin::Origin;
use std::path::Path;

/// The service takes documents of 4.5 MB each.
///
/// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_DocumentBlock.html>
const LARGEST_DOCUMENT: usize = 4_500_000;

/// The picture that `--image` names.
pub(super) fn image(named: &str) -> Result<ContentBlock> {
    if let Some(uri) = s3(named, "--image")? {
        let format = match extension(uri).as_str() {
            "png" => ImageFormat::PNG,
            "jpg" | "jpeg" => ImageFormat::JPEG,
            "gif" => ImageFormat::GIF,
            "webp" => ImageFormat::WEBP,
            _ => {
                let problem = format!("the name of `{uri}` does not tell what picture it is");
                return Err(flag("--image", problem, "it must end in `.png`, `.jpg`, `.gif` or `.webp`"));
            }
        };
        let source = ImageSource::S3Location(location(uri));
        return Ok(ContentBlock::Image(ImageBlock { format, source, ..ImageBlock::default() }));
    }
    let path = Path::new(named);
    let bytes = input::file(path)?;
    match sniff::image(&bytes) {
        Some(format) => Ok(ContentBlock::image(format, bytes)),
        None if bytes.is_empty() => Err(refused(path, "the file is empty", "name another file")),
        None => {
            let is_document = sniff::document(&bytes, None).is_some();
            let hint = if is_document {
                format!("send it as a document: `--file {named}`")
            } else {
                "convert it to PNG or JPEG".to_owned()
            };
            Err(refused(path, "it is no PNG, JPEG, GIF or WebP picture by its first bytes", &hint))
        }
    }
}

/// The document that `--file` names.
pub(super) fn document(named: &str) -> Result<ContentBlock> {
    if let Some(uri) = s3(named, "--file")? {
        let Some(format) = format_of(&extension(uri)) else {
            let problem = format!("the name of `{uri}` does not tell what document it is");
            return Err(flag("--file", problem, "it must end in `.pdf`, `.docx`, `.txt` or the like"));
        };
        let source = DocumentSource::S3Location(location(uri));
        return Ok(block(uri, format, source));
    }
    let path = Path::new(named);
    let bytes = input::file(path)?;
    if bytes.len() > LARGEST_DOCUMENT {
        let problem =
            format!("it has {} bytes; a document has 4.5 MB (4,500,000 bytes) at most", bytes.len());
        return Err(refused(path, &problem, "send a part of it"));
    }
    if bytes.is_empty() {
        return Err(refused(path, "the file is empty", "name another file"));
    }
    if sniff::image(&bytes).is_some() {
        let hint = format!("send it as a picture: `--image {named}`");
        return Err(refused(path, "it is a picture and no document", &hint));
    }
    let believed = format_of(&extension(named));
    let believed = believed.filter(|format| !is_packed(format) || is_container(&bytes));
    let Some(format) = sniff::document(&bytes, believed.as_ref()).or(believed) else {
        let hint = "PDF, Word, Excel, HTML, Markdown, CSV and plain text are documents";
        return Err(refused(path, "it is no document that the service reads", hint));
    };
    Ok(block(named, format, DocumentSource::Bytes(bytes.into())))
}

/// Whether a format is told by its bytes and not by its name.
fn is_packed(format: &DocumentFormat) -> bool {
    [
        DocumentFormat::PDF,
        DocumentFormat::DOC,
        DocumentFormat::DOCX,
        DocumentFormat::XLS,
        DocumentFormat::XLSX,
    ]
    .contains(format)
}

/// Whether bytes begin as Office files do, new or old: then the name tells which kind.
fn is_container(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"\xd0\xcf\x11\xe0")
}

fn block(named: &str, format: DocumentFormat, source: DocumentSource) -> ContentBlock {
    // Preparing makes it plain and unique.
    let name = named.rsplit(['/', '\\']).next().unwrap_or(named).to_owned();
    ContentBlock::Document(DocumentBlock { format: Some(format), name, source, ..DocumentBlock::default() })
}

fn format_of(extension: &str) -> Option<DocumentFormat> {
    let format = match extension {
        "pdf" => DocumentFormat::PDF,
        "csv" => DocumentFormat::CSV,
        "doc" => DocumentFormat::DOC,
        "docx" => DocumentFormat::DOCX,
        "xls" => DocumentFormat::XLS,
        "xlsx" => DocumentFormat::XLSX,
        "html" | "htm" => DocumentFormat::HTML,
        "txt" => DocumentFormat::TXT,
        "md" | "markdown" => DocumentFormat::MD,
        _ => return None,
    };
    Some(format)
}

/// The end of a file's name in lower case.
fn extension(name: &str) -> String {
    let file = name.rsplit(['/', '\\']).next().unwrap_or(name);
    file.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase()).unwrap_or_default()
}

/// The URI, if it is one of S3.
fn s3<'a>(named: &'a str, by: &'static str) -> Result<Option<&'a str>> {
    let Some(rest) = named.strip_prefix("s3://") else { return Ok(None) };
    match rest.split_once('/') {
        Some((bucket, key)) if !bucket.is_empty() && !key.is_empty() => Ok(Some(named)),
        Some(_) | None => {
            Err(flag(by, format!("`{named}` names no object"), "write it as `s3://bucket/key.pdf`"))
        }
    }
}

fn location(uri: &str) -> S3Location {
    S3Location { uri: uri.to_owned(), bucket_owner: None }
}

fn refused(path: &Path, problem: &str, hint: &str) -> Error {
    problem_at(Origin::File { path: path.to_owned(), line: None }, problem.to_owned(), hint)
}

fn flag(name: &'static str, problem: String, hint: &str) -> Error {
    problem_at(Origin::Flag(name), problem, hint)
}

fn problem_at(origin: Origin, problem: String, hint: &str) -> Error {
    Error::Config(Box::new(ConfigProblem { origin, key: None, problem, hints: vec![hint.to_owned()] }))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n....";

    fn with_file<T>(name: &str, bytes: &[u8], run: impl Fn(&str) -> T) -> T {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        run(path.to_str().unwrap())
    }

    #[test]
    fn a_picture_is_what_its_bytes_say() {
        for (name, bytes, format) in [
            ("a.png", PNG, "png"),
            ("a.jpg", PNG, "png"),
            ("no-extension", b"\xff\xd8\xff\xe0", "jpeg"),
            ("a.gif", b"GIF89a", "gif"),
            ("a.png", b"RIFF....WEBP", "webp"),
        ] {
            let block = with_file(name, bytes, image).unwrap();
            let ContentBlock::Image(block) = block else { panic!("{name}") };
            assert_eq!(block.format.as_str(), format, "{name}");
        }
    }

    #[test]
    fn what_is_no_picture_is_refused_with_what_to_do() {
        for (bytes, hint) in [(&b"%PDF-1.7"[..], "--file"), (b"", "another"), (b"\x00\x01\x02", "convert")] {
            let Error::Config(problem) = with_file("a.png", bytes, image).unwrap_err() else { panic!() };
            assert!(problem.hints[0].contains(hint), "{:?}", problem.hints);
        }
        assert!(matches!(image("/nowhere/at/all.png"), Err(Error::Io(_))));
    }

    #[test]
    fn a_document_is_what_its_bytes_say_and_text_is_what_its_name_says() {
        for (name, bytes, format) in [
            ("a.pdf", &b"%PDF-1.7"[..], "pdf"),
            ("a.txt", b"%PDF-1.7", "pdf"),
            ("a.md", b"# a", "md"),
            ("a.csv", b"a,b", "csv"),
            ("a.pdf", b"plain text", "txt"),
            ("a.docx", b"PK\x03\x04...", "docx"),
            ("a.xls", b"\xd0\xcf\x11\xe0...", "xls"),
            ("main.rs", b"fn main() {}", "txt"),
            ("a.HTM", b"<p>", "html"),
        ] {
            let ContentBlock::Document(block) = with_file(name, bytes, document).unwrap() else { panic!() };
            assert_eq!((block.format.unwrap().as_str(), block.name.as_str()), (format, name));
        }
    }

    #[test]
    fn documents_over_the_limit_pictures_and_unknown_bytes_are_refused() {
        let large = vec![b'a'; LARGEST_DOCUMENT + 1];
        for (name, bytes, said) in [
            ("a.txt", &large[..], "4500001 bytes"),
            ("a.pdf", PNG, "picture"),
            ("a.bin", b"\x00\x01\x02", "no document"),
            ("a.pdf", b"\x00\x01\x02", "no document"),
            ("a.txt", b"", "empty"),
        ] {
            let Error::Config(problem) = with_file(name, bytes, document).unwrap_err() else { panic!() };
            assert!(problem.problem.contains(said), "{}", problem.problem);
        }
        assert!(with_file("a.txt", &large[..LARGEST_DOCUMENT], document).is_ok());
    }

    #[test]
    fn objects_in_s3_are_named_and_not_read() {
        let ContentBlock::Image(block) = image("s3://bucket/a/b.JPG").unwrap() else { panic!() };
        assert_eq!(block.format, ImageFormat::JPEG);
        assert_eq!(block.source, ImageSource::S3Location(location("s3://bucket/a/b.JPG")));
        let ContentBlock::Document(block) = document("s3://bucket/report.pdf").unwrap() else { panic!() };
        assert_eq!(block.name, "report.pdf");
        for bad in ["s3://bucket", "s3:///key.png", "s3://bucket/", "s3://bucket/key"] {
            assert!(image(bad).is_err() && document(bad).is_err(), "{bad}");
        }
    }
}
