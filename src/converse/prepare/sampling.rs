//! Rule `sampling`: only sampling parameters that the model takes.
//!
//! New models refuse parameters that old programs always send, some refuse two of them together, and Claude
//! refuses most while it thinks. What is out of the service's range is moved into it.

use super::draft::Draft;
use super::mind::{self, Mind};
use super::report::Rule;
use crate::catalog::facts::TopK;

const TEMPERATURE: &str = "inferenceConfig.temperature";
const TOP_P: &str = "inferenceConfig.topP";

/// Why a parameter is dropped, and the member of the facts that decides.
type Reason = (&'static str, Option<&'static str>);

pub(super) fn apply(draft: &mut Draft<'_>) {
    let mind = mind::read(draft);
    if let Some(mut config) = draft.request.inference_config.take() {
        let before = config.clone();
        config.temperature = in_range(draft, TEMPERATURE, config.temperature);
        config.top_p = in_range(draft, TOP_P, config.top_p);
        if let Some(temperature) = config.temperature
            && let Some((why, fact)) = no_temperature(draft, mind, temperature)
        {
            draft.note(Rule::Sampling, TEMPERATURE, why, fact);
            config.temperature = None;
        }
        if config.top_p.is_some()
            && let Some((why, fact)) = no_top_p(draft, mind, config.temperature.is_some())
        {
            draft.note(Rule::Sampling, TOP_P, why, fact);
            config.top_p = None;
        }
        let is_changed = before != config;
        draft.request.inference_config = Some(config);
        if is_changed {
            draft.drop_empty_inference_config();
        }
    }
    top_k(draft, mind);
}

fn in_range(draft: &mut Draft<'_>, what: &str, value: Option<f64>) -> Option<f64> {
    let value = value?;
    if !value.is_finite() {
        draft.note(Rule::Sampling, what, "it is no finite number", None);
        return None;
    }
    let clamped = value.clamp(0.0, 1.0);
    if (clamped - value).abs() > 0.0 {
        draft.note(Rule::Sampling, what, "the service takes values from 0 to 1", None);
    }
    Some(clamped)
}

fn no_temperature(draft: &Draft<'_>, mind: Mind, temperature: f64) -> Option<Reason> {
    if !draft.facts.sampling.temperature {
        return Some(("this model refuses the parameter", Some("sampling.temperature")));
    }
    let is_one = (temperature - 1.0).abs() < f64::EPSILON;
    no_sampling(mind).filter(|_| mind.without_limits || !is_one)
}

fn no_top_p(draft: &Draft<'_>, mind: Mind, has_temperature: bool) -> Option<Reason> {
    if !draft.facts.sampling.top_p {
        return Some(("this model refuses the parameter", Some("sampling.topP")));
    }
    if has_temperature && !draft.facts.sampling.temperature_with_top_p {
        let why = "this model refuses it beside `temperature`";
        return Some((why, Some("sampling.temperatureWithTopP")));
    }
    no_sampling(mind)
}

fn no_sampling(mind: Mind) -> Option<Reason> {
    if mind.without_limits {
        Some(("this model refuses the parameter at its highest effort", Some("thinking")))
    } else if mind.as_claude {
        Some(("this model refuses the parameter while it thinks", Some("thinking")))
    } else {
        None
    }
}

/// Puts `top_k` where the model looks for it, unless the caller put it there.
fn top_k(draft: &mut Draft<'_>, mind: Mind) {
    const OPTION: &str = "options.topK";
    let Some(top_k) = draft.options.top_k else { return };
    let (name, inner) = match draft.facts.sampling.top_k {
        TopK::Refused => ("", None),
        TopK::Flat => ("top_k", None),
        TopK::K => ("k", None),
        TopK::InferenceConfig => ("inferenceConfig", Some("topK")),
    };
    if name.is_empty() || draft.is_refused(name) {
        let why = "this model refuses the parameter";
        draft.note(Rule::Sampling, OPTION, why, Some("sampling.topK"));
        return;
    }
    if let Some((why, fact)) = no_sampling(mind) {
        draft.note(Rule::Sampling, OPTION, why, fact);
        return;
    }
    let Some(mut fields) = draft.fields() else { return };
    match inner {
        None if fields.has(name) => return,
        None => fields.set(name, &top_k),
        Some(inner) => {
            let Some(mut config) = fields.object(name).filter(|config| !config.has(inner)) else { return };
            config.set(inner, &top_k);
            fields.set(name, &config);
        }
    }
    draft.request.additional_model_request_fields = fields.into_document();
}
