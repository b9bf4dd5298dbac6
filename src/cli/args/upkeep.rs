//! The arguments of the commands that look after things rather than call a model: `models`, `auth`, `config`.

use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Models {
    /// Models usable here: configured ones, then those that the region lists
    List(ModelsList),
    /// Where configuration, region and credentials come from, and the default model
    Status(ModelsStatus),
    /// Everything known of one model, and how its name resolves here
    Show {
        /// Model id, inference profile id, ARN, alias, or part of a name
        #[arg(value_name = "MODEL")]
        model: String,
    },
}

#[derive(Debug, Args)]
pub(in crate::cli) struct ModelsList {
    /// Accepted for OpenClaw's sake: all models are listed in any case
    #[arg(long)]
    pub(in crate::cli) all: bool,
    /// Only models that the configuration names
    #[arg(long)]
    pub(in crate::cli) configured: bool,
    /// Only models of this vendor (`anthropic`), or `amazon-bedrock` for all
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) provider: Option<String>,
    /// Only models at an endpoint on this machine
    #[arg(long)]
    pub(in crate::cli) local: bool,
    /// Only inference profiles
    #[arg(long)]
    pub(in crate::cli) profiles: bool,
    /// Ask the service, whatever the cache has
    #[arg(long, conflicts_with = "offline")]
    pub(in crate::cli) refresh: bool,
    /// Ask nobody: what the cache has
    #[arg(long)]
    pub(in crate::cli) offline: bool,
    /// One id a line
    #[arg(long, conflicts_with = "json")]
    pub(in crate::cli) plain: bool,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct ModelsStatus {
    /// Make a tiny real call of each model that would be used
    #[arg(long)]
    pub(in crate::cli) probe: bool,
    /// Probe this provider; there is one, `amazon-bedrock` or `bedrock`. Implies `--probe`
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) probe_provider: Option<String>,
    /// Probe this model (repeat). Implies `--probe`
    #[arg(long, value_name = "ID")]
    pub(in crate::cli) probe_model: Vec<String>,
    /// OpenClaw's flag; here the profile that is probed is that of `--profile`
    #[arg(long, value_name = "ID", hide = true)]
    pub(in crate::cli) probe_profile: Vec<String>,
    /// Longest time for one probe: `8s`, or milliseconds as `8000`
    #[arg(long, value_name = "TIME", default_value = "8s", value_parser = probe_timeout)]
    pub(in crate::cli) probe_timeout: std::time::Duration,
    /// How many probes run at the same time
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=64))]
    pub(in crate::cli) probe_concurrency: u32,
    /// Longest answer to a probe, in tokens
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..))]
    pub(in crate::cli) probe_max_tokens: u32,
    /// Exit with 3 when there are no usable credentials, and with 4 when the default model cannot be used
    #[arg(long)]
    pub(in crate::cli) check: bool,
    /// The default model's key alone
    #[arg(long, conflicts_with_all = ["json", "probe", "probe_provider", "probe_model"])]
    pub(in crate::cli) plain: bool,
}

/// A time with `s` or `ms`; a bare number of at least 100 is of milliseconds, as OpenClaw has it.
fn probe_timeout(text: &str) -> Result<std::time::Duration, String> {
    let refuse = || "it must be a time such as `8s` or `8000ms`".to_owned();
    let (digits, in_ms) = match (text.strip_suffix("ms"), text.strip_suffix('s')) {
        (Some(digits), _) => (digits, Some(true)),
        (None, Some(digits)) => (digits, Some(false)),
        (None, None) => (text, None),
    };
    let number: f64 = digits.parse().map_err(|_| refuse())?;
    let seconds = if in_ms.unwrap_or(number >= 100.0) { number / 1_000.0 } else { number };
    std::time::Duration::try_from_secs_f64(seconds).ok().filter(|time| !time.is_zero()).ok_or_else(refuse)
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Auth {
    /// What each source of credentials says, in order, and what a call would use
    Status {
        /// Ask STS whose credentials they are
        #[arg(long)]
        verify: bool,
    },
    /// Make a short-term Bedrock API key from the credentials at hand, for `AWS_BEARER_TOKEN_BEDROCK`
    Token {
        /// How long it lives, up to 12h: `12h`, `30m`, `900s`
        #[arg(long, value_name = "TIME", default_value = "12h", value_parser = lifetime)]
        ttl: std::time::Duration,
    },
}

/// A number with `h`, `m` or `s`, or of seconds.
fn lifetime(text: &str) -> Result<std::time::Duration, String> {
    let digits = text.trim_end_matches(['h', 'm', 's']);
    let unit = match text.strip_prefix(digits) {
        Some("h") => 3_600,
        Some("m") => 60,
        Some("s" | "") => 1,
        _ => 0,
    };
    let lifetime = digits.parse::<u64>().ok().and_then(|number| number.checked_mul(unit));
    let lifetime = lifetime.map(std::time::Duration::from_secs);
    lifetime
        .filter(|lifetime| !lifetime.is_zero() && *lifetime <= crate::auth::LONGEST_API_KEY_LIFE)
        .ok_or_else(|| "it must be a time of at most 12 hours, such as `12h`, `30m` or `900s`".to_owned())
}

#[derive(Debug, Subcommand)]
#[command(after_help = "`outcrop config keys` lists every KEY. Paths: a.b[0].c, aliases[\"any name\"]")]
pub(in crate::cli) enum Config {
    /// Print the value of a key, or the whole file, without secrets
    Get {
        /// Path of the key
        key: Option<String>,
    },
    /// Set a key; comments and layout of the file stay as they are
    Set {
        /// Path of the key
        key: String,
        /// JSON5, else taken as a string
        #[arg(allow_hyphen_values = true)]
        value: String,
        /// Take VALUE as a string, whatever it looks like
        #[arg(long)]
        string: bool,
    },
    /// Take a key out
    Unset {
        /// Path of the key
        key: String,
    },
    /// Print which file is used, and why
    Path,
    /// List everything that is wrong with the file
    Validate,
    /// List every key: value, default, meaning
    Keys,
}
