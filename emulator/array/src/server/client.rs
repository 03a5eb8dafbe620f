//! One connection: its socket, its engine, and what is done to its bytes on purpose.

use std::collections::VecDeque;
use std::io::IoSlice;
use std::net::IpAddr;
use std::time::Instant;

use emu_net::link::{Duplex, Link};
use iscsi::LinkLoss;
use iscsi::target_node::{Completion, Connection, TaskId};
use scsi::NexusId;

use super::world::World;

/// What happens to bytes on their way out.
#[derive(Debug, Default)]
pub(super) enum Tamper {
    /// Nothing.
    #[default]
    None,
    /// Nothing goes out until the fault is cleared.
    Silent,
    /// So many bytes of the next reply go out, then the connection closes.
    Cut(usize),
    /// These bytes go out instead of the next reply and nothing after them; true closes then.
    Instead(Vec<u8>, bool),
    /// Nothing goes out any more; true closes.
    Over(bool),
}

/// A connection of the target.
#[derive(Debug)]
pub(super) struct Client {
    pub(super) link: Link,
    pub(super) core: Core,
    pub(super) peer: IpAddr,
    /// The portal that it came through, by place in the configuration.
    pub(super) portal: usize,
}

/// A connection without its socket.
#[derive(Debug)]
pub(super) struct Core {
    pub(super) id: u64,
    pub(super) connection: Connection,
    pub(super) tamper: Tamper,
    /// The portal group that it came through.
    pub(super) group: u16,
    /// The I_T nexus of a normal session.
    pub(super) nexus: Option<NexusId>,
    /// The next reply is swallowed.
    pub(super) lose_reply: bool,
    /// Replies that are held back, in order.
    pub(super) delayed: VecDeque<(Instant, TaskId, Completion)>,
}

impl Core {
    /// When something is due.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let delayed = self.delayed.front().map(|(at, ..)| *at);
        delayed.into_iter().chain(self.connection.poll_timeout()).min()
    }

    /// Does what is due.
    pub(super) fn due(&mut self, now: Instant, world: &mut World) {
        while self.delayed.front().is_some_and(|(at, ..)| *at <= now) {
            if let Some((_, task, completion)) = self.delayed.pop_front() {
                self.connection.complete(task, completion);
            }
        }
        self.keep_back();
        if self.connection.poll_timeout().is_some_and(|at| at <= now) {
            self.connection.handle_timeout(now);
        }
        world.serve(self, now);
        self.arm();
    }

    /// What does not go out because of a fault is not what the initiator fails to read.
    pub(super) fn keep_back(&mut self) {
        let open = matches!(self.tamper, Tamper::None | Tamper::Cut(_));
        self.connection.keep_back(!open);
    }

    /// Takes the bytes that will be cut off from the reply that is ready.
    pub(super) fn arm(&mut self) {
        if let Tamper::Cut(len) = self.tamper
            && self.connection.queued() > 0
        {
            let mut slices = Vec::new();
            self.connection.write_slices(&mut slices);
            let bytes = slices
                .iter()
                .flat_map(|slice| slice.iter().copied())
                .take(len)
                .collect();
            self.tamper = Tamper::Instead(bytes, true);
        }
    }

    /// The socket is gone.
    pub(super) fn lost(&mut self, now: Instant, why: LinkLoss, world: &mut World) {
        self.connection.closed(now, why);
        world.serve(self, now);
    }
}

/// A connection's bytes with the world at hand, so that effects come before answers.
pub(super) struct Driver<'a> {
    pub(super) core: &'a mut Core,
    pub(super) world: &'a mut World,
}

impl Duplex for Driver<'_> {
    fn read_slot(&mut self) -> &mut [u8] {
        self.core.connection.read_slot()
    }

    fn received(&mut self, now: Instant, n: usize) {
        self.core.keep_back();
        self.core.connection.received(now, n);
        self.world.serve(self.core, now);
        self.core.arm();
    }

    fn write_slices<'a>(&'a self, out: &mut Vec<IoSlice<'a>>) {
        match &self.core.tamper {
            Tamper::None => self.core.connection.write_slices(out),
            Tamper::Instead(bytes, _) if self.core.connection.queued() > 0 => out.push(IoSlice::new(bytes)),
            _ => {}
        }
    }

    fn sent(&mut self, now: Instant, n: usize) {
        match &mut self.core.tamper {
            Tamper::None => {
                self.core.connection.sent(now, n);
                // Room in the send queue lets further commands through.
                self.world.serve(self.core, now);
            }
            Tamper::Instead(bytes, close) => {
                bytes.drain(..n.min(bytes.len()));
                if bytes.is_empty() {
                    self.core.tamper = Tamper::Over(*close);
                }
            }
            _ => {}
        }
    }

    fn wants_close(&self) -> bool {
        self.core.connection.wants_close() || matches!(self.core.tamper, Tamper::Over(true))
    }
}
