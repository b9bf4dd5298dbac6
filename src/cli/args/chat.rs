//! The arguments of `chat`. What they mean for a request is decided in the command.

use super::Call;
use crate::converse::prepare::{CacheRetention, ThinkingLevel};
use crate::converse::{GuardrailConfiguration, PerformanceConfigLatency, ServiceTierType};
use clap::{Args, ValueEnum};
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(in crate::cli) struct Chat {
    /// The prompt; without it, or in addition to it, stdin is read when it is no terminal. Neither: a conversation
    #[arg(value_name = "PROMPT")]
    pub(in crate::cli) prompt: Vec<String>,
    #[command(flatten)]
    pub(in crate::cli) call: Call,
    /// System prompt, or @FILE
    #[arg(short, long, value_name = "TEXT|@FILE")]
    pub(in crate::cli) system: Option<String>,
    /// Picture to send along: PNG, JPEG, GIF or WebP (repeat)
    #[arg(short, long, value_name = "FILE|s3://...")]
    pub(in crate::cli) image: Vec<String>,
    /// Document to send along: PDF, Word, a spreadsheet, HTML, Markdown or any text (repeat)
    #[arg(short, long, value_name = "FILE|s3://...")]
    pub(in crate::cli) file: Vec<String>,
    #[command(flatten)]
    pub(in crate::cli) model: ModelFlags,
    #[command(flatten)]
    pub(in crate::cli) tools: ToolFlags,
    #[command(flatten)]
    pub(in crate::cli) service: ServiceFlags,
    /// Keep the conversation under this name, or in this file
    #[arg(long, value_name = "NAME|FILE")]
    pub(in crate::cli) session: Option<String>,
    /// Print the request as it would be sent, and what was adjusted and why; send nothing
    #[arg(long)]
    pub(in crate::cli) dry_run: bool,
    /// Print how many tokens the request has, counted by Bedrock, which costs nothing; ask for no answer
    #[arg(long, conflicts_with = "dry_run")]
    pub(in crate::cli) count_tokens: bool,
}

/// How the model answers.
#[derive(Debug, Args)]
pub(in crate::cli) struct ModelFlags {
    /// Longest answer, in tokens
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(in crate::cli) max_tokens: Option<u32>,
    /// Randomness, from 0 to 1
    #[arg(long, value_name = "T", value_parser = share)]
    pub(in crate::cli) temperature: Option<f64>,
    /// Share of likely tokens to choose from, from 0 to 1
    #[arg(long, value_name = "P", value_parser = share)]
    pub(in crate::cli) top_p: Option<f64>,
    /// Number of likely tokens to choose from
    #[arg(long, value_name = "N")]
    pub(in crate::cli) top_k: Option<u32>,
    /// Text at which the answer stops (repeat)
    #[arg(long, value_name = "TEXT", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub(in crate::cli) stop: Vec<String>,
    /// How hard to think: off, minimal, low, medium, high, xhigh, max
    #[arg(long, value_name = "LEVEL", value_parser = thinking)]
    pub(in crate::cli) thinking: Option<ThinkingLevel>,
    /// Tokens to think with, in place of the level's own number
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(in crate::cli) thinking_budget: Option<u32>,
    /// Show the thinking on stderr [default: auto]
    #[arg(long, value_name = "WHEN")]
    pub(in crate::cli) show_thinking: Option<ShowThinking>,
    /// How long the prompt is cached: none, short (5 minutes), long (an hour) [default: none for a single question,
    /// the model's own way in conversations]
    #[arg(long, value_name = "HOW", value_parser = cache)]
    pub(in crate::cli) cache: Option<CacheRetention>,
    /// A field of `additionalModelRequestFields`, as `name.inner=JSON` (repeat)
    #[arg(long, value_name = "PATH=JSON")]
    pub(in crate::cli) set: Vec<String>,
}

/// What the answer may call, and the form that it has.
#[derive(Debug, Args)]
pub(in crate::cli) struct ToolFlags {
    /// Tools that the model may call: a JSON list of `toolSpec`. Calls are printed and not carried out
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) tools: Option<PathBuf>,
    /// Which tool to call: auto, any, none, or a name
    #[arg(long, value_name = "CHOICE", requires = "tools")]
    pub(in crate::cli) tool_choice: Option<String>,
    /// JSON schema that the answer keeps to
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) schema: Option<PathBuf>,
}

/// What the service does with the request.
#[derive(Debug, Args)]
pub(in crate::cli) struct ServiceFlags {
    /// Guardrail to apply; the version is a number or DRAFT
    #[arg(long, value_name = "ID:VERSION", value_parser = guardrail)]
    pub(in crate::cli) guardrail: Option<GuardrailConfiguration>,
    /// Priority and price: default, flex, priority, reserved
    #[arg(long, value_name = "TIER", value_parser = tier)]
    pub(in crate::cli) service_tier: Option<ServiceTierType>,
    /// Speed: standard, optimized
    #[arg(long, value_name = "SPEED", value_parser = latency)]
    pub(in crate::cli) latency: Option<PerformanceConfigLatency>,
    /// Label for the invocation logs (repeat)
    #[arg(long, value_name = "K=V", value_parser = label)]
    pub(in crate::cli) metadata: Vec<(String, String)>,
}

/// When thinking is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum ShowThinking {
    /// On a terminal
    Auto,
    Always,
    Never,
}

impl ShowThinking {
    /// The value of that name.
    pub(in crate::cli) fn from_name(name: &str) -> Option<Self> {
        Self::from_str(name, false).ok()
    }
}

/// The retention of that name.
pub(in crate::cli) fn cache(name: &str) -> Result<CacheRetention, String> {
    match name {
        "none" => Ok(CacheRetention::None),
        "short" => Ok(CacheRetention::Short),
        "long" => Ok(CacheRetention::Long),
        _ => Err("it must be `none`, `short` or `long`".to_owned()),
    }
}

fn share(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|number| (0.0..=1.0).contains(number));
    number.ok_or_else(|| "it must be a number from 0 to 1".to_owned())
}

fn thinking(text: &str) -> Result<ThinkingLevel, String> {
    ThinkingLevel::from_name(text).ok_or_else(|| {
        let names = ThinkingLevel::ALL.map(ThinkingLevel::as_str).join("`, `");
        format!("it must be one of `{names}`")
    })
}

fn tier(text: &str) -> Result<ServiceTierType, String> {
    one_of(text, &["default", "flex", "priority", "reserved"])
}

fn latency(text: &str) -> Result<PerformanceConfigLatency, String> {
    one_of(text, &["standard", "optimized"])
}

fn one_of<T: for<'a> From<&'a str>>(text: &str, names: &[&str]) -> Result<T, String> {
    if names.contains(&text) {
        Ok(T::from(text))
    } else {
        Err(format!("it must be one of `{}`", names.join("`, `")))
    }
}

/// The id may be an ARN, which has colons of its own.
fn guardrail(text: &str) -> Result<GuardrailConfiguration, String> {
    let is_version = |text: &str| {
        text == "DRAFT" || (!text.is_empty() && text.len() <= 8 && text.bytes().all(|b| b.is_ascii_digit()))
    };
    match text.rsplit_once(':') {
        Some((id, version)) if !id.is_empty() && is_version(version) => Ok(GuardrailConfiguration {
            guardrail_identifier: Some(id.to_owned()),
            guardrail_version: Some(version.to_owned()),
            ..GuardrailConfiguration::default()
        }),
        Some(_) | None => Err("it must be an id and a version, like `abc123:1` or `abc123:DRAFT`".to_owned()),
    }
}

fn label(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        Some(_) | None => Err("it must be a key and a value, like `team=search`".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::args::Cli;
    use clap::Parser;

    #[test]
    fn what_is_typed_wrong_is_refused_at_once() {
        for flag in [
            "--top-p=2",
            "--top-k=-1",
            "--stop=",
            "--thinking=hard",
            "--thinking-budget=0",
            "--show-thinking=maybe",
            "--cache=1h",
            "--guardrail=abc",
            "--guardrail=:1",
            "--guardrail=arn:aws:bedrock:us-east-1:123456789012:guardrail/abc",
            "--service-tier=cheap",
            "--latency=fast",
            "--metadata=team",
            "--metadata==x",
            "--tool-choice=auto",
            "--dry-run --count-tokens",
        ] {
            let words = ["outcrop", "chat"].into_iter().chain(flag.split(' ')).chain(["x"]);
            let refused = Cli::try_parse_from(words);
            assert!(refused.is_err_and(|error| error.use_stderr()), "{flag}");
        }
    }

    #[test]
    fn a_guardrail_is_an_id_or_an_arn_with_a_version() {
        let arn = "arn:aws:bedrock:us-east-1:123456789012:guardrail/abc";
        for (text, id, version) in
            [("abc:1", "abc", "1"), ("abc:DRAFT", "abc", "DRAFT"), (&format!("{arn}:12"), arn, "12")]
        {
            let read = guardrail(text).unwrap();
            assert_eq!(read.guardrail_identifier.as_deref(), Some(id));
            assert_eq!(read.guardrail_version.as_deref(), Some(version));
        }
    }
}
