//! What goes through the rings: commands from the driver, their endings back to it.
//!
//! Owns the commands under way and the bounds on them. Bad rings or descriptors end as on hardware: a failed command, or a
//! transfer error event after which the driver resets the adapter. Source: `ql4_isr.c`, `ql4_iocb.c`.

use std::time::Instant;

use driver_sys::hw::mailbox::MboxStatus;

use super::csr::Csr;
use super::function::Function;
use super::iocb::Entry;
use super::memory::{GuestMemory, Segment};
use super::queues::RingError;
use super::request::{self, Ping, Request, Scsi};
use super::response;
use crate::fw::{Card, Command, Completion, Direction, Io, IoDone, Passthrough, PassthroughDone, PingStatus};

/// `MBOX_ASTS_REQUEST_TRANSFER_ERROR`: requests cannot be fetched.
const REQUEST_TRANSFER_ERROR: u32 = 0x8003;
/// `MBOX_ASTS_RESPONSE_TRANSFER_ERROR`: responses cannot be delivered.
const RESPONSE_TRANSFER_ERROR: u32 = 0x8004;
/// Most memory of our own that payload of one function takes; a driver that wants more hears that the queue is full.
const MAX_COPIED: usize = 64 << 20;
/// Most pass-through PDUs of one function under way.
const MAX_PASSTHROUGHS: usize = 256;

/// A SCSI command under way.
#[derive(Debug)]
pub(super) struct Active {
    pub(super) handle: u32,
    /// Where the payload is to be copied to when it has come; nowhere when it comes in place.
    segments: Vec<Segment>,
    /// Bytes of memory of our own that it holds.
    copied: usize,
}

impl<M: GuestMemory> Function<M> {
    pub(super) fn requests(&mut self, now: Instant, card: &mut Card, request_in: u32) {
        if self.broken {
            return;
        }
        // Before INITIALIZE_FIRMWARE the driver only zeroes the index.
        let Some(queues) = &mut self.queues else { return };
        let fetched = match queues.fetch(&self.memory, request_in) {
            Ok(fetched) => fetched,
            Err(error) => return self.ring_broke(error),
        };
        for entries in fetched {
            match request::decode(&self.memory, &entries) {
                Ok(Request::Scsi(scsi)) => self.scsi(now, card, scsi),
                Ok(Request::Passthrough(pdu, answer)) => self.passthrough(now, card, pdu, answer),
                Ok(Request::Ping(ping)) => self.ping(now, card, ping),
                Ok(Request::BadMailbox(handle, mut mailboxes)) => {
                    mailboxes[0] = MboxStatus::CommandError.raw().into();
                    self.respond(response::mailbox(handle, mailboxes));
                }
                Ok(Request::Marker) => {}
                Err(_) => return self.ring_broke(RingError::Request),
            }
        }
    }

    fn scsi(&mut self, now: Instant, card: &mut Card, scsi: Scsi) {
        let handle = scsi.handle;
        let Some(segments) = scsi.segments else {
            tracing::debug!(port = self.port, handle, "descriptors do not fit the byte count");
            return self.respond(response::refused(handle, Completion::Incomplete));
        };
        let in_place = self.memory.in_place(&segments, scsi.direction);
        let own = if in_place.is_none() {
            segments.iter().map(|segment| segment.len).sum()
        } else {
            0
        };
        let held: usize = self.active.values().map(|active| active.copied).sum();
        if self.active.len() >= card.chip().iocbs.into() || held.saturating_add(own) > MAX_COPIED {
            return self.respond(response::refused(handle, Completion::QueueFull));
        }
        let lent = in_place.map_or_else(|| self.memory.lend(&segments, scsi.direction), Ok);
        let buffer = match lent {
            Ok(buffer) => buffer,
            Err(error) => {
                tracing::debug!(port = self.port, handle, %error, "bad descriptor");
                return self.respond(response::refused(handle, Completion::Incomplete));
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
                    Direction::Read if own > 0 => segments,
                    _ => Vec::new(),
                };
                let active = Active {
                    handle,
                    segments,
                    copied: own,
                };
                self.active.insert(tag, active);
            }
            Err((error, _)) => {
                tracing::debug!(port = self.port, handle, %error, "command refused");
                self.respond(response::refused(handle, Completion::DeviceUnavailable));
            }
        }
    }

    fn passthrough(&mut self, now: Instant, card: &mut Card, pdu: Passthrough, answer: Segment) {
        let (ddb, handle) = (pdu.ddb, pdu.handle);
        if self.passthroughs.len() >= MAX_PASSTHROUGHS {
            return self.respond(response::passthrough(handle, ddb, false, 0));
        }
        match card.submit_passthrough(now, self.port, pdu) {
            Ok(()) => {
                self.passthroughs.insert((ddb, handle), answer);
            }
            Err(error) => {
                tracing::debug!(port = self.port, ddb, %error, "pass-through refused");
                self.respond(response::passthrough(handle, ddb, false, 0));
            }
        }
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
        let Some(Active { handle, segments, .. }) = self.active.remove(&done.tag) else {
            return;
        };
        let mut entries = response::status(handle, &done);
        if !segments.is_empty()
            && let Err(error) = self.memory.give_back(&segments, done.buffer, done.transferred)
        {
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
        let Some(room) = self.passthroughs.remove(&(done.ddb, done.handle)) else {
            return;
        };
        let (complete, unused) = match &done.answer {
            Ok((header, data)) => {
                let mut bytes = header.to_vec();
                bytes.extend_from_slice(data);
                bytes.truncate(room.len);
                let written = self.memory.write(room.at, &bytes).is_ok();
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
