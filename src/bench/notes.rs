//! What a reader should know before believing the figures.
//!
//! Pure: from the report's own figures. A note says what is doubtful and what to do, in one sentence.

use super::report::number::{grouped, many};
use super::report::{BenchReport, ModelReport};
use super::sample::float;

/// From here on a processor counts as busy all the time.
const BUSY_CORES: f64 = 0.8;

/// From here on what is seen late spoils the times, in milliseconds.
pub(crate) const LATE_MS: f64 = 10.0;

/// The share of the time in which it may be seen late.
const OFTEN_LATE: f64 = 0.01;

/// The share of pieces that came together, from which pauses and pace say little of the model.
const MANY_JOINED: f64 = 0.2;

/// Notes on the whole, then on each model.
pub(crate) fn notes(report: &BenchReport) -> Vec<String> {
    let mut notes = Vec::new();
    if report.was_interrupted {
        notes.push(
            "The measurement was interrupted; times and tokens are those of the requests that had ended."
                .to_owned(),
        );
    }
    if report.is_demo {
        notes.push(
            "The answers came from the emulator inside this process: its work is part of the CPU time, and the figures \
             say nothing of Bedrock."
                .to_owned(),
        );
    }
    if report.parameters.warmup == 0 && report.models.iter().any(|model| model.succeeded > 0) {
        notes.push(
            "Nothing was warmed up: the first requests opened the connections. `--warmup N` leaves N requests out."
                .to_owned(),
        );
    }
    let of_models: Vec<Vec<String>> = report.models.iter().map(|model| of_model(model, report)).collect();
    for (model, of_one) in report.models.iter().zip(&of_models) {
        for note in of_one {
            if !of_models.iter().all(|of_other| of_other.contains(note)) {
                notes.push(format!("`{}`: {note}", model.model));
            } else if !notes.contains(note) {
                notes.push(note.clone());
            }
        }
    }
    notes
}

fn of_model(model: &ModelReport, report: &BenchReport) -> Vec<String> {
    let number = |count: u64| grouped(float(count));
    let mut notes = Vec::new();
    if model.was_given_up {
        notes.push("No more requests were sent: each would have failed like the last.".to_owned());
    }
    notes.extend(small_sample(model.succeeded));
    // In the closed loop nothing is due before it is sent.
    if model.late > 0 && report.parameters.rate.is_some() {
        notes.push(format!(
            "{} of {} requests began late, by up to {} ms: {} streams at a time were too few for the rate, or this \
             program was. The wait is part of their times.",
            number(model.late),
            number(model.requests),
            grouped(model.start_delay_ms.max.unwrap_or(0.0)),
            report.parameters.concurrency
        ));
    }
    notes.extend(bottleneck(model));
    if model.succeeded == 0 {
        return notes;
    }
    if model.failed > 0 {
        notes.push(format!(
            "{} of {} requests failed; the times are those of the others.",
            number(model.failed),
            number(model.requests)
        ));
    }
    if model.retries > 0 {
        notes.push(format!(
            "{}: the times of those requests hold the failed attempts and the waits. `--max-attempts 1` counts \
             every failure.",
            many(model.retries, "retry", "retries")
        ));
    }
    if float(model.joined_deltas) > float(model.deltas) * MANY_JOINED {
        notes.push(format!(
            "{:.0} % of the deltas came in one chunk of the network with the one before: gaps of 0 are theirs, and tokens/s \
             are the network's pace as much as the model's.",
            float(model.joined_deltas) / float(model.deltas.max(1)) * 100.0
        ));
    }
    notes
}

/// Which columns are empty, and why.
fn small_sample(succeeded: u64) -> Option<String> {
    let missing = match succeeded {
        0 => return Some("No request succeeded, so there are no times.".to_owned()),
        1 => "p50, p90, p95 and p99 (2, 10, 20 and 100 are needed)",
        2..10 => "p90, p95 and p99 (10, 20 and 100 are needed)",
        10..20 => "p95 and p99 (20 and 100 are needed)",
        20..100 => "p99 (100 are needed)",
        100.. => return None,
    };
    let plural = if succeeded == 1 { " is" } else { "s are" };
    Some(format!("{succeeded} request{plural} too few for {missing}."))
}

/// Whether this program, and not the service, set the pace.
fn bottleneck(model: &ModelReport) -> Option<String> {
    if let Some(cores) = model.cpu_cores.filter(|cores| *cores >= BUSY_CORES) {
        return Some(format!(
            "This program may have been the bottleneck: it kept {:.0} % of one processor busy, and it uses one.",
            cores * 100.0
        ));
    }
    (model.lagging >= OFTEN_LATE).then(|| {
        format!(
            "This machine may have been the bottleneck: {:.0} % of the time this program was {LATE_MS} ms late or more, \
             at most {} ms.",
            model.lagging * 100.0,
            grouped(model.lag_ms.max.unwrap_or(0.0))
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::report::samples;

    #[test]
    fn a_good_measurement_needs_few_words() {
        let mut report = samples::two_models();
        report.models = vec![samples::model("m", 100, None)];
        assert_eq!(notes(&report), Vec::<String>::new());
    }

    #[test]
    fn what_is_doubtful_is_said() {
        let plain = samples::two_models();
        let all = |change: fn(&mut BenchReport)| {
            let mut report = plain.clone();
            report.models.truncate(1);
            change(&mut report);
            notes(&report).join("\n")
        };
        for (change, part) in [
            ((|report| report.is_demo = true) as fn(&mut BenchReport), "the emulator inside this process"),
            (|report| report.was_interrupted = true, "was interrupted"),
            (|report| report.parameters.warmup = 0, "`--warmup N`"),
            (|report| report.models[0].succeeded = 99, "99 requests are too few for p99 (100"),
            (|report| report.models[0].succeeded = 1, "1 request is too few for p50, p90, p95 and p99"),
            (|report| report.models[0].succeeded = 0, "no times"),
            (|report| report.models[0].was_given_up = true, "No more requests were sent"),
            (
                |report| {
                    let model = &mut report.models[0];
                    (model.late, model.requests, model.start_delay_ms.max) = (1_500, 2_000, Some(2_721.4));
                    report.parameters.rate = Some(1.0);
                },
                "1,500 of 2,000 requests began late, by up to 2,721 ms",
            ),
            (
                |report| {
                    let model = &mut report.models[0];
                    (model.late, model.requests, model.succeeded) = (1_500, 2_000, 0);
                    report.parameters.rate = Some(1.0);
                },
                "1,500 of 2,000 requests began late",
            ),
            (|report| report.models[0].cpu_cores = Some(0.97), "97 % of one processor"),
            (
                |report| {
                    let model = &mut report.models[0];
                    (model.lagging, model.lag_ms.max) = (0.614, Some(1_211.3));
                },
                "61 % of the time this program was 10 ms late or more, at most 1,211 ms",
            ),
            (|report| report.models[0].joined_deltas = report.models[0].deltas / 2, "50 % of the deltas"),
            (
                |report| report.models[0].joined_deltas = report.models[0].deltas / 2,
                "tokens/s are the network's pace",
            ),
            (|_| (), "2 of 200 requests failed"),
            (|_| (), "3 retries"),
        ] {
            let said = all(change);
            assert!(said.contains(part), "{part}: {said}");
        }
    }

    #[test]
    fn notes_of_several_models_name_theirs_unless_all_share_them() {
        let mut report = samples::two_models();
        let said = notes(&report);
        assert!(said.iter().any(|note| note.starts_with("`acme.rock-v1:0`: 10 requests are too few for p95 and p99 (20")), "{said:?}");
        report.models[0] = report.models[1].clone();
        let said = notes(&report);
        assert_eq!(said, ["10 requests are too few for p95 and p99 (20 and 100 are needed)."]);
    }
}
