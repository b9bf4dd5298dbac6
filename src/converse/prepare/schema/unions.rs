//! Unions and references at the root of a schema, which models refuse there.
//!
//! All forms are joined to one object that has the properties of each; deeper unions stay.

use serde_json::{Map, Value, json};

/// The members that are unions.
const UNIONS: [&str; 3] = ["allOf", "anyOf", "oneOf"];

/// The longest chain of references; a longer one goes round in circles.
const LONGEST_CHAIN: u8 = 8;

/// Forms that are joined at most.
const MOST_FORMS: usize = 500;

/// The forms of the first union at a schema's root.
pub(super) fn forms(root: &Map<String, Value>) -> Option<&Vec<Value>> {
    UNIONS.iter().find_map(|name| root.get(*name)?.as_array())
}

/// Replaces a reference at the root by what it stands for. Says whether there was one.
pub(super) fn resolve_root(root: &mut Map<String, Value>) -> bool {
    let mut any = false;
    for _ in 0..LONGEST_CHAIN {
        let Some(target) = target(root, root) else { break };
        root.remove("$ref");
        for (name, value) in target {
            root.entry(name).or_insert(value);
        }
        any = true;
    }
    any | root.remove("$ref").is_some()
}

/// What the reference of a schema stands for.
pub(super) fn target(schema: &Map<String, Value>, root: &Map<String, Value>) -> Option<Map<String, Value>> {
    let pointer = schema.get("$ref")?.as_str()?.strip_prefix("#/")?;
    let mut steps = pointer.split('/').map(|step| step.replace("~1", "/").replace("~0", "~"));
    let first = root.get(&steps.next()?)?;
    steps.try_fold(first, |value, step| value.get(&step))?.as_object().cloned()
}

/// Joins the forms of unions at the root. Says whether there were any.
pub(super) fn flatten(root: &mut Map<String, Value>) -> bool {
    if !UNIONS.iter().any(|name| root.contains_key(*name)) {
        return false;
    }
    let whole = root.clone();
    let is_choice = UNIONS.iter().skip(1).any(|name| root.contains_key(*name));
    let mut joined = Joined {
        whole: &whole,
        properties: object(root.remove("properties")),
        required: list(root.remove("required")),
        forms_left: MOST_FORMS,
    };
    joined.unions(root, true);
    let Joined { properties, required, .. } = joined;
    root.insert("type".to_owned(), json!("object"));
    root.insert("properties".to_owned(), Value::Object(properties));
    if !required.is_empty() {
        root.insert("required".to_owned(), Value::Array(required));
    }
    if is_choice {
        let said = root.get("description").and_then(Value::as_str).unwrap_or_default();
        let told = format!("{said} The input has one of several forms; give the properties of one of them.");
        root.insert("description".to_owned(), json!(told.trim_start()));
    }
    true
}

/// An object with the properties of all forms.
struct Joined<'a> {
    /// Where references are looked up.
    whole: &'a Map<String, Value>,
    properties: Map<String, Value>,
    required: Vec<Value>,
    /// Forms that may still be joined: references can make endless many of them.
    forms_left: usize,
}

impl Joined<'_> {
    /// Takes the unions of a schema. What a form requires counts only if all forms do (`allOf`) and nothing
    /// above is a choice.
    fn unions(&mut self, schema: &mut Map<String, Value>, is_certain: bool) {
        for name in UNIONS {
            for form in list(schema.remove(name)) {
                let Value::Object(form) = form else { continue };
                if self.forms_left > 0 {
                    self.forms_left -= 1;
                    self.form(form, is_certain && name == "allOf");
                }
            }
        }
    }

    fn form(&mut self, mut form: Map<String, Value>, is_certain: bool) {
        if let Some(target) = target(&form, self.whole) {
            form.remove("$ref");
            for (name, value) in target {
                form.entry(name).or_insert(value);
            }
        }
        for (name, schema) in object(form.remove("properties")) {
            self.property(name, schema);
        }
        for name in list(form.remove("required")) {
            if is_certain && !self.required.contains(&name) {
                self.required.push(name);
            }
        }
        self.unions(&mut form, is_certain);
    }

    /// Adds a property; one that two forms describe differently may be either.
    fn property(&mut self, name: String, schema: Value) {
        let Some(known) = self.properties.get_mut(&name) else {
            self.properties.insert(name, schema);
            return;
        };
        if *known == schema {
            return;
        }
        match known.get_mut("anyOf").and_then(Value::as_array_mut) {
            Some(forms) if forms.contains(&schema) => {}
            Some(forms) => forms.push(schema),
            None => *known = json!({"anyOf": [known.take(), schema]}),
        }
    }
}

fn object(value: Option<Value>) -> Map<String, Value> {
    if let Some(Value::Object(members)) = value { members } else { Map::new() }
}

fn list(value: Option<Value>) -> Vec<Value> {
    if let Some(Value::Array(items)) = value { items } else { Vec::new() }
}
