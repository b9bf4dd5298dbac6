//! JSON5 texts for tests: a value written with random spacing, comments, quotes and commas.

use proptest::prelude::*;
use serde_json::{Map, Value};

/// A value, and one way to write it.
#[derive(Debug, Clone)]
pub(in crate::config) struct Messy {
    pub(in crate::config) value: Value,
    pub(in crate::config) text: String,
}

/// Objects of a few levels.
pub(in crate::config) fn object() -> impl Strategy<Value = Messy> {
    let key = || prop_oneof![4 => "[a-d]", 1 => "[a-z.'\"\\\\ é]{1,4}", 1 => Just("bedrock".to_owned())];
    let scalar = prop_oneof![
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        Just(Value::Null),
        "[a-z'\"\\\\/*{}\\[\\],: \u{2028}é\n]{0,8}".prop_map(Value::from),
    ];
    let value = scalar.prop_recursive(3, 24, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(key(), inner, 0..4).prop_map(object_of),
        ]
    });
    let root = prop::collection::btree_map(key(), value, 0..5).prop_map(object_of);
    (root, prop::collection::vec(any::<u8>(), 1..40)).prop_map(|(value, choices)| {
        let mut writer = Writer { choices, at: 0, text: String::new() };
        writer.blank();
        writer.value(&value);
        writer.blank();
        Messy { value, text: writer.text }
    })
}

fn object_of(members: std::collections::BTreeMap<String, Value>) -> Value {
    Value::Object(Map::from_iter(members))
}

struct Writer {
    choices: Vec<u8>,
    at: usize,
    text: String,
}

impl Writer {
    fn choice(&mut self, of: u8) -> u8 {
        self.at += 1;
        self.choices[self.at % self.choices.len()].wrapping_add(u8::try_from(self.at % 7).unwrap()) % of
    }

    fn blank(&mut self) {
        let blank = match self.choice(12) {
            0 => "\n",
            1 => "\r\n  ",
            2 => " // line, { not: 'code'\n",
            3 => " /* block ] */ ",
            4 => "\n    /* two\n lines */\n\t",
            5 => " // ends\u{2028}",
            6 | 7 => " ",
            8 => "\n  ",
            _ => "",
        };
        self.text.push_str(blank);
    }

    fn quoted(&mut self, text: &str) {
        if self.choice(2) == 0 {
            self.text.push_str(&Value::from(text).to_string());
            return;
        }
        self.text.push('\'');
        for c in text.chars() {
            match c {
                '\'' | '\\' => self.text.extend(['\\', c]),
                '\n' => self.text.push_str("\\n"),
                c => self.text.push(c),
            }
        }
        self.text.push('\'');
    }

    fn value(&mut self, value: &Value) {
        match value {
            Value::String(text) => self.quoted(text),
            Value::Null | Value::Bool(_) | Value::Number(_) => self.text.push_str(&value.to_string()),
            Value::Array(elements) => {
                self.entries('[', elements.len(), ']', |writer, at| writer.value(&elements[at]));
            }
            Value::Object(members) => {
                let members: Vec<_> = members.iter().collect();
                self.entries('{', members.len(), '}', |writer, at| {
                    let (name, value) = members[at];
                    let is_bare = name.bytes().all(|byte| byte.is_ascii_lowercase());
                    if is_bare && writer.choice(3) > 0 {
                        writer.text.push_str(name)
                    } else {
                        writer.quoted(name)
                    }
                    writer.blank();
                    writer.text.push(':');
                    writer.blank();
                    writer.value(value);
                });
            }
        }
    }

    fn entries(&mut self, open: char, count: usize, close: char, mut entry: impl FnMut(&mut Self, usize)) {
        self.text.push(open);
        self.blank();
        for at in 0..count {
            entry(self, at);
            self.blank();
            if at + 1 < count || self.choice(2) == 0 {
                self.text.push(',');
                self.blank();
            }
        }
        self.text.push(close);
    }
}
