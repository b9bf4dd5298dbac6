//! Prints an answer as it comes: text, whole response, or one line an event.
//!
//! What came in one network chunk is written at once, in one write. The text that came before a failure is
//! on stdout when the failure is reported.

mod event_line;
mod sink;
mod stop;

use super::args::{Call, Output};
use super::chat::Plan;
use super::out::Out;
use super::report::Report;
use super::session::Session;
use crate::client::EventStream;
use crate::converse::cost::{Cost, Dollars};
use crate::converse::{ConverseResponse, Fold};
use crate::error::{Error, Result};
use crate::stream::StreamEvent;
use bytes::Bytes;
use sink::Sink;
pub(super) use sink::one_line;
use std::future::Future;
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::{Duration, Instant};

/// What is sent.
pub(super) enum Ask<'a> {
    /// A body that goes as it is.
    Raw(Bytes),
    /// A request that is prepared for each model.
    Prepared(&'a mut Plan),
}

impl Ask<'_> {
    fn plan(&self) -> Option<&Plan> {
        match self {
            Ask::Raw(_) => None,
            Ask::Prepared(plan) => Some(plan),
        }
    }

    fn body(&self) -> Result<Bytes> {
        match self {
            Ask::Raw(body) => Ok(body.clone()),
            Ask::Prepared(plan) => plan.body(),
        }
    }
}

/// How an answer is shown.
#[derive(Clone, Copy)]
pub(super) struct Showing<'a> {
    pub call: &'a Call,
    /// What the model thinks goes to stderr.
    pub thinking: bool,
    /// Ctrl-C ends the answer, which is then whole as far as it came, but for its reason to stop.
    pub interruptible: bool,
    /// Somebody keeps the answer, so that it is read to its end also when nobody reads stdout any more.
    pub kept: bool,
    pub out: &'a Out,
}

/// Asks, shows the answer as it comes, and gives it whole, in the caller's terms.
pub(super) async fn run(
    session: &mut Session,
    mut ask: Ask<'_>,
    showing: Showing<'_>,
) -> Result<ConverseResponse, Report> {
    let Showing { call, out, .. } = showing;
    if call.no_stream && call.output == Output::Jsonl {
        return Err(Report::usage(
            "`--output jsonl` prints events, and `--no-stream` has none; use `--output json`",
        ));
    }
    let began = Instant::now();
    let (response, first) = loop {
        if let Ask::Prepared(plan) = &mut ask {
            plan.fit(session, out).await.map_err(|error| session.report(&error))?;
        }
        match out.while_waiting(once(session, &ask, showing, began)).await {
            Ok(answered) => break answered,
            Err(Tried::Ended(report)) => return Err(*report),
            // Nothing of an answer came, so that another request or another model may give it.
            Err(Tried::Refused(error)) => {
                if let Ask::Prepared(plan) = &mut ask
                    && plan.learn(&error, out)
                {
                    continue;
                }
                let report = session.report(&error);
                if !session.choice.another(&session.connection, &error, out).await {
                    return Err(report);
                }
            }
        }
    };
    session.choice.answered(&session.connection, out);
    let plan = ask.plan();
    if let Some(plan) = plan {
        plan.remember(session, out);
    }
    stop::explain(&response, plan.is_none(), out);
    if out.has_footer() && call.output == Output::Text {
        let cost = plan.and_then(|plan| plan.cost(&response));
        out.footer(&footer(&session.choice.model.value, &response, cost, first, began.elapsed()));
    }
    Ok(response)
}

/// Why there is no answer.
enum Tried {
    /// It was refused before it began.
    Refused(Error),
    /// It failed in a way that another model does not mend, or after it had begun.
    Ended(Box<Report>),
}

/// The answer, and the time to its first piece.
type Answered = (ConverseResponse, Option<Duration>);

async fn once(
    session: &Session,
    ask: &Ask<'_>,
    showing: Showing<'_>,
    began: Instant,
) -> Result<Answered, Tried> {
    let body = ask.body().map_err(|error| Tried::Ended(Box::new(session.report(&error))))?;
    let streams = ask.plan().map_or(!showing.call.no_stream, Plan::streams);
    if streams {
        stream(session, body, ask.plan(), showing, began).await
    } else {
        whole(session, body, ask.plan(), showing).await.map(|response| (response, None))
    }
}

async fn whole(
    session: &Session,
    body: Bytes,
    plan: Option<&Plan>,
    showing: Showing<'_>,
) -> Result<ConverseResponse, Tried> {
    let report = |error: Error| Tried::Ended(Box::new(session.report(&error)));
    let client = &session.connection.client;
    let answered = client.converse_raw(&session.choice.model.value, body).await;
    let (answer, request_id) = answered.map_err(Tried::Refused)?;
    let mut response = crate::client::read_answer(&answer, request_id).map_err(report)?;
    let mut sink = Sink::new(showing);
    // As they would have come: before anything is restored.
    if showing.call.output == Output::Jsonl {
        sink.take_events(&response).map_err(report)?;
    }
    // The answer as it came: nothing that this version does not know is lost.
    let mut line = Some(answer);
    if let Some(plan) = plan.filter(|plan| !plan.leaves_answers()) {
        plan.restore(&mut response);
        line = None;
    }
    sink.take_whole(&response);
    sink.finish(&response, line.as_deref(), plan).map_err(report)?;
    Ok(response)
}

async fn stream(
    session: &Session,
    body: Bytes,
    plan: Option<&Plan>,
    showing: Showing<'_>,
    began: Instant,
) -> Result<Answered, Tried> {
    let report = |error: Error| Tried::Ended(Box::new(session.report(&error)));
    let client = &session.connection.client;
    let begun = client.converse_stream_raw(&session.choice.model.value, body).await;
    let mut events = begun.map_err(Tried::Refused)?;
    let mut sink = Sink::new(showing);
    sink.shows_text = plan.is_none_or(Plan::shows_text_at_once);
    let mut fold = Fold::new();
    let mut first = None;
    // What came is shown before the program ends.
    showing.out.stays_when_interrupted();
    let mut interrupted = pin!(super::interrupted());
    let outcome = loop {
        match or_else(next(&mut events, &mut sink, &mut fold), interrupted.as_mut()).await {
            Some(Ok(Some(is_delta))) => first = first.or_else(|| is_delta.then(|| began.elapsed())),
            Some(Ok(None)) => break Ok(()),
            Some(Err(error)) => break Err(Some(error)),
            None if showing.interruptible => break Ok(()),
            None => break Err(None),
        }
    };
    if !showing.interruptible {
        showing.out.leaves_when_interrupted();
    }
    let flushed = sink.flush();
    let mut response = fold.finish();
    if let Err(error) = outcome {
        return match error {
            Some(error @ Error::StreamException(..)) if first.is_none() && !sink.wrote => {
                Err(Tried::Refused(error))
            }
            error => {
                let began = events.position().events > 0;
                let report = broken_off(session, sink, began.then_some(&response), plan, error.as_ref());
                Err(Tried::Ended(Box::new(report)))
            }
        };
    }
    flushed.map_err(report)?;
    if let Some(plan) = plan {
        plan.restore(&mut response);
    }
    sink.take_late(&response);
    sink.finish(&response, None, plan).map_err(report)?;
    Ok((response, first))
}

/// Shows what there is of an answer that failed, or that Ctrl-C ended where there is no error. It is worth having,
/// whatever its form.
fn broken_off(
    session: &Session,
    mut sink: Sink<'_>,
    response: Option<&ConverseResponse>,
    plan: Option<&Plan>,
    error: Option<&Error>,
) -> Report {
    let shown = match (sink.showing.call.output, response) {
        (Output::Text, Some(response)) => {
            sink.take_late(response);
            sink.flush()
        }
        (Output::Json, Some(response)) => sink.finish(response, None, plan),
        (Output::Jsonl, _) | (_, None) => Ok(()),
    };
    if let Err(error) = shown {
        return session.report(&error);
    }
    match error {
        Some(error) => {
            sink.end_line_on_terminal();
            session.report(error).with_partial_answer(sink.wrote)
        }
        None => Report::interrupted(),
    }
}

/// The outcome of a step; `None` when `interrupted` comes first.
async fn or_else<T>(step: impl Future<Output = T>, mut interrupted: Pin<&mut impl Future>) -> Option<T> {
    let mut step = pin!(step);
    std::future::poll_fn(|context| {
        if interrupted.as_mut().poll(context).is_ready() {
            return Poll::Ready(None);
        }
        step.as_mut().poll(context).map(Some)
    })
    .await
}

/// Takes one event, and tells whether it carried a piece of the answer. `None` at the end of the stream.
async fn next(events: &mut EventStream, sink: &mut Sink<'_>, fold: &mut Fold) -> Result<Option<bool>> {
    let Some(event) = events.next().await? else { return Ok(None) };
    let is_delta = matches!(event, StreamEvent::ContentBlockDelta { .. });
    fold.push(&event);
    sink.take(&event);
    drop(event);
    if sink.showing.call.output == Output::Jsonl
        && let Some((name, payload)) = events.last_payload()
    {
        sink.line(name, payload);
    }
    if !events.is_ready() {
        sink.flush()?;
    }
    Ok(Some(is_delta))
}

fn footer(
    model: &str,
    response: &ConverseResponse,
    cost: Option<Cost>,
    first: Option<Duration>,
    whole: Duration,
) -> String {
    let mut parts = vec![model.to_owned()];
    let output = response.usage.as_ref().map(|usage| usage.output_tokens);
    if let Some(usage) = &response.usage {
        parts.push(format!("{} in", usage.input_tokens));
        if let Some(cached) = usage.cache_read_input_tokens.filter(|&cached| cached > 0) {
            parts.push(format!("{cached} cached"));
        }
        parts.push(format!("{} out", usage.output_tokens));
    }
    parts.extend(cost.and_then(|cost| cost.total).map(|total| Dollars(total).to_string()));
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
