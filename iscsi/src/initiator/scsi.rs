//! SCSI commands: submission, the command window, data both ways, completion.
//!
//! Source: RFC 7143 sections 4.2.2.1 (window), 11.3, 11.4, 11.7, 11.8 and 13.10 to 13.14 (bursts).

use std::time::Instant;

use super::{
    Breach, Command, Direction, DropReason, Event, Initiator, Outcome, Residual, TaskTag, tasks::Task,
};
use crate::{
    framer::{Data, Place},
    negotiate::SessionType,
    pdu::{
        Ahs, CommandFlags, DataIn, DataInFlags, DataOut, Lun, OpcodeByte, R2t, RESERVED_TAG, ScsiCommand,
        ScsiResponse, ScsiResponseCode, ScsiResponseFlags,
    },
    serial,
};

/// Longest CDB (SPC variable length).
const MAX_CDB: usize = 260;

impl Initiator {
    /// Submits a SCSI command. It always ends with [`Event::TaskDone`]; commands beyond the target's command window wait here.
    pub fn submit(&mut self, now: Instant, command: Command) -> TaskTag {
        let tag = self.new_tag();
        let possible = self.is_open() && self.terms.session == SessionType::Normal;
        if !possible || command.cdb.is_empty() || command.cdb.len() > MAX_CDB {
            self.events.push_back(Event::TaskDone {
                tag: TaskTag(tag),
                outcome: Outcome::NotSent,
                buffer: command.buffer,
            });
            return TaskTag(tag);
        }
        self.tasks.0.insert(tag, Task::new(command, now));
        self.waiting.push_back(tag);
        self.pump();
        TaskTag(tag)
    }

    /// Sends waiting commands as far as the window goes.
    pub(super) fn pump(&mut self) {
        while self.is_open() && self.window.admits(self.cmd_sn) {
            let Some(tag) = self.waiting.pop_front() else {
                return;
            };
            self.send_command(tag);
        }
    }

    fn send_command(&mut self, tag: u32) {
        let Some(task) = self.tasks.0.get_mut(&tag) else {
            return;
        };
        let cmd_sn = self.cmd_sn;
        self.cmd_sn = cmd_sn.wrapping_add(1);
        task.cmd_sn = Some(cmd_sn);
        let (mut flags, mut immediate, mut unsolicited) = (CommandFlags::FINAL, 0, 0);
        match task.direction {
            Direction::None => {}
            Direction::Read => flags |= CommandFlags::READ,
            Direction::Write => {
                flags |= CommandFlags::WRITE;
                let first = task.expected.min(self.params.first_burst);
                if self.params.immediate_data {
                    immediate = first.min(self.params.max_xmit_data_segment);
                }
                unsolicited = if self.params.initial_r2t { immediate } else { first };
                if unsolicited > immediate {
                    flags.remove(CommandFlags::FINAL);
                }
                task.moved = unsolicited;
            }
        }
        let mut pdu = ScsiCommand {
            opcode: OpcodeByte::queued(ScsiCommand::OPCODE),
            flags: flags.with_attribute(task.attribute),
            lun: task.lun,
            itt: tag.into(),
            expected_length: task.expected.into(),
            cmd_sn: cmd_sn.into(),
            exp_stat_sn: self.exp_stat_sn.into(),
            ..ScsiCommand::default()
        };
        pdu.cdb
            .iter_mut()
            .zip(&task.cdb)
            .for_each(|(to, from)| *to = *from);
        let mut ahs = Vec::new();
        if let Some(rest) = task.cdb.get(pdu.cdb.len()..).filter(|rest| !rest.is_empty()) {
            // At most 244 bytes, which always fits.
            let _ = Ahs::ExtendedCdb(rest).encode(&mut ahs);
        }
        let data = match immediate {
            0 => Data::None,
            _ => Data::Task {
                token: tag,
                offset: 0,
                len: immediate as usize,
            },
        };
        self.counters.written += u64::from(immediate);
        self.counters.count_tx(ScsiCommand::OPCODE);
        self.tx.push(pdu.to_bhs(), &ahs, data, &self.tasks);
        if unsolicited > immediate {
            self.send_data(
                tag,
                RESERVED_TAG,
                Lun::default(),
                immediate,
                unsolicited - immediate,
            );
        }
    }

    /// One data sequence, cut into segments that the target takes. The caller checked the range.
    fn send_data(&mut self, tag: u32, ttt: u32, lun: Lun, mut offset: u32, mut left: u32) {
        let mut data_sn = 0u32;
        while left > 0 {
            let len = left.min(self.params.max_xmit_data_segment);
            left -= len;
            let pdu = DataOut {
                opcode: OpcodeByte::queued(DataOut::OPCODE),
                flags: if left == 0 { DataOut::FINAL } else { 0 },
                lun,
                itt: tag.into(),
                ttt: ttt.into(),
                exp_stat_sn: self.exp_stat_sn.into(),
                data_sn: data_sn.into(),
                buffer_offset: offset.into(),
                ..DataOut::default()
            };
            self.counters.written += u64::from(len);
            self.counters.count_tx(DataOut::OPCODE);
            let data = Data::Task {
                token: tag,
                offset: offset as usize,
                len: len as usize,
            };
            self.tx.push(pdu.to_bhs(), &[], data, &self.tasks);
            offset = offset.saturating_add(len);
            data_sn = data_sn.wrapping_add(1);
        }
    }

    /// Where the data of a Data-In goes.
    pub(super) fn place_data_in(&mut self, pdu: &DataIn) -> Result<Place, DropReason> {
        let tag = pdu.itt.get();
        let Some(task) = self.tasks.0.get_mut(&tag) else {
            if self.relay.is_some() {
                return Err(DropReason::Protocol(Breach::Tag));
            }
            // A task that a timeout or a task management function ended.
            self.counters.format_errors += 1;
            return Ok(Place::Discard);
        };
        let len = u32::try_from(pdu.data_segment_length.get()).unwrap_or(u32::MAX);
        let offset = pdu.buffer_offset.get();
        let fits = offset.checked_add(len).is_some_and(|end| end <= task.expected);
        if task.direction != Direction::Read || task.cmd_sn.is_none() {
            return Err(DropReason::Protocol(Breach::DataDirection));
        }
        if !fits
            || task
                .moved
                .checked_add(len)
                .is_none_or(|moved| moved > task.expected)
        {
            return Err(DropReason::Protocol(Breach::DataRange));
        }
        if self.params.data_pdu_in_order && self.params.data_sequence_in_order && offset < task.moved {
            return Err(DropReason::Protocol(Breach::DataOrder));
        }
        Ok(Place::Task {
            token: tag,
            offset: offset as usize,
        })
    }

    /// A complete Data-In.
    pub(super) fn on_data_in(&mut self, pdu: &DataIn) -> Result<(), DropReason> {
        let tag = pdu.itt.get();
        let Some(task) = self.tasks.0.get_mut(&tag) else {
            return Ok(());
        };
        if task.direction != Direction::Read || task.cmd_sn.is_none() {
            return Err(DropReason::Protocol(Breach::DataDirection));
        }
        if pdu.data_sn.get() != task.data_sn {
            return Err(DropReason::Protocol(Breach::DataSn));
        }
        task.data_sn = task.data_sn.wrapping_add(1);
        let len = pdu.data_segment_length.get();
        task.moved = task.moved.saturating_add(u32::try_from(len).unwrap_or(u32::MAX));
        self.counters.read += len as u64;
        if !pdu.flags.contains(DataInFlags::STATUS) {
            return Ok(());
        }
        let over = pdu.flags.contains(DataInFlags::OVERFLOW);
        let under = pdu.flags.contains(DataInFlags::UNDERFLOW);
        self.finish_task(
            tag,
            pdu.status,
            Vec::new(),
            residual(over, under, pdu.residual.get()),
        );
        Ok(())
    }

    /// A SCSI Response.
    pub(super) fn on_scsi_response(&mut self, pdu: &ScsiResponse, data: &[u8]) -> Result<(), DropReason> {
        let tag = pdu.itt.get();
        match self.tasks.0.get(&tag) {
            None => {
                self.counters.format_errors += 1;
                return Ok(());
            }
            Some(task) if task.cmd_sn.is_none() => {
                return Err(DropReason::Protocol(Breach::UnsentCommand));
            }
            Some(_) => {}
        }
        if pdu.response != ScsiResponseCode::COMPLETED {
            self.end_task(tag, Outcome::TargetFailure(pdu.response));
            return Ok(());
        }
        // Many targets leave ExpDataSN 0, which tells nothing.
        let missing = |task: &Task| {
            task.direction == Direction::Read && serial::before(task.data_sn, pdu.exp_data_sn.get())
        };
        if self.tasks.0.get(&tag).is_some_and(missing) {
            return Err(DropReason::Protocol(Breach::MissingData));
        }
        let over = pdu.flags.contains(ScsiResponseFlags::OVERFLOW);
        let under = pdu.flags.contains(ScsiResponseFlags::UNDERFLOW);
        self.finish_task(
            tag,
            pdu.status,
            sense(data),
            residual(over, under, pdu.residual.get()),
        );
        Ok(())
    }

    /// R2T: the target wants data.
    pub(super) fn on_r2t(&mut self, pdu: &R2t) -> Result<(), DropReason> {
        let tag = pdu.itt.get();
        let Some(task) = self.tasks.0.get_mut(&tag) else {
            self.counters.format_errors += 1;
            return Ok(());
        };
        let (offset, len) = (pdu.buffer_offset.get(), pdu.desired_length.get());
        if task.direction != Direction::Write || task.cmd_sn.is_none() {
            return Err(DropReason::Protocol(Breach::R2tDirection));
        }
        if pdu.r2t_sn.get() != task.data_sn {
            return Err(DropReason::Protocol(Breach::R2tSn));
        }
        // `iscsi_tcp_r2t_rsp` only remarks on a burst that is too long.
        let long = len > self.params.max_burst && self.relay.is_none();
        if len == 0 || long || pdu.ttt.get() == RESERVED_TAG {
            return Err(DropReason::Protocol(Breach::R2tLength));
        }
        let fits = offset.checked_add(len).is_some_and(|end| end <= task.expected);
        // Nothing is asked for twice at ERL 0, which bounds what a target can make us queue.
        let moved = task
            .moved
            .checked_add(len)
            .filter(|moved| fits && *moved <= task.expected);
        let in_order = !self.params.data_sequence_in_order || offset == task.moved;
        let (Some(moved), true) = (moved, in_order) else {
            return Err(DropReason::Protocol(Breach::R2tRange));
        };
        task.moved = moved;
        task.data_sn = task.data_sn.wrapping_add(1);
        if self.held_by_tmf(tag) {
            return Ok(());
        }
        self.send_data(tag, pdu.ttt.get(), pdu.lun, offset, len);
        Ok(())
    }

    /// The target completed a task.
    fn finish_task(&mut self, tag: u32, status: u8, sense: Vec<u8>, told: Residual) {
        let Some(task) = self.tasks.0.get(&tag) else {
            return;
        };
        let missing = match (task.direction, told) {
            (Direction::Read, _) => task.expected.saturating_sub(task.moved),
            (Direction::Write, Residual::Underflow(count)) => count.min(task.expected),
            _ => 0,
        };
        let transferred = task.expected - missing;
        let damaged = task.damaged;
        let took = self.last_rx.saturating_duration_since(task.submitted);
        self.counters.completed += 1;
        self.counters.busy = self.counters.busy.saturating_add(took);
        self.counters.busy_max = self.counters.busy_max.max(took);
        let residual = match told {
            Residual::None if missing > 0 => Residual::Underflow(missing),
            Residual::Underflow(count) if task.direction == Direction::Read && count < missing => {
                Residual::Underflow(missing)
            }
            told => told,
        };
        let outcome = if damaged {
            Outcome::Damaged
        } else {
            Outcome::Completed {
                status,
                sense,
                residual,
                transferred,
            }
        };
        self.end_task(tag, outcome);
    }

    /// Takes a task out and gives its buffer back. What the send queue still lends is copied first.
    pub(super) fn end_task(&mut self, tag: u32, outcome: Outcome) {
        // Only a write lends its buffer to the queue.
        let writes = self
            .tasks
            .0
            .get(&tag)
            .is_some_and(|task| task.direction == Direction::Write);
        if writes && self.tx.refers_to(tag) {
            self.tx.detach(tag, &self.tasks);
        }
        if let Some(task) = self.tasks.0.remove(&tag) {
            if task.cmd_sn.is_none() {
                self.waiting.retain(|waiting| *waiting != tag);
            }
            self.events.push_back(Event::TaskDone {
                tag: TaskTag(tag),
                outcome,
                buffer: task.buffer,
            });
        }
    }
}

const fn residual(over: bool, under: bool, count: u32) -> Residual {
    match (over, under) {
        (true, false) => Residual::Overflow(count),
        (false, true) => Residual::Underflow(count),
        // Both bits are an error of the target; neither tells anything.
        _ => Residual::None,
    }
}

/// Sense data of a response or an asynchronous message: two bytes of length, then sense.
pub(super) fn sense(data: &[u8]) -> Vec<u8> {
    let Some((&[high, low], rest)) = data.split_first_chunk() else {
        return Vec::new();
    };
    let len = usize::from(u16::from_be_bytes([high, low]));
    rest.get(..len).unwrap_or(rest).to_vec()
}
