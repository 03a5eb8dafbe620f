//! Commands and packets, both ways.

use std::time::Duration;

use nix::errno::Errno;
use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::hw::aen::IpAddrState;
use crate::hw::mailbox::{FactoryAreas, FlashCommit, MboxStatus};
use crate::port::PortError;

fn command() -> impl Strategy<Value = VendorCommand> {
    use VendorCommand as V;
    let data = || vec(any::<u8>(), 0..99);
    prop_oneof![
        any::<(u32, u32)>().prop_map(|(offset, len)| V::ReadFlash { offset, len }),
        (any::<u32>(), 0..9u32, data()).prop_map(|(offset, o, data)| V::UpdateFlash {
            offset,
            options: FlashCommit::from_raw(o),
            data
        }),
        any::<(u32, u32)>().prop_map(|(acb, ip)| V::GetAcbState { acb, ip }),
        any::<(u32, u32)>().prop_map(|(offset, len)| V::ReadNvram { offset, len }),
        (any::<u32>(), data()).prop_map(|(offset, data)| V::UpdateNvram { offset, data }),
        any::<[u32; 3]>().prop_map(|[areas, first, second]| V::RestoreDefaults {
            areas: FactoryAreas::from_bits_retain(areas),
            fields: [first, second],
        }),
        any::<(u32, u32)>().prop_map(|(acb, len)| V::GetAcb { acb, len }),
        any::<[u32; 8]>().prop_map(|m| V::Diagnostic(Diagnostic::from_mailboxes(m))),
        (0..16u32).prop_map(|test| V::Diagnostic(Diagnostic::Test(DiagTest::from_raw(test)))),
        any::<u32>().prop_map(|leds| V::Diagnostic(Diagnostic::SetLeds(leds))),
        Just(V::Diagnostic(Diagnostic::GetLeds)),
        (9..99u32, vec(any::<u32>(), 0..15), data(), any::<u32>()).prop_map(
            |(first, mut words, data, len)| {
                words.insert(0, first);
                V::Unknown { words, data, len }
            }
        ),
    ]
}

proptest! {
    #[test]
    fn commands_survive(command in command()) {
        prop_assert_eq!(VendorCommand::from_job(&command.to_job()), Ok(command));
    }

    #[test]
    fn jobs_survive(request in vec(any::<u8>(), 0..99), payload_out in vec(any::<u8>(), 0..99), payload_in_len in 0..=130_560u32) {
        let job = Job { request, payload_out, payload_in_len };
        prop_assert_eq!(Job::decode(&job.encode()), Ok(job));
    }

    #[test]
    fn answers_survive(errno in 0..130i32, words in vec(any::<u32>(), 0..8), payload in vec(any::<u8>(), 0..99)) {
        let reply = VendorReply::good(words, payload);
        let mut answer = reply.to_answer();
        prop_assert_eq!(VendorReply::from_answer(&answer), Ok(reply));
        answer.errno = if errno == 0 { Ok(()) } else { Err(crate::port::errno(errno)) };
        prop_assert_eq!(Answer::decode(&answer.encode()), Ok(answer));
    }

    #[test]
    fn arbitrary_packets_never_panic(packet in vec(any::<u8>(), 0..200)) {
        if let Ok(job) = Job::decode(&packet) {
            let _ = VendorCommand::from_job(&job);
        }
        if let Ok(answer) = Answer::decode(&packet) {
            let _ = VendorReply::from_answer(&answer);
        }
    }
}

#[test]
fn read_nvram_has_the_kernels_bytes() {
    let job = VendorCommand::ReadNvram {
        offset: 0x3b0,
        len: 32,
    }
    .to_job();
    let bytes = [
        0xff, 0x00, 0x00, 0x80, // msgcode ISCSI_BSG_HST_VENDOR
        0x77, 0x10, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, // vendor_id, packed at offset 4
        0x04, 0x00, 0x00, 0x00, // vendor_cmd[0] QLISCSI_VND_READ_NVRAM
        0xb0, 0x03, 0x00, 0x00, // vendor_cmd[1] offset
    ];
    assert_eq!(job.request, bytes);
    assert_eq!((job.payload_out.len(), job.payload_in_len), (0, 32));
}

#[test]
fn foreign_requests_get_the_transport_classs_errno() {
    let good = VendorCommand::GetAcb { acb: 0, len: 768 }.to_job();
    let with = |edit: fn(&mut Job)| {
        let mut job = good.clone();
        edit(&mut job);
        VendorCommand::from_job(&job)
    };
    assert_eq!(with(|j| j.request.truncate(3)), Err(Errno::ENOMSG));
    assert_eq!(with(|j| j.request.truncate(11)), Err(Errno::ENOMSG));
    assert_eq!(with(|j| j.request[0] = 0xfe), Err(Errno::EBADR));
    assert_eq!(with(|j| j.request[4] = 0), Err(Errno::ESRCH));
}

#[test]
fn a_packet_that_claims_too_much_is_refused() {
    let mut packet = Job {
        request: vec![0; 16],
        ..Job::default()
    }
    .encode();
    packet[0..4].copy_from_slice(&17u32.to_ne_bytes());
    assert!(matches!(Job::decode(&packet), Err(PortError::Malformed { .. })));
    packet[0..4].copy_from_slice(&u32::MAX.to_ne_bytes());
    assert!(matches!(Job::decode(&packet), Err(PortError::Malformed { .. })));
}

#[test]
fn a_missing_node_says_which() {
    let error = Bsg::node("/nonexistent/iscsi_host0".as_ref()).unwrap_err();
    assert_eq!(error.to_string(), "/nonexistent/iscsi_host0 cannot be opened");
}

#[test]
fn more_than_one_request_can_carry_is_refused_before_it_is_sent() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("s");
    let _listener = std::os::unix::net::UnixListener::bind(&path).unwrap();
    // A stream listener refuses a SEQPACKET client: a plain file descriptor of /dev/null stands in for the node.
    let mut bsg = Bsg::node("/dev/null".as_ref()).unwrap();
    let command = VendorCommand::ReadFlash {
        offset: 0,
        len: 1 << 20,
    };
    assert_eq!(
        bsg.run(&command, Duration::from_secs(1)),
        Err(BsgError::TooLarge { size: 1 << 20 })
    );
    let small = VendorCommand::ReadFlash { offset: 0, len: 4 };
    assert_eq!(
        bsg.run(&small, Duration::from_secs(1)),
        Err(BsgError::Refused(Errno::ENOTTY))
    );
}

#[test]
fn an_errno_without_a_name_stays_a_failure() {
    let mut packet = VendorReply::good(Vec::new(), Vec::new()).to_answer().encode();
    for code in [524i32, -524, 41, i32::MIN] {
        packet[0..4].copy_from_slice(&code.to_ne_bytes());
        let answer = Answer::decode(&packet).unwrap();
        assert_eq!(answer.errno, Err(Errno::EIO));
        assert_eq!(Answer::decode(&answer.encode()).unwrap(), answer);
    }
}

#[test]
fn mailboxes_are_read_where_each_command_leaves_them() {
    let registers = [0x4000, 0x0500_0000, 0, 0, 0, 0, 0, 0];
    let payload = Payload(Mailboxes(registers).to_payload());
    let state = Mailboxes::inside(&payload).unwrap();
    assert_eq!(
        (state.status(), state.ip_state()),
        (MboxStatus::CommandComplete, IpAddrState::Preferred)
    );
    assert_eq!(Mailboxes::inside(&Payload(vec![0; 31])), None);
    assert_eq!(Mailboxes::behind(&registers), Some(state));
    assert_eq!(Mailboxes::behind(&registers[..7]), None);
}

#[test]
fn a_failed_self_test_says_what_the_firmware_said() {
    let failed = BsgError::Failed {
        result: 0x7_0000,
        words: vec![0x4005, 0, 0, 0, 0, 0, 0, 0],
    };
    assert_eq!(
        failed.to_string(),
        "the driver failed (SCSI result 0x70000, mailbox 0x4005)"
    );
    let failed = BsgError::Failed {
        result: 0x7_0000,
        words: vec![],
    };
    assert_eq!(failed.to_string(), "the driver failed (SCSI result 0x70000)");
}
