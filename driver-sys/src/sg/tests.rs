//! Packets both ways, limits, and a served device.

use std::os::fd::AsRawFd;
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::socket::{
    self, AddressFamily, Backlog, MsgFlags, SockFlag, SockType, UnixAddr, accept, bind, listen,
};
use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::port::PortError;

proptest! {
    #[test]
    fn commands_survive(cdb in vec(any::<u8>(), 1..=32), which in 0..3u8, data in vec(any::<u8>(), 0..99), millis: u32) {
        let transfer = match which {
            0 => Transfer::None,
            1 => Transfer::Out(data),
            _ => Transfer::In(data.len() as u32),
        };
        let command = Command { cdb, transfer, timeout: Duration::from_millis(millis.into()) };
        prop_assert_eq!(Command::decode(&command.encode()), Ok(command));
    }

    #[test]
    fn outcomes_survive(errno in 0..130i32, status: u32, host_status: u32, residual: u32,
                        sense in vec(any::<u8>(), 0..252), data in vec(any::<u8>(), 0..99)) {
        let errno = if errno == 0 { Ok(()) } else { Err(crate::port::errno(errno)) };
        let outcome = Outcome { errno, status, host_status, sense, data, residual };
        prop_assert_eq!(Outcome::decode(&outcome.encode()), Ok(outcome));
    }

    #[test]
    fn arbitrary_packets_never_panic(packet in vec(any::<u8>(), 0..200)) {
        let _ = Command::decode(&packet);
        let _ = Outcome::decode(&packet);
    }
}

#[test]
fn a_request_packet_has_the_documented_bytes() {
    let command = Command {
        cdb: vec![0x12, 0, 0, 0, 36, 0],
        transfer: Transfer::In(36),
        timeout: Duration::from_secs(2),
    };
    let mut expected = Vec::new();
    for word in [6u32, 2, 36, 2000] {
        expected.extend_from_slice(&word.to_ne_bytes());
    }
    expected.extend_from_slice(&[0x12, 0, 0, 0, 36, 0]);
    assert_eq!(command.encode(), expected);
}

#[test]
fn packets_that_lie_are_refused() {
    let good = Command {
        cdb: vec![0; 6],
        transfer: Transfer::Out(vec![1; 8]),
        timeout: Duration::ZERO,
    }
    .encode();
    for (at, value) in [
        (0usize, 0u32),
        (0, 33),
        (0, 7),
        (4, 3),
        (4, 0),
        (8, 9),
        (8, 7),
        (8, u32::MAX),
    ] {
        let mut packet = good.clone();
        packet[at..at + 4].copy_from_slice(&value.to_ne_bytes());
        assert!(
            matches!(Command::decode(&packet), Err(PortError::Malformed { .. })),
            "{at} {value}"
        );
    }
    let mut from = Command {
        cdb: vec![0; 6],
        transfer: Transfer::In(4),
        timeout: Duration::ZERO,
    }
    .encode();
    from[8..12].copy_from_slice(&(MAX_DATA as u32 + 1).to_ne_bytes());
    assert!(Command::decode(&from).is_err());
}

#[test]
fn an_address_is_four_numbers() {
    let address: Hctl = "6:0:2:16384".parse().unwrap();
    assert_eq!(
        address,
        Hctl {
            host: 6,
            channel: 0,
            target: 2,
            lun: 16384
        }
    );
    assert_eq!(address.to_string(), "6:0:2:16384");
    for bad in [
        "",
        "6:0:2",
        "6:0:2:1:0",
        "6:0:-2:1",
        "a:b:c:d",
        "6:0:2:99999999999999999999",
    ] {
        assert!(bad.parse::<Hctl>().is_err(), "{bad}");
    }
}

#[test]
fn a_served_device_answers_and_a_closed_one_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("1:0:0:0");
    let listener = socket::socket(AddressFamily::Unix, SockType::SeqPacket, SockFlag::empty(), None).unwrap();
    bind(listener.as_raw_fd(), &UnixAddr::new(&path).unwrap()).unwrap();
    listen(&listener, Backlog::new(1).unwrap()).unwrap();
    let mut device = Device::socket(&path, None).unwrap();
    let server = std::thread::spawn(move || {
        let peer = accept(listener.as_raw_fd()).unwrap();
        let mut buffer = [0; 4096];
        let size = socket::recv(peer, &mut buffer, MsgFlags::empty()).unwrap();
        let command = Command::decode(&buffer[..size]).unwrap();
        assert_eq!(command.transfer, Transfer::In(8));
        socket::send(
            peer,
            &Outcome::good(b"abcd".to_vec(), 4).encode(),
            MsgFlags::empty(),
        )
        .unwrap();
        nix::unistd::close(peer).unwrap();
    });
    let command = Command {
        cdb: vec![0; 6],
        transfer: Transfer::In(8),
        timeout: Duration::from_secs(10),
    };
    assert_eq!(device.run(&command), Ok(Outcome::good(b"abcd".to_vec(), 4)));
    server.join().unwrap();
    assert!(matches!(
        device.run(&command),
        Err(SgError::Port(PortError::Closed { .. }))
    ));
}

#[test]
fn what_one_command_cannot_carry_is_refused_before_it_is_sent() {
    let mut device = Device::sg("/dev/null".as_ref()).unwrap();
    let mut command = Command {
        cdb: vec![0; 33],
        transfer: Transfer::None,
        timeout: Duration::from_secs(1),
    };
    assert!(matches!(
        device.run(&command),
        Err(SgError::TooLarge { what: "a CDB", .. })
    ));
    command.cdb.truncate(6);
    command.transfer = Transfer::In(MAX_DATA as u32 + 1);
    assert!(matches!(
        device.run(&command),
        Err(SgError::TooLarge { what: "data", .. })
    ));
    command.transfer = Transfer::None;
    assert_eq!(device.run(&command), Ok(Outcome::error(Errno::ENOTTY)));
}

#[test]
fn the_longest_transfer_passes_in_both_directions() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("1:0:0:0");
    let listener = socket::socket(AddressFamily::Unix, SockType::SeqPacket, SockFlag::empty(), None).unwrap();
    bind(listener.as_raw_fd(), &UnixAddr::new(&path).unwrap()).unwrap();
    listen(&listener, Backlog::new(1).unwrap()).unwrap();
    let mut device = Device::socket(&path, None).unwrap();
    let server = std::thread::spawn(move || {
        let peer = accept(listener.as_raw_fd()).unwrap();
        let peer = crate::port::Seqpacket::from_fd(crate::bsg::owned(OwnFd(peer)), "peer");
        socket::setsockopt(
            &std::os::fd::AsFd::as_fd(&peer),
            socket::sockopt::SndBuf,
            &(1 << 20),
        )
        .unwrap();
        let mut buffer = vec![0; 512 * 1024];
        for _ in 0..2 {
            let packet = peer.receive(&mut buffer, None, "command").unwrap();
            let answer = match Command::decode(packet).unwrap().transfer {
                Transfer::Out(data) => Outcome::good(Vec::new(), u32::from(data != vec![7; MAX_DATA])),
                Transfer::In(room) => Outcome::good(vec![9; room as usize], 0),
                Transfer::None => panic!("no data"),
            };
            peer.send(&answer.encode(), "answer").unwrap();
        }
    });
    let mut run = |transfer| {
        device
            .run(&Command {
                cdb: vec![0; 16],
                transfer,
                timeout: Duration::from_secs(10),
            })
            .unwrap()
    };
    assert_eq!(
        run(Transfer::Out(vec![7; MAX_DATA])),
        Outcome::good(Vec::new(), 0)
    );
    assert_eq!(run(Transfer::In(MAX_DATA as u32)).data, vec![9; MAX_DATA]);
    server.join().unwrap();
}

/// A descriptor from `accept`, as something to give away.
struct OwnFd(i32);

impl std::os::fd::IntoRawFd for OwnFd {
    fn into_raw_fd(self) -> i32 {
        self.0
    }
}
