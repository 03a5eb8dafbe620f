//! Addresses in the order of a time that each has: who is next is known without looking at all of them.
//!
//! Must not know what happens at that time.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::Instant;

/// The addresses, earliest first.
#[derive(Debug, Default)]
pub(super) struct Order(BTreeSet<(Instant, IpAddr)>);

impl Order {
    /// The time of an address is another; `None`: it stands in no order.
    pub(super) fn change(&mut self, address: IpAddr, from: Option<Instant>, to: Option<Instant>) {
        if from == to {
            return;
        }
        if let Some(from) = from {
            self.0.remove(&(from, address));
        }
        if let Some(to) = to {
            self.0.insert((to, address));
        }
    }

    /// The earliest one.
    pub(super) fn first(&self) -> Option<(Instant, IpAddr)> {
        self.0.first().copied()
    }

    #[cfg(test)]
    pub(super) fn iter(&self) -> impl Iterator<Item = (Instant, IpAddr)> + '_ {
        self.0.iter().copied()
    }
}
