//! What went over the wire, by kind.
//!
//! Source: the kernel's `struct iscsi_stats` (scsi_transport_iscsi), RFC 7144 for the errors.

use std::time::Duration;

use crate::pdu::Opcode;

/// PDUs sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "the names are those of the PDUs")]
pub struct TxPdus {
    pub nop_out: u64,
    pub scsi_command: u64,
    pub task_management: u64,
    pub login: u64,
    pub text: u64,
    pub data_out: u64,
    pub logout: u64,
    pub snack: u64,
}

/// PDUs received.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "the names are those of the PDUs")]
pub struct RxPdus {
    pub nop_in: u64,
    pub scsi_response: u64,
    pub task_management: u64,
    pub login: u64,
    pub text: u64,
    pub data_in: u64,
    pub logout: u64,
    pub r2t: u64,
    pub async_message: u64,
    pub reject: u64,
}

/// Counters of one connection; they start at 0 with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counters {
    /// Octets sent, everything included.
    pub tx_octets: u64,
    /// Octets received, everything included.
    pub rx_octets: u64,
    /// Payload octets written by SCSI commands.
    pub written: u64,
    /// Payload octets read by SCSI commands.
    pub read: u64,
    /// SCSI commands that the target completed.
    pub completed: u64,
    /// Time from submission to completion, over all of those.
    pub busy: Duration,
    /// The longest of those times.
    pub busy_max: Duration,
    /// PDUs sent (counted when queued).
    pub tx: TxPdus,
    /// PDUs received.
    pub rx: RxPdus,
    /// Header or data digests that did not match.
    pub digest_errors: u64,
    /// Timeouts of login, NOP, logout, text or task management.
    pub timeout_errors: u64,
    /// PDUs that broke the protocol.
    pub format_errors: u64,
}

impl Counters {
    pub(super) const fn count_tx(&mut self, opcode: Opcode) {
        let counter = match opcode {
            Opcode::NOP_OUT => &mut self.tx.nop_out,
            Opcode::SCSI_COMMAND => &mut self.tx.scsi_command,
            Opcode::TMF_REQUEST => &mut self.tx.task_management,
            Opcode::LOGIN_REQUEST => &mut self.tx.login,
            Opcode::TEXT_REQUEST => &mut self.tx.text,
            Opcode::DATA_OUT => &mut self.tx.data_out,
            Opcode::LOGOUT_REQUEST => &mut self.tx.logout,
            Opcode::SNACK => &mut self.tx.snack,
            _ => return,
        };
        *counter = counter.wrapping_add(1);
    }

    pub(super) const fn count_rx(&mut self, opcode: Opcode) {
        let counter = match opcode {
            Opcode::NOP_IN => &mut self.rx.nop_in,
            Opcode::SCSI_RESPONSE => &mut self.rx.scsi_response,
            Opcode::TMF_RESPONSE => &mut self.rx.task_management,
            Opcode::LOGIN_RESPONSE => &mut self.rx.login,
            Opcode::TEXT_RESPONSE => &mut self.rx.text,
            Opcode::DATA_IN => &mut self.rx.data_in,
            Opcode::LOGOUT_RESPONSE => &mut self.rx.logout,
            Opcode::R2T => &mut self.rx.r2t,
            Opcode::ASYNC_MESSAGE => &mut self.rx.async_message,
            Opcode::REJECT => &mut self.rx.reject,
            _ => return,
        };
        *counter = counter.wrapping_add(1);
    }
}
