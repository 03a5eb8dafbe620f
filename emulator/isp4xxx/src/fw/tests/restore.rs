//! RESTORE_FACTORY_DEFAULTS: each area by itself, all at once, nothing else.

use super::*;
use crate::flash::{KillPoint, inspect};
use crate::nvram::BootBlock;

/// A card on which everything was changed.
fn changed_card() -> Bench {
    let mut bench = Bench::ready(false);
    let mut block = bench.acb();
    block.ipv4_addr = [10, 9, 8, 7];
    let mut record = entry(TARGET);
    record.cookie.set(0x9034);
    let mut chap = vec![b'x'; 364];
    chap[362..].copy_from_slice(&0x4092_u16.to_le_bytes());
    let writes = [
        (0x0400_0000, zerocopy::IntoBytes::as_bytes(&block).to_vec()),
        (
            0x0500_0000 + 5 * 512,
            zerocopy::IntoBytes::as_bytes(&record).to_vec(),
        ),
        (0x0600_0000 + 3 * 364, chap),
    ];
    for port in 0..2 {
        for (offset, data) in writes.clone() {
            let options = FlashCommit::RmwCommit;
            let write = Command::WriteFlash {
                offset,
                data,
                options,
            };
            bench.card.command(bench.now, port, write).unwrap();
        }
    }
    bench.ok(Command::SetNvram {
        offset: 0x3b1,
        data: vec![2, 0x85],
    });
    bench
}

fn restore(bits: u32, fields: [u32; 2]) -> Command {
    let areas = FactoryAreas::from_bits_retain(bits);
    Command::RestoreFactoryDefaults { areas, fields }
}

/// What is as the factory made it, as the command's mask.
fn restored(bench: &Bench, port: usize) -> u32 {
    let loaded = bench.store.contents();
    let contents = inspect(&ISP4032, 2, &loaded).unwrap();
    let port = &contents.ports[port];
    u32::from(port.ifcb.as_ref().unwrap().ipv4.is_unspecified())
        | u32::from(port.ddbs.is_empty()) << 1
        | u32::from(port.chap.is_empty()) << 2
        | u32::from(!port.boot.unwrap().enabled()) << 4
}

#[test]
fn each_area_is_restored_by_itself_and_on_its_own_port() {
    for bits in [0x01, 0x02, 0x04, 0x10, 0x17] {
        let mut bench = changed_card();
        assert_eq!(restored(&bench, 0), 0);
        let before = bench.store.contents();
        bench.ok(restore(bits, [0, 0]));
        assert_eq!(restored(&bench, 0), bits);
        // The other port boots from nothing anyway.
        assert_eq!(restored(&bench, 1) & 0x07, 0);
        let after = bench.store.contents();
        assert_eq!(
            driver_sys::hw::nvram::word_sum(&after.nvram),
            0,
            "the checksum is kept right"
        );
        assert_eq!(before.nvram[..0x3b0], after.nvram[..0x3b0], "identity stays");
        // What is read is what is kept.
        let Reply::Bytes(read) = bench.ok(Command::ReadFlash {
            offset: 0x0500_0000 + 5 * 512,
            len: 512,
        }) else {
            panic!("bytes");
        };
        assert_eq!(read == [0xFF; 512], bits & 2 != 0);
    }
}

#[test]
fn areas_that_are_none_and_single_fields_are_refused_and_nothing_changes() {
    for (bits, fields) in [
        (0, [0, 0]),
        (8, [0, 0]),
        (0x20, [0, 0]),
        (0x80000001, [0, 0]),
        (1, [1, 0]),
    ] {
        let mut bench = changed_card();
        let before = bench.store.contents();
        assert!(
            bench.command(restore(bits, fields)).is_err(),
            "{bits:#x} {fields:?}"
        );
        assert!(bench.store.contents() == before);
    }
}

#[test]
fn a_restore_that_loses_power_is_whole_or_none() {
    for point in [KillPoint::BeforeCommit, KillPoint::AfterCommit] {
        let mut bench = changed_card();
        bench.store.kill_at(point);
        assert!(bench.command(restore(0x17, [0, 0])).is_err());
        let expected = if point == KillPoint::BeforeCommit { 0 } else { 0x17 };
        assert_eq!(restored(&bench, 0), expected);
    }
}

#[test]
fn sessions_go_on_until_the_next_reset() {
    let mut bench = changed_card();
    bench.initialize(false);
    bench.ok(restore(0x17, [0, 0]));
    let Reply::Ddb(reply) = bench.ok(Command::GetDatabaseEntry { ddb: 5 }) else {
        panic!("an entry");
    };
    assert_eq!(reply.state, DdbState::NoConnectionActive);
    bench.card.reset(bench.now, 0);
    bench.initialize(false);
    let Reply::Ddb(reply) = bench.ok(Command::GetDatabaseEntry { ddb: 5 }) else {
        panic!("an entry");
    };
    assert_eq!(reply.state, DdbState::Unassigned);
    let nvram = bench.store.contents().nvram;
    assert_eq!(BootBlock::read(&nvram, 0).unwrap().primary, None);
}
