//! One wrong bit on the wire, with digests on: no wrong data passes for good, and a session outlives what it can.

use std::time::Duration;

use iscsi::{
    initiator::{DropReason, Event, Outcome},
    pdu::{BHS_LEN, Lun, RejectReason},
};
use proptest::prelude::*;

use crate::harness::*;
use crate::interrupt::{BLOCKS, READS, busy, pair};

/// The first byte of data after a header with its digest.
const DATA: usize = BHS_LEN + 4;
const LIMIT: Duration = Duration::from_secs(600);

fn dropped(pair: &Pair) -> Option<DropReason> {
    pair.events.iter().find_map(|event| match event {
        Event::Dropped(why) => Some(*why),
        _ => None,
    })
}

#[test]
fn damaged_read_data_costs_one_task() {
    let mut pair = pair(true, true, vec![4096]);
    pair.flip[1] = Some(DATA + 100);
    let read = pair.read(READS, BLOCKS);
    pair.run();
    assert_eq!(pair.done(read).0, Outcome::Damaged);
    assert_eq!(dropped(&pair), None);
    let again = pair.read(READS, BLOCKS);
    pair.run();
    let (outcome, data) = pair.done(again);
    let disk = &pair.disks[&Lun::flat(0)];
    let at = READS as usize * BLOCK;
    assert!(outcome == good(data.len()) && data == disk[at..at + BLOCKS * BLOCK]);
    assert_eq!(pair.initiator.counters().digest_errors, 1);
}

#[test]
fn a_damaged_command_costs_one_task() {
    let mut pair = pair(true, true, vec![4096]);
    let first = pattern(BLOCKS * BLOCK, 9);
    pair.flip[0] = Some(DATA + 100);
    let write = pair.write(0, pattern(BLOCKS * BLOCK, 3));
    let behind = pair.read(0, BLOCKS);
    pair.run();
    let outcome = pair.done(write).0;
    assert_eq!(outcome, Outcome::Rejected(RejectReason::DATA_DIGEST_ERROR));
    let (outcome, data) = pair.done(behind);
    assert!(
        outcome == good(data.len()) && data == first,
        "nothing was written"
    );
    assert_eq!(dropped(&pair), None);
    let again = pair.write(0, pattern(BLOCKS * BLOCK, 3));
    pair.run();
    assert_eq!(pair.done(again).0, good(BLOCKS * BLOCK));
}

#[test]
fn damaged_write_data_ends_its_command_with_a_reason() {
    let mut pair = pair(true, true, vec![4096]);
    // The command's own data first, then the first Data-Out.
    pair.flip[0] = Some(DATA + 1024 + 4 + DATA + 100);
    let write = pair.write(0, pattern(BLOCKS * BLOCK, 3));
    pair.run();
    match pair.done(write).0 {
        Outcome::Completed { status: 2, sense, .. } => {
            assert_eq!((sense[2], sense[12], sense[13]), (0x0b, 0x47, 0x05));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(dropped(&pair), None);
    let again = pair.write(0, pattern(BLOCKS * BLOCK, 3));
    pair.run();
    assert_eq!(pair.done(again).0, good(BLOCKS * BLOCK));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn one_wrong_bit_never_passes_for_data(
        to_initiator: bool, at in 0usize..24_000, initial_r2t: bool,
        cuts in proptest::collection::vec(1usize..3000, 1..9),
    ) {
        let mut pair = pair(true, initial_r2t, cuts);
        let disk = pair.disks[&Lun::flat(0)].clone();
        pair.flip[usize::from(to_initiator)] = Some(at);
        let tags = busy(&mut pair, 0);
        pair.pass(LIMIT);
        for (number, (tag, write)) in tags.into_iter().enumerate() {
            let (outcome, data) = pair.done(tag);
            let lba = number / 2 * BLOCKS;
            match (&outcome, write) {
                (Outcome::Completed { status: 0, .. }, true) => {
                    let at = lba * BLOCK;
                    let there = &pair.disks[&Lun::flat(0)][at..at + BLOCKS * BLOCK];
                    prop_assert!(there == pattern(BLOCKS * BLOCK, 1), "a write that ended well is there");
                }
                (Outcome::Completed { status: 0, .. }, false) => {
                    let at = (READS as usize + lba) * BLOCK;
                    prop_assert!(data == disk[at..at + BLOCKS * BLOCK], "wrong data passed for good");
                }
                (Outcome::Completed { status: 2, sense, .. }, true) => {
                    prop_assert_eq!((sense[2], sense[12], sense[13]), (0x0b, 0x47, 0x05));
                }
                (Outcome::Damaged, false) => prop_assert!(to_initiator),
                (Outcome::Rejected(RejectReason::DATA_DIGEST_ERROR), true) => prop_assert!(!to_initiator),
                (Outcome::Lost, _) => prop_assert!(dropped(&pair).is_some()),
                (other, _) => prop_assert!(false, "{other:?}"),
            }
        }
        if dropped(&pair).is_none() {
            let tag = pair.read(READS, 1);
            pair.run();
            prop_assert_eq!(pair.done(tag).0, good(BLOCK), "the session goes on");
        }
    }
}
