//! From the wish to the logout.

use super::*;

#[test]
fn a_session_is_wanted_written_down_logged_in_lost_brought_back_and_logged_out_under_one_number() {
    let mut lab = Lab::new();
    let mut of = wanted(&["10.0.0.1:3260"]);
    of.persist = true;
    let ticket = lab.want(of.clone());
    let effects = lab.take();
    let [Effect::Persist(id, record)] = &effects[..] else {
        panic!("{effects:?}");
    };
    let id = *id;
    assert_eq!(**record, of);
    assert_eq!(lab.only().state, State::Free);
    lab.input(Input::Persisted(id, Ok(())));
    let effects = lab.take();
    let [Effect::Remember(kept), Effect::Begin(first)] = &effects[..] else {
        panic!("{effects:?}");
    };
    assert_eq!(
        (kept.id, kept.sid, first.rebind, first.hold),
        (id, None, None, false)
    );
    assert_eq!(lab.only().state, State::InLogin);
    let first = first.clone();
    lab.up(&first, 7);
    assert_eq!(lab.only().state, State::LoggedIn);
    let effects = lab.take();
    assert!(
        matches!(&effects[0], Effect::Remember(kept) if kept.sid == Some(7) && kept.was_up),
        "{effects:?}"
    );
    assert_eq!(
        effects[1..5],
        [
            Effect::Own { sid: 7, owner: me() },
            Effect::SetRecoveryTimeout { sid: 7, secs: 60 },
            Effect::Scan {
                sid: 7,
                remove: false
            },
            Effect::Tell(Told::Answer(ticket, Answer::Up(id, 7))),
        ]
    );
    lab.until(100_000);
    lab.lose(&first);
    assert_eq!(lab.only().state, State::XptWait);
    lab.until(101_999);
    assert_eq!(lab.begun(), []);
    lab.until(102_000);
    let second = lab.try_one();
    assert_eq!((second.rebind, second.id), (Some(7), id));
    lab.up(&second, 7);
    let deeds = lab.deeds();
    assert_eq!(deeds, [Effect::SetRecoveryTimeout { sid: 7, secs: 60 }]);
    let ticket = lab.unwant(id);
    assert_eq!(lab.only().state, State::InLogout);
    assert_eq!(lab.deeds(), [Effect::End { id, sid: 7 }]);
    lab.input(Input::Ended(id, 7, Ok(())));
    assert_eq!(
        lab.deeds(),
        [
            Effect::Disown { sid: 7 },
            Effect::Forget(id),
            Effect::Tell(Told::Answer(ticket, Answer::LoggedOut(id)))
        ]
    );
    assert_eq!(lab.sup.sessions().count(), 0);
    assert_eq!(lab.sup.poll_timeout(), None);
    let counts = lab.sup.counts()["00:10:18:00:00:01"];
    assert_eq!(
        (counts.accepted, counts.logout_normal, counts.logout_other),
        (2, 1, 0)
    );
}

#[test]
fn what_cannot_be_written_down_is_not_logged_in() {
    let mut lab = Lab::new();
    let ticket = lab.want(Wanted {
        persist: true,
        ..wanted(&["10.0.0.1:3260"])
    });
    let id = lab.only().id;
    lab.take();
    lab.input(Input::Persisted(id, Err("no space left".to_owned())));
    let answers = lab.answers();
    assert_eq!(
        answers,
        [(
            ticket,
            Answer::Refused(Refusal::NotWritten("no space left".to_owned()))
        )]
    );
    assert_eq!(lab.sup.sessions().count(), 0);
}

#[test]
fn a_configured_session_is_tried_every_five_seconds_until_it_is_logged_out() {
    let mut lab = Lab::new();
    let first = lab.want(wanted(&["10.0.0.1:3260"]));
    let of = lab.try_one();
    lab.flow(of.attempt, unreachable());
    assert_eq!(lab.failing_until(21_000), [5_000, 10_000, 15_000, 20_000]);
    let id = lab.only().id;
    lab.take();
    let ticket = lab.unwant(id);
    let out = Answer::LoggedOut(id);
    assert_eq!(
        lab.answers(),
        [(ticket, out.clone()), (first, out)],
        "who wanted it is told, too"
    );
    assert_eq!(lab.sup.poll_timeout(), None);
}

#[test]
fn a_discovered_session_is_tried_ever_more_seldom_and_a_boot_session_as_soon_as_the_target_allows() {
    for (intent, times) in [
        (Intent::Discovered, vec![5_000, 15_000, 35_000]),
        (Intent::Boot, (2..=39).step_by(2).map(|n| n * 1000).collect()),
    ] {
        let mut lab = Lab::new();
        lab.want(Wanted {
            intent,
            ..wanted(&["10.0.0.1:3260"])
        });
        let of = lab.try_one();
        lab.flow(of.attempt, unreachable());
        // DefaultTime2Wait is 2 seconds: nobody is tried more often.
        assert_eq!(lab.failing_until(39_000), times, "{intent}");
    }
}

#[test]
fn what_the_target_asks_to_wait_is_waited() {
    let (mut lab, of, _) = Lab::session(
        Wanted {
            time2wait: 20,
            ..wanted(&["10.0.0.1:3260"])
        },
        7,
    );
    lab.lose(&of);
    assert_eq!(lab.failing_until(61_000), [20_000, 40_000, 60_000]);
}

#[test]
fn a_session_that_is_lost_as_soon_as_it_is_up_is_not_tried_more_often_than_any_other() {
    let (mut lab, mut of, _) = Lab::session(
        Wanted {
            time2wait: 0,
            ..wanted(&["10.0.0.1:3260"])
        },
        7,
    );
    for n in 1..20 {
        lab.lose(&of);
        lab.until(n * 5_000 - 1);
        assert_eq!(lab.begun(), []);
        lab.until(n * 5_000);
        of = lab.try_one();
        lab.up(&of, 7);
    }
}

#[test]
fn a_wrong_secret_is_not_sent_again_and_who_asked_is_told_its_kind() {
    use crate::model::LoginFailureType::{LoginAuthFail, LoginAuthenticateFail};
    for (status, failure) in [
        (LoginStatus::AUTHENTICATION_FAILURE, LoginAuthenticateFail),
        (LoginStatus::AUTHORIZATION_FAILURE, LoginAuthFail),
    ] {
        let mut lab = Lab::new();
        let ticket = lab.want(wanted(&["10.0.0.1:3260", "10.0.0.2:3260"]));
        let of = lab.try_one();
        lab.input(Input::Connected(of.attempt));
        lab.flow(of.attempt, refused(status));
        let told = lab.take();
        let tells = |e: &Effect| matches!(e, Effect::Tell(Told::Event(_, Event::LoginFailed { failure: f, status: Some((2, _)), .. })) if *f == failure);
        assert!(told.iter().any(tells), "{told:?}");
        assert!(
            !told.iter().any(|e| matches!(e, Effect::Begin(_))),
            "the other portal takes no other secret"
        );
        let answered = |e: &Effect| matches!(e, Effect::Tell(Told::Answer(t, Answer::Failed(_, f, _))) if *t == ticket && *f == failure);
        assert!(told.iter().any(answered), "{told:?}");
        assert_eq!((lab.sup.sessions().count(), lab.sup.poll_timeout()), (0, None));
    }
}

#[test]
fn a_session_that_was_up_is_tried_on_whatever_the_target_says_meanwhile() {
    let (mut lab, of, _) = Lab::session(wanted(&["10.0.0.1:3260"]), 7);
    lab.lose(&of);
    lab.until(5_000);
    let again = lab.try_one();
    lab.flow(again.attempt, refused(LoginStatus::AUTHENTICATION_FAILURE));
    lab.until(10_000);
    assert_eq!(lab.try_one().rebind, Some(7));
}

#[test]
fn who_waits_for_a_first_login_is_told_in_time_and_the_session_is_tried_on() {
    let mut lab = Lab::new();
    let ticket = lab.want(wanted(&["10.0.0.1:3260"]));
    let of = lab.try_one();
    lab.flow(of.attempt, unreachable());
    let id = of.id;
    lab.failing_until(59_000);
    lab.until(60_000);
    let of = lab.try_one();
    lab.flow(of.attempt, unreachable());
    assert_eq!(lab.answers(), [(ticket, Answer::StillTrying(id))]);
    assert_eq!(lab.failing_until(66_000), [65_000]);
}

#[test]
fn those_who_want_the_same_at_once_get_one_session_and_who_comes_later_is_told_of_it() {
    let mut lab = Lab::new();
    let tickets: Vec<Ticket> = (0..10).map(|_| lab.want(wanted(&["10.0.0.1:3260"]))).collect();
    let of = lab.try_one();
    lab.up(&of, 7);
    let up: Vec<_> = tickets.iter().map(|t| (*t, Answer::Up(of.id, 7))).collect();
    assert_eq!(lab.answers(), up);
    let late = lab.want(wanted(&["10.0.0.1:3260"]));
    assert_eq!(lab.answers(), [(late, Answer::Exists(of.id, There::Running))]);
    let more = Wanted {
        multiple: true,
        ..wanted(&["10.0.0.1:3260"])
    };
    let clash = lab.want(more.clone());
    assert_eq!(
        lab.answers(),
        [(clash, Answer::Refused(Refusal::IsidTaken(of.id)))]
    );
    lab.want(Wanted {
        isid: Some(isid(2)),
        ..more
    });
    let other = lab.try_one();
    assert_ne!(other.id, of.id);
}

#[test]
fn a_target_that_the_driver_has_from_flash_is_told_apart() {
    let flash = Found {
        keeper: Keeper::Driver,
        owner: "flash".parse().unwrap(),
        ..found(2, "10.0.0.1:3260", 5)
    };
    let shown = Shown {
        sessions: vec![flash],
        remembered: vec![],
    };
    let mut lab = Lab::with(Config::default(), shown);
    let id = lab.only().id;
    lab.take();
    let ticket = lab.want(wanted(&["10.0.0.1:3260"]));
    assert_eq!(lab.answers(), [(ticket, Answer::Exists(id, There::Flash))]);
    let more = Wanted {
        multiple: true,
        isid: Some(isid(5)),
        ..wanted(&["10.0.0.1:3260"])
    };
    let ticket = lab.want(more.clone());
    assert_eq!(
        lab.answers(),
        [(ticket, Answer::Exists(id, There::Flash))],
        "the same isid"
    );
    lab.want(Wanted {
        isid: Some(isid(6)),
        ..more
    });
    lab.try_one();
}

#[test]
fn sessions_have_a_limit_and_so_have_events_that_nobody_takes() {
    let config = Config {
        max_sessions: 2,
        max_told: 3,
        ..Config::default()
    };
    let mut lab = Lab::with(config, Shown::default());
    for n in 0..2 {
        let target = format!("iqn.2026-01.test:disk{n}");
        lab.want(Wanted {
            target,
            ..wanted(&["10.0.0.1:3260"])
        });
    }
    let begun = lab.begun();
    let ticket = lab.want(Wanted {
        target: "iqn.2026-01.test:more".into(),
        ..wanted(&["10.0.0.1:3260"])
    });
    assert_eq!(lab.answers(), [(ticket, Answer::Refused(Refusal::TooMany))]);
    for of in begun {
        lab.up(&of, u32::try_from(of.attempt.0).unwrap());
    }
    lab.take();
    for n in 0..50 {
        lab.input(Input::Kernel(Kernel::Link(HostNo(n), n % 2 == 0)));
    }
    for _ in 0..50 {
        lab.input(Input::Kernel(Kernel::LunsChanged(1)));
    }
    let told = lab.take();
    assert_eq!(told.len(), 4, "{told:?}");
    assert_eq!(told[3], Effect::Tell(Told::Missed(97)));
}

#[test]
fn new_settings_end_nothing_and_reach_sessions_that_have_none_of_their_own() {
    let (mut lab, _, id) = Lab::session(wanted(&["10.0.0.1:3260"]), 7);
    lab.input(Input::Reload(Config {
        removal_latency: 5,
        max_sessions: 0,
        ..Config::default()
    }));
    assert_eq!(lab.take(), [Effect::SetRecoveryTimeout { sid: 7, secs: 5 }]);
    assert_eq!((lab.only().id, lab.only().state), (id, State::LoggedIn));
    let own = Wanted {
        removal_latency: Some(-1),
        ..wanted(&["10.0.0.1:3260"])
    };
    let (mut lab, _, _) = Lab::session(own, 7);
    lab.input(Input::Reload(Config {
        removal_latency: 5,
        ..Config::default()
    }));
    assert_eq!(lab.take(), []);
}

#[test]
fn a_wish_without_a_portal_waits_until_its_portals_are_known() {
    let mut lab = Lab::new();
    let ticket = lab.want(wanted(&[]));
    let id = lab.only().id;
    assert_eq!(lab.deeds(), [Effect::Resolve(id)]);
    lab.until(1000);
    lab.input(Input::PortalsResolved(id, vec![at("10.0.0.9:3260")]));
    assert_eq!(lab.try_one().portal, at("10.0.0.9:3260"));
    let mut lab = Lab::new();
    assert_eq!(lab.want(wanted(&[])), ticket);
    lab.take();
    lab.input(Input::PortalsResolved(id, vec![]));
    assert_eq!(lab.answers(), [(ticket, Answer::Refused(Refusal::NoPortal))]);
}

#[test]
fn a_discovery_session_is_not_brought_back() {
    let mut lab = Lab::new();
    lab.want(Wanted {
        kind: Kind::Discovery,
        target: String::new(),
        ..wanted(&["10.0.0.1:3260"])
    });
    let of = lab.try_one();
    lab.up(&of, 4);
    assert!(
        !lab.take().iter().any(|e| matches!(e, Effect::Scan { .. })),
        "it has no logical units"
    );
    lab.lose(&of);
    assert_eq!(lab.deeds(), [Effect::End { id: of.id, sid: 4 }]);
    lab.input(Input::Ended(of.id, 4, Ok(())));
    assert_eq!((lab.sup.sessions().count(), lab.sup.poll_timeout()), (0, None));
}
