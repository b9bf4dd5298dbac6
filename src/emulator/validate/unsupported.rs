//! What single models refuse though others take it, as the list of models says.
//!
//! The refusal names the field; Bedrock's words for its own fields, Anthropic's for those of Claude.

use super::ability::{blocks, cache_points};
use crate::emulator::catalog::{Model, Unsupported};
use crate::emulator::prompt::{list, text, tool_specs};
use crate::emulator::refusal::Refusal;
use serde_json::Value;

/// Checks that a request has nothing of what `model` refuses.
pub(super) fn check(body: &Value, model: &Model) -> Result<(), Refusal> {
    model.refuses.iter().try_for_each(|what| refuse(*what, body, model))
}

/// Refuses a request that has `what`.
fn refuse(what: Unsupported, body: &Value, model: &Model) -> Result<(), Refusal> {
    let is_set = |pointer: &str| body.pointer(pointer).is_some_and(|value| !value.is_null());
    match what {
        Unsupported::SystemPrompt => when(!list(body, "system").is_empty(), || {
            Refusal::validation(
                "This model doesn't support system messages. Try again without a system message.",
            )
        }),
        Unsupported::StopSequences => {
            when(is_set("/inferenceConfig/stopSequences/0"), || field("stopSequences"))
        }
        Unsupported::Temperature => {
            when(is_set("/inferenceConfig/temperature"), || sampling("temperature", "temperature", model))
        }
        Unsupported::TopP => when(is_set("/inferenceConfig/topP"), || sampling("topP", "top_p", model)),
        Unsupported::TopK => when(is_set("/additionalModelRequestFields/top_k"), || deprecated("top_k")),
        Unsupported::TemperatureWithTopP => {
            when(is_set("/inferenceConfig/temperature") && is_set("/inferenceConfig/topP"), || {
                Refusal::by_model(
                    "`temperature` and `top_p` cannot both be specified for this model. Please use only one.",
                )
            })
        }
        Unsupported::AnyTool => {
            when(is_set("/toolConfig/toolChoice/any"), || field("toolConfig.toolChoice.any"))
        }
        Unsupported::NamedTool => {
            when(is_set("/toolConfig/toolChoice/tool"), || field("toolConfig.toolChoice.tool"))
        }
        Unsupported::Documents => when(holds(body, "document"), || {
            Refusal::validation("This model doesn't support the document content block that you provided.")
        }),
        Unsupported::ImagesInResults => when(
            pieces(body).any(|piece| piece.get("image").is_some() || piece.get("video").is_some()),
            || field("toolResult.content.image"),
        ),
        Unsupported::TextBesideResults => text_beside_results(body),
        Unsupported::CachePointsInTools => {
            let tools = body.get("toolConfig").map(|config| list(config, "tools")).unwrap_or_default();
            when(tools.iter().any(|tool| tool.get("cachePoint").is_some()), || {
                Refusal::validation(
                    "Malformed input request: #/toolConfig/tools: extraneous key [cachePoint] is not \
                     permitted, please reformat your input and try again.",
                )
            })
        }
        Unsupported::CacheLifetime => lifetime(body, model),
        Unsupported::StructuredOutput => when(is_set("/outputConfig/textFormat"), || {
            if model.is_claude() {
                Refusal::by_model("output_config.format: Extra inputs are not permitted")
            } else {
                field("outputConfig.textFormat")
            }
        }),
        Unsupported::SchemaReferences => when(tool_specs(body).any(has_reference), || {
            Refusal::validation(
                "Malformed input request: #/toolConfig/tools: extraneous key [$ref] is not permitted, please \
                 reformat your input and try again.",
            )
        }),
        Unsupported::DisabledThinking => {
            let kind = body.pointer("/additionalModelRequestFields/thinking/type");
            when(kind.is_some_and(|kind| kind == "disabled"), || {
                Refusal::by_model("\"thinking.type.disabled\" is not supported for this model.")
            })
        }
        Unsupported::Prefill => prefill(body, model),
    }
}

fn when(is_asked: bool, refusal: impl FnOnce() -> Refusal) -> Result<(), Refusal> {
    if is_asked { Err(refusal()) } else { Ok(()) }
}

/// A member of Converse that the model does not have.
fn field(name: &str) -> Refusal {
    Refusal::validation(format!("This model doesn't support the {name} field. Remove {name} and try again."))
}

fn sampling(member: &str, name: &str, model: &Model) -> Refusal {
    if model.is_claude() { deprecated(name) } else { field(member) }
}

fn deprecated(name: &str) -> Refusal {
    Refusal::by_model(format!("`{name}` is deprecated for this model."))
}

/// What stands in tool results.
fn pieces(body: &Value) -> impl Iterator<Item = &Value> {
    blocks(body).filter_map(|block| block.get("toolResult")).flat_map(|result| list(result, "content"))
}

fn holds(body: &Value, member: &str) -> bool {
    blocks(body).chain(pieces(body)).any(|block| block.get(member).is_some())
}

fn text_beside_results(body: &Value) -> Result<(), Refusal> {
    for (at, message) in list(body, "messages").iter().enumerate() {
        let blocks = list(message, "content");
        let results = blocks.iter().filter(|block| block.get("toolResult").is_some()).count();
        if results > 0 && results < blocks.len() {
            return Err(Refusal::validation(format!(
                "messages.{at}.content: Conversation blocks and tool result blocks cannot be provided in the \
                 same turn."
            )));
        }
    }
    Ok(())
}

fn lifetime(body: &Value, model: &Model) -> Result<(), Refusal> {
    let is_long = |point: &Value| text(point, "ttl") == "1h";
    when(cache_points(body).any(is_long), || {
        if model.is_claude() {
            Refusal::by_model("messages.0.content.0.cache_control.ttl: Extra inputs are not permitted")
        } else {
            field("cachePoint.ttl")
        }
    })
}

/// Whether a schema holds `$ref` as a keyword.
fn has_reference(schema: &Value) -> bool {
    match schema {
        Value::Object(members) => {
            members.get("$ref").is_some_and(Value::is_string) || members.values().any(has_reference)
        }
        Value::Array(items) => items.iter().any(has_reference),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

fn prefill(body: &Value, model: &Model) -> Result<(), Refusal> {
    let is_open = list(body, "messages").last().is_some_and(|last| text(last, "role") == "assistant");
    when(is_open, || {
        if model.is_claude() {
            Refusal::by_model(
                "This model does not support assistant message prefill. The conversation must end with a user \
                 message.",
            )
        } else {
            Refusal::validation(
                "A conversation must end with a user message. Try again with a conversation that ends with a \
                 user message.",
            )
        }
    })
}
