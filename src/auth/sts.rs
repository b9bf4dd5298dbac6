//! The Security Token Service: a role's temporary keys for other keys, or for a web identity token.
//!
//! Three calls, form in and XML out. Who may assume which role is decided by AWS alone.
//!
//! See [AssumeRole](https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html),
//! [AssumeRoleWithWebIdentity](https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html) and
//! [GetCallerIdentity](https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html).

use super::call::{Call, Context, failure};
use super::profile::plan::RoleStep;
use super::{Credentials, Failure};
use crate::endpoint::Service;
use crate::error::{BrokenSource, Error, ServiceClass};
use crate::trail::{Source, Trail};
use crate::{time, uri, xml};
use bytes::Bytes;
use std::time::{SystemTime, UNIX_EPOCH};

/// Assumes the role of a profile with `keys`.
pub(super) async fn assume_role(
    context: Context<'_>,
    role: &RoleStep,
    keys: &Credentials,
) -> Result<Credentials, Failure> {
    let session = role.session_name.clone().unwrap_or_else(|| session_name(context.now()));
    let duration = role.duration_seconds.map(|seconds| seconds.to_string());
    let code = mfa_code(context, role).await?;
    let mut form = vec![("RoleArn", role.role_arn.as_str()), ("RoleSessionName", &session)];
    form.extend(role.external_id.as_deref().map(|id| ("ExternalId", id)));
    form.extend(duration.as_deref().map(|seconds| ("DurationSeconds", seconds)));
    if let (Some(serial), Some(code)) = (&role.mfa_serial, &code) {
        form.extend([("SerialNumber", serial.as_str()), ("TokenCode", code)]);
    }
    let what = format!(
        "role `{}` of profile `{}` cannot be assumed with the key `{}`",
        role.role_arn,
        role.profile,
        keys.masked_key_id()
    );
    let body = call(context, "AssumeRole", &form, Some(keys)).await.map_err(|error| {
        let mut refused = failure(&what, &error);
        refused.hints.extend(remedies(role, &error));
        refused
    })?;
    read_answer(&body, keys.source).map_err(|why| unreadable(&what, &why))
}

/// What to do when AWS does not let these keys assume the role. A denial does not tell whether a policy forbids it,
/// or the role asks for a code from an MFA device.
fn remedies(role: &RoleStep, error: &Error) -> Vec<String> {
    let class = error.service_failure().map(|failure| failure.class);
    if class == Some(ServiceClass::AccessDenied) {
        let mfa = match &role.mfa_serial {
            Some(serial) => format!("check the code, and whether `{serial}` is the caller's MFA device"),
            None => format!("if the role asks for MFA, set `mfa_serial` in profile `{}`", role.profile),
        };
        let policies =
            "allow `sts:AssumeRole` in the caller's policy, and the caller in the role's trust policy";
        return vec![policies.to_owned(), mfa];
    }
    if matches!(class, Some(ServiceClass::CredentialsExpired | ServiceClass::CredentialsRejected)) {
        return vec![format!("replace the keys that profile `{}` assumes its role with", role.profile)];
    }
    Vec::new()
}

/// A code from the role's MFA device, if it names one. Asked on another thread: the caller can be given up
/// while nobody answers.
async fn mfa_code(context: Context<'_>, role: &RoleStep) -> Result<Option<String>, Failure> {
    let Some(serial) = role.mfa_serial.clone() else { return Ok(None) };
    let shown = serial.clone();
    let refuse = |why: &str| Failure {
        problem: format!("role `{}` needs a code from the MFA device `{shown}`, {why}", role.role_arn),
        is_config: false,
        hints: vec!["run it in a terminal, or use keys that need no code".to_owned()],
    };
    let Some(ask) = context.world.mfa_code.clone() else {
        return Err(refuse("and there is nobody to ask for it"));
    };
    match tokio::task::spawn_blocking(move || ask(&serial)).await {
        Ok(Ok(code)) if !code.trim().is_empty() => Ok(Some(code.trim().to_owned())),
        Ok(Ok(_) | Err(_)) | Err(_) => Err(refuse("and none was given")),
    }
}

/// Assumes a role with a web identity token. Nothing signs the call: the token is the proof.
pub(super) async fn assume_role_with_web_identity(
    context: Context<'_>,
    role_arn: &str,
    session: Option<&str>,
    token: &str,
    source: Source,
) -> Result<Credentials, Failure> {
    let session = session.map_or_else(|| session_name(context.now()), str::to_owned);
    let form = [("RoleArn", role_arn), ("RoleSessionName", &session), ("WebIdentityToken", token)];
    let what = format!("role `{role_arn}` cannot be assumed with the web identity token");
    let body = call(context, "AssumeRoleWithWebIdentity", &form, None).await;
    let body = body.map_err(|error| failure(&what, &error))?;
    read_answer(&body, source).map_err(|why| unreadable(&what, &why))
}

/// Who has certain keys.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CallerIdentity {
    /// The account, twelve digits.
    pub account: String,
    /// `arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION` and the like.
    pub arn: String,
    /// The unique id of the user or role.
    pub user_id: String,
}

/// Asks who has `keys`. No policy can forbid the answer.
pub(super) async fn caller_identity(
    context: Context<'_>,
    keys: &Credentials,
) -> Result<CallerIdentity, Error> {
    let what = format!("STS does not say who has the key `{}`", keys.masked_key_id());
    let broken = |Failure { problem, is_config, hints }| {
        let (source, trail) = (keys.source, Trail::new());
        Error::BrokenSource(Box::new(BrokenSource { source, problem, is_config, hints, trail }))
    };
    let body = match call(context, "GetCallerIdentity", &[], Some(keys)).await {
        Ok(body) => body,
        // That STS cannot be reached says nothing about the keys.
        Err(error @ (Error::Transport(_) | Error::Timeout(_))) => return Err(error),
        Err(error) => return Err(broken(failure(&what, &error))),
    };
    let document = std::str::from_utf8(&body).unwrap_or_default();
    let needed = |name: &str| {
        xml::text_of(document, name).ok_or_else(|| broken(unreadable(&what, &format!("`{name}` is missing"))))
    };
    Ok(CallerIdentity { account: needed("Account")?, arn: needed("Arn")?, user_id: needed("UserId")? })
}

/// A name for sessions that were given none.
fn session_name(now: SystemTime) -> String {
    let since = now.duration_since(UNIX_EPOCH).unwrap_or_default();
    format!("outcrop-{}", since.as_millis())
}

async fn call(
    context: Context<'_>,
    action: &str,
    form: &[(&str, &str)],
    keys: Option<&Credentials>,
) -> Result<Bytes, Error> {
    let endpoint = context.endpoint(Service::Sts, context.region)?;
    let head = [("Action", action), ("Version", "2011-06-15")];
    let body = uri::encode_query(head.iter().chain(form).copied());
    let content_type = ("content-type".to_owned(), "application/x-www-form-urlencoded".to_owned());
    let call = Call {
        endpoint: &endpoint,
        method: "POST",
        path: "/",
        headers: vec![content_type],
        body: body.into(),
        keys,
    };
    context.send(call).await
}

fn unreadable(what: &str, why: &str) -> Failure {
    let problem = format!("{what}: the answer of STS cannot be read, {why}");
    Failure { problem, is_config: false, hints: Vec::new() }
}

fn read_answer(body: &[u8], source: Source) -> Result<Credentials, String> {
    let document = std::str::from_utf8(body).map_err(|_| "it is not UTF-8 text".to_owned())?;
    let needed = |name: &str| xml::text_of(document, name).ok_or_else(|| format!("`{name}` is missing"));
    let expiration = needed("Expiration")?;
    let expires_at = time::parse_rfc3339(&expiration).ok_or("`Expiration` is no date")?;
    // arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION
    let arn = xml::text_of(document, "Arn");
    let account = arn.as_deref().and_then(|arn| arn.split(':').nth(4)).filter(|account| !account.is_empty());
    Ok(Credentials {
        access_key_id: needed("AccessKeyId")?,
        secret_access_key: needed("SecretAccessKey")?.into(),
        session_token: Some(needed("SessionToken")?.into()),
        expires_at: Some(expires_at),
        account_id: account.map(str::to_owned),
        source,
        via: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANSWER: &str = "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIA1</AccessKeyId>\
        <SecretAccessKey>secret&amp;Key</SecretAccessKey><SessionToken>token==</SessionToken>\
        <Expiration>2025-01-02T04:04:05Z</Expiration></Credentials><AssumedRoleUser>\
        <Arn>arn:aws:sts::123456789012:assumed-role/Bedrock/s</Arn></AssumedRoleUser></AssumeRoleResult>\
        </AssumeRoleResponse>";

    #[test]
    fn an_answer_gives_keys_expiry_and_account() {
        let keys = read_answer(ANSWER.as_bytes(), Source::Profile).unwrap();
        assert_eq!(keys.access_key_id, "ASIA1");
        assert_eq!(keys.secret_access_key.expose(), "secret&Key");
        assert_eq!(keys.session_token.unwrap().expose(), "token==");
        assert_eq!(time::rfc3339(keys.expires_at.unwrap()), "2025-01-02T04:04:05Z");
        assert_eq!(keys.account_id.as_deref(), Some("123456789012"));
    }

    #[test]
    fn an_incomplete_answer_names_the_field_and_no_value() {
        for (from, to, why) in [
            ("AccessKeyId", "Other", "`AccessKeyId` is missing"),
            ("2025-01-02T04:04:05Z", "soon", "`Expiration` is no date"),
        ] {
            let problem = read_answer(ANSWER.replace(from, to).as_bytes(), Source::Profile).unwrap_err();
            assert_eq!(problem, why);
        }
    }

    #[test]
    fn generated_session_names_are_valid() {
        let name = session_name(UNIX_EPOCH + std::time::Duration::from_millis(1_735_790_645_123));
        assert_eq!(name, "outcrop-1735790645123");
    }

    proptest::proptest! {
        #[test]
        fn any_answer_is_read_without_panic(body: Vec<u8>) {
            let _ = read_answer(&body, Source::Profile);
        }
    }
}
