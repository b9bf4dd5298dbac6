//! The report as comma-separated values: a line of names, then a line a model (RFC 4180).

use super::{BenchReport, Distribution, ModelReport};

/// All lines.
pub(crate) fn write(report: &BenchReport) -> String {
    let mut text = String::new();
    let columns = columns(&ModelReport::default());
    line(&mut text, columns.iter().map(|(name, _)| name.clone()));
    for model in &report.models {
        line(&mut text, self::columns(model).into_iter().map(|(_, value)| value));
    }
    text
}

fn line(text: &mut String, cells: impl Iterator<Item = String>) {
    let cells: Vec<String> = cells.map(|cell| quoted(&cell)).collect();
    text.push_str(&cells.join(","));
    text.push_str("\r\n");
}

fn quoted(cell: &str) -> String {
    if cell.contains(['"', ',', '\r', '\n']) {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell.to_owned()
    }
}

/// Names and values in order. What is not known is empty.
fn columns(model: &ModelReport) -> Vec<(String, String)> {
    let known = |number: Option<f64>| number.map_or_else(String::new, |number| number.to_string());
    let errors: Vec<String> = model.errors.iter().map(|(class, count)| format!("{class}={count}")).collect();
    let mut columns = vec![
        ("model".to_owned(), model.model.clone()),
        ("requests".to_owned(), model.requests.to_string()),
        ("succeeded".to_owned(), model.succeeded.to_string()),
        ("failed".to_owned(), model.failed.to_string()),
        ("errors".to_owned(), errors.join(" ")),
        ("retries".to_owned(), model.retries.to_string()),
        ("throttles".to_owned(), model.throttles.to_string()),
        ("elapsed_seconds".to_owned(), model.elapsed_seconds.to_string()),
    ];
    let spread: [(&str, &Distribution); 4] = [
        ("ttft_ms", &model.ttft_ms),
        ("gap_ms", &model.gap_ms),
        ("latency_ms", &model.latency_ms),
        ("stream_tokens_per_second", &model.stream_tokens_per_second),
    ];
    for (name, distribution) in spread {
        for (column, value) in distribution.columns() {
            columns.push((format!("{name}_{column}"), known(value)));
        }
    }
    columns.extend([
        ("input_tokens".to_owned(), model.input_tokens.to_string()),
        ("output_tokens".to_owned(), model.output_tokens.to_string()),
        ("output_tokens_per_second".to_owned(), known(model.output_tokens_per_second)),
        ("events".to_owned(), model.events.to_string()),
        ("events_per_second".to_owned(), known(model.events_per_second)),
        ("bytes".to_owned(), model.bytes.to_string()),
        ("bytes_per_second".to_owned(), known(model.bytes_per_second)),
        ("cost_usd".to_owned(), known(model.cost_usd)),
        ("cpu_seconds".to_owned(), known(model.cpu_seconds)),
    ]);
    columns
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::report::samples;

    #[test]
    fn every_line_has_the_cells_of_the_first() {
        let mut report = samples::two_models();
        report.models[1].model = "a \"quoted\", long\nname".to_owned();
        let text = write(&report);
        let (head, rest) = text.split_once("\r\n").unwrap();
        assert_eq!(head.split(',').count(), 41);
        assert!(head.starts_with(
            "model,requests,succeeded,failed,errors,retries,throttles,elapsed_seconds,ttft_ms_p50,"
        ));
        let first = rest.split_once("\r\n").unwrap().0;
        assert_eq!(first.split(',').count(), 41);
        assert!(
            first.starts_with("amazon.nova-lite-v1:0,200,198,2,stream_cut=1 throttled=1,3,2,10,"),
            "{first}"
        );
        assert!(rest.contains("\"a \"\"quoted\"\", long\nname\","));
    }
}
