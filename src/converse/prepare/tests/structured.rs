//! Answers that keep to a schema.

use super::super::{AnswerLane, AnswerSchema, StructuredAnswer, ThinkingLevel, ToolWish};
use super::*;
use crate::converse::ToolChoice;

fn wish(schema: Value) -> PrepareOptions {
    let schema = AnswerSchema {
        name: Some("rock".to_owned()),
        description: Some("A rock.".to_owned()),
        schema: schema.into(),
    };
    PrepareOptions { schema: Some(schema), ..PrepareOptions::default() }
}

fn rock() -> Value {
    json!({"type": "object", "properties": {"name": {"type": "string", "maxLength": 9}}, "required": ["name"]})
}

fn lane(structured_output: StructuredOutput) -> ModelFacts {
    ModelFacts { structured_output, ..of(Family::Llama) }
}

fn ask() -> ConverseRequest {
    request(json!({"messages": [user("Name a rock.")]}))
}

fn body(prepared: &Prepared) -> Value {
    serde_json::to_value(&prepared.request).unwrap()
}

#[test]
fn the_services_own_format_gets_a_schema_that_it_takes() {
    let prepared = prepare(ask(), &lane(StructuredOutput::Native), &wish(rock()));
    let format = body(&prepared)["outputConfig"]["textFormat"].clone();
    let definition = &format["structure"]["jsonSchema"];
    assert_eq!((&format["type"], &definition["name"]), (&json!("json_schema"), &json!("rock")));
    let schema: Value = serde_json::from_str(definition["schema"].as_str().unwrap()).unwrap();
    assert_eq!(
        schema,
        json!({"type": "object", "properties": {"name": {"type": "string", "description": "(maxLength: 9)"}},
            "required": ["name"], "additionalProperties": false})
    );
    assert_eq!(prepared.answer, Some(StructuredAnswer { lane: AnswerLane::Text, is_wrapped: false }));
    assert!(prepared.adjustments.iter().any(|note| note.what == "options.schema"));
}

#[test]
fn a_schema_for_the_services_own_format_is_closed_and_flat_everywhere() {
    let given = json!({"type": "object", "properties": {
        "list": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/x"}},
        "minimum": {"oneOf": [{"type": "object", "properties": {}}, {"type": "string", "format": "color", "description": "hue"}]},
        "when": {"type": "string", "format": "date"},
                "both": {"oneOf": [{"minimum": 1}], "anyOf": [{"type": "number"}]}},
        "$defs": {"x": {"properties": {"next": {"type": "object", "properties": {}}}}}});
    let prepared = prepare(ask(), &lane(StructuredOutput::Native), &wish(given));
    let text = body(&prepared)["outputConfig"]["textFormat"]["structure"]["jsonSchema"]["schema"].clone();
    assert_eq!(
        serde_json::from_str::<Value>(text.as_str().unwrap()).unwrap(),
        json!({"type": "object", "additionalProperties": false, "properties": {
            "list": {"type": "array", "description": "(minItems: 1)", "items": {"additionalProperties": false,
                "properties": {"next": {"type": "object", "properties": {}, "additionalProperties": false}}}},
            "both": {"anyOf": [{"type": "number"}], "description": "(oneOf: [{\"minimum\":1}])"},
            "minimum": {"anyOf": [{"type": "object", "properties": {}, "additionalProperties": false},
                {"type": "string", "description": "hue (format: color)"}]},
            "when": {"type": "string", "format": "date"}}})
    );
}

#[test]
fn a_format_of_the_callers_stays() {
    let own = json!({"textFormat": {"type": "json_schema", "structure": {"jsonSchema": {"schema": "{}"}}}});
    let given = request(json!({"messages": [user("hi")], "outputConfig": own}));
    let prepared = prepare(given, &lane(StructuredOutput::Native), &wish(rock()));
    assert_eq!((&body(&prepared)["outputConfig"], prepared.answer), (&own, None));
}

#[test]
fn a_tool_takes_the_answer_and_is_forced() {
    let prepared = prepare(ask(), &lane(StructuredOutput::Tool), &wish(rock()));
    let config = body(&prepared)["toolConfig"].clone();
    assert_eq!(config["toolChoice"], json!({"tool": {"name": "structured_answer"}}));
    assert_eq!(config["tools"][0]["toolSpec"]["inputSchema"]["json"], rock());
    assert!(config["tools"][0]["toolSpec"]["description"].as_str().unwrap().ends_with("A rock."));
    let tool = AnswerLane::Tool("structured_answer".to_owned());
    assert_eq!(prepared.answer, Some(StructuredAnswer { lane: tool, is_wrapped: false }));
}

#[test]
fn beside_other_tools_any_is_forced_and_names_do_not_meet() {
    let mut given = with_tools(json!([user("hi")]));
    given =
        given.tool(crate::converse::ToolSpecification::new("structured_answer", json!({"type": "object"})));
    let prepared = prepare(given, &lane(StructuredOutput::Tool), &wish(rock()));
    let config = body(&prepared)["toolConfig"].clone();
    assert_eq!((&config["toolChoice"], config["tools"].as_array().unwrap().len()), (&json!({"any": {}}), 3));
    assert_eq!(prepared.answer.unwrap().lane, AnswerLane::Tool("structured_answer_".to_owned()));
}

#[test]
fn where_the_tool_cannot_be_forced_it_is_asked_for() {
    let mut auto = lane(StructuredOutput::Tool);
    auto.tools.choice = ToolChoices::Auto;
    let choice = Some(ToolWish::Choice(ToolChoice::Auto {}));
    for (facts, options) in [
        (auto, wish(rock())),
        (able(), PrepareOptions { thinking: Some(ThinkingLevel::Low), ..wish(rock()) }),
        (lane(StructuredOutput::Tool), PrepareOptions { tool_choice: choice, ..wish(rock()) }),
    ] {
        let prepared = prepare(ask(), &facts, &options);
        let system = body(&prepared)["system"][0]["text"].as_str().unwrap().to_owned();
        assert!(system.contains("`structured_answer`"), "{system}");
        assert!(matches!(prepared.answer, Some(StructuredAnswer { lane: AnswerLane::Tool(_), .. })));
        assert_eq!(prepare(prepared.request.clone(), &facts, &options).request, prepared.request);
    }
}

#[test]
fn words_ask_for_the_schema_where_nothing_else_is_there() {
    let mut without_tools = lane(StructuredOutput::Tool);
    without_tools.tools.supported = false;
    for facts in [lane(StructuredOutput::Prompt), without_tools] {
        let prepared = prepare(ask(), &facts, &wish(rock()));
        let system = body(&prepared)["system"][0]["text"].as_str().unwrap().to_owned();
        assert!(system.ends_with(&rock().to_string()), "{system}");
        assert_eq!(prepared.answer.unwrap().lane, AnswerLane::Prompt);
    }
}

#[test]
fn an_answer_that_is_no_object_is_wrapped_and_unwrapped() {
    for output in [StructuredOutput::Native, StructuredOutput::Tool, StructuredOutput::Prompt] {
        let prepared = prepare(ask(), &lane(output), &wish(json!({"type": "array", "items": {}})));
        let answer = prepared.answer.unwrap();
        assert!(answer.is_wrapped);
        assert_eq!(answer.unwrap_document(json!({"value": [1.0]}).into()).as_json(), "[1.0]");
    }
}

#[test]
fn what_a_reference_at_the_root_stands_for_decides_whether_it_is_wrapped() {
    let list = json!({"type": "array", "items": {"type": "string"}});
    let object = json!({"type": "object", "properties": {}});
    let either = json!({"anyOf": [{"$ref": "#/$defs/a"}, {"$ref": "#/$defs/b"}]});
    for (mut given, a, b, is_wrapped) in [
        (json!({"$ref": "#/$defs/a"}), &list, &object, true),
        (json!({"$ref": "#/$defs/b"}), &list, &object, false),
        (either.clone(), &list, &json!({"$ref": "#/$defs/a"}), true),
        (either.clone(), &list, &object, false),
        (either, &json!({"$ref": "#/$defs/b"}), &json!({"$ref": "#/$defs/a"}), false),
    ] {
        given["$defs"] = json!({"a": a, "b": b});
        for output in [StructuredOutput::Native, StructuredOutput::Tool] {
            for schema_refs in [false, true] {
                let mut facts = lane(output);
                facts.tools.schema_refs = schema_refs;
                let prepared = prepare(ask(), &facts, &wish(given.clone()));
                assert_eq!(prepared.answer.as_ref().unwrap().is_wrapped, is_wrapped, "{given}");
                let nothing_inside = prepared.tool_names.is_empty();
                assert!(nothing_inside, "it is wrapped once: {given}");
            }
        }
    }
}

#[test]
fn references_to_a_root_that_is_wrapped_go_on_to_mean_it() {
    let given = json!({"type": "array", "items": {"anyOf": [{"type": "string"}, {"$ref": "#"},
        {"$ref": "#/items/anyOf/0"}, {"$ref": "#/$defs/x"}]}, "$defs": {"x": {"$ref": "#/items"}}});
    let mut facts = lane(StructuredOutput::Tool);
    facts.tools.schema_refs = true;
    let prepared = prepare(ask(), &facts, &wish(given));
    assert_eq!(
        body(&prepared)["toolConfig"]["tools"][0]["toolSpec"]["inputSchema"]["json"],
        json!({"type": "object", "required": ["value"],
            "$defs": {"x": {"$ref": "#/properties/value/items"}},
            "properties": {"value": {"type": "array", "items": {"anyOf": [{"type": "string"},
                {"$ref": "#/properties/value"}, {"$ref": "#/properties/value/items/anyOf/0"},
                {"$ref": "#/$defs/x"}]}}}})
    );
}

#[test]
fn a_schema_that_refers_to_itself_goes_to_a_tool_or_says_what_it_lost() {
    let tree = json!({"type": "object", "properties": {"next": {"$ref": "#"}}});
    let mut facts = lane(StructuredOutput::Native);
    facts.tools.schema_refs = true;
    let prepared = prepare(ask(), &facts, &wish(tree.clone()));
    assert_eq!(
        body(&prepared)["toolConfig"]["tools"][0]["toolSpec"]["inputSchema"]["json"],
        tree,
        "{:?}",
        prepared.adjustments
    );
    assert_eq!(prepared.request.output_config, None);
    facts.tools.supported = false;
    let prepared = prepare(ask(), &facts, &wish(tree));
    assert_eq!(prepared.answer.unwrap().lane, AnswerLane::Text);
    assert!(prepared.adjustments.iter().any(|note| note.why.contains("is an empty object")));
}

#[test]
fn a_schema_with_a_map_goes_to_a_tool_or_says_what_it_lost() {
    let number = json!({"type": "integer"});
    let named = json!({"a": {"type": "string"}});
    for map in [
        json!({"type": "object"}),
        json!({"type": "object", "additionalProperties": number}),
        json!({"type": "object", "properties": named, "additionalProperties": true}),
        json!({"type": "object", "patternProperties": {"^x": number}}),
        json!({"type": "object", "properties": {"inner": {"type": "object", "additionalProperties": {}}}}),
    ] {
        let mut facts = lane(StructuredOutput::Native);
        let prepared = prepare(ask(), &facts, &wish(map.clone()));
        let tool = AnswerLane::Tool("structured_answer".to_owned());
        assert_eq!(prepared.answer.unwrap().lane, tool, "{map}");
        assert!(prepared.adjustments.iter().any(|note| note.why.contains("no object of any properties")));
        facts.tools.supported = false;
        let prepared = prepare(ask(), &facts, &wish(map.clone()));
        assert_eq!(prepared.answer.unwrap().lane, AnswerLane::Text, "{map}");
        assert!(prepared.adjustments.iter().any(|note| note.why.contains("the named properties alone")));
    }
    for closed in [
        json!({"type": "object", "properties": {}}),
        json!({"type": "object", "additionalProperties": false}),
        json!({"properties": named}),
    ] {
        let prepared = prepare(ask(), &lane(StructuredOutput::Native), &wish(closed.clone()));
        assert_eq!(prepared.answer.unwrap().lane, AnswerLane::Text, "{closed}");
    }
}

#[test]
fn how_an_answer_is_asked_for_is_told() {
    let list = json!({"type": "array", "items": {}});
    for (output, schema, told) in [
        (StructuredOutput::Native, json!({"type": "object", "properties": {}}), &[][..]),
        (StructuredOutput::Native, list.clone(), &["under `value`"]),
        (StructuredOutput::Tool, rock(), &["a tool `structured_answer` takes the answer"]),
        (StructuredOutput::Tool, list, &["under `value`", "a tool `structured_answer`"]),
        (StructuredOutput::Prompt, rock(), &["the system prompt asks"]),
    ] {
        let prepared = prepare(ask(), &lane(output), &wish(schema));
        let notes: Vec<&str> = prepared.adjustments.iter().map(|note| note.why.as_ref()).collect();
        assert_eq!(notes.len(), told.len(), "{notes:?}");
        assert!(notes.iter().zip(told).all(|(note, part)| note.contains(part)), "{notes:?}");
    }
}

#[test]
fn a_schema_that_says_nothing_is_reported() {
    for schema in [json!(true), json!({}), json!("x")] {
        let prepared = prepare(ask(), &lane(StructuredOutput::Tool), &wish(schema));
        assert_eq!((prepared.answer, prepared.request), (None, ask()));
        assert_eq!(prepared.adjustments[0].what, "options.schema");
    }
}
