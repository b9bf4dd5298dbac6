//! The line on stderr that shows that the program waits for an answer, and that it goes away in time.
//!
//! Whatever is written takes it away first, and from the first piece of an answer on it stays away. It is not shown
//! before a request is on its way: until then a source of credentials may ask a person something in the same place.
//! It does not decide whether anybody watches.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Work shorter than this shows no line.
pub(super) const FIRST_TURN: Duration = Duration::from_millis(400);
/// The time between two turns.
pub(super) const TURN: Duration = Duration::from_millis(100);

/// Signs that every terminal has, also one without a font for others.
const SIGNS: [char; 4] = ['|', '/', '-', '\\'];
/// Back to the begin of the line, and nothing on it.
const AWAY: &str = "\r\x1b[K";

/// The line, shared with whoever else writes to stderr.
#[derive(Debug, Clone, Default)]
pub(super) struct WaitingLine(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    phase: Phase,
    is_drawn: bool,
    turns: usize,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Nothing is waited for, or the answer has begun.
    #[default]
    Idle,
    /// There is work, but no request is on its way.
    Preparing,
    /// A request is on its way.
    Waiting,
}

impl State {
    /// What is written for the next turn.
    fn turn(&mut self, waited: Duration) -> Option<String> {
        let sign = SIGNS.iter().cycle().nth(self.turns % SIGNS.len())?;
        if self.phase != Phase::Waiting {
            return None;
        }
        self.is_drawn = true;
        self.turns += 1;
        Some(format!("{sign} waiting, {} s", waited.as_secs()))
    }

    /// What takes the line away.
    fn clear(&mut self) -> &'static str {
        if std::mem::take(&mut self.is_drawn) { AWAY } else { "" }
    }
}

impl WaitingLine {
    /// Work begins. The line may come when a request is on its way.
    pub(super) fn begin(&self) {
        self.lock().phase = Phase::Preparing;
    }

    /// A request is on its way.
    pub(super) fn sent(&self) {
        let mut state = self.lock();
        if state.phase == Phase::Preparing {
            state.phase = Phase::Waiting;
        }
    }

    /// A person is asked something: no line until the next request.
    pub(super) fn ask(&self) {
        let mut state = self.lock();
        if state.phase == Phase::Waiting {
            state.phase = Phase::Preparing;
        }
        write(state.clear());
    }

    /// Something is said meanwhile; the line comes back below it.
    pub(super) fn make_way(&self) {
        write(self.lock().clear());
    }

    /// The answer begins, or there is none.
    pub(super) fn end(&self) {
        let mut state = self.lock();
        state.phase = Phase::Idle;
        write(state.clear());
    }

    /// Whether the line may still come.
    pub(super) fn is_on(&self) -> bool {
        self.lock().phase != Phase::Idle
    }

    /// Draws the line as it is after this time, in the manner of `paint`.
    pub(super) fn turn(&self, waited: Duration, paint: impl Fn(&str) -> String) {
        if let Some(text) = self.lock().turn(waited) {
            write(&format!("{AWAY}{}", paint(&text)));
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where stderr is closed nobody watches.
fn write(text: &str) {
    if !text.is_empty() {
        let _ = io::stderr().write_all(text.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_is_there_only_while_a_request_is_on_its_way() {
        let line = WaitingLine::default();
        let shows = || line.lock().turn(Duration::from_millis(2_500)).is_some();
        line.sent();
        assert!(!shows() && !line.is_on(), "nothing is waited for");
        line.begin();
        assert!(!shows() && line.is_on(), "credentials are looked for");
        line.sent();
        assert!(shows());
        line.make_way();
        assert!(!line.lock().is_drawn && shows(), "it comes back after a remark");
        line.ask();
        assert!(!line.lock().is_drawn && !shows(), "a person is asked");
        line.sent();
        assert!(shows());
        line.end();
        assert!(!line.lock().is_drawn && !shows() && !line.is_on(), "the answer has begun");
        line.sent();
        assert!(!shows(), "a request for its metadata, perhaps");
    }

    #[test]
    fn a_line_is_taken_away_once_and_turns() {
        let mut state = State { phase: Phase::Waiting, ..State::default() };
        let drawn: Vec<String> = (0..5).filter_map(|s| state.turn(Duration::from_secs(s))).collect();
        let expected =
            ["| waiting, 0 s", "/ waiting, 1 s", "- waiting, 2 s", "\\ waiting, 3 s", "| waiting, 4 s"];
        assert_eq!(drawn, expected);
        assert_eq!((state.clear(), state.clear()), (AWAY, ""));
    }
}
