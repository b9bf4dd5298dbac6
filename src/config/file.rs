//! Which configuration file is read, and its text.
//!
//! Ours is searched first; if there is none, an OpenClaw file is read, and never written. What stands in the
//! file is for the other modules; how it is changed, for [`super::store`].

use super::document::{Broken, Document, position};
use super::pasted;
use crate::env::Env;
use crate::error::{ConfigSyntax, Error, IoFailure, Result};
use crate::origin::Origin;
use crate::whole_file;
use std::io;
use std::path::{Path, PathBuf};

/// The configuration file that the caller wants.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum ConfigChoice {
    /// `OUTCROP_CONFIG`, else the usual place, else OpenClaw's file.
    #[default]
    Search,
    /// This one (`--config FILE`).
    File(PathBuf),
    /// None at all (`--no-config`).
    None,
}

/// Whose file it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// Ours: every key must be known, and it may be written.
    Outcrop,
    /// OpenClaw's: keys that are not ours are ignored, and it is never written.
    OpenClaw,
}

/// A configuration file, whether it exists or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    /// The path as it is opened.
    pub path: PathBuf,
    /// Whose it is.
    pub owner: Owner,
    /// What named it.
    pub origin: Origin,
}

impl Location {
    /// The file that is read: ours, or OpenClaw's where ours does not exist and theirs does. `None` when no
    /// file is wanted, or when there is no home folder to look in.
    pub fn find(env: &Env, choice: &ConfigChoice) -> Option<Self> {
        let own = Self::own(env, choice);
        let is_named = own.as_ref().is_some_and(|own| own.origin != Origin::Default);
        // A file that cannot be looked at is there: reading it says why.
        let exists = |own: &Self| own.path.try_exists().unwrap_or(true);
        if is_named || *choice == ConfigChoice::None || own.as_ref().is_some_and(exists) {
            return own;
        }
        openclaw(env).or(own)
    }

    /// Our own file: the one that is written. `None` as for [`Location::find`].
    pub fn own(env: &Env, choice: &ConfigChoice) -> Option<Self> {
        let own = |path: PathBuf, origin| Some(Self { path, owner: Owner::Outcrop, origin });
        match choice {
            ConfigChoice::None => None,
            ConfigChoice::File(path) => own(path.clone(), Origin::Flag("--config")),
            ConfigChoice::Search => match env.path("OUTCROP_CONFIG") {
                Some(path) => own(env.expand_home(path), Origin::Variable("OUTCROP_CONFIG".to_owned())),
                None => own(config_folder(env)?.join("outcrop").join("config.json5"), Origin::Default),
            },
        }
    }

    /// The text and its tree. A file that is absent from its usual place is an empty one; one that was named
    /// must be there.
    pub(super) fn read(&self) -> Result<Document> {
        match whole_file::read(&self.path, whole_file::SETTINGS_LIMIT) {
            Ok(bytes) => parse(bytes, &self.path),
            // A home that is no folder (`/dev/null`, for services) holds no file.
            Err(error) if is_absent(&error) && self.origin == Origin::Default => {
                Ok(Document { text: String::new(), root: None })
            }
            Err(source) => {
                let path = Some(self.path.clone());
                Err(Error::Io(Box::new(IoFailure { action: "read", path, source })))
            }
        }
    }
}

fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// Reads the bytes of a file.
pub(super) fn parse(bytes: Vec<u8>, path: &Path) -> Result<Document> {
    let text = match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let offset = error.utf8_error().valid_up_to();
            let text = String::from_utf8_lossy(error.as_bytes());
            return Err(syntax(&text, &Broken { offset, problem: "it is no UTF-8 text".to_owned() }, path));
        }
    };
    // The text is needed for the excerpt only when it is broken.
    Document::parse(text.clone()).map_err(|broken| syntax(&text, &broken, path))
}

/// See the [XDG base directory specification](https://specifications.freedesktop.org/basedir-spec/latest/):
/// a relative path in the variable is ignored.
fn config_folder(env: &Env) -> Option<PathBuf> {
    let named = env.path("XDG_CONFIG_HOME").filter(|path| path.is_absolute());
    named.or_else(|| Some(env.home()?.join(".config")))
}

/// OpenClaw's file, also under the names that the program had before.
fn openclaw(env: &Env) -> Option<Location> {
    const FOLDERS: [&str; 4] = [".openclaw", ".clawdbot", ".moldbot", ".moltbot"];
    const NAMES: [&str; 4] = ["openclaw.json", "clawdbot.json", "moldbot.json", "moltbot.json"];
    let found =
        |path: PathBuf, origin| path.is_file().then_some(Location { path, owner: Owner::OpenClaw, origin });
    let variable = |name: &str| Some((env.expand_home(env.path(name)?), Origin::Variable(name.to_owned())));
    if let Some((path, origin)) = variable("OPENCLAW_CONFIG_PATH") {
        return found(path, origin);
    }
    if let Some((folder, origin)) = variable("OPENCLAW_STATE_DIR") {
        return NAMES.iter().find_map(|name| found(folder.join(name), origin.clone()));
    }
    let (home, origin) = variable("OPENCLAW_HOME").or_else(|| Some((env.home()?, Origin::Default)))?;
    // Most people have none of them: one question a folder, not one a file.
    let folders = FOLDERS.iter().map(|folder| home.join(folder)).filter(|folder| folder.is_dir());
    folders
        .flat_map(|folder| NAMES.map(|name| folder.join(name)))
        .find_map(|path| found(path, origin.clone()))
}

fn syntax(text: &str, broken: &Broken, path: &Path) -> Error {
    let (line, column) = position(text, broken.offset);
    Error::ConfigSyntax(Box::new(ConfigSyntax {
        path: path.to_owned(),
        line,
        column,
        problem: broken.problem.clone(),
        excerpt: excerpt(text, line, column),
    }))
}

/// The line with its number, and a caret below the column.
pub(crate) fn excerpt(text: &str, line: usize, column: usize) -> String {
    /// What fits beside the number in a narrow terminal; the caret stays in sight.
    const WIDTH: usize = 60;
    let written = text.split('\n').nth(line - 1).unwrap_or_default().trim_end();
    let shown: Vec<char> = blot(written).chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let from = column.saturating_sub(WIDTH);
    let part: String = shown.iter().skip(from).take(WIDTH).collect();
    let number = line.to_string();
    let (margin, caret) = (" ".repeat(number.len()), " ".repeat(column - 1 - from));
    format!("{number} | {part}\n{margin} | {caret}^")
}

/// A line of a file that could not be read, with what may be a secret made illegible: the characters of quoted
/// texts that are no keys, and of words that look like secrets. Columns stay.
fn blot(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(first) = rest.chars().next() {
        let is_quoted = matches!(first, '"' | '\'');
        let end = if is_quoted {
            rest.char_indices().skip(1).find(|(_, c)| *c == first).map_or(rest.len(), |(at, _)| at + 1)
        } else {
            rest.find(['"', '\'']).unwrap_or(rest.len())
        };
        let (part, after) = rest.split_at(end);
        let is_key =
            is_quoted && part.len() > 1 && part.ends_with(first) && after.trim_start().starts_with(':');
        let is_hidden = is_quoted && !is_key || pasted::secret_in(part).is_some();
        out.extend(part.chars().map(|c| if is_hidden && c.is_alphanumeric() { '*' } else { c }));
        rest = after;
    }
    out
}

#[cfg(test)]
mod tests;
