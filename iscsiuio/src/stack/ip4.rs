//! IPv4 headers and fragments.
//!
//! Source: RFC 791, RFC 6864. Options are passed over, not obeyed: no packet is forwarded here.

use std::net::Ipv4Addr;

use smoltcp::wire::{IPV4_HEADER_LEN, Ipv4Packet};

use super::packet::{Fragment, Outgoing, Packet};

/// `None`: damaged.
pub(super) fn parse(bytes: &[u8]) -> Option<Packet<'_>> {
    let packet = Ipv4Packet::new_checked(bytes).ok()?;
    if packet.version() != 4 || !packet.verify_checksum() {
        return None;
    }
    let (offset, more) = (usize::from(packet.frag_offset()), packet.more_frags());
    Some(Packet {
        source: packet.src_addr().into(),
        destination: packet.dst_addr().into(),
        hop_limit: packet.hop_limit(),
        protocol: packet.next_header(),
        fragment: (more || offset > 0).then(|| Fragment {
            identification: packet.ident().into(),
            offset,
            more,
        }),
        payload: packet.payload(),
    })
}

/// The packets of at most `mtu` bytes that carry a datagram.
pub(super) fn packets(
    source: Ipv4Addr,
    destination: Ipv4Addr,
    datagram: &Outgoing<'_>,
    mtu: u16,
    identification: u16,
) -> Vec<Vec<u8>> {
    // Pieces are a multiple of eight bytes.
    let whole = datagram.payload.len() + IPV4_HEADER_LEN <= usize::from(mtu);
    let piece = if whole {
        usize::MAX
    } else {
        (usize::from(mtu) - IPV4_HEADER_LEN) & !7
    };
    let pieces = datagram.payload.chunks(piece);
    let last = pieces.len().saturating_sub(1);
    pieces
        .enumerate()
        .map(|(n, part)| {
            let mut bytes = vec![0; IPV4_HEADER_LEN + part.len()];
            bytes[IPV4_HEADER_LEN..].copy_from_slice(part);
            let length = u16::try_from(bytes.len()).unwrap_or(u16::MAX);
            let mut packet = Ipv4Packet::new_unchecked(&mut bytes[..]);
            packet.set_version(4);
            packet.set_header_len(20);
            packet.set_total_len(length);
            packet.set_ident(identification);
            packet.set_more_frags(n < last);
            packet.set_frag_offset(u16::try_from(n.saturating_mul(piece)).unwrap_or(0));
            packet.set_hop_limit(datagram.hop_limit);
            packet.set_next_header(datagram.protocol);
            packet.set_src_addr(source);
            packet.set_dst_addr(destination);
            packet.fill_checksum();
            bytes
        })
        .collect()
}

/// The packet inside an ICMP error, which may be cut short: source, destination, protocol and what is left of its payload.
pub(super) fn quoted(bytes: &[u8]) -> Option<(Ipv4Addr, Ipv4Addr, u8, &[u8])> {
    let (&first, header) = bytes.split_first()?;
    let length = usize::from(first & 0x0f) * 4;
    if first >> 4 != 4 || length < IPV4_HEADER_LEN {
        return None;
    }
    let address = |at: usize| Some(Ipv4Addr::from(<[u8; 4]>::try_from(bytes.get(at..at + 4)?).ok()?));
    Some((address(12)?, address(16)?, *header.get(8)?, bytes.get(length..)?))
}
