//! `sigv4-bedrock` and `sigv4-suite`: known signatures.

use super::{Verdicts, cases, json_files, name_of, only};
use outcrop::auth::sign::{Scope, SigningKeys, ToSign, sign, sign_keeping_path};
use outcrop::{Secret, time, uri};
use serde_json::Value;
use std::time::SystemTime;

/// A request of either folder.
struct Request {
    method: String,
    url: String,
    headers: Vec<(String, String)>,
    body: String,
    now: SystemTime,
}

fn text<'a>(case: &'a Value, pointer: &str) -> &'a str {
    case.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// The `authorization` header that the request gets.
fn authorization(
    request: &Request,
    keys: &Value,
    scope: Scope<'_>,
    is_path_kept: bool,
) -> Result<String, String> {
    only(keys, &["access_key_id", "secret_access_key", "session_token", "token"])?;
    let secret = Secret::from(text(keys, "/secret_access_key"));
    let token = keys["session_token"].as_str().or(keys["token"].as_str()).map(Secret::from);
    let keys = SigningKeys {
        access_key_id: text(keys, "/access_key_id"),
        secret_access_key: &secret,
        session_token: token.as_ref(),
    };
    let headers: Vec<(&str, &str)> = request.headers.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    let to_sign = ToSign {
        method: &request.method,
        url: &request.url,
        headers: &headers,
        body: request.body.as_bytes(),
    };
    let sign = if is_path_kept { sign_keeping_path } else { sign };
    let signed = sign(to_sign, keys, scope, request.now).map_err(|error| error.to_string())?;
    let found = signed.into_iter().find(|(name, _)| *name == "authorization");
    found.map(|(_, value)| value).ok_or_else(|| "no authorization".to_owned())
}

pub(super) fn bedrock(folder: &std::path::Path) -> Verdicts {
    let mut verdicts = Verdicts::default();
    for (_, file) in json_files(folder) {
        for case in cases(&file) {
            verdicts.check(name_of(case), || bedrock_case(case));
        }
    }
    verdicts
}

fn bedrock_case(case: &Value) -> Result<(), String> {
    only(case, &["credentials", "region", "service", "datetime", "epoch", "request", "expected"])?;
    only(&case["request"], &["method", "url", "headers", "body"])?;
    let headers = case["request"]["headers"].as_object().into_iter().flatten();
    let request = Request {
        method: text(case, "/request/method").to_owned(),
        url: text(case, "/request/url").to_owned(),
        headers: headers.map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned())).collect(),
        body: text(case, "/request/body").to_owned(),
        now: time::parse_amz_date(text(case, "/datetime")).unwrap(),
    };
    let scope = Scope { region: text(case, "/region"), service: text(case, "/service") };
    let found = authorization(&request, &case["credentials"], scope, false)?;
    let expected = text(case, "/expected/authorization");
    if found == expected { Ok(()) } else { Err(format!("{found}, expected {expected}")) }
}

pub(super) fn suite(folder: &std::path::Path) -> Verdicts {
    let mut verdicts = Verdicts::default();
    for (_, file) in json_files(folder) {
        for case in cases(&file) {
            verdicts.check(name_of(case), || suite_case(case));
        }
    }
    verdicts
}

fn suite_case(case: &Value) -> Result<(), String> {
    let context = &case["context"];
    only(case, &["context", "request", "expected"])?;
    // The life of a signature in a query is not for headers.
    only(
        context,
        &[
            "credentials",
            "expiration_in_seconds",
            "normalize",
            "omit_session_token",
            "region",
            "service",
            "sign_body",
            "timestamp",
        ],
    )?;
    let mut request = read_request(text(case, "/request"), text(context, "/timestamp"));
    if context["sign_body"] == true {
        // Who wants the hash of the body signed sends it as a header.
        let hash = ring::digest::digest(&ring::digest::SHA256, request.body.as_bytes());
        let hash = hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        request.headers.push(("x-amz-content-sha256".to_owned(), hash));
    }
    let mut keys = context["credentials"].clone();
    if context["omit_session_token"] == true {
        // The token is added to the request when it is signed already.
        keys.as_object_mut().unwrap().remove("token");
    }
    let scope = Scope { region: text(context, "/region"), service: text(context, "/service") };
    let found = authorization(&request, &keys, scope, is_path_kept(case, &request))?;
    let expected = format!("Signature={}", text(case, "/expected/signature"));
    if found.ends_with(&expected) { Ok(()) } else { Err(format!("{found}, expected {expected}")) }
}

/// Whether the service of a case takes the path as it is on the wire: steps are left in it, or it has escapes and
/// they are not escaped again.
fn is_path_kept(case: &Value, request: &Request) -> bool {
    let path = uri::split_url(&request.url).unwrap().path;
    let canonical = text(case, "/expected/canonical_request").lines().nth(1);
    case["context"]["normalize"] == false || (path.contains('%') && canonical == Some(path))
}

/// Reads raw HTTP text: a request line, headers that may go on over indented lines, a body.
fn read_request(raw: &str, timestamp: &str) -> Request {
    let (head, body) = raw.split_once("\n\n").unwrap_or((raw.trim_end(), ""));
    let mut lines = head.lines();
    let (method, rest) = lines.next().unwrap().split_once(' ').unwrap();
    let target = rest.rsplit_once(" HTTP/").unwrap().0;
    let mut headers: Vec<(String, String)> = Vec::new();
    for line in lines {
        match line.strip_prefix(' ') {
            Some(more) => headers.last_mut().unwrap().1.push_str(&format!(" {}", more.trim())),
            None => {
                let (name, value) = line.split_once(':').unwrap();
                headers.push((name.to_owned(), value.to_owned()));
            }
        }
    }
    let host = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("host")).unwrap().1.clone();
    headers.retain(|(name, _)| !name.eq_ignore_ascii_case("host"));
    let escape =
        |c: char| if c.is_ascii_graphic() { c.to_string() } else { uri::encode_segment(&c.to_string()) };
    let target: String = target.chars().map(escape).collect();
    Request {
        method: method.to_owned(),
        url: format!("https://{host}{target}"),
        headers,
        body: body.to_owned(),
        now: time::parse_rfc3339(timestamp).unwrap(),
    }
}
