//! SCSI commands and pass-through PDUs: what goes in, what comes back.
//!
//! Owns the typed form of the command, status and pass-through IOCBs. Source: `ql4_fw.h` `struct command_t3_entry`,
//! `status_entry`, `passthru0`, `SCS_*`.

use std::fmt;

use iscsi::Buffer;

/// Names an I/O of a port while it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IoTag(pub u32);

/// A SCSI command for a logged-in DDB.
pub struct Io {
    /// DDB index.
    pub ddb: u16,
    /// LUN in SAM's eight bytes.
    pub lun: [u8; 8],
    /// The CDB, padded with zeros.
    pub cdb: [u8; 16],
    /// Which way data goes. The length is the buffer's.
    pub direction: Direction,
    /// The data, or room for it. Comes back in [`IoDone`].
    pub buffer: Box<dyn Buffer>,
    /// SAM task attribute.
    pub attribute: TaskAttribute,
}

impl fmt::Debug for Io {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Io")
            .field("ddb", &self.ddb)
            .field("lun", &self.lun)
            .field("cdb", &self.cdb)
            .field("direction", &self.direction)
            .field("len", &self.buffer.len())
            .finish_non_exhaustive()
    }
}

/// Which way data goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// No data.
    None,
    /// To the target.
    Write,
    /// From the target.
    Read,
}

/// SAM task attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum TaskAttribute {
    /// Simple.
    #[default]
    Simple,
    /// Ordered.
    Ordered,
    /// Head of queue.
    HeadOfQueue,
}

/// The end of a SCSI command.
pub struct IoDone {
    /// Which one.
    pub tag: IoTag,
    /// DDB index.
    pub ddb: u16,
    /// Completion status of the firmware.
    pub completion: Completion,
    /// SCSI status, when the target gave one.
    pub scsi_status: u8,
    /// Sense data, as long as the target's (at most 252 bytes).
    pub sense: Vec<u8>,
    /// What the target said about the length.
    pub residual: Residual,
    /// Bytes that actually moved.
    pub transferred: usize,
    /// The buffer given at the start.
    pub buffer: Box<dyn Buffer>,
}

impl fmt::Debug for IoDone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IoDone")
            .field("tag", &self.tag)
            .field("ddb", &self.ddb)
            .field("completion", &self.completion)
            .field("scsi_status", &self.scsi_status)
            .field("residual", &self.residual)
            .field("transferred", &self.transferred)
            .finish_non_exhaustive()
    }
}

/// Completion status (`SCS_*`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Completion {
    Complete = 0x00,
    Incomplete = 0x01,
    ResetOccurred = 0x04,
    Aborted = 0x05,
    Timeout = 0x06,
    DataOverrun = 0x07,
    DataUnderrun = 0x15,
    QueueFull = 0x1C,
    DeviceUnavailable = 0x28,
    DeviceLoggedOut = 0x29,
}

impl Completion {
    /// The number as the driver reads it.
    #[must_use]
    pub const fn code(self) -> u8 {
        self as u8
    }
}

/// What the target said about the length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Residual {
    /// Exactly as much as asked for.
    None,
    /// So many bytes fewer.
    Underflow(u32),
    /// So many bytes more were there.
    Overflow(u32),
}

/// A PDU the front end wrote itself: NOP-Out or Text Request.
#[derive(Debug)]
pub struct Passthrough {
    /// DDB index.
    pub ddb: u16,
    /// Given back with the answer.
    pub handle: u32,
    /// The basic header segment; the firmware fills in task tag and sequence numbers.
    pub header: [u8; 48],
    /// The data segment.
    pub data: Vec<u8>,
}

/// The answer to a [`Passthrough`].
#[derive(Debug)]
pub struct PassthroughDone {
    /// The handle given.
    pub handle: u32,
    /// DDB index.
    pub ddb: u16,
    /// The answer's header and data, or the reason there is none.
    pub answer: Result<([u8; 48], Vec<u8>), Completion>,
}
