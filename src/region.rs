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
        let problem = if name.value.is_empty() {
            "the region is empty".to_owned()
        } else {
            format!(
                "`{}` is no region name: only letters, digits and inner hyphens",
                name.value.escape_debug()
            )
        };
        let hint =
            "a region is written like `us-east-1`; an empty variable counts as set, so unset it instead";
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
mod tests {
    use super::{PARTITIONS, Region, resolve};
    use crate::conformance;
    use crate::env::Env;
    use crate::error::Error;
    use crate::origin::{Origin, Sourced};

    fn region(name: &str) -> Region {
        Region::new(name).unwrap()
    }

    #[test]
    fn only_host_labels_are_region_names() {
        let longest = "a".repeat(63);
        for name in ["us-east-1", "a", "US-East-1", "fips-us-east-1", &longest] {
            assert_eq!(region(name).as_str(), name);
        }
        let too_long = "a".repeat(64);
        for name in
            ["", " ", " us-east-1", "us/east", "us.east", "-us", "us-", "ü", "us_east", "a\nb", &too_long]
        {
            let error = Region::new(name).unwrap_err();
            assert!(matches!(error, Error::Config(problem) if problem.origin == Origin::Code), "{name:?}");
        }
    }

    #[test]
    fn partitions_by_name_by_pattern_and_by_default() {
        for (name, partition) in [
            ("us-east-1", "aws"),
            ("us-new-77", "aws"),
            ("mx-future-2", "aws"),
            ("aws-global", "aws"),
            ("cn-north-1", "aws-cn"),
            ("aws-cn-global", "aws-cn"),
            ("us-gov-west-1", "aws-us-gov"),
            ("us-iso-east-1", "aws-iso"),
            ("us-isob-east-1", "aws-iso-b"),
            ("eu-isoe-west-1", "aws-iso-e"),
            ("us-isof-south-1", "aws-iso-f"),
            ("eusc-de-east-1", "aws-eusc"),
            ("eusc-fr-east-1", "aws"),
            ("mars-1", "aws"),
            ("cn-north-x", "aws"),
            ("cn--1", "aws"),
            ("cn-north-", "aws"),
            ("cn-", "aws"),
        ] {
            let found = PARTITIONS.iter().find(|partition| partition.holds(name));
            assert_eq!(found.map_or("aws", |partition| partition.id), partition, "{name}");
        }
        assert_eq!(region("mars-1").partition().id, "aws");
    }

    #[test]
    fn the_partition_table_agrees_with_the_published_one() {
        let Some(file) = conformance::json("endpoints/partitions.json") else { return };
        let published = file["partitions"].as_array().unwrap();
        assert_eq!(published.len(), PARTITIONS.len());
        for entry in published {
            let (id, outputs) = (entry["id"].as_str().unwrap(), &entry["outputs"]);
            let ours = PARTITIONS.iter().find(|partition| partition.id == id).unwrap();
            assert_eq!(outputs["dnsSuffix"], ours.dns_suffix, "{id}");
            assert_eq!(outputs["dualStackDnsSuffix"], ours.dual_stack_dns_suffix, "{id}");
            assert_eq!(
                (&outputs["supportsFIPS"], &outputs["supportsDualStack"]),
                (&true.into(), &true.into())
            );
            for name in entry["regions"].as_object().unwrap().keys() {
                assert_eq!(region(name).partition().id, id, "{name}");
            }
        }
    }

    #[test]
    fn geographies_of_regions() {
        for (name, expected) in [
            ("us-west-2", &["us"][..]),
            ("us-gov-west-1", &["us-gov"]),
            ("ca-central-1", &["ca", "us"]),
            ("eu-central-1", &["eu"]),
            ("ap-northeast-1", &["jp", "apac"]),
            ("ap-southeast-2", &["au", "apac"]),
            ("ap-south-1", &["apac"]),
            ("sa-east-1", &["sa"]),
            ("cn-north-1", &[]),
            ("us-iso-east-1", &[]),
            ("mars-1", &[]),
        ] {
            assert_eq!(region(name).geographies(), expected, "{name}");
        }
    }

    fn profile_says(name: &str) -> Option<Sourced<String>> {
        Some(Sourced::new(name.to_owned(), Origin::File { path: "/c".into(), line: Some(2) }))
    }

    #[test]
    fn the_first_place_that_names_a_region_wins() {
        let flag = || Some(Sourced::new("eu-west-1".to_owned(), Origin::Flag("--region")));
        let file = || Some(Sourced::new("sa-east-1".to_owned(), Origin::Code));
        let both = Env::empty().with("AWS_REGION", "us-east-2").with("AWS_DEFAULT_REGION", "us-west-1");
        let default = Env::empty().with("AWS_DEFAULT_REGION", "us-west-1");
        for (explicit, env, configured, profile, expected) in [
            (flag(), &both, file(), profile_says("ap-south-1"), Some(("eu-west-1", "`--region`"))),
            (None, &both, file(), profile_says("ap-south-1"), Some(("us-east-2", "`AWS_REGION`"))),
            (None, &default, file(), None, Some(("us-west-1", "`AWS_DEFAULT_REGION`"))),
            (
                None,
                &Env::empty(),
                file(),
                profile_says("ap-south-1"),
                Some(("sa-east-1", "the calling program")),
            ),
            (None, &Env::empty(), None, profile_says("ap-south-1"), Some(("ap-south-1", "`/c:2`"))),
            (None, &Env::empty(), None, None, None),
        ] {
            let found = resolve(explicit, env, configured, || Ok(profile)).unwrap();
            let found = found.map(|region| (region.value.to_string(), region.origin.to_string()));
            assert_eq!(found, expected.map(|(name, origin)| (name.to_owned(), origin.to_owned())));
        }
        assert_eq!(Region::fallback().value.as_str(), "us-east-1");
        assert_eq!(Region::fallback().origin, Origin::Default);
    }

    #[test]
    fn a_place_with_an_unusable_region_is_an_error_that_names_it() {
        for (env, profile, message) in [
            (Env::empty().with("AWS_REGION", ""), None, "`AWS_REGION` cannot be used: the region is empty"),
            (
                Env::empty().with("AWS_DEFAULT_REGION", ""),
                None,
                "`AWS_DEFAULT_REGION` cannot be used: the region is empty",
            ),
            (
                Env::empty().with("AWS_REGION", " eu-west-1 "),
                None,
                "`AWS_REGION` cannot be used: ` eu-west-1 ` is no region name: only letters, digits and inner hyphens",
            ),
            (Env::empty(), profile_says(""), "`region` in `/c:2` cannot be used: the region is empty"),
        ] {
            let error = resolve(None, &env, None, || Ok(profile)).unwrap_err();
            assert_eq!(error.to_string(), message);
        }
    }

    #[test]
    fn the_profile_is_not_asked_while_something_stronger_speaks() {
        for env in [
            Env::empty().with("AWS_REGION", "us-east-2"),
            Env::empty().with("AWS_REGION", ""),
            Env::empty().with("AWS_DEFAULT_REGION", "us-east-2"),
        ] {
            let _ = resolve(None, &env, None, || panic!("asked"));
        }
    }
}
