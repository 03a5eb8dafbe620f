//! Registering an entity, its portals and its node.
//!
//! Owns the messages of a registration and what is done about servers that refuse it: one that answers Invalid Update to what is
//! registered already (Microsoft's does) gets it taken out and registered from scratch, once; one that inquires nothing (ESI Not
//! Available) is not asked to. Open-iSNS takes one portal group in a message, so that each has a message of its own.
//!
//! Source: RFC 4171 sections 5.6.5.1, 6.2 and 6.3.

use std::net::SocketAddr;

use super::{
    failure::Failure,
    operation::{Done, Send, Step, accepted},
};
use crate::{
    IscsiName,
    isns::{
        attribute::{Attribute, Attributes},
        function::Function,
        message::Message,
        node::{NodeType, PortField},
        status::Status,
        tag::Tag,
    },
};

/// Block storage protocol of an entity: iSCSI.
const ISCSI: u32 = 2;

/// What is to be registered; the node is the client's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registration {
    /// Name of the entity; the server gives one where there is none.
    pub entity: Option<String>,
    /// What the node is.
    pub kind: NodeType,
    /// What people call the node.
    pub alias: Option<String>,
    /// Seconds that the registration is to last without a word.
    pub period: Option<u32>,
    /// Where the node is reached.
    pub portals: Vec<Served>,
}

/// A portal that is to be registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Served {
    /// Where.
    pub at: SocketAddr,
    /// Portal group tag; 1 where there is none.
    pub tag: Option<u16>,
    /// TCP port on which state change notifications are taken.
    pub notices: Option<u16>,
    /// Whether, how often and where the server shall inquire.
    pub inquiries: Option<Inquiries>,
}

/// Status inquiries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Inquiries {
    /// Seconds between two.
    pub interval: u32,
    /// TCP port on which they are taken.
    pub port: u16,
}

impl Served {
    /// A portal of which nothing is asked.
    #[must_use]
    pub const fn at(at: SocketAddr) -> Self {
        Self {
            at,
            tag: None,
            notices: None,
            inquiries: None,
        }
    }
}

/// What was registered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RegisteredAs {
    /// Name of the entity, as the server has it.
    pub entity: Option<String>,
    /// Seconds that the registration lasts without a word; `None`: the server told none.
    pub period: Option<u32>,
    /// Seconds between inquiries, where the server told.
    pub interval: Option<u32>,
    /// What was registered before had to be taken out first.
    pub from_scratch: bool,
    /// The server does not inquire although it was asked to.
    pub no_inquiries: bool,
}

/// A registration under way.
#[derive(Debug)]
pub(super) struct Registering {
    wanted: Registration,
    /// Portal groups, best first: one message each.
    groups: Vec<u16>,
    /// Which message is under way.
    stage: Stage,
    done: RegisteredAs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Everything and the first group.
    Whole,
    /// What is registered is taken out.
    Removal,
    /// The group of this number.
    Group(usize),
}

impl Registering {
    pub(super) fn new(wanted: Registration) -> Self {
        let mut groups = Vec::new();
        for tag in wanted.portals.iter().filter_map(|portal| portal.tag) {
            if !groups.contains(&tag) {
                groups.push(tag);
            }
        }
        Self {
            done: RegisteredAs {
                entity: wanted.entity.clone(),
                ..RegisteredAs::default()
            },
            wanted,
            groups,
            stage: Stage::Whole,
        }
    }

    /// The message of this stage.
    pub(super) fn message(&self, source: &IscsiName) -> Send {
        let mut body = Attributes::new();
        body.text(Tag::ISCSI_NAME, source.as_str());
        match self.stage {
            Stage::Removal => {
                body.delimiter();
                match &self.done.entity {
                    Some(entity) => body.text(Tag::ENTITY_ID, entity),
                    None => body.text(Tag::ISCSI_NAME, source.as_str()),
                };
                Send::new(Function::DEV_DEREG, body)
            }
            Stage::Whole => {
                self.entity(&mut body);
                body.delimiter();
                self.entity(&mut body);
                body.number(Tag::ENTITY_PROTOCOL, ISCSI);
                if let Some(period) = self.wanted.period {
                    body.number(Tag::REGISTRATION_PERIOD, period);
                }
                for portal in &self.wanted.portals {
                    self.portal(&mut body, portal);
                }
                self.node(&mut body, source);
                self.group(&mut body, 0);
                Send {
                    replace: self.done.from_scratch,
                    ..Send::new(Function::DEV_ATTR_REG, body)
                }
            }
            Stage::Group(number) => {
                self.entity(&mut body);
                body.delimiter();
                self.entity(&mut body);
                self.node(&mut body, source);
                self.group(&mut body, number);
                Send::new(Function::DEV_ATTR_REG, body)
            }
        }
    }

    fn entity(&self, body: &mut Attributes) {
        match &self.done.entity {
            Some(entity) => body.text(Tag::ENTITY_ID, entity),
            None => body.ask(Tag::ENTITY_ID),
        };
    }

    fn portal(&self, body: &mut Attributes, portal: &Served) {
        key(body, [Tag::PORTAL_ADDRESS, Tag::PORTAL_PORT], portal.at);
        if let Some(inquiries) = portal.inquiries
            && !self.done.no_inquiries
        {
            body.number(Tag::ESI_INTERVAL, inquiries.interval);
            body.number(Tag::ESI_PORT, PortField::tcp(inquiries.port).into());
        }
        if let Some(port) = portal.notices {
            body.number(Tag::SCN_PORT, PortField::tcp(port).into());
        }
    }

    fn node(&self, body: &mut Attributes, source: &IscsiName) {
        body.text(Tag::ISCSI_NAME, source.as_str());
        body.number(Tag::NODE_TYPE, self.wanted.kind.bits());
        if let Some(alias) = &self.wanted.alias {
            body.text(Tag::ISCSI_ALIAS, alias);
        }
    }

    /// The portal group behind the node that it is of.
    fn group(&self, body: &mut Attributes, number: usize) {
        if let Some(tag) = self.groups.get(number) {
            body.number(Tag::PG_TAG, u32::from(*tag));
            for portal in self.wanted.portals.iter().filter(|p| p.tag == Some(*tag)) {
                key(body, [Tag::PG_ADDRESS, Tag::PG_PORT], portal.at);
            }
        }
    }

    pub(super) fn answered(&mut self, source: &IscsiName, answer: &Message) -> Step {
        match self.take(answer) {
            Ok(true) => Step::Send(self.message(source)),
            Ok(false) => Step::End(Ok(Done::Registered(self.done.clone()))),
            Err(why) => Step::End(Err(why)),
        }
    }

    /// Whether there is another message to send.
    fn take(&mut self, answer: &Message) -> Result<bool, Failure> {
        match (self.stage, answer.status) {
            // What could not be taken out shows in the registration that follows.
            (Stage::Removal, _) => {
                self.stage = Stage::Whole;
                return Ok(true);
            }
            (Stage::Whole, Some(Status::INVALID_UPDATE)) if !self.done.from_scratch => {
                self.done.from_scratch = true;
                self.stage = Stage::Removal;
                return Ok(true);
            }
            (Stage::Whole, Some(Status::ESI_NOT_AVAILABLE)) if self.inquiries() => {
                self.done.no_inquiries = true;
                return Ok(true);
            }
            _ => accepted(answer)?,
        }
        for attribute in answer.before_delimiter().chain(answer.operating()) {
            self.told(attribute);
        }
        let next = match self.stage {
            Stage::Group(number) => number.saturating_add(1),
            _ => 1,
        };
        self.stage = Stage::Group(next);
        Ok(next < self.groups.len())
    }

    fn inquiries(&self) -> bool {
        !self.done.no_inquiries && self.wanted.portals.iter().any(|p| p.inquiries.is_some())
    }

    fn told(&mut self, attribute: Attribute<'_>) {
        match attribute.tag {
            Tag::ENTITY_ID => {
                let entity = attribute.text().ok().filter(|entity| !entity.is_empty());
                if let Some(entity) = entity {
                    self.done.entity = Some(entity.to_owned());
                }
            }
            Tag::REGISTRATION_PERIOD => self.done.period = attribute.number().ok(),
            Tag::ESI_INTERVAL => self.done.interval = attribute.number().ok(),
            _ => {}
        }
    }
}

/// The two attributes that name a portal.
fn key(body: &mut Attributes, [address, port]: [Tag; 2], at: SocketAddr) {
    body.address(address, at.ip());
    body.number(port, PortField::tcp(at.port()).into());
}
