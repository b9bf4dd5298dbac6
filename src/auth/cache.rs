//! Keeps credentials and renews them ahead of their end, once however many callers there are.
//!
//! From five minutes before the end one caller tries to renew while the others go on; in the last ten seconds all
//! wait. A renewal that fails is no failure while the old keys live, and no failure is kept: what is repaired
//! outside is seen at the next call. Keys past their end are never used.

use super::chain::Chain;
use super::{Auth, Credentials};
use crate::error::{Result, ServiceClass};
use crate::region::Region;
use crate::trail::{Source, Trail};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

/// Renewal begins this long before the end, and up to [`SPREAD`] sooner, so that many machines do not ask at once.
const EARLY: Duration = Duration::from_secs(5 * 60);
const SPREAD: Duration = Duration::from_secs(60);
/// Keys are not used for a request that would arrive after their end.
const LAST: Duration = Duration::from_secs(10);
/// A renewal ahead of time is not tried more often.
const RETRY_AFTER: Duration = Duration::from_secs(30);
/// Keys that do not say when they end are looked up again after this time: files change.
const UNDATED: Duration = Duration::from_secs(15 * 60);

/// What a walk along the chain gave.
#[derive(Debug)]
pub(crate) struct Authorisation {
    pub(crate) auth: Auth,
    pub(crate) trail: Trail,
    early_at: Option<SystemTime>,
}

/// The credentials in use.
pub(crate) struct CredentialCache {
    chain: Chain,
    region: Region,
    state: Mutex<State>,
    /// Held by whoever walks the chain.
    renewal: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct State {
    current: Option<Arc<Authorisation>>,
    tried_at: Option<SystemTime>,
}

impl Authorisation {
    fn new(auth: Auth, trail: Trail, now: SystemTime, random: f64) -> Self {
        let early_at = match &auth {
            Auth::SigV4(keys) => match (keys.expires_at, keys.source) {
                (Some(end), _) => end.checked_sub(EARLY + SPREAD.mul_f64(random.clamp(0.0, 1.0))),
                (None, Source::Environment | Source::Code) => None,
                (None, _) => now.checked_add(UNDATED),
            },
            Auth::Bearer(_) | Auth::None => None,
        };
        Self { auth, trail, early_at }
    }

    fn keys(&self) -> Option<&Credentials> {
        match &self.auth {
            Auth::SigV4(keys) => Some(keys),
            Auth::Bearer(_) | Auth::None => None,
        }
    }

    fn is_early(&self, now: SystemTime) -> bool {
        self.early_at.is_some_and(|at| now >= at)
    }

    /// Whether the keys last for longer than `margin`.
    fn lasts(&self, now: SystemTime, margin: Duration) -> bool {
        let end = self.keys().and_then(|keys| keys.expires_at);
        end.is_none_or(|end| end.duration_since(now).is_ok_and(|left| left > margin))
    }
}

impl CredentialCache {
    /// A cache over a chain whose STS calls go to `region`.
    pub(crate) fn new(chain: Chain, region: Region) -> Self {
        Self { chain, region, state: Mutex::default(), renewal: tokio::sync::Mutex::default() }
    }

    /// The chain itself.
    pub(crate) fn chain(&self) -> &Chain {
        &self.chain
    }

    /// The credentials to use at this moment.
    ///
    /// # Errors
    /// As [`Chain::resolve`].
    pub(crate) async fn get(&self, now: SystemTime, random: f64) -> Result<Arc<Authorisation>> {
        if let Some(current) = self.current().filter(|current| current.lasts(now, LAST)) {
            if !current.is_early(now) || !self.may_try(now) {
                return Ok(current);
            }
            let Ok(_renewal) = self.renewal.try_lock() else { return Ok(current) };
            return Ok(self.walk(now, random).await.unwrap_or(current));
        }
        let _renewal = self.renewal.lock().await;
        // Somebody else may have renewed them in the meantime.
        if let Some(current) = self.current().filter(|current| current.lasts(now, LAST)) {
            return Ok(current);
        }
        match self.walk(now, random).await {
            Ok(renewed) => Ok(renewed),
            Err(error) => self.current().filter(|current| current.lasts(now, Duration::ZERO)).ok_or(error),
        }
    }

    /// Takes note that the service refused `used` with an error of this class. True when other credentials may
    /// be had, so that the request is worth sending once more.
    pub(crate) fn refused(&self, used: &Arc<Authorisation>, class: ServiceClass) -> bool {
        let Some(keys) = used.keys() else { return false };
        let is_renewable = !matches!(keys.source, Source::Environment | Source::Code);
        let is_about_keys = class == ServiceClass::CredentialsExpired
            || (class == ServiceClass::CredentialsRejected && keys.session_token.is_some());
        if !is_renewable || !is_about_keys {
            return false;
        }
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.current.as_ref().is_some_and(|current| Arc::ptr_eq(current, used)) {
            state.current = None;
        }
        true
    }

    async fn walk(&self, now: SystemTime, random: f64) -> Result<Arc<Authorisation>> {
        let (auth, trail) = self.chain.resolve(&self.region).await?;
        let found = Arc::new(Authorisation::new(auth, trail, now, random));
        self.state.lock().unwrap_or_else(PoisonError::into_inner).current = Some(Arc::clone(&found));
        Ok(found)
    }

    fn current(&self) -> Option<Arc<Authorisation>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).current.clone()
    }

    /// Whether a renewal ahead of time may be tried now; if so, it counts as tried.
    fn may_try(&self, now: SystemTime) -> bool {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let may =
            state.tried_at.is_none_or(|at| now.duration_since(at).is_ok_and(|since| since >= RETRY_AFTER));
        if may {
            state.tried_at = Some(now);
        }
        may
    }
}

#[cfg(test)]
mod tests;
