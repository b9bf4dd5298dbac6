//! `outcrop chat --dry-run`: the request as it would be sent, and what was adjusted for the model and why.
//!
//! Nothing is sent, and credentials are not looked for.

use super::Plan;
use super::plan::sentence;
use crate::cli::out::Out;
use crate::cli::report::Report;
use crate::cli::session::Session;
use crate::converse::ConverseRequest;
use crate::error::Error;
use serde::Serialize;
use serde_json::Value;

/// A request with the model that goes into the URL.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Shown<'a> {
    model_id: &'a str,
    #[serde(flatten)]
    request: &'a ConverseRequest,
}

#[derive(Serialize)]
struct Both<'a> {
    request: Shown<'a>,
    adjustments: Value,
}

/// Prints the request on stdout and the adjustments on stderr, or `as_json` both in one object on stdout.
pub(super) async fn run(session: &Session, plan: &mut Plan, as_json: bool, out: &Out) -> Result<(), Report> {
    plan.without_notes();
    plan.fit(session, out).await.map_err(|error| session.report(&error))?;
    let Some(request) = plan.request() else { return Ok(()) };
    let shown = Shown { model_id: &request.model_id, request };
    let text = if as_json {
        serde_json::to_string_pretty(&Both { request: shown, adjustments: plan.adjustments_json() })
    } else {
        serde_json::to_string_pretty(&shown)
    };
    let text = text.map_err(|problem| {
        session.report(&Error::InvalidRequest(format!("the request cannot be written ({problem})").into()))
    })?;
    out.data(format!("{text}\n").as_bytes()).map_err(|error| session.report(&error))?;
    // At `-v` they have been told.
    if !as_json && out.verbose() == 0 {
        for adjustment in plan.adjustments() {
            out.adjusted(&sentence(adjustment));
        }
    }
    Ok(())
}
