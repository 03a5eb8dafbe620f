//! Seam B: what the control plane asks of an adapter's interface, as operations. Policy (validation, idempotence, verification,
//! rollback) is in `ops`; bytes are in driver-sys.
//!
//! Every call that waits takes a [`crate::Deadline`] and, when it passes, fails with [`crate::Kind::Timeout`] and what was waited for.

pub mod kernel;
mod operations;
#[cfg(test)]
pub mod scripted;
mod stack;
mod stores;
mod types;

pub use operations::Backend;
pub use stack::{BlockNode, Layer, Mount, Stack, StackDisk};
pub use stores::UnitAttr;
pub use types::{
    BootMark, ChapRecord, FirmwareBoot, ListOutcome, ListProbe, ListedPortal, ListedTarget, LoginProbe,
    LunScope, Memory, ProbeOutcome, Refusal, ScsiData, ScsiOutcome, SelfTest,
};
