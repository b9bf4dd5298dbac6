//! What the credential chain touches outside this process, as values that a test can replace.
//!
//! Clock, randomness, files, processes, name resolution, and the person who reads a code from a device. HTTP has its
//! own seam, [`Transport::scripted`](crate::transport::Transport::scripted), and the environment is an
//! [`Env`](crate::Env).

use crate::secret::Secret;
use crate::time;
use crate::transport::{Pending, Sleep};
use crate::whole_file;
use std::io::{self, Write as _};
use std::net::IpAddr;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;
use zeroize::Zeroizing;

/// Reads a file whole.
pub type ReadFile = dyn Fn(&Path) -> io::Result<Vec<u8>> + Send + Sync;
/// Replaces a file that only its owner may read, all at once.
pub type WriteFile = dyn Fn(&Path, &[u8]) -> io::Result<()> + Send + Sync;
/// Asks a person for a code.
pub type AskCode = dyn Fn(&str) -> io::Result<String> + Send + Sync;

/// The outside. [`World::default`] is the real one.
#[derive(Clone)]
pub struct World {
    /// The wall clock: expiry times are compared with it, so a monotonic clock will not do.
    pub clock: Arc<dyn Fn() -> SystemTime + Send + Sync>,
    /// Waits before a request is sent again.
    pub sleep: Arc<Sleep>,
    /// A number from 0 to 1 to spread delays with.
    pub random: Arc<dyn Fn() -> f64 + Send + Sync>,
    /// Reads a file whole.
    pub read_file: Arc<ReadFile>,
    /// Replaces a file that only its owner may read, all at once.
    pub write_file: Arc<WriteFile>,
    /// Runs a command line in a shell and gathers what it prints. Dropping the future ends the process.
    pub run_command: Arc<dyn Fn(Secret) -> Pending<io::Result<CommandOutput>> + Send + Sync>,
    /// The addresses of a host name.
    pub look_up_host: Arc<dyn Fn(String) -> Pending<io::Result<Vec<IpAddr>>> + Send + Sync>,
    /// Asks a person for the code that the MFA device of this serial number shows; it may block, on a
    /// thread of its own. `None`: there is nobody to ask.
    pub mfa_code: Option<Arc<AskCode>>,
}

/// What a command printed.
pub struct CommandOutput {
    /// The exit code; `None` when a signal ended it.
    pub code: Option<i32>,
    /// Standard output: credentials.
    pub stdout: Zeroizing<Vec<u8>>,
    /// Standard error.
    pub stderr: Vec<u8>,
}

impl Default for World {
    fn default() -> Self {
        Self {
            clock: Arc::new(time::now),
            sleep: Arc::new(|time| Box::pin(tokio::time::sleep(time))),
            random: Arc::new(spread),
            read_file: Arc::new(|path| whole_file::read(path, whole_file::SETTINGS_LIMIT)),
            write_file: Arc::new(replace_file),
            run_command: Arc::new(|command| Box::pin(run_in_shell(command))),
            look_up_host: Arc::new(|host| Box::pin(look_up(host))),
            mfa_code: None,
        }
    }
}

/// A number from 0 to 1, different at each call; good enough to spread retries, not for secrets.
fn spread() -> f64 {
    use std::hash::{BuildHasher, Hasher};
    let seed = std::hash::RandomState::new().build_hasher().finish();
    f64::from(u32::try_from(seed >> 32).unwrap_or(0)) / f64::from(u32::MAX)
}

/// Why a file cannot be read, in words for people.
pub(super) fn trouble(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        io::ErrorKind::IsADirectory => "it is a folder".to_owned(),
        // The text of an error can hold the path, which is told already.
        other => other.to_string(),
    }
}

/// Writes beside the file and renames, so that a reader sees the old text or the new one, and a crash leaves one
/// of them. Mode 0600 from the start. No two writers meet in one temporary file, of one process or of many.
pub(crate) fn replace_file(path: &Path, text: &[u8]) -> io::Result<()> {
    static WRITTEN: AtomicU64 = AtomicU64::new(0);
    let mut name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?.to_owned();
    name.push(format!(".{}-{}.tmp", std::process::id(), WRITTEN.fetch_add(1, Ordering::Relaxed)));
    let temporary = path.with_file_name(name);
    let written = create_private(&temporary).and_then(|mut file| {
        file.write_all(text)?;
        file.sync_all()
    });
    let replaced = written.and_then(|()| std::fs::rename(&temporary, path));
    if replaced.is_err() {
        // What stopped the write is reported; a left-over file is not worth a second error.
        let _ = std::fs::remove_file(&temporary);
    }
    replaced
}

fn create_private(path: &Path) -> io::Result<std::fs::File> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Runs a command line. When the future is dropped the shell is ended, and with it a command that is the whole line:
/// shells put it in their own place. What a longer line started in the background lives on: to end that as well, the
/// shell would need a process group of its own, and programs in such a group cannot ask for a code on the terminal.
async fn run_in_shell(command: Secret) -> io::Result<CommandOutput> {
    let (shell, switch) = if cfg!(windows) { ("cmd.exe", "/C") } else { ("sh", "-c") };
    let output = tokio::process::Command::new(shell)
        .arg(switch)
        .arg(command.expose())
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await?;
    Ok(CommandOutput {
        code: output.status.code(),
        stdout: Zeroizing::new(output.stdout),
        stderr: output.stderr,
    })
}

async fn look_up(host: String) -> io::Result<Vec<IpAddr>> {
    Ok(tokio::net::lookup_host((host, 0)).await?.map(|address| address.ip()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn a_replaced_file_is_private_and_leaves_nothing_beside_it() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token.json");
        std::fs::write(&path, "old").unwrap();
        replace_file(&path, b"new").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"new");
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        assert!(replace_file(&folder.path().join("absent/x"), b"new").is_err());
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_command_ends_when_nobody_waits_for_it_any_more() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("id");
        let script = format!("echo $$ > {0}.new && mv {0}.new {0} && exec sleep 1000", place.display());
        let mut running = Box::pin(run_in_shell(Secret::from(script)));
        let id = loop {
            let pause = tokio::time::sleep(std::time::Duration::from_millis(5));
            tokio::select! {
                _ = &mut running => panic!("it ended by itself"),
                () = pause => {}
            }
            if let Ok(id) = std::fs::read_to_string(&place) {
                break id;
            }
        };
        drop(running);
        let lives = |id: &str| {
            std::process::Command::new("sh").args(["-c", &format!("kill -0 {id} 2>&1")]).output().unwrap()
        };
        // The test ends when the process has; the runtime buries it.
        while lives(id.trim()).status.success() {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    }

    #[test]
    fn the_spread_stays_between_0_and_1() {
        assert!((0..100).map(|_| spread()).all(|number| (0.0..=1.0).contains(&number)));
    }
}
