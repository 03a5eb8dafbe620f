//! A DHCPv4 server on the link, as far as a port's frames are concerned. What servers say otherwise is tested where the client is.

use std::net::{IpAddr, Ipv4Addr};

use dhcproto::v4::{DhcpOption, Message, MessageType, Opcode, OptionCode};
use dhcproto::{Decodable, Decoder, Encodable, Encoder};
use smoltcp::phy::ChecksumCapabilities;
use smoltcp::wire::{
    EthernetAddress, EthernetFrame, EthernetProtocol, IpProtocol, Ipv4Packet, Ipv4Repr, UdpPacket, UdpRepr,
};

/// A server with one address to give.
pub(crate) struct Server {
    pub(crate) address: Ipv4Addr,
    pub(crate) offers: Ipv4Addr,
    pub(crate) router: Option<Ipv4Addr>,
    /// Seconds of the lease.
    pub(crate) lease: u32,
    /// What it was asked, by kind.
    pub(crate) heard: Vec<MessageType>,
}

const MAC: [u8; 6] = [2, 0, 0, 0, 0xdd, 1];

impl Server {
    pub(crate) fn new(address: &str, offers: &str, router: Option<&str>) -> Self {
        let parse = |text: &str| text.parse().expect("an address");
        Self {
            address: parse(address),
            offers: parse(offers),
            router: router.map(parse),
            lease: 600,
            heard: Vec::new(),
        }
    }

    /// A frame on the link; what it answers.
    pub(crate) fn frame(&mut self, frame: &[u8]) -> Option<Vec<u8>> {
        let frame = EthernetFrame::new_checked(frame).ok()?;
        if frame.ethertype() != EthernetProtocol::Ipv4 {
            return None;
        }
        let packet = Ipv4Packet::new_checked(frame.payload()).ok()?;
        assert!(packet.verify_checksum());
        if packet.next_header() != IpProtocol::Udp {
            return None;
        }
        let udp = UdpPacket::new_checked(packet.payload()).ok()?;
        assert!(udp.verify_checksum(&packet.src_addr().into(), &packet.dst_addr().into()));
        if udp.dst_port() != 67 {
            return None;
        }
        let asked = Message::decode(&mut Decoder::new(udp.payload())).expect("a whole message");
        let kind = asked.opts().msg_type()?;
        self.heard.push(kind);
        let answer = match kind {
            MessageType::Discover => MessageType::Offer,
            MessageType::Request => MessageType::Ack,
            _ => return None,
        };
        let mut message = Message::default();
        message
            .set_opcode(Opcode::BootReply)
            .set_xid(asked.xid())
            .set_chaddr(asked.chaddr())
            .set_yiaddr(self.offers);
        let options = message.opts_mut();
        options.insert(DhcpOption::MessageType(answer));
        options.insert(DhcpOption::ServerIdentifier(self.address));
        options.insert(DhcpOption::AddressLeaseTime(self.lease));
        options.insert(DhcpOption::SubnetMask(Ipv4Addr::new(255, 255, 255, 0)));
        options.insert(DhcpOption::Router(self.router.into_iter().collect()));
        if let Some(id) = asked.opts().get(OptionCode::ClientIdentifier) {
            options.insert(id.clone());
        }
        let mut bytes = Vec::new();
        message
            .encode(&mut Encoder::new(&mut bytes))
            .expect("a small message");
        // To the address that it offers, which the client does not have yet.
        Some(self.datagram(frame.src_addr(), &bytes))
    }

    fn datagram(&self, to: EthernetAddress, payload: &[u8]) -> Vec<u8> {
        let (source, destination): (IpAddr, IpAddr) = (self.address.into(), self.offers.into());
        let repr = Ipv4Repr {
            src_addr: self.address,
            dst_addr: self.offers,
            next_header: IpProtocol::Udp,
            payload_len: 8 + payload.len(),
            hop_limit: 64,
        };
        let checksums = ChecksumCapabilities::default();
        let mut bytes = vec![0; 14 + 20 + 8 + payload.len()];
        let mut frame = EthernetFrame::new_unchecked(&mut bytes[..]);
        frame.set_src_addr(EthernetAddress(MAC));
        frame.set_dst_addr(to);
        frame.set_ethertype(EthernetProtocol::Ipv4);
        let mut packet = Ipv4Packet::new_unchecked(frame.payload_mut());
        repr.emit(&mut packet, &checksums);
        UdpRepr {
            src_port: 67,
            dst_port: 68,
        }
        .emit(
            &mut UdpPacket::new_unchecked(packet.payload_mut()),
            &source.into(),
            &destination.into(),
            payload.len(),
            |room| room.copy_from_slice(payload),
            &checksums,
        );
        bytes
    }
}
