//! The example that uploads a file works, for empty files and for such as fill no buffer evenly.

#[allow(dead_code, reason = "its main is not called here")]
#[path = "../examples/upload.rs"]
mod upload;

use seedfs::content::SyntheticFile;

#[test]
fn what_is_uploaded_arrives() {
    for name in ["s1-0", "s1-1", "s42-3MiB", "s7-1000003-text", "s9-2500001-c60d25", "s5-777777-classic"] {
        let (sent, received) = upload::upload(SyntheticFile::open(name).unwrap()).unwrap();
        assert_eq!(sent, received, "{name}");
    }
}

/// So that the digest itself is not only compared with itself.
#[test]
fn the_digest_is_that_of_the_generated_bytes() {
    let (sent, _) = upload::upload(SyntheticFile::open("s42-0").unwrap()).unwrap();
    assert_eq!(sent, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}
