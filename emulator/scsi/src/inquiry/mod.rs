//! INQUIRY data: the standard page, and the vital product data pages (SPC-4 §6.6, §7.8; SBC-3 §6.6).

pub(crate) mod vpd;

use crate::lun::LunConfig;
use crate::param::push_ascii;

/// PERIPHERAL QUALIFIER 3 and device type 1Fh: no logical unit can be here.
pub const NOT_HERE: u8 = 0x7f;
const SPC_4: u8 = 0x06;
/// HISUP and response data format 2.
const FORMAT: u8 = 0x12;
const REMOVABLE: u8 = 0x80;
/// 3PC: EXTENDED COPY.
const THIRD_PARTY_COPY: u8 = 0x08;
const CMDQUE: u8 = 0x02;
/// SAM-5, SPC-4, SBC-3, iSCSI (no version claimed).
const VERSION_DESCRIPTORS: [u16; 4] = [0x00a0, 0x0460, 0x04c0, 0x0960];

/// TPGS: groups of target ports are managed by the target alone.
const IMPLICIT_GROUPS: u8 = 0x10;

/// Standard INQUIRY data of a logical unit; `grouped`: there are groups of target ports to ask for.
#[must_use]
pub fn standard(config: &LunConfig, grouped: bool) -> Vec<u8> {
    let mut data = build(0, &config.vendor, &config.product, &config.revision);
    data[1] = if config.removable { REMOVABLE } else { 0 };
    data[5] = THIRD_PARTY_COPY | if grouped { IMPLICIT_GROUPS } else { 0 };
    data
}

/// Standard INQUIRY data of a number without a logical unit.
#[must_use]
pub fn nobody() -> Vec<u8> {
    build(NOT_HERE, "HBAEMU", "", "")
}

fn build(peripheral: u8, vendor: &str, product: &str, revision: &str) -> Vec<u8> {
    let mut data = vec![peripheral, 0, SPC_4, FORMAT, 0, 0, 0, CMDQUE];
    push_ascii(&mut data, vendor, 8);
    push_ascii(&mut data, product, 16);
    push_ascii(&mut data, revision, 4);
    data.resize(58, 0);
    for version in VERSION_DESCRIPTORS {
        data.extend_from_slice(&version.to_be_bytes());
    }
    data.resize(74, 0);
    data[4] = (data.len() - 5) as u8;
    data
}
