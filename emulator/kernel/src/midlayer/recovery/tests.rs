//! The machine by itself: what it asks for, step by step.

use super::*;

fn up(_: Unit) -> Reach {
    Reach::Up
}

/// The next step, as a line.
fn step(recovery: &mut Recovery, now: Instant) -> String {
    match recovery.next(now, 0, None, &up) {
        Step::Wait => "wait".to_owned(),
        Step::Abort(unit, _) => format!("abort {unit:?}"),
        Step::ResetLun(unit) => format!("reset unit {unit:?}"),
        Step::ResetTarget(sid) => format!("reset target of {sid}"),
        Step::ResetHost => "reset host".to_owned(),
        Step::Test(unit) => format!("test {unit:?}"),
        Step::DropTest => "drop the test".to_owned(),
        Step::Offline(unit) => format!("offline {unit:?}"),
        Step::Finish(late, _) => format!("finish {:?}", late.unit),
        Step::Over => "over".to_owned(),
    }
}

fn late(units: &[Unit], now: Instant) -> Recovery {
    let mut recovery = Recovery::default();
    for (tag, unit) in (0..).zip(units) {
        recovery.late(now, Tag(tag), *unit, None);
    }
    recovery
}

#[test]
fn a_card_that_refuses_everything_is_asked_once_for_each_unit_target_and_host() {
    let now = Instant::now();
    let mut recovery = late(&[(1, 0), (1, 1), (2, 0)], now);
    let mut asked = Vec::new();
    loop {
        let line = step(&mut recovery, now);
        if line == "over" {
            break;
        }
        if line.starts_with("abort") || line.starts_with("reset") {
            recovery.taken(now, false);
        }
        asked.push(line);
    }
    let wanted = [
        "abort (1, 0)",
        "abort (1, 1)",
        "abort (2, 0)",
        "reset unit (1, 0)",
        "reset unit (1, 1)",
        "reset unit (2, 0)",
        "reset target of 1",
        "reset target of 2",
        "reset host",
        "offline (1, 0)",
        "finish (1, 0)",
        "offline (1, 1)",
        "finish (1, 1)",
        "offline (2, 0)",
        "finish (2, 0)",
    ];
    assert_eq!(asked, wanted);
    assert!(!recovery.holds_host());
}

#[test]
fn a_unit_attention_costs_one_more_test_and_no_third() {
    let now = Instant::now();
    let mut recovery = late(&[(1, 0)], now);
    assert_eq!(step(&mut recovery, now), "abort (1, 0)");
    recovery.taken(now, false);
    assert_eq!(step(&mut recovery, now), "reset unit (1, 0)");
    recovery.taken(now, true);
    recovery.returned(Tag(0), did::RESET);
    for _ in 0..2 {
        assert_eq!(step(&mut recovery, now), "test (1, 0)");
        recovery.taken(now, true);
        assert_eq!(step(&mut recovery, now), "wait");
        recovery.tested(now, false, true);
    }
    assert_eq!(step(&mut recovery, now), "finish (1, 0)");
    assert_eq!(step(&mut recovery, now), "over");
}

#[test]
fn a_test_that_takes_too_long_is_dropped_and_the_next_rung_comes() {
    let now = Instant::now();
    let mut recovery = late(&[(1, 0)], now);
    step(&mut recovery, now);
    recovery.taken(now, false);
    step(&mut recovery, now);
    recovery.taken(now, true);
    recovery.returned(Tag(0), did::RESET);
    assert_eq!(step(&mut recovery, now), "test (1, 0)");
    assert_eq!(step(&mut recovery, now), "wait");
    assert_eq!(recovery.deadline(), Some(now + TEST));
    assert_eq!(step(&mut recovery, now + TEST), "drop the test");
    assert_eq!(step(&mut recovery, now + TEST), "reset target of 1");
}
