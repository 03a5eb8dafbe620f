//! Questions: DevAttrQry and DevGetNext.
//!
//! Source: RFC 4171 sections 5.6.5.2 and 5.6.5.3: for each node that the key fits, what was asked of it, of the portals that lead to it and
//! of the portal groups that tie both, in the order of the question.

use iscsi::isns::{Attribute, Attributes, Message, NodeType, PortField, Status, Tag};
use iscsi::names;

use super::register::{Outcome, source};
use super::registry::{Entity, Node, Portal, Registry};

impl Registry {
    /// DevAttrQry.
    pub(super) fn query(&self, message: &Message, registered_only: bool) -> Result<Outcome, Status> {
        let source = source(message)?;
        if registered_only && self.entity_of(source.as_str()).is_none() {
            return Err(Status::SOURCE_UNKNOWN);
        }
        let mut body = Attributes::new();
        body.extend(message.before_delimiter().skip(1)).delimiter();
        let keys: Vec<Attribute<'_>> = message.before_delimiter().skip(1).collect();
        let asked: Vec<Tag> = message.operating().map(|a| a.tag).collect();
        for (entity, node) in self.nodes() {
            if keys.iter().all(|key| fits(*key, node)) {
                told(&mut body, &asked, entity, node);
            }
        }
        Ok(Outcome {
            body,
            ..Status::SUCCESS.into()
        })
    }

    /// DevGetNext. In a circle the node behind the last one is the first.
    pub(super) fn next(&self, message: &Message, circle: bool) -> Result<Outcome, Status> {
        source(message)?;
        let key = message.before_delimiter().nth(1).ok_or(Status::INVALID_QUERY)?;
        if key.tag != Tag::ISCSI_NAME {
            return Err(Status::INVALID_QUERY);
        }
        let after = key.text().map(names::key).map_err(|_| Status::MESSAGE_FORMAT)?;
        let fits = |node: &Node| {
            let scopes = message.operating().filter(|a| !a.value.is_empty());
            scopes.clone().all(|scope| fits(scope, node))
        };
        let nodes = self.nodes();
        let mut all = nodes.iter().filter(|(_, node)| fits(node));
        let next = all
            .clone()
            .find(|(_, node)| names::key(node.name.as_str()) > after);
        let next = if circle { next.or_else(|| all.next()) } else { next };
        let (entity, node) = next.ok_or(Status::NO_SUCH_ENTRY)?;
        let asked: Vec<Tag> = message
            .operating()
            .filter(|a| a.value.is_empty())
            .map(|a| a.tag)
            .collect();
        let mut body = Attributes::new();
        body.text(Tag::ISCSI_NAME, node.name.as_str()).delimiter();
        told(&mut body, &asked, entity, node);
        Ok(Outcome {
            body,
            ..Status::SUCCESS.into()
        })
    }
}

/// Whether a key is one of this node. Without a value it is one of every node.
fn fits(key: Attribute<'_>, node: &Node) -> bool {
    match key.tag {
        _ if key.value.is_empty() => true,
        Tag::ISCSI_NAME => key.text().is_ok_and(|name| names::same(name, node.name.as_str())),
        Tag::NODE_TYPE => key.number().is_ok_and(|kind| {
            let kind = NodeType::from_bits_retain(kind);
            node.kind.contains(kind)
        }),
        _ => false,
    }
}

fn told(body: &mut Attributes, asked: &[Tag], entity: &Entity, node: &Node) {
    let portals: Vec<(&Portal, u16)> = entity
        .portals
        .iter()
        .filter_map(|portal| Some((portal, node.tag(portal.at)?)))
        .collect();
    let of_portals = |tag: &&Tag| matches!(**tag, Tag::PORTAL_ADDRESS | Tag::PORTAL_PORT);
    let of_groups = |tag: &&Tag| matches!(**tag, Tag::PG_NAME | Tag::PG_ADDRESS | Tag::PG_PORT | Tag::PG_TAG);
    for tag in asked {
        match *tag {
            Tag::ISCSI_NAME => body.text(*tag, node.name.as_str()),
            Tag::NODE_TYPE => body.number(*tag, node.kind.bits()),
            Tag::ISCSI_ALIAS => match &node.alias {
                Some(alias) => body.text(*tag, alias),
                None => body,
            },
            _ => body,
        };
    }
    for (portal, _) in &portals {
        for tag in asked.iter().filter(of_portals) {
            match *tag {
                Tag::PORTAL_ADDRESS => body.address(*tag, portal.at.ip()),
                _ => body.number(*tag, PortField::tcp(portal.at.port()).into()),
            };
        }
    }
    for (portal, group) in &portals {
        for tag in asked.iter().filter(of_groups) {
            match *tag {
                Tag::PG_NAME => body.text(*tag, node.name.as_str()),
                Tag::PG_ADDRESS => body.address(*tag, portal.at.ip()),
                Tag::PG_PORT => body.number(*tag, PortField::tcp(portal.at.port()).into()),
                _ => body.number(*tag, u32::from(*group)),
            };
        }
    }
}
