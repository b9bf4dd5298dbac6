//! All rules on arbitrary conversations, also ones that were cut, and arbitrary facts.

use super::super::super::tests::strategies;
use super::super::{AnswerSchema, CacheRetention, ThinkingLevel, ToolWish};
use super::*;
use crate::converse::*;
use proptest::collection::vec;
use proptest::option::of as maybe;
use proptest::prelude::*;
use proptest::sample::select;
use std::collections::BTreeSet;

/// How many conversations each of the four tests tries: tests run side by side.
const CASES: u32 = 5_000;

/// Few ids, so that calls meet results; some that are refused.
fn id() -> impl Strategy<Value = String> {
    select(&["a", "b", "c", "call_0", "a b", "", "tooluse_1", "ümlaut"][..]).prop_map(str::to_owned)
}

fn name() -> impl Strategy<Value = String> {
    select(&["look", "look", "fs.read", "", "a/b", "write_file"][..]).prop_map(str::to_owned)
}

fn text() -> impl Strategy<Value = String> {
    select(&["hello", "go on ", "", " \n", "[x]", "ü"][..]).prop_map(str::to_owned)
}

fn tool_call() -> impl Strategy<Value = ContentBlock> {
    let input = select(&["{}", r#"{"a":1.0}"#, "null", r#""""#, r#""{\"a\":""#, "[1]"][..]);
    let kind = maybe(Just(ToolUseType::SERVER_TOOL_USE));
    (id(), name(), input, prop::bool::weighted(0.1), kind).prop_map(
        |(tool_use_id, name, input, is_served, kind)| {
            ContentBlock::ToolUse(ToolUseBlock {
                tool_use_id,
                name,
                input: input.parse().unwrap(),
                kind: kind.filter(|_| is_served),
                input_problem: None,
            })
        },
    )
}

fn tool_answer() -> impl Strategy<Value = ContentBlock> {
    let json = select(&[r#"{"a":1.0}"#, "[1, 2.0]", "7", "null", r#""""#, r#""so""#][..]);
    let piece = prop_oneof![
        3 => text().prop_map(ToolResultContentBlock::Text),
        2 => json.prop_map(|json| ToolResultContentBlock::Json(json.parse().unwrap())),
        1 => Just(serde_json::from_value(json!({"cachePoint": {"type": "default"}})).unwrap()),
    ];
    let status = maybe(select(vec![ToolResultStatus::SUCCESS, ToolResultStatus::ERROR]));
    (id(), vec(piece, 0..3), status).prop_map(|(id, content, status)| {
        ContentBlock::ToolResult(ToolResultBlock { status, ..ToolResultBlock::new(id, content) })
    })
}

fn thought() -> impl Strategy<Value = ContentBlock> {
    (any::<String>(), maybe(select(&["sig", "", "reasoning_content", "öther"][..]))).prop_map(
        |(text, signature)| {
            let signature = signature.map(str::to_owned);
            ContentBlock::ReasoningContent(ReasoningContentBlock::ReasoningText(ReasoningTextBlock {
                text,
                signature,
            }))
        },
    )
}

/// What is kept of a stream that a newer model wrote.
fn piece_of_a_stream() -> impl Strategy<Value = ContentBlock> {
    select(&["delta.hologram", "start.hologram"][..]).prop_map(|name| {
        let value = Document::default();
        ContentBlock::Unknown(UnknownMember { name: name.to_owned(), value })
    })
}

/// What conversations hold.
fn usual_block() -> impl Strategy<Value = ContentBlock> {
    prop_oneof![
        3 => text().prop_map(ContentBlock::Text),
        3 => tool_call(),
        3 => tool_answer(),
        2 => thought(),
        2 => point().prop_map(ContentBlock::CachePoint),
        2 => media(),
        1 => piece_of_a_stream(),
    ]
}

/// The usual, and everything that Converse knows or may know one day.
fn block() -> impl Strategy<Value = ContentBlock> {
    prop_oneof![7 => usual_block(), 1 => strategies::content_block()]
}

fn media() -> impl Strategy<Value = ContentBlock> {
    let samples: [&'static [u8]; 7] = [
        b"\x89PNG\r\n\x1a\n",
        b"\xff\xd8\xff\xe0",
        b"%PDF-1.4",
        b"PK\x03\x04xl/",
        b"text",
        b"\0\0\0\0ftypqt  ",
        b"\0",
    ];
    let bytes = select(samples.to_vec()).prop_map(Blob::from);
    let source = || bytes.clone().prop_map(MediaSource::Bytes);
    let label = || select(&["png", "image/jpg", "pdf", "text/plain", "mp4", "video/quicktime", "docx"][..]);
    let name = select(&["report.pdf", "report", "a  b", "", "naïve.txt", "x.tar.gz", "report-2"][..]);
    let document =
        (label(), any::<bool>(), name, bytes.clone()).prop_map(|(format, is_labelled, name, bytes)| {
            ContentBlock::Document(DocumentBlock {
                format: is_labelled.then(|| format.into()),
                name: name.to_owned(),
                source: DocumentSource::Bytes(bytes),
                ..DocumentBlock::default()
            })
        });
    let image = (label(), source()).prop_map(|(format, source)| ImageBlock {
        format: format.into(),
        source,
        ..ImageBlock::default()
    });
    let in_result = (id(), vec(image.clone().prop_map(ToolResultContentBlock::Image), 0..3))
        .prop_map(|(id, content)| ContentBlock::ToolResult(ToolResultBlock::new(id, content)));
    let video = (label(), source())
        .prop_map(|(format, source)| ContentBlock::Video(VideoBlock { format: format.into(), source }));
    prop_oneof![document, image.prop_map(ContentBlock::Image), in_result, video]
}

fn point() -> impl Strategy<Value = CachePointBlock> {
    maybe(select(vec![CacheTtl::ONE_HOUR, CacheTtl::FIVE_MINUTES]))
        .prop_map(|ttl| CachePointBlock { ttl, ..CachePointBlock::default() })
}

fn turn(block: impl Strategy<Value = ContentBlock>) -> impl Strategy<Value = Message> {
    let role = prop_oneof![8 => Just("user"), 8 => Just("assistant"), 1 => Just("system"), 1 => Just("tool")];
    (role, vec(block, 0..5)).prop_map(|(role, content)| Message::new(Role::from(role), content))
}

fn any_tools() -> impl Strategy<Value = ToolConfiguration> {
    let schema = select(
        &[
            r##"{"type":"object","properties":{"a":{"$ref":"#/$defs/b"}},"$defs":{"b":{"type":"string"}}}"##,
            r##"{"$ref":"#/definitions/b","definitions":{"b":{"properties":{"c":{"$ref":"#"}}}}}"##,
            r#"{"anyOf":[{"properties":{"a":{"type":"string"}}},{"properties":{"a":{}}}],"title":"x"}"#,
            r##"{"oneOf":[{"$ref":"#"},{"$ref":"#/oneOf/0"},{"$ref":"#/nowhere"}]}"##,
            r#"{"type":["array","null"],"items":{}}"#,
            r#"{"enum":[1,2]}"#,
            r#"{"type":"object","properties":null,"allOf":7}"#,
            "null",
            "[]",
            "{}",
        ][..],
    );
    let spec = (name(), maybe(text()), schema, maybe(any::<bool>())).prop_map(
        |(name, description, schema, strict)| {
            let schema: Document = schema.parse().unwrap();
            Tool::ToolSpec(ToolSpecification { description, strict, ..ToolSpecification::new(name, schema) })
        },
    );
    let tool = prop_oneof![6 => spec, 1 => point().prop_map(Tool::CachePoint)];
    let choice = prop_oneof![
        Just(ToolChoice::Auto {}),
        Just(ToolChoice::Any {}),
        name().prop_map(|name| ToolChoice::Tool(SpecificToolChoice { name })),
    ];
    (vec(tool, 0..4), maybe(choice)).prop_map(|(tools, tool_choice)| ToolConfiguration { tools, tool_choice })
}

fn any_fields() -> impl Strategy<Value = &'static str> {
    select(
        &[
            "{}",
            "[1]",
            r#"{"top_k": 5, "top_k": 1.0}"#,
            r#"{"thinking": {"type": "enabled", "budget_tokens": 3000}}"#,
            r#"{"thinking": {"type": "enabled", "budget_tokens": 70000}}"#,
            r#"{"thinking": {"type": "disabled"}, "anthropic_beta": ["x"]}"#,
            r#"{"thinking": null, "output_config": {"effort": "low"}}"#,
            r#"{"output_config": 7, "reasoning": {"summary": "auto"}}"#,
            r#"{"reasoningConfig": {"type": "enabled", "maxReasoningEffort": "high"}}"#,
            r#"{"inferenceConfig": {"topK": 3}}"#,
            r#"{"tool_choice": {"type": "any", "disable_parallel_tool_use": true}}"#,
        ][..],
    )
}

/// Requests whose conversations nearly hold together, or not at all.
fn any_request() -> impl Strategy<Value = ConverseRequest> {
    (
        strategies::request(),
        vec(turn(block()), 0..7),
        maybe(any_tools()),
        maybe(any_fields()),
        prop::bool::weighted(0.8),
    )
        .prop_map(|(mut request, turns, tools, fields, is_near)| {
            if is_near {
                request.messages = turns;
                request.tool_config = tools;
                if let Some(fields) = fields {
                    request.additional_model_request_fields = Some(fields.parse().unwrap());
                }
            }
            request
        })
}

/// Requests as programs write them, with conversations that nearly hold together.
pub(crate) fn any_conversation() -> impl Strategy<Value = ConverseRequest> {
    let number = || maybe(select(&[0.0, 0.5, 1.0, 1.5, -1.0][..]));
    let limit = maybe(select(&[0_u32, 1, 1_500, 200_000][..]));
    let stops = vec(select(&["END", "", " "][..]).prop_map(str::to_owned), 0..2);
    let inference =
        (limit, number(), number(), stops).prop_map(|(max_tokens, temperature, top_p, stop_sequences)| {
            InferenceConfiguration { max_tokens, temperature, top_p, stop_sequences }
        });
    (vec(turn(usual_block()), 1..7), maybe(any_tools()), maybe(text()), maybe(inference)).prop_map(
        |(messages, tool_config, system, inference_config)| ConverseRequest {
            messages,
            tool_config,
            system: system.into_iter().map(SystemContentBlock::Text).collect(),
            inference_config,
            ..ConverseRequest::default()
        },
    )
}

fn family() -> impl Strategy<Value = Family> {
    let families = [
        Family::Claude,
        Family::Nova,
        Family::Llama,
        Family::Mistral,
        Family::DeepSeek,
        Family::GptOss,
        Family::Gpt,
        Family::Kimi,
        Family::Other,
        Family::Unknown,
    ];
    select(families.to_vec())
}

fn thinking() -> impl Strategy<Value = Thinking> {
    let adaptive =
        |xhigh, max, mandatory, default_effort| Thinking::Adaptive { xhigh, max, mandatory, default_effort };
    select(vec![
        Thinking::None,
        Thinking::Budget,
        adaptive(false, false, false, None),
        adaptive(true, true, true, Some(Effort::High)),
        adaptive(true, false, false, Some(Effort::Low)),
        Thinking::NovaEffort,
        Thinking::FlatEffort,
        Thinking::NestedEffort,
    ])
}

fn sampling() -> impl Strategy<Value = Sampling> {
    let top_k = select(&[TopK::Refused, TopK::Flat, TopK::InferenceConfig, TopK::K][..]);
    (any::<[bool; 4]>(), top_k).prop_map(|(yes, top_k)| Sampling {
        temperature: yes[0],
        top_p: yes[1],
        temperature_with_top_p: yes[2],
        top_k,
        stop_sequences: yes[3],
    })
}

fn tool_support() -> impl Strategy<Value = ToolSupport> {
    let choice = select(&[ToolChoices::Absent, ToolChoices::Auto, ToolChoices::Any, ToolChoices::Named][..]);
    (prop::bool::weighted(0.8), choice, any::<[bool; 5]>()).prop_map(|(supported, choice, yes)| ToolSupport {
        supported,
        streaming: true,
        choice,
        forced_while_thinking: yes[0],
        images_in_results: yes[1],
        text_beside_results: yes[3],
        schema_refs: yes[2],
        result_status: yes[4],
    })
}

fn any_facts() -> impl Strategy<Value = ModelFacts> {
    let output = select(&[StructuredOutput::Native, StructuredOutput::Tool, StructuredOutput::Prompt][..]);
    let most = maybe(select(&[16_u32, 1_024, 1_025, 4_096, 64_000, u32::MAX][..]));
    let media = proptest::sample::subsequence(
        vec![Medium::Text, Medium::Image, Medium::Document, Medium::Video, Medium::Audio],
        0..=5,
    );
    let parts = (family(), thinking(), sampling(), tool_support());
    (parts, output, most, media, any::<[bool; 8]>()).prop_map(
        |((family, thinking, sampling, tools), structured_output, max_output_tokens, input, yes)| {
            ModelFacts {
                family,
                context_window: None,
                max_output_tokens,
                input,
                price: None,
                thinking,
                sampling,
                cache: CacheSupport {
                    system: yes[0],
                    tools: yes[1],
                    messages: yes[2],
                    one_hour: yes[3],
                    by_default: yes[4],
                },
                tools,
                structured_output,
                streams: true,
                system_prompt: yes[5],
                prefill: yes[6],
                only_default_tier: yes[7],
            }
        },
    )
}

fn any_tool_wish() -> impl Strategy<Value = ToolWish> {
    prop_oneof![
        Just(ToolWish::Never),
        Just(ToolWish::Choice(ToolChoice::Auto {})),
        Just(ToolWish::Choice(ToolChoice::Any {})),
        name().prop_map(|name| ToolWish::Choice(ToolChoice::Tool(SpecificToolChoice { name }))),
    ]
}

fn any_schema() -> impl Strategy<Value = AnswerSchema> {
    let schema = select(
        &[
            r#"{"type":"object","properties":{"a":{"type":"string","maxLength":3}}}"#,
            r##"{"type":"array","items":{"$ref":"#/$defs/a"},"$defs":{"a":{"type":"number","minimum":1}}}"##,
            "{}",
            "true",
        ][..],
    );
    schema.prop_map(|schema| AnswerSchema { schema: schema.parse().unwrap(), ..AnswerSchema::default() })
}

fn any_refused() -> impl Strategy<Value = BTreeSet<String>> {
    let names = vec![
        "thinking",
        "strict",
        "cachePoint",
        "cachePoint.ttl",
        "anthropic_beta",
        "top_k",
        "temperature",
        "reasoning_effort",
        "top_p",
        "serviceTier",
    ];
    let some = proptest::sample::subsequence(names, 0..=2);
    some.prop_map(|names| names.into_iter().map(str::to_owned).collect())
}

pub(crate) fn any_options() -> impl Strategy<Value = PrepareOptions> {
    let cache = select(&[CacheRetention::None, CacheRetention::Short, CacheRetention::Long][..]);
    let budget = maybe(select(&[0_u32, 1_024, 5_000, u32::MAX][..]));
    let thinking = (maybe(select(&ThinkingLevel::ALL[..])), budget);
    let flags = vec(select(&["x", "y"][..]).prop_map(str::to_owned), 0..2);
    let tier = maybe(select(&["default", "flex"][..]).prop_map(ServiceTierType::from));
    (
        (thinking, maybe(any::<u32>()), flags),
        maybe(cache),
        (maybe(any_tool_wish()), any::<bool>()),
        maybe(any_schema()),
        tier,
        any_refused(),
    )
        .prop_map(|(of_model, cache, (tool_choice, is_one), schema, service_tier, refused)| {
            let ((thinking, thinking_budget), top_k, beta_flags) = of_model;
            PrepareOptions {
                thinking,
                thinking_budget,
                beta_flags,
                top_k,
                cache,
                tool_choice,
                no_parallel_tools: is_one,
                schema,
                service_tier,
                refused,
                ..PrepareOptions::default()
            }
        })
}

/// All reasoning in the clear, in order.
fn thoughts(request: &ConverseRequest) -> Vec<&ReasoningTextBlock> {
    let blocks = request.messages.iter().flat_map(|message| &message.content);
    blocks
        .filter_map(|block| match block {
            ContentBlock::ReasoningContent(ReasoningContentBlock::ReasoningText(text)) => Some(text),
            _ => None,
        })
        .collect()
}

/// Prepares a request, and holds the outcome against the service's rules and against preparing it again.
fn holds(
    request: &ConverseRequest,
    facts: &ModelFacts,
    options: &PrepareOptions,
) -> Result<(), TestCaseError> {
    let once = prepare(request.clone(), facts, options);
    let broken = check::violations(&once.request, facts);
    prop_assert!(broken.is_empty(), "{broken:?}\nin {:?}", once.request);

    for note in &once.adjustments {
        prop_assert!(!note.why.ends_with('.') && !note.why.starts_with(char::is_uppercase), "{note}");
    }

    let mut given = thoughts(request).into_iter();
    for kept in thoughts(&once.request) {
        prop_assert!(given.any(|thought| thought == kept), "reasoning changed: {kept:?}");
    }

    let has_wishes = *options != PrepareOptions::default();
    prop_assert!(*request == once.request || !once.adjustments.is_empty() || has_wishes);

    let twice = prepare(once.request.clone(), facts, options);
    let again: Vec<&Adjustment> =
        twice.adjustments.iter().filter(|note| !note.what.starts_with("options.")).collect();
    prop_assert_eq!(&twice.request, &once.request, "{:?}", again);
    prop_assert!(again.is_empty(), "{again:?}\nof {:?}", once.request);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(CASES))]

    #[test]
    fn any_request_becomes_one_that_the_service_takes(request in any_request(), facts in any_facts()) {
        holds(&request, &facts, &PrepareOptions::default())?;
    }

    #[test]
    fn any_wish_becomes_one_that_the_service_takes(
        request in any_request(), facts in any_facts(), options in any_options(),
    ) {
        holds(&request, &facts, &options)?;
    }

    #[test]
    fn any_conversation_becomes_one_that_the_service_takes(
        request in any_conversation(), facts in any_facts(),
    ) {
        holds(&request, &facts, &PrepareOptions::default())?;
    }

    #[test]
    fn any_conversation_with_wishes_becomes_one_that_the_service_takes(
        request in any_conversation(), facts in any_facts(), options in any_options(),
    ) {
        holds(&request, &facts, &options)?;
    }
}
