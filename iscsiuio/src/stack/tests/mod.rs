//! The stack against others' stations, its own kind, and frames that nobody should send.

mod discovery;
mod echo;
mod fragments;
mod groups;
mod hostile;
mod hostile6;
mod mtu;
mod random;

use std::net::IpAddr;

use smoltcp::wire::EthernetProtocol;

use super::{Frame, Mac, Vlan, ethernet, ip4, ip6, packet::Outgoing};
use crate::rig::Net;

const US: Mac = [2, 0, 0, 0, 0, 1];
const THEM: Mac = [2, 0, 0, 0, 0, 0x99];

fn ip(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

/// Gives a frame with these bytes to the first stack; whether it was of use.
fn give(net: &mut Net, bytes: &[u8]) -> bool {
    let before = net.stacks[0].counters().dropped;
    match Frame::parse(bytes) {
        Some(frame) => net.stacks[0].frame(net.now, &frame),
        None => return false,
    }
    net.stacks[0].counters().dropped == before
}

/// A frame of somebody else with an IP packet.
fn framed(to: Mac, protocol: EthernetProtocol, packet: &[u8]) -> Vec<u8> {
    ethernet::build(THEM, to, None::<Vlan>, protocol, packet.len(), |room| {
        room.copy_from_slice(packet);
    })
}

/// Frames of a datagram from somebody else to us, in pieces of `mtu` bytes.
fn datagram(outgoing: &Outgoing<'_>, mtu: u16) -> Vec<Vec<u8>> {
    let (protocol, packets) = match (outgoing.source, outgoing.destination) {
        (IpAddr::V4(s), IpAddr::V4(d)) => (EthernetProtocol::Ipv4, ip4::packets(s, d, outgoing, mtu, 7)),
        (IpAddr::V6(s), IpAddr::V6(d)) => (EthernetProtocol::Ipv6, ip6::packets(s, d, outgoing, mtu, 7)),
        _ => panic!("two families"),
    };
    packets.iter().map(|p| framed(US, protocol, p)).collect()
}
