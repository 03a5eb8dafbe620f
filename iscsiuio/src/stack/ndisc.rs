//! Neighbour discovery messages.
//!
//! Source: RFC 4861 section 4 and the checks of section 7.1; RFC 6980 (never in pieces), which is the receiver's matter.

use std::net::Ipv6Addr;

use smoltcp::phy::ChecksumCapabilities;
use smoltcp::wire::{
    EthernetAddress, Icmpv6Packet, Icmpv6Repr, IpProtocol, NdiscNeighborFlags, NdiscRepr, RawHardwareAddress,
};

use super::ethernet::is_station;
use super::{Mac, ip6};
use crate::net::host6;

/// Everybody on the link.
pub(super) const ALL_NODES: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1);
/// All routers on the link.
pub(super) const ALL_ROUTERS: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 2);

/// A message that was taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Message {
    /// Who has `target`?
    Solicitation { target: Ipv6Addr, mac: Option<Mac> },
    /// `target` is here.
    Advertisement {
        target: Ipv6Addr,
        mac: Option<Mac>,
        solicited: bool,
        replaces: bool,
    },
    /// A router tells of itself. What else it says is others' matter.
    Router,
}

/// `None`: damaged, or nothing to do with us. `bytes` is the whole ICMPv6 message.
pub(super) fn parse(source: Ipv6Addr, destination: Ipv6Addr, bytes: &[u8]) -> Option<Message> {
    let packet = Icmpv6Packet::new_checked(bytes).ok()?;
    let repr = Icmpv6Repr::parse(&source, &destination, &packet, &ChecksumCapabilities::default()).ok()?;
    let Icmpv6Repr::Ndisc(message) = repr else {
        return None;
    };
    match message {
        NdiscRepr::NeighborSolicit { target_addr, lladdr } if host6(target_addr) => {
            Some(Message::Solicitation {
                target: target_addr,
                mac: station(lladdr),
            })
        }
        NdiscRepr::NeighborAdvert {
            flags,
            target_addr,
            lladdr,
        } if host6(target_addr) => Some(Message::Advertisement {
            target: target_addr,
            mac: station(lladdr),
            solicited: flags.contains(NdiscNeighborFlags::SOLICITED),
            replaces: flags.contains(NdiscNeighborFlags::OVERRIDE),
        }),
        NdiscRepr::RouterAdvert { .. } if source.is_unicast_link_local() => Some(Message::Router),
        _ => None,
    }
}

fn station(address: Option<RawHardwareAddress>) -> Option<Mac> {
    address
        .and_then(|a| Mac::try_from(a.as_bytes()).ok())
        .filter(|m| is_station(*m))
}

/// Who has `target`? From the unspecified address it is a probe (RFC 4862).
pub(super) fn solicitation(source: Ipv6Addr, destination: Ipv6Addr, target: Ipv6Addr, mac: Mac) -> Vec<u8> {
    let lladdr = (!source.is_unspecified()).then(|| EthernetAddress(mac).into());
    emit(
        source,
        destination,
        NdiscRepr::NeighborSolicit {
            target_addr: target,
            lladdr,
        },
    )
}

/// `target` is here, in answer to somebody or to nobody.
pub(super) fn advertisement(target: Ipv6Addr, destination: Ipv6Addr, mac: Mac) -> Vec<u8> {
    let solicited = if destination.is_multicast() {
        NdiscNeighborFlags::empty()
    } else {
        NdiscNeighborFlags::SOLICITED
    };
    let flags = NdiscNeighborFlags::OVERRIDE | solicited;
    let lladdr = Some(EthernetAddress(mac).into());
    emit(
        target,
        destination,
        NdiscRepr::NeighborAdvert {
            flags,
            target_addr: target,
            lladdr,
        },
    )
}

/// Routers, tell of yourselves.
pub(super) fn router_solicitation(source: Ipv6Addr, mac: Mac) -> Vec<u8> {
    let lladdr = (!source.is_unspecified()).then(|| EthernetAddress(mac).into());
    emit(source, ALL_ROUTERS, NdiscRepr::RouterSolicit { lladdr })
}

/// The IPv6 packet.
fn emit(source: Ipv6Addr, destination: Ipv6Addr, message: NdiscRepr<'_>) -> Vec<u8> {
    let repr = Icmpv6Repr::Ndisc(message);
    let mut bytes = vec![0; repr.buffer_len()];
    let mut packet = Icmpv6Packet::new_unchecked(&mut bytes[..]);
    repr.emit(
        &source,
        &destination,
        &mut packet,
        &ChecksumCapabilities::default(),
    );
    ip6::packet(source, destination, 255, IpProtocol::Icmpv6, &[&bytes])
}

/// The group in which `address` is asked for.
pub(super) fn solicited_node(address: Ipv6Addr) -> Ipv6Addr {
    let [.., a, b, c] = address.octets();
    Ipv6Addr::new(
        0xff02,
        0,
        0,
        0,
        0,
        1,
        0xff00 | u16::from(a),
        u16::from_be_bytes([b, c]),
    )
}

/// The MAC address of an IPv6 group.
pub(super) fn group_mac(group: Ipv6Addr) -> Mac {
    let [.., a, b, c, d] = group.octets();
    [0x33, 0x33, a, b, c, d]
}
