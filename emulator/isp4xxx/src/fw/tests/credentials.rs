//! Logins with CHAP against a real target engine: one way, both ways, refused, and what nobody may read.

use driver_sys::hw::chap::{CHAP_VALID_COOKIE, ChapFlags};
use driver_sys::hw::ddb::IscsiOptions;
use driver_sys::hw::flash::FLASH_CHAP_OFFSET;
use driver_sys::hw::raw::ql4_chap_table;

use super::world::World;
use super::*;

fn write_chap(bench: &mut Bench, index: u32, flags: ChapFlags, name: &str, secret: &str) {
    let mut entry = ql4_chap_table {
        flags: flags.bits(),
        secret_len: secret.len() as u8,
        ..Default::default()
    };
    entry.name[..name.len()].copy_from_slice(name.as_bytes());
    entry.secret[..secret.len()].copy_from_slice(secret.as_bytes());
    entry.cookie.set(CHAP_VALID_COOKIE);
    bench.ok(Command::WriteFlash {
        offset: FLASH_CHAP_OFFSET + index * 364,
        data: entry.as_bytes().to_vec(),
        options: FlashCommit::RmwCommit,
    });
}

/// The entry that the target proves itself with.
fn write_the_targets(bench: &mut Bench) {
    write_chap(bench, 9, ChapFlags::PEER, "disk", "staple of the target");
}

fn with_chap(mutual: bool) -> dev_db_entry {
    let mut entry = entry(TARGET);
    let mut flags = IscsiOptions::CHAP_AUTH;
    flags.set(IscsiOptions::BIDI_CHAP, mutual);
    entry.set_iscsi_flags(flags);
    entry.chap_tbl_idx.set(4);
    entry
}

#[test]
fn chap_works_one_way_and_both_ways() {
    for mutual in [false, true] {
        let mut world = World::plain();
        write_chap(
            &mut world.bench,
            4,
            ChapFlags::LOCAL,
            "alice",
            "correct horse battery",
        );
        write_the_targets(&mut world.bench);
        world.change(PORTAL, |manners| {
            manners.account = Some(("alice", "correct horse battery"));
            manners.identity = Some(("disk", "staple of the target"));
        });
        world.login(3, &with_chap(mutual));
        assert_eq!(
            world.aens(),
            [changed(3, DdbState::SessionActive, 0)],
            "mutual {mutual}"
        );
    }
}

#[test]
fn wrong_or_missing_credentials_are_told_apart() {
    let refused = LoginFailure::Status { class: 2, detail: 1 };
    let secret = "correct horse battery";
    // (our secret, the target's secret for us, what it proves itself with, mutual)
    for (ours, theirs, identity, mutual, expected) in [
        ("wrong horse battery", secret, None, false, refused),
        (
            secret,
            secret,
            Some(("disk", "another secret!")),
            true,
            LoginFailure::TargetAuthentication,
        ),
        ("", secret, None, false, LoginFailure::NoChapEntry),
    ] {
        let mut world = World::plain();
        if !ours.is_empty() {
            write_chap(&mut world.bench, 4, ChapFlags::LOCAL, "alice", ours);
        }
        write_the_targets(&mut world.bench);
        world.change(PORTAL, |manners| {
            manners.account = Some(("alice", theirs));
            manners.identity = identity;
        });
        world.login(3, &with_chap(mutual));
        assert_eq!(world.aens(), failed(3, expected));
        assert_eq!(world.bench.ddb(3).error, expected.code());
    }
}

#[test]
fn no_secret_is_shown_by_anything() {
    let mut world = World::plain();
    write_chap(
        &mut world.bench,
        4,
        ChapFlags::LOCAL,
        "alice",
        "correct horse battery",
    );
    world.login(3, &with_chap(false));
    let secret = "correct horse battery";
    let as_numbers = format!("{:?}", &secret.as_bytes()[..8]).replace(['[', ']'], "");
    let write = Command::WriteFlash {
        offset: FLASH_CHAP_OFFSET,
        data: secret.as_bytes().to_vec(),
        options: FlashCommit::RmwHold,
    };
    let read = world.bench.ok(Command::ReadFlash {
        offset: FLASH_CHAP_OFFSET + 4 * 364,
        len: 364,
    });
    let contents = world.bench.store.contents();
    let view = crate::flash::inspect(&ISP4032, 2, &contents).unwrap();
    let said = world.said();
    let shown = format!(
        "{write:?} {read:?} {contents:?} {view:?} {:?} {:?} {said:?}",
        world.bench.card, world.bench.store
    );
    assert!(shown.contains("alice"));
    assert!(!shown.contains("horse") && !shown.contains(&as_numbers));
}
