//! Folders that others read, and what they must not be.

use std::fs;
use std::io::Read;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::path::Path;

use crate::{Dir, Why};

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().mode() & 0o7777
}

fn names(dir: &Dir) -> Vec<String> {
    let all = dir.names().unwrap();
    all.iter().map(|name| name.to_str().unwrap().to_owned()).collect()
}

#[test]
fn a_readable_directory_is_open_to_readers_and_closed_to_writers() {
    let t = tempfile::tempdir().unwrap();
    let dir = Dir::readable(&t.path().join("a")).unwrap();
    assert_eq!(mode(dir.path()), 0o755);
    let sub = dir.readable_subdir("b").unwrap();
    assert_eq!(mode(sub.path()), 0o755);
    sub.replace_as("file", b"x", 0o644).unwrap();
    assert_eq!(mode(&sub.path().join("file")), 0o644);
    fs::set_permissions(sub.path(), fs::Permissions::from_mode(0o777)).unwrap();
    let error = dir.readable_subdir("b").unwrap_err();
    assert!(matches!(error.why(), Why::Writable(0o777)), "{error}");
    let error = dir.trusted_subdir("b").unwrap_err();
    assert!(matches!(error.why(), Why::Writable(0o777)), "{error}");
}

#[test]
fn a_folder_is_replaced_whole_and_taken_away_whole() {
    let t = tempfile::tempdir().unwrap();
    let dir = Dir::private(t.path()).unwrap();
    dir.replace_folder("one", &[("owner", b"a\n"), ("since", b"1\n")])
        .unwrap();
    assert_eq!(mode(&t.path().join("one")), 0o755);
    assert_eq!(mode(&t.path().join("one/owner")), 0o644);
    // Whoever has it open goes on reading what it was, or finds it gone.
    let before = dir.trusted_subdir("one").unwrap().unwrap();
    dir.replace_folder("one", &[("owner", b"b\n")]).unwrap();
    assert!(before.open_trusted("owner").unwrap().is_none());
    let now = dir.trusted_subdir("one").unwrap().unwrap();
    assert_eq!(names(&now), ["owner"]);
    let mut text = String::new();
    now.open_trusted("owner")
        .unwrap()
        .unwrap()
        .read_to_string(&mut text)
        .unwrap();
    assert_eq!(text, "b\n");
    assert!(dir.remove_folder("one").unwrap());
    assert!(!dir.remove_folder("one").unwrap());
    assert!(names(&dir).is_empty());
}

#[test]
fn what_a_killed_writer_of_a_folder_left_goes_and_what_others_left_stays() {
    let t = tempfile::tempdir().unwrap();
    let dir = Dir::private(t.path()).unwrap();
    fs::create_dir_all(t.path().join(".one.new-0123456789abcdef/x")).unwrap();
    fs::create_dir_all(t.path().join(".one.new-0123456789abcdeg")).unwrap();
    fs::create_dir_all(t.path().join("one.new-0123456789abcdef")).unwrap();
    let held = t.path().join(".two.new-00000000deadbeef");
    fs::create_dir(&held).unwrap();
    let lock = fs::File::open(&held).unwrap();
    lock.try_lock().unwrap();
    dir.sweep_folders().unwrap();
    let left = [
        ".one.new-0123456789abcdeg",
        ".two.new-00000000deadbeef",
        "one.new-0123456789abcdef",
    ];
    assert_eq!(names(&dir), left);
}

#[test]
fn a_folder_does_not_take_the_place_of_a_file_or_a_link() {
    let t = tempfile::tempdir().unwrap();
    let dir = Dir::private(t.path()).unwrap();
    fs::write(t.path().join("file"), "x").unwrap();
    symlink("/etc", t.path().join("link")).unwrap();
    for name in ["file", "link"] {
        let error = dir.replace_folder(name, &[("a", b"")]).unwrap_err();
        assert!(matches!(error.why(), Why::Kind(..)), "{error}");
        assert!(dir.trusted_subdir(name).is_err());
    }
    assert_eq!(names(&dir), ["file", "link"]);
    assert!(dir.trusted_subdir("none").unwrap().is_none());
    assert!(Dir::trusted_if_there(&t.path().join("none")).unwrap().is_none());
    let error = Dir::trusted_if_there(&t.path().join("link")).unwrap_err();
    assert!(matches!(error.why(), Why::Link), "{error}");
}

#[test]
fn what_belongs_to_somebody_else_is_not_trusted() {
    let t = tempfile::tempdir().unwrap();
    let dir = Dir::private(t.path()).unwrap();
    fs::create_dir(t.path().join("sub")).unwrap();
    fs::write(t.path().join("file"), "x").unwrap();
    if rustix::process::geteuid().is_root() {
        chown(t.path().join("sub"), Some(65534), None).unwrap();
        chown(t.path().join("file"), Some(65534), None).unwrap();
        let error = dir.trusted_subdir("sub").unwrap_err();
        assert!(matches!(error.why(), Why::Owner(65534)), "{error}");
        let error = dir.open_trusted("file").unwrap_err();
        assert!(matches!(error.why(), Why::Owner(65534)), "{error}");
    } else {
        // What is the superuser's is.
        assert!(Dir::trusted_if_there(Path::new("/etc")).unwrap().is_some());
    }
    fs::write(t.path().join("open"), "x").unwrap();
    fs::set_permissions(t.path().join("open"), fs::Permissions::from_mode(0o666)).unwrap();
    let error = dir.open_trusted("open").unwrap_err();
    assert!(matches!(error.why(), Why::Writable(0o666)), "{error}");
}
