//! When requests are sent: how many, how fast, how many at a time.
//!
//! Pure: it is asked with the time that has passed. Closed loop: a request is sent as soon as one of the places is
//! free. Open loop: requests are due at a fixed rate, whatever became of those before, and are measured from the
//! moment they were due, so that a slow answer cannot hide the wait of the ones behind it.

use std::time::Duration;

/// The load on one model.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Plan {
    /// How many requests are sent; `None` as many as the duration allows.
    pub requests: Option<u64>,
    /// No request is begun later than this after the first.
    pub duration: Option<Duration>,
    /// Requests a second: the open loop. `None` is the closed one.
    pub rate: Option<f64>,
    /// Most streams at the same time.
    pub concurrency: usize,
    /// Requests that are sent before, and not counted.
    pub warmup: u64,
}

impl Plan {
    /// When request `index`, from 0, is due after the start. `None`: as soon as a place is free.
    pub(crate) fn due(&self, index: u64) -> Option<Duration> {
        let seconds = f64::from(u32::try_from(index).unwrap_or(u32::MAX)) / self.rate?;
        Some(Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX))
    }

    /// Whether request `index` is sent, when `elapsed` has passed since the start.
    pub(crate) fn includes(&self, index: u64, elapsed: Duration) -> bool {
        let in_number = self.requests.is_none_or(|requests| index < requests);
        // What was due in time is sent, however late: to leave it out would hide that the service was slow.
        let in_time = self.duration.is_none_or(|duration| self.due(index).unwrap_or(elapsed) < duration);
        in_number && in_time
    }

    /// The load before the measured one: as many at a time, none counted. `None` without one.
    pub(crate) fn before(&self) -> Option<Self> {
        let requests = (self.warmup > 0).then_some(self.warmup)?;
        Some(Self { requests: Some(requests), duration: None, warmup: 0, ..*self })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLOSED: Plan = Plan { requests: Some(3), duration: None, rate: None, concurrency: 2, warmup: 4 };

    #[test]
    fn the_open_loop_keeps_its_pace_and_the_closed_one_has_none() {
        let open = Plan { rate: Some(4.0), ..CLOSED };
        let due: Vec<_> = (0..3).map(|index| open.due(index).unwrap().as_millis()).collect();
        assert_eq!(due, [0, 250, 500]);
        assert_eq!(CLOSED.due(0), None);
        assert_eq!(Plan { rate: Some(1e-300), ..CLOSED }.due(1), Some(Duration::MAX));
    }

    #[test]
    fn number_and_time_end_the_load_whichever_comes_first() {
        let seconds = Duration::from_secs;
        let timed = Plan { duration: Some(seconds(2)), ..CLOSED };
        let endless = Plan { requests: None, ..timed };
        let open = Plan { rate: Some(1.0), ..endless };
        for (plan, index, elapsed, expected) in [
            (CLOSED, 2, seconds(1_000), true),
            (CLOSED, 3, seconds(0), false),
            (timed, 2, seconds(1), true),
            (timed, 2, seconds(2), false),
            (timed, 3, seconds(1), false),
            (endless, 1_000_000, seconds(1), true),
            // Due in time, and late for want of a place: it is sent.
            (open, 1, seconds(9), true),
            (open, 2, seconds(1), false),
        ] {
            assert_eq!(plan.includes(index, elapsed), expected, "{plan:?} {index} {elapsed:?}");
        }
    }

    #[test]
    fn the_warm_up_is_a_load_of_its_own() {
        let before = CLOSED.before().unwrap();
        assert_eq!((before.requests, before.concurrency, before.warmup), (Some(4), 2, 0));
        assert_eq!(before.before(), None);
    }
}
