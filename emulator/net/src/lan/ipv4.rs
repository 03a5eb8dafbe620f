//! IPv4: echoes and DHCP.
//!
//! Source: RFC 791, 792.

use smoltcp::phy::ChecksumCapabilities;
use smoltcp::wire::{Icmpv4Packet, Icmpv4Repr, IpProtocol, Ipv4Address, Ipv4Packet, Ipv4Repr};

use super::Lan;
use super::frame::Frame;

impl Lan {
    pub(super) fn ipv4(&mut self, frame: &Frame<'_>) -> Option<Vec<u8>> {
        let sums = ChecksumCapabilities::default();
        let packet = Ipv4Packet::new_checked(frame.payload).ok()?;
        if packet.more_frags() || packet.frag_offset() != 0 {
            return None;
        }
        let head = Ipv4Repr::parse(&packet, &sums).ok()?;
        match head.next_header {
            IpProtocol::Icmp if self.has(head.dst_addr.into()) => {
                self.learn(head.src_addr.into());
                let icmp = Icmpv4Packet::new_checked(packet.payload()).ok()?;
                let Icmpv4Repr::EchoRequest { ident, seq_no, data } = Icmpv4Repr::parse(&icmp, &sums).ok()?
                else {
                    return None;
                };
                let reply = Icmpv4Repr::EchoReply { ident, seq_no, data };
                let mut payload = vec![0; reply.buffer_len()];
                reply.emit(&mut Icmpv4Packet::new_unchecked(&mut payload), &sums);
                let answer = datagram(head.dst_addr, head.src_addr, IpProtocol::Icmp, &payload);
                Some(frame.answer(&answer))
            }
            IpProtocol::Udp => self.dhcp(frame, &head, packet.payload()),
            _ => None,
        }
    }
}

/// A datagram with its head.
pub(super) fn datagram(
    from: Ipv4Address,
    to: Ipv4Address,
    next_header: IpProtocol,
    payload: &[u8],
) -> Vec<u8> {
    let head = Ipv4Repr {
        src_addr: from,
        dst_addr: to,
        next_header,
        payload_len: payload.len(),
        hop_limit: 64,
    };
    let mut out = vec![0; head.buffer_len() + payload.len()];
    head.emit(
        &mut Ipv4Packet::new_unchecked(&mut out),
        &ChecksumCapabilities::default(),
    );
    out[head.buffer_len()..].copy_from_slice(payload);
    out
}
