//! The vendor commands of the host's bsg device.

#[macro_use]
mod common;

use std::time::Duration;

use common::{HOST, Lab};
use driver_sys::bsg::{Bsg, DiagTest, Diagnostic, Job, VendorCommand, VendorReply};
use driver_sys::hw::chap::CHAP_INVALID_COOKIE;
use driver_sys::hw::flash::{FLASH_SEGMENT_IFCB, IFCB_COOKIE};
use driver_sys::hw::mailbox::FlashCommit;
use driver_sys::hw::raw::{addr_ctrl_blk, ql4_chap_table};
use nix::errno::Errno;
use zerocopy::{FromBytes, IntoBytes};

const LIMIT: Duration = Duration::from_secs(10);

fn run(bsg: &mut Bsg, command: &VendorCommand) -> VendorReply {
    bsg.run(command, LIMIT).unwrap_or_else(|e| panic!("{e}"))
}

fn refused(bsg: &mut Bsg, job: &Job) -> Errno {
    bsg.carry(job, LIMIT)
        .expect("carried")
        .errno
        .expect_err("refused")
}

#[test]
fn flash_and_control_block_are_read_and_written_past_the_driver() {
    needs_tgtd!("flash_and_control_block_are_read_and_written_past_the_driver");
    let lab = Lab::start();
    let mut bsg = lab.endpoint().open_bsg(HOST).expect("bsg");
    let read = run(
        &mut bsg,
        &VendorCommand::ReadFlash {
            offset: FLASH_SEGMENT_IFCB,
            len: 768,
        },
    );
    let block = addr_ctrl_blk::read_from_bytes(&read.payload.0).expect("control block");
    assert_eq!((read.result, block.cookie.get()), (0, IFCB_COOKIE));
    let live = run(&mut bsg, &VendorCommand::GetAcb { acb: 0, len: 768 });
    assert_eq!(
        addr_ctrl_blk::read_from_bytes(&live.payload.0)
            .expect("control block")
            .iscsi_name,
        block.iscsi_name
    );
    let state = run(&mut bsg, &VendorCommand::GetAcbState { acb: 0, ip: 0 });
    assert_eq!(state.payload.0.len(), 32);
    let free = 0x0600_0000 + 100 * 364;
    let mut entry = ql4_chap_table::default();
    entry.name[..4].copy_from_slice(b"past");
    entry.cookie.set(CHAP_INVALID_COOKIE);
    let data = entry.as_bytes().to_vec();
    let write = VendorCommand::UpdateFlash {
        offset: free,
        options: FlashCommit::RmwCommit,
        data: data.clone(),
    };
    assert_eq!(run(&mut bsg, &write).result, 0);
    assert_eq!(
        run(
            &mut bsg,
            &VendorCommand::ReadFlash {
                offset: free,
                len: 364
            }
        )
        .payload
        .0,
        data
    );
    let nowhere = VendorCommand::ReadFlash {
        offset: 0x7000_0000,
        len: 16,
    };
    assert!(bsg.run(&nowhere, LIMIT).is_err(), "DID_ERROR");
}

#[test]
fn a_diagnostic_gives_its_mailboxes() {
    needs_tgtd!("a_diagnostic_gives_its_mailboxes");
    let lab = Lab::start();
    let mut bsg = lab.endpoint().open_bsg(HOST).expect("bsg");
    let reply = run(
        &mut bsg,
        &VendorCommand::Diagnostic(Diagnostic::Test(DiagTest::OnchipMemRw)),
    );
    assert_eq!(reply.words.first(), Some(&0x4000));
    let bad = VendorCommand::Diagnostic(Diagnostic::Test(DiagTest::Unknown(0x77))).to_job();
    assert_eq!(refused(&mut bsg, &bad), Errno::EINVAL);
}

#[test]
fn what_the_class_or_the_driver_does_not_know_is_refused() {
    needs_tgtd!("what_the_class_or_the_driver_does_not_know_is_refused");
    let lab = Lab::start();
    let mut bsg = lab.endpoint().open_bsg(HOST).expect("bsg");
    let good = VendorCommand::ReadNvram { offset: 0, len: 4 }.to_job();
    assert!(bsg.carry(&good, LIMIT).expect("carried").errno.is_ok());
    let mut other_code = good.clone();
    other_code.request[0] ^= 1;
    assert_eq!(refused(&mut bsg, &other_code), Errno::EBADR);
    let mut other_vendor = good.clone();
    other_vendor.request[4] ^= 1;
    assert_eq!(refused(&mut bsg, &other_vendor), Errno::ESRCH);
    let mut short = good.clone();
    short.request.truncate(3);
    assert_eq!(refused(&mut bsg, &short), Errno::ENOMSG);
    let unknown = VendorCommand::Unknown {
        words: vec![99],
        data: vec![],
        len: 0,
    }
    .to_job();
    assert_eq!(refused(&mut bsg, &unknown), Errno::ENOSYS);
    for (offset, len) in [(2048, 1), (0, 2049), (u32::MAX, 2)] {
        let beyond = VendorCommand::ReadNvram { offset, len }.to_job();
        assert_eq!(refused(&mut bsg, &beyond), Errno::EINVAL, "{offset} {len}");
    }
}
