//! Frames out, and what waits until it is known where they go.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::time::Instant;

use smoltcp::wire::{EthernetProtocol, IpProtocol};

use super::super::neighbours::Answer;
use super::super::packet::Outgoing;
use super::super::{Datagram, Mac, ethernet, ip4, ip6, ndisc, udp};
use super::Stack;
use super::input::HOPS;

/// Frames that wait to be taken; beyond that they are dropped and counted.
const FRAMES: usize = 4096;
/// Datagrams and echoes that wait for neighbours; beyond that the oldest goes.
const PARKED: usize = 512;

/// What waits for a neighbour.
#[derive(Debug)]
pub(in super::super) struct Parked {
    next_hop: IpAddr,
    what: Load,
}

/// What is sent once the neighbour is known.
#[derive(Debug)]
pub(super) enum Load {
    Udp(Datagram),
    /// An echo of ours, by sequence number.
    Echo(u16),
}

impl Stack {
    /// Sends a datagram. It is dropped, and that is counted, when there is no way for it.
    pub fn send_udp(&mut self, now: Instant, datagram: Datagram) {
        if self.try_udp(now, datagram).is_none() {
            self.counters.dropped += 1;
        }
    }

    fn try_udp(&mut self, now: Instant, datagram: Datagram) -> Option<()> {
        let destination = datagram.destination.ip();
        let mac = match destination {
            IpAddr::V4(v4) if self.local.is_broadcast(v4) => ethernet::BROADCAST,
            IpAddr::V6(v6) if v6.is_multicast() => ndisc::group_mac(v6),
            _ => {
                let next_hop = self.way(destination, Some(datagram.source.ip())).ok()?.next_hop;
                match self.resolve(now, next_hop) {
                    Answer::At(mac) => mac,
                    Answer::Asked => return self.park(next_hop, Load::Udp(datagram)),
                    Answer::Nobody => return None,
                }
            }
        };
        self.emit_udp(mac, &datagram)
    }

    fn emit_udp(&mut self, mac: Mac, datagram: &Datagram) -> Option<()> {
        let (source, destination) = (datagram.source.ip(), datagram.destination.ip());
        let bytes = udp::emit(source, datagram)?;
        let outgoing = Outgoing {
            source,
            destination,
            hop_limit: HOPS,
            protocol: IpProtocol::Udp,
            payload: &bytes,
        };
        self.send_datagram(mac, &outgoing, self.config.mtu);
        Some(())
    }

    /// Puts something aside until the neighbour is known.
    pub(super) fn park(&mut self, next_hop: IpAddr, what: Load) -> Option<()> {
        if self.parked.len() >= PARKED {
            self.counters.evicted += 1;
            if let Some(Parked {
                what: Load::Echo(sequence),
                ..
            }) = self.parked.pop_front()
            {
                self.echo_lost(sequence);
            }
        }
        self.parked.push_back(Parked { next_hop, what });
        Some(())
    }

    /// A neighbour is known, or does not answer.
    pub(super) fn unpark(&mut self, now: Instant, next_hop: IpAddr, mac: Option<Mac>) {
        let (ready, others) = std::mem::take(&mut self.parked)
            .into_iter()
            .partition(|p| p.next_hop == next_hop);
        self.parked = others;
        let ready: VecDeque<Parked> = ready;
        for Parked { what, .. } in ready {
            match (what, mac) {
                (Load::Udp(datagram), Some(mac)) => {
                    let _ = self.emit_udp(mac, &datagram);
                }
                (Load::Udp(_), None) => self.counters.dropped += 1,
                (Load::Echo(sequence), Some(mac)) => self.send_echo(now, sequence, mac),
                (Load::Echo(sequence), None) => self.echo_lost(sequence),
            }
        }
    }

    /// A datagram in as many frames as it takes.
    pub(super) fn send_datagram(&mut self, mac: Mac, datagram: &Outgoing<'_>, mtu: u16) {
        self.identification = self.identification.wrapping_add(1);
        let identification = self.identification;
        let (protocol, packets) = match (datagram.source, datagram.destination) {
            (IpAddr::V4(source), IpAddr::V4(destination)) => {
                let packets = ip4::packets(source, destination, datagram, mtu, identification as u16);
                (EthernetProtocol::Ipv4, packets)
            }
            (IpAddr::V6(source), IpAddr::V6(destination)) => {
                let packets = ip6::packets(source, destination, datagram, mtu, identification);
                (EthernetProtocol::Ipv6, packets)
            }
            _ => return,
        };
        for packet in packets {
            self.send_packet(mac, protocol, &packet);
        }
    }

    pub(super) fn send_packet(&mut self, mac: Mac, protocol: EthernetProtocol, packet: &[u8]) {
        let frame = ethernet::build(
            self.config.mac,
            mac,
            self.config.vlan,
            protocol,
            packet.len(),
            |room| {
                room.copy_from_slice(packet);
            },
        );
        self.send(frame);
    }

    pub(super) fn send(&mut self, frame: Vec<u8>) {
        if self.frames.len() < FRAMES {
            self.frames.push_back(frame);
        } else {
            self.counters.dropped += 1;
        }
    }
}
