//! What a Converse request asks, read from its JSON: the question, the tools, and how many tokens went in.
//!
//! It reads `serde_json::Value`, not the crate's typed model, so that the emulator stays an independent
//! witness of what the client sends. It takes any JSON: `validate` has spoken before, and what is missing
//! counts as absent.

use super::tokens;
use serde_json::{Value, json};
use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

/// Tokens that an image counts, whatever its size.
const IMAGE_TOKENS: u64 = 1_500;

/// Bytes of base64 that count one token of a document.
const DOCUMENT_BYTES_A_TOKEN: usize = 6;

/// The list at `key`, or nothing.
pub(super) fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value.get(key).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// The text at `key`, or the empty text.
pub(super) fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// The tool specifications of a request.
pub(super) fn tool_specs(body: &Value) -> impl Iterator<Item = &Value> {
    body.get("toolConfig")
        .map(|config| list(config, "tools"))
        .unwrap_or_default()
        .iter()
        .filter_map(|tool| tool.get("toolSpec"))
}

/// The blocks of the last message of a role.
fn last_blocks<'a>(body: &'a Value, role: &str) -> &'a [Value] {
    list(body, "messages")
        .iter()
        .rev()
        .find(|message| text(message, "role") == role)
        .map(|message| list(message, "content"))
        .unwrap_or_default()
}

/// The text of the last user message.
pub(super) fn question(body: &Value) -> String {
    let texts: Vec<&str> = last_blocks(body, "user").iter().map(|block| text(block, "text")).collect();
    texts.join("\n").trim().to_owned()
}

/// The results in the last user message, as text.
pub(super) fn tool_results(body: &Value) -> Vec<String> {
    last_blocks(body, "user")
        .iter()
        .filter_map(|block| block.get("toolResult"))
        .map(|result| {
            let parts: Vec<String> = list(result, "content").iter().map(result_text).collect();
            parts.join(" ")
        })
        .collect()
}

fn result_text(part: &Value) -> String {
    match (part.get("text").and_then(Value::as_str), part.get("json")) {
        (Some(text), _) => text.to_owned(),
        (None, Some(json)) => json.to_string(),
        (None, None) => part.as_object().and_then(|one| one.keys().next()).cloned().unwrap_or_default(),
    }
}

/// Formats of the images in the last user message.
pub(super) fn images(body: &Value) -> Vec<&str> {
    last_blocks(body, "user")
        .iter()
        .filter_map(|block| block.get("image"))
        .map(|image| text(image, "format"))
        .collect()
}

/// Whether the request asks the model to think, in any of the families' ways.
pub(super) fn asks_to_think(body: &Value) -> bool {
    let fields = body.get("additionalModelRequestFields").unwrap_or(&Value::Null);
    let on = |value: Option<&Value>| match value {
        Some(Value::String(effort)) => effort != "none",
        Some(Value::Object(config)) => match config.get("type").or_else(|| config.get("effort")) {
            Some(Value::String(kind)) => kind != "disabled" && kind != "none",
            _ => false,
        },
        _ => false,
    };
    ["thinking", "reasoningConfig", "reasoning_config", "reasoning", "reasoning_effort"]
        .into_iter()
        .any(|name| on(fields.get(name)))
}

/// Tokens of a request, by what became of them in the prompt cache.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct InputTokens {
    /// Neither read from the cache nor written to it.
    pub(super) plain: u64,
    /// Read from the cache.
    pub(super) read: u64,
    /// Written to the cache.
    pub(super) written: u64,
    /// `ttl` of the cache point that was written to.
    pub(super) ttl: String,
}

impl InputTokens {
    /// All of them.
    pub(super) fn total(&self) -> u64 {
        self.plain + self.read + self.written
    }

    /// The `usage` member; `cacheDetails` is in it when something was written to the cache.
    pub(super) fn usage(&self, output_tokens: u64) -> Value {
        let mut usage = json!({
            "inputTokens": self.plain,
            "outputTokens": output_tokens,
            "totalTokens": self.total() + output_tokens,
            "cacheReadInputTokens": self.read,
            "cacheWriteInputTokens": self.written,
        });
        if let (true, Some(usage)) = (self.written > 0, usage.as_object_mut()) {
            let details = json!([{ "ttl": self.ttl, "inputTokens": self.written }]);
            usage.insert("cacheDetails".to_owned(), details);
        }
        usage
    }
}

/// The prefixes that cache points have cached.
#[derive(Debug, Default)]
pub(super) struct PromptCache(HashSet<u64>);

impl PromptCache {
    /// Prefixes that are kept at most; then the cache is emptied.
    const LIMIT: usize = 4_096;

    /// Counts a request's tokens, reads the longest prefix known, and keeps the prefixes up to its cache
    /// points.
    pub(super) fn count(&mut self, model_id: &str, body: &Value) -> InputTokens {
        let mut counter = Counter { hasher: DefaultHasher::new(), tokens: 0, points: Vec::new() };
        model_id.hash(&mut counter.hasher);
        counter.request(body);
        let known = counter.points.iter().rev().find(|point| self.0.contains(&point.hash));
        let read = known.map_or(0, |point| point.tokens);
        let last = counter.points.last();
        let cached = last.map_or(0, |point| point.tokens);
        let ttl = last.map_or("", |point| point.ttl).to_owned();
        if self.0.len() > Self::LIMIT {
            self.0.clear();
        }
        self.0.extend(counter.points.iter().map(|point| point.hash));
        InputTokens { plain: counter.tokens - cached, read, written: cached - read, ttl }
    }
}

/// Tokens of a request, without any caching.
pub(super) fn count(body: &Value) -> u64 {
    let mut counter = Counter { hasher: DefaultHasher::new(), tokens: 0, points: Vec::new() };
    counter.request(body);
    counter.tokens
}

/// A cache point, and what stands before it.
struct Point<'a> {
    hash: u64,
    tokens: u64,
    ttl: &'a str,
}

/// Walks a request in the order in which models see it: tools, system, messages.
struct Counter<'a> {
    hasher: DefaultHasher,
    tokens: u64,
    points: Vec<Point<'a>>,
}

impl<'a> Counter<'a> {
    fn request(&mut self, body: &'a Value) {
        for tool in body.get("toolConfig").map(|config| list(config, "tools")).unwrap_or_default() {
            self.block(tool);
        }
        for block in list(body, "system") {
            self.block(block);
        }
        for message in list(body, "messages") {
            text(message, "role").hash(&mut self.hasher);
            for block in list(message, "content") {
                self.block(block);
            }
        }
    }

    fn block(&mut self, block: &'a Value) {
        if let Some(point) = block.get("cachePoint") {
            let ttl = point.get("ttl").and_then(Value::as_str).unwrap_or("5m");
            self.points.push(Point { hash: self.hasher.finish(), tokens: self.tokens, ttl });
            return;
        }
        for (name, content) in block.as_object().into_iter().flatten() {
            let written = content.as_str().map_or_else(|| content.to_string(), str::to_owned);
            written.hash(&mut self.hasher);
            self.tokens += match name.as_str() {
                "image" => IMAGE_TOKENS,
                "document" | "video" | "audio" => {
                    u64::try_from(written.len() / DOCUMENT_BYTES_A_TOKEN).unwrap_or(u64::MAX)
                }
                _ => tokens::count(&written),
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{PromptCache, asks_to_think, count, question, tool_results};
    use serde_json::{Value, json};

    fn user(content: Value) -> Value {
        json!({"messages": [{"role": "user", "content": content}]})
    }

    #[test]
    fn the_question_is_the_last_user_text() {
        let body = json!({"messages": [
            {"role": "user", "content": [{"text": "old"}]},
            {"role": "assistant", "content": [{"text": "answer"}]},
            {"role": "user", "content": [{"text": "new "}, {"image": {}}, {"text": "words"}]},
        ]});
        assert_eq!(question(&body), "new \n\nwords");
        assert_eq!(question(&json!(null)), "");
        let result =
            json!({"toolResult": {"content": [{"text": "cold"}, {"json": {"t": 1}}, {"image": {}}]}});
        assert_eq!(tool_results(&user(json!([result]))), ["cold {\"t\":1} image"]);
    }

    #[test]
    fn every_family_asks_for_thinking_in_its_way() {
        for (fields, thinks) in [
            (json!({"thinking": {"type": "enabled", "budget_tokens": 1024}}), true),
            (json!({"thinking": {"type": "adaptive"}}), true),
            (json!({"thinking": {"type": "disabled"}}), false),
            (json!({"reasoningConfig": {"type": "enabled", "maxReasoningEffort": "low"}}), true),
            (json!({"reasoning_effort": "low"}), true),
            (json!({"reasoning_effort": "none"}), false),
            (json!({"reasoning": {"effort": "high"}}), true),
            (json!({"top_k": 5}), false),
            (json!(null), false),
        ] {
            let body = json!({"additionalModelRequestFields": fields});
            assert_eq!(asks_to_think(&body), thinks, "{body}");
        }
    }

    #[test]
    fn a_cached_prefix_is_written_once_and_read_afterwards() {
        let mut cache = PromptCache::default();
        let point = json!({"cachePoint": {"type": "default", "ttl": "1h"}});
        let body = user(json!([{"text": "one two three"}, point, {"text": "four five"}]));
        let first = cache.count("m", &body);
        assert_eq!((first.plain, first.read, first.written), (2, 0, 3));
        assert_eq!(first.usage(1)["cacheDetails"], json!([{"ttl": "1h", "inputTokens": 3}]));
        let second = cache.count("m", &body);
        assert_eq!((second.plain, second.read, second.written), (2, 3, 0));
        assert_eq!(second.usage(7)["totalTokens"], 12);
        let longer = user(json!([{"text": "one two three"}, point, {"text": "four five"}, point]));
        let third = cache.count("m", &longer);
        assert_eq!((third.plain, third.read, third.written), (0, 3, 2));
        assert_eq!(cache.count("other", &body).written, 3, "a cache belongs to a model");
    }

    #[test]
    fn without_cache_points_every_token_is_plain() {
        let body = json!({
            "system": [{"text": "Be brief."}],
            "messages": [{"role": "user", "content": [{"text": "Hi there"}]}],
        });
        let counted = PromptCache::default().count("m", &body);
        assert_eq!((counted.plain, counted.read, counted.written), (5, 0, 0));
        assert_eq!(count(&body), 5);
        assert!(counted.usage(1).get("cacheDetails").is_none());
    }
}
