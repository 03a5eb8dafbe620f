//! Loss and resets at any byte of running transfers.

use iscsi::{
    LinkLoss,
    digest::Digest,
    initiator::{Event, Outcome, TaskTag},
    negotiate::Params,
    pdu::{Lun, TmfFunction},
    target_node,
};
use proptest::prelude::*;

use crate::harness::*;

pub(crate) const BLOCKS: usize = 24;
/// First block of the reads.
pub(crate) const READS: u32 = 100;

/// A pair with small bursts, so that transfers take many PDUs, and a disk that begins with a pattern.
pub(crate) fn pair(digests: bool, initial_r2t: bool, cuts: Vec<usize>) -> Pair {
    let mut config = initiator_config();
    if digests {
        config.offer.header_digests = vec![Digest::Crc32c];
        config.offer.data_digests = vec![Digest::Crc32c];
    }
    config.offer.params = Params {
        initial_r2t,
        max_recv_data_segment: 1024,
        first_burst: 2048,
        max_burst: 4096,
        max_outstanding_r2t: 2,
        ..Params::default()
    };
    let mut target = target_node::Config::default();
    target.offer.params.max_recv_data_segment = 1024;
    let mut pair = Pair::new(config, target, Books::open(), Cuts::new(cuts));
    pair.run();
    assert!(pair.logged_in().is_some());
    pair.events.clear();
    let all = pattern((READS as usize + 3 * BLOCKS) * BLOCK, 9);
    pair.disks.get_mut(&Lun::flat(0)).unwrap()[..all.len()].copy_from_slice(&all);
    pair
}

/// Three writes and three reads beside each other, run for some rounds.
pub(crate) fn busy(pair: &mut Pair, rounds: usize) -> Vec<(TaskTag, bool)> {
    let mut tags = Vec::new();
    for number in 0..3u32 {
        let lba = number * BLOCKS as u32;
        tags.push((pair.write(lba, pattern(BLOCKS * BLOCK, 1)), true));
        tags.push((pair.read(READS + lba, BLOCKS), false));
    }
    for _ in 0..rounds {
        pair.round();
    }
    tags
}

/// The buffer of a write is as it was given; a read has what arrived, in its place, and nothing else.
fn intact(write: bool, number: usize, bytes: &[u8]) -> bool {
    if write {
        return bytes == pattern(BLOCKS * BLOCK, 1);
    }
    let start = (READS as usize + number * BLOCKS) * BLOCK;
    let all = pattern(start + BLOCKS * BLOCK, 9);
    bytes
        .iter()
        .zip(&all[start..])
        .all(|(got, want)| got == want || *got == 0)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn a_link_lost_at_any_byte_returns_every_buffer_once(
        digests: bool, initial_r2t: bool, cuts in proptest::collection::vec(1usize..900, 1..9), rounds in 0usize..160,
    ) {
        let mut pair = pair(digests, initial_r2t, cuts);
        let tags = busy(&mut pair, rounds);
        pair.initiator.closed(pair.now, LinkLoss::Reset);
        pair.target.closed(pair.now, LinkLoss::Reset);
        pair.run();
        for (at, (tag, write)) in tags.into_iter().enumerate() {
            let (outcome, bytes) = pair.done(tag);
            prop_assert!(outcome == Outcome::Lost || outcome == good(BLOCKS * BLOCK), "{outcome:?}");
            prop_assert!(intact(write, at / 2, &bytes));
        }
        prop_assert!(matches!(pair.events[..], [Event::Dropped(_)]), "{:?}", pair.events);
    }

    #[test]
    fn a_reset_at_any_byte_leaves_a_working_connection(
        digests: bool, initial_r2t: bool, cuts in proptest::collection::vec(1usize..900, 1..9), rounds in 0usize..160,
        function in prop::sample::select(vec![
            TmfFunction::LOGICAL_UNIT_RESET, TmfFunction::ABORT_TASK_SET, TmfFunction::CLEAR_TASK_SET,
            TmfFunction::TARGET_WARM_RESET, TmfFunction::ABORT_TASK,
        ]),
    ) {
        let mut pair = pair(digests, initial_r2t, cuts);
        let tags = busy(&mut pair, rounds);
        let victim = (function == TmfFunction::ABORT_TASK).then_some(tags[rounds % 6].0);
        pair.initiator.task_management(pair.now, function, Lun::flat(0), victim);
        pair.run();
        for (at, (tag, write)) in tags.into_iter().enumerate() {
            let (outcome, bytes) = pair.done(tag);
            prop_assert!(outcome == Outcome::Aborted || outcome == good(BLOCKS * BLOCK), "{outcome:?}");
            prop_assert!(victim.is_none_or(|victim| victim == tag) || outcome != Outcome::Aborted);
            prop_assert!(intact(write, at / 2, &bytes));
        }
        prop_assert!(matches!(pair.events[..], [Event::TmfDone { .. }]), "{:?}", pair.events);
        let write = pair.write(500, pattern(BLOCKS * BLOCK, 5));
        pair.run();
        let read = pair.read(500, BLOCKS);
        pair.run();
        prop_assert_eq!(pair.done(write).0, good(BLOCKS * BLOCK));
        prop_assert!(pair.done(read).1 == pattern(BLOCKS * BLOCK, 5));
    }
}
