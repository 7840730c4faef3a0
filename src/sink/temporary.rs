//! Names that files have until they are whole, and the names that they will get.

/// Longest part at the end of a name that makes it temporary, its dot or dash included.
const MOST_SUFFIX: usize = 24;

/// Letters that rsync and mktemp(3) put behind a dot.
const RANDOM: usize = 6;

/// The names that a file with this temporary name may be given, the likelier first; none for other names. Such names
/// begin with a dot (`.NAME.XXXXXX` of rsync, `.NAME.tmp123`), end in `~` or in a short part behind a dot or a dash
/// (`NAME.tmp`, `NAME.part`, `NAME.restic-temp-12`, `NAME-1a2b3c`).
pub(super) fn final_names(name: &[u8]) -> Vec<&[u8]> {
    let mut names: Vec<&[u8]> = Vec::new();
    let bare = name.strip_prefix(b".").or(name.strip_prefix(b"~")).or(name.strip_prefix(b"#"));
    if let Some(bare) = bare {
        // rsync's pattern first: its letters may look like an extension.
        if let Some((head, tail)) = split(bare, b".")
            && tail.len() == RANDOM
        {
            names.push(head);
        }
    }
    for start in [bare, Some(name)].into_iter().flatten() {
        let mut rest = start;
        for _ in 0..3 {
            let shorter =
                rest.strip_suffix(b"~").or(rest.strip_suffix(b"#")).or(split(rest, b".-_~").map(|(head, _)| head));
            let Some(head) = shorter else { break };
            names.push(head);
            rest = head;
        }
        if start.len() < name.len() {
            names.push(start);
        }
    }
    names.retain(|candidate| !candidate.is_empty());
    names
}

/// What stands before and behind the last of these separators, if that is short.
fn split<'a>(name: &'a [u8], separators: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let at = name.iter().rposition(|byte| separators.contains(byte))?;
    (name.len() - at <= MOST_SUFFIX).then(|| (&name[..at], &name[at + 1..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn temporary_names_lead_to_the_name_that_was_meant() {
        for (temporary, name) in [
            (".photo_s7-3M.jpg.Ax3f0Q", "photo_s7-3M.jpg"),
            (".s7-3M.Ax3f0Q", "s7-3M"),
            ("s7-3M.txt.tmp", "s7-3M.txt"),
            ("s7-3M.txt.part", "s7-3M.txt"),
            ("s7-3M.txt~", "s7-3M.txt"),
            ("~s7-3M.txt", "s7-3M.txt"),
            (".s7-3M.txt.tmp123.4", "s7-3M.txt"),
            ("s7-3M.txt-1a2b3c", "s7-3M.txt"),
        ] {
            let names = final_names(temporary.as_bytes());
            assert!(names.contains(&name.as_bytes()), "{temporary}");
        }
        assert_eq!(final_names(b".s7-3M.Ax3f0Q")[0], b"s7-3M");
    }

    #[test]
    fn few_names_are_tried_whatever_a_name_looks_like() {
        for name in ["", ".", "..", "~", "a", "-", "._.-._.-~~~##", &"-".repeat(255)] {
            assert!(final_names(name.as_bytes()).len() <= 9, "{name}");
            assert!(final_names(name.as_bytes()).iter().all(|candidate| !candidate.is_empty()));
        }
    }
}
