//! The embedded files keep to their layout, every value is sound and names its source, and lookups find them.

use super::{FAMILIES, MODELS, Price, Row, Rules, ids, line, names, row, row_named, rules};
use crate::catalog::facts::{Medium, StructuredOutput, Thinking, ToolChoices};
use crate::catalog::name::{core, without_revision};
use proptest::prelude::*;
use std::collections::BTreeMap;

fn rows() -> Vec<Row> {
    serde_json::from_str(MODELS).expect("models.json")
}

fn families() -> Vec<Rules> {
    serde_json::from_str(FAMILIES).expect("families.json")
}

#[test]
fn the_files_are_one_row_a_line_sorted_and_unique() {
    for (table, count) in [(MODELS, rows().len()), (FAMILIES, families().len())] {
        // Lookups cut the text at any byte and borrow texts from it.
        assert!(table.is_ascii() && !table.contains('\\') && !table.contains('\r'));
        assert!(table.starts_with("[\n") && table.ends_with("}\n]\n"));
        let ids: Vec<&str> = ids(table).collect();
        assert_eq!(ids.len(), count);
        assert_eq!(table.lines().count(), count + 2);
        let keys: Vec<&str> = ids.iter().map(|id| without_revision(id)).collect();
        assert!(keys.is_sorted_by(|one, next| one < next), "{keys:?}");
    }
}

#[test]
fn every_row_is_found_by_its_id_in_any_form_and_by_its_name() {
    for expected in rows() {
        let id = expected.id;
        for form in
            [id.to_owned(), without_revision(id).to_owned(), format!("{}:0:200k", without_revision(id))]
        {
            assert_eq!(row(&form).map(|row| row.id), Some(id), "{form}");
        }
        // Two releases of one name share it; the name then finds the first.
        let vendor = id.split_once('.').map(|(vendor, _)| vendor);
        let named = row_named(vendor, [&core(id), ""]).expect(id);
        assert_eq!(core(named.id), core(id));
    }
    for expected in families() {
        assert_eq!(rules(expected.id).id, expected.id);
    }
}

#[test]
fn names_are_read_without_the_rows() {
    let expected: Vec<(&str, &str)> = rows().iter().map(|row| (row.id, row.name)).collect();
    assert_eq!(names().collect::<Vec<_>>(), expected);
}

#[test]
fn what_is_not_there_is_not_found() {
    for key in [
        "",
        "[",
        "]",
        "a",
        "zzz",
        "amazon.nova",
        "amazon.nova-lite-v",
        "amazon.nova-lite-v11",
        "{\"id\":\"",
        "\n",
    ] {
        assert!(line(MODELS, key).is_none(), "{key:?}");
    }
    assert_eq!(rules("nothing").id, "any");
}

proptest! {
    #[test]
    fn halving_finds_what_reading_all_finds(at in 0_usize..200, cut in 0_usize..60, more in "[a-z0-9.-]{0,4}") {
        let ids: Vec<&str> = ids(MODELS).collect();
        let id = without_revision(ids[at % ids.len()]);
        let key = format!("{}{more}", &id[..cut.min(id.len())]);
        let expected = ids.iter().any(|id| without_revision(id) == key);
        prop_assert_eq!(line(MODELS, &key).is_some(), expected);
    }
}

#[test]
fn numbers_are_sound() {
    for row in rows() {
        let id = row.id;
        let window = row.context_window.unwrap_or_else(|| panic!("{id}: a window"));
        assert!((1024..=10_000_000).contains(&window), "{id}");
        assert!(row.max_output_tokens.is_none_or(|tokens| (256..=window).contains(&tokens)), "{id}");
        let own = row.profiles.keys().map(|geography| row.price(Some(geography)));
        for price in own.chain([row.price(None)]).flatten() {
            let Price { input, output, cache_read, cache_write } = price;
            for dollars in [Some(input), Some(output), cache_read, cache_write].into_iter().flatten() {
                assert!(dollars.is_finite() && (0.0..200.0).contains(&dollars), "{id} {dollars}");
            }
            assert!(output >= input && cache_read.is_none_or(|read| read < input), "{id}");
        }
    }
}

#[test]
fn rules_do_not_contradict_themselves() {
    for rules in families() {
        let Rules { id, tools, cache, sampling, .. } = rules;
        // A schema is forced through a tool only where a tool can be forced.
        if rules.structured_output == StructuredOutput::Tool {
            assert!(tools.choice >= ToolChoices::Any, "{id}");
        }
        if !tools.supported {
            assert!(!tools.streaming && !tools.images_in_results && !cache.tools, "{id}");
            assert_eq!(tools.choice, ToolChoices::Absent, "{id}");
        }
        assert!(rules.streams || !tools.streaming, "{id}");
        assert!(!tools.images_in_results || rules.input.contains(&Medium::Image), "{id}");
        assert!(!sampling.temperature_with_top_p || (sampling.temperature && sampling.top_p), "{id}");
        assert!(cache.messages || !(cache.one_hour || cache.by_default), "{id}");
        assert_eq!(rules.input.first(), Some(&Medium::Text), "{id}");
        // Whatever thinks adaptively has no prefill.
        assert!(!(rules.prefill && matches!(rules.thinking, Thinking::Adaptive { .. })), "{id}");
        assert!(rules.max_output_tokens <= rules.context_window, "{id}");
    }
    for row in rows() {
        assert!(row.input.is_none_or(|input| input.first() == Some(&Medium::Text)), "{}", row.id);
    }
}

#[test]
fn every_value_names_its_source() {
    const NAMES: [&str; 11] = [
        "AWS",
        "Anthropic",
        "DeepSeek",
        "LangChain",
        "LiteLLM",
        "MiniMax",
        "Mistral AI",
        "OpenClaw",
        "Writer",
        "pi-ai",
        "reports",
    ];
    let members = |table: &'static str| -> Vec<BTreeMap<String, serde_json::Value>> {
        serde_json::from_str(table).expect("a table")
    };
    for row in members(MODELS) {
        let sources = row["sources"].as_object().expect("sources");
        for member in row.keys().filter(|member| !matches!(member.as_str(), "id" | "name" | "sources")) {
            assert!(sources.contains_key(member), "{} {member}", row["id"]);
        }
        for (member, source) in sources.iter().filter(|(member, _)| *member != "note") {
            assert!(row.contains_key(member), "{} {member}", row["id"]);
            assert!(NAMES.contains(&source.as_str().expect("a name")), "{} {source}", row["id"]);
        }
    }
    for rules in members(FAMILIES) {
        let sources = rules["sources"].as_object().expect("sources");
        assert!(!sources.is_empty(), "{}", rules["id"]);
        for (member, source) in sources.iter().filter(|(member, _)| *member != "note") {
            assert!(rules.contains_key(member), "{} {member}", rules["id"]);
            let source = source.as_str().expect("a name");
            assert!(NAMES.iter().any(|name| source.starts_with(name)), "{} {source}", rules["id"]);
        }
    }
}

#[test]
fn on_demand_is_where_no_profile_is_needed() {
    for (id, region, expected) in [
        ("amazon.nova-lite-v1:0", "us-east-1", true),
        ("amazon.nova-lite-v1:0", "us-west-2", false),
        ("anthropic.claude-haiku-4-5-20251001-v1:0", "us-east-1", false),
        ("anthropic.claude-3-haiku-20240307-v1:0", "eu-central-1", true),
        ("qwen.qwen3-32b-v1:0", "eu-central-1", true),
        ("openai.gpt-oss-120b-1:0", "us-west-2", true),
    ] {
        assert_eq!(row(id).expect(id).on_demand(region), expected, "{id} {region}");
    }
}

#[test]
fn prices_follow_the_geography() {
    let price = |id: &str, geography| row(id).expect(id).price(geography).map(|price| price.input);
    let haiku = "anthropic.claude-haiku-4-5-20251001-v1:0";
    assert_eq!(price(haiku, None), Some(1.0));
    assert_eq!(price(haiku, Some("global")), Some(1.0));
    assert_eq!(price(haiku, Some("eu")), Some(1.1));
    // An unknown geography may cost more.
    assert_eq!(price(haiku, Some("xx")), None);
    assert_eq!(row(haiku).expect(haiku).price_anywhere(), None);
    assert_eq!(price("meta.llama3-3-70b-instruct-v1:0", Some("xx")), Some(0.72));
}
