//! One case for each check, the requests that pass, and arbitrary JSON.

use super::validate;
use crate::emulator::catalog::Catalog;
use crate::emulator::prompt::PromptCache;
use crate::emulator::refusal::Refusal;
use crate::emulator::routes::Operation;
use crate::emulator::script::Script;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::{Just, Strategy, any, prop, prop_oneof};
use serde_json::{Value, json};

mod families;
mod prepared;

const BASALT: &str = "emulator.basalt-v1:0";
const SONNET: &str = "anthropic.claude-sonnet-4-20250514-v1:0";
const OPUS: &str = "anthropic.claude-opus-4-7";

fn check(model: &str, body: &Value, operation: Operation) -> Result<(), Refusal> {
    let catalog = Catalog::built_in().unwrap();
    validate(body, catalog.model(model).unwrap(), operation)
}

/// A good request with members replaced.
fn request(changes: Value) -> Value {
    let mut body = json!({"messages": [{"role": "user", "content": [{"text": "Hi"}]}]});
    for (name, value) in changes.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

fn said(content: Value) -> Value {
    request(json!({"messages": [{"role": "user", "content": content}]}))
}

fn tool(name: &str) -> Value {
    json!({"toolSpec": {"name": name, "inputSchema": {"json": {"type": "object"}}}})
}

fn call(id: &str) -> Value {
    json!({"toolUse": {"toolUseId": id, "name": "t", "input": {}}})
}

fn result(id: &str) -> Value {
    json!({"toolResult": {"toolUseId": id, "content": [{"text": "x"}]}})
}

/// A conversation with a call and what answers it.
fn tool_talk(calls: Value, results: Value) -> Value {
    request(json!({
        "messages": [
            {"role": "user", "content": [{"text": "Hi"}]},
            {"role": "assistant", "content": calls},
            {"role": "user", "content": results},
        ],
        "toolConfig": {"tools": [tool("t")]},
    }))
}

fn thinking(fields: Value, more: Value) -> Value {
    let mut body = request(more);
    body["additionalModelRequestFields"] = json!({"thinking": fields});
    body
}

/// Each body is refused with this status and fragment.
fn assert_refused(model: &str, cases: Vec<(Value, u16, &str)>) {
    for (body, status, fragment) in cases {
        let refusal = check(model, &body, Operation::Converse).unwrap_err();
        assert_eq!(refusal.status, status, "{body}: {}", refusal.message);
        assert!(refusal.message.contains(fragment), "{body}: {}", refusal.message);
    }
}

/// Requests that botocore wrote.
#[test]
fn requests_of_botocore_pass() {
    for (model, text) in [
        ("amazon.nova-lite-v1:0", include_str!("../../../fixtures/examples/01-converse-request-plain.json")),
        (BASALT, include_str!("../../../fixtures/examples/02-converse-request-full.json")),
    ] {
        let mut example: Value = serde_json::from_str(text).unwrap();
        // Thinking that the emulator has given out.
        let thought = example.pointer_mut("/body/messages/1/content/0/reasoningContent/reasoningText");
        if let Some(thought) = thought {
            let text = thought["text"].as_str().unwrap();
            thought["signature"] = json!(crate::emulator::script::signature(text));
        }
        if let Some(hidden) = example.pointer_mut("/body/messages/1/content/1/reasoningContent") {
            hidden["redactedContent"] = json!(STANDARD.encode([7; 64]));
        }
        for operation in [Operation::Converse, Operation::ConverseStream] {
            assert_eq!(check(model, &example["body"], operation), Ok(()), "{model}");
        }
    }
}

#[test]
fn wrong_types_are_serialization_errors() {
    for (body, fragment) in [
        (request(json!({"messages": "Hi"})), "STRING_VALUE can not be converted to a List"),
        (said(json!([{"text": 1}])), "NUMBER_VALUE can not be converted to a String"),
        (said(json!([["text"]])), "START_ARRAY can not be converted to a Structure"),
        (
            request(json!({"inferenceConfig": {"maxTokens": 1.5}})),
            "DECIMAL_VALUE can not be converted to an Integer",
        ),
        (
            request(json!({"inferenceConfig": {"temperature": "0"}})),
            "STRING_VALUE can not be converted to a Float",
        ),
        (
            request(json!({"inferenceConfig": {"stopSequences": [true]}})),
            "TRUE_VALUE can not be converted to a String",
        ),
        (said(json!([{"image": {"format": "png", "source": {"bytes": "%%"}}}])), "not base64"),
    ] {
        let refusal = check(BASALT, &body, Operation::Converse).unwrap_err();
        assert_eq!((refusal.status, refusal.code.as_ref()), (400, "SerializationException"), "{body}");
        assert!(refusal.message.contains(fragment), "{body}: {}", refusal.message);
    }
}

#[test]
fn bounds_of_the_service_model_are_checked() {
    let config = |config: Value| request(json!({"inferenceConfig": config}));
    let long = "x".repeat(65);
    assert_refused(
        BASALT,
        vec![
            (
                config(json!({"maxTokens": 0})),
                400,
                "1 validation error detected: Value '0' at 'inferenceConfig.maxTokens' failed to satisfy \
                 constraint: Member must have value greater than or equal to 1",
            ),
            (config(json!({"temperature": 1.5})), 400, "less than or equal to 1"),
            (config(json!({"temperature": -0.1, "topP": 2})), 400, "2 validation errors detected"),
            (config(json!({"stopSequences": [""]})), 400, "stopSequences.1.member"),
            (config(json!({"stopSequences": vec!["x"; 2_501]})), 400, "less than or equal to 2500"),
            (request(json!({"system": [{"text": ""}]})), 400, "system.1.member.text"),
            (request(json!({"requestMetadata": {}})), 400, "requestMetadata"),
            (
                request(json!({"performanceConfig": {"latency": "fast"}})),
                400,
                "enum value set: [standard, optimized]",
            ),
            (request(json!({"toolConfig": {"tools": []}})), 400, "toolConfig.tools"),
            (request(json!({"toolConfig": {"tools": [tool("bad name")]}})), 400, "[a-zA-Z0-9_-]+"),
            (request(json!({"toolConfig": {"tools": [tool(&long)]}})), 400, "less than or equal to 64"),
            (request(json!({"toolConfig": {"tools": [{"toolSpec": {"name": "t"}}]}})), 400, "inputSchema"),
            (tool_talk(json!([call("bad id")]), json!([result("bad id")])), 400, "[a-zA-Z0-9_.:-]+"),
            (said(json!([{"image": {"format": "jpg", "source": {}}}])), 400, "[png, jpeg, gif, webp]"),
            (
                said(json!([{"document": {"format": "exe", "name": "", "source": {}}}])),
                400,
                "2 validation errors",
            ),
            (said(json!([{"cachePoint": {"type": "special", "ttl": "2h"}}])), 400, "2 validation errors"),
            (
                request(json!({"messages": [{"role": "tool", "content": []}]})),
                400,
                "[user, assistant, system]",
            ),
            (request(json!({"messages": [{}]})), 400, "must not be null"),
        ],
    );
}

#[test]
fn the_order_of_a_conversation_is_checked() {
    let talk = |roles: &[&str]| {
        let messages: Vec<Value> =
            roles.iter().map(|role| json!({"role": role, "content": [{"text": "Hi"}]})).collect();
        request(json!({"messages": messages}))
    };
    let start = "must start with a user message";
    assert_refused(
        BASALT,
        vec![
            (json!({}), 400, start),
            (talk(&[]), 400, start),
            (talk(&["assistant", "user"]), 400, start),
            (talk(&["user", "user"]), 400, "must alternate between user and assistant roles"),
            (said(json!([])), 400, "The content field in the Message object at messages.0 is empty"),
            (
                said(json!([{"text": " \n"}])),
                400,
                "The text field in the ContentBlock object at messages.0.content.0 is blank",
            ),
            (said(json!([{}])), 400, "must set one of the following keys"),
            (said(json!([{"text": "a", "cachePoint": {"type": "default"}}])), 400, "must set one of"),
            (said(json!([{"hologram": {}}])), 400, "must set one of"),
        ],
    );
    assert!(check(BASALT, &talk(&["user", "assistant", "user"]), Operation::Converse).is_ok());
    assert!(check(BASALT, &talk(&["user", "assistant"]), Operation::Converse).is_ok(), "a prefill");
}

#[test]
fn tool_calls_and_results_must_match() {
    let mut no_tools = tool_talk(json!([call("a")]), json!([result("a")]));
    no_tools.as_object_mut().unwrap().remove("toolConfig");
    let mut unanswered = tool_talk(json!([call("a")]), json!([result("a")]));
    unanswered["messages"].as_array_mut().unwrap().pop();
    let failed = json!({"toolResult": {"toolUseId": "a", "status": "error", "content": []}});
    let bare = |json: Value| json!([{"toolResult": {"toolUseId": "a", "content": [{"json": json}]}}]);
    let bare_call = json!([{"toolUse": {"toolUseId": "a", "name": "t", "input": "x"}}]);
    assert_refused(
        BASALT,
        vec![
            (
                tool_talk(json!([call("a")]), bare(json!([1]))),
                400,
                "The format of the value at messages.2.content.0.toolResult.content.0.json is invalid. Provide a \
                 json object for the field and try again.",
            ),
            (tool_talk(json!([call("a")]), bare(json!("x"))), 400, "Provide a json object"),
            (
                tool_talk(bare_call, json!([result("a")])),
                400,
                "at messages.1.content.0.toolUse.input is invalid. Provide a json object",
            ),
            (
                no_tools,
                400,
                "The toolConfig field must be defined when using toolUse and toolResult content blocks.",
            ),
            (
                tool_talk(json!([call("a")]), json!([{"text": "Hi"}])),
                400,
                "Expected toolResult blocks at messages.2.content for the following Ids: a",
            ),
            (tool_talk(json!([call("a"), call("b")]), json!([result("a")])), 400, "Ids: b"),
            (unanswered, 400, "Expected toolResult blocks at messages.2.content for the following Ids: a"),
            (
                tool_talk(json!([{"text": "Hi"}]), json!([result("a")])),
                400,
                "The number of toolResult blocks at messages.2.content exceeds",
            ),
            (said(json!([result("a")])), 400, "exceeds the number of toolUse blocks"),
            (
                tool_talk(json!([call("a"), call("a")]), json!([result("a"), result("a")])),
                400,
                "ids must be unique",
            ),
            (
                tool_talk(json!([call("a")]), json!([failed])),
                400,
                "cannot be empty when status value is error",
            ),
            (request(json!({"toolConfig": {"tools": [tool("t"), tool("t")]}})), 400, "names must be unique"),
            (
                request(json!({"toolConfig": {"tools": [tool("t")], "toolChoice": {"tool": {"name": "u"}}}})),
                400,
                "not defined",
            ),
        ],
    );
    let good = tool_talk(json!([call("a"), call("b")]), json!([result("b"), result("a"), {"text": "and?"}]));
    assert!(check(BASALT, &good, Operation::Converse).is_ok());
}

#[test]
fn documents_have_plain_and_different_names() {
    let document = |name: &str| json!({"document": {"format": "txt", "name": name, "source": {"bytes": ""}}});
    assert_refused(
        BASALT,
        vec![
            (said(json!([{"text": "a"}, document("x"), document("x")])), 400, "duplicate document names"),
            (said(json!([{"text": "a"}, document("x.txt")])), 400, "can only contain alphanumeric"),
            (said(json!([{"text": "a"}, document("x  y")])), 400, "more than one consecutive whitespace"),
            (said(json!([document("x")])), 400, "text block"),
            (
                said(Value::Array(
                    std::iter::once(json!({"text": "a"}))
                        .chain(["1", "2", "3", "4", "5", "6"].map(document))
                        .collect(),
                )),
                400,
                "more than 5 documents",
            ),
        ],
    );
    let good = said(json!([{"text": "a"}, document("my notes [1]"), document("b-(2)")]));
    assert!(check(BASALT, &good, Operation::Converse).is_ok());
}

#[test]
fn models_refuse_what_they_cannot_do() {
    let tools = request(json!({"toolConfig": {"tools": [tool("t")]}}));
    let image = said(json!([{"text": "a"}, {"image": {"format": "png", "source": {"bytes": ""}}}]));
    let cached = |points: usize| {
        let mut content = vec![json!({"text": "a"})];
        content.extend(std::iter::repeat_n(json!({"cachePoint": {"type": "default"}}), points));
        said(Value::Array(content))
    };
    for (model, operation, body, status, fragment) in [
        (
            "amazon.titan-embed-text-v2:0",
            Operation::Converse,
            request(json!({})),
            400,
            "doesn't support the model",
        ),
        ("deepseek.r1-v1:0", Operation::Converse, tools.clone(), 400, "doesn't support tool use."),
        (
            "meta.llama3-3-70b-instruct-v1:0",
            Operation::ConverseStream,
            tools.clone(),
            400,
            "tool use in streaming mode",
        ),
        ("amazon.nova-micro-v1:0", Operation::Converse, image.clone(), 400, "image content block"),
        ("qwen.qwen3-32b-v1:0", Operation::Converse, cached(1), 403, "prompt caching"),
        (
            BASALT,
            Operation::Converse,
            cached(5),
            400,
            "maximum of 4 blocks with cache_control may be provided. Found 5",
        ),
        (
            BASALT,
            Operation::Converse,
            request(json!({"inferenceConfig": {"maxTokens": 8193}})),
            400,
            "exceeds the model limit of 8192",
        ),
    ] {
        let refusal = check(model, &body, operation).unwrap_err();
        assert_eq!(refusal.status, status, "{model}");
        assert!(refusal.message.contains(fragment), "{model}: {}", refusal.message);
    }
    for (model, operation, body) in [
        ("meta.llama3-3-70b-instruct-v1:0", Operation::Converse, tools),
        ("amazon.nova-lite-v1:0", Operation::Converse, image),
        (BASALT, Operation::ConverseStream, cached(4)),
        (BASALT, Operation::Converse, request(json!({"inferenceConfig": {"maxTokens": 8192}}))),
    ] {
        assert!(check(model, &body, operation).is_ok(), "{model}");
    }
}

#[test]
fn claude_models_have_rules_for_thinking() {
    let enabled = json!({"type": "enabled", "budget_tokens": 1_024});
    let forced = json!({"toolConfig": {"tools": [tool("t")], "toolChoice": {"any": {}}}});
    let thought = |signature: Value| {
        let mut block = json!({"text": "hm"});
        if !signature.is_null() {
            block["signature"] = signature;
        }
        json!({"messages": [
            {"role": "user", "content": [{"text": "Hi"}]},
            {"role": "assistant", "content": [{"reasoningContent": {"reasoningText": block}}, {"text": "a"}]},
            {"role": "user", "content": [{"text": "Hi"}]},
        ]})
    };
    assert_refused(
        SONNET,
        vec![
            (thinking(json!({"type": "enabled"}), json!({})), 400, "budget_tokens: Field required"),
            (
                thinking(json!({"type": "enabled", "budget_tokens": 1_023}), json!({})),
                400,
                "greater than or equal to 1024",
            ),
            (
                thinking(json!({"type": "enabled", "budget_tokens": 4_096}), json!({})),
                400,
                "`max_tokens` must be greater",
            ),
            (
                thinking(enabled.clone(), json!({"inferenceConfig": {"temperature": 0.5}})),
                400,
                "may only be set to 1",
            ),
            (thinking(enabled.clone(), forced), 400, "tool_choice forces tool use"),
            (thinking(json!({"type": "adaptive"}), json!({})), 400, "thinking: Input tag 'adaptive' found"),
            (
                thinking(enabled.clone(), thought(json!("c2ln"))),
                400,
                "messages.1.content.0: Invalid `signature` in `thinking` block",
            ),
            (thinking(enabled.clone(), thought(Value::Null)), 400, "signature: Field required"),
        ],
    );
    let signed = thought(json!(crate::emulator::script::signature("hm")));
    assert!(check(SONNET, &thinking(enabled.clone(), signed), Operation::Converse).is_ok());
    assert!(check(SONNET, &request(thought(json!("c2ln"))), Operation::Converse).is_ok(), "thinking is off");
}

#[test]
fn newer_claude_models_refuse_what_older_ones_took() {
    let enabled = json!({"type": "enabled", "budget_tokens": 1_024});
    assert_refused(
        OPUS,
        vec![
            (thinking(enabled, json!({})), 400, "\"thinking.type.enabled\" is not supported"),
            (request(json!({"inferenceConfig": {"temperature": 1}})), 400, "`temperature` is deprecated"),
            (request(json!({"inferenceConfig": {"topP": 0.9}})), 400, "`top_p` is deprecated"),
            (
                request(json!({"messages": [
                    {"role": "user", "content": [{"text": "Hi"}]},
                    {"role": "assistant", "content": [{"text": "So"}]},
                ]})),
                400,
                "does not support assistant message prefill",
            ),
        ],
    );
    assert!(check(OPUS, &thinking(json!({"type": "adaptive"}), json!({})), Operation::Converse).is_ok());
    let both = request(json!({"inferenceConfig": {"temperature": 0.5, "topP": 0.5}}));
    assert_refused(
        "anthropic.claude-sonnet-4-5-20250929-v1:0",
        vec![(both.clone(), 400, "cannot both be specified")],
    );
    assert!(check(SONNET, &both, Operation::Converse).is_ok());
}

/// JSON whose names and texts are mostly those of Converse requests.
fn requests() -> impl Strategy<Value = Value> {
    const WORDS: [&str; 36] = [
        "messages",
        "role",
        "user",
        "assistant",
        "content",
        "text",
        "toolUse",
        "toolResult",
        "toolUseId",
        "name",
        "input",
        "toolConfig",
        "tools",
        "toolSpec",
        "inputSchema",
        "json",
        "toolChoice",
        "any",
        "tool",
        "system",
        "cachePoint",
        "type",
        "default",
        "inferenceConfig",
        "maxTokens",
        "stopSequences",
        "image",
        "document",
        "source",
        "bytes",
        "additionalModelRequestFields",
        "thinking",
        "enabled",
        "reasoningContent",
        "reasoningText",
        "status",
    ];
    let word = prop::sample::select(WORDS.as_slice()).prop_map(str::to_owned);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        word.clone().prop_map(Value::from),
        "\\PC{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 48, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map(word.clone(), inner, 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest::proptest! {
    #[test]
    fn any_json_is_refused_or_answered(body in requests(), messages in requests(), tools in requests()) {
        let catalog = Catalog::built_in().unwrap();
        let mixed = json!({
            "messages": [{"role": "user", "content": messages}],
            "toolConfig": {"tools": tools.clone(), "toolChoice": tools},
        });
        for body in [body, mixed] {
            for id in [BASALT, SONNET] {
                let model = catalog.model(id).unwrap();
                let _ = validate(&body, model, Operation::ConverseStream);
                // Whatever passes must be answered, and nothing that does not pass may crash what follows.
                let script = Script::write(&body, model);
                proptest::prop_assert!(script.output_tokens <= model.max_tokens);
                let _ = PromptCache::default().count(id, &body);
            }
        }
    }
}
