//! Rule `tool-input`: a call's input is an object.
//!
//! One turn in which the model wrote something else would make every later request fail. Text that is an
//! object becomes one; anything else is kept under a key.

use super::draft::{Draft, is_blank};
use super::report::Rule;
use crate::converse::{ContentBlock, Document};

/// The key under which an input is kept that is no object.
const KEY: &str = "input";

pub(super) fn apply(draft: &mut Draft<'_>) {
    draft.each_block(|draft, spot, mut block, out| {
        if let ContentBlock::ToolUse(call) = &mut block
            && let Some(input) = object(&call.input)
        {
            draft.note(
                Rule::ToolInput,
                format_args!("{spot}.toolUse.input"),
                "the input of a tool call must be an object",
                None,
            );
            call.input = input;
        }
        out.push(block);
    });
}

/// The input as an object, if it is none.
fn object(input: &Document) -> Option<Document> {
    let json = input.as_json();
    match json.as_bytes().first() {
        Some(b'{') => None,
        Some(b'"') => {
            let text: String = serde_json::from_str(json).unwrap_or_default();
            let inner = Document::try_from(text.trim()).ok().filter(|inner| inner.as_json().starts_with('{'));
            Some(inner.unwrap_or_else(|| if is_blank(&text) { Document::default() } else { wrapped(input) }))
        }
        _ if json == "null" => Some(Document::default()),
        _ => Some(wrapped(input)),
    }
}

fn wrapped(input: &Document) -> Document {
    // Put together as text, so that numbers keep their form.
    Document::try_from(format!(r#"{{"{KEY}":{}}}"#, input.as_json()).as_str()).unwrap_or_default()
}
