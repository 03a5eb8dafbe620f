//! What waits for an interface, and pings.

use std::time::{Duration, Instant};

use super::super::PingEnd;
use super::super::requests::Waits;
use super::Port;

impl Port {
    /// What waits for an interface, its addresses or the link looks again.
    pub(super) fn try_again(&mut self, now: Instant) {
        for request in self.requests.take(|r| r.waits == Waits::Interface) {
            self.advance(now, request);
        }
        for number in self.pings.waiting() {
            self.try_ping(now, number);
        }
    }

    /// Sends a ping, or leaves it waiting.
    pub(super) fn try_ping(&mut self, now: Instant, number: u64) {
        let Some(pinging) = self.pings.get(number) else {
            return;
        };
        let ping = pinging.ping;
        let Some(interface) = self.interfaces.get_mut(&ping.vlan_id) else {
            return self.ping_over(number, PingEnd::NoAddress, Duration::ZERO);
        };
        if !self.link || interface.way(ping.to, None).is_none() {
            return;
        }
        self.pings.sent(number, ping.vlan_id);
        interface.echo(now, number, ping.to, ping.size.into(), pinging.limit);
    }

    pub(super) fn ping_over(&mut self, number: u64, end: PingEnd, took: Duration) {
        self.effects.extend(self.pings.end(number, end, took));
    }

    /// The interface on a VLAN is gone, or another.
    pub(super) fn pings_gone(&mut self, vlan_id: u16) {
        for number in self.pings.on(vlan_id) {
            self.ping_over(number, PingEnd::Unreachable, Duration::ZERO);
        }
    }
}
