//! The objects of a list, put together attribute by attribute.

use std::{
    collections::HashMap,
    mem,
    net::{IpAddr, SocketAddr},
};

use super::{Answer, LeftOut, Limits, Portal, Target, Why};
use crate::{
    IscsiName,
    isns::{
        attribute::{Attribute, BadValue},
        node::{NodeType, PortField},
        tag::Tag,
    },
    names,
};

/// Takes lists of objects, gives targets.
#[derive(Debug)]
pub struct Objects {
    limits: Limits,
    nodes: Vec<Node>,
    /// Where a name stands among the nodes.
    known: HashMap<String, usize>,
    current: Option<usize>,
    portal: HalfPortal,
    group: HalfGroup,
    answer: Answer,
}

#[derive(Debug)]
struct Node {
    name: IscsiName,
    kind: Option<NodeType>,
    alias: Option<String>,
    portals: Vec<SocketAddr>,
    /// Portal groups by their portals; without a tag the portal is not for this node.
    groups: Vec<(SocketAddr, Option<u16>)>,
    /// Tags without a portal.
    tags: Vec<Option<u16>>,
    /// Something is wrong with one of its portals, which was told already.
    faulty: bool,
}

/// A portal, as far as it has come.
#[derive(Debug, Default)]
struct HalfPortal {
    address: Option<Result<IpAddr, BadValue>>,
    port: Option<Result<PortField, BadValue>>,
}

/// A portal group, as far as it has come.
#[derive(Debug, Default)]
struct HalfGroup {
    node: Option<String>,
    portal: HalfPortal,
    tag: Option<Option<u16>>,
}

impl Objects {
    /// Nothing yet.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            nodes: Vec::new(),
            known: HashMap::new(),
            current: None,
            portal: HalfPortal::default(),
            group: HalfGroup::default(),
            answer: Answer::default(),
        }
    }

    /// Whether as many nodes are kept as may be.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.nodes.len() >= self.limits.targets
    }

    /// There is more than was asked for, since no more would be kept.
    pub fn leave_the_rest(&mut self) {
        self.answer.more.targets = self.answer.more.targets.saturating_add(1);
    }

    /// Takes a list of objects.
    pub fn take<'a>(&mut self, list: impl IntoIterator<Item = Attribute<'a>>) {
        self.current = None;
        for attribute in list {
            self.attribute(attribute);
        }
        self.end_objects();
    }

    fn attribute(&mut self, attribute: Attribute<'_>) {
        let tag = attribute.tag;
        if !matches!(tag, Tag::PORTAL_ADDRESS | Tag::PORTAL_PORT) {
            self.end_portal();
        }
        if !matches!(tag, Tag::PG_NAME | Tag::PG_ADDRESS | Tag::PG_PORT | Tag::PG_TAG) {
            self.end_group();
        }
        match tag {
            Tag::ISCSI_NAME => self.begin_node(attribute),
            Tag::NODE_TYPE => {
                if let (Some(node), Ok(kind)) = (self.node(), attribute.number()) {
                    node.kind = Some(NodeType::from_bits_retain(kind));
                }
            }
            Tag::ISCSI_ALIAS => {
                let alias = attribute.text().ok().filter(|alias| !alias.is_empty());
                if let (Some(node), Some(alias)) = (self.node(), alias) {
                    node.alias = Some(alias.to_owned());
                }
            }
            Tag::PORTAL_ADDRESS => {
                if self.portal.address.is_some() {
                    self.end_portal();
                }
                self.portal.address = Some(attribute.address());
            }
            Tag::PORTAL_PORT => {
                if self.portal.port.is_some() {
                    self.end_portal();
                }
                self.portal.port = Some(attribute.number().map(PortField::from));
            }
            Tag::PG_NAME => {
                if self.group.node.is_some() {
                    self.end_group();
                }
                self.group.node = Some(attribute.text().map(names::key).unwrap_or_default());
            }
            Tag::PG_ADDRESS => {
                if self.group.portal.address.is_some() {
                    self.end_group();
                }
                self.group.portal.address = Some(attribute.address());
            }
            Tag::PG_PORT => {
                if self.group.portal.port.is_some() {
                    self.end_group();
                }
                self.group.portal.port = Some(attribute.number().map(PortField::from));
            }
            Tag::PG_TAG => {
                if self.group.tag.is_some() {
                    self.end_group();
                }
                // What is no number of 16 bits is no portal group tag (RFC 7143 section 4.4.1); none at all unties the portal.
                let told = attribute.number().ok();
                self.group.tag = Some(told.and_then(|tag| u16::try_from(tag).ok()));
            }
            _ => {}
        }
    }

    fn node(&mut self) -> Option<&mut Node> {
        self.nodes.get_mut(self.current?)
    }

    fn leave_out(&mut self, target: &str, why: Why) {
        let target = target.chars().take(names::MAX_NAME).collect();
        if self.answer.left_out.len() < self.limits.left_out {
            self.answer.left_out.push(LeftOut { target, why });
        } else {
            self.answer.more.left_out = self.answer.more.left_out.saturating_add(1);
        }
    }

    fn begin_node(&mut self, attribute: Attribute<'_>) {
        self.current = None;
        let text = match attribute.text() {
            Ok(text) => text,
            Err(why) => {
                let told = String::from_utf8_lossy(attribute.value).into_owned();
                return self.leave_out(&told, Why::Unreadable(why));
            }
        };
        let name: IscsiName = match text.parse() {
            Ok(name) => name,
            Err(why) => return self.leave_out(text, Why::Name(why)),
        };
        let key = names::key(text);
        if let Some(at) = self.known.get(&key) {
            self.current = Some(*at);
            return;
        }
        if self.is_full() {
            return self.leave_the_rest();
        }
        let at = self.nodes.len();
        self.known.insert(key, at);
        self.current = Some(at);
        self.nodes.push(Node {
            name,
            kind: None,
            alias: None,
            portals: Vec::new(),
            groups: Vec::new(),
            tags: Vec::new(),
            faulty: false,
        });
    }

    fn end_objects(&mut self) {
        self.end_portal();
        self.end_group();
    }

    fn end_portal(&mut self) {
        let half = mem::take(&mut self.portal);
        let most = self.limits.portals;
        let Some(at) = self.current else { return };
        let told = half.whole();
        let Some(node) = self.nodes.get_mut(at) else {
            return;
        };
        match told {
            Ok(None) => {}
            Ok(Some(portal)) if node.portals.contains(&portal) => {}
            Ok(Some(_)) if node.portals.len() >= most => {
                self.answer.more.portals = self.answer.more.portals.saturating_add(1);
            }
            Ok(Some(portal)) => node.portals.push(portal),
            Err(why) => {
                node.faulty = true;
                let name = node.name.clone();
                self.leave_out(name.as_str(), why);
            }
        }
    }

    fn end_group(&mut self) {
        let half = mem::take(&mut self.group);
        let most = self.limits.portals;
        let named = half.node.filter(|name| !name.is_empty());
        let at = match named {
            Some(name) => self.known.get(&name).copied(),
            None => self.current,
        };
        let Some(node) = at.and_then(|at| self.nodes.get_mut(at)) else {
            return;
        };
        match (half.portal.whole(), half.tag) {
            (Ok(None), None) => {}
            (Ok(None), Some(_)) | (Ok(Some(_)), _) if node.groups.len().max(node.tags.len()) >= most => {
                self.answer.more.portals = self.answer.more.portals.saturating_add(1);
            }
            (Ok(None), Some(tag)) => node.tags.push(tag),
            (Ok(Some(portal)), tag) => node.groups.push((portal, tag.flatten())),
            (Err(why), _) => {
                node.faulty = true;
                let name = node.name.clone();
                self.leave_out(name.as_str(), why);
            }
        }
    }

    /// The targets among the nodes.
    #[must_use]
    pub fn finish(mut self) -> Answer {
        self.end_objects();
        for node in mem::take(&mut self.nodes) {
            // Servers that list every node where targets were asked for.
            if node.kind.is_some_and(|kind| !kind.contains(NodeType::TARGET)) {
                continue;
            }
            let portals = node.reached_by();
            if portals.is_empty() {
                if !node.faulty {
                    self.leave_out(node.name.as_str(), Why::NoPortal);
                }
                continue;
            }
            self.answer.targets.push(Target {
                name: node.name,
                alias: node.alias,
                portals,
            });
        }
        self.answer
    }
}

impl Node {
    fn reached_by(&self) -> Vec<Portal> {
        let tied = |at: &SocketAddr| self.groups.iter().find(|(portal, _)| portal == at);
        let listed = self.portals.iter().enumerate().filter_map(|(n, at)| {
            let tag = match tied(at) {
                Some((_, None)) => return None,
                Some((_, tag)) => *tag,
                None => self.bare_tag(n),
            };
            Some(Portal { at: *at, tag })
        });
        let mut portals: Vec<Portal> = listed.collect();
        for (at, tag) in &self.groups {
            if tag.is_some() && !self.portals.contains(at) && !portals.iter().any(|p| p.at == *at) {
                portals.push(Portal { at: *at, tag: *tag });
            }
        }
        portals
    }

    /// The tag of the `n`th portal where tags have no keys: one for each portal, or one for all.
    fn bare_tag(&self, n: usize) -> Option<u16> {
        match &self.tags[..] {
            [one] => *one,
            some if some.len() == self.portals.len() => some.get(n).copied().flatten(),
            _ => None,
        }
    }
}

impl HalfPortal {
    fn whole(&self) -> Result<Option<SocketAddr>, Why> {
        let (address, port) = match (self.address, self.port) {
            (None, None) => return Ok(None),
            (Some(address), Some(port)) => (address, port),
            _ => return Err(Why::HalfPortal),
        };
        let (address, port) = (address.map_err(Why::Portal)?, port.map_err(Why::Portal)?);
        let at = SocketAddr::new(address, port.of_iscsi());
        if port.udp { Err(Why::Udp(at)) } else { Ok(Some(at)) }
    }
}
