//! Sessions that are there already.

use super::*;

/// What a daemon kept of a session.
fn kept(lab: &mut Lab) -> Remembered {
    let mut all = lab.take().into_iter().filter_map(|e| match e {
        Effect::Remember(kept) => Some(*kept),
        _ => None,
    });
    all.next_back().expect("something is kept")
}

fn up_and_kept() -> Remembered {
    let mut lab = Lab::new();
    lab.want(wanted(&["10.0.0.1:3260"]));
    let of = lab.try_one();
    lab.up(&of, 7);
    kept(&mut lab)
}

#[test]
fn what_was_up_goes_on_under_its_number_and_nothing_is_logged_in_twice() {
    let kept = up_and_kept();
    let text = kept.to_text();
    assert_eq!(Remembered::of_text(&text, "x").unwrap(), kept);
    let shown = Shown {
        sessions: vec![found(7, "10.0.0.1:3260", 1)],
        remembered: vec![kept.clone()],
    };
    let mut lab = Lab::with(Config::default(), shown);
    let deeds = lab.deeds();
    assert_eq!(deeds, [Effect::SetRecoveryTimeout { sid: 7, secs: 60 }]);
    assert_eq!(
        (lab.only().id, lab.only().state, lab.only().sid),
        (kept.id, State::LoggedIn, Some(7))
    );
    let ticket = lab.want(wanted(&["10.0.0.1:3260"]));
    assert_eq!(lab.answers(), [(ticket, Answer::Exists(kept.id, There::Running))]);
    // Its loss is told by the kernel, since nobody runs its login any more.
    lab.input(Input::Kernel(Kernel::ConnError(7, "nop timeout".into())));
    lab.until(2_000);
    assert_eq!(lab.try_one().rebind, Some(7));
}

#[test]
fn without_what_was_kept_the_number_is_the_same() {
    let id = up_and_kept().id;
    let shown = Shown {
        sessions: vec![found(9, "10.0.0.1:3260", 1)],
        remembered: vec![],
    };
    let lab = Lab::with(Config::default(), shown);
    assert_eq!(lab.only().id, id, "target, isid and port are as they were");
}

#[test]
fn what_was_lost_or_gone_meanwhile_is_brought_back() {
    let kept = up_and_kept();
    let failed = Found {
        up: false,
        ..found(7, "10.0.0.1:3260", 1)
    };
    for (sessions, rebind) in [(vec![failed], Some(7)), (vec![], None)] {
        let mut lab = Lab::with(
            Config::default(),
            Shown {
                sessions,
                remembered: vec![kept.clone()],
            },
        );
        let of = lab.try_one();
        assert_eq!((of.id, of.rebind), (kept.id, rebind));
        assert_eq!(lab.only().expires.is_some(), rebind.is_some());
    }
}

#[test]
fn a_number_that_belongs_to_another_session_now_is_not_taken_for_the_old_one() {
    let kept = up_and_kept();
    let other = Found {
        isid: Some(isid(9)),
        ..found(7, "10.0.0.1:3260", 9)
    };
    let same = found(8, "10.0.0.1:3260", 1);
    let lab = Lab::with(
        Config::default(),
        Shown {
            sessions: vec![other, same],
            remembered: vec![kept.clone()],
        },
    );
    let by_sid: Vec<_> = lab
        .sup
        .sessions()
        .map(|view| (view.sid, view.id == kept.id))
        .collect();
    assert_eq!(by_sid.len(), 2);
    assert!(
        by_sid.contains(&(Some(8), true)) && by_sid.contains(&(Some(7), false)),
        "{by_sid:?}"
    );
}

#[test]
fn where_no_isid_is_shown_target_portal_and_port_tell() {
    let kept = up_and_kept();
    let shown = |portal, mac: &str| Found {
        isid: None,
        mac: Some(mac.into()),
        ..found(11, portal, 1)
    };
    for (one, same) in [
        (shown("10.0.0.1:3260", "00:10:18:00:00:01"), true),
        (shown("10.0.0.2:3260", "00:10:18:00:00:01"), false),
        (shown("10.0.0.1:3260", "00:10:18:00:00:02"), false),
    ] {
        let lab = Lab::with(
            Config::default(),
            Shown {
                sessions: vec![one],
                remembered: vec![kept.clone()],
            },
        );
        let of = lab.sup.sessions().find(|view| view.sid == Some(11)).unwrap();
        assert_eq!(of.id == kept.id, same);
    }
}

#[test]
fn a_logout_that_was_begun_goes_on_after_a_restart() {
    let (mut lab, _, id) = Lab::session(wanted(&["10.0.0.1:3260"]), 7);
    lab.unwant(id);
    let kept = kept(&mut lab);
    assert!(kept.leaving);
    let shown = Shown {
        sessions: vec![found(7, "10.0.0.1:3260", 1)],
        remembered: vec![kept.clone()],
    };
    let mut lab = Lab::with(Config::default(), shown);
    assert!(lab.deeds().contains(&Effect::End { id, sid: 7 }));
    let mut lab = Lab::with(
        Config::default(),
        Shown {
            sessions: vec![],
            remembered: vec![kept],
        },
    );
    assert_eq!(lab.deeds(), [Effect::Forget(id)]);
}

#[test]
fn only_what_is_ours_to_keep_is_logged_in_again_and_who_keeps_the_others_is_shown() {
    for (keeper, owner) in [
        (Keeper::Driver, "flash"),
        (Keeper::Iscsid, "iscsid"),
        (Keeper::Hbad, "iscsid"),
    ] {
        let one = Found {
            keeper,
            owner: owner.parse().unwrap(),
            ..found(7, "10.0.0.1:3260", 1)
        };
        let mut lab = Lab::with(
            Config::default(),
            Shown {
                sessions: vec![one],
                remembered: vec![],
            },
        );
        assert!(lab.events().contains(&Event::Adopted { sid: 7, keeper }));
        assert_eq!(lab.only().keeper, keeper);
        lab.input(Input::Kernel(Kernel::ConnError(7, "cable".into())));
        lab.until(500_000);
        let tries = lab.begun().len();
        assert_eq!(tries > 0, keeper == Keeper::Hbad);
        lab.input(Input::Kernel(Kernel::LoggedIn(7)));
        assert_eq!(lab.only().state.is_up(), keeper != Keeper::Hbad);
    }
}

#[test]
fn lost_events_are_made_up_for_by_a_look() {
    let (mut lab, _, id) = Lab::session(wanted(&["10.0.0.1:3260"]), 7);
    lab.until(10_000);
    lab.input(Input::Kernel(Kernel::EventsLost));
    assert_eq!(lab.deeds(), [Effect::Resync]);
    let look = |sessions| {
        Input::Adopted(Box::new(Shown {
            sessions,
            remembered: vec![],
        }))
    };
    lab.input(look(vec![found(7, "10.0.0.1:3260", 1)]));
    assert_eq!(lab.take(), [], "it is as it was");
    lab.input(look(vec![Found {
        up: false,
        ..found(7, "10.0.0.1:3260", 1)
    }]));
    assert_eq!(lab.only().state, State::XptWait);
    // Another's session has the number now.
    let other = Found {
        target: "iqn.2026-01.test:other".into(),
        owner: "iscsid".parse().unwrap(),
        keeper: Keeper::Iscsid,
        ..found(7, "10.0.0.5:3260", 4)
    };
    lab.input(look(vec![other]));
    let sids: Vec<_> = lab.sup.sessions().map(|view| (view.id == id, view.sid)).collect();
    assert!(
        sids.contains(&(true, None)) && sids.contains(&(false, Some(7))),
        "{sids:?}"
    );
}

#[test]
fn what_is_wanted_before_it_is_known_what_there_is_waits() {
    let mut sup = Supervisor::new(Config::default(), me());
    let now = Instant::now();
    sup.handle(now, Input::Want(Ticket(1), Box::new(wanted(&["10.0.0.1:3260"]))));
    assert_eq!(
        std::iter::from_fn(|| sup.poll()).collect::<Vec<_>>(),
        [Effect::Resync]
    );
    let shown = Shown {
        sessions: vec![found(7, "10.0.0.1:3260", 1)],
        remembered: vec![],
    };
    sup.handle(now, Input::Adopted(Box::new(shown)));
    let told: Vec<_> = std::iter::from_fn(|| sup.poll()).collect();
    let exists = |e: &Effect| {
        matches!(
            e,
            Effect::Tell(Told::Answer(Ticket(1), Answer::Exists(_, There::Running)))
        )
    };
    assert!(told.iter().any(exists), "{told:?}");
}

#[test]
fn a_file_that_does_not_read_is_named_and_no_secret_is_in_one_that_does() {
    let good = up_and_kept().to_text();
    let longer = format!("{good}{}", " ".repeat(MAX_BYTES));
    let later = good.replace("\"version\":1", "\"version\":2");
    for bad in ["", "{}", "[]", "\0", &good[..good.len() / 2], &longer, &later] {
        let e = Remembered::of_text(bad, "sessions/1").unwrap_err();
        assert!(e.to_string().contains("sessions/1"), "{e}");
    }
    for word in ["secret", "password", "chap"] {
        assert!(!good.to_lowercase().contains(word), "{good}");
    }
}
