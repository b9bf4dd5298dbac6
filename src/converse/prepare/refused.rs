//! Rule `refused`: what a model has refused before is left out.
//!
//! A name is a member of `additionalModelRequestFields`, with a dot before a member of it, or `strict` for the
//! member of tools. Cache points and media are the business of their own rules.

use super::draft::Draft;
use super::fields::Fields;
use super::report::Rule;
use crate::converse::Tool;

const WHY: &str = "this model has refused it before";

pub(super) fn apply(draft: &mut Draft<'_>) {
    if draft.options.refused.is_empty() {
        return;
    }
    if draft.is_refused("strict") {
        strict(draft);
    }
    let Some(mut fields) = draft.fields() else { return };
    let mut gone = Vec::new();
    for name in &draft.options.refused {
        let is_gone = match name.split_once('.') {
            None => fields.remove(name),
            Some((outer, inner)) => remove_inner(&mut fields, outer, inner),
        };
        if is_gone {
            gone.push(name);
        }
    }
    if !gone.is_empty() {
        draft.request.additional_model_request_fields = fields.into_document();
    }
    for name in gone {
        draft.note(Rule::Refused, format_args!("additionalModelRequestFields.{name}"), WHY, None);
    }
}

fn remove_inner(fields: &mut Fields, outer: &str, inner: &str) -> bool {
    let Some(mut object) = fields.object(outer) else { return false };
    let is_gone = object.remove(inner);
    if is_gone {
        fields.set(outer, &object);
    }
    is_gone
}

fn strict(draft: &mut Draft<'_>) {
    let Some(config) = &mut draft.request.tool_config else { return };
    let mut any = false;
    for tool in &mut config.tools {
        if let Tool::ToolSpec(spec) = tool {
            any |= spec.strict.take().is_some();
        }
    }
    if any {
        draft.note(Rule::Refused, "toolConfig.tools.strict", WHY, None);
    }
}
