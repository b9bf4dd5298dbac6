//! Instance metadata, version 2: a session token first, then the role, its credentials and the region.
//!
//! Version 1, which takes no token, is off as on new instances. Nothing else of the metadata is there.
//!
//! <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html>

use super::issued::{Purpose, Standing, session_arn};
use super::options::{DEMO_ACCOUNT_ID, InstanceMetadata};
use super::{Call, Visit};
use crate::emulator::answer::Reply;
use crate::emulator::refusal::Refusal;
use crate::time::rfc3339;
use serde_json::json;
use std::time::Duration;

const TTL_HEADER: &str = "x-aws-ec2-metadata-token-ttl-seconds";
const ROLES: &str = "/latest/meta-data/iam/security-credentials/";

/// The longest life of a session token in seconds.
const LONGEST_TTL: u64 = 21_600;

/// The session name of an instance's role is the instance's id.
const INSTANCE_ID: &str = "i-0123456789abcdef0";

/// How long ago stale credentials claim to have ended.
const STALE_BY: Duration = Duration::from_secs(3_600);

/// The request under `/latest/` that this is.
pub(super) fn route(method: &str, path: &str) -> Call {
    match (method, path) {
        ("PUT", "/latest/api/token") => Call::MetadataToken,
        ("GET", ROLES) => Call::MetadataRole,
        ("GET", "/latest/meta-data/placement/region") => Call::MetadataRegion,
        ("GET", path) if path.starts_with(ROLES) => Call::MetadataCredentials,
        _ => Call::UnknownMetadata,
    }
}

/// Whether the instance's metadata service is off.
pub(super) fn is_disabled(visit: &Visit<'_>) -> bool {
    visit.options().instance_metadata == InstanceMetadata::Disabled
}

/// `PUT /latest/api/token`.
///
/// # Errors
///
/// 400 without a life between a second and six hours.
pub(super) fn token(visit: &Visit<'_>) -> Result<Reply, Refusal> {
    let ttl = visit.received.header(TTL_HEADER).and_then(|text| text.parse::<u64>().ok());
    let Some(ttl) = ttl.filter(|ttl| (1..=LONGEST_TTL).contains(ttl)) else {
        return Err(Refusal::new(400, "", "Bad Request"));
    };
    let token = visit.gate.issued.issue_token(Purpose::Metadata, Duration::from_secs(ttl), visit.gate.now);
    let mut reply = text(token);
    reply.headers.push((TTL_HEADER, ttl.to_string()));
    Ok(reply)
}

/// The name of the instance's role.
///
/// # Errors
///
/// 401 without a good token, 404 without a role.
pub(super) fn role(visit: &Visit<'_>) -> Result<Reply, Refusal> {
    check_token(visit)?;
    Ok(text(instance_role(visit)?.0.to_owned()))
}

/// The credentials of the role in the path.
///
/// # Errors
///
/// 401 without a good token, 404 for a role that is not the instance's.
pub(super) fn credentials(visit: &Visit<'_>) -> Result<Reply, Refusal> {
    check_token(visit)?;
    let (name, is_stale) = instance_role(visit)?;
    if visit.received.path().strip_prefix(ROLES) != Some(name) {
        return Err(not_found());
    }
    let issue = visit.issue(session_arn(DEMO_ACCOUNT_ID, name, INSTANCE_ID));
    let now = visit.gate.now;
    let stale = now.checked_sub(STALE_BY).filter(|_| is_stale);
    let body = json!({
        "Code": "Success",
        "LastUpdated": rfc3339(now),
        "Type": "AWS-HMAC",
        "AccessKeyId": issue.access_key_id,
        "SecretAccessKey": issue.secret_access_key,
        "Token": issue.session_token,
        "Expiration": rfc3339(stale.unwrap_or(issue.expiration)),
    });
    // The service says that its JSON is plain text.
    Ok(text(body.to_string()))
}

/// The instance's region.
///
/// # Errors
///
/// 401 without a good token.
pub(super) fn region(visit: &Visit<'_>) -> Result<Reply, Refusal> {
    check_token(visit)?;
    Ok(text(visit.gate.own_region()))
}

/// What is not there, for those who may know.
pub(super) fn unknown(visit: &Visit<'_>) -> Refusal {
    if visit.received.path() == "/latest/api/token" {
        return Refusal::new(405, "", "Method Not Allowed");
    }
    check_token(visit).err().unwrap_or_else(not_found)
}

/// An error as a page, which is all that this service has.
pub(super) fn refused(refusal: &Refusal) -> Reply {
    let (status, title) = (refusal.status, &refusal.message);
    let page = format!("<html><head><title>{status} - {title}</title></head></html>\n");
    Reply::whole(status, "text/html", page)
}

fn instance_role<'a>(visit: &Visit<'a>) -> Result<(&'a str, bool), Refusal> {
    match &visit.options().instance_metadata {
        InstanceMetadata::Role { name, is_stale } => Ok((name, *is_stale)),
        InstanceMetadata::NoRole | InstanceMetadata::Disabled => Err(not_found()),
    }
}

fn check_token(visit: &Visit<'_>) -> Result<(), Refusal> {
    let sent = visit.received.header("x-aws-ec2-metadata-token").unwrap_or_default();
    match visit.gate.issued.standing(Purpose::Metadata, sent, &[], visit.gate.now) {
        Standing::Good => Ok(()),
        Standing::Ended | Standing::Unknown => Err(Refusal::new(401, "", "Unauthorized")),
    }
}

fn not_found() -> Refusal {
    Refusal::new(404, "", "Not Found")
}

fn text(body: String) -> Reply {
    Reply::whole(200, "text/plain", body)
}
