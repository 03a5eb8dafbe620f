//! Logical unit operations on a script.

use super::command::Sense;
use super::*;
use crate::backend::ScsiOutcome;
use crate::backend::scripted::{Call, Scripted, ScsiReply};
use crate::error::Kind;
use crate::ids::{Hctl, HostNo};
use crate::ops::testing::{ctx, late};

mod transfer;

const LUN: Hctl = Hctl {
    host: 0,
    channel: 0,
    target: 5,
    lun: 1,
};
const BLOCK: usize = 512;
/// Blocks of one transfer.
const STEP: u64 = 512;

fn data(bytes: Vec<u8>) -> ScsiReply {
    ScsiReply {
        data: bytes,
        ..ScsiReply::default()
    }
}

fn check(key: u8, asc: u8, ascq: u8) -> ScsiReply {
    let mut sense = vec![0; 18];
    (sense[0], sense[2], sense[12], sense[13]) = (0x70, key, asc, ascq);
    ScsiReply {
        outcome: ScsiOutcome {
            status: 2,
            sense,
            ..ScsiOutcome::default()
        },
        ..ScsiReply::default()
    }
}

fn capacity_cdb() -> Vec<u8> {
    let mut cdb = vec![0x9E, 0x10];
    cdb.resize(16, 0);
    cdb[13] = 32;
    cdb
}

fn sized(s: &mut Scripted, blocks: u64) -> &mut Scripted {
    let mut answer = (blocks - 1).to_be_bytes().to_vec();
    answer.extend(u32::try_from(BLOCK).expect("small").to_be_bytes());
    answer.resize(32, 0);
    s.expect(Call::Scsi(LUN, capacity_cdb()), Ok(data(answer)))
}

fn rw(write: bool, block: u32, count: u16) -> Vec<u8> {
    let mut cdb = vec![if write { 0x2A } else { 0x28 }, 0];
    cdb.extend(block.to_be_bytes());
    cdb.push(0);
    cdb.extend(count.to_be_bytes());
    cdb.push(0);
    cdb
}

fn pattern(length: usize) -> Vec<u8> {
    (0..length)
        .map(|i| u8::try_from(i % 249).expect("small"))
        .collect()
}

#[test]
fn inquiry_is_decoded_and_lists_the_pages() {
    let mut s = Scripted::new();
    let mut standard = vec![0u8; 36];
    standard[2] = 6;
    standard[8..16].copy_from_slice(b"HBAEMU  ");
    standard[16..32].copy_from_slice(b"VIRTUAL-DISK    ");
    standard[32..36].copy_from_slice(b"0001");
    s.expect(Call::Scsi(LUN, vec![0x12, 0, 0, 0, 255, 0]), Ok(data(standard)))
        .expect(
            Call::Scsi(LUN, vec![0x12, 1, 0, 16, 0, 0]),
            Ok(data(vec![0, 0, 0, 2, 0x00, 0x83])),
        );
    let found = inquiry(&mut ctx(&mut s), LUN).expect("inquiry");
    assert_eq!(
        (
            found.vendor.as_str(),
            found.product.as_str(),
            found.revision.as_str()
        ),
        ("HBAEMU", "VIRTUAL-DISK", "0001")
    );
    assert_eq!(found.vpd_pages, [0x00, 0x83]);
    s.finish();
}

#[test]
fn a_short_inquiry_is_an_error() {
    let mut s = Scripted::new();
    s.expect(
        Call::Scsi(LUN, vec![0x12, 0, 0, 0, 255, 0]),
        Ok(data(vec![0; 20])),
    );
    assert_eq!(
        inquiry(&mut ctx(&mut s), LUN).expect_err("short").kind(),
        Kind::Failed
    );
    s.finish();
}

#[test]
fn identification_is_decoded_and_lying_lengths_end_it() {
    let mut s = Scripted::new();
    let mut page = vec![0, 0x83, 0, 0];
    page.extend([1, 3, 0, 8, 0x60, 1, 2, 3, 4, 5, 6, 7]);
    page.extend([2, 1, 0, 200, b'x']);
    page[3] = u8::try_from(page.len() - 4).expect("small");
    s.expect(Call::Scsi(LUN, vec![0x12, 1, 0x83, 16, 0, 0]), Ok(data(page)));
    let found = vpd(&mut ctx(&mut s), LUN, 0x83).expect("page");
    assert_eq!(
        found.fields,
        [("unit naa".to_owned(), "6001020304050607".to_owned())]
    );
    s.finish();
}

#[test]
fn another_page_than_asked_for_is_an_error() {
    let mut s = Scripted::new();
    s.expect(
        Call::Scsi(LUN, vec![0x12, 1, 0x80, 16, 0, 0]),
        Ok(data(vec![0, 0x83, 0, 0])),
    );
    assert_eq!(
        vpd(&mut ctx(&mut s), LUN, 0x80).expect_err("wrong page").kind(),
        Kind::Failed
    );
    s.finish();
}

#[test]
fn reported_units_are_numbered_as_linux_does() {
    let mut s = Scripted::new();
    let mut cdb = vec![0u8; 12];
    cdb[0] = 0xA0;
    cdb[6..10].copy_from_slice(&16384u32.to_be_bytes());
    let mut list = vec![0, 0, 0, 16, 0, 0, 0, 0];
    list.extend([0, 1, 0, 0, 0, 0, 0, 0]);
    list.extend([0x41, 0, 0, 0, 0, 0, 0, 0]);
    s.expect(Call::Scsi(LUN, cdb), Ok(data(list)));
    let attached = Lun {
        address: "0:0:5:1".into(),
        sid: Some(1),
        vendor: None,
        model: None,
        revision: None,
        serial: None,
        device_type: None,
        size_bytes: None,
        block_device: None,
        sg_device: None,
        state: None,
        queue_depth: None,
        command_timeout: None,
        unusable: None,
    };
    s.expect(Call::Luns(LunScope::Host(HostNo(0))), Ok(vec![attached]));
    let luns = report(&mut ctx(&mut s), LUN).expect("list");
    assert_eq!(
        luns.iter().map(|l| (l.lun, l.attached)).collect::<Vec<_>>(),
        [(1, true), (0x4100, false)]
    );
    s.finish();
}

#[test]
fn capacity_falls_back_to_the_short_command() {
    let mut s = Scripted::new();
    s.expect(Call::Scsi(LUN, capacity_cdb()), Ok(check(5, 0x20, 0)))
        .expect(
            Call::Scsi(LUN, vec![0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
            Ok(data(vec![0, 0, 0, 7, 0, 0, 2, 0])),
        );
    let found = capacity(&mut ctx(&mut s), LUN).expect("capacity");
    assert_eq!((found.blocks, found.bytes, found.long_form), (8, 4096, false));
    s.finish();
}

#[test]
fn impossible_capacities_are_errors() {
    for answer in [[0xFF; 12], [0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0]] {
        let mut s = Scripted::new();
        let mut long = answer.to_vec();
        long.resize(32, 0);
        s.expect(Call::Scsi(LUN, capacity_cdb()), Ok(data(long)));
        assert_eq!(
            capacity(&mut ctx(&mut s), LUN).expect_err("impossible").kind(),
            Kind::Failed
        );
        s.finish();
    }
}

#[test]
fn a_unit_attention_is_tried_again_and_other_sense_is_told() {
    let mut s = Scripted::new();
    s.expect(Call::Scsi(LUN, capacity_cdb()), Ok(check(6, 0x29, 0)));
    sized(&mut s, 8);
    s.expect(Call::Scsi(LUN, rw(false, 0, 8)), Ok(check(3, 0x11, 0)));
    let mut c = ctx(&mut s);
    let span = Span::of(&mut c, LUN, BlockRange::default(), "read").expect("span");
    let e = read(&mut c, &span, &mut Vec::new(), &mut |_, _| ()).expect_err("medium");
    assert!(
        e.to_string().contains("medium error: unrecovered read error"),
        "{e}"
    );
    s.finish();
}

#[test]
fn a_device_that_stays_busy_is_told_so() {
    let mut s = Scripted::new();
    let busy = || ScsiReply {
        outcome: ScsiOutcome {
            status: 8,
            ..ScsiOutcome::default()
        },
        ..ScsiReply::default()
    };
    for _ in 0..6 {
        s.expect(Call::Scsi(LUN, capacity_cdb()), Ok(busy()));
    }
    assert_eq!(
        capacity(&mut ctx(&mut s), LUN).expect_err("busy").kind(),
        Kind::Busy
    );
    assert_eq!(s.pauses, 5);
    s.finish();
}

#[test]
fn sense_of_both_formats_is_read_and_rubbish_is_not() {
    let fixed = Sense {
        key: 5,
        asc: 0x24,
        ascq: 0,
    };
    assert_eq!(Sense::read(&[0x72, 5, 0x24, 0]), Some(fixed));
    assert_eq!(fixed.to_string(), "illegal request: invalid field in the command");
    assert_eq!(Sense::read(&[]), None);
    assert_eq!(Sense::read(&[0x70, 0]), None);
    assert_eq!(Sense::read(&[0x33; 18]), None);
    assert_eq!(
        Sense {
            key: 4,
            asc: 0x99,
            ascq: 1
        }
        .to_string(),
        "hardware error (asc 0x99, ascq 0x01)"
    );
}
