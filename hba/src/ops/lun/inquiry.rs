//! Standard INQUIRY data. Source: SPC-4 §6.4.

use super::command::{field, hex, read_data};
use super::vpd::{fetch, page_list};
use crate::ctx::Ctx;
use crate::error::{Error, Kind, Result};
use crate::ids::Hctl;
use crate::model::Inquiry;

/// Allocation length: what every device can give in one answer.
const ALLOCATION: u8 = 255;
/// Shortest answer the standard allows.
const SHORTEST: usize = 36;

/// Standard INQUIRY data, with the list of VPD pages.
///
/// # Errors
/// [`Kind::NotFound`], [`Kind::Failed`] with the sense data decoded.
pub fn inquiry(ctx: &mut Ctx<'_>, lun: Hctl) -> Result<Inquiry> {
    let tried = format!("inquire {lun}");
    let cdb = [0x12, 0, 0, 0, ALLOCATION, 0];
    let data = read_data(ctx, lun, &tried, &cdb, usize::from(ALLOCATION))?;
    if data.len() < SHORTEST {
        return Err(Error::new(Kind::Failed, tried).answered(format!(
            "the device gave {} bytes, at least {SHORTEST} are due",
            data.len()
        )));
    }
    // A device without vital product data refuses; that is no reason to fail.
    let vpd_pages = fetch(ctx, lun, 0).map(|p| page_list(&p)).unwrap_or_default();
    Ok(Inquiry {
        device_type: data[0] & 0x1F,
        qualifier: data[0] >> 5,
        version: data[2],
        removable: data[1] & 0x80 != 0,
        vendor: field(&data, 8, 8),
        product: field(&data, 16, 16),
        revision: field(&data, 32, 4),
        vpd_pages,
        raw: hex(&data),
    })
}
