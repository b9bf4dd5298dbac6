//! What Anthropic's front end refuses, in its words: fields, thinking and its signatures, schemas, the order of
//! tool results.
//!
//! <https://docs.aws.amazon.com/bedrock/latest/userguide/claude-messages-extended-thinking.html>

use super::ability::cache_points;
use crate::emulator::catalog::{Model, Thinking};
use crate::emulator::prompt::{asks_to_think, list, text, tool_specs};
use crate::emulator::refusal::Refusal;
use crate::emulator::script::{is_redacted_thinking, signature};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

/// The smallest budget for thinking.
const LEAST_BUDGET: u64 = 1_024;

/// Limit on output tokens that Claude models get when a request names none.
const DEFAULT_LIMIT: u64 = 4_096;

/// The members of `additionalModelRequestFields` that it knows.
const FIELDS: [&str; 6] =
    ["thinking", "output_config", "anthropic_beta", "top_k", "tool_choice", "stop_sequences"];

/// Checks a request for a Claude.
pub(super) fn check(body: &Value, model: &Model) -> Result<(), Refusal> {
    let fields = body.get("additionalModelRequestFields").and_then(Value::as_object);
    let unknown = fields.into_iter().flatten().find(|(name, _)| !FIELDS.contains(&name.as_str()));
    if let Some((name, _)) = unknown {
        return Err(Refusal::by_model(format!("{name}: Extra inputs are not permitted")));
    }
    if fields.is_some_and(|fields| fields.contains_key("tool_choice"))
        && body.pointer("/toolConfig/toolChoice").is_some()
    {
        return Err(Refusal::validation(
            "The additional field tool_choice conflicts with an existing field.",
        ));
    }
    schemas(body)?;
    order(body)?;
    lifetimes(body)?;
    thinking(body, model)?;
    prefill(body)
}

fn schemas(body: &Value) -> Result<(), Refusal> {
    for (at, spec) in tool_specs(body).enumerate() {
        let schema = spec.pointer("/inputSchema/json").unwrap_or(&Value::Null);
        if ["anyOf", "oneOf", "allOf"].iter().any(|name| schema.get(*name).is_some()) {
            return Err(Refusal::by_model(format!(
                "tools.{at}.custom.input_schema: input_schema does not support oneOf, allOf, or anyOf at the \
                 top level"
            )));
        }
        if has_look_around(schema) {
            return Err(Refusal::by_model(format!(
                "tools.{at}.custom.input_schema: JSON schema is invalid. It must match JSON Schema draft 2020-12."
            )));
        }
    }
    let Some(schema) = body.pointer("/outputConfig/textFormat/structure/jsonSchema/schema") else {
        return Ok(());
    };
    match schema.as_str().map(serde_json::from_str::<Value>) {
        Some(Ok(schema)) if is_open(&schema) => Err(Refusal::by_model(
            "output_config.format.schema: For 'object' type, 'additionalProperties' must be explicitly set to \
             false",
        )),
        Some(Ok(_)) => Ok(()),
        Some(Err(_)) | None => Err(Refusal::by_model("output_config.format.schema: Invalid JSON schema")),
    }
}

/// Whether a `pattern` of a schema looks ahead or behind.
fn has_look_around(schema: &Value) -> bool {
    let looks = |pattern: &str| ["(?=", "(?!", "(?<=", "(?<!"].iter().any(|sign| pattern.contains(sign));
    match schema {
        Value::Object(members) => {
            members.get("pattern").and_then(Value::as_str).is_some_and(looks)
                || members.values().any(has_look_around)
        }
        Value::Array(items) => items.iter().any(has_look_around),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

/// Whether an object of a schema is open to other properties.
fn is_open(schema: &Value) -> bool {
    match schema {
        Value::Object(members) => {
            let is_object = members.get("type").is_some_and(|kind| kind == "object");
            is_object && members.get("additionalProperties") != Some(&Value::Bool(false))
                || members.values().any(is_open)
        }
        Value::Array(items) => items.iter().any(is_open),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

/// Results stand before everything else of their message, and thinking is not the end of one.
fn order(body: &Value) -> Result<(), Refusal> {
    for (at, message) in list(body, "messages").iter().enumerate() {
        let blocks = list(message, "content");
        let is_result = |block: &Value| block.get("toolResult").is_some();
        let head = blocks.iter().take_while(|block| is_result(block)).count();
        if let Some(late) = blocks.iter().skip(head).find(|block| is_result(block)) {
            let id = late.get("toolResult").map(|result| text(result, "toolUseId")).unwrap_or_default();
            return Err(Refusal::by_model(format!(
                "messages.{}: `tool_use` ids were found without `tool_result` blocks immediately after: {id}. \
                 Each `tool_use` block must have a corresponding `tool_result` block in the next message.",
                at.saturating_sub(1)
            )));
        }
        if blocks.last().is_some_and(|last| last.get("reasoningContent").is_some()) {
            return Err(Refusal::by_model(format!(
                "messages.{at}: The final block in an assistant message cannot be `thinking`."
            )));
        }
    }
    Ok(())
}

/// An hour must not come after five minutes.
fn lifetimes(body: &Value) -> Result<(), Refusal> {
    let mut is_short = cache_points(body).map(|point| text(point, "ttl") != "1h");
    let first_short = is_short.position(|short| short);
    if first_short.is_some() && is_short.any(|short| !short) {
        return Err(Refusal::by_model(
            "a ttl='1h' cache_control block must not come after a ttl='5m' cache_control block. Note that blocks \
             are processed in the following order: `tools`, `system`, `messages`.",
        ));
    }
    Ok(())
}

fn thinking(body: &Value, model: &Model) -> Result<(), Refusal> {
    let kind = body.pointer("/additionalModelRequestFields/thinking/type").and_then(Value::as_str);
    let (is_budget, is_adaptive) = (kind == Some("enabled"), kind == Some("adaptive"));
    let is_allowed = match model.thinking {
        Thinking::None | Thinking::Config | Thinking::Flat | Thinking::Nested => !is_budget && !is_adaptive,
        Thinking::Budget => !is_adaptive,
        Thinking::Adaptive if is_budget => {
            return Err(Refusal::by_model(
                "\"thinking.type.enabled\" is not supported for this model. Use \"thinking.type.adaptive\" and \
                 \"output_config.effort\" to control thinking behavior.",
            ));
        }
        Thinking::Adaptive | Thinking::Both | Thinking::Any => true,
    };
    if !is_allowed {
        return Err(Refusal::by_model(if model.thinking == Thinking::Budget {
            "thinking: Input tag 'adaptive' found using 'type' does not match any of the expected tags: \
             'disabled', 'enabled'"
        } else {
            "thinking: Extra inputs are not permitted"
        }));
    }
    if !asks_to_think(body) {
        return Ok(());
    }
    if is_budget {
        budget(body)?;
        last_turn(body)?;
    }
    beside_thinking(body)?;
    signatures(body)
}

/// Parameters that do not go with thinking.
fn beside_thinking(body: &Value) -> Result<(), Refusal> {
    let temperature = body.pointer("/inferenceConfig/temperature").and_then(Value::as_f64);
    if temperature.is_some_and(|temperature| (temperature - 1.0).abs() > f64::EPSILON) {
        return Err(Refusal::by_model(
            "`temperature` may only be set to 1 when thinking is enabled or in adaptive mode.",
        ));
    }
    let top_p = body.pointer("/inferenceConfig/topP").and_then(Value::as_f64);
    if top_p.is_some_and(|top_p| top_p < 0.95) {
        return Err(Refusal::by_model(
            "`top_p` must be greater than or equal to 0.95 or unset when thinking is enabled.",
        ));
    }
    if body.pointer("/additionalModelRequestFields/top_k").is_some() {
        return Err(Refusal::by_model("`top_k` must be unset when thinking is enabled."));
    }
    let choice = body.pointer("/toolConfig/toolChoice").unwrap_or(&Value::Null);
    let own = body.pointer("/additionalModelRequestFields/tool_choice/type").and_then(Value::as_str);
    if choice.get("any").is_some() || choice.get("tool").is_some() || matches!(own, Some("any" | "tool")) {
        return Err(Refusal::by_model("Thinking may not be enabled when tool_choice forces tool use."));
    }
    Ok(())
}

fn budget(body: &Value) -> Result<(), Refusal> {
    let budget = body.pointer("/additionalModelRequestFields/thinking/budget_tokens").and_then(Value::as_u64);
    let limit = body.pointer("/inferenceConfig/maxTokens").and_then(Value::as_u64);
    match budget {
        None => Err(Refusal::by_model("thinking.enabled.budget_tokens: Field required")),
        Some(budget) if budget < LEAST_BUDGET => Err(Refusal::by_model(format!(
            "thinking.enabled.budget_tokens: Input should be greater than or equal to {LEAST_BUDGET}"
        ))),
        // Between calls of tools it is for all the turns together.
        Some(budget) if budget >= limit.unwrap_or(DEFAULT_LIMIT) && !is_interleaved(body) => {
            Err(Refusal::by_model("`max_tokens` must be greater than `thinking.budget_tokens`."))
        }
        Some(_) => Ok(()),
    }
}

fn is_interleaved(body: &Value) -> bool {
    let flags = body.pointer("/additionalModelRequestFields/anthropic_beta").and_then(Value::as_array);
    flags.is_some_and(|flags| flags.iter().any(|flag| flag == "interleaved-thinking-2025-05-14"))
}

/// A turn that goes on after its tools must begin with the thinking that led to them.
fn last_turn(body: &Value) -> Result<(), Refusal> {
    let messages = list(body, "messages");
    let is_result = |block: &Value| block.get("toolResult").is_some();
    let answers = |at: usize| messages.get(at).is_some_and(|it| list(it, "content").iter().any(is_result));
    // One answer may have called tools several times.
    let mut next = messages.len().saturating_sub(1);
    while next >= 3 && answers(next) && answers(next - 2) {
        next -= 2;
    }
    let Some(at) = next.checked_sub(1).filter(|_| answers(next)) else { return Ok(()) };
    let first = messages.get(at).and_then(|turn| list(turn, "content").first());
    if first.is_some_and(|block| block.get("reasoningContent").is_some()) {
        return Ok(());
    }
    Err(Refusal::by_model(format!(
        "messages.{at}.content.0.type: Expected `thinking` or `redacted_thinking`, but found `tool_use`. When \
         `thinking` is enabled, a final `assistant` message must start with a thinking block."
    )))
}

/// Thinking that comes back must be as it was given out, and carry its signature.
pub(super) fn signatures(body: &Value) -> Result<(), Refusal> {
    for (at, message) in list(body, "messages").iter().enumerate() {
        for (number, block) in list(message, "content").iter().enumerate() {
            let Some(reasoning) = block.get("reasoningContent") else { continue };
            let path = format!("messages.{at}.content.{number}");
            if let Some(thinking) = reasoning.get("reasoningText") {
                if thinking.get("signature").is_none() {
                    return Err(Refusal::by_model(format!("{path}.thinking.signature: Field required")));
                }
                if text(thinking, "signature") != signature(text(thinking, "text")) {
                    return Err(Refusal::by_model(format!(
                        "{path}: Invalid `signature` in `thinking` block"
                    )));
                }
            }
            let redacted = reasoning.get("redactedContent").and_then(Value::as_str);
            let data = redacted.map(|redacted| STANDARD.decode(redacted).unwrap_or_default());
            if data.is_some_and(|data| !is_redacted_thinking(&data)) {
                return Err(Refusal::by_model(format!(
                    "{path}: Invalid `data` in `redacted_thinking` block"
                )));
            }
        }
    }
    Ok(())
}

/// What is put into its mouth must not end in a blank, and cannot be continued by one that thinks.
fn prefill(body: &Value) -> Result<(), Refusal> {
    let Some(last) = list(body, "messages").last().filter(|last| text(last, "role") == "assistant") else {
        return Ok(());
    };
    if asks_to_think(body) {
        return Err(Refusal::by_model(
            "Prefilling the assistant response is not supported when thinking is enabled.",
        ));
    }
    let ends_blank =
        list(last, "content").last().is_some_and(|block| text(block, "text").ends_with(char::is_whitespace));
    if ends_blank {
        return Err(Refusal::by_model(
            "messages: final assistant content cannot end with trailing whitespace",
        ));
    }
    Ok(())
}
