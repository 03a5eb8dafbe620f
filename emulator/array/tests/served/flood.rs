//! Crowds that log in slowly, never, or by the thousand, and crowds at the control socket: honest initiators get in, and orders are
//! carried out, while they last.

use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use emu_array::control;
use iscsi::initiator::{Config, Event};
use iscsi::pdu::{CommandFlags, DataOut, Opcode, ScsiCommand, TargetPdu};
use nix::sys::socket::{self, AddressFamily, MsgFlags, SockFlag, SockType, UnixAddr};

use super::host::{Host, config, serve, target_config};
use super::raw::Raw;

/// Logins that have to get through.
const LOGINS: u8 = 20;
/// Connections of a flood: ports of this machine are not without end.
const FLOOD: usize = 3000;
/// What a login may take beside a flood. It is given up and tried again as an initiator does it.
const PATIENCE: Duration = Duration::from_secs(20);

/// Logs in, however often a connection is lost before.
fn log_in(portal: SocketAddr, settings: &Config) -> (Host, usize) {
    let end = Instant::now() + PATIENCE;
    for attempt in 1.. {
        let mut host = Host::connect(portal, settings.clone());
        host.until("an end of the login", |host| {
            host.has(|e| matches!(e, Event::LoggedIn(_) | Event::LoginFailed(_)))
        });
        if host.has(|e| matches!(e, Event::LoggedIn(_))) {
            return (host, attempt);
        }
        assert!(Instant::now() < end, "no login in {attempt} attempts");
    }
    unreachable!()
}

#[test]
fn honest_logins_get_through_a_flood_of_connections() {
    let target = serve(target_config());
    let portal = target.portal();
    let (over, made) = (AtomicBool::new(false), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        let flood = scope.spawn(|| {
            // The oldest go first: the target has dropped them long before.
            let mut crowd = std::collections::VecDeque::new();
            while !over.load(Ordering::Relaxed) && made.load(Ordering::Relaxed) < FLOOD {
                if let Ok(stream) = TcpStream::connect(portal) {
                    crowd.push_back(stream);
                    made.fetch_add(1, Ordering::Relaxed);
                }
                if crowd.len() > 200 {
                    crowd.pop_front();
                }
            }
        });
        let began = Instant::now();
        while made.load(Ordering::Relaxed) < 200 {
            assert!(began.elapsed() < PATIENCE, "no flood");
            std::thread::yield_now();
        }
        let mut attempts = 0;
        let mut hosts = Vec::new();
        for number in 1..=LOGINS {
            let (mut host, tries) = log_in(portal, &config(number));
            host.attention(0);
            attempts += tries;
            hosts.push(host);
        }
        over.store(true, Ordering::Relaxed);
        flood.join().unwrap();
        println!(
            "{} connections, {LOGINS} logins in {attempts} attempts, {:?}",
            made.load(Ordering::Relaxed),
            began.elapsed()
        );
        assert!(attempts <= usize::from(LOGINS) * 3);
        assert_eq!(target.sessions().unwrap(), usize::from(LOGINS));
    });
}

#[test]
fn slow_logins_keep_nobody_out() {
    let target = serve(target_config());
    let mut slow: Vec<TcpStream> = (0..80)
        .map(|_| TcpStream::connect(target.portal()).unwrap())
        .collect();
    for (number, byte) in [0x43, 0x87, 0, 0].into_iter().enumerate() {
        for stream in &mut slow {
            // Those that made way are closed.
            let _ = stream.write_all(&[byte]);
        }
        let (_, attempts) = log_in(target.portal(), &config(number as u8 + 1));
        assert_eq!(attempts, 1);
    }
}

#[test]
fn who_has_begun_a_login_stays_before_the_mute() {
    let mut settings = target_config();
    settings.max_half_open = 8;
    let target = serve(settings);
    let mut raw = Raw::connect(target.portal());
    let flags = iscsi::pdu::LoginFlags::stay(iscsi::pdu::Stage::OPERATIONAL);
    let keys = [
        ("InitiatorName", "iqn.2026-11.org.example:raw"),
        ("TargetName", super::host::IQN),
    ];
    assert!(raw.login_step(flags, &keys).0.status.is_success());
    let crowd: Vec<TcpStream> = (0..100)
        .map(|_| TcpStream::connect(target.portal()).unwrap())
        .collect();
    let transit =
        iscsi::pdu::LoginFlags::transit(iscsi::pdu::Stage::OPERATIONAL, iscsi::pdu::Stage::FULL_FEATURE);
    assert!(raw.login_step(transit, &[]).0.status.is_success());
    drop(crowd);
}

#[test]
fn discovery_sessions_make_way_for_sessions() {
    let mut settings = target_config();
    settings.max_connections = 8;
    let target = serve(settings);
    let keys = [
        ("InitiatorName", "iqn.2026-11.org.example:raw"),
        ("SessionType", "Discovery"),
    ];
    let crowd: Vec<Raw> = (0..8).map(|_| Raw::login_as(target.portal(), &keys).0).collect();
    let mut hosts: Vec<Host> = (1..=8)
        .map(|port| log_in(target.portal(), &config(port)).0)
        .collect();
    assert_eq!(target.sessions().unwrap(), 8);
    // Sessions make way for nobody.
    let mut ninth = Host::connect(target.portal(), config(9));
    ninth.until("a refusal", |host| {
        host.has(|e| matches!(e, Event::LoginFailed(_)))
    });
    hosts
        .iter_mut()
        .for_each(|host| assert!(host.attention(0).is_some()));
    drop(crowd);
}

/// A client of the control socket that never waits.
fn control_client(path: &Path) -> Option<OwnedFd> {
    let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
    let fd = socket::socket(AddressFamily::Unix, SockType::SeqPacket, flags, None).ok()?;
    socket::connect(fd.as_raw_fd(), &UnixAddr::new(path).ok()?).ok()?;
    Some(fd)
}

#[test]
fn a_stuffed_control_socket_keeps_nobody_waiting() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("control");
    let mut settings = target_config();
    settings.control = Some(path.clone());
    let target = serve(settings);
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let flood = scope.spawn(|| {
            let mut crowd = std::collections::VecDeque::new();
            while !over.load(Ordering::Relaxed) {
                if let Some(fd) = control_client(&path) {
                    crowd.push_back(fd);
                }
                if crowd.len() > 150 {
                    crowd.pop_front();
                }
                // Never reads an answer, and stuffs what it can.
                for fd in &crowd {
                    let _ = socket::send(
                        fd.as_raw_fd(),
                        b"status",
                        MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_NOSIGNAL,
                    );
                }
            }
        });
        for number in 1..=10 {
            let mut host = Host::login(target.portal(), config(number));
            host.attention(0);
            // As a caller does it: a lost connection is tried again.
            let end = Instant::now() + PATIENCE;
            while control::status(&path).is_err() {
                assert!(Instant::now() < end, "no order gets through");
            }
        }
        over.store(true, Ordering::Relaxed);
        flood.join().unwrap();
    });
    assert!(control::status(&path).is_ok());
}

/// A WRITE(16) of so many blocks.
fn write16(raw: &mut Raw, itt: u32, blocks: u32) -> iscsi::pdu::Bhs {
    let flags = CommandFlags::WRITE | CommandFlags::FINAL;
    let mut command = ScsiCommand::from_bhs(&raw.command(itt, flags, 512));
    command.expected_length = (blocks * 512).into();
    command.cdb = [0; 16];
    command.cdb[0] = 0x8a;
    command.cdb[10..14].copy_from_slice(&blocks.to_be_bytes());
    command.to_bhs()
}

#[test]
fn writes_without_data_take_no_memory_and_writes_with_some_take_little() {
    let target = serve(target_config());
    let mut hogs = Vec::new();
    for number in 0..60 {
        let name = format!("iqn.2026-11.org.example:hog{number}");
        let pairs = [
            ("InitiatorName", name.as_str()),
            ("TargetName", super::host::IQN),
            ("ImmediateData", "No"),
        ];
        let mut raw = Raw::login_as(target.portal(), &pairs).0;
        for itt in 1..=128 {
            let command = write16(&mut raw, itt, 0x7fff);
            raw.say(command, &[]);
        }
        // The answers to all of them came: four are asked for their data, the window is full of the others.
        let mut asked = Vec::new();
        for _ in 0..128 {
            match raw.hear().0 {
                TargetPdu::R2t(r2t) => asked.push(r2t),
                TargetPdu::ScsiResponse(response) => assert_eq!(response.status, 0x28),
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(asked.len(), 4);
        hogs.push((raw, asked));
    }
    assert_eq!(target.memory().unwrap(), 0);
    let mut honest = Host::login(target.portal(), config(1));
    honest.attention(0);
    for (raw, asked) in &mut hogs {
        for r2t in asked {
            let pdu = DataOut {
                opcode: Opcode::DATA_OUT.into(),
                itt: r2t.itt,
                ttt: r2t.ttt,
                ..DataOut::default()
            };
            raw.say(pdu.to_bhs(), &[7; 8192]);
        }
        raw.ping(0x77, true, b"done");
        assert!(matches!(raw.hear().0, TargetPdu::NopIn(_)));
    }
    // A quarter of the pool goes by the mebibyte, the rest by what came.
    let memory = target.memory().unwrap();
    assert!((1..=(64 << 20) + 240 * (16 << 10)).contains(&memory), "{memory}");
    assert_eq!(honest.attention(0), None);
    drop(hogs);
    let end = Instant::now() + PATIENCE;
    while target.memory().unwrap() > 0 {
        assert!(Instant::now() < end, "memory stays");
        std::thread::yield_now();
    }
}
