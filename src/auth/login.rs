//! Credentials of a session of `aws login`: keys in a cache file, renewed at the sign-in service.
//!
//! The file holds a private key too; a renewal proves by a signature of it ([`dpop`]) that it comes from the
//! machine that signed in. Signing in is not done here.
//!
//! See [sign in through the AWS CLI](https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-sign-in.html).

mod der;
mod dpop;

use super::call::{self, Call, Context};
use super::fields::Fields;
use super::sso::hex;
use super::world::trouble;
use super::{Credentials, Failure};
use crate::endpoint::Service;
use crate::error::Result;
use crate::region::Region;
use crate::time;
use crate::trail::Source;
use ring::digest;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::time::Duration;
use zeroize::Zeroizing;

/// Keys are renewed this long before their end.
const MARGIN: Duration = Duration::from_secs(5 * 60);

/// The keys of the session that `profile` names.
pub(super) async fn credentials(
    context: Context<'_>,
    session: &str,
    profile: &str,
) -> Result<Credentials, Failure> {
    let path = cache_path(context, session)?;
    let unusable = |why: String| Failure {
        problem: format!(
            "the login session of profile `{profile}`, `{}`, cannot be used: {why}",
            path.display()
        ),
        is_config: false,
        hints: vec![format!("run `aws login --profile {profile}`")],
    };
    let text = (context.world.read_file)(&path).map_err(|error| unusable(trouble(&error)))?;
    let file = Fields::parse(&Zeroizing::new(text)).map_err(unusable)?;
    let keys = read_file(&file).map_err(unusable)?;
    let left = keys.expires_at.and_then(|end| end.duration_since(context.now()).ok());
    if left.is_some_and(|left| left > MARGIN) {
        return Ok(keys);
    }
    let answer = renew(context, &file).await.map_err(|error| Failure {
        hints: vec![format!("run `aws login --profile {profile}`")],
        ..call::failure(&format!("the login session of profile `{profile}` cannot be renewed"), &error)
    })?;
    save(context, &path, file, &answer).map_err(unusable)
}

fn cache_path(context: Context<'_>, session: &str) -> Result<PathBuf, Failure> {
    let folder = context.env.path("AWS_LOGIN_CACHE_DIRECTORY");
    let folder = folder.or_else(|| Some(context.env.home()?.join(".aws/login/cache")));
    let Some(folder) = folder else {
        return Err(Failure {
            problem: "there is no home folder (`HOME` is not set), so no cache of login sessions".to_owned(),
            is_config: true,
            hints: Vec::new(),
        });
    };
    let hash = digest::digest(&digest::SHA256, session.trim().as_bytes());
    Ok(folder.join(format!("{}.json", hex(hash.as_ref()))))
}

/// The keys in the file, which must be complete: what a renewal needs has to be there as well.
fn read_file(file: &Fields<'_>) -> Result<Credentials, String> {
    for name in ["refreshToken", "clientId", "dpopKey"] {
        file.needed(name)?;
    }
    let token = file.needed_object("accessToken")?;
    Ok(Credentials {
        access_key_id: token.needed("accessKeyId")?.to_owned(),
        secret_access_key: token.needed("secretAccessKey")?.into(),
        session_token: Some(token.needed("sessionToken")?.into()),
        expires_at: Some(token.needed_date("expiresAt")?),
        account_id: Some(token.needed("accountId")?.to_owned()),
        source: Source::Profile,
        via: None,
    })
}

async fn renew(context: Context<'_>, file: &Fields<'_>) -> Result<Fields<'static>> {
    let region = match file.text("signInRegion") {
        Some(name) => Region::new(name)?,
        None => context.region.clone(),
    };
    let endpoint = context.endpoint(Service::Signin, &region)?;
    let text = |name: &str| file.text(name).unwrap_or_default();
    let body = json!({
        "clientId": text("clientId"),
        "grantType": "refresh_token",
        "refreshToken": text("refreshToken"),
    });
    const PATH: &str = "/v1/token";
    let url = crate::transport::wire_url(&format!("{}{PATH}", endpoint.url))?;
    let invalid = |why: &str| crate::Error::InvalidRequest(why.into());
    let proof = dpop::proof(text("dpopKey"), "POST", &url, context.now()).map_err(invalid)?;
    let call = Call {
        endpoint: &endpoint,
        method: "POST",
        path: PATH,
        headers: vec![("content-type".to_owned(), "application/json".to_owned()), ("dpop".to_owned(), proof)],
        body: body.to_string().into(),
        keys: None,
    };
    let answer = context.send(call).await?;
    Fields::parse(&answer).map_err(|why| crate::client::unexpected(200, None, &why, None))
}

/// The new keys; the file gets them too.
fn save(
    context: Context<'_>,
    path: &Path,
    mut file: Fields<'_>,
    answer: &Fields<'_>,
) -> Result<Credentials, String> {
    let account_id = file.needed_object("accessToken")?.needed("accountId")?.to_owned();
    let keys = answer.needed_object("accessToken")?;
    let lifetime = answer.get("expiresIn").and_then(|seconds| seconds.as_u64());
    let lifetime = Duration::from_secs(lifetime.ok_or("`expiresIn` is missing")?);
    let expires_at = context.now().checked_add(lifetime).ok_or("`expiresIn` is no lifetime")?;
    let credentials = Credentials {
        access_key_id: keys.needed("accessKeyId")?.to_owned(),
        secret_access_key: keys.needed("secretAccessKey")?.into(),
        session_token: Some(keys.needed("sessionToken")?.into()),
        expires_at: Some(expires_at),
        account_id: Some(account_id.clone()),
        source: Source::Profile,
        via: None,
    };
    file.set(
        "accessToken",
        json!({
            "accessKeyId": keys.needed("accessKeyId")?,
            "secretAccessKey": keys.needed("secretAccessKey")?,
            "sessionToken": keys.needed("sessionToken")?,
            "accountId": account_id,
            "expiresAt": time::rfc3339(expires_at),
        }),
    );
    for name in ["refreshToken", "idToken", "tokenType"] {
        if let Some(text) = answer.text(name) {
            file.set(name, text);
        }
    }
    // The keys serve this process even where the folder cannot be written.
    let _ = (context.world.write_file)(path, file.into_json().to_string().as_bytes());
    Ok(credentials)
}
