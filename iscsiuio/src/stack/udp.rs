//! UDP datagrams (RFC 768).

use std::net::{IpAddr, SocketAddr};

use smoltcp::phy::ChecksumCapabilities;
use smoltcp::wire::{UdpPacket, UdpRepr};

use super::Datagram;
use super::packet::Packet;

/// Bytes of a header.
const HEADER: usize = 8;

/// `None`: damaged.
pub(super) fn parse(packet: &Packet<'_>) -> Option<Datagram> {
    let udp = UdpPacket::new_checked(packet.payload).ok()?;
    // RFC 8200, section 8.1: with IPv6 there is always a checksum.
    if udp.checksum() == 0 && packet.source.is_ipv6() {
        return None;
    }
    let ends = (packet.source.into(), packet.destination.into());
    let repr = UdpRepr::parse(&udp, &ends.0, &ends.1, &ChecksumCapabilities::default()).ok()?;
    Some(Datagram {
        source: SocketAddr::new(packet.source, repr.src_port),
        destination: SocketAddr::new(packet.destination, repr.dst_port),
        payload: udp.payload().to_vec(),
    })
}

/// Header and payload; `None`: more than a datagram can carry.
pub(super) fn emit(source: IpAddr, datagram: &Datagram) -> Option<Vec<u8>> {
    let length = HEADER + datagram.payload.len();
    u16::try_from(length).ok()?;
    let mut bytes = vec![0; length];
    let repr = UdpRepr {
        src_port: datagram.source.port(),
        dst_port: datagram.destination.port(),
    };
    repr.emit(
        &mut UdpPacket::new_unchecked(&mut bytes[..]),
        &source.into(),
        &datagram.destination.ip().into(),
        datagram.payload.len(),
        |payload| payload.copy_from_slice(&datagram.payload),
        &ChecksumCapabilities::default(),
    );
    Some(bytes)
}
