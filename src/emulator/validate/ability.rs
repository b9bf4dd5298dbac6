//! What the model can do: tools, media, caching, thinking, and how much it can write.
//!
//! These Bedrock checks itself, by what it knows of the model. What the model's own front end refuses is in
//! `claude` and `nova`, what single models refuse though others take it in `unsupported`.

use super::{claude, nova, unsupported};
use crate::emulator::catalog::{Model, Thinking, ToolSupport};
use crate::emulator::prompt::{asks_to_think, list, tool_specs};
use crate::emulator::refusal::Refusal;
use crate::emulator::routes::Operation;
use serde_json::Value;

/// Cache points of a request at most.
const MOST_CACHE_POINTS: usize = 4;

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
    media(body, model)?;
    caching(body, model)?;
    limit(body, model)?;
    signatures(body, model)?;
    unsupported::check(body, model)?;
    if model.is_claude() {
        claude::check(body, model)
    } else if model.id.starts_with("amazon.nova") {
        nova::check(body, model)
    } else if model.thinking == Thinking::Any && asks_to_think(body) {
        claude::signatures(body)
    } else {
        thinking_fields(body, model)
    }
}

/// All the content blocks of the conversation.
pub(super) fn blocks(body: &Value) -> impl Iterator<Item = &Value> {
    list(body, "messages").iter().flat_map(|message| list(message, "content"))
}

fn tools(body: &Value, model: &Model, operation: Operation) -> Result<(), Refusal> {
    if body.get("toolConfig").is_none_or(Value::is_null) {
        return Ok(());
    }
    match model.tools {
        ToolSupport::Full => {}
        ToolSupport::Unary if operation != Operation::ConverseStream => {}
        ToolSupport::Unary => {
            return Err(Refusal::validation("This model doesn't support tool use in streaming mode."));
        }
        ToolSupport::None => return Err(Refusal::validation("This model doesn't support tool use.")),
    }
    for (at, spec) in tool_specs(body).enumerate() {
        let kind = spec.pointer("/inputSchema/json/type").and_then(Value::as_str);
        if kind != Some("object") {
            return Err(Refusal::validation(format!(
                "The value at toolConfig.tools.{at}.toolSpec.inputSchema.json.type must be one of the \
                 following: object."
            )));
        }
    }
    Ok(())
}

/// Media of messages, and of the tool results in them.
fn media(body: &Value, model: &Model) -> Result<(), Refusal> {
    for (member, modality) in [("image", "IMAGE"), ("video", "VIDEO"), ("audio", "SPEECH")] {
        let holds = |block: &Value| {
            let pieces = block.get("toolResult").map(|result| list(result, "content")).unwrap_or_default();
            block.get(member).is_some() || pieces.iter().any(|piece| piece.get(member).is_some())
        };
        if !model.reads(modality) && blocks(body).any(holds) {
            return Err(Refusal::validation(format!(
                "This model doesn't support the {member} content block that you provided."
            )));
        }
    }
    Ok(())
}

/// The cache points of a request in the order in which the model reads them.
pub(super) fn cache_points(body: &Value) -> impl Iterator<Item = &Value> {
    let tools = body.get("toolConfig").map(|config| list(config, "tools")).unwrap_or_default();
    let parts = tools.iter().chain(list(body, "system")).chain(blocks(body));
    parts.filter_map(|block| block.get("cachePoint"))
}

fn caching(body: &Value, model: &Model) -> Result<(), Refusal> {
    let points = cache_points(body).count();
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

fn limit(body: &Value, model: &Model) -> Result<(), Refusal> {
    let limit = body.pointer("/inferenceConfig/maxTokens").and_then(Value::as_u64);
    if limit.is_some_and(|limit| limit > model.max_tokens) {
        let most = model.max_tokens;
        return Err(Refusal::validation(format!(
            "The maximum tokens you requested exceeds the model limit of {most}. Try again with a maximum \
             tokens value that is lower than {most}."
        )));
    }
    Ok(())
}

/// Signatures are for those who gave them out.
fn signatures(body: &Value, model: &Model) -> Result<(), Refusal> {
    let is_signed = |block: &Value| block.pointer("/reasoningContent/reasoningText/signature").is_some();
    if model.signs_thinking() || !blocks(body).any(is_signed) {
        return Ok(());
    }
    let field = "reasoningContent.reasoningText.signature";
    Err(Refusal::validation(format!(
        "This model doesn't support the {field} field. Remove {field} and try again."
    )))
}

/// Models know their own field for thinking, and no other family's.
fn thinking_fields(body: &Value, model: &Model) -> Result<(), Refusal> {
    let own = match model.thinking {
        Thinking::Any => return Ok(()),
        Thinking::Flat => "reasoning_effort",
        Thinking::Nested => "reasoning",
        Thinking::Config => "reasoningConfig",
        Thinking::None | Thinking::Budget | Thinking::Both | Thinking::Adaptive => "",
    };
    let fields = body.get("additionalModelRequestFields").and_then(Value::as_object);
    let foreign = ["thinking", "reasoningConfig", "reasoning_effort", "reasoning"]
        .into_iter()
        .find(|name| *name != own && fields.is_some_and(|fields| fields.contains_key(*name)));
    foreign.map_or(Ok(()), |name| Err(extraneous(name)))
}

/// 400: the model's front end does not know a member of `additionalModelRequestFields`.
pub(super) fn extraneous(name: &str) -> Refusal {
    Refusal::validation(format!(
        "Malformed input request: #: extraneous key [{name}] is not permitted, please reformat your input and \
         try again."
    ))
}
