//! A conversation with a person: what it holds, and what commands and turns make of it.
//!
//! It does not read lines. A turn that fails is not part of the conversation, so that the next one works; one that
//! is stopped is, as far as it came.

use super::command::{Command, HELP};
use super::request::Given;
use super::session_file::{NewTurn, Purpose, SessionFile};
use super::{Plan, attach};
use crate::Env;
use crate::cli::answer::{self, Ask, Showing};
use crate::cli::args::Chat;
use crate::cli::model::Choice;
use crate::cli::out::Out;
use crate::cli::report::Report;
use crate::cli::session::{Naming, Session};
use crate::converse::cost::Tally;
use crate::converse::prepare::ThinkingLevel;
use crate::converse::{ContentBlock, ConverseOutput, ConverseResponse, Message, Role};
use crate::error::{Error, Result};
use crate::origin::{Origin, Sourced};
use std::future::Future;
use std::pin::pin;
use std::task::Poll;

/// The conversation and what it is led with.
pub(super) struct Conversation<'a> {
    pub(super) env: &'a Env,
    pub(super) args: &'a Chat,
    pub(super) out: &'a Out,
    pub(super) session: Session,
    pub(super) given: Given,
    pub(super) kept: Option<SessionFile>,
    pub(super) messages: Vec<Message>,
    pub(super) system: Option<String>,
    pub(super) shows_thinking: bool,
    /// What goes along with the next turn.
    pub(super) attached: Vec<ContentBlock>,
    pub(super) thinking: Option<ThinkingLevel>,
    pub(super) tally: Tally,
    /// Whether more turns may follow.
    pub(super) goes_on: bool,
}

/// Whether the conversation goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Then {
    GoOn,
    Leave,
}

impl Conversation<'_> {
    /// Does what a line says. Only what ends the conversation is an error.
    pub(super) async fn take(&mut self, line: &str) -> Result<Then, Report> {
        let done = match Command::read(line) {
            Err(problem) => Err(unusable(problem)),
            Ok(Command::Exit) => return Ok(Then::Leave),
            Ok(Command::Say(text)) if text.trim().is_empty() => Ok(()),
            Ok(Command::Say(text)) => self.say(text).await,
            Ok(command) => self.change(command).await,
        };
        match done {
            Err(report) if report.is_closed_pipe => Err(report),
            Err(report) => {
                self.out.fail(&report);
                Ok(Then::GoOn)
            }
            Ok(()) => Ok(Then::GoOn),
        }
    }

    /// One turn: the text, and what is attached.
    async fn say(&mut self, text: &str) -> Result<(), Report> {
        let content = self.attached.iter().cloned().chain([ContentBlock::text(text)]);
        self.given.turn = Message::new(Role::User, content);
        let Some(answered) = unless_interrupted(self.ask(true)).await else {
            self.out.interrupted();
            self.out.note("stopped before an answer came; the turn is taken back");
            return Ok(());
        };
        if !answered? {
            self.out.note("stopped; what came stays in the conversation");
        }
        Ok(())
    }

    /// The request for the turn that is given, prepared for no model yet.
    pub(super) fn plan(&self) -> Plan {
        let wish = self.given.request(self.args, &self.messages, self.system.as_deref());
        let mut options = self.given.options(self.args, &self.session.connection.config);
        if let Some(level) = self.thinking {
            (options.thinking, options.thinking_budget) = (Some(level), None);
        }
        Plan::new(wish, options, !self.args.call.no_stream).with_defaults(self.goes_on)
    }

    /// Asks for an answer to the turn that is given, shows it and keeps both. False: it was interrupted, which is
    /// heard only where that is said.
    pub(super) async fn ask(&mut self, interruptible: bool) -> Result<bool, Report> {
        let mut plan = self.plan();
        let showing = Showing {
            call: &self.args.call,
            thinking: self.shows_thinking,
            interruptible,
            kept: self.kept.is_some(),
            out: self.out,
        };
        let response = answer::run(&mut self.session, Ask::Prepared(&mut plan), showing).await?;
        self.tally.add(plan.counts(&response), plan.cost(&response));
        let is_whole = response.stop_reason.is_some();
        let is_no_json = is_whole && plan.is_failed_by(&response);
        if !is_whole && response.message().is_none_or(|message| message.content.is_empty()) {
            return Ok(false);
        }
        if let Some(kept) = &mut self.kept {
            let turn = NewTurn {
                user: &self.given.turn,
                response: &response,
                model_id: &self.session.choice.model.value,
                system: self.system.as_deref(),
            };
            kept.append(&turn).map_err(|error| self.session.report(&error))?;
        }
        if let ConverseOutput::Message(message) = response.output {
            self.messages.extend([self.given.turn.clone(), message]);
        }
        self.attached.clear();
        if is_no_json { Err(Report::no_json()) } else { Ok(is_whole) }
    }

    async fn change(&mut self, command: Command<'_>) -> Result<(), Report> {
        let failed = |error| Report::plain(&error);
        match command {
            Command::Model(name) => {
                let typed = Sourced::new(name.to_owned(), Origin::StandardInput);
                let connection = &self.session.connection;
                self.session.choice = Choice::make(connection, typed, Naming::Resolved, self.out).await?;
                self.out.note(&format!("the model is `{}`", self.session.choice.model.value));
            }
            Command::System(None) => {
                self.out.note(self.system.as_deref().unwrap_or("there is no system prompt"))
            }
            Command::System(Some(text)) => self.system = Some(text.to_owned()),
            Command::Image(named) => self.attached.push(attach::image(named).map_err(failed)?),
            Command::File(named) => self.attached.push(attach::document(named).map_err(failed)?),
            Command::Thinking(name) => match ThinkingLevel::from_name(name) {
                Some(level) => self.thinking = Some(level),
                None => {
                    let names = ThinkingLevel::ALL.map(ThinkingLevel::as_str).join("`, `");
                    return Err(unusable(format!("`/thinking` takes one of `{names}`")));
                }
            },
            Command::Save(named) => self.save(named).map_err(failed)?,
            Command::Load(named) => self.load(named).map_err(failed)?,
            Command::Undo => self.undo().map_err(failed)?,
            Command::Clear => {
                self.messages.clear();
                self.attached.clear();
                if self.kept.take().is_some() {
                    self.out.note("the session on disk stays as it is; `/save` keeps the new conversation");
                }
            }
            Command::Usage => self.out.note(&self.tally.to_string()),
            Command::Help => self.out.help(HELP),
            Command::Say(_) | Command::Exit => {}
        }
        Ok(())
    }

    /// Writes the conversation so far to a new file, and keeps what follows there too.
    fn save(&mut self, named: &str) -> Result<()> {
        if self.is_kept_in(named) {
            return Ok(());
        }
        let mut file = SessionFile::open(self.env, named, Purpose::Begin)?;
        if !file.messages().is_empty() {
            let problem = "that session holds a conversation; `/load` goes on with it";
            return Err(Error::InvalidRequest(problem.into()));
        }
        for pair in self.messages.chunks_exact(2) {
            let [user, answer] = pair else { continue };
            let output = ConverseOutput::Message(answer.clone());
            let response = ConverseResponse { output, ..ConverseResponse::default() };
            let model_id = &self.session.choice.model.value;
            let turn = NewTurn { user, response: &response, model_id, system: self.system.as_deref() };
            file.append(&turn)?;
        }
        self.kept = Some(file);
        Ok(())
    }

    fn load(&mut self, named: &str) -> Result<()> {
        // Its lock would keep this program out as well.
        if self.is_kept_in(named) {
            return Ok(());
        }
        let file = SessionFile::open(self.env, named, Purpose::GoOn)?;
        if let Some(warning) = &file.warning {
            self.out.warn(warning);
        }
        self.messages = file.messages().to_vec();
        self.system = file.system().map(str::to_owned).or(self.system.take());
        self.out.note(&format!("{} turns", self.messages.len() / 2));
        self.kept = Some(file);
        Ok(())
    }

    /// Whether the conversation is that of the file already.
    fn is_kept_in(&self, named: &str) -> bool {
        let is_kept = self.kept.as_ref().is_some_and(|kept| kept.is(self.env, named));
        if is_kept {
            self.out.note("the conversation is kept in that session already");
        }
        is_kept
    }

    fn undo(&mut self) -> Result<()> {
        if self.messages.is_empty() {
            self.out.note("there is no turn to take back");
            return Ok(());
        }
        if let Some(kept) = &mut self.kept {
            kept.undo()?;
        }
        self.messages.truncate(self.messages.len().saturating_sub(2));
        Ok(())
    }
}

/// A command that cannot be carried out.
fn unusable(problem: String) -> Report {
    Report::plain(&Error::InvalidRequest(problem.into()))
}

/// What comes first: the outcome, or Ctrl-C.
async fn unless_interrupted<T>(asked: impl Future<Output = T>) -> Option<T> {
    let (mut asked, mut interrupted) = (pin!(asked), pin!(crate::cli::interrupted()));
    std::future::poll_fn(|context| {
        // What has come so far is the answer's to save, so that it is asked first.
        if let Poll::Ready(outcome) = asked.as_mut().poll(context) {
            return Poll::Ready(Some(outcome));
        }
        interrupted.as_mut().poll(context).map(|()| None)
    })
    .await
}

#[cfg(test)]
mod tests;
