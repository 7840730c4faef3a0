//! The canonical form of a dataset, and the identity that is made from it.

use std::fmt::Write;

use sha2::{Digest, Sha256};

use super::keys::groups_text;
use super::{Spec, TypeSpec};
use crate::FORMAT_VERSION;
use crate::dataset::shape::Spread;
use crate::units::civil_day;

impl Spec {
    /// The whole spec as a TOML document that reads back as the same values: every key, in one order and one spelling.
    pub fn to_toml(&self) -> String {
        let mut out = String::new();
        // Writing to a String cannot fail.
        let _ = self.write_toml(&mut out, true);
        out
    }

    /// What tells datasets apart: SHA-256 of the canonical form without the path of a corpus, in hexadecimal. Equal
    /// identities mean equal trees, and equal bytes where the digest of the corpus is known: without one, all corpora
    /// but the built-in one count as the same.
    pub fn identity(&self) -> String {
        let mut text = String::new();
        let _ = self.write_toml(&mut text, false);
        let digest = Sha256::digest(text.as_bytes());
        digest.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn write_toml(&self, out: &mut String, with_path: bool) -> std::fmt::Result {
        // TOML integers end at 2^63-1, so the seed is a string.
        writeln!(
            out,
            "format = {FORMAT_VERSION}\nseed = \"{}\"\nfiles = {}\ndirs = {}",
            self.seed,
            self.files,
            self.dir_count()
        )?;
        if let Some(bytes) = self.bytes {
            writeln!(out, "bytes = {bytes}")?;
        }
        let spread = match self.spread {
            Spread::Even => "even",
            Spread::Varied => "varied",
        };
        writeln!(out, "fanout = {}\nspread = \"{spread}\"\nsize = \"{}\"", self.fanout, self.size)?;
        writeln!(out, "empty = \"{}\"\nsparse = \"{}\"", self.empty, self.sparse)?;
        if !self.cases.is_empty() {
            writeln!(out, "cases = \"{}\"", self.cases)?;
        }
        for (name, groups) in [("duplicates", &self.duplicates), ("hardlinks", &self.hardlinks)] {
            writeln!(out, "\n[{name}]\nshare = \"{}\"\ngroups = \"{}\"", groups.share, groups_text(groups))?;
        }
        let edits: Vec<String> = self.near.edits.iter().map(|edit| quoted(edit.name())).collect();
        writeln!(out, "\n[near]\nshare = \"{}\"\nedits = [{}]", self.near.share, edits.join(", "))?;
        let l = &self.symlinks;
        writeln!(out, "\n[symlinks]\nshare = \"{}\"\nrelative = {}\nabsolute = {}", l.share, l.relative, l.absolute)?;
        writeln!(out, "dangling = {}\nloops = {}\nroot = {}", l.dangling, l.loops, quoted(&l.root))?;
        let p = &self.permissions;
        let files: Vec<String> = p.files.iter().map(|(mode, weight)| format!("{weight}*{mode:o}")).collect();
        let owners: Vec<String> = p.owners.iter().map(|((u, g), weight)| format!("{weight}*{u}:{g}")).collect();
        writeln!(out, "\n[permissions]\nfiles = \"{}\"\ndirs = \"{:o}\"", files.join("+"), p.dirs)?;
        writeln!(out, "owners = \"{}\"", owners.join("+"))?;
        let (from, to) = (civil_day(self.times.from / 86_400), civil_day(self.times.to / 86_400));
        writeln!(out, "\n[times]\nfrom = \"{from}\"\nto = \"{to}\"\nrecent = {}", self.times.recent)?;
        writeln!(
            out,
            "\n[names]\nfiles = {}\ndirs = {}",
            quoted_list(&self.names.files),
            quoted_list(&self.names.dirs)
        )?;
        self.write_churn(out)?;
        if let Some(corpus) = &self.corpus {
            writeln!(out, "\n[corpus]")?;
            if with_path {
                writeln!(out, "path = {}", quoted(&corpus.path.to_string_lossy()))?;
            }
            corpus.sha256.iter().try_for_each(|digest| writeln!(out, "sha256 = \"{digest}\""))?;
        }
        self.types.iter().try_for_each(|row| write_type(out, row))
    }
}

impl Spec {
    fn write_churn(&self, out: &mut String) -> std::fmt::Result {
        let churn = &self.churn;
        writeln!(out, "\n[churn]\nevery = {}", churn.every)?;
        for (name, share) in [
            ("created", churn.created),
            ("deleted", churn.deleted),
            ("renamed", churn.renamed),
            ("moved", churn.moved),
            ("modified", churn.modified),
            ("again", churn.again),
            ("replaced", churn.replaced),
            ("touched", churn.touched),
            ("chmod", churn.chmod),
        ] {
            writeln!(out, "{name} = \"{share}\"")?;
        }
        let edits: Vec<String> =
            churn.edits.iter().map(|(profile, weight)| format!("{weight}*{}", profile.name())).collect();
        writeln!(out, "rotate = {}\nedits = \"{}\"", churn.rotate, edits.join("+"))
    }
}

fn write_type(out: &mut String, row: &TypeSpec) -> std::fmt::Result {
    let ext = row.ext.as_deref().unwrap_or_default();
    write!(out, "\n[[types]]\next = \"{ext}\"\nkind = \"{}\"\nweight = {}\n", row.kind, row.weight)?;
    row.size.iter().try_for_each(|size| writeln!(out, "size = \"{size}\""))
}

/// A basic string of TOML.
fn quoted(text: &str) -> String {
    let mut out = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04X}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

fn quoted_list(words: &[String]) -> String {
    let words: Vec<String> = words.iter().map(|word| quoted(word)).collect();
    format!("[{}]", words.join(", "))
}
