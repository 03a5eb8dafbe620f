//! CHAP operations on a script.

use super::super::testing::{H0, adapter, brief, ctx, flash, key, session};
use super::*;
use crate::Change;
use crate::backend::ChapRecord;
use crate::backend::scripted::{Call, Scripted};
use crate::error::{Error, Kind, Result};
use crate::model::{ChapDirection, ChapUse, FlashTarget, SessionBrief};
use crate::secret::Secret;

mod meanwhile;

const WORD: &str = "correct-horse-battery";

fn record(index: u16, username: &str, secret: &str) -> ChapRecord {
    ChapRecord {
        index,
        direction: ChapDirection::Out,
        username: username.into(),
        secret: Secret::stored(secret),
    }
}

fn new(index: Option<u16>) -> NewChap {
    NewChap {
        index,
        direction: ChapDirection::Out,
        username: "user".into(),
        secret: Secret::new(WORD).expect("valid"),
    }
}

fn table(s: &mut Scripted, records: Vec<ChapRecord>) -> &mut Scripted {
    s.expect(Call::ChapPage(H0, 0), Ok(records))
}

/// The calls that find users: flash targets (and their sessions), then sessions in full.
fn users(s: &mut Scripted, targets: Vec<FlashTarget>, sessions: &[(u32, Option<u16>)]) {
    let briefs: Vec<SessionBrief> = sessions
        .iter()
        .map(|(sid, _)| brief(*sid, "iqn.other", "LOGGED_IN"))
        .collect();
    let with_targets = targets.iter().any(|t| !t.discovery);
    s.expect(Call::FlashTargets(H0), Ok(targets));
    if with_targets {
        s.expect(Call::Sessions, Ok(briefs.clone()));
    }
    s.expect(Call::Sessions, Ok(briefs));
    for (sid, chap) in sessions {
        let mut full = session(*sid, "iqn.other", "LOGGED_IN");
        full.chap_index = *chap;
        s.expect(Call::Session(*sid), Ok(Some(full)));
    }
}

fn ready(s: &mut Scripted) -> &mut Scripted {
    s.expect(Call::AdapterKeys, Ok(vec![key()]))
}

#[test]
fn the_table_is_read_page_by_page() {
    let mut s = Scripted::new();
    let first: Vec<_> = (0..32).map(|i| record(i * 2, "u", WORD)).collect();
    s.expect(Call::ChapPage(H0, 0), Ok(first))
        .expect(Call::ChapPage(H0, 63), Ok(vec![record(100, "last", WORD)]));
    let all = table::records(&mut ctx(&mut s), H0).expect("read");
    assert_eq!((all.len(), all[32].index), (33, 100));
    s.finish();
}

#[test]
fn a_page_that_goes_backwards_is_an_error_and_no_endless_loop() {
    let mut s = Scripted::new();
    let page: Vec<_> = (0..32).map(|_| record(5, "u", WORD)).collect();
    table(&mut s, page);
    assert_eq!(
        table::records(&mut ctx(&mut s), H0).expect_err("loop").kind(),
        Kind::Failed
    );
    s.finish();
}

#[test]
fn every_entry_names_its_users() {
    let mut s = Scripted::new();
    let mut mutual = record(2, "target", WORD);
    mutual.direction = ChapDirection::In;
    table(ready(&mut s), vec![record(1, "user", WORD), mutual]);
    let target = flash(
        3,
        &[("chap_out_idx", "1"), ("chap_auth", "1"), ("bidi_chap", "1")],
    );
    users(&mut s, vec![target], &[(7, Some(1)), (8, None)]);
    let all = list(&mut ctx(&mut s), Some(&crate::AdapterId::Host(H0))).expect("list");
    assert_eq!(
        all[0].in_use_by,
        [ChapUse::Flash { index: 3 }, ChapUse::Session { sid: 7 }]
    );
    assert_eq!(all[1].in_use_by, [ChapUse::Flash { index: 3 }]);
    s.finish();
}

#[test]
fn adding_takes_the_first_free_index_after_those_for_boot_and_verifies() {
    let mut s = Scripted::new();
    table(ready(&mut s), vec![record(4, "other", WORD)]);
    s.expect(Call::Adapter(H0), Ok(Some(adapter())));
    table(&mut s, vec![record(4, "other", WORD)]);
    s.expect(Call::SetChap(H0, record(5, "user", WORD)), Ok(()));
    table(&mut s, vec![record(4, "other", WORD), record(5, "user", WORD)]);
    let change = add(&mut ctx(&mut s), None, &new(None)).expect("added");
    assert_eq!(change.after().map(|e| e.index), Some(5));
    assert!(change.is_changed());
    s.finish();
}

#[test]
fn adding_what_is_there_changes_nothing() {
    let mut s = Scripted::new();
    table(ready(&mut s), vec![record(4, "user", WORD)]);
    users(&mut s, vec![], &[]);
    let change = add(&mut ctx(&mut s), None, &new(None)).expect("same");
    assert!(matches!(change, Change::Unchanged { current: Some(e), .. } if e.index == 4));
    s.finish();
}

#[test]
fn an_index_that_holds_another_entry_is_refused() {
    let mut s = Scripted::new();
    table(ready(&mut s), vec![record(6, "other", WORD)]);
    assert_eq!(
        add(&mut ctx(&mut s), None, &new(Some(6)))
            .expect_err("taken")
            .kind(),
        Kind::Busy
    );
    table(ready(&mut s), vec![]);
    s.expect(Call::Adapter(H0), Ok(Some(adapter())));
    assert_eq!(
        add(&mut ctx(&mut s), None, &new(Some(128)))
            .expect_err("range")
            .kind(),
        Kind::Invalid
    );
    s.finish();
}

#[test]
fn a_full_table_says_so() {
    let mut s = Scripted::new();
    for page in 0..4u16 {
        let records: Vec<_> = (page * 32..page * 32 + 32)
            .map(|i| record(i, "u", WORD))
            .collect();
        if page == 0 {
            table(ready(&mut s), records);
        } else {
            s.expect(Call::ChapPage(H0, page * 32), Ok(records));
        }
    }
    s.expect::<Vec<ChapRecord>>(Call::ChapPage(H0, 128), Ok(vec![]));
    s.expect(Call::Adapter(H0), Ok(Some(adapter())));
    let e = add(&mut ctx(&mut s), None, &new(None)).expect_err("full");
    assert_eq!(e.kind(), Kind::Busy);
    assert!(e.to_string().contains("128"), "{e}");
    s.finish();
}

#[test]
fn a_secret_that_did_not_arrive_whole_is_rolled_back() {
    let mut s = Scripted::new();
    table(ready(&mut s), vec![]);
    s.expect(Call::Adapter(H0), Ok(Some(adapter())));
    table(&mut s, vec![]);
    s.expect(Call::SetChap(H0, record(4, "user", WORD)), Ok(()));
    table(&mut s, vec![record(4, "user", "correct-horse")]);
    s.expect(Call::DeleteChap(H0, 4), Ok(()));
    table(&mut s, vec![]);
    let e = add(&mut ctx(&mut s), None, &new(None)).expect_err("cut");
    assert_eq!(e.kind(), Kind::VerifyFailed { rolled_back: true });
    assert!(!format!("{e} {e:?}").contains("horse"), "{e}");
    s.finish();
}

#[test]
fn a_rollback_that_fails_is_told_as_such() {
    let mut s = Scripted::new();
    let old = record(4, "user", "old-secret-here");
    table(ready(&mut s), vec![old.clone()]);
    users(&mut s, vec![], &[]);
    table(&mut s, vec![old.clone()]);
    s.expect(Call::SetChap(H0, record(4, "user", WORD)), Ok(()));
    table(&mut s, vec![record(4, "user", "garbage-garbage")]);
    s.expect::<()>(
        Call::SetChap(H0, old),
        Err(Error::new(Kind::Failed, "write chap entry 4")),
    );
    let secret = Secret::new(WORD).expect("valid");
    let e = set(&mut ctx(&mut s), None, 4, None, Some(&secret)).expect_err("twice");
    assert_eq!(e.kind(), Kind::RollbackFailed);
    s.finish();
}

#[test]
fn changing_the_secret_shows_neither_old_nor_new() {
    let mut s = Scripted::new();
    table(ready(&mut s), vec![record(4, "user", "old-secret-here")]);
    users(&mut s, vec![], &[]);
    table(&mut s, vec![record(4, "user", "old-secret-here")]);
    s.expect(Call::SetChap(H0, record(4, "user", WORD)), Ok(()));
    table(&mut s, vec![record(4, "user", WORD)]);
    let secret = Secret::new(WORD).expect("valid");
    let change = set(&mut ctx(&mut s), None, 4, None, Some(&secret)).expect("changed");
    let text = format!("{change:?} {}", serde_json::to_string(&change).expect("json"));
    assert!(!text.contains("horse") && !text.contains("old-secret"), "{text}");
    assert_eq!(change.diff()[0].field, "secret");
    s.finish();
}

#[test]
fn an_entry_in_use_is_neither_changed_nor_removed() -> Result<()> {
    let used = || flash(3, &[("chap_out_idx", "4")]);
    let mut s = Scripted::new();
    table(ready(&mut s), vec![record(4, "user", WORD)]);
    users(&mut s, vec![used()], &[]);
    let e = remove(&mut ctx(&mut s), None, 4).expect_err("used by flash");
    assert_eq!(e.kind(), Kind::Busy);
    assert!(e.to_string().contains("flash target 3"), "{e}");

    table(ready(&mut s), vec![record(4, "user", WORD)]);
    users(&mut s, vec![], &[(9, Some(4))]);
    let mut c = ctx(&mut s);
    c.force = true;
    let e = remove(&mut c, None, 4).expect_err("used by a session, force or not");
    assert!(e.to_string().contains("session 9"), "{e}");

    table(ready(&mut s), vec![record(4, "user", WORD)]);
    users(&mut s, vec![used()], &[]);
    table(&mut s, vec![record(4, "user", WORD)]);
    s.expect(Call::DeleteChap(H0, 4), Ok(()));
    table(&mut s, vec![]);
    let mut c = ctx(&mut s);
    c.force = true;
    assert!(remove(&mut c, None, 4)?.is_changed());
    s.finish();
    Ok(())
}

#[test]
fn a_wrong_secret_is_corrected_under_the_flash_target_but_not_under_a_session() {
    let secret = Secret::new(WORD).expect("valid");
    let mut s = Scripted::new();
    table(ready(&mut s), vec![record(4, "user", "wrong-secret-here")]);
    users(&mut s, vec![flash(3, &[("chap_out_idx", "4")])], &[]);
    table(&mut s, vec![record(4, "user", "wrong-secret-here")]);
    s.expect(Call::SetChap(H0, record(4, "user", WORD)), Ok(()));
    table(&mut s, vec![record(4, "user", WORD)]);
    let mut c = ctx(&mut s);
    assert!(
        set(&mut c, None, 4, None, Some(&secret))
            .expect("corrected")
            .is_changed()
    );
    assert!(
        c.warnings
            .iter()
            .any(|w| w.to_string().contains("flash target 3")),
        "{:?}",
        c.warnings
    );

    table(ready(&mut s), vec![record(4, "user", "wrong-secret-here")]);
    users(&mut s, vec![], &[(9, Some(4))]);
    let e = set(&mut ctx(&mut s), None, 4, None, Some(&secret)).expect_err("a session holds it");
    assert_eq!(e.kind(), Kind::Busy);
    s.finish();
}

#[test]
fn a_removal_that_the_driver_wrote_elsewhere_is_noticed() {
    let mut s = Scripted::new();
    table(ready(&mut s), vec![record(4, "user", WORD)]);
    users(&mut s, vec![], &[]);
    table(&mut s, vec![record(4, "user", WORD)]);
    s.expect(Call::DeleteChap(H0, 4), Ok(()));
    table(&mut s, vec![record(4, "user", WORD)]);
    let e = remove(&mut ctx(&mut s), None, 4).expect_err("still there");
    assert_eq!(e.kind(), Kind::VerifyFailed { rolled_back: true });
    s.finish();
}

#[test]
fn a_missing_entry_is_not_found() {
    let mut s = Scripted::new();
    table(ready(&mut s), vec![]);
    assert_eq!(
        remove(&mut ctx(&mut s), None, 4).expect_err("missing").kind(),
        Kind::NotFound
    );
    table(ready(&mut s), vec![]);
    assert_eq!(
        show(&mut ctx(&mut s), None, 4).expect_err("missing").kind(),
        Kind::NotFound
    );
    s.finish();
}

#[test]
fn user_names_that_cannot_be_are_refused_before_anything_is_asked() {
    for name in [
        String::new(),
        "a".repeat(usize::from(u8::MAX) + 1),
        "two\nlines".into(),
    ] {
        let mut s = Scripted::new();
        ready(&mut s);
        let mut entry = new(None);
        entry.username = name;
        let e = add(&mut ctx(&mut s), None, &entry).expect_err("refused");
        assert_eq!(e.kind(), Kind::Invalid, "{e}");
        s.finish();
    }
}

#[test]
fn an_index_beyond_the_table_is_refused() {
    let mut small = adapter();
    small.limits.chap_entries = Some(10);
    for (index, good) in [(9, true), (10, false)] {
        let mut s = Scripted::new();
        table(ready(&mut s), vec![]);
        s.expect(Call::Adapter(H0), Ok(Some(small.clone())));
        if good {
            table(&mut s, vec![]);
            s.expect(Call::SetChap(H0, record(index, "user", WORD)), Ok(()));
            table(&mut s, vec![record(index, "user", WORD)]);
        }
        let added = add(&mut ctx(&mut s), None, &new(Some(index)));
        assert_eq!(added.is_ok(), good, "{index}");
        s.finish();
    }
}

/// Adding that reads back wrong, and what the removal of the half-made entry answers.
fn half_made(removal: Result<()>) -> Error {
    let stays = removal.as_ref().is_err_and(|e| e.kind() != Kind::NotFound);
    let mut s = Scripted::new();
    table(ready(&mut s), vec![]);
    s.expect(Call::Adapter(H0), Ok(Some(adapter())));
    table(&mut s, vec![]);
    s.expect(Call::SetChap(H0, record(4, "user", WORD)), Ok(()));
    table(&mut s, vec![record(4, "user", "garbage-garbage")]);
    s.expect(Call::DeleteChap(H0, 4), removal);
    if !stays {
        table(&mut s, vec![]);
    }
    let e = add(&mut ctx(&mut s), None, &new(None)).expect_err("wrong");
    s.finish();
    e
}

#[test]
fn a_half_made_entry_that_is_gone_already_is_as_good_as_removed() {
    let e = half_made(Err(Error::new(Kind::NotFound, "x")));
    assert_eq!(e.kind(), Kind::VerifyFailed { rolled_back: true }, "{e}");
    let e = half_made(Err(Error::new(Kind::Failed, "x")));
    assert_eq!(e.kind(), Kind::RollbackFailed, "{e}");
}
