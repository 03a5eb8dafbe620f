//! Who has a connection's bytes: the chip alone until a session has it, then the library's engine for that session.
//!
//! The chip keeps watch over both: what is lost, and what a cable that is out holds up. Must not know endpoints.

use std::io::IoSlice;
use std::net::{IpAddr, SocketAddr};
use std::time::Instant;

use emu_net::hardware::{Effect, Hardware, LinkId};
use iscsi::LinkLoss;

use super::chip::Chip;
use crate::libiscsi::Libiscsi;

/// Chip and library.
pub(super) struct Engine {
    /// The chip.
    pub(super) chip: Chip,
    /// The library.
    pub(super) lib: Libiscsi,
}

impl Engine {
    /// No connection yet.
    pub(super) fn new(lib: Libiscsi) -> Self {
        Self {
            chip: Chip::default(),
            lib,
        }
    }

    /// Connects, from the source address where this machine has it.
    pub(super) fn connect(&mut self, now: Instant, to: SocketAddr, source: IpAddr) -> LinkId {
        let link = self.lib.new_link();
        self.chip.connect(now, link, to, source);
        link
    }

    /// What took too long is given up.
    pub(super) fn expire(&mut self, now: Instant) {
        for link in self.chip.expire(now) {
            if self.is_bound(link) {
                self.lib.closed(now, link, LinkLoss::TimedOut);
            }
        }
        self.lib.expire();
    }

    fn is_bound(&self, link: LinkId) -> bool {
        self.lib.session_of(link).is_some()
    }
}

impl Hardware for Engine {
    fn poll_effect(&mut self) -> Option<Effect> {
        self.chip.poll_effect().or_else(|| self.lib.poll_effect())
    }

    fn connected(&mut self, _: Instant, link: LinkId, local: SocketAddr) {
        self.chip.connected(link, local);
    }

    fn connect_failed(&mut self, _: Instant, link: LinkId, why: LinkLoss) {
        self.chip.connect_failed(link, why);
    }

    fn read_slot(&mut self, link: LinkId) -> &mut [u8] {
        if self.is_bound(link) {
            self.lib.read_slot(link)
        } else {
            self.chip.early(link)
        }
    }

    fn received(&mut self, now: Instant, link: LinkId, n: usize) {
        if self.is_bound(link) {
            self.lib.received(now, link, n);
        }
    }

    fn closed(&mut self, now: Instant, link: LinkId, why: LinkLoss) {
        self.chip.closed(link, why);
        if self.is_bound(link) {
            self.lib.closed(now, link, why);
        }
    }

    fn write_slices<'a>(&'a self, link: LinkId, out: &mut Vec<IoSlice<'a>>) {
        if self.is_bound(link) && !self.chip.stalls(link) {
            self.lib.write_slices(link, out);
        }
    }

    fn sent(&mut self, now: Instant, link: LinkId, n: usize) {
        if self.is_bound(link) {
            self.lib.sent(now, link, n);
        }
    }

    fn wants_close(&self, link: LinkId) -> bool {
        self.is_bound(link) && self.lib.wants_close(link)
    }
}
