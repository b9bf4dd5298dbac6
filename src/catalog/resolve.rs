//! From what a person typed to the id that is called: alias, part of a name, profile of the geography.
//!
//! No network: it knows the configuration, a listing if one is at hand, and the built-in catalogue. What looks
//! like an id or an ARN is never held back; only a bare word that fits nothing is an error, since it is most
//! likely mistyped. Each step that changes the text is told, so that it can be shown.

use super::id::ModelId;
use super::listing::{EntryKind, ModelEntry};
use super::name::{core, is_date, is_named, slug, without_revision};
use super::table;
use crate::catalog::facts::Medium;
use crate::nearest::nearest;
use crate::region::Region;
use std::collections::BTreeMap;

/// What a name is resolved with.
#[derive(Debug, Clone, Copy)]
pub struct Surroundings<'a> {
    /// Short names of the user, each with what it stands for.
    pub aliases: &'a BTreeMap<String, String>,
    /// Models that the user's configuration names.
    pub configured: &'a [ConfiguredModel],
    /// What the region lists, if that is known; else empty.
    pub listing: &'a [ModelEntry],
    /// The region of the call.
    pub region: &'a Region,
}

/// A model of the user's configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfiguredModel {
    /// Its id, profile id or ARN.
    pub id: String,
    /// Its name for people.
    pub name: Option<String>,
}

/// The id to call, and how it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Resolved {
    /// The id to call.
    pub id: ModelId,
    /// The name that the configuration or the listing gives it.
    pub name: Option<String>,
    /// What was done to the typed text, in order. Empty when the text was the id.
    pub steps: Vec<ResolveStep>,
}

/// One change on the way from the typed text to the id.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ResolveStep {
    /// An alias of the user stood for something else.
    Alias {
        /// The alias.
        alias: String,
        /// What it stands for.
        target: String,
    },
    /// A name, or a part of one, that only this model has.
    Name {
        /// What was typed.
        typed: String,
        /// The model's id.
        id: String,
    },
    /// The model is called through a profile here.
    Profile {
        /// The foundation model.
        base: String,
        /// The profile's prefix: `eu`, `global`.
        geography: String,
        /// Whether the region lists the profile; else the built-in catalogue names it.
        listed: bool,
    },
}

/// Why nothing is called.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unresolved {
    /// Nothing was typed, or an alias stands for nothing.
    Blank,
    /// More than one model has such a name.
    Ambiguous {
        /// What was typed.
        typed: String,
        /// The ids of those that have it, sorted.
        candidates: Vec<String>,
    },
    /// No model has such a name.
    Unknown {
        /// What was typed.
        typed: String,
        /// Names that differ in few letters, nearest first.
        near: Vec<String>,
    },
}

/// Finds the id for what was typed: an id, a profile's id, an ARN, an alias, or an unambiguous part of a name.
///
/// A foundation model that is not called on demand in the region becomes the profile of the region's geography,
/// else the global one. An id that is not known stays as it is.
///
/// # Errors
///
/// [`Unresolved`], for a word without a vendor that fits none or several.
pub fn resolve(typed: &str, around: &Surroundings<'_>) -> Result<Resolved, Unresolved> {
    let mut steps = Vec::new();
    let mut id = ModelId::parse(typed).ok_or(Unresolved::Blank)?;
    let mut text = typed.trim();
    // One alias may stand for another; one that comes back to itself is a name like any other.
    for _ in 0..around.aliases.len() {
        let Some((alias, target)) = alias(text, &id, around.aliases) else { break };
        id = ModelId::parse(target).ok_or(Unresolved::Blank)?;
        steps.push(ResolveStep::Alias { alias: alias.to_owned(), target: target.to_owned() });
        text = target.trim();
    }
    if let Some(name) = given_name(&id, around) {
        return Ok(Resolved { id, name, steps });
    }
    if id.is_opaque() && !is_resource_id(id.as_str()) {
        let found = by_name(id.as_str(), around)?;
        steps.push(ResolveStep::Name { typed: id.to_string(), id: found.id.to_owned() });
        let configured = found.configured;
        id = ModelId::parse(found.id).ok_or(Unresolved::Blank)?;
        if configured {
            let name = given_name(&id, around).flatten();
            return Ok(Resolved { id, name, steps });
        }
    }
    if let Some(profile) = profile(&id, around) {
        steps.push(ResolveStep::Profile {
            base: id.to_string(),
            geography: profile.geography,
            listed: profile.listed,
        });
        id = profile.id;
    }
    let name = entry(id.as_str(), around.listing).map(|entry| entry.name.clone());
    Ok(Resolved { id, name, steps })
}

/// The alias that was typed, in the letters of the configuration first.
fn alias<'a>(
    typed: &str,
    id: &ModelId,
    aliases: &'a BTreeMap<String, String>,
) -> Option<(&'a String, &'a String)> {
    let exact = [typed, id.as_str()].into_iter().find_map(|text| aliases.get_key_value(text));
    let same = |alias: &str| alias.eq_ignore_ascii_case(typed) || alias.eq_ignore_ascii_case(id.as_str());
    exact.or_else(|| aliases.iter().find(|(alias, _)| same(alias)))
}

/// The name of a model that the configuration names by this very id; `None` when it names no such model.
fn given_name(id: &ModelId, around: &Surroundings<'_>) -> Option<Option<String>> {
    around.configured.iter().find(|model| is_id(&model.id, id.as_str())).map(|model| model.name.clone())
}

/// Whether a configured id, perhaps with routing words, is this one.
fn is_id(configured: &str, id: &str) -> bool {
    ModelId::parse(configured).is_some_and(|configured| configured.as_str() == id)
}

fn entry<'a>(id: &str, listing: &'a [ModelEntry]) -> Option<&'a ModelEntry> {
    listing.iter().find(|entry| entry.id == id || entry.arn.as_deref() == Some(id))
}

/// The form of the ids that AWS gives to resources of an account: twelve small letters and digits.
fn is_resource_id(word: &str) -> bool {
    word.len() == 12
        && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        && word.bytes().any(|byte| byte.is_ascii_digit())
}

/// A model that a name may mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Candidate<'a> {
    id: &'a str,
    name: Option<&'a str>,
    configured: bool,
}

/// How well a name fits, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    /// It is the name for people.
    Name,
    /// It is the name in the id, perhaps without the brand.
    Core,
    /// Its words stand in the id or the name.
    Part,
}

/// The only model with this name: among the configured ones, else the listed ones, else those of the catalogue.
fn by_name<'a>(typed: &str, around: &Surroundings<'a>) -> Result<Candidate<'a>, Unresolved> {
    let wanted = slug(typed);
    let pools = [configured(around), listed(around), built_in()];
    // One letter, or a number, is no name.
    let is_name = wanted.len() > 1 && wanted.contains(|any: char| any.is_alphabetic());
    for pool in pools.iter().filter(|_| is_name) {
        let mut fits: Vec<(Fit, Candidate<'a>)> =
            pool.iter().filter_map(|candidate| Some((fit(candidate, &wanted)?, *candidate))).collect();
        fits.sort_unstable();
        match fits.as_slice() {
            [] => {}
            [(_, only)] => return Ok(*only),
            [(best, found), (next, _), ..] if best < next => return Ok(*found),
            _ => {
                let mut candidates: Vec<String> = fits.iter().map(|(_, model)| model.id.to_owned()).collect();
                candidates.sort_unstable();
                candidates.dedup();
                return Err(Unresolved::Ambiguous { typed: typed.to_owned(), candidates });
            }
        }
    }
    Err(Unresolved::Unknown { typed: typed.to_owned(), near: near(&wanted, around.aliases, &pools) })
}

fn configured<'a>(around: &Surroundings<'a>) -> Vec<Candidate<'a>> {
    let candidate = |model: &'a ConfiguredModel| Candidate {
        id: &model.id,
        name: model.name.as_deref(),
        configured: true,
    };
    around.configured.iter().map(candidate).collect()
}

/// The models of the listing that answer in text: foundation models once, however many profiles lead to them,
/// and the account's own profiles.
fn listed<'a>(around: &Surroundings<'a>) -> Vec<Candidate<'a>> {
    let mut candidates: Vec<Candidate<'a>> = Vec::new();
    for entry in around.listing {
        let is_own = match entry.kind {
            EntryKind::Foundation | EntryKind::ApplicationProfile => true,
            EntryKind::SystemProfile | EntryKind::OtherProfile(_) => false,
        };
        let speaks = entry.output.names().is_empty() || entry.output.has(Medium::Text);
        let active = entry.status.is_empty() || entry.is_active();
        let id = if is_own { Some(entry.id.as_str()) } else { entry.foundation_id() };
        let Some(id) = id.filter(|_| speaks && active) else { continue };
        let name = is_own.then_some(entry.name.as_str());
        match candidates.iter_mut().find(|known| known.id == id) {
            Some(known) => known.name = known.name.or(name),
            None => candidates.push(Candidate { id, name, configured: false }),
        }
    }
    candidates
}

fn built_in<'a>() -> Vec<Candidate<'a>> {
    table::names().map(|(id, name)| Candidate { id, name: Some(name), configured: false }).collect()
}

fn fit(candidate: &Candidate<'_>, wanted: &str) -> Option<Fit> {
    // Spellings differ at digits and signs only, and most candidates lack even the first word.
    let first = wanted.split('-').next().unwrap_or_default();
    let has_first = |text: &str| text.to_lowercase().contains(first);
    if !has_first(candidate.id) && !candidate.name.is_some_and(has_first) {
        return None;
    }
    let name = candidate.name.map(slug);
    if name.as_deref() == Some(wanted) {
        return Some(Fit::Name);
    }
    let id = ModelId::parse(candidate.id)?;
    let base = id.base().unwrap_or(candidate.id);
    if is_named(base, [wanted, wanted]) || core(base).strip_prefix("claude-") == Some(wanted) {
        return Some(Fit::Core);
    }
    let words = slug(without_revision(candidate.id));
    let undated: Vec<&str> = words.split('-').filter(|word| !is_date(word)).collect();
    let texts = [Some(words.clone()), Some(undated.join("-")), name];
    texts.into_iter().flatten().any(|words| holds_words(&words, wanted)).then_some(Fit::Part)
}

/// Whether `wanted` stands in `words` from one hyphen to another.
fn holds_words(words: &str, wanted: &str) -> bool {
    format!("-{words}-").contains(&format!("-{wanted}-"))
}

/// Aliases and names in few other letters than `wanted`.
fn near(wanted: &str, aliases: &BTreeMap<String, String>, pools: &[Vec<Candidate<'_>>]) -> Vec<String> {
    let ids = pools.iter().flatten().map(|candidate| candidate.id);
    let mut names: Vec<String> = aliases.keys().cloned().collect();
    for id in ids {
        let core = core(ModelId::parse(id).as_ref().and_then(ModelId::base).unwrap_or(id));
        names.extend(core.strip_prefix("claude-").map(str::to_owned));
        names.push(core);
    }
    names.sort_unstable();
    names.dedup();
    nearest(wanted, names.iter().map(String::as_str)).into_iter().map(str::to_owned).collect()
}

/// A profile to call in place of a foundation model.
struct Profile {
    id: ModelId,
    geography: String,
    listed: bool,
}

/// The profile to call in this region; `None` when the model is called by its own id, or nothing is known of it.
fn profile(id: &ModelId, around: &Surroundings<'_>) -> Option<Profile> {
    let base = id.base().filter(|base| *base == id.as_str())?;
    let region = around.region;
    // Global profiles lead to all regions of the partition `aws`, and exist in no other.
    let global = (region.partition().id == "aws").then_some("global");
    let geographies: Vec<&str> = region.geographies().iter().copied().chain(global).collect();
    if entry(base, around.listing).is_some_and(ModelEntry::on_demand) {
        return None;
    }
    listed_profile(base, &geographies, around.listing)
        .or_else(|| built_in_profile(base, &geographies, region))
}

/// Of the profiles that the region lists for a model, that of the nearest geography, else the only one there is.
fn listed_profile(base: &str, geographies: &[&str], listing: &[ModelEntry]) -> Option<Profile> {
    let leads_here = |entry: &&ModelEntry| match entry.kind {
        EntryKind::SystemProfile => entry.foundation_id() == Some(base),
        EntryKind::Foundation | EntryKind::ApplicationProfile | EntryKind::OtherProfile(_) => false,
    };
    let ids: Vec<ModelId> =
        listing.iter().filter(leads_here).filter_map(|entry| ModelId::parse(&entry.id)).collect();
    let of = |geography: &&str| ids.iter().find(|id| id.geography() == Some(geography));
    let id = geographies.iter().find_map(of).or(match ids.as_slice() {
        [only] => Some(only),
        _ => None,
    })?;
    Some(Profile { geography: id.geography().unwrap_or_default().to_owned(), id: id.clone(), listed: true })
}

/// The profile that the catalogue names for the nearest geography.
fn built_in_profile(base: &str, geographies: &[&str], region: &Region) -> Option<Profile> {
    let row = table::row(base)?;
    // Another revision or throughput form of the model has no profile.
    let same = row.id.strip_prefix(base).is_some_and(|rest| rest.is_empty() || rest.starts_with(':'));
    if !same || row.on_demand(region.as_str()) {
        return None;
    }
    let geography = geographies.iter().find(|geography| row.profiles.contains_key(*geography))?;
    let id = ModelId::parse(&format!("{geography}.{}", row.id))?;
    Some(Profile { id, geography: (*geography).to_owned(), listed: false })
}

#[cfg(test)]
mod tests;
