//! Sessions that are lost, moved or refused, and who brings them back.

use driver_sys::hw::until_nul;
use iscsi::pdu::LoginStatus;

use super::world::{Manners, World};
use super::*;

#[test]
fn a_target_that_dies_fails_the_session_and_auto_connect_brings_it_back() {
    for auto in [false, true] {
        let mut world = World::plain();
        if auto {
            let names = vec![(TARGET.into(), vec![])];
            world = World::new(Bench::new(&ISP4032, 2));
            world.portal(
                PORTAL,
                Manners {
                    names,
                    ..Manners::default()
                },
            );
            world.bench.write_ddb(3, &entry(TARGET));
            world.bench.initialize(true);
        } else {
            world.login(3, &entry(TARGET));
        }
        world.run();
        world.said();
        world.change(PORTAL, |manners| manners.silent = true);
        let tag = world.submit(3, true, 0, vec![9; 4096]);
        world.run();
        let names = vec![(TARGET.to_owned(), vec![])];
        world.kill_portal(PORTAL);
        let said = world.said();
        let failure = LoginFailure::Connection;
        let [Event::IoDone(done), Event::Aen(aen)] = &said[..] else {
            panic!("{said:?}")
        };
        assert_eq!((done.tag, done.completion), (tag, Completion::DeviceLoggedOut));
        assert_eq!(done.buffer.len(), 4096, "the buffer comes back");
        assert_eq!(*aen, changed(3, DdbState::SessionFailed, failure.code()));
        // Nobody listens for a while; then the target is back.
        world.pass(Duration::from_secs(20));
        world.portal(
            PORTAL,
            Manners {
                names,
                ..Manners::default()
            },
        );
        world.said();
        world.pass(Duration::from_secs(4));
        let expected: &[Aen] = if auto {
            &[changed(3, DdbState::SessionActive, 0)]
        } else {
            &[]
        };
        assert_eq!(world.aens(), expected);
        if !auto {
            world.login(3, &entry(TARGET));
            assert_eq!(world.aens(), [changed(3, DdbState::SessionActive, 0)]);
        }
    }
}

#[test]
fn an_asynchronous_logout_request_ends_the_session_in_order() {
    let mut world = World::logged_in(3);
    let now = world.bench.now;
    for peer in world.peers.values_mut() {
        assert!(peer.connection.request_logout(now, 5));
    }
    let failure = LoginFailure::Dropped;
    assert_eq!(
        world.aens(),
        [changed(3, DdbState::SessionFailed, failure.code())]
    );
    assert!(world.peers.is_empty());
}

#[test]
fn a_temporary_redirect_is_followed_once_and_a_permanent_one_is_remembered() {
    for permanent in [false, true] {
        let mut world = World::plain();
        let elsewhere = "10.0.0.20:3261";
        world.portal(
            elsewhere,
            Manners {
                names: vec![(TARGET.into(), vec![])],
                ..Manners::default()
            },
        );
        world.change(PORTAL, |manners| {
            manners.redirect = Some((elsewhere.into(), permanent));
        });
        world.login(3, &entry(TARGET));
        assert_eq!(world.aens(), [changed(3, DdbState::SessionActive, 0)]);
        let at = |text: &str| text.parse::<SocketAddr>().unwrap();
        assert_eq!(world.connects, [at(PORTAL), at(elsewhere)]);
        let reply = world.bench.ok(Command::GetDdbCurrentAddress { ddb: 3 });
        assert!(matches!(reply, Reply::Address(Some(to)) if to == at(elsewhere)));
        let live = world.bench.ddb(3).entry;
        assert_eq!(
            live.ip_addr[..4],
            [10, 0, 0, 9],
            "the entry keeps the original address"
        );
        assert_eq!(until_nul(&live.tgt_addr), b"10.0.0.20");
        // After a loss: the original address again, unless the target moved for good.
        world.connects.clear();
        world.bench.card.drop_session(world.bench.now, 0, 3);
        world.pass(Duration::from_secs(4));
        world.login(3, &entry(TARGET));
        assert_eq!(
            world.connects[0],
            if permanent { at(elsewhere) } else { at(PORTAL) }
        );
        // Who changes the entry means the new address.
        world.connects.clear();
        world.bench.card.drop_session(world.bench.now, 0, 3);
        world.pass(Duration::from_secs(4));
        let mut changed = entry(TARGET);
        changed.ip_addr[3] = 77;
        world.login(3, &changed);
        assert_eq!(world.connects[0].ip(), std::net::IpAddr::from([10, 0, 0, 77]));
    }
}

#[test]
fn redirects_in_a_circle_end() {
    let mut world = World::plain();
    world.change(PORTAL, |manners| manners.redirect = Some((PORTAL.into(), false)));
    world.login(3, &entry(TARGET));
    assert_eq!(world.aens(), failed(3, LoginFailure::Protocol));
    assert!(world.connects.len() < 20);
}

#[test]
fn a_refusal_carries_the_status_of_the_target() {
    let mut world = World::plain();
    world.change(PORTAL, |manners| {
        manners.refuse = Some(LoginStatus::SERVICE_UNAVAILABLE);
    });
    world.login(3, &entry(TARGET));
    assert_eq!(
        world.aens(),
        failed(3, LoginFailure::Status { class: 3, detail: 1 })
    );
    let mut world = World::plain();
    world.login(3, &entry("iqn.2026-01.example:nothing"));
    assert_eq!(
        world.aens(),
        failed(3, LoginFailure::Status { class: 2, detail: 3 })
    );
}

#[test]
fn a_silent_target_is_noticed_by_keep_alive() {
    let mut world = World::plain();
    let mut wanted = entry(TARGET);
    wanted.ka_timeout.set(30);
    world.login(3, &wanted);
    world.said();
    // The peer vanishes without a word: bytes go nowhere.
    world.peers.clear();
    world.pass(Duration::from_secs(29));
    assert_eq!(world.bench.ddb(3).state, DdbState::SessionActive);
    world.pass(Duration::from_secs(2));
    assert_eq!(
        world.aens(),
        [changed(3, DdbState::SessionFailed, LoginFailure::Timeout.code())]
    );
}

#[test]
fn a_crash_gives_back_what_was_under_way() {
    let mut world = World::logged_in(3);
    world.change(PORTAL, |manners| manners.silent = true);
    let tag = world.submit(3, true, 0, vec![9; 4096]);
    world.run();
    world.bench.card.crash(world.bench.now, 0);
    let said = world.said();
    let [Event::IoDone(done), Event::Aen(Aen::SystemError)] = &said[..] else {
        panic!("{said:?}")
    };
    assert_eq!((done.tag, done.buffer.len()), (tag, 4096));
    assert!(world.peers.is_empty());
}

#[test]
fn counters_of_a_session_go_on_when_the_driver_logs_in_again() {
    let mut world = World::logged_in(3);
    world.submit(3, true, 0, vec![5; 4096]);
    world.run();
    let moved = |world: &mut World| match world.bench.ok(Command::GetManagementData { ddb: 3 }) {
        Reply::Statistics(stats) => (stats.tx_scsi_cmd_pdus.get(), stats.tx_data_octets.get()),
        other => panic!("{other:?}"),
    };
    let (_, octets) = moved(&mut world);
    world.bench.card.drop_session(world.bench.now, 0, 3);
    world.pass(Duration::from_secs(4));
    world.login(3, &entry(TARGET));
    world.submit(3, true, 0, vec![5; 4096]);
    world.run();
    let (commands, more) = moved(&mut world);
    assert_eq!(commands, 2);
    assert!(more > octets);
    world.login(4, &entry("iqn.2026-01.example:other"));
    assert_eq!(moved(&mut world).0, 2, "other entries have their own");
}
