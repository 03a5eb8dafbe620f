//! Router discovery against advertisements made by hand, in virtual time.

mod lies;
mod prefixes;
mod properties;
mod routers;

use std::collections::VecDeque;
use std::net::{IpAddr, Ipv6Addr};
use std::time::{Duration, Instant};

use super::{Discovery, Wanted};
use crate::address::{Effect, Held, Loss, Probed, Refusal, Route};
use crate::random::Random;

const MAC: [u8; 6] = [0, 0x10, 0x18, 1, 2, 3];
const ROUTER: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1);
const SECOND: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 2);
/// What is made of 2001:db8:1::/64.
const ADDRESS: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 1, 0, 0x210, 0x18ff, 0xfe01, 0x203);

const fn secs(n: u64) -> Duration {
    Duration::from_secs(n)
}

/// An advertisement.
#[derive(Clone)]
struct Ra {
    flags: u8,
    lifetime: u16,
    options: Vec<u8>,
}

impl Ra {
    fn new() -> Self {
        Self {
            flags: 0,
            lifetime: 1800,
            options: Vec::new(),
        }
    }

    /// One with 2001:db8:1::/64 on the link, for addresses, for a day.
    fn usual() -> Self {
        Self::new().prefix("2001:db8:1::", 64, 0xc0, 86_400, 14_400)
    }

    fn lifetime(self, lifetime: u16) -> Self {
        Self { lifetime, ..self }
    }

    fn flags(self, flags: u8) -> Self {
        Self { flags, ..self }
    }

    fn prefix(mut self, prefix: &str, length: u8, flags: u8, valid: u32, preferred: u32) -> Self {
        self.options.extend([3, 4, length, flags]);
        self.options.extend(valid.to_be_bytes());
        self.options.extend(preferred.to_be_bytes());
        self.options.extend([0; 4]);
        self.options.extend(prefix.parse::<Ipv6Addr>().unwrap().octets());
        self
    }

    fn mtu(self, mtu: u32) -> Self {
        let [a, b, c, d] = mtu.to_be_bytes();
        self.option(&[5, 1, 0, 0, a, b, c, d])
    }

    fn option(mut self, bytes: &[u8]) -> Self {
        self.options.extend(bytes);
        self
    }

    fn bytes(&self) -> Vec<u8> {
        let [high, low] = self.lifetime.to_be_bytes();
        let mut bytes = vec![134, 0, 0, 0, 64, self.flags, high, low, 0, 0, 0, 0, 0, 0, 0, 0];
        bytes.extend(&self.options);
        bytes
    }
}

struct World {
    discovery: Discovery,
    now: Instant,
    out: VecDeque<Effect>,
    /// What the link says to probes.
    link: Probed,
    seen: Vec<Effect>,
    /// When routers were asked for.
    asked: Vec<Duration>,
    began: Instant,
}

impl World {
    fn wanting(addresses: bool, routers: bool) -> Self {
        let now = Instant::now();
        let mut out = VecDeque::new();
        let wanted = Wanted { addresses, routers };
        let random = Random::new(&[4; 32], b"routers");
        let discovery = Discovery::new(now, wanted, (MAC, 9000), random, None, &mut out);
        Self {
            discovery,
            now,
            out,
            link: Probed::Free,
            seen: Vec::new(),
            asked: Vec::new(),
            began: now,
        }
    }

    fn new() -> Self {
        Self::wanting(true, true)
    }

    fn hear(&mut self, ra: &Ra) {
        self.hear_from(ROUTER, ra);
    }

    fn hear_from(&mut self, router: Ipv6Addr, ra: &Ra) {
        self.hear_bytes(router, &ra.bytes());
    }

    fn hear_bytes(&mut self, router: Ipv6Addr, bytes: &[u8]) {
        self.discovery.hear(self.now, router, bytes, &mut self.out);
        self.settle();
    }

    fn settle(&mut self) {
        while let Some(effect) = self.out.pop_front() {
            match &effect {
                Effect::Probe(IpAddr::V6(address)) => {
                    self.discovery
                        .probed(self.now, *address, self.link, &mut self.out);
                }
                Effect::SolicitRouter => self.asked.push(self.now - self.began),
                _ => {}
            }
            self.seen.push(effect);
        }
    }

    fn run(&mut self, span: Duration) {
        let end = self.now + span;
        while let Some(at) = self.discovery.poll_timeout().filter(|at| *at <= end) {
            self.now = at.max(self.now);
            self.discovery.handle_timeout(self.now, &mut self.out);
            assert!(self.discovery.poll_timeout().is_none_or(|next| next > self.now));
            self.settle();
            assert!(self.seen.len() < 10_000, "no rest");
        }
        self.now = end;
    }

    fn addresses(&self) -> Vec<Held> {
        let mut addresses = Vec::new();
        self.discovery.addresses(&mut addresses);
        addresses
    }

    /// Addresses, whether they are preferred, and seconds that are left.
    fn left(&self) -> Vec<(IpAddr, bool, Option<u64>)> {
        let left = |at: Option<Instant>| at.map(|at| (at - self.now).as_secs());
        self.addresses()
            .iter()
            .map(|h| (h.address, h.preferred, left(h.expires)))
            .collect()
    }

    fn routes(&self) -> Vec<Route> {
        let mut routes = Vec::new();
        self.discovery.routes(&mut routes);
        routes
    }

    fn refused(&self, why: Refusal) -> u64 {
        self.discovery.refusals().of(why)
    }
}
