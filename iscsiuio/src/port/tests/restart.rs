//! A process that takes over from another.

use std::time::Duration;

use dhcproto::v4::MessageType;

use crate::port::{Configured, InterfaceConfig, Ipv4Source};
use crate::rig::{Crowd, Rig, Server, bare, fixed4};

fn dhcp() -> InterfaceConfig {
    InterfaceConfig {
        v4: Ipv4Source::Dhcp,
        ..bare(None)
    }
}

#[test]
fn a_lease_and_neighbours_go_on_without_a_gap() {
    let mut before = Rig::new(1500);
    before.servers.push(Server::new("192.0.2.1", "192.0.2.33", None));
    before.crowds.push(Crowd {
        tag: None,
        net: [192, 0],
    });
    assert_eq!(before.ready(dhcp()), Configured::Ready);
    before.ask(1, 0, "192.0.2.20");
    before.run(Duration::from_secs(100));
    let saved = before.port.status(before.now).interfaces.remove(0);

    let mut after = Rig::new(1500);
    after.port.resume(after.now, &saved);
    assert_eq!(after.port.configured(0), Some(Configured::Ready));
    let mut path = crate::rig::request(2, 0, "192.0.2.20");
    path.pmtu = 0;
    after.port.path_request(after.now, path);
    // Answered before any frame could come back: the link has nobody on it.
    after.settle();
    let path = after.answers(2)[0];
    assert_eq!((path.mac, path.pmtu), ([2, 0xcc, 192, 0, 2, 20], 1500));
    assert_eq!(path.src(), Some("192.0.2.33".parse().unwrap()));
    // Who does not answer any more is not kept.
    after.run(Duration::from_secs(10));
    after.ask(3, 0, "192.0.2.20");
    after.run(Duration::from_secs(10));
    assert_eq!(after.answers(3)[0].mac, [0; 6]);
}

#[test]
fn the_server_is_asked_and_the_neighbour_too() {
    let mut before = Rig::new(1500);
    before.servers.push(Server::new("192.0.2.1", "192.0.2.33", None));
    before.crowds.push(Crowd {
        tag: None,
        net: [192, 0],
    });
    before.ready(dhcp());
    before.ask(1, 0, "192.0.2.20");
    let saved = before.port.status(before.now).interfaces.remove(0);
    let mut after = Rig::new(1500);
    std::mem::swap(&mut after.servers, &mut before.servers);
    std::mem::swap(&mut after.crowds, &mut before.crowds);
    after.servers[0].heard.clear();
    after.port.resume(after.now, &saved);
    after.settle();
    assert_eq!(
        after.servers[0].heard,
        [MessageType::Request],
        "whether the lease still holds"
    );
    let asked: Vec<_> = after
        .sent
        .iter()
        .filter(|f| f[12..14] == [8, 6] && f[28..32] != [0; 4])
        .collect();
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0][..6], [2, 0xcc, 192, 0, 2, 20], "the neighbour alone");
    assert_eq!(
        after.port.status(after.now).interfaces[0].neighbours[0]
            .age
            .as_secs(),
        0
    );
}

#[test]
fn an_interface_that_is_there_is_not_resumed_over() {
    let mut rig = Rig::new(1500);
    rig.crowds.push(Crowd {
        tag: None,
        net: [192, 0],
    });
    rig.ready(fixed4(None, "192.0.2.10", 24, None));
    let mut saved = rig.port.status(rig.now).interfaces.remove(0);
    saved.config = fixed4(None, "192.0.2.99", 24, None);
    rig.port.resume(rig.now, &saved);
    rig.ask(1, 0, "192.0.2.20");
    assert_eq!(rig.answers(1)[0].src(), Some("192.0.2.10".parse().unwrap()));
}

#[test]
fn what_a_vlan_has_from_the_untagged_interface_is_known_after_a_restart() {
    let mut before = Rig::new(1500);
    before.ready(fixed4(None, "192.0.2.10", 24, None));
    before.ask(1, 40, "192.0.2.20");
    let saved = before.port.status(before.now).interfaces;
    assert_eq!(saved.len(), 2);
    let mut after = Rig::new(1500);
    saved
        .iter()
        .for_each(|interface| after.port.resume(after.now, interface));
    assert!(after.port.configured(40).is_some());
    after.ready(fixed4(None, "192.0.2.11", 24, None));
    assert_eq!(after.port.configured(40), None);
}
