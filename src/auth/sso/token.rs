//! The cached token of `aws sso login`: where it lies, and how it is refreshed.
//!
//! The file is named by the SHA-1 of the session's name, or of the start URL in the legacy form, which cannot be
//! refreshed. Other programs read and write the file too, so it is read anew each time, and what is not
//! understood in it is kept.
//!
//! See [CreateToken](https://docs.aws.amazon.com/singlesignon/latest/OIDCAPIReference/API_CreateToken.html).

use super::login_hint;
use crate::auth::Failure;
use crate::auth::call::{self, Call, Context};
use crate::auth::fields::Fields;
use crate::auth::profile::plan::Sso;
use crate::auth::world::trouble;
use crate::endpoint::Service;
use crate::error::Result;
use crate::secret::Secret;
use crate::time;
use ring::digest;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

/// A token is refreshed this long before its end.
const MARGIN: Duration = Duration::from_secs(5 * 60);
/// A refresh is not tried again sooner.
const RETRY_AFTER: Duration = Duration::from_secs(30);

/// When a refresh was last tried.
#[derive(Debug, Default)]
pub(in crate::auth) struct LastRefresh(Mutex<Option<SystemTime>>);

impl LastRefresh {
    /// Whether a refresh may be tried now; if so, it counts as tried.
    fn may_begin(&self, now: SystemTime) -> bool {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let may = last.is_none_or(|last| now.duration_since(last).is_ok_and(|since| since >= RETRY_AFTER));
        if may {
            *last = Some(now);
        }
        may
    }
}

/// A token for the portal.
pub(super) struct Token {
    pub(super) access_token: Secret,
    /// Why it could not be refreshed, if that was tried.
    pub(super) refusal: Option<String>,
}

/// The token of the profile's session, refreshed if it is near its end and can be.
pub(super) async fn current(
    context: Context<'_>,
    sso: &Sso,
    profile: &str,
    last_refresh: &LastRefresh,
) -> Result<Token, Failure> {
    let path = cache_path(context, sso.session.as_deref().unwrap_or(&sso.start_url))?;
    let file = read(context, &path).map_err(|why| unreadable(context, sso, profile, &path, &why))?;
    let unusable = |why: String| unreadable(context, sso, profile, &path, &why);
    let access_token = Secret::from(file.needed("accessToken").map_err(unusable)?);
    let expires_at = file.needed_date("expiresAt").map_err(unusable)?;
    let left = expires_at.duration_since(context.now()).unwrap_or_default();
    if sso.session.is_none() || left >= MARGIN {
        return Ok(Token { access_token, refusal: None });
    }
    if is_refreshable(&file, context.now()) && last_refresh.may_begin(context.now()) {
        return match refresh(context, sso, &file).await {
            Ok(answer) => save(context, &path, file, &answer),
            // The portal has the last word on the old token.
            Err(error) => {
                let what = format!("the token of profile `{profile}` could not be refreshed");
                Ok(Token { access_token, refusal: Some(call::failure(&what, &error).problem) })
            }
        };
    }
    if left.is_zero() {
        return Err(Failure {
            problem: format!("the SSO token of profile `{profile}` ended at {}", time::rfc3339(expires_at)),
            is_config: false,
            hints: vec![login_hint(profile)],
        });
    }
    Ok(Token { access_token, refusal: None })
}

fn cache_path(context: Context<'_>, key: &str) -> Result<PathBuf, Failure> {
    let Some(home) = context.env.home() else {
        return Err(Failure {
            problem: "there is no home folder (`HOME` is not set), so no cache of SSO tokens".to_owned(),
            is_config: true,
            hints: Vec::new(),
        });
    };
    let hash = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, key.as_bytes());
    Ok(home.join(".aws/sso/cache").join(format!("{}.json", hex(hash.as_ref()))))
}

/// Bytes as lower-case hexadecimal digits.
pub(in crate::auth) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn read(context: Context<'_>, path: &std::path::Path) -> Result<Fields<'static>, String> {
    let text = (context.world.read_file)(path).map_err(|error| trouble(&error))?;
    Fields::parse(&zeroize::Zeroizing::new(text))
}

fn unreadable(context: Context<'_>, sso: &Sso, profile: &str, path: &std::path::Path, why: &str) -> Failure {
    let mut problem =
        format!("the SSO token of profile `{profile}`, `{}`, cannot be read: {why}", path.display());
    let legacy = cache_path(context, &sso.start_url).ok().filter(|_| sso.session.is_some());
    if legacy.is_some_and(|path| read(context, &path).is_ok()) {
        problem.push_str("; there is a token for its start URL, but `sso_session` needs one for the session");
    }
    Failure { problem, is_config: false, hints: vec![login_hint(profile)] }
}

/// Whether the file holds all that a refresh needs, and the registration of the client is still good.
fn is_refreshable(file: &Fields<'_>, now: SystemTime) -> bool {
    let has_all = ["refreshToken", "clientId", "clientSecret"].iter().all(|name| file.text(name).is_some());
    has_all && file.date("registrationExpiresAt").ok().flatten().is_some_and(|end| end > now)
}

async fn refresh(context: Context<'_>, sso: &Sso, file: &Fields<'_>) -> Result<Fields<'static>> {
    let endpoint = context.endpoint(Service::SsoOidc, &sso.region)?;
    let text = |name: &str| file.text(name).unwrap_or_default();
    let body = serde_json::json!({
        "clientId": text("clientId"),
        "clientSecret": text("clientSecret"),
        "grantType": "refresh_token",
        "refreshToken": text("refreshToken"),
    });
    let call = Call {
        endpoint: &endpoint,
        method: "POST",
        path: "/token",
        headers: vec![("content-type".to_owned(), "application/json".to_owned())],
        body: body.to_string().into(),
        keys: None,
    };
    let answer = context.send(call).await?;
    let unreadable = |why: String| crate::client::unexpected(200, None, &why, None);
    let answer = Fields::parse(&answer).map_err(unreadable)?;
    answer.needed("accessToken").map_err(unreadable)?;
    Ok(answer)
}

/// The new token; the file gets it too, with whole seconds and `Z`, which every reader of it understands.
fn save(
    context: Context<'_>,
    path: &std::path::Path,
    mut file: Fields<'_>,
    answer: &Fields<'_>,
) -> Result<Token, Failure> {
    let access_token = Secret::from(answer.text("accessToken").unwrap_or_default());
    let lifetime = answer.get("expiresIn").and_then(|seconds| seconds.as_u64()).unwrap_or(0);
    let expires_at = context.now().checked_add(Duration::from_secs(lifetime)).unwrap_or(context.now());
    file.set("accessToken", access_token.expose());
    file.set("expiresAt", time::rfc3339(expires_at));
    if let Some(refresh_token) = answer.text("refreshToken") {
        file.set("refreshToken", refresh_token);
    }
    // The token serves this process even where the folder cannot be written.
    let _ = (context.world.write_file)(path, file.into_json().to_string().as_bytes());
    Ok(Token { access_token, refusal: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refresh_is_not_tried_again_within_half_a_minute() {
        let last = LastRefresh::default();
        let at = |seconds| time::from_unix_seconds(seconds).unwrap();
        for (seconds, may) in [(0, true), (29, false), (30, true), (31, false), (10, false)] {
            assert_eq!(last.may_begin(at(seconds)), may, "{seconds}");
        }
    }

    #[test]
    fn only_a_complete_registration_can_refresh() {
        let now = time::from_unix_seconds(1_735_787_045).unwrap();
        let all = r#"{"refreshToken":"r","clientId":"c","clientSecret":"s","registrationExpiresAt":"2099-01-01T00:00:00Z"}"#;
        assert!(is_refreshable(&Fields::parse(all.as_bytes()).unwrap(), now));
        for (from, to) in
            [("refreshToken", "x"), ("clientSecret", "x"), ("2099", "2020"), ("2099-01-01T00:00:00Z", "x")]
        {
            let text = all.replace(from, to);
            assert!(!is_refreshable(&Fields::parse(text.as_bytes()).unwrap(), now), "{text}");
        }
    }
}
