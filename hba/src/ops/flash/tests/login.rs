//! Login and logout.

use super::*;

#[test]
fn login_waits_for_the_session_to_come_up() {
    let mut s = Scripted::new();
    one_read(ready(&mut s), flash(3, &[]), vec![]);
    alone(&mut s);
    s.expect(Call::Listen, Ok(()))
        .expect(Call::LoginFlashTarget(H0, 3), Ok(()));
    one_read(&mut s, flash(3, &[]), vec![brief(1, TARGET, "FREE")]);
    s.expect(Call::Session(1), Ok(Some(session(1, TARGET, "FREE"))));
    s.expect::<Option<EventRecord>>(Call::NextEvent, Ok(None));
    one_read(&mut s, flash(3, &[]), vec![brief(1, TARGET, "LOGGED_IN")]);
    s.expect(Call::Session(1), Ok(Some(session(1, TARGET, "LOGGED_IN"))));
    let change = login(&mut ctx(&mut s), None, 3, Clash::Refuse).expect("logged in");
    assert_eq!(change.after().map(|s| (s.sid, s.flash_index)), Some((1, Some(3))));
    s.finish();
}

#[test]
fn login_of_a_session_that_is_up_changes_nothing() {
    let mut s = Scripted::new();
    one_read(ready(&mut s), flash(3, &[]), vec![brief(1, TARGET, "LOGGED_IN")]);
    s.expect(Call::Session(1), Ok(Some(session(1, TARGET, "LOGGED_IN"))));
    assert!(matches!(
        login(&mut ctx(&mut s), None, 3, Clash::Refuse),
        Ok(Change::Unchanged { .. })
    ));
    s.finish();
}

#[test]
fn a_failed_login_tells_the_reason_that_an_event_gave() {
    let mut s = Scripted::new();
    one_read(ready(&mut s), flash(3, &[]), vec![]);
    alone(&mut s);
    s.expect(Call::Listen, Ok(()))
        .expect(Call::LoginFlashTarget(H0, 3), Ok(()));
    let event = Event::ConnectionError {
        sid: 1,
        cid: 0,
        code: 1011,
        reason: "the connection failed".into(),
    };
    let failed = |s: &mut Scripted| {
        one_read(s, flash(3, &[]), vec![brief(1, TARGET, "FAILED")]);
        s.expect(Call::Session(1), Ok(Some(session(1, TARGET, "FAILED"))));
    };
    failed(&mut s);
    s.expect(
        Call::NextEvent,
        Ok(Some(EventRecord {
            time_ms: 0,
            host: None,
            event,
        })),
    );
    failed(&mut s);
    let e = login(&mut ctx(&mut s), None, 3, Clash::Refuse).expect_err("failed");
    assert_eq!(e.kind(), Kind::Failed);
    assert!(
        e.to_string().contains("the connection failed") && e.to_string().contains("session 1 is FAILED"),
        "{e}"
    );
    s.finish();
}

#[test]
fn a_target_that_refuses_is_asked_from_here_and_quoted() {
    let mut s = Scripted::new();
    let with_chap = || flash(3, &[("chap_out_idx", "4")]);
    one_read(ready(&mut s), with_chap(), vec![]);
    alone(&mut s);
    s.expect(Call::Listen, Ok(()))
        .expect(Call::LoginFlashTarget(H0, 3), Ok(()));
    for look in 1..=15 {
        one_read(&mut s, with_chap(), vec![brief(1, TARGET, "FAILED")]);
        s.expect(Call::Session(1), Ok(Some(session(1, TARGET, "FAILED"))));
        if look < 15 {
            s.expect::<Option<EventRecord>>(Call::NextEvent, Ok(None));
        }
    }
    let adapter = crate::ops::testing::adapter();
    s.expect(Call::Ifaces(H0), Ok(vec![crate::ops::testing::iface(&[])]));
    s.expect(Call::Adapter(H0), Ok(Some(adapter)));
    chap_table(&mut s, ChapDirection::Out);
    s.expect(
        Call::ProbeLogin(TARGET.into()),
        Ok(ProbeOutcome::Refused(Refusal::other(
            "the target refused the login: authentication failure",
        ))),
    );
    let e = login(&mut ctx(&mut s), None, 3, Clash::Refuse).expect_err("refused");
    assert_eq!(e.kind(), Kind::Failed);
    assert!(
        e.to_string().contains("authentication failure") && e.to_string().contains("session 1 is FAILED"),
        "{e}"
    );
    s.finish();
}

#[test]
fn login_waits_until_the_target_is_scanned() {
    let mut s = Scripted::new();
    one_read(ready(&mut s), flash(3, &[]), vec![]);
    alone(&mut s);
    s.expect(Call::Listen, Ok(()))
        .expect(Call::LoginFlashTarget(H0, 3), Ok(()));
    for state in ["ALLOCATED", "SCANNED"] {
        one_read(&mut s, flash(3, &[]), vec![brief(1, TARGET, "LOGGED_IN")]);
        let mut up = session(1, TARGET, "LOGGED_IN");
        up.target_state = Some(state.into());
        s.expect(Call::Session(1), Ok(Some(up)));
        if state == "ALLOCATED" {
            s.expect::<Option<EventRecord>>(Call::NextEvent, Ok(None));
        }
    }
    let change = login(&mut ctx(&mut s), None, 3, Clash::Refuse).expect("logged in");
    assert_eq!(
        change.after().and_then(|s| s.target_state.as_deref()),
        Some("SCANNED")
    );
    s.finish();
}

#[test]
fn login_waits_for_what_was_negotiated() {
    let mut s = Scripted::new();
    one_read(ready(&mut s), flash(3, &[]), vec![]);
    alone(&mut s);
    s.expect(Call::Listen, Ok(()))
        .expect(Call::LoginFlashTarget(H0, 3), Ok(()));
    for tsih in [0, 7] {
        one_read(&mut s, flash(3, &[]), vec![brief(1, TARGET, "LOGGED_IN")]);
        let mut up = session(1, TARGET, "LOGGED_IN");
        up.tsid = Some(tsih);
        s.expect(Call::Session(1), Ok(Some(up)));
        if tsih == 0 {
            s.expect::<Option<EventRecord>>(Call::NextEvent, Ok(None));
        }
    }
    let change = login(&mut ctx(&mut s), None, 3, Clash::Refuse).expect("logged in");
    assert_eq!(change.after().and_then(|s| s.tsid), Some(7));
    s.finish();
}

#[test]
fn a_login_that_never_comes_up_says_what_was_waited_for() {
    let mut s = Scripted::new();
    one_read(ready(&mut s), flash(3, &[]), vec![]);
    alone(&mut s);
    s.expect(Call::Listen, Ok(()))
        .expect(Call::LoginFlashTarget(H0, 3), Ok(()));
    one_read(&mut s, flash(3, &[]), vec![]);
    let e = login(&mut late(&mut s), None, 3, Clash::Refuse).expect_err("late");
    assert_eq!(e.kind(), Kind::Unknown);
    assert!(
        e.to_string().contains("LOGGED_IN") && e.to_string().contains("there is no session"),
        "{e}"
    );
    s.finish();
}

#[test]
fn logout_without_a_session_changes_nothing_and_of_a_boot_target_is_refused() {
    let mut s = Scripted::new();
    one_read(ready(&mut s), flash(3, &[]), vec![]);
    assert!(matches!(
        logout(&mut ctx(&mut s), None, 3),
        Ok(Change::Unchanged { .. })
    ));
    one_read(
        ready(&mut s),
        flash(0, &[("is_boot_target", "1")]),
        vec![brief(1, TARGET, "LOGGED_IN")],
    );
    s.expect(Call::Session(1), Ok(Some(session(1, TARGET, "LOGGED_IN"))));
    assert_eq!(
        logout(&mut ctx(&mut s), None, 0).expect_err("boot").kind(),
        Kind::Permission
    );
    s.finish();
}

#[test]
fn a_login_or_logout_that_another_program_did_first_is_no_failure() {
    let refused = || Err::<(), _>(Error::new(Kind::Permission, "x").answered("EPERM"));
    let mut s = Scripted::new();
    one_read(ready(&mut s), flash(3, &[]), vec![]);
    alone(&mut s);
    s.expect(Call::Listen, Ok(()))
        .expect(Call::LoginFlashTarget(H0, 3), refused());
    one_read(&mut s, flash(3, &[]), vec![brief(1, TARGET, "LOGGED_IN")]);
    s.expect(Call::Session(1), Ok(Some(session(1, TARGET, "LOGGED_IN"))));
    let change = login(&mut ctx(&mut s), None, 3, Clash::Refuse).expect("up");
    assert!(matches!(change, Change::Unchanged { current: Some(s), .. } if s.sid == 1));
    s.finish();

    let mut s = Scripted::new();
    one_read(ready(&mut s), flash(3, &[]), vec![brief(1, TARGET, "LOGGED_IN")]);
    let up = || Some(session(1, TARGET, "LOGGED_IN"));
    s.expect(Call::Session(1), Ok(up()))
        .expect(Call::LogoutFlashTarget(H0, 3), refused())
        .expect(Call::Session(1), Ok(up()))
        .expect::<Option<crate::model::Session>>(Call::Session(1), Ok(None));
    let change = logout(&mut ctx(&mut s), None, 3).expect("gone");
    assert!(matches!(change, Change::Unchanged { current: None, .. }));
    s.finish();

    // Where nobody did it the refusal stands.
    let mut s = Scripted::new();
    one_read(ready(&mut s), flash(3, &[]), vec![]);
    alone(&mut s);
    s.expect(Call::Listen, Ok(()))
        .expect(Call::LoginFlashTarget(H0, 3), refused());
    one_read(&mut s, flash(3, &[]), vec![]);
    assert_eq!(
        login(&mut ctx(&mut s), None, 3, Clash::Refuse)
            .expect_err("refused")
            .kind(),
        Kind::Permission
    );
    s.finish();
}

#[test]
fn a_port_without_an_address_is_the_reason() {
    let mut s = Scripted::new();
    one_read(ready(&mut s), flash(3, &[]), vec![]);
    alone(&mut s);
    s.expect(Call::Listen, Ok(()))
        .expect(Call::LoginFlashTarget(H0, 3), Ok(()));
    for look in 1..=15 {
        one_read(&mut s, flash(3, &[]), vec![brief(1, TARGET, "FAILED")]);
        s.expect(Call::Session(1), Ok(Some(session(1, TARGET, "FAILED"))));
        if look < 15 {
            s.expect::<Option<EventRecord>>(Call::NextEvent, Ok(None));
        }
    }
    let without = crate::ops::testing::iface(&[("ipaddress", "0.0.0.0")]);
    s.expect(Call::Ifaces(H0), Ok(vec![without]));
    let e = login(&mut ctx(&mut s), None, 3, Clash::Refuse).expect_err("no address");
    assert!(e.to_string().contains("host0 has no IPv4 address"), "{e}");
    let next = e.next_step().expect("a next step");
    assert!(next.steps().any(|step| step == crate::Step::IfaceSet));
    s.finish();
}
