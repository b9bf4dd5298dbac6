//! A value that fits a JSON schema: the input of an emulated tool call, or a structured answer.
//!
//! It fills in the required properties and what the schema's simple keywords ask for. It does not solve
//! patterns or combinations; a schema that no value fits gets one anyway.

use super::dice::Dice;
use serde_json::{Map, Value, json};

/// Values of one sample at most: schemas can refer to themselves.
const LARGEST: usize = 200;

const WORDS: [&str; 8] =
    ["basalt", "grès", "\"rose\" quartz", "玄武岩", "slate\tgrey", "Zürich", "gneiss 🪨", "back\\slash"];

/// Makes values from a schema.
pub(super) struct Sampler<'a> {
    root: &'a Value,
    dice: Dice,
    /// A quoted part of the question, for the first string.
    quoted: Option<String>,
    /// Values that may still be made.
    left: usize,
}

impl<'a> Sampler<'a> {
    /// A sampler for a schema, whose choices follow from the question.
    pub(super) fn new(schema: &'a Value, question: &str) -> Self {
        let quoted = question.split_once('"').and_then(|(_, rest)| rest.rsplit_once('"'));
        let quoted = quoted.map(|(text, _)| text.to_owned()).filter(|text| !text.is_empty());
        Self { root: schema, dice: Dice::new(question), quoted, left: LARGEST }
    }

    /// A value of the whole schema.
    pub(super) fn value(mut self) -> Value {
        self.fill(self.root)
    }

    fn fill(&mut self, schema: &'a Value) -> Value {
        let Some(left) = self.left.checked_sub(1) else { return Value::Null };
        self.left = left;
        if let Some(target) = schema.get("$ref").and_then(Value::as_str) {
            let root = self.root;
            return match target.strip_prefix('#').and_then(|pointer| root.pointer(pointer)) {
                Some(schema) => self.fill(schema),
                None => Value::Null,
            };
        }
        if let Some(value) = fixed(schema) {
            return value.clone();
        }
        for keyword in ["anyOf", "oneOf", "allOf"] {
            if let Some(first) = schema.get(keyword).and_then(|list| list.get(0)) {
                return self.fill(first);
            }
        }
        match kind(schema) {
            "object" => self.object(schema),
            "array" => self.array(schema),
            "string" => Value::String(self.string(schema)),
            "integer" => integer(schema),
            "number" => number(schema),
            "boolean" => Value::Bool(self.dice.below(2) == 1),
            _ => Value::Null,
        }
    }

    /// The required properties, or all of them when the schema names none as required.
    fn object(&mut self, schema: &'a Value) -> Value {
        let mut object = Map::new();
        let Some(properties) = schema.get("properties").and_then(Value::as_object) else {
            return Value::Object(object);
        };
        let required = schema.get("required").and_then(Value::as_array);
        for (name, property) in properties {
            if required.is_none_or(|names| names.iter().any(|one| one == name)) {
                object.insert(name.clone(), self.fill(property));
            }
        }
        Value::Object(object)
    }

    fn array(&mut self, schema: &'a Value) -> Value {
        let Some(items) = schema.get("items") else { return json!([]) };
        let length = schema.get("minItems").and_then(Value::as_u64).unwrap_or(1);
        let length = usize::try_from(length).unwrap_or(LARGEST).min(self.left);
        Value::Array((0..length).map(|_| self.fill(items)).collect())
    }

    fn string(&mut self, schema: &Value) -> String {
        let fixed_format = match schema.get("format").and_then(Value::as_str) {
            Some("date") => Some("2025-01-02"),
            Some("time") => Some("03:04:05Z"),
            Some("date-time") => Some("2025-01-02T03:04:05Z"),
            Some("email") => Some("hammer@example.com"),
            Some("uri") => Some("https://example.com/basalt"),
            Some("uuid") => Some("0b5a17f0-0000-4000-8000-00000000000a"),
            _ => None,
        };
        if let Some(text) = fixed_format {
            return text.to_owned();
        }
        let text = self.quoted.take().unwrap_or_else(|| self.dice.pick(&WORDS).to_owned());
        let bound = |name| schema.get(name).and_then(Value::as_u64).and_then(|n| usize::try_from(n).ok());
        let shortest = bound("minLength").unwrap_or(0).min(LARGEST);
        let longest = bound("maxLength").unwrap_or(usize::MAX);
        let length = text.chars().count().max(shortest).min(longest);
        text.chars().chain(std::iter::repeat('.')).take(length).collect()
    }
}

/// A value that the schema names itself.
fn fixed(schema: &Value) -> Option<&Value> {
    schema
        .get("const")
        .or_else(|| schema.get("enum").and_then(|values| values.get(0)))
        .or_else(|| schema.get("default"))
        .or_else(|| schema.get("examples").and_then(|values| values.get(0)))
}

/// The type: as named, the first of several that is not null, or what the keywords suggest.
fn kind(schema: &Value) -> &str {
    match schema.get("type") {
        Some(Value::String(name)) => name,
        Some(Value::Array(names)) => {
            names.iter().filter_map(Value::as_str).find(|name| *name != "null").unwrap_or("null")
        }
        _ if schema.get("properties").is_some() => "object",
        _ if schema.get("items").is_some() => "array",
        _ => "string",
    }
}

fn integer(schema: &Value) -> Value {
    let bound = |name| schema.get(name).and_then(Value::as_i64);
    let low = bound("minimum").or_else(|| bound("exclusiveMinimum").map(|bound| bound.saturating_add(1)));
    let high = bound("maximum").or_else(|| bound("exclusiveMaximum").map(|bound| bound.saturating_sub(1)));
    json!(low.unwrap_or(2).min(high.unwrap_or(i64::MAX)))
}

fn number(schema: &Value) -> Value {
    let bound = |name| schema.get(name).and_then(Value::as_f64);
    json!(bound("minimum").unwrap_or(2.5).min(bound("maximum").unwrap_or(f64::MAX)))
}

#[cfg(test)]
mod tests {
    use super::Sampler;
    use serde_json::{Value, json};

    fn sample(schema: Value, question: &str) -> Value {
        Sampler::new(&schema, question).value()
    }

    #[test]
    fn keywords_are_obeyed() {
        for (schema, expected) in [
            (json!({"type": "integer"}), json!(2)),
            (json!({"type": "integer", "minimum": 7}), json!(7)),
            (json!({"type": "integer", "maximum": 1}), json!(1)),
            (json!({"type": "number", "minimum": 0.5}), json!(0.5)),
            (json!({"const": [1]}), json!([1])),
            (json!({"enum": ["a", "b"]}), json!("a")),
            (json!({"type": "string", "format": "date"}), json!("2025-01-02")),
            (json!({"type": ["null", "integer"]}), json!(2)),
            (json!({"anyOf": [{"const": 1}, {"const": 2}]}), json!(1)),
            (json!({"type": "array", "items": {"const": 1}, "minItems": 2}), json!([1, 1])),
            (json!({"type": "object"}), json!({})),
            (json!({"$ref": "#/$defs/x", "$defs": {"x": {"const": 3}}}), json!(3)),
            (
                json!({
                    "type": "object",
                    "properties": {"a": {"const": 1}, "b": {"const": 2}},
                    "required": ["b"],
                }),
                json!({"b": 2}),
            ),
        ] {
            assert_eq!(sample(schema.clone(), ""), expected, "{schema}");
        }
    }

    #[test]
    fn the_first_string_is_what_the_question_quotes() {
        let schema =
            json!({"properties": {"a": {"type": "string"}, "b": {"type": "string", "maxLength": 3}}});
        let value = sample(schema, "weather for \"Zürich \\ \"Altstadt\"\" please");
        assert_eq!(value["a"], "Zürich \\ \"Altstadt\"");
        assert_eq!(value["b"].as_str().unwrap().chars().count(), 3);
    }

    #[test]
    fn schemas_that_refer_to_themselves_come_to_an_end() {
        let schema = json!({"properties": {"a": {"$ref": "#"}, "b": {"$ref": "#"}, "c": {"$ref": "#"}}});
        assert!(sample(schema, "").is_object());
        assert_eq!(sample(json!({"$ref": "#"}), ""), Value::Null);
        assert!(sample(json!({"items": {"const": 1}, "minItems": 1e9 as u64}), "").is_array());
    }
}
