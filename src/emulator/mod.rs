//! An offline Bedrock: a real HTTP server on the loopback address that answers as Amazon Bedrock does.
//!
//! It is the test server of this crate, the machinery of `outcrop emulate` and of `--demo`, and it can serve
//! any client of Bedrock: it checks signatures and bearer tokens, checks requests as Bedrock checks them and
//! refuses them in Bedrock's words, streams real event-stream frames, lists models and profiles page by page,
//! and goes wrong in every way that a network and a service can, on demand (see [`Fault`]).
//!
//! What the models say is a small fixed text about rocks, the same for the same question. It knows Converse,
//! ConverseStream, CountTokens, InvokeModel of embedding models, and the lists of models and inference profiles.
//! On the same port it is the services behind credentials: STS, SSO, AWS Sign-In, instance metadata and the
//! endpoint of containers; the keys that they give out are accepted until they end (see
//! [`IdentityOptions`]). It listens in plain HTTP and is no place for real credentials.
//!
//! ```no_run
//! # async fn run() -> std::io::Result<()> {
//! use outcrop::emulator::{Emulator, EmulatorOptions};
//!
//! let emulator = Emulator::start(EmulatorOptions::default()).await?;
//! assert!(emulator.url().starts_with("http://127.0.0.1:"));
//! # Ok(())
//! # }
//! ```

mod answer;
mod api_key;
mod catalog;
mod control;
mod dice;
mod embed;
mod events;
mod faults;
mod form;
mod identity;
mod options;
mod prompt;
mod prose;
mod received;
mod refusal;
mod respond;
mod routes;
mod runtime;
mod sample;
mod script;
mod server;
mod signature;
mod spoil;
mod tokens;
mod validate;
mod verify;

pub use faults::{Fault, Filter, Rule, Scenario, StreamException};
pub use identity::{
    DEMO_ACCOUNT_ID, DEMO_REFRESH_TOKEN, DEMO_ROLE_NAME, DEMO_SSO_ACCESS_TOKEN, DEMO_SSO_CLIENT_ID,
    DEMO_SSO_CLIENT_SECRET, DEMO_WEB_IDENTITY_TOKEN, ExpiringToken, IdentityOptions, InstanceMetadata,
    SsoClient, SsoRole,
};
pub use options::{
    AccessKey, DEMO_ACCESS_KEY_ID, DEMO_BEARER_TOKEN, DEMO_MODEL_ID, DEMO_SECRET_ACCESS_KEY, EmulatorOptions,
};
pub use received::Received;

use respond::Account;
use server::{Server, accept};
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// A running emulator. Dropping it closes the listener and every connection.
pub struct Emulator {
    addr: SocketAddr,
    server: Arc<Server>,
    accepting: JoinHandle<()>,
}

impl Emulator {
    /// Listens, and answers on the current tokio runtime, which needs its IO and time drivers.
    ///
    /// # Errors
    ///
    /// When the address cannot be listened on, or when the list of models in the options cannot be read.
    pub async fn start(options: EmulatorOptions) -> io::Result<Self> {
        let listener = TcpListener::bind(options.addr).await?;
        let addr = listener.local_addr()?;
        let server = Arc::new(Server::new(Account::new(options)?));
        let accepting = tokio::spawn(accept(listener, Arc::clone(&server)));
        Ok(Self { addr, server, accepting })
    }

    /// Where it listens, with the port that was found.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Its URL, `http://127.0.0.1:PORT`, for the runtime and the control plane alike.
    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// The newest requests that arrived whole, oldest first; how many is set by
    /// [`EmulatorOptions::kept_requests`].
    pub fn requests(&self) -> Vec<Received> {
        self.server.received()
    }

    /// Moves its clock to so many seconds ahead of the real one, as
    /// [`EmulatorOptions::clock_offset_seconds`] does from the start: keys end without a wait.
    pub fn set_clock_offset(&self, seconds: i64) {
        self.server.set_clock_offset(seconds);
    }
}

impl fmt::Debug for Emulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Emulator").field("addr", &self.addr).finish_non_exhaustive()
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

#[cfg(test)]
mod tests;
