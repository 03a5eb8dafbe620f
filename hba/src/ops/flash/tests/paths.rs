//! Several paths to one target: each has an ISID of its own.

use super::*;

const ISID: &str = "011e0e010040";
const NEXT: &str = "011e0e012040";

/// Another entry of the target, at another portal, with the ISID that new entries get.
fn other(index: u32) -> FlashTarget {
    flash(index, &[("ipaddress", "192.168.10.51")])
}

fn named(index: u32) -> (u32, Option<String>) {
    (index, Some(TARGET.to_owned()))
}

fn elsewhere(sid: u32) -> SessionBrief {
    let mut brief = brief(sid, TARGET, "LOGGED_IN");
    brief.address = "192.168.10.51".into();
    brief
}

#[test]
fn a_second_path_gets_an_isid_that_the_first_does_not_have() {
    let mut s = Scripted::new();
    let mut wanted = new_params();
    wanted.push(("isid".into(), ParamValue::Text(NEXT.into())));
    ready(&mut s)
        .expect(Call::FlashNames(H0), Ok(vec![named(2)]))
        .expect(Call::FlashTarget(H0, 2), Ok(Some(other(2))))
        .expect(Call::AdapterKeys, Ok(vec![key()]))
        .expect(Call::FlashTarget(H0, 2), Ok(Some(other(2))))
        .expect::<Vec<SessionBrief>>(Call::Sessions, Ok(vec![]))
        .expect(Call::NewFlashTarget(H0, V4), Ok(3u32))
        .expect(Call::FlashNames(H0), Ok(vec![named(2), (3, None)]))
        .expect(Call::SetFlashTarget(H0, 3, wanted), Ok(()))
        .expect(Call::FlashTarget(H0, 3), Ok(Some(flash(3, &[("isid", NEXT)]))));
    let change = add(&mut ctx(&mut s), None, &new()).expect("added");
    assert!(change.diff().iter().any(|d| d.field == "isid"));
    s.finish();
}

#[test]
fn a_session_over_the_very_portal_lends_its_isid_and_one_over_another_keeps_it() {
    for (session_at, expected) in [(brief(7, TARGET, "LOGGED_IN"), ISID), (elsewhere(7), NEXT)] {
        let mut s = Scripted::new();
        let mut wanted = new_params();
        wanted.push(("isid".into(), ParamValue::Text(expected.into())));
        ready(&mut s)
            .expect::<Vec<(u32, Option<String>)>>(Call::FlashNames(H0), Ok(vec![]))
            .expect(Call::AdapterKeys, Ok(vec![key()]))
            .expect(Call::Sessions, Ok(vec![session_at]))
            .expect(Call::Session(7), Ok(Some(session(7, TARGET, "LOGGED_IN"))))
            .expect(Call::NewFlashTarget(H0, V4), Ok(3u32))
            .expect(Call::FlashNames(H0), Ok(vec![(3u32, None::<String>)]))
            .expect(Call::SetFlashTarget(H0, 3, wanted), Ok(()))
            .expect(
                Call::FlashTarget(H0, 3),
                Ok(Some(flash(3, &[("isid", expected)]))),
            );
        add(&mut ctx(&mut s), None, &new()).expect("added");
        s.finish();
    }
}

#[test]
fn an_isid_that_is_asked_for_must_be_free() {
    let mut s = Scripted::new();
    let mut wanted = new();
    wanted.params = vec![Assignment::parse(&format!("isid={ISID}")).expect("valid")];
    ready(&mut s)
        .expect(Call::FlashNames(H0), Ok(vec![named(2)]))
        .expect(Call::FlashTarget(H0, 2), Ok(Some(other(2))))
        .expect(Call::AdapterKeys, Ok(vec![key()]))
        .expect(Call::FlashTarget(H0, 2), Ok(Some(other(2))))
        .expect::<Vec<SessionBrief>>(Call::Sessions, Ok(vec![]));
    let e = add(&mut ctx(&mut s), None, &wanted).expect_err("taken");
    assert_eq!(e.kind(), Kind::Busy);
    assert!(e.to_string().contains("flash target 2 of host0"), "{e}");
    s.finish();
}

#[test]
fn ports_of_one_initiator_name_share_their_paths_and_others_do_not() {
    let second = crate::HostNo(1);
    for shared in [true, false] {
        let mut s = Scripted::new();
        let keys = || {
            let mut other = key();
            other.host = second;
            vec![key(), other]
        };
        let mut beside = crate::ops::testing::adapter();
        if !shared {
            beside.initiator_name = Some("iqn.of:another".into());
        }
        s.expect(Call::AdapterKeys, Ok(keys()))
            .expect::<Vec<(u32, Option<String>)>>(Call::FlashNames(H0), Ok(vec![]))
            .expect(Call::AdapterKeys, Ok(keys()))
            .expect(Call::Adapter(H0), Ok(Some(crate::ops::testing::adapter())))
            .expect(Call::Adapter(second), Ok(Some(beside)));
        let mut wanted = new_params();
        if shared {
            s.expect(Call::FlashNames(second), Ok(vec![named(2)]))
                .expect(Call::FlashTarget(second, 2), Ok(Some(other(2))));
            wanted.push(("isid".into(), ParamValue::Text(NEXT.into())));
        }
        s.expect::<Vec<SessionBrief>>(Call::Sessions, Ok(vec![]))
            .expect(Call::NewFlashTarget(H0, V4), Ok(3u32))
            .expect(Call::FlashNames(H0), Ok(vec![(3u32, None::<String>)]))
            .expect(Call::SetFlashTarget(H0, 3, wanted), Ok(()));
        let isid = if shared { NEXT } else { ISID };
        s.expect(Call::FlashTarget(H0, 3), Ok(Some(flash(3, &[("isid", isid)]))));
        add(&mut ctx(&mut s), Some(&crate::AdapterId::Host(H0)), &new()).expect("added");
        s.finish();
    }
}

#[test]
fn a_login_that_would_end_another_path_is_refused_or_mended() {
    let clash = |s: &mut Scripted| {
        s.expect(Call::AdapterKeys, Ok(vec![key()]))
            .expect(Call::Sessions, Ok(vec![elsewhere(7)]))
            .expect(Call::Session(7), Ok(Some(session(7, TARGET, "LOGGED_IN"))));
    };
    let mut s = Scripted::new();
    one_read(ready(&mut s), flash(3, &[]), vec![]);
    clash(&mut s);
    let e = login(&mut ctx(&mut s), None, 3, Clash::Refuse).expect_err("clash");
    assert_eq!(e.kind(), Kind::Busy);
    assert!(e.to_string().contains("session 7 of host0"), "{e}");
    let next = e.next_step().expect("a next step");
    assert!(next.steps().any(|step| step == crate::Step::FlashNewIsid(3)));
    s.finish();

    let mut s = Scripted::new();
    one_read(ready(&mut s), flash(3, &[]), vec![]);
    clash(&mut s);
    // The entry gets an ISID of its own,
    one_read(ready(&mut s), flash(3, &[]), vec![]);
    s.expect(Call::AdapterKeys, Ok(vec![key()]))
        .expect(Call::FlashNames(H0), Ok(vec![named(3)]))
        .expect(Call::Sessions, Ok(vec![elsewhere(7)]))
        .expect(Call::Session(7), Ok(Some(session(7, TARGET, "LOGGED_IN"))))
        .expect(Call::FlashTarget(H0, 3), Ok(Some(flash(3, &[]))))
        .expect(
            Call::SetFlashTarget(H0, 3, sent(&[("isid", ParamValue::Text(NEXT.into()))])),
            Ok(()),
        )
        .expect(Call::FlashTarget(H0, 3), Ok(Some(flash(3, &[("isid", NEXT)]))));
    // and logs in with it.
    one_read(&mut s, flash(3, &[("isid", NEXT)]), vec![]);
    s.expect(Call::Listen, Ok(()))
        .expect(Call::LoginFlashTarget(H0, 3), Ok(()));
    one_read(
        &mut s,
        flash(3, &[("isid", NEXT)]),
        vec![brief(8, TARGET, "LOGGED_IN")],
    );
    s.expect(Call::Session(8), Ok(Some(session(8, TARGET, "LOGGED_IN"))));
    let mut c = ctx(&mut s);
    login(&mut c, None, 3, Clash::Mend).expect("logged in");
    assert!(
        c.warnings.iter().any(|w| w.to_string().contains(NEXT)),
        "{:?}",
        c.warnings
    );
    s.finish();
}

#[test]
fn an_entry_with_an_isid_of_its_own_keeps_it() {
    let mut s = Scripted::new();
    one_read(ready(&mut s), flash(3, &[]), vec![]);
    s.expect(Call::AdapterKeys, Ok(vec![key()]))
        .expect(Call::FlashNames(H0), Ok(vec![named(3)]))
        .expect::<Vec<SessionBrief>>(Call::Sessions, Ok(vec![]));
    let settings = FlashSettings {
        new_isid: true,
        ..FlashSettings::default()
    };
    let change = set(&mut ctx(&mut s), None, 3, &settings).expect("as it is");
    assert!(matches!(change, Change::Unchanged { .. }));
    s.finish();
}
