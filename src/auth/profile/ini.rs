//! The dialect of `~/.aws/config` and `~/.aws/credentials`, read into sections as they stand in the file.
//!
//! The parser is our own since the dialect is not plain ini: an indented line continues the value above it, a
//! property without a value opens a block of nested ones, `#` and `;` start a comment only after white space,
//! and `:` is no `=`. A general ini crate joins, strips or rejects these silently (`rust-ini` with a simple
//! mapping agrees on 29 of the 65 published parser cases). This file knows lines, not what headers mean
//! ([`super::files`] does), and borrows all text, so that secrets are copied once, into their final place.
//!
//! See [config and credentials file format](https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html).

use std::fmt;

/// A header and the properties below it, as they stand. The same header can occur again.
pub struct RawSection<'a> {
    /// The text between the brackets, trimmed.
    pub header: &'a str,
    /// Line of the header, from 1.
    pub line: usize,
    /// The properties in order; a name can occur again.
    pub properties: Vec<RawProperty<'a>>,
}

/// A property, as it stands. No `Debug`: the value may be a secret.
pub struct RawProperty<'a> {
    /// The name, in the case of the file.
    pub name: &'a str,
    /// Line of the name, from 1.
    pub line: usize,
    /// The text after `=`. Empty when a block of nested properties follows.
    first: &'a str,
    /// The indented lines below.
    more: Vec<&'a str>,
}

impl RawProperty<'_> {
    /// The value: what stands after `=`, then each indented line below it after a line feed.
    pub fn value(&self) -> String {
        let length = self.first.len() + self.more.iter().map(|line| line.len() + 1).sum::<usize>();
        let mut value = String::with_capacity(length);
        value.push_str(self.first);
        for line in &self.more {
            value.push('\n');
            value.push_str(line);
        }
        value
    }
}

/// A line that breaks the dialect. It fails the whole file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SyntaxError {
    /// The line, from 1.
    pub line: usize,
    /// What it breaks.
    pub rule: Rule,
}

/// The rules that a line can break. None of them shows the line, which may hold a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// A header without `]`.
    UnclosedHeader,
    /// A property before the first header.
    PropertyBeforeSection,
    /// An indented line before the first header.
    IndentedBeforeSection,
    /// An indented line right after a header.
    IndentedFirst,
    /// `name: value`.
    ColonForEquals,
    /// A line without `=`.
    NoEquals,
    /// Nothing before `=`.
    NoName,
    /// A line of a nested block without `=`.
    NestedNoEquals,
    /// A line of a nested block with nothing before `=`.
    NestedNoName,
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Rule::UnclosedHeader => "a section header does not end in `]`",
            Rule::PropertyBeforeSection => "a property stands before the first `[section]`",
            Rule::IndentedBeforeSection => "an indented line stands before the first `[section]`",
            Rule::IndentedFirst => "the first property of a section is indented",
            Rule::ColonForEquals => "`:` stands where `=` is needed",
            Rule::NoEquals => "there is no `=` between name and value",
            Rule::NoName => "there is no name before `=`",
            Rule::NestedNoEquals => {
                "an indented line below a property without value is no `name = value` (an indented comment is none)"
            }
            Rule::NestedNoName => "there is no name before `=` in an indented line",
        })
    }
}

/// Splits a file into sections. A byte order mark is skipped; lines end in LF or CRLF.
///
/// # Errors
///
/// The first line that breaks a rule.
pub fn parse(text: &str) -> Result<Vec<RawSection<'_>>, SyntaxError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut sections = Vec::new();
    for (index, text) in text.lines().enumerate() {
        let line = index + 1;
        // `lines` takes a CR away before LF only; the last line may end in a lone one.
        let text = text.strip_suffix('\r').unwrap_or(text);
        read_line(&mut sections, line, text).map_err(|rule| SyntaxError { line, rule })?;
    }
    Ok(sections)
}

/// A blank line says nothing; else the first character of a line decides what it is.
fn read_line<'a>(sections: &mut Vec<RawSection<'a>>, line: usize, text: &'a str) -> Result<(), Rule> {
    if trim(text).is_empty() || text.starts_with(['#', ';']) {
        return Ok(());
    }
    if text.starts_with('[') {
        sections.push(RawSection { header: header(text)?, line, properties: Vec::new() });
        return Ok(());
    }
    if text.starts_with(BLANKS) {
        let section = sections.last_mut().ok_or(Rule::IndentedBeforeSection)?;
        let property = section.properties.last_mut().ok_or(Rule::IndentedFirst)?;
        if property.first.is_empty() {
            name_and_value(text).map_err(|fault| fault.in_nested_line())?;
        }
        property.more.push(trim(text));
        return Ok(());
    }
    let section = sections.last_mut().ok_or(Rule::PropertyBeforeSection)?;
    let (name, first) = name_and_value(text).map_err(|fault| fault.in_line(text))?;
    section.properties.push(RawProperty { name, line, first, more: Vec::new() });
    Ok(())
}

/// The nested properties in the value of a property that has nothing after its `=`, in order.
pub fn nested(value: &str) -> impl Iterator<Item = (&str, &str)> {
    let block = value.strip_prefix('\n').unwrap_or_default();
    block.lines().filter_map(|line| name_and_value(line).ok())
}

/// What white space is at the start of a line and around names and values.
const BLANKS: [char; 2] = [' ', '\t'];

fn trim(text: &str) -> &str {
    text.trim_matches(BLANKS)
}

/// The text between the brackets. In a header a comment needs no white space before it.
fn header(text: &str) -> Result<&str, Rule> {
    let text = text.split(['#', ';']).next().unwrap_or(text);
    let inner = trim(text).strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    inner.map(trim).ok_or(Rule::UnclosedHeader)
}

enum Fault {
    NoEquals,
    NoName,
}

impl Fault {
    fn in_line(self, text: &str) -> Rule {
        match self {
            Fault::NoEquals if text.contains(':') => Rule::ColonForEquals,
            Fault::NoEquals => Rule::NoEquals,
            Fault::NoName => Rule::NoName,
        }
    }

    fn in_nested_line(self) -> Rule {
        match self {
            Fault::NoEquals => Rule::NestedNoEquals,
            Fault::NoName => Rule::NestedNoName,
        }
    }
}

fn name_and_value(text: &str) -> Result<(&str, &str), Fault> {
    let (name, value) = without_comment(text).split_once('=').ok_or(Fault::NoEquals)?;
    let name = trim(name);
    if name.is_empty() { Err(Fault::NoName) } else { Ok((name, trim(value))) }
}

/// Cuts a comment: from the first `#` or `;` that follows white space.
fn without_comment(text: &str) -> &str {
    let mut after_white_space = false;
    for (at, character) in text.char_indices() {
        if after_white_space && matches!(character, '#' | ';') {
            return text.get(..at).unwrap_or(text);
        }
        after_white_space = character.is_whitespace();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{Rule, SyntaxError, nested, parse};
    use proptest::prelude::*;

    type Sections = Vec<(String, usize, Vec<(String, usize, String)>)>;

    fn read(text: &str) -> Result<Sections, SyntaxError> {
        let sections = parse(text)?.into_iter().map(|section| {
            let properties = section.properties.iter();
            let properties = properties.map(|one| (one.name.to_owned(), one.line, one.value())).collect();
            (section.header.to_owned(), section.line, properties)
        });
        Ok(sections.collect())
    }

    /// The values of a section `[s]` with these lines.
    fn values(lines: &str) -> Vec<(String, String)> {
        let sections = read(&format!("[s]\n{lines}")).unwrap();
        assert_eq!(sections.len(), 1, "{lines}");
        sections[0].2.iter().map(|(name, _, value)| (name.clone(), value.clone())).collect()
    }

    #[test]
    fn values_are_text_up_to_a_comment() {
        for (line, value) in [
            ("n = v", "v"),
            ("n=v", "v"),
            ("n \t= \t v \t", "v"),
            ("n =", ""),
            ("n = a=b==", "a=b=="),
            ("n = a#b;c", "a#b;c"),
            ("n = a # b", "a"),
            ("n = a\t;b", "a"),
            ("n = a;b # c", "a;b"),
            ("n = # c", ""),
            ("n = a%b%%c", "a%b%%c"),
            ("n = \"q\" 'r'", "\"q\" 'r'"),
            ("n = a\\", "a\\"),
            ("n = [x]", "[x]"),
            ("n = v\r", "v"),
        ] {
            assert_eq!(values(line), [("n".to_owned(), value.to_owned())], "{line:?}");
        }
    }

    #[test]
    fn indented_lines_continue_the_value_above() {
        for (lines, value) in [
            ("n = a\n b", "a\nb"),
            ("n = a\n\t b \t\n  c", "a\nb\nc"),
            ("n = a\n\n \t \n b", "a\nb"),
            ("n = a\n# comment\n b", "a\nb"),
            ("n = a\n # no comment", "a\n# no comment"),
            ("n = a\n [x]", "a\n[x]"),
            ("n = a\n b ; kept", "a\nb ; kept"),
            ("n =\n x = 1\n y=2 # c", "\nx = 1\ny=2 # c"),
            ("n = # c\n x = 1", "\nx = 1"),
        ] {
            assert_eq!(values(lines), [("n".to_owned(), value.to_owned())], "{lines:?}");
        }
    }

    #[test]
    fn nested_properties_are_read_from_a_block_only() {
        for (value, expected) in [
            ("\nendpoint_url = http://h\nx=2 # c", vec![("endpoint_url", "http://h"), ("x", "2")]),
            ("\nin valid = v", vec![("in valid", "v")]),
            ("", vec![]),
            ("a = b", vec![]),
            ("v\na = b", vec![]),
        ] {
            assert_eq!(nested(value).collect::<Vec<_>>(), expected, "{value:?}");
        }
    }

    #[test]
    fn headers_lose_comments_and_outer_blanks() {
        for (line, header) in [
            ("[a]", "a"),
            ("[ \tprofile  b\t]", "profile  b"),
            ("[a]#x", "a"),
            ("[a];x]", "a"),
            ("[a] \t # x", "a"),
            ("[]", ""),
            ("[[a]]", "[a]"),
            ("[a]\r", "a"),
        ] {
            let text = format!("{line}\n");
            assert_eq!(read(&text).unwrap(), [(header.to_owned(), 1, vec![])], "{line:?}");
        }
    }

    #[test]
    fn sections_repeat_and_lines_are_counted_from_one() {
        let text = "\u{feff}# c\r\n[a]\r\n\r\nx = 1\r\nX = 2\r\n[b]\n[a]\ny = 3";
        let property = |name: &str, line, value: &str| (name.to_owned(), line, value.to_owned());
        assert_eq!(
            read(text).unwrap(),
            [
                ("a".to_owned(), 2, vec![property("x", 4, "1"), property("X", 5, "2")]),
                ("b".to_owned(), 6, vec![]),
                ("a".to_owned(), 7, vec![property("y", 8, "3")]),
            ]
        );
    }

    #[test]
    fn a_broken_line_is_named_with_its_rule() {
        for (text, line, rule) in [
            ("n = v", 1, Rule::PropertyBeforeSection),
            ("# c\n\n n = v", 3, Rule::IndentedBeforeSection),
            ("[a]\n n = v", 2, Rule::IndentedFirst),
            ("[a]\nn = v\n[a]\n more", 4, Rule::IndentedFirst),
            ("[a\nn = v", 1, Rule::UnclosedHeader),
            ("[a #]", 1, Rule::UnclosedHeader),
            ("[a] x", 1, Rule::UnclosedHeader),
            ("[a]\nn: v", 2, Rule::ColonForEquals),
            ("[a]\nn", 2, Rule::NoEquals),
            ("[a]\nn # = v", 2, Rule::NoEquals),
            ("[a]\n= v", 2, Rule::NoName),
            ("[a]\n\u{a0}\n", 2, Rule::NoEquals),
            ("[a]\ns3 =\n garbage", 3, Rule::NestedNoEquals),
            ("[a]\ns3 =\n # comment", 3, Rule::NestedNoEquals),
            ("[a]\ns3 =\n x = 1\n = 2", 4, Rule::NestedNoName),
            ("[default]\raws_access_key_id = K", 1, Rule::UnclosedHeader),
        ] {
            assert_eq!(read(text).unwrap_err(), SyntaxError { line, rule }, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in "([\\[\\]#;=: \t\r\na\u{feff}\u{a0}]|\\PC){0,80}") {
            for section in read(&text).unwrap_or_default() {
                for (_, _, value) in section.2 {
                    nested(&value).count();
                }
            }
        }

        #[test]
        fn what_is_written_is_read_back(
            sections in prop::collection::vec(
                ("[a-zA-Z0-9_/.%@:+-]{1,8}", prop::collection::vec(("[a-zA-Z_-]{1,8}", "[!-~é]{0,8}( [!-~&&[^#;]]{1,8}){0,2}"), 0..4)),
                0..4,
            ),
        ) {
            let mut text = String::new();
            let mut expected = Vec::new();
            let mut line = 0;
            for (header, properties) in sections {
                text.push_str(&format!("[{header}]\n"));
                line += 1;
                let at = line;
                let properties = properties.into_iter().map(|(name, value)| {
                    line += 1;
                    let value = value.trim_start_matches(['#', ';', ' ']).to_owned();
                    text.push_str(&format!("{name} = {value}\n"));
                    (name, line, value)
                });
                expected.push((header, at, properties.collect::<Vec<_>>()));
            }
            prop_assert_eq!(read(&text).unwrap(), expected.clone());
            prop_assert_eq!(read(&text.replace('\n', "\r\n")).unwrap(), expected);
        }
    }
}
