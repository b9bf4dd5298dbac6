//! Scripted HTTP, and what was sent compared with what a case expects.

use super::only;
use outcrop::transport::{HttpRequest, HttpResponse, Transport};
use outcrop::{TransportFailure, TransportKind, time, uri};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

/// What was sent, in order.
pub(crate) type Sent = Arc<Mutex<Vec<HttpRequest>>>;

/// A transport that answers from the `http` list of a case, and what it was asked.
pub(crate) fn transport(http: &Value, now: SystemTime) -> (Transport, Sent) {
    let entries: Vec<Value> = http.as_array().cloned().unwrap_or_default();
    for entry in &entries {
        // Recordings have the request's headers and body as well, which are for people.
        let known = only(entry, &["request", "response", "error", "repeat"])
            .and(only(&entry["request"], &["method", "uri", "headers", "body"]))
            .and(only(&entry["response"], &["status", "headers", "body"]));
        known.unwrap_or_else(|problem| panic!("{problem}"));
    }
    let used = Mutex::new(vec![false; entries.len()]);
    let sent = Sent::default();
    let log = Arc::clone(&sent);
    let transport = Transport::scripted(move |request| {
        let mut used = used.lock().unwrap();
        let at = entries.iter().zip(&*used).position(|(entry, used)| {
            !used
                && entry["request"]["method"] == request.method
                && same_url(entry["request"]["uri"].as_str().unwrap_or_default(), &request.url)
        });
        if let Some(at) = at {
            used[at] = entries[at]["repeat"] != true;
        }
        let answer = answer(at.map(|at| &entries[at]), now);
        log.lock().unwrap().push(request);
        async move { answer }
    });
    (transport, sent)
}

/// Equal URLs: a missing path is `/`, and the parts of a query have no order.
pub(crate) fn same_url(one: &str, other: &str) -> bool {
    let parts = |url: &str| {
        let (url, query) = url.split_once('?').unwrap_or((url, ""));
        let mut query: Vec<String> = query.split('&').map(str::to_owned).collect();
        query.sort();
        (url.trim_end_matches('/').to_owned(), query)
    };
    // A slash at the end makes another path of it, but for the root.
    let is_root = |url: &str| uri::split_url(url).is_some_and(|parts| matches!(parts.path, "" | "/"));
    let slash = |url: &str| url.split('?').next().unwrap_or_default().ends_with('/');
    parts(one) == parts(other) && (slash(one) == slash(other) || is_root(one))
}

fn answer(entry: Option<&Value>, now: SystemTime) -> Result<HttpResponse, Box<TransportFailure>> {
    let failed = |kind| {
        Box::new(TransportFailure {
            kind,
            host: "scripted".to_owned(),
            detail: String::new(),
            attempts: 1,
            waited_ms: 0,
            position: None,
        })
    };
    let Some(entry) = entry else { return Err(failed(TransportKind::Connect)) };
    if let Some(error) = entry["error"].as_str() {
        let is_timeout = error == "timeout";
        return Err(failed(if is_timeout { TransportKind::ConnectTimeout } else { TransportKind::Connect }));
    }
    let response = &entry["response"];
    let headers = response["headers"].as_object().into_iter().flatten();
    let headers =
        headers.map(|(name, value)| (name.clone(), fill_in_date(value.as_str().unwrap(), now))).collect();
    let status = u16::try_from(response["status"].as_u64().unwrap()).unwrap();
    Ok(HttpResponse::whole(status, headers, response["body"].as_str().unwrap_or_default().to_owned()))
}

/// `<now+3600s, HTTP date>` as a date.
fn fill_in_date(text: &str, now: SystemTime) -> String {
    let inside = text.strip_prefix("<now").and_then(|text| text.strip_suffix("s, HTTP date>"));
    let Some(seconds) = inside.and_then(|seconds| seconds.parse::<i64>().ok()) else {
        return text.to_owned();
    };
    let span = Duration::from_secs(seconds.unsigned_abs());
    time::http_date(if seconds < 0 { now - span } else { now + span })
}

/// Whether a value is the expected one, where `<generated>` is any text and `<now+1s..2s>` a date in that range.
pub(crate) fn is_expected(found: &Value, expected: &Value, now: SystemTime) -> bool {
    match (found, expected) {
        (Value::Object(found), Value::Object(expected)) => {
            found.len() == expected.len()
                && expected
                    .iter()
                    .all(|(name, value)| found.get(name).is_some_and(|found| is_expected(found, value, now)))
        }
        (Value::String(found), Value::String(expected)) => is_expected_text(found, expected, now),
        _ => found == expected,
    }
}

fn is_expected_text(found: &str, expected: &str, now: SystemTime) -> bool {
    if expected == "<generated>" {
        let allowed = |c: char| c.is_ascii_alphanumeric() || "_=,.@-".contains(c);
        return (2..=64).contains(&found.len()) && found.chars().all(allowed);
    }
    let range = expected.strip_prefix("<now+").and_then(|text| text.strip_suffix('>'));
    let Some(range) = range else { return found == expected };
    let (from, to) = range.split_once("..").unwrap_or((range, range));
    let date = |text: &str| now + Duration::from_secs(text.trim_end_matches('s').parse().unwrap());
    // Dates in files and answers have whole seconds.
    let second = Duration::from_secs(1);
    time::parse_rfc3339(found).is_some_and(|found| date(from) <= found + second && found <= date(to) + second)
}

/// Compares what was sent with `expect.requests`.
pub(crate) fn compare(sent: &[HttpRequest], expected: &Value, now: SystemTime) -> Result<(), String> {
    let expected = expected.as_array().map_or(&[][..], Vec::as_slice);
    let lines: Vec<String> =
        sent.iter().map(|request| format!("{} {}", request.method, request.url)).collect();
    let same = |(request, expected): (&HttpRequest, &Value)| {
        expected["method"] == request.method
            && same_url(&request.url, expected["uri"].as_str().unwrap_or_default())
    };
    if sent.len() != expected.len() || !sent.iter().zip(expected).all(same) {
        let uris: Vec<String> =
            expected.iter().map(|request| format!("{} {}", request["method"], request["uri"])).collect();
        return Err(format!("sent {lines:?}, expected {uris:?}"));
    }
    sent.iter().zip(expected).try_for_each(|(request, expected)| compare_request(request, expected, now))
}

fn compare_request(request: &HttpRequest, expected: &Value, now: SystemTime) -> Result<(), String> {
    only(expected, &["method", "uri", "headers", "authorization", "form", "json"])?;
    let line = format!("{} {}", request.method, request.url);
    let header = |name: &str| {
        let found = request.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    };
    for (name, value) in expected["headers"].as_object().into_iter().flatten() {
        if header(name) != value.as_str() {
            return Err(format!("{line}: header {name} is {:?}, expected {value}", header(name)));
        }
    }
    let authorization =
        read_authorization(header("authorization"), expected["authorization"]["scheme"].as_str());
    if authorization != expected["authorization"] {
        return Err(format!("{line}: authorization {authorization}, expected {}", expected["authorization"]));
    }
    let body = String::from_utf8_lossy(&request.body);
    if let Some(form) = expected.get("form").filter(|form| !form.is_null()) {
        let found = read_form(&body);
        if !is_expected(&found, form, now) {
            return Err(format!("{line}: form {found}, expected {form}"));
        }
    }
    if let Some(json) = expected.get("json").filter(|json| !json.is_null()) {
        let found: Value = serde_json::from_str(&body).unwrap_or_default();
        if !is_expected(&found, json, now) {
            return Err(format!("{line}: body {found}, expected {json}"));
        }
    }
    Ok(())
}

/// The `authorization` header in the form of the cases; `scheme` is what is expected, for values of any form.
fn read_authorization(header: Option<&str>, scheme: Option<&str>) -> Value {
    let Some(header) = header else { return Value::Null };
    if scheme == Some("raw") {
        return serde_json::json!({ "scheme": "raw", "value": header });
    }
    if let Some(token) = header.strip_prefix("Bearer ") {
        return serde_json::json!({ "scheme": "bearer", "token": token });
    }
    let scope = header.strip_prefix("AWS4-HMAC-SHA256 Credential=").and_then(|rest| rest.split(',').next());
    let parts: Vec<&str> = scope.unwrap_or_default().rsplitn(5, '/').collect();
    match parts[..] {
        [_, service, region, _, key] => serde_json::json!({
            "scheme": "sigv4", "access_key_id": key, "region": region, "service": service,
        }),
        _ => Value::from(header),
    }
}

pub(crate) fn read_form(body: &str) -> Value {
    let decode = |text: &str| uri::decode_segment(&text.replace('+', " ")).unwrap_or_default();
    let pairs = body.split('&').filter_map(|pair| pair.split_once('='));
    let form: BTreeMap<String, String> = pairs.map(|(name, value)| (decode(name), decode(value))).collect();
    serde_json::json!(form)
}
