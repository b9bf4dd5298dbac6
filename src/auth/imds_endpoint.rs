//! The address of the instance metadata service, and whether it may be asked at all.
//!
//! Only the settings are read here; the exchange with the service needs the network. IMDSv1 has no setting,
//! since it is never used.
//!
//! See [IMDS credential provider](https://docs.aws.amazon.com/sdkref/latest/guide/feature-imds-credentials.html).

use super::profile::Profiles;
use crate::endpoint::plain_url;
use crate::env::Env;
use crate::error::{ConfigProblem, Error, Result};
use crate::origin::{Origin, Sourced};

const IPV4: &str = "http://169.254.169.254";
const IPV6: &str = "http://[fd00:ec2::254]";

/// Why the service is not asked, when it is forbidden.
#[cfg(feature = "client")]
pub(super) const DISABLED: &str = "`AWS_EC2_METADATA_DISABLED` is `true`";

/// Whether `AWS_EC2_METADATA_DISABLED` forbids asking: it is `true` in any case, and nothing else.
pub fn is_disabled(env: &Env) -> bool {
    env.get("AWS_EC2_METADATA_DISABLED").is_some_and(|value| value.eq_ignore_ascii_case("true"))
}

/// Finds the base URL, without a slash at the end: a custom endpoint (variable, then profile), else the address
/// of the endpoint mode (variable, then profile), else the IPv4 address.
///
/// # Errors
///
/// [`Error::Config`] for an endpoint that is no plain URL and for a mode that is neither `IPv4` nor `IPv6`.
pub fn resolve(env: &Env, profiles: &Profiles<'_>) -> Result<Sourced<String>> {
    let endpoint =
        setting("AWS_EC2_METADATA_SERVICE_ENDPOINT", "ec2_metadata_service_endpoint", env, profiles);
    if let Some(endpoint) = endpoint {
        if plain_url(&endpoint.value).is_none_or(|parts| parts.query.is_some()) {
            return Err(unusable(
                endpoint.origin,
                "it must be an absolute URL such as `http://host:port`".into(),
            ));
        }
        return Ok(endpoint.map(|url| url.trim_end_matches('/').to_owned()));
    }
    let mode = setting(
        "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE",
        "ec2_metadata_service_endpoint_mode",
        env,
        profiles,
    );
    let Some(mode) = mode else { return Ok(Sourced::new(IPV4.to_owned(), Origin::Default)) };
    let known = [("IPv4", IPV4), ("IPv6", IPV6)];
    match known.iter().find(|(name, _)| name.eq_ignore_ascii_case(&mode.value)) {
        Some((_, url)) => Ok(mode.map(|_| (*url).to_owned())),
        None => {
            let first_line = mode.value.lines().next().unwrap_or_default();
            let problem = format!("`{}` is neither `IPv4` nor `IPv6`", first_line.escape_debug());
            Err(unusable(mode.origin, problem))
        }
    }
}

/// The variable, else the setting of the selected profile; an empty one says nothing.
fn setting(variable: &str, name: &str, env: &Env, profiles: &Profiles<'_>) -> Option<Sourced<String>> {
    if let Some(value) = env.get(variable).filter(|value| !value.is_empty()) {
        return Some(Sourced::new(value.to_owned(), Origin::Variable(variable.to_owned())));
    }
    let found = profiles.setting(name).filter(|found| !found.value.is_empty())?;
    Some(found.map(str::to_owned))
}

fn unusable(origin: Origin, problem: String) -> Error {
    Error::Config(Box::new(ConfigProblem { origin, key: None, problem, hints: Vec::new() }))
}

#[cfg(test)]
mod tests {
    use super::{is_disabled, resolve};
    use crate::auth::profile::Profiles;
    use crate::conformance;
    use crate::env::Env;
    use serde_json::Value;
    use std::io;
    use std::path::Path;

    /// The URL and its origin, or the error.
    fn find(env: &Env, config: &str) -> String {
        let read = |path: &Path| -> io::Result<Vec<u8>> {
            Ok(if path.ends_with("config") { config.into() } else { Vec::new() })
        };
        match resolve(env, &Profiles::new(env, None, &read)) {
            Ok(url) => format!("{} {}", url.value, url.origin),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn published_cases() {
        for case in conformance::cases("smithy-rs/imds-endpoint-tests.json") {
            // A mode that is set in code has no counterpart here.
            if case.get("mode_override").is_some() {
                continue;
            }
            let variables = case["env"].as_object().unwrap().iter();
            let env: Env =
                variables.map(|(name, value)| (name.clone(), value.as_str().unwrap().into())).collect();
            let found = find(&env, case["fs"]["config"].as_str().unwrap_or_default());
            match &case["result"] {
                Value::Object(result) if result.contains_key("Ok") => {
                    let url = found.split(' ').next().unwrap();
                    assert_eq!(result["Ok"], format!("{url}/latest/api/token"), "{case}");
                }
                _ => assert!(found.contains("neither `IPv4` nor `IPv6`"), "{found} {case}"),
            }
        }
    }

    #[test]
    fn an_endpoint_wins_over_a_mode_and_a_variable_over_the_profile() {
        let env = || Env::empty().with("HOME", "/h");
        let endpoint = |url: &str| env().with("AWS_EC2_METADATA_SERVICE_ENDPOINT", url);
        let mode = |mode: &str| env().with("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", mode);
        let in_profile = "[default]\nec2_metadata_service_endpoint = http://p\n";
        let mode_in_profile = "[default]\nec2_metadata_service_endpoint_mode = IPV6\n";
        for (env, config, expected) in [
            (env(), "", "http://169.254.169.254 the built-in default"),
            (mode("ipv6"), "", "http://[fd00:ec2::254] `AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE`"),
            (
                mode("IPv4"),
                mode_in_profile,
                "http://169.254.169.254 `AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE`",
            ),
            (env(), mode_in_profile, "http://[fd00:ec2::254] `/h/.aws/config:2`"),
            (mode("IPv6"), in_profile, "http://p `/h/.aws/config:2`"),
            (
                endpoint("http://127.0.0.1:8111/x/"),
                in_profile,
                "http://127.0.0.1:8111/x `AWS_EC2_METADATA_SERVICE_ENDPOINT`",
            ),
            (endpoint(""), in_profile, "http://p `/h/.aws/config:2`"),
            (mode(""), "", "http://169.254.169.254 the built-in default"),
            (
                endpoint("127.0.0.1"),
                "",
                "`AWS_EC2_METADATA_SERVICE_ENDPOINT` cannot be used: it must be an absolute URL such as `http://host:port`",
            ),
            (
                mode("IPv5"),
                "",
                "`AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE` cannot be used: `IPv5` is neither `IPv4` nor `IPv6`",
            ),
        ] {
            assert_eq!(find(&env, config), expected, "{config:?}");
        }
    }

    #[test]
    fn only_true_disables() {
        for (value, expected) in [("true", true), ("TRUE", true), ("1", false), ("yes", false), ("", false)] {
            assert_eq!(
                is_disabled(&Env::empty().with("AWS_EC2_METADATA_DISABLED", value)),
                expected,
                "{value}"
            );
        }
        assert!(!is_disabled(&Env::empty()));
    }
}
