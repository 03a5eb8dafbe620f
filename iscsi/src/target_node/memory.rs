//! What a connection's tasks may hold: memory for write data as it comes, memory for replies before they are made.
//!
//! Nothing is taken for a length that a header claims. The memory of a write begins with the first of its data and grows with it, in
//! large steps while the pool has plenty and in small ones when it has not; what the pool does not grant ends the command with BUSY,
//! which initiators try again. Writes whose data does not come end the connection in time, since they hold memory that others want.
//! Must not know who else takes from the pool.

use std::time::Instant;

use super::connection::Connection;
use super::event::TaskId;
use super::task::{Failure, Stage};

/// Taken at once for a write whose data has begun to come, while the pool has plenty.
const EAGER: usize = 1 << 20;
/// Taken at once for data that is on its way, however little memory there is.
const STEP: usize = 16 << 10;

impl Connection {
    /// Sees to it that the task's memory reaches beyond `at`, where `left` bytes are on their way. Where none is granted the task
    /// fails and gives back what it has; its data is read and dropped.
    pub(super) fn make_room(&mut self, id: TaskId, at: usize, left: usize) {
        let own = self.held.saturating_add(self.tx.queued());
        let Some(task) = self.tasks.get_mut(id) else {
            return;
        };
        // What it has is given back at once, for more.
        let own = own.saturating_sub(task.memory);
        let there = task.buffer.as_ref().map_or(0, |buffer| buffer.len());
        let fails = task.stage != Stage::Collecting || task.failure.is_some();
        if fails || at < there || at >= task.expected {
            return;
        }
        let pool = &self.config.pool;
        let least = at.saturating_add(left.clamp(1, STEP)).min(task.expected);
        let eager = least.max(EAGER).max(there.saturating_mul(4)).min(task.expected);
        let frugal = least.max(there.saturating_mul(2)).min(task.expected);
        let len = if pool.plenty(eager) { eager } else { frugal };
        let len = [len, least].into_iter().find(|len| pool.grants(*len, own));
        let had = std::mem::take(&mut task.memory);
        let old = task.buffer.take();
        match len {
            Some(len) => {
                // What is left in it from earlier is overwritten: a command is not delivered before all its bytes came.
                let mut memory = pool.take(len);
                if let Some(old) = &old
                    && let Some(to) = memory.bytes_mut().get_mut(..there)
                {
                    to.copy_from_slice(old.chunk(0));
                }
                task.memory = len;
                task.buffer = Some(Box::new(memory));
            }
            None => task.failure = Some(Failure::Busy),
        }
        self.held = self.held.saturating_sub(had).saturating_add(len.unwrap_or(0));
    }

    /// Whether there is memory for what a command that waits for the owner may say; if so, it is counted.
    pub(super) fn may_read(&mut self, id: TaskId) -> bool {
        let own = self.held.saturating_add(self.tx.queued());
        let Some(task) = self.tasks.get_mut(id).filter(|task| task.reads()) else {
            return true;
        };
        let granted = self.config.pool.grants(task.expected, own);
        if granted {
            task.memory = task.expected;
            self.held = self.held.saturating_add(task.expected);
        }
        granted
    }

    /// A task is about to end: it does not count any more.
    pub(super) fn let_go(&mut self, id: TaskId) {
        let Some(task) = self.tasks.get_mut(id).filter(|task| task.stage != Stage::Sending) else {
            return;
        };
        self.held = self.held.saturating_sub(std::mem::take(&mut task.memory));
        if std::mem::take(&mut task.announced) {
            self.buffered = self.buffered.saturating_sub(task.expected);
        }
    }

    /// A write came: its data is due in time.
    pub(super) fn watch_data(&mut self) {
        self.data_check
            .get_or_insert(self.heard + self.config.data_timeout);
    }

    /// Whether a write has waited for its data for too long.
    pub(super) fn data_is_late(&mut self, now: Instant) -> bool {
        if self.data_check.is_none_or(|at| at > now) {
            return false;
        }
        let due = self.tasks.collecting_since();
        self.data_check = due.map(|since| since + self.config.data_timeout);
        self.data_check.is_some_and(|at| at <= now)
    }
}
