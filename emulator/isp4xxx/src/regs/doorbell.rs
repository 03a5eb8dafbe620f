//! The doorbell: what the in-mailboxes hold is executed.
//!
//! Owns when a command is answered: at once, except ABORT_TASK, LUN_RESET and TARGET_WARM_RESET, which complete when the target
//! has answered or the engine has given it up (15 seconds; the driver waits 60). An abort of a task that the target does not know
//! has succeeded, since the command ends. Source: `ql4_mbx.c` `qla4xxx_abort_task`, `qla4xxx_reset_lun`, `qla4xxx_reset_target`
//! (only COMMAND_COMPLETE is a success of an abort); RFC 7143 11.6.1.

use std::time::Instant;

use super::eeprom::Program;
use super::function::Function;
use super::mailbox;
use super::mailroom::Mailboxes;
use super::memory::GuestMemory;
use super::queues::Queues;
use crate::fw::{Card, Command, IoTag, MboxError, Reply, TaskMgmtOutcome};

/// `MBOX_CMD_STOP_FW`.
const STOP_FW: u32 = 0x0014;
/// Most task management functions of one function under way. A driver that gives one up by ringing again does not end it.
const MAX_MANAGEMENTS: usize = 32;

/// A task management function whose answer the driver waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Managing {
    ddb: u16,
    /// The I/O, for an abort.
    tag: Option<IoTag>,
}

impl Managing {
    /// What a command has to wait for.
    fn of(command: &Command) -> Option<Self> {
        match *command {
            Command::AbortTask { ddb, tag } => Some(Self { ddb, tag: Some(tag) }),
            Command::LunReset { ddb, .. } | Command::TargetReset { ddb } => Some(Self { ddb, tag: None }),
            _ => None,
        }
    }
}

impl<M: GuestMemory> Function<M> {
    /// Executes what the in-mailboxes hold; its answer, or `None` while a target has to answer first.
    pub(super) fn command(&mut self, now: Instant, card: &mut Card) -> Option<Mailboxes> {
        let m = self.mailboxes_in;
        // A driver that rings again has given the command before up.
        self.managing = None;
        let active = &self.active;
        let tag = |handle| {
            let found = active.iter().find(|(_, active)| active.handle == handle);
            found.map(|(tag, _)| *tag)
        };
        let done = mailbox::decode(&self.memory, &m, tag).and_then(|decoded| {
            let (command, to) = decoded.split();
            let name = format!("{command:?}");
            if let Command::InitializeFirmware(block) = &command {
                self.queues = Queues::new(block);
                self.broken = false;
                self.again = None;
                self.active.clear();
                self.passthroughs.clear();
            }
            let managing = Managing::of(&command);
            if managing.is_some() && self.managements >= MAX_MANAGEMENTS {
                return Err(MboxError::command(
                    "too many task management functions".to_owned(),
                ));
            }
            let reply = card.command(now, self.port, command);
            tracing::debug!(port = self.port, command = name, mailboxes = ?&m[1..6], ?reply, "mailbox");
            if matches!((&reply, m[0] & 0xFFFF), (Ok(Reply::Done), STOP_FW)) {
                self.queues = None;
            }
            let reply = reply?;
            self.managements += usize::from(managing.is_some());
            self.managing = managing;
            mailbox::encode(&self.memory, to, reply)
        });
        let answer = done.unwrap_or_else(|error| {
            tracing::debug!(port = self.port, code = m[0], %error, "mailbox command refused");
            error.mailboxes()
        });
        self.managing.is_none().then_some(answer)
    }

    /// A task management function is over: its mailbox command completes. The commands that it ended came before.
    pub(super) fn managed(&mut self, now: Instant, ddb: u16, tag: Option<IoTag>, outcome: TaskMgmtOutcome) {
        tracing::debug!(port = self.port, ddb, ?tag, ?outcome, "task management");
        self.managements = self.managements.saturating_sub(1);
        if self.managing != Some(Managing { ddb, tag }) {
            return;
        }
        self.managing = None;
        let status = outcome.status(tag.is_some());
        let mut answer = [0; 8];
        answer[0] = status.raw().into();
        self.mailroom.answer(now, answer);
    }

    /// The EEPROM was written pin by pin. The checksum stays the writer's business, as on the chip; the card mends it.
    pub(super) fn program(&mut self, now: Instant, card: &mut Card, program: Program) {
        let (offset, data) = match program {
            Program::Word(at, value) => (u32::from(at) * 2, value.to_le_bytes().to_vec()),
            Program::All(value) => (0, value.to_le_bytes().repeat(card.nvram().len() / 2)),
        };
        if let Err(error) = card.command(now, self.port, Command::SetNvram { offset, data }) {
            tracing::warn!(port = self.port, %error, "EEPROM not written");
        }
    }
}
