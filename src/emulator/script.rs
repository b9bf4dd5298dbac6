//! What the emulated model says: blocks of thinking, text and tool calls, decided by the request alone.
//!
//! The same request gives the same script, so that tests can compare and people can reproduce. Delivery,
//! whole or as a stream, is `runtime`'s and `events`' affair; errors are `validate`'s.

use super::catalog::{Model, Thinking};
use super::dice::Dice;
use super::prompt::{asks_to_think, images, list, question, text, tool_results, tool_specs};
use super::prose;
use super::sample::Sampler;
use super::tokens;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// Most tokens of an answer when the request sets no limit.
const DEFAULT_MAX_TOKENS: u64 = 4_096;

/// One block of an answer.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Block {
    /// Thinking, with the signature that must come back with it; empty when the token limit cut the thinking.
    Reasoning { text: String, signature: String },
    /// Thinking that only the model can read.
    Redacted(Vec<u8>),
    /// Text of the answer.
    Text(String),
    /// A tool call; `input` is JSON text, and not whole when the token limit cut it.
    ToolUse { id: String, name: String, input: String },
}

/// A whole answer.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Script {
    /// The blocks in order.
    pub(super) blocks: Vec<Block>,
    /// `end_turn`, `tool_use`, `max_tokens`, `stop_sequence`.
    pub(super) stop_reason: String,
    /// The stop sequence that was met.
    pub(super) stop_sequence: Option<String>,
    /// Tokens of all the blocks.
    pub(super) output_tokens: u64,
}

impl Script {
    /// Writes the answer of `model` to a request that passed validation.
    pub(super) fn write(body: &Value, model: &Model) -> Self {
        let question = question(body);
        let results = tool_results(body);
        let mut blocks = Vec::new();
        if model.thinking != Thinking::None && asks_to_think(body) {
            blocks.extend(thinking(&question, model));
        }
        let calls = if results.is_empty() { tool_calls(body, &question) } else { Vec::new() };
        let stop_reason = if calls.is_empty() { "end_turn" } else { "tool_use" };
        if calls.is_empty() {
            blocks.push(Block::Text(answer_text(body, &question, &results)));
        } else {
            if forced(body).is_none() {
                let names: Vec<String> = calls.iter().map(|(name, _)| format!("`{name}`")).collect();
                blocks.push(Block::Text(format!("Let me look that up with {}.", names.join(" and "))));
            }
            blocks.extend(calls.into_iter().enumerate().map(|(at, (name, input))| Block::ToolUse {
                id: tool_use_id(body, at),
                name: name.to_owned(),
                input,
            }));
        }
        let mut script =
            Self { blocks, stop_reason: stop_reason.to_owned(), stop_sequence: None, output_tokens: 0 };
        script.stop_at_sequences(body);
        script.stop_at_limit(max_tokens(body, model));
        script
    }

    /// Replaces the answer by one that ends for `reason`.
    pub(super) fn stopped(reason: &str) -> Self {
        let said = match reason {
            "guardrail_intervened" => "Sorry, the model cannot answer this question.",
            _ => "Here is the part of the answer that was written before it had to stop.",
        };
        Self {
            blocks: vec![Block::Text(said.to_owned())],
            stop_reason: reason.to_owned(),
            stop_sequence: None,
            output_tokens: tokens::count(said),
        }
    }

    /// Cuts the text at the first stop sequence in it, and drops what would have followed.
    fn stop_at_sequences(&mut self, body: &Value) {
        let sequences: Vec<&str> = body
            .get("inferenceConfig")
            .map(|config| list(config, "stopSequences"))
            .unwrap_or_default()
            .iter()
            .filter_map(Value::as_str)
            .filter(|sequence| !sequence.is_empty())
            .collect();
        let found = self.blocks.iter_mut().enumerate().find_map(|(index, block)| {
            let Block::Text(text) = block else { return None };
            let hit = sequences.iter().filter_map(|sequence| Some((text.find(sequence)?, *sequence)));
            let (at, sequence) = hit.min_by_key(|(at, _)| *at)?;
            text.truncate(at);
            Some((index, sequence.to_owned()))
        });
        if let Some((index, sequence)) = found {
            self.blocks.truncate(index + 1);
            self.stop_reason = "stop_sequence".to_owned();
            self.stop_sequence = Some(sequence);
        }
    }

    /// Cuts the blocks after `limit` tokens, and counts the tokens.
    fn stop_at_limit(&mut self, limit: u64) {
        let mut left = limit;
        let mut end = None;
        for (index, block) in self.blocks.iter_mut().enumerate() {
            let text = match block {
                Block::Reasoning { text, .. } | Block::Text(text) => text,
                Block::ToolUse { input, .. } => input,
                Block::Redacted(_) => continue,
            };
            let wanted = tokens::count(text);
            if wanted > left {
                let kept = usize::try_from(left).unwrap_or(usize::MAX);
                *text = tokens::pieces(text).take(kept).collect();
                if let Block::Reasoning { signature, .. } = block {
                    signature.clear();
                }
                end = Some(index + usize::from(left > 0));
                left = 0;
                break;
            }
            left -= wanted;
        }
        if let Some(end) = end {
            self.blocks.truncate(end);
            self.stop_reason = "max_tokens".to_owned();
            self.stop_sequence = None;
        }
        self.output_tokens = limit - left;
    }
}

/// The signature that belongs to a text of thinking.
pub(super) fn signature(text: &str) -> String {
    STANDARD.encode(Sha256::digest(format!("outcrop emulator {text}").as_bytes()))
}

/// The limit on output tokens: the request's, else a default, never above the model's.
fn max_tokens(body: &Value, model: &Model) -> u64 {
    let asked = body.get("inferenceConfig").and_then(|config| config.get("maxTokens"));
    asked.and_then(Value::as_u64).unwrap_or(DEFAULT_MAX_TOKENS).min(model.max_tokens)
}

/// A question with the word `redacted` gets redacted thinking as well, from models that sign what they think.
fn thinking(question: &str, model: &Model) -> Vec<Block> {
    let text = prose::thoughts(question);
    if !model.signs_thinking() {
        return vec![Block::Reasoning { text, signature: String::new() }];
    }
    let mut blocks = vec![Block::Reasoning { signature: signature(&text), text }];
    if question.to_lowercase().contains("redacted") {
        let hidden = Sha256::digest(question.as_bytes());
        blocks.push(Block::Redacted(hidden.iter().chain(&hidden).copied().collect()));
    }
    blocks
}

/// Whether redacted thinking is one that was given out.
pub(super) fn is_redacted_thinking(data: &[u8]) -> bool {
    let (first, second) = data.split_at(data.len() / 2);
    first.len() == Sha256::output_size() && first == second
}

/// What the model answers when it calls no tool.
fn answer_text(body: &Value, question: &str, results: &[String]) -> String {
    if let Some(schema) = answer_schema(body) {
        return Sampler::new(&schema, question).value().to_string();
    }
    if !results.is_empty() {
        let results: Vec<String> =
            results.iter().map(|result| format!("\"{}\"", prose::clip(result, 80))).collect();
        return format!("The tool answered {}. That fits what the rocks say.", results.join(" and "));
    }
    let images = images(body);
    if images.is_empty() {
        return prose::answer(question);
    }
    let plural = if images.len() == 1 { "image" } else { "images" };
    format!("I was sent {} {plural} ({}). {}", images.len(), images.join(", "), prose::answer(question))
}

/// The schema of `outputConfig.textFormat`, which is JSON inside a string.
fn answer_schema(body: &Value) -> Option<Value> {
    let schema = body.pointer("/outputConfig/textFormat/structure/jsonSchema/schema")?.as_str()?;
    serde_json::from_slice(schema.as_bytes()).ok()
}

/// Which tool the model has to call, if it has to: Converse's own choice, or Claude's field for it.
fn forced(body: &Value) -> Option<Forced<'_>> {
    let choice = body.pointer("/toolConfig/toolChoice").unwrap_or(&Value::Null);
    let own = body.pointer("/additionalModelRequestFields/tool_choice").unwrap_or(&Value::Null);
    if let Some(tool) = choice.get("tool") {
        return Some(Forced::Tool(text(tool, "name")));
    }
    match text(own, "type") {
        "tool" => Some(Forced::Tool(text(own, "name"))),
        "any" => Some(Forced::Any),
        _ => choice.get("any").map(|_| Forced::Any),
    }
}

/// What a model has to call.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Forced<'a> {
    Any,
    Tool(&'a str),
}

/// Names and inputs of the tools to call: the one asked for, the first when any will do, else all whose names
/// stand in the question.
fn tool_calls<'a>(body: &'a Value, question: &str) -> Vec<(&'a str, String)> {
    let lower = question.to_lowercase();
    let forced = forced(body);
    let specs = tool_specs(body).filter(|spec| match forced {
        Some(Forced::Tool(name)) => text(spec, "name") == name,
        Some(Forced::Any) => true,
        None => is_mentioned(&lower, text(spec, "name")),
    });
    let is_one = body.pointer("/additionalModelRequestFields/tool_choice/disable_parallel_tool_use");
    let is_one = is_one == Some(&Value::Bool(true));
    let at_most = if forced.is_some() || is_one { 1 } else { usize::MAX };
    specs
        .take(at_most)
        .map(|spec| {
            let schema = spec.pointer("/inputSchema/json").unwrap_or(&Value::Null);
            let input = match Sampler::new(schema, question).value() {
                Value::Object(input) => Value::Object(input).to_string(),
                // Whatever the schema says, a tool's input is an object.
                _ => json!({}).to_string(),
            };
            (text(spec, "name"), input)
        })
        .collect()
}

fn is_mentioned(question: &str, name: &str) -> bool {
    !name.is_empty() && question.contains(&name.to_lowercase())
}

/// An id that differs from call to call and from turn to turn.
fn tool_use_id(body: &Value, at: usize) -> String {
    const SIGNS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
    let messages = body.get("messages").map(Value::to_string).unwrap_or_default();
    let mut dice = Dice::new(&format!("{at} {messages}"));
    let id: String = (0..22).map(|_| char::from(dice.pick(SIGNS))).collect();
    format!("tooluse_{id}")
}

#[cfg(test)]
mod tests;
