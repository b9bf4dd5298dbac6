//! `endpoints`: the URL of each service, by the upstream rule-set tests and by a table of regions and switches.

use super::{Verdict, Verdicts, cases, json_files, name_of};
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
                verdicts.add(
                    format!("{name}: {}", name_of(case)),
                    rule_set(service, &case["params"], &case["expect"]),
                );
            }
        }
        let matrix = std::fs::read_to_string(folder.join(format!("{name}.matrix.jsonl"))).unwrap_or_default();
        for line in matrix.lines() {
            let case: Value = serde_json::from_str(line).unwrap();
            verdicts.add(format!("{name}: {line}"), table(service, &case));
        }
    }
    verdicts
}

/// An upstream case; those about inputs that this crate never gives are passed over.
fn rule_set(service: Service, params: &Value, expect: &Value) -> Verdict {
    let (custom, region) = (params["Endpoint"].as_str(), params["Region"].as_str());
    let other =
        ["IsControlPlane", "IsOAuthEndpoint", "UseGlobalEndpoint"].iter().any(|name| params[*name] == true);
    if other || (custom.is_none() && region.is_none()) {
        return Verdict::Skipped;
    }
    let env = Env::empty()
        .with("AWS_USE_FIPS_ENDPOINT", params["UseFIPS"].to_string())
        .with("AWS_USE_DUALSTACK_ENDPOINT", params["UseDualStack"].to_string());
    let no_files = |_: &Path| Err(io::ErrorKind::NotFound.into());
    let region = Region::new(region.unwrap_or("us-east-1")).unwrap();
    let custom = custom.map(|url| Sourced::new(url.to_owned(), Origin::Code));
    let profiles = Profiles::new(&env, None, &no_files);
    let found = endpoint::resolve(service, &region, custom.as_ref(), None, &env, &profiles);
    match (found, expect.get("endpoint")) {
        (Err(_), None) => Verdict::Passed,
        (Ok(found), Some(expected)) => {
            let schemes = expected["properties"]["authSchemes"].as_array();
            compare(&found.value, &expected["url"], schemes.into_iter().flatten()).into()
        }
        (found, _) => Verdict::Failed(format!("{found:?}, expected {expect}")),
    }
}

fn table(service: Service, case: &Value) -> Result<(), String> {
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
