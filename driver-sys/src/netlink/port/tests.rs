//! The emulated kernel's socket, with the far end in the test's hands.

use std::os::fd::AsRawFd;
use std::time::{Duration, Instant};

use nix::sys::socket::{
    self, AddressFamily, Backlog, MsgFlags, SockFlag, SockType, UnixAddr, accept, bind, listen, recv, send,
};
use zerocopy::FromBytes;

use super::*;
use crate::netlink::raw::sockaddr_nl;
use crate::netlink::{Message, Reply, Request, Return};

struct Far {
    dir: tempfile::TempDir,
    listener: std::os::fd::OwnedFd,
}

impl Far {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let listener =
            socket::socket(AddressFamily::Unix, SockType::SeqPacket, SockFlag::empty(), None).unwrap();
        bind(
            listener.as_raw_fd(),
            &UnixAddr::new(&dir.path().join("netlink")).unwrap(),
        )
        .unwrap();
        listen(&listener, Backlog::new(4).unwrap()).unwrap();
        Self { dir, listener }
    }

    fn connect(&self, groups: u32) -> (DirPort, i32) {
        let port = DirPort::open(&self.dir.path().join("netlink"), groups, None).unwrap();
        (port, accept(self.listener.as_raw_fd()).unwrap())
    }
}

fn receive(fd: i32) -> Vec<u8> {
    let mut buffer = vec![0; 65536];
    let size = recv(fd, &mut buffer, MsgFlags::empty()).unwrap();
    buffer.truncate(size);
    buffer
}

#[test]
fn the_first_packet_is_the_address_then_messages_pass_whole() {
    let far = Far::new();
    let (mut port, peer) = far.connect(3);
    let address = sockaddr_nl::read_from_bytes(&receive(peer)).unwrap();
    assert_eq!(address.nl_family, 16);
    assert_eq!((address.nl_pid, address.nl_groups), (std::process::id(), 3));

    let request = Request::NewFlashnode {
        host_no: 6,
        portal_type: b"ipv4".to_vec().into(),
    };
    port.send(&request.encode(9, port.pid())).unwrap();
    let (header, seen) = Request::decode(&receive(peer)).unwrap();
    assert_eq!((seen, header.pid), (request, std::process::id()));

    let reply = Reply::to(&header, Ok(Return::Flashnode { index: 11 })).encode();
    send(peer, &reply, MsgFlags::empty()).unwrap();
    let got = port
        .recv(Some(Instant::now() + Duration::from_secs(10)), "answer")
        .unwrap();
    let Message::Reply(reply) = Message::decode(&got).unwrap() else {
        panic!("not a reply")
    };
    assert_eq!(reply.result(), Ok(Return::Flashnode { index: 11 }));
}

#[test]
fn silence_ends_with_what_was_waited_for() {
    let far = Far::new();
    let (mut port, _peer) = far.connect(1);
    let error = port.recv(Some(Instant::now()), "answer to GET_CHAP").unwrap_err();
    assert!(matches!(error, PortError::Timeout { .. }));
    assert_eq!(error.to_string(), "no answer to GET_CHAP within 0.0 s");
}

#[test]
fn a_dead_peer_is_closed_not_a_hang() {
    let far = Far::new();
    let (mut port, peer) = far.connect(1);
    nix::unistd::close(peer).unwrap();
    assert!(matches!(port.recv(None, "event"), Err(PortError::Closed { .. })));
    assert!(matches!(port.send(&[0; 72]), Err(PortError::Closed { .. })));
}

#[test]
fn nobody_at_the_socket_is_said_so() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("netlink");
    let error = DirPort::open(&path, 0, None).unwrap_err();
    assert_eq!(
        error,
        PortError::NotServed {
            path,
            source: nix::errno::Errno::ENOENT
        }
    );
    let long = dir.path().join("x".repeat(120));
    assert!(matches!(
        DirPort::open(&long, 0, None),
        Err(PortError::PathTooLong { .. })
    ));
}
