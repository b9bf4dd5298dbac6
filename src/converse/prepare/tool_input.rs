//! Rule `tool-input`: a call's input is an object.
//!
//! One turn in which the model wrote something else would make every later request fail. Text that is an
//! object becomes one; anything else is kept under a key.

use super::WRAPPED;
use super::draft::{Draft, is_blank};
use super::report::Rule;
use crate::converse::{ContentBlock, Document};

/// The key under which an input is kept that is no object.
const KEY: &str = "input";

pub(super) fn apply(draft: &mut Draft<'_>) {
    draft.each_block(|draft, spot, mut block, out| {
        if let ContentBlock::ToolUse(call) = &mut block
            && !call.input.as_json().starts_with('{')
        {
            let place = format_args!("{spot}.toolUse.input");
            draft.note(Rule::ToolInput, place, "the input of a tool call must be an object", None);
            // A tool whose schema was put into an object has its inputs there too.
            let is_wrapped = draft.tool_names.wrapped.contains(&call.name);
            call.input = if is_wrapped { under(WRAPPED, &call.input) } else { object(&call.input) };
        }
        out.push(block);
    });
}

/// The input as an object: what a text holds, or nothing for nothing, else the input under a key.
fn object(input: &Document) -> Document {
    let json = input.as_json();
    if json == "null" {
        return Document::default();
    }
    let Ok(text) = serde_json::from_slice::<String>(json.as_bytes()) else { return under(KEY, input) };
    if is_blank(&text) {
        return Document::default();
    }
    let inner = Document::try_from(text.trim()).ok().filter(|inner| inner.as_json().starts_with('{'));
    inner.unwrap_or_else(|| under(KEY, input))
}

/// An object that holds a value under a key.
pub(super) fn under(key: &str, value: &Document) -> Document {
    // Put together as text, so that numbers keep their form.
    Document::try_from(format!(r#"{{"{key}":{}}}"#, value.as_json()).as_str()).unwrap_or_default()
}
