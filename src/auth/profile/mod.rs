//! Profiles: `~/.aws/config` and `~/.aws/credentials`, read when something asks, and what they say.
//!
//! [`ini`] knows the dialect, [`files`] finds, reads and merges the two files, [`plan`] walks a profile's chain
//! of roles and says where its credentials come from. Nothing here uses the network or starts a process: a
//! [`plan::Plan`] is a value, and the credential chain carries it out.
//!
//! [`Profiles`] is the handle that the rest of the crate asks. It belongs to one resolution, not to a client:
//! a file that is repaired later must be seen later, so a failure is kept no longer than this value.

pub mod files;
pub mod ini;
pub mod plan;

use crate::env::Env;
use crate::error::{ConfigProblem, Error, Result};
use crate::origin::{Origin, Sourced};
use files::{ProfileSet, ReadFile, Section};
use plan::{Plan, PlanFailure};
use std::sync::OnceLock;

/// The AWS files as seen from one selected profile, opened at most once and only when needed.
pub struct Profiles<'a> {
    env: &'a Env,
    read: ReadFile<'a>,
    selected: Sourced<String>,
    set: OnceLock<Result<ProfileSet, ConfigProblem>>,
}

impl<'a> Profiles<'a> {
    /// A handle that has read nothing yet. `explicit` is the profile of a flag or the API; `read` opens a file
    /// (`&|path| std::fs::read(path)`).
    pub fn new(env: &'a Env, explicit: Option<Sourced<String>>, read: ReadFile<'a>) -> Self {
        Self { env, read, selected: selected(env, explicit), set: OnceLock::new() }
    }

    /// The name of the selected profile. Opens no file.
    pub fn selected(&self) -> &Sourced<String> {
        &self.selected
    }

    /// Both files, merged.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] when a file breaks the dialect.
    pub fn set(&self) -> Result<&ProfileSet> {
        self.load().map_err(|problem| Error::Config(Box::new(problem.clone())))
    }

    fn load(&self) -> Result<&ProfileSet, &ConfigProblem> {
        self.set.get_or_init(|| files::load(self.env, self.read)).as_ref()
    }

    /// A setting of the selected profile, with the place where it stands.
    ///
    /// `None` also when a file is broken: a broken file matters only to those who need credentials or a region
    /// from it, as in the AWS SDKs, and they ask [`Profiles::set`].
    pub fn setting(&self, name: &str) -> Option<Sourced<&str>> {
        Some(self.profile()?.get(name)?.sourced())
    }

    /// A setting of one service in the `[services]` section that the selected profile names with `services`.
    /// `keys` are the spellings of the service's name there, strongest first.
    pub fn service_setting(&self, keys: &[&str], name: &str) -> Option<Sourced<&str>> {
        let section = self.profile()?.get("services")?.text();
        let section = self.load().ok()?.services.get(section)?;
        keys.iter().find_map(|key| section.get(key)?.nested(name))
    }

    /// The region of the selected profile, else of the nearest profile along `source_profile`.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] when a file breaks the dialect: the region that it names would be passed over silently.
    pub fn region(&self) -> Result<Option<Sourced<String>>> {
        let region = self.set()?.region(&self.selected.value);
        Ok(region.map(|property| property.sourced().map(str::to_owned)))
    }

    /// Where the credentials of the selected profile come from.
    ///
    /// # Errors
    ///
    /// See [`plan::plan`]; a file that breaks the dialect is [`PlanFailure::Broken`].
    pub fn plan(&self) -> Result<Plan, PlanFailure> {
        let set = self.load().map_err(|problem| PlanFailure::Broken(Box::new(problem.clone())))?;
        plan::plan(set, &self.selected.value)
    }

    fn profile(&self) -> Option<&Section> {
        self.load().ok()?.profiles.get(&self.selected.value)
    }
}

/// Names the profile to use: `explicit`, else `AWS_PROFILE`, else `default`.
///
/// An empty `AWS_PROFILE` is a name that no profile has. `AWS_DEFAULT_PROFILE` is not read.
pub fn selected(env: &Env, explicit: Option<Sourced<String>>) -> Sourced<String> {
    const VARIABLE: &str = "AWS_PROFILE";
    explicit.unwrap_or_else(|| match env.get(VARIABLE) {
        Some(name) => Sourced::new(name.to_owned(), Origin::Variable(VARIABLE.to_owned())),
        None => Sourced::new("default".to_owned(), Origin::Default),
    })
}

#[cfg(test)]
mod tests;
