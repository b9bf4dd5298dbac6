//! Rule `parallel-tools`: one tool is called at a time where the model has a word for it.
//!
//! Converse has none. Claude takes `tool_choice` among its own fields, which must then not stand beside
//! `toolConfig.toolChoice`, as the two are one.
//!
//! <https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-anthropic-claude-messages-tool-use.html>

use super::draft::Draft;
use super::report::Rule;
use crate::catalog::facts::Family;
use crate::converse::ToolChoice;
use serde_json::{Value, json};

const FIELD: &str = "tool_choice";

pub(super) fn apply(draft: &mut Draft<'_>) {
    let Some(mut fields) = draft.fields() else { return };
    if draft.facts.family == Family::Claude && fields.has(FIELD) {
        let config = draft.request.tool_config.as_mut();
        if config.and_then(|config| config.tool_choice.take()).is_some() {
            let is_wish = draft.options.tool_choice.is_some() || draft.options.schema.is_some();
            let place = if is_wish { "options.toolChoice" } else { "toolConfig.toolChoice" };
            draft.note(Rule::ParallelTools, place, "the model's own field `tool_choice` stands for it", None);
        }
        return;
    }
    if !draft.options.no_parallel_tools {
        return;
    }
    let place = "options.noParallelTools";
    let Some(config) = &mut draft.request.tool_config else { return };
    if draft.facts.family != Family::Claude {
        let why = "this model cannot be told to call one tool at a time";
        return draft.note(Rule::ParallelTools, place, why, Some("family"));
    }
    let choice = config.tool_choice.take();
    let Some(mut own) = own(choice.as_ref()).filter(|_| !is_refused(draft)) else {
        if let Some(config) = &mut draft.request.tool_config {
            config.tool_choice = choice;
        }
        let why = "this model has refused this field before";
        return draft.note(Rule::ParallelTools, place, why, None);
    };
    if let Some(own) = own.as_object_mut() {
        own.insert("disable_parallel_tool_use".to_owned(), Value::Bool(true));
    }
    fields.set(FIELD, &own);
    draft.request.additional_model_request_fields = fields.into_document();
}

/// Whether the model's own field forces a tool.
pub(super) fn is_forced(draft: &Draft<'_>) -> bool {
    let own = draft.fields().and_then(|fields| fields.value(FIELD)).unwrap_or_default();
    let kind = own.get("type").and_then(Value::as_str);
    draft.facts.family == Family::Claude && matches!(kind, Some("any" | "tool"))
}

fn is_refused(draft: &Draft<'_>) -> bool {
    draft.is_refused(FIELD) || draft.is_refused("tool_choice.disable_parallel_tool_use")
}

/// The choice in Claude's words; `None` for one that has none.
fn own(choice: Option<&ToolChoice>) -> Option<Value> {
    match choice {
        None | Some(ToolChoice::Auto {}) => Some(json!({"type": "auto"})),
        Some(ToolChoice::Any {}) => Some(json!({"type": "any"})),
        Some(ToolChoice::Tool(tool)) => Some(json!({"type": "tool", "name": tool.name})),
        Some(ToolChoice::Unknown(_)) => None,
    }
}
