//! What counts as use, and what is said of it.

use super::super::testing::ctx;
use super::*;
use crate::backend::scripted::Scripted;
use crate::backend::{BlockNode, Layer, LunScope, Mount, Stack, StackDisk};
use crate::error::Kind;

fn node(name: &str, number: &str, layer: Layer, above: &[&str]) -> BlockNode {
    BlockNode {
        name: name.into(),
        number: Some(number.into()),
        layer,
        above: above.iter().map(|&a| a.to_owned()).collect(),
        ..BlockNode::default()
    }
}

fn mount(number: &str, names: &[&str], point: &str, kind: &str) -> Mount {
    Mount {
        number: number.into(),
        names: names.iter().map(|&n| n.to_owned()).collect(),
        point: point.into(),
        kind: kind.into(),
    }
}

/// sdb: a partition that is a path of a map with a volume on it; sdc: bare.
fn stack() -> Stack {
    let mut map = node("dm-0", "254:0", Layer::Multipath, &["dm-1"]);
    (map.label, map.below) = (Some("mpatha".into()), 2);
    let mut volume = node("dm-1", "254:1", Layer::Volume, &[]);
    volume.label = Some("vg-data".into());
    let disk = |lun: u32, name: &str| StackDisk {
        address: format!("1:0:0:{lun}"),
        sid: Some(7),
        name: name.into(),
    };
    Stack {
        disks: vec![disk(0, "sdb"), disk(1, "sdc")],
        nodes: vec![
            node("sdb", "8:16", Layer::Disk, &["sdb1"]),
            node("sdb1", "8:17", Layer::Partition, &["dm-0"]),
            map,
            volume,
            node("sdc", "8:32", Layer::Disk, &[]),
        ],
        ..Stack::default()
    }
}

fn said(stack: &Stack) -> Vec<String> {
    find(stack).iter().map(ToString::to_string).collect()
}

#[test]
fn a_disk_that_nothing_stands_on_is_free_and_so_is_an_unused_partition() {
    let mut bare = stack();
    bare.nodes[1].above.clear();
    assert_eq!(find(&bare), []);
}

#[test]
fn the_whole_way_from_disk_to_mount_is_told() {
    let mut mounted = stack();
    mounted.mounts.push(mount("254:1", &["dm-1"], "/srv", "ext4"));
    assert_eq!(
        said(&mounted),
        [
            "1:0:0:0 (sdb) is mounted at /srv (ext4) through sdb1, dm-0 (multipath map mpatha, 2 paths), \
             dm-1 (logical volume vg-data)"
        ]
    );
}

#[test]
fn a_holder_with_nothing_known_on_top_is_a_use_too() {
    let uses = find(&stack());
    assert_eq!(uses.len(), 1);
    assert_eq!(uses[0].what, Standing::Device);
    assert!(
        uses[0]
            .to_string()
            .contains("is part of sdb1, dm-0 (multipath map"),
        "{}",
        uses[0]
    );
}

#[test]
fn swap_by_kernel_name_or_map_name_and_what_is_claimed_are_uses() {
    let mut used = stack();
    used.swaps = vec!["vg-data".into(), "sdc".into()];
    let what: Vec<Standing> = find(&used).into_iter().map(|one| one.what).collect();
    assert_eq!(what, [Standing::Swap, Standing::Swap]);
    let mut claimed = stack();
    claimed.nodes[4].claimed = true;
    assert_eq!(find(&claimed)[1].what, Standing::Claimed);
}

#[test]
fn a_file_system_over_several_disks_uses_each_of_them() {
    let mut pool = stack();
    pool.nodes[1].above.clear();
    pool.pools.push(vec!["sdb1".into(), "sdc".into()]);
    pool.mounts.push(mount("0:44", &["sdb1"], "/pool", "btrfs"));
    let disks: Vec<String> = find(&pool).into_iter().map(|one| one.disk).collect();
    assert_eq!(disks, ["sdb", "sdc"]);
    // A log on a disk of its own.
    let mut log = stack();
    log.nodes[1].above.clear();
    log.mounts.push(mount("8:1", &["sda1", "sdc"], "/home", "xfs"));
    assert_eq!(said(&log), ["1:0:0:1 (sdc) is mounted at /home (xfs)"]);
}

#[test]
fn holders_in_a_ring_are_walked_once() {
    let mut ring = stack();
    ring.nodes[3].above.push("sdb".into());
    assert_eq!(find(&ring).len(), 1, "the walk ends, and the map is told");
}

#[test]
fn in_use_is_refused_told_by_force_and_a_remark_in_a_dry_run() {
    let mut s = Scripted::new();
    s.stack = stack();
    s.stack.mounts.push(mount("8:32", &["sdc"], "/", "ext4"));
    let mut c = ctx(&mut s);
    let refused = guard(&mut c, LunScope::Session(7), "log out session 7").expect_err("in use");
    assert_eq!(refused.kind(), Kind::Busy);
    let text = refused.to_string();
    let (root, map) = (text.find("the root file system"), text.find("mpatha"));
    assert!(
        root.is_some() && root < map,
        "what hurts most comes first: {text}"
    );
    assert!(
        refused
            .next_step()
            .is_some_and(|next| next.to_string().contains("shut the machine down"))
    );
    assert!(c.warnings.is_empty());
    c.force = true;
    guard(&mut c, LunScope::Session(7), "log out session 7").expect("by force");
    assert!(
        c.warnings[0].to_string().contains("mounted at /"),
        "{:?}",
        c.warnings
    );
    (c.force, c.dry_run) = (false, true.into());
    guard(&mut c, LunScope::Session(7), "log out session 7").expect("a dry run");
    assert_eq!(c.warnings.len(), 2);
    // Units that stay are nobody's business.
    let mut c = ctx(&mut s);
    guard_units(&mut c, LunScope::Session(7), "remove a unit", |address| {
        address == "1:0:0:9"
    })
    .expect("not these");
}
