//! The options behind `-o`: what is taken, what it means, what is refused and how.
// Those of FUSE.
#![cfg(unix)]

use seedfs::fuse::ReadDirPlus;
use seedfs::mount::{Access, MountOptions};
use seedfs::storage::{Asked, Disk};

fn parse(texts: &[&str]) -> Result<MountOptions, String> {
    let mut options = MountOptions::default();
    for text in texts {
        options.apply(text, false).map_err(|error| error.to_string())?;
    }
    Ok(options)
}

#[test]
fn what_fstab_and_mount_say_is_passed_over() {
    let silent = "rw,auto,noauto,user,nouser,users,_netdev,nofail,defaults,x-systemd.automount,x-gvfs-show,x-a=b,\
        X-mount.mkdir=0755,ro,relatime,async,user=joe,,default_permissions";
    assert_eq!(parse(&[silent, ""]).unwrap(), MountOptions::default());
}

#[test]
fn defaults_are_careful() {
    let options = MountOptions::default();
    assert!(!options.dev && !options.suid && options.exec && !options.atime && options.xattr);
    assert_eq!((options.access, options.subtype.as_str()), (Access::Owner, "seedfs"));
    assert_eq!((options.umask, options.fmask, options.dmask), (0, None, None));
}

#[test]
fn the_last_of_contradicting_options_counts() {
    let options = parse(&["nodev,dev,suid,nosuid", "exec,noexec,noatime,atime"]).unwrap();
    assert!(options.dev && !options.suid && !options.exec && options.atime);
    // What mount.fuse3 appends.
    let options = parse(&["ro,noexec", "rw,dev,suid"]).unwrap();
    assert!(options.dev && options.suid && !options.exec);
    assert_eq!(parse(&["allow_other,allow_root"]).unwrap().access, Access::OwnerAndRoot);
}

#[test]
fn values() {
    let options = parse(&[
        "uid=1000,gid=0,umask=022,fmask=0133,dmask=0,seed=0xfF,corpus=words.txt,listed_only",
        "log_file=/var/log/seedfs.log,direct_io,readdirplus=always,noxattr,threads=3,fsname=my data,subtype=x-1",
        "auto_unmount,allow_other,context=system_u:object_r:removable_t:s0",
    ])
    .unwrap();
    assert_eq!((options.uid, options.gid), (Some(1000), Some(0)));
    assert_eq!((options.umask, options.fmask, options.dmask), (0o22, Some(0o133), Some(0)));
    assert_eq!((options.seed, options.threads), (Some(255), Some(3)));
    assert_eq!(options.corpus.as_deref(), Some("words.txt".as_ref()));
    assert_eq!(options.log_file.as_deref(), Some("/var/log/seedfs.log".as_ref()));
    assert!(options.listed_only && options.direct_io && !options.xattr && options.auto_unmount);
    assert_eq!((options.readdirplus, options.access), (ReadDirPlus::Always, Access::Everybody));
    assert_eq!((options.fsname.as_deref(), options.subtype.as_str()), (Some("my data"), "x-1"));
    assert_eq!(options.contexts, [("context".to_owned(), "system_u:object_r:removable_t:s0".to_owned())]);
}

#[test]
fn a_device_and_its_faults() {
    let options = parse(&["disk=hdd,latency=8ms,jitter=0,bandwidth=150M", "iops=1k,fault=eio:0.1\\,seed=7"]).unwrap();
    let asked = Asked {
        disk: Some(Disk::Hdd),
        latency: Some(8_000_000),
        jitter: Some(0),
        bandwidth: std::num::NonZeroU64::new(150 << 20),
        iops: std::num::NonZeroU64::new(1000),
    };
    assert_eq!((options.storage, options.faults), (asked, Some("eio:0.1,seed=7".parse().unwrap())));
    assert_eq!(parse(&["latency=8ms,latency=9ms"]).unwrap().storage.latency, Some(9_000_000));
}

#[test]
fn nothing_is_prefetched_where_somebody_observes_unless_asked_for() {
    let ahead = |text: &str| parse(&[text]).unwrap().prefetch_bytes();
    assert!(ahead("ro") > 0);
    for text in ["observe", "trace=x"] {
        assert_eq!(ahead(text), 0);
        assert_eq!(ahead(&format!("prefetch=2MiB,{text}")), 2 << 20);
        assert!(parse(&[text]).unwrap().observes());
    }
    assert_eq!(parse(&["trace=a/b.trace"]).unwrap().trace.as_deref(), Some("a/b.trace".as_ref()));
    assert!(parse(&["trace="]).is_err() && parse(&["trace"]).is_err() && parse(&["observe=1"]).is_err());
}

#[test]
fn commas_inside_values() {
    assert_eq!(parse(&["fsname=files=1M\\,size=4k,noexec"]).unwrap().fsname.as_deref(), Some("files=1M,size=4k"));
    assert_eq!(parse(&["fsname=a\\\\b"]).unwrap().fsname.as_deref(), Some("a\\b"));
    let options = parse(&["context=\"u:r:t:s0:c1,c2\",noexec"]).unwrap();
    assert_eq!(options.contexts[0].1, "u:r:t:s0:c1,c2");
    assert!(!options.exec);
}

#[test]
fn refusals_name_the_option() {
    for (text, message) in [
        ("foo", "-o foo: unknown option; see seedfs mount --help"),
        ("ro,foo=1,bar", "-o foo=1: unknown option; see seedfs mount --help"),
        ("remount", "-o remount: a mount cannot be changed; unmount it and mount it again"),
        ("uid=joe", "-o uid=joe: not a number from 0 to 4294967294; id -u NAME prints one"),
        ("umask", "-o umask: needs a value, as in option=value"),
        ("readdirplus=maybe", "-o readdirplus=maybe: must be always, auto or never"),
    ] {
        assert_eq!(parse(&[text]).unwrap_err(), message);
    }
}

#[test]
fn unusable_values_are_refused() {
    for text in [
        "uid=4294967295",
        "gid=-1",
        "uid=",
        "umask=8",
        "umask=+7",
        "umask=10000",
        "umask=",
        "seed=",
        "seed=-1",
        "seed=18446744073709551616",
        "seed=0x",
        "threads=0",
        "threads=65",
        "fsname=",
        "fsname=a\nb",
        "subtype=a\\,b",
        "subtype=",
        "context=a\"b",
        "context=",
        "corpus=",
        "log_file=",
        "disk=",
        "disk=HDD",
        "latency=0s",
        "latency=8",
        "jitter=-1s",
        "bandwidth=0",
        "bandwidth=fast",
        "iops=0",
        "iops=1e3",
        "fault=",
        "fault=eio:2",
        "fault=hang:0.1",
        "noexec=1",
        "remount=1",
    ] {
        assert!(parse(&[text]).is_err(), "{text}");
    }
}

#[test]
fn sloppy_passes_over_the_unknown_but_not_the_wrong() {
    let mut options = MountOptions::default();
    options.apply("foo,noexec,bar=1", true).unwrap();
    assert!(!options.exec);
    assert!(options.apply("uid=joe", true).is_err());
    assert!(options.apply("remount", true).is_err());
}

proptest::proptest! {
    #[test]
    fn never_panics(text: String, sloppy: bool) {
        let _ = MountOptions::default().apply(&text, sloppy);
    }

    #[test]
    fn never_panics_on_near_misses(text in "((uid|umask|seed|context|fsname|threads|x-)=?[0-9a-f\"\\\\,=]{0,9},?){0,4}") {
        let _ = MountOptions::default().apply(&text, false);
    }

    #[test]
    fn an_escaped_value_arrives_whole(value in "[ -~]{1,60}") {
        let escaped: String = value.chars().flat_map(|c| ['\\', c]).collect();
        let options = parse(&[&format!("noexec,fsname={escaped},atime")]).unwrap();
        proptest::prop_assert_eq!(options.fsname, Some(value));
        proptest::prop_assert!(options.atime && !options.exec);
    }
}

#[test]
fn a_value_too_many_or_too_few_is_called_that() {
    for flag in
        ["observe", "direct_io", "listed_only", "snapshots", "noxattr", "auto_unmount", "nodev", "ro", "lazytime"]
    {
        parse(&[flag]).unwrap();
        assert_eq!(parse(&[&format!("{flag}=1")]).unwrap_err(), format!("-o {flag}=1: takes no value"));
    }
    let refused = |text: &str| parse(&[text]).unwrap_err();
    for option in [
        "uid",
        "gid",
        "umask",
        "fmask",
        "dmask",
        "seed",
        "generation",
        "damage",
        "corpus",
        "log_file",
        "disk",
        "latency",
        "jitter",
        "bandwidth",
        "iops",
        "fault",
        "prefetch",
        "trace",
        "readdirplus",
        "threads",
        "fsname",
        "subtype",
        "context",
        "fscontext",
        "defcontext",
        "rootcontext",
    ] {
        assert_eq!(refused(option), format!("-o {option}: needs a value, as in option=value"));
        // It is one, which another value than none would suit.
        assert!(!refused(&format!("{option}=")).contains("unknown"), "{option}");
    }
    for unknown in ["observed=1", "observed", "=1", "="] {
        assert_eq!(refused(unknown), format!("-o {unknown}: unknown option; see seedfs mount --help"));
    }
    assert!(refused("remount=1").contains("a mount cannot be changed"));
}
