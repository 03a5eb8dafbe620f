//! Frames of any content: no panic, no table that grows, timers that come to an end.

use std::net::IpAddr;
use std::time::Duration;

use proptest::prelude::*;

use super::super::icmp::{self, Echo};
use super::super::{Event, ndisc};
use super::{THEM, US, framed, give, ip};
use crate::rig::Net;
use smoltcp::wire::EthernetProtocol;

/// A frame that something reads far into: a good one, some bytes of which are others.
fn nearly_good() -> impl Strategy<Value = Vec<u8>> {
    let ping = |source: &str, destination: &str, mtu: u16, size: usize| {
        let (source, destination): (IpAddr, IpAddr) = (ip(source), ip(destination));
        let payload = vec![1; size];
        let echo = Echo {
            request: true,
            identifier: 1,
            sequence: 2,
            payload: &payload,
        };
        let message = icmp::emit(source, destination, &echo);
        let protocol = icmp::protocol(source);
        let outgoing = super::super::packet::Outgoing {
            source,
            destination,
            hop_limit: 255,
            protocol,
            payload: &message,
        };
        super::datagram(&outgoing, mtu)
    };
    let mut frames = ping("192.0.2.9", "192.0.2.1", 1500, 40);
    frames.extend(ping("2001:db8::9", "2001:db8::1", 1500, 40));
    frames.extend(ping("192.0.2.9", "192.0.2.1", 1280, 3000));
    frames.extend(ping("2001:db8::9", "2001:db8::1", 1280, 3000));
    let (ours, them) = ("2001:db8::1".parse().unwrap(), "2001:db8::9".parse().unwrap());
    for packet in [
        ndisc::solicitation(them, ours, ours, THEM),
        ndisc::advertisement(them, ours, THEM),
    ] {
        frames.push(framed(US, EthernetProtocol::Ipv6, &packet));
    }
    let arp = super::super::arp::Arp {
        request: true,
        sender: (THEM, [192, 0, 2, 9].into()),
        target: (US, [192, 0, 2, 1].into()),
    };
    frames.push(arp.frame(US, None));
    let changes = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6);
    (
        prop::sample::select(frames),
        changes,
        any::<prop::sample::Index>(),
        any::<bool>(),
    )
        .prop_map(|(mut frame, changes, cut, cuts)| {
            for (at, value) in changes {
                let at = at.index(frame.len());
                frame[at] = value;
            }
            if cuts {
                frame.truncate(cut.index(frame.len()));
            }
            frame
        })
}

fn frames() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let any_bytes = prop::collection::vec(any::<u8>(), 0..200);
    prop::collection::vec(prop_oneof![3 => nearly_good(), 1 => any_bytes], 0..60)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn no_frame_panics_and_nothing_grows_without_bound(frames in frames(), step in 0..3_000_u64) {
        let mut net = Net::new();
        net.stack(1500, &["192.0.2.1/24", "fe80::1/64", "2001:db8::1/64"]);
        let now = net.now;
        net.stacks[0].resolve(now, ip("192.0.2.9"));
        net.stacks[0].resolve(now, ip("2001:db8::9"));
        net.stacks[0].probe(now, ip("192.0.2.60"));
        net.stacks[0].echo(now, 1, ip("192.0.2.9"), 56, now + Duration::from_secs(9));
        for frame in &frames {
            give(&mut net, frame);
            net.run(Duration::from_millis(step));
        }
        net.run(Duration::from_secs(30));
        prop_assert_eq!(net.stacks[0].poll_timeout(), None, "every timer ends");
        prop_assert!(net.stacks[0].neighbours(net.now).len() <= 2, "only who was asked for");
        let ends = net.told().iter().filter(|e| matches!(e, Event::Echo { .. })).count();
        prop_assert_eq!(ends, 1, "the ping ended once");
        let probed = net.events.len();
        prop_assert_eq!(probed, 0);
    }
}
