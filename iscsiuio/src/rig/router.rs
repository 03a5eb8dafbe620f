//! A router that advertises itself, as far as a port's frames are concerned. What routers say otherwise is tested where it is read.

use std::net::Ipv6Addr;

use smoltcp::phy::ChecksumCapabilities;
use smoltcp::time::Duration;
use smoltcp::wire::{
    EthernetAddress, EthernetFrame, EthernetProtocol, Icmpv6Message, Icmpv6Packet, Icmpv6Repr, IpProtocol,
    Ipv6Packet, Ipv6Repr, NdiscPrefixInfoFlags, NdiscPrefixInformation, NdiscRepr, NdiscRouterFlags,
};

/// A router on the link.
pub(crate) struct Router {
    pub(crate) mac: [u8; 6],
    pub(crate) address: Ipv6Addr,
    /// The prefix it advertises, of 64 bits.
    pub(crate) prefix: Option<Ipv6Addr>,
    pub(crate) mtu: Option<u32>,
}

const ALL_NODES: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1);

impl Router {
    pub(crate) fn new(mac: [u8; 6], address: &str, prefix: Option<&str>) -> Self {
        let parse = |text: &str| text.parse().expect("an address");
        Self {
            mac,
            address: parse(address),
            prefix: prefix.map(parse),
            mtu: None,
        }
    }

    /// A frame on the link; what it answers to a solicitation.
    pub(crate) fn frame(&self, frame: &[u8]) -> Option<Vec<u8>> {
        let frame = EthernetFrame::new_checked(frame).ok()?;
        if frame.ethertype() != EthernetProtocol::Ipv6 {
            return None;
        }
        let packet = Ipv6Packet::new_checked(frame.payload()).ok()?;
        if packet.next_header() != IpProtocol::Icmpv6 {
            return None;
        }
        let message = Icmpv6Packet::new_checked(packet.payload()).ok()?;
        assert!(message.verify_checksum(&packet.src_addr(), &packet.dst_addr()));
        (message.msg_type() == Icmpv6Message::RouterSolicit).then(|| self.advertisement())
    }

    pub(crate) fn advertisement(&self) -> Vec<u8> {
        let prefix_info = self.prefix.map(|prefix| NdiscPrefixInformation {
            prefix_len: 64,
            flags: NdiscPrefixInfoFlags::ON_LINK | NdiscPrefixInfoFlags::ADDRCONF,
            valid_lifetime: Duration::from_secs(3600),
            preferred_lifetime: Duration::from_secs(1800),
            prefix,
        });
        let message = Icmpv6Repr::Ndisc(NdiscRepr::RouterAdvert {
            hop_limit: 64,
            flags: NdiscRouterFlags::empty(),
            router_lifetime: Duration::from_secs(1800),
            reachable_time: Duration::ZERO,
            retrans_time: Duration::ZERO,
            lladdr: Some(EthernetAddress(self.mac).into()),
            mtu: self.mtu,
            prefix_info,
        });
        let repr = Ipv6Repr {
            src_addr: self.address,
            dst_addr: ALL_NODES,
            next_header: IpProtocol::Icmpv6,
            payload_len: message.buffer_len(),
            hop_limit: 255,
        };
        let mut bytes = vec![0; 14 + 40 + message.buffer_len()];
        let mut frame = EthernetFrame::new_unchecked(&mut bytes[..]);
        frame.set_src_addr(EthernetAddress(self.mac));
        frame.set_dst_addr(EthernetAddress([0x33, 0x33, 0, 0, 0, 1]));
        frame.set_ethertype(EthernetProtocol::Ipv6);
        let mut packet = Ipv6Packet::new_unchecked(frame.payload_mut());
        repr.emit(&mut packet);
        let mut icmp = Icmpv6Packet::new_unchecked(packet.payload_mut());
        message.emit(
            &self.address,
            &ALL_NODES,
            &mut icmp,
            &ChecksumCapabilities::default(),
        );
        bytes
    }
}
