//! Frames that broke other stacks, uIP among them, named after what they send.

use std::time::Duration;

use smoltcp::wire::{EthernetProtocol, IpProtocol, Ipv4Packet};

use super::super::icmp::{self, Echo};
use super::super::packet::Outgoing;
use super::super::{ethernet, ip6, ndisc};
use super::hostile6::packet6;
use super::{THEM, US, datagram, framed, give, ip};
use crate::rig::Net;

pub(super) fn net() -> Net {
    let mut net = Net::new();
    net.stack(1500, &["192.0.2.1/24", "fe80::1/64", "2001:db8::1/64"]);
    net.frames.clear();
    net
}

pub(super) fn quiet(net: &mut Net) {
    net.run(Duration::from_millis(10));
    assert!(net.frames.is_empty(), "{:02x?}", net.frames);
    assert!(net.told().is_empty());
}

fn ping4() -> Vec<u8> {
    let (source, destination) = (ip("192.0.2.9"), ip("192.0.2.1"));
    let echo = Echo {
        request: true,
        identifier: 1,
        sequence: 2,
        payload: &[5; 32],
    };
    let message = icmp::emit(source, destination, &echo);
    let outgoing = Outgoing {
        source,
        destination,
        hop_limit: 64,
        protocol: IpProtocol::Icmp,
        payload: &message,
    };
    datagram(&outgoing, 1500).remove(0)
}

pub(super) fn ping6() -> Vec<u8> {
    let echo = Echo {
        request: true,
        identifier: 1,
        sequence: 2,
        payload: &[5; 32],
    };
    icmp::emit(ip("2001:db8::9"), ip("2001:db8::1"), &echo)
}

#[test]
fn every_frame_cut_short_anywhere() {
    let mut net = net();
    let ndisc = ndisc::solicitation(
        "2001:db8::9".parse().unwrap(),
        "2001:db8::1".parse().unwrap(),
        "2001:db8::1".parse().unwrap(),
        THEM,
    );
    for whole in [
        ping4(),
        packet6(IpProtocol::Icmpv6, &[&ping6()]),
        framed(US, EthernetProtocol::Ipv6, &ndisc),
    ] {
        for length in 0..whole.len() {
            assert!(!give(&mut net, &whole[..length]), "{length} of {}", whole.len());
        }
        quiet(&mut net);
        assert!(give(&mut net, &whole));
        net.settle();
        assert_eq!(net.frames.len(), 1);
        net.frames.clear();
    }
}

#[test]
fn ipv4_header_longer_than_the_packet() {
    // CVE-2020-13987, CVE-2020-17437: lengths of the header are believed before they are compared.
    let mut net = net();
    for (first, total) in [
        (0x4f, 60),
        (0x4f, 24),
        (0x41, 60),
        (0x40, 60),
        (0x45, 19),
        (0x45, 0),
        (0x45, 0xffff),
    ] {
        let mut frame = ping4();
        frame[14] = first;
        frame[16..18].copy_from_slice(&u16::to_be_bytes(total));
        let mut header = Ipv4Packet::new_unchecked(&mut frame[14..]);
        if header.header_len() >= 20 && usize::from(header.header_len()) <= 60 {
            header.fill_checksum();
        }
        assert!(!give(&mut net, &frame), "{first:02x} {total}");
    }
    quiet(&mut net);
}

#[test]
fn ipv4_options_of_no_length_and_past_the_header() {
    // CVE-2020-17440 and its kin: options that never end. They are passed over, not read.
    let mut net = net();
    for options in [
        [7, 0, 0, 0],
        [7, 255, 4, 0],
        [131, 1, 0, 0],
        [0xff, 0xff, 0xff, 0xff],
    ] {
        let mut frame = ping4();
        frame.splice(34..34, options);
        frame[14] = 0x46;
        let total = u16::from_be_bytes([frame[16], frame[17]]) + 4;
        frame[16..18].copy_from_slice(&total.to_be_bytes());
        Ipv4Packet::new_unchecked(&mut frame[14..]).fill_checksum();
        assert!(give(&mut net, &frame));
        net.settle();
        assert_eq!(
            net.frames.pop().map(|(_, f)| f.len()),
            Some(14 + 20 + 8 + 32),
            "answered without options"
        );
    }
}

#[test]
fn tcp_with_urgent_pointers_and_options_is_not_ours() {
    // CVE-2020-17437, CVE-2020-24334 and others were in uIP's TCP: there is none here, the adapter has its own.
    let mut net = net();
    let mut segment = vec![0; 40];
    segment[13] = 0x20 | 0x10;
    segment[12] = 0xf0;
    segment[18..20].copy_from_slice(&0xffff_u16.to_be_bytes());
    for (source, destination) in [("192.0.2.9", "192.0.2.1"), ("2001:db8::9", "2001:db8::1")] {
        let outgoing = Outgoing {
            source: ip(source),
            destination: ip(destination),
            hop_limit: 64,
            protocol: IpProtocol::Tcp,
            payload: &segment,
        };
        assert!(!give(&mut net, &datagram(&outgoing, 1500)[0]));
    }
    quiet(&mut net);
}

#[test]
fn datagrams_whose_length_lies() {
    // CVE-2026-18727, CVE-2026-18728: lengths below a header's made the peer subtract below zero.
    let mut net = net();
    for (source, destination, port) in [("192.0.2.9", "192.0.2.1", 68_u16), ("fe80::9", "fe80::1", 546)] {
        for length in [0_u16, 1, 7, 9, 100, 0xffff] {
            let mut udp = [0; 8];
            udp[2..4].copy_from_slice(&port.to_be_bytes());
            udp[4..6].copy_from_slice(&length.to_be_bytes());
            let outgoing = Outgoing {
                source: ip(source),
                destination: ip(destination),
                hop_limit: 64,
                protocol: IpProtocol::Udp,
                payload: &udp,
            };
            assert!(!give(&mut net, &datagram(&outgoing, 1500)[0]), "{port} {length}");
        }
    }
    quiet(&mut net);
}

#[test]
fn senders_that_nobody_can_be() {
    let mut net = net();
    let mut loopback = ping4();
    loopback[26..30].copy_from_slice(&[127, 0, 0, 1]);
    for source in [
        [127, 0, 0, 1],
        [0, 0, 0, 0],
        [224, 0, 0, 1],
        [255, 255, 255, 255],
        [192, 0, 2, 255],
        [192, 0, 2, 1],
        [240, 0, 0, 1],
    ] {
        let mut frame = ping4();
        frame[26..30].copy_from_slice(&source);
        Ipv4Packet::new_unchecked(&mut frame[14..]).fill_checksum();
        assert!(!give(&mut net, &frame), "{source:?}");
    }
    for source in ["::", "::1", "ff02::1", "2001:db8::1", "::ffff:192.0.2.9"] {
        let echo = Echo {
            request: true,
            identifier: 1,
            sequence: 2,
            payload: &[5; 32],
        };
        let message = icmp::emit(ip(source), ip("2001:db8::1"), &echo);
        let packet = ip6::packet(
            source.parse().unwrap(),
            "2001:db8::1".parse().unwrap(),
            64,
            IpProtocol::Icmpv6,
            &[&message],
        );
        assert!(
            !give(&mut net, &framed(US, EthernetProtocol::Ipv6, &packet)),
            "{source}"
        );
    }
    for from in [[0; 6], [1, 0, 0x5e, 0, 0, 1], [255; 6], US] {
        let mut frame = ping4();
        frame[6..12].copy_from_slice(&from);
        assert!(!give(&mut net, &frame), "{from:02x?}");
    }
    let mut others = ping4();
    others[..6].copy_from_slice(&THEM);
    assert!(!give(&mut net, &others), "to somebody else");
    quiet(&mut net);
}

#[test]
fn arp_of_other_sizes_and_senders() {
    let mut net = net();
    let good = super::super::arp::Arp {
        request: true,
        sender: (THEM, [192, 0, 2, 9].into()),
        target: ([0; 6], [192, 0, 2, 1].into()),
    }
    .frame(ethernet::BROADCAST, None);
    for (at, value) in [
        (14, 9),
        (16, 9),
        (18, 0),
        (18, 255),
        (19, 0),
        (19, 16),
        (21, 9),
        (22, 1),
        (28, 224),
    ] {
        let mut frame = good.clone();
        frame[at] = value;
        assert!(!give(&mut net, &frame), "{value} at {at}");
    }
    let mut zero = good.clone();
    zero[22..28].fill(0);
    assert!(!give(&mut net, &zero));
    quiet(&mut net);
    assert!(give(&mut net, &good));
}
