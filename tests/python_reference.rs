//! The engine equals `reference/format_v1.py`, an implementation of the format in another language with another
//! library's cipher, at places that nobody chose.
//!
//! Another set of places: `SEEDFS_TEST_SEED=7 cargo test --test python_reference`.
// The reference pipes openssl through a shell.
#![cfg(unix)]

mod common;

use std::io::Write;
use std::process::{Command, Stdio};

use common::content::{self, KINDS, hex, kind, project_file};
use common::run::have;
use seedfs::content::{Corpus, Stream};
use seedfs::edition::{self, Edit, MAX_EDITS, Profile};
use seedfs::recipe::Recipe;

const CASES: usize = 300;
const END: u64 = i64::MAX as u64;

struct Case {
    kind: &'static str,
    seed: u64,
    offset: u64,
    len: usize,
    corpus: &'static str,
}

impl Case {
    fn request(&self) -> String {
        let Case { kind, seed, offset, len, corpus } = self;
        format!("{kind} {seed} {offset} {len} {}\n", project_file(corpus))
    }
}

#[test]
fn python_and_openssl_make_the_same_bytes() {
    if !have(&["python3", "openssl"]) {
        return;
    }
    let cases = cases();
    let requests: String = cases.iter().map(Case::request).collect();
    let answers = run(Command::new("python3").arg(project_file("tests/reference/format_v1.py")), &requests);
    let answers: Vec<&str> = std::str::from_utf8(&answers).unwrap().lines().collect();
    assert_eq!(answers.len(), cases.len());
    let (builtin, small) = (Corpus::builtin(), content::small_corpus());
    for (case, answer) in cases.iter().zip(answers) {
        let corpus = if case.corpus == content::SMALL_CORPUS { &small } else { &builtin };
        let mut bytes = vec![0; case.len];
        Stream::new(kind(case.kind), case.seed, corpus).fill(case.offset, &mut bytes);
        assert!(hex(&bytes) == answer, "differs: {}", case.request());
    }
}

#[test]
fn editions_are_those_of_python() {
    if !have(&["python3", "openssl"]) {
        return;
    }
    let mut recipes = Vec::new();
    for size in [1, 2, 4095, 4096, 4097, 16_384, 16_385, 20_480, 40_001] {
        for edit in Edit::ALL {
            for kind_name in KINDS {
                let recipe = Recipe { kind: kind(kind_name), seed: 42 + size, size, edition: edit.edition() };
                // Sizes that an edit finds its byte in.
                if recipe.file_size().is_ok() {
                    recipes.push(recipe);
                }
            }
        }
    }
    let corpus = project_file("src/content/corpus.txt");
    let requests: String = recipes.iter().map(|recipe| format!("{recipe} {corpus}\n")).collect();
    let answers = run(Command::new("python3").arg(project_file("tests/reference/format_v1.py")), &requests);
    let answers: Vec<&str> = std::str::from_utf8(&answers).unwrap().lines().collect();
    assert_eq!(answers.len(), recipes.len());
    for (recipe, answer) in recipes.iter().zip(answers) {
        let mut bytes = vec![0; recipe.file_size().unwrap() as usize + 1];
        let len = recipe.fill(&Corpus::builtin(), 0, &mut bytes).unwrap();
        assert!(hex(&bytes[..len]) == answer, "differs: {recipe}");
    }
}

#[test]
fn aged_files_are_those_of_python() {
    if !have(&["python3", "openssl"]) {
        return;
    }
    let mut draw = SplitMix(test_seed());
    let mut recipes = Vec::new();
    for kind_name in KINDS {
        for profile in Profile::ALL {
            let edits = 1 + draw.below(40) as u32;
            let size = [draw.below(4), draw.below(300), draw.below(20_000)][draw.below(3) as usize];
            let edition = profile.edition(edits).unwrap();
            recipes.push(Recipe { kind: kind(kind_name), seed: draw.next(), size, edition });
        }
    }
    let corpus = project_file("src/content/corpus.txt");
    let requests: String = recipes.iter().map(|recipe| format!("{recipe} {corpus}\n")).collect();
    let answers = run(Command::new("python3").arg(project_file("tests/reference/format_v1.py")), &requests);
    let answers: Vec<&str> = std::str::from_utf8(&answers).unwrap().lines().collect();
    assert_eq!(answers.len(), recipes.len());
    for (recipe, answer) in recipes.iter().zip(answers) {
        let mut bytes = vec![0; recipe.file_size().unwrap() as usize];
        recipe.fill(&Corpus::builtin(), 0, &mut bytes).unwrap();
        assert!(hex(&bytes) == answer, "differs: {recipe}");
    }
}

#[test]
fn edits_of_files_of_any_size_are_those_of_python() {
    if !have(&["python3"]) {
        return;
    }
    let mut draw = SplitMix(test_seed());
    let recipes: Vec<Recipe> = (0..200)
        .map(|i| {
            let edits = 1 + [draw.below(30), draw.below(u64::from(MAX_EDITS))][i % 2] as u32;
            let size = [draw.below(10), draw.below(1 << 30), draw.below(END), END - draw.below(1 << 21)][i % 4];
            let edition = Profile::ALL[i / 4 % 4].edition(edits).unwrap();
            Recipe { kind: kind("random"), seed: draw.next(), size, edition }
        })
        .collect();
    let requests: String = recipes.iter().map(|recipe| format!("edits {recipe}\n")).collect();
    let answers = run(Command::new("python3").arg(project_file("tests/reference/format_v1.py")), &requests);
    let answers: Vec<&str> = std::str::from_utf8(&answers).unwrap().lines().collect();
    assert_eq!(answers.len(), recipes.len());
    for (recipe, answer) in recipes.iter().zip(answers) {
        let edit = edition::last_edit(recipe).unwrap().unwrap();
        let size = recipe.file_size().unwrap();
        assert_eq!(format!("{} {} {} {size}", edit.kind.name(), edit.offset, edit.len), answer, "{recipe}");
    }
}

/// The one line that the documentation promises to re-create a random file.
#[test]
fn one_openssl_command_makes_a_random_file() {
    if !have(&["openssl", "sh"]) {
        return;
    }
    let line = "openssl enc -aes-128-ctr -K $(printf %032x 42) -iv 0 -in /dev/zero 2>/dev/null | head -c 1048576";
    let made = run(Command::new("sh").arg("-c").arg(line), "");
    assert!(made == content::bytes("random", 42, 0, 1 << 20));
}

fn test_seed() -> u64 {
    let seed = std::env::var("SEEDFS_TEST_SEED").map_or(1, |text| text.parse().expect("SEEDFS_TEST_SEED is a number"));
    println!("SEEDFS_TEST_SEED={seed}");
    seed
}

/// Offsets and lengths at and around the borders of blocks, pages and units, and anywhere.
fn cases() -> Vec<Case> {
    let mut draw = SplitMix(test_seed());
    let mut cases = Vec::new();
    for i in 0..CASES {
        let border = 1 << (4 + draw.below(17));
        let len = [draw.below(70), draw.below(border.min(8192)), draw.below(20_000)][draw.below(3) as usize];
        let near_border = (draw.below(1 << 40) * border).saturating_sub(draw.below(20));
        let anywhere = draw.below(END);
        let offset = [draw.below(10_000), near_border, anywhere, END][draw.below(4) as usize].min(END - len);
        let seed = [draw.below(3), draw.below(1 << 30), draw.next(), u64::MAX][draw.below(4) as usize];
        let corpus = ["src/content/corpus.txt", content::SMALL_CORPUS][draw.below(2) as usize];
        cases.push(Case { kind: KINDS[i % KINDS.len()], seed, offset, len: len as usize, corpus });
    }
    cases
}

/// Steele, Lea and Flood's generator: reproducible, and small enough to stand here.
struct SplitMix(u64);

impl SplitMix {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit.max(1)
    }
}

/// Standard output of a command that must succeed.
fn run(command: &mut Command, input: &str) -> Vec<u8> {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_owned();
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(output.status.success(), "{}", output.status);
    output.stdout
}
