//! AWS Security Token Service: roles assumed with keys or with a web identity token, and who is calling.
//!
//! Forms in, XML out, and error codes of the query protocol, which are not those of Bedrock for the same
//! faults (`SignatureDoesNotMatch`, not `InvalidSignatureException`). Session policies, tags and MFA are
//! taken without a look.
//!
//! <https://docs.aws.amazon.com/STS/latest/APIReference/API_Operations.html>

use super::issued::{Issue, session_arn};
use super::{Call, Visit, denied};
use crate::emulator::answer::Reply;
use crate::emulator::form::Form;
use crate::emulator::refusal::Refusal;
use crate::emulator::verify::{Caller, verify};
use crate::time::{amz_date, rfc3339};
use std::time::Duration;

const VERSION: &str = "2011-06-15";
const NAMESPACE: &str = "https://sts.amazonaws.com/doc/2011-06-15/";

/// Length of a session for which none was asked.
const DEFAULT_DURATION: u64 = 3_600;

/// The longest session of a role that was assumed by another role.
const LONGEST_CHAINED: u64 = 3_600;

/// The action that the form names.
pub(super) fn route(body: &[u8]) -> Call {
    let form = Form::parse(body);
    match form.get("Action").filter(|_| form.get("Version") == Some(VERSION)) {
        Some("AssumeRole") => Call::AssumeRole,
        Some("AssumeRoleWithWebIdentity") => Call::AssumeRoleWithWebIdentity,
        Some("GetCallerIdentity") => Call::GetCallerIdentity,
        Some(_) | None => Call::UnknownAction,
    }
}

/// `AssumeRole`.
///
/// # Errors
///
/// What is wrong with the signature or with the form; `AccessDenied` for a role that is not there.
pub(super) fn assume_role(visit: &Visit<'_>) -> Result<Reply, Refusal> {
    let caller = verify(visit.received, visit.gate, "sts")?;
    let form = Form::parse(&visit.received.body);
    let session = Session::read(&form)?;
    if caller.is_role_session() && session.duration.is_some_and(|seconds| seconds > LONGEST_CHAINED) {
        return Err(Refusal::validation(
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role \
             chaining",
        ));
    }
    if !knows(visit, session.role_arn) {
        return Err(not_authorized(&caller, session.role_arn));
    }
    let (issue, user) = session.start(visit);
    Ok(result(visit, Call::AssumeRole, &[credentials(&issue), user].concat()))
}

/// `AssumeRoleWithWebIdentity`, which is not signed.
///
/// # Errors
///
/// What is wrong with the form or the token; `AccessDenied` for a role that is not there.
pub(super) fn assume_role_with_web_identity(visit: &Visit<'_>) -> Result<Reply, Refusal> {
    let form = Form::parse(&visit.received.body);
    let session = Session::read(&form)?;
    let token = required(&form, "WebIdentityToken", "webIdentityToken")?;
    let Some(known) = visit.options().web_identity_tokens.iter().find(|known| known.token.expose() == token)
    else {
        return Err(Refusal::new(
            400,
            "InvalidIdentityToken",
            "No OpenIDConnect provider found in your account for the issuer of the token",
        ));
    };
    if let Some(end) = known.expires.filter(|end| *end <= visit.gate.now) {
        let (now, end) = (amz_date(visit.gate.now), amz_date(end));
        let message =
            format!("Token expired: current date/time {now} must be before the expiration date/time {end}");
        return Err(Refusal::new(400, "ExpiredTokenException", message));
    }
    if !knows(visit, session.role_arn) {
        return Err(denied(Call::AssumeRoleWithWebIdentity));
    }
    let (issue, user) = session.start(visit);
    let subject = element("SubjectFromWebIdentityToken", "outcrop-emulator");
    let result_body = [subject, credentials(&issue), user].concat();
    Ok(result(visit, Call::AssumeRoleWithWebIdentity, &result_body))
}

/// `GetCallerIdentity`.
///
/// # Errors
///
/// What is wrong with the signature.
pub(super) fn get_caller_identity(visit: &Visit<'_>) -> Result<Reply, Refusal> {
    let caller = verify(visit.received, visit.gate, "sts")?;
    let account = caller.arn.split(':').nth(4).unwrap_or_default();
    let session_name = caller.arn.rsplit('/').next().unwrap_or_default();
    let user_id = if caller.is_role_session() {
        format!("AROAEMULATEDROLE00001:{session_name}")
    } else {
        "AIDAEMULATEDUSER00001".to_owned()
    };
    let members = [element("Arn", &caller.arn), element("UserId", &user_id), element("Account", account)];
    Ok(result(visit, Call::GetCallerIdentity, &members.concat()))
}

/// An action that is not there.
pub(super) fn unknown_action(visit: &Visit<'_>) -> Refusal {
    let form = Form::parse(&visit.received.body);
    let (action, version) = (form.get("Action").unwrap_or_default(), form.get("Version").unwrap_or_default());
    if action.is_empty() {
        return Refusal::new(400, "MissingAction", "The request is missing an Action parameter");
    }
    let message = format!("Could not find operation {action} for version {version}");
    Refusal::new(400, "InvalidAction", message)
}

/// An error in XML, under the name that the query protocol has for it.
pub(super) fn refused(call: Call, refusal: &Refusal, request_id: &str) -> Reply {
    let (status, code, message) = match (refusal.code.as_ref(), refusal.message.as_str()) {
        // For a signature it is the caller's own session token that has ended; the name for a web identity
        // token is the one that Bedrock has, with the status of the service model.
        ("ExpiredTokenException", message) if call == Call::AssumeRoleWithWebIdentity => {
            (400, "ExpiredTokenException", message)
        }
        ("ExpiredTokenException", message) => (403, "ExpiredToken", message),
        ("MissingAuthenticationTokenException", _) => {
            (403, "MissingAuthenticationToken", "Request is missing Authentication Token")
        }
        ("UnrecognizedClientException", message) => (403, "InvalidClientTokenId", message),
        ("InvalidSignatureException", message) => (403, "SignatureDoesNotMatch", message),
        ("IncompleteSignatureException", message) => (403, "IncompleteSignature", message),
        ("AccessDeniedException", message) => (403, "AccessDenied", message),
        ("ValidationException", message) => (400, "ValidationError", message),
        ("ThrottlingException", _) => (400, "Throttling", "Rate exceeded"),
        ("InternalServerException", message) => (refusal.status, "InternalFailure", message),
        ("ServiceUnavailableException", message) => (refusal.status, "ServiceUnavailable", message),
        (code, message) => (refusal.status, code, message),
    };
    let kind = if status < 500 { "Sender" } else { "Receiver" };
    let error = [element("Type", kind), element("Code", code), element("Message", message)].concat();
    let body = format!(
        "<ErrorResponse xmlns=\"{NAMESPACE}\"><Error>{error}</Error>{}</ErrorResponse>",
        element("RequestId", request_id)
    );
    Reply::whole(status, "text/xml", body)
}

/// `AccessDenied` for a role: also the answer to a role that does not exist.
fn not_authorized(caller: &Caller, role_arn: &str) -> Refusal {
    let arn = &caller.arn;
    let message = format!("User: {arn} is not authorized to perform: sts:AssumeRole on resource: {role_arn}");
    Refusal::new(403, "AccessDeniedException", message)
}

fn knows(visit: &Visit<'_>, role_arn: &str) -> bool {
    visit.options().roles.as_ref().is_none_or(|roles| roles.iter().any(|known| known == role_arn))
}

/// The session that a form asks for.
struct Session<'a> {
    role_arn: &'a str,
    account_id: &'a str,
    role_name: &'a str,
    name: &'a str,
    duration: Option<u64>,
}

impl<'a> Session<'a> {
    fn read(form: &'a Form) -> Result<Self, Refusal> {
        let role_arn = required(form, "RoleArn", "roleArn")?;
        let name = required(form, "RoleSessionName", "roleSessionName")?;
        check_session_name(name)?;
        let duration = form.get("DurationSeconds").map(read_duration).transpose()?;
        let (account_id, role_name) =
            split_role_arn(role_arn).ok_or_else(|| Refusal::validation("Request ARN is invalid"))?;
        Ok(Self { role_arn, account_id, role_name, name, duration })
    }

    /// Credentials of the session, and the element that describes it.
    fn start(&self, visit: &Visit<'_>) -> (Issue, String) {
        let Self { account_id, role_name, name, duration, .. } = self;
        // The path of a role is no part of its sessions' ARNs.
        let arn = session_arn(account_id, role_name, name);
        let asked = Duration::from_secs(duration.unwrap_or(DEFAULT_DURATION));
        let issue = visit.issue_for(arn.clone(), asked);
        let id = element("AssumedRoleId", &format!("AROAEMULATEDROLE00001:{name}"));
        (issue, format!("<AssumedRoleUser>{id}{}</AssumedRoleUser>", element("Arn", &arn)))
    }
}

fn required<'a>(form: &'a Form, name: &str, member: &str) -> Result<&'a str, Refusal> {
    form.get(name).ok_or_else(|| {
        violation(format!("Value null at '{member}' failed to satisfy constraint: Member must not be null"))
    })
}

fn check_session_name(name: &str) -> Result<(), Refusal> {
    let is_allowed = |character: char| character.is_ascii_alphanumeric() || "_+=,.@-".contains(character);
    let constraint = match name.chars().count() {
        0 | 1 => "Member must have length greater than or equal to 2",
        65.. => "Member must have length less than or equal to 64",
        2..=64 if name.chars().all(is_allowed) => return Ok(()),
        2..=64 => "Member must satisfy regular expression pattern: [\\w+=,.@-]*",
    };
    Err(violation(format!("Value '{name}' at 'roleSessionName' failed to satisfy constraint: {constraint}")))
}

fn read_duration(text: &str) -> Result<u64, Refusal> {
    let constraint = match text.parse::<u64>() {
        Ok(seconds) if seconds < 900 => "Member must have value greater than or equal to 900",
        Ok(seconds) if seconds > 43_200 => "Member must have value less than or equal to 43200",
        Ok(seconds) => return Ok(seconds),
        Err(_) => return Err(Refusal::new(400, "MalformedInput", "")),
    };
    Err(violation(format!("Value '{text}' at 'durationSeconds' failed to satisfy constraint: {constraint}")))
}

/// Account and name in `arn:aws:iam::123456789012:role/path/name`.
fn split_role_arn(arn: &str) -> Option<(&str, &str)> {
    let rest = arn.strip_prefix("arn:aws")?;
    let (_partition, rest) = rest.split_once(":iam::")?;
    let (account_id, role) = rest.split_once(":role/")?;
    let is_account = account_id.len() == 12 && account_id.bytes().all(|byte| byte.is_ascii_digit());
    let name = role.rsplit('/').next().filter(|name| !name.is_empty())?;
    is_account.then_some((account_id, name))
}

fn violation(text: String) -> Refusal {
    Refusal::constraints(&[text])
}

fn credentials(issue: &Issue) -> String {
    let members = [
        element("AccessKeyId", &issue.access_key_id),
        element("SecretAccessKey", &issue.secret_access_key),
        element("SessionToken", &issue.session_token),
        element("Expiration", &rfc3339(issue.expiration)),
    ];
    format!("<Credentials>{}</Credentials>", members.concat())
}

fn result(visit: &Visit<'_>, call: Call, members: &str) -> Reply {
    let (name, id) = (call.name(), element("RequestId", visit.request_id));
    let body = format!(
        "<{name}Response xmlns=\"{NAMESPACE}\"><{name}Result>{members}</{name}Result>\
         <ResponseMetadata>{id}</ResponseMetadata></{name}Response>"
    );
    Reply::whole(200, "text/xml", body)
}

fn element(name: &str, text: &str) -> String {
    let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    format!("<{name}>{escaped}</{name}>")
}

#[cfg(test)]
mod tests {
    use super::{check_session_name, element, read_duration, split_role_arn};

    #[test]
    fn role_arns_are_split() {
        for (arn, parts) in [
            ("arn:aws:iam::123456789012:role/Bedrock", Some(("123456789012", "Bedrock"))),
            ("arn:aws-us-gov:iam::123456789012:role/a/b/Pod", Some(("123456789012", "Pod"))),
            ("arn:aws:iam::12345678901:role/Bedrock", None),
            ("arn:aws:iam::123456789012:role/", None),
            ("arn:aws:iam::123456789012:user/ada", None),
            ("Bedrock", None),
            ("", None),
        ] {
            assert_eq!(split_role_arn(arn), parts, "{arn}");
        }
    }

    #[test]
    fn bounds_of_the_service_model_are_kept() {
        let (longest, too_long) = ("x".repeat(64), "x".repeat(65));
        for (name, is_good) in [
            ("ab", true),
            ("a+=,.@-_1", true),
            (longest.as_str(), true),
            (too_long.as_str(), false),
            ("a", false),
            ("a b", false),
            ("né", false),
        ] {
            assert_eq!(check_session_name(name).is_ok(), is_good, "{name}");
        }
        for (text, seconds) in
            [("900", Some(900)), ("43200", Some(43_200)), ("899", None), ("43201", None), ("1h", None)]
        {
            assert_eq!(read_duration(text).ok(), seconds, "{text}");
        }
    }

    #[test]
    fn text_is_escaped() {
        assert_eq!(element("A", "a&b<c>"), "<A>a&amp;b&lt;c&gt;</A>");
    }
}
