//! `outcrop models`: which models can be used here, what is known of them, and whether they answer.
//!
//! This file puts the models together, from the configuration and from what the region lists; the commands show
//! them.

mod list;
mod probe;
mod show;
mod status;
mod table;

use super::args::{self, Global};
use super::model::configured;
use super::out::Out;
use super::report::Report;
use super::session::Connection;
use crate::Env;
use crate::Sourced;
use crate::catalog::discover::Listing;
use crate::catalog::facts::{Medium, Price};
use crate::catalog::store::{Found, Freshness};
use crate::catalog::{
    FactOverrides, KnownModel, ModelEntry, ModelId, Surroundings, facts, facts_with, resolve,
};
use crate::config::{ConfiguredModel, Cost, ModelsMode};
use crate::error::{Error, Result};
use crate::time;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

pub(super) async fn run(env: &Env, global: &Global, args: &args::Models, out: &Out) -> Result<(), Report> {
    let about = match args {
        args::Models::Show { model } => Some(model.as_str()),
        args::Models::List(_) | args::Models::Status(_) => None,
    };
    let connection = Connection::open(env, global, about, out).await?;
    match args {
        args::Models::List(args) => list::run(env, &connection, args, global, out).await,
        args::Models::Status(args) => status::run(env, &connection, args, global, out).await,
        args::Models::Show { model } => show::run(&connection, model, global, out).await,
    }
}

/// What OpenClaw puts before each id.
const PROVIDER: &str = "amazon-bedrock";

/// Limits of models that neither the catalogue nor the configuration knows.
const UNKNOWN_CONTEXT_WINDOW: u32 = 32_000;
const UNKNOWN_MAX_TOKENS: u32 = 4_096;

/// A model as it is shown.
struct Row {
    id: String,
    name: String,
    vendor: String,
    input: Vec<Medium>,
    output: Vec<String>,
    context_window: u32,
    max_tokens: u32,
    reasoning: bool,
    price: Option<Price>,
    inference_types: Vec<String>,
    /// Of a profile: the foundation model.
    profile_of: Option<String>,
    regions: Vec<String>,
    tags: Vec<String>,
    /// Whether the region lists it; `None` when that is not known.
    available: Option<bool>,
}

impl Row {
    fn key(&self) -> String {
        format!("{PROVIDER}/{}", self.id)
    }
}

/// Where listed models are taken from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ask {
    /// The cache, else the service.
    IfNeeded,
    /// The service.
    Anew,
    /// The cache alone.
    Nobody,
}

/// What the region lists, if it was looked for and found.
struct Offered {
    found: Option<Found>,
    /// Why it was not looked for or not found, for people.
    missing: Option<String>,
}

impl Offered {
    fn listing(&self) -> Option<&Arc<Listing>> {
        self.found.as_ref().map(|found| &found.listing)
    }

    fn entries(&self) -> &[ModelEntry] {
        self.listing().map_or(&[], |listing| &listing.entries)
    }

    /// What the user should hear of, one sentence each.
    fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        if let Some(found) = &self.found {
            warnings.extend(found.listing.warnings.iter().cloned());
            if let Freshness::Stale { age } = found.freshness {
                warnings.push(format!("the list is {} old: the service could not be asked", in_words(age)));
            }
        }
        warnings.extend(self.missing.iter().map(|why| format!("only configured models are shown: {why}")));
        warnings
    }

    /// `service`, `cache` or `none`, for machines.
    fn source(&self) -> &'static str {
        match self.found.as_ref().map(|found| found.freshness) {
            Some(Freshness::Fetched) => "service",
            Some(Freshness::Cached { .. } | Freshness::Stale { .. }) => "cache",
            None => "none",
        }
    }
}

/// Looks for what the region lists. Where discovery is automatic and there are no credentials, or none may be
/// asked, that is no failure.
async fn offered(connection: &Connection, ask: Ask) -> Result<Offered> {
    let enabled = connection.config.discovery.enabled.as_ref();
    let missing = |why: String| Ok(Offered { found: None, missing: Some(why) });
    if let Some(off) = enabled.filter(|enabled| !enabled.value) {
        return missing(format!("discovery is switched off by {}", off.origin));
    }
    let (client, options, now) = (&connection.lister, connection.discovery(), time::now());
    let found = match ask {
        Ask::IfNeeded => connection.store.listing(client, &options, now).await,
        Ask::Anew => connection.store.refresh(client, &options, now).await,
        Ask::Nobody => match connection.store.look(client, &options, now).await? {
            Ok(found) => Ok(found),
            Err(notes) => {
                let none = "the cache holds no list of this region".to_owned();
                return missing(std::iter::once(none).chain(notes).collect::<Vec<_>>().join("; "));
            }
        },
    };
    match found {
        Ok(found) => Ok(Offered { found: Some(found), missing: None }),
        // What is written is there whatever the service says.
        Err(error) if !connection.config.provider.models.is_empty() => missing(why(&error)),
        Err(error) => Err(error),
    }
}

/// A failure in one line, with what the service said.
fn why(error: &Error) -> String {
    match error.service_failure() {
        Some(failure) if !failure.message.is_empty() => format!("{error} ({})", failure.message),
        Some(_) | None => error.to_string(),
    }
}

/// Warnings of discovery and notes of the cache.
fn tell(offered: &Offered, out: &Out) {
    offered.warnings().iter().for_each(|warning| out.warn(warning));
    for note in offered.found.iter().flat_map(|found| &found.notes) {
        out.detail(note);
    }
}

/// All models: configured ones in their order, those that only the defaults name, then what the region lists.
fn rows(connection: &Connection, offered: &Offered) -> Vec<Row> {
    let config = &connection.config;
    let written = configured(connection);
    let aliases = BTreeMap::new();
    let known = |id: &str| -> Option<bool> {
        let listing = offered.listing().filter(|listing| listing.complete)?;
        let model = ModelId::parse(id)?;
        if listing.entries.iter().any(|entry| entry.id == id || entry.arn.as_deref() == Some(id)) {
            return Some(true);
        }
        let region = connection.lister.region()?;
        let around = Surroundings {
            aliases: &aliases,
            configured: &[],
            listing: &listing.entries,
            region: &region.value,
        };
        let found = resolve(id, &around).ok()?;
        let through = listing.entries.iter().any(|entry| entry.id == found.id.as_str());
        // The list leaves out what is filtered, and ARNs of other kinds.
        let filtered = !connection.discovery().provider_filter.names().is_empty() || model.is_arn();
        if through { Some(true) } else { (!filtered).then_some(false) }
    };
    let mut rows: Vec<Row> = Vec::new();
    for model in &config.provider.models {
        // The first of two entries counts.
        if rows.iter().any(|row| row.id == model.id.value) {
            continue;
        }
        let entry = offered.entries().iter().find(|entry| entry.id == model.id.value);
        let mut row = row(&model.id.value, entry, Some(model), connection);
        row.available = known(&model.id.value);
        row.tags.push("configured".to_owned());
        rows.push(row);
    }
    let shown = config.models_mode.as_ref().is_none_or(|mode| mode.value == ModelsMode::Merge);
    for entry in offered.entries().iter().filter(|_| shown) {
        if !written.iter().any(|model| model.id == entry.id) {
            let mut row = row(&entry.id, Some(entry), None, connection);
            row.available = Some(true);
            rows.push(row);
        }
    }
    let named = config.model.iter().chain(&config.fallbacks).chain(config.aliases.values());
    for model in named {
        let is_alias = config.aliases.contains_key(&model.value);
        let is_id = ModelId::parse(&model.value).is_some_and(|id| !id.is_opaque());
        if !is_alias && is_id && !rows.iter().any(|row| row.id == model.value) {
            let mut row = row(&model.value, None, None, connection);
            row.available = known(&model.value);
            rows.insert(config.provider.models.len().min(rows.len()), row);
        }
    }
    rows.iter_mut().for_each(|row| tag(row, connection));
    rows
}

/// One model, from all that is known of it.
fn row(
    id: &str,
    entry: Option<&ModelEntry>,
    written: Option<&ConfiguredModel>,
    connection: &Connection,
) -> Row {
    let known = known(id, entry, written);
    let discovery = &connection.config.discovery;
    let or_default = |said: Option<u32>, default: &Option<Sourced<u32>>, built_in: u32| {
        said.or(default.as_ref().map(|default| default.value)).unwrap_or(built_in)
    };
    let model = ModelId::parse(id);
    let name = written
        .and_then(|model| model.name.as_ref().map(|name| name.value.clone()))
        .or_else(|| entry.map(|entry| entry.name.clone()))
        .or_else(|| known.as_ref()?.name.map(str::to_owned));
    let input = match (&known, entry) {
        (_, Some(entry)) if written.is_none_or(|model| model.input.is_none()) => entry.input.media(),
        (Some(known), _) => known.facts.input.clone(),
        (None, _) => vec![Medium::Text],
    };
    let facts = known.map(|known| known.facts);
    let tokens = |get: fn(&crate::catalog::ModelFacts) -> Option<u32>| facts.as_ref().and_then(get);
    Row {
        name: name.unwrap_or_else(|| id.to_owned()),
        vendor: entry
            .map(|entry| entry.vendor.clone())
            .unwrap_or_else(|| model.as_ref().and_then(ModelId::vendor).unwrap_or_default().to_owned()),
        input,
        output: entry.map(|entry| entry.output.names().to_vec()).unwrap_or_default(),
        context_window: or_default(
            tokens(|facts| facts.context_window),
            &discovery.default_context_window,
            UNKNOWN_CONTEXT_WINDOW,
        ),
        max_tokens: or_default(
            tokens(|facts| facts.max_output_tokens),
            &discovery.default_max_tokens,
            UNKNOWN_MAX_TOKENS,
        ),
        reasoning: written.and_then(|model| model.reasoning.as_ref()).map_or_else(
            || facts.as_ref().is_some_and(|facts| facts.thinking != crate::catalog::facts::Thinking::None),
            |reasoning| reasoning.value,
        ),
        price: facts.as_ref().and_then(|facts| facts.price),
        inference_types: entry.map(|entry| entry.inference_types.clone()).unwrap_or_default(),
        profile_of: entry.and_then(|entry| entry.base_model.clone()).or_else(|| {
            let model = model.as_ref()?;
            model.geography().and_then(|_| model.base()).map(str::to_owned)
        }),
        regions: entry.map(|entry| entry.regions.clone()).unwrap_or_default(),
        tags: Vec::new(),
        available: None,
        id: id.to_owned(),
    }
}

/// The facts of an id, with what the configuration says of it.
pub(super) fn known(
    id: &str,
    entry: Option<&ModelEntry>,
    written: Option<&ConfiguredModel>,
) -> Option<KnownModel> {
    let model = ModelId::parse(id)?;
    let name = entry.map(|entry| entry.name.as_str());
    // An application profile's id tells nothing; the model behind it does.
    let base = entry.and_then(|entry| entry.base_model.as_deref()).filter(|_| model.base().is_none());
    let model = base.and_then(ModelId::parse).unwrap_or(model);
    let Some(written) = written else { return Some(facts(&model, name)) };
    let mut known = facts_with(&model, name, &overrides(written));
    let price = price(&written.cost, known.facts.price.as_ref());
    FactOverrides { price, ..FactOverrides::default() }.apply(&mut known);
    Some(known)
}

/// What the configuration says of a model, as facts.
fn overrides(model: &ConfiguredModel) -> FactOverrides {
    let media = |names: &Vec<String>| {
        names.iter().filter_map(|name| serde_json::from_value(name.to_lowercase().into()).ok()).collect()
    };
    FactOverrides {
        canonical_model: model.canonical_model_id.as_ref().map(|id| id.value.clone()),
        context_window: model.context_window.as_ref().map(|tokens| tokens.value),
        max_output_tokens: model.max_tokens.as_ref().map(|tokens| tokens.value),
        input: model.input.as_ref().map(|input| media(&input.value)),
        reasoning: model.reasoning.as_ref().map(|reasoning| reasoning.value),
        price: None,
    }
}

/// The prices that are written, over those that are known. Zeros stand in configurations for prices that nobody
/// looked up.
fn price(cost: &Cost, known: Option<&Price>) -> Option<Price> {
    let said = |price: &Option<Sourced<f64>>| price.as_ref().map(|price| price.value);
    let (input, output) = (said(&cost.input), said(&cost.output));
    if input.unwrap_or(0.0) == 0.0 && output.unwrap_or(0.0) == 0.0 {
        return None;
    }
    Some(Price {
        input: input.or(known.map(|known| known.input))?,
        output: output.or(known.map(|known| known.output))?,
        cache_read: said(&cost.cache_read).or(known.and_then(|known| known.cache_read)),
        cache_write: said(&cost.cache_write).or(known.and_then(|known| known.cache_write)),
    })
}

/// Marks what the configuration makes of a model.
fn tag(row: &mut Row, connection: &Connection) {
    let config = &connection.config;
    let is_this = |named: &str| {
        named == row.id || config.aliases.get(named).is_some_and(|target| target.value == row.id)
    };
    let mut tags = Vec::new();
    if config.model.as_ref().is_some_and(|model| is_this(&model.value)) {
        tags.push("default".to_owned());
    }
    for (at, fallback) in config.fallbacks.iter().enumerate() {
        if is_this(&fallback.value) {
            tags.push(format!("fallback#{}", at + 1));
        }
    }
    tags.append(&mut row.tags);
    let aliases: Vec<&str> = config
        .aliases
        .iter()
        .filter(|(_, target)| target.value == row.id)
        .map(|(alias, _)| alias.as_str())
        .collect();
    if !aliases.is_empty() {
        tags.push(format!("alias:{}", aliases.join(",")));
    }
    if row.available == Some(false) {
        tags.push("missing".to_owned());
    }
    row.tags = tags;
}

/// `text+image`.
fn joined(media: &[Medium]) -> String {
    media.iter().map(|medium| medium_name(*medium)).collect::<Vec<_>>().join("+")
}

fn medium_name(medium: Medium) -> &'static str {
    match medium {
        Medium::Text => "text",
        Medium::Image => "image",
        Medium::Document => "document",
        Medium::Video => "video",
        Medium::Audio => "audio",
    }
}

/// `200k`, `1M`, `1.04M`, `512`: decimal thousands.
fn tokens_in_words(tokens: u32) -> String {
    match tokens {
        0..1_000 => tokens.to_string(),
        1_000..1_000_000 => format!("{}k", (tokens + 500) / 1_000),
        _ if tokens.is_multiple_of(1_000_000) => format!("{}M", tokens / 1_000_000),
        _ => {
            let text = format!("{:.2}", f64::from(tokens) / 1e6);
            format!("{}M", text.trim_end_matches('0').trim_end_matches('.'))
        }
    }
}

/// `12 min`, `3 h`.
fn in_words(span: Duration) -> String {
    match span.as_secs() {
        seconds @ 0..60 => format!("{seconds} s"),
        seconds @ 60..7_200 => format!("{} min", seconds / 60),
        seconds => format!("{} h", seconds / 3_600),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_are_told_in_decimal_thousands() {
        for (tokens, words) in [
            (512, "512"),
            (4_096, "4k"),
            (8_192, "8k"),
            (131_072, "131k"),
            (200_000, "200k"),
            (999_499, "999k"),
            (1_000_000, "1M"),
            (1_040_000, "1.04M"),
            (3_500_000, "3.5M"),
        ] {
            assert_eq!(tokens_in_words(tokens), words);
        }
    }
}
