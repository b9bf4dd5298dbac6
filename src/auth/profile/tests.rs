//! Profiles as one selected profile sees them.

use super::plan::{Base, PlanFailure};
use super::{Profiles, selected};
use crate::conformance;
use crate::env::Env;
use crate::error::Error;
use crate::origin::{Origin, Sourced};
use crate::region;
use serde_json::Value;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

fn env() -> Env {
    Env::empty().with("HOME", "/h")
}

fn files<'a>(config: &'a str, credentials: &'a str) -> impl Fn(&Path) -> io::Result<Vec<u8>> + 'a {
    move |path| Ok(if path.ends_with("config") { config } else { credentials }.as_bytes().to_owned())
}

#[test]
fn the_selected_profile() {
    let flag = || Some(Sourced::new("flag".to_owned(), Origin::Flag("--profile")));
    let named = env().with("AWS_PROFILE", "dev");
    for (env, explicit, name, origin) in [
        (&env(), None, "default", "the built-in default"),
        (&named, None, "dev", "`AWS_PROFILE`"),
        (&named, flag(), "flag", "`--profile`"),
        (&env().with("AWS_PROFILE", ""), None, "", "`AWS_PROFILE`"),
        (&env().with("AWS_DEFAULT_PROFILE", "old"), None, "default", "the built-in default"),
    ] {
        let profile = selected(env, explicit);
        assert_eq!((profile.value.as_str(), profile.origin.to_string().as_str()), (name, origin));
    }
}

#[test]
fn files_are_opened_once_and_only_when_asked() {
    let opened = AtomicUsize::new(0);
    let read = |_: &Path| {
        opened.fetch_add(1, Ordering::Relaxed);
        Err(io::ErrorKind::NotFound.into())
    };
    let env = env();
    let profiles = Profiles::new(&env, None, &read);
    profiles.selected();
    assert_eq!(opened.load(Ordering::Relaxed), 0);
    profiles.setting("region");
    profiles.region().unwrap();
    profiles.plan().unwrap_err();
    assert_eq!(opened.load(Ordering::Relaxed), 2);
}

#[test]
fn settings_come_with_their_place() {
    let config = "[profile p]\nendpoint_url = http://p\nservices = s\n[services s]\nbedrock-runtime =\n  \
                  endpoint_url = http://hyphen\nsts =\n  endpoint_url = http://sts\n";
    let (env, read) = (env().with("AWS_PROFILE", "p"), files(config, ""));
    let profiles = Profiles::new(&env, None, &read);
    let text = |found: Option<Sourced<&str>>| found.map(|found| format!("{} {}", found.value, found.origin));
    assert_eq!(text(profiles.setting("Endpoint_Url")).unwrap(), "http://p `/h/.aws/config:2`");
    assert_eq!(text(profiles.setting("absent")), None);
    let runtime = profiles.service_setting(&["bedrock_runtime", "bedrock-runtime"], "endpoint_url");
    assert_eq!(text(runtime).unwrap(), "http://hyphen `/h/.aws/config:5`");
    assert_eq!(text(profiles.service_setting(&["bedrock_runtime"], "endpoint_url")), None);
    assert_eq!(text(profiles.service_setting(&["sts"], "other")), None);
}

#[test]
fn a_services_name_without_section_says_nothing() {
    let (env, read) =
        (env(), files("[default]\nservices = s\n[services t]\nsts =\n  endpoint_url = http://h\n", ""));
    assert_eq!(Profiles::new(&env, None, &read).service_setting(&["sts"], "endpoint_url"), None);
}

#[test]
fn a_broken_file_fails_credentials_and_region_and_no_other_setting() {
    let (env, read) = (env(), files("[default]\nuse_fips_endpoint = true\n", "[default\n"));
    let profiles = Profiles::new(&env, None, &read);
    assert_eq!(profiles.setting("use_fips_endpoint"), None);
    let error = profiles.region().unwrap_err();
    assert_eq!(
        error.to_string(),
        "`/h/.aws/credentials:1` cannot be used: a section header does not end in `]`"
    );
    assert!(matches!(profiles.set(), Err(Error::Config(_))));
    assert!(matches!(profiles.plan(), Err(PlanFailure::Broken(_))));
}

#[test]
fn the_handle_can_be_shared_between_threads() {
    fn assert_shared<T: Send + Sync>(_: &T) {}
    let (env, read) = (env(), files("", ""));
    assert_shared(&Profiles::new(&env, None, &read));
}

/// The environment of a published case, whose home folder is `/h`.
fn env_of(case: &Value) -> Env {
    let variables = case["env"].as_object().unwrap().iter();
    variables
        .fold(env(), |env, (name, value)| env.with(name, value.as_str().unwrap().replace("{HOME}", "/h")))
}

fn files_of(case: &Value) -> impl Fn(&Path) -> io::Result<Vec<u8>> + Send + Sync {
    let files = case["files"].clone();
    move |path| {
        let path = path.strip_prefix("/h").unwrap().to_str().unwrap();
        let text = files.get(path).and_then(Value::as_str).ok_or(io::ErrorKind::NotFound)?;
        Ok(text.replace("{HOME}", "/h").into_bytes())
    }
}

#[test]
fn published_profile_cases() {
    for case in conformance::cases("sdk-behaviour/profile.json") {
        // These keys come from the environment: no file is opened.
        if case["env"].get("AWS_ACCESS_KEY_ID").is_some() {
            continue;
        }
        let (env, read) = (env_of(&case), files_of(&case));
        let found = Profiles::new(&env, None, &read).plan();
        let expected = &case["expect"];
        // A byte order mark is skipped here, while the AWS libraries refuse it.
        let outcome =
            if case["id"] == "ini-bom" { "credentials" } else { expected["outcome"].as_str().unwrap() };
        match (outcome, found) {
            ("credentials", Ok(plan)) => {
                let Base::Static(keys) = plan.base else { panic!("{:?} {case}", plan.base) };
                let Some(published) = expected.get("credentials") else { continue };
                let token = keys.session_token.as_ref().map(|token| token.expose());
                assert_eq!(published["access_key_id"], keys.access_key_id, "{case}");
                assert_eq!(published["secret_access_key"], keys.secret_access_key.expose(), "{case}");
                assert_eq!(published["session_token"].as_str(), token, "{case}");
            }
            ("none", Err(PlanFailure::NotHere { .. })) | ("error", Err(PlanFailure::Broken(_))) => {}
            (_, found) => panic!("{found:?} {case}"),
        }
    }
}

#[test]
fn published_role_and_sso_cases_that_end_without_a_request() {
    for file in ["sdk-behaviour/assume-role.json", "sdk-behaviour/sso.json"] {
        for case in conformance::cases(file) {
            let (env, read) = (env_of(&case), files_of(&case));
            let found = Profiles::new(&env, None, &read).plan();
            match (case["expect"]["outcome"].as_str(), case["expect"]["kind"].as_str()) {
                (Some("none"), _) => {
                    assert!(matches!(found, Err(PlanFailure::NotHere { .. })), "{found:?} {case}")
                }
                (_, Some("config")) => {
                    assert!(matches!(found, Err(PlanFailure::Broken(_))), "{found:?} {case}")
                }
                _ => assert!(found.is_ok(), "{found:?} {case}"),
            }
        }
    }
}

#[test]
fn published_region_cases() {
    for case in conformance::cases("sdk-behaviour/region.json") {
        let (env, read) = (env_of(&case), files_of(&case));
        let profiles = Profiles::new(&env, None, &read);
        let found = region::resolve(None, &env, None, || profiles.region());
        match case["id"].as_str().unwrap() {
            // An empty or padded variable is refused here, while the AWS libraries fail at the endpoint.
            "region-empty-env" | "region-padded-env" => assert!(found.is_err(), "{found:?} {case}"),
            // The instance metadata service is the caller's to ask.
            "region-imds" => assert_eq!(found.unwrap(), None),
            _ => {
                let found = found.unwrap().map(|region| region.value.to_string());
                assert_eq!(case["expect"]["region"].as_str(), found.as_deref(), "{case}");
            }
        }
    }
}
