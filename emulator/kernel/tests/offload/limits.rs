//! How many connections there are.

use std::collections::BTreeSet;

use driver_sys::netlink::Return;
use nix::errno::Errno;

use super::lab::{HOST, Lab, MAC, answered, nobody, portal};

/// Sixty-four path requests at once, answered in another order than they came.
#[test]
fn sixty_four_endpoints_connect_at_once() {
    let lab = Lab::start();
    let (listener, to) = portal();
    let (mut iscsid, mut helper) = (lab.iscsid(), lab.helper());
    let eps: Vec<u64> = (0..64).map(|_| iscsid.connect(to).expect("endpoint")).collect();
    let mut requests: Vec<_> = (0..64).map(|_| helper.request()).collect();
    let handles: BTreeSet<u64> = requests.iter().map(|(_, path)| path.handle).collect();
    assert_eq!(handles.len(), 64);
    requests.reverse();
    for (host, path) in requests {
        assert_eq!(helper.update(host, answered(path, MAC)), Ok(Return::None));
    }
    let peers = std::thread::spawn(move || {
        let taken = (0..64).map(|_| listener.accept().expect("connection"));
        taken.collect::<Vec<_>>()
    });
    for ep in &eps {
        assert_eq!(iscsid.poll_out(*ep), 1);
    }
    assert_eq!(peers.join().expect("accepted").len(), 64);
    assert_eq!(lab.names("class/iscsi_endpoint").len(), 64);
    for ep in eps {
        assert_eq!(iscsid.disconnect(ep), Ok(Return::None));
    }
    assert!(lab.names("class/iscsi_endpoint").is_empty());
}

/// `bnx2i_iscsi.c`, `bnx2i_ep_connect`: no number left is EPERM (`ISCSI_MAX_CONNS_PER_HBA`), a number comes back with its endpoint.
#[test]
fn a_port_has_128_connections() {
    let lab = Lab::start();
    let (mut iscsid, mut helper) = (lab.iscsid(), lab.helper());
    let mut last = 0;
    for _ in 0..128 {
        last = iscsid.connect(nobody()).expect("endpoint");
    }
    assert_eq!(iscsid.connect(nobody()), Err(Errno::EPERM));
    assert_eq!(lab.names("class/iscsi_endpoint").len(), 128);
    let (_, path) = (0..128).map(|_| helper.request()).last().expect("a request");
    assert_eq!(helper.update(HOST, answered(path, [0; 6])), Ok(Return::None));
    assert_eq!(iscsid.disconnect(last), Ok(Return::None));
    let again = iscsid.connect(nobody()).expect("endpoint");
    assert_eq!(helper.request().1.handle, path.handle, "{again}");
}

/// `bnx2i_hwi.c`, `bnx2i_process_ofld_cmpl` (a chip without a context left); `bnx2i_iscsi.c`, `bnx2i_ep_connect` (ENOSPC).
#[test]
fn a_licence_may_allow_fewer() {
    let lab = Lab::with(|config| config.offload[0].connections = 2);
    let (mut iscsid, _helper) = (lab.iscsid(), lab.helper());
    iscsid.connect(nobody()).expect("endpoint");
    iscsid.connect(nobody()).expect("endpoint");
    assert_eq!(iscsid.connect(nobody()), Err(Errno::ENOSPC));
}
