//! `outcrop chat --count-tokens`: how many tokens the request has, as Bedrock counts them for its model.
//!
//! The request is the one that would be sent, prepared and with the conversation so far. The model is not called and
//! nothing is kept. No other model is asked in its place: it would count in another way.

use super::Plan;
use crate::cli::out::Out;
use crate::cli::report::Report;
use crate::cli::session::Session;
use crate::error::{Error, Result, ServiceClass};
use serde_json::json;

/// Prints the number, or `as_json` an object with the model and with what was adjusted for it.
pub(super) async fn run(session: &Session, plan: &mut Plan, as_json: bool, out: &Out) -> Result<(), Report> {
    plan.fit(session, out).await.map_err(|error| session.report(&error))?;
    let tokens = loop {
        match count(session, plan).await {
            Ok(tokens) => break tokens,
            // As with a call: what the model refuses is left out, and does not count.
            Err(error) if plan.learn(&error, out) => {}
            Err(error) => return Err(report(session, &error)),
        }
    };
    let model_id = &session.choice.model.value;
    let text = if as_json {
        json!({ "modelId": model_id, "inputTokens": tokens, "adjustments": plan.adjustments_json() })
            .to_string()
    } else {
        tokens.to_string()
    };
    out.data(format!("{text}\n").as_bytes()).map_err(|error| session.report(&error))
}

async fn count(session: &Session, plan: &Plan) -> Result<u64> {
    let Some(request) = plan.request() else { return Ok(0) };
    session.connection.client.count_tokens(request).await
}

/// Bedrock counts for few models and says so in a sentence that has no code of its own.
fn report(session: &Session, error: &Error) -> Report {
    let report = session.report(error);
    let is_uncounted = error.service_failure().is_some_and(|failure| {
        failure.class == ServiceClass::Validation && failure.message.contains("counting tokens")
    });
    if !is_uncounted {
        return report;
    }
    let model_id = &session.choice.model.value;
    report.with_message(format!("Bedrock does not count tokens for `{model_id}`")).with_hints(vec![format!(
        "a call tells it too: `outcrop chat -m {model_id} --max-tokens 1 --output json \"hello\"`"
    )])
}
