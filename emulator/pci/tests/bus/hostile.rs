//! Clients that break the protocol, die, or send noise.

use std::io::{IoSlice, Read, Write};
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use emu_pci::{Header, MAX_MESSAGE, decode};
use nix::sys::socket::{ControlMessage, MsgFlags, sendmsg};
use proptest::prelude::*;

use crate::driver::{CTRL_STATUS, Driver, SEMAPHORE};
use crate::served::Served;

pub(crate) struct Raw(UnixStream);

impl Raw {
    pub(crate) fn connect(socket: &Path) -> Self {
        let stream = UnixStream::connect(socket).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        Self(stream)
    }

    fn send(&mut self, command: u16, body: &[u8]) {
        self.0.write_all(&Self::message(command, body)).unwrap();
    }

    fn message(command: u16, body: &[u8]) -> Vec<u8> {
        let header = Header {
            id: 7,
            command,
            size: (16 + body.len()) as u32,
            ..Header::default()
        };
        [&header.bytes()[..], body].concat()
    }

    /// Sends a request with a descriptor; the errno of the answer, or none.
    pub(crate) fn ask_with(&mut self, command: u16, body: &[u8], fd: BorrowedFd<'_>) -> Result<(), u32> {
        self.ask_with_many(command, body, &[fd.as_raw_fd()])
    }

    /// As [`Raw::ask_with`], with several.
    pub(crate) fn ask_with_many(&mut self, command: u16, body: &[u8], fds: &[i32]) -> Result<(), u32> {
        let message = Self::message(command, body);
        let sent = sendmsg::<()>(
            self.0.as_raw_fd(),
            &[IoSlice::new(&message)],
            &[ControlMessage::ScmRights(fds)],
            MsgFlags::empty(),
            None,
        );
        assert_eq!(sent, Ok(message.len()));
        self.reply().unwrap().map(drop)
    }

    /// As [`Raw::ask_with`], and nobody but the server has the descriptor any more when the request is whole.
    pub(crate) fn give(&mut self, command: u16, body: &[u8], fd: OwnedFd) -> Result<(), u32> {
        let message = Self::message(command, body);
        let (first, rest) = message.split_at(1);
        let rights = [fd.as_raw_fd()];
        let control = [ControlMessage::ScmRights(&rights)];
        let sent = sendmsg::<()>(
            self.0.as_raw_fd(),
            &[IoSlice::new(first)],
            &control,
            MsgFlags::empty(),
            None,
        );
        assert_eq!(sent, Ok(1));
        drop(fd);
        self.0.write_all(rest).unwrap();
        self.reply().unwrap().map(drop)
    }

    pub(crate) fn hello(&mut self) {
        self.send(1, b"\0\0\0\0{}\0");
        self.reply().unwrap().unwrap();
    }

    /// The payload or the errno; `None` when the server hung up.
    fn reply(&mut self) -> Option<Result<Vec<u8>, u32>> {
        let mut header = [0; 16];
        self.0.read_exact(&mut header).ok()?;
        let header = Header::parse(&header);
        assert_eq!(header.id, 7);
        let mut body = vec![0; header.size as usize - 16];
        self.0.read_exact(&mut body).ok()?;
        Some(if header.flags & 1 << 5 == 0 {
            Ok(body)
        } else {
            Err(header.error)
        })
    }

    fn ask(&mut self, command: u16, body: &[u8]) -> Option<Result<Vec<u8>, u32>> {
        self.send(command, body);
        self.reply()
    }
}

/// The card serves a well-behaved client.
fn serves(served: &Served) {
    let mut driver = Driver::attach(&served.sockets[0]);
    assert_eq!(driver.read(CTRL_STATUS) & 0x0700, 0x0500);
    assert_eq!(driver.read(SEMAPHORE), 0);
}

const EINVAL: u32 = 22;
const ENOTSUP: u32 = 95;

#[test]
fn a_client_that_breaks_the_framing_is_disconnected_and_the_next_one_served() {
    let served = Served::start();
    let sized = |size: u32| {
        Header {
            command: 4,
            size,
            ..Header::default()
        }
        .bytes()
    };
    let reply = Header {
        command: 4,
        size: 16,
        flags: 1,
        ..Header::default()
    };
    for noise in [
        sized(0),
        sized(15),
        sized(MAX_MESSAGE as u32 + 1),
        sized(u32::MAX),
        reply.bytes(),
    ] {
        let mut raw = Raw::connect(&served.sockets[0]);
        raw.hello();
        raw.0.write_all(&noise).unwrap();
        assert!(raw.reply().is_none());
    }
    // Before the version nothing else; and only versions we speak.
    let mut raw = Raw::connect(&served.sockets[0]);
    assert!(raw.ask(4, &[]).is_none());
    let mut raw = Raw::connect(&served.sockets[0]);
    assert!(raw.ask(1, &[9, 0, 0, 0]).is_none());
    serves(&served);
}

#[test]
fn requests_that_make_no_sense_are_answered_with_an_errno() {
    let served = Served::start();
    let mut raw = Raw::connect(&served.sockets[0]);
    raw.hello();
    let access = |offset: u64, region: u32, count: u32, data: &[u8]| {
        [
            &offset.to_le_bytes()[..],
            &region.to_le_bytes(),
            &count.to_le_bytes(),
            data,
        ]
        .concat()
    };
    assert_eq!(raw.ask(99, &[1, 2, 3]), Some(Err(ENOTSUP)));
    assert_eq!(
        raw.ask(11, &[0; 64]),
        Some(Err(ENOTSUP)),
        "DMA_READ is the device's to send"
    );
    for command in [2, 3, 5, 7, 8, 9, 10] {
        assert_eq!(raw.ask(command, &[0; 3]), Some(Err(EINVAL)), "command {command}");
    }
    assert_eq!(raw.ask(9, &access(0, 1, u32::MAX, &[])), Some(Err(EINVAL)));
    assert_eq!(raw.ask(9, &access(u64::MAX, 1, 4, &[])), Some(Err(EINVAL)));
    assert_eq!(raw.ask(9, &access(253, 1, 4, &[])), Some(Err(EINVAL)));
    assert_eq!(
        raw.ask(9, &access(0, 2, 4, &[])),
        Some(Err(EINVAL)),
        "no such BAR"
    );
    assert_eq!(raw.ask(9, &access(0, 77, 4, &[])), Some(Err(EINVAL)));
    assert_eq!(
        raw.ask(10, &access(0, 1, 4, &[1, 2])),
        Some(Err(EINVAL)),
        "less data than said"
    );
    assert_eq!(raw.ask(9, &access(0, 1, 0, &[])), Some(Ok(access(0, 1, 0, &[]))));
    // A socket instead of memory, and memory that overflows.
    let map = |address: u64, size: u64| {
        [
            &32u32.to_le_bytes()[..],
            &3u32.to_le_bytes(),
            &0u64.to_le_bytes(),
            &address.to_le_bytes(),
            &size.to_le_bytes(),
        ]
        .concat()
    };
    assert_eq!(raw.ask(2, &map(u64::MAX, 2)), Some(Err(EINVAL)));
    assert_eq!(raw.ask(2, &map(0, 0)), Some(Err(EINVAL)));
    assert_eq!(
        raw.ask(2, &map(0, 4096)),
        Some(Ok(Vec::new())),
        "ROM comes without a descriptor"
    );
    assert_eq!(raw.ask(13, &[]), Some(Ok(Vec::new())), "and it still works");
}

#[test]
fn a_second_client_is_turned_away_and_a_dead_one_makes_room() {
    let served = Served::start();
    let mut first = Raw::connect(&served.sockets[0]);
    first.hello();
    let mut second = Raw::connect(&served.sockets[0]);
    // It may be hung up on before or after it has spoken.
    let _ = second.0.write_all(&[0; 16]);
    assert!(second.reply().is_none());
    assert!(first.ask(4, &[]).is_some());
    // Dies in the middle of a message.
    first.0.write_all(&[1, 2, 3]).unwrap();
    drop(first);
    serves(&served);
}

#[test]
fn the_sockets_are_private_and_go_away_with_the_server() {
    use std::os::unix::fs::PermissionsExt;
    let served = Served::start();
    let path = served.sockets[0].clone();
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    assert!(served.dir.path().join("card.flash").exists());
    drop(served);
    assert!(!path.exists());
}

/// Mostly plausible messages: known commands with bodies of the right length, now and then noise.
fn message() -> impl Strategy<Value = Vec<u8>> {
    let body = prop_oneof![
        3 => prop::collection::vec(any::<u8>(), 0..64),
        2 => prop::collection::vec(prop_oneof![Just(0u8), Just(1), Just(0xFF), any::<u8>()], 20..48),
        2 => (0u64..0x120, 0u32..9, any::<u32>()).prop_map(|(offset, region, value)| {
            [&offset.to_le_bytes()[..], &region.to_le_bytes(), &4u32.to_le_bytes(), &value.to_le_bytes()].concat()
        }),
        2 => (0u64..0x40, any::<u16>()).prop_map(|(word, bits)| {
            let value = u32::from(bits) << 16 | u32::from(bits);
            [&(word * 4).to_le_bytes()[..], &1u32.to_le_bytes(), &4u32.to_le_bytes(), &value.to_le_bytes()].concat()
        }),
    ];
    let command = prop_oneof![4 => 1u16..16, 4 => Just(10u16), 1 => any::<u16>()];
    (command, body, 0u32..100).prop_map(|(command, body, lie)| {
        let header = Header {
            id: 7,
            command,
            size: if lie == 0 { lie } else { (16 + body.len()) as u32 },
            ..Header::default()
        };
        [&header.bytes()[..], &body].concat()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn noise_never_ends_the_server(messages in prop::collection::vec(message(), 1..80)) {
        let served = Served::start();
        let mut raw = Raw::connect(&served.sockets[0]);
        raw.hello();
        raw.0.set_nonblocking(true).unwrap();
        let mut sink = [0; 4096];
        for message in messages {
            // A full or closed socket ends this client, not the server.
            if raw.0.write_all(&message).is_err() {
                break;
            }
            while raw.0.read(&mut sink).is_ok_and(|n| n > 0) {}
        }
        drop(raw);
        serves(&served);
    }

    #[test]
    fn decoding_never_panics_and_never_asks_for_more_than_is_allowed(command in any::<u16>(), body in prop::collection::vec(any::<u8>(), 0..80)) {
        for command in [command, command % 16] {
            if let Ok(emu_pci::Request::RegionRead { count, .. }) = decode(command, &body) {
                prop_assert!(count <= MAX_MESSAGE);
            }
        }
    }
}
