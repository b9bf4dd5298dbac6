//! The endpoint from which a container reads its role's credentials, as ECS and EKS Pod Identity have it.
//!
//! It is told to a container by `AWS_CONTAINER_CREDENTIALS_FULL_URI`.
//!
//! <https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html>

use super::issued::session_arn;
use super::options::{DEMO_ACCOUNT_ID, DEMO_ROLE_NAME};
use super::{Call, Visit};
use crate::emulator::answer::Reply;
use crate::emulator::refusal::Refusal;
use crate::secret::Secret;
use crate::time::rfc3339;
use serde_json::json;

/// The session name of a container's role is the task's id.
const TASK_ID: &str = "0123456789abcdef0123456789abcdef";

/// The request that this is, if it is one to the endpoint.
pub(super) fn route(method: &str, path: &str) -> Option<Call> {
    (method == "GET" && path == "/container/credentials").then_some(Call::ContainerCredentials)
}

/// The credentials of the container's role.
///
/// # Errors
///
/// 401 for an `Authorization` that is not the token which the container was given, letter by letter.
pub(super) fn credentials(visit: &Visit<'_>) -> Result<Reply, Refusal> {
    let expected = visit.options().container_token.as_ref().map(Secret::expose);
    if expected.is_some() && visit.received.header("authorization") != expected {
        return Err(Refusal::new(
            401,
            "UnauthorizedException",
            "The Authorization header does not hold the container's token",
        ));
    }
    let issue = visit.issue(session_arn(DEMO_ACCOUNT_ID, DEMO_ROLE_NAME, TASK_ID));
    Ok(Reply::json(
        200,
        &json!({
            "RoleArn": format!("arn:aws:iam::{DEMO_ACCOUNT_ID}:role/{DEMO_ROLE_NAME}"),
            "AccessKeyId": issue.access_key_id,
            "SecretAccessKey": issue.secret_access_key,
            "Token": issue.session_token,
            "Expiration": rfc3339(issue.expiration),
        }),
    ))
}

/// An error as the agent of ECS writes it.
pub(super) fn refused(refusal: &Refusal) -> Reply {
    let Refusal { status, code, message, .. } = refusal;
    Reply::json(*status, &json!({ "code": code, "message": message, "HTTPErrorCode": status }))
}
