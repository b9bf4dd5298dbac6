//! Where a resolved value came from, kept beside the value so that errors and status pages can say it.
//!
//! It records; it does not decide which origin wins.

use std::fmt;
use std::path::PathBuf;

/// The place a value was taken from.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origin {
    /// A command-line flag, with its dashes: `--region`.
    Flag(&'static str),
    /// Set by the calling program through the API.
    Code,
    /// An environment variable.
    Variable(String),
    /// A file, with the line where the value stands (from 1) if it is known.
    File {
        /// The file as it was opened.
        path: PathBuf,
        /// Line from 1.
        line: Option<usize>,
    },
    /// Standard input.
    StandardInput,
    /// A profile of the AWS files.
    Profile(String),
    /// The ARN that was given as the model id.
    ModelArn,
    /// The metadata service of the instance.
    InstanceMetadata,
    /// The emulator inside this process.
    Demo,
    /// Nothing said anything: the built-in default.
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Flag(name) => write!(f, "`{name}`"),
            Origin::Code => f.write_str("the calling program"),
            Origin::Variable(name) => write!(f, "`{name}`"),
            Origin::File { path, line: Some(line) } => write!(f, "`{}:{line}`", path.display()),
            Origin::File { path, line: None } => write!(f, "`{}`", path.display()),
            Origin::StandardInput => f.write_str("standard input"),
            Origin::Profile(name) => write!(f, "profile `{name}`"),
            Origin::ModelArn => f.write_str("the model's ARN"),
            Origin::InstanceMetadata => f.write_str("instance metadata"),
            Origin::Demo => f.write_str("the demo server"),
            Origin::Default => f.write_str("the built-in default"),
        }
    }
}

/// A value and its origin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sourced<T> {
    /// The value.
    pub value: T,
    /// Where it came from.
    pub origin: Origin,
}

impl<T> Sourced<T> {
    /// Pairs a value with its origin.
    pub fn new(value: T, origin: Origin) -> Self {
        Self { value, origin }
    }

    /// The same origin with a value made from this one.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Sourced<U> {
        Sourced { value: change(self.value), origin: self.origin }
    }
}
