//! What helpers answer, in time and out of it. Source: `cnic.c` (`cnic_iscsi_nl_msg_recv`).

use driver_sys::netlink::Return;
use nix::errno::Errno;

use super::lab::{HOST, Lab, MAC, answered, nobody, portal};

/// A MAC address of zeros or of a group is a failure (`is_valid_ether_addr`).
#[test]
fn a_path_without_a_neighbour_makes_the_endpoint_fail() {
    let lab = Lab::start();
    let (mut iscsid, mut helper) = (lab.iscsid(), lab.helper());
    for mac in [[0; 6], [0xff; 6], [0x01, 0, 0x5e, 0, 0, 1]] {
        let ep = iscsid.connect(nobody()).expect("endpoint");
        let (host, path) = helper.request();
        assert_eq!(helper.update(host, answered(path, mac)), Ok(Return::None));
        assert_eq!(iscsid.poll(ep, 1), Ok(-1), "{mac:?}");
        // It is too late for a better one.
        assert_eq!(helper.update(host, answered(path, MAC)), Ok(Return::None));
        assert_eq!(iscsid.poll(ep, 1), Ok(-1), "{mac:?}");
        assert_eq!(iscsid.disconnect(ep), Ok(Return::None));
    }
}

/// Handles of no connection change nothing and are no error (`bnx2i_nl_set_path` answers 0); a host that is none is.
#[test]
fn a_path_for_no_connection_changes_nothing() {
    let lab = Lab::start();
    let (_listener, to) = portal();
    let (mut iscsid, mut helper) = (lab.iscsid(), lab.helper());
    let ep = iscsid.connect(to).expect("endpoint");
    let (host, path) = helper.request();
    for handle in [1, 127, 255, 256, 0xffff_ffff, 0x1_0000_0001, u64::MAX] {
        let mut stray = answered(path, MAC);
        stray.handle = handle;
        assert_eq!(helper.update(host, stray), Ok(Return::None), "{handle:#x}");
    }
    assert_eq!(iscsid.poll(ep, 1), Ok(0));
    assert_eq!(helper.update(99, answered(path, MAC)), Err(Errno::ENODEV));
    // The kernel looks at the low half of a handle.
    let mut high = answered(path, MAC);
    high.handle = 0x7_0000_0000;
    assert_eq!(helper.update(host, high), Ok(Return::None));
    assert_eq!(iscsid.poll_out(ep), 1);
}

/// `cnic_offld_prep`: the first answer counts; later ones move the path, and cannot take it away.
#[test]
fn a_path_that_is_told_twice_makes_one_connection() {
    let lab = Lab::start();
    let (listener, to) = portal();
    let (mut iscsid, mut helper) = (lab.iscsid(), lab.helper());
    let ep = iscsid.connect(to).expect("endpoint");
    let (host, path) = helper.request();
    for _ in 0..3 {
        assert_eq!(helper.update(host, answered(path, MAC)), Ok(Return::None));
    }
    assert_eq!(iscsid.poll_out(ep), 1);
    for mac in [[2, 0, 0, 0, 0, 9], [0; 6]] {
        assert_eq!(helper.update(host, answered(path, mac)), Ok(Return::None));
        assert_eq!(iscsid.poll(ep, 1), Ok(1));
    }
    listener.accept().expect("one connection");
    listener.set_nonblocking(true).expect("non-blocking");
    assert!(listener.accept().is_err(), "and no other");
}

/// An answer that comes after its endpoint has gone, when the number has not been given again.
#[test]
fn a_path_that_comes_too_late_is_nobodys() {
    let lab = Lab::start();
    let (mut iscsid, mut helper) = (lab.iscsid(), lab.helper());
    let ep = iscsid.connect(nobody()).expect("endpoint");
    let (host, path) = helper.request();
    assert_eq!(helper.update(host, answered(path, [0; 6])), Ok(Return::None));
    assert_eq!(iscsid.disconnect(ep), Ok(Return::None));
    assert_eq!(helper.update(host, answered(path, MAC)), Ok(Return::None));
    // Numbers go round before one comes again (`bnx2i_alloc_iscsi_cid`).
    let (_listener, to) = portal();
    let ep = iscsid.connect(to).expect("endpoint");
    let (host, next) = helper.request();
    assert_eq!((host, next.handle), (HOST, path.handle + 1));
    assert_eq!(helper.update(host, answered(next, MAC)), Ok(Return::None));
    assert_eq!(iscsid.poll_out(ep), 1);
}
