//! Finds the folder of third-party conformance data for tests; the data is not part of this repository.
//!
//! Its licences differ from ours, so it is read where it lies: in `../shared/conformance` beside the checkout. Where
//! that does not exist the tests that use it return at once; every rule has a table of its own in this repository
//! as well. Other folders are for the runner in `tests/it/conformance.rs`, which takes any cases; the tests here
//! know what is in this one.

use serde_json::Value;
use std::path::Path;

fn read(file: &str) -> Option<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/conformance");
    if !folder.is_dir() {
        return None;
    }
    let path = folder.join(file);
    Some(std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
}

/// One JSON file of the data, or `None` when the data is not there.
pub(crate) fn json(file: &str) -> Option<Value> {
    Some(serde_json::from_str(&read(file)?).expect(file))
}

/// The lines of a file with one JSON value a line; empty when the data is not there.
pub(crate) fn json_lines(file: &str) -> Vec<Value> {
    let text = read(file).unwrap_or_default();
    text.lines().map(|line| serde_json::from_str(line).expect(file)).collect()
}

/// The list of cases in a file, whether it stands at the top, under `tests` or under `testCases`.
pub(crate) fn cases(file: &str) -> Vec<Value> {
    match json(file) {
        None => Vec::new(),
        Some(Value::Array(cases)) => cases,
        Some(Value::Object(mut file)) => {
            let cases = file.remove("tests").or_else(|| file.remove("testCases"));
            serde_json::from_value(cases.expect("a list of cases")).expect("a list of cases")
        }
        Some(_) => panic!("{file} holds no list of cases"),
    }
}
