//! `params` of single models, as OpenClaw has them: defaults of flags that hold for one model.
//!
//! They stand beside a written model, or under `agents.defaults.models`, which wins. Names that mean nothing here are
//! other programs' affair and are passed over; a value that cannot be used is too, with a warning.

use super::check::whole;
use super::document::Node;
use super::keys::PROVIDER;
use super::settings::{Reader, find};
use super::{ChatDefaults, Config, model_id};
use crate::origin::Sourced;
use serde_json::Value;
use std::collections::BTreeMap;

/// What is written about calls of one model.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ModelParams {
    /// Longest answer, in tokens.
    pub max_tokens: Option<Sourced<u32>>,
    /// From 0 to 1.
    pub temperature: Option<Sourced<f64>>,
    /// `none`, `short`, `long`.
    pub cache: Option<Sourced<String>>,
    /// `default`, `flex`, `priority`, `reserved`.
    pub service_tier: Option<Sourced<String>>,
    /// Flags for features in preview.
    pub beta_flags: Option<Sourced<Vec<String>>>,
}

const RETENTIONS: [&str; 3] = ["none", "short", "long"];
const TIERS: [&str; 4] = ["default", "flex", "priority", "reserved"];

impl ModelParams {
    /// These, and `others` where these say nothing.
    fn or(self, others: Self) -> Self {
        Self {
            max_tokens: self.max_tokens.or(others.max_tokens),
            temperature: self.temperature.or(others.temperature),
            cache: self.cache.or(others.cache),
            service_tier: self.service_tier.or(others.service_tier),
            beta_flags: self.beta_flags.or(others.beta_flags),
        }
    }
}

impl Config {
    /// The defaults of a chat with the model of these ids, best first: what is written about a model wins over what
    /// is written about all.
    pub fn chat_with(&self, ids: &[&str]) -> ChatDefaults {
        let all = self.chat.clone();
        let of_models = ids.iter().filter_map(|id| self.model_params.get(*id)).cloned();
        let params = of_models.fold(ModelParams::default(), ModelParams::or);
        ChatDefaults {
            max_tokens: params.max_tokens.or(all.max_tokens),
            temperature: params.temperature.or(all.temperature),
            cache: params.cache.or(all.cache),
            service_tier: params.service_tier.or(all.service_tier),
            beta_flags: params.beta_flags.or(all.beta_flags),
            ..all
        }
    }
}

impl Reader<'_> {
    /// The parameters of all models, and what is wrong with some.
    pub(super) fn model_params(
        &self,
        root: &Node,
        agents: Option<&Node>,
    ) -> (BTreeMap<String, ModelParams>, Vec<String>) {
        let (mut by_id, mut warnings) = (BTreeMap::<String, ModelParams>::new(), Vec::new());
        let written = find(root, PROVIDER).and_then(|provider| find(provider, "models"));
        let written = written.map(Node::entries).unwrap_or_default().iter();
        let written = written.filter_map(|entry| {
            let id = self.get(Some(&entry.value), "id", |id| id.as_str().map(str::to_owned))?;
            Some((id.value, &entry.value))
        });
        let named = agents.and_then(|agents| find(agents, "models")).map(Node::entries).unwrap_or_default();
        let named = named.iter().map(|entry| (entry.name.clone(), &entry.value));
        for (name, model) in written.chain(named) {
            // OpenClaw has other providers' models there too.
            let Some(id) = model_id(&name) else { continue };
            let Some(params) = find(model, "params") else { continue };
            let new = self.params(params, &name, &mut warnings);
            let known = by_id.entry(id.to_owned()).or_default();
            *known = new.or(std::mem::take(known));
        }
        (by_id, warnings)
    }

    fn params(&self, params: &Node, model: &str, warnings: &mut Vec<String>) -> ModelParams {
        let mut read = Params { reader: self, params, model, warnings };
        let tier = |value: &Value| choice(value, &TIERS);
        ModelParams {
            max_tokens: read.get("maxTokens", |value| whole(value).filter(|number| *number > 0)),
            temperature: read.get("temperature", fraction),
            cache: read.get("cacheRetention", |value| choice(value, &RETENTIONS)),
            service_tier: read.get("serviceTier", tier).or(read.get("service_tier", tier)),
            beta_flags: read.get("anthropicBeta", names),
        }
    }
}

/// The parameters of one model.
struct Params<'a> {
    reader: &'a Reader<'a>,
    params: &'a Node,
    model: &'a str,
    warnings: &'a mut Vec<String>,
}

impl Params<'_> {
    /// Reads one; a value that is there and cannot be used makes a warning.
    fn get<T>(&mut self, name: &str, read: impl Fn(&Value) -> Option<T>) -> Option<Sourced<T>> {
        let value = self.reader.get(Some(self.params), name, read);
        if value.is_none() && find(self.params, name).is_some() {
            let model = self.model;
            self.warnings.push(format!("`params.{name}` of `{model}` is ignored: its value cannot be used"));
        }
        value
    }
}

fn choice(value: &Value, names: &[&str]) -> Option<String> {
    let name = value.as_str()?.trim().to_ascii_lowercase();
    names.contains(&name.as_str()).then_some(name)
}

fn fraction(value: &Value) -> Option<f64> {
    value.as_f64().filter(|number| (0.0..=1.0).contains(number))
}

/// A list of texts of which none is blank.
fn names(value: &Value) -> Option<Vec<String>> {
    let name = |value: &Value| Some(value.as_str()?.trim().to_owned()).filter(|name| !name.is_empty());
    value.as_array()?.iter().map(name).collect()
}
