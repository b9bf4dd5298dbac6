//! The `outcrop` program: takes the environment and the arguments, and returns the exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(outcrop::cli::main(&outcrop::Env::from_process(), std::env::args_os()))
}
