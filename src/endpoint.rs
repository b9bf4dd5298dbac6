//! The URL of each AWS service that is called, and everything that can change it.
//!
//! Six services, so the published rule sets are a short function here and no rule engine: host templates with
//! FIPS and dual-stack forms, the exceptions of GovCloud and of the sign-in service, and the order of the places
//! that may name a custom endpoint. Whether a service exists in a region is not known here: a host that does not
//! exist is a failure to resolve its name.
//!
//! See [service-specific endpoints](https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html) and
//! [dual-stack and FIPS endpoints](https://docs.aws.amazon.com/sdkref/latest/guide/feature-endpoints.html).

use crate::auth::profile::Profiles;
use crate::env::Env;
use crate::error::{ConfigProblem, Error, Result};
use crate::origin::{Origin, Sourced};
use crate::region::Region;
use crate::uri::{UrlParts, split_url};

/// A service that this crate calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Service {
    /// Bedrock's data plane: Converse, InvokeModel.
    BedrockRuntime,
    /// Bedrock's control plane: lists of models and inference profiles.
    Bedrock,
    /// The Security Token Service.
    Sts,
    /// The portal of IAM Identity Center, which gives credentials for a role.
    Sso,
    /// The OIDC service of IAM Identity Center, which refreshes tokens.
    SsoOidc,
    /// The sign-in service, which refreshes the sessions of `aws login`.
    Signin,
}

impl Service {
    /// The name in the scope of a signature. Calls to the last three services are not signed by this crate.
    pub fn signing_name(self) -> &'static str {
        match self {
            Service::BedrockRuntime | Service::Bedrock => "bedrock",
            Service::Sts => "sts",
            Service::Sso => "awsssoportal",
            Service::SsoOidc => "sso-oauth",
            Service::Signin => "signin",
        }
    }

    /// The variable that names a custom endpoint for this service alone.
    pub fn endpoint_variable(self) -> &'static str {
        match self {
            Service::BedrockRuntime => "AWS_ENDPOINT_URL_BEDROCK_RUNTIME",
            Service::Bedrock => "AWS_ENDPOINT_URL_BEDROCK",
            Service::Sts => "AWS_ENDPOINT_URL_STS",
            Service::Sso => "AWS_ENDPOINT_URL_SSO",
            Service::SsoOidc => "AWS_ENDPOINT_URL_SSO_OIDC",
            Service::Signin => "AWS_ENDPOINT_URL_SIGNIN",
        }
    }

    /// The keys of this service in a `[services]` section: the documented one, then the one with a hyphen that
    /// the AWS SDK for Rust reads.
    fn section_keys(self) -> &'static [&'static str] {
        match self {
            Service::BedrockRuntime => &["bedrock_runtime", "bedrock-runtime"],
            Service::Bedrock => &["bedrock"],
            Service::Sts => &["sts"],
            Service::Sso => &["sso"],
            Service::SsoOidc => &["sso_oidc", "sso-oidc"],
            Service::Signin => &["signin"],
        }
    }

    /// What stands before the region in the host.
    fn host_prefix(self) -> &'static str {
        match self {
            Service::BedrockRuntime => "bedrock-runtime",
            Service::Bedrock => "bedrock",
            Service::Sts => "sts",
            Service::Sso => "portal.sso",
            Service::SsoOidc => "oidc",
            Service::Signin => "signin",
        }
    }

    /// Whether GovCloud serves FIPS under the plain host name.
    fn is_fips_by_default_in_gov(self) -> bool {
        match self {
            Service::Sts | Service::Sso | Service::SsoOidc => true,
            Service::BedrockRuntime | Service::Bedrock | Service::Signin => false,
        }
    }
}

/// Where a service is called, and the scope of the signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// Scheme, host, port and path prefix, without a slash at the end; the path of an operation is appended.
    pub url: String,
    /// The region in the scope of the signature.
    pub signing_region: Region,
    /// The service in the scope of the signature.
    pub signing_name: &'static str,
}

/// A setting that is `true` or `false` in any case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Switch {
    /// Whether it is on.
    pub is_on: bool,
    /// The place that decided.
    pub origin: Origin,
    /// Whether the value is neither `true` nor `false`. It then counts as off, and the user should hear of it.
    pub is_unreadable: bool,
}

impl Switch {
    /// Reads a switch: the variable, else the setting of the selected profile, else off. The first of them that
    /// is there decides, even when it cannot be read.
    pub fn read(variable: &'static str, setting: &str, env: &Env, profiles: &Profiles<'_>) -> Self {
        if env.is_set(variable) {
            let origin = Origin::Variable(variable.to_owned());
            return Self::from_text(env.get(variable).unwrap_or_default(), origin);
        }
        match profiles.setting(setting) {
            Some(found) => Self::from_text(found.value, found.origin),
            None => Self { is_on: false, origin: Origin::Default, is_unreadable: false },
        }
    }

    fn from_text(text: &str, origin: Origin) -> Self {
        let is_on = text.eq_ignore_ascii_case("true");
        Self { is_on, origin, is_unreadable: !is_on && !text.eq_ignore_ascii_case("false") }
    }

    /// Whether endpoints validated under FIPS 140 are asked for.
    pub fn fips(env: &Env, profiles: &Profiles<'_>) -> Self {
        Self::read("AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint", env, profiles)
    }

    /// Whether endpoints that speak IPv6 as well are asked for.
    pub fn dual_stack(env: &Env, profiles: &Profiles<'_>) -> Self {
        Self::read("AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint", env, profiles)
    }

    /// Whether the custom endpoints of variables and profile are to be passed over.
    pub fn ignore_configured(env: &Env, profiles: &Profiles<'_>) -> Self {
        const VARIABLE: &str = "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS";
        Self::read(VARIABLE, "ignore_configured_endpoint_urls", env, profiles)
    }
}

/// Finds the endpoint of a service.
///
/// A custom endpoint comes from the first of: `explicit` (a flag, the API), the variable of the service,
/// `AWS_ENDPOINT_URL`, `configured` (our own configuration file), the `[services]` section of the selected
/// profile, its `endpoint_url`. An empty one counts as absent. `AWS_IGNORE_CONFIGURED_ENDPOINT_URLS` and its
/// profile setting switch off all but `explicit` and `configured`. Without any, the URL is made from the region,
/// and the origin is [`Origin::Default`].
///
/// # Errors
///
/// [`Error::Config`] when the custom endpoint that wins is no plain `http` or `https` URL, or when FIPS or
/// dual-stack endpoints are asked for besides: no custom endpoint can promise these.
pub fn resolve(
    service: Service,
    region: &Region,
    explicit: Option<&Sourced<String>>,
    configured: Option<&Sourced<String>>,
    env: &Env,
    profiles: &Profiles<'_>,
) -> Result<Sourced<Endpoint>> {
    let fips = Switch::fips(env, profiles);
    let dual_stack = Switch::dual_stack(env, profiles);
    let Some(custom) = custom(service, explicit, configured, env, profiles) else {
        let endpoint = from_region(service, region, fips.is_on, dual_stack.is_on);
        return Ok(Sourced::new(endpoint, Origin::Default));
    };
    for (switch, kind) in [(fips, "FIPS"), (dual_stack, "dual-stack")] {
        if switch.is_on {
            let problem =
                format!("a custom endpoint excludes {kind} endpoints, which {} asks for", switch.origin);
            return Err(unusable(custom.origin, problem));
        }
    }
    if plain_url(&custom.value).is_none_or(|parts| parts.query.is_some()) {
        let problem = "it must be an absolute URL such as `https://host:port/path`";
        return Err(unusable(custom.origin, problem.to_owned()));
    }
    Ok(custom.map(|url| Endpoint {
        url: url.trim_end_matches('/').to_owned(),
        signing_region: region.clone(),
        signing_name: service.signing_name(),
    }))
}

fn unusable(origin: Origin, problem: String) -> Error {
    Error::Config(Box::new(ConfigProblem { origin, key: None, problem, hints: Vec::new() }))
}

fn custom(
    service: Service,
    explicit: Option<&Sourced<String>>,
    configured: Option<&Sourced<String>>,
    env: &Env,
    profiles: &Profiles<'_>,
) -> Option<Sourced<String>> {
    const SETTING: &str = "endpoint_url";
    let given = |url: Option<&Sourced<String>>| url.filter(|url| !url.value.is_empty()).cloned();
    if let Some(url) = given(explicit) {
        return Some(url);
    }
    if Switch::ignore_configured(env, profiles).is_on {
        return given(configured);
    }
    let variable = |name: &str| {
        let url = env.get(name).filter(|url| !url.is_empty())?;
        Some(Sourced::new(url.to_owned(), Origin::Variable(name.to_owned())))
    };
    let stated = |url: Option<Sourced<&str>>| {
        url.filter(|url| !url.value.is_empty()).map(|url| url.map(str::to_owned))
    };
    variable(service.endpoint_variable())
        .or_else(|| variable("AWS_ENDPOINT_URL"))
        .or_else(|| given(configured))
        .or_else(|| stated(profiles.service_setting(service.section_keys(), SETTING)))
        .or_else(|| stated(profiles.setting(SETTING)))
}

/// The endpoint that AWS publishes for a service in a region.
pub fn from_region(service: Service, region: &Region, fips: bool, dual_stack: bool) -> Endpoint {
    let mut signing_region = region.clone();
    let host = match service {
        Service::Sts if region.as_str() == "aws-global" && !fips && !dual_stack => {
            signing_region = Region::fallback().value;
            "sts.amazonaws.com".to_owned()
        }
        Service::Signin if !dual_stack => signin_host(region, fips),
        Service::BedrockRuntime
        | Service::Bedrock
        | Service::Sts
        | Service::Sso
        | Service::SsoOidc
        | Service::Signin => regional_host(service, region, fips, dual_stack),
    };
    Endpoint { url: format!("https://{host}"), signing_region, signing_name: service.signing_name() }
}

fn regional_host(service: Service, region: &Region, fips: bool, dual_stack: bool) -> String {
    let (prefix, partition) = (service.host_prefix(), region.partition());
    let suffix = if dual_stack { partition.dual_stack_dns_suffix } else { partition.dns_suffix };
    let is_plain_name = service.is_fips_by_default_in_gov() && partition.id == "aws-us-gov" && !dual_stack;
    let fips = if fips && !is_plain_name { "-fips" } else { "" };
    format!("{prefix}{fips}.{region}.{suffix}")
}

/// The sign-in service puts the region first, on a domain of its own, wherever it is not dual-stack; with FIPS
/// that holds in GovCloud only, whose first region is the global host.
fn signin_host(region: &Region, fips: bool) -> String {
    let partition = region.partition();
    let suffix = partition.signin_suffix;
    match (fips, partition.id, region.as_str()) {
        (false, ..) => format!("{region}.signin.{suffix}"),
        (true, _, "us-gov-west-1") => format!("signin-fips.{suffix}"),
        (true, "aws-us-gov", _) => format!("{region}.signin-fips.{suffix}"),
        (true, ..) => regional_host(Service::Signin, region, fips, false),
    }
}

/// Splits an `http` or `https` URL that every reader of URLs understands alike: no user name, no fragment, no
/// backslash, white space or control character, so that the host that is checked is the host that is called.
pub(crate) fn plain_url(url: &str) -> Option<UrlParts<'_>> {
    let parts = split_url(url)?;
    let has_no_user = url.split_once("://").is_some_and(|(_, rest)| rest.starts_with(parts.authority));
    let is_plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'\\' | b'#');
    (has_no_user && url.bytes().all(is_plain) && is_plain_authority(parts.authority)).then_some(parts)
}

/// A host name, an IPv4 address, or an IPv6 address in brackets; then a port or nothing.
fn is_plain_authority(authority: &str) -> bool {
    let is_port = |port: &str| port.parse::<u16>().is_ok();
    if let Some(rest) = authority.strip_prefix('[') {
        let Some((address, rest)) = rest.split_once(']') else { return false };
        let is_address = address.parse::<std::net::Ipv6Addr>().is_ok();
        return is_address && (rest.is_empty() || rest.strip_prefix(':').is_some_and(is_port));
    }
    let (host, port) = authority.split_once(':').unwrap_or((authority, "0"));
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    !host.is_empty() && host.bytes().all(is_name) && is_port(port)
}

#[cfg(test)]
mod tests;
