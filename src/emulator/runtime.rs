//! Converse, ConverseStream and CountTokens: from a request's JSON to an answer.
//!
//! Each checks the request as Bedrock does, has the script written, and wraps it in the operation's own
//! shapes.
//!
//! <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html>

use super::answer::{Reply, Step, join_sends};
use super::catalog::Model;
use super::events::{FrameError, events, frames, metadata};
use super::faults::Fault;
use super::prompt::{self, InputTokens, PromptCache};
use super::refusal::Refusal;
use super::routes::Operation;
use super::script::{Block, Script};
use super::spoil::{spoil, spoil_whole};
use super::validate::validate;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Latency of a model that answers at once, for `metrics`: before the first token, and for each token.
const LATENCY_MS: (u64, u64) = (180, 12);

/// What an answer depends on beside the request.
pub(super) struct Setting<'a> {
    /// The model behind it.
    pub(super) model: &'a Model,
    /// Time for one token; zero: none.
    pub(super) token_time: Duration,
    /// What shall go wrong.
    pub(super) fault: Option<&'a Fault>,
    /// Prefixes cached so far.
    pub(super) cache: &'a Mutex<PromptCache>,
}

/// A request that was checked, and what the model says to it.
struct Turn {
    script: Script,
    input: InputTokens,
    /// Members of the answer that repeat what the request asked for.
    echoes: Map<String, Value>,
    latency_ms: u64,
}

/// Reads a body as a JSON object; an empty one counts as `{}`.
fn parse(body: &[u8]) -> Result<Value, Refusal> {
    let body = if body.is_empty() { b"{}" } else { body };
    let value: Value = serde_json::from_slice(body)
        .map_err(|error| Refusal::serialization(format!("The request body is not valid JSON: {error}")))?;
    if value.is_object() {
        Ok(value)
    } else {
        Err(Refusal::serialization("The request body is not a JSON object."))
    }
}

fn take_turn(body: &[u8], setting: &Setting<'_>, operation: Operation) -> Result<(Value, Turn), Refusal> {
    let body = parse(body)?;
    validate(&body, setting.model, operation)?;
    let script = if let Some(Fault::Stop { reason }) = setting.fault {
        Script::stopped(reason)
    } else {
        Script::write(&body, setting.model)
    };
    let input = {
        // A poisoned lock only means that another request died while it counted.
        let mut cache = setting.cache.lock().unwrap_or_else(PoisonError::into_inner);
        cache.count(&setting.model.id, &body)
    };
    if input.total() > setting.model.context_window {
        return Err(too_long());
    }
    let latency_ms = if setting.token_time.is_zero() {
        LATENCY_MS.0 + LATENCY_MS.1 * script.output_tokens
    } else {
        u64::try_from(pace(setting, script.output_tokens).as_millis()).unwrap_or(u64::MAX)
    };
    let echoes = echoes(&body, &script);
    Ok((body, Turn { script, input, echoes, latency_ms }))
}

/// 400: the conversation does not fit the model's context window.
pub(super) fn too_long() -> Refusal {
    Refusal::validation("Input is too long for requested model.")
}

/// Time that a number of tokens takes.
fn pace(setting: &Setting<'_>, tokens: u64) -> Duration {
    setting.token_time.saturating_mul(u32::try_from(tokens).unwrap_or(u32::MAX))
}

/// `serviceTier` and `performanceConfig` come back as asked for, and so does a guardrail's trace when one
/// spoke.
fn echoes(body: &Value, script: &Script) -> Map<String, Value> {
    let mut echoes = Map::new();
    for name in ["serviceTier", "performanceConfig"] {
        if let Some(value) = body.get(name) {
            echoes.insert(name.to_owned(), value.clone());
        }
    }
    let guardrail = body.get("guardrailConfig").unwrap_or(&Value::Null);
    if script.stop_reason == "guardrail_intervened" && prompt::text(guardrail, "trace") == "enabled" {
        let id = prompt::text(guardrail, "guardrailIdentifier");
        let topic = json!({ "name": "Rocks", "type": "DENY", "action": "BLOCKED" });
        let assessment = json!({ id: { "topicPolicy": { "topics": [topic] } } });
        echoes.insert("trace".to_owned(), json!({ "guardrail": { "inputAssessment": assessment } }));
    }
    echoes
}

/// The fields of `additionalModelResponseFieldPaths` that the emulator knows: where the stop sequence stands.
fn additional_fields(body: &Value, script: &Script) -> Option<Value> {
    let mut fields = Map::new();
    for path in prompt::list(body, "additionalModelResponseFieldPaths") {
        match path.as_str() {
            Some("/stop_sequence") => {
                fields.insert("stop_sequence".to_owned(), json!(script.stop_sequence));
            }
            Some("/delta/stop_sequence") => {
                fields.insert("delta".to_owned(), json!({ "stop_sequence": script.stop_sequence }));
            }
            _ => {}
        }
    }
    (!fields.is_empty()).then_some(Value::Object(fields))
}

/// Converse.
pub(super) fn converse(body: &[u8], setting: &Setting<'_>) -> Result<Reply, Refusal> {
    let (body, turn) = take_turn(body, setting, Operation::Converse)?;
    let content: Vec<Value> = turn.script.blocks.iter().map(content_block).collect();
    let mut answer = turn.echoes;
    answer.insert("output".to_owned(), json!({ "message": { "role": "assistant", "content": content } }));
    answer.insert("stopReason".to_owned(), json!(turn.script.stop_reason));
    answer.insert("usage".to_owned(), turn.input.usage(turn.script.output_tokens));
    answer.insert("metrics".to_owned(), json!({ "latencyMs": turn.latency_ms }));
    if let Some(fields) = additional_fields(&body, &turn.script) {
        answer.insert("additionalModelResponseFields".to_owned(), fields);
    }
    let mut reply = Reply::json(200, &Value::Object(answer));
    reply.delay = pace(setting, turn.script.output_tokens);
    let bytes = reply.bytes();
    reply.steps = spoil_whole(&bytes, reply.steps, setting.fault);
    Ok(reply)
}

fn content_block(block: &Block) -> Value {
    match block {
        Block::Text(text) => json!({ "text": text }),
        Block::Reasoning { text, signature } if signature.is_empty() => {
            json!({ "reasoningContent": { "reasoningText": { "text": text } } })
        }
        Block::Reasoning { text, signature } => {
            json!({ "reasoningContent": { "reasoningText": { "text": text, "signature": signature } } })
        }
        Block::Redacted(data) => json!({ "reasoningContent": { "redactedContent": STANDARD.encode(data) } }),
        Block::ToolUse { id, name, input } => {
            // An input that the token limit cut is no JSON any more, and arrives empty.
            let input: Value = serde_json::from_slice(input.as_bytes()).unwrap_or_else(|_| json!({}));
            json!({ "toolUse": { "toolUseId": id, "name": name, "input": input } })
        }
    }
}

/// ConverseStream.
pub(super) fn converse_stream(body: &[u8], setting: &Setting<'_>) -> Result<Reply, Refusal> {
    let (body, turn) = take_turn(body, setting, Operation::ConverseStream)?;
    let steps = stream_steps(&body, turn, setting).map_err(|_| Refusal::internal())?;
    Ok(Reply::stream(steps))
}

fn stream_steps(body: &Value, turn: Turn, setting: &Setting<'_>) -> Result<Vec<Step>, FrameError> {
    let fields = additional_fields(body, &turn.script);
    let mut events = events(&turn.script, fields.as_ref());
    let usage = turn.input.usage(turn.script.output_tokens);
    events.push(metadata(turn.echoes, usage, turn.latency_ms));
    let frames = frames(&events)?;
    let is_paced = !setting.token_time.is_zero();
    let steps: Vec<Vec<Step>> = events
        .iter()
        .zip(&frames)
        .map(|(event, frame)| {
            let pause = (is_paced && event.is_token).then_some(Step::Wait(setting.token_time));
            pause.into_iter().chain([Step::Send(frame.clone())]).collect()
        })
        .collect();
    let steps = spoil(&frames, steps, setting.fault)?;
    let is_trickled = matches!(setting.fault, Some(Fault::Trickle));
    Ok(if is_paced || is_trickled { steps } else { join_sends(steps) })
}

/// CountTokens, for a Converse request or the body of an InvokeModel request.
///
/// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_CountTokens.html>
pub(super) fn count_tokens(body: &[u8], model: &Model) -> Result<Reply, Refusal> {
    let body = parse(body)?;
    if !model.is_claude() && model.provider != "Emulator" {
        return Err(Refusal::validation("The provided model doesn't support counting tokens."));
    }
    let input = body.get("input").unwrap_or(&Value::Null);
    let tokens = match (input.get("converse"), input.pointer("/invokeModel/body").and_then(Value::as_str)) {
        (Some(request), None) => {
            validate(request, model, Operation::CountTokens)?;
            prompt::count(request)
        }
        (None, Some(encoded)) => {
            let body = STANDARD
                .decode(encoded)
                .ok()
                .and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok())
                .ok_or_else(|| Refusal::serialization("input.invokeModel.body is not base64 of JSON."))?;
            prompt::count(&body)
        }
        _ => {
            return Err(Refusal::validation(
                "The input must set one of the following keys: invokeModel, converse.",
            ));
        }
    };
    Ok(Reply::json(200, &json!({ "inputTokens": tokens })))
}

#[cfg(test)]
mod tests;
