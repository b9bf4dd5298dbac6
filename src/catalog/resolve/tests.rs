//! Names to ids: aliases, parts of names, profiles by region, with and without a listing, and what is refused.

use super::{ConfiguredModel, ResolveStep, Resolved, Surroundings, Unresolved, resolve};
use crate::catalog::{EntryKind, Modalities, ModelEntry};
use crate::region::Region;
use proptest::prelude::*;
use std::collections::BTreeMap;

const HAIKU: &str = "anthropic.claude-haiku-4-5-20251001-v1:0";

#[derive(Default)]
struct World {
    aliases: BTreeMap<String, String>,
    configured: Vec<ConfiguredModel>,
    listing: Vec<ModelEntry>,
}

impl World {
    fn resolve(&self, typed: &str, region: &str) -> Result<Resolved, Unresolved> {
        let region = Region::new(region).unwrap();
        let Self { aliases, configured, listing } = self;
        resolve(typed, &Surroundings { aliases, configured, listing, region: &region })
    }

    fn id(&self, typed: &str, region: &str) -> String {
        self.resolve(typed, region).unwrap_or_else(|why| panic!("{typed}: {why:?}")).id.to_string()
    }
}

fn entry(id: &str, name: &str, kind: EntryKind, base: Option<&str>, types: &[&str]) -> ModelEntry {
    ModelEntry {
        id: id.to_owned(),
        name: name.to_owned(),
        vendor: String::new(),
        kind,
        base_model: base.map(str::to_owned),
        arn: None,
        input: Modalities::from_iter(["TEXT"]),
        output: Modalities::from_iter(["TEXT"]),
        streams: true,
        inference_types: types.iter().copied().map(str::to_owned).collect(),
        status: "ACTIVE".to_owned(),
        regions: Vec::new(),
    }
}

fn foundation(id: &str, name: &str, types: &[&str]) -> ModelEntry {
    entry(id, name, EntryKind::Foundation, None, types)
}

fn profile(geography: &str, base: &str) -> ModelEntry {
    entry(&format!("{geography}.{base}"), "A profile", EntryKind::SystemProfile, Some(base), &[])
}

#[test]
fn a_model_that_needs_a_profile_gets_that_of_the_geography() {
    let world = World::default();
    for (region, geography) in [
        ("us-east-1", "us"),
        ("us-west-2", "us"),
        ("ca-central-1", "us"),
        ("eu-central-1", "eu"),
        ("ap-northeast-1", "jp"),
        ("ap-northeast-3", "jp"),
        ("ap-southeast-2", "au"),
        ("ap-south-1", "global"),
        ("sa-east-1", "global"),
        ("me-central-1", "global"),
        ("af-south-1", "global"),
        ("il-central-1", "eu"),
    ] {
        assert_eq!(world.id(HAIKU, region), format!("{geography}.{HAIKU}"), "{region}");
    }
    for (base, region, expected) in [
        ("amazon.nova-lite-v1:0", "ap-northeast-1", "apac.amazon.nova-lite-v1:0"),
        (
            "anthropic.claude-sonnet-4-20250514-v1:0",
            "ap-southeast-2",
            "apac.anthropic.claude-sonnet-4-20250514-v1:0",
        ),
        ("anthropic.claude-opus-4-8", "us-gov-west-1", "us-gov.anthropic.claude-opus-4-8"),
        ("meta.llama3-2-90b-instruct-v1:0", "us-east-1", "us.meta.llama3-2-90b-instruct-v1:0"),
        (
            "anthropic.claude-haiku-4-5-20251001-v1",
            "us-east-1",
            "us.anthropic.claude-haiku-4-5-20251001-v1:0",
        ),
    ] {
        assert_eq!(world.id(base, region), expected, "{region}");
    }
    let steps = world.resolve(HAIKU, "eu-west-1").unwrap().steps;
    let step = ResolveStep::Profile { base: HAIKU.to_owned(), geography: "eu".to_owned(), listed: false };
    assert_eq!(steps, [step]);
}

#[test]
fn a_model_is_called_by_its_own_id_where_it_can_be_or_where_no_profile_is_known() {
    let world = World::default();
    for (id, region) in [
        ("amazon.nova-lite-v1:0", "us-east-1"),
        ("qwen.qwen3-32b-v1:0", "eu-west-1"),
        ("openai.gpt-oss-120b-1:0", "us-west-2"),
        // No profile for this geography, and none for all.
        ("amazon.nova-premier-v1:0", "eu-west-1"),
        // No global profile outside of the partition `aws`.
        (HAIKU, "us-gov-west-1"),
        (HAIKU, "cn-north-1"),
        // A throughput form.
        ("anthropic.claude-3-5-sonnet-20241022-v2:0:51k", "us-east-1"),
    ] {
        let resolved = world.resolve(id, region).unwrap();
        assert_eq!((resolved.id.as_str(), resolved.steps.as_slice()), (id, &[][..]), "{region}");
    }
}

#[test]
fn what_looks_like_an_id_is_passed_through() {
    let world = World::default();
    for id in [
        "us.anthropic.claude-haiku-4-5-20251001-v1:0",
        "xx.anthropic.claude-opus-9",
        "anthropic.claude-opus-9-v1:0",
        "acme.new-model",
        "arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-haiku-4-5-20251001-v1:0",
        "arn:aws:bedrock:eu-west-1:123456789012:application-inference-profile/k3j2h1g0f9e8",
        "arn:aws:sagemaker:eu-west-1:123456789012:endpoint/mine",
        "k3j2h1g0f9e8",
    ] {
        let resolved = world.resolve(id, "us-east-1").unwrap();
        assert_eq!((resolved.id.as_str(), resolved.steps.as_slice()), (id, &[][..]));
        assert_eq!(world.id(&format!(" amazon-bedrock/{id} "), "us-east-1"), id);
    }
}

#[test]
fn an_unambiguous_part_of_a_name_is_enough() {
    let world = World::default();
    for (typed, expected) in [
        ("haiku-4-5", "us.anthropic.claude-haiku-4-5-20251001-v1:0"),
        ("claude haiku 4.5", "us.anthropic.claude-haiku-4-5-20251001-v1:0"),
        ("bedrock/haiku-4.5", "us.anthropic.claude-haiku-4-5-20251001-v1:0"),
        ("sonnet 4.6", "us.anthropic.claude-sonnet-4-6"),
        ("Sonnet4.6", "us.anthropic.claude-sonnet-4-6"),
        // Not 4.5 and 4.6, which only begin like it.
        ("sonnet 4", "us.anthropic.claude-sonnet-4-20250514-v1:0"),
        ("opus-5", "us.anthropic.claude-opus-5"),
        ("nova-lite", "amazon.nova-lite-v1:0"),
        ("nova 2 lite", "us.amazon.nova-2-lite-v1:0"),
        ("amazon nova micro", "amazon.nova-micro-v1:0"),
        ("llama 3.3", "us.meta.llama3-3-70b-instruct-v1:0"),
        ("maverick", "us.meta.llama4-maverick-17b-instruct-v1:0"),
        ("gpt-oss-120b", "openai.gpt-oss-120b-1:0"),
        ("glm-4.7", "zai.glm-4.7"),
        ("deepseek v3.2", "deepseek.v3.2"),
        ("command r+", "cohere.command-r-plus-v1:0"),
        ("claude 3.5 sonnet v2", "us.anthropic.claude-3-5-sonnet-20241022-v2:0"),
        ("pixtral", "us.mistral.pixtral-large-2502-v1:0"),
    ] {
        assert_eq!(world.id(typed, "us-east-1"), expected, "{typed}");
    }
    let steps = world.resolve("haiku-4-5", "us-east-1").unwrap().steps;
    let name = ResolveStep::Name { typed: "haiku-4-5".to_owned(), id: HAIKU.to_owned() };
    assert_eq!(steps.first(), Some(&name));
    assert_eq!(steps.len(), 2);
}

#[test]
fn a_part_that_fits_several_names_them() {
    let world = World::default();
    for (typed, one) in [
        ("sonnet", "anthropic.claude-sonnet-4-6"),
        ("claude", HAIKU),
        ("lite", "amazon.nova-2-lite-v1:0"),
        ("mini", "ai21.jamba-1-5-mini-v1:0"),
        ("llama", "meta.llama4-scout-17b-instruct-v1:0"),
        ("mistral-large", "mistral.mistral-large-3-675b-instruct"),
    ] {
        match world.resolve(typed, "us-east-1") {
            Err(Unresolved::Ambiguous { typed: said, candidates }) => {
                assert_eq!(said, typed);
                assert!(candidates.len() > 1 && candidates.is_sorted(), "{typed} {candidates:?}");
                assert!(candidates.iter().any(|id| id == one), "{typed} {candidates:?}");
            }
            other => panic!("{typed}: {other:?}"),
        }
    }
}

#[test]
fn a_word_that_fits_nothing_is_told_with_its_neighbours() {
    let world =
        World { aliases: BTreeMap::from([("fast".to_owned(), HAIKU.to_owned())]), ..World::default() };
    for (typed, first) in [
        ("haiku-4-6", Some("haiku-4-5")),
        ("nova-lit", Some("nova-lite")),
        ("claude-sonet-4-6", Some("claude-sonnet-4-6")),
        ("fats", Some("fast")),
        ("fasd", Some("fast")),
        ("gpt-4o-turbo-preview", None),
        ("ova", None),
        ("5", None),
        ("r", None),
        ("--", None),
        ("us-east-1", None),
    ] {
        match world.resolve(typed, "us-east-1") {
            Err(Unresolved::Unknown { typed: said, near }) => {
                assert_eq!(said, typed);
                assert_eq!(near.first().map(String::as_str), first, "{typed} {near:?}");
            }
            other => panic!("{typed}: {other:?}"),
        }
    }
    for typed in ["", "  ", "..", "amazon-bedrock/"] {
        assert_eq!(world.resolve(typed, "us-east-1"), Err(Unresolved::Blank), "{typed:?}");
    }
}

#[test]
fn aliases_come_first_and_lead_on() {
    let world = World {
        aliases: BTreeMap::from(
            [
                ("fast", "haiku-4-5"),
                ("gpt-4o", "eu.amazon.nova-pro-v1:0"),
                ("openai/gpt-4o", "amazon-bedrock/acme.new"),
                ("nova-lite", "nova-micro"),
                ("loop", "loop2"),
                ("loop2", "loop"),
                ("nothing", " "),
            ]
            .map(|(alias, target)| (alias.to_owned(), target.to_owned())),
        ),
        ..World::default()
    };
    for (typed, expected) in [
        ("fast", "eu.anthropic.claude-haiku-4-5-20251001-v1:0"),
        ("FAST", "eu.anthropic.claude-haiku-4-5-20251001-v1:0"),
        ("amazon-bedrock/fast", "eu.anthropic.claude-haiku-4-5-20251001-v1:0"),
        ("gpt-4o", "eu.amazon.nova-pro-v1:0"),
        ("openai/gpt-4o", "acme.new"),
        ("nova-lite", "eu.amazon.nova-micro-v1:0"),
    ] {
        assert_eq!(world.id(typed, "eu-central-1"), expected, "{typed}");
    }
    let step = ResolveStep::Alias { alias: "fast".to_owned(), target: "haiku-4-5".to_owned() };
    assert_eq!(world.resolve("Fast", "us-east-1").unwrap().steps.first(), Some(&step));
    // An alias is followed once, so that two cannot chase each other.
    assert!(matches!(world.resolve("loop", "us-east-1"), Err(Unresolved::Unknown { .. })));
    assert_eq!(world.resolve("nothing", "us-east-1"), Err(Unresolved::Blank));
}

#[test]
fn a_configured_model_is_taken_as_it_is_written() {
    let own = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc";
    let configured =
        [(HAIKU, None), (own, Some("Team model")), ("amazon-bedrock/eu.amazon.nova-pro-v1:0", None)];
    let configured = configured.map(|(id, name): (&str, Option<&str>)| ConfiguredModel {
        id: id.to_owned(),
        name: name.map(str::to_owned),
    });
    let world = World { configured: configured.to_vec(), ..World::default() };
    for (typed, expected) in [
        (HAIKU, HAIKU),
        ("haiku-4-5", HAIKU),
        ("haiku", HAIKU),
        ("team", own),
        ("team model", own),
        (own, own),
        ("nova-pro", "eu.amazon.nova-pro-v1:0"),
        ("eu.amazon.nova-pro-v1:0", "eu.amazon.nova-pro-v1:0"),
        // Those that are not configured are found too.
        ("nova-micro", "amazon.nova-micro-v1:0"),
    ] {
        assert_eq!(world.id(typed, "us-east-1"), expected, "{typed}");
    }
    assert_eq!(world.resolve("team", "us-east-1").unwrap().name.as_deref(), Some("Team model"));
}

#[test]
fn a_listing_is_believed_before_the_catalogue() {
    let new = "acme.fresh-1-v1:0";
    let mut embedding = foundation("acme.fresh-embed-v1:0", "Fresh Embed", &["ON_DEMAND"]);
    embedding.output = Modalities::from_iter(["EMBEDDING"]);
    let mut legacy = foundation("acme.fresh-0-v1:0", "Fresh 0", &["ON_DEMAND"]);
    legacy.status = "LEGACY".to_owned();
    let world = World {
        listing: vec![
            foundation(HAIKU, "Claude Haiku 4.5", &["INFERENCE_PROFILE"]),
            profile("global", HAIKU),
            profile("zz", HAIKU),
            foundation("amazon.nova-lite-v1:0", "Nova Lite", &["ON_DEMAND", "INFERENCE_PROFILE"]),
            profile("us", "amazon.nova-lite-v1:0"),
            foundation(new, "Fresh 1", &["INFERENCE_PROFILE"]),
            profile("kr", new),
            profile("us", "acme.only-profile-v1:0"),
            profile("eu", "acme.only-profile-v1:0"),
            entry("k3j2h1g0f9e8", "Costs of the team", EntryKind::ApplicationProfile, Some(HAIKU), &[]),
            embedding,
            legacy,
        ],
        ..World::default()
    };
    for (typed, region, expected) in [
        // No `us` profile is listed.
        (HAIKU, "us-east-1", "global.anthropic.claude-haiku-4-5-20251001-v1:0"),
        ("haiku-4-5", "us-east-1", "global.anthropic.claude-haiku-4-5-20251001-v1:0"),
        // On demand in a region that the catalogue does not know of.
        ("nova-lite", "us-west-2", "amazon.nova-lite-v1:0"),
        // The only profile there is, of a geography that no one knew.
        (new, "ap-northeast-2", "kr.acme.fresh-1-v1:0"),
        ("fresh", "ap-northeast-2", "kr.acme.fresh-1-v1:0"),
        ("acme.only-profile-v1:0", "eu-west-1", "eu.acme.only-profile-v1:0"),
        ("only profile", "us-west-2", "us.acme.only-profile-v1:0"),
        ("acme.only-profile-v1:0", "ap-south-1", "acme.only-profile-v1:0"),
        ("costs", "us-east-1", "k3j2h1g0f9e8"),
        ("k3j2h1g0f9e8", "us-east-1", "k3j2h1g0f9e8"),
        // What is not listed is still known.
        ("sonnet-4-6", "us-east-1", "us.anthropic.claude-sonnet-4-6"),
    ] {
        assert_eq!(world.id(typed, region), expected, "{typed} {region}");
    }
    let resolved = world.resolve("costs", "us-east-1").unwrap();
    assert_eq!(resolved.name.as_deref(), Some("Costs of the team"));
    let listed = world.resolve(HAIKU, "us-east-1").unwrap().steps;
    assert!(matches!(listed.as_slice(), [ResolveStep::Profile { listed: true, .. }]));
}

proptest! {
    /// Whatever is typed, the answer is an id, candidates, or neighbours; and an id resolves to itself.
    #[test]
    fn what_is_found_stays_found(typed in ".{0,40}", region in "(us-east-1|eu-west-1|ap-northeast-1|sa-east-1)") {
        let world = World::default();
        if let Ok(found) = world.resolve(&typed, &region) {
            let id = found.id.to_string();
            prop_assert_eq!(world.id(&id, &region), id);
        }
    }
}
