//! `outcrop embed`: vectors of texts, one JSON line a text, in the order of the texts.
//!
//! A line is written as soon as it and all before it are there. A text that fails has a line too, and the first
//! failure is reported at the end; the others are not lost.

use super::args::{Embed, Global};
use super::input;
use super::out::Out;
use super::report::Report;
use super::session::{Naming, Session};
use crate::Env;
use crate::embed::{EmbedOptions, EmbedRequest, EmbeddingFamily, EmbeddingResult};
use crate::error::{Error, ErrorKind, Result, ServiceClass};
use serde::Serialize;
use std::io::{self, IsTerminal};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Embeds in the demo; elsewhere a model is named, since it costs money.
const DEMO_MODEL: &str = "amazon.titan-embed-text-v2:0";

/// Work shorter than this shows no progress, and the line does not change more often.
const PROGRESS_EVERY: Duration = Duration::from_millis(500);

pub(super) async fn run(env: &Env, global: &Global, args: &Embed, out: &Out) -> Result<(), Report> {
    if args.model.is_none() && !global.demo {
        return Err(Report::usage("no embedding model is named").with_hints(vec![
            "name one: `outcrop embed --model amazon.titan-embed-text-v2:0 \"hello\"`".into(),
            "or try it without an account: `outcrop embed --demo \"hello\"`".into(),
        ]));
    }
    let texts = texts(&args.texts).await?;
    let demo = Some(DEMO_MODEL.to_owned());
    let session = Session::open(env, global, &args.call(), demo, Naming::Resolved, out).await?;
    let mut request = EmbedRequest::new(&session.choice.model.value).texts(texts);
    request.family = configured_family(&session);
    request.options =
        EmbedOptions { kind: args.kind(), dimensions: args.dimensions, normalize: args.normalization() };
    request.concurrency = usize::try_from(args.concurrency).unwrap_or(1);
    let mut lines = Lines::new(&session, request.texts.len(), out);
    let each = |at, result: EmbeddingResult| lines.write(at, &result);
    let embedded = session.connection.client.embed_each(&request, each).await;
    lines.end(embedded).map_err(|report| *report)
}

/// The arguments, or the lines of stdin.
async fn texts(arguments: &[String]) -> Result<Vec<String>, Report> {
    if !arguments.is_empty() {
        return Ok(arguments.to_vec());
    }
    let nothing = || {
        Report::usage("there is no text to embed").with_hints(vec![
            "give texts as arguments, or as lines of standard input: `outcrop embed --demo \"hello\"`".into(),
        ])
    };
    if io::stdin().is_terminal() {
        return Err(nothing());
    }
    let bytes = input::stdin().await.map_err(|error| {
        let report = Report::plain(&error);
        let is_long =
            matches!(&error, Error::Io(failure) if failure.source.kind() == io::ErrorKind::FileTooLarge);
        let parts =
            || vec!["give it in parts, each to a call of its own: `split -C 32M` makes them".to_owned()];
        if is_long { report.with_hints(parts()) } else { report }
    })?;
    let lines = lines(&bytes).map_err(|error| Report::plain(&error))?;
    if lines.is_empty() { Err(nothing()) } else { Ok(lines) }
}

/// The lines of a text, blank ones too, so that their numbers are those of the input.
fn lines(bytes: &[u8]) -> Result<Vec<String>> {
    let text = std::str::from_utf8(bytes).map_err(|problem| {
        let before = bytes.get(..problem.valid_up_to()).unwrap_or_default();
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        Error::InvalidRequest(format!("line {line} of standard input is no UTF-8 text").into())
    })?;
    Ok(text.lines().map(str::to_owned).collect())
}

/// The family that the configuration tells for an id or ARN that does not.
fn configured_family(session: &Session) -> Option<EmbeddingFamily> {
    let mut models = session.connection.config.provider.models.iter();
    let model = models.find(|model| model.id.value == session.choice.model.value)?;
    EmbeddingFamily::of(&model.canonical_model_id.as_ref()?.value)
}

/// A line of stdout for a vector.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Line<'a> {
    index: usize,
    embedding: &'a [f32],
    input_tokens: Option<u64>,
}

/// What is written, and what was seen on the way.
struct Lines<'a> {
    session: &'a Session,
    out: &'a Out,
    texts: usize,
    began: Instant,
    shown: Instant,
    dimensions: usize,
    failed: usize,
    first_failure: Option<(usize, Arc<Error>)>,
}

impl<'a> Lines<'a> {
    fn new(session: &'a Session, texts: usize, out: &'a Out) -> Self {
        let now = Instant::now();
        Self { session, out, texts, began: now, shown: now, dimensions: 0, failed: 0, first_failure: None }
    }

    /// An error in words of texts.
    fn report(&self, error: &Error) -> Report {
        let report = self.session.report(error);
        if error.kind() != ErrorKind::Service(ServiceClass::ContextOverflow) {
            return report;
        }
        let report = report.with_message("the text is longer than the model takes".to_owned());
        report.with_hints(vec!["shorten the text, or split it".to_owned()])
    }

    fn write(&mut self, index: usize, result: &EmbeddingResult) -> Result<()> {
        let line = match result {
            Ok(embedding) => {
                self.dimensions = embedding.vector.len();
                let (embedding, input_tokens) = (embedding.vector.as_slice(), embedding.input_tokens);
                serde_json::to_string(&Line { index, embedding, input_tokens }).unwrap_or_default()
            }
            Err(error) => {
                self.failed += 1;
                self.first_failure.get_or_insert_with(|| (index, Arc::clone(error)));
                format!(r#"{{"index":{index},"error":{}}}"#, self.report(error).to_json())
            }
        };
        self.out.data(format!("{line}\n").as_bytes())?;
        if self.shown.elapsed() >= PROGRESS_EVERY {
            self.shown = Instant::now();
            self.out.progress(&format!("{} of {} texts", index + 1, self.texts));
        }
        Ok(())
    }

    /// The footer, or the first failure.
    fn end(self, embedded: Result<Option<u64>>) -> Result<(), Box<Report>> {
        self.out.progress("");
        let input_tokens = embedded.map_err(|error| Box::new(self.report(&error)))?;
        if self.out.has_footer() {
            let seconds = self.began.elapsed().as_secs_f64();
            let tokens = input_tokens.map_or_else(String::new, |tokens| format!(" · {tokens} tokens"));
            let (model, done) = (&self.session.choice.model.value, self.texts - self.failed);
            self.out.footer(&format!(
                "{model} · {done} vectors of {} dimensions{tokens} · {seconds:.1} s",
                self.dimensions
            ));
        }
        let Some((index, error)) = &self.first_failure else { return Ok(()) };
        if self.texts > 1 {
            self.out.note(&format!("{} of {} texts failed, first index {index}", self.failed, self.texts));
        }
        Err(Box::new(self.report(error)))
    }
}

#[cfg(test)]
mod tests {
    use super::lines;

    #[test]
    fn each_line_is_a_text_and_blank_ones_count() {
        for (input, expected) in [
            ("", vec![]),
            ("a", vec!["a"]),
            ("a\n", vec!["a"]),
            ("a\r\nb", vec!["a", "b"]),
            ("a\n\n b \n", vec!["a", "", " b "]),
        ] {
            assert_eq!(lines(input.as_bytes()).unwrap(), expected, "{input:?}");
        }
        let refused = lines(b"a\nb\n\xff\n").unwrap_err();
        assert_eq!(refused.to_string(), "line 3 of standard input is no UTF-8 text");
    }
}
