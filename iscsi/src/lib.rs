//! RFC 7143 without I/O: initiator and target engines.
pub mod buffer;
pub mod link;
pub use buffer::Buffer;
pub use link::LinkLoss;
