//! Sending side: header bytes coalesced, payload lent from task buffers.
//!
//! The queue holds references to task buffers by token; before a task gives its buffer away, call [`Transmitter::detach`].

use std::{collections::VecDeque, io::IoSlice};

use zerocopy::IntoBytes;

use super::{Cost, padding, receive::pieces};
use crate::{
    buffer::Buffers,
    digest::{Crc, Digest, crc32c_wire},
    pdu::{Bhs, MAX_AHS_LEN, U24},
};

/// At most so many slices are lent at once.
pub const MAX_SLICES: usize = 256;
/// Header bytes are gathered into one vector up to this size.
const COALESCE: usize = 4096;

/// A PDU's data segment.
#[derive(Debug, Clone, Copy)]
pub enum Data<'a> {
    /// No data.
    None,
    /// Bytes that are copied into the queue (text, sense, pings).
    Bytes(&'a [u8]),
    /// A part of a task buffer, lent.
    Task {
        /// Token of the buffer.
        token: u32,
        /// First byte.
        offset: usize,
        /// Length in bytes.
        len: usize,
    },
}

impl Data<'_> {
    const fn len(&self) -> usize {
        match self {
            Self::None => 0,
            Self::Bytes(bytes) => bytes.len(),
            Self::Task { len, .. } => *len,
        }
    }
}

#[derive(Debug)]
enum Chunk {
    Bytes(Vec<u8>),
    Task { token: u32, offset: usize, len: usize },
}

impl Chunk {
    const fn len(&self) -> usize {
        match self {
            Self::Bytes(bytes) => bytes.len(),
            Self::Task { len, .. } => *len,
        }
    }
}

/// Sending side of one connection.
#[derive(Debug, Default)]
pub struct Transmitter {
    queue: VecDeque<Chunk>,
    /// Header bytes that come after the queue.
    tail: Vec<u8>,
    /// Emptied vectors for later tails.
    spare: Vec<Vec<u8>>,
    /// Bytes of the first chunk (of the tail, if the queue is empty) that are gone.
    front: usize,
    queued: usize,
    made: Cost,
    header_digest: Digest,
    data_digest: Digest,
    octets: u64,
}

impl Transmitter {
    /// A transmitter for the login phase: no digests.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Digests of the PDUs pushed from now on.
    pub const fn set_digests(&mut self, header: Digest, data: Digest) {
        self.header_digest = header;
        self.data_digest = data;
    }

    /// Octets accepted by the link so far, digests and padding included.
    #[must_use]
    pub const fn octets(&self) -> u64 {
        self.octets
    }

    /// Bytes that wait to be sent.
    #[must_use]
    pub const fn queued(&self) -> usize {
        self.queued
    }

    /// Everything that was pushed so far, without lent payload. It wraps: only differences mean something.
    #[must_use]
    pub const fn made(&self) -> Cost {
        self.made
    }

    /// Octets accepted by the link once everything that is queued now is out.
    #[must_use]
    pub const fn end(&self) -> u64 {
        self.octets.wrapping_add(self.queued as u64)
    }

    /// True if nothing waits to be sent.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.queued == 0
    }

    /// Queues a PDU. Fills in TotalAHSLength and DataSegmentLength; AHS beyond 1020 bytes and data beyond 2^24-1 are cut off, which
    /// callers prevent by negotiation.
    pub fn push(&mut self, mut bhs: Bhs, ahs: &[u8], data: Data<'_>, buffers: &dyn Buffers) {
        let ahs = ahs.get(..MAX_AHS_LEN).unwrap_or(ahs);
        let ahs_padded = ahs.len().next_multiple_of(4);
        bhs.total_ahs_length = u8::try_from(ahs_padded / 4).unwrap_or(u8::MAX);
        let len = U24::new(data.len()).unwrap_or(U24([0xff; 3]));
        bhs.data_segment_length = len;
        let len = len.get();

        if self.tail.len() >= COALESCE {
            self.flush_tail();
        }
        let out = &mut self.tail;
        let start = out.len();
        out.extend_from_slice(bhs.as_bytes());
        out.extend_from_slice(ahs);
        out.resize(start + bhs.as_bytes().len() + ahs_padded, 0);
        if self.header_digest == Digest::Crc32c {
            let digest = crc32c_wire(out.get(start..).unwrap_or_default());
            out.extend_from_slice(&digest);
        }
        let header = out.len() - start;
        self.queued += header;
        self.made.pdus = self.made.pdus.wrapping_add(1);
        self.made.bytes = self.made.bytes.wrapping_add(header);

        if len == 0 {
            return;
        }
        let digests = self.data_digest == Digest::Crc32c;
        let mut crc = Crc::default();
        match data {
            Data::None => {}
            Data::Bytes(bytes) => {
                let bytes = bytes.get(..len).unwrap_or(bytes);
                if digests {
                    crc.update(bytes);
                }
                self.tail.extend_from_slice(bytes);
                self.made.bytes = self.made.bytes.wrapping_add(bytes.len());
            }
            Data::Task { token, offset, .. } => {
                if digests {
                    pieces(buffers.buffer(token), offset, len).for_each(|piece| crc.update(piece));
                }
                self.flush_tail();
                self.queue.push_back(Chunk::Task { token, offset, len });
            }
        }
        let pad = [0u8; 3];
        let pad = pad.get(..padding(len)).unwrap_or_default();
        self.tail.extend_from_slice(pad);
        if digests {
            crc.update(pad);
            self.tail.extend_from_slice(&crc.to_wire());
        }
        let trailer = pad.len() + self.data_digest.len();
        self.made.bytes = self.made.bytes.wrapping_add(trailer);
        self.queued += len + trailer;
    }

    /// Moves the tail into the queue.
    fn flush_tail(&mut self) {
        if !self.tail.is_empty() {
            let next = self.spare.pop().unwrap_or_default();
            self.queue
                .push_back(Chunk::Bytes(std::mem::replace(&mut self.tail, next)));
        }
    }

    /// Everything ready to send, in order, at most [`MAX_SLICES`] slices.
    pub fn write_slices<'a>(&'a self, buffers: &'a dyn Buffers, out: &mut Vec<IoSlice<'a>>) {
        let mut skip = self.front;
        let mut room = MAX_SLICES;
        for chunk in &self.queue {
            match chunk {
                Chunk::Bytes(bytes) => {
                    out.push(IoSlice::new(bytes.get(skip..).unwrap_or_default()));
                    room -= 1;
                }
                Chunk::Task { token, offset, len } => {
                    let offset = offset.saturating_add(skip);
                    for piece in pieces(buffers.buffer(*token), offset, len.saturating_sub(skip)).take(room) {
                        out.push(IoSlice::new(piece));
                        room -= 1;
                    }
                }
            }
            skip = 0;
            if room == 0 {
                return;
            }
        }
        let rest = self.tail.get(skip..).unwrap_or_default();
        if !rest.is_empty() {
            out.push(IoSlice::new(rest));
        }
    }

    /// The link accepted `n` bytes. More than was queued is a caller's error; the excess is ignored.
    pub fn sent(&mut self, n: usize) {
        let mut n = n.min(self.queued);
        self.octets = self.octets.wrapping_add(n as u64);
        self.queued -= n;
        while let Some(chunk) = self.queue.front() {
            let left = chunk.len() - self.front;
            if n < left {
                self.front += n;
                return;
            }
            n -= left;
            self.front = 0;
            if let Some(Chunk::Bytes(mut bytes)) = self.queue.pop_front()
                && self.spare.len() < MAX_SLICES
                && bytes.capacity() <= 2 * COALESCE
            {
                bytes.clear();
                self.spare.push(bytes);
            }
        }
        self.front += n;
        if self.front >= self.tail.len() {
            self.tail.clear();
            self.front = 0;
        }
    }

    /// Makes the queue independent of the buffer of `token`: what was lent and not sent is copied. Bounded by what that task had
    /// queued; needed only when a task ends before its data went out.
    pub fn detach(&mut self, token: u32, buffers: &dyn Buffers) {
        for chunk in &mut self.queue {
            match chunk {
                Chunk::Task {
                    token: lent,
                    offset,
                    len,
                } if *lent == token => {
                    let mut copy = Vec::with_capacity(*len);
                    pieces(buffers.buffer(token), *offset, *len)
                        .for_each(|piece| copy.extend_from_slice(piece));
                    *chunk = Chunk::Bytes(copy);
                }
                _ => {}
            }
        }
    }

    /// True if the queue refers to the buffer of `token`.
    #[must_use]
    pub fn refers_to(&self, token: u32) -> bool {
        self.queue
            .iter()
            .any(|chunk| matches!(chunk, Chunk::Task { token: lent, .. } if *lent == token))
    }

    /// Forgets everything that waits: the link is gone.
    pub fn clear(&mut self) {
        self.queue.clear();
        self.tail.clear();
        self.front = 0;
        self.queued = 0;
    }
}
