//! Patterns that look ahead or behind, which the readers of schemas behind some models refuse.
//!
//! A pattern only narrows what is allowed, so it goes, and the description says what it was.

use serde_json::{Map, Value, json};

/// Takes such patterns away, wherever they stand. Says whether there was one.
pub(super) fn take_away(schema: &mut Map<String, Value>) -> bool {
    let mut any = false;
    let pattern = schema.get("pattern").and_then(Value::as_str).filter(|pattern| looks_around(pattern));
    if let Some(pattern) = pattern.map(str::to_owned) {
        schema.remove("pattern");
        let before = schema.get("description").and_then(Value::as_str).unwrap_or_default();
        let description = format!("{before} (pattern: {pattern})");
        schema.insert("description".to_owned(), json!(description.trim_start()));
        any = true;
    }
    if let Some(Value::Object(named)) = schema.get_mut("patternProperties") {
        let before = named.len();
        named.retain(|pattern, _| !looks_around(pattern));
        any |= named.len() < before;
    }
    for (name, value) in schema {
        // Values are none of the schema's words.
        if !["const", "enum", "default", "examples"].contains(&name.as_str()) {
            any |= inside(value);
        }
    }
    any
}

fn inside(value: &mut Value) -> bool {
    match value {
        Value::Object(members) => take_away(members),
        Value::Array(items) => items.iter_mut().fold(false, |any, item| inside(item) | any),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

/// Whether a regular expression has a look-ahead or look-behind: `(?=`, `(?!`, `(?<=`, `(?<!`.
fn looks_around(pattern: &str) -> bool {
    let (mut rest, mut in_class) = (pattern, false);
    while let Some(sign) = rest.chars().next() {
        let starts = |with: &str| !in_class && rest.starts_with(with);
        if starts("(?=") || starts("(?!") || starts("(?<=") || starts("(?<!") {
            return true;
        }
        in_class = sign == '[' || in_class && sign != ']';
        let mut signs = rest.chars();
        signs.next();
        if sign == '\\' {
            signs.next();
        }
        rest = signs.as_str();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::{looks_around, take_away};
    use serde_json::json;

    #[test]
    fn look_around_is_told_from_what_only_looks_like_it() {
        for pattern in ["^(?=.*@).+$", "(?!x)", "a(?<=b)", "(?<!b)c", r"[\]](?=x)"] {
            assert!(looks_around(pattern), "{pattern}");
        }
        for pattern in ["", "^a+$", "(?:a)", "(?<name>a)", r"\(?=", "[(?=]", r"[\](?=]", "(?i)x", "(?"] {
            assert!(!looks_around(pattern), "{pattern}");
        }
    }

    #[test]
    fn patterns_go_wherever_they_stand_and_values_stay() {
        let given = json!({"properties": {
            "pattern": {"type": "string", "pattern": "(?=a)", "description": "A word."},
            "b": {"items": [{"pattern": "a"}, {"anyOf": [{"pattern": "(?!b)"}]}]},
            "c": {"const": {"pattern": "(?=a)"}, "patternProperties": {"(?=x)": {}, "y": {}}},
        }});
        let expected = json!({"properties": {
            "pattern": {"type": "string", "description": "A word. (pattern: (?=a))"},
            "b": {"items": [{"pattern": "a"}, {"anyOf": [{"description": "(pattern: (?!b))"}]}]},
            "c": {"const": {"pattern": "(?=a)"}, "patternProperties": {"y": {}}},
        }});
        let mut schema = given.as_object().unwrap().clone();
        assert!(take_away(&mut schema));
        assert_eq!(serde_json::Value::Object(schema.clone()), expected);
        assert!(!take_away(&mut schema), "nothing is left to take away");
    }
}
