//! The two AWS files: where they are, what their headers mean, and how they merge.
//!
//! A file that is absent or cannot be read is empty, with a warning kept as data; a file that breaks the
//! dialect fails as a whole. Files are opened through a function argument, so that nothing is read unless it is
//! asked for. What the properties mean is for others: [`super::plan`], the region and endpoint rules.
//!
//! See [shared config and credentials files](https://docs.aws.amazon.com/sdkref/latest/guide/file-location.html).

use super::ini::{self, RawSection};
use crate::env::Env;
use crate::error::ConfigProblem;
use crate::origin::{Origin, Sourced};
use crate::secret::Secret;
use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use zeroize::Zeroizing;

/// Opens a file and reads all of it.
pub type ReadFile<'a> = &'a (dyn Fn(&Path) -> io::Result<Vec<u8>> + Send + Sync);

/// What both files say, merged. Later lines win, and the credentials file wins over the config file, each key
/// by key: a key pair may stand half in one file and half in the other.
#[derive(Debug, Default)]
pub struct ProfileSet {
    /// The profiles by name.
    pub profiles: BTreeMap<String, Section>,
    /// The `[sso-session NAME]` sections of the config file.
    pub sso_sessions: BTreeMap<String, Section>,
    /// The `[services NAME]` sections of the config file.
    pub services: BTreeMap<String, Section>,
    /// What was passed over, in file order.
    pub warnings: Vec<Warning>,
    /// The config file, whether it exists or not. `None`: no variable names it and there is no home folder.
    pub config_path: Option<PathBuf>,
    /// The credentials file, likewise.
    pub credentials_path: Option<PathBuf>,
}

/// A profile, or another section with a name.
#[derive(Debug, PartialEq, Eq)]
pub struct Section {
    /// The place of its first header.
    pub origin: Origin,
    properties: BTreeMap<String, Property>,
}

/// The value of a property and its place.
#[derive(Debug, PartialEq, Eq)]
pub struct Property {
    /// Any value may be a secret, so all are kept as such: not shown by `Debug`, wiped when dropped.
    text: Secret,
    path: Arc<Path>,
    line: usize,
}

/// Something in the files that was passed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// The file, with the line if it is about one.
    pub origin: Origin,
    /// What it is.
    pub kind: WarningKind,
}

/// Why something was passed over.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum WarningKind {
    /// The file that this variable names does not exist.
    Missing(&'static str),
    /// The file exists and cannot be read, for this reason.
    Unreadable(io::ErrorKind),
    /// The file is not UTF-8 text.
    NotUtf8,
    /// `[NAME]` in the config file, where a profile is `[profile NAME]`.
    NoPrefix(String),
    /// `[default]` in the config file beside a `[profile default]`.
    Shadowed,
    /// `[profile NAME]` in the credentials file, where a profile is `[NAME]`.
    Prefixed(String),
    /// `[sso-session NAME]` or `[services NAME]` in the credentials file.
    ConfigOnly,
    /// A section name that is empty or holds other characters than letters, digits and `_-/.%@:+`.
    SectionName,
    /// A property name that is no such name. It is not shown: with a `:` for `=` it holds a part of the value.
    PropertyName,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.origin)?;
        match &self.kind {
            WarningKind::Missing(variable) => write!(f, "there is no such file, but `{variable}` names it"),
            WarningKind::Unreadable(reason) => write!(f, "the file cannot be read: {reason}"),
            WarningKind::NotUtf8 => f.write_str("the file is not UTF-8 text"),
            WarningKind::NoPrefix(name) => {
                write!(
                    f,
                    "`[{name}]` is no profile here; in the config file it needs to be `[profile {name}]`"
                )
            }
            WarningKind::Shadowed => {
                f.write_str("`[default]` is passed over, since there is `[profile default]`")
            }
            WarningKind::Prefixed(name) => {
                write!(
                    f,
                    "`[profile {name}]` is no profile here; in the credentials file it needs to be `[{name}]`"
                )
            }
            WarningKind::ConfigOnly => f.write_str("a section of this kind counts in the config file only"),
            WarningKind::SectionName => {
                f.write_str("the section is passed over for the characters in its name")
            }
            WarningKind::PropertyName => {
                f.write_str("the property is passed over for the characters in its name")
            }
        }
    }
}

impl Section {
    /// A property by its name, in any case.
    pub fn get(&self, name: &str) -> Option<&Property> {
        self.properties.get(&name.to_ascii_lowercase())
    }

    /// The names of its properties, in lower case.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.properties.keys().map(String::as_str)
    }
}

impl Property {
    /// The value. It may be empty, and it may be a secret.
    pub fn text(&self) -> &str {
        self.text.expose()
    }

    /// The file and line of the name.
    pub fn origin(&self) -> Origin {
        Origin::File { path: self.path.to_path_buf(), line: Some(self.line) }
    }

    /// The value and its place.
    pub fn sourced(&self) -> Sourced<&str> {
        Sourced::new(self.text(), self.origin())
    }

    /// A property of the nested block that this property opens, by its name in any case.
    pub fn nested(&self, name: &str) -> Option<Sourced<&str>> {
        let block = ini::nested(self.text()).filter(|(found, _)| found.eq_ignore_ascii_case(name));
        block.last().map(|(_, value)| Sourced::new(value, self.origin()))
    }
}

impl ProfileSet {
    /// The `region` of a profile, else of the nearest profile along `source_profile`; a loop has none.
    pub fn region(&self, profile: &str) -> Option<&Property> {
        let mut visited = Vec::new();
        let mut name = profile;
        while !visited.contains(&name) {
            visited.push(name);
            let profile = self.profiles.get(name)?;
            if let Some(region) = profile.get("region") {
                return Some(region);
            }
            name = profile.get("source_profile")?.text();
        }
        None
    }
}

/// Which of the two files.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Config,
    Credentials,
}

impl Kind {
    fn variable(self) -> &'static str {
        match self {
            Kind::Config => "AWS_CONFIG_FILE",
            Kind::Credentials => "AWS_SHARED_CREDENTIALS_FILE",
        }
    }

    fn default_path(self) -> &'static str {
        match self {
            Kind::Config => "~/.aws/config",
            Kind::Credentials => "~/.aws/credentials",
        }
    }

    /// The path in use. A leading `~` is the home folder; `$NAME` and `~name` are text.
    fn path(self, env: &Env) -> Option<PathBuf> {
        match env.path(self.variable()) {
            Some(path) => Some(env.expand_home(path)),
            None => env.home().is_some().then(|| env.expand_home(self.default_path())),
        }
    }
}

/// Reads both files and merges them.
///
/// # Errors
///
/// The file, line and rule, when a file breaks the dialect.
pub fn load(env: &Env, read: ReadFile<'_>) -> Result<ProfileSet, ConfigProblem> {
    let mut set = ProfileSet {
        config_path: Kind::Config.path(env),
        credentials_path: Kind::Credentials.path(env),
        ..ProfileSet::default()
    };
    for (kind, path) in
        [(Kind::Config, set.config_path.clone()), (Kind::Credentials, set.credentials_path.clone())]
    {
        let Some(path) = path else { continue };
        let bytes = match read(&path) {
            Ok(bytes) => Zeroizing::new(bytes),
            Err(error) => {
                set.warnings.extend(unread(env, kind, path, error.kind()));
                continue;
            }
        };
        match std::str::from_utf8(&bytes) {
            Ok(text) => set.add_file(kind, Arc::from(path), text)?,
            Err(_) => set.warnings.push(about_file(path, WarningKind::NotUtf8)),
        }
    }
    Ok(set)
}

/// A missing file is worth a word only when somebody named it.
fn unread(env: &Env, kind: Kind, path: PathBuf, error: io::ErrorKind) -> Option<Warning> {
    if error != io::ErrorKind::NotFound {
        return Some(about_file(path, WarningKind::Unreadable(error)));
    }
    let is_named = env.path(kind.variable()).is_some();
    is_named.then(|| about_file(path, WarningKind::Missing(kind.variable())))
}

fn about_file(path: PathBuf, kind: WarningKind) -> Warning {
    Warning { origin: Origin::File { path, line: None }, kind }
}

/// What a header announces.
enum Header<'a> {
    Profile(&'a str),
    Default,
    SsoSession(&'a str),
    Services(&'a str),
    /// A kind of section that has no meaning here.
    Other,
    /// Passed over, and the user should hear of it.
    Dropped(WarningKind),
}

impl<'a> Header<'a> {
    fn read(kind: Kind, text: &'a str) -> Self {
        let (prefix, name) = match text.split_once([' ', '\t']) {
            Some((prefix, name)) => (Some(prefix), name.trim_matches([' ', '\t'])),
            None => (None, text),
        };
        let header = match (kind, prefix) {
            (Kind::Config, None) if name == "default" => Header::Default,
            (Kind::Config, None) => Header::Dropped(WarningKind::NoPrefix(name.to_owned())),
            (Kind::Config, Some("profile")) | (Kind::Credentials, None) => Header::Profile(name),
            (Kind::Config, Some("sso-session")) => Header::SsoSession(name),
            (Kind::Config, Some("services")) => Header::Services(name),
            (Kind::Config, Some(_)) => Header::Other,
            (Kind::Credentials, Some("profile")) => Header::Dropped(WarningKind::Prefixed(name.to_owned())),
            (Kind::Credentials, Some("sso-session" | "services")) => Header::Dropped(WarningKind::ConfigOnly),
            (Kind::Credentials, Some(_)) => Header::Dropped(WarningKind::SectionName),
        };
        if is_name(name) { header } else { Header::Dropped(WarningKind::SectionName) }
    }
}

fn is_name(text: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_-/.%@:+".contains(&byte);
    !text.is_empty() && text.bytes().all(is_allowed)
}

impl ProfileSet {
    fn add_file(&mut self, kind: Kind, path: Arc<Path>, text: &str) -> Result<(), ConfigProblem> {
        let sections = ini::parse(text).map_err(|error| ConfigProblem {
            origin: Origin::File { path: path.to_path_buf(), line: Some(error.line) },
            key: None,
            problem: error.rule.to_string(),
            hints: vec![error.rule.remedy().to_owned()],
        })?;
        let headers: Vec<_> = sections.iter().map(|section| Header::read(kind, section.header)).collect();
        let has_prefixed = headers.iter().any(|header| matches!(header, Header::Profile("default")));
        for (header, section) in headers.into_iter().zip(sections) {
            let (group, name) = match header {
                Header::Default if has_prefixed => {
                    self.warn(&path, section.line, WarningKind::Shadowed);
                    continue;
                }
                Header::Dropped(reason) => {
                    self.warn(&path, section.line, reason);
                    continue;
                }
                Header::Other => continue,
                Header::Default => (&mut self.profiles, "default"),
                Header::Profile(name) => (&mut self.profiles, name),
                Header::SsoSession(name) => (&mut self.sso_sessions, name),
                Header::Services(name) => (&mut self.services, name),
            };
            let bad_lines = add_section(group, name, &path, section);
            for line in bad_lines {
                self.warn(&path, line, WarningKind::PropertyName);
            }
        }
        Ok(())
    }

    fn warn(&mut self, path: &Path, line: usize, kind: WarningKind) {
        let origin = Origin::File { path: path.to_owned(), line: Some(line) };
        self.warnings.push(Warning { origin, kind });
    }
}

/// Merges a section into the one of the same name. Returns the lines with unusable property names.
fn add_section(
    group: &mut BTreeMap<String, Section>,
    name: &str,
    path: &Arc<Path>,
    section: RawSection<'_>,
) -> Vec<usize> {
    let merged = group.entry(name.to_owned()).or_insert_with(|| Section {
        origin: Origin::File { path: path.to_path_buf(), line: Some(section.line) },
        properties: BTreeMap::new(),
    });
    let mut bad_lines = Vec::new();
    for property in section.properties {
        if is_name(property.name) {
            let value =
                Property { text: property.value().into(), path: Arc::clone(path), line: property.line };
            merged.properties.insert(property.name.to_ascii_lowercase(), value);
        } else {
            bad_lines.push(property.line);
        }
    }
    bad_lines
}

#[cfg(test)]
mod tests;
