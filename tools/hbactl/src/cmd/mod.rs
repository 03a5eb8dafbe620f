//! What a command does: calls one operation, hands its answer to a view.

pub(crate) mod adapter;
pub(crate) mod boot;
pub(crate) mod chap;
pub(crate) mod discover;
pub(crate) mod event;
pub(crate) mod flash;
pub(crate) mod iface;
pub(crate) mod lun;
pub(crate) mod meta;
pub(crate) mod module;
pub(crate) mod node;
pub(crate) mod persistent;
pub(crate) mod record;
pub(crate) mod session;
pub(crate) mod stats;
pub(crate) mod target;
