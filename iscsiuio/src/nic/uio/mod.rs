//! Rings of adapters over UIO: bnx2, bnx2x, qedi.
//!
//! Owns how each ring is laid out and moved on. Memory is reached through `/dev/uioN` alone, by accesses that are checked
//! against its bounds ([`Memory`]); whatever a device writes, nothing is touched outside of it and no loop is without an end.
//! Must not know what is in a frame beyond its tag.
//!
//! **Not run on hardware**: the rings are tried on models of them in memory. A buffer of these rings has 1024 bytes, so longer
//! frames neither come nor go, whatever the port's MTU is (which is the MTU of the sessions' connections).

mod bnx2;
mod bnx2x;
mod kick;
mod lap;
mod link;
mod memory;
mod nic;
pub(super) mod open;
mod pool;
mod qedi;
mod ring;
mod tag;
#[cfg(test)]
mod tests;

pub use bnx2::Bnx2;
pub use bnx2x::Bnx2x;
pub use kick::Kick;
pub use link::Link;
pub use memory::Memory;
pub use nic::UioNic;
pub use qedi::{Qedi, Transmit};
pub use ring::{Ring, RingError, Taken};
