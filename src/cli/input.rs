//! What a command reads: the prompt, the system prompt, a request, from arguments, files and stdin.
//!
//! It reads and joins; it does not judge the text.

use crate::error::{ConfigProblem, Error, IoFailure, Result};
use crate::origin::Origin;
use crate::whole_file;
use std::io::{self, IsTerminal};
use std::path::Path;

/// Prompt words, then stdin after a blank line when it is no terminal. `None` when there is neither.
pub(super) async fn prompt(words: &[String]) -> Result<Option<String>> {
    let typed = words.join(" ");
    let piped = if io::stdin().is_terminal() { String::new() } else { stdin_text().await? };
    Ok(joined(&typed, &piped))
}

fn joined(typed: &str, piped: &str) -> Option<String> {
    let piped = piped.strip_suffix('\n').unwrap_or(piped);
    match (typed.trim().is_empty(), piped.trim().is_empty()) {
        (true, true) => None,
        (false, true) => Some(typed.to_owned()),
        (true, false) => Some(piped.to_owned()),
        (false, false) => Some(format!("{typed}\n\n{piped}")),
    }
}

/// Text as it is, or the content of the file after `@`.
pub(super) fn text_or_file(value: &str, flag: &'static str) -> Result<String> {
    let Some(path) = value.strip_prefix('@') else { return Ok(value.to_owned()) };
    let bytes = file(Path::new(path))?;
    String::from_utf8(bytes).map_err(|_| {
        Error::Config(Box::new(ConfigProblem {
            origin: Origin::Flag(flag),
            key: None,
            problem: format!("`{path}` is no UTF-8 text"),
            hints: vec![format!("save `{path}` as UTF-8")],
        }))
    })
}

/// The whole of a file.
pub(super) fn file(path: &Path) -> Result<Vec<u8>> {
    whole_file::read(path, whole_file::REQUEST_LIMIT).map_err(|source| {
        Error::Io(Box::new(IoFailure { action: "read", path: Some(path.to_owned()), source }))
    })
}

/// The whole of stdin, read on another thread: Ctrl-C must be heard while it is waited for.
pub(super) async fn stdin() -> Result<Vec<u8>> {
    let reading = tokio::task::spawn_blocking(|| {
        let mut bytes = Vec::new();
        whole_file::take(io::stdin().lock(), whole_file::REQUEST_LIMIT, &mut bytes).map(|()| bytes)
    });
    let read = reading.await.unwrap_or_else(|ended| Err(io::Error::other(ended)));
    read.map_err(|source| {
        Error::Io(Box::new(IoFailure { action: "read standard input", path: None, source }))
    })
}

async fn stdin_text() -> Result<String> {
    String::from_utf8(stdin().await?)
        .map_err(|_| Error::InvalidRequest("standard input is no UTF-8 text".into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prompt_and_stdin_are_joined_by_a_blank_line() {
        for (typed, piped, expected) in [
            ("", "", None),
            ("", " \n", None),
            ("why", "", Some("why")),
            ("", "text\n", Some("text")),
            ("", "  indented\n\n", Some("  indented\n")),
            ("sum up", "a\nb\n", Some("sum up\n\na\nb")),
        ] {
            assert_eq!(joined(typed, piped).as_deref(), expected, "{typed:?} {piped:?}");
        }
    }
}
