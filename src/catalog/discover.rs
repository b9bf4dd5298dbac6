//! Discovery: what a region offers for conversations, out of the lists of its control plane.
//!
//! The lists hold much that cannot be talked to: models for pictures and embeddings, models at the end of their
//! life, ids that Bedrock serves only through an inference profile. [`entries`] is the pure function that keeps
//! the rest and gives profiles what is known of the model behind them; `discover` asks for the lists. Limits,
//! prices and habits are not in the lists and not here: see [`facts`](fn@super::facts).

#[cfg(feature = "client")]
mod fetch;

#[cfg(feature = "client")]
pub(super) use fetch::describe;
#[cfg(feature = "client")]
pub use fetch::discover;

use super::{EntryKind, Modalities, ModelEntry, ModelId};
use crate::control::{
    FoundationModelLifecycleStatus, FoundationModelSummary, InferenceProfileStatus, InferenceProfileSummary,
    InferenceProfileType, ModelModality,
};
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, HashSet};
use std::time::Duration;

/// What to look for, and how long to believe it. The members are the keys of the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiscoveryOptions {
    /// Vendors to keep.
    pub provider_filter: ProviderFilter,
    /// Whether inference profiles are listed too.
    pub include_inference_profiles: bool,
    /// How long a [`Store`](super::store::Store) keeps what was found; zero for not at all. Discovery itself keeps
    /// nothing.
    pub refresh_interval: Duration,
}

impl Default for DiscoveryOptions {
    fn default() -> Self {
        Self {
            provider_filter: ProviderFilter::default(),
            include_inference_profiles: true,
            refresh_interval: Duration::from_secs(3_600),
        }
    }
}

/// Vendors to keep; an empty filter keeps all of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProviderFilter(Vec<String>);

impl ProviderFilter {
    /// A filter of these names, in any case. Blank ones count for nothing, nor do order and repetition.
    pub fn new<S: AsRef<str>>(names: impl IntoIterator<Item = S>) -> Self {
        let mut names: Vec<String> =
            names.into_iter().map(|name| name.as_ref().trim().to_ascii_lowercase()).collect();
        names.retain(|name| !name.is_empty());
        names.sort_unstable();
        names.dedup();
        Self(names)
    }

    /// The names, in lower case and sorted.
    pub fn names(&self) -> &[String] {
        &self.0
    }

    /// Whether a vendor that goes by these names is kept.
    fn keeps<'a>(&self, mut names: impl Iterator<Item = &'a str>) -> bool {
        let is_named = |name: &str| self.0.iter().any(|kept| kept.eq_ignore_ascii_case(name.trim()));
        self.0.is_empty() || names.any(is_named)
    }
}

/// What a region offers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Listing {
    /// The region whose control plane was asked.
    pub region: String,
    /// Where it was asked.
    pub endpoint: String,
    /// What can be called, in order: see [`entries`].
    pub entries: Vec<ModelEntry>,
    /// What the user should hear of, one sentence each.
    pub warnings: Vec<String>,
    /// Whether all lists that were asked for came.
    pub complete: bool,
}

/// The models and profiles that can be talked to.
///
/// Of the foundation models those remain that are active, stream text, and can be called on demand; of the
/// profiles those that are active, unless the region lists their model and it fails one of these tests but the
/// last. A profile takes what it reads and writes from its model, and counts as a model for text when that is not
/// listed. A vendor passes the filter by its name (`Mistral AI`) or by the word that its ids begin with
/// (`mistral`).
///
/// The id of a profile of the account is its ARN, since Bedrock takes no other. Where two entries have one id, the
/// first counts. `global.` profiles come first; then the order is that of names, and of ids.
///
/// ```
/// use outcrop::catalog::discover::{ProviderFilter, entries};
/// use outcrop::control::{FoundationModelSummary, InferenceProfileSummary};
///
/// # fn main() -> Result<(), serde_json::Error> {
/// let model: FoundationModelSummary = serde_json::from_str(
///     r#"{"modelId": "amazon.nova-lite-v1:0", "modelName": "Nova Lite", "outputModalities": ["TEXT"],
///         "responseStreamingSupported": true, "inferenceTypesSupported": ["INFERENCE_PROFILE"],
///         "modelLifecycle": {"status": "ACTIVE"}}"#,
/// )?;
/// let profile: InferenceProfileSummary = serde_json::from_str(
///     r#"{"inferenceProfileId": "eu.amazon.nova-lite-v1:0", "inferenceProfileName": "EU Nova Lite",
///         "type": "SYSTEM_DEFINED", "status": "ACTIVE",
///         "models": [{"modelArn": "arn:aws:bedrock:eu-west-1::foundation-model/amazon.nova-lite-v1:0"}]}"#,
/// )?;
/// let offered = entries(&[model], &[profile], &ProviderFilter::default());
/// assert_eq!(offered.len(), 1, "the model alone cannot be called");
/// assert_eq!(offered[0].id, "eu.amazon.nova-lite-v1:0");
/// # Ok(())
/// # }
/// ```
pub fn entries(
    models: &[FoundationModelSummary],
    profiles: &[InferenceProfileSummary],
    filter: &ProviderFilter,
) -> Vec<ModelEntry> {
    let known: HashMap<String, &FoundationModelSummary> =
        models.iter().rev().map(|model| (model.model_id.trim().to_ascii_lowercase(), model)).collect();
    let own = models.iter().filter_map(|model| foundation(model, filter)).filter(ModelEntry::on_demand);
    let through = profiles.iter().filter_map(|profile| from_profile(profile, &known, filter));
    let mut seen = HashSet::new();
    let mut entries: Vec<ModelEntry> =
        own.chain(through).filter(|entry| seen.insert(entry.id.to_ascii_lowercase())).collect();
    entries.sort_by_cached_key(|entry| {
        (!entry.id.starts_with("global."), entry.name.to_lowercase(), entry.id.clone())
    });
    entries
}

/// A foundation model, if it is one for conversations.
fn foundation(model: &FoundationModelSummary, filter: &ProviderFilter) -> Option<ModelEntry> {
    let id = non_blank(Some(&model.model_id))?;
    let word = vendor_word(id);
    let provider = non_blank(model.provider_name.as_deref());
    if !can_converse(model) || !filter.keeps(provider.into_iter().chain(word)) {
        return None;
    }
    Some(ModelEntry {
        id: id.to_owned(),
        name: non_blank(model.model_name.as_deref()).unwrap_or(id).to_owned(),
        vendor: provider.or(word).unwrap_or_default().to_owned(),
        kind: EntryKind::Foundation,
        base_model: None,
        arn: non_blank(Some(&model.model_arn)).map(str::to_owned),
        input: input(model),
        output: model.output_modalities.iter().map(ModelModality::as_str).collect(),
        streams: true,
        inference_types: model
            .inference_types_supported
            .iter()
            .map(|kind| kind.as_str().to_owned())
            .collect(),
        status: status(model).to_owned(),
        regions: Vec::new(),
    })
}

/// An inference profile, if it can be used and its model is one for conversations, or is not listed here.
fn from_profile(
    profile: &InferenceProfileSummary,
    known: &HashMap<String, &FoundationModelSummary>,
    filter: &ProviderFilter,
) -> Option<ModelEntry> {
    let id = non_blank(Some(&profile.inference_profile_id))?;
    let is_active = profile.status.as_str().eq_ignore_ascii_case(InferenceProfileStatus::ACTIVE.as_str());
    let models: Vec<ModelId> =
        profile.models.iter().filter_map(|model| ModelId::parse(model.model_arn.as_deref()?)).collect();
    let kind = profile_kind(&profile.profile_type);
    let base = models.iter().find_map(ModelId::base).map(str::to_owned);
    let base = base.or_else(|| named_base(id, &kind));
    let listed = base.as_ref().and_then(|base| known.get(&base.to_ascii_lowercase()).copied());
    let provider = listed.and_then(|model| non_blank(model.provider_name.as_deref()));
    let word = base.as_deref().and_then(vendor_word);
    let names = provider.into_iter().chain(word).chain(models.iter().filter_map(ModelId::vendor));
    if !is_active || !listed.is_none_or(can_converse) || !filter.keeps(names) {
        return None;
    }
    let arn = non_blank(Some(&profile.inference_profile_arn));
    let callable = match kind {
        EntryKind::ApplicationProfile => arn.unwrap_or(id),
        EntryKind::Foundation | EntryKind::SystemProfile | EntryKind::OtherProfile(_) => id,
    };
    let text = || Modalities::from_iter([ModelModality::TEXT.as_str()]);
    Some(ModelEntry {
        id: callable.to_owned(),
        name: non_blank(Some(&profile.inference_profile_name)).unwrap_or(id).to_owned(),
        vendor: provider.or(word).unwrap_or_default().to_owned(),
        base_model: base.clone(),
        arn: arn.map(str::to_owned),
        input: listed.map_or_else(text, input),
        output: listed
            .map_or_else(text, |model| model.output_modalities.iter().map(ModelModality::as_str).collect()),
        streams: true,
        inference_types: Vec::new(),
        status: profile.status.as_str().to_owned(),
        regions: regions(&models),
        kind,
    })
}

/// Whether a model can be talked to, by its own id or through a profile: it is active and streams text.
fn can_converse(model: &FoundationModelSummary) -> bool {
    let is = |value: &str, wanted: &str| value.eq_ignore_ascii_case(wanted);
    model.response_streaming_supported == Some(true)
        && model.output_modalities.iter().any(|kind| is(kind.as_str(), ModelModality::TEXT.as_str()))
        && is(status(model), FoundationModelLifecycleStatus::ACTIVE.as_str())
}

fn status(model: &FoundationModelSummary) -> &str {
    model.model_lifecycle.as_ref().map_or("", |life| life.status.as_str())
}

/// What a model reads; text where the list does not say.
fn input(model: &FoundationModelSummary) -> Modalities {
    if model.input_modalities.is_empty() {
        return Modalities::from_iter([ModelModality::TEXT.as_str()]);
    }
    model.input_modalities.iter().map(ModelModality::as_str).collect()
}

fn profile_kind(kind: &InferenceProfileType) -> EntryKind {
    match kind.as_str() {
        "SYSTEM_DEFINED" => EntryKind::SystemProfile,
        "APPLICATION" => EntryKind::ApplicationProfile,
        other => EntryKind::OtherProfile(other.to_owned()),
    }
}

/// The model that the id of one of the system's profiles names.
fn named_base(id: &str, kind: &EntryKind) -> Option<String> {
    match kind {
        EntryKind::SystemProfile => ModelId::parse(id)?.base().map(str::to_owned),
        EntryKind::Foundation | EntryKind::ApplicationProfile | EntryKind::OtherProfile(_) => None,
    }
}

/// The regions that the ARNs name, each once. Those of global profiles name some or none.
fn regions(models: &[ModelId]) -> Vec<String> {
    let mut regions: Vec<String> = Vec::new();
    for region in models.iter().filter_map(ModelId::region) {
        if !regions.iter().any(|known| known == region) {
            regions.push(region.to_owned());
        }
    }
    regions
}

/// `anthropic` of `anthropic.claude-sonnet-4-6`.
fn vendor_word(id: &str) -> Option<&str> {
    id.split_once('.').map(|(word, _)| word)
}

fn non_blank(text: Option<&str>) -> Option<&str> {
    text.map(str::trim).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests;
