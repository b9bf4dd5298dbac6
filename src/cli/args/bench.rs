//! The arguments of `outcrop bench`.

use super::{Call, Output, seconds};
use clap::Args;
use std::path::PathBuf;
use std::time::Duration;

#[derive(Debug, Args)]
#[command(
    after_help = "Times count from the moment a request is due, with all retries. Tokens/s of a stream are \
those after its first network chunk, in the time from there to its last. Models are measured one after the other. \
Ctrl-C, or a SIGTERM, reports what has ended. Try it without an account: outcrop bench --demo --requests 200 --concurrency 8 --report bench.html"
)]
pub(in crate::cli) struct Bench {
    /// Model to measure, as for `chat` (repeat to compare)
    #[arg(short, long, value_name = "ID")]
    pub(in crate::cli) model: Vec<String>,
    /// How many requests are counted for each model [default: 20, with --duration no limit]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(in crate::cli) requests: Option<u64>,
    /// How long requests are begun: `30s`, `5m` or seconds; those under way are waited for
    #[arg(long, value_name = "TIME", value_parser = span)]
    pub(in crate::cli) duration: Option<Duration>,
    /// Most streams at the same time [default: 1, with --rate 500]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=10_000))]
    pub(in crate::cli) concurrency: Option<u64>,
    /// Requests a second, whatever became of those before (an open loop); times count from when each was due
    #[arg(long, value_name = "R", value_parser = rate)]
    pub(in crate::cli) rate: Option<f64>,
    /// Requests before, for each model, that are not counted
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(in crate::cli) warmup: u64,
    #[command(flatten)]
    pub(in crate::cli) asking: Asking,
    #[command(flatten)]
    pub(in crate::cli) output: Reports,
    #[command(flatten)]
    pub(in crate::cli) recording: Recording,
    /// Longest silence between two events, in seconds; 0 = none [default: 300 before the first event, then 120]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub(in crate::cli) idle_timeout: Option<Duration>,
    /// Longest time for one request, in seconds; 0 = none [default: none]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub(in crate::cli) timeout: Option<Duration>,
    /// How many times a request is sent at most [default: AWS_MAX_ATTEMPTS, else 3]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(in crate::cli) max_attempts: Option<u32>,
}

/// What is asked.
#[derive(Debug, Clone, Args)]
pub(in crate::cli) struct Asking {
    /// What is asked in every request [default: a question about rocks]
    #[arg(long, value_name = "TEXT", group = "question")]
    pub(in crate::cli) prompt: Option<String>,
    /// File with what is asked
    #[arg(long, value_name = "FILE", group = "question")]
    pub(in crate::cli) prompt_file: Option<PathBuf>,
    /// Ask with filling text of about so many tokens
    #[arg(long, value_name = "N", group = "question", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(in crate::cli) input_tokens: Option<u32>,
    /// Longest answer
    #[arg(long, value_name = "TOKENS", default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..))]
    pub(in crate::cli) max_tokens: u32,
}

/// Where results go.
#[derive(Debug, Clone, Args)]
pub(in crate::cli) struct Reports {
    /// Print comma-separated values, a line a model
    #[arg(long, conflicts_with = "json")]
    pub(in crate::cli) csv: bool,
    /// File that gets a JSON line for every request as soon as it has ended
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) samples: Option<PathBuf>,
    /// File that gets the report as one HTML page with charts
    #[arg(long, value_name = "FILE.html")]
    pub(in crate::cli) report: Option<PathBuf>,
}

/// Streams on disk.
#[derive(Debug, Clone, Args)]
pub(in crate::cli) struct Recording {
    /// Record one answer, as it comes, in place of a measurement
    #[arg(long, value_name = "FILE", conflicts_with_all = ["requests", "duration", "rate", "warmup", "csv", "samples", "report", "replay"])]
    pub(in crate::cli) record: Option<PathBuf>,
    /// Measure the decoding of a recorded answer, without network, for 3 seconds or --duration or --requests rounds
    #[arg(long, value_name = "FILE", conflicts_with_all = ["model", "concurrency", "rate", "warmup", "question", "csv", "samples", "report"])]
    pub(in crate::cli) replay: Option<PathBuf>,
}

impl Bench {
    /// What a model shares with the other commands that call one.
    pub(in crate::cli) fn call(&self, model: Option<String>) -> Call {
        Call {
            model,
            no_stream: false,
            output: Output::Text,
            idle_timeout: self.idle_timeout,
            timeout: self.timeout,
            max_attempts: self.max_attempts,
        }
    }
}

fn rate(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|number: &f64| number.is_finite() && *number > 0.0);
    number.ok_or_else(|| "it must be a number above 0, of requests a second".to_owned())
}

/// A time with `s`, `m` or `h`, or in seconds.
fn span(text: &str) -> Result<Duration, String> {
    let (digits, unit) = match text.as_bytes().last() {
        Some(b's') => (text.strip_suffix('s'), 1.0),
        Some(b'm') => (text.strip_suffix('m'), 60.0),
        Some(b'h') => (text.strip_suffix('h'), 3_600.0),
        _ => (Some(text), 1.0),
    };
    let seconds = digits.and_then(|digits| digits.parse::<f64>().ok()).map(|number| number * unit);
    let span = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    span.filter(|span| !span.is_zero())
        .ok_or_else(|| "it must be a time such as `30s`, `5m` or `1.5h`".to_owned())
}

#[cfg(test)]
mod tests {
    use super::span;
    use std::time::Duration;

    #[test]
    fn times_have_a_unit_or_are_seconds() {
        for (text, expected) in [
            ("30s", Some(30_000)),
            ("0.5", Some(500)),
            ("5m", Some(300_000)),
            ("1.5h", Some(5_400_000)),
            ("0s", None),
            ("", None),
            ("s", None),
            ("-1s", None),
            ("1d", None),
            ("NaN", None),
            ("infs", None),
            ("1e300h", None),
            ("3é", None),
        ] {
            assert_eq!(span(text).ok(), expected.map(Duration::from_millis), "{text}");
        }
    }
}
