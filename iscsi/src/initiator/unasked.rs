//! What the target says without being asked: asynchronous messages and Reject.
//!
//! Source: RFC 7143 sections 11.9 and 11.17.

use std::time::Instant;

use super::{
    AsyncReport, Breach, DropReason, Event, Initiator, Outcome, TextFailure, TmfOutcome, scsi::sense,
};
use crate::{
    pdu::{AsyncEvent, AsyncMessage, BHS_LEN, Bhs, Lun, Opcode, RESERVED_TAG, Reject, RejectReason},
    serial,
};

impl Initiator {
    pub(super) fn on_async(
        &mut self,
        now: Instant,
        pdu: &AsyncMessage,
        data: Vec<u8>,
    ) -> Result<(), DropReason> {
        let seconds = pdu.parameter3.get();
        let report = match pdu.event {
            AsyncEvent::SCSI => AsyncReport::Scsi {
                lun: pdu.lun,
                sense: sense(&data),
            },
            AsyncEvent::REQUEST_LOGOUT => AsyncReport::LogoutRequested { seconds },
            AsyncEvent::DROP_CONNECTION | AsyncEvent::DROP_SESSION => {
                let (time2wait, time2retain) = (pdu.parameter2.get(), seconds);
                return Err(DropReason::ByTarget {
                    time2wait,
                    time2retain,
                });
            }
            AsyncEvent::RENEGOTIATE => AsyncReport::Renegotiate { seconds },
            AsyncEvent::TASKS_TERMINATED => {
                // No response will come for what the target had received, and it wants its message acknowledged.
                let lun = pdu.lun;
                self.abort_sent(pdu.exp_cmd_sn.get(), |_, of| of == lun);
                self.send_nop(RESERVED_TAG, RESERVED_TAG, Lun::default(), &[]);
                AsyncReport::TasksTerminated { lun }
            }
            other => AsyncReport::Other {
                event: other.0,
                vendor_code: pdu.vendor_code,
                data,
            },
        };
        self.events.push_back(Event::Async(report));
        match pdu.event {
            AsyncEvent::REQUEST_LOGOUT if self.terms.logout_on_request => self.logout(now),
            AsyncEvent::RENEGOTIATE => self.renegotiate(now),
            _ => {}
        }
        Ok(())
    }

    /// The target rejected something of ours; its header comes back.
    pub(super) fn on_reject(&mut self, now: Instant, pdu: &Reject, data: &[u8]) -> Result<(), DropReason> {
        let reason = pdu.reason;
        let Some((header, _)) = data.split_first_chunk::<BHS_LEN>() else {
            return Err(DropReason::Protocol(Breach::RejectHeader));
        };
        let rejected = Bhs::from_array(*header);
        let tag = rejected.itt.get();
        match rejected.opcode.opcode() {
            // The original goes on.
            Opcode::SCSI_COMMAND if reason == RejectReason::TASK_IN_PROGRESS => {}
            Opcode::SCSI_COMMAND => {
                if let Some(cmd_sn) = self.tasks.0.get(&tag).and_then(|task| task.cmd_sn) {
                    // A damaged command is thrown away, and the target waits for its CmdSN.
                    if reason == RejectReason::DATA_DIGEST_ERROR && !serial::before(cmd_sn, self.window.exp) {
                        self.on_damaged_command(now, tag);
                    } else {
                        self.end_task(tag, Outcome::Rejected(reason));
                    }
                }
            }
            Opcode::TMF_REQUEST => match self.tmfs.remove(&tag) {
                Some(tmf) if tmf.given_up.is_some() => return Err(DropReason::DataDigest),
                Some(_) => self.tmf_done(tag, TmfOutcome::Rejected(reason)),
                None => {}
            },
            Opcode::TEXT_REQUEST => {
                if self.exchange.as_ref().is_some_and(|exchange| exchange.tag == tag) {
                    self.close_exchange(now, Err(TextFailure::Rejected(reason)));
                }
            }
            Opcode::NOP_OUT => {
                // A sign of life all the same.
                if self.ping.is_some_and(|(ping, _)| ping == tag) {
                    self.ping = None;
                } else if self.nops.remove(&tag).is_some() {
                    self.nop_done(tag, false);
                }
            }
            Opcode::LOGOUT_REQUEST => return Err(DropReason::Protocol(Breach::LogoutRejected)),
            // The target ends the task with a SCSI Response of its own.
            Opcode::DATA_OUT | Opcode::SNACK => {}
            _ => self.counters.format_errors += 1,
        }
        if reason == RejectReason::WAITING_FOR_LOGOUT && self.terms.logout_on_request && self.is_open() {
            self.logout(now);
        }
        Ok(())
    }
}
