//! Rule `beta-flags`: the flags that are wished stand in `anthropic_beta`, beside those that are there.
//!
//! Only Claude has such flags. Which of them a model knows is not decided here: it refuses what it does not, and
//! that is learned from.

use super::draft::Draft;
use super::fields::Fields;
use super::report::Rule;
use crate::catalog::facts::Family;
use serde_json::Value;

pub(super) const FIELD: &str = "anthropic_beta";

pub(super) fn apply(draft: &mut Draft<'_>) {
    let flags = &draft.options.beta_flags;
    if flags.is_empty() {
        return;
    }
    let (why, fact) = if draft.facts.family != Family::Claude && !draft.is_unknown() {
        ("only models of Anthropic have such flags", Some("family"))
    } else if draft.is_refused(FIELD) {
        ("this model has refused this field before", None)
    } else if let Some(mut fields) = draft.fields()
        && add(&mut fields, flags.iter().map(String::as_str))
    {
        draft.request.additional_model_request_fields = fields.into_document();
        return;
    } else {
        ("the request's own additional fields leave no place for them", None)
    };
    draft.note(Rule::BetaFlags, "options.betaFlags", why, fact);
}

/// Whether a flag is there.
pub(super) fn has(fields: &Fields, flag: &str) -> bool {
    matches!(fields.value(FIELD), Some(Value::Array(all)) if all.iter().any(|known| known == flag))
}

/// Adds flags that are not there. False: what stands in their place is no list.
pub(super) fn add<'a>(fields: &mut Fields, flags: impl IntoIterator<Item = &'a str>) -> bool {
    let mut all = match fields.value(FIELD) {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(all)) => all,
        Some(Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_)) => return false,
    };
    let before = all.len();
    for flag in flags {
        if !all.iter().any(|known| known == flag) {
            all.push(flag.into());
        }
    }
    if all.len() > before {
        fields.set(FIELD, &all);
    }
    true
}
