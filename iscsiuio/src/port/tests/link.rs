//! Links that come and go, and ports that are told to stop.

use std::time::Duration;

use crate::port::Configured;
use crate::rig::{Crowd, Rig, fixed4, request};

fn rig() -> Rig {
    let mut rig = Rig::new(1500);
    rig.crowds.push(Crowd {
        tag: None,
        net: [192, 0],
    });
    assert_eq!(rig.ready(fixed4(None, "192.0.2.10", 24, None)), Configured::Ready);
    rig
}

#[test]
fn a_link_that_goes_answers_what_waits() {
    let mut rig = rig();
    for handle in 0..20 {
        rig.port.path_request(rig.now, request(handle, 0, "192.0.2.251"));
    }
    rig.settle();
    assert!(rig.paths.is_empty());
    rig.port.link(rig.now, false);
    rig.settle();
    assert_eq!(rig.paths.len(), 20);
    assert!(rig.paths.iter().all(|(_, p)| p.mac == [0; 6]));
    assert_eq!(rig.port.status(rig.now).pending, 0);
}

#[test]
fn a_request_without_a_link_waits_for_it_and_not_for_ever() {
    let mut rig = rig();
    rig.port.link(rig.now, false);
    rig.ask(1, 0, "192.0.2.20");
    rig.ask(2, 0, "192.0.2.250");
    assert!(rig.paths.is_empty());
    rig.run(Duration::from_secs(4));
    rig.port.link(rig.now, true);
    rig.settle();
    assert_eq!(rig.answers(1)[0].mac, [2, 0xcc, 192, 0, 2, 20]);
    rig.port.link(rig.now, false);
    rig.settle();
    assert_eq!(rig.answers(2)[0].mac, [0; 6]);
    rig.ask(3, 0, "192.0.2.20");
    rig.run(Duration::from_secs(10));
    assert_eq!(rig.answers(3)[0].mac, [0; 6]);
}

#[test]
fn a_port_that_is_told_to_stop_answers_everything_once() {
    let mut rig = rig();
    for handle in 0..50 {
        let to = if handle % 2 == 0 {
            "192.0.2.251"
        } else {
            "192.0.2.20"
        };
        rig.port.path_request(rig.now, request(handle, 0, to));
    }
    rig.port.down(rig.now);
    rig.run(Duration::from_secs(20));
    for handle in 0..50 {
        assert_eq!(rig.answers(handle).len(), 1, "{handle}");
    }
    assert_eq!(rig.port.poll_timeout(), None, "nothing is left");
    // It can be used again.
    assert_eq!(rig.ready(fixed4(None, "192.0.2.10", 24, None)), Configured::Ready);
    rig.ask(99, 0, "192.0.2.20");
    assert_ne!(rig.answers(99)[0].mac, [0; 6]);
}

#[test]
fn who_was_known_before_a_flap_is_asked_again() {
    let mut rig = rig();
    rig.ask(1, 0, "192.0.2.20");
    rig.sent.clear();
    rig.ask(2, 0, "192.0.2.20");
    assert!(rig.sent.is_empty());
    rig.port.link(rig.now, false);
    rig.port.link(rig.now, true);
    rig.run(Duration::from_secs(2));
    rig.sent.clear();
    rig.ask(3, 0, "192.0.2.20");
    assert_eq!(rig.answers(3)[0].mac, [2, 0xcc, 192, 0, 2, 20]);
    assert_eq!(rig.sent.len(), 1);
    assert_eq!(rig.sent[0][..6], [2, 0xcc, 192, 0, 2, 20], "alone");
}
