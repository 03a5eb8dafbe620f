//! Blocks given up, and what is read of them then.

use super::*;

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
