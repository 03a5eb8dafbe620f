//! A session of user space, message by message as iscsid sends them, and what the kernel tells meanwhile.

#[macro_use]
mod common;

use common::{Client, HOST, IQN, Lab, session};
use driver_sys::netlink::code::{ConnState, StopFlag};
use driver_sys::netlink::params::IscsiParam;
use driver_sys::netlink::{Attr, Bytes, Destination, Event, Request, Return};
use nix::errno::Errno;

fn set(c: &mut Client, sid: u32, param: IscsiParam, value: &str) -> Result<Return, Errno> {
    c.ask(&Request::SetParam {
        sid,
        cid: 0,
        attr: Attr {
            param,
            value: Bytes::c_text(value),
        },
    })
}

/// Endpoint, session and connection; `(endpoint, sid)`.
fn prepare(lab: &Lab, c: &mut Client) -> (u64, u32) {
    let to = Destination::Inet(lab.portal);
    let connected = c.ask(&Request::EpConnectThroughHost {
        host_no: HOST,
        non_blocking: true,
        to,
    });
    let Ok(Return::Endpoint { handle: endpoint }) = connected else {
        panic!("endpoint: {connected:?}")
    };
    assert_eq!(
        lab.read(&format!("class/iscsi_endpoint/ep-{endpoint}/handle")),
        endpoint.to_string()
    );
    assert_eq!(
        c.ask(&Request::EpPoll {
            endpoint,
            timeout_ms: 1
        }),
        Ok(Return::Code(1))
    );
    let created = c.ask(&Request::CreateBoundSession {
        endpoint,
        initial_cmdsn: 1,
        cmds_max: 32,
        queue_depth: 32,
    });
    let Ok(Return::Session { sid, host_no: HOST }) = created else {
        panic!("session: {created:?}")
    };
    let created = c.event("the new session's event", |e| match e {
        Event::SessionCreated { sid: s, .. } if *s == sid => Some(*s),
        _ => None,
    });
    assert_eq!(created, sid);
    assert_eq!(
        c.ask(&Request::CreateConn { sid, cid: 0 }),
        Ok(Return::Conn { sid, cid: 0 })
    );
    assert_eq!(
        set(c, sid, IscsiParam::TargetName, IQN),
        Err(Errno::ENOTCONN),
        "not bound yet"
    );
    assert_eq!(
        c.ask(&Request::BindConn {
            sid,
            cid: 0,
            endpoint,
            is_leading: true
        }),
        Ok(Return::Code(0))
    );
    for (param, value) in [
        (IscsiParam::TargetName, IQN.to_owned()),
        (IscsiParam::PersistentAddress, lab.portal.ip().to_string()),
        (IscsiParam::PersistentPort, lab.portal.port().to_string()),
        (IscsiParam::ImmDataEn, "1".to_owned()),
        (IscsiParam::MaxRecvDlength, "65536".to_owned()),
        (IscsiParam::SessRecoveryTmo, "33".to_owned()),
    ] {
        set(c, sid, param, &value).expect("parameter");
    }
    (endpoint, sid)
}

#[test]
fn a_user_session_logs_in_is_scanned_on_request_and_goes() {
    needs_tgtd!("a_user_session_logs_in_is_scanned_on_request_and_goes");
    let lab = Lab::start();
    let mut c = lab.client();
    c.set_address("127.0.0.1");
    let (_, sid) = prepare(&lab, &mut c);
    let path = session(sid);
    assert_eq!(lab.read(&format!("{path}/state")), "FREE");
    assert_eq!(lab.read(&format!("{path}/recovery_tmo")), "33");
    assert_eq!(c.ask(&Request::StartConn { sid, cid: 0 }), Ok(Return::Code(0)));
    let state = c.event("login state", |e| match e {
        Event::ConnLoginState { sid: s, state, .. } if *s == sid => Some(*state),
        _ => None,
    });
    assert_eq!(state, ConnState::LoggedIn);
    lab.wait_for(&format!("{path}/state"), "LOGGED_IN");
    assert_eq!(lab.read(&format!("{path}/targetname")), IQN);
    assert_ne!(lab.read(&format!("{path}/creator")), "-1", "made by user space");
    assert_eq!(
        lab.read(&format!("class/iscsi_connection/connection{sid}:0/state")),
        "up"
    );
    assert_eq!(
        lab.read(&format!("{path}/target_state")),
        "ALLOCATED",
        "user space scans, not the kernel"
    );
    lab.endpoint()
        .store(&format!("class/scsi_host/host{HOST}/scan"), b"- - -")
        .expect("scan");
    lab.wait_for("class/block/sda/size", "2048");
    let Event::Stats { stats, .. } = c.ask_event(&Request::GetStats { sid, cid: 0 }) else {
        panic!("not statistics")
    };
    assert!(format!("{stats:?}").contains("scsicmd"), "{stats:?}");

    assert_eq!(
        c.ask(&Request::DestroySession { sid }),
        Err(Errno::EBUSY),
        "it has a connection"
    );
    c.ask(&Request::UnbindSession { sid }).expect("unbind");
    assert!(!lab.sys("class/block/sda").exists());
    c.ask(&Request::StopConn {
        sid,
        cid: 0,
        conn_handle: 0,
        flag: StopFlag::Term,
    })
    .expect("stop");
    c.ask(&Request::DestroyConn { sid, cid: 0 })
        .expect("destroy connection");
    c.ask(&Request::DestroySession { sid }).expect("destroy session");
    assert!(lab.sessions().is_empty());
    let gone = c.event("the end's event", |e| match e {
        Event::SessionDestroyed { sid, .. } => Some(*sid),
        _ => None,
    });
    assert_eq!(gone, sid);
    assert_eq!(
        std::fs::read_dir(lab.sys("class/iscsi_endpoint"))
            .expect("class")
            .count(),
        0
    );
}

#[test]
fn with_the_drivers_bug_a_user_session_cannot_be_destroyed() {
    needs_tgtd!("with_the_drivers_bug_a_user_session_cannot_be_destroyed");
    let lab = Lab::with(|c| c.quirks = true);
    let mut c = lab.client();
    c.set_address("127.0.0.1");
    let (_, sid) = prepare(&lab, &mut c);
    c.ask(&Request::DestroyConn { sid, cid: 0 })
        .expect("destroy connection");
    assert_eq!(c.ask(&Request::DestroySession { sid }), Err(Errno::EBUSY));
}

#[test]
fn a_target_that_a_flash_session_holds_is_eexist() {
    needs_tgtd!("a_target_that_a_flash_session_holds_is_eexist");
    let lab = Lab::start();
    let mut c = lab.client();
    c.set_address("127.0.0.1");
    let node = c.target_node(lab.portal, Some(IQN));
    c.login(node).expect("login");
    lab.wait_for(&format!("{}/state", session(1)), "LOGGED_IN");
    let (_, sid) = prepare(&lab, &mut c);
    assert_eq!(c.ask(&Request::StartConn { sid, cid: 0 }), Err(Errno::EEXIST));
}

#[test]
fn a_lost_connection_is_told_and_left_to_user_space() {
    needs_tgtd!("a_lost_connection_is_told_and_left_to_user_space");
    let mut lab = Lab::start();
    let mut c = lab.client();
    c.set_address("127.0.0.1");
    let (_, sid) = prepare(&lab, &mut c);
    assert_eq!(c.ask(&Request::StartConn { sid, cid: 0 }), Ok(Return::Code(0)));
    lab.wait_for(&format!("{}/state", session(sid)), "LOGGED_IN");
    drop(lab.target.take());
    let lost = c.event("the connection's error", |e| match e {
        Event::ConnError { sid, .. } => Some(*sid),
        _ => None,
    });
    assert_eq!(lost, sid);
    lab.wait_for(&format!("{}/state", session(sid)), "FAILED");
    assert_eq!(c.ask(&Request::StartConn { sid, cid: 0 }), Err(Errno::ENOTCONN));
    c.ask(&Request::StopConn {
        sid,
        cid: 0,
        conn_handle: 0,
        flag: StopFlag::Recover,
    })
    .expect("stop");
    assert_eq!(lab.sessions(), [sid]);
}

#[test]
fn uevents_follow_a_session_from_add_to_remove() {
    needs_tgtd!("uevents_follow_a_session_from_add_to_remove");
    let lab = Lab::start();
    let mut uevents = lab.endpoint().open_uevent().expect("uevent socket");
    let mut c = lab.client();
    c.set_address("127.0.0.1");
    let node = c.target_node(lab.portal, Some(IQN));
    c.login(node).expect("login");
    lab.wait_for("class/block/sda/size", "2048");
    c.ask(&Request::LogoutFlashnode {
        host_no: HOST,
        index: node,
    })
    .expect("logout");
    let mut seen = Vec::new();
    while seen.last().is_none_or(|s: &String| s != "remove iscsi_session") {
        let event = uevents
            .recv(Some(std::time::Instant::now() + common::PATIENCE))
            .expect("uevent");
        seen.push(format!(
            "{} {}",
            event.get("ACTION").unwrap_or("?"),
            event.subsystem().unwrap_or("?")
        ));
    }
    let at = |what: &str| {
        seen.iter()
            .position(|s| s == what)
            .unwrap_or_else(|| panic!("no {what} in {seen:?}"))
    };
    assert!(at("add iscsi_session") < at("add iscsi_connection"));
    assert!(at("add scsi") < at("add block"));
    assert!(at("remove block") < at("remove iscsi_session"));
}
