//! The command line: one file per command.

#[cfg(unix)]
mod advance;
#[cfg(unix)]
mod argv;
mod cat;
mod completions;
mod damage;
mod dedupe;
mod describe;
mod diff;
mod draw;
mod duplicates;
mod error;
mod faults;
mod figures;
mod input;
mod ls;
mod manifest;
#[cfg(any(unix, windows))]
mod mount;
mod observed;
mod output;
mod parallel;
mod picture;
mod places;
mod progress;
mod score;
#[cfg(unix)]
mod sink;
mod stats;
mod svg;
mod trace;
#[cfg(any(unix, windows))]
#[cfg_attr(windows, path = "umount/windows.rs")]
mod umount;
mod verify;

#[cfg(unix)]
use std::ffi::OsStr;
use std::ffi::OsString;
use std::io::{self, Write};
#[cfg(unix)]
use std::path::Path;
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};
use error::CliError;

use crate::shown::one_line;

/// Version of the program and of the content format, which are two things.
const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), " (content format 1)");

/// What `--version` shows: the same, and on Windows the notice of the driver's author.
#[cfg(not(windows))]
const LONG_VERSION: &str = VERSION;
#[cfg(windows)]
const LONG_VERSION: &str = concat!(
    env!("CARGO_PKG_VERSION"),
    " (content format 1)\n",
    "WinFsp - Windows File System Proxy, Copyright (C) Bill Zissimopoulos, https://github.com/winfsp/winfsp"
);

const EXAMPLES: &str = "\
Examples:
  seedfs mount /mnt/x                        the built-in demo tree
  seedfs mount files=1M,size=4KiB /mnt/x     a million files, at once
  seedfs cat s42-1GiB.bin | sha256sum        a file, without mounting anything
  seedfs ls files=1000,size=64KiB            what a tree would hold
  seedfs describe home                       the same in numbers and histograms
  seedfs manifest demo > SHA256SUMS          the digests of its files
  seedfs stats /mnt/x                        what has been read of it so far
  seedfs umount /mnt/x
  seedfs sink --dataset demo /mnt/y          a mount to restore into: every write is compared

Any name of the form [stem_]s<seed>-<size>[-<kind>][.<ext>] can be read in any directory of a mount:
  sha256sum /mnt/x/s42-1GiB.bin /mnt/x/photo_s7-3M.jpg /mnt/x/vm_s9-40G-c60d25.img";

/// Files that exist only by name: any amount of reproducible test data, nothing stored.
#[derive(Debug, Parser)]
#[command(name = "seedfs", version = VERSION, long_version = LONG_VERSION, after_help = EXAMPLES, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    #[cfg(any(unix, windows))]
    Mount(mount::Args),
    #[cfg(any(unix, windows))]
    Umount(umount::Args),
    #[cfg(unix)]
    Advance(advance::Args),
    #[cfg(unix)]
    Sink(sink::Args),
    Cat(cat::Args),
    Ls(ls::Args),
    Describe(describe::Args),
    Dedupe(dedupe::Args),
    Duplicates(duplicates::Args),
    Manifest(manifest::Args),
    Diff(diff::Args),
    Score(score::Args),
    Verify(verify::Args),
    Damage(damage::Args),
    Faults(faults::Args),
    Stats(stats::Args),
    Trace(trace::Args),
    Completions(completions::Args),
}

/// Runs the program with these arguments, its own name first, and returns its exit code.
pub fn main(args: Vec<OsString>) -> ExitCode {
    let args = match normalised(args) {
        Ok(args) => args,
        Err(message) => return fail(&CliError::usage(message)),
    };
    let parsed = Cli::try_parse_from(&args);
    let result = match parsed {
        Ok(cli) => run(cli.command),
        Err(error) if error.use_stderr() => Err(CliError::from_clap(error, command_of(&args))),
        Err(help) => show(&help),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error),
    }
}

/// The name of the command on a command line that has one.
fn command_of(args: &[OsString]) -> Option<&str> {
    let name = args.get(1)?.to_str()?;
    Cli::command().find_subcommand(name).map(|_| name)
}

/// Help and version go to standard output; a reader that has gone away is no failure.
fn show(help: &clap::Error) -> Result<(), CliError> {
    match help.print().and_then(|()| io::stdout().flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(CliError::output(&error)),
        _ => Ok(()),
    }
}

fn fail(error: &CliError) -> ExitCode {
    // The exit code tells where the line cannot.
    let _ = writeln!(io::stderr(), "seedfs: {}", one_line(&error.to_string()));
    ExitCode::from(error.code)
}

/// The command line with its subcommand, where it came without.
#[cfg(unix)]
fn normalised(args: Vec<OsString>) -> Result<Vec<OsString>, String> {
    let command = Cli::command();
    let names: Vec<&str> = command.get_subcommands().map(clap::Command::get_name).collect();
    let means_a_mount = |word: &OsStr| Path::new(word).is_dir() || input::is_dataset(word);
    argv::normalise(args, &names, means_a_mount)
}

#[cfg(not(unix))]
fn normalised(args: Vec<OsString>) -> Result<Vec<OsString>, String> {
    Ok(args)
}

fn run(command: Command) -> Result<(), CliError> {
    match command {
        #[cfg(any(unix, windows))]
        Command::Mount(args) => mount::run(&args),
        #[cfg(any(unix, windows))]
        Command::Umount(args) => umount::run(&args),
        #[cfg(unix)]
        Command::Advance(args) => advance::run(&args),
        #[cfg(unix)]
        Command::Sink(args) => sink::run(&args),
        Command::Cat(args) => cat::run(&args),
        Command::Ls(args) => ls::run(&args),
        Command::Describe(args) => describe::run(&args),
        Command::Dedupe(args) => dedupe::run(&args),
        Command::Duplicates(args) => duplicates::run(&args),
        Command::Manifest(args) => manifest::run(&args),
        Command::Diff(args) => diff::run(&args),
        Command::Score(args) => score::run(&args),
        Command::Verify(args) => verify::run(&args),
        Command::Damage(args) => damage::run(&args),
        Command::Faults(args) => faults::run(&args),
        Command::Stats(args) => stats::run(&args),
        Command::Trace(args) => trace::run(&args),
        Command::Completions(args) => completions::run(&args, Cli::command()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[cfg(windows)]
    #[test]
    fn the_long_version_shows_the_notice_of_winfsp() {
        assert_eq!(LONG_VERSION, format!("{VERSION}\n{}", crate::winfsp::NOTICE));
    }

    #[test]
    fn the_version_names_the_format() {
        assert!(VERSION.ends_with(&format!("(content format {})", crate::FORMAT_VERSION)));
    }
}
