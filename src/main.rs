//! The `seedfs` program: arguments to exit code, nothing else.

use std::process::ExitCode;

fn main() -> ExitCode {
    seedfs::cli::main(std::env::args_os().collect())
}
