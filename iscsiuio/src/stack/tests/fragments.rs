//! Datagrams in pieces, and pieces that fit nothing.

use std::time::Duration;

use super::super::icmp::{self, Echo};
use super::super::packet::Outgoing;
use super::{datagram, give, ip};
use crate::rig::Net;

fn net() -> Net {
    let mut net = Net::new();
    net.stack(1500, &["192.0.2.1/24", "2001:db8::1/64"]);
    net.frames.clear();
    net
}

const ENDS: [(&str, &str); 2] = [("192.0.2.9", "192.0.2.1"), ("2001:db8::9", "2001:db8::1")];

/// A ping in pieces.
fn pieces((from, to): (&str, &str), size: usize) -> Vec<Vec<u8>> {
    let payload: Vec<u8> = (0..size).map(|n| (n % 251) as u8).collect();
    let (source, destination) = (ip(from), ip(to));
    let echo = Echo {
        request: true,
        identifier: 1,
        sequence: 2,
        payload: &payload,
    };
    let message = icmp::emit(source, destination, &echo);
    let protocol = icmp::protocol(source);
    datagram(
        &Outgoing {
            source,
            destination,
            hop_limit: 64,
            protocol,
            payload: &message,
        },
        1280,
    )
}

fn answers(net: &mut Net) -> usize {
    net.settle();
    std::mem::take(&mut net.frames).len()
}

#[test]
fn pieces_come_in_any_order_and_twice() {
    let mut net = net();
    for ends in ENDS {
        let mut pieces = pieces(ends, 5000);
        assert!(pieces.len() >= 4);
        pieces.reverse();
        pieces.insert(1, pieces[0].clone());
        for (n, piece) in pieces.iter().enumerate() {
            assert_eq!(answers(&mut net), 0, "before {n}");
            assert!(give(&mut net, piece));
        }
        assert_eq!(answers(&mut net), 4);
    }
}

#[test]
fn pieces_that_overlap_void_their_datagram() {
    let mut net = net();
    for (ends, offset) in ENDS.into_iter().zip([20, 56]) {
        let pieces = pieces(ends, 3000);
        let mut other = pieces[1].clone();
        let end = other.len() - 1;
        other[end] ^= 1;
        assert!(give(&mut net, &pieces[0]));
        assert!(give(&mut net, &pieces[1]));
        assert!(!give(&mut net, &other), "other bytes at the same place, {offset}");
        assert!(!give(&mut net, &pieces[2]), "the datagram is void");
        assert_eq!(answers(&mut net), 0);
        net.run(Duration::from_secs(16));
        let now = net.now;
        net.stacks[0].handle_timeout(now);
        pieces.iter().for_each(|piece| assert!(give(&mut net, piece)));
        assert_ne!(answers(&mut net), 0, "later the same number is another datagram");
    }
}

#[test]
fn pieces_without_end_or_beyond_it_are_thrown_away_in_time() {
    let mut net = net();
    for ends in ENDS {
        let all = pieces(ends, 5000);
        // Never the last: it waits, and is forgotten.
        for piece in &all[..all.len() - 1] {
            assert!(give(&mut net, piece));
        }
        net.now += Duration::from_secs(15);
        let now = net.now;
        net.stacks[0].handle_timeout(now);
        assert!(give(&mut net, &all[all.len() - 1]));
        assert_eq!(answers(&mut net), 0, "the others are gone");
        net.now += Duration::from_secs(15);
    }
}

#[test]
fn many_datagrams_that_never_end_take_no_more_room_than_sixteen() {
    let mut net = net();
    for ends in ENDS {
        let before = net.stacks[0].counters().evicted;
        for n in 0..200_u8 {
            let mut piece = pieces(ends, 3000)[0].clone();
            // Another datagram's number.
            if piece[12..14] == [0x08, 0x00] {
                piece[18] = n;
                let mut header = smoltcp::wire::Ipv4Packet::new_unchecked(&mut piece[14..]);
                header.fill_checksum();
            } else {
                piece[58] = n;
            }
            assert!(give(&mut net, &piece));
        }
        assert_eq!(net.stacks[0].counters().evicted - before, 200 - 16);
        net.now += Duration::from_secs(15);
        let now = net.now;
        net.stacks[0].handle_timeout(now);
    }
}
