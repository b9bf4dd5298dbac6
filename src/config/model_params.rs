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
}

const RETENTIONS: [&str; 3] = ["none", "short", "long"];
const TIERS: [&str; 4] = ["default", "flex", "priority", "reserved"];

impl Config {
    /// The defaults of a chat with the model of these ids, best first: what is written about a model wins over what
    /// is written about all.
    pub fn chat_with(&self, ids: &[&str]) -> ChatDefaults {
        let mut chat = self.chat.clone();
        for params in ids.iter().rev().filter_map(|id| self.model_params.get(*id)) {
            let ModelParams { max_tokens, temperature, cache, service_tier } = params.clone();
            chat.max_tokens = max_tokens.or(chat.max_tokens);
            chat.temperature = temperature.or(chat.temperature);
            chat.cache = cache.or(chat.cache);
            chat.service_tier = service_tier.or(chat.service_tier);
        }
        chat
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
            known.max_tokens = new.max_tokens.or(known.max_tokens.take());
            known.temperature = new.temperature.or(known.temperature.take());
            known.cache = new.cache.or(known.cache.take());
            known.service_tier = new.service_tier.or(known.service_tier.take());
        }
        (by_id, warnings)
    }

    fn params(&self, params: &Node, model: &str, warnings: &mut Vec<String>) -> ModelParams {
        let choice = |names: &'static [&'static str]| {
            move |value: &Value| {
                let name = value.as_str()?.trim().to_ascii_lowercase();
                names.contains(&name.as_str()).then_some(name)
            }
        };
        let fraction = |value: &Value| value.as_f64().filter(|number| (0.0..=1.0).contains(number));
        let above_zero = |value: &Value| whole(value).filter(|number| *number > 0);
        let usable = [
            ("maxTokens", self.get(Some(params), "maxTokens", above_zero).is_some()),
            ("temperature", self.get(Some(params), "temperature", fraction).is_some()),
            ("cacheRetention", self.get(Some(params), "cacheRetention", choice(&RETENTIONS)).is_some()),
            ("serviceTier", self.get(Some(params), "serviceTier", choice(&TIERS)).is_some()),
            ("service_tier", self.get(Some(params), "service_tier", choice(&TIERS)).is_some()),
        ];
        for (name, is_usable) in usable {
            if !is_usable && find(params, name).is_some() {
                warnings.push(format!("`params.{name}` of `{model}` is ignored: its value cannot be used"));
            }
        }
        let tier = ["serviceTier", "service_tier"];
        ModelParams {
            max_tokens: self.get(Some(params), "maxTokens", above_zero),
            temperature: self.get(Some(params), "temperature", fraction),
            cache: self.get(Some(params), "cacheRetention", choice(&RETENTIONS)),
            service_tier: tier.iter().find_map(|name| self.get(Some(params), name, choice(&TIERS))),
        }
    }
}
