//! Frames in.

use std::net::IpAddr;
use std::time::Instant;

use smoltcp::wire::{EthernetAddress, EthernetProtocol, IpProtocol};

use super::super::ethernet::Frame;
use super::super::event::Event;
use super::super::icmp::{self, Echo, Message};
use super::super::packet::{Outgoing, Packet};
use super::super::{Mac, ip4, ip6, ndisc, udp};
use super::Stack;
use crate::net::{host, host6};

/// Ports of DHCP clients.
const DHCP4: u16 = 68;
const DHCP6: u16 = 546;
/// Hop limit of what we send beyond the link.
pub(super) const HOPS: u8 = 64;

impl Stack {
    /// A frame on this interface's VLAN, whatever it is.
    pub fn frame(&mut self, now: Instant, frame: &Frame<'_>) {
        if self.take(now, frame).is_none() {
            self.counters.dropped += 1;
        }
    }

    /// `None`: of no use.
    fn take(&mut self, now: Instant, frame: &Frame<'_>) -> Option<()> {
        // A frame of ours that comes back says nothing of anybody.
        if frame.from == self.config.mac {
            return None;
        }
        if frame.to != self.config.mac && EthernetAddress(frame.to).is_unicast() {
            return None;
        }
        match frame.protocol {
            EthernetProtocol::Arp => self.arp(now, frame),
            EthernetProtocol::Ipv4 => self.packet(now, frame, ip4::parse(frame.payload)?),
            EthernetProtocol::Ipv6 => self.packet(now, frame, ip6::parse(frame.payload)?),
            EthernetProtocol::Unknown(_) => None,
        }
    }

    fn packet(&mut self, now: Instant, frame: &Frame<'_>, packet: Packet<'_>) -> Option<()> {
        if !self.is_for_us(frame, &packet) {
            return None;
        }
        let Some(fragment) = packet.fragment.filter(|f| !f.is_whole()) else {
            return self.datagram(now, frame.from, &packet);
        };
        let Some((protocol, bytes)) = self.reassembly.add(now, &packet, fragment).ok()? else {
            return Some(());
        };
        let first = IpProtocol::from(protocol);
        let (protocol, payload) = if packet.source.is_ipv4() {
            (first, &bytes[..])
        } else {
            let (protocol, _, payload) = ip6::headers(first, &bytes, false)?;
            (protocol, payload)
        };
        self.datagram(
            now,
            frame.from,
            &Packet {
                protocol,
                payload,
                ..packet
            },
        )
    }

    /// Whether a packet is to us, from somebody who can be there.
    fn is_for_us(&self, frame: &Frame<'_>, packet: &Packet<'_>) -> bool {
        match (packet.source, packet.destination) {
            (IpAddr::V4(source), IpAddr::V4(destination)) => {
                // A DHCP server sends to the address that it offers.
                let offered = packet.protocol == IpProtocol::Udp && frame.to == self.config.mac;
                host(source)
                    && !self.local.is_broadcast(source)
                    && (self.local.has(destination)
                        || self.local.is_broadcast(destination)
                        || (offered && host(destination)))
            }
            (IpAddr::V6(source), IpAddr::V6(destination)) => {
                (host6(source) || source.is_unspecified())
                    && (self.local.has(destination)
                        || destination == ndisc::ALL_NODES
                        || self.groups().contains(&destination))
            }
            _ => false,
        }
    }

    /// A whole datagram.
    fn datagram(&mut self, now: Instant, link: Mac, packet: &Packet<'_>) -> Option<()> {
        // Only neighbour discovery has a use for packets from an address of ours: somebody else has it too.
        let ours = self.local.has(packet.source);
        match packet.protocol {
            IpProtocol::Udp if !ours => {
                let port = if packet.source.is_ipv4() { DHCP4 } else { DHCP6 };
                let datagram = udp::parse(packet).filter(|d| d.destination.port() == port)?;
                if datagram.source.ip().is_unspecified() {
                    return None;
                }
                self.events.push_back(Event::Udp(datagram));
                Some(())
            }
            protocol if protocol == icmp::protocol(packet.source) => match icmp::parse(packet)? {
                Message::Echo(_) | Message::Error(_) if ours => None,
                Message::Echo(echo) if echo.request => self.echo_request(link, packet, &echo),
                Message::Echo(echo) => {
                    let (id, took) = self.echoes.answered(now, packet.source, &echo)?;
                    self.events.push_back(Event::Echo {
                        id,
                        end: super::EchoEnd::Answered,
                        took,
                    });
                    Some(())
                }
                Message::Error(report) => self.reported(now, &report),
                // RFC 6980: neighbour discovery never comes in pieces.
                Message::Other { kind, code, bytes } if packet.fragment.is_none() => {
                    self.discovery(now, link, packet, (kind, code), bytes)
                }
                Message::Other { .. } => None,
            },
            _ => None,
        }
    }

    /// Answered to the station that sent it: strangers do not get to fill the table of neighbours.
    fn echo_request(&mut self, link: Mac, packet: &Packet<'_>, echo: &Echo<'_>) -> Option<()> {
        let asked = packet.destination;
        let own = match asked {
            IpAddr::V6(v6) if v6.is_multicast() => self.local.source(packet.source, None)?,
            _ => self.local.has(asked).then_some(asked)?,
        };
        if packet.source.is_unspecified() {
            return None;
        }
        let answer = icmp::emit(
            own,
            packet.source,
            &Echo {
                request: false,
                ..*echo
            },
        );
        self.send_datagram(
            link,
            &Outgoing {
                source: own,
                destination: packet.source,
                hop_limit: HOPS,
                protocol: icmp::protocol(own),
                payload: &answer,
            },
            self.config.mtu,
        );
        Some(())
    }
}
