//! Rule `tool-history`: without tools in the request, calls and results are told as text.
//!
//! The service wants `toolConfig` whenever a message holds a call or a result. Tools that the caller did not
//! offer must not come back for that, so the old turns are told instead.

use super::draft::{Draft, as_call};
use super::report::Rule;
use super::tool_text;
use crate::converse::ContentBlock;
use std::collections::HashMap;

pub(super) fn apply(draft: &mut Draft<'_>) {
    if draft.request.tool_config.is_some() {
        return;
    }
    // An id may be used again in a later turn: a result belongs to the last call before it.
    let mut names: HashMap<String, String> = HashMap::new();
    let why = "the request has no tools, so what tools did before is told as text";
    draft.each_block(|draft, spot, block, out| {
        if let ContentBlock::ToolResult(result) = block {
            draft.note(Rule::ToolHistory, spot, why, None);
            let name = names.get(&result.tool_use_id).map(String::as_str);
            tool_text::result(name, result, spot.role, out);
        } else if let Some(call) = as_call(&block) {
            draft.note(Rule::ToolHistory, spot, why, None);
            out.push(tool_text::call(call));
            names.insert(call.tool_use_id.clone(), call.name.clone());
        } else {
            out.push(block);
        }
    });
}
