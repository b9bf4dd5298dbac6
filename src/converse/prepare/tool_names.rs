//! Rule `tool-names`: names of tools fit the service's pattern and are unique.
//!
//! Programs name tools `server.tool` or `mcp/server/tool`, or longer than 64 characters. The names are
//! rewritten wherever they stand (tools, choice, old calls), and [`ToolNames`](super::ToolNames) brings those of
//! an answer back. Of two tools with one name the first stays.

use super::draft::Draft;
use super::identifier::{Identifiers, Shape};
use super::report::Rule;
use crate::converse::{ContentBlock, ConverseRequest, Tool, ToolChoice};
use std::collections::{BTreeMap, HashSet};

pub(super) fn apply(draft: &mut Draft<'_>) {
    drop_doubles(draft);
    let mut named = Vec::new();
    each_name(&mut draft.request, |name| named.push(name.clone()));
    let mut names = Identifiers::new(Shape::Plain, named.iter().map(String::as_str));
    let mut sent: BTreeMap<String, String> = BTreeMap::new();
    for name in named.into_iter().filter(|name| !Shape::Plain.fits(name)) {
        sent.entry(name).or_insert_with_key(|name| names.claim(name));
    }
    if sent.is_empty() {
        return;
    }
    each_name(&mut draft.request, |name| {
        if let Some(sent) = sent.get(name) {
            name.clone_from(sent);
        }
    });
    for (original, sent) in sent {
        let why = format!("names of tools are plain and at most 64 characters long; sent as `{sent}`");
        draft.note(Rule::ToolNames, format_args!("tool `{original}`"), why, None);
        draft.tool_names.renamed.insert(sent, original);
    }
}

/// Visits every name of a tool: of the tools themselves first.
fn each_name(request: &mut ConverseRequest, mut visit: impl FnMut(&mut String)) {
    if let Some(config) = &mut request.tool_config {
        for tool in &mut config.tools {
            if let Tool::ToolSpec(spec) = tool {
                visit(&mut spec.name);
            }
        }
        if let Some(ToolChoice::Tool(choice)) = &mut config.tool_choice {
            visit(&mut choice.name);
        }
    }
    for block in request.messages.iter_mut().flat_map(|message| &mut message.content) {
        let reference = match block {
            ContentBlock::ToolUse(call) => {
                visit(&mut call.name);
                continue;
            }
            ContentBlock::ToolAddition(addition) => &mut addition.tool,
            ContentBlock::ToolRemoval(removal) => &mut removal.tool,
            ContentBlock::Text(_)
            | ContentBlock::Image(_)
            | ContentBlock::Document(_)
            | ContentBlock::Video(_)
            | ContentBlock::Audio(_)
            | ContentBlock::ToolResult(_)
            | ContentBlock::GuardContent(_)
            | ContentBlock::CachePoint(_)
            | ContentBlock::ReasoningContent(_)
            | ContentBlock::CitationsContent(_)
            | ContentBlock::SearchResult(_)
            | ContentBlock::Unknown(_) => continue,
        };
        if let Some(name) = &mut reference.name {
            visit(name);
        }
    }
}

fn drop_doubles(draft: &mut Draft<'_>) {
    let Some(config) = &mut draft.request.tool_config else { return };
    let mut seen = HashSet::new();
    let mut dropped = Vec::new();
    config.tools.retain(|tool| {
        let Tool::ToolSpec(spec) = tool else { return true };
        let is_new = seen.insert(spec.name.clone());
        if !is_new {
            dropped.push(spec.name.clone());
        }
        is_new
    });
    for name in dropped {
        let why = "two tools have this name, of which the first is sent";
        draft.note(Rule::ToolNames, format_args!("tool `{name}`"), why, None);
    }
}
