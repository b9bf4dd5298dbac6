//! Error answers of AWS services, in all the forms in which they come.
//!
//! The type stands in a header, or in the body under one of several names, with or without namespace and URI;
//! the body may be empty, a web page, the XML of STS, or JSON of another shape. Nothing here fails: what cannot be read is
//! described.

use super::HttpResponse;
use crate::classify::classify_code;
use crate::error::ServiceFailure;
use crate::xml;
use serde_json::Value;
use std::time::Duration;

/// How much of an error body is read.
const BODY_LIMIT: usize = 64 * 1024;

/// Reads an error answer to its end, at most `limit`.
pub async fn read_failure(mut response: HttpResponse, limit: Duration) -> ServiceFailure {
    // A body that breaks off or does not come says less, but the status stands.
    let body = tokio::time::timeout(limit, response.read_all(BODY_LIMIT)).await;
    let body = body.ok().and_then(Result::ok).unwrap_or_default();
    service_failure(response.status, |name| response.header(name), &body)
}

/// The failure that status, headers and body stand for.
pub fn service_failure<'a>(
    status: u16,
    header: impl Fn(&str) -> Option<&'a str>,
    body: &[u8],
) -> ServiceFailure {
    let json: Option<Value> = serde_json::from_slice(body).ok();
    let member = |name: &str| json.as_ref().and_then(|json| json.get(name));
    let text = |name: &str| member(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let page = if json.is_none() { String::from_utf8_lossy(body) } else { "".into() };
    // STS answers in XML; `error` and `error_description` are the names of OAuth.
    let xml_code = xml::text_of(&page, "Code");
    let code = header("x-amzn-errortype")
        .or_else(|| text("code"))
        .or_else(|| text("Code"))
        .or_else(|| text("__type"))
        .or(xml_code.as_deref())
        .or_else(|| text("error"))
        .map_or("", clean_code)
        .to_owned();
    let message = text("message").or_else(|| text("Message")).or_else(|| text("error_description"));
    let message = message
        .map_or_else(|| xml::text_of(&page, "Message").unwrap_or_else(|| page_summary(&page)), str::to_owned);
    let original_status = member("originalStatusCode").and_then(Value::as_u64);
    ServiceFailure {
        class: classify_code(&code, &message, status),
        status,
        code,
        message,
        request_id: header("x-amzn-requestid").or_else(|| header("x-amz-request-id")).map(str::to_owned),
        original_status: original_status.and_then(|status| u16::try_from(status).ok()),
        original_message: text("originalMessage").map(str::to_owned),
        attempts: 1,
        waited_ms: 0,
    }
}

/// `com.amazon.bedrock#ThrottlingException:http://...` without namespace and URI.
fn clean_code(code: &str) -> &str {
    let code = code.split(':').next().unwrap_or(code);
    code.rsplit('#').next().unwrap_or(code).trim()
}

/// The title or first words of a page that is no JSON, in one line of at most 200 characters.
fn page_summary(body: &str) -> String {
    let mut out = String::new();
    let mut in_tag = false;
    for c in body.chars() {
        match c {
            '<' => in_tag = true,
            '>' if in_tag => {
                in_tag = false;
                out.push(' ');
            }
            _ if in_tag => {}
            _ => out.push(if c.is_control() { ' ' } else { c }),
        }
        if out.len() > 2_000 {
            break;
        }
    }
    let words: Vec<&str> = out.split_whitespace().collect();
    words.join(" ").chars().take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ServiceClass;

    #[test]
    fn every_form_of_error_answer() {
        let cases: Value =
            serde_json::from_str(include_str!("../../fixtures/examples/06-errors.json")).unwrap();
        for case in cases.as_array().unwrap() {
            let headers = case["headers"].as_object().unwrap();
            let header = |name: &str| {
                headers
                    .iter()
                    .find(|(known, _)| known.eq_ignore_ascii_case(name))
                    .and_then(|(_, v)| v.as_str())
            };
            let body = case
                .get("body_text")
                .map_or_else(|| case["body"].to_string(), |text| text.as_str().unwrap().to_owned());
            let status = u16::try_from(case["status"].as_u64().unwrap()).unwrap();
            let failure = service_failure(status, header, body.as_bytes());
            let expected = case["botocore_reads"]["code"].as_str().unwrap();
            // Where nothing names a type, botocore makes one of the status; ours stays empty.
            let expected = if expected.parse::<u16>().is_ok() { "" } else { expected };
            assert_eq!(failure.code, expected, "{}", case["note"]);
            if let Some(message) = case["body"]["message"].as_str().or(case["body"]["Message"].as_str()) {
                assert_eq!(failure.message, message);
            }
            assert_eq!(failure.request_id.as_deref(), header("x-amzn-requestid"));
        }
    }

    #[test]
    fn the_forms_of_sts_and_oauth() {
        let xml = "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code>\
                   <Message>User is not authorized</Message></Error></ErrorResponse>";
        let failure = service_failure(403, |_| None, xml.as_bytes());
        assert_eq!(
            (failure.code.as_str(), failure.message.as_str()),
            ("AccessDenied", "User is not authorized")
        );
        let oauth = r#"{"error": "invalid_grant", "error_description": "Invalid refresh token"}"#;
        let failure = service_failure(400, |_| None, oauth.as_bytes());
        assert_eq!(
            (failure.code.as_str(), failure.message.as_str()),
            ("invalid_grant", "Invalid refresh token")
        );
    }

    #[test]
    fn pages_are_summed_up_in_one_line() {
        let page = "<html>\n<head><title>502 Bad Gateway</title></head><body><hr>nginx</body>";
        let failure = service_failure(502, |_| None, page.as_bytes());
        assert_eq!(failure.message, "502 Bad Gateway nginx");
        assert_eq!(failure.class, ServiceClass::Unavailable);
        assert!(page_summary(&"<".repeat(100_000)).is_empty());
    }

    proptest::proptest! {
        #[test]
        fn any_body_is_read_without_panic(body: Vec<u8>, status in 400_u16..600, code in "\\PC{0,30}") {
            let failure = service_failure(status, |_| Some(code.as_str()), &body);
            proptest::prop_assert_eq!(failure.status, status);
            proptest::prop_assert!(failure.message.chars().count() <= body.len());
        }
    }
}
