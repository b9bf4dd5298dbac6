//! Structured answers, in one place whatever way the model had to take: the text is the JSON.
//!
//! The JSON is not held against its schema; the service or the model was told to keep to it.

use super::unwrapped;
use crate::converse::{ContentBlock, ConverseOutput, ConverseResponse, Document, Message, StopReason};

/// How an answer holds what a schema describes.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct StructuredAnswer {
    /// Where it is.
    pub lane: AnswerLane,
    /// Whether it stands under the member `value` of an object, as its schema is none of an object.
    pub is_wrapped: bool,
}

/// Where a structured answer is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum AnswerLane {
    /// The text is the JSON.
    Text,
    /// The input of a call of this tool is the JSON; such a call ends the turn and is not to be carried out.
    Tool(String),
    /// The text is the JSON if the model did as it was told; it may stand in a code fence.
    Prompt,
}

impl StructuredAnswer {
    /// Takes the answer out of its object, if it was put into one.
    pub fn unwrap_document(&self, answer: Document) -> Document {
        if self.is_wrapped { unwrapped(&answer).unwrap_or(answer) } else { answer }
    }

    /// Makes the text of the answer the JSON that was asked for. False when there is none.
    ///
    /// An answer that calls other tools first is left as it is: the JSON is to come.
    pub fn put_as_text(&self, response: &mut ConverseResponse) -> bool {
        let ConverseOutput::Message(message) = &mut response.output else { return false };
        match &self.lane {
            AnswerLane::Tool(name) => {
                if !from_call(message, self, name) {
                    return response.stop_reason == Some(StopReason::ToolUse);
                }
                let calls = message.content.iter().any(|block| matches!(block, ContentBlock::ToolUse(_)));
                if !calls && response.stop_reason == Some(StopReason::ToolUse) {
                    response.stop_reason = Some(StopReason::EndTurn);
                }
                true
            }
            AnswerLane::Text | AnswerLane::Prompt => {
                let calls = response.stop_reason == Some(StopReason::ToolUse);
                from_text(message, self) || calls
            }
        }
    }
}

/// Puts the input of the answering tool in place of its first call and of all text.
fn from_call(message: &mut Message, answer: &StructuredAnswer, name: &str) -> bool {
    let answering = |block: &ContentBlock| {
        if let ContentBlock::ToolUse(call) = block { call.name == name } else { false }
    };
    let json = message.content.iter().find_map(|block| match block {
        ContentBlock::ToolUse(call) if call.name == name && call.input_problem.is_none() => {
            Some(answer.unwrap_document(call.input.clone()))
        }
        _ => None,
    });
    let Some(json) = json else { return false };
    message.content.retain(|block| !matches!(block, ContentBlock::Text(_)) && !answering(block));
    message.content.push(ContentBlock::text(json.as_json()));
    true
}

fn from_text(message: &mut Message, answer: &StructuredAnswer) -> bool {
    let text = message.text();
    let Some(json) = document(&text) else { return false };
    let json = answer.unwrap_document(json);
    if json.as_json() != text {
        message.content.retain(|block| !matches!(block, ContentBlock::Text(_)));
        message.content.push(ContentBlock::text(json.as_json()));
    }
    true
}

/// The JSON in a text: all of it, what a code fence holds, or what stands between the outermost braces.
fn document(text: &str) -> Option<Document> {
    let read = |text: &str| Document::try_from(text.trim()).ok();
    let fenced = || {
        let inside = text.split_once("```")?.1.rsplit_once("```")?.0;
        read(inside.split_once('\n')?.1)
    };
    let braced = || {
        let (start, end) = (text.find(['{', '['])?, text.rfind(['}', ']'])?);
        read(text.get(start..=end)?)
    };
    read(text).or_else(fenced).or_else(braced)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::converse::{Role, ToolUseBlock};

    #[test]
    fn json_is_found_in_what_models_write_around_it() {
        for (text, expected) in [
            (" {\"a\": 1.0}\n", Some("{\"a\": 1.0}")),
            ("```json\n{\"a\":1}\n```", Some("{\"a\":1}")),
            ("Here:\n```\n[1]\n```\nDone.", Some("[1]")),
            ("The answer is {\"a\":1}.", Some("{\"a\":1}")),
            ("no", None),
            ("```", None),
            ("} {", None),
            ("", None),
        ] {
            assert_eq!(document(text).as_ref().map(Document::as_json), expected, "{text}");
        }
    }

    #[test]
    fn the_call_of_the_answering_tool_becomes_text() {
        let call = |name: &str, input: &str| {
            ContentBlock::ToolUse(ToolUseBlock {
                name: name.to_owned(),
                input: input.parse().unwrap(),
                ..ToolUseBlock::default()
            })
        };
        let answered = |content: Vec<ContentBlock>| ConverseResponse {
            output: ConverseOutput::Message(Message::new(Role::Assistant, content)),
            stop_reason: Some(StopReason::ToolUse),
            ..ConverseResponse::default()
        };
        let lane = answer(AnswerLane::Tool("t".to_owned()));
        let mut whole = answered(vec![ContentBlock::text("Well: "), call("t", "{\"a\":1}"), call("t", "{}")]);
        assert!(lane.put_as_text(&mut whole));
        assert_eq!((whole.text().as_str(), whole.stop_reason), ("{\"a\":1}", Some(StopReason::EndTurn)));
        let mut other = answered(vec![ContentBlock::text("x"), call("other", "{}")]);
        let before = other.clone();
        assert!(lane.put_as_text(&mut other));
        assert_eq!(other, before);
        let mut none = answered(vec![ContentBlock::text("x")]);
        none.stop_reason = Some(StopReason::EndTurn);
        assert!(!lane.put_as_text(&mut none));
    }

    fn answer(lane: AnswerLane) -> StructuredAnswer {
        StructuredAnswer { lane, is_wrapped: false }
    }
}
