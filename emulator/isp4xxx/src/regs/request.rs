//! Requests: ring entries become commands of the firmware.
//!
//! Owns the checks of what a driver put into the ring. It must not know the firmware's state. Source: `ql4_iocb.c`.

use std::net::IpAddr;

use super::iocb::{self, CommandT3, ContinuationT1, DataSeg, Entry, Header, Mbox, Passthru0};
use super::memory::{GuestMemory, Segment};
use crate::fw::{Direction, Passthrough, PingSource, TaskAttribute};

/// Most bytes one command moves.
const MAX_TRANSFER: usize = 16 << 20;
/// Bytes of an iSCSI header.
const HEADER: usize = 48;
/// Most bytes of a pass-through PDU.
const MAX_PDU: usize = 256 << 10;

/// What a group of entries asks for.
#[derive(Debug)]
pub(super) enum Request {
    /// A SCSI command.
    Scsi(Scsi),
    /// A PDU.
    Passthrough(Pdu),
    /// An echo.
    Ping(Ping),
    /// A mailbox command that cannot come through the ring, by its handle.
    BadMailbox(u32, [u32; 8]),
    /// A marker: nothing to do.
    Marker,
}

/// A SCSI command.
#[derive(Debug)]
pub(super) struct Scsi {
    pub(super) handle: u32,
    pub(super) ddb: u16,
    pub(super) lun: [u8; 8],
    pub(super) cdb: [u8; 16],
    pub(super) direction: Direction,
    pub(super) attribute: TaskAttribute,
    /// `None`: the descriptors do not fit the byte count.
    pub(super) segments: Option<Vec<Segment>>,
}

/// A PDU that is still in the guest.
#[derive(Debug)]
pub(super) struct Pdu {
    pub(super) handle: u32,
    pub(super) ddb: u16,
    /// Where it lies.
    pub(super) out: Segment,
    /// Where the answer goes.
    pub(super) answer: Segment,
}

impl Pdu {
    /// Fetches it. To be called when there is room for it.
    pub(super) fn fetch(&self, memory: &impl GuestMemory) -> Result<Passthrough, BadRequest> {
        let mut header = [0; HEADER];
        let mut data = vec![0; self.out.len - HEADER];
        let body = self.out.at.checked_add(HEADER as u64).ok_or(BadRequest)?;
        memory.read(self.out.at, &mut header).map_err(|_| BadRequest)?;
        memory.read(body, &mut data).map_err(|_| BadRequest)?;
        Ok(Passthrough {
            ddb: self.ddb,
            handle: self.handle,
            header,
            data,
        })
    }
}

/// An echo.
#[derive(Debug)]
pub(super) struct Ping {
    pub(super) handle: u32,
    pub(super) source: PingSource,
    pub(super) to: IpAddr,
    pub(super) size: u32,
}

/// Nothing a driver sends: requests cannot be trusted any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct BadRequest;

/// Reads one group of entries.
pub(super) fn decode(entries: &[Entry]) -> Result<Request, BadRequest> {
    let first = entries.first().ok_or(BadRequest)?;
    match Header::of(first).kind {
        iocb::ET_COMMAND => scsi(first, &entries[1..]).map(Request::Scsi),
        iocb::ET_PASSTHRU0 => passthrough(&Passthru0::of(first)).map(Request::Passthrough),
        iocb::ET_MBOX_CMD => Ok(mailbox(&Mbox::of(first))),
        iocb::ET_MARKER => Ok(Request::Marker),
        _ => Err(BadRequest),
    }
}

fn scsi(first: &Entry, more: &[Entry]) -> Result<Scsi, BadRequest> {
    let command = CommandT3::of(first);
    let mut all = vec![command.segment];
    for entry in more {
        let continuation = ContinuationT1::of(entry);
        if continuation.header.kind != iocb::ET_CONTINUE {
            return Err(BadRequest);
        }
        all.extend(continuation.segments);
    }
    let bytes = command.bytes.get() as usize;
    let direction = match command.control_flags & (iocb::CF_READ | iocb::CF_WRITE) {
        iocb::CF_WRITE if bytes > 0 => Direction::Write,
        iocb::CF_READ if bytes > 0 => Direction::Read,
        _ => Direction::None,
    };
    let segments = match direction {
        Direction::None => Some(Vec::new()),
        _ => segments(&all, usize::from(command.segments.get()), bytes),
    };
    Ok(Scsi {
        handle: command.handle.get(),
        ddb: command.target.get(),
        lun: command.lun,
        cdb: command.cdb,
        direction,
        attribute: match command.control_flags & 0x07 {
            2 => TaskAttribute::Ordered,
            3 => TaskAttribute::HeadOfQueue,
            _ => TaskAttribute::Simple,
        },
        segments,
    })
}

/// The first `bytes` of what `count` descriptors name.
fn segments(all: &[DataSeg], count: usize, bytes: usize) -> Option<Vec<Segment>> {
    let mut left = bytes;
    let mut segments: Vec<Segment> = Vec::new();
    for segment in all.get(..count)? {
        let len = (segment.count.get() as usize).min(left);
        if len == 0 {
            continue;
        }
        left -= len;
        let at = segment.at();
        match segments.last_mut() {
            // Neighbours are one piece: each costs a call when it is moved.
            Some(before) if before.at.checked_add(before.len as u64) == Some(at) => before.len += len,
            _ => segments.push(Segment { at, len }),
        }
    }
    segments.shrink_to_fit();
    (left == 0 && bytes <= MAX_TRANSFER).then_some(segments)
}

fn passthrough(entry: &Passthru0) -> Result<Pdu, BadRequest> {
    let len = entry.out.count.get() as usize;
    if !(HEADER..=MAX_PDU).contains(&len) {
        return Err(BadRequest);
    }
    Ok(Pdu {
        handle: entry.handle.get(),
        ddb: entry.target.get(),
        out: Segment {
            at: entry.out.at(),
            len,
        },
        answer: Segment {
            at: entry.input.at(),
            len: entry.input.count.get() as usize,
        },
    })
}

/// `MBOX_CMD_PING`.
const PING: u32 = 0x000B;

fn mailbox(entry: &Mbox) -> Request {
    let handle = entry.handle.get();
    let mailboxes = entry.mailboxes.map(zerocopy::little_endian::U32::get);
    if mailboxes[0] & 0xFFFF != PING {
        return Request::BadMailbox(handle, mailboxes);
    }
    let mut address = [0; 16];
    for (room, word) in address.chunks_exact_mut(4).zip(&mailboxes[2..6]) {
        room.copy_from_slice(&word.to_le_bytes());
    }
    let (source, to) = if mailboxes[1] & 1 == 0 {
        let [a, b, c, d, ..] = address;
        (PingSource::Ipv4, IpAddr::from([a, b, c, d]))
    } else {
        let source = match mailboxes[1] & 0x0C {
            0x08 => PingSource::Ipv6Addr0,
            0x0C => PingSource::Ipv6Addr1,
            _ => PingSource::Ipv6LinkLocal,
        };
        (source, IpAddr::from(address))
    };
    Request::Ping(Ping {
        handle,
        source,
        to,
        size: mailboxes[6],
    })
}
