//! A bsg request and its answer, as the ioctl carries them and as packets of `DIR/bsg/iscsi_hostN`.
//!
//! Request packet: `u32 request_len, u32 payload_out_len, u32 payload_in_len`, request, outgoing payload. Answer:
//! `i32 errno, u32 reply_len, u32 payload_in_len`, reply, incoming payload. Integers are native-endian; `errno` is 0 or
//! positive.

use nix::errno::Errno;

use crate::port::PortError;

/// Longest request (`iscsi_bsg_request` with its vendor words), in bytes; the kernel's limit is one page.
pub const MAX_REQUEST: usize = 4096;
/// Longest payload in either direction, in bytes: the block layer's default for a queue without limits of its own, 255 sectors
/// (`BLK_SAFE_MAX_SECTORS`); a longer one is EINVAL.
pub const MAX_PAYLOAD: usize = 255 * 512;
/// Longest reply, in bytes: the kernel keeps it in a sense buffer of 96 bytes.
pub(super) const MAX_REPLY: usize = 96;

/// What goes down.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Job {
    /// `iscsi_bsg_request` and what follows it.
    pub request: Vec<u8>,
    /// Outgoing payload.
    pub payload_out: Vec<u8>,
    /// Room for the incoming payload, in bytes.
    pub payload_in_len: u32,
}

impl core::fmt::Debug for Job {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Job")
            .field("request", &self.request)
            .field("payload_out", &self.payload_out.len())
            .field("payload_in_len", &self.payload_in_len)
            .finish()
    }
}

/// What comes back. Payloads may be flash contents with secrets: `Debug` shows their length only.
#[derive(Clone, PartialEq, Eq)]
pub struct Answer {
    /// What the ioctl returned.
    pub errno: Result<(), Errno>,
    /// `iscsi_bsg_reply` and what follows it.
    pub reply: Vec<u8>,
    /// Incoming payload.
    pub payload_in: Vec<u8>,
}

impl core::fmt::Debug for Answer {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Answer")
            .field("errno", &self.errno)
            .field("reply", &self.reply)
            .field("payload_in", &self.payload_in.len())
            .finish()
    }
}

pub(crate) fn malformed(what: &'static str, detail: impl Into<String>) -> PortError {
    PortError::Malformed {
        what,
        detail: detail.into(),
    }
}

/// Splits `N` native-endian words off a packet.
pub(crate) fn words<'a, const N: usize>(
    what: &'static str,
    packet: &'a [u8],
) -> Result<([u32; N], &'a [u8]), PortError> {
    let head = packet
        .get(..4 * N)
        .ok_or_else(|| malformed(what, format!("only {} bytes", packet.len())))?;
    let mut words = [0; N];
    for (word, bytes) in words.iter_mut().zip(head.chunks_exact(4)) {
        *word = u32::from_ne_bytes(bytes.try_into().unwrap_or_default());
    }
    Ok((words, packet.get(4 * N..).unwrap_or_default()))
}

/// Splits a part of `len` bytes off, at most `max`.
pub(crate) fn part<'a>(
    what: &'static str,
    rest: &'a [u8],
    len: u32,
    max: usize,
) -> Result<(&'a [u8], &'a [u8]), PortError> {
    let len = usize::try_from(len).unwrap_or(usize::MAX);
    if len > max {
        return Err(malformed(
            what,
            format!("{len} bytes claimed, at most {max} are possible"),
        ));
    }
    rest.split_at_checked(len)
        .ok_or_else(|| malformed(what, format!("{len} bytes claimed, {} are there", rest.len())))
}

pub(crate) fn len(bytes: &[u8]) -> [u8; 4] {
    u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_ne_bytes()
}

pub(crate) fn errno_word(errno: Result<(), Errno>) -> [u8; 4] {
    errno
        .map_or_else(|e| crate::port::errno(e as i32) as i32, |()| 0)
        .to_ne_bytes()
}

pub(crate) fn errno_of(word: u32) -> Result<(), Errno> {
    match i32::from_ne_bytes(word.to_ne_bytes()) {
        0 => Ok(()),
        code => Err(crate::port::errno(code)),
    }
}

impl Job {
    /// The request packet.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut packet = Vec::with_capacity(12 + self.request.len() + self.payload_out.len());
        packet.extend_from_slice(&len(&self.request));
        packet.extend_from_slice(&len(&self.payload_out));
        packet.extend_from_slice(&self.payload_in_len.to_ne_bytes());
        packet.extend_from_slice(&self.request);
        packet.extend_from_slice(&self.payload_out);
        packet
    }

    /// Decodes a request packet (the server's side).
    ///
    /// # Errors
    /// [`PortError::Malformed`] when lengths are beyond the limits or do not add up.
    pub fn decode(packet: &[u8]) -> Result<Self, PortError> {
        const WHAT: &str = "bsg request packet";
        let ([request_len, out_len, payload_in_len], rest) = words(WHAT, packet)?;
        let (request, rest) = part(WHAT, rest, request_len, MAX_REQUEST)?;
        let (payload_out, rest) = part(WHAT, rest, out_len, MAX_PAYLOAD)?;
        if !rest.is_empty() {
            return Err(malformed(WHAT, format!("{} bytes too many", rest.len())));
        }
        if usize::try_from(payload_in_len).is_ok_and(|l| l > MAX_PAYLOAD) {
            return Err(malformed(
                WHAT,
                format!("{payload_in_len} bytes asked for, at most {MAX_PAYLOAD}"),
            ));
        }
        Ok(Self {
            request: request.to_vec(),
            payload_out: payload_out.to_vec(),
            payload_in_len,
        })
    }
}

impl Answer {
    /// An answer that is nothing but an errno.
    #[must_use]
    pub const fn error(errno: Errno) -> Self {
        Self {
            errno: Err(errno),
            reply: Vec::new(),
            payload_in: Vec::new(),
        }
    }

    /// The answer packet (the server's side).
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut packet = Vec::with_capacity(12 + self.reply.len() + self.payload_in.len());
        packet.extend_from_slice(&errno_word(self.errno));
        packet.extend_from_slice(&len(&self.reply));
        packet.extend_from_slice(&len(&self.payload_in));
        packet.extend_from_slice(&self.reply);
        packet.extend_from_slice(&self.payload_in);
        packet
    }

    /// Decodes an answer packet.
    ///
    /// # Errors
    /// [`PortError::Malformed`] when lengths are beyond the limits or do not add up.
    pub fn decode(packet: &[u8]) -> Result<Self, PortError> {
        const WHAT: &str = "bsg answer packet";
        let ([errno, reply_len, in_len], rest) = words(WHAT, packet)?;
        let (reply, rest) = part(WHAT, rest, reply_len, MAX_REPLY)?;
        let (payload_in, rest) = part(WHAT, rest, in_len, MAX_PAYLOAD)?;
        if !rest.is_empty() {
            return Err(malformed(WHAT, format!("{} bytes too many", rest.len())));
        }
        Ok(Self {
            errno: errno_of(errno),
            reply: reply.to_vec(),
            payload_in: payload_in.to_vec(),
        })
    }
}
