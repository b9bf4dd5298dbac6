//! Schemas of answers, as the service's own structured output takes them.
//!
//! It takes a part of JSON Schema only: closed objects, no references, no bounds. What is taken away is said
//! in the description, where the model reads it.
//!
//! <https://docs.aws.amazon.com/bedrock/latest/userguide/structured-output.html>

use super::inline;
use serde_json::{Map, Value, json};

/// Keywords that are refused, and only narrow what is allowed.
const NARROWING: [&str; 19] = [
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "pattern",
    "minItems",
    "maxItems",
    "uniqueItems",
    "contains",
    "minProperties",
    "maxProperties",
    "patternProperties",
    "propertyNames",
    "not",
    "$schema",
    "$id",
];

/// Formats that are taken.
const FORMATS: [&str; 9] =
    ["date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "uuid"];

/// What a schema lost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::converse::prepare) struct Lost {
    /// What narrows values, which descriptions say now.
    pub(in crate::converse::prepare) bounds: bool,
    /// References that cannot be put in, which are closed objects now: empty ones.
    pub(in crate::converse::prepare) references: bool,
    /// Objects that were open for properties without a name in the schema, and have only the named ones now.
    pub(in crate::converse::prepare) maps: bool,
}

/// Closes all objects and takes away what is refused. Says what was lost.
pub(in crate::converse::prepare) fn strict(root: &mut Map<String, Value>) -> Lost {
    let references = inline(root).contains(&super::Change::Cut);
    let mut lost = Lost { references, ..Lost::default() };
    clean(root, &mut lost);
    lost
}

fn clean(schema: &mut Map<String, Value>, lost: &mut Lost) {
    let mut said = Vec::new();
    for name in NARROWING {
        if let Some(value) = schema.remove(name)
            && !name.starts_with('$')
        {
            said.push(format!("{name}: {value}"));
        }
    }
    if let Some(format) = schema.get("format").and_then(Value::as_str)
        && !FORMATS.contains(&format)
    {
        said.push(format!("format: {format}"));
        schema.remove("format");
    }
    if let Some(forms) = schema.remove("oneOf") {
        if schema.contains_key("anyOf") {
            said.push(format!("oneOf: {forms}"));
        } else {
            schema.insert("anyOf".to_owned(), forms);
        }
    }
    if !said.is_empty() {
        lost.bounds = true;
        let before = schema.get("description").and_then(Value::as_str).unwrap_or_default();
        let description = format!("{before} ({})", said.join(", "));
        schema.insert("description".to_owned(), json!(description.trim_start()));
    }
    if schema.get("type").is_some_and(|kind| kind == "object") || schema.contains_key("properties") {
        let others = schema.insert("additionalProperties".to_owned(), json!(false));
        // An object that names no property and forbids none is there to hold any.
        lost.maps |= others.map_or(!schema.contains_key("properties"), |others| others != false);
    }
    for part in parts(schema) {
        clean(part, lost);
    }
}

/// The schemas inside a schema.
fn parts(schema: &mut Map<String, Value>) -> Vec<&mut Map<String, Value>> {
    let mut parts = Vec::new();
    for (name, value) in schema {
        match (name.as_str(), value) {
            ("properties" | "$defs" | "definitions", Value::Object(named)) => {
                parts.extend(named.values_mut().filter_map(Value::as_object_mut));
            }
            ("anyOf" | "allOf" | "prefixItems" | "items", Value::Array(forms)) => {
                parts.extend(forms.iter_mut().filter_map(Value::as_object_mut));
            }
            ("items", Value::Object(items)) => parts.push(items),
            _ => {}
        }
    }
    parts
}
