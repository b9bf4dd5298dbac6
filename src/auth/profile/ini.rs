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

impl Rule {
    /// What to do about it.
    pub fn remedy(self) -> &'static str {
        match self {
            Rule::UnclosedHeader => "close the header with `]`",
            Rule::PropertyBeforeSection | Rule::IndentedBeforeSection => {
                "begin the file with a section such as `[default]`"
            }
            Rule::IndentedFirst => "begin the line without blanks",
            Rule::ColonForEquals => "write `name = value`",
            Rule::NoEquals => "write `name = value`, or begin the line with `#` if it is a remark",
            Rule::NoName | Rule::NestedNoName => "write the name before `=`",
            Rule::NestedNoEquals => "write `name = value`, or begin the line without blanks",
        }
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
mod tests;
