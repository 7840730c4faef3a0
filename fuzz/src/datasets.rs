//! Datasets as inline text and as documents, and the trees that are made of them.

use std::io::Write;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::LazyLock;

use seedfs::dataset::{Dataset, Spec, SpecError};
use seedfs::name::MAX_NAME;
use seedfs::units::MAX_SIZE;

/// Entries of a listing that are looked at.
const LISTED: usize = 40;

/// Only what is in memory is read, and neither devices nor pipes.
fn names_a_file(text: &str) -> bool {
    text.contains('/') || text.contains(".toml")
}

/// The first byte tells inline text from documents. What is accepted is written as a document that means the same, and
/// makes a tree, or is refused with a reason.
pub fn run(data: &[u8]) {
    let Some((&first, rest)) = data.split_first() else { return };
    let Ok(text) = str::from_utf8(rest) else { return };
    let spec = match first % 2 {
        0 if names_a_file(text) => return,
        0 => Spec::parse(text),
        _ if text.contains("extends") && (names_a_file(text) || text.contains('\\')) => return,
        _ => document(text),
    };
    match spec {
        Ok(mut spec) => {
            // Its path starts where the document is, which is another place for the copy.
            spec.corpus = None;
            check_copy(&spec);
            if let Ok(dataset) = Dataset::new(spec) {
                check_tree(&dataset, u64::from(first / 2));
            }
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

fn document(text: &str) -> Result<Spec, SpecError> {
    /// One of each process, and of each thread of tests.
    static DIRECTORY: LazyLock<PathBuf> = LazyLock::new(|| {
        let shared = PathBuf::from("/dev/shm");
        let directory = if shared.is_dir() { shared } else { std::env::temp_dir() };
        directory.join(format!("seedfs-fuzz-{}.toml", std::process::id()))
    });
    let path = DIRECTORY.to_str().expect("a plain name");
    std::fs::File::create(path).and_then(|mut file| file.write_all(text.as_bytes())).expect("room for a document");
    let spec = Spec::parse(path);
    std::fs::remove_file(path).expect("just written");
    spec
}

fn check_copy(spec: &Spec) {
    let text = spec.to_toml();
    let copy = document(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    assert_eq!(copy.to_toml(), text);
    assert_eq!(copy.identity(), spec.identity());
}

fn check_tree(dataset: &Dataset, generation: u64) {
    assert!(dataset.total_bytes() <= MAX_SIZE);
    let shape = dataset.shape();
    // A listing looks at every file that was ever created there: late generations take long.
    for generation in [0, generation, generation * 3] {
        let Ok(at) = dataset.at(generation) else { continue };
        let (files, folders) = (at.indices(), shape.folders());
        for index in [0, 1, files / 3, files / 2, files.saturating_sub(1)].into_iter().filter(|&index| index < files) {
            check_entry(dataset, generation, index);
        }
        for folder in [0, 1, folders / 2, folders - 1].into_iter().filter(|&folder| folder < folders) {
            check_folder(dataset, generation, folder);
        }
    }
}

fn check_entry(dataset: &Dataset, generation: u64, index: u64) {
    let at = dataset.at(generation).expect("there was one");
    let Some(entry) = at.entry(index) else { return };
    let (mut name, mut path) = (Vec::new(), Vec::new());
    entry.write_name(&mut name);
    at.write_path(index, &mut path);
    assert!(name.len() <= MAX_NAME && path.ends_with(&name), "{:?}", name.escape_ascii().to_string());
    assert_eq!(at.index_named(&name), Some(index), "{:?}", name.escape_ascii().to_string());
    assert_eq!(at.index_at_path(&path), Some(index), "{:?}", path.escape_ascii().to_string());
    if let seedfs::dataset::Listed::File(file) = &entry {
        assert!(file.size <= MAX_SIZE && file.recipe.file_size() == Ok(file.size), "{:?}", file.recipe);
        // Files that change later keep their names.
        let named = seedfs::name::parse(&name).map(|name| name.recipe);
        assert!(generation > 0 || named == Ok(file.recipe), "{named:?} is file {index}, {:?}", file.recipe);
    }
    let home = at.folder_of(index);
    assert!(home < dataset.shape().folders());
    if generation == 0 {
        assert!(dataset.shape().files_of(home).contains(&index));
    }
}

fn check_folder(dataset: &Dataset, generation: u64, folder: u64) {
    let at = dataset.at(generation).expect("there was one");
    let shape = dataset.shape();
    if let Some(parent) = shape.parent(folder) {
        assert!(shape.children(parent).contains(&folder));
    }
    let mut path = Vec::new();
    dataset.write_folder_path(folder, &mut path);
    let trimmed = path.strip_suffix(b"/").unwrap_or(&path);
    assert_eq!(dataset.folder_at_path(trimmed), Some(folder), "{:?}", path.escape_ascii().to_string());
    let mut places = Vec::new();
    let _ = at.list(folder, 0, &mut |place, index, _| {
        assert_eq!(at.place_in(folder, index), place);
        assert_eq!(at.folder_of(index), folder);
        places.push(place);
        if places.len() < LISTED { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
    assert!(places.is_sorted_by(|a, b| a < b), "{places:?}");
}
