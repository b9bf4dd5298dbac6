//! Writes the man pages of the program and of its commands into a folder: `cargo run --example man_pages -- FOLDER`.
//!
//! They are made from the definition of the arguments, so that they cannot say anything else than `--help`. An
//! example and not a command, since what makes them has no place in the program.

use std::io;

fn main() -> io::Result<()> {
    let folder = std::env::args_os().nth(1).ok_or_else(|| io::Error::other("no folder is named"))?;
    std::fs::create_dir_all(&folder)?;
    clap_mangen::generate_to(outcrop::cli::command(), folder)
}
