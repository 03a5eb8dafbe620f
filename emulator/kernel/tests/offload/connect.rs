//! A connect from its request to its end.

use std::io::Read as _;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use driver_sys::netlink::{Destination, PathAddrs, Request, Return};
use nix::errno::Errno;

use super::lab::{HOST, Lab, PATIENCE, nobody, portal, through};

/// `cnic.c`, `cnic_send_nlmsg`; `bnx2i_iscsi.c`, `bnx2i_ep_connect`, `bnx2i_ep_poll`, `bnx2i_ep_get_param`.
#[test]
fn a_path_that_the_helper_finds_leads_to_a_tcp_connection() {
    let lab = Lab::start();
    let (listener, to) = portal();
    let (mut iscsid, mut helper) = (lab.iscsid(), lab.helper());
    let ep = iscsid.connect(to).expect("endpoint");
    assert_eq!(iscsid.poll(ep, 1), Ok(0), "no path yet");
    assert_eq!(lab.names("class/iscsi_endpoint"), [format!("ep-{ep}")]);
    let (host, path) = helper.request();
    assert_eq!((host, path.handle), (HOST, 0));
    assert_eq!(
        (path.mac, path.mac_old, path.vlan_id, path.pmtu),
        ([0; 6], [0; 6], 0, 1500)
    );
    let PathAddrs::V4 { src, dst } = path.addrs else {
        panic!("{path:?}")
    };
    assert!(src.is_unspecified() && SocketAddr::from((dst, to.port())) == to);
    let answer = super::lab::answered(path, super::lab::MAC);
    assert_eq!(helper.update(host, answer), Ok(Return::None));
    assert_eq!(iscsid.poll_out(ep), 1);
    let (mut peer, from) = listener.accept().expect("connection");
    assert_eq!(from.ip(), to.ip(), "the source address that the helper told");
    assert_eq!(lab.read("class/iscsi_host/host6/ipaddress"), "127.0.0.1");
    assert_eq!(iscsid.disconnect(ep), Ok(Return::None));
    peer.set_read_timeout(Some(PATIENCE)).expect("timeout");
    assert_eq!(peer.read(&mut [0; 1]).expect("end"), 0, "it closes");
    assert!(lab.names("class/iscsi_endpoint").is_empty());
    assert_eq!(lab.read("class/iscsi_host/host6/ipaddress"), "");
    assert_eq!(iscsid.poll(ep, 1), Err(Errno::EINVAL), "no such endpoint");
}

/// `cnic.c`, `cnic_send_nlmsg`: `ip_addr_len` 16.
#[test]
fn an_ipv6_target_is_asked_for_by_its_address() {
    let lab = Lab::start();
    let Ok(listener) = std::net::TcpListener::bind("[::1]:0") else {
        assert!(
            !std::path::Path::new("/proc/net/if_inet6").exists()
                || std::net::UdpSocket::bind("[::1]:0").is_err()
        );
        return;
    };
    let to = listener.local_addr().expect("address");
    let (mut iscsid, mut helper) = (lab.iscsid(), lab.helper());
    let ep = iscsid.connect(to).expect("endpoint");
    let path = helper.serve();
    assert_eq!(path.dst(), Some(to.ip()));
    assert_eq!(iscsid.poll_out(ep), 1);
    let shown = lab.read("class/iscsi_host/host6/ipaddress");
    assert_eq!(shown, "0000:0000:0000:0000:0000:0000:0000:0001", "%pI6");
}

/// `bnx2i_iscsi.c`, `bnx2i_ep_poll`: -1 for an endpoint that has failed.
#[test]
fn a_target_that_refuses_makes_the_endpoint_fail() {
    let lab = Lab::start();
    let (mut iscsid, mut helper) = (lab.iscsid(), lab.helper());
    let ep = iscsid.connect(nobody()).expect("endpoint");
    helper.serve();
    assert_eq!(iscsid.poll_out(ep), -1);
    assert_eq!(iscsid.disconnect(ep), Ok(Return::None));
}

/// `cnic.c`, `cnic_uio_open`, `cnic_send_nlmsg`: no message without an open UIO device.
#[test]
fn a_connect_without_an_open_ring_is_refused_at_once() {
    let lab = Lab::start();
    let (mut iscsid, mut deaf) = (lab.iscsid(), lab.client(2));
    assert_eq!(iscsid.connect(nobody()), Err(Errno::ENODEV));
    assert!(lab.names("class/iscsi_endpoint").is_empty());
    assert_eq!(deaf.event_within(Duration::from_millis(50)), None);
}

/// `cnic.c`, `cnic_send_nlmsg`: three times, 100 ms apart, then what `iscsi_multicast_skb` answers.
#[test]
fn a_path_request_that_nobody_hears_is_repeated_and_given_up() {
    let lab = Lab::start();
    let _ring = lab.ring(HOST);
    lab.heard();
    let mut iscsid = lab.iscsid();
    let from = Instant::now();
    assert_eq!(iscsid.connect(nobody()), Err(Errno::ESRCH));
    assert!(from.elapsed() >= Duration::from_millis(300));
    assert!(lab.names("class/iscsi_endpoint").is_empty());
    // Somebody who comes in between is asked.
    iscsid.send(&through(HOST, nobody()));
    let mut late = lab.client(2);
    assert!(late.event_within(PATIENCE).is_some());
    assert!(matches!(iscsid.answer(), Ok(Return::Endpoint { .. })));
}

/// `bnx2i_iscsi.c`, `bnx2i_ep_poll` (a helper that does not answer), `bnx2i_ep_disconnect` (`timestamp + 12 * HZ`).
#[test]
fn a_helper_that_never_answers_leaves_the_endpoint_connecting() {
    let lab = Lab::start();
    let (mut iscsid, mut helper) = (lab.iscsid(), lab.helper());
    let began = Instant::now();
    let ep = iscsid.connect(nobody()).expect("endpoint");
    let from = Instant::now();
    assert_eq!(iscsid.poll(ep, 150), Ok(0));
    assert!(from.elapsed() >= Duration::from_millis(150));
    // Nobody else is heard while a disconnect waits, the helper neither: a kernel holds one mutex over all of it.
    iscsid.send(&Request::EpDisconnect { endpoint: ep });
    let (host, path) = helper.request();
    assert_eq!(helper.update(host, path), Ok(Return::None));
    let waited = began.elapsed();
    assert!(waited >= Duration::from_secs(12), "{waited:?}");
    assert_eq!(iscsid.answer(), Ok(Return::None));
    assert!(lab.names("class/iscsi_endpoint").is_empty());
}

/// `scsi_transport_iscsi.c`, `iscsi_if_ep_connect` (ENODEV); `bnx2i_iscsi.c`, `bnx2i_check_route` (EINVAL); `cnic.c`,
/// `cnic_get_route` (a family that it does not know).
#[test]
fn a_connect_needs_a_host_or_a_route() {
    let lab = Lab::with(|config| {
        config.offload[0].network.lease = Some(isp4xxx::fw::DhcpLease {
            address: [127, 0, 0, 1].into(),
            subnet: [255, 0, 0, 0].into(),
            gateway: [0, 0, 0, 0].into(),
        });
    });
    let (listener, to) = portal();
    let (mut iscsid, mut helper) = (lab.iscsid(), lab.helper());
    assert_eq!(iscsid.connect_through(99, to), Err(Errno::ENODEV));
    let elsewhere: SocketAddr = "192.0.2.1:3260".parse().expect("address");
    assert_eq!(iscsid.connect_by_route(elsewhere), Err(Errno::EINVAL));
    let unknown = Destination::Other {
        family: 40,
        data: vec![0; 14],
    };
    assert_eq!(iscsid.connect_by_route(unknown.clone()), Err(Errno::EINVAL));
    let request = Request::EpConnectThroughHost {
        host_no: HOST,
        non_blocking: true,
        to: unknown,
    };
    assert_eq!(iscsid.ask(&request), Err(Errno::EINVAL));
    let ep = iscsid.connect_by_route(to).expect("endpoint");
    helper.serve();
    assert_eq!(iscsid.poll_out(ep), 1);
    drop(listener);
}
