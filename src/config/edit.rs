//! One key of a JSON5 text set or taken out, with every other byte left as it is.
//!
//! Comments, order, quotes and white space stay; only a comma that the change asks for comes or goes. New text
//! follows the habits of the file: its indentation, line ends, quoted or bare keys, commas after the last
//! member. It is pure: whether the result may be written is for [`super::store`].

use super::document::{Document, Entry, Node, NodeKind, comment_end};
use super::keys::is_provider;
use super::path::{KeyPath, join};
use serde_json::Value;
use std::fmt;
use std::ops::Range;

/// Text in place of other text.
struct Splice {
    range: Range<usize>,
    text: String,
}

/// Why nothing can stand at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum NoPlace {
    /// What stands on the way holds no such thing. For the whole file the place is empty.
    Taken { place: String, type_name: &'static str },
    /// The list has this many elements, so that the next index is this number.
    PastEnd { place: String, count: usize },
}

impl fmt::Display for NoPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NoPlace::Taken { place, type_name } if place.is_empty() => {
                write!(f, "the file holds {type_name}")
            }
            NoPlace::Taken { place, type_name } => {
                write!(f, "`{place}` is {type_name}; nothing can stand below it")
            }
            NoPlace::PastEnd { place, count: 0 } => write!(f, "`{place}` begins with `{place}[0]`"),
            NoPlace::PastEnd { place, count } => {
                write!(f, "`{place}` ends before `{place}[{count}]`, which is the next one")
            }
        }
    }
}

/// Sets the value at a path, and creates what is missing on the way to it.
pub(super) fn set(document: &Document, path: &KeyPath, value: &Node) -> Result<String, NoPlace> {
    let style = Style::of(document);
    let Some(mut node) = document.root.as_ref() else {
        let all = nested("", path.segments(), value)?;
        let gap = if document.text.is_empty() || document.text.ends_with('\n') { "" } else { style.newline };
        return Ok(format!("{}{gap}{}{}", document.text, style.render(&all, "", false), style.newline));
    };
    let mut place = String::new();
    let mut names = path.segments();
    while let Some((name, rest)) = names.split_first() {
        let Some(entry) = child(node, name) else {
            let name_there = match &node.kind {
                NodeKind::Object(_) => Some(name.as_str()),
                NodeKind::List(_) if place.is_empty() => return Err(taken(place, node)),
                NodeKind::List(entries) if is_index(name, entries.len()) => None,
                NodeKind::List(entries) => return Err(NoPlace::PastEnd { place, count: entries.len() }),
                NodeKind::Scalar(_) => return Err(taken(place, node)),
            };
            let value = nested(&join(&place, name), rest, value)?;
            return Ok(apply(&document.text, style.insert(node, name_there, &value)));
        };
        node = &entry.value;
        place = join(&place, name);
        names = rest;
    }
    let written = document.text.get(node.span.clone()).unwrap_or_default();
    let quote = if written.starts_with('\'') { '\'' } else { '"' };
    let style = Style { quote, ..style };
    let indent = indent_of(&document.text, node.span.start);
    let text =
        style.render(value, indent, !written.contains('\n') && !matches!(node.kind, NodeKind::Scalar(_)));
    Ok(apply(&document.text, vec![Splice { range: node.span.clone(), text }]))
}

fn taken(place: String, node: &Node) -> NoPlace {
    NoPlace::Taken { place, type_name: node.type_name() }
}

/// Takes out the value at a path, every one of them if the key stands there twice. `None`: it is not there.
pub(super) fn unset(document: &Document, path: &KeyPath) -> Option<String> {
    let mut text = unset_last(document, path)?;
    loop {
        let Ok(document) = Document::parse(text.clone()) else { return Some(text) };
        // Elements of a list move up, so that the same path names the next one: it stays.
        let is_member = matches!(parent(&document, path), Some(Node { kind: NodeKind::Object(_), .. }));
        match unset_last(&document, path).filter(|_| is_member) {
            Some(next) => text = next,
            None => return Some(text),
        }
    }
}

fn unset_last(document: &Document, path: &KeyPath) -> Option<String> {
    let parent = parent(document, path)?;
    let entry = child(parent, path.segments().last()?)?;
    let entries = parent.entries();
    let before = entries.iter().take_while(|other| other.start < entry.start).last();
    Some(apply(&document.text, remove(&document.text, entry, before)))
}

fn parent<'d>(document: &'d Document, path: &KeyPath) -> Option<&'d Node> {
    let (_, above) = path.segments().split_last()?;
    find(document.root.as_ref()?, above)
}

/// The value at a path.
pub(super) fn find<'n>(root: &'n Node, segments: &[String]) -> Option<&'n Node> {
    segments.iter().try_fold(root, |node, name| child(node, name).map(|entry| &entry.value))
}

/// Whether a byte is the beginning of a key on the way to a path, or within the value at its end.
pub(super) fn is_on_path(document: &Document, path: &KeyPath, offset: usize) -> bool {
    let Some(mut node) = document.root.as_ref() else { return false };
    for name in path.segments() {
        match child(node, name) {
            Some(entry) if entry.start == offset => return true,
            Some(entry) => node = &entry.value,
            None => return false,
        }
    }
    node.span.contains(&offset)
}

/// The member or element of that name. A name of the provider finds it under its other names too.
fn child<'n>(node: &'n Node, name: &str) -> Option<&'n Entry> {
    match &node.kind {
        NodeKind::Scalar(_) => None,
        NodeKind::List(entries) => entries.get(name.parse::<usize>().ok()?),
        NodeKind::Object(entries) => node.member(name).or_else(|| {
            let is_alias = |entry: &&Entry| is_provider(name) && is_provider(&entry.name);
            entries.iter().rfind(is_alias)
        }),
    }
}

fn is_index(name: &str, index: usize) -> bool {
    name.parse() == Ok(index)
}

/// A value below names that do not exist yet. `0` makes a list.
fn nested(place: &str, names: &[String], value: &Node) -> Result<Node, NoPlace> {
    let Some((name, rest)) = names.split_first() else { return Ok(value.clone()) };
    let inner = nested(&join(place, name), rest, value)?;
    if is_index(name, 0) {
        return Ok(Node::new(NodeKind::List(vec![Entry::new("", inner)])));
    }
    if name.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(NoPlace::PastEnd { place: place.to_owned(), count: 0 });
    }
    Ok(Node::new(NodeKind::Object(vec![Entry::new(name, inner)])))
}

fn apply(text: &str, mut splices: Vec<Splice>) -> String {
    splices.sort_by_key(|splice| splice.range.start);
    let (mut out, mut at) = (String::with_capacity(text.len() + 64), 0);
    for Splice { range, text: new } in splices {
        out.push_str(text.get(at..range.start).unwrap_or_default());
        out.push_str(&new);
        at = range.end;
    }
    out.push_str(text.get(at..).unwrap_or_default());
    out
}

fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t')
}

fn line_start(text: &str, at: usize) -> usize {
    text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |newline| newline + 1)
}

/// The white space at the beginning of the line that holds this byte.
fn indent_of(text: &str, at: usize) -> &str {
    let line = text.get(line_start(text, at)..).unwrap_or_default();
    let length = line.find(|c| !is_space(c)).unwrap_or(line.len());
    line.get(..length).unwrap_or_default()
}

/// Where the blanks before this byte begin.
fn before_spaces(text: &str, at: usize) -> usize {
    text.get(..at).map_or(at, |before| before.trim_end_matches(is_space).len())
}

/// Where the blanks after this byte end.
fn after_spaces(text: &str, at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    at + rest.find(|c| !is_space(c)).unwrap_or(rest.len())
}

/// What goes when an entry goes: the entry with its comma; the line, if nothing else is on it; and the comma
/// before the last entry, where the file has none after it.
fn remove(text: &str, entry: &Entry, before: Option<&Entry>) -> Vec<Splice> {
    let cut = |range: Range<usize>| Splice { range, text: String::new() };
    let value_end = entry.value.span.end;
    let comma = entry.comma.unwrap_or(value_end);
    let mut splices = Vec::new();
    let is_together = text.get(value_end..comma).is_some_and(|between| between.chars().all(is_space));
    let end = match entry.comma {
        Some(comma) if is_together => comma + 1,
        Some(comma) => {
            splices.push(cut(comma..comma + 1));
            value_end
        }
        None => value_end,
    };
    let line_begin = line_start(text, entry.start);
    let after = after_spaces(text, end);
    let newline =
        ["\r\n", "\n"].into_iter().find(|end| text.get(after..).is_some_and(|rest| rest.starts_with(end)));
    let begins_line = before_spaces(text, entry.start) == line_begin;
    let range = match (newline, before) {
        (Some(newline), _) if begins_line => line_begin..after + newline.len(),
        (_, Some(_)) => before_spaces(text, entry.start)..end,
        (_, None) => entry.start..after,
    };
    splices.push(cut(range));
    if let (None, Some(Entry { comma: Some(comma), .. })) = (entry.comma, before) {
        splices.push(cut(*comma..*comma + 1));
    }
    splices
}

/// The habits of a file.
#[derive(Clone, Copy)]
struct Style<'d> {
    text: &'d str,
    indent: &'d str,
    newline: &'static str,
    has_quoted_keys: bool,
    has_last_comma: bool,
    quote: char,
}

impl<'d> Style<'d> {
    fn of(document: &'d Document) -> Self {
        let text = document.text.as_str();
        let entries = document.root.as_ref().map(Node::entries).unwrap_or_default();
        let first = entries.first().map_or(0, |entry| entry.start);
        let indent = indent_of(text, first);
        let begins_line = before_spaces(text, first) == line_start(text, first);
        let has_quoted_keys = text.get(first..).is_some_and(|rest| rest.starts_with(['"', '\'']));
        Style {
            text,
            indent: if begins_line && !indent.is_empty() { indent } else { "  " },
            newline: if text.contains("\r\n") { "\r\n" } else { "\n" },
            has_quoted_keys,
            has_last_comma: entries.last().is_none_or(|entry| entry.comma.is_some()),
            quote: '"',
        }
    }

    /// A new last entry. `name` is the key in an object.
    fn insert(&self, node: &Node, name: Option<&str>, value: &Node) -> Vec<Splice> {
        let text = self.text;
        let close = node.span.end - 1;
        let outer = indent_of(text, node.span.start);
        let inner = format!("{outer}{}", self.indent);
        let put = |at: usize, text: String| Splice { range: at..at, text };
        let Some(last) = node.entries().last() else {
            let comma = if self.has_last_comma { "," } else { "" };
            let entry = format!("{inner}{}{comma}{}", self.entry(name, value, &inner, false), self.newline);
            let close_line = line_start(text, close);
            if close_line > node.span.start && before_spaces(text, close) == close_line {
                return vec![put(close_line, entry)];
            }
            let range = before_spaces(text, close)..close;
            return vec![Splice { range, text: format!("{}{entry}{outer}", self.newline) }];
        };
        let value_end = last.value.span.end;
        let after_last = last.comma.map_or(value_end, |comma| comma + 1);
        let is_inline = !text.get(after_last..close).unwrap_or_default().contains('\n');
        let (comma, last_comma) = if last.comma.is_some() { ("", ",") } else { (",", "") };
        if is_inline {
            let entry = self.entry(name, value, outer, true);
            return vec![put(after_last, format!("{comma} {entry}{last_comma}"))];
        }
        let begins_line = before_spaces(text, last.start) == line_start(text, last.start);
        let indent = if begins_line { indent_of(text, last.start) } else { inner.as_str() };
        let entry = self.entry(name, value, indent, false);
        vec![
            put(value_end, comma.to_owned()),
            put(after_comments(text, after_last), format!("{}{indent}{entry}{last_comma}", self.newline)),
        ]
    }

    fn entry(&self, name: Option<&str>, value: &Node, indent: &str, inline: bool) -> String {
        let value = self.render(value, indent, inline);
        match name {
            Some(name) => format!("{}: {value}", self.key(name)),
            None => value,
        }
    }

    fn key(&self, name: &str) -> String {
        let mut bytes = name.bytes();
        let starts =
            bytes.next().is_some_and(|first| first.is_ascii_alphabetic() || matches!(first, b'_' | b'$'));
        let is_bare = starts && bytes.all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$'));
        if is_bare && !self.has_quoted_keys { name.to_owned() } else { self.quoted(name) }
    }

    fn quoted(&self, text: &str) -> String {
        let json = Value::from(text).to_string();
        if self.quote == '"' {
            return json;
        }
        let inner = json.get(1..json.len().saturating_sub(1)).unwrap_or_default();
        let mut out = String::from('\'');
        let mut chars = inner.chars();
        while let Some(c) = chars.next() {
            match c {
                '\\' => match chars.next() {
                    Some('"') => out.push('"'),
                    escaped => {
                        out.push('\\');
                        out.extend(escaped);
                    }
                },
                '\'' => out.push_str("\\'"),
                c => out.push(c),
            }
        }
        out.push('\'');
        out
    }

    /// A value as text: objects over several lines unless `inline`, lists too when they hold more than scalars.
    fn render(&self, value: &Node, indent: &str, inline: bool) -> String {
        let below = format!("{indent}{}", self.indent);
        let (open, close, lines): (_, _, Vec<String>) = match &value.kind {
            NodeKind::Scalar(Value::String(text)) => return self.quoted(text),
            NodeKind::Scalar(value) => return value.to_string(),
            NodeKind::List(elements) => {
                let is_scalar = |entry: &Entry| matches!(entry.value.kind, NodeKind::Scalar(_));
                let is_flat = inline || elements.iter().all(is_scalar);
                let element = |entry: &Entry| self.render(&entry.value, &below, is_flat);
                let lines: Vec<_> = elements.iter().map(element).collect();
                if is_flat {
                    return format!("[{}]", lines.join(", "));
                }
                ('[', ']', lines)
            }
            NodeKind::Object(members) => {
                let member = |entry: &Entry| self.entry(Some(&entry.name), &entry.value, &below, inline);
                ('{', '}', members.iter().map(member).collect())
            }
        };
        if lines.is_empty() {
            return format!("{open}{close}");
        }
        if inline {
            return format!("{open} {} {close}", lines.join(", "));
        }
        let (newline, unit) = (self.newline, self.indent);
        let separator = format!(",{newline}{indent}{unit}");
        let comma = if self.has_last_comma { "," } else { "" };
        format!("{open}{newline}{indent}{unit}{}{comma}{newline}{indent}{close}", lines.join(&separator))
    }
}

/// The end of the comments that follow on the same line, or `at` if there are none.
fn after_comments(text: &str, mut at: usize) -> usize {
    loop {
        let begin = after_spaces(text, at);
        let end = comment_end(text, begin);
        if end == begin {
            return at;
        }
        at = end;
    }
}

/// A whole new text that says `value`, below a line of comment.
pub(super) fn new_text(comment: &str, value: &Node) -> String {
    let text = format!("// {}\n", comment.escape_debug());
    let style = Style {
        text: "",
        indent: "  ",
        newline: "\n",
        has_quoted_keys: false,
        has_last_comma: true,
        quote: '"',
    };
    format!("{text}{}\n", style.render(value, "", false))
}

#[cfg(test)]
mod tests;
