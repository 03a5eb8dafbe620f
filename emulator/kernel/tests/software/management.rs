//! Error handling: abort, reset of a unit, and a new login when the target answers neither.

use std::time::{Duration, Instant};

use driver_sys::netlink::Event;
use driver_sys::netlink::code::IscsiErr;
use driver_sys::netlink::params::IscsiParam;
use driver_sys::netlink::{Attr, Bytes, Request};
use emu_array::Fault;
use lab_tests::netlink::Client;

use crate::lab::{Lab, PATIENCE, conn_error, good, read, run};

/// `DID_TIME_OUT`.
const TIME_OUT: u32 = 3;

fn set(client: &mut Client, sid: u32, param: IscsiParam, value: &str) {
    let attr = Attr::new(param, Bytes::c_text(value));
    client.ask(&Request::SetParam { sid, cid: 0, attr }).expect("set");
}

fn aborts(client: &mut Client, sid: u32) -> u64 {
    client.tell(&Request::GetStats { sid, cid: 0 }).expect("sent");
    let event = client.event("statistics", PATIENCE, |event| {
        matches!(event, Event::Stats { .. })
    });
    let Ok(Event::Stats { stats, .. }) = event else {
        panic!("{event:?}")
    };
    let found = stats.custom.iter().find(|c| c.name == "eh_abort_cnt");
    found.expect("a counter").value
}

/// A read that the target does not answer.
fn late() -> driver_sys::sg::Command {
    driver_sys::sg::Command {
        timeout: Duration::from_millis(300),
        ..read(0, 1)
    }
}

#[test]
fn a_command_without_an_answer_is_aborted_and_the_session_goes_on() {
    let lab = Lab::start();
    let mut client = lab.client();
    let session = lab.login(&mut client);
    let mut sg = lab.scan(session.host_no);
    lab.target.fault(&Fault::LoseReply).expect("fault");
    assert_eq!(run(&mut sg, &late()).host_status, TIME_OUT);
    assert_eq!(aborts(&mut client, session.sid), 1);
    let path = format!("class/iscsi_session/session{}/state", session.sid);
    assert_eq!(lab.read(&path), "LOGGED_IN");
    good(&mut sg, &read(0, 1));
}

#[test]
fn when_the_abort_is_refused_the_unit_is_reset() {
    let lab = Lab::start();
    let mut client = lab.client();
    let session = lab.login(&mut client);
    let mut sg = lab.scan(session.host_no);
    lab.target.fault(&Fault::LoseReply).expect("fault");
    lab.target.fault(&Fault::RejectAbort).expect("fault");
    let begin = Instant::now();
    assert_ne!(run(&mut sg, &late()).host_status, 0);
    assert!(begin.elapsed() < PATIENCE);
    let host = format!("class/scsi_host/host{}/state", session.host_no);
    lab.wait_for(&host, "running");
    let path = format!("class/iscsi_session/session{}/state", session.sid);
    assert_eq!(lab.read(&path), "LOGGED_IN");
    // The first command may hear of the reset (unit attention).
    run(&mut sg, &read(0, 1));
    good(&mut sg, &read(0, 1));
}

#[test]
fn when_no_function_is_answered_the_session_logs_in_again() {
    let lab = Lab::start();
    let mut client = lab.client();
    let mut session = lab.login(&mut client);
    let sid = session.sid;
    let mut sg = lab.scan(session.host_no);
    // Pings would notice first.
    for (param, value) in [
        (IscsiParam::RecvTmo, "0"),
        (IscsiParam::PingTmo, "0"),
        (IscsiParam::AbortTmo, "1"),
        (IscsiParam::LuResetTmo, "1"),
        (IscsiParam::TgtResetTmo, "1"),
    ] {
        set(&mut client, sid, param, value);
    }
    lab.target.fault(&Fault::Silent).expect("fault");
    let running = std::thread::spawn(move || {
        let status = run(&mut sg, &late()).host_status;
        (sg, status)
    });
    assert_eq!(conn_error(&mut client, sid), IscsiErr::ScsiEhSessionRst);
    lab.target.fault(&Fault::Clear).expect("fault");
    session.recover(&mut client).expect("it comes back");
    let (mut sg, status) = running.join().expect("answered");
    assert_ne!(status, 0);
    let host = format!("class/scsi_host/host{}/state", session.host_no);
    lab.wait_for(&host, "running");
    run(&mut sg, &read(0, 1));
    good(&mut sg, &read(0, 1));
}
