//! From disks up to what stands on them. Pure: facts in, uses out.

use std::collections::{BTreeMap, BTreeSet};

use super::usage::{Standing, Use};
use crate::backend::{BlockNode, Layer, Mount, Stack, StackDisk};

/// The uses of the disks, each disk's in order of its address.
#[must_use]
pub fn find(stack: &Stack) -> Vec<Use> {
    let looked = Looked::at(stack);
    let mut uses = Vec::new();
    for disk in &stack.disks {
        let mut walk = Walk {
            looked: &looked,
            disk,
            seen: BTreeMap::new(),
            uses: &mut uses,
        };
        walk.up(&disk.name, &mut Vec::new());
    }
    uses
}

/// The facts by name.
struct Looked<'s> {
    nodes: BTreeMap<&'s str, &'s BlockNode>,
    by_number: BTreeMap<&'s str, Vec<&'s Mount>>,
    by_name: BTreeMap<&'s str, Vec<&'s Mount>>,
    swaps: BTreeSet<&'s str>,
}

impl<'s> Looked<'s> {
    fn at(stack: &'s Stack) -> Self {
        let mut by_number: BTreeMap<&str, Vec<&Mount>> = BTreeMap::new();
        let mut by_name: BTreeMap<&str, Vec<&Mount>> = BTreeMap::new();
        for mount in &stack.mounts {
            by_number.entry(&mount.number).or_default().push(mount);
            for name in &mount.names {
                // A file system over several devices names one of them.
                let pool = stack.pools.iter().find(|pool| pool.contains(name));
                by_name.entry(name).or_default().push(mount);
                for other in pool.into_iter().flatten().filter(|other| *other != name) {
                    by_name.entry(other).or_default().push(mount);
                }
            }
        }
        Self {
            nodes: stack
                .nodes
                .iter()
                .map(|node| (node.name.as_str(), node))
                .collect(),
            by_number,
            by_name,
            swaps: stack.swaps.iter().map(String::as_str).collect(),
        }
    }

    /// What is mounted from a device, each place once.
    fn mounts(&self, node: &BlockNode) -> Vec<&'s Mount> {
        let mut found: Vec<&Mount> = Vec::new();
        let number = node.number.as_deref().and_then(|n| self.by_number.get(n));
        let names = [Some(node.name.as_str()), node.label.as_deref()];
        let named = names
            .into_iter()
            .flatten()
            .filter_map(|name| self.by_name.get(name));
        for mount in number.into_iter().chain(named).flatten() {
            if !found.iter().any(|other| other.point == mount.point) {
                found.push(mount);
            }
        }
        found
    }

    fn swaps(&self, node: &BlockNode) -> bool {
        let label = node.label.as_deref();
        self.swaps.contains(node.name.as_str()) || label.is_some_and(|label| self.swaps.contains(label))
    }
}

/// The way up from one disk.
struct Walk<'w, 's> {
    looked: &'w Looked<'s>,
    disk: &'w StackDisk,
    /// What was found at or above each device; nothing yet where the walk still is.
    seen: BTreeMap<String, bool>,
    uses: &'w mut Vec<Use>,
}

impl Walk<'_, '_> {
    /// Tells whether anything was found at `name` or above it.
    fn up(&mut self, name: &str, through: &mut Vec<String>) -> bool {
        if let Some(found) = self.seen.get(name) {
            return *found;
        }
        self.seen.insert(name.to_owned(), false);
        let Some(node) = self.looked.nodes.get(name).copied() else {
            return false;
        };
        if name != self.disk.name {
            through.push(words(node));
        }
        let mut any = false;
        for mount in self.looked.mounts(node) {
            any = true;
            let what = Standing::Mounted {
                point: mount.point.clone(),
                file_system: mount.kind.clone(),
            };
            self.found(through, what);
        }
        if self.looked.swaps(node) {
            any = true;
            self.found(through, Standing::Swap);
        }
        for above in &node.above {
            any |= self.up(above, through);
        }
        // A partition is no use; what is made of it is.
        if !any && node.claimed {
            any = true;
            self.found(through, Standing::Claimed);
        }
        if !any && !matches!(node.layer, Layer::Disk | Layer::Partition) {
            any = true;
            self.found(through, Standing::Device);
        }
        if name != self.disk.name {
            through.pop();
        }
        self.seen.insert(name.to_owned(), any);
        any
    }

    fn found(&mut self, through: &[String], what: Standing) {
        self.uses.push(Use {
            address: self.disk.address.clone(),
            sid: self.disk.sid,
            disk: self.disk.name.clone(),
            through: through.to_vec(),
            what,
        });
    }
}

/// A device and what it is.
fn words(node: &BlockNode) -> String {
    let kind = match node.layer {
        Layer::Disk | Layer::Partition => return node.name.clone(),
        Layer::Multipath => "multipath map",
        Layer::Volume => "logical volume",
        Layer::Crypt => "encrypted device",
        Layer::Map => "device mapper map",
        Layer::Raid => "raid array",
        Layer::Loop => "loop device",
    };
    let label = node
        .label
        .as_deref()
        .map_or_else(String::new, |label| format!(" {label}"));
    let paths = match node.below {
        0 | 1 => String::new(),
        many if node.layer == Layer::Multipath => format!(", {many} paths"),
        many => format!(", {many} devices"),
    };
    format!("{} ({kind}{label}{paths})", node.name)
}
