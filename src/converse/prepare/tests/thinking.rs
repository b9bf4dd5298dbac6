//! Thinking, and what depends on it: sampling, stop sequences, limits, prefill.

use super::super::{ThinkingDisplay, ThinkingLevel};
use super::*;
use crate::Region;

fn level(level: ThinkingLevel) -> PrepareOptions {
    PrepareOptions { thinking: Some(level), ..PrepareOptions::default() }
}

fn ask() -> ConverseRequest {
    request(json!({"messages": [user("hi")]}))
}

fn fields(prepared: &Prepared) -> Value {
    prepared
        .request
        .additional_model_request_fields
        .as_ref()
        .map_or(Value::Null, |fields| fields.to_value().unwrap())
}

fn config(prepared: &Prepared) -> Value {
    serde_json::to_value(&prepared.request.inference_config).unwrap()
}

/// Notes about a place.
fn notes<'a>(prepared: &'a Prepared, what: &str) -> Vec<&'a Adjustment> {
    prepared.adjustments.iter().filter(|note| note.what == what).collect()
}

#[test]
fn levels_become_budgets_that_leave_room_for_the_answer() {
    for (wish, limit, budget, raised) in [
        (ThinkingLevel::Minimal, Some(500), 1_024, 1_524),
        (ThinkingLevel::Low, Some(500), 2_048, 2_548),
        (ThinkingLevel::Medium, Some(1_000), 8_192, 9_192),
        (ThinkingLevel::High, Some(32_000), 16_384, 48_384),
        (ThinkingLevel::Xhigh, Some(32_000), 16_384, 48_384),
        (ThinkingLevel::Max, Some(60_000), 32_768, 64_000),
        (ThinkingLevel::High, None, 16_384, 64_000),
        (ThinkingLevel::Max, None, 32_768, 64_000),
    ] {
        let mut given = ask();
        given.inference_config.get_or_insert_default().max_tokens = limit;
        let prepared = prepare(given, &able(), &level(wish));
        assert_eq!(
            fields(&prepared),
            json!({"thinking": {"type": "enabled", "budget_tokens": budget}}),
            "{wish:?}"
        );
        assert_eq!(config(&prepared), json!({"maxTokens": raised}), "{wish:?}");
        assert!(rules(&prepared).contains(&"output-limit"));
    }
}

#[test]
fn a_budget_is_cut_where_the_model_has_no_room() {
    let facts = ModelFacts { max_output_tokens: Some(8_192), ..able() };
    let prepared = prepare(ask().max_tokens(4_096), &facts, &level(ThinkingLevel::High));
    assert_eq!(fields(&prepared)["thinking"]["budget_tokens"], 7_168);
    assert_eq!(config(&prepared), json!({"maxTokens": 8_192}));
    assert_eq!(notes(&prepared, "options.thinking").len(), 1);
    let facts = ModelFacts { max_output_tokens: Some(2_000), ..able() };
    let prepared = prepare(ask(), &facts, &level(ThinkingLevel::High));
    assert_eq!(fields(&prepared), Value::Null);
    assert_eq!(notes(&prepared, "options.thinking").len(), 1);
}

#[test]
fn a_budget_in_numbers_wins_over_the_level() {
    let options = PrepareOptions { thinking_budget: Some(5_000), ..level(ThinkingLevel::Low) };
    assert_eq!(fields(&prepare(ask(), &able(), &options))["thinking"]["budget_tokens"], 5_000);
    let options = PrepareOptions { thinking_budget: Some(10), ..PrepareOptions::default() };
    let prepared = prepare(ask(), &able(), &options);
    assert_eq!(fields(&prepared)["thinking"]["budget_tokens"], 1_024);
    assert_eq!(notes(&prepared, "options.thinkingBudget").len(), 1);
    let prepared = prepare(ask(), &adaptive(), &PrepareOptions { thinking_budget: Some(5_000), ..options });
    assert_eq!(fields(&prepared)["output_config"], json!({"effort": "medium"}));
    assert_eq!(notes(&prepared, "options.thinkingBudget").len(), 1);
    let off = PrepareOptions { thinking_budget: Some(5_000), ..level(ThinkingLevel::Off) };
    let flat = ModelFacts { thinking: Thinking::FlatEffort, ..of(Family::DeepSeek) };
    for facts in [able(), adaptive(), of(Family::Other), flat] {
        let prepared = prepare(ask(), &facts, &off);
        assert_eq!(fields(&prepared), Value::Null);
        assert_eq!(notes(&prepared, "options.thinkingBudget").len(), 1);
    }
}

#[test]
fn thinking_between_calls_is_asked_for_with_tools() {
    let beta = json!(["interleaved-thinking-2025-05-14"]);
    let wish = level(ThinkingLevel::Low);
    let given = with_tools(json!([user("hi")]));
    assert_eq!(fields(&prepare(given.clone(), &able(), &wish))["anthropic_beta"], beta);
    assert_eq!(fields(&prepare(ask(), &able(), &wish))["anthropic_beta"], Value::Null);
    let own = given.clone().additional_model_request_fields(json!({"anthropic_beta": ["a"]}));
    let sent = fields(&prepare(own, &able(), &wish));
    assert_eq!(sent["anthropic_beta"], json!(["a", "interleaved-thinking-2025-05-14"]));
    let without = PrepareOptions { no_interleaved_thinking: true, ..wish };
    assert_eq!(fields(&prepare(given, &able(), &without))["anthropic_beta"], Value::Null);
}

#[test]
fn flags_are_added_to_those_that_are_there() {
    const INTERLEAVED: &str = "interleaved-thinking-2025-05-14";
    let wish = || PrepareOptions { beta_flags: vec!["a".into(), "b".into()], ..level(ThinkingLevel::Low) };
    let refused = PrepareOptions { refused: ["anthropic_beta".to_owned()].into(), ..wish() };
    let nova = ModelFacts { family: Family::Nova, thinking: Thinking::None, ..able() };
    let unknown = ModelFacts { family: Family::Unknown, thinking: Thinking::None, ..able() };
    for (facts, own, options, sent, noted) in [
        (able(), json!({}), wish(), json!([INTERLEAVED, "a", "b"]), 0),
        (adaptive(), json!({}), wish(), json!(["a", "b"]), 0),
        (able(), json!({"anthropic_beta": ["b", "c"]}), wish(), json!(["b", "c", INTERLEAVED, "a"]), 0),
        (able(), json!({"anthropic_beta": null, "top_k": 1}), wish(), json!([INTERLEAVED, "a", "b"]), 0),
        (able(), json!({"anthropic_beta": "b"}), wish(), json!("b"), 1),
        (able(), json!([1]), wish(), Value::Null, 1),
        (able(), json!({}), refused, Value::Null, 1),
        (nova, json!({}), wish(), Value::Null, 1),
        (unknown, json!({}), wish(), json!(["a", "b"]), 0),
    ] {
        let given = with_tools(json!([user("hi")])).additional_model_request_fields(own.clone());
        let prepared = prepare(given, &facts, &options);
        assert_eq!(fields(&prepared)["anthropic_beta"], sent, "{own}");
        assert_eq!(notes(&prepared, "options.betaFlags").len(), noted, "{own}: {:?}", prepared.adjustments);
        let again = prepare(prepared.request.clone(), &facts, &options);
        assert_eq!(again.request, prepared.request, "{own}");
    }
}

#[test]
fn thinking_does_not_begin_in_the_middle_of_a_turn() {
    let thought = json!({"reasoningContent": {"reasoningText": {"text": "hm", "signature": "s"}}});
    let answers = json!({"role": "user", "content": [result("a")]});
    for (first, thinks) in [(json!([call("a")]), false), (json!([thought, call("a")]), true)] {
        let given = with_tools(json!([user("look"), {"role": "assistant", "content": first}, answers]));
        let prepared = prepare(given, &able(), &level(ThinkingLevel::Low));
        assert_eq!(fields(&prepared).is_object(), thinks);
        assert_eq!(notes(&prepared, "options.thinking").is_empty(), thinks);
    }
    let later = json!([user("look"), {"role": "assistant", "content": [call("a")]}, answers, assistant("Seen."), user("and?")]);
    assert!(fields(&prepare(with_tools(later), &able(), &level(ThinkingLevel::Low))).is_object());
}

#[test]
fn levels_become_efforts_of_adaptive_models() {
    let facts = |xhigh, max| ModelFacts {
        thinking: Thinking::Adaptive { xhigh, max, mandatory: false, default_effort: None },
        ..adaptive()
    };
    for (wish, xhigh, max, effort, noted) in [
        (ThinkingLevel::Minimal, false, false, "low", 0),
        (ThinkingLevel::Low, false, false, "low", 0),
        (ThinkingLevel::Medium, false, false, "medium", 0),
        (ThinkingLevel::High, false, false, "high", 0),
        (ThinkingLevel::Xhigh, false, true, "high", 1),
        (ThinkingLevel::Xhigh, true, false, "xhigh", 0),
        (ThinkingLevel::Max, false, false, "high", 1),
        (ThinkingLevel::Max, true, false, "xhigh", 1),
        (ThinkingLevel::Max, true, true, "max", 0),
    ] {
        let prepared = prepare(ask(), &facts(xhigh, max), &level(wish));
        assert_eq!(
            fields(&prepared),
            json!({"thinking": {"type": "adaptive", "display": "summarized"}, "output_config": {"effort": effort}}),
            "{wish:?}"
        );
        assert_eq!(notes(&prepared, "options.thinking").len(), noted, "{wish:?}");
    }
}

#[test]
fn thinking_is_switched_off_where_it_can_be() {
    let facts = |mandatory, default_effort| ModelFacts {
        thinking: Thinking::Adaptive { xhigh: true, max: true, mandatory, default_effort },
        ..adaptive()
    };
    let off = level(ThinkingLevel::Off);
    assert_eq!(fields(&prepare(ask(), &facts(false, None), &off)), Value::Null);
    let prepared = prepare(ask(), &facts(false, Some(Effort::High)), &off);
    assert_eq!(fields(&prepared), json!({"thinking": {"type": "disabled"}}));
    let prepared = prepare(ask(), &facts(true, Some(Effort::High)), &off);
    assert_eq!(fields(&prepared)["output_config"], json!({"effort": "low"}));
    assert_eq!(notes(&prepared, "options.thinking").len(), 1);
    assert_eq!(fields(&prepare(ask(), &able(), &off)), Value::Null);
    assert_eq!(fields(&plain(ask(), &facts(true, Some(Effort::High)))), Value::Null);
}

#[test]
fn display_is_left_out_for_gov_cloud() {
    let region = Some(Region::new("us-gov-west-1").unwrap());
    let wish = PrepareOptions { region, ..level(ThinkingLevel::High) };
    assert_eq!(fields(&prepare(ask(), &adaptive(), &wish))["thinking"], json!({"type": "adaptive"}));
    for id in ["us-gov.anthropic.claude", "arn:aws-us-gov:bedrock:us-gov-west-1:1:inference-profile/x"] {
        let given = ConverseRequest { model_id: id.to_owned(), ..ask() };
        let prepared = prepare(given, &adaptive(), &level(ThinkingLevel::High));
        assert_eq!(fields(&prepared)["thinking"], json!({"type": "adaptive"}));
    }
    let omitted =
        PrepareOptions { thinking_display: Some(ThinkingDisplay::Omitted), ..level(ThinkingLevel::High) };
    assert_eq!(fields(&prepare(ask(), &able(), &omitted))["thinking"]["display"], "omitted");
}

#[test]
fn each_family_is_asked_in_its_own_way() {
    let facts = |family, thinking| ModelFacts { thinking, ..of(family) };
    let nova = facts(Family::Nova, Thinking::NovaEffort);
    let oss = facts(Family::GptOss, Thinking::FlatEffort);
    let deepseek = facts(Family::DeepSeek, Thinking::FlatEffort);
    let gpt = facts(Family::Gpt, Thinking::NestedEffort);
    let reasoning =
        |effort: &str| json!({"reasoningConfig": {"type": "enabled", "maxReasoningEffort": effort}});
    for (facts, wish, expected, noted) in [
        (&nova, ThinkingLevel::Off, Value::Null, 0),
        (&nova, ThinkingLevel::Minimal, reasoning("low"), 0),
        (&nova, ThinkingLevel::Max, reasoning("high"), 1),
        (&oss, ThinkingLevel::Off, json!({"reasoning_effort": "low"}), 1),
        (&oss, ThinkingLevel::High, json!({"reasoning_effort": "high"}), 0),
        (&deepseek, ThinkingLevel::Off, Value::Null, 0),
        (&deepseek, ThinkingLevel::Medium, json!({"reasoning_effort": "medium"}), 0),
        (&gpt, ThinkingLevel::Off, json!({"reasoning": {"effort": "none"}}), 0),
        (&gpt, ThinkingLevel::Xhigh, json!({"reasoning": {"effort": "xhigh"}}), 0),
        (&gpt, ThinkingLevel::Max, json!({"reasoning": {"effort": "xhigh"}}), 1),
        (&of(Family::Kimi), ThinkingLevel::High, Value::Null, 1),
        (&of(Family::Qwen), ThinkingLevel::Off, Value::Null, 0),
        (&of(Family::Unknown), ThinkingLevel::Low, Value::Null, 1),
    ] {
        let prepared = prepare(ask(), facts, &level(wish));
        assert_eq!(fields(&prepared), expected, "{:?} {wish:?}", facts.family);
        assert_eq!(notes(&prepared, "options.thinking").len(), noted, "{:?} {wish:?}", facts.family);
    }
}

#[test]
fn fields_that_the_caller_wrote_stay_byte_by_byte() {
    let wish = level(ThinkingLevel::High);
    for own in [
        r#"{"thinking": {"type": "enabled", "budget_tokens": 2e3}, "x": 1.0}"#,
        r#"{"thinking": {"type": "disabled"}}"#,
    ] {
        let given = ask().additional_model_request_fields(own.parse::<crate::converse::Document>().unwrap());
        for facts in [able(), adaptive()] {
            let prepared = prepare(given.clone(), &facts, &wish);
            assert_eq!(prepared.request.additional_model_request_fields.unwrap().as_json(), own);
        }
    }
    let own: crate::converse::Document =
        r#"{"big": 1.0, "output_config": {"effort": "max", "n": 1e3}}"#.parse().unwrap();
    let prepared = prepare(ask().additional_model_request_fields(own), &adaptive(), &wish);
    let sent = prepared.request.additional_model_request_fields.unwrap();
    assert!(
        sent.as_json().starts_with(r#"{"big":1.0,"output_config":{"effort": "max", "n": 1e3},"thinking":"#),
        "{sent:?}"
    );
    let prepared = prepare(ask().additional_model_request_fields(json!([1])), &adaptive(), &wish);
    assert_eq!((fields(&prepared), notes(&prepared, "options.thinking").len()), (json!([1]), 1));
}

#[test]
fn a_field_that_was_refused_before_is_not_sent_again() {
    let refused = ["thinking".to_owned()].into();
    let prepared = prepare(ask(), &able(), &PrepareOptions { refused, ..level(ThinkingLevel::High) });
    assert_eq!((fields(&prepared), notes(&prepared, "options.thinking").len()), (Value::Null, 1));
}

#[test]
fn sampling_that_a_model_refuses_is_dropped() {
    let fixed = adaptive();
    let mut one = able();
    one.sampling.temperature_with_top_p = false;
    let mut without_top_p = able();
    without_top_p.sampling.top_p = false;
    let thinks = json!({"thinking": {"type": "enabled", "budget_tokens": 2000}});
    let none = Value::Null;
    for (facts, temperature, top_p, own, expected) in [
        (&able(), 0.5, 0.5, &none, json!({"temperature": 0.5, "topP": 0.5})),
        (&able(), 1.5, -1.0, &none, json!({"temperature": 1.0, "topP": 0.0})),
        (&able(), f64::NAN, f64::INFINITY, &none, json!({})),
        (&one, 0.5, 0.5, &none, json!({"temperature": 0.5})),
        (&without_top_p, 0.5, 0.5, &none, json!({"temperature": 0.5})),
        (&fixed, 0.5, 0.5, &none, json!({})),
        (&able(), 0.5, 0.5, &thinks, json!({})),
        (&able(), 1.0, 0.5, &thinks, json!({"temperature": 1.0})),
    ] {
        let mut given = ask().temperature(temperature).top_p(top_p).max_tokens(9_000);
        if own.is_object() {
            given = given.additional_model_request_fields(own.clone());
        }
        let prepared = plain(given, facts);
        let mut expected = expected;
        expected["maxTokens"] = json!(9_000);
        assert_eq!(config(&prepared), expected);
        let sampling = rules(&prepared).contains(&"sampling");
        assert_eq!(sampling, !(facts == &able() && (temperature - 0.5).abs() < 0.1 && own.is_null()));
    }
}

#[test]
fn nova_at_its_highest_effort_takes_neither_limit_nor_sampling() {
    let facts = ModelFacts { thinking: Thinking::NovaEffort, ..of(Family::Nova) };
    let given = ask().temperature(1.0).top_p(0.5).max_tokens(100);
    let prepared = prepare(given.clone(), &facts, &level(ThinkingLevel::High));
    assert_eq!(config(&prepared), Value::Null);
    assert_eq!(rules(&prepared), ["sampling", "sampling", "output-limit"]);
    let prepared = prepare(given, &facts, &level(ThinkingLevel::Medium));
    assert_eq!(config(&prepared), json!({"maxTokens": 100, "temperature": 1.0, "topP": 0.5}));
}

#[test]
fn top_k_stands_where_the_family_looks_for_it() {
    let options = PrepareOptions { top_k: Some(5), ..PrepareOptions::default() };
    for (place, own, expected, noted) in [
        (TopK::Flat, json!({}), json!({"top_k": 5}), 0),
        (TopK::Flat, json!({"top_k": 9}), json!({"top_k": 9}), 0),
        (TopK::K, json!({"a": 1}), json!({"a": 1, "k": 5}), 0),
        (
            TopK::InferenceConfig,
            json!({"inferenceConfig": {"b": 1}}),
            json!({"inferenceConfig": {"b": 1, "topK": 5}}),
            0,
        ),
        (
            TopK::InferenceConfig,
            json!({"inferenceConfig": {"topK": 1}}),
            json!({"inferenceConfig": {"topK": 1}}),
            0,
        ),
        (TopK::Refused, json!({"a": 1}), json!({"a": 1}), 1),
        (TopK::Flat, json!({"thinking": {"type": "adaptive"}}), json!({"thinking": {"type": "adaptive"}}), 1),
    ] {
        let mut facts = able();
        facts.sampling.top_k = place;
        let prepared = prepare(ask().additional_model_request_fields(own), &facts, &options);
        assert_eq!((fields(&prepared), notes(&prepared, "options.topK").len()), (expected, noted));
    }
}

#[test]
fn stop_sequences_that_are_refused_are_dropped() {
    let mut refusing = of(Family::GptOss);
    refusing.sampling.stop_sequences = false;
    for (facts, given, expected) in [
        (&able(), vec!["a", " ", "", "b"], json!({"stopSequences": ["a", "b"]})),
        (&of(Family::Llama), vec!["\n", ""], json!({"stopSequences": ["\n"]})),
        (&refusing, vec!["a"], Value::Null),
    ] {
        let facts = ModelFacts { max_output_tokens: None, ..facts.clone() };
        let given = given.into_iter().fold(ask(), ConverseRequest::stop_sequence);
        let prepared = plain(given, &facts);
        assert_eq!((config(&prepared), rules(&prepared)[0]), (expected, "stop-sequences"));
    }
    let many = (0..2_600).fold(ask(), |request, number| request.stop_sequence(number.to_string()));
    assert_eq!(plain(many, &able()).request.inference_config.unwrap().stop_sequences.len(), 2_500);
}

#[test]
fn the_limit_on_the_answer_is_the_models() {
    let unknown = ModelFacts { max_output_tokens: None, ..able() };
    for (facts, asked, expected) in [
        (&able(), None, json!({"maxTokens": 64_000})),
        (&able(), Some(100_000), json!({"maxTokens": 64_000})),
        (&able(), Some(0), json!({"maxTokens": 1})),
        (&unknown, None, Value::Null),
        (&of(Family::Nova), None, Value::Null),
        (&of(Family::Nova), Some(70_000), json!({"maxTokens": 64_000})),
        (&of(Family::Gpt), Some(8), json!({"maxTokens": 16})),
        (&of(Family::Grok), Some(1), json!({"maxTokens": 16})),
        (&of(Family::Kimi), Some(15), json!({"maxTokens": 16})),
    ] {
        let mut given = ask();
        if let Some(asked) = asked {
            given = given.max_tokens(asked);
        }
        let prepared = plain(given, facts);
        assert_eq!(config(&prepared), expected, "{:?} {asked:?}", facts.family);
        assert_eq!(rules(&prepared).contains(&"output-limit"), !expected.is_null());
    }
}

#[test]
fn a_budget_of_the_callers_raises_the_limit() {
    let thinks = json!({"thinking": {"type": "enabled", "budget_tokens": 10_000}});
    for (facts, asked, expected) in [
        (able(), Some(2_000), 12_000),
        (able(), Some(11_000), 11_000),
        (able(), None, 64_000),
        (ModelFacts { max_output_tokens: None, ..able() }, None, 14_096),
    ] {
        let mut given = ask().additional_model_request_fields(thinks.clone());
        given.inference_config.get_or_insert_default().max_tokens = asked;
        assert_eq!(config(&plain(given, &facts)), json!({"maxTokens": expected}), "{asked:?}");
    }
}

#[test]
fn a_budget_of_the_callers_that_no_limit_can_hold_is_lowered() {
    let place = "additionalModelRequestFields.thinking.budget_tokens";
    let small = ModelFacts { max_output_tokens: Some(2_000), ..able() };
    let (sonnet, interleaved) = (able(), json!(["interleaved-thinking-2025-05-14"]));
    for (facts, flags, asked, given, expected) in [
        (&sonnet, json!([]), None, 70_000_u64, (64_000, 62_976)),
        (&sonnet, json!([]), None, u64::MAX, (64_000, 62_976)),
        (&sonnet, json!([]), Some(500), 64_000, (64_000, 63_500)),
        (&sonnet, json!([]), Some(500), 63_000, (63_500, 63_000)),
        (&sonnet, interleaved, None, 70_000, (64_000, 70_000)),
        (&small, json!([]), None, 70_000, (2_000, 70_000)),
    ] {
        let own = json!({"thinking": {"type": "enabled", "budget_tokens": given}, "anthropic_beta": flags});
        let mut request = ask().additional_model_request_fields(own);
        request.inference_config.get_or_insert_default().max_tokens = asked;
        let prepared = plain(request, facts);
        let sent = (&config(&prepared)["maxTokens"], &fields(&prepared)["thinking"]["budget_tokens"]);
        assert_eq!(sent, (&json!(expected.0), &json!(expected.1)), "{given} {asked:?}");
        assert_eq!(notes(&prepared, place).len(), usize::from(given != expected.1), "{given} {asked:?}");
    }
}

#[test]
fn a_limit_that_is_changed_is_told_as_what_it_is() {
    let (cut, raised) =
        ("the model gives no more", "thinking counts against the limit, which is raised for it");
    let (set, least) = (
        "thinking counts against the limit, so one is set that leaves room for the answer",
        "the model takes no smaller limit",
    );
    let thinks = json!({"thinking": {"type": "enabled", "budget_tokens": 10_000}});
    let unknown = || ModelFacts { max_output_tokens: None, ..able() };
    for (facts, wish, own, asked, sent, said) in [
        (able(), ThinkingLevel::High, json!({}), Some(900_000), 64_000, cut),
        (able(), ThinkingLevel::High, json!({}), Some(60_000), 64_000, raised),
        (able(), ThinkingLevel::High, json!({}), Some(9_000), 25_384, raised),
        (unknown(), ThinkingLevel::High, json!({}), None, 20_480, set),
        (able(), ThinkingLevel::Off, json!({}), Some(900_000), 64_000, cut),
        (of(Family::Gpt), ThinkingLevel::Off, json!({}), Some(8), 16, least),
        (able(), ThinkingLevel::Off, thinks.clone(), Some(900_000), 64_000, cut),
        (able(), ThinkingLevel::Off, thinks.clone(), Some(2_000), 12_000, raised),
        (unknown(), ThinkingLevel::Off, thinks, None, 14_096, set),
    ] {
        let mut given = ask().additional_model_request_fields(own.clone());
        given.inference_config.get_or_insert_default().max_tokens = asked;
        let prepared = prepare(given, &facts, &level(wish));
        assert_eq!(config(&prepared), json!({"maxTokens": sent}), "{wish:?} {own} {asked:?}");
        let notes = notes(&prepared, "inferenceConfig.maxTokens");
        let why: Vec<&str> = notes.iter().map(|note| note.why.as_ref()).collect();
        assert_eq!(why, [said], "{wish:?} {own} {asked:?}");
    }
}

#[test]
fn an_answer_to_be_continued_is_continued_or_asked_for() {
    let given = request(json!({"messages": [user("hi"), assistant("Once upon \n")]}));
    let prepared = plain(given.clone(), &able());
    assert_eq!(messages(&prepared)[1], assistant("Once upon"));
    assert!(rules(&prepared).contains(&"prefill"));
    for (facts, options) in [(adaptive(), PrepareOptions::default()), (able(), level(ThinkingLevel::Low))] {
        let prepared = prepare(given.clone(), &facts, &options);
        assert_eq!(messages(&prepared)[2], user("Continue."));
        assert!(rules(&prepared).contains(&"prefill"));
    }
}
