//! What can be asked of a discovery.

use iscsi::address::TargetAddress;
use iscsi::chap::ChapAlgorithm;

use crate::ids::AdapterId;
use crate::initiator::Chap;

/// Who is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whom {
    /// A portal, by SendTargets.
    Portal(TargetAddress),
    /// An iSNS server.
    Isns(TargetAddress),
    /// The boot firmware's tables.
    Firmware,
}

/// Where what is found is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Keep {
    /// In an adapter's flash: the adapter asks, and logs in to what it finds.
    Flash,
    /// In the database of records: this host asks, and nobody logs in.
    #[default]
    Db,
    /// Nowhere: this host asks.
    Nowhere,
}

/// One discovery. What is not said is as the portal's record has it, else as iscsid.conf has it.
#[derive(Debug, Clone)]
pub struct DiscoverWish {
    /// Who is asked.
    pub whom: Whom,
    /// Where what is found is kept.
    pub keep: Keep,
    /// Interface records: each asks, and each gets records of its own. None: `default`.
    pub ifaces: Vec<String>,
    /// Who proves himself with what.
    pub chap: Option<Chap>,
    /// CHAP algorithms, best first.
    pub algorithms: Vec<ChapAlgorithm>,
    /// Whether a header digest is insisted on, or refused.
    pub header_digest: Option<bool>,
    /// The same of data digests.
    pub data_digest: Option<bool>,
    /// Records that are not named any more go.
    pub remove_gone: bool,
    /// Records that are named begin anew.
    pub reset: bool,
    /// The port, for flash.
    pub adapter: Option<AdapterId>,
    /// The CHAP entry, for flash.
    pub chap_entry: Option<u16>,
}

impl DiscoverWish {
    /// A discovery with nothing special.
    #[must_use]
    pub fn new(whom: Whom) -> Self {
        Self {
            whom,
            keep: Keep::default(),
            ifaces: Vec::new(),
            chap: None,
            algorithms: Vec::new(),
            header_digest: None,
            data_digest: None,
            remove_gone: false,
            reset: false,
            adapter: None,
            chap_entry: None,
        }
    }
}
