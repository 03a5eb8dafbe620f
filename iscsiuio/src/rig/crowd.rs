//! A link full of stations, of which only MAC addresses are asked.

use std::net::{IpAddr, Ipv4Addr};

use smoltcp::wire::{ArpOperation, ArpPacket, ArpRepr, EthernetAddress, EthernetFrame, EthernetProtocol};

use super::peer::{tagged, untagged};

/// Every address of a /16 answers, but for those that end in 250 and more.
pub(crate) struct Crowd {
    /// The tag of its frames (TCI); `None`: untagged.
    pub(crate) tag: Option<u16>,
    /// The first two bytes of its addresses.
    pub(crate) net: [u8; 2],
}

impl Crowd {
    /// The MAC address of a member; `None`: nobody answers for it.
    pub(crate) fn mac(address: IpAddr) -> Option<[u8; 6]> {
        match address {
            IpAddr::V4(v4) if v4.octets()[3] < 250 => {
                let [a, b, c, d] = v4.octets();
                Some([2, 0xcc, a, b, c, d])
            }
            _ => None,
        }
    }

    /// A frame on the link; what somebody answers.
    pub(crate) fn frame(&self, frame: &[u8]) -> Option<Vec<u8>> {
        let frame = untagged(frame, self.tag)?;
        let frame = EthernetFrame::new_checked(&frame[..]).ok()?;
        if frame.ethertype() != EthernetProtocol::Arp {
            return None;
        }
        let packet = ArpPacket::new_checked(frame.payload()).ok()?;
        let Ok(ArpRepr::EthernetIpv4 {
            operation: ArpOperation::Request,
            source_hardware_addr,
            source_protocol_addr,
            target_protocol_addr,
            ..
        }) = ArpRepr::parse(&packet)
        else {
            return None;
        };
        // Who looks for a duplicate or announces himself finds none.
        let claim = [Ipv4Addr::UNSPECIFIED, target_protocol_addr].contains(&source_protocol_addr);
        if target_protocol_addr.octets()[..2] != self.net || claim {
            return None;
        }
        let mac = EthernetAddress(Self::mac(target_protocol_addr.into())?);
        let repr = ArpRepr::EthernetIpv4 {
            operation: ArpOperation::Reply,
            source_hardware_addr: mac,
            source_protocol_addr: target_protocol_addr,
            target_hardware_addr: source_hardware_addr,
            target_protocol_addr: source_protocol_addr,
        };
        let mut bytes = vec![0; 14 + repr.buffer_len()];
        let mut answer = EthernetFrame::new_unchecked(&mut bytes[..]);
        answer.set_src_addr(mac);
        answer.set_dst_addr(source_hardware_addr);
        answer.set_ethertype(EthernetProtocol::Arp);
        repr.emit(&mut ArpPacket::new_unchecked(answer.payload_mut()));
        Some(tagged(&bytes, self.tag))
    }
}
