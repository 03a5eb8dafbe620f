//! What a unit tells about itself: inquiry, capacity, modes, opcodes.

use super::*;

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
    let mut unit = unit();
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
    assert_eq!((seen, rest.len()), (5, 0), "designators fill the page exactly");
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
fn supported_opcodes_are_reported_one_and_all() {
    let mut unit = unit();
    let all = run(&mut unit, &[0xa3, 0x0c, 0, 0, 0, 0, 0, 0, 255, 255, 0, 0], &[]).unwrap();
    // One group of ports is no choice: there is nothing to report on groups.
    let count = crate::opcode::TABLE.len() - 1;
    assert_eq!(all.len(), 4 + 8 * count);
    assert!(
        all[4..]
            .chunks(8)
            .all(|entry| (entry[0], entry[3]) != (0xa3, 0x0a))
    );
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
