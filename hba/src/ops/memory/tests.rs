//! Memories: what is asked of which chip, what needs a word, what is read back and restored.

use driver_sys::hw::flash::{FLASH_SEGMENT_IFCB, IFCB_COOKIE};
use driver_sys::hw::mailbox::FactoryAreas;
use driver_sys::hw::raw::addr_ctrl_blk;
use zerocopy::IntoBytes;

use super::*;
use crate::backend::scripted::{Call, Scripted};
use crate::backend::{Memory, SelfTest};
use crate::ctx::Ctx;
use crate::error::Kind;
use crate::model::{AdapterKey, SessionBrief};
use crate::ops::testing::{H0, adapter, ctx, home, key};

const WANTED: &str = "iqn.2026-11.org.example:host7";
const IFCB: Memory = Memory::Flash {
    offset: FLASH_SEGMENT_IFCB,
    length: 768,
};

fn block(name: &str, timer: u8) -> Vec<u8> {
    let mut block = addr_ctrl_blk {
        abort_timer: timer,
        ..addr_ctrl_blk::default()
    };
    block.cookie.set(IFCB_COOKIE);
    for (place, byte) in block.iscsi_name.iter_mut().zip(name.bytes()) {
        *place = byte;
    }
    block.as_bytes().to_vec()
}

fn in_dir<'a>(s: &'a mut Scripted, dir: &tempfile::TempDir) -> Ctx<'a> {
    let mut ctx = ctx(s);
    ctx.home = home(dir.path());
    ctx
}

/// The calls until the block is known.
fn looked(s: &mut Scripted, now: Vec<u8>) -> &mut Scripted {
    s.expect(Call::AdapterKeys, Ok(vec![key()]))
        .expect(Call::Adapter(H0), Ok(Some(adapter())))
        .expect(Call::ReadMemory(H0, IFCB), Ok(now))
}

#[test]
fn a_name_is_put_into_the_block_and_nothing_else_of_it_changes() {
    let dir = tempfile::tempdir().expect("dir");
    let mut s = Scripted::new();
    let (old, new) = (block("iqn.2000-04.com.qlogic:a", 30), block(WANTED, 30));
    looked(&mut s, old.clone())
        .expect::<Vec<SessionBrief>>(Call::Sessions, Ok(vec![]))
        .expect(Call::ReadMemory(H0, IFCB), Ok(old))
        .expect(Call::UpdateFlash(H0, FLASH_SEGMENT_IFCB, new.clone()), Ok(()))
        .expect(Call::ReadMemory(H0, IFCB), Ok(new));
    let change = set_name(&mut in_dir(&mut s, &dir), None, Some(WANTED)).expect("set");
    assert!(change.is_changed());
    assert!(dir.path().join("backup/ifcb-host0-1.bin").exists());
    s.finish();
}

#[test]
fn a_block_that_reads_back_otherwise_is_put_back_as_it_was() {
    let dir = tempfile::tempdir().expect("dir");
    let mut s = Scripted::new();
    let (old, new) = (block("iqn.2000-04.com.qlogic:a", 30), block(WANTED, 30));
    looked(&mut s, old.clone())
        .expect::<Vec<SessionBrief>>(Call::Sessions, Ok(vec![]))
        .expect(Call::ReadMemory(H0, IFCB), Ok(old.clone()))
        .expect(Call::UpdateFlash(H0, FLASH_SEGMENT_IFCB, new), Ok(()))
        .expect(Call::ReadMemory(H0, IFCB), Ok(block(WANTED, 99)))
        .expect(Call::UpdateFlash(H0, FLASH_SEGMENT_IFCB, old.clone()), Ok(()))
        .expect(Call::ReadMemory(H0, IFCB), Ok(old));
    let e = set_name(&mut in_dir(&mut s, &dir), None, Some(WANTED)).expect_err("another byte");
    assert_eq!(e.kind(), Kind::VerifyFailed { rolled_back: true }, "{e}");
    s.finish();
}

#[test]
fn without_the_word_or_a_valid_block_nothing_is_written() {
    let mut s = Scripted::new();
    looked(&mut s, block("iqn.2000-04.com.qlogic:a", 30));
    let mut no_word = ctx(&mut s);
    no_word.consent.flash = false;
    let e = set_name(&mut no_word, None, Some(WANTED)).expect_err("no word");
    assert_eq!(e.kind(), Kind::Invalid);
    s.finish();
    let mut s = Scripted::new();
    looked(&mut s, vec![0xFF; 768]);
    let e = set_name(&mut ctx(&mut s), None, Some(WANTED)).expect_err("erased");
    assert_eq!(e.kind(), Kind::Failed);
    s.finish();
    for wrong in [
        "",
        "host7",
        "iqn.2026-13.org:x",
        "iqn.2026-11.org.example:two words",
    ] {
        let mut s = Scripted::new();
        s.expect(Call::AdapterKeys, Ok(vec![key()]));
        assert!(
            set_name(&mut ctx(&mut s), None, Some(wrong)).is_err_and(|e| e.kind() == Kind::Invalid),
            "{wrong}"
        );
        s.finish();
    }
}

fn of_model(model: &str) -> AdapterKey {
    AdapterKey {
        model: Some(model.to_owned()),
        ..key()
    }
}

#[test]
fn what_a_chip_would_refuse_is_not_sent() {
    for (model, part) in [
        ("QLA4010", Part::Acb(0)),
        ("QLA4010", Part::AcbState),
        ("QLE8242", Part::Nvram),
        ("QLE8242", Part::Flash(Area::Ifcb)),
    ] {
        let mut s = Scripted::new();
        s.expect(Call::AdapterKeys, Ok(vec![of_model(model)]));
        let e = dump(&mut ctx(&mut s), None, part, false).expect_err(model);
        assert_eq!(e.kind(), Kind::Unsupported, "{model} {part}");
        s.finish();
    }
    for areas in [FactoryAreas::IFCB, FactoryAreas::CHAP] {
        let mut s = Scripted::new();
        s.expect(Call::AdapterKeys, Ok(vec![of_model("QLA4010")]));
        assert!(restore(&mut ctx(&mut s), None, areas).is_err_and(|e| e.kind() == Kind::Unsupported));
        s.finish();
    }
    let mut s = Scripted::new();
    s.expect(Call::AdapterKeys, Ok(vec![of_model("QLE8242")]));
    let dma = Test::by_name("dma").expect("a row");
    assert!(test(&mut ctx(&mut s), None, dma).is_err_and(|e| e.kind() == Kind::Unsupported));
    s.finish();
}

#[test]
fn an_area_that_is_not_as_the_factory_leaves_it_is_told() {
    let dir = tempfile::tempdir().expect("dir");
    let mut s = Scripted::new();
    let old = block("iqn.2000-04.com.qlogic:a", 30);
    s.expect(Call::AdapterKeys, Ok(vec![key()]))
        .expect(Call::ReadMemory(H0, IFCB), Ok(old))
        .expect(Call::RestoreDefaults(H0, FactoryAreas::IFCB.bits()), Ok(()))
        .expect(Call::ReadMemory(H0, IFCB), Ok(vec![0xFF_u8; 768]));
    let e = restore(&mut in_dir(&mut s, &dir), None, FactoryAreas::IFCB).expect_err("erased");
    assert_eq!(e.kind(), Kind::VerifyFailed { rolled_back: false }, "{e}");
    s.finish();
}

#[test]
fn a_test_that_fails_is_an_answer_and_a_dry_run_runs_none() {
    let flash = Test::by_name("flash").expect("a row");
    let mut s = Scripted::new();
    let failed = SelfTest {
        passed: false,
        mailboxes: vec![0x4005],
    };
    s.expect(Call::AdapterKeys, Ok(vec![key()]))
        .expect(Call::SelfTest(H0, 6), Ok(failed));
    let report = test(&mut ctx(&mut s), None, flash).expect("ran");
    assert_eq!(
        (report.passed, report.mailboxes),
        (Some(false), vec!["0x00004005".to_owned()])
    );
    s.finish();
    let mut s = Scripted::new();
    s.expect(Call::AdapterKeys, Ok(vec![key()]));
    let mut dry = ctx(&mut s);
    dry.dry_run = true.into();
    assert_eq!(test(&mut dry, None, flash).expect("planned").passed, None);
    s.finish();
}
