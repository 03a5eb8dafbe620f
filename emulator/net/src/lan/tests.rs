//! A port on the network: what it hears, and what nobody answers.

use std::net::{Ipv4Addr, Ipv6Addr};

use dhcproto::v4::{DhcpOption, Flags, Message, MessageType, OptionCode};
use dhcproto::{Decodable, Decoder, Encodable};
use isp4xxx::fw::{DhcpLease, RouterAdvertisement};
use proptest::prelude::*;
use smoltcp::phy::ChecksumCapabilities;
use smoltcp::wire::{
    ArpOperation, ArpPacket, ArpRepr, EthernetAddress, Icmpv4Packet, Icmpv4Repr, Icmpv6Packet, Icmpv6Repr,
    IpProtocol, Ipv4Packet, Ipv6Address, Ipv6Packet, Ipv6Repr, NdiscNeighborFlags, NdiscRepr, UdpPacket,
    UdpRepr,
};

use super::ipv4::datagram;
use super::*;

const PORT: EthernetAddress = EthernetAddress([0x02, 0x10, 0x18, 0, 6, 1]);
const OURS: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 21);
const THEIRS: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 9);
const OURS6: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0x21);
const THEIRS6: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 9);

fn lan() -> Lan {
    Lan::new(Network {
        lease: Some(DhcpLease {
            address: OURS,
            subnet: [255, 255, 255, 0].into(),
            gateway: [10, 0, 0, 1].into(),
        }),
        router: Some(RouterAdvertisement {
            router: Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1),
            prefix: Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0),
        }),
    })
}

/// A frame of the port.
fn frame(to: EthernetAddress, tag: Option<u16>, kind: u16, payload: &[u8]) -> Vec<u8> {
    let mut out = [to.as_bytes(), PORT.as_bytes()].concat();
    if let Some(tag) = tag {
        out.extend([0x81, 0]);
        out.extend(tag.to_be_bytes());
    }
    out.extend(kind.to_be_bytes());
    out.extend(payload);
    out
}

fn arp(from: Ipv4Addr, about: Ipv4Addr) -> Vec<u8> {
    let ask = ArpRepr::EthernetIpv4 {
        operation: ArpOperation::Request,
        source_hardware_addr: PORT,
        source_protocol_addr: from,
        target_hardware_addr: EthernetAddress([0; 6]),
        target_protocol_addr: about,
    };
    let mut payload = vec![0; ask.buffer_len()];
    ask.emit(&mut ArpPacket::new_unchecked(&mut payload));
    payload
}

#[test]
fn everybody_but_the_port_has_the_routers_mac_address() {
    let mut lan = lan();
    let answer = lan.frame(&frame(
        EthernetAddress::BROADCAST,
        None,
        0x0806,
        &arp(OURS, THEIRS),
    ));
    let answer = answer.expect("an answer");
    assert_eq!(answer.len(), 60, "no shorter than Ethernet allows");
    assert_eq!(
        answer[..14],
        *[PORT.as_bytes(), STATION.as_bytes(), &[8, 6]].concat()
    );
    let packet = ArpPacket::new_checked(&answer[14..]).expect("ARP");
    assert_eq!(packet.operation(), ArpOperation::Reply);
    assert_eq!(packet.source_protocol_addr(), THEIRS.octets());
    for (from, about, why) in [
        (Ipv4Addr::UNSPECIFIED, THEIRS, "a probe"),
        (OURS, OURS, "an announcement"),
        ([10, 0, 0, 77].into(), OURS, "the lease is the port's"),
        (OURS, [10, 0, 0, 77].into(), "so is what it has used"),
        (OURS, [224, 0, 0, 1].into(), "a group"),
    ] {
        let ask = frame(EthernetAddress::BROADCAST, None, 0x0806, &arp(from, about));
        assert_eq!(lan.frame(&ask), None, "{why}");
    }
}

#[test]
fn an_answer_has_the_tag_of_its_question() {
    let ask = frame(
        EthernetAddress::BROADCAST,
        Some(0xa064),
        0x0806,
        &arp(OURS, THEIRS),
    );
    let answer = lan().frame(&ask).expect("an answer");
    assert_eq!(
        answer[12..18],
        [0x81, 0, 0xa0, 0x64, 8, 6],
        "VLAN 100, priority 5"
    );
}

fn echo(to: Ipv4Addr, data: &[u8]) -> Vec<u8> {
    let ask = Icmpv4Repr::EchoRequest {
        ident: 7,
        seq_no: 1,
        data,
    };
    let mut payload = vec![0; ask.buffer_len()];
    ask.emit(
        &mut Icmpv4Packet::new_unchecked(&mut payload),
        &ChecksumCapabilities::default(),
    );
    datagram(OURS, to, IpProtocol::Icmp, &payload)
}

#[test]
fn an_echo_comes_back_to_the_largest_frame() {
    for len in [0, 56, 8972] {
        let data: Vec<u8> = (0..len).map(|i| i as u8).collect();
        let answer = lan().frame(&frame(STATION, None, 0x0800, &echo(THEIRS, &data)));
        let answer = answer.expect("an answer");
        let ip = Ipv4Packet::new_checked(&answer[14..]).expect("IPv4");
        assert!(ip.verify_checksum());
        assert_eq!((ip.src_addr(), ip.dst_addr()), (THEIRS, OURS));
        let icmp = Icmpv4Packet::new_checked(ip.payload()).expect("ICMP");
        let reply = Icmpv4Repr::parse(&icmp, &ChecksumCapabilities::default()).expect("whole");
        assert_eq!(
            reply,
            Icmpv4Repr::EchoReply {
                ident: 7,
                seq_no: 1,
                data: &data
            }
        );
    }
}

#[test]
fn what_is_damaged_or_in_parts_is_dropped() {
    let good = frame(STATION, None, 0x0800, &echo(THEIRS, &[5; 20]));
    assert!(lan().frame(&good).is_some());
    for at in 14..good.len() {
        let mut bad = good.clone();
        bad[at] ^= 0x10;
        assert_eq!(lan().frame(&bad), None, "byte {at}");
    }
    let mut elsewhere = good.clone();
    elsewhere[5] ^= 1;
    assert_eq!(lan().frame(&elsewhere), None, "for somebody else");
    let mut part = good.clone();
    part[20] = 0x20;
    let mut ip = Ipv4Packet::new_unchecked(&mut part[14..]);
    ip.fill_checksum();
    assert_eq!(lan().frame(&part), None, "more fragments");
    assert_eq!(lan().frame(&vec![0; MAX_FRAME + 1]), None);
}

fn dhcp(lan: &mut Lan, message: &Message, from: Ipv4Addr, to: Ipv4Addr) -> Option<Message> {
    let bytes = message.to_vec().expect("a message");
    let ports = UdpRepr {
        src_port: 68,
        dst_port: 67,
    };
    let mut segment = vec![0; 8 + bytes.len()];
    let sums = ChecksumCapabilities::default();
    let room = |room: &mut [u8]| room.copy_from_slice(&bytes);
    let mut packet = UdpPacket::new_unchecked(&mut segment);
    ports.emit(&mut packet, &from.into(), &to.into(), bytes.len(), room, &sums);
    let ask = frame(
        EthernetAddress::BROADCAST,
        None,
        0x0800,
        &datagram(from, to, IpProtocol::Udp, &segment),
    );
    let answer = lan.frame(&ask)?;
    let ip = Ipv4Packet::new_checked(&answer[14..]).expect("IPv4");
    let udp = UdpPacket::new_checked(ip.payload()).expect("UDP");
    assert!(udp.verify_checksum(&ip.src_addr().into(), &ip.dst_addr().into()));
    Some(Message::decode(&mut Decoder::new(udp.payload())).expect("DHCP"))
}

fn message(kind: MessageType) -> Message {
    let mut out = Message::default();
    out.set_xid(77)
        .set_chaddr(PORT.as_bytes())
        .set_flags(Flags::default().set_broadcast());
    out.opts_mut().insert(DhcpOption::MessageType(kind));
    out
}

#[test]
fn the_server_gives_its_one_address() {
    let mut lan = lan();
    let (none, all) = (Ipv4Addr::UNSPECIFIED, Ipv4Addr::BROADCAST);
    let offer = dhcp(&mut lan, &message(MessageType::Discover), none, all).expect("an offer");
    assert_eq!(
        (offer.opts().msg_type(), offer.yiaddr(), offer.xid()),
        (Some(MessageType::Offer), OURS, 77)
    );
    let mut request = message(MessageType::Request);
    request.opts_mut().insert(DhcpOption::RequestedIpAddress(OURS));
    let ack = dhcp(&mut lan, &request, none, all).expect("an answer");
    assert_eq!(ack.opts().msg_type(), Some(MessageType::Ack));
    let options = [
        OptionCode::SubnetMask,
        OptionCode::Router,
        OptionCode::AddressLeaseTime,
    ];
    assert!(options.iter().all(|code| ack.opts().get(*code).is_some()));
    // A renewal names the address elsewhere.
    let mut renew = message(MessageType::Request);
    renew.set_ciaddr(OURS);
    let ack = dhcp(&mut lan, &renew, OURS, [10, 0, 0, 1].into()).expect("an answer");
    assert_eq!(ack.opts().msg_type(), Some(MessageType::Ack));
    let mut other = message(MessageType::Request);
    other.opts_mut().insert(DhcpOption::RequestedIpAddress(THEIRS));
    let nak = dhcp(&mut lan, &other, none, all).expect("an answer");
    assert_eq!(nak.opts().msg_type(), Some(MessageType::Nak));
    // Another server was chosen; somebody else's hardware address; nothing that is answered.
    request.opts_mut().insert(DhcpOption::ServerIdentifier(THEIRS));
    assert_eq!(dhcp(&mut lan, &request, none, all), None);
    let mut stranger = message(MessageType::Discover);
    stranger.set_chaddr(&[9; 16]);
    assert_eq!(dhcp(&mut lan, &stranger, none, all), None);
    assert_eq!(dhcp(&mut lan, &message(MessageType::Release), none, all), None);
    let mut nobody = Lan::new(Network::default());
    assert_eq!(
        dhcp(&mut nobody, &message(MessageType::Discover), none, all),
        None
    );
}

/// Asks over IPv6; the answer's source and body.
fn icmp6(
    lan: &mut Lan,
    from: Ipv6Addr,
    to: Ipv6Addr,
    ask: &Icmpv6Repr<'_>,
) -> Option<(Ipv6Address, Vec<u8>)> {
    let sums = ChecksumCapabilities::default();
    let head = Ipv6Repr {
        src_addr: from,
        dst_addr: to,
        next_header: IpProtocol::Icmpv6,
        payload_len: ask.buffer_len(),
        hop_limit: 255,
    };
    let mut bytes = vec![0; head.buffer_len() + ask.buffer_len()];
    head.emit(&mut Ipv6Packet::new_unchecked(&mut bytes));
    ask.emit(
        &from,
        &to,
        &mut Icmpv6Packet::new_unchecked(&mut bytes[40..]),
        &sums,
    );
    let group = EthernetAddress([0x33, 0x33, 0, 0, 0, 1]);
    let answer = lan.frame(&frame(group, None, 0x86dd, &bytes))?;
    let ip = Ipv6Packet::new_checked(&answer[14..]).expect("IPv6");
    let icmp = Icmpv6Packet::new_checked(ip.payload()).expect("ICMP");
    assert!(Icmpv6Repr::parse(&ip.src_addr(), &ip.dst_addr(), &icmp, &sums).is_ok());
    Some((ip.src_addr(), ip.payload().to_vec()))
}

#[test]
fn neighbours_and_the_router_are_found_over_ipv6() {
    let mut lan = lan();
    let ask = |target_addr| {
        Icmpv6Repr::Ndisc(NdiscRepr::NeighborSolicit {
            target_addr,
            lladdr: Some(PORT.into()),
        })
    };
    let (from, body) = icmp6(&mut lan, OURS6, THEIRS6, &ask(THEIRS6)).expect("an answer");
    assert_eq!(from, THEIRS6);
    let flags = NdiscNeighborFlags::from_bits_truncate(body[4]);
    assert_eq!(
        flags,
        NdiscNeighborFlags::SOLICITED | NdiscNeighborFlags::OVERRIDE
    );
    assert_eq!(
        body[24..32],
        *[&[2, 1], STATION.as_bytes()].concat(),
        "target link-layer address"
    );
    assert_eq!(
        icmp6(&mut lan, Ipv6Addr::UNSPECIFIED, THEIRS6, &ask(THEIRS6)),
        None,
        "detection of duplicates"
    );
    assert_eq!(icmp6(&mut lan, OURS6, OURS6, &ask(OURS6)), None, "its own");
    let solicit = Icmpv6Repr::Ndisc(NdiscRepr::RouterSolicit { lladdr: None });
    let all_routers = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 2);
    let (router, body) =
        icmp6(&mut lan, Ipv6Addr::UNSPECIFIED, all_routers, &solicit).expect("an advertisement");
    assert_eq!(router, Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1));
    assert_eq!(body[0], 134);
    assert_eq!(
        icmp6(&mut Lan::new(Network::default()), OURS6, all_routers, &solicit),
        None
    );
    let echo = Icmpv6Repr::EchoRequest {
        ident: 1,
        seq_no: 2,
        data: b"ping",
    };
    let (from, body) = icmp6(&mut lan, OURS6, THEIRS6, &echo).expect("an answer");
    assert_eq!((from, body[0], &body[8..]), (THEIRS6, 129, &b"ping"[..]));
}

#[test]
fn frames_are_lost_and_kept_on_demand() {
    let mut lan = lan();
    let ask = frame(EthernetAddress::BROADCAST, None, 0x0806, &arp(OURS, THEIRS));
    lan.lose(2);
    assert_eq!((lan.frame(&ask), lan.frame(&ask)), (None, None));
    assert!(lan.frame(&ask).is_some());
    lan.silence(true);
    assert_eq!(lan.frame(&ask), None);
    lan.silence(false);
    assert!(lan.frame(&ask).is_some());
}

proptest! {
    /// Frames of any content: no panic, and no answer to what is not for the station or for all.
    #[test]
    fn any_frame_is_survived(kind in prop_oneof![Just(0x0800u16), Just(0x0806), Just(0x86dd), any::<u16>()],
        tag in any::<Option<u16>>(), station in any::<bool>(), payload in prop::collection::vec(any::<u8>(), 0..200)) {
        let to = if station { STATION } else { PORT };
        let answer = lan().frame(&frame(to, tag, kind, &payload));
        prop_assert!(station || answer.is_none());
    }

    /// DHCP messages with any end: no panic.
    #[test]
    fn any_dhcp_message_is_survived(hlen in any::<u8>(), end in prop::collection::vec(any::<u8>(), 0..100)) {
        let mut bytes = message(MessageType::Discover).to_vec().expect("a message");
        bytes[2] = hlen;
        bytes.truncate(240);
        bytes.extend(end);
        let ports = UdpRepr { src_port: 68, dst_port: 67 };
        let (from, to) = (Ipv4Addr::UNSPECIFIED, Ipv4Addr::BROADCAST);
        let mut segment = vec![0; 8 + bytes.len()];
        let mut packet = UdpPacket::new_unchecked(&mut segment);
        let room = |room: &mut [u8]| room.copy_from_slice(&bytes);
        ports.emit(&mut packet, &from.into(), &to.into(), bytes.len(), room, &ChecksumCapabilities::default());
        let payload = datagram(from, to, IpProtocol::Udp, &segment);
        let answer = lan().frame(&frame(EthernetAddress::BROADCAST, None, 0x0800, &payload));
        prop_assert!(hlen == 6 || answer.is_none());
    }
}
