//! Sessions and endpoints that do or do not fit. Source: `bnx2i_iscsi.c` (`bnx2i_session_create`, `bnx2i_conn_bind`,
//! `bnx2i_bind_conn_to_iscsi_cid`).

use std::net::{SocketAddr, TcpListener, TcpStream};

use driver_sys::netlink::{Request, Return};
use emu_kernel::config::OffloadPort;
use nix::errno::Errno;

use super::answering::Answering;
use super::lab::{Client, HOST, Lab, PATIENCE, portal};

/// An endpoint that is connected, and its peer.
fn connected(iscsid: &mut Client, host: u32, listener: &TcpListener, to: SocketAddr) -> (u64, TcpStream) {
    let ep = iscsid.connect_through(host, to).expect("endpoint");
    assert_eq!(iscsid.poll_out(ep), 1);
    (ep, listener.accept().expect("connection").0)
}

fn session(iscsid: &mut Client, endpoint: u64) -> Result<u32, Errno> {
    let made = iscsid.ask(&Request::CreateBoundSession {
        endpoint,
        initial_cmdsn: 1,
        cmds_max: 128,
        queue_depth: 32,
    })?;
    let Return::Session { sid, .. } = made else {
        panic!("{made:?}")
    };
    assert_eq!(
        iscsid.ask(&Request::CreateConn { sid, cid: 0 }),
        Ok(Return::Conn { sid, cid: 0 })
    );
    Ok(sid)
}

fn bind(iscsid: &mut Client, sid: u32, endpoint: u64) -> Result<Return, Errno> {
    iscsid.ask(&Request::BindConn {
        sid,
        cid: 0,
        endpoint,
        is_leading: true,
    })
}

#[test]
fn a_connection_is_bound_to_one_endpoint_of_its_own_host() {
    let lab = Lab::with(|config| config.offload.push(OffloadPort::new(HOST + 1)));
    let _helper = Answering::start(&lab);
    let _ring = lab.ring(HOST + 1);
    lab.heard();
    let (listener, to) = portal();
    let mut iscsid = lab.iscsid();
    let (ep, _peer) = connected(&mut iscsid, HOST, &listener, to);
    let (other, _peer2) = connected(&mut iscsid, HOST + 1, &listener, to);
    let sid = session(&mut iscsid, ep).expect("session");
    assert_eq!(
        lab.read(&format!("class/iscsi_session/session{sid}/state")),
        "FREE"
    );
    assert_eq!(
        bind(&mut iscsid, sid, other),
        Err(Errno::EEXIST),
        "another host's"
    );
    assert_eq!(bind(&mut iscsid, sid, 999), Err(Errno::EINVAL), "nobody's");
    assert_eq!(bind(&mut iscsid, sid, ep), Ok(Return::Code(0)));
    let conn = format!("class/iscsi_connection/connection{sid}:0");
    assert_eq!(lab.read(&format!("{conn}/port")), to.port().to_string());
    assert_eq!(lab.read(&format!("{conn}/address")), "127.0.0.1");
    let second = session(&mut iscsid, ep).expect("session");
    assert_eq!(bind(&mut iscsid, second, ep), Err(Errno::EBUSY), "taken");
}

#[test]
fn an_endpoint_whose_peer_has_gone_is_not_bound() {
    let lab = Lab::start();
    let _helper = Answering::start(&lab);
    let (listener, to) = portal();
    let mut iscsid = lab.iscsid();
    let (ep, peer) = connected(&mut iscsid, HOST, &listener, to);
    let sid = session(&mut iscsid, ep).expect("session");
    drop(peer);
    let until = std::time::Instant::now() + PATIENCE;
    // `bnx2i_ep_poll` knows nothing of a connection that has gone: it waits and says 0.
    while iscsid.poll(ep, 1).expect("poll") != 0 {
        assert!(std::time::Instant::now() < until, "the end is never seen");
    }
    assert_eq!(bind(&mut iscsid, sid, ep), Err(Errno::EINVAL));
}

#[test]
fn a_port_that_is_down_takes_neither_session_nor_connection() {
    let lab = Lab::start();
    let _helper = Answering::start(&lab);
    let (listener, to) = portal();
    let mut iscsid = lab.iscsid();
    let (ep, _peer) = connected(&mut iscsid, HOST, &listener, to);
    let sid = session(&mut iscsid, ep).expect("session");
    assert_eq!(lab.control("link down 0"), "ok");
    assert_eq!(bind(&mut iscsid, sid, ep), Err(Errno::EIO));
    assert_eq!(session(&mut iscsid, ep), Err(Errno::ENOMEM));
    assert_eq!(lab.control("link up 0"), "ok");
    assert_eq!(bind(&mut iscsid, sid, ep), Ok(Return::Code(0)));
    // Without an endpoint there is no session either.
    let unbound = Request::CreateSession {
        initial_cmdsn: 1,
        cmds_max: 128,
        queue_depth: 32,
    };
    assert_eq!(iscsid.ask(&unbound), Err(Errno::ENOMEM));
}
