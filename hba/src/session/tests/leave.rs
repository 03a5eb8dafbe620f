//! Logouts: when, whose, and what must be written first.

use super::*;

#[test]
fn a_logout_during_a_login_stops_it_and_ends_what_came_of_it() {
    let mut lab = Lab::new();
    lab.want(wanted(&["10.0.0.1:3260"]));
    let of = lab.try_one();
    lab.unwant(of.id);
    assert_eq!(lab.only().state, State::CleanupWait);
    assert_eq!(lab.deeds(), [Effect::Abort(of.attempt)]);
    lab.up(&of, 7);
    assert!(
        lab.deeds().contains(&Effect::End { id: of.id, sid: 7 }),
        "it was too late to stop it"
    );
    assert_eq!(lab.only().state, State::InLogout);
    lab.flow(of.attempt, FlowEvent::Ended { left: vec![] });
    assert_eq!(lab.sup.sessions().count(), 0);
    assert_eq!(lab.sup.poll_timeout(), None);
}

#[test]
fn a_logout_during_an_outage_takes_the_kernel_s_session_away() {
    let (mut lab, of, id) = Lab::session(wanted(&["10.0.0.1:3260"]), 7);
    lab.lose(&of);
    lab.until(5_000);
    let again = lab.try_one();
    lab.unwant(id);
    assert_eq!(lab.deeds(), [Effect::Abort(again.attempt)]);
    lab.flow(again.attempt, FlowEvent::Ended { left: vec![] });
    assert_eq!(lab.deeds(), [Effect::End { id, sid: 7 }]);
    lab.input(Input::Kernel(Kernel::Destroyed(7)));
    assert_eq!(lab.sup.sessions().count(), 0);
    lab.until(500_000);
    assert_eq!(lab.begun(), []);
}

#[test]
fn an_exclusion_is_written_before_the_logout_or_there_is_none() {
    let (mut lab, _, id) = Lab::session(wanted(&["10.0.0.1:3260"]), 7);
    for done in [Err("read-only file system".to_owned()), Ok(())] {
        let ticket = lab.ticket();
        lab.input(Input::Unwant {
            ticket,
            id,
            exclude: true,
        });
        assert_eq!(lab.deeds(), [Effect::Exclude(id, TARGET.to_owned())]);
        lab.input(Input::Excluded(id, done.clone()));
        match done {
            Err(why) => {
                assert_eq!(
                    lab.answers(),
                    [(ticket, Answer::Refused(Refusal::NotWritten(why)))]
                );
                assert_eq!(lab.only().state, State::LoggedIn);
            }
            Ok(()) => assert_eq!(lab.deeds(), [Effect::End { id, sid: 7 }]),
        }
    }
}

#[test]
fn a_session_that_the_kernel_does_not_let_go_is_as_it_was_and_still_kept() {
    let (mut lab, of, id) = Lab::session(wanted(&["10.0.0.1:3260"]), 7);
    let ticket = lab.unwant(id);
    lab.take();
    lab.input(Input::Ended(id, 7, Err("device busy".into())));
    assert_eq!(
        lab.answers(),
        [(ticket, Answer::Refused(Refusal::Kept("device busy".into())))]
    );
    assert_eq!(lab.only().state, State::LoggedIn);
    lab.lose(&of);
    lab.until(5_000);
    assert_eq!(lab.begun().len(), 1);
}

/// Kind, keeper, owner; whether it is ended by its name and along with all others, by what was made here and by whatever is named.
type Row = (Kind, Keeper, &'static str, [bool; 4]);

#[test]
fn who_may_be_ended_is_a_matter_of_whose_he_is() {
    const TABLE: &[Row] = &[
        (Kind::Data, Keeper::Hbad, "hbad", [true, true, true, true]),
        (Kind::Data, Keeper::Hbad, "iscsid", [false, false, true, true]),
        (Kind::Data, Keeper::Iscsid, "iscsid", [false, false, true, true]),
        (Kind::Data, Keeper::Driver, "flash", [false, false, true, false]),
        (Kind::Boot, Keeper::Hbad, "hbad", [false, false, false, false]),
        (Kind::Data, Keeper::Hbad, "boot", [false, false, false, false]),
        (Kind::Boot, Keeper::Driver, "flash", [false, false, false, false]),
    ];
    for (kind, keeper, owner, ended) in TABLE {
        for (n, ended) in ended.iter().enumerate() {
            let scope = if n < 2 { Scope::Made } else { Scope::Named };
            let one = Found {
                kind: *kind,
                keeper: *keeper,
                owner: owner.parse().unwrap(),
                ..found(7, "10.0.0.1:3260", 1)
            };
            let shown = Shown {
                sessions: vec![one],
                remembered: vec![],
            };
            let mut lab = Lab::with(
                Config {
                    scope,
                    ..Config::default()
                },
                shown,
            );
            let id = lab.only().id;
            lab.take();
            let ticket = lab.ticket();
            if n % 2 == 0 {
                lab.unwant(id);
            } else {
                lab.input(Input::UnwantAll(ticket));
            }
            let end = lab.deeds().contains(&Effect::End { id, sid: 7 });
            assert_eq!(end, *ended, "{kind} {keeper} {owner} {n}");
        }
    }
}
