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
    let found = model.refuses.iter().find(|what| is_asked(**what, body));
    found.map_or(Ok(()), |what| Err(refusal(*what, body, model)))
}

/// Whether a request has it.
fn is_asked(what: Unsupported, body: &Value) -> bool {
    let is_set = |pointer: &str| body.pointer(pointer).is_some_and(|value| !value.is_null());
    match what {
        Unsupported::SystemPrompt => !list(body, "system").is_empty(),
        Unsupported::StopSequences => is_set("/inferenceConfig/stopSequences/0"),
        Unsupported::Temperature => is_set("/inferenceConfig/temperature"),
        Unsupported::TopP => is_set("/inferenceConfig/topP"),
        Unsupported::TemperatureWithTopP => {
            is_set("/inferenceConfig/temperature") && is_set("/inferenceConfig/topP")
        }
        Unsupported::TopK => is_set("/additionalModelRequestFields/top_k"),
        Unsupported::AnyTool => is_set("/toolConfig/toolChoice/any"),
        Unsupported::NamedTool => is_set("/toolConfig/toolChoice/tool"),
        Unsupported::Documents => blocks(body).chain(pieces(body)).any(|it| it.get("document").is_some()),
        Unsupported::ImagesInResults => {
            pieces(body).any(|piece| piece.get("image").is_some() || piece.get("video").is_some())
        }
        Unsupported::ResultStatus => blocks(body).any(|block| block.pointer("/toolResult/status").is_some()),
        Unsupported::TextBesideResults => mixed_message(body).is_some(),
        Unsupported::CachePointsInTools => {
            let tools = body.get("toolConfig").map(|config| list(config, "tools")).unwrap_or_default();
            tools.iter().any(|tool| tool.get("cachePoint").is_some())
        }
        Unsupported::CacheLifetime => cache_points(body).any(|point| text(point, "ttl") == "1h"),
        Unsupported::ServiceTiers => body.pointer("/serviceTier/type").is_some_and(|tier| tier != "default"),
        Unsupported::StructuredOutput => is_set("/outputConfig/textFormat"),
        Unsupported::SchemaReferences => tool_specs(body).any(has_reference),
        Unsupported::DisabledThinking => {
            let kind = body.pointer("/additionalModelRequestFields/thinking/type");
            kind.is_some_and(|kind| kind == "disabled")
        }
        Unsupported::Prefill => {
            list(body, "messages").last().is_some_and(|last| text(last, "role") == "assistant")
        }
    }
}

fn refusal(what: Unsupported, body: &Value, model: &Model) -> Refusal {
    match what {
        Unsupported::SystemPrompt => Refusal::validation(
            "This model doesn't support system messages. Try again without a system message.",
        ),
        Unsupported::StopSequences => field("stopSequences"),
        Unsupported::Temperature => parameter(model, "temperature", "temperature"),
        Unsupported::TopP => parameter(model, "topP", "top_p"),
        Unsupported::TemperatureWithTopP => Refusal::by_model(
            "`temperature` and `top_p` cannot both be specified for this model. Please use only one.",
        ),
        Unsupported::TopK => parameter(model, "top_k", "top_k"),
        Unsupported::AnyTool => field("toolConfig.toolChoice.any"),
        Unsupported::NamedTool => field("toolConfig.toolChoice.tool"),
        Unsupported::Documents => {
            Refusal::validation("This model doesn't support the document content block that you provided.")
        }
        Unsupported::ServiceTiers => field("serviceTier"),
        Unsupported::ImagesInResults => field("toolResult.content.image"),
        Unsupported::ResultStatus => field("status"),
        Unsupported::TextBesideResults => Refusal::validation(format!(
            "messages.{}.content: Conversation blocks and tool result blocks cannot be provided in the same turn.",
            mixed_message(body).unwrap_or_default()
        )),
        Unsupported::CachePointsInTools => extraneous_in_tools("cachePoint"),
        Unsupported::CacheLifetime if model.is_claude() => Refusal::by_model(
            "messages.0.content.0.cache_control.ephemeral.ttl: Extra inputs are not permitted",
        ),
        Unsupported::CacheLifetime => field("cachePoint.ttl"),
        Unsupported::StructuredOutput if model.is_claude() => {
            Refusal::by_model("output_config.format: Extra inputs are not permitted")
        }
        Unsupported::StructuredOutput => field("outputConfig.textFormat"),
        Unsupported::SchemaReferences => extraneous_in_tools("$ref"),
        Unsupported::DisabledThinking => {
            Refusal::by_model("\"thinking.type.disabled\" is not supported for this model.")
        }
        Unsupported::Prefill if model.is_claude() => Refusal::by_model(
            "This model does not support assistant message prefill. The conversation must end with a user \
             message.",
        ),
        Unsupported::Prefill => Refusal::validation(
            "A conversation must end with a user message. Try again with a conversation that ends with a user \
             message.",
        ),
    }
}

/// A member of Converse that the model does not have.
fn field(name: &str) -> Refusal {
    Refusal::validation(format!("This model doesn't support the {name} field. Remove {name} and try again."))
}

/// A parameter of sampling, which Claude calls by a name of its own.
fn parameter(model: &Model, member: &str, name: &str) -> Refusal {
    if model.is_claude() {
        Refusal::by_model(format!("`{name}` is deprecated for this model."))
    } else {
        field(member)
    }
}

fn extraneous_in_tools(name: &str) -> Refusal {
    Refusal::validation(format!(
        "Malformed input request: #/toolConfig/tools: extraneous key [{name}] is not permitted, please reformat \
         your input and try again."
    ))
}

/// What stands in tool results.
fn pieces(body: &Value) -> impl Iterator<Item = &Value> {
    blocks(body).filter_map(|block| block.get("toolResult")).flat_map(|result| list(result, "content"))
}

/// The first message that holds tool results and something else.
fn mixed_message(body: &Value) -> Option<usize> {
    list(body, "messages").iter().position(|message| {
        let blocks = list(message, "content");
        let results = blocks.iter().filter(|block| block.get("toolResult").is_some()).count();
        results > 0 && results < blocks.len()
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
