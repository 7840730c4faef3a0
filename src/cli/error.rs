//! One line about what went wrong, and the exit code that goes with it.

use std::error::Error;
use std::fmt;
use std::io;

use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::shown::one_line;

/// Exit code of a failure while running.
pub(crate) const FAILURE: u8 = 1;
/// Exit code of a command line or a name that is wrong.
pub(crate) const USAGE: u8 = 2;

/// A message for standard error, without the program's name, and an exit code.
#[derive(Debug)]
pub(crate) struct CliError {
    message: String,
    pub(crate) code: u8,
}

impl CliError {
    /// The command line, or something named on it, is wrong.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self { message: message.into(), code: USAGE }
    }

    /// A failure with an exit code of its own.
    pub(crate) fn new(code: u8, message: impl Into<String>) -> Self {
        Self { message: message.into(), code }
    }

    /// Writing to standard output failed.
    pub(crate) fn output(error: &io::Error) -> Self {
        Self { message: format!("standard output: {error}"), code: FAILURE }
    }

    /// The first paragraph of what the argument parser says, on one line, what was probably meant, and where to read on:
    /// in the help of the command, if there is one.
    pub(crate) fn from_clap(mut error: clap::Error, command: Option<&str>) -> Self {
        if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
            return Self::usage("no command; begin with seedfs mount DIRECTORY, or see seedfs --help");
        }
        spell_out(&mut error);
        let mut text = error.to_string();
        if let Some(why) = error.source().map(ToString::to_string) {
            text = text.replace(&why, &one_line(&why));
        }
        let paragraph = text.split("\n\n").next().unwrap_or_default();
        let paragraph = paragraph.strip_prefix("error: ").unwrap_or(paragraph);
        let words: Vec<&str> = paragraph.split_whitespace().collect();
        let meant = match meant(&error) {
            Some(meant) => format!("did you mean {meant}? "),
            None => String::new(),
        };
        let help = command.map_or("seedfs".to_owned(), |command| format!("seedfs {command}"));
        Self::usage(format!("{}; {meant}see {help} --help", words.join(" ")))
    }
}

/// Spells out the control characters of the arguments that the parser names, which are not to be taken for its own lines
/// and paragraphs.
fn spell_out(error: &mut clap::Error) {
    let named: Vec<_> = error.context().filter_map(|(kind, value)| Some((kind, spelt_out(value)?))).collect();
    for (kind, value) in named {
        error.insert(kind, value);
    }
}

fn spelt_out(value: &ContextValue) -> Option<ContextValue> {
    match value {
        ContextValue::String(text) => Some(ContextValue::String(one_line(text).into_owned())),
        ContextValue::Strings(all) => {
            Some(ContextValue::Strings(all.iter().map(|text| one_line(text).into_owned()).collect()))
        }
        _ => None,
    }
}

/// The command, option or value that is most like the unknown one, which the parser names last.
fn meant(error: &clap::Error) -> Option<&str> {
    let kinds = [ContextKind::SuggestedSubcommand, ContextKind::SuggestedArg, ContextKind::SuggestedValue];
    kinds.into_iter().find_map(|kind| match error.get(kind)? {
        ContextValue::String(meant) => Some(meant.as_str()),
        ContextValue::Strings(all) => all.last().map(String::as_str),
        _ => None,
    })
}

impl fmt::Display for CliError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}
