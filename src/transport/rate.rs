//! The rate limiter of retry mode `adaptive`: slows requests down after throttling, then lets the rate grow again.
//!
//! It starts without any limit. The first throttled answer sets one, below the rate measured so far; from then on
//! the rate follows a cubic curve through the rate at which throttling last began. It delays requests; it does not
//! decide whether one is sent again.
//!
//! See [retry behavior](https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html).

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// What is left of the rate after throttling.
const BETA: f64 = 0.7;
/// How fast the curve grows.
const SCALE: f64 = 0.4;
/// The weight of the newest measure.
const SMOOTHING: f64 = 0.8;
/// No limit is lower, in requests a second.
const MIN_RATE: f64 = 0.5;
/// A bucket holds at least one request.
const MIN_CAPACITY: f64 = 1.0;
/// The rate is measured over steps of half a second.
const STEPS_PER_SECOND: f64 = 2.0;

/// One limiter for all calls of a client.
#[derive(Debug)]
pub struct RateLimiter {
    began: Instant,
    state: Mutex<State>,
}

impl Default for RateLimiter {
    fn default() -> Self {
        Self { began: Instant::now(), state: Mutex::default() }
    }
}

impl RateLimiter {
    /// Makes room for a request, and says how long to wait before it is sent.
    pub(super) fn acquire(&self) -> Duration {
        Duration::try_from_secs_f64(self.with_state(State::acquire)).unwrap_or_default()
    }

    /// Takes note of an answer.
    pub(super) fn note(&self, is_throttled: bool) {
        self.with_state(|state, now| state.note(is_throttled, now));
    }

    fn with_state<T>(&self, act: impl FnOnce(&mut State, f64) -> T) -> T {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        act(&mut state, self.began.elapsed().as_secs_f64())
    }
}

/// Rates are in requests a second, times in seconds since the limiter was made.
#[derive(Debug, Default)]
struct State {
    is_limiting: bool,
    fill_rate: f64,
    capacity: f64,
    tokens: f64,
    filled_at: f64,
    /// The rate that was sent, smoothed.
    measured_rate: f64,
    /// The start of the step that is being counted, and the requests in it.
    step: f64,
    step_requests: f64,
    throttled_at: f64,
    /// The rate at which throttling last began, and when the curve comes back to it.
    rate_before_throttle: f64,
    window: f64,
}

impl State {
    /// Takes a token. Returns how long to wait for it: the bucket may go below zero, so those who come later
    /// wait longer.
    fn acquire(&mut self, now: f64) -> f64 {
        if !self.is_limiting {
            return 0.0;
        }
        self.fill(now);
        self.tokens -= 1.0;
        if self.tokens >= 0.0 { 0.0 } else { -self.tokens / self.fill_rate }
    }

    fn fill(&mut self, now: f64) {
        let passed = (now - self.filled_at).max(0.0);
        self.tokens = (self.tokens + passed * self.fill_rate).min(self.capacity);
        self.filled_at = now;
    }

    fn note(&mut self, is_throttled: bool, now: f64) {
        self.measure(now);
        let rate = if is_throttled {
            let rate =
                if self.is_limiting { self.measured_rate.min(self.fill_rate) } else { self.measured_rate };
            self.rate_before_throttle = rate;
            self.window = (rate * (1.0 - BETA) / SCALE).cbrt();
            self.throttled_at = now;
            self.is_limiting = true;
            rate * BETA
        } else {
            self.window = (self.rate_before_throttle * (1.0 - BETA) / SCALE).cbrt();
            let passed = now - self.throttled_at - self.window;
            SCALE * passed.powi(3) + self.rate_before_throttle
        };
        if self.is_limiting {
            self.fill(now);
            // Never more than twice of what is really sent.
            self.fill_rate = rate.min(2.0 * self.measured_rate).max(MIN_RATE);
            self.capacity = self.fill_rate.max(MIN_CAPACITY);
            self.tokens = self.tokens.min(self.capacity);
        }
    }

    fn measure(&mut self, now: f64) {
        let step = (now * STEPS_PER_SECOND).floor() / STEPS_PER_SECOND;
        self.step_requests += 1.0;
        if step > self.step {
            let rate = self.step_requests / (step - self.step);
            self.measured_rate = rate * SMOOTHING + self.measured_rate * (1.0 - SMOOTHING);
            self.step_requests = 0.0;
            self.step = step;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ten answers a second for two seconds, the last one throttled.
    fn throttled() -> State {
        let mut state = State::default();
        for answer in 0_u32..20 {
            assert_eq!(state.acquire(f64::from(answer) / 10.0), 0.0);
            state.note(false, f64::from(answer) / 10.0);
        }
        state.note(true, 2.0);
        state
    }

    #[test]
    fn nothing_waits_before_the_first_throttle_and_the_rate_falls_after_it() {
        let mut state = throttled();
        assert!(state.is_limiting);
        assert!((state.fill_rate - BETA * state.measured_rate).abs() < 1e-9, "{state:?}");
        let waits: Vec<f64> = (0..5).map(|_| state.acquire(2.0)).collect();
        assert!(waits.is_sorted() && waits.last() > Some(&0.0), "{waits:?}");
    }

    #[test]
    fn the_rate_grows_back_and_never_falls_below_the_floor() {
        let mut state = throttled();
        let after_throttle = state.fill_rate;
        for tenth in 1_u32..60 {
            state.note(false, 2.0 + f64::from(tenth) / 10.0);
        }
        assert!(state.fill_rate > after_throttle, "{state:?}");
        for second in 10_u32..60 {
            state.note(true, f64::from(second));
        }
        assert!((state.fill_rate - MIN_RATE).abs() < 0.3, "{state:?}");
        assert!(state.fill_rate >= MIN_RATE && state.capacity >= MIN_CAPACITY);
    }

    proptest::proptest! {
        #[test]
        fn waits_are_finite_whatever_comes(answers in proptest::collection::vec((0.0_f64..3.0, proptest::bool::ANY), 0..60)) {
            let (mut state, mut now) = (State::default(), 0.0);
            for (pause, is_throttled) in answers {
                now += pause;
                let wait = state.acquire(now);
                proptest::prop_assert!(wait.is_finite() && wait >= 0.0);
                state.note(is_throttled, now);
            }
        }
    }
}
