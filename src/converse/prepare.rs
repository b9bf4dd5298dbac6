//! From what a caller asked to what one model accepts: pure rules, one file each, that report what they change.
//!
//! Conversations come from other programs and other models, were cut in the middle, and name parameters that
//! one model wants and the next refuses. [`prepare`] turns them into a request that the service takes, and says
//! in an [`Adjustment`] whatever it did to them. It does not know which model there is to call, sends nothing,
//! and never changes the reasoning that a signature covers.
//!
//! Preparing a prepared request again changes nothing. Only wishes that have no place in the request (options)
//! are then reported again, since they are made again.
//!
//! # Order
//!
//! The rules run in the order of `RULES`, for these reasons:
//!
//! 1. **Tools before the conversation**: whether calls and results may stand in it at all depends on whether
//!    the request has tools.
//! 2. **Blocks before turns**: what drops or rewrites single blocks (roles, placement, media, reasoning, blanks)
//!    runs first, since a message that loses its last block goes, and its neighbours then have one role.
//! 3. **Turns before pairs**: results are looked for in the next message, so messages must take turns.
//! 4. **Pairs before what stands beside them and in them**: a result without its call is told with its status,
//!    labels of media that leave a result name its final id, and
//!    only then is it known what stands beside results that must be alone.
//! 5. **The conversation before thinking**: thinking with a budget is impossible while the last tool turn
//!    lacks its reasoning. What the model has refused before goes at this point, as it may be the thinking.
//! 6. **Thinking before prefill, sampling, limits and the tool choice**: each of them depends on whether the
//!    model thinks.
//! 7. **Cache points last**, when no block moves any more; but those inside results go before a result can become
//!    text.

mod beta_flags;
mod blank;
mod cache_points;
mod documents;
mod draft;
mod fields;
mod first_turn;
mod identifier;
pub mod learn;
mod media_format;
mod media_support;
mod mind;
mod options;
mod output_limit;
mod parallel_tools;
mod placement;
mod prefill;
mod reasoning;
mod refused;
mod report;
mod results_alone;
mod roles;
mod sampling;
mod schema;
mod stop_sequences;
mod structured_answer;
mod structured_output;
mod system_prompt;
mod thinking;
mod tool_choice;
mod tool_history;
mod tool_input;
mod tool_names;
mod tool_pairing;
mod tool_result_images;
mod tool_result_json;
mod tool_result_status;
mod tool_schemas;
mod tool_text;
mod tools;
mod turns;
mod wishes;

#[cfg(test)]
pub(crate) mod tests;

pub use options::{AnswerSchema, CacheRetention, PrepareOptions, ThinkingDisplay, ThinkingLevel, ToolWish};
pub use report::{Adjustment, Rule};
pub use structured_answer::{AnswerLane, StructuredAnswer};

#[cfg(feature = "cli")]
pub(crate) use media_format::sniff;

use super::{ContentBlock, ConverseOutput, ConverseRequest, ConverseResponse, Document, ToolUseBlock};
use crate::catalog::ModelFacts;
use draft::Draft;
use serde_json::value::RawValue;
use std::collections::{BTreeMap, BTreeSet};

/// The rules in their order.
const RULES: [fn(&mut Draft<'_>); 33] = [
    wishes::apply,
    tools::apply,
    structured_output::apply,
    cache_points::drop_inside_results,
    tool_history::apply,
    tool_names::apply,
    tool_schemas::apply,
    roles::apply,
    placement::apply,
    media_format::apply,
    media_support::apply,
    reasoning::apply,
    tool_input::apply,
    tool_result_json::apply,
    blank::apply,
    turns::apply,
    tool_pairing::apply,
    tool_result_status::apply,
    first_turn::apply,
    tool_result_images::apply,
    documents::apply,
    results_alone::apply,
    refused::apply,
    thinking::apply,
    beta_flags::apply,
    prefill::apply,
    sampling::apply,
    stop_sequences::apply,
    output_limit::apply,
    tool_choice::apply,
    parallel_tools::apply,
    system_prompt::apply,
    cache_points::apply,
];

/// A request that a model accepts, and how it came to be.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Prepared {
    /// The request to send.
    pub request: ConverseRequest,
    /// What was changed, in the order of the changes.
    pub adjustments: Vec<Adjustment>,
    /// Tools that were renamed for the request: calls in the answer are to be restored with it.
    pub tool_names: ToolNames,
    /// How the answer holds what was asked for with a schema; `None` when this call to [`prepare`] did not ask
    /// for it.
    pub answer: Option<StructuredAnswer>,
}

/// Turns a request into one that the model of `facts` accepts.
///
/// ```
/// # use outcrop::catalog::ModelFacts;
/// # fn example(facts: &ModelFacts) {
/// use outcrop::converse::prepare::{PrepareOptions, ThinkingLevel, prepare};
/// use outcrop::converse::{ConverseRequest, Message};
///
/// let request = ConverseRequest::new("us.anthropic.claude-sonnet-4-6").message(Message::user("Why?"));
/// let options = PrepareOptions { thinking: Some(ThinkingLevel::High), ..PrepareOptions::default() };
/// let prepared = prepare(request, facts, &options);
/// for adjustment in &prepared.adjustments {
///     println!("{adjustment}");
/// }
/// # }
/// ```
pub fn prepare(request: ConverseRequest, facts: &ModelFacts, options: &PrepareOptions) -> Prepared {
    let mut draft = Draft {
        request,
        facts,
        options,
        adjustments: Vec::new(),
        tool_names: ToolNames::default(),
        answer: None,
    };
    for rule in RULES {
        rule(&mut draft);
    }
    let Draft { request, adjustments, tool_names, answer, .. } = draft;
    Prepared { request, adjustments, tool_names, answer }
}

impl Prepared {
    /// Gives an answer back in the caller's terms: calls with the caller's names of tools, and the JSON that a
    /// schema asked for as the text, whatever way the model had to take. False: there was a schema, and there is
    /// no JSON in the answer.
    pub fn restore(&self, response: &mut ConverseResponse) -> bool {
        restore(response, &self.tool_names, self.answer.as_ref())
    }
}

/// See [`Prepared::restore`].
pub(crate) fn restore(
    response: &mut ConverseResponse,
    tool_names: &ToolNames,
    answer: Option<&StructuredAnswer>,
) -> bool {
    let is_found = answer.is_none_or(|answer| answer.put_as_text(response));
    if let ConverseOutput::Message(message) = &mut response.output {
        for block in &mut message.content {
            if let ContentBlock::ToolUse(call) = block {
                tool_names.restore(call);
            }
        }
    }
    is_found
}

/// How tools are called in a request, and by their owner.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ToolNames {
    /// Names of the request, to those of the caller.
    renamed: BTreeMap<String, String>,
    /// Tools, by their name in the request, whose input was put into an object.
    wrapped: BTreeSet<String>,
}

impl ToolNames {
    /// Whether there is nothing to restore.
    pub fn is_empty(&self) -> bool {
        self.renamed.is_empty() && self.wrapped.is_empty()
    }

    /// The caller's name of the tool that the request calls `sent`.
    pub fn original<'a>(&'a self, sent: &'a str) -> &'a str {
        self.renamed.get(sent).map_or(sent, String::as_str)
    }

    /// The name in the request of the caller's tool `original`, if it is another.
    fn sent(&self, original: &str) -> Option<&str> {
        self.renamed.iter().find(|(_, known)| *known == original).map(|(sent, _)| sent.as_str())
    }

    /// Turns a call of the model's back into one of the caller's tools: its name, and its input where the
    /// tool's schema was no object.
    pub fn restore(&self, call: &mut ToolUseBlock) {
        if self.wrapped.contains(&call.name)
            && let Some(input) = unwrapped(&call.input)
        {
            call.input = input;
        }
        if let Some(original) = self.renamed.get(&call.name) {
            call.name.clone_from(original);
        }
    }
}

/// The member under which something stands whose schema was no object.
const WRAPPED: &str = "value";

/// What stands in a document that was wrapped.
fn unwrapped(document: &Document) -> Option<Document> {
    let members: BTreeMap<String, &RawValue> = serde_json::from_slice(document.as_json().as_bytes()).ok()?;
    members.get(WRAPPED).map(|value| Document::from(*value))
}
