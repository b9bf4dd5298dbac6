//! JSON schemas of tools in the form that models read: an object at the root, and nothing there that is
//! refused.
//!
//! Works on trees of JSON and knows no tools. What it does not touch it leaves as it is; it does not check
//! whether a schema makes sense.
//!
//! <https://docs.aws.amazon.com/nova/latest/userguide/tool-use-definition.html> says what Nova takes at the
//! root.

mod inline;
mod look_around;
mod order;
mod strict;
mod unions;

use super::WRAPPED;
use serde_json::{Map, Value, json};

pub(super) use inline::inline;
pub(super) use order::in_order;
pub(super) use strict::{Lost, strict};

/// What a model's schemas may hold.
#[derive(Clone, Copy)]
pub(super) struct Dialect {
    /// `$ref`.
    pub(super) refs: bool,
    /// At the root only `type`, `properties` and `required`.
    pub(super) only_basics: bool,
    /// `properties` must be there.
    pub(super) properties: bool,
    /// Patterns that look ahead or behind.
    pub(super) look_around: bool,
}

/// A schema that a model reads.
pub(super) struct Fixed {
    /// The schema.
    pub(super) schema: Value,
    /// What was done to it; nothing if empty.
    pub(super) changes: Vec<Change>,
    /// Whether it is now a member of an object.
    pub(super) is_wrapped: bool,
}

/// What was done to a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    /// There was none.
    Made,
    /// `type` or `properties` were missing.
    Typed,
    /// Its root was no object.
    Wrapped,
    /// Its root was a reference.
    RootResolved,
    /// Its root was a union.
    Flattened,
    /// References were put in.
    Inlined,
    /// References that lead nowhere, or round in circles, or to too much, are open now.
    Cut,
    /// The root had more than the basics.
    Stripped,
    /// Patterns looked ahead or behind.
    Unpatterned,
}

impl Change {
    /// The reason, as a sentence.
    pub(super) fn why(self) -> &'static str {
        match self {
            Self::Made => "a tool without a schema gets the one of an empty object",
            Self::Typed => "the root of a schema says that it is an object, and which properties it has",
            Self::Wrapped => "the root of a schema is an object, so the input stands under `value`",
            Self::RootResolved => "the root of a schema must not be a reference",
            Self::Flattened => "the root of a schema must not be a union, so its forms are joined",
            Self::Inlined => "this model reads no `$ref`, so they are put in",
            Self::Cut => "a `$ref` that cannot be put in stands for anything",
            Self::Stripped => "this model reads only `type`, `properties` and `required` at the root",
            Self::Unpatterned => {
                "patterns that look ahead or behind are refused, so descriptions say what they were"
            }
        }
    }

    /// The member of the facts that decided.
    pub(super) fn fact(self) -> Option<&'static str> {
        match self {
            Self::Inlined | Self::Cut => Some("tools.schemaRefs"),
            Self::Stripped => Some("family"),
            Self::Unpatterned
            | Self::Made
            | Self::Typed
            | Self::Wrapped
            | Self::RootResolved
            | Self::Flattened => None,
        }
    }
}

/// Makes the schema of a tool's input one that the model reads.
pub(super) fn for_tool(schema: Value, dialect: Dialect) -> Fixed {
    let mut changes = Vec::new();
    let mut is_wrapped = false;
    let Value::Object(mut root) = schema else {
        let schema = json!({"type": "object", "properties": {}});
        return Fixed { schema, changes: vec![Change::Made], is_wrapped };
    };
    if !dialect.refs {
        changes.extend(inline(&mut root));
    }
    if unions::resolve_root(&mut root) {
        changes.push(Change::RootResolved);
    }
    if is_no_object(&root) {
        root = wrap(root);
        is_wrapped = true;
        changes.push(Change::Wrapped);
    } else if unions::flatten(&mut root) {
        changes.push(Change::Flattened);
    }
    if set_basics(&mut root, dialect) {
        changes.push(Change::Typed);
    }
    if !dialect.look_around && look_around::take_away(&mut root) {
        changes.push(Change::Unpatterned);
    }
    if dialect.only_basics {
        let before = root.len();
        root.retain(|name, _| ["type", "properties", "required"].contains(&name.as_str()));
        if root.len() < before {
            changes.push(Change::Stripped);
        }
    }
    Fixed { schema: Value::Object(root), changes, is_wrapped }
}

/// Whether a schema describes something that is no object.
fn is_no_object(root: &Map<String, Value>) -> bool {
    describes_no_object(root, root, &mut 100)
}

/// The same of a part of `root`. References that go on for too long stand for an object.
fn describes_no_object(schema: &Map<String, Value>, root: &Map<String, Value>, steps_left: &mut u8) -> bool {
    if let Some(target) = unions::target(schema, root) {
        *steps_left = steps_left.saturating_sub(1);
        return *steps_left > 0 && describes_no_object(&target, root, steps_left);
    }
    match schema.get("type") {
        Some(Value::String(kind)) => kind != "object",
        Some(Value::Array(kinds)) => !kinds.iter().any(|kind| kind == "object"),
        _ if schema.contains_key("properties") => false,
        _ if ["items", "enum", "const", "pattern"].iter().any(|name| schema.contains_key(*name)) => true,
        _ => unions::forms(schema).is_some_and(|forms| {
            let mut forms = forms.iter().filter_map(Value::as_object);
            !forms.any(|form| !describes_no_object(form, root, steps_left))
        }),
    }
}

/// Puts a schema under a property of an object. Definitions stay at the root, where references look for them.
fn wrap(mut inner: Map<String, Value>) -> Map<String, Value> {
    let mut root = Map::new();
    for name in ["$defs", "definitions"] {
        if let Some(definitions) = inner.remove(name) {
            root.insert(name.to_owned(), definitions);
        }
    }
    root.insert("type".to_owned(), json!("object"));
    root.insert("properties".to_owned(), json!({ WRAPPED: inner }));
    root.insert("required".to_owned(), json!([WRAPPED]));
    root.values_mut().for_each(follow);
    root
}

/// Points references at what stood at the root, and not at definitions, to where it stands now.
fn follow(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                match value {
                    Value::String(pointer) if name == "$ref" => {
                        if let Some(path) = pointer.strip_prefix('#')
                            && !["$defs", "definitions"].contains(&path.split('/').nth(1).unwrap_or_default())
                            && (path.is_empty() || path.starts_with('/'))
                        {
                            *pointer = format!("#/properties/{WRAPPED}{path}");
                        }
                    }
                    value => follow(value),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(follow),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// An object for a root whether it says so or not. For answers, which stand under a property too.
pub(super) fn object_root(schema: Value) -> (Map<String, Value>, bool) {
    let Value::Object(mut root) = schema else { return (Map::new(), false) };
    unions::resolve_root(&mut root);
    if is_no_object(&root) { (wrap(root), true) } else { (root, false) }
}

fn set_basics(root: &mut Map<String, Value>, dialect: Dialect) -> bool {
    let mut any = false;
    if root.get("type").is_none_or(|kind| kind != "object") {
        root.insert("type".to_owned(), json!("object"));
        any = true;
    }
    let is_missing = match root.get("properties") {
        None => dialect.properties,
        Some(properties) => !properties.is_object(),
    };
    if is_missing {
        root.insert("properties".to_owned(), json!({}));
        any = true;
    }
    any
}
