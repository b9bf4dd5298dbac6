//! The two ways out: stdout for data, stderr for talk. Colour is decided here and nowhere else.
//!
//! Data is written without a buffer in between, so that one call of [`Out::data`] is one write: an answer is
//! seen as it comes, and a long one does not cost a system call a token.

mod waiting;

use super::args::{Global, When};
use super::report::Report;
use crate::Env;
use crate::error::{Error, IoFailure, Result};
use crate::trail::{Step, Trail};
use crate::transport::retry::Notice;
use std::cell::{Cell, RefCell};
use std::fs::File;
use std::io::{self, BufRead, IsTerminal, Write};
use std::pin::pin;
use std::sync::OnceLock;
use std::task::Poll;
use tokio::time::{Instant, interval_at};
use waiting::WaitingLine;

/// Where output goes, and how.
#[derive(Debug)]
pub(super) struct Out {
    stdout: OnceLock<File>,
    /// Stdout is a terminal, which obeys what some bytes tell it.
    shows_data: bool,
    colour: bool,
    /// Notes and footers are wanted.
    talk: bool,
    /// The footer is for people who watch.
    footer: bool,
    /// A line that changes is for people who watch nothing else.
    progress: bool,
    /// There is a person who waits for what comes on the terminal.
    waits: bool,
    waiting: WaitingLine,
    /// A line that changes, while nothing is written to stdout.
    live: bool,
    json: bool,
    verbose: u8,
    /// Ctrl-C is somebody's else to hear.
    stays: Cell<bool>,
    /// Notes that need no repeating.
    noted: RefCell<Vec<String>>,
}

impl Out {
    pub(super) fn new(env: &Env, global: &Global) -> Self {
        let terminal = io::stderr().is_terminal();
        let plain =
            env.get("NO_COLOR").is_some_and(|value| !value.is_empty()) || env.get("TERM") == Some("dumb");
        let colour = match global.color {
            When::Always => true,
            When::Never => false,
            When::Auto => terminal && !plain,
        };
        // A line that changes needs a terminal that can go back to its begin.
        let is_watched = terminal && !global.quiet && env.get("TERM") != Some("dumb");
        Self {
            stdout: OnceLock::new(),
            shows_data: io::stdout().is_terminal(),
            colour,
            talk: !global.quiet,
            footer: terminal && !global.quiet,
            progress: is_watched && !io::stdout().is_terminal(),
            waits: is_watched && !global.json && io::stdout().is_terminal(),
            waiting: WaitingLine::default(),
            live: is_watched,
            json: global.json,
            verbose: global.verbose.max(logged(env)),
            stays: Cell::new(false),
            noted: RefCell::default(),
        }
    }

    /// Data goes to a file in place of stdout, which the test runner needs for itself.
    #[cfg(test)]
    pub(super) fn with_data(self, file: File) -> Self {
        let _ = self.stdout.set(file);
        self
    }

    /// Writes data to stdout, in one system call where the system takes it whole.
    pub(super) fn data(&self, bytes: &[u8]) -> Result<()> {
        if bytes.is_empty() {
            return Ok(());
        }
        self.waiting.end();
        let plain = if self.shows_data { without_control_codes(bytes).into_bytes() } else { Vec::new() };
        let bytes = if self.shows_data { &plain } else { bytes };
        written(self.stdout().and_then(|mut file| file.write_all(bytes)))
    }

    /// Makes sure that data can be written later, when there may be no descriptor left.
    pub(super) fn open(&self) -> Result<()> {
        written(self.stdout().map(|_| ()))
    }

    fn stdout(&self) -> io::Result<&File> {
        match self.stdout.get() {
            Some(file) => Ok(file),
            None => raw_stdout().map(|file| self.stdout.get_or_init(|| file)),
        }
    }

    /// A remark for the user.
    pub(super) fn note(&self, text: &str) {
        if self.talk && !self.json {
            self.say(&format!("{}: {text}", self.paint("36", "note")));
        }
    }

    /// A note that is not worth saying twice.
    pub(super) fn note_once(&self, text: String) {
        if !self.noted.borrow().contains(&text) {
            self.note(&text);
            self.noted.borrow_mut().push(text);
        }
    }

    /// A remark for those who ask for details, at `-v`.
    pub(super) fn detail(&self, text: &str) {
        if self.verbose > 0 {
            self.say(&format!("* {text}"));
        }
    }

    /// Something the user should mend.
    pub(super) fn warn(&self, text: &str) {
        if self.talk && !self.json {
            self.say(&format!("{}: {text}", self.paint("33", "warning")));
        }
    }

    /// Whether there is a person who can be asked: on both sides of a question stands a terminal.
    pub(super) fn can_ask() -> bool {
        io::stdin().is_terminal() && io::stderr().is_terminal()
    }

    /// Asks a person for a line, and waits for the answer.
    pub(super) fn asker(&self) -> impl Fn(&str) -> io::Result<String> + Send + Sync + use<> {
        let waiting = self.waiting.clone();
        move |question| {
            waiting.ask();
            io::stderr().write_all(format!("{question}: ").as_bytes())?;
            let mut line = String::new();
            io::stdin().lock().read_line(&mut line)?;
            Ok(line)
        }
    }

    /// Does work that may wait for a service, and shows meanwhile that it goes on, until the first data come.
    pub(super) async fn while_waiting<T>(&self, work: impl Future<Output = T>) -> T {
        if !self.waits {
            return work.await;
        }
        let _ended = EndOnDrop(&self.waiting);
        self.waiting.begin();
        let began = Instant::now();
        let mut ticks = interval_at(began + waiting::FIRST_TURN, waiting::TURN);
        let mut work = pin!(work);
        std::future::poll_fn(|context| {
            if let Poll::Ready(done) = work.as_mut().poll(context) {
                return Poll::Ready(done);
            }
            while self.waiting.is_on() && ticks.poll_tick(context).is_ready() {
                self.waiting.turn(began.elapsed(), |text| self.paint("2", text));
            }
            Poll::Pending
        })
        .await
    }

    /// A change to a request, which was asked for and is told however quiet the program is.
    pub(super) fn adjusted(&self, text: &str) {
        self.say(&format!("{}: {text}", self.paint("36", "adjusted")));
    }

    /// What the model thinks, as it comes.
    pub(super) fn dimmed(&self, text: &str) {
        self.waiting.end();
        let _ = io::stderr().write_all(self.paint("2", &without_control_codes(text.as_bytes())).as_bytes());
    }

    /// The line below an answer, for people who watch.
    pub(super) fn footer(&self, text: &str) {
        if self.footer {
            self.say(&self.paint("2", text));
        }
    }

    /// How far the work is, on a line that takes the place of the one before; the empty text takes it away.
    pub(super) fn progress(&self, text: &str) {
        if self.progress {
            let _ = io::stderr().write_all(format!("\r\x1b[K{text}").as_bytes());
        }
    }

    /// As [`Out::progress`], for work that writes nothing to stdout before it is done.
    pub(super) fn live(&self, text: &str) {
        if self.live {
            // A line that is wrapped could not be taken away again.
            let width = terminal_size::terminal_size().map_or(80, |(width, _)| usize::from(width.0));
            let text: String = text.chars().take(width.saturating_sub(1)).collect();
            let _ = io::stderr().write_all(format!("\r\x1b[K{text}").as_bytes());
        }
    }

    /// Whether the footer is shown, so that it need not be made.
    pub(super) fn has_footer(&self) -> bool {
        self.footer
    }

    /// Prints an error and returns the exit code. A closed pipe is no error.
    pub(super) fn fail(&self, report: &Report) -> u8 {
        if report.is_closed_pipe {
            return super::exit::DONE;
        }
        if report.exit == super::exit::INTERRUPTED {
            self.interrupted();
            return report.exit;
        }
        self.waiting.end();
        if self.json {
            print_json_error(report);
        } else {
            self.say(&report.render(|style, text| self.paint(style, text)));
        }
        report.exit
    }

    /// From here on Ctrl-C does not end the program: somebody else hears it, who has something to save.
    pub(super) fn stays_when_interrupted(&self) {
        self.stays.set(true);
    }

    /// From here on it does.
    pub(super) fn leaves_when_interrupted(&self) {
        self.stays.set(false);
    }

    /// Whether Ctrl-C ends the program.
    pub(super) fn ends_when_interrupted(&self) -> bool {
        !self.stays.get()
    }

    /// Lines that were asked for.
    pub(super) fn help(&self, text: &str) {
        let _ = io::stderr().write_all(text.as_bytes());
    }

    /// Whether a person types, reads the answer and reads what is said about it.
    pub(super) fn is_conversation() -> bool {
        io::stdin().is_terminal() && io::stdout().is_terminal() && io::stderr().is_terminal()
    }

    /// Ctrl-C: what was printed stays, and the prompt of the shell gets a line of its own.
    pub(super) fn interrupted(&self) {
        if io::stdout().is_terminal() {
            let _ = self.data(b"\n");
        }
    }

    /// Writes what there is to say about each step of a call.
    pub(super) fn log(&self) -> impl Fn(&Notice<'_>) + Send + Sync + use<> {
        let (verbose, talk, waiting) = (self.verbose, self.talk, self.waiting.clone());
        move |notice| {
            for line in log_lines(verbose, notice).iter().filter(|_| talk) {
                waiting.make_way();
                say(line);
            }
            if matches!(notice, Notice::Sending { .. }) {
                waiting.sent();
            }
        }
    }

    pub(super) fn verbose(&self) -> u8 {
        self.verbose
    }

    /// A line on stderr.
    fn say(&self, line: &str) {
        self.waiting.make_way();
        say(line);
    }

    fn paint(&self, style: &str, text: &str) -> String {
        if self.colour { format!("\x1b[{style}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

/// What a terminal shows and does not obey: a model's words must not name its window, or write to its clipboard.
fn without_control_codes(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    text.chars().filter(|sign| matches!(sign, '\n' | '\t') || !sign.is_control()).collect()
}

/// Takes the line away also where the work is dropped.
struct EndOnDrop<'a>(&'a WaitingLine);

impl Drop for EndOnDrop<'_> {
    fn drop(&mut self) {
        self.0.end();
    }
}

/// The verbosity that `OUTCROP_LOG` asks for: a number, or a level of other programs' logs.
fn logged(env: &Env) -> u8 {
    match env.get_non_blank("OUTCROP_LOG").map(str::trim) {
        None | Some("off" | "error" | "warn") => 0,
        Some("info") => 1,
        Some("debug" | "trace") => 2,
        Some(number) => number.parse().unwrap_or(1),
    }
}

/// Log lines of a call, at `-v`; warnings about credentials always. Of headers only names, of bodies only lengths:
/// both hold secrets.
pub(super) fn log_lines(verbose: u8, notice: &Notice<'_>) -> Vec<String> {
    let mut lines = Vec::new();
    if let Notice::Authorised { trail } = notice {
        lines.extend(trail.warnings.iter().map(|warning| format!("warning: {warning}")));
    }
    if verbose == 0 {
        return lines;
    }
    match notice {
        Notice::Sending { request, attempt } => {
            let (method, url, length) = (request.method, &request.url, request.body.len());
            lines.push(format!("> {method} {url} ({length} bytes, attempt {attempt})"));
            if verbose > 1 {
                let names: Vec<&str> = request.headers.iter().map(|(name, _)| name.as_str()).collect();
                lines.push(format!("> headers: {}", names.join(", ")));
            }
        }
        Notice::Answered { status, request_id } => {
            lines.push(format!("< {status}, request id {}", request_id.unwrap_or("unknown")));
        }
        Notice::Retrying { error, delay_ms } => {
            lines.push(format!("! {error}; trying again in {delay_ms} ms"));
        }
        Notice::Authorised { trail } => {
            let step = |step: &Step| Trail { steps: vec![step.clone()], ..Trail::default() };
            lines.extend(trail.steps.iter().map(|found| format!("* {}", step(found))));
        }
    }
    lines
}

/// One object on one line, as `--json` asks for.
pub(super) fn print_json_error(report: &Report) {
    say(&report.to_json());
}

/// A line on stderr. Where stderr is closed there is nobody to tell.
fn say(line: &str) {
    let mut text = line.to_owned();
    text.push('\n');
    let _ = io::stderr().write_all(text.as_bytes());
}

fn written(outcome: io::Result<()>) -> Result<()> {
    outcome.map_err(|source| {
        Error::Io(Box::new(IoFailure { action: "write to standard output", path: None, source }))
    })
}

/// Standard output without the line buffer that the standard library puts before it.
fn raw_stdout() -> io::Result<File> {
    #[cfg(unix)]
    {
        use std::os::fd::AsFd;
        Ok(File::from(io::stdout().as_fd().try_clone_to_owned()?))
    }
    #[cfg(windows)]
    {
        use std::os::windows::io::AsHandle;
        Ok(File::from(io::stdout().as_handle().try_clone_to_owned()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::args::Cli;
    use clap::Parser;
    use std::io::{Read, Seek};

    #[test]
    fn a_terminal_gets_no_control_codes_and_a_pipe_gets_every_byte() {
        let mut file = tempfile::tempfile().unwrap();
        let cli = Cli::try_parse_from(["outcrop", "chat"]).unwrap();
        let mut out = Out::new(&Env::empty(), &cli.global).with_data(file.try_clone().unwrap());
        let told = "a\x1b]0;title\x07\tb\u{9d}c\u{7f}\r\nd\u{a0}é";
        for (shows_data, expected) in [(false, told), (true, "a]0;title\tbc\nd\u{a0}é")] {
            out.shows_data = shows_data;
            file.set_len(0).unwrap();
            file.rewind().unwrap();
            out.data(told.as_bytes()).unwrap();
            file.rewind().unwrap();
            let mut written = String::new();
            file.read_to_string(&mut written).unwrap();
            assert_eq!(written, expected);
        }
    }
}
