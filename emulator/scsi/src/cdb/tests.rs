//! CDB bytes in, fields out.

use proptest::prelude::*;

use super::*;
use crate::opcode;

#[test]
fn read_of_every_length() {
    let range = |cdb: &[u8]| match Cdb::parse(cdb).unwrap() {
        Cdb::Read(t) => (t.range.lba, t.range.blocks, t.force_unit_access),
        other => panic!("{other:?}"),
    };
    assert_eq!(range(&[0x08, 0xff, 0x02, 0x03, 0, 0]), (0x1f_0203, 256, false));
    assert_eq!(
        range(&[0x28, 0x08, 1, 2, 3, 4, 0, 5, 6, 0]),
        (0x0102_0304, 0x0506, true)
    );
    assert_eq!(
        range(&[0xa8, 0, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0]),
        (0x0102_0304, 0x0506_0708, false)
    );
    assert_eq!(
        range(&[0x88, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0, 0]),
        (0x0102_0304_0506_0708, 0x090a_0b0c, false)
    );
}

#[test]
fn refusals_point_at_the_field() {
    for (cdb, error) in [
        (&[][..], CdbError::TooShort),
        (&[0x28, 0, 0, 0], CdbError::TooShort),
        (&[0xff; 16], CdbError::UnknownOpcode),
        (&[0x9e; 16], CdbError::UnknownServiceAction),
        (
            &[0x28, 0x20, 0, 0, 0, 0, 0, 0, 1, 0],
            CdbError::Field { byte: 1, bit: 7 },
        ),
        (&[0x00, 0, 0, 0, 0, 0x04], CdbError::Field { byte: 5, bit: 2 }),
        (&[0x12, 0, 0x80, 0, 255, 0], CdbError::Field { byte: 2, bit: 7 }),
        (
            &[0x2f, 0x04, 0, 0, 0, 0, 0, 0, 1, 0],
            CdbError::Field { byte: 1, bit: 2 },
        ),
        (
            &[0x41, 0x10, 0, 0, 0, 0, 0, 0, 1, 0],
            CdbError::Field { byte: 1, bit: 4 },
        ),
    ] {
        assert_eq!(Cdb::parse(cdb), Err(error), "{cdb:02x?}");
    }
}

#[test]
fn every_command_of_the_table_has_a_reader() {
    for entry in opcode::TABLE {
        let mut cdb = vec![0; entry.cdb_len()];
        cdb[0] = entry.code;
        if let Some(action) = entry.service_action {
            cdb[1] = action as u8;
        }
        let parsed = Cdb::parse(&cdb);
        // Zeros are not a valid MODE SELECT, for one.
        assert!(
            matches!(parsed, Ok(_) | Err(CdbError::Field { .. })),
            "{}: {parsed:?}",
            entry.name
        );
    }
}

proptest! {
    #[test]
    fn parse_never_panics(cdb in proptest::collection::vec(any::<u8>(), 0..20)) {
        let _ = Cdb::parse(&cdb);
    }
}
