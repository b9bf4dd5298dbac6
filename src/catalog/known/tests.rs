//! Facts of models by id, profile, ARN and name: limits, thinking, cache points, tools, prices, overrides.

use super::{FactOverrides, FactSource, KnownModel, facts, facts_with, is_known};
use crate::catalog::facts::{Effort, Family, Medium, Price, StructuredOutput, Thinking, ToolChoices, TopK};
use crate::catalog::{ModelId, name};
use proptest::prelude::*;

fn id(text: &str) -> ModelId {
    ModelId::parse(text).unwrap_or_else(|| panic!("{text}"))
}

fn known(text: &str) -> KnownModel {
    facts(&id(text), None)
}

/// The models whose windows OpenClaw knows, which all have a row here, with the window of the row.
const WINDOWS: [(&str, u32); 49] = [
    ("anthropic.claude-opus-4-8", 1_000_000),
    ("anthropic.claude-opus-4-7", 1_000_000),
    ("anthropic.claude-opus-4-6-v1", 1_000_000),
    ("anthropic.claude-sonnet-4-6", 1_000_000),
    ("anthropic.claude-sonnet-4-5-20250929-v1:0", 200_000),
    ("anthropic.claude-sonnet-4-20250514-v1:0", 200_000),
    ("anthropic.claude-opus-4-5-20251101-v1:0", 200_000),
    ("anthropic.claude-opus-4-1-20250805-v1:0", 200_000),
    ("anthropic.claude-haiku-4-5-20251001-v1:0", 200_000),
    ("anthropic.claude-3-7-sonnet-20250219-v1:0", 200_000),
    ("anthropic.claude-3-5-haiku-20241022-v1:0", 200_000),
    ("anthropic.claude-3-haiku-20240307-v1:0", 200_000),
    ("amazon.nova-premier-v1:0", 1_000_000),
    ("amazon.nova-pro-v1:0", 300_000),
    ("amazon.nova-lite-v1:0", 300_000),
    ("amazon.nova-2-lite-v1:0", 1_000_000),
    ("amazon.nova-micro-v1:0", 128_000),
    ("minimax.minimax-m2", 196_608),
    ("minimax.minimax-m2.1", 196_000),
    ("minimax.minimax-m2.5", 196_000),
    ("meta.llama4-maverick-17b-instruct-v1:0", 1_000_000),
    ("meta.llama4-scout-17b-instruct-v1:0", 3_500_000),
    ("meta.llama3-3-70b-instruct-v1:0", 128_000),
    ("meta.llama3-2-90b-instruct-v1:0", 128_000),
    ("meta.llama3-2-11b-instruct-v1:0", 128_000),
    ("meta.llama3-2-3b-instruct-v1:0", 128_000),
    ("meta.llama3-2-1b-instruct-v1:0", 128_000),
    ("meta.llama3-1-405b-instruct-v1:0", 128_000),
    ("meta.llama3-1-70b-instruct-v1:0", 128_000),
    ("meta.llama3-1-8b-instruct-v1:0", 128_000),
    ("nvidia.nemotron-super-3-120b", 256_000),
    ("nvidia.nemotron-nano-3-30b", 256_000),
    ("nvidia.nemotron-nano-12b-v2", 128_000),
    ("nvidia.nemotron-nano-9b-v2", 128_000),
    ("mistral.mistral-large-3-675b-instruct", 256_000),
    ("mistral.mistral-large-2407-v1:0", 128_000),
    ("mistral.mistral-small-2402-v1:0", 32_000),
    ("deepseek.r1-v1:0", 128_000),
    ("deepseek.v3.2", 163_840),
    ("cohere.command-r-plus-v1:0", 128_000),
    ("ai21.jamba-1-5-large-v1:0", 256_000),
    ("google.gemma-3-27b-it", 128_000),
    ("zai.glm-5", 200_000),
    ("zai.glm-4.7", 203_000),
    ("zai.glm-4.7-flash", 203_000),
    ("qwen.qwen3-coder-next", 256_000),
    ("qwen.qwen3-coder-30b-a3b-v1:0", 262_144),
    ("qwen.qwen3-32b-v1:0", 32_768),
    ("qwen.qwen3-vl-235b-a22b", 256_000),
];

#[test]
fn windows_are_known_for_every_geography_and_arn() {
    for (base, window) in WINDOWS {
        let account = "arn:aws-us-gov:bedrock:us-gov-west-1:123456789012";
        let mut ids = vec![
            base.to_owned(),
            format!("amazon-bedrock/{base}"),
            format!("arn:aws:bedrock:us-east-1::foundation-model/{base}"),
            format!("{account}:inference-profile/us-gov.{base}"),
        ];
        for geography in ["us", "eu", "apac", "ap", "au", "jp", "global", "us-gov", "ca", "uk", "xx"] {
            ids.push(format!("{geography}.{base}"));
        }
        for text in ids {
            let known = known(&text);
            assert_eq!(known.id, Some(base), "{text}");
            assert_eq!(known.facts.context_window, Some(window), "{text}");
            assert_eq!(known.sources.context_window, FactSource::Row, "{text}");
            assert!(is_known(&id(&text)), "{text}");
        }
    }
}

fn adaptive(xhigh: bool, max: bool, mandatory: bool, default_effort: Option<Effort>) -> Thinking {
    Thinking::Adaptive { xhigh, max, mandatory, default_effort }
}

#[test]
fn thinking_sampling_and_prefill_of_claude() {
    let high = Some(Effort::High);
    let medium = Some(Effort::Medium);
    for (name, thinking, samples, prefill) in [
        ("claude-3-5-sonnet", Thinking::None, true, true),
        ("claude-3-7-sonnet", Thinking::Budget, true, true),
        ("claude-sonnet-4", Thinking::Budget, true, true),
        ("claude-opus-4-1", Thinking::Budget, true, true),
        ("claude-haiku-4-5", Thinking::Budget, true, true),
        ("claude-opus-4-5", Thinking::Budget, true, true),
        ("claude-sonnet-4-6", adaptive(false, false, false, None), true, false),
        ("claude-opus-4-6", adaptive(false, true, false, None), true, false),
        ("claude-opus-4-7", adaptive(true, true, false, None), false, false),
        ("claude-opus-4-8", adaptive(true, true, false, None), false, false),
        ("claude-opus-5", adaptive(true, true, false, high), false, false),
        ("claude-opus-5-5", adaptive(true, true, true, high), false, false),
        ("claude-sonnet-5", adaptive(true, true, true, high), false, false),
        ("claude-sonnet-5-5", adaptive(true, true, true, high), false, false),
        ("claude-fable-5", adaptive(true, true, true, medium), false, false),
        ("claude-fable-5-1", adaptive(true, true, true, medium), false, false),
        ("claude-mythos-5", adaptive(true, true, true, high), false, false),
        ("claude-mythos-preview", adaptive(false, false, true, high), false, false),
        ("claude-haiku-5-5", adaptive(false, false, false, None), false, false),
    ] {
        let forms = [
            (name.to_owned(), None),
            (format!("us.anthropic.{name}"), None),
            (format!("xx.anthropic.{name}-20270101-v1:0"), None),
            (format!("anthropic/{}", name.replace('-', "_")), None),
            ("arn:aws:bedrock:eu-west-1:1:application-inference-profile/abc".to_owned(), Some(name)),
        ];
        for (text, shown) in forms {
            let facts = facts(&id(&text), shown).facts;
            assert_eq!(facts.family, Family::Claude, "{text}");
            assert_eq!(facts.thinking, thinking, "{text}");
            assert_eq!((facts.sampling.temperature, facts.sampling.top_p), (samples, samples), "{text}");
            assert_eq!(facts.prefill, prefill, "{text}");
        }
    }
}

#[test]
fn temperature_and_top_p_exclude_each_other_from_claude_4_1_to_4_6() {
    for (name, both) in [
        ("claude-sonnet-4", true),
        ("claude-opus-4-1", false),
        ("claude-sonnet-4-5", false),
        ("claude-sonnet-4-6", false),
        ("amazon.nova-lite-v1:0", true),
        ("acme.new-1", false),
    ] {
        assert_eq!(known(name).facts.sampling.temperature_with_top_p, both, "{name}");
    }
}

#[test]
fn a_claude_that_is_not_known_follows_the_newest_rules() {
    for (text, rules) in [
        ("anthropic.claude-opus-6-2-20270101-v1:0", "claude-opus-5-5"),
        ("xx.anthropic.claude-epos-6", "claude"),
        ("arn:aws:bedrock:us-east-1:1:application-inference-profile/team-claude", "claude"),
    ] {
        let known = known(text);
        assert_eq!((known.id, known.rules), (None, rules), "{text}");
        assert!(matches!(known.facts.thinking, Thinking::Adaptive { .. }), "{text}");
        assert!(!known.facts.sampling.temperature && !known.facts.prefill, "{text}");
        assert_eq!(known.sources.thinking, FactSource::Family, "{text}");
        assert_eq!((known.facts.price, known.sources.price), (None, FactSource::Unknown), "{text}");
    }
}

#[test]
fn cache_points_stand_where_a_model_takes_them() {
    // System, tools, messages, one hour, without being asked.
    let claude = [true, true, true, false, true];
    let hour = [true, true, true, true, true];
    let nova = [true, false, true, false, false];
    let none = [false; 5];
    for (name, expected) in [
        ("claude-3-haiku", none),
        ("claude-3-5-sonnet", none),
        ("claude-3-5-haiku", claude),
        ("claude-3-7-sonnet", claude),
        ("claude-sonnet-4", claude),
        ("claude-opus-4-1", claude),
        ("claude-haiku-4-5", hour),
        ("claude-sonnet-4-5", hour),
        ("claude-opus-4-5", hour),
        ("claude-sonnet-4-6", hour),
        ("claude-opus-4-8", hour),
        ("claude-opus-5", hour),
        ("claude-sonnet-5-5", hour),
        ("claude-haiku-5-5", hour),
        ("claude-fable-5-1", hour),
        ("claude-mythos-5", hour),
        ("claude-epos-6", claude),
        ("us.amazon.nova-micro-v1:0", nova),
        ("amazon.nova-premier-v1:0", nova),
        ("amazon.nova-2-lite-v1:0", nova),
        ("meta.llama3-3-70b-instruct-v1:0", none),
        ("openai.gpt-6-sol", none),
        ("acme.new-1", none),
    ] {
        let cache = known(name).facts.cache;
        let points = [cache.system, cache.tools, cache.messages, cache.one_hour, cache.by_default];
        assert_eq!(points, expected, "{name}");
    }
}

#[test]
fn tools_by_family() {
    use ToolChoices::{Absent, Any, Auto, Named};
    for (name, supported, streaming, choice) in [
        ("claude-haiku-4-5", true, true, Named),
        ("claude-opus-5", true, true, Named),
        ("claude-sonnet-5-5", true, true, Auto),
        ("claude-fable-5", true, true, Auto),
        ("amazon.nova-lite-v1:0", true, true, Named),
        ("amazon.nova-3-lite-v1:0", true, true, Named),
        ("global.openai.gpt-6-sol", true, true, Named),
        ("global.xai.grok-4.7", true, true, Named),
        ("mistral.mistral-large-2407-v1:0", true, false, Any),
        ("mistral.mistral-large-3-675b-instruct", true, true, Any),
        ("mistral.mistral-7b-instruct-v0:2", false, false, Absent),
        ("deepseek.v3-v1:0", true, true, Any),
        ("deepseek.r1-v1:0", false, false, Absent),
        ("meta.llama3-1-70b-instruct-v1:0", true, false, Auto),
        ("meta.llama3-2-90b-instruct-v1:0", true, false, Auto),
        ("meta.llama3-2-1b-instruct-v1:0", false, false, Absent),
        ("meta.llama3-3-70b-instruct-v1:0", true, false, Auto),
        ("meta.llama4-scout-17b-instruct-v1:0", true, false, Auto),
        ("amazon.titan-text-express-v1", false, false, Absent),
        ("acme.new-1", true, true, Absent),
    ] {
        let tools = known(name).facts.tools;
        assert_eq!(
            (tools.supported, tools.streaming, tools.choice),
            (supported, streaming, choice),
            "{name}"
        );
    }
}

#[test]
fn thinking_of_the_other_families() {
    for (name, family, thinking) in [
        ("amazon.nova-lite-v1:0", Family::Nova, Thinking::None),
        ("amazon.nova-2-lite-v1:0", Family::Nova, Thinking::NovaEffort),
        ("amazon.nova-3-lite-v1:0", Family::Nova, Thinking::NovaEffort),
        ("openai.gpt-oss-20b-1:0", Family::GptOss, Thinking::FlatEffort),
        ("openai.gpt-5.6-sol", Family::Gpt, Thinking::NestedEffort),
        ("openai.gpt-7", Family::Gpt, Thinking::NestedEffort),
        ("deepseek.v3.2", Family::DeepSeek, Thinking::FlatEffort),
        ("deepseek.r1-v1:0", Family::DeepSeek, Thinking::None),
        ("xai.grok-4.7", Family::Grok, Thinking::None),
        ("moonshot.kimi-k2-thinking", Family::Kimi, Thinking::None),
        ("qwen.qwen3-32b-v1:0", Family::Qwen, Thinking::None),
        ("acme.new-1", Family::Unknown, Thinking::None),
    ] {
        let facts = known(name).facts;
        assert_eq!((facts.family, facts.thinking), (family, thinking), "{name}");
    }
}

#[test]
fn what_some_models_refuse_is_not_taken_from_the_unknown() {
    let KnownModel { facts, sources, rules, .. } = known("acme.new-1");
    assert_eq!((rules, sources.habits, facts.family), ("any", FactSource::Default, Family::Unknown));
    assert_eq!((facts.context_window, facts.max_output_tokens, facts.price), (None, None, None));
    assert_eq!(facts.input, [Medium::Text]);
    assert_eq!(facts.sampling.top_k, TopK::Refused);
    assert_eq!(facts.structured_output, StructuredOutput::Prompt);
    assert!(!facts.prefill && !facts.tools.images_in_results && !facts.tools.schema_refs);
}

#[test]
fn names_that_are_no_models_tell_nothing() {
    for text in [
        "arn:aws:bedrock:us-east-1:123456789012:default-prompt-router/anthropic.claude:1",
        "arn:aws:bedrock:us-east-1:123456789012:imported-model/claude",
        "arn:aws:sagemaker:us-east-1:123456789012:endpoint/claude-opus-5",
    ] {
        assert_eq!(known(text).rules, "any", "{text}");
    }
}

#[test]
fn prices_follow_the_geography_of_the_id() {
    let input = |text: &str, name| facts(&id(text), name).facts.price.map(|price| price.input);
    let haiku = "anthropic.claude-haiku-4-5-20251001-v1:0";
    let profile = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc";
    assert_eq!(input(haiku, None), Some(1.0));
    assert_eq!(input(&format!("global.{haiku}"), None), Some(1.0));
    assert_eq!(input(&format!("us.{haiku}"), None), Some(1.1));
    assert_eq!(input(&format!("arn:aws:bedrock:eu-west-1:1:inference-profile/eu.{haiku}"), None), Some(1.1));
    assert_eq!(input(profile, Some("Claude Haiku 4.5")), None);
    assert_eq!(input(profile, Some("Llama 3.3 70B Instruct")), Some(0.72));
}

#[test]
fn a_display_name_tells_what_an_id_does_not() {
    let profile = id("arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc");
    for (name, row) in [
        ("Claude Opus 4.8", Some("anthropic.claude-opus-4-8")),
        ("Nova Lite", Some("amazon.nova-lite-v1:0")),
        ("gpt-oss-120b", Some("openai.gpt-oss-120b-1:0")),
        ("anthropic.claude-opus-4-8", Some("anthropic.claude-opus-4-8")),
        ("My team's profile", None),
    ] {
        assert_eq!(facts(&profile, Some(name)).id, row, "{name}");
    }
    // An id that tells wins over the name.
    assert_eq!(facts(&id("amazon.nova-pro-v1:0"), Some("Claude Opus 4.8")).id, Some("amazon.nova-pro-v1:0"));
}

#[test]
fn overrides_win_one_by_one() {
    let nova = id("amazon.nova-lite-v1:0");
    let plain = facts(&nova, None);
    assert_eq!(facts_with(&nova, None, &FactOverrides::default()).facts, plain.facts);

    let price = Price { input: 1.0, output: 2.0, cache_read: None, cache_write: None };
    let overrides = FactOverrides {
        context_window: Some(1000),
        input: Some(vec![Medium::Image]),
        price: Some(price),
        ..FactOverrides::default()
    };
    let known = facts_with(&nova, None, &overrides);
    assert_eq!(
        (known.facts.context_window, known.sources.context_window),
        (Some(1000), FactSource::Override)
    );
    assert_eq!(
        (known.facts.input, known.sources.input),
        (vec![Medium::Text, Medium::Image], FactSource::Override)
    );
    assert_eq!((known.facts.price, known.sources.price), (Some(price), FactSource::Override));
    assert_eq!(known.facts.max_output_tokens, plain.facts.max_output_tokens);
    assert_eq!(known.sources.max_output_tokens, FactSource::Row);
}

#[test]
fn a_canonical_model_lends_its_facts_to_an_opaque_id() {
    let profile = id("arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc");
    for canonical in
        ["claude-opus-4.8", "anthropic.claude-opus-4-8", "amazon-bedrock/us.anthropic.claude-opus-4-8"]
    {
        let overrides =
            FactOverrides { canonical_model: Some(canonical.to_owned()), ..FactOverrides::default() };
        let known = facts_with(&profile, None, &overrides);
        assert_eq!(known.id, Some("anthropic.claude-opus-4-8"), "{canonical}");
    }
}

#[test]
fn reasoning_can_be_switched_off_unless_it_is_mandatory() {
    let with = |text: &str, reasoning| {
        let overrides = FactOverrides { reasoning: Some(reasoning), ..FactOverrides::default() };
        facts_with(&id(text), None, &overrides).facts.thinking
    };
    assert_eq!(with("claude-haiku-4-5", false), Thinking::None);
    assert_eq!(with("claude-haiku-4-5", true), Thinking::Budget);
    assert_eq!(with("claude-opus-4-8", false), Thinking::None);
    assert!(matches!(with("claude-sonnet-5", false), Thinking::Adaptive { mandatory: true, .. }));
    assert_eq!(with("acme.new-1", true), Thinking::None);
}

#[test]
fn documents_say_where_values_were_read() {
    let documents = known("amazon.nova-2-lite-v1:0").documents();
    assert!(documents.contains(&("contextWindow", "AWS")), "{documents:?}");
    assert!(
        documents.iter().any(|(member, text)| *member == "note" && text.contains("300000")),
        "{documents:?}"
    );
    assert!(known("acme.new-1").documents().is_empty());
}

#[test]
fn names_of_rows_lead_back_to_them() {
    for (name, row) in [
        ("Claude Haiku 4.5", "anthropic.claude-haiku-4-5-20251001-v1:0"),
        ("Nova 2 Lite", "amazon.nova-2-lite-v1:0"),
        ("Llama 3.3 70B Instruct", "meta.llama3-3-70b-instruct-v1:0"),
    ] {
        let known = known(row);
        assert_eq!(known.name, Some(name));
        assert_eq!(name::core(row), name::slug(name));
    }
}

proptest! {
    #[test]
    fn any_id_and_name_have_facts(text in ".{1,60}", name in proptest::option::of(".{0,40}")) {
        if let Some(id) = ModelId::parse(&text) {
            let known = facts(&id, name.as_deref());
            prop_assert!(known.facts.input.contains(&Medium::Text));
        }
    }
}
