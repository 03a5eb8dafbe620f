//! IPv6 frames that broke other stacks, named after what they send.

use smoltcp::wire::{EthernetProtocol, Icmpv6Packet, IpProtocol};

use super::super::{Event, ip6, ndisc};
use super::hostile::{net, ping6, quiet};
use super::{THEM, US, framed, give};

/// An IPv6 packet to us with these headers and bytes.
pub(super) fn packet6(next: IpProtocol, parts: &[&[u8]]) -> Vec<u8> {
    let (source, destination) = ("2001:db8::9".parse().unwrap(), "2001:db8::1".parse().unwrap());
    framed(
        US,
        EthernetProtocol::Ipv6,
        &ip6::packet(source, destination, 255, next, parts),
    )
}

/// An ICMPv6 message to us with its checksum put right, from `source`.
fn message6(source: &str, hops: u8, mut message: Vec<u8>) -> Vec<u8> {
    let (source, destination) = (source.parse().unwrap(), "fe80::1".parse().unwrap());
    Icmpv6Packet::new_unchecked(&mut message[..]).fill_checksum(&source, &destination);
    framed(
        US,
        EthernetProtocol::Ipv6,
        &ip6::packet(source, destination, hops, IpProtocol::Icmpv6, &[&message]),
    )
}

#[test]
fn ipv6_extension_headers_that_lead_to_themselves() {
    // CVE-2020-13985, CVE-2020-13986, CVE-2020-17438: headers of no length, and chains without end.
    let mut net = net();
    let hop = [0_u8, 0, 1, 4, 0, 0, 0, 0];
    assert!(
        !give(&mut net, &packet6(IpProtocol::HopByHop, &[&hop, &hop, &hop])),
        "hop-by-hop twice"
    );
    let destination = [60_u8, 0, 1, 4, 0, 0, 0, 0];
    for count in [9, 20, 170] {
        let parts: Vec<&[u8]> = std::iter::repeat_n(&destination[..], count).collect();
        assert!(
            !give(&mut net, &packet6(IpProtocol::Ipv6Opts, &parts)),
            "{count} headers"
        );
    }
    let beyond = [58_u8, 255, 1, 4, 0, 0, 0, 0];
    assert!(
        !give(&mut net, &packet6(IpProtocol::Ipv6Opts, &[&beyond])),
        "longer than the packet"
    );
    for option in [
        [58, 0, 1, 200, 0, 0, 0, 0],
        [58, 0, 1, 255, 0, 0, 0, 0],
        [58, 0, 0xc2, 4, 0, 0, 0, 0],
        [58, 0, 0, 0, 0, 0, 0, 1],
    ] {
        assert!(
            !give(&mut net, &packet6(IpProtocol::Ipv6Opts, &[&option, &ping6()])),
            "{option:?}"
        );
    }
    assert!(
        !give(
            &mut net,
            &packet6(IpProtocol::Ipv6Route, &[&[58, 0, 0, 1, 0, 0, 0, 0], &ping6()])
        ),
        "through us"
    );
    assert!(
        !give(&mut net, &packet6(IpProtocol::Unknown(59), &[])),
        "nothing follows"
    );
    quiet(&mut net);
    let good = [58_u8, 0, 1, 4, 0, 0, 0, 0];
    assert!(give(
        &mut net,
        &packet6(
            IpProtocol::HopByHop,
            &[&[60, 0, 5, 2, 0, 0, 1, 0], &good, &ping6()]
        )
    ));
    net.settle();
    assert_eq!(net.frames.len(), 1, "what may be passed over is");
}

#[test]
fn ipv6_fragment_headers_inside_each_other_and_without_what_they_promise() {
    let mut net = net();
    let fragment = |next: u8, offset: u16, more: bool| {
        let mut header = [next, 0, 0, 0, 0, 0, 0, 9];
        header[2..4].copy_from_slice(&(offset << 3 | u16::from(more)).to_be_bytes());
        header
    };
    let atomic = fragment(44, 0, false);
    assert!(
        !give(
            &mut net,
            &packet6(IpProtocol::Ipv6Frag, &[&atomic, &atomic, &ping6()])
        ),
        "a piece in a piece"
    );
    assert!(!give(&mut net, &packet6(IpProtocol::Ipv6Frag, &[&atomic[..5]])));
    // The first piece lacks the rest of its headers (RFC 7112).
    let first = fragment(60, 0, true);
    assert!(!give(
        &mut net,
        &packet6(IpProtocol::Ipv6Frag, &[&first, &[58, 1, 1, 4, 0, 0, 0, 0]])
    ));
    assert!(
        !give(
            &mut net,
            &packet6(IpProtocol::Ipv6Frag, &[&fragment(58, 1, false)])
        ),
        "an empty piece"
    );
    assert!(
        !give(
            &mut net,
            &packet6(IpProtocol::Ipv6Frag, &[&fragment(58, 0x1fff, true), &[0; 1200]])
        ),
        "beyond 65535"
    );
    assert!(
        !give(
            &mut net,
            &packet6(IpProtocol::Ipv6Frag, &[&fragment(58, 0, true), &[128; 13]])
        ),
        "not by eights"
    );
    quiet(&mut net);
    assert!(
        give(
            &mut net,
            &packet6(IpProtocol::Ipv6Frag, &[&fragment(58, 0, false), &ping6()])
        ),
        "RFC 6946"
    );
    net.settle();
    assert_eq!(net.frames.len(), 1);
}

#[test]
fn tiny_fragments_without_number() {
    let mut net = net();
    let mut taken = 0;
    for n in 0..4000_u16 {
        let mut header = [58, 0, 0, 0, 0, 0, 0, 9];
        header[2..4].copy_from_slice(&((n + 10) << 3 | 1).to_be_bytes());
        taken += usize::from(give(
            &mut net,
            &packet6(IpProtocol::Ipv6Frag, &[&header, &[1; 8]]),
        ));
    }
    assert_eq!(taken, 128);
    quiet(&mut net);
}

#[test]
fn neighbour_discovery_options_of_no_length_and_past_the_end() {
    // CVE-2020-25110 and its kin; uIP's copy in the peer read router advertisements so (CVE-2026-18726).
    let mut net = net();
    for kind in [133_u8, 134, 135, 136, 137] {
        let fixed = match kind {
            133 => 8,
            134 => 16,
            137 => 40,
            _ => 24,
        };
        for options in [
            vec![1, 0],
            vec![1, 0, 0, 0, 0, 0, 0, 0],
            vec![3, 4, 64, 0xc0],
            vec![3, 255, 0, 0, 0, 0, 0, 0],
            vec![5, 1, 0],
            vec![25, 0, 0, 0, 0, 0, 0, 0],
            vec![3, 1, 64, 0xc0, 0, 0, 0, 0],
            vec![24, 3, 0, 0, 0, 0, 0, 0],
            vec![1],
        ] {
            let mut message = vec![0; fixed];
            message[0] = kind;
            message.extend_from_slice(&options);
            assert!(
                !give(&mut net, &message6("fe80::9", 255, message)),
                "{kind} {options:?}"
            );
        }
        for length in 4..fixed {
            let mut message = vec![0; length];
            message[0] = kind;
            assert!(
                !give(&mut net, &message6("fe80::9", 255, message)),
                "{kind} of {length} bytes"
            );
        }
    }
    quiet(&mut net);
}

#[test]
fn router_advertisements_from_beyond_the_link_or_not_from_a_router() {
    let mut net = net();
    let advertisement = || {
        let mut message = vec![0; 16];
        message[0] = 134;
        message[7] = 30;
        message
    };
    assert!(!give(&mut net, &message6("fe80::9", 254, advertisement())));
    assert!(!give(&mut net, &message6("2001:db8::9", 255, advertisement())));
    let mut damaged = message6("fe80::9", 255, advertisement());
    damaged[60] ^= 1;
    assert!(!give(&mut net, &damaged), "its checksum is wrong");
    quiet(&mut net);
    assert!(give(&mut net, &message6("fe80::9", 255, advertisement())));
    let [Event::RouterAdvertisement { router, message }] = &net.told()[..] else {
        panic!()
    };
    assert_eq!((router.to_string(), message.len()), ("fe80::9".to_owned(), 16));
}

#[test]
fn echo_requests_shorter_than_an_echo_and_longer_than_the_packet() {
    // CVE-2026-18725: the peer answers an ICMPv6 echo with bytes from beyond what it got.
    let mut net = net();
    for length in 0..8 {
        let mut message = vec![0; length.max(4)];
        message[0] = 128;
        assert!(!give(&mut net, &message6("fe80::9", 64, message)), "{length}");
    }
    quiet(&mut net);
    let mut long = packet6(IpProtocol::Icmpv6, &[&ping6()]);
    long[18..20].copy_from_slice(&1400_u16.to_be_bytes());
    assert!(!give(&mut net, &long), "the header promises more than there is");
    quiet(&mut net);
    // Padding after the packet is none of it.
    let mut padded = packet6(IpProtocol::Icmpv6, &[&ping6()]);
    padded.extend_from_slice(&[0xee; 500]);
    assert!(give(&mut net, &padded));
    net.settle();
    assert_eq!(net.frames.pop().map(|(_, f)| f.len()), Some(14 + 40 + 8 + 32));
}

#[test]
fn neighbour_discovery_in_pieces() {
    // RFC 6980, a piece that is all there is included.
    let mut net = net();
    let (source, target) = ("fe80::9".parse().unwrap(), "fe80::1".parse().unwrap());
    let packet = ndisc::solicitation(source, target, target, THEM);
    assert!(give(&mut net, &framed(US, EthernetProtocol::Ipv6, &packet)));
    net.settle();
    assert_eq!(net.frames.pop().map(|(_, f)| f[54]), Some(136));
    let fragment = [58, 0, 0, 0, 0, 0, 0, 9];
    let packet = ip6::packet(
        source,
        target,
        255,
        IpProtocol::Ipv6Frag,
        &[&fragment, &packet[40..]],
    );
    assert!(!give(&mut net, &framed(US, EthernetProtocol::Ipv6, &packet)));
    quiet(&mut net);
}
