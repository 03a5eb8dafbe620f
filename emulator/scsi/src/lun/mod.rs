//! Logical units: what a command does to blocks.
//!
//! One file per command family. A logical unit knows its [`Medium`] and its own state; which nexus may talk to which unit, and
//! unit attentions, are the [`crate::Device`]'s business.

mod block;
mod compare;
mod config;
mod copy;
pub mod limits;
mod medium;
mod memory;
mod number;
mod primary;
mod reserve;
mod start_stop;
mod unit;
mod unmap;

pub use config::{LunConfig, Naa};
pub use medium::{Extent, Medium, MediumError};
pub use memory::MemoryMedium;
pub use number::Lun;
pub use unit::LogicalUnit;

pub(crate) use copy::codes as copy_codes;
pub(crate) use primary::request_sense;
pub(crate) use unit::{Call, CopyRecord, Failure, Whom};

#[cfg(test)]
mod tests;
