//! Rule `tools`: tools are sent only where they are taken.
//!
//! An empty list counts as none, as the service refuses it. Converse has no word for "call no tool": who wants
//! that leaves the tools out.

use super::draft::Draft;
use super::options::ToolWish;
use super::report::Rule;
use super::structured_output;
use crate::converse::{Tool, UnknownMember};

pub(super) fn apply(draft: &mut Draft<'_>) {
    let Some(mut config) = draft.request.tool_config.take() else { return };
    let (is_supported, is_wanted) =
        (draft.facts.tools.supported, draft.options.tool_choice != Some(ToolWish::Never));
    let before = config.tools.len();
    config.tools.retain(|tool| *tool != Tool::Unknown(UnknownMember::default()));
    if config.tools.len() < before {
        draft.note(Rule::Tools, "toolConfig.tools", "a tool without a member is refused", None);
    }
    if !is_supported {
        let why = "this model takes no tools";
        draft.note(Rule::Tools, "toolConfig", why, Some("tools.supported"));
        return;
    }
    let stays = |tool: &Tool| structured_output::is_answer_tool(tool) || matches!(tool, Tool::CachePoint(_));
    if !is_wanted && !config.tools.iter().all(stays) {
        draft.note(Rule::Tools, "toolConfig", "no tool is to be called, so none is sent", None);
        config.tools.retain(stays);
        config.tool_choice = None;
    }
    if config.tools.iter().all(|tool| matches!(tool, Tool::CachePoint(_))) {
        if is_wanted {
            draft.note(Rule::Tools, "toolConfig", "a list of tools must hold one", None);
        }
        return;
    }
    draft.request.tool_config = Some(config);
}
