//! Which rules a model follows, by its id alone: patterns that a model of tomorrow fits too.
//!
//! Claude is told apart by line and version, the others by how their ids begin. What the rules are stands in
//! `families.json`.

use super::claude::Claude;

/// Beginnings of ids and the rules that they follow; the first that fits decides.
const PREFIXES: [(&str, &str); 36] = [
    ("amazon.nova-micro", "nova"),
    ("amazon.nova-lite", "nova"),
    ("amazon.nova-pro", "nova"),
    ("amazon.nova-premier", "nova"),
    ("amazon.nova-", "nova-2"),
    ("amazon.titan-", "titan"),
    ("meta.llama2", "llama-3"),
    ("meta.llama3-1", "llama-3-1"),
    ("meta.llama3-2-1b", "llama-3"),
    ("meta.llama3-2-3b", "llama-3"),
    ("meta.llama3-2", "llama-3-1"),
    ("meta.llama3-3", "llama-3-1"),
    ("meta.llama3-", "llama-3"),
    ("meta.llama4", "llama-4"),
    ("meta.", "llama"),
    ("mistral.mistral-7b", "mistral-instruct"),
    ("mistral.mixtral", "mistral-instruct"),
    ("mistral.mistral-large-24", "mistral-24"),
    ("mistral.mistral-small-24", "mistral-24"),
    ("mistral.pixtral", "mistral-24"),
    ("mistral.", "mistral"),
    ("deepseek.r1", "deepseek-r1"),
    ("deepseek.", "deepseek"),
    ("openai.gpt-oss", "gpt-oss"),
    ("openai.", "gpt"),
    ("xai.", "grok"),
    ("moonshot", "kimi"),
    ("qwen.", "qwen"),
    ("cohere.command-r", "command-r"),
    ("cohere.", "cohere"),
    ("ai21.", "jamba"),
    ("writer.", "palmyra"),
    ("google.", "open-weights"),
    ("minimax.", "open-weights"),
    ("nvidia.", "open-weights"),
    ("zai.", "open-weights"),
];

/// The rules of a foundation model; `None` when no pattern fits.
pub(super) fn rules_of(base: &str) -> Option<&'static str> {
    let prefix = PREFIXES.iter().find(|(prefix, _)| base.starts_with(prefix));
    match prefix {
        Some((_, rules)) => Some(rules),
        None => Claude::named(base).map(Claude::rules),
    }
}

#[cfg(test)]
mod tests {
    use super::{PREFIXES, rules_of};
    use crate::catalog::table::{FAMILIES, ids};

    #[test]
    fn every_set_of_rules_is_there_and_reached() {
        for (prefix, rules) in PREFIXES {
            assert!(ids(FAMILIES).any(|id| id == rules), "{prefix} {rules}");
        }
        for id in ids(FAMILIES).filter(|id| !id.starts_with("claude")) {
            assert!(PREFIXES.iter().any(|(_, rules)| *rules == id), "{id}");
        }
    }

    #[test]
    fn no_prefix_hides_behind_an_earlier_one() {
        for (at, (prefix, _)) in PREFIXES.iter().enumerate() {
            let hidden = PREFIXES.iter().take(at).find(|(earlier, _)| prefix.starts_with(earlier));
            assert_eq!(hidden, None, "{prefix}");
        }
    }

    #[test]
    fn models_of_tomorrow_follow_their_family() {
        for (base, expected) in [
            ("amazon.nova-3-lite-v1:0", Some("nova-2")),
            ("amazon.nova-lite-v2:0", Some("nova")),
            ("meta.llama5-huge-v1:0", Some("llama")),
            ("meta.llama3-4-70b-instruct-v1:0", Some("llama-3")),
            ("mistral.mistral-large-5", Some("mistral")),
            ("deepseek.v5", Some("deepseek")),
            ("openai.gpt-8", Some("gpt")),
            ("moonshotai.kimi-k9", Some("kimi")),
            ("anthropic.claude-opus-6-2-20270101-v1:0", Some("claude-opus-5-5")),
            ("acme.model-1", None),
            ("amazon.something", None),
        ] {
            assert_eq!(rules_of(base), expected, "{base}");
        }
    }
}
