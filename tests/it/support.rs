//! A running emulator, and the program with nothing of the developer's environment.

use outcrop::emulator::{DEMO_ACCESS_KEY_ID, DEMO_SECRET_ACCESS_KEY, Emulator, EmulatorOptions, Received};
use std::io::Write;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread::JoinHandle;

/// An emulator on a thread of its own; it ends with this value.
pub(crate) struct Server {
    url: String,
    /// Asks for the requests so far; the server ends when nobody can ask any more.
    ask: Option<tokio::sync::mpsc::UnboundedSender<mpsc::Sender<Vec<Received>>>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// As fast as possible, no faults but those that a model id asks for.
    pub(crate) fn start() -> Self {
        Self::with(EmulatorOptions { tokens_per_second: 0.0, ..EmulatorOptions::default() })
    }

    pub(crate) fn with(options: EmulatorOptions) -> Self {
        let (url_sender, url) = mpsc::channel();
        let (ask, mut asked) = tokio::sync::mpsc::unbounded_channel::<mpsc::Sender<Vec<Received>>>();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async move {
                let emulator = Emulator::start(options).await.unwrap();
                url_sender.send(emulator.url().to_owned()).unwrap();
                while let Some(reply) = asked.recv().await {
                    reply.send(emulator.requests()).unwrap();
                }
            });
        });
        Self { url: url.recv().unwrap(), ask: Some(ask), thread: Some(thread) }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// What it has received so far.
    pub(crate) fn requests(&self) -> Vec<Received> {
        let (reply, requests) = mpsc::channel();
        self.ask.as_ref().unwrap().send(reply).unwrap();
        requests.recv().unwrap()
    }

    /// Host and port.
    pub(crate) fn authority(&self) -> &str {
        self.url.strip_prefix("http://").unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.ask.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// What the program did.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// The program with an environment that has nothing but the wish not to ask the machine that runs the test.
pub(crate) fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_outcrop"));
    command
        .env_clear()
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// The program with the demo's keys and `server` as endpoint.
pub(crate) fn program_against(server: &str) -> Command {
    let mut command = program();
    command
        .env("AWS_ACCESS_KEY_ID", DEMO_ACCESS_KEY_ID)
        .env("AWS_SECRET_ACCESS_KEY", DEMO_SECRET_ACCESS_KEY)
        .env("AWS_REGION", "us-east-1")
        .env("AWS_ENDPOINT_URL", server);
    command
}

pub(crate) fn finish(child: Child) -> Ran {
    let output = child.wait_with_output().unwrap();
    Ran {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Runs to the end.
pub(crate) fn run(command: &mut Command, arguments: &[&str]) -> Ran {
    finish(command.args(arguments).spawn().unwrap())
}

/// Runs to the end with `input` on stdin.
pub(crate) fn run_with_input(command: &mut Command, arguments: &[&str], input: &[u8]) -> Ran {
    let mut child = command.args(arguments).stdin(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // The program may end before it has read everything.
    let _ = stdin.write_all(input);
    drop(stdin);
    finish(child)
}

/// A host name that every resolver refuses without asking anybody: one label is longer than 63 bytes.
pub(crate) fn no_host() -> String {
    format!("{}.invalid", "x".repeat(64))
}
