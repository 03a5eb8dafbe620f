//! Rings on sockets of the test's own.

use std::io::ErrorKind;
use std::os::fd::{AsRawFd, OwnedFd};
use std::time::{Duration, Instant};

use driver_sys::port::{PortError, Seqpacket};
use nix::sys::socket::{self, AddressFamily, MsgFlags, SockFlag, SockType, UnixAddr};

use super::{FRAME_ROOM, Nic, NicError, Ring};

const MAC: [u8; 6] = [2, 0x10, 0x18, 0xfe, 0xdc, 0xba];

fn pair(mtu: u16) -> (Ring, OwnedFd) {
    let (near, far) =
        socket::socketpair(AddressFamily::Unix, SockType::SeqPacket, None, SockFlag::empty()).unwrap();
    (Ring::new(Seqpacket::from_fd(near, "l2"), MAC, mtu), far)
}

fn frame(len: usize) -> Vec<u8> {
    let mut frame = vec![0x5a; len];
    frame[12..14].copy_from_slice(&[8, 0]);
    frame
}

fn put(far: &OwnedFd, frame: &[u8]) {
    socket::send(far.as_raw_fd(), frame, MsgFlags::empty()).unwrap();
}

#[test]
fn a_packet_of_the_ring_is_a_frame_either_way_in_order() {
    let (mut ring, far) = pair(9000);
    let mut room = vec![0; FRAME_ROOM];
    assert_eq!(ring.receive(&mut room).unwrap(), None, "nothing blocks");
    for len in [60, 1514, 9014] {
        put(&far, &frame(len));
        ring.send(&frame(len)).unwrap();
    }
    for len in [60, 1514, 9014] {
        assert_eq!(ring.receive(&mut room).unwrap(), Some(len));
        assert_eq!(room[..len], frame(len));
        let mut got = vec![0; FRAME_ROOM];
        assert_eq!(
            socket::recv(far.as_raw_fd(), &mut got, MsgFlags::empty()),
            Ok(len)
        );
        assert_eq!(got[..len], frame(len));
    }
    assert_eq!(ring.receive(&mut room).unwrap(), None);
    assert!(ring.link());
    assert_eq!((ring.mac(), ring.mtu(), ring.name()), (MAC, 9000, "ring l2"));
}

#[test]
fn a_frame_longer_than_any_is_passed_over() {
    let (mut ring, far) = pair(1500);
    let mut room = vec![0; FRAME_ROOM];
    put(&far, &frame(20_000));
    put(&far, &frame(64));
    assert_eq!(ring.receive(&mut room).unwrap(), Some(64));
}

#[test]
fn only_frames_of_the_port_are_sent() {
    let (mut ring, _far) = pair(1500);
    let mut tagged = frame(1518);
    tagged[12..14].copy_from_slice(&[0x81, 0]);
    ring.send(&frame(14)).unwrap();
    ring.send(&frame(1514)).unwrap();
    ring.send(&tagged).unwrap();
    tagged.push(0);
    for bad in [
        Vec::new(),
        vec![0; 13],
        frame(1515),
        tagged.clone(),
        tagged[..17].to_vec(),
    ] {
        let error = ring.send(&bad).unwrap_err();
        assert_eq!(
            error.kind(),
            ErrorKind::InvalidInput,
            "{} bytes: {error}",
            bad.len()
        );
    }
    assert!(ring.link(), "the ring is still there");
}

#[test]
fn a_full_ring_says_so_and_takes_frames_again_once_there_is_room() {
    let (mut ring, far) = pair(1500);
    let mut taken = 0_u32;
    let error = loop {
        match ring.send(&frame(1514)) {
            Ok(()) => taken += 1,
            Err(error) => break error,
        }
        assert!(taken < 100_000, "it never fills");
    };
    assert_eq!(error.kind(), ErrorKind::WouldBlock);
    assert!(taken > 0 && ring.link());
    let mut got = vec![0; FRAME_ROOM];
    for _ in 0..taken {
        assert_eq!(
            socket::recv(far.as_raw_fd(), &mut got, MsgFlags::empty()),
            Ok(1514)
        );
    }
    ring.send(&frame(1514)).unwrap();
}

#[test]
fn a_ring_that_ends_gives_its_last_frames_then_says_that_it_is_gone() {
    let (mut ring, far) = pair(1500);
    let mut room = vec![0; FRAME_ROOM];
    put(&far, &frame(99));
    drop(far);
    ring.service().unwrap();
    assert_eq!(ring.receive(&mut room).unwrap(), Some(99));
    let error = ring.receive(&mut room).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotConnected);
    assert!(error.to_string().contains("ring l2 is gone"), "{error}");
    assert!(!ring.link());
    assert!(ring.service().is_err());
    assert_eq!(ring.send(&frame(60)).unwrap_err().kind(), ErrorKind::NotConnected);
}

#[test]
fn who_sends_into_a_ring_that_ended_hears_of_it() {
    let (mut ring, far) = pair(1500);
    drop(far);
    assert_eq!(ring.send(&frame(60)).unwrap_err().kind(), ErrorKind::NotConnected);
    assert!(!ring.link());
}

#[test]
fn the_ring_of_a_host_is_found_in_the_endpoints_directory() {
    let dir = tempfile::tempdir().unwrap();
    let soon = || Instant::now() + Duration::from_secs(5);
    let nobody = Ring::open(dir.path(), 3, MAC, 1500, soon()).unwrap_err();
    assert!(
        matches!(nobody, NicError::Ring(PortError::NotServed { .. })),
        "{nobody}"
    );
    assert!(nobody.to_string().contains("l2/iscsi_host3"), "{nobody}");

    std::fs::create_dir(dir.path().join("l2")).unwrap();
    let listener = socket::socket(AddressFamily::Unix, SockType::SeqPacket, SockFlag::empty(), None).unwrap();
    let path = dir.path().join("l2/iscsi_host3");
    socket::bind(listener.as_raw_fd(), &UnixAddr::new(&path).unwrap()).unwrap();
    socket::listen(&listener, socket::Backlog::new(1).unwrap()).unwrap();
    let mut ring = Ring::open(dir.path(), 3, MAC, 1500, soon()).unwrap();
    ring.send(&frame(60)).unwrap();
}
