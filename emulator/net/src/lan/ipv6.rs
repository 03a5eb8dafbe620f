//! IPv6: neighbour and router solicitations, echoes. Duplicate address detection (no source address) asks nobody.
//!
//! Source: RFC 4861, 4862 (5.4), 4443.

use smoltcp::phy::ChecksumCapabilities;
use smoltcp::time::Duration;
use smoltcp::wire::{
    EthernetAddress, Icmpv6Packet, Icmpv6Repr, IpProtocol, Ipv6Address, Ipv6Packet, Ipv6Repr,
    NdiscNeighborFlags, NdiscPrefixInfoFlags, NdiscPrefixInformation, NdiscRepr, NdiscRouterFlags,
};

use super::frame::Frame;
use super::{Lan, STATION};

/// What a neighbour's message must have come with (RFC 4861, 7.1.1).
const HOP_LIMIT: u8 = 255;
/// How long the router and its prefix are good.
const LIFETIME: Duration = Duration::from_secs(1800);

impl Lan {
    pub(super) fn ipv6(&mut self, frame: &Frame<'_>) -> Option<Vec<u8>> {
        let sums = ChecksumCapabilities::default();
        let packet = Ipv6Packet::new_checked(frame.payload).ok()?;
        let head = Ipv6Repr::parse(&packet).ok()?;
        if head.next_header != IpProtocol::Icmpv6 {
            return None;
        }
        let icmp = Icmpv6Packet::new_checked(packet.payload()).ok()?;
        let asked = Icmpv6Repr::parse(&head.src_addr, &head.dst_addr, &icmp, &sums).ok()?;
        let (from, answer) = match asked {
            Icmpv6Repr::EchoRequest { ident, seq_no, data } if self.has(head.dst_addr.into()) => {
                (head.dst_addr, Icmpv6Repr::EchoReply { ident, seq_no, data })
            }
            Icmpv6Repr::Ndisc(asked) if head.hop_limit == HOP_LIMIT => self.neighbour(&head, &asked)?,
            _ => return None,
        };
        self.learn(head.src_addr.into());
        let to = if head.src_addr.is_unspecified() {
            Ipv6Address::new(0xff02, 0, 0, 0, 0, 0, 0, 1)
        } else {
            head.src_addr
        };
        let out = Ipv6Repr {
            src_addr: from,
            dst_addr: to,
            next_header: IpProtocol::Icmpv6,
            payload_len: answer.buffer_len(),
            hop_limit: HOP_LIMIT,
        };
        let mut bytes = vec![0; out.buffer_len() + answer.buffer_len()];
        out.emit(&mut Ipv6Packet::new_unchecked(&mut bytes));
        let body = bytes.get_mut(out.buffer_len()..)?;
        answer.emit(&from, &to, &mut Icmpv6Packet::new_unchecked(body), &sums);
        Some(frame.answer(&bytes))
    }

    /// What a neighbour's message is answered with, and from which address.
    fn neighbour(
        &self,
        head: &Ipv6Repr,
        asked: &NdiscRepr<'_>,
    ) -> Option<(Ipv6Address, Icmpv6Repr<'static>)> {
        let ours = Some(EthernetAddress::into(STATION));
        let router = self.network.router;
        match asked {
            NdiscRepr::NeighborSolicit { target_addr, .. } => {
                if head.src_addr.is_unspecified() || !self.has((*target_addr).into()) {
                    return None;
                }
                let mut flags = NdiscNeighborFlags::SOLICITED | NdiscNeighborFlags::OVERRIDE;
                flags.set(
                    NdiscNeighborFlags::ROUTER,
                    router.is_some_and(|router| router.router == *target_addr),
                );
                let answer = NdiscRepr::NeighborAdvert {
                    flags,
                    target_addr: *target_addr,
                    lladdr: ours,
                };
                Some((*target_addr, Icmpv6Repr::Ndisc(answer)))
            }
            NdiscRepr::RouterSolicit { .. } => {
                let router = router?;
                let answer = NdiscRepr::RouterAdvert {
                    hop_limit: 64,
                    flags: NdiscRouterFlags::empty(),
                    router_lifetime: LIFETIME,
                    reachable_time: Duration::ZERO,
                    retrans_time: Duration::ZERO,
                    lladdr: ours,
                    mtu: None,
                    prefix_info: Some(NdiscPrefixInformation {
                        prefix_len: 64,
                        flags: NdiscPrefixInfoFlags::ON_LINK | NdiscPrefixInfoFlags::ADDRCONF,
                        valid_lifetime: LIFETIME,
                        preferred_lifetime: LIFETIME,
                        prefix: router.prefix,
                    }),
                };
                Some((router.router, Icmpv6Repr::Ndisc(answer)))
            }
            _ => None,
        }
    }
}
