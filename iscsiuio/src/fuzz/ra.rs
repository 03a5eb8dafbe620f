//! Hostile routers, link and clock, over all the sources of one interface. Nothing panics, timers lie ahead, tables are bounded, and
//! an address is one that a host can have.

use std::net::{IpAddr, Ipv6Addr};
use std::time::{Duration, Instant};

use super::script::Script;
use crate::address::{Addresses, Effect, Probed, Setup};
use crate::port::{InterfaceConfig, Ipv4Source, Ipv6Source, LinkLocalSource, RouterSource};

/// Nothing is waited for longer than the longest lifetime.
const LONGEST: Duration = Duration::from_secs(u32::MAX as u64);
/// Given ones, leased ones, and those of eight prefixes.
const ADDRESSES: usize = 12;
const ROUTES: usize = 32;

struct World {
    addresses: Addresses,
    now: Instant,
    probed: Vec<IpAddr>,
}

/// The body.
pub fn ra(input: &[u8]) {
    let mut script = Script::new(input);
    let now = Instant::now();
    let setup = Setup {
        mac: [2, 0, 0, 0, 0, 1],
        mtu: 9000,
        seed: [script.byte(); 32],
    };
    let config = InterfaceConfig {
        vlan: None,
        mtu: None,
        v4: Ipv4Source::Off,
        v6: if script.flag() {
            Ipv6Source::Auto
        } else {
            Ipv6Source::Dhcp
        },
        link_local: LinkLocalSource::Auto,
        router: RouterSource::Auto,
    };
    let mut world = World {
        addresses: Addresses::new(now, &setup, &config),
        now,
        probed: Vec::new(),
    };
    world.drain();
    while !script.is_empty() {
        world.step(&mut script);
        world.drain();
        world.check();
    }
}

impl World {
    fn step(&mut self, script: &mut Script<'_>) {
        let router = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, u16::from(script.byte() % 16));
        match script.byte() % 8 {
            0 => self
                .addresses
                .router_advertisement(self.now, router, script.piece()),
            1..=3 => {
                let message = advertisement(script);
                self.addresses.router_advertisement(self.now, router, &message);
            }
            4 => {
                self.now += script.span();
                self.turn();
            }
            5 => {
                if let Some(at) = self.addresses.poll_timeout() {
                    self.now = at.max(self.now);
                    self.turn();
                }
            }
            6 => {
                let said = if script.flag() {
                    Probed::Free
                } else {
                    Probed::Taken
                };
                match self.probed.pop() {
                    Some(address) if script.flag() => self.addresses.conflict(self.now, address),
                    Some(address) => self.addresses.probed(self.now, address, said),
                    None => self.addresses.router_silent(router.into()),
                }
            }
            _ => self.addresses.link(self.now, script.flag()),
        }
    }

    fn turn(&mut self) {
        self.addresses.handle_timeout(self.now);
        assert!(
            self.addresses.poll_timeout().is_none_or(|at| at > self.now),
            "a timer that never rests"
        );
    }

    fn drain(&mut self) {
        for n in 0.. {
            match self.addresses.poll() {
                None => return,
                Some(Effect::Probe(address)) if self.probed.len() < 64 => self.probed.push(address),
                Some(_) => {}
            }
            // A message may carry 32 prefixes, each of which may change an address and a route.
            assert!(n < 256, "it says too much at once");
        }
    }

    fn check(&self) {
        assert!(
            self.addresses
                .poll_timeout()
                .is_none_or(|at| at <= self.now + LONGEST)
        );
        let (addresses, routes) = (self.addresses.addresses(), self.addresses.routes());
        assert!(addresses.len() <= ADDRESSES && routes.len() <= ROUTES);
        for held in &addresses {
            assert!(held.address.is_ipv6() && !held.address.is_multicast() && !held.address.is_unspecified());
            assert!(held.expires.is_none_or(|at| at > self.now));
        }
        for route in &routes {
            assert!(
                route.gateway.is_some() || route.prefix > 0,
                "everything on the link"
            );
        }
        assert!(
            self.addresses
                .mtu()
                .is_none_or(|mtu| (1280..=9000).contains(&mtu))
        );
    }
}

/// A header with prefixes of a small set, so that they meet again, and any options after them.
fn advertisement(script: &mut Script<'_>) -> Vec<u8> {
    let [flags, high, low] = script.array();
    let mut message = vec![134, 0, 0, 0, 64, flags, high, low, 0, 0, 0, 0, 0, 0, 0, 0];
    for _ in 0..script.byte() % 12 {
        let length = if script.flag() { 64 } else { script.byte() };
        message.extend([3, 4, length, script.byte()]);
        message.extend(script.array::<8>());
        message.extend([0, 0, 0, 0, 0x20, 1, 0x0d, 0xb8, 0, script.byte() % 16]);
        message.extend([0; 10]);
    }
    message.extend(script.piece());
    message
}
