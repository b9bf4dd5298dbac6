//! `outcrop chat`: one turn, streamed to stdout.

use super::answer;
use super::args::{Chat, Global};
use super::input;
use super::out::Out;
use super::report::Report;
use super::session::{Naming, Session};
use crate::Env;
use crate::converse::{ConverseRequest, InferenceConfiguration, Message};
use crate::error::Error;

pub(super) async fn run(env: &Env, global: &Global, args: &Chat, out: &Out) -> Result<(), Report> {
    let plain = |error: Error| Report::plain(&error);
    let prompt = input::prompt(&args.prompt).await.map_err(plain)?;
    let Some(prompt) = prompt else {
        return Err(Report::usage("the prompt is empty: give it as an argument or on standard input"));
    };
    let system = args.system.as_deref().map(|text| input::text_or_file(text, "--system"));
    let system = system.transpose().map_err(plain)?;
    let mut session = Session::open(env, global, &args.call, None, Naming::Resolved, out).await?;
    let said = &session.connection.config;
    let system = system.or_else(|| said.chat.system.as_ref().map(|system| system.value.clone()));
    let mut request = ConverseRequest::new(&session.choice.model.value).message(Message::user(prompt));
    if let Some(system) = system.filter(|text| !text.trim().is_empty()) {
        request = request.system(system);
    }
    let inference = InferenceConfiguration {
        max_tokens: args.max_tokens.or(said.chat.max_tokens.as_ref().map(|tokens| tokens.value)),
        temperature: args.temperature.or(said.chat.temperature.as_ref().map(|temperature| temperature.value)),
        top_p: said.chat.top_p.as_ref().map(|top_p| top_p.value),
        ..InferenceConfiguration::default()
    };
    if inference != InferenceConfiguration::default() {
        request.inference_config = Some(inference);
    }
    request.guardrail_config = said.guardrail.as_ref().map(|guardrail| guardrail.value.clone());
    let body = serde_json::to_vec(&request).map_err(|problem| {
        Report::plain(&Error::InvalidRequest(format!("the request cannot be written ({problem})").into()))
    })?;
    answer::run(&mut session, &args.call, body.into(), out).await
}
