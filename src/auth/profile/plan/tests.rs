//! The walk along roles and sources.

use super::{Base, Plan, PlanFailure, plan};
use crate::auth::profile::files::{ProfileSet, load};
use crate::conformance;
use crate::env::Env;
use proptest::prelude::*;
use serde_json::Value;

fn set(config: &str) -> ProfileSet {
    let env = Env::empty().with("HOME", "/h");
    load(&env, &|path| Ok(if path.ends_with("config") { config.into() } else { Vec::new() })).unwrap()
}

/// The plan in one line, or `not here: ...`, or `broken <place>: <key>: ...`.
fn told(set: &ProfileSet, name: &str) -> String {
    match plan(set, name) {
        Ok(plan) => plan.to_string(),
        Err(PlanFailure::NotHere { reason, .. }) => format!("not here: {reason}"),
        Err(PlanFailure::Broken(problem)) => {
            let key = problem.key.map(|key| format!("{key}: ")).unwrap_or_default();
            format!("broken {}: {key}{}", problem.origin, problem.problem)
        }
    }
}

fn assert_told(cases: &[(&str, &str)]) {
    for (config, expected) in cases {
        assert_eq!(told(&set(config), "p"), *expected, "{config}");
    }
}

/// A config file with the profiles and sessions of a published case.
fn render(input: &Value) -> String {
    let mut text = String::new();
    for (group, prefix) in [("profiles", "profile"), ("sso_sessions", "sso-session")] {
        for (name, properties) in input[group].as_object().into_iter().flatten() {
            text.push_str(&format!("[{prefix} {name}]\n"));
            for (key, value) in properties.as_object().unwrap() {
                text.push_str(&format!("{key} = {}\n", value.as_str().unwrap()));
            }
        }
    }
    text
}

/// The provider chain of a plan in the words of the published cases.
fn chain(plan: &Plan) -> Value {
    let object = |pairs: &[(&str, Option<&str>)]| -> Value {
        let set = pairs.iter().filter_map(|(key, value)| Some(((*key).to_owned(), Value::from((*value)?))));
        Value::Object(set.collect())
    };
    let (kind, base) = match &plan.base {
        Base::Static(keys) => {
            let fields = [
                ("access_key_id", Some(keys.access_key_id.as_str())),
                ("secret_access_key", Some(keys.secret_access_key.expose())),
                ("session_token", keys.session_token.as_ref().map(|token| token.expose())),
                ("account_id", keys.account_id.as_deref()),
            ];
            ("AccessKey", object(&fields))
        }
        Base::WebIdentity(role) => {
            let fields = [
                ("role_arn", Some(role.role_arn.as_str())),
                ("web_identity_token_file", role.token_file.to_str()),
                ("role_session_name", role.session_name.as_deref()),
            ];
            ("WebIdentityToken", object(&fields))
        }
        Base::Source(source) => ("NamedSource", source.as_str().into()),
        other => panic!("no published case holds {other:?}"),
    };
    let mut chain = vec![serde_json::json!({ kind: base })];
    for role in &plan.roles {
        let fields = [
            ("role_arn", Some(role.role_arn.as_str())),
            ("external_id", role.external_id.as_deref()),
            ("role_session_name", role.session_name.as_deref()),
        ];
        chain.push(serde_json::json!({ "AssumeRole": object(&fields) }));
    }
    chain.into()
}

#[test]
fn published_assume_role_cases() {
    for case in conformance::cases("smithy-rs/assume-role-tests.json") {
        let set = set(&render(&case["input"]));
        let found = plan(&set, case["input"]["selected_profile"].as_str().unwrap());
        match case["output"].get("ProfileChain") {
            Some(expected) => assert_eq!(chain(&found.unwrap()), *expected, "{case}"),
            None => assert!(found.is_err(), "{found:?} {case}"),
        }
    }
}

const KEYS: &str = "aws_access_key_id=AK\naws_secret_access_key=s\n";

#[test]
fn one_profile_the_first_source_that_it_sets_up() {
    let all = "credential_source=EcsContainer\nrole_arn=R\nweb_identity_token_file=/t\nsso_region=r\n\
               login_session=L\ncredential_process=c\n";
    let lines: Vec<_> = all.lines().collect();
    let from = |first: usize| format!("[profile p]\n{KEYS}{}", lines[first..].join("\n"));
    for (config, expected) in [
        (from(0), "`EcsContainer` of profile `p`"),
        (from(1), "role `R` with a web identity token of profile `p`"),
        (from(4), "login session of profile `p`"),
        (from(5), "`credential_process` of profile `p`"),
        (from(6), "static keys of profile `p`"),
    ] {
        assert_eq!(told(&set(&config), "p"), expected, "{config}");
    }
    let token_only = "not here: profile `p` signs in without `sso_account_id` and `sso_role_name`: that gives a token, \
                      not credentials";
    assert_eq!(told(&set(&from(3)), "p"), token_only);
}

#[test]
fn static_keys_with_their_companions() {
    let Base::Static(keys) =
        plan(&set(&format!("[profile p]\n{KEYS}aws_session_token=t\naws_account_id=123456789012\n")), "p")
            .unwrap()
            .base
    else {
        panic!("no static keys")
    };
    assert_eq!((keys.access_key_id.as_str(), keys.secret_access_key.expose()), ("AK", "s"));
    assert_eq!(keys.session_token.unwrap().expose(), "t");
    assert_eq!(keys.account_id.as_deref(), Some("123456789012"));

    let empty = "[profile p]\naws_access_key_id=\naws_secret_access_key=\naws_session_token=\n";
    let Base::Static(keys) = plan(&set(empty), "p").unwrap().base else { panic!("no static keys") };
    assert_eq!((keys.access_key_id.as_str(), keys.session_token), ("", None));
}

#[test]
fn half_a_key_pair_is_broken() {
    assert_told(&[
        (
            "[profile p]\naws_access_key_id=AK",
            "broken `/h/.aws/config:2`: aws_access_key_id: profile `p` has no `aws_secret_access_key`",
        ),
        (
            "[profile p]\naws_secret_access_key=s",
            "broken `/h/.aws/config:2`: aws_secret_access_key: profile `p` has no `aws_access_key_id`",
        ),
    ]);
}

#[test]
fn roles_are_assumed_from_the_innermost_outwards() {
    let role = |name: &str, arn: &str, source: &str| {
        format!("[profile {name}]\nrole_arn={arn}\nsource_profile={source}\n")
    };
    let base = format!("[profile base]\n{KEYS}");
    for (config, expected) in [
        (role("p", "R", "base") + &base, "static keys of profile `base`, then role `R` of profile `p`"),
        (
            role("p", "R", "q") + &role("q", "Q", "base") + &base,
            "static keys of profile `base`, then role `Q` of profile `q`, then role `R` of profile `p`",
        ),
        (role("p", "R", "p") + KEYS, "static keys of profile `p`, then role `R` of profile `p`"),
        // Keys in a source profile end the walk; keys in the first one do not count.
        (
            role("p", "R", "q") + &role("q", "Q", "base") + KEYS + &base,
            "static keys of profile `q`, then role `R` of profile `p`",
        ),
        (
            role("p", "R", "base") + KEYS + &base,
            "static keys of profile `base`, then role `R` of profile `p`",
        ),
        (
            role("p", "R", "q") + &role("q", "Q", "p") + KEYS,
            "static keys of profile `q`, then role `R` of profile `p`",
        ),
        (
            role("p", "R", "q") + "[profile q]\ncredential_process=c\n",
            "`credential_process` of profile `q`, then role `R` of profile `p`",
        ),
        (
            role("p", "R", "q") + "[profile q]\nrole_arn=Q\ncredential_source=ec2instancemetadata\n",
            "`Ec2InstanceMetadata` of profile `q`, then role `Q` of profile `q`, then role `R` of profile `p`",
        ),
        (
            role("p", "R", "q") + "[profile q]\nrole_arn=Q\nweb_identity_token_file=/t\n",
            "role `Q` with a web identity token of profile `q`, then role `R` of profile `p`",
        ),
        (
            role("p", "R", "q")
                + "[profile q]\nsso_start_url=u\nsso_region=r\nsso_account_id=1\nsso_role_name=N\n",
            "SSO role `N` in account `1` of profile `q`, then role `R` of profile `p`",
        ),
        // A source profile without role is no step.
        ("[profile p]\nsource_profile=base\n".to_owned() + KEYS + &base, "static keys of profile `p`"),
    ] {
        assert_eq!(told(&set(&config), "p"), expected, "{config}");
    }
}

#[test]
fn role_parameters() {
    let text = format!(
        "[profile p]\nrole_arn=R\nsource_profile=b\nexternal_id=E\nrole_session_name=S\nduration_seconds=3600\n\
         mfa_serial=M\n[profile q]\nrole_arn=R\nsource_profile=b\nexternal_id=\nrole_session_name=\n[profile b]\n{KEYS}"
    );
    let set = set(&text);
    let role = |name: &str| plan(&set, name).unwrap().roles.remove(0);
    let full = role("p");
    assert_eq!((full.external_id.as_deref(), full.session_name.as_deref()), (Some("E"), Some("S")));
    assert_eq!((full.duration_seconds, full.mfa_serial.as_deref()), (Some(3600), Some("M")));
    let bare = role("q");
    assert_eq!(
        (bare.external_id, bare.session_name, bare.duration_seconds, bare.mfa_serial),
        (None, None, None, None)
    );
}

#[test]
fn roles_that_cannot_work_are_broken() {
    assert_told(&[
        (
            "[profile p]\nrole_arn=R\n",
            "broken `/h/.aws/config:2`: role_arn: the role has no `source_profile` and no `credential_source` to assume it with",
        ),
        (
            "[profile p]\nrole_arn=R\naws_access_key_id=AK\naws_secret_access_key=s\n",
            "broken `/h/.aws/config:2`: role_arn: the role has no `source_profile` and no `credential_source` to assume it with",
        ),
        (
            "[profile p]\nrole_arn=R\nsource_profile=q\ncredential_source=Environment\n[profile q]\n",
            "broken `/h/.aws/config:4`: credential_source: `source_profile` and `credential_source` exclude each other",
        ),
        (
            "[profile p]\nrole_arn=R\ncredential_source=Vault\n",
            "broken `/h/.aws/config:3`: credential_source: `Vault` is none of `Environment`, `Ec2InstanceMetadata`, `EcsContainer`",
        ),
        (
            "[profile p]\nweb_identity_token_file=/t\n",
            "broken `/h/.aws/config:2`: web_identity_token_file: the profile has no `role_arn` to go with it",
        ),
        (
            "[profile p]\nrole_arn=R\nsource_profile=q\nduration_seconds=1h\n[profile q]\n",
            "broken `/h/.aws/config:4`: duration_seconds: it must be a whole number of seconds",
        ),
        (
            "[profile p]\nrole_arn=R\nsource_profile=q\n[profile q]\nrole_arn=Q\nsource_profile=p\n",
            "broken `/h/.aws/config:6`: source_profile: the source profiles form a loop: `p` -> `q` -> `p`",
        ),
        (
            "[profile p]\nrole_arn=R\nsource_profile=q\n[profile q]\nregion=us-east-1\n",
            "broken `/h/.aws/config:4`: profile `q` holds no credentials, but a role is to be assumed with it",
        ),
    ]);
}

#[test]
fn what_is_not_set_up_is_not_here() {
    assert_told(&[
        ("", "not here: there is no profile `p` in `/h/.aws/config` or `/h/.aws/credentials`"),
        ("[profile p]\nregion=us-east-1\n", "not here: profile `p` holds no credentials"),
        ("[profile p]\nrole_arn=R\nsource_profile=p\n", "not here: profile `p` holds no credentials"),
        (
            "[profile p]\nrole_arn=R\nsource_profile=ghost\n",
            "not here: there is no profile `ghost` in `/h/.aws/config` or `/h/.aws/credentials`, which `source_profile` at \
             `/h/.aws/config:3` names",
        ),
    ]);
}

#[test]
fn an_absent_profile_comes_with_the_names_that_were_meant() {
    let set = set("[dev]\n[profile devel]\n[profile prod]\n");
    for (name, expected) in [
        ("dev", vec!["write `[profile dev]` for `[dev]` at `/h/.aws/config:1`"]),
        ("prd", vec!["profiles with a similar name: `prod`"]),
        ("PROD", vec!["profiles with a similar name: `prod`"]),
        ("other", vec![]),
        ("", vec![]),
    ] {
        let Err(PlanFailure::NotHere { hints, .. }) = plan(&set, name) else { panic!("{name}") };
        assert_eq!(hints, expected, "{name}");
    }
}

#[test]
fn sso_in_its_two_forms() {
    let session = "[sso-session corp]\nsso_start_url=https://corp\nsso_region=us-west-2\n";
    for (config, expected_session, start_url, region) in [
        (
            format!("[profile p]\nsso_session=corp\nsso_account_id=1\nsso_role_name=Dev\n{session}"),
            Some("corp"),
            "https://corp",
            "us-west-2",
        ),
        (
            format!(
                "[profile p]\nsso_session=corp\nsso_account_id=1\nsso_role_name=Dev\nsso_start_url=https://corp\n\
                 sso_region=us-west-2\n{session}"
            ),
            Some("corp"),
            "https://corp",
            "us-west-2",
        ),
        (
            "[profile p]\nsso_start_url=https://old\nsso_region=cn-north-1\nsso_account_id=1\nsso_role_name=Dev\n"
                .to_owned(),
            None,
            "https://old",
            "cn-north-1",
        ),
    ] {
        let Base::Sso(sso) = plan(&set(&config), "p").unwrap().base else { panic!("{config}") };
        assert_eq!(sso.session.as_deref(), expected_session, "{config}");
        assert_eq!((sso.start_url.as_str(), sso.region.as_str()), (start_url, region), "{config}");
        assert_eq!((sso.account_id.as_str(), sso.role_name.as_str()), ("1", "Dev"), "{config}");
    }
}

#[test]
fn sso_that_is_incomplete_or_contradicts_itself() {
    assert_told(&[
        (
            "[profile p]\nsso_session=corp\n",
            "broken `/h/.aws/config:2`: sso_session: there is no section `[sso-session corp]`",
        ),
        (
            "[profile p]\nsso_session=corp\nsso_region=eu-west-1\n[sso-session corp]\nsso_region=us-east-1\n",
            "broken `/h/.aws/config:3`: sso_region: it differs from the one in `[sso-session corp]`",
        ),
        (
            "[profile p]\nsso_session=corp\nsso_start_url=u\n[sso-session corp]\n",
            "broken `/h/.aws/config:3`: sso_start_url: it belongs in `[sso-session corp]`, which `sso_session` names",
        ),
        (
            "[profile p]\nsso_account_id=1\n",
            "broken `/h/.aws/config:2`: sso_account_id: `sso_role_name` is needed beside it",
        ),
        (
            "[profile p]\nsso_role_name=Dev\n",
            "broken `/h/.aws/config:2`: sso_role_name: `sso_account_id` is needed beside it",
        ),
        (
            "[profile p]\nsso_start_url=u\nsso_account_id=1\nsso_role_name=Dev\n",
            "not here: profile `p` uses SSO without `sso_region`",
        ),
        (
            "[profile p]\nsso_session=c\nsso_account_id=1\nsso_role_name=Dev\n[sso-session c]\nsso_region=us-east-1\n",
            "not here: profile `p` uses SSO without `sso_start_url`",
        ),
        (
            "[profile p]\nsso_start_url=u\nsso_region=us/east\nsso_account_id=1\nsso_role_name=Dev\n",
            "broken `/h/.aws/config:3`: sso_region: `us/east` is no region name",
        ),
        (
            "[profile p]\nrole_arn=R\nsource_profile=q\n[profile q]\nsso_start_url=u\nsso_account_id=1\nsso_role_name=D\n",
            "broken `/h/.aws/config:4`: profile `q` uses SSO without `sso_region`, but a role is to be assumed with it",
        ),
    ]);
}

#[test]
fn a_property_indented_by_mistake_is_not_joined_to_a_setting() {
    assert_told(&[
        (
            "[profile p]\nrole_arn=R\n aws_secret_access_key=SEKRET\nsource_profile=p\n",
            "broken `/h/.aws/config:2`: role_arn: the value goes on in an indented line",
        ),
        (
            "[profile p]\nsso_session=s\n[sso-session s]\nsso_region=r\n sso_start_url=u\n",
            "broken `/h/.aws/config:4`: sso_region: the value goes on in an indented line",
        ),
        ("[profile p]\ncredential_process=tool\n --flag\n", "`credential_process` of profile `p`"),
    ]);
}

#[test]
fn a_plan_shows_no_secret() {
    let text = "[profile a]\naws_access_key_id=AK\naws_secret_access_key=SEKRET\naws_session_token=SEKRET\n\
                [profile b]\ncredential_process=tool --password SEKRET\naws_account_id=1\n";
    let set = set(text);
    for name in ["a", "b"] {
        let plan = plan(&set, name).unwrap();
        assert!(!format!("{plan} {plan:?}").contains("SEKRET"), "{plan:?}");
    }
}

proptest! {
    #[test]
    fn every_walk_ends(
        profiles in prop::collection::vec(
            prop::collection::vec(
                (
                    "(role_arn|source_profile|credential_source|sso_session|aws_access_key_id|aws_secret_access_key)",
                    "[a-d]",
                ),
                0..4,
            ),
            4,
        ),
    ) {
        let mut text = String::new();
        for (name, properties) in ["a", "b", "c", "d"].iter().zip(profiles) {
            text.push_str(&format!("[profile {name}]\n"));
            for (key, value) in properties {
                text.push_str(&format!("{key}={value}\n"));
            }
        }
        let set = set(&text);
        for name in ["a", "b", "c", "d"] {
            if let Ok(plan) = plan(&set, name) {
                prop_assert!(plan.roles.len() <= 4);
            }
            let _ = set.region(name);
        }
    }
}
