//! The numbers of a port's connections: a queue of free ones, the longest unused first.
//!
//! Source: `bnx2i_iscsi.c` (`bnx2i_setup_free_cid_que`, `bnx2i_alloc_iscsi_cid`, `bnx2i_free_iscsi_cid`).

use std::collections::VecDeque;

/// The free numbers.
#[derive(Debug)]
pub(super) struct Cids(VecDeque<u16>);

impl Cids {
    /// So many, from 0 on.
    pub(super) fn new(count: u16) -> Self {
        Self((0..count).collect())
    }

    /// Whether one is left.
    pub(super) fn any(&self) -> bool {
        !self.0.is_empty()
    }

    /// Takes one.
    pub(super) fn take(&mut self) -> Option<u16> {
        self.0.pop_front()
    }

    /// Gives one back.
    pub(super) fn give(&mut self, cid: u16) {
        self.0.push_back(cid);
    }
}
