//! Datasets as documents and as inline text: what is read, what is refused and where, and what tells datasets apart.

mod common;

use std::path::Path;

#[cfg(unix)]
use common::run::seedfs;
use proptest::prelude::*;
use seedfs::dataset::spec::{CorpusSpec, presets};
use seedfs::dataset::{Dataset, Spec};

/// A directory with documents.
struct Documents(tempfile::TempDir);

impl Documents {
    fn new(files: &[(&str, &str)]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = dir.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        Self(dir)
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).to_str().unwrap().to_owned()
    }

    fn parse(&self, name: &str) -> Result<Spec, String> {
        Spec::parse(&self.path(name)).map_err(|e| e.to_string().replace(&self.path(""), ""))
    }
}

/// Reads one document.
fn document(text: &str) -> Result<Spec, String> {
    Documents::new(&[("d.toml", text)]).parse("d.toml")
}

fn inline(text: &str) -> Spec {
    Spec::parse(text).unwrap_or_else(|e| panic!("{text}: {e}"))
}

#[track_caller]
fn refused(text: &str, message: &str) {
    let error = document(text).expect_err(text);
    assert!(error.starts_with(&format!("d.toml: {message}")), "{text}\n{error}");
}

#[test]
fn a_document_says_what_inline_text_says() {
    let text = r#"
        seed = "0x10"
        files = "10k"
        dirs = 30
        size = "64KiB"
        near = { share = 5.5, edits = ["first", "last"] }
        empty = 2
        times.from = 2020-02-29
        [duplicates]
        share = "10%"
        groups = "3*2+1*10"
    "#;
    let same = "seed=16,files=10000,dirs=30,size=65536,near=5.5,near.edits=first,last,empty=2%,times.from=2020-02-29,\
                duplicates=10,duplicates.groups=3*2+10";
    assert_eq!(document(text).unwrap(), inline(same));
    assert_eq!(document("").unwrap(), Spec::default());
}

#[test]
fn unknown_keys_are_named_with_line_and_column() {
    refused("\n  colour = 1", "line 2, column 3: colour: no such key; keys are extends, description, format, seed");
    refused("[near]\nshare = 1\nshares = 1", "line 3, column 1: near.shares: no such key");
    refused("[colours]", "line 1, column 2: colours: no such key");
    refused("files = {}", "line 1, column 1: files: no such key");
    refused("[[types]]\ncolour = 1", "line 2, column 1: types.colour: no such key; keys of a type are ext, kind");
    refused("ü = 1\nfiles = 1\n", "line 1, column 1: ");
    refused("files = 1\nfiles = 2", "line 2, column 1: ");
    refused("files = ", "line 1, column ");
}

#[test]
fn wrong_values_are_named_with_line_and_column() {
    for (text, column, why) in [
        ("format = 2", 10, "format: is not the format version"),
        ("seed = -1", 8, "seed: is not a number"),
        ("seed = \"18446744073709551616\"", 8, "seed: is too large"),
        ("files = 1099511627777", 9, "files: is above the limit of 2^40"),
        ("files = 1.5", 9, "files: is not a number"),
        ("files = [1]", 9, "files: must be one value, no array"),
        ("dirs = \"1P\"", 8, "dirs: is not a number"),
        ("files_per_dir = 0", 17, "files_per_dir: must be a number from 0.000001 to 1000000"),
        ("bytes = 0", 9, "bytes: must be at least 1"),
        ("bytes = \"9EiB\"", 9, "bytes: is too large"),
        ("fanout = 0", 10, "fanout: must be at least 1"),
        ("spread = true", 10, "spread: must be even or varied"),
        ("size = \"zipf:1\"", 8, "size: is no distribution"),
        ("size = \"uniform:2-1\"", 8, "size: has its smaller size behind"),
        ("size = \"0*4096\"", 8, "size: has the weight"),
        ("kind = \"c101\"", 8, "kind: asks for more than 100 percent"),
        ("empty = \"101%\"", 9, "empty: must be a percentage from 0 to 100"),
        ("empty = \"1.00001\"", 9, "empty: must be a percentage"),
        ("empty = { share = 1 }", 1, "empty: no such key"),
        ("duplicates.groups = \"1\"", 21, "duplicates.groups: must be sizes of groups from 2"),
        ("duplicates.groups = \"2+2\"", 21, "duplicates.groups: must be sizes of groups from 2 to 2^32, each once"),
        ("hardlinks.groups = \"0*2\"", 20, "hardlinks.groups: has a weight that must be a whole number"),
        ("near.edits = [\"first\", \"first\"]", 14, "near.edits: must be some of first, last"),
        ("near.edits = [[1]]", 15, "near.edits: must be an array of plain values"),
        ("symlinks.loops = 1000001", 18, "symlinks.loops: must be a whole number from 0"),
        ("symlinks.root = \"mnt\"", 17, "symlinks.root: must be an absolute path"),
        ("permissions.files = \"888\"", 21, "permissions.files: must be permission bits in octal"),
        ("permissions.dirs = \"10000\"", 20, "permissions.dirs: must be permission bits in octal"),
        ("permissions.owners = \"root\"", 22, "permissions.owners: must be numbers of users and groups"),
        ("times.from = 2023-02-29", 14, "times.from: "),
        ("times.from = \"2023-02-29\"", 14, "times.from: must be a day from 1970-01-01"),
        ("times.recent = 1", 16, "times.recent: must be true or false"),
        ("names.files = []", 15, "names.files: must be 1 to 10000 words"),
        ("names.files = [\"a/b\"]", 15, "names.files: has \"a/b\""),
        ("names.files = [\"a-2\"]", 15, "names.files: has \"a-2\""),
        ("names.files = [\"s1-5.x\"]", 15, "names.files: has \"s1-5.x\""),
        ("names.dirs = [\"a-link\"]", 14, "names.dirs: has \"a-link\""),
        ("names.dirs = [\"s42\"]", 14, "names.dirs: has \"s42\""),
        ("corpus.sha256 = \"00\"", 17, "corpus.sha256: must be a SHA-256"),
        ("types = []", 9, "types: must have 1 to 1000 rows"),
        ("types = [1]", 10, "types: must be tables"),
        ("types = [{ ext = \"TXT\" }]", 18, "types.ext: must be at most 16 lower-case"),
        ("types = [{ weight = 0 }]", 21, "types.weight: must be a whole number from 1"),
        ("extends = 1", 11, "extends: must be the name of a preset"),
    ] {
        let why = if text.ends_with("2023-02-29") { "" } else { why };
        refused(text, &format!("line 1, column {column}: {why}"));
    }
}

#[test]
fn values_that_do_not_go_together_are_refused() {
    for (text, why) in [
        ("fanout=1,dirs=10001", "fanout=1: makes one long chain"),
        ("times.from=2020-01-01,times.to=2020-01-01", "times.from: must be before times.to"),
        ("symlinks=1,symlinks.relative=0", "symlinks: at least one of"),
        ("duplicates=60", "duplicates, hard links"),
        ("bytes=1GB,size=0", "bytes=1000000000: all files are empty"),
        ("files=1,files=2", "files: given twice"),
        ("dirs=3,files_per_dir=2", "files_per_dir=2: says how many folders there are, and so does dirs; keep one"),
        ("home,files_per_dir=2,dirs=3", "dirs=3: says how many folders there are, and so does files_per_dir"),
        ("seed", "seed: neither a command nor a dataset"),
        ("home,colour=red", "colour=red: no such key"),
    ] {
        let error = Spec::parse(text).expect_err(text).to_string();
        assert!(error.starts_with(why), "{text}: {error}");
    }
    let unreachable = Dataset::new(inline("files=3,bytes=1,size=lognormal:9,2")).unwrap_err().to_string();
    assert!(unreachable.starts_with("bytes=1: cannot be reached"), "{unreachable}");
}

/// One replaces the other where it stands in another document.
#[test]
fn folders_are_counted_in_one_way() {
    for (text, line) in [("dirs = 3\nfiles_per_dir = 2", 2), ("files_per_dir = 2\nseed = 1\ndirs = 3", 1)] {
        let error = document(text).unwrap_err();
        let why = "files_per_dir: says how many folders there are, and so does dirs; keep one";
        assert!(error.ends_with(&format!("line {line}, column 17: {why}")), "{error}");
    }
    let documents =
        Documents::new(&[("a.toml", "dirs = 3\nfiles = 50"), ("b.toml", "extends = \"./a.toml\"\nfiles_per_dir = 5")]);
    assert_eq!(documents.parse("b.toml").unwrap().dir_count(), 10);
    assert_eq!(inline(&format!("{},dirs=7", documents.path("b.toml"))).dir_count(), 7);
}

/// What is asked for exactly stays as it is where the number of files follows from the bytes.
#[test]
fn bytes_alone_change_no_size() {
    for (text, files, size) in [
        ("bytes=2MB,size=4096", 489, 4096),
        ("bytes=40kB", 10, 4096),
        ("bytes=1,size=1MiB", 1, 1 << 20),
        ("bytes=1GB,size=999999,duplicates=10", 1001, 999_999),
    ] {
        let dataset = Dataset::new(inline(text)).unwrap();
        assert_eq!((dataset.shape().files(), dataset.scale()), (files, None), "{text}");
        assert!(dataset.layout().cells().iter().all(|cell| dataset.group_size(cell, 0) == size), "{text}");
    }
    // The distribution is that of as many files that are asked for by their number.
    let (bytes, files) = (inline("home,bytes=1GB"), inline("home,bytes=1GB").files);
    assert_eq!(bytes, inline(&format!("home,files={files}")));
}

#[test]
fn a_document_extends_presets_and_documents_beside_it() {
    let documents = Documents::new(&[
        ("near.toml", "extends = \"demo\"\nfiles = 77"),
        ("deep/a.toml", "extends = \"../near.toml\"\nseed = 3\ncorpus.path = \"words.txt\""),
        ("b.toml", "extends = \"deep/a.toml\"\ndirs = 5"),
    ]);
    let spec = documents.parse("b.toml").unwrap();
    let corpus = CorpusSpec { path: documents.path("deep/words.txt").into(), sha256: None };
    assert_eq!(spec, Spec { corpus: Some(corpus), ..inline("demo,files=77,seed=3,dirs=5") });
}

#[test]
fn circles_and_long_chains_of_documents_are_refused() {
    let circle = Documents::new(&[("a.toml", "extends = \"./b.toml\""), ("b.toml", "extends = \"./a.toml\"")]);
    let error = circle.parse("a.toml").unwrap_err();
    assert!(error.contains("extends more than 8 documents"), "{error}");
    let chain: Vec<(String, String)> =
        (0..9).map(|n| (format!("{n}.toml"), format!("extends = \"{}.toml\"", n + 1))).collect();
    let mut files: Vec<(&str, &str)> = chain.iter().map(|(name, text)| (&name[..], &text[..])).collect();
    files.push(("9.toml", "files = 5"));
    let chain = Documents::new(&files);
    assert_eq!(chain.parse("2.toml").unwrap().files, 5);
    assert!(chain.parse("1.toml").unwrap_err().contains("extends more than 8 documents"));
}

#[test]
fn missing_documents_are_named() {
    let documents = Documents::new(&[("a.toml", "extends = \"none.toml\"")]);
    let error = documents.parse("a.toml").unwrap_err();
    assert!(error.starts_with("none.toml: ") && error.contains("(os error 2)"), "{error}");
    assert!(document("extends = \"nowhere\"").unwrap_err().starts_with("nowhere: neither a command nor a dataset"));
}

#[test]
fn types_take_the_place_of_kinds_and_of_other_types() {
    let types = |text: &str| document(text).unwrap().types;
    let one = "[[types]]\next = \"rs\"\nkind = \"text\"\nweight = 3\nsize = \"9\"\n";
    let rows = types(&format!("kind = \"mixed\"\n{one}[[types]]"));
    assert_eq!(rows.len(), 2);
    assert_eq!((rows[0].ext.as_deref(), rows[0].weight, rows[1].ext.as_deref()), (Some("rs"), 3, None));
    assert!(rows[0].size.is_some() && rows[1].size.is_none());
    let documents = Documents::new(&[
        ("types.toml", one),
        ("size.toml", "extends = \"./types.toml\"\nsize = 5"),
        ("kind.toml", "extends = \"./types.toml\"\nkind = \"c60\""),
    ]);
    assert!(documents.parse("size.toml").unwrap().types[0].size.is_none(), "sizes that are asked for hold for all");
    assert_eq!(documents.parse("kind.toml").unwrap().types, inline("kind=c60").types);
}

#[test]
fn values_behind_a_preset_or_document_replace_its_own() {
    let documents = Documents::new(&[("my.toml", "files = 40\nseed = 1\n[near]\nshare = 3")]);
    let over = |pairs: &str| inline(&format!("{},{pairs}", documents.path("my.toml")));
    assert_eq!(over("seed=3,near=0"), inline("files=40,seed=3"));
    assert_eq!(inline("demo,files=10k").files, 10_000);
    assert_eq!(inline("home,files=10k").types, inline("home").types);
}

#[test]
fn lists_and_distributions_keep_their_commas_inline() {
    let spec = inline("size=90*lognormal:9,2+10*pareto:1KiB,1.1,names.files=red,green,near.edits=all,seed=5");
    assert_eq!((spec.names.files, spec.seed), (vec!["red".to_owned(), "green".to_owned()], 5));
    assert_eq!(spec.size.parts().len(), 2);
}

/// Which of files and bytes follows from the other.
#[test]
fn files_and_bytes_take_turns() {
    let documents = Documents::new(&[
        ("files.toml", "files = 50\nsize = 1000"),
        ("bytes.toml", "bytes = 70000\nsize = 1000"),
        ("both.toml", "files = 50\nbytes = 70000\nsize = 1000"),
    ]);
    let of = |name: &str, pairs: &str| inline(&format!("{}{pairs}", documents.path(name)));
    assert_eq!(of("files.toml", "").bytes, None);
    for (name, pairs, files, size) in [
        ("bytes.toml", "", 70, 1000),
        ("both.toml", "", 50, 1400),
        ("both.toml", ",seed=3", 50, 1400),
        ("both.toml", ",bytes=90kB", 90, 1000),
        ("both.toml", ",files=35", 35, 2000),
        ("files.toml", ",bytes=70kB", 70, 1000),
        ("bytes.toml", ",files=35", 35, 2000),
        ("bytes.toml", ",bytes=7kB,files=7", 7, 1000),
    ] {
        let spec = of(name, pairs);
        assert_eq!(spec.files, files, "{name}{pairs}");
        let dataset = Dataset::new(spec).unwrap();
        let made = dataset.group_size(&dataset.layout().cells()[0], 0);
        assert!(made.abs_diff(size) <= 1, "{name}{pairs}: {made}");
    }
}

fn option<T: std::fmt::Debug + Clone + 'static>(values: &[T]) -> impl Strategy<Value = T> + use<T> {
    proptest::sample::select(values.to_vec())
}

/// Absolute, and of letters that must be escaped.
const CORPUS: &str = if cfg!(windows) { "corpus.path=C:\\tmp\\é\"x" } else { "corpus.path=/tmp/é\"x" };

/// Text of any dataset: each key with one of some values.
fn any_dataset() -> impl Strategy<Value = String> {
    let tree = (any::<u64>(), 0u64..5000, option(&["dirs=7", "files_per_dir=0.7", "fanout=3", "spread=varied"]));
    let contents = (
        option(&["size=5", "size=uniform:1-9", "size=lognormal:0.1,3.25", "size=7*pareto:3KiB,0.3+0.25*0"]),
        option(&["kind=mixed", "kind=c7d8u1m", "kind=zero"]),
        option(&["empty=3.0001", "sparse=1", "near=9,near.edits=suffix,first", "bytes=1PB"]),
    );
    let groups = (
        option(&["duplicates=7.5", "hardlinks=20", "hardlinks=3,hardlinks.groups=7*2+4*2000000000"]),
        option(&["symlinks=9", "symlinks.loops=4,symlinks.root=/a\"b\\c", "permissions.files=7*600+4755"]),
        option(&["permissions.owners=0:0+9*7:8", "permissions.dirs=0", "times.from=1970-01-01", "times.recent=true"]),
        option(&["names.files=a,b\tc,\"", "names.dirs=é", CORPUS]),
    );
    (tree, contents, groups).prop_map(|(t, c, g)| {
        format!("seed={},files={},{},{},{},{},{},{},{},{}", t.0, t.1, t.2, c.0, c.1, c.2, g.0, g.1, g.2, g.3)
    })
}

proptest! {
    #[test]
    fn the_canonical_form_is_read_as_it_is_written(text in any_dataset()) {
        // Some bytes cannot be reached.
        let Ok(spec) = Spec::parse(&text) else { return Ok(()) };
        let canonical = spec.to_toml();
        let read = document(&canonical).unwrap();
        prop_assert_eq!(read.to_toml(), canonical);
        prop_assert_eq!(read.identity(), spec.identity());
        let dirs = read.dirs;
        prop_assert_eq!(spec.dir_count(), read.dir_count());
        prop_assert_eq!(Spec { dirs, ..spec }, read);
    }
}

#[test]
fn presets_are_read_as_they_are_written() {
    for name in presets::NAMES {
        let spec = inline(name);
        assert_eq!(document(&spec.to_toml()).unwrap().identity(), spec.identity(), "{name}");
    }
}

#[test]
fn each_value_changes_the_identity_and_no_spelling_does() {
    let mut seen = std::collections::HashMap::from([(Spec::default().identity(), "")]);
    for text in [
        "seed=1",
        "files=999",
        "dirs=11",
        "bytes=4MB,files=1000",
        "fanout=9",
        "spread=varied",
        "size=4097",
        "size=50*4096+50*4096",
        "kind=text",
        "empty=1",
        "sparse=1",
        "duplicates=1",
        "duplicates.groups=3",
        "hardlinks=1",
        "hardlinks.groups=3",
        "near=1",
        "near.edits=first",
        "symlinks=1",
        "symlinks.relative=2",
        "symlinks.absolute=1",
        "symlinks.dangling=1",
        "symlinks.loops=1",
        "symlinks.root=/x",
        "permissions.files=600",
        "permissions.dirs=700",
        "permissions.owners=0:0",
        "times.from=2015-01-02",
        "times.to=2025-01-02",
        "times.recent=true",
        "names.files=a",
        "names.dirs=a",
        "corpus.path=a",
    ] {
        assert_eq!(seen.insert(inline(text).identity(), text), None, "{text}");
    }
    for (a, b) in [
        ("files=1M,dirs=10k", "files=1000000"),
        ("seed=0x10", "seed=16"),
        ("size=4KiB", "size=4096"),
        ("size=7*64k", "size=65536"),
        ("empty=1.50%", "empty=1.5"),
        ("duplicates.groups=3+2*2", "duplicates.groups=2*2+1*3"),
        ("permissions.dirs=0755", "permissions.dirs=755"),
        ("near.edits=all", "seed=0"),
        ("symlinks.root=/mnt/", "symlinks.root=/mnt"),
        ("kind=c060", "kind=c60"),
    ] {
        assert_eq!(inline(a).identity(), inline(b).identity(), "{a} {b}");
    }
}

#[test]
fn a_corpus_counts_by_its_digest() {
    let with = |path: &str, digit: &str| {
        let sha256 = Some(digit.repeat(64));
        Spec { corpus: Some(CorpusSpec { path: Path::new(path).into(), sha256 }), ..Spec::default() }
    };
    assert_eq!(with("a", "0").identity(), with("b", "0").identity());
    assert_ne!(with("a", "0").identity(), with("a", "1").identity());
    assert_ne!(with("a", "0").identity(), Spec::default().identity());
    let digest = format!("corpus.path = \"x\"\ncorpus.sha256 = \"{}\"", "AB".repeat(32));
    let corpus = document(&digest).unwrap().corpus.unwrap();
    assert!(corpus.path.ends_with("x") && corpus.path.is_absolute(), "beside the document: {}", corpus.path.display());
    assert_eq!(corpus.sha256, Some("ab".repeat(32)));
    let orphan = format!("corpus.sha256 = \"{}\"", "ab".repeat(32));
    refused(&orphan, "line 1, column 17: corpus.sha256: has no corpus.path");
}

#[cfg(unix)]
#[test]
fn a_device_without_end_is_refused() {
    let documents = Documents::new(&[("my.toml", "extends = \"/dev/zero\"")]);
    for text in ["/dev/zero", &documents.path("my.toml")] {
        let error = Spec::parse(text).unwrap_err().to_string();
        assert!(error.contains("/dev/zero: is no dataset file: larger than 16 MiB"), "{error}");
    }
}

#[cfg(unix)]
#[test]
fn the_corpus_of_a_dataset_is_read_and_checked() {
    let words: String = (0..3000).map(|n| format!("word{n} ")).collect();
    let digest = common::content::sha256(words.as_bytes());
    let right = format!("files = 3\ncorpus = {{ path = \"words.txt\", sha256 = \"{digest}\" }}");
    let wrong = format!("files = 3\ncorpus = {{ path = \"words.txt\", sha256 = \"{}\" }}", "0".repeat(64));
    let documents = Documents::new(&[
        ("words.txt", &words),
        ("right.toml", &right),
        ("wrong.toml", &wrong),
        ("missing.toml", "corpus.path = \"none.txt\""),
    ]);
    let manifest = |name: &str, corpus: &[&str]| {
        let dataset = documents.path(name);
        let output = seedfs(&[&["manifest", &dataset], corpus].concat());
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    assert_eq!(manifest("right.toml", &[]), (Some(0), String::new()));
    let (code, message) = manifest("wrong.toml", &[]);
    assert_eq!(code, Some(2));
    assert!(message.contains("words.txt: is another file than the dataset asks for") && message.contains(&digest));
    let words = documents.path("words.txt");
    assert_eq!(manifest("wrong.toml", &["--corpus", &words]), (Some(0), String::new()), "the command line counts");
    let (code, message) = manifest("missing.toml", &[]);
    assert!(code == Some(2) && message.contains("none.txt: ") && message.contains("(os error 2)"), "{message}");
}
