//! A conversation on disk: one line of JSON a turn, under a line that says what the file is.
//!
//! A turn, question and answer together, is one write and is on the disk before the program ends; a turn that
//! fails is not written. So whatever happens at whatever byte, a file holds whole turns, and at most one line
//! that was not finished, which is reported and dropped; a turn that lacks its line break alone is whole, since no
//! part of a JSON object is one. One process uses a file at a time. Messages are kept as they were, before they were
//! prepared for a model; what reasoning is signed with stays byte by byte.

use crate::Env;
use crate::cli::answer::one_line;
use crate::converse::{ConverseResponse, Message, Role, StopReason, TokenUsage};
use crate::error::{ConfigProblem, Error, IoFailure, Result};
use crate::origin::Origin;
use crate::whole_file;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// The first line.
const HEADER: &str = "{\"outcrop\":\"session\",\"version\":1}\n";

/// What the first line says.
#[derive(Deserialize)]
struct Header {
    outcrop: String,
    version: u32,
}

/// A line after the first.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Turn<'a> {
    user: Cow<'a, Message>,
    assistant: Cow<'a, Message>,
    model_id: Cow<'a, str>,
    /// The system prompt of this turn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    system: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    stop_reason: Option<StopReason>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    usage: Option<TokenUsage>,
}

/// What a session is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// To be read once, whether there is one or not, and whoever uses it.
    Read,
    /// To go on with one that there is.
    GoOn,
    /// To go on with it, or to begin it.
    Begin,
}

/// A conversation, open and locked.
pub(super) struct SessionFile {
    path: PathBuf,
    /// It was made just now: without a turn it is taken away again.
    is_new: bool,
    /// `None`: there is none, and none is to be made.
    file: Option<File>,
    /// Where the first line and each turn end; empty when there is no line yet.
    ends: Vec<u64>,
    /// The last turn lacks its line break.
    is_open: bool,
    messages: Vec<Message>,
    system: Option<String>,
    /// What the user should hear about the file.
    pub(super) warning: Option<String>,
}

/// One turn to be kept.
pub(super) struct NewTurn<'a> {
    pub(super) user: &'a Message,
    pub(super) response: &'a ConverseResponse,
    pub(super) model_id: &'a str,
    pub(super) system: Option<&'a str>,
}

impl SessionFile {
    /// Opens what `--session` names.
    pub(super) fn open(env: &Env, named: &str, purpose: Purpose) -> Result<Self> {
        let path = path(env, named)?;
        let failed = |action, source| io_error(&path, action, source);
        let is_new = purpose == Purpose::Begin && !path.exists();
        let mut file = match open(&path, purpose) {
            Ok(file) => file,
            Err(missing) if purpose == Purpose::Read && missing.kind() == io::ErrorKind::NotFound => {
                return Ok(Self::of(path, None, Contents::default()));
            }
            Err(source) => return Err(failed("open the session", source)),
        };
        let locked = if purpose == Purpose::Read { Ok(()) } else { file.try_lock() };
        match locked {
            // Who made it may have taken it away between the opening and the lock.
            Ok(()) if is_at(&file, &path) => {}
            Ok(()) | Err(TryLockError::WouldBlock) => {
                let hint = "wait until it has ended, or name another session";
                return Err(refused(&path, None, "another process is using the session", hint));
            }
            Err(TryLockError::Error(source)) => return Err(failed("lock the session", source)),
        }
        let mut bytes = Vec::new();
        // Each request holds the whole of it, so that a longer one could not go on anyway.
        whole_file::take(&mut file, whole_file::REQUEST_LIMIT, &mut bytes).map_err(|source| {
            let is_long = source.kind() == io::ErrorKind::FileTooLarge;
            let hint = "begin another session: name another file";
            if is_long {
                refused(&path, None, &source.to_string(), hint)
            } else {
                failed("read the session", source)
            }
        })?;
        match Contents::read(&bytes) {
            Ok(contents) => {
                let mut session = Self::of(path, Some(file), contents);
                session.is_new = is_new;
                Ok(session)
            }
            Err((line, problem)) => {
                let hint = "name another file, or mend the line";
                Err(refused(&path, Some(line), &problem, hint))
            }
        }
    }

    fn of(path: PathBuf, file: Option<File>, contents: Contents) -> Self {
        let Contents { messages, system, ends, is_open, unfinished } = contents;
        let warning = (unfinished > 0).then(|| {
            let shown = path.display();
            format!("the last line of `{shown}` was not finished ({unfinished} bytes); its turn is dropped")
        });
        let ends = ends.into_iter().map(|end| u64::try_from(end).unwrap_or(u64::MAX)).collect();
        Self { path, is_new: false, file, ends, is_open, messages, system, warning }
    }

    /// Whether `named` is this one, under whatever name.
    pub(super) fn is(&self, env: &Env, named: &str) -> bool {
        let Ok(named) = path(env, named) else { return false };
        match &self.file {
            Some(file) if cfg!(unix) => is_at(file, &named),
            Some(_) | None => self.path == named,
        }
    }

    /// The conversation so far.
    pub(super) fn messages(&self) -> &[Message] {
        &self.messages
    }

    /// The system prompt of the last turn that had one.
    pub(super) fn system(&self) -> Option<&str> {
        self.system.as_deref()
    }

    /// Writes a turn, so that it lasts.
    pub(super) fn append(&mut self, turn: &NewTurn<'_>) -> Result<()> {
        let (Some(file), Some(message)) = (&mut self.file, turn.response.message()) else { return Ok(()) };
        let line = Turn {
            user: Cow::Borrowed(turn.user),
            assistant: Cow::Borrowed(message),
            model_id: turn.model_id.into(),
            system: turn.system.map(Cow::from),
            stop_reason: turn.response.stop_reason.clone(),
            usage: turn.response.usage.clone(),
        };
        let end = self.ends.last().copied().unwrap_or(0);
        let written = serde_json::to_vec(&line).map_err(io::Error::from).and_then(|json| {
            let mut bytes = match (end, self.is_open) {
                (0, _) => HEADER.as_bytes().to_vec(),
                (_, true) => b"\n".to_vec(),
                (_, false) => Vec::new(),
            };
            bytes.extend(one_line(json));
            bytes.push(b'\n');
            // What was not finished before gives way.
            file.set_len(end)?;
            file.seek(SeekFrom::Start(end))?;
            file.write_all(&bytes)?;
            file.sync_all()?;
            Ok(end.saturating_add(u64::try_from(bytes.len()).unwrap_or(0)))
        });
        match written {
            Ok(now) => {
                match self.ends.last_mut() {
                    None => self.ends.push(u64::try_from(HEADER.len()).unwrap_or(0)),
                    Some(last) => *last += u64::from(self.is_open),
                }
                self.is_open = false;
                self.ends.push(now);
                Ok(())
            }
            Err(source) => {
                // A full disk took a part of the line, perhaps.
                let _ = file.set_len(end);
                Err(io_error(&self.path, "write the session", source))
            }
        }
    }

    /// Takes the last turn off the file.
    pub(super) fn undo(&mut self) -> Result<()> {
        let Some(file) = self.file.as_mut().filter(|_| self.ends.len() > 1) else { return Ok(()) };
        let end = self.ends.iter().rev().nth(1).copied().unwrap_or(0);
        let cut = file.set_len(end).and_then(|()| file.sync_all());
        cut.map_err(|source| io_error(&self.path, "write the session", source))?;
        self.ends.pop();
        self.is_open = false;
        Ok(())
    }
}

impl Drop for SessionFile {
    fn drop(&mut self) {
        // Its lock is held still.
        if self.is_new && self.ends.is_empty() {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// What a file holds.
#[derive(Debug, Default, PartialEq)]
struct Contents {
    messages: Vec<Message>,
    system: Option<String>,
    /// Where the first line and each turn end.
    ends: Vec<usize>,
    /// The last turn lacks its line break.
    is_open: bool,
    /// How many bytes follow the last whole line.
    unfinished: usize,
}

impl Contents {
    /// Reads a file, or says which of its lines is none of ours, from 1, and why.
    fn read(bytes: &[u8]) -> Result<Self, (usize, String)> {
        let end = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let (whole, rest) = bytes.split_at_checked(end).unwrap_or((bytes, &[]));
        let mut contents = Self { unfinished: rest.len(), ..Self::default() };
        let mut lines = whole.split(|byte| *byte == b'\n').enumerate();
        // What ended before its first line did is one of ours if it began like one.
        let Some((_, first)) = lines.next().filter(|_| end > 0) else {
            return if HEADER.as_bytes().starts_with(rest) { Ok(contents) } else { Err((1, foreign())) };
        };
        match serde_json::from_slice::<Header>(first) {
            Ok(header) if header.outcrop == "session" && header.version == 1 => {}
            Ok(header) if header.outcrop == "session" => {
                let problem = format!("version {} of the format is not known here", header.version);
                return Err((1, problem));
            }
            Ok(_) | Err(_) => return Err((1, foreign())),
        }
        let mut end = first.len() + 1;
        contents.ends.push(end);
        for (at, line) in lines {
            end += line.len() + 1;
            if line.trim_ascii().is_empty() {
                continue;
            }
            let turn = Turn::read(line).map_err(|problem| (at + 1, problem))?;
            contents.add(turn, end);
        }
        if let Ok(turn) = Turn::read(rest) {
            contents.add(turn, bytes.len());
            (contents.is_open, contents.unfinished) = (true, 0);
        }
        Ok(contents)
    }

    fn add(&mut self, turn: Turn<'_>, end: usize) {
        self.messages.extend([turn.user.into_owned(), turn.assistant.into_owned()]);
        self.system = turn.system.map(Cow::into_owned).or(self.system.take());
        self.ends.push(end);
    }
}

impl<'a> Turn<'a> {
    /// Reads a line, or says why it is none.
    fn read(line: &'a [u8]) -> Result<Self, String> {
        let turn: Self = serde_json::from_slice(line).map_err(|problem| {
            let said = problem.to_string();
            let said = said.split(" at line ").next().unwrap_or_default();
            format!("the line is no turn of a conversation: {said}")
        })?;
        if turn.user.role != Role::User || turn.assistant.role != Role::Assistant {
            return Err("a turn is a message of the user and one of the assistant".to_owned());
        }
        Ok(turn)
    }
}

fn foreign() -> String {
    "it is no session of this program: its first line is not `{\"outcrop\":\"session\",\"version\":1}`"
        .to_owned()
}

/// A path as it is, and a name in the folder of sessions.
fn path(env: &Env, named: &str) -> Result<PathBuf> {
    let is_path = named.contains(std::path::is_separator) || named.ends_with(".jsonl");
    if is_path {
        return Ok(PathBuf::from(named));
    }
    let refuse = |problem: &str, hint: &str| {
        let origin = Origin::Flag("--session");
        let (problem, hints) = (problem.to_owned(), vec![hint.to_owned()]);
        Error::Config(Box::new(ConfigProblem { origin, key: None, problem, hints }))
    };
    if matches!(named.trim(), "" | "." | "..") || named.contains('\0') {
        return Err(refuse("it is no name", "name a session, as `--session rocks`, or a file"));
    }
    let base = env.path("XDG_DATA_HOME").filter(|path| path.is_absolute());
    let base = base.or_else(|| env.home().map(|home| home.join(".local/share")));
    let Some(base) = base else {
        return Err(refuse(
            "there is no home folder to keep it in",
            "name a file: `--session ./rocks.jsonl`",
        ));
    };
    Ok(base.join("outcrop/sessions").join(format!("{named}.jsonl")))
}

/// Whether this file is still the one of that name.
fn is_at(file: &File, path: &Path) -> bool {
    let (Ok(held), Ok(named)) = (file.metadata(), std::fs::metadata(path)) else { return false };
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        (held.dev(), held.ino()) == (named.dev(), named.ino())
    }
    #[cfg(not(unix))]
    {
        held.len() == named.len()
    }
}

/// Opens the file for its owner alone.
fn open(path: &Path, purpose: Purpose) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(purpose != Purpose::Read);
    if purpose != Purpose::Begin {
        return options.open(path);
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    options.create(true).truncate(false);
    #[cfg(unix)]
    {
        use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
        builder.mode(0o700);
        options.mode(0o600);
    }
    if let Some(folder) = folder {
        builder.create(folder)?;
    }
    let file = options.open(path)?;
    // A new name lasts only when its folder does.
    if cfg!(unix)
        && let Ok(folder) = File::open(folder.unwrap_or(Path::new(".")))
    {
        let _ = folder.sync_all();
    }
    Ok(file)
}

fn refused(path: &Path, line: Option<usize>, problem: &str, hint: &str) -> Error {
    Error::Config(Box::new(ConfigProblem {
        origin: Origin::File { path: path.to_owned(), line },
        key: None,
        problem: problem.to_owned(),
        hints: vec![hint.to_owned()],
    }))
}

fn io_error(path: &Path, action: &'static str, source: io::Error) -> Error {
    Error::Io(Box::new(IoFailure { action, path: Some(path.to_owned()), source }))
}

#[cfg(test)]
mod tests;
