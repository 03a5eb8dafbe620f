//! Listing sessions in trees that are large, changing, or damaged.

use std::fs;
use std::path::Path;

use driver_sys::sysfs::class::session::{Session, SessionFields};
use driver_sys::sysfs::class::{Listing, host, sessions};
use driver_sys::sysfs::{Fault, Root};
use sysfs_trees::TreeSpec;

fn tree(spec: &TreeSpec) -> (tempfile::TempDir, Root) {
    let dir = tempfile::tempdir().expect("a directory");
    spec.lay_out(dir.path()).expect("a tree");
    let root = Root::open(dir.path()).expect("an opened tree");
    (dir, root)
}

fn list(root: &Root, fields: SessionFields) -> Listing<Session> {
    sessions::sessions(root, fields)
        .expect("the class")
        .into_listing()
}

fn object(sys: &Path, sid: u32) -> std::path::PathBuf {
    sys.join(format!("class/iscsi_session/session{sid}"))
}

#[test]
fn sessions_come_in_numeric_order_with_their_own_host() {
    let (_dir, root) = tree(&TreeSpec {
        first_host: 4,
        hosts: 3,
        sessions: 12,
        flash_nodes: 0,
    });
    let listing = list(&root, SessionFields::Brief);
    assert!(listing.skipped.is_empty() && listing.problems.is_empty());
    let sids: Vec<u32> = listing.items.iter().map(|session| session.sid).collect();
    assert_eq!(sids, (1..=12).collect::<Vec<_>>());
    for session in &listing.items {
        assert_eq!(session.host.host_no, 4 + (session.sid - 1) % 3);
        assert_eq!(
            session.host.hwaddress.as_deref(),
            Some(&*format!("00:c0:dd:11:00:{:02x}", session.host.host_no))
        );
        let portal = &session.portals.as_ref().expect("a portal").persistent;
        assert_eq!(portal.to_string(), format!("10.0.0.{}:3260", session.sid));
    }
    assert_eq!(host::hosts(&root).expect("hosts").items.len(), 3);
}

#[test]
fn facts_of_a_host_are_shared_by_its_sessions() {
    let (_dir, root) = tree(&TreeSpec::sessions(3));
    let listing = list(&root, SessionFields::Brief);
    assert!(std::sync::Arc::ptr_eq(
        &listing.items[0].host,
        &listing.items[2].host
    ));
}

#[test]
fn a_session_that_vanishes_while_listed_is_reported_and_the_rest_listed() {
    for fields in [SessionFields::Brief, SessionFields::Detail] {
        let (dir, root) = tree(&TreeSpec::sessions(5));
        let mut iterator = sessions::sessions(&root, fields).expect("the class");
        assert_eq!(iterator.next().expect("one").expect("readable").sid, 1);
        fs::remove_file(object(dir.path(), 3)).expect("removed");
        let rest: Vec<_> = iterator.collect();
        let sids: Vec<u32> = rest
            .iter()
            .filter_map(|s| s.as_ref().ok().map(|s| s.sid))
            .collect();
        assert_eq!(sids, [2, 4, 5]);
        let error = rest[1].as_ref().expect_err("gone");
        assert_eq!(error.fault, Fault::Vanished);
        assert!(error.path.contains("session3"), "{}", error.path);
    }
}

#[test]
fn a_session_whose_device_vanishes_under_a_stale_link_is_reported() {
    let (dir, root) = tree(&TreeSpec::sessions(2));
    fs::remove_dir_all(fs::canonicalize(object(dir.path(), 1)).expect("a device")).expect("removed");
    for fields in [SessionFields::Brief, SessionFields::Detail] {
        let listing = list(&root, fields);
        assert_eq!(listing.items.len(), 1);
        assert_eq!(listing.skipped[0].fault, Fault::Vanished);
    }
}

#[test]
fn a_session_without_a_mandatory_attribute_is_left_out_and_named() {
    for attr in ["targetname", "tpgt"] {
        let (dir, root) = tree(&TreeSpec::sessions(2));
        fs::remove_file(object(dir.path(), 2).join(attr)).expect("removed");
        for fields in [SessionFields::Brief, SessionFields::Detail] {
            let listing = list(&root, fields);
            assert_eq!(listing.items.len(), 1);
            assert_eq!(listing.skipped[0].fault, Fault::Missing);
            assert!(
                listing.skipped[0].path.ends_with(&format!("session2/{attr}")),
                "{}",
                listing.skipped[0].path
            );
        }
    }
}

#[test]
fn optional_attributes_may_be_missing_or_nonsense() {
    let (dir, root) = tree(&TreeSpec::sessions(1));
    fs::remove_file(object(dir.path(), 1).join("state")).expect("removed");
    fs::write(object(dir.path(), 1).join("creator"), "somebody\n").expect("written");
    let listing = list(&root, SessionFields::Brief);
    let session = &listing.items[0];
    assert_eq!((&session.state, session.creator), (&None, None));
    assert!(
        session.portals.is_some(),
        "one attribute's failure is not another's"
    );
    assert_eq!(listing.problems.len(), 1);
    assert!(listing.problems[0].path.ends_with("creator"));
}

#[test]
fn portals_fall_back_at_every_level() {
    let connection = |dir: &Path| dir.join("class/iscsi_connection/connection1:0");
    for fields in [SessionFields::Brief, SessionFields::Detail] {
        let (dir, root) = tree(&TreeSpec::sessions(1));
        fs::write(connection(dir.path()).join("address"), "10.9.9.9\n").expect("written");
        fs::remove_file(connection(dir.path()).join("persistent_address")).expect("removed");
        let listing = list(&root, fields);
        let portals = listing.items[0].portals.as_ref().expect("portals");
        assert_eq!(portals.persistent.to_string(), "10.9.9.9:3260");
        fs::remove_file(connection(dir.path()).join("address")).expect("removed");
        assert_eq!(list(&root, fields).items[0].portals, None);
    }
}

#[test]
fn strange_names_and_targets_of_links_do_no_harm() {
    let (dir, root) = tree(&TreeSpec::sessions(1));
    let class = dir.path().join("class/iscsi_session");
    for name in [
        "session",
        "session-1",
        "session01",
        "session99999999999",
        "sessions2",
        "power",
    ] {
        fs::create_dir(class.join(name)).expect("a directory");
    }
    std::os::unix::fs::symlink("../../../../../../etc", class.join("session7")).expect("a link");
    std::os::unix::fs::symlink("session8", class.join("session8")).expect("a loop");
    fs::write(class.join("session9"), "a file").expect("a file");
    let listing = list(&root, SessionFields::Detail);
    assert_eq!(listing.items.len(), 1);
    let named: Vec<&str> = listing
        .skipped
        .iter()
        .map(|e| &e.path[e.path.len() - 8..])
        .collect();
    assert_eq!(named, ["session7", "session8", "session9"]);
}

#[test]
fn sessions_of_a_host_without_a_driver_name_are_reported() {
    let (dir, root) = tree(&TreeSpec::sessions(2));
    fs::remove_file(dir.path().join("class/scsi_host/host1/proc_name")).expect("removed");
    let listing = list(&root, SessionFields::Brief);
    assert!(listing.items.is_empty());
    assert_eq!(listing.skipped.len(), 2);
    assert!(listing.skipped[0].path.ends_with("proc_name"));
}

#[test]
fn a_tree_without_classes_has_nothing_and_that_is_no_error() {
    let dir = tempfile::tempdir().expect("a directory");
    let root = Root::open(dir.path()).expect("a tree");
    assert_eq!(list(&root, SessionFields::Detail).items, vec![]);
    assert_eq!(host::hosts(&root).expect("hosts").items, vec![]);
    assert!(sessions::session(&root, 1, SessionFields::Brief).is_err());
}
