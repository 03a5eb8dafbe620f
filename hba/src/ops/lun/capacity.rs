//! Capacity: READ CAPACITY(16), or (10) on devices that do not know it. Source: SBC-3 §5.16, §5.17.

use super::command::{number, read_data};
use crate::ctx::Ctx;
use crate::error::{Error, Kind, Result};
use crate::ids::Hctl;
use crate::model::Capacity;

/// Lengths of blocks that the kernel takes (`sd.c`, `sd_read_capacity`).
const SECTORS: [u32; 4] = [512, 1024, 2048, 4096];

/// Capacity.
///
/// # Errors
/// As [`super::inquiry()`].
pub fn capacity(ctx: &mut Ctx<'_>, lun: Hctl) -> Result<Capacity> {
    let tried = format!("ask the capacity of {lun}");
    let mut cdb = [0; 16];
    cdb[..2].copy_from_slice(&[0x9E, 0x10]);
    cdb[13] = 32;
    let long = read_data(ctx, lun, &tried, &cdb, 32);
    let found = match long {
        Ok(data) => number(&data, 0, 8)
            .zip(number(&data, 8, 4))
            .map(|(last, length)| {
                let thin = data.get(14).map(|b| b & 0x80 != 0);
                (last, length, true, thin)
            }),
        Err(e) if matches!(e.kind(), Kind::Unsupported | Kind::Failed) => {
            let data = read_data(ctx, lun, &tried, &[0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0], 8)?;
            number(&data, 0, 4)
                .zip(number(&data, 4, 4))
                .map(|(last, length)| (last, length, false, None))
        }
        Err(e) => return Err(e),
    };
    let refuse = |why: &str| Error::new(Kind::Failed, tried.clone()).answered(why.to_owned());
    let (last, length, long_form, thin) = found.ok_or_else(|| refuse("the device gave a short answer"))?;
    let blocks = last
        .checked_add(1)
        .ok_or_else(|| refuse("the device tells an impossible number of blocks"))?;
    let block_length = u32::try_from(length)
        .ok()
        .filter(|n| *n > 0)
        .ok_or_else(|| refuse("the device tells blocks of no length"))?;
    let bytes = blocks
        .checked_mul(length)
        .ok_or_else(|| refuse("the device tells an impossible capacity"))?;
    if !SECTORS.contains(&block_length) {
        ctx.warn(format!(
            "blocks of {block_length} bytes: Linux takes 512, 1024, 2048 and 4096, and shows this unit without capacity"
        ));
    }
    Ok(Capacity {
        blocks,
        block_length,
        bytes,
        long_form,
        usable: SECTORS.contains(&block_length),
        thin,
    })
}
