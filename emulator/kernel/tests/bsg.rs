//! The vendor commands of the host's bsg device.

#[macro_use]
mod common;

use std::time::Duration;

use common::{HOST, Lab};
use driver_sys::bsg::{Bsg, BsgError, DiagTest, Diagnostic, Job, Mailboxes, VendorCommand, VendorReply};
use driver_sys::hw::acb::Ipv6Options;
use driver_sys::hw::chap::CHAP_INVALID_COOKIE;
use driver_sys::hw::flash::{FLASH_SEGMENT_IFCB, IFCB_COOKIE};
use driver_sys::hw::mailbox::{FactoryAreas, FlashCommit, MboxStatus};
use driver_sys::hw::raw::{addr_ctrl_blk, ql4_chap_table};
use driver_sys::netlink::params::{ChapParam, FlashnodeParam};
use driver_sys::netlink::{Bytes, Request};
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
}

#[test]
fn a_diagnostic_gives_its_mailboxes_whether_it_passed_or_not() {
    needs_tgtd!("a_diagnostic_gives_its_mailboxes_whether_it_passed_or_not");
    let lab = Lab::start();
    let mut bsg = lab.endpoint().open_bsg(HOST).expect("bsg");
    let test = |test| VendorCommand::Diagnostic(Diagnostic::Test(test));
    for passes in DiagTest::ALL.iter().filter(|t| **t != DiagTest::ExtLoopback) {
        let reply = run(&mut bsg, &test(*passes));
        let mailboxes = Mailboxes::behind(&reply.words).expect("mailboxes");
        assert_eq!(mailboxes.status(), MboxStatus::CommandComplete, "{passes:?}");
        assert_eq!(reply.words.len(), 8, "the reply ends with the mailboxes");
    }
    let failed = |bsg: &mut Bsg, command: &VendorCommand| match bsg.run(command, LIMIT) {
        Err(BsgError::Failed { result, words }) => (
            result,
            Mailboxes::behind(&words).expect("mailboxes").status().raw(),
        ),
        other => panic!("{command:?}: {other:?}"),
    };
    assert_eq!(failed(&mut bsg, &test(DiagTest::ExtLoopback)), (7 << 16, 0x4005));
    for leds in [Diagnostic::GetLeds, Diagnostic::SetLeds(1)] {
        assert_eq!(
            failed(&mut bsg, &VendorCommand::Diagnostic(leds)),
            (7 << 16, 0x4001)
        );
    }
    for bad in [
        Diagnostic::Test(DiagTest::Unknown(0x77)),
        Diagnostic::Raw([0x26, 0, 0, 0, 0, 0, 0, 0]),
        Diagnostic::Raw([0x1_0075, 2, 0, 0, 0, 0, 0, 0]),
    ] {
        assert_eq!(
            refused(&mut bsg, &VendorCommand::Diagnostic(bad).to_job()),
            Errno::EINVAL,
            "{bad:?}"
        );
    }
}

/// The name that the port's host shows.
fn shown(lab: &Lab) -> String {
    lab.read(&format!("class/iscsi_host/host{HOST}/initiatorname"))
}

#[test]
fn an_initiator_name_written_to_flash_is_in_force_after_a_reset() {
    needs_tgtd!("an_initiator_name_written_to_flash_is_in_force_after_a_reset");
    const NAME: &str = "iqn.2026-02.net.example:written";
    let lab = Lab::start();
    let mut bsg = lab.endpoint().open_bsg(HOST).expect("bsg");
    let before = shown(&lab);
    let ifcb = VendorCommand::ReadFlash {
        offset: FLASH_SEGMENT_IFCB,
        len: 768,
    };
    let stored =
        |bsg: &mut Bsg| addr_ctrl_blk::read_from_bytes(&run(bsg, &ifcb).payload.0).expect("control block");
    let mut block = stored(&mut bsg);
    block.iscsi_name.fill(0);
    block.iscsi_name[..NAME.len()].copy_from_slice(NAME.as_bytes());
    let write = VendorCommand::UpdateFlash {
        offset: FLASH_SEGMENT_IFCB,
        options: FlashCommit::RmwCommit,
        data: block.as_bytes().to_vec(),
    };
    run(&mut bsg, &write);
    assert_eq!(stored(&mut bsg), block);
    let live = VendorCommand::GetAcb { acb: 0, len: 1024 };
    let name =
        |reply: &VendorReply| driver_sys::hw::until_nul(&reply.payload.0[addr_ctrl_blk_name()..]).to_vec();
    let reply = run(&mut bsg, &live);
    assert_eq!(
        (name(&reply), reply.payload.0.len()),
        (before.clone().into_bytes(), 1024)
    );
    assert_eq!(shown(&lab), before, "the driver knows nothing of it");
    let reset = format!("class/scsi_host/host{HOST}/host_reset");
    lab.endpoint().store(&reset, b"adapter").expect("reset");
    lab.wait("the new name", || (shown(&lab) == NAME).then_some(()));
    lab.wait("the port after its reset", || {
        bsg.run(&live, LIMIT).ok().filter(|r| name(r) == NAME.as_bytes())
    });
    // And back to what the factory set, which takes another reset too.
    let restore = VendorCommand::RestoreDefaults {
        areas: FactoryAreas::IFCB,
        fields: [0, 0],
    };
    lab.wait("the restored block", || bsg.run(&restore, LIMIT).ok());
    assert_eq!(shown(&lab), NAME);
    lab.endpoint().store(&reset, b"adapter").expect("reset");
    lab.wait("the factory's name", || (shown(&lab) == before).then_some(()));
}

/// Where a control block has its name.
const fn addr_ctrl_blk_name() -> usize {
    std::mem::offset_of!(addr_ctrl_blk, iscsi_name)
}

#[test]
fn a_reset_under_way_refuses_what_the_driver_refuses() {
    needs_tgtd!("a_reset_under_way_refuses_what_the_driver_refuses");
    let lab = Lab::start();
    let mut bsg = lab.endpoint().open_bsg(HOST).expect("bsg");
    let name = format!("class/scsi_host/host{HOST}/host_reset");
    // An IPv6 address takes a second to settle; the driver waits for it.
    let ifcb = VendorCommand::ReadFlash {
        offset: FLASH_SEGMENT_IFCB,
        len: 768,
    };
    let block = run(&mut bsg, &ifcb);
    let mut block = addr_ctrl_blk::read_from_bytes(&block.payload.0).expect("control block");
    block.set_ipv6_flags(block.ipv6_flags() | Ipv6Options::IPV6_PROTOCOL_ENABLE);
    block.ipv6_if_id = [2, 0, 0, 0, 0, 0, 0, 1];
    let write = VendorCommand::UpdateFlash {
        offset: FLASH_SEGMENT_IFCB,
        options: FlashCommit::RmwCommit,
        data: block.as_bytes().to_vec(),
    };
    run(&mut bsg, &write);
    // Who writes waits until the port is back; everybody else sees it on its way.
    let endpoint = lab.endpoint();
    let writer = std::thread::spawn(move || endpoint.store(&name, b"adapter"));
    let read = VendorCommand::ReadNvram { offset: 0, len: 4 };
    lab.wait("the reset", || {
        (bsg.run(&read, LIMIT) == Err(BsgError::Refused(Errno::EBUSY))).then_some(())
    });
    assert!(!writer.is_finished());
    let diagnostic = VendorCommand::Diagnostic(Diagnostic::Test(DiagTest::Nvram));
    assert!(
        bsg.run(&diagnostic, LIMIT).is_ok(),
        "the driver does not look there"
    );
    lab.wait("the end of the reset", || bsg.run(&read, LIMIT).ok());
    writer.join().expect("the writer").expect("reset");
}

#[test]
fn lengths_and_places_are_refused_as_the_driver_and_the_block_layer_do() {
    needs_tgtd!("lengths_and_places_are_refused_as_the_driver_and_the_block_layer_do");
    let lab = Lab::start();
    let mut bsg = lab.endpoint().open_bsg(HOST).expect("bsg");
    let flash = |offset, len| VendorCommand::ReadFlash { offset, len };
    let nvram = |offset, len| VendorCommand::ReadNvram { offset, len };
    let update = |offset, options, data: &[u8]| VendorCommand::UpdateFlash {
        offset,
        options,
        data: data.to_vec(),
    };
    let acb = |acb, len| VendorCommand::GetAcb { acb, len };
    let state = |acb, ip| VendorCommand::GetAcbState { acb, ip };
    let cases = [
        (flash(FLASH_SEGMENT_IFCB, 0), Errno::ENOMEM),
        (flash(0x7000_0000, 16), Errno::EIO),
        (
            update(FLASH_SEGMENT_IFCB, FlashCommit::RmwCommit, &[]),
            Errno::ENOMEM,
        ),
        (update(0x7000_0000, FlashCommit::RmwCommit, &[1]), Errno::EIO),
        (
            update(FLASH_SEGMENT_IFCB, FlashCommit::Unknown(9), &[1]),
            Errno::EIO,
        ),
        (nvram(0, 0), Errno::ENOMEM),
        (nvram(2048, 1), Errno::EINVAL),
        (nvram(0, 2049), Errno::EINVAL),
        // The driver's sum wraps round; the firmware is asked.
        (nvram(u32::MAX, 2), Errno::EIO),
        (acb(0, 767), Errno::EINVAL),
        (acb(1, 768), Errno::EIO),
        (state(0, 4), Errno::EIO),
        (state(1, 0), Errno::EIO),
        (
            VendorCommand::RestoreDefaults {
                areas: FactoryAreas::IPSEC,
                fields: [0, 0],
            },
            Errno::EIO,
        ),
    ];
    for (command, errno) in cases {
        let answer = bsg.carry(&command.to_job(), LIMIT).expect("carried");
        assert_eq!(answer.errno, Err(errno), "{command:?}");
        assert_eq!(answer.reply, (-(errno as i32)).to_ne_bytes(), "{command:?}");
    }
    let mut short = state(0, 0).to_job();
    short.payload_in_len = 31;
    assert_eq!(refused(&mut bsg, &short), Errno::EINVAL);
    let longest = u32::try_from(driver_sys::bsg::MAX_PAYLOAD).expect("small");
    assert_eq!(
        run(&mut bsg, &flash(0, longest)).payload.0.len(),
        longest as usize
    );
    // Longer ones do not leave the library; the socket answers as the block layer does.
    let raw = driver_sys::port::Seqpacket::connect(lab.path().join(format!("bsg/iscsi_host{HOST}")), None)
        .expect("socket");
    raw.send(&flash(0, longest + 1).to_job().encode(), "request")
        .expect("sent");
    let mut buffer = [0; 64];
    let answer = raw
        .receive(&mut buffer, Some(std::time::Instant::now() + LIMIT), "answer")
        .expect("answer");
    assert_eq!(
        answer,
        [&(Errno::EINVAL as i32).to_ne_bytes()[..], &[0; 8]].concat()
    );
}

#[test]
fn the_4010_takes_what_the_driver_gives_it() {
    needs_tgtd!("the_4010_takes_what_the_driver_gives_it");
    let lab = Lab::with(|config| config.chip = "isp4010".into());
    let mut bsg = lab.endpoint().open_bsg(HOST).expect("bsg");
    let refused_here = [
        VendorCommand::GetAcb { acb: 0, len: 768 },
        VendorCommand::GetAcbState { acb: 0, ip: 0 },
        VendorCommand::RestoreDefaults {
            areas: FactoryAreas::IFCB,
            fields: [0, 0],
        },
        VendorCommand::ReadNvram { offset: 512, len: 1 },
    ];
    for command in refused_here {
        assert_eq!(refused(&mut bsg, &command.to_job()), Errno::EINVAL, "{command:?}");
    }
    let nvram = run(&mut bsg, &VendorCommand::ReadNvram { offset: 0, len: 512 });
    assert_eq!(driver_sys::hw::nvram::word_sum(&nvram.payload.0), 0);
    run(
        &mut bsg,
        &VendorCommand::Diagnostic(Diagnostic::Test(DiagTest::Nvram)),
    );
    run(
        &mut bsg,
        &VendorCommand::ReadFlash {
            offset: FLASH_SEGMENT_IFCB,
            len: 768,
        },
    );
}

#[test]
fn what_is_written_past_the_driver_it_does_not_show() {
    needs_tgtd!("what_is_written_past_the_driver_it_does_not_show");
    let lab = Lab::start();
    let mut client = lab.client();
    let mut bsg = lab.endpoint().open_bsg(HOST).expect("bsg");
    let attrs = vec![
        driver_sys::netlink::Attr {
            param: ChapParam::Index,
            value: Bytes::u16(9),
        },
        driver_sys::netlink::Attr {
            param: ChapParam::ChapType,
            value: Bytes::u8(0),
        },
        driver_sys::netlink::Attr {
            param: ChapParam::Username,
            value: Bytes::c_text("before"),
        },
        driver_sys::netlink::Attr {
            param: ChapParam::Password,
            value: Bytes::c_text("0123456789ab"),
        },
    ];
    client
        .ask(&Request::SetChap { host_no: HOST, attrs })
        .expect("set");
    let node = client.target_node(lab.portal, Some(common::IQN));
    let with = [
        (FlashnodeParam::ChapAuthEn, Bytes::u8(1)),
        (FlashnodeParam::ChapOutIdx, Bytes::u16(9)),
    ];
    client.set_node(node, &with).expect("set");
    let user = format!("bus/iscsi_flashnode/devices/flashnode_sess-{HOST}:{node}/username");
    assert_eq!(lab.read(&user), "before");
    let at = 0x0600_0000 + 9 * 364;
    let entry = run(&mut bsg, &VendorCommand::ReadFlash { offset: at, len: 364 });
    let mut entry = ql4_chap_table::read_from_bytes(&entry.payload.0).expect("entry");
    entry.name[..7].copy_from_slice(b"after\0\0");
    let data = entry.as_bytes().to_vec();
    let write = VendorCommand::UpdateFlash {
        offset: at,
        options: FlashCommit::RmwCommit,
        data,
    };
    run(&mut bsg, &write);
    assert_eq!(lab.read(&user), "before", "the driver shows its own list");
    // GET_CHAP reads the table again.
    let request = Request::GetChap {
        host_no: HOST,
        start: 0,
        num_entries: 16,
    };
    client.ask_event(&request);
    lab.wait_for(&user, "after");
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
}
