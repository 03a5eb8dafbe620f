//! The IPv4 address of an interface, wherever it comes from.

use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Instant;

use super::chosen::Chosen;
use super::dhcp4::{Client, Lease};
use super::{Datagram, Effect, Held, Probed, Route, Setup};
use crate::net::{host, within};
use crate::port::{Configured, InterfaceStatus, Ipv4Source};
use crate::random::Random;

/// Where it comes from.
pub(super) enum V4 {
    Off,
    /// What was given cannot be an address.
    Refused,
    Static {
        chosen: Chosen,
        prefix: u8,
        gateway: Option<Ipv4Addr>,
    },
    Dhcp(Box<Client>),
}

impl V4 {
    /// The source that was configured; with `saved`, what an earlier process had is gone on with.
    pub(super) fn new(
        now: Instant,
        setup: &Setup,
        source: Ipv4Source,
        saved: Option<&InterfaceStatus>,
        out: &mut VecDeque<Effect>,
    ) -> Self {
        match source {
            Ipv4Source::Off => Self::Off,
            Ipv4Source::Static {
                address,
                prefix,
                gateway,
            } => {
                if !host(address) || !(1..=32).contains(&prefix) {
                    tracing::error!(%address, prefix, "no host can have this address; it is not used");
                    return Self::Refused;
                }
                let gateway = gateway.filter(|gateway| {
                    let good = host(*gateway)
                        && *gateway != address
                        && (prefix == 32 || within((*gateway).into(), address.into(), prefix));
                    if !good {
                        tracing::error!(%address, prefix, %gateway, "the gateway cannot be reached; it is not used");
                    }
                    good
                });
                let chosen = Chosen::begin(now, address.into(), saved, out);
                Self::Static {
                    chosen,
                    prefix,
                    gateway,
                }
            }
            Ipv4Source::Dhcp => {
                let mut client = Client::new(setup.mac, setup.mtu, &setup.seed, now);
                let leases = saved.map(|s| &s.leases[..]).unwrap_or_default();
                match leases.iter().find_map(|l| Lease::resumed(now, l, setup.mtu)) {
                    Some(lease) => client.resume(now, lease),
                    None => client.start(now),
                }
                Self::Dhcp(Box::new(client))
            }
        }
    }

    pub(super) fn configured(&self) -> Option<Configured> {
        match self {
            Self::Off => None,
            Self::Static { chosen, .. } if chosen.held() => Some(Configured::Ready),
            Self::Static { chosen, .. } if !chosen.taken() => Some(Configured::Acquiring),
            Self::Dhcp(client) if client.lease().is_some() => Some(Configured::Ready),
            Self::Dhcp(client) if !client.failing() => Some(Configured::Acquiring),
            Self::Refused | Self::Static { .. } | Self::Dhcp(_) => Some(Configured::Failed),
        }
    }

    pub(super) fn addresses(&self, to: &mut Vec<Held>) {
        let (address, prefix, expires) = match self {
            Self::Static { chosen, prefix, .. } if chosen.held() => (chosen.address, *prefix, None),
            Self::Dhcp(client) => match client.lease() {
                Some(lease) => (lease.address.into(), lease.prefix, lease.expires),
                None => return,
            },
            _ => return,
        };
        to.push(Held {
            address,
            prefix,
            preferred: true,
            expires,
        });
    }

    /// An address that somebody else has.
    pub(super) fn duplicate(&self) -> Option<(IpAddr, u8)> {
        match self {
            Self::Static { chosen, prefix, .. } if chosen.taken() => Some((chosen.address, *prefix)),
            _ => None,
        }
    }

    pub(super) fn routes(&self, to: &mut Vec<Route>) {
        let (address, prefix, gateway) = match self {
            Self::Static {
                chosen,
                prefix,
                gateway,
            } if chosen.held() => (chosen.address, *prefix, *gateway),
            Self::Dhcp(client) => {
                let Some(lease) = client.lease() else { return };
                to.extend(lease.routes.iter().map(|(destination, prefix, gateway)| Route {
                    destination: (*destination).into(),
                    prefix: *prefix,
                    gateway: gateway.map(IpAddr::V4),
                }));
                (lease.address.into(), lease.prefix, lease.gateway)
            }
            _ => return,
        };
        to.push(Route {
            destination: address,
            prefix,
            gateway: None,
        });
        to.extend(gateway.map(|gateway| Route {
            destination: Ipv4Addr::UNSPECIFIED.into(),
            prefix: 0,
            gateway: Some(gateway.into()),
        }));
    }

    pub(super) fn client(&self) -> Option<&Client> {
        if let Self::Dhcp(client) = self {
            Some(client)
        } else {
            None
        }
    }

    pub(super) fn datagram(&mut self, now: Instant, heard: &Datagram<&[u8]>) {
        if let Self::Dhcp(client) = self {
            client.datagram(now, heard);
        }
    }

    pub(super) fn probed(
        &mut self,
        now: Instant,
        address: Ipv4Addr,
        said: Probed,
        random: &mut Random,
        out: &mut VecDeque<Effect>,
    ) {
        match self {
            Self::Static { chosen, .. } if chosen.address == address => chosen.probed(now, said, random, out),
            Self::Dhcp(client) => client.probed(now, address, said),
            _ => {}
        }
    }

    pub(super) fn link(&mut self, now: Instant, up: bool, out: &mut VecDeque<Effect>) {
        match self {
            Self::Static { chosen, .. } if up => chosen.link_up(now, out),
            Self::Dhcp(client) => client.link(now, up),
            _ => {}
        }
    }

    pub(super) fn release(&mut self, now: Instant) {
        if let Self::Dhcp(client) = self {
            client.release(now);
        }
    }

    /// Somebody has the address and does not give way to our defence. A lease can be had anew; what was configured is kept.
    pub(super) fn give_up(&mut self, now: Instant, address: Ipv4Addr) {
        if let Self::Dhcp(client) = self {
            client.taken(now, address);
        }
    }

    pub(super) fn poll(&mut self) -> Option<Effect> {
        if let Self::Dhcp(client) = self {
            client.poll()
        } else {
            None
        }
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        match self {
            Self::Static { chosen, .. } => chosen.poll_timeout(),
            Self::Dhcp(client) => client.poll_timeout(),
            Self::Off | Self::Refused => None,
        }
    }

    pub(super) fn handle_timeout(&mut self, now: Instant, out: &mut VecDeque<Effect>) {
        match self {
            Self::Static { chosen, .. } => chosen.handle_timeout(now, out),
            Self::Dhcp(client) => client.handle_timeout(now),
            Self::Off | Self::Refused => {}
        }
    }
}
