//! What goes through the rings: commands from the driver, their endings back to it.
//!
//! Owns the commands under way and the bounds on them: what is held counts, whatever handles the driver gives, and it is counted
//! before anything is fetched. So much is done in a turn; the rest waits for the next, so that one function does not keep the
//! other waiting. Bad rings or descriptors end as on hardware: a failed command, or a transfer error event after which the
//! driver resets the adapter. Source: `ql4_isr.c`, `ql4_iocb.c`.

use std::time::Instant;

use driver_sys::hw::mailbox::MboxStatus;

use super::csr::Csr;
use super::function::Function;
use super::iocb::Entry;
use super::memory::{Era, GuestMemory, Segment};
use super::queues::RingError;
use super::request::{self, BadRequest, Pdu, Ping, Request, Scsi};
use super::response;
use crate::fw::{Card, Command, Completion, Direction, Io, IoDone, PassthroughDone, PingStatus};

/// `MBOX_ASTS_REQUEST_TRANSFER_ERROR`: requests cannot be fetched.
const REQUEST_TRANSFER_ERROR: u32 = 0x8003;
/// `MBOX_ASTS_RESPONSE_TRANSFER_ERROR`: responses cannot be delivered.
const RESPONSE_TRANSFER_ERROR: u32 = 0x8004;
/// Most memory that SCSI commands of one function hold; a driver that wants more hears that the queue is full.
const MAX_HELD: usize = 128 << 20;
/// Most pass-through PDUs of one function under way, and most bytes of them. A driver's own are of a few hundred bytes.
const MAX_PASSTHROUGHS: usize = 256;
const MAX_PASSED: usize = 4 << 20;
/// Most ring entries that are taken in a turn, and most payload that is fetched in one (a command more, at the end).
const TURN_ENTRIES: usize = 256;
const TURN_BYTES: usize = 4 << 20;

/// A SCSI command under way.
#[derive(Debug)]
pub(super) struct Active {
    pub(super) handle: u32,
    /// Where the payload is to be copied to when it has come; nowhere when none comes.
    segments: Vec<Segment>,
    /// When the driver gave that memory.
    era: Era,
    /// Bytes that it holds.
    held: usize,
}

/// A pass-through PDU under way.
#[derive(Debug)]
pub(super) struct Passing {
    ddb: u16,
    handle: u32,
    /// Where the answer goes.
    answer: Segment,
    era: Era,
    /// Bytes of the PDU.
    held: usize,
}

impl<M: GuestMemory> Function<M> {
    pub(super) fn requests(&mut self, now: Instant, card: &mut Card, request_in: u32) {
        if self.broken {
            return;
        }
        // Before INITIALIZE_FIRMWARE the driver only zeroes the index.
        let Some(queues) = &mut self.queues else { return };
        match queues.rung(&self.memory, request_in) {
            Err(error) => self.ring_broke(error),
            // Who rings while requests wait does not get another turn for it.
            Ok(()) if self.again.is_some() => {}
            Ok(()) => self.turn(now, card),
        }
    }

    /// Takes requests out of the ring, so many in a turn.
    pub(super) fn turn(&mut self, now: Instant, card: &mut Card) {
        self.again = None;
        let (mut entries, mut bytes) = (0, 0);
        while !self.broken
            && let Some(queues) = &mut self.queues
        {
            if entries >= TURN_ENTRIES || bytes >= TURN_BYTES {
                self.again = Some(now);
                return;
            }
            let group = match queues.fetch(&self.memory) {
                Ok(Some(group)) => group,
                Ok(None) => return,
                Err(error) => return self.ring_broke(error),
            };
            entries += group.len();
            match self.request(now, card, &group) {
                Ok(fetched) => bytes += fetched,
                Err(BadRequest) => return self.ring_broke(RingError::Request),
            }
        }
    }

    /// One request; how many bytes of payload were fetched for it.
    fn request(&mut self, now: Instant, card: &mut Card, group: &[Entry]) -> Result<usize, BadRequest> {
        match request::decode(group)? {
            Request::Scsi(scsi) => return Ok(self.scsi(now, card, scsi)),
            Request::Passthrough(pdu) => return self.passthrough(now, card, &pdu),
            Request::Ping(ping) => self.ping(now, card, ping),
            Request::BadMailbox(handle, mut mailboxes) => {
                mailboxes[0] = MboxStatus::CommandError.raw().into();
                self.respond(response::mailbox(handle, mailboxes));
            }
            Request::Marker => {}
        }
        Ok(0)
    }

    /// Submits a SCSI command; how many bytes were fetched.
    fn scsi(&mut self, now: Instant, card: &mut Card, scsi: Scsi) -> usize {
        let handle = scsi.handle;
        let Some(segments) = scsi.segments else {
            tracing::debug!(port = self.port, handle, "descriptors do not fit the byte count");
            self.respond(response::refused(handle, Completion::Incomplete));
            return 0;
        };
        let payload: usize = segments.iter().map(|segment| segment.len).sum();
        let own = payload + size_of_val(segments.as_slice());
        let held: usize = self.active.values().map(|active| active.held).sum();
        if self.active.len() >= card.chip().iocbs.into() || held.saturating_add(own) > MAX_HELD {
            self.respond(response::refused(handle, Completion::QueueFull));
            return 0;
        }
        let fetched = if scsi.direction == Direction::Write {
            payload
        } else {
            0
        };
        let era = self.memory.era();
        let buffer = match self.memory.lend(&segments, scsi.direction) {
            Ok(buffer) => buffer,
            Err(error) => {
                tracing::debug!(port = self.port, handle, %error, "bad descriptor");
                self.respond(response::refused(handle, Completion::Incomplete));
                return fetched;
            }
        };
        let io = Io {
            ddb: scsi.ddb,
            lun: scsi.lun,
            cdb: scsi.cdb,
            direction: scsi.direction,
            buffer,
            attribute: scsi.attribute,
        };
        match card.submit_io(now, self.port, io) {
            Ok(tag) => {
                let segments = match scsi.direction {
                    Direction::Read => segments,
                    _ => Vec::new(),
                };
                let active = Active {
                    handle,
                    segments,
                    era,
                    held: own,
                };
                self.active.insert(tag, active);
            }
            Err((error, _)) => {
                tracing::debug!(port = self.port, handle, %error, "command refused");
                self.respond(response::refused(handle, Completion::DeviceUnavailable));
            }
        }
        fetched
    }

    /// Submits a pass-through PDU; how many bytes were fetched.
    fn passthrough(&mut self, now: Instant, card: &mut Card, pdu: &Pdu) -> Result<usize, BadRequest> {
        let (ddb, handle, held) = (pdu.ddb, pdu.handle, pdu.out.len);
        let all: usize = self.passthroughs.iter().map(|passing| passing.held).sum();
        if self.passthroughs.len() >= MAX_PASSTHROUGHS || all.saturating_add(held) > MAX_PASSED {
            self.respond(response::passthrough(handle, ddb, false, 0));
            return Ok(0);
        }
        let passing = Passing {
            ddb,
            handle,
            answer: pdu.answer,
            era: self.memory.era(),
            held,
        };
        match card.submit_passthrough(now, self.port, pdu.fetch(&self.memory)?) {
            Ok(()) => self.passthroughs.push(passing),
            Err(error) => {
                tracing::debug!(port = self.port, ddb, %error, "pass-through refused");
                self.respond(response::passthrough(handle, ddb, false, 0));
            }
        }
        Ok(held)
    }

    fn ping(&mut self, now: Instant, card: &mut Card, ping: Ping) {
        let handle = ping.handle;
        let command = Command::Ping {
            source: ping.source,
            to: ping.to,
            size: ping.size,
            handle,
        };
        if let Err(error) = card.command(now, self.port, command) {
            tracing::debug!(port = self.port, %error, "echo refused");
            self.respond(response::ping(handle, PingStatus::InvalidDestination));
        }
    }

    /// An echo ended.
    pub(super) fn ping_done(&mut self, handle: u32, status: PingStatus) {
        self.respond(response::ping(handle, status));
    }

    pub(super) fn io_done(&mut self, done: IoDone) {
        // What a reset took away is not the driver's any more.
        let Some(active) = self.active.remove(&done.tag) else {
            return;
        };
        let handle = active.handle;
        let mut entries = response::status(handle, &done);
        let given = self
            .memory
            .give_back(&active.segments, active.era, &*done.buffer, done.transferred);
        if let Err(error) = given {
            tracing::debug!(port = self.port, handle, %error, "payload lost");
            entries = vec![response::refused(handle, Completion::Incomplete)];
        }
        if std::mem::take(&mut self.lose_response) {
            tracing::info!(port = self.port, handle, "a response is lost on purpose");
            return;
        }
        for entry in entries {
            self.respond(entry);
        }
    }

    pub(super) fn passthrough_done(&mut self, done: PassthroughDone) {
        // A driver that uses a handle twice cannot tell the answers apart; the older comes first.
        let is_it = |passing: &Passing| (passing.ddb, passing.handle) == (done.ddb, done.handle);
        let Some(at) = self.passthroughs.iter().position(is_it) else {
            return;
        };
        let passing = self.passthroughs.remove(at);
        let room = passing.answer;
        let (complete, unused) = match &done.answer {
            Ok((header, data)) => {
                let mut bytes = header.to_vec();
                bytes.extend_from_slice(data);
                bytes.truncate(room.len);
                let written = self.memory.write_of(passing.era, room.at, &bytes).is_ok();
                (written, (room.len - bytes.len()) as u32)
            }
            Err(_) => (false, room.len as u32),
        };
        self.respond(response::passthrough(done.handle, done.ddb, complete, unused));
    }

    fn respond(&mut self, entry: Entry) {
        if self.broken {
            return;
        }
        let Some(queues) = &mut self.queues else { return };
        match queues.respond(&self.memory, entry) {
            Ok(()) => self.csr.insert(Csr::COMPLETION_INTR),
            Err(error) => self.ring_broke(error),
        }
    }

    pub(super) fn taken(&mut self, response_out: u32) {
        if self.broken {
            return;
        }
        let Some(queues) = &mut self.queues else { return };
        match queues.taken(&self.memory, response_out) {
            Ok(()) => self.csr.set(Csr::COMPLETION_INTR, queues.waiting()),
            Err(error) => self.ring_broke(error),
        }
    }

    /// Nothing in the rings can be trusted; the driver is told and resets the adapter.
    fn ring_broke(&mut self, error: RingError) {
        tracing::warn!(port = self.port, ?error, "ring error");
        self.broken = true;
        let mut event = [0; 8];
        event[0] = match error {
            RingError::Request => REQUEST_TRANSFER_ERROR,
            RingError::Response => RESPONSE_TRANSFER_ERROR,
        };
        self.mailroom.event(event);
    }
}
