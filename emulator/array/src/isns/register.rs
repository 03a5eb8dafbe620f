//! Requests that change what is registered: DevAttrReg, DevDereg, SCNReg, SCNDereg.
//!
//! Source: RFC 4171 sections 5.6.5.1, 5.6.5.4 to 5.6.5.6 and their answers in 5.7.5.

use std::net::{IpAddr, SocketAddr};

use iscsi::IscsiName;
use iscsi::isns::{Attribute, Attributes, Flags, Message, NodeType, PortField, ScnBitmap, Status, Tag};

use super::registry::{Changed, Registry};

/// What came of a request: its status, the attributes of the answer, who has changed.
pub(super) struct Outcome {
    pub(super) status: Status,
    pub(super) body: Attributes,
    pub(super) changed: Vec<Changed>,
}

impl From<Status> for Outcome {
    fn from(status: Status) -> Self {
        Self {
            status,
            body: Attributes::new(),
            changed: Vec::new(),
        }
    }
}

fn text(attribute: Attribute<'_>) -> Result<&str, Status> {
    attribute.text().map_err(|_| Status::MESSAGE_FORMAT)
}

fn name(attribute: Attribute<'_>) -> Result<IscsiName, Status> {
    text(attribute)?.parse().map_err(|_| Status::INVALID_REGISTRATION)
}

/// The node that a request comes from.
pub(super) fn source(message: &Message) -> Result<IscsiName, Status> {
    match message.body.iter().next() {
        Some(source) if source.tag == Tag::ISCSI_NAME => name(source),
        _ => Err(Status::SOURCE_ABSENT),
    }
}

/// An address that waits for its port.
#[derive(Default)]
struct Half(Option<IpAddr>);

impl Half {
    fn address(&mut self, attribute: Attribute<'_>) -> Result<(), Status> {
        self.0 = Some(attribute.address().map_err(|_| Status::INVALID_REGISTRATION)?);
        Ok(())
    }

    fn port(&mut self, attribute: Attribute<'_>) -> Result<SocketAddr, Status> {
        let field = attribute.number().map_err(|_| Status::INVALID_REGISTRATION)?;
        let address = self.0.take().ok_or(Status::MESSAGE_FORMAT)?;
        Ok(SocketAddr::new(address, PortField::from(field).of_iscsi()))
    }
}

impl Registry {
    /// DevAttrReg. `update` is whether a registration of what is registered is taken without replacing it.
    pub(super) fn register(&mut self, message: &Message, update: bool) -> Result<Outcome, Status> {
        let source = source(message)?;
        let given = message
            .before_delimiter()
            .chain(message.operating())
            .find(|a| a.tag == Tag::ENTITY_ID && !a.value.is_empty());
        let id = match given {
            Some(given) => text(given)?.to_owned(),
            None => match self.entity_of(source.as_str()) {
                Some(id) => id.to_owned(),
                None => self.new_id(),
            },
        };
        let replace = message.flags.contains(Flags::REPLACE);
        if !replace && !update && self.entities.contains_key(&id) {
            return Err(Status::INVALID_UPDATE);
        }
        let mut changed = Vec::new();
        if replace {
            changed.append(&mut self.remove_entity(&id));
        }
        if let Err(status) = self.objects(&id, message, &mut changed) {
            // Refused as a whole, as far as it made the entity.
            let empty = |e: &super::registry::Entity| e.nodes.is_empty() && e.portals.is_empty();
            if self.entities.get(&id).is_some_and(empty) {
                self.entities.remove(&id);
            }
            return Err(status);
        }
        let mut body = Attributes::new();
        body.text(Tag::ENTITY_ID, &id)
            .delimiter()
            .text(Tag::ENTITY_ID, &id);
        Ok(Outcome {
            status: Status::SUCCESS,
            body,
            changed,
        })
    }

    /// The objects of a registration, in their order.
    fn objects(&mut self, id: &str, message: &Message, changed: &mut Vec<Changed>) -> Result<(), Status> {
        let room = Status::INTERNAL_ERROR;
        let entity = self.entity(id).ok_or(room)?;
        let (mut portal, mut group) = (Half::default(), Half::default());
        let (mut at, mut node, mut tag) = (None, None, None);
        for attribute in message.operating() {
            match attribute.tag {
                Tag::PORTAL_ADDRESS => portal.address(attribute)?,
                Tag::PORTAL_PORT => {
                    let there = portal.port(attribute)?;
                    entity.portal_mut(there).ok_or(room)?;
                    at = Some(there);
                }
                Tag::SCN_PORT => {
                    let field = attribute.number().map_err(|_| Status::INVALID_REGISTRATION)?;
                    let portal = at
                        .and_then(|at| entity.portal_mut(at))
                        .ok_or(Status::MESSAGE_FORMAT)?;
                    let field = PortField::from(field);
                    portal.notices = (!field.udp && field.port != 0).then_some(field.port);
                }
                Tag::ESI_PORT => return Err(Status::ESI_NOT_AVAILABLE),
                Tag::ISCSI_NAME => {
                    let name = name(attribute)?;
                    let (found, new) = entity.node_mut(&name).ok_or(room)?;
                    let what = if new { ScnBitmap::ADDED } else { ScnBitmap::UPDATED };
                    let kind = found.kind;
                    changed.push(Changed {
                        what,
                        name: name.clone(),
                        kind,
                    });
                    node = Some(name);
                }
                Tag::NODE_TYPE | Tag::ISCSI_ALIAS | Tag::PG_TAG | Tag::PG_ADDRESS | Tag::PG_PORT => {
                    let name = node.as_ref().ok_or(Status::MESSAGE_FORMAT)?;
                    let (node, _) = entity.node_mut(name).ok_or(room)?;
                    match attribute.tag {
                        Tag::NODE_TYPE => {
                            let kind = attribute.number().map_err(|_| Status::INVALID_REGISTRATION)?;
                            // RFC 4171 section 6.4.2: nobody makes himself a control node.
                            node.kind = NodeType::from_bits_retain(kind) - NodeType::CONTROL;
                            if let Some(last) = changed.last_mut() {
                                last.kind = node.kind;
                            }
                        }
                        Tag::ISCSI_ALIAS => node.alias = Some(text(attribute)?.to_owned()),
                        Tag::PG_TAG => {
                            let told = attribute.number().ok();
                            tag = told.and_then(|tag| u16::try_from(tag).ok());
                        }
                        Tag::PG_ADDRESS => group.address(attribute)?,
                        _ => node.set_group(group.port(attribute)?, tag),
                    }
                }
                _ => {}
            }
        }
        if entity.nodes.is_empty() && entity.portals.is_empty() {
            return Err(Status::INVALID_REGISTRATION);
        }
        Ok(())
    }

    /// DevDereg.
    pub(super) fn deregister(&mut self, message: &Message) -> Result<Outcome, Status> {
        source(message)?;
        let mut changed = Vec::new();
        let mut portal = Half::default();
        for attribute in message.operating() {
            match attribute.tag {
                Tag::ENTITY_ID => changed.append(&mut self.remove_entity(text(attribute)?)),
                Tag::ISCSI_NAME => changed.extend(self.remove_node(text(attribute)?)),
                Tag::PORTAL_ADDRESS => portal.address(attribute)?,
                Tag::PORTAL_PORT => self.remove_portal(portal.port(attribute)?),
                _ => return Err(Status::INVALID_DEREGISTRATION),
            }
        }
        Ok(Outcome {
            changed,
            ..Status::SUCCESS.into()
        })
    }

    /// SCNReg, and SCNDereg without a bitmap.
    pub(super) fn subscribe(&mut self, message: &Message) -> Result<Outcome, Status> {
        source(message)?;
        let key = message.before_delimiter().nth(1).ok_or(Status::MESSAGE_FORMAT)?;
        let key = name(key)?;
        let bitmap = message.operating().find(|a| a.tag == Tag::SCN_BITMAP);
        let wants = bitmap.map_or(Ok(0), |a| a.number().map_err(|_| Status::MESSAGE_FORMAT))?;
        let id = self
            .entity_of(key.as_str())
            .ok_or(Status::SOURCE_UNKNOWN)?
            .to_owned();
        let entity = self.entity(&id).ok_or(Status::INTERNAL_ERROR)?;
        if wants != 0 && entity.portals.iter().all(|portal| portal.notices.is_none()) {
            return Err(Status::SCN_REJECTED);
        }
        let (node, _) = entity.node_mut(&key).ok_or(Status::INTERNAL_ERROR)?;
        node.wants = ScnBitmap::from_bits_retain(wants);
        Ok(Status::SUCCESS.into())
    }
}
