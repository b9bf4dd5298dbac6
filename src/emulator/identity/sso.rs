//! IAM Identity Center: the portal that gives credentials for an access token, and the OIDC service that
//! renews access tokens.
//!
//! Only what a client does after a login is there: no registration of clients, no device flow. Every refresh
//! token is good for one use, so a client that does not store the next one stands outside.
//!
//! <https://docs.aws.amazon.com/singlesignon/latest/PortalAPIReference/API_GetRoleCredentials.html>,
//! <https://docs.aws.amazon.com/singlesignon/latest/OIDCAPIReference/API_CreateToken.html>

use super::Visit;
use super::issued::{Purpose, Standing, session_arn};
use crate::emulator::answer::Reply;
use crate::emulator::form::Form;
use crate::emulator::refusal::Refusal;
use crate::time::unix_seconds;
use serde::Deserialize;
use serde_json::json;

/// `GetRoleCredentials`, which is not signed: the access token is in a header.
///
/// # Errors
///
/// `UnauthorizedException` for the token, `ForbiddenException` for account and role.
pub(super) fn role_credentials(visit: &Visit<'_>) -> Result<Reply, Refusal> {
    let query = Form::parse(visit.received.query().as_bytes());
    let member = |name| {
        query.get(name).filter(|value| !value.is_empty()).ok_or_else(|| {
            Refusal::new(400, "InvalidRequestException", format!("Missing required parameter: {name}"))
        })
    };
    let token = visit.received.header("x-amz-sso_bearer_token").unwrap_or_default();
    let seeds = &visit.options().sso_access_tokens;
    if visit.gate.issued.standing(Purpose::SsoAccess, token, seeds, visit.gate.now) != Standing::Good {
        return Err(Refusal::new(401, "UnauthorizedException", "Session token not found or invalid"));
    }
    let (role_name, account_id) = (member("role_name")?, member("account_id")?);
    let is_known = visit.options().sso_roles.as_ref().is_none_or(|roles| {
        roles.iter().any(|role| role.role_name == role_name && role.account_id == account_id)
    });
    if !is_known {
        return Err(Refusal::new(403, "ForbiddenException", "No access"));
    }
    let arn = session_arn(account_id, &format!("AWSReservedSSO_{role_name}_0123456789abcdef"), "demo");
    let issue = visit.issue(arn);
    let expiration = unix_seconds(issue.expiration).saturating_mul(1_000);
    Ok(Reply::json(
        200,
        &json!({ "roleCredentials": {
            "accessKeyId": issue.access_key_id,
            "secretAccessKey": issue.secret_access_key,
            "sessionToken": issue.session_token,
            "expiration": expiration,
        } }),
    ))
}

/// An error of the portal, its name in the header and in the body.
pub(super) fn portal_refused(refusal: &Refusal) -> Reply {
    let Refusal { status, code, message, .. } = refusal;
    let kind = format!("com.amazonaws.switchboard.portal#{code}");
    let mut reply = Reply::json(*status, &json!({ "message": message, "__type": kind }));
    reply.headers.push(("x-amzn-errortype", code.to_string()));
    reply
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CreateToken {
    client_id: String,
    client_secret: String,
    grant_type: String,
    refresh_token: Option<String>,
}

/// `CreateToken` with a refresh token, which is not signed either.
///
/// # Errors
///
/// What OAuth calls `invalid_request`, `invalid_client`, `unsupported_grant_type`, `invalid_grant` and
/// `expired_token`.
pub(super) fn create_token(visit: &Visit<'_>) -> Result<Reply, Refusal> {
    let request: CreateToken = serde_json::from_slice(&visit.received.body)
        .map_err(|_| Refusal::new(400, "InvalidRequestException", "Invalid request"))?;
    let is_client = visit.options().sso_clients.iter().any(|client| {
        client.client_id == request.client_id && client.client_secret.expose() == request.client_secret
    });
    if !is_client {
        return Err(Refusal::new(401, "InvalidClientException", "Invalid client"));
    }
    if request.grant_type != "refresh_token" {
        return Err(Refusal::new(400, "UnsupportedGrantTypeException", "Unsupported grant type"));
    }
    let token = request.refresh_token.unwrap_or_default();
    match visit.redeem(&token) {
        Standing::Good => {}
        Standing::Ended => return Err(Refusal::new(400, "ExpiredTokenException", "The token has expired")),
        Standing::Unknown => {
            return Err(Refusal::new(400, "InvalidGrantException", "Invalid refresh token provided"));
        }
    }
    let lifetime = visit.lifetime();
    let access_token = visit.gate.issued.issue_token(Purpose::SsoAccess, lifetime, visit.gate.now);
    Ok(Reply::json(
        200,
        &json!({
            "accessToken": access_token,
            "tokenType": "Bearer",
            "expiresIn": lifetime.as_secs(),
            "refreshToken": visit.next_refresh_token(),
        }),
    ))
}

/// An error of the OIDC service, under OAuth's name and under AWS's.
pub(super) fn oidc_refused(refusal: &Refusal) -> Reply {
    let Refusal { status, code, message, .. } = refusal;
    let error = oauth_name(code);
    let mut reply = Reply::json(*status, &json!({ "error": error, "error_description": message }));
    reply.headers.push(("x-amzn-errortype", code.to_string()));
    reply
}

/// `invalid_grant` for `InvalidGrantException`.
fn oauth_name(code: &str) -> String {
    let mut name = String::new();
    for letter in code.strip_suffix("Exception").unwrap_or(code).chars() {
        if letter.is_ascii_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.push(letter.to_ascii_lowercase());
    }
    name
}

#[cfg(test)]
mod tests {
    use super::oauth_name;

    #[test]
    fn errors_have_the_names_of_oauth() {
        for (code, name) in [
            ("InvalidGrantException", "invalid_grant"),
            ("UnsupportedGrantTypeException", "unsupported_grant_type"),
            ("Throttling", "throttling"),
            ("", ""),
        ] {
            assert_eq!(oauth_name(code), name);
        }
    }
}
