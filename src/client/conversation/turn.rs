//! One turn of a conversation: the answer as it comes, and into the history when it is complete.
//!
//! A turn that ends before its answer leaves no trace in the history, whatever ended it. That is why the history
//! grows here, at the end of an answer, and nowhere else.

use super::{Conversation, replay};
use crate::client::EventStream;
use crate::converse::prepare::{ToolNames, restore};
use crate::converse::{ConverseOutput, ConverseResponse, Fold};
use crate::error::Result;
use crate::stream::{BlockStart, StreamEvent};
use std::borrow::Cow;
use std::collections::VecDeque;
use std::fmt;

/// An answer on its way. Dropping it before its end aborts the request and takes the turn back.
pub struct Turn<'a> {
    conversation: &'a mut Conversation,
    source: Source,
    answer: Answer,
    tool_names: ToolNames,
}

/// What came back for a request.
pub(super) enum Begun {
    Stream(Box<EventStream>),
    Whole(Box<ConverseResponse>),
}

/// Where the events come from.
enum Source {
    Stream(Box<EventStream>),
    Replay(VecDeque<StreamEvent<'static>>),
}

/// How far the answer is.
enum Answer {
    /// As far as its events came.
    Coming(Fold),
    /// There, and its events are not all given.
    Whole(ConverseResponse),
    /// There, and in the history.
    Kept(ConverseResponse),
}

impl<'a> Turn<'a> {
    pub(super) fn new(conversation: &'a mut Conversation, begun: Begun, tool_names: ToolNames) -> Self {
        let (source, answer) = match begun {
            Begun::Stream(events) => (Source::Stream(events), Answer::Coming(Fold::new())),
            Begun::Whole(response) => (Source::Replay(replay::events(&response)), Answer::Whole(*response)),
        };
        Self { conversation, source, answer, tool_names }
    }

    /// The next event, lent until the next call. `Ok(None)` is the legal end: the answer is complete, and in the
    /// history.
    ///
    /// Tools have the caller's names. Pieces of their input are as the model wrote them; the history has them
    /// put together and restored. Of an answer that the model does not stream, text, reasoning and calls are
    /// given as events.
    ///
    /// # Cancellation
    /// Dropping the future loses no event: the next call goes on.
    ///
    /// # Errors
    /// As [`EventStream::next`]. The turn has then not happened; what was given of it was given.
    pub async fn next(&mut self) -> Result<Option<StreamEvent<'_>>> {
        let event = match &mut self.source {
            Source::Stream(events) => events.next().await?,
            Source::Replay(events) => events.pop_front(),
        };
        let Some(mut event) = event else {
            keep(self.conversation, &mut self.answer, &self.tool_names);
            return Ok(None);
        };
        if let Answer::Coming(fold) = &mut self.answer {
            fold.push(&event);
        }
        if let StreamEvent::ContentBlockStart { start: BlockStart::ToolUse { name, .. }, .. } = &mut event {
            let original = self.tool_names.original(name);
            if original != name.as_ref() {
                *name = Cow::Owned(original.to_owned());
            }
        }
        Ok(Some(event))
    }

    /// Whether [`Turn::next`] will answer at once, without the network.
    pub fn is_ready(&self) -> bool {
        match &self.source {
            Source::Stream(events) => events.is_ready(),
            Source::Replay(_) => true,
        }
    }

    /// The whole answer, in the caller's terms, after reading what is left of it: where the options have a schema,
    /// its text is the JSON. The history has it then too.
    ///
    /// # Errors
    /// As [`Turn::next`].
    pub async fn collect(mut self) -> Result<ConverseResponse> {
        while self.next().await?.is_some() {}
        Ok(match self.answer {
            Answer::Coming(fold) => fold.finish(),
            Answer::Whole(response) | Answer::Kept(response) => response,
        })
    }
}

/// Puts a complete answer into the history, behind the message that it answers.
fn keep(conversation: &mut Conversation, answer: &mut Answer, tool_names: &ToolNames) {
    let mut response = match std::mem::replace(answer, Answer::Coming(Fold::new())) {
        Answer::Coming(fold) => fold.finish(),
        Answer::Whole(response) => response,
        Answer::Kept(response) => {
            *answer = Answer::Kept(response);
            return;
        }
    };
    // Without the JSON that was asked for, the answer stays as it came.
    restore(&mut response, tool_names, conversation.structured.as_ref());
    if let ConverseOutput::Message(message) = &response.output {
        let messages = &mut conversation.request.messages;
        messages.extend(conversation.unanswered.take());
        messages.push(message.clone());
    }
    *answer = Answer::Kept(response);
}

impl fmt::Debug for Turn<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_complete = matches!(self.answer, Answer::Kept(_));
        f.debug_struct("Turn").field("is_complete", &is_complete).finish_non_exhaustive()
    }
}
