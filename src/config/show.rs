//! What `config get` shows: a file's own words, placeholders as they are written, without anything secret.

use super::document::{Entry, Node, NodeKind};
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
    let root = root.unwrap_or_else(|| Node::new(NodeKind::Object(vec![])));
    let Some(path) = path else { return Ok(Shown(root)) };
    match edit::find(&root, path.segments()) {
        Some(node) => Ok(Shown(node.clone())),
        None => Err(store::not_there(location, &document, path)),
    }
}

/// A copy without secrets, and without what is not ours. Of a key that stands twice the last one counts.
fn visible(node: &Node, below: Option<&Below>, owner: Owner) -> Option<Node> {
    if below.is_none() && owner == Owner::OpenClaw {
        return None;
    }
    let row = below.and_then(Below::leaf);
    let kind = match &node.kind {
        NodeKind::Scalar(value) => {
            let text = value.as_str().unwrap_or_default();
            let is_secret = row.is_some_and(|row| row.kind == Kind::Secret) && !placeholder::is_only(text);
            let is_hidden = is_secret || pasted::secret_in(text).is_some();
            NodeKind::Scalar(if is_hidden { "[redacted]".into() } else { value.clone() })
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::origin::Origin;

    fn shown(owner: Owner, text: &str, key: &str) -> Result<String, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("c.json5");
        std::fs::write(&path, text).unwrap();
        let location = Location { path, owner, origin: Origin::Default };
        let key = (!key.is_empty()).then(|| KeyPath::parse(key).unwrap());
        match get(&location, key.as_ref()) {
            Ok(shown) => Ok(shown.to_text()),
            Err(crate::Error::Config(problem)) => Err(problem.problem),
            Err(other) => panic!("{other:?}"),
        }
    }

    #[test]
    fn scalars_are_plain_and_the_rest_is_json_in_the_order_of_the_file() {
        let text = "{ model: 'm', chat: { topP: 0.5, maxTokens: 0x10, cache: 'short', cache: 'long' },
            aliases: { b: 'x', a: 'y' }, models: { bedrockDiscovery: { enabled: true, providerFilter: ['v'] } } }";
        for (key, expected) in [
            ("model", "m"),
            ("chat.topP", "0.5"),
            ("chat.maxTokens", "16"),
            ("models.bedrockDiscovery.enabled", "true"),
            ("aliases", "{\n  \"b\": \"x\",\n  \"a\": \"y\"\n}"),
            ("chat.cache", "long"),
            ("models.bedrockDiscovery.providerFilter[0]", "v"),
        ] {
            assert_eq!(shown(Owner::Outcrop, text, key).as_deref(), Ok(expected), "{key}");
        }
        assert_eq!(shown(Owner::Outcrop, "", "").as_deref(), Ok("{}"));
        for (key, problem) in [
            ("chat.system", "it is not set"),
            ("chat.sytem", "there is no such key"),
            ("models.bedrockDiscovery.providerFilter[1]", "it is not set"),
            ("model.x", "there is no such key"),
        ] {
            assert_eq!(shown(Owner::Outcrop, text, key), Err(problem.to_owned()), "{key}");
        }
    }

    #[test]
    fn secrets_are_not_shown() {
        let text = "{ models: { providers: { bedrock: { apiKey: 'hunter2',
            headers: { Authorization: 'Bearer x', pin: 1234, 'X-Team': '${TEAM}' },
            models: [{ id: 'm', params: { deep: ['AKIAIOSFODNN7EXAMPLE'] } }] } } }, unknown: 'AKIAIOSFODNN7EXAMPLE' }";
        let provider = "models.providers.amazon-bedrock";
        for (key, expected) in [
            (format!("{provider}.apiKey"), "[redacted]"),
            (format!("{provider}.headers.Authorization"), "[redacted]"),
            (format!("{provider}.headers.pin"), "[redacted]"),
            (format!("{provider}.headers.X-Team"), "${TEAM}"),
            (format!("{provider}.models[0].params.deep[0]"), "[redacted]"),
            ("unknown".to_owned(), "[redacted]"),
        ] {
            assert_eq!(shown(Owner::Outcrop, text, &key).as_deref(), Ok(expected), "{key}");
        }
    }

    #[test]
    fn of_openclaws_file_only_what_is_ours() {
        let text = "{ gateway: { auth: { token: 't' } }, models: { mode: 'merge', providers: { openai: { apiKey: 'k' } } } }";
        let expected = "{\n  \"models\": {\n    \"mode\": \"merge\",\n    \"providers\": {}\n  }\n}";
        assert_eq!(shown(Owner::OpenClaw, text, "").as_deref(), Ok(expected));
        assert_eq!(
            shown(Owner::OpenClaw, text, "gateway.auth.token"),
            Err("there is no such key".to_owned())
        );
    }
}
