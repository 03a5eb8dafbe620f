//! Who hears of which change, and what it is told.
//!
//! Source: RFC 4171 sections 5.6.5.8 and 6.4.4.

use std::net::SocketAddr;

use iscsi::isns::{Attributes, NodeType, ScnBitmap, Tag};

use super::registry::{Changed, Node, Registry};

/// What is to be told where.
pub(super) fn notices(registry: &Registry, changed: &[Changed], at: u64) -> Vec<(SocketAddr, Attributes)> {
    let mut all = Vec::new();
    for (entity, node) in registry.nodes() {
        let listens =
            |portal: &super::registry::Portal| Some(SocketAddr::new(portal.at.ip(), portal.notices?));
        let Some(to) = entity.portals.iter().find_map(listens) else {
            continue;
        };
        let mut body = Attributes::new();
        body.text(Tag::ISCSI_NAME, node.name.as_str())
            .long(Tag::TIMESTAMP, at);
        let head = body.as_bytes().len();
        for change in changed {
            let what = wanted(node, change);
            if !what.is_empty() {
                body.number(Tag::SCN_BITMAP, what.bits());
                body.text(Tag::ISCSI_NAME, change.name.as_str());
            }
        }
        if body.as_bytes().len() > head {
            all.push((to, body));
        }
    }
    all
}

/// What of a change a node wants to hear.
fn wanted(node: &Node, change: &Changed) -> ScnBitmap {
    let own = node.name.same_as(&change.name);
    let only = [
        (ScnBitmap::TARGETS_AND_SELF, NodeType::TARGET),
        (ScnBitmap::INITIATORS_AND_SELF, NodeType::INITIATOR),
    ];
    let mut scoped = only
        .iter()
        .filter(|(bit, _)| node.wants.contains(*bit))
        .peekable();
    let seen = scoped.peek().is_none() || own || scoped.any(|(_, kind)| change.kind.contains(*kind));
    if seen {
        change.what & node.wants.changes()
    } else {
        ScnBitmap::empty()
    }
}
