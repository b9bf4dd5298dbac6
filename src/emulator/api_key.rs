//! Short-term Bedrock API keys: `bedrock-api-key-` and a presigned URL in Base64.
//!
//! The URL is that of a call which nobody makes, `CallWithBearerToken`; its signature says who made the key,
//! for which region, and for how long. Long-term keys (`ABSK...`) are compared, see `verify`.
//!
//! <https://docs.aws.amazon.com/bedrock/latest/userguide/api-keys-how.html>

use super::form::Form;
use super::identity::HeldKey;
use super::received::Received;
use super::refusal::Refusal;
use super::signature::{ALGORITHM, Authorization, expected};
use super::verify::{CLOCK_TOLERANCE, Caller, Gate};
use crate::secret::Secret;
use crate::time::parse_amz_date;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use std::time::{Duration, SystemTime};

/// What every short-term key begins with.
pub(super) const PREFIX: &str = "bedrock-api-key-";

/// The host that is signed, whatever the endpoint that the key is for.
const HOST: &str = "bedrock.amazonaws.com";

/// Added to the URL after it was signed.
const VERSION: &str = "&Version=1";

/// The longest life of a key: 12 hours.
const LONGEST_LIFE: u64 = 43_200;

/// Checks what follows [`PREFIX`].
///
/// # Errors
///
/// 403 `AccessDeniedException`: no presigned URL, the wrong one, or one whose time is over.
pub(super) fn verify(encoded: &str, gate: &Gate<'_>) -> Result<Caller, Refusal> {
    let query = decode(encoded).ok_or_else(|| denied("Invalid API Key format: Must be a presigned URL"))?;
    let form = Form::parse(query.as_bytes());
    let (caller, end) = check(&query, &form, gate).ok_or_else(invalid)?;
    if end <= gate.now {
        return Err(denied("Bearer Token has expired"));
    }
    Ok(caller)
}

/// 403: a key that is none of ours.
pub(super) fn invalid() -> Refusal {
    denied("Authentication failed: Please make sure your API Key is valid.")
}

/// 403 with this sentence.
pub(super) fn denied(message: &str) -> Refusal {
    Refusal::new(403, "AccessDeniedException", message)
}

/// The query of the URL, as it was when it was signed.
fn decode(encoded: &str) -> Option<String> {
    let url = String::from_utf8(STANDARD.decode(encoded).ok()?).ok()?;
    let query = url.strip_prefix(HOST)?.strip_prefix("/?")?.strip_suffix(VERSION)?;
    Some(query.to_owned())
}

/// Whose key it is and when it ends. `None`: something about it is wrong.
fn check(query: &str, form: &Form, gate: &Gate<'_>) -> Option<(Caller, SystemTime)> {
    let authorization = Authorization::from_query(form)?;
    let Authorization { access_key_id, date, region, service, terminator, ref signed_headers, .. } =
        authorization;
    let amz_date = form.get("X-Amz-Date")?;
    let is_right = form.get("Action") == Some("CallWithBearerToken")
        && form.get("X-Amz-Algorithm") == Some(ALGORITHM)
        && *signed_headers == ["host"]
        && amz_date.get(..8) == Some(date)
        && (service, terminator) == ("bedrock", "aws4_request")
        && gate.options.region.as_deref().is_none_or(|own| own == region);
    let HeldKey { key, arn } = gate.key(access_key_id).filter(|_| is_right)?;
    let is_token_right = form.get("X-Amz-Security-Token") == key.session_token.as_ref().map(Secret::expose);
    let signature =
        expected(&signed_request(query), &authorization, amz_date, key.secret_access_key.expose()).signature;
    if !is_token_right || signature != authorization.signature {
        return None;
    }
    let signed = parse_amz_date(amz_date)?;
    let life = form.get("X-Amz-Expires")?.parse().ok().filter(|life| (1..=LONGEST_LIFE).contains(life))?;
    if signed > gate.now.checked_add(CLOCK_TOLERANCE)? {
        return None;
    }
    let end = signed.checked_add(Duration::from_secs(life))?;
    // A key is worth no more than the credentials that it was made from.
    let end = key.expires.map_or(end, |key_end| end.min(key_end));
    Some((Caller { region: region.to_owned(), arn }, end))
}

/// The request that the URL stands for: all but its signature was signed.
fn signed_request(query: &str) -> Received {
    let signed: Vec<&str> = query.split('&').filter(|pair| !pair.starts_with("X-Amz-Signature=")).collect();
    Received {
        method: "POST".to_owned(),
        target: format!("/?{}", signed.join("&")),
        headers: vec![("host".to_owned(), HOST.to_owned())],
        body: Bytes::new(),
    }
}

#[cfg(test)]
mod tests;
