//! What `seedfs verify` says, and trees for it to look at.

use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use seedfs::content::Corpus;
use seedfs::dataset::{Dataset, Entry, Listed, Spec};
#[cfg(unix)]
use tempfile::TempDir;

use super::run::{seedfs, text};
#[cfg(unix)]
use super::{mount::Mounted, run::tool};

/// A tree with something of everything.
pub const TREE: &str =
    "files=200,dirs=12,size=lognormal:9.5,1.5,kind=mixed,hardlinks.share=6%,symlinks.share=6%,seed=11";

/// A copy of a dataset on disk, made by `cp -a` from a mount. `None`, after saying so, where nothing can be mounted.
#[cfg(unix)]
pub fn copied(arguments: &[&str]) -> Option<TempDir> {
    let mounted = Mounted::start(arguments)?;
    let copy = tempfile::tempdir().unwrap();
    tool(mounted.path(), "cp", &["-a", "./.", copy.path().to_str().unwrap()]);
    mounted.unmount();
    Some(copy)
}

/// A path as it is printed: with slashes everywhere.
pub fn shown(path: &Path) -> String {
    let text = path.to_str().unwrap();
    if cfg!(windows) { text.replace('\\', "/") } else { text.to_owned() }
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

/// Writes folders, files with their times, and hard links of a dataset below a directory, as a restore does; symbolic
/// links are left out. Returns the paths of the files in the order of the listing.
pub fn restored(dataset: &str, root: &Path) -> Vec<String> {
    let dataset = Dataset::new(Spec::parse(dataset).unwrap()).unwrap();
    let (at, mut files, mut links) = (dataset.at_start(), Vec::new(), Vec::new());
    let all = at.walk(0..dataset.entries(), |entry, path| {
        let path = std::str::from_utf8(path).unwrap();
        match &entry {
            Entry::Listed(index, Listed::File(file)) => {
                let to = root.join(path);
                if file.inode == *index {
                    let mut bytes = vec![0; file.size as usize];
                    assert_eq!(file.recipe.fill(&Corpus::builtin(), 0, &mut bytes), Ok(bytes.len()));
                    std::fs::write(&to, bytes)?;
                    let time = UNIX_EPOCH + Duration::from_secs(file.mtime.try_into().unwrap());
                    std::fs::File::options().write(true).open(&to)?.set_modified(time)?;
                } else {
                    // The first name may come later.
                    let mut first = Vec::new();
                    at.write_path(file.inode, &mut first);
                    links.push((root.join(std::str::from_utf8(&first).unwrap()), to));
                }
                files.push(path.to_owned());
                Ok(())
            }
            Entry::Folder(_) => std::fs::create_dir_all(root.join(path)),
            _ => Ok(()),
        }
    });
    all.unwrap();
    links.iter().for_each(|(first, further)| std::fs::hard_link(first, further).unwrap());
    files
}
