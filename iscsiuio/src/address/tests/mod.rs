//! The sources of one interface together, in virtual time.

mod given;
mod leased;
mod six;

use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant};

use super::{Addresses, Effect, Held, Loss, Probed, Route, Setup};
use crate::port::{
    AddressStatus, Configured, InterfaceConfig, InterfaceStatus, Ipv4Source, Ipv6Source, LeaseStatus,
    LinkLocalSource, RouterSource,
};

const fn secs(n: u64) -> Duration {
    Duration::from_secs(n)
}

fn setup() -> Setup {
    Setup {
        mac: [0, 0x10, 0x18, 1, 2, 3],
        mtu: 9000,
        seed: [3; 32],
    }
}

fn config(v4: Ipv4Source, v6: Ipv6Source) -> InterfaceConfig {
    InterfaceConfig {
        vlan: None,
        mtu: None,
        v4,
        v6,
        link_local: LinkLocalSource::Auto,
        router: RouterSource::Auto,
    }
}

/// Addresses, the time, and what they wanted done.
struct World {
    addresses: Addresses,
    now: Instant,
}

impl World {
    fn new(config: &InterfaceConfig) -> Self {
        let now = Instant::now();
        Self {
            addresses: Addresses::new(now, &setup(), config),
            now,
        }
    }

    /// The process after this one.
    fn resumed(&self, config: InterfaceConfig) -> Self {
        let saved = InterfaceStatus {
            config,
            state: self.addresses.configured(),
            addresses: self.addresses.status(self.now),
            routers: self.addresses.routers(),
            leases: self.addresses.leases(self.now),
            neighbours: Vec::new(),
        };
        Self {
            addresses: Addresses::resume(self.now, &setup(), &saved),
            now: self.now,
        }
    }

    fn drain(&mut self) -> Vec<Effect> {
        std::iter::from_fn(|| self.addresses.poll()).collect()
    }

    /// Lets time pass and collects what is wanted meanwhile.
    fn run(&mut self, span: Duration) -> Vec<Effect> {
        let end = self.now + span;
        let mut seen = self.drain();
        while let Some(at) = self.addresses.poll_timeout().filter(|at| *at <= end) {
            self.now = at.max(self.now);
            self.addresses.handle_timeout(self.now);
            assert!(self.addresses.poll_timeout().is_none_or(|next| next > self.now));
            seen.extend(self.drain());
            assert!(seen.len() < 10_000, "no rest");
        }
        self.now = end;
        seen
    }
}
