//! The task set of a connection, and the buffers that the framer moves bytes into and out of.

use std::time::Instant;

use super::event::TaskId;
use super::sense::ProtocolSense;
use super::trace::IscsiState;
use crate::buffer::{Buffer, Buffers};
use crate::pdu::{CommandFlags, Lun};
use crate::tagmap::TagMap;

/// Where a task stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// Data-Out is awaited.
    Collecting,
    /// Complete, waits in the event queue or for the owner.
    Delivered,
    /// Answered; its data waits to be sent.
    Sending,
}

/// How a command ends that the owner never sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Failure {
    /// CHECK CONDITION.
    Sense(ProtocolSense),
    /// Too much write data announced.
    TaskSetFull,
    /// The pool grants no memory for its data.
    Busy,
}

/// An R2T that has not been answered completely.
#[derive(Debug, Clone, Copy)]
pub(super) struct Solicited {
    pub(super) ttt: u32,
    pub(super) next: usize,
    pub(super) end: usize,
    pub(super) data_sn: u32,
}

/// One command.
pub(super) struct Task {
    pub(super) itt: u32,
    pub(super) lun: Lun,
    pub(super) flags: CommandFlags,
    pub(super) immediate: bool,
    /// Expected data transfer length.
    pub(super) expected: usize,
    pub(super) cdb: [u8; 16],
    pub(super) cdb_rest: Vec<u8>,
    pub(super) stage: Stage,
    pub(super) buffer: Option<Box<dyn Buffer>>,
    /// What it expects counts as announced write data.
    pub(super) announced: bool,
    /// Bytes of memory that it counts for: what its write data takes so far, or what a read that the owner has may take.
    pub(super) memory: usize,
    /// When it came.
    pub(super) begun: Instant,
    /// Unsolicited data still comes; DataSN of the next PDU.
    pub(super) unsolicited: Option<u32>,
    /// Everything before this offset has been sent or solicited.
    pub(super) next: usize,
    pub(super) solicited: Vec<Solicited>,
    pub(super) r2t_sn: u32,
    /// Data-In and R2T PDUs sent.
    pub(super) data_pdus: u32,
    /// The task ends with this once the initiator has sent what it was asked for.
    pub(super) failure: Option<Failure>,
}

impl Task {
    pub(super) const fn reads(&self) -> bool {
        self.flags.contains(CommandFlags::READ)
    }

    pub(super) const fn writes(&self) -> bool {
        self.flags.contains(CommandFlags::WRITE)
    }

    /// How the protocol side calls a task that the owner has.
    pub(super) const fn taken(&self) -> IscsiState {
        if self.writes() {
            IscsiState::BufferRdy
        } else {
            IscsiState::NewCmnd
        }
    }
}

/// All tasks of a connection.
#[derive(Default)]
pub(super) struct Tasks {
    tasks: TagMap<Task>,
    by_itt: TagMap<u32>,
    next_id: u32,
    /// Tasks without an answer: in the command window, and immediate ones.
    queued: u32,
    immediate: u32,
}

impl Tasks {
    /// Adds a task. The initiator task tag must not be in use (see [`Tasks::by_itt`]).
    pub(super) fn insert(&mut self, task: Task) -> TaskId {
        loop {
            self.next_id = self.next_id.wrapping_add(1);
            if !self.tasks.contains_key(&self.next_id) {
                break;
            }
        }
        self.by_itt.insert(task.itt, self.next_id);
        let count = if task.immediate {
            &mut self.immediate
        } else {
            &mut self.queued
        };
        *count = count.saturating_add(1);
        self.tasks.insert(self.next_id, task);
        TaskId(self.next_id)
    }

    pub(super) fn get(&self, id: TaskId) -> Option<&Task> {
        self.tasks.get(&id.0)
    }

    pub(super) fn get_mut(&mut self, id: TaskId) -> Option<&mut Task> {
        self.tasks.get_mut(&id.0)
    }

    /// The task of an initiator task tag that has not been answered.
    pub(super) fn by_itt(&self, itt: u32) -> Option<TaskId> {
        self.by_itt.get(&itt).copied().map(TaskId)
    }

    /// The task has been answered: its tag is free again, its buffer stays until [`Tasks::remove`].
    pub(super) fn answered(&mut self, id: TaskId) {
        if let Some(task) = self.tasks.get_mut(&id.0) {
            task.stage = Stage::Sending;
            let (itt, immediate) = (task.itt, task.immediate);
            self.release(itt, id.0, immediate);
        }
    }

    pub(super) fn remove(&mut self, id: TaskId) -> Option<Task> {
        let task = self.tasks.remove(&id.0)?;
        self.release(task.itt, id.0, task.immediate);
        Some(task)
    }

    /// Tasks that have not been answered, oldest first.
    pub(super) fn active(&self, lun: Option<Lun>) -> Vec<TaskId> {
        let mut ids: Vec<TaskId> = self
            .by_itt
            .values()
            .filter(|id| lun.is_none_or(|lun| self.tasks.get(id).is_some_and(|task| task.lun == lun)))
            .map(|id| TaskId(*id))
            .collect();
        ids.sort_unstable_by_key(|id| self.next_id.wrapping_sub(id.0));
        ids.reverse();
        ids
    }

    /// When the oldest command came whose data is still on its way.
    pub(super) fn collecting_since(&self) -> Option<Instant> {
        let collecting = self.tasks.values().filter(|task| task.stage == Stage::Collecting);
        collecting.map(|task| task.begun).min()
    }

    /// Tasks without an answer that take part in the command window.
    pub(super) const fn queued(&self) -> u32 {
        self.queued
    }

    /// Immediate tasks without an answer.
    pub(super) const fn immediate(&self) -> u32 {
        self.immediate
    }

    fn release(&mut self, itt: u32, id: u32, immediate: bool) {
        if self.by_itt.get(&itt) == Some(&id) {
            self.by_itt.remove(&itt);
            let count = if immediate {
                &mut self.immediate
            } else {
                &mut self.queued
            };
            *count = count.saturating_sub(1);
        }
    }

    pub(super) fn clear(&mut self) {
        self.tasks.clear();
        self.by_itt.clear();
        self.queued = 0;
        self.immediate = 0;
    }
}

impl Buffers for Tasks {
    fn buffer(&self, token: u32) -> Option<&dyn Buffer> {
        self.tasks.get(&token)?.buffer.as_deref()
    }

    fn buffer_mut(&mut self, token: u32) -> Option<&mut dyn Buffer> {
        match &mut self.tasks.get_mut(&token)?.buffer {
            Some(buffer) => Some(&mut **buffer),
            None => None,
        }
    }
}
