//! The end of a command: Data-In, status, residuals, sense (RFC 7143 §11.4, §11.7).

use super::connection::Connection;
use super::event::{Completion, TaskId};
use super::task::Stage;
use super::trace::{IscsiState, TargetState};
use crate::framer::Data;
use crate::pdu::{DataIn, DataInFlags, ScsiResponse, ScsiResponseFlags};

/// What the residual fields say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Residual {
    None,
    Under(u32),
    Over(u32),
}

impl Residual {
    fn new(expected: usize, transfer: u64) -> Self {
        let expected = expected as u64;
        let clamp = |n: u64| u32::try_from(n).unwrap_or(u32::MAX);
        match transfer {
            t if t > expected => Self::Over(clamp(t - expected)),
            t if t < expected => Self::Under(clamp(expected - t)),
            _ => Self::None,
        }
    }

    const fn count(self) -> u32 {
        match self {
            Self::None => 0,
            Self::Under(n) | Self::Over(n) => n,
        }
    }
}

impl Connection {
    /// Ends a command. A task that was aborted meanwhile is passed over in silence.
    pub fn complete(&mut self, task: TaskId, completion: Completion) {
        let delivered = self.tasks.get(task).is_some_and(|t| t.stage == Stage::Delivered);
        if delivered && !self.wants_close() {
            self.answer(task, completion);
        }
    }

    /// The next Data-In of this connection goes out with a digest that does not fit its data (a fault for tests; without data
    /// digests the data itself is wrong).
    pub const fn corrupt_next_data(&mut self) {
        self.corrupt = true;
    }

    pub(super) fn answer(&mut self, id: TaskId, completion: Completion) {
        let Some(task) = self.tasks.get_mut(id) else {
            return;
        };
        let (itt, expected, reads) = (task.itt, task.expected, task.reads());
        self.let_go(id);
        let Some(task) = self.tasks.get_mut(id) else {
            return;
        };
        self.trace.step(itt, task.taken(), TargetState::Done);
        self.trace.step(itt, IscsiState::Done, TargetState::Handed);
        let data = completion.data.filter(|data| reads && !data.is_empty());
        let len = data.as_ref().map_or(0, |data| data.len()).min(expected);
        // What was sent counts, should the owner hand over less than it says.
        let transfer = if reads && completion.transfer <= expected as u64 {
            len as u64
        } else {
            completion.transfer
        };
        let residual = Residual::new(expected, transfer);
        self.tasks.answered(id);
        let collapse = len > 0 && completion.status == 0 && completion.sense.is_empty();
        if let Some(data) = data
            && len > 0
        {
            if let Some(task) = self.tasks.get_mut(id) {
                task.buffer = Some(data);
            }
            self.data_in(id, itt, len, collapse.then_some((completion.status, residual)));
        } else if let Some(task) = self.tasks.get_mut(id) {
            task.buffer = None;
        }
        if !collapse {
            self.response(id, itt, &completion.sense, completion.status, residual);
        }
        let mark = self.tx.octets() + self.tx.queued() as u64;
        self.sending.push_back((mark, id));
        self.trace.status(mark, itt, self.stat_sn.wrapping_sub(1));
    }

    fn data_in(&mut self, id: TaskId, itt: u32, len: usize, status: Option<(u8, Residual)>) {
        let Some(session) = self.session() else { return };
        let segment = (session.params.max_xmit_data_segment as usize).max(512);
        let burst = (session.params.max_burst as usize).max(512);
        let (exp, max) = self.window();
        let (mut offset, mut data_sn) = (0, 0u32);
        while offset < len {
            let to_burst = burst - offset % burst;
            let step = segment.min(to_burst).min(len - offset);
            let last = offset + step == len;
            let mut flags = DataInFlags::empty();
            if last || step == to_burst {
                flags |= DataInFlags::FINAL;
            }
            let mut pdu = DataIn {
                opcode: DataIn::OPCODE.into(),
                itt: itt.into(),
                ttt: crate::pdu::RESERVED_TAG.into(),
                exp_cmd_sn: exp.into(),
                max_cmd_sn: max.into(),
                data_sn: data_sn.into(),
                buffer_offset: u32::try_from(offset).unwrap_or(u32::MAX).into(),
                ..DataIn::default()
            };
            if let (true, Some((status, residual))) = (last, status) {
                flags |= DataInFlags::STATUS;
                match residual {
                    Residual::None => {}
                    Residual::Under(_) => flags |= DataInFlags::UNDERFLOW,
                    Residual::Over(_) => flags |= DataInFlags::OVERFLOW,
                }
                pdu.status = status;
                pdu.stat_sn = self.take_stat_sn().into();
                pdu.residual = residual.count().into();
            }
            pdu.flags = flags;
            self.push(
                pdu.to_bhs(),
                Data::Task {
                    token: id.0,
                    offset,
                    len: step,
                },
            );
            offset += step;
            data_sn = data_sn.wrapping_add(1);
        }
        if let Some(task) = self.tasks.get_mut(id) {
            task.data_pdus = data_sn;
            if std::mem::take(&mut self.corrupt)
                && let Some(byte) = task.buffer.as_mut().and_then(|b| b.chunk_mut(0).first_mut())
            {
                *byte ^= 0xff;
            }
        }
    }

    fn response(&mut self, id: TaskId, itt: u32, sense: &[u8], status: u8, residual: Residual) {
        let data_pdus = self.tasks.get(id).map_or(0, |task| task.data_pdus);
        let (exp, max) = self.window();
        let mut flags = ScsiResponseFlags::FINAL;
        match residual {
            Residual::None => {}
            Residual::Under(_) => flags |= ScsiResponseFlags::UNDERFLOW,
            Residual::Over(_) => flags |= ScsiResponseFlags::OVERFLOW,
        }
        let pdu = ScsiResponse {
            opcode: ScsiResponse::OPCODE.into(),
            flags,
            status,
            itt: itt.into(),
            stat_sn: self.take_stat_sn().into(),
            exp_cmd_sn: exp.into(),
            max_cmd_sn: max.into(),
            exp_data_sn: data_pdus.into(),
            residual: residual.count().into(),
            ..ScsiResponse::default()
        };
        if sense.is_empty() {
            self.push(pdu.to_bhs(), Data::None);
        } else {
            let sense = sense.get(..MAX_SENSE).unwrap_or(sense);
            let mut segment = u16::try_from(sense.len()).unwrap_or(0).to_be_bytes().to_vec();
            segment.extend_from_slice(sense);
            self.push(pdu.to_bhs(), Data::Bytes(&segment));
        }
    }
}

/// SPC-4's limit for sense data.
const MAX_SENSE: usize = 252;
