//! The two embedded tables: `models.json`, one row a base model, and `families.json`, one row a set of rules.
//!
//! A row is one line, and rows are sorted by the id before its first colon. So a lookup halves the text instead
//! of parsing it, and only the row that is found is read: a program that calls one model parses one line of
//! each. Tests hold the files to that layout.
//!
//! Prices are US dollars per million tokens, in the order input, output, cache read, cache write; `null` is not
//! known. `profiles` holds the geographies that a model has profiles for, each with its own prices or `null`
//! where they are the base model's. `sources` says where each member comes from: `OpenClaw` is its table of
//! context windows and thinking levels, `pi-ai` the static catalogue of that project, `LiteLLM` the price table
//! of release 1.109.1, `LangChain` the profiles of langchain-aws 1.9.1, `reports` what users saw the service
//! refuse; the others are the documents of the company of that name. Where two disagree, what the vendor
//! documents is taken, else the newer source, and `note` names the others.

use super::facts::{
    CacheSupport, Family, Medium, Price, Sampling, StructuredOutput, Thinking, ToolChoices, ToolSupport, TopK,
};
use super::name::{is_named, without_revision};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// The embedded `models.json`.
pub(super) const MODELS: &str = include_str!("models.json");

/// The embedded `families.json`.
pub(super) const FAMILIES: &str = include_str!("families.json");

/// How every line begins that is a row.
const ID: &str = r#"{"id":""#;

/// What follows the id in `models.json`.
const NAME: &str = r#","name":""#;

/// A base model.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Row {
    pub(super) id: &'static str,
    pub(super) name: &'static str,
    pub(super) context_window: Option<u32>,
    pub(super) max_output_tokens: Option<u32>,
    pub(super) price: Option<Rates>,
    pub(super) input: Option<Vec<Medium>>,
    pub(super) structured_output: Option<StructuredOutput>,
    #[serde(default)]
    pub(super) profiles: BTreeMap<&'static str, Option<Rates>>,
    /// Whether a model that has profiles is called without one too, wherever it is offered.
    #[serde(default)]
    on_demand: bool,
    /// The regions where it is, if that is not everywhere.
    #[serde(default)]
    on_demand_in: Vec<&'static str>,
    pub(super) sources: &'static RawValue,
}

impl Row {
    /// Whether the foundation model is called by its own id from this region.
    pub(super) fn on_demand(&self, region: &str) -> bool {
        self.profiles.is_empty() || self.on_demand || self.on_demand_in.contains(&region)
    }

    /// What it costs through the profile of this geography, or without a profile.
    ///
    /// `None` for a geography that the row does not list, unless it costs the same everywhere.
    pub(super) fn price(&self, geography: Option<&str>) -> Option<Price> {
        let Some(geography) = geography else { return self.price.map(Price::from) };
        match self.profiles.get(geography) {
            Some(own) => own.or(self.price).map(Price::from),
            None => self.price_anywhere(),
        }
    }

    /// What it costs when it is not known through which profile it is called.
    pub(super) fn price_anywhere(&self) -> Option<Price> {
        let same = self.profiles.values().all(Option::is_none);
        self.price.filter(|_| same).map(Price::from)
    }
}

/// Input, output, cache read, cache write.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
pub(super) struct Rates(f64, f64, Option<f64>, Option<f64>);

impl From<Rates> for Price {
    fn from(rates: Rates) -> Self {
        let Rates(input, output, cache_read, cache_write) = rates;
        Self { input, output, cache_read, cache_write }
    }
}

/// What the models of a family, or of one generation of it, accept.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Rules {
    pub(super) id: &'static str,
    pub(super) family: Family,
    pub(super) context_window: Option<u32>,
    pub(super) max_output_tokens: Option<u32>,
    pub(super) input: Vec<Medium>,
    pub(super) thinking: Thinking,
    pub(super) sampling: Sampling,
    pub(super) cache: CacheSupport,
    pub(super) tools: ToolSupport,
    pub(super) structured_output: StructuredOutput,
    pub(super) streams: bool,
    pub(super) system_prompt: bool,
    pub(super) prefill: bool,
    #[serde(default)]
    pub(super) only_default_tier: bool,
    pub(super) sources: Option<&'static RawValue>,
}

impl Rules {
    /// The rules for a model of which nothing is known: what is asked for in plain words is sent, and nothing
    /// that some model refuses.
    pub(super) fn of_any_model() -> Self {
        Self {
            id: "any",
            family: Family::Unknown,
            context_window: None,
            max_output_tokens: None,
            input: vec![Medium::Text],
            thinking: Thinking::None,
            sampling: Sampling {
                temperature: true,
                top_p: true,
                temperature_with_top_p: false,
                top_k: TopK::Refused,
                stop_sequences: true,
            },
            cache: CacheSupport {
                system: false,
                tools: false,
                messages: false,
                one_hour: false,
                by_default: false,
            },
            tools: ToolSupport {
                supported: true,
                streaming: true,
                choice: ToolChoices::Absent,
                forced_while_thinking: false,
                text_beside_results: true,
                images_in_results: false,
                schema_refs: false,
                // A Claude behind an opaque id takes it, and a refusal is learned from.
                result_status: true,
            },
            structured_output: StructuredOutput::Prompt,
            streams: true,
            system_prompt: true,
            prefill: false,
            only_default_tier: false,
            sources: None,
        }
    }
}

/// The row of a foundation model, whatever revision or throughput form its id has.
pub(super) fn row(id: &str) -> Option<Row> {
    serde_json::from_slice(line(MODELS, without_revision(id))?.as_bytes()).ok()
}

/// The row of the model with one of these names, as [`is_named`] compares; of this vendor, if one is known.
pub(super) fn row_named(vendor: Option<&str>, wanted: [&str; 2]) -> Option<Row> {
    let of_vendor = |id: &str| {
        let maker = id.split_once('.').map(|(maker, _)| maker);
        vendor.is_none_or(|vendor| maker.is_some_and(|maker| maker.eq_ignore_ascii_case(vendor)))
    };
    ids(MODELS).filter(|id| of_vendor(id)).find(|id| is_named(id, wanted)).and_then(row)
}

/// The rules of this name, or those of any model where there are none.
pub(super) fn rules(id: &str) -> Rules {
    let found = line(FAMILIES, id).and_then(|line| serde_json::from_slice(line.as_bytes()).ok());
    found.unwrap_or_else(Rules::of_any_model)
}

/// The ids of a table, in its order.
pub(super) fn ids(table: &'static str) -> impl Iterator<Item = &'static str> {
    table.lines().filter_map(id_of)
}

/// The ids and names of the models, in the order of the ids.
pub(super) fn names() -> impl Iterator<Item = (&'static str, &'static str)> {
    MODELS.lines().filter_map(|line| {
        let (id, rest) = line.strip_prefix(ID)?.split_once('"')?;
        let (name, _) = rest.strip_prefix(NAME)?.split_once('"')?;
        Some((id, name))
    })
}

/// The object in the line whose id, before its first colon, is `key`.
fn line(table: &'static str, key: &str) -> Option<&'static str> {
    let mut rest = table;
    while !rest.is_empty() {
        let middle = rest.len() / 2;
        let start = rest.get(..middle)?.rfind('\n').map_or(0, |at| at + 1);
        let end = rest.get(middle..)?.find('\n').map_or(rest.len(), |at| middle + at);
        let line = rest.get(start..end)?;
        // The brackets before the first row and after the last are no rows: one sorts before, one after all.
        let order = match id_of(line) {
            Some(id) => without_revision(id).cmp(key),
            None if start == 0 => std::cmp::Ordering::Less,
            None => std::cmp::Ordering::Greater,
        };
        rest = match order {
            std::cmp::Ordering::Equal => return Some(line.strip_suffix(',').unwrap_or(line)),
            std::cmp::Ordering::Less => rest.get(end + 1..).unwrap_or_default(),
            std::cmp::Ordering::Greater => rest.get(..start.saturating_sub(1))?,
        };
    }
    None
}

fn id_of(line: &str) -> Option<&str> {
    line.strip_prefix(ID)?.split_once('"').map(|(id, _)| id)
}

#[cfg(test)]
mod tests;
