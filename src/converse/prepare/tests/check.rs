//! The service's structural rules, written anew: what every prepared request must keep to.

use crate::catalog::ModelFacts;
use crate::catalog::facts::{Family, Medium, ToolChoices};
use crate::converse::*;
use std::collections::HashSet;

/// What a request breaks, in words; empty when the service would take its structure.
pub(super) fn violations(request: &ConverseRequest, facts: &ModelFacts) -> Vec<String> {
    let mut found = Vec::new();
    if let Some(config) = &request.tool_config {
        tool_config(config, facts, &mut found);
    }
    if let Some(config) = &request.inference_config {
        inference(config, facts, request, &mut found);
    }
    turns(request, &mut found);
    for (at, message) in request.messages.iter().enumerate() {
        for block in &message.content {
            block_of(block, message.role == Role::User, &mut |what| found.push(format!("{at}: {what}")));
        }
    }
    tools(request, &mut found);
    results_alone(request, facts, &mut found);
    statuses(request, facts, &mut found);
    let tier = request.service_tier.as_ref().filter(|tier| tier.kind != ServiceTierType::DEFAULT);
    if tier.is_some() && facts.only_default_tier {
        found.push(format!("{tier:?}"));
    }
    media(request, facts, &mut found);
    cache_points(request, facts, &mut found);
    rest(request, facts, &mut found);
    found
}

fn turns(request: &ConverseRequest, found: &mut Vec<String>) {
    for (at, message) in request.messages.iter().enumerate() {
        let expected = if at % 2 == 0 { Role::User } else { Role::Assistant };
        if message.role != expected {
            found.push(format!("{at}: role {}", message.role));
        }
        if message.content.iter().all(|block| matches!(block, ContentBlock::CachePoint(_))) {
            found.push(format!("{at}: empty"));
        }
        let last = message.content.iter().rfind(|block| !matches!(block, ContentBlock::CachePoint(_)));
        if matches!(last, Some(ContentBlock::ReasoningContent(_))) {
            found.push(format!("{at}: ends in reasoning"));
        }
    }
}

fn block_of(block: &ContentBlock, is_user: bool, say: &mut impl FnMut(&str)) {
    match block {
        ContentBlock::Text(text) if text.trim().is_empty() => say("blank text"),
        ContentBlock::Text(text) if text.contains(r#"{"type":"default"}"#) => say("a cache point as text"),
        ContentBlock::ToolUse(call) => {
            if is_user {
                say("call of the user");
            }
            if !call.input.as_json().starts_with('{') {
                say("input is no object");
            }
            if !is_identifier(&call.name) {
                say("name");
            }
            if !is_identifier(&call.tool_use_id) {
                say("id");
            }
        }
        ContentBlock::ToolResult(result) => {
            let is_blank = |piece: &ToolResultContentBlock| matches!(piece, ToolResultContentBlock::Text(text) if text.trim().is_empty());
            if result.content.is_empty() || result.content.iter().any(is_blank) {
                say("blank result");
            }
            let is_bare = |piece: &ToolResultContentBlock| matches!(piece, ToolResultContentBlock::Json(json) if !json.as_json().starts_with('{'));
            if result.content.iter().any(is_bare) {
                say("JSON of a result is no object");
            }
        }
        ContentBlock::ReasoningContent(ReasoningContentBlock::ReasoningText(text))
            if is_user || text.signature.as_deref().unwrap_or_default().is_empty() =>
        {
            say("reasoning without signature");
        }
        ContentBlock::Image(_)
        | ContentBlock::Document(_)
        | ContentBlock::Video(_)
        | ContentBlock::Audio(_)
            if !is_user =>
        {
            say("media of the assistant");
        }
        ContentBlock::Unknown(member) if *member == UnknownMember::default() => say("no member"),
        ContentBlock::Unknown(member) if member.name.contains('.') => say("no block"),
        _ => {}
    }
}

/// Calls and results: unique ids, each result in the next message, first and complete.
fn tools(request: &ConverseRequest, found: &mut Vec<String>) {
    let mut used = HashSet::new();
    let mut open: HashSet<&str> = HashSet::new();
    for (at, message) in request.messages.iter().enumerate() {
        let mut waiting = std::mem::take(&mut open);
        let mut served = HashSet::new();
        let mut is_head = true;
        for block in &message.content {
            match block {
                ContentBlock::ToolUse(call) => {
                    if request.tool_config.is_none() {
                        found.push(format!("{at}: call without tools"));
                    }
                    if !used.insert(call.tool_use_id.as_str()) {
                        found.push(format!("{at}: id {} twice", call.tool_use_id));
                    }
                    let is_served = call.kind == Some(ToolUseType::SERVER_TOOL_USE);
                    if is_served { &mut served } else { &mut open }.insert(call.tool_use_id.as_str());
                }
                ContentBlock::ToolResult(result) => {
                    if request.tool_config.is_none() {
                        found.push(format!("{at}: result without tools"));
                    }
                    let list = if message.role == Role::User { &mut waiting } else { &mut served };
                    if !list.remove(result.tool_use_id.as_str()) {
                        found.push(format!("{at}: result {} without call", result.tool_use_id));
                    }
                    if message.role == Role::User && !is_head {
                        found.push(format!("{at}: result behind other blocks"));
                    }
                }
                _ => is_head = false,
            }
        }
        if !waiting.is_empty() || !served.is_empty() {
            found.push(format!("{at}: calls without result: {waiting:?} {served:?}"));
        }
    }
    if !open.is_empty() {
        found.push(format!("calls without result at the end: {open:?}"));
    }
}

/// Nothing but cache points beside results, where nothing may stand there.
fn results_alone(request: &ConverseRequest, facts: &ModelFacts, found: &mut Vec<String>) {
    for (at, message) in request.messages.iter().enumerate().filter(|(_, it)| it.role == Role::User) {
        let is_result = |block: &ContentBlock| matches!(block, ContentBlock::ToolResult(_));
        let is_other =
            |block: &ContentBlock| !is_result(block) && !matches!(block, ContentBlock::CachePoint(_));
        let is_mixed = message.content.iter().any(is_result) && message.content.iter().any(is_other);
        if is_mixed && !facts.tools.text_beside_results {
            found.push(format!("{at}: beside results"));
        }
    }
}

/// No status of a result where none is taken.
fn statuses(request: &ConverseRequest, facts: &ModelFacts, found: &mut Vec<String>) {
    let mut blocks = request.messages.iter().flat_map(|message| &message.content);
    let has_status =
        |block: &ContentBlock| matches!(block, ContentBlock::ToolResult(result) if result.status.is_some());
    if !facts.tools.result_status && blocks.any(has_status) {
        found.push("status of a result".to_owned());
    }
}

fn is_identifier(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

fn tool_config(config: &ToolConfiguration, facts: &ModelFacts, found: &mut Vec<String>) {
    let mut names = HashSet::new();
    for tool in &config.tools {
        let Tool::ToolSpec(spec) = tool else { continue };
        if !is_identifier(&spec.name) || !names.insert(spec.name.as_str()) {
            found.push(format!("tool name {}", spec.name));
        }
        if spec.description.as_ref().is_some_and(|text| text.trim().is_empty()) {
            found.push(format!("{}: blank description", spec.name));
        }
        let ToolInputSchema::Json(schema) = &spec.input_schema else { continue };
        let schema = schema.to_value().unwrap();
        if schema["type"] != "object"
            || ["anyOf", "oneOf", "allOf", "$ref"].iter().any(|name| schema.get(name).is_some())
        {
            found.push(format!("{}: root {schema}", spec.name));
        }
        if !facts.tools.schema_refs && schema.to_string().contains("\"$ref\":\"") {
            found.push(format!("{}: refs {schema}", spec.name));
        }
    }
    if config.tools.iter().all(|tool| matches!(tool, Tool::CachePoint(_))) || !facts.tools.supported {
        found.push("tools".to_owned());
    }
    let needed = match &config.tool_choice {
        None | Some(ToolChoice::Unknown(_)) => ToolChoices::Absent,
        Some(ToolChoice::Auto {}) => ToolChoices::Auto,
        Some(ToolChoice::Any {}) => ToolChoices::Any,
        Some(ToolChoice::Tool(tool)) => {
            let system = config
                .tools
                .iter()
                .any(|known| matches!(known, Tool::SystemTool(known) if known.name == tool.name));
            if !names.contains(tool.name.as_str()) && !system {
                found.push(format!("choice of {}", tool.name));
            }
            ToolChoices::Named
        }
    };
    if needed > facts.tools.choice {
        found.push(format!("choice {needed:?}"));
    }
}

fn inference(
    config: &InferenceConfiguration,
    facts: &ModelFacts,
    request: &ConverseRequest,
    found: &mut Vec<String>,
) {
    for value in [config.temperature, config.top_p].into_iter().flatten() {
        if !(0.0..=1.0).contains(&value) {
            found.push(format!("sampling {value}"));
        }
    }
    let sampling = facts.sampling;
    if config.temperature.is_some() && !sampling.temperature
        || config.top_p.is_some() && !sampling.top_p
        || config.temperature.is_some() && config.top_p.is_some() && !sampling.temperature_with_top_p
        || !config.stop_sequences.is_empty() && !sampling.stop_sequences
        || config.stop_sequences.iter().any(String::is_empty)
        || config.stop_sequences.len() > 2_500
    {
        found.push(format!("sampling {config:?}"));
    }
    let most = facts.max_output_tokens.unwrap_or(u32::MAX);
    if config.max_tokens.is_some_and(|limit| limit == 0 || limit > most) {
        found.push(format!("limit {config:?}"));
    }
    let fields = request.additional_model_request_fields.as_ref().map(|fields| fields.to_value().unwrap());
    let fields = fields.unwrap_or_default();
    let kind = fields.pointer("/thinking/type").and_then(serde_json::Value::as_str);
    let budget = fields.pointer("/thinking/budget_tokens").and_then(serde_json::Value::as_u64);
    if kind == Some("enabled") {
        if config.temperature.is_some_and(|value| value < 1.0) || config.top_p.is_some() {
            found.push(format!("sampling of a thinker {config:?}"));
        }
        if let (Some(limit), Some(budget)) = (config.max_tokens, budget)
            && u64::from(limit) <= budget
            && most > 2_048
        {
            found.push(format!("budget {budget} of {limit}"));
        }
        if request.messages.last().is_some_and(|last| last.role == Role::Assistant) {
            found.push("prefill of a thinker".to_owned());
        }
    }
    if request.messages.last().is_some_and(|last| last.role == Role::Assistant) && !facts.prefill {
        found.push("prefill".to_owned());
    }
}

fn media(request: &ConverseRequest, facts: &ModelFacts, found: &mut Vec<String>) {
    let is_known = facts.family != Family::Unknown;
    let (mut names, mut videos) = (HashSet::new(), 0);
    for (at, message) in request.messages.iter().enumerate() {
        let mut seen = Vec::new();
        let mut documents: Vec<&DocumentBlock> = Vec::new();
        for block in &message.content {
            match block {
                ContentBlock::Image(_) => seen.push(Medium::Image),
                ContentBlock::Document(document) => documents.push(document),
                ContentBlock::Video(_) => seen.push(Medium::Video),
                ContentBlock::Audio(_) => seen.push(Medium::Audio),
                ContentBlock::ToolResult(result) => {
                    for piece in &result.content {
                        match piece {
                            ToolResultContentBlock::Image(_) | ToolResultContentBlock::Video(_)
                                if !facts.tools.images_in_results =>
                            {
                                found.push(format!("{at}: media in a result"));
                            }
                            ToolResultContentBlock::Image(_) => seen.push(Medium::Image),
                            ToolResultContentBlock::Video(_) => seen.push(Medium::Video),
                            ToolResultContentBlock::Document(document) => {
                                seen.push(Medium::Document);
                                name(document, &mut names, found);
                            }
                            _ => {}
                        }
                    }
                }
                _ => {}
            }
        }
        if !documents.is_empty() {
            seen.push(Medium::Document);
            if !message.content.iter().any(|block| matches!(block, ContentBlock::Text(_))) {
                found.push(format!("{at}: a document without text"));
            }
        }
        documents.into_iter().for_each(|document| name(document, &mut names, found));
        videos += seen.iter().filter(|medium| **medium == Medium::Video).count();
        if is_known && seen.iter().any(|medium| !facts.input.contains(medium)) {
            found.push(format!("{at}: {seen:?}"));
        }
    }
    if videos > 1 {
        found.push(format!("{videos} videos"));
    }
}

fn name<'a>(document: &'a DocumentBlock, names: &mut HashSet<&'a str>, found: &mut Vec<String>) {
    let name = document.name.as_str();
    let is_plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || b" -_()[]".contains(&b));
    if !is_plain || name.is_empty() || name.len() > 200 || name.contains("  ") || !names.insert(name) {
        found.push(format!("document name {name:?}"));
    }
}

/// Places of cache points, their number, and lifetimes that do not grow.
fn cache_points(request: &ConverseRequest, facts: &ModelFacts, found: &mut Vec<String>) {
    let is_known = facts.family != Family::Unknown;
    let mut points: Vec<&CachePointBlock> = Vec::new();
    let mut before = false;
    for tool in request.tool_config.iter().flat_map(|config| &config.tools) {
        if let Tool::CachePoint(point) = tool {
            if !before || is_known && !facts.cache.tools {
                found.push("cache point among tools".to_owned());
            }
            points.push(point);
        }
        before = !matches!(tool, Tool::CachePoint(_));
    }
    before = false;
    for block in &request.system {
        if let SystemContentBlock::CachePoint(point) = block {
            if !before || is_known && !facts.cache.system {
                found.push("cache point in the system prompt".to_owned());
            }
            points.push(point);
        }
        before = !matches!(block, SystemContentBlock::CachePoint(_));
    }
    for (at, message) in request.messages.iter().enumerate() {
        let mut last: Option<&ContentBlock> = None;
        for block in &message.content {
            if let ContentBlock::CachePoint(point) = block {
                let is_text = |document: &DocumentBlock| {
                    let is_plain = document
                        .format
                        .as_ref()
                        .is_some_and(|format| ["txt", "md", "csv", "html"].contains(&format.as_str()));
                    is_plain
                        || matches!(document.source, DocumentSource::Text(_) | DocumentSource::Content(_))
                };
                let is_bad = match last {
                    None | Some(ContentBlock::CachePoint(_) | ContentBlock::ReasoningContent(_)) => true,
                    Some(ContentBlock::Document(document)) => is_text(document),
                    Some(ContentBlock::ToolResult(_)) => facts.family == Family::Nova,
                    Some(_) => false,
                };
                if is_bad || is_known && !facts.cache.messages {
                    found.push(format!("{at}: cache point behind {last:?}"));
                }
                points.push(point);
            }
            last = Some(block);
        }
    }
    let is_long = |point: &CachePointBlock| point.ttl == Some(CacheTtl::ONE_HOUR);
    let grows = points.iter().zip(points.iter().skip(1)).any(|(one, next)| !is_long(one) && is_long(next));
    let too_long = is_known && !facts.cache.one_hour && points.iter().any(|point| is_long(point));
    if points.len() > 4 || grows || too_long {
        found.push(format!("cache points {points:?}"));
    }
}

fn rest(request: &ConverseRequest, facts: &ModelFacts, found: &mut Vec<String>) {
    if !facts.system_prompt && !request.system.is_empty() {
        found.push("system prompt".to_owned());
    }
    let is_blank = |block: &SystemContentBlock| matches!(block, SystemContentBlock::Text(text) if text.trim().is_empty());
    if request.system.iter().any(is_blank) {
        found.push("blank system prompt".to_owned());
    }
    let fits = |text: &String| {
        text.chars().count() <= 256
            && text
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || c.is_whitespace() || ":_@$#=/+,-.".contains(c))
    };
    let metadata = &request.request_metadata;
    if metadata.len() > 16 || !metadata.iter().all(|(key, value)| fits(key) && fits(value) && !key.is_empty())
    {
        found.push(format!("metadata {metadata:?}"));
    }
}
