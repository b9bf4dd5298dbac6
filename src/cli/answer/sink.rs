//! Where an answer goes: text, the whole response, or one line an event on stdout, and thinking on stderr.
//!
//! It gathers what one network chunk brought, so that this is one write.

use super::{Showing, event_line};
use crate::cli::args::Output;
use crate::cli::chat::Plan;
use crate::cli::report::is_closed_pipe;
use crate::client::replay;
use crate::converse::{
    ContentBlock, ConverseResponse, ReasoningContentBlock, ReasoningTextBlock, ToolUseBlock,
};
use crate::error::{Error, Result};
use crate::stream::{BlockDelta, StreamEvent, members};
use serde_json::Value;
use serde_json::value::to_raw_value;
use std::io::IsTerminal;

/// Takes an answer in pieces or whole.
pub(super) struct Sink<'a> {
    pub(super) showing: Showing<'a>,
    /// Text is written as it comes.
    pub(super) shows_text: bool,
    pending: Vec<u8>,
    /// Thinking of this chunk.
    thought: String,
    /// The last thing written did not end its line.
    open_line: bool,
    /// So did the last of the thinking.
    open_thought: bool,
    /// Something was written.
    pub(super) wrote: bool,
}

impl<'a> Sink<'a> {
    pub(super) fn new(showing: Showing<'a>) -> Self {
        Self {
            showing,
            shows_text: true,
            pending: Vec::new(),
            thought: String::new(),
            open_line: false,
            open_thought: false,
            wrote: false,
        }
    }

    fn form(&self) -> Output {
        self.showing.call.output
    }

    /// A piece of the answer, where text is wanted.
    pub(super) fn take(&mut self, event: &StreamEvent<'_>) {
        let StreamEvent::ContentBlockDelta { delta, .. } = event else { return };
        match delta {
            BlockDelta::Text(text) if self.shows_text && self.form() == Output::Text => {
                self.pending.extend_from_slice(text.as_bytes());
            }
            BlockDelta::ReasoningText(text) => self.think(text),
            BlockDelta::Text(_)
            | BlockDelta::Citation(_)
            | BlockDelta::ReasoningSignature(_)
            | BlockDelta::ReasoningRedacted(_)
            | BlockDelta::ToolUse { .. }
            | BlockDelta::ToolResult(_)
            | BlockDelta::Image(_)
            | BlockDelta::Unknown { .. } => {}
        }
    }

    fn think(&mut self, text: &str) {
        if self.showing.thinking && self.form() == Output::Text {
            self.thought.push_str(text);
        }
    }

    /// An answer that came at once.
    pub(super) fn take_whole(&mut self, response: &ConverseResponse) {
        for block in response.message().into_iter().flat_map(|message| &message.content) {
            if let ContentBlock::ReasoningContent(ReasoningContentBlock::ReasoningText(
                ReasoningTextBlock { text, .. },
            )) = block
            {
                self.think(text);
            }
        }
        self.shows_text = false;
        self.take_late(response);
    }

    /// The text of an answer that could not be shown as it came.
    pub(super) fn take_late(&mut self, response: &ConverseResponse) {
        if !self.shows_text && self.form() == Output::Text {
            self.pending.extend_from_slice(response.text().as_bytes());
        }
    }

    /// The events of an answer that came at once.
    pub(super) fn take_events(&mut self, response: &ConverseResponse) -> Result<()> {
        for event in replay::events(response) {
            if let Some((name, payload)) = event_line::write(&event, response).map_err(unwritable)? {
                self.line(name, &one_line(payload));
            }
        }
        Ok(())
    }

    /// One event as Bedrock sent it, without its padding.
    pub(super) fn line(&mut self, name: &str, payload: &[u8]) {
        let name = Value::from(name).to_string();
        self.pending.extend_from_slice(format!("{{{name}:").as_bytes());
        match members::read(payload) {
            Ok(list) => {
                self.pending.extend(members::write(list.iter().filter(|(member, _)| member != "p")));
            }
            // An event of a later version may carry anything.
            Err(_) => self
                .pending
                .extend_from_slice(Value::from(String::from_utf8_lossy(payload)).to_string().as_bytes()),
        }
        self.pending.extend_from_slice(b"}\n");
    }

    pub(super) fn flush(&mut self) -> Result<()> {
        if !self.thought.is_empty() {
            self.open_thought = !self.thought.ends_with('\n');
            self.showing.out.dimmed(&self.thought);
            self.thought.clear();
        }
        if let Some(&last) = self.pending.last() {
            self.end_thought();
            self.open_line = last != b'\n';
            self.wrote = true;
        }
        let written = self.showing.out.data(&self.pending);
        self.pending.clear();
        match written {
            Err(error) if self.showing.kept && is_closed_pipe(&error) => Ok(()),
            written => written,
        }
    }

    fn end_thought(&mut self) {
        if std::mem::take(&mut self.open_thought) {
            self.showing.out.dimmed("\n");
        }
    }

    /// What stands at the end: in text the end of its line and the calls of tools, in JSON the whole response.
    /// `as_it_came` is the answer of Converse; without it the response is written.
    pub(super) fn finish(
        &mut self,
        response: &ConverseResponse,
        as_it_came: Option<&[u8]>,
        plan: Option<&Plan>,
    ) -> Result<()> {
        match self.form() {
            Output::Text => {
                self.flush()?;
                self.end_thought();
                if self.open_line {
                    self.pending.push(b'\n');
                }
                self.calls(response)?;
            }
            Output::Json => {
                let mut line = match as_it_came {
                    Some(answer) => answer.to_vec(),
                    None => written(response)?,
                };
                if let Some(plan) = plan {
                    line = extended(line, plan, response);
                }
                self.pending.append(&mut line);
                self.pending.push(b'\n');
            }
            // The events have said everything.
            Output::Jsonl => {}
        }
        self.flush()
    }

    /// Each call of a tool as one line of JSON: data for whoever carries it out.
    fn calls(&mut self, response: &ConverseResponse) -> Result<()> {
        for block in response.message().into_iter().flat_map(|message| &message.content) {
            let ContentBlock::ToolUse(ToolUseBlock { name, input_problem, .. }) = block else { continue };
            if input_problem.is_some() {
                self.showing.out.warn(&format!(
                    "the model's call of `{name}` is broken and must not be carried out: its input is no JSON"
                ));
            }
            self.pending.extend(one_line(written(block)?));
            self.pending.push(b'\n');
        }
        Ok(())
    }

    /// On a terminal an error begins on a line of its own; a file gets exactly what came.
    pub(super) fn end_line_on_terminal(&mut self) {
        self.end_thought();
        if self.open_line && std::io::stdout().is_terminal() {
            let _ = self.showing.out.data(b"\n");
        }
    }
}

/// JSON on one line. A line break in it can only stand between tokens, where any blank will do.
pub(in crate::cli) fn one_line(mut json: Vec<u8>) -> Vec<u8> {
    for byte in &mut json {
        if matches!(byte, b'\n' | b'\r') {
            *byte = b' ';
        }
    }
    json
}

fn written(value: &impl serde::Serialize) -> Result<Vec<u8>> {
    serde_json::to_vec(value).map_err(unwritable)
}

fn unwritable(problem: serde_json::Error) -> Error {
    Error::InvalidRequest(format!("the answer cannot be written ({problem})").into())
}

/// The response with what it cost and what was adjusted for it.
fn extended(response: Vec<u8>, plan: &Plan, typed: &ConverseResponse) -> Vec<u8> {
    let (Ok(cost), Ok(adjustments)) =
        (to_raw_value(&plan.cost(typed)), to_raw_value(&plan.adjustments_json()))
    else {
        return response;
    };
    let Ok(mut list) = members::read(&response) else { return response };
    list.push(("cost".into(), &cost));
    list.push(("adjustments".into(), &adjustments));
    members::write(&list)
}
