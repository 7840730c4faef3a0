//! What `seedfs verify` says, and trees for it to look at.

use std::path::Path;

use tempfile::TempDir;

use super::mount::Mounted;
use super::run::{seedfs, text, tool};

/// A tree with something of everything.
pub const TREE: &str =
    "files=200,dirs=12,size=lognormal:9.5,1.5,kind=mixed,hardlinks.share=6%,symlinks.share=6%,seed=11";

/// A copy of a dataset on disk, made by `cp -a` from a mount. `None`, after saying so, where nothing can be mounted.
pub fn copied(arguments: &[&str]) -> Option<TempDir> {
    let mounted = Mounted::start(arguments)?;
    let copy = tempfile::tempdir().unwrap();
    tool(mounted.path(), "cp", &["-a", "./.", copy.path().to_str().unwrap()]);
    mounted.unmount();
    Some(copy)
}

/// Exit code and lines but the last one, which has the sums.
pub fn verify(arguments: &[&str], path: &Path) -> (Option<i32>, Vec<String>) {
    let output = seedfs(&[&["verify"], arguments, &[path.to_str().unwrap()]].concat());
    let text = text(&output);
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    assert!(lines.pop().is_some_and(|sums| sums.contains(" different")), "{output:?}");
    (output.status.code(), lines)
}

/// The objects of `--json`, the last one with the sums.
pub fn verify_json(arguments: &[&str], path: &Path) -> (Option<i32>, Vec<serde_json::Value>) {
    let output = seedfs(&[&["verify", "--json"], arguments, &[path.to_str().unwrap()]].concat());
    (output.status.code(), text(&output).lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}
