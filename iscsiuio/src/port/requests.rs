//! Path requests that wait, each to be answered exactly once.
//!
//! Source: `cnic.c`, `cnic_send_nlmsg` and `cnic_iscsi_nl_msg_recv`: the source address and the VLAN tag of a connection are taken from
//! the answer, a MAC address of zeros ends it. Beyond that the kernel waits for ever, so every request has a limit here.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use driver_sys::netlink::{Path, PathAddrs};

use super::Vlan;

/// From the request to the answer at the latest.
pub(super) const LIMIT: Duration = Duration::from_secs(10);
/// Requests that wait at once; more are refused.
pub(super) const CAPACITY: usize = 4096;

/// What a request waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Waits {
    /// An interface, its addresses or the link.
    Interface,
    /// A neighbour on a VLAN.
    Neighbour {
        /// VLAN ID.
        vlan_id: u16,
        /// Its address.
        next_hop: IpAddr,
    },
}

/// A request that waits.
#[derive(Debug, Clone, Copy)]
pub(super) struct Request {
    pub(super) path: Path,
    pub(super) limit: Instant,
    pub(super) waits: Waits,
}

/// The requests that wait, oldest first.
#[derive(Debug, Default)]
pub(super) struct Requests {
    waiting: VecDeque<Request>,
}

impl Requests {
    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Whether there is room for one more.
    pub(super) fn has_room(&self) -> bool {
        self.waiting.len() < CAPACITY
    }

    pub(super) fn push(&mut self, request: Request) {
        self.waiting.push_back(request);
    }

    /// Takes those out that `wanted` wants, oldest first.
    pub(super) fn take(&mut self, mut wanted: impl FnMut(&Request) -> bool) -> Vec<Request> {
        let mut taken = Vec::new();
        self.waiting.retain(|request| {
            let take = wanted(request);
            if take {
                taken.push(*request);
            }
            !take
        });
        taken
    }

    /// When the first limit passes.
    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.waiting.iter().map(|r| r.limit).min()
    }
}

/// The answer that there is no path: a MAC address of zeros.
pub(crate) fn refusal(path: &Path) -> Path {
    Path { mac: [0; 6], ..*path }
}

/// The answer that there is one.
pub(super) fn answer(path: &Path, source: IpAddr, mac: [u8; 6], vlan: Option<Vlan>, pmtu: u16) -> Path {
    let addrs = match (source, path.addrs) {
        (IpAddr::V4(src), PathAddrs::V4 { dst, .. }) => PathAddrs::V4 { src, dst },
        (IpAddr::V6(src), PathAddrs::V6 { dst, .. }) => PathAddrs::V6 { src, dst },
        (_, addrs) => addrs,
    };
    Path {
        mac,
        addrs,
        // The kernel makes the whole tag of it.
        vlan_id: vlan.map_or(0, Vlan::control),
        pmtu,
        ..*path
    }
}
