//! Echoes of ours that wait for their answers.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use super::icmp::{Echo, HEADER};

/// Echoes that wait at once.
pub(super) const CAPACITY: usize = 256;
/// Largest payload: an IPv4 packet of 65535 bytes less its header and the echo's.
pub(super) const LARGEST: usize = 65_535 - 20 - HEADER;

/// How an echo ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EchoEnd {
    /// The answer came, with the same bytes.
    Answered,
    /// No answer within the limit.
    TimedOut,
    /// No address of this family.
    NoAddress,
    /// No route, nobody answers for the next hop, or a router says so.
    Unreachable,
    /// The payload is more than an echo can carry.
    TooLarge,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Waiting {
    pub(super) id: u64,
    pub(super) source: IpAddr,
    pub(super) destination: IpAddr,
    size: usize,
    /// When it was sent; `None`: the next hop is being asked for.
    sent: Option<Instant>,
    /// Whether it was sent again in smaller pieces.
    again: bool,
    limit: Instant,
}

/// The echoes, by sequence number.
#[derive(Debug)]
pub(super) struct Echoes {
    identifier: u16,
    sequence: u16,
    waiting: BTreeMap<u16, Waiting>,
}

impl Echoes {
    pub(super) fn new(identifier: u16) -> Self {
        Self {
            identifier,
            sequence: 0,
            waiting: BTreeMap::new(),
        }
    }

    /// One more; its sequence number. `None`: too many wait.
    pub(super) fn begin(
        &mut self,
        id: u64,
        (source, destination): (IpAddr, IpAddr),
        size: usize,
        limit: Instant,
    ) -> Option<u16> {
        if self.waiting.len() >= CAPACITY {
            return None;
        }
        while self.waiting.contains_key(&self.sequence) {
            self.sequence = self.sequence.wrapping_add(1);
        }
        let sequence = self.sequence;
        self.sequence = sequence.wrapping_add(1);
        self.waiting.insert(
            sequence,
            Waiting {
                id,
                source,
                destination,
                size,
                sent: None,
                again: false,
                limit,
            },
        );
        Some(sequence)
    }

    /// What to send of one; `None`: it is over.
    pub(super) fn send(&mut self, now: Instant, sequence: u16) -> Option<(Waiting, u16, Vec<u8>)> {
        let waiting = self.waiting.get_mut(&sequence)?;
        waiting.sent = waiting.sent.or(Some(now));
        Some((*waiting, self.identifier, pattern(sequence, waiting.size)))
    }

    /// An answer. What it ends, and how long that took.
    pub(super) fn answered(
        &mut self,
        now: Instant,
        from: IpAddr,
        echo: &Echo<'_>,
    ) -> Option<(u64, Duration)> {
        let waiting = self.find(echo.identifier, echo.sequence, from)?;
        let sent = waiting.sent?;
        if echo.payload.len() != waiting.size || echo.payload != pattern(echo.sequence, waiting.size) {
            return None;
        }
        let id = waiting.id;
        self.waiting.remove(&echo.sequence);
        Some((id, now.saturating_duration_since(sent)))
    }

    /// A router says that it does not arrive.
    pub(super) fn failed(&mut self, (identifier, sequence): (u16, u16), to: IpAddr) -> Option<u64> {
        let id = self.find(identifier, sequence, to)?.id;
        self.waiting.remove(&sequence);
        Some(id)
    }

    /// A router says that it is too large. Whether it is worth another try: one is.
    pub(super) fn too_big(&mut self, (identifier, sequence): (u16, u16), to: IpAddr) -> bool {
        let ours = self.identifier;
        let waiting = self.waiting.get_mut(&sequence);
        match waiting.filter(|w| identifier == ours && w.destination == to && !w.again) {
            Some(waiting) => {
                waiting.again = true;
                true
            }
            None => false,
        }
    }

    /// Takes one out.
    pub(super) fn end(&mut self, sequence: u16) -> Option<u64> {
        self.waiting.remove(&sequence).map(|w| w.id)
    }

    /// The next one whose limit has passed.
    pub(super) fn due(&mut self, now: Instant) -> Option<u64> {
        let sequence = self
            .waiting
            .iter()
            .find(|(_, w)| w.limit <= now)
            .map(|(s, _)| *s)?;
        self.end(sequence)
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.waiting.values().map(|w| w.limit).min()
    }

    fn find(&self, identifier: u16, sequence: u16, destination: IpAddr) -> Option<&Waiting> {
        self.waiting
            .get(&sequence)
            .filter(|w| identifier == self.identifier && w.destination == destination)
    }
}

/// The bytes of an echo.
fn pattern(sequence: u16, size: usize) -> Vec<u8> {
    (0..size)
        .map(|n| (n as u8).wrapping_mul(31).wrapping_add(sequence as u8))
        .collect()
}
