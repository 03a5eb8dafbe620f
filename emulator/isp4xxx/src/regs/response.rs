//! Responses: how commands ended becomes ring entries.
//!
//! Owns the layout of every answer. Source: `ql4_isr.c` (the readers of each entry), `ql4_fw.h`.

use zerocopy::little_endian::U32;

use super::iocb::{self, Entry, Header, Mbox, PassthruStatus, Status, StatusContinuation};
use crate::fw::{Completion, IoDone, PingStatus, Residual};

/// The status entry of a SCSI command, and what sense data needs beyond it.
pub(super) fn status(handle: u32, done: &IoDone) -> Vec<Entry> {
    let more = done.sense.get(iocb::SENSE..).unwrap_or_default();
    let mut status = Status::of(&[0; iocb::ENTRY]);
    status.header = Header::one(iocb::ET_STATUS);
    status.header.count = 1 + more.len().div_ceil(iocb::MORE_SENSE) as u8;
    status.handle.set(handle);
    status.scsi_status = done.scsi_status;
    status.completion = done.completion.code();
    match done.residual {
        Residual::None => {}
        Residual::Underflow(n) => {
            status.flags = iocb::RESIDUAL_UNDER;
            status.residual.set(n);
        }
        Residual::Overflow(n) => {
            status.flags = iocb::RESIDUAL_OVER;
            status.residual.set(n);
        }
    }
    status
        .sense_len
        .set(u16::try_from(done.sense.len()).unwrap_or(u16::MAX));
    let here = done.sense.len().min(iocb::SENSE);
    status.sense[..here].copy_from_slice(&done.sense[..here]);
    let mut entries = vec![status.entry()];
    entries.extend(more.chunks(iocb::MORE_SENSE).map(|piece| {
        let mut entry = StatusContinuation {
            header: Header::one(iocb::ET_STATUS_CONTINUATION),
            sense: [0; iocb::MORE_SENSE],
        };
        entry.sense[..piece.len()].copy_from_slice(piece);
        entry.entry()
    }));
    entries
}

/// The status entry of a SCSI command that never reached the firmware.
pub(super) fn refused(handle: u32, completion: Completion) -> Entry {
    let mut status = Status::of(&[0; iocb::ENTRY]);
    status.header = Header::one(iocb::ET_STATUS);
    status.handle.set(handle);
    status.completion = completion.code();
    if completion == Completion::QueueFull {
        // SAM: TASK SET FULL.
        status.scsi_status = 0x28;
    }
    status.entry()
}

/// The answer to a pass-through PDU; `unused` bytes of the room for it were left.
pub(super) fn passthrough(handle: u32, ddb: u16, complete: bool, unused: u32) -> Entry {
    let mut status = PassthruStatus::of(&[0; iocb::ENTRY]);
    status.header = Header::one(iocb::ET_PASSTHRU_STATUS);
    status.header.system_defined = iocb::SD_ISCSI_PDU;
    status.handle.set(handle);
    status.target.set(ddb);
    if complete {
        status.completion = iocb::PASSTHRU_STATUS_COMPLETE;
    }
    status.in_residual.set(unused);
    status.entry()
}

/// The answer to an echo.
pub(super) fn ping(handle: u32, status: PingStatus) -> Entry {
    mailbox(handle, status.mailboxes())
}

/// The answer to a mailbox command that came through the ring.
pub(super) fn mailbox(handle: u32, mailboxes: [u32; 8]) -> Entry {
    Mbox {
        header: Header::one(iocb::ET_MBOX_STATUS),
        handle: U32::new(handle),
        mailboxes: mailboxes.map(U32::new),
    }
    .entry()
}
