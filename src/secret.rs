//! A string that must not be seen: redacted when printed, wiped when dropped.
//!
//! It guards against secrets in logs, panics and error messages. It does not guard against a debugger, a
//! core dump or swap: that needs the operating system.

use std::fmt;

/// A secret: an access key, a session token, a bearer token.
///
/// `Debug` and `Display` never show the text; [`Secret::expose`] is the one way to it. The bytes are
/// overwritten when the value is dropped.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Secret(String);

impl Secret {
    /// Wraps `text`.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, for the place that signs or sends it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether there is nothing but white space in it.
    pub fn is_blank(&self) -> bool {
        self.0.trim().is_empty()
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        zeroize::Zeroize::zeroize(&mut self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::Secret;

    #[test]
    fn never_prints_its_text() {
        let secret = Secret::new("wJalrXUtnFEMI");
        assert_eq!(format!("{secret:?} {secret}"), "Secret(..) [redacted]");
        assert_eq!(format!("{:?}", Some(vec![secret.clone()])), "Some([Secret(..)])");
        assert_eq!(secret.expose(), "wJalrXUtnFEMI");
    }

    #[test]
    fn blank_is_white_space_only() {
        assert!(Secret::new(" \t\n").is_blank());
        assert!(!Secret::new(" x ").is_blank());
    }
}
