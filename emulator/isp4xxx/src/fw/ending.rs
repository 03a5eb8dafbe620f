//! How the iSCSI engine's endings read in the firmware's words.
//!
//! Owns the tables between outcome and completion status, login failure and failure code. Sources: `ql4_fw.h` `SCS_*`;
//! `ql4_isr.c` `qla4xxx_status_entry` (what the driver makes of them); RFC 7143 11.4, 11.13.5.

use std::time::Duration;

use iscsi::LinkLoss;
use iscsi::chap::ChapError;
use iscsi::initiator as engine;
use iscsi::initiator::Outcome;
use iscsi::pdu;

use super::{Completion, Event, IoDone, IoTag, LoginFailure, Passthrough, Residual};

pub(super) fn nop_in(asked: &Passthrough) -> ([u8; 48], Vec<u8>) {
    let mut header = asked.header;
    header[0] = pdu::Opcode::NOP_IN.0;
    (header, asked.data.clone())
}

pub(super) fn done(
    ddb: u16,
    tag: IoTag,
    outcome: Outcome,
    buffer: Box<dyn iscsi::Buffer>,
    aborted: bool,
) -> Event {
    let mut io = IoDone {
        tag,
        ddb,
        completion: Completion::Complete,
        scsi_status: 0,
        sense: Vec::new(),
        residual: Residual::None,
        transferred: 0,
        buffer,
    };
    match outcome {
        Outcome::Completed {
            status,
            sense,
            residual,
            transferred,
        } => {
            io.scsi_status = status;
            io.sense = sense;
            io.transferred = transferred as usize;
            (io.completion, io.residual) = match residual {
                engine::Residual::None => (Completion::Complete, Residual::None),
                engine::Residual::Underflow(n) => (Completion::DataUnderrun, Residual::Underflow(n)),
                engine::Residual::Overflow(n) => (Completion::DataOverrun, Residual::Overflow(n)),
            };
        }
        Outcome::TargetFailure(_) | Outcome::Rejected(_) | Outcome::Damaged => {
            io.completion = Completion::Incomplete;
        }
        Outcome::Aborted if aborted => io.completion = Completion::Aborted,
        Outcome::Aborted => io.completion = Completion::ResetOccurred,
        Outcome::Lost => io.completion = Completion::DeviceLoggedOut,
        Outcome::NotSent => io.completion = Completion::DeviceUnavailable,
    }
    Event::IoDone(io)
}

pub(super) fn login_failure(why: engine::LoginFailure) -> LoginFailure {
    use engine::LoginFailure as W;
    match why {
        W::Refused(status) | W::AlgorithmsRefused(status) => LoginFailure::Status {
            class: status.class,
            detail: status.detail,
        },
        W::NoAuthMethod => LoginFailure::NoAuthMethod,
        W::Chap(
            ChapError::WrongResponse | ChapError::Reflected | ChapError::SameSecret | ChapError::WrongName,
        ) => LoginFailure::TargetAuthentication,
        W::TimedOut => LoginFailure::Timeout,
        W::Link(LinkLoss::TimedOut) => LoginFailure::Timeout,
        W::Link(_) => LoginFailure::Connection,
        _ => LoginFailure::Protocol,
    }
}

pub(super) fn drop_reason(why: engine::DropReason) -> (LoginFailure, Option<Duration>) {
    use engine::DropReason as W;
    let failure = match why {
        W::ByTarget { time2wait, .. } => {
            return (LoginFailure::Dropped, Some(Duration::from_secs(time2wait.into())));
        }
        W::Link(LinkLoss::TimedOut) | W::NopTimeout | W::LogoutTimeout => LoginFailure::Timeout,
        W::Link(_) => LoginFailure::Connection,
        W::Frame(_) | W::DataDigest | W::Protocol(_) | W::NotRead => LoginFailure::Protocol,
        W::LogoutRefused(_) | W::Requested => LoginFailure::Dropped,
    };
    (failure, None)
}
