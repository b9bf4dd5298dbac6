//! What can be typed: commands and flags, with their help. What they mean is decided elsewhere.
//!
//! The only file that names clap's derive macros.

mod bench;
mod chat;
mod embed;
mod upkeep;

pub(super) use bench::{Bench, Reports};
pub(super) use chat::{Chat, ShowThinking, cache};
pub(super) use embed::Embed;
pub(super) use upkeep::{Auth, Config, Models, ModelsList, ModelsStatus};

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Version, target and features: what a bug report needs.
const VERSION: &str = const_version();

const fn const_version() -> &'static str {
    if cfg!(all(target_arch = "x86_64", target_env = "musl")) {
        concat!(env!("CARGO_PKG_VERSION"), " (x86_64 linux musl; features: client, config, emulator, cli)")
    } else if cfg!(all(target_arch = "aarch64", target_env = "musl")) {
        concat!(env!("CARGO_PKG_VERSION"), " (aarch64 linux musl; features: client, config, emulator, cli)")
    } else if cfg!(all(target_arch = "x86_64", target_os = "linux")) {
        concat!(env!("CARGO_PKG_VERSION"), " (x86_64 linux gnu; features: client, config, emulator, cli)")
    } else if cfg!(all(target_arch = "aarch64", target_os = "linux")) {
        concat!(env!("CARGO_PKG_VERSION"), " (aarch64 linux gnu; features: client, config, emulator, cli)")
    } else if cfg!(target_os = "macos") {
        concat!(env!("CARGO_PKG_VERSION"), " (macos; features: client, config, emulator, cli)")
    } else {
        concat!(env!("CARGO_PKG_VERSION"), " (features: client, config, emulator, cli)")
    }
}

/// Amazon Bedrock at the surface: streams answers without the AWS SDK.
#[derive(Debug, Parser)]
#[command(name = "outcrop", version = VERSION, propagate_version = false)]
#[command(after_help = "Try it without an account: outcrop chat --demo \"Why is the sky blue?\"")]
pub(super) struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

/// Flags that every command takes.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Options of every command")]
pub(super) struct Global {
    /// Profile of the AWS files [default: AWS_PROFILE, else `default`]
    #[arg(long, global = true, value_name = "NAME")]
    pub profile: Option<String>,
    /// AWS region [default: the model's ARN, AWS_REGION, AWS_DEFAULT_REGION, the profile, instance metadata, else us-east-1]
    #[arg(long, global = true, value_name = "NAME")]
    pub region: Option<String>,
    /// URL of the Bedrock runtime, in place of the region's own
    #[arg(long, global = true, value_name = "URL", conflicts_with = "demo")]
    pub endpoint: Option<String>,
    /// PEM file of certificates to trust beside the bundled ones
    #[arg(long, global = true, value_name = "FILE")]
    pub ca_bundle: Option<PathBuf>,
    /// Configuration file [default: OUTCROP_CONFIG, else ~/.config/outcrop/config.json5, else OpenClaw's file]
    #[arg(long, global = true, value_name = "FILE", conflicts_with = "no_config")]
    pub config: Option<PathBuf>,
    /// Read no configuration file
    #[arg(long, global = true)]
    pub no_config: bool,
    /// Use an emulator inside this process: no account, no network. Keys, variables and the usual configuration file
    /// have no part in it; `--config` does
    #[arg(long, global = true)]
    pub demo: bool,
    /// Colour on stderr
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub color: When,
    /// No notes and no footer on stderr, errors only
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// Log requests, attempts and credential sources to stderr; twice: header names too [default: OUTCROP_LOG]
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// Print errors as one JSON object on stderr, and what a command tells as JSON on stdout
    #[arg(long, global = true)]
    pub json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum When {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Send one turn and stream the answer to stdout
    Chat(Box<Chat>),
    /// Send a raw Converse request (JSON from FILE or stdin) as it is
    Converse(Converse),
    /// Turn texts into vectors: one JSON line a text
    Embed(Embed),
    /// Measure streams: times, gaps, tokens/s, bytes/s, errors, cost
    Bench(Box<Bench>),
    /// Models that can be used here, what is known of them, and whether they answer
    #[command(subcommand)]
    Models(Models),
    /// Which credentials are used, and API keys made from them
    #[command(subcommand)]
    Auth(Auth),
    /// Run an offline Bedrock on loopback
    Emulate(Emulate),
    /// Show and change the configuration file
    #[command(subcommand)]
    Config(Config),
    /// Print shell completions
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
}

/// Flags of every command that calls a model.
#[derive(Debug, Clone, Args)]
pub(super) struct Call {
    /// Model id, inference profile id, ARN, alias, or part of a name [default: OUTCROP_MODEL, else the configuration]
    #[arg(short, long, value_name = "ID")]
    pub model: Option<String>,
    /// Wait for the whole answer (Converse in place of ConverseStream)
    #[arg(long)]
    pub no_stream: bool,
    /// What stdout gets: the text, the whole response, or one line an event
    #[arg(long, value_name = "FORM", default_value = "text")]
    pub output: Output,
    /// Longest silence between two events, in seconds; 0 = none [default: 300 before the first event, then 120]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub idle_timeout: Option<std::time::Duration>,
    /// Longest time for the whole call, in seconds; 0 = none [default: none]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub timeout: Option<std::time::Duration>,
    /// How many times a request is sent at most [default: AWS_MAX_ATTEMPTS, else 3]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub max_attempts: Option<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Output {
    Text,
    Json,
    Jsonl,
}

#[derive(Debug, Args)]
pub(super) struct Converse {
    /// File with the request; without it, or `-`: stdin
    #[arg(value_name = "FILE")]
    pub file: Option<PathBuf>,
    #[command(flatten)]
    pub call: Call,
}

#[derive(Debug, Args)]
pub(super) struct Emulate {
    /// Address to listen on
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    pub host: std::net::IpAddr,
    /// Port to listen on; 0 = any free one
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    pub port: u16,
    /// Pace of the answers; 0 = as fast as possible
    #[arg(long, value_name = "N", default_value_t = 60.0, value_parser = pace)]
    pub tokens_per_second: f64,
    /// JSON file that says which calls fail, and how
    #[arg(long, value_name = "FILE")]
    pub scenario: Option<PathBuf>,
}

fn seconds(text: &str) -> Result<std::time::Duration, String> {
    let limit = text.parse().ok().and_then(crate::config::seconds);
    limit.ok_or_else(|| "it must be a number of seconds from 0.001, or 0".to_owned())
}

fn pace(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|number: &f64| number.is_finite() && *number >= 0.0);
    number.ok_or_else(|| "it must be a number from 0".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_definition_holds_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn numbers_are_checked_where_they_are_typed() {
        for words in [
            &["chat", "--temperature", "1.5", "x"][..],
            &["chat", "--temperature", "NaN", "x"],
            &["chat", "--max-tokens", "0", "x"],
            &["chat", "--idle-timeout=-1", "x"],
            &["chat", "--timeout", "soon", "x"],
            &["chat", "--timeout", "0.0009", "x"],
            &["chat", "--timeout", "1e-300", "x"],
            &["chat", "--timeout", "1e300", "x"],
            &["chat", "--max-attempts", "0", "x"],
            &["embed", "--dimensions", "0", "x"],
            &["embed", "--concurrency", "0", "x"],
            &["embed", "--kind", "both", "x"],
            &["embed", "--normalize", "--no-normalize", "x"],
            &["bench", "--requests", "0"],
            &["bench", "--concurrency", "0"],
            &["bench", "--rate", "0"],
            &["bench", "--rate", "inf"],
            &["bench", "--duration", "0s"],
            &["bench", "--prompt", "x", "--input-tokens", "9"],
            &["bench", "--replay", "f", "--model", "m"],
            &["bench", "--record", "f", "--report", "r"],
            &["bench", "--csv", "--json"],
            &["emulate", "--tokens-per-second", "inf"],
            &["auth", "token", "--ttl", "13h"],
            &["auth", "token", "--ttl", "0"],
            &["auth", "token", "--ttl", "1d"],
            &["auth", "token", "--ttl", "1hs"],
            &["auth", "token", "--ttl", "18446744073709551615h"],
            &["chat", "--demo", "--endpoint", "http://h", "x"],
        ] {
            let words = std::iter::once("outcrop").chain(words.iter().copied());
            let refused = Cli::try_parse_from(words.clone());
            assert!(refused.is_err_and(|error| error.use_stderr()), "{:?}", words.collect::<Vec<_>>());
        }
    }
}
