//! Answers from what is known of a unit while its session is away: INQUIRY and REPORT LUNS need no target.
//!
//! Must not know sessions. Source: SPC-4 6.6 (INQUIRY), 6.33 (REPORT LUNS).

use super::device::Device;

/// What a cached answer holds: data of at most the allocation length.
pub(super) fn cached_answer(device: &Device, luns: &[u64], cdb: &[u8]) -> Option<Vec<u8>> {
    match *cdb.first()? {
        0x12 => {
            let evpd = cdb.get(1)? & 1 != 0;
            let page = *cdb.get(2)?;
            let room = usize::from(u16::from_be_bytes([*cdb.get(3)?, *cdb.get(4)?]));
            let data = if evpd {
                &device.vpd.iter().find(|(c, _)| *c == page)?.1
            } else if page == 0 {
                &device.inquiry
            } else {
                return None;
            };
            Some(data[..data.len().min(room)].to_vec())
        }
        0xa0 => {
            let room = u32::from_be_bytes(cdb.get(6..10)?.try_into().ok()?) as usize;
            let mut data = vec![0u8; 8 + luns.len() * 8];
            data[..4].copy_from_slice(&((luns.len() * 8) as u32).to_be_bytes());
            for (i, lun) in luns.iter().enumerate() {
                data[8 + i * 8..16 + i * 8].copy_from_slice(&super::scan::lun_bytes(*lun));
            }
            data.truncate(room);
            Some(data)
        }
        _ => None,
    }
}
