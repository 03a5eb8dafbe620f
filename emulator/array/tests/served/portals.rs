//! A target that plays an array: several portals in several groups, all of them announced, limits, and the way to the units told by the
//! units themselves.

use std::net::{SocketAddr, TcpStream};

use emu_array::{AccessState, Fault, Portal, Served};
use iscsi::initiator::{Direction, Event, LoginFailure};
use iscsi::pdu::{LoginStatus, TargetPdu};

use super::host::{Host, IQN, config, pattern, serve, target_config};
use super::raw::Raw;

/// Two portals in group 1, one in group 7.
fn array(change: impl FnOnce(&mut emu_array::TargetConfig)) -> Served {
    let mut settings = target_config();
    settings.listen = ["127.0.0.1:0,1", "127.0.0.1:0,1", "127.0.0.1:0,7"]
        .into_iter()
        .map(|text| text.parse::<Portal>().unwrap())
        .collect();
    change(&mut settings);
    serve(settings)
}

fn listed(portal: SocketAddr, initiator: &str) -> String {
    let keys = [("InitiatorName", initiator), ("SessionType", "Discovery")];
    let (mut raw, _) = Raw::login_as(portal, &keys);
    raw.text("SendTargets=All\0");
    match raw.hear() {
        (TargetPdu::TextResponse(_), text) => String::from_utf8(text).unwrap().replace('\0', ";"),
        other => panic!("{other:?}"),
    }
}

/// How a login ends.
fn refusal(portal: SocketAddr, config: iscsi::initiator::Config) -> LoginStatus {
    let mut host = Host::connect(portal, config);
    host.until("refusal", |host| host.has(|e| matches!(e, Event::LoginFailed(_))));
    let status = host.events.iter().find_map(|event| match event {
        Event::LoginFailed(LoginFailure::Refused(status)) => Some(*status),
        _ => None,
    });
    status.expect("a refusal by the target")
}

#[test]
fn every_portal_of_every_group_is_listed_and_those_that_are_only_announced() {
    let target = array(|settings| {
        for portal in [
            "storage.example.net:3260,1",
            "[fe80::1%enp0s9]:3260,7",
            "192.0.2.9",
        ] {
            settings.announce.push(portal.parse().unwrap());
        }
    });
    let own = target.portals();
    let want = format!(
        "TargetName={IQN};TargetAddress={},1;TargetAddress={},1;TargetAddress={},7;\
         TargetAddress=storage.example.net:3260,1;TargetAddress=[fe80::1%enp0s9]:3260,7;TargetAddress=192.0.2.9:3260,1;",
        own[0], own[1], own[2]
    );
    for portal in own {
        assert_eq!(listed(*portal, "iqn.2026-11.org.example:raw"), want);
    }
    for (portal, tag) in own.iter().zip([1, 1, 7]) {
        let (_, text) = Raw::login(*portal, &[]);
        assert!(text.contains(&format!("TargetPortalGroupTag={tag};")), "{text}");
    }
}

#[test]
fn a_target_behind_a_translation_shows_the_outside_only() {
    let target = array(|settings| {
        settings.announce.push("203.0.113.1:3260,7".parse().unwrap());
        settings.announce_only = true;
    });
    assert_eq!(
        listed(target.portal(), "iqn.2026-11.org.example:raw"),
        format!("TargetName={IQN};TargetAddress=203.0.113.1:3260,7;")
    );
}

#[test]
fn who_listens_everywhere_is_shown_where_it_was_asked() {
    let mut settings = target_config();
    settings.listen = vec!["0.0.0.0:0,3".parse().unwrap()];
    let target = serve(settings);
    let portal = SocketAddr::from(([127, 0, 0, 1], target.portal().port()));
    assert_eq!(
        listed(portal, "iqn.2026-11.org.example:raw"),
        format!("TargetName={IQN};TargetAddress={portal},3;")
    );
}

#[test]
fn one_isid_makes_one_session_in_each_portal_group() {
    let target = array(|_| {});
    let own = target.portals().to_vec();
    let mut first = Host::login(own[0], config(1));
    let mut other_group = Host::login(own[2], config(1));
    assert_eq!(target.sessions().unwrap(), 2);
    let mut again = Host::login(own[1], config(1));
    first.until("end of the session that was reinstated", |host| {
        host.has(|e| matches!(e, Event::Dropped(_)))
    });
    assert_eq!(target.sessions().unwrap(), 2);
    for host in [&mut again, &mut other_group] {
        host.ready(0);
    }
    assert_eq!(again.write(0, 0, &pattern(512, 5)), 0);
    assert_eq!(other_group.read(0, 0, 512), pattern(512, 5), "the same unit");
}

/// Designators of VPD page 83h: type and association, value.
fn designators(host: &mut Host) -> Vec<(u8, Vec<u8>)> {
    let (_, page) = host.run(0, &[0x12, 1, 0x83, 1, 0, 0], Direction::Read, vec![0; 256]);
    let mut rest = &page[4..4 + usize::from(u16::from_be_bytes([page[2], page[3]]))];
    let mut found = Vec::new();
    while let [_, kind, _, len, tail @ ..] = rest {
        let (value, next) = tail.split_at(usize::from(*len));
        found.push((*kind & 0x3f, value.to_vec()));
        rest = next;
    }
    found
}

#[test]
fn the_unit_is_one_and_says_which_port_it_is_seen_through() {
    let target = array(|_| {});
    let own = target.portals().to_vec();
    let mut seen = Vec::new();
    for (portal, isid) in [(own[0], 1), (own[1], 2), (own[2], 3)] {
        let mut host = Host::login(portal, config(isid));
        host.ready(0);
        let (_, inquiry) = host.run(0, &[0x12, 0, 0, 0, 96, 0], Direction::Read, vec![0; 96]);
        assert_eq!(inquiry[5] & 0x30, 0x10, "implicit management of groups");
        seen.push(designators(&mut host));
    }
    let value = |of: usize, kind: u8| {
        let found = seen[of].iter().find(|(k, _)| *k == kind);
        found.map(|(_, value)| value.clone()).unwrap()
    };
    for of in 1..3 {
        assert_eq!(value(of, 0x03), value(0, 0x03), "NAA: one disk to multipath");
    }
    assert_eq!(value(0, 0x14), value(1, 0x14), "portals of a group are one port");
    assert_eq!(
        (value(0, 0x14), value(2, 0x14)),
        (vec![0, 0, 0, 1], vec![0, 0, 0, 2])
    );
    assert_eq!(
        (value(0, 0x15), value(2, 0x15)),
        (vec![0, 0, 0, 1], vec![0, 0, 0, 7])
    );
    let name = String::from_utf8(value(2, 0x18)).unwrap();
    assert_eq!(name.trim_end_matches('\0'), format!("{IQN},t,0x0007"));
}

#[test]
fn groups_have_states_and_initiators_hear_of_changes() {
    let target = array(|settings| settings.access.push((7, AccessState::NonOptimized)));
    let own = target.portals().to_vec();
    let mut best = Host::login(own[0], config(1));
    let mut second = Host::login(own[2], config(2));
    for host in [&mut best, &mut second] {
        host.ready(0);
    }
    let report = |host: &mut Host| {
        let cdb = [0xa3, 0x0a, 0, 0, 0, 0, 0, 0, 0, 64, 0, 0];
        host.run(0, &cdb, Direction::Read, vec![0; 64]).1[..28].to_vec()
    };
    let with = |state: u8| {
        let second = [state, 0x0f, 0, 7, 0, 2, 0, 1, 0, 0, 0, 2];
        [
            &[0, 0, 0, 24, 0x80, 0x0f, 0, 1, 0, 2, 0, 1, 0, 0, 0, 1][..],
            &second,
        ]
        .concat()
    };
    assert_eq!(report(&mut best), with(1));
    assert_eq!(second.write(0, 8, &pattern(512, 1)), 0, "slower is not closed");
    for (word, state, sense) in [("standby", 2, (0x04, 0x0b)), ("unavailable", 3, (0x04, 0x0c))] {
        target.fault(&format!("group 7 {word}").parse().unwrap()).unwrap();
        assert_eq!(second.attention(0), Some((0x2a, 0x06)));
        assert_eq!(second.attention(0), Some(sense));
        assert_eq!(best.attention(0), Some((0x2a, 0x06)));
        assert_eq!(best.attention(0), None, "the other way is open");
        assert_eq!(
            report(&mut second),
            with(state),
            "what is closed can still be asked why"
        );
    }
    target.fault(&Fault::Clear).unwrap();
    assert_eq!(second.attention(0), Some((0x2a, 0x06)));
    assert_eq!(report(&mut second), with(1), "as it was configured");
    assert!(target.fault(&"group 9 standby".parse().unwrap()).is_err());
}

#[test]
fn one_group_is_not_managed() {
    let target = serve(target_config());
    let mut host = Host::login(target.portal(), config(1));
    host.ready(0);
    let (_, inquiry) = host.run(0, &[0x12, 0, 0, 0, 96, 0], Direction::Read, vec![0; 96]);
    assert_eq!(inquiry[5] & 0x30, 0);
    let cdb = [0xa3, 0x0a, 0, 0, 0, 0, 0, 0, 0, 64, 0, 0];
    let (outcome, _) = host.run(0, &cdb, Direction::Read, vec![0; 64]);
    assert_eq!(super::host::status(&outcome), 2);
}

#[test]
fn a_target_has_so_many_sessions_and_a_portal_so_many_connections() {
    let target = array(|settings| {
        settings.extra_targets.push("iqn.2026-11.org.example:more".into());
        settings.max_sessions = Some(2);
        settings.listen[1].connections = Some(1);
    });
    let own = target.portals().to_vec();
    let one = Host::login(own[0], config(1));
    let _two = Host::login(own[2], config(2));
    assert_eq!(refusal(own[0], config(3)), LoginStatus::OUT_OF_RESOURCES);
    let mut other = config(3);
    other.target_name = Some("iqn.2026-11.org.example:more".parse().unwrap());
    let mut other = Host::login(own[1], other);
    let mut crowded = config(4);
    crowded.target_name = Some("iqn.2026-11.org.example:more".parse().unwrap());
    assert_eq!(
        refusal(own[1], crowded.clone()),
        LoginStatus::OUT_OF_RESOURCES,
        "the portal is full"
    );
    Host::login(own[0], crowded);
    // Who comes back is not one more.
    let again = Host::login(own[0], config(1));
    drop((one, again));
    other.ready(0);
}

#[test]
fn a_stranger_sees_no_target_and_may_not_use_one() {
    let target = array(|settings| settings.allow.push("iqn.2026-11.org.example:HOST1".into()));
    Host::login(target.portal(), config(1));
    assert_eq!(
        refusal(target.portal(), config(2)),
        LoginStatus::AUTHORIZATION_FAILURE
    );
    assert_eq!(listed(target.portal(), "iqn.2026-11.org.example:host2"), "");
    assert!(listed(target.portal(), "iqn.2026-11.org.example:host1").contains(IQN));
}

#[test]
fn one_portal_is_pulled_and_put_back_and_the_others_stay() {
    let target = array(|_| {});
    let own = target.portals().to_vec();
    let mut pulled = Host::login(own[0], config(1));
    let mut stays = Host::login(own[2], config(2));
    target.fault(&Fault::Portal(own[0], false)).unwrap();
    pulled.until("loss", |host| host.has(|e| matches!(e, Event::Dropped(_))));
    assert!(TcpStream::connect(own[0]).is_err());
    stays.ready(0);
    target.fault(&Fault::Portal(own[0], true)).unwrap();
    Host::login(own[0], config(1));
    assert!(
        target
            .fault(&Fault::Portal("127.0.0.1:1".parse().unwrap(), false))
            .is_err()
    );
}

#[test]
fn three_hundred_targets_are_listed_and_the_last_one_is_served() {
    let name = |n: usize| format!("{IQN}.{n}");
    let target = array(|settings| settings.extra_targets = (2..=300).map(name).collect());
    let mut discovery = config(1);
    discovery.target_name = None;
    let mut host = Host::login(target.portal(), discovery);
    host.engine.send_targets(std::time::Instant::now());
    host.until("list", |host| host.has(|e| matches!(e, Event::Targets { .. })));
    let listing = host.events.iter().find_map(|e| match e {
        Event::Targets {
            result: Ok(listing), ..
        } => Some(listing.clone()),
        _ => None,
    });
    let listing = listing.unwrap();
    assert_eq!((listing.targets.len(), listing.unusable()), (300, 0));
    assert!(listing.targets.iter().all(|target| target.addresses.len() == 3));
    let mut last = config(2);
    last.target_name = Some(name(300).parse().unwrap());
    let mut last = Host::login(target.portals()[2], last);
    last.ready(0);
    let port = designators(&mut last).into_iter().find(|(kind, _)| *kind == 0x14);
    assert_eq!(
        port.unwrap().1,
        [0, 0, 2, 88],
        "port 600: the second of the last of 300 targets"
    );
}
