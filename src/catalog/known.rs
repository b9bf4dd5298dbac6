//! What is known of one model: its facts, put together from its row and its family, and where each comes from.
//!
//! It looks into the embedded tables only. What a region lists is discovery's business; what the user says
//! better is in [`FactOverrides`] and wins.

use super::facts::{Medium, ModelFacts, Price, Thinking};
use super::family::rules_of;
use super::id::{ModelId, ResourceKind};
use super::name::{core, slug};
use super::table::{self, Row, Rules};
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// The facts of a model and their origins.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct KnownModel {
    /// What it accepts, costs and can hold.
    pub facts: ModelFacts,
    /// Where each fact comes from.
    pub sources: FactSources,
    /// The foundation model whose row was found.
    pub id: Option<&'static str>,
    /// Its name for people.
    pub name: Option<&'static str>,
    /// The rules of its family: a name such as `claude-4-5`, or `any` when not even the family is known.
    pub rules: &'static str,
    row_documents: Option<&'static RawValue>,
    rules_documents: Option<&'static RawValue>,
}

/// Where a fact comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FactSource {
    /// The row of the model in the built-in catalogue.
    Row,
    /// The rules of its family, since no row says it.
    Family,
    /// Nothing is known of the model: what any model accepts.
    Default,
    /// The user's configuration.
    Override,
    /// No source says it.
    Unknown,
}

/// The source of each fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct FactSources {
    /// Of the family.
    pub family: FactSource,
    /// Of the context window.
    pub context_window: FactSource,
    /// Of the limit of output.
    pub max_output_tokens: FactSource,
    /// Of what it reads.
    pub input: FactSource,
    /// Of the price.
    pub price: FactSource,
    /// Of how it is asked to think.
    pub thinking: FactSource,
    /// Of how it is made to answer in a schema.
    pub structured_output: FactSource,
    /// Of sampling, cache points, tools, streaming, system prompt, prefill and tiers, which are a family's alone.
    pub habits: FactSource,
}

/// What the user says of a model: each member that is given wins over what is built in.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FactOverrides {
    /// The model whose facts hold, for an id that does not tell: `canonicalModelId`.
    pub canonical_model: Option<String>,
    /// `contextWindow`.
    pub context_window: Option<u32>,
    /// `maxTokens`.
    pub max_output_tokens: Option<u32>,
    /// `input`. Text is added where it is left out.
    pub input: Option<Vec<Medium>>,
    /// `reasoning`. `false` stops thinking from being asked for, where the model can do without; `true` changes
    /// nothing, since only the family says how it is asked for.
    pub reasoning: Option<bool>,
    /// `cost`.
    pub price: Option<Price>,
}

/// What is known of a model. `display_name` helps where the id tells nothing, as that of an application profile.
pub fn facts(id: &ModelId, display_name: Option<&str>) -> KnownModel {
    let row = row_of(id, display_name);
    let rules = match &row {
        Some(row) => rules_of(row.id),
        None => texts(id, display_name).into_iter().flatten().find_map(rules_of),
    };
    // Prices differ by geography, which the ARN of an application profile does not tell.
    let price = row.as_ref().and_then(|row| match id.base() {
        None if id.is_arn() => row.price_anywhere(),
        Some(_) | None => row.price(id.geography()),
    });
    put_together(row, rules.map_or_else(Rules::of_any_model, table::rules), price)
}

/// [`facts`], with what the user says of this model on top.
pub fn facts_with(id: &ModelId, display_name: Option<&str>, overrides: &FactOverrides) -> KnownModel {
    let canonical = overrides.canonical_model.as_deref().and_then(ModelId::parse);
    let mut known = facts(canonical.as_ref().unwrap_or(id), display_name);
    overrides.apply(&mut known);
    known
}

/// Whether the built-in catalogue has a row for this model.
pub fn is_known(id: &ModelId) -> bool {
    row_of(id, None).is_some()
}

impl KnownModel {
    /// Which document each member of the row and of the family's rules is taken from, with a note where
    /// documents disagree: `("contextWindow", "LiteLLM")`. The row's come first.
    pub fn documents(&self) -> Vec<(&'static str, &'static str)> {
        let tables = [self.row_documents, self.rules_documents];
        let read =
            |table: &'static RawValue| serde_json::from_slice(table.get().as_bytes()).unwrap_or_default();
        tables.into_iter().flatten().flat_map::<BTreeMap<_, _>, _>(read).collect()
    }
}

impl FactOverrides {
    /// Puts the members that are given over the facts. [`canonical_model`](Self::canonical_model) is not among
    /// them: it says whose facts to begin with, see [`facts_with`].
    pub fn apply(&self, known: &mut KnownModel) {
        let KnownModel { facts, sources, .. } = known;
        if let Some(tokens) = self.context_window {
            facts.context_window = Some(tokens);
            sources.context_window = FactSource::Override;
        }
        if let Some(tokens) = self.max_output_tokens {
            facts.max_output_tokens = Some(tokens);
            sources.max_output_tokens = FactSource::Override;
        }
        if let Some(price) = self.price {
            facts.price = Some(price);
            sources.price = FactSource::Override;
        }
        if let Some(input) = &self.input {
            facts.input.clone_from(input);
            if !input.contains(&Medium::Text) {
                facts.input.insert(0, Medium::Text);
            }
            sources.input = FactSource::Override;
        }
        let mandatory = matches!(facts.thinking, Thinking::Adaptive { mandatory: true, .. });
        if self.reasoning == Some(false) && !mandatory {
            facts.thinking = Thinking::None;
            sources.thinking = FactSource::Override;
        }
    }
}

/// The row by the base model's id, else by a name: of an id without a vendor, of the id's base in another
/// spelling, or the display name.
fn row_of(id: &ModelId, display_name: Option<&str>) -> Option<Row> {
    if let Some(row) = id.base().and_then(table::row) {
        return Some(row);
    }
    // Where the id tells the vendor, only the spelling can differ from one of its rows.
    let vendor = id.vendor();
    let named = |text: &str| table::row_named(vendor, [&slug(text), &core(text)]);
    let [base, own, shown, _] = texts(id, display_name);
    [base, own, shown].into_iter().flatten().find_map(named)
}

/// The texts that may tell what a model is, best first: the base model, the id where it has no form, the
/// display name, and the id of an application profile, which people choose. A router's name says less than it
/// seems to: the models behind it differ.
fn texts<'a>(id: &'a ModelId, display_name: Option<&'a str>) -> [Option<&'a str>; 4] {
    let is_profile = id.resource() == Some(ResourceKind::ApplicationInferenceProfile);
    let own = id.resource_name().filter(|_| is_profile);
    [id.base(), id.is_opaque().then(|| id.as_str()), display_name, own]
}

fn put_together(row: Option<Row>, rules: Rules, price: Option<Price>) -> KnownModel {
    let by_rules = if rules.sources.is_some() { FactSource::Family } else { FactSource::Default };
    let source = |in_row: bool, in_rules: bool| match (in_row, in_rules) {
        (true, _) => FactSource::Row,
        (false, true) => by_rules,
        (false, false) => FactSource::Unknown,
    };
    let context_window = row.as_ref().and_then(|row| row.context_window);
    let max_output_tokens = row.as_ref().and_then(|row| row.max_output_tokens);
    let input = row.as_ref().and_then(|row| row.input.clone());
    let structured_output = row.as_ref().and_then(|row| row.structured_output);
    let sources = FactSources {
        family: by_rules,
        context_window: source(context_window.is_some(), rules.context_window.is_some()),
        max_output_tokens: source(max_output_tokens.is_some(), rules.max_output_tokens.is_some()),
        input: source(input.is_some(), true),
        price: source(price.is_some(), false),
        thinking: by_rules,
        structured_output: source(structured_output.is_some(), true),
        habits: by_rules,
    };
    let facts = ModelFacts {
        family: rules.family,
        context_window: context_window.or(rules.context_window),
        max_output_tokens: max_output_tokens.or(rules.max_output_tokens),
        input: input.unwrap_or(rules.input),
        price,
        thinking: rules.thinking,
        sampling: rules.sampling,
        cache: rules.cache,
        tools: rules.tools,
        structured_output: structured_output.unwrap_or(rules.structured_output),
        streams: rules.streams,
        system_prompt: rules.system_prompt,
        prefill: rules.prefill,
        only_default_tier: rules.only_default_tier,
    };
    KnownModel {
        facts,
        sources,
        id: row.as_ref().map(|row| row.id),
        name: row.as_ref().map(|row| row.name),
        rules: rules.id,
        row_documents: row.map(|row| row.sources),
        rules_documents: rules.sources,
    }
}

#[cfg(test)]
mod tests;
