//! Task management, liveness, asynchronous messages, logout and loss.

use std::time::Duration;

use iscsi::{
    LinkLoss,
    initiator::{AsyncReport, DropReason, Event, Outcome, TaskTag, TmfOutcome},
    pdu::{Lun, TmfFunction, TmfResponseCode},
    target_node,
};

use crate::harness::*;

fn pair_with(config: target_node::Config) -> Pair {
    let mut pair = Pair::new(initiator_config(), config, Books::open(), Cuts::new([61, 1400]));
    pair.run();
    assert!(pair.logged_in().is_some());
    pair.events.clear();
    pair.seen.clear();
    pair
}

fn pair() -> Pair {
    pair_with(target_node::Config::default())
}

fn tmf_outcome(pair: &Pair, wanted: TaskTag) -> TmfOutcome {
    let mut found = pair.events.iter().filter_map(|event| match event {
        Event::TmfDone { tag, outcome } if *tag == wanted => Some(*outcome),
        _ => None,
    });
    let outcome = found.next().expect("the function ends");
    assert!(found.next().is_none(), "once");
    outcome
}

const COMPLETE: TmfOutcome = TmfOutcome::Response(TmfResponseCode::COMPLETE);

#[test]
fn abort_task_ends_the_task_once_and_leaves_the_others() {
    let mut pair = pair();
    pair.hold = true;
    let (victim, other) = (pair.read(0, 4), pair.read(8, 4));
    pair.run();
    let tmf = pair
        .initiator
        .task_management(pair.now, TmfFunction::ABORT_TASK, Lun::default(), Some(victim));
    pair.run();
    assert_eq!(tmf_outcome(&pair, tmf), COMPLETE);
    assert_eq!(pair.done(victim).0, Outcome::Aborted);
    // The owner answers both, the aborted one in vain.
    for task in std::mem::take(&mut pair.held) {
        pair.target.complete(task, target_node::Completion::status(GOOD));
    }
    pair.run();
    assert!(matches!(
        pair.done(other).0,
        Outcome::Completed { status: GOOD, .. }
    ));
    assert!(
        pair.events
            .iter()
            .all(|event| !matches!(event, Event::Dropped(_)))
    );
}

#[test]
fn aborting_what_is_gone_says_so() {
    let mut pair = pair();
    let done = pair.test_unit_ready(0);
    pair.run();
    pair.done(done);
    let tmf = pair
        .initiator
        .task_management(pair.now, TmfFunction::ABORT_TASK, Lun::default(), Some(done));
    pair.run();
    assert_eq!(
        tmf_outcome(&pair, tmf),
        TmfOutcome::Response(TmfResponseCode::NO_TASK)
    );
}

#[test]
fn a_reset_ends_the_tasks_of_its_lun_sent_or_waiting() {
    let mut pair = pair_with(target_node::Config {
        window: 3,
        ..target_node::Config::default()
    });
    pair.hold = true;
    let here: Vec<_> = (0..6).map(|_| pair.test_unit_ready(0)).collect();
    let there = pair.test_unit_ready(1);
    pair.run();
    let tmf = pair
        .initiator
        .task_management(pair.now, TmfFunction::LOGICAL_UNIT_RESET, Lun::flat(0), None);
    pair.run();
    assert_eq!(tmf_outcome(&pair, tmf), COMPLETE);
    for tag in here {
        assert_eq!(pair.done(tag).0, Outcome::Aborted);
    }
    assert_eq!(pair.initiator.outstanding(), 1);
    for task in std::mem::take(&mut pair.held) {
        pair.target.complete(task, target_node::Completion::status(GOOD));
    }
    pair.run();
    assert_eq!(pair.done(there).0, good(0));
    pair.hold = false;
    let after = pair.test_unit_ready(0);
    pair.run();
    assert_eq!(pair.done(after).0, good(0));
}

#[test]
fn every_function_is_answered() {
    let mut pair = pair();
    for function in [
        TmfFunction::ABORT_TASK_SET,
        TmfFunction::CLEAR_ACA,
        TmfFunction::CLEAR_TASK_SET,
        TmfFunction::LOGICAL_UNIT_RESET,
        TmfFunction::TARGET_WARM_RESET,
        TmfFunction::TASK_REASSIGN,
    ] {
        let tmf = pair
            .initiator
            .task_management(pair.now, function, Lun::flat(0), None);
        pair.run();
        assert!(
            matches!(tmf_outcome(&pair, tmf), TmfOutcome::Response(_)),
            "{function:?}"
        );
    }
    let tmf = pair
        .initiator
        .task_management(pair.now, TmfFunction::TARGET_COLD_RESET, Lun::flat(0), None);
    pair.run();
    assert!(matches!(
        tmf_outcome(&pair, tmf),
        TmfOutcome::Response(_) | TmfOutcome::Lost
    ));
}

#[test]
fn nops_go_both_ways() {
    let mut pair = pair_with(target_node::Config {
        nop_interval: Some(Duration::from_secs(2)),
        ..target_node::Config::default()
    });
    let asked = pair.initiator.nop(pair.now);
    pair.run();
    assert!(matches!(pair.events[..], [Event::NopDone { tag, answered: true }] if tag == asked));
    pair.pass(Duration::from_secs(60));
    let counters = pair.initiator.counters();
    assert!(
        counters.tx.nop_out > 20 && counters.rx.nop_in > 20,
        "{counters:?}"
    );
    assert!(
        pair.initiator.is_open(),
        "both sides are satisfied: {:?} {:?}",
        pair.events,
        pair.seen
    );
}

#[test]
fn an_idle_connection_is_kept_alive_by_the_initiator() {
    let mut pair = pair();
    pair.pass(Duration::from_secs(3600));
    assert!(pair.initiator.is_open());
    assert_eq!(
        pair.initiator.counters().tx.nop_out,
        720,
        "one every five seconds"
    );
}

#[test]
fn a_target_that_hangs_is_dropped_after_interval_and_timeout() {
    let mut pair = pair();
    pair.hold = true;
    let lost = pair.read(0, 1);
    pair.run();
    let start = pair.now;
    // Nothing is delivered any more.
    let ping = pair.initiator.poll_timeout().unwrap();
    pair.initiator.handle_timeout(ping);
    let drop = pair.initiator.poll_timeout().unwrap();
    assert_eq!(
        (ping - start, drop - ping),
        (Duration::from_secs(5), Duration::from_secs(5))
    );
    pair.initiator.handle_timeout(drop);
    pair.run();
    assert_eq!(pair.done(lost).0, Outcome::Lost);
    assert!(
        matches!(pair.events[..], [Event::Dropped(DropReason::NopTimeout)]),
        "{:?}",
        pair.events
    );
}

#[test]
fn a_requested_logout_happens_by_itself() {
    let mut pair = pair();
    assert!(pair.target.request_logout(pair.now, 10));
    pair.run();
    let [
        Event::Async(AsyncReport::LogoutRequested { seconds: 10 }),
        Event::LoggedOut { .. },
    ] = &pair.events[..]
    else {
        panic!("{:?}", pair.events)
    };
}

#[test]
fn an_announced_drop_ends_the_connection_with_its_times() {
    let mut pair = pair();
    assert!(pair.target.announce_drop(pair.now, 7));
    pair.run();
    assert!(
        matches!(
            pair.events[..],
            [Event::Dropped(DropReason::ByTarget { time2wait: 7, .. })]
        ),
        "{:?}",
        pair.events
    );
}

#[test]
fn a_scsi_event_brings_lun_and_sense() {
    let mut pair = pair();
    assert!(pair.target.scsi_event(Lun::flat(1), &SENSE));
    pair.run();
    let [Event::Async(AsyncReport::Scsi { lun, sense })] = &pair.events[..] else {
        panic!("{:?}", pair.events)
    };
    assert_eq!((*lun, &sense[..]), (Lun::flat(1), &SENSE[..]));
}

#[test]
fn logout_ends_open_tasks_and_takes_no_more() {
    let mut pair = pair();
    pair.hold = true;
    let open = pair.read(0, 1);
    pair.run();
    pair.initiator.logout(pair.now);
    let late = pair.test_unit_ready(0);
    pair.run();
    assert_eq!(pair.done(late).0, Outcome::NotSent);
    assert_eq!(pair.done(open).0, Outcome::Lost);
    assert!(
        matches!(pair.events[..], [Event::LoggedOut { .. }]),
        "{:?}",
        pair.events
    );
    assert!(pair.initiator.wants_close());
}

#[test]
fn a_lost_link_completes_everything_exactly_once() {
    let mut pair = pair();
    pair.hold = true;
    let read = pair.read(0, 100);
    let write = pair.write(0, pattern(100 * BLOCK, 3));
    let tmf = pair
        .initiator
        .task_management(pair.now, TmfFunction::CLEAR_TASK_SET, Lun::flat(1), None);
    let nop = pair.initiator.nop(pair.now);
    pair.initiator.closed(pair.now, LinkLoss::Reset);
    pair.initiator.closed(pair.now, LinkLoss::PeerClosed);
    pair.run();
    assert_eq!(pair.done(read).0, Outcome::Lost);
    let (outcome, data) = pair.done(write);
    assert!(outcome == Outcome::Lost && data == pattern(100 * BLOCK, 3));
    assert_eq!(tmf_outcome(&pair, tmf), TmfOutcome::Lost);
    assert!(
        pair.events
            .iter()
            .any(|event| matches!(event, Event::NopDone { tag, answered: false } if *tag == nop))
    );
    assert!(matches!(
        pair.events.last(),
        Some(Event::Dropped(DropReason::Link(LinkLoss::Reset)))
    ));
    assert_eq!(
        pair.events
            .iter()
            .filter(|event| matches!(event, Event::Dropped(_)))
            .count(),
        1
    );
}
