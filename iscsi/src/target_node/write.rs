//! Commands and the data that comes with them: immediate, unsolicited, solicited by R2T (RFC 7143 §4.2.5, §11.7, §11.8).

use super::connection::Connection;
use super::event::{Completion, TaskId};
use super::receive::Disposition;
use super::sense::ProtocolSense;
use super::task::{Failure, Solicited, Stage, Task};
use super::trace::{IscsiState, TargetState};
use crate::framer::{Data, Place};
use crate::pdu::{
    Ahs, AhsList, Bhs, CommandFlags, DataOut, Lun, R2t, RESERVED_TAG, RejectReason, ScsiCommand,
};

/// Immediate commands at once, beside the window.
const MAX_IMMEDIATE: u32 = 16;
/// CHECK CONDITION, BUSY and TASK SET FULL.
const CHECK_CONDITION: u8 = 0x02;
const BUSY: u8 = 0x08;
const TASK_SET_FULL: u8 = 0x28;

impl Connection {
    /// A command whose turn has come: makes its task and says where immediate data goes.
    pub(super) fn begin_command(&mut self, bhs: &Bhs, ahs: &[u8]) -> (Disposition, Place) {
        let refuse = |reason| (Disposition::Reject(reason), Place::Discard);
        let command = ScsiCommand::from_bhs(bhs);
        let itt = command.itt.get();
        if self.discovery() {
            return refuse(RejectReason::PROTOCOL_ERROR);
        }
        if itt == RESERVED_TAG {
            return refuse(RejectReason::INVALID_FIELD);
        }
        if self.tasks.by_itt(itt).is_some() {
            return refuse(RejectReason::TASK_IN_PROGRESS);
        }
        let immediate = bhs.opcode.is_immediate();
        if immediate && self.tasks.immediate() >= MAX_IMMEDIATE {
            return refuse(RejectReason::TOO_MANY_IMMEDIATE);
        }
        let mut cdb_rest = Vec::new();
        for segment in AhsList::new(ahs) {
            match segment {
                Ok(Ahs::ExtendedCdb(rest)) => cdb_rest = rest.to_vec(),
                Ok(_) => {}
                Err(_) => return refuse(RejectReason::INVALID_FIELD),
            }
        }
        let flags = command.flags;
        let (reads, writes) = (
            flags.contains(CommandFlags::READ),
            flags.contains(CommandFlags::WRITE),
        );
        let expected = command.expected_length.get() as usize;
        let sent = bhs.data_len();
        let failure = if (reads && writes) || expected > self.config.max_transfer {
            Some(Failure::Sense(ProtocolSense::INVALID_COMMAND))
        } else if sent > 0 && !(writes && self.immediate_data(sent, expected)) {
            Some(Failure::Sense(ProtocolSense::UNEXPECTED_UNSOLICITED))
        } else if writes
            && self.buffered > 0
            && self.buffered.saturating_add(expected) > self.config.max_buffered
        {
            Some(Failure::TaskSetFull)
        } else {
            None
        };
        let announced = writes && failure.is_none();
        if announced {
            self.buffered = self.buffered.saturating_add(expected);
            self.watch_data();
        }
        let id = self.tasks.insert(Task {
            itt,
            lun: command.lun,
            flags,
            immediate,
            expected: if reads || writes { expected } else { 0 },
            cdb: command.cdb,
            cdb_rest,
            stage: Stage::Collecting,
            buffer: None,
            announced,
            memory: 0,
            begun: self.heard,
            unsolicited: None,
            next: 0,
            solicited: Vec::new(),
            r2t_sn: 0,
            data_pdus: 0,
            failure,
        });
        self.trace.step(itt, IscsiState::CmndReceived, TargetState::Null);
        self.trace.step(itt, IscsiState::NewCmnd, TargetState::New);
        let place = if announced {
            Place::Task {
                token: id.0,
                offset: 0,
            }
        } else {
            Place::Discard
        };
        (Disposition::Command(id), place)
    }

    fn immediate_data(&self, sent: usize, expected: usize) -> bool {
        let params = self.session().map(|session| &session.params);
        params.is_some_and(|p| p.immediate_data && sent <= p.first_burst as usize && sent <= expected)
    }

    /// Puts immediate data of a parked command where it belongs.
    pub(super) fn copy_in(&mut self, id: TaskId, data: &[u8]) {
        if let Some(last) = data.len().checked_sub(1) {
            self.make_room(id, last, 1);
        }
        if let Some(buffer) = self.tasks.get_mut(id).and_then(|task| task.buffer.as_mut())
            && let Some(to) = buffer.chunk_mut(0).get_mut(..data.len())
        {
            to.copy_from_slice(data);
        }
    }

    /// A command and its immediate data are complete.
    pub(super) fn finish_command(&mut self, id: TaskId, bhs: &Bhs) {
        let params = self
            .session()
            .map(|session| (session.params.initial_r2t, session.params.first_burst as usize));
        let Some((initial_r2t, first_burst)) = params else {
            return;
        };
        let Some(task) = self.tasks.get_mut(id) else {
            return;
        };
        if task.failure.is_none() {
            task.next = bhs.data_len();
            if bhs.data_len() > 0 {
                self.trace
                    .step(task.itt, IscsiState::ImmediateDataIn, TargetState::New);
            }
            let more = !task.flags.contains(CommandFlags::FINAL) && bhs.flags & 0x80 == 0;
            if task.writes() && more && !initial_r2t && task.next < task.expected.min(first_burst) {
                task.unsolicited = Some(0);
                self.trace
                    .step(task.itt, IscsiState::UnsolicitedDataIn, TargetState::New);
            }
        }
        self.progress(id);
    }

    /// A Data-Out header: finds its task and the place of its bytes.
    pub(super) fn begin_data(&mut self, pdu: &DataOut, len: usize) -> (Disposition, Place) {
        let ignore = (Disposition::Ignore, Place::Discard);
        let first_burst = self
            .session()
            .map_or(0, |session| session.params.first_burst as usize);
        // Data of a task that was aborted or answered is read and forgotten.
        let Some(id) = self.tasks.by_itt(pdu.itt.get()) else {
            return ignore;
        };
        let Some(task) = self.tasks.get_mut(id) else {
            return ignore;
        };
        if task.stage != Stage::Collecting {
            return ignore;
        }
        let offset = pdu.buffer_offset.get() as usize;
        let (next, end, data_sn) = if pdu.ttt.get() == RESERVED_TAG {
            match task.unsolicited {
                Some(data_sn) => (task.next, task.expected.min(first_burst), data_sn),
                None => {
                    task.failure
                        .get_or_insert(Failure::Sense(ProtocolSense::UNEXPECTED_UNSOLICITED));
                    return (Disposition::BadData(id), Place::Discard);
                }
            }
        } else {
            match task.solicited.iter().find(|s| s.ttt == pdu.ttt.get()) {
                Some(solicited) => (solicited.next, solicited.end, solicited.data_sn),
                None => return ignore,
            }
        };
        if pdu.data_sn.get() != data_sn || offset != next {
            task.failure
                .get_or_insert(Failure::Sense(ProtocolSense::CRC_ERROR));
            return (Disposition::BadData(id), Place::Discard);
        }
        if len > end.saturating_sub(next) {
            task.failure
                .get_or_insert(Failure::Sense(ProtocolSense::INCORRECT_AMOUNT));
            return (Disposition::BadData(id), Place::Discard);
        }
        (Disposition::Data(id), Place::Task { token: id.0, offset })
    }

    /// A Data-Out is complete.
    pub(super) fn finish_data(
        &mut self,
        id: TaskId,
        pdu: &DataOut,
        len: usize,
        usable: bool,
        digest_ok: bool,
    ) {
        let Some(task) = self.tasks.get_mut(id) else {
            return;
        };
        if !digest_ok {
            task.failure
                .get_or_insert(Failure::Sense(ProtocolSense::CRC_ERROR));
        }
        let last = pdu.flags & DataOut::FINAL != 0;
        let advance = if usable { len } else { 0 };
        if pdu.ttt.get() == RESERVED_TAG {
            task.next += advance;
            task.unsolicited = task.unsolicited.filter(|_| !last).map(|sn| sn.wrapping_add(1));
        } else if let Some(at) = task.solicited.iter().position(|s| s.ttt == pdu.ttt.get())
            && let Some(solicited) = task.solicited.get_mut(at)
        {
            solicited.next += advance;
            solicited.data_sn = solicited.data_sn.wrapping_add(1);
            if last {
                if solicited.next != solicited.end {
                    task.failure
                        .get_or_insert(Failure::Sense(ProtocolSense::INCORRECT_AMOUNT));
                }
                task.solicited.remove(at);
            }
        }
        self.progress(id);
    }

    /// Solicits what is missing, hands a complete command to the owner, ends a failed one.
    fn progress(&mut self, id: TaskId) {
        let Some(session) = self.session() else { return };
        let (burst, outstanding) = (
            session.params.max_burst as usize,
            session.params.max_outstanding_r2t as usize,
        );
        let Some(task) = self.tasks.get_mut(id) else {
            return;
        };
        if task.stage != Stage::Collecting || task.unsolicited.is_some() {
            return;
        }
        if let Some(failure) = task.failure {
            if task.solicited.is_empty() {
                self.fail(id, failure);
            }
            return;
        }
        while let Some(task) = self.tasks.get_mut(id)
            && task.writes()
            && task.next < task.expected
            && task.solicited.len() < outstanding
        {
            let len = burst.min(task.expected - task.next);
            let (itt, lun, offset, r2t_sn) = (task.itt, task.lun, task.next, task.r2t_sn);
            task.r2t_sn = task.r2t_sn.wrapping_add(1);
            task.data_pdus = task.data_pdus.wrapping_add(1);
            task.next += len;
            let ttt = self.take_ttt();
            if let Some(task) = self.tasks.get_mut(id) {
                task.solicited.push(Solicited {
                    ttt,
                    next: offset,
                    end: offset + len,
                    data_sn: 0,
                });
            }
            self.r2t(itt, lun, ttt, r2t_sn, offset, len);
            let all = self.tasks.get(id).is_some_and(|task| task.next >= task.expected);
            let state = if all {
                IscsiState::AllR2tsSent
            } else {
                IscsiState::DataIn
            };
            self.trace.step(itt, state, TargetState::New);
        }
        if let Some(task) = self.tasks.get_mut(id)
            && task.solicited.is_empty()
        {
            task.stage = Stage::Delivered;
            if task.writes() {
                // A write of nothing has no data to bring memory along.
                if task.buffer.is_none() {
                    task.buffer = Some(Box::new(Vec::new()));
                }
                self.trace.step(task.itt, IscsiState::BufferRdy, TargetState::New);
            }
            self.ready.push_back(id);
        }
    }

    fn r2t(&mut self, itt: u32, lun: Lun, ttt: u32, r2t_sn: u32, offset: usize, len: usize) {
        let (exp, max) = self.window();
        let pdu = R2t {
            opcode: R2t::OPCODE.into(),
            flags: 0x80,
            lun,
            itt: itt.into(),
            ttt: ttt.into(),
            stat_sn: self.stat_sn.into(),
            exp_cmd_sn: exp.into(),
            max_cmd_sn: max.into(),
            r2t_sn: r2t_sn.into(),
            buffer_offset: u32::try_from(offset).unwrap_or(u32::MAX).into(),
            desired_length: u32::try_from(len).unwrap_or(u32::MAX).into(),
            ..R2t::default()
        };
        self.push(pdu.to_bhs(), Data::None);
    }

    pub(super) fn fail(&mut self, id: TaskId, failure: Failure) {
        let completion = match failure {
            Failure::Sense(sense) => Completion {
                sense: sense.to_bytes(),
                ..Completion::status(CHECK_CONDITION)
            },
            Failure::TaskSetFull => Completion::status(TASK_SET_FULL),
            Failure::Busy => Completion::status(BUSY),
        };
        self.answer(id, completion);
    }
}
