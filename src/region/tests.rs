//! Regions: names, partitions, and where they come from.

use super::{PARTITIONS, Region, resolve};
use crate::conformance;
use crate::env::Env;
use crate::error::Error;
use crate::origin::{Origin, Sourced};

fn region(name: &str) -> Region {
    Region::new(name).unwrap()
}

#[test]
fn only_host_labels_are_region_names() {
    let longest = "a".repeat(63);
    for name in ["us-east-1", "a", "US-East-1", "fips-us-east-1", &longest] {
        assert_eq!(region(name).as_str(), name);
    }
    let too_long = "a".repeat(64);
    for name in ["", " ", " us-east-1", "us/east", "us.east", "-us", "us-", "ü", "us_east", "a\nb", &too_long]
    {
        let error = Region::new(name).unwrap_err();
        assert!(matches!(error, Error::Config(problem) if problem.origin == Origin::Code), "{name:?}");
    }
}

#[test]
fn partitions_by_name_by_pattern_and_by_default() {
    for (name, partition) in [
        ("us-east-1", "aws"),
        ("us-new-77", "aws"),
        ("mx-future-2", "aws"),
        ("aws-global", "aws"),
        ("cn-north-1", "aws-cn"),
        ("aws-cn-global", "aws-cn"),
        ("us-gov-west-1", "aws-us-gov"),
        ("us-iso-east-1", "aws-iso"),
        ("us-isob-east-1", "aws-iso-b"),
        ("eu-isoe-west-1", "aws-iso-e"),
        ("us-isof-south-1", "aws-iso-f"),
        ("eusc-de-east-1", "aws-eusc"),
        ("eusc-fr-east-1", "aws"),
        ("mars-1", "aws"),
        ("cn-north-x", "aws"),
        ("cn--1", "aws"),
        ("cn-north-", "aws"),
        ("cn-", "aws"),
    ] {
        let found = PARTITIONS.iter().find(|partition| partition.holds(name));
        assert_eq!(found.map_or("aws", |partition| partition.id), partition, "{name}");
    }
    assert_eq!(region("mars-1").partition().id, "aws");
}

#[test]
fn the_partition_table_agrees_with_the_published_one() {
    let Some(file) = conformance::json("endpoints/partitions.json") else { return };
    let published = file["partitions"].as_array().unwrap();
    assert_eq!(published.len(), PARTITIONS.len());
    for entry in published {
        let (id, outputs) = (entry["id"].as_str().unwrap(), &entry["outputs"]);
        let ours = PARTITIONS.iter().find(|partition| partition.id == id).unwrap();
        assert_eq!(outputs["dnsSuffix"], ours.dns_suffix, "{id}");
        assert_eq!(outputs["dualStackDnsSuffix"], ours.dual_stack_dns_suffix, "{id}");
        assert_eq!((&outputs["supportsFIPS"], &outputs["supportsDualStack"]), (&true.into(), &true.into()));
        for name in entry["regions"].as_object().unwrap().keys() {
            assert_eq!(region(name).partition().id, id, "{name}");
        }
    }
}

#[test]
fn geographies_of_regions() {
    for (name, expected) in [
        ("us-west-2", &["us"][..]),
        ("us-gov-west-1", &["us-gov"]),
        ("ca-central-1", &["ca", "us"]),
        ("eu-central-1", &["eu"]),
        ("ap-northeast-1", &["jp", "apac"]),
        ("ap-southeast-2", &["au", "apac"]),
        ("ap-south-1", &["apac"]),
        ("sa-east-1", &["sa"]),
        ("cn-north-1", &[]),
        ("us-iso-east-1", &[]),
        ("mars-1", &[]),
    ] {
        assert_eq!(region(name).geographies(), expected, "{name}");
    }
}

fn profile_says(name: &str) -> Option<Sourced<String>> {
    Some(Sourced::new(name.to_owned(), Origin::File { path: "/c".into(), line: Some(2) }))
}

#[test]
fn the_first_place_that_names_a_region_wins() {
    let flag = || Some(Sourced::new("eu-west-1".to_owned(), Origin::Flag("--region")));
    let file = || Some(Sourced::new("sa-east-1".to_owned(), Origin::Code));
    let both = Env::empty().with("AWS_REGION", "us-east-2").with("AWS_DEFAULT_REGION", "us-west-1");
    let default = Env::empty().with("AWS_DEFAULT_REGION", "us-west-1");
    for (explicit, env, configured, profile, expected) in [
        (flag(), &both, file(), profile_says("ap-south-1"), Some(("eu-west-1", "`--region`"))),
        (None, &both, file(), profile_says("ap-south-1"), Some(("us-east-2", "`AWS_REGION`"))),
        (None, &default, file(), None, Some(("us-west-1", "`AWS_DEFAULT_REGION`"))),
        (None, &Env::empty(), file(), profile_says("ap-south-1"), Some(("sa-east-1", "the calling program"))),
        (None, &Env::empty(), None, profile_says("ap-south-1"), Some(("ap-south-1", "`/c:2`"))),
        (None, &Env::empty(), None, None, None),
    ] {
        let found = resolve(explicit, env, configured, || Ok(profile)).unwrap();
        let found = found.map(|region| (region.value.to_string(), region.origin.to_string()));
        assert_eq!(found, expected.map(|(name, origin)| (name.to_owned(), origin.to_owned())));
    }
    assert_eq!(Region::fallback().value.as_str(), "us-east-1");
    assert_eq!(Region::fallback().origin, Origin::Default);
}

#[test]
fn a_place_with_an_unusable_region_is_an_error_that_names_it() {
    for (env, profile, message) in [
        (Env::empty().with("AWS_REGION", ""), None, "`AWS_REGION` cannot be used: the region is empty"),
        (
            Env::empty().with("AWS_DEFAULT_REGION", ""),
            None,
            "`AWS_DEFAULT_REGION` cannot be used: the region is empty",
        ),
        (
            Env::empty().with("AWS_REGION", " eu-west-1 "),
            None,
            "`AWS_REGION` cannot be used: ` eu-west-1 ` is no region name",
        ),
        (Env::empty(), profile_says(""), "`region` in `/c:2` cannot be used: the region is empty"),
        (
            Env::empty(),
            profile_says("eu-west-1\naws_secret_access_key = SEKRET"),
            "`region` in `/c:2` cannot be used: `eu-west-1` goes on in an indented line",
        ),
    ] {
        let error = resolve(None, &env, None, || Ok(profile)).unwrap_err();
        assert_eq!(error.to_string(), message);
    }
}

#[test]
fn the_profile_is_not_asked_while_something_stronger_speaks() {
    for env in [
        Env::empty().with("AWS_REGION", "us-east-2"),
        Env::empty().with("AWS_REGION", ""),
        Env::empty().with("AWS_DEFAULT_REGION", "us-east-2"),
    ] {
        let _ = resolve(None, &env, None, || panic!("asked"));
    }
}
