//! Integration tests: the real program and the real client against the emulator, on free ports, with an
//! environment of their own.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a failed expectation ends the test"
)]

mod auth;
mod bench;
mod chat;
mod chat_flags;
mod client;
mod config;
mod conformance;
mod conversation;
mod count_tokens;
mod credential_errors;
mod embed;
mod errors;
mod faults;
mod home;
mod models;
mod prepare;
mod renewal;
mod sources;
mod support;
mod tls;
