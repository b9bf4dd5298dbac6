//! What hints advise must be possible: every command and flag in them is known to the argument parser.

use crate::cli::args::Cli;
use clap::{CommandFactory, Parser};
use std::path::Path;

/// The texts between backticks.
fn literals(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// Splits a command as a shell would, as far as hints need it: double quotes only.
fn words(command: &str) -> Vec<String> {
    let parts = command.split('"').enumerate();
    parts
        .flat_map(|(at, part)| match at % 2 {
            0 => part.split_whitespace().map(str::to_owned).collect(),
            _ => vec![part.to_owned()],
        })
        .collect()
}

fn is_flag(name: &str) -> bool {
    fn has(command: &clap::Command, name: &str) -> bool {
        command.get_arguments().any(|argument| argument.get_long() == Some(name))
            || command.get_subcommands().any(|command| has(command, name))
    }
    has(&Cli::command(), name) || name == "help"
}

#[test]
fn every_command_and_flag_in_a_hint_is_known() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/snapshots");
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        let hints = text.lines().filter(|line| line.starts_with("hint: "));
        for literal in hints.flat_map(literals) {
            if literal.starts_with("outcrop ") && literal != "outcrop --help" {
                assert!(Cli::try_parse_from(words(literal)).is_ok(), "{literal}");
                seen += 1;
            } else if let Some(flag) = literal.strip_prefix("--").filter(|flag| !flag.starts_with('-')) {
                let mut parts = flag.splitn(2, ' ');
                assert!(is_flag(parts.next().unwrap()), "{literal}");
                if parts.next().is_some() {
                    let line = format!("outcrop chat {literal} prompt");
                    assert!(Cli::try_parse_from(words(&line)).is_ok(), "{literal}");
                }
                seen += 1;
            }
        }
    }
    assert!(seen > 15, "only {seen} commands and flags were found in the snapshots");
}
