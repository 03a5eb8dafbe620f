//! Prefixes that are on the link, and addresses made out of prefixes (RFC 4861, section 6.3.4; RFC 4862, section 5.5.3).

use std::collections::VecDeque;
use std::net::{IpAddr, Ipv6Addr};
use std::time::{Duration, Instant};

use super::advertisement::Prefix;
use crate::address::chosen::Chosen;
use crate::address::time::seconds;
use crate::address::{Effect, Held, Loss, Probed, Refusal, Refusals, Route};
use crate::net::{eui64, global6, network6};
use crate::port::InterfaceStatus;
use crate::random::Random;

/// Prefixes on the link, and addresses, that are kept.
pub(super) const PREFIXES: usize = 8;
/// Nobody can take an address away in less, nobody being authenticated (RFC 4862, section 5.5.3, e).
const TWO_HOURS: Duration = Duration::from_secs(7200);
/// Interface identifiers are 64 bits long, so prefixes are.
const LENGTH: u8 = 64;

struct OnLink {
    prefix: Ipv6Addr,
    length: u8,
    /// `None`: never.
    expires: Option<Instant>,
    /// Of an earlier process, which did not keep whether it was told so.
    assumed: bool,
}

struct Address {
    chosen: Chosen,
    /// Whether new connections should use it.
    preferred: bool,
    /// Until when; `None`: for ever, or it is over.
    prefers: Option<Instant>,
    /// `None`: never.
    expires: Option<Instant>,
}

impl Address {
    fn prefer(&mut self, now: Instant, told: u32) {
        self.preferred = told > 0;
        self.prefers = if self.preferred { seconds(now, told) } else { None };
    }
}

/// The prefixes of one link.
#[derive(Default)]
pub(super) struct Prefixes {
    on_link: Vec<OnLink>,
    addresses: Vec<Address>,
}

impl Prefixes {
    /// Goes on with the addresses of an earlier process that were made of prefixes.
    pub(super) fn resume(
        &mut self,
        now: Instant,
        mac: [u8; 6],
        saved: &InterfaceStatus,
        out: &mut VecDeque<Effect>,
    ) {
        for status in saved
            .addresses
            .iter()
            .filter(|s| !s.duplicate && s.prefix == LENGTH)
        {
            let IpAddr::V6(address) = status.address else {
                continue;
            };
            let prefix = network6(address, LENGTH);
            if !global6(address) || address != eui64(prefix, mac) || self.addresses.len() >= PREFIXES {
                continue;
            }
            let expires = status.valid.and_then(|left| now.checked_add(left));
            if expires.is_some_and(|at| at <= now) {
                continue;
            }
            self.on_link.push(OnLink {
                prefix,
                length: LENGTH,
                expires,
                assumed: true,
            });
            self.addresses.push(Address {
                chosen: Chosen::begin(now, address.into(), Some(saved), out),
                preferred: true,
                prefers: expires,
                expires,
            });
        }
    }

    /// A prefix of an advertisement; with `mac`, addresses are made.
    pub(super) fn hear(
        &mut self,
        now: Instant,
        told: &Prefix,
        mac: Option<[u8; 6]>,
        refusals: &mut Refusals,
        out: &mut VecDeque<Effect>,
    ) {
        let prefix = network6(told.prefix, told.length);
        if told.prefix.is_unicast_link_local() {
            return;
        }
        if !(1..=128).contains(&told.length) || !global6(prefix) {
            refusals.note(Refusal::BadPrefix);
            return;
        }
        self.link(now, prefix, told, refusals, out);
        if !told.autonomous {
            return;
        }
        let Some(mac) = mac else { return };
        if told.length != LENGTH {
            refusals.note(Refusal::BadPrefix);
        } else if told.preferred > told.valid {
            refusals.note(Refusal::BadLifetime);
        } else {
            self.address(now, eui64(prefix, mac), told, refusals, out);
        }
    }

    fn link(
        &mut self,
        now: Instant,
        prefix: Ipv6Addr,
        told: &Prefix,
        refusals: &mut Refusals,
        out: &mut VecDeque<Effect>,
    ) {
        let here = |l: &OnLink| (l.prefix, l.length) == (prefix, told.length);
        let room = self.on_link.len() < PREFIXES;
        match self.on_link.iter_mut().find(|l| here(l)) {
            // Without the flag it says nothing of what is on the link; what nobody said before goes.
            Some(link) if !told.on_link && !link.assumed => {}
            Some(_) if !told.on_link || told.valid == 0 => {
                self.on_link.retain(|l| !here(l));
                out.push_back(Effect::Changed);
            }
            Some(link) => {
                link.expires = seconds(now, told.valid);
                link.assumed = false;
            }
            None if !told.on_link || told.valid == 0 => {}
            None if room => {
                let expires = seconds(now, told.valid);
                self.on_link.push(OnLink {
                    prefix,
                    length: told.length,
                    expires,
                    assumed: false,
                });
                out.push_back(Effect::Changed);
            }
            None => refusals.note(Refusal::TooMany),
        }
    }

    fn address(
        &mut self,
        now: Instant,
        address: Ipv6Addr,
        told: &Prefix,
        refusals: &mut Refusals,
        out: &mut VecDeque<Effect>,
    ) {
        let expires = seconds(now, told.valid);
        let room = self.addresses.len() < PREFIXES;
        match self.addresses.iter_mut().find(|a| a.chosen.address == address) {
            Some(known) => {
                let was = known.preferred;
                known.prefer(now, told.preferred);
                if was != known.preferred {
                    out.push_back(Effect::Changed);
                }
                let left = known.expires.map(|at| at.saturating_duration_since(now));
                let longer = match (expires, known.expires) {
                    (None, _) => true,
                    (Some(_), None) => false,
                    (Some(told), Some(known)) => told > known,
                };
                if longer || Duration::from_secs(told.valid.into()) > TWO_HOURS {
                    known.expires = expires;
                } else if left.is_none_or(|left| left > TWO_HOURS) {
                    known.expires = Some(now + TWO_HOURS);
                }
            }
            None if told.valid == 0 => {}
            None if room => {
                let chosen = Chosen::begin(now, address.into(), None, out);
                let mut made = Address {
                    chosen,
                    preferred: true,
                    prefers: None,
                    expires,
                };
                made.prefer(now, told.preferred);
                self.addresses.push(made);
            }
            None => refusals.note(Refusal::TooMany),
        }
    }

    /// Whether there is an address that may be used.
    pub(super) fn held(&self) -> bool {
        self.addresses.iter().any(|a| a.chosen.held())
    }

    /// Whether an address may come of what is known.
    pub(super) fn acquiring(&self) -> bool {
        self.addresses
            .iter()
            .any(|a| !a.chosen.held() && !a.chosen.taken())
    }

    pub(super) fn addresses(&self, to: &mut Vec<Held>) {
        to.extend(self.addresses.iter().filter(|a| a.chosen.held()).map(|a| Held {
            address: a.chosen.address,
            prefix: LENGTH,
            preferred: a.preferred,
            expires: a.expires,
        }));
    }

    /// Addresses that somebody else has.
    pub(super) fn duplicates(&self) -> impl Iterator<Item = (IpAddr, u8)> {
        self.addresses
            .iter()
            .filter(|a| a.chosen.taken())
            .map(|a| (a.chosen.address, LENGTH))
    }

    pub(super) fn routes(&self, to: &mut Vec<Route>) {
        to.extend(self.on_link.iter().map(|l| Route {
            destination: l.prefix.into(),
            prefix: l.length,
            gateway: None,
        }));
    }

    pub(super) fn probed(
        &mut self,
        now: Instant,
        address: IpAddr,
        said: Probed,
        random: &mut Random,
        out: &mut VecDeque<Effect>,
    ) {
        for known in self.addresses.iter_mut().filter(|a| a.chosen.address == address) {
            known.chosen.probed(now, said, random, out);
        }
    }

    pub(super) fn link_up(&mut self, now: Instant, out: &mut VecDeque<Effect>) {
        self.addresses.iter_mut().for_each(|a| a.chosen.link_up(now, out));
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        let links = self.on_link.iter().filter_map(|l| l.expires);
        let addresses = self
            .addresses
            .iter()
            .flat_map(|a| [a.expires, a.prefers, a.chosen.poll_timeout()]);
        links.chain(addresses.flatten()).min()
    }

    pub(super) fn handle_timeout(&mut self, now: Instant, out: &mut VecDeque<Effect>) {
        let due = |at: Option<Instant>| at.is_some_and(|at| at <= now);
        let links = self.on_link.len();
        self.on_link.retain(|l| !due(l.expires));
        if links != self.on_link.len() {
            out.push_back(Effect::Changed);
        }
        self.addresses.retain_mut(|a| {
            if due(a.expires) {
                if a.chosen.held() {
                    out.push_back(Effect::Lost {
                        address: a.chosen.address,
                        why: Loss::Expired,
                    });
                }
                out.push_back(Effect::Changed);
                return false;
            }
            if due(a.prefers) {
                a.preferred = false;
                a.prefers = None;
                out.push_back(Effect::Changed);
            }
            a.chosen.handle_timeout(now, out);
            true
        });
    }
}
