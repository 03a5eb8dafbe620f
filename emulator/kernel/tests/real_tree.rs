//! The emulated tree against a stock kernel's: the same names, kinds, modes and link targets, no more and no fewer.
//!
//! Source: `tests/data/tree-6.1-isp4032.txt`, a dump of a 6.1 kernel's tree for one ISP4032 port with one flash target logged
//! in (session 1, DDB 0, one disk). The dump leaves out `inquiry`, VPD pages and the numbers of bsg nodes.

#[macro_use]
mod common;

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use common::{IQN, Lab, session};
use driver_sys::netlink::code::IfaceType;
use driver_sys::netlink::params::NetParam;
use driver_sys::netlink::{Bytes, IfaceAttr, IfaceCode, Request};

fn walk(root: &Path, at: &Path, out: &mut BTreeSet<String>) {
    let entries = std::fs::read_dir(at).unwrap_or_else(|e| panic!("{}: {e}", at.display()));
    for entry in entries {
        let path = entry.expect("entry").path();
        let name = path
            .strip_prefix(root)
            .expect("below the root")
            .display()
            .to_string();
        let meta = path.symlink_metadata().expect("metadata");
        if meta.is_symlink() {
            out.insert(format!(
                "L {name} -> {}",
                std::fs::read_link(&path).expect("link").display()
            ));
        } else if meta.is_dir() {
            out.insert(format!("D {name}"));
            walk(root, &path, out);
        } else {
            out.insert(format!("F {:o} {name}", meta.permissions().mode() & 0o777));
        }
    }
}

/// A kernel answers EACCES to whoever may not see them; a file can do that by its mode alone (all but the flash target's, which a
/// kernel shows to everybody, are gated there).
const OWNERS_ALONE: [&str; 5] = [
    "flashnode_sess-0:0/password",
    "session1/iscsi_session/session1/password",
    "session1/iscsi_session/session1/password_in",
    "session1/iscsi_session/session1/username",
    "session1/iscsi_session/session1/username_in",
];

/// Numbers that this lab cannot choose, put to the dump's: tgtd's disk is LUN 1, a fresh node has index 2.
fn as_in_the_dump(line: &str) -> String {
    line.replace("0:0:0:1", "0:0:0:0")
        .replace("sg1", "sg0")
        .replace("flashnode_sess-0:2", "flashnode_sess-0:0")
        .replace("flashnode_conn-0:2:0", "flashnode_conn-0:0:0")
}

#[test]
fn the_tree_is_the_kernels() {
    needs_tgtd!("the_tree_is_the_kernels");
    let real: BTreeSet<String> = include_str!("data/tree-6.1-isp4032.txt")
        .lines()
        .filter(|l| !l.starts_with('#'))
        .map(|l| {
            if OWNERS_ALONE.iter().any(|name| l.ends_with(name)) {
                l.replacen("F 444", "F 400", 1)
            } else {
                l.to_owned()
            }
        })
        .collect();
    let lab = Lab::with(|c| c.first_host = 0);
    let mut client = lab.client();
    client.host = 0;
    let enable = IfaceAttr {
        iface_num: 0,
        iface_type: IfaceType::Ipv6,
        param: IfaceCode::Net(NetParam::IfaceEnable),
        value: Bytes::u8(2),
    };
    client
        .ask(&Request::SetIfaceParams {
            host_no: 0,
            attrs: vec![enable],
        })
        .expect("enable IPv6");
    client.set_address("127.0.0.1");
    let index = client.target_node(lab.portal, Some(IQN));
    client.login(index).expect("login");
    lab.wait_for(&format!("{}/target_state", session(1)), "SCANNED");

    let mut ours = BTreeSet::new();
    walk(&lab.sys(""), &lab.sys(""), &mut ours);
    // tgtd's controller at LUN 0 has no counterpart in the dump.
    let ours: BTreeSet<String> = ours
        .iter()
        .filter(|l| !l.contains("0:0:0:0") && !l.ends_with("sg0"))
        .map(|l| as_in_the_dump(l))
        .collect();
    let left_out = |l: &&String| {
        let name = l.rsplit_once('/').map_or("", |(_, n)| n);
        !(name == "inquiry" || name.starts_with("vpd_pg") || (l.contains("/bsg/") && name == "dev"))
    };
    // What lies outside of the places that were dumped.
    let shown = |l: &&String| {
        let path = l
            .split(' ')
            .nth(if l.starts_with('F') { 2 } else { 1 })
            .unwrap_or_default();
        const WHOLE: [&str; 4] = [
            "class/block",
            "class/scsi_disk",
            "class/scsi_generic",
            "bus/scsi/drivers",
        ];
        const ALONE: [&str; 12] = [
            "bus",
            "bus/scsi",
            "class",
            "devices",
            "devices/pci0000:00",
            "devices/pci0000:00/0000:00:05.1",
            "devices/virtual",
            "firmware",
            "module",
            "module/qla4xxx",
            "module/qla4xxx/initstate",
            "module/qla4xxx/version",
        ];
        let whole = WHOLE
            .iter()
            .any(|w| path == *w || path.strip_prefix(w).is_some_and(|r| r.starts_with('/')));
        let module =
            path == "module/scsi_transport_iscsi/holders" || path == "module/scsi_transport_iscsi/parameters";
        !whole && !module && !ALONE.contains(&path)
    };
    let ours: BTreeSet<String> = ours.iter().filter(left_out).filter(shown).cloned().collect();
    let missing: Vec<_> = real.difference(&ours).collect();
    let extra: Vec<_> = ours.difference(&real).collect();
    assert!(
        missing.is_empty() && extra.is_empty(),
        "missing: {missing:#?}\nextra: {extra:#?}"
    );
}
