//! A DHCPv4 server with one address for one port.
//!
//! It offers and acknowledges that address for as long as it is asked for, and refuses another. Without a lease nobody answers. Source:
//! RFC 2131 (4.3), RFC 2132.

use std::net::Ipv4Addr;

use dhcproto::Encodable;
use dhcproto::v4::{DhcpOption, Message, MessageType};
use isp4xxx::fw::DhcpLease;
use smoltcp::phy::ChecksumCapabilities;
use smoltcp::wire::{IpProtocol, Ipv4Repr, UdpPacket, UdpRepr};

use super::Lan;
use super::frame::Frame;
use super::ipv4::datagram;

/// How long an address is given, in seconds.
const LEASE_TIME: u32 = 3600;
const SERVER_PORT: u16 = 67;
const CLIENT_PORT: u16 = 68;
/// Length of an Ethernet address in `chaddr`.
const ETHER_LEN: u8 = 6;
/// The flag of a client that cannot hear what is sent to its address.
const BROADCAST: u16 = 0x8000;
/// What options begin with.
const MAGIC: [u8; 4] = [99, 130, 83, 99];
/// Where they begin.
const OPTIONS: usize = 240;

/// As much of a client's message as the server looks at. The library's decoder asserts the lengths of options: it is no match for what
/// anybody may send.
struct Asked {
    xid: u32,
    flags: u16,
    ciaddr: Ipv4Addr,
    chaddr: [u8; ETHER_LEN as usize],
    kind: Option<MessageType>,
    wanted: Option<Ipv4Addr>,
    server: Option<Ipv4Addr>,
}

impl Asked {
    /// Reads a message; `None` for what is no request of an Ethernet client.
    fn read(bytes: &[u8]) -> Option<Self> {
        let field = |at: usize| <[u8; 4]>::try_from(bytes.get(at..at + 4)?).ok();
        let [op, _, hlen, _] = field(0)?;
        if op != 1 || hlen != ETHER_LEN || field(OPTIONS - 4)? != MAGIC {
            return None;
        }
        let [_, _, high, low] = field(8)?;
        let mut asked = Self {
            xid: u32::from_be_bytes(field(4)?),
            flags: u16::from_be_bytes([high, low]),
            ciaddr: field(12)?.into(),
            chaddr: bytes.get(28..34)?.try_into().ok()?,
            kind: None,
            wanted: None,
            server: None,
        };
        let mut rest = bytes.get(OPTIONS..)?;
        loop {
            match rest {
                [] | [255, ..] => return Some(asked),
                [0, more @ ..] => rest = more,
                [code, len, more @ ..] => {
                    let (value, more) = more.split_at_checked(usize::from(*len))?;
                    let address = || <[u8; 4]>::try_from(value).ok().map(Ipv4Addr::from);
                    match code {
                        50 => asked.wanted = address(),
                        53 => asked.kind = value.first().map(|kind| MessageType::from(*kind)),
                        54 => asked.server = address(),
                        _ => {}
                    }
                    rest = more;
                }
                [_] => return None,
            }
        }
    }
}

impl Lan {
    pub(super) fn dhcp(&mut self, frame: &Frame<'_>, head: &Ipv4Repr, payload: &[u8]) -> Option<Vec<u8>> {
        let sums = ChecksumCapabilities::default();
        let lease = self.network.lease?;
        let udp = UdpPacket::new_checked(payload).ok()?;
        let ports = UdpRepr::parse(&udp, &head.src_addr.into(), &head.dst_addr.into(), &sums).ok()?;
        if (ports.src_port, ports.dst_port) != (CLIENT_PORT, SERVER_PORT) {
            return None;
        }
        let asked = Asked::read(udp.payload())?;
        if asked.chaddr != frame.from.0 {
            return None;
        }
        let answer = reply(&asked, &lease)?;
        let bytes = answer.to_vec().ok()?;
        // A client that has no address yet may not hear what is sent to one.
        let broadcast = asked.flags & BROADCAST != 0 || answer.yiaddr().is_unspecified();
        let to = if !asked.ciaddr.is_unspecified() {
            asked.ciaddr
        } else if broadcast {
            Ipv4Addr::BROADCAST
        } else {
            answer.yiaddr()
        };
        let from = server(&lease);
        let ports = UdpRepr {
            src_port: SERVER_PORT,
            dst_port: CLIENT_PORT,
        };
        let mut segment = vec![0; ports.header_len() + bytes.len()];
        ports.emit(
            &mut UdpPacket::new_unchecked(&mut segment),
            &from.into(),
            &to.into(),
            bytes.len(),
            |room| room.copy_from_slice(&bytes),
            &sums,
        );
        Some(frame.answer(&datagram(from, to, IpProtocol::Udp, &segment)))
    }
}

/// The server's address: the gateway's, else the first of the network that is not the lease's.
fn server(lease: &DhcpLease) -> Ipv4Addr {
    if !lease.gateway.is_unspecified() {
        return lease.gateway;
    }
    let net = lease.address.to_bits() & lease.subnet.to_bits();
    let first = net.wrapping_add(1);
    Ipv4Addr::from_bits(if first == lease.address.to_bits() {
        net.wrapping_add(2)
    } else {
        first
    })
}

/// What a message is answered with.
fn reply(asked: &Asked, lease: &DhcpLease) -> Option<Message> {
    let server = server(lease);
    // Another server was chosen.
    if asked.server.is_some_and(|named| named != server) {
        return None;
    }
    let wanted = asked.wanted.unwrap_or(asked.ciaddr);
    let kind = match asked.kind? {
        MessageType::Discover => MessageType::Offer,
        MessageType::Request if wanted == lease.address => MessageType::Ack,
        MessageType::Request => MessageType::Nak,
        _ => return None,
    };
    let mut answer = Message::default();
    answer
        .set_opcode(dhcproto::v4::Opcode::BootReply)
        .set_xid(asked.xid)
        .set_flags(asked.flags.into())
        .set_chaddr(&asked.chaddr);
    let given = if kind == MessageType::Nak {
        Ipv4Addr::UNSPECIFIED
    } else {
        lease.address
    };
    answer.set_yiaddr(given);
    let out = answer.opts_mut();
    out.insert(DhcpOption::MessageType(kind));
    out.insert(DhcpOption::ServerIdentifier(server));
    if kind != MessageType::Nak {
        out.insert(DhcpOption::AddressLeaseTime(LEASE_TIME));
        out.insert(DhcpOption::Renewal(LEASE_TIME / 2));
        out.insert(DhcpOption::Rebinding(LEASE_TIME / 8 * 7));
        out.insert(DhcpOption::SubnetMask(lease.subnet));
        if !lease.gateway.is_unspecified() {
            out.insert(DhcpOption::Router(vec![lease.gateway]));
        }
    }
    Some(answer)
}
