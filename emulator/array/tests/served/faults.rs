//! What the target does when it is told to go wrong, seen from the initiator.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use emu_array::{Fault, control};
use iscsi::digest::Digest;
use iscsi::initiator::{AsyncReport, Direction, DropReason, Event, LoginFailure, Outcome, TmfOutcome};
use iscsi::pdu::{LoginStatus, Lun, TmfFunction, TmfResponseCode};

use super::host::{Host, cdb10, config, serve, target_config};

fn dropped(host: &Host) -> bool {
    host.has(|e| matches!(e, Event::Dropped(_)))
}

#[test]
fn logins_are_refused_redirected_and_taken_again() {
    let target = serve(target_config());
    target.fault(&Fault::RefuseLogins(0x0301)).unwrap();
    let mut host = Host::connect(target.portal(), config(1));
    let refused = |e: &Event| matches!(e, Event::LoginFailed(LoginFailure::Refused(s)) if *s == LoginStatus::SERVICE_UNAVAILABLE);
    host.until("refusal", |host| host.has(refused));
    target.fault(&Fault::Clear).unwrap();
    target
        .fault(&Fault::Redirect("127.0.0.9:3261".parse().unwrap(), true))
        .unwrap();
    let mut host = Host::connect(target.portal(), config(1));
    host.until("redirection", |host| {
        host.has(|e| matches!(e, Event::Redirected { permanent: true, .. }))
    });
    target.fault(&Fault::Clear).unwrap();
    Host::login(target.portal(), config(1));
}

#[test]
fn sessions_are_dropped_asked_to_leave_and_told_to() {
    let target = serve(target_config());
    let mut host = Host::login(target.portal(), config(1));
    target.fault(&Fault::DropSessions).unwrap();
    host.until("drop", dropped);
    assert_eq!(target.sessions().unwrap(), 0);

    let mut host = Host::login(target.portal(), config(1));
    target.fault(&Fault::RequestLogout(5)).unwrap();
    host.until("logout", |host| {
        host.has(|e| matches!(e, Event::LoggedOut { .. }))
    });
    assert!(host.has(|e| matches!(e, Event::Async(AsyncReport::LogoutRequested { seconds: 5 }))));

    for fault in [Fault::AnnounceDrop, Fault::AnnounceConnectionDrop] {
        let mut host = Host::login(target.portal(), config(1));
        target.fault(&fault).unwrap();
        host.until("announced drop", |h| {
            h.has(|e| matches!(e, Event::Dropped(DropReason::ByTarget { .. })))
        });
    }
}

#[test]
fn bytes_go_wrong_in_every_way() {
    let target = serve(target_config());
    for fault in [Fault::Garbage, Fault::CloseMidPdu] {
        let mut host = Host::login(target.portal(), config(1));
        target.fault(&fault).unwrap();
        let tag = host.submit(0, &[0; 6], Direction::None, Vec::new());
        host.until("end", dropped);
        host.done(tag);
    }
    let mut with_digest = config(1);
    with_digest.offer.data_digests = vec![Digest::Crc32c];
    let mut host = Host::login(target.portal(), with_digest);
    host.attention(0);
    target.fault(&Fault::BadDigest).unwrap();
    let (outcome, _) = host.run(0, &cdb10(0x28, 0, 512), Direction::Read, vec![0; 512]);
    assert_eq!(outcome, Outcome::Damaged);
    assert_eq!(host.read(0, 0, 512), [0; 512], "the session goes on");
    assert!(!dropped(&host));
}

#[test]
fn a_silent_target_speaks_again_when_cleared() {
    let target = serve(target_config());
    let mut host = Host::login(target.portal(), config(1));
    host.attention(0);
    target.fault(&Fault::Silent).unwrap();
    let tag = host.submit(0, &[0; 6], Direction::None, Vec::new());
    let start = Instant::now();
    host.until("time", |_| start.elapsed() > Duration::from_millis(100));
    assert!(!host.has(|e| matches!(e, Event::TaskDone { .. })));
    target.fault(&Fault::Clear).unwrap();
    host.done(tag);
}

#[test]
fn a_lost_reply_is_cured_by_abort_and_a_delayed_one_by_patience() {
    let target = serve(target_config());
    let mut host = Host::login(target.portal(), config(1));
    host.attention(0);
    target.fault(&Fault::LoseReply).unwrap();
    let lost = host.submit(0, &[0; 6], Direction::None, Vec::new());
    assert_eq!(host.attention(1), Some((0x29, 0x00)), "only one reply is lost");
    let tag = host
        .engine
        .task_management(Instant::now(), TmfFunction::ABORT_TASK, Lun::flat(0), Some(lost));
    host.until("abort", |h| {
        h.has(|e| matches!(e, Event::TmfDone { tag: t, outcome: TmfOutcome::Response(TmfResponseCode::COMPLETE) } if *t == tag))
    });
    target
        .fault(&Fault::DelayReplies(Duration::from_millis(150)))
        .unwrap();
    let start = Instant::now();
    assert_eq!(host.attention(0), None);
    assert!(start.elapsed() >= Duration::from_millis(150));
}

#[test]
fn units_come_and_go_and_initiators_hear_of_it() {
    let target = serve(target_config());
    let mut host = Host::login(target.portal(), config(1));
    host.attention(0);
    target.fault(&Fault::Lun(1, false)).unwrap();
    assert_eq!(host.attention(0), Some((0x3f, 0x0e)));
    assert_eq!(host.attention(1), Some((0x25, 0x00)));
    assert!(target.fault(&Fault::Lun(1, false)).is_err(), "it is gone already");
    target.fault(&Fault::Lun(1, true)).unwrap();
    assert_eq!(host.attention(0), Some((0x3f, 0x0e)));
    assert_eq!(host.attention(1), Some((0x29, 0x00)));
}

#[test]
fn portals_close_and_open_where_they_were() {
    let target = serve(target_config());
    let mut host = Host::login(target.portal(), config(1));
    target.fault(&Fault::Portals(false)).unwrap();
    assert!(TcpStream::connect(target.portal()).is_err());
    host.attention(0);
    target.fault(&Fault::Portals(true)).unwrap();
    Host::login(target.portal(), config(2));
}

#[test]
fn the_control_socket_takes_the_same_orders() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("control");
    let mut served = target_config();
    served.control = Some(path.clone());
    let target = serve(served.clone());
    assert!(
        emu_array::Served::start(served).is_err(),
        "a control socket in use is not taken over"
    );
    let mut host = Host::login(target.portal(), config(1));
    assert!(control::status(&path).unwrap().contains("sessions 1"));
    control::send(&path, &Fault::DropSessions).unwrap();
    host.until("drop", dropped);
    let error = control::send(&path, &Fault::Lun(77, false)).unwrap_err();
    assert!(error.to_string().contains("no logical unit 77"), "{error}");
    target.stop();
    assert!(!path.exists());
    assert!(control::status(&path).is_err());
}

#[test]
fn strangers_are_cut_off_and_others_served_meanwhile() {
    let mut served = target_config();
    // Long enough for an honest login on a machine that has much else to do.
    served.login_timeout = Duration::from_secs(3);
    served.max_connections = 8;
    let target = serve(served);
    let mut host = Host::login(target.portal(), config(1));
    let mut idle = TcpStream::connect(target.portal()).unwrap();
    let mut noisy = TcpStream::connect(target.portal()).unwrap();
    noisy
        .write_all(b"GET / HTTP/1.1\r\nHost: target\r\nUser-Agent: somebody\r\n\r\n")
        .unwrap();
    host.attention(0);
    for stream in [&mut idle, &mut noisy] {
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let mut rest = Vec::new();
        let end = stream.read_to_end(&mut rest);
        assert!(
            rest.is_empty()
                && (end.is_ok() || end.is_err_and(|e| e.kind() == std::io::ErrorKind::ConnectionReset))
        );
    }
    let crowd: Vec<TcpStream> = (0..7)
        .map(|_| TcpStream::connect(target.portal()).unwrap())
        .collect();
    let mut late = TcpStream::connect(target.portal()).unwrap();
    late.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    assert!(!matches!(late.read(&mut [0; 1]), Ok(1..)), "too many connections");
    assert_eq!(host.attention(0), None);
    drop(crowd);
}
