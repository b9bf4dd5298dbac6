//! AWS regions: a checked name, the partition it lies in, and the rules that say which region is used.
//!
//! The partition decides the domain of every endpoint, so a wrong one sends requests to a host that does not
//! exist. The table holds the eight partitions with the patterns of their region names; it does not list
//! regions, since new ones appear monthly and match the patterns. The instance metadata service, the last place
//! that may name a region, needs the network and is asked by the caller.
//!
//! See [AWS Region](https://docs.aws.amazon.com/sdkref/latest/guide/feature-region.html) in the SDK reference.

use crate::env::Env;
use crate::error::{ConfigProblem, Error, Result};
use crate::origin::{Origin, Sourced};
use std::fmt;

/// The name of an AWS region: `us-east-1`.
///
/// It is always a valid host label (letters, digits and inner hyphens, at most 63), since it becomes a part of
/// host names. It need not be a region that exists.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Region(String);

impl Region {
    /// Checks a region name that the calling program gives.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] when the name is empty or no host label. Nothing is trimmed.
    pub fn new(name: impl Into<String>) -> Result<Self> {
        let region = Self::checked(Sourced::new(name.into(), Origin::Code), None);
        region.map(|region| region.value).map_err(Error::Config)
    }

    /// Checks a region name and keeps where it came from; an error names that place, and `key` in it.
    pub(crate) fn checked(
        name: Sourced<String>,
        key: Option<&str>,
    ) -> Result<Sourced<Self>, Box<ConfigProblem>> {
        if is_host_label(&name.value) {
            return Ok(name.map(Self));
        }
        // Only the first line is shown: a property that is indented by mistake, perhaps a secret, continues the
        // value above it.
        let (problem, hint) = match name.value.split_once('\n') {
            Some((first, _)) => (
                format!("`{}` goes on in an indented line", first.escape_debug()),
                "write every property at the start of its line",
            ),
            None if name.value.is_empty() => (
                "the region is empty".to_owned(),
                "take the setting away, or set it to a region such as `us-east-1`",
            ),
            None => (
                format!("`{}` is no region name", name.value.escape_debug()),
                "a region name holds letters, digits and inner hyphens, such as `us-east-1`",
            ),
        };
        let hints = vec![hint.to_owned()];
        let key = key.map(str::to_owned);
        Err(Box::new(ConfigProblem { origin: name.origin, key, problem, hints }))
    }

    /// The region that is used when nothing names one: `us-east-1`.
    pub fn fallback() -> Sourced<Self> {
        Sourced::new(Self("us-east-1".to_owned()), Origin::Default)
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The partition: the one that lists this name, else the one whose pattern matches, else `aws`.
    pub fn partition(&self) -> &'static Partition {
        PARTITIONS.iter().find(|partition| partition.holds(&self.0)).unwrap_or(&AWS)
    }

    /// The geography prefixes of system-defined inference profiles to look for from this region, nearest first.
    ///
    /// `us.anthropic.claude-...` can be called from the regions of `us` only. This is an order of preference
    /// for choosing among known profiles; which profiles exist, discovery alone can say. The prefix `global`
    /// is not a geography and not in the list. Empty where no inference profiles are offered.
    ///
    /// See [cross-Region inference](https://docs.aws.amazon.com/bedrock/latest/userguide/cross-region-inference.html).
    pub fn geographies(&self) -> &'static [&'static str] {
        match self.0.as_str() {
            "ap-northeast-1" | "ap-northeast-3" => &["jp", "apac"],
            "ap-southeast-2" | "ap-southeast-4" => &["au", "apac"],
            name => match prefix_of(name).unwrap_or_default() {
                "us" => &["us"],
                "us-gov" => &["us-gov"],
                "ca" => &["ca", "us"],
                "eu" => &["eu"],
                "ap" => &["apac"],
                "sa" => &["sa"],
                "me" => &["me"],
                "il" => &["il", "eu"],
                "af" => &["af"],
                "mx" => &["mx"],
                _ => &[],
            },
        }
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_host_label(name: &str) -> bool {
    (1..=63).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && !name.starts_with('-')
        && !name.ends_with('-')
}

/// A group of regions with common domains and separate accounts.
///
/// Every partition of the table serves FIPS and dual-stack endpoints.
#[derive(Debug, PartialEq, Eq)]
pub struct Partition {
    /// The id, as it stands in ARNs: `aws`, `aws-cn`.
    pub id: &'static str,
    /// The domain of IPv4 endpoints: `amazonaws.com`.
    pub dns_suffix: &'static str,
    /// The domain of dual-stack endpoints: `api.aws`.
    pub dual_stack_dns_suffix: &'static str,
    /// The domain of the sign-in service, which keeps to none of the two.
    pub signin_suffix: &'static str,
    /// What stands before `-word-digits` in the names of its regions.
    prefixes: &'static [&'static str],
    /// The pseudo region that stands for the whole partition.
    global: Option<&'static str>,
}

impl Partition {
    fn holds(&self, region: &str) -> bool {
        self.global == Some(region) || prefix_of(region).is_some_and(|prefix| self.prefixes.contains(&prefix))
    }
}

/// The part before `-word-digits`, where `word` holds no hyphen. `None` for names of another form.
fn prefix_of(region: &str) -> Option<&str> {
    let (rest, digits) = region.rsplit_once('-')?;
    let (prefix, word) = rest.rsplit_once('-')?;
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    (is_number && !word.is_empty()).then_some(prefix)
}

const AWS: Partition = Partition {
    id: "aws",
    dns_suffix: "amazonaws.com",
    dual_stack_dns_suffix: "api.aws",
    signin_suffix: "aws.amazon.com",
    prefixes: &["us", "eu", "ap", "sa", "ca", "me", "af", "il", "mx"],
    global: Some("aws-global"),
};

static PARTITIONS: [Partition; 8] = [
    AWS,
    Partition {
        id: "aws-cn",
        dns_suffix: "amazonaws.com.cn",
        dual_stack_dns_suffix: "api.amazonwebservices.com.cn",
        signin_suffix: "amazonaws.cn",
        prefixes: &["cn"],
        global: Some("aws-cn-global"),
    },
    Partition {
        id: "aws-eusc",
        dns_suffix: "amazonaws.eu",
        dual_stack_dns_suffix: "api.amazonwebservices.eu",
        signin_suffix: "amazonaws-eusc.eu",
        prefixes: &["eusc-de"],
        global: None,
    },
    Partition {
        id: "aws-us-gov",
        dns_suffix: "amazonaws.com",
        dual_stack_dns_suffix: "api.aws",
        signin_suffix: "amazonaws-us-gov.com",
        prefixes: &["us-gov"],
        global: Some("aws-us-gov-global"),
    },
    Partition {
        id: "aws-iso",
        dns_suffix: "c2s.ic.gov",
        dual_stack_dns_suffix: "api.aws.ic.gov",
        signin_suffix: "c2shome.ic.gov",
        prefixes: &["us-iso"],
        global: Some("aws-iso-global"),
    },
    Partition {
        id: "aws-iso-b",
        dns_suffix: "sc2s.sgov.gov",
        dual_stack_dns_suffix: "api.aws.scloud",
        signin_suffix: "sc2shome.sgov.gov",
        prefixes: &["us-isob"],
        global: Some("aws-iso-b-global"),
    },
    Partition {
        id: "aws-iso-e",
        dns_suffix: "cloud.adc-e.uk",
        dual_stack_dns_suffix: "api.cloud-aws.adc-e.uk",
        signin_suffix: "csphome.adc-e.uk",
        prefixes: &["eu-isoe"],
        global: Some("aws-iso-e-global"),
    },
    Partition {
        id: "aws-iso-f",
        dns_suffix: "csp.hci.ic.gov",
        dual_stack_dns_suffix: "api.aws.hci.ic.gov",
        signin_suffix: "csphome.hci.ic.gov",
        prefixes: &["us-isof"],
        global: Some("aws-iso-f-global"),
    },
];

/// The variables that name the region, strongest first.
const VARIABLES: [&str; 2] = ["AWS_REGION", "AWS_DEFAULT_REGION"];

/// Finds the region without the network: `explicit` (a flag, the API, the region inside a model's ARN), then
/// `AWS_REGION`, `AWS_DEFAULT_REGION`, `configured` (our own configuration file), then the AWS profile.
///
/// `profile` is called only when all else is silent, so that the AWS files are not opened without need.
/// `None`: ask the instance metadata service, then take [`Region::fallback`].
///
/// # Errors
///
/// [`Error::Config`] when the first place that says anything holds no region name; an empty variable is such a
/// place, since falling through would call a region that nobody chose.
pub fn resolve(
    explicit: Option<Sourced<String>>,
    env: &Env,
    configured: Option<Sourced<String>>,
    profile: impl FnOnce() -> Result<Option<Sourced<String>>>,
) -> Result<Option<Sourced<Region>>> {
    let checked = |name, key| Region::checked(name, key).map(Some).map_err(Error::Config);
    if let Some(name) = explicit {
        return checked(name, None);
    }
    for variable in VARIABLES {
        let origin = Origin::Variable(variable.to_owned());
        if env.is_not_unicode(variable) {
            let problem = "the value is not valid Unicode".to_owned();
            return Err(Error::Config(Box::new(ConfigProblem { origin, key: None, problem, hints: vec![] })));
        }
        if let Some(name) = env.get(variable) {
            return checked(Sourced::new(name.to_owned(), origin), None);
        }
    }
    if let Some(name) = configured {
        return checked(name, None);
    }
    match profile()? {
        Some(name) => checked(name, Some("region")),
        None => Ok(None),
    }
}

#[cfg(test)]
mod tests;
