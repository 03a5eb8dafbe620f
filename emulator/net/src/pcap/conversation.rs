//! One TCP connection in the capture: handshake, data both ways, end.

use std::io::IoSlice;
use std::net::SocketAddr;

use super::file::Capture;
use super::frame::{MAX_PAYLOAD, Segment, flag, head};

/// Who opened the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opened {
    /// This side connected.
    Here,
    /// The peer did; it was accepted.
    There,
}

#[derive(Debug, Clone, Copy)]
struct End {
    address: SocketAddr,
    /// Sequence number of its next byte.
    next: u32,
    finished: bool,
}

/// A connection that is being captured. Dropping it captures its end.
#[derive(Debug)]
pub struct Conversation {
    capture: Capture,
    here: End,
    there: End,
    reset: bool,
}

impl Conversation {
    /// Captures the handshake.
    #[must_use]
    pub fn open(capture: &Capture, here: SocketAddr, there: SocketAddr, opened: Opened) -> Self {
        let end = |address| End {
            address,
            next: 0,
            finished: false,
        };
        let mut conversation = Self {
            capture: capture.clone(),
            here: end(here),
            there: end(there),
            reset: false,
        };
        let ours = opened == Opened::Here;
        conversation.control(ours, flag::SYN);
        conversation.control(!ours, flag::SYN | flag::ACK);
        conversation.control(ours, flag::ACK);
        conversation.flush();
        conversation
    }

    /// The peer sent these bytes.
    pub fn received(&mut self, bytes: &[u8]) {
        self.data(false, bytes);
    }

    /// The first `n` bytes of these were sent to the peer.
    pub fn sent(&mut self, slices: &[IoSlice<'_>], mut n: usize) {
        let mut gathered = Vec::with_capacity(n.min(MAX_PAYLOAD));
        for slice in slices {
            let mut bytes = slice.get(..n).unwrap_or(slice);
            n -= bytes.len();
            while !bytes.is_empty() {
                let room = MAX_PAYLOAD - gathered.len();
                let (now, later) = bytes.split_at(bytes.len().min(room));
                gathered.extend_from_slice(now);
                bytes = later;
                if gathered.len() == MAX_PAYLOAD {
                    self.data(true, &gathered);
                    gathered.clear();
                }
            }
        }
        self.data(true, &gathered);
    }

    /// The peer closed its side.
    pub fn peer_closed(&mut self) {
        self.finish(false);
    }

    /// The connection broke.
    pub fn failed(&mut self) {
        self.reset = true;
    }

    /// Hands what was captured to the file.
    pub fn flush(&self) {
        self.capture.flush();
    }

    fn data(&mut self, ours: bool, bytes: &[u8]) {
        for part in bytes.chunks(MAX_PAYLOAD) {
            self.segment(ours, flag::PSH | flag::ACK, part);
            let from = if ours { &mut self.here } else { &mut self.there };
            from.next = from.next.wrapping_add(part.len() as u32);
        }
    }

    /// A segment without data; SYN and FIN count as one byte.
    fn control(&mut self, ours: bool, flags: u8) {
        self.segment(ours, flags, &[]);
        if flags & (flag::SYN | flag::FIN) != 0 {
            let from = if ours { &mut self.here } else { &mut self.there };
            from.next = from.next.wrapping_add(1);
        }
    }

    fn finish(&mut self, ours: bool) {
        let from = if ours { &mut self.here } else { &mut self.there };
        if !std::mem::replace(&mut from.finished, true) {
            self.control(ours, flag::FIN | flag::ACK);
            self.control(!ours, flag::ACK);
        }
    }

    fn segment(&self, ours: bool, flags: u8, payload: &[u8]) {
        let (from, to) = if ours {
            (&self.here, &self.there)
        } else {
            (&self.there, &self.here)
        };
        let segment = Segment {
            from: from.address,
            to: to.address,
            seq: from.next,
            ack: to.next,
            flags,
            payload,
        };
        self.capture.frame(&head(&segment), payload);
    }
}

impl Drop for Conversation {
    fn drop(&mut self) {
        if self.reset {
            self.control(false, flag::RST | flag::ACK);
        } else {
            self.finish(true);
            self.finish(false);
        }
        self.flush();
    }
}
