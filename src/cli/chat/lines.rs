//! Lines that a person types, with editing and history: the one file that names the library for it.
//!
//! A line that ends in a backslash goes on in the next one; text that is pasted comes as one.

use rustyline::DefaultEditor;
use rustyline::error::ReadlineError;
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
pub(super) struct Lines(DefaultEditor);

impl Lines {
    pub(super) fn new() -> io::Result<Self> {
        DefaultEditor::new().map(Self).map_err(io::Error::other)
    }

    /// Waits for a line, and for those that it goes on in.
    pub(super) fn next(&mut self) -> io::Result<Typed> {
        let mut text = String::new();
        loop {
            let prompt = if text.is_empty() { "> " } else { "| " };
            match self.0.readline(prompt) {
                Ok(line) => match line.strip_suffix('\\') {
                    Some(begun) => {
                        text.push_str(begun);
                        text.push('\n');
                    }
                    None => {
                        text.push_str(&line);
                        // A history that cannot take a line is no reason to stop.
                        let _ = self.0.add_history_entry(text.as_str());
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
