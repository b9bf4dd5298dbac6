//! `outcrop config`: the configuration file, shown and changed.

use super::args::{Config as Command, Global};
use super::emulate;
use super::out::Out;
use super::report::Report;
use crate::Env;
use crate::config::{self, Config, ConfigChoice, KeyPath, Location, NewValue, Owner};
use crate::error::{Error, Result};
use crate::origin::Origin;
use serde_json::{Value, json};
use std::io::{self, IsTerminal};

/// Which configuration file the flags ask for.
pub(super) fn choice(global: &Global) -> ConfigChoice {
    match (&global.config, global.no_config) {
        (_, true) => ConfigChoice::None,
        (Some(path), false) => ConfigChoice::File(path.clone()),
        (None, false) => ConfigChoice::Search,
    }
}

pub(super) fn run(env: &Env, global: &Global, command: &Command, out: &Out) -> Result<(), Box<Report>> {
    let misplaced = emulate::misplaced(global).filter(|flag| *flag != "--config");
    if let Some(flag) = misplaced.or_else(|| global.no_config.then_some("--no-config")) {
        return Err(usage(&format!("`{flag}` has no meaning for `config`")));
    }
    let choice = choice(global);
    let find = || Location::find(env, &choice).ok_or_else(no_home);
    let own = || Location::own(env, &choice).ok_or_else(no_home);
    match command {
        Command::Get { key } => get(&find()?, key.as_deref(), global.json, out),
        Command::Set { key, value, string } => {
            let value = if *string { NewValue::text(value) } else { NewValue::parse(value) };
            let path = path(key)?;
            let changed = config::set(env, &own()?, &path, &value);
            let changed = changed.map_err(|error| plain(with_string_hint(error, &value)))?;
            report_change(&format!("set `{path}`"), &changed, out);
            Ok(())
        }
        Command::Unset { key } => {
            let path = path(key)?;
            let changed = config::unset(env, &own()?, &path).map_err(plain)?;
            report_change(&format!("took out `{path}`"), &changed, out);
            Ok(())
        }
        Command::Path => show_path(&find()?, global.json, out),
        Command::Validate => validate(env, &choice, &find()?, global.json, out),
        Command::Keys => keys(global.json, out).map_err(plain),
    }
}

fn plain(error: Error) -> Box<Report> {
    Box::new(Report::plain(&error))
}

fn usage(text: &str) -> Box<Report> {
    Box::new(Report::usage(text))
}

fn no_home() -> Box<Report> {
    usage("there is no home folder to look for a configuration file in; name one with `--config`")
}

fn path(key: &str) -> Result<KeyPath, Box<Report>> {
    KeyPath::parse(key).map_err(|problem| usage(&format!("`{key}` is no path of a key: {problem}")))
}

/// `1` is a number; who means the text is told how to say so.
fn with_string_hint(mut error: Error, value: &NewValue) -> Error {
    if let Error::Config(problem) = &mut error
        && !value.is_text()
        && problem.problem.starts_with("expected a string")
    {
        problem.hints.push("to set it as text, add `--string`".to_owned());
    }
    error
}

fn print(text: &str, out: &Out) -> Result<(), Box<Report>> {
    out.data(format!("{text}\n").as_bytes()).map_err(plain)
}

fn get(location: &Location, key: Option<&str>, as_json: bool, out: &Out) -> Result<(), Box<Report>> {
    let path = key.map(path).transpose()?;
    let shown = config::get(location, path.as_ref()).map_err(plain)?;
    print(&if as_json { shown.to_json() } else { shown.to_text() }, out)
}

fn report_change(what: &str, changed: &config::Changed, out: &Out) {
    out.note(&format!("{what} in `{}`", changed.path.display()));
    if let Some(theirs) = &changed.replaces {
        out.note(&format!(
            "the file begins with the settings read so far from `{}`, which is read no longer",
            theirs.display()
        ));
    }
    changed.notes.iter().for_each(|note| out.note(note));
}

fn show_path(location: &Location, as_json: bool, out: &Out) -> Result<(), Box<Report>> {
    let Location { path, owner, origin } = location;
    let exists = path.exists();
    let (name, named_by) = match (owner, origin) {
        (Owner::Outcrop, Origin::Default) => ("outcrop", "it is the usual place".to_owned()),
        (Owner::OpenClaw, Origin::Default) => ("openclaw", "there is no file of outcrop's own".to_owned()),
        (Owner::Outcrop, origin) => ("outcrop", format!("{origin} names it")),
        (Owner::OpenClaw, origin) => {
            ("openclaw", format!("{origin} names it, and there is no file of outcrop's own"))
        }
    };
    if as_json {
        let read_only = *owner == Owner::OpenClaw;
        let why =
            json!({ "path": path, "exists": exists, "owner": name, "readOnly": read_only, "why": named_by });
        return print(&why.to_string(), out);
    }
    print(&path.display().to_string(), out)?;
    out.note(&named_by);
    if *owner == Owner::OpenClaw {
        out.note(
            "it is OpenClaw's: it is read and never written; `outcrop config set` begins a file of its own",
        );
    } else if !exists {
        out.note("it does not exist yet; `outcrop config set` creates it");
    }
    Ok(())
}

/// Every problem is an error of its own; the last one ends the command.
fn validate(
    env: &Env,
    choice: &ConfigChoice,
    location: &Location,
    as_json: bool,
    out: &Out,
) -> Result<(), Box<Report>> {
    let mut problems = config::validate(env, location).map_err(plain)?;
    let warnings =
        if problems.is_empty() { Config::load(env, choice).map_err(plain)?.warnings } else { vec![] };
    if as_json {
        let problems: Vec<String> = problems.iter().map(Error::to_string).collect();
        let told = json!({ "path": location.path, "problems": problems, "warnings": warnings });
        print(&told.to_string(), out)?;
    }
    let last = problems.pop();
    for problem in &problems {
        out.fail(&Report::plain(problem));
    }
    if let Some(problem) = last {
        return Err(plain(problem));
    }
    out.note(&format!("nothing is wrong with `{}`", location.path.display()));
    warnings.iter().for_each(|warning| out.note(warning));
    Ok(())
}

/// One key a paragraph for people, one a line for programs, or one a member of a list.
fn keys(as_json: bool, out: &Out) -> Result<()> {
    let is_terminal = io::stdout().is_terminal();
    let mut text = String::new();
    let mut list = Vec::new();
    for config::keys::Key { path, expected, default, meaning } in config::keys::all() {
        if as_json {
            list.push(json!({ "key": path, "value": expected, "default": default, "meaning": meaning }));
        } else if is_terminal {
            text.push_str(&format!("{path}\n    {meaning}: {expected} [default: {default}]\n"));
        } else {
            text.push_str(&format!("{path}\t{expected}\t{default}\t{meaning}\n"));
        }
    }
    if as_json {
        text = format!("{}\n", Value::from(list));
    }
    out.data(text.as_bytes())
}
