//! The arguments of `outcrop embed`.

use super::{Call, Output, seconds};
use crate::embed::{DEFAULT_CONCURRENCY, EmbeddingKind};
use clap::{Args, ValueEnum};
use std::time::Duration;

#[derive(Debug, Args)]
pub(in crate::cli) struct Embed {
    /// Texts, one an argument; without any, each line of stdin is one. It is read to its end first: 32 MiB at most
    #[arg(value_name = "TEXT")]
    pub(in crate::cli) texts: Vec<String>,
    /// Embedding model: id, inference profile id, ARN or alias
    #[arg(short, long, value_name = "ID")]
    pub(in crate::cli) model: Option<String>,
    /// Numbers of a vector, where the model leaves a choice [default: the model's]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(in crate::cli) dimensions: Option<u32>,
    /// Scale vectors to length 1 [default: as the model makes them]
    #[arg(long, conflicts_with = "no_normalize")]
    pub(in crate::cli) normalize: bool,
    /// Ask for vectors that are not scaled
    #[arg(long)]
    pub(in crate::cli) no_normalize: bool,
    /// Whether the texts are what is searched, or what is searched for
    #[arg(long, value_name = "KIND", default_value = "document")]
    pub(in crate::cli) kind: Kind,
    /// How many calls run at the same time
    #[arg(long, value_name = "N", default_value_t = DEFAULT_CONCURRENCY as u64, value_parser = clap::value_parser!(u64).range(1..=64))]
    pub(in crate::cli) concurrency: u64,
    /// Longest silence of one call, in seconds; 0 = none [default: 300 before the answer, then 120]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub(in crate::cli) idle_timeout: Option<Duration>,
    /// Longest time for one call, in seconds; 0 = none [default: none]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub(in crate::cli) timeout: Option<Duration>,
    /// How many times a call is sent at most [default: AWS_MAX_ATTEMPTS, else 3]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(in crate::cli) max_attempts: Option<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Kind {
    Document,
    Query,
}

impl Embed {
    /// What it shares with the other commands that call a model.
    pub(in crate::cli) fn call(&self) -> Call {
        Call {
            model: self.model.clone(),
            no_stream: true,
            output: Output::Jsonl,
            idle_timeout: self.idle_timeout,
            timeout: self.timeout,
            max_attempts: self.max_attempts,
        }
    }

    /// What was said of scaling, if anything.
    pub(in crate::cli) fn normalization(&self) -> Option<bool> {
        (self.normalize || self.no_normalize).then_some(self.normalize)
    }

    pub(in crate::cli) fn kind(&self) -> EmbeddingKind {
        match self.kind {
            Kind::Document => EmbeddingKind::Document,
            Kind::Query => EmbeddingKind::Query,
        }
    }
}
