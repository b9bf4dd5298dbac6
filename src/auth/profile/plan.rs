//! The walk from a profile to its credentials: which source comes first, which roles follow.
//!
//! A profile may name a role and another profile to assume it with, and so on. The walk turns that chain into
//! a [`Plan`] without touching anything outside, so that `auth status` can show it and the credential chain
//! can carry it out. It does not judge values that only a service can judge (ARNs, account ids, durations).
//!
//! See [assume role settings](https://docs.aws.amazon.com/sdkref/latest/guide/feature-assume-role-credentials.html).

use super::files::{ProfileSet, Property, Section, WarningKind};
use crate::error::ConfigProblem;
use crate::nearest::nearest;
use crate::origin::Origin;
use crate::region::Region;
use crate::secret::Secret;
use std::fmt;
use std::path::PathBuf;

/// How to get the credentials of a profile: the keys of `base` first, then each role with the keys before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The profile that holds `base`.
    pub profile: String,
    /// Where the first keys come from.
    pub base: Base,
    /// The roles to assume, in the order in which to assume them.
    pub roles: Vec<RoleStep>,
}

/// A source of keys that needs no other keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Base {
    /// `aws_access_key_id` and its kin.
    Static(StaticKeys),
    /// STS `AssumeRoleWithWebIdentity` with the token in a file.
    WebIdentity(WebIdentity),
    /// IAM Identity Center.
    Sso(Sso),
    /// A session of `aws login`.
    LoginSession {
        /// The ARN that names the session in the cache.
        session: String,
    },
    /// `credential_process`.
    Process {
        /// The command line for the shell. It may hold secrets.
        command: Secret,
        /// `aws_account_id`, for an answer without account.
        account_id: Option<String>,
    },
    /// `credential_source`: a source outside the files.
    Source(CredentialSource),
}

/// Keys that stand in the files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaticKeys {
    /// `aws_access_key_id`.
    pub access_key_id: String,
    /// `aws_secret_access_key`.
    pub secret_access_key: Secret,
    /// `aws_session_token`.
    pub session_token: Option<Secret>,
    /// `aws_account_id`.
    pub account_id: Option<String>,
}

/// A role to assume with a web identity token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebIdentity {
    /// `role_arn`.
    pub role_arn: String,
    /// `web_identity_token_file`, to be read anew each time.
    pub token_file: PathBuf,
    /// `role_session_name`.
    pub session_name: Option<String>,
}

/// A role in an account, reached through the IAM Identity Center portal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sso {
    /// The `sso-session`, whose name is the key of the token cache. `None`: the legacy form, which has the
    /// start URL as key and cannot be refreshed.
    pub session: Option<String>,
    /// `sso_start_url`, as written.
    pub start_url: String,
    /// `sso_region`: the region of the portal, never the client's.
    pub region: Region,
    /// `sso_account_id`.
    pub account_id: String,
    /// `sso_role_name`.
    pub role_name: String,
}

/// The values of `credential_source`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CredentialSource {
    /// The `AWS_*` variables.
    Environment,
    /// The metadata service of the instance.
    Ec2InstanceMetadata,
    /// The container's credential endpoint.
    EcsContainer,
}

impl CredentialSource {
    const ALL: [Self; 3] = [Self::Environment, Self::Ec2InstanceMetadata, Self::EcsContainer];

    /// The value as AWS writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            CredentialSource::Environment => "Environment",
            CredentialSource::Ec2InstanceMetadata => "Ec2InstanceMetadata",
            CredentialSource::EcsContainer => "EcsContainer",
        }
    }
}

/// A role to assume with STS `AssumeRole`, in the region of the client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleStep {
    /// The profile that names the role.
    pub profile: String,
    /// `role_arn`.
    pub role_arn: String,
    /// `external_id`.
    pub external_id: Option<String>,
    /// `role_session_name`.
    pub session_name: Option<String>,
    /// `duration_seconds`, in seconds.
    pub duration_seconds: Option<u32>,
    /// `mfa_serial`: the call needs a code from this device.
    pub mfa_serial: Option<String>,
}

/// Why there is no plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlanFailure {
    /// The files do not set up credentials for this profile. The credential chain goes on.
    NotHere {
        /// Why, in one line: lower case, no full stop, no secret.
        reason: String,
        /// Things to do, one hint each.
        hints: Vec<String>,
    },
    /// The files set up credentials in a way that cannot work. The credential chain stops.
    Broken(Box<ConfigProblem>),
}

/// One line without secrets: `static keys of profile base, then role arn:... of profile dev`.
impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.base {
            Base::Static(_) => f.write_str("static keys")?,
            Base::WebIdentity(role) => write!(f, "role `{}` with a web identity token", role.role_arn)?,
            Base::Sso(sso) => write!(f, "SSO role `{}` in account `{}`", sso.role_name, sso.account_id)?,
            Base::LoginSession { .. } => f.write_str("login session")?,
            Base::Process { .. } => f.write_str("`credential_process`")?,
            Base::Source(source) => write!(f, "`{}`", source.as_str())?,
        }
        write!(f, " of profile `{}`", self.profile)?;
        for role in &self.roles {
            write!(f, ", then role `{}` of profile `{}`", role.role_arn, role.profile)?;
        }
        Ok(())
    }
}

/// Walks from the profile `name` to a source of keys.
///
/// # Errors
///
/// [`PlanFailure::NotHere`] when the profile, or one that it names, does not exist or has no credentials of its
/// own; [`PlanFailure::Broken`] when what is there contradicts itself or is incomplete.
pub fn plan(set: &ProfileSet, name: &str) -> Result<Plan, PlanFailure> {
    let mut visited: Vec<&str> = Vec::new();
    let mut roles = Vec::new();
    let mut name = name;
    let mut named_by = None;
    let base = loop {
        let Some(section) = set.profiles.get(name) else { return Err(absent(set, name, named_by)) };
        if let Some(reference) = named_by
            && visited.contains(&name)
        {
            return Err(looped(&visited, name, reference));
        }
        visited.push(name);
        let profile = Profile { name, section, set };
        // A source profile with keys is the end of the walk, whatever role it names.
        if named_by.is_some()
            && let Ok(Some(keys)) = profile.static_keys()
        {
            break Base::Static(keys);
        }
        check_single_lines(section)?;
        let source = match profile.role()? {
            Some((role, source)) => {
                roles.push(role);
                source
            }
            None => None,
        };
        match (source, named_by) {
            (Some(source), _) => (name, named_by) = (source.text(), Some(source)),
            (None, None) => break profile.base()?,
            // A role stands before this source: "nothing here" would hide that its setup is incomplete.
            (None, Some(_)) => break profile.base().map_err(|failure| profile.as_broken(failure))?,
        }
    };
    roles.reverse();
    Ok(Plan { profile: name.to_owned(), base, roles })
}

/// A profile on the walk.
#[derive(Clone, Copy)]
struct Profile<'a> {
    name: &'a str,
    section: &'a Section,
    set: &'a ProfileSet,
}

impl<'a> Profile<'a> {
    fn get(&self, key: &str) -> Option<&'a Property> {
        self.section.get(key)
    }

    /// The text of an optional setting; an empty one says nothing.
    fn optional(&self, key: &str) -> Option<String> {
        let text = self.get(key)?.text();
        (!text.is_empty()).then(|| text.to_owned())
    }

    /// The role of this profile, and the reference to the profile to assume it with (`None`: its own keys).
    fn role(&self) -> Result<Option<(RoleStep, Option<&'a Property>)>, PlanFailure> {
        // A role with a web identity token needs no keys: it is a base, not a step.
        if self.get("web_identity_token_file").is_some() {
            return Ok(None);
        }
        let Some(role_arn) = self.get("role_arn") else { return Ok(None) };
        let next = match (self.get("source_profile"), self.get("credential_source")) {
            (Some(_), Some(second)) => {
                let problem = "`source_profile` and `credential_source` exclude each other";
                return Err(broken(second.origin(), "credential_source", problem));
            }
            (None, None) => {
                let problem = "the role has no `source_profile` and no `credential_source` to assume it with";
                let hint =
                    format!("name the profile with the keys: `source_profile` in profile `{}`", self.name);
                return Err(broken(role_arn.origin(), "role_arn", problem).with_hint(hint));
            }
            (None, Some(_)) => None,
            (Some(source), None) => Some(source).filter(|source| source.text() != self.name),
        };
        let role = RoleStep {
            profile: self.name.to_owned(),
            role_arn: role_arn.text().to_owned(),
            external_id: self.optional("external_id"),
            session_name: self.optional("role_session_name"),
            duration_seconds: self.duration_seconds()?,
            mfa_serial: self.optional("mfa_serial"),
        };
        Ok(Some((role, next)))
    }

    fn duration_seconds(&self) -> Result<Option<u32>, PlanFailure> {
        const KEY: &str = "duration_seconds";
        let Some(property) = self.get(KEY) else { return Ok(None) };
        let seconds = property
            .text()
            .parse()
            .map_err(|_| broken(property.origin(), KEY, "it must be a whole number of seconds"))?;
        Ok(Some(seconds))
    }

    /// The keys of this profile without its role: the first of the sources that it sets up.
    fn base(&self) -> Result<Base, PlanFailure> {
        if let Some(source) = self.credential_source()? {
            return Ok(Base::Source(source));
        }
        if let Some(role) = self.web_identity()? {
            return Ok(Base::WebIdentity(role));
        }
        if let Some(sso) = self.sso()? {
            return Ok(Base::Sso(sso));
        }
        if let Some(session) = self.get("login_session") {
            return Ok(Base::LoginSession { session: session.text().to_owned() });
        }
        if let Some(command) = self.get("credential_process") {
            let account_id = self.optional("aws_account_id");
            return Ok(Base::Process { command: command.text().into(), account_id });
        }
        match self.static_keys()? {
            Some(keys) => Ok(Base::Static(keys)),
            None => Err(not_here(format!("profile `{}` holds no credentials", self.name))),
        }
    }

    fn credential_source(&self) -> Result<Option<CredentialSource>, PlanFailure> {
        const KEY: &str = "credential_source";
        let Some(property) = self.get(KEY) else { return Ok(None) };
        let known = CredentialSource::ALL;
        let named = known.into_iter().find(|source| source.as_str().eq_ignore_ascii_case(property.text()));
        named.map(Some).ok_or_else(|| {
            let text = property.text().escape_debug();
            let problem = format!(
                "`{text}` is none of {}",
                known.map(|source| format!("`{}`", source.as_str())).join(", ")
            );
            broken(property.origin(), KEY, problem)
        })
    }

    fn web_identity(&self) -> Result<Option<WebIdentity>, PlanFailure> {
        const KEY: &str = "web_identity_token_file";
        let Some(token_file) = self.get(KEY) else { return Ok(None) };
        let Some(role_arn) = self.get("role_arn") else {
            return Err(broken(token_file.origin(), KEY, "the profile has no `role_arn` to go with it"));
        };
        Ok(Some(WebIdentity {
            role_arn: role_arn.text().to_owned(),
            token_file: token_file.text().into(),
            session_name: self.optional("role_session_name"),
        }))
    }

    /// `None` when the profile has no SSO setting at all.
    fn sso(&self) -> Result<Option<Sso>, PlanFailure> {
        const KEYS: [&str; 5] =
            ["sso_session", "sso_start_url", "sso_region", "sso_account_id", "sso_role_name"];
        if KEYS.iter().all(|key| self.get(key).is_none()) {
            return Ok(None);
        }
        let session = match self.get("sso_session") {
            Some(reference) => Some(self.sso_session(reference)?),
            None => None,
        };
        let (account_id, role_name) = match (self.get("sso_account_id"), self.get("sso_role_name")) {
            (Some(account_id), Some(role_name)) => (account_id.text(), role_name.text()),
            (Some(alone), None) => {
                return Err(broken(alone.origin(), "sso_account_id", "`sso_role_name` is needed beside it"));
            }
            (None, Some(alone)) => {
                return Err(broken(alone.origin(), "sso_role_name", "`sso_account_id` is needed beside it"));
            }
            (None, None) => {
                let name = self.name;
                return Err(not_here(format!(
                    "profile `{name}` signs in without `sso_account_id` and `sso_role_name`: that gives a token, not \
                     credentials"
                )));
            }
        };
        let place = session.map_or(self.section, |(_, section)| section);
        let needed = |key: &str| {
            let missing = || not_here(format!("profile `{}` uses SSO without `{key}`", self.name));
            place.get(key).ok_or_else(missing)
        };
        let region = needed("sso_region")?.sourced().map(str::to_owned);
        Ok(Some(Sso {
            session: session.map(|(name, _)| name.to_owned()),
            start_url: needed("sso_start_url")?.text().to_owned(),
            region: Region::checked(region, Some("sso_region")).map_err(PlanFailure::Broken)?.value,
            account_id: account_id.to_owned(),
            role_name: role_name.to_owned(),
        }))
    }

    /// The session that `sso_session` names. The profile may repeat its start URL and region, not change them.
    fn sso_session(&self, reference: &Property) -> Result<(&'a str, &'a Section), PlanFailure> {
        let Some((name, session)) = self.set.sso_sessions.get_key_value(reference.text()) else {
            let text = reference.text().escape_debug();
            let problem = format!("there is no section `[sso-session {text}]`");
            let hint = "add it with `sso_start_url` and `sso_region`, or run `aws configure sso-session`";
            return Err(broken(reference.origin(), "sso_session", problem).with_hint(hint));
        };
        check_single_lines(session)?;
        for key in ["sso_start_url", "sso_region"] {
            let Some(own) = self.get(key) else { continue };
            let problem = match session.get(key) {
                Some(shared) if shared.text() == own.text() => continue,
                Some(_) => format!("it differs from the one in `[sso-session {name}]`"),
                None => format!("it belongs in `[sso-session {name}]`, which `sso_session` names"),
            };
            return Err(broken(own.origin(), key, problem));
        }
        Ok((name, session))
    }

    /// `None` when the profile has neither key id nor secret.
    fn static_keys(&self) -> Result<Option<StaticKeys>, PlanFailure> {
        const ID: &str = "aws_access_key_id";
        const SECRET: &str = "aws_secret_access_key";
        match (self.get(ID), self.get(SECRET)) {
            (Some(id), Some(secret)) => Ok(Some(StaticKeys {
                access_key_id: id.text().to_owned(),
                secret_access_key: secret.text().into(),
                session_token: self.optional("aws_session_token").map(Secret::from),
                account_id: self.optional("aws_account_id"),
            })),
            (Some(id), None) => {
                Err(broken(id.origin(), ID, format!("profile `{}` has no `{SECRET}`", self.name)))
            }
            (None, Some(secret)) => {
                Err(broken(secret.origin(), SECRET, format!("profile `{}` has no `{ID}`", self.name)))
            }
            (None, None) => Ok(None),
        }
    }

    fn as_broken(&self, failure: PlanFailure) -> PlanFailure {
        match failure {
            PlanFailure::NotHere { reason, hints } => PlanFailure::Broken(Box::new(ConfigProblem {
                origin: self.section.origin.clone(),
                key: None,
                problem: format!("{reason}, but a role is to be assumed with it"),
                hints,
            })),
            broken @ PlanFailure::Broken(_) => broken,
        }
    }
}

/// Refuses settings that go on in an indented line. The format allows it, but for these it is always a property
/// that was indented by mistake; joined to the value, it would end up in requests and messages.
fn check_single_lines(section: &Section) -> Result<(), PlanFailure> {
    const KEYS: [&str; 13] = [
        "role_arn",
        "source_profile",
        "credential_source",
        "external_id",
        "role_session_name",
        "mfa_serial",
        "web_identity_token_file",
        "sso_session",
        "sso_start_url",
        "sso_region",
        "sso_account_id",
        "sso_role_name",
        "login_session",
    ];
    for key in KEYS {
        if let Some(property) = section.get(key).filter(|property| property.text().contains('\n')) {
            return Err(broken(property.origin(), key, "the value goes on in an indented line"));
        }
    }
    Ok(())
}

fn broken(origin: Origin, key: &str, problem: impl Into<String>) -> PlanFailure {
    PlanFailure::Broken(Box::new(ConfigProblem {
        origin,
        key: Some(key.to_owned()),
        problem: problem.into(),
        hints: Vec::new(),
    }))
}

impl PlanFailure {
    fn with_hint(mut self, hint: impl Into<String>) -> Self {
        match &mut self {
            PlanFailure::NotHere { hints, .. } => hints.push(hint.into()),
            PlanFailure::Broken(problem) => problem.hints.push(hint.into()),
        }
        self
    }
}

fn not_here(reason: String) -> PlanFailure {
    PlanFailure::NotHere { reason, hints: Vec::new() }
}

fn looped(visited: &[&str], name: &str, reference: &Property) -> PlanFailure {
    let names: Vec<_> = visited.iter().chain([&name]).map(|name| format!("`{name}`")).collect();
    let problem = format!("the source profiles form a loop: {}", names.join(" -> "));
    broken(reference.origin(), "source_profile", problem)
        .with_hint("end the chain with a profile that has keys of its own")
}

/// A profile that neither file holds; a `source_profile` names it, unless it is the selected one.
fn absent(set: &ProfileSet, name: &str, named_by: Option<&Property>) -> PlanFailure {
    let paths: Vec<_> = [&set.config_path, &set.credentials_path]
        .into_iter()
        .flatten()
        .map(|path| format!("`{}`", path.display()))
        .collect();
    let place = if paths.is_empty() { "any file".to_owned() } else { paths.join(" or ") };
    let mut reason = match name {
        "" => format!("there is no profile with an empty name in {place}"),
        name => format!("there is no profile `{}` in {place}", name.escape_debug()),
    };
    if let Some(reference) = named_by {
        reason.push_str(&format!(", which `source_profile` at {} names", reference.origin()));
    }
    let mut hints = Vec::new();
    let without_prefix = |kind: &WarningKind| matches!(kind, WarningKind::NoPrefix(found) if found == name);
    if let Some(warning) = set.warnings.iter().find(|warning| without_prefix(&warning.kind)) {
        hints.push(format!("write `[profile {name}]` for `[{name}]` at {}", warning.origin));
    }
    let near = nearest(name, set.profiles.keys().map(String::as_str));
    if !near.is_empty() {
        let near: Vec<_> = near.iter().map(|name| format!("`{name}`")).collect();
        hints.push(format!("profiles with a similar name: {}", near.join(", ")));
    }
    PlanFailure::NotHere { reason, hints }
}

#[cfg(test)]
mod tests;
