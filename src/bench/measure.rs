//! One stream with a watch in hand.
//!
//! A piece of the answer has come when the chunk of the network that completes it has: pieces of one chunk came at
//! the same time. No piece costs an allocation, but for the list of pauses, which grows by doubling.

use super::sample::Sample;
use crate::catalog::facts::{Family, Price};
use crate::client::{Client, EventStream};
use crate::converse::cost::{Cost, TokenCounts};
use crate::converse::{ConverseResponse, StreamMetadata};
use crate::error::{Error, ErrorKind, Result, ServiceClass};
use crate::stream::StreamEvent;
use bytes::Bytes;
use std::time::Instant;

/// Whom to ask, and what.
#[derive(Debug)]
pub(crate) struct Target {
    pub client: Client,
    pub model: String,
    /// The request, ready to be sent.
    pub body: Bytes,
    pub family: Family,
    pub price: Option<Price>,
}

/// Sends the request that is `due`, and reads the answer to its end.
/// `sample` holds at every moment what has come, since whoever waits may give up.
pub(crate) async fn one(target: &Target, due: Instant, sample: &mut Sample) -> Option<Error> {
    sample.delay = due.elapsed();
    let outcome = ask(target, due, sample).await;
    sample.latency = due.elapsed();
    let error = outcome.err();
    if let Some(error) = &error {
        sample.failure = Some(error.kind().as_str());
        sample.attempts = sample.attempts.max(error.attempts().unwrap_or(1));
        sample.is_throttled = matches!(
            error.kind(),
            ErrorKind::Service(ServiceClass::Throttled) | ErrorKind::StreamException(ServiceClass::Throttled)
        );
    }
    error
}

async fn ask(target: &Target, due: Instant, sample: &mut Sample) -> Result<()> {
    let mut events = target.client.converse_stream_raw(&target.model, target.body.clone()).await?;
    sample.attempts = events.attempts();
    let mut end = ConverseResponse::default();
    let outcome = read(&mut events, due, sample, &mut end).await;
    sample.received(events.position());
    if let Some(usage) = &end.usage {
        let counts = TokenCounts::new(usage, target.family);
        (sample.input_tokens, sample.output_tokens) = (Some(counts.prompt()), Some(counts.output));
    }
    sample.cost = Cost::of(&end, target.family, target.price.as_ref()).and_then(|cost| cost.total);
    outcome
}

/// Reads to the end. `end` gets what the service tells of the answer.
async fn read(
    events: &mut EventStream,
    due: Instant,
    sample: &mut Sample,
    end: &mut ConverseResponse,
) -> Result<()> {
    let mut came = due;
    let mut last: Option<Instant> = None;
    loop {
        let is_here = events.is_ready();
        if !is_here {
            sample.received(events.position());
        }
        let Some(event) = events.next().await? else { return Ok(()) };
        if !is_here {
            came = Instant::now();
        }
        match event {
            StreamEvent::ContentBlockDelta { .. } => {
                match last {
                    None => sample.first = Some(came - due),
                    Some(last) => {
                        let gap_us = (came - last).as_micros();
                        sample.gaps_us.push(u32::try_from(gap_us).unwrap_or(u32::MAX));
                    }
                }
                last = Some(came);
            }
            StreamEvent::Metadata(metadata) => {
                let StreamMetadata { usage, performance_config, service_tier, .. } =
                    StreamMetadata::clone(&metadata);
                (end.usage, end.performance_config, end.service_tier) =
                    (usage, performance_config, service_tier);
            }
            StreamEvent::MessageStart { .. }
            | StreamEvent::ContentBlockStart { .. }
            | StreamEvent::ContentBlockStop { .. }
            | StreamEvent::MessageStop { .. }
            | StreamEvent::Unknown { .. } => {}
        }
    }
}
