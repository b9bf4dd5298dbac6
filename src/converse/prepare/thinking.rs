//! Rule `thinking`: the model is asked to think in its own way.
//!
//! One wish, a level or a budget, becomes the fields of the model's family. Fields that the caller wrote stay
//! as they are, and then the wish counts for nothing. A budget never eats the answer: the limit is raised by
//! it as far as the model allows, and else the budget is cut.
//!
//! <https://docs.aws.amazon.com/bedrock/latest/userguide/claude-messages-extended-thinking.html>,
//! <https://docs.aws.amazon.com/bedrock/latest/userguide/claude-messages-adaptive-thinking.html>

mod budget;

pub(super) use budget::{DEFAULT_ANSWER, INTERLEAVED, LEAST as LEAST_BUDGET, LEAST_ANSWER};

use super::draft::Draft;
use super::fields::Fields;
use super::options::ThinkingLevel;
use super::report::Rule;
use crate::catalog::facts::{Effort, Family, Thinking};
use serde_json::json;

pub(super) fn apply(draft: &mut Draft<'_>) {
    let (level, budget) = (draft.options.thinking, draft.options.thinking_budget);
    let Some(level) = level.or(budget.map(|_| ThinkingLevel::High)) else { return };
    let is_off = level == ThinkingLevel::Off;
    if is_off && budget.is_some() {
        let why = "thinking is switched off, so a budget for it counts for nothing";
        draft.note(Rule::Thinking, "options.thinkingBudget", why, None);
    }
    let Some(mut fields) = draft.fields() else {
        let why = "the request's own additional fields are no object, so none can be added";
        draft.note(Rule::Thinking, "options.thinking", why, None);
        return;
    };
    let name = match draft.facts.thinking {
        Thinking::None => {
            if !is_off {
                let why = "this model has no field for thinking";
                draft.note(Rule::Thinking, "options.thinking", why, Some("thinking"));
            }
            return;
        }
        Thinking::Budget | Thinking::Adaptive { .. } => "thinking",
        Thinking::NovaEffort => "reasoningConfig",
        Thinking::FlatEffort => "reasoning_effort",
        Thinking::NestedEffort => "reasoning",
    };
    let is_said = match fields.object(name) {
        Some(reasoning) if name == "reasoning" => reasoning.has("effort"),
        _ => fields.has(name),
    };
    if is_said {
        return;
    }
    if draft.is_refused(name) {
        let why = "this model has refused this field before";
        draft.note(Rule::Thinking, "options.thinking", why, None);
        return;
    }
    if budget.is_some() && !is_off && name != "thinking" {
        let why = "this model takes no budget for thinking, so the level counts";
        draft.note(Rule::Thinking, "options.thinkingBudget", why, Some("thinking"));
    }
    let is_set = match draft.facts.thinking {
        Thinking::None => false,
        Thinking::Budget => budget::apply(draft, &mut fields, level),
        Thinking::Adaptive { .. } => adaptive(draft, &mut fields, level),
        Thinking::NovaEffort => nova(draft, &mut fields, level),
        Thinking::FlatEffort => flat(draft, &mut fields, level),
        Thinking::NestedEffort => nested(draft, &mut fields, level),
    };
    if is_set {
        draft.request.additional_model_request_fields = fields.into_document();
    }
}

/// Adaptive thinking, with an effort.
fn adaptive(draft: &mut Draft<'_>, fields: &mut Fields, level: ThinkingLevel) -> bool {
    let Thinking::Adaptive { xhigh, max, mandatory, default_effort } = draft.facts.thinking else {
        return false;
    };
    let budget = draft.options.thinking_budget.filter(|_| level != ThinkingLevel::Off);
    let level = budget.map_or(level, |tokens| of_budget(draft, tokens));
    if level == ThinkingLevel::Off && !mandatory {
        if default_effort.is_some() {
            fields.set("thinking", &json!({"type": "disabled"}));
        }
        return default_effort.is_some();
    }
    let highest = if xhigh { Effort::Xhigh } else { Effort::High };
    let (effort, why) = match level {
        ThinkingLevel::Off => {
            (Effort::Low, "this model cannot be kept from thinking, so it is asked for little")
        }
        ThinkingLevel::Minimal | ThinkingLevel::Low => (Effort::Low, ""),
        ThinkingLevel::Medium => (Effort::Medium, ""),
        ThinkingLevel::High => (Effort::High, ""),
        ThinkingLevel::Xhigh if xhigh => (Effort::Xhigh, ""),
        ThinkingLevel::Max if max => (Effort::Max, ""),
        ThinkingLevel::Xhigh | ThinkingLevel::Max => {
            (highest, "this model has no such effort, so the next lower one is asked for")
        }
    };
    if !why.is_empty() {
        draft.note(Rule::Thinking, "options.thinking", why, Some("thinking"));
    }
    let mut thinking = json!({"type": "adaptive"});
    // Newer models show nothing of their thinking unless they are asked for it.
    let display = draft.options.thinking_display.map_or("summarized", |display| display.as_str());
    if takes_display(draft)
        && let Some(thinking) = thinking.as_object_mut()
    {
        thinking.insert("display".to_owned(), json!(display));
    }
    fields.set("thinking", &thinking);
    let has_effort = draft.request.output_config.as_ref().is_some_and(|config| config.effort.is_some());
    if let Some(mut config) =
        fields.object("output_config").filter(|config| !has_effort && !config.has("effort"))
        && !draft.is_refused("output_config")
        && !draft.is_refused("output_config.effort")
    {
        config.set("effort", &name(effort));
        fields.set("output_config", &config);
    }
    true
}

/// The level that stands for a budget, where there are no budgets.
fn of_budget(draft: &mut Draft<'_>, tokens: u32) -> ThinkingLevel {
    let why = "this model decides itself how many tokens it thinks with, so the nearest effort is asked for";
    draft.note(Rule::Thinking, "options.thinkingBudget", why, Some("thinking"));
    match tokens {
        0..=2_048 => ThinkingLevel::Low,
        2_049..=8_192 => ThinkingLevel::Medium,
        _ => ThinkingLevel::High,
    }
}

/// Nova 2.
///
/// <https://docs.aws.amazon.com/nova/latest/nova2-userguide/extended-thinking.html>
fn nova(draft: &mut Draft<'_>, fields: &mut Fields, level: ThinkingLevel) -> bool {
    if level == ThinkingLevel::Off {
        return false;
    }
    let effort = name(up_to_high(draft, level));
    fields.set("reasoningConfig", &json!({"type": "enabled", "maxReasoningEffort": effort}));
    true
}

/// gpt-oss and DeepSeek V3.
fn flat(draft: &mut Draft<'_>, fields: &mut Fields, level: ThinkingLevel) -> bool {
    if level == ThinkingLevel::Off && draft.facts.family != Family::GptOss {
        return false;
    }
    if level == ThinkingLevel::Off {
        let why = "this model cannot be kept from thinking, so it is asked for little";
        draft.note(Rule::Thinking, "options.thinking", why, Some("family"));
    }
    let effort = up_to_high(draft, level);
    fields.set("reasoning_effort", &name(effort));
    true
}

/// GPT-5 and later.
fn nested(draft: &mut Draft<'_>, fields: &mut Fields, level: ThinkingLevel) -> bool {
    let effort = match level {
        ThinkingLevel::Off => "none",
        ThinkingLevel::Minimal | ThinkingLevel::Low => name(Effort::Low),
        ThinkingLevel::Medium => name(Effort::Medium),
        ThinkingLevel::High => name(Effort::High),
        ThinkingLevel::Xhigh => name(Effort::Xhigh),
        ThinkingLevel::Max => {
            let why = "this model has no such effort, so the next lower one is asked for";
            draft.note(Rule::Thinking, "options.thinking", why, Some("thinking"));
            name(Effort::Xhigh)
        }
    };
    let Some(mut reasoning) = fields.object("reasoning") else { return false };
    reasoning.set("effort", &effort);
    fields.set("reasoning", &reasoning);
    true
}

/// The effort of models that know three.
fn up_to_high(draft: &mut Draft<'_>, level: ThinkingLevel) -> Effort {
    match level {
        ThinkingLevel::Off | ThinkingLevel::Minimal | ThinkingLevel::Low => Effort::Low,
        ThinkingLevel::Medium => Effort::Medium,
        ThinkingLevel::High => Effort::High,
        ThinkingLevel::Xhigh | ThinkingLevel::Max => {
            let why = "this model has no such effort, so the next lower one is asked for";
            draft.note(Rule::Thinking, "options.thinking", why, Some("thinking"));
            Effort::High
        }
    }
}

fn name(effort: Effort) -> &'static str {
    match effort {
        Effort::Low => "low",
        Effort::Medium => "medium",
        Effort::High => "high",
        Effort::Xhigh => "xhigh",
        Effort::Max => "max",
    }
}

/// Whether `thinking.display` is taken: GovCloud refuses it.
fn takes_display(draft: &Draft<'_>) -> bool {
    let region = draft.options.region.as_ref().map(|region| region.as_str()).unwrap_or_default();
    let id = &draft.request.model_id;
    let is_gov =
        region.starts_with("us-gov-") || id.starts_with("us-gov.") || id.starts_with("arn:aws-us-gov:");
    !is_gov && !draft.is_refused("thinking.display")
}
