//! Questions for targets.
//!
//! Source: RFC 4171 sections 5.6.5.2 and 5.6.5.3. Portal groups are asked for with their keys: a bare tag does not say whose it is.

use super::operation::Send;
use crate::{
    IscsiName,
    isns::{attribute::Attributes, function::Function, node::NodeType, tag::Tag},
};

/// What is asked of each target, in this order.
const WANTED: [Tag; 9] = [
    Tag::ISCSI_NAME,
    Tag::NODE_TYPE,
    Tag::ISCSI_ALIAS,
    Tag::PORTAL_ADDRESS,
    Tag::PORTAL_PORT,
    Tag::PG_NAME,
    Tag::PG_ADDRESS,
    Tag::PG_PORT,
    Tag::PG_TAG,
];

/// All targets that `source` may see.
pub(super) fn of_all(source: &IscsiName) -> Send {
    let mut body = Attributes::new();
    body.text(Tag::ISCSI_NAME, source.as_str());
    body.number(Tag::NODE_TYPE, NodeType::TARGET.bits());
    wanted(body)
}

/// One node.
pub(super) fn of_one(source: &IscsiName, name: &str) -> Send {
    let mut body = Attributes::new();
    body.text(Tag::ISCSI_NAME, source.as_str());
    body.text(Tag::ISCSI_NAME, name);
    wanted(body)
}

/// The name of the target behind `after`; of the first one without it.
pub(super) fn next(source: &IscsiName, after: Option<&str>) -> Send {
    let mut body = Attributes::new();
    body.text(Tag::ISCSI_NAME, source.as_str());
    match after {
        Some(name) => body.text(Tag::ISCSI_NAME, name),
        None => body.ask(Tag::ISCSI_NAME),
    };
    body.delimiter();
    // With a value it is a condition, without one a question.
    body.number(Tag::NODE_TYPE, NodeType::TARGET.bits());
    body.ask(Tag::ISCSI_ALIAS);
    Send::new(Function::DEV_GET_NEXT, body)
}

fn wanted(mut body: Attributes) -> Send {
    body.delimiter();
    for tag in WANTED {
        body.ask(tag);
    }
    Send::new(Function::DEV_ATTR_QRY, body)
}
