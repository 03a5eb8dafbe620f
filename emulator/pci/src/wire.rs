//! The vfio-user message header and the numbers of the protocol.
//!
//! Owns numbers and the header's layout. Source: vfio-user specification, "Message Format".

/// Bytes of a header.
pub(crate) const HEADER: usize = 16;
/// Most data bytes one region access carries; we tell the client so.
pub(crate) const MAX_TRANSFER: usize = 64 << 10;
/// Most bytes of one message, header included; longer ones end the connection.
pub const MAX_MESSAGE: usize = MAX_TRANSFER + 256;
/// Most descriptors one message carries.
pub(crate) const MAX_FDS: usize = 8;

/// Protocol version.
pub(crate) const MAJOR: u16 = 0;
/// Minor version.
pub(crate) const MINOR: u16 = 1;

/// Bits 0 to 3 of the flags.
const TYPE: u32 = 0x0F;
const REPLY: u32 = 1;
const NO_REPLY: u32 = 1 << 4;
const ERROR: u32 = 1 << 5;

/// A message header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Header {
    /// Given back in the reply.
    pub id: u16,
    /// Which command.
    pub command: u16,
    /// Bytes of the message, header included.
    pub size: u32,
    /// Type and options.
    pub flags: u32,
    /// Errno of an error reply.
    pub error: u32,
}

impl Header {
    /// Reads a header.
    #[must_use]
    pub fn parse(bytes: &[u8; HEADER]) -> Self {
        let u32_at = |at: usize| u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
        Self {
            id: u16::from_le_bytes([bytes[0], bytes[1]]),
            command: u16::from_le_bytes([bytes[2], bytes[3]]),
            size: u32_at(4),
            flags: u32_at(8),
            error: u32_at(12),
        }
    }

    /// The header's bytes.
    #[must_use]
    pub fn bytes(&self) -> [u8; HEADER] {
        let mut bytes = [0; HEADER];
        bytes[..2].copy_from_slice(&self.id.to_le_bytes());
        bytes[2..4].copy_from_slice(&self.command.to_le_bytes());
        bytes[4..8].copy_from_slice(&self.size.to_le_bytes());
        bytes[8..12].copy_from_slice(&self.flags.to_le_bytes());
        bytes[12..].copy_from_slice(&self.error.to_le_bytes());
        bytes
    }

    /// It is a command, not a reply.
    #[must_use]
    pub const fn is_command(&self) -> bool {
        self.flags & TYPE == 0
    }

    /// The sender does not want a reply.
    #[must_use]
    pub const fn no_reply(&self) -> bool {
        self.flags & NO_REPLY != 0
    }

    /// A reply to this command: the payload, or an errno.
    #[must_use]
    pub fn reply(&self, answer: Result<&[u8], i32>) -> Vec<u8> {
        let payload = answer.unwrap_or_default();
        let header = Self {
            size: (HEADER + payload.len()) as u32,
            flags: REPLY | if answer.is_err() { ERROR } else { 0 },
            error: answer.err().map_or(0, |errno| errno.unsigned_abs()),
            ..*self
        };
        let mut bytes = header.bytes().to_vec();
        bytes.extend_from_slice(payload);
        bytes
    }
}

macro_rules! commands {
    ($($name:ident = $value:literal),* $(,)?) => { $(pub(crate) const $name: u16 = $value;)* };
}

commands! {
    VERSION = 1,
    DMA_MAP = 2,
    DMA_UNMAP = 3,
    DEVICE_GET_INFO = 4,
    DEVICE_GET_REGION_INFO = 5,
    DEVICE_GET_REGION_IO_FDS = 6,
    DEVICE_GET_IRQ_INFO = 7,
    DEVICE_SET_IRQS = 8,
    REGION_READ = 9,
    REGION_WRITE = 10,
    DEVICE_RESET = 13,
}
