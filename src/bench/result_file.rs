//! A file that gets results, and keeps what it held until there are some.
//!
//! It is opened before anything is paid for, so that a mistake in its name costs nothing. One that was made here and got
//! nothing is taken away again. What is written is not buffered: a line is there when its request has ended.

use crate::error::{Error, IoFailure, Result};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek, Write};
use std::path::{Path, PathBuf};

#[derive(Debug)]
pub(crate) struct ResultFile {
    path: PathBuf,
    file: File,
    is_new: bool,
}

impl ResultFile {
    pub(crate) fn open(path: &Path) -> Result<Self> {
        // A link that leads nowhere is not new: it is not to be taken away.
        let is_new = path.symlink_metadata().is_err();
        let opened = OpenOptions::new().create(true).write(true).truncate(false).open(path);
        let file = opened.map_err(|source| not_written(path, source))?;
        Ok(Self { path: path.to_owned(), file, is_new })
    }

    /// Whether both are one file, by whatever links.
    pub(crate) fn is(&self, other: &Self) -> bool {
        let paths = fs::canonicalize(&self.path).ok().zip(fs::canonicalize(&other.path).ok());
        paths.is_some_and(|(one, other)| one == other)
    }

    /// Appends, but for the first time, when it takes the place of what was there.
    pub(crate) fn write(&self, bytes: &[u8]) -> Result<()> {
        self.try_write(bytes).map_err(|source| not_written(&self.path, source))
    }

    fn try_write(&self, bytes: &[u8]) -> io::Result<()> {
        let mut file = &self.file;
        // Pipes have no position, and devices nothing that could be cut off.
        if file.stream_position().is_ok_and(|at| at == 0) && file.metadata()?.len() > 0 {
            file.set_len(0)?;
        }
        file.write_all(bytes)
    }
}

impl Drop for ResultFile {
    fn drop(&mut self) {
        if self.is_new && self.file.metadata().is_ok_and(|metadata| metadata.len() == 0) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn not_written(path: &Path, source: io::Error) -> Error {
    Error::Io(Box::new(IoFailure { action: "write", path: Some(path.to_owned()), source }))
}
