use std::path::{Path, PathBuf};
use std::time::Duration;

use super::holder::Holder;
use super::*;
use crate::backend::scripted::Scripted;
use crate::ctx::Ctx;
use crate::deadline::Deadline;
use crate::error::Kind;
use crate::home::Home;

const H1: HostNo = HostNo(1);

fn backend() -> Scripted {
    let mut backend = Scripted::new();
    backend.card = Some("0000-00-05".into());
    backend
}

fn ctx<'b>(backend: &'b mut Scripted, dir: &Path, patience: Duration) -> Ctx<'b> {
    let home = Home {
        program: "tester",
        state: PathBuf::from("/nonexistent"),
        locks: dir.join("locks"),
        records: crate::nodes::Place::under(&dir.join("db")),
        registry: dir.join("registry"),
        config: dir.to_owned(),
    };
    Ctx::new(backend, Deadline::after(patience), home)
}

#[test]
fn the_second_writer_of_a_card_is_told_who_the_first_is() {
    let dir = tempfile::tempdir().expect("dir");
    let (mut one, mut two) = (backend(), backend());
    let mut first = ctx(&mut one, dir.path(), Duration::ZERO);
    let held = first
        .writer(H1, "boot set", "set the boot configuration")
        .expect("free");
    // Another port of the same card.
    let mut second = ctx(&mut two, dir.path(), Duration::ZERO);
    let refused = second
        .writer(HostNo(2), "chap add", "add a chap entry")
        .expect_err("held");
    assert_eq!(refused.kind(), Kind::Busy);
    let text = refused.to_string();
    let holder = format!("held by tester {} (boot set, for ", std::process::id());
    assert!(text.contains(&holder), "{text}");
    drop(held);
    assert!(second.writer(HostNo(2), "chap add", "add a chap entry").is_ok());
}

#[test]
fn one_that_waits_gets_its_turn() {
    let dir = tempfile::tempdir().expect("dir");
    let mut one = backend();
    let mut first = ctx(&mut one, dir.path(), Duration::ZERO);
    let held = first.writer(H1, "boot set", "x").expect("free");
    std::thread::scope(|s| {
        let waits = s.spawn(|| {
            let mut two = backend();
            let mut second = ctx(&mut two, dir.path(), Duration::from_secs(60));
            second.writer(H1, "boot clear", "x").is_ok()
        });
        drop(held);
        assert!(waits.join().expect("no panic"));
    });
}

#[test]
fn an_operation_that_calls_another_shares_its_turn() {
    let dir = tempfile::tempdir().expect("dir");
    let (mut one, mut two) = (backend(), backend());
    let mut first = ctx(&mut one, dir.path(), Duration::ZERO);
    let outer = first.writer(H1, "flash discover", "x").expect("free");
    let inner = first.writer(H1, "flash add", "x").expect("shared");
    drop(inner);
    let mut second = ctx(&mut two, dir.path(), Duration::ZERO);
    assert!(
        second.writer(H1, "flash add", "x").is_err(),
        "the outer one still holds it"
    );
    drop(outer);
    assert!(second.writer(H1, "flash add", "x").is_ok());
}

#[test]
fn other_cards_sessions_and_the_stage_are_not_held_up() {
    let dir = tempfile::tempdir().expect("dir");
    let (mut one, mut two) = (backend(), backend());
    two.card = Some("0000-00-06".into());
    let mut first = ctx(&mut one, dir.path(), Duration::ZERO);
    let _held = first.writer(H1, "boot set", "x").expect("free");
    let mut second = ctx(&mut two, dir.path(), Duration::ZERO);
    let _other = second.writer(HostNo(7), "boot set", "x").expect("another card");
    let _login = second
        .turn(Scope::Login(3), H1, "flash login", "x")
        .expect("a login");
    let _stage = second
        .turn(Scope::Stage, H1, "iface set", "x")
        .expect("the stage");
    let late = first
        .turn(Scope::Login(3), H1, "flash logout", "x")
        .expect_err("held");
    assert!(late.to_string().contains("flash target 3 of host1"), "{late}");
    assert!(first.turn(Scope::Login(4), H1, "flash logout", "x").is_ok());
}

#[test]
fn a_dry_run_takes_nothing_and_leaves_nothing() {
    let dir = tempfile::tempdir().expect("dir");
    let mut one = backend();
    let mut dry = ctx(&mut one, dir.path(), Duration::ZERO);
    dry.dry_run = true.into();
    let writer = dry.writer(H1, "boot set", "x").expect("nothing to wait for");
    assert!(!writer.holds());
    assert!(!dir.path().join("locks").exists());
}

#[test]
fn a_lock_that_cannot_be_made_is_a_refusal_that_names_it() {
    let dir = tempfile::tempdir().expect("dir");
    std::fs::write(dir.path().join("locks"), "a file").expect("written");
    let mut one = backend();
    let refused = ctx(&mut one, dir.path(), Duration::ZERO)
        .writer(H1, "boot set", "set the boot configuration")
        .expect_err("no directory");
    let text = refused.to_string();
    assert!(
        text.contains("/locks") && text.contains("nothing was changed"),
        "{text}"
    );
    // Neither a link nor a pipe is followed, opened or waited for.
    let mut two = backend();
    let locks = dir.path().join("sub/locks");
    std::fs::create_dir_all(&locks).expect("made");
    std::os::unix::fs::symlink(dir.path().join("planted"), locks.join("adapter-0000-00-05")).expect("link");
    assert!(
        ctx(&mut two, &dir.path().join("sub"), Duration::ZERO)
            .writer(H1, "boot set", "x")
            .is_err()
    );
    assert!(!dir.path().join("planted").exists());
}

#[test]
fn a_text_of_somebody_else_names_nobody() {
    let me = Holder::of_this_process("tester", "boot set");
    assert_eq!(Holder::parse(&me.line()), Some(me));
    for line in [
        "",
        "hbactl",
        "hbactl 12 13",
        "hbactl 12 13 \u{1b}[31mred",
        "somebody else",
    ] {
        assert_eq!(Holder::parse(line), None, "{line:?}");
    }
    let found = Holder::parse("hbactl 12 13 flash add").map(|h| h.to_string());
    assert_eq!(found.as_deref(), Some("hbactl 12 (flash add)"));
}
