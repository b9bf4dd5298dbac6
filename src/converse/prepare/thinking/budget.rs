//! Thinking with a budget of tokens: Claude up to 4.5.
//!
//! The budget is a part of `maxTokens`, so both are fitted together.

use super::super::beta_flags;
use super::super::draft::{Draft, as_call, as_result, is_cache_point};
use super::super::fields::Fields;
use super::super::options::ThinkingLevel;
use super::super::output_limit;
use super::super::report::Rule;
use super::takes_display;
use crate::converse::{ContentBlock, Message, Role};
use serde_json::json;

/// The smallest budget that the service takes.
pub(in super::super) const LEAST: u32 = 1_024;

/// The answer's part of the limit that a budget must leave, unless the caller wants less.
pub(in super::super) const LEAST_ANSWER: u32 = 1_024;

/// The answer's part when neither the caller nor the facts say a limit: what the service gives by itself.
pub(in super::super) const DEFAULT_ANSWER: u32 = 4_096;

/// Lets the model think between tool calls.
pub(in super::super) const INTERLEAVED: &str = "interleaved-thinking-2025-05-14";

/// Asks for thinking with a budget. Says whether it did.
pub(super) fn apply(draft: &mut Draft<'_>, fields: &mut Fields, level: ThinkingLevel) -> bool {
    let level_tokens = match level {
        ThinkingLevel::Off => return false,
        ThinkingLevel::Minimal => LEAST,
        ThinkingLevel::Low => 2_048,
        ThinkingLevel::Medium => 8_192,
        ThinkingLevel::High | ThinkingLevel::Xhigh => 16_384,
        ThinkingLevel::Max => 32_768,
    };
    if !continues_thinking(&draft.request.messages) {
        let why = "the tool calls that are being answered came without thinking, and it cannot begin there";
        draft.note(Rule::Thinking, "options.thinking", why, None);
        return false;
    }
    let wanted = draft.options.thinking_budget.unwrap_or(level_tokens);
    if wanted < LEAST {
        let why = "the service takes no smaller budget than 1024 tokens, so that is asked for";
        draft.note(Rule::Thinking, "options.thinkingBudget", why, None);
    }
    let Some(budget) = fit(draft, wanted.max(LEAST)) else {
        let why = "the model's limit on output leaves no room for thinking";
        draft.note(Rule::Thinking, "options.thinking", why, Some("maxOutputTokens"));
        return false;
    };
    let mut thinking = json!({"type": "enabled", "budget_tokens": budget});
    if let Some(display) = draft.options.thinking_display.filter(|_| takes_display(draft))
        && let Some(thinking) = thinking.as_object_mut()
    {
        thinking.insert("display".to_owned(), json!(display.as_str()));
    }
    fields.set("thinking", &thinking);
    let has_tools = draft.request.tool_config.is_some();
    if has_tools && !draft.options.no_interleaved_thinking && !draft.is_refused(beta_flags::FIELD) {
        // A member of the caller's that is no list is the caller's to answer for.
        beta_flags::add(fields, [INTERLEAVED]);
    }
    true
}

/// Fits budget and limit into each other: raises the limit by the budget, and cuts the budget where the model
/// has no room for that.
fn fit(draft: &mut Draft<'_>, wanted: u32) -> Option<u32> {
    let most = draft.facts.max_output_tokens;
    let asked = draft.request.inference_config.as_ref().and_then(|config| config.max_tokens);
    // The service takes no limit of nothing.
    let asked = asked.map(|tokens| tokens.max(1));
    let answer = asked.or(most).unwrap_or(DEFAULT_ANSWER);
    let limit = answer.saturating_add(wanted).min(most.unwrap_or(u32::MAX));
    let budget = wanted.min(limit.saturating_sub(answer.clamp(1, LEAST_ANSWER)));
    if budget < LEAST {
        return None;
    }
    if budget < wanted {
        let why = format!("the model's limit on output leaves {budget} tokens to think with");
        draft.note(Rule::Thinking, "options.thinking", why, Some("maxOutputTokens"));
    }
    // Without a limit of the caller's, the rule `output-limit` sets the model's own.
    if asked.is_some_and(|asked| asked != limit) || asked.or(most).is_none() {
        output_limit::replace(draft, asked, limit, true);
    }
    Some(budget)
}

/// Whether the assistant's turn that is going on began with reasoning. A turn goes on while its calls are
/// answered; the service refuses to begin to think in the middle of it.
fn continues_thinking(messages: &[Message]) -> bool {
    let is_answer = |message: &Message| message.content.iter().any(|block| as_result(block).is_some());
    let mut first = None;
    for pair in messages.rchunks(2) {
        match pair {
            [before, after] if after.role == Role::User && is_answer(after) => {
                first = before.content.iter().find(|block| !is_cache_point(block));
                if !before.content.iter().any(|block| as_call(block).is_some()) {
                    break;
                }
            }
            _ => break,
        }
    }
    first.is_none_or(|block| matches!(block, ContentBlock::ReasoningContent(_)))
}
