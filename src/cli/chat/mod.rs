//! `outcrop chat`: one turn, streamed to stdout.
//!
//! The walk: what was typed is read, the model is found, the request is prepared for it, and the answer is
//! shown as it comes.

mod attach;
mod dry_run;
mod json_file;
mod plan;
mod request;
mod session_file;
mod structured;

pub(super) use plan::Plan;

use super::answer::{self, Ask, Showing};
use super::args::{Chat, Global, Output, ShowThinking};
use super::out::Out;
use super::report::Report;
use super::session::{Naming, Session};
use crate::Env;
use crate::config::Config;
use request::Given;
use session_file::{NewTurn, SessionFile};

pub(super) async fn run(env: &Env, global: &Global, args: &Chat, out: &Out) -> Result<(), Report> {
    let given = Given::read(args).await.map_err(|error| Report::plain(&error))?;
    let Some(given) = given else {
        return Err(Report::usage("the prompt is empty: give it as an argument or on standard input"));
    };
    let kept = args.session.as_deref().map(|named| SessionFile::open(env, named, args.dry_run));
    let mut kept = kept.transpose().map_err(|error| Report::plain(&error))?;
    if let Some(warning) = kept.as_ref().and_then(|kept| kept.warning.as_deref()) {
        out.warn(warning);
    }
    let mut session = Session::open(env, global, &args.call, None, Naming::Resolved, out).await?;
    let config = &session.connection.config;
    let system = given.system(kept.as_ref().and_then(SessionFile::system), config);
    let history = kept.as_ref().map(SessionFile::messages).unwrap_or_default();
    let wish = given.request(args, config, history, system.as_deref());
    let mut plan = Plan::new(wish, given.options(args, config), !args.call.no_stream);
    if args.dry_run {
        let as_json = global.json || args.call.output != Output::Text;
        return dry_run::run(&session, &mut plan, as_json, out).await;
    }
    let thinking = shows_thinking(args, config, out);
    let showing = Showing { call: &args.call, thinking, out };
    let response = answer::run(&mut session, Ask::Prepared(&mut plan), showing).await?;
    if let Some(kept) = &mut kept {
        let model_id = &session.choice.model.value;
        let turn = NewTurn { user: &given.turn, response: &response, model_id, system: system.as_deref() };
        kept.append(&turn).map_err(|error| session.report(&error))?;
    }
    Ok(())
}

fn shows_thinking(args: &Chat, config: &Config, out: &Out) -> bool {
    let said = config.chat.show_thinking.as_ref().and_then(|when| ShowThinking::from_name(&when.value));
    match args.model.show_thinking.or(said).unwrap_or(ShowThinking::Auto) {
        ShowThinking::Auto => out.has_footer(),
        ShowThinking::Always => true,
        ShowThinking::Never => false,
    }
}
