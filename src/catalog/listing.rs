//! What a region offers, as its control plane lists it: one entry for each model and each inference profile.
//!
//! Entries are what discovery finds, what its cache holds and what a typed name is resolved among. Values for
//! which AWS lists words today are kept as AWS writes them, so that a word of tomorrow is not lost; this file
//! does not fetch anything, and does not decide which entries are shown.
//!
//! See [ListFoundationModels](https://docs.aws.amazon.com/bedrock/latest/APIReference/API_ListFoundationModels.html)
//! and [ListInferenceProfiles](https://docs.aws.amazon.com/bedrock/latest/APIReference/API_ListInferenceProfiles.html).

use super::facts::Medium;
use serde::{Deserialize, Serialize};

/// A foundation model or an inference profile that a region lists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ModelEntry {
    /// What is sent as the model id: `amazon.nova-lite-v1:0`, `us.amazon.nova-lite-v1:0`.
    pub id: String,
    /// The name for people; the id where AWS gives none.
    pub name: String,
    /// Who makes the model: `Anthropic`; of a profile whose base model is not listed, the word before the first dot
    /// of that model's id.
    #[serde(default)]
    pub vendor: String,
    /// What the id names.
    pub kind: EntryKind,
    /// Of a profile: the foundation model that it leads to.
    #[serde(default)]
    pub base_model: Option<String>,
    /// The ARN, if AWS gives one.
    #[serde(default)]
    pub arn: Option<String>,
    /// What it reads.
    #[serde(default)]
    pub input: Modalities,
    /// What it writes.
    #[serde(default)]
    pub output: Modalities,
    /// Whether it answers in a stream.
    #[serde(default)]
    pub streams: bool,
    /// Of a foundation model: the ways to call it, `ON_DEMAND`, `PROVISIONED`, `INFERENCE_PROFILE`.
    #[serde(default)]
    pub inference_types: Vec<String>,
    /// `ACTIVE`, `LEGACY`, ...; empty where AWS gives none.
    #[serde(default)]
    pub status: String,
    /// Of a profile: the regions that a call may be sent to.
    #[serde(default)]
    pub regions: Vec<String>,
}

impl ModelEntry {
    /// Whether it is called by this id: profiles are, foundation models where on-demand throughput is offered.
    ///
    /// A foundation model whose list of inference types is empty counts as one that is.
    pub fn on_demand(&self) -> bool {
        let types = &self.inference_types;
        match self.kind {
            EntryKind::Foundation => {
                types.is_empty() || types.iter().any(|kind| kind.eq_ignore_ascii_case("ON_DEMAND"))
            }
            EntryKind::SystemProfile | EntryKind::ApplicationProfile | EntryKind::OtherProfile(_) => true,
        }
    }

    /// Whether AWS calls it active. A status that is not given is no.
    pub fn is_active(&self) -> bool {
        self.status.eq_ignore_ascii_case("ACTIVE")
    }

    /// The foundation model's id: the base of a profile, else the entry's own; `None` for a profile whose base
    /// is not known.
    pub fn foundation_id(&self) -> Option<&str> {
        match self.kind {
            EntryKind::Foundation => Some(&self.id),
            EntryKind::SystemProfile | EntryKind::ApplicationProfile | EntryKind::OtherProfile(_) => {
                self.base_model.as_deref()
            }
        }
    }
}

/// What an entry's id names.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum EntryKind {
    /// A foundation model.
    Foundation,
    /// An inference profile that AWS made, for a geography or for all regions: type `SYSTEM_DEFINED`.
    SystemProfile,
    /// An inference profile of the account: type `APPLICATION`.
    ApplicationProfile,
    /// An inference profile of a type that is not known here, with the type's name.
    OtherProfile(String),
}

/// Modalities by the names that AWS gives them: `TEXT`, `IMAGE`, `EMBEDDING`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Modalities(Vec<String>);

impl Modalities {
    /// The names as AWS writes them, in its order.
    pub fn names(&self) -> &[String] {
        &self.0
    }

    /// Whether this medium is among them.
    pub fn has(&self, medium: Medium) -> bool {
        self.0.iter().any(|name| medium_named(name) == Some(medium))
    }

    /// The media that are known here, each once. Names that are none, such as `EMBEDDING`, are left out.
    pub fn media(&self) -> Vec<Medium> {
        let mut media = Vec::with_capacity(self.0.len());
        for medium in self.0.iter().filter_map(|name| medium_named(name)) {
            if !media.contains(&medium) {
                media.push(medium);
            }
        }
        media
    }
}

impl<S: Into<String>> FromIterator<S> for Modalities {
    fn from_iter<I: IntoIterator<Item = S>>(names: I) -> Self {
        Self(names.into_iter().map(Into::into).collect())
    }
}

fn medium_named(name: &str) -> Option<Medium> {
    const NAMES: [(&str, Medium); 6] = [
        ("TEXT", Medium::Text),
        ("IMAGE", Medium::Image),
        ("DOCUMENT", Medium::Document),
        ("VIDEO", Medium::Video),
        ("AUDIO", Medium::Audio),
        ("SPEECH", Medium::Audio),
    ];
    NAMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, medium)| *medium)
}

#[cfg(test)]
mod tests {
    use super::{EntryKind, Modalities, ModelEntry};
    use crate::catalog::facts::Medium;

    fn entry(kind: EntryKind, types: &[&str]) -> ModelEntry {
        ModelEntry {
            id: "us.acme.one-v1:0".to_owned(),
            name: "One".to_owned(),
            vendor: "Acme".to_owned(),
            kind,
            base_model: Some("acme.one-v1:0".to_owned()),
            arn: None,
            input: Modalities::from_iter(["TEXT", "SPEECH", "HOLOGRAM"]),
            output: Modalities::from_iter(["TEXT"]),
            streams: true,
            inference_types: types.iter().copied().map(str::to_owned).collect(),
            status: "ACTIVE".to_owned(),
            regions: vec!["us-east-1".to_owned()],
        }
    }

    #[test]
    fn entries_survive_json_with_words_that_are_not_known() {
        for kind in [
            EntryKind::Foundation,
            EntryKind::SystemProfile,
            EntryKind::ApplicationProfile,
            EntryKind::OtherProfile("SHARED".to_owned()),
        ] {
            let entry = entry(kind, &["ON_DEMAND", "LEASED"]);
            let json = serde_json::to_string(&entry).unwrap();
            assert_eq!(serde_json::from_str::<ModelEntry>(&json).unwrap(), entry, "{json}");
        }
    }

    #[test]
    fn absent_members_read_as_not_known() {
        let json = r#"{"id":"acme.one","name":"One","kind":"foundation","newer":1}"#;
        let entry: ModelEntry = serde_json::from_str(json).unwrap();
        assert_eq!(entry.base_model, None);
        assert!(!entry.streams && !entry.is_active() && entry.on_demand());
    }

    #[test]
    fn on_demand_is_what_the_control_plane_says() {
        for (kind, types, expected) in [
            (EntryKind::Foundation, &["ON_DEMAND"][..], true),
            (EntryKind::Foundation, &["PROVISIONED", "on_demand"], true),
            (EntryKind::Foundation, &[], true),
            (EntryKind::Foundation, &["INFERENCE_PROFILE"], false),
            (EntryKind::Foundation, &["PROVISIONED"], false),
            (EntryKind::SystemProfile, &[], true),
            (EntryKind::OtherProfile("SHARED".to_owned()), &[], true),
        ] {
            assert_eq!(entry(kind.clone(), types).on_demand(), expected, "{kind:?} {types:?}");
        }
    }

    #[test]
    fn the_foundation_model_of_an_entry() {
        assert_eq!(entry(EntryKind::Foundation, &[]).foundation_id(), Some("us.acme.one-v1:0"));
        assert_eq!(entry(EntryKind::SystemProfile, &[]).foundation_id(), Some("acme.one-v1:0"));
    }

    #[test]
    fn modalities_keep_names_and_know_media() {
        let modalities = Modalities::from_iter(["TEXT", "text", "SPEECH", "EMBEDDING"]);
        assert_eq!(modalities.media(), [Medium::Text, Medium::Audio]);
        assert_eq!(modalities.names().len(), 4);
        assert!(modalities.has(Medium::Audio) && !modalities.has(Medium::Image));
    }
}
