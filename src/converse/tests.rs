//! The model against the service's own JSON: nothing is lost, nothing newer fails, nothing panics.

pub(crate) mod strategies;

use super::{
    AudioFormat, CachePointBlock, CachePointType, CacheTtl, Citation, ContentBlock, ConverseOutput,
    ConverseRequest, ConverseResponse, CountTokensRequest, CountTokensResponse, Document, DocumentFormat,
    GuardrailConverseContentQualifier, GuardrailStreamProcessingMode, GuardrailTrace, ImageFormat, Message,
    OpenString, OutputConfig, OutputFormatStructure, OutputFormatType, PerformanceConfigLatency,
    ReasoningContentBlock, Role, ServiceTier, ServiceTierType, StopReason, StreamMetadata,
    SystemContentBlock, TextContent, TokenUsage, Tool, ToolChoice, ToolConfiguration, ToolInputSchema,
    ToolResultContentBlock, ToolResultStatus, ToolSpecification, ToolUseBlock, ToolUseType, UnknownMember,
    VideoFormat,
};
use proptest::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Debug;

const PLAIN_REQUEST: &str = include_str!("../../fixtures/examples/01-converse-request-plain.json");
const FULL_REQUEST: &str = include_str!("../../fixtures/examples/02-converse-request-full.json");
const RESPONSE: &str = include_str!("../../fixtures/examples/03-converse-response.json");
const EVERY_MEMBER: &str = include_str!("../../fixtures/converse-every-member.json");

/// The exact text at `path` (names and list positions) of a JSON text.
fn raw_at<'a>(json: &'a str, path: &str) -> &'a str {
    path.split('.').fold(json, |json, step| {
        let raw: &RawValue = match step.parse::<usize>() {
            Ok(position) => serde_json::from_str::<Vec<&RawValue>>(json).unwrap()[position],
            Err(_) => serde_json::from_str::<BTreeMap<&str, &RawValue>>(json).unwrap()[step],
        };
        raw.get()
    })
}

/// Reads `json` as a `T` and writes it again.
fn rewritten<T: DeserializeOwned + Serialize>(json: &str) -> String {
    let read: T = serde_json::from_str(json).unwrap_or_else(|problem| panic!("{json}: {problem}"));
    serde_json::to_string(&read).unwrap()
}

fn value(json: &str) -> Value {
    serde_json::from_str(json).unwrap()
}

#[test]
fn example_bodies_are_written_as_they_were_read() {
    for example in [PLAIN_REQUEST, FULL_REQUEST] {
        let body = raw_at(example, "body");
        assert_eq!(value(&rewritten::<ConverseRequest>(body)), value(body));
    }
    let body = raw_at(RESPONSE, "body");
    assert_eq!(value(&rewritten::<ConverseResponse>(body)), value(body));
}

#[test]
fn documents_of_the_examples_keep_their_text() {
    for (example, path) in [
        (FULL_REQUEST, "messages.1.content.2.toolUse.input"),
        (FULL_REQUEST, "messages.2.content.0.toolResult.content.0.json"),
        (FULL_REQUEST, "toolConfig.tools.0.toolSpec.inputSchema.json"),
        (FULL_REQUEST, "additionalModelRequestFields"),
    ] {
        let body = raw_at(example, "body");
        assert_eq!(raw_at(&rewritten::<ConverseRequest>(body), path), raw_at(body, path), "{path}");
    }
    let body = raw_at(RESPONSE, "body");
    for path in ["output.message.content.2.toolUse.input", "additionalModelResponseFields"] {
        assert_eq!(raw_at(&rewritten::<ConverseResponse>(body), path), raw_at(body, path), "{path}");
    }
}

#[test]
fn the_plain_example_can_be_built() {
    let request = ConverseRequest::new("amazon.nova-lite-v1:0")
        .message(Message::user("Name three igneous rocks."))
        .system("You are a geologist. Answer in one line.")
        .max_tokens(200)
        .temperature(0.2)
        .top_p(0.9)
        .stop_sequence("END");
    assert_eq!(serde_json::to_value(&request).unwrap(), value(raw_at(PLAIN_REQUEST, "body")));
    assert_eq!(request.model_id, "amazon.nova-lite-v1:0");
}

#[test]
fn builders_write_the_members_they_are_named_for() {
    let request = ConverseRequest::new("m")
        .message(Message::new(
            Role::User,
            [ContentBlock::image(ImageFormat::PNG, vec![0]), ContentBlock::cache_point()],
        ))
        .message(Message::assistant("a"))
        .tool(ToolSpecification::new("t", json!({"type": "object"})).description("d"))
        .tool_choice(ToolChoice::Any {})
        .additional_model_request_fields(json!({"top_k": 5}));
    let body = json!({
        "messages": [
            {"role": "user", "content": [
                {"image": {"format": "png", "source": {"bytes": "AA=="}}},
                {"cachePoint": {"type": "default"}},
            ]},
            {"role": "assistant", "content": [{"text": "a"}]},
        ],
        "toolConfig": {
            "tools": [{"toolSpec": {
                "name": "t", "description": "d", "inputSchema": {"json": {"type": "object"}},
            }}],
            "toolChoice": {"any": {}},
        },
        "additionalModelRequestFields": {"top_k": 5},
    });
    assert_eq!(serde_json::to_value(&request).unwrap(), body);
    assert_eq!(serde_json::to_string(&ConverseRequest::new("m")).unwrap(), "{}");
    let counted = serde_json::to_value(CountTokensRequest::from(request.system("not in this test"))).unwrap();
    assert_eq!(counted["input"]["converse"]["messages"], body["messages"]);
    assert_eq!(counted["input"]["converse"]["system"], json!([{"text": "not in this test"}]));
}

/// Every member, variant and enum value of the service's model reads as what it is, and is written again.
#[test]
fn every_member_of_the_model_is_known() {
    fn check<T: DeserializeOwned + Serialize + Debug>(shape: &str) {
        let instances = raw_at(EVERY_MEMBER, shape);
        for json in serde_json::from_str::<Vec<&RawValue>>(instances).unwrap() {
            let read: T = serde_json::from_str(json.get()).unwrap();
            let written = serde_json::to_string(&read).unwrap();
            assert_eq!(value(&written), value(json.get()), "{shape}");
            // A union keeps a member that it does not know, so equal JSON alone would prove nothing.
            let shown = format!("{read:?}");
            assert!(!shown.contains("Unknown"), "{shape}: {shown}");
        }
    }

    check::<ConverseRequest>("ConverseStreamRequest");
    check::<ConverseResponse>("ConverseResponse");
    check::<StreamMetadata>("ConverseStreamMetadataEvent");
    check::<CountTokensRequest>("CountTokensRequest");
    check::<CountTokensResponse>("CountTokensResponse");

    // Their `Debug` hides what is in them.
    let request: ConverseRequest =
        serde_json::from_str(raw_at(EVERY_MEMBER, "ConverseStreamRequest.0")).unwrap();
    let format = request.output_config.unwrap().text_format.unwrap();
    assert!(matches!(format.structure, OutputFormatStructure::JsonSchema(_)));
    assert!(matches!(request.prompt_variables["key0"], TextContent::Text(_)));
}

/// The values in the fixture at `name` inside any `parent`, each once, in order.
fn values_of(tree: &Value, parent: &str, name: &str) -> Vec<String> {
    fn walk<'a>(tree: &'a Value, parent: &str, name: &str, found: &mut Vec<&'a Value>) {
        match tree {
            Value::Object(members) => {
                found.extend(members.get(parent).and_then(|inner| inner.get(name)));
                members.values().for_each(|inner| walk(inner, parent, name, found));
            }
            Value::Array(items) => items.iter().for_each(|inner| walk(inner, parent, name, found)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    let mut found = Vec::new();
    walk(tree, parent, name, &mut found);
    let lists =
        found.into_iter().map(|value| value.as_array().map_or(vec![value], |list| list.iter().collect()));
    let mut values: Vec<String> = lists.flatten().map(|value| value.as_str().unwrap().to_owned()).collect();
    let mut seen = std::collections::BTreeSet::new();
    values.retain(|value| seen.insert(value.clone()));
    values
}

#[test]
fn every_value_of_an_open_enum_has_its_constant() {
    fn check<K, const N: usize>(parent: &str, name: &str, constants: [OpenString<K>; N]) {
        let constants = constants.map(|value| value.to_string());
        assert_eq!(values_of(&value(EVERY_MEMBER), parent, name), constants, "{parent}.{name}");
    }

    use {AudioFormat as A, DocumentFormat as D, ImageFormat as I, VideoFormat as V};
    check("image", "format", [I::PNG, I::JPEG, I::GIF, I::WEBP]);
    let documents = [D::PDF, D::CSV, D::DOC, D::DOCX, D::XLS, D::XLSX, D::HTML, D::TXT, D::MD];
    check("document", "format", documents);
    let videos = [V::MKV, V::MOV, V::MP4, V::WEBM, V::FLV, V::MPEG, V::MPG, V::WMV, V::THREE_GP];
    check("video", "format", videos);
    #[rustfmt::skip]
    let sounds = [
        A::MP3, A::OPUS, A::WAV, A::AAC, A::FLAC, A::MP4, A::OGG, A::MKV, A::MKA, A::X_AAC, A::M4A, A::MPEG,
        A::MPGA, A::PCM, A::WEBM,
    ];
    check("audio", "format", sounds);
    use {GuardrailConverseContentQualifier as Q, ServiceTierType as T};
    check("text", "qualifiers", [Q::GROUNDING_SOURCE, Q::QUERY, Q::GUARD_CONTENT]);
    check("toolUse", "type", [ToolUseType::SERVER_TOOL_USE]);
    check("toolResult", "status", [ToolResultStatus::SUCCESS, ToolResultStatus::ERROR]);
    check("cachePoint", "type", [CachePointType::DEFAULT]);
    check("cachePoint", "ttl", [CacheTtl::FIVE_MINUTES, CacheTtl::ONE_HOUR]);
    let traces = [GuardrailTrace::ENABLED, GuardrailTrace::DISABLED, GuardrailTrace::ENABLED_FULL];
    check("guardrailConfig", "trace", traces);
    let modes = [GuardrailStreamProcessingMode::SYNC, GuardrailStreamProcessingMode::ASYNC];
    check("guardrailConfig", "streamProcessingMode", modes);
    let latencies = [PerformanceConfigLatency::STANDARD, PerformanceConfigLatency::OPTIMIZED];
    check("performanceConfig", "latency", latencies);
    check("serviceTier", "type", [T::PRIORITY, T::DEFAULT, T::FLEX, T::RESERVED]);
    check("textFormat", "type", [OutputFormatType::JSON_SCHEMA]);
}

#[test]
fn a_null_member_reads_like_an_absent_one() {
    /// Every copy of `value` with one member set to null. Documents and maps are left alone.
    fn nulled(value: &Value) -> Vec<Value> {
        const LEFT_ALONE: [&str; 8] = [
            "input",
            "json",
            "additionalModelRequestFields",
            "additionalModelResponseFields",
            "promptVariables",
            "requestMetadata",
            "inputAssessment",
            "outputAssessments",
        ];
        match value {
            Value::Object(members) => {
                let mut copies = Vec::new();
                for (name, member) in members {
                    let inner = if LEFT_ALONE.contains(&name.as_str()) { Vec::new() } else { nulled(member) };
                    for replacement in inner.into_iter().chain([Value::Null]) {
                        let mut copy = members.clone();
                        copy.insert(name.clone(), replacement);
                        copies.push(Value::Object(copy));
                    }
                }
                copies
            }
            Value::Array(items) => (0..items.len())
                .flat_map(|at| nulled(&items[at]).into_iter().map(move |item| (at, item)))
                .map(|(at, item)| {
                    let mut copy = items.clone();
                    copy[at] = item;
                    Value::Array(copy)
                })
                .collect(),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
        }
    }

    let every = value(EVERY_MEMBER);
    for copy in nulled(&every["ConverseStreamRequest"][0]) {
        rewritten::<ConverseRequest>(&copy.to_string());
    }
    for copy in nulled(&every["ConverseResponse"][0]) {
        rewritten::<ConverseResponse>(&copy.to_string());
    }
    for (json, written) in [
        (
            r#"{"system":null,"messages":null,"inferenceConfig":null,"toolConfig":{"tools":null}}"#,
            r#"{"toolConfig":{"tools":[]}}"#,
        ),
        (
            r#"{"messages":[{"role":null,"content":[{"text":"a","image":null}]}]}"#,
            r#"{"messages":[{"role":"","content":[{"text":"a"}]}]}"#,
        ),
        (r#"{"serviceTier":{"type":null}}"#, r#"{"serviceTier":{"type":""}}"#),
    ] {
        assert_eq!(rewritten::<ConverseRequest>(json), written);
    }
}

#[test]
fn what_is_newer_than_this_version_is_kept_or_skipped() {
    fn kept<T: DeserializeOwned + Serialize>(json: &str) {
        assert_eq!(rewritten::<T>(json), json);
    }

    // Enum values.
    kept::<Message>(r#"{"role":"narrator","content":[]}"#);
    kept::<StopReason>(r#""ran_out_of_ink""#);
    kept::<ServiceTier>(r#"{"type":"turbo"}"#);
    kept::<ContentBlock>(r#"{"image":{"format":"heic","source":{"bytes":""}}}"#);
    // Members of unions, with number forms and order.
    let newer = r#"{"hologram":{"z":1.0,"a":[1e3,null,9007199254740993]}}"#;
    kept::<ContentBlock>(newer);
    kept::<SystemContentBlock>(newer);
    kept::<ToolResultContentBlock>(newer);
    kept::<Tool>(newer);
    kept::<ToolChoice>(newer);
    kept::<ToolInputSchema>(newer);
    kept::<OutputFormatStructure>(newer);
    kept::<ReasoningContentBlock>(newer);
    kept::<ConverseOutput>(newer);
    kept::<ContentBlock>(r#"{"guardContent":{"sound":{}}}"#);
    kept::<ContentBlock>(r#"{"video":{"format":"mp4","source":{"url":"https://example.com"}}}"#);
    kept::<ContentBlock>(r#"{"document":{"name":"n","source":{"url":"https://example.com"}}}"#);
    kept::<Citation>(r#"{"sourceContent":[{"image":{}}],"location":{"documentLine":{"line":7}}}"#);
    kept::<CountTokensRequest>(r#"{"input":{"embed":{"x":1}}}"#);
    kept::<ContentBlock>("{}");
    // Members of structures.
    assert_eq!(
        rewritten::<ConverseRequest>(
            r#"{"p":"abc","messages":[{"role":"user","content":[],"mood":{}}],"extra":[1]}"#
        ),
        r#"{"messages":[{"role":"user","content":[]}]}"#
    );
    assert_eq!(rewritten::<ContentBlock>(r#"{"p":"abc","text":"a","hologram":{}}"#), r#"{"text":"a"}"#);
    assert_eq!(
        rewritten::<ContentBlock>(r#"{"cachePoint":{"type":"default","mood":1}}"#),
        r#"{"cachePoint":{"type":"default"}}"#
    );
    assert_eq!(rewritten::<ToolChoice>(r#"{"auto":{"mood":1}}"#), r#"{"auto":{}}"#);
}

#[test]
fn every_known_stop_reason_and_role_has_its_name_on_the_wire() {
    for name in [
        "end_turn",
        "tool_use",
        "max_tokens",
        "stop_sequence",
        "guardrail_intervened",
        "content_filtered",
        "malformed_model_output",
        "malformed_tool_use",
        "model_context_window_exceeded",
        "refusal",
    ] {
        let reason = StopReason::from(name);
        assert!(!matches!(reason, StopReason::Unknown(_)), "{name}");
        assert_eq!((reason.to_string(), String::from(reason)), (name.to_owned(), name.to_owned()));
    }
    for name in ["user", "assistant", "system"] {
        let role = Role::from(name);
        assert!(!matches!(role, Role::Unknown(_)), "{name}");
        assert_eq!((role.to_string(), String::from(role)), (name.to_owned(), name.to_owned()));
    }
    assert_eq!(String::from(Role::from("narrator")), "narrator");
}

#[test]
fn an_answer_is_not_lost_over_an_absent_member() {
    for (json, written) in [
        ("{}", r#"{"output":{"message":{"role":"","content":[]}}}"#),
        (
            r#"{"output":{},"usage":{"outputTokens":3}}"#,
            r#"{"output":{},"usage":{"inputTokens":0,"outputTokens":3,"totalTokens":0}}"#,
        ),
        (
            r#"{"output":{"message":{"content":[{"toolUse":{"name":"t"}}]}},"metrics":{}}"#,
            concat!(
                r#"{"output":{"message":{"role":"","content":["#,
                r#"{"toolUse":{"toolUseId":"","name":"t","input":{}}}]}},"metrics":{"latencyMs":0}}"#,
            ),
        ),
    ] {
        assert_eq!(rewritten::<ConverseResponse>(json), written);
    }
    assert_eq!(CachePointBlock::default(), serde_json::from_str("{}").unwrap());
}

#[test]
fn a_null_is_a_value_where_any_json_is() {
    for json in [r#"{"json":null}"#, r#"{"json":{"a":null}}"#] {
        let block: ToolResultContentBlock = serde_json::from_str(json).unwrap();
        assert!(matches!(block, ToolResultContentBlock::Json(_)), "{block:?}");
        assert_eq!(serde_json::to_string(&block).unwrap(), json);
    }
    let json = r#"{"toolUseId":"1","name":"t","input":null}"#;
    assert_eq!(rewritten::<ToolUseBlock>(json), json);
}

#[test]
fn what_cannot_be_meant_is_an_error() {
    for json in [
        r#"{"text":"a","toolUse":{"toolUseId":"1","name":"t","input":{}}}"#,
        r#"{"text":"a","text":"b"}"#,
        r#"{"text":5}"#,
        r#"{"image":{"format":"png","source":{"bytes":"!"}}}"#,
        r#""text""#,
        "[]",
        "null",
        r#"{"text":"a""#,
    ] {
        assert!(serde_json::from_str::<ContentBlock>(json).is_err(), "{json}");
    }
    assert!(serde_json::from_str::<TokenUsage>(r#"{"inputTokens":-1}"#).is_err());
}

#[test]
fn debug_hides_what_is_sensitive_and_shortens_blobs() {
    let json = r#"{
        "messages": [{"role": "user", "content": [
            {"reasoningContent": {"reasoningText": {"text": "SECRET", "signature": "SECRET"}}},
            {"image": {"format": "png", "source": {"bytes": "U0VDUkVU"}, "error": {"message": "SECRET"}}}
        ]}],
        "promptVariables": {"SECRET": {"text": "SECRET"}},
        "requestMetadata": {"SECRET": "SECRET"},
        "outputConfig": {"textFormat": {"structure": {"jsonSchema": {"schema": "SECRET"}}}}
    }"#;
    let shown = format!("{:?}", serde_json::from_str::<ConverseRequest>(json).unwrap());
    assert!(!shown.contains("SECRET"), "{shown}");
    assert!(shown.contains("Blob(6 bytes)") && shown.contains("[1 redacted]"), "{shown}");
}

#[test]
fn text_joins_text_and_cited_text_alone() {
    let response: ConverseResponse = serde_json::from_str(
        r#"{"output": {"message": {"role": "assistant", "content": [
            {"reasoningContent": {"reasoningText": {"text": "Hm."}}},
            {"text": "Basalt"},
            {"citationsContent": {"content": [{"text": ", "}, {"image": {}}, {"text": "granite"}]}},
            {"toolUse": {"toolUseId": "1", "name": "t", "input": {}}},
            {"text": "."}
        ]}}}"#,
    )
    .unwrap();
    assert_eq!(response.text(), "Basalt, granite.");
    let other = ConverseOutput::Unknown(UnknownMember { name: "poem".into(), value: Document::default() });
    assert_eq!(ConverseResponse { output: other, ..ConverseResponse::default() }.text(), "");
}

#[test]
fn open_values_can_be_set_by_name() {
    let config = OutputConfig { effort: Some("low".into()), ..OutputConfig::default() };
    let request = ConverseRequest {
        service_tier: Some(ServiceTier { kind: ServiceTierType::FLEX }),
        output_config: Some(config),
        tool_config: Some(ToolConfiguration::default()),
        ..ConverseRequest::new("m")
    };
    assert_eq!(
        serde_json::to_string(&request).unwrap(),
        r#"{"toolConfig":{"tools":[]},"serviceTier":{"type":"flex"},"outputConfig":{"effort":"low"}}"#
    );
}

/// Reads `json` every way; what can be read must be written and read again as the same.
fn read_every_way(json: &str) -> Result<(), TestCaseError> {
    fn settle<T: DeserializeOwned + Serialize + PartialEq + Debug>(json: &str) -> Result<(), TestCaseError> {
        let Ok(read) = serde_json::from_str::<T>(json) else { return Ok(()) };
        let written = serde_json::to_string(&read).unwrap();
        let again = serde_json::from_str::<T>(&written);
        prop_assert_eq!(again.ok(), Some(read), "{}", written);
        Ok(())
    }

    settle::<ConverseRequest>(json)?;
    settle::<ConverseResponse>(json)?;
    settle::<ContentBlock>(json)?;
    settle::<SystemContentBlock>(json)?;
    settle::<StreamMetadata>(json)?;
    settle::<CountTokensRequest>(json)?;
    settle::<Citation>(json)?;
    settle::<ToolConfiguration>(json)
}

proptest! {
    #[test]
    fn any_json_is_read_or_refused(value in strategies::json_with_names_of_the_model()) {
        read_every_way(&value.to_string())?;
    }

    #[test]
    fn any_text_is_read_or_refused(text in r#"[\[\]{}",:0-9a-z\\ .]{0,40}"#) {
        read_every_way(&text)?;
    }

    #[test]
    fn any_request_survives_the_wire(request in strategies::request()) {
        let json = serde_json::to_string(&request).unwrap();
        let mut read: ConverseRequest = serde_json::from_str(&json).unwrap();
        prop_assert_eq!(read.model_id, "");
        read.model_id = request.model_id.clone();
        prop_assert_eq!(read, request);
    }

    #[test]
    fn any_response_survives_the_wire(response in strategies::response()) {
        let json = serde_json::to_string(&response).unwrap();
        prop_assert_eq!(serde_json::from_str::<ConverseResponse>(&json).unwrap(), response);
    }

    #[test]
    fn a_tree_is_as_good_as_text(request in strategies::request()) {
        let tree = serde_json::to_value(&request).unwrap();
        let text = serde_json::to_string(&request).unwrap();
        prop_assert_eq!(&tree, &serde_json::from_str::<Value>(&text).unwrap());
        let read: ConverseRequest = serde_json::from_value(tree.clone()).unwrap();
        prop_assert_eq!(serde_json::to_value(&read).unwrap(), tree);
    }
}

/// No string can hold it, and nothing is dropped in silence.
#[test]
fn half_of_a_surrogate_pair_in_a_text_of_a_request_is_an_error() {
    let read =
        |text: &str| serde_json::from_str::<Message>(&format!(r#"{{"role":"user","content":[{text}]}}"#));
    assert!(read(r#"{"text":"\ud83d"}"#).is_err());
    assert_eq!(read(r#"{"text":"\ud83d\ude00"}"#).unwrap().text(), "😀");
    let call = read(r#"{"toolUse":{"toolUseId":"a","name":"t","input":{"a":"\ud83d"}}}"#).unwrap();
    assert!(serde_json::to_string(&call).unwrap().contains(r#"{"a":"\ud83d"}"#), "inputs stay as they came");
}
