//! Labels for SELinux go to the kernel as they were given, directly and through fusermount3; where SELinux runs, files
//! have them.
#![cfg(target_os = "linux")]

mod common;

use std::path::Path;
use std::process::Command;

use common::mount::{Point, is_mounted, outcome, seedfs, unmount};
use common::run::{SEEDFS, have};

/// With a comma in it, as categories have.
const LABEL: &str = "system_u:object_r:removable_t:s0:c1,c2";

#[test]
fn to_the_kernel() {
    if let Some(reason) = common::no_fuse() {
        skip!("{reason}");
    }
    if !common::is_root() {
        skip!("only root mounts directly");
    }
    if !have(&["strace"]) {
        return;
    }
    let (point, dir) = (Point::new(), tempfile::tempdir().unwrap());
    let trace = dir.path().join("trace");
    let mut command = Command::new("strace");
    command.args(["-f", "-s", "1000", "-e", "trace=mount", "-o"]).arg(&trace).arg(SEEDFS);
    command.args(["mount", "-o", &format!("context=\"{LABEL}\""), "demo"]).arg(point.path());
    let (code, said) = outcome(&command.output().unwrap());
    let trace = std::fs::read_to_string(trace).unwrap();
    let call = trace.lines().find(|line| line.contains("mount(\"demo\"")).unwrap_or_else(|| panic!("{trace}"));
    assert!(call.contains(&format!(r#",context=\"{LABEL}\""#)), "{call}");
    if Path::new("/sys/fs/selinux/enforce").exists() && code == Some(0) {
        assert_eq!(label(&point.path().join("s1-1")), LABEL);
        assert!(unmount(point.path()));
    } else {
        assert_eq!(code, Some(11), "{said}");
        assert!(said.contains("context= needs a running SELinux that knows the label"), "{said}");
        assert!(!is_mounted(point.path()));
        println!("SELinux does not run here: no file has a label");
    }
}

fn label(path: &Path) -> String {
    let (path, mut bytes) = (common::c_path(path), vec![0u8; 256]);
    // SAFETY: both names end in NUL, the buffer has the length stated.
    let n = unsafe { libc::getxattr(path.as_ptr(), c"security.selinux".as_ptr(), bytes.as_mut_ptr().cast(), 256) };
    bytes.truncate(n.try_into().expect("a label"));
    String::from_utf8(bytes).unwrap().trim_end_matches('\0').to_owned()
}

#[test]
fn to_the_helper() {
    if let Some(reason) = common::no_fuse() {
        skip!("{reason}");
    }
    if !common::is_root() {
        skip!("ordinary users need allow_other for auto_unmount, and consent for that");
    }
    // A helper that writes down what it is asked for, and refuses.
    let (point, dir) = (Point::new(), tempfile::tempdir().unwrap());
    let helper = dir.path().join("fusermount3");
    std::fs::write(&helper, "#!/bin/sh\nprintf '%s\\n' \"$@\" > \"$0.asked\"\necho refused >&2\nexit 1\n").unwrap();
    std::fs::set_permissions(&helper, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let options = format!("auto_unmount,context=\"{LABEL}\"");
    let mut command = seedfs();
    command.args(["mount", "-o", &options, "demo"]).arg(point.path());
    let path = std::env::join_paths([dir.path().to_owned(), "/usr/bin".into(), "/bin".into()]).unwrap();
    let (code, said) = outcome(&command.env("PATH", path).output().unwrap());
    assert_eq!((code, said.as_str()), (Some(11), "seedfs: cannot mount: refused\n"));
    let asked = std::fs::read_to_string(dir.path().join("fusermount3.asked")).unwrap();
    assert!(asked.contains(&format!(",context={}", LABEL.replace(',', "\\,"))), "{asked}");
}
