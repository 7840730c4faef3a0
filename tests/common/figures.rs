//! Figures of a generated tree, each counted from the listing alone.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::convert::Infallible;

use seedfs::dataset::layout::LinkKind;
use seedfs::dataset::{Dataset, Entry, File, Listed, Spec};
use seedfs::{Kind, Recipe};

/// A figure's name, its target, and by how much it may differ.
pub type Row<'a> = (&'a str, f64, f64);

/// What share of its bytes a good compressor leaves of a kind. Text is between 3:1 in blocks of 4 KiB and 4.7:1 in large
/// files.
fn kept(kind: Kind) -> f64 {
    match kind {
        Kind::Random | Kind::Stamp => 1.0,
        Kind::Text => 0.25,
        Kind::Zero => 0.0,
        Kind::Classic | Kind::Chunks => 0.3,
        Kind::Mixed(mixed) => 1.0 - f64::from(mixed.compress()) / 100.0,
    }
}

/// All figures of one tree.
#[derive(Default)]
pub struct Figures {
    values: BTreeMap<String, f64>,
    extensions: HashMap<String, u64>,
    modes: HashMap<u16, u64>,
    ages: Vec<f64>,
}

/// What is counted on the way through a listing.
#[derive(Default)]
struct Count {
    names: u64,
    links: HashMap<LinkKind, u64>,
    inodes: HashSet<u64>,
    sizes: Vec<u64>,
    recipes: HashMap<Recipe, u64>,
    edits: HashMap<u32, u64>,
    hard_links: u64,
    kept: f64,
    incompressible: u64,
    repeated: f64,
    holes: u64,
    twins: u64,
    kinds: HashSet<Kind>,
    stems: HashSet<String>,
    depths: Vec<usize>,
    longest: usize,
    files_in: HashMap<Vec<u8>, u64>,
    subfolders_in: HashMap<Vec<u8>, u64>,
}

impl Count {
    fn folder(&mut self, path: &[u8]) {
        *self.subfolders_in.entry(parent(path)).or_default() += 1;
        self.files_in.entry(path.to_vec()).or_default();
        self.longest = self.longest.max(path.len());
    }

    fn entry(&mut self, listed: &Listed<'_>, path: &[u8], figures: &mut Figures) {
        self.names += 1;
        self.longest = self.longest.max(path.len());
        self.depths.push(1 + path.iter().filter(|&&b| b == b'/').count());
        *self.files_in.entry(parent(path)).or_default() += 1;
        match listed {
            Listed::Symlink(link) => *self.links.entry(link.kind).or_default() += 1,
            Listed::File(file) if self.inodes.insert(file.inode) => self.file(file, path, figures),
            Listed::File(_) => self.hard_links += 1,
        }
    }

    fn file(&mut self, file: &File<'_>, path: &[u8], figures: &mut Figures) {
        let (size, kind) = (file.size, file.recipe.kind);
        self.sizes.push(size);
        self.kept += size as f64 * kept(kind);
        if kept(kind) > 0.9 {
            self.incompressible += size;
        }
        match kind {
            Kind::Mixed(mixed) if mixed.compress() == 100 => self.twins += 1,
            Kind::Mixed(mixed) => self.repeated += size as f64 * f64::from(mixed.dedupe()) / 100.0,
            Kind::Zero => self.holes += size,
            _ => {}
        }
        if size > 0 {
            *self.recipes.entry(file.recipe).or_default() += 1;
        }
        if file.recipe.edition != 0 {
            *self.edits.entry(file.recipe.edition).or_default() += 1;
        }
        self.kinds.insert(kind);
        if !self.stems.contains(file.stem) {
            self.stems.insert(file.stem.to_owned());
        }
        let name = path.rsplit(|&b| b == b'/').next().unwrap_or_default();
        let extension = name.iter().rposition(|&b| b == b'.').map_or(&b""[..], |dot| &name[dot + 1..]);
        *figures.extensions.entry(String::from_utf8_lossy(extension).into_owned()).or_default() += 1;
        *figures.modes.entry(file.mode).or_default() += 1;
        figures.ages.push(file.mtime as f64);
    }
}

fn parent(path: &[u8]) -> Vec<u8> {
    path.iter().rposition(|&b| b == b'/').map_or(Vec::new(), |slash| path[..slash].to_vec())
}

/// Extensions that count as one group, as studies of collections group them.
const GROUPS: [(&str, &[&str]); 5] = [
    ("without extension %", &[""]),
    ("images %", &["jpg", "png", "gif", "svg", "raw", "heic"]),
    ("development %", &["c", "h", "py", "js", "rs", "go", "java", "sh", "o", "html", "css", "xml", "json", "toml"]),
    ("audio %", &["mp3", "wav"]),
    ("text %", &["txt", "md", "log"]),
];

impl Figures {
    /// Those of a tree, whose listing is walked once.
    pub fn of(dataset: &Dataset) -> Self {
        let (mut figures, mut count) = (Self::default(), Count::default());
        count.files_in.insert(Vec::new(), 0);
        let Ok(()) = dataset.walk(0..u64::MAX, |entry, path| {
            match entry {
                Entry::Folder(_) => count.folder(path),
                Entry::Listed(_, listed) => count.entry(&listed, path, &mut figures),
            }
            Ok::<(), Infallible>(())
        });
        figures.sizes(&mut count);
        figures.tree(&count);
        figures.shares(&count);
        figures
    }

    fn set(&mut self, name: &str, value: impl Into<f64>) {
        self.values.insert(name.into(), value.into());
    }

    fn sizes(&mut self, count: &mut Count) {
        count.sizes.sort_unstable();
        let sizes = &count.sizes;
        let total = sizes.iter().map(|&size| size as f64).sum::<f64>();
        let logs: Vec<f64> = sizes.iter().filter(|&&size| size > 0).map(|&size| (size as f64).ln()).collect();
        let mean = logs.iter().sum::<f64>() / logs.len() as f64;
        let variance = logs.iter().map(|log| (log - mean).powi(2)).sum::<f64>() / logs.len() as f64;
        let large = sizes.iter().filter(|&&size| size > 30_000_000).map(|&size| size as f64).sum::<f64>();
        self.set("bytes", total);
        self.set("log mean of sizes", mean);
        self.set("log deviation of sizes", variance.sqrt());
        self.set("median size", sizes[sizes.len() / 2] as f64);
        self.set("smallest size", sizes[0] as f64);
        self.set("largest size", sizes[sizes.len() - 1] as f64);
        self.set("bytes in files over 30 MB %", 100.0 * large / total);
        self.set("compression", total / count.kept);
        self.set("incompressible bytes %", 100.0 * count.incompressible as f64 / total);
        self.set("repeated blocks %", 100.0 * count.repeated / total);
        self.set("holes %", 100.0 * count.holes as f64 / total);
    }

    fn tree(&mut self, count: &Count) {
        // The root among them.
        let folders = count.files_in.len() as f64;
        let without = count.files_in.values().filter(|&&files| files == 0).count() as f64;
        self.set("folders", folders - 1.0);
        self.set("files per folder", count.names as f64 / folders);
        self.set("folders without files %", 100.0 * without / folders);
        self.set("subfolders per folder that has any", (folders - 1.0) / count.subfolders_in.len() as f64);
        self.set("mean depth", count.depths.iter().sum::<usize>() as f64 / count.depths.len() as f64);
        self.set("largest depth", count.depths.iter().max().map_or(0.0, |&depth| depth as f64));
        self.set("longest path", count.longest as f64);
    }

    fn shares(&mut self, count: &Count) {
        let names = count.names as f64;
        let groups: Vec<u64> = count.recipes.values().copied().filter(|&files| files > 1).collect();
        let in_groups = groups.iter().sum::<u64>() as f64;
        let links: u64 = count.links.values().sum();
        let files = count.sizes.len() as f64;
        let empty = count.sizes.iter().filter(|&&size| size == 0).count();
        self.set("names", names);
        self.set("empty files %", 100.0 * empty as f64 / names);
        self.set("duplicates %", 100.0 * (in_groups - groups.len() as f64) / names);
        self.set("files per group of duplicates", in_groups / groups.len() as f64);
        self.set("near-duplicates %", 100.0 * count.edits.values().sum::<u64>() as f64 / names);
        self.set("edits", count.edits.len() as f64);
        self.set("hard links %", 100.0 * count.hard_links as f64 / names);
        self.set("sparse twins %", 100.0 * count.twins as f64 / names);
        self.set("symlinks %", 100.0 * links as f64 / names);
        for (name, kind) in [
            ("relative links %", LinkKind::Relative),
            ("absolute links %", LinkKind::Absolute),
            ("dangling links %", LinkKind::Dangling),
            ("loops %", LinkKind::Loop),
        ] {
            self.set(name, 100.0 * count.links.get(&kind).copied().unwrap_or(0) as f64 / names);
        }
        self.set("kinds", count.kinds.len() as f64);
        self.set("words in names", count.stems.len() as f64);
        for (name, extensions) in GROUPS {
            let of_group: u64 = extensions.iter().filter_map(|ext| self.extensions.get(*ext)).sum();
            self.set(name, 100.0 * of_group as f64 / files);
        }
    }

    /// Checks what holds for any dataset: types, modes and times come in the proportions that its spec asks for.
    #[track_caller]
    pub fn check_own_proportions(mut self, name: &str, spec: &Spec) {
        let files = self.ages.len() as f64;
        let mut rows = Vec::new();
        let weights: f64 = spec.types.iter().map(|row| f64::from(row.weight)).sum();
        let mut wanted: BTreeMap<&str, f64> = BTreeMap::new();
        for row in &spec.types {
            *wanted.entry(row.ext.as_deref().unwrap_or("")).or_default() += f64::from(row.weight) / weights;
        }
        // Exact within each section; the groups of the smaller ones cannot be divided.
        for (ext, share) in wanted {
            let of_ext = self.extensions.get(ext).copied().unwrap_or(0) as f64;
            rows.push((format!("files .{ext} %"), 100.0 * of_ext / files, 100.0 * share, 1.0 + 100.0 / files));
        }
        let modes: f64 = spec.permissions.files.iter().map(|&(_, weight)| f64::from(weight)).sum();
        for &(mode, weight) in &spec.permissions.files {
            let p = f64::from(weight) / modes;
            // Four standard deviations of independent draws.
            let noise = 400.0 * (p * (1.0 - p) / files).sqrt();
            let of_mode = self.modes.get(&mode).copied().unwrap_or(0) as f64;
            rows.push((format!("mode {mode:o} %"), 100.0 * of_mode / files, 100.0 * p, noise));
        }
        self.ages.sort_by(f64::total_cmp);
        let span = (spec.times.to - spec.times.from) as f64;
        let age = |time: f64| 100.0 * (spec.times.to as f64 - time) / span;
        let median = age(self.ages[self.ages.len() / 2]);
        // Of uniform draws, or of their squares; four standard deviations of a median.
        let (target, slope) = if spec.times.recent { (25.0, 100.0) } else { (50.0, 100.0) };
        rows.push(("median age, of the span of times %".into(), median, target, slope * 2.0 / files.sqrt()));
        rows.push(("youngest, of the span %".into(), age(self.ages[self.ages.len() - 1]), 1.0, 1.0));
        rows.push(("oldest, of the span %".into(), age(self.ages[0]), 90.0, 10.0));
        for (row, measured, ..) in &rows {
            self.set(row, *measured);
        }
        let table: Vec<Row<'_>> = rows.iter().map(|(row, _, target, by)| (row.as_str(), *target, *by)).collect();
        check(name, &self, &table);
    }
}

/// Fails with the whole table if a figure misses its target.
#[track_caller]
pub fn check(what: &str, figures: &Figures, table: &[Row<'_>]) {
    let mut missed = 0;
    let mut text = format!("{what}: figure, target, tolerance, measured\n");
    for &(name, target, tolerance) in table {
        let measured = figures.values.get(name).copied().unwrap_or(f64::NAN);
        let met = (measured - target).abs() <= tolerance;
        missed += usize::from(!met);
        let mark = if met { ' ' } else { '!' };
        text += &format!("{mark} {name:<40} {target:>14.3} {tolerance:>14.3} {measured:>14.3}\n");
    }
    println!("{text}");
    assert_eq!(missed, 0, "figures that miss their targets are marked\n{text}");
}
