//! What the firmware reads from its flash and writes to it.

use super::*;

#[test]
fn flash_entries_are_in_the_table_after_initialization_and_deleted_ones_are_not() {
    let mut bench = Bench::new(&ISP4032, 1);
    bench.write_ddb(5, &entry(TARGET));
    let mut deleted = entry("iqn.2026-01.example:gone");
    deleted.cookie.set(0xFFEE);
    bench.write_ddb(6, &deleted);
    bench.initialize(false);
    let reply = bench.ddb(0);
    assert_eq!(
        (reply.state, reply.next, reply.valid),
        (DdbState::Unassigned, 5, 1)
    );
    assert_eq!(bench.ddb(5).state, DdbState::NoConnectionActive);
    assert!(bench.effects().is_empty(), "non-auto mode connects nothing");
}

#[test]
fn a_full_store_refuses_the_write_and_the_old_bytes_stay() {
    let mut bench = Bench::ready(false);
    bench.write_ddb(5, &entry(TARGET));
    let before = bench.store.contents();
    bench.store.set_full(true);
    let write = Command::WriteFlash {
        offset: FLASH_OFFSET_DB_INFO + 5 * 512,
        data: entry("iqn.2026-01.example:other").as_bytes().to_vec(),
        options: FlashCommit::RmwCommit,
    };
    let error = bench.command(write).unwrap_err();
    assert!(error.why.contains("write the flash image"), "{error}");
    assert_eq!(bench.store.contents(), before);
    let read = bench.ok(Command::ReadFlash {
        offset: FLASH_OFFSET_DB_INFO + 5 * 512,
        len: 512,
    });
    match read {
        Reply::Bytes(bytes) => assert_eq!(bytes, entry(TARGET).as_bytes()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn writes_that_could_not_be_read_back_are_refused() {
    let mut bench = Bench::ready(false);
    let mut bad = entry(TARGET);
    bad.cookie.set(0x1234);
    for (offset, data) in [
        (FLASH_OFFSET_DB_INFO, bad.as_bytes().to_vec()),
        (FLASH_SEGMENT_IFCB, vec![0; 768]),
        (0x0100_0000, vec![0; 4]),
        (FLASH_OFFSET_DB_INFO + 0x7FFF, vec![0; 2]),
        (u32::MAX, vec![0; 4]),
    ] {
        let options = FlashCommit::RmwCommit;
        let before = bench.store.contents();
        assert!(
            bench
                .command(Command::WriteFlash {
                    offset,
                    data,
                    options
                })
                .is_err(),
            "{offset:#x}"
        );
        assert_eq!(bench.store.contents(), before);
    }
}

#[test]
fn held_writes_become_visible_together() {
    let mut bench = Bench::ready(false);
    let first = entry(TARGET);
    let second = entry("iqn.2026-01.example:b");
    let write = |index: u32, entry: &dev_db_entry, options| Command::WriteFlash {
        offset: FLASH_OFFSET_DB_INFO + index * 512,
        data: entry.as_bytes().to_vec(),
        options,
    };
    bench.ok(write(0, &first, FlashCommit::RmwInit));
    assert_eq!(bench.store.commits(), 0);
    bench.ok(write(1, &second, FlashCommit::Commit));
    assert_eq!(bench.store.commits(), 1);
    bench.card.power_cycle(bench.now).unwrap();
    bench.initialize(false);
    assert_eq!(bench.ddb(0).state, DdbState::NoConnectionActive);
    assert_eq!(bench.ddb(1).state, DdbState::NoConnectionActive);
}

#[test]
fn the_eeprom_checksum_is_kept_right() {
    let mut bench = Bench::ready(false);
    bench.ok(Command::SetNvram {
        offset: 0x3b1,
        data: vec![2, 0x85],
    });
    let loaded = bench.store.contents();
    assert_eq!(driver_sys::hw::nvram::word_sum(&loaded.nvram), 0);
    let boot = crate::nvram::BootBlock::read(&loaded.nvram, 0).unwrap();
    assert_eq!((boot.mode, boot.primary), (2, Some(5)));
    assert!(
        bench
            .command(Command::SetNvram {
                offset: 2047,
                data: vec![0, 0]
            })
            .is_err()
    );
    assert!(
        bench
            .command(Command::GetNvram {
                offset: u32::MAX,
                len: u32::MAX
            })
            .is_err()
    );
}

#[test]
fn another_mac_address_in_flash_is_reported() {
    let mut bench = Bench::ready(false);
    let write = |mac: [u8; 6]| Command::WriteFlash {
        offset: 0x0200_0008,
        data: mac.to_vec(),
        options: FlashCommit::RmwCommit,
    };
    bench.ok(write([0, 0xC0, 0xDD, 9, 9, 9]));
    assert_eq!(bench.aens(), [Aen::MacAddressChanged]);
    bench.ok(write([0, 0xC0, 0xDD, 9, 9, 9]));
    assert!(
        bench.command(write([0xFF; 6])).is_err(),
        "no card has a multicast address"
    );
    assert!(bench.aens().is_empty());
}
