//! All sources of addresses of one interface together.

use std::collections::VecDeque;
use std::net::{IpAddr, Ipv6Addr};
use std::time::{Duration, Instant};

use super::v4::V4;
use super::v6::{V6, better};
use super::{Datagram, Effect, Held, Probed, Refusals, Route};
use crate::port::{AddressStatus, Configured, InterfaceConfig, InterfaceStatus, LeaseStatus};
use crate::random::Random;

/// Two conflicts within this time are one too many (RFC 5227, section 2.4: DEFEND_INTERVAL).
const DEFENCE: Duration = Duration::from_secs(10);
/// Addresses whose last defence is remembered.
const DEFENDED: usize = 16;

/// What an interface is.
#[derive(Clone)]
pub struct Setup {
    /// MAC address.
    pub mac: [u8; 6],
    /// The most that it can carry in a frame.
    pub mtu: u16,
    /// Unpredictable bytes.
    pub seed: [u8; 32],
}

/// The addresses of one interface, wherever they come from.
pub struct Addresses {
    v4: V4,
    v6: Option<V6>,
    random: Random,
    link: bool,
    defended: Vec<(IpAddr, Instant)>,
    out: VecDeque<Effect>,
}

impl Addresses {
    /// Begins to acquire what `config` says.
    #[must_use]
    pub fn new(now: Instant, setup: &Setup, config: &InterfaceConfig) -> Self {
        Self::build(now, setup, config, None)
    }

    /// Goes on with what an earlier process left: its addresses are used at once and asked about meanwhile.
    #[must_use]
    pub fn resume(now: Instant, setup: &Setup, saved: &InterfaceStatus) -> Self {
        Self::build(now, setup, &saved.config, Some(saved))
    }

    fn build(now: Instant, setup: &Setup, config: &InterfaceConfig, saved: Option<&InterfaceStatus>) -> Self {
        let mut out = VecDeque::new();
        Self {
            v4: V4::new(now, setup, config.v4, saved, &mut out),
            v6: V6::new(now, setup, config, saved, &mut out),
            random: Random::new(&setup.seed, b"addresses"),
            link: true,
            defended: Vec::new(),
            out,
        }
    }

    /// How far it is: what is ready of one family is ready, whatever the other does.
    #[must_use]
    pub fn configured(&self) -> Configured {
        better(self.configured4(), self.configured6()).unwrap_or(Configured::Failed)
    }

    /// How far IPv4 is; `None`: there is to be none.
    #[must_use]
    pub fn configured4(&self) -> Option<Configured> {
        self.v4.configured()
    }

    /// How far IPv6 is, its link-local address aside; `None`: there is to be none.
    #[must_use]
    pub fn configured6(&self) -> Option<Configured> {
        self.v6.as_ref().map(V6::configured)
    }

    /// Addresses that may be used now.
    #[must_use]
    pub fn addresses(&self) -> Vec<Held> {
        let mut addresses = Vec::new();
        self.v4.addresses(&mut addresses);
        if let Some(v6) = &self.v6 {
            v6.addresses(&mut addresses);
        }
        addresses
    }

    /// Where packets go: what is on the link and what goes through a router.
    #[must_use]
    pub fn routes(&self) -> Vec<Route> {
        let mut routes = Vec::new();
        self.v4.routes(&mut routes);
        if let Some(v6) = &self.v6 {
            v6.routes(&mut routes);
        }
        routes
    }

    /// The routers in use, one of each family at most.
    #[must_use]
    pub fn routers(&self) -> Vec<IpAddr> {
        self.routes()
            .into_iter()
            .filter(|r| r.prefix == 0)
            .filter_map(|r| r.gateway)
            .collect()
    }

    /// The MTU that servers or routers tell, the smallest, within what the port can carry; `None`: they tell none.
    #[must_use]
    pub fn mtu(&self) -> Option<u16> {
        let leased = self.v4.client().and_then(|c| c.lease()?.mtu);
        [leased, self.v6.as_ref().and_then(V6::mtu)]
            .into_iter()
            .flatten()
            .min()
    }

    /// Addresses as a status shows them, those that somebody else has included.
    #[must_use]
    pub fn status(&self, now: Instant) -> Vec<AddressStatus> {
        let held = self.addresses().into_iter().map(|h| AddressStatus {
            address: h.address,
            prefix: h.prefix,
            duplicate: false,
            valid: h.expires.map(|at| at.saturating_duration_since(now)),
        });
        let six = self.v6.iter().flat_map(V6::duplicates);
        let taken = self
            .v4
            .duplicate()
            .into_iter()
            .chain(six)
            .map(|(address, prefix)| AddressStatus {
                address,
                prefix,
                duplicate: true,
                valid: None,
            });
        held.chain(taken).collect()
    }

    /// Leases, as [`Addresses::resume`] wants them.
    #[must_use]
    pub fn leases(&self, now: Instant) -> Vec<LeaseStatus> {
        let four = self.v4.client().and_then(|c| Some(c.lease()?.status(now)));
        let client = self.v6.as_ref().and_then(V6::client);
        let six = client.and_then(|c| Some(c.lease()?.status(now, c.iaid())));
        four.into_iter().chain(six).collect()
    }

    /// What servers and routers said that was not taken, and how often.
    #[must_use]
    pub fn refusals(&self) -> Refusals {
        let mut all = Refusals::default();
        let client = self.v6.as_ref().and_then(V6::client).map(|c| c.refusals());
        let discovery = self.v6.as_ref().and_then(V6::discovery).map(|d| d.refusals());
        for some in [self.v4.client().map(|c| c.refusals()), client, discovery]
            .into_iter()
            .flatten()
        {
            all.add(some);
        }
        all
    }

    /// A datagram to one of the clients' ports.
    pub fn datagram(&mut self, now: Instant, heard: &Datagram<&[u8]>) {
        if heard.source.is_ipv4() {
            self.v4.datagram(now, heard);
        } else if let Some(v6) = &mut self.v6 {
            v6.datagram(now, heard);
        }
    }

    /// A router advertisement: an ICMPv6 message of `router` whose checksum and hop limit are right.
    pub fn router_advertisement(&mut self, now: Instant, router: Ipv6Addr, message: &[u8]) {
        if let Some(v6) = &mut self.v6 {
            v6.advertised(now, router, message, &mut self.out);
        }
    }

    /// A router does not answer on the link; if there is another it is used.
    pub fn router_silent(&mut self, router: IpAddr) {
        if let (IpAddr::V6(router), Some(v6)) = (router, &mut self.v6) {
            v6.silent(router, &mut self.out);
        }
    }

    /// What the link said to [`Effect::Probe`].
    pub fn probed(&mut self, now: Instant, address: IpAddr, said: Probed) {
        match address {
            IpAddr::V4(address) => self
                .v4
                .probed(now, address, said, &mut self.random, &mut self.out),
            IpAddr::V6(address) => {
                if let Some(v6) = &mut self.v6 {
                    v6.probed(now, address, said, &mut self.random, &mut self.out);
                }
            }
        }
    }

    /// Somebody else uses an address of ours. It is defended; a lease that cannot be is given up (RFC 5227, section 2.4).
    pub fn conflict(&mut self, now: Instant, address: IpAddr) {
        if !self.addresses().iter().any(|h| h.address == address) {
            return;
        }
        let last = self
            .defended
            .iter()
            .find(|(a, _)| *a == address)
            .map(|(_, at)| *at);
        if last.is_none_or(|at| now.saturating_duration_since(at) >= DEFENCE) {
            tracing::warn!(%address, "somebody else uses this address; it is defended");
            self.defended
                .retain(|(a, at)| *a != address && now.saturating_duration_since(*at) < DEFENCE);
            if self.defended.len() < DEFENDED {
                self.defended.push((address, now));
            }
            self.out.push_back(Effect::Announce(address));
        } else if let IpAddr::V4(address) = address {
            self.v4.give_up(now, address);
        }
    }

    /// The link came or went.
    pub fn link(&mut self, now: Instant, up: bool) {
        if std::mem::replace(&mut self.link, up) != up {
            self.v4.link(now, up, &mut self.out);
            if let Some(v6) = &mut self.v6 {
                v6.link(now, up, &mut self.out);
            }
        }
    }

    /// Gives leases back and stops.
    pub fn release(&mut self, now: Instant) {
        self.v4.release(now);
        if let Some(v6) = &mut self.v6 {
            v6.release(now);
        }
    }

    /// What is to be done, oldest first.
    pub fn poll(&mut self) -> Option<Effect> {
        let six = || self.v6.as_mut().and_then(V6::poll);
        let effect = self.out.pop_front().or_else(|| self.v4.poll()).or_else(six)?;
        match &effect {
            Effect::Announce(address) => tracing::info!(%address, "an address is used"),
            Effect::Lost { address, why } => tracing::warn!(%address, reason = ?why, "an address is gone"),
            _ => {}
        }
        Some(effect)
    }

    /// When [`Addresses::handle_timeout`] is wanted at the latest.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let six = self.v6.as_ref().and_then(V6::poll_timeout);
        [self.v4.poll_timeout(), six].into_iter().flatten().min()
    }

    /// Time has passed.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.v4.handle_timeout(now, &mut self.out);
        if let Some(v6) = &mut self.v6 {
            v6.handle_timeout(now, &mut self.out);
        }
    }
}
