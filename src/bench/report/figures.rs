//! Which charts a report has, and what is drawn in them.
//!
//! Pure: from the report's figures to marks in the units of the axes.

use super::charts::{Axis, Chart, Mark, series};
use super::number::{grouped, plain, tick};
use super::{BenchReport, Distribution, ModelReport};
use crate::bench::sample::float;
use crate::bench::stats::SLOT;
use std::ops::Range;

/// Bars of a distribution.
const BARS: u32 = 40;

/// Points of the throughput.
const POINTS: usize = 60;

/// The share of values at each end that may be left out of a distribution, so that one of them does not press all
/// others into one bar.
const LEFT_OUT: f64 = 0.005;

/// Of fewer values than this all are drawn; of more, one at each end may be left out.
const FEW: u64 = 20;

const HALF: (u32, u32) = (1_120, 560);
const FULL: (u32, u32) = (2_280, 560);

/// A chart with its name, and what is to be read beside it.
pub(crate) struct Figure {
    pub name: String,
    pub chart: Chart,
    pub caption: String,
}

/// How long the first piece of an answer took.
pub(crate) fn ttft(model: &ModelReport, at: usize) -> Figure {
    let values = &model.drawn.ttft;
    distribution("time to first token", "requests", values, &model.ttft_ms, &model.model, at)
}

/// How long it took from piece to piece.
pub(crate) fn gap(model: &ModelReport, at: usize) -> Figure {
    let values = &model.drawn.gap;
    distribution("time between deltas", "deltas", values, &model.gap_ms, &model.model, at)
}

fn distribution(
    what: &str,
    things: &str,
    values: &[(f64, u64)],
    spread: &Distribution,
    model: &str,
    at: usize,
) -> Figure {
    let range = shown(values);
    let width = (range.end - range.start) / f64::from(BARS);
    let mut marks = Vec::new();
    let mut highest = 0;
    for bar in 0..BARS {
        let from = range.start + width * f64::from(bar);
        // The last bar holds its own end.
        let to = if bar + 1 == BARS { f64::INFINITY } else { from + width };
        let inside = |value: f64| value >= from && value < to && range.contains(&value);
        let count: u64 = values.iter().filter(|(value, _)| inside(*value)).map(|(_, count)| count).sum();
        highest = highest.max(count);
        if count > 0 {
            let x = from + width * 0.05..from + width * 0.95;
            marks.push(Mark::Bar { x, y: 0.0..float(count), color: series(at), is_pale: false });
        }
    }
    let outside = values.iter().filter(|(value, _)| !range.contains(value));
    let left_out: u64 = outside.map(|(_, count)| count).sum();
    let levels = [("p50", spread.p50), ("p95", spread.p95), ("p99", spread.p99)];
    marks.extend(levels_apart(&levels, &range));
    let mut caption = String::new();
    if left_out > 0 {
        caption = format!(
            "{} of {} values lie outside, from {} to {} ms.",
            grouped(float(left_out)),
            grouped(float(spread.count)),
            plain(spread.min),
            plain(spread.max)
        );
    }
    let chart = Chart {
        title: format!("Distribution of the {what} of {model}"),
        x: Axis { name: format!("{what}, ms"), range, has_numbers: true },
        y: Axis { name: things.to_owned(), range: 0.0..above(float(highest)), has_numbers: true },
        marks,
        size: HALF,
    };
    Figure { name: capitalised(what), chart, caption }
}

/// The part of the values that is drawn: all but the few that lie far out, with some room on both sides.
fn shown(values: &[(f64, u64)]) -> Range<f64> {
    let all: u64 = values.iter().map(|(_, count)| count).sum();
    let few = if all < FEW { 0.0 } else { (float(all) * LEFT_OUT).max(1.0) };
    let least = usual_end(values.iter(), few);
    let most = usual_end(values.iter().rev(), few);
    let spread = most.0 - least.0;
    // Where the outermost are not far out they are drawn.
    let start = if least.0 - least.1 > spread * 0.5 { least.0 } else { least.1 };
    let end = if most.1 - most.0 > spread * 0.5 { most.0 } else { most.1 };
    let room = ((end - start) * 0.04).max(0.05);
    (start - room).max(0.0)..end + room
}

/// From one end: the first value that is not among the `few` outermost, and the outermost.
fn usual_end<'a>(values: impl Iterator<Item = &'a (f64, u64)>, few: f64) -> (f64, f64) {
    let (mut seen, mut outermost, mut usual) = (0, None, 0.0);
    for (value, count) in values {
        outermost = outermost.or(Some(*value));
        usual = *value;
        seen += count;
        if float(seen) > few {
            break;
        }
    }
    (usual, outermost.unwrap_or(0.0))
}

/// Lines at the quantiles; one that would cover the name of another is left out.
fn levels_apart(levels: &[(&str, Option<f64>)], range: &Range<f64>) -> Vec<Mark> {
    let mut last = f64::NEG_INFINITY;
    // A name beside its line, near an edge, and half of one that stands over its own.
    let apart = (range.end - range.start) * 0.36;
    let mut marks = Vec::new();
    for (name, value) in levels {
        let Some(x) = value.filter(|value| range.contains(value) && value - last >= apart) else { continue };
        marks.push(Mark::Level { x, name: format!("{name} {} ms", plain(Some(x))) });
        last = x;
    }
    marks
}

/// The end of an axis with some room above `most`.
fn above(most: f64) -> f64 {
    if most > 0.0 { most * 1.08 } else { 1.0 }
}

/// Pieces of answers a second as the measurement went on.
pub(crate) fn throughput(model: &ModelReport, at: usize) -> Figure {
    let slots = model.drawn.timeline.len().div_ceil(POINTS).max(1);
    let seconds = SLOT.as_secs_f64() * float(slots as u64);
    let mut points = Vec::new();
    let whole = model.drawn.timeline.chunks_exact(slots);
    // A part of a step at the end would look like a collapse; where there is nothing else it must do.
    let rest = if whole.len() == 0 { whole.remainder() } else { &[] };
    for (at, part) in whole.chain((!rest.is_empty()).then_some(rest)).enumerate() {
        let count: u64 = part.iter().map(|count| u64::from(*count)).sum();
        let part_seconds = SLOT.as_secs_f64() * float(part.len() as u64);
        points.push((seconds * float(at as u64) + part_seconds / 2.0, float(count) / part_seconds));
    }
    let highest = points.iter().map(|(_, pace)| *pace).fold(0.0, f64::max);
    let end = SLOT.as_secs_f64() * float(model.drawn.timeline.len() as u64);
    let chart = Chart {
        title: format!("Throughput over time of {}", model.model),
        x: Axis { name: "seconds since the start".into(), range: 0.0..end, has_numbers: true },
        y: Axis { name: "deltas/s, all streams".into(), range: 0.0..above(highest), has_numbers: true },
        marks: if points.is_empty() { vec![] } else { vec![Mark::Line { points, color: series(at) }] },
        size: FULL,
    };
    let caption = format!("Deltas a second of all streams together, in steps of {} s.", tick(seconds));
    Figure { name: "Throughput over time".to_owned(), chart, caption }
}

/// One quantity of all models, as bars below each other. None for a single model.
pub(crate) fn comparison(report: &BenchReport) -> Vec<Figure> {
    if report.models.len() < 2 {
        return Vec::new();
    }
    let of = |what: &str, unit: &str, caption: &str, pick: fn(&ModelReport) -> (Option<f64>, Option<f64>)| {
        let compared = |model: &ModelReport| {
            let (middle, most) = pick(model);
            Compared { model: model.model.clone(), middle, most }
        };
        bars(what, unit, caption, &report.models.iter().map(compared).collect::<Vec<_>>())
    };
    vec![
        of(
            "time to first token",
            "ms",
            "Shorter is better. Solid: p50. Pale: p95, where enough requests tell it.",
            |model| (model.ttft_ms.p50, model.ttft_ms.p95),
        ),
        of("time between deltas", "ms", "Shorter is better. Solid: p50. Pale: p95.", |model| {
            (model.gap_ms.p50, model.gap_ms.p95)
        }),
        of("tokens/s of a stream", "tokens/s", "Longer is better: p50 of all streams.", |model| {
            (model.stream_tokens_per_second.p50, None)
        }),
        of(
            "whole request",
            "ms",
            "Shorter is better. Solid: p50. Pale: p95, where enough requests tell it.",
            |model| (model.latency_ms.p50, model.latency_ms.p95),
        ),
    ]
}

/// One quantity of one model.
struct Compared {
    model: String,
    middle: Option<f64>,
    most: Option<f64>,
}

fn bars(what: &str, unit: &str, caption: &str, values: &[Compared]) -> Figure {
    let mut marks = Vec::new();
    let mut longest = 0.0_f64;
    for (at, Compared { model, middle, most }) in values.iter().enumerate() {
        // The first model stands at the top.
        let floor = float((values.len() - 1 - at) as u64);
        for (value, is_pale) in [(most, true), (middle, false)] {
            if let Some(value) = value {
                longest = longest.max(*value);
                let (x, y) = (0.0..*value, floor + 0.12..floor + 0.5);
                marks.push(Mark::Bar { x, y, color: series(at), is_pale });
            }
        }
        let mut text = format!("{model}: {} {unit}", plain(*middle));
        if let Some(most) = most {
            text.push_str(&format!(", p95 {} {unit}", plain(Some(*most))));
        }
        marks.push(Mark::Label { at: (0.0, floor + 0.72), text });
    }
    let rows = u32::try_from(values.len()).unwrap_or(u32::MAX).min(100);
    let chart = Chart {
        title: format!("Comparison of the models: {what}"),
        x: Axis { name: format!("{what}, {unit}"), range: 0.0..above(longest), has_numbers: true },
        y: Axis { name: String::new(), range: 0.0..float(values.len() as u64), has_numbers: false },
        marks,
        size: (HALF.0, 140 + 110 * rows),
    };
    Figure { name: capitalised(what), chart, caption: caption.to_owned() }
}

fn capitalised(text: &str) -> String {
    let mut rest = text.chars();
    rest.next().into_iter().flat_map(char::to_uppercase).chain(rest.as_str().chars()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::report::samples;

    fn bar_sum(figure: &Figure) -> f64 {
        let height = |mark: &Mark| if let Mark::Bar { y, .. } = mark { y.end } else { 0.0 };
        figure.chart.marks.iter().map(height).sum()
    }

    #[test]
    fn every_value_is_in_one_bar_or_told_to_be_left_out() {
        let report = samples::two_models();
        let figure = ttft(&report.models[0], 0);
        assert_eq!(bar_sum(&figure), 198.0);
        assert_eq!((figure.name.as_str(), figure.caption.as_str()), ("Time to first token", ""));
        let mut far = report.models[0].clone();
        far.drawn.ttft.push((90_000.0, 1));
        far.ttft_ms.max = Some(90_000.0);
        far.ttft_ms.count += 1;
        let figure = ttft(&far, 0);
        assert_eq!(bar_sum(&figure), 198.0);
        assert_eq!(figure.caption, "1 of 199 values lie outside, from 200 to 90,000 ms.");
    }

    #[test]
    fn names_of_quantiles_do_not_cover_each_other() {
        let levels = [("p50", Some(1.0)), ("p95", Some(1.5)), ("p99", Some(9.0))];
        let marks = levels_apart(&levels, &(0.0..10.0));
        let at: Vec<f64> =
            marks.iter().map(|mark| if let Mark::Level { x, .. } = mark { *x } else { f64::NAN }).collect();
        assert_eq!(at, [1.0, 9.0]);
    }

    #[test]
    fn the_throughput_is_that_of_the_timeline() {
        let mut model = samples::two_models().models.remove(0);
        model.drawn.timeline = vec![10; 150];
        let figure = throughput(&model, 0);
        let Mark::Line { points, .. } = &figure.chart.marks[0] else { panic!() };
        assert_eq!(points.len(), 50);
        assert!(points.iter().all(|(_, pace)| (pace - 100.0).abs() < 1e-6), "{points:?}");
        model.drawn.timeline.clear();
        assert_eq!(throughput(&model, 0).chart.to_svg(), None);
    }

    #[test]
    fn one_model_is_not_compared() {
        let mut report = samples::two_models();
        assert_eq!(comparison(&report).len(), 4);
        assert!(comparison(&report).iter().all(|figure| figure.chart.to_svg().is_some()));
        report.models.pop();
        assert!(comparison(&report).is_empty());
    }

    #[test]
    fn a_model_without_answers_has_no_distribution() {
        let model = ModelReport::default();
        assert_eq!(ttft(&model, 0).chart.to_svg(), None);
        assert_eq!(gap(&model, 0).chart.to_svg(), None);
    }
}
