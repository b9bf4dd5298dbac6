//! Where the files are, and how they are merged.

use super::{ProfileSet, Section, WarningKind, load};
use crate::conformance;
use crate::env::Env;
use crate::error::ConfigProblem;
use proptest::prelude::*;
use serde_json::Value;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

fn env() -> Env {
    Env::empty().with("HOME", "/home/ada")
}

/// Loads the two default files with these contents; an empty text stands for an absent file.
fn load_texts(config: &str, credentials: &str) -> Result<ProfileSet, ConfigProblem> {
    load_bytes(config.as_bytes(), credentials.as_bytes())
}

fn load_bytes(config: &[u8], credentials: &[u8]) -> Result<ProfileSet, ConfigProblem> {
    load(&env(), &|path| {
        let bytes = match path.to_str() {
            Some("/home/ada/.aws/config") => config,
            Some("/home/ada/.aws/credentials") => credentials,
            other => panic!("{other:?} was opened"),
        };
        if bytes.is_empty() { Err(io::ErrorKind::NotFound.into()) } else { Ok(bytes.to_owned()) }
    })
}

type Plain = BTreeMap<String, BTreeMap<String, String>>;

fn plain(group: &BTreeMap<String, Section>) -> Plain {
    let text = |section: &Section| {
        let values = section.properties.iter();
        values.map(|(name, property)| (name.clone(), property.text().to_owned())).collect()
    };
    group.iter().map(|(name, section)| (name.clone(), text(section))).collect()
}

/// `name: key=value key=value`, one entry a profile.
fn brief(group: &BTreeMap<String, Section>) -> Vec<String> {
    let pairs = |values: &BTreeMap<String, String>| {
        values.iter().map(|(name, value)| format!(" {name}={value}")).collect::<String>()
    };
    plain(group).iter().map(|(name, values)| format!("{name}:{}", pairs(values))).collect()
}

fn plain_json(value: &Value) -> Plain {
    serde_json::from_value(value.clone()).unwrap_or_default()
}

#[test]
fn published_parser_cases() {
    for case in conformance::cases("profile-parser/tests.json") {
        let text = |file: &str| case["input"][file].as_str().unwrap_or_default().to_owned();
        let loaded = load_texts(&text("configFile"), &text("credentialsFile"));
        let expected = &case["output"];
        match loaded {
            Ok(set) => {
                let config = expected.get("config").unwrap_or_else(|| panic!("accepted: {case}"));
                assert_eq!(plain(&set.profiles), plain_json(&config["profiles"]), "{case}");
                assert_eq!(plain(&set.sso_sessions), plain_json(&config["sso_sessions"]), "{case}");
            }
            Err(problem) => assert!(expected.get("errorContaining").is_some(), "{problem:?} {case}"),
        }
    }
}

#[test]
fn published_file_locations() {
    for case in conformance::cases("file-location/tests.json") {
        if case["platform"] != "linux" {
            continue;
        }
        let variables = case["environment"].as_object().unwrap();
        let pairs = variables.iter().map(|(name, value)| (name.clone(), value.as_str().unwrap().into()));
        let env: Env = pairs.collect();
        let set = load(&env, &|_| Err(io::ErrorKind::NotFound.into())).unwrap();
        let path = |key: &str| Some(PathBuf::from(case[key].as_str().unwrap()));
        assert_eq!(set.config_path, path("configLocation"), "{case}");
        assert_eq!(set.credentials_path, path("credentialsLocation"), "{case}");
        if let Some(profile) = case["profile"].as_str() {
            assert_eq!(crate::auth::profile::selected(&env, None).value, profile, "{case}");
        }
    }
}

#[test]
fn locations() {
    let none = Env::empty();
    for (env, config, credentials) in [
        (env(), Some("/home/ada/.aws/config"), Some("/home/ada/.aws/credentials")),
        (env().with("AWS_CONFIG_FILE", "/c"), Some("/c"), Some("/home/ada/.aws/credentials")),
        (
            env().with("AWS_SHARED_CREDENTIALS_FILE", "~/c"),
            Some("/home/ada/.aws/config"),
            Some("/home/ada/c"),
        ),
        (env().with("AWS_CONFIG_FILE", "$HOME/c"), Some("$HOME/c"), Some("/home/ada/.aws/credentials")),
        (
            env().with("AWS_CONFIG_FILE", ""),
            Some("/home/ada/.aws/config"),
            Some("/home/ada/.aws/credentials"),
        ),
        (none.clone(), None, None),
        (none.with("AWS_CONFIG_FILE", "/c"), Some("/c"), None),
    ] {
        let set = load(&env, &|_| Err(io::ErrorKind::NotFound.into())).unwrap();
        assert_eq!(set.config_path.as_deref(), config.map(Path::new));
        assert_eq!(set.credentials_path.as_deref(), credentials.map(Path::new));
    }
}

#[test]
fn headers_of_the_config_file() {
    for (text, profiles) in [
        ("[default]\nx=1", vec!["default: x=1"]),
        ("[profile a]\nx=1", vec!["a: x=1"]),
        ("[profile \t a]\nx=1\n[profile a]\nx=2\ny=3", vec!["a: x=2 y=3"]),
        ("[a]\nx=1", vec![]),
        ("[profile]\nx=1", vec![]),
        ("[profile \"a b\"]\nx=1", vec![]),
        ("[profile default]\nx=1\n[default]\ny=2", vec!["default: x=1"]),
        ("[default]\ny=2\n[profile default]\nx=1", vec!["default: x=1"]),
        ("[sso-session a]\nx=1", vec![]),
        ("[plugin a]\nx=1", vec![]),
        ("[Default]\nx=1", vec![]),
        ("[profile A]\nX=1\n[profile a]\nx=2", vec!["A: x=1", "a: x=2"]),
        ("[profile team/dev@eu:1+2.%]\nx=1", vec!["team/dev@eu:1+2.%: x=1"]),
    ] {
        assert_eq!(brief(&load_texts(text, "").unwrap().profiles), profiles, "{text:?}");
    }
}

#[test]
fn headers_of_the_credentials_file() {
    for (text, profiles) in [
        ("[default]\nx=1", vec!["default: x=1"]),
        ("[a]\nx=1", vec!["a: x=1"]),
        ("[profile a]\nx=1", vec![]),
        ("[sso-session a]\nx=1", vec![]),
        ("[services a]\nx=1", vec![]),
        ("[in valid]\nx=1\n[b]", vec!["b:"]),
        ("[]\nx=1", vec![]),
    ] {
        let set = load_texts("", text).unwrap();
        assert_eq!(brief(&set.profiles), profiles, "{text:?}");
        assert!(set.sso_sessions.is_empty() && set.services.is_empty(), "{text:?}");
    }
}

#[test]
fn sessions_and_services_are_kept_apart_from_profiles() {
    let text = "[sso-session s]\nsso_region=eu-west-1\n[services s]\nsts =\n  endpoint_url = http://h\n";
    let set = load_texts(text, "").unwrap();
    assert_eq!(brief(&set.sso_sessions), ["s: sso_region=eu-west-1"]);
    assert!(set.profiles.is_empty());
    let service = set.services["s"].get("STS").unwrap();
    assert_eq!(service.nested("Endpoint_URL").unwrap().value, "http://h");
    assert_eq!(service.nested("endpoint_url").unwrap().origin.to_string(), "`/home/ada/.aws/config:4`");
    assert_eq!(service.nested("other"), None);
}

#[test]
fn the_credentials_file_wins_key_by_key() {
    let config = "[profile a]\nid=config\ntoken=config\n[default]\nx=1";
    let set = load_texts(config, "[a]\nid=credentials\nsecret=credentials\n[b]\nx=2").unwrap();
    assert_eq!(
        brief(&set.profiles),
        ["a: id=credentials secret=credentials token=config", "b: x=2", "default: x=1"]
    );
    let profile = &set.profiles["a"];
    for (name, origin) in [
        ("id", "`/home/ada/.aws/credentials:2`"),
        ("SECRET", "`/home/ada/.aws/credentials:3`"),
        ("Token", "`/home/ada/.aws/config:3`"),
    ] {
        assert_eq!(profile.get(name).unwrap().origin().to_string(), origin, "{name}");
    }
    assert_eq!(profile.origin.to_string(), "`/home/ada/.aws/config:1`");
    assert!(profile.get("absent").is_none());
}

#[test]
fn what_is_passed_over_is_told() {
    for (config, credentials, warning) in [
        (
            "[a]",
            "",
            "`/home/ada/.aws/config:1`: `[a]` is no profile here; in the config file it needs to be `[profile a]`",
        ),
        (
            "[default]\n[profile default]",
            "",
            "`/home/ada/.aws/config:1`: `[default]` is passed over, since there is `[profile default]`",
        ),
        (
            "",
            "\n[profile a]",
            "`/home/ada/.aws/credentials:2`: `[profile a]` is no profile here; in the credentials file it needs to be `[a]`",
        ),
        (
            "",
            "[sso-session a]",
            "`/home/ada/.aws/credentials:1`: a section of this kind counts in the config file only",
        ),
        (
            "[profile a b]",
            "",
            "`/home/ada/.aws/config:1`: the section is passed over for the characters in its name",
        ),
        (
            "",
            "[a]\naws_secret_access_key: SEKRET=",
            "`/home/ada/.aws/credentials:2`: the property is passed over for the characters in its name",
        ),
    ] {
        let warnings = load_texts(config, credentials).unwrap().warnings;
        let warnings: Vec<_> = warnings.iter().map(ToString::to_string).collect();
        assert_eq!(warnings, [warning]);
    }
    assert_eq!(load_texts("[plugin a]\n[default]\n[services s]", "[a]").unwrap().warnings, []);
}

#[test]
fn files_that_cannot_be_read_are_empty_with_a_warning() {
    let named = env().with("AWS_CONFIG_FILE", "/named");
    let missing = load(&named, &|_| Err(io::ErrorKind::NotFound.into())).unwrap();
    let kinds: Vec<_> = missing.warnings.into_iter().map(|warning| warning.kind).collect();
    assert_eq!(kinds, [WarningKind::Missing("AWS_CONFIG_FILE")]);

    let denied = load(&env(), &|_| Err(io::ErrorKind::PermissionDenied.into())).unwrap();
    let texts: Vec<_> = denied.warnings.iter().map(ToString::to_string).collect();
    assert_eq!(
        texts,
        [
            "`/home/ada/.aws/config`: the file cannot be read: permission denied",
            "`/home/ada/.aws/credentials`: the file cannot be read: permission denied",
        ]
    );

    let set = load_bytes(b"[default]\nx=\xff", b"[a]\nx=1").unwrap();
    assert_eq!(brief(&set.profiles), ["a: x=1"]);
    assert_eq!(set.warnings.len(), 1);
    assert_eq!(set.warnings[0].to_string(), "`/home/ada/.aws/config`: the file is not UTF-8 text");
}

#[test]
fn a_broken_file_names_line_and_rule_and_never_the_line() {
    let problem = load_texts("[default]\nregion=us-east-1", "[default]\nkey: SEKRET").unwrap_err();
    assert_eq!(problem.origin.to_string(), "`/home/ada/.aws/credentials:2`");
    assert_eq!(problem.problem, "`:` stands where `=` is needed");
    assert!(!format!("{problem:?}").contains("SEKRET"));
}

#[test]
fn values_are_not_shown() {
    let set = load_texts("", "[a]\naws_secret_access_key=SEKRET").unwrap();
    assert!(!format!("{set:?}").contains("SEKRET"));
}

#[test]
fn the_region_is_followed_along_source_profiles() {
    let text = "[profile own]\nregion=eu-west-1\nsource_profile=far\n[profile near]\nsource_profile=far\n\
                [profile far]\nregion=us-west-2\n[profile loop]\nsource_profile=pool\n[profile pool]\n\
                source_profile=loop\n[profile self]\nsource_profile=self\n[profile lost]\nsource_profile=x\n\
                [profile sso]\nsso_region=us-west-1";
    let set = load_texts(text, "").unwrap();
    for (profile, region) in [
        ("own", Some("eu-west-1")),
        ("near", Some("us-west-2")),
        ("loop", None),
        ("self", None),
        ("lost", None),
        ("sso", None),
        ("absent", None),
    ] {
        assert_eq!(set.region(profile).map(super::Property::text), region, "{profile}");
    }
}

proptest! {
    #[test]
    fn no_bytes_make_the_loader_panic(
        config in prop::collection::vec(any::<u8>(), 0..200),
        lines in prop::collection::vec(
            "(\\[(profile |sso-session |services )?[ab ]{0,3}\\]| ?[ab:]{0,2} ?= ?[ab#;]{0,3}|\\PC{0,5})",
            0..12,
        ),
    ) {
        let _ = load_bytes(&config, lines.join("\n").as_bytes());
        let _ = load_bytes(lines.join("\r\n").as_bytes(), &config);
    }

    #[test]
    fn what_is_written_is_loaded(
        profiles in prop::collection::btree_map(
            "[a-z]{1,6}",
            prop::collection::btree_map("[a-z_]{1,8}", "[a-zA-Z0-9/+=]{0,10}", 0..5),
            0..5,
        ),
    ) {
        let text = |prefix: &str| -> String {
            let properties = |of: &BTreeMap<String, String>| -> String {
                of.iter().map(|(name, value)| format!("{name} = {value}\n")).collect()
            };
            profiles.iter().map(|(name, of)| format!("[{prefix}{name}]\n{}", properties(of))).collect()
        };
        let (config, credentials) = (text("profile "), text(""));
        for (config, credentials) in [(config.as_str(), ""), ("", &credentials), (&config, &credentials)] {
            prop_assert_eq!(&plain(&load_texts(config, credentials).unwrap().profiles), &profiles);
        }
    }
}
