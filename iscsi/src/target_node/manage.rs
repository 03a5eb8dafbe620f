//! NOP, logout, task management and asynchronous messages (RFC 7143 §11.5, §11.6, §11.9, §11.14, §11.18, §11.19).

use std::time::{Duration, Instant};

use super::connection::Connection;
use super::event::{CloseReason, Event, TaskId, TaskManagement, TmfId};
use super::receive::Parked;
use super::task::Stage;
use super::trace::{IscsiState, TargetState};
use crate::framer::Data;
use crate::pdu::{
    AsyncEvent, AsyncMessage, Bhs, LogoutReason, LogoutRequest, LogoutResponse, LogoutResponseCode, NopIn,
    NopOut, RESERVED_TAG, RejectReason, TmfFunction, TmfRequest, TmfResponse, TmfResponseCode,
};
use crate::serial;

/// Functions that may wait for the owner at once.
const MAX_TMFS: usize = 16;

impl Connection {
    pub(super) fn nop_out(&mut self, pdu: &NopOut, data: &[u8]) {
        if pdu.ttt.get() != RESERVED_TAG {
            if self.ping == Some(pdu.ttt.get()) {
                self.ping = None;
            }
            return;
        }
        if pdu.itt.get() == RESERVED_TAG {
            return;
        }
        let longest = self
            .session()
            .map_or(0, |session| session.params.max_xmit_data_segment as usize);
        let data = data.get(..longest).unwrap_or(data);
        let stat_sn = self.take_stat_sn();
        self.nop_in(pdu.itt.get(), RESERVED_TAG, stat_sn, data);
    }

    /// Asks whether the initiator is alive.
    pub(super) fn send_ping(&mut self) {
        let ttt = self.take_ttt();
        self.ping = Some(ttt);
        self.nop_in(RESERVED_TAG, ttt, self.stat_sn, &[]);
    }

    fn nop_in(&mut self, itt: u32, ttt: u32, stat_sn: u32, data: &[u8]) {
        let (exp, max) = self.window();
        let pdu = NopIn {
            opcode: NopIn::OPCODE.into(),
            flags: 0x80,
            itt: itt.into(),
            ttt: ttt.into(),
            stat_sn: stat_sn.into(),
            exp_cmd_sn: exp.into(),
            max_cmd_sn: max.into(),
            ..NopIn::default()
        };
        self.push(pdu.to_bhs(), Data::Bytes(data));
    }

    pub(super) fn logout(&mut self, now: Instant, pdu: &LogoutRequest) {
        let reason = pdu.reason();
        let cid = self.session().map_or(0, |session| session.cid);
        let response = match reason {
            LogoutReason::CLOSE_SESSION => LogoutResponseCode::SUCCESS,
            LogoutReason::CLOSE_CONNECTION if pdu.cid.get() == cid => LogoutResponseCode::SUCCESS,
            LogoutReason::CLOSE_CONNECTION => LogoutResponseCode::CID_NOT_FOUND,
            _ => LogoutResponseCode::RECOVERY_UNSUPPORTED,
        };
        let done = response == LogoutResponseCode::SUCCESS;
        if done {
            for id in self.tasks.active(None) {
                self.abort(id);
            }
            self.events.push_back(Event::LoggedOut(reason));
        }
        let (time2wait, time2retain) = self.session().map_or((0, 0), |session| {
            (session.params.time2wait, session.params.time2retain)
        });
        let (exp, max) = self.window();
        let pdu = LogoutResponse {
            opcode: LogoutResponse::OPCODE.into(),
            flags: 0x80,
            response,
            itt: pdu.itt,
            stat_sn: self.take_stat_sn().into(),
            exp_cmd_sn: exp.into(),
            max_cmd_sn: max.into(),
            time2wait: u16::try_from(time2wait).unwrap_or(u16::MAX).into(),
            time2retain: u16::try_from(time2retain).unwrap_or(u16::MAX).into(),
            ..LogoutResponse::default()
        };
        self.push(pdu.to_bhs(), Data::None);
        if done {
            self.close(now, CloseReason::LoggedOut);
        }
    }

    pub(super) fn task_management(&mut self, pdu: &TmfRequest, bhs: &Bhs) {
        if self.discovery() {
            self.reject(bhs, RejectReason::PROTOCOL_ERROR);
            return;
        }
        let (itt, function) = (pdu.itt.get(), pdu.function());
        self.trace
            .step(itt, IscsiState::NewCmnd, TargetState::Message(function));
        if self.config.strict_unh && function != TmfFunction::ABORT_TASK {
            self.tmf_response(itt, function, TmfResponseCode::NOT_SUPPORTED);
            return;
        }
        match function {
            TmfFunction::ABORT_TASK => {
                let code = self.abort_task(pdu);
                self.tmf_response(itt, function, code);
            }
            TmfFunction::ABORT_TASK_SET
            | TmfFunction::CLEAR_TASK_SET
            | TmfFunction::LOGICAL_UNIT_RESET
            | TmfFunction::TARGET_WARM_RESET
            | TmfFunction::TARGET_COLD_RESET => {
                if self.tmfs.len() >= MAX_TMFS {
                    self.tmf_response(itt, function, TmfResponseCode::REJECTED);
                    return;
                }
                let target = matches!(
                    function,
                    TmfFunction::TARGET_WARM_RESET | TmfFunction::TARGET_COLD_RESET
                );
                for id in self.tasks.active((!target).then_some(pdu.lun)) {
                    self.abort(id);
                }
                let id = self.take_ttt();
                self.tmfs.insert(id, (itt, function));
                self.events.push_back(Event::TaskManagement(TaskManagement {
                    id: TmfId(id),
                    function,
                    lun: pdu.lun,
                }));
            }
            TmfFunction::TASK_REASSIGN => self.tmf_response(itt, function, TmfResponseCode::NO_REASSIGN),
            _ => self.tmf_response(itt, function, TmfResponseCode::NOT_SUPPORTED),
        }
    }

    /// ABORT TASK. A task that is not there counts as aborted if its number may still come (RFC 7143 §11.5.1 and §11.6.1).
    fn abort_task(&mut self, pdu: &TmfRequest) -> TmfResponseCode {
        if let Some(id) = self.tasks.by_itt(pdu.referenced_task_tag.get())
            && self.tasks.get(id).is_some_and(|task| task.lun == pdu.lun)
        {
            if std::mem::take(&mut self.keep_next) {
                return TmfResponseCode::REJECTED;
            }
            self.abort(id);
            return TmfResponseCode::COMPLETE;
        }
        let referenced = pdu.ref_cmd_sn.get();
        let expected = serial::at_or_before(self.exp_cmd_sn, referenced)
            && serial::at_or_before(referenced, self.max_cmd_sn())
            && serial::before(referenced, pdu.cmd_sn.get());
        if !expected {
            return TmfResponseCode::NO_TASK;
        }
        if self.config.strict_unh {
            self.exp_cmd_sn = self.exp_cmd_sn.wrapping_add(1);
        } else if referenced == self.exp_cmd_sn {
            // The answer says already that the number counts as received.
            self.exp_cmd_sn = self.exp_cmd_sn.wrapping_add(1);
        } else {
            let gone = self.parked.insert(referenced, Parked { request: None });
            if let Some((_, _, data)) = gone.and_then(|parked| parked.request) {
                self.parked_bytes = self.parked_bytes.saturating_sub(data.bytes().len());
            }
        }
        TmfResponseCode::COMPLETE
    }

    /// Answers a task management function. TARGET COLD RESET ends the session.
    pub fn complete_task_management(&mut self, now: Instant, id: TmfId, code: TmfResponseCode) {
        let Some((itt, function)) = self.tmfs.remove(&id.0) else {
            return;
        };
        if self.wants_close() {
            return;
        }
        self.tmf_response(itt, function, code);
        if function == TmfFunction::TARGET_COLD_RESET && code == TmfResponseCode::COMPLETE {
            self.close(now, CloseReason::Dropped);
        }
    }

    fn tmf_response(&mut self, itt: u32, function: TmfFunction, response: TmfResponseCode) {
        self.trace
            .step(itt, IscsiState::MgtFnDone, TargetState::Message(function));
        let (exp, max) = self.window();
        let pdu = TmfResponse {
            opcode: TmfResponse::OPCODE.into(),
            flags: 0x80,
            response,
            itt: itt.into(),
            stat_sn: self.take_stat_sn().into(),
            exp_cmd_sn: exp.into(),
            max_cmd_sn: max.into(),
            ..TmfResponse::default()
        };
        self.push(pdu.to_bhs(), Data::None);
        let mark = self.tx.octets() + self.tx.queued() as u64;
        self.trace.function(mark, itt, function);
    }

    /// Another nexus reset the unit or cleared the task set: this connection's tasks for it (all, for `None`) end without an
    /// answer.
    pub fn abort_tasks(&mut self, lun: Option<crate::pdu::Lun>) {
        for id in self.tasks.active(lun) {
            self.abort(id);
        }
    }

    /// The commands for units chosen that the owner has taken and not completed, oldest first.
    #[must_use]
    pub fn held_tasks(&self, chosen: impl Fn(crate::pdu::Lun) -> bool) -> Vec<TaskId> {
        let mut held = self.tasks.active(None);
        held.retain(|id| {
            let task = self.tasks.get(*id);
            task.is_some_and(|task| task.stage == Stage::Delivered && chosen(task.lun))
                && !self.ready.contains(id)
        });
        held
    }

    /// Asks the initiator to log out within `seconds`; drops the session if it does not. False outside the full feature phase.
    pub fn request_logout(&mut self, now: Instant, seconds: u16) -> bool {
        if self.session().is_none() || self.wants_close() {
            return false;
        }
        self.logout_deadline = Some(now + Duration::from_secs(seconds.into()));
        self.async_message(AsyncEvent::REQUEST_LOGOUT, 0, seconds, &[]);
        true
    }

    /// Tells the initiator that the session is dropped, and drops it. It may come back after `wait` seconds.
    pub fn announce_drop(&mut self, now: Instant, wait: u16) -> bool {
        if self.session().is_none() || self.wants_close() {
            return false;
        }
        self.async_message(AsyncEvent::DROP_SESSION, wait, 0, &[]);
        self.close(now, CloseReason::Dropped);
        true
    }

    /// Tells the initiator that this connection, its session's only one, is dropped, and drops it. It may come back after `wait`
    /// seconds.
    pub fn announce_connection_drop(&mut self, now: Instant, wait: u16) -> bool {
        let Some(cid) = self.session().map(|session| session.cid) else {
            return false;
        };
        if self.wants_close() {
            return false;
        }
        let of = Parameters {
            first: cid,
            second: wait,
            third: 0,
        };
        self.send_async(AsyncEvent::DROP_CONNECTION, crate::pdu::Lun::default(), of, &[]);
        self.close(now, CloseReason::Dropped);
        true
    }

    /// Reports a SCSI event with its sense data.
    pub fn scsi_event(&mut self, lun: crate::pdu::Lun, sense: &[u8]) -> bool {
        if self.discovery() || self.wants_close() {
            return false;
        }
        let mut data = u16::try_from(sense.len()).unwrap_or(0).to_be_bytes().to_vec();
        data.extend_from_slice(sense);
        self.send_async(AsyncEvent::SCSI, lun, Parameters::default(), &data);
        true
    }

    fn async_message(&mut self, event: AsyncEvent, parameter2: u16, parameter3: u16, data: &[u8]) {
        let parameters = Parameters {
            first: 0,
            second: parameter2,
            third: parameter3,
        };
        self.send_async(event, crate::pdu::Lun::default(), parameters, data);
    }

    fn send_async(&mut self, event: AsyncEvent, lun: crate::pdu::Lun, parameters: Parameters, data: &[u8]) {
        let (exp, max) = self.window();
        let pdu = AsyncMessage {
            opcode: AsyncMessage::OPCODE.into(),
            flags: 0x80,
            lun,
            itt: RESERVED_TAG.into(),
            stat_sn: self.take_stat_sn().into(),
            exp_cmd_sn: exp.into(),
            max_cmd_sn: max.into(),
            event,
            parameter1: parameters.first.into(),
            parameter2: parameters.second.into(),
            parameter3: parameters.third.into(),
            ..AsyncMessage::default()
        };
        self.push(pdu.to_bhs(), Data::Bytes(data));
    }
}

/// What the three parameter fields of an asynchronous message mean depends on its event.
#[derive(Debug, Clone, Copy, Default)]
struct Parameters {
    first: u16,
    second: u16,
    third: u16,
}
