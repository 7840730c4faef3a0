//! The `seedfs` program: arguments to exit code, nothing else.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::main(std::env::args_os().collect())
}
