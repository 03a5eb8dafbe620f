//! Losses, announced ones among them, and what becomes of devices.

use super::*;
use crate::session::flow::Loss;

#[test]
fn back_at_59_seconds_nothing_is_lost_and_at_60_devices_are_given_up() {
    for (on_expiry, deleted) in [(OnExpiry::Offline, false), (OnExpiry::Delete, true)] {
        let (mut lab, of, id) = Lab::session(
            Wanted {
                on_expiry,
                ..wanted(&["10.0.0.1:3260"])
            },
            7,
        );
        lab.lose(&of);
        lab.failing_until(54_999);
        lab.until(55_000);
        let again = lab.try_one();
        lab.until(59_000);
        lab.up(&again, 7);
        lab.until(59_999);
        let deeds = lab.deeds();
        assert_eq!(
            deeds,
            [Effect::SetRecoveryTimeout { sid: 7, secs: 60 }],
            "nothing is scanned or removed"
        );
        lab.until(61_000);
        lab.lose(&again);
        assert_eq!(lab.only().expires, Some(lab.now + Duration::from_secs(60)));
        lab.until(63_000);
        let again = lab.try_one();
        lab.flow(again.attempt, unreachable());
        lab.failing_until(120_999);
        lab.take();
        let told = Effect::Tell(Told::Event(id, Event::Expired { deleted }));
        assert!(!lab.log.contains(&told));
        lab.until(121_000);
        let effects = lab.take();
        assert_eq!(effects.contains(&Effect::RemoveDevices { sid: 7 }), deleted);
        assert!(effects.contains(&told), "{effects:?}");
        lab.until(123_000);
        let again = lab.try_one();
        assert_eq!((again.id, again.rebind), (id, Some(7)), "it is tried on");
        lab.up(&again, 7);
        assert_eq!(
            lab.deeds().contains(&Effect::Scan {
                sid: 7,
                remove: false
            }),
            deleted
        );
    }
}

#[test]
fn the_removal_latency_is_what_is_set_and_minus_one_is_never() {
    for (latency, expires) in [
        (Some(5), Some(5)),
        (Some(-1), None),
        (Some(-7), None),
        (None, Some(60)),
    ] {
        let (mut lab, of, _) = Lab::session(
            Wanted {
                removal_latency: latency,
                ..wanted(&["10.0.0.1:3260"])
            },
            7,
        );
        lab.lose(&of);
        let at = expires.map(|secs| lab.now + Duration::from_secs(secs));
        assert_eq!(lab.only().expires, at, "{latency:?}");
    }
    let (mut lab, of, _) = Lab::session(wanted(&["10.0.0.1:3260"]), 7);
    lab.lose(&of);
    lab.failing_until(3_000_000);
    let expired = |e: &&Effect| matches!(e, Effect::Tell(Told::Event(_, Event::Expired { .. })));
    lab.take();
    let expired = lab.log.iter().filter(expired).count();
    assert_eq!(expired, 1, "once an outage, however often it is tried");
}

#[test]
fn a_target_that_asks_for_a_logout_gets_it_and_the_session_comes_back() {
    let (mut lab, of, id) = Lab::session(wanted(&["10.0.0.1:3260"]), 7);
    lab.until(10_000);
    lab.flow(of.attempt, FlowEvent::LogoutRequested { seconds: 3 });
    let within = Duration::from_secs(3);
    assert_eq!(lab.only().state, State::LogoutRequested);
    assert_eq!(lab.deeds(), [Effect::Leave { id, sid: 7, within }]);
    lab.flow(of.attempt, FlowEvent::LogoutRequested { seconds: 3 });
    assert_eq!(lab.deeds(), [], "once");
    lab.until(11_000);
    lab.flow(
        of.attempt,
        FlowEvent::Lost(Loss::ByTarget {
            time2wait: 4,
            time2retain: 20,
            session: false,
        }),
    );
    lab.until(14_999);
    assert_eq!(lab.begun(), []);
    lab.until(15_000);
    let again = lab.try_one();
    assert_eq!((again.id, again.rebind), (id, Some(7)));
}

#[test]
fn a_logout_that_does_not_end_in_the_time_that_the_target_gave_is_a_loss() {
    let (mut lab, of, _) = Lab::session(wanted(&["10.0.0.1:3260"]), 7);
    lab.until(10_000);
    lab.flow(of.attempt, FlowEvent::LogoutRequested { seconds: 3 });
    lab.until(12_999);
    assert_eq!(lab.only().state, State::LogoutRequested);
    lab.until(13_000);
    assert_eq!(lab.only().state, State::XptWait);
    lab.until(15_000);
    assert_eq!(lab.begun().len(), 1);
}

#[test]
fn a_target_that_drops_one_or_all_connections_is_left_alone_as_long_as_it_says() {
    for session in [false, true] {
        let (mut lab, of, _) = Lab::session(wanted(&["10.0.0.1:3260"]), 7);
        lab.until(10_000);
        lab.flow(
            of.attempt,
            FlowEvent::Lost(Loss::ByTarget {
                time2wait: 17,
                time2retain: 0,
                session,
            }),
        );
        assert_eq!(lab.sup.counts()["00:10:18:00:00:01"].logout_other, 1);
        lab.until(26_999);
        assert_eq!(lab.begun(), []);
        lab.until(27_000);
        assert_eq!(lab.begun().len(), 1);
    }
}

#[test]
fn a_session_that_somebody_took_away_is_made_anew_under_its_number() {
    let (mut lab, _, id) = Lab::session(wanted(&["10.0.0.1:3260"]), 7);
    lab.until(10_000);
    lab.input(Input::Kernel(Kernel::Destroyed(7)));
    assert_eq!(lab.deeds(), [Effect::Disown { sid: 7 }]);
    lab.until(12_000);
    let again = lab.try_one();
    assert_eq!((again.id, again.rebind), (id, None));
    lab.up(&again, 8);
    assert!(lab.deeds().contains(&Effect::Scan {
        sid: 8,
        remove: false
    }));
    lab.input(Input::Kernel(Kernel::Destroyed(7)));
    assert_eq!(
        (lab.only().sid, lab.sup.strays()),
        (Some(8), 1),
        "its old number is another's"
    );
}

#[test]
fn a_link_that_is_back_ends_the_waiting_of_its_port_alone() {
    let (mut lab, of, _) = Lab::session(
        Wanted {
            intent: Intent::Discovered,
            ..wanted(&["10.0.0.1:3260"])
        },
        7,
    );
    lab.lose(&of);
    lab.failing_until(200_000);
    lab.take();
    lab.input(Input::Kernel(Kernel::Link(HostNo(4), true)));
    lab.input(Input::Kernel(Kernel::Link(HostNo(3), false)));
    assert_eq!(lab.begun(), []);
    lab.input(Input::Kernel(Kernel::Link(HostNo(3), true)));
    assert_eq!(lab.begun().len(), 1);
}

#[test]
fn a_number_stays_the_same_over_a_hundred_outages() {
    let (mut lab, mut of, id) = Lab::session(wanted(&["10.0.0.1:3260", "10.0.0.2:3260"]), 1);
    for n in 2..100u32 {
        lab.until(u64::from(n) * 20_000);
        if n % 3 == 0 {
            lab.input(Input::Kernel(Kernel::Destroyed(n - 1)));
        } else {
            lab.lose(&of);
        }
        lab.until(u64::from(n) * 20_000 + 2_000);
        of = lab.try_one();
        assert_eq!(of.id, id);
        let sid = of.rebind.filter(|_| n % 3 == 1).unwrap_or(n);
        lab.up(&of, n.max(sid));
        assert_eq!(lab.only().sid, Some(n));
        lab.take();
    }
}

#[test]
fn losses_are_counted_by_their_kind_and_port() {
    let mut lab = Lab::new();
    lab.want(Wanted {
        intent: Intent::Boot,
        ..wanted(&["10.0.0.1:3260"])
    });
    for status in [
        LoginStatus::AUTHENTICATION_FAILURE,
        LoginStatus::AUTHORIZATION_FAILURE,
        LoginStatus::UNSUPPORTED_VERSION,
        LoginStatus::MISSING_PARAMETER,
        LoginStatus::INITIATOR_ERROR,
    ] {
        let of = lab.try_one();
        lab.flow(of.attempt, refused(status));
        let next = lab.sup.poll_timeout().unwrap() - lab.zero;
        lab.until(u64::try_from(next.as_millis()).unwrap());
    }
    let counts = lab.sup.counts()["00:10:18:00:00:01"];
    let all = (
        counts.authenticate_failed,
        counts.auth_failed,
        counts.negotiate_failed,
        counts.other_failed,
    );
    assert_eq!(all, (1, 1, 2, 1));
}
