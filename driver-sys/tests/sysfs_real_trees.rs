//! Every class reader against the trees of real kernels.

use std::fs;
use std::path::Path;

use driver_sys::boot;
use driver_sys::netlink::params::{
    FlashnodeParam, HostParam, IfaceParam, IscsiParam, NetParam, Object, Param, ParamInfo,
};
use driver_sys::sysfs::class::session::{Session, SessionFields};
use driver_sys::sysfs::class::{block, connection, device, host, module, sessions, transport};
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
fn sessions_read_as_dumped() {
    for name in LOGGED_IN {
        let tree = tree(name);
        let all = sessions::sessions(&tree.root, SessionFields::Detail)
            .expect("the class")
            .into_listing();
        insta::assert_debug_snapshot!(format!("{name}-sessions"), clean(Ok(all)));
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
        let (brief, detail) = (at(SessionFields::Brief), at(SessionFields::Detail));
        assert!(brief.len() >= 2);
        for (brief, detail) in brief.iter().zip(&detail) {
            assert_eq!((&brief.detail, detail.detail.is_some()), (&None, true));
            let without = Session {
                detail: None,
                ..detail.clone()
            };
            assert_eq!(*brief, without);
            assert!(brief.is_flash());
            assert_eq!(
                sessions::session(&tree.root, brief.sid, SessionFields::Detail).as_ref(),
                Ok(detail)
            );
        }
    }
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

/// The attributes of an object that are parameters.
fn params(objects: &[Object]) -> Vec<&'static str> {
    fn of<P: Param>(objects: &[Object]) -> impl Iterator<Item = &'static str> {
        let rows = P::all().iter().filter_map(|param| param.info());
        rows.filter(|row| objects.contains(&row.object))
            .filter_map(ParamInfo::attr)
    }
    of::<IscsiParam>(objects)
        .chain(of::<HostParam>(objects))
        .chain(of::<NetParam>(objects))
        .chain(of::<IfaceParam>(objects))
        .chain(of::<FlashnodeParam>(objects))
        .collect()
}

fn names(tables: &[&[Attr]]) -> Vec<&'static str> {
    tables
        .iter()
        .flat_map(|table| table.iter().map(|a| a.name))
        .collect()
}

#[test]
fn every_attribute_of_the_iscsi_classes_is_known() {
    let with = |objects: &[Object], others: &[&'static str]| [params(objects), others.to_vec()].concat();
    let cases = [
        ("class/iscsi_transport", "", names(&[transport::TRANSPORT_ATTRS])),
        ("class/iscsi_host", "", params(&[Object::Host])),
        (
            "class/scsi_host",
            "",
            names(&[host::SCSI_HOST_ATTRS, host::QLA4XXX_HOST_ATTRS]),
        ),
        (
            "class/iscsi_session",
            "",
            with(
                &[Object::Session],
                &["creator", "state", "target_state", "target_id"],
            ),
        ),
        (
            "class/iscsi_connection",
            "",
            with(&[Object::Connection], &["state"]),
        ),
        ("class/iscsi_endpoint", "", vec!["handle"]),
        (
            "class/iscsi_iface",
            "ipv4",
            params(&[Object::Iface, Object::Ipv4Iface]),
        ),
        (
            "class/iscsi_iface",
            "ipv6",
            params(&[Object::Iface, Object::Ipv6Iface]),
        ),
        (
            "bus/iscsi_flashnode/devices",
            "flashnode_sess",
            params(&[Object::FlashSession]),
        ),
        (
            "bus/iscsi_flashnode/devices",
            "flashnode_conn",
            params(&[Object::FlashConnection]),
        ),
        (
            "module/qla4xxx",
            "parameters",
            names(&[module::QLA4XXX_PARAMETERS]),
        ),
    ];
    for name in LOGGED_IN {
        let tree = tree(name);
        for (directory, prefix, known) in &cases {
            assert_known(&tree, directory, prefix, known);
        }
    }
}

#[test]
fn tables_have_the_modes_of_the_kernel() {
    use std::os::unix::fs::PermissionsExt;
    let tree = tree("6.1-driver-login.txt");
    let objects: [(&str, &[Attr]); 5] = [
        ("class/iscsi_connection/connection1:0", connection::PORTAL_ATTRS),
        ("class/iscsi_host/host0", host::ISCSI_HOST_ATTRS),
        ("class/scsi_host/host0", host::SCSI_HOST_ATTRS),
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

fn assert_known(tree: &Tree, directory: &str, prefix: &str, known: &[&str]) {
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
                    known.contains(&name.as_str()),
                    "{directory}: {name} is in no table"
                );
                seen += 1;
            }
        }
    }
    assert!(seen > 0, "{directory}: nothing to check");
}
