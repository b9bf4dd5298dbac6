//! The report for a terminal: a table of times and a few lines of sums for each model.

use super::number::{bytes, grouped, many, plain};
use super::{BenchReport, Distribution, ModelReport};
use crate::bench::sample::float;
use crate::converse::cost::Dollars;

/// The name of a row, its unit, and what it shows.
type Row<'a> = (&'static str, &'static str, &'a Distribution);

/// All models, one below the other. Notes are not in it: they are talk.
pub(crate) fn write(report: &BenchReport) -> String {
    let blocks: Vec<String> = report.models.iter().map(|model| block(model, report)).collect();
    blocks.join("\n")
}

/// The rows of times that every table shows.
pub(crate) fn rows(model: &ModelReport) -> [Row<'_>; 4] {
    [
        ("time to first token", "ms", &model.ttft_ms),
        ("between deltas", "ms", &model.gap_ms),
        ("whole request", "ms", &model.latency_ms),
        ("tokens/s of a stream", "", &model.stream_tokens_per_second),
    ]
}

fn block(model: &ModelReport, report: &BenchReport) -> String {
    let mut text = format!("{}\n{}\n\n", model.model, report.parameters.load());
    let mut lines: Vec<Vec<String>> = Vec::new();
    let names = Distribution::default().columns().map(|(name, _)| name.to_owned());
    lines.push(std::iter::once(String::new()).chain(names).collect());
    for (name, unit, distribution) in rows(model) {
        let label = if unit.is_empty() { name.to_owned() } else { format!("{name}, {unit}") };
        let cells = distribution.columns().map(|(_, value)| plain(value));
        lines.push(std::iter::once(label).chain(cells).collect());
    }
    let width = |column: usize| {
        lines.iter().filter_map(|line| line.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    for line in &lines {
        for (column, cell) in line.iter().enumerate() {
            let width = width(column);
            let cell = if column == 0 { format!("{cell:<width$}") } else { format!("  {cell:>width$}") };
            text.push_str(&cell);
        }
        text.push('\n');
    }
    text.push('\n');
    for (name, value) in sums(model) {
        text.push_str(&format!("{name:<10} {value}\n"));
    }
    text
}

/// Sums in words: their names, and what there is to say.
pub(crate) fn sums(model: &ModelReport) -> Vec<(&'static str, String)> {
    let number = |count: u64| grouped(float(count));
    let mut requests = format!("{} ok, {} failed", number(model.succeeded), number(model.failed));
    if model.abandoned > 0 {
        requests.push_str(&format!(", {} abandoned", number(model.abandoned)));
    }
    requests.push_str(&format!(
        " in {} s; {}, {}",
        plain(Some(model.elapsed_seconds)),
        many(model.retries, "retry", "retries"),
        many(model.throttles, "throttle", "throttles")
    ));
    let mut sums = vec![("requests", requests)];
    if !model.errors.is_empty() {
        let errors: Vec<String> =
            model.errors.iter().map(|(class, count)| format!("{class} {count}")).collect();
        sums.push(("errors", errors.join(", ")));
    }
    sums.push((
        "tokens",
        format!(
            "{} in, {} out; {} out/s in total",
            number(model.input_tokens),
            number(model.output_tokens),
            plain(model.output_tokens_per_second)
        ),
    ));
    sums.push((
        "stream",
        format!(
            "{} events, {}; {} events/s, {}/s",
            number(model.events),
            bytes(Some(float(model.bytes))),
            plain(model.events_per_second),
            bytes(model.bytes_per_second)
        ),
    ));
    if let (Some(seconds), Some(cores)) = (model.cpu_seconds, model.cpu_cores) {
        sums.push(("CPU", format!("{} s, {:.1} % of one processor", plain(Some(seconds)), cores * 100.0)));
    }
    let cost = model.cost_usd.map_or_else(|| "unknown".to_owned(), |cost| Dollars(cost).to_string());
    sums.push(("cost", cost));
    sums
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::report::samples;

    #[test]
    fn a_model_is_a_table_and_sums() {
        let text = write(&samples::two_models());
        let (first, second) = text.split_once("\nacme.rock-v1:0\n").unwrap();
        assert_eq!(
            first,
            "amazon.nova-lite-v1:0\n\
             200 requests, 8 at a time, after 8 requests to warm up\n\
             \n\
             \x20                          p50    p90    p95    p99    max   mean\n\
             time to first token, ms    300    380    390    398    399    300\n\
             between deltas, ms        20.2   20.4   20.5   20.5   20.5   20.2\n\
             whole request, ms        1,300  1,380  1,390  1,398  1,399  1,300\n\
             tokens/s of a stream      49.4   49.4   49.4   49.4   49.4   49.4\n\
             \n\
             requests   198 ok, 2 failed in 10.0 s; 3 retries, 2 throttles\n\
             errors     stream_cut 1, throttled 1\n\
             tokens     1,782 in, 10,098 out; 1,010 out/s in total\n\
             stream     10,945 events, 2.19 MB; 1,094 events/s, 219 kB/s\n\
             CPU        0.50 s, 5.0 % of one processor\n\
             cost       $0.0198\n"
        );
        assert!(second.contains("cost       unknown\n"), "{second}");
    }
}
