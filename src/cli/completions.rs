//! `seedfs completions`: a script for the shell.

use std::io::Write;

use clap::Command;
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

pub(crate) fn run(args: &Args, command: Command) -> Result<(), CliError> {
    // Names of commands live for ever, and so does what they are read from; it is a moment until the process ends.
    let command = Box::leak(Box::new(command));
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut without_hidden(command), "seedfs", &mut script);
    Output::stdout().write_all(&script).map_err(|e| CliError::output(&e))
}

/// The command as help shows it. Scripts for bash would offer its hidden options, too.
fn without_hidden(command: &'static Command) -> Command {
    let shown = command.get_arguments().filter(|argument| argument.is_positional() || !argument.is_hide_set());
    let mut visible = Command::new(command.get_name())
        .args(shown.cloned())
        .subcommands(command.get_subcommands().map(without_hidden));
    if let Some(about) = command.get_about() {
        visible = visible.about(about.clone());
    }
    if let Some(about) = command.get_long_about() {
        visible = visible.long_about(about.clone());
    }
    if let Some(version) = command.get_version() {
        visible = visible.version(version);
    }
    visible
}
