//! Path requests: each is answered once, with what the kernel needs.

use std::net::IpAddr;
use std::time::Duration;

use driver_sys::netlink::{Path, PathAddrs};

use crate::port::{Configured, Vlan};
use crate::rig::{Peer, Rig, fixed4, request};

const PEER: [u8; 6] = [2, 0, 0, 0, 0, 0x50];
const ROUTER: [u8; 6] = [2, 0, 0, 0, 0, 0x51];

fn v4(text: &str) -> IpAddr {
    text.parse().unwrap()
}

#[test]
fn a_neighbour_is_asked_for_and_the_kernel_gets_its_mac_address() {
    let mut rig = Rig::new(1500);
    rig.peers.push(Peer::new(PEER, 1500, &[(v4("192.0.2.20"), 24)]));
    assert_eq!(rig.ready(fixed4(None, "192.0.2.10", 24, None)), Configured::Ready);
    rig.ask(7, 0, "192.0.2.20");
    let [path] = rig.answers(7)[..] else {
        panic!("{:?}", rig.paths)
    };
    assert_eq!((path.mac, path.vlan_id, path.pmtu), (PEER, 0, 1500));
    let ends = PathAddrs::V4 {
        src: [192, 0, 2, 10].into(),
        dst: [192, 0, 2, 20].into(),
    };
    assert_eq!(path.addrs, ends);
    assert_eq!(rig.sent.len(), 1, "one question");

    // The second one is answered out of the table.
    rig.ask(8, 0, "192.0.2.20");
    assert_eq!(rig.answers(8).len(), 1);
    assert_eq!(rig.sent.len(), 1);
    let counters = rig.port.status(rig.now).counters;
    assert_eq!((counters.requests, counters.resolved, counters.failed), (2, 2, 0));
}

#[test]
fn what_is_not_on_the_link_goes_to_the_gateway() {
    let mut rig = Rig::new(1500);
    rig.peers.push(Peer::new(ROUTER, 1500, &[(v4("192.0.2.1"), 24)]));
    rig.ready(fixed4(None, "192.0.2.10", 24, Some("192.0.2.1")));
    rig.ask(1, 0, "198.51.100.9");
    assert_eq!(rig.answers(1)[0].mac, ROUTER);
    assert_eq!(rig.answers(1)[0].dst(), Some(v4("198.51.100.9")));
}

#[test]
fn without_a_route_an_address_or_an_answer_the_mac_address_is_zero() {
    let mut rig = Rig::new(1500);
    rig.ask(1, 0, "192.0.2.20");
    assert_eq!(rig.answers(1)[0].mac, [0; 6], "no interface");
    rig.ready(fixed4(None, "192.0.2.10", 24, None));
    for (handle, to) in [
        (2, "198.51.100.9"),
        (3, "2001:db8::1"),
        (4, "192.0.2.255"),
        (5, "0.0.0.0"),
        (6, "224.0.0.1"),
    ] {
        rig.ask(handle, 0, to);
        assert_eq!(rig.answers(handle)[0].mac, [0; 6], "{to}");
    }
    let asked = rig.elapsed();
    rig.ask(7, 0, "192.0.2.77");
    assert!(rig.answers(7).is_empty());
    rig.run(Duration::from_secs(10));
    assert_eq!(rig.answers(7)[0].mac, [0; 6]);
    let at = rig.paths.last().unwrap().0 - asked;
    assert_eq!(at.as_secs(), 3, "three questions, a second apart");
    assert_eq!(rig.sent.len(), 3);
}

#[test]
fn a_request_of_no_family_is_refused() {
    let mut rig = Rig::new(1500);
    rig.ready(fixed4(None, "192.0.2.10", 24, None));
    let mut odd = request(9, 0, "192.0.2.20");
    odd.addrs = PathAddrs::None { len: 7 };
    rig.port.path_request(rig.now, odd);
    rig.settle();
    assert_eq!(rig.answers(9), [Path { mac: [0; 6], ..odd }]);
}

#[test]
fn a_tagged_interface_asks_with_its_tag_and_the_answer_carries_it() {
    let mut rig = Rig::new(1500);
    let vlan = Vlan { id: 100, priority: 5 };
    rig.peers
        .push(Peer::new(PEER, 1500, &[(v4("192.0.2.20"), 24)]).on_vlan(100));
    rig.ready(fixed4(Some(vlan), "192.0.2.10", 24, None));
    // The kernel names the VLAN, or knows nothing of it.
    for (handle, vlan_id) in [(1, 100), (2, 0)] {
        rig.ask(handle, vlan_id, "192.0.2.20");
        assert_eq!(rig.answers(handle)[0].mac, PEER);
        assert_eq!(rig.answers(handle)[0].vlan_id, (5 << 13) | 100);
    }
    assert_eq!(rig.sent[0][12..16], [0x81, 0, (5 << 5), 100]);
    rig.ask(3, 200, "192.0.2.20");
    assert_eq!(rig.answers(3)[0].mac, [0; 6], "nothing is on that VLAN");
}
