//! What `config get` shows: a file's own words, placeholders as they are written, without anything secret.

use super::document::{Document, Entry, Node, NodeKind};
use super::file::{Location, Owner};
use super::keys::{Below, Kind};
use super::path::KeyPath;
use super::{edit, pasted, placeholder, store};
use crate::error::Result;
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;

/// A value to be shown. It serialises in the order of the file.
#[derive(Debug)]
pub struct Shown(Node);

impl Shown {
    /// A string as it is, anything else as JSON.
    pub fn to_text(&self) -> String {
        match &self.0.kind {
            NodeKind::Scalar(Value::String(text)) => text.clone(),
            NodeKind::Scalar(_) | NodeKind::List(_) | NodeKind::Object(_) => self.to_json(),
        }
    }

    /// JSON, over several lines.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(&self.0).unwrap_or_default()
    }
}

impl Serialize for Node {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.kind {
            NodeKind::Scalar(value) => value.serialize(serializer),
            NodeKind::List(entries) => serializer.collect_seq(entries.iter().map(|entry| &entry.value)),
            NodeKind::Object(entries) => {
                let mut map = serializer.serialize_map(None)?;
                for entry in entries {
                    map.serialize_entry(&entry.name, &entry.value)?;
                }
                map.end()
            }
        }
    }
}

/// The value at a path, or the whole file without one. Of OpenClaw's file only what is ours to read is shown.
///
/// # Errors
///
/// [`crate::Error::Config`] when nothing stands there; those of reading the file.
pub fn get(location: &Location, path: Option<&KeyPath>) -> Result<Shown> {
    let document = location.read()?;
    let root = document.root.as_ref().and_then(|root| visible(root, Some(&Below::root()), location.owner));
    let found = match (&root, path) {
        (Some(root), Some(path)) => edit::find(root, path.segments()).cloned(),
        (Some(_), None) => root,
        (None, None) => Some(Node { span: 0..0, kind: NodeKind::Object(vec![]) }),
        (None, Some(_)) => None,
    };
    match (found, path) {
        (Some(node), _) => Ok(Shown(node)),
        (None, Some(path)) => Err(not_there(location, &document, path)),
        (None, None) => Ok(Shown(Node { span: 0..0, kind: NodeKind::Object(vec![]) })),
    }
}

fn not_there(location: &Location, document: &Document, path: &KeyPath) -> crate::Error {
    store::not_there(location, document, path)
}

/// A copy without secrets, and without what is not ours. Of a key that stands twice the last one counts.
fn visible(node: &Node, below: Option<&Below>, owner: Owner) -> Option<Node> {
    if below.is_none() && owner == Owner::OpenClaw {
        return None;
    }
    let row = below.and_then(Below::leaf);
    let kind = match &node.kind {
        NodeKind::Scalar(Value::String(text)) => {
            let is_secret = row.is_some_and(|row| row.kind == Kind::Secret) && !placeholder::is_only(text);
            let hidden = is_secret || pasted::secret_in(text).is_some();
            NodeKind::Scalar(Value::from(if hidden { "[redacted]" } else { text.as_str() }))
        }
        NodeKind::Scalar(value) => NodeKind::Scalar(value.clone()),
        NodeKind::List(entries) => {
            let below = below.and_then(|below| below.element().or_else(|| row.map(|_| below.clone())));
            let elements = entries.iter().filter_map(|entry| copy(entry, below.as_ref(), owner));
            NodeKind::List(elements.collect())
        }
        NodeKind::Object(entries) => {
            let below_member = |name: &str| {
                let below = below?;
                below.member(name).map(|(_, below)| below).or_else(|| row.map(|_| below.clone()))
            };
            let counts =
                |entry: &&Entry| node.member(&entry.name).is_some_and(|last| last.start == entry.start);
            let members = entries.iter().filter(counts);
            NodeKind::Object(
                members.filter_map(|entry| copy(entry, below_member(&entry.name).as_ref(), owner)).collect(),
            )
        }
    };
    Some(Node { span: node.span.clone(), kind })
}

fn copy(entry: &Entry, below: Option<&Below>, owner: Owner) -> Option<Entry> {
    Some(Entry { value: visible(&entry.value, below, owner)?, ..entry.clone() })
}
