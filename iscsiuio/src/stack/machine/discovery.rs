//! ARP and neighbour discovery: questions, answers, probes, announcements.
//!
//! Source: RFC 826, RFC 5227 sections 2.1, 2.3, 2.4, RFC 4861 section 7.2, RFC 4862 section 5.4. What others say of themselves changes
//! what is known of them, and never makes an entry.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Instant;

use smoltcp::wire::EthernetProtocol;

use super::super::Mac;
use super::super::arp::Arp;
use super::super::ethernet::{self, Frame, is_station};
use super::super::event::Event;
use super::super::listener::{self, Why};
use super::super::ndisc::{self, Message};
use super::super::neighbours::{Question, Told};
use super::super::packet::Packet;
use super::Stack;
use crate::net::host;

impl Stack {
    /// `None`: of no use.
    pub(super) fn arp(&mut self, now: Instant, frame: &Frame<'_>) -> Option<()> {
        let arp = Arp::parse(frame.payload)?;
        let (mac, address) = arp.sender;
        if mac == self.config.mac {
            return None;
        }
        if address.is_unspecified() {
            // A probe for an address that we are asking about too.
            if arp.request && self.claims.is_probed(arp.target.1) {
                self.taken(arp.target.1.into(), mac);
                return Some(());
            }
        } else if !host(address) {
            return None;
        } else if self.claims.is_probed(address) {
            self.taken(address.into(), mac);
            return Some(());
        } else if self.local.has(address) {
            self.events.push_back(Event::Conflict {
                address: address.into(),
                mac,
            });
            return Some(());
        } else {
            let solicited = !arp.request && arp.target.0 == self.config.mac;
            self.heard(
                now,
                address.into(),
                Told {
                    mac,
                    solicited,
                    replaces: true,
                },
            );
        }
        if arp.request && self.local.has(arp.target.1) {
            let reply = Arp {
                request: false,
                sender: (self.config.mac, arp.target.1),
                target: arp.sender,
            };
            self.send(reply.frame(mac, self.config.vlan));
        }
        Some(())
    }

    /// A message of ICMPv6 that is no echo and no error. `None`: of no use.
    pub(super) fn discovery(
        &mut self,
        now: Instant,
        link: Mac,
        packet: &Packet<'_>,
        (kind, code): (u8, u8),
        bytes: &[u8],
    ) -> Option<()> {
        let (IpAddr::V6(source), IpAddr::V6(destination)) = (packet.source, packet.destination) else {
            return None;
        };
        if code != 0 {
            return None;
        }
        if kind == listener::QUERY {
            return self.queried(source, packet.hop_limit, bytes);
        }
        // A router would have counted it down: it is from this link.
        if packet.hop_limit != 255 {
            return None;
        }
        match ndisc::parse(source, destination, bytes)? {
            Message::Solicitation { target, mac } => {
                if source.is_unspecified() && (!destination.is_multicast() || mac.is_some()) {
                    return None;
                }
                self.solicited(now, (source, mac), target, link)
            }
            Message::Advertisement { solicited: true, .. } if destination.is_multicast() => None,
            Message::Advertisement {
                target,
                mac,
                solicited,
                replaces,
            } => {
                let mac = mac.unwrap_or(link);
                if self.claims.is_probed(target) {
                    self.taken(target.into(), mac);
                } else if self.local.has(target) {
                    self.events.push_back(Event::Conflict {
                        address: target.into(),
                        mac,
                    });
                } else {
                    self.heard(
                        now,
                        target.into(),
                        Told {
                            mac,
                            solicited,
                            replaces,
                        },
                    );
                }
                Some(())
            }
            Message::Router if self.local.has(source) => None,
            Message::Router => {
                self.events.push_back(Event::RouterAdvertisement {
                    router: source,
                    message: bytes.to_vec(),
                });
                Some(())
            }
        }
    }

    /// Somebody asks who has `target`.
    fn solicited(
        &mut self,
        now: Instant,
        (source, mac): (Ipv6Addr, Option<Mac>),
        target: Ipv6Addr,
        link: Mac,
    ) -> Option<()> {
        if source.is_unspecified() && self.claims.is_probed(target) {
            self.taken(target.into(), link);
            return Some(());
        }
        if self.local.has(source) {
            return None;
        }
        if let Some(mac) = mac {
            self.heard(
                now,
                source.into(),
                Told {
                    mac,
                    solicited: false,
                    replaces: true,
                },
            );
        }
        if !self.local.has(target) {
            return None;
        }
        let (to, link) = if source.is_unspecified() {
            (ndisc::ALL_NODES, ndisc::group_mac(ndisc::ALL_NODES))
        } else {
            (source, mac.unwrap_or(link))
        };
        let packet = ndisc::advertisement(target, to, self.config.mac);
        self.send_packet(link, EthernetProtocol::Ipv6, &packet);
        Some(())
    }

    /// A router asks what we listen to.
    fn queried(&mut self, source: Ipv6Addr, hop_limit: u8, bytes: &[u8]) -> Option<()> {
        if hop_limit != 1 || !source.is_unicast_link_local() {
            return None;
        }
        let asked = listener::queried(bytes)?;
        let groups: Vec<_> = self
            .groups()
            .into_iter()
            .filter(|g| asked.is_unspecified() || *g == asked)
            .collect();
        if !groups.is_empty() {
            self.report(&groups, Why::Asked);
        }
        Some(())
    }

    /// Groups in which our addresses are asked for are told.
    pub(super) fn listen(&mut self, addresses: &[IpAddr]) {
        let mut groups: Vec<_> = addresses.iter().copied().filter_map(group).collect();
        groups.sort_unstable();
        groups.dedup();
        if !groups.is_empty() {
            self.report(&groups, Why::Begins);
        }
    }

    fn report(&mut self, groups: &[Ipv6Addr], why: Why) {
        let source = self.link_local().unwrap_or(Ipv6Addr::UNSPECIFIED);
        let packet = listener::report(source, groups, why);
        self.send_packet(
            ndisc::group_mac(listener::ROUTERS),
            EthernetProtocol::Ipv6,
            &packet,
        );
    }

    /// The groups that we listen to, all nodes aside.
    pub(super) fn groups(&self) -> Vec<Ipv6Addr> {
        let ours = self
            .local
            .addresses()
            .iter()
            .map(|a| a.address)
            .chain(self.claims.probed());
        let mut groups: Vec<_> = ours.filter_map(group).collect();
        groups.sort_unstable();
        groups.dedup();
        groups
    }

    fn link_local(&self) -> Option<Ipv6Addr> {
        self.local.addresses().iter().find_map(|a| match a.address {
            IpAddr::V6(v6) if v6.is_unicast_link_local() => Some(v6),
            _ => None,
        })
    }

    /// Asks routers to tell of themselves.
    pub fn solicit_router(&mut self) {
        let source = self.link_local().unwrap_or(Ipv6Addr::UNSPECIFIED);
        let packet = ndisc::router_solicitation(source, self.config.mac);
        self.send_packet(
            ndisc::group_mac(ndisc::ALL_ROUTERS),
            EthernetProtocol::Ipv6,
            &packet,
        );
    }

    pub(super) fn send_question(&mut self, question: Question) {
        let Question { address, whom } = question;
        let Some(source) = self
            .local
            .source(address, None)
            .or_else(|| self.any_source(address))
        else {
            return;
        };
        match (source, address) {
            (IpAddr::V4(source), IpAddr::V4(target)) => {
                let arp = Arp {
                    request: true,
                    sender: (self.config.mac, source),
                    target: ([0; 6], target),
                };
                self.send(arp.frame(whom.unwrap_or(ethernet::BROADCAST), self.config.vlan));
            }
            (IpAddr::V6(source), IpAddr::V6(target)) => {
                let (to, link) = match whom {
                    Some(mac) => (target, mac),
                    None => {
                        let group = ndisc::solicited_node(target);
                        (group, ndisc::group_mac(group))
                    }
                };
                let packet = ndisc::solicitation(source, to, target, self.config.mac);
                self.send_packet(link, EthernetProtocol::Ipv6, &packet);
            }
            _ => {}
        }
    }

    /// A link-local neighbour may be asked from a global address, and the other way round.
    fn any_source(&self, address: IpAddr) -> Option<IpAddr> {
        self.local
            .addresses()
            .iter()
            .map(|a| a.address)
            .find(|a| a.is_ipv4() == address.is_ipv4())
    }

    pub(super) fn send_probe(&mut self, address: IpAddr) {
        match address {
            IpAddr::V4(target) => self.send_arp(Ipv4Addr::UNSPECIFIED, target),
            IpAddr::V6(target) => {
                let group = ndisc::solicited_node(target);
                let packet = ndisc::solicitation(Ipv6Addr::UNSPECIFIED, group, target, self.config.mac);
                self.send_packet(ndisc::group_mac(group), EthernetProtocol::Ipv6, &packet);
            }
        }
    }

    pub(super) fn send_announcement(&mut self, address: IpAddr) {
        match address {
            IpAddr::V4(own) => self.send_arp(own, own),
            IpAddr::V6(own) => {
                let packet = ndisc::advertisement(own, ndisc::ALL_NODES, self.config.mac);
                self.send_packet(
                    ndisc::group_mac(ndisc::ALL_NODES),
                    EthernetProtocol::Ipv6,
                    &packet,
                );
            }
        }
    }

    fn send_arp(&mut self, sender: Ipv4Addr, target: Ipv4Addr) {
        let arp = Arp {
            request: true,
            sender: (self.config.mac, sender),
            target: ([0; 6], target),
        };
        self.send(arp.frame(ethernet::BROADCAST, self.config.vlan));
    }

    /// Somebody has an address that we ask about.
    fn taken(&mut self, address: IpAddr, mac: Mac) {
        if self.claims.taken(address) {
            self.events.push_back(Event::Probed {
                address,
                taken: Some(mac),
            });
        }
    }

    fn heard(&mut self, now: Instant, address: IpAddr, told: Told) {
        if is_station(told.mac) && self.neighbours.heard(now, address, told) {
            self.neighbour_known(now, address, Some(told.mac));
        }
    }

    /// The end of a question that somebody waited for.
    pub(super) fn neighbour_known(&mut self, now: Instant, address: IpAddr, mac: Option<Mac>) {
        self.events.push_back(Event::Neighbour { address, mac });
        self.unpark(now, address, mac);
    }
}

/// The group in which an address is asked for.
fn group(address: IpAddr) -> Option<Ipv6Addr> {
    match address {
        IpAddr::V6(v6) => Some(ndisc::solicited_node(v6)),
        IpAddr::V4(_) => None,
    }
}
