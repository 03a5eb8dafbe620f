//! The IPv6 addresses of an interface, wherever they come from.

use std::collections::VecDeque;
use std::net::{IpAddr, Ipv6Addr};
use std::time::Instant;

use super::chosen::Chosen;
use super::dhcp6::{Client, Lease};
use super::slaac::{Discovery, Wanted};
use super::{Datagram, Effect, Held, Probed, Route, Setup};
use crate::net::{eui64, global6, host6, network6};
use crate::port::{Configured, InterfaceConfig, InterfaceStatus, Ipv6Source, LinkLocalSource, RouterSource};
use crate::random::Random;

/// What every link has.
const LINK_LOCAL: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0);
/// Length of its prefix.
const LENGTH: u8 = 64;

/// IPv6 on one interface.
pub(super) struct V6 {
    setup: Setup,
    source: Ipv6Source,
    iaid: u32,
    link_local: Chosen,
    /// The address that was given, and the length of its prefix.
    given: Option<(Chosen, u8)>,
    /// The router that was given.
    router: Option<Ipv6Addr>,
    discovery: Option<Discovery>,
    client: Option<Box<Client>>,
    /// A lease of an earlier process, until there is a link-local address to speak from.
    saved: Option<Lease>,
    link: bool,
}

impl V6 {
    /// The sources that were configured; with `saved`, what an earlier process had is gone on with. `None`: there is to be no IPv6.
    pub(super) fn new(
        now: Instant,
        setup: &Setup,
        config: &InterfaceConfig,
        saved: Option<&InterfaceStatus>,
        out: &mut VecDeque<Effect>,
    ) -> Option<Self> {
        let given = match config.v6 {
            Ipv6Source::Off => return None,
            Ipv6Source::Static { address, prefix } if global6(address) && (1..=128).contains(&prefix) => {
                Some((Chosen::begin(now, address.into(), saved, out), prefix))
            }
            Ipv6Source::Static { address, prefix } => {
                tracing::error!(%address, prefix, "no host can have this address; it is not used");
                None
            }
            Ipv6Source::Dhcp | Ipv6Source::Auto => None,
        };
        let own = eui64(LINK_LOCAL, setup.mac);
        let link_local = match config.link_local {
            LinkLocalSource::Auto => own,
            LinkLocalSource::Static(address) if address.is_unicast_link_local() => address,
            LinkLocalSource::Static(address) => {
                tracing::error!(%address, used = %own, "not a link-local address; it is not used");
                own
            }
        };
        let router = match config.router {
            RouterSource::Auto => None,
            RouterSource::Static(router) if host6(router) => Some(router),
            RouterSource::Static(router) => {
                tracing::error!(%router, "no router can have this address; it is not used");
                None
            }
        };
        let wanted = Wanted {
            addresses: config.v6 == Ipv6Source::Auto,
            routers: config.router == RouterSource::Auto,
        };
        let iaid = config.vlan.map_or(0, |v| v.id.into());
        let discovery = (wanted.addresses || wanted.routers).then(|| {
            let random = Random::new(&setup.seed, b"routers");
            Discovery::new(now, wanted, (setup.mac, setup.mtu), random, saved, out)
        });
        let leases = saved.map(|s| &s.leases[..]).unwrap_or_default();
        let mut v6 = Self {
            setup: setup.clone(),
            source: config.v6,
            iaid,
            link_local: Chosen::begin(now, link_local.into(), saved, out),
            given,
            router,
            discovery,
            client: None,
            saved: leases.iter().find_map(|l| Lease::resumed(now, l, iaid)),
            link: true,
        };
        v6.advance(now);
        Some(v6)
    }

    /// DHCPv6 begins when there is somebody to ask and an address to ask from.
    fn advance(&mut self, now: Instant) {
        let IpAddr::V6(source) = self.link_local.address else {
            return;
        };
        let wanted = match self.source {
            Ipv6Source::Dhcp => true,
            Ipv6Source::Auto => {
                self.saved.is_some() || self.discovery.as_ref().is_some_and(Discovery::managed)
            }
            Ipv6Source::Off | Ipv6Source::Static { .. } => false,
        };
        if !wanted || !self.link_local.held() || self.client.is_some() {
            return;
        }
        let mut client = Client::new(self.setup.mac, self.iaid, &self.setup.seed, now);
        client.link(now, self.link);
        match self.saved.take() {
            Some(lease) => client.resume(now, source, lease),
            None => client.start(now, source),
        }
        self.client = Some(Box::new(client));
    }

    pub(super) fn configured(&self) -> Configured {
        let stands = |chosen: &Chosen| match (chosen.held(), chosen.taken()) {
            (true, _) => Configured::Ready,
            (_, true) => Configured::Failed,
            _ => Configured::Acquiring,
        };
        let link_local = stands(&self.link_local);
        let leased = self.client.as_ref().map(|c| match (c.lease(), c.failing()) {
            (Some(_), _) => Configured::Ready,
            (None, true) => Configured::Failed,
            (None, false) => Configured::Acquiring,
        });
        let made = self.discovery.as_ref().map(|d| match (d.held(), d.acquiring()) {
            (true, _) => Configured::Ready,
            (_, true) => Configured::Acquiring,
            _ => Configured::Failed,
        });
        let found = match self.source {
            Ipv6Source::Off => return Configured::Failed,
            Ipv6Source::Static { .. } => self.given.as_ref().map(|(chosen, _)| stands(chosen)),
            // Not begun: it waits for the link-local address.
            Ipv6Source::Dhcp => leased
                .or(Some(link_local).filter(|s| *s == Configured::Failed))
                .or(Some(Configured::Acquiring)),
            Ipv6Source::Auto => better(leased, made),
        };
        found.unwrap_or(Configured::Failed)
    }

    pub(super) fn addresses(&self, to: &mut Vec<Held>) {
        let forever = |address, prefix| Held {
            address,
            prefix,
            preferred: true,
            expires: None,
        };
        if self.link_local.held() {
            to.push(forever(self.link_local.address, LENGTH));
        }
        if let Some((chosen, prefix)) = &self.given
            && chosen.held()
        {
            to.push(forever(chosen.address, *prefix));
        }
        if let Some(discovery) = &self.discovery {
            discovery.addresses(to);
        }
        if let Some(client) = &self.client
            && let Some(lease) = client.lease()
        {
            to.push(Held {
                address: lease.address.into(),
                prefix: 128,
                preferred: client.preferred(),
                expires: lease.expires,
            });
        }
    }

    /// Addresses that somebody else has.
    pub(super) fn duplicates(&self) -> impl Iterator<Item = (IpAddr, u8)> {
        let given = self.given.iter().map(|(chosen, prefix)| (chosen, *prefix));
        std::iter::once((&self.link_local, LENGTH))
            .chain(given)
            .filter(|(chosen, _)| chosen.taken())
            .map(|(chosen, prefix)| (chosen.address, prefix))
            .chain(self.discovery.iter().flat_map(Discovery::duplicates))
    }

    pub(super) fn routes(&self, to: &mut Vec<Route>) {
        let on_link = |destination: IpAddr, prefix| Route {
            destination,
            prefix,
            gateway: None,
        };
        if let Some((chosen, prefix)) = &self.given
            && chosen.held()
        {
            to.push(on_link(chosen.address, *prefix));
        }
        if let Some(discovery) = &self.discovery {
            discovery.routes(to);
        }
        // DHCPv6 says nothing of what is on the link. Where no router says it either, the subnet is taken to be, as the peer does.
        let silence = self.discovery.as_ref().is_none_or(|d| !d.heard());
        if let Some(lease) = self.client.as_ref().and_then(|c| c.lease()).filter(|_| silence) {
            to.push(on_link(network6(lease.address, LENGTH).into(), LENGTH));
        }
        to.extend(self.router().map(|router| Route {
            destination: Ipv6Addr::UNSPECIFIED.into(),
            prefix: 0,
            gateway: Some(router.into()),
        }));
    }

    /// The router in use.
    pub(super) fn router(&self) -> Option<Ipv6Addr> {
        self.router
            .or_else(|| self.discovery.as_ref().and_then(Discovery::router))
    }

    pub(super) fn mtu(&self) -> Option<u16> {
        self.discovery.as_ref().and_then(Discovery::mtu)
    }

    pub(super) fn client(&self) -> Option<&Client> {
        self.client.as_deref()
    }

    pub(super) fn discovery(&self) -> Option<&Discovery> {
        self.discovery.as_ref()
    }

    pub(super) fn datagram(&mut self, now: Instant, heard: &Datagram<&[u8]>) {
        if let Some(client) = &mut self.client {
            client.datagram(now, heard);
        }
    }

    pub(super) fn advertised(
        &mut self,
        now: Instant,
        router: Ipv6Addr,
        message: &[u8],
        out: &mut VecDeque<Effect>,
    ) {
        if let Some(discovery) = &mut self.discovery {
            discovery.hear(now, router, message, out);
            self.advance(now);
        }
    }

    pub(super) fn silent(&mut self, router: Ipv6Addr, out: &mut VecDeque<Effect>) {
        if let Some(discovery) = &mut self.discovery {
            discovery.silent(router, out);
        }
    }

    pub(super) fn probed(
        &mut self,
        now: Instant,
        address: Ipv6Addr,
        said: Probed,
        random: &mut Random,
        out: &mut VecDeque<Effect>,
    ) {
        let given = self.given.as_mut().map(|(chosen, _)| chosen);
        for chosen in std::iter::once(&mut self.link_local).chain(given) {
            if chosen.address == address {
                chosen.probed(now, said, random, out);
            }
        }
        if let Some(discovery) = &mut self.discovery {
            discovery.probed(now, address, said, out);
        }
        if let Some(client) = &mut self.client {
            client.probed(now, address, said);
        }
        self.advance(now);
    }

    pub(super) fn link(&mut self, now: Instant, up: bool, out: &mut VecDeque<Effect>) {
        self.link = up;
        if up {
            self.link_local.link_up(now, out);
            if let Some((chosen, _)) = &mut self.given {
                chosen.link_up(now, out);
            }
        }
        if let Some(discovery) = &mut self.discovery {
            discovery.link(now, up, out);
        }
        if let Some(client) = &mut self.client {
            client.link(now, up);
        }
    }

    pub(super) fn release(&mut self, now: Instant) {
        if let Some(client) = &mut self.client {
            client.release(now);
        }
    }

    pub(super) fn poll(&mut self) -> Option<Effect> {
        self.client.as_mut().and_then(|c| c.poll())
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        [
            self.link_local.poll_timeout(),
            self.given.as_ref().and_then(|(chosen, _)| chosen.poll_timeout()),
            self.discovery.as_ref().and_then(Discovery::poll_timeout),
            self.client.as_ref().and_then(|c| c.poll_timeout()),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    pub(super) fn handle_timeout(&mut self, now: Instant, out: &mut VecDeque<Effect>) {
        self.link_local.handle_timeout(now, out);
        if let Some((chosen, _)) = &mut self.given {
            chosen.handle_timeout(now, out);
        }
        if let Some(discovery) = &mut self.discovery {
            discovery.handle_timeout(now, out);
        }
        if let Some(client) = &mut self.client {
            client.handle_timeout(now);
        }
        self.advance(now);
    }
}

/// What is ready is ready; what may become so comes before what failed.
pub(super) fn better(a: Option<Configured>, b: Option<Configured>) -> Option<Configured> {
    let rank = |c: &Configured| match c {
        Configured::Ready => 0,
        Configured::Acquiring => 1,
        Configured::Failed => 2,
    };
    [a, b].into_iter().flatten().min_by_key(rank)
}
