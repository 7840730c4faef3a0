//! The other ways to be called: `seedfs DATASET MOUNTPOINT`, as mount.fuse3 and fstab do, and `mount.seedfs`, as mount(8)
//! does. Both become `seedfs mount …`.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Names under which mount(8) looks for a helper.
const HELPER_NAMES: [&str; 2] = ["mount.seedfs", "mount.fuse.seedfs"];

/// Options of `mount` that take their value from the next argument.
const WITH_VALUE: [&str; 5] = ["-o", "--seed", "--corpus", "--log-file", "--trace"];

/// Puts a command line into the form with a subcommand. `subcommands` are their names; `means_a_mount` tells of a single
/// word whether it is a directory or a dataset.
///
/// # Errors
/// An option that mount(8) may pass and that cannot be honoured; the text says which and what to do.
pub(crate) fn normalise(
    argv: Vec<OsString>,
    subcommands: &[&str],
    means_a_mount: impl Fn(&OsStr) -> bool,
) -> Result<Vec<OsString>, String> {
    let program = argv.first().map(Path::new).and_then(Path::file_name);
    if program.is_some_and(|name| HELPER_NAMES.iter().any(|helper| name == *helper)) {
        return helper_form(argv);
    }
    if is_bare_mount(&argv, subcommands, means_a_mount) {
        let mut argv = argv;
        argv.insert(1, "mount".into());
        return Ok(argv);
    }
    Ok(argv)
}

/// Whether there are words, the first is no subcommand, and they can mean a mount.
fn is_bare_mount(argv: &[OsString], subcommands: &[&str], means_a_mount: impl Fn(&OsStr) -> bool) -> bool {
    let words = words(argv);
    match words.as_slice() {
        [] => false,
        [first, ..] if *first == "help" || subcommands.iter().any(|name| first == name) => false,
        // A mistyped subcommand should be called that, not a missing directory.
        [only] => only.as_bytes().contains(&b'/') || means_a_mount(only),
        _ => true,
    }
}

/// Arguments that are neither options nor their values.
fn words(argv: &[OsString]) -> Vec<&OsStr> {
    let mut words = Vec::new();
    let mut arguments = argv.iter().skip(1);
    while let Some(argument) = arguments.next() {
        if argument == "--" {
            words.extend(arguments.by_ref().map(OsString::as_os_str));
        } else if WITH_VALUE.iter().any(|option| argument == option) {
            arguments.next();
        } else if argument.as_bytes().first() != Some(&b'-') {
            words.push(argument);
        }
    }
    words
}

/// `mount.seedfs DATASET DIR [-sfnv] [-N namespace] [-t type] [-o options]`: the letters mean what mount(8) says.
fn helper_form(argv: Vec<OsString>) -> Result<Vec<OsString>, String> {
    let mut arguments = argv.into_iter();
    let mut out: Vec<OsString> = arguments.next().into_iter().collect();
    out.push("mount".into());
    let mut words = Vec::new();
    while let Some(argument) = arguments.next() {
        let bytes = argument.as_bytes();
        match bytes {
            b"--" => words.extend(arguments.by_ref()),
            b"--help" | b"--version" | b"-h" | b"-V" => out.push(argument),
            [b'-', letters @ ..] if !letters.is_empty() => {
                helper_letters(&argument, letters, &mut arguments, &mut out)?;
            }
            _ => words.push(argument),
        }
    }
    out.push("--".into());
    out.extend(words);
    Ok(out)
}

fn helper_letters(
    argument: &OsStr,
    letters: &[u8],
    arguments: &mut impl Iterator<Item = OsString>,
    out: &mut Vec<OsString>,
) -> Result<(), String> {
    for (i, letter) in letters.iter().enumerate() {
        match letter {
            b's' => out.push("--sloppy".into()),
            b'f' => out.push("--fake".into()),
            b'v' => out.push("-v".into()),
            // "Do not write /etc/mtab": nobody does any more.
            b'n' => {}
            b'o' | b't' | b'N' => {
                let attached = &letters[i + 1..];
                let value = if attached.is_empty() {
                    arguments.next().ok_or_else(|| format!("-{}: needs a value", *letter as char))?
                } else {
                    OsStr::from_bytes(attached).to_owned()
                };
                match letter {
                    b'o' => out.extend(["-o".into(), value]),
                    // The type is known.
                    b't' => {}
                    _ => return Err("-N: not supported; run mount inside the namespace, with nsenter".to_owned()),
                }
                return Ok(());
            }
            _ => return Err(format!("{}: unknown option; see mount.seedfs --help", argument.display())),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(line: &str) -> Result<String, String> {
        let argv = line.split_whitespace().map(OsString::from).collect();
        let argv = normalise(argv, &["mount", "umount", "ls"], |name| name == "here")?;
        Ok(argv.iter().map(|a| a.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn table() {
        for (given, expected) in [
            ("seedfs", "seedfs"),
            ("seedfs --help", "seedfs --help"),
            ("seedfs -V", "seedfs -V"),
            ("seedfs ls demo", "seedfs ls demo"),
            ("seedfs help mount", "seedfs help mount"),
            ("seedfs -v ls demo", "seedfs -v ls demo"),
            ("seedfs lss", "seedfs lss"),
            ("seedfs here", "seedfs mount here"),
            ("seedfs /mnt", "seedfs mount /mnt"),
            ("seedfs demo /mnt -o rw,dev,suid", "seedfs mount demo /mnt -o rw,dev,suid"),
            ("seedfs -f -o ro demo /mnt", "seedfs mount -f -o ro demo /mnt"),
            ("seedfs -o ls /mnt", "seedfs mount -o ls /mnt"),
            ("seedfs -- demo ls", "seedfs mount -- demo ls"),
            ("/sbin/mount.seedfs demo /mnt", "/sbin/mount.seedfs mount -- demo /mnt"),
            ("mount.seedfs ls /mnt -sfnv -o ro", "mount.seedfs mount --sloppy --fake -v -o ro -- ls /mnt"),
            ("mount.fuse.seedfs a b -t fuse.seedfs -oro -o x", "mount.fuse.seedfs mount -o ro -o x -- a b"),
            ("mount.seedfs --help", "mount.seedfs mount --help --"),
        ] {
            assert_eq!(run(given).as_deref(), Ok(expected), "{given}");
        }
    }

    #[test]
    fn what_a_helper_cannot_do_is_named() {
        assert!(run("mount.seedfs a b -N /proc/1/ns/mnt").unwrap_err().starts_with("-N: "));
        assert!(run("mount.seedfs a b -q").unwrap_err().starts_with("-q: "));
        assert!(run("mount.seedfs a b -o").unwrap_err().starts_with("-o: "));
    }

    proptest::proptest! {
        #[test]
        fn never_panics_and_keeps_the_program(words: Vec<String>) {
            let argv: Vec<OsString> = words.iter().map(OsString::from).collect();
            if let Ok(out) = normalise(argv.clone(), &["ls"], |_| false) {
                proptest::prop_assert_eq!(out.first(), argv.first());
            }
        }
    }
}
