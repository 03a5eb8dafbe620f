//! Operations, one module per noun. Each changing operation validates, reads the state, shows the difference, writes, reads back,
//! verifies, rolls back on a mismatch, and says whether anything changed ([`crate::Change`]).

pub mod adapter;
pub mod boot;
pub mod chap;
pub mod event;
pub mod flash;
pub mod generation;
pub mod helper;
pub mod iface;
pub mod iface_record;
pub mod in_use;
pub mod lun;
pub mod memory;
pub mod module;
pub mod node;
pub mod ping;
pub mod session;
pub mod stats;
pub mod target;
#[cfg(test)]
pub(crate) mod testing;
pub mod unsupported;
mod write;

pub use write::{Consent, DryRun, Seal};
