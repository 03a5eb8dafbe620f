//! One logical unit, command by command.

use super::*;
use crate::cdb::Cdb;
use crate::port::PortId;
use crate::sense::{AdditionalSense, Sense, SenseKey};
use crate::status::Status;
use crate::unit_attention::NexusId;

fn unit_with(size: u64, change: impl FnOnce(&mut LunConfig)) -> LogicalUnit {
    let mut config = LunConfig::new("iqn.2026-01.net.example:disk,0");
    change(&mut config);
    LogicalUnit::new(config, Box::new(MemoryMedium::new(size)))
}

fn unit() -> LogicalUnit {
    unit_with(1 << 20, |_| {})
}

fn run_max(unit: &mut LogicalUnit, cdb: &[u8], out: &[u8], max: usize) -> Result<(u64, Vec<u8>), Sense> {
    let mut data_in = Vec::new();
    let cdb = Cdb::parse(cdb).map_err(|e| e.sense())?;
    let port = PortId::new("tester", 1);
    let mut call = Call {
        nexus: NexusId(1),
        port: &port,
        data_out: out,
        data_in: &mut data_in,
        data_in_max: max,
        status: Status::Good,
        attentions: Vec::new(),
        aborted: Vec::new(),
    };
    match unit.execute(&cdb, &mut call) {
        Ok(transfer) => Ok((transfer, data_in)),
        Err(Failure::Sense(sense)) => Err(sense),
        Err(Failure::Conflict) => panic!("nobody else is here"),
    }
}

fn run(unit: &mut LogicalUnit, cdb: &[u8], out: &[u8]) -> Result<Vec<u8>, Sense> {
    run_max(unit, cdb, out, 1 << 24).map(|(_, data)| data)
}

fn pattern(len: usize) -> Vec<u8> {
    (0..len).map(|i| (i * 7 % 251) as u8).collect()
}

#[test]
fn what_is_written_is_read_by_every_cdb_length() {
    let mut unit = unit();
    let data = pattern(1024);
    for write in [
        &[0x0a, 0, 0, 8, 2, 0][..],
        &[0x2a, 0, 0, 0, 0, 8, 0, 0, 2, 0],
        &[0xaa, 0, 0, 0, 0, 8, 0, 0, 0, 2, 0, 0],
        &[0x8a, 8, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 2, 0, 0],
    ] {
        let mut unit = self::unit();
        run(&mut unit, write, &data).unwrap();
        for read in [
            &[0x08, 0, 0, 8, 2, 0][..],
            &[0x28, 0, 0, 0, 0, 8, 0, 0, 2, 0],
            &[0xa8, 0, 0, 0, 0, 8, 0, 0, 0, 2, 0, 0],
            &[0x88, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 2, 0, 0],
        ] {
            assert_eq!(run(&mut unit, read, &[]).unwrap(), data);
        }
    }
    assert_eq!(
        run(&mut unit, &[0x08, 0, 0, 0, 0, 0], &[]).unwrap().len(),
        256 * 512,
        "READ(6) of 0 blocks"
    );
    assert_eq!(
        run(&mut unit, &[0x28, 0, 0, 0, 0, 0, 0, 0, 0, 0], &[]).unwrap(),
        [],
        "READ(10) of 0 blocks"
    );
}

#[test]
fn the_initiators_length_bounds_the_data_and_not_the_count() {
    let mut unit = unit();
    let (transfer, data) = run_max(&mut unit, &[0x28, 0, 0, 0, 0, 0, 0, 0, 2, 0], &[], 512).unwrap();
    assert_eq!((transfer, data.len()), (1024, 512));
    let (transfer, _) = run_max(&mut unit, &[0x2a, 0, 0, 0, 0, 0, 0, 0, 2, 0], &[7; 700], 0).unwrap();
    assert_eq!(transfer, 1024);
    let read = run(&mut unit, &[0x28, 0, 0, 0, 0, 0, 0, 0, 2, 0], &[]).unwrap();
    assert_eq!(
        (&read[..512], &read[512..]),
        (&[7u8; 512][..], &[0u8; 512][..]),
        "only whole blocks are written"
    );
}

#[test]
fn addresses_beyond_the_end_are_refused_everywhere() {
    let mut unit = unit();
    for cdb in [
        &[0x28, 0, 0, 0, 8, 0, 0, 0, 1, 0][..],
        &[0x28, 0, 0, 0, 7, 0xff, 0, 0, 2, 0],
        &[
            0x88, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 1, 0, 0,
        ],
        &[0x2a, 0, 0, 0, 8, 0, 0, 0, 1, 0],
        &[0x2f, 0, 0, 0, 8, 0, 0, 0, 1, 0],
        &[0x35, 0, 0, 0, 8, 1, 0, 0, 0, 0],
        &[0x41, 0, 0, 0, 7, 0xff, 0, 0, 2, 0],
    ] {
        let sense = run(&mut unit, cdb, &[0; 1024]).unwrap_err();
        assert_eq!(sense.additional, AdditionalSense::LBA_OUT_OF_RANGE, "{cdb:02x?}");
    }
    assert!(
        run(&mut unit, &[0x28, 0, 0, 0, 7, 0xff, 0, 0, 1, 0], &[]).is_ok(),
        "the last block"
    );
}

#[test]
fn capacity_in_both_forms() {
    let mut unit = unit_with(10 * 4096 + 100, |c| c.block_size = 4096);
    assert_eq!(
        run(&mut unit, &[0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0], &[]).unwrap(),
        [0, 0, 0, 9, 0, 0, 16, 0]
    );
    let long = run(
        &mut unit,
        &[0x9e, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 32, 0, 0],
        &[],
    )
    .unwrap();
    assert_eq!(long.len(), 32);
    assert_eq!(long[..12], [0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 16, 0]);
    let mut huge = unit_with(4 << 40, |_| {});
    let short = run(&mut huge, &[0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0], &[]).unwrap();
    assert_eq!(short[..4], [0xff; 4], "too many blocks for ten bytes");
}

#[test]
fn read_only_units_refuse_writes_and_say_so_in_advance() {
    let mut unit = unit_with(1 << 20, |c| c.read_only = true);
    for cdb in [
        &[0x2a, 0, 0, 0, 0, 0, 0, 0, 1, 0][..],
        &[0x41, 0, 0, 0, 0, 0, 0, 0, 1, 0],
        &[0x42, 0, 0, 0, 0, 0, 0, 0, 24, 0],
    ] {
        let sense = run(&mut unit, cdb, &[1; 512]).unwrap_err();
        assert_eq!(
            (sense.key, sense.additional),
            (SenseKey::DataProtect, AdditionalSense::WRITE_PROTECTED)
        );
    }
    assert_eq!(
        run(&mut unit, &[0x1a, 8, 0x3f, 0, 255, 0], &[]).unwrap()[2] & 0x80,
        0x80,
        "WP bit"
    );
}

#[test]
fn standard_inquiry_names_the_unit_and_is_cut_at_the_allocation_length() {
    let mut unit = unit();
    let data = run(&mut unit, &[0x12, 0, 0, 0, 255, 0], &[]).unwrap();
    assert_eq!(data.len(), 74);
    assert_eq!(data[4] as usize, data.len() - 5);
    assert_eq!(&data[8..36], b"HBAEMU  VIRTUAL-DISK    0001");
    let cut = run(&mut unit, &[0x12, 0, 0, 0, 36, 0], &[]).unwrap();
    assert_eq!(cut, data[..36], "the length inside stays that of the whole");
}

#[test]
fn vpd_pages_list_themselves_and_carry_their_own_length() {
    let mut unit = unit_with(1 << 20, |c| {
        c.port_name = Some("iqn.2026-01.net.example:disk,t,0x0001".into());
    });
    let list = run(&mut unit, &[0x12, 1, 0, 0, 255, 0], &[]).unwrap();
    assert_eq!(list[4..], [0x00, 0x80, 0x83, 0x86, 0xb0, 0xb1, 0xb2]);
    for page in &list[4..] {
        let data = run(&mut unit, &[0x12, 1, *page, 1, 0, 0], &[]).unwrap();
        assert_eq!(data[1], *page);
        assert_eq!(
            usize::from(u16::from_be_bytes([data[2], data[3]])),
            data.len() - 4,
            "page {page:02x}"
        );
    }
    assert!(run(&mut unit, &[0x12, 1, 0x99, 0, 255, 0], &[]).is_err());
    let ids = run(&mut unit, &[0x12, 1, 0x83, 1, 0, 0], &[]).unwrap();
    assert_eq!(ids[4..8], [1, 3, 0, 8]);
    assert_eq!(ids[8] >> 4, 3, "NAA locally assigned");
    let mut rest = &ids[4..];
    let mut seen = 0;
    while let [_, _, _, len, ..] = *rest {
        rest = &rest[4 + len as usize..];
        seen += 1;
    }
    assert_eq!((seen, rest.len()), (4, 0), "designators fill the page exactly");
}

#[test]
fn mode_sense_headers_add_up() {
    let mut unit = unit();
    let six = run(&mut unit, &[0x1a, 0, 0x3f, 0, 255, 0], &[]).unwrap();
    assert_eq!((six[0] as usize, six[3]), (six.len() - 1, 8));
    assert_eq!(six[12], 0x08);
    let ten = run(&mut unit, &[0x5a, 0x10, 0x3f, 0xff, 0, 0, 0, 1, 0, 0], &[]).unwrap();
    assert_eq!(usize::from(u16::from_be_bytes([ten[0], ten[1]])), ten.len() - 2);
    assert_eq!((ten[4], ten[7]), (1, 16), "long LBA descriptor");
    let caching = run(&mut unit, &[0x1a, 8, 0x08, 0, 255, 0], &[]).unwrap();
    assert_eq!(
        (caching.len(), caching[4], caching[6]),
        (24, 0x08, 0x04),
        "write cache on"
    );
    let changeable = run(&mut unit, &[0x1a, 8, 0x48, 0, 255, 0], &[]).unwrap();
    assert_eq!(changeable[6..], [0; 18], "nothing can be changed");
    let saved = run(&mut unit, &[0x1a, 8, 0xc8, 0, 255, 0], &[]).unwrap_err();
    assert_eq!(saved.additional, AdditionalSense::SAVING_NOT_SUPPORTED);
    assert!(run(&mut unit, &[0x1a, 8, 0x01, 0, 255, 0], &[]).is_err());
    assert!(run(&mut unit, &[0x1a, 8, 0x08, 1, 255, 0], &[]).is_err());
}

#[test]
fn verify_finds_the_first_differing_byte() {
    let mut unit = unit();
    let mut data = pattern(1024);
    run(&mut unit, &[0x2a, 0, 0, 0, 0, 4, 0, 0, 2, 0], &data).unwrap();
    let verify = [0x2f, 2, 0, 0, 0, 4, 0, 0, 2, 0];
    run(&mut unit, &verify, &data).unwrap();
    data[700] ^= 1;
    let sense = run(&mut unit, &verify, &data).unwrap_err();
    assert_eq!((sense.key, sense.information), (SenseKey::Miscompare, Some(700)));
    assert!(
        run(&mut unit, &verify, &data[..100]).is_err(),
        "too little to compare"
    );
    run(&mut unit, &[0x2f, 0, 0, 0, 0, 4, 0, 0, 2, 0], &[]).unwrap();
}

#[test]
fn write_same_and_unmap_leave_zeros_and_free_memory() {
    let mut unit = unit();
    run(&mut unit, &[0x41, 0, 0, 0, 0, 0, 4, 0, 0, 0][..], &[9; 512]).unwrap_err();
    run(&mut unit, &[0x41, 0, 0, 0, 0, 2, 0, 4, 0, 0], &pattern(512)).unwrap();
    let read = run(&mut unit, &[0x28, 0, 0, 0, 0, 0, 0, 4, 2, 0], &[]).unwrap();
    assert_eq!(read[..1024], [0; 1024]);
    assert!(read[1024..].chunks(512).all(|block| block == pattern(512)));

    let mut list = vec![0, 22, 0, 16, 0, 0, 0, 0];
    list.extend_from_slice(&[0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 2, 0, 0, 0, 0]);
    run(&mut unit, &[0x42, 0, 0, 0, 0, 0, 0, 0, 24, 0], &list).unwrap();
    let read = run(&mut unit, &[0x28, 0, 0, 0, 0, 2, 0, 0, 4, 0], &[]).unwrap();
    assert_eq!(read[512..1536], [0; 1024]);
    assert!(read[..512] == pattern(512) && read[1536..] == pattern(512));
    assert!(run(&mut unit, &[0x42, 0, 0, 0, 0, 0, 0, 0, 4, 0], &list[..4]).is_err());
    run(
        &mut unit,
        &[0x93, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0],
        &[],
    )
    .unwrap();
    let read = run(&mut unit, &[0x28, 0, 0, 0, 0, 0, 0, 0, 8, 0], &[]).unwrap();
    assert!(read.iter().all(|b| *b == 0), "WRITE SAME without a block");
}

#[test]
fn memory_is_allocated_by_writing_and_freed_by_discarding() {
    let mut medium = MemoryMedium::new(8 << 20);
    medium.write_at(300_000, &[1; 600_000]).unwrap();
    let used = medium.allocated();
    assert!(used > 0 && used < 2 << 20);
    let mut back = vec![0; 600_002];
    medium.read_at(299_999, &mut back).unwrap();
    assert!(back[0] == 0 && back[600_001] == 0 && back[1..600_001].iter().all(|b| *b == 1));
    medium.discard(0, 8 << 20).unwrap();
    assert_eq!(medium.allocated(), 0);
}

#[test]
fn supported_opcodes_are_reported_one_and_all() {
    let mut unit = unit();
    let all = run(&mut unit, &[0xa3, 0x0c, 0, 0, 0, 0, 0, 0, 255, 255, 0, 0], &[]).unwrap();
    let count = crate::opcode::TABLE.len();
    assert_eq!(all.len(), 4 + 8 * count);
    let timed = run(&mut unit, &[0xa3, 0x0c, 0x80, 0, 0, 0, 0, 0, 255, 255, 0, 0], &[]).unwrap();
    assert_eq!(timed.len(), 4 + 20 * count);
    let one = |unit: &mut LogicalUnit, option, op, action| {
        run(unit, &[0xa3, 0x0c, option, op, 0, action, 0, 0, 1, 0, 0, 0], &[])
    };
    let read_10 = one(&mut unit, 1, 0x28, 0).unwrap();
    assert_eq!((read_10[1] & 7, read_10[3], read_10[4]), (3, 10, 0x28));
    assert_eq!(one(&mut unit, 1, 0xee, 0).unwrap()[1] & 7, 1, "unknown");
    assert_eq!(one(&mut unit, 2, 0x9e, 0x10).unwrap()[1] & 7, 3);
    assert_eq!(one(&mut unit, 2, 0x9e, 0x11).unwrap()[1] & 7, 1);
    assert!(one(&mut unit, 1, 0x9e, 0).is_err(), "has service actions");
    assert!(one(&mut unit, 2, 0x28, 0).is_err(), "has none");
}

/// A medium whose storage is full, and unreadable at one place.
struct Failing;

impl Medium for Failing {
    fn size(&self) -> u64 {
        1 << 20
    }
    fn read_at(&mut self, _: u64, _: &mut [u8]) -> Result<(), MediumError> {
        Err(MediumError::Read)
    }
    fn write_at(&mut self, _: u64, _: &[u8]) -> Result<(), MediumError> {
        Err(MediumError::NoSpace)
    }
    fn flush(&mut self) -> Result<(), MediumError> {
        Err(MediumError::Write)
    }
}

#[test]
fn a_failing_medium_becomes_sense_data() {
    let mut unit = LogicalUnit::new(LunConfig::new("x"), Box::new(Failing));
    let mut key = |cdb: &[u8]| run(&mut unit, cdb, &[1; 512]).unwrap_err();
    let read = key(&[0x28, 0, 0, 0, 0, 9, 0, 0, 1, 0]);
    assert_eq!((read.key, read.information), (SenseKey::MediumError, Some(9)));
    assert_eq!(
        key(&[0x2a, 0, 0, 0, 0, 9, 0, 0, 1, 0]).additional,
        AdditionalSense::SPACE_ALLOCATION_FAILED
    );
    assert_eq!(
        key(&[0x35, 0, 0, 0, 0, 0, 0, 0, 0, 0]).additional,
        AdditionalSense::WRITE_ERROR
    );
    assert_eq!(key(&[0x41, 0, 0, 0, 0, 0, 0, 0, 1, 0]).key, SenseKey::DataProtect);
}

#[test]
fn compare_and_write_swaps_only_what_matches() {
    let mut unit = unit();
    let caw = |blocks| [0x89, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, blocks, 0, 0];
    let mut data = [vec![0; 512], pattern(512)].concat();
    run(&mut unit, &caw(1), &data).unwrap();
    let read = [0x28, 0, 0, 0, 0, 4, 0, 0, 1, 0];
    assert_eq!(run(&mut unit, &read, &[]).unwrap(), pattern(512));
    let sense = run(&mut unit, &caw(1), &data).unwrap_err();
    assert_eq!((sense.key, sense.information), (SenseKey::Miscompare, Some(1)));
    assert_eq!(
        run(&mut unit, &read, &[]).unwrap(),
        pattern(512),
        "nothing was written"
    );
    data.push(0);
    assert!(run(&mut unit, &caw(1), &data).is_err(), "a byte too many");
    assert!(run(&mut unit, &caw(2), &data[..1024]).is_err(), "too little");
}

#[test]
fn or_write_sets_bits_and_write_and_verify_reads_back() {
    let mut unit = unit();
    run(&mut unit, &[0x2a, 0, 0, 0, 0, 4, 0, 0, 1, 0], &[0x0f; 512]).unwrap();
    let or = [0x8b, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 2, 0, 0];
    run(&mut unit, &or, &[0x30; 1024]).unwrap();
    let read = run(&mut unit, &[0x28, 0, 0, 0, 0, 4, 0, 0, 2, 0], &[]).unwrap();
    assert_eq!((&read[..512], &read[512..]), (&[0x3f; 512][..], &[0x30; 512][..]));
    for cdb in [
        &[0x2e, 2, 0, 0, 0, 9, 0, 0, 1, 0][..],
        &[0xae, 0, 0, 0, 0, 9, 0, 0, 0, 1, 0, 0],
        &[0x8e, 2, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 1, 0, 0],
    ] {
        assert_eq!(run_max(&mut unit, cdb, &[cdb[0]; 512], 0).unwrap().0, 512);
        let read = run(&mut unit, &[0x28, 0, 0, 0, 0, 9, 0, 0, 1, 0], &[]).unwrap();
        assert_eq!(read, [cdb[0]; 512]);
    }
    assert!(run(&mut unit, &[0x2e, 6, 0, 0, 0, 9, 0, 0, 1, 0], &[0; 512]).is_err());
}

#[test]
fn atomic_writes_have_a_limit_of_their_own() {
    let mut unit = unit();
    let write = |blocks: u16, boundary| {
        let [high, low] = blocks.to_be_bytes();
        [0x9c, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, boundary, high, low, 0, 0]
    };
    run(&mut unit, &write(512, 0), &[1; 512 * 512]).unwrap();
    assert!(run(&mut unit, &write(513, 0), &[1; 513 * 512]).is_err());
    assert!(run(&mut unit, &write(8, 8), &[1; 4096]).is_err(), "no boundaries");
}

#[test]
fn lba_status_follows_writing_and_unmapping() {
    let mut unit = unit();
    run(&mut unit, &[0x2a, 0, 0, 0, 0, 0, 0, 0, 32, 0], &[1; 32 * 512]).unwrap();
    let mut list = vec![0, 22, 0, 16, 0, 0, 0, 0];
    list.extend_from_slice(&[0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 8, 0, 0, 0, 0]);
    run(&mut unit, &[0x42, 0, 0, 0, 0, 0, 0, 0, 24, 0], &list).unwrap();
    let status = |lba: u8, len: u8| [0x9e, 0x12, 0, 0, 0, 0, 0, 0, 0, lba, 0, 0, 0, len, 0, 0];
    let all = run(&mut unit, &status(0, 255), &[]).unwrap();
    let described: Vec<_> = all[8..]
        .chunks(16)
        .map(|d| (d[7], u32::from_be_bytes([d[8], d[9], d[10], d[11]]), d[12]))
        .collect();
    assert_eq!(described, [(0, 8, 0), (8, 8, 1), (16, 16, 0), (32, 2048 - 32, 1)]);
    assert_eq!(all[..4], (4 + 64u32).to_be_bytes());
    let one = run(&mut unit, &status(9, 24), &[]).unwrap();
    assert_eq!((one.len(), one[15], one[19], one[20]), (24, 9, 7, 1));
    assert!(
        run(
            &mut unit,
            &[0x9e, 0x12, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 0, 24, 0, 0],
            &[]
        )
        .is_err()
    );
}

#[test]
fn sanitize_gives_every_block_up() {
    let mut unit = unit();
    run(&mut unit, &[0x2a, 0, 0, 0, 0, 9, 0, 0, 1, 0], &[1; 512]).unwrap();
    for bad in [
        [0x48, 2, 0, 0, 0, 0, 0, 0, 8, 0],
        [0x48, 2, 1, 0, 0, 0, 0, 0, 0, 0],
        [0x48, 1, 0, 0, 0, 0, 0, 0, 0, 0],
    ] {
        assert!(run(&mut unit, &bad, &[0; 8]).is_err(), "{bad:02x?}");
    }
    run(&mut unit, &[0x48, 2, 0, 0, 0, 0, 0, 0, 0, 0], &[]).unwrap();
    let read = run(&mut unit, &[0x28, 0, 0, 0, 0, 9, 0, 0, 1, 0], &[]).unwrap();
    assert_eq!(read, [0; 512]);
}

#[test]
fn write_same_unmaps_only_where_the_block_sent_is_what_is_read_then() {
    let mut unit = unit();
    let same = |flags, unit: &mut LogicalUnit, block: &[u8]| {
        run(
            unit,
            &[0x93, flags, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0],
            block,
        )
    };
    let mapped = |unit: &mut LogicalUnit| {
        run(
            unit,
            &[0x9e, 0x12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 24, 0, 0],
            &[],
        )
        .unwrap()[20]
            == 0
    };
    same(0, &mut unit, &[0; 512]).unwrap();
    assert!(mapped(&mut unit), "without UNMAP zeros are written");
    same(8, &mut unit, &[0; 512]).unwrap();
    assert!(!mapped(&mut unit));
    same(8, &mut unit, &[7; 512]).unwrap();
    assert!(mapped(&mut unit));
    assert_eq!(
        run(&mut unit, &[0x28, 0, 0, 0, 0, 7, 0, 0, 1, 0], &[]).unwrap(),
        [7; 512]
    );
    same(9, &mut unit, &[]).unwrap();
    assert!(!mapped(&mut unit), "NDOB and UNMAP");
    assert!(same(9, &mut unit, &[0; 512]).is_err(), "NDOB with a block");
    assert!(same(0, &mut unit, &[0; 1024]).is_err(), "two blocks");
    assert!(same(0x18, &mut unit, &[0; 512]).is_err(), "ANCHOR");
}

#[test]
fn a_fully_provisioned_unit_gives_nothing_up() {
    let mut unit = unit_with(1 << 20, |c| c.thin = false);
    let all = run(&mut unit, &[0xa3, 0x0c, 0, 0, 0, 0, 0, 0, 255, 255, 0, 0], &[]).unwrap();
    assert!(
        all[4..]
            .chunks(8)
            .all(|entry| entry[0] != 0x42 && entry[0] != 0x48)
    );
    assert!(
        run(
            &mut unit,
            &[0x93, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0],
            &[0; 512]
        )
        .is_err()
    );
    let capacity = run(
        &mut unit,
        &[0x9e, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 32, 0, 0],
        &[],
    )
    .unwrap();
    assert_eq!(
        (capacity[13], capacity[14]),
        (3, 0),
        "eight blocks a physical one; not thin"
    );
}

#[test]
fn a_removable_medium_comes_and_goes() {
    let mut unit = unit_with(1 << 20, |c| c.removable = true);
    let turn = |unit: &mut LogicalUnit, bits| run(unit, &[0x1b, 0, 0, 0, bits, 0], &[]);
    let prevent = |unit: &mut LogicalUnit, on| run(unit, &[0x1e, 0, 0, 0, on, 0], &[]).unwrap();
    prevent(&mut unit, 1);
    let sense = turn(&mut unit, 2).unwrap_err();
    assert_eq!(sense.additional, AdditionalSense::MEDIUM_REMOVAL_PREVENTED);
    prevent(&mut unit, 0);
    turn(&mut unit, 2).unwrap();
    let gone = run(&mut unit, &[0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0], &[]).unwrap_err();
    assert_eq!(
        (gone.key, gone.additional),
        (SenseKey::NotReady, AdditionalSense::MEDIUM_NOT_PRESENT)
    );
    assert!(
        run(&mut unit, &[0x12, 0, 0, 0, 36, 0], &[]).unwrap()[1] & 0x80 != 0,
        "RMB"
    );
    turn(&mut unit, 3).unwrap();
    run(&mut unit, &[0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0], &[]).unwrap();
    assert!(turn(&mut self::unit(), 2).is_err(), "a fixed medium stays");
}

#[test]
fn mode_select_changes_two_bits_and_no_others() {
    let mut unit = unit();
    let mut list = run(&mut unit, &[0x1a, 8, 0x0a, 0, 255, 0], &[]).unwrap();
    list[0] = 0;
    let select =
        |unit: &mut LogicalUnit, list: &[u8]| run(unit, &[0x15, 0x10, 0, 0, list.len() as u8, 0], list);
    list[6] |= 0x04;
    list[8] |= 0x08;
    select(&mut unit, &list).unwrap();
    assert!(unit.descriptor_sense() && unit.read_only());
    let write = run(&mut unit, &[0x2a, 0, 0, 0, 0, 0, 0, 0, 1, 0], &[0; 512]).unwrap_err();
    assert_eq!(write.additional, AdditionalSense::SOFTWARE_WRITE_PROTECTED);
    for byte in 5..list.len() {
        let mut other = list.clone();
        other[byte] ^= 0x01;
        assert!(select(&mut unit, &other).is_err(), "byte {byte}");
    }
    assert!(select(&mut unit, &list[..list.len() - 1]).is_err());
    let ten = [
        &[0, 0, 0, 0, 0, 0, 0, 8][..],
        &[0, 0, 8, 0, 0, 0, 2, 0],
        &list[4..],
    ]
    .concat();
    run(
        &mut unit,
        &[0x55, 0x10, 0, 0, 0, 0, 0, 0, ten.len() as u8, 0],
        &ten,
    )
    .unwrap();
    assert!(run(&mut unit, &[0x15, 0x11, 0, 0, 0, 0], &[]).is_err(), "SP");
    unit.reset();
    assert!(!unit.descriptor_sense() && !unit.read_only());
}
