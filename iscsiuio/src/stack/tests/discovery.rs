//! ARP and neighbour discovery.

use std::time::Duration;

use super::super::arp::Arp;
use super::super::{Answer, Event, ethernet, ndisc};
use super::{THEM, US, framed, give, ip};
use crate::rig::{Net, Peer};
use smoltcp::wire::EthernetProtocol;

const PEER: [u8; 6] = [2, 0, 0, 0, 0, 0x50];

fn arp(request: bool, sender: &str, target: &str, to: [u8; 6]) -> Vec<u8> {
    let arp = Arp {
        request,
        sender: (THEM, sender.parse().unwrap()),
        target: (US, target.parse().unwrap()),
    };
    arp.frame(to, None)
}

fn net() -> Net {
    let mut net = Net::new();
    net.stack(1500, &["192.0.2.1/24", "fe80::1/64", "2001:db8::1/64"]);
    net.frames.clear();
    net
}

#[test]
fn anothers_stack_is_found_and_finds_us() {
    let mut net = net();
    let addresses = [
        (ip("192.0.2.9"), 24),
        (ip("2001:db8::9"), 64),
        (ip("fe80::9"), 64),
    ];
    net.peers.push(Peer::new(PEER, 1500, &addresses));
    for (address, _) in addresses {
        let now = net.now;
        assert_eq!(net.stacks[0].resolve(now, address), Answer::Asked);
        assert_eq!(
            net.told(),
            [Event::Neighbour {
                address,
                mac: Some(PEER)
            }]
        );
        assert_eq!(net.stacks[0].resolve(now, address), Answer::At(PEER));
    }
}

#[test]
fn two_of_us_find_each_other() {
    let mut net = net();
    let other = net.stack(1500, &["192.0.2.2/24", "fe80::2/64", "2001:db8::2/64"]);
    for to in ["192.0.2.2", "fe80::2", "2001:db8::2"] {
        let now = net.now;
        assert_eq!(net.stacks[0].resolve(now, ip(to)), Answer::Asked);
        net.settle();
        assert_eq!(net.stacks[0].resolve(now, ip(to)), Answer::At(other), "{to}");
    }
}

#[test]
fn who_does_not_answer_is_asked_three_times_and_then_left_alone_for_a_while() {
    let mut net = net();
    for (address, bytes) in [("192.0.2.77", 60), ("2001:db8::77", 86)] {
        net.frames.clear();
        let now = net.now;
        assert_eq!(net.stacks[0].resolve(now, ip(address)), Answer::Asked);
        net.run(Duration::from_millis(2999));
        assert!(net.told().is_empty());
        net.run(Duration::from_millis(2));
        assert_eq!(
            net.told(),
            [Event::Neighbour {
                address: ip(address),
                mac: None
            }]
        );
        assert_eq!(
            net.frames.iter().map(|(_, f)| f.len()).collect::<Vec<_>>(),
            [bytes; 3]
        );
        let now = net.now;
        assert_eq!(net.stacks[0].resolve(now, ip(address)), Answer::Nobody);
        net.run(Duration::from_secs(3));
        let now = net.now;
        assert_eq!(net.stacks[0].resolve(now, ip(address)), Answer::Asked);
        net.run(Duration::from_secs(5));
        net.told();
    }
}

#[test]
fn a_stale_neighbour_is_asked_alone_before_everybody_is() {
    let mut net = net();
    net.peers.push(Peer::new(PEER, 1500, &[(ip("192.0.2.9"), 24)]));
    let now = net.now;
    net.stacks[0].resolve(now, ip("192.0.2.9"));
    net.run(Duration::from_secs(61));
    net.peers.clear();
    net.frames.clear();
    let now = net.now;
    assert_eq!(net.stacks[0].resolve(now, ip("192.0.2.9")), Answer::Asked);
    net.run(Duration::from_secs(5));
    let asked: Vec<_> = net.frames.iter().map(|(_, f)| f[..6].to_vec()).collect();
    assert_eq!(asked, [PEER.to_vec(), vec![255; 6], vec![255; 6], vec![255; 6]]);
}

#[test]
fn what_nobody_asked_for_makes_no_entry_and_changes_one() {
    let mut net = net();
    assert!(give(
        &mut net,
        &arp(true, "192.0.2.9", "192.0.2.9", ethernet::BROADCAST)
    ));
    assert!(give(
        &mut net,
        &arp(true, "192.0.2.9", "192.0.2.1", ethernet::BROADCAST)
    ));
    assert!(net.stacks[0].neighbours(net.now).is_empty());

    net.peers.push(Peer::new(PEER, 1500, &[(ip("192.0.2.9"), 24)]));
    let now = net.now;
    net.stacks[0].resolve(now, ip("192.0.2.9"));
    net.settle();
    assert!(give(
        &mut net,
        &arp(true, "192.0.2.9", "192.0.2.9", ethernet::BROADCAST)
    ));
    assert_eq!(
        net.stacks[0].neighbours(net.now)[0].mac,
        Some(THEM),
        "a port that took over"
    );
    // It is believed no further than the next use: then it is asked.
    let now = net.now;
    assert_eq!(net.stacks[0].resolve(now, ip("192.0.2.9")), Answer::Asked);
}

#[test]
fn an_advertisement_without_override_does_not_replace() {
    let mut net = net();
    net.peers.push(Peer::new(PEER, 1500, &[(ip("2001:db8::9"), 64)]));
    let now = net.now;
    net.stacks[0].resolve(now, ip("2001:db8::9"));
    net.settle();
    let target = "2001:db8::9".parse().unwrap();
    let mut packet = ndisc::advertisement(target, ndisc::ALL_NODES, THEM);
    packet[44] &= !0x20;
    refresh(&mut packet);
    assert!(give(
        &mut net,
        &framed(
            ndisc::group_mac(ndisc::ALL_NODES),
            EthernetProtocol::Ipv6,
            &packet
        )
    ));
    assert_eq!(net.stacks[0].neighbours(net.now)[0].mac, Some(PEER));
    let packet = ndisc::advertisement(target, ndisc::ALL_NODES, THEM);
    assert!(give(
        &mut net,
        &framed(
            ndisc::group_mac(ndisc::ALL_NODES),
            EthernetProtocol::Ipv6,
            &packet
        )
    ));
    assert_eq!(net.stacks[0].neighbours(net.now)[0].mac, Some(THEM));
}

/// Puts the checksum of an ICMPv6 message right.
fn refresh(packet: &mut [u8]) {
    let address = |at: usize| std::net::Ipv6Addr::from(<[u8; 16]>::try_from(&packet[at..at + 16]).unwrap());
    let (source, destination) = (address(8), address(24));
    smoltcp::wire::Icmpv6Packet::new_unchecked(&mut packet[40..]).fill_checksum(&source, &destination);
}

#[test]
fn a_probe_for_our_address_is_answered() {
    let mut net = net();
    assert!(give(
        &mut net,
        &arp(true, "0.0.0.0", "192.0.2.1", ethernet::BROADCAST)
    ));
    net.settle();
    let (_, answer) = net.frames.pop().unwrap();
    assert_eq!(
        (&answer[..6], &answer[20..22], &answer[28..32]),
        (&THEM[..], &[0, 2][..], &[192, 0, 2, 1][..])
    );

    let (ours, group) = (
        "2001:db8::1".parse().unwrap(),
        ndisc::solicited_node("2001:db8::1".parse().unwrap()),
    );
    let probe = ndisc::solicitation([0; 16].into(), group, ours, THEM);
    assert!(give(
        &mut net,
        &framed(ndisc::group_mac(group), EthernetProtocol::Ipv6, &probe)
    ));
    net.settle();
    let (_, answer) = net.frames.pop().unwrap();
    assert_eq!(answer[..6], [0x33, 0x33, 0, 0, 0, 1], "to everybody");
    assert_eq!(
        (answer[54], answer[58]),
        (136, 0x20),
        "an advertisement, not solicited, override"
    );
}

#[test]
fn an_address_that_nobody_has_is_free_and_one_that_somebody_has_is_not() {
    let mut net = net();
    net.stack(1500, &["192.0.2.66/24", "fe80::66/64"]);
    for (free, taken, time) in [("192.0.2.60", "192.0.2.66", 600), ("fe80::60", "fe80::66", 1000)] {
        net.told();
        let now = net.now;
        net.stacks[0].probe(now, ip(free));
        net.stacks[0].probe(now, ip(taken));
        net.run(Duration::from_millis(time - 1));
        assert_eq!(
            net.told(),
            [Event::Probed {
                address: ip(taken),
                taken: Some([2, 0, 0, 0, 0, 2])
            }]
        );
        net.run(Duration::from_millis(1));
        assert_eq!(
            net.told(),
            [Event::Probed {
                address: ip(free),
                taken: None
            }]
        );
    }
}

#[test]
fn two_that_probe_for_the_same_address_both_leave_it() {
    let mut net = net();
    net.stack(1500, &["192.0.2.2/24"]);
    for address in ["192.0.2.60", "fe80::60"] {
        net.events.clear();
        let now = net.now;
        net.stacks
            .iter_mut()
            .for_each(|stack| stack.probe(now, ip(address)));
        net.run(Duration::from_secs(3));
        let taken = net
            .events
            .iter()
            .filter(|(_, e)| matches!(e, Event::Probed { taken: Some(_), .. }))
            .count();
        assert!(taken >= 1, "{address}: {:?}", net.events);
        let free = net
            .events
            .iter()
            .filter(|(_, e)| matches!(e, Event::Probed { taken: None, .. }))
            .count();
        assert!(free <= 1);
    }
}

#[test]
fn our_own_probe_that_comes_back_is_nobody_elses() {
    let mut net = net();
    for address in ["192.0.2.60", "fe80::60"] {
        let now = net.now;
        net.stacks[0].probe(now, ip(address));
        while let Some(frame) = net.stacks[0].poll_frame() {
            assert!(!give(&mut net, &frame));
        }
        net.run(Duration::from_secs(2));
        assert_eq!(
            net.told(),
            [Event::Probed {
                address: ip(address),
                taken: None
            }]
        );
    }
}

#[test]
fn somebody_who_uses_our_address_is_told_and_gets_no_answer() {
    let mut net = net();
    assert!(give(
        &mut net,
        &arp(true, "192.0.2.1", "192.0.2.1", ethernet::BROADCAST)
    ));
    assert_eq!(
        net.told(),
        [Event::Conflict {
            address: ip("192.0.2.1"),
            mac: THEM
        }]
    );
    let packet = ndisc::advertisement("2001:db8::1".parse().unwrap(), ndisc::ALL_NODES, THEM);
    assert!(give(
        &mut net,
        &framed(
            ndisc::group_mac(ndisc::ALL_NODES),
            EthernetProtocol::Ipv6,
            &packet
        )
    ));
    assert_eq!(
        net.told(),
        [Event::Conflict {
            address: ip("2001:db8::1"),
            mac: THEM
        }]
    );
    assert!(net.frames.is_empty());
}

#[test]
fn an_announcement_is_made_twice() {
    let mut net = net();
    for (address, to) in [("192.0.2.1", [255; 6]), ("fe80::1", [0x33, 0x33, 0, 0, 0, 1])] {
        net.frames.clear();
        let now = net.now;
        net.stacks[0].announce(now, ip(address));
        net.run(Duration::from_secs(10));
        assert_eq!(
            net.frames
                .iter()
                .map(|(_, f)| f[..6].to_vec())
                .collect::<Vec<_>>(),
            [to, to]
        );
    }
}

#[test]
fn a_full_table_lets_the_oldest_go_and_says_so() {
    let mut net = net();
    net.peers.push(Peer::new(PEER, 1500, &[(ip("192.0.2.9"), 24)]));
    let now = net.now;
    net.stacks[0].resolve(now, ip("192.0.2.9"));
    net.settle();
    net.peers.clear();
    for n in 0..1024_u32 {
        let address = std::net::Ipv4Addr::from(0xc000_0200 + 0x100 + n);
        let now = net.now;
        assert_eq!(net.stacks[0].resolve(now, address.into()), Answer::Asked);
    }
    assert_eq!(net.stacks[0].counters().evicted, 1, "who was known");
    let now = net.now;
    assert_eq!(
        net.stacks[0].resolve(now, ip("192.0.2.200")),
        Answer::Nobody,
        "all are being asked"
    );
    assert_eq!(net.stacks[0].neighbours(net.now).len(), 1024);
    net.run(Duration::from_secs(4));
    assert_eq!(net.told().len(), 1025);
    let now = net.now;
    assert_eq!(net.stacks[0].resolve(now, ip("192.0.2.200")), Answer::Asked);
}
