//! What each family refuses, with a fragment of Bedrock's words that clients may rely on.

use super::{OPUS, SONNET, assert_refused, call, check, request, result, said, thinking, tool, tool_talk};
use crate::emulator::catalog::{Catalog, Unsupported};
use crate::emulator::routes::Operation;
use crate::emulator::script::signature;
use serde_json::{Value, json};

const LLAMA: &str = "meta.llama3-3-70b-instruct-v1:0";
const NOVA: &str = "amazon.nova-lite-v1:0";
const NOVA_2: &str = "amazon.nova-2-lite-v1:0";
const GPT: &str = "openai.gpt-5.5";
const GPT_OSS: &str = "openai.gpt-oss-120b-1:0";
const SONNET_4_5: &str = "anthropic.claude-sonnet-4-5-20250929-v1:0";
const FABLE: &str = "anthropic.claude-fable-5";
const MISTRAL: &str = "mistral.mistral-large-3-675b-instruct";

fn config(config: Value) -> Value {
    request(json!({"inferenceConfig": config}))
}

fn choice(choice: Value) -> Value {
    request(json!({"toolConfig": {"tools": [tool("t")], "toolChoice": choice}}))
}

fn with_schema(schema: Value) -> Value {
    let spec = json!({"toolSpec": {"name": "t", "inputSchema": {"json": schema}}});
    request(json!({"toolConfig": {"tools": [spec]}}))
}

fn fields(fields: Value) -> Value {
    request(json!({"additionalModelRequestFields": fields}))
}

fn answer_in(schema: &str) -> Value {
    let format = json!({"type": "json_schema", "structure": {"jsonSchema": {"schema": schema}}});
    request(json!({"outputConfig": {"textFormat": format}}))
}

fn point(ttl: &str) -> Value {
    json!({"cachePoint": {"type": "default", "ttl": ttl}})
}

fn image() -> Value {
    json!({"image": {"format": "png", "source": {"bytes": ""}}})
}

fn prefill() -> Value {
    request(json!({"messages": [
        {"role": "user", "content": [{"text": "Hi"}]},
        {"role": "assistant", "content": [{"text": "So"}]},
    ]}))
}

/// A conversation with this reasoning in its answer.
fn thought(reasoning: Value) -> Value {
    json!({"messages": [
        {"role": "user", "content": [{"text": "Hi"}]},
        {"role": "assistant", "content": [{"reasoningContent": reasoning}, {"text": "a"}]},
        {"role": "user", "content": [{"text": "Hi"}]},
    ]})
}

/// For each thing that a model can refuse, a request that has it, and what it is refused with.
fn example(what: Unsupported) -> (Value, &'static str) {
    let seen = json!({"toolResult": {"toolUseId": "a", "content": [image()]}});
    match what {
        Unsupported::SystemPrompt => {
            (request(json!({"system": [{"text": "Be brief."}]})), "doesn't support system messages")
        }
        Unsupported::StopSequences => {
            (config(json!({"stopSequences": ["x"]})), "doesn't support the stopSequences field")
        }
        Unsupported::Temperature => (config(json!({"temperature": 0.5})), "temperature"),
        Unsupported::TopP => (config(json!({"topP": 0.5})), "top"),
        Unsupported::TemperatureWithTopP => {
            (config(json!({"temperature": 0.5, "topP": 0.5})), "cannot both be specified")
        }
        Unsupported::TopK => (fields(json!({"top_k": 5})), "`top_k` is deprecated for this model"),
        Unsupported::AnyTool => {
            (choice(json!({"any": {}})), "doesn't support the toolConfig.toolChoice.any field")
        }
        Unsupported::NamedTool => {
            (choice(json!({"tool": {"name": "t"}})), "doesn't support the toolConfig.toolChoice.tool field")
        }
        Unsupported::Documents => {
            let document = json!({"document": {"format": "txt", "name": "x", "source": {"bytes": ""}}});
            (said(json!([{"text": "a"}, document])), "doesn't support the document content block")
        }
        Unsupported::ImagesInResults => (tool_talk(json!([call("a")]), json!([seen])), "image"),
        Unsupported::ResultStatus => {
            let mut failed = result("a");
            failed["toolResult"]["status"] = json!("error");
            let refused = "This model doesn't support the status field. Remove status and try again.";
            (tool_talk(json!([call("a")]), json!([failed])), refused)
        }
        Unsupported::TextBesideResults => (
            tool_talk(json!([call("a")]), json!([result("a"), {"text": "and?"}])),
            "messages.2.content: Conversation blocks and tool result blocks cannot be provided in the same turn.",
        ),
        Unsupported::CachePointsInTools => (
            request(json!({"toolConfig": {"tools": [tool("t"), {"cachePoint": {"type": "default"}}]}})),
            "extraneous key [cachePoint] is not permitted",
        ),
        Unsupported::CacheLifetime => (said(json!([{"text": "a"}, point("1h")])), "ttl"),
        Unsupported::StructuredOutput => (answer_in("{}"), "utput"),
        Unsupported::SchemaReferences => (
            with_schema(json!({"type": "object", "properties": {"a": {"$ref": "#/$defs/b"}}})),
            "extraneous key [$ref] is not permitted",
        ),
        Unsupported::DisabledThinking => {
            (thinking(json!({"type": "disabled"}), json!({})), "\"thinking.type.disabled\" is not supported")
        }
        Unsupported::Prefill => (prefill(), "must end with a user message"),
        Unsupported::ServiceTiers => {
            (request(json!({"serviceTier": {"type": "flex"}})), "doesn't support the serviceTier field")
        }
    }
}

/// Each model refuses what the list says, and takes the rest of what other models refuse.
#[test]
fn every_model_refuses_what_the_list_says_and_nothing_else_of_it() {
    const ALL: [Unsupported; 19] = [
        Unsupported::SystemPrompt,
        Unsupported::StopSequences,
        Unsupported::Temperature,
        Unsupported::TopP,
        Unsupported::TemperatureWithTopP,
        Unsupported::TopK,
        Unsupported::AnyTool,
        Unsupported::NamedTool,
        Unsupported::Documents,
        Unsupported::ImagesInResults,
        Unsupported::ResultStatus,
        Unsupported::TextBesideResults,
        Unsupported::CachePointsInTools,
        Unsupported::CacheLifetime,
        Unsupported::StructuredOutput,
        Unsupported::SchemaReferences,
        Unsupported::DisabledThinking,
        Unsupported::Prefill,
        Unsupported::ServiceTiers,
    ];
    // What stands in the way of some of these requests is refused first.
    const EARLIER: [&str; 4] =
        ["support tool use", "image content block", "prompt caching", "extraneous key ["];
    for model in Catalog::built_in().unwrap().models.iter().filter(|model| model.writes_text()) {
        for what in ALL {
            let (body, fragment) = example(what);
            let refused = check(&model.id, &body, Operation::Converse).err().map(|refusal| refusal.message);
            let says = |fragment: &str| refused.as_ref().is_some_and(|message| message.contains(fragment));
            let is_hidden = EARLIER.iter().any(|earlier| says(earlier));
            if model.refuses.contains(&what) {
                assert!(says(fragment) || is_hidden, "{} {what:?}: {refused:?}", model.id);
            } else {
                let is_other = model.refuses.iter().any(|other| says(example(*other).1));
                assert!(refused.is_none() || is_hidden || is_other, "{} {what:?}: {refused:?}", model.id);
            }
        }
    }
}

#[test]
fn models_of_each_family_refuse_what_theirs_does_not_know() {
    for (model, body, fragment) in [
        (GPT, config(json!({"temperature": 0.5})), "This model doesn't support the temperature field."),
        (GPT, fields(json!({"reasoning_effort": "low"})), "extraneous key [reasoning_effort]"),
        (GPT_OSS, fields(json!({"thinking": {"type": "enabled"}})), "extraneous key [thinking]"),
        ("deepseek.r1-v1:0", fields(json!({"reasoning_effort": "low"})), "extraneous key [reasoning_effort]"),
        (LLAMA, fields(json!({"reasoning": {}})), "extraneous key [reasoning]"),
        (NOVA, fields(json!({"top_k": 5})), "extraneous key [top_k]"),
        (NOVA, fields(json!({"reasoningConfig": {"type": "enabled"}})), "extraneous key [reasoningConfig]"),
        (
            NOVA_2,
            request(json!({
                "inferenceConfig": {"maxTokens": 9},
                "additionalModelRequestFields": {"reasoningConfig": {"type": "enabled", "maxReasoningEffort": "high"}},
            })),
            "maxTokens must be unset",
        ),
        (
            SONNET,
            fields(json!({"reasoning_effort": "low"})),
            "reasoning_effort: Extra inputs are not permitted",
        ),
        (NOVA, said(json!([{"audio": {"format": "mp3", "source": {"bytes": ""}}}])), "audio content block"),
        (GPT, said(json!([{"video": {"format": "mp4", "source": {"bytes": ""}}}])), "video content block"),
        (
            MISTRAL,
            with_schema(json!({"type": "array"})),
            "inputSchema.json.type must be one of the following: object",
        ),
        (
            NOVA,
            request(thought(json!({"reasoningText": {"text": "hm", "signature": signature("hm")}}))),
            "doesn't support the reasoningContent.reasoningText.signature field",
        ),
    ] {
        assert_refused(model, vec![(body, 400, fragment)]);
    }
    for (model, body) in [
        (GPT, fields(json!({"reasoning": {"effort": "low"}}))),
        (GPT_OSS, fields(json!({"reasoning_effort": "low"}))),
        (GPT_OSS, request(thought(json!({"reasoningText": {"text": "hm"}})))),
        (NOVA, fields(json!({"inferenceConfig": {"topK": 5}}))),
        (NOVA_2, fields(json!({"reasoningConfig": {"type": "enabled", "maxReasoningEffort": "high"}}))),
    ] {
        assert_eq!(check(model, &body, Operation::Converse), Ok(()), "{model} {body}");
    }
}

#[test]
fn claude_verifies_the_thinking_that_comes_back() {
    let enabled = json!({"type": "enabled", "budget_tokens": 1_024});
    let redacted = |bytes: &[u8]| {
        use base64::Engine;
        json!({"redactedContent": base64::engine::general_purpose::STANDARD.encode(bytes)})
    };
    let text =
        |text: &str, signed: &str| json!({"reasoningText": {"text": text, "signature": signature(signed)}});
    for (model, kind) in [(SONNET, enabled), (OPUS, json!({"type": "adaptive"}))] {
        for (reasoning, fragment) in [
            (text("hm.", "hm"), "messages.1.content.0: Invalid `signature` in `thinking` block"),
            (text("", "hm"), "Invalid `signature`"),
            (
                json!({"reasoningText": {"text": "hm"}}),
                "messages.1.content.0.thinking.signature: Field required",
            ),
            (redacted(&[7; 63]), "messages.1.content.0: Invalid `data` in `redacted_thinking` block"),
            (redacted(&[[7; 32], [8; 32]].concat()), "Invalid `data`"),
            (redacted(b""), "Invalid `data`"),
        ] {
            assert_refused(model, vec![(thinking(kind.clone(), thought(reasoning)), 400, fragment)]);
        }
        for reasoning in [text("hm", "hm"), redacted(&[7; 64])] {
            let body = thinking(kind.clone(), thought(reasoning));
            assert_eq!(check(model, &body, Operation::Converse), Ok(()), "{body}");
        }
    }
}

#[test]
fn claude_has_an_order_of_its_own() {
    let enabled = json!({"type": "enabled", "budget_tokens": 1_024});
    let mut unthought = tool_talk(json!([call("a")]), json!([result("a")]));
    unthought["additionalModelRequestFields"] = json!({"thinking": enabled});
    let thought_last = json!({"reasoningContent": {"reasoningText": {"text": "hm", "signature": "x"}}});
    assert_refused(
        SONNET,
        vec![
            (
                tool_talk(json!([call("a")]), json!([{"text": "here"}, result("a")])),
                400,
                "messages.1: `tool_use` ids were found without `tool_result` blocks immediately after: a.",
            ),
            (unthought, 400, "Expected `thinking` or `redacted_thinking`, but found `tool_use`"),
            (
                request(json!({"messages": [
                    {"role": "user", "content": [{"text": "Hi"}]},
                    {"role": "assistant", "content": [{"text": "a"}, thought_last]},
                    {"role": "user", "content": [{"text": "Hi"}]},
                ]})),
                400,
                "The final block in an assistant message cannot be `thinking`",
            ),
            (
                thinking(enabled.clone(), json!({"inferenceConfig": {"topP": 0.9}})),
                400,
                "`top_p` must be greater than or equal to 0.95",
            ),
            (
                fields(json!({"thinking": enabled, "top_k": 5})),
                400,
                "`top_k` must be unset when thinking is enabled",
            ),
            (
                request(json!({
                    "toolConfig": {"tools": [tool("t")], "toolChoice": {"auto": {}}},
                    "additionalModelRequestFields": {"tool_choice": {"type": "auto"}},
                })),
                400,
                "tool_choice conflicts with an existing field",
            ),
            (
                fields(json!({"thinking": enabled, "tool_choice": {"type": "any"}})),
                400,
                "tool_choice forces tool use",
            ),
            (thinking(enabled, prefill()), 400, "Prefilling the assistant response is not supported"),
        ],
    );
}

#[test]
fn claude_reads_the_schemas_that_it_is_given() {
    let open = r#"{"type":"object","properties":{"a":{"type":"object","additionalProperties":false}}}"#;
    assert_refused(
        SONNET_4_5,
        vec![
            (
                with_schema(json!({"type": "object", "anyOf": []})),
                400,
                "input_schema does not support oneOf, allOf, or anyOf at the top level",
            ),
            (
                with_schema(json!({"type": "object", "properties": {"a": {"pattern": "^(?=x)"}}})),
                400,
                "JSON schema is invalid",
            ),
            (answer_in(open), 400, "'additionalProperties' must be explicitly set to false"),
            (answer_in("{"), 400, "Invalid JSON schema"),
            (
                said(json!([{"text": "a"}, point("5m"), {"text": "b"}, point("1h")])),
                400,
                "a ttl='1h' cache_control block must not come after a ttl='5m' cache_control block",
            ),
        ],
    );
    let closed = r#"{"type":"object","additionalProperties":false}"#;
    for body in [
        answer_in(closed),
        with_schema(json!({"type": "object", "properties": {"a": {"pattern": "^x$"}}})),
        said(json!([{"text": "a"}, point("1h"), {"text": "b"}, point("5m")])),
    ] {
        assert_eq!(check(SONNET_4_5, &body, Operation::Converse), Ok(()), "{body}");
    }
    assert_refused(
        FABLE,
        vec![(answer_in(closed), 400, "output_config.format: Extra inputs are not permitted")],
    );
}
