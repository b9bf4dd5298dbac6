//! Runs the conformance data: what the official AWS libraries do, against the public API of this crate.
//!
//! Every folder is run case by case and told as `NAME: N passed, N failed, N skipped`. What a case means is in the
//! README of its folder; nothing here knows a case by its name, and what a file says that nobody here understands
//! is a failure. A difference fails the test unless `known_differences.json` lists it with the number of the
//! decision that it comes from: by case, or by a kind that the case's own data shows. Listed ones are the skipped
//! ones, told with their reason; a case that is listed and no longer differs fails as well.

mod behaviour;
mod endpoints;
mod login;
mod profiles;
mod recorded;
mod script;
mod secrets;
mod signing;
mod skew;

use serde::Deserialize;
use serde_json::Value;
use std::any::Any;
use std::collections::BTreeMap;
use std::future::poll_fn;
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::task::Poll;

/// What came of a case.
pub(crate) enum Verdict {
    Passed,
    /// What is different.
    Failed(String),
    /// Different for a reason that lies in the case's data; the list has the decision under this name.
    Differs(&'static str),
}

impl From<Result<(), String>> for Verdict {
    fn from(outcome: Result<(), String>) -> Self {
        outcome.map_or_else(Verdict::Failed, |()| Verdict::Passed)
    }
}

impl From<Result<Verdict, String>> for Verdict {
    fn from(outcome: Result<Verdict, String>) -> Self {
        outcome.unwrap_or_else(Verdict::Failed)
    }
}

/// The verdicts of one folder, by the case's name.
#[derive(Default)]
pub(crate) struct Verdicts(Vec<(String, Verdict)>);

impl Verdicts {
    /// Runs a case. A case that cannot be read as one fails, and the others run all the same.
    pub(crate) async fn run<V: Into<Verdict>>(
        &mut self,
        name: impl Into<String>,
        case: impl Future<Output = V>,
    ) {
        let mut case = pin!(case);
        let outcome =
            poll_fn(|context| match catch_unwind(AssertUnwindSafe(|| case.as_mut().poll(context))) {
                Ok(Poll::Ready(verdict)) => Poll::Ready(verdict.into()),
                Ok(Poll::Pending) => Poll::Pending,
                Err(panic) => Poll::Ready(Verdict::Failed(told_panic(&*panic))),
            });
        self.0.push((name.into(), outcome.await));
    }

    /// The same for a case that waits for nothing.
    pub(crate) fn check<V: Into<Verdict>>(&mut self, name: impl Into<String>, case: impl FnOnce() -> V) {
        let verdict = catch_unwind(AssertUnwindSafe(case));
        let verdict = verdict.map_or_else(|panic| Verdict::Failed(told_panic(&*panic)), Into::into);
        self.0.push((name.into(), verdict));
    }

    pub(crate) fn fail(&mut self, name: impl Into<String>, problem: impl Into<String>) {
        self.0.push((name.into(), Verdict::Failed(problem.into())));
    }
}

fn told_panic(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
    format!("the case cannot be read: {}", text.unwrap_or("panic"))
}

/// Members that say something to people.
const REMARKS: [&str; 8] = ["id", "name", "title", "description", "documentation", "docs", "note", "comment"];

/// Refuses members of an object that nobody looks at: what they ask for would be passed over.
pub(crate) fn only(value: &Value, known: &[&str]) -> Result<(), String> {
    let is_known = |name: &str| known.contains(&name) || REMARKS.contains(&name);
    let mut members = value.as_object().into_iter().flatten();
    match members.find(|(name, _)| !is_known(name)) {
        Some((name, _)) => Err(format!("the member `{name}` is not known here: {value}")),
        None => Ok(()),
    }
}

/// The JSON files of a folder with their names, in order.
pub(crate) fn json_files(folder: &Path) -> Vec<(String, Value)> {
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let json = files.into_iter().filter(|path| path.extension().is_some_and(|extension| extension == "json"));
    json.map(|path| {
        let text = std::fs::read_to_string(&path).unwrap();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        (name, serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
    })
    .collect()
}

/// The cases of a file, whether they stand at the top, under `tests` or under `testCases`.
pub(crate) fn cases(file: &Value) -> &[Value] {
    let inner = || file.get("tests").or_else(|| file.get("testCases")).and_then(Value::as_array);
    file.as_array().or_else(inner).map_or(&[], Vec::as_slice)
}

/// The first text among these members: what a case is called.
pub(crate) fn name_of(case: &Value) -> String {
    let names = ["id", "name", "description", "documentation", "docs"];
    names.iter().find_map(|name| case[*name].as_str()).unwrap_or("case").to_owned()
}

fn roots() -> Vec<PathBuf> {
    if let Some(named) = outcrop::Env::from_process().path("OUTCROP_CONFORMANCE_DIR") {
        return vec![named];
    }
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let shared = here.join("../shared/conformance");
    [here.join("fixtures/conformance"), shared].into_iter().filter(|folder| folder.is_dir()).collect()
}

async fn run(folder: &Path, name: &str) -> Verdicts {
    match name {
        "sdk-behaviour" => behaviour::sources(folder).await,
        "client-behaviour" => behaviour::calls(folder).await,
        "sigv4-bedrock" => signing::bedrock(folder),
        "sigv4-suite" => signing::suite(folder),
        "endpoints" => endpoints::run(folder),
        "profile-parser" => profiles::parser(folder),
        "file-location" => profiles::locations(folder),
        "clock-skew" => skew::run(folder).await,
        "login" => login::run(folder).await,
        "smithy-rs" => recorded::run(folder).await,
        _ => {
            let mut verdicts = Verdicts::default();
            verdicts.fail("", "this kind of folder is not known");
            verdicts
        }
    }
}

/// The listed differences: `FOLDER/CASE` or `FOLDER: KIND` with the number of the decision.
#[derive(Deserialize)]
struct KnownDifferences {
    cases: BTreeMap<String, String>,
    kinds: BTreeMap<String, String>,
}

#[tokio::test]
async fn conformance() {
    let known: KnownDifferences = serde_json::from_str(include_str!("known_differences.json")).unwrap();
    let mut problems = Vec::new();
    for root in roots() {
        let mut folders: Vec<PathBuf> =
            std::fs::read_dir(&root).unwrap().map(|entry| entry.unwrap().path()).collect();
        folders.sort();
        for folder in folders.into_iter().filter(|folder| folder.is_dir()) {
            let name = folder.file_name().unwrap().to_str().unwrap().to_owned();
            problems.extend(count(&name, run(&folder, &name).await, &known));
        }
    }
    assert!(problems.is_empty(), "{} differences\n{}", problems.len(), problems.join("\n"));
}

/// Tells the numbers of a folder and gives what is wrong.
fn count(folder: &str, verdicts: Verdicts, known: &KnownDifferences) -> Vec<String> {
    let (mut passed, mut skipped, mut problems) = (0, BTreeMap::<&str, usize>::new(), Vec::new());
    for (case, verdict) in verdicts.0 {
        let path = format!("{folder}/{case}");
        match (verdict, known.cases.get(&path)) {
            (Verdict::Passed, None) => passed += 1,
            (Verdict::Passed, Some(reason)) => {
                problems.push(format!("{path}: listed as different for {reason}, and it is not"));
            }
            (Verdict::Failed(_), Some(reason)) => *skipped.entry(reason).or_default() += 1,
            (Verdict::Failed(difference), None) => problems.push(format!("{path}: {difference}")),
            (Verdict::Differs(kind), _) => match known.kinds.get(&format!("{folder}: {kind}")) {
                Some(reason) => *skipped.entry(reason).or_default() += 1,
                None => problems.push(format!("{path}: {kind}, which is not listed")),
            },
        }
    }
    let sum: usize = skipped.values().sum();
    let mut lines = format!("{folder}: {passed} passed, {} failed, {sum} skipped\n", problems.len());
    skipped.iter().for_each(|(reason, count)| lines.push_str(&format!("  {count} for {reason}\n")));
    // Written to the stream itself: the numbers are for people, and the test harness would keep them.
    std::io::stdout().write_all(lines.as_bytes()).unwrap();
    problems
}
