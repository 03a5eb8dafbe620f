//! What an adapter remembers, below the driver: reading it (dump), self tests, the initiator's name in flash, factory settings, and the
//! copies that are kept before any of it is written.
//!
//! Owns the places of flash that are known. Must not know what the driver makes of them.

pub(in crate::ops) mod backup;
mod defaults;
mod diag;
mod dump;
mod name;
mod place;

pub use defaults::{Restored, restore};
pub use diag::{SelfTestReport, Test, test};
pub use dump::{Dump, Part, dump};
pub(crate) use name::in_flash;
pub use name::{InitiatorName, set_name};
pub use place::Area;

#[cfg(test)]
mod tests;
