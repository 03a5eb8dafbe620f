//! A ring as a NIC: what waits, what is refused, what ends it. The node is a file; the memory is a model's.

use std::fs;
use std::io::ErrorKind;

use driver_sys::sysfs::Root;
use driver_sys::uio::{Description, Device};

use super::bnx2::{Chip, room};
use super::frames;
use super::shared::Shared;
use crate::nic::Nic;
use crate::nic::uio::{Bnx2, Link, Memory, UioNic};

const MAC: [u8; 6] = [0, 0x10, 0x18, 1, 2, 3];

struct Port {
    dir: tempfile::TempDir,
    chip: Chip,
    nic: UioNic<Bnx2<Shared>>,
}

fn port() -> Port {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("uio4"), []).unwrap();
    fs::create_dir_all(dir.path().join("sys/class/net/eth7")).unwrap();
    fs::write(dir.path().join("sys/class/net/eth7/carrier"), "1\n").unwrap();
    let device = Description {
        number: 4,
        name: "bnx2_cnic".into(),
        parent: String::new(),
        regions: Vec::new(),
    };
    let device = Device::open(dir.path(), &device).unwrap();
    let link = Link::of(Root::open(dir.path().join("sys")).unwrap(), "eth7");
    let chip = Chip::new(3);
    let nic = UioNic::new(device, chip.open().unwrap(), link, MAC, 1500);
    Port { dir, chip, nic }
}

#[test]
fn frames_wait_for_the_one_buffer_and_go_in_order() {
    let mut port = port();
    let all: Vec<_> = frames(100, 900).collect();
    for frame in &all {
        port.nic.send(frame).unwrap();
    }
    let mut sent = Vec::new();
    for _ in 0..all.len() {
        sent.extend(port.chip.transmit().into_iter().map(|(frame, _)| frame));
        port.nic.service().unwrap();
    }
    assert!(sent == all, "{} of them, or in another order", sent.len());
}

#[test]
fn a_queue_that_is_full_says_so() {
    let mut port = port();
    let mut taken = 0;
    let error = loop {
        match port.nic.send(&[7; 60]) {
            Ok(()) => taken += 1,
            Err(error) => break error,
        }
        assert!(taken < 10_000, "it never fills");
    };
    assert_eq!(error.kind(), ErrorKind::WouldBlock);
    assert_eq!(taken, 513, "one in the ring, the others wait");
    port.chip.transmit();
    port.nic.send(&[7; 60]).unwrap();
}

#[test]
fn a_frame_longer_than_the_buffer_is_refused_and_the_port_stands() {
    let mut port = port();
    let error = port.nic.send(&[7; 1300]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(error.to_string().contains("at most 1002 bytes"), "{error}");
    port.nic.send(&[7; 1002]).unwrap();
}

#[test]
fn frames_are_received_and_bad_ones_passed_over() {
    let mut port = port();
    let mut room = room();
    let frame = frames(1, 200).next().unwrap();
    assert_eq!(port.nic.receive(&mut room).unwrap(), None);
    assert!(port.chip.receive(&frame, None, 1 << 17));
    assert!(port.chip.receive(&frame, None, 0));
    port.nic.service().unwrap();
    assert_eq!(port.nic.receive(&mut room).unwrap(), Some(frame.len()));
    assert_eq!(room[..frame.len()], frame);
    assert_eq!(port.nic.receive(&mut room).unwrap(), None);
    assert_eq!((port.nic.mac(), port.nic.mtu()), (MAC, 1500));
    assert!(port.nic.name().starts_with("bnx2 ") && port.nic.name().ends_with("uio4"));
}

#[test]
fn the_link_is_the_network_devices() {
    let mut port = port();
    assert!(port.nic.link());
    let carrier = port.dir.path().join("sys/class/net/eth7/carrier");
    fs::write(&carrier, "0\n").unwrap();
    assert!(port.nic.link(), "as it was when it was looked at last");
    port.nic.service().unwrap();
    assert!(!port.nic.link());
    fs::remove_file(&carrier).unwrap();
    port.nic.service().unwrap();
    assert!(!port.nic.link(), "a device that does not say has none");
}

#[test]
fn a_ring_that_is_taken_back_ends_the_port() {
    let mut port = port();
    port.chip.ring.write(4096, &[0; 4096]).unwrap();
    for error in [
        port.nic.receive(&mut room()).unwrap_err(),
        port.nic.send(&[7; 60]).unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::NotConnected);
        assert!(error.to_string().contains("taken the ring back"), "{error}");
    }
}
