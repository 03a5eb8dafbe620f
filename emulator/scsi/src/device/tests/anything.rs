//! Every command of the table with arbitrary fields and data.

use proptest::prelude::*;

use super::*;
use crate::opcode;
use crate::status::Status;

const TAKES: usize = 32 << 10;

fn world() -> Device {
    let mut device = Device::new();
    for (number, change) in [0u16, 1, 2].into_iter().zip([
        (|_| {}) as fn(&mut LunConfig),
        |c| c.removable = true,
        |c| {
            c.thin = false;
            c.block_size = 4096;
        },
    ]) {
        let mut config = LunConfig::new(&format!("any-{number}"));
        config.max_transfer = 64 << 10;
        change(&mut config);
        let unit = LogicalUnit::new(config, Box::new(MemoryMedium::new(1 << 20)));
        device.add(number, unit).unwrap();
    }
    for nexus in [ME, OTHER] {
        device.attach(nexus);
    }
    device
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]
    #[test]
    fn any_field_of_any_command_gets_a_sound_answer(steps in proptest::collection::vec(
        (0..opcode::TABLE.len(), any::<bool>(), 0u16..3, proptest::collection::vec(prop_oneof![3 => Just(0u8), 1 => any::<u8>()], 16),
         proptest::collection::vec(prop_oneof![2 => Just(0u8), 1 => any::<u8>()], 0..96)),
        1..32,
    )) {
        let mut device = world();
        let mut data_in = Vec::new();
        for (entry, me, number, mut cdb, data) in steps {
            let entry = &opcode::TABLE[entry];
            cdb.truncate(entry.cdb_len());
            cdb[0] = entry.code;
            if let Some(action) = entry.service_action {
                cdb[1] = cdb[1] & 0xe0 | action as u8;
            }
            for whole in [&data[..], &[0x5a; 8192]] {
                let response = device.execute(
                    &Request {
                        nexus: if me { ME } else { OTHER },
                        lun: lun(number),
                        cdb: &cdb,
                        data_out: whole,
                        data_in_max: TAKES,
                    },
                    &mut data_in,
                );
                prop_assert_eq!(response.sense.is_some(), response.status == Status::CheckCondition);
                prop_assert!(data_in.len() <= 128 << 10, "{} bytes for {:02x?}", data_in.len(), cdb);
                if response.status != Status::Good {
                    prop_assert!(data_in.is_empty(), "{:02x?}", cdb);
                }
            }
            device.take_aborted();
        }
    }
}
