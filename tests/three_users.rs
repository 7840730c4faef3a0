//! Who may use a mount: root, the one who mounted it, and somebody else, with each of the options that say so, before
//! and after the kernel has everything in its caches.
//!
//! Users 1 and 2 stand for all others: every system has a name for them, which fusermount3 asks for.
#![cfg(target_os = "linux")]

mod common;

use std::collections::BTreeMap;

use common::run::text;
use common::users::{OPEN_DEVICE, in_a_world_of_its_own};

/// Asks as each user for the totals, a listing, an unlisted name, and bytes. The mounter asks first: what is in the
/// kernel's caches then must not open doors.
const ASK: &str = r#"
    ask() {
        setpriv --reuid "$1" --regid "$1" --clear-groups sh -c '
            cd / && stat "$DIR/mnt" && ls -l "$DIR/mnt" && ls -l "$DIR/mnt/s1-5" && cat "$DIR/mnt/s1-5" && cat "$DIR/mnt"/*.txt
        ' > /dev/null 2>"$DIR/said" && echo yes || { grep -q "Permission denied" "$DIR/said" && echo no || cat "$DIR/said"; }
    }
    try() {
        mounter=$1 option=$2
        chown "$mounter:$mounter" "$DIR/mnt"
        setpriv --reuid "$mounter" --regid "$mounter" --clear-groups "$DIR/seedfs" mount -o "$option" files=50,kind=text,dirs=0 "$DIR/mnt"
        for user in "$mounter" 0 1 2; do
            echo "$mounter $option $user $(ask $user)"
        done
        umount "$DIR/mnt"
    }
"#;

/// Runs lines of `try MOUNTER OPTION` and returns what each user was told, by mounter, option and user.
fn answers(tries: &str) -> Option<BTreeMap<String, String>> {
    let consent = "touch \"$DIR/said\"; chmod 666 \"$DIR/said\"; echo user_allow_other > \"$DIR/conf\"; mount --bind \"$DIR/conf\" /etc/fuse.conf";
    let output = in_a_world_of_its_own(&format!("set -e; {OPEN_DEVICE}; {consent}\n{ASK}\n{tries}"))?;
    let printed = text(&output);
    assert!(output.status.success(), "{printed}\n{}", String::from_utf8_lossy(&output.stderr));
    let rows = printed.lines().map(|line| line.rsplit_once(' ').unwrap_or_else(|| panic!("{printed}")));
    Some(rows.map(|(question, answer)| (question.to_owned(), answer.to_owned())).collect())
}

fn expect(tries: &str, rows: &[(&str, &str, [&str; 3])]) {
    let Some(answers) = answers(tries) else { return };
    for (mounter, option, expected) in rows {
        let found = ["0", "1", "2"].map(|user| answers[&format!("{mounter} {option} {user}")].as_str());
        assert_eq!(found, *expected, "mounted by {mounter} with {option}: users 0, 1, 2");
    }
    assert_eq!(answers.len(), rows.len() * 3);
}

#[test]
fn an_ordinary_user_decides_who_else_may() {
    expect(
        "try 1 ro; try 1 allow_root; try 1 allow_other",
        &[
            ("1", "ro", ["no", "yes", "no"]),
            ("1", "allow_root", ["yes", "yes", "no"]),
            ("1", "allow_other", ["yes", "yes", "yes"]),
        ],
    );
}

#[test]
fn root_decides_who_else_may() {
    expect(
        "try 0 ro; try 0 allow_root; try 0 allow_other",
        &[
            ("0", "ro", ["yes", "no", "no"]),
            ("0", "allow_root", ["yes", "no", "no"]),
            ("0", "allow_other", ["yes", "yes", "yes"]),
        ],
    );
}

/// Where everybody may use the mount, owners and permissions count as anywhere else.
#[test]
fn permissions_count_where_everybody_may() {
    expect(
        "try 0 allow_other,umask=077; try 0 allow_other,umask=077,uid=2; try 0 allow_other,umask=027,uid=0,gid=1; \
         try 1 allow_other,dmask=066",
        &[
            ("0", "allow_other,umask=077", ["yes", "no", "no"]),
            ("0", "allow_other,umask=077,uid=2", ["yes", "no", "yes"]),
            ("0", "allow_other,umask=027,uid=0,gid=1", ["yes", "yes", "no"]),
            // Names can be opened by those who know them, but not listed.
            ("1", "allow_other,dmask=066", ["yes", "yes", "no"]),
        ],
    );
}

#[test]
fn a_sink_is_as_closed_as_a_mount() {
    let tries = r#"
        for option in allow_root allow_other; do
            chown 1:1 "$DIR/mnt"
            setpriv --reuid 1 --regid 1 --clear-groups sh -c '
                "$DIR/seedfs" sink -o '$option' "$DIR/mnt" && "$DIR/seedfs" cat s1-5 > "$DIR/mnt/s1-5" && cat "$DIR/mnt/s1-5" > "$DIR/copy"'
            for user in 0 1 2; do
                setpriv --reuid $user --regid $user --clear-groups cat "$DIR/mnt/s1-5" > /dev/null 2>&1 && echo 1 $option $user yes || echo 1 $option $user no
            done
            umount "$DIR/mnt"
        done"#;
    let tries = format!("touch \"$DIR/copy\"; chmod 666 \"$DIR/copy\"; {tries}");
    expect(&tries, &[("1", "allow_root", ["yes", "yes", "no"]), ("1", "allow_other", ["yes", "yes", "yes"])]);
}
