//! Logical units: list, inquiry, vital product data, report, capacity, read, write.

use std::io::{Read, Write};

use crate::backend::LunScope;
use crate::ctx::Ctx;
use crate::error::{Error, Kind, Result};
use crate::ids::Hctl;
use crate::model::{Capacity, Inquiry, Lun, ReportedLun, VpdPage};

/// A range of blocks; `blocks` `None` goes to the end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BlockRange {
    /// First block.
    pub start: u64,
    /// Number of blocks.
    pub blocks: Option<u64>,
}

/// Called with bytes done and bytes in all (`None` while unknown).
pub type Progress<'p> = &'p mut dyn FnMut(u64, Option<u64>);

/// Logical units that the operating system has.
///
/// # Errors
/// The endpoint cannot be read.
pub fn list(ctx: &mut Ctx<'_>, scope: LunScope) -> Result<Vec<Lun>> {
    ctx.backend.luns(scope)
}

fn later<T>(what: &str, lun: Hctl) -> Result<T> {
    Err(Error::new(Kind::Unsupported, format!("{what} {lun}")))
}

/// Standard INQUIRY data, with the list of VPD pages.
///
/// # Errors
/// [`Kind::NotFound`], [`Kind::Failed`] with the sense data decoded.
pub fn inquiry(ctx: &mut Ctx<'_>, lun: Hctl) -> Result<Inquiry> {
    let _ = ctx;
    later("inquire", lun)
}

/// One page of vital product data.
///
/// # Errors
/// As [`inquiry`].
pub fn vpd(ctx: &mut Ctx<'_>, lun: Hctl, page: u8) -> Result<VpdPage> {
    let _ = (ctx, page);
    later("inquire", lun)
}

/// Logical units as the target reports them.
///
/// # Errors
/// As [`inquiry`].
pub fn report(ctx: &mut Ctx<'_>, lun: Hctl) -> Result<Vec<ReportedLun>> {
    let _ = ctx;
    later("ask the logical units of", lun)
}

/// Capacity.
///
/// # Errors
/// As [`inquiry`].
pub fn capacity(ctx: &mut Ctx<'_>, lun: Hctl) -> Result<Capacity> {
    let _ = ctx;
    later("ask the capacity of", lun)
}

/// Reads blocks into `out`; returns the bytes read.
///
/// # Errors
/// As [`inquiry`]; [`Kind::Invalid`] for a range beyond the end.
pub fn read(
    ctx: &mut Ctx<'_>,
    lun: Hctl,
    range: BlockRange,
    out: &mut dyn Write,
    progress: Progress<'_>,
) -> Result<u64> {
    let _ = (ctx, range, out, progress);
    later("read", lun)
}

/// Writes blocks from `input` until it ends or the range is full; returns the bytes written. A last partial block is refused
/// before anything of it is written. With `verify`, each chunk is read back and compared.
///
/// # Errors
/// As [`read`]; [`Kind::VerifyFailed`].
pub fn write(
    ctx: &mut Ctx<'_>,
    lun: Hctl,
    range: BlockRange,
    input: &mut dyn Read,
    verify: bool,
    progress: Progress<'_>,
) -> Result<u64> {
    let _ = (ctx, range, input, verify, progress);
    later("write", lun)
}
