//! `seedfs score`: the report of a duplicate scanner against the truth.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::PathBuf;

use clap::ValueEnum;
use serde_json::{Value, json};

use crate::score::{Class, Finding, Fraction, Options, Root, Summary, Tool, find_root, score, shown};
use crate::truth::Known;

use super::error::{CliError, FAILURE};
use super::input;
use super::output::Output;

const EXAMPLES: &str = "\
Examples:
  seedfs mount home,bytes=1GB /mnt/x
  fdupes -r /mnt/x > report.txt; seedfs score home,bytes=1GB --tool fdupes report.txt
  rmlint --hidden -T df -o json:report.json /mnt/x
  seedfs score home,bytes=1GB --tool rmlint report.json --json
  cd /mnt/x; fclones group -f json . | seedfs score home,bytes=1GB --tool fclones --root /mnt/x -

Exit codes: 0 the report is exact, 1 it differs from the truth, 2 usage, 3 the report cannot be read.";

/// Compare what a duplicate scanner reported with the truth.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The dataset that was mounted: demo, or inline text such as files=1M,size=4KiB.
    #[arg(value_name = "DATASET")]
    dataset: String,
    /// Scanner that wrote the report.
    #[arg(long, value_enum, value_name = "TOOL")]
    tool: ToolName,
    /// The report, or - for standard input.
    #[arg(value_name = "REPORT")]
    report: PathBuf,
    /// Directory that the paths of the report start with; found out where it is left out.
    #[arg(long, value_name = "PATH")]
    root: Option<OsString>,
    /// Let every hard link count as a file of its own.
    #[arg(long)]
    hard_links: bool,
    /// Let empty files count.
    #[arg(long)]
    empty: bool,
    /// Write one JSON object instead of text.
    #[arg(long)]
    json: bool,
    /// Replace the dataset's seed.
    #[arg(long, value_name = "N", value_parser = input::seed)]
    seed: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ToolName {
    Fclones,
    Jdupes,
    Fdupes,
    Rmlint,
    Rdfind,
}

impl ToolName {
    fn tool(self) -> Tool {
        match self {
            ToolName::Fclones => Tool::Fclones,
            ToolName::Jdupes => Tool::Jdupes,
            ToolName::Fdupes => Tool::Fdupes,
            ToolName::Rmlint => Tool::Rmlint,
            ToolName::Rdfind => Tool::Rdfind,
        }
    }
}

/// Exit code where the report cannot be read.
const UNREADABLE: u8 = 3;

/// Most bytes of a report: some forty million paths, and a device without end is refused.
const MAX_REPORT: u64 = 4 << 30;

pub(crate) fn run(args: &Args) -> Result<(), CliError> {
    let (dataset, corpus) = input::dataset_and_corpus(Some(&args.dataset), args.seed, None)?;
    let name = args.report.display();
    let unreadable = |why: String| CliError::new(UNREADABLE, format!("{name}: {why}"));
    let bytes = read(args).map_err(|e| unreadable(e.to_string()))?;
    let tool = args.tool.tool();
    let report = tool.read(&bytes).map_err(|e| unreadable(format!("{e}; is it a report of {}?", tool.name())))?;
    let truth = Known::of(&dataset, &corpus);
    let root = match &args.root {
        Some(root) => Root::new(root.as_encoded_bytes()),
        None if report.beginnings().next().is_none() => Root::new(b""),
        None => find_root(&truth, &report).ok_or_else(|| {
            unreadable("none of its paths is in the dataset; name the dataset and --root as they were mounted".into())
        })?,
    };
    let options = Options { hard_links: args.hard_links, empty: args.empty, ..Options::default() };
    let mut output = BufWriter::new(Output::stdout());
    let summary = if args.json {
        write_json(&mut output, |visit| score(&truth, report, &root, options, visit))
    } else {
        write_text(&mut output, |visit| score(&truth, report, &root, options, visit))
    };
    let summary = summary.and_then(|summary| output.flush().map(|()| summary)).map_err(|e| CliError::output(&e))?;
    if summary.is_exact() { Ok(()) } else { Err(CliError::new(FAILURE, format!("{name}: differs from the truth"))) }
}

fn read(args: &Args) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut read = |input: &mut dyn Read| input.take(MAX_REPORT + 1).read_to_end(&mut bytes);
    if args.report.as_os_str() == "-" {
        read(&mut io::stdin().lock())?
    } else {
        read(&mut File::open(&args.report)?)?
    };
    if bytes.len() as u64 > MAX_REPORT {
        return Err(io::Error::other("longer than 4 GiB; score the parts of the tree one by one"));
    }
    Ok(bytes)
}

/// Runs a comparison with a place where its findings go.
type Visit<'v> = &'v mut dyn FnMut(Finding<'_>) -> io::Result<()>;

fn write_text(out: &mut impl Write, compare: impl FnOnce(Visit<'_>) -> io::Result<Summary>) -> io::Result<Summary> {
    let s = compare(&mut |finding| text_of(&finding, out))?;
    let left_out = s.ignored_groups;
    let (groups, paths) = (s.reported_groups, s.reported_paths);
    writeln!(
        out,
        "reported   {groups} groups, {paths} paths: {} right, {} wrong, {left_out} left out",
        s.right_groups, s.wrong_groups
    )?;
    let (partly, missed) = (s.partly_found_groups, s.missed_groups);
    writeln!(
        out,
        "true       {} groups: {} found, {partly} partly found, {missed} missed",
        s.true_groups, s.found_groups
    )?;
    writeln!(out, "pairs      {} right, {} wrong, {} missed", s.true_pairs, s.false_pairs, s.missed_pairs)?;
    writeln!(
        out,
        "paths      {} unknown, {} repeated, {} symbolic links",
        s.unknown_paths, s.repeated_paths, s.symlinks
    )?;
    for (name, share) in [("precision", s.precision()), ("recall", s.recall()), ("F1", s.f1())] {
        let share = share.map_or("nothing to count".into(), |share| share.to_string());
        writeln!(out, "{name:<10} {share}")?;
    }
    Ok(s)
}

fn text_of(finding: &Finding<'_>, out: &mut impl Write) -> io::Result<()> {
    match finding {
        Finding::Unknown { group, path } => writeln!(out, "unknown path in group {group}: {}", shown(path)),
        Finding::Repeated { group, path } => writeln!(out, "repeated path in group {group}: {}", shown(path)),
        Finding::Wrong { group, classes } => {
            writeln!(out, "wrong group {group}:")?;
            classes.iter().try_for_each(|class| class_text(class, out))
        }
        Finding::Missed { truth, files, found, paths } => {
            let of_size = format!("{files} files of {} bytes", truth.size);
            match (found, paths.is_empty()) {
                (0, _) => writeln!(out, "missed group: {of_size}")?,
                (_, true) => writeln!(out, "partly found group: {of_size}, at most {found} in one reported group")?,
                (_, false) => writeln!(out, "partly found group: {found} of {of_size}; never reported:")?,
            }
            paths_text(paths, 0, out)
        }
    }
}

fn class_text(class: &Class, out: &mut impl Write) -> io::Result<()> {
    let files = if class.files == 1 { "file" } else { "files" };
    write!(out, "  {} {files} of {} bytes", class.files, class.size)?;
    match class.reason {
        Some(reason) => writeln!(out, ", {reason}")?,
        None => writeln!(out)?,
    }
    paths_text(&class.paths, class.files, out)
}

/// One path a line, and how many of `all` are not shown.
fn paths_text(paths: &[Vec<u8>], all: u64, out: &mut impl Write) -> io::Result<()> {
    for path in paths {
        writeln!(out, "    {}", shown(path))?;
    }
    match all.saturating_sub(paths.len() as u64) {
        0 => Ok(()),
        more => writeln!(out, "    and {more} more"),
    }
}

/// One object, `findings` first: they are written as they come, and the figures are known only behind them.
fn write_json(out: &mut impl Write, compare: impl FnOnce(Visit<'_>) -> io::Result<Summary>) -> io::Result<Summary> {
    write!(out, "{{\"findings\":[")?;
    let mut separator = "\n";
    let summary =
        compare(&mut |finding| write!(out, "{}{}", std::mem::replace(&mut separator, ",\n"), json_of(&finding)))?;
    writeln!(out, "\n],\n\"summary\":{}}}", summary_json(&summary))?;
    Ok(summary)
}

fn json_of(finding: &Finding<'_>) -> Value {
    let all = |paths: &[Vec<u8>]| -> Vec<String> { paths.iter().map(|path| shown(path).into_owned()).collect() };
    match finding {
        Finding::Unknown { group, path } => json!({"type": "unknown", "group": group, "path": shown(path)}),
        Finding::Repeated { group, path } => json!({"type": "repeated", "group": group, "path": shown(path)}),
        Finding::Wrong { group, classes } => {
            let class = |class: &Class| {
                let reason = class.reason.map(|reason| reason.to_string());
                json!({"size": class.size, "files": class.files, "reason": reason, "paths": all(&class.paths)})
            };
            json!({"type": "wrong", "group": group, "classes": classes.iter().map(class).collect::<Vec<_>>()})
        }
        Finding::Missed { truth, files, found, paths } => {
            let kind = if *found > 0 { "partly found" } else { "missed" };
            json!({"type": kind, "size": truth.size, "files": files, "found": found, "paths": all(paths)})
        }
    }
}

fn summary_json(s: &Summary) -> String {
    let share = |share: Option<Fraction>| match share {
        // Counts of pairs may be beyond what a JSON value holds, so that they are written by hand.
        Some(f) => format!("{{\"part\":{},\"of\":{},\"share\":{:?}}}", f.part, f.of, f.to_f64()),
        None => "null".into(),
    };
    let (right, wrong, missed) = (s.true_pairs, s.false_pairs, s.missed_pairs);
    let reported = json!({"groups": s.reported_groups, "paths": s.reported_paths, "right": s.right_groups,
        "wrong": s.wrong_groups, "left_out": s.ignored_groups, "unknown_paths": s.unknown_paths,
        "repeated_paths": s.repeated_paths, "symlinks": s.symlinks});
    let truth = json!({"groups": s.true_groups, "found": s.found_groups, "partly_found": s.partly_found_groups,
        "missed": s.missed_groups});
    format!(
        "{{\"reported\":{reported},\"true\":{truth},\"pairs\":{{\"right\":{right},\"wrong\":{wrong},\"missed\":{missed}}},\
         \"precision\":{},\"recall\":{},\"f1\":{}}}",
        share(s.precision()),
        share(s.recall()),
        share(s.f1())
    )
}
