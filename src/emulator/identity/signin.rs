//! AWS Sign-In: renews the credentials of `aws login`.
//!
//! The caller proves with a DPoP header (see `dpop`) that it holds the key of the login. Every refresh token
//! is good for one use. It does not remember which key a refresh token belongs to.
//!
//! <https://docs.aws.amazon.com/signin/latest/APIReference/API_CreateOAuth2Token.html>

use super::Visit;
use super::dpop;
use super::issued::Standing;
use crate::emulator::answer::Reply;
use crate::emulator::refusal::Refusal;
use crate::emulator::verify::demo_user;
use serde::Deserialize;
use serde_json::json;
use std::time::Duration;

/// The clients that AWS's own tools are.
const CLIENT_IDS: [&str; 2] =
    ["arn:aws:signin:::devtools/same-device", "arn:aws:signin:::devtools/cross-device"];

/// Credentials of a login last no longer than this.
const LONGEST_LIFE: Duration = Duration::from_secs(900);

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CreateOAuth2Token {
    client_id: String,
    grant_type: String,
    refresh_token: Option<String>,
}

/// `CreateOAuth2Token` with a refresh token.
///
/// # Errors
///
/// `ValidationException` for the request and the proof, an expired token for the refresh token, which
/// [`refused`] gives its name here.
pub(super) fn create_token(visit: &Visit<'_>) -> Result<Reply, Refusal> {
    let request: CreateOAuth2Token = serde_json::from_slice(&visit.received.body)
        .map_err(|_| Refusal::validation("The request body is not valid"))?;
    if !CLIENT_IDS.contains(&request.client_id.as_str()) {
        return Err(Refusal::validation("The client id is not valid"));
    }
    if request.grant_type != "refresh_token" {
        return Err(Refusal::validation("The grant type is not supported"));
    }
    let proof =
        visit.received.header("dpop").ok_or_else(|| Refusal::validation("The DPoP proof is missing"))?;
    let host = visit.received.header("host").unwrap_or_default();
    dpop::check(proof, host, visit.received.path(), visit.gate.now)
        .map_err(|problem| Refusal::validation(format!("The DPoP proof is not valid: {problem}")))?;
    match visit.redeem(&request.refresh_token.unwrap_or_default()) {
        Standing::Good => {}
        Standing::Ended | Standing::Unknown => {
            return Err(Refusal::new(400, "ExpiredTokenException", "The refresh token has expired"));
        }
    }
    let lifetime = visit.lifetime().min(LONGEST_LIFE);
    let issue = visit.issue_for(demo_user(), lifetime);
    Ok(Reply::json(
        200,
        &json!({
            "accessToken": {
                "accessKeyId": issue.access_key_id,
                "secretAccessKey": issue.secret_access_key,
                "sessionToken": issue.session_token,
            },
            "tokenType": "aws_sigv4",
            "expiresIn": lifetime.as_secs(),
            "refreshToken": visit.next_refresh_token(),
        }),
    ))
}

/// An error with the code that says more than its name.
pub(super) fn refused(refusal: &Refusal) -> Reply {
    let Refusal { status, code, message, .. } = refusal;
    let (name, error) = match code.as_ref() {
        "ExpiredTokenException" => ("AccessDeniedException", "TOKEN_EXPIRED"),
        "AccessDeniedException" => ("AccessDeniedException", "INSUFFICIENT_PERMISSIONS"),
        "ThrottlingException" => ("TooManyRequestsError", "rate_exceeded"),
        name if *status >= 500 => (name, "server_error"),
        name => (name, "INVALID_REQUEST"),
    };
    let mut reply = Reply::json(*status, &json!({ "error": error, "message": message }));
    reply.headers.push(("x-amzn-errortype", name.to_owned()));
    reply
}
