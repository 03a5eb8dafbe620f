//! One connection: bytes in, messages out, and the faults of answers.
//!
//! Must not know what a message asks, nor whose connection it is.

use std::collections::VecDeque;
use std::io::IoSlice;
use std::time::{Duration, Instant};

use emu_net::link::Duplex;
use iscsi::isns::{Attributes, Flags, HEADER_LEN, MAX_PAYLOAD, Message, Receiver, Tag};

use super::fault::IsnsFault;

/// The longest message that is taken.
const MESSAGE_LIMIT: usize = 1 << 20;
/// Bytes taken at once.
const SLOT: usize = 16 << 10;
/// What is kept for a peer that does not take its answers.
const UNSENT: usize = 64 << 20;
/// Payload of each PDU of an answer without end.
const ENDLESS_PAYLOAD: usize = 1 << 10;

/// A connection's bytes.
#[derive(Debug)]
pub(super) struct Talk {
    receiver: Receiver,
    slot: Vec<u8>,
    output: Vec<u8>,
    heard: VecDeque<Message>,
    closing: bool,
    /// An answer without end: its last header, and the number of the next PDU.
    endless: Option<(Message, u16)>,
    slow: Option<Slow>,
}

/// A byte at a time.
#[derive(Debug)]
struct Slow {
    /// How long apart.
    apart: Duration,
    /// When the next may go.
    at: Instant,
    /// It may.
    open: bool,
}

impl Default for Talk {
    fn default() -> Self {
        Self {
            receiver: Receiver::new(MESSAGE_LIMIT),
            slot: vec![0; SLOT],
            output: Vec::new(),
            heard: VecDeque::new(),
            closing: false,
            endless: None,
            slow: None,
        }
    }
}

impl Talk {
    /// The next message.
    pub(super) fn next(&mut self) -> Option<Message> {
        self.heard.pop_front()
    }

    /// Sends a message.
    pub(super) fn say(&mut self, message: &Message) {
        let refused = message.encode(MAX_PAYLOAD, &mut self.output).is_err();
        self.closing |= refused || self.output.len() > UNSENT;
    }

    /// Sends an answer to a query, as the faults want it.
    pub(super) fn answer(&mut self, now: Instant, mut message: Message, faults: &[IsnsFault]) {
        let begin = self.output.len();
        let mut wrapped = false;
        for fault in faults {
            match fault {
                IsnsFault::WrongXid => message.xid = !message.xid,
                IsnsFault::Slow(apart) => {
                    self.slow = Some(Slow {
                        apart: *apart,
                        at: now,
                        open: true,
                    });
                }
                IsnsFault::Endless => {
                    self.endless = Some((message, 0));
                    return self.go_on();
                }
                IsnsFault::Wrapped => wrapped = true,
                _ => {}
            }
        }
        if wrapped {
            self.wrapped(&message);
        } else {
            self.say(&message);
        }
        if faults.contains(&IsnsFault::Truncated) {
            // The last attribute of ours is a number, or the delimiter: its length stands before it.
            let back = if message.body.iter().last().is_some_and(|a| !a.value.is_empty()) {
                8
            } else {
                4
            };
            let at = self.output.len().saturating_sub(back).max(begin);
            if let Some(high) = self.output.get_mut(at) {
                *high = 0x7f;
            }
        }
    }

    /// The whole answer as one PDU, whatever its length.
    fn wrapped(&mut self, message: &Message) {
        let mut pdu = Vec::new();
        let mut head = message.clone();
        head.body = Attributes::new();
        if head.encode(MAX_PAYLOAD, &mut pdu).is_err() {
            return;
        }
        pdu.extend_from_slice(message.body.as_bytes());
        let told = (pdu.len() - HEADER_LEN) & 0xffff;
        set(&mut pdu, LENGTH, u16::try_from(told).unwrap_or_default());
        self.output.append(&mut pdu);
    }

    /// More of an answer without end.
    fn go_on(&mut self) {
        let Some((message, sequence)) = &mut self.endless else {
            return;
        };
        let mut filler = Attributes::new();
        filler.push(Tag::PORTAL_CERTIFICATE, &[0; ENDLESS_PAYLOAD]);
        message.body = filler;
        while self.output.len() < ENDLESS_PAYLOAD * 4 {
            let mut pdu = Vec::new();
            if message.encode(MAX_PAYLOAD, &mut pdu).is_err() {
                return;
            }
            let first = if *sequence == 0 {
                Flags::FIRST
            } else {
                Flags::empty()
            };
            set(&mut pdu, FLAGS, (Flags::SERVER | first).bits());
            set(&mut pdu, SEQUENCE, *sequence);
            self.output.append(&mut pdu);
            let Some(next) = sequence.checked_add(1) else {
                self.endless = None;
                return;
            };
            *sequence = next;
        }
    }

    /// When the next byte of a slow answer may go.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let slow = self.slow.as_ref()?;
        (!slow.open && !self.output.is_empty()).then_some(slow.at)
    }

    /// Time has passed.
    pub(super) fn due(&mut self, now: Instant) {
        if let Some(slow) = &mut self.slow {
            slow.open |= slow.at <= now;
        }
    }
}

/// Where fields of a header stand.
const LENGTH: usize = 4;
const FLAGS: usize = 6;
const SEQUENCE: usize = 10;

fn set(pdu: &mut [u8], at: usize, value: u16) {
    if let Some(field) = pdu.get_mut(at..at + 2) {
        field.copy_from_slice(&value.to_be_bytes());
    }
}

impl Duplex for Talk {
    fn read_slot(&mut self) -> &mut [u8] {
        &mut self.slot
    }

    fn received(&mut self, _: Instant, n: usize) {
        self.receiver.feed(self.slot.get(..n).unwrap_or_default());
        loop {
            match self.receiver.poll() {
                Ok(Some(message)) => self.heard.push_back(message),
                Ok(None) => return,
                Err(why) => {
                    tracing::info!(%why, "a peer does not keep to iSNS: its connection is closed");
                    self.closing = true;
                    return;
                }
            }
        }
    }

    fn write_slices<'a>(&'a self, out: &mut Vec<IoSlice<'a>>) {
        let offered = match &self.slow {
            None => self.output.len(),
            Some(slow) => usize::from(slow.open).min(self.output.len()),
        };
        out.extend(
            self.output
                .get(..offered)
                .filter(|some| !some.is_empty())
                .map(IoSlice::new),
        );
    }

    fn sent(&mut self, now: Instant, n: usize) {
        self.output.drain(..n.min(self.output.len()));
        if let Some(slow) = &mut self.slow {
            slow.open = false;
            slow.at = now.checked_add(slow.apart).unwrap_or(now);
        }
        self.go_on();
    }

    fn wants_close(&self) -> bool {
        self.closing
    }
}
