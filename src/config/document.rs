//! A JSON5 text with the place of every key and value in it.
//!
//! The crate json5 judges whether a text is JSON5 and reads its keys and scalars; it gives no places. So the
//! brackets, colons and commas are found here a second time, in a text that it has accepted. Nothing else names
//! that crate. What a key means is not known here.

use serde_json::Value;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;

/// Deeper nesting is refused, so that no text can exhaust the stack.
const DEPTH_LIMIT: usize = 64;

/// A text and its tree.
#[derive(Debug)]
pub(super) struct Document {
    pub(super) text: String,
    /// `None` for a text of nothing but white space and comments.
    pub(super) root: Option<Node>,
}

/// A value and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Node {
    /// Its first byte to the one after its last, brackets and quotes included.
    pub(super) span: Range<usize>,
    pub(super) kind: NodeKind,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum NodeKind {
    Scalar(Value),
    List(Vec<Entry>),
    Object(Vec<Entry>),
}

/// A member of an object, or an element of a list.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Entry {
    /// The key, unescaped. Empty in a list.
    pub(super) name: String,
    /// Where the key begins; in a list, where the value begins.
    pub(super) start: usize,
    pub(super) value: Node,
    /// Where the comma after it stands, if there is one.
    pub(super) comma: Option<usize>,
}

impl Entry {
    /// A member, or with an empty name an element, that stands nowhere yet.
    pub(super) fn new(name: &str, value: Node) -> Self {
        Self { name: name.to_owned(), start: 0, value, comma: None }
    }
}

/// Why a text is no JSON5, and at which byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Broken {
    pub(super) offset: usize,
    pub(super) problem: String,
}

impl Document {
    /// Reads a text.
    pub(super) fn parse(text: String) -> Result<Self, Broken> {
        let tokens = Tokens::of(&text)?;
        if tokens.0.is_empty() {
            return Ok(Self { text, root: None });
        }
        if let Err(error) = json5::from_str::<serde::de::IgnoredAny>(&text) {
            return Err(broken(&text, &error));
        }
        let root = Builder { text: &text, tokens: &tokens.0, at: 0 }.value();
        match root {
            Some(root) => Ok(Self { root: Some(root), text }),
            None => Err(Broken { offset: 0, problem: "its structure cannot be read".to_owned() }),
        }
    }

    /// Line and column of a byte, both from 1. Columns count characters.
    pub(super) fn position(&self, offset: usize) -> (usize, usize) {
        position(&self.text, offset)
    }
}

impl Node {
    /// The value as plain JSON. A key that stands twice has its last value.
    pub(super) fn to_value(&self) -> Value {
        match &self.kind {
            NodeKind::Scalar(value) => value.clone(),
            NodeKind::List(entries) => entries.iter().map(|entry| entry.value.to_value()).collect(),
            NodeKind::Object(entries) => {
                entries.iter().map(|entry| (entry.name.clone(), entry.value.to_value())).collect()
            }
        }
    }

    /// A value that stands nowhere yet.
    pub(super) fn new(kind: NodeKind) -> Self {
        Self { span: 0..0, kind }
    }

    fn holds_null(&self) -> bool {
        self.kind == NodeKind::Scalar(Value::Null)
            || self.entries().iter().any(|entry| entry.value.holds_null())
    }

    /// Members or elements; none for a scalar.
    pub(super) fn entries(&self) -> &[Entry] {
        match &self.kind {
            NodeKind::Scalar(_) => &[],
            NodeKind::List(entries) | NodeKind::Object(entries) => entries,
        }
    }

    /// The member that counts: the last one of that name.
    pub(super) fn member(&self, name: &str) -> Option<&Entry> {
        match &self.kind {
            NodeKind::Object(entries) => entries.iter().rfind(|entry| entry.name == name),
            NodeKind::Scalar(_) | NodeKind::List(_) => None,
        }
    }

    /// What it is, for a message.
    pub(super) fn type_name(&self) -> &'static str {
        match &self.kind {
            NodeKind::Scalar(value) => scalar_name(value),
            NodeKind::List(_) => "a list",
            NodeKind::Object(_) => "an object",
        }
    }
}

fn scalar_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// Reads a value that stands alone, such as an argument of the command line. `None` when it is no JSON5, nested
/// too deep, or holds one of the numbers that JSON does not have (`NaN`, `Infinity`).
pub(super) fn parse_value(text: &str) -> Option<Node> {
    let document = Document::parse(text.to_owned()).ok()?;
    let is_named = text.contains("NaN") || text.contains("Infinity");
    document.root.filter(|root| !(is_named && root.holds_null()))
}

/// Line and column of a byte, both from 1. Columns count characters.
pub(super) fn position(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    let column = before.get(line_start..).unwrap_or_default().chars().count();
    (before.matches('\n').count() + 1, column + 1)
}

fn broken(text: &str, error: &json5::Error) -> Broken {
    use json5::ErrorCode as Code;
    let problem = match error.code() {
        Some(Code::ExpectedColon) => "a `:` is missing after the key".to_owned(),
        Some(Code::ExpectedComma | Code::ExpectedClosingBrace | Code::ExpectedClosingBracket) => {
            "a `,` or a closing bracket is missing".to_owned()
        }
        Some(Code::ExpectedIdentifier) => "a key or a closing brace is missing".to_owned(),
        Some(Code::ExpectedValue | Code::ExpectedBool | Code::ExpectedNull | Code::ExpectedNumber) => {
            "this is no value; text needs quotes".to_owned()
        }
        Some(Code::LineTerminatorInString) => "the quotes of this text are not closed".to_owned(),
        Some(Code::InvalidEscapeSequence) => "this escape in a text is not allowed".to_owned(),
        Some(Code::LeadingZero) => "a number must not begin with 0".to_owned(),
        Some(Code::TrailingCharacters) => "something follows after the end".to_owned(),
        Some(Code::EofParsingString | Code::EofParsingEscapeSequence) => {
            "it ends inside a quoted text".to_owned()
        }
        Some(Code::EofParsingComment) => "it ends inside a comment".to_owned(),
        Some(code) if code.to_string().starts_with("EOF") => {
            "it ends before the last bracket is closed".to_owned()
        }
        Some(code) => code.to_string(),
        None => "this cannot be read".to_owned(),
    };
    // For a text that ends too early json5 names the bracket that is open, or no place.
    let is_cut = error.code().is_some_and(|code| code.to_string().starts_with("EOF"));
    let at = error.position().filter(|_| !is_cut);
    let offset = at.map_or(text.trim_end().len(), |at| offset_of(text, at.line, at.column));
    Broken { offset, problem }
}

/// The byte at a line and column from 0, as json5 counts them.
fn offset_of(text: &str, line: usize, column: usize) -> usize {
    let mut left = line;
    let mut at = 0;
    let mut chars = text.char_indices().peekable();
    while left > 0 {
        let Some((offset, c)) = chars.next() else { return text.len() };
        at = offset + c.len_utf8();
        if json5::char::is_json5_line_terminator(c) {
            if c == '\r' && chars.next_if(|(_, next)| *next == '\n').is_some() {
                at += 1;
            }
            left -= 1;
        }
    }
    let rest = text.get(at..).unwrap_or_default();
    at + rest.char_indices().nth(column).map_or(rest.len(), |(offset, _)| offset)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TokenKind {
    OpenObject,
    OpenList,
    Close,
    Colon,
    Comma,
    /// A quoted text, a number, a name.
    Atom,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Token {
    kind: TokenKind,
    span: Range<usize>,
}

/// Everything but white space and comments.
struct Tokens(Vec<Token>);

impl Tokens {
    fn of(text: &str) -> Result<Self, Broken> {
        let mut tokens = Vec::new();
        let (mut at, mut depth) = (0, 0_usize);
        loop {
            at = skip_blank(text, at);
            let Some(first) = text.get(at..).and_then(|rest| rest.chars().next()) else { break };
            let kind = match first {
                '{' => TokenKind::OpenObject,
                '[' => TokenKind::OpenList,
                '}' | ']' => TokenKind::Close,
                ':' => TokenKind::Colon,
                ',' => TokenKind::Comma,
                _ => TokenKind::Atom,
            };
            match kind {
                TokenKind::OpenObject | TokenKind::OpenList => depth += 1,
                TokenKind::Close => depth = depth.saturating_sub(1),
                TokenKind::Colon | TokenKind::Comma | TokenKind::Atom => {}
            }
            if depth > DEPTH_LIMIT {
                let problem = format!("brackets are nested more than {DEPTH_LIMIT} deep");
                return Err(Broken { offset: at, problem });
            }
            let end = if kind == TokenKind::Atom { atom_end(text, at) } else { at + first.len_utf8() };
            tokens.push(Token { kind, span: at..end });
            at = end;
        }
        Ok(Self(tokens))
    }
}

/// The first byte from `at` that belongs neither to white space nor to a comment. A comment that does not end
/// reaches to the end of the text.
pub(super) fn skip_blank(text: &str, mut at: usize) -> usize {
    loop {
        let Some(rest) = text.get(at..) else { return text.len() };
        let after = match rest.chars().next() {
            Some(c) if json5::char::is_json5_whitespace(c) => at + c.len_utf8(),
            Some('/') => comment_end(text, at),
            Some(_) | None => at,
        };
        if after == at {
            return at;
        }
        at = after;
    }
}

/// The end of the comment that begins at `at` (for a line comment without the line's end), or `at` if none does.
pub(super) fn comment_end(text: &str, at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    if let Some(line) = rest.strip_prefix("//") {
        let length = line.find(json5::char::is_json5_line_terminator).unwrap_or(line.len());
        return at + 2 + length;
    }
    match rest.strip_prefix("/*") {
        Some(block) => at + 2 + block.find("*/").map_or(block.len(), |end| end + 2),
        None => at,
    }
}

/// The end of a quoted text, or of a run of other characters. At least one character.
fn atom_end(text: &str, at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    let mut chars = rest.char_indices();
    let Some((_, first)) = chars.next() else { return at };
    if !matches!(first, '"' | '\'') {
        let is_end = |c: char| {
            matches!(c, '{' | '}' | '[' | ']' | ':' | ',' | '"' | '\'' | '/')
                || json5::char::is_json5_whitespace(c)
        };
        return at + chars.find(|(_, c)| is_end(*c)).map_or(rest.len(), |(offset, _)| offset);
    }
    while let Some((offset, c)) = chars.next() {
        if c == first {
            return at + offset + 1;
        }
        if c == '\\' {
            chars.next();
        }
    }
    text.len()
}

/// From tokens to the tree. It gives up, with `None`, on anything but the tokens of valid JSON5.
struct Builder<'a> {
    text: &'a str,
    tokens: &'a [Token],
    at: usize,
}

impl<'a> Builder<'a> {
    fn next(&mut self) -> Option<&'a Token> {
        let token = self.tokens.get(self.at)?;
        self.at += 1;
        Some(token)
    }

    fn next_if(&mut self, kind: TokenKind) -> Option<&'a Token> {
        let token = self.tokens.get(self.at).filter(|token| token.kind == kind)?;
        self.at += 1;
        Some(token)
    }

    fn value(&mut self) -> Option<Node> {
        let token = self.next()?;
        match token.kind {
            TokenKind::Atom => {
                let value = json5::from_str(self.text.get(token.span.clone())?).ok()?;
                Some(Node { span: token.span.clone(), kind: NodeKind::Scalar(value) })
            }
            TokenKind::OpenObject | TokenKind::OpenList => {
                let is_object = token.kind == TokenKind::OpenObject;
                let mut entries = Vec::new();
                let end = loop {
                    if let Some(close) = self.next_if(TokenKind::Close) {
                        break close.span.end;
                    }
                    entries.push(self.entry(is_object)?);
                };
                let kind = if is_object { NodeKind::Object(entries) } else { NodeKind::List(entries) };
                Some(Node { span: token.span.start..end, kind })
            }
            TokenKind::Close | TokenKind::Colon | TokenKind::Comma => None,
        }
    }

    fn entry(&mut self, in_object: bool) -> Option<Entry> {
        let mut name = String::new();
        let mut start = None;
        if in_object {
            let key = self.next_if(TokenKind::Atom)?;
            start = Some(key.span.start);
            name = unescape_key(self.text.get(key.span.clone())?)?.into_owned();
            self.next_if(TokenKind::Colon)?;
        }
        let value = self.value()?;
        let comma = self.next_if(TokenKind::Comma).map(|comma| comma.span.start);
        Some(Entry { name, start: start.unwrap_or(value.span.start), value, comma })
    }
}

/// A key as written: quoted, or a name that may hold `\u` escapes.
fn unescape_key(written: &str) -> Option<Cow<'_, str>> {
    if written.starts_with(['"', '\'']) {
        return json5::from_str(written).ok().map(Cow::Owned);
    }
    if !written.contains('\\') {
        return Some(Cow::Borrowed(written));
    }
    let object: BTreeMap<String, u8> = json5::from_str(&format!("{{{written}:0}}")).ok()?;
    object.into_keys().next().map(Cow::Owned)
}

#[cfg(test)]
pub(super) mod messy;
#[cfg(test)]
mod tests;
