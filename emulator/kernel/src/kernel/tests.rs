//! Each rung of the ladder against a target that is deaf to what comes before it, in virtual time.

mod world;

use nix::errno::Errno;
use std::time::Duration;

use super::ClientId;
use crate::midlayer::did;
use iscsi::pdu::TmfResponseCode;
use world::{Deaf, World};

/// Timeout of the commands in these tests.
const PATIENCE: Duration = Duration::from_secs(30);
/// Most that the firmware waits for the target's answer to a function; then its mailbox command has failed. An abort that failed is no
/// longer waited for, a reset that did counts as done.
const ANSWER: Duration = Duration::from_secs(15);
/// Most that the firmware may take to give a command back.
const GIVE_BACK: Duration = Duration::from_secs(242);
/// Most that a test of a unit may take.
const TEST: Duration = Duration::from_secs(10);

/// Task management functions as they go over the wire.
const ABORT_TASK: u8 = 1;
const LUN_RESET: u8 = 5;
const TARGET_RESET: u8 = 6;

const NOTHING: Deaf = Deaf {
    read: true,
    abort: false,
    lun: false,
    target: false,
    ready: false,
    portal: false,
    inquiry: false,
};

fn deaf(change: impl FnOnce(&mut Deaf)) -> World {
    let mut world = World::logged_in();
    world.deaf = NOTHING;
    change(&mut world.deaf);
    world
}

#[test]
fn a_command_that_takes_too_long_is_aborted_and_nothing_else_happens() {
    let mut w = deaf(|_| ());
    let client = w.read(PATIENCE);
    w.pass(PATIENCE - Duration::from_secs(1));
    assert_eq!(w.answer(client), None, "it has not timed out yet");
    w.pass(Duration::from_secs(1));
    assert_eq!(w.answer(client), Some((did::TIME_OUT, 0)));
    assert_eq!(w.functions, [ABORT_TASK]);
    assert_eq!(
        (w.device_state(), w.host_state()),
        ("running".into(), "running".into())
    );
    assert_eq!(w.device_attr("iotmo_cnt"), "0x1");
    w.deaf = Deaf::default();
    let next = w.read(PATIENCE);
    w.pass(Duration::ZERO);
    assert_eq!(w.answer(next), Some((did::OK, 0)));
}

#[test]
fn when_the_abort_is_not_answered_the_unit_is_reset() {
    let mut w = deaf(|d| d.abort = true);
    let client = w.read(PATIENCE);
    w.pass(PATIENCE + ANSWER - Duration::from_secs(1));
    assert_eq!(
        (w.answer(client), w.functions.as_slice()),
        (None, &[ABORT_TASK][..])
    );
    w.pass(Duration::from_secs(1));
    assert_eq!(w.answer(client), Some((did::RESET, 0)));
    assert_eq!(w.functions, [ABORT_TASK, LUN_RESET]);
    assert_eq!(
        w.tests, 2,
        "the first test unit ready tells of the reset, the second is good"
    );
    assert_eq!(
        (w.device_state(), w.host_state()),
        ("running".into(), "running".into())
    );
    assert_eq!(w.logins, 1);
}

#[test]
fn while_the_ladder_runs_new_commands_of_the_host_wait() {
    let mut w = deaf(|d| {
        d.abort = true;
        d.lun = true;
    });
    let first = w.read(PATIENCE);
    w.pass(PATIENCE + ANSWER + Duration::from_secs(1));
    assert_eq!(w.host_state(), "recovery");
    w.deaf.read = false;
    let second = w.read(GIVE_BACK * 2);
    w.pass(Duration::from_secs(1));
    assert_eq!(w.answer(second), None, "the host takes none");
    w.pass(ANSWER + GIVE_BACK);
    assert_eq!(w.answer(first), Some((did::RESET, 0)));
    assert_eq!(w.answer(second), Some((did::OK, 0)));
    assert_eq!(w.host_state(), "running");
}

#[test]
fn when_the_reset_of_the_unit_is_not_answered_the_target_is_reset() {
    let mut w = deaf(|d| {
        d.abort = true;
        d.lun = true;
    });
    let client = w.read(PATIENCE);
    w.pass(PATIENCE + ANSWER + (ANSWER + GIVE_BACK));
    assert_eq!(w.answer(client), Some((did::RESET, 0)));
    assert_eq!(w.functions, [ABORT_TASK, LUN_RESET, TARGET_RESET]);
    assert_eq!((w.device_state(), w.logins), ("running".into(), 1));
}

#[test]
fn when_no_function_is_answered_the_host_is_reset_and_the_same_session_returns() {
    let mut w = deaf(|d| {
        d.abort = true;
        d.lun = true;
        d.target = true;
    });
    let client = w.read(PATIENCE);
    w.pass(PATIENCE + ANSWER + (ANSWER + GIVE_BACK) * 2);
    assert_eq!(
        w.host_state(),
        "recovery",
        "the unit is tested when its session is back"
    );
    assert_eq!(w.answer(client), None);
    w.deaf.read = false;
    w.pass(TEST);
    let (host_byte, _) = w.answer(client).expect("answered");
    assert_ne!(host_byte, did::OK);
    assert_eq!(w.logins, 2);
    assert_eq!(w.sessions(), [w.sid]);
    assert_eq!(
        (w.device_state(), w.host_state()),
        ("running".into(), "running".into())
    );
    let next = w.read(PATIENCE);
    w.pass(Duration::ZERO);
    assert_eq!(w.answer(next), Some((did::OK, 0)));
}

#[test]
fn when_nothing_helps_the_unit_goes_offline_and_stays_so_until_an_operator_says_otherwise() {
    let mut w = deaf(|d| {
        d.abort = true;
        d.lun = true;
        d.target = true;
        d.portal = true;
    });
    let client = w.read(PATIENCE);
    w.pass(PATIENCE + ANSWER + (ANSWER + GIVE_BACK) * 2 + TEST);
    assert!(
        w.answer(client)
            .is_some_and(|(host_byte, _)| host_byte != did::OK)
    );
    assert_eq!(
        (w.device_state(), w.host_state()),
        ("offline".into(), "running".into())
    );
    w.deaf = Deaf::default();
    w.pass(Duration::from_secs(120));
    assert_eq!(
        (w.logins, w.device_state()),
        (2, "offline".into()),
        "the session is back"
    );
    let refused = w.read(PATIENCE);
    w.pass(Duration::ZERO);
    assert_eq!(w.answer(refused), Some((did::NO_CONNECT, 0)));
    w.store_device("state", "running").expect("stored");
    let taken = w.read(PATIENCE);
    w.pass(Duration::ZERO);
    assert_eq!(w.answer(taken), Some((did::OK, 0)));
}

#[test]
fn a_unit_that_is_not_ready_after_a_reset_gets_the_next_one_and_ends_offline() {
    let mut w = deaf(|d| {
        d.abort = true;
        d.ready = true;
    });
    let client = w.read(PATIENCE);
    // Abort, unit, target and host; each reset gives the command back at once, each test takes its time.
    w.pass(PATIENCE + ANSWER + TEST * 4);
    assert!(w.answer(client).is_some());
    assert_eq!(w.functions[..2], [ABORT_TASK, LUN_RESET]);
    assert!(
        w.functions.contains(&TARGET_RESET) && w.logins == 2,
        "{:?}",
        w.functions
    );
    assert_eq!(w.device_state(), "offline");
}

#[test]
fn eh_deadline_goes_straight_to_the_reset_of_the_host() {
    let mut w = deaf(|d| {
        d.abort = true;
        d.lun = true;
        d.target = true;
    });
    w.store_host("eh_deadline", "10").expect("stored");
    let client = w.read(PATIENCE);
    w.pass(PATIENCE + ANSWER);
    w.deaf.read = false;
    w.pass(TEST);
    assert!(w.answer(client).is_some());
    assert_eq!((w.functions.as_slice(), w.logins), (&[ABORT_TASK][..], 2));
}

#[test]
fn a_driver_that_must_not_reset_its_adapter_gives_the_unit_up() {
    let mut w = deaf(|d| {
        d.abort = true;
        d.lun = true;
        d.target = true;
    });
    w.store("module/qla4xxx/parameters/ql4xdontresethba", "0x1")
        .expect("stored");
    let client = w.read(PATIENCE);
    w.pass(PATIENCE + ANSWER + (ANSWER + GIVE_BACK) * 2);
    assert_eq!(w.answer(client), Some((did::TIME_OUT, 0)));
    assert_eq!((w.device_state(), w.logins), ("offline".into(), 1));
}

#[test]
fn a_scan_whose_command_is_never_answered_ends() {
    let mut w = World::logged_in();
    w.deaf.inquiry = true;
    w.store_host("scan", "- - -").expect("stored");
    w.pass(Duration::from_secs(19));
    assert!(w.scanning());
    assert_eq!(w.stores_answered(), 0, "the writer waits for the scan");
    let other = w.read(PATIENCE);
    assert!(w.answer(other).is_some(), "others are served meanwhile");
    w.pass(Duration::from_secs(1));
    assert!(!w.scanning());
    assert_eq!((w.stores_answered(), &w.functions[..]), (1, &[ABORT_TASK][..]));
    w.deaf = Deaf::default();
    w.store_host("scan", "- - -").expect("stored");
    w.pass(Duration::ZERO);
    assert!(!w.scanning() && w.device_state() == "running");
}

#[test]
fn an_abort_that_the_target_refuses_costs_no_time_before_the_unit_is_reset() {
    let mut w = deaf(|_| {});
    w.refuses = Some(TmfResponseCode::REJECTED);
    let client = w.read(Duration::from_secs(1));
    w.pass(Duration::from_secs(1));
    // Refused, and the ladder goes on at once: the reset of the unit is as good as done, whatever the target answers (0x4005).
    assert_eq!(w.functions, [ABORT_TASK, LUN_RESET]);
    assert_eq!((w.answer(client), w.host_state()), (None, "recovery".into()));
    w.pass(GIVE_BACK);
    assert_eq!(w.functions[2..], [TARGET_RESET], "nothing came back of the first");
}

#[test]
fn a_task_that_the_target_no_longer_knows_counts_as_aborted() {
    let mut w = deaf(|_| {});
    w.refuses = Some(TmfResponseCode::NO_TASK);
    let client = w.read(Duration::from_secs(1));
    w.pass(Duration::from_secs(1));
    assert_eq!(
        (w.answer(client), &w.functions[..]),
        (Some((did::TIME_OUT, 0)), &[ABORT_TASK][..])
    );
}

#[test]
fn a_writer_waits_until_a_known_unit_has_been_looked_at() {
    let mut w = World::logged_in();
    w.deaf.inquiry = true;
    w.store_device("rescan", "1").expect("stored");
    w.store_device("state", "running").expect("stored");
    assert_eq!(
        w.stores_answered(),
        0,
        "the second write of one writer comes after the first"
    );
    w.pass(Duration::from_secs(40));
    assert_eq!((w.stores_answered(), w.scanning()), (2, false));
    for (name, value) in [
        ("state", "blocked"),
        ("queue_depth", "0"),
        ("queue_depth", "2000"),
        ("queue_depth", "x"),
    ] {
        assert_eq!(w.store_device(name, value), Err(Errno::EINVAL), "{name} {value}");
    }
    for (name, value, shown) in [
        ("queue_depth", "0x10", "16"),
        ("timeout", "61 seconds", "61"),
        ("timeout", "x", "61"),
        ("eh_timeout", "7", "7"),
        ("state", "offline", "offline"),
    ] {
        w.store_device(name, value).expect("stored");
        assert_eq!(w.device_attr(name), shown, "{name} {value}");
    }
    let answered = w.stores_answered();
    w.store_device("rescan", "1").expect("stored");
    assert_eq!(
        w.stores_answered(),
        answered + 1,
        "nobody is asked about a unit that is switched off"
    );
}

#[test]
fn commands_of_a_unit_are_counted_and_those_that_failed_too() {
    let mut w = World::logged_in();
    let counts = |w: &World| {
        ["iorequest_cnt", "iodone_cnt", "ioerr_cnt"].map(|name| {
            let text = w.device_attr(name);
            u32::from_str_radix(text.strip_prefix("0x").expect("a hexadecimal number"), 16).expect("a number")
        })
    };
    w.pass(Duration::from_secs(1));
    let [sent, ended, failed] = counts(&w);
    w.read(PATIENCE);
    w.read(PATIENCE);
    w.deaf.read = true;
    w.read(PATIENCE);
    w.pass(Duration::from_secs(1));
    assert_eq!(counts(&w), [sent + 3, ended + 2, failed], "one is still out");
    w.pass(PATIENCE);
    assert_eq!(w.device_attr("iotmo_cnt"), "0x1");
}

#[test]
fn a_parameter_is_a_number_of_any_base_and_shown_as_a_decimal() {
    let mut w = World::logged_in();
    let depth = "module/qla4xxx/parameters/ql4xmaxqdepth";
    for (text, shown) in [("0x40", "64"), ("010", "8"), ("-1", "-1"), ("+7", "7")] {
        w.store(depth, text).expect("stored");
        assert_eq!(w.attr(depth), shown, "{text}");
    }
    for (text, errno) in [
        ("", Errno::EINVAL),
        ("x", Errno::EINVAL),
        ("4294967296", Errno::ERANGE),
    ] {
        assert_eq!(w.store(depth, text), Err(errno), "{text:?}");
    }
    let tmo = "module/qla4xxx/parameters/ql4xsess_recovery_tmo";
    assert_eq!(w.store(tmo, "60"), Err(Errno::EACCES), "set at load time");
    assert_eq!(
        w.device_attr("queue_depth"),
        "32",
        "a unit keeps what it came with"
    );
    w.store_device("delete", "1").expect("deleted");
    w.store_host("scan", "- - -").expect("scanned");
    w.pass(Duration::ZERO);
    assert_eq!(w.device_attr("queue_depth"), "7");
}

#[test]
fn whatever_the_target_is_deaf_to_every_command_is_answered_once() {
    for bits in 0..32u8 {
        let bit = |n: u8| bits & (1 << n) != 0;
        let mut w = deaf(|d| {
            (d.abort, d.lun, d.target, d.ready, d.portal) = (bit(0), bit(1), bit(2), bit(3), bit(4));
        });
        let clients: Vec<ClientId> = (0..3).map(|_| w.read(PATIENCE)).collect();
        w.pass(PATIENCE + GIVE_BACK * 7 + TEST * 8);
        for client in clients {
            assert_eq!(w.answers(client), 1, "deaf to {:?}", w.deaf);
        }
        assert_eq!(w.host_state(), "running", "deaf to {:?}", w.deaf);
        if w.device_state() == "offline" {
            continue;
        }
        let leaving = w.read(PATIENCE);
        w.leave(leaving);
        w.pass(PATIENCE + GIVE_BACK * 4 + TEST * 8);
        assert_eq!(w.answers(leaving), 0, "nobody hears it");
    }
}
