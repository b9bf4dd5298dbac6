//! Rules on examples, and all of them on arbitrary conversations.

mod caching;
mod check;
mod history;
mod learning;
mod media;
pub(crate) mod property;
mod rows;
mod schemas;
mod structured;
mod thinking;
mod tools;

use super::{Adjustment, PrepareOptions, Prepared, prepare};
use crate::catalog::ModelFacts;
use crate::catalog::facts::{
    CacheSupport, Effort, Family, Medium, Sampling, StructuredOutput, Thinking, ToolChoices, ToolSupport,
    TopK,
};
use crate::converse::{ConverseRequest, ToolUseBlock};
use serde_json::{Value, json};

/// A model that takes everything.
fn able() -> ModelFacts {
    ModelFacts {
        family: Family::Claude,
        context_window: Some(200_000),
        max_output_tokens: Some(64_000),
        input: vec![Medium::Text, Medium::Image, Medium::Document, Medium::Video, Medium::Audio],
        price: None,
        thinking: Thinking::Budget,
        sampling: Sampling {
            temperature: true,
            top_p: true,
            temperature_with_top_p: true,
            top_k: TopK::Flat,
            stop_sequences: true,
        },
        cache: CacheSupport { system: true, tools: true, messages: true, one_hour: true, by_default: false },
        tools: ToolSupport {
            supported: true,
            streaming: true,
            choice: ToolChoices::Named,
            forced_while_thinking: false,
            images_in_results: true,
            text_beside_results: true,
            schema_refs: true,
            result_status: true,
        },
        structured_output: StructuredOutput::Tool,
        streams: true,
        system_prompt: true,
        prefill: true,
        only_default_tier: false,
    }
}

/// Claude Opus 4.8 and its kin: adaptive thinking, fixed sampling, no prefill.
fn adaptive() -> ModelFacts {
    let sampling = Sampling {
        temperature: false,
        top_p: false,
        temperature_with_top_p: false,
        top_k: TopK::Refused,
        stop_sequences: true,
    };
    let thinking = Thinking::Adaptive { xhigh: true, max: true, mandatory: false, default_effort: None };
    ModelFacts { thinking, sampling, prefill: false, ..able() }
}

/// A model of another family that takes what Claude takes but for thinking.
fn of(family: Family) -> ModelFacts {
    ModelFacts { family, thinking: Thinking::None, ..able() }
}

/// A request from its JSON.
fn request(body: Value) -> ConverseRequest {
    ConverseRequest { model_id: "model".to_owned(), ..serde_json::from_value(body).unwrap() }
}

/// A request with these messages and a tool `look`.
fn with_tools(messages: Value) -> ConverseRequest {
    let tools = json!([{"toolSpec": {"name": "look", "inputSchema": {"json": {"type": "object"}}}}]);
    request(json!({"messages": messages, "toolConfig": {"tools": tools}}))
}

/// Prepares a request without wishes.
fn plain(request: ConverseRequest, facts: &ModelFacts) -> Prepared {
    prepare(request, facts, &PrepareOptions::default())
}

/// The messages of a prepared request as JSON.
fn messages(prepared: &Prepared) -> Value {
    serde_json::to_value(&prepared.request.messages).unwrap()
}

/// The names of the rules that changed something.
fn rules(prepared: &Prepared) -> Vec<&'static str> {
    prepared.adjustments.iter().map(|adjustment| adjustment.rule.as_str()).collect()
}

fn user(text: &str) -> Value {
    json!({"role": "user", "content": [{"text": text}]})
}

fn assistant(text: &str) -> Value {
    json!({"role": "assistant", "content": [{"text": text}]})
}

fn call(id: &str) -> Value {
    json!({"toolUse": {"toolUseId": id, "name": "look", "input": {}}})
}

fn result(id: &str) -> Value {
    json!({"toolResult": {"toolUseId": id, "content": [{"text": "seen"}]}})
}
