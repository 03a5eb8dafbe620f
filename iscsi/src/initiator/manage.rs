//! Task management, NOP and logout.
//!
//! Source: RFC 7143 sections 4.2.3, 11.5, 11.6, 11.14, 11.15, 11.18 and 11.19.

use std::time::Instant;

use super::{Breach, DropReason, Event, Initiator, Outcome, TaskTag, TmfOutcome, damage::GivenUp};
use crate::{
    framer::Data,
    pdu::{
        LogoutReason, LogoutRequest, LogoutResponse, LogoutResponseCode, Lun, NopIn, NopOut, OpcodeByte,
        RESERVED_TAG, TmfFunction, TmfRequest, TmfResponse, TmfResponseCode,
    },
    serial,
};

/// A task management function on its way.
pub(super) struct Tmf {
    pub(super) function: TmfFunction,
    pub(super) lun: Lun,
    /// The task to abort.
    pub(super) task: Option<u32>,
    /// Commands before this number are affected.
    pub(super) cmd_sn: u32,
    pub(super) deadline: Instant,
    /// Nobody asked for it: the engine gives up the task.
    pub(super) given_up: Option<GivenUp>,
}

impl Tmf {
    pub(super) fn affects(&self, tag: u32, lun: Lun) -> bool {
        match self.function {
            TmfFunction::ABORT_TASK => self.task == Some(tag),
            TmfFunction::ABORT_TASK_SET | TmfFunction::CLEAR_TASK_SET | TmfFunction::LOGICAL_UNIT_RESET => {
                self.lun == lun
            }
            TmfFunction::TARGET_WARM_RESET | TmfFunction::TARGET_COLD_RESET => true,
            _ => false,
        }
    }
}

impl Initiator {
    /// Asks for a task management function; `task` is the task to abort, which brings its own LUN. Tasks that the function affects
    /// and that were not sent yet end at once, the others when the target says that it is done (or, for ABORT TASK, that it knows no
    /// such task); with any other answer they go on. TASK REASSIGN is refused without asking: at error recovery level 0 a task cannot
    /// change its connection. It always ends with [`Event::TmfDone`].
    pub fn task_management(
        &mut self,
        now: Instant,
        function: TmfFunction,
        lun: Lun,
        task: Option<TaskTag>,
    ) -> TaskTag {
        let tag = self.new_tag();
        if !self.is_open() {
            self.tmf_done(tag, TmfOutcome::NotSent);
            return TaskTag(tag);
        }
        let task = task.map(|tag| tag.0);
        let known = task
            .and_then(|task| self.tasks.0.get(&task))
            .map(|task| (task.lun, task.cmd_sn));
        let (lun, ref_cmd_sn) = match (function, known) {
            (TmfFunction::TASK_REASSIGN, _) => {
                self.tmf_done(tag, TmfOutcome::Response(TmfResponseCode::NO_REASSIGN));
                return TaskTag(tag);
            }
            (TmfFunction::TARGET_WARM_RESET | TmfFunction::TARGET_COLD_RESET, _) => (Lun::default(), None),
            (TmfFunction::ABORT_TASK, None) => {
                self.tmf_done(tag, TmfOutcome::Response(TmfResponseCode::NO_TASK));
                return TaskTag(tag);
            }
            (TmfFunction::ABORT_TASK, Some((lun, cmd_sn))) => (lun, cmd_sn),
            _ => (lun, None),
        };
        let deadline = now + self.terms.timeouts.task_management;
        let tmf = Tmf {
            function,
            lun,
            task,
            cmd_sn: self.cmd_sn,
            deadline,
            given_up: None,
        };
        let unsent: Vec<u32> = self.waiting.iter().copied().collect();
        let affected = |tag: &u32| {
            self.tasks
                .0
                .get(tag)
                .is_some_and(|task| tmf.affects(*tag, task.lun))
        };
        let unsent: Vec<u32> = unsent.into_iter().filter(affected).collect();
        for task in unsent {
            self.end_task(task, Outcome::Aborted);
        }
        if function == TmfFunction::ABORT_TASK && ref_cmd_sn.is_none() {
            self.tmf_done(tag, TmfOutcome::Response(TmfResponseCode::COMPLETE));
            return TaskTag(tag);
        }
        let referenced = if function == TmfFunction::ABORT_TASK {
            task
        } else {
            None
        };
        self.send_tmf(tag, function, lun, referenced, ref_cmd_sn);
        self.tmfs.insert(tag, tmf);
        TaskTag(tag)
    }

    pub(super) fn send_tmf(
        &mut self,
        tag: u32,
        function: TmfFunction,
        lun: Lun,
        task: Option<u32>,
        ref_cmd_sn: Option<u32>,
    ) {
        let pdu = TmfRequest {
            opcode: OpcodeByte::immediate(TmfRequest::OPCODE),
            flags: TmfRequest::flags_of(function),
            lun,
            itt: tag.into(),
            referenced_task_tag: task.unwrap_or(RESERVED_TAG).into(),
            cmd_sn: self.cmd_sn.into(),
            exp_stat_sn: self.exp_stat_sn.into(),
            ref_cmd_sn: ref_cmd_sn.unwrap_or(0).into(),
            ..TmfRequest::default()
        };
        self.send(pdu.to_bhs(), Data::None);
    }

    pub(super) fn tmf_done(&mut self, tag: u32, outcome: TmfOutcome) {
        self.events.push_back(Event::TmfDone {
            tag: TaskTag(tag),
            outcome,
        });
    }

    pub(super) fn on_tmf_response(&mut self, pdu: &TmfResponse) -> Result<(), DropReason> {
        let tag = pdu.itt.get();
        let Some(mut tmf) = self.tmfs.remove(&tag) else {
            self.counters.format_errors += 1;
            return Ok(());
        };
        if let Some(given_up) = tmf.given_up.take() {
            return self.on_given_up(tmf.task, given_up, pdu.response);
        }
        // A task that the target does not know will never be answered either.
        let gone = pdu.response == TmfResponseCode::NO_TASK
            && tmf.function == TmfFunction::ABORT_TASK
            && self.relay.is_none();
        if pdu.response == TmfResponseCode::COMPLETE || gone {
            self.abort_sent(tmf.cmd_sn, |tag, lun| tmf.affects(tag, lun));
        }
        self.tmf_done(tag, TmfOutcome::Response(pdu.response));
        Ok(())
    }

    /// Ends what was sent before `cmd_sn` and is chosen.
    pub(super) fn abort_sent(&mut self, cmd_sn: u32, chosen: impl Fn(u32, Lun) -> bool) {
        let before = |sent: Option<u32>| sent.is_some_and(|sent| serial::before(sent, cmd_sn));
        let affected = self
            .tasks
            .0
            .iter()
            .filter(|(tag, task)| before(task.cmd_sn) && chosen(**tag, task.lun));
        let affected: Vec<u32> = affected.map(|(tag, _)| *tag).collect();
        for task in affected {
            self.end_task(task, Outcome::Aborted);
        }
    }

    /// Sends a NOP-Out that wants an answer. It always ends with [`Event::NopDone`].
    pub fn nop(&mut self, now: Instant) -> TaskTag {
        let tag = self.new_tag();
        if self.is_open() {
            self.send_nop(tag, RESERVED_TAG, Lun::default(), &[]);
            self.nops.insert(tag, now + self.terms.timeouts.noop_timeout);
        } else {
            self.nop_done(tag, false);
        }
        TaskTag(tag)
    }

    pub(super) fn nop_done(&mut self, tag: u32, answered: bool) {
        self.events.push_back(Event::NopDone {
            tag: TaskTag(tag),
            answered,
        });
    }

    pub(super) fn send_nop(&mut self, itt: u32, ttt: u32, lun: Lun, data: &[u8]) {
        let pdu = NopOut {
            opcode: OpcodeByte::immediate(NopOut::OPCODE),
            flags: 0x80,
            lun,
            itt: itt.into(),
            ttt: ttt.into(),
            cmd_sn: self.cmd_sn.into(),
            exp_stat_sn: self.exp_stat_sn.into(),
            ..NopOut::default()
        };
        self.send(pdu.to_bhs(), Data::Bytes(data));
    }

    pub(super) fn on_nop_in(&mut self, pdu: &NopIn, data: &[u8]) -> Result<(), DropReason> {
        let (itt, ttt) = (pdu.itt.get(), pdu.ttt.get());
        if itt != RESERVED_TAG {
            if self.ping.is_some_and(|(tag, _)| tag == itt) {
                self.ping = None;
            } else if self.nops.remove(&itt).is_some() {
                self.nop_done(itt, true);
            } else {
                self.counters.format_errors += 1;
            }
            return Ok(());
        }
        if ttt == RESERVED_TAG {
            return Ok(());
        }
        let data = data
            .get(..self.params.max_xmit_data_segment as usize)
            .unwrap_or(data);
        self.send_nop(RESERVED_TAG, ttt, pdu.lun, data);
        Ok(())
    }

    /// Starts an orderly end. Waiting commands are not sent any more; they end as [`Outcome::Lost`] together with those that the
    /// target does not complete before its answer. Ends with [`Event::LoggedOut`] or [`Event::Dropped`]; during login, with
    /// [`Event::LoginFailed`].
    pub fn logout(&mut self, now: Instant) {
        if !self.is_open() {
            if self.logout.is_none() {
                self.drop_connection(now);
            }
            return;
        }
        let tag = self.new_tag();
        let pdu = LogoutRequest {
            opcode: OpcodeByte::immediate(LogoutRequest::OPCODE),
            flags: LogoutRequest::flags_of(LogoutReason::CLOSE_SESSION),
            itt: tag.into(),
            cid: self.terms.cid.into(),
            cmd_sn: self.cmd_sn.into(),
            exp_stat_sn: self.exp_stat_sn.into(),
            ..LogoutRequest::default()
        };
        self.send(pdu.to_bhs(), Data::None);
        self.logout = Some((tag, now + self.terms.timeouts.logout));
    }

    pub(super) fn on_logout_response(&mut self, pdu: &LogoutResponse) -> Result<(), DropReason> {
        if self.logout.is_none_or(|(tag, _)| tag != pdu.itt.get()) {
            return Err(DropReason::Protocol(Breach::UnaskedLogout));
        }
        if pdu.response != LogoutResponseCode::SUCCESS {
            return Err(DropReason::LogoutRefused(pdu.response));
        }
        if self.damaged {
            return Err(DropReason::DataDigest);
        }
        self.end(Event::LoggedOut {
            time2wait: pdu.time2wait.get(),
            time2retain: pdu.time2retain.get(),
        });
        Ok(())
    }
}
