//! The program: arguments in, answer on stdout, talk on stderr, exit code out.
//!
//! A front end over the public API. One file a command; `report` turns errors into what a user reads.

mod answer;
mod args;
mod auth;
mod bench;
mod chat;
mod config;
mod converse;
mod embed;
mod emulate;
mod input;
mod model;
mod models;
mod out;
mod report;
mod session;

use crate::Env;
use crate::client::Client;
use crate::error::{Error, IoFailure, Result};
use crate::transport::retry::Notice;
use args::{Cli, Command};
use clap::{CommandFactory, Parser};
use out::Out;
use report::{Facts, Report, exit};
use std::ffi::OsString;
use std::future::Future;
use std::pin::pin;
use std::task::Poll;

/// Runs the program and returns its exit code.
pub fn main(env: &Env, arguments: impl IntoIterator<Item = OsString>) -> u8 {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let cli = match Cli::try_parse_from(&arguments) {
        Ok(cli) => cli,
        Err(refused) => return usage(&refused, arguments.iter().any(|word| word == "--json")),
    };
    let out = Out::new(env, &cli.global);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(source) => {
            let failure = IoFailure { action: "start the runtime", path: None, source };
            return out.fail(&Report::plain(&Error::Io(Box::new(failure))));
        }
    };
    let code = runtime.block_on(async {
        let (mut run, mut interruption) = (pin!(run(env, &cli, &out)), pin!(interrupted()));
        std::future::poll_fn(|context| {
            while interruption.as_mut().poll(context).is_ready() {
                if out.ends_when_interrupted() {
                    out.interrupted();
                    return Poll::Ready(exit::INTERRUPTED);
                }
                interruption.set(interrupted());
            }
            run.as_mut().poll(context)
        })
        .await
    });
    // What still runs (an emulator, a name look-up) ends with the process; nothing waits for it.
    runtime.shutdown_background();
    code
}

/// The arguments that the program takes: for man pages. The version is the bare number.
pub fn command() -> clap::Command {
    Cli::command().version(env!("CARGO_PKG_VERSION"))
}

/// What the program logs about a step of a call at this verbosity (`-v` is 1): for tests that look for secrets.
pub fn log_lines(verbose: u8, notice: &Notice<'_>) -> Vec<String> {
    out::log_lines(verbose, notice)
}

/// What the program says of a failed call, to a person and to a program: for tests that look for secrets.
pub fn error_texts(error: &Error, client: Option<&Client>) -> [String; 2] {
    let report = Report::new(error, &Facts { client, ..Facts::default() });
    [report.render(|_, text| text.to_owned()), report.to_json()]
}

async fn run(env: &Env, cli: &Cli, out: &Out) -> u8 {
    let outcome = match &cli.command {
        Command::Chat(args) => chat::run(env, &cli.global, args, out).await,
        Command::Converse(args) => converse::run(env, &cli.global, args, out).await,
        Command::Embed(args) => out.while_waiting(embed::run(env, &cli.global, args, out)).await,
        Command::Models(args) => out.while_waiting(models::run(env, &cli.global, args, out)).await,
        Command::Auth(args) => out.while_waiting(auth::run(env, &cli.global, args, out)).await,
        Command::Bench(args) => match bench::run(env, &cli.global, args, out).await {
            Ok(code) => return code,
            Err(report) => Err(*report),
        },
        Command::Emulate(args) => {
            match emulate::misplaced(&cli.global).or(cli.global.config.is_some().then_some("--config")) {
                Some(flag) => Err(Report::usage(&format!("`{flag}` has no meaning for `emulate`"))),
                None => emulate::run(args, out).await.map_err(|error| Report::plain(&error)),
            }
        }
        Command::Config(command) => config::run(env, &cli.global, command, out).map_err(|report| *report),
        Command::Completions { shell } => completions(*shell, out).map_err(|error| Report::plain(&error)),
    };
    match outcome {
        Ok(()) => exit::DONE,
        Err(report) => out.fail(&report),
    }
}

/// Ends when the user presses Ctrl-C. Where signals cannot be watched it never ends.
async fn interrupted() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}

fn completions(shell: clap_complete::Shell, out: &Out) -> Result<()> {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "outcrop", &mut text);
    out.data(&text)
}

/// What clap refuses or is asked to print: help and version are data, everything else is a usage error.
fn usage(refused: &clap::Error, json: bool) -> u8 {
    if !refused.use_stderr() {
        // A closed pipe is no failure of `--help`.
        let _ = refused.print();
        return exit::DONE;
    }
    if json {
        out::print_json_error(&Report::usage(&refused.render().to_string()));
    } else {
        let _ = refused.print();
    }
    exit::USAGE
}
