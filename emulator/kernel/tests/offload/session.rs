//! Sessions from login to end: data, losses, devices that go down. Source: `bnx2i_iscsi.c`, `bnx2i_hwi.c`, named at each test.

use std::time::{Duration, Instant};

use driver_sys::netlink::code::IscsiErr;
use driver_sys::netlink::params::IscsiParam;
use driver_sys::netlink::{Attr, Bytes, Event, Request};
use driver_sys::sg::{Command, Device, Transfer};
use emu_array::{Account, DigestPolicy, LunSource, Served, TargetConfig};
use iscsi::Isid;
use iscsi::chap::{ChapAccount, ChapSecret};
use iscsi::initiator::{Auth, Config};
use lab_tests::netlink::Client;
use lab_tests::offload::{Session, Wanted};

use super::answering::Answering;
use super::lab::{HOST, Lab, PATIENCE};

const IQN: &str = "iqn.2026-01.net.example:disk";
const BLOCK: usize = 512;
const CHECK_CONDITION: u32 = 2;
const UNIT_ATTENTION: u8 = 6;
/// Bytes of one command.
const PIECE: usize = 128 << 10;

fn target(change: impl FnOnce(&mut TargetConfig)) -> Served {
    let mut config = TargetConfig::new(IQN, "127.0.0.1:0".parse().expect("address"));
    config.luns = vec![LunSource::Size(8 << 20).into()];
    change(&mut config);
    Served::start(config).expect("target")
}

fn wanted(target: &Served, number: u8) -> Wanted {
    let name = format!("iqn.2026-01.net.example:host{number}");
    Wanted {
        host_no: HOST,
        portal: target.portal(),
        config: Config::new(
            name.parse().expect("name"),
            Some(IQN.parse().expect("name")),
            Isid([0x40, 0, 0, 0, 0, number]),
            [number; 32],
        ),
    }
}

fn client(lab: &Lab) -> Client {
    Client::listening(&lab.path(), "bnx2i", 1).expect("netlink")
}

fn wait_for(lab: &Lab, path: &str, value: &str) {
    let until = Instant::now() + PATIENCE;
    while lab.read(path) != value {
        assert!(Instant::now() < until, "{path} does not become {value}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Has the kernel look for the units of a session; the first of them.
fn unit(lab: &Lab, session: &Session) -> Device {
    let sid = session.sid;
    let target = lab.read(&format!("class/iscsi_session/session{sid}/target_id"));
    let endpoint = driver_sys::Endpoint::Dir(lab.path());
    let scan = format!("class/scsi_host/host{HOST}/scan");
    endpoint
        .store(&scan, format!("0 {target} -").as_bytes())
        .expect("scan");
    wait_for(
        lab,
        &format!("class/iscsi_session/session{sid}/target_state"),
        "SCANNED",
    );
    let hctl = format!("{HOST}:0:{target}:0").parse().expect("address");
    endpoint.open_sg(hctl).expect("sg")
}

fn cdb(opcode: u8, at: usize, len: usize) -> Vec<u8> {
    let [a, b, c, d] = u32::try_from(at / BLOCK).expect("an address").to_be_bytes();
    let [x, y] = u16::try_from(len / BLOCK).expect("few blocks").to_be_bytes();
    vec![opcode, 0, a, b, c, d, 0, x, y, 0]
}

fn run(sg: &mut Device, cdb: Vec<u8>, transfer: Transfer) -> Vec<u8> {
    let command = Command {
        cdb,
        transfer,
        timeout: PATIENCE * 3,
    };
    let mut done = sg.run(&command).expect("carried");
    // A nexus that was lost is told to the first command over the new one.
    if done.status == CHECK_CONDITION && done.sense.get(2).is_some_and(|key| key & 0x0f == UNIT_ATTENTION) {
        done = sg.run(&command).expect("carried");
    }
    assert_eq!((done.status, done.host_status), (0, 0));
    done.data
}

/// So many bytes to a disk and back.
fn there_and_back(sg: &mut Device, len: usize, seed: u8) {
    let data: Vec<u8> = (0..len)
        .map(|i| (i / 7) as u8 ^ (i as u8).wrapping_mul(seed))
        .collect();
    for (n, piece) in data.chunks(PIECE).enumerate() {
        run(
            sg,
            cdb(0x2a, n * PIECE, piece.len()),
            Transfer::Out(piece.to_vec()),
        );
    }
    for (n, piece) in data.chunks(PIECE).enumerate() {
        let len = u32::try_from(piece.len()).expect("a length");
        assert!(
            run(sg, cdb(0x28, n * PIECE, piece.len()), Transfer::In(len)) == piece,
            "piece {n}"
        );
    }
}

/// The error that the kernel tells of a session's connection.
fn conn_error(client: &mut Client, sid: u32) -> IscsiErr {
    let event = client.event(
        "CONN_ERROR",
        PATIENCE,
        |event| matches!(event, Event::ConnError { sid: s, .. } if *s == sid),
    );
    match event {
        Ok(Event::ConnError { error, .. }) => error,
        other => panic!("{other:?}"),
    }
}

/// `bnx2i_update_iscsi_conn`: digests go into the chip with the rest.
#[test]
fn what_is_written_comes_back_with_and_without_digests() {
    for (policy, on) in [(DigestPolicy::Forbid, "0"), (DigestPolicy::Require, "1")] {
        let lab = Lab::start();
        let _helper = Answering::start(&lab);
        let target = target(|target| target.digests = policy);
        let mut client = client(&lab);
        let session = Session::login(&mut client, wanted(&target, 1)).expect("login");
        let sid = session.sid;
        let conn = format!("class/iscsi_connection/connection{sid}:0");
        assert_eq!(lab.read(&format!("{conn}/header_digest")), on);
        assert_eq!(lab.read(&format!("{conn}/state")), "up");
        assert_eq!(lab.read(&format!("{conn}/address")), "127.0.0.1");
        assert_eq!(
            lab.read(&format!("class/iscsi_session/session{sid}/state")),
            "LOGGED_IN"
        );
        assert_eq!(
            lab.read(&format!("class/iscsi_session/session{sid}/targetname")),
            IQN
        );
        let mut sg = unit(&lab, &session);
        there_and_back(&mut sg, 4 << 20, 3);
        session.end(&mut client).expect("end");
        assert!(lab.names("class/iscsi_session").is_empty() && lab.names("class/iscsi_endpoint").is_empty());
    }
}

/// CHAP is user space's: the driver carries PDUs.
#[test]
fn a_target_that_wants_chap_is_logged_in_to() {
    let lab = Lab::start();
    let _helper = Answering::start(&lab);
    let target = target(|target| {
        target.accounts.incoming = vec![Account::new("host", "a secret of the host")];
    });
    let mut client = client(&lab);
    assert!(
        Session::login(&mut client, wanted(&target, 1)).is_err(),
        "without"
    );
    let mut wanted = wanted(&target, 2);
    wanted.config.auth = Auth::Chap {
        outgoing: ChapAccount {
            name: "host".into(),
            secret: ChapSecret::new(b"a secret of the host".to_vec()).expect("a secret"),
        },
        incoming: None,
        algorithms: Vec::new(),
        optional: false,
    };
    let session = Session::login(&mut client, wanted).expect("login");
    there_and_back(&mut unit(&lab, &session), 64 << 10, 5);
}

/// `bnx2i_hwi.c`, `bnx2i_cm_remote_close`, `bnx2i_cm_remote_abort`, `bnx2i_recovery_que_add_conn`: 1011, whatever it was.
#[test]
fn a_session_whose_connection_is_lost_comes_back_and_its_commands_with_it() {
    let lab = Lab::start();
    let _helper = Answering::start(&lab);
    let target = target(|_| {});
    let mut client = client(&lab);
    let mut session = Session::login(&mut client, wanted(&target, 1)).expect("login");
    let sid = session.sid;
    let mut sg = unit(&lab, &session);
    for seed in 1..4 {
        assert_eq!(lab.control(&format!("drop session {sid}")), "ok");
        assert_eq!(conn_error(&mut client, sid), IscsiErr::ConnFailed);
        wait_for(&lab, &format!("class/iscsi_session/session{sid}/state"), "FAILED");
        assert!(
            lab.names("class/iscsi_endpoint").is_empty(),
            "the kernel has disconnected it"
        );
        let writer = std::thread::spawn(move || {
            there_and_back(&mut sg, 256 << 10, seed);
            sg
        });
        session.recover(&mut client).expect("recovery");
        sg = writer.join().expect("what waited was done");
        assert_eq!(
            lab.read(&format!("class/iscsi_session/session{sid}/state")),
            "LOGGED_IN"
        );
    }
    assert!(lab.control("drop session 99").starts_with("error"));
}

/// `bnx2i_init.c`, `bnx2i_stop`; `bnx2i_hwi.c`, `bnx2i_indicate_netevent` (NETDEV_GOING_DOWN): every session of the port is told.
#[test]
fn a_device_that_goes_down_takes_its_sessions_along_until_it_comes_up() {
    let lab = Lab::start();
    let _helper = Answering::start(&lab);
    let target = target(|_| {});
    let mut client = client(&lab);
    let mut sessions: Vec<Session> = (1..5)
        .map(|n| Session::login(&mut client, wanted(&target, n)).expect("login"))
        .collect();
    assert_eq!(lab.control("netdev down 0"), "ok");
    for session in &sessions {
        assert_eq!(conn_error(&mut client, session.sid), IscsiErr::ConnFailed);
    }
    assert!(sessions[0].recover(&mut client).is_err(), "no port");
    assert_eq!(lab.control("netdev up 0"), "ok");
    for session in &mut sessions {
        session.recover(&mut client).expect("recovery");
        there_and_back(&mut unit(&lab, session), 64 << 10, 9);
    }
}

/// A helper that ends under I/O: sessions that stand go on, and a new one finds its way when a helper is back.
#[test]
fn sessions_go_on_without_a_helper() {
    let lab = Lab::start();
    let helper = Answering::start(&lab);
    let target = target(|_| {});
    let mut client = client(&lab);
    let session = Session::login(&mut client, wanted(&target, 1)).expect("login");
    let mut sg = unit(&lab, &session);
    let writer = std::thread::spawn(move || there_and_back(&mut sg, 2 << 20, 11));
    drop(helper);
    writer.join().expect("data");
    assert!(Session::login(&mut client, wanted(&target, 2)).is_err());
    let _helper = Answering::start(&lab);
    Session::login(&mut client, wanted(&target, 2)).expect("login");
}

/// A cable that is out: what is sent does not arrive, the kernel's NOP finds out (`iscsi_check_transport_timeouts`).
#[test]
fn a_pulled_cable_is_found_by_the_nop() {
    let lab = Lab::start();
    let _helper = Answering::start(&lab);
    let target = target(|_| {});
    let mut client = client(&lab);
    let mut session = Session::login(&mut client, wanted(&target, 1)).expect("login");
    let sid = session.sid;
    for param in [IscsiParam::PingTmo, IscsiParam::RecvTmo] {
        let attr = Attr {
            param,
            value: Bytes::c_text("1"),
        };
        client.ask(&Request::SetParam { sid, cid: 0, attr }).expect("set");
    }
    assert_eq!(lab.control("link down 0"), "ok");
    assert_eq!(conn_error(&mut client, sid), IscsiErr::NopTimedout);
    assert_eq!(lab.control("link up 0"), "ok");
    session.recover(&mut client).expect("recovery");
    there_and_back(&mut unit(&lab, &session), 64 << 10, 2);
}

/// `bnx2i_hwi.c`, `bnx2i_cm_remote_close`; `bnx2i_iscsi.c`, `bnx2i_session_create`: targets have numbers of their own.
#[test]
fn sixty_four_sessions_at_once() {
    let lab = Lab::start();
    let _helper = Answering::start(&lab);
    let target = target(|_| {});
    let mut client = client(&lab);
    let sessions: Vec<Session> = (0..64)
        .map(|n| Session::login(&mut client, wanted(&target, n)).expect("login"))
        .collect();
    let mut ids: Vec<String> = sessions
        .iter()
        .map(|s| lab.read(&format!("class/iscsi_session/session{}/target_id", s.sid)))
        .collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 64);
    for session in [&sessions[0], &sessions[31], &sessions[63]] {
        there_and_back(&mut unit(&lab, session), 128 << 10, 13);
    }
    for session in sessions {
        session.end(&mut client).expect("end");
    }
    assert!(lab.names("class/iscsi_session").is_empty());
}

/// `bnx2i_conn_get_stats`: the library's counters and one of the driver's.
#[test]
fn statistics_count_what_went_over_the_connection() {
    let lab = Lab::start();
    let _helper = Answering::start(&lab);
    let target = target(|_| {});
    let mut client = client(&lab);
    let session = Session::login(&mut client, wanted(&target, 1)).expect("login");
    there_and_back(&mut unit(&lab, &session), 256 << 10, 4);
    let request = Request::GetStats {
        sid: session.sid,
        cid: 0,
    };
    client.tell(&request).expect("sent");
    let event = client.event("statistics", PATIENCE, |event| {
        matches!(event, Event::Stats { .. })
    });
    let Ok(Event::Stats { stats, .. }) = event else {
        panic!("{event:?}")
    };
    let value = |wanted: &str| stats.counters().find(|(name, _)| *name == wanted).map(|c| c.1);
    assert!(value("txdata_octets") > Some(256 << 10) && value("rxdata_octets") > Some(256 << 10));
    let own: Vec<&str> = stats.custom.iter().map(|c| c.name.as_str()).collect();
    assert_eq!(own, ["eh_abort_cnt"]);
}
