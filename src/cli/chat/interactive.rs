//! The loop of a conversation on a terminal: a line, what it does, the next one.

use super::conversation::{Conversation, Then};
use super::lines::{Lines, Typed};
use crate::cli::report::Report;
use crate::error::{Error, IoFailure};

/// Leads the conversation until the user leaves.
pub(super) async fn run(mut conversation: Conversation<'_>) -> Result<(), Report> {
    let failed = |source| {
        Report::plain(&Error::Io(Box::new(IoFailure {
            action: "read from the terminal",
            path: None,
            source,
        })))
    };
    let mut lines = Lines::new(conversation.env).map_err(failed)?;
    let out = conversation.out;
    // Ctrl-C stops an answer, and not the program.
    out.stays_when_interrupted();
    out.note(&format!("`{}`; /help tells the commands", conversation.session.choice.model.value));
    let mut was_interrupted = false;
    loop {
        // Nothing else goes on meanwhile, so that this may wait.
        match lines.next().map_err(failed)? {
            Typed::End => return Ok(()),
            Typed::Interrupted if was_interrupted => return Ok(()),
            Typed::Interrupted => {
                was_interrupted = true;
                out.note("Ctrl-C once more, or Ctrl-D, leaves");
            }
            Typed::Text(line) => {
                was_interrupted = false;
                if let Some(problem) = lines.not_kept.take() {
                    out.detail(&format!("the line is not kept for the next conversation: {problem}"));
                }
                if conversation.take(&line).await? == Then::Leave {
                    return Ok(());
                }
            }
        }
    }
}
