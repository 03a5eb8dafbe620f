//! Logical units: list, inquiry, vital product data, report, capacity, read, write; `span` is what can be said before. `command` runs CDBs and reads sense data.

mod capacity;
mod command;
mod inquiry;
mod report;
mod span;
mod transfer;
mod vpd;

use crate::backend::LunScope;
use crate::ctx::Ctx;
use crate::error::Result;
use crate::model::Lun;

pub use capacity::capacity;
pub use inquiry::inquiry;
pub(in crate::ops) use report::numbers;
pub use report::report;
pub use span::{BlockRange, Length, Span};
pub use transfer::{Progress, read, write};
pub use vpd::vpd;

/// Logical units that the operating system has.
///
/// # Errors
/// The endpoint cannot be read.
pub fn list(ctx: &mut Ctx<'_>, scope: LunScope) -> Result<Vec<Lun>> {
    ctx.backend.luns(scope)
}

#[cfg(test)]
mod tests;
