//! `seedfs completions`: a script for the shell.

use std::io::Write;

use clap_complete::Shell;

use super::error::CliError;
use super::output::Output;

const EXAMPLES: &str = "\
Examples:
  seedfs completions bash > /etc/bash_completion.d/seedfs
  seedfs completions zsh > ~/.zfunc/_seedfs
  seedfs completions fish > ~/.config/fish/completions/seedfs.fish";

/// Write a completion script for a shell to standard output.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The shell to write it for.
    shell: Shell,
}

pub(crate) fn run(args: &Args, command: &mut clap::Command) -> Result<(), CliError> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, command, "seedfs", &mut script);
    Output::stdout().write_all(&script).map_err(|e| CliError::output(&e))
}
