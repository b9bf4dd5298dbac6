//! Arbitrary requests, responses and JSON, for property tests.

use crate::converse::*;
use proptest::collection::{btree_map, vec};
use proptest::option::of;
use proptest::prelude::*;
use serde_json::{Map, Value};

/// Names that the model uses, so that arbitrary objects hit its members.
const NAMES: [&str; 44] = [
    "role",
    "content",
    "text",
    "image",
    "document",
    "toolUse",
    "toolResult",
    "guardContent",
    "cachePoint",
    "reasoningContent",
    "reasoningText",
    "redactedContent",
    "signature",
    "citationsContent",
    "citations",
    "searchResult",
    "toolAddition",
    "tool",
    "type",
    "ttl",
    "format",
    "source",
    "bytes",
    "s3Location",
    "uri",
    "name",
    "input",
    "toolUseId",
    "status",
    "json",
    "messages",
    "system",
    "inferenceConfig",
    "maxTokens",
    "toolConfig",
    "tools",
    "toolChoice",
    "auto",
    "output",
    "message",
    "usage",
    "inputTokens",
    "stopReason",
    "p",
];

/// Arbitrary JSON whose objects have names of the model.
pub(crate) fn json_with_names_of_the_model() -> impl Strategy<Value = Value> {
    let name =
        prop_oneof![4 => proptest::sample::select(&NAMES[..]).prop_map(str::to_owned), 1 => "[a-z]{0,3}"];
    leaf().prop_recursive(6, 64, 4, move |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::Array),
            btree_map(name.clone(), inner, 0..4).prop_map(|members| Value::Object(Map::from_iter(members))),
        ]
    })
}

/// Scalars; the fractions are short, see [`share`].
fn leaf() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<i16>().prop_map(|number| Value::from(f64::from(number) / 64.0)),
        "\\PC{0,6}".prop_map(Value::from),
        Just(Value::from("AAH+/w==")),
    ]
}

/// Any document but null, which as an optional member reads as absent.
fn document() -> impl Strategy<Value = Document> {
    prop_oneof![
        json_with_names_of_the_model().prop_filter("null", |value| !value.is_null()).prop_map(Document::from),
        proptest::sample::select(
            &[r#"{ "b": 1.0, "a": 1e3, "n": null }"#, "9007199254740993", r#""\u00fc""#][..]
        )
        .prop_map(|json| Document::try_from(json).unwrap()),
    ]
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z ]{0,8}", any::<String>()]
}

fn open<K: 'static>(known: OpenString<K>) -> impl Strategy<Value = OpenString<K>> {
    prop_oneof![2 => Just(known.as_str().to_owned()), 1 => text()].prop_map(OpenString::from)
}

fn unknown() -> impl Strategy<Value = UnknownMember> {
    ("new[a-z]{1,6}", document()).prop_map(|(name, value)| UnknownMember { name, value })
}

fn blob() -> impl Strategy<Value = Blob> {
    vec(any::<u8>(), 0..20).prop_map(Blob::from)
}

fn text_content() -> impl Strategy<Value = TextContent> {
    prop_oneof![3 => text().prop_map(TextContent::Text), 1 => unknown().prop_map(TextContent::Unknown)]
}

fn media_source() -> impl Strategy<Value = MediaSource> {
    prop_oneof![
        blob().prop_map(MediaSource::Bytes),
        (text(), of(text()))
            .prop_map(|(uri, bucket_owner)| MediaSource::S3Location(S3Location { uri, bucket_owner })),
        unknown().prop_map(MediaSource::Unknown),
    ]
}

fn image() -> impl Strategy<Value = ImageBlock> {
    (open(ImageFormat::PNG), media_source(), of(of(text()))).prop_map(|(format, source, error)| ImageBlock {
        format,
        source,
        error: error.map(|message| ErrorBlock { message }),
    })
}

fn document_block() -> impl Strategy<Value = DocumentBlock> {
    let source = prop_oneof![
        blob().prop_map(DocumentSource::Bytes),
        text().prop_map(DocumentSource::Text),
        vec(text_content(), 0..3).prop_map(DocumentSource::Content),
        unknown().prop_map(DocumentSource::Unknown),
    ];
    (of(open(DocumentFormat::PDF)), text(), source, of(text()), of(any::<bool>())).prop_map(
        |(format, name, source, context, enabled)| DocumentBlock {
            format,
            name,
            source,
            context,
            citations: enabled.map(|enabled| CitationsConfig { enabled }),
        },
    )
}

fn cache_point() -> impl Strategy<Value = CachePointBlock> {
    (open(CachePointType::DEFAULT), of(open(CacheTtl::ONE_HOUR)))
        .prop_map(|(kind, ttl)| CachePointBlock { kind, ttl })
}

pub(crate) fn tool_use() -> impl Strategy<Value = ToolUseBlock> {
    (text(), text(), document(), of(open(ToolUseType::SERVER_TOOL_USE))).prop_map(
        |(tool_use_id, name, input, kind)| ToolUseBlock {
            tool_use_id,
            name,
            input,
            kind,
            input_problem: None,
        },
    )
}

pub(crate) fn tool_result() -> impl Strategy<Value = ToolResultBlock> {
    let content = prop_oneof![
        document().prop_map(ToolResultContentBlock::Json),
        text().prop_map(ToolResultContentBlock::Text),
        image().prop_map(ToolResultContentBlock::Image),
        document_block().prop_map(ToolResultContentBlock::Document),
        unknown().prop_map(ToolResultContentBlock::Unknown),
    ];
    (text(), vec(content, 0..3), of(open(ToolResultStatus::ERROR)), of(text())).prop_map(
        |(tool_use_id, content, status, kind)| ToolResultBlock { tool_use_id, content, status, kind },
    )
}

fn guard_content() -> impl Strategy<Value = GuardrailConverseContentBlock> {
    let qualifiers = vec(open(GuardrailConverseContentQualifier::QUERY), 0..3);
    prop_oneof![
        (text(), qualifiers).prop_map(|(text, qualifiers)| {
            GuardrailConverseContentBlock::Text(GuardrailConverseTextBlock { text, qualifiers })
        }),
        (open(ImageFormat::JPEG), media_source()).prop_map(|(format, source)| {
            GuardrailConverseContentBlock::Image(GuardrailConverseImageBlock { format, source })
        }),
        unknown().prop_map(GuardrailConverseContentBlock::Unknown),
    ]
}

pub(crate) fn reasoning() -> impl Strategy<Value = ReasoningContentBlock> {
    prop_oneof![
        (text(), of(text())).prop_map(|(text, signature)| {
            ReasoningContentBlock::ReasoningText(ReasoningTextBlock { text, signature })
        }),
        blob().prop_map(ReasoningContentBlock::RedactedContent),
        unknown().prop_map(ReasoningContentBlock::Unknown),
    ]
}

fn range() -> impl Strategy<Value = DocumentLocation> {
    (of(any::<u64>()), of(any::<u64>()), of(any::<u64>()))
        .prop_map(|(document_index, start, end)| DocumentLocation { document_index, start, end })
}

pub(crate) fn citation() -> impl Strategy<Value = Citation> {
    let location = prop_oneof![
        (of(text()), of(text())).prop_map(|(url, domain)| CitationLocation::Web(WebLocation { url, domain })),
        range().prop_map(CitationLocation::DocumentChar),
        range().prop_map(CitationLocation::DocumentPage),
        range().prop_map(CitationLocation::DocumentChunk),
        unknown().prop_map(CitationLocation::Unknown),
    ];
    (of(text()), of(text()), vec(text_content(), 0..3), of(location)).prop_map(
        |(title, source, source_content, location)| Citation { title, source, source_content, location },
    )
}

pub(crate) fn content_block() -> impl Strategy<Value = ContentBlock> {
    prop_oneof![
        text().prop_map(ContentBlock::Text),
        image().prop_map(ContentBlock::Image),
        document_block().prop_map(ContentBlock::Document),
        (open(VideoFormat::MP4), media_source())
            .prop_map(|(format, source)| ContentBlock::Video(VideoBlock { format, source })),
        (open(AudioFormat::WAV), media_source())
            .prop_map(|(format, source)| ContentBlock::Audio(AudioBlock { format, source, error: None })),
        tool_use().prop_map(ContentBlock::ToolUse),
        tool_result().prop_map(ContentBlock::ToolResult),
        guard_content().prop_map(ContentBlock::GuardContent),
        cache_point().prop_map(ContentBlock::CachePoint),
        reasoning().prop_map(ContentBlock::ReasoningContent),
        (vec(text_content(), 0..3), vec(citation(), 0..3)).prop_map(|(content, citations)| {
            ContentBlock::CitationsContent(CitationsContentBlock { content, citations })
        }),
        of(text()).prop_map(|name| {
            let tool = ToolReference { name, ..ToolReference::default() };
            ContentBlock::ToolAddition(ToolAdditionBlock { tool })
        }),
        unknown().prop_map(ContentBlock::Unknown),
    ]
}

fn message() -> impl Strategy<Value = Message> {
    (text(), vec(content_block(), 0..5))
        .prop_map(|(role, content)| Message { role: Role::from(role), content })
}

fn tool_configuration() -> impl Strategy<Value = ToolConfiguration> {
    let tool = prop_oneof![
        (text(), of(text()), document(), of(any::<bool>())).prop_map(
            |(name, description, schema, strict)| {
                let input_schema = ToolInputSchema::Json(schema);
                Tool::ToolSpec(ToolSpecification { name, description, input_schema, strict })
            }
        ),
        text().prop_map(|name| Tool::SystemTool(SystemTool { name })),
        cache_point().prop_map(Tool::CachePoint),
        unknown().prop_map(Tool::Unknown),
    ];
    let choice = prop_oneof![
        Just(ToolChoice::Auto {}),
        Just(ToolChoice::Any {}),
        text().prop_map(|name| ToolChoice::Tool(SpecificToolChoice { name })),
        unknown().prop_map(ToolChoice::Unknown),
    ];
    (vec(tool, 0..3), of(choice)).prop_map(|(tools, tool_choice)| ToolConfiguration { tools, tool_choice })
}

/// Shares that are short in decimal: `serde_json` may miss the last bit of long ones when it reads them.
fn share() -> impl Strategy<Value = f64> {
    (0..=64_u8).prop_map(|part| f64::from(part) / 64.0)
}

fn inference() -> impl Strategy<Value = InferenceConfiguration> {
    (of(any::<u32>()), of(share()), of(share()), vec(text(), 0..3)).prop_map(
        |(max_tokens, temperature, top_p, stop_sequences)| InferenceConfiguration {
            max_tokens,
            temperature,
            top_p,
            stop_sequences,
        },
    )
}

/// An arbitrary request.
pub(crate) fn request() -> impl Strategy<Value = ConverseRequest> {
    let system = prop_oneof![
        text().prop_map(SystemContentBlock::Text),
        guard_content().prop_map(SystemContentBlock::GuardContent),
        cache_point().prop_map(SystemContentBlock::CachePoint),
        unknown().prop_map(SystemContentBlock::Unknown),
    ];
    let maps = (btree_map(text(), text_content(), 0..3), btree_map(text(), text(), 0..3));
    let others = (of(document()), vec(text(), 0..3), of(open(ServiceTierType::FLEX)), of(of(text())));
    (text(), vec(message(), 0..3), vec(system, 0..3), of(inference()), of(tool_configuration()), maps, others)
        .prop_map(|(model_id, messages, system, inference_config, tool_config, maps, others)| {
            let (prompt_variables, request_metadata) = maps;
            let (fields, additional_model_response_field_paths, tier, output) = others;
            ConverseRequest {
                model_id,
                messages,
                system,
                inference_config,
                tool_config,
                additional_model_request_fields: fields,
                prompt_variables,
                request_metadata,
                additional_model_response_field_paths,
                service_tier: tier.map(|kind| ServiceTier { kind }),
                output_config: output.map(|effort| OutputConfig { effort, ..OutputConfig::default() }),
                ..ConverseRequest::default()
            }
        })
}

fn usage() -> impl Strategy<Value = TokenUsage> {
    let detail = (open(CacheTtl::ONE_HOUR), any::<u64>())
        .prop_map(|(ttl, input_tokens)| CacheDetail { ttl, input_tokens });
    (any::<u64>(), any::<u64>(), any::<u64>(), of(any::<u64>()), of(any::<u64>()), vec(detail, 0..3))
        .prop_map(|(input_tokens, output_tokens, total_tokens, read, write, cache_details)| TokenUsage {
            input_tokens,
            output_tokens,
            total_tokens,
            cache_read_input_tokens: read,
            cache_write_input_tokens: write,
            cache_details,
        })
}

fn trace() -> impl Strategy<Value = ConverseTrace> {
    let guardrail = (vec(text(), 0..3), of(document()), of(document()), of(text())).prop_map(
        |(model_output, input_assessment, output_assessments, action_reason)| GuardrailTraceAssessment {
            model_output,
            input_assessment,
            output_assessments,
            action_reason,
        },
    );
    (of(guardrail), of(of(text()))).prop_map(|(guardrail, model)| ConverseTrace {
        guardrail,
        prompt_router: model.map(|invoked_model_id| PromptRouterTrace { invoked_model_id }),
    })
}

/// An arbitrary response around the given message's content.
pub(crate) fn response_of(
    content: impl Strategy<Value = Vec<ContentBlock>>,
) -> impl Strategy<Value = ConverseResponse> {
    let latency =
        of(any::<u64>()).prop_map(|latency| latency.map(|latency_ms| ConverseMetrics { latency_ms }));
    let tier = of(open(ServiceTierType::FLEX)).prop_map(|tier| tier.map(|kind| ServiceTier { kind }));
    (content, text(), of(usage()), latency, of(document()), of(trace()), tier).prop_map(
        |(content, reason, usage, metrics, additional, trace, service_tier)| ConverseResponse {
            output: ConverseOutput::Message(Message { role: Role::Assistant, content }),
            stop_reason: Some(StopReason::from(reason)),
            usage,
            metrics,
            additional_model_response_fields: additional,
            trace,
            performance_config: None,
            service_tier,
        },
    )
}

/// An arbitrary response.
pub(crate) fn response() -> impl Strategy<Value = ConverseResponse> {
    response_of(vec(content_block(), 0..5))
}
