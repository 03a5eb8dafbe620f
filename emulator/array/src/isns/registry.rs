//! What is registered: entities with their portals and nodes, and who wants to hear of changes.
//!
//! Must not know messages. Source: RFC 4171 section 3 (the objects and how they belong together).

use std::collections::BTreeMap;
use std::net::SocketAddr;

use iscsi::IscsiName;
use iscsi::isns::{NodeType, ScnBitmap};
use iscsi::names;

/// Entities that are kept.
const ENTITIES: usize = 4096;
/// Nodes, and portals, of an entity.
const PARTS: usize = 8192;

/// Everything that is registered.
#[derive(Debug, Default)]
pub(super) struct Registry {
    pub(super) entities: BTreeMap<String, Entity>,
    given: u64,
}

/// An entity.
#[derive(Debug, Default)]
pub(super) struct Entity {
    pub(super) portals: Vec<Portal>,
    pub(super) nodes: Vec<Node>,
}

/// A portal of an entity; each of its nodes is reached by it unless a portal group says otherwise.
#[derive(Debug, Clone, Copy)]
pub(super) struct Portal {
    pub(super) at: SocketAddr,
    /// TCP port for notifications.
    pub(super) notices: Option<u16>,
}

/// A node.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) name: IscsiName,
    pub(super) kind: NodeType,
    pub(super) alias: Option<String>,
    /// Portal groups by their portals; without a tag the portal is not for this node.
    pub(super) groups: Vec<(SocketAddr, Option<u16>)>,
    /// Of which changes it wants to hear.
    pub(super) wants: ScnBitmap,
}

impl Node {
    pub(super) fn new(name: IscsiName) -> Self {
        Self {
            name,
            kind: NodeType::empty(),
            alias: None,
            groups: Vec::new(),
            wants: ScnBitmap::empty(),
        }
    }

    /// The tag by which a portal leads to this node.
    pub(super) fn tag(&self, at: SocketAddr) -> Option<u16> {
        match self.groups.iter().find(|(portal, _)| *portal == at) {
            Some((_, tag)) => *tag,
            // RFC 4171 section 5.6.5.1: a portal group that nobody registered has tag 1.
            None => Some(1),
        }
    }

    pub(super) fn set_group(&mut self, at: SocketAddr, tag: Option<u16>) {
        if let Some((_, old)) = self.groups.iter_mut().find(|(portal, _)| *portal == at) {
            *old = tag;
        } else if self.groups.len() < PARTS {
            self.groups.push((at, tag));
        }
    }
}

/// A node that has changed.
#[derive(Debug, Clone)]
pub(super) struct Changed {
    pub(super) what: ScnBitmap,
    pub(super) name: IscsiName,
    pub(super) kind: NodeType,
}

impl Registry {
    /// A name that no entity has.
    pub(super) fn new_id(&mut self) -> String {
        loop {
            self.given += 1;
            let id = format!("isns:{:016x}", self.given);
            if !self.entities.contains_key(&id) {
                return id;
            }
        }
    }

    /// The entity of that name; a new one when there is none. `None`: there is no room.
    pub(super) fn entity(&mut self, id: &str) -> Option<&mut Entity> {
        if !self.entities.contains_key(id) && self.entities.len() >= ENTITIES {
            return None;
        }
        Some(self.entities.entry(id.to_owned()).or_default())
    }

    /// The entity that a node is of.
    pub(super) fn entity_of(&self, node: &str) -> Option<&str> {
        let has = |entity: &Entity| entity.node(node).is_some();
        let found = self.entities.iter().find(|(_, entity)| has(entity));
        found.map(|(id, _)| id.as_str())
    }

    /// All nodes with their entities, by name.
    pub(super) fn nodes(&self) -> Vec<(&Entity, &Node)> {
        let all = self.entities.values();
        let mut nodes: Vec<_> = all
            .flat_map(|entity| entity.nodes.iter().map(move |node| (entity, node)))
            .collect();
        nodes.sort_by_cached_key(|(_, node)| names::key(node.name.as_str()));
        nodes
    }

    /// Takes an entity out.
    pub(super) fn remove_entity(&mut self, id: &str) -> Vec<Changed> {
        let nodes = self.entities.remove(id).map(|entity| entity.nodes);
        nodes.into_iter().flatten().map(|node| gone(&node)).collect()
    }

    /// Takes a node out, and its entity if nothing of it is left.
    pub(super) fn remove_node(&mut self, name: &str) -> Option<Changed> {
        let id = self.entity_of(name)?.to_owned();
        let entity = self.entities.get_mut(&id)?;
        let at = entity
            .nodes
            .iter()
            .position(|node| names::same(node.name.as_str(), name))?;
        let node = entity.nodes.remove(at);
        self.drop_empty(&id);
        Some(gone(&node))
    }

    /// Takes a portal out, and its entity if nothing of it is left.
    pub(super) fn remove_portal(&mut self, at: SocketAddr) {
        let mut emptied = Vec::new();
        for (id, entity) in &mut self.entities {
            entity.portals.retain(|portal| portal.at != at);
            emptied.push(id.clone());
        }
        for id in emptied {
            self.drop_empty(&id);
        }
    }

    fn drop_empty(&mut self, id: &str) {
        let empty = |entity: &Entity| entity.nodes.is_empty() && entity.portals.is_empty();
        if self.entities.get(id).is_some_and(empty) {
            self.entities.remove(id);
        }
    }
}

fn gone(node: &Node) -> Changed {
    Changed {
        what: ScnBitmap::REMOVED,
        name: node.name.clone(),
        kind: node.kind,
    }
}

impl Entity {
    pub(super) fn node(&self, name: &str) -> Option<&Node> {
        self.nodes
            .iter()
            .find(|node| names::same(node.name.as_str(), name))
    }

    /// The node of that name, and whether it is a new one. `None`: there is no room.
    pub(super) fn node_mut(&mut self, name: &IscsiName) -> Option<(&mut Node, bool)> {
        let known = self.nodes.iter().position(|node| node.name.same_as(name));
        let at = match known {
            Some(at) => at,
            None if self.nodes.len() >= PARTS => return None,
            None => {
                self.nodes.push(Node::new(name.clone()));
                self.nodes.len() - 1
            }
        };
        Some((self.nodes.get_mut(at)?, known.is_none()))
    }

    /// The portal there; a new one when there is none. `None`: there is no room.
    pub(super) fn portal_mut(&mut self, at: SocketAddr) -> Option<&mut Portal> {
        let known = self.portals.iter().position(|portal| portal.at == at);
        let place = match known {
            Some(place) => place,
            None if self.portals.len() >= PARTS => return None,
            None => {
                self.portals.push(Portal { at, notices: None });
                self.portals.len() - 1
            }
        };
        self.portals.get_mut(place)
    }
}
