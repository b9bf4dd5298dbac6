//! What the model can do: tools, images, caching, thinking, and how much it can write.
//!
//! Some of these Bedrock checks itself; others the model's own front end, whose words Bedrock passes on.

use crate::emulator::catalog::{Model, Thinking, ToolSupport};
use crate::emulator::prompt::{asks_to_think, list, text};
use crate::emulator::refusal::Refusal;
use crate::emulator::routes::Operation;
use crate::emulator::script::signature;
use serde_json::Value;

/// Cache points of a request at most.
const MOST_CACHE_POINTS: usize = 4;

/// The smallest budget for thinking.
const LEAST_BUDGET: u64 = 1_024;

/// Limit on output tokens that Claude models get when a request names none.
const CLAUDE_DEFAULT_LIMIT: u64 = 4_096;

/// Checks a request against the abilities of `model`.
pub(super) fn check(body: &Value, model: &Model, operation: Operation) -> Result<(), Refusal> {
    if !model.writes_text() {
        return Err(Refusal::validation(
            "This action doesn't support the model that you provided. Try again with a supported text or chat \
             model.",
        ));
    }
    if operation == Operation::ConverseStream && !model.streaming {
        return Err(Refusal::validation("The model is unsupported for streaming."));
    }
    tools(body, model, operation)?;
    if !model.sees() && blocks(body).any(|block| block.get("image").is_some()) {
        return Err(Refusal::validation(
            "This model doesn't support the image content block that you provided.",
        ));
    }
    caching(body, model)?;
    let limit = body.pointer("/inferenceConfig/maxTokens").and_then(Value::as_u64);
    if limit.is_some_and(|limit| limit > model.max_tokens) {
        let most = model.max_tokens;
        return Err(Refusal::validation(format!(
            "The maximum tokens you requested exceeds the model limit of {most}. Try again with a maximum \
             tokens value that is lower than {most}."
        )));
    }
    if model.is_claude() {
        sampling(body, model)?;
        thinking(body, model)?;
        prefill(body, model)?;
    }
    Ok(())
}

/// All the content blocks of the conversation.
fn blocks(body: &Value) -> impl Iterator<Item = &Value> {
    list(body, "messages").iter().flat_map(|message| list(message, "content"))
}

fn tools(body: &Value, model: &Model, operation: Operation) -> Result<(), Refusal> {
    if body.get("toolConfig").is_none_or(Value::is_null) {
        return Ok(());
    }
    match model.tools {
        ToolSupport::Full => Ok(()),
        ToolSupport::Unary if operation != Operation::ConverseStream => Ok(()),
        ToolSupport::Unary => {
            Err(Refusal::validation("This model doesn't support tool use in streaming mode."))
        }
        ToolSupport::None => Err(Refusal::validation("This model doesn't support tool use.")),
    }
}

fn caching(body: &Value, model: &Model) -> Result<(), Refusal> {
    let tools = body.get("toolConfig").map(|config| list(config, "tools")).unwrap_or_default();
    let points = tools
        .iter()
        .chain(list(body, "system"))
        .chain(blocks(body))
        .filter(|block| block.get("cachePoint").is_some())
        .count();
    if points > 0 && !model.caching {
        return Err(Refusal::new(
            403,
            "AccessDeniedException",
            "You invoked an unsupported model or your request did not allow prompt caching. See the \
             documentation for more information.",
        ));
    }
    if points > MOST_CACHE_POINTS {
        return Err(Refusal::by_model(format!(
            "A maximum of {MOST_CACHE_POINTS} blocks with cache_control may be provided. Found {points}."
        )));
    }
    Ok(())
}

fn sampling(body: &Value, model: &Model) -> Result<(), Refusal> {
    let config = body.get("inferenceConfig").unwrap_or(&Value::Null);
    let is_set = |name| config.get(name).is_some_and(Value::is_number);
    if model.thinking == Thinking::Adaptive {
        for (member, name) in [("temperature", "temperature"), ("topP", "top_p")] {
            if is_set(member) {
                return Err(Refusal::by_model(format!("`{name}` is deprecated for this model.")));
            }
        }
    }
    let is_newer = ["-4-1-", "-4-5-", "-4-6"].iter().any(|version| model.id.contains(version));
    if is_newer && is_set("temperature") && is_set("topP") {
        return Err(Refusal::by_model(
            "`temperature` and `top_p` cannot both be specified for this model. Please use only one.",
        ));
    }
    Ok(())
}

/// Anthropic's rules for extended thinking.
///
/// <https://docs.aws.amazon.com/bedrock/latest/userguide/claude-messages-extended-thinking.html>
fn thinking(body: &Value, model: &Model) -> Result<(), Refusal> {
    let kind = body.pointer("/additionalModelRequestFields/thinking/type").and_then(Value::as_str);
    let (is_budget, is_adaptive) = (kind == Some("enabled"), kind == Some("adaptive"));
    let is_allowed = match model.thinking {
        Thinking::None | Thinking::Effort => !is_budget && !is_adaptive,
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
        return Err(Refusal::by_model("thinking: this kind of thinking is not supported on this model"));
    }
    if !asks_to_think(body) {
        return Ok(());
    }
    if is_budget {
        budget(body)?;
    }
    let temperature = body.pointer("/inferenceConfig/temperature").and_then(Value::as_f64);
    if temperature.is_some_and(|temperature| (temperature - 1.0).abs() > f64::EPSILON) {
        return Err(Refusal::by_model(
            "`temperature` may only be set to 1 when thinking is enabled or in adaptive mode.",
        ));
    }
    let choice = body.pointer("/toolConfig/toolChoice").unwrap_or(&Value::Null);
    if choice.get("any").is_some() || choice.get("tool").is_some() {
        return Err(Refusal::by_model("Thinking may not be enabled when tool_choice forces tool use."));
    }
    signatures(body)
}

fn budget(body: &Value) -> Result<(), Refusal> {
    let budget = body.pointer("/additionalModelRequestFields/thinking/budget_tokens").and_then(Value::as_u64);
    let limit = body.pointer("/inferenceConfig/maxTokens").and_then(Value::as_u64);
    match budget {
        None => Err(Refusal::by_model("thinking.enabled.budget_tokens: Field required")),
        Some(budget) if budget < LEAST_BUDGET => Err(Refusal::by_model(format!(
            "thinking.enabled.budget_tokens: Input should be greater than or equal to {LEAST_BUDGET}"
        ))),
        Some(budget) if budget >= limit.unwrap_or(CLAUDE_DEFAULT_LIMIT) => {
            Err(Refusal::by_model("`max_tokens` must be greater than `thinking.budget_tokens`."))
        }
        Some(_) => Ok(()),
    }
}

/// Thinking that comes back must carry the signature that was given out with it.
fn signatures(body: &Value) -> Result<(), Refusal> {
    for (at, message) in list(body, "messages").iter().enumerate() {
        for (number, block) in list(message, "content").iter().enumerate() {
            let Some(thinking) = block.pointer("/reasoningContent/reasoningText") else { continue };
            let path = format!("messages.{at}.content.{number}");
            if thinking.get("signature").is_none() {
                return Err(Refusal::by_model(format!("{path}.thinking.signature: Field required")));
            }
            if text(thinking, "signature") != signature(text(thinking, "text")) {
                return Err(Refusal::by_model(format!("{path}: Invalid `signature` in `thinking` block")));
            }
        }
    }
    Ok(())
}

/// Newer models do not go on with a text that is put into their mouth.
fn prefill(body: &Value, model: &Model) -> Result<(), Refusal> {
    let Some(last) = list(body, "messages").last().filter(|last| text(last, "role") == "assistant") else {
        return Ok(());
    };
    if matches!(model.thinking, Thinking::Both | Thinking::Adaptive) {
        return Err(Refusal::by_model(
            "This model does not support assistant message prefill. The conversation must end with a user \
             message.",
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
