use super::super::document::{
    messy::{self, Messy},
    parse_value,
};
use super::*;
use proptest::prelude::*;
use serde_json::json;

fn document(text: &str) -> Document {
    Document::parse(text.to_owned()).unwrap()
}

fn path(text: &str) -> KeyPath {
    KeyPath::parse(text).unwrap()
}

fn node(value: &Value) -> Node {
    parse_value(&value.to_string()).unwrap()
}

fn set_text(text: &str, at: &str, value: Value) -> String {
    set(&document(text), &path(at), &node(&value)).unwrap()
}

#[test]
fn a_value_is_replaced_where_it_stands() {
    for (before, at, value, after) in [
        ("{ a: 1 } // end", "a", json!(2), "{ a: 2 } // end"),
        ("{a:'x',b:\"y\"}", "a", json!("it's"), "{a:'it\\'s',b:\"y\"}"),
        ("{a:'x',b:\"y\"}", "b", json!("it's \"so\""), "{a:'x',b:\"it's \\\"so\\\"\"}"),
        (
            "{\n\t\"a\": { \"b\": [1, /* two */ 2] },\n}\n",
            "a.b[1]",
            json!(3),
            "{\n\t\"a\": { \"b\": [1, /* two */ 3] },\n}\n",
        ),
        ("{ a: [1] }", "a", json!(["x", "y"]), "{ a: [\"x\", \"y\"] }"),
        ("{ a: 1 }", "a", json!({}), "{ a: {} }"),
        ("{ a: {b: 1} }", "a", json!({"c": {"d": 1}}), "{ a: { c: { d: 1 } } }"),
        ("{ a: 1, a: 2 }", "a", json!(3), "{ a: 1, a: 3 }"),
        ("{ bedrock: { x: 1 } }", "amazon-bedrock.x", json!(2), "{ bedrock: { x: 2 } }"),
    ] {
        assert_eq!(set_text(before, at, value), after, "{before}");
    }
}

#[test]
fn what_is_missing_is_made_in_the_style_of_the_file() {
    for (before, at, value, after) in [
        ("", "a", json!(1), "{\n  a: 1,\n}\n"),
        ("// mine", "a.b", json!("x"), "// mine\n{\n  a: {\n    b: \"x\",\n  },\n}\n"),
        ("{}", "a", json!(1), "{\n  a: 1,\n}"),
        ("{ }", "a", json!(1), "{\n  a: 1,\n}"),
        ("{\n  // nothing yet\n}\n", "a", json!(1), "{\n  // nothing yet\n  a: 1,\n}\n"),
        ("{ /* nothing */ }", "a", json!(1), "{ /* nothing */\n  a: 1,\n}"),
        ("{ a: 1 }", "b", json!(2), "{ a: 1, b: 2 }"),
        ("{a: 1,}", "b.c", json!(2), "{a: 1, b: { c: 2 },}"),
        ("{\n  a: 1\n}\n", "b", json!(2), "{\n  a: 1,\n  b: 2\n}\n"),
        ("{\n  a: 1, // one\n}\n", "b", json!(2), "{\n  a: 1, // one\n  b: 2,\n}\n"),
        ("{\n  a: 1 // one\n  // more\n}\n", "b", json!(2), "{\n  a: 1, // one\n  b: 2\n  // more\n}\n"),
        (
            "{\n    \"a\": {\n        \"b\": 1\n    }\n}\n",
            "a.c.d",
            json!("x"),
            "{\n    \"a\": {\n        \"b\": 1,\n        \"c\": {\n            \"d\": \"x\"\n        }\n    }\n}\n",
        ),
        ("{\r\n\ta: 1,\r\n}\r\n", "b", json!([1]), "{\r\n\ta: 1,\r\n\tb: [1],\r\n}\r\n"),
        ("{ a: {} }", "a.b", json!(1), "{ a: {\n  b: 1\n} }"),
        ("{ a: [] }", "a[0]", json!(1), "{ a: [\n  1\n] }"),
        ("{ a: [1] }", "a[1]", json!(2), "{ a: [1, 2] }"),
        ("{}", "a[0].id", json!("m"), "{\n  a: [\n    {\n      id: \"m\",\n    },\n  ],\n}"),
        ("{}", "a-b.c", json!(1), "{\n  \"a-b\": {\n    c: 1,\n  },\n}"),
        ("{\n  a: 1, b: 2\n}", "c", json!(3), "{\n  a: 1, b: 2,\n  c: 3\n}"),
    ] {
        assert_eq!(set_text(before, at, value), after, "{before}");
    }
}

#[test]
fn a_new_object_keeps_its_order() {
    let value = parse_value("{ z: 1, 'a b': [{ y: 1, b: 2 }] }").unwrap();
    let text = set(&document("{ o: 1 }"), &path("o"), &value).unwrap();
    assert_eq!(text, "{ o: {\n  z: 1,\n  \"a b\": [\n    {\n      y: 1,\n      b: 2\n    }\n  ]\n} }");
}

#[test]
fn where_nothing_can_stand() {
    for (before, at, problem) in [
        ("{ a: 1 }", "a.b", "`a` is a number; nothing can stand below it"),
        ("{ a: [1] }", "a[2]", "`a` ends before `a[1]`, which is the next one"),
        ("{ a: [1] }", "a.b", "`a` ends before `a[1]`, which is the next one"),
        ("{ a: [] }", "a[1]", "`a` begins with `a[0]`"),
        ("{}", "a.b[1]", "`a.b` begins with `a.b[0]`"),
        ("", "a[1]", "`a` begins with `a[0]`"),
        ("5", "a", "the file holds a number"),
        ("[]", "a[0]", "the file holds a list"),
    ] {
        let refused = set(&document(before), &path(at), &node(&json!(1))).unwrap_err();
        assert_eq!(refused.to_string(), problem, "{before}");
    }
}

#[test]
fn a_key_goes_with_its_comma_and_its_line() {
    for (before, at, after) in [
        ("{ a: 1 }", "a", "{ }"),
        ("{ a: 1, b: 2 }", "a", "{ b: 2 }"),
        ("{ a: 1, b: 2 }", "b", "{ a: 1 }"),
        ("{ a: 1, b: 2, }", "b", "{ a: 1, }"),
        ("{a: 1, b: 2, c: 3}", "b", "{a: 1, c: 3}"),
        ("{\n  a: 1,\n  b: 2,\n}\n", "a", "{\n  b: 2,\n}\n"),
        ("{\n  a: 1,\n  b: 2\n}\n", "b", "{\n  a: 1\n}\n"),
        ("{\r\n  a: 1,\r\n  b: 2\r\n}\r\n", "b", "{\r\n  a: 1\r\n}\r\n"),
        ("{\n  // one\n  a: 1, // still one\n  b: 2,\n}\n", "a", "{\n  // one\n  // still one\n  b: 2,\n}\n"),
        ("{\n  a: {\n    b: 1,\n  },\n  c: 2,\n}\n", "a", "{\n  c: 2,\n}\n"),
        ("{ a: 1 /* one */, b: 2 }", "a", "{ /* one */ b: 2 }"),
        ("{ a: [1, 2, 3] }", "a[1]", "{ a: [1, 3] }"),
        ("{ a: [1, 1, 1] }", "a[0]", "{ a: [1, 1] }"),
        ("{ a: 1, b: 2, a: 3 }", "a", "{ b: 2 }"),
        ("{ bedrock: { x: 1, y: 2 } }", "amazon-bedrock.x", "{ bedrock: { y: 2 } }"),
    ] {
        assert_eq!(unset(&document(before), &path(at)).as_deref(), Some(after), "{before}");
    }
    for (before, at) in [("{ a: 1 }", "b"), ("{ a: 1 }", "a.b"), ("{ a: [1] }", "a[1]"), ("", "a")] {
        assert_eq!(unset(&document(before), &path(at)), None, "{before}");
    }
}

/// A path of the value, chosen by `choices`; the root itself is none.
fn a_path(value: &Value, choices: &[prop::sample::Index]) -> Option<Vec<String>> {
    let mut names = Vec::new();
    let mut value = value;
    for choice in choices {
        let below: Vec<(String, &Value)> = match value {
            Value::Object(members) => members.iter().map(|(name, value)| (name.clone(), value)).collect(),
            Value::Array(elements) => {
                elements.iter().enumerate().map(|(at, value)| (at.to_string(), value)).collect()
            }
            _ => vec![],
        };
        if below.is_empty() {
            break;
        }
        let (name, inner) = below[choice.index(below.len())].clone();
        names.push(name);
        value = inner;
    }
    (!names.is_empty()).then_some(names)
}

fn as_path(names: &[String]) -> KeyPath {
    path(&names.iter().fold(String::new(), |path, name| join(&path, name)))
}

fn slot<'v>(value: &'v mut Value, names: &[String]) -> &'v mut Value {
    names.iter().fold(value, |value, name| match value {
        Value::Array(elements) => &mut elements[name.parse::<usize>().unwrap()],
        other => &mut other[name.as_str()],
    })
}

/// The text with only its comments left, in order.
fn comments(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        let end = comment_end(text, at);
        let c = rest.chars().next().unwrap();
        at += match c {
            '/' if end > at => {
                found.push(text[at..end].to_owned());
                end - at
            }
            '"' | '\'' => {
                let mut escaped = false;
                let is_end = |d: char| {
                    let ends = d == c && !escaped;
                    escaped = d == '\\' && !escaped;
                    ends
                };
                2 + rest[1..].find(is_end).unwrap()
            }
            c => c.len_utf8(),
        };
    }
    found
}

fn new_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<bool>().prop_map(Value::from),
        "[a-z'\"\\\\\n ]{0,6}".prop_map(Value::from),
        prop::collection::vec("[a-z]{0,3}".prop_map(Value::from), 0..3).prop_map(Value::from),
        Just(json!({ "x": { "y z": [1, { "w": "'" }] }, "v": {} })),
    ]
}

proptest! {
    #[test]
    fn only_the_value_that_is_set_changes(
        Messy { mut value, text } in messy::object(),
        choices in prop::collection::vec(any::<prop::sample::Index>(), 1..4),
        new in new_value(),
    ) {
        let Some(names) = a_path(&value, &choices) else { return Ok(()) };
        let before = document(&text);
        let span = find(before.root.as_ref().unwrap(), &names).unwrap().span.clone();
        let changed = set(&before, &as_path(&names), &node(&new)).unwrap();
        prop_assert!(changed.starts_with(&text[..span.start]) && changed.ends_with(&text[span.end..]), "{}", changed);
        *slot(&mut value, &names) = new;
        prop_assert_eq!(document(&changed).root.unwrap().to_value(), value);
    }

    #[test]
    fn a_new_key_leaves_the_rest_and_every_comment(
        Messy { mut value, text } in messy::object(),
        choices in prop::collection::vec(any::<prop::sample::Index>(), 0..3),
        below in prop::collection::vec("[A-D-]{1,2}", 1..3),
        new in new_value(),
    ) {
        let mut names = a_path(&value, &choices).unwrap_or_default();
        while !slot(&mut value, &names).is_object() {
            names.pop();
        }
        let inner = below[1..].iter().rev().fold(new.clone(), |value, name| json!({ name: value }));
        slot(&mut value, &names)[&below[0]] = inner;
        names.extend(below);
        let changed = set(&document(&text), &as_path(&names), &node(&new)).unwrap();
        let after = document(&changed);
        prop_assert_eq!(after.root.as_ref().unwrap().to_value(), value);
        prop_assert_eq!(comments(&changed), comments(&text));
        // All that was there is still there, in its order.
        let mut rest = changed.chars();
        let mut solid = text.chars().filter(|c| !matches!(c, ' ' | '\t'));
        prop_assert!(solid.all(|c| rest.any(|d| d == c)), "{}", changed);
        // Setting it and taking it out again gives the old value.
        let back = unset(&after, &as_path(&names)).unwrap();
        prop_assert_eq!(comments(&back), comments(&text));
    }

    #[test]
    fn a_key_that_is_taken_out_takes_nothing_with_it(
        Messy { mut value, text } in messy::object(),
        choices in prop::collection::vec(any::<prop::sample::Index>(), 1..4),
    ) {
        let Some(names) = a_path(&value, &choices) else { return Ok(()) };
        let changed = unset(&document(&text), &as_path(&names)).unwrap();
        let (last, above) = names.split_last().unwrap();
        match slot(&mut value, above) {
            Value::Object(members) => { members.remove(last); }
            Value::Array(elements) => { elements.remove(last.parse().unwrap()); }
            _ => unreachable!(),
        }
        prop_assert_eq!(document(&changed).root.unwrap().to_value(), value, "{}", changed);
    }
}
