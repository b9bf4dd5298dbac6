//! The program: arguments in, answer on stdout, talk on stderr, exit code out.
//!
//! A front end over the public API. One file a command; `report` turns errors into what a user reads.

mod answer;
mod args;
mod chat;
mod config;
mod converse;
mod emulate;
mod input;
mod out;
mod report;
mod session;

use crate::Env;
use crate::error::{Error, IoFailure, Result};
use args::{Cli, Command};
use clap::{CommandFactory, Parser};
use out::Out;
use report::{Report, exit};
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
        let (mut run, mut interrupted) = (pin!(run(env, &cli, &out)), pin!(interrupted()));
        std::future::poll_fn(|context| {
            if interrupted.as_mut().poll(context).is_ready() {
                out.interrupted();
                return Poll::Ready(exit::INTERRUPTED);
            }
            run.as_mut().poll(context)
        })
        .await
    });
    // What still runs (an emulator, a name look-up) ends with the process; nothing waits for it.
    runtime.shutdown_background();
    code
}

async fn run(env: &Env, cli: &Cli, out: &Out) -> u8 {
    let outcome = match &cli.command {
        Command::Chat(args) => chat::run(env, &cli.global, args, out).await,
        Command::Converse(args) => converse::run(env, &cli.global, args, out).await,
        Command::Emulate(args) => match emulate::misplaced(&cli.global) {
            Some(flag) => Err(Report::usage(&format!("`{flag}` has no meaning for `emulate`"))),
            None => emulate::run(args, out).await.map_err(|error| Report::plain(&error)),
        },
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
