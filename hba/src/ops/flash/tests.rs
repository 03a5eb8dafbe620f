//! Flash operations on a script.

use super::super::testing::{H0, TARGET, V4, brief, ctx, flash, key, late, session};
use super::*;
use crate::Change;
use crate::backend::scripted::{Call, Scripted};
use crate::backend::{ChapRecord, ProbeOutcome, Refusal};
use crate::error::{Error, Kind};
use crate::model::{ChapDirection, Event, EventRecord, FlashTarget, SessionBrief};
use crate::params::{Assignment, ParamValue};
use crate::secret::Secret;

mod add;
mod discover;
mod login;
mod paths;

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

/// The parameters of a discovery entry of the same portal.
fn entry_params() -> Vec<(String, ParamValue)> {
    let mut params = new_params();
    params.truncate(2);
    params.push(("discovery_session".into(), ParamValue::Flag(true)));
    params
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

/// No other path to the target has a session.
fn alone(s: &mut Scripted) {
    s.expect(Call::AdapterKeys, Ok(vec![key()]))
        .expect::<Vec<SessionBrief>>(Call::Sessions, Ok(vec![]));
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
        .expect::<Vec<(u32, Option<String>)>>(Call::FlashNames(H0), Ok(vec![]))
        .expect(Call::AdapterKeys, Ok(vec![key()]))
        .expect::<Vec<SessionBrief>>(Call::Sessions, Ok(vec![]))
        .expect(Call::NewFlashTarget(H0, V4), Ok(2u32))
        .expect::<Vec<(u32, Option<String>)>>(Call::FlashNames(H0), Ok(vec![(2, None)]))
        .expect(Call::SetFlashTarget(H0, 2, new_params()), Ok(()))
        .expect(Call::FlashTarget(H0, 2), Ok(Some(flash(2, &[]))));
    let change = add(&mut ctx(&mut s), None, &new()).expect("added");
    assert_eq!(change.after().map(|t| t.index), Some(2));
    s.finish();
}

/// An entry with the wanted name and portal among others: only those of that name are read.
fn twin(s: &mut Scripted) {
    let named = |index: u32, name: &str| (index, Some(name.to_owned()));
    let names = vec![
        named(3, "iqn.other"),
        named(4, TARGET),
        named(5, TARGET),
        (6, None),
    ];
    s.expect(Call::FlashNames(H0), Ok(names))
        .expect(Call::FlashTarget(H0, 4), Ok(Some(flash(4, &[("port", "3261")]))))
        .expect(Call::FlashTarget(H0, 5), Ok(Some(flash(5, &[]))));
}

#[test]
fn adding_what_is_there_changes_nothing_and_with_other_settings_is_refused() {
    let mut s = Scripted::new();
    twin(ready(&mut s));
    assert!(matches!(
        add(&mut ctx(&mut s), None, &new()),
        Ok(Change::Unchanged { .. })
    ));
    twin(ready(&mut s));
    let mut other = new();
    other.params = vec![Assignment::parse("header_digest=on").expect("valid")];
    let e = add(&mut ctx(&mut s), None, &other).expect_err("differs");
    assert_eq!(e.kind(), Kind::Busy);
    assert!(
        e.to_string().contains("flash target 5") && e.to_string().contains("header_digest"),
        "{e}"
    );
    s.finish();
}

#[test]
fn a_refused_commit_leaves_no_pending_entry() {
    let mut s = Scripted::new();
    ready(&mut s)
        .expect::<Vec<(u32, Option<String>)>>(Call::FlashNames(H0), Ok(vec![]))
        .expect(Call::AdapterKeys, Ok(vec![key()]))
        .expect::<Vec<SessionBrief>>(Call::Sessions, Ok(vec![]))
        .expect(Call::NewFlashTarget(H0, V4), Ok(2u32))
        .expect::<Vec<(u32, Option<String>)>>(Call::FlashNames(H0), Ok(vec![(2, None)]))
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
        ready(&mut s).expect::<Vec<(u32, Option<String>)>>(Call::FlashNames(H0), Ok(vec![]));
        chap_table(&mut s, direction);
        if ok {
            alone(&mut s);
        }
        let mut target = new();
        target.chap = Some(index);
        let mut c = ctx(&mut s);
        c.dry_run = true.into();
        let outcome = add(&mut c, None, &target);
        assert_eq!(outcome.is_ok(), ok, "{direction} {index}");
        s.finish();
    }
}

#[test]
fn names_and_addresses_that_cannot_be_are_refused_before_anything_is_asked() {
    let mut s = Scripted::new();
    for (name, address) in [
        ("", "10.0.0.1"),
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
            Assignment::parse("max_burst_len=131072").expect("valid"),
            Assignment::parse("port=3260").expect("valid"),
        ],
        ..FlashSettings::default()
    };
    let mut s = Scripted::new();
    let wanted = sent(&[("max_burst_len", ParamValue::Number(131_072))]);
    let old = sent(&[("max_burst_len", ParamValue::Number(262_144))]);
    one_read(ready(&mut s), flash(3, &[]), vec![]);
    s.expect(Call::FlashTarget(H0, 3), Ok(Some(flash(3, &[]))))
        .expect(Call::SetFlashTarget(H0, 3, wanted.clone()), Ok(()))
        .expect(
            Call::FlashTarget(H0, 3),
            Ok(Some(flash(3, &[("max_burst_len", "131072")]))),
        );
    let change = set(&mut ctx(&mut s), None, 3, &settings).expect("set");
    assert_eq!(change.diff().len(), 1);

    one_read(ready(&mut s), flash(3, &[]), vec![]);
    s.expect(Call::FlashTarget(H0, 3), Ok(Some(flash(3, &[]))))
        .expect(Call::SetFlashTarget(H0, 3, wanted), Ok(()))
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
        ..FlashSettings::default()
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
        params: vec![Assignment::parse("bidi_chap=off").expect("valid")],
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
fn a_target_that_another_program_replaced_meanwhile_is_not_removed() {
    let mut s = Scripted::new();
    one_read(ready(&mut s), flash(3, &[]), vec![]);
    boot_free(&mut s);
    s.expect(Call::FlashTarget(H0, 3), Ok(Some(flash(3, &[("port", "3261")]))));
    assert_eq!(
        remove(&mut ctx(&mut s), None, 3).expect_err("another").kind(),
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
        s.expect(Call::FlashTarget(H0, 3), Ok(Some(flash(3, &[]))))
            .expect(Call::DeleteFlashTarget(H0, 3), Ok(()))
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
