//! What routers say of our packets.

use std::net::IpAddr;
use std::time::Duration;

use smoltcp::wire::{Icmpv4Packet, Icmpv6Packet, IpProtocol};

use super::super::packet::Outgoing;
use super::super::{EchoEnd, Event, Route};
use super::{datagram, give, ip};
use crate::rig::{Net, ours};

fn net() -> Net {
    let mut net = Net::new();
    net.stack(9000, &[]);
    let (addresses, mut routes) = ours(&["192.0.2.1/24", "2001:db8::1/64"]);
    for (any, router) in [("0.0.0.0", "192.0.2.9"), ("::", "2001:db8::9")] {
        routes.push(Route {
            destination: ip(any),
            prefix: 0,
            gateway: Some(ip(router)),
        });
    }
    net.stacks[0].set(&addresses, &routes);
    net.stack(9000, &["192.0.2.9/24", "2001:db8::9/64"]);
    net.frames.clear();
    net
}

/// An error of a router about `packet` of ours.
fn error(router: IpAddr, kind: u8, code: u8, value: u32, packet: &[u8]) -> Vec<u8> {
    let mut message = vec![kind, code, 0, 0];
    message.extend_from_slice(&value.to_be_bytes());
    message.extend_from_slice(&packet[..packet.len().min(548)]);
    let (ours, protocol) = match router {
        IpAddr::V4(_) => {
            Icmpv4Packet::new_unchecked(&mut message[..]).fill_checksum();
            (ip("192.0.2.1"), IpProtocol::Icmp)
        }
        IpAddr::V6(router) => {
            let ours = "2001:db8::1".parse().unwrap();
            Icmpv6Packet::new_unchecked(&mut message[..]).fill_checksum(&router, &ours);
            (ours.into(), IpProtocol::Icmpv6)
        }
    };
    datagram(
        &Outgoing {
            source: router,
            destination: ours,
            hop_limit: 60,
            protocol,
            payload: &message,
        },
        1500,
    )
    .remove(0)
}

fn sent_packet(net: &mut Net) -> Vec<u8> {
    net.settle();
    net.frames
        .iter()
        .rev()
        .find(|(from, f)| *from == Some(0) && f.len() > 100)
        .expect("a ping")
        .1[14..]
        .to_vec()
}

#[test]
fn a_smaller_mtu_is_learned_and_a_ping_goes_out_again_in_pieces() {
    for (to, router, kind, code) in [
        ("198.51.100.7", "192.0.2.9", 3, 4),
        ("2001:db8:1::7", "2001:db8::9", 2, 0),
    ] {
        let mut net = net();
        let now = net.now;
        net.stacks[0].echo(now, 1, ip(to), 4000, now + Duration::from_secs(5));
        let packet = sent_packet(&mut net);
        assert!(packet.len() > 4000);
        net.frames.clear();
        assert!(give(&mut net, &error(ip(router), kind, code, 1400, &packet)));
        net.settle();
        assert_eq!(net.stacks[0].path_mtu(net.now, ip(to)), 1400);
        assert_eq!(net.frames.len(), 3, "pieces");
        assert!(net.frames.iter().all(|(_, f)| f.len() <= 1414));
        // A router that says less and less gets no more of them.
        assert!(give(&mut net, &error(ip(router), kind, code, 1300, &packet)));
        net.settle();
        assert_eq!(net.frames.len(), 3);
        net.run(Duration::from_secs(700));
        assert_eq!(net.stacks[0].path_mtu(net.now, ip(to)), 9000, "forgotten");
    }
}

#[test]
fn nonsense_about_the_mtu_changes_little_or_nothing() {
    let mut net = net();
    let now = net.now;
    net.stacks[0].echo(now, 1, ip("198.51.100.7"), 4000, now + Duration::from_secs(5));
    let packet = sent_packet(&mut net);
    assert!(give(&mut net, &error(ip("192.0.2.9"), 3, 4, 0, &packet)));
    assert_eq!(
        net.stacks[0].path_mtu(net.now, ip("198.51.100.7")),
        576,
        "not below the family's smallest"
    );
    // About somebody else's packet.
    let mut others = packet.clone();
    others[15] = 77;
    assert!(!give(&mut net, &error(ip("192.0.2.9"), 3, 4, 1000, &others)));
    // About somebody on the link.
    let mut near = packet.clone();
    near[16..20].copy_from_slice(&[192, 0, 2, 50]);
    assert!(give(&mut net, &error(ip("192.0.2.9"), 3, 4, 1000, &near)));
    assert_eq!(net.stacks[0].path_mtu(net.now, ip("192.0.2.50")), 9000);
}

#[test]
fn an_unreachable_destination_ends_the_ping() {
    for (to, router, kind) in [
        ("198.51.100.7", "192.0.2.9", 3),
        ("2001:db8:1::7", "2001:db8::9", 1),
    ] {
        for size in [200, 20_000] {
            let mut net = net();
            let now = net.now;
            net.stacks[0].echo(now, 1, ip(to), size, now + Duration::from_secs(5));
            net.settle();
            let first = net
                .frames
                .iter()
                .find(|(from, f)| *from == Some(0) && f.len() > 100)
                .unwrap();
            let packet = first.1[14..].to_vec();
            net.told();
            // Cut down to what RFC 792 promises.
            let cut = if kind == 3 { 28 } else { 80 };
            assert!(give(
                &mut net,
                &error(ip(router), kind, 1, 0, &packet[..cut.min(packet.len())])
            ));
            let end = Event::Echo {
                id: 1,
                end: EchoEnd::Unreachable,
                took: Duration::ZERO,
            };
            assert_eq!(net.told(), [end], "{to} {size}");
            assert!(
                !give(&mut net, &error(ip(router), kind, 1, 0, &packet)),
                "it is over"
            );
        }
    }
}

#[test]
fn destinations_are_bounded() {
    let mut net = net();
    for n in 0..1000_u16 {
        let mut quoted = vec![0x45, 0, 0, 40, 0, 0, 0, 0, 64, 6, 0, 0, 192, 0, 2, 1, 198, 51];
        quoted.extend_from_slice(&n.to_be_bytes());
        quoted.extend_from_slice(&[0; 8]);
        assert!(
            give(&mut net, &error(ip("192.0.2.9"), 3, 4, 1400, &quoted)),
            "TCP of the adapter"
        );
    }
    assert_eq!(net.stacks[0].counters().evicted, 1000 - 256);
    assert_eq!(net.stacks[0].path_mtu(net.now, ip("198.51.3.231")), 1400);
}
