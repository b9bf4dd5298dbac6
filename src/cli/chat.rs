//! `outcrop chat`: one turn, streamed to stdout.

use super::answer;
use super::args::{Chat, Global};
use super::input;
use super::out::Out;
use super::report::Report;
use super::session::Session;
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
    let session = Session::open(env, global, &args.call, None, out).await?;
    let mut request = ConverseRequest::new(&session.model.value).message(Message::user(prompt));
    if let Some(system) = system.filter(|text| !text.trim().is_empty()) {
        request = request.system(system);
    }
    if args.max_tokens.is_some() || args.temperature.is_some() {
        request.inference_config = Some(InferenceConfiguration {
            max_tokens: args.max_tokens,
            temperature: args.temperature,
            ..InferenceConfiguration::default()
        });
    }
    let body = serde_json::to_vec(&request).map_err(|problem| {
        Report::plain(&Error::InvalidRequest(format!("the request cannot be written ({problem})").into()))
    })?;
    answer::run(&session, &args.call, body.into(), out).await
}
