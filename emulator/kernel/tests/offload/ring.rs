//! The L2 ring: frames out, frames in, one client.

use std::time::{Duration, Instant};

use driver_sys::port::Seqpacket;

use super::lab::{HOST, Lab, PATIENCE};

/// A gratuitous frame of nobody: an ARP request for an address.
fn who_has(lab: &Lab, target: [u8; 4]) -> Vec<u8> {
    let mac = lab.read("class/iscsi_host/host6/hwaddress");
    let mac: Vec<u8> = mac
        .split(':')
        .map(|b| u8::from_str_radix(b, 16).expect("a byte"))
        .collect();
    let mut frame = vec![0xff; 6];
    frame.extend(&mac);
    frame.extend([0x08, 0x06, 0, 1, 0x08, 0, 6, 4, 0, 1]);
    frame.extend(&mac);
    frame.extend([10, 0, 0, 2]);
    frame.extend([0; 6]);
    frame.extend(target);
    frame.resize(60, 0);
    frame
}

fn receive(ring: &Seqpacket, patience: Duration) -> Option<Vec<u8>> {
    let mut buffer = [0; 2048];
    let got = ring.receive(&mut buffer, Some(Instant::now() + patience), "frame");
    got.ok().map(<[u8]>::to_vec)
}

/// Whether the server has closed it: it is told at once.
pub(crate) fn is_closed(ring: &Seqpacket) -> bool {
    use driver_sys::port::PortError;
    let mut buffer = [0; 16];
    match ring.receive(
        &mut buffer,
        Some(Instant::now() + Duration::from_millis(100)),
        "end",
    ) {
        Err(PortError::Timeout { .. }) => false,
        Err(_) => true,
        Ok(_) => panic!("a frame that nobody asked for"),
    }
}

#[test]
fn a_neighbour_is_found_over_the_ring() {
    let lab = Lab::start();
    let ring = lab.ring(HOST);
    ring.send(&who_has(&lab, [10, 0, 0, 9]), "frame").expect("send");
    let answer = receive(&ring, PATIENCE).expect("an answer");
    assert_eq!(answer[20..22], [0, 2], "an ARP reply");
    assert_eq!(answer[28..32], [10, 0, 0, 9]);
}

/// `cnic.c`, `cnic_uio_open`: EBUSY for a device that is open.
#[test]
fn one_client_has_the_ring() {
    let lab = Lab::start();
    let first = lab.ring(HOST);
    first.send(&who_has(&lab, [10, 0, 0, 9]), "frame").expect("send");
    receive(&first, PATIENCE).expect("it is taken");
    assert!(is_closed(&lab.ring(HOST)));
    first.send(&who_has(&lab, [10, 0, 0, 9]), "frame").expect("send");
    receive(&first, PATIENCE).expect("the first one keeps it");
    drop(first);
    let until = Instant::now() + PATIENCE;
    while is_closed(&lab.ring(HOST)) {
        assert!(Instant::now() < until, "it never comes back");
    }
}

#[test]
fn frames_are_lost_and_kept_on_demand() {
    let lab = Lab::start();
    let ring = lab.ring(HOST);
    let short = Duration::from_millis(100);
    let ask = || {
        ring.send(&who_has(&lab, [10, 0, 0, 9]), "frame").expect("send");
    };
    assert_eq!(lab.control("l2 lose 0 2"), "ok");
    ask();
    ask();
    assert_eq!(receive(&ring, short), None);
    ask();
    assert!(receive(&ring, PATIENCE).is_some());
    assert_eq!(lab.control("l2 silent 0 on"), "ok");
    ask();
    assert_eq!(receive(&ring, short), None);
    assert_eq!(lab.control("l2 silent 0 off"), "ok");
    assert_eq!(lab.control("link down 0"), "ok");
    ask();
    assert_eq!(receive(&ring, short), None, "no cable");
    assert_eq!(lab.control("link up 0"), "ok");
    ask();
    assert!(receive(&ring, PATIENCE).is_some());
    for bad in ["l2 silent 1 on", "l2 lose 0 x", "l2 lose 0", "l2 silent 0"] {
        assert!(lab.control(bad).starts_with("error"), "{bad}");
    }
}

/// Whoever asks and does not read loses frames; the server's memory does not grow, and nobody else waits for him.
#[test]
fn a_ring_that_nobody_empties_drops_frames() {
    let lab = Lab::start();
    let ring = lab.ring(HOST);
    let frame = who_has(&lab, [10, 0, 0, 9]);
    for _ in 0..20_000 {
        ring.send(&frame, "frame").expect("send");
    }
    assert_eq!(lab.control("ready"), "ok yes");
    let mut count = 0;
    while receive(&ring, Duration::from_millis(200)).is_some() {
        count += 1;
    }
    assert!((1..20_000).contains(&count), "{count}");
    ring.send(&frame, "frame").expect("send");
    assert!(receive(&ring, PATIENCE).is_some(), "it goes on");
}

/// Garbage of any length does nothing.
#[test]
fn garbage_on_the_ring_does_nothing() {
    let lab = Lab::start();
    let ring = lab.ring(HOST);
    for len in [1, 13, 14, 17, 41, 42, 60, 1514, 9018, 9019, 60_000] {
        for fill in [0, 0xff, 0x81, 0x45] {
            ring.send(&vec![fill; len], "frame").expect("send");
        }
    }
    ring.send(&who_has(&lab, [10, 0, 0, 9]), "frame").expect("send");
    assert!(receive(&ring, PATIENCE).is_some());
}
