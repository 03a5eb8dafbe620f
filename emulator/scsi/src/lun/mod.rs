//! Logical units: what a command does to blocks.
//!
//! One file per command family. A logical unit knows its [`Medium`] and its own state; which nexus may talk to which unit, and
//! unit attentions, are the [`crate::Device`]'s business.

mod block;
mod config;
pub mod limits;
mod medium;
mod number;
mod primary;
mod unit;
mod unmap;

pub use config::{LunConfig, Naa};
pub use medium::{Medium, MediumError, MemoryMedium};
pub use number::Lun;
pub use unit::LogicalUnit;

pub(crate) use primary::request_sense;
pub(crate) use unit::Call;

#[cfg(test)]
mod tests;
