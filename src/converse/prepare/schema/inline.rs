//! References put in: `$ref` replaced by what it stands for.
//!
//! A schema of a few hundred bytes can stand for a tree that fills the memory, so the work has a budget; what
//! is beyond it, like recursion, is cut and stands for anything of its type.

use super::Change;
use serde_json::{Map, Value, json};

/// Values that an expanded schema holds at most, about.
const BUDGET: usize = 5_000;

/// How deep references are put in: what is read back must not be too deep for a reader.
const DEEPEST: usize = 48;

/// Puts all references of a schema in, and takes its definitions away. Says what changed.
pub(in crate::converse::prepare) fn inline(root: &mut Map<String, Value>) -> Vec<Change> {
    if !root.values().any(has_ref) && !is_ref(root) {
        return Vec::new();
    }
    let whole = Value::Object(root.clone());
    let mut inliner = Inliner { whole: &whole, path: Vec::new(), values: 0, depth: 0, is_cut: false };
    let members = root.iter().filter(|(name, _)| !is_definitions(name));
    let body = Value::Object(members.map(|(name, value)| (name.clone(), value.clone())).collect());
    if let Value::Object(inlined) = inliner.expand(&body) {
        *root = inlined;
    }
    if inliner.is_cut { vec![Change::Inlined, Change::Cut] } else { vec![Change::Inlined] }
}

fn is_definitions(name: &str) -> bool {
    name == "$defs" || name == "definitions"
}

fn is_ref(object: &Map<String, Value>) -> bool {
    object.get("$ref").is_some_and(Value::is_string)
}

fn has_ref(value: &Value) -> bool {
    match value {
        Value::Object(members) => is_ref(members) || members.values().any(has_ref),
        Value::Array(items) => items.iter().any(has_ref),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

struct Inliner<'a> {
    /// The schema in which pointers are looked up.
    whole: &'a Value,
    /// The references that are being put in.
    path: Vec<String>,
    /// Values made so far.
    values: usize,
    /// Values around the one at hand.
    depth: usize,
    /// Whether something was cut.
    is_cut: bool,
}

impl Inliner<'_> {
    fn expand(&mut self, value: &Value) -> Value {
        self.values += 1;
        self.depth += 1;
        let expanded = match value {
            Value::Array(items) => items.iter().map(|item| self.expand(item)).collect(),
            Value::Object(members) => match members.get("$ref").and_then(Value::as_str) {
                Some(pointer) => self.reference(pointer, members),
                None => Value::Object(self.members(members)),
            },
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
        };
        self.depth -= 1;
        expanded
    }

    fn members(&mut self, members: &Map<String, Value>) -> Map<String, Value> {
        members
            .iter()
            .filter(|(name, _)| *name != "$ref" || !is_ref(members))
            .map(|(name, value)| (name.clone(), self.expand(value)))
            .collect()
    }

    /// What a reference stands for, with the members beside it on top.
    fn reference(&mut self, pointer: &str, beside: &Map<String, Value>) -> Value {
        let whole = self.whole;
        let target = pointer.strip_prefix('#').and_then(|pointer| whole.pointer(pointer));
        // A pointer may lead to any place of the document, a schema or not.
        let target = target.filter(|target| target.is_object() || target.is_boolean());
        let is_open = self.path.iter().any(|open| open == pointer);
        let mut found = match target {
            Some(target) if self.values < BUDGET && self.depth < DEEPEST && !is_open => {
                self.path.push(pointer.to_owned());
                let expanded = self.expand(target);
                self.path.pop();
                expanded
            }
            _ => {
                self.is_cut = true;
                let kind = target.and_then(|target| target.get("type")).filter(|kind| kind.is_string());
                json!({ "type": kind.cloned().unwrap_or_else(|| json!("object")) })
            }
        };
        if let Value::Object(found) = &mut found {
            found.extend(self.members(beside));
        }
        found
    }
}
