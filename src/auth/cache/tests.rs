//! Renewal ahead of time, at the last moment, by many callers, and after a refusal.

use super::*;
use crate::auth::world::World;
use crate::env::Env;
use crate::time;
use crate::transport::{HttpResponse, Transport};
use std::sync::atomic::{AtomicU64, Ordering};

const START: i64 = 1_735_787_045;

fn at(seconds: i64) -> SystemTime {
    time::from_unix_seconds(START + seconds).unwrap()
}

/// A container agent whose answers last an hour from the moment of asking, and count up; it fails while `fails`.
struct Agent {
    now: Arc<Mutex<i64>>,
    fails: Arc<Mutex<bool>>,
    asked: Arc<AtomicU64>,
    cache: CredentialCache,
}

fn agent() -> Agent {
    let (now, fails, asked) =
        (Arc::new(Mutex::new(0)), Arc::new(Mutex::new(false)), Arc::new(AtomicU64::new(0)));
    let (clock, failing, count) = (Arc::clone(&now), Arc::clone(&fails), Arc::clone(&asked));
    let transport = Transport::scripted(move |_| {
        let number = count.fetch_add(1, Ordering::SeqCst) + 1;
        let end = time::rfc3339(at(*clock.lock().unwrap() + 3_600));
        let body = format!(
            r#"{{"AccessKeyId":"K{number}","SecretAccessKey":"s","Token":"t","Expiration":"{end}"}}"#
        );
        let status = if *failing.lock().unwrap() { 400 } else { 200 };
        async move {
            tokio::task::yield_now().await;
            Ok(HttpResponse::whole(status, vec![], body))
        }
    });
    let env = Env::empty().with("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/c");
    let world_now = Arc::clone(&now);
    let world = World {
        clock: Arc::new(move || at(*world_now.lock().unwrap())),
        random: Arc::new(|| 0.0),
        ..World::default()
    };
    let chain = Chain::new(env, None, world, transport.clone(), transport);
    Agent { now, fails, asked, cache: CredentialCache::new(chain, Region::fallback().value) }
}

impl Agent {
    /// The key id in use at this second, or the error.
    async fn key(&self, seconds: i64) -> Result<String> {
        *self.now.lock().unwrap() = seconds;
        let found = self.cache.get(at(seconds), 0.0).await?;
        Ok(found.keys().unwrap().access_key_id.clone())
    }
}

#[tokio::test]
async fn keys_are_kept_until_five_minutes_before_their_end() {
    let agent = agent();
    for (seconds, key) in
        [(0, "K1"), (3_299, "K1"), (3_300, "K2"), (3_301, "K2"), (6_599, "K2"), (6_600, "K3")]
    {
        assert_eq!(agent.key(seconds).await.unwrap(), key, "{seconds}");
    }
}

#[tokio::test]
async fn a_failed_renewal_serves_what_there_is_and_never_past_the_end() {
    let agent = agent();
    agent.key(0).await.unwrap();
    *agent.fails.lock().unwrap() = true;
    // Tried at 3300, not again within 30 s, then again; in the last ten seconds at every call.
    for (seconds, asked) in [(3_300, 2), (3_310, 2), (3_330, 3), (3_595, 4), (3_599, 5)] {
        assert_eq!(agent.key(seconds).await.unwrap(), "K1", "{seconds}");
        assert_eq!(agent.asked.load(Ordering::SeqCst), asked, "{seconds}");
    }
    agent.key(3_600).await.unwrap_err();
    *agent.fails.lock().unwrap() = false;
    assert_eq!(agent.key(3_601).await.unwrap(), "K7");
}

#[tokio::test]
async fn many_callers_ask_once() {
    let agent = agent();
    for (seconds, expected) in [(0, 1), (3_300, 2), (9_000, 3)] {
        *agent.now.lock().unwrap() = seconds;
        let call = || agent.cache.get(at(seconds), 0.0);
        let (a, b, c) = tokio::join!(call(), call(), call());
        assert!(a.is_ok() && b.is_ok() && c.is_ok());
        assert_eq!(agent.asked.load(Ordering::SeqCst), expected, "{seconds}");
    }
}

#[tokio::test]
async fn refused_keys_are_dropped_once() {
    let agent = agent();
    let used = agent.cache.get(at(0), 0.0).await.unwrap();
    for (class, again) in [
        (ServiceClass::AccessDenied, false),
        (ServiceClass::CredentialsRejected, true),
        (ServiceClass::CredentialsExpired, true),
    ] {
        assert_eq!(agent.cache.refused(&used, class), again, "{class:?}");
    }
    assert_eq!(agent.key(1).await.unwrap(), "K2");
    // A late refusal of the first keys leaves the second ones alone.
    assert!(agent.cache.refused(&used, ServiceClass::CredentialsExpired));
    assert_eq!(agent.key(2).await.unwrap(), "K2");
}

#[tokio::test]
async fn keys_of_the_environment_cannot_be_renewed() {
    let env = Env::empty()
        .with("AWS_ACCESS_KEY_ID", "A")
        .with("AWS_SECRET_ACCESS_KEY", "s")
        .with("AWS_SESSION_TOKEN", "t");
    let transport = Transport::scripted(|_| async { Ok(HttpResponse::whole(500, vec![], "")) });
    let chain = Chain::new(env, None, World::default(), transport.clone(), transport);
    let cache = CredentialCache::new(chain, Region::fallback().value);
    let used = cache.get(at(0), 0.0).await.unwrap();
    assert!(!cache.refused(&used, ServiceClass::CredentialsExpired));
    assert!(!used.is_early(at(1_000_000)));
}
