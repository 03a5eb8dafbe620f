//! IPv6 headers, extension headers and fragments.
//!
//! Source: RFC 8200 section 4 (extension headers, unknown options), RFC 5095 (no routing through us), RFC 6946 (datagrams of one piece),
//! RFC 7112 (the first piece has all headers).

use std::net::Ipv6Addr;

use smoltcp::wire::{
    IPV6_HEADER_LEN, IpProtocol, Ipv6ExtHeader, Ipv6FragmentHeader, Ipv6FragmentRepr, Ipv6Packet,
};

use super::packet::{Fragment, Outgoing, Packet};

/// Extension headers that a packet may have.
const HEADERS: usize = 8;
/// Bytes of a fragment header.
const FRAGMENT: usize = 8;

/// `None`: damaged, or with headers that are not for us.
pub(super) fn parse(bytes: &[u8]) -> Option<Packet<'_>> {
    let packet = Ipv6Packet::new_checked(bytes).ok()?;
    if packet.version() != 6 {
        return None;
    }
    let (protocol, fragment, payload) = headers(packet.next_header(), packet.payload(), true)?;
    Some(Packet {
        source: packet.src_addr().into(),
        destination: packet.dst_addr().into(),
        hop_limit: packet.hop_limit(),
        protocol,
        fragment,
        payload,
    })
}

/// What follows the extension headers. `first`: they follow the IPv6 header, where alone hop-by-hop options and fragments may be.
pub(super) fn headers(
    mut next: IpProtocol,
    mut bytes: &[u8],
    first: bool,
) -> Option<(IpProtocol, Option<Fragment>, &[u8])> {
    for n in 0..=HEADERS {
        match next {
            IpProtocol::HopByHop if n > 0 || !first => return None,
            IpProtocol::Ipv6Frag if !first => return None,
            IpProtocol::Ipv6Frag => {
                let (header, rest) = bytes.split_at_checked(FRAGMENT)?;
                let fragment = Ipv6FragmentHeader::new_checked(&header[2..]).ok()?;
                let inner = IpProtocol::from(header[0]);
                let offset = usize::from(fragment.frag_offset()) * 8;
                let (identification, more) = (fragment.ident(), fragment.more_frags());
                let fragment = Fragment {
                    identification,
                    offset,
                    more,
                };
                if fragment.is_whole() {
                    let (protocol, _, payload) = headers(inner, rest, false)?;
                    return Some((protocol, Some(fragment), payload));
                }
                if offset == 0 {
                    // The first piece must have all headers.
                    headers(inner, rest, false)?;
                }
                return Some((inner, Some(fragment), rest));
            }
            IpProtocol::HopByHop | IpProtocol::Ipv6Opts | IpProtocol::Ipv6Route => {
                let header = Ipv6ExtHeader::new_checked(bytes).ok()?;
                let data = header.payload();
                let passable = match next {
                    // Segments left.
                    IpProtocol::Ipv6Route => data.get(1) == Some(&0),
                    _ => options(data),
                };
                if !passable {
                    return None;
                }
                next = header.next_header();
                bytes = &bytes[2 + data.len()..];
            }
            IpProtocol::Icmpv6 | IpProtocol::Udp | IpProtocol::Tcp => return Some((next, None, bytes)),
            _ => return None,
        }
    }
    None
}

/// Whether all options may be passed over.
fn options(mut data: &[u8]) -> bool {
    while let Some((&kind, rest)) = data.split_first() {
        if kind == 0 {
            data = rest;
            continue;
        }
        let Some((&length, rest)) = rest.split_first() else {
            return false;
        };
        let Some(rest) = rest.get(usize::from(length)..) else {
            return false;
        };
        // The two highest bits say what whoever does not know it does: 00 passes over. Router alert is 5.
        if kind >> 6 != 0 {
            return false;
        }
        data = rest;
    }
    true
}

/// The packets of at most `mtu` bytes that carry a datagram.
pub(super) fn packets(
    source: Ipv6Addr,
    destination: Ipv6Addr,
    datagram: &Outgoing<'_>,
    mtu: u16,
    identification: u32,
) -> Vec<Vec<u8>> {
    let room = usize::from(mtu) - IPV6_HEADER_LEN;
    if datagram.payload.len() <= room {
        return vec![packet(
            source,
            destination,
            datagram.hop_limit,
            datagram.protocol,
            &[datagram.payload],
        )];
    }
    let piece = (room - FRAGMENT) & !7;
    let pieces = datagram.payload.chunks(piece);
    let last = pieces.len() - 1;
    pieces
        .enumerate()
        .map(|(n, part)| {
            let mut header = [0; FRAGMENT];
            header[0] = datagram.protocol.into();
            let repr = Ipv6FragmentRepr {
                frag_offset: u16::try_from(n * piece / 8).unwrap_or(0),
                more_frags: n < last,
                ident: identification,
            };
            repr.emit(&mut Ipv6FragmentHeader::new_unchecked(&mut header[2..]));
            packet(
                source,
                destination,
                datagram.hop_limit,
                IpProtocol::Ipv6Frag,
                &[&header, part],
            )
        })
        .collect()
}

/// A packet with these parts after its header.
pub(super) fn packet(
    source: Ipv6Addr,
    destination: Ipv6Addr,
    hop_limit: u8,
    next: IpProtocol,
    parts: &[&[u8]],
) -> Vec<u8> {
    let mut bytes = vec![0; IPV6_HEADER_LEN];
    parts.iter().for_each(|part| bytes.extend_from_slice(part));
    let length = u16::try_from(bytes.len() - IPV6_HEADER_LEN).unwrap_or(u16::MAX);
    let mut packet = Ipv6Packet::new_unchecked(&mut bytes[..]);
    packet.set_version(6);
    packet.set_payload_len(length);
    packet.set_next_header(next);
    packet.set_hop_limit(hop_limit);
    packet.set_src_addr(source);
    packet.set_dst_addr(destination);
    bytes
}

/// The packet inside an ICMPv6 error, which may be cut short: source, destination, protocol and what is left of its payload.
pub(super) fn quoted(bytes: &[u8]) -> Option<(Ipv6Addr, Ipv6Addr, u8, &[u8])> {
    let (header, rest) = bytes.split_at_checked(IPV6_HEADER_LEN)?;
    let packet = Ipv6Packet::new_unchecked(header);
    if packet.version() != 6 {
        return None;
    }
    let (source, destination) = (packet.src_addr(), packet.dst_addr());
    match packet.next_header() {
        // Of our pieces only the first tells what it belongs to.
        IpProtocol::Ipv6Frag => {
            let (fragment, rest) = rest.split_at_checked(FRAGMENT)?;
            let first = u16::from_be_bytes([fragment[2], fragment[3]]) >> 3 == 0;
            Some((
                source,
                destination,
                if first {
                    fragment[0]
                } else {
                    u8::from(IpProtocol::Ipv6Frag)
                },
                rest,
            ))
        }
        other => Some((source, destination, other.into(), rest)),
    }
}
