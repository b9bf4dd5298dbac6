//! The retry loop: the only place where a request is sent again.
//!
//! It ends as soon as the head of a 200 answer is in, so nothing is sent twice once an answer has begun.
//! Each attempt is prepared anew by the caller, so that it is signed with fresh keys and a fresh clock. The
//! numbers are those that the AWS SDKs share since 2026: half a second at most before a transient failure is
//! tried again, a few seconds after throttling, and a bucket of tokens that ends storms.

use super::rate::RateLimiter;
use super::skew::ClockSkew;
use super::{HttpRequest, HttpResponse, Sleep, Transport, answer};
use crate::Env;
use crate::error::{ConfigProblem, Error, Result, ServiceClass};
use crate::origin::{Origin, Sourced};
use crate::trail::Trail;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

/// How often and how fast a request is sent again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetryPolicy {
    /// How many times a request is sent at most, from 1.
    pub max_attempts: Sourced<u32>,
    /// First delay after a transient failure; it doubles with each attempt.
    pub transient_base: Duration,
    /// First delay after throttling; it doubles with each attempt.
    pub throttle_base: Duration,
    /// No delay is longer, but for what the service asks for.
    pub max_delay: Duration,
    /// Whether a [`RateLimiter`] slows requests down after throttling.
    pub is_adaptive: bool,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            max_attempts: Sourced::new(3, Origin::Default),
            transient_base: Duration::from_millis(50),
            throttle_base: Duration::from_secs(1),
            max_delay: Duration::from_secs(20),
            is_adaptive: false,
        }
    }
}

impl RetryPolicy {
    /// The default policy, with `explicit`, else `AWS_MAX_ATTEMPTS`, and with `AWS_RETRY_MODE` applied; in place of
    /// a variable the settings `max_attempts` and `retry_mode` of a profile, which `setting` looks up by name.
    ///
    /// # Errors
    /// [`Error::Config`] for a number below 1, no number, or an unknown mode.
    pub fn resolve(
        explicit: Option<&Sourced<u32>>,
        env: &Env,
        setting: impl Fn(&str) -> Option<Sourced<String>>,
    ) -> Result<Self> {
        let find = |variable: &str, name: &str| match env.get_non_blank(variable) {
            Some(value) => Some(Sourced::new(value.to_owned(), Origin::Variable(variable.into()))),
            None => setting(name).filter(|found| !found.value.trim().is_empty()),
        };
        let mut policy = Self::default();
        let attempts = explicit
            .map(|number| number.clone().map(Some))
            .or_else(|| Some(find("AWS_MAX_ATTEMPTS", "max_attempts")?.map(|text| text.trim().parse().ok())));
        if let Some(Sourced { value, origin }) = attempts {
            let Some(number) = value.filter(|&number: &u32| number > 0) else {
                return Err(wrong(origin, "max_attempts", "it must be a whole number from 1"));
            };
            policy.max_attempts = Sourced::new(number, origin);
        }
        if let Some(Sourced { value, origin }) = find("AWS_RETRY_MODE", "retry_mode") {
            policy.is_adaptive = match value.trim().to_ascii_lowercase().as_str() {
                "adaptive" => true,
                "standard" | "legacy" => false,
                _ => return Err(wrong(origin, "retry_mode", "it must be `standard` or `adaptive`")),
            };
        }
        Ok(policy)
    }

    /// The delay before attempt `attempt + 1`, where `attempt` counts from 1.
    ///
    /// `random` is between 0 and 1. `asked` is what `x-amz-retry-after` says: it raises the delay, by five
    /// seconds at most.
    fn delay(&self, attempt: u32, class: Backoff, random: f64, asked: Option<Duration>) -> Duration {
        let base = match class {
            Backoff::Throttled => self.throttle_base,
            Backoff::Transient => self.transient_base,
        };
        let doubled = base.saturating_mul(2_u32.saturating_pow(attempt.saturating_sub(1)));
        let delay = doubled.min(self.max_delay).mul_f64(random.clamp(0.0, 1.0));
        asked.map_or(delay, |asked| asked.clamp(delay, delay + Duration::from_secs(5)))
    }
}

/// A value that cannot be used; `setting` is its name in a profile, where the origin does not hold the name.
fn wrong(origin: Origin, setting: &str, problem: &str) -> Error {
    let (key, hint) = match &origin {
        Origin::Variable(name) => (None, format!("unset `{name}` to use the default")),
        Origin::Flag(_) | Origin::Code => (None, format!("leave {origin} out to use the default")),
        Origin::File { .. }
        | Origin::StandardInput
        | Origin::Profile(_)
        | Origin::ModelArn
        | Origin::InstanceMetadata
        | Origin::Demo
        | Origin::Default => (Some(setting.to_owned()), format!("take `{setting}` away to use the default")),
    };
    Error::Config(Box::new(ConfigProblem { origin, key, problem: problem.into(), hints: vec![hint] }))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Backoff {
    Throttled,
    Transient,
}

impl Backoff {
    fn of(error: &Error) -> Self {
        let throttled =
            error.service_failure().is_some_and(|failure| failure.class == ServiceClass::Throttled);
        if throttled { Backoff::Throttled } else { Backoff::Transient }
    }

    /// What a retry takes from the bucket.
    fn cost(self) -> u32 {
        match self {
            Backoff::Throttled => 5,
            Backoff::Transient => 14,
        }
    }
}

/// Tokens shared by the calls of one client: when the service fails again and again, retries stop.
#[derive(Debug)]
pub struct RetryBucket(Mutex<u32>);

const BUCKET_SIZE: u32 = 500;

impl Default for RetryBucket {
    fn default() -> Self {
        Self(Mutex::new(BUCKET_SIZE))
    }
}

impl RetryBucket {
    fn take(&self, cost: u32) -> bool {
        let mut tokens = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let left = tokens.checked_sub(cost);
        if let Some(left) = left {
            *tokens = left;
        }
        left.is_some()
    }

    fn give_back(&self, cost: u32) {
        let mut tokens = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *tokens = (*tokens + cost).min(BUCKET_SIZE);
    }
}

/// What happens on the way, for whoever watches. Match members with `..`: releases may add some.
#[derive(Debug)]
#[non_exhaustive]
pub enum Notice<'a> {
    /// The chain of credential sources has been walked.
    Authorised {
        /// What each source said.
        trail: &'a Trail,
    },
    /// An attempt is about to be sent.
    Sending {
        /// The request; its `Debug` shows no header values.
        request: &'a HttpRequest,
        /// From 1.
        attempt: u32,
    },
    /// The head of an answer is in.
    Answered {
        /// The HTTP status.
        status: u16,
        /// The AWS request id.
        request_id: Option<&'a str>,
    },
    /// The request will be sent again.
    Retrying {
        /// Why.
        error: &'a Error,
        /// After how many milliseconds.
        delay_ms: u64,
    },
}

/// Who watches calls.
pub(crate) type Watch = dyn Fn(&Notice<'_>) + Send + Sync;

/// How long the body of an error answer is waited for: it explains, but the status says enough.
const FAILURE_LIMIT: Duration = Duration::from_secs(10);

/// What the loop needs beside the request.
pub struct Retry<'a> {
    /// The connections.
    pub transport: &'a Transport,
    /// How often and how fast.
    pub policy: &'a RetryPolicy,
    /// Shared by all calls of a client.
    pub bucket: &'a RetryBucket,
    /// Set in adaptive mode.
    pub limiter: Option<&'a RateLimiter>,
    /// The difference of the clocks, measured at every answer.
    pub skew: &'a ClockSkew,
    /// This machine's clock.
    pub clock: &'a (dyn Fn() -> SystemTime + Send + Sync),
    /// How to wait.
    pub sleep: &'a Sleep,
    /// A random number from 0 to 1, for the spread of delays.
    pub random: &'a (dyn Fn() -> f64 + Send + Sync),
    /// Told of every attempt.
    pub watch: &'a Watch,
    /// Limit for the head of each answer.
    pub response_limit: Option<Duration>,
}

impl Retry<'_> {
    /// Sends what `prepare` makes until an answer with status 200..299 comes, the failure is one that
    /// waiting does not help, or attempts or tokens are used up. `prepare` gets the number of the attempt.
    ///
    /// # Errors
    /// The last failure, with the number of attempts and the time waited filled in.
    // Not an async closure: futures of those cannot be shown to move between threads.
    pub async fn send<F>(&self, prepare: impl Fn(u32) -> F) -> Result<HttpResponse>
    where
        F: Future<Output = Result<HttpRequest>>,
    {
        let (mut attempt, mut waited_ms, mut spent) = (1, 0, 0);
        loop {
            if let Some(limiter) = self.limiter {
                (self.sleep)(limiter.acquire()).await;
            }
            let request = prepare(attempt).await?;
            (self.watch)(&Notice::Sending { request: &request, attempt });
            let outcome = self.attempt(request).await;
            if let Some(limiter) = self.limiter {
                limiter.note(matches!(&outcome, Err((error, _)) if Backoff::of(error) == Backoff::Throttled));
            }
            let (error, asked) = match outcome {
                Ok(response) => {
                    self.bucket.give_back(if spent == 0 { 1 } else { spent });
                    return Ok(response);
                }
                Err(failed) => failed,
            };
            let backoff = Backoff::of(&error);
            let may_retry =
                (error.is_retryable() || self.is_skew(&error)) && attempt < self.policy.max_attempts.value;
            if !may_retry || !self.bucket.take(backoff.cost()) {
                return Err(with_facts(error, attempt, waited_ms));
            }
            spent = backoff.cost();
            let delay = self.policy.delay(attempt, backoff, (self.random)(), asked);
            let delay_ms = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX);
            (self.watch)(&Notice::Retrying { error: &error, delay_ms });
            (self.sleep)(delay).await;
            waited_ms += delay_ms;
            attempt += 1;
        }
    }

    /// Whether the signature may have been refused for the difference of the clocks, which is known by now.
    fn is_skew(&self, error: &Error) -> bool {
        matches!(error, Error::Service(failure) if self.skew.explains(&failure.code))
    }

    /// One exchange; an error status becomes an error, with the delay that the service asks for.
    async fn attempt(&self, request: HttpRequest) -> Result<HttpResponse, (Error, Option<Duration>)> {
        let sent_at = (self.clock)();
        let answer = self.transport.send(request, self.response_limit).await;
        let response = answer.map_err(|error| (error, None))?;
        self.skew.measure(&response, sent_at, (self.clock)());
        let request_id = response.header("x-amzn-requestid");
        (self.watch)(&Notice::Answered { status: response.status, request_id });
        if (200..300).contains(&response.status) {
            return Ok(response);
        }
        let asked = response.header("x-amz-retry-after").and_then(|value| value.trim().parse().ok());
        let asked = asked.map(Duration::from_millis);
        let limit = self.response_limit.unwrap_or(FAILURE_LIMIT).min(FAILURE_LIMIT);
        Err((Error::Service(Box::new(answer::read_failure(response, limit).await)), asked))
    }
}

fn with_facts(mut error: Error, attempts: u32, waited_ms: u64) -> Error {
    if let Some((sent, waited)) = error.effort_mut() {
        (*sent, *waited) = (attempts, waited_ms);
    }
    error
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{ErrorKind, Waiting};
    use std::sync::atomic::{AtomicU32, Ordering};

    fn answers(list: &'static [(u16, &'static str)]) -> (Transport, &'static AtomicU32) {
        let sent: &'static AtomicU32 = Box::leak(Box::new(AtomicU32::new(0)));
        let transport = Transport::scripted(move |_| async move {
            let at = sent.fetch_add(1, Ordering::SeqCst) as usize;
            let (status, code) = list[at.min(list.len() - 1)];
            let headers = vec![("x-amzn-ErrorType".to_owned(), code.to_owned())];
            Ok(HttpResponse::whole(status, headers, ""))
        });
        (transport, sent)
    }

    async fn run(transport: &Transport, bucket: &RetryBucket, attempts: u32) -> Result<HttpResponse> {
        let policy = RetryPolicy {
            max_attempts: Sourced::new(attempts, Origin::Code),
            transient_base: Duration::ZERO,
            throttle_base: Duration::ZERO,
            ..RetryPolicy::default()
        };
        send(transport, &policy, bucket, None).await
    }

    async fn send(
        transport: &Transport,
        policy: &RetryPolicy,
        bucket: &RetryBucket,
        response_limit: Option<Duration>,
    ) -> Result<HttpResponse> {
        let retry = Retry {
            transport,
            policy,
            bucket,
            limiter: None,
            skew: &ClockSkew::default(),
            clock: &crate::time::now,
            sleep: &|_| Box::pin(std::future::ready(())),
            random: &|| 1.0,
            watch: &|_| {},
            response_limit,
        };
        let request = |_| HttpRequest {
            method: "GET",
            url: "http://h/".into(),
            headers: vec![],
            body: bytes::Bytes::new(),
        };
        retry.send(|attempt| std::future::ready(Ok(request(attempt)))).await
    }

    #[tokio::test]
    async fn what_is_sent_again_and_how_often() {
        for (list, attempts, sent_times, class) in [
            (&[(200, "")][..], 3, 1, None),
            (&[(429, "ThrottlingException"), (200, "")], 3, 2, None),
            (&[(429, "")], 3, 3, Some(ServiceClass::Throttled)),
            (&[(429, "ModelNotReadyException")], 2, 2, Some(ServiceClass::ModelNotReady)),
            (&[(500, "InternalServerException")], 3, 3, Some(ServiceClass::Internal)),
            (&[(503, "ServiceUnavailableException")], 1, 1, Some(ServiceClass::Unavailable)),
            (&[(502, "")], 3, 3, Some(ServiceClass::Unavailable)),
            (&[(400, "ThrottlingException")], 3, 3, Some(ServiceClass::Throttled)),
            (&[(400, "ValidationException")], 3, 1, Some(ServiceClass::Validation)),
            (&[(403, "AccessDeniedException")], 3, 1, Some(ServiceClass::AccessDenied)),
            (&[(404, "ResourceNotFoundException")], 3, 1, Some(ServiceClass::ModelNotFound)),
            (&[(408, "ModelTimeoutException")], 3, 1, Some(ServiceClass::ModelTimeout)),
            (&[(424, "ModelErrorException")], 3, 1, Some(ServiceClass::ModelError)),
            (&[(400, "ServiceQuotaExceededException")], 3, 1, Some(ServiceClass::QuotaExceeded)),
        ] {
            let (transport, sent) = answers(list);
            let outcome = run(&transport, &RetryBucket::default(), attempts).await;
            assert_eq!(sent.load(Ordering::SeqCst), sent_times, "{list:?}");
            let found = outcome.as_ref().err().and_then(Error::service_failure);
            assert_eq!(found.map(|failure| failure.class), class, "{list:?}");
            if let Some(failure) = found {
                assert_eq!(failure.attempts, sent_times, "{list:?}");
            }
        }
    }

    #[tokio::test]
    async fn silence_is_counted_like_any_failure() {
        let transport = Transport::scripted(|_| std::future::pending());
        let policy = RetryPolicy { transient_base: Duration::ZERO, ..RetryPolicy::default() };
        let error = send(&transport, &policy, &RetryBucket::default(), Some(Duration::from_millis(1))).await;
        let error = error.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Timeout(Waiting::Response));
        assert_eq!(error.attempts(), Some(3));
    }

    #[tokio::test]
    async fn the_bucket_ends_a_storm_and_fills_on_success() {
        let bucket = RetryBucket::default();
        let (failing, sent) = answers(&[(500, "InternalServerException")]);
        for _ in 0..40 {
            run(&failing, &bucket, 3).await.unwrap_err();
        }
        // 500 tokens pay for 35 retries at 14 each; the other calls are sent once.
        assert_eq!(sent.load(Ordering::SeqCst), 40 + 35);
        let (good, _) = answers(&[(200, "")]);
        for _ in 0..4 {
            run(&good, &bucket, 3).await.unwrap();
        }
        assert_eq!(*bucket.0.lock().unwrap(), 500 - 35 * 14 + 4);
    }

    #[test]
    fn delays_double_and_follow_the_service() {
        let policy = RetryPolicy::default();
        let ms = Duration::from_millis;
        for (attempt, class, random, asked, expected) in [
            (1, Backoff::Transient, 1.0, None, ms(50)),
            (2, Backoff::Transient, 0.5, None, ms(50)),
            (1, Backoff::Throttled, 1.0, None, ms(1_000)),
            (3, Backoff::Throttled, 1.0, None, ms(4_000)),
            (30, Backoff::Throttled, 1.0, None, ms(20_000)),
            (1, Backoff::Throttled, 0.0, Some(ms(700)), ms(700)),
            (1, Backoff::Throttled, 1.0, Some(ms(700)), ms(1_000)),
            (1, Backoff::Throttled, 1.0, Some(ms(60_000)), ms(6_000)),
        ] {
            assert_eq!(policy.delay(attempt, class, random, asked), expected, "{attempt} {class:?}");
        }
    }

    #[test]
    fn variables_go_before_the_profile_and_bad_values_name_their_place() {
        let none = |_: &str| None;
        for (name, value) in [
            ("AWS_MAX_ATTEMPTS", "0"),
            ("AWS_MAX_ATTEMPTS", "three"),
            ("AWS_MAX_ATTEMPTS", "-1"),
            ("AWS_RETRY_MODE", "fast"),
        ] {
            let error =
                RetryPolicy::resolve(None, &Env::empty().with(name, value), none).unwrap_err().to_string();
            assert!(error.starts_with(&format!("`{name}` cannot be used")), "{error}");
        }
        let profile = |name: &str| {
            let value = if name == "max_attempts" { "7" } else { "adaptive" };
            Some(Sourced::new(value.to_owned(), Origin::Profile("p".into())))
        };
        let text = RetryPolicy::resolve(None, &Env::empty(), |_| {
            Some(Sourced::new("no".to_owned(), Origin::Profile("p".into())))
        });
        assert_eq!(
            text.unwrap_err().to_string(),
            "`max_attempts` in profile `p` cannot be used: it must be a whole number from 1"
        );
        let policy = RetryPolicy::resolve(None, &Env::empty(), profile).unwrap();
        assert_eq!((policy.max_attempts.value, policy.is_adaptive), (7, true));
        let env = Env::empty().with("AWS_MAX_ATTEMPTS", "5").with("AWS_RETRY_MODE", "legacy");
        let policy = RetryPolicy::resolve(None, &env, profile).unwrap();
        assert_eq!((policy.max_attempts.value, policy.is_adaptive), (5, false));
        let broken = Env::empty().with("AWS_MAX_ATTEMPTS", "none");
        let explicit = |number| Sourced::new(number, Origin::Code);
        assert_eq!(RetryPolicy::resolve(Some(&explicit(2)), &broken, none).unwrap().max_attempts.value, 2);
        assert!(RetryPolicy::resolve(Some(&explicit(0)), &broken, none).is_err());
    }
}
