//! A document against the table of keys: what remains is known and of the right type, the rest is a problem.
//!
//! In our own file an unknown key is a problem; in OpenClaw's, which holds much that is not ours, it is left
//! out. Names are folded (`bedrock` is `amazon-bedrock`) and placeholders are replaced on the way, so that a
//! reader of the result meets neither. What the values mean together is for [`super::settings`].

use super::document::{Document, Entry, Node, NodeKind};
use super::keys::{Below, Kind};
use super::{Owner, model_id, pasted, path, placeholder};
use crate::nearest::nearest;
use crate::region::Region;
use crate::uri::split_url;
use serde_json::Value;
use std::time::Duration;

/// Something that is wrong with a file, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Problem {
    /// The path of the key.
    pub(super) key: String,
    /// Where it stands, in bytes.
    pub(super) offset: usize,
    /// Lower case, no full stop, never a secret.
    pub(super) problem: String,
    pub(super) hints: Vec<String>,
    pub(super) fault: Fault,
}

/// What is at fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// What is written.
    Written,
    /// What is not written yet beside it.
    Incomplete,
    /// The environment lacks a variable.
    Environment,
}

/// Gives the value of a variable.
pub(super) type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

/// What of a document is known, and what is wrong with it.
pub(super) struct Checked {
    pub(super) root: Option<Node>,
    pub(super) problems: Vec<Problem>,
    /// What was passed over and may be missed, in words.
    pub(super) warnings: Vec<String>,
}

/// Checks a document. Without `lookup` placeholders stay as they are.
pub(super) fn check(document: &Document, owner: Owner, lookup: Option<Lookup<'_>>) -> Checked {
    let mut check = Check { document, owner, lookup, problems: Vec::new(), warnings: Vec::new() };
    let root = document.root.as_ref().and_then(|root| check.node(root, &Below::root(), ""));
    Checked { root, problems: check.problems, warnings: check.warnings }
}

struct Check<'a> {
    document: &'a Document,
    owner: Owner,
    lookup: Option<Lookup<'a>>,
    problems: Vec<Problem>,
    warnings: Vec<String>,
}

impl Check<'_> {
    fn report(&mut self, key: &str, offset: usize, problem: String, hints: Vec<String>) {
        let key = if key.is_empty() { "the file".to_owned() } else { key.to_owned() };
        self.problems.push(Problem { key, offset, problem, hints, fault: Fault::Written });
    }

    fn node(&mut self, node: &Node, below: &Below, path: &str) -> Option<Node> {
        let kind = match &node.kind {
            NodeKind::Object(entries) if below.is_object() => {
                NodeKind::Object(self.members(entries, below, path))
            }
            NodeKind::List(entries) if below.is_list() => NodeKind::List(self.elements(entries, below, path)),
            NodeKind::Object(_) | NodeKind::List(_) | NodeKind::Scalar(_) => match below.leaf() {
                Some(row) => return self.leaf(node, row.kind, path),
                None => {
                    let (expected, hints) = if below.is_list() {
                        ("a list", vec!["write a list in brackets: `[\"one\", \"two\"]`".to_owned()])
                    } else {
                        ("an object", vec![])
                    };
                    let problem = format!("expected {expected}, found {}", node.type_name());
                    self.report(path, node.span.start, problem, hints);
                    return None;
                }
            },
        };
        Some(Node { span: node.span.clone(), kind })
    }

    fn members(&mut self, entries: &[Entry], below: &Below, path: &str) -> Vec<Entry> {
        let mut kept: Vec<Entry> = Vec::new();
        for entry in entries {
            let Some((name, below)) = below.member(&entry.name) else {
                self.unknown(entry, below, path);
                continue;
            };
            let path = path::join(path, &name);
            let first = kept.iter().position(|kept| kept.name == name).map(|at| kept.remove(at));
            if let (Some(first), Owner::Outcrop) = (first, self.owner) {
                let (line, _) = self.document.position(first.start);
                self.report(
                    &path,
                    entry.start,
                    format!("it stands here a second time, after line {line}"),
                    vec![],
                );
            }
            if let Some(value) = self.node(&entry.value, &below, &path) {
                kept.push(Entry { name, value, ..entry.clone() });
            }
        }
        kept
    }

    fn elements(&mut self, entries: &[Entry], below: &Below, path: &str) -> Vec<Entry> {
        let Some(below) = below.element() else { return vec![] };
        let mut kept = Vec::new();
        for (at, entry) in entries.iter().enumerate() {
            if let Some(value) = self.node(&entry.value, &below, &format!("{path}[{at}]")) {
                kept.push(Entry { value, ..entry.clone() });
            }
        }
        kept
    }

    fn unknown(&mut self, entry: &Entry, below: &Below, path: &str) {
        let key = path::join(path, &entry.name);
        match self.owner {
            Owner::Outcrop => {
                let hints = near_keys(&entry.name, below, path);
                self.report(&key, entry.start, "there is no such key".to_owned(), hints);
            }
            Owner::OpenClaw if entry.name == "$include" => {
                let (line, _) = self.document.position(entry.start);
                self.warnings.push(format!("`{key}` in line {line} is not followed"));
            }
            Owner::OpenClaw => {}
        }
    }

    fn leaf(&mut self, node: &Node, kind: Kind, path: &str) -> Option<Node> {
        let before = self.problems.len();
        let resolved = self.resolve(node, path);
        if self.problems.len() > before {
            return None;
        }
        let value = resolved.to_value();
        let is_open = self.lookup.is_none() && value.as_str().is_some_and(placeholder::is_in);
        if is_open || accepts(kind, &value) {
            return Some(resolved);
        }
        if self.owner == Owner::OpenClaw && matches!(kind, Kind::Secret | Kind::Choice(_)) {
            // A reference to one of its stores, or a name that is new there: nothing that its user could repair.
            return None;
        }
        let foreign = kind == Kind::Model && value.as_str().is_some_and(|text| !text.trim().is_empty());
        match (foreign, self.owner) {
            // OpenClaw knows other providers; their models are not ours to call.
            (true, Owner::OpenClaw) => {}
            (true, Owner::Outcrop) => {
                let hint = "write a model id of Bedrock, with or without `amazon-bedrock/`".to_owned();
                self.report(
                    path,
                    node.span.start,
                    "it names another provider's model".to_owned(),
                    vec![hint],
                );
            }
            (false, Owner::Outcrop | Owner::OpenClaw) => {
                let problem = format!("expected {kind}, found {}", self.found(node, kind));
                self.report(path, node.span.start, problem, near_choice(kind, &value));
            }
        }
        None
    }

    /// The value as it is written where that says more than its type, and gives nothing away.
    fn found(&self, node: &Node, kind: Kind) -> String {
        let written = self.document.text.get(node.span.clone()).unwrap_or_default();
        let is_short = written.chars().count() <= 40 && !written.contains(['\n', '\r', '`']);
        let is_scalar = matches!(node.kind, NodeKind::Scalar(_));
        if is_scalar && is_short && kind != Kind::Secret {
            return format!("`{written}`");
        }
        node.type_name().to_owned()
    }

    /// The same value with placeholders replaced. Pasted secrets and absent variables are problems.
    fn resolve(&mut self, node: &Node, path: &str) -> Node {
        let each = |check: &mut Self, entries: &[Entry]| {
            let resolve = |entry: &Entry| Entry { value: check.resolve(&entry.value, path), ..entry.clone() };
            entries.iter().map(resolve).collect()
        };
        let kind = match &node.kind {
            NodeKind::Scalar(Value::String(text)) => self.text(text, node.span.start, path),
            NodeKind::Scalar(value) => NodeKind::Scalar(value.clone()),
            NodeKind::List(entries) => NodeKind::List(each(self, entries)),
            NodeKind::Object(entries) => NodeKind::Object(each(self, entries)),
        };
        Node { span: node.span.clone(), kind }
    }

    fn text(&mut self, text: &str, offset: usize, path: &str) -> NodeKind {
        if let Some(what) = pasted::secret_in(text) {
            let hints = vec![
                "put it into a variable of the environment, such as `AWS_BEARER_TOKEN_BEDROCK`".to_owned(),
                "write `${NAME}` where the file needs the value of a variable".to_owned(),
            ];
            self.report(
                path,
                offset,
                format!("the value looks like {what}; secrets do not belong in this file"),
                hints,
            );
        }
        let replaced = match self.lookup {
            Some(lookup) => placeholder::substitute(text, lookup),
            None => Ok(text.into()),
        };
        let text = replaced.unwrap_or_else(|name| {
            let problem = format!("the variable `{name}` is not set");
            let hints = vec![format!("set `{name}`, or write `$${{{name}}}` if that text is meant")];
            self.problems.push(Problem {
                key: path.to_owned(),
                offset,
                problem,
                hints,
                fault: Fault::Environment,
            });
            "".into()
        });
        NodeKind::Scalar(Value::String(text.into_owned()))
    }
}

fn accepts(kind: Kind, value: &Value) -> bool {
    let text = value.as_str();
    match kind {
        Kind::Bool => value.is_boolean(),
        Kind::Text | Kind::Secret => text.is_some(),
        Kind::Name => text.is_some_and(|text| !text.trim().is_empty()),
        Kind::Region => text.is_some_and(|text| Region::new(text).is_ok()),
        Kind::Url => text.is_some_and(|text| split_url(text).is_some()),
        Kind::Model => text.is_some_and(|text| model_id(text).is_some()),
        Kind::Choice(names) => text.is_some_and(|text| names.contains(&text)),
        Kind::Whole(least) => whole(value).is_some_and(|number| number >= least),
        Kind::Number => value.as_f64().is_some_and(|number| number >= 0.0),
        Kind::Seconds => value.as_f64().and_then(seconds).is_some(),
        Kind::Fraction => value.as_f64().is_some_and(|number| (0.0..=1.0).contains(&number)),
        Kind::Anything => true,
    }
}

/// A limit in seconds, to the millisecond: 0 for none, else at least one millisecond.
pub(crate) fn seconds(number: f64) -> Option<Duration> {
    let exact = Duration::try_from_secs_f64(number).ok()?;
    let limit = Duration::from_millis(u64::try_from((exact.as_micros() + 500) / 1_000).ok()?);
    (number == 0.0 || number >= 0.001).then_some(limit)
}

/// A whole number from 0, also when it is written as `3600.0`.
pub(super) fn whole(value: &Value) -> Option<u32> {
    /// 2^53: below it, a whole floating-point number is exactly the one that was written.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let number = value.as_u64().or_else(|| {
        let number =
            value.as_f64().filter(|number| number.fract() == 0.0 && (0.0..EXACT).contains(number))?;
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "whole, and between 0 and 2^53"
        )]
        Some(number as u64)
    });
    number.and_then(|number| u32::try_from(number).ok())
}

/// Hints for a key that does not exist: names like it beside it, else keys elsewhere that end like it.
pub(super) fn near_keys(name: &str, below: &Below, path: &str) -> Vec<String> {
    let names = below.names();
    let near = nearest(name, names.iter().copied());
    let mut paths: Vec<String> = near.iter().map(|name| path::join(path, name)).collect();
    if paths.is_empty() {
        let end = format!(".{name}");
        let elsewhere = super::keys::all().into_iter().map(|key| key.path);
        paths.extend(elsewhere.filter(|path| path.ends_with(&end) && !path.contains(['*', '['])).take(2));
    }
    let paths: Vec<String> = paths.iter().map(|path| format!("`{path}`")).collect();
    let mut hints = vec!["see every key with `outcrop config keys`".to_owned()];
    if !paths.is_empty() {
        hints.insert(0, format!("did you mean {}?", paths.join(" or ")));
    }
    hints
}

fn near_choice(kind: Kind, value: &Value) -> Vec<String> {
    let (Kind::Choice(names), Some(text)) = (kind, value.as_str()) else { return vec![] };
    let near = nearest(text, names.iter().copied());
    near.first().map(|name| format!("did you mean `{name}`?")).into_iter().collect()
}
