//! Sessions side by side: data, resets, reinstatement, the end.

use std::time::{Duration, Instant};

use emu_array::{Accounts, DigestPolicy, Fault, LunSource, Target, TargetError};
use emu_net::reactor::Reactor;
use emu_net::run::{Actor, turn};
use iscsi::chap::{ChapAccount, ChapSecret};
use iscsi::digest::Digest;
use iscsi::initiator::{Auth, Direction, DropReason, Event, LoginFailure, Outcome, TmfOutcome};
use iscsi::pdu::{LoginStatus, Lun, TmfFunction, TmfResponseCode};

use super::host::{Host, IQN, cdb10, config, pattern, serve, status, target_config};

#[test]
fn what_one_session_writes_another_reads_and_the_file_has() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("disk");
    std::fs::File::create(&path).unwrap().set_len(8 << 20).unwrap();
    let mut served = target_config();
    served.luns = vec![
        LunSource::File {
            path: path.clone(),
            read_only: false,
        }
        .into(),
    ];
    let target = serve(served);
    let mut writer_config = config(1);
    writer_config.offer.header_digests = vec![Digest::Crc32c];
    writer_config.offer.data_digests = vec![Digest::Crc32c];
    let mut writer = Host::login(target.portal(), writer_config);
    let mut reader = Host::login(target.portal(), config(2));
    assert_eq!(target.sessions().unwrap(), 2);
    for host in [&mut writer, &mut reader] {
        assert_eq!(host.attention(0), Some((0x29, 0x00)));
        assert_eq!(host.attention(0), None);
    }
    let data = pattern(4 << 20, 3);
    for (i, piece) in data.chunks(1 << 20).enumerate() {
        assert_eq!(writer.write(0, u32::try_from(i * 2048).unwrap(), piece), 0);
    }
    for (i, piece) in data.chunks(512 << 10).enumerate() {
        assert!(
            reader.read(0, u32::try_from(i * 1024).unwrap(), piece.len()) == piece,
            "piece {i}"
        );
    }
    let bytes = std::fs::read(&path).unwrap();
    assert!(bytes[..data.len()] == data && bytes[data.len()..].iter().all(|b| *b == 0));
}

#[test]
fn a_login_of_the_same_nexus_takes_the_place_of_the_old_session() {
    let target = serve(target_config());
    let mut old = Host::login(target.portal(), config(1));
    old.attention(0);
    assert_eq!(old.write(0, 0, &pattern(512, 1)), 0);
    let mut new = Host::login(target.portal(), config(1));
    old.until("end of the old session", |host| {
        host.has(|e| matches!(e, Event::Dropped(_)))
    });
    assert_eq!(target.sessions().unwrap(), 1);
    assert_eq!(new.attention(0), Some((0x29, 0x00)), "a new nexus");
    assert_eq!(new.read(0, 0, 512), pattern(512, 1));
    let other = Host::login(target.portal(), config(2));
    assert_eq!(target.sessions().unwrap(), 2);
    assert!(new.attention(0).is_none());
    drop(other);
}

#[test]
fn a_reset_by_one_initiator_reaches_the_others() {
    let target = serve(target_config());
    let (mut a, mut b) = (
        Host::login(target.portal(), config(1)),
        Host::login(target.portal(), config(2)),
    );
    for host in [&mut a, &mut b] {
        host.attention(0);
        host.attention(1);
    }
    target.fault(&Fault::LoseReply).unwrap();
    let lost = b.submit(0, &cdb10(0x28, 0, 512), Direction::Read, vec![0; 512]);
    assert_eq!(b.attention(1), None, "the reply before it is lost");
    let tag = a.engine.task_management(
        Instant::now(),
        TmfFunction::LOGICAL_UNIT_RESET,
        Lun::flat(0),
        None,
    );
    let answered = move |e: &Event| matches!(e, Event::TmfDone { tag: t, outcome: TmfOutcome::Response(TmfResponseCode::COMPLETE) } if *t == tag);
    a.until("answer to the reset", |host| host.has(answered));
    // Its own reply was to be lost as well.
    target.fault(&Fault::Clear).unwrap();
    assert_eq!(a.attention(1), None);
    assert_eq!(b.attention(0), Some((0x29, 0x03)), "told of the reset");
    assert!(
        !b.has(|e| matches!(e, Event::TaskDone { tag, .. } if *tag == lost)),
        "aborted without a word"
    );
    let tag = a.engine.task_management(
        Instant::now(),
        TmfFunction::LOGICAL_UNIT_RESET,
        Lun::flat(9),
        None,
    );
    let answered = move |e: &Event| matches!(e, Event::TmfDone { tag: t, outcome: TmfOutcome::Response(TmfResponseCode::NO_LUN) } if *t == tag);
    a.until("refusal of the reset", |host| host.has(answered));
    let tag = a
        .engine
        .task_management(Instant::now(), TmfFunction::TARGET_COLD_RESET, Lun::flat(0), None);
    a.until("answer and end", |host| {
        host.has(|e| matches!(e, Event::TmfDone { tag: t, .. } if *t == tag))
            && host.has(|e| matches!(e, Event::Dropped(_)))
    });
    b.until("end", |host| host.has(|e| matches!(e, Event::Dropped(_))));
}

#[test]
fn chap_and_digest_policies_hold() {
    let mut served = target_config();
    served.accounts = Accounts::parse("joe:joe-secret-123\nmutual:array:array-secret-1").unwrap();
    served.digests = DigestPolicy::Require;
    let target = serve(served);
    let account = |name: &str, secret: &str| ChapAccount {
        name: name.into(),
        secret: ChapSecret::new(secret.as_bytes().to_vec()).unwrap(),
    };
    let with = |secret: &str| {
        let mut config = config(1);
        config.auth = Auth::Chap {
            outgoing: account("joe", secret),
            incoming: Some(account("array", "array-secret-1")),
            algorithms: Vec::new(),
            optional: false,
        };
        config.offer.header_digests = vec![Digest::Crc32c];
        config.offer.data_digests = vec![Digest::Crc32c];
        config
    };
    let host = Host::login(target.portal(), with("joe-secret-123"));
    assert_eq!(host.engine.params().data_digest, Digest::Crc32c);
    let refusal = |config, status| {
        let mut host = Host::connect(target.portal(), config);
        host.until("refusal", |host| host.has(|e| matches!(e, Event::LoginFailed(_))));
        let refused = |e: &Event| matches!(e, Event::LoginFailed(LoginFailure::Refused(s)) if *s == status);
        assert!(host.has(refused), "{:?}", host.events);
    };
    refusal(with("wrong-secret-1"), LoginStatus::AUTHENTICATION_FAILURE);
    refusal(config(2), LoginStatus::AUTHENTICATION_FAILURE);
    let mut other = with("joe-secret-123");
    other.target_name = Some("iqn.2026-11.org.example:none".parse().unwrap());
    refusal(other, LoginStatus::NOT_FOUND);
}

#[test]
fn discovery_shows_every_name_and_the_address_that_was_asked() {
    let mut served = target_config();
    served.extra_targets = vec!["iqn.2026-11.org.example:more".into()];
    let target = serve(served);
    let mut discovery = config(1);
    discovery.target_name = None;
    let mut host = Host::login(target.portal(), discovery);
    host.engine.send_targets(Instant::now());
    host.until("list", |host| host.has(|e| matches!(e, Event::Targets { .. })));
    let list = host.events.iter().find_map(|e| match e {
        Event::Targets { result: Ok(list), .. } => Some(list.targets.clone()),
        _ => None,
    });
    let list = list.unwrap();
    let names: Vec<&str> = list.iter().map(|t| t.name.as_str()).collect();
    assert_eq!(names, [IQN, "iqn.2026-11.org.example:more"]);
    assert!(list.iter().all(|t| t.addresses.len() == 1), "{list:?}");
    assert!(format!("{:?}", list[0].addresses[0]).contains(&target.portal().port().to_string()));
}

#[test]
fn logout_ends_the_session_and_stop_asks_for_it() {
    let target = serve(target_config());
    let mut host = Host::login(target.portal(), config(1));
    host.engine.logout(Instant::now());
    host.until("logout", |host| {
        host.has(|e| matches!(e, Event::LoggedOut { .. }))
    });
    drop(host);

    let mut reactor = Reactor::new().unwrap();
    let mut target = Target::bind(&mut reactor, 0, target_config()).unwrap();
    let portal = target.portals()[0];
    let thread = std::thread::spawn(move || {
        let mut host = Host::login(portal, config(1));
        host.until("logout by itself", |host| {
            host.has(|e| matches!(e, Event::LoggedOut { .. }))
        });
    });
    let end = Instant::now() + Duration::from_secs(20);
    let mut batch = Vec::new();
    while target.sessions() == 0 && Instant::now() < end {
        turn(&mut reactor, &mut [&mut target], Some(end), &mut batch).unwrap();
    }
    target.stop(&mut reactor, Instant::now());
    while !target.finished() {
        assert!(Instant::now() < end);
        turn(&mut reactor, &mut [&mut target], Some(end), &mut batch).unwrap();
    }
    thread.join().unwrap();
    assert!(
        std::net::TcpStream::connect(portal).is_err(),
        "the portal is closed"
    );
}

#[test]
fn what_cannot_be_served_is_named() {
    let bind = |change: &dyn Fn(&mut emu_array::TargetConfig)| {
        let mut config = target_config();
        change(&mut config);
        Target::bind(&mut Reactor::new().unwrap(), 0, config).unwrap_err()
    };
    assert!(matches!(
        bind(&|c| c.iqn = "a disk".into()),
        TargetError::Name { .. }
    ));
    assert!(matches!(bind(&|c| c.listen.clear()), TargetError::NoPortal));
    let missing = LunSource::File {
        path: "/nonexistent/disk".into(),
        read_only: false,
    };
    assert!(matches!(
        bind(&|c| c.luns = vec![missing.clone().into()]),
        TargetError::LunFile { lun: 0, .. }
    ));
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    assert!(
        matches!(bind(&|c| c.listen = vec![address.into()]), TargetError::Listen { portal, .. } if portal == address)
    );
}

#[test]
fn a_read_only_unit_and_a_missing_one_answer_as_they_should() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("disk");
    std::fs::write(&path, pattern(1 << 20, 9)).unwrap();
    let mut served = target_config();
    served.luns = vec![
        LunSource::File {
            path,
            read_only: true,
        }
        .into(),
    ];
    let target = serve(served);
    let mut host = Host::login(target.portal(), config(1));
    host.attention(0);
    assert_eq!(host.write(0, 0, &[0; 512]), 2);
    assert!(host.read(0, 0, 65536) == pattern(1 << 20, 9)[..65536]);
    let (outcome, _) = host.run(5, &cdb10(0x28, 0, 512), Direction::Read, vec![0; 512]);
    assert!(
        matches!(&outcome, Outcome::Completed { sense, .. } if sense[12] == 0x25),
        "{outcome:?}"
    );
    assert_eq!(status(&outcome), 2);
    assert!(!host.has(|e| matches!(e, Event::Dropped(DropReason::Protocol(_)))));
}
