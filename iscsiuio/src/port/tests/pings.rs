//! Pings of a port.

use std::time::Duration;

use crate::port::{Effect, InterfaceConfig, Ping, PingEnd, PingId, Vlan};
use crate::rig::{Peer, Rig, fixed4};

const PEER: [u8; 6] = [2, 0, 0, 0, 0, 0x50];

fn rig(config: InterfaceConfig, tag: Option<u16>) -> Rig {
    let mut rig = Rig::new(9000);
    let peer = Peer::new(PEER, 9000, &[("192.0.2.20".parse().unwrap(), 24)]);
    rig.peers.push(match tag {
        Some(tag) => peer.on_vlan(tag),
        None => peer,
    });
    rig.port.configure(rig.now, config);
    rig
}

fn ping(rig: &mut Rig, vlan_id: u16, to: &str, size: u16) -> (PingEnd, Duration) {
    let ping = Ping {
        vlan_id,
        to: to.parse().unwrap(),
        size,
        limit: Duration::from_secs(4),
    };
    rig.effects.clear();
    rig.port.ping(rig.now, PingId(9), ping);
    rig.run(Duration::from_secs(5));
    let ends: Vec<_> = rig
        .effects
        .iter()
        .filter_map(|(_, effect)| match effect {
            Effect::PingDone {
                id: PingId(9),
                end,
                took,
            } => Some((*end, *took)),
            _ => None,
        })
        .collect();
    assert_eq!(ends.len(), 1, "{ends:?}");
    ends[0]
}

#[test]
fn each_end_is_told_apart() {
    let mut rig = rig(fixed4(None, "192.0.2.10", 24, None), None);
    // The address is being looked at: the ping waits for it, and that is no part of its time.
    let (end, took) = ping(&mut rig, 0, "192.0.2.20", 56);
    assert_eq!((end, took), (PingEnd::Answered, Duration::from_micros(100)));
    for size in [0, 8972, 8973, 65_507] {
        assert_eq!(
            ping(&mut rig, 0, "192.0.2.20", size).0,
            PingEnd::Answered,
            "{size}"
        );
    }
    assert_eq!(ping(&mut rig, 0, "192.0.2.20", 65_508).0, PingEnd::TooLarge);
    assert_eq!(
        ping(&mut rig, 7, "192.0.2.20", 56).0,
        PingEnd::NoAddress,
        "no such VLAN"
    );
    assert_eq!(ping(&mut rig, 0, "2001:db8::1", 56).0, PingEnd::NoAddress);
    assert_eq!(ping(&mut rig, 0, "198.51.100.1", 56).0, PingEnd::Unreachable);
    assert_eq!(ping(&mut rig, 0, "192.0.2.77", 56).0, PingEnd::Unreachable);
    rig.peers.clear();
    assert_eq!(ping(&mut rig, 0, "192.0.2.20", 56).0, PingEnd::TimedOut);
}

#[test]
fn a_jumbo_ping_on_a_vlan_carries_the_tag() {
    let vlan = Vlan { id: 100, priority: 6 };
    let mut rig = rig(fixed4(Some(vlan), "192.0.2.10", 24, None), Some(100));
    assert_eq!(ping(&mut rig, 100, "192.0.2.20", 8972).0, PingEnd::Answered);
    let longest = rig.sent.iter().max_by_key(|f| f.len()).unwrap();
    assert_eq!(longest.len(), 9018);
    assert!(rig.sent.iter().all(|f| f[12..16] == [0x81, 0, 0xc0, 100]));
}

#[test]
fn frames_that_only_have_a_priority_are_untagged_ones() {
    // 802.1Q clause 6.9: VLAN ID 0 is no VLAN.
    let mut rig = rig(fixed4(None, "192.0.2.10", 24, None), Some(5 << 13));
    assert_eq!(ping(&mut rig, 0, "192.0.2.20", 56).0, PingEnd::Answered);
    assert!(rig.sent.iter().all(|f| f[12..14] != [0x81, 0]));
}

#[test]
fn a_ping_ends_with_its_interface_and_one_that_waits_at_its_limit() {
    let mut rig = rig(fixed4(None, "192.0.2.10", 24, None), None);
    rig.run(Duration::from_secs(5));
    rig.peers.clear();
    let to = "192.0.2.20".parse().unwrap();
    let ping = Ping {
        vlan_id: 0,
        to,
        size: 56,
        limit: Duration::MAX,
    };
    rig.port.ping(rig.now, PingId(1), ping);
    rig.port.ping(rig.now, PingId(1), ping);
    rig.settle();
    rig.effects.clear();
    rig.port.down(rig.now);
    rig.settle();
    let ends = rig
        .effects
        .iter()
        .filter(|(_, e)| matches!(e, Effect::PingDone { id: PingId(1), .. }))
        .count();
    assert_eq!(ends, 2);

    rig.ready(fixed4(None, "192.0.2.10", 24, None));
    rig.port.link(rig.now, false);
    rig.port.ping(
        rig.now,
        PingId(2),
        Ping {
            limit: Duration::from_secs(3),
            ..ping
        },
    );
    rig.run(Duration::from_secs(4));
    let end = Effect::PingDone {
        id: PingId(2),
        end: PingEnd::TimedOut,
        took: Duration::ZERO,
    };
    assert!(rig.effects.iter().any(|(_, e)| *e == end));
    assert_eq!(rig.port.poll_timeout(), None);
}
