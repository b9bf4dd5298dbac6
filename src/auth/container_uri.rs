//! The credential endpoint of a container (ECS, EKS Pod Identity, Greengrass), and which hosts it may have.
//!
//! The call carries a token of the workload, so over plain `http` it may go to the container's own host and to
//! the link-local addresses of AWS only. A host name cannot be judged without a look-up; the caller resolves it
//! and asks [`is_allowed_address`] for each address. The exchange itself is not here.
//!
//! See [container credential provider](https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html).

use crate::endpoint::plain_url;
use crate::env::Env;
use crate::error::{ConfigProblem, Error, Result};
use crate::origin::{Origin, Sourced};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

const RELATIVE: &str = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI";
const FULL: &str = "AWS_CONTAINER_CREDENTIALS_FULL_URI";

/// Why there is none, mostly.
#[cfg(feature = "client")]
pub(super) const UNSET: &str =
    "neither `AWS_CONTAINER_CREDENTIALS_RELATIVE_URI` nor `AWS_CONTAINER_CREDENTIALS_FULL_URI` is set";

/// Where the agent of ECS answers.
const ECS: Ipv4Addr = Ipv4Addr::new(169, 254, 170, 2);
/// Where the agent of EKS Pod Identity answers.
const EKS: Ipv4Addr = Ipv4Addr::new(169, 254, 170, 23);
const EKS_IPV6: Ipv6Addr = Ipv6Addr::new(0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x23);

/// A container's credential endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContainerUri {
    /// The whole URL.
    pub url: String,
    /// A host name that is called over plain `http`: every address that it resolves to must be allowed.
    pub host_to_check: Option<String>,
}

/// Finds the endpoint: the relative URI on the host of ECS, else the full URI. `None`: neither variable is set.
///
/// # Errors
///
/// [`Error::Config`] for a relative URI without leading slash, a full URI that is no plain URL (an empty one
/// included), and plain `http` to an address that is not allowed.
pub fn resolve(env: &Env) -> Result<Option<Sourced<ContainerUri>>> {
    let variable = |name: &str| {
        let origin = Origin::Variable(name.to_owned());
        env.is_set(name).then(|| Sourced::new(env.get(name).unwrap_or_default(), origin))
    };
    if let Some(path) = variable(RELATIVE) {
        let url = format!("http://{ECS}{}", path.value);
        if !path.value.starts_with('/') || plain_url(&url).is_none() {
            return Err(unusable(path.origin, "it must be a path that begins with `/`".to_owned()));
        }
        return Ok(Some(path.map(|_| ContainerUri { url, host_to_check: None })));
    }
    let Some(full) = variable(FULL) else { return Ok(None) };
    let Some(parts) = plain_url(full.value) else {
        return Err(unusable(
            full.origin,
            "it must be an absolute URL such as `http://host/path`".to_owned(),
        ));
    };
    let host = parts.host_name();
    let host_to_check = match host.parse::<IpAddr>() {
        // TLS proves who answers.
        Ok(_) | Err(_) if parts.is_https() => None,
        Err(_) => Some(host.to_owned()),
        Ok(address) if is_allowed_address(address) => None,
        Ok(address) => {
            let problem = format!(
                "plain `http` may go to loopback addresses, `{ECS}`, `{EKS}` and `{EKS_IPV6}`, not to `{address}`"
            );
            return Err(unusable(full.origin, problem));
        }
    };
    Ok(Some(full.map(|url| ContainerUri { url: url.to_owned(), host_to_check })))
}

/// Whether credentials may be fetched over plain `http` from this address.
pub fn is_allowed_address(address: IpAddr) -> bool {
    address.is_loopback() || address == ECS || address == EKS || address == EKS_IPV6
}

fn unusable(origin: Origin, problem: String) -> Error {
    Error::Config(Box::new(ConfigProblem { origin, key: None, problem, hints: Vec::new() }))
}

#[cfg(test)]
mod tests {
    use super::{FULL, RELATIVE, is_allowed_address, resolve};
    use crate::conformance;
    use crate::env::Env;
    use proptest::prelude::*;
    use serde_json::Value;

    /// The URL with the host to check, `none`, or the error.
    fn find(env: &Env) -> String {
        match resolve(env) {
            Ok(Some(found)) => match found.value.host_to_check {
                Some(host) => format!("{} if {host} is allowed", found.value.url),
                None => found.value.url,
            },
            Ok(None) => "none".to_owned(),
            Err(error) => error.to_string(),
        }
    }

    fn env_of(case: &Value) -> Env {
        let variables = case["env"].as_object().unwrap().iter();
        variables.map(|(name, value)| (name.clone(), value.as_str().unwrap().into())).collect()
    }

    #[test]
    fn published_cases() {
        for case in conformance::cases("smithy-rs/ecs-tests.json") {
            let found = find(&env_of(&case));
            match case["result"].get("Ok") {
                Some(url) => assert_eq!(*url, found, "{case}"),
                None => assert_eq!(found, "none", "{case}"),
            }
        }
        for case in conformance::cases("sdk-behaviour/container.json") {
            let found = find(&env_of(&case));
            match case["expect"]["requests"].get(0) {
                Some(request) => assert_eq!(request["uri"], found, "{case}"),
                // The other failures without a request are about the token.
                None if case["env"].get("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE").is_some() => {}
                None => assert!(found.contains("cannot be used"), "{found} {case}"),
            }
        }
    }

    #[test]
    fn the_relative_uri_wins() {
        let path =
            "`AWS_CONTAINER_CREDENTIALS_RELATIVE_URI` cannot be used: it must be a path that begins with `/`";
        let full = Env::empty().with(FULL, "https://h/c");
        for (env, expected) in [
            (Env::empty(), "none"),
            (full.clone(), "https://h/c"),
            (full.clone().with(RELATIVE, "/v2/creds?a=1"), "http://169.254.170.2/v2/creds?a=1"),
            (full.clone().with(RELATIVE, "v2/creds"), path),
            (full.clone().with(RELATIVE, "@evil.example/c"), path),
            (full.clone().with(RELATIVE, "/a b"), path),
            (full.with(RELATIVE, ""), path),
        ] {
            assert_eq!(find(&env), expected, "{env:?}");
        }
    }

    #[test]
    fn plain_http_goes_to_near_addresses_only() {
        let refused = |address: &str| {
            format!(
                "`AWS_CONTAINER_CREDENTIALS_FULL_URI` cannot be used: plain `http` may go to loopback addresses, \
                 `169.254.170.2`, `169.254.170.23` and `fd00:ec2::23`, not to `{address}`"
            )
        };
        let invalid = "`AWS_CONTAINER_CREDENTIALS_FULL_URI` cannot be used: it must be an absolute URL such as \
                       `http://host/path`";
        for (url, expected) in [
            ("https://10.0.0.1/c", "https://10.0.0.1/c".to_owned()),
            ("https://any.example:8443/c", "https://any.example:8443/c".to_owned()),
            ("http://127.0.0.1:1234/c", "http://127.0.0.1:1234/c".to_owned()),
            ("http://127.8.9.1/c", "http://127.8.9.1/c".to_owned()),
            ("http://[::1]/c", "http://[::1]/c".to_owned()),
            ("http://169.254.170.2/c", "http://169.254.170.2/c".to_owned()),
            ("http://169.254.170.23/c", "http://169.254.170.23/c".to_owned()),
            ("http://[fd00:ec2::23]/c", "http://[fd00:ec2::23]/c".to_owned()),
            ("http://[fd00:0ec2:0::23]/c", "http://[fd00:0ec2:0::23]/c".to_owned()),
            ("http://localhost/c", "http://localhost/c if localhost is allowed".to_owned()),
            ("http://agent:80/c", "http://agent:80/c if agent is allowed".to_owned()),
            ("http://2130706433/c", "http://2130706433/c if 2130706433 is allowed".to_owned()),
            ("http://10.0.0.1/c", refused("10.0.0.1")),
            ("http://169.254.169.254/c", refused("169.254.169.254")),
            ("http://[fd00:ec2::254]/c", refused("fd00:ec2::254")),
            ("http://[::ffff:127.0.0.1]/c", refused("::ffff:127.0.0.1")),
            ("http://evil.example@127.0.0.1/c", invalid.to_owned()),
            ("http://evil.example\\@127.0.0.1/c", invalid.to_owned()),
            ("ftp://127.0.0.1/c", invalid.to_owned()),
            ("127.0.0.1/c", invalid.to_owned()),
            ("", invalid.to_owned()),
        ] {
            assert_eq!(find(&Env::empty().with(FULL, url)), expected, "{url}");
        }
    }

    proptest! {
        #[test]
        fn no_value_makes_it_panic_or_lets_a_far_address_pass(
            full in "(https?://)?[0-9a-f.:@/\\[\\]\\\\ ]{0,24}",
            relative in "\\PC{0,12}",
        ) {
            let _ = resolve(&Env::empty().with(RELATIVE, relative));
            if let Ok(Some(found)) = resolve(&Env::empty().with(FULL, full)) {
                let parts = crate::uri::split_url(&found.value.url).unwrap();
                let is_near = parts.host_name().parse().is_ok_and(is_allowed_address);
                prop_assert!(is_near || parts.is_https() || found.value.host_to_check.is_some());
            }
        }
    }
}
