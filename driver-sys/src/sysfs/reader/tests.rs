use std::fs;
use std::path::Path;

use super::*;
use crate::sysfs::{Root, Secret};

fn tree(files: &[(&str, &[u8])]) -> (tempfile::TempDir, Root) {
    let dir = tempfile::tempdir().expect("a directory");
    for (name, contents) in files {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap_or(Path::new("/"))).expect("a directory");
        fs::write(path, contents).expect("a file");
    }
    let root = Root::open(dir.path()).expect("a tree");
    (dir, root)
}

#[test]
fn one_newline_is_removed_and_padding_after_nul_too() {
    let (_dir, root) = tree(&[
        ("o/a", b"LINK UP\n"),
        ("o/b", b"x\n\n"),
        ("o/c", b"name\0\0\0\n"),
        ("o/d", b""),
    ]);
    let mut reader = Reader::new();
    assert_eq!(reader.text(root.at("o"), "a"), Ok("LINK UP"));
    assert_eq!(reader.text(root.at("o"), "b"), Ok("x\n"));
    assert_eq!(reader.text(root.at("o"), "c"), Ok("name"));
    assert_eq!(reader.text(root.at("o"), "d"), Ok(""));
}

#[test]
fn a_page_is_read_and_one_byte_more_is_refused() {
    let (_dir, root) = tree(&[("o/page", &[b'x'; ATTR_MAX]), ("o/more", &[b'x'; ATTR_MAX + 1])]);
    let mut reader = Reader::new();
    assert_eq!(reader.text(root.at("o"), "page").map(str::len), Ok(ATTR_MAX));
    assert_eq!(reader.text(root.at("o"), "more"), Err(Fault::Oversized));
}

#[test]
fn endless_and_silent_files_do_not_hold_the_reader() {
    let (dir, root) = tree(&[("o/a", b"1")]);
    std::os::unix::fs::symlink("/dev/zero", dir.path().join("o/zero")).expect("a link");
    nix::unistd::mkfifo(&dir.path().join("o/fifo"), Mode::S_IRWXU).expect("a fifo");
    let mut reader = Reader::new();
    assert_eq!(reader.text(root.at("o"), "zero"), Err(Fault::Oversized));
    assert_eq!(reader.text(root.at("o"), "fifo"), Ok(""));
    assert!(matches!(
        reader.text(root.at(""), "o"),
        Err(Fault::Io(Errno::EISDIR))
    ));
}

#[test]
fn bytes_that_are_no_text_are_told() {
    let (_dir, root) = tree(&[("o/a", b"\xff\xfe\n")]);
    let error = Reader::new()
        .must::<String>(root.at("o"), "a")
        .expect_err("not text");
    assert_eq!(error.fault, Fault::NotUtf8);
    assert!(error.path.ends_with("/o/a"), "{}", error.path);
}

#[test]
fn a_missing_name_differs_from_a_vanished_object() {
    let (_dir, root) = tree(&[("o/a", b"1")]);
    let mut reader = Reader::new();
    assert_eq!(
        reader.must::<u32>(root.at("o"), "b").expect_err("missing").fault,
        Fault::Missing
    );
    assert_eq!(
        reader.must::<u32>(root.at("p"), "a").expect_err("vanished").fault,
        Fault::Vanished
    );
    assert_eq!(reader.may::<u32>(root.at("o"), "b"), Ok(None));
    assert!(reader.take_problems().is_empty());
}

#[test]
fn optional_nonsense_is_none_and_remarked_mandatory_nonsense_fails() {
    let (_dir, root) = tree(&[("o/a", b"sometimes\n"), ("o/b", b"0\n"), ("o/unset", b"(null)\n")]);
    let mut reader = Reader::new();
    assert_eq!(reader.may::<bool>(root.at("o"), "b"), Ok(Some(false)));
    assert_eq!(reader.may::<String>(root.at("o"), "unset"), Ok(None));
    assert_eq!(reader.may::<bool>(root.at("o"), "a"), Ok(None));
    let problems = reader.take_problems();
    assert_eq!(problems.len(), 1);
    assert!(
        problems[0]
            .to_string()
            .ends_with("/o/a: expected 0 or 1, found \"sometimes\""),
        "{}",
        problems[0]
    );
    assert!(reader.must::<bool>(root.at("o"), "a").is_err());
    assert!(reader.take_problems().is_empty());
}

#[test]
fn remarks_are_bounded() {
    let mut reader = Reader::new();
    for _ in 0..PROBLEMS_MAX * 2 {
        reader.remark(Error::new("x", Fault::NotUtf8));
    }
    assert_eq!(reader.take_problems().len(), PROBLEMS_MAX);
}

#[test]
fn a_secret_leaves_no_copy_in_the_buffer_and_none_in_debug() {
    let (_dir, root) = tree(&[("o/password", b"s3cretS3cret1\n")]);
    let mut reader = Reader::new();
    let secret = reader.must::<Secret>(root.at("o"), "password").expect("readable");
    assert_eq!(secret.expose(), b"s3cretS3cret1");
    assert!(reader.buf.iter().all(|byte| *byte == 0));
    assert_eq!(
        format!("{secret:?} {:?}", Some(&secret)),
        "[redacted] Some([redacted])"
    );
}
