//! The service's structural rules, written anew: what every prepared request must keep to.

use crate::catalog::ModelFacts;
use crate::converse::*;
use std::collections::HashSet;

/// What a request breaks, in words; empty when the service would take its structure.
pub(super) fn violations(request: &ConverseRequest, _facts: &ModelFacts) -> Vec<String> {
    let mut found = Vec::new();
    turns(request, &mut found);
    for (at, message) in request.messages.iter().enumerate() {
        for block in &message.content {
            block_of(block, message.role == Role::User, &mut |what| found.push(format!("{at}: {what}")));
        }
    }
    tools(request, &mut found);
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
        ContentBlock::ToolUse(call) => {
            if is_user {
                say("call of the user");
            }
            if !call.input.as_json().starts_with('{') {
                say("input is no object");
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
        }
        ContentBlock::ReasoningContent(ReasoningContentBlock::ReasoningText(text)) => {
            if is_user || text.signature.as_deref().unwrap_or_default().is_empty() {
                say("reasoning without signature");
            }
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

fn is_identifier(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}
