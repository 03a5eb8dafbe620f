//! Mode parameter headers and pages (SPC-4 §7.5, SBC-3 §6.4).
//!
//! One function per page; nothing is changeable and nothing is saved.

use crate::cdb::ModeSense;
use crate::sense::{AdditionalSense, Sense};

/// What the pages need to know of a logical unit.
#[derive(Clone, Copy, Debug)]
pub struct Unit {
    /// Capacity in blocks.
    pub blocks: u64,
    /// Block length in bytes.
    pub block_size: u32,
    /// Write-protected.
    pub read_only: bool,
}

const CACHING: u8 = 0x08;
const CONTROL: u8 = 0x0a;
const ALL_PAGES: u8 = 0x3f;
const ALL_SUBPAGES: u8 = 0xff;
const CHANGEABLE: u8 = 1;
const SAVED: u8 = 3;

/// Device-specific parameter: DPO and FUA are understood; WP.
const DPOFUA: u8 = 0x10;
const WRITE_PROTECT: u8 = 0x80;

type Page = fn() -> Vec<u8>;
const PAGES: &[(u8, Page)] = &[(CACHING, caching), (CONTROL, control)];

fn caching() -> Vec<u8> {
    let mut page = vec![0; 20];
    page[0] = CACHING;
    page[1] = 18;
    page[2] = 0x04; // WCE: writes are in the cache until SYNCHRONIZE CACHE or FUA.
    page
}

fn control() -> Vec<u8> {
    let mut page = vec![0; 12];
    page[0] = CONTROL;
    page[1] = 10;
    page[3] = 0x10; // QUEUE ALGORITHM MODIFIER 1: unrestricted reordering.
    page[8] = 0xff; // BUSY TIMEOUT PERIOD: unlimited.
    page[9] = 0xff;
    page
}

/// The parameter data of MODE SENSE.
///
/// # Errors
/// ILLEGAL REQUEST for saved values and for pages that do not exist.
pub fn sense(request: &ModeSense, unit: &Unit) -> Result<Vec<u8>, Sense> {
    if request.control == SAVED {
        return Err(Sense::illegal(AdditionalSense::SAVING_NOT_SUPPORTED));
    }
    if request.subpage != 0 && request.subpage != ALL_SUBPAGES {
        return Err(Sense::cdb_field(3, 7));
    }
    let mut pages = Vec::new();
    for (code, page) in PAGES {
        if request.page != ALL_PAGES && request.page != *code {
            continue;
        }
        let mut page = page();
        if request.control == CHANGEABLE {
            page[2..].fill(0);
        }
        pages.extend_from_slice(&page);
    }
    if pages.is_empty() {
        return Err(Sense::cdb_field(2, 5));
    }
    let descriptor = if request.no_descriptors {
        Vec::new()
    } else {
        block_descriptor(request.long_lba, unit)
    };
    let device = DPOFUA | if unit.read_only { WRITE_PROTECT } else { 0 };
    let total = descriptor.len() + pages.len();
    let mut data = if request.ten {
        let [length_high, length_low] = ((total + 6) as u16).to_be_bytes();
        let [blocks_high, blocks_low] = (descriptor.len() as u16).to_be_bytes();
        vec![
            length_high,
            length_low,
            0,
            device,
            request.long_lba.into(),
            0,
            blocks_high,
            blocks_low,
        ]
    } else {
        vec![(total + 3) as u8, 0, device, descriptor.len() as u8]
    };
    data.extend_from_slice(&descriptor);
    data.extend_from_slice(&pages);
    Ok(data)
}

fn block_descriptor(long: bool, unit: &Unit) -> Vec<u8> {
    if long {
        let mut descriptor = unit.blocks.to_be_bytes().to_vec();
        descriptor.extend_from_slice(&[0; 4]);
        descriptor.extend_from_slice(&unit.block_size.to_be_bytes());
        descriptor
    } else {
        let blocks = u32::try_from(unit.blocks).unwrap_or(u32::MAX);
        let mut descriptor = blocks.to_be_bytes().to_vec();
        // One reserved byte, then a 24-bit length: the top byte of the block size is zero.
        descriptor.extend_from_slice(&unit.block_size.to_be_bytes());
        descriptor
    }
}
