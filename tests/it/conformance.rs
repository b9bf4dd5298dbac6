//! Runs the conformance data: what the official AWS libraries do, against the public API of this crate.
//!
//! Every folder is run case by case and told as `NAME: N passed, N failed, N skipped`. A difference fails the test
//! unless `known_differences.json` lists the case, with the number of the decision that it comes from; a case that is
//! listed and no longer differs fails as well. What a case means is in the README of its folder; nothing here knows
//! a case by its name.

mod behaviour;
mod endpoints;
mod login;
mod profiles;
mod recorded;
mod script;
mod signing;
mod skew;

use serde_json::Value;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

/// What came of a case.
pub(crate) enum Verdict {
    Passed,
    /// What is different.
    Failed(String),
    /// There is nothing here that the case is about.
    Skipped,
}

impl From<Result<(), String>> for Verdict {
    fn from(outcome: Result<(), String>) -> Self {
        outcome.map_or_else(Verdict::Failed, |()| Verdict::Passed)
    }
}

/// The verdicts of one folder, by the case's name.
#[derive(Default)]
pub(crate) struct Verdicts(Vec<(String, Verdict)>);

impl Verdicts {
    pub(crate) fn add(&mut self, name: impl Into<String>, verdict: impl Into<Verdict>) {
        self.0.push((name.into(), verdict.into()));
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

async fn run(folder: &Path, name: &str) -> Option<Verdicts> {
    Some(match name {
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
        _ => return None,
    })
}

/// Known differences by `folder/case`: the number of the decision.
fn known_differences() -> BTreeMap<String, String> {
    let text = include_str!("known_differences.json");
    serde_json::from_str(text).unwrap()
}

#[tokio::test]
async fn conformance() {
    let known = known_differences();
    let mut problems = Vec::new();
    for root in roots() {
        let mut folders: Vec<PathBuf> =
            std::fs::read_dir(&root).unwrap().map(|entry| entry.unwrap().path()).collect();
        folders.sort();
        for folder in folders.into_iter().filter(|folder| folder.is_dir()) {
            let name = folder.file_name().unwrap().to_str().unwrap().to_owned();
            let Some(verdicts) = run(&folder, &name).await else { continue };
            problems.extend(count(&name, verdicts, &known));
        }
    }
    assert!(problems.is_empty(), "{} differences\n{}", problems.len(), problems.join("\n"));
}

/// Tells the numbers of a folder and gives what is wrong. A known difference counts as skipped.
fn count(folder: &str, verdicts: Verdicts, known: &BTreeMap<String, String>) -> Vec<String> {
    let (mut passed, mut skipped, mut problems) = (0, 0, Vec::new());
    for (case, verdict) in verdicts.0 {
        let path = format!("{folder}/{case}");
        match (verdict, known.get(&path)) {
            (Verdict::Passed, None) => passed += 1,
            (Verdict::Passed, Some(number)) => {
                problems.push(format!("{path}: listed as different for {number}, and it is not"));
            }
            (Verdict::Failed(_), Some(_)) | (Verdict::Skipped, _) => skipped += 1,
            (Verdict::Failed(difference), None) => problems.push(format!("{path}: {difference}")),
        }
    }
    // Written to the stream itself: the numbers are for people, and the test harness would keep them.
    let line = format!("{folder}: {passed} passed, {} failed, {skipped} skipped\n", problems.len());
    std::io::stdout().write_all(line.as_bytes()).unwrap();
    problems
}
