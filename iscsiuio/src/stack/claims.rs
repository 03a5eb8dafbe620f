//! Addresses that the link is asked about before they are used, and told of once they are.
//!
//! Source: RFC 5227 section 2 (IPv4), RFC 4862 section 5.4 (IPv6: one probe, one second). RFC 5227 waits nine seconds, for links on
//! which a station may be asleep; a boot from the only path cannot, so IPv4 has its three probes in 0.6 seconds.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

/// Addresses under way at once.
const CAPACITY: usize = 32;
const PROBES4: (u8, Duration) = (3, Duration::from_millis(200));
const PROBES6: (u8, Duration) = (1, Duration::from_secs(1));
/// RFC 5227, section 2.3 (`ANNOUNCE_NUM`, `ANNOUNCE_INTERVAL`).
const ANNOUNCEMENTS: (u8, Duration) = (2, Duration::from_secs(2));

#[derive(Debug, Clone, Copy)]
struct Turn {
    left: u8,
    next: Instant,
}

/// What is to be done now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Due {
    Probe(IpAddr),
    Announce(IpAddr),
    /// Nobody has it.
    Free(IpAddr),
}

/// Probes and announcements under way.
#[derive(Debug, Default)]
pub(super) struct Claims {
    probes: BTreeMap<IpAddr, Turn>,
    announcements: BTreeMap<IpAddr, Turn>,
}

impl Claims {
    /// Begins to ask; again when it is under way. `false`: too many are.
    pub(super) fn probe(&mut self, now: Instant, address: IpAddr) -> bool {
        if self.probes.len() >= CAPACITY && !self.probes.contains_key(&address) {
            return false;
        }
        let (left, _) = if address.is_ipv4() { PROBES4 } else { PROBES6 };
        self.probes.insert(address, Turn { left, next: now });
        true
    }

    /// Begins to tell.
    pub(super) fn announce(&mut self, now: Instant, address: IpAddr) {
        if self.announcements.len() < CAPACITY {
            self.announcements.insert(
                address,
                Turn {
                    left: ANNOUNCEMENTS.0,
                    next: now,
                },
            );
        }
    }

    /// Somebody shows that he has an address. Whether it was being asked about: then that is over.
    pub(super) fn taken(&mut self, address: IpAddr) -> bool {
        self.probes.remove(&address).is_some()
    }

    /// Whether an address is being asked about.
    pub(super) fn is_probed(&self, address: impl Into<IpAddr>) -> bool {
        self.probes.contains_key(&address.into())
    }

    /// The addresses that are being asked about.
    pub(super) fn probed(&self) -> impl Iterator<Item = IpAddr> + '_ {
        self.probes.keys().copied()
    }

    /// Addresses that are no longer ours are not told of.
    pub(super) fn keep(&mut self, ours: impl Fn(IpAddr) -> bool) {
        self.announcements.retain(|address, _| ours(*address));
    }

    pub(super) fn due(&mut self, now: Instant) -> Option<Due> {
        if let Some((&address, turn)) = self.probes.iter_mut().find(|(_, t)| t.next <= now) {
            if turn.left == 0 {
                self.probes.remove(&address);
                return Some(Due::Free(address));
            }
            turn.left -= 1;
            turn.next = now + if address.is_ipv4() { PROBES4.1 } else { PROBES6.1 };
            return Some(Due::Probe(address));
        }
        let (&address, turn) = self.announcements.iter_mut().find(|(_, t)| t.next <= now)?;
        turn.left -= 1;
        turn.next = now + ANNOUNCEMENTS.1;
        if turn.left == 0 {
            self.announcements.remove(&address);
        }
        Some(Due::Announce(address))
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.probes
            .values()
            .chain(self.announcements.values())
            .map(|t| t.next)
            .min()
    }
}
