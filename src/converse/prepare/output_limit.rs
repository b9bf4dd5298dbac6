//! Rule `output-limit`: the limit on the answer is one that the model takes and that leaves it room.
//!
//! Without a limit Bedrock ends the answer of a Claude model after 4,096 tokens, whatever the model can do;
//! so the model's own limit is sent. For other families the service knows better. A budget for thinking that the
//! limit cannot hold is lowered, also one that the caller wrote into the model's own fields.

use super::draft::Draft;
use super::report::Rule;
use super::thinking::{DEFAULT_ANSWER, INTERLEAVED, LEAST_ANSWER, LEAST_BUDGET};
use super::{beta_flags, mind};
use crate::catalog::facts::Family;

const PLACE: &str = "inferenceConfig.maxTokens";

/// The smallest limit that some families take.
const LEAST: u32 = 16;

pub(super) fn apply(draft: &mut Draft<'_>) {
    let mind = mind::read(draft);
    let asked = draft.request.inference_config.as_ref().and_then(|config| config.max_tokens);
    if mind.without_limits {
        if asked.is_some() {
            let why = "this model refuses a limit at its highest effort";
            draft.note(Rule::OutputLimit, PLACE, why, Some("thinking"));
            set(draft, None);
        }
        return;
    }
    let most = draft.facts.max_output_tokens.unwrap_or(u32::MAX);
    let budget = mind.budget.map(|budget| u32::try_from(budget).unwrap_or(u32::MAX));
    let limit = match (asked, draft.facts.max_output_tokens, budget) {
        (Some(asked), ..) => asked,
        (None, Some(most), _) if draft.facts.family == Family::Claude => {
            let why =
                "without a limit the service ends the answer at 4096 tokens, so the model's own is sent";
            draft.note(Rule::OutputLimit, PLACE, why, Some("maxOutputTokens"));
            set(draft, Some(most));
            lower(draft, budget, most, LEAST_ANSWER);
            return;
        }
        (None, _, Some(_)) => DEFAULT_ANSWER,
        (None, _, None) => return,
    };
    let fitting = fit(limit, budget, least(draft.facts.family), most);
    if asked != Some(fitting) {
        let has_no_room = budget.is_some_and(|budget| limit <= budget);
        replace(draft, asked, fitting, has_no_room);
    }
    lower(draft, budget, fitting, limit);
}

/// Lowers a budget that leaves nothing of the limit to the answer, of which `answer` tokens are wanted. Between
/// calls of tools a budget may be above the limit: it is for all the turns together.
fn lower(draft: &mut Draft<'_>, budget: Option<u32>, limit: u32, answer: u32) {
    if budget.is_none_or(|budget| budget < limit) {
        return;
    }
    let fitting = limit.saturating_sub(answer.clamp(1, LEAST_ANSWER));
    let Some(mut fields) = draft.fields().filter(|fields| !beta_flags::has(fields, INTERLEAVED)) else {
        return;
    };
    let Some(mut thinking) = fields.object("thinking").filter(|_| fitting >= LEAST_BUDGET) else { return };
    thinking.set("budget_tokens", &fitting);
    fields.set("thinking", &thinking);
    draft.request.additional_model_request_fields = fields.into_document();
    let why = format!("a budget must be below the limit of {limit} tokens, so it is lowered");
    let place = "additionalModelRequestFields.thinking.budget_tokens";
    draft.note(Rule::Thinking, place, why, Some("maxOutputTokens"));
}

/// Sets the limit, and notes why it is not the one that was asked for. `has_no_room`: thinking takes all of that.
pub(super) fn replace(draft: &mut Draft<'_>, asked: Option<u32>, fitting: u32, has_no_room: bool) {
    let (why, fact) = match asked.map(|asked| fitting < asked) {
        None => {
            ("thinking counts against the limit, so one is set that leaves room for the answer", "thinking")
        }
        Some(true) => ("the model gives no more", "maxOutputTokens"),
        Some(false) if has_no_room => {
            ("thinking counts against the limit, which is raised for it", "thinking")
        }
        Some(false) => ("the model takes no smaller limit", "family"),
    };
    draft.note(Rule::OutputLimit, PLACE, why, Some(fact));
    set(draft, Some(fitting));
}

/// The nearest limit that the model takes.
fn fit(limit: u32, budget: Option<u32>, least: u32, most: u32) -> u32 {
    let raised = match budget {
        Some(budget) if limit <= budget => limit.max(1).saturating_add(budget),
        Some(_) | None => limit,
    };
    raised.max(least).min(most)
}

fn least(family: Family) -> u32 {
    match family {
        Family::Gpt | Family::Grok | Family::Kimi => LEAST,
        Family::Claude
        | Family::Nova
        | Family::Titan
        | Family::Llama
        | Family::Mistral
        | Family::DeepSeek
        | Family::GptOss
        | Family::Qwen
        | Family::Cohere
        | Family::Jamba
        | Family::Other
        | Family::Unknown => 1,
    }
}

fn set(draft: &mut Draft<'_>, limit: Option<u32>) {
    draft.request.inference_config.get_or_insert_default().max_tokens = limit;
    draft.drop_empty_inference_config();
}
