//! The SCSI tasks of a connection and their buffers.

use std::{collections::BTreeMap, time::Instant};

use super::{Command, Direction};
use crate::{
    buffer::{Buffer, Buffers},
    pdu::{Lun, TaskAttribute},
};

/// One SCSI command on its way.
pub(super) struct Task {
    pub(super) lun: Lun,
    pub(super) cdb: Vec<u8>,
    pub(super) direction: Direction,
    pub(super) attribute: TaskAttribute,
    /// Bytes to transfer, at most the buffer's length.
    pub(super) expected: u32,
    pub(super) buffer: Box<dyn Buffer>,
    /// Its CmdSN, once sent.
    pub(super) cmd_sn: Option<u32>,
    /// Next DataSN or R2TSN expected.
    pub(super) data_sn: u32,
    /// Bytes received, or sent without or with R2T.
    pub(super) moved: u32,
    pub(super) submitted: Instant,
    /// Data with a wrong digest came.
    pub(super) damaged: bool,
}

impl Task {
    pub(super) fn new(command: Command, now: Instant) -> Self {
        let Command {
            lun,
            cdb,
            direction,
            expected_length,
            attribute,
            buffer,
        } = command;
        let room = u32::try_from(buffer.len()).unwrap_or(u32::MAX);
        let expected = if direction == Direction::None {
            0
        } else {
            expected_length.min(room)
        };
        Self {
            lun,
            cdb,
            direction,
            attribute,
            expected,
            buffer,
            cmd_sn: None,
            data_sn: 0,
            submitted: now,
            moved: 0,
            damaged: false,
        }
    }
}

/// All tasks by initiator task tag.
#[derive(Default)]
pub(super) struct Tasks(pub(super) BTreeMap<u32, Task>);

impl Buffers for Tasks {
    fn buffer(&self, token: u32) -> Option<&dyn Buffer> {
        self.0.get(&token).map(|task| &*task.buffer)
    }

    fn buffer_mut(&mut self, token: u32) -> Option<&mut dyn Buffer> {
        match self.0.get_mut(&token) {
            Some(task) => Some(&mut *task.buffer),
            None => None,
        }
    }
}
