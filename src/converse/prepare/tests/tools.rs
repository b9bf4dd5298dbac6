//! Tools: names, descriptions, schemas, choices.

use super::super::{PrepareOptions, ToolWish, prepare};
use super::*;
use crate::converse::{SpecificToolChoice, ToolChoice};

fn tools(tools: Value) -> ConverseRequest {
    request(json!({"messages": [user("hi")], "toolConfig": {"tools": tools}}))
}

fn spec(name: &str, schema: Value) -> Value {
    json!({"toolSpec": {"name": name, "inputSchema": {"json": schema}}})
}

fn sent(prepared: &Prepared) -> Value {
    serde_json::to_value(&prepared.request.tool_config).unwrap()
}

/// The schema that a model of this family gets.
fn schema(given: Value, facts: &ModelFacts) -> (Value, Vec<&'static str>) {
    let prepared = plain(tools(json!([spec("look", given)])), facts);
    let schema = sent(&prepared)["tools"][0]["toolSpec"]["inputSchema"]["json"].clone();
    (schema, rules(&prepared).into_iter().filter(|rule| *rule != "output-limit").collect())
}

#[test]
fn names_that_are_refused_are_sent_as_others_and_restored() {
    let long = "x".repeat(70);
    for name in ["fs.read", "mcp/server/tool", "", "naïve", &long] {
        let conversation = json!([user("hi"),
            {"role": "assistant", "content": [{"toolUse": {"toolUseId": "a", "name": name, "input": {}}}]},
            {"role": "user", "content": [result("a")]}]);
        let given = request(json!({"messages": conversation, "toolConfig": {
            "tools": [spec(name, json!({"type": "object"}))], "toolChoice": {"tool": {"name": name}}}}));
        let prepared = plain(given, &able());
        let config = sent(&prepared);
        let new = config["tools"][0]["toolSpec"]["name"].as_str().unwrap().to_owned();
        assert!((1..=64).contains(&new.len()) && new != name, "{new}");
        assert_eq!(config["toolChoice"]["tool"]["name"], new.as_str());
        assert_eq!(messages(&prepared)[1]["content"][0]["toolUse"]["name"], new.as_str());
        assert!(rules(&prepared).contains(&"tool-names"));
        let mut call = ToolUseBlock { name: new.clone(), ..ToolUseBlock::default() };
        prepared.tool_names.restore(&mut call);
        assert_eq!((call.name.as_str(), prepared.tool_names.original(&new)), (name, name));
    }
}

#[test]
fn names_that_would_become_one_stay_two() {
    let open = json!({"type": "object"});
    let prepared = plain(
        tools(json!([spec("a.b", open.clone()), spec("a/b", open.clone()), spec("a_b", open)])),
        &able(),
    );
    let config = sent(&prepared);
    let names: Vec<&str> =
        (0..3).map(|at| config["tools"][at]["toolSpec"]["name"].as_str().unwrap()).collect();
    assert!(names[0] != names[1] && names[2] == "a_b", "{names:?}");
    let originals: Vec<&str> = names.iter().map(|name| prepared.tool_names.original(name)).collect();
    assert_eq!(originals, ["a.b", "a/b", "a_b"]);
}

#[test]
fn the_first_of_two_tools_with_one_name_is_sent() {
    let prepared = plain(
        tools(json!([
            spec("look", json!({"type": "object"})),
            spec("look", json!({"type": "object", "title": "b"}))
        ])),
        &able(),
    );
    assert_eq!(sent(&prepared)["tools"], json!([spec("look", json!({"type": "object"}))]));
    assert_eq!(rules(&prepared)[0], "tool-names");
}

#[test]
fn blank_descriptions_go() {
    let mut tool = spec("look", json!({"type": "object"}));
    tool["toolSpec"]["description"] = json!(" ");
    let prepared = plain(tools(json!([tool])), &able());
    assert_eq!(sent(&prepared)["tools"][0], spec("look", json!({"type": "object"})));
    assert_eq!(rules(&prepared)[0], "tool-descriptions");
}

#[test]
fn an_empty_list_of_tools_is_none() {
    let prepared = plain(tools(json!([])), &able());
    assert_eq!((sent(&prepared), rules(&prepared)[0]), (Value::Null, "tools"));
}

#[test]
fn a_model_without_tools_gets_none_and_reads_what_they_did() {
    let mut facts = of(Family::Titan);
    facts.tools.supported = false;
    let odd = json!([user("?"), {"role": "assistant", "content": [{"toolUse": {"toolUseId": "a", "name": "fs.read", "input": {}}}]}]);
    let prepared = plain(with_tools(odd), &facts);
    assert_eq!(messages(&prepared)[1]["content"], json!([{"text": "[Assistant tool call]: fs.read({})"}]));
    assert!(prepared.tool_names.is_empty());
    let given = with_tools(json!([user("look"), {"role": "assistant", "content": [call("a")]},
        {"role": "user", "content": [result("a")]}]));
    let prepared = plain(given, &facts);
    assert_eq!(sent(&prepared), Value::Null);
    assert_eq!(messages(&prepared)[2]["content"], json!([{"text": "[Tool result: look]:\nseen"}]));
}

#[test]
fn no_tool_to_be_called_means_no_tools() {
    let options = PrepareOptions { tool_choice: Some(ToolWish::Never), ..PrepareOptions::default() };
    let given = with_tools(json!([user("look"), {"role": "assistant", "content": [call("a")]},
        {"role": "user", "content": [result("a")]}]));
    let prepared = prepare(given, &able(), &options);
    assert_eq!((sent(&prepared), rules(&prepared)[0]), (Value::Null, "tools"));
    assert_eq!(messages(&prepared)[1]["content"], json!([{"text": "[Assistant tool call]: look({})"}]));
}

#[test]
fn schemas_get_an_object_at_the_root() {
    for (given, expected) in [
        (json!({"type": "object"}), json!({"type": "object"})),
        (json!(null), json!({"type": "object", "properties": {}})),
        (json!(true), json!({"type": "object", "properties": {}})),
        (json!({}), json!({"type": "object"})),
        (json!({"properties": {"a": {}}}), json!({"type": "object", "properties": {"a": {}}})),
        (json!({"type": ["object", "null"]}), json!({"type": "object"})),
        (json!({"type": "object", "properties": null}), json!({"type": "object", "properties": {}})),
    ] {
        let (schema, rules) = schema(given.clone(), &able());
        assert_eq!(schema, expected, "{given}");
        assert_eq!(rules.is_empty(), given == expected, "{given}");
    }
}

#[test]
fn a_schema_of_no_object_is_wrapped_and_its_input_unwrapped() {
    for given in [
        json!({"type": "string"}),
        json!({"type": "array", "items": {"$ref": "#/$defs/x"}, "$defs": {"x": {}}}),
        json!({"enum": [1, 2]}),
        json!({"anyOf": [{"type": "string"}, {"type": "number"}]}),
    ] {
        let prepared = plain(tools(json!([spec("fs.read", given.clone())])), &able());
        let config = sent(&prepared);
        let schema = &config["tools"][0]["toolSpec"]["inputSchema"]["json"];
        assert_eq!((&schema["type"], &schema["required"]), (&json!("object"), &json!(["value"])));
        assert_eq!(schema.get("$defs"), given.get("$defs"));
        let mut call = ToolUseBlock {
            name: config["tools"][0]["toolSpec"]["name"].as_str().unwrap().to_owned(),
            input: json!({"value": 1.0}).into(),
            ..ToolUseBlock::default()
        };
        prepared.tool_names.restore(&mut call);
        assert_eq!((call.name.as_str(), call.input.as_json()), ("fs.read", "1.0"));
    }
}

#[test]
fn old_inputs_of_a_wrapped_tool_are_wrapped_too() {
    let given = request(
        json!({"toolConfig": {"tools": [spec("count", json!({"type": "integer"}))]}, "messages": [
        user("count"), {"role": "assistant", "content": [{"toolUse": {"toolUseId": "a", "name": "count", "input": 7}}]},
        {"role": "user", "content": [result("a")]}]}),
    );
    let prepared = plain(given, &able());
    assert_eq!(messages(&prepared)[1]["content"][0]["toolUse"]["input"], json!({"value": 7}));
}

#[test]
fn unions_at_the_root_are_joined() {
    let a =
        json!({"properties": {"kind": {"const": "a"}, "x": {"type": "number"}}, "required": ["kind", "x"]});
    let b = json!({"properties": {"kind": {"const": "b"}}, "required": ["kind"]});
    let one_of = "The input has one of several forms; give the properties of one of them.";
    let kinds = json!({"anyOf": [{"const": "a"}, {"const": "b"}]});
    for (given, expected) in [
        (
            json!({"oneOf": [a, b]}),
            json!({"type": "object", "properties": {"kind": kinds, "x": {"type": "number"}}, "description": one_of}),
        ),
        (
            json!({"type": "object", "required": ["y"], "properties": {"y": {}}, "allOf": [a, {"$ref": "#/$defs/b"}], "$defs": {"b": b}}),
            json!({"type": "object", "properties": {"y": {}, "kind": kinds, "x": {"type": "number"}},
                "required": ["y", "kind", "x"], "$defs": {"b": b}}),
        ),
        (
            json!({"$ref": "#/definitions/b", "definitions": {"b": b}}),
            json!({"type": "object", "properties": {"kind": {"const": "b"}}, "required": ["kind"], "definitions": {"b": b}}),
        ),
    ] {
        let (schema, rules) = schema(given, &able());
        assert_eq!(schema, expected);
        assert!(!rules.is_empty() && rules.iter().all(|rule| *rule == "tool-schemas"), "{rules:?}");
    }
}

#[test]
fn references_are_put_in_for_models_that_read_none() {
    let mut facts = of(Family::Llama);
    facts.tools.schema_refs = false;
    let given = json!({"type": "object", "properties": {"at": {"$ref": "#/$defs/point", "description": "where"},
        "$ref": {"type": "string"}, "tree": {"$ref": "#/$defs/tree"}, "gone": {"$ref": "#/$defs/gone"}},
        "$defs": {"point": {"type": "array", "items": {"$ref": "#/$defs/number"}}, "number": {"type": "number"},
            "tree": {"type": "object", "properties": {"left": {"$ref": "#/$defs/tree"}}}}});
    let (schema, rules) = schema(given, &facts);
    assert_eq!(
        schema,
        json!({"type": "object", "properties": {
            "at": {"type": "array", "items": {"type": "number"}, "description": "where"},
            "$ref": {"type": "string"},
            "tree": {"type": "object", "properties": {"left": {"type": "object"}}},
            "gone": {"type": "object"}}})
    );
    assert_eq!(rules, ["tool-schemas"; 2]);
}

#[test]
fn references_that_stand_for_more_than_fits_are_cut() {
    let mut facts = able();
    facts.tools.schema_refs = false;
    let mut definitions = serde_json::Map::new();
    for level in 0..40 {
        let next = json!({"$ref": format!("#/$defs/d{}", level + 1)});
        definitions.insert(
            format!("d{level}"),
            json!({"type": "object", "properties": {"a": next, "b": next, "c": next}}),
        );
    }
    let given = json!({"type": "object", "properties": {"x": {"$ref": "#/$defs/d0"}}, "$defs": definitions});
    let (schema, _) = schema(given, &facts);
    assert!(schema.to_string().len() < 1_000_000);
    let many = vec![json!({"$ref": "#"}); 200];
    let (schema, _) = self::schema(json!({"anyOf": many}), &able());
    assert!(schema.to_string().len() < 1_000_000);
}

#[test]
fn nova_reads_only_the_basics_at_the_root() {
    let given = json!({"$schema": "x", "type": "object", "additionalProperties": false, "title": "t"});
    let (schema, rules) = schema(given, &of(Family::Nova));
    assert_eq!((schema, rules), (json!({"type": "object", "properties": {}}), vec!["tool-schemas"; 2]));
}

#[test]
fn a_choice_is_lowered_to_what_the_model_takes() {
    let (auto, any, named) = (json!({"auto": {}}), json!({"any": {}}), json!({"tool": {"name": "look"}}));
    let open = json!({"type": "object"});
    for (known, asked, expected, count) in [
        (ToolChoices::Absent, &auto, Value::Null, 2),
        (ToolChoices::Absent, &named, Value::Null, 2),
        (ToolChoices::Auto, &auto, auto.clone(), 2),
        (ToolChoices::Auto, &any, Value::Null, 2),
        (ToolChoices::Any, &any, any.clone(), 2),
        (ToolChoices::Any, &named, any.clone(), 1),
        (ToolChoices::Named, &named, named.clone(), 2),
        (ToolChoices::Named, &json!({"tool": {"name": "gone"}}), Value::Null, 2),
    ] {
        let mut facts = able();
        facts.tools.choice = known;
        let given = request(json!({"messages": [user("hi")], "toolConfig": {
            "tools": [spec("look", open.clone()), spec("other", open.clone())], "toolChoice": asked}}));
        let prepared = plain(given, &facts);
        let config = sent(&prepared);
        assert_eq!(
            (&config["toolChoice"], config["tools"].as_array().unwrap().len()),
            (&expected, count),
            "{asked}"
        );
        assert_eq!(rules(&prepared).contains(&"tool-choice"), *asked != expected, "{asked}");
    }
}

#[test]
fn a_choice_among_the_wishes_counts_when_the_request_has_none() {
    let wish = ToolChoice::Tool(SpecificToolChoice { name: "fs.read".to_owned() });
    let options = PrepareOptions { tool_choice: Some(ToolWish::Choice(wish)), ..PrepareOptions::default() };
    let given = tools(json!([spec("fs.read", json!({"type": "object"}))]));
    let config = sent(&prepare(given.clone(), &able(), &options));
    assert_eq!(config["toolChoice"]["tool"]["name"], config["tools"][0]["toolSpec"]["name"]);
    let own = given.tool_choice(ToolChoice::Auto {});
    assert_eq!(sent(&prepare(own, &able(), &options))["toolChoice"], json!({"auto": {}}));
    let prepared = prepare(request(json!({"messages": [user("hi")]})), &able(), &options);
    assert!(prepared.adjustments.iter().any(|note| note.what == "options.toolChoice"));
}

#[test]
fn a_model_that_thinks_is_not_forced() {
    for fields in [
        json!({"thinking": {"type": "enabled", "budget_tokens": 2000}}),
        json!({"thinking": {"type": "adaptive"}}),
    ] {
        let given = with_tools(json!([user("hi")]))
            .tool_choice(ToolChoice::Any {})
            .additional_model_request_fields(fields);
        let prepared = plain(given.clone(), &able());
        assert_eq!(sent(&prepared)["toolChoice"], Value::Null);
        assert!(rules(&prepared).contains(&"tool-choice"));
        let mut facts = able();
        facts.tools.forced_while_thinking = true;
        assert_eq!(sent(&plain(given, &facts))["toolChoice"], json!({"any": {}}));
    }
}

#[test]
fn a_model_that_thinks_by_itself_is_not_forced() {
    let thinking =
        Thinking::Adaptive { xhigh: true, max: true, mandatory: true, default_effort: Some(Effort::High) };
    let given = with_tools(json!([user("hi")])).tool_choice(ToolChoice::Any {});
    let prepared = plain(given, &ModelFacts { thinking, ..adaptive() });
    assert_eq!(sent(&prepared)["toolChoice"], Value::Null);
}

#[test]
fn patterns_that_look_around_go_into_the_description() {
    let given = json!({"type": "object", "properties": {"a": {"type": "string", "pattern": "^(?=.*@).+$"}}});
    let (sent, said) = schema(given.clone(), &able());
    let expected = json!({"type": "string", "description": "(pattern: ^(?=.*@).+$)"});
    assert_eq!((&sent["properties"]["a"], said), (&expected, vec!["tool-schemas"]));
    assert_eq!(schema(given.clone(), &of(Family::Unknown)), (given, vec![]));
    let plain = json!({"type": "object", "properties": {"a": {"type": "string", "pattern": "^a$"}}});
    assert_eq!(schema(plain.clone(), &able()), (plain, vec![]));
}

#[test]
fn one_tool_at_a_time_is_a_field_of_claude() {
    let options = PrepareOptions { no_parallel_tools: true, ..PrepareOptions::default() };
    let named = ToolChoice::Tool(SpecificToolChoice { name: "look".to_owned() });
    for (choice, expected) in [
        (None, json!({"type": "auto", "disable_parallel_tool_use": true})),
        (Some(ToolChoice::Auto {}), json!({"type": "auto", "disable_parallel_tool_use": true})),
        (Some(ToolChoice::Any {}), json!({"type": "any", "disable_parallel_tool_use": true})),
        (Some(named), json!({"type": "tool", "name": "look", "disable_parallel_tool_use": true})),
    ] {
        let mut given = with_tools(json!([user("hi")]));
        given.tool_config.as_mut().unwrap().tool_choice = choice;
        let own_choice = serde_json::to_value(&given.tool_config).unwrap()["toolChoice"].clone();
        let once = prepare(given.clone(), &able(), &options);
        let fields = once.request.additional_model_request_fields.as_ref().unwrap().to_value().unwrap();
        assert_eq!(fields, json!({"tool_choice": expected}));
        assert_eq!(sent(&once)["toolChoice"], Value::Null, "the two would conflict");
        assert_eq!(prepare(once.request.clone(), &able(), &options).request, once.request);

        let other = prepare(given.clone(), &of(Family::Nova), &options);
        assert_eq!(other.request.additional_model_request_fields, None);
        assert!(rules(&other).contains(&"parallel-tools"), "{:?}", other.adjustments);
        assert_eq!(sent(&other)["toolChoice"], own_choice);
        for field in ["tool_choice", "tool_choice.disable_parallel_tool_use"] {
            let refused = PrepareOptions { refused: [field.to_owned()].into(), ..options.clone() };
            let refused = prepare(given.clone(), &able(), &refused);
            assert_eq!(refused.request.additional_model_request_fields, None, "{field}");
            assert_eq!(sent(&refused)["toolChoice"], own_choice, "{field}");
        }
    }
    // The caller's own field stands, and without tools there is nothing to say.
    let own = json!({"tool_choice": {"type": "any"}});
    let given = with_tools(json!([user("hi")])).tool_choice(ToolChoice::Auto {});
    let prepared = prepare(given.additional_model_request_fields(own.clone()), &able(), &options);
    assert_eq!(prepared.request.additional_model_request_fields.as_ref().unwrap().to_value().unwrap(), own);
    assert_eq!(sent(&prepared)["toolChoice"], Value::Null);
    let prepared = prepare(request(json!({"messages": [user("hi")]})), &able(), &options);
    assert_eq!(prepared.request.additional_model_request_fields, None);
}
