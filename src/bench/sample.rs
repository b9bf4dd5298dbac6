//! What happened to one request.
//!
//! Times are counted from the moment the request was due, which in the closed loop is the moment it was sent. The
//! answer itself is not kept.

use crate::error::StreamPosition;
use serde::Serialize;
use std::time::Duration;

/// Fewer chunks of the network than this tell no pace.
const FEWEST_CHUNKS: usize = 3;

/// One request, ended well or not.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Sample {
    /// Its number, from 0.
    pub index: u64,
    /// When it was due, after the start of the load.
    pub due: Duration,
    /// How much later it was begun: for want of a free place, or since this program was late.
    pub delay: Duration,
    /// From due to the first piece of the answer.
    pub first: Option<Duration>,
    /// From due to the end of the answer, or to the failure.
    pub latency: Duration,
    /// Microseconds between each piece of the answer and the one before.
    pub gaps_us: Vec<u32>,
    /// Events of all kinds.
    pub events: u64,
    /// Bytes of the event stream.
    pub bytes: u64,
    /// As the service counts them, cached ones included.
    pub input_tokens: Option<u64>,
    pub output_tokens: Option<u64>,
    /// US dollars, where the price is known.
    pub cost: Option<f64>,
    /// How many times it was sent.
    pub attempts: u32,
    /// The class of the failure.
    pub failure: Option<&'static str>,
    /// Whether the failure was the service's wish for fewer requests.
    pub is_throttled: bool,
}

/// A line of the samples' file.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Line<'a> {
    model: &'a str,
    index: u64,
    due_ms: f64,
    delay_ms: f64,
    ttft_ms: Option<f64>,
    latency_ms: f64,
    tokens_per_second: Option<f64>,
    deltas: u64,
    events: u64,
    bytes: u64,
    input_tokens: Option<u64>,
    output_tokens: Option<u64>,
    cost_usd: Option<f64>,
    attempts: u32,
    error: Option<&'static str>,
}

impl Sample {
    /// How far the stream has come.
    pub(crate) fn received(&mut self, position: StreamPosition) {
        (self.events, self.bytes) = (position.events, position.bytes);
    }

    /// Pieces of the answer.
    pub(crate) fn deltas(&self) -> u64 {
        u64::from(self.first.is_some()) + self.gaps_us.len() as u64
    }

    /// Tokens a second once the answer had begun: in the time from the first chunk of the network to the last, the
    /// share of the tokens that came after the first chunk, by pieces. `None` without a count, or when too few chunks
    /// came: an answer that was held back and came at once tells nothing of the model.
    pub(crate) fn tokens_per_second(&self) -> Option<f64> {
        let between_us: u64 = self.gaps_us.iter().map(|gap| u64::from(*gap)).sum();
        let chunks = 1 + self.gaps_us.iter().filter(|gap| **gap > 0).count();
        let later = self.gaps_us.iter().skip_while(|gap| **gap == 0).count() as u64;
        let tokens = float(self.output_tokens?) * float(later) / float(self.deltas().max(1));
        (chunks >= FEWEST_CHUNKS && tokens > 0.0).then(|| tokens * 1e6 / float(between_us))
    }

    /// One JSON object, without a line break.
    pub(crate) fn to_json(&self, model: &str) -> String {
        let line = Line {
            model,
            index: self.index,
            due_ms: ms(self.due),
            delay_ms: ms(self.delay),
            ttft_ms: self.first.map(ms),
            latency_ms: ms(self.latency),
            tokens_per_second: self.tokens_per_second().map(to_thousandths),
            deltas: self.deltas(),
            events: self.events,
            bytes: self.bytes,
            input_tokens: self.input_tokens,
            output_tokens: self.output_tokens,
            cost_usd: self.cost,
            attempts: self.attempts,
            error: self.failure,
        };
        serde_json::to_string(&line).unwrap_or_default()
    }
}

/// Milliseconds, to the microsecond.
pub(crate) fn ms(time: Duration) -> f64 {
    float(us(time)) / 1_000.0
}

/// Whole microseconds.
pub(crate) fn us(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

/// A number of things that fits a floating point number's exact range.
#[allow(clippy::cast_precision_loss, reason = "no count here comes near 2^53")]
pub(crate) fn float(number: u64) -> f64 {
    number as f64
}

/// More digits than three are noise.
pub(crate) fn to_thousandths(number: f64) -> f64 {
    (number * 1e3).round() / 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pace_is_that_of_what_came_after_the_first_chunk() {
        for (gaps_us, output_tokens, expected) in [
            (vec![10_000; 10], Some(22), Some(200.0)),
            (vec![0, 0, 0, 10_000, 10_000], Some(12), Some(200.0)),
            (vec![10_000, 0, 0, 0, 10_000], Some(12), Some(500.0)),
            // Silence, a piece, and all others at once.
            ([vec![500], vec![0; 49]].concat(), Some(300), None),
            (vec![0, 0, 10_000, 0], Some(12), None),
            (vec![], Some(12), None),
            (vec![10_000; 10], None, None),
            (vec![10_000; 10], Some(0), None),
        ] {
            let first = Some(Duration::from_millis(300));
            let sample = Sample { first, gaps_us, output_tokens, ..Sample::default() };
            assert_eq!(sample.tokens_per_second(), expected, "{sample:?}");
        }
    }

    #[test]
    fn a_line_tells_everything_but_the_answer() {
        let failed = Sample {
            index: 7,
            due: Duration::from_micros(1_500),
            latency: Duration::from_millis(2),
            attempts: 3,
            failure: Some("throttled"),
            ..Sample::default()
        };
        assert_eq!(
            failed.to_json("m"),
            r#"{"model":"m","index":7,"dueMs":1.5,"delayMs":0.0,"ttftMs":null,"latencyMs":2.0,"tokensPerSecond":null,"deltas":0,"events":0,"bytes":0,"inputTokens":null,"outputTokens":null,"costUsd":null,"attempts":3,"error":"throttled"}"#
        );
    }
}
