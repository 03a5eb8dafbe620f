//! What outlasts the process: what is kept of a host, taken up again, written and forgotten.

use std::time::Instant;

use super::super::left_behind::LeftBehind;
use super::Core;
use crate::state::State;

/// Hosts that are not there and that something is kept of.
pub(super) const MOST_ABSENT: usize = 16;

impl Core {
    /// Opens the ports that an earlier process left. Those whose host or ring is not there yet are tried again for a while; what is kept
    /// of them stays, unless it is of too many.
    pub fn resume(&mut self, now: Instant) {
        let hosts = self.state.as_ref().map(State::hosts).unwrap_or_default();
        let mut absent: Vec<u32> = hosts
            .iter()
            .copied()
            .filter(|host| !self.rings.is_there(*host))
            .collect();
        for host in absent.split_off(absent.len().min(MOST_ABSENT)) {
            tracing::warn!(host, "what was kept of a host that is gone is forgotten");
            self.forget(host);
        }
        let left: Vec<u32> = hosts
            .into_iter()
            .filter(|host| !self.resumed(now, *host))
            .collect();
        self.left_behind = LeftBehind::new(now, left);
    }

    /// Whether the port of a host is open, opened if it can be.
    pub(super) fn resumed(&mut self, now: Instant, host: u32) -> bool {
        if self.adapters.contains_key(&host) {
            return true;
        }
        let open = self.rings.is_there(host) && self.open(now, host).is_some();
        if open {
            self.settle(now, host);
        }
        open
    }

    /// Writes what a restart needs, now.
    pub fn keep_all(&mut self, now: Instant) {
        self.keep = None;
        self.kept = Some(now);
        let Some(state) = &mut self.state else { return };
        for adapter in self.adapters.values_mut().filter(|adapter| adapter.changed) {
            adapter.changed = false;
            if let Err(error) = state.save(&adapter.port.status(now)) {
                tracing::warn!(
                    ring = adapter.nic.name(),
                    "what a restart needs was not kept: {error}"
                );
            }
        }
    }

    pub(super) fn forget(&mut self, host: u32) {
        if let Some(state) = &mut self.state
            && let Err(error) = state.forget(host)
        {
            tracing::warn!(host, "what was kept of the host stays: {error}");
        }
    }
}
