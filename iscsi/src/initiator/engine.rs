//! The engine's face.

use std::{collections::VecDeque, io::IoSlice, time::Instant};

use super::{Command, Config, Counters, Event, Outcome, TaskTag, TextFailure, TmfOutcome};
use crate::{
    LinkLoss,
    buffer::NoBuffers,
    framer::{Receiver, Transmitter},
    pdu::{Lun, TmfFunction},
};

/// The initiator of one connection.
pub struct Initiator {
    config: Config,
    rx: Receiver,
    tx: Transmitter,
    buffers: NoBuffers,
    events: VecDeque<Event>,
    counters: Counters,
    next_tag: u32,
}

impl Initiator {
    /// TCP is connected: starts the login.
    #[must_use]
    pub fn new(config: Config, now: Instant) -> Self {
        let _ = now;
        let rx = Receiver::new(8192);
        Self {
            config,
            rx,
            tx: Transmitter::new(),
            buffers: NoBuffers,
            events: VecDeque::new(),
            counters: Counters::default(),
            next_tag: 0,
        }
    }

    /// What the engine was made with.
    #[must_use]
    pub const fn config(&self) -> &Config {
        &self.config
    }

    fn tag(&mut self) -> TaskTag {
        self.next_tag = self.next_tag.wrapping_add(1);
        TaskTag(self.next_tag)
    }

    /// Submits a SCSI command. It always ends with [`Event::TaskDone`].
    pub fn submit(&mut self, now: Instant, command: Command) -> TaskTag {
        let (_, tag) = (now, self.tag());
        self.events.push_back(Event::TaskDone {
            tag,
            outcome: Outcome::NotSent,
            buffer: command.buffer,
        });
        tag
    }

    /// Asks for all targets. It always ends with [`Event::Targets`].
    pub fn send_targets(&mut self, now: Instant) -> TaskTag {
        let (_, tag) = (now, self.tag());
        self.events.push_back(Event::Targets {
            tag,
            result: Err(TextFailure::NotSent),
        });
        tag
    }

    /// Asks for a task management function; `task` is the task to abort. It always ends with [`Event::TmfDone`].
    pub fn task_management(
        &mut self,
        now: Instant,
        function: TmfFunction,
        lun: Lun,
        task: Option<TaskTag>,
    ) -> TaskTag {
        let (_, tag) = ((now, function, lun, task), self.tag());
        self.events.push_back(Event::TmfDone {
            tag,
            outcome: TmfOutcome::NotSent,
        });
        tag
    }

    /// Sends a NOP-Out that wants an answer. It always ends with [`Event::NopDone`].
    pub fn nop(&mut self, now: Instant) -> TaskTag {
        let (_, tag) = (now, self.tag());
        self.events.push_back(Event::NopDone { tag, answered: false });
        tag
    }

    /// Starts an orderly end; ends with [`Event::LoggedOut`] or [`Event::Dropped`].
    pub fn logout(&mut self, now: Instant) {
        let _ = now;
    }

    /// Ends at once, without logout.
    pub fn drop_connection(&mut self, now: Instant) {
        let _ = now;
    }

    /// What went over the wire.
    #[must_use]
    pub const fn counters(&self) -> Counters {
        self.counters
    }

    /// Where the next bytes go.
    pub fn read_slot(&mut self) -> &mut [u8] {
        self.rx.slot(&mut self.buffers)
    }

    /// `n` bytes of the slot are filled.
    pub fn received(&mut self, now: Instant, n: usize) {
        let _ = now;
        self.rx.received(n, &self.buffers);
    }

    /// The peer closed, or the socket failed.
    pub fn closed(&mut self, now: Instant, why: LinkLoss) {
        let _ = (now, why);
    }

    /// Everything ready to send, in order.
    pub fn write_slices<'a>(&'a self, out: &mut Vec<IoSlice<'a>>) {
        self.tx.write_slices(&self.buffers, out);
    }

    /// `n` of those bytes were accepted.
    pub fn sent(&mut self, now: Instant, n: usize) {
        let _ = now;
        self.tx.sent(n);
    }

    /// True if the link is to be closed after the last byte is sent.
    #[must_use]
    pub const fn wants_close(&self) -> bool {
        false
    }

    /// What happened, oldest first.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// When [`Initiator::handle_timeout`] wants to be called.
    #[must_use]
    pub const fn poll_timeout(&self) -> Option<Instant> {
        None
    }

    /// Time has come.
    pub fn handle_timeout(&mut self, now: Instant) {
        let _ = now;
    }
}
