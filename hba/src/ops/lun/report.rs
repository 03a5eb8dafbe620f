//! REPORT LUNS. Source: SPC-4 §6.33, SAM-5 §4.7 (addressing methods).

use super::command::{hex, number, read_data};
use crate::backend::LunScope;
use crate::ctx::Ctx;
use crate::error::{Error, Kind, Result};
use crate::ids::Hctl;
use crate::model::ReportedLun;

const HEADER: usize = 8;
/// Room for 2047 logical units, within one transfer.
const ALLOCATION: u32 = 16 * 1024;

/// Logical units as the target reports them.
///
/// # Errors
/// As [`super::inquiry()`].
pub fn report(ctx: &mut Ctx<'_>, lun: Hctl) -> Result<Vec<ReportedLun>> {
    let list = ask(ctx, lun)?;
    let attached = ctx.backend.luns(LunScope::Host(crate::HostNo(lun.host)))?;
    let of = |n: u64| Hctl { lun: n, ..lun }.to_string();
    Ok(list
        .chunks_exact(8)
        .map(|raw| {
            let number = decode(raw);
            ReportedLun {
                lun: number,
                raw: hex(raw),
                attached: attached.iter().any(|l| l.address == of(number)),
            }
        })
        .collect())
}

/// The numbers alone.
///
/// # Errors
/// As [`super::inquiry()`].
pub(in crate::ops) fn numbers(ctx: &mut Ctx<'_>, lun: Hctl) -> Result<Vec<u64>> {
    Ok(ask(ctx, lun)?.chunks_exact(8).map(decode).collect())
}

/// The list itself, eight bytes a unit.
fn ask(ctx: &mut Ctx<'_>, lun: Hctl) -> Result<Vec<u8>> {
    let tried = format!("ask the logical units of {lun}");
    let mut cdb = [0; 12];
    cdb[0] = 0xA0;
    cdb[6..10].copy_from_slice(&ALLOCATION.to_be_bytes());
    let mut data = read_data(ctx, lun, &tried, &cdb, ALLOCATION as usize)?;
    let Some(length) = number(&data, 0, 4) else {
        return Err(Error::new(Kind::Failed, tried).answered("the device gave no list"));
    };
    let list = data.split_off(HEADER.min(data.len()));
    if usize::try_from(length).is_ok_and(|n| n > list.len()) {
        ctx.warn(format!(
            "the target reports {} logical units, {} are shown",
            length / 8,
            list.len() / 8
        ));
    }
    let length = usize::try_from(length).unwrap_or(usize::MAX).min(list.len());
    Ok(list[..length].to_vec())
}

/// The number as Linux writes it: the four words of the eight bytes, first word lowest (`scsilun_to_int`).
fn decode(raw: &[u8]) -> u64 {
    raw.chunks_exact(2).take(4).enumerate().fold(0, |n, (i, word)| {
        n | (u64::from(word[0]) << 8 | u64::from(word[1])) << (16 * i)
    })
}
