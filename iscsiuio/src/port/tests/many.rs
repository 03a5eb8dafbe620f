//! Many requests at once: none is lost, none is answered twice.

use std::time::Duration;

use proptest::prelude::*;

use crate::port::Vlan;
use crate::rig::{Crowd, Rig, fixed4, request};

/// A port with an untagged interface and two VLANs, each with a crowd.
fn rig() -> Rig {
    let mut rig = Rig::new(1500);
    for (net, vlan) in [(0, None), (1, Some(100)), (2, Some(200))] {
        let vlan = vlan.map(|id| Vlan { id, priority: 3 });
        rig.crowds.push(Crowd {
            tag: vlan.map(Vlan::control),
            net: [10, net],
        });
        rig.ready(fixed4(vlan, &format!("10.{net}.0.10"), 16, None));
    }
    rig
}

#[test]
fn five_hundred_at_once_over_three_ports_and_two_vlans() {
    let mut rigs = [rig(), rig(), rig()];
    for handle in 0..512_u64 {
        let (port, net) = (handle as usize % 3, handle % 2 + 1);
        let to = format!("10.{net}.{}.{}", 1 + handle / 200, 1 + handle % 200);
        let rig = &mut rigs[port];
        rig.port.path_request(
            rig.now,
            request(handle, if handle % 5 == 0 { 0 } else { 100 * net as u16 }, &to),
        );
    }
    let pending: usize = rigs.iter().map(|rig| rig.port.status(rig.now).pending).sum();
    assert_eq!(pending, 512);
    for rig in &mut rigs {
        rig.settle();
    }
    for handle in 0..512_u64 {
        let answers: Vec<_> = rigs.iter().flat_map(|rig| rig.answers(handle)).collect();
        let [path] = answers[..] else {
            panic!("{handle}: {answers:?}")
        };
        let net = handle as u8 % 2 + 1;
        assert_eq!(path.mac[..4], [2, 0xcc, 10, net]);
        assert_eq!(path.vlan_id, (3 << 13) | (u16::from(net) * 100));
    }
    assert!(
        rigs.iter()
            .all(|rig| rig.paths.iter().all(|(at, _)| *at < Duration::from_secs(16)))
    );
}

#[test]
fn the_same_next_hop_is_asked_once_for_all() {
    let mut rig = rig();
    for handle in 0..300 {
        rig.port.path_request(rig.now, request(handle, 0, "10.0.0.77"));
    }
    rig.settle();
    assert_eq!(rig.sent.len(), 1);
    assert_eq!(rig.paths.len(), 300);
}

#[test]
fn the_same_handle_asked_again_is_one_answer_more() {
    let mut rig = rig();
    for _ in 0..3 {
        rig.port.path_request(rig.now, request(4, 0, "10.0.0.77"));
        rig.port.path_request(rig.now, request(5, 0, "10.0.0.251"));
    }
    rig.run(Duration::from_secs(10));
    assert_eq!((rig.answers(4).len(), rig.answers(5).len()), (3, 3));
}

#[test]
fn more_than_can_wait_are_refused_at_once_and_counted() {
    let mut rig = rig();
    for handle in 0..4100 {
        rig.port.path_request(rig.now, request(handle, 0, "10.0.0.251"));
    }
    rig.settle();
    assert_eq!(
        rig.paths.iter().map(|(_, p)| p.handle).collect::<Vec<_>>(),
        [4096, 4097, 4098, 4099]
    );
    let status = rig.port.status(rig.now);
    assert_eq!((status.pending, status.counters.evicted), (4096, 4));
    rig.run(Duration::from_secs(4));
    assert_eq!(rig.paths.len(), 4100);
    let counters = rig.port.status(rig.now).counters;
    assert_eq!(
        (counters.requests, counters.resolved, counters.failed),
        (4100, 0, 4100)
    );
}

#[derive(Debug, Clone)]
enum Turn {
    Ask { vlan: usize, host: u8 },
    Run(u64),
    Link(bool),
    Down,
    Configure(usize),
    Frame(Vec<u8>),
}

fn turn() -> impl Strategy<Value = Turn> {
    prop_oneof![
        12 => (0..4_usize, 1..=255_u8).prop_map(|(vlan, host)| Turn::Ask { vlan, host }),
        6 => (0..4_000_u64).prop_map(Turn::Run),
        1 => any::<bool>().prop_map(Turn::Link),
        1 => Just(Turn::Down),
        2 => (0..3_usize).prop_map(Turn::Configure),
        1 => prop::collection::vec(any::<u8>(), 0..80).prop_map(Turn::Frame),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn every_request_is_answered_once_whatever_happens(
        turns in prop::collection::vec(turn(), 1..60),
        (lost, twice, late) in (0..100_u64, 0..50_u64, 0..3_000_u64),
    ) {
        let mut rig = rig();
        rig.weather.lost = lost;
        rig.weather.twice = twice;
        rig.weather.late = Duration::from_millis(late);
        let mut asked = 0;
        for turn in turns {
            match turn {
                Turn::Ask { vlan, host } => {
                    let to = format!("10.{vlan}.0.{host}");
                    rig.port.path_request(rig.now, request(asked, [0, 100, 200, 300][vlan], &to));
                    asked += 1;
                }
                Turn::Run(millis) => rig.run(Duration::from_millis(millis)),
                Turn::Link(up) => rig.port.link(rig.now, up),
                Turn::Down => rig.port.down(rig.now),
                Turn::Configure(net) => {
                    let vlan = [None, Some(100), Some(200)][net].map(|id| Vlan { id, priority: 3 });
                    rig.port.configure(rig.now, fixed4(vlan, &format!("10.{net}.0.10"), 16, None));
                }
                Turn::Frame(bytes) => rig.port.frame(rig.now, &bytes),
            }
        }
        let last = rig.elapsed();
        rig.run(Duration::from_secs(11));
        for handle in 0..asked {
            prop_assert_eq!(rig.answers(handle).len(), 1, "{}", handle);
        }
        prop_assert!(rig.paths.iter().all(|(at, _)| *at <= last + Duration::from_secs(10)));
        for (_, path) in &rig.paths {
            let right = path.dst().and_then(Crowd::mac);
            prop_assert!(path.mac == [0; 6] || Some(path.mac) == right);
        }
        let status = rig.port.status(rig.now);
        prop_assert_eq!(status.pending, 0);
        prop_assert_eq!(status.counters.requests, asked);
        prop_assert_eq!(status.counters.resolved + status.counters.failed, asked);
    }
}
