//! Rules `tool-descriptions` and `tool-schemas`: what a tool says of itself is something the model reads.
//!
//! One tool that is refused fails the whole request, so each is made acceptable by itself. What a schema loses
//! in that the model may still get right, as tools check their input anyway.

use super::draft::{Draft, is_blank};
use super::report::Rule;
use super::schema::{self, Dialect};
use crate::catalog::facts::Family;
use crate::converse::{Document, Tool, ToolInputSchema, ToolSpecification, UnknownMember};

pub(super) fn apply(draft: &mut Draft<'_>) {
    let Some(mut config) = draft.request.tool_config.take() else { return };
    for tool in &mut config.tools {
        if let Tool::ToolSpec(spec) = tool {
            if spec.description.as_deref().is_some_and(is_blank) {
                let why = "a tool's description must not be blank";
                draft.note(Rule::ToolDescriptions, format_args!("tool `{}`", spec.name), why, None);
                spec.description = None;
            }
            input_schema(draft, spec);
        }
    }
    draft.request.tool_config = Some(config);
}

fn input_schema(draft: &mut Draft<'_>, spec: &mut ToolSpecification) {
    if spec.input_schema == ToolInputSchema::Unknown(UnknownMember::default()) {
        spec.input_schema = ToolInputSchema::Json(Document::from(serde_json::Value::Null));
    }
    let ToolInputSchema::Json(document) = &mut spec.input_schema else { return };
    let value = match document.to_value() {
        Ok(value) => value,
        // Deeper or wider than a tree can hold: it is the service's business.
        Err(_) if document.as_json().starts_with('{') => return,
        Err(_) => serde_json::Value::Null,
    };
    let fixed = schema::for_tool(value, dialect(draft));
    if fixed.changes.is_empty() {
        return;
    }
    for change in fixed.changes {
        draft.note(Rule::ToolSchemas, format_args!("tool `{}`", spec.name), change.why(), change.fact());
    }
    if fixed.is_wrapped {
        draft.tool_names.wrapped.insert(spec.name.clone());
    }
    let text = schema::in_order(fixed.schema, document, fixed.is_wrapped);
    *document = Document::try_from(text.as_str()).unwrap_or_default();
}

/// What the model's schemas may hold.
pub(super) fn dialect(draft: &Draft<'_>) -> Dialect {
    Dialect {
        refs: draft.facts.tools.schema_refs,
        only_basics: draft.facts.family == Family::Nova,
        look_around: draft.is_unknown(),
        properties: match draft.facts.family {
            Family::Nova | Family::Gpt | Family::GptOss => true,
            Family::Claude
            | Family::Titan
            | Family::Llama
            | Family::Mistral
            | Family::DeepSeek
            | Family::Grok
            | Family::Kimi
            | Family::Qwen
            | Family::Cohere
            | Family::Jamba
            | Family::Other
            | Family::Unknown => false,
        },
    }
}
