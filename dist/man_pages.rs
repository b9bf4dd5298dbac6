//! Writes the man pages of the program and of its commands into a folder: `cargo run --example man_pages -- FOLDER`.
//!
//! They are made from the definition of the arguments, so that they cannot say anything else than `--help`. An
//! example and not a command, since what makes them has no place in the program.

use std::process::ExitCode;

fn main() -> ExitCode {
    let Some(folder) = std::env::args_os().nth(1) else {
        eprintln!("error: no folder is named");
        return ExitCode::from(2);
    };
    let written = std::fs::create_dir_all(&folder)
        .and_then(|()| clap_mangen::generate_to(outcrop::cli::command(), &folder));
    match written {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("error: cannot write the man pages: {problem}");
            ExitCode::FAILURE
        }
    }
}
