//! `sigv4-bedrock` and `sigv4-suite`: known signatures.

use super::{Verdict, Verdicts, cases, json_files, name_of};
use outcrop::auth::sign::{Scope, SigningKeys, ToSign, sign};
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
fn authorization(request: &Request, keys: &Value, scope: Scope<'_>) -> Result<String, String> {
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
    let signed = sign(to_sign, keys, scope, request.now).map_err(|error| error.to_string())?;
    let found = signed.into_iter().find(|(name, _)| *name == "authorization");
    found.map(|(_, value)| value).ok_or_else(|| "no authorization".to_owned())
}

pub(super) fn bedrock(folder: &std::path::Path) -> Verdicts {
    let mut verdicts = Verdicts::default();
    for (_, file) in json_files(folder) {
        for case in cases(&file) {
            let headers = case["request"]["headers"].as_object().unwrap().iter();
            let request = Request {
                method: text(case, "/request/method").to_owned(),
                url: text(case, "/request/url").to_owned(),
                headers: headers
                    .map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()))
                    .collect(),
                body: text(case, "/request/body").to_owned(),
                now: time::parse_amz_date(text(case, "/datetime")).unwrap(),
            };
            let scope = Scope { region: text(case, "/region"), service: text(case, "/service") };
            let found = authorization(&request, &case["credentials"], scope);
            verdicts.add(name_of(case), compare(found, text(case, "/expected/authorization")));
        }
    }
    verdicts
}

fn compare(found: Result<String, String>, expected: &str) -> Result<(), String> {
    let found = found?;
    if found == expected { Ok(()) } else { Err(format!("{found}, expected {expected}")) }
}

pub(super) fn suite(folder: &std::path::Path) -> Verdicts {
    let mut verdicts = Verdicts::default();
    for (_, file) in json_files(folder) {
        for case in cases(&file) {
            let context = &case["context"];
            // Ways of signing that Bedrock and STS have no use for, and the signer does not offer: a path as it is,
            // a path that is not escaped a second time, a signed hash of the body, a token that is left out.
            let target = text(case, "/request").lines().next().unwrap_or_default();
            let is_foreign = context["normalize"] == false
                || target.split('?').next().is_some_and(|path| path.contains('%'))
                || context["sign_body"] == true
                || context["omit_session_token"] == true;
            let verdict = if is_foreign { Verdict::Skipped } else { suite_case(case).into() };
            verdicts.add(name_of(case), verdict);
        }
    }
    verdicts
}

fn suite_case(case: &Value) -> Result<(), String> {
    let context = &case["context"];
    let request = read_request(text(case, "/request"), text(context, "/timestamp"));
    let scope = Scope { region: text(context, "/region"), service: text(context, "/service") };
    let found = authorization(&request, &context["credentials"], scope)?;
    let expected = format!("Signature={}", text(case, "/expected/signature"));
    if found.ends_with(&expected) { Ok(()) } else { Err(format!("{found}, expected {expected}")) }
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
