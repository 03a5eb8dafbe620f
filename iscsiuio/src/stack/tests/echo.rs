//! Pings of ours and of others.

use std::time::Duration;

use super::super::{EchoEnd, Event};
use super::ip;
use crate::rig::{Net, Peer};

const PEER: [u8; 6] = [2, 0, 0, 0, 0, 0x50];

fn ping(net: &mut Net, to: &str, size: usize) -> EchoEnd {
    net.told();
    let now = net.now;
    net.stacks[0].echo(now, 5, ip(to), size, now + Duration::from_secs(2));
    net.run(Duration::from_secs(4));
    let ends: Vec<_> = net
        .told()
        .into_iter()
        .filter_map(|event| match event {
            Event::Echo { id: 5, end, .. } => Some(end),
            _ => None,
        })
        .collect();
    assert_eq!(ends.len(), 1, "one end");
    ends[0]
}

#[test]
fn anothers_stack_answers_up_to_the_largest_echo() {
    for mtu in [1280, 1500, 9000] {
        let mut net = Net::new();
        net.stack(mtu, &["192.0.2.1/24", "2001:db8::1/64"]);
        net.peers.push(Peer::new(
            PEER,
            mtu.into(),
            &[(ip("192.0.2.9"), 24), (ip("2001:db8::9"), 64)],
        ));
        for size in [
            0,
            1,
            56,
            usize::from(mtu) - 28,
            usize::from(mtu) - 27,
            20_000,
            65_507,
        ] {
            assert_eq!(
                ping(&mut net, "192.0.2.9", size),
                EchoEnd::Answered,
                "{size} over {mtu}"
            );
        }
        // smoltcp has no pieces of IPv6.
        for size in [0, 1, 56, usize::from(mtu) - 48] {
            assert_eq!(
                ping(&mut net, "2001:db8::9", size),
                EchoEnd::Answered,
                "{size} over {mtu}"
            );
        }
        let longest = net.frames.iter().map(|(_, f)| f.len()).max();
        assert!(longest <= Some(usize::from(mtu) + 14), "{longest:?}");
    }
}

#[test]
fn two_of_us_answer_each_other_in_pieces_too() {
    for mtu in [1280, 1500, 9000] {
        let mut net = Net::new();
        net.stack(mtu, &["192.0.2.1/24", "fe80::1/64", "2001:db8::1/64"]);
        net.stack(mtu, &["192.0.2.2/24", "fe80::2/64", "2001:db8::2/64"]);
        for to in ["192.0.2.2", "fe80::2", "2001:db8::2"] {
            for size in [0, 56, usize::from(mtu) - 48, usize::from(mtu) - 47, 65_507] {
                assert_eq!(
                    ping(&mut net, to, size),
                    EchoEnd::Answered,
                    "{to} {size} over {mtu}"
                );
            }
        }
        assert!(net.frames.iter().all(|(_, f)| f.len() <= usize::from(mtu) + 14));
    }
}

#[test]
fn each_end_of_a_ping_is_told_apart() {
    let mut net = Net::new();
    net.stack(1500, &["192.0.2.1/24"]);
    assert_eq!(ping(&mut net, "192.0.2.9", 65_508), EchoEnd::TooLarge);
    assert_eq!(ping(&mut net, "2001:db8::9", 56), EchoEnd::NoAddress);
    assert_eq!(ping(&mut net, "198.51.100.1", 56), EchoEnd::Unreachable);
    assert_eq!(ping(&mut net, "192.0.2.255", 56), EchoEnd::Unreachable);
    assert_eq!(
        ping(&mut net, "192.0.2.77", 56),
        EchoEnd::TimedOut,
        "the limit is before the third question"
    );
    let now = net.now;
    net.stacks[0].echo(now, 6, ip("192.0.2.77"), 56, now + Duration::from_secs(20));
    net.run(Duration::from_secs(5));
    let end = Event::Echo {
        id: 6,
        end: EchoEnd::Unreachable,
        took: Duration::ZERO,
    };
    assert!(net.told().contains(&end), "nobody answers for it");
}

#[test]
fn too_many_pings_are_refused_and_counted() {
    let mut net = Net::new();
    net.stack(1500, &["192.0.2.1/24"]);
    let now = net.now;
    for id in 0..257 {
        net.stacks[0].echo(now, id, ip("192.0.2.77"), 56, now + Duration::from_secs(60));
    }
    assert_eq!(
        net.told(),
        [Event::Echo {
            id: 256,
            end: EchoEnd::Unreachable,
            took: Duration::ZERO
        }]
    );
    assert_eq!(net.stacks[0].counters().evicted, 1);
    net.run(Duration::from_secs(61));
    assert_eq!(
        net.told()
            .iter()
            .filter(|e| matches!(e, Event::Echo { .. }))
            .count(),
        256
    );
}
