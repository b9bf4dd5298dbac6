//! What each credential source is handed, and how a source calls an AWS service.
//!
//! The services of the chain are called like Bedrock itself: endpoint rules and custom endpoints, retries with
//! backoff, a signature for each attempt. Metadata services are not called from here.

use super::profile::Profiles;
use super::sign;
use super::world::World;
use super::{Credentials, Failure};
use crate::endpoint::{self, Endpoint, Service};
use crate::env::Env;
use crate::error::{Error, Result};
use crate::region::Region;
use crate::transport::retry::{Retry, RetryBucket, RetryPolicy, Watch};
use crate::transport::skew::ClockSkew;
use crate::transport::{HttpRequest, Transport, wire_url};
use bytes::Bytes;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// Limit for the head of each answer of a service.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);
/// No answer of the chain's services is near this long.
const ANSWER_LIMIT: usize = 256 * 1024;

/// The connections of the chain, and what is shared by its calls.
pub(super) struct Connections {
    /// To AWS services.
    pub(super) services: Transport,
    /// To the machine's own metadata service and container agent: no proxy, short connect timeout.
    pub(super) local: Transport,
    pub(super) bucket: RetryBucket,
    pub(super) skew: ClockSkew,
    /// Told of every call of a service; not of those of this machine.
    pub(super) watch: Arc<Watch>,
}

/// What a source is handed.
#[derive(Clone, Copy)]
pub(super) struct Context<'a> {
    pub(super) env: &'a Env,
    pub(super) world: &'a World,
    pub(super) profiles: &'a Profiles<'a>,
    /// The client's region.
    pub(super) region: &'a Region,
    pub(super) connections: &'a Connections,
}

/// A call to a service, before it has a host and a signature.
pub(super) struct Call<'a> {
    pub(super) endpoint: &'a Endpoint,
    pub(super) method: &'static str,
    /// With its query, escaped.
    pub(super) path: &'a str,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Bytes,
    /// The keys that sign it; `None` for calls without a signature.
    pub(super) keys: Option<&'a Credentials>,
}

impl Context<'_> {
    pub(super) fn now(&self) -> SystemTime {
        (self.world.clock)()
    }

    /// Where a service is called in a region.
    pub(super) fn endpoint(&self, service: Service, region: &Region) -> Result<Endpoint> {
        let endpoint = endpoint::resolve(service, region, None, None, self.env, self.profiles)?;
        Ok(endpoint.value)
    }

    /// Sends a call and gives the body of its answer.
    pub(super) async fn send(&self, call: Call<'_>) -> Result<Bytes> {
        let url = wire_url(&format!("{}{}", call.endpoint.url, call.path))?;
        let policy = RetryPolicy::default();
        let retry = Retry {
            transport: &self.connections.services,
            policy: &policy,
            bucket: &self.connections.bucket,
            limiter: None,
            skew: &self.connections.skew,
            clock: &*self.world.clock,
            sleep: &*self.world.sleep,
            random: &*self.world.random,
            watch: &*self.connections.watch,
            response_limit: Some(ANSWER_TIMEOUT),
        };
        let mut response = retry.send(|_| std::future::ready(self.prepare(&call, &url))).await?;
        response.read_all(ANSWER_LIMIT).await.map_err(Error::Transport)
    }

    fn prepare(&self, call: &Call<'_>, url: &str) -> Result<HttpRequest> {
        let mut headers = call.headers.clone();
        if let Some(keys) = call.keys {
            let known: Vec<(&str, &str)> = headers.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
            let request = sign::ToSign { method: call.method, url, headers: &known, body: &call.body };
            let signed = keys.sign(request, call.endpoint, self.connections.skew.correct(self.now()))?;
            headers.extend(signed);
        }
        headers.push(("user-agent".to_owned(), crate::client::USER_AGENT.to_owned()));
        Ok(HttpRequest { method: call.method, url: url.to_owned(), headers, body: call.body.clone() })
    }
}

/// A failed call as a source reports it: what could not be done, then why, with AWS's own sentence.
pub(super) fn failure(what: &str, error: &Error) -> Failure {
    let (why, is_config) = match error {
        Error::Service(failure) => {
            let mut why = match (failure.code.as_str(), failure.message.as_str()) {
                ("", "") => format!("status {}", failure.status),
                ("", message) => format!("status {}: {message}", failure.status),
                (code, "") => code.to_owned(),
                (code, message) => format!("{code}: {message}"),
            };
            if let Some(id) = &failure.request_id {
                why.push_str(&format!(" (request id {id})"));
            }
            (why, false)
        }
        error => (error.to_string(), matches!(error, Error::Config(_))),
    };
    let hints = if let Error::Config(problem) = error { problem.hints.clone() } else { Vec::new() };
    Failure { problem: format!("{what}: {why}"), is_config, hints }
}
