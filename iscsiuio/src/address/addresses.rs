//! All sources of addresses of one interface together.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use super::v4::V4;
use super::{Datagram, Effect, Held, Probed, Refusal, Route};
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
            random: Random::new(&setup.seed, b"addresses"),
            link: true,
            defended: Vec::new(),
            out,
        }
    }

    /// How far it is: what is ready of one family is ready, whatever the other does.
    #[must_use]
    pub fn configured(&self) -> Configured {
        self.configured4().unwrap_or(Configured::Failed)
    }

    /// How far IPv4 is; `None`: there is to be none.
    #[must_use]
    pub fn configured4(&self) -> Option<Configured> {
        self.v4.configured()
    }

    /// Addresses that may be used now.
    #[must_use]
    pub fn addresses(&self) -> Vec<Held> {
        let mut addresses = Vec::new();
        self.v4.addresses(&mut addresses);
        addresses
    }

    /// Where packets go: what is on the link and what goes through a router.
    #[must_use]
    pub fn routes(&self) -> Vec<Route> {
        let mut routes = Vec::new();
        self.v4.routes(&mut routes);
        routes
    }

    /// The MTU that servers or routers tell, within what the port can carry; `None`: they tell none.
    #[must_use]
    pub fn mtu(&self) -> Option<u16> {
        self.v4.client().and_then(|c| c.lease()?.mtu)
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
        let taken = self.v4.duplicate().map(|(address, prefix)| AddressStatus {
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
        self.v4
            .client()
            .and_then(|c| Some(c.lease()?.status(now)))
            .into_iter()
            .collect()
    }

    /// What servers and routers said that was not taken, and how often.
    #[must_use]
    pub fn refusals(&self) -> Vec<(Refusal, u64)> {
        self.v4
            .client()
            .map(|c| c.refusals().iter().collect())
            .unwrap_or_default()
    }

    /// A datagram to one of the clients' ports.
    pub fn datagram(&mut self, now: Instant, heard: &Datagram<&[u8]>) {
        if heard.source.is_ipv4() {
            self.v4.datagram(now, heard);
        }
    }

    /// What the link said to [`Effect::Probe`].
    pub fn probed(&mut self, now: Instant, address: IpAddr, said: Probed) {
        if let IpAddr::V4(address) = address {
            self.v4
                .probed(now, address, said, &mut self.random, &mut self.out);
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
        }
    }

    /// Gives leases back and stops.
    pub fn release(&mut self, now: Instant) {
        self.v4.release(now);
    }

    /// What is to be done, oldest first.
    pub fn poll(&mut self) -> Option<Effect> {
        let effect = self.out.pop_front().or_else(|| self.v4.poll())?;
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
        self.v4.poll_timeout()
    }

    /// Time has passed.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.v4.handle_timeout(now, &mut self.out);
    }
}
