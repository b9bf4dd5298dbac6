//! What the samples of one model add up to.
//!
//! Times go into HDR histograms, which keep every value to four digits whatever the number of them. Times and paces
//! are those of requests that succeeded; events, bytes and pieces are those of all, since they were received, also of
//! those that were given up.

use super::sample::{Sample, float, us};
use hdrhistogram::Histogram;
use std::collections::BTreeMap;
use std::time::Duration;

/// Width of a slot of the timeline.
pub(crate) const SLOT: Duration = Duration::from_millis(100);

/// Slots of the timeline: a day of them. What comes later is not drawn.
const MOST_SLOTS: usize = 864_000;

/// Sums, histograms and the timeline of one model.
#[derive(Debug)]
pub(crate) struct Stats {
    pub succeeded: u64,
    /// Failures by class.
    pub errors: BTreeMap<&'static str, u64>,
    pub events: u64,
    pub bytes: u64,
    pub deltas: u64,
    pub input_tokens: u64,
    pub output_tokens: u64,
    pub cost: f64,
    /// Successes whose cost is not known.
    pub without_cost: u64,
    /// Begun later than they were due, by more than a timer's grain.
    pub late: u64,
    /// Failures that are the service's wish for fewer requests.
    pub throttled: u64,
    /// Pieces of answers that came together with the one before, in one chunk of the network.
    pub joined_deltas: u64,
    /// In microseconds.
    pub first_us: Values,
    pub gap_us: Values,
    pub latency_us: Values,
    pub delay_us: Values,
    /// Thousandths of tokens a second, of each stream.
    pub pace: Values,
    /// Pieces of answers by the time they came, from the start of the load.
    pub timeline: Vec<u32>,
}

/// A request is late when it begins later than this: timers have a grain of a millisecond.
const LATE: Duration = Duration::from_millis(5);

impl Stats {
    pub(crate) fn new() -> Self {
        Self {
            succeeded: 0,
            errors: BTreeMap::new(),
            events: 0,
            bytes: 0,
            deltas: 0,
            input_tokens: 0,
            output_tokens: 0,
            cost: 0.0,
            without_cost: 0,
            late: 0,
            throttled: 0,
            joined_deltas: 0,
            first_us: Values::new(),
            gap_us: Values::new(),
            latency_us: Values::new(),
            delay_us: Values::new(),
            pace: Values::new(),
            timeline: Vec::new(),
        }
    }

    /// Adds a request that has ended.
    pub(crate) fn add(&mut self, sample: &Sample) {
        self.add_received(sample);
        self.late += u64::from(sample.delay > LATE);
        self.throttled += u64::from(sample.is_throttled);
        self.delay_us.add(us(sample.delay));
        if let Some(class) = sample.failure {
            *self.errors.entry(class).or_default() += 1;
            return;
        }
        self.succeeded += 1;
        self.input_tokens += sample.input_tokens.unwrap_or(0);
        self.output_tokens += sample.output_tokens.unwrap_or(0);
        match sample.cost {
            Some(cost) => self.cost += cost,
            None => self.without_cost += 1,
        }
        self.latency_us.add(us(sample.latency));
        if let Some(first) = sample.first {
            self.first_us.add(us(first));
        }
        for &gap_us in &sample.gaps_us {
            self.gap_us.add(u64::from(gap_us));
        }
        if let Some(pace) = sample.tokens_per_second() {
            self.pace.add(thousandths(pace));
        }
    }

    /// Adds what came of a request, whatever became of it.
    pub(crate) fn add_received(&mut self, sample: &Sample) {
        self.events += sample.events;
        self.bytes += sample.bytes;
        self.deltas += sample.deltas();
        self.joined_deltas += sample.gaps_us.iter().filter(|gap_us| **gap_us == 0).count() as u64;
        self.add_to_timeline(sample);
    }

    /// Requests that have ended.
    pub(crate) fn ended(&self) -> u64 {
        self.succeeded + self.failed()
    }

    pub(crate) fn failed(&self) -> u64 {
        self.errors.values().sum()
    }

    fn add_to_timeline(&mut self, sample: &Sample) {
        let Some(first) = sample.first else { return };
        let mut at_us = us(sample.due).saturating_add(us(first));
        let slot_us = us(SLOT).max(1);
        for gap_us in std::iter::once(0).chain(sample.gaps_us.iter().copied()) {
            at_us = at_us.saturating_add(u64::from(gap_us));
            let slot = usize::try_from(at_us / slot_us).unwrap_or(usize::MAX);
            if slot >= MOST_SLOTS {
                return;
            }
            if slot >= self.timeline.len() {
                self.timeline.resize(slot + 1, 0);
            }
            if let Some(count) = self.timeline.get_mut(slot) {
                *count = count.saturating_add(1);
            }
        }
    }
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "casts of floats saturate")]
fn thousandths(number: f64) -> u64 {
    (number * 1e3).round() as u64
}

/// Whole numbers, of which quantiles are asked.
#[derive(Debug)]
pub(crate) struct Values {
    histogram: Option<Histogram<u64>>,
    least: u64,
    most: u64,
    sum: u64,
}

/// From here on a quantile is rounded: its first four digits are known, and no others.
const FIVE_DIGITS: u64 = 10_000;

/// How many values there must be for the quantile of `percent` to be more than the largest of them.
fn needed(percent: u64) -> u64 {
    100 / (100 - percent.min(99))
}

impl Values {
    pub(crate) fn new() -> Self {
        // Four digits are within what the library takes.
        let mut histogram = Histogram::new(4).ok();
        if let Some(histogram) = &mut histogram {
            histogram.auto(true);
        }
        Self { histogram, least: u64::MAX, most: 0, sum: 0 }
    }

    pub(crate) fn add(&mut self, value: u64) {
        // It grows as it must; only want of memory refuses a value.
        if let Some(histogram) = &mut self.histogram
            && histogram.record(value).is_ok()
        {
            (self.least, self.most) = (self.least.min(value), self.most.max(value));
            self.sum = self.sum.saturating_add(value);
        }
    }

    pub(crate) fn count(&self) -> u64 {
        self.histogram.as_ref().map_or(0, Histogram::len)
    }

    fn filled(&self) -> Option<&Histogram<u64>> {
        self.histogram.as_ref().filter(|histogram| !histogram.is_empty())
    }

    /// The least value that `percent` of all values do not exceed, to four digits; `None` when there are too few values
    /// for it.
    pub(crate) fn percentile(&self, percent: u64) -> Option<f64> {
        let histogram = self.filled().filter(|histogram| histogram.len() >= needed(percent))?;
        let value = histogram.value_at_quantile(float(percent) / 100.0);
        let mut grain = 1;
        while value / grain >= FIVE_DIGITS {
            grain *= 10;
        }
        let rounded = value.saturating_add(grain / 2) / grain * grain;
        Some(float(rounded.clamp(self.least, self.most)))
    }

    /// Exact, as the histogram's own ends are not.
    pub(crate) fn min(&self) -> Option<f64> {
        self.filled().map(|_| float(self.least))
    }

    pub(crate) fn max(&self) -> Option<f64> {
        self.filled().map(|_| float(self.most))
    }

    pub(crate) fn mean(&self) -> Option<f64> {
        let histogram = self.filled()?;
        Some((float(self.sum) / float(histogram.len())).clamp(float(self.least), float(self.most)))
    }

    /// Values and how often each came, rising.
    pub(crate) fn counts(&self) -> impl Iterator<Item = (f64, u64)> {
        let recorded = self.histogram.iter().flat_map(|histogram| histogram.iter_recorded());
        recorded.map(|step| (float(step.value_iterated_to().min(self.most)), step.count_at_value()))
    }
}

#[cfg(test)]
mod tests;
