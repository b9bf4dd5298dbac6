//! The catalogue's own rows through the rules: models that exist.

use super::super::{CacheRetention, ThinkingLevel};
use super::*;
use crate::catalog::{ModelId, facts};

/// The prepared request to a model, as JSON.
fn body(id: &str, request: ConverseRequest, options: &PrepareOptions) -> Value {
    let id = ModelId::parse(id).unwrap();
    serde_json::to_value(prepare(request, &facts(&id, None).facts, options).request).unwrap()
}

fn ask() -> ConverseRequest {
    request(json!({"messages": [user("hi")]}))
}

#[test]
fn each_model_is_asked_to_think_in_its_own_way() {
    let adaptive = |effort: &str| json!({"thinking": {"type": "adaptive", "display": "summarized"}, "output_config": {"effort": effort}});
    let budget = |tokens: u32| json!({"thinking": {"type": "enabled", "budget_tokens": tokens}});
    for (id, level, expected) in [
        ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", ThinkingLevel::High, budget(16_384)),
        ("eu.anthropic.claude-haiku-4-5-20251001-v1:0", ThinkingLevel::Minimal, budget(1_024)),
        ("us.anthropic.claude-sonnet-4-6", ThinkingLevel::Xhigh, adaptive("high")),
        ("global.anthropic.claude-opus-4-7", ThinkingLevel::Xhigh, adaptive("xhigh")),
        (
            "us.amazon.nova-2-lite-v1:0",
            ThinkingLevel::Max,
            json!({"reasoningConfig": {"type": "enabled", "maxReasoningEffort": "high"}}),
        ),
        ("amazon.nova-lite-v1:0", ThinkingLevel::High, Value::Null),
        ("openai.gpt-oss-120b-1:0", ThinkingLevel::Low, json!({"reasoning_effort": "low"})),
        ("us.deepseek.r1-v1:0", ThinkingLevel::High, Value::Null),
        ("us.meta.llama3-3-70b-instruct-v1:0", ThinkingLevel::High, Value::Null),
    ] {
        let options = PrepareOptions { thinking: Some(level), ..PrepareOptions::default() };
        let sent = body(id, ask(), &options);
        assert_eq!(sent.get("additionalModelRequestFields").unwrap_or(&Value::Null), &expected, "{id}");
    }
}

#[test]
fn a_claude_answers_as_long_as_it_can() {
    for (id, limit) in [
        ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", json!({"maxTokens": 64_000})),
        ("anthropic.claude-3-haiku-20240307-v1:0", json!({"maxTokens": 4_096})),
        ("amazon.nova-lite-v1:0", Value::Null),
    ] {
        let sent = body(id, ask(), &PrepareOptions::default());
        assert_eq!(sent.get("inferenceConfig").unwrap_or(&Value::Null), &limit, "{id}");
    }
    let options = PrepareOptions { thinking: Some(ThinkingLevel::High), ..PrepareOptions::default() };
    let sent = body("us.anthropic.claude-sonnet-4-5-20250929-v1:0", ask().max_tokens(32_000), &options);
    assert_eq!(sent["inferenceConfig"], json!({"maxTokens": 48_384}));
}

#[test]
fn sampling_that_new_models_refuse_is_not_sent() {
    let both = || ask().temperature(0.5).top_p(0.9).max_tokens(100);
    for (id, expected) in [
        ("global.anthropic.claude-opus-4-7", json!({"maxTokens": 100})),
        ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", json!({"maxTokens": 100, "temperature": 0.5})),
        ("amazon.nova-lite-v1:0", json!({"maxTokens": 100, "temperature": 0.5, "topP": 0.9})),
    ] {
        assert_eq!(body(id, both(), &PrepareOptions::default())["inferenceConfig"], expected, "{id}");
    }
}

#[test]
fn prompts_are_cached_as_each_model_takes_it() {
    let (short, hour) = (json!({"type": "default"}), json!({"type": "default", "ttl": "1h"}));
    let (by_itself, wish) = (None, |retention| Some(retention));
    for (id, cache, expected) in [
        ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", by_itself, Some(&short)),
        ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", wish(CacheRetention::Long), Some(&hour)),
        ("us.anthropic.claude-opus-4-1-20250805-v1:0", wish(CacheRetention::Long), Some(&short)),
        ("amazon.nova-lite-v1:0", by_itself, None),
        ("amazon.nova-lite-v1:0", wish(CacheRetention::Long), Some(&short)),
        ("us.meta.llama3-3-70b-instruct-v1:0", wish(CacheRetention::Short), None),
    ] {
        let options = PrepareOptions { cache, ..PrepareOptions::default() };
        let sent = body(id, ask().system("Be brief."), &options);
        for place in ["/system/1/cachePoint", "/messages/0/content/1/cachePoint"] {
            assert_eq!(sent.pointer(place), expected, "{id} {cache:?} {place}");
        }
    }
}

#[test]
fn a_model_that_is_not_known_gets_what_was_asked() {
    let image = json!({"image": {"format": "png", "source": {"bytes": "iVBORw0KGgo="}}});
    let given = request(
        json!({"messages": [{"role": "user", "content": [{"text": "see"}, image, {"cachePoint": {"type": "default"}}]}],
        "inferenceConfig": {"maxTokens": 5, "temperature": 0.5, "stopSequences": ["x"]}}),
    );
    let id = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abcdefghijkl";
    let sent = body(id, given.clone(), &PrepareOptions::default());
    assert_eq!(sent, serde_json::to_value(&given).unwrap());
    // Of others it is known that they neither see nor cache.
    let known = body("writer.palmyra-x5-v1:0", given, &PrepareOptions::default());
    assert_eq!(
        known["messages"][0]["content"],
        json!([{"text": "see"}, {"text": "(image omitted: this model does not read images)"}])
    );
}
