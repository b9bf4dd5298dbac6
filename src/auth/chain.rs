//! The order in which sources of credentials are asked, and what is made of their answers.
//!
//! A bearer token is looked for first, and when it is there nothing else is asked. Then the environment, the
//! profile, the web identity of the variables, the container, the instance. A source that is set up and fails ends
//! the walk: going on would use keys that nobody meant. Nothing is kept here between two walks but the sessions of
//! the sources; [`super::cache`] keeps the outcome.

use super::call::{Connections, Context};
use super::profile::Profiles;
use super::profile::files::WarningKind;
use super::profile_source::{self, Sessions};
use super::sts::{self, CallerIdentity};
use super::world::World;
use super::{Answer, Auth, Credentials, Failure, bearer, container, environment, web_identity};
use crate::env::Env;
use crate::error::{BrokenSource, Error, Result};
use crate::origin::{Origin, Sourced};
use crate::region::Region;
use crate::secret::Secret;
use crate::trail::{Outcome, Source, Trail};
use crate::transport::Transport;
use crate::transport::retry::{RetryBucket, Watch};
use crate::transport::skew::ClockSkew;
use std::sync::Arc;

/// The sources that give keys, in the order of the AWS SDK for Rust.
pub(super) const ORDER: [Source; 5] =
    [Source::Environment, Source::Profile, Source::WebIdentity, Source::Container, Source::InstanceMetadata];

/// The chain of sources over one environment.
pub(crate) struct Chain {
    env: Env,
    profile: Option<Sourced<String>>,
    world: World,
    connections: Connections,
    sessions: Sessions,
}

impl Chain {
    /// A chain over `env`. Nothing is read yet. `services` reaches AWS, `local` the services of this machine.
    pub(crate) fn new(
        env: Env,
        profile: Option<Sourced<String>>,
        world: World,
        services: Transport,
        local: Transport,
    ) -> Self {
        let (bucket, skew) = (RetryBucket::default(), ClockSkew::default());
        let connections = Connections { services, local, bucket, skew, watch: Arc::new(|_| {}) };
        Self { env, profile, world, connections, sessions: Sessions::default() }
    }

    /// The same chain, whose calls of AWS services somebody watches.
    pub(crate) fn watched(mut self, watch: Arc<Watch>) -> Self {
        self.connections.watch = watch;
        self
    }

    /// Asks the sources in order, until one answers. `region` is where STS is called.
    ///
    /// # Errors
    /// [`Error::BrokenSource`] when a source is set up and fails, [`Error::NoCredentials`] when none has
    /// anything; both hold the trail.
    pub(crate) async fn resolve(&self, region: &Region) -> Result<(Auth, Trail)> {
        let mut trail = Trail::new();
        if self.env.get("AWS_BEDROCK_SKIP_AUTH").is_some_and(|value| matches!(value.trim(), "1" | "true")) {
            return Ok((Auth::None, trail));
        }
        let token = bearer::token(&self.env);
        let how = |_: &Secret| format!("`{}`", bearer::VARIABLE);
        if let Some(token) = step(&mut trail, Source::BearerToken, token, how)? {
            return Ok((Auth::Bearer(token), trail));
        }
        let profiles = Profiles::new(&self.env, self.profile.clone(), &*self.world.read_file);
        let context = self.context(&profiles, region);
        for source in ORDER {
            let answer = self.ask(source, context).await;
            if source == Source::Profile {
                trail.warnings.extend(unread_files(&profiles));
            }
            if let Some(keys) = step(&mut trail, source, answer, Credentials::summary)? {
                trail.warnings.extend(passed_over_profile(&profiles, source));
                return Ok((Auth::SigV4(keys), trail));
            }
        }
        trail.warnings.extend(unread_variables(&self.env));
        Err(Error::NoCredentials(Box::new(trail)))
    }

    /// Lends the environment and the AWS files, which are read when something of them is asked for.
    pub(super) fn with_profiles(&self, look: impl FnOnce(&Env, &Profiles<'_>)) {
        look(&self.env, &Profiles::new(&self.env, self.profile.clone(), &*self.world.read_file));
    }

    /// Asks STS who has these keys.
    ///
    /// # Errors
    /// [`Error::BrokenSource`] with what STS said; [`Error::Transport`] and [`Error::Timeout`] when it said nothing.
    pub(crate) async fn caller_identity(
        &self,
        region: &Region,
        keys: &Credentials,
    ) -> Result<CallerIdentity> {
        let profiles = Profiles::new(&self.env, self.profile.clone(), &*self.world.read_file);
        sts::caller_identity(self.context(&profiles, region), keys).await
    }

    /// The region of the instance, when this is one.
    pub(crate) async fn instance_region(&self, profiles: &Profiles<'_>) -> Option<Region> {
        let fallback = Region::fallback().value;
        self.sessions.instance.region(self.context(profiles, &fallback)).await
    }

    fn context<'a>(&'a self, profiles: &'a Profiles<'a>, region: &'a Region) -> Context<'a> {
        Context { env: &self.env, world: &self.world, profiles, region, connections: &self.connections }
    }

    async fn ask(&self, source: Source, context: Context<'_>) -> Answer<Credentials> {
        match source {
            Source::Environment => environment::credentials(&self.env),
            Source::Profile => profile_source::credentials(context, &self.sessions).await,
            Source::WebIdentity => web_identity::from_variables(context).await,
            Source::Container => container::credentials(context).await,
            Source::InstanceMetadata => self.sessions.instance.credentials(context).await,
            Source::BearerToken | Source::Code => Answer::NotHere("it gives no keys".to_owned()),
        }
    }
}

/// Records an answer; `how` describes what was found. `Ok(None)` means: ask the next one.
fn step<T>(
    trail: &mut Trail,
    source: Source,
    answer: Answer<T>,
    how: impl Fn(&T) -> String,
) -> Result<Option<T>> {
    match answer {
        Answer::Found(found) => {
            trail.push(source, Outcome::Used(how(&found)));
            Ok(Some(found))
        }
        Answer::NotHere(why) => {
            trail.push(source, Outcome::NotHere(why));
            Ok(None)
        }
        Answer::Broken(Failure { problem, is_config, hints }) => {
            trail.push(source, Outcome::Broken(problem.clone()));
            let trail = std::mem::take(trail);
            Err(Error::BrokenSource(Box::new(BrokenSource { source, problem, is_config, hints, trail })))
        }
    }
}

/// A profile that somebody named does not stop the chain when no file has it, nor come before the environment, but the
/// user should hear that other credentials are used.
fn passed_over_profile(profiles: &Profiles<'_>, used: Source) -> Option<String> {
    let Sourced { value: name, origin } = profiles.selected();
    let is_passed_over = match used {
        Source::WebIdentity | Source::Container | Source::InstanceMetadata => *origin != Origin::Default,
        // A variable stands beside the keys; a flag seems to beat them.
        Source::Environment => matches!(origin, Origin::Flag(_)),
        Source::BearerToken | Source::Code | Source::Profile => false,
    };
    if !is_passed_over {
        return None;
    }
    let name = name.escape_debug();
    if profiles.set().is_ok_and(|set| !set.profiles.contains_key(profiles.selected().value.as_str())) {
        let source = format!("the credentials come from another source ({used})");
        return Some(format!("{origin} names profile `{name}`, which no file has; {source}"));
    }
    let has_keys_first = used == Source::Environment;
    has_keys_first.then(|| format!("{origin} names profile `{name}`, but keys in the environment come first"))
}

/// AWS files that are there, or should be, and say nothing: what stands in them may be missed.
fn unread_files(profiles: &Profiles<'_>) -> Vec<String> {
    let is_about_file = |kind: &WarningKind| match kind {
        WarningKind::Missing(_) | WarningKind::Unreadable(_) | WarningKind::NotUtf8 => true,
        WarningKind::NoPrefix(_)
        | WarningKind::Shadowed
        | WarningKind::Prefixed(_)
        | WarningKind::ConfigOnly
        | WarningKind::SectionName
        | WarningKind::PropertyName => false,
    };
    let warnings = profiles.set().map_or(&[][..], |set| &set.warnings);
    warnings.iter().filter(|warning| is_about_file(&warning.kind)).map(ToString::to_string).collect()
}

/// Variables that other tools read, for users who wonder why they do not help.
fn unread_variables(env: &Env) -> impl Iterator<Item = String> {
    let names = [
        ("AWS_DEFAULT_PROFILE", "`AWS_PROFILE` names the profile"),
        ("AWS_SECURITY_TOKEN", "`AWS_SESSION_TOKEN` holds the session token"),
    ];
    let set = names.into_iter().filter(|(name, _)| env.is_set(name)).collect::<Vec<_>>();
    set.into_iter().map(|(name, instead)| format!("`{name}` is set, but not read: {instead}"))
}

#[cfg(test)]
mod tests;
