//! The request while it is prepared, and the ways in which rules go over it.
//!
//! Holds what the rules share; it decides nothing itself.

use super::fields::Fields;
use super::options::PrepareOptions;
use super::report::{Adjustment, Rule};
use super::{StructuredAnswer, ToolNames};
use crate::catalog::ModelFacts;
use crate::catalog::facts::Family;
use crate::converse::{
    ContentBlock, ConverseRequest, InferenceConfiguration, Message, Role, ToolResultBlock,
    ToolResultContentBlock, ToolUseBlock,
};
use std::borrow::Cow;
use std::fmt;

/// A request on its way through the rules.
pub(super) struct Draft<'a> {
    /// As it stands.
    pub(super) request: ConverseRequest,
    /// What the model accepts.
    pub(super) facts: &'a ModelFacts,
    /// What the caller wishes.
    pub(super) options: &'a PrepareOptions,
    /// What was changed so far.
    pub(super) adjustments: Vec<Adjustment>,
    /// Tools that were renamed.
    pub(super) tool_names: ToolNames,
    /// How a structured answer will come.
    pub(super) answer: Option<StructuredAnswer>,
}

impl Draft<'_> {
    /// Notes a change.
    pub(super) fn note(
        &mut self,
        rule: Rule,
        what: impl fmt::Display,
        why: impl Into<Cow<'static, str>>,
        fact: Option<&'static str>,
    ) {
        self.adjustments.push(Adjustment { rule, what: what.to_string(), why: why.into(), fact });
    }

    /// Whether nothing is known of the model, so that its facts must not forbid what the caller wrote.
    pub(super) fn is_unknown(&self) -> bool {
        self.facts.family == Family::Unknown
    }

    /// Whether the model has refused this field before.
    pub(super) fn is_refused(&self, name: &str) -> bool {
        self.options.refused.contains(name)
    }

    /// The model's own fields; `None` when they are no object.
    pub(super) fn fields(&self) -> Option<Fields> {
        match &self.request.additional_model_request_fields {
            None => Some(Fields::default()),
            Some(document) => Fields::read(document.as_json()),
        }
    }

    /// Leaves limits and sampling out when nothing of them is left.
    pub(super) fn drop_empty_inference_config(&mut self) {
        self.request.inference_config.take_if(|config| *config == InferenceConfiguration::default());
    }

    /// Rebuilds all messages block by block: `visit` is given each block, and where its successors go.
    pub(super) fn each_block(
        &mut self,
        mut visit: impl FnMut(&mut Self, Spot<'_>, ContentBlock, &mut Vec<ContentBlock>),
    ) {
        let mut messages = std::mem::take(&mut self.request.messages);
        for (at, Message { role, content }) in messages.iter_mut().enumerate() {
            let blocks = std::mem::take(content);
            content.reserve(blocks.len());
            for (number, block) in blocks.into_iter().enumerate() {
                visit(self, Spot { message: at, block: number, role }, block, content);
            }
        }
        self.request.messages = messages;
    }

    /// Rebuilds the content of all tool results, piece by piece.
    pub(super) fn each_result_piece(
        &mut self,
        mut visit: impl FnMut(&mut Self, Spot<'_>, ToolResultContentBlock, &mut Vec<ToolResultContentBlock>),
    ) {
        self.each_block(|draft, spot, mut block, out| {
            if let ContentBlock::ToolResult(result) = &mut block {
                let pieces = std::mem::take(&mut result.content);
                for piece in pieces {
                    visit(draft, spot, piece, &mut result.content);
                }
            }
            out.push(block);
        });
    }
}

/// The place of a block.
#[derive(Clone, Copy)]
pub(super) struct Spot<'a> {
    /// Which message, from 0.
    pub(super) message: usize,
    /// Which of its blocks, from 0.
    pub(super) block: usize,
    /// Whose message it is.
    pub(super) role: &'a Role,
}

impl fmt::Display for Spot<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "messages[{}].content[{}]", self.message, self.block)
    }
}

/// Whether a text is nothing but white space, which the service refuses.
pub(super) fn is_blank(text: &str) -> bool {
    text.trim().is_empty()
}

/// The call that a block is.
pub(super) fn as_call(block: &ContentBlock) -> Option<&ToolUseBlock> {
    if let ContentBlock::ToolUse(call) = block { Some(call) } else { None }
}

/// The tool result that a block is.
pub(super) fn as_result(block: &ContentBlock) -> Option<&ToolResultBlock> {
    if let ContentBlock::ToolResult(result) = block { Some(result) } else { None }
}

/// Whether a block is a cache point.
pub(super) fn is_cache_point(block: &ContentBlock) -> bool {
    matches!(block, ContentBlock::CachePoint(_))
}
