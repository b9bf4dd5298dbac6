//! The metadata service of an EC2 instance (IMDSv2): the instance's role and its region.
//!
//! Every question carries a session token; version 1, which needs none, is never used. Where nothing answers,
//! there is no instance, and that must be found out quickly. Keys that the service cannot renew in time are
//! used beyond their date: an outage of the service must not become one of everything on the instance.
//!
//! See [IMDS credential provider](https://docs.aws.amazon.com/sdkref/latest/guide/feature-imds-credentials.html).

use super::call::Context;
use super::container::{coded, read_keys};
use super::fields::Fields;
use super::local::{self, LocalAnswer};
use super::{Answer, Credentials, Failure, imds_endpoint};
use crate::error::Error;
use crate::region::Region;
use crate::secret::Secret;
use crate::trail::Source;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

const TOKEN_PATH: &str = "/latest/api/token";
const ROLE_PATH: &str = "/latest/meta-data/iam/security-credentials/";
const REGION_PATH: &str = "/latest/meta-data/placement/region";
const TTL_HEADER: &str = "x-aws-ec2-metadata-token-ttl-seconds";
/// Six hours, the longest that the service gives.
const TTL_SECONDS: &str = "21600";
/// A token is renewed this long before its end.
const TOKEN_MARGIN: Duration = Duration::from_secs(120);
/// Limit for each answer: the service is on the machine's own network card.
const LIMIT: Duration = Duration::from_secs(1);
const ATTEMPTS: u32 = 4;
/// How long it is believed that there is no instance.
const ABSENT_FOR: Duration = Duration::from_secs(5);

/// The session with the service: its token, and the last keys that it gave.
#[derive(Default)]
pub(super) struct InstanceMetadata {
    token: Mutex<Option<(Secret, SystemTime)>>,
    /// That nothing answers, and until when this is believed: a call that needs region and keys waits once.
    absent: Mutex<Option<(String, SystemTime)>>,
    last: Mutex<Option<Credentials>>,
}

/// Why there is no answer.
enum Trouble {
    /// There is no such service here.
    NotHere(String),
    /// The service answered this status.
    Status(u16),
    /// It failed in another way.
    Failed(String),
}

impl InstanceMetadata {
    /// The keys of the instance's role.
    pub(super) async fn credentials(&self, context: Context<'_>) -> Answer<Credentials> {
        if imds_endpoint::is_disabled(context.env) {
            return Answer::NotHere(imds_endpoint::DISABLED.to_owned());
        }
        let base = match imds_endpoint::resolve(context.env, context.profiles) {
            Ok(base) => base.value,
            Err(error) => return broken(error.to_string(), true),
        };
        match self.fetch(context, &base).await {
            Answer::Found(keys) => {
                let keys = extended(context, keys);
                *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(keys.clone());
                Answer::Found(keys)
            }
            // Keys were here before: they outlive an outage of the service.
            answer => match self.last.lock().unwrap_or_else(PoisonError::into_inner).clone() {
                Some(keys) => Answer::Found(extended(context, keys)),
                None => answer,
            },
        }
    }

    /// The region of the instance. Whatever goes wrong, there is another answer to fall back to.
    pub(super) async fn region(&self, context: Context<'_>) -> Option<Region> {
        if imds_endpoint::is_disabled(context.env) {
            return None;
        }
        let base = imds_endpoint::resolve(context.env, context.profiles).ok()?.value;
        let answer = self.get(context, &base, REGION_PATH).await.ok()?;
        Region::new(std::str::from_utf8(&answer.body).ok()?.trim()).ok()
    }

    async fn fetch(&self, context: Context<'_>, base: &str) -> Answer<Credentials> {
        let role = match self.get(context, base, ROLE_PATH).await {
            Ok(answer) => answer,
            Err(Trouble::Status(404)) => return Answer::NotHere("the instance has no role".to_owned()),
            Err(trouble) => return trouble.into_answer(base),
        };
        let text = String::from_utf8_lossy(&role.body);
        let role = text.lines().next().unwrap_or_default().trim();
        if role.is_empty() {
            return Answer::NotHere("the instance has no role".to_owned());
        }
        // The characters of role names; anything else would make another path of it.
        if !role.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+=,.@_-".contains(&byte)) {
            return broken(format!("the metadata service at `{base}` names no role"), false);
        }
        match self.get(context, base, &format!("{ROLE_PATH}{role}")).await {
            Ok(answer) => read_answer(&answer.body, role),
            Err(trouble) => trouble.into_answer(base),
        }
    }

    /// Asks for a path; a token that is refused is renewed once.
    async fn get(&self, context: Context<'_>, base: &str, path: &str) -> Result<LocalAnswer, Trouble> {
        let url = format!("{base}{path}");
        let (mut attempt, mut is_renewed) = (1, false);
        loop {
            let token = self.token(context, base).await?;
            let headers = [("x-aws-ec2-metadata-token", token.expose())];
            let answer = local::exchange(context, "GET", &url, &headers, LIMIT).await;
            let answer = answer.map_err(|error| Trouble::Failed(error.to_string()))?;
            match answer.status {
                200..=299 => return Ok(answer),
                401 if !is_renewed => {
                    is_renewed = true;
                    *self.token.lock().unwrap_or_else(PoisonError::into_inner) = None;
                }
                status if local::is_passing(status) && attempt < ATTEMPTS => {
                    local::pause(context, attempt).await;
                    attempt += 1;
                }
                status => return Err(Trouble::Status(status)),
            }
        }
    }

    /// The session token in use, or a new one.
    async fn token(&self, context: Context<'_>, base: &str) -> Result<Secret, Trouble> {
        let known = self.token.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((token, until)) = known
            && context.now() < until
        {
            return Ok(token);
        }
        let absent = self.absent.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((why, until)) = absent
            && context.now() < until
        {
            return Err(Trouble::NotHere(why));
        }
        let (token, lifetime) = match new_token(context, base).await {
            Ok(found) => found,
            Err(trouble) => {
                if let (Trouble::NotHere(why), Some(until)) =
                    (&trouble, context.now().checked_add(ABSENT_FOR))
                {
                    let mut absent = self.absent.lock().unwrap_or_else(PoisonError::into_inner);
                    *absent = Some((why.clone(), until));
                }
                return Err(trouble);
            }
        };
        let until = context.now().checked_add(lifetime.saturating_sub(TOKEN_MARGIN));
        if let Some(until) = until {
            *self.token.lock().unwrap_or_else(PoisonError::into_inner) = Some((token.clone(), until));
        }
        Ok(token)
    }
}

async fn new_token(context: Context<'_>, base: &str) -> Result<(Secret, Duration), Trouble> {
    let url = format!("{base}{TOKEN_PATH}");
    let mut attempt = 1;
    loop {
        let answer = match local::exchange(context, "PUT", &url, &[(TTL_HEADER, TTL_SECONDS)], LIMIT).await {
            Ok(answer) => answer,
            Err(error) => return Err(no_token(base, &error)),
        };
        if local::is_passing(answer.status) && attempt < ATTEMPTS {
            local::pause(context, attempt).await;
            attempt += 1;
            continue;
        }
        if !(200..300).contains(&answer.status) {
            return Err(Trouble::Status(answer.status));
        }
        let lifetime = answer.header(TTL_HEADER).and_then(|seconds| seconds.trim().parse().ok());
        let Some(lifetime) = lifetime else {
            return Err(Trouble::Failed(format!("the answer to the token request has no `{TTL_HEADER}`")));
        };
        let token = std::str::from_utf8(&answer.body).ok().filter(|token| is_header_text(token));
        let Some(token) = token else {
            return Err(Trouble::Failed("the session token is no text".to_owned()));
        };
        return Ok((Secret::from(token), Duration::from_secs(lifetime)));
    }
}

fn is_header_text(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// No answer to the first request of a session means that there is no instance.
fn no_token(base: &str, error: &Error) -> Trouble {
    if matches!(error, Error::Transport(_)) {
        return Trouble::NotHere(format!("nothing answers at `{base}`"));
    }
    if matches!(error, Error::Timeout(_)) {
        return Trouble::NotHere(format!(
            "nothing answers at `{base}` within {} s (`AWS_EC2_METADATA_DISABLED=true` saves the wait; in a \
             container on an instance, raise the hop limit to 2)",
            LIMIT.as_secs()
        ));
    }
    Trouble::Failed(error.to_string())
}

impl Trouble {
    fn into_answer(self, base: &str) -> Answer<Credentials> {
        match self {
            Trouble::NotHere(why) => Answer::NotHere(why),
            Trouble::Status(status) => {
                let problem = format!("the metadata service at `{base}` answered with status {status}");
                let hint = "enable the instance's metadata endpoint (`HttpEndpoint`), or do without it: set \
                            `AWS_EC2_METADATA_DISABLED=true`";
                let hints = if status == 403 { vec![hint.to_owned()] } else { Vec::new() };
                Answer::Broken(Failure { problem, is_config: false, hints })
            }
            Trouble::Failed(why) => broken(format!("the metadata service at `{base}` failed: {why}"), false),
        }
    }
}

fn broken(problem: String, is_config: bool) -> Answer<Credentials> {
    Answer::Broken(Failure { problem, is_config, hints: Vec::new() })
}

fn read_answer(body: &[u8], role: &str) -> Answer<Credentials> {
    let unreadable = |why: String| {
        broken(format!("the credentials of the instance's role `{role}` cannot be read: {why}"), false)
    };
    let fields = match Fields::parse(body) {
        Ok(fields) => fields,
        Err(why) => return unreadable(why),
    };
    if let Some(code) = fields.text("Code").filter(|code| !code.eq_ignore_ascii_case("Success")) {
        let is_trust = code == "AssumeRoleUnauthorizedAccess";
        let hint = "let the service `ec2.amazonaws.com` assume the role in its trust policy".to_owned();
        return Answer::Broken(Failure {
            problem: format!(
                "the instance's role `{role}` gives no credentials: {}",
                coded(code, fields.text("Message"))
            ),
            is_config: is_trust,
            hints: if is_trust { vec![hint] } else { Vec::new() },
        });
    }
    match read_keys(&fields, Source::InstanceMetadata) {
        Ok(mut keys) => {
            keys.via = Some(format!("role `{role}` of the instance"));
            Answer::Found(keys)
        }
        Err(why) => unreadable(why),
    }
}

/// Keys past their date are used for another 10 to 15 minutes, then asked for again.
fn extended(context: Context<'_>, mut keys: Credentials) -> Credentials {
    let now = context.now();
    if keys.expires_at.is_some_and(|end| end <= now) {
        let spread = Duration::from_secs(300).mul_f64((context.world.random)().clamp(0.0, 1.0));
        keys.expires_at = now.checked_add(Duration::from_secs(600) + spread);
    }
    keys
}
