//! The path of a key as it is typed: `a.b[0].c`, `aliases["my.model"]`, `a.b\.c`.
//!
//! It reads and writes paths; what stands at a path is not known here.

use std::fmt;

/// Names that would reach an object's inner workings in JavaScript programs that read the same file.
const REFUSED: [&str; 3] = ["__proto__", "constructor", "prototype"];

/// A path of at least one segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyPath {
    typed: String,
    segments: Vec<String>,
}

impl KeyPath {
    /// Reads a path: names separated by dots; `[0]` for an element of a list; `["any name"]`, in either kind
    /// of quotes; a backslash takes the next character as it is.
    ///
    /// # Errors
    ///
    /// What is wrong, in words: an empty name, a bracket or quote that is not closed, a refused name.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut segments = Vec::new();
        let mut chars = text.chars().peekable();
        loop {
            let segment = match chars.next_if_eq(&'[') {
                Some(_) => bracket(&mut chars)?,
                None => name(&mut chars)?,
            };
            if segment.is_empty() {
                return Err("a name in the path is empty".to_owned());
            }
            if REFUSED.contains(&segment.as_str()) {
                return Err(format!("`{segment}` is refused as a name"));
            }
            segments.push(segment);
            match chars.peek() {
                None => return Ok(Self { typed: text.to_owned(), segments }),
                Some('[') => {}
                Some(_) => {
                    if chars.next() != Some('.') {
                        return Err("after `]` comes `.`, `[` or the end".to_owned());
                    }
                }
            }
        }
    }

    pub(super) fn segments(&self) -> &[String] {
        &self.segments
    }
}

/// As it was typed.
impl fmt::Display for KeyPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.typed)
    }
}

/// A path with one name more, quoted where it must be.
pub(super) fn join(path: &str, name: &str) -> String {
    let is_plain = !name.is_empty() && !name.contains(['.', '[', ']', '\\', '"', '\'']);
    match (path.is_empty(), is_plain) {
        (true, true) => name.to_owned(),
        (false, true) => format!("{path}.{name}"),
        (_, false) => format!("{path}[\"{}\"]", name.replace('\\', "\\\\").replace('"', "\\\"")),
    }
}

type Chars<'a> = std::iter::Peekable<std::str::Chars<'a>>;

fn name(chars: &mut Chars<'_>) -> Result<String, String> {
    let mut name = String::new();
    while let Some(c) = chars.next_if(|c| !matches!(c, '.' | '[')) {
        name.push(if c == '\\' { escaped(chars)? } else { c });
    }
    Ok(name)
}

fn bracket(chars: &mut Chars<'_>) -> Result<String, String> {
    let quote = chars.next_if(|c| matches!(c, '"' | '\''));
    let mut name = String::new();
    loop {
        match (chars.next(), quote) {
            (None, Some(_)) => return Err("a quote in the path is not closed".to_owned()),
            (None, None) => return Err("a `[` in the path is not closed".to_owned()),
            (Some('\\'), _) => name.push(escaped(chars)?),
            (Some(']'), None) => return Ok(name),
            (Some(c), Some(quote)) if c == quote => break,
            (Some(c), _) => name.push(c),
        }
    }
    if chars.next() == Some(']') { Ok(name) } else { Err("a `[` in the path is not closed".to_owned()) }
}

fn escaped(chars: &mut Chars<'_>) -> Result<char, String> {
    chars.next().ok_or_else(|| "the path ends with a backslash".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_grammar() {
        for (text, expected) in [
            ("a", &["a"][..]),
            ("a.b.c", &["a", "b", "c"]),
            ("a[0].b", &["a", "0", "b"]),
            ("a.0", &["a", "0"]),
            (r#"a["b.c"].d"#, &["a", "b.c", "d"]),
            ("a['b\"c']", &["a", "b\"c"]),
            (r#"a["say \"x\""]"#, &["a", "say \"x\""]),
            (r"a.b\.c", &["a", "b.c"]),
            (r"a\[0\]", &["a[0]"]),
            (r#"["amazon-bedrock"].x"#, &["amazon-bedrock", "x"]),
            ("a[b]", &["a", "b"]),
            ("a[0][1]", &["a", "0", "1"]),
        ] {
            assert_eq!(KeyPath::parse(text).unwrap().segments(), expected, "{text}");
        }
    }

    #[test]
    fn what_is_refused() {
        for (text, problem) in [
            ("", "a name in the path is empty"),
            ("a..b", "a name in the path is empty"),
            ("a.", "a name in the path is empty"),
            (".a", "a name in the path is empty"),
            ("a[]", "a name in the path is empty"),
            ("a[0", "a `[` in the path is not closed"),
            ("a[\"b", "a quote in the path is not closed"),
            ("a[\"b\"", "a `[` in the path is not closed"),
            ("a[0]b", "after `]` comes `.`, `[` or the end"),
            ("a\\", "the path ends with a backslash"),
            ("__proto__.x", "`__proto__` is refused as a name"),
            ("a[\"constructor\"]", "`constructor` is refused as a name"),
            ("a.prototype", "`prototype` is refused as a name"),
        ] {
            assert_eq!(KeyPath::parse(text), Err(problem.to_owned()), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_shown_reads_back(names in prop::collection::vec("[^\u{0}]{1,6}", 1..5)) {
            prop_assume!(!names.iter().any(|name| REFUSED.contains(&name.as_str())));
            let joined = names.iter().fold(String::new(), |path, name| join(&path, name));
            let path = KeyPath::parse(&joined).unwrap();
            prop_assert_eq!(path.segments(), names);
            prop_assert_eq!(path.to_string(), joined);
        }

        #[test]
        fn any_text_is_read_or_refused(text in "\\PC*") {
            if let Ok(path) = KeyPath::parse(&text) {
                prop_assert!(!path.segments().is_empty());
            }
        }
    }
}
