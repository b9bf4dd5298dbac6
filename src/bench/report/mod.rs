//! The result of a measurement as data, which every form of the report is made of.
//!
//! Its names and units are those of `--json`: milliseconds, seconds, bytes, US dollars. What is not known, or would
//! be told by too few requests, is `null`.

pub(crate) mod charts;
pub(crate) mod csv;
pub(crate) mod figures;
pub(crate) mod number;
pub(crate) mod page;
pub(crate) mod text;

use super::notes::LATE_MS;
use super::plan::Plan;
use super::run::Kept;
use super::sample::{float, to_thousandths};
use super::stats::Values;
use serde::Serialize;
use std::collections::BTreeMap;
use std::time::Duration;

/// A whole measurement.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BenchReport {
    pub outcrop: String,
    /// Operating system and processor.
    pub system: String,
    /// When it began.
    pub date: String,
    pub is_demo: bool,
    pub was_interrupted: bool,
    pub parameters: Parameters,
    /// In the order in which they were measured, one after the other.
    pub models: Vec<ModelReport>,
    /// What the reader should know before believing the figures.
    pub notes: Vec<String>,
}

/// What was asked for.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Parameters {
    pub region: String,
    pub endpoint: String,
    /// `closed`, or `open` with a rate.
    #[serde(rename = "loop")]
    pub kind: &'static str,
    pub requests: Option<u64>,
    pub duration_seconds: Option<f64>,
    pub rate: Option<f64>,
    pub concurrency: usize,
    pub warmup: u64,
    pub max_tokens: u32,
    /// Of the prompt, which itself is not told.
    pub prompt_characters: usize,
    pub max_attempts: Option<u32>,
}

/// What was measured of one model.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ModelReport {
    pub model: String,
    /// Requests that ended, well or not.
    pub requests: u64,
    pub succeeded: u64,
    pub failed: u64,
    /// Failures by class.
    pub errors: BTreeMap<String, u64>,
    /// Under way when the measurement was interrupted.
    pub abandoned: u64,
    /// Of single attempts.
    pub retries: u64,
    pub throttles: u64,
    pub elapsed_seconds: f64,
    pub ttft_ms: Distribution,
    pub gap_ms: Distribution,
    pub latency_ms: Distribution,
    /// From the moment a request was due to its start.
    pub start_delay_ms: Distribution,
    /// Of each stream, from its first chunk of the network to the last, without the tokens of the first.
    pub stream_tokens_per_second: Distribution,
    pub input_tokens: u64,
    pub output_tokens: u64,
    pub output_tokens_per_second: Option<f64>,
    pub deltas: u64,
    pub events: u64,
    pub events_per_second: Option<f64>,
    pub bytes: u64,
    pub bytes_per_second: Option<f64>,
    /// Of the requests that succeeded; `null` when the price of any is not known.
    pub cost_usd: Option<f64>,
    /// Of this process.
    pub cpu_seconds: Option<f64>,
    /// The same in processors that were busy all the time.
    pub cpu_cores: Option<f64>,
    /// How late this program would have seen what happened, at moments spread evenly over the time.
    pub lag_ms: Distribution,
    /// The share of the time in which this was [`LATE_MS`] or more.
    #[serde(skip)]
    pub lagging: f64,
    /// A failure that every other request would have shared ended the load.
    #[serde(skip)]
    pub was_given_up: bool,
    /// Requests that began later than they were due.
    #[serde(skip)]
    pub late: u64,
    /// Pieces of answers that came in one chunk with the one before.
    #[serde(skip)]
    pub joined_deltas: u64,
    /// For the charts.
    #[serde(skip)]
    pub drawn: Drawn,
}

/// What charts are drawn of.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Drawn {
    /// Milliseconds and how often, rising.
    pub ttft: Vec<(f64, u64)>,
    pub gap: Vec<(f64, u64)>,
    /// Pieces of answers in each [`SLOT`](super::stats::SLOT).
    pub timeline: Vec<u32>,
}

/// Quantiles of values in one unit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub(crate) struct Distribution {
    pub count: u64,
    pub min: Option<f64>,
    pub mean: Option<f64>,
    pub p50: Option<f64>,
    pub p90: Option<f64>,
    pub p95: Option<f64>,
    pub p99: Option<f64>,
    pub max: Option<f64>,
}

impl Distribution {
    /// Of values recorded in thousandths of the unit.
    pub(crate) fn of(values: &Values) -> Self {
        let unit = |thousandths: Option<f64>| thousandths.map(|number| to_thousandths(number / 1e3));
        Self {
            count: values.count(),
            min: unit(values.min()),
            mean: unit(values.mean()),
            p50: unit(values.percentile(50)),
            p90: unit(values.percentile(90)),
            p95: unit(values.percentile(95)),
            p99: unit(values.percentile(99)),
            max: unit(values.max()),
        }
    }

    /// The columns of every table.
    pub(crate) fn columns(&self) -> [(&'static str, Option<f64>); 6] {
        [
            ("p50", self.p50),
            ("p90", self.p90),
            ("p95", self.p95),
            ("p99", self.p99),
            ("max", self.max),
            ("mean", self.mean),
        ]
    }
}

/// What the run of one model cost in time and tries.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Effort {
    pub elapsed: Duration,
    pub cpu: Option<Duration>,
    pub retries: u64,
    /// Retries after throttling.
    pub throttled_retries: u64,
}

impl ModelReport {
    pub(crate) fn new(model: &str, kept: &Kept, effort: &Effort) -> Self {
        let stats = &kept.stats;
        let seconds = effort.elapsed.as_secs_f64();
        let a_second = |count: u64| (seconds > 0.0).then(|| to_thousandths(float(count) / seconds));
        let cpu = effort.cpu.map(|cpu| cpu.as_secs_f64());
        let is_priced = stats.succeeded > 0 && stats.without_cost == 0;
        let drawn = |values: &Values| values.counts().map(|(us, count)| (us / 1e3, count)).collect();
        let lags = kept.lag_us.counts();
        let lagging = lags.filter(|(us, _)| us / 1e3 >= LATE_MS).map(|(_, count)| count).sum();
        Self {
            model: model.to_owned(),
            requests: stats.ended(),
            succeeded: stats.succeeded,
            failed: stats.failed(),
            errors: stats.errors.iter().map(|(class, count)| ((*class).to_owned(), *count)).collect(),
            abandoned: kept.running as u64,
            retries: effort.retries,
            throttles: effort.throttled_retries + stats.throttled,
            elapsed_seconds: to_thousandths(seconds),
            ttft_ms: Distribution::of(&stats.first_us),
            gap_ms: Distribution::of(&stats.gap_us),
            latency_ms: Distribution::of(&stats.latency_us),
            start_delay_ms: Distribution::of(&stats.delay_us),
            stream_tokens_per_second: Distribution::of(&stats.pace),
            input_tokens: stats.input_tokens,
            output_tokens: stats.output_tokens,
            output_tokens_per_second: a_second(stats.output_tokens),
            deltas: stats.deltas,
            events: stats.events,
            events_per_second: a_second(stats.events),
            bytes: stats.bytes,
            bytes_per_second: a_second(stats.bytes),
            cost_usd: is_priced.then_some(stats.cost),
            cpu_seconds: cpu.map(to_thousandths),
            cpu_cores: cpu.filter(|_| seconds > 0.0).map(|cpu| to_thousandths(cpu / seconds)),
            lag_ms: Distribution::of(&kept.lag_us),
            lagging: float(lagging) / float(kept.lag_us.count().max(1)),
            was_given_up: kept.was_given_up,
            late: stats.late,
            joined_deltas: stats.joined_deltas,
            drawn: Drawn {
                ttft: drawn(&stats.first_us),
                gap: drawn(&stats.gap_us),
                timeline: stats.timeline.clone(),
            },
        }
    }
}

impl Parameters {
    pub(crate) fn take(&mut self, plan: &Plan) {
        self.kind = if plan.rate.is_some() { "open" } else { "closed" };
        self.requests = plan.requests;
        self.duration_seconds = plan.duration.map(|duration| duration.as_secs_f64());
        self.rate = plan.rate;
        self.concurrency = plan.concurrency;
        self.warmup = plan.warmup;
    }

    /// The load in words.
    pub(crate) fn load(&self) -> String {
        let requests = |count: u64| number::many(count, "request", "requests");
        let mut parts = Vec::new();
        parts.extend(self.requests.map(requests));
        parts.extend(self.duration_seconds.map(|seconds| format!("{seconds} s")));
        match self.rate {
            Some(rate) => parts.push(format!("{rate} a second, at most {} at a time", self.concurrency)),
            None => parts.push(format!("{} at a time", self.concurrency)),
        }
        if self.warmup > 0 {
            parts.push(format!("after {} to warm up", requests(self.warmup)));
        }
        parts.join(", ")
    }
}

impl BenchReport {
    /// For programs: one object.
    pub(crate) fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default() + "\n"
    }
}

#[cfg(test)]
pub(crate) mod samples;
