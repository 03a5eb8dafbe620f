//! What is wrong with a message.

use super::Command;

/// A message that is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UipError {
    /// Fewer or more bytes than the message has.
    #[error("{what} of {have} bytes, it has {need}")]
    Size {
        /// The message, or the part of it.
        what: &'static str,
        /// Bytes that it has.
        need: usize,
        /// Bytes that came.
        have: usize,
    },
    /// A command that there is not.
    #[error("unknown command {0}")]
    Command(u32),
    /// The header announces a payload of another size than the command's: another version's record.
    #[error("{} announces {have} bytes, its record has {need}", command.name())]
    Payload {
        /// The command.
        command: Command,
        /// Bytes of its payload.
        need: usize,
        /// Bytes announced.
        have: usize,
    },
    /// A text without its NUL, or that is no text.
    #[error("{field} of the interface record is no text")]
    Text {
        /// The field.
        field: &'static str,
    },
    /// A text that its field has no room for, or with a NUL in it.
    #[error("{field} does not fit into the interface record (room for {room} bytes)")]
    Long {
        /// The field.
        field: &'static str,
        /// Bytes that fit, without the NUL.
        room: usize,
    },
    /// The destination of a ping has no address.
    #[error("the destination of the ping is of address family {0}")]
    Family(u16),
    /// The size of a ping is negative.
    #[error("a ping of {0} bytes")]
    PingSize(i32),
}
