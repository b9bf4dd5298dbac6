//! Which models and profiles remain, what they are given, and in which order.

use super::*;
use proptest::prelude::{Strategy, any, prop, prop_assert, prop_assert_eq, proptest};
use serde_json::{Value, json};

/// A model that passes every test, with some members changed.
fn model(changes: Value) -> FoundationModelSummary {
    let mut model = json!({
        "modelArn": "arn:aws:bedrock:us-east-1::foundation-model/acme.one-v1:0",
        "modelId": "acme.one-v1:0",
        "modelName": "One",
        "providerName": "Acme AI",
        "inputModalities": ["TEXT", "IMAGE"],
        "outputModalities": ["TEXT"],
        "responseStreamingSupported": true,
        "inferenceTypesSupported": ["ON_DEMAND"],
        "modelLifecycle": {"status": "ACTIVE"},
    });
    merge(&mut model, changes);
    serde_json::from_value(model).unwrap()
}

/// A profile over that model, with some members changed.
fn profile(changes: Value) -> InferenceProfileSummary {
    let mut profile = json!({
        "inferenceProfileId": "us.acme.one-v1:0",
        "inferenceProfileName": "US One",
        "inferenceProfileArn": "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.acme.one-v1:0",
        "models": [
            {"modelArn": "arn:aws:bedrock:us-east-1::foundation-model/acme.one-v1:0"},
            {"modelArn": "arn:aws:bedrock:us-west-2::foundation-model/acme.one-v1:0"},
            {"modelArn": "arn:aws:bedrock:us-east-1::foundation-model/acme.one-v1:0"},
        ],
        "type": "SYSTEM_DEFINED",
        "status": "ACTIVE",
    });
    merge(&mut profile, changes);
    serde_json::from_value(profile).unwrap()
}

fn merge(object: &mut Value, changes: Value) {
    let Value::Object(changes) = changes else { panic!("{changes}") };
    for (name, value) in changes {
        object[&name] = value;
    }
}

fn ids(entries: &[ModelEntry]) -> Vec<&str> {
    entries.iter().map(|entry| entry.id.as_str()).collect()
}

fn all() -> ProviderFilter {
    ProviderFilter::default()
}

#[test]
fn models_that_cannot_be_talked_to_are_left_out_with_their_profiles() {
    let (both, profile_only, none) =
        (&["acme.one-v1:0", "us.acme.one-v1:0"][..], &["us.acme.one-v1:0"][..], &[]);
    for (changes, expected) in [
        (json!({}), both),
        (json!({"modelLifecycle": {"status": "Active"}, "outputModalities": ["SMELL", "text"]}), both),
        (json!({"inferenceTypesSupported": ["PROVISIONED", "ON_DEMAND", "LEASED"]}), both),
        (json!({"inferenceTypesSupported": ["INFERENCE_PROFILE"]}), profile_only),
        (json!({"inferenceTypesSupported": ["PROVISIONED"]}), profile_only),
        (json!({"inferenceTypesSupported": ["LEASED"]}), profile_only),
        (json!({"responseStreamingSupported": false}), none),
        (json!({"responseStreamingSupported": null}), none),
        (json!({"outputModalities": ["IMAGE"]}), none),
        (json!({"outputModalities": []}), none),
        (json!({"modelLifecycle": {"status": "LEGACY"}}), none),
        (json!({"modelLifecycle": {"status": "PREVIEW"}}), none),
        (json!({"modelLifecycle": null}), none),
        // The profile's model is another one then, which the list does not have.
        (json!({"modelId": "  "}), profile_only),
        (json!({"modelId": " ACME.one-v1:0 "}), &["ACME.one-v1:0", "us.acme.one-v1:0"]),
    ] {
        let entries = entries(&[model(changes.clone())], &[profile(json!({}))], &all());
        assert_eq!(ids(&entries), expected, "{changes}");
    }
}

#[test]
fn profiles_are_kept_by_their_own_state() {
    let arn = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/a1b2";
    for (changes, expected) in [
        (json!({"status": "ACTIVE"}), Some("us.acme.one-v1:0")),
        (json!({"status": "CREATING"}), None),
        (json!({"status": null}), None),
        (json!({"inferenceProfileId": " "}), None),
        (json!({"type": "SHARED"}), Some("us.acme.one-v1:0")),
        (json!({"type": "APPLICATION", "inferenceProfileId": "a1b2", "inferenceProfileArn": arn}), Some(arn)),
        (json!({"models": null}), Some("us.acme.one-v1:0")),
        (json!({"models": [{}, {"modelArn": "odd"}]}), Some("us.acme.one-v1:0")),
    ] {
        let entries = entries(&[], &[profile(changes.clone())], &all());
        assert_eq!(ids(&entries).first().copied(), expected, "{changes}");
    }
}

#[test]
fn a_profile_takes_over_from_its_model_also_when_that_cannot_be_called() {
    let only =
        json!({"inferenceTypesSupported": ["INFERENCE_PROFILE"], "outputModalities": ["TEXT", "SMELL"]});
    let entry = entries(&[model(only)], &[profile(json!({}))], &all()).remove(0);
    assert_eq!(entry.kind, EntryKind::SystemProfile);
    assert_eq!(entry.input, Modalities::from_iter(["TEXT", "IMAGE"]));
    assert_eq!(entry.output, Modalities::from_iter(["TEXT", "SMELL"]));
    assert_eq!((entry.name.as_str(), entry.vendor.as_str()), ("US One", "Acme AI"));
    assert_eq!(entry.base_model.as_deref(), Some("acme.one-v1:0"));
    assert_eq!(entry.regions, ["us-east-1", "us-west-2"]);
    assert!(entry.streams && entry.is_active() && entry.on_demand());
}

#[test]
fn every_prefix_is_known_and_what_is_not_listed_reads_text() {
    for prefix in
        ["us", "eu", "ap", "apac", "au", "jp", "global", "us-gov", "ca", "sa", "me", "af", "mx", "il", "uk"]
    {
        let id = format!("{prefix}.acme.one-v1:0");
        let changes = json!({"inferenceProfileId": id, "models": [], "inferenceProfileName": null});
        let entry = entries(&[], &[profile(changes.clone())], &all()).remove(0);
        assert_eq!(entry.base_model.as_deref(), Some("acme.one-v1:0"), "{prefix}");
        assert_eq!((entry.name, entry.vendor.as_str()), (id, "acme"));
        assert_eq!(entry.input, Modalities::from_iter(["TEXT"]));
        let listed =
            entries(&[model(json!({"inputModalities": ["TEXT", "VIDEO"]}))], &[profile(changes)], &all());
        assert!(
            listed.iter().all(|entry| entry.input == Modalities::from_iter(["TEXT", "VIDEO"])),
            "{prefix}"
        );
    }
    // The first model of a global profile names no region.
    let global = json!({"models": [{"modelArn": "arn:aws:bedrock:::foundation-model/acme.one-v1:0"}]});
    let entry = entries(&[], &[profile(global)], &all()).remove(0);
    assert_eq!((entry.base_model.as_deref(), entry.regions.len()), (Some("acme.one-v1:0"), 0));
    // The account may call its profiles as it likes.
    let own = json!({"type": "APPLICATION", "inferenceProfileId": "us.not.this", "models": []});
    assert_eq!(entries(&[], &[profile(own)], &all())[0].base_model, None);
}

#[test]
fn vendors_are_filtered_by_name_or_by_the_word_of_their_ids() {
    let models = [
        model(json!({})),
        model(json!({"modelId": "other.two", "providerName": null, "modelName": "Two"})),
        model(json!({"modelId": "third.three", "modelName": "\t", "providerName": " Acme ai "})),
    ];
    let profiles =
        [profile(json!({})), profile(json!({"inferenceProfileId": "us.x", "models": [], "type": "NEW"}))];
    let (acme, other) = (&["acme.one-v1:0", "us.acme.one-v1:0"][..], &["other.two"][..]);
    for (names, expected) in [
        (&["ACME"][..], acme),
        (&[" other "], other),
        (&["acme AI"], &["acme.one-v1:0", "third.three", "us.acme.one-v1:0"]),
        (&["acme", "other", "other", ""], &["acme.one-v1:0", "other.two", "us.acme.one-v1:0"]),
        (&["nobody"], &[]),
        (&["", " "], &["acme.one-v1:0", "other.two", "third.three", "us.acme.one-v1:0", "us.x"]),
    ] {
        let mut entries = entries(&models, &profiles, &ProviderFilter::new(names));
        entries.sort_by(|a, b| a.id.cmp(&b.id));
        assert_eq!(ids(&entries), expected, "{names:?}");
    }
    assert_eq!(ProviderFilter::new(["b", " A", "", "a"]).names(), ["a", "b"]);
}

#[test]
fn global_profiles_come_first_then_names_then_ids_and_nothing_comes_twice() {
    let entry =
        |id: &str, name: &str| profile(json!({"inferenceProfileId": id, "inferenceProfileName": name}));
    let profiles = [
        entry("us.b.x", "beta"),
        entry("us.a.x", "Beta"),
        entry("eu.a.x", "Alpha"),
        entry("global.z.x", "Zeta"),
        entry("global.y.x", "Zeta"),
        entry("EU.A.X", "Another"),
        entry("acme.one-v1:0", "One too"),
    ];
    let expected = ["global.y.x", "global.z.x", "eu.a.x", "us.a.x", "us.b.x", "acme.one-v1:0"];
    assert_eq!(ids(&entries(&[model(json!({}))], &profiles, &all())), expected);
    let reversed: Vec<_> =
        profiles.iter().cloned().rev().filter(|entry| entry.inference_profile_id != "EU.A.X").collect();
    assert_eq!(ids(&entries(&[model(json!({}))], &reversed, &all())), expected);
}

fn words() -> impl Strategy<Value = String> {
    prop::string::string_regex(
        "(us\\.|global\\.|arn:aws:bedrock:us-east-1::foundation-model/)?[a-b]{0,2}\\.?[a-z :/.]{0,4}",
    )
    .unwrap()
}

proptest! {
    #[test]
    fn any_lists_give_entries_with_different_ids_in_order(
        models in prop::collection::vec((words(), words(), any::<bool>()), 0..6),
        profiles in prop::collection::vec((words(), words(), words(), any::<bool>()), 0..6),
        filter in prop::collection::vec(words(), 0..2),
    ) {
        let models: Vec<_> = models
            .into_iter()
            .map(|(id, name, streams)| model(json!({"modelId": id, "modelName": name, "responseStreamingSupported": streams})))
            .collect();
        let profiles: Vec<_> = profiles
            .into_iter()
            .map(|(id, name, arn, own)| {
                let kind = if own { "APPLICATION" } else { "SYSTEM_DEFINED" };
                profile(json!({"inferenceProfileId": id, "inferenceProfileName": name, "type": kind,
                               "inferenceProfileArn": null, "models": [{"modelArn": arn}]}))
            })
            .collect();
        let filter = ProviderFilter::new(filter);
        let found = entries(&models, &profiles, &filter);
        let different: HashSet<String> = found.iter().map(|entry| entry.id.to_ascii_lowercase()).collect();
        prop_assert_eq!(different.len(), found.len());
        prop_assert!(found.iter().all(|entry| !entry.id.trim().is_empty() && entry.is_active()));
        let keys: Vec<_> = found
            .iter()
            .map(|entry| (!entry.id.starts_with("global."), entry.name.to_lowercase(), &entry.id))
            .collect();
        prop_assert!(keys.is_sorted());
    }
}
