//! What Bedrock's control plane answers, as plain data: foundation models and inference profiles.
//!
//! The rules of [`converse`](crate::converse) hold here too: unknown members are skipped, values of enums that are
//! newer than this crate are kept as text, and `null` or an absent member reads as empty, so that one odd entry
//! never costs the list. What the entries mean for callers is decided in the catalogue.

use crate::converse::{OpenString, null_as_default};
use serde::Deserialize;

/// One entry of ListFoundationModels.
///
/// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_FoundationModelSummary.html>
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct FoundationModelSummary {
    /// `arn:aws:bedrock:us-east-1::foundation-model/...`.
    #[serde(deserialize_with = "null_as_default")]
    pub model_arn: String,
    /// The id that requests name, where the model can be called without an inference profile.
    #[serde(deserialize_with = "null_as_default")]
    pub model_id: String,
    /// The name for people.
    pub model_name: Option<String>,
    /// Who makes it: `Anthropic`, `Mistral AI`.
    pub provider_name: Option<String>,
    /// What it reads.
    #[serde(deserialize_with = "null_as_default")]
    pub input_modalities: Vec<ModelModality>,
    /// What it writes.
    #[serde(deserialize_with = "null_as_default")]
    pub output_modalities: Vec<ModelModality>,
    /// Whether it streams.
    pub response_streaming_supported: Option<bool>,
    /// How it can be customised.
    #[serde(deserialize_with = "null_as_default")]
    pub customizations_supported: Vec<ModelCustomization>,
    /// How it can be called.
    #[serde(deserialize_with = "null_as_default")]
    pub inference_types_supported: Vec<InferenceType>,
    /// Where it stands in its life.
    pub model_lifecycle: Option<FoundationModelLifecycle>,
}

/// Where a model stands in its life. Times are RFC 3339, as the service writes them.
///
/// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_FoundationModelLifecycle.html>
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct FoundationModelLifecycle {
    /// Whether it is current.
    #[serde(deserialize_with = "null_as_default")]
    pub status: FoundationModelLifecycleStatus,
    /// When it came.
    pub start_of_life_time: Option<String>,
    /// When it became, or becomes, legacy.
    pub legacy_time: Option<String>,
    /// When it ended, or ends.
    pub end_of_life_time: Option<String>,
}

/// An inference profile: an entry of ListInferenceProfiles, or the answer of GetInferenceProfile.
///
/// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_InferenceProfileSummary.html>
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct InferenceProfileSummary {
    /// The name for people.
    #[serde(deserialize_with = "null_as_default")]
    pub inference_profile_name: String,
    /// A sentence about it.
    pub description: Option<String>,
    /// When it was made; RFC 3339, as the service writes it.
    pub created_at: Option<String>,
    /// When it was last changed.
    pub updated_at: Option<String>,
    /// Its ARN. Profiles of the account itself are called by it.
    #[serde(deserialize_with = "null_as_default")]
    pub inference_profile_arn: String,
    /// The models that it routes to, one for each region.
    #[serde(deserialize_with = "null_as_default")]
    pub models: Vec<InferenceProfileModel>,
    /// Its id; requests name the system's profiles by it.
    #[serde(deserialize_with = "null_as_default")]
    pub inference_profile_id: String,
    /// Whether it can be used.
    #[serde(deserialize_with = "null_as_default")]
    pub status: InferenceProfileStatus,
    /// Who made it; `type` on the wire.
    #[serde(rename = "type", deserialize_with = "null_as_default")]
    pub profile_type: InferenceProfileType,
}

/// One model of an inference profile.
///
/// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_InferenceProfileModel.html>
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct InferenceProfileModel {
    /// The ARN of the foundation model in one region; global profiles have one that names no region.
    pub model_arn: Option<String>,
}

/// What a model reads or writes.
pub type ModelModality = OpenString<kind::ModelModality>;

impl ModelModality {
    /// `TEXT`.
    pub const TEXT: Self = Self::known("TEXT");
    /// `IMAGE`.
    pub const IMAGE: Self = Self::known("IMAGE");
    /// `EMBEDDING`.
    pub const EMBEDDING: Self = Self::known("EMBEDDING");
}

/// How a model can be called.
pub type InferenceType = OpenString<kind::InferenceType>;

impl InferenceType {
    /// `ON_DEMAND`: by its own id.
    pub const ON_DEMAND: Self = Self::known("ON_DEMAND");
    /// `PROVISIONED`: through throughput that was bought.
    pub const PROVISIONED: Self = Self::known("PROVISIONED");
    /// `INFERENCE_PROFILE`: through an inference profile. The service sends it, though its model does not list
    /// it.
    pub const INFERENCE_PROFILE: Self = Self::known("INFERENCE_PROFILE");
}

/// How a model can be customised.
pub type ModelCustomization = OpenString<kind::ModelCustomization>;

/// Whether a model is current.
pub type FoundationModelLifecycleStatus = OpenString<kind::FoundationModelLifecycleStatus>;

impl FoundationModelLifecycleStatus {
    /// `ACTIVE`.
    pub const ACTIVE: Self = Self::known("ACTIVE");
    /// `LEGACY`: accounts that do not use it cannot begin to.
    pub const LEGACY: Self = Self::known("LEGACY");
}

/// Whether an inference profile can be used.
pub type InferenceProfileStatus = OpenString<kind::InferenceProfileStatus>;

impl InferenceProfileStatus {
    /// `ACTIVE`.
    pub const ACTIVE: Self = Self::known("ACTIVE");
}

/// Who made an inference profile.
pub type InferenceProfileType = OpenString<kind::InferenceProfileType>;

impl InferenceProfileType {
    /// `SYSTEM_DEFINED`: Bedrock.
    pub const SYSTEM_DEFINED: Self = Self::known("SYSTEM_DEFINED");
    /// `APPLICATION`: the account.
    pub const APPLICATION: Self = Self::known("APPLICATION");
}

/// What tells the open enums apart, one type each.
#[allow(missing_docs, reason = "the enums made of them are documented")]
mod kind {
    pub enum FoundationModelLifecycleStatus {}
    pub enum InferenceProfileStatus {}
    pub enum InferenceProfileType {}
    pub enum InferenceType {}
    pub enum ModelCustomization {}
    pub enum ModelModality {}
}

/// The answer of ListFoundationModels. It has no pages.
#[cfg(feature = "client")]
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FoundationModels {
    pub(crate) model_summaries: Vec<FoundationModelSummary>,
}

/// One page of ListInferenceProfiles.
#[cfg(feature = "client")]
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct InferenceProfilePage {
    #[serde(deserialize_with = "null_as_default")]
    pub(crate) inference_profile_summaries: Vec<InferenceProfileSummary>,
    pub(crate) next_token: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn the_examples_are_read() {
        let examples: Value =
            serde_json::from_str(include_str!("../fixtures/examples/04-list-foundation-models.json"))
                .unwrap();
        let models: Vec<FoundationModelSummary> =
            serde_json::from_value(examples["body"]["modelSummaries"].clone()).unwrap();
        let claude = models.iter().find(|model| model.model_id == "anthropic.claude-v2:1").unwrap();
        let life = claude.model_lifecycle.as_ref().unwrap();
        assert_eq!(life.status, FoundationModelLifecycleStatus::LEGACY);
        assert_eq!(life.end_of_life_time.as_deref(), Some("2025-07-21T00:00:00Z"));
        let nova = &models[0];
        assert_eq!(nova.input_modalities, [ModelModality::TEXT, ModelModality::IMAGE]);
        assert_eq!(nova.inference_types_supported, [InferenceType::ON_DEMAND]);
        assert_eq!(nova.response_streaming_supported, Some(true));
        let examples: Value =
            serde_json::from_str(include_str!("../fixtures/examples/05-list-inference-profiles.json"))
                .unwrap();
        let profile: InferenceProfileSummary =
            serde_json::from_value(examples[0]["body"]["inferenceProfileSummaries"][0].clone()).unwrap();
        assert_eq!(profile.status, InferenceProfileStatus::ACTIVE);
        assert_eq!(profile.profile_type, InferenceProfileType::SYSTEM_DEFINED);
        assert_eq!(profile.models.len(), 2);
    }

    #[test]
    fn nulls_and_what_is_newer_do_not_fail() {
        let model = json!({
            "modelId": "a.b", "modelName": null, "inputModalities": null, "outputModalities": ["SMELL"],
            "modelLifecycle": {"status": null, "mood": 1}, "inferenceTypesSupported": ["BATCH"], "more": [{}],
        });
        let model: FoundationModelSummary = serde_json::from_value(model).unwrap();
        assert_eq!(model.output_modalities[0].as_str(), "SMELL");
        assert_eq!(model.model_lifecycle.unwrap().status.as_str(), "");
        let profile = json!({"models": [{}, {"modelArn": null}], "type": "SHARED", "status": null});
        let profile: InferenceProfileSummary = serde_json::from_value(profile).unwrap();
        assert_eq!((profile.models.len(), profile.profile_type.as_str()), (2, "SHARED"));
        assert_eq!(serde_json::from_str::<FoundationModelSummary>("{}").unwrap(), Default::default());
    }

    proptest::proptest! {
        #[test]
        fn readers_never_panic(text in "\\PC{0,60}") {
            let _ = serde_json::from_str::<FoundationModelSummary>(&text);
            let _ = serde_json::from_str::<InferenceProfileSummary>(&text);
        }
    }
}
