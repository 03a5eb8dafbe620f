//! Hosts of trees that a test lays out.

use std::fs;
use std::os::fd::AsRawFd;
use std::path::Path;

use driver_sys::Endpoint;
use nix::sys::socket::{self, AddressFamily, SockFlag, SockType, UnixAddr};

use super::*;

fn put(root: &Path, path: &str, text: &str) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// An endpoint's directory with one host.
fn endpoint(transport: &str) -> (tempfile::TempDir, Endpoint) {
    let dir = tempfile::tempdir().unwrap();
    let sys = dir.path().join("sys");
    put(&sys, "class/scsi_host/host7/proc_name", &format!("{transport}\n"));
    put(&sys, "class/iscsi_host/host7/hwaddress", "00:10:18:fe:dc:ba\n");
    put(&sys, "class/iscsi_host/host7/netdev", "emu0\n");
    put(&sys, "class/net/emu0/mtu", "9000\n");
    let endpoint = Endpoint::Dir(dir.path().into());
    (dir, endpoint)
}

fn listen(dir: &Path, host: u32) -> impl Sized {
    let path = dir.join(format!("l2/iscsi_host{host}"));
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let listener = socket::socket(AddressFamily::Unix, SockType::SeqPacket, SockFlag::empty(), None).unwrap();
    socket::bind(listener.as_raw_fd(), &UnixAddr::new(&path).unwrap()).unwrap();
    socket::listen(&listener, socket::Backlog::new(4).unwrap()).unwrap();
    listener
}

#[test]
fn an_emulated_host_has_its_ring_with_the_ports_mac_address_and_mtu() {
    let (dir, endpoint) = endpoint("bnx2i");
    let _listener = listen(dir.path(), 7);
    let nic = open(&endpoint, 7).unwrap();
    assert_eq!(nic.mac(), [0, 0x10, 0x18, 0xfe, 0xdc, 0xba]);
    assert_eq!(nic.mtu(), 9000);
    assert!(nic.link());
    assert!(nic.name().ends_with("l2/iscsi_host7"), "{}", nic.name());
}

#[test]
fn a_network_device_without_an_mtu_has_the_usual_one() {
    let (dir, endpoint) = endpoint("qedi");
    let _listener = listen(dir.path(), 7);
    fs::remove_file(dir.path().join("sys/class/net/emu0/mtu")).unwrap();
    assert_eq!(open(&endpoint, 7).unwrap().mtu(), 1500);
    put(&dir.path().join("sys"), "class/net/emu0/mtu", "65536\n");
    assert_eq!(open(&endpoint, 7).unwrap().mtu(), 9000, "no port has more");
    put(&dir.path().join("sys"), "class/net/emu0/mtu", "68\n");
    assert_eq!(open(&endpoint, 7).unwrap().mtu(), 1280, "IPv6 needs as much");
}

fn fails(endpoint: &Endpoint, host: u32) -> (NicError, String) {
    match open(endpoint, host) {
        Ok(nic) => panic!("{} was opened", nic.name()),
        Err(error) => {
            let text = error.to_string();
            (error, text)
        }
    }
}

#[test]
fn what_is_missing_is_named() {
    let (dir, endpoint) = endpoint("bnx2i");
    let (error, text) = fails(&endpoint, 8);
    assert!(matches!(error, NicError::NoHost { host: 8, .. }), "{error:?}");
    assert!(text.contains("sys/class/iscsi_host"), "{text}");

    let (error, text) = fails(&endpoint, 7);
    assert!(matches!(error, NicError::Ring(_)), "{error:?}");
    assert!(text.contains("l2/iscsi_host7"), "{text}");

    for bad in [
        "",
        "00:00:00:00:00:00",
        "01:10:18:fe:dc:ba",
        "00:10:18:fe:dc",
        "00:10:18:fe:dc:ba:00",
        "g0:10:18:fe:dc:ba",
    ] {
        put(
            &dir.path().join("sys"),
            "class/iscsi_host/host7/hwaddress",
            &format!("{bad}\n"),
        );
        let (error, text) = fails(&endpoint, 7);
        assert!(
            matches!(error, NicError::NoMac { host: 7, .. }),
            "{bad}: {error:?}"
        );
        assert!(text.contains("host7/hwaddress"), "{text}");
    }
}

#[test]
fn a_host_that_needs_no_helper_has_no_ring() {
    let (_dir, endpoint) = endpoint("qla4xxx");
    let (error, text) = fails(&endpoint, 7);
    assert!(matches!(error, NicError::Helperless { .. }), "{error:?}");
    assert!(text.contains("qla4xxx"), "{text}");
}
