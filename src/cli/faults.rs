//! `seedfs faults`: where reads of a mount with `--fault` go wrong.

use super::error::CliError;
use super::input;
use super::places::{Listing, Place};
use crate::faults::{Effect, Plan, Spec, each};

const EXAMPLES: &str = "\
Examples:
  seedfs faults --fault eio:1e-4,seed=7 office
  seedfs mount --fault eio:1e-4,hang:1e-5:5s,seed=7 office /mnt/x
  seedfs faults --fault hang:0.01:forever --format jsonl demo | jq -r .path | uniq";

/// List where reads of a mount with the same --fault fail, hang or end early.
///
/// Each line has the kind of fault, the first byte, the number of bytes and the path, with tabs between them.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(flatten)]
    places: Listing,
    /// What goes wrong and how often, such as eio:1e-6,eio-once:1e-6,hang:1e-6:5s,short:1e-6,seed=7.
    #[arg(long, value_name = "SPEC", value_parser = input::fault)]
    fault: Spec,
}

pub(crate) fn run(args: &Args) -> Result<(), CliError> {
    let places = &args.places;
    let dataset = input::dataset(Some(&places.dataset), places.seed)?;
    let at = input::generation(&dataset, places.generation)?;
    let plan = Plan::new(args.fault);
    // JSON has no number for a time without end.
    let seconds = (args.fault.hold != u64::MAX).then_some(args.fault.hold as f64 / 1e9);
    places.list(&dataset, |part, tell| {
        each(&plan, &at, part, |faulty| {
            let fault = faulty.fault;
            let detail = (fault.effect == Effect::Hang).then(|| ("seconds", seconds.into()));
            let (kind, offset, len) = (fault.effect.name(), fault.offset, fault.len);
            tell(Place { key: "fault", kind, offset, len, path: faulty.path, detail })
        })
    })
}
