//! Whole paths of the presets stay below 240 bytes, so that they fit below a drive or a mount point of some twenty
//! characters where programs take 260 at most.

use std::convert::Infallible;

use seedfs::dataset::spec::presets::NAMES;
use seedfs::dataset::{Dataset, Spec};

const LONGEST: usize = 240;

fn dataset(text: &str) -> Dataset {
    Dataset::new(Spec::parse(text).unwrap()).unwrap()
}

/// The longest path of a generation, in bytes; all names are ASCII, so in characters as well.
fn longest(dataset: &Dataset, generation: u64) -> String {
    let mut longest = String::new();
    let Ok(()) = dataset.at(generation).unwrap().walk(0..dataset.shape().entries(), |_, path| {
        if path.len() > longest.len() {
            longest = String::from_utf8(path.to_vec()).unwrap();
            assert!(longest.is_ascii(), "{longest}");
        }
        Ok::<(), Infallible>(())
    });
    longest
}

#[test]
fn every_path_of_every_preset_is_short() {
    for preset in NAMES {
        let path = longest(&dataset(&format!("{preset},cases=none")), 0);
        println!("{preset}: {} {path}", path.len());
        assert!(path.len() < LONGEST, "{preset}: {path}");
    }
}

#[test]
fn later_generations_are_no_longer() {
    for preset in NAMES {
        let whole = dataset(&format!("{preset},cases=none"));
        let dataset =
            if whole.shape().files() > 30_000 { dataset(&format!("{preset},files=30000,cases=none")) } else { whole };
        for generation in [1, 52, 365] {
            let path = longest(&dataset, generation);
            assert!(path.len() < LONGEST, "{preset} in generation {generation}: {path}");
        }
    }
}

/// What no walk reaches: any word, number, seed and size behind the deepest folder, in any generation there is.
#[test]
fn no_name_there_could_be_is_longer() {
    for preset in NAMES {
        let dataset = dataset(&format!("{preset},cases=none"));
        let spec = dataset.spec();
        let mut folders = Vec::new();
        let mut deepest = 0;
        for folder in 0..dataset.shape().folders() {
            folders.clear();
            dataset.write_folder_path(folder, &mut folders);
            deepest = deepest.max(folders.len());
        }
        let word = spec.names.files.iter().map(String::len).max().unwrap();
        let kind_and_ext = |row: &seedfs::dataset::spec::TypeSpec| {
            1 + row.kind.to_string().len() + row.ext.as_ref().map_or(0, |ext| 1 + ext.len())
        };
        let tail = spec.types.iter().map(kind_and_ext).max().unwrap();
        // Renamed a million times; as many members as there are files; any seed; a size that no preset passes; an
        // edition.
        let name = word + "-v1000000".len() + "-1000000".len() + "_s18446744073709551615".len();
        let name = name + "-1000000000000".len() + tail + "-e4294967295".len();
        println!("{preset}: {deepest} + {name}");
        assert!(deepest + name < LONGEST, "{preset}: {deepest} + {name}");
    }
}
