//! The models and inference profiles of the emulated account, and how an id in a path finds its model.
//!
//! The list is data, `models.json` beside this file: real ids with the facts that matter for Bedrock's
//! checks, some models of the emulator's own, and two application profiles. It is no source of facts for the
//! rest of the crate; on purpose it is independent of the client's catalogue.
//!
//! Ids: <https://docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles-support.html>.

use super::faults::Fault;
use super::options::DEMO_MODEL_ID;
use super::refusal::Refusal;
use serde::Deserialize;

/// The account of every ARN here.
pub(super) const ACCOUNT: &str = "123456789012";

/// Whether a model takes tools.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum ToolSupport {
    /// Not at all.
    None,
    /// In Converse, not in ConverseStream.
    Unary,
    /// Everywhere.
    Full,
}

/// How a model is asked to think.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Thinking {
    /// It does not think.
    None,
    /// Claude: `thinking.type` is `enabled`, with a budget.
    Budget,
    /// Claude: `enabled` or `adaptive`.
    Both,
    /// Claude: `adaptive` alone, and sampling cannot be set.
    Adaptive,
    /// Nova 2: `reasoningConfig`.
    Config,
    /// gpt-oss, DeepSeek V3: `reasoning_effort`.
    Flat,
    /// GPT: `reasoning`, with an effort.
    Nested,
    /// The emulator's own: whatever asks for it.
    Any,
}

/// What a model refuses though others take it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Unsupported {
    SystemPrompt,
    StopSequences,
    Temperature,
    TopP,
    TemperatureWithTopP,
    TopK,
    /// `toolChoice.any`.
    AnyTool,
    /// `toolChoice.tool`.
    NamedTool,
    Documents,
    ImagesInResults,
    /// `toolResult.status`.
    ResultStatus,
    /// Anything but tool results in a message that holds some.
    TextBesideResults,
    CachePointsInTools,
    /// The `ttl` of an hour.
    CacheLifetime,
    /// `outputConfig.textFormat`.
    StructuredOutput,
    /// `$ref` in the schemas of tools.
    SchemaReferences,
    DisabledThinking,
    /// A last message of the assistant.
    Prefill,
    /// Service tiers other than `default`.
    ServiceTiers,
}

/// One model.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Model {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) provider: String,
    /// Input modalities, `TEXT` first.
    pub(super) input: Vec<String>,
    /// Output modalities.
    pub(super) output: Vec<String>,
    pub(super) streaming: bool,
    /// `ON_DEMAND`, `INFERENCE_PROFILE`; or what no client has heard of, as in all of these lists.
    pub(super) inference: Vec<String>,
    /// `ACTIVE`, `LEGACY`.
    pub(super) status: String,
    /// Tokens of input and output together.
    pub(super) context_window: u64,
    /// Most tokens of output.
    pub(super) max_tokens: u64,
    pub(super) tools: ToolSupport,
    pub(super) thinking: Thinking,
    /// Whether cache points are allowed.
    pub(super) caching: bool,
    /// Prefixes of the system-defined profiles that hold it.
    pub(super) profiles: Vec<String>,
    #[serde(default)]
    pub(super) refuses: Vec<Unsupported>,
}

impl Model {
    /// Its ARN in a region.
    pub(super) fn arn(&self, region: &str) -> String {
        format!("arn:aws:bedrock:{region}::foundation-model/{}", self.id)
    }

    /// Whether it writes text.
    pub(super) fn writes_text(&self) -> bool {
        self.output.iter().any(|modality| modality == "TEXT")
    }

    /// Whether it reads a modality: `IMAGE`.
    pub(super) fn reads(&self, modality: &str) -> bool {
        self.input.iter().any(|known| known == modality)
    }

    /// Whether its thinking carries a signature that must come back with it.
    pub(super) fn signs_thinking(&self) -> bool {
        self.is_claude() || self.thinking == Thinking::Any
    }

    /// Whether it is a Claude, and Anthropic's own checks apply.
    pub(super) fn is_claude(&self) -> bool {
        self.provider == "Anthropic"
    }

    fn is_on_demand(&self) -> bool {
        self.inference.iter().any(|kind| kind == "ON_DEMAND")
    }
}

/// An inference profile of the account, as the lists give it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Profile<'a> {
    pub(super) id: String,
    pub(super) arn: String,
    pub(super) name: String,
    /// Whether the account made it itself.
    pub(super) is_application: bool,
    /// `ACTIVE`, or what no client has heard of.
    pub(super) status: &'a str,
    pub(super) model: &'a Model,
    /// The model in each region that it routes to.
    pub(super) model_arns: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct ApplicationProfile {
    id: String,
    name: String,
    base: String,
    #[serde(default = "active")]
    status: String,
}

fn active() -> String {
    "ACTIVE".to_owned()
}

/// The whole list.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Catalog {
    pub(super) models: Vec<Model>,
    application_profiles: Vec<ApplicationProfile>,
}

impl Catalog {
    /// Reads the built-in list.
    ///
    /// # Errors
    ///
    /// None with the list as it is; a test reads it.
    pub(super) fn built_in() -> Result<Self, serde_json::Error> {
        Self::from_json(include_str!("models.json"))
    }

    /// Reads a list of the same form.
    ///
    /// # Errors
    ///
    /// What does not read as one, with line and column.
    pub(super) fn from_json(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(text.as_bytes())
    }

    /// The model of this id.
    pub(super) fn model(&self, id: &str) -> Option<&Model> {
        self.models.iter().find(|model| model.id == id)
    }

    /// The model that answers for an id, profile id or ARN in a path.
    ///
    /// # Errors
    ///
    /// Bedrock's refusals of unknown ids, of profile-only models, and of models past their life.
    pub(super) fn resolve(&self, id: &str, region: &str) -> Result<&Model, Refusal> {
        let unknown = || Refusal::validation("The provided model identifier is invalid.");
        let (kind, name) = match arn_resource(id) {
            Some(resource) => resource.split_once('/').ok_or_else(unknown)?,
            None if Fault::from_model_id(id).is_some() => ("fault", DEMO_MODEL_ID),
            None => ("", id),
        };
        let model = match kind {
            // What stands behind these the emulator cannot know; its own model answers.
            "fault"
            | "custom-model"
            | "custom-model-deployment"
            | "imported-model"
            | "provisioned-model"
            | "prompt"
            | "prompt-router"
            | "default-prompt-router"
            | "endpoint" => self.model(DEMO_MODEL_ID),
            "application-inference-profile" => self
                .application_profiles
                .iter()
                .find(|profile| profile.id == name)
                .and_then(|profile| self.model(&profile.base)),
            "foundation-model" => self.on_demand(name, id)?,
            "inference-profile" => self.profile_model(name, region),
            "" => {
                self.profile_model(name, region).map_or_else(|| self.on_demand(name, id), |m| Ok(Some(m)))?
            }
            _ => None,
        };
        model.ok_or_else(unknown)
    }

    /// The foundation model of this name, if it may be called without a profile.
    fn on_demand(&self, name: &str, as_written: &str) -> Result<Option<&Model>, Refusal> {
        let Some(model) = self.model(name) else { return Ok(None) };
        if model.status != "ACTIVE" {
            return Err(Refusal::not_found(
                "This model version has reached the end of its life. Please refer to the AWS documentation \
                 for more details.",
            ));
        }
        if !model.is_on_demand() {
            return Err(Refusal::validation(format!(
                "Invocation of model ID {as_written} with on-demand throughput isn\u{2019}t supported. Retry \
                 your request with the ID or ARN of an inference profile that contains this model."
            )));
        }
        Ok(Some(model))
    }

    fn profile_model(&self, id: &str, region: &str) -> Option<&Model> {
        let (prefix, model_id) = id.split_once('.')?;
        let model = self.model(model_id)?;
        (is_offered(prefix, region) && model.profiles.iter().any(|known| known == prefix)).then_some(model)
    }

    /// The profiles that a region lists: the system's in the order of the models, then the account's own.
    pub(super) fn profiles(&self, region: &str) -> Vec<Profile<'_>> {
        let system = self.models.iter().flat_map(|model| {
            model.profiles.iter().filter(|prefix| is_offered(prefix, region)).map(move |prefix| {
                let id = format!("{prefix}.{}", model.id);
                Profile {
                    arn: format!("arn:aws:bedrock:{region}:{ACCOUNT}:inference-profile/{id}"),
                    name: format!("{} {} {}", geography(prefix), model.provider, model.name),
                    is_application: false,
                    status: "ACTIVE",
                    model,
                    model_arns: regions(prefix).iter().map(|region| model.arn(region)).collect(),
                    id,
                }
            })
        });
        let own = self.application_profiles.iter().filter_map(|profile| {
            let model = self.model(&profile.base)?;
            Some(Profile {
                id: profile.id.clone(),
                arn: format!(
                    "arn:aws:bedrock:{region}:{ACCOUNT}:application-inference-profile/{}",
                    profile.id
                ),
                name: profile.name.clone(),
                is_application: true,
                status: &profile.status,
                model,
                model_arns: vec![model.arn(region)],
            })
        });
        system.chain(own).collect()
    }
}

/// The resource part of a Bedrock or SageMaker ARN.
pub(super) fn arn_resource(id: &str) -> Option<&str> {
    let mut parts = id.splitn(6, ':');
    let (arn, _partition, service) = (parts.next()?, parts.next()?, parts.next()?);
    (arn == "arn" && matches!(service, "bedrock" | "sagemaker")).then(|| parts.nth(2)).flatten()
}

/// Whether a profile of this prefix can be used from a region.
fn is_offered(prefix: &str, region: &str) -> bool {
    match prefix {
        "global" => !region.starts_with("us-gov-") && !region.starts_with("cn-"),
        "us" | "eu" => {
            region.strip_prefix(prefix).is_some_and(|rest| rest.starts_with('-'))
                && !region.starts_with("us-gov-")
        }
        "apac" => region.starts_with("ap-"),
        _ => regions(prefix).contains(&region),
    }
}

fn regions(prefix: &str) -> &'static [&'static str] {
    match prefix {
        "us" => &["us-east-1", "us-east-2", "us-west-2"],
        "eu" => &["eu-central-1", "eu-north-1", "eu-west-1", "eu-west-3"],
        "apac" => &["ap-northeast-1", "ap-south-1", "ap-southeast-1", "ap-southeast-2"],
        "jp" => &["ap-northeast-1", "ap-northeast-3"],
        "au" => &["ap-southeast-2", "ap-southeast-4"],
        "ca" => &["ca-central-1", "ca-west-1"],
        "us-gov" => &["us-gov-east-1", "us-gov-west-1"],
        // The first model of a global profile names no region.
        "global" => &["", "us-east-1"],
        _ => &[],
    }
}

fn geography(prefix: &str) -> &str {
    match prefix {
        "us" => "US",
        "eu" => "EU",
        "apac" => "APAC",
        "jp" => "JP",
        "au" => "AU",
        "ca" => "CA",
        "us-gov" => "GovCloud US",
        "global" => "Global",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::{Catalog, DEMO_MODEL_ID};

    #[test]
    fn every_kind_of_id_finds_its_model() {
        let catalog = Catalog::built_in().unwrap();
        let sonnet = "anthropic.claude-sonnet-4-20250514-v1:0";
        let account = "arn:aws:bedrock:us-east-1:123456789012";
        for (id, model) in [
            ("amazon.nova-lite-v1:0".to_owned(), "amazon.nova-lite-v1:0"),
            (
                "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0".to_owned(),
                "amazon.nova-lite-v1:0",
            ),
            (format!("us.{sonnet}"), sonnet),
            (format!("global.{sonnet}"), sonnet),
            (format!("{account}:inference-profile/us.{sonnet}"), sonnet),
            (format!("{account}:application-inference-profile/a1b2c3d4e5f6"), sonnet),
            (format!("{account}:provisioned-model/abc"), DEMO_MODEL_ID),
            (format!("{account}:prompt/ABCDEFGHIJ:1"), DEMO_MODEL_ID),
            ("arn:aws:sagemaker:us-east-1:123456789012:endpoint/mine".to_owned(), DEMO_MODEL_ID),
            ("emulator.throttle-2".to_owned(), DEMO_MODEL_ID),
        ] {
            assert_eq!(catalog.resolve(&id, "us-east-1").unwrap().id, model, "{id}");
        }
    }

    #[test]
    fn ids_are_refused_as_bedrock_does() {
        let catalog = Catalog::built_in().unwrap();
        let (invalid, on_demand) =
            ("model identifier is invalid", "on-demand throughput isn\u{2019}t supported");
        for (id, status, fragment) in [
            ("no.such-model", 400, invalid),
            ("", 400, invalid),
            ("emulator.no-such-fault", 400, invalid),
            ("eu.anthropic.claude-sonnet-4-20250514-v1:0", 400, invalid),
            ("us.anthropic.claude-3-haiku-20240307-v1:0", 400, invalid),
            ("arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/none", 400, invalid),
            ("arn:aws:s3:::bucket/key", 400, invalid),
            ("anthropic.claude-sonnet-4-20250514-v1:0", 400, on_demand),
            (
                "arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-sonnet-4-20250514-v1:0",
                400,
                on_demand,
            ),
            ("anthropic.claude-v2:1", 404, "end of its life"),
        ] {
            let refusal = catalog.resolve(id, "us-east-1").unwrap_err();
            assert_eq!(refusal.status, status, "{id}");
            assert!(refusal.message.contains(fragment), "{id}: {}", refusal.message);
        }
    }

    #[test]
    fn profiles_belong_to_regions() {
        let catalog = Catalog::built_in().unwrap();
        for (region, has, has_not) in [
            ("us-east-1", "us.", "eu."),
            ("eu-west-1", "eu.", "us."),
            ("ap-northeast-1", "jp.", "au."),
            ("us-gov-west-1", "a1b2", "us."),
        ] {
            let profiles = catalog.profiles(region);
            assert!(profiles.iter().any(|profile| profile.id.starts_with(has)), "{region}");
            assert!(!profiles.iter().any(|profile| profile.id.starts_with(has_not)), "{region}");
            for profile in profiles {
                assert_eq!(catalog.resolve(&profile.arn, region).unwrap(), profile.model, "{region}");
            }
        }
    }

    #[test]
    fn a_list_of_the_callers_own_is_read_strictly() {
        let text = r#"{"models": [], "application_profiles": [{"id": "a", "name": "n", "base": "none"}]}"#;
        // A profile whose model is not there is not listed.
        assert!(Catalog::from_json(text).unwrap().profiles("us-east-1").is_empty());
        assert!(Catalog::from_json(r#"{"models": [{"id": "a"}], "application_profiles": []}"#).is_err());
    }

    #[test]
    fn facts_are_consistent() {
        let catalog = Catalog::built_in().unwrap();
        for model in &catalog.models {
            assert!(model.max_tokens <= model.context_window, "{}", model.id);
            assert_eq!(model.writes_text(), model.max_tokens > 0, "{}", model.id);
            let reachable = model.is_on_demand() || !model.profiles.is_empty();
            assert!(reachable, "{}", model.id);
        }
        let demo = catalog.model(DEMO_MODEL_ID).unwrap();
        assert!(demo.is_on_demand() && demo.reads("IMAGE"));
    }
}
