//! `profile-parser` and `file-location`: the AWS files, where they are and what they say.

use super::{Verdict, Verdicts, cases, json_files, name_of, only};
use outcrop::Env;
use outcrop::auth::profile::files::{ProfileSet, Section, load};
use outcrop::auth::profile::selected;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

pub(super) fn parser(folder: &Path) -> Verdicts {
    let mut verdicts = Verdicts::default();
    for (_, file) in json_files(folder) {
        for case in cases(&file) {
            verdicts.check(name_of(case), || parse(case));
        }
    }
    verdicts
}

/// Loads two files with these texts.
pub(super) fn load_texts(config: &str, credentials: &str) -> Result<ProfileSet, String> {
    let read = |path: &Path| -> io::Result<Vec<u8>> {
        Ok(if path.ends_with("config") { config.into() } else { credentials.into() })
    };
    load(&Env::empty().with("HOME", "/h"), &read).map_err(|problem| problem.problem)
}

fn parse(case: &Value) -> Result<(), String> {
    only(case, &["n", "input", "output"])?;
    only(&case["input"], &["configFile", "credentialsFile"])?;
    only(&case["output"], &["config", "errorContaining"])?;
    let text = |file: &str| case["input"][file].as_str().unwrap_or_default();
    let loaded = load_texts(text("configFile"), text("credentialsFile"));
    match (loaded, case["output"].get("config"), case["output"].get("errorContaining")) {
        (Err(_), None, Some(_)) => Ok(()),
        (Ok(set), Some(expected), None) => {
            only(expected, &["profiles", "sso_sessions"])?;
            compare(&set.profiles, &expected["profiles"])?;
            compare(&set.sso_sessions, &expected["sso_sessions"])
        }
        (loaded, ..) => Err(format!("{loaded:?}, expected {}", case["output"])),
    }
}

/// Compares the sections of a kind: the same names, the same properties.
fn compare(found: &BTreeMap<String, Section>, expected: &Value) -> Result<(), String> {
    let empty = Map::new();
    let expected = expected.as_object().unwrap_or(&empty);
    let names: Vec<&String> = found.keys().collect();
    let mut expected_names: Vec<&String> = expected.keys().collect();
    expected_names.sort();
    if names != expected_names {
        return Err(format!("sections {names:?}, expected {expected_names:?}"));
    }
    for (name, section) in found {
        for (key, value) in expected[name].as_object().unwrap() {
            let found = section.get(key).map(|property| property.text());
            if found != value.as_str() {
                return Err(format!("`{key}` of `{name}` is {found:?}, expected {value}"));
            }
        }
        let count = section.names().count();
        if count != expected[name].as_object().unwrap().len() {
            return Err(format!("`{name}` has {count} properties, expected {}", expected[name]));
        }
    }
    Ok(())
}

pub(super) fn locations(folder: &Path) -> Verdicts {
    let mut verdicts = Verdicts::default();
    for (_, file) in json_files(folder) {
        for case in cases(&file) {
            verdicts.check(name_of(case), || locate(case));
        }
    }
    verdicts
}

fn locate(case: &Value) -> Result<Verdict, String> {
    only(case, &["environment", "platform", "profile", "configLocation", "credentialsLocation"])?;
    match case["platform"].as_str() {
        Some("linux") if !cfg!(windows) => {}
        Some("windows") if cfg!(windows) => {}
        Some("linux" | "windows") => return Ok(Verdict::Differs("another operating system")),
        _ => return Err(format!("the platform is not known here: {}", case["platform"])),
    }
    let variables = case["environment"].as_object().unwrap().iter();
    let env: Env = variables.map(|(name, value)| (name.clone(), value.as_str().unwrap().into())).collect();
    let set = load(&env, &|_| Err(io::ErrorKind::NotFound.into())).map_err(|problem| problem.problem)?;
    for (found, key) in [(set.config_path, "configLocation"), (set.credentials_path, "credentialsLocation")] {
        if found != case[key].as_str().map(PathBuf::from) {
            return Err(format!("{key} is {found:?}, expected {}", case[key]));
        }
    }
    match (selected(&env, None).value, case["profile"].as_str()) {
        (found, Some(expected)) if found != expected => {
            Err(format!("profile `{found}`, expected `{expected}`"))
        }
        _ => Ok(Verdict::Passed),
    }
}
