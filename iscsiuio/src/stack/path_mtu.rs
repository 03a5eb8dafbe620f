//! The largest packet to a destination, as routers told.
//!
//! Source: RFC 1191 section 6, RFC 8201 section 4 (never below the family's minimum, forgotten after ten minutes).

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use crate::net::SMALLEST_MTU;

/// Destinations; beyond that the oldest goes.
const CAPACITY: usize = 256;
/// How long a router is believed.
const BELIEVED: Duration = Duration::from_secs(600);
/// Who says less than this about IPv4 has other things in mind.
const SMALLEST4: u32 = 576;

/// What routers told.
#[derive(Debug, Default)]
pub(super) struct PathMtus {
    entries: BTreeMap<IpAddr, (u16, Instant)>,
    evicted: u64,
}

impl PathMtus {
    /// A router says that packets to `destination` may have `mtu` bytes. Whether that is news; `ours` is what the link takes.
    pub(super) fn learn(&mut self, now: Instant, destination: IpAddr, mtu: u32, ours: u16) -> bool {
        let smallest = if destination.is_ipv4() {
            SMALLEST4
        } else {
            u32::from(SMALLEST_MTU)
        };
        let Some(mtu) = u16::try_from(mtu.max(smallest)).ok().filter(|mtu| *mtu < ours) else {
            return false;
        };
        if self.get(now, destination).is_some_and(|known| known <= mtu) {
            return false;
        }
        if self.entries.len() >= CAPACITY && !self.entries.contains_key(&destination) {
            self.entries.retain(|_, (_, until)| *until > now);
            if self.entries.len() >= CAPACITY
                && let Some(oldest) = self
                    .entries
                    .iter()
                    .min_by_key(|(_, (_, until))| *until)
                    .map(|(a, _)| *a)
            {
                self.entries.remove(&oldest);
                self.evicted += 1;
            }
        }
        self.entries.insert(destination, (mtu, now + BELIEVED));
        true
    }

    pub(super) fn get(&self, now: Instant, destination: IpAddr) -> Option<u16> {
        self.entries
            .get(&destination)
            .filter(|(_, until)| *until > now)
            .map(|(mtu, _)| *mtu)
    }

    pub(super) const fn evicted(&self) -> u64 {
        self.evicted
    }
}
