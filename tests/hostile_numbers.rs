//! Numbers that a tree never gave out are answered as well: NFS clients and programs that guess send them.

use std::ops::ControlFlow;

use seedfs::content::Corpus;
use seedfs::dataset::{Dataset, Listed, Spec};
use seedfs::tree::{Tree, file_ino};
use seedfs::vfs::{Cookie, FsError, Ino, Vfs};

fn tree(text: &str, generation: u64) -> Tree {
    let dataset = Dataset::new(Spec::parse(text).unwrap()).unwrap();
    Tree::new(dataset, Corpus::builtin(), false, Box::new(String::new)).at_generation(generation).unwrap()
}

fn names_behind(tree: &Tree, cookie: u64) -> usize {
    let mut names = 0;
    let count = &mut |_: seedfs::vfs::Entry<'_>| {
        names += 1;
        ControlFlow::Continue(())
    };
    tree.readdir(Ino::ROOT, Cookie(cookie), count).unwrap();
    names
}

#[test]
fn a_listing_from_any_place_on_ends() {
    let tree = tree("files=50,dirs=0,churn.moved=20%,churn.created=20%,cases=names", 20);
    let mut before = names_behind(&tree, 0);
    assert!(before > 50);
    let around = (2..64).flat_map(|bits| [(1 << bits) - 1, 1 << bits, (1 << bits) + 1]);
    for cookie in around {
        let names = names_behind(&tree, cookie);
        assert!(names <= before, "{names} names behind {cookie}, {before} before it");
        before = names;
    }
    assert_eq!(names_behind(&tree, u64::MAX), 0);
}

#[test]
fn the_further_names_of_a_file_have_no_numbers_of_their_own() {
    let tree = tree("files=40,hardlinks=50%", 0);
    let mut further = 0;
    for index in 0..40 {
        let Listed::File(file) = tree.dataset().entry(index) else { panic!("no links were asked for") };
        let found = tree.getattr(file_ino(index));
        if file.inode == index {
            assert_eq!(found.map(|attr| attr.ino), Ok(file_ino(index)));
        } else {
            further += 1;
            assert_eq!(found, Err(FsError::Stale));
        }
    }
    assert_eq!(further, 20);
}
