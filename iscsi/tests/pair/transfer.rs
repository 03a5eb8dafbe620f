//! Reads and writes under every combination of what can be negotiated.

use iscsi::{
    chap::ChapAlgorithm,
    digest::Digest,
    initiator::{Auth, Direction, Outcome, Residual},
    negotiate::Params,
    target_node,
};
use proptest::prelude::*;

use crate::harness::*;

/// Writes, reads back, compares; then the counters.
fn write_and_read(pair: &mut Pair, sizes: &[usize]) {
    pair.run();
    assert!(pair.logged_in().is_some(), "{:?} {:?}", pair.events, pair.seen);
    let mut lba = 0u32;
    let mut writes = Vec::new();
    for (number, blocks) in sizes.iter().enumerate() {
        let data = pattern(blocks * BLOCK, number as u8);
        writes.push((lba, *blocks, data.clone(), pair.write(lba, data)));
        lba += u32::try_from(*blocks).unwrap();
    }
    pair.run();
    let mut reads = Vec::new();
    for (lba, blocks, data, tag) in writes {
        let (outcome, back) = pair.done(tag);
        assert_eq!(outcome, good(data.len()));
        assert!(back == data, "the buffer of a write comes back as it was");
        reads.push((data, pair.read(lba, blocks)));
    }
    pair.run();
    let total: usize = sizes.iter().map(|blocks| blocks * BLOCK).sum();
    for (data, tag) in reads {
        let (outcome, back) = pair.done(tag);
        assert_eq!(outcome, good(data.len()));
        assert!(back == data, "what was written is read back");
    }
    let counters = pair.initiator.counters();
    assert_eq!((counters.written, counters.read), (total as u64, total as u64));
    assert_eq!((counters.tx_octets, counters.rx_octets), pair.target.octets());
    assert_eq!(counters.tx.scsi_command, 2 * sizes.len() as u64);
    assert_eq!(
        (
            counters.digest_errors,
            counters.format_errors,
            counters.timeout_errors
        ),
        (0, 0, 0)
    );
    assert_eq!(pair.initiator.outstanding(), 0);
}

fn chap_kind(kind: usize) -> (Auth, Books) {
    let algorithm = match kind {
        0 => return (Auth::None, Books::open()),
        1 | 5 => ChapAlgorithm::Md5,
        2 => ChapAlgorithm::Sha1,
        3 | 6 => ChapAlgorithm::Sha256,
        _ => ChapAlgorithm::Sha3_256,
    };
    let (user, identity) = (account("host", "host secret 1"), account("disk", "disk secret 2"));
    let mutual = (kind >= 5).then_some(identity);
    let auth = Auth::Chap {
        outgoing: user.clone(),
        incoming: mutual.clone(),
        algorithms: Vec::new(),
        optional: false,
    };
    (auth, Books::chap(&[algorithm], user, mutual))
}

/// What both sides are told, and what must come out.
fn configs(offer: &Params, header: Digest, data: Digest) -> (iscsi::initiator::Config, target_node::Config) {
    let mut initiator = initiator_config();
    initiator.offer.params = offer.clone();
    initiator.offer.header_digests = vec![header];
    initiator.offer.data_digests = vec![data];
    let mut target = target_node::Config::default();
    target.offer.params.initial_r2t = false;
    target.offer.params.max_recv_data_segment = 4096;
    (initiator, target)
}

#[test]
fn every_combination_of_parameters_moves_the_same_bytes() {
    let digests = [Digest::None, Digest::Crc32c];
    let mut round = 0usize;
    for header in digests {
        for data in digests {
            for immediate_data in [false, true] {
                for initial_r2t in [false, true] {
                    for (first_burst, max_burst) in [(512, 512), (1024, 8192), (65_536, 262_144)] {
                        for max_outstanding_r2t in [1, 4] {
                            let offer = Params {
                                immediate_data,
                                initial_r2t,
                                first_burst,
                                max_burst,
                                max_outstanding_r2t,
                                max_recv_data_segment: 3000,
                                ..Params::default()
                            };
                            let (mut initiator, target) = configs(&offer, header, data);
                            let (auth, books) = chap_kind(round % 8);
                            initiator.auth = auth;
                            let cuts = Cuts::new([1 + round % 60, 700 + round % 7, 5000, 47, 48, 49]);
                            let mut pair = Pair::new(initiator, target, books, cuts);
                            write_and_read(&mut pair, &[1, 9, 40]);
                            let params = &pair.logged_in().unwrap().params;
                            assert_eq!((params.header_digest, params.data_digest), (header, data));
                            assert_eq!(
                                (params.immediate_data, params.initial_r2t),
                                (immediate_data, initial_r2t)
                            );
                            assert_eq!((params.first_burst, params.max_burst), (first_burst, max_burst));
                            assert_eq!(params.max_outstanding_r2t, max_outstanding_r2t);
                            let r2ts = pair.initiator.counters().rx.r2t;
                            let all_fits_unsolicited = !initial_r2t && first_burst >= 20_480;
                            assert_eq!(r2ts == 0, all_fits_unsolicited, "{offer:?}");
                            round += 1;
                        }
                    }
                }
            }
        }
    }
    assert_eq!(round, 96);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn any_parameters_and_any_cuts_move_the_same_bytes(
        header: bool, data: bool, immediate_data: bool, initial_r2t: bool, kind in 0usize..8,
        bursts in (512u32..5000, 512u32..9000), max_outstanding_r2t in 1u32..5, segment in 512u32..6000,
        cuts in proptest::collection::vec(1usize..3000, 1..12), sizes in proptest::collection::vec(1usize..24, 1..5),
    ) {
        let digest = |on| if on { Digest::Crc32c } else { Digest::None };
        let offer = Params {
            immediate_data, initial_r2t, first_burst: bursts.0, max_burst: bursts.1, max_outstanding_r2t,
            max_recv_data_segment: segment, ..Params::default()
        };
        let (mut initiator, target) = configs(&offer, digest(header), digest(data));
        let (auth, books) = chap_kind(kind);
        initiator.auth = auth;
        let mut pair = Pair::new(initiator, target, books, Cuts::new(cuts));
        write_and_read(&mut pair, &sizes);
        prop_assert_eq!(pair.logged_in().unwrap().authenticated, kind > 0);
    }
}

fn plain() -> Pair {
    let mut pair = Pair::new(
        initiator_config(),
        target_node::Config::default(),
        Books::open(),
        Cuts::new([1460]),
    );
    pair.run();
    assert!(pair.logged_in().is_some());
    pair
}

#[test]
fn a_short_read_reports_an_underflow_and_a_long_one_an_overflow() {
    let mut pair = plain();
    let short = pair.submit(
        0,
        cdb10(0x28, 0, 2),
        Direction::Read,
        4096,
        Box::new(vec![7; 4096]),
    );
    let long = pair.submit(
        0,
        cdb10(0x28, 0, 8),
        Direction::Read,
        1000,
        Box::new(vec![7; 1000]),
    );
    let capped = pair.submit(
        0,
        cdb10(0x28, 0, 8),
        Direction::Read,
        4096,
        Box::new(vec![7; 512]),
    );
    pair.run();
    let completed = |residual, transferred| Outcome::Completed {
        status: GOOD,
        sense: Vec::new(),
        residual,
        transferred,
    };
    let (outcome, bytes) = pair.done(short);
    assert_eq!(outcome, completed(Residual::Underflow(3072), 1024));
    assert_eq!(
        (bytes[1023], bytes[1024]),
        (0, 7),
        "bytes beyond what came are left alone"
    );
    assert_eq!(pair.done(long).0, completed(Residual::Overflow(3096), 1000));
    assert_eq!(
        pair.done(capped).0,
        completed(Residual::Overflow(3584), 512),
        "never beyond the buffer"
    );
}

#[test]
fn sense_comes_with_a_check_condition() {
    let mut pair = plain();
    let unknown = pair.submit(0, vec![0xc0; 10], Direction::None, 0, Box::new(Vec::new()));
    let write = pair.submit(
        0,
        cdb10(0x2a, 4000, 100),
        Direction::Write,
        51_200,
        Box::new(vec![1; 51_200]),
    );
    pair.run();
    for tag in [unknown, write] {
        let (Outcome::Completed { status, sense, .. }, _) = pair.done(tag) else {
            panic!("not completed")
        };
        assert_eq!((status, &sense[..]), (CHECK_CONDITION, &SENSE[..]));
    }
}

#[test]
fn commands_beyond_the_window_wait_and_all_complete() {
    let config = target_node::Config {
        window: 4,
        ..target_node::Config::default()
    };
    let mut pair = Pair::new(initiator_config(), config, Books::open(), Cuts::new([333]));
    pair.run();
    pair.hold = true;
    let tags: Vec<_> = (0..50).map(|_| pair.test_unit_ready(0)).collect();
    pair.run();
    assert!(
        pair.initiator.counters().tx.scsi_command < 50,
        "the window holds commands back"
    );
    pair.hold = false;
    while !pair.held.is_empty() {
        for task in std::mem::take(&mut pair.held) {
            pair.target.complete(task, target_node::Completion::status(GOOD));
        }
        pair.run();
    }
    for tag in tags {
        assert_eq!(pair.done(tag).0, good(0));
    }
}

#[test]
fn a_long_cdb_arrives_whole() {
    let mut pair = plain();
    pair.hold = true;
    let cdb: Vec<u8> = (0..32).collect();
    pair.submit(0, cdb, Direction::None, 0, Box::new(Vec::new()));
    pair.run();
    assert_eq!(pair.held.len(), 1);
    let refused = pair.submit(0, vec![0; 261], Direction::None, 0, Box::new(Vec::new()));
    let empty = pair.submit(0, Vec::new(), Direction::None, 0, Box::new(Vec::new()));
    pair.run();
    assert_eq!(pair.done(refused).0, Outcome::NotSent);
    assert_eq!(pair.done(empty).0, Outcome::NotSent);
}
