//! A role assumed with a token that something else keeps fresh in a file: EKS, GitHub, any OIDC provider.
//!
//! The variables and the profile are two sources that are never mixed. The file is read at every refresh, since
//! the token in it is replaced every few hours; its text is sent as it is.
//!
//! See [assume role credential provider](https://docs.aws.amazon.com/sdkref/latest/guide/feature-assume-role-credentials.html).

use super::call::Context;
use super::profile::plan::WebIdentity;
use super::world::trouble;
use super::{Answer, Credentials, Failure, sts};
use crate::env::Env;
use crate::trail::Source;
use zeroize::Zeroizing;

const FILE: &str = "AWS_WEB_IDENTITY_TOKEN_FILE";
const ROLE: &str = "AWS_ROLE_ARN";
const SESSION: &str = "AWS_ROLE_SESSION_NAME";

/// The role that the variables name.
pub(super) async fn from_variables(context: Context<'_>) -> Answer<Credentials> {
    let identity = match set_up(context.env) {
        Ok(identity) => identity,
        Err(why) => return Answer::NotHere(why),
    };
    match credentials(context, &identity, Source::WebIdentity).await {
        Ok(mut keys) => {
            keys.via = Some(format!("role `{}`", identity.role_arn));
            Answer::Found(keys)
        }
        Err(failure) => Answer::Broken(failure),
    }
}

/// What the variables name, or why they name nothing.
pub(super) fn set_up(env: &Env) -> Result<WebIdentity, String> {
    let token_file = env.path(FILE).ok_or_else(|| format!("`{FILE}` is not set"))?;
    let role_arn = env.get_non_blank(ROLE).ok_or_else(|| format!("`{FILE}` is set, but `{ROLE}` is not"))?;
    let session_name = env.get_non_blank(SESSION).map(str::to_owned);
    Ok(WebIdentity { role_arn: role_arn.to_owned(), token_file, session_name })
}

/// Reads the token and assumes the role.
pub(super) async fn credentials(
    context: Context<'_>,
    identity: &WebIdentity,
    source: Source,
) -> Result<Credentials, Failure> {
    let path = identity.token_file.display();
    let unusable = |why: String| Failure {
        problem: format!("the web identity token file `{path}` {why}"),
        is_config: false,
        hints: Vec::new(),
    };
    let bytes = (context.world.read_file)(&identity.token_file)
        .map_err(|error| unusable(format!("cannot be read: {}", trouble(&error))))?;
    let bytes = Zeroizing::new(bytes);
    let token = std::str::from_utf8(&bytes).map_err(|_| unusable("is not UTF-8 text".to_owned()))?;
    let session = identity.session_name.as_deref();
    let keys = sts::assume_role_with_web_identity(context, &identity.role_arn, session, token, source).await;
    keys.map_err(|mut failure| {
        failure.hints.push(format!(
            "check that something keeps the token in `{path}` fresh, and that the role trusts who issues it"
        ));
        failure
    })
}
