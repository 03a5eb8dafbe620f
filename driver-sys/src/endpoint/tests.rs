//! Names, paths and writes.

use std::os::fd::AsRawFd;

use nix::errno::Errno;
use nix::sys::socket::{
    self, AddressFamily, Backlog, MsgFlags, SockFlag, SockType, UnixAddr, accept, bind, listen,
};

use super::*;
use crate::port::PortError;

#[test]
fn an_endpoint_is_host_or_a_directory() {
    assert_eq!("host".parse(), Ok(Endpoint::Host));
    assert_eq!("/run/lab".parse(), Ok(Endpoint::Dir("/run/lab".into())));
    assert_eq!("./host".parse(), Ok(Endpoint::Dir("./host".into())));
    for text in ["host", "/run/lab"] {
        assert_eq!(
            text.parse::<Endpoint>().map(|e| e.to_string()),
            Ok(text.to_owned())
        );
    }
    assert_eq!(Endpoint::Host.sysfs_path(), Path::new("/sys"));
    assert_eq!(
        Endpoint::Dir("/run/lab".into()).sysfs_path(),
        Path::new("/run/lab/sys")
    );
}

/// Serves `DIR/store` for as many writes as there are answers, and returns what came.
fn serve(dir: &Path, answers: Vec<Vec<u8>>) -> std::thread::JoinHandle<Vec<Vec<u8>>> {
    let listener = socket::socket(AddressFamily::Unix, SockType::SeqPacket, SockFlag::empty(), None).unwrap();
    bind(listener.as_raw_fd(), &UnixAddr::new(&dir.join("store")).unwrap()).unwrap();
    listen(&listener, Backlog::new(4).unwrap()).unwrap();
    std::thread::spawn(move || {
        let mut seen = Vec::new();
        for answer in answers {
            let peer = accept(listener.as_raw_fd()).unwrap();
            let mut buffer = [0; 8192];
            let size = socket::recv(peer, &mut buffer, MsgFlags::empty()).unwrap();
            seen.push(buffer[..size].to_vec());
            socket::send(peer, &answer, MsgFlags::empty()).unwrap();
            nix::unistd::close(peer).unwrap();
        }
        seen
    })
}

#[test]
fn a_write_is_one_packet_and_its_errno_comes_back() {
    let dir = tempfile::tempdir().unwrap();
    let refused = (Errno::EBUSY as i32).to_ne_bytes().to_vec();
    let server = serve(dir.path(), vec![vec![0; 4], refused, vec![1, 2, 3]]);
    let endpoint = Endpoint::Dir(dir.path().into());
    let path = "class/scsi_host/host1/scan";
    assert_eq!(endpoint.store(path, b"- - -"), Ok(()));
    assert_eq!(
        endpoint.store(path, b"x"),
        Err(StoreError::Refused {
            path: path.into(),
            source: Errno::EBUSY
        })
    );
    assert!(matches!(
        endpoint.store(path, b"y"),
        Err(StoreError::Port(PortError::Malformed { .. }))
    ));
    assert_eq!(server.join().unwrap()[0], b"class/scsi_host/host1/scan\0- - -");
}

#[test]
fn the_sysfs_root_writes_through_the_same_socket() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("sys")).unwrap();
    let server = serve(dir.path(), vec![(Errno::EINVAL as i32).to_ne_bytes().to_vec()]);
    let root = Endpoint::Dir(dir.path().into()).open_sysfs().unwrap();
    assert!(root.write("class/x/y", b"1").is_err());
    assert_eq!(server.join().unwrap(), [b"class/x/y\x001"]);
}

#[test]
fn paths_that_leave_the_tree_never_reach_anybody() {
    let endpoint = Endpoint::Dir("/nonexistent".into());
    for bad in ["", "/etc/passwd", "class/../../x", "a//b", "a\0b", "."] {
        assert!(
            matches!(endpoint.store(bad, b"1"), Err(StoreError::BadPath { .. })),
            "{bad:?}"
        );
    }
}

#[test]
fn a_directory_that_nobody_serves_is_said_so_everywhere() {
    let dir = tempfile::tempdir().unwrap();
    let endpoint = Endpoint::Dir(dir.path().into());
    let missing = |error: &PortError, name: &str| match error {
        PortError::NotServed { path, source } => {
            assert_eq!((path, *source), (&dir.path().join(name), Errno::ENOENT));
        }
        other => panic!("{other:?}"),
    };
    missing(&endpoint.open_netlink(1).err().unwrap(), "netlink");
    missing(&endpoint.open_uevent().unwrap_err(), "uevent");
    let Err(crate::bsg::BsgError::Port(error)) = endpoint.open_bsg(3) else {
        panic!()
    };
    missing(&error, "bsg/iscsi_host3");
    let Err(crate::sg::SgError::Port(error)) = endpoint.open_sg("1:0:0:2".parse().unwrap()) else {
        panic!()
    };
    missing(&error, "sg/1:0:0:2");
    let Err(StoreError::Port(error)) = endpoint.store("a/b", b"1") else {
        panic!()
    };
    missing(&error, "store");
}

/// A tree laid out by hand has neither lock nor sockets; a killed server leaves both, one that ended the lock.
#[test]
fn a_tree_that_nobody_stands_behind_any_more_is_told_from_one_that_nobody_ever_did() {
    use std::os::fd::AsRawFd;

    use nix::sys::socket::{self, AddressFamily, Backlog, SockFlag, SockType, UnixAddr};

    let dir = tempfile::tempdir().unwrap();
    let endpoint = Endpoint::Dir(dir.path().into());
    assert_eq!(endpoint.served(), Served::Yes);
    std::fs::write(dir.path().join("lock"), b"").unwrap();
    assert_eq!(endpoint.served(), Served::Ended);
    let socket = socket::socket(AddressFamily::Unix, SockType::SeqPacket, SockFlag::empty(), None).unwrap();
    let address = UnixAddr::new(&dir.path().join("netlink")).unwrap();
    socket::bind(socket.as_raw_fd(), &address).unwrap();
    socket::listen(&socket, Backlog::new(0).unwrap()).unwrap();
    // Alive, also when it takes nobody any more.
    for _ in 0..8 {
        assert_eq!(endpoint.served(), Served::Yes);
    }
    drop(socket);
    assert_eq!(endpoint.served(), Served::Died);
    assert_eq!(Endpoint::Host.served(), Served::Yes);
}
