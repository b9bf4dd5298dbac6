//! Cache points, system prompts, labels and other wishes.

use super::super::{CacheRetention, Rule};
use super::*;
use crate::catalog::{self, ModelId};
use crate::converse::{GuardrailConfiguration, PerformanceConfigLatency, ServiceTier, ServiceTierType};

fn cache(retention: CacheRetention) -> PrepareOptions {
    PrepareOptions { cache: Some(retention), ..PrepareOptions::default() }
}

/// A conversation of three turns with a system prompt and a tool.
fn talk() -> ConverseRequest {
    with_tools(json!([user("one"), assistant("1"), user("two"), assistant("2"), user("three")]))
        .system("Be brief.")
}

/// The places of cache points: `t` and `s` for tools and system, numbers for messages, `+` for an hour.
fn points(prepared: &Prepared) -> Vec<String> {
    let body = serde_json::to_value(&prepared.request).unwrap();
    let mut found = Vec::new();
    let mut look = |name: &str, blocks: &Value| {
        for block in blocks.as_array().into_iter().flatten() {
            if let Some(point) = block.get("cachePoint") {
                found.push(format!("{name}{}", if point["ttl"] == "1h" { "+" } else { "" }));
            }
        }
    };
    look("t", &body["toolConfig"]["tools"]);
    look("s", &body["system"]);
    for (at, message) in body["messages"].as_array().into_iter().flatten().enumerate() {
        look(&at.to_string(), &message["content"]);
    }
    found
}

#[test]
fn points_stand_after_tools_system_and_the_last_two_turns() {
    for (retention, expected) in [
        (CacheRetention::None, vec![]),
        (CacheRetention::Short, vec!["t", "s", "2", "4"]),
        (CacheRetention::Long, vec!["t+", "s+", "2+", "4+"]),
    ] {
        assert_eq!(points(&prepare(talk(), &able(), &cache(retention))), expected, "{retention:?}");
    }
}

#[test]
fn points_appear_by_themselves_where_the_facts_say_so() {
    let mut facts = able();
    facts.cache.by_default = true;
    let prepared = plain(talk(), &facts);
    assert_eq!(points(&prepared), ["t", "s", "2", "4"]);
    assert_eq!(rules(&prepared).iter().filter(|rule| **rule == "cache-points").count(), 4);
    assert!(points(&prepare(talk(), &facts, &cache(CacheRetention::None))).is_empty());
    assert!(points(&plain(talk(), &able())).is_empty());
    let mut own = talk();
    own.system.push(crate::converse::SystemContentBlock::cache_point());
    assert_eq!(points(&plain(own, &facts)), ["s"]);
}

#[test]
fn an_hour_becomes_five_minutes_where_there_is_no_hour() {
    let mut facts = able();
    facts.cache.one_hour = false;
    let prepared = prepare(talk(), &facts, &cache(CacheRetention::Long));
    assert_eq!(points(&prepared), ["t", "s", "2", "4"]);
    assert!(prepared.adjustments.iter().any(|note| note.what == "options.cache"));
    let own = request(json!({"messages": [user("hi")],
        "system": [{"text": "x"}, {"cachePoint": {"type": "default", "ttl": "1h"}}]}));
    let prepared = plain(own, &facts);
    assert_eq!((points(&prepared), rules(&prepared)[0]), (vec!["s".to_owned()], "output-limit"));
    assert!(rules(&prepared).contains(&"cache-points"));
}

#[test]
fn points_stand_only_where_the_model_takes_them() {
    let mut nova = of(Family::Nova);
    nova.cache.tools = false;
    nova.cache.one_hour = false;
    assert_eq!(points(&prepare(talk(), &nova, &cache(CacheRetention::Short))), ["s", "2", "4"]);
    let mut none = of(Family::Llama);
    none.cache =
        CacheSupport { system: false, tools: false, messages: false, one_hour: false, by_default: false };
    let prepared = prepare(talk(), &none, &cache(CacheRetention::Short));
    assert_eq!((points(&prepared), rules(&prepared)), (vec![], vec!["cache-points"]));
    let own = || {
        request(
            json!({"messages": [{"role": "user", "content": [{"text": "hi"}, {"cachePoint": {"type": "default"}}]}]}),
        )
    };
    assert!(points(&plain(own(), &none)).is_empty());
    // Of an unknown model the caller knows more than the facts.
    let unknown = ModelFacts { family: Family::Unknown, ..none };
    assert_eq!(points(&plain(own(), &unknown)), ["0"]);
    assert!(points(&plain(talk(), &unknown)).is_empty());
    assert_eq!(points(&prepare(talk(), &unknown, &cache(CacheRetention::Short))), ["s", "2", "4"]);
    let refused =
        PrepareOptions { refused: ["cachePoint".to_owned()].into(), ..cache(CacheRetention::Short) };
    assert!(points(&prepare(own(), &unknown, &refused)).is_empty());
}

#[test]
fn no_point_stands_behind_a_document_of_text_or_reasoning_or_twice() {
    let point = json!({"cachePoint": {"type": "default"}});
    let text = |name: &str| json!({"document": {"name": name, "format": "txt", "source": {"text": "words"}}});
    let pdf = json!({"document": {"name": "p", "format": "pdf", "source": {"bytes": "JVBERi0="}}});
    let ask = json!({"text": "see"});
    for (given, expected) in [
        (json!([text("a"), point, ask]), json!([text("a"), ask, point])),
        (json!([ask, text("a"), point]), json!([ask, point, text("a")])),
        (json!([point, ask]), json!([ask, point])),
        (json!([ask, point, point]), json!([ask, point])),
        (json!([ask, point, text("a"), point]), json!([ask, point, text("a")])),
        (json!([ask, pdf, point]), json!([ask, pdf, point])),
    ] {
        let given = request(json!({"messages": [{"role": "user", "content": given}]}));
        let prepared = plain(given.clone(), &able());
        assert_eq!(messages(&prepared)[0]["content"], expected);
        assert_eq!(rules(&prepared).contains(&"cache-points"), prepared.request.messages != given.messages);
    }
    let given = request(json!({"messages": [{"role": "user", "content": [ask, text("a")]}]}));
    let prepared = prepare(given, &able(), &cache(CacheRetention::Short));
    assert_eq!(messages(&prepared)[0]["content"], json!([ask, point, text("a")]));
}

#[test]
fn nova_takes_no_point_behind_tool_results() {
    let given = || {
        with_tools(json!([user("look"), {"role": "assistant", "content": [call("a")]},
        {"role": "user", "content": [result("a")]}]))
    };
    assert_eq!(points(&prepare(given(), &able(), &cache(CacheRetention::Short))), ["t", "0", "2"]);
    assert_eq!(points(&prepare(given(), &of(Family::Nova), &cache(CacheRetention::Short))), ["t", "0"]);
}

#[test]
fn no_point_stands_inside_a_tool_result() {
    let inside = json!([{"text": "seen"}, {"cachePoint": {"type": "default"}}]);
    let given = with_tools(json!([user("look"), {"role": "assistant", "content": [call("a")]},
        {"role": "user", "content": [{"toolResult": {"toolUseId": "a", "content": inside}}]}]));
    let prepared = plain(given.clone(), &able());
    assert_eq!(messages(&prepared)[2]["content"], json!([result("a")]));
    assert!(rules(&prepared).contains(&"cache-points"));
    let told = plain(ConverseRequest { tool_config: None, ..given }, &able());
    assert_eq!(messages(&told)[2]["content"], json!([{"text": "[Tool result: look]:\nseen"}]));
    assert!(rules(&told).contains(&"cache-points"));
}

#[test]
fn a_point_without_a_type_gets_the_only_one() {
    let given = request(
        json!({"messages": [{"role": "user", "content": [{"text": "hi"}, {"cachePoint": {"type": null}}]}]}),
    );
    let prepared = plain(given, &able());
    assert_eq!(messages(&prepared)[0]["content"][1], json!({"cachePoint": {"type": "default"}}));
    assert!(rules(&prepared).contains(&"cache-points"));
}

#[test]
fn four_points_at_most_and_the_last_ones_stay() {
    let blocks: Vec<Value> = (0..6)
        .flat_map(|n| [json!({"text": n.to_string()}), json!({"cachePoint": {"type": "default"}})])
        .collect();
    let given = request(json!({"messages": [{"role": "user", "content": blocks}],
        "system": [{"text": "x"}, {"cachePoint": {"type": "default"}}]}));
    let prepared = prepare(given, &able(), &cache(CacheRetention::Short));
    assert_eq!(points(&prepared), ["0"; 4]);
    assert_eq!(
        messages(&prepared)[0]["content"].as_array().unwrap()[..2],
        [json!({"text": "0"}), json!({"text": "1"})]
    );
}

#[test]
fn the_callers_points_stay_and_leave_room_for_fewer() {
    let mut own = talk();
    for at in [0, 2, 4] {
        own.messages[at].content.push(crate::converse::ContentBlock::cache_point());
    }
    assert_eq!(points(&prepare(own, &able(), &cache(CacheRetention::Short))), ["s", "0", "2", "4"]);
}

#[test]
fn an_hour_never_stands_behind_five_minutes() {
    let mut own = talk();
    own.tool_config.as_mut().unwrap().tools.push(crate::converse::Tool::CachePoint(Default::default()));
    let prepared = prepare(own, &able(), &cache(CacheRetention::Long));
    assert_eq!(points(&prepared), ["t", "s", "2", "4"]);
    assert!(rules(&prepared).contains(&"cache-points"));
}

#[test]
fn no_point_when_an_answer_is_to_be_continued() {
    let given = request(json!({"messages": [user("one"), assistant("1")]}));
    assert!(points(&prepare(given, &able(), &cache(CacheRetention::Short))).is_empty());
}

#[test]
fn a_system_prompt_moves_to_the_user_where_there_is_none() {
    let facts = ModelFacts { system_prompt: false, ..of(Family::Titan) };
    let given = request(json!({"messages": [user("hi")],
        "system": [{"text": "Be brief."}, {"text": " "}, {"cachePoint": {"type": "default"}}]}));
    let prepared = plain(given, &facts);
    assert!(prepared.request.system.is_empty());
    assert_eq!(
        messages(&prepared),
        json!([{"role": "user", "content": [{"text": "Be brief."}, {"text": "hi"}]}])
    );
    assert_eq!(rules(&prepared), ["system-prompt"; 2]);
}

#[test]
fn labels_that_are_refused_go() {
    let mut given = request(json!({"messages": [user("hi")]}));
    for (key, value) in
        [("team", "a b/c"), ("json", "{\"a\":1}"), ("ünit", "x"), ("", "x"), ("long", &"x".repeat(257))]
    {
        given.request_metadata.insert(key.to_owned(), value.to_owned());
    }
    let prepared = plain(given, &of(Family::Llama));
    assert_eq!(serde_json::to_value(&prepared.request.request_metadata).unwrap(), json!({"team": "a b/c"}));
    assert_eq!(rules(&prepared), ["request-metadata"]);
    let mut many = request(json!({"messages": [user("hi")]}));
    many.request_metadata.extend((0..20).map(|n| (format!("k{n:02}"), String::new())));
    assert_eq!(plain(many, &able()).request.request_metadata.len(), 16);
}

#[test]
fn a_model_of_the_default_tier_alone_is_asked_in_no_other() {
    let id = ModelId::parse("us.anthropic.claude-fable-5").unwrap();
    let fable = catalog::facts(&id, None).facts;
    let (flex, default) = (ServiceTierType::FLEX, ServiceTierType::DEFAULT);
    let refused = PrepareOptions { refused: ["serviceTier".to_owned()].into(), ..PrepareOptions::default() };
    for (facts, own, wish, options, sent, place) in [
        (&fable, Some(&flex), None, PrepareOptions::default(), None, Some("serviceTier")),
        (&fable, None, Some(&flex), PrepareOptions::default(), None, Some("options.serviceTier")),
        (&fable, None, Some(&default), PrepareOptions::default(), Some(&default), None),
        (&fable, None, None, PrepareOptions::default(), None, None),
        (&fable, Some(&flex), Some(&default), PrepareOptions::default(), Some(&default), Some("serviceTier")),
        (&able(), None, Some(&flex), PrepareOptions::default(), Some(&flex), None),
        (&able(), Some(&flex), Some(&default), PrepareOptions::default(), Some(&flex), None),
        (&able(), None, Some(&flex), refused, None, Some("options.serviceTier")),
    ] {
        let mut given = request(json!({"messages": [user("hi")]}));
        given.service_tier = own.map(|kind| ServiceTier { kind: kind.clone() });
        let prepared = prepare(given, facts, &PrepareOptions { service_tier: wish.cloned(), ..options });
        assert_eq!(prepared.request.service_tier.as_ref().map(|tier| &tier.kind), sent, "{own:?} {wish:?}");
        let notes = prepared.adjustments.iter().filter(|note| note.rule == Rule::ServiceTier);
        let places: Vec<&str> = notes.map(|note| note.what.as_str()).collect();
        assert_eq!(places, Vec::from_iter(place), "{own:?} {wish:?}");
    }
}

#[test]
fn wishes_fill_what_the_request_does_not_say() {
    let guardrail =
        GuardrailConfiguration { guardrail_identifier: Some("g".to_owned()), ..Default::default() };
    let options = PrepareOptions {
        guardrail: Some(guardrail.clone()),
        service_tier: Some(ServiceTierType::FLEX),
        latency: Some(PerformanceConfigLatency::OPTIMIZED),
        metadata: [("team", "b"), ("bad", "{}"), ("own", "x")]
            .map(|(k, v)| (k.to_owned(), v.to_owned()))
            .into(),
        ..PrepareOptions::default()
    };
    let mut given = request(json!({"messages": [user("hi")], "serviceTier": {"type": "priority"}}));
    given.request_metadata.insert("own".to_owned(), "a".to_owned());
    let prepared = prepare(given, &of(Family::Llama), &options);
    let body = serde_json::to_value(&prepared.request).unwrap();
    assert_eq!(prepared.request.guardrail_config, Some(guardrail));
    assert_eq!(
        (&body["serviceTier"]["type"], &body["performanceConfig"]["latency"]),
        (&json!("priority"), &json!("optimized"))
    );
    assert_eq!(body["requestMetadata"], json!({"own": "a", "team": "b"}));
    assert_eq!(rules(&prepared), ["request-metadata"]);
    let own = json!({
        "messages": [user("hi")], "guardrailConfig": {"guardrailIdentifier": "own"},
        "performanceConfig": {"latency": "standard"},
    });
    let request = prepare(request(own), &of(Family::Llama), &options).request;
    assert_eq!(request.guardrail_config.unwrap().guardrail_identifier.as_deref(), Some("own"));
    assert_eq!(request.performance_config.unwrap().latency, Some(PerformanceConfigLatency::STANDARD));
    assert_eq!(request.service_tier.unwrap().kind, ServiceTierType::FLEX);
}
