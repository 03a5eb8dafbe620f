//! What a reader of the directory may rely on.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::*;

fn tree() -> (tempfile::TempDir, Tree) {
    let dir = tempfile::tempdir().expect("temporary directory");
    let tree = Tree::create(dir.path()).expect("tree");
    (dir, tree)
}

const HOST: &str = "devices/pci0000:00/0000:00:05.1/host0";

#[test]
fn links_read_as_the_kernel_writes_them() {
    let conn = format!("{HOST}/session1/connection1:0/iscsi_connection/connection1:0");
    for (link, target, text) in [
        (
            format!("{HOST}/iscsi_host/host0/device"),
            HOST.to_owned(),
            "../../../host0",
        ),
        (
            format!("{HOST}/iscsi_host/host0/subsystem"),
            "class/iscsi_host".into(),
            "../../../../../../class/iscsi_host",
        ),
        (
            format!("{HOST}/subsystem"),
            "bus/scsi".into(),
            "../../../../bus/scsi",
        ),
        (
            format!("{conn}/device"),
            format!("{HOST}/session1/connection1:0"),
            "../../../connection1:0",
        ),
        (
            format!("{HOST}/x/generic"),
            format!("{HOST}/x/scsi_generic/sg0"),
            "scsi_generic/sg0",
        ),
        (
            "class/iscsi_host/host0".into(),
            format!("{HOST}/iscsi_host/host0"),
            "../../devices/pci0000:00/0000:00:05.1/host0/iscsi_host/host0",
        ),
    ] {
        assert_eq!(relative_link(&link, &target), text, "{link}");
    }
}

#[test]
fn an_object_appears_with_modes_links_and_a_uevent() {
    let (dir, mut tree) = tree();
    tree.dir("class/iscsi_host").expect("class");
    tree.add(
        Object::class(format!("{HOST}/iscsi_host/host0"), "iscsi_host", Some(HOST))
            .ro("port_state", "LINK UP")
            .wo("scan"),
    )
    .expect("add");
    let at = dir.path().join("sys/class/iscsi_host/host0");
    assert_eq!(
        fs::read_to_string(at.join("port_state")).expect("read"),
        "LINK UP\n"
    );
    assert_eq!(
        fs::metadata(at.join("scan")).expect("stat").permissions().mode() & 0o777,
        0o200
    );
    assert!(at.join("power").is_dir());
    let events = tree.take_uevents();
    assert_eq!(events.len(), 1);
    let text = String::from_utf8(events[0].bytes.clone()).expect("text");
    assert!(
        text.starts_with(&format!(
            "add@/{HOST}/iscsi_host/host0\0ACTION=add\0DEVPATH=/{HOST}/"
        )),
        "{text:?}"
    );
    assert!(text.contains("SUBSYSTEM=iscsi_host\0"));
}

#[test]
fn removing_a_parent_removes_children_first_and_their_links() {
    let (dir, mut tree) = tree();
    tree.dir("class/iscsi_session").expect("class");
    let session = format!("{HOST}/session1");
    tree.add(Object::bare(&*session)).expect("session");
    tree.add(Object::class(
        format!("{session}/iscsi_session/session1"),
        "iscsi_session",
        Some(&session),
    ))
    .expect("class");
    tree.take_uevents();
    tree.remove(&session).expect("remove");
    assert!(!dir.path().join("sys").join(&session).exists());
    assert!(dir.path().join("sys/class/iscsi_session").is_dir());
    assert!(fs::symlink_metadata(dir.path().join("sys/class/iscsi_session/session1")).is_err());
    let events: Vec<_> = tree
        .take_uevents()
        .into_iter()
        .map(|e| (e.action, e.devpath))
        .collect();
    assert_eq!(events, [("remove", format!("/{session}/iscsi_session/session1"))]);
    assert!(tree.resolve(&format!("{session}/uevent")).is_none());
}

#[test]
fn removing_an_object_leaves_neighbours_whose_names_begin_like_its_own() {
    let (dir, mut tree) = tree();
    let (gone, kept) = (format!("{HOST}/session1"), ["0", "-x", "1", " y"]);
    tree.add(Object::bare(&*gone).ro("state", "a")).expect("session");
    for more in kept {
        tree.add(Object::bare(format!("{gone}{more}")).ro("state", "b"))
            .expect("neighbour");
    }
    tree.remove(&gone).expect("remove");
    assert!(tree.resolve(&format!("{gone}/state")).is_none());
    assert!(!tree.contains(&gone));
    for more in kept {
        assert!(tree.contains(&format!("{gone}{more}")));
        assert!(tree.resolve(&format!("{gone}{more}/state")).is_some(), "{more:?}");
        assert!(
            dir.path()
                .join("sys")
                .join(format!("{gone}{more}/state"))
                .exists()
        );
    }
}

#[test]
fn attributes_that_read_the_same_are_one_file_and_change_alone() {
    use std::os::unix::fs::MetadataExt;
    let (dir, mut tree) = tree();
    for n in 0..4 {
        tree.add(
            Object::bare(format!("{HOST}/session{n}"))
                .ro("erl", "0")
                .ro("password", "hunter2hunter2"),
        )
        .expect("session");
    }
    let at = |n: u32, name: &str| dir.path().join(format!("sys/{HOST}/session{n}/{name}"));
    let inode = |n, name| fs::metadata(at(n, name)).expect("stat").ino();
    assert_eq!(inode(2, "erl"), inode(3, "erl"));
    assert_ne!(inode(2, "password"), inode(3, "password"));
    tree.set(&format!("{HOST}/session3/erl"), "1\n").expect("set");
    tree.remove(&format!("{HOST}/session1")).expect("remove");
    for (n, text) in [(0, "0\n"), (2, "0\n"), (3, "1\n")] {
        assert_eq!(fs::read_to_string(at(n, "erl")).expect("read"), text);
        let mode = fs::metadata(at(n, "erl")).expect("stat").permissions().mode();
        assert_eq!(mode & 0o777, 0o444);
    }
}

#[test]
fn files_of_contents_that_nobody_shows_any_more_go() {
    let (dir, mut tree) = tree();
    for n in 0..2000 {
        let (a, b) = (format!("{HOST}/session{n}a"), format!("{HOST}/session{n}b"));
        for path in [&a, &b] {
            let object = Object::bare(path.clone())
                .ro("erl", "0")
                .ro("port", n.to_string());
            tree.add(object).expect("session");
        }
        if n > 0 {
            tree.remove(&a).expect("remove");
            tree.remove(&b).expect("remove");
        }
    }
    let files = fs::read_dir(dir.path().join(".aside/shared"))
        .expect("shared")
        .count();
    assert!(files < 300, "{files} files for two sessions");
    let at = dir.path().join(format!("sys/{HOST}/session0a/port"));
    assert_eq!(fs::read_to_string(at).expect("read"), "0\n");
}

#[test]
fn a_secret_is_its_owners_alone_from_the_first_instant() {
    let (dir, mut tree) = tree();
    let object = Object::bare(format!("{HOST}/session1")).ro_all(
        [("password", "hunter2hunter2".to_owned()), ("erl", "0".to_owned())],
        &["password"],
    );
    tree.add(object).expect("session");
    let mode = |name: &str| {
        let path = dir.path().join(format!("sys/{HOST}/session1/{name}"));
        fs::metadata(path).expect("stat").permissions().mode() & 0o777
    };
    assert_eq!((mode("password"), mode("erl")), (0o400, 0o444));
    tree.set(&format!("{HOST}/session1/password"), "hunter3hunter3\n")
        .expect("set");
    assert_eq!(mode("password"), 0o400);
}

#[test]
fn glue_directories_vanish_with_their_last_object() {
    let (dir, mut tree) = tree();
    tree.add(Object::bare(HOST)).expect("host");
    tree.add(Object::class(
        format!("{HOST}/iscsi_iface/ipv4-iface-0-0"),
        "iscsi_iface",
        Some(HOST),
    ))
    .expect("iface");
    tree.remove(&format!("{HOST}/iscsi_iface/ipv4-iface-0-0"))
        .expect("remove");
    assert!(!dir.path().join("sys").join(HOST).join("iscsi_iface").exists());
    assert!(dir.path().join("sys").join(HOST).is_dir());
}

#[test]
fn a_write_path_is_followed_through_class_links_but_never_out_of_the_tree() {
    let (_dir, mut tree) = tree();
    tree.add(Object::bare(HOST)).expect("host");
    tree.add(Object::class(format!("{HOST}/scsi_host/host0"), "scsi_host", Some(HOST)).wo("scan"))
        .expect("scsi_host");
    let (path, attr) = tree.resolve("class/scsi_host/host0/scan").expect("resolves");
    assert_eq!(path, format!("{HOST}/scsi_host/host0/scan"));
    assert!(attr.writable);
    assert!(
        tree.resolve("class/scsi_host/host0/device/scsi_host/host0/scan")
            .is_some()
    );
    assert!(tree.resolve("class/../class/scsi_host/host0/scan").is_none());
    assert!(tree.resolve("").is_none());
}

#[test]
fn an_unchanged_attribute_is_not_rewritten() {
    let (_dir, mut tree) = tree();
    tree.add(
        Object::class(format!("{HOST}/iscsi_host/host0"), "iscsi_host", None).ro("port_state", "LINK UP"),
    )
    .expect("add");
    let attr = format!("{HOST}/iscsi_host/host0/port_state");
    assert!(!tree.set(&attr, "LINK UP\n").expect("same"));
    assert!(tree.set(&attr, "LINK DOWN\n").expect("new"));
    assert!(tree.set(&format!("{HOST}/nothing"), "x").is_err());
}

#[test]
fn a_secret_does_not_reach_debug_output() {
    let object = Object::plain("x").ro("password", "hunter2hunter2");
    assert!(!format!("{object:?}").contains("hunter2"));
}

#[test]
fn an_attribute_that_refuses_is_refused_to_everybody_and_keeps_its_mode() {
    let (dir, mut tree) = tree();
    tree.dir("class/scsi_host").expect("class");
    tree.add(
        Object::class(format!("{HOST}/scsi_host/host0"), "scsi_host", None)
            .refused("phy_port_cnt", 0o444)
            .raw("blacklist", 0o444, Vec::new()),
    )
    .expect("host");
    let at = dir.path().join("sys").join(HOST).join("scsi_host/host0");
    let error = fs::read(at.join("phy_port_cnt")).expect_err("refused");
    assert_eq!(error.raw_os_error(), Some(nix::libc::ENXIO));
    let mode = fs::metadata(at.join("phy_port_cnt"))
        .expect("metadata")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o444);
    assert_eq!(fs::read(at.join("blacklist")).expect("empty"), b"");
}

#[test]
fn an_object_that_cannot_be_shown_leaves_nothing_and_comes_later() {
    let (dir, mut tree) = tree();
    tree.dir("class/iscsi_host").expect("class");
    let object = || {
        Object::class(format!("{HOST}/iscsi_host/host0"), "iscsi_host", None)
            .ro("hwaddress", "00:c0:dd:00:00:01")
            // Cannot be made: a file is in the way.
            .linked_from("class/blocked/host0")
    };
    let blocked = dir.path().join("sys/class/blocked");
    fs::write(&blocked, "").expect("a file in the way");
    let at = dir.path().join("sys").join(HOST).join("iscsi_host/host0");
    let link = dir.path().join("sys/class/iscsi_host/host0");
    tree.add(object()).expect_err("blocked");
    assert!(
        !at.exists()
            && link.symlink_metadata().is_err()
            && !tree.contains(&format!("{HOST}/iscsi_host/host0"))
    );
    tree.add_soon(object()).expect_err("not now");
    let child = Object::bare(format!("{HOST}/iscsi_host/host0/child")).ro("x", "1");
    tree.add_soon(child).expect("waits for its parent without trying");
    tree.set(&format!("{HOST}/iscsi_host/host0/hwaddress"), "other\n")
        .expect("set before it is shown");
    assert!(tree.take_uevents().is_empty() && !at.exists());
    tree.catch_up().expect_err("still blocked");
    fs::remove_file(&blocked).expect("out of the way");
    tree.catch_up().expect("now");
    assert_eq!(
        fs::read_to_string(link.join("hwaddress")).expect("attribute"),
        "other\n"
    );
    assert_eq!(fs::read_to_string(at.join("child/x")).expect("child"), "1\n");
    assert_eq!(tree.take_uevents().len(), 1);
    tree.catch_up().expect("nothing left");
}

#[test]
fn news_of_a_unit_reads_as_the_kernels_to_the_byte() {
    let (_dir, mut tree) = tree();
    let unit = format!("{HOST}/session1/target0:0:0/0:0:0:1");
    let object = Object::bus(&*unit, "scsi", "scsi_device")
        .env("DRIVER", "sd")
        .env("MODALIAS", "scsi:t-0x00");
    tree.add(object).expect("add");
    tree.take_uevents();
    tree.change(&unit, &[("SDEV_UA", "REPORTED_LUNS_DATA_HAS_CHANGED")]);
    let events = tree.take_uevents();
    let text = String::from_utf8(events[0].bytes.clone()).expect("text");
    let (text, seqnum) = text.rsplit_once("SEQNUM=").expect("a number");
    let expected = format!(
        "change@/{unit}\0ACTION=change\0DEVPATH=/{unit}\0SUBSYSTEM=scsi\0SDEV_UA=REPORTED_LUNS_DATA_HAS_CHANGED\0\
         DEVTYPE=scsi_device\0DRIVER=sd\0MODALIAS=scsi:t-0x00\0"
    );
    assert_eq!(text, expected);
    assert!(
        seqnum
            .strip_suffix('\0')
            .is_some_and(|n| n.parse::<u64>().is_ok())
    );
}
