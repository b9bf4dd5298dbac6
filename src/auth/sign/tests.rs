//! Known answers of botocore and of the public SigV4 suite, and what must never make the signer panic.

use super::{Scope, SigningKeys, ToSign, presign, sign, sign_with};
use crate::secret::Secret;
use crate::time::{parse_amz_date, parse_rfc3339};
use crate::{Error, Result};
use aws_sigv4::http_request::{
    PayloadChecksumKind, SessionTokenMode, SigningSettings, UriPathNormalizationMode,
};
use proptest::prelude::{any, prop};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

fn fixture<T: serde::de::DeserializeOwned>(text: &str) -> T {
    serde_json::from_str(text).unwrap()
}

/// One request of a fixture, in whichever file it stood.
struct Case {
    name: String,
    keys: (String, Secret, Option<Secret>),
    region: String,
    service: String,
    now: SystemTime,
    method: String,
    url: String,
    headers: Vec<(String, String)>,
    body: String,
}

impl Case {
    fn keys(&self) -> SigningKeys<'_> {
        let (id, secret, token) = &self.keys;
        SigningKeys { access_key_id: id, secret_access_key: secret, session_token: token.as_ref() }
    }

    fn scope(&self) -> Scope<'_> {
        Scope { region: &self.region, service: &self.service }
    }

    fn signed(&self, settings: SigningSettings) -> Result<BTreeMap<String, String>> {
        let headers: Vec<_> =
            self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let request =
            ToSign { method: &self.method, url: &self.url, headers: &headers, body: self.body.as_bytes() };
        let (headers, _) = sign_with(request, self.keys(), self.scope(), self.now, settings)?.into_parts();
        Ok(headers.iter().map(|header| (header.name().to_owned(), header.value().to_owned())).collect())
    }
}

#[derive(Deserialize)]
struct BotocoreVector {
    note: String,
    access_key: String,
    secret_key: String,
    session_token: Option<String>,
    region: String,
    service: String,
    time: String,
    method: String,
    url: String,
    #[serde(default)]
    headers_before: BTreeMap<String, String>,
    #[serde(default)]
    body: String,
    #[serde(default)]
    headers_added: BTreeMap<String, String>,
    presigned: Option<String>,
    expires_seconds: Option<u64>,
}

impl BotocoreVector {
    fn case(&self) -> Case {
        Case {
            name: self.note.clone(),
            keys: (
                self.access_key.clone(),
                Secret::from(self.secret_key.as_str()),
                self.session_token.clone().map(Secret::from),
            ),
            region: self.region.clone(),
            service: self.service.clone(),
            now: parse_amz_date(&self.time).unwrap(),
            method: self.method.clone(),
            url: self.url.clone(),
            headers: self.headers_before.clone().into_iter().collect(),
            body: self.body.clone(),
        }
    }
}

#[test]
fn headers_are_those_of_botocore() {
    let vectors: Vec<BotocoreVector> = fixture(include_str!("../../../fixtures/sigv4/botocore-vectors.json"));
    assert_eq!(vectors.len(), 11);
    for vector in vectors {
        let expected: BTreeMap<_, _> =
            vector.headers_added.iter().map(|(name, value)| (name.to_lowercase(), value.clone())).collect();
        let case = vector.case();
        assert_eq!(case.signed(SigningSettings::default()).unwrap(), expected, "{}", case.name);
    }
}

#[test]
fn every_kind_of_model_id_is_signed_as_botocore_signs_it() {
    let cases: Vec<serde_json::Value> = fixture(include_str!("../../../fixtures/sigv4/bedrock-cases.json"));
    assert_eq!(cases.len(), 17);
    for json in cases {
        let text = |pointer: &str| json.pointer(pointer).and_then(|v| v.as_str()).unwrap().to_owned();
        let case = Case {
            name: text("/name"),
            keys: (
                text("/credentials/access_key_id"),
                Secret::from(text("/credentials/secret_access_key")),
                json["credentials"]["session_token"].as_str().map(Secret::from),
            ),
            region: text("/region"),
            service: text("/service"),
            now: parse_amz_date(&text("/datetime")).unwrap(),
            method: text("/request/method"),
            url: text("/request/url"),
            headers: serde_json::from_value::<BTreeMap<String, String>>(json["request"]["headers"].clone())
                .unwrap()
                .into_iter()
                .collect(),
            body: text("/request/body"),
        };
        let signed = case.signed(SigningSettings::default()).unwrap();
        assert_eq!(signed["authorization"], text("/expected/authorization"), "{}", case.name);
        assert_eq!(signed["x-amz-date"], text("/datetime"));
        assert_eq!(
            signed.get("x-amz-security-token").map(String::as_str),
            json["credentials"]["session_token"].as_str()
        );
    }
}

#[test]
fn presigned_urls_are_those_of_botocore() {
    let vectors: Vec<BotocoreVector> = fixture(include_str!("../../../fixtures/sigv4/presigned.json"));
    assert_eq!(vectors.len(), 2);
    for vector in vectors {
        let case = vector.case();
        let lifetime = Duration::from_secs(vector.expires_seconds.unwrap());
        let url = presign(&case.method, &case.url, lifetime, case.keys(), case.scope(), case.now).unwrap();
        assert_eq!(Some(url), vector.presigned, "{}", case.name);
    }
}

#[derive(Deserialize)]
struct SuiteCase {
    name: String,
    context: SuiteContext,
    request: String,
    expected: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct SuiteContext {
    credentials: SuiteKeys,
    normalize: bool,
    region: String,
    service: String,
    sign_body: bool,
    timestamp: String,
    #[serde(default)]
    omit_session_token: bool,
}

#[derive(Deserialize)]
struct SuiteKeys {
    access_key_id: String,
    secret_access_key: String,
    token: Option<String>,
}

/// Reads the request of a suite case: a request line, headers that may go on over indented lines, a body.
fn suite_case(case: &SuiteCase) -> Case {
    let (head, body) = case.request.split_once("\n\n").unwrap_or((case.request.trim_end(), ""));
    let mut lines = head.lines();
    let request_line = lines.next().unwrap();
    let (method, rest) = request_line.split_once(' ').unwrap();
    let target = rest.rsplit_once(" HTTP/").unwrap().0;
    let mut headers: Vec<(String, String)> = Vec::new();
    for line in lines {
        if let Some(more) = line.strip_prefix(' ') {
            let (_, value) = headers.last_mut().unwrap();
            value.push(' ');
            value.push_str(more.trim());
        } else {
            let (name, value) = line.split_once(':').unwrap();
            headers.push((name.to_owned(), value.to_owned()));
        }
    }
    let escaped: String =
        target
            .chars()
            .map(|c| {
                if c.is_ascii_graphic() { c.to_string() } else { crate::uri::encode_segment(&c.to_string()) }
            })
            .collect();
    let credentials = &case.context.credentials;
    Case {
        name: case.name.clone(),
        keys: (
            credentials.access_key_id.clone(),
            Secret::from(credentials.secret_access_key.as_str()),
            credentials.token.clone().map(Secret::from),
        ),
        region: case.context.region.clone(),
        service: case.context.service.clone(),
        now: parse_rfc3339(&case.context.timestamp).unwrap(),
        method: method.to_owned(),
        url: format!("https://example.amazonaws.com{escaped}"),
        headers: headers.into_iter().filter(|(name, _)| !name.eq_ignore_ascii_case("host")).collect(),
        body: body.to_owned(),
    }
}

/// The public suite is no part of this repository; it runs where a copy lies.
#[test]
fn the_public_suite_holds_where_it_is_present() {
    for case in crate::conformance::cases("sigv4-suite/cases.json") {
        let suite: SuiteCase = serde_json::from_value(case).unwrap();
        let mut settings = SigningSettings::default();
        if !suite.context.normalize {
            settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
        }
        if suite.context.sign_body {
            settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
        }
        if suite.context.omit_session_token {
            settings.session_token_mode = SessionTokenMode::Exclude;
        }
        // The suite's service does not escape a path twice.
        settings.percent_encoding_mode = aws_sigv4::http_request::PercentEncodingMode::Single;
        let signed = suite_case(&suite).signed(settings).unwrap();
        let authorization = &signed["authorization"];
        let signature = authorization.rsplit_once("Signature=").unwrap().1;
        assert_eq!(signature, suite.expected["signature"], "{}", suite.name);
    }
}

fn example_keys(secret: &Secret) -> SigningKeys<'_> {
    SigningKeys { access_key_id: "AKIDEXAMPLE", secret_access_key: secret, session_token: None }
}

const SCOPE: Scope<'static> = Scope { region: "us-east-1", service: "bedrock" };

#[test]
fn headers_that_change_on_the_way_are_not_signed() {
    let secret = Secret::new("s");
    let headers = [
        ("User-Agent", "x"),
        ("Connection", "close"),
        ("x-amzn-trace-id", "1"),
        ("Accept", "a"),
        ("X-Amz-Y", "1"),
    ];
    let request = ToSign { method: "GET", url: "http://127.0.0.1:9/x", headers: &headers, body: b"" };
    let signed = sign(request, example_keys(&secret), SCOPE, SystemTime::UNIX_EPOCH).unwrap();
    let authorization = &signed.iter().find(|(name, _)| *name == "authorization").unwrap().1;
    assert!(authorization.contains("SignedHeaders=accept;host;x-amz-date;x-amz-y,"), "{authorization}");
}

#[test]
fn requests_that_cannot_be_signed_are_refused_without_showing_a_secret() {
    let secret = Secret::new("wJalrXUtnFEMI");
    let token = Secret::new("line one\nline two");
    let good = ToSign { method: "GET", url: "http://127.0.0.1:9/x", headers: &[], body: b"" };
    let line_break = [("x-amz-y", "a\r\nb")];
    let table = [
        (ToSign { url: "/model/x", ..good }, None, "URL is not an absolute"),
        (ToSign { url: "http:///x", ..good }, None, "URL is not an absolute"),
        (ToSign { url: "http://h/a b", ..good }, None, "no URL can carry"),
        (ToSign { headers: &line_break, ..good }, None, "no header can carry"),
        (good, Some(&token), "the session token holds"),
    ];
    for (request, session_token, fragment) in table {
        let keys = SigningKeys { session_token, ..example_keys(&secret) };
        let error = sign(request, keys, SCOPE, SystemTime::UNIX_EPOCH).unwrap_err();
        assert!(matches!(error, Error::InvalidRequest(_)));
        let text = format!("{error} {error:?}");
        assert!(text.contains(fragment), "{text}");
        assert!(!text.contains("wJalr") && !text.contains("line two"), "{text}");
    }
}

proptest::proptest! {
    #[test]
    fn no_request_makes_the_signer_panic(
        url in prop::string::string_regex("(https?://)?[ -~é]{0,30}").unwrap(),
        name in "\\PC{0,12}",
        value in "\\PC{0,12}",
        body in any::<Vec<u8>>(),
    ) {
        let secret = Secret::new("s");
        let headers = [(name.as_str(), value.as_str())];
        let request = ToSign { method: "POST", url: &url, headers: &headers, body: &body };
        let _ = sign(request, example_keys(&secret), SCOPE, SystemTime::UNIX_EPOCH);
        let lifetime = Duration::from_secs(60);
        let _ = presign("POST", &url, lifetime, example_keys(&secret), SCOPE, SystemTime::UNIX_EPOCH);
    }
}
