//! What every source of credentials would say, for people who wonder which one is used.
//!
//! The chain is walked as for a call. Of the sources after its end only that is told which needs neither a process
//! nor a request: whether they are set up.

use super::chain::{Chain, ORDER};
use super::profile::Profiles;
use super::profile::plan::PlanFailure;
use super::{Answer, Auth, bearer, container_uri, environment, imds_endpoint, web_identity};
use crate::env::Env;
use crate::error::{Error, Result};
use crate::origin::Origin;
use crate::region::Region;
use crate::trail::{Outcome, Source, Step, Trail};

/// All sources of the chain, in order, and what a call would be authorised with.
#[derive(Debug)]
pub struct Survey {
    /// One step a source.
    pub steps: Vec<Step>,
    /// What the user should hear in any case, one sentence each.
    pub warnings: Vec<String>,
    /// What a call would use, or why it would fail.
    pub auth: Result<Auth>,
}

impl Survey {
    /// Walks the chain, then looks at what it did not come to.
    pub(crate) async fn of(chain: &Chain, region: &Region) -> Self {
        let (trail, auth) = match chain.resolve(region).await {
            Ok((auth, trail)) => (trail, Ok(auth)),
            Err(Error::NoCredentials(trail)) => ((*trail).clone(), Err(Error::NoCredentials(trail))),
            Err(Error::BrokenSource(broken)) => (broken.trail.clone(), Err(Error::BrokenSource(broken))),
            Err(error) => (Trail::new(), Err(error)),
        };
        let unsigned = matches!(auth, Ok(Auth::None));
        let mut survey = Self { steps: trail.steps, warnings: trail.warnings, auth };
        chain.with_profiles(|env, profiles| {
            for source in std::iter::once(Source::BearerToken).chain(ORDER) {
                if survey.steps.iter().all(|step| step.source != source) {
                    let outcome = if unsigned {
                        Outcome::NotAsked(
                            "`AWS_BEDROCK_SKIP_AUTH` is set: requests are not signed".to_owned(),
                        )
                    } else {
                        standing(source, env, profiles)
                    };
                    survey.steps.push(Step { source, outcome });
                }
            }
        });
        survey
    }

    /// The survey of a client that was handed its credentials.
    pub(crate) fn fixed(auth: &Auth, origin: Option<&Origin>) -> Self {
        let (source, how) = match auth {
            Auth::SigV4(keys) => (keys.source, keys.summary()),
            Auth::Bearer(_) => {
                let place = origin.map_or_else(String::new, |origin| format!(" from {origin}"));
                (Source::Code, format!("a Bedrock API key{place}"))
            }
            Auth::None => (Source::Code, "requests are not signed".to_owned()),
        };
        let steps = vec![Step { source, outcome: Outcome::Used(how) }];
        Self { steps, warnings: Vec::new(), auth: Ok(auth.clone()) }
    }
}

/// What can be told of a source without asking it.
fn standing(source: Source, env: &Env, profiles: &Profiles<'_>) -> Outcome {
    let set_up = |how: String| Outcome::NotAsked(format!("set up: {how}"));
    match source {
        Source::BearerToken => bare(bearer::token(env), |_| format!("`{}`", bearer::VARIABLE)),
        Source::Environment => {
            bare(environment::credentials(env), |keys| format!("key `{}`", keys.masked_key_id()))
        }
        Source::Profile => match profiles.plan() {
            Ok(plan) => set_up(plan.to_string()),
            Err(PlanFailure::NotHere { reason, .. }) => Outcome::NotHere(reason),
            Err(PlanFailure::Broken(problem)) => Outcome::Broken(Error::Config(problem).to_string()),
        },
        Source::WebIdentity => match web_identity::set_up(env) {
            Ok(identity) => set_up(format!("role `{}`", identity.role_arn)),
            Err(why) => Outcome::NotHere(why),
        },
        Source::Container => match container_uri::resolve(env) {
            Ok(Some(uri)) => set_up(uri.origin.to_string()),
            Ok(None) => Outcome::NotHere(container_uri::UNSET.to_owned()),
            Err(error) => Outcome::Broken(error.to_string()),
        },
        Source::InstanceMetadata if imds_endpoint::is_disabled(env) => {
            Outcome::NotHere(imds_endpoint::DISABLED.to_owned())
        }
        Source::InstanceMetadata | Source::Code => Outcome::NotAsked("the chain ended before it".to_owned()),
    }
}

/// The standing of a source that is asked for nothing by looking at it.
fn bare<T>(answer: Answer<T>, how: impl Fn(&T) -> String) -> Outcome {
    match answer {
        Answer::Found(found) => Outcome::NotAsked(format!("set up: {}", how(&found))),
        Answer::NotHere(why) => Outcome::NotHere(why),
        Answer::Broken(failure) => Outcome::Broken(failure.problem),
    }
}
