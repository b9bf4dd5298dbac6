//! Rule `tool-result-json`: the JSON of a tool result is an object.
//!
//! The service model allows any value, and the service refuses whatever is no object, with every request that the
//! result is a part of. Such a value is kept under a key, so that what was given as JSON stays JSON.

use super::draft::Draft;
use super::report::Rule;
use super::tool_input::under;
use crate::converse::ToolResultContentBlock;

/// The key under which a result is kept that is no object.
const KEY: &str = "result";

pub(super) fn apply(draft: &mut Draft<'_>) {
    draft.each_result_piece(|draft, spot, mut piece, out| {
        if let ToolResultContentBlock::Json(json) = &mut piece
            && !json.as_json().starts_with('{')
        {
            *json = under(KEY, json);
            draft.note(Rule::ToolResultJson, spot, "the JSON of a tool result must be an object", None);
        }
        out.push(piece);
    });
}
