//! Names of models in one spelling, so that ids, display names and what people type can be compared.
//!
//! It compares text; which of several models is meant, it does not decide.

/// Lower case, with a hyphen for every run of anything but letters and digits, and before a digit that follows
/// a letter: `Claude Opus 4.8` is `claude-opus-4-8`, `llama3-3` and `Llama 3.3` are `llama-3-3`. A plus is a
/// word, since it tells models apart: `Command R+` is `command-r-plus`.
pub(super) fn slug(text: &str) -> String {
    let mut slug = String::with_capacity(text.len() + 8);
    let mut before = ' ';
    for letter in text.chars() {
        let in_word = letter.is_alphanumeric();
        let parts = !in_word || (letter.is_numeric() && before.is_alphabetic());
        if parts && !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
        match letter {
            '+' => slug.push_str("plus-"),
            letter if letter.is_ascii_alphanumeric() => slug.push(letter.to_ascii_lowercase()),
            letter if in_word => slug.extend(letter.to_lowercase()),
            _ => {}
        }
        before = letter;
    }
    slug.truncate(slug.trim_end_matches('-').len());
    slug
}

/// What stands before the first colon: an id without its version's revision and its throughput form.
pub(super) fn without_revision(id: &str) -> &str {
    id.split_once(':').map_or(id, |(key, _)| key)
}

/// The name within a foundation model's id, without vendor, date and version:
/// `anthropic.claude-haiku-4-5-20251001-v1:0` is `claude-haiku-4-5`.
pub(super) fn core(id: &str) -> String {
    let key = without_revision(id);
    let name = key.split_once('.').map_or(key, |(_, name)| name);
    // OpenAI's open models have their version without the letter, which then is no part of the name.
    let name = if key.len() < id.len() { name.strip_suffix("-1").unwrap_or(name) } else { name };
    let slug = slug(name);
    let words: Vec<&str> = slug.split('-').filter(|word| !is_date(word)).collect();
    match words.as_slice() {
        [name @ .., "v", version] if version.len() == 1 && !name.is_empty() => name.join("-"),
        all => all.join("-"),
    }
}

/// Whether an id is meant by one of these names: with or without the vendor before it.
pub(super) fn is_named(id: &str, names: [&str; 2]) -> bool {
    let core = core(id);
    let vendor = id.split_once('.').map_or("", |(vendor, _)| vendor);
    let is_vendor = |before: &str| before.strip_suffix('-').is_some_and(|before| before == slug(vendor));
    let mut before = names.into_iter().filter_map(|name| name.strip_suffix(core.as_str()));
    before.any(|before| before.is_empty() || is_vendor(before))
}

/// `20251001`.
pub(super) fn is_date(word: &str) -> bool {
    word.len() == 8 && word.starts_with("20") && word.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::{core, is_named, slug, without_revision};

    #[test]
    fn slugs() {
        for (text, expected) in [
            ("Claude Opus 4.8", "claude-opus-4-8"),
            ("  sonnet 4.6 ", "sonnet-4-6"),
            ("anthropic/claude_opus_5", "anthropic-claude-opus-5"),
            ("Command R+", "command-r-plus"),
            ("Mistral Large (24.02)", "mistral-large-24-02"),
            ("--", ""),
            ("", ""),
            ("ÄÖ ü", "äö-ü"),
            ("llama3-3-70b", "llama-3-3-70b"),
            ("sonnet4.6", "sonnet-4-6"),
        ] {
            assert_eq!(slug(text), expected, "{text:?}");
        }
    }

    #[test]
    fn cores_are_names_without_vendor_date_and_version() {
        for (id, expected) in [
            ("anthropic.claude-haiku-4-5-20251001-v1:0", "claude-haiku-4-5"),
            ("anthropic.claude-opus-4-6-v1", "claude-opus-4-6"),
            ("anthropic.claude-sonnet-4-6", "claude-sonnet-4-6"),
            ("amazon.nova-lite-v1:0", "nova-lite"),
            ("amazon.nova-lite-v1:0:300k", "nova-lite"),
            ("openai.gpt-oss-120b-1:0", "gpt-oss-120b"),
            ("deepseek.v3-v1:0", "v-3"),
            ("deepseek.v3.2", "v-3-2"),
            ("zai.glm-4.7-flash", "glm-4-7-flash"),
            ("mistral.mistral-large-2407-v1:0", "mistral-large-2407"),
            ("openai.gpt-6-1", "gpt-6-1"),
            ("v1", "v-1"),
            ("meta.llama3-3-70b-instruct-v1:0", "llama-3-3-70b-instruct"),
            ("", ""),
        ] {
            assert_eq!(core(id), expected, "{id}");
        }
    }

    #[test]
    fn names_may_have_the_vendor_before_them() {
        for (id, name, expected) in [
            ("deepseek.v3.2", "DeepSeek V3.2", true),
            ("deepseek.v3.2", "V3.2", true),
            ("amazon.nova-lite-v1:0", "Nova Lite", true),
            ("amazon.nova-lite-v1:0", "Amazon Nova Lite", true),
            ("amazon.nova-lite-v1:0", "My Nova Lite", false),
            ("amazon.nova-lite-v1:0", "Supernova Lite", false),
            ("amazon.nova-lite-v1:0", "Nova 2 Lite", false),
            ("amazon.nova-lite-v1:0", "Lite", false),
        ] {
            assert_eq!(is_named(id, [&slug(name), "-"]), expected, "{id} {name}");
        }
    }

    #[test]
    fn revisions_end_at_the_first_colon() {
        assert_eq!(without_revision("a.b-v1:0:8k"), "a.b-v1");
        assert_eq!(without_revision("a.b"), "a.b");
    }
}
