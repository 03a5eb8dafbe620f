//! Bytes of a connection put together to messages.
//!
//! Owns where a PDU ends, which PDUs are one message, and how much is kept of messages that are not whole. What breaks these rules
//! ends the connection: nobody knows where the next PDU begins. Signatures are passed over, not looked at: over TCP they are not to be
//! there. Source: RFC 4171 sections 5.1, 5.2 and 5.5.

use zerocopy::FromBytes;

use super::{
    attribute::{Attributes, Malformed},
    function::Function,
    header::{Flags, HEADER_LEN, Header, VERSION},
    message::Message,
    status::Status,
};

/// How many bytes of messages are kept unless somebody wants it otherwise: thousands of targets with several portals each.
pub const MESSAGE_LIMIT: usize = 16 << 20;
/// Messages that may be under way at once: a notice between the PDUs of a response.
const AT_ONCE: usize = 4;
/// A block with a signature: its shortest and its longest length.
const SIGNATURE: std::ops::RangeInclusive<usize> = 20..=4096;

/// Why bytes are no messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// Not iSNS, or a version that nobody knows.
    #[error("it speaks version {0} of iSNS, if it speaks iSNS at all")]
    Version(u16),
    /// The length of a PDU is no multiple of four.
    #[error("a PDU has {0} bytes, which is no multiple of four")]
    Unaligned(u16),
    /// The first PDU is missing, or one between.
    #[error("a PDU of {function} has the sequence id {sequence} where {expected} was due")]
    Sequence {
        /// Of which message.
        function: Function,
        /// As it came.
        sequence: u16,
        /// What was due.
        expected: u32,
    },
    /// A message began twice.
    #[error("{0} began again before it had ended")]
    Again(Function),
    /// Too many messages that have begun and not ended.
    #[error("more than {AT_ONCE} messages are under way at once")]
    AtOnce,
    /// A message is longer than this side takes.
    #[error("a message is longer than {limit} bytes")]
    TooLong {
        /// The limit.
        limit: usize,
    },
    /// A signature of an impossible length.
    #[error("a signature has {0} bytes")]
    Signature(u32),
    /// A response without status.
    #[error("{0} has no status")]
    NoStatus(Function),
    /// The attributes of a message are none.
    #[error("the attributes of {function} cannot be read: {why}")]
    Attributes {
        /// Of which message.
        function: Function,
        /// Why.
        why: Malformed,
    },
}

/// A message that is not whole.
#[derive(Debug)]
struct Partial {
    function: Function,
    flags: Flags,
    xid: u16,
    next: u32,
    payload: Vec<u8>,
}

/// Takes bytes, gives messages.
#[derive(Debug)]
pub struct Receiver {
    limit: usize,
    input: Vec<u8>,
    /// What of the input is done with.
    done: usize,
    partial: Vec<Partial>,
    broken: Option<FrameError>,
}

impl Receiver {
    /// Keeps at most `limit` bytes of messages that are not whole.
    #[must_use]
    pub const fn new(limit: usize) -> Self {
        Self {
            limit,
            input: Vec::new(),
            done: 0,
            partial: Vec::new(),
            broken: None,
        }
    }

    /// Takes bytes. [`Receiver::poll`] until it has nothing more before the next ones: only what that leaves is bounded.
    pub fn feed(&mut self, bytes: &[u8]) {
        if self.broken.is_none() {
            self.input.drain(..self.done.min(self.input.len()));
            self.done = 0;
            self.input.extend_from_slice(bytes);
        }
    }

    /// Whether a message has begun and not ended.
    #[must_use]
    pub fn is_within(&self) -> bool {
        !self.partial.is_empty() || self.done < self.input.len()
    }

    /// Bytes that are kept.
    #[must_use]
    pub fn held(&self) -> usize {
        let partial: usize = self.partial.iter().map(|p| p.payload.len()).sum();
        partial.saturating_add(self.input.len().saturating_sub(self.done))
    }

    /// The next message.
    ///
    /// # Errors
    /// [`FrameError`], now and at every later call.
    pub fn poll(&mut self) -> Result<Option<Message>, FrameError> {
        loop {
            if let Some(why) = self.broken {
                return Err(why);
            }
            match self.pdu() {
                Ok(Taken::NotWhole) => return Ok(None),
                Ok(Taken::Piece) => {}
                Ok(Taken::Message(message)) => return Ok(Some(message)),
                Err(why) => {
                    self.broken = Some(why);
                    self.input = Vec::new();
                    self.partial = Vec::new();
                    self.done = 0;
                }
            }
        }
    }

    fn pdu(&mut self) -> Result<Taken, FrameError> {
        let input = self.input.get(self.done..).unwrap_or_default();
        let Ok((header, rest)) = Header::ref_from_prefix(input) else {
            return Ok(Taken::NotWhole);
        };
        let header = *header;
        if header.version.get() != VERSION {
            return Err(FrameError::Version(header.version.get()));
        }
        let len = header.length.get();
        if !len.is_multiple_of(4) {
            return Err(FrameError::Unaligned(len));
        }
        let flags = Flags::from_bits_retain(header.flags.get());
        // Before its bytes are waited for: what is too long need not come.
        self.room(usize::from(len))?;
        let Some((payload, behind)) = rest.split_at_checked(len.into()) else {
            return Ok(Taken::NotWhole);
        };
        let signature = if flags.contains(Flags::AUTHENTICATED) {
            match signature(behind)? {
                Some(len) => len,
                None => return Ok(Taken::NotWhole),
            }
        } else {
            0
        };
        let taken = piece(&mut self.partial, &header, flags, payload)?;
        self.done = self
            .done
            .saturating_add(HEADER_LEN)
            .saturating_add(len.into())
            .saturating_add(signature);
        Ok(taken)
    }

    fn room(&self, more: usize) -> Result<(), FrameError> {
        let held: usize = self.partial.iter().map(|p| p.payload.len()).sum();
        if held.saturating_add(more) > self.limit {
            return Err(FrameError::TooLong { limit: self.limit });
        }
        Ok(())
    }
}

enum Taken {
    NotWhole,
    Piece,
    Message(Message),
}

/// Length of the block with a signature, once all of it is there.
fn signature(bytes: &[u8]) -> Result<Option<usize>, FrameError> {
    let Some([_, _, _, _, l0, l1, l2, l3]) = bytes.first_chunk::<8>() else {
        return Ok(None);
    };
    let told = u32::from_be_bytes([*l0, *l1, *l2, *l3]);
    let len = usize::try_from(told)
        .ok()
        .filter(|len| SIGNATURE.contains(len))
        .ok_or(FrameError::Signature(told))?;
    Ok((bytes.len() >= len).then_some(len))
}

fn piece(
    partial: &mut Vec<Partial>,
    header: &Header,
    flags: Flags,
    payload: &[u8],
) -> Result<Taken, FrameError> {
    let (function, xid) = (Function(header.function.get()), header.xid.get());
    let known = partial
        .iter()
        .position(|p| (p.function, p.xid) == (function, xid));
    let at = match known {
        Some(_) if flags.contains(Flags::FIRST) => return Err(FrameError::Again(function)),
        Some(at) => at,
        None if !flags.contains(Flags::FIRST) => {
            return Err(FrameError::Sequence {
                function,
                sequence: header.sequence.get(),
                expected: 0,
            });
        }
        None if partial.len() >= AT_ONCE => return Err(FrameError::AtOnce),
        None => {
            partial.push(Partial {
                function,
                flags: flags & (Flags::CLIENT | Flags::SERVER | Flags::REPLACE),
                xid,
                next: 0,
                payload: Vec::new(),
            });
            partial.len().saturating_sub(1)
        }
    };
    let Some(message) = partial.get_mut(at) else {
        return Ok(Taken::Piece);
    };
    if u32::from(header.sequence.get()) != message.next {
        return Err(FrameError::Sequence {
            function,
            sequence: header.sequence.get(),
            expected: message.next,
        });
    }
    message.next = message.next.saturating_add(1);
    message.payload.extend_from_slice(payload);
    if !flags.contains(Flags::LAST) {
        return Ok(Taken::Piece);
    }
    whole(partial.swap_remove(at)).map(Taken::Message)
}

fn whole(mut message: Partial) -> Result<Message, FrameError> {
    let function = message.function;
    let status = if function.is_response() {
        let (status, _) = message
            .payload
            .split_first_chunk::<4>()
            .ok_or(FrameError::NoStatus(function))?;
        let status = Status(u32::from_be_bytes(*status));
        message.payload.drain(..4);
        Some(status)
    } else {
        None
    };
    // A heartbeat has fields of its own, which say nothing that a client of one server needs.
    let payload = if function == Function::HEARTBEAT {
        Vec::new()
    } else {
        message.payload
    };
    let body = Attributes::parse(payload).map_err(|why| FrameError::Attributes { function, why })?;
    Ok(Message {
        function,
        flags: message.flags,
        xid: message.xid,
        status,
        body,
    })
}
