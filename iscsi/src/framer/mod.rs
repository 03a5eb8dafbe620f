//! Framing of both sides: bytes of a TCP stream to PDUs and back, without copying payload.
//!
//! [`Receiver`] asks, after each header, where the data segment shall go; [`Transmitter`] queues header bytes and references to task
//! buffers. Both compute and check digests. Must not know what PDUs mean. No panic and bounded memory for any bytes.
//! Source: RFC 7143 sections 11.2 and 13.1.

mod owed;
mod receive;
#[cfg(test)]
mod tests;
mod transmit;

pub use owed::{Cost, Owed};
pub use receive::{FrameError, Place, Receiver, Step};
pub use transmit::{Data, MAX_SLICES, Transmitter};

/// Bytes of padding after a data segment of `len` bytes.
#[must_use]
pub const fn padding(len: usize) -> usize {
    len.wrapping_neg() & 3
}
