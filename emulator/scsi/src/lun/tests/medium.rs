//! A medium that fails, is write-protected or goes away.

use super::*;

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
