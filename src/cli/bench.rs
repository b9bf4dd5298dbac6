//! `outcrop bench`: measures streams and reports.
//!
//! The report goes to stdout, notes and progress to stderr. It measures what `chat` would send: the request is
//! prepared for each model, but without cache points, which would make later requests quicker than the first.

mod subject;

use super::args::{Bench, Global, Reports};
use super::out::Out;
use super::report::{Report, exit};
use crate::Env;
use crate::bench::notes::notes;
use crate::bench::plan::Plan;
use crate::bench::report::{BenchReport, Effort, ModelReport, Parameters, csv, page, text};
use crate::bench::result_file::ResultFile;
use crate::bench::run::{self, Keeper, SampleFile};
use crate::bench::{cpu, record, replay};
use crate::error::Error;
use crate::time;
use bytes::Bytes;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};
use subject::Subject;
#[cfg(unix)]
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinSet;

/// Requests when neither number nor time is said: each costs money.
const REQUESTS: u64 = 20;

/// Streams at a time in the open loop when nothing is said: with as many connections that are opened in vain, since
/// another one became free meanwhile, below the usual limit of 1,024 open files.
const OPEN_CONCURRENCY: u64 = 500;

/// How long a recording is replayed when nothing is said.
const REPLAY_TIME: Duration = Duration::from_secs(3);

/// How often the line that tells how far the work is changes.
const PROGRESS_EVERY: Duration = Duration::from_millis(250);

/// Gives the exit code: 0 when every model answered at least once.
pub(super) async fn run(env: &Env, global: &Global, args: &Bench, out: &Out) -> Result<u8, Box<Report>> {
    if let Some(path) = &args.recording.replay {
        return replayed(path, args, global.json, out);
    }
    let subjects = subject::open(env, global, args, out).await?;
    if let Some(path) = &args.recording.record {
        return recorded(path, &subjects, out).await;
    }
    let plan = plan(args);
    // Before files are touched: without credentials nothing is measured.
    for Subject { session, .. } in &subjects {
        let found = session.connection.client.auth().await;
        found.map_err(|error| Box::new(session.report(&error)))?;
    }
    out.open().map_err(|error| Box::new(Report::plain(&error)))?;
    let files = Files::open(&args.output)?;
    let mut report = empty_report(global, args, &plan, &subjects);
    subject::tell_price(&subjects, &plan, args.asking.max_tokens, out);
    out.stays_when_interrupted();
    let mut silent: Option<Report> = None;
    let mut unwritten = None;
    for subject in &subjects {
        let measured = measure(subject, plan, &files, report.parameters.load().as_str(), out).await;
        report.was_interrupted = measured.was_interrupted;
        unwritten = unwritten.or(measured.sample_failure);
        if let Some(error) = measured.error.filter(|_| measured.report.succeeded == 0 && silent.is_none()) {
            silent = Some(subject.session.report(&error));
        }
        report.models.push(measured.report);
        if report.was_interrupted {
            break;
        }
    }
    report.notes = notes(&report);
    let shown = show(&report, args, global, &files, out);
    let written = unwritten.map_or(Ok(()), Err).and(shown);
    written.map_err(|error| Box::new(Report::plain(&error)))?;
    if report.was_interrupted {
        return Ok(exit::INTERRUPTED);
    }
    silent.map_or(Ok(exit::DONE), |failure| Err(Box::new(failure)))
}

fn plan(args: &Bench) -> Plan {
    let is_open = args.rate.is_some();
    let concurrency = args.concurrency.unwrap_or(if is_open { OPEN_CONCURRENCY } else { 1 });
    Plan {
        requests: args.requests.or(args.duration.is_none().then_some(REQUESTS)),
        duration: args.duration,
        rate: args.rate,
        concurrency: usize::try_from(concurrency).unwrap_or(1),
        warmup: args.warmup,
    }
}

/// The report before anything is measured.
fn empty_report(global: &Global, args: &Bench, plan: &Plan, subjects: &[Subject]) -> BenchReport {
    let first = subjects.first();
    let client = first.map(|subject| &subject.session.connection.client);
    let region = client.and_then(|client| client.region()).map(|region| region.value.as_str().to_owned());
    let endpoint = client.and_then(|client| client.endpoint()).map(|endpoint| endpoint.value.url.clone());
    let mut parameters = Parameters {
        region: region.unwrap_or_default(),
        endpoint: endpoint.unwrap_or_default(),
        max_tokens: args.asking.max_tokens,
        prompt_characters: first.map_or(0, |subject| subject.prompt_characters),
        max_attempts: args.max_attempts,
        ..Parameters::default()
    };
    parameters.take(plan);
    BenchReport {
        outcrop: env!("CARGO_PKG_VERSION").to_owned(),
        system: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
        date: time::rfc3339(time::now()),
        is_demo: global.demo,
        parameters,
        ..BenchReport::default()
    }
}

/// What became of one model.
struct Measured {
    report: ModelReport,
    /// The first failure.
    error: Option<Error>,
    sample_failure: Option<Error>,
    was_interrupted: bool,
}

async fn measure(subject: &Subject, plan: Plan, files: &Files, load: &str, out: &Out) -> Measured {
    let model = &subject.target.model;
    let mut was_interrupted = false;
    if let Some(before) = plan.before() {
        let keeper = Keeper::new(None);
        let show =
            || out.live(&format!("{model}: warming up, {} of {}", keeper.lock().stats.ended(), plan.warmup));
        was_interrupted = !put(subject, before, Instant::now(), &keeper, show).await;
    }
    let samples = files.samples.clone().map(|file| SampleFile { model: model.clone(), file, failure: None });
    let keeper = Keeper::new(samples);
    let (retries_before, throttled_before) = subject.retries.counts();
    let (cpu_before, start) = (cpu::process_time(), Instant::now());
    if !was_interrupted {
        let show = || out.live(&progress(model, load, &keeper, start));
        was_interrupted = !put(subject, plan, start, &keeper, show).await;
    }
    let cpu = cpu::process_time().zip(cpu_before).map(|(after, before)| after.saturating_sub(before));
    out.live("");
    let (retries, throttled_retries) = subject.retries.counts();
    let mut kept = keeper.lock();
    let end = if was_interrupted { None } else { kept.ended };
    let effort = Effort {
        elapsed: end.unwrap_or_else(Instant::now).saturating_duration_since(start),
        cpu,
        retries: retries - retries_before,
        throttled_retries: throttled_retries - throttled_before,
    };
    Measured {
        report: ModelReport::new(model, &kept, &effort),
        error: kept.first_error.take(),
        sample_failure: kept.take_sample_failure(),
        was_interrupted,
    }
}

/// Puts a load on the model, and tells how far it is. False: it was interrupted before its end.
async fn put(subject: &Subject, plan: Plan, start: Instant, keeper: &Keeper, show: impl Fn()) -> bool {
    let mut running = JoinSet::new();
    let load = run::run(Arc::clone(&subject.target), plan, start, keeper, &mut running);
    let has_ended = until_interrupted(load, show).await;
    // What those that are given up have received is kept once they are gone.
    running.shutdown().await;
    has_ended
}

/// Runs `load` to its end, and `show` now and then. False: Ctrl-C came first, or the SIGTERM of who limits its time.
async fn until_interrupted(load: impl Future<Output = ()>, show: impl Fn()) -> bool {
    let (mut load, mut interruption) = (pin!(load), pin!(super::interrupted()));
    #[cfg(unix)]
    let mut termination = signal(SignalKind::terminate()).ok();
    let mut ticks = tokio::time::interval(PROGRESS_EVERY);
    std::future::poll_fn(|context| {
        #[cfg(unix)]
        if termination.as_mut().is_some_and(|termination| termination.poll_recv(context).is_ready()) {
            return Poll::Ready(false);
        }
        if interruption.as_mut().poll(context).is_ready() {
            return Poll::Ready(false);
        }
        while ticks.poll_tick(context).is_ready() {
            show();
        }
        load.as_mut().poll(context).map(|()| true)
    })
    .await
}

fn progress(model: &str, load: &str, keeper: &Keeper, start: Instant) -> String {
    let kept = keeper.lock();
    let (stats, seconds) = (&kept.stats, start.elapsed().as_secs_f64().max(0.001));
    let ttft =
        stats.first_us.percentile(50).map_or_else(String::new, |us| format!(" · TTFT {:.0} ms", us / 1e3));
    let failed = if stats.failed() > 0 { format!(" · {} failed", stats.failed()) } else { String::new() };
    let pace = crate::bench::sample::float(stats.output_tokens) / seconds;
    format!(
        "{} done of {load} · {} under way{failed}{ttft} · {pace:.0} tokens/s · {model}",
        stats.ended(),
        kept.running
    )
}

/// Where results go beside stdout. Opened before anything is paid for.
struct Files {
    samples: Option<Arc<ResultFile>>,
    page: Option<ResultFile>,
}

impl Files {
    fn open(reports: &Reports) -> Result<Self, Box<Report>> {
        let open = |path: &Option<PathBuf>| {
            let opened = path.as_deref().map(ResultFile::open).transpose();
            opened.map_err(|error| Box::new(Report::plain(&error)))
        };
        let files = Self { samples: open(&reports.samples)?.map(Arc::new), page: open(&reports.report)? };
        if let (Some(samples), Some(page)) = (&files.samples, &files.page)
            && page.is(samples)
        {
            return Err(Box::new(Report::usage("`--samples` and `--report` name the same file")));
        }
        Ok(files)
    }
}

fn show(report: &BenchReport, args: &Bench, global: &Global, files: &Files, out: &Out) -> Result<(), Error> {
    let text = if global.json {
        report.to_json()
    } else if args.output.csv {
        csv::write(report)
    } else {
        text::write(report)
    };
    // The page first: a reader of stdout that has gone away must not cost it.
    let kept = files.page.as_ref().map_or(Ok(()), |file| file.write(page::write(report).as_bytes()));
    let told = out.data(text.as_bytes());
    if told.is_ok() {
        report.notes.iter().for_each(|note| out.note(note));
    }
    kept.and(told)
}

async fn recorded(path: &Path, subjects: &[Subject], out: &Out) -> Result<u8, Box<Report>> {
    let [subject] = subjects else {
        return Err(Box::new(Report::usage("`--record` records one answer of one model")));
    };
    let recorded = record::record(&subject.target, path).await;
    let position = recorded.map_err(|error| Box::new(subject.session.report(&error)))?;
    out.note(&format!("{} events, {} bytes are in `{}`", position.events, position.bytes, path.display()));
    Ok(exit::DONE)
}

fn replayed(path: &Path, args: &Bench, as_json: bool, out: &Out) -> Result<u8, Box<Report>> {
    let plain = |error| Box::new(Report::plain(&error));
    let recording = Bytes::from(super::input::file(path).map_err(plain)?);
    let rounds = args.requests.filter(|_| args.duration.is_none());
    let replayed = replay::replay(&recording, rounds, args.duration.unwrap_or(REPLAY_TIME));
    // What is wrong is the file, and not a network that it came through.
    let replayed = replayed.map_err(|error| {
        let message = format!("`{}` holds no whole answer: {error}", path.display());
        let hint = "record one: `outcrop bench --record FILE`".to_owned();
        Box::new(Report::plain(&error).with_message(message).with_hints(vec![hint]))
    })?;
    out.data(if as_json { replayed.to_json() } else { replayed.to_text() }.as_bytes()).map_err(plain)?;
    Ok(exit::DONE)
}
