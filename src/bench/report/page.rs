//! The report as one HTML page that needs nothing else: no script, no other file, no network.
//!
//! It is readable in light and dark, and on paper. Every figure carries its name and its exact value
//! (`data-key`, `data-value`), so that a program can read the page as it reads `--json`.

use super::charts::{GRID, INK, SERIES};
use super::figures::{self, Figure};
use super::number::plain;
use super::text;
use super::{BenchReport, Distribution, ModelReport};
use std::fmt::Write;

/// Colours in the dark, in the order of the light ones: text, grid, models.
const DARK: [&str; 8] =
    ["#e4e8ee", "#343c48", "#74aef0", "#f0965a", "#6fc795", "#c894e0", "#ee7f93", "#a3afbd"];

/// The whole page.
pub(crate) fn write(report: &BenchReport) -> String {
    let mut page = String::with_capacity(64 * 1024);
    let models: Vec<&str> = report.models.iter().map(|model| model.model.as_str()).collect();
    let title = escaped(&format!("Streams of {}", models.join(", ")));
    // A string takes any text.
    let _ = write!(
        page,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>{title}</title>\n<style>{STYLE}{}</style>\n\
         </head>\n<body>\n<main>\n",
        chart_style()
    );
    let what = if report.is_demo { "Streams of an emulator" } else { "Streams of Amazon Bedrock" };
    let (date, load) = (escaped(&report.date), escaped(&report.parameters.load()));
    let _ = write!(page, "<header>\n<h1>{what}</h1>\n<p>{date} · {load}</p>\n</header>\n");
    notes(&mut page, &report.notes);
    comparison(&mut page, report);
    for (at, model) in report.models.iter().enumerate() {
        section(&mut page, model, at);
    }
    setup(&mut page, report);
    page.push_str(TERMS);
    page.push_str("</main>\n</body>\n</html>\n");
    page
}

/// Text that is only text.
pub(crate) fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            // Not allowed in HTML, whatever a name holds.
            c if c.is_control() => safe.push(' '),
            c => safe.push(c),
        }
    }
    safe
}

fn notes(page: &mut String, notes: &[String]) {
    if notes.is_empty() {
        return;
    }
    page.push_str("<section id=\"notes\">\n<h2>Before you believe it</h2>\n<ul>\n");
    for note in notes {
        let _ = writeln!(page, "<li>{}</li>", with_code(note));
    }
    page.push_str("</ul>\n</section>\n");
}

/// What stands between backticks is code.
fn with_code(text: &str) -> String {
    let parts = text.split('`').enumerate();
    parts
        .map(|(at, part)| if at % 2 == 1 { format!("<code>{}</code>", escaped(part)) } else { escaped(part) })
        .collect()
}

fn comparison(page: &mut String, report: &BenchReport) {
    let figures = figures::comparison(report);
    if figures.is_empty() {
        return;
    }
    page.push_str(
        "<section id=\"comparison\">\n<h2>Comparison</h2>\n<div class=\"wide\"><table>\n<thead><tr><th>model</th>\
         <th>requests</th><th>failed</th><th>TTFT p50, ms</th><th>gap p50, ms</th><th>whole p50, ms</th>\
         <th>tokens/s a stream</th><th>tokens/s in all</th><th>cost, US$</th></tr></thead>\n<tbody>\n",
    );
    for model in &report.models {
        let whole = |count: u64| Some(crate::bench::sample::float(count));
        let _ = write!(page, "<tr><th scope=\"row\">{}</th>", escaped(&model.model));
        for value in [
            whole(model.requests),
            whole(model.failed),
            model.ttft_ms.p50,
            model.gap_ms.p50,
            model.latency_ms.p50,
            model.stream_tokens_per_second.p50,
            model.output_tokens_per_second,
        ] {
            let text = if value.is_some_and(|value| value.fract() == 0.0) {
                super::number::tick(value.unwrap_or(0.0))
            } else {
                plain(value)
            };
            let _ = write!(page, "<td>{text}</td>");
        }
        let cost = model.cost_usd.map_or_else(|| "-".to_owned(), |cost| format!("{cost:.6}"));
        let _ = writeln!(page, "<td>{cost}</td></tr>");
    }
    page.push_str("</tbody>\n</table></div>\n<div class=\"pair\">\n");
    figures.iter().for_each(|figure| put(page, figure));
    page.push_str("</div>\n</section>\n");
}

fn section(page: &mut String, model: &ModelReport, at: usize) {
    let name = escaped(&model.model);
    let _ = write!(
        page,
        "<section class=\"model\" data-model=\"{name}\">\n<h2><span class=\"swatch s{}\"></span>{name}</h2>\n\
         <div class=\"wide\"><table>\n<thead><tr><th></th>",
        at % SERIES.len()
    );
    for (column, _) in Distribution::default().columns() {
        let _ = write!(page, "<th>{column}</th>");
    }
    page.push_str("</tr></thead>\n<tbody>\n");
    for (key, (label, unit, distribution)) in
        ["ttftMs", "gapMs", "latencyMs", "streamTokensPerSecond"].into_iter().zip(text::rows(model))
    {
        let unit = if unit.is_empty() { String::new() } else { format!(", {unit}") };
        let _ = write!(page, "<tr><th scope=\"row\">{label}{unit}</th>");
        for (column, value) in distribution.columns() {
            let exact = value.map_or_else(String::new, |value| value.to_string());
            let _ =
                write!(page, "<td data-key=\"{key}.{column}\" data-value=\"{exact}\">{}</td>", plain(value));
        }
        page.push_str("</tr>\n");
    }
    page.push_str("</tbody>\n</table></div>\n<dl>\n");
    for (name, value) in text::sums(model) {
        let _ = writeln!(page, "<div><dt>{name}</dt><dd>{}</dd></div>", escaped(&value));
    }
    page.push_str("</dl>\n<div class=\"pair\">\n");
    put(page, &figures::ttft(model, at));
    put(page, &figures::gap(model, at));
    page.push_str("</div>\n");
    put(page, &figures::throughput(model, at));
    page.push_str("</section>\n");
}

/// A chart with its caption; nothing where there is nothing to draw.
fn put(page: &mut String, figure: &Figure) {
    if let Some(svg) = figure.chart.to_svg() {
        let (name, caption) = (escaped(&figure.name), escaped(&figure.caption));
        let _ = write!(page, "<figure>\n<figcaption><b>{name}</b> {caption}</figcaption>\n{svg}</figure>\n");
    }
}

fn setup(page: &mut String, report: &BenchReport) {
    let parameters = &report.parameters;
    let limit = parameters.max_attempts.map_or_else(|| "default".to_owned(), |attempts| attempts.to_string());
    page.push_str("<section id=\"setup\">\n<h2>Setup</h2>\n<dl>\n");
    for (name, value) in [
        ("program", format!("outcrop {}", report.outcrop)),
        ("machine", report.system.clone()),
        ("begun", report.date.clone()),
        ("region", parameters.region.clone()),
        (
            "endpoint",
            if report.is_demo {
                "the emulator inside this process".to_owned()
            } else {
                parameters.endpoint.clone()
            },
        ),
        ("load", format!("{} loop: {}", parameters.kind, parameters.load())),
        ("prompt", format!("{} characters", parameters.prompt_characters)),
        ("answer", format!("at most {} tokens", parameters.max_tokens)),
        ("attempts", limit),
    ] {
        let _ = writeln!(page, "<div><dt>{name}</dt><dd>{}</dd></div>", escaped(&value));
    }
    page.push_str("</dl>\n</section>\n");
}

/// Colours of the charts by the part that they play, for the dark and for the swatches.
fn chart_style() -> String {
    let light = [INK, GRID].into_iter().chain(SERIES);
    let mut dark = String::new();
    for (light, dark_color) in light.zip(DARK) {
        let light = light.hex();
        let _ = write!(
            dark,
            "svg [fill=\"{light}\"]{{fill:{dark_color}}}svg [stroke=\"{light}\"]{{stroke:{dark_color}}}"
        );
    }
    let mut style = String::new();
    for (at, color) in SERIES.iter().enumerate() {
        let _ = write!(style, ".s{at}{{background:{}}}", color.hex());
    }
    let mut swatches = String::new();
    for (at, color) in DARK.iter().skip(2).enumerate() {
        let _ = write!(swatches, ".s{at}{{background:{color}}}");
    }
    let _ = write!(style, "@media screen and (prefers-color-scheme:dark){{{dark}{swatches}}}");
    style
}

const STYLE: &str = "\
:root{color-scheme:light dark;--ink:#1c2430;--soft:#57626f;--page:#fff;--card:#f6f7f9;--line:#d9dee4}
@media screen and (prefers-color-scheme:dark){:root{--ink:#e4e8ee;--soft:#a3afbd;--page:#14181f;--card:#1c222b;--line:#343c48}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);font:16px/1.5 system-ui,-apple-system,\"Segoe UI\",sans-serif}
main{max-width:1180px;margin:0 auto;padding:32px 24px}
h1{font-size:28px;line-height:1.2;margin:0 0 4px}
h2{font-size:20px;margin:0 0 12px;overflow-wrap:anywhere}
header p,figcaption,.terms{color:var(--soft)}
header p{margin:0}
section{margin-top:32px}
#notes{background:var(--card);border-left:4px solid #c2571a;padding:16px 20px;border-radius:4px}
#notes h2{font-size:16px;margin-bottom:4px}
#notes ul{margin:0;padding-left:20px}
.wide{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{padding:6px 10px;border-bottom:1px solid var(--line);text-align:right;white-space:nowrap}
th:first-child{text-align:left}
tbody th{font-weight:400}
thead th{white-space:normal;vertical-align:bottom;font-weight:600;color:var(--soft);font-size:14px}
dl{display:grid;grid-template-columns:repeat(auto-fit,minmax(320px,1fr));gap:4px 32px;margin:16px 0}
dl div{display:flex;gap:12px}
dt{color:var(--soft);flex:0 0 84px}
dd{margin:0;overflow-wrap:anywhere}
.pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(480px,100%),1fr));gap:16px}
figure{margin:16px 0 0;background:var(--card);border-radius:4px;padding:12px}
.pair figure{margin:0}
figure svg{display:block;width:100%;height:auto}
figure text{font-family:inherit}
figcaption{font-size:14px;margin-bottom:4px}
figcaption b{color:var(--ink);margin-right:6px}
.swatch{display:inline-block;width:12px;height:12px;border-radius:2px;margin-right:8px}
.terms{font-size:14px}
code{font-family:ui-monospace,monospace;font-size:.9em;overflow-wrap:anywhere}
@media print{main{padding:0}section,figure,tr{break-inside:avoid}}
";

const TERMS: &str = "<section class=\"terms\">\n<h2>Terms</h2>\n<p><b>Time to first token</b> (TTFT) and <b>whole \
request</b> count from the moment a request was due: in a closed loop when it was sent, in an open loop when the rate \
asked for it, so that waits are part of them. Both hold all retries. A <b>delta</b> is a piece of an answer as the \
service sends it, thinking included; deltas of one network chunk came at the same time. <b>Tokens/s of a stream</b> are \
the tokens after those of the first chunk in the time from the first chunk to the last, of three or more. Bytes are those of the event stream, without \
HTTP and TLS around it. Times are of the requests that succeeded, kept to three digits; <b>-</b> is what is not known \
or would be told by too few requests.</p>\n</section>\n";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::report::samples;

    #[test]
    fn the_page_is_whole_and_needs_nothing_else() {
        let mut report = samples::two_models();
        report.notes = vec!["too few for `p99`".into()];
        let page = write(&report);
        assert_eq!(page.matches("<svg").count(), 4 + 2 * 3);
        assert_eq!(page.matches("<figure>").count(), page.matches("</figure>").count());
        assert_eq!(page.matches("data-key=\"ttftMs.p50\"").count(), 2);
        assert!(page.contains("<li>too few for <code>p99</code></li>"));
        for absent in ["NaN", "inf", "<script", "src=", "@import", "url("] {
            assert!(!page.contains(absent), "{absent}");
        }
        // The endpoint is text; nothing links to it.
        assert_eq!(page.matches("http").count(), 1);
    }

    #[test]
    fn names_cannot_break_the_page() {
        let mut report = samples::two_models();
        report.models[0].model = "<b>\"x\" & 'y'\u{0}</b>".into();
        let page = write(&report);
        assert!(!page.contains("<b>\"x") && !page.contains('\0'));
        assert!(page.contains("&lt;b&gt;&quot;x&quot; &amp; &#39;y&#39; &lt;/b&gt;"));
    }

    #[test]
    fn a_model_without_answers_has_a_table_and_no_charts() {
        let mut report = samples::two_models();
        report.models = vec![crate::bench::report::ModelReport { model: "m".into(), ..Default::default() }];
        let page = write(&report);
        assert!(!page.contains("<svg") && !page.contains("<figure>"));
        assert!(page.contains("data-key=\"ttftMs.p50\" data-value=\"\">-<"));
    }
}
