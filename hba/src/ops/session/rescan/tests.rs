//! Rescans on a script.

use super::super::super::testing::{H0, TARGET, brief, ctx, flash, session};
use super::*;
use crate::backend::scripted::{Call, Scripted, ScsiReply};
use crate::change::Change;
use crate::model::SessionBrief;

const MIB: u64 = 1 << 20;

fn lun(address: &str, bytes: u64) -> Lun {
    Lun {
        address: address.into(),
        sid: Some(1),
        vendor: None,
        model: None,
        revision: None,
        serial: None,
        device_type: Some(0),
        size_bytes: Some(bytes),
        block_device: Some(format!("sd{}", address.replace(':', ""))),
        sg_device: None,
        state: None,
        queue_depth: None,
        command_timeout: None,
        unusable: None,
    }
}

fn hctl(address: &str) -> Hctl {
    address.parse().expect("an address")
}

/// REPORT LUNS and its answer.
fn lists(s: &mut Scripted, through: &str, numbers: &[u8]) {
    let mut data = vec![0; 8];
    data[3] = u8::try_from(numbers.len() * 8).expect("few");
    for number in numbers {
        data.extend([0, *number, 0, 0, 0, 0, 0, 0]);
    }
    let cdb = vec![0xA0, 0, 0, 0, 0, 0, 0, 0, 0x40, 0, 0, 0];
    answer(s, through, cdb, data);
}

/// READ CAPACITY(16) and its answer.
fn measures(s: &mut Scripted, address: &str, bytes: u64) {
    let mut data = (bytes / 512 - 1).to_be_bytes().to_vec();
    data.extend(512u32.to_be_bytes());
    data.extend([0; 20]);
    let mut cdb = vec![0; 16];
    cdb[..2].copy_from_slice(&[0x9E, 0x10]);
    cdb[13] = 32;
    answer(s, address, cdb, data);
}

fn answer(s: &mut Scripted, address: &str, cdb: Vec<u8>, data: Vec<u8>) {
    let reply = ScsiReply {
        data,
        ..ScsiReply::default()
    };
    s.expect(Call::Scsi(hctl(address), cdb), Ok(reply));
}

fn up(s: &mut Scripted) {
    s.expect(Call::Session(1), Ok(Some(session(1, TARGET, "LOGGED_IN"))))
        .expect(Call::FlashTargets(H0), Ok(vec![flash(3, &[])]));
}

const SCOPE: LunScope = LunScope::Session(1);

/// Unit 0 has grown, 1 is gone, 2 is new.
fn looked(s: &mut Scripted) {
    up(s);
    s.expect(
        Call::Luns(SCOPE),
        Ok(vec![lun("0:0:0:0", MIB), lun("0:0:0:1", MIB)]),
    );
    lists(s, "0:0:0:0", &[0, 2]);
    measures(s, "0:0:0:0", 2 * MIB);
}

fn fates(rescan: &Rescan) -> Vec<(String, UnitFate)> {
    rescan
        .units
        .iter()
        .map(|unit| (unit.address.clone(), unit.fate))
        .collect()
}

#[test]
fn a_dry_run_asks_the_target_and_tells_what_a_scan_would_find() {
    let mut s = Scripted::new();
    looked(&mut s);
    let mut c = ctx(&mut s);
    c.dry_run = true.into();
    let planned = rescan(&mut c, Some(1), false).expect("planned");
    assert!(matches!(planned.change, Change::Planned { .. }));
    assert_eq!(
        fates(&planned),
        [
            ("0:0:0:2".to_owned(), UnitFate::Found),
            ("0:0:0:1".to_owned(), UnitFate::Gone),
            ("0:0:0:0".to_owned(), UnitFate::Grown)
        ]
    );
    assert_eq!(
        planned.change.diff().len(),
        2,
        "what is gone stays: {:?}",
        planned.change.diff()
    );
    s.finish();
}

#[test]
fn found_gone_and_grown_are_told_and_what_is_gone_stays() {
    let mut s = Scripted::new();
    looked(&mut s);
    let all = |size| vec![lun("0:0:0:0", size), lun("0:0:0:1", MIB), lun("0:0:0:2", 3 * MIB)];
    s.expect(Call::ScanSession(H0, 1), Ok(()))
        .expect(Call::Luns(SCOPE), Ok(all(MIB)))
        .expect(Call::Luns(SCOPE), Ok(all(MIB)));
    lists(&mut s, "0:0:0:0", &[0, 2]);
    measures(&mut s, "0:0:0:0", 2 * MIB);
    measures(&mut s, "0:0:0:2", 3 * MIB);
    s.expect(
        Call::StoreUnit(hctl("0:0:0:0"), UnitAttr::Rescan, "1".into()),
        Ok(()),
    )
    .expect(Call::Luns(SCOPE), Ok(all(MIB)))
    .expect(Call::Luns(SCOPE), Ok(all(2 * MIB)));
    measures(&mut s, "0:0:0:0", 2 * MIB);
    measures(&mut s, "0:0:0:2", 3 * MIB);
    let mut c = ctx(&mut s);
    let done = rescan(&mut c, Some(1), false).expect("scanned");
    assert_eq!(
        fates(&done),
        [
            ("0:0:0:0".to_owned(), UnitFate::Grown),
            ("0:0:0:1".to_owned(), UnitFate::Gone),
            ("0:0:0:2".to_owned(), UnitFate::Found)
        ]
    );
    assert_eq!(
        (done.units[0].bytes_before, done.units[0].bytes),
        (Some(MIB), Some(2 * MIB))
    );
    assert!(done.change.is_changed());
    assert!(c.warnings[0].to_string().contains("0:0:0:1"), "{:?}", c.warnings);
    s.finish();
}

#[test]
fn a_unit_that_is_gone_is_taken_out_when_that_is_asked_for() {
    let mut s = Scripted::new();
    let (both, one) = (
        || vec![lun("0:0:0:0", MIB), lun("0:0:0:1", MIB)],
        || vec![lun("0:0:0:0", MIB)],
    );
    up(&mut s);
    s.expect(Call::Luns(SCOPE), Ok(both()));
    lists(&mut s, "0:0:0:0", &[0]);
    measures(&mut s, "0:0:0:0", MIB);
    s.expect(Call::ScanSession(H0, 1), Ok(()))
        .expect(Call::Luns(SCOPE), Ok(both()))
        .expect(Call::Luns(SCOPE), Ok(both()));
    lists(&mut s, "0:0:0:0", &[0]);
    measures(&mut s, "0:0:0:0", MIB);
    s.expect(
        Call::StoreUnit(hctl("0:0:0:1"), UnitAttr::Delete, "1".into()),
        Ok(()),
    )
    .expect(Call::Luns(SCOPE), Ok(one()))
    .expect(Call::Luns(SCOPE), Ok(one()));
    measures(&mut s, "0:0:0:0", MIB);
    let done = rescan(&mut ctx(&mut s), Some(1), true).expect("scanned");
    assert_eq!(fates(&done), [("0:0:0:1".to_owned(), UnitFate::Removed)]);
    s.finish();
}

#[test]
fn a_session_that_is_not_up_is_not_scanned_and_that_is_told() {
    let mut s = Scripted::new();
    s.expect(Call::Session(1), Ok(Some(session(1, TARGET, "FAILED"))))
        .expect(Call::FlashTargets(H0), Ok(vec![flash(3, &[])]));
    let e = rescan(&mut ctx(&mut s), Some(1), false).expect_err("down");
    assert!(e.to_string().contains("FAILED"), "{e}");
    s.expect::<Vec<SessionBrief>>(Call::Sessions, Ok(vec![brief(1, TARGET, "FAILED")]));
    let mut c = ctx(&mut s);
    let none = rescan(&mut c, None, false).expect("nothing to scan");
    assert_eq!((none.left_out, none.scanned), (vec![1], vec![]));
    assert_eq!(c.warnings.len(), 1);
    s.finish();
}

#[test]
fn of_several_sessions_one_that_fails_fails_the_whole_at_its_end() {
    let mut s = Scripted::new();
    let all = (1..=2).map(|sid| brief(sid, TARGET, "LOGGED_IN")).collect();
    s.expect::<Vec<SessionBrief>>(Call::Sessions, Ok(all))
        .expect::<Vec<Lun>>(Call::Luns(SCOPE), Ok(vec![]))
        .expect(Call::Luns(LunScope::Session(2)), Ok(vec![lun("0:0:1:0", MIB)]));
    lists(&mut s, "0:0:1:0", &[0]);
    measures(&mut s, "0:0:1:0", MIB);
    s.expect::<()>(
        Call::ScanSession(H0, 1),
        Err(Error::new(Kind::Failed, "scan").answered("EIO")),
    )
    .expect(Call::Session(1), Ok(Some(session(1, TARGET, "LOGGED_IN"))))
    .expect(Call::ScanSession(H0, 2), Ok(()))
    .expect(Call::Luns(LunScope::Session(2)), Ok(vec![lun("0:0:1:0", MIB)]))
    .expect(Call::Luns(LunScope::Session(2)), Ok(vec![lun("0:0:1:0", MIB)]));
    lists(&mut s, "0:0:1:0", &[0]);
    measures(&mut s, "0:0:1:0", MIB);
    measures(&mut s, "0:0:1:0", MIB);
    let e = rescan(&mut ctx(&mut s), None, false)
        .expect_err("one failed")
        .to_string();
    assert!(e.contains("1 of 2 sessions") && e.contains("EIO"), "{e}");
    s.finish();
}
