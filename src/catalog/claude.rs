//! Which Claude a text names, and the rules of that one and of those to come.
//!
//! Claude's habits change with the version more than with the name, so that a model of tomorrow follows the
//! newest rules of its line (Opus, Sonnet, ...), or, where even the line is new, those that every recent Claude
//! accepts. Texts are ids of any form, canonical names, short names (`opus-5`) and display names.

use super::name::{is_date, slug};

/// A Claude, as far as a text names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Claude {
    /// `opus`; `None` when no line is named that is known here.
    line: Option<&'static str>,
    /// Major and minor; `None` when the text has no version.
    version: Option<(u8, u8)>,
    preview: bool,
}

const LINES: [&str; 6] = ["opus", "sonnet", "haiku", "fable", "mythos", "instant"];

/// From a version of a line on, or of any line, these rules hold. The first that fits decides, so that newer
/// ones stand before older ones, and a line before all lines.
const RULES: [(Option<&str>, (u8, u8), &str); 19] = [
    (Some("instant"), (0, 0), "claude-2"),
    (Some("fable"), (0, 0), "claude-fable"),
    (Some("mythos"), (0, 0), "claude-mythos"),
    (Some("opus"), (5, 5), "claude-opus-5-5"),
    (Some("opus"), (5, 0), "claude-opus-5"),
    (Some("sonnet"), (5, 5), "claude-sonnet-5-5"),
    (Some("sonnet"), (5, 0), "claude-sonnet-5"),
    (Some("haiku"), (5, 0), "claude-haiku-5"),
    (None, (5, 0), "claude"),
    (None, (4, 7), "claude-4-7"),
    (Some("opus"), (4, 6), "claude-opus-4-6"),
    (None, (4, 6), "claude-4-6"),
    (None, (4, 5), "claude-4-5"),
    (None, (4, 1), "claude-4-1"),
    (None, (4, 0), "claude-4"),
    (None, (3, 7), "claude-3-7"),
    (Some("haiku"), (3, 5), "claude-3-5-haiku"),
    (None, (3, 0), "claude-3"),
    (None, (0, 0), "claude-2"),
];

impl Claude {
    /// Reads a text; `None` when it does not name a Claude.
    pub(super) fn named(text: &str) -> Option<Self> {
        let slug = slug(text.rsplit('/').next().unwrap_or(text));
        let words: Vec<&str> = slug.split('-').collect();
        let words = match words.iter().position(|word| *word == "claude") {
            Some(at) => words.get(at + 1..).unwrap_or_default(),
            None if is_short_name(&words) => words.as_slice(),
            None => return None,
        };
        let line = words.iter().find_map(|word| LINES.into_iter().find(|line| line == word));
        Some(Self { line, version: version(words), preview: words.contains(&"preview") })
    }

    /// The name of its rules. Without a version the newest of the line hold.
    pub(super) fn rules(self) -> &'static str {
        if self.line == Some("mythos") && self.preview && self.version.is_none() {
            return "claude-mythos-preview";
        }
        let version = self.version.unwrap_or((u8::MAX, u8::MAX));
        let fits = |(line, since, _): &&(Option<&str>, (u8, u8), &'static str)| {
            (line.is_none() || *line == self.line) && version >= *since
        };
        RULES.iter().find(fits).map_or("claude", |(_, _, rules)| rules)
    }
}

/// `opus`, `sonnet-5`, `haiku-5-5`: a line and at most two numbers.
fn is_short_name(words: &[&str]) -> bool {
    let Some((line, version)) = words.split_first() else { return false };
    LINES.contains(line) && version.len() <= 2 && version.iter().all(|word| small_number(word).is_some())
}

/// The first number and the one right after it: `4` and `5` of `haiku-4-5-20251001`.
fn version(words: &[&str]) -> Option<(u8, u8)> {
    let at = words.iter().position(|word| small_number(word).is_some())?;
    let mut numbers = words.iter().skip(at).map_while(|word| small_number(word));
    Some((numbers.next()?, numbers.next().unwrap_or(0)))
}

fn small_number(word: &str) -> Option<u8> {
    (word.len() <= 2 && !is_date(word)).then(|| word.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::{Claude, RULES};
    use crate::catalog::table::{FAMILIES, ids};

    fn rules(text: &str) -> Option<&'static str> {
        Claude::named(text).map(Claude::rules)
    }

    #[test]
    fn the_rules_of_every_claude_by_any_of_its_names() {
        for (expected, texts) in [
            ("claude-2", &["anthropic.claude-v2:1", "anthropic.claude-instant-v1", "Claude 2.1"][..]),
            (
                "claude-3",
                &["anthropic.claude-3-haiku-20240307-v1:0", "anthropic.claude-3-5-sonnet-20241022-v2:0"],
            ),
            ("claude-3-5-haiku", &["anthropic.claude-3-5-haiku-20241022-v1:0", "Claude 3.5 Haiku"]),
            ("claude-3-7", &["anthropic.claude-3-7-sonnet-20250219-v1:0", "claude-3.7-sonnet"]),
            ("claude-4", &["anthropic.claude-sonnet-4-20250514-v1:0", "Claude Opus 4", "sonnet-4"]),
            ("claude-4-1", &["anthropic.claude-opus-4-1-20250805-v1:0", "opus-4.1"]),
            (
                "claude-4-5",
                &["anthropic.claude-haiku-4-5-20251001-v1:0", "claude_sonnet_4_5", "CLAUDE OPUS 4.5"],
            ),
            ("claude-opus-4-6", &["anthropic.claude-opus-4-6-v1", "opus 4.6"]),
            ("claude-4-6", &["anthropic.claude-sonnet-4-6", "sonnet 4.6"]),
            ("claude-4-7", &["anthropic.claude-opus-4-7", "anthropic.claude-opus-4-8", "Claude Opus 4.8"]),
            ("claude-opus-5", &["anthropic.claude-opus-5", "opus-5", "claude-opus-5-20260701-v1:0"]),
            ("claude-opus-5-5", &["anthropic.claude-opus-5-5", "opus", "opus-5-5"]),
            ("claude-sonnet-5", &["anthropic.claude-sonnet-5", "anthropic/claude-sonnet-5"]),
            ("claude-sonnet-5-5", &["anthropic.claude-sonnet-5-5", "sonnet"]),
            ("claude-haiku-5", &["anthropic.claude-haiku-5-5", "haiku", "haiku-5"]),
            ("claude-fable", &["anthropic.claude-fable-5", "anthropic.claude-fable-5-1"]),
            ("claude-mythos", &["anthropic.claude-mythos-5"]),
            ("claude-mythos-preview", &["anthropic.claude-mythos-preview"]),
        ] {
            for text in texts {
                assert_eq!(rules(text), Some(expected), "{text}");
            }
        }
    }

    #[test]
    fn a_claude_of_tomorrow_follows_its_line_or_the_newest_rules() {
        for (text, expected) in [
            ("anthropic.claude-opus-6-2-20270101-v1:0", "claude-opus-5-5"),
            ("anthropic.claude-sonnet-10", "claude-sonnet-5-5"),
            ("anthropic.claude-opus-4-9", "claude-4-7"),
            ("anthropic.claude-haiku-4-8", "claude-4-7"),
            ("anthropic.claude-epos-6-v1:0", "claude"),
            ("anthropic.claude-epos", "claude"),
            ("team-claude-production", "claude"),
        ] {
            assert_eq!(rules(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn a_name_ends_where_its_word_ends() {
        for text in [
            "amazon.nova-lite-v1:0",
            "opus-magnum",
            "claudette-opus",
            "",
            "sonnets",
            "opus-4-6-1",
            "opus-2026",
        ] {
            assert_eq!(rules(text), None, "{text:?}");
        }
        // `4-7b` is not 4.7.
        assert_eq!(rules("claude-opus-4-7b"), Some("claude-4"));
    }

    #[test]
    fn every_set_of_rules_is_there_and_reached() {
        let named =
            |id: &str| id == "claude-mythos-preview" || RULES.iter().any(|(_, _, rules)| *rules == id);
        let there: Vec<&str> = ids(FAMILIES).filter(|id| id.starts_with("claude")).collect();
        assert!(there.iter().all(|id| named(id)), "{there:?}");
        assert!(RULES.iter().all(|(_, _, rules)| there.contains(rules)), "{there:?}");
    }

    #[test]
    fn no_rule_hides_behind_an_earlier_one() {
        for (at, (line, since, _)) in RULES.iter().enumerate() {
            let hidden = RULES
                .iter()
                .take(at)
                .any(|(earlier, from, _)| (earlier.is_none() || earlier == line) && since >= from);
            assert!(!hidden, "{line:?} {since:?}");
        }
    }
}
