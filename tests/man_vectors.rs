//! The tables of seedfs-format(7) against the engine: what the page promises is what is made.

mod common;

use std::collections::BTreeSet;
use std::process::Command;

use common::run::{SEEDFS, succeed};
use seedfs::content::{Corpus, SyntheticFile};
use seedfs::dataset::draw::{Draws, Purpose};
use seedfs::dataset::permutation::Permutation;
use seedfs::dataset::{Dataset, File, Listed, Spec};
use seedfs::edition::{self, Edit, Profile};
use seedfs::name;
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
fn every_edition_has_a_vector() {
    let rows = table(".Ss Digests of recipes");
    for edit in Edit::ALL {
        assert!(rows.iter().any(|row| words(row)[0].ends_with(&format!("-e{}", edit.edition()))), "{}", edit.name());
    }
}

#[test]
fn the_editions_are_those_of_the_page() {
    let lines = PAGE.lines().skip_while(|line| *line != ".Ss Editions").take_while(|line| *line != ".El");
    let listed: Vec<&str> = lines.filter_map(|line| line.strip_prefix(".It 4")).collect();
    let names = Edit::ALL.map(|edit| format!("{} Ta {} Ta ", edit.edition(), edit.name()));
    assert_eq!(listed.len(), names.len());
    for (listed, name) in listed.iter().zip(names) {
        assert!(format!("4{listed}").starts_with(&name), "{name}");
    }
}

#[test]
fn every_profile_has_a_vector_and_its_number_is_that_of_the_page() {
    let rows = [table(".Ss Digests of recipes"), table(".Ss Edits of recipes")];
    for profile in Profile::ALL {
        assert!(PAGE.contains(&format!(".It {} Ta {} Ta ", profile as u32, profile.name())), "{}", profile.name());
        for rows in &rows {
            let editions = rows.iter().filter_map(|row| words(row)[0].split_once("-e")?.1.parse().ok());
            assert!(editions.filter_map(Profile::of_edition).any(|(of, _)| of == profile), "{}", profile.name());
        }
    }
}

#[test]
fn edits_are_those_of_the_page() {
    for row in table(".Ss Edits of recipes") {
        let [recipe, kind, numbers] = row.splitn(3, ' ').collect::<Vec<_>>()[..] else { panic!("{row}") };
        let recipe = name::parse(recipe.as_bytes()).unwrap().recipe;
        let edit = edition::last_edit(&recipe).unwrap().unwrap();
        let size = recipe.file_size().unwrap();
        assert_eq!((edit.kind.name(), format!("{} {} {size}", edit.offset, edit.len)), (kind, numbers.into()), "{row}");
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
            14 => Purpose::LinkTarget,
            15 => Purpose::Edit,
            16 => Purpose::Life,
            17 => Purpose::CreatedFolder,
            18 => Purpose::CreatedType,
            19 => Purpose::MovedFile,
            20 => Purpose::MovedFolder,
            21 => Purpose::FlowTime,
            22 => Purpose::Profile,
            other => panic!("{other}: add the purpose to this test"),
        };
        let made = Draws::new(seed.parse().unwrap(), purpose).at(index.parse().unwrap());
        assert_eq!(format!("{made:016x}"), draw, "{row}");
    }
}

fn numbers<const N: usize>(row: &str) -> [u64; N] {
    let numbers: Vec<u64> = words(row).iter().map(|word| word.parse().unwrap()).collect();
    numbers.try_into().unwrap_or_else(|_| panic!("{row}"))
}

#[test]
fn positions_are_those_of_the_page() {
    for row in table(".Ss Positions of files") {
        let [seed, files, file, position] = numbers(row);
        let permutation = Permutation::new(files, Draws::new(seed, Purpose::Position));
        assert_eq!(permutation.forward(file), position, "{row}");
        assert_eq!(permutation.backward(position), file, "{row}");
    }
}

#[test]
fn sizes_are_those_of_the_page() {
    for row in table(".Ss Sizes of strata") {
        let [distribution, kind, rest] = row.splitn(3, ' ').collect::<Vec<_>>()[..] else { panic!("{row}") };
        let [groups, group, size] = numbers(rest);
        // Single files only, so that there is one cell with these groups.
        let spec = Spec::parse(&format!("files={groups},size={distribution},kind={kind}")).unwrap();
        let dataset = Dataset::new(spec).unwrap();
        assert_eq!(dataset.group_size(&dataset.layout().cells()[0], group), size, "{row}");
    }
}

#[test]
fn words_and_types_are_those_of_the_page() {
    let listed: Vec<&str> = table(".Ss Words and types").into_iter().flat_map(words).collect();
    let names = Spec::default().names;
    assert_eq!(listed, [names.files, names.dirs].concat());
    let lines = PAGE.lines().skip_while(|line| *line != ".Ss Words and types").skip(1);
    let mut rows = lines.take_while(|line| !line.starts_with(".Ss")).filter_map(|line| line.strip_prefix(".It "));
    assert_eq!(rows.next(), Some("Em weight Ta Em extension Ta Em kind"));
    let types = Spec::parse("kind=mixed").unwrap().types;
    for row in &types {
        let ext = row.ext.as_deref().unwrap_or("none");
        assert_eq!(rows.next(), Some(&format!("{} Ta {ext} Ta {}", row.weight, row.kind)[..]));
    }
    assert_eq!(rows.next(), None, "{} types", types.len());
}

/// Datasets of a table, each with the lines that are indented below it.
fn datasets(heading: &str) -> Vec<(String, Vec<&'static str>)> {
    let mut datasets: Vec<(String, Vec<&str>)> = Vec::new();
    for line in table(heading) {
        match (line.strip_prefix("  "), datasets.last_mut()) {
            (Some(row), Some((_, rows))) => rows.push(row),
            // The text of a dataset goes on in the next line.
            (None, Some((text, rows))) if rows.is_empty() => text.push_str(line),
            _ => datasets.push((line.to_owned(), Vec::new())),
        }
    }
    datasets
}

fn listing(dataset: &str) -> String {
    listing_in(dataset, "0")
}

fn listing_in(dataset: &str, generation: &str) -> String {
    succeed(Command::new(SEEDFS).args(["ls", "--format", "csv", "--generation", generation, dataset]))
}

#[test]
fn entries_of_datasets_are_those_of_the_page() {
    for (dataset, rows) in datasets(".Ss Entries of datasets") {
        let listing = listing(&dataset);
        assert!(!rows.is_empty(), "{dataset}");
        for row in rows {
            assert!(listing.lines().any(|line| line == row), "{dataset}: {row}");
        }
    }
}

#[test]
fn whole_datasets_have_the_digests_of_the_page() {
    for (dataset, digest) in datasets(".Ss Digests of datasets") {
        assert_eq!(vec![&hex(&Sha256::digest(listing(&dataset)))[..]], digest, "{dataset}");
    }
}

#[test]
fn identities_are_those_of_the_page() {
    for (dataset, identity) in datasets(".Ss Identities of datasets") {
        assert_eq!(vec![&Spec::parse(&dataset).unwrap().identity()[..]], identity, "{dataset}");
    }
}

#[test]
fn entries_of_generations_are_those_of_the_page() {
    let mut generations = BTreeSet::new();
    for (dataset, rows) in datasets(".Ss Entries of generations") {
        for row in rows {
            let (generation, row) = row.split_once(' ').unwrap();
            assert!(listing_in(&dataset, generation).lines().any(|line| line == row), "{dataset}: {generation} {row}");
            generations.insert(generation);
        }
    }
    assert_eq!(generations, BTreeSet::from(["1", "7", "100"]));
}

#[test]
fn whole_generations_have_the_digests_of_the_page() {
    for (dataset, rows) in datasets(".Ss Digests of generations") {
        assert_eq!(rows.len(), 3, "{dataset}");
        for row in rows {
            let (generation, digest) = row.split_once(' ').unwrap();
            assert_eq!(hex(&Sha256::digest(listing_in(&dataset, generation))), digest, "{dataset}: {generation}");
        }
    }
}

#[test]
fn lives_are_those_of_the_page() {
    for (text, rows) in datasets(".Ss Lives of files") {
        let dataset = Dataset::new(Spec::parse(&text).unwrap()).unwrap();
        for row in rows {
            let (generation, rest) = row.split_once(' ').unwrap();
            let (index, rest) = rest.split_once(' ').unwrap();
            let at = dataset.at(generation.parse().unwrap()).unwrap();
            let index = index.parse().unwrap();
            let life = at.entry(index).map_or("gone".to_owned(), |entry| {
                let Listed::File(file) = entry else { panic!("{row}") };
                let (folder, recipe) = (at.folder_of(index), file.recipe);
                let File { renames, size, mode, mtime, ctime, .. } = file;
                format!("{folder} {renames} {} {size} {} {mode:o} {mtime} {ctime}", recipe.seed, recipe.edition)
            });
            assert_eq!(life, rest, "{row}");
        }
    }
}

/// The table of the canonical form that the page shows.
#[test]
fn the_default_churn_is_that_of_the_page() {
    let shown = table(".Ss Canonical form and identity").join("\n");
    let shown = shown.split("\n\n").find(|part| part.starts_with("[churn]")).unwrap();
    assert!(Spec::default().to_toml().contains(&format!("\n{shown}\n\n")), "{shown}");
}
