//! What a configured `baseUrl` says: a region, or an endpoint of its own.
//!
//! Configurations are full of `https://bedrock-runtime.us-east-1.amazonaws.com`, copied from examples. Such a
//! standard host names a region and no endpoint, so that FIPS and dual-stack settings still work and a region
//! of the environment wins; every other URL is where requests go.

use crate::endpoint::{Service, from_region};
use crate::region::Region;
use crate::uri::split_url;

/// The meaning of a `baseUrl`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BaseUrl {
    /// A standard host of Bedrock's runtime: this region, and nothing else.
    Region(Region),
    /// Another host, a proxy for example. Without slashes at the end.
    Endpoint(String),
}

impl BaseUrl {
    /// Tells what a URL means. A standard host is one that this crate would build itself for the region in it:
    /// plain or FIPS, in any partition, dual-stack or not, over `https`, with nothing but a `/` after it.
    pub fn new(url: &str) -> Self {
        let url = url.trim();
        match standard_region(url) {
            Some(region) => BaseUrl::Region(region),
            None => BaseUrl::Endpoint(url.trim_end_matches('/').to_owned()),
        }
    }
}

fn standard_region(url: &str) -> Option<Region> {
    let parts = split_url(url)?;
    if !parts.is_https() || !matches!(parts.path, "" | "/") || parts.query.is_some() || url.contains('@') {
        return None;
    }
    let host = parts.host_header().to_ascii_lowercase();
    let labels =
        host.strip_prefix("bedrock-runtime-fips.").or_else(|| host.strip_prefix("bedrock-runtime."))?;
    let region = Region::new(labels.split('.').next()?).ok()?;
    let built = |fips, dual_stack| from_region(Service::BedrockRuntime, &region, fips, dual_stack).url;
    let is_standard = [(false, false), (false, true), (true, false), (true, true)]
        .into_iter()
        .any(|(fips, dual_stack)| built(fips, dual_stack).strip_prefix("https://") == Some(&host));
    is_standard.then_some(region)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn standard_hosts_name_a_region_and_others_are_endpoints() {
        for (url, region) in [
            ("https://bedrock-runtime.us-east-1.amazonaws.com", Some("us-east-1")),
            ("https://bedrock-runtime.eu-central-1.amazonaws.com/", Some("eu-central-1")),
            ("HTTPS://Bedrock-Runtime.EU-west-1.amazonaws.com:443", Some("eu-west-1")),
            ("https://bedrock-runtime-fips.us-gov-west-1.amazonaws.com", Some("us-gov-west-1")),
            ("https://bedrock-runtime.us-west-2.api.aws", Some("us-west-2")),
            ("https://bedrock-runtime.cn-north-1.amazonaws.com.cn", Some("cn-north-1")),
            // Another partition's domain, a path, a port, another service, no TLS: not ours to replace.
            ("https://bedrock-runtime.cn-north-1.amazonaws.com", None),
            ("https://bedrock-runtime.us-east-1.amazonaws.com/v1", None),
            ("https://bedrock-runtime.us-east-1.amazonaws.com:8443", None),
            ("https://bedrock-runtime.us-east-1.amazonaws.com.evil.example", None),
            ("https://evil@bedrock-runtime.us-east-1.amazonaws.com", None),
            ("https://bedrock.us-east-1.amazonaws.com", None),
            ("http://bedrock-runtime.us-east-1.amazonaws.com", None),
            ("https://vpce-0a1b-2c3d.bedrock-runtime.us-east-1.vpce.amazonaws.com", None),
            ("http://127.0.0.1:8080", None),
        ] {
            let expected = match region {
                Some(region) => BaseUrl::Region(Region::new(region).unwrap()),
                None => BaseUrl::Endpoint(url.to_owned()),
            };
            assert_eq!(BaseUrl::new(url), expected, "{url}");
        }
        assert_eq!(BaseUrl::new(" http://h/base// "), BaseUrl::Endpoint("http://h/base".to_owned()));
    }
}
