//! Who is calling: header signatures and bearer tokens, checked as AWS's front end checks them.
//!
//! The checks run in AWS's order, and the refusals use AWS's words: clients tell a wrong key from a wrong
//! clock and from an expired token by type and text. It grants every caller every operation; denials are
//! faults, see `faults`.
//!
//! Bearer tokens: <https://docs.aws.amazon.com/bedrock/latest/userguide/api-keys.html>.

use super::api_key;
use super::identity::{DEMO_ACCOUNT_ID, HeldKey, Issued};
use super::options::{AccessKey, EmulatorOptions};
use super::received::Received;
use super::refusal::Refusal;
use super::signature::{ALGORITHM, Authorization, expected};
use crate::secret::Secret;
use crate::time::{amz_date, parse_amz_date};
use std::time::{Duration, SystemTime};

/// The region of callers whose credentials name none.
const DEFAULT_REGION: &str = "us-east-1";

/// Signatures further away from the clock than this are refused.
pub(super) const CLOCK_TOLERANCE: Duration = Duration::from_secs(5 * 60);

/// What credentials are checked against.
pub(super) struct Gate<'a> {
    /// Keys and tokens that were known from the beginning.
    pub(super) options: &'a EmulatorOptions,
    /// Keys that were given out since.
    pub(super) issued: &'a Issued,
    /// The emulator's clock.
    pub(super) now: SystemTime,
}

impl Gate<'_> {
    /// The region of requests whose credentials name none.
    pub(super) fn own_region(&self) -> String {
        self.options.region.clone().unwrap_or_else(|| DEFAULT_REGION.to_owned())
    }

    /// The key of this id, whether known from the beginning or given out since.
    pub(super) fn key(&self, access_key_id: &str) -> Option<HeldKey> {
        let known = self.options.access_keys.iter().find(|key| key.access_key_id == access_key_id);
        let known = known.map(|key| HeldKey { key: key.clone(), arn: demo_user() });
        known.or_else(|| self.issued.key(access_key_id))
    }

    /// The caller where nothing says who it is.
    fn nobody(&self) -> Caller {
        Caller { region: self.own_region(), arn: demo_user() }
    }
}

/// Whose request it is, as far as the answer depends on it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Caller {
    /// The region that the request is for.
    pub(super) region: String,
    /// The ARN of the user or of the role's session.
    pub(super) arn: String,
}

impl Caller {
    /// Whether the caller is a role that was assumed.
    pub(super) fn is_role_session(&self) -> bool {
        self.arn.contains(":assumed-role/")
    }
}

/// The ARN of the user behind keys that were known from the beginning.
pub(super) fn demo_user() -> String {
    format!("arn:aws:iam::{DEMO_ACCOUNT_ID}:user/demo")
}

/// Checks the credentials of `received`, whose signature must be for `service`.
///
/// # Errors
///
/// AWS's answer to credentials that are missing, unknown, expired, or wrong.
pub(super) fn verify(received: &Received, gate: &Gate<'_>, service: &str) -> Result<Caller, Refusal> {
    let options = gate.options;
    let Some(header) = received.header("authorization") else {
        return if options.require_auth {
            Err(Refusal::new(403, "MissingAuthenticationTokenException", "Missing Authentication Token"))
        } else {
            Ok(gate.nobody())
        };
    };
    match header.split_once(' ') {
        Some((scheme, parameters)) if scheme == ALGORITHM => {
            verify_signature(received, parameters, gate, service)
        }
        Some((scheme, token)) if service == "bedrock" && scheme.eq_ignore_ascii_case("bearer") => {
            verify_bearer(token, gate)
        }
        _ if !options.require_auth => Ok(gate.nobody()),
        _ => Err(incomplete(&["Credential", "Signature", "SignedHeaders"])),
    }
}

/// Tokens are compared as they are; short-term keys carry the proof with them.
fn verify_bearer(token: &str, gate: &Gate<'_>) -> Result<Caller, Refusal> {
    let options = gate.options;
    if !options.require_auth || options.bearer_tokens.iter().any(|known| known.expose() == token) {
        return Ok(gate.nobody());
    }
    match token.strip_prefix(api_key::PREFIX) {
        Some(encoded) => api_key::verify(encoded, gate),
        None if token.starts_with("ABSK") => Err(api_key::invalid()),
        None => Err(api_key::denied("Invalid API Key format: Must start with pre-defined prefix")),
    }
}

fn verify_signature(
    received: &Received,
    parameters: &str,
    gate: &Gate<'_>,
    service: &str,
) -> Result<Caller, Refusal> {
    let Gate { options, now, .. } = *gate;
    let authorization = match Authorization::parse(parameters) {
        Ok(authorization) => authorization,
        Err(_) if !options.require_auth => return Ok(gate.nobody()),
        Err(missing) => return Err(incomplete(&missing)),
    };
    let held = gate.key(authorization.access_key_id);
    let region = authorization.region.to_owned();
    if !options.require_auth {
        return Ok(Caller { region, arn: held.map_or_else(demo_user, |held| held.arn) });
    }
    let date = check_date(received, &authorization)?;
    check_scope(&authorization, date, options.region.as_deref(), service)?;
    let HeldKey { key, arn } = held.ok_or_else(invalid_token)?;
    check_token(received, &authorization, &key, now)?;
    let expected = expected(received, &authorization, date, key.secret_access_key.expose());
    if expected.signature != authorization.signature {
        return Err(invalid_signature(format!(
            "The request signature we calculated does not match the signature you provided. Check your AWS \
             Secret Access Key and signing method. Consult the service documentation for details.\n\nThe \
             Canonical String for this request should have been\n'{}'\n\nThe String-to-Sign should have \
             been\n'{}'\n",
            expected.canonical_request, expected.string_to_sign
        )));
    }
    check_clock(date, now)?;
    Ok(Caller { region, arn })
}

/// The signing time, as the header has it, when it is there, readable and signed.
fn check_date<'a>(received: &'a Received, authorization: &Authorization<'_>) -> Result<&'a str, Refusal> {
    let Some(date) = received.header("x-amz-date").filter(|date| parse_amz_date(date).is_some()) else {
        return Err(Refusal::new(
            403,
            "IncompleteSignatureException",
            "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header in the form \
             YYYYMMDD'T'HHMMSS'Z'.",
        ));
    };
    for (header, name) in [("host", "'Host' or ':authority'"), ("x-amz-date", "'X-Amz-Date'")] {
        if !authorization.signs(header) {
            return Err(invalid_signature(format!(
                "{name} must be a 'SignedHeader' in the AWS Authorization."
            )));
        }
    }
    Ok(date)
}

fn check_scope(
    authorization: &Authorization<'_>,
    amz_date: &str,
    expected_region: Option<&str>,
    expected_service: &str,
) -> Result<(), Refusal> {
    let Authorization { date, region, service, terminator, .. } = authorization;
    let problem = if amz_date.get(..8) != Some(*date) {
        format!(
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: \
             '{date}' != '{}', from '{amz_date}'.",
            amz_date.get(..8).unwrap_or_default()
        )
    } else if expected_region.is_some_and(|own| own != *region) || region.is_empty() {
        format!("Credential should be scoped to a valid region, not '{region}'. ")
    } else if *service != expected_service {
        format!("Credential should be scoped to correct service: '{expected_service}'. ")
    } else if *terminator != "aws4_request" {
        format!("Credential should be scoped with a valid terminator: 'aws4_request', not '{terminator}'. ")
    } else {
        return Ok(());
    };
    Err(invalid_signature(problem))
}

/// A session token must be there, right, signed and in time when the key has one, and absent when it has
/// none.
fn check_token(
    received: &Received,
    authorization: &Authorization<'_>,
    key: &AccessKey,
    now: SystemTime,
) -> Result<(), Refusal> {
    let sent = received.header("x-amz-security-token");
    if sent != key.session_token.as_ref().map(Secret::expose) {
        return Err(invalid_token());
    }
    if sent.is_some() && !authorization.signs("x-amz-security-token") {
        return Err(invalid_signature(
            "'X-Amz-Security-Token' must be a 'SignedHeader' in the AWS Authorization.".to_owned(),
        ));
    }
    if key.expires.is_some_and(|end| end <= now) {
        return Err(expired_token());
    }
    Ok(())
}

fn check_clock(date: &str, now: SystemTime) -> Result<(), Refusal> {
    let Some(signed) = parse_amz_date(date) else { return Ok(()) };
    let problem = if signed.checked_add(CLOCK_TOLERANCE).is_some_and(|end| end < now) {
        let limit = now.checked_sub(CLOCK_TOLERANCE).unwrap_or(now);
        format!(
            "Signature expired: {date} is now earlier than {} ({} - 5 min.)",
            amz_date(limit),
            amz_date(now)
        )
    } else if now.checked_add(CLOCK_TOLERANCE).is_some_and(|limit| limit < signed) {
        let limit = now.checked_add(CLOCK_TOLERANCE).unwrap_or(now);
        format!(
            "Signature not yet current: {date} is still later than {} ({} + 5 min.)",
            amz_date(limit),
            amz_date(now)
        )
    } else {
        return Ok(());
    };
    Err(invalid_signature(problem))
}

fn incomplete(missing: &[&str]) -> Refusal {
    let sentences: Vec<String> = missing
        .iter()
        .map(|parameter| format!("Authorization header requires '{parameter}' parameter."))
        .collect();
    Refusal::new(403, "IncompleteSignatureException", sentences.join(" "))
}

fn invalid_signature(message: String) -> Refusal {
    Refusal::new(403, "InvalidSignatureException", message)
}

fn invalid_token() -> Refusal {
    Refusal::new(403, "UnrecognizedClientException", "The security token included in the request is invalid.")
}

/// 403: temporary credentials past their end.
pub(super) fn expired_token() -> Refusal {
    Refusal::new(403, "ExpiredTokenException", "The security token included in the request is expired")
}

#[cfg(test)]
mod tests;
