//! Which model is called: the name that was given, what it stands for here, and what is tried when it cannot be
//! called.
//!
//! On the way to a call nothing is asked of the network: the id itself, the configuration, the cache and the
//! built-in catalogue suffice. Only when Bedrock refuses a model for want of an inference profile is one looked up.

use super::out::Out;
use super::report::Report;
use super::session::{Connection, Naming};
use crate::catalog::store::Learned;
use crate::catalog::{
    ConfiguredModel, ModelEntry, ModelId, ResolveStep, Resolved, Surroundings, Unresolved, resolve,
};
use crate::error::{Error, ServiceClass};
use crate::origin::{Origin, Sourced};
use crate::region::Region;
use crate::time;
use std::collections::BTreeMap;
use std::collections::VecDeque;

/// The model to call, and those to call in its place.
pub(super) struct Choice {
    pub model: Sourced<String>,
    /// The name that the configuration or the listing gives it.
    pub name: Option<String>,
    fallbacks: VecDeque<Sourced<String>>,
    /// The id that was refused, while the profile that was looked up for it is tried.
    in_place_of: Option<String>,
    naming: Naming,
}

impl Choice {
    /// Finds what was named.
    pub(super) async fn make(
        connection: &Connection,
        typed: Sourced<String>,
        naming: Naming,
        out: &Out,
    ) -> Result<Self, Report> {
        // Fallbacks belong to the default model: who names one means that one.
        let is_default = matches!(typed.origin, Origin::File { .. }) && naming == Naming::Resolved;
        let fallbacks =
            if is_default { connection.config.fallbacks.iter().cloned().collect() } else { VecDeque::new() };
        let mut choice = Self { model: typed, name: None, fallbacks, in_place_of: None, naming };
        if naming == Naming::Resolved {
            choice.resolve(connection, out).await?;
        }
        Ok(choice)
    }

    /// Replaces the name by the id that it stands for in this region.
    async fn resolve(&mut self, connection: &Connection, out: &Out) -> Result<(), Report> {
        let settings = connection.client.settings().await.map_err(|error| connection.report(&error))?;
        let region = &settings.region.value;
        let resolved = named(connection, &self.model.value, region).await;
        let resolved = resolved.map_err(|why| unresolved(&why, &self.model.origin))?;
        for step in &resolved.steps {
            if let Some(text) = told(step, region) {
                out.note(&text);
            }
        }
        self.model.value = resolved.id.as_str().to_owned();
        self.name = resolved.name;
        Ok(())
    }

    /// After a refusal: whether another id is worth a try. It is then the one to call.
    pub(super) async fn another(&mut self, connection: &Connection, error: &Error, out: &Out) -> bool {
        if self.naming == Naming::AsTyped {
            return false;
        }
        let Some(class) = error.service_failure().map(|failure| failure.class) else { return false };
        if class == ServiceClass::NeedsProfile
            && self.in_place_of.is_none()
            && let Some(profile) = look_up(connection, &self.model.value, out).await
        {
            out.note(&format!("`{}` is called through the inference profile `{profile}`", self.model.value));
            self.in_place_of = Some(std::mem::replace(&mut self.model.value, profile));
            return true;
        }
        if !may_fall_back(class) {
            return false;
        }
        let refused = self.model.clone();
        while let Some(next) = self.fallbacks.pop_front() {
            out.note(&format!("{error}; trying the fallback `{}`", next.value));
            (self.model, self.in_place_of) = (next, None);
            match self.resolve(connection, out).await {
                Ok(()) => return true,
                Err(report) => out.note(report.message()),
            }
        }
        self.model = refused;
        false
    }

    /// After an answer: what was learned is kept for the next time.
    pub(super) fn answered(&mut self, connection: &Connection, out: &Out) {
        let Some(refused) = self.in_place_of.take() else { return };
        let Some(region) = connection.client.region() else { return };
        let now = time::now();
        let mut learned = Learned::load(&connection.store, &region.value, now);
        if let Err(error) = learned.remember_profile(&refused, &self.model.value, now) {
            out.detail(&format!("the profile cannot be remembered: {error}"));
        }
    }
}

/// Whether a failure before the answer leads on to the next model.
fn may_fall_back(class: ServiceClass) -> bool {
    match class {
        ServiceClass::AccessDenied
        | ServiceClass::ModelNotGranted
        | ServiceClass::NeedsProfile
        | ServiceClass::ModelNotFound
        | ServiceClass::Throttled
        | ServiceClass::QuotaExceeded
        | ServiceClass::ModelNotReady
        | ServiceClass::ModelTimeout
        | ServiceClass::ModelError
        | ServiceClass::Internal
        | ServiceClass::Unavailable => true,
        ServiceClass::CredentialsExpired
        | ServiceClass::CredentialsRejected
        | ServiceClass::ClockSkew
        | ServiceClass::ContextOverflow
        | ServiceClass::Validation
        | ServiceClass::Other => false,
    }
}

/// What a name stands for, with what is at hand.
pub(super) async fn named(
    connection: &Connection,
    typed: &str,
    region: &Region,
) -> Result<Resolved, Unresolved> {
    let aliases: BTreeMap<String, String> = connection
        .config
        .aliases
        .iter()
        .map(|(alias, target)| (alias.clone(), target.value.clone()))
        .collect();
    let configured = configured(connection);
    let around = |listing| Surroundings { aliases: &aliases, configured: &configured, listing, region };
    let plain = |typed: &str| ModelId::parse(typed).is_some_and(|id| id.is_arn() || id.geography().is_some());
    // Such ids are called as they are, so that nothing need be read.
    if plain(typed) || aliases.get(typed).is_some_and(|target| plain(target)) {
        return resolve(typed, &around(&[]));
    }
    let now = time::now();
    let found =
        connection.store.cached(&connection.client, &connection.discovery(), now).await.ok().flatten();
    let listing: &[ModelEntry] = found.as_ref().map_or(&[], |found| &found.listing.entries);
    let mut resolved = resolve(typed, &around(listing))?;
    let learned = Learned::load(&connection.store, region, now);
    if let Some(profile) = learned.profile_for(resolved.id.as_str()).and_then(ModelId::parse) {
        resolved.id = profile;
    }
    Ok(resolved)
}

/// The models that the configuration names.
pub(super) fn configured(connection: &Connection) -> Vec<ConfiguredModel> {
    let models = &connection.config.provider.models;
    // The first of two entries counts.
    let first = |at: usize, id: &str| models.iter().position(|model| model.id.value == id) == Some(at);
    let models = models.iter().enumerate().filter(|(at, model)| first(*at, &model.id.value));
    models
        .map(|(_, model)| model)
        .map(|model| ConfiguredModel {
            id: model.id.value.clone(),
            name: model.name.as_ref().map(|name| name.value.clone()),
        })
        .collect()
}

/// The profile that the region lists for a model: asked of the service, since what was at hand did not help.
async fn look_up(connection: &Connection, model: &str, out: &Out) -> Option<String> {
    let region = connection.client.region()?.value.clone();
    let found = connection.store.listing(&connection.client, &connection.discovery(), time::now()).await;
    let listing = match found {
        Ok(found) => found.listing,
        Err(error) => {
            out.detail(&format!("the profiles of `{model}` cannot be looked up: {error}"));
            return None;
        }
    };
    let nothing = BTreeMap::new();
    let around =
        Surroundings { aliases: &nothing, configured: &[], listing: &listing.entries, region: &region };
    let found = resolve(model, &around).ok()?.id;
    (found.as_str() != model).then(|| found.as_str().to_owned())
}

/// A step of the resolution, where it is worth a word.
fn told(step: &ResolveStep, region: &Region) -> Option<String> {
    match step {
        ResolveStep::Alias { .. } => None,
        ResolveStep::Name { typed, id } => Some(format!("`{typed}` is `{id}`")),
        ResolveStep::Profile { base, geography, .. } => Some(format!(
            "`{base}` is called through its profile for `{geography}` in region `{}`",
            region.as_str()
        )),
    }
}

/// A name that leads to no model. Hints say how to name one in the same place.
pub(super) fn unresolved(why: &Unresolved, origin: &Origin) -> Report {
    let named = |id: &String| match origin {
        Origin::Flag("MODEL") => format!("`outcrop models show {id}`"),
        Origin::Flag(flag) => format!("`{flag} {id}`"),
        _ => format!("`{id}`"),
    };
    match why {
        Unresolved::Blank => {
            let hint = "see `outcrop models list`".to_owned();
            Report::unknown_model("the name of the model is empty".to_owned(), origin, vec![hint])
        }
        Unresolved::Ambiguous { typed, candidates } => {
            // The newest come last in the order of ids.
            let hints = candidates.iter().rev().map(named).collect();
            Report::unknown_model(format!("`{typed}` fits more than one model"), origin, hints)
        }
        Unresolved::Unknown { typed, .. } if typed.starts_with("arn:") => {
            let form = "write it whole: `arn:aws:bedrock:REGION:ACCOUNT:inference-profile/ID`, or of another resource";
            Report::unknown_model(format!("`{typed}` is no ARN"), origin, vec![form.to_owned()])
        }
        Unresolved::Unknown { typed, near } => {
            let mut hints: Vec<String> = near.iter().map(named).collect();
            if typed.contains(['.', ':', '/']) {
                hints.insert(0, "an id is a vendor and a model, as in `amazon.nova-lite-v1:0`".to_owned());
            }
            hints.push("see `outcrop models list`".to_owned());
            Report::unknown_model(format!("no model is called `{typed}`"), origin, hints)
        }
    }
}
