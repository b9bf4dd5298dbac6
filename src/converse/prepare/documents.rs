//! Rules `document-names` and `document-text`: names are plain and unique, and text goes with a document.
//!
//! A name is made from the one given and from the documents before it alone, so that it stays the same while a
//! conversation grows; a prompt cache lives from that.
//!
//! <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_DocumentBlock.html>

use super::draft::Draft;
use super::report::Rule;
use crate::converse::{ContentBlock, DocumentBlock, ToolResultContentBlock};
use std::collections::HashSet;

/// The longest name.
const LONGEST: usize = 200;

/// What is said beside a document that stands alone.
const ATTACHED: &str = "(see the attached document)";

pub(super) fn apply(draft: &mut Draft<'_>) {
    names(draft);
    texts(draft);
}

fn names(draft: &mut Draft<'_>) {
    let mut names = Names::default();
    let mut messages = std::mem::take(&mut draft.request.messages);
    for (at, message) in messages.iter_mut().enumerate() {
        for (number, block) in message.content.iter_mut().enumerate() {
            let mut rename = |document: &mut DocumentBlock| {
                if let Some(why) = names.give(document) {
                    let place = format_args!("messages[{at}].content[{number}]");
                    draft.note(Rule::DocumentNames, place, why, None);
                }
            };
            if let ContentBlock::Document(document) = block {
                rename(document);
            } else if let ContentBlock::ToolResult(result) = block {
                for piece in &mut result.content {
                    if let ToolResultContentBlock::Document(document) = piece {
                        rename(document);
                    }
                }
            }
        }
    }
    draft.request.messages = messages;
}

/// The names given so far.
#[derive(Default)]
struct Names {
    taken: HashSet<String>,
    count: usize,
}

impl Names {
    /// Gives a document a name that is plain and new. Says why, if it is another.
    fn give(&mut self, document: &mut DocumentBlock) -> Option<String> {
        self.count += 1;
        let plain = if is_plain(&document.name) { document.name.clone() } else { made_plain(&document.name) };
        let plain = if plain.is_empty() { format!("document-{}", self.count) } else { plain };
        let mut name = plain.clone();
        let mut copy = 1_u32;
        while !self.taken.insert(name.clone()) {
            copy += 1;
            let end = format!("-{copy}");
            let kept: String = plain.chars().take(LONGEST - end.len()).collect();
            name = kept + &end;
        }
        if name == document.name {
            return None;
        }
        let why = format!("names of documents are plain and each used once; sent as `{name}`");
        document.name = name;
        Some(why)
    }
}

fn is_plain_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, ' ' | '-' | '_' | '(' | ')' | '[' | ']')
}

fn is_plain(name: &str) -> bool {
    (1..=LONGEST).contains(&name.len())
        && name.chars().all(is_plain_char)
        && !name.contains("  ")
        && name.trim() == name
}

/// The name without its extension and with only what is allowed.
fn made_plain(name: &str) -> String {
    let stem = match name.rsplit_once('.') {
        Some((stem, end))
            if (1..=5).contains(&end.len()) && end.bytes().all(|b| b.is_ascii_alphanumeric()) =>
        {
            stem
        }
        _ => name,
    };
    let mut plain = String::new();
    for c in stem.chars().map(|c| if c.is_whitespace() { ' ' } else { c }) {
        let c = if is_plain_char(c) { c } else { '-' };
        // Runs of blanks are refused, and runs of replaced characters say nothing.
        let is_run = (c == ' ' || c == '-') && plain.ends_with(c);
        if !is_run && plain.len() < LONGEST {
            plain.push(c);
        }
    }
    plain.trim_matches([' ', '-']).to_owned()
}

/// Puts a text behind the documents of a message that has none.
fn texts(draft: &mut Draft<'_>) {
    let mut messages = std::mem::take(&mut draft.request.messages);
    for (at, message) in messages.iter_mut().enumerate() {
        let blocks = &mut message.content;
        let last = blocks.iter().rposition(|block| matches!(block, ContentBlock::Document(_)));
        let has_text = blocks.iter().any(|block| matches!(block, ContentBlock::Text(_)));
        if let Some(last) = last.filter(|_| !has_text) {
            let why = "a message with a document must hold a text too";
            draft.note(Rule::DocumentText, format_args!("messages[{at}].content"), why, None);
            blocks.insert(last + 1, ContentBlock::text(ATTACHED));
        }
    }
    draft.request.messages = messages;
}
