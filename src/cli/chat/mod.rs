//! `outcrop chat`: one turn, streamed to stdout, or a conversation on a terminal.
//!
//! The walk: what was typed is read, the model is found, the request is prepared for it, and the answer is
//! shown as it comes.

mod attach;
mod command;
mod conversation;
mod count_tokens;
mod dry_run;
mod history;
mod interactive;
mod json_file;
mod lines;
mod plan;
mod request;
mod session_file;

pub(super) use plan::Plan;

use super::args::{Chat, Global, Output, ShowThinking};
use super::out::Out;
use super::report::Report;
use super::session::{Naming, Session};
use crate::Env;
use crate::config::Config;
use crate::converse::cost::Tally;
use conversation::Conversation;
use request::Given;
use session_file::{Purpose, SessionFile};

pub(super) async fn run(env: &Env, global: &Global, args: &Chat, out: &Out) -> Result<(), Report> {
    let given = Given::read(args).await.map_err(|error| Report::plain(&error))?;
    let says_nothing = given.turn.content.is_empty();
    let is_conversation =
        Out::is_conversation() && !args.dry_run && !args.count_tokens && args.call.output == Output::Text;
    if says_nothing && !is_conversation {
        return Err(Report::usage("the prompt is empty: give it as an argument or on standard input"));
    }
    let purpose = if args.dry_run || args.count_tokens { Purpose::Read } else { Purpose::Begin };
    let kept = args.session.as_deref().map(|named| SessionFile::open(env, named, purpose));
    let kept = kept.transpose().map_err(|error| Report::plain(&error))?;
    if let Some(warning) = kept.as_ref().and_then(|kept| kept.warning.as_deref()) {
        out.warn(warning);
    }
    let session = Session::open(env, global, &args.call, None, Naming::Resolved, out).await?;
    let config = &session.connection.config;
    let shows_thinking = shows_thinking(args, config, out);
    let system = given.system(kept.as_ref().and_then(SessionFile::system), config);
    let messages = kept.as_ref().map(SessionFile::messages).unwrap_or_default().to_vec();
    let goes_on = says_nothing || kept.is_some();
    let mut conversation = Conversation {
        env,
        args,
        out,
        session,
        given,
        kept,
        messages,
        system,
        shows_thinking,
        attached: Vec::new(),
        thinking: None,
        tally: Tally::default(),
        goes_on,
    };
    if says_nothing {
        return interactive::run(conversation).await;
    }
    if args.dry_run || args.count_tokens {
        let as_json = global.json || args.call.output != Output::Text;
        let (mut plan, session) = (conversation.plan(), &conversation.session);
        return if args.count_tokens {
            out.while_waiting(count_tokens::run(session, &mut plan, as_json, out)).await
        } else {
            dry_run::run(session, &mut plan, as_json, out).await
        };
    }
    conversation.ask(false).await.map(drop)
}

fn shows_thinking(args: &Chat, config: &Config, out: &Out) -> bool {
    let said = config.chat.show_thinking.as_ref().and_then(|when| ShowThinking::from_name(&when.value));
    match args.model.show_thinking.or(said).unwrap_or(ShowThinking::Auto) {
        ShowThinking::Auto => out.has_footer(),
        ShowThinking::Always => true,
        ShowThinking::Never => false,
    }
}
