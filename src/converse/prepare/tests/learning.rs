//! What errors of the service teach.

use super::super::learn::{Refusal, apply, learn};
use super::super::{CacheRetention, ThinkingLevel};
use super::*;
use crate::classify::classify_code;
use crate::converse::ToolChoice;
use crate::{ServiceClass, ServiceFailure};

fn failure(code: &str, message: &str) -> ServiceFailure {
    ServiceFailure {
        class: classify_code(code, message, 400),
        status: 400,
        code: code.to_owned(),
        message: message.to_owned(),
        request_id: None,
        original_status: None,
        original_message: None,
        attempts: 1,
        waited_ms: 0,
    }
}

fn learned(message: &str) -> Option<Refusal> {
    learn(&failure("ValidationException", message))
}

/// Every sentence is read as it is, and as the service passes it on from the model.
fn check(sentences: impl IntoIterator<Item = (&'static str, Refusal)>) {
    for (message, expected) in sentences {
        assert_eq!(learned(message), Some(expected.clone()), "{message}");
        let passed_on = format!("The model returned the following errors: {message}");
        assert_eq!(learned(&passed_on), Some(expected), "{message}");
    }
}

#[test]
fn sentences_with_a_fields_name_say_what_was_refused() {
    check([
        ("`temperature` is deprecated for this model.", Refusal::Temperature),
        ("`top_p` is deprecated for this model.", Refusal::TopP),
        (
            "`temperature` and `top_p` cannot both be specified for this model. Please use only one.",
            Refusal::TemperatureWithTopP,
        ),
        ("tools.0.custom.strict: Extra inputs are not permitted", Refusal::StrictTools),
        ("output_config.format: Extra inputs are not permitted", Refusal::NativeSchema),
        ("thinking.display: Extra inputs are not permitted", Refusal::Field("thinking.display".to_owned())),
        ("reasoning_effort: Extra inputs are not permitted", Refusal::Field("reasoning_effort".to_owned())),
        (
            "messages.0.content.1.text.cache_control.ttl: Extra inputs are not permitted",
            Refusal::CacheLifetime,
        ),
        (
            "thinking.adaptive.display: Extra inputs are not permitted",
            Refusal::Field("thinking.display".to_owned()),
        ),
        (
            "tools.20.custom.cache_control.ephemeral.ttl: Extra inputs are not permitted",
            Refusal::CacheLifetime,
        ),
        (
            "Malformed input request: #: extraneous key [top_k] is not permitted, please reformat your input.",
            Refusal::TopK,
        ),
        (
            "Malformed input request: #: extraneous key [mirostat] is not permitted",
            Refusal::Field("mirostat".to_owned()),
        ),
        ("extraneous key [cachePoint] is not permitted", Refusal::CachePoints),
    ]);
}

#[test]
fn sentences_about_messages_say_what_was_refused() {
    check([
        (
            "A conversation must end with a user message. Try again with a conversation that ends with a user \
             message.",
            Refusal::Prefill,
        ),
        (
            "messages.2.content: Conversation blocks and tool result blocks cannot be provided in the same turn.",
            Refusal::TextBesideResults,
        ),
    ]);
}

#[test]
fn sentences_about_thinking_say_what_was_refused() {
    check([
        (
            "\"thinking.type.enabled\" is not supported for this model. Use \"thinking.type.adaptive\" and \
             \"output_config.effort\" to control thinking behavior.",
            Refusal::BudgetThinking,
        ),
        ("adaptive thinking is not supported on this model", Refusal::AdaptiveThinking),
        (
            "thinking: Input tag 'adaptive' found using 'type' does not match any of the expected tags: 'disabled', \
             'enabled'",
            Refusal::AdaptiveThinking,
        ),
        (
            "thinking: Input tag 'enabled' found using 'type' does not match any of the expected tags: 'adaptive', \
             'disabled'",
            Refusal::BudgetThinking,
        ),
    ]);
}

#[test]
fn sentences_of_the_service_say_what_was_refused() {
    check([
        (
            "Invocation of model ID x with on-demand throughput isn\u{2019}t supported. Retry your request with the ID or \
             ARN of an inference profile that contains this model.",
            Refusal::OnDemand,
        ),
        ("The model is unsupported for streaming.", Refusal::Streaming),
        ("This model doesn't support tool use in streaming mode.", Refusal::StreamingTools),
        ("This model doesn't support tool use.", Refusal::Tools),
        (
            "This model doesn't support the toolConfig.toolChoice.any field. Remove toolConfig.toolChoice.any and try \
             again.",
            Refusal::ToolChoice(ToolChoices::Auto),
        ),
        (
            "This model doesn't support the toolConfig.toolChoice.tool field. Remove it and try again.",
            Refusal::ToolChoice(ToolChoices::Any),
        ),
        ("Thinking may not be enabled when tool_choice forces tool use.", Refusal::ForcedWhileThinking),
        (
            "This model doesn't support the stopSequences field. Remove stopSequences and try again.",
            Refusal::StopSequences,
        ),
        ("This model doesn't support the status field. Remove status and try again.", Refusal::ResultStatus),
        ("invalid beta flag", Refusal::BetaFlags),
        (
            "The maximum tokens you requested exceeds the model limit of 8192. Try again with a maximum tokens \
             value that is lower than 8192.",
            Refusal::OutputLimit(8_192),
        ),
        (
            "max_tokens: 128000 > 64000, which is the maximum allowed number of output tokens for claude-x",
            Refusal::OutputLimit(64_000),
        ),
        (
            "This model does not support assistant message prefill. The conversation must end with a user message.",
            Refusal::Prefill,
        ),
        (
            "This model doesn't support system messages. Try again without a system message.",
            Refusal::SystemPrompt,
        ),
        (
            "This model doesn't support the image content block that you provided.",
            Refusal::Medium(Medium::Image),
        ),
    ]);
    let caching = "You invoked an unsupported model or your request did not allow prompt caching. See the documentation.";
    assert_eq!(learn(&failure("AccessDeniedException", caching)), Some(Refusal::CachePoints));
}

#[test]
fn other_errors_teach_nothing() {
    for message in [
        "",
        "Malformed input request: #/messages/0: required key [role] not found",
        "messages.0.content.0.text: Extra inputs are not permitted",
        "tools.0: Extra inputs are not permitted",
        "Input is too long for requested model.",
        ": Extra inputs are not permitted",
        "max_tokens exceeds the model limit of none",
        "exceeds the model limit of 99999999999999999999",
    ] {
        assert_eq!(learned(message), None, "{message}");
    }
    let mut busy = failure("ThrottlingException", "The model is unsupported for streaming.");
    busy.class = ServiceClass::Throttled;
    assert_eq!(learn(&busy), None);
}

/// A refusal, and a request that is prepared in another way once it is known.
type Lesson = (Refusal, ConverseRequest, ModelFacts, PrepareOptions);

fn talk() -> ConverseRequest {
    with_tools(json!([user("hi"), assistant("so")]))
        .system("Be brief.")
        .temperature(0.5)
        .top_p(0.5)
        .stop_sequence("x")
        .tool_choice(ToolChoice::Any {})
        .additional_model_request_fields(json!({"top_k": 5, "mirostat": 1, "anthropic_beta": ["b"]}))
}

fn lessons() -> Vec<Lesson> {
    let ask = || request(json!({"messages": [user("hi")]}));
    let level = |level| PrepareOptions { thinking: Some(level), ..PrepareOptions::default() };
    let mut strict = talk();
    if let Some(crate::converse::Tool::ToolSpec(spec)) =
        strict.tool_config.as_mut().unwrap().tools.first_mut()
    {
        spec.strict = Some(true);
    }
    let called = json!({"role": "assistant", "content": [call("a")]});
    let beside = json!({"role": "user", "content": [result("a"), {"text": "and?"}]});
    let beside = with_tools(json!([user("hi"), called.clone(), beside]));
    let failed = json!({"toolResult": {"toolUseId": "a", "content": [{"text": "?"}], "status": "error"}});
    let failed = json!([user("hi"), called, {"role": "user", "content": [failed]}]);
    let schema =
        super::super::AnswerSchema { schema: json!({"properties": {}}).into(), ..Default::default() };
    let native = ModelFacts { structured_output: StructuredOutput::Native, ..able() };
    let cached = |retention| PrepareOptions { cache: Some(retention), ..PrepareOptions::default() };
    let plain = PrepareOptions::default;
    vec![
        (Refusal::Field("mirostat".to_owned()), talk(), able(), plain()),
        (Refusal::Temperature, talk(), able(), plain()),
        (Refusal::TopP, talk(), able(), plain()),
        (Refusal::TopK, talk(), able(), plain()),
        (Refusal::TemperatureWithTopP, talk(), able(), plain()),
        (Refusal::StopSequences, talk(), able(), plain()),
        (Refusal::OutputLimit(8_192), talk(), able(), plain()),
        (Refusal::Tools, talk(), able(), plain()),
        (Refusal::ToolChoice(ToolChoices::Auto), talk(), able(), plain()),
        (Refusal::StrictTools, strict, able(), plain()),
        (Refusal::TextBesideResults, beside, able(), plain()),
        (Refusal::ResultStatus, with_tools(failed), able(), plain()),
        (Refusal::CachePoints, with_tools(json!([user("hi")])), able(), cached(CacheRetention::Short)),
        (Refusal::CacheLifetime, with_tools(json!([user("hi")])), able(), cached(CacheRetention::Long)),
        (Refusal::NativeSchema, talk(), native, PrepareOptions { schema: Some(schema), ..plain() }),
        (Refusal::BudgetThinking, ask(), able(), level(ThinkingLevel::Low)),
        (Refusal::AdaptiveThinking, ask(), adaptive(), level(ThinkingLevel::Low)),
        (Refusal::BetaFlags, talk(), able(), plain()),
        (Refusal::Prefill, talk(), able(), plain()),
        (Refusal::SystemPrompt, talk(), able(), plain()),
        (
            Refusal::Medium(Medium::Image),
            request(json!({"messages": [{"role": "user", "content": [{"text": "see"},
                {"image": {"format": "png", "source": {"bytes": "iVBORw0KGgo="}}}]}]})),
            able(),
            plain(),
        ),
    ]
}

#[test]
fn what_was_learned_makes_another_request() {
    for (refusal, request, facts, options) in lessons() {
        let (mut new_facts, mut new_options) = (facts.clone(), options.clone());
        assert!(apply(&refusal, &mut new_facts, &mut new_options), "{refusal:?}");
        let first = prepare(request.clone(), &facts, &options).request;
        let second = prepare(request, &new_facts, &new_options).request;
        assert_ne!(first, second, "{refusal:?}");
        assert!(!apply(&refusal, &mut new_facts, &mut new_options), "{refusal:?} learned twice");
    }
}

#[test]
fn some_refusals_are_for_the_caller_to_act_on() {
    let (mut facts, mut options) = (able(), PrepareOptions::default());
    assert!(!apply(&Refusal::OnDemand, &mut facts, &mut options));
    assert!(apply(&Refusal::Streaming, &mut facts, &mut options) && !facts.streams);
    assert!(apply(&Refusal::StreamingTools, &mut facts, &mut options) && !facts.tools.streaming);
}

#[test]
fn a_medium_that_was_refused_is_left_out_even_where_nothing_else_is_known() {
    let given = request(json!({"messages": [{"role": "user", "content": [{"text": "see"},
        {"image": {"format": "png", "source": {"bytes": "iVBORw0KGgo="}}}]}]}));
    let (mut facts, mut options) = (of(Family::Unknown), PrepareOptions::default());
    assert_eq!(prepare(given.clone(), &facts, &options).request, given);
    assert!(apply(&Refusal::Medium(Medium::Image), &mut facts, &mut options));
    assert_eq!(rules(&prepare(given, &facts, &options)), ["media-support"]);
}
