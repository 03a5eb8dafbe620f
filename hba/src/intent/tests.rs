use std::path::Path;
use std::time::Duration;

use super::*;
use crate::backend::ChapRecord;
use crate::backend::scripted::{Call, Scripted};
use crate::deadline::Deadline;
use crate::model::{ChapDirection, FlashTarget, HostStats};
use crate::ops::testing::{H0, flash, home};
use crate::secret::Secret;

const NEW: &str = "iqn.2026-11.test:new";

fn script() -> Scripted {
    let mut s = Scripted::new();
    s.card = Some("0000-00-05".into());
    s
}

fn ctx<'s>(s: &'s mut Scripted, dir: &Path) -> Ctx<'s> {
    Ctx::new(s, Deadline::after(Duration::from_secs(60)), home(dir))
}

fn adding() -> Intent {
    Intent::FlashAdd {
        known: vec![2, 3],
        target: Some(NEW.to_owned()),
        address: "192.168.10.50".parse().expect("address"),
        port: 3260,
    }
}

fn blank(index: u32) -> FlashTarget {
    flash(index, &[("targetname", ""), ("ipaddress", "0.0.0.0")])
}

/// What is asked before anything else: whether the requests of the dead are through.
fn drained(s: &mut Scripted) {
    s.expect::<HostStats>(Call::HostStats(H0), Err(Error::new(Kind::Unsupported, "x")));
}

/// Leaves the record that a killed process would.
fn killed(dir: &Path, intent: Intent) {
    Store::new(dir, "0000-00-05")
        .write(&Record::new(H0, "flash add", intent))
        .expect("recorded");
}

fn on_record(dir: &Path) -> bool {
    dir.join("intent/0000-00-05.json").exists()
}

/// The next writer's turn, and what it says.
fn next(s: &mut Scripted, dir: &Path) -> String {
    let mut ctx = ctx(s, dir);
    let writer = ctx.writer(H0, "flash add", "add a flash target").expect("turn");
    let said: Vec<String> = ctx.warnings.iter().map(ToString::to_string).collect();
    let said = said.join("\n");
    drop(writer);
    said
}

#[test]
fn a_record_is_there_while_the_work_is_done_and_gone_with_its_end() {
    let dir = tempfile::tempdir().expect("dir");
    let mut s = script();
    let mut ctx = ctx(&mut s, dir.path());
    let seen = ctx.intending(H0, "flash add", "add", adding(), |ctx| {
        // Part of a larger work: one record.
        ctx.intending(H0, "flash add", "add", adding(), |_| Ok(on_record(dir.path())))
    });
    assert_eq!(seen, Ok(true));
    assert!(!on_record(dir.path()));
    let refused: Result<()> = ctx.intending(H0, "flash add", "add", adding(), |_| {
        Err(Error::new(Kind::Busy, "add"))
    });
    assert_eq!(refused.map_err(|e| e.kind()), Err(Kind::Busy));
    assert!(
        !on_record(dir.path()),
        "what was refused needs nobody to look after it"
    );
}

#[test]
fn what_cannot_be_recorded_is_not_begun() {
    let dir = tempfile::tempdir().expect("dir");
    std::fs::write(dir.path().join("intent"), "a file").expect("written");
    let mut s = script();
    let refused: Result<()> =
        ctx(&mut s, dir.path()).intending(H0, "flash add", "add", adding(), |_| panic!("begun"));
    let text = refused.expect_err("refused").to_string();
    assert!(text.contains("nothing was changed"), "{text}");
}

#[test]
fn the_next_writer_removes_an_entry_that_has_no_name_yet_and_only_that() {
    let dir = tempfile::tempdir().expect("dir");
    killed(dir.path(), adding());
    let mut s = script();
    drained(&mut s);
    // 2 was there before; 5 is somebody else's; 4 is what was left.
    let table = vec![flash(2, &[]), blank(4), flash(5, &[("targetname", "iqn.other")])];
    s.expect(Call::FlashTargets(H0), Ok(table))
        .expect(Call::DeleteFlashTarget(H0, 4), Ok(()));
    let said = next(&mut s, dir.path());
    assert!(
        said.contains("tester flash add") && said.contains("undone: entry 4, which had no name yet"),
        "{said}"
    );
    s.finish();
    assert!(!on_record(dir.path()));
    // It is looked after once.
    assert_eq!(next(&mut script(), dir.path()), "");
}

#[test]
fn the_next_writer_tells_what_had_been_done_and_what_had_not() {
    let dir = tempfile::tempdir().expect("dir");
    killed(dir.path(), adding());
    let mut s = script();
    drained(&mut s);
    s.expect(Call::FlashTargets(H0), Ok(vec![flash(4, &[("targetname", NEW)])]));
    let said = next(&mut s, dir.path());
    assert!(
        said.contains("had done its work: it is there: flash target 4"),
        "{said}"
    );
    s.finish();

    killed(dir.path(), adding());
    let mut s = script();
    drained(&mut s);
    s.expect(Call::FlashTargets(H0), Ok(vec![flash(2, &[])]));
    let said = next(&mut s, dir.path());
    assert!(said.contains("had changed nothing"), "{said}");
    s.finish();
}

#[test]
fn a_discovery_takes_its_entry_with_it_and_leaves_others() {
    let dir = tempfile::tempdir().expect("dir");
    let (address, port) = ("192.168.10.50".parse().expect("address"), 3260);
    killed(
        dir.path(),
        Intent::Discovery {
            known: vec![2],
            address,
            port,
        },
    );
    let entry = |index, at| {
        flash(
            index,
            &[("targetname", ""), ("discovery_session", "1"), ("ipaddress", at)],
        )
    };
    let mut s = script();
    drained(&mut s);
    let table = vec![
        entry(2, "192.168.10.50"),
        entry(3, "192.168.10.50"),
        entry(4, "192.168.10.51"),
        flash(5, &[]),
    ];
    s.expect(Call::FlashTargets(H0), Ok(table))
        .expect(Call::DeleteFlashTarget(H0, 3), Ok(()));
    let said = next(&mut s, dir.path());
    assert!(said.contains("undone: discovery entry 3 was removed"), "{said}");
    s.finish();
}

#[test]
fn bytes_tell_whether_the_nvram_was_written() {
    let dir = tempfile::tempdir().expect("dir");
    let intent = || Intent::Nvram {
        bytes: vec![(1, 0, 2), (6, 9, 7)],
    };
    for (now, told) in [
        ([0u8, 2, 0, 0, 0, 0, 7, 0], "had done its work"),
        ([0, 0, 0, 0, 0, 0, 9, 0], "had changed nothing"),
        ([0, 2, 0, 0, 0, 0, 9, 0], "look: boot show"),
    ] {
        killed(dir.path(), intent());
        let mut s = script();
        drained(&mut s);
        s.expect(Call::ReadNvram(H0, 0, 8), Ok(now.to_vec()));
        let said = next(&mut s, dir.path());
        assert!(said.contains(told), "{said}");
        s.finish();
    }
}

#[test]
fn a_chap_entry_is_known_by_its_name_and_a_secret_alone_by_nothing() {
    let dir = tempfile::tempdir().expect("dir");
    let entry = |name: &str| ChapRecord {
        index: 4,
        direction: ChapDirection::Out,
        username: name.to_owned(),
        secret: Secret::stored(b"0123456789ab"),
    };
    let (old, new) = (Some("old".to_owned()), Some("new".to_owned()));
    for (before, after, now, told) in [
        (None, new.clone(), vec![entry("new")], "chap entry 4 was written"),
        (None, new.clone(), vec![], "had changed nothing"),
        (
            old.clone(),
            new.clone(),
            vec![entry("old")],
            "had changed nothing",
        ),
        (old.clone(), None, vec![], "chap entry 4 is gone"),
        (
            old.clone(),
            new,
            vec![entry("third")],
            "neither as before nor as wanted",
        ),
        (
            old.clone(),
            old,
            vec![entry("old")],
            "the old secret or the new one",
        ),
    ] {
        killed(
            dir.path(),
            Intent::Chap {
                index: 4,
                before,
                after,
            },
        );
        let text = std::fs::read_to_string(dir.path().join("intent/0000-00-05.json")).expect("text");
        assert!(!text.contains("0123456789ab"), "no secret");
        let mut s = script();
        drained(&mut s);
        s.expect(Call::ChapPage(H0, 4), Ok(now));
        let said = next(&mut s, dir.path());
        assert!(said.contains(told), "{said}");
        s.finish();
    }
}

#[test]
fn what_cannot_be_looked_after_now_is_left_to_the_next_and_readers_say_so() {
    let dir = tempfile::tempdir().expect("dir");
    killed(dir.path(), adding());
    let mut s = script();
    s.expect::<HostStats>(
        Call::HostStats(H0),
        Err(Error::timeout("read statistics", "an answer")),
    );
    let said = next(&mut s, dir.path());
    assert!(said.contains("left to the next change"), "{said}");
    assert!(on_record(dir.path()));
    let told = pending(&ctx(&mut s, dir.path()));
    assert!(
        matches!(told.as_slice(), [one] if one.to_string().contains("flash add") && one.steps().eq([Step::FlashList])),
        "{told:?}"
    );
}

#[test]
fn a_record_that_does_not_read_is_put_aside() {
    let dir = tempfile::tempdir().expect("dir");
    killed(dir.path(), adding());
    std::fs::write(dir.path().join("intent/0000-00-05.json"), "half").expect("written");
    let said = next(&mut script(), dir.path());
    assert!(said.contains("put aside"), "{said}");
    assert!(!on_record(dir.path()));
    assert_eq!(next(&mut script(), dir.path()), "");
}

#[test]
fn work_that_was_not_heard_of_to_the_end_is_undone_in_the_time_kept_for_it() {
    let dir = tempfile::tempdir().expect("dir");
    let mut s = script();
    drained(&mut s);
    s.expect(Call::FlashTargets(H0), Ok(vec![blank(4)]))
        .expect(Call::DeleteFlashTarget(H0, 4), Ok(()));
    let lost = || Error::timeout("add", "answer to NewFlashnode").in_doubt(Step::FlashList);
    let failed: Result<()> =
        ctx(&mut s, dir.path()).intending(H0, "flash add", "add", adding(), |_| Err(lost()));
    let e = failed.expect_err("lost");
    assert_eq!(e.kind(), Kind::Timeout, "{e}");
    assert!(e.to_string().contains("what was begun was undone"), "{e}");
    s.finish();
    assert!(!on_record(dir.path()));

    // Without an answer to that either, nobody knows, and the record stays.
    let mut s = script();
    s.expect::<HostStats>(
        Call::HostStats(H0),
        Err(Error::timeout("read statistics", "an answer")),
    );
    let failed: Result<()> =
        ctx(&mut s, dir.path()).intending(H0, "flash add", "add", adding(), |_| Err(lost()));
    let e = failed.expect_err("lost");
    assert_eq!(e.kind(), Kind::Unknown, "{e}");
    assert!(e.next_step().is_some_and(|h| h.steps().eq([Step::FlashList])));
    assert!(on_record(dir.path()));
}
