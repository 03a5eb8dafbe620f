use std::fs;
use std::sync::Mutex;

use super::*;

#[test]
fn natural_order_counts() {
    let mut names = vec!["host10", "host9", "host1", "ep-2", "host09x", "a"];
    names.sort_by(|a, b| natural(a, b));
    assert_eq!(names, ["a", "ep-2", "host1", "host9", "host09x", "host10"]);
}

#[test]
fn a_missing_tree_and_a_file_in_its_place_are_told_by_path() {
    let dir = tempfile::tempdir().expect("a directory");
    let missing = dir.path().join("sys");
    let error = Root::open(&missing).expect_err("nothing there");
    assert_eq!(error.fault, Fault::Missing);
    assert!(
        error.to_string().starts_with(&*missing.to_string_lossy()),
        "{error}"
    );
    fs::write(&missing, "").expect("a file");
    assert_eq!(Root::open(&missing).expect_err("a file").fault, Fault::Missing);
}

#[test]
fn class_of_an_unloaded_module_is_absent_and_no_error() {
    let dir = tempfile::tempdir().expect("a directory");
    let root = Root::open(dir.path()).expect("a tree");
    assert!(
        root.dir_if_present("class/iscsi_host")
            .expect("no error")
            .is_none()
    );
    assert_eq!(
        root.dir("class/iscsi_host").expect_err("missing").fault,
        Fault::Missing
    );
}

#[test]
fn names_are_listed_twice_alike_and_in_numeric_order() {
    let dir = tempfile::tempdir().expect("a directory");
    for name in ["host10", "host2", "power"] {
        fs::create_dir(dir.path().join(name)).expect("a directory");
    }
    let root = Root::open(dir.path()).expect("a tree");
    for _ in 0..2 {
        assert_eq!(root.top().names().expect("names"), ["host2", "host10", "power"]);
    }
    assert_eq!(root.top().names_with("host").expect("names"), ["host2", "host10"]);
}

#[test]
fn writes_reach_the_file_and_refuse_to_create_one() {
    let dir = tempfile::tempdir().expect("a directory");
    fs::write(dir.path().join("recovery_tmo"), "120\n").expect("a file");
    let root = Root::open(dir.path()).expect("a tree");
    root.write("recovery_tmo", b"060").expect("a write");
    assert_eq!(
        fs::read(dir.path().join("recovery_tmo")).expect("a read"),
        b"060\n"
    );
    assert_eq!(
        root.write("nothing", b"1").expect_err("missing").fault,
        Fault::Missing
    );
    assert!(!dir.path().join("nothing").exists());
}

#[test]
fn writes_of_a_tree_with_a_store_go_there_and_bring_its_errno_back() {
    struct Refuser(Mutex<Vec<(String, Vec<u8>)>>);
    impl Store for std::sync::Arc<Refuser> {
        fn store(&self, path: &str, value: &[u8]) -> Result<(), Errno> {
            self.0
                .lock()
                .expect("unpoisoned")
                .push((path.to_owned(), value.to_vec()));
            if value == b"1" { Ok(()) } else { Err(Errno::EBUSY) }
        }
    }
    let dir = tempfile::tempdir().expect("a directory");
    let store = std::sync::Arc::new(Refuser(Mutex::default()));
    let root = Root::open(dir.path())
        .expect("a tree")
        .with_store(Box::new(std::sync::Arc::clone(&store)));
    root.write("class/x/a", b"1").expect("taken");
    let error = root.write("class/x/a", b"2").expect_err("refused");
    assert_eq!(error.fault, Fault::Refused(Errno::EBUSY));
    assert_eq!(store.0.lock().expect("unpoisoned").len(), 2);
}
