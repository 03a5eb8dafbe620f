//! The order of keys in a record, and how a key is found by its name.
//!
//! Owns nothing but orders of [`TABLE`]: records of interfaces and of discovery have it as it is; a record of a target begins its part of the
//! interface otherwise.

use std::sync::LazyLock;

use super::{Key, Object, TABLE};

/// The keys of interfaces that stand first in a record of a target, in this order.
const NODE_FIRST: [&str; 6] = [
    "iface.hwaddress",
    "iface.ipaddress",
    "iface.iscsi_ifacename",
    "iface.net_ifacename",
    "iface.gateway",
    "iface.subnet_mask",
];

/// Indices of the table in the order of the names.
static BY_NAME: LazyLock<Vec<usize>> = LazyLock::new(|| {
    let mut indices: Vec<_> = (0..TABLE.len()).collect();
    indices.sort_by_key(|index| TABLE.get(*index).map(|key| key.name));
    indices
});

/// Indices of the table in the order of a record of a target, and where each stands there.
static NODE: LazyLock<(Vec<usize>, Vec<usize>)> = LazyLock::new(|| {
    let index = |name: &&str| TABLE.iter().position(|key| key.name == *name);
    let first: Vec<_> = NODE_FIRST.iter().filter_map(index).collect();
    let begin = TABLE
        .iter()
        .position(|key| key.name.starts_with("iface."))
        .unwrap_or(0);
    let rest = |range: std::ops::Range<usize>| range.filter(|index| !first.contains(index));
    let order: Vec<_> = (0..begin)
        .chain(first.iter().copied())
        .chain(rest(begin..TABLE.len()))
        .collect();
    let mut ranks = vec![0; TABLE.len()];
    for (rank, index) in order.iter().enumerate() {
        if let Some(room) = ranks.get_mut(*index) {
            *room = rank;
        }
    }
    (order, ranks)
});

/// Where the key of a name stands in the table.
pub(in super::super) fn searched(name: &str) -> Option<usize> {
    let at = BY_NAME
        .binary_search_by(|index| TABLE.get(*index).map_or("", |key| key.name).cmp(name))
        .ok()?;
    BY_NAME.get(at).copied()
}

/// Where a key stands in such a record: the smaller, the earlier.
pub(in super::super) fn rank(object: Object, name: &str) -> Option<usize> {
    let index = searched(name)?;
    match object {
        Object::Node => NODE.1.get(index).copied(),
        _ => Some(index),
    }
}

/// The keys of such a record in their order.
pub fn in_order(object: Object) -> impl Iterator<Item = &'static Key> {
    (0..TABLE.len())
        .map(move |at| match object {
            Object::Node => NODE.0.get(at).copied().unwrap_or(at),
            _ => at,
        })
        .filter_map(|index| TABLE.get(index))
        .filter(move |key| key.objects.has(object))
}
