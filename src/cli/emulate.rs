//! `outcrop emulate`: the offline Bedrock, until Ctrl-C.

use super::args::{Emulate, Global};
use super::out::Out;
use crate::emulator::{DEMO_ACCESS_KEY_ID, DEMO_SECRET_ACCESS_KEY, Emulator, EmulatorOptions, Scenario};
use crate::error::{ConfigProblem, Error, IoFailure, Result};
use crate::origin::Origin;
use std::net::SocketAddr;
use std::path::Path;

/// A flag that is for callers of Bedrock, and was given to its stand-in.
pub(super) fn misplaced(global: &Global) -> Option<&'static str> {
    let given = [
        (global.demo, "--demo"),
        (global.profile.is_some(), "--profile"),
        (global.region.is_some(), "--region"),
        (global.endpoint.is_some(), "--endpoint"),
        (global.ca_bundle.is_some(), "--ca-bundle"),
    ];
    given.into_iter().find_map(|(given, flag)| given.then_some(flag))
}

pub(super) async fn run(args: &Emulate, out: &Out) -> Result<()> {
    let mut options = EmulatorOptions {
        addr: SocketAddr::new(args.host, args.port),
        tokens_per_second: args.tokens_per_second,
        ..EmulatorOptions::default()
    };
    if let Some(path) = &args.scenario {
        options.scenario = scenario(path)?;
    }
    let emulator = Emulator::start(options).await.map_err(|source| {
        Error::Io(Box::new(IoFailure { action: "listen on the address", path: None, source }))
    })?;
    out.data(format!("{}\n", emulator.url()).as_bytes())?;
    out.note(&format!(
        "it accepts the keys `AWS_ACCESS_KEY_ID={DEMO_ACCESS_KEY_ID}` `AWS_SECRET_ACCESS_KEY={DEMO_SECRET_ACCESS_KEY}`"
    ));
    std::future::pending().await
}

fn scenario(path: &Path) -> Result<Scenario> {
    let text = String::from_utf8_lossy(&super::input::file(path)?).into_owned();
    Scenario::from_json(&text).map_err(|problem| {
        Error::Config(Box::new(ConfigProblem {
            origin: Origin::File { path: path.to_owned(), line: None },
            key: None,
            problem: format!("it is no scenario ({problem})"),
            hints: vec![],
        }))
    })
}
