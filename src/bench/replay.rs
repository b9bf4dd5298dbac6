//! Measures the decoding of a recorded stream: no network, no model.
//!
//! The recording is decoded in chunks of the size in which the network gives a busy stream, again and again. Each
//! round is timed; the middle one is told, and the best.

use super::sample::{float, to_thousandths};
use super::stats::Values;
use crate::error::{Result, StreamPosition};
use crate::stream::StreamDecoder;
use bytes::Bytes;
use serde::Serialize;
use std::hint::black_box;
use std::time::{Duration, Instant};

/// A chunk of a busy stream.
const CHUNK_BYTES: usize = 16 * 1024;

/// What decoding a recording takes.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Replayed {
    bytes: u64,
    events: u64,
    chunk_bytes: usize,
    rounds: u64,
    /// Of the round in the middle, and of the best.
    nanoseconds_per_event: Option<f64>,
    best_nanoseconds_per_event: Option<f64>,
    events_per_second: Option<f64>,
    megabytes_per_second: Option<f64>,
}

/// Decodes the recording once.
///
/// # Errors
/// Those of the decoder: a recording that is not whole cannot be measured.
pub(crate) fn decode(recording: &Bytes) -> Result<StreamPosition> {
    let mut decoder = StreamDecoder::new();
    for at in (0..recording.len()).step_by(CHUNK_BYTES) {
        decoder.push(recording.slice(at..recording.len().min(at + CHUNK_BYTES)));
        while let Some(event) = decoder.next()? {
            black_box(&event);
        }
    }
    decoder.finish()?;
    Ok(decoder.position())
}

/// Decodes `rounds` times, or as often as `time` allows, after one round that is not counted.
pub(crate) fn replay(recording: &Bytes, rounds: Option<u64>, time: Duration) -> Result<Replayed> {
    let position = decode(recording)?;
    let mut times_ns = Values::new();
    let start = Instant::now();
    while rounds
        .map_or_else(|| start.elapsed() < time || times_ns.count() == 0, |rounds| times_ns.count() < rounds)
    {
        let began = Instant::now();
        decode(black_box(recording))?;
        times_ns.add(u64::try_from(began.elapsed().as_nanos()).unwrap_or(u64::MAX));
    }
    Ok(Replayed::new(position, &times_ns))
}

impl Replayed {
    fn new(position: StreamPosition, times_ns: &Values) -> Self {
        let (events, bytes) = (float(position.events.max(1)), float(position.bytes));
        let middle = times_ns.percentile(50).or(times_ns.min()).filter(|ns| *ns > 0.0);
        Self {
            bytes: position.bytes,
            events: position.events,
            chunk_bytes: CHUNK_BYTES,
            rounds: times_ns.count(),
            nanoseconds_per_event: middle.map(|ns| to_thousandths(ns / events)),
            best_nanoseconds_per_event: times_ns.min().map(|ns| to_thousandths(ns / events)),
            events_per_second: middle.map(|ns| (events * 1e9 / ns).round()),
            megabytes_per_second: middle.map(|ns| to_thousandths(bytes * 1e3 / ns)),
        }
    }

    /// For people.
    pub(crate) fn to_text(&self) -> String {
        let number =
            |number: Option<f64>| number.map_or_else(|| "-".to_owned(), |number| format!("{number:.0}"));
        format!(
            "{} events in {} bytes, decoded {} times in chunks of {} bytes, without network\n\
             {} ns an event in the middle round, {} in the best\n\
             {} events/s, {} MB/s\n",
            self.events,
            self.bytes,
            self.rounds,
            self.chunk_bytes,
            number(self.nanoseconds_per_event),
            number(self.best_nanoseconds_per_event),
            number(self.events_per_second),
            number(self.megabytes_per_second),
        )
    }

    /// For programs: one object.
    pub(crate) fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default() + "\n"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;
    use crate::stream::encode;

    fn recording() -> Bytes {
        let mut bytes = encode::event("messageStart", r#"{"role":"assistant"}"#);
        for _ in 0..400 {
            bytes.extend(encode::event(
                "contentBlockDelta",
                r#"{"contentBlockIndex":0,"delta":{"text":"basalt"}}"#,
            ));
        }
        bytes.extend(encode::event("messageStop", r#"{"stopReason":"end_turn"}"#));
        assert!(bytes.len() > 2 * CHUNK_BYTES);
        bytes.into()
    }

    #[test]
    fn every_event_is_decoded_in_every_round() {
        let recording = recording();
        let replayed = replay(&recording, Some(7), Duration::ZERO).unwrap();
        assert_eq!((replayed.rounds, replayed.events, replayed.bytes), (7, 402, recording.len() as u64));
        assert!(replay(&recording, None, Duration::ZERO).unwrap().rounds == 1);
    }

    #[test]
    fn figures_follow_from_the_rounds() {
        let mut times_ns = Values::new();
        [4_000, 1_000, 2_000].into_iter().for_each(|ns| times_ns.add(ns));
        let replayed = Replayed::new(StreamPosition { events: 10, bytes: 1_000 }, &times_ns);
        assert_eq!(replayed.nanoseconds_per_event, Some(200.0));
        assert_eq!(replayed.best_nanoseconds_per_event, Some(100.0));
        assert_eq!((replayed.events_per_second, replayed.megabytes_per_second), (Some(5e6), Some(500.0)));
    }

    #[test]
    fn a_recording_that_is_not_whole_is_refused() {
        let whole = recording();
        let cut = whole.slice(..whole.len() - 3);
        assert!(matches!(replay(&cut, None, Duration::ZERO), Err(Error::StreamCut(_))));
        assert!(matches!(replay(&Bytes::new(), None, Duration::ZERO), Err(Error::StreamEnded(_))));
    }
}
