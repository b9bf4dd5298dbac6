//! Whether the model will think, read off the request as it stands.
//!
//! Asked by the rules that depend on it: the fields say so whether the caller wrote them or a rule did.

use super::draft::Draft;
use super::fields::Fields;
use crate::catalog::facts::Thinking;
use serde_json::Value;

/// How the model will think.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Mind {
    /// It thinks.
    pub(super) thinks: bool,
    /// It thinks as Claude does, which refuses sampling and prefill.
    pub(super) as_claude: bool,
    /// The tokens that it may think with, where they count against the limit of the answer.
    pub(super) budget: Option<u64>,
    /// Nova's highest effort, which refuses limits and sampling.
    pub(super) without_limits: bool,
}

/// Reads how the model will think.
pub(super) fn read(draft: &Draft<'_>) -> Mind {
    let fields = draft.fields().unwrap_or_default();
    let by_default = match draft.facts.thinking {
        Thinking::Adaptive { mandatory, default_effort, .. } => mandatory || default_effort.is_some(),
        Thinking::None
        | Thinking::Budget
        | Thinking::NovaEffort
        | Thinking::FlatEffort
        | Thinking::NestedEffort => false,
    };
    let claude = fields.value("thinking");
    let as_claude = match text(claude.as_ref(), "type") {
        Some("enabled" | "adaptive") => true,
        Some("disabled") => false,
        _ => by_default,
    };
    let budget = claude.as_ref().and_then(|thinking| thinking.get("budget_tokens")).and_then(Value::as_u64);
    let nova = fields.value("reasoningConfig");
    let as_nova = text(nova.as_ref(), "type") == Some("enabled");
    let by_effort = effort(&fields).is_some_and(|effort| effort != "none");
    Mind {
        thinks: as_claude || as_nova || by_effort,
        as_claude,
        budget: budget.filter(|_| as_claude),
        without_limits: as_nova && text(nova.as_ref(), "maxReasoningEffort") == Some("high"),
    }
}

/// The effort of models that have nothing else.
fn effort(fields: &Fields) -> Option<String> {
    let nested = fields.value("reasoning").and_then(|reasoning| reasoning.get("effort").cloned());
    let effort = fields.value("reasoning_effort").or(nested)?;
    effort.as_str().map(str::to_owned)
}

fn text<'a>(object: Option<&'a Value>, name: &str) -> Option<&'a str> {
    object?.get(name)?.as_str()
}
