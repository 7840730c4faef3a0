//! `seedfs damage`: where a mount with `--damage` is wrong.

use std::path::PathBuf;

use super::error::CliError;
use super::input;
use super::places::{Listing, Place};
use crate::damage::{Fault, Plan, Spec, each};

const EXAMPLES: &str = "\
Examples:
  seedfs damage --damage flip:1e-4,zero:1e-4,seed=7 office
  seedfs mount --damage flip:1e-4,zero:1e-4,seed=7 office /mnt/x
  seedfs verify --dataset office /mnt/x
  seedfs damage --damage eio:0.01 --format jsonl demo | jq -s 'map(.length) | add'";

/// List where a mount of a dataset with the same --damage is wrong.
///
/// Each line has the kind of damage, the first byte, the number of bytes and the path, with tabs between them. What
/// changes no byte, such as zeros instead of zeros, is left out.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(flatten)]
    places: Listing,
    /// What is damaged and how often, such as flip:1e-6,zero:1e-6,swap:1e-7,eio:1e-7,truncate:1e-4,seed=7.
    #[arg(long, value_name = "SPEC", value_parser = input::damage)]
    damage: Spec,
    /// Make text from the words of this file instead of the built-in ones.
    #[arg(long, value_name = "FILE")]
    corpus: Option<PathBuf>,
}

pub(crate) fn run(args: &Args) -> Result<(), CliError> {
    let places = &args.places;
    let (dataset, corpus) = input::dataset_and_corpus(Some(&places.dataset), places.seed, args.corpus.as_deref())?;
    let at = input::generation(&dataset, places.generation)?;
    let plan = Plan::new(args.damage);
    places.list(&dataset, |part, tell| {
        each(&plan, &at, &corpus, part, |damaged| {
            let damage = damaged.damage;
            let detail = match damage.fault {
                Fault::Flip { bit } => Some(("bit", bit.into())),
                _ => None,
            };
            let (kind, offset, len) = (damage.fault.name(), damage.offset, damage.len);
            tell(Place { key: "damage", kind, offset, len, path: damaged.path, detail })
        })
    })
}
