//! IPv6: addresses from routers, given ones, paths over them.

use std::net::IpAddr;
use std::time::Duration;

use driver_sys::netlink::PathAddrs;

use crate::port::{Configured, InterfaceConfig, Ipv6Source, Ping, PingEnd, PingId};
use crate::rig::{Peer, Rig, Router, bare};

const PEER: [u8; 6] = [2, 0, 0, 0, 0, 0x50];
const ROUTER: [u8; 6] = [2, 0, 0, 0, 0, 0x51];

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn auto() -> InterfaceConfig {
    InterfaceConfig {
        v6: Ipv6Source::Auto,
        ..bare(None)
    }
}

/// A router with a prefix, and a peer in it.
fn rig() -> Rig {
    let mut rig = Rig::new(9000);
    rig.routers
        .push(Router::new(ROUTER, "fe80::51", Some("2001:db8:7::")));
    rig.peers.push(Peer::new(ROUTER, 9000, &[(ip("fe80::51"), 64)]));
    rig.peers.push(Peer::new(
        PEER,
        9000,
        &[(ip("2001:db8:7::50"), 64), (ip("fe80::50"), 64)],
    ));
    rig
}

#[test]
fn an_address_comes_from_a_router_and_paths_lead_over_it() {
    let mut rig = rig();
    assert_eq!(rig.port.configure(rig.now, auto()), Configured::Acquiring);
    rig.ask(1, 0, "2001:db8:7::50");
    rig.ask(2, 0, "2001:db8:99::1");
    rig.run(Duration::from_secs(4));
    assert_eq!(rig.port.configured(0), Some(Configured::Ready));
    let ours = ip("2001:db8:7::ff:fe00:1");
    assert_eq!(
        (rig.answers(1)[0].mac, rig.answers(1)[0].src()),
        (PEER, Some(ours))
    );
    assert_eq!(
        (rig.answers(2)[0].mac, rig.answers(2)[0].src()),
        (ROUTER, Some(ours)),
        "through the router"
    );
    rig.ask(3, 0, "fe80::50");
    assert_eq!(
        (rig.answers(3)[0].mac, rig.answers(3)[0].src()),
        (PEER, Some(ip("fe80::ff:fe00:1")))
    );
    let status = rig.port.status(rig.now);
    assert_eq!(status.interfaces[0].routers, [ip("fe80::51")]);
    assert_eq!(status.interfaces[0].addresses.len(), 2);
}

#[test]
fn a_given_address_is_used_when_nobody_has_it() {
    let mut rig = rig();
    let config = InterfaceConfig {
        v6: Ipv6Source::Static {
            address: "2001:db8:7::9".parse().unwrap(),
            prefix: 64,
        },
        ..bare(None)
    };
    assert_eq!(rig.ready(config), Configured::Ready);
    rig.ask(1, 0, "2001:db8:7::50");
    assert_eq!(
        (rig.answers(1)[0].mac, rig.answers(1)[0].src()),
        (PEER, Some(ip("2001:db8:7::9")))
    );
    rig.ask(2, 0, "2001:db8:7::77");
    rig.run(Duration::from_secs(4));
    assert_eq!(rig.answers(2)[0].mac, [0; 6]);
    let ping = Ping {
        vlan_id: 0,
        to: ip("2001:db8:7::50"),
        size: 8952,
        limit: Duration::from_secs(1),
    };
    rig.port.ping(rig.now, PingId(1), ping);
    rig.settle();
    let end = rig.effects.iter().any(|(_, e)| {
        matches!(
            e,
            crate::port::Effect::PingDone {
                id: PingId(1),
                end: PingEnd::Answered,
                ..
            }
        )
    });
    assert!(end);
}

#[test]
fn a_routers_mtu_is_the_answers() {
    let mut rig = rig();
    rig.routers[0].mtu = Some(1400);
    rig.ready(auto());
    rig.ask(1, 0, "2001:db8:7::50");
    assert_eq!(rig.answers(1)[0].pmtu, 1400);
}

#[test]
fn without_a_router_the_link_itself_can_be_reached() {
    let mut rig = rig();
    rig.routers.clear();
    rig.port.configure(rig.now, auto());
    rig.run(Duration::from_secs(2));
    rig.ask(1, 0, "fe80::50");
    assert_eq!(rig.answers(1)[0].mac, PEER);
    rig.ask(2, 0, "2001:db8:7::50");
    rig.run(Duration::from_secs(11));
    assert_eq!(rig.answers(2)[0].mac, [0; 6]);
}

#[test]
fn a_router_that_is_silent_gives_way_to_another() {
    let mut rig = rig();
    rig.routers
        .push(Router::new([2, 0, 0, 0, 0, 0x52], "fe80::52", None));
    rig.peers
        .push(Peer::new([2, 0, 0, 0, 0, 0x52], 9000, &[(ip("fe80::52"), 64)]));
    rig.ready(auto());
    let used = rig.port.status(rig.now).interfaces[0].routers[0];
    let other = if used == ip("fe80::51") {
        ip("fe80::52")
    } else {
        ip("fe80::51")
    };
    rig.peers.remove(if used == ip("fe80::51") { 0 } else { 2 });
    rig.ask(1, 0, "2001:db8:99::1");
    rig.run(Duration::from_secs(4));
    assert_ne!(rig.answers(1)[0].mac, [0; 6], "the other's");
    assert_eq!(rig.port.status(rig.now).interfaces[0].routers, [other]);
}

#[test]
fn the_address_that_the_kernel_wishes_is_the_source_when_it_is_ours() {
    let mut rig = rig();
    rig.routers.push(Router::new(
        [2, 0, 0, 0, 0, 0x52],
        "fe80::52",
        Some("2001:db8:8::"),
    ));
    rig.ready(auto());
    let request = |handle, wish: &str| {
        let mut path = crate::rig::request(handle, 0, "2001:db8:7::50");
        let (src, dst) = (wish.parse().unwrap(), "2001:db8:7::50".parse().unwrap());
        path.addrs = PathAddrs::V6 { src, dst };
        path
    };
    let wishes = ["::", "2001:db8:8::ff:fe00:1", "2001:db8:9::1", "fe80::ff:fe00:1"];
    for (handle, wish) in (0..).zip(wishes) {
        rig.port.path_request(rig.now, request(handle, wish));
    }
    rig.settle();
    let sources: Vec<_> = (0..4)
        .map(|handle| rig.answers(handle)[0].src().unwrap().to_string())
        .collect();
    let ours = "2001:db8:7::ff:fe00:1";
    assert_eq!(sources, [ours, "2001:db8:8::ff:fe00:1", ours, ours]);
}
