//! Requests that meet an interface before its addresses.

use std::time::Duration;

use dhcproto::v4::MessageType;

use crate::port::{Configured, Effect, Ipv4Source, Vlan};
use crate::rig::{Crowd, Peer, Rig, Server, bare, fixed4};

const PEER: [u8; 6] = [2, 0, 0, 0, 0, 0x50];

#[test]
fn a_request_waits_until_the_link_was_asked_for_the_address() {
    let mut rig = Rig::new(1500);
    rig.peers
        .push(Peer::new(PEER, 1500, &[("192.0.2.20".parse().unwrap(), 24)]));
    let configured = rig.port.configure(rig.now, fixed4(None, "192.0.2.10", 24, None));
    assert_eq!(configured, Configured::Acquiring);
    rig.ask(1, 0, "192.0.2.20");
    assert!(rig.answers(1).is_empty());
    rig.run(Duration::from_secs(1));
    assert_eq!(rig.answers(1)[0].mac, PEER);
    assert_eq!(rig.paths[0].0.as_millis(), 600, "three probes");
}

#[test]
fn an_address_that_somebody_has_is_not_used() {
    let mut rig = Rig::new(1500);
    rig.peers
        .push(Peer::new(PEER, 1500, &[("192.0.2.10".parse().unwrap(), 24)]));
    // smoltcp does not answer probes; a crowd's member announces itself instead.
    let configured = rig.port.configure(rig.now, fixed4(None, "192.0.2.10", 24, None));
    assert_eq!(configured, Configured::Acquiring);
    rig.ask(1, 0, "192.0.2.20");
    let claim = Rig::claim("192.0.2.10");
    rig.arrive(claim);
    rig.run(Duration::from_secs(1));
    assert_eq!(rig.port.configured(0), Some(Configured::Failed));
    assert_eq!(rig.answers(1)[0].mac, [0; 6]);
    let status = rig.port.status(rig.now);
    assert!(status.interfaces[0].addresses[0].duplicate);
}

#[test]
fn within_two_seconds_there_is_a_lease_and_what_waits_goes_through_its_router() {
    let mut rig = Rig::new(1500);
    rig.servers
        .push(Server::new("192.0.2.1", "192.0.2.33", Some("192.0.2.1")));
    rig.crowds.push(Crowd {
        tag: None,
        net: [192, 0],
    });
    let dhcp = crate::port::InterfaceConfig {
        v4: Ipv4Source::Dhcp,
        ..bare(None)
    };
    assert_eq!(rig.port.configure(rig.now, dhcp), Configured::Acquiring);
    rig.ask(1, 0, "198.51.100.7");
    rig.run(Duration::from_secs(2));
    let path = rig.answers(1)[0];
    assert_eq!(path.mac, Crowd::mac("192.0.2.1".parse().unwrap()).unwrap());
    assert_eq!(path.src(), Some("192.0.2.33".parse().unwrap()));
    let status = &rig.port.status(rig.now).interfaces[0];
    assert_eq!(
        (status.state, status.leases.len(), status.routers.len()),
        (Configured::Ready, 1, 1)
    );
    assert!(rig.effects.iter().any(|(_, e)| *e == Effect::Changed));

    // It is renewed from the server it came from, and given back when the interface goes.
    rig.run(Duration::from_secs(320));
    assert_eq!(
        rig.servers[0].heard,
        [MessageType::Discover, MessageType::Request, MessageType::Request]
    );
    let renewal = rig.sent.last().expect("frames").clone();
    assert_eq!(
        renewal[..6],
        Crowd::mac("192.0.2.1".parse().unwrap()).unwrap(),
        "to the server alone"
    );
    rig.port.down(rig.now);
    rig.settle();
    assert_eq!(rig.servers[0].heard.last(), Some(&MessageType::Release));
    assert!(rig.port.status(rig.now).interfaces.is_empty());
    rig.ask(2, 0, "198.51.100.7");
    assert_eq!(rig.answers(2)[0].mac, [0; 6]);
}

#[test]
fn without_a_server_the_request_ends_at_its_limit() {
    let mut rig = Rig::new(1500);
    let dhcp = crate::port::InterfaceConfig {
        v4: Ipv4Source::Dhcp,
        ..bare(None)
    };
    rig.port.configure(rig.now, dhcp);
    rig.ask(1, 0, "198.51.100.7");
    rig.run(Duration::from_secs(5));
    assert!(rig.answers(1).is_empty(), "a server may still come");
    rig.run(Duration::from_secs(5));
    assert_eq!(rig.answers(1)[0].mac, [0; 6]);
    assert_eq!(rig.port.configured(0), Some(Configured::Failed));
    rig.ask(2, 0, "198.51.100.7");
    assert_eq!(rig.answers(2)[0].mac, [0; 6], "at once");
    // It goes on being tried, and told.
    rig.servers.push(Server::new("192.0.2.1", "192.0.2.33", None));
    rig.run(Duration::from_secs(70));
    assert_eq!(rig.port.configured(0), Some(Configured::Ready));
}

#[test]
fn a_destination_on_the_link_of_a_vlan_is_before_one_behind_a_router() {
    let mut rig = Rig::new(1500);
    let vlan = Vlan { id: 40, priority: 0 };
    rig.crowds.push(Crowd {
        tag: None,
        net: [192, 0],
    });
    rig.crowds.push(Crowd {
        tag: Some(40),
        net: [10, 1],
    });
    rig.ready(fixed4(None, "192.0.2.10", 24, Some("192.0.2.1")));
    rig.ready(fixed4(Some(vlan), "10.1.0.10", 16, None));
    rig.ask(1, 0, "10.1.7.7");
    assert_eq!(
        (rig.answers(1)[0].vlan_id, rig.answers(1)[0].mac),
        (40, [2, 0xcc, 10, 1, 7, 7])
    );
    rig.ask(2, 0, "10.2.7.7");
    assert_eq!(
        (rig.answers(2)[0].vlan_id, rig.answers(2)[0].mac),
        (0, [2, 0xcc, 192, 0, 2, 1])
    );
    rig.ask(3, 40, "10.2.7.7");
    assert_eq!(rig.answers(3)[0].mac, [0; 6], "that VLAN has no router");
}

#[test]
fn another_configuration_takes_the_place_of_the_one_before() {
    let mut rig = Rig::new(9000);
    rig.servers.push(Server::new("192.0.2.1", "192.0.2.33", None));
    rig.crowds.push(Crowd {
        tag: None,
        net: [192, 0],
    });
    let dhcp = crate::port::InterfaceConfig {
        v4: Ipv4Source::Dhcp,
        ..bare(None)
    };
    assert_eq!(rig.ready(dhcp.clone()), Configured::Ready);
    let asked = rig.servers[0].heard.len();
    assert_eq!(
        rig.port.configure(rig.now, dhcp.clone()),
        Configured::Ready,
        "the same"
    );
    rig.run(Duration::from_secs(5));
    assert!(rig.sent.is_empty(), "nothing is disturbed");
    // Another MTU: the lease is kept.
    rig.port.configure(
        rig.now,
        crate::port::InterfaceConfig {
            mtu: Some(4000),
            ..dhcp
        },
    );
    rig.ask(1, 0, "192.0.2.20");
    assert_eq!((rig.answers(1)[0].mac[5], rig.answers(1)[0].pmtu), (20, 4000));
    assert!(!rig.servers[0].heard.contains(&MessageType::Release));
    // Another source: it is given back.
    rig.ready(fixed4(None, "192.0.2.10", 24, None));
    assert_eq!(rig.servers[0].heard.last(), Some(&MessageType::Release));
    assert!(rig.servers[0].heard.len() > asked);
}

#[test]
fn a_vlan_that_only_the_kernel_names_has_the_untagged_interfaces_configuration() {
    let mut rig = Rig::new(1500);
    rig.crowds.push(Crowd {
        tag: Some(40),
        net: [192, 0],
    });
    rig.ready(fixed4(None, "192.0.2.10", 24, None));
    rig.ask(1, 40, "192.0.2.20");
    rig.run(Duration::from_secs(1));
    assert_eq!((rig.answers(1)[0].vlan_id, rig.answers(1)[0].mac[5]), (40, 20));
    assert_eq!(rig.port.status(rig.now).interfaces.len(), 2);
    // It goes with the configuration it was made from.
    rig.ready(fixed4(None, "192.0.2.11", 24, None));
    assert_eq!(rig.port.configured(40), None);
    rig.ask(2, 40, "192.0.2.20");
    rig.run(Duration::from_secs(1));
    assert_eq!(rig.answers(2)[0].src(), Some("192.0.2.11".parse().unwrap()));
    // One of its own stays.
    rig.ready(fixed4(Some(Vlan { id: 40, priority: 1 }), "192.0.2.12", 24, None));
    rig.ready(fixed4(None, "192.0.2.13", 24, None));
    rig.ask(3, 40, "192.0.2.20");
    assert_eq!(rig.answers(3)[0].src(), Some("192.0.2.12".parse().unwrap()));
}

#[test]
fn vlans_that_there_are_not_are_refused_and_interfaces_are_bounded() {
    let mut rig = Rig::new(1500);
    for id in [4095, 5000, u16::MAX] {
        let config = fixed4(Some(Vlan { id, priority: 0 }), "192.0.2.10", 24, None);
        assert_eq!(rig.port.configure(rig.now, config), Configured::Failed);
    }
    assert!(rig.port.status(rig.now).interfaces.is_empty());
    rig.ready(fixed4(None, "192.0.2.10", 24, None));
    for id in 1..200 {
        rig.ask(id, u16::try_from(id).unwrap(), "192.0.2.20");
    }
    assert_eq!(rig.port.status(rig.now).interfaces.len(), 64);
    rig.run(Duration::from_secs(20));
    assert_eq!(rig.paths.len(), 199);
}
