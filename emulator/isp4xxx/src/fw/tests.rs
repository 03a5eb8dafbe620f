//! The firmware in virtual time: commands in, events and effects out, links by hand.

mod addresses;
pub(crate) mod bench;
mod chaos;
mod credentials;
mod flash;
mod recovery;
mod restore;
mod session;
mod world;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use driver_sys::hw::ddb::DDB_VALID_COOKIE;
use driver_sys::hw::flash::{FLASH_OFFSET_DB_INFO, FLASH_SEGMENT_IFCB};
use driver_sys::hw::raw::{addr_ctrl_blk, dev_db_entry};
use iscsi::LinkLoss;
use zerocopy::{FromBytes, IntoBytes};

pub(crate) use bench::{Bench, TARGET, entry, epoch};

use super::*;
use crate::chip::{Chip, ISP4010, ISP4032};
use crate::flash::{Identity, MemoryStore, factory_default};

fn changed(ddb: u16, state: DdbState, error: u32) -> Aen {
    Aen::DatabaseChanged { ddb, state, error }
}

/// Where the world's target is.
const PORTAL: &str = "10.0.0.9:3260";

/// What a failed login is told with.
fn failed(ddb: u16, failure: LoginFailure) -> [Aen; 2] {
    [
        Aen::LoginFailed { ddb, failure },
        changed(ddb, DdbState::SessionFailed, failure.code()),
    ]
}

#[test]
fn a_port_waits_for_its_control_block_and_then_is_ready() {
    let mut bench = Bench::new(&ISP4032, 2);
    assert_eq!(bench.firmware_state(), FwState::ConfigWait);
    assert!(bench.command(Command::ConnOpen { ddb: 0 }).is_err());
    bench.initialize(false);
    assert_eq!(bench.firmware_state(), FwState::Ready);
    let aens = bench.aens();
    assert!(aens.contains(&Aen::LinkUp));
    assert!(aens.contains(&Aen::IpAddrStateChanged {
        which: IpWhich::Ipv4,
        old: IpAddrState::Unconfigured,
        new: IpAddrState::Preferred
    }));
}

#[test]
fn a_refused_connection_fails_the_ddb_and_the_entry_waits_for_time2wait() {
    let mut bench = Bench::ready(false);
    let link = bench.open(3, &entry(TARGET));
    assert_eq!(bench.ddb(3).state, DdbState::LoginInProcess);
    bench.card.connect_failed(bench.now, link, LinkLoss::Reset);
    let code = LoginFailure::Connection.code();
    assert_eq!(
        bench.aens(),
        [
            Aen::LoginFailed {
                ddb: 3,
                failure: LoginFailure::Connection
            },
            changed(3, DdbState::SessionFailed, code)
        ]
    );
    // The driver adds three seconds to this wait.
    bench.pass(Duration::from_millis(2999));
    assert!(bench.command(Command::ConnOpen { ddb: 3 }).is_err());
    bench.pass(Duration::from_millis(1));
    bench.ok(Command::ConnOpen { ddb: 3 });
    bench.connect_effect();
    assert!(bench.effects().is_empty());
}

#[test]
fn a_connect_that_nobody_answers_times_out() {
    let mut bench = Bench::ready(false);
    let mut entry = entry(TARGET);
    entry.def_timeout.set(12);
    let link = bench.open(3, &entry);
    assert_eq!(
        bench.card.poll_timeout(),
        Some(bench.now + Duration::from_secs(12))
    );
    bench.pass(Duration::from_secs(12));
    assert!(bench.effects().contains(&Effect::Close { link }));
    assert!(
        bench
            .aens()
            .contains(&changed(3, DdbState::SessionFailed, LoginFailure::Timeout.code()))
    );
}

#[test]
fn only_auto_connect_logs_in_again_by_itself() {
    let mut bench = Bench::ready(false);
    let link = bench.open(3, &entry(TARGET));
    bench.card.connect_failed(bench.now, link, LinkLoss::Reset);
    bench.pass(Duration::from_secs(60));
    assert!(bench.effects().is_empty());

    let mut bench = Bench::new(&ISP4032, 1);
    bench.write_ddb(5, &entry(TARGET));
    bench.initialize(true);
    for _ in 0..5 {
        let (link, to) = bench.connect_effect();
        assert_eq!(to, "10.0.0.9:3260".parse().unwrap());
        bench.card.connect_failed(bench.now, link, LinkLoss::Reset);
        assert_eq!(
            bench.card.poll_timeout(),
            Some(bench.now + Duration::from_secs(3))
        );
        bench.pass(Duration::from_secs(3));
    }
    // A logout ends the attempts.
    let logout = Command::ConnCloseSessLogout {
        ddb: 5,
        connection: 0,
        options: LogoutOptions::CLOSE_SESSION,
    };
    bench.ok(logout);
    bench.effects();
    bench.pass(Duration::from_secs(60));
    assert!(bench.effects().is_empty());
    assert_eq!(bench.ddb(5).state, DdbState::NoConnectionActive);
}

#[test]
fn changing_addresses_drops_sessions_and_reports_every_step() {
    let mut bench = Bench::ready(false);
    bench.open(3, &entry(TARGET));
    let mut block = bench.acb();
    block.ipv4_addr = [10, 0, 0, 77];
    block.eth_mtu_size.set(9000);
    bench.ok(Command::DisableAcb);
    let step = |old, new| Aen::IpAddrStateChanged {
        which: IpWhich::Ipv4,
        old,
        new,
    };
    use IpAddrState::{Disabling, Preferred, Unconfigured};
    let failure = LoginFailure::NoAddress;
    assert_eq!(
        bench.aens(),
        [
            Aen::LoginFailed { ddb: 3, failure },
            changed(3, DdbState::SessionFailed, failure.code()),
            step(Preferred, Disabling),
            step(Disabling, Unconfigured)
        ]
    );
    bench.pass(Duration::from_secs(10));
    assert!(
        bench.command(Command::ConnOpen { ddb: 3 }).is_err(),
        "no address, no connection"
    );
    bench.ok(Command::SetAcb(Box::new(block)));
    assert_eq!(bench.aens(), [step(Unconfigured, Preferred)]);
    let now = bench.acb();
    assert_eq!(now.ipv4_addr, [10, 0, 0, 77]);
    assert_eq!(now.eth_mtu_size.get(), 1500, "SET_ACB does not carry the MTU");
    bench.ok(Command::ConnOpen { ddb: 3 });
}

#[test]
fn ipv6_addresses_are_tentative_for_a_second() {
    let mut bench = Bench::new(&ISP4032, 1);
    let mut block = bench.acb();
    block.ipv6_opts.set(0x8000);
    block.ipv6_addr0 = "fd00::2".parse::<std::net::Ipv6Addr>().unwrap().octets();
    bench.ok(Command::InitializeFirmware(Box::new(block)));
    let state = |bench: &mut Bench, ip| match bench.ok(Command::GetIpAddrState { acb: 0, ip }) {
        Reply::IpAddrState(state) => state,
        other => panic!("{other:?}"),
    };
    assert_eq!(state(&mut bench, 1), IpAddrState::Tentative);
    assert_eq!(state(&mut bench, 2), IpAddrState::Tentative);
    bench.pass(Duration::from_secs(1));
    assert_eq!(state(&mut bench, 2), IpAddrState::Preferred);
    assert_eq!(state(&mut bench, 3), IpAddrState::Unconfigured);
    assert_eq!(bench.acb().ipv6_addr0_state, 5);
    let mut six = entry(TARGET);
    six.options.set(0x100);
    six.ip_addr = "fd00::9".parse::<std::net::Ipv6Addr>().unwrap().octets();
    bench.effects();
    bench.ok(Command::SetDatabaseEntry {
        ddb: 1,
        entry: Box::new(six),
    });
    bench.ok(Command::ConnOpen { ddb: 1 });
    assert_eq!(
        bench.effects(),
        [Effect::Connect {
            port: 0,
            link: LinkId(1),
            to: "[fd00::9]:3260".parse().unwrap(),
            source: Some("fd00::2".parse().unwrap())
        }]
    );
}

#[test]
fn a_pulled_cable_fails_everything_and_is_reported() {
    let mut bench = Bench::ready(false);
    let link = bench.open(3, &entry(TARGET));
    bench.card.set_link(bench.now, 0, false);
    let aens = bench.aens();
    assert_eq!(aens[0], Aen::LinkDown);
    assert!(aens.contains(&changed(
        3,
        DdbState::SessionFailed,
        LoginFailure::Connection.code()
    )));
    assert_eq!(bench.effects(), [Effect::Close { link }]);
    bench.pass(Duration::from_secs(5));
    assert!(bench.command(Command::ConnOpen { ddb: 3 }).is_err());
    bench.card.set_link(bench.now, 0, true);
    assert_eq!(bench.aens(), [Aen::LinkUp]);
    bench.ok(Command::ConnOpen { ddb: 3 });
}

#[test]
fn a_crashed_port_answers_nothing_until_it_is_reset() {
    let mut bench = Bench::ready(false);
    bench.open(3, &entry(TARGET));
    bench.card.crash(bench.now, 0);
    assert_eq!(bench.aens(), [Aen::SystemError]);
    assert!(bench.command(Command::AboutFirmware).is_err());
    bench.card.reset(bench.now, 0);
    bench.initialize(false);
    assert_eq!(bench.ddb(3).state, DdbState::Unassigned, "RAM entries are lost");
}

#[test]
fn a_ping_ends_with_the_handle_it_was_given() {
    let mut bench = Bench::ready(false);
    let ping = |to: &str, source| Command::Ping {
        source,
        to: to.parse().unwrap(),
        size: 0,
        handle: 42,
    };
    bench.ok(ping("10.0.0.9", PingSource::Ipv4));
    let effects = bench.effects();
    let Some(Effect::Ping {
        ping: id, size: 32, ..
    }) = effects.first()
    else {
        panic!("{effects:?}");
    };
    bench.card.ping_done(bench.now, *id, PingStatus::NoArpReply);
    bench.card.ping_done(bench.now, *id, PingStatus::Success);
    let events = bench.events();
    assert!(matches!(
        events[..],
        [Event::PingDone {
            handle: 42,
            status: PingStatus::NoArpReply
        }]
    ));
    assert!(
        bench
            .command(ping("10.0.0.9", PingSource::Ipv6LinkLocal))
            .is_err()
    );
    bench.ok(ping("fe80::1", PingSource::Ipv6LinkLocal));
    let events = bench.events();
    assert!(matches!(
        events[..],
        [Event::PingDone {
            status: PingStatus::LinkLocalInvalid,
            ..
        }]
    ));
}

#[test]
fn commands_of_other_chips_are_refused() {
    let mut bench = Bench::new(&ISP4010, 1);
    bench.initialize(false);
    assert!(bench.command(Command::GetAcb { which: 0 }).is_err());
    // What the driver gives to every chip, every chip takes.
    assert!(bench.command(Command::DisableAcb).is_ok());
    let mut bench = Bench::ready(false);
    assert!(bench.command(Command::GetCrashRecord).is_err());
    assert!(
        bench
            .card
            .command(bench.now, 9, Command::DiagTest(DiagTest::DdrSize))
            .is_err()
    );
}

#[test]
fn heartbeats_come_if_the_control_block_asks_for_them_and_end_with_the_firmware() {
    let mut bench = Bench::ready(false);
    bench.pass(Duration::from_secs(60));
    assert!(bench.aens().is_empty());
    let mut block = bench.acb();
    block.fw_options.set(block.fw_options.get() | 0x1000);
    block.hb_interval = 2;
    bench.ok(Command::InitializeFirmware(Box::new(block)));
    bench.aens();
    for _ in 0..3 {
        bench.pass(Duration::from_millis(1999));
        assert!(bench.aens().is_empty());
        bench.pass(Duration::from_millis(1));
        assert_eq!(bench.aens(), [Aen::Heartbeat]);
    }
    bench.card.crash(bench.now, 0);
    bench.aens();
    bench.pass(Duration::from_secs(60));
    assert!(bench.aens().is_empty());
}
