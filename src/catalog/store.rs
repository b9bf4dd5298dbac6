//! The cache of what was discovered: in memory for one process, in a file for the next ones.
//!
//! A listing is kept under everything that decides what it holds: region, endpoint, filter, and which credentials
//! asked. Callers that ask for one listing at the same time wait for one set of requests. What cannot be renewed is
//! given as it is, with a note; a file that cannot be read is ignored, with a note, and written anew. Nothing here
//! decides what is in a listing, and the clock is the caller's.

mod file;
mod learned;

pub use learned::Learned;

use super::discover::{DiscoveryOptions, Listing, describe, discover};
use crate::Env;
use crate::client::Client;
use crate::error::{Error, Result};
use file::Stored;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A listing without all of its parts is believed no longer than this.
const PARTIAL_LIFE: Duration = Duration::from_secs(60);

/// A listing older than this is no answer, even when there is no other.
const LONGEST_LIFE: Duration = Duration::from_secs(7 * 24 * 3_600);

/// How far ahead of the clock a listing may be, by another clock or by a call that began earlier, before the clocks
/// must be wrong.
const LEEWAY: Duration = Duration::from_secs(600);

/// The cache. Cheap to clone; clones share what is in memory.
///
/// ```no_run
/// # async fn run() -> outcrop::Result<()> {
/// use outcrop::catalog::discover::DiscoveryOptions;
/// use outcrop::catalog::store::Store;
/// use outcrop::{Client, Env};
///
/// let env = Env::from_process();
/// let (client, store) = (Client::from_env(&env)?, Store::open(&env));
/// let found = store.listing(&client, &DiscoveryOptions::default(), outcrop::time::now()).await?;
/// for entry in &found.listing.entries {
///     println!("{}", entry.id);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    folder: Option<PathBuf>,
    slots: Mutex<HashMap<String, Arc<Slot>>>,
}

/// What is in memory for one key.
#[derive(Default)]
struct Slot {
    /// Locked by whoever asks the service, so that others wait for the answer.
    kept: tokio::sync::Mutex<Option<Arc<Kept>>>,
    /// How often the service has answered: who waits can tell by it that somebody else was told.
    answers: AtomicU64,
}

/// A listing, and what it is good for.
#[derive(Debug, Clone)]
pub struct Found {
    /// What the region offers.
    pub listing: Arc<Listing>,
    /// How old that is.
    pub freshness: Freshness,
    /// What the user should hear of the cache, one sentence each.
    pub notes: Vec<String>,
}

/// Where a listing comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freshness {
    /// From the service, just now.
    Fetched,
    /// From the cache, and as good.
    Cached {
        /// The time since the service was asked.
        age: Duration,
    },
    /// From the cache, older than it should be.
    Stale {
        /// The time since the service was asked.
        age: Duration,
    },
}

/// What memory and files hold.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Kept {
    key: String,
    /// When the service was asked, in milliseconds since 1970: of two listings the one asked for later counts.
    asked_ms: u64,
    #[serde(with = "shared")]
    listing: Arc<Listing>,
}

/// How a shared listing is written and read: as any other.
mod shared {
    use super::{Arc, Listing};
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(listing: &Arc<Listing>, to: S) -> Result<S::Ok, S::Error> {
        listing.as_ref().serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Arc<Listing>, D::Error> {
        Listing::deserialize(from).map(Arc::new)
    }
}

/// What decides about a listing, as text.
struct Key {
    text: String,
    file: String,
}

/// Which listing will do.
#[derive(Debug, Clone, Copy)]
enum Demand {
    /// One that has not outlived the interval.
    Fresh(Duration),
    /// One that the service gives from now on.
    New,
}

impl Store {
    /// The cache of the user: files in `$XDG_CACHE_HOME/outcrop`, else `~/.cache/outcrop`; without a home folder,
    /// memory alone. Nothing is opened yet.
    pub fn open(env: &Env) -> Self {
        let base = env.path("XDG_CACHE_HOME").filter(|path| path.is_absolute());
        let base = base.or_else(|| env.home().map(|home| home.join(".cache")));
        Self::with_folder(base.map(|base| base.join("outcrop")))
    }

    /// A cache with its files in `folder`, which is made when it is needed; `None` for memory alone.
    pub fn with_folder(folder: Option<PathBuf>) -> Self {
        Self(Arc::new(Inner { folder, slots: Mutex::default() }))
    }

    /// What the client's region offers: from the cache while that is younger than
    /// [`DiscoveryOptions::refresh_interval`], else from the service. A listing without all of its parts lives a
    /// minute at most. With an interval of zero nothing is read from the cache and nothing kept.
    ///
    /// When the service fails, an older listing is given, if there is one of this week.
    ///
    /// # Cancellation
    /// Dropping the future lets another caller ask.
    ///
    /// # Errors
    /// Those of [`discover`] when there is no older listing, and those of [`Client::settings`].
    pub async fn listing(
        &self,
        client: &Client,
        options: &DiscoveryOptions,
        now: SystemTime,
    ) -> Result<Found> {
        self.find(client, options, now, Demand::Fresh(options.refresh_interval)).await
    }

    /// As [`Store::listing`], but from the service whatever the cache has. Who comes while another caller asks
    /// takes the answer that this one gets.
    ///
    /// # Errors
    /// As [`Store::listing`].
    pub async fn refresh(
        &self,
        client: &Client,
        options: &DiscoveryOptions,
        now: SystemTime,
    ) -> Result<Found> {
        self.find(client, options, now, Demand::New).await
    }

    /// What the cache has, of whatever age up to a week, without asking the service. The client is needed for its
    /// region and endpoint, which are found as for a call.
    ///
    /// # Errors
    /// Those of [`Client::settings`].
    pub async fn cached(
        &self,
        client: &Client,
        options: &DiscoveryOptions,
        now: SystemTime,
    ) -> Result<Option<Found>> {
        self.look(client, options, now).await.map(Result::ok)
    }

    /// As [`Store::cached`]; where there is nothing to be had, with what is to be said of it.
    pub(crate) async fn look(
        &self,
        client: &Client,
        options: &DiscoveryOptions,
        now: SystemTime,
    ) -> Result<Result<Found, Vec<String>>> {
        let mut notes = Vec::new();
        if options.refresh_interval.is_zero() {
            return Ok(Err(notes));
        }
        let key = Key::new(client, options).await?;
        let slot = self.slot(&key);
        let in_memory = slot.kept.try_lock().ok().and_then(|kept| kept.clone());
        let kept = later(in_memory, self.read(&key, &mut notes), now);
        Ok(match kept {
            Some(kept) => Ok(kept.found(options.refresh_interval, now, notes)),
            None => Err(notes),
        })
    }

    async fn find(
        &self,
        client: &Client,
        options: &DiscoveryOptions,
        now: SystemTime,
        demand: Demand,
    ) -> Result<Found> {
        let interval = options.refresh_interval;
        if interval.is_zero() {
            let listing = Arc::new(discover(client, options).await?);
            return Ok(Found { listing, freshness: Freshness::Fetched, notes: Vec::new() });
        }
        let key = Key::new(client, options).await?;
        let (slot, mut notes) = (self.slot(&key), Vec::new());
        let answers = slot.answers.load(Ordering::Acquire);
        let mut kept = slot.kept.lock().await;
        let will_do = |kept: &Arc<Kept>| match demand {
            Demand::Fresh(interval) => kept.is_fresh(interval, now),
            Demand::New => slot.answers.load(Ordering::Acquire) != answers,
        };
        if !kept.as_ref().is_some_and(will_do) {
            *kept = later(kept.take(), self.read(&key, &mut notes), now);
        }
        if let Some(kept) = kept.as_ref().filter(|kept| will_do(kept)) {
            return Ok(kept.found(interval, now, notes));
        }
        let answer = discover(client, options).await;
        // Another process may have asked later and heard sooner, and then it knows better.
        *kept = later(kept.take(), self.read(&key, &mut Vec::new()), now);
        let ours = answer.map(|listing| {
            slot.answers.fetch_add(1, Ordering::Release);
            Kept { key: key.text, asked_ms: milliseconds(now), listing: Arc::new(listing) }
        });
        match (ours, kept.as_ref()) {
            (Ok(ours), Some(newer)) if newer.asked_ms > ours.asked_ms => {
                Ok(newer.found(interval, now, notes))
            }
            (Ok(ours), _) => {
                notes.extend(self.write(&key.file, &ours));
                let listing = Arc::clone(&ours.listing);
                *kept = Some(Arc::new(ours));
                Ok(Found { listing, freshness: Freshness::Fetched, notes })
            }
            (Err(error), Some(older)) => {
                notes.push(older.apology(&error));
                Ok(older.found(interval, now, notes))
            }
            (Err(error), None) => Err(error),
        }
    }

    fn slot(&self, key: &Key) -> Arc<Slot> {
        let mut slots = self.0.slots.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(slots.entry(key.text.clone()).or_default())
    }

    /// What the file of this key holds, if it is for this key.
    fn read(&self, key: &Key, notes: &mut Vec<String>) -> Option<Arc<Kept>> {
        match file::read::<Kept>(&self.0.folder.as_ref()?.join(&key.file)) {
            Stored::Found(kept) => (kept.key == key.text).then(|| Arc::new(kept)),
            Stored::Absent => None,
            Stored::Unusable(note) => {
                notes.push(note);
                None
            }
        }
    }

    /// Writes the file, or says why it cannot be written: the listing is as good without.
    fn write(&self, name: &str, kept: &Kept) -> Option<String> {
        let path = self.0.folder.as_ref()?.join(name);
        let problem = file::write(&path, kept).err()?;
        Some(format!("the list of models is not kept: cannot write `{}` ({problem})", path.display()))
    }
}

impl Key {
    async fn new(client: &Client, options: &DiscoveryOptions) -> Result<Self> {
        let region = client.settings().await?.region.value.as_str();
        let endpoint = &client.control_endpoint().await?.value.url;
        let (vendors, profiles) =
            (options.provider_filter.names().join(","), options.include_inference_profiles);
        let marks = fingerprint(&client.credential_marks());
        let text =
            format!("{region} {endpoint} profiles={profiles} credentials={marks:016x} vendors={vendors}");
        let file = format!("models-{region}-{:016x}.json", fingerprint(&text));
        Ok(Self { text, file })
    }
}

impl Kept {
    /// The time since the service was asked; `None` when clocks do not agree about it, or when it is too long.
    fn age(&self, now: SystemTime) -> Option<Duration> {
        let now = Duration::from_millis(milliseconds(now));
        let asked = Duration::from_millis(self.asked_ms);
        let age = now.saturating_sub(asked);
        (asked <= now + LEEWAY && age <= LONGEST_LIFE).then_some(age)
    }

    /// Whether it has not outlived the interval, or the minute that a part of a listing has.
    fn is_fresh(&self, interval: Duration, now: SystemTime) -> bool {
        let life = if self.listing.complete { interval } else { interval.min(PARTIAL_LIFE) };
        self.age(now).is_some_and(|age| age < life)
    }

    fn found(&self, interval: Duration, now: SystemTime, notes: Vec<String>) -> Found {
        let age = self.age(now).unwrap_or_default();
        let is_fresh = self.is_fresh(interval, now);
        let freshness = if is_fresh { Freshness::Cached { age } } else { Freshness::Stale { age } };
        Found { listing: Arc::clone(&self.listing), freshness, notes }
    }

    /// What to say when it stands in for a listing that did not come.
    fn apology(&self, error: &Error) -> String {
        let asked = UNIX_EPOCH.checked_add(Duration::from_millis(self.asked_ms)).unwrap_or(UNIX_EPOCH);
        let asked = crate::time::rfc3339(asked);
        format!("models are listed as of {asked}, since asking again failed: {}", describe(error))
    }
}

/// The one that was asked for later, of those that are of an age to be believed.
fn later(one: Option<Arc<Kept>>, other: Option<Arc<Kept>>, now: SystemTime) -> Option<Arc<Kept>> {
    one.into_iter().chain(other).filter(|kept| kept.age(now).is_some()).max_by_key(|kept| kept.asked_ms)
}

fn milliseconds(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// A number for a text, the same in every version: FNV-1a. It names files; what is in them is compared in full.
///
/// <https://datatracker.ietf.org/doc/html/rfc9923>
fn fingerprint(text: &str) -> u64 {
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    text.bytes().fold(0xcbf2_9ce4_8422_2325, step)
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("folder", &self.0.folder).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
