//! Logical units that come, go and change.

use super::*;

fn named(units: &[(u64, &str)]) -> Vec<(u64, String)> {
    units
        .iter()
        .map(|(lun, name)| (*lun, (*name).to_owned()))
        .collect()
}

#[test]
fn changed_units_are_told_and_looked_for_only_where_that_is_wanted() {
    for (luns, scans) in [(Luns::Manual, 0), (Luns::Auto, 1)] {
        let (mut lab, of, _) = Lab::session(
            Wanted {
                luns,
                ..wanted(&["10.0.0.1:3260"])
            },
            7,
        );
        for n in 0..64 {
            lab.until(n);
            lab.flow(of.attempt, FlowEvent::LunsChanged);
            lab.input(Input::Kernel(Kernel::LunsChanged(7)));
        }
        lab.until(499);
        let before = lab.take();
        assert_eq!(before.len(), 1, "told once: {before:?}");
        lab.until(60_000);
        assert_eq!(lab.take(), vec![Effect::Scan { sid: 7, remove: true }; scans]);
    }
}

#[test]
fn a_unit_that_has_another_s_number_is_told_held_and_never_taken_for_it() {
    let (mut lab, _, _) = Lab::session(wanted(&["10.0.0.1:3260"]), 7);
    lab.input(Input::Units(7, named(&[(0, "naa.1"), (1, "naa.2"), (2, "")])));
    assert_eq!(
        lab.events(),
        [Event::UnitCame(0), Event::UnitCame(1), Event::UnitCame(2)]
    );
    let another = named(&[(0, "naa.9"), (2, "")]);
    let replaced = Event::UnitReplaced {
        lun: 0,
        was: "naa.1".into(),
        is: "naa.9".into(),
    };
    lab.input(Input::Units(7, another.clone()));
    let effects = lab.take();
    assert_eq!(effects[0], Effect::HoldUnit { sid: 7, lun: 0 });
    let events: Vec<_> = effects
        .iter()
        .filter_map(|e| match e {
            Effect::Tell(Told::Event(_, event)) => Some(event.clone()),
            _ => None,
        })
        .collect();
    assert_eq!(events, [replaced.clone(), Event::UnitVanished(1)]);
    // It stays another one, however often it is looked at, and over a restart.
    lab.input(Input::Units(7, another.clone()));
    assert_eq!(lab.events(), std::slice::from_ref(&replaced));
    let kept = effects.into_iter().find_map(|e| match e {
        Effect::Remember(kept) => Some(*kept),
        _ => None,
    });
    let kept = Remembered::of_text(&kept.unwrap().to_text(), "session").unwrap();
    let shown = Shown {
        sessions: vec![found(7, "10.0.0.1:3260", 1)],
        remembered: vec![kept],
    };
    let mut lab = Lab::with(Config::default(), shown);
    lab.take();
    lab.input(Input::Units(7, another));
    assert!(lab.events().contains(&replaced));
}

#[test]
fn an_informational_session_has_no_devices_to_look_for() {
    let of = Wanted {
        kind: Kind::Informational,
        luns: Luns::Auto,
        ..wanted(&["10.0.0.1:3260"])
    };
    let mut lab = Lab::new();
    lab.want(of);
    let of = lab.try_one();
    lab.up(&of, 7);
    lab.input(Input::Kernel(Kernel::LunsChanged(7)));
    assert!(!lab.take().iter().any(|e| matches!(e, Effect::Scan { .. })));
    assert_eq!(lab.sup.poll_timeout(), None);
    lab.lose(&of);
    assert!(
        lab.sup.poll_timeout().is_some(),
        "it is brought back as any other"
    );
}
