//! Connections that are lost: what user space is told, what happens to commands, how a session comes back.

use std::time::{Duration, Instant};

use driver_sys::netlink::code::{IscsiErr, StopFlag};
use driver_sys::netlink::params::IscsiParam;
use driver_sys::netlink::{Attr, Bytes, Request};
use driver_sys::port::Seqpacket;
use driver_sys::sg::Outcome;
use emu_array::{DigestPolicy, Fault};
use lab_tests::netlink::Client;
use lab_tests::offload::software;

use crate::lab::{Lab, PATIENCE, conn_error, good, pattern, read, run, write};

/// `DID_TRANSPORT_DISRUPTED`.
const DISRUPTED: u32 = 0x0e;
/// `DID_NO_CONNECT`.
const NO_CONNECT: u32 = 1;

fn set(client: &mut Client, sid: u32, param: IscsiParam, value: &str) {
    let attr = Attr::new(param, Bytes::c_text(value));
    client.ask(&Request::SetParam { sid, cid: 0, attr }).expect("set");
}

#[test]
fn a_session_whose_target_dropped_it_comes_back_and_commands_that_waited_are_done() {
    let lab = Lab::start();
    let mut client = lab.client();
    let mut session = lab.login(&mut client);
    let mut sg = lab.scan(session.host_no);
    let data = pattern(4096, 5);
    good(&mut sg, &write(8, data.clone()));
    let path = format!("class/iscsi_session/session{}", session.sid);
    let conn = format!("class/iscsi_connection/connection{}:0", session.sid);
    for round in 0..3 {
        lab.target.fault(&Fault::DropSessions).expect("fault");
        assert_eq!(conn_error(&mut client, session.sid), IscsiErr::TcpConnClose);
        lab.wait_for(&format!("{path}/state"), "FAILED");
        assert_eq!(lab.read(&format!("{conn}/state")), "failed");
        let host = session.host_no;
        let device = format!("class/scsi_device/{host}:0:0:0/device/state");
        assert_eq!(lab.read(&device), "blocked");
        // A command that comes meanwhile waits.
        let wanted = data.clone();
        let waiting = std::thread::spawn(move || {
            assert!(good(&mut sg, &read(8, 8)) == wanted);
            sg
        });
        session
            .recover(&mut client)
            .unwrap_or_else(|e| panic!("round {round}: {e:#}"));
        sg = waiting.join().expect("the command is done");
        assert_eq!(lab.read(&format!("{path}/state")), "LOGGED_IN");
        assert_eq!(lab.read(&format!("{conn}/state")), "up");
        assert_eq!(lab.read(&device), "running");
    }
}

#[test]
fn a_command_that_runs_when_its_connection_goes_fails() {
    let lab = Lab::start();
    let mut client = lab.client();
    let session = lab.login(&mut client);
    let mut sg = lab.scan(session.host_no);
    lab.target.fault(&Fault::LoseReply).expect("fault");
    let running = std::thread::spawn(move || run(&mut sg, &read(0, 1)));
    // The control connection overtakes nothing: the command is on its way when the link is torn.
    let stats = format!("class/scsi_device/{}:0:0:0/device/iorequest_cnt", session.host_no);
    let before = lab.read(&stats);
    let end = Instant::now() + PATIENCE;
    while lab.read(&stats) == before && Instant::now() < end {
        std::thread::sleep(Duration::from_millis(2));
    }
    assert_eq!(lab.control(&format!("drop session {}", session.sid)), "ok");
    assert_eq!(running.join().expect("answered").host_status, DISRUPTED);
    assert_eq!(conn_error(&mut client, session.sid), IscsiErr::TcpConnClose);
}

/// What the kernel tells when a target does this while a command runs.
fn told(fault: &Fault, digests: DigestPolicy) -> IscsiErr {
    let lab = Lab::with(|target| target.digests = digests);
    let mut client = lab.client();
    let mut session = lab.login(&mut client);
    let mut sg = lab.scan(session.host_no);
    lab.target.fault(fault).expect("fault");
    assert_eq!(run(&mut sg, &read(0, 8)).host_status, DISRUPTED);
    let error = conn_error(&mut client, session.sid);
    session.recover(&mut client).expect("it comes back");
    good(&mut sg, &read(0, 8));
    error
}

#[test]
fn each_damage_has_its_code() {
    assert_eq!(told(&Fault::BadDigest, DigestPolicy::Require), IscsiErr::DataDgst);
    assert_eq!(
        told(&Fault::CloseMidPdu, DigestPolicy::Forbid),
        IscsiErr::TcpConnClose
    );
    assert_eq!(told(&Fault::Garbage, DigestPolicy::Require), IscsiErr::HdrDgst);
}

#[test]
fn a_target_that_falls_silent_is_noticed_by_the_kernels_own_pings() {
    let lab = Lab::start();
    let mut client = lab.client();
    let mut session = lab.login(&mut client);
    let mut sg = lab.scan(session.host_no);
    set(&mut client, session.sid, IscsiParam::RecvTmo, "1");
    set(&mut client, session.sid, IscsiParam::PingTmo, "1");
    let conn = format!("class/iscsi_connection/connection{}:0", session.sid);
    assert_eq!(lab.read(&format!("{conn}/ping_tmo")), "1");
    lab.target.fault(&Fault::Silent).expect("fault");
    let begin = Instant::now();
    assert_eq!(conn_error(&mut client, session.sid), IscsiErr::NopTimedout);
    // Two intervals since the last word, which may be a second old by now.
    let waited = begin.elapsed();
    assert!(
        waited > Duration::from_millis(900) && waited < Duration::from_secs(20),
        "{waited:?}"
    );
    lab.target.fault(&Fault::Clear).expect("fault");
    session.recover(&mut client).expect("it comes back");
    good(&mut sg, &read(0, 1));
}

#[test]
fn a_session_that_does_not_come_back_in_time_is_given_up_and_may_still_come_back() {
    let lab = Lab::start();
    let mut client = lab.client();
    let mut session = lab.login(&mut client);
    let mut sg = lab.scan(session.host_no);
    set(&mut client, session.sid, IscsiParam::SessRecoveryTmo, "0");
    lab.target.fault(&Fault::DropSessions).expect("fault");
    assert_eq!(conn_error(&mut client, session.sid), IscsiErr::TcpConnClose);
    let path = format!("class/iscsi_session/session{}", session.sid);
    lab.wait_for(&format!("{path}/state"), "FREE");
    assert_eq!(run(&mut sg, &read(0, 1)).host_status, NO_CONNECT);
    session.recover(&mut client).expect("it comes back");
    assert_eq!(lab.read(&format!("{path}/state")), "LOGGED_IN");
    good(&mut sg, &read(0, 1));
}

#[test]
fn without_a_daemon_a_pdu_for_it_ends_the_connection() {
    let lab = Lab::start();
    let mut client = lab.client();
    let session = lab.login(&mut client);
    drop(client);
    // `iscsi_recv_pdu` finds nobody (ESRCH).
    lab.target.fault(&Fault::RequestLogout(5)).expect("fault");
    let path = format!("class/iscsi_session/session{}", session.sid);
    lab.wait_for(&format!("{path}/state"), "FAILED");
}

#[test]
fn a_session_that_ends_while_its_connection_is_lost_leaves_nothing() {
    let lab = Lab::start();
    let mut client = lab.client();
    let session = lab.login(&mut client);
    let (sid, host) = (session.sid, session.host_no);
    drop(lab.scan(host));
    let unit = lab.path().join(format!("sg/{host}:0:0:0"));
    let unit = Seqpacket::connect(unit, Instant::now() + PATIENCE).expect("the unit");
    lab.target.fault(&Fault::DropSessions).expect("fault");
    conn_error(&mut client, sid);
    unit.send(&read(0, 1).encode(), "a command").expect("sent");
    // It waits by the time that this is answered, and ends with the session.
    software::stop(&mut client, sid, StopFlag::Recover).expect("stopped");
    session.end(&mut client).expect("end");
    let mut room = [0; 1024];
    let answer = unit.receive(&mut room, Instant::now() + PATIENCE, "its end");
    let ended = Outcome::decode(answer.expect("answered")).expect("an outcome");
    assert_eq!((ended.errno, ended.host_status), (Ok(()), NO_CONNECT));
    for object in [
        format!("class/iscsi_session/session{sid}"),
        format!("class/iscsi_connection/connection{sid}:0"),
        format!("class/iscsi_host/host{host}"),
        format!("class/scsi_host/host{host}"),
        format!("class/scsi_device/{host}:0:0:0"),
        format!("devices/platform/host{host}"),
    ] {
        assert!(!lab.exists(&object), "{object}");
    }
}

#[test]
fn while_connections_are_refused_a_socket_of_user_space_is_closed() {
    let lab = Lab::start();
    let mut client = lab.client();
    let mut session = lab.login(&mut client);
    assert_eq!(lab.control("refuse logins on"), "ok");
    assert_eq!(lab.control(&format!("drop session {}", session.sid)), "ok");
    conn_error(&mut client, session.sid);
    assert!(session.recover(&mut client).is_err());
    assert_eq!(conn_error(&mut client, session.sid), IscsiErr::TcpConnClose);
    assert_eq!(lab.control("refuse logins off"), "ok");
    session.recover(&mut client).expect("it comes back");
}
