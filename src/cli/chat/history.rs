//! The lines typed in conversations, kept on disk so that the next conversation has them at hand.
//!
//! One JSON string a line, in a file of the user alone, with the newest last. It is a convenience: what cannot be
//! read is passed over, and what cannot be written is lost. A line that begins with a blank is not kept, as shells
//! have it, nor one that holds what looks like a key of AWS; nor is anything kept where the file is no ordinary one
//! (a link to `/dev/null`, say).

use crate::Env;
use crate::auth::world::replace_file;
use crate::config::secret_in;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// The most lines that are read.
pub(super) const MOST_LINES: usize = 1_000;
/// The longest file that is left as it is; of a longer one the end is kept.
const LONGEST_FILE: u64 = 512 * 1024;
/// A longer line is a pasted text and nothing to go back to.
const LONGEST_LINE: usize = 4_096;

/// Where lines are kept.
pub(super) struct History {
    /// `None`: nowhere.
    path: Option<PathBuf>,
}

impl History {
    /// The file in `$XDG_STATE_HOME/outcrop`, else `~/.local/state/outcrop`, and the lines in it, oldest first.
    pub(super) fn open(env: &Env) -> (Self, Vec<String>) {
        let base = env.path("XDG_STATE_HOME").filter(|path| path.is_absolute());
        let base = base.or_else(|| env.home().map(|home| home.join(".local/state")));
        Self::at(base.map(|base| base.join("outcrop/history")))
    }

    fn at(path: Option<PathBuf>) -> (Self, Vec<String>) {
        let is_other = |path: &Path| std::fs::metadata(path).is_ok_and(|found| !found.is_file());
        let path = path.filter(|path| !is_other(path));
        let lines = path.as_deref().and_then(|path| read(path).ok()).unwrap_or_default();
        (Self { path }, lines)
    }

    /// Keeps a line for the next time.
    ///
    /// # Errors
    /// Those of the file; the line is as good without.
    pub(super) fn add(&self, line: &str) -> io::Result<()> {
        let Some(path) = self.path.as_deref().filter(|_| is_kept(line)) else { return Ok(()) };
        if let Some(folder) = path.parent() {
            make_folder(folder)?;
        }
        let mut options = OpenOptions::new();
        options.append(true).create(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        // One write, so that two conversations do not mix their lines.
        options.open(path)?.write_all(written(line)?.as_bytes())
    }
}

fn is_kept(line: &str) -> bool {
    let is_blank = line.starts_with(char::is_whitespace) || line.is_empty();
    !is_blank && line.len() <= LONGEST_LINE && secret_in(line).is_none()
}

/// A JSON string holds no line break.
fn written(line: &str) -> io::Result<String> {
    Ok(serde_json::to_string(line)? + "\n")
}

/// The newest lines. A file that has grown too long is cut to them.
fn read(path: &Path) -> io::Result<Vec<String>> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(LONGEST_FILE)))?;
    let mut bytes = Vec::new();
    file.take(LONGEST_FILE).read_to_end(&mut bytes)?;
    let lines = bytes.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok());
    let mut lines: Vec<String> = lines.collect();
    lines.drain(..lines.len().saturating_sub(MOST_LINES));
    if length > LONGEST_FILE {
        let texts: io::Result<String> = lines.iter().map(|line| written(line)).collect();
        // Another conversation may lose a line by it; the next time will do as well.
        let _ = replace_file(path, texts?.as_bytes());
    }
    Ok(lines)
}

/// Makes a folder that only the user may enter.
fn make_folder(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state/outcrop/history");
        (folder, path)
    }

    fn lines_at(path: &Path) -> Vec<String> {
        History::at(Some(path.to_owned())).1
    }

    #[test]
    fn lines_are_there_the_next_time() {
        let (_folder, path) = folder();
        let (history, lines) = History::at(Some(path.clone()));
        assert_eq!(lines, Vec::<String>::new());
        for line in ["/model nova", "two\nlines \"quoted\"", "granite?"] {
            history.add(line).unwrap();
        }
        assert_eq!(lines_at(&path), ["/model nova", "two\nlines \"quoted\"", "granite?"]);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
        }
    }

    #[test]
    fn secrets_blanks_and_pasted_texts_are_not_kept() {
        let (_folder, path) = folder();
        let (history, _) = History::at(Some(path.clone()));
        for line in [
            "what is AKIAIOSFODNN7EXAMPLE?",
            "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            "use bedrock-api-key-YmVkcm9jaw==",
            " hush",
            "",
            &"x".repeat(LONGEST_LINE + 1),
        ] {
            history.add(line).unwrap();
        }
        assert!(!path.exists());
    }

    #[test]
    fn a_broken_file_is_no_obstacle() {
        for bytes in [&b"\xff\0\n\"good\"\n{\"a\":1}\n\"unfinished"[..], b"\n\n\"good\"\n7\n"] {
            let (_folder, path) = folder();
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, bytes).unwrap();
            assert_eq!(lines_at(&path), ["good"]);
        }
    }

    #[test]
    fn a_long_file_is_cut_to_its_end() {
        let (_folder, path) = folder();
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let line = |at: usize| written(&format!("{at} {}", "x".repeat(300))).unwrap();
        std::fs::write(&path, (0..3_000).map(line).collect::<String>()).unwrap();
        let lines = lines_at(&path);
        assert_eq!(lines.len(), MOST_LINES);
        assert!(lines.last().unwrap().starts_with("2999 "));
        assert!(std::fs::metadata(&path).unwrap().len() <= LONGEST_FILE);
        assert_eq!(lines_at(&path), lines);
    }

    #[test]
    fn nowhere_and_places_that_are_no_files_keep_nothing() {
        let nowhere = History::at(None);
        assert!(nowhere.1.is_empty() && nowhere.0.add("x").is_ok());
        let folder = tempfile::tempdir().unwrap();
        let place = History::at(Some(folder.path().to_owned()));
        assert!(place.1.is_empty() && place.0.add("x").is_ok());
        let below_a_file = folder.path().join("file");
        std::fs::write(&below_a_file, "").unwrap();
        assert!(History::at(Some(below_a_file.join("history"))).0.add("x").is_err());
        let bare = Env::empty();
        assert!(History::open(&bare).0.path.is_none());
        let (history, _) = History::open(&bare.with("XDG_STATE_HOME", "relative").with("HOME", "/home/me"));
        assert_eq!(history.path.unwrap(), Path::new("/home/me/.local/state/outcrop/history"));
    }

    proptest::proptest! {
        #[test]
        fn any_file_is_read(bytes: Vec<u8>) {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("history");
            std::fs::write(&path, bytes).unwrap();
            let (history, lines) = History::at(Some(path.clone()));
            history.add("next").unwrap();
            let next = lines_at(&path);
            // What stood unfinished at the end may swallow the line; nothing else is lost.
            proptest::prop_assert!(next.len() >= lines.len());
        }
    }
}
