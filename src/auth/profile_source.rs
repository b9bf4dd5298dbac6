//! Credentials of the selected profile: carries out the [`Plan`] that [`super::profile`] makes.
//!
//! First the keys of the base, then each role with the keys before it. What a profile means is decided there, how
//! each source works in its own file; this is only the walk.

use super::call::Context;
use super::imds::InstanceMetadata;
use super::profile::Profiles;
use super::profile::plan::{Base, CredentialSource, Plan, PlanFailure, StaticKeys};
use super::{Answer, Credentials, Failure, container, environment, login, process, sso, sts, web_identity};
use crate::error::Error;
use crate::origin::{Origin, Sourced};
use crate::trail::Source;

/// What sources keep between two walks.
#[derive(Default)]
pub(super) struct Sessions {
    pub(super) instance: InstanceMetadata,
    pub(super) sso: sso::LastRefresh,
}

/// The credentials of the selected profile.
pub(super) async fn credentials(context: Context<'_>, sessions: &Sessions) -> Answer<Credentials> {
    let plan = match context.profiles.plan() {
        Ok(plan) => plan,
        Err(PlanFailure::NotHere { reason, hints }) => {
            let named = named_by(context.profiles);
            if matches!(named, Some(Origin::Flag(_))) {
                // Typed for this very call: with other credentials it would be somebody else's call, and bill.
                return Answer::Broken(Failure { problem: reason, is_config: true, hints });
            }
            let named = named.map(|origin| format!(", which {origin} names"));
            let hints = (!hints.is_empty()).then(|| format!(" ({})", hints.join("; ")));
            return Answer::NotHere([Some(reason), named, hints].into_iter().flatten().collect());
        }
        Err(PlanFailure::Broken(problem)) => {
            let hints = problem.hints.clone();
            let problem = Error::Config(problem).to_string();
            return Answer::Broken(Failure { problem, is_config: true, hints });
        }
    };
    match execute(context, sessions, &plan).await {
        Ok(mut keys) => {
            keys.source = Source::Profile;
            keys.via = Some(plan.to_string());
            Answer::Found(keys)
        }
        // The files hold together; what failed is the source that they name.
        Err(failure) => Answer::Broken(Failure { is_config: false, ..failure }),
    }
}

/// Who names the selected profile, when no file has it: a name that nobody gave needs no explanation.
fn named_by<'a>(profiles: &'a Profiles<'_>) -> Option<&'a Origin> {
    let Sourced { value: name, origin } = profiles.selected();
    let is_absent = profiles.set().is_ok_and(|set| !set.profiles.contains_key(name));
    (is_absent && *origin != Origin::Default).then_some(origin)
}

async fn execute(context: Context<'_>, sessions: &Sessions, plan: &Plan) -> Result<Credentials, Failure> {
    let mut keys = base(context, sessions, plan).await?;
    for role in &plan.roles {
        keys = sts::assume_role(context, role, &keys).await.map_err(|failure| in_chain(plan, failure))?;
    }
    Ok(keys)
}

/// A role is one of several: which profile leads to which.
fn in_chain(plan: &Plan, failure: Failure) -> Failure {
    if plan.roles.len() < 2 {
        return failure;
    }
    let names = std::iter::once(&plan.profile).chain(plan.roles.iter().map(|role| &role.profile));
    let names: Vec<String> = names.map(|name| format!("`{name}`")).collect();
    Failure { problem: format!("{} (profiles: {})", failure.problem, names.join(" -> ")), ..failure }
}

async fn base(context: Context<'_>, sessions: &Sessions, plan: &Plan) -> Result<Credentials, Failure> {
    match &plan.base {
        Base::Static(keys) => Ok(static_keys(keys)),
        Base::WebIdentity(identity) => web_identity::credentials(context, identity, Source::Profile).await,
        Base::Sso(settings) => sso::credentials(context, settings, &plan.profile, &sessions.sso).await,
        Base::LoginSession { session } => login::credentials(context, session, &plan.profile).await,
        Base::Process { command, account_id } => {
            process::credentials(context, command, account_id.as_deref()).await
        }
        Base::Source(source) => {
            let answer = match source {
                CredentialSource::Environment => environment::credentials(context.env),
                CredentialSource::Ec2InstanceMetadata => sessions.instance.credentials(context).await,
                CredentialSource::EcsContainer => container::credentials(context).await,
            };
            named_source(answer, *source, &plan.profile)
        }
    }
}

/// A source that the profile names must be there.
fn named_source(
    answer: Answer<Credentials>,
    source: CredentialSource,
    profile: &str,
) -> Result<Credentials, Failure> {
    match answer {
        Answer::Found(keys) => Ok(keys),
        Answer::Broken(failure) => Err(failure),
        Answer::NotHere(why) => {
            let source = source.as_str();
            let problem =
                format!("`credential_source = {source}` of profile `{profile}` has no credentials: {why}");
            Err(Failure { problem, is_config: false, hints: Vec::new() })
        }
    }
}

fn static_keys(keys: &StaticKeys) -> Credentials {
    Credentials {
        access_key_id: keys.access_key_id.clone(),
        secret_access_key: keys.secret_access_key.clone(),
        session_token: keys.session_token.clone(),
        expires_at: None,
        account_id: keys.account_id.clone(),
        source: Source::Profile,
        via: None,
    }
}
