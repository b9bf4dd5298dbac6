//! The configuration file: where it is, what it may say, and how it is changed in place.
//!
//! One JSON5 file in the layout of OpenClaw's, so that its pages and files serve here. [`keys`] is the table of
//! all keys; a file is read into a document with places, checked against the table, and becomes [`Config`], each
//! value with the line it came from. Flags and variables are laid over it by the command line; nothing here
//! knows them.

mod base_url;
mod check;
mod document;
mod edit;
mod file;
pub mod keys;
mod model_params;
mod pasted;
mod path;
mod placeholder;
mod settings;
mod show;
mod store;

pub use base_url::BaseUrl;
pub(crate) use check::seconds;
#[cfg(feature = "cli")]
pub(crate) use file::excerpt;
pub use file::{ConfigChoice, Location, Owner};
pub use model_params::ModelParams;
#[cfg(feature = "cli")]
pub(crate) use pasted::secret_in;
pub use path::KeyPath;
pub use settings::{
    ChatDefaults, Config, ConfiguredModel, Cost, DiscoverySettings, ModelsMode, ProviderSettings,
};
pub use show::{Shown, get};
pub use store::{Changed, NewValue, set, unset};

use crate::env::Env;
use crate::error::{ConfigProblem, Error, Result};
use crate::origin::Origin;
use check::Problem;
use document::{Document, NodeKind};
use serde_json::Value;

impl Config {
    /// Reads the configuration file. Where there is none, every setting is absent.
    ///
    /// Placeholders (`${NAME}`) are replaced from `env`; for OpenClaw's file also from its own `env.vars` and
    /// `env`, after `env`.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] for a file that cannot be read, or that was named and is not there;
    /// [`Error::ConfigSyntax`] for one that is no JSON5; [`Error::Config`] for the first key that is unknown
    /// (in our own file), has a value of a wrong type, holds what looks like an AWS secret, or needs a variable
    /// that is not set.
    pub fn load(env: &Env, choice: &ConfigChoice) -> Result<Self> {
        let Some(location) = Location::find(env, choice) else { return Ok(Self::default()) };
        let document = location.read()?;
        let (config, problems) = read(&document, &location, env);
        match problems.into_iter().next() {
            Some(problem) => Err(error(problem, &document, &location)),
            None => Ok(config),
        }
    }
}

/// Everything that is wrong with a configuration file, in the order of its lines.
///
/// # Errors
///
/// [`Error::Io`] and [`Error::ConfigSyntax`], as for [`Config::load`]: such a file has no keys to look at.
pub fn validate(env: &Env, location: &Location) -> Result<Vec<Error>> {
    let document = location.read()?;
    let (_, problems) = read(&document, location, env);
    Ok(problems.into_iter().map(|problem| error(problem, &document, location)).collect())
}

fn read(document: &Document, location: &Location, env: &Env) -> (Config, Vec<Problem>) {
    let lookup = |name: &str| match env.get(name) {
        Some(value) => Some(value.to_owned()),
        None if location.owner == Owner::OpenClaw => own_variable(document, name),
        None => None,
    };
    let checked = check::check(document, location.owner, Some(&lookup));
    let mut problems = checked.problems;
    let mut config = settings::read(document, checked.root.as_ref(), location, &mut problems);
    config.warnings.splice(..0, checked.warnings);
    problems.sort_by_key(|problem| problem.offset);
    (config, problems)
}

/// A variable that an OpenClaw file sets itself, under `env.vars` or directly under `env`.
fn own_variable(document: &Document, name: &str) -> Option<String> {
    let env = &document.root.as_ref()?.member("env")?.value;
    let vars = env.member("vars").and_then(|vars| vars.value.member(name));
    match &vars.or_else(|| env.member(name))?.value.kind {
        NodeKind::Scalar(Value::String(text)) => Some(text.clone()),
        NodeKind::Scalar(_) | NodeKind::List(_) | NodeKind::Object(_) => None,
    }
}

fn error(problem: Problem, document: &Document, location: &Location) -> Error {
    let (line, column) = document.position(problem.offset);
    Error::Config(Box::new(ConfigProblem {
        origin: Origin::File { path: location.path.clone(), line: Some(line) },
        key: Some(problem.key),
        problem: format!("{} (column {column})", problem.problem),
        hints: problem.hints,
    }))
}

/// The id, ARN or alias in a model's name: `amazon-bedrock/` is taken off. `None` for a blank name and for a
/// model of another provider.
fn model_id(name: &str) -> Option<&str> {
    let name = name.trim();
    // The slash of an ARN does not end a provider.
    let id = match name.split_once('/') {
        Some((provider, id)) if !name.starts_with("arn:") => keys::is_provider(provider).then_some(id)?,
        Some(_) | None => name,
    };
    (!id.is_empty()).then_some(id)
}

#[cfg(test)]
mod tests;
