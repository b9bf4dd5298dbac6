//! The process environment as a value: variables and the home folder.
//!
//! This is the only file that reads the real environment; everything else takes an [`Env`], so that a test
//! never sees the developer's own variables or files. It does not interpret any variable.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// A snapshot of environment variables, and the home folder that they imply.
#[derive(Clone, Default)]
pub struct Env {
    vars: BTreeMap<String, OsString>,
}

impl Env {
    /// Reads the environment of this process.
    #[allow(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    pub fn from_process() -> Self {
        std::env::vars_os().map(|(name, value)| (name.to_string_lossy().into_owned(), value)).collect()
    }

    /// An environment without any variable.
    pub fn empty() -> Self {
        Self::default()
    }

    /// The same environment with one variable more, or changed.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<OsString>) -> Self {
        self.vars.insert(name.into(), value.into());
        self
    }

    /// The same environment without a variable.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.vars.remove(name);
        self
    }

    /// The value of a variable. `None` when it is absent, or not valid Unicode (see [`Env::is_not_unicode`]).
    pub fn get(&self, name: &str) -> Option<&str> {
        self.vars.get(name).and_then(|value| value.to_str())
    }

    /// The value of a variable, or `None` when it is absent, empty or only white space.
    pub fn get_non_blank(&self, name: &str) -> Option<&str> {
        self.get(name).filter(|value| !value.trim().is_empty())
    }

    /// Whether a variable is set at all, to whatever value.
    pub fn is_set(&self, name: &str) -> bool {
        self.vars.contains_key(name)
    }

    /// Whether a variable is set to bytes that are no Unicode text.
    pub fn is_not_unicode(&self, name: &str) -> bool {
        self.vars.get(name).is_some_and(|value| value.to_str().is_none())
    }

    /// The value of a variable as a path, whatever its encoding. `None` when it is absent or empty.
    pub fn path(&self, name: &str) -> Option<PathBuf> {
        self.vars.get(name).filter(|value| !value.is_empty()).map(PathBuf::from)
    }

    /// The home folder: `HOME`, else (Windows) `USERPROFILE`, else `HOMEDRIVE` and `HOMEPATH` joined.
    pub fn home(&self) -> Option<PathBuf> {
        self.path("HOME").or_else(|| self.path("USERPROFILE")).or_else(|| {
            let mut joined = self.vars.get("HOMEDRIVE")?.clone();
            joined.push(self.vars.get("HOMEPATH")?);
            Some(PathBuf::from(joined))
        })
    }

    /// A path with a leading `~` component replaced by the home folder. `~name` and `$NAME` are kept as text.
    pub fn expand_home(&self, path: impl AsRef<Path>) -> PathBuf {
        let path = path.as_ref();
        match (path.strip_prefix("~"), self.home()) {
            (Ok(rest), Some(home)) if rest.as_os_str().is_empty() => home,
            (Ok(rest), Some(home)) => home.join(rest),
            _ => path.to_owned(),
        }
    }
}

impl FromIterator<(String, OsString)> for Env {
    fn from_iter<I: IntoIterator<Item = (String, OsString)>>(vars: I) -> Self {
        Self { vars: vars.into_iter().collect() }
    }
}

/// Names only: values may be secrets.
impl std::fmt::Debug for Env {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.vars.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::Env;
    use std::path::PathBuf;

    #[test]
    fn home_and_tilde() {
        let env = Env::empty().with("HOME", "/home/ada");
        for (path, expected) in [
            ("~", "/home/ada"),
            ("~/.aws/config", "/home/ada/.aws/config"),
            ("~bob/x", "~bob/x"),
            ("/abs/~", "/abs/~"),
            ("$HOME/x", "$HOME/x"),
        ] {
            assert_eq!(env.expand_home(path), PathBuf::from(expected), "{path}");
        }
        assert_eq!(Env::empty().expand_home("~/x"), PathBuf::from("~/x"));
    }

    #[test]
    fn blank_values_and_debug() {
        let env = Env::empty().with("A", " ").with("B", "secret");
        assert_eq!(env.get("A"), Some(" "));
        assert_eq!(env.get_non_blank("A"), None);
        assert!(env.is_set("A") && !env.is_set("C"));
        assert_eq!(format!("{env:?}"), r#"{"A", "B"}"#);
    }

    #[cfg(unix)]
    #[test]
    fn not_unicode_is_told_apart_from_absent() {
        use std::os::unix::ffi::OsStringExt;
        let env = Env::empty().with("A", std::ffi::OsString::from_vec(vec![0xff]));
        assert_eq!(env.get("A"), None);
        assert!(env.is_not_unicode("A") && !env.is_not_unicode("B"));
    }
}
