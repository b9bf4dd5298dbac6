//! `config set` and `unset` on the file itself: read, edit, check, write, so that no writer loses another's work.
//!
//! A lock on a file beside it (`config.json5.lock`, which stays) is held from reading to writing. The new text
//! goes to a temporary file in the same folder, which takes the old one's place when it is safely on disk: who
//! reads meanwhile sees the old file or the new one, whole. Only our own file is ever written.

use super::check;
use super::check::{Fault, Problem};
use super::document::{Document, Node, NodeKind, parse_value};
use super::edit::{self, NoPlace};
use super::file::{ConfigChoice, Location, Owner, parse};
use super::keys::{Below, Kind};
use super::path::{KeyPath, join};
use crate::env::Env;
use crate::error::{ConfigProblem, Error, IoFailure, Result};
use crate::origin::Origin;
use crate::whole_file;
use serde_json::Value;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

/// How long to wait for other writers.
const LOCK_LIMIT: Duration = Duration::from_secs(10);

/// What a change did, beside the change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// The file that was written: the target, where the path is a symbolic link.
    pub path: PathBuf,
    /// The OpenClaw file that was read until now, and whose settings the new file began with.
    pub replaces: Option<PathBuf>,
    /// What is still missing beside the key, for people: lower case, no full stop.
    pub notes: Vec<String>,
}

/// A value to be set. Its members keep their order.
#[derive(Debug, Clone, PartialEq)]
pub struct NewValue(Node);

impl NewValue {
    /// What an argument of the command line means: JSON5 where it is that, else the text itself.
    pub fn parse(argument: &str) -> Self {
        parse_value(argument.trim()).map_or_else(|| Self::text(argument), Self)
    }

    /// A string, whatever it looks like.
    pub fn text(text: &str) -> Self {
        Self(Node::new(NodeKind::Scalar(text.into())))
    }

    /// Whether it is a string.
    pub fn is_text(&self) -> bool {
        matches!(self.0.kind, NodeKind::Scalar(Value::String(_)))
    }
}

/// Sets a key of our own file, which is created where it is absent. Where an OpenClaw file was read so far, the
/// new file begins with the settings that were read from it, since it hides the other from now on.
///
/// # Errors
///
/// [`Error::Config`] when the key is unknown, the value has a wrong type or looks like a secret, or nothing can
/// stand at that path; [`Error::ConfigSyntax`] when the file is no JSON5; [`Error::Io`]. The file is as it was.
pub fn set(env: &Env, location: &Location, path: &KeyPath, value: &NewValue) -> Result<Changed> {
    change(env, location, path, &|document| {
        edit::set(document, path, &value.0).map_err(|no_place| {
            let hints = match &no_place {
                NoPlace::Taken { place, .. } if !place.is_empty() => {
                    let file = match location.origin {
                        Origin::Flag(flag) => format!("{flag} '{}' ", location.path.display()),
                        _ => String::new(),
                    };
                    vec![format!("take it out first: `outcrop {file}config unset '{place}'`")]
                }
                NoPlace::Taken { .. } | NoPlace::PastEnd { .. } => vec![],
            };
            refused(location, &path.to_string(), no_place.to_string(), hints)
        })
    })
}

/// Takes a key out of our own file.
///
/// # Errors
///
/// As for [`set`]; [`Error::Config`] too when the key is not in the file.
pub fn unset(env: &Env, location: &Location, path: &KeyPath) -> Result<Changed> {
    change(env, location, path, &|document| {
        edit::unset(document, path).ok_or_else(|| not_there(location, document, path))
    })
}

/// The error for a path at which nothing stands: it is not set, or there is no such key.
pub(super) fn not_there(location: &Location, document: &Document, path: &KeyPath) -> Error {
    let mut below = Below::root();
    let mut place = String::new();
    for name in path.segments() {
        let next = if below.is_list() {
            below.element().map(|next| (name.clone(), next))
        } else {
            below.member(name)
        };
        match next {
            Some((name, next)) => {
                place = join(&place, &name);
                below = next;
            }
            // Below a free value anything can stand.
            None if below.leaf().is_some_and(|row| row.kind == Kind::Anything) => break,
            None => {
                let hints = check::near_keys(name, &below, &place);
                return refused(location, &path.to_string(), "there is no such key".to_owned(), hints);
            }
        }
    }
    let hints = match document.root {
        Some(_) => vec!["see what is set with `outcrop config get`".to_owned()],
        None => vec!["the file is empty or does not exist".to_owned()],
    };
    refused(location, &path.to_string(), "it is not set".to_owned(), hints)
}

fn refused(location: &Location, key: &str, problem: String, hints: Vec<String>) -> Error {
    Error::Config(Box::new(ConfigProblem {
        origin: Origin::File { path: location.path.clone(), line: None },
        key: Some(key.to_owned()),
        problem,
        hints,
    }))
}

/// Makes the new text of the old file.
type Edit<'a> = &'a dyn Fn(&Document) -> Result<String>;

/// A change that may be written.
struct Prepared {
    text: String,
    replaces: Option<PathBuf>,
    notes: Vec<String>,
}

fn change(env: &Env, location: &Location, path: &KeyPath, edit: Edit<'_>) -> Result<Changed> {
    let target = follow_links(&location.path).map_err(|error| failure("write", &location.path, error))?;
    // A device (`/dev/null`) or a pipe must not become a file.
    if fs::metadata(&target).is_ok_and(|found| !found.is_file()) {
        return Err(failure("write", &target, io::Error::other("it is no regular file")));
    }
    // Tried without a lock first: a change that is refused leaves no folder and no lock file behind.
    prepare(env, location, &target, path, edit)?;
    let folder = match target.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        Some(_) | None => Path::new("."),
    };
    make_folder(folder).map_err(|error| failure("create", folder, error))?;
    let lock = lock(&target, LOCK_LIMIT).map_err(|error| failure("lock", &target, error))?;
    let Prepared { text, replaces, notes } = prepare(env, location, &target, path, edit)?;
    replace(&target, folder, text.as_bytes()).map_err(|error| failure("write", &target, error))?;
    drop(lock);
    Ok(Changed { path: target, replaces, notes })
}

/// Reads, edits and checks. A change may not add a problem to the file; one that was there before, and has
/// nothing to do with the key, does not stop it.
fn prepare(
    env: &Env,
    location: &Location,
    target: &Path,
    path: &KeyPath,
    edit: Edit<'_>,
) -> Result<Prepared> {
    let (old, replaces) = match whole_file::read(target, whole_file::SETTINGS_LIMIT) {
        Ok(bytes) => (parse(bytes, target)?, None),
        Err(error) if error.kind() == io::ErrorKind::NotFound => begin(env, location)?,
        Err(error) => return Err(failure("read", target, error)),
    };
    let new = parse(edit(&old)?.into_bytes(), target)?;
    let mut known = super::read(&old, location, env).1;
    known.retain(|problem| !edit::is_on_path(&old, path, problem.offset));
    let is_known = |problem: &Problem| {
        known.iter().any(|known| (&known.key, &known.problem) == (&problem.key, &problem.problem))
    };
    let mut notes = Vec::new();
    for problem in super::read(&new, location, env).1.into_iter().filter(|problem| !is_known(problem)) {
        match problem.fault {
            Fault::Written => return Err(refused(location, &problem.key, problem.problem, problem.hints)),
            Fault::Incomplete | Fault::Environment => {
                notes.push(format!("`{}`: {}", problem.key, problem.problem))
            }
        }
    }
    Ok(Prepared { text: new.text, replaces, notes })
}

/// What a file begins with that does not exist yet: nothing, or what was read from OpenClaw's so far.
fn begin(env: &Env, location: &Location) -> Result<(Document, Option<PathBuf>)> {
    let is_usual = location.origin == Origin::Default;
    let read_so_far = is_usual.then(|| Location::find(env, &ConfigChoice::Search)).flatten();
    if let Some(theirs) = read_so_far.filter(|found| found.owner == Owner::OpenClaw)
        && let Some(settings) = check::check(&theirs.read()?, Owner::OpenClaw, None).root
    {
        let comment =
            format!("Begun with the settings that outcrop had read from {}.", theirs.path.display());
        let text = edit::new_text(&comment, &settings);
        return Ok((parse(text.into_bytes(), &location.path)?, Some(theirs.path)));
    }
    Ok((Document { text: String::new(), root: None }, None))
}

fn failure(action: &'static str, path: &Path, source: io::Error) -> Error {
    Error::Io(Box::new(IoFailure { action, path: Some(path.to_owned()), source }))
}

/// The file that a path means in the end, whether it exists or not.
fn follow_links(path: &Path) -> io::Result<PathBuf> {
    /// As many as Linux follows.
    const LIMIT: usize = 40;
    let mut path = path.to_owned();
    for _ in 0..LIMIT {
        match fs::read_link(&path) {
            Ok(next) => path = path.parent().unwrap_or(Path::new("")).join(next),
            // No link, or nothing there.
            Err(_) => return Ok(path),
        }
    }
    Err(io::Error::other("too many symbolic links"))
}

fn make_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Takes the lock; it ends with the value. Others hold it for milliseconds, unless they were stopped.
fn lock(target: &Path, limit: Duration) -> io::Result<File> {
    const PAUSE: Duration = Duration::from_millis(5);
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    let path = beside(target, ".lock");
    let file = private(&mut options).open(&path)?;
    let begun = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) if begun.elapsed() < limit => thread::sleep(PAUSE),
            Err(TryLockError::WouldBlock) => {
                let held = format!("another process holds `{}`", path.display());
                return Err(io::Error::new(io::ErrorKind::WouldBlock, held));
            }
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
}

fn replace(target: &Path, folder: &Path, bytes: &[u8]) -> io::Result<()> {
    let temporary = beside(target, ".tmp");
    // Left by a writer that was killed: whoever holds the lock may take it away.
    match fs::remove_file(&temporary) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let written = write_new(&temporary, bytes).and_then(|()| fs::rename(&temporary, target));
    if written.is_err() {
        let _ = fs::remove_file(&temporary);
        return written;
    }
    // The rename is on disk when the folder is. Not every system can sync a folder; the file is whole anyway.
    #[cfg(unix)]
    let _ = File::open(folder).and_then(|folder| folder.sync_all());
    #[cfg(not(unix))]
    let _ = folder;
    Ok(())
}

fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    let mut file = private(options.write(true).create_new(true)).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// For the owner's eyes only.
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

fn beside(target: &Path, suffix: &str) -> PathBuf {
    let mut path = target.as_os_str().to_owned();
    path.push(suffix);
    PathBuf::from(path)
}

#[cfg(test)]
mod tests;
