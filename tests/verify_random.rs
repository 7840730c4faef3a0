//! Random harm to a restored tree is told exactly: every byte range, and nothing else.

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use common::verify::verify_json;
use proptest::prelude::*;
use seedfs::content::Corpus;
use seedfs::dataset::{Dataset, Entry, Listed, Spec};

const TREE: &str = "files=24,dirs=4,size=lognormal:9.5,1,kind=mixed,seed=4";

/// Writes the files of the dataset, their names alone with the right contents.
fn restore(root: &std::path::Path) -> BTreeMap<String, PathBuf> {
    let dataset = Dataset::new(Spec::parse(TREE).unwrap()).unwrap();
    let mut files = BTreeMap::new();
    let all = dataset.at_start().walk(0..dataset.entries(), |entry, path| {
        let path = String::from_utf8(path.to_vec()).unwrap();
        match entry {
            Entry::Listed(_, Listed::File(file)) => {
                let mut bytes = vec![0; file.size as usize];
                assert_eq!(file.recipe.fill(&Corpus::builtin(), 0, &mut bytes), Ok(bytes.len()));
                fs::write(root.join(&path), bytes).unwrap();
                files.insert(path.clone(), root.join(path));
            }
            _ => fs::create_dir_all(root.join(path)).unwrap(),
        }
        Ok::<(), std::convert::Infallible>(())
    });
    let Ok(()) = all;
    files
}

#[derive(Debug, Clone)]
enum Harm {
    Flip { at: usize, bit: u8 },
    Noise { at: usize, len: usize },
    Cut { to: usize },
    Remove,
}

fn harms() -> impl Strategy<Value = Vec<Option<Harm>>> {
    let harm = prop_oneof![
        (any::<usize>(), 0u8..8).prop_map(|(at, bit)| Harm::Flip { at, bit }),
        (any::<usize>(), 16usize..5000).prop_map(|(at, len)| Harm::Noise { at, len }),
        any::<usize>().prop_map(|to| Harm::Cut { to }),
        Just(Harm::Remove),
    ];
    proptest::collection::vec(proptest::option::of(harm), 24)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_harmed_byte_is_told_and_no_other(harms in harms()) {
        let root = tempfile::tempdir().unwrap();
        let files = restore(root.path());
        // Path and class, with the range that must be told.
        let mut expected = BTreeMap::new();
        for ((name, path), harm) in files.iter().zip(harms) {
            let mut bytes = fs::read(path).unwrap();
            let size = bytes.len();
            match harm {
                Some(Harm::Flip { at, bit }) if size > 0 => {
                    bytes[at % size] ^= 1 << bit;
                    expected.insert((name.clone(), "bytes"), (at % size, 1));
                }
                Some(Harm::Noise { at, len }) if size > 0 => {
                    let start = at % size;
                    let end = size.min(start + len);
                    bytes[start..end].iter_mut().for_each(|byte| *byte = !*byte);
                    expected.insert((name.clone(), "bytes"), (start, end - start));
                }
                Some(Harm::Cut { to }) if size > 0 => {
                    bytes.truncate(to % size);
                    expected.insert((name.clone(), "truncated"), (to % size, size - to % size));
                }
                Some(Harm::Remove) => {
                    fs::remove_file(path).unwrap();
                    expected.insert((name.clone(), "missing"), (0, 0));
                    continue;
                }
                _ => {}
            }
            fs::write(path, bytes).unwrap();
        }
        let flags = ["--dataset", TREE, "--ignore", "mode,times,owner", "--lines", "1000"];
        let (code, mut objects) = verify_json(&flags, root.path());
        prop_assert_eq!(code, Some(i32::from(!expected.is_empty())));
        objects.pop();
        let mut found: BTreeMap<(String, &str), (usize, usize)> = BTreeMap::new();
        for object in &objects {
            let number = |key: &str| object[key].as_u64().unwrap() as usize;
            let class = object["class"].as_str().unwrap();
            let range = match class {
                "bytes" => (number("offset"), number("length")),
                "truncated" => (number("found"), number("demanded") - number("found")),
                _ => (0, 0),
            };
            let key = (object["path"].as_str().unwrap().to_owned(), class);
            let whole = found.entry(key).or_insert((range.0, 0));
            // Runs of one harm, explained in different ways, lie side by side.
            prop_assert_eq!(whole.0 + whole.1, range.0);
            whole.1 += range.1;
        }
        prop_assert_eq!(found, expected);
    }
}
