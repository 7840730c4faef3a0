//! The tables of seedfs-format(7) against the engine: what the page promises is what is made.

use seedfs::content::{Corpus, SyntheticFile};
use seedfs::dataset::draw::{Draws, Purpose};
use seedfs::dataset::{Dataset, Listed, Spec};
use seedfs::name;
use seedfs::tree::{file_ino, folder_ino};
use sha2::{Digest, Sha256};

const PAGE: &str = include_str!("../man/seedfs-format.7");

/// The lines of the literal displays behind a heading, up to the next heading.
fn table(heading: &str) -> Vec<&'static str> {
    let mut lines = PAGE.lines().skip_while(|line| *line != heading).skip(1).peekable();
    assert!(lines.peek().is_some(), "the page has no {heading:?}");
    let mut inside = false;
    let mut rows = Vec::new();
    for line in lines.take_while(|line| !line.starts_with(".Ss") && !line.starts_with(".Sh")) {
        match line {
            _ if line.starts_with(".Bd -literal") => inside = true,
            ".Ed" => inside = false,
            _ if inside => rows.push(line),
            _ => {}
        }
    }
    assert!(!rows.is_empty(), "{heading} has no rows");
    rows
}

fn words(row: &str) -> Vec<&str> {
    row.split(' ').collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn file(recipe: &str) -> SyntheticFile {
    SyntheticFile::open(recipe).unwrap_or_else(|e| panic!("{recipe} {e}"))
}

#[test]
fn names_mean_the_recipes_of_the_page() {
    for row in table(".Ss Names to recipes") {
        let [name, recipe] = words(row)[..] else { panic!("{row}") };
        let parsed = name::parse(name.as_bytes()).map_or("-".to_owned(), |name| name.recipe.to_string());
        assert_eq!(parsed, recipe, "{name}");
    }
}

#[test]
fn bytes_are_those_of_the_page() {
    for row in table(".Ss Bytes of recipes") {
        let [recipe, offset, bytes] = words(row)[..] else { panic!("{row}") };
        let mut made = [0; 16];
        assert_eq!(file(recipe).read_at(offset.parse().unwrap(), &mut made), 16, "{row}");
        assert_eq!(hex(&made), bytes, "{recipe} at {offset}");
    }
}

#[test]
fn whole_files_have_the_digests_of_the_page() {
    for row in table(".Ss Digests of recipes") {
        let [recipe, digest] = words(row)[..] else { panic!("{row}") };
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut file(recipe), &mut bytes).unwrap();
        assert_eq!(hex(&Sha256::digest(&bytes)), digest, "{recipe}");
    }
}

#[test]
fn every_kind_has_vectors() {
    let rows = [table(".Ss Bytes of recipes"), table(".Ss Digests of recipes")].concat();
    for kind in ["random", "text", "stamp", "zero", "classic", "chunks", "c60", "d25", "c60d25"] {
        assert!(rows.iter().any(|row| words(row)[0].ends_with(&format!("-{kind}"))), "{kind}");
    }
}

#[test]
fn the_corpus_is_the_one_of_the_page() {
    let corpus = Corpus::builtin();
    let digest = hex(&Sha256::digest(corpus.bytes()));
    assert_eq!(table(".Sh CORPUS"), [format!("corpus {} {digest}", corpus.bytes().len())]);
}

#[test]
fn the_text_extensions_are_those_of_the_page() {
    let listed: Vec<&str> = table(".Ss Kinds by extension").into_iter().flat_map(words).collect();
    assert_eq!(listed, name::text_extensions());
}

#[test]
fn draws_are_those_of_the_page() {
    for row in table(".Ss Draws of datasets") {
        let [seed, purpose, index, draw] = words(row)[..] else { panic!("{row}") };
        let purpose = match purpose.parse().unwrap() {
            5 => Purpose::Position,
            8 => Purpose::FileWord,
            10 => Purpose::FolderWeight,
            13 => Purpose::OnDemandTime,
            other => panic!("{other}: add the purpose to this test"),
        };
        let made = Draws::new(seed.parse().unwrap(), purpose).at(index.parse().unwrap());
        assert_eq!(format!("{made:016x}"), draw, "{row}");
    }
}

fn mtime(entry: &Listed<'_>) -> i64 {
    match entry {
        Listed::File(file) => file.mtime,
        Listed::Symlink(link) => link.mtime,
    }
}

/// Path, inode and time of everything that a dataset lists, in the order of the page.
fn entries(dataset: &str) -> Vec<(String, u64, i64)> {
    let dataset = Dataset::new(Spec::parse(dataset).unwrap()).unwrap();
    let mut entries = Vec::new();
    for folder in 0..dataset.shape().folders() {
        let mut path = Vec::new();
        dataset.write_folder_path(folder, &mut path);
        if let Some((_slash, name)) = path.split_last() {
            let name = String::from_utf8(name.to_vec()).unwrap();
            entries.push((name, folder_ino(folder).0, dataset.folder_time(folder)));
        }
        for index in dataset.shape().files_of(folder) {
            let mut path = path.clone();
            dataset.entry(index).write_name(&mut path);
            entries.push((String::from_utf8(path).unwrap(), file_ino(index).0, mtime(&dataset.entry(index))));
        }
    }
    entries
}

#[test]
fn entries_of_datasets_are_those_of_the_page() {
    for row in table(".Ss Entries of datasets") {
        let [dataset, path, ino, time] = words(row)[..] else { panic!("{row}") };
        let wanted = (path.to_owned(), ino.parse().unwrap(), time.parse().unwrap());
        assert!(entries(dataset).contains(&wanted), "{row}");
    }
}

#[test]
fn whole_datasets_have_the_digests_of_the_page() {
    for row in table(".Ss Digests of datasets") {
        let [dataset, digest] = words(row)[..] else { panic!("{row}") };
        let paths: String = entries(dataset).into_iter().map(|(path, ..)| path + "\n").collect();
        assert_eq!(hex(&Sha256::digest(paths.as_bytes())), digest, "{dataset}");
    }
}
