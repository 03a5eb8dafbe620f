//! Why bytes are not a message.

/// A message that does not decode.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// Fewer bytes than the part needs.
    #[error("{what}: {have} bytes, at least {need} needed")]
    Short {
        /// The part.
        what: &'static str,
        /// Bytes it needs.
        need: usize,
        /// Bytes there are.
        have: usize,
    },
    /// A length field claims more than there is, or less than its own header.
    #[error("{what}: length field says {claimed} bytes, but there are {have}")]
    Length {
        /// The part.
        what: &'static str,
        /// What the field says.
        claimed: usize,
        /// Bytes there are.
        have: usize,
    },
    /// More records than any message may carry.
    #[error("{what}: {count} records, at most {limit} are possible")]
    TooMany {
        /// The records.
        what: &'static str,
        /// Claimed number.
        count: usize,
        /// Highest possible number.
        limit: usize,
    },
    /// A field holds a value that has no meaning and cannot be kept.
    #[error("{what}: value {value} has no meaning")]
    Value {
        /// The field.
        what: &'static str,
        /// Its value.
        value: u64,
    },
}
