//! How far this machine's clock is from the service's, measured from the `Date` of its answers.
//!
//! A signature holds for a few minutes around the service's time, so a machine with a wrong clock can sign nothing
//! that is accepted. The difference is kept for each client and added to the time of every signature. It is no
//! time source: expiry times are compared with the machine's own clock.

use super::HttpResponse;
use crate::time;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime};

/// An answer that took longer than this to arrive says nothing about the clocks.
const TRUST: Duration = Duration::from_secs(15 * 60);
/// A difference above this explains a refused signature.
const NOTABLE_SECONDS: u64 = 4 * 60;

/// The measured difference; zero until an answer with a date has come.
#[derive(Debug, Default)]
pub struct ClockSkew {
    milliseconds: AtomicI64,
    is_off: bool,
}

impl ClockSkew {
    /// One that never corrects anything.
    pub fn off() -> Self {
        Self { is_off: true, ..Self::default() }
    }

    /// The service's time when this machine's clock shows `now`.
    pub fn correct(&self, now: SystemTime) -> SystemTime {
        let skew = self.milliseconds.load(Ordering::Relaxed);
        let span = Duration::from_millis(skew.unsigned_abs());
        let corrected = if skew < 0 { now.checked_sub(span) } else { now.checked_add(span) };
        corrected.unwrap_or(now)
    }

    /// The difference in whole seconds; positive when this machine's clock is behind.
    pub fn seconds(&self) -> i64 {
        self.milliseconds.load(Ordering::Relaxed) / 1_000
    }

    /// Takes the measure of an answer: its `Date` against the middle of the exchange. An answer of a cache (with
    /// `Age`), without a date, or from a slow exchange is no measure.
    pub(super) fn measure(&self, response: &HttpResponse, sent: SystemTime, received: SystemTime) {
        if self.is_off || response.header("age").is_some() {
            return;
        }
        let Some(date) = response.header("date").and_then(time::parse_http_date) else { return };
        let Some(taken) = received.duration_since(sent).ok().filter(|taken| *taken <= TRUST) else { return };
        let Some(middle) = sent.checked_add(taken / 2) else { return };
        let (span, sign) = match date.duration_since(middle) {
            Ok(span) => (span, 1),
            Err(behind) => (behind.duration(), -1),
        };
        if let Ok(milliseconds) = i64::try_from(span.as_millis()) {
            self.milliseconds.store(sign * milliseconds, Ordering::Relaxed);
        }
    }

    /// Whether an error of this type can come from the difference, so that a new signature can help.
    pub(super) fn explains(&self, code: &str) -> bool {
        let is_candidate = matches!(
            code,
            "InvalidSignatureException"
                | "SignatureDoesNotMatch"
                | "AuthFailure"
                | "RequestTimeTooSkewed"
                | "AccessDeniedException"
        );
        is_candidate && !self.is_off && self.seconds().unsigned_abs() > NOTABLE_SECONDS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> SystemTime {
        time::from_unix_seconds(1_767_225_600 + seconds).unwrap()
    }

    /// The measured difference after one answer.
    fn measured(date: Option<i64>, age: bool, taken: i64) -> i64 {
        let mut headers: Vec<_> =
            date.map(|date| ("date".to_owned(), time::http_date(at(date)))).into_iter().collect();
        if age {
            headers.push(("age".to_owned(), "3".to_owned()));
        }
        let skew = ClockSkew::default();
        skew.measure(&HttpResponse::whole(403, headers, ""), at(0), at(taken));
        skew.seconds()
    }

    #[test]
    fn the_date_counts_against_the_middle_of_the_exchange() {
        for (date, age, taken, seconds) in [
            (Some(301), false, 2, 300),
            (Some(-299), false, 2, -300),
            (None, false, 2, 0),
            (Some(301), true, 2, 0),
            (Some(600), false, 16 * 60, 0),
            (Some(0), false, 0, 0),
        ] {
            assert_eq!(measured(date, age, taken), seconds, "{date:?} {age} {taken}");
        }
    }

    #[test]
    fn only_a_notable_difference_explains_a_refused_signature() {
        let skew = ClockSkew::default();
        for (milliseconds, code, explains) in [
            (241_000, "RequestTimeTooSkewed", true),
            (-241_000, "AccessDeniedException", true),
            (240_000, "RequestTimeTooSkewed", false),
            (241_000, "ValidationException", false),
        ] {
            skew.milliseconds.store(milliseconds, Ordering::Relaxed);
            assert_eq!(skew.explains(code), explains, "{milliseconds} {code}");
        }
        assert_eq!(skew.correct(at(0)), at(241));
    }

    #[test]
    fn correction_can_be_switched_off() {
        let skew = ClockSkew::off();
        let date = ("date".to_owned(), time::http_date(at(900)));
        skew.measure(&HttpResponse::whole(403, vec![date], ""), at(0), at(0));
        assert_eq!((skew.seconds(), skew.correct(at(5))), (0, at(5)));
    }
}
