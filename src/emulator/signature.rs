//! The signature that a received request should carry, computed from what came over the wire.
//!
//! It is a second implementation of Signature Version 4, on purpose independent of the signer in
//! `auth::sign`: the two agree only if both are right. What must hold for a presigned URL beside its
//! signature is `api_key`'s affair.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>

use super::form::Form;
use super::received::Received;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use std::fmt::Write;

/// The one algorithm that is accepted.
pub(super) const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// The parts of an `Authorization` header.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Authorization<'a> {
    /// Who claims to call.
    pub(super) access_key_id: &'a str,
    /// `20250102`.
    pub(super) date: &'a str,
    /// `us-east-1`.
    pub(super) region: &'a str,
    /// `bedrock`.
    pub(super) service: &'a str,
    /// `aws4_request`.
    pub(super) terminator: &'a str,
    /// Names of the headers that are signed, in the order given.
    pub(super) signed_headers: Vec<&'a str>,
    /// 64 hex digits.
    pub(super) signature: &'a str,
}

impl<'a> Authorization<'a> {
    /// Reads the header's value after the algorithm's name.
    ///
    /// # Errors
    ///
    /// The names of the parameters that are missing or cannot be read.
    pub(super) fn parse(parameters: &'a str) -> Result<Self, Vec<&'static str>> {
        let value = |name: &str| {
            parameters
                .split(',')
                .filter_map(|parameter| parameter.trim().split_once('='))
                .find(|(known, _)| *known == name)
                .map(|(_, value)| value)
                .filter(|value| !value.is_empty())
        };
        let scope = value("Credential").and_then(|credential| Self::new(credential, "", ""));
        match (scope, value("SignedHeaders"), value("Signature")) {
            (Some(scope), Some(headers), Some(signature)) => {
                Ok(Self { signed_headers: headers.split(';').collect(), signature, ..scope })
            }
            (scope, headers, signature) => Err([
                ("Credential", scope.is_none()),
                ("Signature", signature.is_none()),
                ("SignedHeaders", headers.is_none()),
            ]
            .into_iter()
            .filter_map(|(name, missing)| missing.then_some(name))
            .collect()),
        }
    }

    /// Reads the parameters of a presigned URL. `None` when one of them is missing or cannot be read.
    pub(super) fn from_query(query: &'a Form) -> Option<Self> {
        let value = |name| query.get(name);
        Self::new(value("X-Amz-Credential")?, value("X-Amz-SignedHeaders")?, value("X-Amz-Signature")?)
    }

    fn new(credential: &'a str, signed_headers: &'a str, signature: &'a str) -> Option<Self> {
        // An access key id holds no slash, so the scope is what stands after the first one.
        let mut parts = credential.splitn(5, '/');
        Some(Self {
            access_key_id: parts.next()?,
            date: parts.next()?,
            region: parts.next()?,
            service: parts.next()?,
            terminator: parts.next()?,
            signed_headers: signed_headers.split(';').collect(),
            signature,
        })
    }

    /// Whether this header (in lower case) is signed.
    pub(super) fn signs(&self, name: &str) -> bool {
        self.signed_headers.contains(&name)
    }
}

/// What the caller should have computed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Expected {
    /// The text whose hash is signed.
    pub(super) canonical_request: String,
    /// The text that is signed.
    pub(super) string_to_sign: String,
    /// The signature in hex.
    pub(super) signature: String,
}

/// Computes the signature of `received` for the scope in `authorization`.
pub(super) fn expected(
    received: &Received,
    authorization: &Authorization<'_>,
    amz_date: &str,
    secret_access_key: &str,
) -> Expected {
    let Authorization { date, region, service, terminator, .. } = authorization;
    let canonical_request = canonical_request(received, &authorization.signed_headers);
    let hash = hex(&Sha256::digest(canonical_request.as_bytes()));
    let string_to_sign = format!("{ALGORITHM}\n{amz_date}\n{date}/{region}/{service}/{terminator}\n{hash}");
    let mut key = hmac(format!("AWS4{secret_access_key}").as_bytes(), date);
    for part in [region, service, terminator] {
        key = hmac(&key, part);
    }
    let signature = hex(&hmac(&key, &string_to_sign));
    Expected { canonical_request, string_to_sign, signature }
}

/// Method, path, query, signed headers, their names and the body's hash: one a line.
fn canonical_request(received: &Received, signed_headers: &[&str]) -> String {
    let mut text = format!(
        "{}\n{}\n{}\n",
        received.method,
        canonical_path(received.path()),
        canonical_query(received.query())
    );
    for name in signed_headers {
        let values: Vec<String> = received
            .headers
            .iter()
            .filter(|(known, _)| known == name)
            .map(|(_, value)| value.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" "))
            .collect();
        text.push_str(&format!("{name}:{}\n", values.join(",")));
    }
    let hash = hex(&Sha256::digest(&received.body));
    text.push_str(&format!("\n{}\n{hash}", signed_headers.join(";")));
    text
}

/// The path as received, without dot segments and empty segments, every byte but the unreserved ones escaped
/// again: `%3A` on the wire is `%253A` here.
fn canonical_path(path: &str) -> String {
    let mut segments: Vec<&str> = Vec::new();
    let mut is_folder = false;
    for segment in path.split('/') {
        is_folder = matches!(segment, "" | "." | "..");
        match segment {
            "" | "." => {}
            ".." => {
                segments.pop();
            }
            other => segments.push(other),
        }
    }
    let mut canonical = String::from("/");
    canonical.push_str(&segments.iter().map(|segment| escape(segment.bytes())).collect::<Vec<_>>().join("/"));
    if is_folder && !segments.is_empty() {
        canonical.push('/');
    }
    canonical
}

/// Names and values decoded, escaped in the one canonical way, and sorted.
fn canonical_query(query: &str) -> String {
    let mut pairs: Vec<(String, String)> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (escape(unescape(name)), escape(unescape(value))))
        .collect();
    pairs.sort();
    pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

fn escape(bytes: impl IntoIterator<Item = u8>) -> String {
    bytes.into_iter().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
        out
    })
}

/// Undoes escapes; a `%` without two hex digits stands for itself, `+` for a space.
pub(super) fn unescape(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let escaped = rest
            .get(1..3)
            .filter(|hex| first == '%' && hex.bytes().all(|digit| digit.is_ascii_hexdigit()))
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        let length = match escaped {
            Some(byte) => {
                out.push(byte);
                3
            }
            None => {
                let plain = if first == '+' { ' ' } else { first };
                out.extend_from_slice(plain.encode_utf8(&mut [0; 4]).as_bytes());
                first.len_utf8()
            }
        };
        rest = rest.get(length..).unwrap_or_default();
    }
    out
}

fn hmac(key: &[u8], text: &str) -> Vec<u8> {
    // HMAC takes keys of any length; an empty tag would only make the comparison fail.
    Hmac::<Sha256>::new_from_slice(key).map_or_else(
        |_| Vec::new(),
        |mut mac| {
            mac.update(text.as_bytes());
            mac.finalize().into_bytes().to_vec()
        },
    )
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

#[cfg(test)]
mod tests {
    use super::{Authorization, canonical_path, canonical_query, expected};
    use crate::emulator::received::Received;
    use crate::uri;
    use bytes::Bytes;
    use serde_json::Value;

    /// Vectors of botocore: the canonical request and the string to sign hold, not only the signature.
    #[test]
    fn canonical_requests_are_those_of_botocore() {
        let text = include_str!("../../fixtures/sigv4/botocore-vectors.json");
        let vectors: Vec<Value> = serde_json::from_str(text).unwrap();
        assert_eq!(vectors.len(), 11);
        for vector in vectors {
            let parts = uri::split_url(vector["url"].as_str().unwrap()).unwrap();
            let query = parts.query.map(|query| format!("?{query}")).unwrap_or_default();
            let mut headers = vec![("host".to_owned(), parts.host_header().to_owned())];
            for key in ["headers_before", "headers_added"] {
                for (name, value) in vector[key].as_object().unwrap() {
                    headers.push((name.to_lowercase(), value.as_str().unwrap().to_owned()));
                }
            }
            let received = Received {
                method: vector["method"].as_str().unwrap().to_owned(),
                target: format!("{}{query}", parts.path),
                headers,
                body: Bytes::from(vector["body"].as_str().unwrap().to_owned()),
            };
            let header = vector["headers_added"]["Authorization"].as_str().unwrap();
            let authorization = Authorization::parse(header.split_once(' ').unwrap().1).unwrap();
            let secret = vector["secret_key"].as_str().unwrap();
            let made = expected(&received, &authorization, vector["time"].as_str().unwrap(), secret);
            assert_eq!(made.canonical_request, vector["canonical_request"], "{}", vector["note"]);
            assert_eq!(made.string_to_sign, vector["string_to_sign"], "{}", vector["note"]);
            assert_eq!(made.signature, authorization.signature, "{}", vector["note"]);
        }
    }

    #[test]
    fn paths_are_normalised_and_escaped_again() {
        for (path, canonical) in [
            ("/", "/"),
            ("", "/"),
            ("/a/../b//c/.", "/b/c/"),
            ("/../x", "/x"),
            ("/model/a%3A0/converse", "/model/a%253A0/converse"),
            ("//a//", "/a/"),
        ] {
            assert_eq!(canonical_path(path), canonical, "{path}");
        }
    }

    #[test]
    fn queries_are_sorted_and_escaped_once() {
        for (query, canonical) in [
            ("", ""),
            ("b=2&a=1", "a=1&b=2"),
            ("a", "a="),
            ("t=p%2b%2F%3d", "t=p%2B%2F%3D"),
            ("q=a+b%20c", "q=a%20b%20c"),
            ("q=%", "q=%25"),
            ("q=%+1", "q=%25%201"),
            ("q=%é", "q=%25%C3%A9"),
        ] {
            assert_eq!(canonical_query(query), canonical, "{query}");
        }
    }

    #[test]
    fn missing_parameters_are_named() {
        for (parameters, missing) in [
            ("", vec!["Credential", "Signature", "SignedHeaders"]),
            ("Credential=a/b/c/d/e, Signature=f", vec!["SignedHeaders"]),
            ("Credential=a/b, SignedHeaders=host, Signature=f", vec!["Credential"]),
            ("Credential=a/b/c/d/e,SignedHeaders=host,Signature=", vec!["Signature"]),
        ] {
            assert_eq!(Authorization::parse(parameters).unwrap_err(), missing, "{parameters}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_target_and_header_has_a_signature(
            target in "\\PC{0,40}",
            header in "\\PC{0,60}",
            name in "[a-z]{0,4}",
        ) {
            let received = Received {
                method: "GET".to_owned(),
                target,
                headers: vec![(name.clone(), header.clone())],
                body: Bytes::new(),
            };
            let _ = Authorization::parse(&header);
            let parameters = format!("Credential=a/b/c/d/e,SignedHeaders={name};host,Signature=0");
            let authorization = Authorization::parse(&parameters).unwrap();
            proptest::prop_assert_eq!(expected(&received, &authorization, "", "s").signature.len(), 64);
        }
    }
}
