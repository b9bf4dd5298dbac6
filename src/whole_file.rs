//! Reads a file whole, as long as it is no longer than it may be.
//!
//! A path may name a device or a file of any size, and both would be read until memory ends. It opens and reads; what
//! the bytes mean is for the caller.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// The longest file of settings or credentials.
pub(crate) const SETTINGS_LIMIT: u64 = 16 * 1024 * 1024;

/// The longest file that is sent, or that describes what is sent: Bedrock takes 25 MB.
#[cfg(feature = "cli")]
pub(crate) const REQUEST_LIMIT: u64 = 32 * 1024 * 1024;

/// The bytes of a file of at most `limit` bytes.
///
/// # Errors
/// [`io::ErrorKind::FileTooLarge`] for a longer one; whatever opening and reading give.
pub(crate) fn read(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let file = File::open(path)?;
    // Room for the whole of an ordinary file, so that it is read at once.
    let length = file.metadata().map_or(0, |known| known.len().min(limit));
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or(0));
    take(file, limit, &mut bytes)?;
    Ok(bytes)
}

/// Reads to the end, which must come within `limit` bytes.
///
/// # Errors
/// As [`read`].
pub(crate) fn take(from: impl Read, limit: u64, bytes: &mut Vec<u8>) -> io::Result<()> {
    from.take(limit.saturating_add(1)).read_to_end(bytes)?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length <= limit) {
        return Ok(());
    }
    let longest = format!("it is longer than {} MiB", limit / 1024 / 1024);
    Err(io::Error::new(io::ErrorKind::FileTooLarge, longest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_may_be_as_long_as_the_limit_and_no_longer() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        std::fs::write(&path, [7; 5]).unwrap();
        assert_eq!(read(&path, 5).unwrap(), [7; 5]);
        assert_eq!(read(&path, 4).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
        assert_eq!(read(&folder.path().join("none"), 4).unwrap_err().kind(), io::ErrorKind::NotFound);
    }

    #[cfg(unix)]
    #[test]
    fn a_device_without_an_end_is_refused() {
        let refused = read(Path::new("/dev/zero"), SETTINGS_LIMIT).unwrap_err();
        assert_eq!(refused.to_string(), "it is longer than 16 MiB");
    }
}
