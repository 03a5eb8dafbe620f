//! Portals side by side, and targets that send us on.

use super::*;

fn two() -> Wanted {
    wanted(&["10.0.0.1:3260", "10.0.0.2:3260"])
}

#[test]
fn a_dead_portal_costs_no_more_than_the_stagger_and_its_try_is_stopped() {
    let mut lab = Lab::new();
    lab.want(two());
    let dead = lab.try_one();
    assert!(dead.hold, "it connects, and logs in when it is its turn");
    lab.until(249);
    assert_eq!(lab.begun(), []);
    lab.until(250);
    let good = lab.try_one();
    assert_eq!(good.portal, at("10.0.0.2:3260"));
    lab.input(Input::Connected(good.attempt));
    assert_eq!(lab.deeds(), [Effect::Proceed(good.attempt)]);
    lab.up(&good, 7);
    let deeds = lab.deeds();
    assert_eq!(deeds[0], Effect::Abort(dead.attempt));
    assert_eq!(lab.only().state, State::LoggedIn);
    lab.flow(dead.attempt, FlowEvent::Ended { left: vec![] });
    assert_eq!(lab.sup.poll_timeout(), None);
    // The one that let us in is the first the next time.
    lab.lose(&good);
    lab.until(10_000);
    assert_eq!(lab.begun()[0].portal, at("10.0.0.2:3260"));
}

#[test]
fn a_portal_that_refuses_is_followed_by_the_next_one_at_once() {
    let mut lab = Lab::new();
    lab.want(two());
    let first = lab.try_one();
    lab.flow(first.attempt, unreachable());
    assert_eq!(lab.try_one().portal, at("10.0.0.2:3260"));
}

#[test]
fn only_one_portal_is_logged_in_to_at_a_time() {
    let mut lab = Lab::new();
    lab.want(two());
    let first = lab.try_one();
    lab.until(250);
    let second = lab.try_one();
    lab.input(Input::Connected(second.attempt));
    assert_eq!(lab.deeds(), [Effect::Proceed(second.attempt)]);
    lab.input(Input::Connected(first.attempt));
    assert_eq!(
        lab.deeds(),
        [],
        "it would end the other's session: they have one isid"
    );
    // The login does not come to an end, and another portal waits.
    lab.until(2_249);
    assert_eq!(lab.deeds(), []);
    lab.until(2_250);
    assert_eq!(lab.deeds(), [Effect::Abort(second.attempt)]);
    lab.flow(second.attempt, FlowEvent::Ended { left: vec![] });
    assert_eq!(
        lab.deeds(),
        [Effect::Proceed(first.attempt)],
        "when nothing is left of the other"
    );
    lab.until(10_000);
    assert_eq!(lab.deeds(), [], "the last one has all its time");
    lab.up(&first, 8);
    assert_eq!(lab.only().sid, Some(8));
}

#[test]
fn a_try_that_came_up_before_it_was_stopped_is_the_session() {
    let mut lab = Lab::new();
    lab.want(wanted(&["10.0.0.1:3260"]));
    let of = lab.try_one();
    lab.until(15_000);
    assert_eq!(lab.deeds(), [Effect::Abort(of.attempt)]);
    lab.up(&of, 7);
    assert_eq!((lab.only().sid, lab.only().state), (Some(7), State::LoggedIn));
}

#[test]
fn a_second_session_that_came_up_all_the_same_is_ended() {
    let mut lab = Lab::new();
    lab.want(two());
    let first = lab.try_one();
    lab.until(250);
    let second = lab.try_one();
    lab.up(&second, 7);
    lab.take();
    lab.up(&first, 8);
    assert_eq!(lab.deeds(), [Effect::End { id: first.id, sid: 8 }]);
    lab.input(Input::Ended(first.id, 8, Ok(())));
    assert_eq!((lab.only().sid, lab.only().state), (Some(7), State::LoggedIn));
}

#[test]
fn adapters_that_log_in_by_themselves_try_one_portal_after_the_other() {
    let mut lab = Lab::new();
    lab.want(Wanted {
        side_by_side: false,
        ..two()
    });
    let first = lab.try_one();
    assert!(!first.hold);
    lab.until(14_999);
    assert_eq!(lab.deeds(), []);
    lab.until(15_000);
    assert_eq!(lab.deeds(), [Effect::Abort(first.attempt)]);
    lab.flow(first.attempt, FlowEvent::Ended { left: vec![] });
    assert_eq!(lab.try_one().portal, at("10.0.0.2:3260"));
}

#[test]
fn a_try_that_does_not_end_when_it_is_stopped_is_looked_for() {
    let mut lab = Lab::new();
    lab.want(wanted(&["10.0.0.1:3260"]));
    let of = lab.try_one();
    lab.until(44_999);
    assert_eq!(lab.deeds(), [Effect::Abort(of.attempt)]);
    lab.until(45_000);
    assert_eq!(lab.deeds(), [Effect::Resync]);
    lab.until(50_000);
    lab.try_one();
    // Told at last: nobody knows it any more, and it must not stay.
    lab.up(&of, 9);
    assert_eq!((lab.deeds(), lab.sup.strays()), (vec![Effect::Resync], 1));
}

#[test]
fn a_target_that_moved_for_a_while_is_called_where_it_was_and_one_that_moved_for_good_where_it_is() {
    for (permanent, next) in [(false, "10.0.0.1:3260"), (true, "10.0.0.9:3260")] {
        let mut lab = Lab::new();
        lab.want(wanted(&["10.0.0.1:3260"]));
        let of = lab.try_one();
        lab.up_at(
            &of,
            7,
            Some(("10.0.0.9:3260", Redirected { times: 2, permanent })),
        );
        assert_eq!(lab.only().portal, Some("10.0.0.9:3260"));
        assert_eq!(
            lab.only().wanted.portals,
            [at("10.0.0.1:3260")],
            "what was given stays"
        );
        let kept = lab.take().into_iter().find_map(|e| match e {
            Effect::Remember(kept) => Some(kept.moved),
            _ => None,
        });
        assert_eq!(kept, Some(permanent.then(|| at("10.0.0.9:3260"))));
        lab.lose(&of);
        lab.until(5_000);
        assert_eq!(lab.begun()[0].portal, at(next));
        assert_eq!(lab.sup.counts()["00:10:18:00:00:01"].redirected, 2);
    }
}

#[test]
fn a_target_that_sends_on_and_on_is_a_failure_of_its_kind() {
    let mut lab = Lab::new();
    lab.want(wanted(&["10.0.0.1:3260"]));
    let of = lab.try_one();
    lab.flow(
        of.attempt,
        FlowEvent::Failed(Failure::Redirects(8, at("10.0.0.9:3260"))),
    );
    let counts = lab.sup.counts()["00:10:18:00:00:01"];
    assert_eq!((counts.other_failed, counts.accepted), (1, 0));
    assert!(lab.only().retry_at.is_some());
}
