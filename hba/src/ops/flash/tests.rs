//! Flash operations on a script.

use super::super::testing::{H0, TARGET, V4, brief, ctx, flash, key, late, session};
use super::*;
use crate::Change;
use crate::backend::scripted::{Call, Scripted};
use crate::backend::{ChapRecord, ProbeOutcome};
use crate::error::{Error, Kind};
use crate::model::{ChapDirection, Event, EventRecord, FlashTarget, SessionBrief};
use crate::params::{Assignment, FLASH, ParamValue};
use crate::secret::Secret;

fn ready(s: &mut Scripted) -> &mut Scripted {
    s.expect(Call::AdapterKeys, Ok(vec![key()]))
}

fn new() -> NewFlashTarget {
    NewFlashTarget {
        target_name: Some(TARGET.into()),
        address: "192.168.10.50".parse().expect("address"),
        port: 3260,
        tpgt: None,
        chap: None,
        bidi_chap: false,
        params: Vec::new(),
    }
}

fn sent(pairs: &[(&str, ParamValue)]) -> Vec<(String, ParamValue)> {
    pairs.iter().map(|(n, v)| ((*n).to_owned(), v.clone())).collect()
}

fn new_params() -> Vec<(String, ParamValue)> {
    sent(&[
        ("ipaddress", ParamValue::Text("192.168.10.50".into())),
        ("port", ParamValue::Number(3260)),
        ("targetname", ParamValue::Text(TARGET.into())),
        ("discovery_session", ParamValue::Flag(false)),
    ])
}

fn one_read(s: &mut Scripted, target: FlashTarget, sessions: Vec<SessionBrief>) {
    let index = target.index;
    let discovery = target.discovery;
    s.expect(Call::FlashTarget(H0, index), Ok(Some(target)));
    if !discovery {
        s.expect(Call::Sessions, Ok(sessions));
    }
}

fn chap_table(s: &mut Scripted, direction: ChapDirection) {
    let record = ChapRecord {
        index: 4,
        direction,
        username: "u".into(),
        secret: Secret::stored("x"),
    };
    s.expect(Call::ChapPage(H0, 0), Ok(vec![record]));
}

#[test]
fn sessions_are_found_by_name_and_portal_and_twins_by_isid() {
    let mut s = Scripted::new();
    let twins = vec![
        flash(2, &[]),
        flash(3, &[("isid", "021e0e010040")]),
        flash(4, &[("port", "3261")]),
    ];
    ready(&mut s).expect(Call::FlashTargets(H0), Ok(twins));
    s.expect(Call::Sessions, Ok(vec![brief(9, TARGET, "LOGGED_IN")]));
    let mut full = session(9, TARGET, "LOGGED_IN");
    full.isid = Some("021e0e010040".into());
    s.expect(Call::Session(9), Ok(Some(full)));
    let all = list(&mut ctx(&mut s), Some(&crate::AdapterId::Host(H0))).expect("list");
    let sids: Vec<_> = all.iter().map(|t| t.session.as_ref().map(|s| s.sid)).collect();
    assert_eq!(sids, [None, Some(9), None]);
    s.finish();
}

#[test]
fn adding_makes_sets_and_reads_back() {
    let mut s = Scripted::new();
    ready(&mut s)
        .expect::<Vec<FlashTarget>>(Call::FlashTargets(H0), Ok(vec![]))
        .expect(Call::NewFlashTarget(H0, V4), Ok(2u32))
        .expect(Call::SetFlashTarget(H0, 2, new_params()), Ok(()))
        .expect(Call::FlashTarget(H0, 2), Ok(Some(flash(2, &[]))));
    let change = add(&mut ctx(&mut s), None, &new()).expect("added");
    assert_eq!(change.after().map(|t| t.index), Some(2));
    s.finish();
}

#[test]
fn adding_what_is_there_changes_nothing_and_with_other_settings_is_refused() {
    let mut s = Scripted::new();
    ready(&mut s).expect(Call::FlashTargets(H0), Ok(vec![flash(5, &[])]));
    assert!(matches!(
        add(&mut ctx(&mut s), None, &new()),
        Ok(Change::Unchanged { .. })
    ));
    ready(&mut s).expect(Call::FlashTargets(H0), Ok(vec![flash(5, &[])]));
    let mut other = new();
    other.params = vec![Assignment::parse(FLASH, "header_digest=on").expect("valid")];
    let e = add(&mut ctx(&mut s), None, &other).expect_err("differs");
    assert_eq!(e.kind(), Kind::Busy);
    assert!(
        e.to_string().contains("flash target 5") && e.to_string().contains("header_digest"),
        "{e}"
    );
    s.finish();
}

#[test]
fn an_entry_that_reads_back_wrong_is_removed_again() {
    let mut s = Scripted::new();
    ready(&mut s)
        .expect::<Vec<FlashTarget>>(Call::FlashTargets(H0), Ok(vec![]))
        .expect(Call::NewFlashTarget(H0, V4), Ok(2u32))
        .expect(Call::SetFlashTarget(H0, 2, new_params()), Ok(()))
        .expect(Call::FlashTarget(H0, 2), Ok(Some(flash(2, &[("port", "860")]))))
        .expect(Call::DeleteFlashTarget(H0, 2), Ok(()))
        .expect::<Option<FlashTarget>>(Call::FlashTarget(H0, 2), Ok(None));
    let e = add(&mut ctx(&mut s), None, &new()).expect_err("wrong");
    assert_eq!(e.kind(), Kind::VerifyFailed { rolled_back: true });
    assert!(e.to_string().contains("port is 860, wanted 3260"), "{e}");
    s.finish();
}

#[test]
fn a_refused_commit_leaves_no_pending_entry() {
    let mut s = Scripted::new();
    ready(&mut s)
        .expect::<Vec<FlashTarget>>(Call::FlashTargets(H0), Ok(vec![]))
        .expect(Call::NewFlashTarget(H0, V4), Ok(2u32))
        .expect::<()>(
            Call::SetFlashTarget(H0, 2, new_params()),
            Err(Error::new(Kind::Failed, "x").answered("flash broken")),
        )
        .expect(Call::FlashTarget(H0, 2), Ok(Some(flash(2, &[]))))
        .expect(Call::DeleteFlashTarget(H0, 2), Ok(()))
        .expect::<Option<FlashTarget>>(Call::FlashTarget(H0, 2), Ok(None));
    let e = add(&mut ctx(&mut s), None, &new()).expect_err("refused");
    assert!(e.to_string().contains("flash broken"), "{e}");
    s.finish();
}

#[test]
fn a_chap_entry_must_exist_and_be_ours_to_send() {
    for (direction, index, ok) in [
        (ChapDirection::Out, 4, true),
        (ChapDirection::In, 4, false),
        (ChapDirection::Out, 9, false),
    ] {
        let mut s = Scripted::new();
        ready(&mut s).expect::<Vec<FlashTarget>>(Call::FlashTargets(H0), Ok(vec![]));
        chap_table(&mut s, direction);
        let mut target = new();
        target.chap = Some(index);
        let mut c = ctx(&mut s);
        c.dry_run = true;
        let outcome = add(&mut c, None, &target);
        assert_eq!(outcome.is_ok(), ok, "{direction} {index}");
        s.finish();
    }
}

#[test]
fn names_and_addresses_that_cannot_be_are_refused_before_anything_is_asked() {
    let mut s = Scripted::new();
    for (name, address) in [
        ("disk0", "10.0.0.1"),
        ("iqn.x y", "10.0.0.1"),
        (TARGET, "0.0.0.0"),
        (TARGET, "ff02::1"),
    ] {
        ready(&mut s);
        let mut bad = new();
        bad.target_name = Some(name.into());
        bad.address = address.parse().expect("address");
        assert_eq!(
            add(&mut ctx(&mut s), None, &bad).expect_err(name).kind(),
            Kind::Invalid
        );
    }
    s.finish();
}

#[test]
fn setting_sends_only_what_differs_and_undoes_it_when_it_reads_back_wrong() {
    let settings = FlashSettings {
        params: vec![
            Assignment::parse(FLASH, "max_burst_len=131072").expect("valid"),
            Assignment::parse(FLASH, "port=3260").expect("valid"),
        ],
        ..FlashSettings::default()
    };
    let mut s = Scripted::new();
    let wanted = sent(&[("max_burst_len", ParamValue::Number(131_072))]);
    let old = sent(&[("max_burst_len", ParamValue::Number(262_144))]);
    one_read(ready(&mut s), flash(3, &[]), vec![]);
    s.expect(Call::SetFlashTarget(H0, 3, wanted.clone()), Ok(()))
        .expect(
            Call::FlashTarget(H0, 3),
            Ok(Some(flash(3, &[("max_burst_len", "131072")]))),
        );
    let change = set(&mut ctx(&mut s), None, 3, &settings).expect("set");
    assert_eq!(change.diff().len(), 1);

    one_read(ready(&mut s), flash(3, &[]), vec![]);
    s.expect(Call::SetFlashTarget(H0, 3, wanted), Ok(()))
        .expect(
            Call::FlashTarget(H0, 3),
            Ok(Some(flash(3, &[("max_burst_len", "512")]))),
        )
        .expect(Call::SetFlashTarget(H0, 3, old), Ok(()))
        .expect(Call::FlashTarget(H0, 3), Ok(Some(flash(3, &[]))));
    let e = set(&mut ctx(&mut s), None, 3, &settings).expect_err("wrong");
    assert_eq!(e.kind(), Kind::VerifyFailed { rolled_back: true });
    s.finish();
}

#[test]
fn setting_what_is_so_already_sends_nothing() {
    let mut s = Scripted::new();
    one_read(ready(&mut s), flash(3, &[]), vec![]);
    let settings = FlashSettings {
        chap: Some(None),
        bidi_chap: Some(false),
        params: vec![],
    };
    assert!(matches!(
        set(&mut ctx(&mut s), None, 3, &settings),
        Ok(Change::Unchanged { .. })
    ));
    s.finish();
}

#[test]
fn contradicting_settings_are_refused() {
    let mut s = Scripted::new();
    ready(&mut s);
    let settings = FlashSettings {
        bidi_chap: Some(true),
        params: vec![Assignment::parse(FLASH, "bidi_chap=off").expect("valid")],
        ..FlashSettings::default()
    };
    assert_eq!(
        set(&mut ctx(&mut s), None, 3, &settings)
            .expect_err("both")
            .kind(),
        Kind::Invalid
    );
    s.finish();
}

fn boot_free(s: &mut Scripted) {
    s.expect(Call::AdapterKeys, Ok(vec![key()]))
        .expect(Call::ReadNvram(H0, 0, 2048), Ok(vec![0u8; 2048]));
}

#[test]
fn removing_guards_boot_targets_and_sessions() {
    let mut s = Scripted::new();
    one_read(ready(&mut s), flash(3, &[("is_boot_target", "1")]), vec![]);
    assert_eq!(
        remove(&mut ctx(&mut s), None, 3).expect_err("boot").kind(),
        Kind::Permission
    );

    one_read(ready(&mut s), flash(3, &[]), vec![]);
    let mut image = vec![0u8; 2048];
    image[0x3b1] = 1;
    image[0x3b2] = 0x80 | 3;
    s.expect(Call::AdapterKeys, Ok(vec![key()]))
        .expect(Call::ReadNvram(H0, 0, 2048), Ok(image));
    assert_eq!(
        remove(&mut ctx(&mut s), None, 3)
            .expect_err("boot at next start")
            .kind(),
        Kind::Permission
    );

    one_read(ready(&mut s), flash(3, &[]), vec![brief(1, TARGET, "LOGGED_IN")]);
    boot_free(&mut s);
    assert_eq!(
        remove(&mut ctx(&mut s), None, 3).expect_err("session").kind(),
        Kind::Busy
    );
    s.finish();
}

#[test]
fn removing_reads_back() {
    let mut s = Scripted::new();
    for still in [false, true] {
        one_read(ready(&mut s), flash(3, &[]), vec![]);
        boot_free(&mut s);
        s.expect(Call::DeleteFlashTarget(H0, 3), Ok(()))
            .expect(Call::FlashTarget(H0, 3), Ok(still.then(|| flash(3, &[]))));
        let outcome = remove(&mut ctx(&mut s), None, 3);
        if still {
            assert_eq!(
                outcome.expect_err("still there").kind(),
                Kind::VerifyFailed { rolled_back: true }
            );
        } else {
            assert!(outcome.expect("removed").is_changed());
        }
    }
    s.finish();
}

#[test]
fn login_waits_for_the_session_to_come_up() {
    let mut s = Scripted::new();
    one_read(ready(&mut s), flash(3, &[]), vec![]);
    s.expect(Call::Listen, Ok(()))
        .expect(Call::LoginFlashTarget(H0, 3), Ok(()));
    one_read(&mut s, flash(3, &[]), vec![brief(1, TARGET, "FREE")]);
    s.expect(Call::Session(1), Ok(Some(session(1, TARGET, "FREE"))));
    s.expect::<Option<EventRecord>>(Call::NextEvent, Ok(None));
    one_read(&mut s, flash(3, &[]), vec![brief(1, TARGET, "LOGGED_IN")]);
    s.expect(Call::Session(1), Ok(Some(session(1, TARGET, "LOGGED_IN"))));
    let change = login(&mut ctx(&mut s), None, 3).expect("logged in");
    assert_eq!(change.after().map(|s| (s.sid, s.flash_index)), Some((1, Some(3))));
    s.finish();
}

#[test]
fn login_of_a_session_that_is_up_changes_nothing() {
    let mut s = Scripted::new();
    one_read(ready(&mut s), flash(3, &[]), vec![brief(1, TARGET, "LOGGED_IN")]);
    s.expect(Call::Session(1), Ok(Some(session(1, TARGET, "LOGGED_IN"))));
    assert!(matches!(
        login(&mut ctx(&mut s), None, 3),
        Ok(Change::Unchanged { .. })
    ));
    s.finish();
}

#[test]
fn a_failed_login_tells_the_reason_that_an_event_gave() {
    let mut s = Scripted::new();
    one_read(ready(&mut s), flash(3, &[]), vec![]);
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
    let e = login(&mut ctx(&mut s), None, 3).expect_err("failed");
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
    s.expect(Call::Adapter(H0), Ok(Some(adapter)));
    chap_table(&mut s, ChapDirection::Out);
    s.expect(
        Call::ProbeLogin(TARGET.into()),
        Ok(ProbeOutcome::Refused(
            "the target refused the login: authentication failure".into(),
        )),
    );
    let e = login(&mut ctx(&mut s), None, 3).expect_err("refused");
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
    let change = login(&mut ctx(&mut s), None, 3).expect("logged in");
    assert_eq!(
        change.after().and_then(|s| s.target_state.as_deref()),
        Some("SCANNED")
    );
    s.finish();
}

#[test]
fn a_login_that_never_comes_up_says_what_was_waited_for() {
    let mut s = Scripted::new();
    one_read(ready(&mut s), flash(3, &[]), vec![]);
    s.expect(Call::Listen, Ok(()))
        .expect(Call::LoginFlashTarget(H0, 3), Ok(()));
    one_read(&mut s, flash(3, &[]), vec![]);
    let e = login(&mut late(&mut s), None, 3).expect_err("late");
    assert_eq!(e.kind(), Kind::Timeout);
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

fn entry(index: u32) -> FlashTarget {
    flash(index, &[("targetname", ""), ("discovery_session", "1")])
}

#[test]
fn discovery_adds_an_entry_asks_and_takes_it_away_again() {
    let mut elsewhere = session(1, "iqn.before", "LOGGED_IN");
    elsewhere.connections[0].persistent_address = Some("192.168.10.99".into());
    let portal = ("192.168.10.50".parse().expect("address"), 3260);
    let mut s = Scripted::new();
    let mut params = new_params();
    params.truncate(2);
    params.push(("discovery_session".into(), ParamValue::Flag(true)));
    ready(&mut s)
        .expect::<Vec<FlashTarget>>(Call::FlashTargets(H0), Ok(vec![]))
        .expect::<Vec<FlashTarget>>(Call::FlashTargets(H0), Ok(vec![]))
        .expect(Call::NewFlashTarget(H0, V4), Ok(2u32))
        .expect(Call::SetFlashTarget(H0, 2, params), Ok(()))
        .expect(Call::FlashTarget(H0, 2), Ok(Some(entry(2))))
        .expect(Call::Sessions, Ok(vec![brief(1, "iqn.before", "LOGGED_IN")]))
        .expect(Call::LoginFlashTarget(H0, 2), Ok(()))
        .expect(
            Call::Sessions,
            Ok(vec![
                brief(1, "iqn.before", "LOGGED_IN"),
                brief(2, TARGET, "LOGGED_IN"),
            ]),
        )
        .expect(Call::Session(1), Ok(Some(elsewhere)))
        .expect(Call::Session(2), Ok(Some(session(2, TARGET, "LOGGED_IN"))))
        .expect(Call::DeleteFlashTarget(H0, 2), Ok(()))
        .expect::<Option<FlashTarget>>(Call::FlashTarget(H0, 2), Ok(None))
        .expect::<Vec<FlashTarget>>(Call::FlashTargets(H0), Ok(vec![]));
    let found = discover(&mut ctx(&mut s), None, portal, None, false).expect("found");
    assert_eq!(found.sessions.iter().map(|s| s.sid).collect::<Vec<_>>(), [2]);
    assert_eq!((found.entry, found.portal.as_str()), (None, "192.168.10.50:3260"));
    s.finish();
}

#[test]
fn a_portal_that_does_not_answer_leaves_no_entry_behind() {
    let portal = ("192.168.10.50".parse().expect("address"), 3260);
    let mut s = Scripted::new();
    let mut params = new_params();
    params.truncate(2);
    params.push(("discovery_session".into(), ParamValue::Flag(true)));
    ready(&mut s)
        .expect::<Vec<FlashTarget>>(Call::FlashTargets(H0), Ok(vec![]))
        .expect::<Vec<FlashTarget>>(Call::FlashTargets(H0), Ok(vec![]))
        .expect(Call::NewFlashTarget(H0, V4), Ok(2u32))
        .expect(Call::SetFlashTarget(H0, 2, params), Ok(()))
        .expect(Call::FlashTarget(H0, 2), Ok(Some(entry(2))))
        .expect::<Vec<SessionBrief>>(Call::Sessions, Ok(vec![]))
        .expect::<()>(
            Call::LoginFlashTarget(H0, 2),
            Err(Error::new(Kind::Failed, "x").answered("EIO")),
        )
        .expect(Call::DeleteFlashTarget(H0, 2), Ok(()))
        .expect::<Option<FlashTarget>>(Call::FlashTarget(H0, 2), Ok(None));
    let e = discover(&mut ctx(&mut s), None, portal, None, false).expect_err("silent");
    assert!(
        e.to_string().contains("discover targets at 192.168.10.50:3260"),
        "{e}"
    );
    s.finish();
}

#[test]
fn an_entry_that_was_there_before_stays() {
    let portal = ("192.168.10.50".parse().expect("address"), 3260);
    let mut s = Scripted::new();
    ready(&mut s).expect(Call::FlashTargets(H0), Ok(vec![entry(7)]));
    s.expect::<Vec<SessionBrief>>(Call::Sessions, Ok(vec![]));
    s.expect::<()>(
        Call::LoginFlashTarget(H0, 7),
        Err(Error::new(Kind::Failed, "x").answered("EIO")),
    );
    assert!(discover(&mut ctx(&mut s), None, portal, None, false).is_err());
    s.finish();
}

#[test]
fn logging_in_to_a_discovery_entry_points_to_discover() {
    let mut s = Scripted::new();
    one_read(ready(&mut s), entry(7), vec![]);
    let e = login(&mut ctx(&mut s), None, 7).expect_err("discovery");
    assert!(e.next_step().is_some_and(|h| h.contains("discover")));
    s.finish();
}
