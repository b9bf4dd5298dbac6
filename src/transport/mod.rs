//! HTTP as the rest of the crate needs it: send one request, read the answer's head, then its body in chunks.
//!
//! It knows nothing of AWS credentials: what it gets is ready to be sent, and the URL goes on the wire as it
//! is written. Redirects are not followed (a signature holds for one host only), bodies are not decompressed,
//! and nothing is sent twice but by [`retry`]. The TLS configuration, with its root certificates, is built
//! when the first `https` request needs it.

pub mod answer;
mod failure;
mod proxy;
pub mod rate;
pub mod retry;
pub mod skew;
mod tls;

use crate::error::{Error, Result, Timeout, TransportFailure, Waiting};
use crate::origin::Sourced;
use crate::{Env, uri};
use bytes::Bytes;
use std::fmt;
use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// A request, ready to be sent.
#[derive(Clone)]
pub struct HttpRequest {
    /// `GET`, `POST`, `PUT`.
    pub method: &'static str,
    /// Absolute URL, escaped as it is to be sent.
    pub url: String,
    /// Headers in order, `host` and `content-length` left out.
    pub headers: Vec<(String, String)>,
    /// The body; empty for none.
    pub body: Bytes,
}

/// Method, URL and the names of the headers: values may be secrets.
impl fmt::Debug for HttpRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
        write!(f, "{} {} {names:?} ({} bytes)", self.method, self.url, self.body.len())
    }
}

/// The head of an answer, and its body still to be read. Dropping it closes the connection.
pub struct HttpResponse {
    /// Status code.
    pub status: u16,
    /// Headers, names in lower case, values that are no text left out.
    pub headers: Vec<(String, String)>,
    body: Body,
    host: String,
}

enum Body {
    Live(reqwest::Response),
    Whole(Bytes),
}

impl HttpResponse {
    /// An answer that is all there: for scripted transports.
    pub fn whole(status: u16, headers: Vec<(String, String)>, body: impl Into<Bytes>) -> Self {
        let headers = headers.into_iter().map(|(name, value)| (name.to_ascii_lowercase(), value)).collect();
        Self { status, headers, body: Body::Whole(body.into()), host: String::new() }
    }

    /// The first header of this (lower-case) name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The next piece of the body as it came from the network; `None` at its end.
    ///
    /// # Errors
    /// A body that ends before its stated length or its last chunk is a [`TransportFailure`].
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, Box<TransportFailure>> {
        match &mut self.body {
            Body::Live(response) => {
                response.chunk().await.map_err(|error| failure::describe(&error, &self.host))
            }
            Body::Whole(bytes) if bytes.is_empty() => Ok(None),
            Body::Whole(bytes) => Ok(Some(std::mem::take(bytes))),
        }
    }

    /// The rest of the body, up to `limit` bytes and the chunk that goes beyond: whoever must have all of it
    /// compares the length.
    ///
    /// # Errors
    /// As [`HttpResponse::chunk`].
    pub async fn read_all(&mut self, limit: usize) -> Result<Bytes, Box<TransportFailure>> {
        let Some(first) = self.chunk().await? else { return Ok(Bytes::new()) };
        let Some(second) = self.chunk().await? else { return Ok(first) };
        let mut all = Vec::from(first);
        all.extend_from_slice(&second);
        while all.len() <= limit {
            match self.chunk().await? {
                Some(more) => all.extend_from_slice(&more),
                None => break,
            }
        }
        Ok(all.into())
    }
}

impl fmt::Debug for HttpResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpResponse").field("status", &self.status).finish_non_exhaustive()
    }
}

/// How to connect.
#[derive(Debug, Clone)]
pub struct TransportOptions {
    /// Limit for the TCP and TLS handshakes; zero for none.
    pub connect_timeout: Duration,
    /// A PEM file whose certificates are trusted beside the bundled ones.
    pub ca_bundle: Option<Sourced<PathBuf>>,
    /// Proxies, as the environment names them.
    pub proxies: proxy::Proxies,
}

/// The connect timeout that the AWS SDK for Rust uses.
pub const CONNECT_TIMEOUT: Duration = Duration::from_millis(3_100);

impl TransportOptions {
    /// Proxies and certificate file from the environment, default timeout.
    ///
    /// `AWS_CA_BUNDLE` goes before `SSL_CERT_FILE`; empty values count as absent.
    pub fn from_env(env: &Env) -> Self {
        let ca_bundle = ["AWS_CA_BUNDLE", "SSL_CERT_FILE"].into_iter().find_map(|name| {
            env.path(name).map(|path| Sourced::new(path, crate::Origin::Variable(name.into())))
        });
        Self { connect_timeout: CONNECT_TIMEOUT, ca_bundle, proxies: proxy::Proxies::from_env(env) }
    }

    /// The same certificates without any proxy, for services of the machine itself.
    #[must_use]
    pub fn without_proxies(&self, connect_timeout: Duration) -> Self {
        Self { connect_timeout, ca_bundle: self.ca_bundle.clone(), proxies: proxy::Proxies::default() }
    }
}

/// A future that a closure returns.
pub type Pending<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// Waits for a time.
pub type Sleep = dyn Fn(Duration) -> Pending<()> + Send + Sync;

type Script = dyn Fn(HttpRequest) -> Pending<ScriptedAnswer> + Send + Sync + 'static;

/// What a scripted transport gives back.
pub type ScriptedAnswer = Result<HttpResponse, Box<TransportFailure>>;

/// A cheap handle to the connections of one client; clones share them.
#[derive(Clone)]
pub struct Transport(Arc<Kind>);

enum Kind {
    Live(Box<Live>),
    Scripted(Box<Script>),
}

struct Live {
    options: TransportOptions,
    plain: Mutex<Option<reqwest::Client>>,
    secure: Mutex<Option<reqwest::Client>>,
}

impl Transport {
    /// A transport that uses the network. Nothing is opened or read before the first request.
    pub fn new(options: TransportOptions) -> Self {
        let (plain, secure) = (Mutex::new(None), Mutex::new(None));
        Self(Arc::new(Kind::Live(Box::new(Live { options, plain, secure }))))
    }

    /// A transport that asks `script` in place of the network: for tests of what is sent.
    pub fn scripted<F>(script: impl Fn(HttpRequest) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = ScriptedAnswer> + Send + 'static,
    {
        Self(Arc::new(Kind::Scripted(Box::new(move |request| Box::pin(script(request))))))
    }

    /// Sends a request and waits for the head of the answer, at most `limit`.
    ///
    /// # Errors
    /// [`Error::Transport`] when no head came, [`Error::Timeout`] at the limit, [`Error::Config`] when the
    /// certificate file cannot be used, [`Error::InvalidRequest`] for a URL that cannot be sent.
    pub async fn send(&self, request: HttpRequest, limit: Option<Duration>) -> Result<HttpResponse> {
        let answer = async {
            match &*self.0 {
                Kind::Live(live) => live.send(request).await,
                Kind::Scripted(script) => script(request).await.map_err(Error::Transport),
            }
        };
        let Some(limit) = limit else { return answer.await };
        match tokio::time::timeout(limit, answer).await {
            Ok(answer) => answer,
            Err(_) => Err(Error::Timeout(Box::new(Timeout::new(Waiting::Response, limit)))),
        }
    }
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &*self.0 {
            Kind::Live(_) => "Transport(live)",
            Kind::Scripted(_) => "Transport(scripted)",
        })
    }
}

impl Live {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse> {
        let Some(parts) = uri::split_url(&request.url) else {
            return Err(Error::InvalidRequest(format!("`{}` is no http or https URL", request.url).into()));
        };
        let host = parts.host_header().to_owned();
        let client = self.client(parts.is_https())?;
        let method = reqwest::Method::from_bytes(request.method.as_bytes())
            .map_err(|_| Error::InvalidRequest(format!("`{}` is no HTTP method", request.method).into()))?;
        let mut builder = client.request(method, &request.url);
        for (name, value) in &request.headers {
            builder = builder.header(name, value);
        }
        if !request.body.is_empty() || request.method != "GET" {
            builder = builder.body(request.body);
        }
        let response = builder.send().await.map_err(|error| {
            if error.is_builder() {
                return Error::InvalidRequest(failure::innermost(&error).into());
            }
            Error::Transport(failure::describe(&error, &host))
        })?;
        let headers = response.headers().iter();
        let headers = headers
            .filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned())))
            .collect();
        Ok(HttpResponse { status: response.status().as_u16(), headers, body: Body::Live(response), host })
    }

    /// The client for a scheme. Plain http gets one without root certificates, since reading them costs more
    /// than the whole call on loopback.
    fn client(&self, https: bool) -> Result<reqwest::Client> {
        let roots = https || self.options.proxies.any_is_https();
        let slot = if roots { &self.secure } else { &self.plain };
        let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = &*slot {
            return Ok(client.clone());
        }
        let tls = if roots { tls::trusting(self.options.ca_bundle.as_ref())? } else { tls::without_roots()? };
        let mut builder = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .tcp_nodelay(true)
            .http1_only();
        if !self.options.connect_timeout.is_zero() {
            builder = builder.connect_timeout(self.options.connect_timeout);
        }
        for proxy in self.options.proxies.to_reqwest()? {
            builder = builder.proxy(proxy);
        }
        let client = builder.build().map_err(|error| {
            Error::InvalidRequest(format!("no HTTP client: {}", failure::innermost(&error)).into())
        })?;
        *slot = Some(client.clone());
        Ok(client)
    }
}

/// The URL as the HTTP client will write it on the wire: this is what must be signed.
///
/// # Errors
/// [`Error::InvalidRequest`] when `url` is no absolute http or https URL.
pub fn wire_url(url: &str) -> Result<String> {
    let invalid = || Error::InvalidRequest(format!("`{url}` is no http or https URL").into());
    let parsed = reqwest::Url::parse(url).map_err(|_| invalid())?;
    if !matches!(parsed.scheme(), "http" | "https") || !parsed.has_host() {
        return Err(invalid());
    }
    Ok(parsed.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_prints_without_header_values() {
        let request = HttpRequest {
            method: "POST",
            url: "http://h/".into(),
            headers: vec![("authorization".into(), "Bearer secret".into())],
            body: Bytes::from_static(b"{}"),
        };
        assert_eq!(format!("{request:?}"), r#"POST http://h/ ["authorization"] (2 bytes)"#);
    }

    #[test]
    fn escapes_stay_as_they_are_on_the_wire() {
        for url in [
            "http://127.0.0.1:8080/model/amazon.nova-lite-v1%3A0/converse",
            "https://h.example/base/model/arn%3Aaws%3Abedrock%3A%3A%3Aa%2Fb/converse?x=%2B",
        ] {
            assert_eq!(wire_url(url).unwrap(), url);
        }
        assert!(matches!(wire_url("127.0.0.1:80"), Err(Error::InvalidRequest(_))));
        assert!(matches!(wire_url("ftp://h/"), Err(Error::InvalidRequest(_))));
    }

    #[test]
    fn the_aws_variable_names_the_certificates_before_the_general_one() {
        let env = Env::empty().with("SSL_CERT_FILE", "/b").with("AWS_CA_BUNDLE", "/a");
        assert_eq!(TransportOptions::from_env(&env).ca_bundle.unwrap().value, PathBuf::from("/a"));
        let env = env.with("AWS_CA_BUNDLE", "");
        assert_eq!(TransportOptions::from_env(&env).ca_bundle.unwrap().value, PathBuf::from("/b"));
    }
}
