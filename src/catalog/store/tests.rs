//! What the cache gives, when it asks, and what it keeps.

use super::*;
use crate::auth::{Credentials, World};
use crate::catalog::discover::ProviderFilter;
use crate::transport::{HttpResponse, Transport};
use std::path::Path;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// A control plane with one model, whose name says how often the models were asked for.
#[derive(Clone, Default)]
struct Service(Arc<State>);

#[derive(Default)]
struct State {
    /// Requests of all kinds.
    asked: AtomicUsize,
    models: AtomicU64,
    models_fail: std::sync::atomic::AtomicBool,
    profiles_fail: std::sync::atomic::AtomicBool,
    /// While it is held, no answer comes.
    gate: tokio::sync::Mutex<()>,
}

impl Service {
    fn transport(&self) -> Transport {
        let state = Arc::clone(&self.0);
        Transport::scripted(move |request| {
            let state = Arc::clone(&state);
            async move {
                state.asked.fetch_add(1, Ordering::SeqCst);
                let _open = state.gate.lock().await;
                let is_profiles = request.url.contains("/inference-profiles?");
                let fails = if is_profiles { &state.profiles_fail } else { &state.models_fail };
                let (status, body) = if fails.load(Ordering::SeqCst) {
                    (400, r#"{"__type": "ValidationException", "message": "no"}"#.to_owned())
                } else if is_profiles {
                    (200, "{}".to_owned())
                } else {
                    let number = state.models.fetch_add(1, Ordering::SeqCst) + 1;
                    let body = format!(
                        r#"{{"modelSummaries": [{{"modelId": "acme.one", "modelName": "{number}", "responseStreamingSupported": true,
                            "outputModalities": ["TEXT"], "modelLifecycle": {{"status": "ACTIVE"}}}}]}}"#
                    );
                    (200, body)
                };
                let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
                Ok(HttpResponse::whole(status, headers, body))
            }
        })
    }

    fn client(&self) -> Client {
        self.client_of("us-east-1", "AKIDONE1")
    }

    fn client_of(&self, region: &str, key_id: &str) -> Client {
        let world = World { sleep: Arc::new(|_| Box::pin(std::future::ready(()))), ..World::default() };
        let builder = Client::builder().region(region).credentials(Credentials::new(key_id, "s"));
        builder.transport(self.transport()).world(world).build().unwrap()
    }

    fn asked(&self) -> usize {
        self.0.asked.load(Ordering::SeqCst)
    }

    fn fail(&self, models: bool, profiles: bool) {
        self.0.models_fail.store(models, Ordering::SeqCst);
        self.0.profiles_fail.store(profiles, Ordering::SeqCst);
    }
}

fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_800_000_000 + seconds)
}

fn options() -> DiscoveryOptions {
    DiscoveryOptions::default()
}

fn store(folder: &tempfile::TempDir) -> Store {
    Store::with_folder(Some(folder.path().join("outcrop")))
}

/// How often the models had been asked for when this listing was made.
fn number(found: &Found) -> u64 {
    found.listing.entries[0].name.parse().unwrap()
}

fn age(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder.join("outcrop")).map_or(Vec::new(), Iterator::collect);
    entries.into_iter().map(|entry| entry.unwrap().path()).collect()
}

#[tokio::test]
async fn a_listing_is_asked_for_once_an_interval_by_all_processes_together() {
    let (folder, service) = (tempfile::tempdir().unwrap(), Service::default());
    let (one, client) = (store(&folder), service.client());
    let fetched = one.listing(&client, &options(), at(0)).await.unwrap();
    assert_eq!((fetched.freshness, number(&fetched), service.asked()), (Freshness::Fetched, 1, 3));
    for (now, same_process) in [(0, true), (3_599, true), (0, false), (3_599, false)] {
        let store = if same_process { one.clone() } else { store(&folder) };
        let found = store.listing(&client, &options(), at(now)).await.unwrap();
        assert_eq!(found.freshness, Freshness::Cached { age: age(now) });
        assert_eq!((&found.listing, found.notes.len()), (&fetched.listing, 0));
        let cached = store.cached(&client, &options(), at(now)).await.unwrap().unwrap();
        assert_eq!((cached.freshness, &cached.listing), (found.freshness, &fetched.listing));
    }
    assert_eq!(service.asked(), 3, "no request more");
    // Another process renews it; this one sees that.
    assert_eq!(number(&store(&folder).listing(&client, &options(), at(3_600)).await.unwrap()), 2);
    let found = one.listing(&client, &options(), at(3_601)).await.unwrap();
    assert_eq!((number(&found), found.freshness), (2, Freshness::Cached { age: age(1) }));
    assert_eq!((service.asked(), files(folder.path()).len()), (6, 1));
}

#[tokio::test]
async fn callers_at_the_same_time_share_one_set_of_requests() {
    for is_refresh in [false, true] {
        let (service, store) = (Service::default(), Store::with_folder(None));
        let gate = Arc::clone(&service.0);
        let closed = gate.gate.lock().await;
        let began = Arc::new(AtomicUsize::new(0));
        let callers: Vec<_> = (0..8)
            .map(|second| {
                let (store, client, began) = (store.clone(), service.client(), Arc::clone(&began));
                tokio::spawn(async move {
                    began.fetch_add(1, Ordering::SeqCst);
                    let options = options();
                    if is_refresh {
                        store.refresh(&client, &options, at(second)).await
                    } else {
                        store.listing(&client, &options, at(second)).await
                    }
                })
            })
            .collect();
        // Each of them runs on this thread, up to where it waits.
        while service.asked() < 3 || began.load(Ordering::SeqCst) < 8 {
            tokio::task::yield_now().await;
        }
        drop(closed);
        for caller in callers {
            assert_eq!(number(&caller.await.unwrap().unwrap()), 1);
        }
        assert_eq!(service.asked(), 3);
        // A refresh asks again, however young the listing is.
        assert_eq!(number(&store.refresh(&service.client(), &options(), at(8)).await.unwrap()), 2);
    }
}

#[tokio::test]
async fn a_caller_that_goes_away_leaves_the_question_to_the_next_one() {
    let (service, store) = (Service::default(), Store::with_folder(None));
    let closed = service.0.gate.lock().await;
    let (shared, client) = (store.clone(), service.client());
    let first = tokio::spawn(async move { shared.listing(&client, &options(), at(0)).await });
    while service.asked() < 3 {
        tokio::task::yield_now().await;
    }
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    drop(closed);
    assert_eq!(number(&store.listing(&service.client(), &options(), at(0)).await.unwrap()), 1);
}

#[tokio::test]
async fn what_decides_about_a_listing_keeps_them_apart() {
    let (folder, service) = (tempfile::tempdir().unwrap(), Service::default());
    let (store, first) = (store(&folder), service.client());
    store.listing(&first, &options(), at(0)).await.unwrap();
    let filtered = DiscoveryOptions { provider_filter: ProviderFilter::new(["acme"]), ..options() };
    let without = DiscoveryOptions { include_inference_profiles: false, ..options() };
    let elsewhere = Client::builder()
        .region("us-east-1")
        .control_endpoint("https://h.example")
        .credentials(Credentials::new("AKIDONE1", "s"))
        .transport(service.transport());
    for (client, options) in [
        (service.client(), filtered),
        (service.client(), without),
        (service.client_of("eu-west-1", "AKIDONE1"), options()),
        (service.client_of("us-east-1", "AKIDTWO2"), options()),
        (elsewhere.build().unwrap(), options()),
    ] {
        assert!(store.cached(&client, &options, at(0)).await.unwrap().is_none());
        let found = store.listing(&client, &options, at(0)).await.unwrap();
        assert_eq!(found.freshness, Freshness::Fetched);
    }
    // How long it is believed is the asker's affair.
    let brief = DiscoveryOptions { refresh_interval: age(10), ..options() };
    assert_eq!(number(&store.listing(&first, &brief, at(9)).await.unwrap()), 1);
    let long = store.cached(&first, &brief, at(10)).await.unwrap().unwrap();
    assert_eq!(long.freshness, Freshness::Stale { age: age(10) });
    assert_eq!(files(folder.path()).len(), 6);
    for file in files(folder.path()) {
        let text = std::fs::read_to_string(file).unwrap();
        assert!(!text.contains("AKID") && !text.contains("ONE1"), "{text}");
    }
}

#[tokio::test]
async fn an_interval_of_zero_reads_and_keeps_nothing() {
    let (folder, service) = (tempfile::tempdir().unwrap(), Service::default());
    let (store, client) = (store(&folder), service.client());
    let never = DiscoveryOptions { refresh_interval: Duration::ZERO, ..options() };
    for expected in [1, 2] {
        let found = store.listing(&client, &never, at(0)).await.unwrap();
        assert_eq!((number(&found), found.freshness), (expected, Freshness::Fetched));
    }
    assert!(files(folder.path()).is_empty());
    store.listing(&client, &options(), at(0)).await.unwrap();
    assert!(store.cached(&client, &never, at(0)).await.unwrap().is_none());
    assert_eq!(number(&store.listing(&client, &never, at(0)).await.unwrap()), 4);
}

#[tokio::test]
async fn a_file_that_cannot_be_read_is_noted_and_written_anew() {
    let (folder, service) = (tempfile::tempdir().unwrap(), Service::default());
    let client = service.client();
    store(&folder).listing(&client, &options(), at(0)).await.unwrap();
    let file = files(folder.path()).remove(0);
    let whole = std::fs::read_to_string(&file).unwrap();
    let half = &whole[..whole.len() / 2];
    let (foreign, other) = (whole.replacen(":1,", ":99,", 1), whole.replacen("us-east-1 ", "us-east-2 ", 1));
    assert!(foreign != whole && other != whole);
    for (text, notes) in [(half, 1), (foreign.as_str(), 1), ("", 1), (other.as_str(), 0)] {
        std::fs::write(&file, text).unwrap();
        let cached = store(&folder).cached(&client, &options(), at(1)).await.unwrap();
        assert!(cached.is_none(), "{text}");
        let found = store(&folder).listing(&client, &options(), at(1)).await.unwrap();
        assert_eq!((found.freshness, found.notes.len()), (Freshness::Fetched, notes), "{text}");
        assert!(found.notes.iter().all(|note| note.contains("is ignored")), "{:?}", found.notes);
        let again = store(&folder).listing(&client, &options(), at(1)).await.unwrap();
        assert_eq!((again.freshness, again.notes.len()), (Freshness::Cached { age: age(0) }, 0));
    }
}

#[tokio::test]
async fn a_cache_that_cannot_be_written_is_noted_and_no_more() {
    let (file, service) = (tempfile::NamedTempFile::new().unwrap(), Service::default());
    let store = Store::with_folder(Some(file.path().to_owned()));
    let found = store.listing(&service.client(), &options(), at(0)).await.unwrap();
    assert!(found.notes.iter().any(|note| note.contains("is not kept: cannot write")), "{:?}", found.notes);
    assert_eq!(number(&store.listing(&service.client(), &options(), at(1)).await.unwrap()), 1, "from memory");
}

#[tokio::test]
async fn a_listing_without_all_of_its_parts_lives_a_minute() {
    let (folder, service) = (tempfile::tempdir().unwrap(), Service::default());
    let client = service.client();
    service.fail(false, true);
    let partial = store(&folder).listing(&client, &options(), at(0)).await.unwrap();
    assert!(!partial.listing.complete && partial.listing.warnings.len() == 1);
    service.fail(false, false);
    let found = store(&folder).listing(&client, &options(), at(59)).await.unwrap();
    assert_eq!((found.listing, found.freshness), (partial.listing, Freshness::Cached { age: age(59) }));
    let whole = store(&folder).listing(&client, &options(), at(60)).await.unwrap();
    assert!(whole.listing.complete && whole.freshness == Freshness::Fetched);
}

#[tokio::test]
async fn an_older_listing_stands_in_for_one_that_does_not_come() {
    let (folder, service) = (tempfile::tempdir().unwrap(), Service::default());
    let client = service.client();
    service.fail(true, false);
    assert!(store(&folder).listing(&client, &options(), at(0)).await.is_err(), "there is none yet");
    assert!(files(folder.path()).is_empty());
    service.fail(false, false);
    store(&folder).listing(&client, &options(), at(0)).await.unwrap();
    service.fail(true, true);
    let week = 7 * 24 * 3_600;
    for (now, is_refresh, freshness) in [
        (3_600, false, Some(Freshness::Stale { age: age(3_600) })),
        (60, true, Some(Freshness::Cached { age: age(60) })),
        (week, false, Some(Freshness::Stale { age: age(week) })),
        (week + 1, false, None),
    ] {
        let store = store(&folder);
        let found = if is_refresh {
            store.refresh(&client, &options(), at(now)).await
        } else {
            store.listing(&client, &options(), at(now)).await
        };
        assert_eq!(found.as_ref().ok().map(|found| found.freshness), freshness, "{now}");
        if let Ok(found) = found {
            let note = "models are listed as of 2027-01-15T08:00:00Z, since asking again failed: \
                        the request was refused as invalid (no)";
            assert_eq!((number(&found), found.notes), (1, vec![note.to_owned()]));
        }
    }
}

#[tokio::test]
async fn what_comes_late_replaces_nothing_newer() {
    for (models_fail, profiles_fail) in [(true, true), (false, true), (false, false)] {
        let (folder, slow, quick) = (tempfile::tempdir().unwrap(), Service::default(), Service::default());
        slow.fail(models_fail, profiles_fail);
        let closed = slow.0.gate.lock().await;
        let (late, client) = (store(&folder), slow.client());
        let shared = late.clone();
        let first = tokio::spawn(async move { shared.listing(&client, &options(), at(0)).await });
        while slow.asked() < 3 {
            tokio::task::yield_now().await;
        }
        // Another process asks later and hears first, twice so that its listing has a number of its own.
        let other = store(&folder);
        other.listing(&quick.client(), &options(), at(1)).await.unwrap();
        let newer = other.refresh(&quick.client(), &options(), at(2)).await.unwrap();
        drop(closed);
        let found = first.await.unwrap().unwrap();
        assert_eq!((number(&found), &found.listing), (2, &newer.listing));
        assert_eq!(found.notes.len(), usize::from(models_fail), "{:?}", found.notes);
        let kept = store(&folder).listing(&slow.client(), &options(), at(3)).await.unwrap();
        assert_eq!((&kept.listing, kept.freshness), (&newer.listing, Freshness::Cached { age: age(1) }));
        assert_eq!(slow.asked(), 3);
    }
}

#[tokio::test]
async fn a_listing_from_the_future_is_not_believed_but_for_some_minutes() {
    let (folder, service) = (tempfile::tempdir().unwrap(), Service::default());
    let client = service.client();
    store(&folder).listing(&client, &options(), at(10_000)).await.unwrap();
    let found = store(&folder).listing(&client, &options(), at(9_400)).await.unwrap();
    assert_eq!(found.freshness, Freshness::Cached { age: age(0) });
    let found = store(&folder).listing(&client, &options(), at(9_399)).await.unwrap();
    assert_eq!((found.freshness, number(&found)), (Freshness::Fetched, 2));
    let found = store(&folder).listing(&client, &options(), at(9_400)).await.unwrap();
    assert_eq!(found.freshness, Freshness::Cached { age: age(1) }, "it was replaced");
}

#[test]
fn the_folder_is_where_the_user_wants_caches() {
    let env =
        |vars: &[(&str, &str)]| vars.iter().fold(Env::empty(), |env, (name, value)| env.with(*name, *value));
    for (vars, folder) in [
        (&[("XDG_CACHE_HOME", "/c"), ("HOME", "/h")][..], Some("/c/outcrop")),
        (&[("HOME", "/h")], Some("/h/.cache/outcrop")),
        (&[("XDG_CACHE_HOME", ""), ("HOME", "/h")], Some("/h/.cache/outcrop")),
        (&[("XDG_CACHE_HOME", "relative"), ("HOME", "/h")], Some("/h/.cache/outcrop")),
        (&[], None),
    ] {
        assert_eq!(Store::open(&env(vars)).0.folder, folder.map(PathBuf::from), "{vars:?}");
    }
}

#[test]
fn the_fingerprint_is_fnv_1a() {
    for (text, number) in
        [("", 0xcbf2_9ce4_8422_2325), ("a", 0xaf63_dc4c_8601_ec8c), ("foobar", 0x8594_4171_f739_67e8)]
    {
        assert_eq!(fingerprint(text), number, "{text}");
    }
}

#[tokio::test]
async fn credentials_are_told_apart_without_asking_for_them() {
    let client = |vars: &[(&str, &str)]| {
        let env = vars.iter().fold(Env::empty(), |env, (name, value)| env.with(*name, *value));
        Client::builder().env(&env).build().unwrap().credential_marks()
    };
    let marks = [
        client(&[]),
        client(&[("AWS_BEARER_TOKEN_BEDROCK", "secret-token")]),
        client(&[("AWS_ACCESS_KEY_ID", "AKIASECRETONE1"), ("AWS_SECRET_ACCESS_KEY", "secret-key")]),
        client(&[("AWS_ACCESS_KEY_ID", "AKIASECRETTWO2"), ("AWS_SECRET_ACCESS_KEY", "secret-key")]),
        client(&[("AWS_PROFILE", "one")]),
        client(&[("AWS_PROFILE", "two")]),
        client(&[("AWS_ROLE_ARN", "arn:one")]),
        client(&[("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/one")]),
    ];
    for (at, mark) in marks.iter().enumerate() {
        assert!(!mark.contains("secret") && !mark.contains("SECRET"), "{mark}");
        assert!(marks.iter().skip(at + 1).all(|other| other != mark), "{mark}");
    }
}
/// A listing waits among other things in its caller's memory, and a thread has two megabytes of stack.
#[test]
fn the_state_of_a_question_is_small() {
    let (store, client, options) = (Store::with_folder(None), Service::default().client(), options());
    assert!(size_of_val(&store.listing(&client, &options, at(0))) < 8_192);
}

#[cfg(feature = "emulator")]
#[tokio::test]
async fn the_cache_gives_what_the_service_gave_without_a_request() {
    use crate::emulator::{DEMO_BEARER_TOKEN, Emulator, EmulatorOptions};
    let emulator = EmulatorOptions { page_size: 3, kept_requests: 1_000, ..EmulatorOptions::default() };
    let emulator = Emulator::start(emulator).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let builder = || Client::builder().region("us-east-1").control_endpoint(emulator.url());
    let client = builder().bearer_token(DEMO_BEARER_TOKEN).build().unwrap();
    let callers: Vec<_> = {
        let store = store(&folder);
        let callers = (0..8).map(|_| (store.clone(), client.clone()));
        callers.map(|(s, c)| tokio::spawn(async move { s.listing(&c, &options(), at(0)).await })).collect()
    };
    let mut first: Option<Arc<Listing>> = None;
    for caller in callers {
        let found = caller.await.unwrap().unwrap();
        assert_eq!(first.get_or_insert_with(|| Arc::clone(&found.listing)), &found.listing);
    }
    let count = |path: &str| emulator.requests().iter().filter(|request| request.path() == path).count();
    assert_eq!(count("/foundation-models"), 1);
    let pages = count("/inference-profiles");
    assert!(pages > 3, "{pages}");
    let again = store(&folder).listing(&client, &options(), at(1)).await.unwrap();
    assert_eq!((Some(&again.listing), again.freshness), (first.as_ref(), Freshness::Cached { age: age(1) }));
    assert_eq!(emulator.requests().len(), pages + 1);
}
