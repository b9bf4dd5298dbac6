//! Amazon Bedrock at the surface: Converse, ConverseStream and the control plane without the AWS SDK.
//!
//! ```no_run
//! # #[cfg(feature = "client")]
//! # async fn run() -> outcrop::Result<()> {
//! use outcrop::converse::{ConverseRequest, Message};
//! use outcrop::stream::{BlockDelta, StreamEvent};
//! use outcrop::{Client, Env};
//!
//! let client = Client::from_env(&Env::from_process())?;
//! let request = ConverseRequest::new("us.amazon.nova-lite-v1:0")
//!     .system("Answer in one sentence.")
//!     .message(Message::user("Why is the sky blue?"));
//! let mut events = client.converse_stream(&request).await?;
//! while let Some(event) = events.next().await? {
//!     if let StreamEvent::ContentBlockDelta { delta: BlockDelta::Text(text), .. } = event {
//!         print!("{text}");
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! An answer is complete when `next` gives `None`: `messageStop` was seen, and the stream ended between two
//! frames. Everything else is an [`Error`], with how far the stream had come.
//!
//! # Features
//!
//! - none: the core without IO. [`converse`] (typed requests, answers and [`converse::Fold`]), [`stream`]
//!   (the decoder), [`embed`] (requests and answers of embedding models), [`auth`] (signatures, profiles,
//!   credential rules), [`control`] and [`catalog`] (lists of models, and what is known of them), [`region`] and
//!   [`endpoint`].
//! - `client`: `Client`, the transport and TLS, discovery and its cache.
//! - `emulator`: an offline Bedrock on loopback, for tests.
//! - `config`: the configuration file: `config::Config`.
//! - `cli` (default): all of it, and the program `outcrop`. Libraries say `default-features = false`.

pub mod auth;
#[cfg(feature = "cli")]
mod bench;
pub mod catalog;
mod classify;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod cli;
#[cfg(feature = "client")]
mod client;
#[cfg(feature = "config")]
pub mod config;
#[cfg(test)]
mod conformance;
pub mod control;
pub mod converse;
pub mod embed;
#[cfg(feature = "emulator")]
pub mod emulator;
pub mod endpoint;
mod env;
mod error;
mod nearest;
mod origin;
pub mod region;
mod secret;
pub mod stream;
pub mod time;
mod trail;
#[cfg(feature = "client")]
pub mod transport;
pub mod uri;
#[cfg(any(feature = "client", feature = "config"))]
mod whole_file;
#[cfg(feature = "client")]
mod xml;

#[cfg(feature = "client")]
pub use client::{Client, ClientBuilder, Conversation, EventStream, InvokedModel, Settings, Timeouts, Turn};
pub use env::Env;
pub use error::{
    BrokenSource, ConfigProblem, ConfigSyntax, Error, ErrorKind, FrameFault, IoFailure, PayloadProblem,
    Result, ServiceClass, ServiceFailure, StreamPosition, Timeout, TransportFailure, TransportKind,
    UnexpectedAnswer, Waiting,
};
pub use origin::{Origin, Sourced};
pub use region::Region;
pub use secret::Secret;
pub use trail::{Outcome, Source, Step, Trail};
