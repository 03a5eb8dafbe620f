//! What a server says unasked: state changes, and whether a portal is there.
//!
//! Owns how notices are read and answered. Must not know which connection they came over. Source: RFC 4171 sections 5.6.5.8, 5.6.5.13,
//! 5.7.5.8 and 5.7.5.13.

use std::net::SocketAddr;

use super::{
    attribute::Attributes,
    function::Function,
    header::Flags,
    message::Message,
    node::{PortField, ScnBitmap},
    status::Status,
    tag::Tag,
};
use crate::{IscsiName, names};

/// Changes of one notice that are kept.
const MOST_CHANGES: usize = 4096;

/// Something that a server said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// Nodes have changed.
    Changes(Changes),
    /// The server asked whether a portal is there.
    Inquiry(Inquiry),
}

/// Nodes that have changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// When, in seconds since 1970, by the server's clock.
    pub at: Option<u64>,
    /// What, in the server's order.
    pub changes: Vec<Change>,
    /// Changes that cannot be read, or were too many: only a query tells.
    pub more: usize,
}

/// A node that has changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// In what.
    pub what: ScnBitmap,
    /// Which one.
    pub node: IscsiName,
}

/// An inquiry.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Inquiry {
    /// When, by the server's clock.
    pub at: Option<u64>,
    /// The entity that is asked for.
    pub entity: String,
    /// The portal that is asked for.
    pub portal: Option<SocketAddr>,
}

/// Reads a server's request to `node`; gives the notice, and the answer, where there is one.
#[must_use]
pub fn hear(message: &Message, node: &IscsiName) -> (Option<Notice>, Option<Message>) {
    let answer = |status, body| Some(message.answered(Flags::CLIENT, status, body));
    match message.function {
        Function::HEARTBEAT => (None, None),
        function if function.is_response() => (None, None),
        Function::SCN => {
            // Each attribute is looked at in its place: the name of whom the notice is for, and names of who has changed, are alike.
            let mut attributes = message.body.iter();
            let to = attributes.next().filter(|a| a.tag == Tag::ISCSI_NAME);
            let Some(to) = to.and_then(|to| to.text().ok()) else {
                return (None, answer(Status::MESSAGE_FORMAT, Attributes::new()));
            };
            if !names::same(to, node.as_str()) {
                return (None, answer(Status::NO_SUCH_ENTRY, Attributes::new()));
            }
            let mut body = Attributes::new();
            body.text(Tag::ISCSI_NAME, to);
            let changes = changes(attributes);
            (Some(Notice::Changes(changes)), answer(Status::SUCCESS, body))
        }
        Function::ESI => {
            let inquiry = inquiry(message);
            (
                Some(Notice::Inquiry(inquiry)),
                answer(Status::SUCCESS, message.body.clone()),
            )
        }
        _ => (None, answer(Status::NOT_SUPPORTED, Attributes::new())),
    }
}

fn changes<'a>(attributes: impl Iterator<Item = super::attribute::Attribute<'a>>) -> Changes {
    let mut told = Changes::default();
    let mut what = None;
    for attribute in attributes {
        match attribute.tag {
            Tag::TIMESTAMP => told.at = attribute.long().ok(),
            Tag::SCN_BITMAP => what = attribute.number().ok().map(ScnBitmap::from_bits_retain),
            Tag::ISCSI_NAME => {
                let node = attribute.text().ok().and_then(|text| text.parse().ok());
                match (what, node) {
                    (Some(what), Some(node)) if told.changes.len() < MOST_CHANGES => {
                        told.changes.push(Change { what, node });
                    }
                    _ => told.more = told.more.saturating_add(1),
                }
            }
            // Domains of management notices, Fibre Channel.
            _ => {}
        }
    }
    told
}

fn inquiry(message: &Message) -> Inquiry {
    let mut told = Inquiry::default();
    let (mut address, mut port) = (None, None);
    for attribute in &message.body {
        match attribute.tag {
            Tag::TIMESTAMP => told.at = attribute.long().ok(),
            Tag::ENTITY_ID => told.entity = attribute.text().unwrap_or_default().to_owned(),
            Tag::PORTAL_ADDRESS => address = attribute.address().ok(),
            Tag::PORTAL_PORT => port = attribute.number().ok().map(PortField::from),
            _ => {}
        }
    }
    told.portal = address
        .zip(port)
        .map(|(address, port)| SocketAddr::new(address, port.of_iscsi()));
    told
}
