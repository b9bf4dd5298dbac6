//! Rule `tool-choice`: the choice of a tool is one that the model takes.
//!
//! A choice that the model refuses is lowered: to any tool with that one tool offered, or to the model's own
//! choice, which is said by saying nothing. Forcing a tool while the model thinks is refused by some.

use super::draft::Draft;
use super::mind;
use super::options::ToolWish;
use super::parallel_tools;
use super::report::Rule;
use super::structured_output;
use crate::catalog::facts::ToolChoices;
use crate::converse::{SpecificToolChoice, Tool, ToolChoice, ToolConfiguration};

pub(super) fn apply(draft: &mut Draft<'_>) {
    let wished = match &draft.options.tool_choice {
        Some(ToolWish::Choice(choice)) => Some(sent(draft, choice)),
        Some(ToolWish::Never) | None => None,
    };
    let Some(mut config) = draft.request.tool_config.take() else {
        if wished.is_some_and(|choice| choice != ToolChoice::Auto {}) {
            draft.note(Rule::ToolChoice, "options.toolChoice", "the request has no tools", None);
        }
        return;
    };
    // A choice of the request's that comes to nothing leaves the place to the wish.
    if let Some(own) = config.tool_choice.take() {
        config.tool_choice = taken(draft, &mut config, own, "toolConfig.toolChoice");
    }
    if config.tool_choice.is_none()
        && let Some(wish) = wished
    {
        config.tool_choice = taken(draft, &mut config, wish, "options.toolChoice");
    }
    let is_forced = matches!(config.tool_choice, Some(ToolChoice::Any {} | ToolChoice::Tool(_)))
        || parallel_tools::is_forced(draft);
    draft.request.tool_config = Some(config);
    if !is_forced {
        structured_output::ask_for_tool(draft);
    }
}

/// The wish with the name that the tool has in the request.
fn sent(draft: &Draft<'_>, choice: &ToolChoice) -> ToolChoice {
    let mut choice = choice.clone();
    if let ToolChoice::Tool(SpecificToolChoice { name }) = &mut choice
        && let Some(sent) = draft.tool_names.sent(name)
    {
        *name = sent.to_owned();
    }
    choice
}

/// The nearest choice that the model takes.
fn taken(
    draft: &mut Draft<'_>,
    config: &mut ToolConfiguration,
    choice: ToolChoice,
    place: &'static str,
) -> Option<ToolChoice> {
    let known = draft.facts.tools.choice;
    let (why, fact) = match &choice {
        ToolChoice::Unknown(_) => return Some(choice),
        ToolChoice::Auto {} if known >= ToolChoices::Auto => return Some(choice),
        ToolChoice::Auto {} => ("this model takes no choice at all, and chooses by itself", "tools.choice"),
        ToolChoice::Any {} | ToolChoice::Tool(_) if forbids_force(draft) => {
            ("this model must not be made to call a tool while it thinks", "tools.forcedWhileThinking")
        }
        ToolChoice::Tool(tool) if !config.tools.iter().any(|known| name(known) == Some(&tool.name)) => {
            draft.note(Rule::ToolChoice, place, format!("there is no tool `{}`", tool.name), None);
            return None;
        }
        ToolChoice::Any {} if known >= ToolChoices::Any => return Some(choice),
        ToolChoice::Tool(_) if known >= ToolChoices::Named => return Some(choice),
        ToolChoice::Tool(tool) if known >= ToolChoices::Any => {
            let stays =
                |other: &Tool| name(other) == Some(&tool.name) || structured_output::is_answer_tool(other);
            config.tools.retain(stays);
            let why = "this model can be made to call any tool but not a certain one, so only that is sent";
            draft.note(Rule::ToolChoice, place, why, Some("tools.choice"));
            return Some(ToolChoice::Any {});
        }
        ToolChoice::Any {} | ToolChoice::Tool(_) => {
            ("this model cannot be made to call a tool", "tools.choice")
        }
    };
    draft.note(Rule::ToolChoice, place, why, Some(fact));
    None
}

fn forbids_force(draft: &Draft<'_>) -> bool {
    !draft.facts.tools.forced_while_thinking && mind::read(draft).thinks
}

fn name(tool: &Tool) -> Option<&str> {
    match tool {
        Tool::ToolSpec(spec) => Some(&spec.name),
        Tool::SystemTool(tool) => Some(&tool.name),
        Tool::CachePoint(_) | Tool::Unknown(_) => None,
    }
}
