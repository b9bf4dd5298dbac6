//! Files of the cache: JSON with the version of its form, private to the user, replaced all at once.
//!
//! A cache may be lost at any time, so that nothing here is worth failing for: what cannot be used is described, and
//! the next write replaces it.

use crate::auth::world::replace_file;
use crate::whole_file;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::fs::DirBuilder;
use std::io;
use std::path::Path;

/// The version of the form of all files. It changes when old files must not be read any more.
const VERSION: u32 = 1;

/// What a file held.
pub(super) enum Stored<T> {
    /// There is no file.
    Absent,
    /// There is one that cannot be used; what to say of it.
    Unusable(String),
    /// This.
    Found(T),
}

#[derive(Serialize, Deserialize)]
struct Envelope<T> {
    version: u32,
    content: T,
}

/// Reads a file.
pub(super) fn read<T: DeserializeOwned>(path: &Path) -> Stored<T> {
    let problem = match whole_file::read(path, whole_file::SETTINGS_LIMIT) {
        Ok(bytes) => match serde_json::from_slice::<Envelope<T>>(&bytes) {
            Ok(Envelope { version: VERSION, content }) => return Stored::Found(content),
            Ok(Envelope { version, .. }) => format!("version {version} of its form"),
            Err(problem) => problem.to_string(),
        },
        Err(problem) if problem.kind() == io::ErrorKind::NotFound => return Stored::Absent,
        Err(problem) => problem.to_string(),
    };
    Stored::Unusable(format!("the cache file `{}` is ignored: {problem}", path.display()))
}

/// Replaces a file, and makes its folder where there is none.
pub(super) fn write<T: Serialize>(path: &Path, content: &T) -> io::Result<()> {
    let bytes = serde_json::to_vec(&Envelope { version: VERSION, content })?;
    if let Some(folder) = path.parent() {
        make_folder(folder)?;
    }
    replace_file(path, &bytes)
}

/// Makes a folder, and those above it, that only the user may enter.
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

    fn note(stored: Stored<Vec<u8>>) -> Option<String> {
        match stored {
            Stored::Unusable(note) => Some(note),
            Stored::Absent | Stored::Found(_) => None,
        }
    }

    #[test]
    fn files_that_cannot_be_used_are_described() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.json");
        assert!(matches!(read::<Vec<u8>>(&path), Stored::Absent));
        for (text, fragment) in [
            ("", "EOF"),
            (r#"{"version": 1, "content": [1, 2"#, "EOF"),
            (r#"{"version": 1, "content": {}}"#, "invalid type"),
            (r#"{"version": 2, "content": [1]}"#, "version 2"),
            (r#"{"content": [1]}"#, "missing field `version`"),
        ] {
            std::fs::write(&path, text).unwrap();
            let note = note(read(&path)).unwrap();
            assert!(note.contains("x.json` is ignored") && note.contains(fragment), "{note}");
        }
        assert!(note(read(folder.path())).is_some(), "a folder is no file");
    }

    #[cfg(unix)]
    #[test]
    fn files_and_folders_are_the_users_alone() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b/x.json");
        for content in [vec![1_u8], vec![2]] {
            write(&path, &content).unwrap();
            assert!(matches!(read::<Vec<u8>>(&path), Stored::Found(found) if found == content));
        }
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
        assert_eq!(
            std::fs::read_dir(path.parent().unwrap()).unwrap().count(),
            1,
            "nothing is left beside it"
        );
        assert!(write(&path.join("below-a-file"), &1).is_err());
    }

    proptest::proptest! {
        #[test]
        fn any_file_is_read_or_described(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..60)) {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("x");
            std::fs::write(&path, bytes).unwrap();
            proptest::prop_assert!(!matches!(read::<Vec<u8>>(&path), Stored::Absent));
        }
    }
}
