//! Pings: those that wait for an address or a link, and those that are under way.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::{Effect, Ping, PingEnd, PingId};
use crate::stack::EchoEnd;

/// Pings at once; more are refused.
const CAPACITY: usize = 256;
/// No ping waits longer.
const LONGEST: Duration = Duration::from_secs(3600);

/// A ping that is not over.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pinging {
    pub(super) id: PingId,
    pub(super) ping: Ping,
    pub(super) limit: Instant,
    /// The VLAN it went out on; `None`: it waits.
    sent: Option<u16>,
}

/// The pings, by a number of our own: users may choose the same twice.
#[derive(Debug, Default)]
pub(super) struct Pings {
    list: BTreeMap<u64, Pinging>,
    last: u64,
}

impl Pings {
    /// One more; its number. `None`: there are too many.
    pub(super) fn begin(&mut self, now: Instant, id: PingId, ping: Ping) -> Option<u64> {
        if self.list.len() >= CAPACITY {
            return None;
        }
        self.last += 1;
        let limit = now + ping.limit.min(LONGEST);
        self.list.insert(
            self.last,
            Pinging {
                id,
                ping,
                limit,
                sent: None,
            },
        );
        Some(self.last)
    }

    pub(super) fn get(&self, number: u64) -> Option<Pinging> {
        self.list.get(&number).copied()
    }

    /// It is with the stack of a VLAN now, which says how it ends.
    pub(super) fn sent(&mut self, number: u64, vlan_id: u16) {
        if let Some(pinging) = self.list.get_mut(&number) {
            pinging.sent = Some(vlan_id);
        }
    }

    /// Those that wait.
    pub(super) fn waiting(&self) -> Vec<u64> {
        self.list
            .iter()
            .filter(|(_, p)| p.sent.is_none())
            .map(|(n, _)| *n)
            .collect()
    }

    /// Those that are under way on a VLAN.
    pub(super) fn on(&self, vlan_id: u16) -> Vec<u64> {
        self.list
            .iter()
            .filter(|(_, p)| p.sent == Some(vlan_id))
            .map(|(n, _)| *n)
            .collect()
    }

    /// Those that waited for too long.
    pub(super) fn late(&self, now: Instant) -> Vec<u64> {
        self.list
            .iter()
            .filter(|(_, p)| p.sent.is_none() && p.limit <= now)
            .map(|(n, _)| *n)
            .collect()
    }

    /// One is over; what its user is told.
    pub(super) fn end(&mut self, number: u64, end: PingEnd, took: Duration) -> Option<Effect> {
        let Pinging { id, .. } = self.list.remove(&number)?;
        Some(Effect::PingDone { id, end, took })
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.list
            .values()
            .filter(|p| p.sent.is_none())
            .map(|p| p.limit)
            .min()
    }
}

impl From<EchoEnd> for PingEnd {
    fn from(end: EchoEnd) -> Self {
        match end {
            EchoEnd::Answered => Self::Answered,
            EchoEnd::TimedOut => Self::TimedOut,
            EchoEnd::NoAddress => Self::NoAddress,
            EchoEnd::Unreachable => Self::Unreachable,
            EchoEnd::TooLarge => Self::TooLarge,
        }
    }
}
