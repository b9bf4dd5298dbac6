//! Endpoints of every service, region and switch.

use super::{Service, Switch, from_region, plain_url, resolve};
use crate::auth::profile::Profiles;
use crate::conformance;
use crate::env::Env;
use crate::error::Result;
use crate::origin::{Origin, Sourced};
use crate::region::Region;
use proptest::prelude::*;
use serde_json::Value;
use std::io;
use std::path::Path;

const SERVICES: [(Service, &str); 6] = [
    (Service::BedrockRuntime, "bedrock-runtime"),
    (Service::Bedrock, "bedrock"),
    (Service::Sts, "sts"),
    (Service::Sso, "sso"),
    (Service::SsoOidc, "sso-oidc"),
    (Service::Signin, "signin"),
];

fn region(name: &str) -> Region {
    Region::new(name).unwrap()
}

fn env(variables: &[(&str, &str)]) -> Env {
    let home = [("HOME", "/h")];
    home.iter().chain(variables).map(|(name, value)| ((*name).to_owned(), (*value).into())).collect()
}

fn config_file(config: &str) -> impl Fn(&Path) -> io::Result<Vec<u8>> {
    move |path| Ok(if path.ends_with("config") { config.into() } else { Vec::new() })
}

/// The URL and its origin, or the error.
fn told(found: Result<Sourced<super::Endpoint>>) -> String {
    match found {
        Ok(endpoint) => format!("{} {}", endpoint.value.url, endpoint.origin),
        Err(error) => error.to_string(),
    }
}

fn find(service: Service, variables: &[(&str, &str)], config: &str) -> String {
    let (env, read) = (env(variables), config_file(config));
    told(resolve(service, &region("us-east-1"), None, None, &env, &Profiles::new(&env, None, &read)))
}

#[test]
fn published_rule_set_cases() {
    let is_other_input = |params: &Value| {
        let names = ["IsControlPlane", "IsOAuthEndpoint", "UseGlobalEndpoint"];
        names.iter().any(|name| params[*name] == true)
    };
    for (service, name) in SERVICES {
        for case in conformance::cases(&format!("endpoints/{name}.tests.json")) {
            let params = &case["params"];
            let (custom, region_name) = (params["Endpoint"].as_str(), params["Region"].as_str());
            if is_other_input(params) || (custom.is_none() && region_name.is_none()) {
                continue;
            }
            let env = env(&[
                ("AWS_USE_FIPS_ENDPOINT", &params["UseFIPS"].to_string()),
                ("AWS_USE_DUALSTACK_ENDPOINT", &params["UseDualStack"].to_string()),
            ]);
            let read = config_file("");
            let region = region(region_name.unwrap_or("us-east-1"));
            let custom = custom.map(|url| Sourced::new(url.to_owned(), Origin::Code));
            let profiles = Profiles::new(&env, None, &read);
            let found = resolve(service, &region, custom.as_ref(), None, &env, &profiles);
            match case["expect"].get("endpoint") {
                None => assert!(found.is_err(), "{case}"),
                Some(expected) => {
                    let found = found.unwrap().value;
                    assert_eq!(expected["url"], found.url, "{case}");
                    for scheme in expected["properties"]["authSchemes"].as_array().into_iter().flatten() {
                        assert_eq!(scheme["signingRegion"], found.signing_region.as_str(), "{case}");
                        assert_eq!(scheme["signingName"], found.signing_name, "{case}");
                    }
                }
            }
        }
    }
}

#[test]
fn published_regions_and_switches() {
    for (service, name) in SERVICES {
        for case in conformance::json_lines(&format!("endpoints/{name}.matrix.jsonl")) {
            let switch = |key: &str| case[key].as_bool().unwrap();
            let region = region(case["region"].as_str().unwrap());
            let found = from_region(service, &region, switch("use_fips"), switch("use_dual_stack"));
            assert_eq!(case["url"], found.url, "{name} {case}");
        }
    }
}

#[test]
fn published_endpoint_settings() {
    for case in conformance::cases("client-behaviour/endpoint-config.json") {
        let variables = case["env"].as_object().unwrap().iter();
        let variables: Vec<_> =
            variables.map(|(name, value)| (name.as_str(), value.as_str().unwrap())).collect();
        let (env, read) =
            (env(&variables), config_file(case["files"][".aws/config"].as_str().unwrap_or_default()));
        let region = region(env.get("AWS_REGION").unwrap());
        let profiles = Profiles::new(&env, None, &read);
        let found = resolve(Service::BedrockRuntime, &region, None, None, &env, &profiles).unwrap().value;
        let request = &case["expect"]["requests"][0];
        assert_eq!(request["uri"], format!("{}/model/m/converse", found.url), "{case}");
        assert_eq!(request["authorization"]["region"], found.signing_region.as_str(), "{case}");
        assert_eq!(request["authorization"]["service"], found.signing_name, "{case}");
    }
}

#[test]
fn hosts_by_service_partition_and_switch() {
    const PLAIN: (bool, bool) = (false, false);
    const FIPS: (bool, bool) = (true, false);
    const DUAL: (bool, bool) = (false, true);
    const BOTH: (bool, bool) = (true, true);
    for (service, region_name, (fips, dual_stack), host) in [
        (Service::BedrockRuntime, "us-east-1", PLAIN, "bedrock-runtime.us-east-1.amazonaws.com"),
        (Service::BedrockRuntime, "us-east-1", FIPS, "bedrock-runtime-fips.us-east-1.amazonaws.com"),
        (Service::BedrockRuntime, "us-east-1", DUAL, "bedrock-runtime.us-east-1.api.aws"),
        (Service::BedrockRuntime, "us-east-1", BOTH, "bedrock-runtime-fips.us-east-1.api.aws"),
        (Service::BedrockRuntime, "us-gov-west-1", FIPS, "bedrock-runtime-fips.us-gov-west-1.amazonaws.com"),
        (Service::BedrockRuntime, "mars-1", PLAIN, "bedrock-runtime.mars-1.amazonaws.com"),
        (Service::BedrockRuntime, "aws-global", PLAIN, "bedrock-runtime.aws-global.amazonaws.com"),
        (Service::Bedrock, "eu-west-1", PLAIN, "bedrock.eu-west-1.amazonaws.com"),
        (Service::Bedrock, "cn-north-1", BOTH, "bedrock-fips.cn-north-1.api.amazonwebservices.com.cn"),
        (Service::Sts, "us-west-2", FIPS, "sts-fips.us-west-2.amazonaws.com"),
        (Service::Sts, "us-gov-west-1", FIPS, "sts.us-gov-west-1.amazonaws.com"),
        (Service::Sts, "us-gov-west-1", BOTH, "sts-fips.us-gov-west-1.api.aws"),
        (Service::Sts, "aws-global", PLAIN, "sts.amazonaws.com"),
        (Service::Sts, "aws-global", FIPS, "sts-fips.aws-global.amazonaws.com"),
        (Service::Sso, "us-east-1", PLAIN, "portal.sso.us-east-1.amazonaws.com"),
        (Service::Sso, "us-east-1", FIPS, "portal.sso-fips.us-east-1.amazonaws.com"),
        (Service::Sso, "us-gov-east-1", FIPS, "portal.sso.us-gov-east-1.amazonaws.com"),
        (Service::SsoOidc, "eusc-de-east-1", PLAIN, "oidc.eusc-de-east-1.amazonaws.eu"),
        (Service::SsoOidc, "us-gov-east-1", FIPS, "oidc.us-gov-east-1.amazonaws.com"),
        (Service::SsoOidc, "us-iso-east-1", DUAL, "oidc.us-iso-east-1.api.aws.ic.gov"),
        (Service::Signin, "us-east-1", PLAIN, "us-east-1.signin.aws.amazon.com"),
        (Service::Signin, "us-east-1", FIPS, "signin-fips.us-east-1.amazonaws.com"),
        (Service::Signin, "us-east-1", DUAL, "signin.us-east-1.api.aws"),
        (Service::Signin, "us-east-1", BOTH, "signin-fips.us-east-1.api.aws"),
        (Service::Signin, "cn-north-1", PLAIN, "cn-north-1.signin.amazonaws.cn"),
        (Service::Signin, "us-gov-west-1", PLAIN, "us-gov-west-1.signin.amazonaws-us-gov.com"),
        (Service::Signin, "us-gov-west-1", FIPS, "signin-fips.amazonaws-us-gov.com"),
        (Service::Signin, "us-gov-east-1", FIPS, "us-gov-east-1.signin-fips.amazonaws-us-gov.com"),
        (Service::Signin, "us-gov-west-1", DUAL, "signin.us-gov-west-1.api.aws"),
    ] {
        let found = from_region(service, &region(region_name), fips, dual_stack);
        assert_eq!(found.url, format!("https://{host}"), "{service:?} {region_name}");
    }
}

#[test]
fn the_scope_of_the_signature() {
    for (service, region_name, signing_region, signing_name) in [
        (Service::BedrockRuntime, "eu-west-1", "eu-west-1", "bedrock"),
        (Service::Bedrock, "eu-west-1", "eu-west-1", "bedrock"),
        (Service::Sts, "eu-west-1", "eu-west-1", "sts"),
        (Service::Sts, "aws-global", "us-east-1", "sts"),
        (Service::Bedrock, "aws-global", "aws-global", "bedrock"),
    ] {
        let found = from_region(service, &region(region_name), false, false);
        assert_eq!((found.signing_region.as_str(), found.signing_name), (signing_region, signing_name));
    }
}

const PROFILE: &str = "[default]\nservices = s\nendpoint_url = http://profile\n[services s]\nbedrock_runtime =\n  \
                       endpoint_url = http://section\n";

#[test]
fn a_custom_endpoint_comes_from_the_first_place_that_has_one() {
    let service = ("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", "http://service");
    let all = ("AWS_ENDPOINT_URL", "http://all");
    let other = ("AWS_ENDPOINT_URL_BEDROCK", "http://other");
    let standard = "https://bedrock-runtime.us-east-1.amazonaws.com the built-in default";
    for (variables, config, expected) in [
        (&[service, all, other][..], PROFILE, "http://service `AWS_ENDPOINT_URL_BEDROCK_RUNTIME`"),
        (&[all, other], PROFILE, "http://all `AWS_ENDPOINT_URL`"),
        (&[other], PROFILE, "http://section `/h/.aws/config:5`"),
        (&[("AWS_ENDPOINT_URL", "")], PROFILE, "http://section `/h/.aws/config:5`"),
        (&[], "[default]\nendpoint_url = http://profile\n", "http://profile `/h/.aws/config:2`"),
        (&[("AWS_PROFILE", "other")], PROFILE, standard),
        (&[other], "", standard),
        (
            &[],
            "[default]\nservices=s\n[services s]\nbedrock-runtime=\n endpoint_url=http://hyphen\n",
            "http://hyphen `/h/.aws/config:4`",
        ),
        (
            &[],
            "[default]\nservices=s\n[services s]\nbedrock-runtime=\n endpoint_url=http://hyphen\nbedrock_runtime=\n endpoint_url=http://u\n",
            "http://u `/h/.aws/config:6`",
        ),
        (
            &[],
            "[default]\nservices=absent\nendpoint_url=http://profile\n",
            "http://profile `/h/.aws/config:3`",
        ),
        (&[], "[default]\nendpoint_url =\n", standard),
        (&[], "[default\nendpoint_url = http://broken\n", standard),
    ] {
        assert_eq!(find(Service::BedrockRuntime, variables, config), expected, "{variables:?} {config:?}");
    }
}

#[test]
fn every_service_has_a_variable_and_a_section_of_its_own() {
    for (service, name) in SERVICES {
        let (variable, key) = (service.endpoint_variable(), name.replace('-', "_"));
        assert_eq!(variable, format!("AWS_ENDPOINT_URL_{}", key.to_uppercase()));
        assert_eq!(find(service, &[(variable, "http://v")], ""), format!("http://v `{variable}`"));
        let config = format!("[default]\nservices=s\n[services s]\n{key}=\n endpoint_url=http://s\n");
        assert_eq!(find(service, &[], &config), "http://s `/h/.aws/config:4`", "{name}");
    }
}

#[test]
fn configured_endpoints_can_be_passed_over() {
    let standard = "https://bedrock-runtime.us-east-1.amazonaws.com the built-in default";
    let custom = "http://v `AWS_ENDPOINT_URL`";
    let ignoring = "[default]\nignore_configured_endpoint_urls = TRUE\nendpoint_url = http://profile\n";
    for (ignore, config, expected) in [
        (Some("true"), "", standard),
        (Some("True"), PROFILE, standard),
        (Some("1"), "", custom),
        (Some("false"), ignoring, custom),
        (None, ignoring, standard),
    ] {
        let ignore = ignore.map(|value| ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", value));
        let variables: Vec<_> = ignore.into_iter().chain([("AWS_ENDPOINT_URL", "http://v")]).collect();
        assert_eq!(find(Service::BedrockRuntime, &variables, config), expected, "{ignore:?} {config:?}");
    }
}

#[test]
fn explicit_and_configured_endpoints() {
    let sourced = |url: &str, origin| Some(Sourced::new(url.to_owned(), origin));
    let explicit = sourced("http://flag/", Origin::Flag("--endpoint"));
    let configured = sourced("http://ours", Origin::File { path: "/o".into(), line: Some(1) });
    let ignore = ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true");
    let variable = ("AWS_ENDPOINT_URL", "http://v");
    for (explicit, variables, expected) in [
        (explicit.clone(), &[variable, ignore][..], "http://flag `--endpoint`"),
        (None, &[variable], "http://v `AWS_ENDPOINT_URL`"),
        (None, &[], "http://ours `/o:1`"),
        (sourced("", Origin::Code), &[], "http://ours `/o:1`"),
        (None, &[variable, ignore], "http://ours `/o:1`"),
    ] {
        let (env, read) = (env(variables), config_file(PROFILE));
        let profiles = Profiles::new(&env, None, &read);
        let region = region("us-east-1");
        let found = resolve(
            Service::BedrockRuntime,
            &region,
            explicit.as_ref(),
            configured.as_ref(),
            &env,
            &profiles,
        );
        assert_eq!(told(found), expected);
    }
}

#[test]
fn custom_urls_are_checked_and_lose_the_last_slash() {
    let bad =
        "`AWS_ENDPOINT_URL` cannot be used: it must be an absolute URL such as `https://host:port/path`";
    for (url, expected) in [
        ("https://h/", "https://h `AWS_ENDPOINT_URL`"),
        ("https://h:8443/base/", "https://h:8443/base `AWS_ENDPOINT_URL`"),
        ("HTTP://[::1]:80", "HTTP://[::1]:80 `AWS_ENDPOINT_URL`"),
        ("localhost:4566", bad),
        ("ftp://h", bad),
        ("https://", bad),
        ("https://h/?q=1", bad),
        ("https://user:secret@h", bad),
        (" https://h", bad),
    ] {
        assert_eq!(find(Service::Sts, &[("AWS_ENDPOINT_URL", url)], ""), expected, "{url:?}");
    }
}

#[test]
fn a_custom_endpoint_excludes_fips_and_dual_stack() {
    let url = ("AWS_ENDPOINT_URL", "http://v");
    for (variables, config, expected) in [
        (
            &[url, ("AWS_USE_FIPS_ENDPOINT", "true")][..],
            "",
            "`AWS_ENDPOINT_URL` cannot be used: a custom endpoint excludes FIPS endpoints, which \
             `AWS_USE_FIPS_ENDPOINT` asks for",
        ),
        (
            &[url],
            "[default]\nuse_dualstack_endpoint = true\n",
            "`AWS_ENDPOINT_URL` cannot be used: a custom endpoint excludes dual-stack endpoints, which \
             `/h/.aws/config:2` asks for",
        ),
        (&[url, ("AWS_USE_FIPS_ENDPOINT", "false")], "", "http://v `AWS_ENDPOINT_URL`"),
    ] {
        assert_eq!(find(Service::BedrockRuntime, variables, config), expected);
    }
}

#[test]
fn switches_are_true_or_false_and_anything_else_is_off_and_told() {
    let on = "[default]\nuse_fips_endpoint = true\n";
    for (variable, config, is_on, origin, is_unreadable) in [
        (None, "", false, "the built-in default", false),
        (None, on, true, "`/h/.aws/config:2`", false),
        (Some("true"), "", true, "`AWS_USE_FIPS_ENDPOINT`", false),
        (Some("TRUE"), "", true, "`AWS_USE_FIPS_ENDPOINT`", false),
        (Some("False"), on, false, "`AWS_USE_FIPS_ENDPOINT`", false),
        (Some("1"), on, false, "`AWS_USE_FIPS_ENDPOINT`", true),
        (Some(""), on, false, "`AWS_USE_FIPS_ENDPOINT`", true),
        (None, "[default]\nuse_fips_endpoint = yes\n", false, "`/h/.aws/config:2`", true),
    ] {
        let variables: Vec<_> = variable.map(|value| ("AWS_USE_FIPS_ENDPOINT", value)).into_iter().collect();
        let (env, read) = (env(&variables), config_file(config));
        let switch = Switch::fips(&env, &Profiles::new(&env, None, &read));
        let told = (switch.is_on, switch.origin.to_string(), switch.is_unreadable);
        assert_eq!(told, (is_on, origin.to_owned(), is_unreadable), "{variable:?} {config:?}");
    }
}

#[test]
fn no_file_is_opened_when_code_and_variables_say_all() {
    let env = env(&[("AWS_USE_FIPS_ENDPOINT", "false"), ("AWS_USE_DUALSTACK_ENDPOINT", "false")]);
    let profiles = Profiles::new(&env, None, &|path| panic!("{} was opened", path.display()));
    let url = Sourced::new("http://h".to_owned(), Origin::Code);
    resolve(Service::Sts, &region("us-east-1"), Some(&url), None, &env, &profiles).unwrap();
}

#[test]
fn urls_that_readers_could_take_differently_are_refused() {
    for url in ["http://h", "https://h.example:443/p?q=1", "http://[fd00:ec2::23]/v1", "http://a_b.c~d"] {
        assert!(plain_url(url).is_some(), "{url}");
    }
    for url in [
        "h",
        "http:/h",
        "http://",
        "http:///p",
        "http://a@b",
        "http://a\\@b",
        "http://a#@b",
        "http://h\\p",
        "http://h /p",
        "http://h\n",
        "http://h#f",
        "http://h:",
        "http://h:x",
        "http://h:65536",
        "http://h:1:2",
        "http://[::1",
        "http://[::1]x",
        "http://[::1]:",
        "http://[x]",
        "http://:80",
        "http://h%2e",
        "http://ü",
    ] {
        assert!(plain_url(url).is_none(), "{url:?}");
    }
}

proptest! {
    #[test]
    fn no_url_makes_the_check_panic(url in "(https?://)?[a-z0-9:/@\\[\\]?#%\\\\ ü.]{0,20}") {
        if let Some(parts) = plain_url(&url) {
            prop_assert!(!parts.host_name().is_empty());
        }
    }
}
