//! `endpoints`: the URL of each service, by the upstream rule-set tests and by a table of regions and switches.

use super::{Verdict, Verdicts, cases, json_files, name_of, only};
use outcrop::auth::profile::Profiles;
use outcrop::endpoint::{self, Endpoint, Service};
use outcrop::{Env, Origin, Region, Sourced};
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

pub(super) fn run(folder: &Path) -> Verdicts {
    let mut verdicts = Verdicts::default();
    let files = json_files(folder);
    for (service, name) in SERVICES {
        for (_, file) in files.iter().filter(|(file, _)| *file == format!("{name}.tests")) {
            for case in cases(file) {
                verdicts.check(format!("{name}: {}", name_of(case)), || rule_set(service, case));
            }
        }
        let matrix = std::fs::read_to_string(folder.join(format!("{name}.matrix.jsonl"))).unwrap_or_default();
        for line in matrix.lines() {
            verdicts.check(format!("{name}: {line}"), || table(service, line));
        }
    }
    if let Err(problem) = all_known(folder) {
        verdicts.fail("files", problem);
    }
    verdicts
}

/// A file about a service that is not known here is no reason to be content.
fn all_known(folder: &Path) -> Result<(), String> {
    for entry in std::fs::read_dir(folder).unwrap() {
        let file = entry.unwrap().file_name().into_string().unwrap();
        let (service, kind) = file.split_once('.').unwrap();
        let is_known = SERVICES.iter().any(|(_, name)| *name == service);
        if matches!(kind, "tests.json" | "matrix.jsonl") && !is_known {
            return Err(format!("{file} is about a service that is not known here"));
        }
    }
    Ok(())
}

/// An upstream case. The inputs that this crate never gives are listed as differences.
fn rule_set(service: Service, case: &Value) -> Result<Verdict, String> {
    // `operationInputs` says in other words what the parameters say.
    only(case, &["params", "expect", "operationInputs"])?;
    let (params, expect) = (&case["params"], &case["expect"]);
    for input in ["IsControlPlane", "IsOAuthEndpoint", "UseGlobalEndpoint"] {
        if params[input] == true {
            return Ok(Verdict::Differs(input));
        }
    }
    let other = ["IsControlPlane", "IsOAuthEndpoint", "UseGlobalEndpoint"];
    only(params, &[&["Region", "Endpoint", "UseFIPS", "UseDualStack"][..], &other].concat())?;
    let (custom, region) = (params["Endpoint"].as_str(), params["Region"].as_str());
    // A custom endpoint does without a region, but a signature has one.
    let region = region.or(custom.map(|_| "us-east-1"));
    // Nothing can be asked without a region: there is no empty one.
    let Ok(region) = Region::new(region.unwrap_or_default()) else {
        let is_expected = expect.get("error").is_some();
        return is_expected.then_some(Verdict::Passed).ok_or_else(|| format!("no region, expected {expect}"));
    };
    let env = Env::empty()
        .with("AWS_USE_FIPS_ENDPOINT", params["UseFIPS"].to_string())
        .with("AWS_USE_DUALSTACK_ENDPOINT", params["UseDualStack"].to_string());
    let no_files = |_: &Path| Err(io::ErrorKind::NotFound.into());
    let custom = custom.map(|url| Sourced::new(url.to_owned(), Origin::Code));
    let profiles = Profiles::new(&env, None, &no_files);
    let found = endpoint::resolve(service, &region, custom.as_ref(), None, &env, &profiles);
    match (found, expect.get("endpoint"), expect.get("error")) {
        (Err(_), None, Some(_)) => Ok(Verdict::Passed),
        (Ok(found), Some(expected), None) => {
            only(expected, &["url", "properties", "headers"])?;
            only(&expected["properties"], &["authSchemes"])?;
            let schemes = expected["properties"]["authSchemes"].as_array();
            compare(&found.value, &expected["url"], schemes.into_iter().flatten()).map(|()| Verdict::Passed)
        }
        (found, ..) => Err(format!("{found:?}, expected {expect}")),
    }
}

fn table(service: Service, line: &str) -> Result<(), String> {
    let case: Value = serde_json::from_str(line).unwrap();
    only(&case, &["region", "use_fips", "use_dual_stack", "url", "signing"])?;
    let switch = |name: &str| case[name].as_bool().unwrap();
    let region = Region::new(case["region"].as_str().unwrap()).unwrap();
    let found = endpoint::from_region(service, &region, switch("use_fips"), switch("use_dual_stack"));
    compare(&found, &case["url"], case.get("signing").into_iter())
}

/// Compares the URL, and what each signing scheme says about the scope.
fn compare<'a>(
    found: &Endpoint,
    url: &Value,
    schemes: impl Iterator<Item = &'a Value>,
) -> Result<(), String> {
    let differs = |expected: &Value, found: &str| !expected.is_null() && expected != found;
    if differs(url, &found.url) {
        return Err(format!("{}, expected {url}", found.url));
    }
    for scheme in schemes {
        if differs(&scheme["signingRegion"], found.signing_region.as_str())
            || differs(&scheme["signingName"], found.signing_name)
        {
            return Err(format!("{found:?}, expected {scheme}"));
        }
    }
    Ok(())
}
