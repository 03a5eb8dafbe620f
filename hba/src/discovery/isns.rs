//! iSNS servers, asked by this host over its own TCP: which targets an initiator may see, and what changes of them.
//!
//! Owns the shells around [`iscsi::isns`] ([`query()`], [`watch()`]) and what is told of their ends. Must not resolve names, know records, nor
//! what becomes of an answer. What a server lists is anybody's word: each address is looked at before it is handed on.
//! Source: RFC 4171; field reports of Microsoft's and Open-iSNS' servers.

mod asking;
mod failure;
mod hearing;
mod link;

pub use asking::query;
pub use hearing::{Hearing, Watch, watch};
use iscsi::IscsiName;
use iscsi::address::TargetAddress;
pub use iscsi::isns::ISNS_PORT;

use crate::message::Message;

/// A target at a portal that an iSNS server lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Its name, as the server has it.
    pub target: IscsiName,
    /// Its portal: address, port, and portal group tag where one was told.
    pub at: TargetAddress,
    /// What people call it.
    pub alias: Option<String>,
}

/// Something listed that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// The target, as far as its name can be read; anybody's bytes.
    pub target: String,
    /// The portal, where it is one portal that cannot be used.
    pub portal: Option<TargetAddress>,
    /// Why.
    pub why: String,
}

/// What an iSNS server told.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Told {
    /// What can be used, a portal of a target each.
    pub found: Vec<Found>,
    /// What cannot.
    pub left_out: Vec<LeftOut>,
    /// How many targets there are that were not looked at, at least; the answer is no whole one unless it is 0.
    pub beyond: usize,
    /// How many portals and reasons were not looked at or kept.
    pub not_kept: usize,
    /// What is to be known of how the answer was had.
    pub remarks: Vec<Message>,
}

impl Told {
    /// Whether everything that the server has was looked at: only then is what is missing gone.
    #[must_use]
    pub const fn is_whole(&self) -> bool {
        self.beyond == 0
    }
}

#[cfg(test)]
mod tests;
