//! Which credentials a refused request carried, and what to do about them: a refusal itself does not say.
//!
//! Key ids are shown by their last four characters. Who may do what is for `hints`.

use super::Facts;
use crate::auth::{Auth, Credentials, bearer};
use crate::client::Client;
use crate::error::{ServiceClass, ServiceFailure};
use crate::time;
use crate::trail::Source;

/// What the last request was authorised with.
fn used(facts: &Facts<'_>) -> Option<Auth> {
    facts.client?.last_auth()
}

/// The credentials of a request that was refused for them.
pub(super) fn cause(failure: &ServiceFailure, facts: &Facts<'_>) -> Option<String> {
    let is_about_them = matches!(
        failure.class,
        ServiceClass::CredentialsExpired | ServiceClass::CredentialsRejected | ServiceClass::ClockSkew
    );
    if !is_about_them {
        return None;
    }
    Some(match used(facts)? {
        Auth::SigV4(keys) => {
            let end = keys.expires_at.map(|end| format!(", until {}", time::rfc3339(end)));
            format!("signed with {}{}", place(&keys), end.unwrap_or_default())
        }
        Auth::Bearer(_) => format!("sent with the API key from `{}`", bearer::VARIABLE),
        Auth::None => "not signed, since `AWS_BEDROCK_SKIP_AUTH` is set".to_owned(),
    })
}

/// The key and where it came from.
fn place(keys: &Credentials) -> String {
    let key = format!("key `{}`", keys.masked_key_id());
    match (&keys.via, keys.source) {
        (Some(via), _) => format!("{key}: {via}"),
        (None, Source::Environment) => format!("{key} from `AWS_ACCESS_KEY_ID`"),
        (None, source) => format!("{key} from {source}"),
    }
}

/// What to do about credentials that have ended.
pub(super) fn expired(facts: &Facts<'_>) -> Vec<String> {
    match used(facts) {
        Some(Auth::SigV4(keys)) => match keys.source {
            Source::Environment => vec![environment_wins("set new ones"), whole_set()],
            Source::Profile => vec!["sign in again, or replace the keys of the profile".into()],
            Source::WebIdentity | Source::Container | Source::InstanceMetadata => vec![
                format!(
                    "the {} gave new keys, and they have ended as well: check this machine's clock",
                    keys.source
                ),
                "see what the sources say with `outcrop auth status --verify`".into(),
            ],
            Source::BearerToken | Source::Code => vec!["get new keys".into()],
        },
        Some(Auth::Bearer(_)) => vec![
            format!(
                "make a new API key, or unset `{}`, which wins over all other credentials",
                bearer::VARIABLE
            ),
            "a short-term key lasts for 12 hours at most, and no longer than the credentials it was made with"
                .into(),
        ],
        Some(Auth::None) | None => vec!["get new keys".into(), whole_set()],
    }
}

/// What to do about credentials that the service does not know.
pub(super) fn rejected(failure: &ServiceFailure, facts: &Facts<'_>) -> Vec<String> {
    let about_token =
        ["API Key", "api key", "bearer", "Bearer"].iter().any(|part| failure.message.contains(part));
    match used(facts) {
        Some(Auth::SigV4(keys)) => rejected_keys(&keys),
        Some(Auth::Bearer(_)) => api_key(facts),
        Some(Auth::None) => vec!["unset `AWS_BEDROCK_SKIP_AUTH`, so that requests are signed".into()],
        None if about_token => api_key(facts),
        None => vec![belong_together("key id and secret")],
    }
}

fn rejected_keys(keys: &Credentials) -> Vec<String> {
    // Without their token temporary keys are unknown ones.
    let lacks_token = keys.access_key_id.starts_with("ASIA") && keys.session_token.is_none();
    match keys.source {
        Source::Environment if lacks_token => vec![
            "set `AWS_SESSION_TOKEN` too: keys that begin with `ASIA` need it".into(),
            environment_wins("set new ones"),
        ],
        Source::Environment => vec![
            environment_wins("check them"),
            belong_together("`AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN`"),
        ],
        Source::Profile if lacks_token => {
            vec!["add `aws_session_token` to the profile: keys that begin with `ASIA` need it".into()]
        }
        Source::Profile => {
            vec![belong_together("`aws_access_key_id` and `aws_secret_access_key` of the profile")]
        }
        Source::WebIdentity | Source::Container | Source::InstanceMetadata => {
            vec!["see whose keys they are with `outcrop auth status --verify`".into()]
        }
        Source::BearerToken | Source::Code => vec![belong_together("key id and secret")],
    }
}

fn api_key(facts: &Facts<'_>) -> Vec<String> {
    let region = facts.client.and_then(Client::region).map(|region| region.value.as_str());
    let here = region.map(|region| format!(" (this call went to `{region}`)")).unwrap_or_default();
    vec![
        format!(
            "the key came from `{}`, which wins over all other credentials; unset it to use them",
            bearer::VARIABLE
        ),
        format!("a short-term key works only in the region it was made for{here}"),
    ]
}

fn environment_wins(otherwise: &str) -> String {
    format!("the keys of the environment go before every profile: {otherwise}, or unset `AWS_ACCESS_KEY_ID`")
}

fn whole_set() -> String {
    "temporary keys need all of `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN`".into()
}

fn belong_together(what: &str) -> String {
    format!("check that {what} belong together")
}

/// How far this machine's clock is off, as AWS's sentence tells it: `Signature expired: SIGNED is now earlier than
/// LIMIT (NOW - 5 min.)`.
pub(super) fn clock(failure: &ServiceFailure) -> Vec<String> {
    let is_part = |c: char| c.is_ascii_digit() || matches!(c, 'T' | 'Z');
    let mut dates = failure.message.split(|c| !is_part(c)).filter_map(time::parse_amz_date);
    let (signed, now) = (dates.next(), dates.next_back());
    let off = signed.zip(now).map(|(signed, now)| match now.duration_since(signed) {
        Ok(behind) => (behind, "behind"),
        Err(ahead) => (ahead.duration(), "ahead"),
    });
    let set = "AWS refuses signatures that are 5 minutes off";
    vec![match off {
        Some((span, way)) => {
            let minutes = span.as_secs().div_ceil(60);
            format!("set this machine's clock, which is {minutes} minutes {way}: {set}")
        }
        None => format!("set this machine's clock: {set}"),
    }]
}
