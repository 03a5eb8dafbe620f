//! The table as numbers, and the laws of waiting.

use proptest::prelude::*;

use super::kept::{Facts, Keeper, rule};
use super::*;
use crate::model::{Owner, SessionKind};

const fn secs(n: u64) -> Duration {
    Duration::from_secs(n)
}

fn standing(failed: u32, since: u64) -> Standing {
    Standing {
        failed,
        since: secs(since),
        was_up: true,
        time2wait: Duration::ZERO,
        logged_out: false,
    }
}

fn after(intent: Intent, limits: &Limits, standing: &Standing) -> Option<u64> {
    match next(intent, limits, standing) {
        Decision::Again { after, .. } => Some(after.as_secs()),
        Decision::GiveUp(_) => None,
    }
}

#[test]
fn each_intent_waits_as_its_row_says() {
    let waits = |intent| -> Vec<u64> { (1..=9).map(|n| Policy::of(intent).wait(n).as_secs()).collect() };
    assert_eq!(waits(Intent::Configured), [5; 9]);
    assert_eq!(waits(Intent::Discovered), [5, 10, 20, 40, 80, 160, 300, 300, 300]);
    assert_eq!(waits(Intent::Boot), [1; 9]);
    for policy in POLICIES {
        assert_eq!(Policy::of(policy.intent), policy);
        assert_eq!(policy.wait(0), policy.first);
    }
}

#[test]
fn configured_and_boot_are_tried_for_ever_and_discovered_for_three_days() {
    let year = 365 * 24 * 3600;
    for (intent, since, expected) in [
        (Intent::Configured, year, Some(5)),
        (Intent::Boot, year, Some(1)),
        (Intent::Discovered, 72 * 3600 - 1, Some(300)),
        (Intent::Discovered, 72 * 3600, None),
    ] {
        assert_eq!(
            after(intent, &Limits::SHIPPED, &standing(1000, since)),
            expected,
            "{intent} {since}"
        );
    }
    let away = next(Intent::Discovered, &Limits::SHIPPED, &standing(1000, 72 * 3600));
    let Decision::GiveUp(why) = away else {
        panic!("{away:?}")
    };
    assert_eq!(Message::from(why).to_string(), "it was away for 72 hours");
}

#[test]
fn reopen_max_ends_what_was_up_and_never_a_boot_session() {
    let limits = Limits {
        reopen_max: 3,
        ..Limits::SHIPPED
    };
    for (intent, failed, was_up, goes_on) in [
        (Intent::Configured, 2, true, true),
        (Intent::Configured, 3, true, false),
        (Intent::Configured, 3, false, true),
        (Intent::Discovered, 3, true, false),
        (Intent::Boot, 300, true, true),
    ] {
        let standing = Standing {
            was_up,
            ..standing(failed, 60)
        };
        assert_eq!(
            after(intent, &limits, &standing).is_some(),
            goes_on,
            "{intent} {failed} {was_up}"
        );
    }
    assert!(
        after(Intent::Configured, &Limits::SHIPPED, &standing(u32::MAX, 60)).is_some(),
        "0 is no limit"
    );
}

#[test]
fn whoever_waits_for_the_first_login_is_told_in_time_and_it_is_tried_on() {
    let limits = Limits {
        initial_login_retry_max: 4,
        ..Limits::SHIPPED
    };
    for (since, was_up, waiter) in [
        (59, false, Waiter::Waits),
        (60, false, Waiter::Told),
        (60, true, Waiter::Waits),
    ] {
        let standing = Standing {
            was_up,
            ..standing(9, since)
        };
        for intent in [Intent::Configured, Intent::Boot, Intent::Discovered] {
            let Decision::Again { waiter: told, .. } = next(intent, &limits, &standing) else {
                panic!("{intent}");
            };
            assert_eq!(told, waiter, "{intent} {since}");
        }
    }
    let at_once = Limits {
        initial_login_retry_max: 0,
        ..limits
    };
    let first = next(
        Intent::Configured,
        &at_once,
        &Standing {
            was_up: false,
            ..standing(1, 0)
        },
    );
    assert_eq!(
        first,
        Decision::Again {
            after: secs(5),
            waiter: Waiter::Told
        }
    );
}

#[test]
fn what_the_target_asks_us_to_wait_is_waited() {
    for (intent, time2wait, expected) in [
        (Intent::Configured, 2, 5),
        (Intent::Configured, 30, 30),
        (Intent::Boot, 2, 2),
        (Intent::Discovered, 3600, 3600),
        (Intent::Boot, 90_000, 3600),
    ] {
        let standing = Standing {
            time2wait: secs(time2wait),
            ..standing(1, 0)
        };
        assert_eq!(
            after(intent, &Limits::SHIPPED, &standing),
            Some(expected),
            "{intent} {time2wait}"
        );
    }
}

#[test]
fn a_logout_ends_it_whatever_it_was_wanted_for() {
    for policy in POLICIES {
        let standing = Standing {
            logged_out: true,
            ..standing(1, 0)
        };
        assert_eq!(
            next(policy.intent, &Limits::SHIPPED, &standing),
            Decision::GiveUp(Why::LoggedOut)
        );
    }
}

#[test]
fn every_session_has_a_keeper_and_what_it_is_wanted_for() {
    use SessionKind::{Boot, Discovery, Normal};
    for (owner, kind, discovered, time2wait, keeper, intent, first, longest) in [
        (
            Owner::Flash,
            Normal,
            false,
            Some(2),
            Keeper::Driver,
            Intent::Configured,
            6,
            6,
        ),
        (
            Owner::Flash,
            Normal,
            true,
            Some(1),
            Keeper::Driver,
            Intent::Discovered,
            5,
            5,
        ),
        (Owner::Flash, Boot, true, None, Keeper::Driver, Intent::Boot, 4, 4),
        (
            Owner::Flash,
            Discovery,
            false,
            None,
            Keeper::Driver,
            Intent::Configured,
            4,
            4,
        ),
        (
            Owner::User,
            Normal,
            false,
            Some(2),
            Keeper::Iscsid,
            Intent::Configured,
            2,
            3,
        ),
        (
            Owner::User,
            Normal,
            false,
            Some(0),
            Keeper::Iscsid,
            Intent::Configured,
            3,
            3,
        ),
        (
            Owner::User,
            Boot,
            false,
            Some(9),
            Keeper::Iscsid,
            Intent::Boot,
            9,
            9,
        ),
    ] {
        let facts = Facts {
            owner,
            kind,
            discovered,
            time2wait: time2wait.map(secs),
        };
        let rule = rule(&facts);
        assert_eq!((rule.keeper, rule.intent), (keeper, intent), "{facts:?}");
        assert_eq!(
            (rule.first, rule.longest, rule.factor, rule.give_up),
            (secs(first), secs(longest), 1, None),
            "{facts:?}"
        );
    }
    let ours = kept::by(Keeper::Hbad, Intent::Discovered, Some(secs(7)));
    assert_eq!((ours.first, ours.factor, ours.longest), (secs(7), 2, secs(300)));
    assert_eq!(ours.give_up, Some(secs(72 * 3600)));
}

fn intent() -> impl Strategy<Value = Intent> {
    prop::sample::select(vec![Intent::Configured, Intent::Discovered, Intent::Boot])
}

proptest! {
    #[test]
    fn waits_never_shrink_and_have_a_longest(intent in intent(), failed in any::<u32>(), time2wait in any::<u32>()) {
        let policy = Policy::of(intent);
        prop_assert!(policy.wait(failed) <= policy.wait(failed.saturating_add(1)));
        let standing = Standing { time2wait: secs(time2wait.into()), ..standing(failed, 0) };
        let wait = after(intent, &Limits::SHIPPED, &standing).map(secs).expect("nothing limits it yet");
        prop_assert!(wait >= policy.first && wait <= policy.longest.max(MAX_TIME2WAIT));
        prop_assert!(wait >= secs(time2wait.into()).min(MAX_TIME2WAIT));
    }

    #[test]
    fn what_is_given_up_stays_given_up(intent in intent(), failed in 1u32..1000, since in 0u64..400_000, more in 0u64..400_000, max in 0u32..1000) {
        let limits = Limits { reopen_max: max, ..Limits::SHIPPED };
        if after(intent, &limits, &standing(failed, since)).is_none() {
            prop_assert!(after(intent, &limits, &standing(failed + 1, since + more)).is_none());
        }
        if intent == Intent::Boot {
            prop_assert!(after(intent, &limits, &standing(failed, since)).is_some());
        }
    }
}
