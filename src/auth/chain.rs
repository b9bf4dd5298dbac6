//! The order in which sources of credentials are asked, and what is made of their answers.
//!
//! A bearer token is looked for first, and when it is there nothing else is asked. Then the environment.

use super::{Answer, Credentials, Failure, bearer, environment};
use crate::env::Env;
use crate::error::{BrokenSource, Error, Result};
use crate::secret::Secret;
use crate::trail::{Outcome, Source, Trail};

/// How a request is authorised.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Auth {
    /// Signed with these keys.
    SigV4(Credentials),
    /// With a Bedrock API key.
    Bearer(Secret),
    /// Not at all: for proxies that sign.
    None,
}

/// The chain of sources over one environment.
#[derive(Debug, Clone)]
pub struct Chain {
    env: Env,
}

impl Chain {
    /// A chain over `env`. Nothing is read yet.
    pub fn new(env: Env) -> Self {
        Self { env }
    }

    /// Asks the sources in order, until one answers.
    ///
    /// # Errors
    /// [`Error::BrokenSource`] when a source is set up and fails, [`Error::NoCredentials`] when none has
    /// anything; both hold the trail.
    pub fn resolve(&self) -> Result<(Auth, Trail)> {
        let mut trail = Trail::new();
        if self.env.get("AWS_BEDROCK_SKIP_AUTH").is_some_and(|value| matches!(value.trim(), "1" | "true")) {
            return Ok((Auth::None, trail));
        }
        if let Some(token) = step(&mut trail, Source::BearerToken, bearer::token(&self.env))? {
            return Ok((Auth::Bearer(token), trail));
        }
        if let Some(keys) = step(&mut trail, Source::Environment, environment::credentials(&self.env))? {
            return Ok((Auth::SigV4(keys), trail));
        }
        Err(Error::NoCredentials(Box::new(trail)))
    }
}

/// Records an answer. `Ok(None)` means: ask the next one.
fn step<T>(trail: &mut Trail, source: Source, answer: Answer<T>) -> Result<Option<T>> {
    match answer {
        Answer::Found(found) => {
            trail.push(source, Outcome::Used("found".into()));
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

#[cfg(test)]
mod tests {
    use super::*;

    fn env(vars: &[(&str, &str)]) -> Env {
        vars.iter().fold(Env::empty(), |env, (name, value)| env.with(*name, *value))
    }

    const KEYS: [(&str, &str); 2] = [("AWS_ACCESS_KEY_ID", "AKID"), ("AWS_SECRET_ACCESS_KEY", "s")];

    #[test]
    fn a_bearer_token_wins_and_ends_the_walk() {
        let env = env(&KEYS).with(bearer::VARIABLE, "ABSKx");
        let (auth, trail) = Chain::new(env).resolve().unwrap();
        assert!(matches!(auth, Auth::Bearer(_)));
        assert_eq!(trail.steps.len(), 1);
    }

    #[test]
    fn keys_of_the_environment_sign() {
        let (auth, trail) = Chain::new(env(&KEYS)).resolve().unwrap();
        assert!(matches!(auth, Auth::SigV4(keys) if keys.access_key_id == "AKID"));
        assert_eq!(
            trail.to_string(),
            "bearer token: `AWS_BEARER_TOKEN_BEDROCK` is not set; environment: found"
        );
    }

    #[test]
    fn nothing_found_shows_every_source() {
        let Err(Error::NoCredentials(trail)) = Chain::new(Env::empty()).resolve() else { panic!() };
        let sources: Vec<Source> = trail.steps.iter().map(|step| step.source).collect();
        assert_eq!(sources, [Source::BearerToken, Source::Environment]);
    }

    #[test]
    fn a_broken_source_stops_the_chain() {
        let env = env(&KEYS).with(bearer::VARIABLE, "a b");
        let Err(Error::BrokenSource(broken)) = Chain::new(env).resolve() else { panic!() };
        assert_eq!(broken.source, Source::BearerToken);
        assert!(broken.is_config);
    }

    #[test]
    fn authorisation_can_be_left_to_a_proxy() {
        let env = env(&[("AWS_BEDROCK_SKIP_AUTH", "1")]);
        assert!(matches!(Chain::new(env).resolve().unwrap().0, Auth::None));
    }
}
