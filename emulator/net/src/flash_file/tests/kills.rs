//! Kills at every step of every write and of every recovery, through the firmware's own commands: old or new, nothing between.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use isp4xxx::flash::validate;

use super::*;

/// A hook that loses power after `countdown` steps; a negative number never does.
fn bomb() -> (Arc<AtomicI64>, Hook) {
    let fuse = Arc::new(AtomicI64::new(-1));
    let burning = Arc::clone(&fuse);
    let hook = move |_| burning.fetch_sub(1, Ordering::Relaxed) == 0;
    (fuse, Box::new(hook))
}

#[test]
fn ten_thousand_kills_leave_every_record_old_or_new() {
    let (_dir, path) = scratch();
    drop(fresh(&path));
    let mut dice = Dice(0x5EED_0001);
    let (mut kills, mut kept, mut taken, mut in_recovery, mut closed) = (0, 0, 0, 0, 0);
    while kills < 10_000 {
        let expected = peek(&path);
        let (fuse, hook) = bomb();
        let store = open(&path).unwrap().with_hook(hook);
        if dice.roll(4) == 0 {
            // Killed while it puts right what the last kill left.
            fuse.store(dice.roll(8) as i64, Ordering::Relaxed);
        }
        let card = Card::power_on(config(), Box::new(store), Instant::now());
        assert!(
            peek(&path) == expected,
            "recovery changes nothing that can be read"
        );
        let Ok(mut card) = card else {
            in_recovery += 1;
            continue;
        };
        fuse.store(-1, Ordering::Relaxed);
        // Some writes that succeed, then one that is killed.
        for _ in 0..dice.roll(2) {
            let (port, command) = random_write(&mut dice);
            card.command(Instant::now(), port, command).unwrap();
        }
        let before = peek(&path);
        // Ten steps at most, five more while it is closed; later fuses do not go off.
        fuse.store(dice.roll(16) as i64, Ordering::Relaxed);
        let (port, command) = random_write(&mut dice);
        let outcome = card.command(Instant::now(), port, command);
        let killed = outcome.is_err();
        drop(card);
        if killed {
            // Every cookie and checksum must be right.
            let found = open(&path).unwrap().load().unwrap();
            validate::accept(chip(), PORTS, &found).unwrap();
            if kills % 100 == 0 {
                inspect(chip(), PORTS, &found).unwrap();
            }
            kills += 1;
            if found == before {
                kept += 1;
            } else {
                taken += 1;
                assert_one_write_apart(&before, &found);
            }
        } else {
            // Unless it was killed while it was closed, the image is whole and the journal gone.
            let whole = snapshot(&path) == peek(&path);
            assert!(whole || journal(&path).exists());
            closed += usize::from(!journal(&path).exists());
        }
    }
    assert!(
        kept > 1000 && taken > 100 && in_recovery > 100 && closed > 10,
        "kept {kept}, taken {taken}, killed in recovery {in_recovery}, closed {closed}"
    );
}

#[test]
fn what_a_killed_card_wrote_is_in_the_image_after_the_next_start() {
    let (_dir, path) = scratch();
    let (fuse, hook) = bomb();
    let mut card = power_on(fresh(&path).with_hook(hook));
    let mut dice = Dice(21);
    for _ in 0..3 {
        let (port, command) = random_write(&mut dice);
        card.command(Instant::now(), port, command).unwrap();
    }
    // The record is whole, the image has half of it.
    fuse.store(4, Ordering::Relaxed);
    let record = Command::WriteFlash {
        offset: CHAP + 364 * 100,
        data: {
            let mut data = vec![7; 364];
            data[362..].copy_from_slice(&0x4092_u16.to_le_bytes());
            data
        },
        options: FlashCommit::RmwCommit,
    };
    card.command(Instant::now(), 0, record).unwrap_err();
    drop(card);
    let torn = snapshot(&path);
    let mut store = open(&path).unwrap();
    let loaded = store.load().unwrap();
    assert!(torn != loaded, "the file alone is torn");
    assert!(snapshot(&path) == torn, "opening and loading write nothing");
    store.settle().unwrap();
    assert!(snapshot(&path) == loaded, "now a tool for the card reads it");
    drop(store);
    assert!(!journal(&path).exists());
    assert!(snapshot(&path) == loaded);
}

/// The bytes that differ lie in one record of one area, or in the EEPROM.
fn assert_one_write_apart(old: &Loaded, new: &Loaded) {
    let mut records = Vec::new();
    for ((at, old), (_, new)) in old.areas.iter().zip(&new.areas) {
        let area = Area::ALL
            .into_iter()
            .find(|area| (0..PORTS).any(|port| chip().layout.position(*area, port) == *at));
        let record = area.unwrap().record();
        for index in 0..old.len().div_ceil(record) {
            let range = index * record..((index + 1) * record).min(old.len());
            if old[range.clone()] != new[range] {
                records.push((*at, index));
            }
        }
    }
    let nvram = usize::from(old.nvram != new.nvram);
    assert_eq!(records.len() + nvram, 1, "{records:?}");
}
