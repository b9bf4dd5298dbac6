//! Signature Version 4: the headers that sign a request, and the query that signs a URL.
//!
//! The one file that names `aws-sigv4`, so that the crate can be replaced here. The settings are those of
//! Bedrock and STS: the path is escaped a second time and normalised in the canonical request, the body's
//! hash is not sent as a header, the host keeps a port that is not its scheme's default. What is signed is
//! what was handed in: the URL must go on the wire as it is. It finds no credentials and reads no clock.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>

use crate::error::{Error, Result};
use crate::secret::Secret;
use crate::uri;
use aws_credential_types::Credentials;
use aws_sigv4::http_request::{
    PercentEncodingMode, SignableBody, SignableRequest, SignatureLocation, SigningSettings,
    UriPathNormalizationMode,
};
use aws_sigv4::sign::v4;
use std::time::{Duration, SystemTime};

/// The keys that sign.
#[derive(Debug, Clone, Copy)]
pub struct SigningKeys<'a> {
    /// `AKIA...` for long-term keys, `ASIA...` for temporary ones.
    pub access_key_id: &'a str,
    /// The secret that belongs to it.
    pub secret_access_key: &'a Secret,
    /// The token that temporary keys come with.
    pub session_token: Option<&'a Secret>,
}

/// Where a signature counts: the last two parts of its scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scope<'a> {
    /// `us-east-1`; the region of the endpoint that is called.
    pub region: &'a str,
    /// The signing name: `bedrock` for the runtime and the control plane, `sts` for STS.
    pub service: &'a str,
}

/// A request as it will be sent.
#[derive(Debug, Clone, Copy)]
pub struct ToSign<'a> {
    /// `GET`, `POST`.
    pub method: &'a str,
    /// The absolute URL, already escaped: exactly what goes on the wire.
    pub url: &'a str,
    /// Headers known before signing. `host`, `x-amz-date` and `x-amz-security-token` are made here.
    pub headers: &'a [(&'a str, &'a str)],
    /// The whole body.
    pub body: &'a [u8],
}

/// Headers that proxies, connections and tracing add or change on the way, and the one that is made here.
/// Botocore leaves out the same ones.
const UNSIGNED_HEADERS: [&str; 15] = [
    "authorization",
    "baggage",
    "connection",
    "expect",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "te",
    "traceparent",
    "tracestate",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "x-amzn-trace-id",
];

/// Signs `request` for `scope` at the time `now`, and returns the headers to add: `x-amz-date`,
/// `authorization` and, for temporary keys, `x-amz-security-token`.
///
/// Every header of the request is signed but those that change on the way, such as `user-agent`.
///
/// # Errors
///
/// [`Error::InvalidRequest`] for a URL that is not absolute, or text that no header can carry.
pub fn sign(
    request: ToSign<'_>,
    keys: SigningKeys<'_>,
    scope: Scope<'_>,
    now: SystemTime,
) -> Result<Vec<(&'static str, String)>> {
    let (headers, _) = sign_with(request, keys, scope, now, SigningSettings::default())?.into_parts();
    Ok(headers.into_iter().map(|header| (header.name(), header.value().to_owned())).collect())
}

/// [`sign`] for services that take the path as it is on the wire, such as S3: no escape is escaped again, and no
/// `..` or double slash is taken out.
///
/// # Errors
///
/// As [`sign`].
pub fn sign_keeping_path(
    request: ToSign<'_>,
    keys: SigningKeys<'_>,
    scope: Scope<'_>,
    now: SystemTime,
) -> Result<Vec<(&'static str, String)>> {
    let mut settings = SigningSettings::default();
    settings.percent_encoding_mode = PercentEncodingMode::Single;
    settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
    let (headers, _) = sign_with(request, keys, scope, now, settings)?.into_parts();
    Ok(headers.into_iter().map(|header| (header.name(), header.value().to_owned())).collect())
}

/// Signs a URL instead of a request, and returns it with the signature in its query.
///
/// Whoever has the URL can make the call until `lifetime` is over (at most 7 days; 12 hours for a Bedrock API
/// key). Only the host, the query and an empty body are signed.
///
/// # Errors
///
/// [`Error::InvalidRequest`] for a URL that is not absolute.
pub fn presign(
    method: &str,
    url: &str,
    lifetime: Duration,
    keys: SigningKeys<'_>,
    scope: Scope<'_>,
    now: SystemTime,
) -> Result<String> {
    let mut settings = SigningSettings::default();
    settings.signature_location = SignatureLocation::QueryParams;
    settings.expires_in = Some(lifetime);
    let request = ToSign { method, url, headers: &[], body: &[] };
    let (_, mut params) = sign_with(request, keys, scope, now, settings)?.into_parts();
    // The signature comes last, as AWS's own tools write it.
    params.sort_by_key(|(name, _)| *name == "X-Amz-Signature");
    let signed = uri::encode_query(params.iter().map(|(name, value)| (*name, value.as_ref())));
    let joint = if url.contains('?') { '&' } else { '?' };
    Ok(format!("{url}{joint}{signed}"))
}

fn sign_with(
    request: ToSign<'_>,
    keys: SigningKeys<'_>,
    scope: Scope<'_>,
    now: SystemTime,
    settings: SigningSettings,
) -> Result<aws_sigv4::http_request::SigningInstructions> {
    // aws-sigv4 panics on a URL without a host, and its own words for text that fits no header name neither
    // the header nor the cause.
    if uri::split_url(request.url).is_none() {
        return Err(unsignable("its URL is not an absolute http or https URL"));
    }
    let token = keys.session_token.map(Secret::expose);
    if token.is_some_and(|token| !token.bytes().all(|byte| byte.is_ascii_graphic())) {
        return Err(unsignable("the session token holds characters that no header can carry"));
    }
    let identity = Credentials::new(
        keys.access_key_id,
        keys.secret_access_key.expose(),
        token.map(str::to_owned),
        None,
        "",
    )
    .into();
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region(scope.region)
        .name(scope.service)
        .time(now)
        .settings(settings)
        .build()
        .map_err(|error| unsignable(&error.to_string()))?
        .into();
    let headers = request.headers.iter().copied().filter(|(name, _)| is_signed(name));
    let signable =
        SignableRequest::new(request.method, request.url, headers, SignableBody::Bytes(request.body))
            .map_err(|_| unsignable("its URL holds characters that no URL can carry"))?;
    let output = aws_sigv4::http_request::sign(signable, &params)
        .map_err(|_| unsignable("one of its headers holds characters that no header can carry"))?;
    Ok(output.into_parts().0)
}

fn is_signed(name: &str) -> bool {
    !UNSIGNED_HEADERS.iter().any(|unsigned| name.eq_ignore_ascii_case(unsigned))
}

fn unsignable(problem: &str) -> Error {
    Error::InvalidRequest(format!("the request cannot be signed: {problem}").into())
}

#[cfg(test)]
mod tests;
