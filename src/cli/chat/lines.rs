//! Lines that a person types, with editing and history: the one file that names the library for it.
//!
//! A line that ends in a backslash goes on in the next one; text that is pasted comes as one.

use super::history::{History, MOST_LINES};
use crate::Env;
use rustyline::error::ReadlineError;
use rustyline::{Config, DefaultEditor};
use std::io;

/// What was typed.
pub(super) enum Typed {
    Text(String),
    /// Ctrl-C.
    Interrupted,
    /// Ctrl-D, or the end of the input.
    End,
}

/// Asks for lines on the terminal.
pub(super) struct Lines {
    editor: DefaultEditor,
    history: History,
    /// Why the last line is not kept for the next conversation.
    pub(super) not_kept: Option<io::Error>,
}

impl Lines {
    pub(super) fn new(env: &Env) -> io::Result<Self> {
        let config = Config::builder()
            .max_history_size(MOST_LINES)
            .map_err(io::Error::other)?
            .history_ignore_space(true);
        let mut editor = DefaultEditor::with_config(config.build()).map_err(io::Error::other)?;
        let (history, lines) = History::open(env);
        for line in lines {
            // A history that cannot take a line is no reason to stop.
            let _ = editor.add_history_entry(line);
        }
        Ok(Self { editor, history, not_kept: None })
    }

    /// Has a line at hand for this conversation and the next. One that is the same as the one before is there.
    fn remember(&mut self, line: &str) {
        if self.editor.add_history_entry(line).is_ok_and(|is_new| is_new) {
            self.not_kept = self.history.add(line).err();
        }
    }

    /// Waits for a line, and for those that it goes on in.
    pub(super) fn next(&mut self) -> io::Result<Typed> {
        let mut text = String::new();
        loop {
            let prompt = if text.is_empty() { "> " } else { "| " };
            match self.editor.readline(prompt) {
                Ok(line) => match line.strip_suffix('\\') {
                    Some(begun) => {
                        text.push_str(begun);
                        text.push('\n');
                    }
                    None => {
                        text.push_str(&line);
                        self.remember(&text);
                        return Ok(Typed::Text(text));
                    }
                },
                Err(ReadlineError::Interrupted) => return Ok(Typed::Interrupted),
                Err(ReadlineError::Eof) => return Ok(Typed::End),
                Err(ReadlineError::Io(source)) => return Err(source),
                Err(other) => return Err(io::Error::other(other)),
            }
        }
    }
}
