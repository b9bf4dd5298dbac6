//! `outcrop auth`: which credentials a call would use and why, and API keys made from them.
//!
//! The status is data, on stdout; that there is nothing to use is an error besides, with its own exit code.

use super::args::{self, Global};
use super::out::Out;
use super::report::Report;
use super::session::Connection;
use crate::auth::{Auth, CallerIdentity, Credentials, Survey, bedrock_api_key, short_term_key};
use crate::client::Settings;
use crate::error::{BrokenSource, Error};
use crate::region::Region;
use crate::trail::{Outcome, Step};
use crate::{Env, Trail, time};
use serde_json::{Value, json};
use std::time::{Duration, SystemTime};

pub(super) async fn run(env: &Env, global: &Global, args: &args::Auth, out: &Out) -> Result<(), Report> {
    match args {
        args::Auth::Status { verify } => status(env, global, *verify, out).await,
        args::Auth::Token { ttl } => token(env, global, *ttl, out).await,
    }
}

/// All that is shown.
struct Status<'a> {
    survey: &'a Survey,
    settings: &'a Settings,
    caller: Option<Result<CallerIdentity, String>>,
    now: SystemTime,
}

async fn status(env: &Env, global: &Global, verify: bool, out: &Out) -> Result<(), Report> {
    let connection = Connection::open(env, global, None, out).await?;
    let report = |error: &Error| connection.report(error);
    let settings = match connection.client.settings().await {
        Ok(settings) => settings,
        Err(error) => {
            sources_alone(env, global, out).await;
            return Err(report(&error));
        }
    };
    let survey = connection.client.survey().await.map_err(|error| report(&error))?;
    let (caller, refused) = match &survey.auth {
        Ok(Auth::SigV4(keys)) if verify => match connection.client.caller_identity(keys).await {
            Ok(caller) => (Some(Ok(caller)), None),
            Err(error) => (Some(Err(error.to_string())), Some(error)),
        },
        Ok(Auth::Bearer(_)) if verify => (Some(Err("STS takes no API key".to_owned())), None),
        Ok(Auth::None) if verify => (Some(Err("requests are not signed".to_owned())), None),
        Ok(_) | Err(_) => (None, None),
    };
    let status = Status { survey: &survey, settings, caller, now: time::now() };
    let text = if global.json { format!("{}\n", status.to_json()) } else { status.to_text() };
    out.data(text.as_bytes()).map_err(|error| report(&error))?;
    survey.warnings.iter().for_each(|warning| out.warn(warning));
    let ended = status.keys().and_then(|keys| ended(keys, status.now));
    match (survey.auth.as_ref().err().or(ended.as_ref()), &refused) {
        (Some(error), _) => Err(report(error)),
        // What the connection knows, and what a flag can change, is of Bedrock and not of STS.
        (None, Some(error @ Error::Transport(_))) => {
            let hint = "check the network, and `HTTPS_PROXY` if there is a proxy".to_owned();
            Err(Report::plain(error).with_hints(vec![hint]))
        }
        (None, Some(error)) => Err(report(error)),
        (None, None) => Ok(()),
    }
}

/// What the sources say where the region cannot be found, as when an AWS file is broken: that is then the error.
async fn sources_alone(env: &Env, global: &Global, out: &Out) {
    let region = Some(Region::fallback().value.as_str().to_owned());
    let global = Global { region, ..global.clone() };
    let Ok(connection) = Connection::open(env, &global, None, out).await else { return };
    if let Ok(survey) = connection.client.survey().await
        && !global.json
    {
        let lines = survey.steps.iter().map(|step| (step.source.to_string(), said(step))).collect();
        // Where stdout is closed, the error that follows is all there is to say.
        let _ = out.data(aligned(lines).as_bytes());
    }
}

/// Names and texts in two columns.
fn aligned(lines: Vec<(String, String)>) -> String {
    let width = lines.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    lines.iter().map(|(name, text)| format!("{name:width$}  {text}").trim_end().to_owned() + "\n").collect()
}

/// Keys past their end, as an error.
fn ended(keys: &Credentials, now: SystemTime) -> Option<Error> {
    let end = keys.expires_at.filter(|end| *end <= now)?;
    Some(Error::BrokenSource(Box::new(BrokenSource {
        source: keys.source,
        problem: format!("its credentials ended {}", moment(end, now)),
        is_config: false,
        hints: vec!["get new ones".to_owned()],
        trail: Trail::new(),
    })))
}

impl Status<'_> {
    fn keys(&self) -> Option<&Credentials> {
        match &self.survey.auth {
            Ok(Auth::SigV4(keys)) => Some(keys),
            Ok(Auth::Bearer(_) | Auth::None) | Err(_) => None,
        }
    }

    fn to_text(&self) -> String {
        let mut lines: Vec<(String, String)> =
            self.survey.steps.iter().map(|step| (step.source.to_string(), said(step))).collect();
        lines.push((String::new(), String::new()));
        let Settings { region, endpoint, .. } = self.settings;
        lines.push(("scheme".into(), self.scheme()));
        lines.extend(self.expiry().map(|expiry| ("expires".to_owned(), expiry)));
        lines.push(("region".into(), format!("{} (from {})", region.value.as_str(), region.origin)));
        lines.push(("endpoint".into(), format!("{} (from {})", endpoint.value.url, endpoint.origin)));
        lines.extend(self.caller.as_ref().map(|caller| {
            let caller = match caller {
                Ok(caller) => caller.arn.clone(),
                Err(why) => format!("unknown: {why}"),
            };
            ("caller".to_owned(), caller)
        }));
        aligned(lines)
    }

    /// The decision between token and signature.
    fn scheme(&self) -> String {
        match &self.survey.auth {
            Ok(Auth::SigV4(_)) => "signatures (SigV4); there is no bearer token".into(),
            Ok(Auth::Bearer(_)) => "bearer token; it goes before all other credentials".into(),
            Ok(Auth::None) => "none; requests are not signed".into(),
            Err(_) => "none; there are no credentials to use".into(),
        }
    }

    /// When what is used ends, in words.
    fn expiry(&self) -> Option<String> {
        match &self.survey.auth {
            Ok(Auth::SigV4(keys)) => Some(match keys.expires_at {
                Some(end) => moment(end, self.now),
                None if keys.session_token.is_some() => "at a time that its source does not tell".into(),
                None => "never".into(),
            }),
            Ok(Auth::Bearer(token)) => Some(short_term_key(token).map_or_else(
                || "at a time that the key does not tell".into(),
                |key| {
                    format!(
                        "{}, or with the credentials it was made from; for region {}",
                        moment(key.expires_at, self.now),
                        key.region
                    )
                },
            )),
            Ok(Auth::None) | Err(_) => None,
        }
    }

    fn to_json(&self) -> Value {
        let Settings { region, endpoint, .. } = self.settings;
        let sources: Vec<Value> = self
            .survey
            .steps
            .iter()
            .map(|step| {
                let (outcome, detail) = parts(step);
                json!({ "source": step.source.as_str(), "outcome": outcome, "detail": detail })
            })
            .collect();
        let (scheme, end) = match &self.survey.auth {
            Ok(Auth::SigV4(keys)) => ("sigv4", keys.expires_at),
            Ok(Auth::Bearer(token)) => ("bearer", short_term_key(token).map(|key| key.expires_at)),
            Ok(Auth::None) | Err(_) => ("none", None),
        };
        let credentials = self.keys().map(|keys| {
            json!({
                "source": keys.source.as_str(),
                "via": keys.via,
                "key_id": keys.masked_key_id(),
                "temporary": keys.session_token.is_some(),
                "account_id": keys.account_id,
            })
        });
        let caller = self.caller.as_ref().and_then(|caller| caller.as_ref().ok());
        json!({
            "sources": sources,
            "scheme": scheme,
            "credentials": credentials,
            "expires_at": end.map(time::rfc3339),
            "region": { "value": region.value.as_str(), "origin": region.origin.to_string() },
            "endpoint": { "value": endpoint.value.url, "origin": endpoint.origin.to_string() },
            "caller": caller.map(|caller| json!({ "account": caller.account, "arn": caller.arn, "user_id": caller.user_id })),
            "warnings": self.survey.warnings,
        })
    }
}

fn parts(step: &Step) -> (&'static str, &str) {
    let (Outcome::Used(text) | Outcome::NotHere(text) | Outcome::Broken(text) | Outcome::NotAsked(text)) =
        &step.outcome;
    (step.outcome.as_str(), text)
}

fn said(step: &Step) -> String {
    let (outcome, detail) = parts(step);
    format!("{}: {detail}", outcome.replace('_', " "))
}

async fn token(env: &Env, global: &Global, ttl: Duration, out: &Out) -> Result<(), Report> {
    // A key that is set already, perhaps one of ours and about to end, makes no new one.
    let env = env.clone().without(crate::auth::bearer::VARIABLE).without("AWS_BEDROCK_SKIP_AUTH");
    let connection = Connection::open(&env, global, None, out).await?;
    let report = |error: &Error| connection.report(error);
    let settings = connection.client.settings().await.map_err(|error| report(&error))?;
    let (auth, trail) = connection.client.auth().await.map_err(|error| report(&error))?;
    let Auth::SigV4(keys) = auth else {
        return Err(Report::usage("an API key is made from AWS keys, and there are none"));
    };
    let now = time::now();
    if let Some(error) = ended(&keys, now) {
        return Err(report(&error));
    }
    let key = bedrock_api_key(&keys, &settings.region.value, ttl, now).map_err(|error| report(&error))?;
    trail.warnings.iter().for_each(|warning| out.warn(warning));
    if let Some(end) = keys.expires_at.filter(|end| now.checked_add(ttl).is_none_or(|over| *end < over)) {
        out.warn(&format!(
            "the key ends {}, before its time, with the credentials it is made from ({})",
            moment(end, now),
            keys.summary()
        ));
    }
    out.note(&format!(
        "it works in region `{}` only (from {})",
        settings.region.value.as_str(),
        settings.region.origin
    ));
    let text = if global.json {
        let ends = [keys.expires_at, now.checked_add(ttl)].into_iter().flatten().min();
        let region = settings.region.value.as_str();
        json!({ "token": key.expose(), "expires_at": ends.map(time::rfc3339), "region": region }).to_string()
    } else {
        key.expose().to_owned()
    };
    out.data(format!("{text}\n").as_bytes()).map_err(|error| report(&error))
}

/// `in 3 h 12 min (2026-01-02T03:04:05Z)`, or `5 min ago (...)`.
fn moment(at: SystemTime, now: SystemTime) -> String {
    let words = match at.duration_since(now) {
        Ok(left) => format!("in {}", in_words(left)),
        Err(past) => format!("{} ago", in_words(past.duration())),
    };
    format!("{words} ({})", time::rfc3339(at))
}

/// The two largest units.
fn in_words(span: Duration) -> String {
    let seconds = span.as_secs();
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, minutes) => format!("{minutes} min"),
        (0, hours, minutes) => format!("{hours} h {minutes} min"),
        (1, hours, _) => format!("1 day {hours} h"),
        (days, hours, _) => format!("{days} days {hours} h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_told_in_two_units() {
        for (seconds, words) in [
            (0, "0 s"),
            (59, "59 s"),
            (60, "1 min"),
            (3_599, "59 min"),
            (11_520, "3 h 12 min"),
            (86_400, "1 day 0 h"),
            (200_000, "2 days 7 h"),
        ] {
            assert_eq!(in_words(Duration::from_secs(seconds)), words);
        }
    }

    #[test]
    fn moments_are_before_or_after() {
        let now = time::parse_rfc3339("2026-01-02T03:04:05Z").unwrap();
        let hour = Duration::from_secs(3_600);
        assert_eq!(moment(now + hour, now), "in 1 h 0 min (2026-01-02T04:04:05Z)");
        assert_eq!(moment(now - hour, now), "1 h 0 min ago (2026-01-02T02:04:05Z)");
    }
}
