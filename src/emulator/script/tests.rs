//! What is said for which request.

use super::{Block, Script, signature};
use crate::emulator::catalog::Catalog;
use crate::emulator::tokens;
use serde_json::{Value, json};

fn write(body: &Value) -> Script {
    let catalog = Catalog::built_in().unwrap();
    Script::write(body, catalog.model("emulator.basalt-v1:0").unwrap())
}

fn ask(question: &str, more: Value) -> Value {
    let mut body = json!({"messages": [{"role": "user", "content": [{"text": question}]}]});
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

fn weather() -> Value {
    json!({"tools": [
        {"toolSpec": {"name": "get_weather", "inputSchema": {"json": {
            "type": "object",
            "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
            "required": ["city"],
        }}}},
        {"toolSpec": {"name": "list_rocks", "inputSchema": {"json": {"type": "object"}}}},
    ]})
}

fn calls(script: &Script) -> Vec<(&str, &str)> {
    script.blocks.iter().filter_map(call).collect()
}

fn call(block: &Block) -> Option<(&str, &str)> {
    if let Block::ToolUse { name, input, .. } = block { Some((name, input)) } else { None }
}

#[test]
fn a_question_is_answered_in_text_the_same_each_time() {
    let script = write(&ask("Why is basalt dark?", json!({})));
    assert_eq!(script, write(&ask("Why is basalt dark?", json!({}))));
    let [Block::Text(text)] = script.blocks.as_slice() else { panic!("{script:?}") };
    assert!(text.contains("Why is basalt dark?"));
    assert_eq!((script.stop_reason.as_str(), script.output_tokens), ("end_turn", tokens::count(text)));
}

#[test]
fn limits_cut_between_tokens() {
    for limit in [1, 7, 20] {
        let script = write(&ask("Why?", json!({"inferenceConfig": {"maxTokens": limit}})));
        let [Block::Text(text)] = script.blocks.as_slice() else { panic!("{script:?}") };
        assert_eq!(tokens::count(text), limit);
        assert_eq!((script.stop_reason.as_str(), script.output_tokens), ("max_tokens", limit));
    }
}

#[test]
fn the_first_stop_sequence_in_the_text_ends_it() {
    let config = json!({"inferenceConfig": {"stopSequences": ["never there", "say", "rocks"]}});
    let script = write(&ask("Why?", config));
    let [Block::Text(text)] = script.blocks.as_slice() else { panic!("{script:?}") };
    assert_eq!(text, "About \"Why?\" the ");
    assert_eq!(
        (script.stop_reason.as_str(), script.stop_sequence.as_deref()),
        ("stop_sequence", Some("rocks"))
    );
}

#[test]
fn thinking_comes_first_and_is_signed() {
    let fields = json!({"additionalModelRequestFields": {"thinking": {"type": "adaptive"}}});
    let script = write(&ask("Show redacted thinking", fields.clone()));
    let [Block::Reasoning { text, signature: signed }, Block::Redacted(hidden), Block::Text(_)] =
        script.blocks.as_slice()
    else {
        panic!("{script:?}")
    };
    assert_eq!(*signed, signature(text));
    assert!(!hidden.is_empty());
    let mut body = ask("Why?", fields);
    body["inferenceConfig"] = json!({"maxTokens": 3});
    let cut = write(&body);
    assert!(matches!(cut.blocks.as_slice(), [Block::Reasoning { signature, .. }] if signature.is_empty()));
}

#[test]
fn tools_are_called_when_asked_for_and_not_after_their_result() {
    let config = |choice: Value| {
        let mut tools = weather();
        if !choice.is_null() {
            tools["toolChoice"] = choice;
        }
        json!({"toolConfig": tools})
    };
    for (question, choice, names) in [
        ("Why?", json!(null), vec![]),
        ("Call GET_WEATHER please", json!(null), vec!["get_weather"]),
        ("get_weather and list_rocks", json!({"auto": {}}), vec!["get_weather", "list_rocks"]),
        ("Why?", json!({"any": {}}), vec!["get_weather"]),
        ("Why?", json!({"tool": {"name": "list_rocks"}}), vec!["list_rocks"]),
    ] {
        let script = write(&ask(question, config(choice)));
        let called: Vec<&str> = calls(&script).into_iter().map(|(name, _)| name).collect();
        assert_eq!(called, names, "{question}");
        let reason = if names.is_empty() { "end_turn" } else { "tool_use" };
        assert_eq!(script.stop_reason, reason);
        let ids: std::collections::BTreeSet<_> = script
            .blocks
            .iter()
            .filter_map(|block| if let Block::ToolUse { id, .. } = block { Some(id.clone()) } else { None })
            .collect();
        assert_eq!(ids.len(), names.len(), "ids differ");
    }
    let mut after = ask("get_weather", config(json!(null)));
    after["messages"] = json!([
        {"role": "user", "content": [{"text": "get_weather"}]},
        {"role": "assistant", "content": [{"toolUse": {"toolUseId": "a", "name": "get_weather", "input": {}}}]},
        {"role": "user", "content": [{"toolResult": {"toolUseId": "a", "content": [{"text": "4.5 °C"}]}}]},
    ]);
    let script = write(&after);
    assert!(matches!(script.blocks.as_slice(), [Block::Text(text)] if text.contains("4.5 °C")), "{script:?}");
}

#[test]
fn inputs_follow_the_schema_and_the_quoted_words() {
    let question = "get_weather for \"Zürich \\ 北\"";
    let script = write(&ask(question, json!({"toolConfig": weather()})));
    let (_, input) = calls(&script)[0];
    assert_eq!(serde_json::from_str::<Value>(input).unwrap(), json!({"city": "Zürich \\ 北"}));
    let mut body = ask(question, json!({"toolConfig": weather()}));
    body["toolConfig"]["toolChoice"] = json!({"any": {}});
    body["inferenceConfig"] = json!({"maxTokens": 3});
    let cut = write(&body);
    assert_eq!(cut.stop_reason, "max_tokens");
    assert!(serde_json::from_str::<Value>(calls(&cut)[0].1).is_err(), "an input that was cut is no JSON");
}

#[test]
fn a_schema_for_the_answer_is_obeyed() {
    let schema = json!({"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]});
    let format = json!({"textFormat": {
        "type": "json_schema",
        "structure": {"jsonSchema": {"schema": schema.to_string(), "name": "x"}},
    }});
    let script = write(&ask("Why?", json!({"outputConfig": format})));
    assert_eq!(script.blocks, [Block::Text("{\"n\":2}".to_owned())]);
}

#[test]
fn images_are_noticed() {
    let mut body = ask("What is this?", json!({}));
    let image = json!({"image": {"format": "png", "source": {"bytes": ""}}});
    body["messages"][0]["content"].as_array_mut().unwrap().push(image);
    let script = write(&body);
    assert!(
        matches!(script.blocks.as_slice(), [Block::Text(text)] if text.starts_with("I was sent 1 image (png)."))
    );
}
