//! Prints an answer as it comes: text, whole response, or one line an event.
//!
//! What came in one network chunk is written at once, in one write. The text that came before a failure is
//! on stdout when the failure is reported.

use super::args::{Call, Output};
use super::out::Out;
use super::report::Report;
use super::session::Session;
use crate::client::EventStream;
use crate::converse::{ConverseResponse, Fold, StopReason};
use crate::error::{Error, Result};
use crate::stream::{BlockDelta, StreamEvent, members};
use bytes::Bytes;
use std::io::IsTerminal;
use std::time::{Duration, Instant};

pub(super) async fn run(session: &mut Session, call: &Call, body: Bytes, out: &Out) -> Result<(), Report> {
    if call.no_stream && call.output == Output::Jsonl {
        return Err(Report::usage(
            "`--output jsonl` prints events, and `--no-stream` has none; use `--output json`",
        ));
    }
    let began = Instant::now();
    let (response, first) = loop {
        let tried = if call.no_stream {
            whole(session, call, body.clone(), out).await.map(|response| (response, None))
        } else {
            stream(session, call, body.clone(), out, began).await
        };
        match tried {
            Ok(answered) => break answered,
            Err(Tried::Ended(report)) => return Err(*report),
            // Nothing of an answer came, so that another model may give it.
            Err(Tried::Refused(error)) => {
                let report = session.report(&error);
                if !session.choice.another(&session.connection, &error, out).await {
                    return Err(report);
                }
            }
        }
    };
    session.choice.answered(&session.connection, out);
    explain_stop(&response, out);
    if out.has_footer() && call.output == Output::Text {
        out.footer(&footer(&session.choice.model.value, &response, first, began.elapsed()));
    }
    Ok(())
}

/// Why there is no answer.
enum Tried {
    /// It was refused before it began.
    Refused(Error),
    /// It failed in a way that another model does not mend, or after it had begun.
    Ended(Box<Report>),
}

async fn whole(session: &Session, call: &Call, body: Bytes, out: &Out) -> Result<ConverseResponse, Tried> {
    let report = |error: Error| Tried::Ended(Box::new(session.report(&error)));
    let client = &session.connection.client;
    let answered = client.converse_raw(&session.choice.model.value, body).await;
    let (answer, request_id) = answered.map_err(Tried::Refused)?;
    let response = crate::client::read_answer(&answer, request_id).map_err(report)?;
    let printed = match call.output {
        Output::Text => {
            let mut text = response.text();
            end_line(&mut text);
            out.data(text.as_bytes())
        }
        // The answer as it came: nothing that this version does not know is lost.
        Output::Json | Output::Jsonl => {
            let mut line = answer.to_vec();
            line.push(b'\n');
            out.data(&line)
        }
    };
    printed.map_err(report)?;
    Ok(response)
}

async fn stream(
    session: &Session,
    call: &Call,
    body: Bytes,
    out: &Out,
    began: Instant,
) -> Result<(ConverseResponse, Option<Duration>), Tried> {
    let report = |error: Error| Tried::Ended(Box::new(session.report(&error)));
    let client = &session.connection.client;
    let begun = client.converse_stream_raw(&session.choice.model.value, body).await;
    let mut events = begun.map_err(Tried::Refused)?;
    let mut sink = Sink { form: call.output, out, pending: Vec::new(), open_line: false, wrote: false };
    let mut fold = Fold::new();
    let mut first = None;
    let outcome = loop {
        match next(&mut events, &mut sink, &mut fold).await {
            Ok(Some(is_delta)) => first = first.or_else(|| is_delta.then(|| began.elapsed())),
            Ok(None) => break Ok(()),
            Err(error) => break Err(error),
        }
    };
    let flushed = sink.flush();
    let response = fold.finish();
    if let Err(error) = outcome {
        if first.is_none() && !sink.wrote && matches!(error, Error::StreamException(..)) {
            return Err(Tried::Refused(error));
        }
        // What came is worth having, whatever its form.
        if call.output == Output::Json && events.position().events > 0 {
            sink.finish(&response).map_err(report)?;
        }
        sink.end_line_on_terminal();
        let report = session.report(&error).with_partial_answer(sink.wrote);
        return Err(Tried::Ended(Box::new(report)));
    }
    flushed.map_err(report)?;
    sink.finish(&response).map_err(report)?;
    Ok((response, first))
}

/// Takes one event, and tells whether it carried a piece of the answer. `None` at the end of the stream.
async fn next(events: &mut EventStream, sink: &mut Sink<'_>, fold: &mut Fold) -> Result<Option<bool>> {
    let Some(event) = events.next().await? else { return Ok(None) };
    let is_delta = matches!(event, StreamEvent::ContentBlockDelta { .. });
    fold.push(&event);
    sink.take(&event);
    drop(event);
    if sink.form == Output::Jsonl
        && let Some((name, payload)) = events.last_payload()
    {
        sink.line(name, payload);
    }
    if !events.is_ready() {
        sink.flush()?;
    }
    Ok(Some(is_delta))
}

/// Gathers what one network chunk brought.
struct Sink<'a> {
    form: Output,
    out: &'a Out,
    pending: Vec<u8>,
    /// The last thing written did not end its line.
    open_line: bool,
    /// Something was written.
    wrote: bool,
}

impl Sink<'_> {
    fn take(&mut self, event: &StreamEvent<'_>) {
        if let (Output::Text, StreamEvent::ContentBlockDelta { delta: BlockDelta::Text(text), .. }) =
            (self.form, event)
        {
            self.pending.extend_from_slice(text.as_bytes());
        }
    }

    /// One event as Bedrock sent it, without its padding.
    fn line(&mut self, name: &str, payload: &[u8]) {
        let name = serde_json::Value::from(name).to_string();
        self.pending.extend_from_slice(format!("{{{name}:").as_bytes());
        match members::read(payload) {
            Ok(list) => {
                self.pending.extend(members::write(list.iter().filter(|(member, _)| member != "p")));
            }
            // An event of a later version may carry anything.
            Err(_) => self.pending.extend_from_slice(
                serde_json::Value::from(String::from_utf8_lossy(payload)).to_string().as_bytes(),
            ),
        }
        self.pending.extend_from_slice(b"}\n");
    }

    fn flush(&mut self) -> Result<()> {
        if let Some(&last) = self.pending.last() {
            self.open_line = last != b'\n';
            self.wrote = true;
        }
        let written = self.out.data(&self.pending);
        self.pending.clear();
        written
    }

    fn finish(&mut self, response: &ConverseResponse) -> Result<()> {
        match self.form {
            Output::Text if self.open_line => self.pending.push(b'\n'),
            Output::Text | Output::Jsonl => {}
            Output::Json => {
                self.pending = serde_json::to_vec(response).map_err(|problem| {
                    Error::InvalidRequest(format!("the answer cannot be written ({problem})").into())
                })?;
                self.pending.push(b'\n');
            }
        }
        self.flush()
    }

    /// On a terminal an error begins on a line of its own; a file gets exactly what came.
    fn end_line_on_terminal(&mut self) {
        if self.open_line && std::io::stdout().is_terminal() {
            let _ = self.out.data(b"\n");
        }
    }
}

fn end_line(text: &mut String) {
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
}

/// What the user should know about the reason why the model stopped.
fn explain_stop(response: &ConverseResponse, out: &Out) {
    let Some(reason) = &response.stop_reason else { return };
    match reason {
        StopReason::EndTurn | StopReason::StopSequence => {}
        StopReason::ToolUse => out.note("the model asks for a tool; see it with `--output json`"),
        StopReason::MaxTokens => {
            out.note("the answer is cut: it reached its limit of tokens (raise it with `--max-tokens`)");
        }
        StopReason::GuardrailIntervened => out.note("a guardrail replaced or ended the answer"),
        StopReason::ContentFiltered => out.note("a content filter ended the answer"),
        StopReason::ModelContextWindowExceeded => {
            out.note("the answer is cut: the model's context window is full");
        }
        StopReason::MalformedModelOutput => {
            out.note("the model's output was malformed; what there was is printed")
        }
        StopReason::MalformedToolUse => out.note("the model's call of a tool was malformed"),
        StopReason::Refusal => out.note("the model refuses to answer"),
        StopReason::Unknown(reason) => out.note(&format!("the model stopped for `{reason}`")),
    }
}

fn footer(model: &str, response: &ConverseResponse, first: Option<Duration>, whole: Duration) -> String {
    let mut parts = vec![model.to_owned()];
    let output = response.usage.as_ref().map(|usage| usage.output_tokens);
    if let Some(usage) = &response.usage {
        parts.push(format!("{} in", usage.input_tokens));
        if let Some(cached) = usage.cache_read_input_tokens.filter(|&cached| cached > 0) {
            parts.push(format!("{cached} cached"));
        }
        parts.push(format!("{} out", usage.output_tokens));
    }
    if let Some(first) = first {
        parts.push(format!("first token {} ms", first.as_millis()));
        let rest = whole.saturating_sub(first).as_secs_f64();
        if let Some(output) = output.filter(|_| rest > 0.01) {
            let pace = f64::from(u32::try_from(output).unwrap_or(u32::MAX)) / rest;
            parts.push(format!("{pace:.0} tokens/s"));
        }
    }
    parts.join(" · ")
}
