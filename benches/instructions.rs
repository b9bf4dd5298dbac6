//! Decodes one workload a number of times, for callgrind: `instructions chat 10 ours`.
//!
//! Run it with two numbers of rounds; the difference, over rounds and events, is instructions an event.
//! `benches/instructions.sh` does that.

#[path = "workloads/ours.rs"]
mod ours;
#[path = "workloads/peer.rs"]
mod peer;
#[path = "workloads/mod.rs"]
mod workloads;

use std::process::ExitCode;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [name, rounds, side] = words.as_slice() else { return ExitCode::from(2) };
    let workload = match name.as_str() {
        "chat" => workloads::chat(),
        "tool" => workloads::tool(),
        "reasoning" => workloads::reasoning(),
        "long" => workloads::long(),
        _ => return ExitCode::from(2),
    };
    let decode = match side.as_str() {
        "ours" => ours::decode,
        "peer" => peer::decode,
        _ => return ExitCode::from(2),
    };
    let chunks = workloads::chunks(&workload.bytes, 16 * 1024);
    let rounds: usize = rounds.parse().unwrap_or(0);
    let sum: usize = (0..rounds).map(|_| decode(&chunks)).fold(0, usize::wrapping_add);
    // The sum is looked at, so that the work is done.
    if sum == usize::MAX { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
