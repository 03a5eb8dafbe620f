//! RFC 7143 without I/O: initiator and target engines; RFC 4171 (iSNS) from a client's side.
//!
//! Owns PDUs, framing, digests, negotiation, CHAP and the two state machines that speak them. Must not know sockets, files or
//! clocks: bytes come in through [`framer`], time and randomness are arguments. Nothing in this crate panics on peer input.
#![forbid(unsafe_code)]

pub mod address;
pub mod buffer;
pub mod chap;
pub mod digest;
pub mod framer;
#[cfg(any(test, fuzzing))]
pub mod fuzz;

pub mod initiator;
pub mod isid;
pub mod isns;
pub mod link;
pub mod names;
pub mod negotiate;
pub mod number;
pub mod pdu;
pub mod pool;
pub mod serial;
mod tagmap;
pub mod target_node;
pub mod text;

pub use buffer::Buffer;
pub use isid::Isid;
pub use link::LinkLoss;
pub use names::IscsiName;
