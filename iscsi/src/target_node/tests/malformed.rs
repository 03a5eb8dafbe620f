//! Every malformed PDU gets the answer that RFC 7143 prescribes, and the session goes on unless it must end.
//!
//! Source: sections 4.3 (discovery), 7.7 and 7.8 (format and digest errors), 11.3 to 11.18 (each PDU).

use super::*;
use crate::pdu::{BHS_LEN, LogoutResponseCode, NopOut, RejectReason, TmfResponseCode};

/// What a malformed PDU is answered with.
#[derive(Debug, PartialEq, Eq)]
enum Want {
    /// Reject with the header that was sent.
    Reject(RejectReason),
    /// CHECK CONDITION of a command: sense key and additional codes.
    Sense([u8; 3]),
    /// A task management response.
    Tmf(TmfResponseCode),
    /// A logout response that does not log out.
    Logout(LogoutResponseCode),
    /// Nothing, and the PDU has no effect.
    Nothing,
    /// The malformation is in reserved bits: the command is carried out.
    Taken,
    /// The connection ends without an answer.
    End,
}

struct Case {
    what: &'static str,
    opcode: u8,
    /// Byte in the header, and what stands there instead.
    edits: &'static [(usize, u8)],
    ahs: &'static [u8],
    data: usize,
    want: Want,
}

const PLAIN: Case = Case {
    what: "",
    opcode: 0,
    edits: &[],
    ahs: &[],
    data: 0,
    want: Want::Nothing,
};

const NOP: u8 = 0x00;
const COMMAND: u8 = 0x01;
const TMF: u8 = 0x42;
const TEXT: u8 = 0x44;
const DATA_OUT: u8 = 0x05;
const LOGOUT: u8 = 0x46;

const CRC: [u8; 3] = [0x0b, 0x47, 0x05];
const UNSOLICITED: [u8; 3] = [0x0b, 0x0c, 0x0c];
const AMOUNT: [u8; 3] = [0x0b, 0x0c, 0x0d];

/// The open write of every case: its tag, and how much the target asked for.
const OPEN: u32 = 1;
const ASKED: usize = 1024;

macro_rules! cases {
    ($($what:literal: $opcode:expr, $edits:expr, $data:expr => $want:expr;)*) => {
        &[$(Case { what: $what, opcode: $opcode, edits: &$edits, data: $data, want: $want, ..PLAIN }),*]
    };
}

const CASES: &[Case] = cases! {
    // SCSI Command
    "a command with the reserved tag": COMMAND, [(16, 0xff), (17, 0xff), (18, 0xff), (19, 0xff)], 0
        => Want::Reject(RejectReason::INVALID_FIELD);
    "a command with the tag of another": COMMAND, [(19, 1)], 0 => Want::Reject(RejectReason::TASK_IN_PROGRESS);
    "a command that reads and writes": COMMAND, [(1, 0xe0)], 0 => Want::Sense([0x05, 0x24, 0x00]);
    "immediate data that was not agreed on": COMMAND, [(1, 0xa0), (22, 2)], 512 => Want::Sense(UNSOLICITED);
    "data with a read": COMMAND, [(1, 0xc0), (22, 2)], 512 => Want::Sense(UNSOLICITED);
    "a number before the window": COMMAND, [(24, 0x80)], 0 => Want::Nothing;
    "a number beyond the window": COMMAND, [(24, 0x10)], 0 => Want::Nothing;
    "reserved flags": COMMAND, [(1, 0x98), (2, 0xff)], 0 => Want::Taken;
    "the reserved bit beside the opcode": 0x81, [], 0 => Want::Taken;
    // Task management
    "a function of number 0": TMF, [(1, 0x80)], 0 => Want::Tmf(TmfResponseCode::NOT_SUPPORTED);
    "a function that nobody knows": TMF, [(1, 0xff)], 0 => Want::Tmf(TmfResponseCode::NOT_SUPPORTED);
    "TASK REASSIGN at level 0": TMF, [(1, 0x88)], 0 => Want::Tmf(TmfResponseCode::NO_REASSIGN);
    "the abort of a task that never was": TMF, [(1, 0x81), (20, 9), (32, 0x80)], 0 => Want::Tmf(TmfResponseCode::NO_TASK);
    "the abort of a task of another unit": TMF, [(1, 0x81), (9, 5), (23, 1), (32, 0x80)], 0
        => Want::Tmf(TmfResponseCode::NO_TASK);
    // NOP-Out
    "a ping that wants no answer": 0x40, [(16, 0xff), (17, 0xff), (18, 0xff), (19, 0xff)], 0 => Want::Nothing;
    "the answer to a ping that was not sent": 0x40,
        [(16, 0xff), (17, 0xff), (18, 0xff), (19, 0xff), (20, 7), (21, 7), (22, 7), (23, 7)], 0 => Want::Nothing;
    "a ping beyond the window": NOP, [(24, 0x10)], 0 => Want::Nothing;
    // Text
    "a text that ends and goes on": TEXT, [(1, 0xc0)], 0 => Want::Reject(RejectReason::INVALID_FIELD);
    "a text with the reserved tag": TEXT, [(16, 0xff), (17, 0xff), (18, 0xff), (19, 0xff)], 0
        => Want::Reject(RejectReason::INVALID_FIELD);
    "a text that goes on with nothing": TEXT, [(20, 1), (21, 2), (22, 3), (23, 4)], 0
        => Want::Reject(RejectReason::PROTOCOL_ERROR);
    "a text that is none": TEXT, [], 20 => Want::Reject(RejectReason::PROTOCOL_ERROR);
    // Data-Out
    "data of a task that never was": DATA_OUT, [(19, 99)], ASKED => Want::Nothing;
    "data that nobody asked for under this tag": DATA_OUT, [(20, 0x55)], ASKED => Want::Nothing;
    "data with a number too high": DATA_OUT, [(39, 1)], ASKED => Want::Sense(CRC);
    "data at another offset": DATA_OUT, [(42, 2)], ASKED => Want::Sense(CRC);
    "data far beyond its buffer": DATA_OUT, [(40, 0xff)], ASKED => Want::Sense(CRC);
    "more data than asked for": DATA_OUT, [], ASKED + 4 => Want::Sense(AMOUNT);
    "less data than asked for": DATA_OUT, [], ASKED - 4 => Want::Sense(AMOUNT);
    "no data at all": DATA_OUT, [], 0 => Want::Sense(AMOUNT);
    // Logout
    "a logout for recovery at level 0": LOGOUT, [(1, 0x82)], 0
        => Want::Logout(LogoutResponseCode::RECOVERY_UNSUPPORTED);
    "a logout of a connection that never was": LOGOUT, [(1, 0x81), (20, 0x77)], 0
        => Want::Logout(LogoutResponseCode::CID_NOT_FOUND);
    // What has no place here
    "a login in full feature phase": 0x43, [], 0 => Want::Reject(RejectReason::PROTOCOL_ERROR);
    "a SNACK at level 0": 0x10, [], 0 => Want::Reject(RejectReason::SNACK_REJECT);
};

/// Additional headers that cannot be.
const HEADERS: &[(&str, &[u8])] = &[
    ("longer than all of them", &[0x00, 0xff, 0x01, 0x00]),
    (
        "an extended CDB that is cut off",
        &[0x00, 0x09, 0x01, 0x00, 1, 2, 3, 4],
    ),
];

impl Peer {
    /// A session without immediate data, with a write that waits for its data; and the tag of what was asked for.
    fn with_open_write() -> (Self, u32) {
        let mut peer = Self::ready(
            Config::default(),
            &[("ImmediateData", "No"), ("InitialR2T", "Yes")],
        );
        let asked = r2ts(&peer.command(OPEN, FINAL | WRITE, ASKED as u32, &[]));
        (peer, asked[0].0)
    }

    /// The header that would be right, with what is wrong about it; and what comes after it.
    fn malformed(&self, case: &Case, asked: u32) -> Vec<u8> {
        let mut bytes = [0u8; BHS_LEN];
        bytes[0] = case.opcode;
        bytes[1] = 0x80;
        bytes[4] = (case.ahs.len() / 4) as u8;
        bytes[5..8].copy_from_slice(&(case.data as u32).to_be_bytes()[1..]);
        bytes[8..16].copy_from_slice(&Lun::flat(1).0);
        bytes[16..20].copy_from_slice(&77u32.to_be_bytes());
        bytes[24..28].copy_from_slice(&self.cmd_sn.to_be_bytes());
        match case.opcode {
            DATA_OUT => {
                bytes[16..20].copy_from_slice(&OPEN.to_be_bytes());
                bytes[20..24].copy_from_slice(&asked.to_be_bytes());
                bytes[24..28].fill(0);
            }
            TEXT | NOP | 0x40 => bytes[20..24].fill(0xff),
            _ => {}
        }
        for (at, value) in case.edits {
            bytes[*at] = *value;
        }
        let mut bytes = bytes.to_vec();
        bytes.extend_from_slice(case.ahs);
        bytes.resize(bytes.len() + case.data.next_multiple_of(4), 0x41);
        bytes
    }
}

fn answer(answers: &[(TargetPdu, Vec<u8>)], peer: &mut Peer) -> Want {
    let Some((pdu, data)) = answers.first() else {
        return if peer.closed().is_some() {
            Want::End
        } else if peer.commands().is_empty() {
            Want::Nothing
        } else {
            Want::Taken
        };
    };
    assert_eq!(answers.len(), 1, "{answers:?}");
    match pdu {
        TargetPdu::Reject(reject) => {
            assert_eq!(data.len(), BHS_LEN, "the rejected header comes back");
            Want::Reject(reject.reason)
        }
        TargetPdu::ScsiResponse(_) => Want::Sense(ended(answers).unwrap().1),
        TargetPdu::TmfResponse(response) => Want::Tmf(response.response),
        TargetPdu::LogoutResponse(response) => Want::Logout(response.response),
        other => panic!("{other:?}"),
    }
}

fn ping() -> NopOut {
    NopOut {
        opcode: OpcodeByte::immediate(Opcode::NOP_OUT),
        flags: 0x80,
        itt: 4711.into(),
        ttt: RESERVED_TAG.into(),
        ..NopOut::default()
    }
}

fn check(case: &Case) {
    let (mut peer, asked) = Peer::with_open_write();
    let before = peer.target.exp_cmd_sn;
    let bytes = peer.malformed(case, asked);
    let answers = peer.bytes(&bytes);
    assert_eq!(answer(&answers, &mut peer), case.want, "{}", case.what);
    if case.want == Want::End {
        return;
    }
    if case.want == Want::Nothing {
        assert_eq!(peer.target.exp_cmd_sn, before, "{}", case.what);
    }
    let answers = peer.send(ping().to_bhs(), b"still there?");
    let pong = matches!(&answers[..], [(TargetPdu::NopIn(_), data)] if data == b"still there?");
    assert!(pong && peer.closed().is_none(), "{}: {answers:?}", case.what);
}

#[test]
fn every_malformed_request_has_its_answer() {
    CASES.iter().for_each(check);
}

#[test]
fn additional_headers_that_cannot_be_are_rejected() {
    for (what, ahs) in HEADERS {
        check(&Case {
            what,
            opcode: COMMAND,
            ahs,
            want: Want::Reject(RejectReason::INVALID_FIELD),
            ..PLAIN
        });
    }
}

#[test]
fn opcodes_that_no_initiator_sends_are_rejected_whatever_they_carry() {
    let known = [0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x10];
    for opcode in (0u8..0x40).filter(|opcode| !known.contains(opcode)) {
        for data in [0, 1, 4096] {
            check(&Case {
                what: "an opcode out of place",
                opcode,
                data,
                want: Want::Reject(RejectReason::NOT_SUPPORTED),
                ..PLAIN
            });
        }
    }
}

#[test]
fn a_segment_beyond_the_limit_ends_the_connection_before_it_is_read() {
    for opcode in 0u8..0x40 {
        check(&Case {
            what: "a segment of 16 MiB",
            opcode,
            edits: &[(5, 0xff), (6, 0xff), (7, 0xff)],
            want: Want::End,
            ..PLAIN
        });
    }
}

#[test]
fn a_discovery_session_takes_texts_and_the_logout() {
    for (opcode, want) in [
        (COMMAND, Want::Reject(RejectReason::PROTOCOL_ERROR)),
        (TMF, Want::Reject(RejectReason::PROTOCOL_ERROR)),
        (NOP, Want::Reject(RejectReason::PROTOCOL_ERROR)),
        (DATA_OUT, Want::Nothing),
        (0x10, Want::Reject(RejectReason::SNACK_REJECT)),
    ] {
        let mut peer = Peer::new(Config::default(), Admission::Accept(Authentication::None));
        let keys = [
            ("InitiatorName", "iqn.2026-01.example:host"),
            ("SessionType", "Discovery"),
        ];
        let flags = LoginFlags::transit(Stage::OPERATIONAL, Stage::FULL_FEATURE);
        assert!(peer.login(flags, &keys).0.status.is_success());
        let case = Case { opcode, ..PLAIN };
        let bytes = peer.malformed(&case, 5);
        let answers = peer.bytes(&bytes);
        assert_eq!(answer(&answers, &mut peer), want, "{opcode:#x}");
        assert!(peer.closed().is_none());
    }
}
