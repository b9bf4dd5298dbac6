//! Probes: one tiny streamed call of each model, to see whether it answers.

use crate::cli::args::ModelsStatus;
use crate::cli::report::{Facts, Report};
use crate::client::Client;
use crate::converse::{ConverseRequest, Message};
use crate::error::{Error, ErrorKind, ServiceClass, Timeout, Waiting};
use crate::origin::{Origin, Sourced};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// What is asked. Words are few, since every one is paid for.
const QUESTION: &str = "Reply with OK.";

/// What a probe showed.
pub(super) struct Probe {
    pub(super) model: String,
    /// Milliseconds to the end of the answer, or why there was none.
    pub(super) outcome: Result<u128, Box<Failed>>,
}

pub(super) struct Failed {
    /// OpenClaw's words: `auth`, `rate_limit`, `timeout`, `format`, `unknown`.
    pub(super) status: &'static str,
    pub(super) report: Report,
}

/// Calls each model once, some at the same time. The order of the results is that of the models.
pub(super) async fn run(client: &Client, models: &[String], args: &ModelsStatus) -> Vec<Probe> {
    let permits = Arc::new(Semaphore::new(usize::try_from(args.probe_concurrency).unwrap_or(1)));
    let (limit, tokens) = (args.probe_timeout, args.probe_max_tokens);
    let mut running = JoinSet::new();
    for (at, model) in models.iter().cloned().enumerate() {
        let (client, permits) = (client.clone(), Arc::clone(&permits));
        running.spawn(async move {
            // The permits are never closed.
            let _permit = permits.acquire().await;
            (at, probe(&client, model, tokens, limit).await)
        });
    }
    let mut probes = Vec::new();
    while let Some(ended) = running.join_next().await {
        probes.extend(ended.ok());
    }
    probes.sort_by_key(|(at, _)| *at);
    probes.into_iter().map(|(_, probe)| probe).collect()
}

async fn probe(client: &Client, model: String, tokens: u32, limit: Duration) -> Probe {
    let request = ConverseRequest::new(&model).message(Message::user(QUESTION)).max_tokens(tokens);
    let began = Instant::now();
    let call = async { client.converse_stream(&request).await?.collect().await };
    let outcome = match tokio::time::timeout(limit, call).await {
        Ok(Ok(_)) => Ok(began.elapsed().as_millis()),
        Ok(Err(error)) => Err(error),
        Err(_elapsed) => Err(Error::Timeout(Box::new(Timeout::new(Waiting::Whole, limit)))),
    };
    let outcome = outcome.map_err(|error| {
        let named = Sourced::new(model.clone(), Origin::Code);
        let facts = Facts { model: Some(&named), client: Some(client) };
        let mut report = Report::new(&error, &facts);
        if matches!(&error, Error::Timeout(timeout) if timeout.waiting == Waiting::Whole) {
            report = report.with_hints(vec!["allow more time with `--probe-timeout 30s`".to_owned()]);
        }
        Box::new(Failed { status: status(&error), report })
    });
    Probe { model, outcome }
}

fn status(error: &Error) -> &'static str {
    match error.kind() {
        ErrorKind::NoCredentials | ErrorKind::BrokenSource => "auth",
        ErrorKind::Timeout(_) => "timeout",
        ErrorKind::Service(class) => match class {
            ServiceClass::AccessDenied
            | ServiceClass::ModelNotGranted
            | ServiceClass::CredentialsExpired
            | ServiceClass::CredentialsRejected
            | ServiceClass::ClockSkew => "auth",
            ServiceClass::Throttled | ServiceClass::QuotaExceeded => "rate_limit",
            ServiceClass::Validation
            | ServiceClass::NeedsProfile
            | ServiceClass::ModelNotFound
            | ServiceClass::ContextOverflow => "format",
            ServiceClass::ModelTimeout => "timeout",
            ServiceClass::ModelNotReady
            | ServiceClass::ModelError
            | ServiceClass::Internal
            | ServiceClass::Unavailable
            | ServiceClass::Other => "unknown",
        },
        _ => "unknown",
    }
}
