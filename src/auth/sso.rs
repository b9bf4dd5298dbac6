//! Credentials of a role in an account, from the portal of IAM Identity Center.
//!
//! `aws sso login` leaves a token in a cache file; [`token`] reads and refreshes it, and the portal gives keys for
//! it. The token goes to the portal and nowhere else: it is no Bedrock API key. Signing in is not done here.
//!
//! See [IAM Identity Center credential provider](https://docs.aws.amazon.com/sdkref/latest/guide/feature-sso-credentials.html)
//! and [GetRoleCredentials](https://docs.aws.amazon.com/singlesignon/latest/PortalAPIReference/API_GetRoleCredentials.html).

mod token;

pub(super) use token::{LastRefresh, hex};

use super::call::{self, Call, Context};
use super::fields::Fields;
use super::profile::plan::Sso;
use super::{Credentials, Failure};
use crate::endpoint::Service;
use crate::error::{Error, Result};
use crate::trail::Source;
use crate::uri;
use bytes::Bytes;
use std::time::{Duration, UNIX_EPOCH};
use token::Token;

/// The keys of the role that `profile` names.
pub(super) async fn credentials(
    context: Context<'_>,
    sso: &Sso,
    profile: &str,
    last_refresh: &LastRefresh,
) -> Result<Credentials, Failure> {
    let token = token::current(context, sso, profile, last_refresh).await?;
    let answer = ask(context, sso, &token).await.map_err(|error| refused(sso, profile, &token, &error))?;
    read_answer(&answer, sso).map_err(|why| Failure {
        problem: format!("the answer of the SSO portal cannot be read: {why}"),
        is_config: false,
        hints: Vec::new(),
    })
}

async fn ask(context: Context<'_>, sso: &Sso, token: &Token) -> Result<Bytes> {
    let endpoint = context.endpoint(Service::Sso, &sso.region)?;
    let names = [("role_name", sso.role_name.as_str()), ("account_id", sso.account_id.as_str())];
    let path = format!("/federation/credentials?{}", uri::encode_query(names));
    let header = ("x-amz-sso_bearer_token".to_owned(), token.access_token.expose().to_owned());
    let call = Call {
        endpoint: &endpoint,
        method: "GET",
        path: &path,
        headers: vec![header],
        body: Bytes::new(),
        keys: None,
    };
    context.send(call).await
}

fn refused(sso: &Sso, profile: &str, token: &Token, error: &Error) -> Failure {
    let what = format!("SSO gives no keys for role `{}` in account `{}`", sso.role_name, sso.account_id);
    let mut failure = call::failure(&what, error);
    if let Some(why) = &token.refusal {
        failure.problem.push_str(&format!("; before that, {why}"));
    }
    match error.status() {
        Some(401) => failure.hints.push(login_hint(profile)),
        Some(403) => failure.hints.push(format!(
            "check `sso_account_id` and `sso_role_name` of profile `{profile}`, and what your administrator assigned"
        )),
        Some(_) | None => {}
    }
    failure
}

/// What to do about a token that is gone or past its end.
fn login_hint(profile: &str) -> String {
    format!("run `aws sso login --profile {profile}`")
}

fn read_answer(body: &[u8], sso: &Sso) -> Result<Credentials, String> {
    let answer = Fields::parse(body)?;
    let keys = answer.needed_object("roleCredentials")?;
    let expiration = keys.get("expiration").and_then(|value| value.as_u64());
    let expires_at = expiration.and_then(|ms| UNIX_EPOCH.checked_add(Duration::from_millis(ms)));
    Ok(Credentials {
        access_key_id: keys.needed("accessKeyId")?.to_owned(),
        secret_access_key: keys.needed("secretAccessKey")?.into(),
        session_token: Some(keys.needed("sessionToken")?.into()),
        expires_at: Some(expires_at.ok_or("`expiration` is missing")?),
        account_id: Some(sso.account_id.clone()),
        source: Source::Profile,
        via: None,
    })
}
