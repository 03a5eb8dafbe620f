//! Settings of sessions on a script.

use super::super::super::testing::{H0, TARGET, ctx, flash, session};
use super::*;
use crate::backend::scripted::{Call, Scripted};

fn parse(text: &str) -> SettingChange {
    SettingChange::parse(text).expect("a setting")
}

#[test]
fn names_and_values_are_checked_and_what_cannot_be_set_says_why() {
    assert_eq!(parse("device_removal_latency=0x3c"), parse("recovery_tmo=60"));
    assert_eq!(parse("recovery_tmo=never"), parse("replacement_timeout=off"));
    for (text, kind) in [
        ("recovery_tmo", Kind::Invalid),
        ("recovery_tmo=-2", Kind::Invalid),
        ("recovery_tmo=+5", Kind::Invalid),
        ("recovery_tmo=2147483648", Kind::Invalid),
        ("queue_depth=0", Kind::Invalid),
        ("queue_depth=off", Kind::Invalid),
        ("queue_dept=1", Kind::Invalid),
        ("abort_tmo=15", Kind::Unsupported),
        ("eh_deadline=5", Kind::Unsupported),
        ("keepalive_tmo=5", Kind::Unsupported),
    ] {
        let e = SettingChange::parse(text).expect_err(text);
        assert_eq!(e.kind(), kind, "{text}");
        assert!(e.answer().is_some(), "{text}");
    }
}

fn up(s: &mut Scripted, state: &str) {
    s.expect(Call::Session(1), Ok(Some(session(1, TARGET, state))))
        .expect(Call::FlashTargets(H0), Ok(vec![flash(3, &[])]));
}

fn now(s: &mut Scripted, recovery: i64) {
    let mut found = session(1, TARGET, "LOGGED_IN");
    found.recovery_timeout = Some(recovery);
    s.expect(Call::Session(1), Ok(Some(found)))
        .expect::<Vec<crate::model::Lun>>(Call::Luns(LunScope::Session(1)), Ok(vec![]));
}

#[test]
fn it_is_written_read_back_and_the_same_again_changes_nothing() {
    let mut s = Scripted::new();
    up(&mut s, "LOGGED_IN");
    now(&mut s, 120);
    now(&mut s, 120);
    s.expect(Call::StoreRecovery(1, "off".into()), Ok(()));
    now(&mut s, -1);
    let change = set(&mut ctx(&mut s), 1, &[parse("recovery_tmo=off")]).expect("set");
    assert_eq!(
        change.diff(),
        [Difference::new(
            "recovery_tmo",
            Some("120".into()),
            Some("off".into())
        )]
    );
    up(&mut s, "LOGGED_IN");
    now(&mut s, -1);
    assert!(
        !set(&mut ctx(&mut s), 1, &[parse("recovery_tmo=off")])
            .expect("same")
            .is_changed()
    );
    s.finish();
}

#[test]
fn what_the_kernel_does_not_take_is_restored() {
    let mut s = Scripted::new();
    up(&mut s, "LOGGED_IN");
    now(&mut s, 120);
    now(&mut s, 120);
    s.expect(Call::StoreRecovery(1, "60".into()), Ok(()));
    now(&mut s, 61);
    s.expect(Call::StoreRecovery(1, "120".into()), Ok(()));
    now(&mut s, 120);
    let e = set(
        &mut super::super::super::testing::late(&mut s),
        1,
        &[parse("recovery_tmo=60")],
    )
    .expect_err("other");
    assert_eq!(e.kind(), Kind::VerifyFailed { rolled_back: true });
    s.finish();
}

#[test]
fn of_a_session_that_is_down_nothing_is_written_and_it_says_why() {
    let mut s = Scripted::new();
    up(&mut s, "FAILED");
    now(&mut s, 120);
    let e = set(&mut ctx(&mut s), 1, &[parse("recovery_tmo=60")]).expect_err("down");
    assert_eq!(e.kind(), Kind::Busy);
    up(&mut s, "LOGGED_IN");
    now(&mut s, 120);
    let e = set(&mut ctx(&mut s), 1, &[parse("queue_depth=8")]).expect_err("no units");
    assert_eq!(e.kind(), Kind::NotFound);
    s.finish();
}
