use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use super::*;

fn lab() -> (tempfile::TempDir, Dir) {
    let scratch = tempfile::tempdir().expect("a directory");
    fs::create_dir_all(scratch.path().join("tree/a/b")).expect("directories");
    fs::write(scratch.path().join("tree/a/b/file"), "inside").expect("a file");
    fs::write(scratch.path().join("outside"), "outside").expect("a file");
    let dir = Dir::open(&scratch.path().join("tree")).expect("the tree");
    (scratch, dir)
}

fn text(found: Option<Found>) -> String {
    let mut found = found.expect("a file");
    let mut text = String::new();
    std::io::Read::read_to_string(&mut found.file, &mut text).expect("text");
    assert_eq!(found.length, text.len() as u64);
    text
}

#[test]
fn links_are_followed_as_far_as_they_stay_below_the_directory() {
    let (scratch, dir) = lab();
    let at = |name: &str| scratch.path().join("tree").join(name);
    for (name, to) in [
        ("within", "a/b"),
        ("a/up", "../a/b/file"),
        ("out", "../outside"),
        ("a/out", "../../outside"),
        ("round", "round"),
    ] {
        symlink(to, at(name)).expect(name);
    }
    symlink(scratch.path().join("tree/a"), at("absolute")).expect("a link");
    assert_eq!(text(dir.file_beneath("within/file").expect("inside")), "inside");
    assert_eq!(text(dir.file_beneath("a/up").expect("inside")), "inside");
    assert!(dir.beneath("within").expect("inside").is_some());
    for out in [
        "out",
        "a/out",
        "absolute/b/file",
        "round",
        "../outside",
        "/etc/passwd",
        "a/b/../../../outside",
    ] {
        let error = dir.file_beneath(out).expect_err(out);
        assert!(matches!(error.why(), Why::Outside), "{out}: {error}");
        assert!(dir.beneath(out).is_err(), "{out}");
    }
    // Where the kernel has no such call no link is followed at all.
    for (path, found) in [
        ("a/b/file", true),
        ("within/file", false),
        ("a/up", false),
        ("../outside", false),
    ] {
        let opened = dir.step_by_step(Path::new(path), OFlags::RDONLY | OFlags::CLOEXEC);
        assert_eq!(opened.is_ok(), found, "{path}");
    }
}

#[test]
fn what_is_missing_or_of_another_kind_is_told() {
    let (scratch, dir) = lab();
    for missing in ["b", "a/c/file", "a/b/file/more"] {
        assert!(dir.file_beneath(missing).expect(missing).is_none());
        assert_eq!(dir.kind_beneath(missing).expect(missing), None);
    }
    assert!(dir.beneath("b").expect("missing").is_none());
    assert!(matches!(
        dir.beneath("a/b/file").expect_err("a file").why(),
        Why::Kind(..)
    ));
    assert!(matches!(
        dir.file_beneath("a").expect_err("a directory").why(),
        Why::Kind(Kind::Directory, _)
    ));
    let socket =
        std::os::unix::net::UnixListener::bind(scratch.path().join("tree/socket")).expect("a socket");
    assert!(matches!(
        dir.file_beneath("socket").expect_err("a socket").why(),
        Why::Kind(Kind::Socket, _)
    ));
    drop(socket);
    symlink("nowhere", scratch.path().join("tree/link")).expect("a link");
    assert_eq!(dir.kind_beneath("link").expect("a link"), Some(Kind::Link));
    assert_eq!(
        dir.beneath("a")
            .expect("there")
            .expect("there")
            .into_names()
            .expect("names"),
        ["b"]
    );
}

#[test]
fn a_file_is_staged_elsewhere_and_replaces_whole() {
    let (_scratch, dir) = lab();
    let (staging, made) = dir.make_child("staging").expect("made");
    assert!(made && !dir.make_child("staging").expect("there").1);
    assert_eq!(staging.mode().expect("mode"), 0o700);
    // What a killed one left is in nobody's way, whatever it is.
    fs::create_dir_all(staging.path().join("staged/more")).expect("litter");
    let there = dir.beneath("a/b").expect("there").expect("there");
    there.replace_from(&staging, "file", b"new").expect("replaced");
    assert_eq!(text(dir.file_beneath("a/b/file").expect("there")), "new");
    let mode = fs::metadata(there.path().join("file"))
        .expect("there")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    // Something that cannot be replaced stays, and nothing is left.
    fs::create_dir_all(there.path().join("full/x")).expect("directories");
    assert!(there.replace_from(&staging, "full", b"new").is_err());
    assert!(staging.names().expect("names").is_empty());
    staging.stage("one", b"1").expect("staged");
    staging.move_to("one", &there, "two").expect("moved");
    assert_eq!(text(dir.file_beneath("a/b/two").expect("there")), "1");
}

#[test]
fn a_name_is_given_once_and_links_and_empty_directories_go() {
    let (_scratch, dir) = lab();
    dir.stage("from", b"1").expect("staged");
    dir.rename_new("from", "to").expect("free");
    dir.stage("from", b"2").expect("staged");
    assert!(matches!(
        dir.rename_new("from", "to").expect_err("taken").why(),
        Why::Exists
    ));
    assert_eq!(text(dir.file_beneath("to").expect("there")), "1");
    dir.make_link("link", Path::new("/no/where")).expect("a link");
    assert!(matches!(
        dir.make_link("link", Path::new("x")).expect_err("taken").why(),
        Why::Exists
    ));
    assert_eq!(dir.read_link("link").expect("a link"), Some("/no/where".into()));
    assert_eq!(dir.read_link("none").expect("nothing"), None);
    assert!(matches!(
        dir.read_link("to").expect_err("a file").why(),
        Why::Kind(..)
    ));
    let a = dir.beneath("a").expect("there").expect("there");
    assert!(!a.remove_empty("b").expect("not empty") && !a.remove_empty("none").expect("nothing"));
    a.beneath("b")
        .expect("there")
        .expect("there")
        .remove("file")
        .expect("removed");
    assert!(a.remove_empty("b").expect("empty"));
    for bad in ["", ".", "..", "a/b", "/"] {
        assert!(
            dir.make_child(bad).is_err() && dir.make_link(bad, Path::new("x")).is_err(),
            "{bad:?}"
        );
        assert!(
            dir.remove_empty(bad).is_err() && dir.stage(bad, b"").is_err(),
            "{bad:?}"
        );
    }
}
