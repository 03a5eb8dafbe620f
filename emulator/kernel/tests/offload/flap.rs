//! Cables and devices that go and come.

use std::time::Duration;

use driver_sys::netlink::{Event, Return};
use nix::errno::Errno;

use super::lab::{HOST, Lab, nobody, portal};

/// `bnx2i_hwi.c`, `bnx2i_indicate_netevent` (NETDEV_CHANGE), `bnx2i_iscsi.c`, `bnx2i_adapter_ready`: no new connection; the helper is
/// told nothing.
#[test]
fn a_pulled_cable_keeps_new_connections_away() {
    let lab = Lab::start();
    let (listener, to) = portal();
    let (mut iscsid, mut helper) = (lab.iscsid(), lab.helper());
    let ep = iscsid.connect(to).expect("endpoint");
    helper.serve();
    assert_eq!(iscsid.poll_out(ep), 1);
    assert_eq!(lab.control("link down 0"), "ok");
    assert_eq!(lab.read("class/net/ethbnx6/operstate"), "down");
    assert_eq!(iscsid.connect(to), Err(Errno::EPERM));
    assert_eq!(iscsid.poll(ep, 1), Ok(1), "what stands stays");
    assert_eq!(lab.control("link up 0"), "ok");
    assert_eq!(lab.read("class/net/ethbnx6/operstate"), "up");
    assert!(iscsid.connect(to).is_ok());
    assert!(
        matches!(helper.client.event(), Event::PathRequest { .. }),
        "and nothing before it"
    );
    drop(listener);
}

/// `cnic.c`, `cnic_ulp_stop_one` (IF_DOWN); `bnx2i_init.c`, `bnx2i_stop`, `bnx2i_chip_cleanup`; `bnx2i_iscsi.c`,
/// `bnx2i_ep_disconnect` (`hba_age`, `ADAPTER_STATE_UP`).
#[test]
fn a_device_that_goes_down_tells_the_helper_and_tears_down_what_is_left() {
    let lab = Lab::start();
    let (listener, to) = portal();
    let (mut iscsid, mut helper) = (lab.iscsid(), lab.helper());
    let ep = iscsid.connect(to).expect("endpoint");
    helper.serve();
    assert_eq!(iscsid.poll_out(ep), 1);
    assert_eq!(lab.control("netdev down 0"), "ok");
    assert_eq!(helper.client.event(), Event::IfDown { host_no: HOST });
    assert_eq!(iscsid.connect(to), Err(Errno::EPERM));
    // Nobody takes the endpoint down: after a second without a change the chip is cleaned up.
    while iscsid.poll(ep, 1).expect("poll") == 1 {}
    assert_eq!(iscsid.poll(ep, 1), Ok(-1));
    assert_eq!(iscsid.disconnect(ep), Ok(Return::None));
    assert!(lab.names("class/iscsi_endpoint").is_empty());
    assert_eq!(lab.control("netdev up 0"), "ok");
    let ep = iscsid.connect(to).expect("endpoint");
    helper.serve();
    assert_eq!(iscsid.poll_out(ep), 1);
    drop(listener);
}

/// `cnic.c`, `cnic_send_nlmsg`: who has no ring open is told nothing; `cnic_uio_open`: ENODEV while the device is down.
#[test]
fn a_device_that_is_down_has_no_ring() {
    let lab = Lab::start();
    let mut helper = lab.client(2);
    assert_eq!(lab.control("netdev down 0"), "ok");
    assert_eq!(helper.event_within(Duration::from_millis(50)), None);
    let ring = lab.ring(HOST);
    assert!(super::ring::is_closed(&ring));
    assert_eq!(lab.control("netdev up 0"), "ok");
    assert!(!super::ring::is_closed(&lab.ring(HOST)));
    assert!(lab.control("netdev down 1").starts_with("error"));
    assert_eq!(lab.iscsid().connect(nobody()), Err(Errno::ENODEV));
}
