//! Mounts through the real library of WinFsp, with a stand-in for its driver.
#![allow(dead_code, unreachable_pub)]

pub mod driver;
pub mod requests;
#[path = "../common/run.rs"]
pub mod run;
#[path = "../common/testfs.rs"]
pub mod testfs;

use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use seedfs::content::Corpus;
use seedfs::dataset::{Dataset, Spec};
use seedfs::stats::Counters;
use seedfs::tree::Tree;
use seedfs::vfs::{Attr, Cookie, Ino, Vfs};
use seedfs::winfsp::{LibraryError, Mount, Volume, version};

/// The stand-in has one volume at a time.
static ONE: Mutex<()> = Mutex::new(());

/// Loads the library and puts the stand-in under it; nothing where WinFsp is not installed. What is returned keeps other
/// mounts of this process waiting.
pub fn stand_in() -> Option<MutexGuard<'static, ()>> {
    match version() {
        Ok(_) => {}
        Err(LibraryError::NotInstalled) => {
            run::skipped("WinFsp is not installed");
            return None;
        }
        Err(error) => panic!("{error}"),
    }
    let guard = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    driver::install();
    Some(guard)
}

/// A mount, and what it counts.
pub struct Mounted<V: Vfs> {
    pub mount: Mount<V>,
    pub counters: Arc<Counters>,
    _guard: MutexGuard<'static, ()>,
}

/// Mounts on drive X:, or skips the test.
pub fn mounted<V: Vfs>(vfs: V) -> Option<Mounted<V>> {
    let guard = stand_in()?;
    let counters = Arc::new(Counters::default());
    let volume = Volume { label: "test", serial: 7, threads: 4, ended: Box::new(|| {}) };
    let mount = Mount::start(vfs, counters.clone(), Some("X:"), volume).unwrap();
    Some(Mounted { mount, counters, _guard: guard })
}

/// A dataset as a tree.
pub fn tree(dataset: &str) -> Tree {
    let dataset = Dataset::new(Spec::parse(dataset).unwrap()).unwrap();
    Tree::new(dataset, Corpus::builtin(), false, Box::new(|| "nothing counted\n".to_owned()))
}

/// What a directory lists that Windows can show, `.` and `..` left out.
pub fn listed(vfs: &impl Vfs, dir: Ino) -> Vec<(String, Attr)> {
    let mut all = Vec::new();
    vfs.readdir(dir, Cookie::START, &mut |entry| {
        if !matches!(entry.name, b"." | b"..") {
            all.push((String::from_utf8_lossy(entry.name).into_owned(), entry.attr));
        }
        ControlFlow::Continue(())
    })
    .unwrap();
    all
}
