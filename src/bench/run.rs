//! Sends the requests of a plan, and keeps what happened to each as soon as it has ended.
//!
//! Whoever drops the future stops the sending; the streams that are under way end with their set, and what they had
//! received is kept. Everything runs on one thread, so the locks are never waited for.

use super::measure::{self, Target};
use super::plan::Plan;
use super::result_file::ResultFile;
use super::sample::{Sample, us};
use super::stats::{Stats, Values};
use crate::error::{Error, ServiceClass};
use crate::transport::retry::Notice;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;
use tokio::time::sleep_until;

/// What has happened so far.
#[derive(Debug)]
pub(crate) struct Kept {
    pub stats: Stats,
    /// Streams under way.
    pub running: usize,
    /// How long something that happened would have lain unseen, in microseconds, for one moment in every
    /// [`LOOK_EVERY`].
    pub lag_us: Values,
    /// When the last request ended.
    pub ended: Option<Instant>,
    /// The first failure.
    pub first_error: Option<Error>,
    /// There was a failure that every other request would share.
    pub is_hopeless: bool,
    /// For that reason not all requests were sent.
    pub was_given_up: bool,
    samples: Option<SampleFile>,
}

/// Where each request gets its line.
#[derive(Debug)]
pub(crate) struct SampleFile {
    pub model: String,
    pub file: Arc<ResultFile>,
    /// Why the file is not whole.
    pub failure: Option<Error>,
}

/// The common place of what has happened.
#[derive(Debug, Clone)]
pub(crate) struct Keeper(Arc<Mutex<Kept>>);

impl Keeper {
    pub(crate) fn new(samples: Option<SampleFile>) -> Self {
        Self(Arc::new(Mutex::new(Kept {
            stats: Stats::new(),
            running: 0,
            lag_us: Values::new(),
            ended: None,
            first_error: None,
            is_hopeless: false,
            was_given_up: false,
            samples,
        })))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn keep(&mut self, sample: &Sample, error: Option<Error>) {
        self.running = self.running.saturating_sub(1);
        self.ended = Some(Instant::now());
        self.stats.add(sample);
        if let Some(samples) = self.samples.as_mut().filter(|samples| samples.failure.is_none()) {
            let line = sample.to_json(&samples.model) + "\n";
            samples.failure = samples.file.write(line.as_bytes()).err();
        }
        if let Some(error) = error {
            self.is_hopeless |= is_hopeless(&error);
            self.first_error.get_or_insert(error);
        }
    }

    /// Why the file of the samples is not whole.
    pub(crate) fn take_sample_failure(&mut self) -> Option<Error> {
        self.samples.as_mut()?.failure.take()
    }
}

/// Whether the failure lies on this side or with the request, so that no other one will fare better.
fn is_hopeless(error: &Error) -> bool {
    match error {
        Error::Config(_)
        | Error::ConfigSyntax(_)
        | Error::InvalidRequest(_)
        | Error::NoCredentials(_)
        | Error::BrokenSource(_)
        | Error::Io(_) => true,
        Error::Service(failure) => match failure.class {
            ServiceClass::AccessDenied
            | ServiceClass::ModelNotGranted
            | ServiceClass::CredentialsExpired
            | ServiceClass::CredentialsRejected
            | ServiceClass::ClockSkew
            | ServiceClass::NeedsProfile
            | ServiceClass::ModelNotFound
            | ServiceClass::ContextOverflow
            | ServiceClass::Validation => true,
            ServiceClass::Throttled
            | ServiceClass::QuotaExceeded
            | ServiceClass::ModelNotReady
            | ServiceClass::ModelTimeout
            | ServiceClass::ModelError
            | ServiceClass::Internal
            | ServiceClass::Unavailable
            | ServiceClass::Other => false,
        },
        Error::Transport(_)
        | Error::Timeout(_)
        | Error::StreamEnded(_)
        | Error::StreamCut(_)
        | Error::StreamCorrupt(..)
        | Error::StreamException(..)
        | Error::StreamPayload(..)
        | Error::UnexpectedAnswer(_) => false,
    }
}

/// A request under way. One that is dropped before its end leaves what it has received.
struct Request {
    sample: Sample,
    keeper: Keeper,
    has_ended: bool,
}

impl Request {
    async fn send(mut self, target: Arc<Target>, due: Instant) {
        let error = measure::one(&target, due, &mut self.sample).await;
        self.has_ended = true;
        self.keeper.lock().keep(&self.sample, error);
    }
}

impl Drop for Request {
    fn drop(&mut self) {
        if !self.has_ended {
            self.keeper.lock().stats.add_received(&self.sample);
        }
    }
}

/// Sends what `plan` says, from `start` on, each in a task of `running`, and waits for the last answer.
pub(crate) async fn run(
    target: Arc<Target>,
    plan: Plan,
    start: Instant,
    keeper: &Keeper,
    running: &mut JoinSet<()>,
) {
    let mut watching = JoinSet::new();
    watching.spawn(watch_lag(keeper.clone()));
    for index in 0.. {
        if !plan.includes(index, start.elapsed()) {
            break;
        }
        let due = match plan.due(index).map(|due| start.checked_add(due)) {
            None => None,
            // A time that the clock cannot tell never comes.
            Some(None) => break,
            Some(Some(due)) => {
                sleep_until(due.into()).await;
                Some(due)
            }
        };
        while running.len() >= plan.concurrency {
            running.join_next().await;
        }
        while running.try_join_next().is_some() {}
        if !plan.includes(index, start.elapsed()) {
            break;
        }
        if keeper.lock().is_hopeless {
            keeper.lock().was_given_up = true;
            break;
        }
        let due = due.unwrap_or_else(Instant::now);
        keeper.lock().running += 1;
        let sample = Sample { index, due: due.saturating_duration_since(start), ..Sample::default() };
        let request = Request { sample, keeper: keeper.clone(), has_ended: false };
        running.spawn(request.send(Arc::clone(&target), due));
    }
    while running.join_next().await.is_some() {}
    watching.shutdown().await;
}

/// How often the lag is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// Looks at the clock again and again.
async fn watch_lag(keeper: Keeper) {
    loop {
        let look = Look { due: Instant::now() + LOOK_EVERY, keeper: keeper.clone() };
        sleep_until(look.due.into()).await;
    }
}

/// A look at the clock. Its end, which may be that of the load, tells how late it was.
struct Look {
    due: Instant,
    keeper: Keeper,
}

impl Drop for Look {
    fn drop(&mut self) {
        if let Some(lag) = Instant::now().checked_duration_since(self.due) {
            let lag_us = &mut self.keeper.lock().lag_us;
            waits_us(us(lag)).for_each(|wait| lag_us.add(wait));
        }
    }
}

/// The lag of a look, and of those that were missed meanwhile: else a long stall would count no more than a moment
/// without one.
fn waits_us(lag_us: u64) -> impl Iterator<Item = u64> {
    std::iter::successors(Some(lag_us), |left| left.checked_sub(us(LOOK_EVERY)))
}

/// Retries of one model, counted as the client tells of them.
#[derive(Debug, Default)]
pub(crate) struct Retries {
    all: AtomicU64,
    throttled: AtomicU64,
}

impl Retries {
    pub(crate) fn note(&self, notice: &Notice<'_>) {
        if let Notice::Retrying { error, .. } = notice {
            self.all.fetch_add(1, Ordering::Relaxed);
            let throttled = error
                .service_failure()
                .is_some_and(|failure| failure.class == crate::ServiceClass::Throttled);
            self.throttled.fetch_add(u64::from(throttled), Ordering::Relaxed);
        }
    }

    /// All, and those after throttling.
    pub(crate) fn counts(&self) -> (u64, u64) {
        (self.all.load(Ordering::Relaxed), self.throttled.load(Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stall_counts_as_long_as_it_took() {
        for (lag_us, expected) in [
            (0, &[0][..]),
            (9_999, &[9_999]),
            (10_000, &[10_000, 0]),
            (35_000, &[35_000, 25_000, 15_000, 5_000]),
        ] {
            assert_eq!(waits_us(lag_us).collect::<Vec<_>>(), expected);
        }
    }

    #[test]
    fn a_stall_that_lasts_to_the_end_is_seen() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let keeper = Keeper::new(None);
        runtime.block_on(async {
            let mut watching = JoinSet::new();
            watching.spawn(watch_lag(keeper.clone()));
            tokio::task::yield_now().await;
            std::thread::sleep(LOOK_EVERY * 6);
            watching.shutdown().await;
        });
        let lag_us = &keeper.lock().lag_us;
        assert!(lag_us.count() >= 5 && lag_us.max() >= Some(40_000.0), "{lag_us:?}");
    }
}
