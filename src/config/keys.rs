//! THE table of configuration keys: parser, `config set` and `unset`, `config keys` and the README all read it.
//!
//! It says where a key stands, of which type it is and what it means. What the program does with a value is
//! decided where the value is used.

use std::fmt;

/// Keys that stand side by side, and the places where that group may stand.
#[derive(Debug)]
struct Group {
    /// Paths of objects; `*` is any name, `[]` an element of a list. The first is the one to recommend.
    places: &'static [&'static str],
    rows: &'static [Row],
}

/// One key: name below its place, type, default, meaning.
#[derive(Debug)]
pub(super) struct Row {
    name: &'static str,
    pub(super) kind: Kind,
    default: &'static str,
    meaning: &'static str,
}

/// What a value may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Bool,
    /// Any text.
    Text,
    /// Text that is not blank.
    Name,
    /// Text that is not shown again.
    Secret,
    /// A region's name.
    Region,
    /// An absolute `http` or `https` URL.
    Url,
    /// A model: id, ARN or alias, with or without `amazon-bedrock/`.
    Model,
    /// A name of this list.
    Choice(&'static [&'static str]),
    /// A whole number from this one.
    Whole(u32),
    /// A number from 0.
    Number,
    /// A time in seconds: 0, or at least a millisecond.
    Seconds,
    /// A number from 0 to 1.
    Fraction,
    /// Whatever JSON can say.
    Anything,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Kind::Bool => f.write_str("true or false"),
            Kind::Text => f.write_str("a string"),
            Kind::Name => f.write_str("a string that is not empty"),
            Kind::Secret => f.write_str("a string, never shown"),
            Kind::Region => f.write_str("a region's name"),
            Kind::Url => f.write_str("an http or https URL"),
            Kind::Model => f.write_str("a model id, ARN or alias"),
            Kind::Choice(names) => write!(f, "one of {}", Names(names)),
            Kind::Whole(least) => write!(f, "a whole number from {least}"),
            Kind::Number => f.write_str("a number from 0"),
            Kind::Seconds => f.write_str("0, or a number from 0.001"),
            Kind::Fraction => f.write_str("a number from 0 to 1"),
            Kind::Anything => f.write_str("any value"),
        }
    }
}

/// `a`, `b`, `c`.
struct Names(&'static [&'static str]);

impl fmt::Display for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, name) in self.0.iter().enumerate() {
            write!(f, "{}`{name}`", if at == 0 { "" } else { ", " })?;
        }
        Ok(())
    }
}

/// Where the group for discovery may stand: OpenClaw's newer place first, which wins key by key.
pub(super) const DISCOVERY: [&str; 2] =
    ["plugins.entries.amazon-bedrock.config.discovery", "models.bedrockDiscovery"];
pub(super) const GUARDRAIL: &str = "plugins.entries.amazon-bedrock.config.guardrail";
pub(super) const PROVIDER: &str = "models.providers.amazon-bedrock";

/// The provider's name as the table has it.
const PROVIDER_NAME: &str = "amazon-bedrock";

/// Whether a name means the provider `amazon-bedrock`.
pub(super) fn is_provider(name: &str) -> bool {
    [PROVIDER_NAME, "bedrock", "aws-bedrock"].iter().any(|alias| alias.eq_ignore_ascii_case(name))
}

const MEDIA: &[&str] = &["text", "image", "audio", "video", "document"];

const fn row(name: &'static str, kind: Kind, default: &'static str, meaning: &'static str) -> Row {
    Row { name, kind, default, meaning }
}

const GROUPS: &[Group] = &[
    Group {
        places: &[""],
        rows: &[
            row("model", Kind::Model, "none", "default model"),
            row("aliases.*", Kind::Model, "none", "a short name for a model"),
        ],
    },
    Group {
        places: &["agents.defaults"],
        rows: &[
            row("model", Kind::Model, "none", "default model, as OpenClaw writes it; `model` wins"),
            row("model.primary", Kind::Model, "none", "the same, when fallbacks are named beside it"),
            row(
                "model.fallbacks[]",
                Kind::Model,
                "`[]`",
                "models to try in order when the default one cannot be used",
            ),
            row("models.*.alias", Kind::Name, "none", "a short name for that model"),
            row("models.*.params.*", Kind::Anything, "none", "as `params` of a written model; wins"),
        ],
    },
    Group {
        places: &["models"],
        rows: &[row(
            "mode",
            Kind::Choice(&["merge", "replace"]),
            "`merge`",
            "`replace` hides the models that are not written here",
        )],
    },
    Group {
        places: &["models.bedrockDiscovery", "plugins.entries.amazon-bedrock.config.discovery"],
        rows: &[
            row("enabled", Kind::Bool, "when credentials are found", "whether models are discovered"),
            row("region", Kind::Region, "the region in use", "region to discover models in"),
            row("providerFilter[]", Kind::Name, "`[]`, all", "vendors to list, in any case"),
            row("refreshInterval", Kind::Whole(0), "`3600`", "seconds that a list is kept; 0 = not at all"),
            row("defaultContextWindow", Kind::Whole(1), "`32000`", "tokens, for models of unknown size"),
            row(
                "defaultMaxTokens",
                Kind::Whole(1),
                "`4096`",
                "tokens of an answer, for models of unknown size",
            ),
            row("includeInferenceProfiles", Kind::Bool, "`true`", "whether inference profiles are listed"),
        ],
    },
    Group {
        places: &[GUARDRAIL],
        rows: &[
            row("guardrailIdentifier", Kind::Name, "none", "guardrail of every call: id or ARN"),
            row("guardrailVersion", Kind::Name, "none", "its version: a number, or `DRAFT`"),
            row(
                "streamProcessingMode",
                Kind::Choice(&["sync", "async"]),
                "Bedrock's",
                "`sync`: the stream waits for it",
            ),
            row(
                "trace",
                Kind::Choice(&["enabled", "disabled", "enabled_full"]),
                "Bedrock's",
                "whether the answer tells what it found",
            ),
        ],
    },
    Group {
        places: &[PROVIDER],
        rows: &[
            row(
                "baseUrl",
                Kind::Url,
                "the region's",
                "endpoint of the runtime; a standard host names a region only",
            ),
            row(
                "api",
                Kind::Choice(&["bedrock-converse-stream"]),
                "`bedrock-converse-stream`",
                "the one API there is",
            ),
            row(
                "auth",
                Kind::Choice(&["aws-sdk", "api-key", "token"]),
                "`aws-sdk`, with `apiKey` that",
                "whether AWS credentials are used, or `apiKey`",
            ),
            row("apiKey", Kind::Secret, "none", "a Bedrock API key, as `${NAME}` of a variable"),
            row("headers.*", Kind::Secret, "none", "a header of every request"),
        ],
    },
    Group {
        places: &["models.providers.amazon-bedrock.models[]"],
        rows: &[
            row("id", Kind::Name, "required", "model id, inference profile id or ARN"),
            row("name", Kind::Name, "the id", "name to show"),
            row("api", Kind::Choice(&["bedrock-converse-stream"]), "the provider's", "the one API there is"),
            row("reasoning", Kind::Bool, "catalogue", "whether the model can think"),
            row("input[]", Kind::Choice(MEDIA), "catalogue", "media that it reads"),
            row("cost.input", Kind::Number, "catalogue", "US$ for a million tokens read"),
            row("cost.output", Kind::Number, "catalogue", "US$ for a million tokens written"),
            row("cost.cacheRead", Kind::Number, "catalogue", "US$ for a million tokens read from the cache"),
            row(
                "cost.cacheWrite",
                Kind::Number,
                "catalogue",
                "US$ for a million tokens written to the cache",
            ),
            row("contextWindow", Kind::Whole(1), "catalogue", "tokens"),
            row("maxTokens", Kind::Whole(1), "catalogue", "longest answer, in tokens"),
            row(
                "params.canonicalModelId",
                Kind::Name,
                "none",
                "the model whose facts hold for this id or ARN",
            ),
            row(
                "params.*",
                Kind::Anything,
                "none",
                "`maxTokens`, `temperature`, `cacheRetention`, `serviceTier` as the keys of `chat`, for this model; \
                 `anthropicBeta`: a list of flags for a Claude, added to those that are set anyway; others have no \
                 effect",
            ),
        ],
    },
    Group {
        places: &["chat"],
        rows: &[
            row("system", Kind::Text, "none", "as `--system`"),
            row("maxTokens", Kind::Whole(1), "the model's", "as `--max-tokens`"),
            row("temperature", Kind::Fraction, "the model's", "as `--temperature`"),
            row("topP", Kind::Fraction, "the model's", "as `--top-p`"),
            row("topK", Kind::Whole(0), "the model's", "as `--top-k`"),
            row(
                "thinking",
                Kind::Choice(&["off", "minimal", "low", "medium", "high", "xhigh", "max"]),
                "the model's",
                "as `--thinking`",
            ),
            row("thinkingBudget", Kind::Whole(1), "by level", "as `--thinking-budget`, in tokens"),
            row("showThinking", Kind::Choice(&["auto", "always", "never"]), "`auto`", "as `--show-thinking`"),
            row("cache", Kind::Choice(&["none", "short", "long"]), "by model", "as `--cache`"),
            row(
                "serviceTier",
                Kind::Choice(&["default", "flex", "priority", "reserved"]),
                "Bedrock's",
                "as `--service-tier`",
            ),
            row("idleTimeoutSeconds", Kind::Seconds, "300, then 120", "as `--idle-timeout`; 0 = none"),
            row("timeoutSeconds", Kind::Seconds, "none", "as `--timeout`; 0 = none"),
            row("maxAttempts", Kind::Whole(1), "`AWS_MAX_ATTEMPTS`, else 3", "as `--max-attempts`"),
        ],
    },
];

/// A key with its whole path.
#[derive(Debug, Clone)]
pub struct Key {
    /// The path; `*` is any name, `[]` an element of a list.
    pub path: String,
    /// What the value may be, in words.
    pub expected: String,
    /// What holds without the key.
    pub default: &'static str,
    /// What it is for.
    pub meaning: &'static str,
}

/// Every key in every place, in the order of the table.
pub fn all() -> Vec<Key> {
    let key = |(path, row): (String, &'static Row)| Key {
        path,
        expected: row.kind.to_string(),
        default: row.default,
        meaning: row.meaning,
    };
    paths().map(key).collect()
}

fn paths() -> impl Iterator<Item = (String, &'static Row)> {
    GROUPS.iter().flat_map(|group| {
        let row_at = |place: &str, row: &'static Row| {
            let dot = if place.is_empty() { "" } else { "." };
            (format!("{place}{dot}{}", row.name), row)
        };
        group.places.iter().flat_map(move |place| group.rows.iter().map(move |row| row_at(place, row)))
    })
}

/// The table as Markdown, as README.md has it between its markers. A place that repeats a group is one row.
pub fn markdown() -> String {
    let mut text = String::from("| Key | Value | Default | Meaning |\n|---|---|---|---|\n");
    let cell = |text: &str| text.replace('|', "\\|");
    for group in GROUPS {
        let (first, others) = group.places.split_first().unwrap_or((&"", &[]));
        for row in group.rows {
            let dot = if first.is_empty() { "" } else { "." };
            let cells = [&row.kind.to_string(), row.default, row.meaning].map(cell).join(" | ");
            text.push_str(&format!("| `{first}{dot}{}` | {cells} |\n", row.name));
        }
        for other in others {
            text.push_str(&format!("| `{other}.*` | | | the same keys as `{first}.*`; wins key by key |\n"));
        }
    }
    text
}

/// The keys that a path may still become, walked one segment at a time.
#[derive(Debug, Clone)]
pub(super) struct Below(Vec<(String, &'static Row)>);

impl Below {
    /// All keys, before the first segment.
    pub(super) fn root() -> Self {
        Self(paths().collect())
    }

    /// The keys below a member of that name, with the name as the table has it: aliases of the provider are
    /// folded. A name that is written out in the table goes before `*`. `None` when there is no such key.
    pub(super) fn member(&self, name: &str) -> Option<(String, Self)> {
        let name = if is_provider(name) { PROVIDER_NAME } else { name };
        [name, "*"].into_iter().find_map(|segment| Some((name.to_owned(), self.step(segment)?)))
    }

    /// The keys below an element of a list.
    pub(super) fn element(&self) -> Option<Self> {
        self.step("[]")
    }

    /// The row that ends here: the value is a leaf of this type.
    pub(super) fn leaf(&self) -> Option<&'static Row> {
        self.0.iter().find(|(rest, _)| rest.is_empty()).map(|(_, row)| *row)
    }

    /// Whether anything may stand below.
    pub(super) fn is_object(&self) -> bool {
        self.0.iter().any(|(rest, _)| !rest.is_empty() && !rest.starts_with("[]"))
    }

    pub(super) fn is_list(&self) -> bool {
        self.0.iter().any(|(rest, _)| rest.starts_with("[]"))
    }

    /// The names that may stand here.
    pub(super) fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.0.iter().map(|(rest, _)| first_segment(rest).0).collect();
        names.retain(|name| !matches!(*name, "" | "*" | "[]"));
        names.sort_unstable();
        names.dedup();
        names
    }

    fn step(&self, segment: &str) -> Option<Self> {
        let mut below = Vec::new();
        for (rest, row) in &self.0 {
            let (first, rest) = first_segment(rest);
            if first == segment && !first.is_empty() {
                below.push((rest.to_owned(), *row));
            }
        }
        (!below.is_empty()).then_some(Self(below))
    }
}

/// `models[].id` is `models`, then `[]`, then `id`.
fn first_segment(path: &str) -> (&str, &str) {
    if let Some(rest) = path.strip_prefix("[]") {
        return ("[]", rest.strip_prefix('.').unwrap_or(rest));
    }
    match path.find(['.', '[']) {
        Some(at) => {
            let (first, rest) = path.split_at(at);
            (first, rest.strip_prefix('.').unwrap_or(rest))
        }
        None => (path, ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_walked_segment_by_segment() {
        let walk = |path: &[&str]| {
            path.iter().try_fold(Below::root(), |below, name| match *name {
                "[]" => below.element(),
                name => below.member(name).map(|(_, below)| below),
            })
        };
        for (path, is_leaf) in [
            (&["model"][..], Some(true)),
            (&["aliases", "any name"], Some(true)),
            (&["models", "providers", "Bedrock", "models", "[]", "cost", "input"], Some(true)),
            (&["models", "providers", "amazon-bedrock", "models"], Some(false)),
            (&["models", "providers", "amazon-bedrock", "models", "[]", "params", "x"], Some(true)),
            (&["agents", "defaults", "model"], Some(true)),
            (&["agents", "defaults", "model", "primary"], Some(true)),
            (&["agents", "defaults", "models", "amazon-bedrock/m", "alias"], Some(true)),
            (&["models", "*"], None),
            (&["models", "[]"], None),
            (&["models", ""], None),
            (&["models", "providers", "openai"], None),
            (&["*"], None),
        ] {
            let is_leaf_here = walk(path).map(|below| below.leaf().is_some());
            assert_eq!(is_leaf_here, is_leaf, "{path:?}");
        }
    }

    #[test]
    fn no_key_stands_twice() {
        let mut paths: Vec<String> = all().into_iter().map(|key| key.path).collect();
        let count = paths.len();
        paths.sort_unstable();
        paths.dedup();
        assert_eq!(paths.len(), count);
    }

    #[test]
    fn the_readme_has_the_table() {
        let readme = include_str!("../../README.md");
        let block = readme.split("<!-- config keys -->").nth(1).unwrap_or_default();
        assert_eq!(
            block.trim(),
            markdown().trim(),
            "put this into README.md between the markers:\n{}",
            markdown()
        );
    }
}
