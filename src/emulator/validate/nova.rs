//! What Amazon Nova refuses by itself: fields that it does not know, and limits beside the hardest thinking.
//!
//! <https://docs.aws.amazon.com/nova/latest/nova2-userguide/extended-thinking.html>

use super::ability::extraneous;
use crate::emulator::catalog::{Model, Thinking};
use crate::emulator::refusal::Refusal;
use serde_json::Value;

pub(super) fn check(body: &Value, model: &Model) -> Result<(), Refusal> {
    let fields = body.get("additionalModelRequestFields").unwrap_or(&Value::Null);
    let is_known = |name: &str| {
        name == "inferenceConfig" || name == "reasoningConfig" && model.thinking == Thinking::Config
    };
    let mut names = fields.as_object().into_iter().flatten().map(|(name, _)| name.as_str());
    if let Some(name) = names.find(|name| !is_known(name)) {
        return Err(extraneous(name));
    }
    let effort = fields.pointer("/reasoningConfig/maxReasoningEffort").and_then(Value::as_str);
    let config = body.get("inferenceConfig").unwrap_or(&Value::Null);
    let is_set = |name: &&str| config.get(*name).is_some_and(Value::is_number);
    if effort == Some("high")
        && let Some(name) = ["maxTokens", "temperature", "topP"].into_iter().find(is_set)
    {
        return Err(Refusal::validation(format!(
            "Malformed input request: inferenceConfig.{name} must be unset when maxReasoningEffort is high, \
             please reformat your input and try again."
        )));
    }
    Ok(())
}
