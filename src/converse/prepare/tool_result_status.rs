//! Rule `tool-result-status`: a tool result says whether it failed where the model takes the status.
//!
//! Others refuse the whole request for it, or never see it. An error is told in the result then; success is what a
//! result without a word about it means.
//!
//! <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ToolResultBlock.html>

use super::draft::Draft;
use super::report::Rule;
use crate::converse::{ContentBlock, ToolResultContentBlock, ToolResultStatus};

/// What stands in a result that failed.
const ERROR: &str = "(error)";

pub(super) fn apply(draft: &mut Draft<'_>) {
    if draft.facts.tools.result_status {
        return;
    }
    draft.each_block(|draft, spot, mut block, out| {
        if let ContentBlock::ToolResult(result) = &mut block
            && let Some(status) = result.status.take()
        {
            let why = if status == ToolResultStatus::ERROR {
                result.content.insert(0, ToolResultContentBlock::Text(ERROR.to_owned()));
                "this model takes no status of a tool result, so a text says that it is an error"
            } else {
                "this model takes no status of a tool result"
            };
            draft.note(Rule::ToolResultStatus, spot, why, Some("tools.resultStatus"));
        }
        out.push(block);
    });
}
