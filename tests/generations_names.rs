//! Names in later generations: a file that has changed keeps its name, and one that is gone leaves a name like any other.
// Mounts through FUSE.
#![cfg(unix)]

mod common;

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use common::c_path;
use common::mount::Mounted;
use seedfs::content::Corpus;
use seedfs::dataset::{At, Dataset, Entry, File, Listed, Spec};
use seedfs::tree::file_ino;
use seedfs::{Recipe, name};

const LIVELY: &str = "files=300,dirs=12,fanout=3,kind=mixed,size=lognormal:8,2,churn.created=9,churn.deleted=9,\
     churn.renamed=9,churn.moved=9,churn.modified=20,churn.replaced=30";

fn dataset() -> Dataset {
    Dataset::new(Spec::parse(LIVELY).unwrap()).unwrap()
}

fn files<'a>(at: &At<'a>) -> BTreeMap<String, File<'a>> {
    let mut files = BTreeMap::new();
    let Ok(()) = at.walk(0..u64::MAX, |entry, path| {
        if let Entry::Listed(_, Listed::File(file)) = entry {
            files.insert(String::from_utf8(path.to_vec()).unwrap(), file);
        }
        Ok::<(), std::convert::Infallible>(())
    });
    files
}

fn bytes(recipe: &Recipe) -> Vec<u8> {
    let mut bytes = vec![0; recipe.bytes() as usize];
    recipe.fill(&Corpus::builtin(), 0, &mut bytes).unwrap();
    bytes
}

/// The attribute that tells the recipe of a file.
fn recipe_of(path: &Path) -> String {
    let (path, name) = (c_path(path), c_path("user.seedfs.recipe"));
    let mut value = [0u8; 256];
    // SAFETY: both names end in NUL, and the kernel writes at most the length of the buffer.
    let len = unsafe { libc::getxattr(path.as_ptr(), name.as_ptr(), value.as_mut_ptr().cast(), value.len()) };
    String::from_utf8(value[..usize::try_from(len).unwrap()].to_vec()).unwrap()
}

fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap()
}

#[test]
fn a_changed_file_keeps_its_name_and_tells_its_recipe() {
    let dataset = dataset();
    let Some(mount) = Mounted::start(&[LIVELY, "--generation", "3"]) else { return };
    let (mut changed, mut elsewhere) = (0, 0);
    for (path, file) in files(&dataset.at(3).unwrap()) {
        let named = name::parse(file_name(&path).as_bytes()).unwrap().recipe;
        let seen = mount.path().join(&path);
        assert_eq!(recipe_of(&seen), file.recipe.to_string());
        if named == file.recipe {
            continue;
        }
        changed += 1;
        assert!(std::fs::read(&seen).unwrap() == bytes(&file.recipe), "{path}");
        // A directory that does not list it takes the name for that of an unlisted file.
        let folder = dataset.at(3).unwrap().index_at_path(path.as_bytes()).map(|i| dataset.at(3).unwrap().folder_of(i));
        if folder != Some(0) {
            elsewhere += 1;
            assert!(std::fs::read(mount.path().join(file_name(&path))).unwrap() == bytes(&named), "{path}");
        }
    }
    assert!(changed > 50 && elsewhere > 20, "{changed} {elsewhere}");
    mount.unmount();
}

#[test]
fn the_name_of_a_file_that_is_gone_opens_as_an_unlisted_one() {
    let dataset = dataset();
    let (old, new) = (files(&dataset.at_start()), files(&dataset.at(3).unwrap()));
    let gone: Vec<(&String, &File<'_>)> = old.iter().filter(|(path, _)| !new.contains_key(*path)).collect();
    assert!(gone.len() > 50, "{}", gone.len());
    let Some(mount) = Mounted::start(&[LIVELY, "--generation", "3"]) else { return };
    for (path, file) in &gone {
        let seen = mount.path().join(path);
        assert!(std::fs::read(&seen).unwrap() == bytes(&file.recipe), "{path}");
        assert_ne!(seen.metadata().unwrap().ino(), file_ino(file.inode).0, "{path}");
    }
    mount.unmount();
    let Some(mount) = Mounted::start(&[LIVELY, "--generation", "3", "--listed-only"]) else { return };
    for (path, _) in &gone {
        let error = mount.path().join(path).metadata().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound, "{path}");
    }
    mount.unmount();
}
