//! What stands on the disks of sessions: sysfs from the disks upwards, `/proc/self/mountinfo`, `/proc/swaps`. Of a directory endpoint
//! the files of the same names below `DIR/proc`, if they are there. Must not know what it is asked for.
//!
//! Source: proc(5), `block/genhd.c`, `drivers/md/dm-sysfs.c` (`dm/name`, `dm/uuid`), `drivers/block/loop.c`, `fs/btrfs/sysfs.c`.

use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use driver_sys::endpoint::Endpoint;
use driver_sys::sysfs::{Reader, Root};

use super::read;
use super::within::within;
use crate::backend::{BlockNode, Layer, LunScope, Mount, Stack, StackDisk};
use crate::deadline::Deadline;
use crate::error::{Error, Kind, Result};

/// More block devices than this above a few disks are no stack but a loop that never ends.
const MOST: usize = 65_536;
/// How long the kernel may take to say who has a device: one that is blocked does not answer.
const CLAIM: Duration = Duration::from_secs(2);

/// What stands on the disks of a scope.
pub(super) fn read(endpoint: &Endpoint, root: &Root, scope: LunScope, deadline: Deadline) -> Result<Stack> {
    let mut stack = Stack {
        disks: read::lun::disks(root, scope)?,
        ..Stack::default()
    };
    if stack.disks.is_empty() {
        return Ok(stack);
    }
    let names = Names::of(endpoint);
    stack.nodes = upwards(root, &names, &stack.disks);
    stack.mounts = text(endpoint, "self/mountinfo")?
        .lines()
        .filter_map(|line| mount(line, &names))
        .collect();
    stack.swaps = text(endpoint, "swaps")?
        .lines()
        .skip(1)
        .filter_map(|line| names.device(&unescaped(line.split_whitespace().next()?)))
        .collect();
    stack.pools = pools(root);
    if *endpoint == Endpoint::Host {
        claims(&mut stack, deadline);
    }
    Ok(stack)
}

fn proc(endpoint: &Endpoint) -> PathBuf {
    match endpoint.dir() {
        None => PathBuf::from("/proc"),
        Some(dir) => dir.join("proc"),
    }
}

/// A file of proc; what a directory endpoint does not have is empty.
fn text(endpoint: &Endpoint, name: &str) -> Result<String> {
    let path = proc(endpoint).join(name);
    match std::fs::read(&path) {
        Ok(bytes) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
        // A kernel without swap has no list of it either.
        Err(e) if e.kind() == ErrorKind::NotFound && (endpoint.dir().is_some() || name == "swaps") => {
            Ok(String::new())
        }
        Err(e) => Err(Error::new(Kind::Failed, "look what stands on the disks")
            .answered(format!("{}: {e}", path.display()))),
    }
}

/// How names of devices become kernel names.
struct Names {
    /// Links are followed: `/dev/mapper/data` is `dm-3`. Only this machine's own devices have them.
    follow: bool,
}

impl Names {
    fn of(endpoint: &Endpoint) -> Self {
        Self {
            follow: *endpoint == Endpoint::Host,
        }
    }

    /// The kernel name (or else the map's) of a device file.
    fn device(&self, path: &str) -> Option<String> {
        let path = Path::new(path);
        if !path.starts_with("/dev") {
            return None;
        }
        let real = self.follow.then(|| std::fs::canonicalize(path).ok()).flatten();
        let name = real.as_deref().unwrap_or(path).file_name()?;
        // sysfs writes a slash in a device's name as this.
        Some(name.to_string_lossy().into_owned())
    }
}

/// The disks and everything above them.
fn upwards(root: &Root, names: &Names, disks: &[StackDisk]) -> Vec<BlockNode> {
    let loops = loops(root, names);
    let mut reader = Reader::new();
    let mut seen: BTreeSet<String> = BTreeSet::new();
    let mut next: Vec<(String, bool)> = disks.iter().map(|disk| (disk.name.clone(), false)).collect();
    let mut nodes = Vec::new();
    while let Some((name, partition)) = next.pop() {
        if nodes.len() >= MOST || !seen.insert(name.clone()) {
            continue;
        }
        let mut node = node(root, &mut reader, &name, partition);
        node.above.extend(loops.get(&name).into_iter().flatten().cloned());
        next.extend(node.above.iter().map(|above| {
            let part = above.starts_with(&name) && !node_is_map(above);
            (above.clone(), part)
        }));
        nodes.push(node);
    }
    nodes
}

fn node_is_map(name: &str) -> bool {
    ["dm-", "md", "loop"]
        .iter()
        .any(|prefix| name.starts_with(prefix))
}

fn node(root: &Root, reader: &mut Reader, name: &str, partition: bool) -> BlockNode {
    let path = format!("class/block/{name}");
    let mut may = |attr: &str| reader.may::<String>(root.at(&path), attr).ok().flatten();
    let (label, uuid) = (may("dm/name"), may("dm/uuid").unwrap_or_default());
    let number = may("dev");
    let entries = |sub: &str| {
        root.dir_if_present(&format!("{path}/{sub}"))
            .ok()
            .flatten()
            .and_then(|dir| dir.names().ok())
            .unwrap_or_default()
    };
    let mut above = entries("holders");
    // A partition is a directory in its disk's.
    above.extend(
        entries("")
            .into_iter()
            .filter(|entry| root.top().has(&format!("{path}/{entry}/partition"))),
    );
    let has = |sub: &str| root.top().has(&format!("{path}/{sub}"));
    let layer = match () {
        () if uuid.starts_with("mpath-") => Layer::Multipath,
        () if uuid.starts_with("LVM-") => Layer::Volume,
        () if uuid.starts_with("CRYPT-") => Layer::Crypt,
        () if label.is_some() => Layer::Map,
        () if has("md") => Layer::Raid,
        () if has("loop") => Layer::Loop,
        () if partition || has("partition") => Layer::Partition,
        () => Layer::Disk,
    };
    BlockNode {
        name: name.to_owned(),
        number,
        layer,
        label,
        above,
        below: entries("slaves").len(),
        claimed: false,
    }
}

/// Loop devices by the block device that is behind each.
fn loops(root: &Root, names: &Names) -> BTreeMap<String, Vec<String>> {
    let mut reader = Reader::new();
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let all = root.dir_if_present("class/block").ok().flatten();
    for name in all
        .and_then(|dir| dir.names_with("loop").ok())
        .unwrap_or_default()
    {
        let path = format!("class/block/{name}");
        let behind = reader
            .may::<String>(root.at(&path), "loop/backing_file")
            .ok()
            .flatten();
        if let Some(device) = behind.and_then(|file| names.device(&file)) {
            found.entry(device).or_default().push(name);
        }
    }
    found
}

/// The devices of each file system that has several.
fn pools(root: &Root) -> Vec<Vec<String>> {
    let Some(dir) = root.dir_if_present("fs/btrfs").ok().flatten() else {
        return Vec::new();
    };
    dir.names()
        .unwrap_or_default()
        .iter()
        .filter_map(|id| dir.dir(&format!("{id}/devices")).ok()?.names().ok())
        .collect()
}

/// A line of mountinfo: `36 35 8:17 / /mnt rw - ext4 /dev/sdb1 rw`.
fn mount(line: &str, names: &Names) -> Option<Mount> {
    let (of_mount, of_system) = line.split_once(" - ")?;
    let mut of_mount = of_mount.split(' ').skip(2);
    let (number, point) = (of_mount.next()?, of_mount.nth(1)?);
    let mut of_system = of_system.split(' ');
    let (kind, source) = (of_system.next()?, unescaped(of_system.next()?));
    // Some file systems name several devices, apart by colons; some name a log's or a journal's among the options.
    let options = of_system
        .next()
        .into_iter()
        .flat_map(|all| all.split(','))
        .filter_map(|option| Some(unescaped(option.split_once('=')?.1)));
    let mut devices: Vec<String> =
        source
            .split(":/dev/")
            .enumerate()
            .fold(Vec::new(), |mut all, (i, part)| {
                all.push(if i == 0 {
                    part.to_owned()
                } else {
                    format!("/dev/{part}")
                });
                all
            });
    devices.extend(options);
    Some(Mount {
        number: number.to_owned(),
        names: devices.iter().filter_map(|device| names.device(device)).collect(),
        point: unescaped(point),
        kind: kind.to_owned(),
    })
}

/// proc writes blanks and backslashes as `\040`.
fn unescaped(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let digits = (*byte == b'\\')
            .then(|| text.get(at + 1..at + 4))
            .flatten()
            .and_then(|digits| u8::from_str_radix(digits, 8).ok());
        out.push(digits.unwrap_or(*byte));
        at += if digits.is_some() { 4 } else { 1 };
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Asks the kernel whether somebody has for himself what nothing is known to stand on: mounts of other name spaces, targets,
/// pools that have no holders.
fn claims(stack: &mut Stack, deadline: Deadline) {
    let bare: Vec<String> = stack
        .nodes
        .iter()
        .filter(|node| node.above.is_empty())
        .map(|node| node.name.clone())
        .collect();
    let asked = within(deadline.at_most(CLAIM), "ask who has a disk", move || {
        let claimed = |name: &String| {
            let path = Path::new("/dev").join(name);
            files::unit(&path, files::Access::Read).is_err_and(|e| matches!(e.why(), files::Why::InUse))
        };
        bare.into_iter().filter(claimed).collect::<BTreeSet<String>>()
    });
    if let Ok(claimed) = asked {
        for node in &mut stack.nodes {
            node.claimed = claimed.contains(&node.name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HAND: Names = Names { follow: false };

    #[test]
    fn a_line_of_mountinfo_tells_number_point_and_devices() {
        let found = mount(
            "36 35 8:17 / /mnt/my\\040disk rw,noatime shared:7 - xfs /dev/sdb1 rw,logdev=/dev/sdc,size=1",
            &HAND,
        )
        .expect("a mount");
        assert_eq!(
            (found.number.as_str(), found.point.as_str(), found.kind.as_str()),
            ("8:17", "/mnt/my disk", "xfs")
        );
        assert_eq!(found.names, ["sdb1", "sdc"]);
        let several = mount("1 1 0:40 / /b rw - bcachefs /dev/sdb:/dev/sdc rw", &HAND).expect("a mount");
        assert_eq!(several.names, ["sdb", "sdc"]);
        assert_eq!(mount("36 35 8:17 / /mnt rw", &HAND), None);
    }

    #[test]
    fn what_proc_escapes_is_read_back() {
        assert_eq!(unescaped("a\\040b\\134c"), "a b\\c");
        assert_eq!(unescaped("ends\\04"), "ends\\04");
        assert_eq!(unescaped("\u{e4}\\"), "\u{e4}\\");
    }
}
