//! Logical units: list, inquiry, vital product data, report, capacity, read, write. `command` runs CDBs and reads sense data.

mod capacity;
mod command;
mod inquiry;
mod report;
mod transfer;
mod vpd;

use crate::backend::LunScope;
use crate::ctx::Ctx;
use crate::error::Result;
use crate::model::Lun;

pub use capacity::capacity;
pub use inquiry::inquiry;
pub use report::report;
pub use transfer::{BlockRange, Progress, read, write};
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
