//! The command line: one file per command.

mod cat;
mod completions;
mod error;
mod input;
mod ls;
mod output;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};
use error::CliError;

/// Version of the program and of the content format, which are two things.
const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), " (content format 1)");

const EXAMPLES: &str = "\
Examples:
  seedfs mount /mnt/x                        the built-in demo tree
  seedfs mount files=1M,size=4KiB /mnt/x     a million files, at once
  seedfs cat s42-1GiB.bin | sha256sum        a file, without mounting anything
  seedfs ls files=1000,size=64KiB            what a tree would hold
  seedfs umount /mnt/x

Any name of the form [stem_]s<seed>-<size>[-<kind>][.<ext>] can be read in any directory of a mount:
  sha256sum /mnt/x/s42-1GiB.bin /mnt/x/photo_s7-3M.jpg /mnt/x/vm_s9-40G-c60d25.img";

/// Files that exist only by name: any amount of reproducible test data, nothing stored.
#[derive(Debug, Parser)]
#[command(name = "seedfs", version = VERSION, after_help = EXAMPLES, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Cat(cat::Args),
    Ls(ls::Args),
    Completions(completions::Args),
}

/// Runs the program and returns its exit code.
pub(crate) fn main(args: Vec<OsString>) -> ExitCode {
    let result = match Cli::try_parse_from(args) {
        Ok(cli) => run(cli.command),
        Err(error) if error.use_stderr() => Err(CliError::from_clap(&error)),
        Err(help) => {
            // Help and version go to standard output; a reader that has gone away is no failure.
            let _ = help.print();
            Ok(())
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("seedfs: {error}");
            ExitCode::from(error.code)
        }
    }
}

fn run(command: Command) -> Result<(), CliError> {
    match command {
        Command::Cat(args) => cat::run(&args),
        Command::Ls(args) => ls::run(&args),
        Command::Completions(args) => completions::run(&args, &mut Cli::command()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn the_version_names_the_format() {
        assert!(VERSION.ends_with(&format!("(content format {})", seedfs::FORMAT_VERSION)));
    }
}
