//! ICMP and ICMPv6 as far as echoes and errors go.
//!
//! Source: RFC 792, RFC 1191 section 4, RFC 4443. Errors are read, none is sent: what is not for this program is for the adapter's own
//! stack, which shares its addresses.

use std::net::IpAddr;

use smoltcp::wire::{Icmpv4Packet, Icmpv6Packet, IpProtocol};

use super::packet::Packet;
use super::{ip4, ip6};

/// Bytes before the payload of an echo.
pub(super) const HEADER: usize = 8;

/// An echo, asked for or answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Echo<'a> {
    pub(super) request: bool,
    pub(super) identifier: u16,
    pub(super) sequence: u16,
    pub(super) payload: &'a [u8],
}

/// What an error says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trouble {
    /// The packet did not arrive.
    Unreachable,
    /// It was larger than a link on the way takes.
    TooBig(u32),
}

/// An error about a packet of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Report {
    pub(super) trouble: Trouble,
    /// Whom the packet was from and to.
    pub(super) source: IpAddr,
    pub(super) destination: IpAddr,
    /// Identifier and sequence number, when it was an echo.
    pub(super) echo: Option<(u16, u16)>,
}

/// A message that was taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Message<'a> {
    Echo(Echo<'a>),
    Error(Report),
    /// Neighbour discovery and multicast listeners: the message, its checksum looked at.
    Other {
        kind: u8,
        code: u8,
        bytes: &'a [u8],
    },
}

/// `None`: damaged, or nothing to do with us.
pub(super) fn parse<'a>(packet: &Packet<'a>) -> Option<Message<'a>> {
    let bytes = packet.payload;
    let (header, rest) = bytes.split_at_checked(HEADER)?;
    let (request, reply) = match (packet.source, packet.destination) {
        (IpAddr::V6(source), IpAddr::V6(destination)) => Icmpv6Packet::new_unchecked(bytes)
            .verify_checksum(&source, &destination)
            .then_some((128, 129))?,
        _ => Icmpv4Packet::new_unchecked(bytes)
            .verify_checksum()
            .then_some((8, 0))?,
    };
    let (kind, code) = (header[0], header[1]);
    if kind == request || kind == reply {
        return (code == 0).then(|| {
            Message::Echo(Echo {
                request: kind == request,
                identifier: u16::from_be_bytes([header[4], header[5]]),
                sequence: u16::from_be_bytes([header[6], header[7]]),
                payload: rest,
            })
        });
    }
    if packet.source.is_ipv4() {
        error4(header, rest)
    } else {
        error6(header, rest)
    }
    .map(Message::Error)
    .or((packet.source.is_ipv6() && kind >= 128).then_some(Message::Other { kind, code, bytes }))
}

fn error4(header: &[u8], rest: &[u8]) -> Option<Report> {
    let trouble = match (header[0], header[1]) {
        (3, 4) => Trouble::TooBig(u16::from_be_bytes([header[6], header[7]]).into()),
        (3 | 11 | 12, _) => Trouble::Unreachable,
        _ => return None,
    };
    let (source, destination, protocol, payload) = ip4::quoted(rest)?;
    let echo = (protocol == u8::from(IpProtocol::Icmp))
        .then(|| echo(payload, 8))
        .flatten();
    Some(Report {
        trouble,
        source: source.into(),
        destination: destination.into(),
        echo,
    })
}

fn error6(header: &[u8], rest: &[u8]) -> Option<Report> {
    let trouble = match header[0] {
        2 => Trouble::TooBig(u32::from_be_bytes([header[4], header[5], header[6], header[7]])),
        1 | 3 | 4 => Trouble::Unreachable,
        _ => return None,
    };
    let (source, destination, protocol, payload) = ip6::quoted(rest)?;
    let echo = (protocol == u8::from(IpProtocol::Icmpv6))
        .then(|| echo(payload, 128))
        .flatten();
    Some(Report {
        trouble,
        source: source.into(),
        destination: destination.into(),
        echo,
    })
}

/// Identifier and sequence number of an echo that was asked for.
fn echo(bytes: &[u8], request: u8) -> Option<(u16, u16)> {
    match *bytes {
        [kind, 0, _, _, a, b, c, d, ..] if kind == request => {
            Some((u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d])))
        }
        _ => None,
    }
}

/// The message of an echo from `source` to `destination`.
pub(super) fn emit(source: IpAddr, destination: IpAddr, echo: &Echo<'_>) -> Vec<u8> {
    let kind = match (destination, echo.request) {
        (IpAddr::V4(_), true) => 8,
        (IpAddr::V4(_), false) => 0,
        (IpAddr::V6(_), true) => 128,
        (IpAddr::V6(_), false) => 129,
    };
    let mut bytes = vec![kind, 0, 0, 0];
    bytes.extend_from_slice(&echo.identifier.to_be_bytes());
    bytes.extend_from_slice(&echo.sequence.to_be_bytes());
    bytes.extend_from_slice(echo.payload);
    match (source, destination) {
        (IpAddr::V6(source), IpAddr::V6(destination)) => {
            Icmpv6Packet::new_unchecked(&mut bytes[..]).fill_checksum(&source, &destination);
        }
        _ => Icmpv4Packet::new_unchecked(&mut bytes[..]).fill_checksum(),
    }
    bytes
}

/// The protocol that carries it.
pub(super) fn protocol(address: IpAddr) -> IpProtocol {
    if address.is_ipv4() {
        IpProtocol::Icmp
    } else {
        IpProtocol::Icmpv6
    }
}
