//! Every class reader against the trees of real kernels.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use driver_sys::boot;
use driver_sys::sysfs::class::session::{SESSION_ATTRS, SESSION_AUTH_ATTRS, SessionFields};
use driver_sys::sysfs::class::{
    block, connection, device, endpoint, flashnode, host, iface, module, sessions, transport,
};
use driver_sys::sysfs::{Attr, Root};
use sysfs_trees::Dump;

struct Tree {
    dir: tempfile::TempDir,
    root: Root,
}

fn tree(name: &str) -> Tree {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data/sysfs")
        .join(name);
    let text = fs::read_to_string(&path).expect("a dump");
    let dir = tempfile::tempdir().expect("a directory");
    Dump::parse(&text)
        .expect("a well-formed dump")
        .lay_out(dir.path())
        .expect("a tree");
    let root = Root::open(dir.path()).expect("an opened tree");
    Tree { dir, root }
}

/// The listing's items, after checking that nothing was left out or misunderstood.
fn clean<T>(listing: Result<driver_sys::sysfs::class::Listing<T>, driver_sys::sysfs::Error>) -> Vec<T> {
    let listing = listing.expect("a listing");
    assert_eq!((listing.skipped, listing.problems), (vec![], vec![]));
    listing.items
}

const LOGGED_IN: [&str; 2] = ["6.1-driver-login.txt", "6.12-driver-login.txt"];

#[test]
fn transports_and_modules_read_as_dumped() {
    for name in LOGGED_IN {
        let tree = tree(name);
        insta::assert_debug_snapshot!(
            format!("{name}-transports"),
            clean(transport::transports(&tree.root))
        );
        insta::assert_debug_snapshot!(format!("{name}-module"), module::qla4xxx(&tree.root));
        assert_eq!(
            module::transport_class(&tree.root),
            Ok(Some(Some("2.0-870".to_owned())))
        );
    }
}

#[test]
fn hosts_read_as_dumped() {
    for name in LOGGED_IN {
        let tree = tree(name);
        let hosts = clean(host::hosts(&tree.root));
        assert_eq!(host::host(&tree.root, hosts[0].host_no).as_ref(), Ok(&hosts[0]));
        insta::assert_debug_snapshot!(format!("{name}-hosts"), hosts);
    }
}

#[test]
fn ifaces_read_as_dumped() {
    for name in LOGGED_IN {
        let tree = tree(name);
        let ifaces = clean(iface::ifaces(&tree.root, None));
        for one in &ifaces {
            assert_eq!(iface::iface(&tree.root, one.id).as_ref(), Ok(one));
        }
        assert_eq!(clean(iface::ifaces(&tree.root, Some(999))), vec![]);
        insta::assert_debug_snapshot!(format!("{name}-ifaces"), ifaces);
    }
}

#[test]
fn sessions_and_connections_read_as_dumped() {
    for name in LOGGED_IN {
        let tree = tree(name);
        let all = sessions::sessions(&tree.root, SessionFields::Full)
            .expect("the class")
            .into_listing();
        insta::assert_debug_snapshot!(format!("{name}-sessions"), clean(Ok(all)));
        insta::assert_debug_snapshot!(
            format!("{name}-connections"),
            clean(connection::connections(&tree.root))
        );
        insta::assert_debug_snapshot!(
            format!("{name}-endpoints"),
            clean(endpoint::endpoints(&tree.root))
        );
    }
}

#[test]
fn every_level_of_detail_tells_the_same_story() {
    for name in LOGGED_IN {
        let tree = tree(name);
        let at = |fields| {
            clean(Ok(sessions::sessions(&tree.root, fields)
                .expect("the class")
                .into_listing()))
        };
        let (brief, detail, full) = (
            at(SessionFields::Brief),
            at(SessionFields::Detail),
            at(SessionFields::Full),
        );
        assert!(brief.len() >= 2);
        for ((brief, detail), full) in brief.iter().zip(&detail).zip(&full) {
            for other in [detail, full] {
                assert_eq!(
                    (
                        brief.sid,
                        &brief.host,
                        &brief.target,
                        brief.tpgt,
                        &brief.state,
                        brief.creator,
                        &brief.portals
                    ),
                    (
                        other.sid,
                        &other.host,
                        &other.target,
                        other.tpgt,
                        &other.state,
                        other.creator,
                        &other.portals
                    ),
                );
            }
            assert_eq!((&brief.detail, &brief.full, &detail.full), (&None, &None, &None));
            assert_eq!(detail.detail, full.detail);
            assert!(brief.is_flash());
            assert_eq!(
                sessions::session(&tree.root, brief.sid, SessionFields::Full).as_ref(),
                Ok(full)
            );
            let auth = sessions::session_auth(&tree.root, brief.sid).expect("readable");
            match brief.sid {
                1 => assert_eq!(auth.password.expect("a secret").expose(), b"initiator-secret"),
                _ => assert_eq!((auth.username, auth.password), (None, None), "(null) is no name"),
            }
        }
    }
}

#[test]
fn flash_targets_read_as_dumped() {
    for name in LOGGED_IN {
        let tree = tree(name);
        let nodes = clean(flashnode::flash_nodes(&tree.root, None));
        for node in &nodes {
            assert_eq!(
                flashnode::flash_node(&tree.root, node.host_no, node.index).as_ref(),
                Ok(node)
            );
        }
        insta::assert_debug_snapshot!(format!("{name}-flash"), nodes);
    }
    let tree = tree("6.1-driver-login.txt");
    let nodes = clean(flashnode::flash_nodes(&tree.root, Some(0)));
    let found = nodes
        .iter()
        .find(|node| node.index == 3)
        .expect("the SendTargets entry");
    assert_eq!(
        (found.session.discovery_session, &found.session.targetname),
        (Some(true), &None)
    );
}

#[test]
fn logical_units_and_disks_read_as_dumped() {
    for name in LOGGED_IN {
        let tree = tree(name);
        let units = clean(device::scsi_devices(&tree.root, None));
        insta::assert_debug_snapshot!(format!("{name}-units"), units);
        let disk = units[0].block.as_deref().expect("a disk");
        insta::assert_debug_snapshot!(
            format!("{name}-disk"),
            block::block_of(&tree.root, units[0].hctl, disk)
        );
    }
}

#[test]
fn boot_targets_read_as_dumped_without_their_secrets() {
    let tree = tree("6.1-sysfsboot.txt");
    let trees = clean(boot::boot_trees(&tree.root));
    let shown = format!("{trees:#?}");
    assert!(!shown.contains("initiator-secret"), "{shown}");
    let secret = trees[0].targets[0].1.chap_secret.as_ref().expect("a secret");
    assert_eq!(secret.0.expose(), b"initiator-secret");
    insta::assert_snapshot!("6.1-sysfsboot-boot", shown);
}

/// Attributes that a real tree has and no reader wants.
const UNREAD: &[&str] = &[
    "uevent",
    "fw_dump",
    "delete",
    "rescan",
    "preferred_path",
    "access_state",
    "host_reset",
    "scan",
    "events",
];

#[test]
fn tables_know_every_attribute_of_the_iscsi_classes() {
    let cases: [(&str, &[&[Attr]]); 6] = [
        ("class/iscsi_transport", &[transport::TRANSPORT_ATTRS]),
        ("class/iscsi_host", &[host::ISCSI_HOST_ATTRS]),
        (
            "class/scsi_host",
            &[host::SCSI_HOST_ATTRS, host::QLA4XXX_HOST_ATTRS],
        ),
        ("class/iscsi_session", &[SESSION_ATTRS, SESSION_AUTH_ATTRS]),
        (
            "class/iscsi_connection",
            &[connection::CONNECTION_ATTRS, connection::PORTAL_ATTRS],
        ),
        ("class/iscsi_endpoint", &[endpoint::ENDPOINT_ATTRS]),
    ];
    for name in LOGGED_IN {
        let tree = tree(name);
        for (directory, tables) in cases {
            assert_known(&tree, directory, "", tables);
        }
        let v4: [&[Attr]; 2] = [iface::IFACE_ATTRS, iface::IPV4_IFACE_ATTRS];
        let v6: [&[Attr]; 2] = [iface::IFACE_ATTRS, iface::IPV6_IFACE_ATTRS];
        assert_known(&tree, "class/iscsi_iface", "ipv4", &v4);
        assert_known(&tree, "class/iscsi_iface", "ipv6", &v6);
        let flash: [&[Attr]; 2] = [flashnode::FLASH_SESSION_ATTRS, flashnode::FLASH_SECRET_ATTRS];
        assert_known(&tree, "bus/iscsi_flashnode/devices", "flashnode_sess", &flash);
        assert_known(
            &tree,
            "bus/iscsi_flashnode/devices",
            "flashnode_conn",
            &[flashnode::FLASH_CONNECTION_ATTRS],
        );
        assert_known(
            &tree,
            "module/qla4xxx",
            "parameters",
            &[module::QLA4XXX_PARAMETERS],
        );
    }
}

#[test]
fn tables_have_the_modes_of_the_kernel() {
    use std::os::unix::fs::PermissionsExt;
    let tree = tree("6.1-driver-login.txt");
    let objects: [(&str, &[Attr]); 6] = [
        ("class/iscsi_session/session1", SESSION_ATTRS),
        (
            "class/iscsi_connection/connection1:0",
            connection::CONNECTION_ATTRS,
        ),
        ("class/scsi_host/host0", host::SCSI_HOST_ATTRS),
        ("class/iscsi_iface/ipv4-iface-0-0", iface::IPV4_IFACE_ATTRS),
        ("module/qla4xxx/parameters", module::QLA4XXX_PARAMETERS),
        ("bus/scsi/devices/0:0:0:0", device::SCSI_DEVICE_ATTRS),
    ];
    for (object, table) in objects {
        for attr in table {
            let path = tree.dir.path().join("sys").join(object).join(attr.name);
            let path = if path.exists() {
                path
            } else {
                tree.dir.path().join(object).join(attr.name)
            };
            let Ok(meta) = fs::metadata(&path) else { continue };
            assert_eq!(
                meta.permissions().mode() & 0o777,
                u32::from(attr.mode),
                "{object}/{}",
                attr.name
            );
        }
    }
}

fn assert_known(tree: &Tree, directory: &str, prefix: &str, tables: &[&[Attr]]) {
    let known: BTreeSet<&str> = tables
        .iter()
        .flat_map(|table| table.iter().map(|attr| attr.name))
        .collect();
    let mut seen = 0;
    for object in fs::read_dir(tree.dir.path().join(directory)).expect("the class") {
        let object = object.expect("an entry");
        if !object.file_name().to_string_lossy().starts_with(prefix) {
            continue;
        }
        // Hosts of other drivers are linked and were not dumped.
        let Ok(entries) = fs::read_dir(object.path()) else {
            continue;
        };
        for entry in entries {
            let entry = entry.expect("an entry");
            let name = entry.file_name().to_string_lossy().into_owned();
            if entry.file_type().expect("a type").is_file() && !UNREAD.contains(&name.as_str()) {
                assert!(
                    known.contains(name.as_str()),
                    "{directory}: {name} is in no table"
                );
                seen += 1;
            }
        }
    }
    assert!(seen > 0, "{directory}: nothing to check");
}
