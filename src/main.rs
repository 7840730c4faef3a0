//! The `seedfs` program: arguments to exit code, nothing else.

use std::process::ExitCode;

#[cfg(unix)]
#[global_allocator]
static ALLOCATOR: seedfs::mount::memory::Allocator = seedfs::mount::memory::Allocator;

fn main() -> ExitCode {
    seedfs::cli::main(std::env::args_os().collect())
}
