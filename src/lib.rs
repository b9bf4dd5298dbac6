//! Amazon Bedrock at the surface.

pub mod auth;
mod classify;
#[cfg(feature = "client")]
mod client;
#[cfg(test)]
mod conformance;
pub mod converse;
#[cfg(feature = "emulator")]
pub mod emulator;
pub mod endpoint;
mod env;
mod error;
mod origin;
pub mod region;
mod secret;
pub mod stream;
pub mod time;
mod trail;
#[cfg(feature = "client")]
pub mod transport;
pub mod uri;

#[cfg(feature = "client")]
pub use client::{Client, ClientBuilder, EventStream, Timeouts};
pub use env::Env;
pub use error::{
    BrokenSource, ConfigProblem, Error, ErrorKind, FrameFault, IoFailure, PayloadProblem, Result,
    ServiceClass, ServiceFailure, StreamPosition, Timeout, TransportFailure, TransportKind, UnexpectedAnswer,
    Waiting,
};
pub use origin::{Origin, Sourced};
pub use region::Region;
pub use secret::Secret;
pub use trail::{Outcome, Source, Step, Trail};
