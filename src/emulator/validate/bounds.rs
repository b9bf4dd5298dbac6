//! The bounds that the service model sets: lengths, ranges, patterns and closed enums.
//!
//! The service names all violations at once, each with the path of its member, counted from 1.

use crate::emulator::prompt::{list, text, tool_specs};
use crate::emulator::refusal::Refusal;
use serde_json::Value;

/// Collects violations.
#[derive(Default)]
struct Violations(Vec<String>);

impl Violations {
    fn add(&mut self, value: &dyn std::fmt::Display, path: &str, constraint: &str) {
        self.0.push(format!(
            "Value '{value}' at '{path}' failed to satisfy constraint: Member must {constraint}"
        ));
    }

    fn length(&mut self, value: &str, path: &str, shortest: usize, longest: usize) {
        let length = value.chars().count();
        if length < shortest {
            self.add(&value, path, &format!("have length greater than or equal to {shortest}"));
        } else if length > longest {
            self.add(&value, path, &format!("have length less than or equal to {longest}"));
        }
    }

    /// A name of 1 to 64 letters, digits and `signs`.
    fn name(&mut self, value: &str, path: &str, signs: &str) {
        self.length(value, path, 1, 64);
        if !value.chars().all(|c| c.is_ascii_alphanumeric() || signs.contains(c)) {
            self.add(&value, path, &format!("satisfy regular expression pattern: [a-zA-Z0-9{signs}]+"));
        }
    }

    fn one_of(&mut self, value: &str, path: &str, allowed: &[&str]) {
        if !allowed.contains(&value) {
            self.add(&value, path, &format!("satisfy enum value set: [{}]", allowed.join(", ")));
        }
    }

    fn required(&mut self, object: &Value, path: &str, name: &str) {
        if object.get(name).is_none_or(Value::is_null) {
            self.0.push(format!(
                "Value at '{path}.{name}' failed to satisfy constraint: Member must not be null"
            ));
        }
    }
}

/// Checks the bounds of a request whose types are right.
pub(super) fn check(body: &Value) -> Result<(), Refusal> {
    let mut violations = Violations::default();
    inference(body, &mut violations);
    system(body, &mut violations);
    tools(body, &mut violations);
    for (at, message) in list(body, "messages").iter().enumerate() {
        let path = format!("messages.{}.member", at + 1);
        violations.required(message, &path, "role");
        if message.get("role").is_some_and(Value::is_string) {
            violations.one_of(
                text(message, "role"),
                &format!("{path}.role"),
                &["user", "assistant", "system"],
            );
        }
        violations.required(message, &path, "content");
        for (at, block) in list(message, "content").iter().enumerate() {
            content(block, &format!("{path}.content.{}.member", at + 1), &mut violations);
        }
    }
    if violations.0.is_empty() { Ok(()) } else { Err(Refusal::constraints(&violations.0)) }
}

fn inference(body: &Value, violations: &mut Violations) {
    let Some(config) = body.get("inferenceConfig") else { return };
    if let Some(number) = config.get("maxTokens").filter(|number| number.as_i64().is_some_and(|n| n < 1)) {
        violations.add(number, "inferenceConfig.maxTokens", "have value greater than or equal to 1");
    }
    for name in ["temperature", "topP"] {
        let Some(value) = config.get(name).filter(|value| value.is_number()) else { continue };
        let path = format!("inferenceConfig.{name}");
        match value.as_f64() {
            Some(number) if number < 0.0 => {
                violations.add(value, &path, "have value greater than or equal to 0");
            }
            Some(number) if number > 1.0 => {
                violations.add(value, &path, "have value less than or equal to 1");
            }
            _ => {}
        }
    }
    let sequences = list(config, "stopSequences");
    if sequences.len() > 2_500 {
        violations.add(&"[...]", "inferenceConfig.stopSequences", "have length less than or equal to 2500");
    }
    for (at, sequence) in sequences.iter().filter_map(Value::as_str).enumerate() {
        let path = format!("inferenceConfig.stopSequences.{}.member", at + 1);
        violations.length(sequence, &path, 1, usize::MAX);
    }
}

fn system(body: &Value, violations: &mut Violations) {
    for (at, block) in list(body, "system").iter().enumerate() {
        let path = format!("system.{}.member", at + 1);
        if let Some(text) = block.get("text").and_then(Value::as_str) {
            violations.length(text, &format!("{path}.text"), 1, usize::MAX);
        }
        cache_point(block, &path, violations);
    }
    let metadata = body.get("requestMetadata").and_then(Value::as_object);
    if metadata.is_some_and(|entries| entries.is_empty() || entries.len() > 16) {
        violations.add(&"{...}", "requestMetadata", "have length between 1 and 16");
    }
    if let Some(latency) = body.pointer("/performanceConfig/latency").and_then(Value::as_str) {
        violations.one_of(latency, "performanceConfig.latency", &["standard", "optimized"]);
    }
}

fn tools(body: &Value, violations: &mut Violations) {
    let Some(config) = body.get("toolConfig").filter(|config| config.is_object()) else { return };
    if list(config, "tools").is_empty() {
        violations.add(&"[]", "toolConfig.tools", "have length greater than or equal to 1");
    }
    for tool in list(config, "tools") {
        cache_point(tool, "toolConfig.tools", violations);
    }
    for (at, spec) in tool_specs(body).enumerate() {
        let path = format!("toolConfig.tools.{}.member.toolSpec", at + 1);
        violations.required(spec, &path, "inputSchema");
        violations.name(text(spec, "name"), &format!("{path}.name"), "_-");
        if let Some(description) = spec.get("description").and_then(Value::as_str) {
            violations.length(description, &format!("{path}.description"), 1, usize::MAX);
        }
    }
}

fn content(block: &Value, path: &str, violations: &mut Violations) {
    cache_point(block, path, violations);
    if let Some(call) = block.get("toolUse").filter(|call| call.is_object()) {
        violations.name(text(call, "toolUseId"), &format!("{path}.toolUse.toolUseId"), "_.:-");
        violations.name(text(call, "name"), &format!("{path}.toolUse.name"), "_-");
        violations.required(call, &format!("{path}.toolUse"), "input");
    }
    if let Some(result) = block.get("toolResult").filter(|result| result.is_object()) {
        violations.name(text(result, "toolUseId"), &format!("{path}.toolResult.toolUseId"), "_.:-");
        violations.required(result, &format!("{path}.toolResult"), "content");
        if let Some(status) = result.get("status").and_then(Value::as_str) {
            violations.one_of(status, &format!("{path}.toolResult.status"), &["success", "error"]);
        }
    }
    if let Some(image) = block.get("image").filter(|image| image.is_object()) {
        let path = format!("{path}.image");
        violations.one_of(text(image, "format"), &format!("{path}.format"), &["png", "jpeg", "gif", "webp"]);
        violations.required(image, &path, "source");
    }
    if let Some(video) = block.get("video").filter(|video| video.is_object()) {
        let formats = ["mkv", "mov", "mp4", "webm", "flv", "mpeg", "mpg", "wmv", "three_gp"];
        violations.one_of(text(video, "format"), &format!("{path}.video.format"), &formats);
        violations.required(video, &format!("{path}.video"), "source");
    }
    if let Some(document) = block.get("document").filter(|document| document.is_object()) {
        let path = format!("{path}.document");
        let formats = ["pdf", "csv", "doc", "docx", "xls", "xlsx", "html", "txt", "md"];
        if let Some(format) = document.get("format").and_then(Value::as_str) {
            violations.one_of(format, &format!("{path}.format"), &formats);
        }
        violations.length(text(document, "name"), &format!("{path}.name"), 1, 200);
        violations.required(document, &path, "source");
    }
}

fn cache_point(block: &Value, path: &str, violations: &mut Violations) {
    let Some(point) = block.get("cachePoint").filter(|point| point.is_object()) else { return };
    violations.one_of(text(point, "type"), &format!("{path}.cachePoint.type"), &["default"]);
    if let Some(ttl) = point.get("ttl").and_then(Value::as_str) {
        violations.one_of(ttl, &format!("{path}.cachePoint.ttl"), &["5m", "1h"]);
    }
}
